#include "verify/own.h"

/* Source, result and expectation stay in a core's first-level cache. */
enum { OWN_BLOCK = 4096, WIDE_BLOCK = 2048 };

static bool give(void *context, unsigned worker, void *dst, const void *const src[], size_t n,
                 unsigned *flags)
{
    const struct hu_own *own = context;
    (void)worker;
    return !hu_convert_array_with(own->kernel, own->to, dst, own->from, src[0], n, 0, &own->options,
                                  flags);
}

struct hu_subject hu_own_subject(struct hu_own *own)
{
    return (struct hu_subject){own, give, true,
                               own->from->storage_bits > 32 ? WIDE_BLOCK : OWN_BLOCK};
}
