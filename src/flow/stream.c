#include "pieces.h"
#include "pool.h"
#include "window.h"
#include "array/array.h"
#include "array/layout.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a tensor whose pages stay mapped until it is read once more. */
enum { STAYS = 64 * 1024 * 1024 };

/* What the threads share; the lock guards all of it. */
struct state {
    struct hu_stream *stream;
    pthread_mutex_t lock;
    pthread_cond_t scaled;    /* a tensor's greatest is known, or the run has failed */
    size_t next_tensor;       /* to be opened */
    struct open_tensor *open; /* the oldest first */
    bool failed;
    struct hu_stream_error error;
};

/* A tensor that is not complete. One with a scale over it is read for that, and then once more:
 * from memory if it has room there. */
struct open_tensor {
    struct open_tensor *next;
    size_t index;
    bool greatest_only;             /* it is read for its scale */
    uint64_t next_piece, end_piece; /* to be handed out */
    uint64_t pieces_left;           /* to be handed in */
    double greatest;
    struct hu_gathered *gathered; /* of the pieces that are handed in; NULL: none is */
    struct hu_mapped mapped;
};

/* Where a thread goes on when a mapped page cannot be read; NULL: it reads none. */
static _Thread_local sigjmp_buf *unreadable;

static void page_is_gone(int number)
{
    if (unreadable)
        siglongjmp(*unreadable, 1);
    signal(number, SIG_DFL);
    raise(number);
}

/* What a thread has of its own. */
struct worker {
    struct state *state;
    struct hu_scratch *scratch;
    unsigned char *input, *output;
    const unsigned char *codes;   /* the piece in the format that it goes to */
    struct hu_gathered *gathered; /* of `tensor`, in `pieces` pieces */
    struct hu_gathered *spare;    /* from an earlier tensor of spare_format, or NULL */
    const struct hu_format *spare_format;
    struct open_tensor *tensor;
    uint64_t pieces;
    double greatest;
    struct hu_window window;
    uint64_t begin; /* of the piece in the tensor's bytes, and how many */
    size_t bytes;
};

/* A piece of a tensor: elements for an analysis or a conversion, bytes for a copy. */
struct piece {
    struct open_tensor *tensor;
    uint64_t from, to;
};

static struct piece piece_at(const struct state *s, struct open_tensor *open, uint64_t index)
{
    struct piece p = {.tensor = open};
    hu_stream_piece(s->stream, &s->stream->tensors[open->index], index, &p.from, &p.to);
    return p;
}

static void fail_at(struct state *s, size_t tensor, bool writing, int error)
{
    pthread_mutex_lock(&s->lock);
    if (!s->failed)
        s->error = (struct hu_stream_error){tensor, writing, error};
    s->failed = true;
    pthread_cond_broadcast(&s->scaled);
    pthread_mutex_unlock(&s->lock);
}

/* What fails while the lock is held. */
static void lack_memory(struct state *s, size_t tensor)
{
    s->failed = true;
    s->error = (struct hu_stream_error){tensor, false, ENOMEM};
    pthread_cond_broadcast(&s->scaled);
}

static void report_empty(struct state *s, size_t index)
{
    struct hu_gathered *none = hu_gathered_new(&s->stream->plan, NULL);
    if (none)
        s->stream->done(s->stream->context, index, none);
    else
        lack_memory(s, index);
    hu_gathered_free(none);
}

static void open_tensor_free(struct open_tensor *open)
{
    hu_mapped_close(&open->mapped);
    free(open);
}

/* Has the pieces of OPEN handed out that are to be read: for a scale over the tensor all of them,
 * if the shard has any. False: there are none. */
static bool hand_out(const struct state *s, struct open_tensor *open, bool greatest_only)
{
    const struct hu_stream_tensor *t = &s->stream->tensors[open->index];
    bool all = !t->sharded || (greatest_only && t->first_piece < t->end_piece);
    open->greatest_only = greatest_only;
    open->next_piece = all ? 0 : t->first_piece;
    open->end_piece = all ? hu_stream_pieces(s->stream, open->index) : t->end_piece;
    open->pieces_left = open->end_piece - open->next_piece;
    return open->pieces_left;
}

static bool needs_greatest(const struct state *s, const struct hu_stream_tensor *t)
{
    return t->analysed && hu_statistics_needs_greatest(&s->stream->plan, t->data.format);
}

