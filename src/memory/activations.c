#include "activations.h"
#include "wide.h"

static const char *recompute_text(const struct hu_activation_shape *shape)
{
    if (shape->recompute == HU_RECOMPUTE_FULL)
        return "2";
    bool scores = shape->recompute == HU_RECOMPUTE_NONE && !shape->flash;
    if (shape->tensor_parallel == 1)
        return scores ? "(34 + 5·a·s/h)" : "34";
    if (shape->sequence_parallel)
        return scores ? "(34 + 5·a·s/h)/t" : "34/t";
    return scores ? "(10 + 24/t + 5·a·s/(h·t))" : "(10 + 24/t)";
}

/* What one token of one layer keeps, times t: equations 1, 2, 4, 5 and 6 of the paper. */
static bool token_bytes(const struct hu_activation_shape *shape, struct hu_wide *bytes)
{
    uint64_t t = shape->tensor_parallel;
    struct hu_wide scores = hu_wide_of(5);
    if (shape->recompute == HU_RECOMPUTE_FULL) {
        *bytes = hu_wide_product(shape->hidden, 2);
        return hu_wide_times(bytes, t);
    }
    uint64_t whole = shape->sequence_parallel ? 0 : 10, shared = shape->sequence_parallel ? 34 : 24;
    *bytes = hu_wide_of(whole);
    if (!hu_wide_times(bytes, t) || !hu_wide_add(bytes, hu_wide_of(shared)) ||
        !hu_wide_times(bytes, shape->hidden))
        return false;
    bool stored = shape->recompute == HU_RECOMPUTE_NONE && !shape->flash;
    return !stored || (hu_wide_times(&scores, shape->heads) &&
                       hu_wide_times(&scores, shape->sequence) && hu_wide_add(bytes, scores));
}

static bool divided(struct hu_wide value, uint64_t by, uint64_t *bytes)
{
    bool more = hu_wide_divide(&value, by) != 0;
    hu_wide_add(&value, hu_wide_of(more));
    return hu_wide_fits(value, bytes);
}

bool hu_activations(const struct hu_activation_shape *shape, uint64_t *bytes,
                    struct hu_figures *terms)
{
    struct hu_wide value, logits = hu_wide_of(4);
    uint64_t layers, output = 0;
    if (!token_bytes(shape, &value) || !hu_wide_times(&value, shape->sequence) ||
        !hu_wide_times(&value, shape->micro_batch) || !hu_wide_times(&value, shape->layers) ||
        !divided(value, shape->tensor_parallel, &layers))
        return false;
    if (shape->layers)
        hu_figure_add(
            terms, "activations of the layers", layers, HU_MODELLED,
            "L·s·b·h·%s with L = %llu, s = %llu, b = %llu, h = %llu, a = %llu, t = %llu "
            "(Korthikanti et al. 2022, a GPT block; 16-bit activations, about twice that in fp32)",
            recompute_text(shape), (unsigned long long)shape->layers,
            (unsigned long long)shape->sequence, (unsigned long long)shape->micro_batch,
            (unsigned long long)shape->hidden, (unsigned long long)shape->heads,
            (unsigned long long)shape->tensor_parallel);
    if (shape->vocabulary) {
        if (!hu_wide_times(&logits, shape->sequence) ||
            !hu_wide_times(&logits, shape->micro_batch) ||
            !hu_wide_times(&logits, shape->vocabulary) ||
            !divided(logits, shape->tensor_parallel, &output))
            return false;
        hu_figure_add(terms, "logits", output, HU_MODELLED,
                      "4·s·b·v/t with v = %llu: fp32 for the loss, often forgotten",
                      (unsigned long long)shape->vocabulary);
    }
    return !__builtin_add_overflow(layers, output, bytes);
}
