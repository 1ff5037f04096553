/* Operations on whole arrays. */
#include "array/operate.h"
#include "arithmetic.h"
#include "array/codes.h"

#include <errno.h>

static const struct hu_operation_options no_options;

static bool is_known(enum hu_operation operation, const struct hu_operation_options *o)
{
    return operation >= 0 && operation < HU_OPERATIONS && o->rounding.direction >= 0 &&
           o->rounding.direction <= HU_STOCHASTIC && o->nan >= 0 && o->nan < HU_NAN_RULES;
}

static bool has_sources(const void *const src[], int operands)
{
    for (int i = 0; i < operands; i++)
        if (!src || !src[i])
            return false;
    return true;
}

/* The layout of truths: a byte each. */
static const struct hu_format truths = {.name = "truth", .width = 8, .storage_bits = 8};

unsigned hu_operate_plainly(const struct hu_array_operation *a, void *dst, const void *const src[],
                            size_t n, uint64_t first)
{
    uint64_t codes[HU_OPERANDS][GROUP], result[GROUP];
    int operands = hu_operation_row(a->operation)->operands;
    const struct hu_format *to = hu_is_comparison(a->operation) ? &truths : a->to;
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += GROUP) {
        size_t count = n - done < GROUP ? n - done : GROUP;
        for (int k = 0; k < operands; k++)
            load_codes(codes[k], a->from[k],
                       (const char *)src[k] + hu_array_bytes(a->from[k], done), count);
        for (size_t i = 0; i < count; i++) {
            const uint64_t x[HU_OPERANDS] = {codes[0][i], codes[1][i], codes[2][i]};
            result[i] = hu_operate_at(a->operation, a->to, a->from, x, first + done + i,
                                      &a->options, &flags);
        }
        store_codes(to, (char *)dst + hu_array_bytes(to, done), result, count);
    }
    return flags;
}

int hu_operate_array(enum hu_operation operation, const struct hu_format *to, void *dst,
                     const struct hu_format *const from[], const void *const src[], size_t n,
                     const struct hu_operation_options *options, unsigned *flags)
{
    struct hu_array_operation a = {.operation = operation,
                                   .to = to,
                                   .options = options ? *options : no_options,
                                   .flags = flags != NULL};
    if (!to || !is_known(operation, &a.options))
        return EINVAL;
    if (n && (!dst || !has_sources(src, hu_operation_row(operation)->operands)))
        return EINVAL;
    hu_operation_formats(to, from, a.from);
    unsigned raised = hu_operate_plainly(&a, dst, src, n, 0);
    if (flags)
        *flags |= raised;
    return 0;
}
