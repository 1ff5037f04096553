#include "logical_parts.h"
#include "word_list.h"

#include <stdio.h>
#include <string.h>

/*
 * Codes of a byte or less with a tensor of scales beside them. Whose they are is in the names, what
 * they are in the dtypes and the shapes:
 * DeepSeek-V3 (inference/kernel.py, weight_dequant): weight fp8 [out, in], weight_scale_inv fp32,
 * one a tile of 128 × 128; transformers' fine-grained fp8 says the tile in its config. ModelOpt
 * (modelopt/torch/export/quant_utils.py): weight uint8 [out, in / 2], weight_scale fp8_e4m3 [out,
 * in / 16], weight_scale_2 fp32: NVFP4; weight fp8, weight_scale fp32: one for all, or, of tiles,
 * [down, 1, across, 1]. compressed-tensors (compressors/quantized_compressors/nvfp4_quantized.py):
 * weight_packed, weight_scale, weight_global_scale, which is divided by; float-quantized: weight
 * and weight_scale of a tensor, a row or a tile; int8 in tiles too (blockwise_int8, SGLang).
 * DeepSeek-V4 (inference/convert.py): weight fp8 or, two fp4 a byte, int8, and scale e8m0: of
 * tiles, or of 32 in a row. Mistral's own files: qscale_weight, one for all. int-quantized: weight
 * int8, weight_scale as above or of groups in a row, weight_zero_point int8. bitsandbytes' LLM.int8
 * (nn/modules.py, Linear8bitLt): weight int8, SCB fp32 [out], the greatest magnitude of a row,
 * which 127 stands for; weight_format 0: row by row. Microscaling (OCP MX 1.0): scales are e8m0, or
 * uint8 that are the same codes, one for 32 in a row.
 */

/* What the elements of T's codes are. False: T is none of codes. */
static bool read_element(const struct hu_tensor *t, struct logical_pair *p)
{
    const struct hu_format *f = t->dtype.format;
    p->each = 1;
    p->element = f;
    if (f)
        return f->storage_bits <= 8 && strcmp(f->name, "e8m0");
    if (hu_logical_is_of(t, "uint8")) {
        p->each = 2;
        p->element = hu_format_find("fp4_e2m1");
        return true;
    }
    return hu_logical_is_of(t, "int8");
}

static bool measure(const struct hu_tensor *t, struct logical_pair *p)
{
    if (!t->rank)
        return false;
    p->lead = t->rank > 2 ? t->rank - 2 : 0;
    p->rows = t->rank > 1 ? t->shape[t->rank - 2] : 1;
    return !__builtin_mul_overflow(t->shape[t->rank - 1], p->each, &p->columns);
}

/* Whether the scales are a matrix of DOWN × ACROSS for each matrix of codes. */
static bool is_grid(const struct logical_reader *r, const struct logical_pair *p, uint64_t down,
                    uint64_t across)
{
    const struct hu_tensor *s = r->draft.l.scales, *t = r->draft.l.codes;
    if (s->rank != t->rank || s->shape[s->rank - 1] != across)
        return false;
    for (unsigned i = 0; i < p->lead; i++)
        if (s->shape[i] != t->shape[i])
            return false;
    return t->rank < 2 || s->shape[s->rank - 2] == down;
}

/* The table's row, or one of our own, for tiles of ROWS × COLUMNS (0: all) under SCALE. */
static void set_block(struct logical_reader *r, const struct logical_pair *p, uint32_t rows,
                      uint32_t columns, const char *scale, enum hu_block_over over)
{
    static const float int8_values[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(-128),
                                           SIXTY_FOUR(-64)};
    const char *element = p->element ? p->element->name : "int8";
    char *name = r->draft.name;
    const struct hu_block *b;
    for (size_t i = 0; (b = hu_block_at(i)); i++)
        if (b->layout == HU_BLOCK_PARTS && b->element && !strcmp(b->element, element) &&
            b->tile_rows == rows && b->tile_columns == columns && !strcmp(b->scale, scale) &&
            b->over == over)
            break;
    if (!b && p->element) {
        snprintf(name, HU_BLOCK_NAME, "%s_tile%ux%u%s",
                 strcmp(element, "fp8_e4m3") ? element : "fp8", rows, columns,
                 strcmp(scale, "e8m0") ? "" : "_e8m0");
        b = hu_block_find(name);
    }
    r->draft.l.block = b;
    if (b)
        return;
    struct hu_block *own = hu_logical_own(r, NULL, "codes, a scale a tile", 8, int8_values);
    own->tile_rows = rows;
    own->tile_columns = columns;
    own->scale = scale;
    own->over = over;
    if (!p->element) {
        snprintf(name, HU_BLOCK_NAME,
                 rows ? columns ? "int8_tile%ux%u" : "int8_row" : "int8_tensor", rows, columns);
        return;
    }
    const unsigned bits = p->element->storage_bits;
    own->codes = HU_CODES_FORMAT;
    own->element = element;
    own->table = NULL;
    own->code_bits = (unsigned char)bits;
    own->elements = bits == 8 ? 1 : bits == 6 ? 4 : 2;
    own->bytes = bits == 6 ? 3 : 1;
}

