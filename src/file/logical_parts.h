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

struct logical_reader {
    struct hu_tensor_set *set;
    struct hu_logicals *to;
    struct logical_config config;
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
/* Whether what ModelOpt says lets weights named NAME be quantized in a way that is decoded. */
bool hu_logical_modelopt_decodes(struct logical_reader *r, const struct hu_tensor *codes,
                                 const char *name);
/* Whether it is what L's parts are. */
bool hu_logical_modelopt_has(struct logical_reader *r, const struct hu_logical *l);

/* Codes of a byte or less, and a tensor of scales beside them. */
struct logical_pair {
    const struct hu_tensor *codes, *scales;
    const char *layout;
    const struct hu_format *element; /* NULL: int8 */
    unsigned each;                   /* elements that one element of the file holds */
    size_t cut;                      /* of the codes' name, for what others have in its place */
    size_t named;                    /* the weights are called NAME in place of so much; 0: CUT */
    const char *name;
    uint64_t said[2]; /* rows and columns under a scale, by the file itself; 0: it does not say */
    bool float_zeros; /* zero points may be floats, of the scales' format */
    bool alone;       /* NVFP4 may lack the scale over all, which is 1 then */
    uint64_t rows, columns;
    unsigned lead;                 /* dimensions before the matrix */
    bool tiles;                    /* scales are of tiles alone */
    const struct hu_tensor *zeros; /* beside int8; NULL: none */
};

/* Reads them from `rows` on, as their dtypes and shapes are. second: the scale over all, by which
 * is divided where it is a RECIPROCAL; or NULL. */
enum logical_found hu_logical_pair(struct logical_reader *r, struct logical_pair *p,
                                   const struct hu_tensor *second, bool reciprocal);

enum logical_found hu_logical_refuse(struct logical_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of T, whose name, dtype and shape stand before what FORMAT says. */
enum logical_found hu_logical_wrong(struct logical_reader *r, const struct hu_tensor *t,
                                    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same of PART, which does not fit CODES: what is DUE. */
enum logical_found hu_logical_misfit(struct logical_reader *r, const struct hu_tensor *codes,
                                     const struct hu_tensor *part, const char *due);
/* The same of INPUTS, a scale over what weights are multiplied with. */
enum logical_found hu_logical_inputs(struct logical_reader *r, const struct hu_tensor *inputs);
/* The tensor whose name is T's with TAIL in place of its last N bytes; NULL: there is none. */
const struct hu_tensor *hu_logical_beside(const struct logical_reader *r, const struct hu_tensor *t,
                                          size_t n, const char *tail);
/* A logical tensor named as CODES is with TAIL in place of its last N bytes, of whose parts CODES
 * is the first. NULL: out of memory. */
struct hu_logical *hu_logical_new(struct logical_reader *r, const struct hu_tensor *codes, size_t n,
                                  const char *tail);
/* T, which may be NULL, is a part of L too. */
void hu_logical_add(struct hu_logical *l, const struct hu_tensor *t);
/* What the files' metadata say under KEY. NULL: nothing that is JSON. To be released. */
json_t *hu_logical_said(struct logical_reader *r, const char *key);
/* L has the shape of T, but for the last size. False: out of memory. */
bool hu_logical_shape(struct logical_reader *r, struct hu_logical *l, const uint64_t *shape,
                      unsigned rank, uint64_t last);
/* N bytes of T's data from byte AT on. False: error says why. */
bool hu_logical_bytes(struct logical_reader *r, const struct hu_tensor *t, void *bytes, size_t n);
/* T's one fp32. */
bool hu_logical_number(struct logical_reader *r, const struct hu_tensor *t, float *value);

/* "'a.weight' of F8_E4M3 [256, 128]", in OUT. */
enum { LOGICAL_TEXT = 200 };
const char *hu_logical_what(const struct hu_tensor *t, char out[LOGICAL_TEXT]);
bool hu_logical_is_shape(const struct hu_tensor *t, unsigned rank, ...);
/* Whether T, which may be NULL, is of DTYPE, or of whole numbers of BITS. */
bool hu_logical_is_of(const struct hu_tensor *t, const char *dtype);
bool hu_logical_is_integer(const struct hu_tensor *t, unsigned bits);

/* The layouts. Each is given a tensor that may be codes. */
enum logical_found hu_logical_bnb(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_bitnet(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_quanto(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_hqq(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_words(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_packed_words(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_scaled(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_torchao(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_kernels(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_comfy(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_gpt_oss(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_mlx(struct logical_reader *r, const struct hu_tensor *codes);
enum logical_found hu_logical_gguf(struct logical_reader *r, const struct hu_tensor *codes);

/* NVFP4 and, without SECOND, MXFP8 as cuBLAS wants them: scales in an order of their own, and of
 * fp4 the second code of two in the lower bits. INFO is a part that says so; or NULL. */
enum logical_found hu_logical_blocked(struct logical_reader *r, const struct hu_tensor *codes,
                                      const struct hu_tensor *second, const struct hu_tensor *info);
/* torchao's Int4Tensor, or TILED Int4TilePackedTo4dTensor, of which the file's metadata has SAID so
 * much. In place of N bytes of the codes' name stands the weight's NAME. */
enum logical_found hu_logical_torchao_int4(struct logical_reader *r, const struct hu_tensor *codes,
                                           const json_t *said, bool tiled, size_t n,
                                           const char *name);

/* The rows of a table of what bytes stand for: 64 numbers from N on. */
#define EIGHT(n) (n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7
#define SIXTY_FOUR(n)                                                                              \
    EIGHT(n), EIGHT((n) + 8), EIGHT((n) + 16), EIGHT((n) + 24), EIGHT((n) + 32), EIGHT((n) + 40),  \
        EIGHT((n) + 48), EIGHT((n) + 56)
