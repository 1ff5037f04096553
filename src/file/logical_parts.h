/* What the layouts' readers share. Private to them. */
#pragma once

#include "logical.h"

#include <jansson.h>

/* One of compressed-tensors' config_groups: what weights of that group are. */
struct logical_scheme {
    bool integer, symmetric;
    unsigned bits;
    char strategy[16];       /* of scales: "tensor", "channel", "group", "tensor_group", "block" */
    uint64_t group, tile[2]; /* 0: not said */
};

/* What ModelOpt says in one of the two files beside a checkpoint. */
struct logical_modelopt {
    const char *file;
    json_t *said; /* an object with its quant_algo; NULL: nothing */
};

/* What a config says of how its checkpoint is quantized; zeros and NULL: nothing. */
enum { LOGICAL_SCHEMES = 16, LOGICAL_CONFIGS = 2 };
struct logical_config {
    bool there; /* it has a quantization_config */
    char method[32];
    uint64_t tile[2];
    bool no_tiles; /* weight_block_size is null: a scale for all */
    uint64_t bits;
    int64_t group;    /* -1: a whole row */
    bool overrides;   /* modules may have other bits and groups (GPTQModel's dynamic, AutoRound's
                         extra_config): what shapes say goes */
    char version[24]; /* of GPTQ's and AWQ's packing, in lower case */
    bool multiplies;  /* BitNet's scale: AutoBitLinear's does, BitLinear's divides */
    struct logical_scheme schemes[LOGICAL_SCHEMES];
    size_t scheme_count;
    struct logical_modelopt modelopt[LOGICAL_CONFIGS];
    json_t *said; /* itself; NULL: there is none */
};

/* A weight on its way: what a layout found of it so far. */
struct logical_draft {
    struct hu_logical l;         /* the codes are its first part; without a block it has its own */
    char name[HU_BLOCK_NAME];    /* the own block's, where that has none */
    struct hu_block_apart apart; /* … and how its parts lie, where anything is said of it here */
    struct hu_block_order codes, scales, more;
};

struct logical_reader {
    struct hu_tensor_set *set;
    struct hu_logicals *to;
    struct logical_config config;
    struct logical_draft draft;      /* begun anew for each layout */
    const struct hu_metadata **said; /* of all files, by key, once it was asked for */
    size_t said_count;
    char *error;
};

enum logical_found { LOGICAL_NONE, LOGICAL_FOUND, LOGICAL_ERROR };

/* Reads the configs beside PATH, config.json and ModelOpt's hf_quant_config.json. False: one is
 * there and cannot be read, or they contradict each other; error says why. To be cleared in either
 * case. */
bool hu_logical_config_read(const char *path, struct logical_config *config,
                            char error[HU_LOGICAL_ERROR]);
void hu_logical_config_clear(struct logical_config *config);

/* The scheme of the config that a ROWS × COLUMNS matrix under so many SCALES fits, with zero points
 * or without; bits 0: of any. NULL: none does. */
const struct logical_scheme *hu_logical_scheme(const struct logical_config *config, bool integer,
                                               unsigned bits, bool zeros, uint64_t rows,
                                               uint64_t columns, uint64_t scales);
/* How many scales S has over such a matrix. SCALES, where it does not say. */
uint64_t hu_logical_scales_due(const struct logical_scheme *s, uint64_t rows, uint64_t columns,
                               uint64_t scales);

/* Takes what OBJECT of FILE says for ModelOpt's. False: it is malformed;
 * error says which key. */
bool hu_logical_modelopt_read(json_t *object, const char *file, struct logical_config *config,
                              char error[HU_LOGICAL_ERROR]);
/* Whether what ModelOpt says lets the draft's codes be quantized in a way that is decoded. */
bool hu_logical_modelopt_decodes(struct logical_reader *r);
/* Whether it is what L's parts are. */
bool hu_logical_modelopt_has(struct logical_reader *r, const struct hu_logical *l);

/* What the draft's codes, of a byte or less, and the scales beside them are. */
struct logical_pair {
    const struct hu_format *element; /* NULL: int8 */
    unsigned each;                   /* elements that one element of the file holds */
    size_t cut;                      /* of the codes' name, for what others have in its place */
    size_t named;                    /* the weights are called NAME in place of so much; 0: CUT */
    const char *name;
    uint64_t said[2]; /* rows and columns under a scale, by the file itself; 0: it does not say */
    bool float_zeros; /* zero points may be floats, of the scales' format */
    bool alone;       /* NVFP4 may lack the scale over all, which is 1 then */
    bool tiles;       /* scales are of tiles alone */
    const struct hu_tensor *second; /* the scale over all; NULL: there is none */
    bool reciprocal;                /* by which is divided */
    const struct hu_tensor *info;   /* a part that says no more; NULL: none */
    /* Found: */
    uint64_t rows, columns;
    unsigned lead;                 /* dimensions before the matrix */
    const struct hu_tensor *zeros; /* beside int8; NULL: none */
};

