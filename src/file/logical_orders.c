#include "json_text.h"
#include "logical_parts.h"
#include "word_list.h"

#include <stdio.h>
#include <string.h>

/*
 * Codes of four bits in the order of some kernel, whose places the block room knows.
 * AutoAWQ's gemv (awq/modules/linear/gemv.py): qweight int32 [out, in / 8], qzeros int32 [out,
 * words], scales fp16 [out, 8 · words], where rows are padded; (code − zero) · scale. Its gemv_fast
 * (gemv_fast.py): qweight int16 [out / 4, in], scales and scaled_zeros fp16 [8 · words, out]: code
 * · scale + scaled zero. Marlin (IST-DASLab/marlin, marlin/__init__.py; AutoGPTQ,
 * qlinear_marlin.py): B int32 [in / 16, 2 · out], s fp16 [groups, out]: (code − 8) · scale; AutoAWQ
 * (marlin.py) calls these qweight and scales. torchao (quantization/quantize_/workflows/int4):
 * Int4Tensor is [out, in / 2], the first code low, −8 to 7, scale and zero_point [groups, out]:
 * code · scale + zero point. Int4TilePackedTo4dTensor is tinygemm's, of sides that are filled up to
 * 8 and to 1024, scale_and_zero [groups, out, 2]: (code − 8) · scale + zero.
 */
enum { FROM_ZERO, FROM_EIGHT, SIGNED };
static const float values[][16] = {
    {EIGHT(0), EIGHT(8)}, {EIGHT(-8), EIGHT(0)}, {EIGHT(0), EIGHT(-8)}};

/* A matrix of codes, of a batch of so many; how they lie, and the scales and what else stands over
 * groups of them, is in the draft's orders. */
struct ordered {
    const struct hu_tensor *codes, *scales, *more; /* more: zeros, or the scales again, or NULL */
    const char *name;
    uint64_t shape[3];
    unsigned rank;
    uint64_t group;
    int numbers;
    enum hu_block_zeros zeros;
};

/* Named as the codes are with TAIL in place of CUT bytes. */
static enum logical_found build(struct logical_reader *r, const struct ordered *w, size_t cut,
                                const char *tail)
{
    struct hu_block *own =
        hu_logical_own(r, w->name, "int4 in a kernel's order, a scale for each group of a row", 8,
                       values[w->numbers]);
    own->tile_rows = 1;
    own->tile_columns = (uint32_t)w->group;
    own->zeros = (unsigned char)w->zeros;
    r->draft.apart.element_of = w->zeros == HU_ZEROS_SHIFTS   ? hu_block_plus_shift
                                : w->zeros == HU_ZEROS_FLOATS ? hu_block_less_zero
                                                              : NULL;
    hu_logical_float_scales(r, w->scales, w->more);
    if (w->more != w->scales)
        hu_logical_add(&r->draft.l, w->more);
    return hu_logical_make(r, cut, tail, w->shape, w->rank, w->shape[w->rank - 1]);
}

/* The inputs of a group by the config; 0: it says none, or one that does not divide IN. */
static uint64_t group_of(const struct logical_reader *r, uint64_t in)
{
    uint64_t group = r->config.group < 0 ? in : (uint64_t)r->config.group;
    return group && in % group == 0 ? group : 0;
}

/* Whether the config has weights in AutoAWQ's VERSION, or says nothing of it. */
static bool is_version(const struct logical_reader *r, const char *version)
{
    return (!*r->config.method || !strcmp(r->config.method, "awq")) &&
           (!*r->config.version || !strcmp(r->config.version, version));
}

/* Words of a row's zero points (gemv.py, calculate_zeros_width). */
static uint64_t words_of(uint64_t in, uint64_t group)
{
    uint64_t words = hu_parts_over(in / group, 8), times = group >= 128 ? 1 : group == 64 ? 2 : 4;
    return hu_parts_over(words, times) * times;
}

/* Numbers of a matrix of 16 bits, COLUMNS by EACH of a row or, across, of lines. */
static struct hu_block_order down(uint64_t rows, uint64_t columns, uint64_t each, unsigned bits)
{
    return (struct hu_block_order){.place = hu_block_place_down,
                                   .rows = rows,
                                   .lines = 1,
                                   .columns = columns,
                                   .each = (unsigned)each,
                                   .step = 1,
                                   .bits = (unsigned char)bits};
}

