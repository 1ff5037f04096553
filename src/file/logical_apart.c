#include "logical_parts.h"
#include "word_list.h"

#include <string.h>

/*
 * Codes that lie apart: the first rows of a matrix in some bits of all bytes, the next ones in the
 * next bits.
 * BitNet (transformers, integrations/bitnet.py, pack_weights and BitLinear): weight uint8 [out / 4,
 * in], the first quarter of the rows in the lowest bits, 0 1 2 for −1 0 1; weight_scale is one
 * float, by which BitLinear divides and AutoBitLinear (linear_class of the config) multiplies.
 * HQQ (hqq/core/quantize.py, HQQLinear.state_dict; bitpack.py): W_q of what the weights are when
 * they are reshaped to [groups, group_size] (axis 1) or [group_size, groups] (axis 0), the first
 * rows in the highest bits; scale and zero, one a group: (code − zero) · scale. Each of the other
 * settings is a tensor of its own (utils.py, encode_safetensor_type).
 * optimum-quanto of 2 and 4 bits (tensor/weights/qbits.py, tensor/qbits.py, tensor/packed.py): of
 * weights reshaped to [groups, group_size] weight._data._data uint8 has the first rows in the
 * lowest bits, weight._scale and weight._shift are one a group: code · scale − shift, or (code −
 * shift) · scale of a shift that is int8. Groups have 128 inputs, or 32 to 96 where these divide
 * them (nn/qmodule.py); a row is one group otherwise.
 */

static bool is_float(const struct hu_tensor *t)
{
    return t && hu_has_word("fp32 bf16 fp16", hu_dtype_name(t->dtype));
}

/* Whole numbers in bytes under fp32s, until the rest is set. */
static const struct hu_block bytes = {
    .elements = 1,
    .bytes = 1,
    .ggml_type = HU_NO_GGML_TYPE,
    .layout = HU_BLOCK_PARTS,
    .codes = HU_CODES_TABLE,
    .code_bits = 8,
    .scale = "fp32",
    .rule = HU_SCALE_NO_RULE,
};

enum logical_found hu_logical_bitnet(struct logical_reader *r, const struct hu_tensor *codes)
{
    static const float values[4] = {-1, 0, 1, 2};
    if (strcmp(r->config.method, "bitnet") != 0 || !hu_ends_with(codes->name, ".weight") ||
        !hu_logical_is_of(codes, "uint8") || codes->rank != 2)
        return LOGICAL_NONE;
    const struct hu_tensor *scale = hu_logical_beside(r, codes, 0, "_scale");
    if (!scale)
        return hu_logical_wrong(r, codes, "has no weight_scale beside it, as BitNet has");
    if (!is_float(scale) || scale->elements != 1)
        return hu_logical_misfit(r, codes, scale, "BitNet's weight_scale is one float");
    struct hu_logical *l = hu_logical_new(r, codes, 0, "");
    uint64_t shape[] = {0, codes->shape[1]};
    if (__builtin_mul_overflow(codes->shape[0], 4, &shape[0]))
        return hu_logical_misfit(r, codes, scale, "there are too many rows");
    if (!l || !hu_logical_shape(r, l, shape, 2, shape[1]))
        return LOGICAL_ERROR;
    l->layout = "bitnet";
    l->scales = scale;
    l->scales_in = scale->dtype.format;
    l->own = bytes;
    l->own.name = "bitnet";
    l->own.structure = "ternary, four a byte, a float for all";
    l->own.table = values;
    struct hu_block_apart *apart = arena_allocate(&r->to->arena, sizeof *apart);
    if (!apart)
        return hu_logical_refuse(r, "out of memory");
    *apart = (struct hu_block_apart){.bytes = 1, .bits = 2, .planes = 4, .units = codes->elements};
    apart->scale_divides = !r->config.multiplies;
    apart->element_of = r->config.multiplies ? hu_block_shared : hu_block_divided;
    l->own.divisor = r->config.multiplies;
    l->own.apart = apart;
    l->block = &l->own;
    hu_logical_add(l, scale);
    return LOGICAL_FOUND;
}

static const float numbers[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};

struct quanto {
    const struct hu_tensor *codes, *scale, *shift;
    uint64_t groups, bits, shape[2];
};

/* NULL, or what is wrong. */
static const char *measure_quanto(struct logical_reader *r, struct quanto *q)
{
    const struct hu_tensor *bias =
        hu_logical_beside(r, q->codes, strlen("weight._data._data"), "bias");
    const uint64_t rows = q->codes->shape[0], length = q->codes->shape[1];
    q->groups = q->scale->elements;
    const bool four = hu_parts_over(q->groups, 2) == rows,
               two = hu_parts_over(q->groups, 4) == rows;
    q->bits = four ? 4 : 2;
    if (four == two)
        return "there are as many scales as rows of codes of 4 or of 2 bits";
    if (!length || length > UINT32_MAX || q->groups > UINT32_MAX)
        return "there are no codes";
    q->shape[0] = q->groups;
    q->shape[1] = length;
    if (length > 128 || length % 32)
        return NULL;
    if (!bias || bias->rank != 1 || !bias->shape[0] || q->groups % bias->shape[0])
        return "of groups quanto's files do not have the shape, and no bias has its rows";
    q->shape[0] = bias->shape[0];
    q->shape[1] = q->groups / bias->shape[0] * length;
    r->to->note = "quanto's weights are taken for matrices, of as many rows as their bias has, for "
                  "its files do not have their shape";
    return NULL;
}

