/* GGUF's types as compilers know them; included by fast_rows_ggml.h. */

/* The types whose rows are compiled for them: number in a GGUF header, bytes of a block, which rows
 * (of blocks of 32 elements or of 256), whether something is taken away. */
#define GGML_TYPES(X)                                                                              \
    X(q4_0, 2, 18, SHORT, false)                                                                   \
    X(q4_1, 3, 20, SHORT, true)                                                                    \
    X(q5_0, 6, 22, SHORT, false)                                                                   \
    X(q5_1, 7, 24, SHORT, true)                                                                    \
    X(q8_0, 8, 34, SHORT, false)                                                                   \
    X(q8_1, 9, 36, SHORT, false)                                                                   \
    X(iq4_nl, 20, 18, SHORT, false)                                                                \
    X(mxfp4, 39, 17, MXFP4, false)                                                                 \
    X(nvfp4, 40, 36, NVFP4, false)                                                                 \
    X(q4_k, 12, 144, LONG, true)                                                                   \
    X(q5_k, 13, 176, LONG, true)                                                                   \
    X(q6_k, 14, 210, LONG, false)                                                                  \
    X(iq4_xs, 23, 136, LONG, false)                                                                \
    X(iq2_xxs, 16, 66, LONG, false)                                                                \
    X(iq2_xs, 17, 74, LONG, false)                                                                 \
    X(iq2_s, 22, 82, LONG, false)                                                                  \
    X(iq3_xxs, 18, 98, LONG, false)                                                                \
    X(iq3_s, 21, 110, LONG, false)                                                                 \
    X(iq1_s, 19, 50, LONG, false)                                                                  \
    X(iq1_m, 29, 56, LONG, false)

/* q8_k alone has an fp32 as its scale: of more bits than a product with room for them. */
enum {
    ANY_TYPE = 0,
    TYPE_q8_k = 15,
#define NUMBER(name, number, ...) TYPE_##name = number,
    GGML_TYPES(NUMBER)
#undef NUMBER
};

/* What codes of four bits of a type stand for; NULL: they have more. */
INLINE const float *values_of_type(int type)
{
    static const float values[3][16] = {
        {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}};
    return type == TYPE_q4_0                            ? values[0]
           : type == TYPE_q4_1 || type == TYPE_q4_k     ? values[1]
           : type == TYPE_iq4_nl || type == TYPE_iq4_xs ? values[2]
                                                        : NULL;
}

/* Bytes of a block, known while compiling. */
INLINE size_t bytes_of_type(const struct hu_block *b, int type)
{
    switch (type) {
#define BYTES(name, number, bytes, ...)                                                            \
    case number:                                                                                   \
        return bytes;
        GGML_TYPES(BYTES)
#undef BYTES
    default:
        return b->bytes;
    }
}

/* Elements under a scale, as a power of two; known while compiling but for types that are not. */
INLINE int shift_of_type(const struct hu_block *b, int type)
{
    switch (type) {
    case TYPE_iq2_xxs:
    case TYPE_iq3_xxs:
    case TYPE_iq1_s:
    case TYPE_iq3_s:
        return 5;
    case TYPE_iq2_xs:
    case TYPE_iq2_s:
    case TYPE_iq1_m:
        return 4;
    default:
        return __builtin_ctz(b->sub ? b->sub : HU_BLOCK_MAX);
    }
}

/* What the lower five bits of codes of a type stand for, where AVX-512 looks all of them up. */
INLINE const float *fives_of_type(int type)
{
    static const float values[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                     11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                     22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    static const float less_16[32] = {0,   1,  2,  3,  4,  5,   6,   7,   8,   9,   10,
                                      11,  12, 13, 14, 15, -16, -15, -14, -13, -12, -11,
                                      -10, -9, -8, -7, -6, -5,  -4,  -3,  -2,  -1};
    return LANES == 8                               ? NULL
           : type == TYPE_q5_0                      ? less_16
           : type == TYPE_q5_1 || type == TYPE_q5_k ? values
                                                    : NULL;
}
