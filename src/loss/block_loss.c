#include "block_loss.h"
#include "array/array.h"
#include "array/layout.h"
#include "block/parts.h"
#include "block/scale_rule.h"
#include "block/unpack.h"
#include "block_measure.h"
#include "float_bits.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What grows as pieces ask for it. */
struct room {
    unsigned char *bytes;
    size_t size;
};

enum { PIECE, FINITE, RESULT, CODES, SCALES, RUNS, FLOOR, CEIL, ROOMS };

struct hu_block_memory {
    struct room rooms[ROOMS];
};

struct hu_block_memory *hu_block_memory_new(void)
{
    return calloc(1, sizeof(struct hu_block_memory));
}

void hu_block_memory_free(struct hu_block_memory *m)
{
    for (int i = 0; m && i < ROOMS; i++)
        free(m->rooms[i].bytes);
    free(m);
}

/* Its content is lost. */
static void *grown(struct hu_block_memory *m, int which, size_t size)
{
    struct room *r = &m->rooms[which];
    if (r->bytes && size <= r->size)
        return r->bytes;
    free(r->bytes);
    r->size = (size / 64 + 2) * 64;
    r->bytes = size > SIZE_MAX / 2 ? NULL : aligned_alloc(64, r->size);
    if (!r->bytes)
        r->size = 0;
    return r->bytes;
}

void *hu_block_memory_piece(struct hu_block_memory *m, size_t n)
{
    return grown(m, PIECE, n * sizeof(double));
}

/* The worst. */

static double ratio(const struct hu_worst_block *b)
{
    return b->noise / b->signal;
}

static bool is_worse(const struct hu_worst_block *a, const struct hu_worst_block *b)
{
    double of_a = ratio(a), of_b = ratio(b);
    if (of_a != of_b)
        return of_a > of_b;
    return a->tensor != b->tensor ? a->tensor < b->tensor : a->index < b->index;
}

static void add_worst(struct hu_block_loss *l, const struct hu_worst_block *b)
{
    size_t at = l->worst_count;
    if (at == HU_WORST_BLOCKS && !is_worse(b, &l->worst[at - 1]))
        return;
    at -= at == HU_WORST_BLOCKS;
    for (; at && is_worse(b, &l->worst[at - 1]); at--)
        l->worst[at] = l->worst[at - 1];
    l->worst[at] = *b;
    l->worst_count += l->worst_count < HU_WORST_BLOCKS;
}

void hu_block_loss_merge(struct hu_block_loss *l, const struct hu_block_loss *other)
{
    l->blocks += other->blocks;
    l->saturated += other->saturated;
    l->nan += other->nan;
    l->lost += other->lost;
    l->unfit += other->unfit;
    for (int i = 0; i < HU_SCALE_RULES; i++)
        hu_exact_merge(&l->noise_by_rule[i], &other->noise_by_rule[i]);
    for (size_t i = 0; i < other->worst_count; i++)
        add_worst(l, &other->worst[i]);
}

void hu_block_loss_name(struct hu_block_loss *l, uint64_t tensor)
{
    for (size_t i = 0; i < l->worst_count; i++)
        l->worst[i].tensor = tensor;
}

double hu_worst_block_sqnr(const struct hu_worst_block *b)
{
    return -10 * log10(ratio(b));
}

static bool is_whole(const struct hu_block *b)
{
    return !b->tile_rows && !b->tile_columns;
}

/* A piece and what becomes of it. */
struct work {
    struct hu_block_memory *m;
    const struct hu_block_target *target;
    const struct hu_block *b;
    const struct hu_block_piece *piece;
    size_t rows, columns; /* as it is encoded: what runs on is one row */
    size_t down, across;  /* blocks */
    size_t tall, wide;    /* rows and columns of a block */
    unsigned char *codes, *scales;
    float tensor_scale;
    void *result; /* NULL: it was a walk */
    bool is_fp32;
};

/* How the piece's elements are seen. */
static void lay_out(struct work *w)
{
    const struct hu_block *b = w->b;
    const struct hu_block_shape *s = &w->piece->shape;
    bool flat = b->tile_rows == 1 || s->rows == 1;
    bool divides = flat && b->tile_columns && s->columns % b->tile_columns == 0;
    bool one_row = divides || b->layout == HU_BLOCK_FLAT || is_whole(b) || w->piece->n < s->columns;
    w->columns = one_row ? w->piece->n : (size_t)s->columns;
    w->rows = w->piece->n / w->columns;
    w->wide = b->tile_columns ? b->tile_columns : w->columns;
    w->tall = flat ? 1 : b->tile_rows && b->tile_rows < w->rows ? b->tile_rows : w->rows;
    w->across = parts_up(w->columns, w->wide);
    w->down = parts_up(w->rows, w->tall);
}

