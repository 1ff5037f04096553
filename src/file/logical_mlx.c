#include "logical_parts.h"
#include "word_list.h"

#include <stdio.h>
#include <string.h>

/*
 * MLX (mlx/nn/layers/quantized.py; ops.cpp, affine_dequantize and fp_dequantize): weight uint32
 * [..., out, in · bits / 32], a row's codes one behind the other from the lowest bits on; scales
 * [..., out, in / group_size] and, of "mode": "affine", biases like them: code · scale + bias.
 * transformers' metal (integrations/metal_quantization.py) calls these qbiases. In other modes
 * codes are fp8 or fp4 under scales of a byte. Bits and groups are the config's, for all, or of a
 * module by its name.
 */
struct setting {
    uint64_t bits, group;
    const char *mode;
};

static const struct mode {
    const char *name, *block;
    unsigned bits, group;
} modes[] = {{"mxfp4", "mxfp4", 4, 32}, {"mxfp8", "mxfp8_e4m3", 8, 32}, {"nvfp4", "nvfp4", 4, 16}};

static uint64_t number_of(const json_t *said, const char *key, uint64_t otherwise)
{
    const json_t *n = json_object_get(said, key);
    return json_is_integer(n) && json_integer_value(n) > 0 ? (uint64_t)json_integer_value(n)
                                                           : otherwise;
}

/* What the config has for the codes' module. */
static struct setting setting_of(struct logical_reader *r)
{
    struct setting s = {0, 0, "affine"};
    const json_t *all = r->config.said;
    const char *codes = r->draft.l.codes->name,
               *module = arena_text(&r->to->arena, codes, strlen(codes) - strlen(".weight"));
    const json_t *own = module ? json_object_get(all, module) : NULL;
    const json_t *said[] = {all, json_is_object(own) ? own : NULL};
    for (size_t i = 0; i < 2; i++) {
        const char *mode = json_string_value(json_object_get(said[i], "mode"));
        s.bits = number_of(said[i], "bits", s.bits);
        s.group = number_of(said[i], "group_size", s.group);
        s.mode = mode ? mode : s.mode;
    }
    return s;
}

/* Whole numbers under a scale, and what is added then. */
static bool set_affine(struct logical_reader *r, const struct setting *s)
{
    if (s->bits < 2 || s->bits == 7 || s->bits > 8 || s->group > UINT32_MAX)
        return false;
    snprintf(r->draft.name, HU_BLOCK_NAME, "mlx_int%u", (unsigned)s->bits);
    struct hu_block *own =
        hu_logical_own(r, NULL, "integers, a scale and a bias for each group of a row",
                       (unsigned)s->bits, hu_logical_naturals);
    own->tile_rows = 1;
    own->tile_columns = (uint32_t)s->group;
    own->zeros = HU_ZEROS_SHIFTS;
    r->draft.apart.element_of = hu_block_plus_shift;
    return true;
}

static bool set_mode(struct hu_logical *l, const struct setting *s)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(s->mode, modes[i].name) && s->bits == modes[i].bits &&
            s->group == modes[i].group)
            l->block = hu_block_find(modes[i].block);
    l->tensor_scale = 1;
    return l->block;
}

/* Whether T has a number for each GROUP of the rows of CODES, which have COLUMNS. */
static bool is_grouped(const struct hu_tensor *t, const struct hu_tensor *codes, uint64_t columns,
                       uint64_t group)
{
    bool fits = t->rank == codes->rank && columns % group == 0;
    for (unsigned i = 0; fits && i < t->rank; i++)
        fits = t->shape[i] == (i + 1 < t->rank ? codes->shape[i] : columns / group);
    return fits;
}

enum logical_found hu_logical_mlx(struct logical_reader *r)
{
    const size_t tail = strlen(".weight");
    const struct hu_tensor *codes = r->draft.l.codes;
    if (!hu_ends_with(codes->name, ".weight") || codes->rank < 2 ||
        !hu_logical_is_of(codes, "uint32"))
        return LOGICAL_NONE;
    const struct hu_tensor *scales = hu_logical_part(r, tail, ".scales"),
                           *biases = hu_logical_part(r, tail, ".biases");
    if (!biases)
        biases = hu_logical_part(r, tail, ".qbiases");
    if (!scales)
        return LOGICAL_NONE;
    const struct setting s = setting_of(r);
    const bool affine = !strcmp(s.mode, "affine");
    const uint64_t words = codes->shape[codes->rank - 1];
    if (!s.bits || !s.group)
        return hu_logical_wrong(r, codes,
                                "is of MLX by its parts, and no config.json beside it has the bits "
                                "and the group_size of its \"quantization\"");
    uint64_t columns = words > UINT64_MAX / 32 ? 0 : words * 32 / s.bits;
    if (!columns || words * 32 % s.bits || !is_grouped(scales, codes, columns, s.group))
        return hu_logical_misfit(r, scales,
                                 "the config's bits and group_size give another number of groups");
    if (affine != (biases != NULL) ||
        (affine ? !hu_logical_is_float(scales) || biases->dtype.format != scales->dtype.format ||
                      !is_grouped(biases, codes, columns, s.group)
                : !hu_logical_is_of(scales, "uint8")))
        return hu_logical_misfit(r, biases ? biases : scales, "%s",
                                 affine
                                     ? "MLX's scales and biases are floats of one format and shape"
                                     : "the config's mode has scales of a byte and no biases");
    r->draft.l.layout = "mlx";
    hu_logical_float_scales(r, scales, biases);
    if (!(affine ? set_affine(r, &s) : set_mode(&r->draft.l, &s)))
        return hu_logical_wrong(
            r, codes,
            "is of MLX's mode %.20s with %u bits in groups of %u by the config, "
            "which is none that is known",
            s.mode, (unsigned)s.bits, (unsigned)s.group);
    return hu_logical_make(r, 0, "", codes->shape, codes->rank, columns);
}