static enum logical_found found(struct logical_reader *r, const struct logical_pair *p,
                                uint32_t rows, uint32_t columns, const char *scale,
                                enum hu_block_over over)
{
    struct hu_logical *l = &r->draft.l;
    set_block(r, p, rows, columns, scale, over);
    hu_logical_float_scales(r, l->scales, p->zeros);
    if (p->zeros) {
        bool bytes = hu_logical_is_of(p->zeros, "int8");
        l->own.zeros = bytes ? HU_ZEROS_BYTES : HU_ZEROS_FLOATS;
        r->draft.apart.element_of = bytes ? hu_block_less_byte : hu_block_less_zero;
    }
    hu_logical_add(l, l->scales);
    hu_logical_add(l, p->zeros);
    hu_logical_add(l, p->second);
    hu_logical_add(l, p->info);
    return hu_logical_make(r, p->named ? p->named : p->cut, p->named ? p->name : "",
                           l->codes->shape, l->codes->rank, p->columns);
}

/* A scale for 32 in a row: e8m0, or bytes that are the same codes. Others of that format stand for
 * tiles. */
static bool is_power(const struct hu_tensor *scales)
{
    return hu_logical_is_of(scales, "e8m0") || hu_logical_is_of(scales, "uint8");
}

/* Scales of 16 in a row of fp4, and the one over all: the second, or its reciprocal. */
static enum logical_found nvfp4(struct logical_reader *r, const struct logical_pair *p)
{
    const struct hu_tensor *scales = r->draft.l.scales;
    const uint64_t across = hu_parts_over(p->columns, 16);
    float over = 1;
    if (!is_grid(r, p, p->rows, across))
        return hu_logical_misfit(
            r, scales, "NVFP4 has a scale for 16 in a row, here [%llu, %llu], in their order",
            (unsigned long long)p->rows, (unsigned long long)across);
    if (p->second ? !hu_logical_is_fp32(p->second, 1) : !p->alone)
        return hu_logical_misfit(
            r, scales, "NVFP4 has one fp32 beside it, weight_scale_2 or weight_global_scale");
    if (p->second && !hu_logical_numbers(r, p->second, &over, 1))
        return LOGICAL_ERROR;
    if (!(over > 0) || over > 3.4e38f)
        return hu_logical_misfit(r, scales, "the scale over all is no positive number");
    if (p->reciprocal)
        over = 1 / over;
    if (over > 3.4e38f)
        return hu_logical_misfit(r, scales, "the reciprocal of the scale over all is no number");
    r->draft.l.tensor_scale = over;
    return found(r, p, 1, 16, "fp8_e4m3", HU_OVER_TENSOR);
}

/* The inputs of a group of a row that the config has; 0: it has none that fits. */
static uint32_t group_of(const struct logical_reader *r, const struct logical_pair *p)
{
    for (size_t i = 0; i < r->config.scheme_count; i++) {
        uint64_t group = r->config.schemes[i].group;
        if (group && group <= p->columns &&
            is_grid(r, p, p->rows, hu_parts_over(p->columns, group)))
            return (uint32_t)group;
    }
    return 0;
}

