/* Which kernel converts, and hu_convert_array. */
#include "array/environment.h"
#include "array/kernel.h"
#include "array/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* From the plainest to the best. */
static const struct hu_kernel *const all[] = {
    &hu_kernel_scalar,
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    &hu_kernel_portable,
#endif
#if defined(__x86_64__)
    &hu_kernel_avx2,     &hu_kernel_avx512, &hu_kernel_avx512vbmi, &hu_kernel_avx512bf16,
#elif defined(HU_HAVE_NEON)
    &hu_kernel_neon,
#endif
};

enum { KERNELS = sizeof all / sizeof *all };

static struct {
    const struct hu_kernel *runnable[KERNELS];
    size_t count;
    const struct hu_kernel *chosen;
} here;

static pthread_once_t here_once = PTHREAD_ONCE_INIT;

static const struct hu_kernel *find_here(const char *name)
{
    for (size_t i = 0; name && i < here.count; i++)
        if (!strcmp(here.runnable[i]->name, name))
            return here.runnable[i];
    return NULL;
}

static void look_around(void)
{
    for (size_t i = 0; i < KERNELS; i++)
        if (all[i]->runs())
            here.runnable[here.count++] = all[i];
    here.chosen = find_here(getenv("HALFULP_KERNEL"));
    if (!here.chosen)
        here.chosen = here.runnable[here.count - 1];
}

size_t hu_kernel_count(void)
{
    pthread_once(&here_once, look_around);
    return here.count;
}

const struct hu_kernel *hu_kernel_at(size_t index)
{
    return index < hu_kernel_count() ? here.runnable[index] : NULL;
}

const struct hu_kernel *hu_kernel_find(const char *name)
{
    pthread_once(&here_once, look_around);
    return find_here(name);
}

const char *hu_kernel_name(const struct hu_kernel *kernel)
{
    return kernel->name;
}

const struct hu_kernel *hu_kernel_chosen(void)
{
    pthread_once(&here_once, look_around);
    return here.chosen;
}

static const struct hu_options no_options;

bool hu_kernel_has(const struct hu_kernel *kernel, const struct hu_format *to,
                   const struct hu_format *from, const struct hu_options *options, bool flags)
{
    struct conversion c = {to, from, options ? *options : no_options, flags, false};
    return kernel->find(&c) != NULL;
}

/* The kernel, or else the next plainer one that has code of its own for this. */
static const struct hu_kernel *find_able(const struct hu_kernel *kernel, const struct conversion *c)
{
    size_t i = 0;
    while (here.runnable[i] != kernel)
        i++;
    while (!here.runnable[i]->find(c))
        i--;
    return here.runnable[i];
}

static bool is_direction(enum hu_direction direction)
{
    return direction >= HU_TIES_TO_EVEN && direction <= HU_STOCHASTIC;
}

static unsigned run_piece(const struct hu_kernel *kernel, const struct conversion *c, void *dst,
                          const void *src, size_t n, uint64_t first)
{
    row_function *row = kernel->find(c);
    if (hu_stream_pays(c, dst, src, n))
        return hu_stream_row(row, kernel->streams && kernel->streams(c), c, dst, src, n, first);
    return row(c, dst, src, n, first);
}

static bool starts_a_byte(const struct conversion *c, uint64_t index)
{
    return index * c->to->storage_bits % 8 == 0 && index * c->from->storage_bits % 8 == 0;
}

/* In pieces that share the random keys of their upper index halves. */
static unsigned run(const struct hu_kernel *kernel, const struct conversion *c, void *dst,
                    const void *src, size_t n, uint64_t first)
{
    uint64_t left = (UINT64_C(1) << 32) - (uint32_t)first;
    if (c->options.direction != HU_STOCHASTIC || n <= left)
        return run_piece(kernel, c, dst, src, n, first);
    if (!starts_a_byte(c, left))
        return hu_kernel_scalar.find(c)(c, dst, src, n, first);
    unsigned flags = run_piece(kernel, c, dst, src, (size_t)left, first);
    void *dst_rest = (char *)dst + hu_array_bytes(c->to, (size_t)left);
    const void *src_rest = (const char *)src + hu_array_bytes(c->from, (size_t)left);
    return flags | run(kernel, c, dst_rest, src_rest, n - (size_t)left, first + left);
}

int hu_convert_array_with(const struct hu_kernel *kernel, const struct hu_format *to, void *dst,
                          const struct hu_format *from, const void *src, size_t n, uint64_t first,
                          const struct hu_options *options, unsigned *flags)
{
    if (!kernel || !to || !from || (n && (!dst || !src)))
        return EINVAL;
    struct conversion c = {to, from, options ? *options : no_options, flags != NULL, false};
    if (!is_direction(c.options.direction))
        return EINVAL;
    if (!n)
        return 0;
    environment saved = environment_enter(c.options.direction);
    unsigned raised = run(find_able(kernel, &c), &c, dst, src, n, first);
    environment_leave(saved);
    if (flags)
        *flags |= raised;
    return 0;
}

int hu_convert_array(const struct hu_format *to, void *dst, const struct hu_format *from,
                     const void *src, size_t n, const struct hu_options *options, unsigned *flags)
{
    return hu_convert_array_with(hu_kernel_chosen(), to, dst, from, src, n, 0, options, flags);
}
