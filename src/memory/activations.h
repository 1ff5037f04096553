/*
 * What the backward pass needs of the forward pass: Korthikanti et al. 2022, "Reducing Activation
 * Recomputation in Large Transformer Models" (arXiv:2205.05198), sections 4 and 5. The formula
 * counts 16-bit activations and one-byte dropout masks of a GPT block. Bytes are those on one
 * device, rounded up; UINT64_MAX: over 64 bits. Each adds its terms.
 */
#pragma once

#include "figure.h"
#include "model.h"
#include "training.h"

/*
 * By the formula, of MODEL's layers, hidden size, heads and vocabulary (0: no logits). The first
 * pipeline stage holds as many micro-batches as there are stages (section 4.2.3), so the number of
 * stages drops out.
 */
uint64_t hu_activations_shaped(const struct hu_model *model, const struct hu_training_plan *plan,
                               struct hu_figures *terms);

/*
 * Of MODEL's own layers, from its list of tensors: gated perceptrons, grouped heads, latents,
 * experts (those that a token passes), state space layers. What is counted is what PyTorch's
 * autograd keeps of each operation in 16 bits; for a GPT block it is the paper's 34·h + 5·a·s. A
 * tower's tokens are not the text's: as many as its table has positions, or PLAN->patches, through
 * fused attention; where neither is known, a term says so. UINT64_MAX too where its stacks of
 * layers are of more kinds than are told apart.
 */
uint64_t hu_activations_listed(const struct hu_model *model, const struct hu_training_plan *plan,
                               struct hu_figures *terms);