static uint64_t up(uint64_t n, uint64_t by)
{
    return n / by + (n % by != 0);
}

/* The number of the scale of the piece's first block. */
static uint64_t first_block(const struct work *w)
{
    const struct hu_block_shape *s = &w->piece->shape;
    uint64_t first = w->piece->first;
    if (w->b->layout == HU_BLOCK_FLAT)
        return first / w->wide;
    uint64_t across = w->b->tile_columns ? up(s->columns, w->b->tile_columns) : 1;
    uint64_t tall = w->b->tile_rows ? w->b->tile_rows : s->rows;
    uint64_t row = first / s->columns;
    uint64_t down = row / s->rows * up(s->rows, tall) + row % s->rows / tall;
    return down * across + first % s->columns / w->wide;
}

static bool encode(struct work *w, enum hu_scale_rule rule)
{
    const struct hu_block_piece *p = w->piece;
    struct hu_block_options options = w->target->options;
    float amax = (float)p->greatest;
    if ((double)amax < p->greatest)
        amax = nextafterf(amax, INFINITY);
    struct hu_block_whole whole = {.amax = amax, .first = p->number};
    options.rule = rule;
    size_t scales = hu_block_scale_bytes(w->b, w->rows, w->columns);
    w->codes = grown(w->m, CODES, hu_block_bytes(w->b, w->rows, w->columns));
    w->scales = grown(w->m, SCALES, scales);
    w->result = grown(w->m, RESULT, p->n * sizeof(double));
    if (!w->codes || !w->scales || !w->result)
        return false;
    hu_block_encode_piece(w->b, w->codes, w->scales, &w->tensor_scale, p->real, p->x, w->rows,
                          w->columns, &options, &whole, NULL);
    hu_block_decode(p->real, w->result, w->b, w->codes, w->scales, w->tensor_scale, w->rows,
                    w->columns);
    layout_turn(w->result, p->n, w->is_fp32 ? 4 : 8);
    return true;
}

static double number(const struct work *w, const void *at, size_t i)
{
    return w->is_fp32 ? (double)((const float *)at)[i] : ((const double *)at)[i];
}

static void set_number(const struct work *w, void *at, size_t i, double x)
{
    if (w->is_fp32)
        ((float *)at)[i] = (float)x;
    else
        ((double *)at)[i] = x;
}

/* The comparison of all elements, times 2^-exponent. */
struct compared {
    const void *x;
    struct hu_measured *runs; /* of each block */
    struct hu_measured_all all;
    int exponent;
    uint64_t measured;
};

/* Runs of elements under one scale, row by row. */
static void measure(const struct work *w, struct compared *c)
{
    size_t size = w->is_fp32 ? 4 : 8, full = w->columns / w->wide, rest = w->columns % w->wide;
    hu_measure *run = hu_measure_of(hu_kernel_name(hu_kernel_chosen()));
    memset(c->runs, 0, w->down * w->across * sizeof *c->runs);
    c->all = (struct hu_measured_all){0};
    for (size_t row = 0; row < w->rows; row++) {
        struct hu_measured *runs = c->runs + row / w->tall * w->across;
        const char *x = (const char *)c->x + row * w->columns * size;
        const char *result = (const char *)w->result + row * w->columns * size;
        run(w->is_fp32, x, result, w->wide, full, runs, &c->all);
        if (rest)
            run(w->is_fp32, x + full * w->wide * size, result + full * w->wide * size, rest, 1,
                runs + full, &c->all);
    }
}

/* Whether no element was NaN or infinite, and no square out of fp64's range. */
static bool is_sound(const struct work *w, const struct compared *c)
{
    double noise = 0, signal = 0, greatest = 0;
    for (size_t i = 0; i < w->down * w->across; i++) {
        noise += c->runs[i].noise;
        signal += c->runs[i].signal;
        greatest = c->runs[i].greatest > greatest ? c->runs[i].greatest : greatest;
    }
    return isfinite(noise) && isfinite(signal) &&
           (w->is_fp32 || greatest == 0 || signal > 0x1p-700);
}

/* Zeros where an element is not finite, or has no finite result; all times a power of two that
 * keeps squares in range. LOSS: counts those; or NULL. */