/* The next tensor that has pieces; those that have none are complete when they are met. */
static struct open_tensor *open_next(struct state *s)
{
    struct open_tensor **at = &s->open;
    while (*at)
        at = &(*at)->next;
    while (!s->failed && s->next_tensor < s->stream->count) {
        size_t index = s->next_tensor++;
        const struct hu_stream_tensor *t = &s->stream->tensors[index];
        struct open_tensor *open = calloc(1, sizeof *open);
        if (!open) {
            lack_memory(s, index);
            return NULL;
        }
        open->index = index;
        if (hand_out(s, open, needs_greatest(s, t))) {
            hu_mapped_open(&open->mapped, t);
            return *at = open;
        }
        free(open);
        if (!t->sharded)
            report_empty(s, index);
    }
    return NULL;
}

/* The tensor of the next piece: the oldest that has one. NULL: there is none now. */
static struct open_tensor *next_open(struct state *s)
{
    for (struct open_tensor *open = s->open; open; open = open->next)
        if (open->next_piece < open->end_piece)
            return open;
    return open_next(s);
}

/* Whether pieces will come of tensors that are read for their scales. */
static bool awaits_scales(const struct state *s)
{
    bool awaits = false;
    for (const struct open_tensor *open = s->open; open; open = open->next)
        awaits |= open->greatest_only;
    return awaits;
}

static void hand_in(struct worker *w);

/* The next piece. False: there is none, or the run has failed. Who waits for one has handed in what
 * it has. */
