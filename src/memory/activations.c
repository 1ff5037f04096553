#include "activations.h"

typedef unsigned __int128 wide;

/* *VALUE × FACTOR; false: over 64 bits by far, or 128. */
static bool times(wide *value, uint64_t factor)
{
    return !__builtin_mul_overflow(*value, (wide)factor, value);
}

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
static bool token_bytes(const struct hu_activation_shape *shape, wide *bytes)
{
    uint64_t t = shape->tensor_parallel;
    wide h = shape->hidden, scores = 5;
    if (shape->recompute == HU_RECOMPUTE_FULL) {
        *bytes = 2 * h;
        return times(bytes, t);
    }
    wide whole = shape->sequence_parallel ? 0 : 10, shared = shape->sequence_parallel ? 34 : 24;
    *bytes = whole;
    if (!times(bytes, t) || __builtin_add_overflow(*bytes, shared, bytes) ||
        !times(bytes, shape->hidden))
        return false;
    bool stored = shape->recompute == HU_RECOMPUTE_NONE && !shape->flash;
    return !stored || (times(&scores, shape->heads) && times(&scores, shape->sequence) &&
                       !__builtin_add_overflow(*bytes, scores, bytes));
}

static bool divided(wide value, uint64_t by, uint64_t *bytes)
{
    value = value / by + (value % by != 0);
    *bytes = (uint64_t)value;
    return value <= UINT64_MAX;
}

bool hu_activations(const struct hu_activation_shape *shape, uint64_t *bytes,
                    struct hu_terms *terms)
{
    wide value, logits = 4;
    uint64_t layers, output = 0;
    if (!token_bytes(shape, &value) || !times(&value, shape->sequence) ||
        !times(&value, shape->micro_batch) || !times(&value, shape->layers) ||
        !divided(value, shape->tensor_parallel, &layers))
        return false;
    if (shape->layers)
        hu_term_add(
            terms, "activations of the layers", layers, HU_MODELLED,
            "L·s·b·h·%s with L = %llu, s = %llu, b = %llu, h = %llu, a = %llu, t = %llu "
            "(Korthikanti et al. 2022, a GPT block; 16-bit activations, about twice that in fp32)",
            recompute_text(shape), (unsigned long long)shape->layers,
            (unsigned long long)shape->sequence, (unsigned long long)shape->micro_batch,
            (unsigned long long)shape->hidden, (unsigned long long)shape->heads,
            (unsigned long long)shape->tensor_parallel);
    if (shape->vocabulary) {
        if (!times(&logits, shape->sequence) || !times(&logits, shape->micro_batch) ||
            !times(&logits, shape->vocabulary) || !divided(logits, shape->tensor_parallel, &output))
            return false;
        hu_term_add(terms, "logits", output, HU_MODELLED,
                    "4·s·b·v/t with v = %llu: fp32 for the loss, often forgotten",
                    (unsigned long long)shape->vocabulary);
    }
    return !__builtin_add_overflow(layers, output, bytes);
}