/* Reads them as their dtypes and shapes are. */
enum logical_found hu_logical_pair(struct logical_reader *r, struct logical_pair *p);

enum logical_found hu_logical_refuse(struct logical_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of T, whose name, dtype and shape stand before what FORMAT says. */
enum logical_found hu_logical_wrong(struct logical_reader *r, const struct hu_tensor *t,
                                    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same of PART, which does not fit the draft's codes: what is due. */
enum logical_found hu_logical_misfit(struct logical_reader *r, const struct hu_tensor *part,
                                     const char *due, ...) __attribute__((format(printf, 3, 4)));
/* The same of INPUTS, a scale over what weights are multiplied with. */
enum logical_found hu_logical_inputs(struct logical_reader *r, const struct hu_tensor *inputs);

/* The tensor whose name is that of the draft's codes with TAIL in place of its last N bytes; NULL:
 * there is none. */
const struct hu_tensor *hu_logical_beside(const struct logical_reader *r, size_t n,
                                          const char *tail);
/* The same, which becomes a part of the draft. */
const struct hu_tensor *hu_logical_part(struct logical_reader *r, size_t n, const char *tail);
/* T, which may be NULL, is a part of L too. */
void hu_logical_add(struct hu_logical *l, const struct hu_tensor *t);
/* The draft's scales, and more where there is any, are floats of the scales' format. */
void hu_logical_float_scales(struct logical_reader *r, const struct hu_tensor *scales,
                             const struct hu_tensor *more);
/* The draft's own block: codes of BITS of a TABLE under an fp32, as yet for all. */
struct hu_block *hu_logical_own(struct logical_reader *r, const char *name, const char *structure,
                                unsigned bits, const float *table);
/* The draft becomes a weight named as its codes are with TAIL in place of the last N bytes; of the
 * RANK sizes of SHAPE but for the last, which is LAST. */
enum logical_found hu_logical_make(struct logical_reader *r, size_t n, const char *tail,
                                   const uint64_t *shape, unsigned rank, uint64_t last);

/* What the files' metadata say under KEY. NULL: nothing that is JSON. To be released. */
json_t *hu_logical_said(struct logical_reader *r, const char *key);
/* N bytes of T's data from byte AT on. False: error says why. */
bool hu_logical_bytes(struct logical_reader *r, const struct hu_tensor *t, void *bytes, size_t n);
/* T's first N fp32. */
bool hu_logical_numbers(struct logical_reader *r, const struct hu_tensor *t, float *values,
                        size_t n);

bool hu_logical_is_shape(const struct hu_tensor *t, unsigned rank, ...);
/* Whether T, which may be NULL, is of DTYPE, of whole numbers of BITS, a matrix of words of 32
 * bits, of floats as scales are, or of N fp32. */
bool hu_logical_is_of(const struct hu_tensor *t, const char *dtype);
bool hu_logical_is_integer(const struct hu_tensor *t, unsigned bits);
bool hu_logical_is_words(const struct hu_tensor *t);
bool hu_logical_is_float(const struct hu_tensor *t);
bool hu_logical_is_fp32(const struct hu_tensor *t, uint64_t n);

/* The layouts. Each is given a draft that has what may be codes. */
typedef enum logical_found logical_layout(struct logical_reader *r);
logical_layout hu_logical_bnb, hu_logical_bitnet, hu_logical_quanto, hu_logical_hqq,
    hu_logical_words, hu_logical_packed_words, hu_logical_scaled, hu_logical_torchao,
    hu_logical_kernels, hu_logical_comfy, hu_logical_gpt_oss, hu_logical_mlx;

/* torchao's Int4Tensor, or TILED Int4TilePackedTo4dTensor, of which the file's metadata has SAID so
 * much. In place of N bytes of the codes' name stands the weight's NAME. */
enum logical_found hu_logical_torchao_int4(struct logical_reader *r, const json_t *said, bool tiled,
                                           size_t n, const char *name);

/* Codes of a byte without a sign. */
extern const float hu_logical_naturals[256];

/* The rows of a table of what bytes stand for: 64 numbers from N on. */
#define EIGHT(n) (n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7
#define SIXTY_FOUR(n)                                                                              \
    EIGHT(n), EIGHT((n) + 8), EIGHT((n) + 16), EIGHT((n) + 24), EIGHT((n) + 32), EIGHT((n) + 40),  \
        EIGHT((n) + 48), EIGHT((n) + 56)
