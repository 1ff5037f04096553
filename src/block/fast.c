#include "array/plan.h"
#include "decode.h"
#include "encode.h"

#include <string.h>

/* HALFULP_KERNEL chooses here too: the plainer kernels have no rows of their own. */
hu_block_row *hu_block_fast_row(const struct hu_block_job *j)
{
    bool narrow = is_bf16(j->to);
    /* Of codes that were arranged each has a byte. */
    if ((!narrow && !is_fp32(j->to)) || (j->b->apart && j->b->apart->codes))
        return NULL;
#if defined(__x86_64__)
    const char *kernel = hu_kernel_name(hu_kernel_chosen());
    if (!strcmp(kernel, "avx512bf16") && hu_kernel_find("avx512vbmi"))
        return hu_block_row_avx512bf16(j, narrow);
    if (!strncmp(kernel, "avx512", 6))
        return hu_block_row_avx512(j, narrow);
    if (!strcmp(kernel, "avx2"))
        return hu_block_row_avx2(j, narrow);
#endif
    return NULL;
}

static bool is_usual(const struct hu_format *f)
{
    return is_fp32(f) || is_bf16(f) || is_fp16(f);
}

hu_block_encode_row *hu_block_fast_encode(const struct hu_block_encoding *e)
{
    if (!e->options.elements.saturate || e->options.elements.direction != HU_TIES_TO_EVEN ||
        !is_usual(e->from))
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

hu_block_greatest *hu_block_fast_greatest(const struct hu_block_encoding *e)
{
    if (!is_usual(e->from))
        return NULL;
#if defined(__x86_64__)
    const char *kernel = hu_kernel_name(hu_kernel_chosen());
    if (!strncmp(kernel, "avx512", 6))
        return hu_block_greatest_avx512;
    if (!strcmp(kernel, "avx2"))
        return hu_block_greatest_avx2;
#endif
    return NULL;
}
