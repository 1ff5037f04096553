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
 * and weight_scale of a tensor, a row or a tile. DeepSeek-V4 (inference/convert.py): weight fp8 or,
 * two fp4 a byte, int8, and scale e8m0: of tiles, or of 32 in a row. Mistral's own files:
 * qscale_weight, one for all. int-quantized: weight int8, weight_scale as above or of groups in a
 * row, weight_zero_point int8. bitsandbytes' LLM.int8 (nn/modules.py, Linear8bitLt): weight int8,
 * SCB fp32 [out], the greatest magnitude of a row, which 127 stands for; weight_format 0: row by
 * row. Microscaling (OCP MX 1.0): scales are e8m0, or uint8 that are the same codes, one for 32 in
 * a row.
 */

static enum logical_found misfit(struct logical_reader *r, const struct logical_pair *p,
                                 const char *due)
{
    return hu_logical_misfit(r, p->codes, p->scales, due);
}

/* What the elements of T's codes are. False: T is none of codes. */
static bool read_element(struct logical_pair *p)
{
    const struct hu_format *f = p->codes->dtype.format;
    p->each = 1;
    p->element = f;
    if (f)
        return f->storage_bits <= 8 && strcmp(f->name, "e8m0");
    if (hu_logical_is_of(p->codes, "uint8")) {
        p->each = 2;
        p->element = hu_format_find("fp4_e2m1");
        return true;
    }
    return hu_logical_is_of(p->codes, "int8");
}

static bool measure(struct logical_pair *p)
{
    const struct hu_tensor *t = p->codes;
    if (!t->rank)
        return false;
    p->lead = t->rank > 2 ? t->rank - 2 : 0;
    p->rows = t->rank > 1 ? t->shape[t->rank - 2] : 1;
    return !__builtin_mul_overflow(t->shape[t->rank - 1], p->each, &p->columns);
}

/* Whether the scales are a matrix of DOWN × ACROSS for each matrix of codes. */
static bool is_grid(const struct logical_pair *p, uint64_t down, uint64_t across)
{
    const struct hu_tensor *s = p->scales, *t = p->codes;
    if (s->rank != t->rank || s->shape[s->rank - 1] != across)
        return false;
    for (unsigned i = 0; i < p->lead; i++)
        if (s->shape[i] != t->shape[i])
            return false;
    return t->rank < 2 || s->shape[s->rank - 2] == down;
}

/* The table's row, or one of our own, for tiles of ROWS × COLUMNS (0: all) under SCALE. */
static bool set_block(struct logical_reader *r, struct hu_logical *l, const struct logical_pair *p,
                      uint32_t rows, uint32_t columns, const char *scale, enum hu_block_over over)
{
    static const float int8_values[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(-128),
                                           SIXTY_FOUR(-64)};
    const char *element = p->element ? p->element->name : "int8";
    const struct hu_block *b;
    for (size_t i = 0; (b = hu_block_at(i)); i++)
        if (b->layout == HU_BLOCK_PARTS && b->element && !strcmp(b->element, element) &&
            b->tile_rows == rows && b->tile_columns == columns && !strcmp(b->scale, scale) &&
            b->over == over)
            break;
    char *name = arena_allocate(&r->to->arena, HU_BLOCK_NAME);
    if (!name)
        return false;
    if (!b && p->element) {
        snprintf(name, HU_BLOCK_NAME, "%s_tile%ux%u%s",
                 strcmp(element, "fp8_e4m3") ? element : "fp8", rows, columns,
                 strcmp(scale, "e8m0") ? "" : "_e8m0");
        b = hu_block_find(name);
    }
    l->block = b ? b : &l->own;
    unsigned bits = p->element ? p->element->storage_bits : 8;
    if (!b)
        l->own = (struct hu_block){
            .name = name,
            .elements = bits < 8 ? (bits == 6 ? 4 : 2) : 1,
            .bytes = bits == 6 ? 3 : 1,
            .ggml_type = HU_NO_GGML_TYPE,
            .structure = "codes, a scale a tile",
            .layout = HU_BLOCK_PARTS,
            .codes = p->element ? HU_CODES_FORMAT : HU_CODES_TABLE,
            .code_bits = (unsigned char)bits,
            .element = p->element ? element : NULL,
            .table = p->element ? NULL : int8_values,
            .tile_rows = rows,
            .tile_columns = columns,
            .scale = scale,
            .over = over,
            .rule = HU_SCALE_NO_RULE,
        };
    if (!b && !p->element)
        snprintf(name, HU_BLOCK_NAME,
                 rows ? columns ? "int8_tile%ux%u" : "int8_row" : "int8_tensor", rows, columns);
    return true;
}

