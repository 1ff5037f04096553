/*
 * Block formats: elements that share a scale. A block format is data, as a format is: what the
 * elements are, how many share a scale, what the scale is, whether a second one stands over all of
 * them, and how the bits lie. halfulp.h has what users need of them. One decoder and one encoder
 * read the rows; GGUF's structures say how a block of theirs falls apart into integers, and are
 * decoded by the same steps. All functions are thread-safe, and allocate nothing.
 */
#pragma once

#include "format.h"

enum {
    HU_NO_GGML_TYPE = -1,
    HU_GGML_MXFP4 = 39,
    HU_GGML_NVFP4 = 40,
    HU_BLOCK_MAX = 256,
    HU_SUBS_MAX = 16,
    HU_BLOCK_NAME = 32
};

/* How many parts of BY cover N. */
static inline uint64_t hu_parts_over(uint64_t n, uint64_t by)
{
    return n / by + (n % by != 0);
}

/* Where the parts of a tensor of rows × columns lie. Rows and columns are those of the tensor that
 * was quantized: [out, in] of a linear layer. */
enum hu_block_layout {
    /* Nobody knows what the bytes are but their number. */
    HU_BLOCK_OPAQUE,
    /* Codes row by row, each row from a whole byte on, the first element in the lowest bits; the
     * scales apart, row by row of tiles, a tile at the edge counted as a whole one. */
    HU_BLOCK_PARTS,
    /* Whole blocks of codes and scales one behind the other, a row's last one filled up with zeros:
     * GGUF. No other part. */
    HU_BLOCK_WHOLE,
    /* bitsandbytes: codes apart from scales, two a byte and the first in the high half, blocks that
     * run on over the rows' ends; of all elements the last byte and the last block may be short. */
    HU_BLOCK_FLAT,
    /* AutoGPTQ: qweight [in · bits / 32, out], words that go down the columns; scales [groups,
     * out]; qzeros [groups, out · bits / 32]; g_idx [in]. */
    HU_BLOCK_GPTQ,
    /* AutoAWQ: qweight [in, out / 8], columns 0 2 4 6 1 3 5 7 from a word's lowest bits on; scales
     * [groups, out]; qzeros [groups, out / 8]. */
    HU_BLOCK_AWQ,
    /* compressed-tensors: words of 32 / bits whole codes, n of them a word, weight_packed
     * [out, in / n] row by row; weight_scale [out, groups]; weight_zero_point [out / n, groups],
     * whose words go down the rows; weight_g_idx [in]. */
    HU_BLOCK_PACKED,
};

/* What a code of an element stands for. */
enum hu_block_codes {
    HU_CODES_NONE,
    HU_CODES_FORMAT,   /* a datum of the format hu_block.element, times 2^element_power */
    HU_CODES_TABLE,    /* an entry of hu_block.table */
    HU_CODES_INTEGER,  /* an integer without sign, less a zero point */
    HU_CODES_UNPACKED, /* what hu_block_unpack makes of it */
};

/* What stands over the scales. */
enum hu_block_over {
    HU_OVER_NONE,
    HU_OVER_TENSOR, /* one fp32 for all: a scale's value, or a whole block's, is times that */
    HU_OVER_NESTED, /* bitsandbytes: a scale is 8 bits in a table, times an fp32 for each 256 of
                       them, plus one fp32 for all, each step rounded to fp32 */
};

/* What is taken away from the codes under a scale, or added, HU_BLOCK_PARTS. */
enum hu_block_zeros {
    HU_ZEROS_NONE,
    HU_ZEROS_BYTES,  /* a byte with a sign */
    HU_ZEROS_FLOATS, /* an fp32 */
    HU_ZEROS_SHIFTS, /* an fp32, added to the code times its scale, or taken away */
};

/* What CODE of TILE stands for under SCALE. */
struct hu_block_job;
typedef double hu_block_element(const struct hu_block_job *j, size_t tile, double code,
                                double scale);
/* The code less the tile's byte or float, times the scale; times the scale, and that added or taken
 * away; by the scale. */
hu_block_element hu_block_less_byte, hu_block_less_zero, hu_block_plus_shift, hu_block_less_shift,
    hu_block_divided, hu_block_shared; /* shared: times the scale, by hu_block.divisor */

/* How numbers of a matrix lie in a file that has them in a kernel's order: each of so many lines
 * has some of all rows, EACH of a row, and STEP rows from a multiple of it on lie together there.
 */
struct hu_block_order;
struct hu_block_spot {
    size_t line, at; /* at: how many of the rows' from a whole STEP on lie before it there */
};
typedef struct hu_block_spot hu_block_place(const struct hu_block_order *o, size_t row,
                                            size_t column);
struct hu_block_order {
    hu_block_place *place;      /* where the number of COLUMN lies */
    uint64_t rows, lines;       /* rows: whole STEPs */
    uint64_t columns;           /* of numbers that are codes, or stand over groups of them */
    unsigned each, step, first; /* first: of EACH, where others lie among them */
    unsigned char bits;         /* of a number: 4, or whole bytes */
};

