#include "recode_piece.h"
#include "array/array.h"
#include "block/unpack.h"
#include "file/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool hu_recode_room(struct hu_recode_buffer *b, size_t bytes)
{
    if (bytes <= b->room && b->bytes)
        return true;
    free(b->bytes);
    b->room = (bytes + 63) / 64 * 64 + 64;
    b->bytes = bytes > SIZE_MAX / 2 ? NULL : aligned_alloc(64, b->room);
    if (!b->bytes)
        b->room = 0;
    return b->bytes;
}

void hu_recode_piece_free(struct hu_recode_piece *p)
{
    free(p->elements.bytes);
    free(p->codes.bytes);
    free(p->scales.bytes);
    free(p->more.bytes);
    free(p->given.bytes);
}

static int read_part(struct hu_recode_piece *p, struct hu_recode_buffer *b,
                     const struct hu_recode_input *in, uint64_t at, size_t n)
{
    if (!hu_recode_room(b, n))
        return ENOMEM;
    p->read += n;
    return hu_read_at(in->descriptor, b->bytes, n, in->offset + at);
}

int hu_recode_read_groups(const struct hu_recode *r, int32_t **groups)
{
    *groups = NULL;
    if (!r->has_groups)
        return 0;
    size_t n = (size_t)r->columns;
    unsigned char *bytes = malloc(n * 4 + 1);
    *groups = malloc(n * sizeof **groups + 1);
    int why = bytes && *groups ? hu_read_at(r->groups.descriptor, bytes, n * 4, r->groups.offset)
                               : ENOMEM;
    for (size_t i = 0; !why && i < n; i++)
        (*groups)[i] =
            (int32_t)((uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
                      (uint32_t)bytes[4 * i + 2] << 16 | (uint32_t)bytes[4 * i + 3] << 24);
    free(bytes);
    if (why) {
        free(*groups);
        *groups = NULL;
    }
    return why;
}

int hu_recode_read_plain(struct hu_recode_piece *p)
{
    unsigned bits = p->job->format->storage_bits;
    size_t n = p->rows * p->columns, bytes = hu_array_bytes(p->job->format, n);
    uint64_t at = p->number / 8 * bits + p->number % 8 * bits / 8;
    int why = read_part(p, &p->elements, &p->job->codes, at, bytes);
    if (!why && p->job->swap)
        hu_turn_bytes(p->elements.bytes, bytes, p->job->swap);
    return why;
}

static unsigned scale_width(const struct hu_block *b)
{
    return hu_format_find(b->scale)->storage_bits / 8u;
}

/* Scales before the piece's, and how many it has; none: they lie among the codes. */
struct span {
    uint64_t before;
    size_t count;
};

static struct span scales_of(const struct hu_block *b, const struct hu_recode_piece *p,
                             uint64_t rows)
{
    struct span s = {0, 0};
    if (!b->scale)
        return s;
    unsigned own = scale_width(b);
    s.count = hu_block_scale_bytes(b, p->rows, p->columns) / own;
    if (!b->tile_rows && !b->tile_columns && p->linear)
        return s;
    if (p->linear) {
        s.before = p->first / b->tile_columns;
        return s;
    }
    uint64_t matrix = hu_block_scale_bytes(b, (size_t)rows, p->columns) / own;
    uint64_t before = b->layout == HU_BLOCK_FLAT
                          ? p->first * p->columns / b->tile_columns
                          : hu_block_scale_bytes(b, (size_t)p->first, p->columns) / own;
    s.before = p->matrix * matrix + (b->tile_rows || b->layout == HU_BLOCK_FLAT ? before : 0);
    return s;
}

static uint64_t codes_before(const struct hu_block *b, const struct hu_recode_piece *p,
                             uint64_t rows)
{
    if (!p->linear)
        return p->matrix * hu_block_bytes(b, (size_t)rows, p->columns) +
               hu_block_bytes(b, (size_t)p->first, p->columns);
    return b->layout == HU_BLOCK_WHOLE ? p->first / b->elements * b->bytes
                                       : p->first / 8 * b->code_bits;
}

/* N numbers of WIDTH bytes in a ring of so many, from number FIRST on. */
static int read_ring(struct hu_recode_buffer *b, const struct hu_recode_input *in, uint64_t first,
                     uint64_t ring, size_t n, unsigned width)
{
    size_t bytes;
    int why = 0;
    if (__builtin_mul_overflow(n, width, &bytes) || !hu_recode_room(b, bytes))
        return ENOMEM;
    for (size_t have = 0, some; !why && have < n; have += some) {
        uint64_t at = (first + have) % ring;
        some = ring - at < n - have ? (size_t)(ring - at) : n - have;
        why = hu_read_at(in->descriptor, b->bytes + have * width, some * width,
                         in->offset + at * width);
    }
    return why;
}

/* COUNT strips of WIDTH bytes, STRIDE apart in the file and one behind the other in memory. */
static int read_strips(struct hu_recode_piece *p, struct hu_recode_buffer *b,
                       const struct hu_recode_input *in, uint64_t at, uint64_t stride, size_t width,
                       size_t count)
{
    size_t bytes;
    if (__builtin_mul_overflow(width, count, &bytes) || !hu_recode_room(b, bytes))
        return ENOMEM;
    if (width == stride)
        return read_part(p, b, in, at, bytes);
    p->read += bytes;
    int why = 0;
    for (size_t i = 0; !why && i < count; i++)
        why = hu_read_at(in->descriptor, b->bytes + i * width, width, in->offset + at + i * stride);
    return why;
}

/* The piece's numbers that lie by O, into TO. Its elements, which are none yet, are room for it. */
static int read_order(struct hu_recode_piece *p, const struct hu_block_order *o,
                      const struct hu_recode_input *from, struct hu_recode_buffer *to)
{
    const uint64_t stride = hu_block_order_bytes(o, o->rows);
    const size_t width = (size_t)hu_block_order_bytes(o, p->rows);
    int why = read_strips(p, &p->elements, from,
                          p->matrix * o->lines * stride + hu_block_order_bytes(o, p->first), stride,
                          width, (size_t)o->lines);
    if (why)
        return why;
    if (!hu_recode_room(to, p->rows * (size_t)o->columns * (o->bits < 8 ? 1 : o->bits / 8u)))
        return ENOMEM;
    hu_block_arrange(o, p->elements.bytes, width, p->rows, to->bytes);
    return 0;
}

/* What stands over the piece's tiles, of the file's format, in TO of OWN: the scales, or zero
 * points like them. */
static int read_floats(struct hu_recode_piece *p, const struct hu_recode_input *from,
                       const struct hu_block_order *order, const struct hu_format *own,
                       struct hu_recode_buffer *to)
{
    const struct hu_block *b = p->job->from;
    const struct hu_format *in = order && order->bits < 8 ? hu_format_find("uint8")
                                 : p->job->scales_in      ? p->job->scales_in
                                                          : own;
    const uint64_t cycle = b->apart ? b->apart->cycle : 0;
    struct hu_recode_buffer *read = in == own ? to : &p->given;
    struct span s = scales_of(b, p, p->job->rows);
    unsigned width = in->storage_bits / 8u;
    if (!s.count)
        return 0;
    p->read += order ? 0 : s.count * width;
    int why = order ? read_order(p, order, from, read)
                    : read_ring(read, from, cycle ? p->number : s.before,
                                cycle ? cycle : UINT64_MAX, s.count, width);
    if (why || in == own)
        return why;
    if (!hu_recode_room(to, s.count * (own->storage_bits / 8u)))
        return ENOMEM;
    hu_convert_array(own, to->bytes, in, p->given.bytes, s.count, NULL, NULL);
    return 0;
}

static int read_scales(struct hu_recode_piece *p)
{
    const struct hu_block *b = p->job->from;
    return b->scale ? read_floats(p, &p->job->scales, b->apart ? b->apart->scales : NULL,
                                  hu_format_find(b->scale), &p->scales)
                    : 0;
}

static int read_codes(struct hu_recode_piece *p)
{
    const struct hu_block *b = p->job->from;
    const struct hu_block_apart *q = b->apart;
    size_t n = hu_block_bytes(b, p->rows, p->columns);
    if (q && q->codes)
        return read_order(p, q->codes, &p->job->codes, &p->codes);
    if (!q || !q->bytes)
        return read_part(p, &p->codes, &p->job->codes, codes_before(b, p, p->job->rows), n);
    p->read += n * q->bytes / q->planes;
    int why = read_ring(&p->codes, &p->job->codes, p->number, q->units, n, q->bytes);
    if (!why)
        hu_block_gather(q, p->number, n, p->codes.bytes, p->codes.bytes);
    return why;
}

static int read_lines(struct hu_recode_piece *p)
{
    const struct hu_block *b = p->job->from;
    int why = read_codes(p);
    if (!why)
        why = read_scales(p);
    if (!why && b->layout == HU_BLOCK_PACKED && !b->zero_is_middle)
        why = read_part(p, &p->more, &p->job->more,
                        hu_block_more_bytes(b, (size_t)p->first, p->columns),
                        hu_block_more_bytes(b, p->rows, p->columns));
    if (!why && b->zeros == HU_ZEROS_BYTES)
        why = read_part(p, &p->more, &p->job->more, scales_of(b, p, p->job->rows).before,
                        scales_of(b, p, p->job->rows).count);
    if (!why && b->zeros > HU_ZEROS_BYTES)
        why = read_floats(p, &p->job->more, b->apart->more, hu_format_find("fp32"), &p->more);
    if (!why && b->over == HU_OVER_NESTED)
        why = read_part(p, &p->more, &p->job->more, scales_of(b, p, p->job->rows).before / 256 * 4,
                        hu_block_more_bytes(b, p->rows, p->columns));
    return why;
}

static size_t words(uint64_t elements, unsigned bits)
{
    return (size_t)((elements * bits + 31) / 32);
}

/* GPTQ and AWQ: rows of the tensor lie across in what is stored. */
static int read_columns(struct hu_recode_piece *p)
{
    const struct hu_block *b = p->job->from;
    unsigned bits = b->code_bits, width = scale_width(b);
    size_t groups = (size_t)((p->job->columns + b->tile_columns - 1) / b->tile_columns);
    int why;
    if (b->layout == HU_BLOCK_AWQ)
        why = read_strips(p, &p->codes, &p->job->codes, words(p->first, bits) * 4,
                          words(p->job->rows, bits) * 4, words(p->rows, bits) * 4,
                          (size_t)p->job->columns);
    else
        why = read_strips(p, &p->codes, &p->job->codes, p->first * 4, p->job->rows * 4, p->rows * 4,
                          words(p->job->columns, bits));
    if (!why)
        why = read_strips(p, &p->scales, &p->job->scales, p->first * width, p->job->rows * width,
                          p->rows * width, groups);
    if (!why)
        why = read_strips(p, &p->more, &p->job->more, words(p->first, bits) * 4,
                          words(p->job->rows, bits) * 4, words(p->rows, bits) * 4, groups);
    return why;
}

int hu_recode_read_parts(struct hu_recode_piece *p)
{
    bool columns = p->job->from->layout == HU_BLOCK_GPTQ || p->job->from->layout == HU_BLOCK_AWQ;
    return columns ? read_columns(p) : read_lines(p);
}

/* The scale over a matrix of whole blocks, or over all. */
static int read_over(struct hu_recode_piece *p, float *scale)
{
    *scale = p->job->tensor_scale;
    if (p->job->from->layout != HU_BLOCK_WHOLE || p->job->from->over != HU_OVER_TENSOR)
        return 0;
    int why = read_part(p, &p->more, &p->job->more, p->matrix * 4, 4);
    if (!why)
        *scale = unpack_fp32(p->more.bytes);
    return why;
}

int hu_recode_decode(struct hu_recode_piece *p, const struct hu_format *to, bool odd)
{
    const struct hu_block *b = p->job->from;
    size_t n = p->rows * p->columns;
    float over;
    int why = hu_recode_read_parts(p);
    if (!why)
        why = read_over(p, &over);
    if (why)
        return why;
    if (!hu_recode_room(&p->elements, hu_array_bytes(to, n)))
        return ENOMEM;
    struct hu_block_parts parts = {
        .codes = p->codes.bytes,
        .scales = b->scale ? p->scales.bytes : NULL,
        .more = p->more.bytes,
        .groups = p->groups,
        .tensor_scale = over,
        .nested = p->job->nested,
        .odd = odd,
    };
    return hu_block_decode_rows(to, p->elements.bytes, b, &parts, p->rows, p->columns, 0, p->rows);
}

/* Blocks of codes of four bits behind their scales (ggml-common.h: block_mxfp4, block_nvfp4). */
static int write_whole(struct hu_recode_piece *p, size_t scales)
{
    const unsigned half = p->job->block->tile_columns / 2, each = p->job->whole;
    const size_t bytes = (size_t)each * (half + 1), blocks = scales / each;
    if (!hu_recode_room(&p->given, blocks * bytes))
        return ENOMEM;
    const unsigned char *codes = p->codes.bytes;
    unsigned char *to = p->given.bytes;
    for (size_t k = 0; k < blocks; k++) {
        memcpy(to, p->scales.bytes + k * each, each);
        to += each;
        for (unsigned s = 0; s < each; s++, codes += half)
            for (unsigned i = 0; i < half; i++) {
                unsigned shift = i % 2 * 4;
                *to++ = (unsigned char)((codes[i / 2] >> shift & 15) |
                                        (codes[i / 2 + half / 2] >> shift & 15) << 4);
            }
    }
    return hu_write_at(p->job->output, p->given.bytes, blocks * bytes,
                       p->job->codes_at +
                           scales_of(p->job->block, p, p->job->rows).before / each * bytes);
}

int hu_recode_write_parts(struct hu_recode_piece *p, size_t codes, size_t scales)
{
    const struct hu_block *b = p->job->block;
    if (p->job->whole)
        return write_whole(p, scales);
    int why = hu_write_at(p->job->output, p->codes.bytes, codes,
                          p->job->codes_at + codes_before(b, p, p->job->rows));
    if (why || !scales)
        return why;
    return hu_write_at(p->job->output, p->scales.bytes, scales,
                       p->job->scales_at + scales_of(b, p, p->job->rows).before * scale_width(b));
}
