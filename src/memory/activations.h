/*
 * What the backward pass needs of the forward pass: Korthikanti et al. 2022, "Reducing Activation
 * Recomputation in Large Transformer Models" (arXiv:2205.05198), sections 4 and 5. The formula
 * counts 16-bit activations and one-byte dropout masks of a GPT block.
 */
#pragma once

#include "model.h"
#include "figure.h"

enum hu_recompute { HU_RECOMPUTE_NONE, HU_RECOMPUTE_SELECTIVE, HU_RECOMPUTE_FULL };

struct hu_activation_shape {
    uint64_t sequence, micro_batch;             /* s, b */
    uint64_t hidden, heads, layers, vocabulary; /* h, a, L, v; vocabulary 0: no logits */
    uint64_t tensor_parallel;                   /* t, 1 or more */
    uint64_t patches;                           /* that towers see; 0: as their tables say */
    bool sequence_parallel;
    bool flash; /* attention that keeps no s × s matrix */
    bool
        half; /* nothing is widened to fp32: weights and their gradients are 16 bits, no autocast */
    bool lora; /* the weights are frozen, but for adapters beside these */
    const char *lora_targets;
    enum hu_recompute recompute;
};

/*
 * Bytes on one device, rounded up, of LAYERS layers and the logits; each adds its term. The first
 * pipeline stage holds as many micro-batches as there are stages (section 4.2.3), so the number of
 * stages drops out. False: over 64 bits.
 */
bool hu_activations(const struct hu_activation_shape *shape, uint64_t *bytes,
                    struct hu_figures *terms);

/*
 * The same of MODEL's own layers, from its list of tensors: gated perceptrons, grouped heads,
 * latents, experts (those that a token passes), state space layers. What is counted is what
 * PyTorch's autograd keeps of each operation in 16 bits; for a GPT block it is the paper's 34·h +
 * 5·a·s. A tower's tokens are not the text's: as many as its table has positions, or
 * SHAPE->patches, through fused attention; where neither is known, a term says so.
 */
bool hu_activations_listed(const struct hu_model *model, const struct hu_activation_shape *shape,
                           uint64_t *bytes, struct hu_figures *terms);
