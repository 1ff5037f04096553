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
 * in · bits / 32], codes with 2^(bits−1) added, weight_scale [out, groups], weight_shape.
 */

static bool is_word(const struct hu_tensor *t)
{
    return t && t->dtype.integer && t->dtype.integer->storage_bits == 32 && t->rank == 2;
}

struct words {
    const struct hu_tensor *codes, *scales, *zeros, *index;
    bool awq;
    uint64_t in, out, bits, groups;
};

static enum logical_found misfit(struct logical_reader *r, const struct hu_tensor *codes,
                                 const struct hu_tensor *part, const char *due)
{
    char a[LOGICAL_TEXT], b[LOGICAL_TEXT];
    return hu_logical_refuse(r, "%s does not fit %s: %s", hu_logical_what(part, a),
                             hu_logical_what(codes, b), due);
}

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
        return across * 8 == w->out;
    }
    /* out · bits / 32 words of zero points a group. */
    uint64_t words = w->codes->shape[0] * 32;
    w->bits = w->out ? w->zeros->shape[1] * 32 / w->out : 0;
    w->in = w->index ? w->index->shape[0] : w->bits ? words / w->bits : 0;
    if (w->bits != 2 && w->bits != 3 && w->bits != 4 && w->bits != 8)
        return false;
    return w->in * w->bits == words && (!r->config.bits || r->config.bits == w->bits);
}

/* The inputs of a group: as the config has it, or a whole number of them in all. */
static uint64_t group_of(const struct logical_reader *r, const struct words *w)
{
    if (w->groups == 1) {
        uint64_t n = 32;
        while (n < w->in)
            n *= 2;
        return n;
    }
    uint64_t group = r->config.group > 0                   ? (uint64_t)r->config.group
                     : w->groups && w->in % w->groups == 0 ? w->in / w->groups
                                                           : 0;
    return group && (w->in + group - 1) / group == w->groups ? group : 0;
}

static enum logical_found check(struct logical_reader *r, const struct words *w)
{
    char due[160];
    uint64_t words = (w->out * w->bits + 31) / 32;
    if (w->codes->rank != 2 || !w->scales->dtype.format || w->scales->rank != 2)
        return misfit(r, w->codes, w->scales, "scales are floats, [groups, out]");
    if (!is_word(w->zeros))
        return misfit(r, w->codes, w->zeros, "zero points are words of 32 bits");
    snprintf(due, sizeof due, "zero points of %llu bits want [%llu, %llu]",
             (unsigned long long)w->bits, (unsigned long long)w->groups, (unsigned long long)words);
    if (!hu_logical_is_shape(w->zeros, 2, w->groups, words))
        return misfit(r, w->codes, w->zeros, due);
    snprintf(due, sizeof due, "the groups of %llu inputs want int32 [%llu]",
             (unsigned long long)w->in, (unsigned long long)w->in);
    if (w->index && (!w->index->dtype.integer || w->index->dtype.integer->storage_bits != 32 ||
                     !hu_logical_is_shape(w->index, 1, w->in)))
        return misfit(r, w->codes, w->index, due);
    return LOGICAL_FOUND;
}

static bool set_block(struct hu_logical *l, const struct words *w, uint64_t group, bool second)
{
    char name[HU_BLOCK_NAME];
    if (w->awq)
        snprintf(name, sizeof name, "awq4_g%llu", (unsigned long long)group);
    else
        snprintf(name, sizeof name, "gptq%llu_g%llu%s", (unsigned long long)w->bits,
                 (unsigned long long)group, second ? "_v2" : "");
    l->block = hu_block_find(name);
    l->scales_in = w->scales->dtype.format;
    if (!l->block || !strcmp(l->block->scale, l->scales_in->name))
        return l->block;
    /* Scales of another format than fp16. */
    l->own = *l->block;
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
    char what[LOGICAL_TEXT];
    return set_block(l, w, group, r->config.second_version)
               ? LOGICAL_FOUND
               : hu_logical_refuse(r, "%s is in groups of %llu, and powers of two are known",
                                   hu_logical_what(w->codes, what), (unsigned long long)group);
}

