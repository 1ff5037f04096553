#include "logical_parts.h"
#include "word_list.h"

#include <stdio.h>
#include <string.h>

/*
 * Codes in words of 32 bits.
 * GPTQ (AutoGPTQ, auto_gptq/nn_modules/qlinear/qlinear_cuda_old.py, pack): qweight [in · bits / 32,
 * out], qzeros [groups, out · bits / 32], scales [groups, out], g_idx [in].
 * AWQ (AutoAWQ, awq/modules/linear/gemm.py): qweight [in, out / 8], qzeros [groups, out / 8],
 * scales [groups, out].
 * compressed-tensors (compressors/quantized_compressors/pack_quantized.py): weight_packed [out,
 * in / (32 / bits)], as many whole codes a word as there is room for, with 2^(bits−1) added,
 * weight_scale [out, groups], weight_shape; where zero points are, they have 2^(bits−1) added too:
 * weight_zero_point [out / (32 / bits), groups].
 */

static bool is_word(const struct hu_tensor *t)
{
    return hu_logical_is_integer(t, 32) && t->rank == 2;
}

struct words {
    const struct hu_tensor *codes, *scales, *zeros, *index;
    bool awq;
    uint64_t in, out, bits, groups;
};

/* The inputs: g_idx has one number for each, or the config says the bits. */
static bool measure(struct logical_reader *r, struct words *w)
{
    uint64_t across = w->codes->shape[1];
    w->groups = w->scales->shape[0];
    w->out = w->scales->shape[1];
    w->awq = across != w->out;
    if (w->awq) {
        w->bits = 4;
        w->in = w->codes->shape[0];
        return across * 8 == w->out &&
               (!r->config.bits || r->config.bits == 4 || r->config.overrides);
    }
    /* out · bits / 32 words of zero points a group. */
    uint64_t words = w->codes->shape[0] * 32;
    w->bits = w->out ? w->zeros->shape[1] * 32 / w->out : 0;
    w->in = w->index ? w->index->shape[0] : w->bits ? words / w->bits : 0;
    if (w->bits != 2 && w->bits != 3 && w->bits != 4 && w->bits != 8)
        return false;
    return w->in * w->bits == words &&
           (!r->config.bits || r->config.bits == w->bits || r->config.overrides);
}

/* The inputs of a group: as the config has it, or a whole number of them in all. 0: neither. */
static uint64_t group_of(const struct logical_reader *r, const struct words *w)
{
    const bool others = r->config.overrides;
    uint64_t said = r->config.group > 0 ? (uint64_t)r->config.group : 0;
    if (!w->groups || (r->config.group < 0 && w->groups > 1 && !others))
        return 0;
    if (w->groups == 1) {
        uint64_t n = 32;
        while (n < w->in)
            n *= 2;
        return !said || said >= w->in || others ? n : 0;
    }
    if (said && hu_parts_over(w->in, said) == w->groups)
        return said;
    return (!said || others) && w->in % w->groups == 0 ? w->in / w->groups : 0;
}

/* Whether the config has weights packed as these are, or says nothing. */
static bool is_packing(const struct logical_config *c, bool awq)
{
    const char *method = awq ? "awq" : "gptq", *other = awq ? "gptq" : "awq";
    return strcmp(c->method, other) != 0 &&
           (!*c->version || strcmp(c->method, method) != 0 ||
            hu_has_word(awq ? "gemm" : "gptq gptq_v2", c->version));
}

/* INDEX, where it is there, has the group of each of IN inputs. */
static enum logical_found check_index(struct logical_reader *r, const struct hu_tensor *codes,
                                      const struct hu_tensor *index, uint64_t in)
{
    char due[160];
    snprintf(due, sizeof due, "the groups of %llu inputs want int32 [%llu]", (unsigned long long)in,
             (unsigned long long)in);
    if (!index || (hu_logical_is_integer(index, 32) && hu_logical_is_shape(index, 1, in)))
        return LOGICAL_FOUND;
    return hu_logical_misfit(r, codes, index, due);
}