static enum logical_found found(struct logical_reader *r, const struct logical_pair *p,
                                uint32_t rows, uint32_t columns, const char *scale,
                                enum hu_block_over over, struct hu_logical **made)
{
    static const struct hu_block_apart less_byte = {.element_of = hu_block_less_byte},
                                       less_zero = {.element_of = hu_block_less_zero};
    struct hu_logical *l =
        hu_logical_new(r, p->codes, p->named ? p->named : p->cut, p->named ? p->name : "");
    if (!l || !hu_logical_shape(r, l, p->codes->shape, p->codes->rank, p->columns) ||
        !set_block(r, l, p, rows, columns, scale, over))
        return LOGICAL_ERROR;
    l->layout = p->layout;
    l->scales = p->scales;
    l->scales_in = p->scales->dtype.format;
    hu_logical_add(l, p->scales);
    if (p->zeros) {
        bool bytes = hu_logical_is_of(p->zeros, "int8");
        l->more = p->zeros;
        l->own.zeros = bytes ? HU_ZEROS_BYTES : HU_ZEROS_FLOATS;
        l->own.apart = bytes ? &less_byte : &less_zero;
        hu_logical_add(l, p->zeros);
    }
    *made = l;
    return LOGICAL_FOUND;
}

/* A scale for 32 in a row: e8m0, or bytes that are the same codes. Others of that format stand for
 * tiles. */
static bool is_microscaled(const struct logical_pair *p)
{
    return (hu_logical_is_of(p->scales, "e8m0") || hu_logical_is_of(p->scales, "uint8")) &&
           is_grid(p, p->rows, hu_parts_over(p->columns, 32));
}

/* Scales of 16 in a row of fp4, and the one over all: SECOND's, or its reciprocal. */
static enum logical_found nvfp4(struct logical_reader *r, const struct logical_pair *p,
                                const struct hu_tensor *second, bool reciprocal)
{
    char due[160];
    float over = 1;
    struct hu_logical *l;
    snprintf(due, sizeof due,
             "NVFP4 has a scale for 16 in a row, here [%llu, %llu], in their order",
             (unsigned long long)p->rows, (unsigned long long)hu_parts_over(p->columns, 16));
    if (!is_grid(p, p->rows, hu_parts_over(p->columns, 16)))
        return misfit(r, p, due);
    if (second ? !hu_logical_is_of(second, "fp32") || second->elements != 1 : !p->alone)
        return misfit(r, p, "NVFP4 has one fp32 beside it, weight_scale_2 or weight_global_scale");
    if (second && !hu_logical_number(r, second, &over))
        return LOGICAL_ERROR;
    if (!(over > 0) || over > 3.4e38f)
        return misfit(r, p, "the scale over all is no positive number");
    enum logical_found is = found(r, p, 1, 16, "fp8_e4m3", HU_OVER_TENSOR, &l);
    if (is != LOGICAL_FOUND)
        return is;
    l->tensor_scale = reciprocal ? 1 / over : over;
    if (l->tensor_scale > 3.4e38f)
        return misfit(r, p, "the reciprocal of the scale over all is no number");
    hu_logical_add(l, second);
    return is;
}

/* The inputs of a group of a row that the config has; 0: it has none that fits. */
static uint32_t group_of(const struct logical_reader *r, const struct logical_pair *p)
{
    for (size_t i = 0; i < r->config.scheme_count; i++) {
        uint64_t group = r->config.schemes[i].group;
        if (group && group <= p->columns && is_grid(p, p->rows, hu_parts_over(p->columns, group)))
            return (uint32_t)group;
    }
    return 0;
}

