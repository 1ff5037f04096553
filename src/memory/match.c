#include "match.h"
#include "file/logical.h"
#include "word_list.h"
#include "wide.h"

#include <string.h>

/* PyTorch's registered buffers in transformers' and llama.cpp's checkpoints. */
static const char *const buffers[] = {
    ".inv_freq",   ".position_ids",        ".masked_bias",      ".cos_cached",     ".sin_cached",
    ".rope.freqs", ".num_batches_tracked", "rope_freqs.weight", ".rotary_pos_emb",
};

static bool ends_with_any(const char *name, const char *const *ends, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (hu_ends_with(name, ends[i]))
            return true;
    return false;
}

bool hu_match_is_buffer(const char *name)
{
    return ends_with_any(name, buffers, sizeof buffers / sizeof *buffers);
}

/* GPT-2's and GPT-NeoX's causal masks are called bias too; a bias has one dimension. */
static bool is_mask(const struct hu_tensor *t)
{
    return t->rank == 4 &&
           (hu_ends_with(t->name, ".attn.bias") || hu_ends_with(t->name, ".attention.bias"));
}

static bool is_integer(const struct hu_tensor *t, unsigned bits)
{
    return t->dtype.integer && t->dtype.integer->storage_bits == bits;
}

/*
 * Weights in an int32 matrix of GPTQ ([in × bits/32, out], g_idx has one entry a row of in) or AWQ
 * ([in, out × bits/32], scales has one column a column of out). 0: neither.
 */
static uint64_t int32_weights(const struct hu_tensor_set *set, const struct hu_tensor *t)
{
    const size_t tail = strlen(".qweight");
    const struct hu_tensor *index = hu_tensor_set_beside(set, t, tail, ".g_idx");
    const struct hu_tensor *scale = hu_tensor_set_beside(set, t, tail, ".scales");
    const struct hu_tensor *zeros = hu_tensor_set_beside(set, t, tail, ".qzeros");
    uint64_t weights;
    if (t->rank != 2 || !scale || scale->rank != 2 || !t->shape[1])
        return 0;
    uint64_t out = scale->shape[1], in = t->shape[0];
    if (out == t->shape[1]) {
        if (index && index->rank == 1)
            in = index->shape[0];
        else if (zeros && zeros->rank == 2 && zeros->shape[1])
            /* bits = 32 × zeros / out; in = rows × 32 / bits */
            in = hu_wide_share(in, out, zeros->shape[1]);
        else
            return 0;
    }
    return __builtin_mul_overflow(in, out, &weights) ? 0 : weights;
}

/* Weights that each stored element of T holds; 1: it is not packed; 0: the count is in *weights. */
static unsigned packing(const struct hu_tensor_set *set, const struct hu_tensor *t,
                        uint64_t *weights)
{
    if (is_integer(t, 32) && hu_ends_with(t->name, ".qweight")) {
        *weights = int32_weights(set, t);
        return *weights ? 0 : 1;
    }
    if (is_integer(t, 32) && hu_ends_with(t->name, ".weight_packed"))
        return 8;
    if (!is_integer(t, 8))
        return 1;
    if (hu_ends_with(t->name, "_blocks") || hu_ends_with(t->name, ".weight_packed"))
        return 2;
    /* bitsandbytes' 4 bits, and ModelOpt's NVFP4, whose scales are fp8. */
    const struct hu_tensor *scale = hu_tensor_set_beside(set, t, 0, "_scale");
    if (hu_tensor_set_beside(set, t, 0, ".absmax") ||
        (scale && scale->dtype.format && scale->dtype.format->storage_bits == 8))
        return 2;
    return 1;
}

static bool add(uint64_t *sum, uint64_t n, unsigned times)
{
    return !__builtin_mul_overflow(n, times, &n) && !__builtin_add_overflow(*sum, n, sum);
}

bool hu_match_count(const struct hu_tensor_set *set, struct hu_match *stored)
{
    *stored = (struct hu_match){0};
    for (size_t i = 0; i < set->tensor_count; i++) {
        const struct hu_tensor *t = set->tensors[i];
        uint64_t weights = 0, once = hu_tensor_counted(t).elements;
        if (t->shared)
            continue;
        if (hu_match_is_buffer(t->name) || is_mask(t)) {
            stored->buffers += once;
        } else if (hu_logical_is_aside(t->name)) {
            stored->scales += once;
        } else {
            unsigned each = packing(set, t, &weights);
            if (each != 1)
                stored->packed += once;
            if (!add(&stored->parameters, each ? once : weights, each ? each : 1))
                return false;
        }
    }
    return true;
}
