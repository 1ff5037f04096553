#include "array/array.h"
#include "array/plan.h"
#include "decode.h"
#include "encode.h"

#include <pthread.h>
#include <string.h>

static float e4m3[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void)
{
    const struct hu_format *f = hu_format_find("fp8_e4m3"), *fp64 = hu_format_find("fp64");
    for (unsigned code = 0; code < 256; code++) {
        double value = parts_value(fp64, f, code);
        e4m3[code] = value != value ? __builtin_nanf("") : (float)value;
    }
}

const float *hu_block_e4m3_values(void)
{
    pthread_once(&once, fill);
    return e4m3;
}

/*
 * Between two neighbours the middle is an fp64 whose product with BY, of at most 27 bits, is exact:
 * 4 + 1 bits. So the quotient needs only be near enough to tell which neighbours those are.
 */
unsigned hu_block_nearest_e4m3(double amax, double by)
{
    const float *values = hu_block_e4m3_values();
    double quotient = amax / by;
    if (quotient >= 448)
        return 0x7e;
    float near = (float)quotient;
    uint32_t bits;
    memcpy(&bits, &near, sizeof bits);
    unsigned below = near < 0x1p-6f ? (unsigned)(near * 512) : (bits >> 20) - (120 << 3);
    if (below && (double)values[below] > quotient)
        below--; /* fp32 rounded the quotient up to it */
    double middle = ((double)values[below] + (double)values[below + 1]) / 2 * by;
    return below + (amax > middle || (amax == middle && below % 2));
}

/* HALFULP_KERNEL chooses here too: the plainer kernels have no rows of their own. */
hu_block_row *hu_block_fast_row(const struct hu_block_job *j)
{
    bool narrow = is_bf16(j->to);
    if (!narrow && !is_fp32(j->to))
        return NULL;
#if defined(__x86_64__)
    const char *kernel = hu_kernel_name(hu_kernel_chosen());
    if (!strncmp(kernel, "avx512", 6))
        return hu_block_row_avx512(j, narrow);
    if (!strcmp(kernel, "avx2"))
        return hu_block_row_avx2(j, narrow);
#endif
    return NULL;
}

hu_block_encode_row *hu_block_fast_encode(const struct hu_block_encoding *e)
{
    if (e->wants_flags || !e->options.elements.saturate || !is_fp32(e->from) ||
        e->options.elements.direction != HU_TIES_TO_EVEN)
        return NULL;
#if defined(__x86_64__)
    const char *kernel = hu_kernel_name(hu_kernel_chosen());
    if (!strncmp(kernel, "avx512", 6))
        return hu_block_encode_avx512(e);
    if (!strcmp(kernel, "avx2"))
        return hu_block_encode_avx2(e);
#endif
    return NULL;
}