static enum logical_found check(struct logical_reader *r, const struct words *w)
{
    char due[160];
    uint64_t words = (w->out * w->bits + 31) / 32;
    if (w->codes->rank != 2 || !w->scales->dtype.format || w->scales->rank != 2)
        return hu_logical_misfit(r, w->codes, w->scales, "scales are floats, [groups, out]");
    if (!is_word(w->zeros))
        return hu_logical_misfit(r, w->codes, w->zeros, "zero points are words of 32 bits");
    snprintf(due, sizeof due, "zero points of %llu bits want [%llu, %llu]",
             (unsigned long long)w->bits, (unsigned long long)w->groups, (unsigned long long)words);
    if (!hu_logical_is_shape(w->zeros, 2, w->groups, words))
        return hu_logical_misfit(r, w->codes, w->zeros, due);
    return check_index(r, w->codes, w->index, w->in);
}

static void name_block(char name[HU_BLOCK_NAME], const struct words *w, uint64_t group, bool second)
{
    if (w->awq)
        snprintf(name, HU_BLOCK_NAME, "awq4_g%llu", (unsigned long long)group);
    else
        snprintf(name, HU_BLOCK_NAME, "gptq%llu_g%llu%s", (unsigned long long)w->bits,
                 (unsigned long long)group, second ? "_v2" : "");
}

/* The table's row, or one of our own: for groups that are no power of two, and scales that are no
 * fp16. */
static bool set_block(struct logical_reader *r, struct hu_logical *l, const struct words *w,
                      uint64_t group)
{
    bool second = !strcmp(r->config.version, "gptq_v2");
    char *name = arena_allocate(&r->to->arena, HU_BLOCK_NAME);
    if (!name || group > UINT32_MAX)
        return false;
    name_block(name, w, group, second);
    l->block = hu_block_find(name);
    l->scales_in = w->scales->dtype.format;
    if (l->block && !strcmp(l->block->scale, l->scales_in->name))
        return true;
    char like[HU_BLOCK_NAME];
    name_block(like, w, 128, second);
    l->own = *hu_block_find(like);
    l->own.name = name;
    l->own.tile_columns = (uint32_t)group;
    l->own.scale = l->scales_in->name;
    l->block = &l->own;
    return true;
}

static enum logical_found build(struct logical_reader *r, const struct words *w, uint64_t group)
{
    const uint64_t shape[] = {w->out, w->in};
    struct hu_logical *l = hu_logical_new(r, w->codes, strlen("qweight"), "weight");
    if (!l || !hu_logical_shape(r, l, shape, 2, w->in))
        return LOGICAL_ERROR;
    l->layout = w->awq ? "awq" : "gptq";
    l->scales = w->scales;
    l->more = w->zeros;
    l->groups = w->awq ? NULL : w->index;
    hu_logical_add(l, w->scales);
    hu_logical_add(l, w->zeros);
    hu_logical_add(l, w->index);
    return set_block(r, l, w, group) ? LOGICAL_FOUND : hu_logical_refuse(r, "out of memory");
}