/* Scales of tiles that the file itself tells the sides of. */
static enum logical_found by_said(struct logical_reader *r, const struct logical_pair *p)
{
    const uint64_t down = p->said[0], across = p->said[1];
    const bool rows = down >= p->rows, columns = across >= p->columns;
    struct hu_logical *l;
    char due[160];
    snprintf(due, sizeof due, "a scale for %llu × %llu is said to be there, in all [%llu, %llu]",
             (unsigned long long)down, (unsigned long long)across,
             (unsigned long long)hu_parts_over(p->rows, down),
             (unsigned long long)hu_parts_over(p->columns, across));
    if (p->columns > UINT32_MAX || p->rows > UINT32_MAX ||
        !(is_grid(p, hu_parts_over(p->rows, down), hu_parts_over(p->columns, across)) ||
          (rows && columns && !p->lead && p->scales->elements == 1)))
        return misfit(r, p, due);
    /* All of a matrix, a row, or a tile. */
    uint32_t high = rows && columns ? 0 : (uint32_t)down,
             wide = columns && (rows ? !p->lead : down == 1) ? 0
                    : columns                                ? (uint32_t)p->columns
                                                             : (uint32_t)across;
    return found(r, p, high, wide, "fp32", HU_OVER_NONE, &l);
}

/* Scales that are lone floats: of all, of a row, of a column, of each matrix, of a tile, or, as the
 * config says, of a group in a row. */
static enum logical_found by_floats(struct logical_reader *r, const struct logical_pair *p)
{
    struct hu_logical *l;
    char due[200];
    const uint64_t *tile = r->config.tile;
    uint32_t down = tile[0] ? (uint32_t)tile[0] : 128, across = tile[1] ? (uint32_t)tile[1] : 128;
    uint32_t group = group_of(r, p), columns = (uint32_t)p->columns;
    bool exponents = hu_logical_is_of(p->scales, "e8m0") || hu_logical_is_of(p->scales, "uint8");
    const bool lone = p->scales->elements == 1, matrix = p->codes->rank == 2;
    const struct {
        uint32_t rows, columns;
        bool fits;
    } shapes[] = {
        {0, 0, lone && (!p->tiles || !p->scales->rank)},
        {1, 0,
         !p->tiles &&
             (is_grid(p, p->rows, 1) || (matrix && hu_logical_is_shape(p->scales, 1, p->rows)))},
        {0, columns,
         !p->tiles && p->lead &&
             (is_grid(p, 1, 1) ||
              (p->lead == 1 && hu_logical_is_shape(p->scales, 1, p->codes->shape[0])))},
        {0, 1, !p->tiles && p->codes->rank > 1 && is_grid(p, 1, p->columns)},
        {down, across,
         p->element &&
             (is_grid(p, hu_parts_over(p->rows, down), hu_parts_over(p->columns, across)) ||
              (matrix &&
               hu_logical_is_shape(p->scales, 4, hu_parts_over(p->rows, down), UINT64_C(1),
                                   hu_parts_over(p->columns, across), UINT64_C(1))))},
        {1, group, !p->tiles && group},
    };
    for (size_t i = 0; p->columns <= UINT32_MAX && i < sizeof shapes / sizeof *shapes; i++) {
        if (!shapes[i].fits)
            continue;
        if (shapes[i].rows > 1 && !tile[0])
            r->to->note = "tiles of 128 × 128 are taken for granted, for no config.json beside it "
                          "has a weight_block_size";
        return found(r, p, shapes[i].rows, shapes[i].columns, exponents ? "e8m0" : "fp32",
                     HU_OVER_NONE, &l);
    }
    snprintf(
        due, sizeof due,
        "scales want [%llu, %llu] for tiles of %u × %u%s, and neither a padded nor a reordered "
        "one is read",
        (unsigned long long)hu_parts_over(p->rows, down),
        (unsigned long long)hu_parts_over(p->columns, across), down, across,
        p->tiles ? "" : ", or one a row or in all");
    return misfit(r, p, due);
}

/* Zero points are int8, one a scale of int8; an index of groups is not read beside bytes. */
static enum logical_found check_beside(struct logical_reader *r, struct logical_pair *p)
{
    const struct hu_tensor *zeros = hu_logical_beside(r, p->codes, p->cut, "_zero_point"),
                           *index = hu_logical_beside(r, p->codes, p->cut, "_g_idx");
    if (index)
        return hu_logical_wrong(r, index, "is an index of groups, which is not read beside bytes");
    if (!zeros)
        return LOGICAL_FOUND;
    if (p->element)
        return misfit(r, p, "zero points are read beside integers alone");
    bool floats =
        p->float_zeros && zeros->dtype.format && zeros->dtype.format == p->scales->dtype.format;
    bool fits = (hu_logical_is_of(zeros, "int8") || floats) && zeros->rank == p->scales->rank;
    for (unsigned i = 0; fits && i < zeros->rank; i++)
        fits = zeros->shape[i] == p->scales->shape[i];
    if (!fits)
        return hu_logical_wrong(
            r, zeros, "does not fit its scales: zero points beside int8 are int8, one a scale");
    p->zeros = zeros;
    return LOGICAL_FOUND;
}

