#include "encode_ggml.h"

/* mxfp4 and nvfp4 of GGUF: fp4_e2m1 under scales of 32 and of 16 elements (ggml-quants.c:
 * quantize_row_mxfp4_ref, quantize_row_nvfp4_ref). To nearest a code is the first of those that
 * miss the least, in differences of fp32: in the middle of two the one nearer to zero, and of zeros
 * +0. */

static int nearest_code(float x, float half)
{
    static const float twice[] = {0, 1, 2, 3, 4, 6, 8, 12};
    float size = __builtin_fabsf(x), least = size;
    int code = 0;
    for (int i = 1; i < 8; i++) {
        float missed = __builtin_fabsf(twice[i] * half - size);
        if (missed < least) {
            least = missed;
            code = i;
        }
    }
    return code && x < 0 ? code + 8 : code;
}

/* The code of element I under twice HALF. Another direction rounds the exact quotient. */
static int code_of(const struct ggml_encoding *k, int i, float half)
{
    struct hu_options options = k->e->options.elements;
    float x = k->x[i];
    if (options.direction == HU_TIES_TO_EVEN)
        return nearest_code(x, half);
    if (!(__builtin_fabsf(x) < __builtin_inff()) || half == 0)
        return 0;
    double quotient = hu_scale_quotient((double)x, 2 * (double)half);
    uint64_t bits;
    unsigned flags = 0;
    memcpy(&bits, &quotient, sizeof bits);
    options.saturate = true;
    uint64_t code =
        hu_convert_at(k->e->fp4, k->e->fp64, bits, k->index + (uint64_t)i, &options, &flags);
    return code == 8 ? 0 : (int)code;
}

/* Two halves of COUNT codes from element FROM on, the first in the lower bits. */
static void put_codes(const struct ggml_encoding *k, int from, int count, float half,
                      unsigned char *to)
{
    for (int i = 0; i < count / 2; i++)
        to[i] = (unsigned char)(code_of(k, from + i, half) | code_of(k, from + count / 2 + i, half)
                                                                 << 4);
}

static float amax_of(const float *x, int n)
{
    return __builtin_fabsf(ggml_farthest(x, n));
}

void hu_ggml_pack_mxfp4(struct ggml_encoding *k, unsigned char *to)
{
    float half;
    *to = ggml_e8m0(amax_of(k->x, GGML_LENGTH), &half);
    put_codes(k, 0, GGML_LENGTH, half, to + 1);
}

void hu_ggml_pack_nvfp4(struct ggml_encoding *k, unsigned char *to)
{
    enum { SUBS = 4, LENGTH = 16 };
    for (int s = 0; s < SUBS; s++) {
        float half;
        to[s] = ggml_e4m3(amax_of(k->x + s * LENGTH, LENGTH), &half);
        put_codes(k, s * LENGTH, LENGTH, half, to + SUBS + s * LENGTH / 2);
    }
}
