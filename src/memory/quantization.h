/* How a config says that its checkpoint's weights are quantized, and the bytes that they take. */
#pragma once

#include "tensors.h"

#include <jansson.h>

/* Which matrices are quantized where the config leaves none out. */
enum hu_scope {
    HU_SCOPE_BLOCKS,  /* those of linear layers within the blocks, routers aside */
    HU_SCOPE_LINEAR,  /* the head too */
    HU_SCOPE_EXPERTS, /* the experts alone */
    HU_SCOPE_TABLES,  /* embeddings, head and routers too */
};

/* A module's name, a piece of it, a glob, or "re:" and a regular expression. */
struct hu_pattern {
    const char *text;
    bool is_regex, broken; /* text is an expression, a glob's too; one that cannot be read */
};

struct hu_patterns {
    struct hu_pattern *at;
    size_t count;
};

/* A matrix of OUT × IN takes bits × OUT × IN / 8, and for its scales what follows. */
struct hu_formula {
    enum hu_scope scope;
    unsigned text;                    /* 1: of a language model alone, not of what sees or hears */
    unsigned bits;                    /* 0: no formula */
    uint64_t group;                   /* inputs that share a scale; 0: a whole row */
    uint64_t tile_rows, tile_columns; /* not 0: a scale a tile instead */
    unsigned one_scale;               /* 1: one scale for the matrix */
    unsigned runs_on;                 /* 1: groups run on over the rows' ends */
    unsigned scale_bits, zero_bits;   /* of each scale, and of its zero point */
    unsigned nested;                  /* scales that share an fp32 one; 0: none */
    unsigned input_bytes;             /* a column: gptq's g_idx */
    unsigned far_bytes;               /* a column, where no norm gives the inputs: ModelOpt's */
    unsigned row_bytes;               /* a row, where the matrix has no bias: AutoGPTQ's zeros */
    unsigned constant;                /* a matrix: shapes, global scales */
    unsigned state;          /* a matrix: a text of so many letters and its sizes' digits */
    uint64_t codebook_bytes; /* a matrix: aqlm's */
};

struct hu_rule {
    struct hu_formula formula;
    struct hu_patterns only; /* modules that alone are quantized so; none: all in the scope */
};

struct hu_quantization {
    char method[48];         /* as the config calls it, and its bits: for people */
    unsigned bits;           /* of the first formula */
    unsigned cache_bits;     /* of the KV cache that the checkpoint has scales for; 0: none */
    struct hu_patterns left; /* modules that are left out */
    struct hu_rule *rules;
    size_t rule_count;
    struct arena arena;
};

enum { HU_QUANTIZATION_ERROR = 256 };

enum hu_quantized { HU_NOT_QUANTIZED, HU_QUANTIZED, HU_QUANTIZED_UNKNOWN };

/*
 * Reads "quantization_config" (or its kin) of the config ROOT, which calls the model's own dtype
 * DTYPE. HU_QUANTIZED_UNKNOWN: it declares what is not known; error says what.
 * hu_quantization_free releases *q either way.
 */
enum hu_quantized hu_quantization_read(json_t *root, const char *dtype, struct hu_quantization *q,
                                       char error[HU_QUANTIZATION_ERROR]);
void hu_quantization_free(struct hu_quantization *q);
/* Whether ROOT has one of those keys. */
bool hu_quantization_declared(json_t *root);

/* Adds the strings of LIST to Q's PATTERNS. False: out of memory, or too many. */
bool hu_patterns_read(struct hu_quantization *q, json_t *list, struct hu_patterns *patterns);

/* A module that has a formula of its own and is none of TENSORS, as where modules are spelled
 * otherwise: what the config says of it would be left aside. NULL: there is none. */
const char *hu_quantization_idle(const struct hu_quantization *q, const struct hu_tensors *tensors);

/* The formula that ROW is stored by; those that name modules go before those for all. NULL: none.
 */
const struct hu_formula *hu_quantization_formula(const struct hu_quantization *q,
                                                 const struct hu_tensor_row *row);
/* Bytes of one copy of ROW of TENSORS by Q's F, with the sizes of SHAPE. False: over 64 bits. */
bool hu_formula_bytes(const struct hu_quantization *q, const struct hu_tensors *tensors,
                      const struct hu_formula *f, const struct hu_tensor_row *row,
                      const uint64_t *shape, uint64_t *bytes);
