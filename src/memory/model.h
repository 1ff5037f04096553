/*
 * What a model is made of, as far as its memory goes: weight matrices, what each layer keeps in the
 * KV cache, and the sizes that activations depend on. All counts are checked for overflow.
 */
#ifndef HALFULP_MEMORY_MODEL_H
#define HALFULP_MEMORY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hu_group {
    HU_GROUP_EMBEDDING,
    HU_GROUP_ATTENTION,
    HU_GROUP_MLP,
    HU_GROUP_EXPERTS,
    HU_GROUP_NORM,
    HU_GROUP_HEAD,
    HU_GROUP_VISION,
    HU_GROUP_MTP, /* multi-token prediction: in the checkpoint, not in the model's count */
    HU_GROUP_COUNT
};

const char *hu_group_name(enum hu_group group);

/* A matrix of rows × columns (a vector: one column) that occurs COPIES times, ACTIVE of which a
 * token passes. */
struct hu_weight {
    const char *name; /* as the reference implementation calls the module */
    enum hu_group group;
    uint64_t rows, columns, copies, active;
    bool linear; /* the weight of a linear layer inside the blocks: what QLoRA quantizes */
    bool lora;   /* what PEFT adapts where no target is named: q and v, or a fused qkv */
};

/* What one layer adds to the KV cache for a token, in elements. */
struct hu_kv_layer {
    uint64_t k, v;
    uint64_t window; /* tokens kept; 0: all */
};

enum { HU_WEIGHTS_MAX = 96, HU_NOTES_MAX = 8, HU_NOTE_SIZE = 192, HU_LAYERS_MAX = 16384 };

struct hu_model {
    char architecture[64];
    char dtype[24]; /* of the weights, as the config names it; empty: it does not */
    struct hu_weight weights[HU_WEIGHTS_MAX];
    size_t weight_count;
    struct hu_kv_layer *kv;
    size_t kv_count;
    const char *no_kv; /* why there is no KV cache, or none known; NULL: kv says it */
    /* For activations; 0: not known. */
    uint64_t layers, hidden, heads, vocabulary;
    uint64_t trained_context; /* tokens that the model was made for; 0: not known */
    uint64_t parameters, active_parameters, mtp_parameters;
    bool has_active; /* active_parameters is known */
    bool has_stored; /* the next two are known */
    uint64_t stored_elements, stored_bytes;
    char notes[HU_NOTES_MAX][HU_NOTE_SIZE]; /* what the reader should know of the count */
    size_t note_count;
};

/* Releases what MODEL owns, not MODEL itself. */
void hu_model_free(struct hu_model *model);

/* Adds one row; sizes of 0 add nothing. At most HU_WEIGHTS_MAX rows. Returns it, or NULL. */
struct hu_weight *hu_model_add(struct hu_model *model, enum hu_group group, const char *name,
                               uint64_t rows, uint64_t columns, uint64_t copies);
void hu_model_note(struct hu_model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* N layers that keep K and V elements a token. False: out of memory or over HU_LAYERS_MAX. */
bool hu_model_add_kv(struct hu_model *model, uint64_t n, uint64_t k, uint64_t v);

/* Sums the weights into parameters, active_parameters and mtp_parameters. False: over 64 bits. */
bool hu_model_count(struct hu_model *model);
/* Elements of the weights of GROUP, active ones or all. Call after hu_model_count. */
uint64_t hu_model_group(const struct hu_model *model, enum hu_group group, bool active);

#endif