/* Row by row; the same of pairs, the second before the first; row by row of the matrix that is
 * turned; two rows' codes in turn, which a byte has.
 */
hu_block_place hu_block_place_down, hu_block_place_swapped, hu_block_place_across,
    hu_block_place_pairs;
/* cuBLAS' scales of blocks in a row: 128 rows of 4, those 32 rows apart beside each other. */
hu_block_place hu_block_place_blocked;
/* AutoAWQ's gemv_fast, Marlin's codes, its scales of groups and of rows, tinygemm's codes. */
hu_block_place hu_block_place_awq_fast, hu_block_place_marlin, hu_block_place_marlin_scales,
    hu_block_place_marlin_rows, hu_block_place_tinygemm;

/* Bytes that ROWS take in a line. */
static inline uint64_t hu_block_order_bytes(const struct hu_block_order *o, uint64_t rows)
{
    return hu_parts_over(rows, o->step) * o->step * o->each * o->bits / 8;
}

/* From STRIP, whose lines have LENGTH bytes each, the numbers of ROWS rows, row by row: a byte
 * each, or as many as they have. */
void hu_block_arrange(const struct hu_block_order *o, const unsigned char *strip, size_t length,
                      size_t rows, unsigned char *out);

/* How codes lie apart in a file's bytes or words, whose readers make a byte of each: unit u of so
 * many has those of elements u, u + units, u + 2 · units … */
struct hu_block_apart {
    const struct hu_block_order *codes, *scales, *more; /* codes NULL: none lies in an order */
    unsigned char bytes, bits, planes; /* of a unit, of a code, codes of a unit; bytes 0: they lie
                                          as the layout says */
    bool descends;                     /* the first lie in the highest bits of planes · bits */
    uint64_t units;
    uint64_t cycle; /* element i is under scale i modulo this, and the tile is one element; 0: under
                       its tile's */
    bool scale_divides; /* an element is its code by the scale */
    hu_block_element *element_of;
};

/* A block of GGUF's fallen apart: element i is (d · a[i / sub] · q[i] − m · b[i / sub]) · 2^power,
 * and without what is taken away where the row has no minima; b and m are not set there. */
struct hu_block_unpacked {
    float d, m;
    int32_t a[HU_SUBS_MAX], b[HU_SUBS_MAX];
    int8_t q[HU_BLOCK_MAX];
};

struct hu_block {
    const char *name;
    const char *aliases;   /* separated by spaces; NULL: none */
    uint32_t elements;     /* the least number that fills whole bytes with whole blocks */
    uint32_t bytes;        /* of those elements, scales included; a second scale is not counted */
    int ggml_type;         /* the number in a GGUF header, or HU_NO_GGML_TYPE */
    const char *structure; /* what the bytes are, in words */

    enum hu_block_layout layout;
    enum hu_block_codes codes;
    unsigned char code_bits;   /* an element's, where it has bits of its own */
    signed char element_power; /* −6 for mxint8, whose int8 has two bits before the point */
    const char *element;       /* format's name; NULL unless codes are those of a format */
    const float *table;        /* 2^code_bits values; NULL unless they are codes of a table */
    uint32_t tile_rows;        /* rows that share a scale; 0: all */
    uint32_t tile_columns;     /* columns that do; 0: all */
    const char *scale;         /* format's name; NULL: opaque, or more than one number */
    enum hu_block_over over;
    enum hu_scale_rule rule; /* the encoder's own; HU_SCALE_NO_RULE: decoded only */

    /* HU_CODES_UNPACKED. */
    unsigned char sub; /* elements that share an a and a b; 0 stands for 256 */
    signed char power;
    bool minima;

    unsigned char divisor; /* HU_BLOCK_PARTS: of every element, where scales are greatest
                              magnitudes; 0: 1 */
    unsigned char zeros;   /* HU_BLOCK_PARTS: an hu_block_zeros */
    const struct hu_block_apart *apart; /* HU_BLOCK_PARTS; NULL: as they are */
    bool zero_is_less_one;              /* HU_BLOCK_GPTQ: zero points are stored less one */
    bool zero_is_middle; /* HU_BLOCK_PACKED: there are no zero points, but 2^(code_bits − 1) */
    bool keeps_nan;      /* a NaN or an infinity is its element's matter, not the scale's */
};

/* The table's. NULL: INDEX is past the last. */
const struct hu_block *hu_block_at(size_t index);
/* The table's row of the name or alias KEY, in lower case and without hyphens. NULL: none. */
const struct hu_block *hu_block_in_table(const char *key);
/* As hu_name_suggestion, of the table's. */
const char *hu_block_suggestion(char out[HU_SUGGESTION], const char *name);
/* A byte of which nobody knows what it is, but that it is a float. No name finds these. */
const struct hu_block *hu_block_opaque(bool is_float);
/* The block format that a GGUF header calls TYPE. NULL: none. */
const struct hu_block *hu_block_of_ggml(uint32_t type);

