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

enum logical_found hu_logical_bitnet(struct logical_reader *r)
{
    static const float values[4] = {-1, 0, 1, 2};
    const struct hu_tensor *codes = r->draft.l.codes;
    const bool multiplies = r->config.multiplies;
    if (strcmp(r->config.method, "bitnet") != 0 || !hu_ends_with(codes->name, ".weight") ||
        !hu_logical_is_of(codes, "uint8") || codes->rank != 2)
        return LOGICAL_NONE;
    const struct hu_tensor *scale = hu_logical_part(r, 0, "_scale");
    if (!scale)
        return hu_logical_wrong(r, codes, "has no weight_scale beside it, as BitNet has");
    if (!hu_logical_is_float(scale) || scale->elements != 1)
        return hu_logical_misfit(r, scale, "BitNet's weight_scale is one float");
    uint64_t shape[] = {0, codes->shape[1]};
    if (__builtin_mul_overflow(codes->shape[0], 4, &shape[0]))
        return hu_logical_misfit(r, scale, "there are too many rows");
    r->draft.l.layout = "bitnet";
    hu_logical_float_scales(r, scale, NULL);
    hu_logical_own(r, "bitnet", "ternary, four a byte, a float for all", 8, values)->divisor =
        multiplies;
    r->draft.apart =
        (struct hu_block_apart){.bytes = 1,
                                .bits = 2,
                                .planes = 4,
                                .units = codes->elements,
                                .scale_divides = !multiplies,
                                .element_of = multiplies ? hu_block_shared : hu_block_divided};
    return hu_logical_make(r, 0, "", shape, 2, shape[1]);
}

/* Of so many groups of quanto's, whose shape files do not have, what that is; bits too. NULL, or
 * what is wrong. */
static const char *measure_quanto(struct logical_reader *r, uint64_t groups, unsigned *bits,
                                  uint64_t shape[2])
{
    const struct hu_tensor *bias = hu_logical_beside(r, strlen("weight._data._data"), "bias");
    const uint64_t rows = r->draft.l.codes->shape[0], length = r->draft.l.codes->shape[1];
    const bool four = hu_parts_over(groups, 2) == rows, two = hu_parts_over(groups, 4) == rows;
    *bits = four ? 4 : 2;
    if (four == two)
        return "there are as many scales as rows of codes of 4 or of 2 bits";
    if (!length || length > UINT32_MAX || groups > UINT32_MAX)
        return "there are no codes";
    shape[0] = groups;
    shape[1] = length;
    if (length > 128 || length % 32)
        return NULL;
    if (!bias || bias->rank != 1 || !bias->shape[0] || groups % bias->shape[0])
        return "of groups quanto's files do not have the shape, and no bias has its rows";
    shape[0] = bias->shape[0];
    shape[1] = groups / bias->shape[0] * length;
    r->to->note = "quanto's weights are taken for matrices, of as many rows as their bias has, for "
                  "its files do not have their shape";
    return NULL;
}

enum logical_found hu_logical_quanto(struct logical_reader *r)
{
    const size_t cut = strlen("._data._data");
    const struct hu_tensor *codes = r->draft.l.codes;
    if (!hu_ends_with(codes->name, ".weight._data._data") || !hu_logical_is_of(codes, "uint8"))
        return LOGICAL_NONE;
    const struct hu_tensor *scale = hu_logical_part(r, cut, "._scale"),
                           *shift = hu_logical_part(r, cut, "._shift");
    const bool whole = hu_logical_is_of(shift, "int8");
    unsigned bits;
    uint64_t shape[2];
    if (codes->rank != 2 || !hu_logical_is_float(scale) || !shift ||
        shift->elements != scale->elements ||
        (!whole && shift->dtype.format != scale->dtype.format))
        return hu_logical_wrong(r, codes,
                                "is of quanto by its parts, which has a _scale of floats and a "
                                "_shift of as many, or of int8, beside a matrix of bytes");
    const char *wrong = measure_quanto(r, scale->elements, &bits, shape);
    if (wrong)
        return hu_logical_misfit(r, scale, "%s", wrong);
    r->draft.l.layout = "quanto";
    hu_logical_float_scales(r, scale, shift);
    struct hu_block *own = hu_logical_own(r, bits == 4 ? "qint4" : "qint2",
                                          "integers, a scale and a shift for each group of a row",
                                          8, hu_logical_naturals);
    own->tile_rows = 1;
    own->tile_columns = (uint32_t)codes->shape[1];
    own->zeros = whole ? HU_ZEROS_BYTES : HU_ZEROS_SHIFTS;
    r->draft.apart =
        (struct hu_block_apart){.bytes = 1,
                                .bits = (unsigned char)bits,
                                .planes = (unsigned char)(8 / bits),
                                .units = codes->elements,
                                .element_of = whole ? hu_block_less_byte : hu_block_less_shift};
    return hu_logical_make(r, cut, "", shape, 2, shape[1]);
}