static struct hu_block_order across(uint64_t rows, uint64_t columns, const struct hu_tensor *t)
{
    return (struct hu_block_order){.place = hu_block_place_across,
                                   .rows = rows,
                                   .lines = columns,
                                   .columns = columns,
                                   .each = 1,
                                   .step = 1,
                                   .bits = t->dtype.format->storage_bits};
}

static enum logical_found no_group(struct logical_reader *r, const struct ordered *w)
{
    return hu_logical_misfit(r, w->scales,
                             "scales are padded, and no config.json beside it has the group_size "
                             "that they are for");
}

static enum logical_found gemv(struct logical_reader *r, struct ordered *w)
{
    const uint64_t rows = w->codes->shape[0], columns = w->codes->shape[1] * 8,
                   group = group_of(r, columns);
    if (!group)
        return no_group(r, w);
    if (words_of(columns, group) != w->more->shape[1])
        return hu_logical_misfit(r, w->more,
                                 "the config's group_size wants another number of words");
    *w = (struct ordered){w->codes, w->scales, w->more,   "awq4_gemv",    {rows, columns},
                          2,        group,     FROM_ZERO, HU_ZEROS_FLOATS};
    r->draft.codes = down(rows, columns, columns, 4);
    r->draft.scales =
        down(rows, columns / group, w->scales->shape[1], w->scales->dtype.format->storage_bits);
    r->draft.more = down(rows, columns / group, w->scales->shape[1], 4);
    return build(r, w, strlen("qweight"), "weight");
}

static enum logical_found gemv_fast(struct logical_reader *r, struct ordered *w)
{
    const uint64_t rows = w->codes->shape[0] * 4, columns = w->codes->shape[1],
                   group = group_of(r, columns);
    if (!group)
        return no_group(r, w);
    if (columns % 64 || w->more->dtype.format != w->scales->dtype.format ||
        !hu_logical_is_shape(w->scales, 2, 8 * words_of(columns, group), rows) ||
        !hu_logical_is_shape(w->more, 2, 8 * words_of(columns, group), rows))
        return hu_logical_misfit(r, w->scales,
                                 "gemv_fast has floats, [groups as they are padded, out], and "
                                 "scaled_zeros like them");
    *w = (struct ordered){w->codes, w->scales, w->more,   "awq4_gemv_fast", {rows, columns},
                          2,        group,     FROM_ZERO, HU_ZEROS_SHIFTS};
    r->draft.codes = down(rows, columns, columns, 4);
    r->draft.codes.place = hu_block_place_awq_fast;
    r->draft.codes.step = 4;
    r->draft.scales = r->draft.more = across(rows, columns / group, w->scales);
    return build(r, w, strlen("qweight"), "weight");
}

static enum logical_found marlin(struct logical_reader *r, struct ordered *w, size_t cut)
{
    const uint64_t columns = w->codes->shape[0] * 16, rows = w->scales->shape[1],
                   groups = w->scales->shape[0];
    if (!rows || !groups || rows % 64 || columns % groups || w->codes->shape[1] / 2 != rows ||
        w->codes->shape[1] % 2 || columns > UINT32_MAX)
        return hu_logical_misfit(r, w->scales,
                                 "Marlin has codes [in / 16, 2 · out] and scales [groups, out], "
                                 "out a multiple of 64");
    r->draft.l.layout = "marlin";
    *w = (struct ordered){w->codes, w->scales,        NULL,       "marlin",     {rows, columns},
                          2,        columns / groups, FROM_EIGHT, HU_ZEROS_NONE};
    r->draft.codes = (struct hu_block_order){.place = hu_block_place_marlin,
                                             .rows = rows,
                                             .lines = columns / 16,
                                             .columns = columns,
                                             .each = 16,
                                             .step = 64,
                                             .bits = 4};
    r->draft.scales = across(rows, groups, w->scales);
    r->draft.scales.place = groups > 1 ? hu_block_place_marlin_scales : hu_block_place_marlin_rows;
    r->draft.scales.step = 64;
    hu_logical_part(r, cut, "workspace");
    return build(r, w, cut, "weight");
}

