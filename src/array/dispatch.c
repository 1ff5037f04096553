/* Which kernel converts, and hu_convert_array. */
#include "array/environment.h"
#include "array/plan.h"
#include "array/stream.h"
#include "array/table.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
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

static void start_plan(struct plan *p, const struct hu_format *to, const struct hu_format *from,
                       const struct hu_options *options, bool flags)
{
    memset(p, 0, offsetof(struct plan, table));
    p->table.to = NULL;
    p->table.full = p->table.draws = p->table.direct = false;
    p->table.last = LAST_NONE;
    p->to = to;
    p->from = from;
    p->options = *options;
    p->wanted = options->direction;
    p->flags = flags;
    if (p->wanted != HU_TIES_TO_EVEN &&
        (hu_plan_is_exact(p) || (p->wanted == HU_STOCHASTIC && hu_table_draws_nothing(p))))
        p->options.direction = HU_TIES_TO_EVEN;
}

bool hu_kernel_has(const struct hu_kernel *kernel, const struct hu_format *to,
                   const struct hu_format *from, const struct hu_options *options, bool flags)
{
    struct plan p;
    start_plan(&p, to, from, options ? options : &no_options, flags);
    return kernel->can(&p);
}

static bool same_options(const struct plan *p, const struct hu_options *options)
{
    return p->wanted == options->direction && p->options.saturate == options->saturate &&
           p->options.tininess_before == options->tininess_before;
}

/* What is worth a look at where it lies is larger, and at random it may be several pieces. */
static void set_quick(struct plan *p)
{
    enum { SMALL = 4096 };
    bool ready = !p->table.to || p->table.full;
    p->quick = ready && p->options.direction != HU_STOCHASTIC ? SMALL : 0;
    p->few_most = p->quick && p->few && !p->flags ? FEW : 0;
}

/* A thread's last plans: arrays come in pieces, and small ones in numbers. */
enum { PLANS = 8 };

static bool is_plan(const struct plan *p, const struct hu_kernel *kernel,
                    const struct hu_format *to, const struct hu_format *from,
                    const struct hu_options *options, bool flags)
{
    return p->to == to && p->from == from && p->kernel == kernel && p->flags == flags &&
           same_options(p, options);
}

static void make_plan(struct plan *p, const struct hu_kernel *kernel, const struct hu_format *to,
                      const struct hu_format *from, const struct hu_options *options, bool flags)
{
    size_t i = 0;
    while (here.runnable[i] != kernel)
        i++;
    do
        start_plan(p, to, from, options, flags);
    while (!here.runnable[i--]->can(p));
    p->kernel = kernel;
    set_quick(p);
}

/* Plans of all threads, as many as SHARED: never changed once they are here, so that who takes
 * turns among more than a thread keeps gets a copy and makes no table again. */
enum { SHARED = 512, LISTS = 256 };

struct shared_plan {
    const struct shared_plan *next;
    struct hu_format to, from; /* others may lie where they did */
    struct plan plan;
};

static struct {
    _Atomic(const struct shared_plan *) lists[LISTS];
    atomic_size_t asked[LISTS]; /* elements, of plans without a table */
    atomic_size_t count;
} shared;

static size_t list_of(const struct hu_format *to, const struct hu_format *from,
                      enum hu_direction direction, bool flags)
{
    return ((uintptr_t)to * 31 + (uintptr_t)from) / sizeof *to * 5 % LISTS ^ (size_t)direction * 2 ^
           flags;
}

static bool same_format(const struct hu_format *a, const struct hu_format *b)
{
    return !memcmp(a, b, sizeof *a);
}

/* Without a table's rest where there is none. */
static void copy_plan(struct plan *p, const struct plan *from)
{
    memcpy(p, from, from->table.to ? sizeof *p : offsetof(struct plan, table.words));
}

static void share_plan(const struct plan *p)
{
    if (atomic_fetch_add(&shared.count, 1) >= SHARED)
        return;
    struct shared_plan *s = calloc(1, sizeof *s);
    if (!s)
        return;
    s->to = *p->to;
    s->from = *p->from;
    copy_plan(&s->plan, p);
    _Atomic(const struct shared_plan *) *list =
        &shared.lists[list_of(p->to, p->from, p->wanted, p->flags)];
    s->next = atomic_load(list);
    while (!atomic_compare_exchange_weak(list, &s->next, s))
        ;
}

static bool borrow_plan(struct plan *p, const struct hu_kernel *kernel, const struct hu_format *to,
                        const struct hu_format *from, const struct hu_options *options, bool flags)
{
    const struct shared_plan *s =
        atomic_load(&shared.lists[list_of(to, from, options->direction, flags)]);
    while (s && !(is_plan(&s->plan, kernel, to, from, options, flags) && same_format(&s->to, to) &&
                  same_format(&s->from, from)))
        s = s->next;
    if (s)
        copy_plan(p, &s->plan);
    return s;
}

/* Plans with a table are shared once that is full. */
static void get_plan(struct plan *p, const struct hu_kernel *kernel, const struct hu_format *to,
                     const struct hu_format *from, const struct hu_options *options, bool flags)
{
    if (borrow_plan(p, kernel, to, from, options, flags))
        return;
    make_plan(p, kernel, to, from, options, flags);
    if (!p->table.to)
        share_plan(p);
}

static _Thread_local struct {
    struct plan *last;
    unsigned oldest;
    struct plan plans[PLANS];
} kept;