/* BLOCK of B's hu_block.bytes fallen apart; B has HU_CODES_UNPACKED. */
void hu_block_unpack(const struct hu_block *b, const unsigned char *block,
                     struct hu_block_unpacked *to);

static inline bool hu_block_decodes(const struct hu_block *b)
{
    return b->layout != HU_BLOCK_OPAQUE;
}

static inline bool hu_block_encodes(const struct hu_block *b)
{
    return b->layout != HU_BLOCK_OPAQUE && b->rule != HU_SCALE_NO_RULE;
}

/* Whether users may choose among the four rules: where scales are powers of two. */
bool hu_block_has_rules(const struct hu_block *b);

/* As hu_block_bytes: the zero points of groups, the fp32 over 256 scales of bitsandbytes'
 * double quantization. */
size_t hu_block_more_bytes(const struct hu_block *b, size_t rows, size_t columns);

/* Where a tensor's parts are. */
struct hu_block_parts {
    const void *codes;
    const void *scales;    /* NULL where they lie among the codes */
    const void *more;      /* NULL where there is none: see hu_block_more_bytes */
    const int32_t *groups; /* g_idx, the group of each column; NULL: column / group's length */
    float tensor_scale; /* HU_OVER_TENSOR: the scale; HU_OVER_NESTED: what is added; else ignored */
    const float
        *nested; /* HU_OVER_NESTED: the 256 values of a scale's code; NULL: the usual ones */
    bool odd;    /* what fp64 does not hold is rounded to odd into it, for who rounds again */
};

/*
 * Rows FIRST to FIRST + COUNT of a tensor of ROWS × COLUMNS into an array of TO, row by row without
 * gaps; a packed TO needs whole bytes. Each element is the exact value, rounded once; a NaN is the
 * default quiet one; where a scale is infinite or NaN, infinities and zeros meet as in IEEE 754.
 * 0, or EINVAL: a null argument, an opaque format, or a group that is none.
 */
int hu_block_decode_rows(const struct hu_format *to, void *dst, const struct hu_block *from,
                         const struct hu_block_parts *parts, size_t rows, size_t columns,
                         size_t first, size_t count);
/* The codes of the N elements from FIRST on, a byte each, from as many UNITS, of which the first is
 * unit FIRST modulo p->units and which begin again behind the last. CODES may be where UNITS are.
 */
void hu_block_gather(const struct hu_block_apart *p, uint64_t first, size_t n,
                     const unsigned char *units, unsigned char *codes);

/* What pieces of a tensor must know of the whole. */
struct hu_block_whole {
    float amax;     /* the greatest finite magnitude: hu_block_amax's of all pieces; below 0: the
                       piece is the whole */
    uint64_t first; /* the element's number that the piece begins with: for HU_STOCHASTIC */
};

/* The greatest finite magnitude among N elements of FROM, as fp32: rounded up from fp64. */
float hu_block_amax(const struct hu_format *from, const void *src, size_t n);
/* Whether encoding needs hu_block_whole.amax: a scale stands over all elements. */
bool hu_block_needs_amax(const struct hu_block *b);

/*
 * ROWS × COLUMNS elements of FROM into parts of TO; a piece must begin with a row of tiles, and in
 * HU_BLOCK_FLAT with a block. options NULL: the format's own rule, to nearest even, saturating.
 * tensor_scale: receives the second scale; may be NULL. whole and special may be NULL; special:
 * becomes true where a NaN or an infinity is among the elements.
 * What becomes of zeros, infinities and NaNs is in the manual. 0, or EINVAL.
 */
int hu_block_encode_piece(const struct hu_block *to, void *codes, void *scales, float *tensor_scale,
                          const struct hu_format *from, const void *src, size_t rows,
                          size_t columns, const struct hu_block_options *options,
                          const struct hu_block_whole *whole, bool *special);
/* For those who explain: the scale that stands over an element (its code and its value with the
 * second one), and the element's code. Of HU_CODES_UNPACKED the scale is d · a · 2^power and the
 * code q as it is. */
struct hu_block_datum {
    uint64_t scale_bits;
    double scale, offset; /* offset: m · b · 2^power, or zero point · scale: what is taken away */
    int64_t code;
    double value;
};
int hu_block_look(const struct hu_block *b, const struct hu_block_parts *parts, size_t rows,
                  size_t columns, size_t row, size_t column, struct hu_block_datum *datum);

/* "floor", "ceil", "rceil", "even"; HU_SCALE_DEFAULT for NULL. False: none of them. */
bool hu_scale_rule_find(const char *name, enum hu_scale_rule *rule);
const char *hu_scale_rule_name(enum hu_scale_rule rule);