enum logical_found hu_logical_words(struct logical_reader *r, const struct hu_tensor *codes)
{
    const size_t tail = strlen(".qweight");
    if (!hu_ends_with(codes->name, ".qweight") || !is_word(codes))
        return LOGICAL_NONE;
    struct words w = {.codes = codes,
                      .scales = hu_logical_beside(r, codes, tail, ".scales"),
                      .zeros = hu_logical_beside(r, codes, tail, ".qzeros"),
                      .index = hu_logical_beside(r, codes, tail, ".g_idx")};
    if (!w.scales || !w.zeros)
        return hu_logical_wrong(r, codes,
                                "has no .scales and .qzeros beside it, as GPTQ and AWQ do");
    if (!is_word(w.zeros) || w.scales->rank != 2 || !w.scales->dtype.format ||
        (w.index && w.index->rank != 1))
        return hu_logical_misfit(r, codes, w.scales,
                                 "scales are floats and zero points int32, each a matrix");
    if (!measure(r, &w))
        return hu_logical_misfit(
            r, codes, w.scales,
            "the sizes are neither GPTQ's of 2, 3, 4 or 8 bits (as the config has them) "
            "nor AWQ's of 4");
    if (!is_packing(&r->config, w.awq))
        return hu_logical_wrong(
            r, codes, "is packed as %s does by its shape, and the config beside it says %s%s%s",
            w.awq ? "AutoAWQ's gemm" : "AutoGPTQ", r->config.method,
            *r->config.version ? " in " : "", r->config.version);
    uint64_t group = group_of(r, &w);
    if (!group)
        return hu_logical_misfit(
            r, codes, w.scales,
            "inputs and groups do not come out even, or not as the config has them");
    enum logical_found fits = check(r, &w);
    return fits == LOGICAL_FOUND ? build(r, &w, group) : fits;
}

struct packed {
    const struct hu_tensor *codes, *scales, *sizes, *zeros, *index;
    uint64_t out, in, bits, group;
    bool taken; /* for granted: the group */
};

static enum logical_found build_packed(struct logical_reader *r, const struct packed *p)
{
    static const char *const names[] = {"",
                                        "int1_groups",
                                        "int2_groups",
                                        "int3_groups",
                                        "int4_groups",
                                        "int5_groups",
                                        "int6_groups",
                                        "int7_groups",
                                        "int8_groups"};
    const uint64_t shape[] = {p->out, p->in};
    struct hu_logical *l = hu_logical_new(r, p->codes, strlen("_packed"), "");
    if (!l || !hu_logical_shape(r, l, shape, 2, p->in))
        return LOGICAL_ERROR;
    l->layout = "compressed-tensors";
    l->scales = p->scales;
    l->scales_in = p->scales->dtype.format;
    l->more = p->zeros;
    l->groups = p->index;
    l->own = (struct hu_block){
        .name = names[p->bits],
        .elements = 8,
        .bytes = (uint32_t)p->bits,
        .ggml_type = HU_NO_GGML_TYPE,
        .structure = "integers, a scale for each group of a row",
        .layout = HU_BLOCK_PACKED,
        .codes = HU_CODES_INTEGER,
        .code_bits = (unsigned char)p->bits,
        .tile_rows = 1,
        .tile_columns = (uint32_t)p->group,
        .scale = l->scales_in->name,
        .rule = HU_SCALE_NO_RULE,
        .zero_is_middle = !p->zeros,
    };
    l->block = &l->own;
    hu_logical_add(l, p->scales);
    hu_logical_add(l, p->sizes);
    hu_logical_add(l, p->zeros);
    hu_logical_add(l, hu_logical_beside(r, p->codes, strlen("_packed"), "_g_idx"));
    if (p->taken)
        r->to->note = "groups that are no power of two are taken for granted, for no config.json "
                      "beside it has their size";
    return LOGICAL_FOUND;
}

/* weight_shape's two numbers. */
static bool read_sizes(struct logical_reader *r, struct packed *p)
{
    unsigned char bytes[16];
    unsigned width = p->sizes->dtype.integer->storage_bits / 8;
    if (!hu_logical_bytes(r, p->sizes, bytes, 2 * width))
        return false;
    p->out = hu_little_read(bytes, width);
    p->in = hu_little_read(bytes + width, width);
    return true;
}

static uint64_t words_of(uint64_t n, uint64_t bits)
{
    return hu_parts_over(n, 32 / bits);
}

/* Groups in the order of the columns have no use for an index: it is full of −1 then. */
static bool read_index(struct logical_reader *r, struct packed *p)
{
    unsigned char first[4];
    if (!p->index)
        return true;
    if (!hu_logical_bytes(r, p->index, first, 4))
        return false;
    if (first[0] == 0xff && first[3] == 0xff)
        p->index = NULL;
    return true;
}

