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

/* Scales of such words are a matrix of floats of whole bytes. */
static bool is_scales(const struct hu_tensor *t)
{
    return t->rank == 2 && t->dtype.format && t->dtype.format->storage_bits % 8 == 0;
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
static enum logical_found check_index(struct logical_reader *r, const struct hu_tensor *index,
                                      uint64_t in)
{
    return !index || (hu_logical_is_integer(index, 32) && hu_logical_is_shape(index, 1, in))
               ? LOGICAL_FOUND
               : hu_logical_misfit(r, index, "the groups of %llu inputs want int32 [%llu]",
                                   (unsigned long long)in, (unsigned long long)in);
}

static enum logical_found check(struct logical_reader *r, const struct words *w)
{
    uint64_t words = (w->out * w->bits + 31) / 32;
    if (!hu_logical_is_shape(w->zeros, 2, w->groups, words))
        return hu_logical_misfit(r, w->zeros, "zero points of %llu bits want [%llu, %llu]",
                                 (unsigned long long)w->bits, (unsigned long long)w->groups,
                                 (unsigned long long)words);
    return check_index(r, w->index, w->in);
}

/* The table's row, or one of our own: for groups that are no power of two, and scales that are no
 * fp16. */
static void set_block(struct logical_reader *r, const struct words *w, uint64_t group)
{
    char like[HU_BLOCK_NAME], *names[] = {r->draft.name, like};
    const char *scale = w->scales->dtype.format->name;
    for (size_t i = 0; i < 2; i++) {
        const unsigned long long inputs = i ? 128 : group;
        if (w->awq)
            snprintf(names[i], HU_BLOCK_NAME, "awq4_g%llu", inputs);
        else
            snprintf(names[i], HU_BLOCK_NAME, "gptq%u_g%llu%s", (unsigned)w->bits, inputs,
                     strcmp(r->config.version, "gptq_v2") ? "" : "_v2");
    }
    struct hu_logical *l = &r->draft.l;
    l->block = hu_block_find(r->draft.name);
    if (l->block && !strcmp(l->block->scale, scale))
        return;
    l->block = NULL;
    l->own = *hu_block_find(like);
    l->own.name = NULL;
    l->own.tile_columns = (uint32_t)group;
    l->own.scale = scale;
}

enum logical_found hu_logical_words(struct logical_reader *r)
{
    const size_t tail = strlen(".qweight");
    const struct hu_tensor *codes = r->draft.l.codes;
    if (!hu_ends_with(codes->name, ".qweight") || !hu_logical_is_words(codes))
        return LOGICAL_NONE;
    struct words w = {.codes = codes,
                      .scales = hu_logical_part(r, tail, ".scales"),
                      .zeros = hu_logical_part(r, tail, ".qzeros"),
                      .index = hu_logical_part(r, tail, ".g_idx")};
    if (!w.scales || !w.zeros)
        return hu_logical_wrong(r, codes,
                                "has no .scales and .qzeros beside it, as GPTQ and AWQ do");
    if (!hu_logical_is_words(w.zeros) || !is_scales(w.scales) || (w.index && w.index->rank != 1))
        return hu_logical_misfit(r, w.scales,
                                 "scales are floats of whole bytes and zero points int32, each a "
                                 "matrix");
    if (!measure(r, &w))
        return hu_logical_misfit(
            r, w.scales,
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
            r, w.scales, "inputs and groups do not come out even, or not as the config has them");
    enum logical_found fits = check(r, &w);
    if (fits != LOGICAL_FOUND)
        return fits;
    if (group > UINT32_MAX)
        return hu_logical_refuse(r, "out of memory");
    set_block(r, &w, group);
    hu_logical_float_scales(r, w.scales, w.zeros);
    r->draft.l.layout = w.awq ? "awq" : "gptq";
    r->draft.l.groups = w.awq ? NULL : w.index;
    return hu_logical_make(r, strlen("qweight"), "weight", (uint64_t[]){w.out, w.in}, 2, w.in);
}

struct packed {
    const struct hu_tensor *codes, *scales, *sizes, *zeros, *index;
    uint64_t out, in, bits, group;
    bool taken; /* for granted: the group */
};

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
    if (!p->in || p->in > UINT32_MAX || p->out != p->codes->shape[0])
        return hu_logical_misfit(r, p->sizes, "codes want [out, in / 8] or [out, in / 4]");
    if (!is_scales(p->scales) || p->scales->shape[0] != p->out || !p->scales->shape[1] ||
        p->scales->shape[1] > p->in)
        return hu_logical_misfit(r, p->scales, "scales are floats of whole bytes, [out, groups]");
    if (!measure_packed(r, p))
        return hu_logical_misfit(
            r, p->sizes, "%s",
            r->config.scheme_count
                ? "none of the config's config_groups has as many bits, groups and zero points"
                : "without a config codes of 4 or 8 bits want [out, in / 8] or [out, in / 4], and "
                  "scales [out, groups] that divide the inputs");
    uint64_t groups = p->scales->shape[1], down = words_of(p->out, p->bits);
    if (p->zeros &&
        (!hu_logical_is_words(p->zeros) || !hu_logical_is_shape(p->zeros, 2, down, groups)))
        return hu_logical_misfit(
            r, p->zeros, "zero points of %d bits, as many a word as codes, want int32 [%llu, %llu]",
            (int)p->bits, (unsigned long long)down, (unsigned long long)groups);
    enum logical_found fits = check_index(r, p->index, p->in);
    return fits != LOGICAL_FOUND || read_index(r, p) ? fits : LOGICAL_ERROR;
}

enum logical_found hu_logical_packed_words(struct logical_reader *r)
{
    const size_t tail = strlen("_packed");
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *codes = l->codes;
    if (!hu_ends_with(codes->name, "_packed") || !hu_logical_is_words(codes))
        return LOGICAL_NONE;
    struct packed p = {.codes = codes,
                       .scales = hu_logical_part(r, tail, "_scale"),
                       .sizes = hu_logical_part(r, tail, "_shape"),
                       .zeros = hu_logical_part(r, tail, "_zero_point"),
                       .index = hu_logical_part(r, tail, "_g_idx")};
    if (!p.scales || !p.sizes || !p.sizes->dtype.integer ||
        p.sizes->dtype.integer->storage_bits < 32 || !hu_logical_is_shape(p.sizes, 1, UINT64_C(2)))
        return hu_logical_wrong(r, codes,
                                "has no _scale, or no _shape of two int64, beside it, as "
                                "compressed-tensors has");
    if (!read_sizes(r, &p))
        return LOGICAL_ERROR;
    enum logical_found fits = check_packed(r, &p);
    if (fits != LOGICAL_FOUND)
        return fits;
    if (p.taken)
        r->to->note = "groups that are no power of two are taken for granted, for no config.json "
                      "beside it has their size";
    l->layout = "compressed-tensors";
    l->groups = p.index;
    hu_logical_float_scales(r, p.scales, p.zeros);
    snprintf(r->draft.name, HU_BLOCK_NAME, "int%u_groups", (unsigned)p.bits);
    struct hu_block *own = hu_logical_own(r, NULL, "integers, a scale for each group of a row",
                                          (unsigned)p.bits, NULL);
    own->layout = HU_BLOCK_PACKED;
    own->codes = HU_CODES_INTEGER;
    own->tile_rows = 1;
    own->tile_columns = (uint32_t)p.group;
    own->scale = l->scales_in->name;
    own->zero_is_middle = !p.zeros;
    return hu_logical_make(r, tail, "", (uint64_t[]){p.out, p.in}, 2, p.in);
}