enum logical_found hu_logical_words(struct logical_reader *r, const struct hu_tensor *codes)
{
    const size_t tail = strlen(".qweight");
    char what[LOGICAL_TEXT];
    if (!hu_ends_with(codes->name, ".qweight") || !is_word(codes))
        return LOGICAL_NONE;
    struct words w = {.codes = codes,
                      .scales = hu_logical_beside(r, codes, tail, ".scales"),
                      .zeros = hu_logical_beside(r, codes, tail, ".qzeros"),
                      .index = hu_logical_beside(r, codes, tail, ".g_idx")};
    if (!w.scales || !w.zeros)
        return hu_logical_refuse(r, "%s has no .scales and .qzeros beside it, as GPTQ and AWQ do",
                                 hu_logical_what(codes, what));
    if (!is_word(w.zeros) || w.scales->rank != 2 || !w.scales->dtype.format ||
        (w.index && w.index->rank != 1))
        return misfit(r, codes, w.scales, "scales are floats and zero points int32, each a matrix");
    if (!measure(r, &w))
        return misfit(r, codes, w.scales,
                      "the sizes are neither GPTQ's of 2, 3, 4 or 8 bits (as the config has them) "
                      "nor AWQ's of 4");
    uint64_t group = group_of(r, &w);
    if (!group)
        return misfit(r, codes, w.scales, "inputs and groups do not come out even");
    enum logical_found fits = check(r, &w);
    return fits == LOGICAL_FOUND ? build(r, &w, group) : fits;
}

/* Two's complement with 2^(bits−1) added: the value of each code. */
static const float *code_values(unsigned bits)
{
    static const float four[16] = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
    return bits == 4 ? four : NULL;
}

static enum logical_found build_packed(struct logical_reader *r, const struct hu_tensor *codes,
                                       const struct hu_tensor *scales,
                                       const struct hu_tensor *sizes, const uint64_t shape[2],
                                       uint64_t group)
{
    struct hu_logical *l = hu_logical_new(r, codes, strlen("_packed"), "");
    if (!l || !hu_logical_shape(r, l, shape, 2, shape[1]))
        return LOGICAL_ERROR;
    l->layout = "compressed-tensors";
    l->scales = scales;
    l->scales_in = scales->dtype.format;
    l->own = (struct hu_block){
        .name = "int4_groups",
        .elements = 8,
        .bytes = 4,
        .ggml_type = HU_NO_GGML_TYPE,
        .structure = "int4, a scale for each group of a row",
        .layout = HU_BLOCK_PARTS,
        .codes = HU_CODES_TABLE,
        .code_bits = 4,
        .table = code_values(4),
        .tile_rows = 1,
        .tile_columns = group == shape[1] ? 0 : (uint32_t)group,
        .scale = scales->dtype.format->name,
        .rule = HU_SCALE_NO_RULE,
    };
    l->block = &l->own;
    hu_logical_add(l, scales);
    hu_logical_add(l, sizes);
    return LOGICAL_FOUND;
}

enum logical_found hu_logical_packed_words(struct logical_reader *r, const struct hu_tensor *codes)
{
    const size_t tail = strlen("_packed");
    char what[LOGICAL_TEXT];
    unsigned char bytes[16];
    uint64_t shape[2] = {0, 0};
    if (!hu_ends_with(codes->name, "_packed") || !is_word(codes))
        return LOGICAL_NONE;
    const struct hu_tensor *scales = hu_logical_beside(r, codes, tail, "_scale");
    const struct hu_tensor *sizes = hu_logical_beside(r, codes, tail, "_shape");
    const struct hu_tensor *zeros = hu_logical_beside(r, codes, tail, "_zero_point");
    const struct hu_tensor *index = hu_logical_beside(r, codes, tail, "_g_idx");
    if (!scales || !sizes || !sizes->dtype.integer || sizes->dtype.integer->storage_bits != 64 ||
        !hu_logical_is_shape(sizes, 1, UINT64_C(2)))
        return hu_logical_refuse(r,
                                 "%s has no _scale, or no _shape of two int64, beside "
                                 "it, as compressed-tensors has",
                                 hu_logical_what(codes, what));
    if (zeros || index)
        return misfit(r, codes, zeros ? zeros : index,
                      "zero points and reordered groups of compressed-tensors are not read");
    if (!hu_logical_bytes(r, sizes, bytes, 16))
        return LOGICAL_ERROR;
    for (size_t i = 0; i < 16; i++)
        shape[i / 8] |= (uint64_t)bytes[i] << 8 * (i % 8);
    if (shape[1] > UINT32_MAX || shape[0] != codes->shape[0] ||
        codes->shape[1] != (shape[1] + 7) / 8)
        return misfit(r, codes, sizes, "codes of 4 bits, eight a word, want [out, in / 8]");
    if (shape[1] % 8)
        return misfit(r, codes, sizes, "rows that end within a word are not read");
    if (!scales->dtype.format || scales->rank != 2 || scales->shape[0] != shape[0] ||
        !scales->shape[1] || shape[1] % scales->shape[1])
        return misfit(r, codes, scales, "scales are floats, [out, groups]");
    return build_packed(r, codes, scales, sizes, shape, shape[1] / scales->shape[1]);
}