/* Out of line, for the last plan will do for most calls. */
static __attribute__((noinline)) struct plan *
another_plan(const struct hu_kernel *kernel, const struct hu_format *to,
             const struct hu_format *from, const struct hu_options *options, bool flags)
{
    unsigned i = 0;
    while (i < PLANS && !is_plan(&kept.plans[i], kernel, to, from, options, flags))
        i++;
    if (i == PLANS) {
        i = kept.oldest++ % PLANS;
        get_plan(&kept.plans[i], kernel, to, from, options, flags);
    }
    return kept.last = &kept.plans[i];
}

/* The plan of a call; KERNEL, or else the next plainer one that has code of its own for this, runs
 * it. */
static inline struct plan *plan_for(const struct hu_kernel *kernel, const struct hu_format *to,
                                    const struct hu_format *from, const struct hu_options *options,
                                    bool flags)
{
    struct plan *p = kept.last;
    if (__builtin_expect(!p || !is_plan(p, kernel, to, from, options, flags), 0))
        p = another_plan(kernel, to, from, options, flags);
    p->options.seed = options->seed;
    return p;
}

static bool is_direction(enum hu_direction direction)
{
    return direction >= HU_TIES_TO_EVEN && direction <= HU_STOCHASTIC;
}

/* A table is worth its making once as many elements were asked for as it has codes. */
static unsigned run_piece(struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    if (p->table.to && !p->table.full) {
        const size_t list = list_of(p->to, p->from, p->wanted, p->flags);
        if (atomic_fetch_add(&shared.asked[list], n) + n < TABLE_CODES)
            return hu_scalar_row(p, dst, src, n, first);
        hu_table_fill(p);
        set_quick(p);
        share_plan(p);
    }
    if (hu_stream_pays(p, dst, src, n))
        return hu_stream_row(p, dst, src, n, first);
    return p->row(p, dst, src, n, first);
}

static bool starts_a_byte(const struct plan *p, uint64_t index)
{
    return index * p->to->storage_bits % 8 == 0 && index * p->from->storage_bits % 8 == 0;
}

/* In pieces that share random keys: see hu_random_keys. */
static unsigned run(struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    const uint64_t alike = UINT64_C(1) << 34;
    uint64_t left = alike - first % alike;
    if (p->options.direction != HU_STOCHASTIC || n <= left)
        return run_piece(p, dst, src, n, first);
    if (!starts_a_byte(p, left))
        return hu_scalar_row(p, dst, src, n, first);
    unsigned flags = run_piece(p, dst, src, (size_t)left, first);
    void *dst_rest = (char *)dst + hu_array_bytes(p->to, (size_t)left);
    const void *src_rest = (const char *)src + hu_array_bytes(p->from, (size_t)left);
    return flags | run(p, dst_rest, src_rest, n - (size_t)left, first + left);
}

static bool is_wrong(const struct hu_format *to, const void *dst, const struct hu_format *from,
                     const void *src, size_t n, const struct hu_options *options)
{
    return !to || !from || (n && (!dst || !src)) || !is_direction(options->direction);
}

static inline unsigned run_inside(struct plan *p, void *dst, const void *src, size_t n,
                                  uint64_t first)
{
    if (n <= p->few_most)
        return p->few(p, dst, src, n, first);
    return n < p->quick ? p->row(p, dst, src, n, first) : run(p, dst, src, n, first);
}

/* Returns what was raised. */
static inline unsigned run_plan(struct plan *p, void *dst, const void *src, size_t n,
                                uint64_t first)
{
    if (!p->environment)
        return run_inside(p, dst, src, n, first);
    environment saved = environment_enter(p->load_in);
    unsigned raised = run_inside(p, dst, src, n, first);
    environment_leave(saved);
    return raised;
}

int hu_convert_array_with(const struct hu_kernel *kernel, const struct hu_format *to, void *dst,
                          const struct hu_format *from, const void *src, size_t n, uint64_t first,
                          const struct hu_options *options, unsigned *flags)
{
    if (!options)
        options = &no_options;
    if (!kernel || is_wrong(to, dst, from, src, n, options))
        return EINVAL;
    if (!n)
        return 0;
    struct plan *p = plan_for(kernel, to, from, options, flags != NULL);
    unsigned raised = run_plan(p, dst, src, n, first);
    if (flags)
        *flags |= raised;
    return 0;
}

int hu_convert_array_kept(struct plan **plan, const struct hu_format *to, void *dst,
                          const struct hu_format *from, const void *src, size_t n, uint64_t first,
                          const struct hu_options *options)
{
    const struct hu_kernel *kernel = hu_kernel_chosen();
    if (!options)
        options = &no_options;
    if (is_wrong(to, dst, from, src, n, options))
        return EINVAL;
    if (!*plan && !(*plan = calloc(1, sizeof **plan)))
        return hu_convert_array_with(kernel, to, dst, from, src, n, first, options, NULL);
    struct plan *p = *plan;
    if (!is_plan(p, kernel, to, from, options, false))
        get_plan(p, kernel, to, from, options, false);
    p->options.seed = options->seed;
    if (n)
        run_plan(p, dst, src, n, first);
    return 0;
}

void hu_plan_free(struct plan *plan)
{
    free(plan);
}

int hu_convert_array(const struct hu_format *to, void *dst, const struct hu_format *from,
                     const void *src, size_t n, const struct hu_options *options, unsigned *flags)
{
    return hu_convert_array_with(hu_kernel_chosen(), to, dst, from, src, n, 0, options, flags);
}