/* Scales of tiles that the file itself tells the sides of. */
static enum logical_found by_said(struct logical_reader *r, const struct logical_pair *p)
{
    const uint64_t down = p->said[0], across = p->said[1],
                   tiles_down = hu_parts_over(p->rows, down),
                   tiles_across = hu_parts_over(p->columns, across);
    const bool rows = down >= p->rows, columns = across >= p->columns;
    if (p->columns > UINT32_MAX || p->rows > UINT32_MAX ||
        !(is_grid(r, p, tiles_down, tiles_across) ||
          (rows && columns && !p->lead && r->draft.l.scales->elements == 1)))
        return hu_logical_misfit(r, r->draft.l.scales,
                                 "a scale for %llu × %llu is said to be there, in all [%llu, %llu]",
                                 (unsigned long long)down, (unsigned long long)across,
                                 (unsigned long long)tiles_down, (unsigned long long)tiles_across);
    /* All of a matrix, a row, or a tile. */
    uint32_t high = rows && columns ? 0 : (uint32_t)down,
             wide = columns && (rows ? !p->lead : down == 1) ? 0
                    : columns                                ? (uint32_t)p->columns
                                                             : (uint32_t)across;
    return found(r, p, high, wide, "fp32", HU_OVER_NONE);
}

/* Scales that are lone floats: of all, of a row, of a column, of each matrix, of a tile, or, as the
 * config says, of a group in a row. */
static enum logical_found by_floats(struct logical_reader *r, const struct logical_pair *p)
{
    const struct hu_tensor *scales = r->draft.l.scales, *codes = r->draft.l.codes;
    const uint64_t *tile = r->config.tile;
    uint32_t down = tile[0] ? (uint32_t)tile[0] : 128, across = tile[1] ? (uint32_t)tile[1] : 128;
    const uint64_t tiles_down = hu_parts_over(p->rows, down),
                   tiles_across = hu_parts_over(p->columns, across);
    uint32_t group = group_of(r, p), columns = (uint32_t)p->columns;
    const bool lone = scales->elements == 1, matrix = codes->rank == 2;
    const struct {
        uint32_t rows, columns;
        bool fits;
    } shapes[] = {
        {0, 0, lone && (!p->tiles || !scales->rank)},
        {1, 0,
         !p->tiles &&
             (is_grid(r, p, p->rows, 1) || (matrix && hu_logical_is_shape(scales, 1, p->rows)))},
        {0, columns,
         !p->tiles && p->lead &&
             (is_grid(r, p, 1, 1) ||
              (p->lead == 1 && hu_logical_is_shape(scales, 1, codes->shape[0])))},
        {0, 1, !p->tiles && codes->rank > 1 && is_grid(r, p, 1, p->columns)},
        {down, across,
         (p->element || tile[0]) &&
             (is_grid(r, p, tiles_down, tiles_across) ||
              (matrix && hu_logical_is_shape(scales, 4, tiles_down, UINT64_C(1), tiles_across,
                                             UINT64_C(1))))},
        {1, group, !p->tiles && group},
    };
    for (size_t i = 0; p->columns <= UINT32_MAX && i < sizeof shapes / sizeof *shapes; i++) {
        if (!shapes[i].fits)
            continue;
        if (shapes[i].rows > 1 && !tile[0])
            r->to->note = "tiles of 128 × 128 are taken for granted, for no config.json beside it "
                          "has a weight_block_size";
        return found(r, p, shapes[i].rows, shapes[i].columns, is_power(scales) ? "e8m0" : "fp32",
                     HU_OVER_NONE);
    }
    if (!p->element && !tile[0] && is_grid(r, p, tiles_down, tiles_across))
        return hu_logical_misfit(
            r, scales, "tiles of integers are read where config.json has a weight_block_size");
    return hu_logical_misfit(
        r, scales,
        "scales want [%llu, %llu] for tiles of %u × %u%s, and neither a padded nor a reordered "
        "one is read",
        (unsigned long long)tiles_down, (unsigned long long)tiles_across, down, across,
        p->tiles ? "" : ", or one a row or in all");
}