enum logical_found hu_logical_pair(struct logical_reader *r, struct logical_pair *p,
                                   const struct hu_tensor *second, bool reciprocal)
{
    struct hu_logical *l;
    if (!measure(p))
        return misfit(r, p, "codes have no rows");
    enum logical_found fits = check_beside(r, p);
    if (fits != LOGICAL_FOUND)
        return fits;
    if (p->element && p->each == 1 && p->columns * p->element->storage_bits % 8)
        return misfit(r, p, "rows that end within a byte are not read");
    if (second && !hu_logical_is_of(p->scales, "fp8_e4m3"))
        return misfit(r, p, "a scale over all stands over scales of fp8_e4m3");
    if (is_microscaled(p) && !p->tiles && !p->zeros &&
        (p->element || hu_logical_is_of(p->scales, "e8m0"))) {
        if (p->each == 1 && hu_logical_is_of(p->scales, "e8m0"))
            p->layout = "mx";
        return found(r, p, 1, 32, "e8m0", HU_OVER_NONE, &l);
    }
    if (hu_logical_is_of(p->scales, "fp8_e4m3") && p->element && p->element->storage_bits == 4)
        return nvfp4(r, p, second, reciprocal);
    const char *name = hu_dtype_name(p->scales->dtype);
    bool floats = hu_has_word("fp32 bf16 fp16", name);
    if (!floats && !(hu_has_word("e8m0", name) && p->element && p->element->storage_bits == 8))
        return misfit(r, p,
                      hu_logical_is_of(p->scales, "uint8") || hu_logical_is_of(p->scales, "e8m0")
                          ? "e8m0 scales are one for 32 in a row"
                          : "scales are fp32, bf16, fp16, e8m0, or fp8_e4m3 over fp4");
    if (p->each == 2)
        return misfit(r, p, "two codes a byte are NVFP4 with fp8_e4m3 or MXFP4 with e8m0 scales");
    return p->said[0] ? by_said(r, p) : by_floats(r, p);
}

static enum logical_found packed(struct logical_reader *r, struct logical_pair *p)
{
    p->cut = strlen("_packed");
    p->layout = "compressed-tensors";
    p->scales = hu_logical_beside(r, p->codes, p->cut, "_scale");
    if (!p->scales || !read_element(p) || p->each != 2)
        return hu_logical_wrong(r, p->codes, "is no uint8 or int32 with a weight_scale beside it");
    return hu_logical_pair(r, p, hu_logical_beside(r, p->codes, p->cut, "_global_scale"), true);
}

/* int8 with the greatest magnitude of each row. */
static enum logical_found llm_int8(struct logical_reader *r, struct logical_pair *p)
{
    static const struct hu_block_apart shared = {.element_of = hu_block_shared};
    const size_t cut = strlen(".weight");
    const struct hu_tensor *order = hu_logical_beside(r, p->codes, cut, ".weight_format");
    struct hu_logical *l;
    unsigned char byte = 0;
    p->layout = "bnb";
    if (!hu_logical_is_of(p->codes, "int8") || p->codes->rank != 2 || !measure(p))
        return misfit(r, p, "SCB stands beside a matrix of int8");
    if (!hu_logical_is_of(p->scales, "fp32") || !hu_logical_is_shape(p->scales, 1, p->rows))
        return misfit(r, p, "SCB is fp32, one a row");
    if (order && (order->elements != 1 || order->bytes != 1))
        return misfit(r, p, "weight_format is one byte");
    if (order && !hu_logical_bytes(r, order, &byte, 1))
        return LOGICAL_ERROR;
    if (byte)
        return misfit(r, p, "weight_format is not 0: codes that lie in tiles are not read");
    enum logical_found is = found(r, p, 1, 0, "fp32", HU_OVER_NONE, &l);
    if (is != LOGICAL_FOUND)
        return is;
    l->own.name = "llm_int8";
    l->own.structure = "int8, of a row's greatest magnitude in 127ths";
    l->own.divisor = 127;
    l->own.apart = &shared;
    hu_logical_add(l, order);
    return is;
}