enum logical_found hu_logical_kernels(struct logical_reader *r)
{
    const size_t q = strlen("qweight");
    const struct hu_tensor *codes = r->draft.l.codes;
    struct ordered w = {.codes = codes};
    const bool b = hu_ends_with(codes->name, ".B"), words = hu_logical_is_words(codes);
    if (!(b ? words : hu_ends_with(codes->name, ".qweight")) || codes->rank != 2 ||
        !codes->shape[0] || !codes->shape[1] || codes->shape[0] > UINT32_MAX ||
        codes->shape[1] > UINT32_MAX / 8)
        return LOGICAL_NONE;
    r->draft.l.layout = "awq";
    w.scales = hu_logical_part(r, b ? 1 : q, b ? "s" : "scales");
    if (!hu_logical_is_float(w.scales) || w.scales->rank != 2)
        return LOGICAL_NONE;
    if (b)
        return marlin(r, &w, 1);
    w.more = hu_logical_beside(r, q, "qzeros");
    if (words && !w.more && !strcmp(r->config.version, "marlin"))
        return marlin(r, &w, q);
    if (words && hu_logical_is_words(w.more) && is_version(r, "gemv") &&
        w.scales->shape[0] == codes->shape[0] && w.more->shape[0] == codes->shape[0] &&
        w.more->shape[1] <= UINT32_MAX / 8 && w.scales->shape[1] == 8 * w.more->shape[1] &&
        (*r->config.version || codes->shape[1] != w.scales->shape[1]))
        return gemv(r, &w);
    w.more = hu_logical_beside(r, q, "scaled_zeros");
    return hu_logical_is_integer(codes, 16) && w.more && is_version(r, "gemv_fast")
               ? gemv_fast(r, &w)
               : LOGICAL_NONE;
}

/* The sides of a matrix, or of several of them, that SAID has. False: it has others. */
static bool read_sides(const json_t *said, unsigned rank, struct ordered *w)
{
    const json_t *sides = json_object_get(said, "shape"),
                 *sizes = json_object_get(said, "block_size");
    if (json_array_size(sides) != rank || json_array_size(sizes) != rank)
        return false;
    w->rank = rank;
    for (unsigned i = 0; i < rank; i++) {
        json_int_t side = json_integer_value(json_array_get(sides, i)),
                   size = json_integer_value(json_array_get(sizes, i));
        if (side < 1 || side > UINT32_MAX / 2 || size < 1 || size > UINT32_MAX ||
            (i + 1 < rank && size != 1))
            return false;
        w->shape[i] = (uint64_t)side;
        w->group = (uint64_t)size;
    }
    return true;
}

/* Whether T, which may be NULL, has the matrices of W, of DOWN × ACROSS, and what else of sizes
 * follows in MORE, up to 0. */
static bool is_like(const struct hu_tensor *t, const struct ordered *w, const uint64_t *sizes)
{
    unsigned lead = w->rank - 2, n = 0;
    while (sizes[n])
        n++;
    bool fits = t && t->rank == lead + n && (!lead || t->shape[0] == w->shape[0]);
    for (unsigned i = 0; fits && i < n; i++)
        fits = t->shape[lead + i] == sizes[i];
    return fits;
}