/* Zero points are int8, one a scale of int8; an index of groups is not read beside bytes. */
static enum logical_found check_beside(struct logical_reader *r, struct logical_pair *p)
{
    const struct hu_tensor *scales = r->draft.l.scales,
                           *zeros = hu_logical_beside(r, p->cut, "_zero_point"),
                           *index = hu_logical_beside(r, p->cut, "_g_idx");
    if (index)
        return hu_logical_wrong(r, index, "is an index of groups, which is not read beside bytes");
    if (!zeros)
        return LOGICAL_FOUND;
    if (p->element)
        return hu_logical_misfit(r, scales, "zero points are read beside integers alone");
    bool floats =
        p->float_zeros && zeros->dtype.format && zeros->dtype.format == scales->dtype.format;
    bool fits = (hu_logical_is_of(zeros, "int8") || floats) && zeros->rank == scales->rank;
    for (unsigned i = 0; fits && i < zeros->rank; i++)
        fits = zeros->shape[i] == scales->shape[i];
    if (!fits)
        return hu_logical_wrong(
            r, zeros, "does not fit its scales: zero points beside int8 are int8, one a scale");
    p->zeros = zeros;
    return LOGICAL_FOUND;
}

enum logical_found hu_logical_pair(struct logical_reader *r, struct logical_pair *p)
{
    const struct hu_tensor *scales = r->draft.l.scales;
    const bool e8m0 = hu_logical_is_of(scales, "e8m0"), e4m3 = hu_logical_is_of(scales, "fp8_e4m3");
    if (!measure(r->draft.l.codes, p))
        return hu_logical_misfit(r, scales, "codes have no rows");
    enum logical_found fits = check_beside(r, p);
    if (fits != LOGICAL_FOUND)
        return fits;
    if (p->element && p->each == 1 && p->columns * p->element->storage_bits % 8)
        return hu_logical_misfit(r, scales, "rows that end within a byte are not read");
    if (p->second && !e4m3)
        return hu_logical_misfit(r, scales, "a scale over all stands over scales of fp8_e4m3");
    if (is_power(scales) && is_grid(r, p, p->rows, hu_parts_over(p->columns, 32)) && !p->tiles &&
        !p->zeros && (p->element || e8m0)) {
        if (p->each == 1 && e8m0)
            r->draft.l.layout = "mx";
        return found(r, p, 1, 32, "e8m0", HU_OVER_NONE);
    }
    if (e4m3 && p->element && p->element->storage_bits == 4)
        return nvfp4(r, p);
    if (!hu_logical_is_float(scales) && !(e8m0 && p->element && p->element->storage_bits == 8))
        return hu_logical_misfit(r, scales, "%s",
                                 is_power(scales)
                                     ? "e8m0 scales are one for 32 in a row"
                                     : "scales are fp32, bf16, fp16, e8m0, or fp8_e4m3 over fp4");
    if (p->each == 2)
        return hu_logical_misfit(
            r, scales, "two codes a byte are NVFP4 with fp8_e4m3 or MXFP4 with e8m0 scales");
    return p->said[0] ? by_said(r, p) : by_floats(r, p);
}

static enum logical_found packed(struct logical_reader *r)
{
    struct logical_pair p = {.cut = strlen("_packed"), .reciprocal = true};
    struct hu_logical *l = &r->draft.l;
    l->layout = "compressed-tensors";
    l->scales = hu_logical_beside(r, p.cut, "_scale");
    if (!l->scales || !read_element(l->codes, &p) || p.each != 2)
        return hu_logical_wrong(r, l->codes, "is no uint8 or int32 with a weight_scale beside it");
    p.second = hu_logical_beside(r, p.cut, "_global_scale");
    return hu_logical_pair(r, &p);
}

/* int8 with the greatest magnitude of each row. */
static enum logical_found llm_int8(struct logical_reader *r, struct logical_pair *p)
{
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *order = hu_logical_beside(r, strlen(".weight"), ".weight_format");
    unsigned char byte = 0;
    l->layout = "bnb";
    if (!hu_logical_is_of(l->codes, "int8") || l->codes->rank != 2 || !measure(l->codes, p))
        return hu_logical_misfit(r, l->scales, "SCB stands beside a matrix of int8");
    if (!hu_logical_is_of(l->scales, "fp32") || !hu_logical_is_shape(l->scales, 1, p->rows))
        return hu_logical_misfit(r, l->scales, "SCB is fp32, one a row");
    if (order && (order->elements != 1 || order->bytes != 1))
        return hu_logical_misfit(r, l->scales, "weight_format is one byte");
    if (order && !hu_logical_bytes(r, order, &byte, 1))
        return LOGICAL_ERROR;
    if (byte)
        return hu_logical_misfit(r, l->scales,
                                 "weight_format is not 0: codes that lie in tiles are not read");
    set_block(r, p, 1, 0, "fp32", HU_OVER_NONE);
    l->own.name = "llm_int8";
    l->own.structure = "int8, of a row's greatest magnitude in 127ths";
    l->own.divisor = 127;
    r->draft.apart.element_of = hu_block_shared;
    hu_logical_float_scales(r, l->scales, NULL);
    hu_logical_add(l, l->scales);
    hu_logical_add(l, order);
    return hu_logical_make(r, 0, "", l->codes->shape, 2, p->columns);
}