static bool make_sound(struct work *w, struct compared *c, struct hu_loss *loss)
{
    size_t n = w->piece->n;
    const void *from = w->piece->x;
    void *x = grown(w->m, FINITE, n * sizeof(double));
    double greatest = 0;
    if (!x)
        return false;
    for (size_t i = 0; i < n; i++) {
        double before = number(w, from, i), after = number(w, w->result, i);
        bool sound = isfinite(before) && isfinite(after);
        if (loss && !sound && isfinite(before))
            *(isnan(after) ? &loss->invalid : &loss->overflow) += 1;
        set_number(w, x, i, sound ? before : 0);
        set_number(w, w->result, i, sound ? after : 0);
        greatest = sound && fabs(before) > greatest ? fabs(before) : greatest;
        c->measured -= !sound;
    }
    c->exponent = !w->is_fp32 && greatest > 0 ? ilogb(greatest) : 0;
    for (size_t i = 0; c->exponent && i < n; i++) {
        set_number(w, x, i, ldexp(number(w, x, i), -c->exponent));
        set_number(w, w->result, i, ldexp(number(w, w->result, i), -c->exponent));
    }
    c->x = x;
    return true;
}

/* NaN blocks, by the first element of each. */
static uint64_t nan_blocks(const struct work *w)
{
    uint64_t nans = 0;
    for (size_t i = 0; !w->b->keeps_nan && i < w->down * w->across; i++)
        nans += isnan(
            number(w, w->result, i / w->across * w->tall * w->columns + i % w->across * w->wide));
    return nans;
}

static bool compare(struct work *w, enum hu_scale_rule rule, int room, struct compared *c,
                    struct hu_loss *loss, struct hu_block_loss *blocks)
{
    *c = (struct compared){.x = w->piece->x, .measured = w->piece->n};
    c->runs = grown(w->m, room, w->down * w->across * sizeof *c->runs);
    if (!c->runs || !encode(w, rule))
        return false;
    measure(w, c);
    if (is_sound(w, c))
        return true;
    if (blocks)
        blocks->nan += nan_blocks(w);
    if (!make_sound(w, c, loss))
        return false;
    measure(w, c);
    return true;
}

/* What elements of block I are divided by. */
static double scale_of(const struct work *w, size_t i)
{
    double scale;
    if (w->target->wide_scale)
        scale = (double)unpack_fp32(w->scales + 4 * i);
    else
        scale = w->target->scales[w->scales[i]];
    return w->b->over == HU_OVER_TENSOR ? scale * (double)w->tensor_scale : scale;
}

/* The elements of block I among VALUES whose magnitude reaches MOST of their sign. */
static uint64_t count_beyond(const struct work *w, const void *values, size_t i,
                             const double most[2])
{
    uint64_t beyond = 0;
    size_t row = i / w->across * w->tall, column = i % w->across * w->wide;
    size_t last = w->rows - row < w->tall ? w->rows : row + w->tall;
    size_t end = w->columns - column < w->wide ? w->columns : column + w->wide;
    for (; row < last; row++)
        for (size_t k = row * w->columns + column; k < row * w->columns + end; k++) {
            double x = number(w, values, k);
            beyond += fabs(x) >= most[signbit(x) != 0];
        }
    return beyond;
}

/* The same of one of ggml's blocks, whose parts have scales of either sign and minima. */
static uint64_t count_beyond_whole(const struct work *w, const struct compared *c, size_t i)
{
    struct hu_block_unpacked u;
    const size_t sub = w->b->sub ? w->b->sub : HU_BLOCK_MAX;
    const double unit = ldexp(1, w->b->power - c->exponent), *reach = w->target->reach;
    uint64_t beyond = 0;
    hu_block_unpack(w->b, w->codes + i * w->b->bytes, &u);
    for (size_t k = 0; k < w->wide; k++) {
        double scale = (double)u.d * u.a[k / sub] * unit,
               x = number(w, c->x, i * w->wide + k) +
                   (w->b->minima ? (double)u.m * u.b[k / sub] * unit : 0);
        bool down = signbit(x) != 0;
        beyond += scale != 0 && fabs(x) >= reach[down != (scale < 0)] * fabs(scale);
    }
    return beyond;
}

static void count_overflows(const struct work *w, const struct compared *c, struct hu_loss *loss,
                            struct hu_block_loss *blocks)
{
    const double *reach = w->target->reach;
    double least = fmin(reach[0], reach[1]), unit = ldexp(1, -c->exponent);
    for (size_t i = 0; least < HUGE_VAL && i < w->down * w->across; i++) {
        uint64_t beyond = 0;
        if (w->b->codes == HU_CODES_UNPACKED) {
            beyond = count_beyond_whole(w, c, i);
        } else {
            double size = scale_of(w, i) * unit, greatest = c->runs[i].greatest;
            const double most[2] = {reach[0] * size, reach[1] * size};
            /* Under a scale that was rounded to zero all are lost, and none is cut. */
            if (size > 0 && greatest > 0 && greatest >= least * size)
                beyond = count_beyond(w, c->x, i, most);
        }
        loss->overflow += beyond;
        blocks->saturated += beyond > 0;
    }
}