enum logical_found hu_logical_torchao_int4(struct logical_reader *r, const json_t *said, bool tiled,
                                           size_t n, const char *name)
{
    const size_t cut = strlen("qdata");
    const struct hu_tensor *codes = r->draft.l.codes;
    struct ordered w = {.codes = codes,
                        .scales = hu_logical_part(r, cut, tiled ? "scale_and_zero" : "scale"),
                        .name = tiled ? "tinygemm4" : "torchao_int4",
                        .numbers = tiled ? FROM_EIGHT : SIGNED,
                        .zeros = HU_ZEROS_SHIFTS};
    w.more = tiled ? w.scales : hu_logical_beside(r, cut, "zero_point");
    if (codes->rank < (tiled ? 4 : 2) || codes->rank > (tiled ? 5 : 3) ||
        !read_sides(said, codes->rank - (tiled ? 2 : 0), &w))
        return hu_logical_wrong(r, codes,
                                "is torchao's int4, and its shape and block_size in the file's "
                                "metadata are not those of matrices in groups of a row");
    const uint64_t *side = w.shape + w.rank - 2, rows = tiled ? (side[0] + 7) / 8 * 8 : side[0],
                   columns = tiled ? (side[1] + 1023) / 1024 * 1024 : side[1],
                   groups = hu_parts_over(columns, w.group);
    const uint64_t tiles[] = {rows / 8, columns / 128, 32, 4, 0}, pairs[] = {rows, columns / 2, 0};
    const uint64_t over[] = {groups, rows, tiled ? 2 : 0, 0};
    if (!(tiled ? hu_logical_is_integer(codes, 32)
                : hu_logical_is_integer(codes, 8) && columns % 2 == 0) ||
        !is_like(codes, &w, tiled ? tiles : pairs) || !hu_logical_is_float(w.scales) || !w.more ||
        w.more->dtype.format != w.scales->dtype.format || !is_like(w.scales, &w, over) ||
        !is_like(w.more, &w, over) || (tiled && columns % w.group))
        return hu_logical_misfit(r, w.scales ? w.scales : codes, "%s",
                                 tiled ? "tinygemm has int32 [out / 8, in / 128, 32, 4] and floats "
                                         "[groups, out, 2], sides filled up to 8 and 1024"
                                       : "Int4Tensor has int8 [out, in / 2], and scale and "
                                         "zero_point of floats, [groups, out]");
    r->draft.codes = down(rows, side[1], columns, 4);
    r->draft.scales = across(rows, groups, w.scales);
    if (tiled) {
        r->draft.codes.place = hu_block_place_tinygemm;
        r->draft.codes.step = 8;
        r->draft.scales.each = 2;
        r->to->note = "tinygemm's tiles are taken for those of CUDA, for files do not say where "
                      "AMD's GPUs, which have others, wrote them";
    }
    r->draft.scales.columns = hu_parts_over(side[1], w.group);
    r->draft.more = r->draft.scales;
    r->draft.more.first = tiled;
    return build(r, &w, n, name);
}

/* NVFP4 and, without SECOND, MXFP8 as cuBLAS wants them: scales in an order of their own, and of
 * fp4 the second code of two in the lower bits. INFO is a part that says so; or NULL. */
static enum logical_found blocked(struct logical_reader *r, const struct hu_tensor *second,
                                  const struct hu_tensor *info)
{
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *codes = l->codes, *scales = hu_logical_part(r, 0, "_scale");
    const unsigned each = second ? 2 : 1, length = second ? 16 : 32;
    if (codes->rank != 2 || !codes->shape[1] || codes->shape[1] > UINT32_MAX / 2 ||
        codes->shape[0] > UINT32_MAX ||
        !(second ? hu_logical_is_of(codes, "uint8") : hu_logical_is_of(codes, "fp8_e4m3")))
        return hu_logical_wrong(r, codes, "is no matrix of what cuBLAS' scales stand over");
    const uint64_t shape[] = {codes->shape[0], codes->shape[1] * each};
    const uint64_t over = hu_parts_over(shape[1], length), wide = hu_parts_over(over, 4) * 4,
                   tall = hu_parts_over(shape[0], 128) * 128;
    if (!scales || !hu_logical_is_shape(scales, 2, tall, wide) || shape[1] % length ||
        !(second ? hu_logical_is_of(scales, "fp8_e4m3")
                 : hu_logical_is_of(scales, "e8m0") || hu_logical_is_of(scales, "uint8")) ||
        (second && !hu_logical_is_fp32(second, 1)))
        return hu_logical_misfit(r, scales ? scales : codes,
                                 "cuBLAS wants scales of 16 fp4, with an fp32 over all, or of 32 "
                                 "fp8, filled up to 128 rows of 4");
    if (second && !hu_logical_numbers(r, second, &l->tensor_scale, 1))
        return LOGICAL_ERROR;
    r->draft.codes = down(shape[0], shape[1], shape[1], 8 / each);
    r->draft.codes.place = second ? hu_block_place_swapped : hu_block_place_down;
    r->draft.scales = down(tall, over, wide, 8);
    r->draft.scales.place = hu_block_place_blocked;
    r->draft.scales.step = 128;
    l->layout = "comfy";
    l->scales = scales;
    l->own = *hu_block_find(second ? "nvfp4" : "mxfp8_e4m3");
    l->own.name = second ? "nvfp4_blocked" : "mxfp8_blocked";
    l->own.elements = l->own.bytes = 1;
    l->own.code_bits = 8;
    l->own.rule = HU_SCALE_NO_RULE;
    hu_logical_add(l, second);
    hu_logical_add(l, info);
    return hu_logical_make(r, 0, "", shape, 2, shape[1]);
}