/* Whether the scales are those of 16 rows of fp4, of which a byte has two: experts that ModelOpt
 * turned to quantize them, and back (modelopt/torch/export/quant_utils.py,
 * maybe_transpose_expert_weight_dimensions). */
static bool is_turned(const struct logical_pair *p)
{
    const struct hu_tensor *t = p->codes, *s = p->scales;
    return hu_logical_is_of(t, "uint8") && hu_logical_is_of(s, "fp8_e4m3") && t->rank == 3 &&
           s->rank == 3 && s->shape[0] == t->shape[0] && s->shape[2] == t->shape[2] &&
           t->shape[1] && t->shape[1] % 8 == 0 && t->shape[1] <= UINT32_MAX / 2 &&
           t->shape[2] <= UINT32_MAX && s->shape[1] == t->shape[1] / 8;
}

static enum logical_found turned(struct logical_reader *r, struct logical_pair *p,
                                 const struct hu_tensor *second)
{
    const uint64_t *side = p->codes->shape, shape[] = {side[0], 2 * side[1], side[2]};
    struct hu_block_apart *apart = arena_allocate(&r->to->arena, sizeof *apart);
    struct hu_block_order *order = arena_allocate(&r->to->arena, sizeof *order);
    struct hu_logical *l = hu_logical_new(r, p->codes, 0, "");
    if (!apart || !order || !l || !hu_logical_shape(r, l, shape, 3, shape[2]))
        return LOGICAL_ERROR;
    if (!hu_logical_is_of(second, "fp32") || second->elements != 1)
        return misfit(r, p, "NVFP4 has one fp32 beside it, weight_scale_2");
    if (!hu_logical_number(r, second, &l->tensor_scale))
        return LOGICAL_ERROR;
    *order = (struct hu_block_order){.place = hu_block_place_pairs,
                                     .rows = shape[1],
                                     .lines = 1,
                                     .columns = shape[2],
                                     .each = (unsigned)shape[2],
                                     .step = 2,
                                     .bits = 4};
    *apart = (struct hu_block_apart){.codes = order};
    l->layout = p->layout;
    l->scales = p->scales;
    l->own = *hu_block_find("nvfp4");
    l->own.name = "nvfp4_tile16x1";
    l->own.structure = "16 fp4 in a column, an e4m3 scale";
    l->own.elements = l->own.bytes = 1;
    l->own.code_bits = 8;
    l->own.tile_rows = 16;
    l->own.tile_columns = 1;
    l->own.rule = HU_SCALE_NO_RULE;
    l->own.apart = apart;
    l->block = &l->own;
    hu_logical_add(l, p->scales);
    hu_logical_add(l, second);
    return LOGICAL_FOUND;
}

static bool is_modelopt(const struct logical_config *c)
{
    return !strncmp(c->method, "modelopt", strlen("modelopt")) || c->modelopt[0].said ||
           c->modelopt[1].said;
}

/* AWQ and SmoothQuant leave a scale over a module's inputs where no norm before it took it in. */
static enum logical_found modelopt(struct logical_reader *r, struct logical_pair *p,
                                   const struct hu_tensor *second)
{
    const size_t cut = hu_ends_with(p->codes->name, ".weight") ? strlen("weight") : 0;
    const struct hu_tensor *inputs = hu_logical_beside(r, p->codes, cut, "pre_quant_scale");
    if (!hu_logical_modelopt_decodes(r, p->codes, p->codes->name))
        return LOGICAL_ERROR;
    if (inputs && cut)
        return hu_logical_inputs(r, inputs);
    return is_turned(p) ? turned(r, p, second) : hu_logical_pair(r, p, second, false);
}