/* The elements of block I that are not 0, if all of them became so. */
static uint64_t count_gone(const struct work *w, const struct compared *c, size_t i)
{
    const double any[2] = {DBL_TRUE_MIN, DBL_TRUE_MIN};
    return count_beyond(w, w->result, i, any) ? 0 : count_beyond(w, c->x, i, any);
}

static void see_blocks(const struct work *w, const struct compared *c, struct hu_block_loss *blocks)
{
    uint64_t first = first_block(w);
    double unit = ldexp(1, c->exponent), ordinary = 0;
    blocks->blocks += w->down * w->across;
    blocks->lost += c->all.zeros;
    for (size_t i = 0; i < w->down * w->across; i++) {
        const struct hu_measured *run = &c->runs[i];
        if (!(run->noise > 0) || !(run->signal > 0))
            continue;
        /* What is all noise may be all zeros now, and then no other has pushed them there: not in a
         * walk. */
        if (run->noise == run->signal && w->result)
            blocks->lost -= count_gone(w, c, i);
        /* Certainly not among the worst, and no division is needed to know it. */
        if (run->noise < ordinary * run->signal)
            continue;
        struct hu_worst_block worst = {
            .index = first + i,
            .noise = run->noise,
            .signal = run->signal,
            .greatest = run->greatest * unit,
        };
        add_worst(blocks, &worst);
        if (blocks->worst_count == HU_WORST_BLOCKS)
            ordinary = ratio(&blocks->worst[HU_WORST_BLOCKS - 1]) * (1 - 0x1p-40);
    }
}

/* X, above 0, over the power of two below. */
static double mantissa_of(double x)
{
    int exponent;
    if (x < DBL_MIN)
        return 2 * frexp(x, &exponent);
    return hu_double_of_bits((hu_bits_of_double(x) & (UINT64_MAX >> 12)) | UINT64_C(1023) << 52);
}

/* One number of each rule. */
typedef double by_rule __attribute__((vector_size(HU_SCALE_RULES * sizeof(double))));
typedef int64_t which_rules __attribute__((vector_size(HU_SCALE_RULES * sizeof(int64_t))));

/* Each rule gives a block either floor's scale or ceil's; without a branch, which nobody could
 * predict. */
static void add_rules(const struct work *w, const struct compared *own,
                      const struct compared *floors, const struct compared *ceils,
                      struct hu_block_loss *blocks)
{
    by_rule noise = {0}, from;
    for (int rule = 0; rule < HU_SCALE_RULES; rule++)
        from[rule] =
            hu_scale_next_from((enum hu_scale_rule)(HU_SCALE_FLOOR + rule), &w->target->element);
    for (size_t i = 0; i < w->down * w->across; i++) {
        double greatest = own->runs[i].greatest;
        by_rule mantissa = (by_rule){0} + (greatest > 0 ? mantissa_of(greatest) : 1);
        which_rules up = mantissa >= from,
                    floor = (which_rules)((by_rule){0} + floors->runs[i].noise),
                    ceil = (which_rules)((by_rule){0} + ceils->runs[i].noise);
        noise += (by_rule)((ceil & up) | (floor & ~up));
    }
    for (int rule = 0; rule < HU_SCALE_RULES; rule++)
        hu_exact_add(&blocks->noise_by_rule[rule], noise[rule], 2 * own->exponent);
}

/* What was compared. */
static void add(const struct work *w, const struct compared *c, double noise, double signal,
                struct hu_loss *loss, struct hu_block_loss *blocks)
{
    double error = ldexp(c->all.max_error, c->exponent);
    hu_exact_add(&loss->noise, noise, 2 * c->exponent);
    hu_exact_add(&loss->signal, signal, 2 * c->exponent);
    loss->measured += c->measured;
    loss->inexact += c->all.inexact;
    loss->underflow += c->all.zeros;
    loss->max_error = error > loss->max_error ? error : loss->max_error;
    if (!is_whole(w->b))
        see_blocks(w, c, blocks);
}