enum logical_found hu_logical_quanto(struct logical_reader *r, const struct hu_tensor *codes)
{
    const size_t cut = strlen("._data._data");
    if (!hu_ends_with(codes->name, ".weight._data._data") || !hu_logical_is_of(codes, "uint8"))
        return LOGICAL_NONE;
    struct quanto q = {.codes = codes,
                       .scale = hu_logical_beside(r, codes, cut, "._scale"),
                       .shift = hu_logical_beside(r, codes, cut, "._shift")};
    const bool whole = hu_logical_is_of(q.shift, "int8");
    if (codes->rank != 2 || !is_float(q.scale) || !q.shift ||
        q.shift->elements != q.scale->elements ||
        (!whole && q.shift->dtype.format != q.scale->dtype.format))
        return hu_logical_wrong(r, codes,
                                "is of quanto by its parts, which has a _scale of floats and a "
                                "_shift of as many, or of int8, beside a matrix of bytes");
    const char *wrong = measure_quanto(r, &q);
    if (wrong)
        return hu_logical_misfit(r, codes, q.scale, wrong);
    struct hu_block_apart *apart = arena_allocate(&r->to->arena, sizeof *apart);
    struct hu_logical *l = hu_logical_new(r, codes, cut, "");
    if (!apart || !l || !hu_logical_shape(r, l, q.shape, 2, q.shape[1]))
        return LOGICAL_ERROR;
    *apart =
        (struct hu_block_apart){.bytes = 1,
                                .bits = (unsigned char)q.bits,
                                .planes = (unsigned char)(8 / q.bits),
                                .units = codes->elements,
                                .element_of = whole ? hu_block_less_byte : hu_block_less_shift};
    l->layout = "quanto";
    l->scales = q.scale;
    l->scales_in = q.scale->dtype.format;
    l->more = q.shift;
    l->own = bytes;
    l->own.name = q.bits == 4 ? "qint4" : "qint2";
    l->own.structure = "integers, a scale and a shift for each group of a row";
    l->own.table = numbers;
    l->own.tile_rows = 1;
    l->own.tile_columns = (uint32_t)codes->shape[1];
    l->own.zeros = whole ? HU_ZEROS_BYTES : HU_ZEROS_SHIFTS;
    l->own.apart = apart;
    l->block = &l->own;
    hu_logical_add(l, q.scale);
    hu_logical_add(l, q.shift);
    return LOGICAL_FOUND;
}

/* What stands beside W_q: numbers, and the rest, which says nothing more of weights. */
enum { NBITS, GROUP, AXIS, FLOATS, QUANT_ZERO, QUANT_SCALE, NUMBERS };
struct hqq {
    const struct hu_tensor *codes, *scale, *zero, *shape;
    int64_t number[NUMBERS]; /* −1: it is not there */
    uint64_t out, in;
};

static bool read_integer(struct logical_reader *r, const struct hu_tensor *t, unsigned width,
                         int64_t *values, size_t n)
{
    unsigned char text[16];
    if (!hu_logical_bytes(r, t, text, width * n))
        return false;
    for (size_t i = 0; i < n; i++)
        values[i] = (int64_t)hu_little_read(text + i * width, width);
    return true;
}

static enum logical_found read_settings(struct logical_reader *r, struct hqq *h)
{
    static const char *const names[] = {".nbits",         ".group_size", ".axis",
                                        ".view_as_float", ".quant_zero", ".quant_scale"};
    const size_t cut = strlen(".W_q");
    for (size_t i = 0; i < NUMBERS; i++) {
        const struct hu_tensor *t = hu_logical_beside(r, h->codes, cut, names[i]);
        h->number[i] = -1;
        if (!t)
            continue;
        if (t->elements != 1 || !t->dtype.integer || t->dtype.integer->storage_bits > 64 ||
            t->dtype.integer->storage_bits < 8)
            return hu_logical_misfit(r, h->codes, t,
                                     "HQQ's settings that are read are one whole number each");
        if (!read_integer(r, t, t->dtype.integer->storage_bits / 8u, &h->number[i], 1))
            return LOGICAL_ERROR;
    }
    int64_t shape[2];
    if (!hu_logical_is_integer(h->shape, 64) || !hu_logical_is_shape(h->shape, 1, UINT64_C(2)))
        return hu_logical_misfit(r, h->codes, h->shape, "HQQ's shape is two int64");
    if (!read_integer(r, h->shape, 8, shape, 2))
        return LOGICAL_ERROR;
    h->out = (uint64_t)shape[0];
    h->in = (uint64_t)shape[1];
    return LOGICAL_FOUND;
}

