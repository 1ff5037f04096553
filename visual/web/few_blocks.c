/* The block page's formats alone: the readers of the others, with their grids, and the kernels of
 * whole arrays would weigh more than the page that shows them. */
#include "block/decode.h"
#include "block/encode_ggml.h"
#include "block/iquants.h"
#include "block/nested.h"
#include "block/simple.h"

const int8_t hu_block_curve[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                   1,    13,   25,  38,  53,  69,  89,  113};

void hu_block_unpack(const struct hu_block *b, const unsigned char *block,
                     struct hu_block_unpacked *to)
{
    static void (*const by_type[])(const unsigned char *, struct hu_block_unpacked *) = {
        [2] = unpack_q4_0, [3] = unpack_q4_1, [6] = unpack_q5_0,
        [7] = unpack_q5_1, [8] = unpack_q8_0, [20] = unpack_iq4_nl,
    };
    by_type[b->ggml_type](block, to);
}

/* No scales of scales, no table's codes, nothing that exists to be fast. */
const float *hu_block_nested_map(void)
{
    return NULL;
}

void hu_block_encode_runs(struct hu_block_encoding *e, size_t column, size_t end)
{
    (void)e, (void)column, (void)end;
}

/* The searches for blocks of 256, and fp4. */
static void search(struct ggml_encoding *k, unsigned char *to)
{
    (void)k, (void)to;
}
#define NO_SEARCH(name) extern __typeof(search) name __attribute__((alias("search")));
NO_SEARCH(hu_ggml_pack_minima)
NO_SEARCH(hu_ggml_pack_q3_k)
NO_SEARCH(hu_ggml_pack_q6_k)
NO_SEARCH(hu_ggml_pack_q8_k)
NO_SEARCH(hu_ggml_pack_iq4_xs)
NO_SEARCH(hu_ggml_pack_tq1_0)
NO_SEARCH(hu_ggml_pack_tq2_0)
NO_SEARCH(hu_ggml_pack_q1_0)
NO_SEARCH(hu_ggml_pack_q2_0)
NO_SEARCH(hu_ggml_pack_mxfp4)
NO_SEARCH(hu_ggml_pack_nvfp4)

hu_block_encode_row *hu_block_fast_encode(const struct hu_block_encoding *e)
{
    (void)e;
    return NULL;
}

hu_block_greatest *hu_block_fast_greatest(const struct hu_block_encoding *e)
{
    (void)e;
    return NULL;
}

hu_block_row *hu_block_fast_row(const struct hu_block_job *j)
{
    (void)j;
    return NULL;
}

const struct hu_kernel *hu_kernel_chosen(void)
{
    return NULL;
}

/* Element by element; a source with whole bytes. */
int hu_convert_array_with(const struct hu_kernel *kernel, const struct hu_format *to, void *dst,
                          const struct hu_format *from, const void *src, size_t n, uint64_t first,
                          const struct hu_options *options, unsigned *flags)
{
    (void)kernel;
    for (size_t i = 0; i < n; i++) {
        const unsigned char *at = (const unsigned char *)src + i * (from->storage_bits / 8);
        uint64_t bits =
            hu_convert_at(to, from, layout_word(at, from->storage_bits), first + i, options, flags);
        if (layout_is_packed(to))
            layout_set_packed(dst, to->width, i, bits);
        else
            layout_set_word((unsigned char *)dst + i * (to->storage_bits / 8), to->storage_bits,
                            bits);
    }
    return 0;
}

int hu_convert_array(const struct hu_format *to, void *dst, const struct hu_format *from,
                     const void *src, size_t n, const struct hu_options *options, unsigned *flags)
{
    return hu_convert_array_with(NULL, to, dst, from, src, n, 0, options, flags);
}