/* Of one matrix, or where matrices do not matter. */
static bool lose(struct hu_block_memory *m, const struct hu_block_target *target,
                 const struct hu_block_piece *piece, struct hu_loss *loss,
                 struct hu_block_loss *blocks)
{
    struct work w = {.m = m, .target = target, .b = target->block, .piece = piece};
    enum hu_scale_rule rule = target->options.rule ? target->options.rule : w.b->rule;
    struct compared own, floors, ceils;
    w.is_fp32 = piece->real->storage_bits == 32;
    if (!hu_block_loss_fits(w.b, &piece->shape)) {
        blocks->unfit += piece->n;
        return true;
    }
    lay_out(&w);
    if (!compare(&w, target->options.rule, RUNS, &own, loss, blocks))
        return false;
    count_overflows(&w, &own, loss, blocks);
    double noise = 0, signal = 0;
    for (size_t i = 0; i < w.down * w.across; i++) {
        noise += own.runs[i].noise;
        signal += own.runs[i].signal;
    }
    add(&w, &own, noise, signal, loss, blocks);
    if (!hu_block_has_rules(w.b))
        return true;
    floors = ceils = own;
    if ((rule != HU_SCALE_FLOOR && !compare(&w, HU_SCALE_FLOOR, FLOOR, &floors, NULL, NULL)) ||
        (rule != HU_SCALE_CEIL && !compare(&w, HU_SCALE_CEIL, CEIL, &ceils, NULL, NULL)))
        return false;
    add_rules(&w, &own, &floors, &ceils, blocks);
    return true;
}

/* In fp32, not above X. */
static float below_most(double x)
{
    float f = (float)x;
    return (double)f > x ? nextafterf(f, 0) : f;
}

bool hu_block_lose_at_once(struct hu_block_memory *m, const struct hu_block_target *target,
                           const struct hu_block_piece *piece, struct hu_loss *loss,
                           struct hu_block_loss *blocks)
{
    struct work w = {.m = m, .target = target, .b = target->block, .piece = piece};
    if (!target->steps.trailing_bits || piece->real->storage_bits != 32)
        return false;
    lay_out(&w);
    if (w.columns % w.wide)
        return false;
    struct hu_block_walk walk = {
        .steps = target->steps,
        .x = piece->bf16 ? piece->bf16 : piece->x,
        .is_bf16 = piece->bf16,
        .blocks = w.down * w.across,
        .most = below_most(loss->max_error),
        .runs = grown(m, RUNS, w.down * w.across * sizeof *walk.runs),
    };
    if (!walk.runs || !hu_block_walker_of(hu_kernel_name(hu_kernel_chosen()))(&walk))
        return false;
    struct compared own = {.runs = walk.runs, .all = walk.all, .measured = piece->n};
    loss->overflow += walk.overflows;
    blocks->saturated += walk.saturated;
    add(&w, &own, walk.noise_by_rule[target->steps.rule], walk.signal, loss, blocks);
    for (int rule = 0; rule < HU_SCALE_RULES; rule++)
        hu_exact_add(&blocks->noise_by_rule[rule], walk.noise_by_rule[rule], 0);
    return true;
}

bool hu_block_lose(struct hu_block_memory *m, const struct hu_block_target *target,
                   const struct hu_block_piece *piece, struct hu_loss *loss,
                   struct hu_block_loss *blocks)
{
    struct hu_block_piece one = *piece;
    uint64_t matrix = piece->shape.rows * piece->shape.columns;
    bool fine = true;
    bool runs_on = target->block->tile_rows <= 1 ||
                   (piece->shape.rows == 1 && matrix % target->block->tile_columns == 0);
    if (runs_on || piece->n <= matrix)
        return lose(m, target, piece, loss, blocks);
    one.n = (size_t)matrix;
    for (size_t i = 0; fine && i < piece->n / matrix; i++) {
        fine = lose(m, target, &one, loss, blocks);
        one.x = (const char *)one.x + matrix * (piece->real->storage_bits / 8);
        one.first += matrix;
        one.number += matrix;
    }
    return fine;
}

void hu_block_loss_finish(const struct hu_block *b, const struct hu_loss *loss, double greatest,
                          struct hu_block_loss *blocks)
{
    if (!is_whole(b) || !loss->measured)
        return;
    int n, s;
    double noise = hu_exact_value(&loss->noise, &n), signal = hu_exact_value(&loss->signal, &s);
    *blocks = (struct hu_block_loss){.blocks = 1, .saturated = loss->overflow > 0};
    blocks->lost = loss->underflow < loss->measured - loss->zeros ? loss->underflow : 0;
    struct hu_worst_block worst = {.noise = noise, .signal = ldexp(signal, s - n)};
    worst.greatest = greatest;
    if (noise > 0)
        add_worst(blocks, &worst);
}
