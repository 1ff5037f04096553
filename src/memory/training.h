/* What training keeps: weights, gradients, master weights, optimizer state, and how they split. */
#pragma once

#include "model.h"
#include "file/dtype.h"
#include "figure.h"

/* Which dtype each thing is kept in; NULL: not kept. */
struct hu_recipe {
    const char *name, *aliases; /* aliases: separated by spaces */
    const char *weights, *gradients, *main_gradients, *master, *state;
    const char *frozen; /* of weights that are not trained */
    const char *summary;
};

/* State as numbers a parameter. */
struct hu_optimizer {
    const char *name, *aliases;
    unsigned slots;
    bool eight_bit;                                       /* block-wise quantized state */
    uint64_t (*numbers)(uint64_t rows, uint64_t columns); /* of a matrix; NULL: slots */
    unsigned vectors;  /* with that, numbers a parameter of what is no such matrix */
    bool all_matrices; /* embeddings and head too, not the layers' alone */
    bool sparse;       /* embeddings have gradients for the tokens seen alone */
    const char *summary;
};

const struct hu_recipe *hu_recipe_find(const char *name);
const struct hu_recipe *hu_recipe_at(size_t index);
const struct hu_optimizer *hu_optimizer_find(const char *name);
const struct hu_optimizer *hu_optimizer_at(size_t index);

enum hu_recompute { HU_RECOMPUTE_NONE, HU_RECOMPUTE_SELECTIVE, HU_RECOMPUTE_FULL };

struct hu_training_plan {
    const struct hu_recipe *recipe;
    const struct hu_optimizer *optimizer;
    unsigned zero; /* stage 0 to 3 */
    bool fsdp;     /* stage 3 by PyTorch's units: a layer at a time, the next one fetched before */
    uint64_t data_parallel, tensor_parallel, pipeline_parallel, expert_parallel; /* 1 or more */
    uint64_t lora_rank;       /* 0: every parameter is trained */
    const char *lora_targets; /* module names by commas, "all-linear", or NULL: PEFT's default */
    bool qlora;               /* frozen linear weights in nf4, double-quantized */
    uint64_t buffers;
    bool has_activations; /* ACTIVATIONS are bytes on a device; else they are modelled: */
    uint64_t activations;
    uint64_t sequence, micro_batch; /* 0: they are not known */
    uint64_t patches;               /* that a tower sees of a sequence; 0: as its table says */
    bool sequence_parallel;
    bool flash; /* attention that keeps no matrix of scores */
    enum hu_recompute recompute;
};

struct hu_training {
    uint64_t trainable; /* parameters */
    uint64_t weights, gradients, master_weights, optimizer, activations, buffers;
    uint64_t gathered;   /* stage 3: what is whole on a device while it computes */
    uint64_t total;      /* of one copy of the model, activations and buffers of one device */
    uint64_t per_device; /* after ZeRO, tensor and pipeline parallelism; rounded up */
    /* The same of steps of one micro-batch, whose gradients come as activations go; 0: not so. */
    uint64_t one_micro_batch;
};

/* Fills *training and adds its terms. MODEL needs its parameters; LoRA needs its weights. Returns
 * NULL, or why not, static text. */
const char *hu_training_size(const struct hu_model *model, const struct hu_training_plan *plan,
                             struct hu_training *training, struct hu_figures *terms);

/*
 * Activations, what the backward pass needs of the forward pass, as hu_training_size adds them:
 * Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models"
 * (arXiv:2205.05198), sections 4 and 5. The formula counts 16-bit activations and one-byte dropout
 * masks of a GPT block. Bytes are those on one device, rounded up; UINT64_MAX: over 64 bits. Each
 * adds its terms.
 */

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
