#include "compare.h"
#include "array/array.h"
#include "array/layout.h"
#include "pool.h"
#include "window.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Elements of a piece, a multiple of what is added at once; of bytes as many. */
enum { PIECE = 16 * HU_DIFFERENCE_CHUNK };

/* What the threads share; the lock guards all of it. */
struct run {
    struct hu_pair *pairs;
    size_t count, next;
    uint64_t next_piece;
    pthread_mutex_t lock;
    void (*progress)(uint64_t bytes);
    bool failed, of_second;
    struct hu_stream_error error;
};

struct room {
    _Alignas(64) unsigned char bytes[2][PIECE * 8], spare[HU_PIECE];
    _Alignas(64) double first[HU_DIFFERENCE_CHUNK], second[HU_DIFFERENCE_CHUNK];
};

static uint64_t length_of(const struct hu_pair *p)
{
    return p->first.data.format ? p->first.data.elements : p->first.bytes;
}

static bool take(struct run *run, size_t *pair, uint64_t *piece)
{
    pthread_mutex_lock(&run->lock);
    while (run->next < run->count && run->next_piece * PIECE >= length_of(&run->pairs[run->next])) {
        run->next++;
        run->next_piece = 0;
    }
    bool there = !run->failed && run->next < run->count;
    *pair = run->next;
    *piece = run->next_piece;
    run->next_piece += there;
    pthread_mutex_unlock(&run->lock);
    return there;
}

static void fail(struct run *run, size_t pair, bool second, int error)
{
    pthread_mutex_lock(&run->lock);
    if (!run->failed) {
        run->error = (struct hu_stream_error){.tensor = pair, .error = error < 0 ? 0 : error};
        run->of_second = second;
    }
    run->failed = true;
    pthread_mutex_unlock(&run->lock);
}

static size_t bytes_of(const struct hu_stream_tensor *t, size_t n)
{
    return t->data.format ? hu_array_bytes(t->data.format, n) : n;
}

/* Elements FROM to FROM + N of T. */
static int look(const struct hu_stream_tensor *t, uint64_t from, size_t n, unsigned char *bytes,
                unsigned char *spare)
{
    struct hu_window w;
    struct hu_mapped none = {0};
    uint64_t begin = t->data.format ? from / 8 * t->data.format->storage_bits : from;
    struct hu_mapped all = {0};
    if (t->strides)
        hu_mapped_open(&all, t);
    int why = hu_window_open(&w, t->strides ? &all : &none, t, begin, bytes_of(t, n), bytes, spare);
    hu_window_close(&w);
    hu_mapped_close(&all);
    return why;
}

/* Part AT of the piece in fp64. */
static void numbers(const struct hu_stream_tensor *t, const unsigned char *bytes, size_t at,
                    size_t n, double *out)
{
    const struct hu_format *f = t->data.format;
    hu_convert_array(hu_format_find("fp64"), out, f, bytes + hu_array_bytes(f, at), n, NULL, NULL);
    layout_turn(out, n, sizeof *out);
}

static void compare_numbers(const struct hu_pair *p, struct room *r, size_t n,
                            struct hu_difference *d)
{
    struct hu_difference_ulp ulp = {.of_first = p->ulp_of_first};
    if (p->ulp)
        ulp.target = hu_loss_target_of(p->ulp);
    for (size_t at = 0, some; at < n; at += some) {
        some = n - at < HU_DIFFERENCE_CHUNK ? n - at : HU_DIFFERENCE_CHUNK;
        numbers(&p->first, r->bytes[0], at, some, r->first);
        numbers(&p->second, r->bytes[1], at, some, r->second);
        hu_difference_add(d, r->first, r->second, some, p->ulp ? &ulp : NULL);
    }
}

static void compare_piece(const struct hu_pair *p, struct room *r, size_t n,
                          struct hu_difference *d, bool *differ)
{
    *differ = p->first.data.format == p->second.data.format &&
              memcmp(r->bytes[0], r->bytes[1], bytes_of(&p->first, n));
    if (p->first.data.format) {
        compare_numbers(p, r, n, d);
        return;
    }
    uint64_t equal = 0;
    for (size_t i = 0; i < n; i++)
        equal += r->bytes[0][i] == r->bytes[1][i];
    d->equal += equal;
    d->unlike += n - equal;
}

static void work(void *context, size_t task, unsigned worker)
{
    struct run *run = context;
    struct room *r = aligned_alloc(64, sizeof *r);
    size_t pair;
    uint64_t piece;
    (void)task, (void)worker;
    if (!r)
        fail(run, 0, false, ENOMEM);
    while (r && take(run, &pair, &piece)) {
        struct hu_pair *p = &run->pairs[pair];
        struct hu_difference d = {0};
        bool differ;
        uint64_t from = piece * PIECE, left = length_of(p) - from;
        size_t n = (size_t)(left < PIECE ? left : PIECE);
        int why = look(&p->first, from, n, r->bytes[0], r->spare);
        bool second = !why;
        if (!why)
            why = look(&p->second, from, n, r->bytes[1], r->spare);
        if (why) {
            fail(run, pair, second, why);
            continue;
        }
        compare_piece(p, r, n, &d, &differ);
        pthread_mutex_lock(&run->lock);
        hu_difference_merge(&p->difference, &d);
        p->bits_differ |= differ;
        pthread_mutex_unlock(&run->lock);
        if (run->progress)
            run->progress(bytes_of(&p->first, n) + bytes_of(&p->second, n));
    }
    free(r);
}

uint64_t hu_compare_bytes(const struct hu_pair *pairs, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += pairs[i].first.bytes + pairs[i].second.bytes;
    return bytes;
}

bool hu_compare_run(struct hu_pair *pairs, size_t count, unsigned threads,
                    void (*progress)(uint64_t bytes), struct hu_stream_error *error,
                    bool *of_second)
{
    struct run run = {.pairs = pairs, .count = count, .progress = progress};
    unsigned n = threads ? threads : hu_pool_processors();
    n = n > HU_THREADS_MAX ? HU_THREADS_MAX : n;
    pthread_mutex_init(&run.lock, NULL);
    hu_pool_run(n, n, work, &run);
    pthread_mutex_destroy(&run.lock);
    *error = run.error;
    *of_second = run.of_second;
    return !run.failed;
}
