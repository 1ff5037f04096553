/*
 * The tensors of a model, as its checkpoint has them, and what each layer keeps for a request: a
 * family's list over a config. Everything else about sizes follows from it.
 */
#pragma once

#include "arena.h"
#include "file/dtype.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hu_role {
    HU_ROLE_NONE,
    HU_ROLE_EMBEDDING,
    HU_ROLE_POSITION,
    HU_ROLE_NORM,
    HU_ROLE_ATTENTION,
    HU_ROLE_MLP,
    HU_ROLE_EXPERT,
    HU_ROLE_ROUTER,
    HU_ROLE_HEAD,
    HU_ROLE_CONV,
    HU_ROLE_SSM,
    HU_ROLE_PROJECTOR,
    HU_ROLE_BUFFER, /* no parameter, and not in every checkpoint */
    HU_ROLE_OTHER,
    /* What a whole tower is, whatever its tensors are in it. */
    HU_ROLE_VISION,
    HU_ROLE_AUDIO,
    HU_ROLE_MTP, /* multi-token prediction: in the checkpoint, not in the model's count */
    HU_ROLE_COUNT
};

/* How tensor parallelism splits a tensor. */
enum hu_split { HU_SPLIT_NONE, HU_SPLIT_ROWS, HU_SPLIT_COLUMNS, HU_SPLIT_VOCABULARY };

enum { HU_RANK_MAX = 6, HU_REPEATS_MAX = 3 };

#define HU_NO_LAYER UINT32_MAX

/* One tensor, or as many alike as loops that leave its shape alone count. */
struct hu_tensor_row {
    const char *name; /* '\1' where such a loop's index stands, the outermost first */
    uint64_t shape[HU_RANK_MAX];
    unsigned rank;
    uint64_t elements; /* of one */
    uint64_t copies;
    struct {
        uint64_t first, count;
    } repeats[HU_REPEATS_MAX]; /* whose product is `copies` */
    unsigned repeat_count;
    uint64_t experts, experts_used; /* of so many equal parts or copies a token passes so many; 1,
                                       1: it passes all */
    bool stacked;                   /* the experts lie in this one tensor */
    enum hu_role role, tower;       /* tower: VISION, AUDIO, MTP, or NONE: the model itself */
    enum hu_split split;
    uint64_t heads; /* that the split rows are of: a device has one at least; 0: splits evenly */
    struct hu_dtype dtype; /* always stored so; none: in the model's */
    uint32_t stack, layer; /* which list of layers, and which of them; HU_NO_LAYER: none */
    bool is_bias, lora, optional, tied;
};

/* What a row is before anything is said of it: one tensor of no layer, which every token passes. */
extern const struct hu_tensor_row hu_one_row;

/* What a layer keeps for a request. */
enum hu_keep {
    HU_KEEP_FULL,      /* keys and values of every token */
    HU_KEEP_WINDOW,    /* of the last `tokens` */
    HU_KEEP_LATENT,    /* a latent and a rotary key: K and V are one, never split */
    HU_KEEP_INDEXER,   /* what chooses the tokens that sparse attention sees */
    HU_KEEP_CROSS,     /* of another sequence's `tokens`; 0: as many as the request's */
    HU_KEEP_SHARED,    /* another layer's: nothing */
    HU_KEEP_RECURRENT, /* a state, whatever the request's length */
    HU_KEEP_CONV,      /* the last inputs of a convolution */
};

/* Whether it is a state, whatever the request's length. */
static inline bool hu_keep_is_state(enum hu_keep keep)
{
    return keep >= HU_KEEP_RECURRENT;
}

static inline bool hu_keep_attends(enum hu_keep keep)
{
    return keep < HU_KEEP_RECURRENT && keep != HU_KEEP_INDEXER;
}

struct hu_kept {
    enum hu_keep kind;
    uint64_t tokens;
    uint64_t heads; /* over which devices split it; 0: every device has it whole */
    uint64_t k, v;  /* elements a token, or of a state (v 0), all heads together */
    uint64_t width; /* of the convolution whose inputs they are, each of which has k; 0: k in all */
    uint8_t bytes;  /* an element of a state, where the family says it; 0: as the engine has it */
    uint8_t served; /* the same where the config says it to servers */
    uint32_t stack, layer;
    enum hu_role tower;
};

/* What PyTorch's autograd keeps that no tensor says. 0: as most classes do. */
struct hu_autograd {
    uint8_t norm;      /* bytes an element, besides what the norm gives; 0: 2 of a layer norm, 6 of
                          an RMS norm, which is computed in fp32 */
    int8_t activation; /* bytes an element, besides input and output */
    bool dropout, attention_dropout; /* of hidden states; of scores */
    bool half_softmax;               /* scores are in 16 bits throughout */
    bool half_loss;                  /* logits are not widened for the loss */
    bool caps_logits;                /* by a tanh */
    uint16_t passes;                 /* through all layers, which a model uses so often; 0: 1 */
    bool unfused; /* queries and keys of one matrix with the values are used as they are */
};

enum { HU_ROWS_MAX = 1 << 18, HU_KEPT_MAX = 1 << 16 };

struct hu_tensors {
    struct hu_tensor_row *rows;
    size_t count;
    struct hu_kept *kept;
    size_t kept_count;
    uint32_t stacks;             /* lists of layers */
    struct hu_autograd autograd; /* of the model's own layers */
    struct arena arena;          /* the names */
};

/* Behind the last row, and the last that is kept; of none there is no pointer to add to. */
static inline const struct hu_tensor_row *hu_tensors_end(const struct hu_tensors *t)
{
    return t->count ? t->rows + t->count : t->rows;
}

static inline const struct hu_kept *hu_kept_end(const struct hu_tensors *t)
{
    return t->kept_count ? t->kept + t->kept_count : t->kept;
}

void hu_tensors_free(struct hu_tensors *tensors);

const char *hu_role_name(enum hu_role role);
const char *hu_keep_name(enum hu_keep keep);
const char *hu_split_name(enum hu_split split);

/* The name of copy INDEX (from 0 to copies − 1) of ROW into OUT. Returns OUT; cut where SIZE is too
 * small. */
char *hu_row_name(const struct hu_tensor_row *row, uint64_t index, char *out, size_t size);

/* Whether ROW is a parameter of the model itself: no buffer, no copy, not the MTP module's. */
bool hu_row_counts(const struct hu_tensor_row *row);
/* Whether the checkpoint of a saved config has it: no buffer and no copy of another. */
bool hu_row_is_stored(const struct hu_tensor_row *row);
/* Whether it is the matrix of a linear layer within the blocks. */
bool hu_row_is_linear(const struct hu_tensor_row *row);
/* Elements of all copies; those a token passes. The product is within 64 bits. */
uint64_t hu_row_elements(const struct hu_tensor_row *row);
uint64_t hu_row_active(const struct hu_tensor_row *row);
/* Whether LoRA adapts ROW: its module is among TARGETS (names by commas, "all-linear"), or, NULL,
 * PEFT's default. */
bool hu_lora_target(const struct hu_tensor_row *row, const char *targets);
/* The last word of the module: "q_proj" of "….q_proj.weight". N: its length. */
const char *hu_row_module(const struct hu_tensor_row *row, size_t *n);