enum logical_found hu_logical_scaled(struct logical_reader *r, const struct hu_tensor *codes)
{
    struct logical_pair p = {.codes = codes};
    if (hu_ends_with(codes->name, "weight_packed") ||
        (hu_ends_with(codes->name, "_packed") &&
         hu_logical_beside(r, codes, strlen("_packed"), "_scale")))
        return packed(r, &p);
    if (!read_element(&p) || hu_logical_is_aside(codes->name))
        return LOGICAL_NONE;
    if (hu_ends_with(codes->name, ".weight") &&
        (p.scales = hu_logical_beside(r, codes, strlen(".weight"), ".SCB")))
        return llm_int8(r, &p);
    /* optimum-quanto's of a byte an element (tensor/weights/qbytes.py, save_to_state_dict). */
    const size_t quanto = strlen("._data");
    if (hu_ends_with(codes->name, ".weight._data") && p.each == 1 &&
        (p.scales = hu_logical_beside(r, codes, quanto, "._scale"))) {
        p.layout = "quanto";
        p.cut = quanto;
        return hu_logical_pair(r, &p, NULL, false);
    }
    p.layout = "deepseek";
    p.tiles = !r->config.no_tiles;
    p.scales = hu_logical_beside(r, codes, 0, "_scale_inv");
    if (p.scales)
        return hu_logical_pair(r, &p, NULL, false);
    p.tiles = false;
    p.scales = hu_logical_beside(r, codes, 0, "_scale");
    const struct hu_tensor *second = hu_logical_beside(r, codes, 0, "_scale_2");
    p.layout = second || is_modelopt(&r->config)    ? "modelopt"
               : !strcmp(r->config.method, "quark") ? "quark"
                                                    : "compressed-tensors";
    for (size_t i = 0; !p.scales && hu_ends_with(codes->name, ".weight") && i < 2; i++) {
        p.scales = hu_logical_beside(r, codes, strlen("weight"), i ? "qscale_weight" : "scale");
        p.layout = i ? "mistral" : "deepseek";
        if (p.scales && !i && !p.element && hu_logical_is_of(p.scales, "e8m0")) {
            p.each = 2;
            p.element = hu_format_find("fp4_e2m1");
        }
    }
    /* Experts that are no module's weight (unified_export_hf.py, quantizer_attr_names). */
    if (!p.scales && (p.scales = hu_logical_beside(r, codes, 0, "_weight_scale"))) {
        second = hu_logical_beside(r, codes, 0, "_weight_scale_2");
        p.layout = "modelopt";
    }
    if (p.scales && !strcmp(p.layout, "modelopt"))
        return modelopt(r, &p, second);
    return p.scales ? hu_logical_pair(r, &p, second, false) : LOGICAL_NONE;
}

/* gpt-oss (transformers, integrations/mxfp4.py): blocks uint8 [experts, out, groups, 16], scales
 * uint8 [experts, out, groups]; its own files (openai/gpt-oss, gpt_oss/torch/weights.py) have dots
 * before these names. */
enum logical_found hu_logical_gpt_oss(struct logical_reader *r, const struct hu_tensor *codes)
{
    const size_t cut = strlen("_blocks");
    const bool dot = hu_ends_with(codes->name, ".blocks");
    if (!(dot || hu_ends_with(codes->name, "_blocks")) || !hu_logical_is_of(codes, "uint8"))
        return LOGICAL_NONE;
    struct logical_pair p = {.codes = codes, .layout = "gpt-oss"};
    p.scales = hu_logical_beside(r, codes, cut, dot ? ".scales" : "_scales");
    if (!p.scales)
        return codes->rank < 3 || codes->shape[codes->rank - 1] != 16
                   ? LOGICAL_NONE
                   : hu_logical_wrong(r, codes,
                                      "has no _scales beside it, as gpt-oss' blocks have");
    bool fits = codes->rank >= 3 && codes->shape[codes->rank - 1] == 16 &&
                p.scales->rank == codes->rank - 1 &&
                (hu_logical_is_of(p.scales, "uint8") || hu_logical_is_of(p.scales, "e8m0"));
    for (unsigned i = 0; fits && i < p.scales->rank; i++)
        fits = p.scales->shape[i] == codes->shape[i];
    if (!fits || codes->shape[codes->rank - 2] > UINT64_MAX / 32)
        return misfit(r, &p, "blocks are uint8 […, groups, 16] and scales uint8 [… , groups]");
    p.element = hu_format_find("fp4_e2m1");
    struct hu_logical *l = hu_logical_new(r, codes, cut, "");
    if (!l ||
        !hu_logical_shape(r, l, codes->shape, codes->rank - 1, codes->shape[codes->rank - 2] * 32))
        return LOGICAL_ERROR;
    l->layout = p.layout;
    l->block = hu_block_find("mxfp4");
    l->scales = p.scales;
    hu_logical_add(l, p.scales);
    return LOGICAL_FOUND;
}
