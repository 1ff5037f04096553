#include "recode.h"
#include "array/array.h"
#include "file/input.h"
#include "pool.h"
#include "recode_piece.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Elements of a piece, if a block or a row of tiles has no more; and what a row of tiles may have.
 */
enum { PIECE = 256 * 1024, PIECE_MOST = 64 * 1024 * 1024, WORKERS_MAX = 64 };

/* What the threads share; the lock guards what changes. */
struct run {
    struct hu_recode *job;
    struct hu_recode_plan plan;
    pthread_mutex_t lock;
    bool looks; /* for the greatest magnitude, and nothing is written */
    float amax, tensor_scale;
    void (*progress)(uint64_t bytes);
    bool failed;
    struct hu_recode_error error;
    struct hu_recode_piece *pieces; /* of each worker */
};

/* Whether elements of B lie in a row of blocks, whatever the rows of the tensor are. */
static bool is_linear(const struct hu_block *b, uint64_t columns)
{
    if (!b || b->layout == HU_BLOCK_FLAT)
        return true;
    if (b->layout == HU_BLOCK_WHOLE)
        return columns % b->elements == 0 && b->over == HU_OVER_NONE;
    if (b->layout != HU_BLOCK_PARTS || (b->apart && b->apart->codes))
        return false;
    if (!b->tile_rows && !b->tile_columns)
        return columns * b->code_bits % 8 == 0;
    return b->tile_rows == 1 && b->tile_columns && columns % b->tile_columns == 0;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Rows with which a piece begins are multiples of this. */
static uint64_t row_step(const struct hu_block *b)
{
    if (!b)
        return 1;
    if (b->layout == HU_BLOCK_PACKED)
        return 32 % (32 / b->code_bits) ? 32u / b->code_bits : 32;
    if (b->apart && b->apart->codes)
        return 128;
    return b->codes == HU_CODES_INTEGER ? 32 : b->tile_rows ? b->tile_rows : 1;
}

static uint64_t block_step(const struct hu_block *b)
{
    return b ? greater(b->elements, b->tile_columns) : 1;
}

static bool plan_lines(struct hu_recode_plan *p, const struct hu_recode *r)
{
    uint64_t step = greater(greater(block_step(r->from), block_step(r->block)), 8);
    if (step & (step - 1)) {
        uint64_t a = block_step(r->from), b = block_step(r->block);
        step = a % b && b % a ? a * b * 8 : greater(a, b) * 8;
    }
    p->linear = true;
    p->step = step;
    p->each = (PIECE + step - 1) / step * step;
    p->total = r->batch * r->rows * r->columns;
    p->pieces = p->total / p->each + (p->total % p->each != 0);
    return p->each <= PIECE_MOST;
}

static bool plan_rows(struct hu_recode_plan *p, const struct hu_recode *r)
{
    uint64_t a = row_step(r->from), b = row_step(r->block);
    uint64_t step = a % b && b % a ? a * b : greater(a, b);
    uint64_t columns = greater(r->columns, 1);
    if (columns > PIECE_MOST / step)
        return false;
    p->step = step;
    p->each = greater(PIECE / columns / step, 1) * step;
    p->pieces_of_matrix = r->rows / p->each + (r->rows % p->each != 0);
    p->total = r->batch * r->rows * r->columns;
    p->pieces = p->total ? r->batch * p->pieces_of_matrix : 0;
    return true;
}

static bool rows_fit(const struct hu_block *b, uint64_t columns)
{
    return !b || b->layout != HU_BLOCK_FLAT || columns % block_step(b) == 0;
}

static bool make_plan(struct hu_recode_plan *p, const struct hu_recode *r)
{
    *p = (struct hu_recode_plan){0};
    if (is_linear(r->from, r->columns) && is_linear(r->block, r->columns))
        return plan_lines(p, r);
    return rows_fit(r->from, r->columns) && rows_fit(r->block, r->columns) && plan_rows(p, r);
}

static size_t lesser(uint64_t a, uint64_t b)
{
    return (size_t)(a < b ? a : b);
}

static void take_piece(struct hu_recode_piece *piece, const struct hu_recode_plan *p,
                       uint64_t index)
{
    const struct hu_recode *r = piece->job;
    piece->linear = p->linear;
    piece->matrix = 0;
    if (p->linear) {
        piece->first = piece->number = index * p->each;
        piece->rows = 1;
        piece->columns = lesser(p->total - piece->first, p->each);
        return;
    }
    piece->matrix = index / p->pieces_of_matrix;
    piece->first = index % p->pieces_of_matrix * p->each;
    piece->rows = lesser(r->rows - piece->first, p->each);
    piece->columns = (size_t)r->columns;
    piece->number = (piece->matrix * r->rows + piece->first) * r->columns;
}

/* The least piece that has element FIRST, and as many of the N from there on as it may. */
static void take_piece_about(struct hu_recode_piece *piece, const struct hu_recode_plan *p,
                             uint64_t first, uint64_t n)
{
    const struct hu_recode *r = piece->job;
    uint64_t last = first + n - 1, matrix = p->linear ? p->total : r->rows * r->columns;
    uint64_t unit = p->linear ? 1 : r->columns, all = p->linear ? p->total : r->rows;
    piece->linear = p->linear;
    piece->matrix = p->linear ? 0 : first / matrix;
    uint64_t begin = piece->matrix * matrix;
    last = last < begin + matrix ? last : begin + matrix - 1;
    piece->first = (first - begin) / unit / p->step * p->step;
    size_t some = lesser(((last - begin) / unit / p->step + 1) * p->step, all);
    some -= (size_t)piece->first;
    piece->rows = p->linear ? 1 : some;
    piece->columns = p->linear ? some : (size_t)r->columns;
    piece->number = begin + piece->first * unit;
}

int hu_recode_elements(const struct hu_recode *r, uint64_t first, size_t n, void *out)
{
    struct hu_recode_plan plan;
    struct hu_recode_piece p = {.job = r};
    int32_t *groups = NULL;
    int why = make_plan(&plan, r) ? hu_recode_read_groups(r, &groups) : ENOMEM;
    p.groups = groups;
    while (!why && n) {
        take_piece_about(&p, &plan, first, n);
        size_t before = (size_t)(first - p.number), some = lesser(p.rows * p.columns - before, n);
        why = hu_recode_decode(&p, hu_format_find("fp64"), false);
        if (why)
            break;
        memcpy(out, p.elements.bytes + before * sizeof(double), some * sizeof(double));
        out = (char *)out + some * sizeof(double);
        first += some;
        n -= some;
    }
    free(groups);
    hu_recode_piece_free(&p);
    return why;
}

static void fail(struct run *run, int error, bool writing)
{
    pthread_mutex_lock(&run->lock);
    if (!run->failed)
        run->error = (struct hu_recode_error){.writing = writing, .error = error < 0 ? 0 : error};
    run->failed = true;
    pthread_mutex_unlock(&run->lock);
}

static bool has_failed(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    bool failed = run->failed;
    pthread_mutex_unlock(&run->lock);
    return failed;
}

/* Elements of a piece in the format that they are encoded from: as they are, or in fp64. */
static int read_elements(struct hu_recode_piece *p, const struct hu_format **format)
{
    const struct hu_recode *r = p->job;
    *format = r->format ? r->format : hu_format_find("fp64");
    return r->format ? hu_recode_read_plain(p) : hu_recode_decode(p, *format, true);
}

static int do_looking(struct run *run, struct hu_recode_piece *p)
{
    const struct hu_format *format;
    int why = read_elements(p, &format);
    if (why)
        return why;
    float amax = hu_block_amax(format, p->elements.bytes, p->rows * p->columns);
    pthread_mutex_lock(&run->lock);
    run->amax = amax > run->amax ? amax : run->amax;
    pthread_mutex_unlock(&run->lock);
    return 0;
}

/* Whether codes and scales are those that are written, in another layout at most. */
static bool stays(const struct hu_recode *r)
{
    return r->block && r->from == r->block && r->options.rule == HU_SCALE_DEFAULT;
}

static int do_copying(struct hu_recode_piece *p, bool *writing)
{
    const struct hu_recode *r = p->job;
    int why = hu_recode_read_parts(p);
    if (why)
        return why;
    *writing = true;
    return hu_recode_write_parts(p, hu_block_bytes(r->block, p->rows, p->columns),
                                 hu_block_scale_bytes(r->block, p->rows, p->columns));
}

static int do_encoding(struct run *run, struct hu_recode_piece *p, bool *writing)
{
    struct hu_recode *r = run->job;
    const struct hu_format *format;
    struct hu_block_whole whole = {.amax = run->amax, .first = r->first + p->number};
    float tensor_scale = 1;
    bool special = false;
    int why = read_elements(p, &format);
    if (why)
        return why;
    size_t codes = hu_block_bytes(r->block, p->rows, p->columns);
    size_t scales = hu_block_scale_bytes(r->block, p->rows, p->columns);
    if (!hu_recode_room(&p->codes, codes) || !hu_recode_room(&p->scales, scales))
        return ENOMEM;
    why = hu_block_encode_piece(r->block, p->codes.bytes, p->scales.bytes, &tensor_scale, format,
                                p->elements.bytes, p->rows, p->columns, &r->options, &whole,
                                &special);
    if (why)
        return why;
    pthread_mutex_lock(&run->lock);
    r->special |= special;
    run->tensor_scale = tensor_scale;
    pthread_mutex_unlock(&run->lock);
    *writing = true;
    return hu_recode_write_parts(p, codes, scales);
}

static int do_decoding(struct run *run, struct hu_recode_piece *p, bool *writing)
{
    struct hu_recode *r = run->job;
    const struct hu_options *options = &r->options.elements;
    bool plain = options->direction == HU_TIES_TO_EVEN && !options->saturate;
    size_t n = p->rows * p->columns, bytes = hu_array_bytes(r->to, n);
    int why = hu_recode_decode(p, plain ? r->to : hu_format_find("fp64"), !plain);
    if (why)
        return why;
    const unsigned char *out = p->elements.bytes;
    if (!plain) {
        if (!hu_recode_room(&p->codes, bytes))
            return ENOMEM;
        hu_convert_array_with(hu_kernel_chosen(), r->to, p->codes.bytes, hu_format_find("fp64"),
                              out, n, r->first + p->number, options, NULL);
        out = p->codes.bytes;
    }
    *writing = true;
    return hu_write_at(r->output, out, bytes,
                       r->codes_at + p->number / 8 * r->to->storage_bits +
                           p->number % 8 * r->to->storage_bits / 8);
}

static void work(void *context, size_t index, unsigned worker)
{
    struct run *run = context;
    struct hu_recode_piece *p = &run->pieces[worker];
    bool writing = false;
    if (has_failed(run))
        return;
    take_piece(p, &run->plan, index);
    p->read = 0;
    int why = run->looks        ? do_looking(run, p)
              : stays(run->job) ? do_copying(p, &writing)
              : run->job->block ? do_encoding(run, p, &writing)
                                : do_decoding(run, p, &writing);
    if (why)
        fail(run, why, writing);
    else if (run->progress)
        run->progress(p->read);
}

static bool go(struct run *run, unsigned threads)
{
    hu_pool_run(threads, (size_t)run->plan.pieces, work, run);
    return !run->failed;
}

/* The scale over all, once it is known. A tensor without elements has 1. */
static bool write_second(struct run *run)
{
    struct hu_recode *r = run->job;
    float scale = r->reciprocal ? 1 / run->tensor_scale : run->tensor_scale;
    unsigned char bytes[4];
    uint32_t word;
    memcpy(&word, &scale, 4);
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(word >> 8 * i);
    int why = 0;
    for (uint64_t i = 0; !why && i < r->seconds; i++)
        why = hu_write_at(r->output, bytes, 4, r->second_at + 4 * i);
    if (why)
        fail(run, why, true);
    return !why;
}

static bool recode(struct run *run, unsigned threads)
{
    struct hu_recode *r = run->job;
    int32_t *groups = NULL;
    int why = make_plan(&run->plan, r) ? hu_recode_read_groups(r, &groups) : ENOMEM;
    if (why) {
        fail(run, why, false);
        return false;
    }
    run->plan.groups = groups;
    for (unsigned i = 0; i < threads; i++)
        run->pieces[i].job = r, run->pieces[i].groups = groups;
    run->amax = r->block && hu_block_needs_amax(r->block) && !stays(r) ? 0 : -1;
    run->tensor_scale = stays(r) && r->block->over == HU_OVER_TENSOR ? r->tensor_scale : 1;
    run->looks = run->amax == 0;
    bool fine = !run->looks || go(run, threads);
    run->looks = false;
    fine = fine && go(run, threads) && (!r->block || write_second(run));
    free(groups);
    return fine;
}

bool hu_recode_run(struct hu_recode *recodes, size_t count, unsigned threads,
                   void (*progress)(uint64_t bytes), struct hu_recode_error *error)
{
    struct hu_recode_piece pieces[WORKERS_MAX] = {{.groups = NULL}};
    unsigned n = threads ? threads : hu_pool_processors();
    n = n > WORKERS_MAX ? WORKERS_MAX : n;
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        struct run run = {.job = &recodes[i], .progress = progress, .pieces = pieces};
        pthread_mutex_init(&run.lock, NULL);
        fine = recode(&run, n);
        pthread_mutex_destroy(&run.lock);
        *error = run.error;
        error->index = i;
    }
    for (unsigned i = 0; i < n; i++)
        hu_recode_piece_free(&pieces[i]);
    return fine;
}
