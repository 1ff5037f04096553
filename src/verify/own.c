#include "verify/own.h"
#include "array/operate.h"

/* Source, result and expectation stay in a core's first-level cache. */
enum { OWN_BLOCK = 4096, WIDE_BLOCK = 2048 };

static bool give(void *context, unsigned worker, void *dst, const void *const src[], size_t n,
                 unsigned *flags)
{
    const struct hu_own *own = context;
    const struct hu_question *q = &own->question;
    struct hu_operation_options options = hu_question_options(q);
    (void)worker;
    if (hu_is_conversion(q))
        return !hu_convert_array_with(own->kernel, q->to, dst, q->from[0], src[0], n, 0,
                                      &options.rounding, flags);
    return !hu_operate_array_with(own->kernel, q->operation, q->to, dst, q->from, src, n, 0,
                                  &options, flags);
}

struct hu_subject hu_own_subject(struct hu_own *own)
{
    const struct hu_question *q = &own->question;
    bool wide = hu_is_conversion(q) && q->from[0]->storage_bits > 32;
    return (struct hu_subject){own, give, true, wide ? WIDE_BLOCK : OWN_BLOCK, 0};
}