/* Bits and group: by the config, or of 4 bits and 8 whichever the words' number leaves. False:
 * neither. */
static bool measure_packed(const struct logical_reader *r, struct packed *p)
{
    const uint64_t groups = p->scales->shape[1], words = p->codes->shape[1];
    for (unsigned bits = 1; bits <= 8; bits++) {
        const struct logical_scheme *s =
            words_of(p->in, bits) != words
                ? NULL
                : hu_logical_scheme(&r->config, true, bits, p->zeros != NULL, p->out, p->in,
                                    p->out * groups);
        if (!s)
            continue;
        p->bits = bits;
        p->group = groups > 1 ? s->group : p->in;
        return p->group && hu_parts_over(p->in, p->group) == groups;
    }
    if (r->config.scheme_count || p->in <= 4 || p->in % groups)
        return false;
    p->bits = words == words_of(p->in, 8) ? 8 : 4;
    p->group = p->in / groups;
    p->taken = groups > 1 && (p->group & (p->group - 1));
    return words == words_of(p->in, p->bits);
}

static enum logical_found check_packed(struct logical_reader *r, struct packed *p)
{
    char due[160];
    if (!p->in || p->in > UINT32_MAX || p->out != p->codes->shape[0])
        return hu_logical_misfit(r, p->codes, p->sizes,
                                 "codes want [out, in / 8] or [out, in / 4]");
    if (!p->scales->dtype.format || p->scales->rank != 2 || p->scales->shape[0] != p->out ||
        !p->scales->shape[1] || p->scales->shape[1] > p->in)
        return hu_logical_misfit(r, p->codes, p->scales, "scales are floats, [out, groups]");
    if (!measure_packed(r, p))
        return hu_logical_misfit(
            r, p->codes, p->sizes,
            r->config.scheme_count
                ? "none of the config's config_groups has as many bits, groups and zero points"
                : "without a config codes of 4 or 8 bits want [out, in / 8] or [out, in / 4], and "
                  "scales [out, groups] that divide the inputs");
    uint64_t groups = p->scales->shape[1], down = words_of(p->out, p->bits);
    snprintf(due, sizeof due,
             "zero points of %d bits, as many a word as codes, want int32 [%llu, %llu]",
             (int)p->bits, (unsigned long long)down, (unsigned long long)groups);
    if (p->zeros && (!is_word(p->zeros) || !hu_logical_is_shape(p->zeros, 2, down, groups)))
        return hu_logical_misfit(r, p->codes, p->zeros, due);
    enum logical_found fits = check_index(r, p->codes, p->index, p->in);
    return fits != LOGICAL_FOUND || read_index(r, p) ? fits : LOGICAL_ERROR;
}

enum logical_found hu_logical_packed_words(struct logical_reader *r, const struct hu_tensor *codes)
{
    const size_t tail = strlen("_packed");
    if (!hu_ends_with(codes->name, "_packed") || !is_word(codes))
        return LOGICAL_NONE;
    struct packed p = {.codes = codes,
                       .scales = hu_logical_beside(r, codes, tail, "_scale"),
                       .sizes = hu_logical_beside(r, codes, tail, "_shape"),
                       .zeros = hu_logical_beside(r, codes, tail, "_zero_point"),
                       .index = hu_logical_beside(r, codes, tail, "_g_idx")};
    if (!p.scales || !p.sizes || !p.sizes->dtype.integer ||
        p.sizes->dtype.integer->storage_bits < 32 || !hu_logical_is_shape(p.sizes, 1, UINT64_C(2)))
        return hu_logical_wrong(r, codes,
                                "has no _scale, or no _shape of two int64, beside it, as "
                                "compressed-tensors has");
    if (!read_sizes(r, &p))
        return LOGICAL_ERROR;
    enum logical_found fits = check_packed(r, &p);
    return fits == LOGICAL_FOUND ? build_packed(r, &p) : fits;
}