/* Whether the scales are those of 16 rows of fp4, of which a byte has two: experts that ModelOpt
 * turned to quantize them, and back (modelopt/torch/export/quant_utils.py,
 * maybe_transpose_expert_weight_dimensions). */
static bool is_turned(const struct hu_tensor *t, const struct hu_tensor *s)
{
    return hu_logical_is_of(t, "uint8") && hu_logical_is_of(s, "fp8_e4m3") && t->rank == 3 &&
           s->rank == 3 && s->shape[0] == t->shape[0] && s->shape[2] == t->shape[2] &&
           t->shape[1] && t->shape[1] % 8 == 0 && t->shape[1] <= UINT32_MAX / 2 &&
           t->shape[2] <= UINT32_MAX && s->shape[1] == t->shape[1] / 8;
}

static enum logical_found turned(struct logical_reader *r, const struct hu_tensor *second)
{
    struct hu_logical *l = &r->draft.l;
    const uint64_t *side = l->codes->shape, shape[] = {side[0], 2 * side[1], side[2]};
    if (!hu_logical_is_fp32(second, 1))
        return hu_logical_misfit(r, l->scales, "NVFP4 has one fp32 beside it, weight_scale_2");
    if (!hu_logical_numbers(r, second, &l->tensor_scale, 1))
        return LOGICAL_ERROR;
    r->draft.codes = (struct hu_block_order){.place = hu_block_place_pairs,
                                             .rows = shape[1],
                                             .lines = 1,
                                             .columns = shape[2],
                                             .each = (unsigned)shape[2],
                                             .step = 2,
                                             .bits = 4};
    l->own = *hu_block_find("nvfp4");
    l->own.name = "nvfp4_tile16x1";
    l->own.structure = "16 fp4 in a column, an e4m3 scale";
    l->own.elements = l->own.bytes = 1;
    l->own.code_bits = 8;
    l->own.tile_rows = 16;
    l->own.tile_columns = 1;
    l->own.rule = HU_SCALE_NO_RULE;
    hu_logical_add(l, l->scales);
    hu_logical_add(l, second);
    return hu_logical_make(r, 0, "", shape, 3, shape[2]);
}

static bool is_modelopt(const struct logical_config *c)
{
    return !strncmp(c->method, "modelopt", strlen("modelopt")) || c->modelopt[0].said ||
           c->modelopt[1].said;
}

/* AWQ and SmoothQuant leave a scale over a module's inputs where no norm before it took it in. */
static enum logical_found modelopt(struct logical_reader *r, struct logical_pair *p)
{
    const struct hu_logical *l = &r->draft.l;
    const size_t cut = hu_ends_with(l->codes->name, ".weight") ? strlen("weight") : 0;
    const struct hu_tensor *inputs = hu_logical_beside(r, cut, "pre_quant_scale");
    if (!hu_logical_modelopt_decodes(r))
        return LOGICAL_ERROR;
    if (inputs && cut)
        return hu_logical_inputs(r, inputs);
    return is_turned(l->codes, l->scales) ? turned(r, p->second) : hu_logical_pair(r, p);
}

/* Where scales stand of codes whose names end so: in place of CUT bytes of these TAIL does; then
 * what stands over all of them; and whose that is, where the config does not say. */