static bool take_piece(struct worker *w, struct piece *piece)
{
    struct state *s = w->state;
    struct open_tensor *open = NULL;
    pthread_mutex_lock(&s->lock);
    while (!s->failed && !(open = next_open(s)) && awaits_scales(s)) {
        if (!w->tensor) {
            pthread_cond_wait(&s->scaled, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        hand_in(w);
        pthread_mutex_lock(&s->lock);
    }
    if (open)
        *piece = piece_at(s, open, open->next_piece++);
    pthread_mutex_unlock(&s->lock);
    return open;
}

static void complete(struct worker *w, struct open_tensor *open)
{
    struct state *s = w->state;
    struct hu_stream_tensor *t = &s->stream->tensors[open->index];
    if (t->analysed && hu_stream_is_whole(s->stream, open->index))
        hu_gathered_finish(w->scratch, &s->stream->plan, t->data.format, open->gathered);
    pthread_mutex_lock(&s->lock);
    s->stream->done(s->stream->context, open->index, open->gathered);
    pthread_mutex_unlock(&s->lock);
}

/* Memory to gather in for a tensor: what is left of one before, if it suits. */
static struct hu_gathered *take_spare(struct worker *w, const struct hu_format *f)
{
    struct hu_gathered *spare = w->spare;
    w->spare = NULL;
    if (spare && f == w->spare_format) {
        hu_gathered_clear(spare);
        return spare;
    }
    hu_gathered_free(spare);
    return hu_gathered_new(&w->state->stream->plan, f);
}

static void keep_spare(struct worker *w, struct hu_gathered *g, const struct hu_format *f)
{
    hu_gathered_free(w->spare);
    w->spare = g;
    w->spare_format = f;
}

static const struct hu_format *analysed_format(const struct hu_stream_tensor *t)
{
    return t->analysed ? t->data.format : NULL;
}

/* Of a tensor that was read for its scale: it is known, and the tensor is read once more. */
static void scale(struct state *s, struct open_tensor *open)
{
    s->stream->tensors[open->index].data.greatest = open->greatest;
    hand_out(s, open, false);
    pthread_cond_broadcast(&s->scaled);
}

static void merge(struct worker *w, struct open_tensor *open, const struct hu_format *f)
{
    if (open->gathered) {
        hu_gathered_merge(open->gathered, w->gathered);
        keep_spare(w, w->gathered, f);
    } else {
        open->gathered = w->gathered;
    }
    w->gathered = NULL;
}

/* Hands in what the worker has of its tensor; the last one to do so completes it. */
static void hand_in(struct worker *w)
{
    struct state *s = w->state;
    struct open_tensor *open = w->tensor;
    if (!open)
        return;
    const struct hu_format *f = analysed_format(&s->stream->tensors[open->index]);
    pthread_mutex_lock(&s->lock);
    if (w->gathered)
        merge(w, open, f);
    if (w->greatest > open->greatest)
        open->greatest = w->greatest;
    open->pieces_left -= w->pieces;
    bool last = !open->pieces_left && !open->greatest_only;
    if (last) {
        struct open_tensor **at = &s->open;
        while (*at != open)
            at = &(*at)->next;
        *at = open->next;
    } else if (!open->pieces_left) {
        scale(s, open);
    }
    pthread_mutex_unlock(&s->lock);
    w->tensor = NULL;
    if (last) {
        complete(w, open);
        keep_spare(w, open->gathered, f);
        open_tensor_free(open);
    }
}

static bool start_tensor(struct worker *w, struct open_tensor *open)
{
    const struct hu_stream_tensor *t = &w->state->stream->tensors[open->index];
    w->tensor = open;
    w->pieces = 0;
    w->greatest = 0;
    if (open->greatest_only)
        return true;
    w->gathered = take_spare(w, analysed_format(t));
    if (!w->gathered)
        fail_at(w->state, open->index, false, ENOMEM);
    return w->gathered;
}

/* The bytes of elements or bytes up to INDEX: whole ones below an element that starts within one.
 */
static uint64_t bytes_before(const struct hu_format *f, uint64_t index)
{
    if (!f)
        return index;
    if (f->storage_bits < 8)
        index = index / 8 * 8;
    return index * f->storage_bits / 8;
}

/* What saturation makes of N elements that have their format already: infinities become the largest
 * finite value, and all else stays bit for bit. Packed formats have no infinities. */
static void saturate(const struct hu_format *f, unsigned char *bytes, size_t n)
{
    uint64_t infinity = hu_infinity_code(f) << f->storage_shift;
    uint64_t greatest = hu_max_finite_code(f) << f->storage_shift;
    uint64_t sign = hu_sign_mask(f) << f->storage_shift;
    size_t size = f->storage_bits / 8;
    for (size_t i = 0; i < n; i++) {
        uint64_t word = layout_word(bytes + i * size, f->storage_bits);
        if ((word & ~sign) == infinity)
            layout_set_word(bytes + i * size, f->storage_bits, greatest | (word & sign));
    }
}

/* N elements from FIRST on in the format that T goes to: in the window where they have it and stay
 * as they are, or in the worker's output. */
static const unsigned char *converted(struct worker *w, const struct hu_stream_tensor *t,
                                      uint64_t first, size_t n)
{
    const struct hu_options *options = &w->state->stream->plan.targets[0].options;
    if (t->to != t->data.format) {
        hu_convert_array_with(hu_kernel_chosen(), t->to, w->output, t->data.format, w->window.bytes,
                              n, t->data.first + first, options, NULL);
        return w->output;
    }
    if (!options->saturate || !hu_has_infinity(t->to))
        return w->window.bytes;
    memcpy(w->output, w->window.bytes, hu_array_bytes(t->to, n));
    saturate(t->to, w->output, n);
    return w->output;
}

static bool write_piece(struct worker *w, const struct piece *p, const struct hu_stream_tensor *t,
                        size_t bytes)
{
    const unsigned char *out = w->window.bytes;
    if (t->to) {
        size_t n = (size_t)(p->to - p->from);
        out = w->codes = converted(w, t, p->from, n);
        bytes = hu_array_bytes(t->to, n);
    }
    uint64_t at = t->output_offset + bytes_before(t->to ? t->to : t->data.format, p->from);
    int error = hu_write_at(t->output, out, bytes, at);
    /* The kernel could not read the mapped page: the input is at fault. */
    if (error == EFAULT && w->window.pages)
        fail_at(w->state, p->tensor->index, false,
                hu_window_trouble(t, w->begin, w->bytes, w->input));
    else if (error)
        fail_at(w->state, p->tensor->index, true, error);
    return !error;
}

static bool analyse_piece(struct worker *w, const struct piece *p, const struct hu_stream_tensor *t)
{
    if (p->tensor->greatest_only) {
        double greatest =
            hu_greatest(w->scratch, t->data.format, w->window.bytes, (size_t)(p->to - p->from));
        w->greatest = greatest > w->greatest ? greatest : w->greatest;
        return true;
    }
    bool fine = hu_analyse(w->scratch, &w->state->stream->plan, &t->data, w->gathered, p->from,
                           p->to, w->window.bytes, t->to ? w->codes : NULL);
    if (!fine)
        fail_at(w->state, p->tensor->index, false, ENOMEM);
    return fine;
}

static bool use_window(struct worker *w, const struct piece *p, const struct hu_stream_tensor *t,
                       size_t bytes)
{
    if (t->output >= 0 && !p->tensor->greatest_only && !write_piece(w, p, t, bytes))
        return false;
    if (t->analysed && !analyse_piece(w, p, t))
        return false;
    if (w->state->stream->progress)
        w->state->stream->progress(bytes);
    return true;
}

static __attribute__((noinline)) bool read_piece(struct worker *w, const struct piece *p)
{
    const struct hu_stream_tensor *t = &w->state->stream->tensors[p->tensor->index];
    const struct hu_format *f = t->data.format;
    uint64_t end = f ? hu_array_bytes(f, (size_t)p->to) : p->to;
    w->begin = bytes_before(f, p->from);
    w->bytes = (size_t)(end - w->begin);
    int why =
        hu_window_open(&w->window, &p->tensor->mapped, t, w->begin, w->bytes, w->input, w->output);
    w->window.stays = p->tensor->greatest_only && w->begin < STAYS;
    if (why)
        fail_at(w->state, p->tensor->index, false, why < 0 ? 0 : why);
    return !why && use_window(w, p, t, w->bytes);
}

static bool do_piece(struct worker *w, const struct piece *p)
{
    sigjmp_buf gone;
    if (sigsetjmp(gone, 1)) {
        unreadable = NULL;
        fail_at(w->state, p->tensor->index, false,
                hu_window_trouble(&w->state->stream->tensors[p->tensor->index], w->begin, w->bytes,
                                  w->input));
        hu_window_close(&w->window);
        return false;
    }
    unreadable = &gone;
    bool fine = read_piece(w, p);
    unreadable = NULL;
    hu_window_close(&w->window);
    return fine;
}

static void work(struct worker *w)
{
    struct piece p;
    bool going = true;
    while (going && take_piece(w, &p)) {
        if (w->tensor != p.tensor) {
            hand_in(w);
            going = start_tensor(w, p.tensor);
        }
        going = going && do_piece(w, &p);
        w->pieces++;
    }
    if (going)
        hand_in(w);
    hu_gathered_free(w->gathered);
    hu_gathered_free(w->spare);
}

static bool prepare(struct worker *w, struct state *s, size_t room)
{
    w->state = s;
    w->scratch = hu_scratch_new();
    w->input = room ? aligned_alloc(64, room) : NULL;
    w->output = room ? aligned_alloc(64, room) : NULL;
    return w->scratch && w->input && w->output;
}

static void release(struct worker *w)
{
    hu_scratch_free(w->scratch);
    free(w->input);
    free(w->output);
}

static void run_worker(void *context, size_t task, unsigned worker)
{
    struct worker *workers = context;
    (void)worker;
    work(&workers[task]);
}

/* As many tasks as there may be threads, each of which goes on until no piece is left. */
static void run_workers(struct state *s, struct worker *workers, unsigned n)
{
    hu_pool_run(n, n, run_worker, workers);
    while (s->open) {
        struct open_tensor *open = s->open;
        s->open = open->next;
        hu_gathered_free(open->gathered);
        open_tensor_free(open);
    }
}

static bool run(struct hu_stream *stream, struct hu_stream_error *error)
{
    struct state s = {.stream = stream};
    unsigned n = stream->threads ? stream->threads : hu_pool_processors();
    n = n > HU_THREADS_MAX ? HU_THREADS_MAX : n;
    struct worker workers[HU_THREADS_MAX] = {{0}};
    bool ready = true;
    size_t room = hu_stream_room(stream);
    for (unsigned i = 0; i < n; i++)
        ready &= prepare(&workers[i], &s, room);
    if (!ready) {
        s.failed = true;
        s.error = (struct hu_stream_error){.error = ENOMEM};
    } else {
        pthread_mutex_init(&s.lock, NULL);
        pthread_cond_init(&s.scaled, NULL);
        run_workers(&s, workers, n);
        pthread_cond_destroy(&s.scaled);
        pthread_mutex_destroy(&s.lock);
    }
    for (unsigned i = 0; i < n; i++)
        release(&workers[i]);
    *error = s.error;
    return !s.failed;
}

bool hu_stream_run(struct hu_stream *stream, struct hu_stream_error *error)
{
    struct sigaction action = {.sa_handler = page_is_gone}, old;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &old);
    bool fine = run(stream, error);
    sigaction(SIGBUS, &old, NULL);
    return fine;
}