/* What INFO, the comfy_quant beside the codes, says, or the files' metadata of their module; NULL:
 * neither. */
static json_t *comfy_said(struct logical_reader *r, const struct hu_tensor *info)
{
    enum { MOST = 4096 };
    char text[MOST], why[HU_JSON_ERROR];
    const char *name = r->draft.l.codes->name;
    if (info)
        return info->bytes <= MOST && hu_logical_is_of(info, "uint8") &&
                       hu_logical_bytes(r, info, text, (size_t)info->bytes)
                   ? hu_json_load(text, (size_t)info->bytes, HU_JSON_CONFIG_MAX, why)
                   : NULL;
    json_t *all = hu_logical_said(r, "_quantization_metadata");
    const char *module =
        all ? arena_text(&r->to->arena, name, strlen(name) - strlen(".weight")) : NULL;
    json_t *said =
        module ? json_incref(json_object_get(json_object_get(all, "layers"), module)) : NULL;
    json_decref(all);
    return said;
}

/* By what is SAID of them. */
static enum logical_found comfy(struct logical_reader *r, struct logical_pair *p,
                                const json_t *said)
{
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *codes = l->codes, *second = hu_logical_beside(r, 0, "_scale_2");
    const char *format = json_string_value(json_object_get(said, "format"));
    const bool turned = json_is_true(json_object_get(said, "convrot"));
    if (!format || turned ||
        !hu_has_word("float8_e4m3fn float8_e5m2 int8_tensorwise nvfp4 mxfp8", format))
        return hu_logical_wrong(
            r, codes, "is ComfyUI's %.40s%s by its comfy_quant, which is not read",
            format ? format : "of no format", turned ? " of weights that are turned" : "");
    if (!strcmp(format, "nvfp4") && !second)
        return hu_logical_wrong(r, codes, "has no weight_scale_2 beside it, as NVFP4 has");
    if (hu_has_word("nvfp4 mxfp8", format))
        return blocked(r, strcmp(format, "nvfp4") ? NULL : second, p->info);
    l->scales = hu_logical_beside(r, 0, "_scale");
    if (!l->scales ||
        !(p->element ? p->element->storage_bits == 8 : hu_logical_is_of(codes, "int8")))
        return hu_logical_wrong(r, codes,
                                "is ComfyUI's %s by its comfy_quant, which is fp8 or int8 with a "
                                "weight_scale beside it",
                                format);
    return hu_logical_pair(r, p);
}

/* ComfyUI (comfy/ops.py; Comfy-Org/comfy-kitchen, tensor/ and backends/eager/quantization.py): what
 * weight is says weight's comfy_quant, the bytes of a JSON object, or the metadata; before there
 * was either, fp8 had scale_weight beside it. */
enum logical_found hu_logical_comfy(struct logical_reader *r)
{
    const size_t tail = strlen("weight");
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *codes = l->codes;
    if (!hu_ends_with(codes->name, ".weight") || !codes->rank ||
        !(codes->dtype.integer || (codes->dtype.format && codes->dtype.format->storage_bits == 8)))
        return LOGICAL_NONE;
    struct logical_pair p = {.element = codes->dtype.format,
                             .each = 1,
                             .info = hu_logical_beside(r, tail, "comfy_quant")};
    json_t *said = comfy_said(r, p.info);
    l->layout = "comfy";
    if (said || p.info) {
        enum logical_found is = comfy(r, &p, said);
        json_decref(said);
        return is;
    }
    l->scales = hu_logical_beside(r, tail, "scale_weight");
    return l->scales && codes->dtype.format ? hu_logical_pair(r, &p) : LOGICAL_NONE;
}