static const struct pairing {
    const char *end;
    size_t cut;
    const char *tail, *second, *layout;
} pairings[] = {
    {".weight", 7, ".SCB", NULL, "bnb"},
    /* optimum-quanto's of a byte an element (tensor/weights/qbytes.py, save_to_state_dict). */
    {".weight._data", 6, "._scale", NULL, "quanto"},
    {"", 0, "_scale_inv", NULL, "deepseek"},
    {"", 0, "_scale", "_scale_2", NULL},
    {".weight", 6, "scale", "_scale_2", "deepseek"},
    {".weight", 6, "qscale_weight", "_scale_2", "mistral"},
    /* Experts that are no module's weight (unified_export_hf.py, quantizer_attr_names). */
    {"", 0, "_weight_scale", "_weight_scale_2", "modelopt"},
};

static const struct pairing *find_pairing(struct logical_reader *r, const struct logical_pair *p)
{
    for (size_t i = 0; i < sizeof pairings / sizeof *pairings; i++)
        if (hu_ends_with(r->draft.l.codes->name, pairings[i].end) &&
            (p->each == 1 || strcmp(pairings[i].end, ".weight._data") != 0) &&
            (r->draft.l.scales = hu_logical_beside(r, pairings[i].cut, pairings[i].tail)))
            return &pairings[i];
    return NULL;
}

enum logical_found hu_logical_scaled(struct logical_reader *r)
{
    struct logical_pair p = {.each = 0};
    struct hu_logical *l = &r->draft.l;
    const char *name = l->codes->name;
    if (hu_ends_with(name, "weight_packed") ||
        (hu_ends_with(name, "_packed") && hu_logical_beside(r, strlen("_packed"), "_scale")))
        return packed(r);
    if (!read_element(l->codes, &p) || hu_logical_is_aside(name))
        return LOGICAL_NONE;
    const struct pairing *by = find_pairing(r, &p);
    if (!by)
        return LOGICAL_NONE;
    p.second = by->second ? hu_logical_beside(r, 0, by->second) : NULL;
    l->layout = by->layout                            ? by->layout
                : p.second || is_modelopt(&r->config) ? "modelopt"
                : !strcmp(r->config.method, "quark")  ? "quark"
                                                      : "compressed-tensors";
    if (!strcmp(l->layout, "bnb"))
        return llm_int8(r, &p);
    if (!strcmp(l->layout, "modelopt"))
        return modelopt(r, &p);
    if (!strcmp(l->layout, "quanto"))
        p.cut = by->cut;
    p.tiles = !strcmp(by->tail, "_scale_inv") && !r->config.no_tiles;
    if (!strcmp(by->tail, "scale") && !p.element && hu_logical_is_of(l->scales, "e8m0")) {
        p.each = 2;
        p.element = hu_format_find("fp4_e2m1");
    }
    return hu_logical_pair(r, &p);
}

/* gpt-oss (transformers, integrations/mxfp4.py): blocks uint8 [experts, out, groups, 16], scales
 * uint8 [experts, out, groups]; its own files (openai/gpt-oss, gpt_oss/torch/weights.py) have dots
 * before these names. */
enum logical_found hu_logical_gpt_oss(struct logical_reader *r)
{
    const size_t cut = strlen("_blocks");
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *codes = l->codes;
    const unsigned rank = codes->rank;
    const bool dot = hu_ends_with(codes->name, ".blocks"),
               blocks = rank >= 3 && codes->shape[rank - 1] == 16;
    if (!(dot || hu_ends_with(codes->name, "_blocks")) || !hu_logical_is_of(codes, "uint8"))
        return LOGICAL_NONE;
    l->scales = hu_logical_part(r, cut, dot ? ".scales" : "_scales");
    if (!l->scales)
        return blocks
                   ? hu_logical_wrong(r, codes, "has no _scales beside it, as gpt-oss' blocks have")
                   : LOGICAL_NONE;
    bool fits = blocks && l->scales->rank == rank - 1 && is_power(l->scales);
    for (unsigned i = 0; fits && i < l->scales->rank; i++)
        fits = l->scales->shape[i] == codes->shape[i];
    if (!fits || codes->shape[rank - 2] > UINT64_MAX / 32)
        return hu_logical_misfit(r, l->scales,
                                 "blocks are uint8 […, groups, 16] and scales uint8 [… , groups]");
    l->layout = "gpt-oss";
    l->block = hu_block_find("mxfp4");
    return hu_logical_make(r, cut, "", codes->shape, rank - 1, codes->shape[rank - 2] * 32);
}
