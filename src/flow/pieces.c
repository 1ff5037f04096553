#include "pieces.h"
#include "array/array.h"

/* Elements that a row of tiles may have. */
enum { UNIT_MOST = 64 * 1024 * 1024 };

struct hu_stream_tensor hu_stream_tensor_of(const struct hu_tensor *t,
                                            const struct hu_format *format, int input)
{
    struct hu_dtype dtype = format ? (struct hu_dtype){.format = format} : t->dtype;
    struct hu_stream_tensor s = {
        .data = {.format = format, .elements = t->elements, .row = t->elements},
        .input = input,
        .offset = t->offset,
        .bytes = t->bytes,
        .unit = hu_dtype_elements(dtype) == 1 ? hu_dtype_bytes(dtype) : 0,
        .shape = t->shape,
        .strides = t->strides,
        .rank = t->rank,
        .span = t->span,
        .analysed = format != NULL,
        .output = -1,
    };
    if (t->big_endian && format)
        s.swap = format->storage_bits / 8u;
    if (t->rank)
        s.data.row = t->shape[t->fortran_order ? 0 : t->rank - 1];
    if (t->rank > 1)
        s.data.rows = t->shape[t->fortran_order ? 1 : t->rank - 2];
    return s;
}

void hu_stream_turn(struct hu_stream_tensor *copy, const struct hu_tensor *t)
{
    /* complex64 is two numbers. */
    if (t->big_endian)
        copy->swap = t->dtype.block ? hu_dtype_bytes(t->dtype) / 2 : hu_dtype_bytes(t->dtype);
}

void hu_stream_reorder(struct hu_stream_tensor *data, const struct hu_tensor *t, uint64_t *strides)
{
    uint64_t stride = 1;
    for (unsigned i = 0; i < t->rank; i++) {
        strides[i] = stride;
        stride *= t->shape[i];
    }
    data->strides = strides;
    data->span = t->elements;
    data->data.row = t->shape[t->rank - 1];
    data->data.rows = t->rank > 1 ? t->shape[t->rank - 2] : 1;
}

/* Elements, or bytes of a copy, that a piece may have at most. */
static uint64_t piece_length(const struct hu_stream_tensor *t)
{
    if (!t->data.format)
        return HU_PIECE;
    unsigned bits = t->data.format->storage_bits;
    if (t->to && t->to->storage_bits > bits)
        bits = t->to->storage_bits;
    return (uint64_t)HU_PIECE * 8 / bits;
}

static struct hu_units units_of(const struct hu_stream *s, const struct hu_stream_tensor *t)
{
    return hu_statistics_units(t->analysed ? &s->plan : NULL, &t->data);
}

/* One at least: it may be longer than a piece. */
static uint64_t units_of_piece(const struct hu_stream_tensor *t, struct hu_units u)
{
    uint64_t each = piece_length(t) / u.unit;
    return each ? each : 1;
}

uint64_t hu_stream_pieces(const struct hu_stream *s, size_t index)
{
    const struct hu_stream_tensor *t = &s->tensors[index];
    if (!t->data.format)
        return t->bytes / HU_PIECE + (t->bytes % HU_PIECE != 0);
    if (!t->data.elements)
        return 0;
    struct hu_units u = units_of(s, t);
    uint64_t units = hu_units_count(u, t->data.elements), each = units_of_piece(t, u);
    return units / each + (units % each != 0);
}

void hu_stream_piece(const struct hu_stream *s, const struct hu_stream_tensor *t, uint64_t index,
                     uint64_t *from, uint64_t *to)
{
    if (!t->data.format) {
        *from = index * HU_PIECE;
        *to = t->bytes - *from < HU_PIECE ? t->bytes : *from + HU_PIECE;
        return;
    }
    struct hu_units u = units_of(s, t);
    uint64_t units = hu_units_count(u, t->data.elements), each = units_of_piece(t, u);
    uint64_t first = index * each;
    uint64_t last = units - first < each ? units : first + each;
    *from = hu_units_first(u, first);
    *to = last == units ? t->data.elements : hu_units_first(u, last);
}

/* Bytes that a piece may have: HU_PIECE, or more where a row of tiles does. 0: too many. */
size_t hu_stream_room(const struct hu_stream *s)
{
    uint64_t most = HU_PIECE;
    for (size_t i = 0; i < s->count; i++) {
        const struct hu_stream_tensor *t = &s->tensors[i];
        if (!t->analysed || !t->data.elements)
            continue;
        uint64_t unit = units_of(s, t).unit;
        unit = unit < t->data.elements ? unit : t->data.elements;
        if (unit > UNIT_MOST)
            return 0;
        uint64_t bytes = unit * t->data.format->storage_bits / 8 + 64;
        most = bytes > most ? bytes : most;
    }
    return (size_t)(most + 127) / 64 * 64;
}

bool hu_stream_is_whole(const struct hu_stream *stream, size_t index)
{
    const struct hu_stream_tensor *t = &stream->tensors[index];
    return !t->sharded || t->end_piece - t->first_piece == hu_stream_pieces(stream, index);
}

/* PART of N, times ALL: without overflow where N is no more than 2^32. */
static uint64_t share(uint64_t all, uint64_t part, uint64_t n)
{
    return all / n * part + all % n * part / n;
}

void hu_stream_shard(struct hu_stream *stream, uint64_t number, uint64_t count)
{
    uint64_t all = 0, before = 0;
    for (size_t i = 0; i < stream->count; i++)
        all += hu_stream_pieces(stream, i);
    uint64_t first = share(all, number - 1, count), end = share(all, number, count);
    for (size_t i = 0; i < stream->count; i++) {
        struct hu_stream_tensor *t = &stream->tensors[i];
        uint64_t pieces = hu_stream_pieces(stream, i);
        t->sharded = true;
        t->first_piece = first > before ? first - before : 0;
        t->end_piece = end > before ? end - before : 0;
        t->first_piece = t->first_piece < pieces ? t->first_piece : pieces;
        t->end_piece = t->end_piece < pieces ? t->end_piece : pieces;
        before += pieces;
    }
}

uint64_t hu_stream_bytes(const struct hu_stream *stream)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < stream->count; i++) {
        const struct hu_stream_tensor *t = &stream->tensors[i];
        bool twice = t->analysed && hu_statistics_needs_greatest(&stream->plan, t->data.format);
        uint64_t pieces = t->sharded ? hu_stream_pieces(stream, i) : 0;
        uint64_t read = pieces ? t->bytes / pieces * (t->end_piece - t->first_piece) : t->bytes;
        bytes += !t->sharded ? t->bytes * (twice ? 2 : 1)
                 : read      ? read + (twice ? t->bytes : 0)
                             : 0;
    }
    return bytes;
}