/* Sets how the codes lie. NULL, or what is wrong. */
static const char *lay_out(const struct hqq *h, struct hu_block *b, struct hu_block_apart *apart)
{
    static const unsigned char planes[] = {0, 8, 4, 10, 2, 1, 1, 0, 1};
    const int64_t bits = h->number[NBITS], axis = h->number[AXIS], said = h->number[GROUP];
    uint64_t n, rows, across, units;
    if (bits < 1 || bits > 8 || !planes[bits])
        return "HQQ packs 1, 2, 3, 4, 5, 6 or 8 bits, as nbits says";
    if (axis < 0 || axis > 1)
        return "HQQ's axis is 0 or 1";
    if (h->number[FLOATS] > 0 || h->number[QUANT_ZERO] > 0 || h->number[QUANT_SCALE] > 0)
        return "codes viewed as floats, and scales that are quantized, are not read";
    if (!h->out || !h->in || h->out > UINT32_MAX || h->in > UINT32_MAX ||
        __builtin_mul_overflow(h->out, h->in, &n))
        return "HQQ's shape is that of a matrix";
    uint64_t group = said > 0 ? (uint64_t)said : axis ? h->in : h->out;
    if (n % group || (axis && h->in % group))
        return "groups that run over the ends of rows are not read";
    rows = axis ? n / group : group;
    across = n / rows;
    units = (rows + planes[bits] - 1) / planes[bits] * across;
    if (!hu_logical_is_of(h->codes, bits == 3 ? "int32" : "uint8") || h->codes->elements != units ||
        (bits != 3 && rows % planes[bits]))
        return "W_q does not hold what nbits, group_size, axis and shape say";
    if (h->scale->elements != n / group || h->zero->elements != n / group)
        return "there is a scale and a zero for each group";
    b->tile_rows = 1;
    b->tile_columns = axis ? (uint32_t)group : 1;
    *apart = (struct hu_block_apart){.bytes = bits == 3 ? 4 : 1,
                                     .bits = (unsigned char)(planes[bits] > 1 ? bits : 8),
                                     .planes = planes[bits],
                                     .descends = true,
                                     .units = units,
                                     .cycle = axis ? 0 : n / group,
                                     .element_of = hu_block_less_zero};
    b->apart = apart;
    return NULL;
}

static enum logical_found build(struct logical_reader *r, const struct hqq *h)
{
    static const char *const rest[] = {".shape",
                                       ".nbits",
                                       ".group_size",
                                       ".axis",
                                       ".view_as_float",
                                       ".quant_zero",
                                       ".quant_scale",
                                       ".packing",
                                       ".channel_wise",
                                       ".optimize",
                                       ".round_zero",
                                       ".offload_meta",
                                       ".stores_quant_config",
                                       ".compute_dtype",
                                       ".unpack_view_dtype",
                                       ".encoded_state_dict"};
    const uint64_t shape[] = {h->out, h->in};
    struct hu_block own = bytes;
    struct hu_block_apart *apart = arena_allocate(&r->to->arena, sizeof *apart);
    const char *wrong = apart ? lay_out(h, &own, apart) : "out of memory";
    if (wrong)
        return hu_logical_misfit(r, h->codes, h->scale, wrong);
    struct hu_logical *l = hu_logical_new(r, h->codes, strlen("W_q"), "weight");
    if (!l || !hu_logical_shape(r, l, shape, 2, h->in))
        return LOGICAL_ERROR;
    l->layout = "hqq";
    l->scales = h->scale;
    l->scales_in = h->scale->dtype.format;
    l->more = h->zero;
    l->own = own;
    l->own.name = "hqq";
    l->own.structure = "integers, a scale and a zero of floats for each group";
    l->own.table = numbers;
    l->own.zeros = HU_ZEROS_FLOATS;
    l->block = &l->own;
    hu_logical_add(l, h->scale);
    hu_logical_add(l, h->zero);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        hu_logical_add(l, hu_logical_beside(r, h->codes, strlen(".W_q"), rest[i]));
    return LOGICAL_FOUND;
}

enum logical_found hu_logical_hqq(struct logical_reader *r, const struct hu_tensor *codes)
{
    const size_t cut = strlen(".W_q");
    if (!hu_ends_with(codes->name, ".W_q"))
        return LOGICAL_NONE;
    struct hqq h = {.codes = codes,
                    .scale = hu_logical_beside(r, codes, cut, ".scale"),
                    .zero = hu_logical_beside(r, codes, cut, ".zero"),
                    .shape = hu_logical_beside(r, codes, cut, ".shape")};
    if (!h.scale || !h.zero || !h.shape)
        return hu_logical_wrong(r, codes, "has no scale, zero and shape beside it, as HQQ has");
    if (!is_float(h.scale) || h.zero->dtype.format != h.scale->dtype.format)
        return hu_logical_misfit(r, codes, h.zero, "HQQ's scale and zero are floats of one format");
    enum logical_found fits = read_settings(r, &h);
    return fits == LOGICAL_FOUND ? build(r, &h) : fits;
}