/* What stands beside W_q: numbers, and the rest, which says nothing more of weights. */
enum { NBITS, GROUP, AXIS, FLOATS, QUANT_ZERO, QUANT_SCALE, NUMBERS };
static const char *const settings[] = {
    ".nbits",         ".group_size",        ".axis",
    ".view_as_float", ".quant_zero",        ".quant_scale",
    ".packing",       ".channel_wise",      ".optimize",
    ".round_zero",    ".offload_meta",      ".stores_quant_config",
    ".compute_dtype", ".unpack_view_dtype", ".encoded_state_dict"};
struct hqq {
    const struct hu_tensor *codes, *scale, *zero, *shape;
    int64_t number[NUMBERS]; /* −1: it is not there */
    uint64_t out, in;
};

static bool read_integers(struct logical_reader *r, const struct hu_tensor *t, int64_t *values,
                          size_t n)
{
    unsigned char text[16];
    unsigned width = t->dtype.integer->storage_bits / 8u;
    if (!hu_logical_bytes(r, t, text, width * n))
        return false;
    for (size_t i = 0; i < n; i++)
        values[i] = (int64_t)hu_little_read(text + i * width, width);
    return true;
}

static enum logical_found read_settings(struct logical_reader *r, struct hqq *h)
{
    int64_t shape[2];
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const struct hu_tensor *t = hu_logical_part(r, strlen(".W_q"), settings[i]);
        if (i >= NUMBERS)
            continue;
        h->number[i] = -1;
        if (t && (t->elements != 1 || !t->dtype.integer || t->dtype.integer->storage_bits > 64 ||
                  t->dtype.integer->storage_bits < 8))
            return hu_logical_misfit(r, t,
                                     "HQQ's settings that are read are one whole number each");
        if (t && !read_integers(r, t, &h->number[i], 1))
            return LOGICAL_ERROR;
    }
    if (!hu_logical_is_integer(h->shape, 64) || !hu_logical_is_shape(h->shape, 1, UINT64_C(2)))
        return hu_logical_misfit(r, h->shape, "HQQ's shape is two int64");
    if (!read_integers(r, h->shape, shape, 2))
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
    return NULL;
}

enum logical_found hu_logical_hqq(struct logical_reader *r)
{
    const size_t cut = strlen(".W_q");
    const struct hu_tensor *codes = r->draft.l.codes;
    if (!hu_ends_with(codes->name, ".W_q"))
        return LOGICAL_NONE;
    struct hqq h = {.codes = codes,
                    .scale = hu_logical_part(r, cut, ".scale"),
                    .zero = hu_logical_part(r, cut, ".zero"),
                    .shape = hu_logical_part(r, cut, ".shape")};
    if (!h.scale || !h.zero || !h.shape)
        return hu_logical_wrong(r, codes, "has no scale, zero and shape beside it, as HQQ has");
    if (!hu_logical_is_float(h.scale) || h.zero->dtype.format != h.scale->dtype.format)
        return hu_logical_misfit(r, h.zero, "HQQ's scale and zero are floats of one format");
    enum logical_found fits = read_settings(r, &h);
    if (fits != LOGICAL_FOUND)
        return fits;
    struct hu_block *own = hu_logical_own(
        r, "hqq", "integers, a scale and a zero of floats for each group", 8, hu_logical_naturals);
    own->zeros = HU_ZEROS_FLOATS;
    const char *wrong = lay_out(&h, own, &r->draft.apart);
    if (wrong)
        return hu_logical_misfit(r, h.scale, "%s", wrong);
    r->draft.l.layout = "hqq";
    hu_logical_float_scales(r, h.scale, h.zero);
    return hu_logical_make(r, strlen("W_q"), "weight", (uint64_t[]){h.out, h.in}, 2, h.in);
}
