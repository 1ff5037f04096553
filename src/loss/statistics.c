#include "scratch.h"
#include "array/array.h"
#include "array/layout.h"
#include "codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As hu_to_double, sooner: exact where fp64 holds it. */
static double value_of(const struct hu_format *f, uint64_t code)
{
    struct hu_datum d = hu_decode(f, code);
    if (hu_is_nan(d))
        return NAN;
    double size = d.class == HU_INFINITE ? HUGE_VAL : ldexp((double)d.significand, d.quantum);
    return d.sign ? -size : size;
}

static bool holds(const struct hu_format *real, const struct hu_format *f)
{
    return f->trailing_bits <= real->trailing_bits && hu_emax(f) <= hu_emax(real) &&
           hu_quantum_min(f) >= hu_quantum_min(real);
}

bool hu_statistics_reads(const struct hu_format *f)
{
    return holds(hu_format_find("fp64"), f);
}

/* Whether relative errors are fp32's. */
static bool relates_in_fp32(const struct hu_format *f)
{
    return holds(hu_format_find("fp32"), f);
}

bool hu_statistics_needs_greatest(const struct hu_statistics_plan *plan, const struct hu_format *f)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->targets[i].block.block && hu_block_needs_amax(plan->targets[i].block.block))
            return true;
    return plan->scaling == HU_SCALE_TENSOR && !hu_counts_codes(plan, f);
}

/* Whether fp64's greatest, or its negative, stays finite. */
static bool stays_finite(const struct hu_format *f, const struct hu_options *options, bool negative)
{
    const struct hu_format *fp64 = hu_format_find("fp64");
    uint64_t greatest = hu_max_finite_code(fp64) | (negative ? hu_sign_mask(fp64) : 0);
    return isfinite(hu_to_double(f, hu_convert(f, fp64, greatest, options, NULL)));
}

struct hu_statistics_target hu_statistics_target_of(const struct hu_format *f,
                                                    const struct hu_options *options,
                                                    enum hu_scaling scaling)
{
    struct hu_statistics_target t = {
        .loss = hu_loss_target_of(f),
        .options = *options,
        .max_finite = hu_to_double(f, hu_max_finite_code(f)),
        .emax = hu_emax(f),
        /* One bit of significand has ties by the code's own parity. */
        .rounds_in_place = options->direction != HU_STOCHASTIC && hu_is_signed(f) &&
                           (hu_has_subnormals(f) || hu_is_integer(f)) && f->trailing_bits,
    };
    t.options.saturate |= scaling == HU_SCALE_BLOCK;
    for (int sign = 0; sign < 2; sign++)
        t.overflow_from[sign] =
            hu_loss_overflow_from(f, &t.options, sign, hu_is_integer(f) ? HU_INVALID : HU_OVERFLOW);
    t.saturates = stays_finite(f, &t.options, false);
    /* With fp64's precision the least that overflows lies next to the greatest that does not, in
     * every direction. */
    t.alike = t.overflow_from[0] == t.overflow_from[1] &&
              t.saturates == stays_finite(f, &t.options, true);
    return t;
}

struct hu_statistics_target hu_statistics_block_target(const struct hu_block *b,
                                                       enum hu_scale_rule rule,
                                                       const struct hu_options *options)
{
    return (struct hu_statistics_target){
        .block = hu_block_target_of(b, rule, options),
        .options = *options,
    };
}

/* Units. */

static struct hu_block_shape shape_of(const struct hu_statistics_data *d)
{
    struct hu_block_shape s = {d->elements, d->rows, d->row ? d->row : d->elements};
    if (!s.rows)
        s.rows = s.columns ? s.elements / s.columns : 0;
    return s;
}

/* Chunks of formats hold whole blocks of HU_SCALE_BLOCK: short rows come several to a chunk. */
static struct hu_units chunks_of(const struct hu_statistics_plan *plan,
                                 const struct hu_statistics_data *d)
{
    bool restarts = plan->scaling == HU_SCALE_BLOCK && d->row && d->row % HU_SCALE_ELEMENTS;
    if (!restarts)
        return (struct hu_units){d->elements, HU_CHUNK};
    if (d->row > HU_CHUNK)
        return (struct hu_units){d->row, HU_CHUNK};
    return (struct hu_units){d->elements, HU_CHUNK / d->row * d->row};
}

struct hu_units hu_statistics_units(const struct hu_statistics_plan *plan,
                                    const struct hu_statistics_data *d)
{
    const struct hu_block *blocks[HU_TARGETS_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; plan && i < plan->count; i++)
        if (plan->targets[i].block.block)
            blocks[n++] = plan->targets[i].block.block;
    bool plain = plan && n < plan->count;
    if (plain && plan->scaling == HU_SCALE_BLOCK)
        blocks[n++] = hu_block_find("mxfp8_e4m3"); /* divides rows as plain formats in blocks do */
    struct hu_block_shape shape = shape_of(d);
    return n ? hu_block_units(blocks, n, &shape) : (struct hu_units){d->elements, HU_CHUNK};
}

static uint64_t units_of_row(struct hu_units u)
{
    return u.row / u.unit + (u.row % u.unit != 0);
}

uint64_t hu_units_count(struct hu_units u, uint64_t elements)
{
    return u.row ? elements / u.row * units_of_row(u) : 0;
}

uint64_t hu_units_first(struct hu_units u, uint64_t index)
{
    uint64_t each = units_of_row(u);
    return index / each * u.row + (index % each ? index % each * u.unit : 0);
}

/* Spread. */

static void see(struct hu_spread *s, double x, uint64_t count)
{
    double size = fabs(x);
    if (isnan(x)) {
        s->nans += count;
    } else if (isinf(x)) {
        s->infinities += count;
    } else if (size == 0) {
        s->finite += count;
        s->zeros += count;
    } else {
        s->finite += count;
        s->binades[ilogb(size) - HU_BINADE_LEAST] += count;
        s->greatest = size > s->greatest ? size : s->greatest;
        s->least = s->least == 0 || size < s->least ? size : s->least;
    }
}

/* N elements as numbers of REAL, which holds them. */
static void take_numbers(struct hu_scratch *a, const struct hu_format *real, void *numbers,
                         const struct hu_format *from, const unsigned char *bytes, size_t n)
{
    if (from != real) {
        convert_to_numbers(a, NO_TARGET, real, numbers, from, bytes, n);
        return;
    }
    memcpy(numbers, bytes, n * (real->storage_bits / 8));
    layout_turn(numbers, n, real->storage_bits / 8);
}

/* The elements: in their place if they fill the chunk as they are, else in a->x. */
static void load_chunk(struct chunk *b, const struct hu_format *from, const unsigned char *bytes,
                       uint64_t at)
{
    struct hu_scratch *a = b->a;
    size_t before = layout_is_packed(from) ? (size_t)(at % SPARE) : 0;
    bytes += hu_array_bytes(from, (size_t)(at - before));
    if (!HU_BIG_ENDIAN && from == b->real && b->n == HU_CHUNK &&
        (uintptr_t)bytes % b->passes->size == 0) {
        b->x = bytes;
        return;
    }
    b->x = a->x;
    take_numbers(a, b->real, a->x, from, bytes, b->n + before);
    if (before)
        memmove(a->x, (char *)a->x + before * b->passes->size, b->n * b->passes->size);
    memset((char *)a->x + b->n * b->passes->size, 0, (HU_CHUNK - b->n) * b->passes->size);
}

/* N elements from FIRST on for block formats, in fp32 where that holds them all. x: where they lie,
 * or NULL. */
static struct hu_block_piece unit_of(const struct hu_scratch *a, const struct hu_statistics_data *d,
                                     uint64_t first, size_t n, const unsigned char *bytes)
{
    const struct hu_format *f = d->format;
    struct hu_block_piece piece = {
        .shape = shape_of(d),
        .real = holds(a->fp32, f) ? a->fp32 : a->fp64,
        .first = first,
        .n = n,
        .greatest = d->greatest,
        .number = d->first + first,
    };
    if (!HU_BIG_ENDIAN && f == hu_format_find("bf16"))
        piece.bf16 = bytes;
    if (!HU_BIG_ENDIAN && f == piece.real && (uintptr_t)bytes % sizeof(double) == 0)
        piece.x = bytes;
    return piece;
}

/* Its elements, of which BEFORE lie before the first in the same byte. */
static bool take_unit(struct hu_scratch *a, const struct hu_format *f, const unsigned char *bytes,
                      size_t before, struct hu_block_piece *piece)
{
    size_t size = piece->real->storage_bits / 8;
    char *x = hu_block_memory_piece(a->blocks, piece->n + before);
    if (x)
        take_numbers(a, piece->real, x, f, bytes, piece->n + before);
    if (x && before)
        memmove(x, x + before * size, piece->n * size);
    piece->x = x;
    return x;
}

/* What block formats lose of [FROM, TO), unit by unit. */
static bool analyse_blocks(struct hu_scratch *a, const struct hu_statistics_plan *plan,
                           const struct hu_statistics_data *d, struct hu_gathered *g, uint64_t from,
                           uint64_t to, const unsigned char *bytes)
{
    if (!g->blocks)
        return true;
    if (!a->blocks && !(a->blocks = hu_block_memory_new()))
        return false;
    struct hu_units u = hu_statistics_units(plan, d);
    bool packed = layout_is_packed(d->format);
    uint64_t base = packed ? from / SPARE * SPARE : from;
    for (uint64_t at = from, next; at < to; at = next) {
        uint64_t left = u.row - at % u.row, before = packed ? at % SPARE : 0;
        next = at + (left < u.unit ? left : u.unit);
        const unsigned char *here = bytes + hu_array_bytes(d->format, (size_t)(at - base - before));
        struct hu_block_piece piece = unit_of(a, d, at, (size_t)(next - at), here);
        if (!piece.x && !piece.bf16 && !take_unit(a, d->format, here, (size_t)before, &piece))
            return false;
        for (size_t i = 0; i < plan->count; i++) {
            const struct hu_block_target *t = &plan->targets[i].block;
            if (!t->block ||
                hu_block_lose_at_once(a->blocks, t, &piece, &g->losses[i], &g->blocks[i]))
                continue;
            if ((!piece.x && !take_unit(a, d->format, here, (size_t)before, &piece)) ||
                !hu_block_lose(a->blocks, t, &piece, &g->losses[i], &g->blocks[i]))
                return false;
        }
    }
    return true;
}

bool hu_analyse(struct hu_scratch *a, const struct hu_statistics_plan *plan,
                const struct hu_statistics_data *data, struct hu_gathered *g, uint64_t from,
                uint64_t to, const void *bytes, const void *codes)
{
    if (!analyse_blocks(a, plan, data, g, from, to, bytes))
        return false;
    if (g->codes)
        return hu_gathered_count(g, data->format, bytes, (size_t)(to - from));
    struct chunk b = {.a = a, .plan = plan, .data = data, .g = g};
    b.is_fp32 = holds(a->fp32, data->format);
    b.in_fp32 = relates_in_fp32(data->format);
    b.is_bf16 =
        !HU_BIG_ENDIAN && data->format == hu_format_find("bf16") && hu_plan_is_of_blocks(plan);
    b.passes = hu_passes(b.is_bf16 ? HU_PASS_BF16 : (enum hu_pass_type)b.is_fp32);
    b.real = b.is_bf16 ? data->format : b.is_fp32 ? a->fp32 : a->fp64;
    struct hu_units u = chunks_of(plan, data);
    uint64_t base = layout_is_packed(data->format) ? from / SPARE * SPARE : from;
    for (uint64_t at = from; at < to; at += b.n) {
        uint64_t left = u.row - at % u.row;
        uint64_t in_unit = u.unit - at % u.row % u.unit;
        left = left < in_unit ? left : in_unit;
        b.n = (size_t)(left < to - at ? left : to - at);
        b.first = at;
        b.bad = 0;
        load_chunk(&b, data->format, bytes, at - base);
        b.ahead = to - at >= 2 * HU_CHUNK && b.x != a->x
                      ? (const char *)b.x + HU_CHUNK * b.passes->size
                      : b.x;
        if (codes)
            b.codes = (const unsigned char *)codes +
                      hu_array_bytes(plan->targets[0].loss.format, (size_t)(at - from));
        hu_chunk_see(&b);
        hu_chunk_lose(&b);
    }
    hu_chunk_settle(&b);
    return true;
}

double hu_greatest(struct hu_scratch *a, const struct hu_format *format, const void *bytes,
                   size_t n)
{
    double greatest = 0;
    struct chunk b = {.a = a, .is_fp32 = holds(a->fp32, format)};
    b.passes = hu_passes((enum hu_pass_type)b.is_fp32);
    b.real = b.is_fp32 ? a->fp32 : a->fp64;
    for (size_t at = 0; at < n; at += b.n) {
        b.n = n - at < HU_CHUNK ? n - at : HU_CHUNK;
        load_chunk(&b, format, bytes, at);
        double most = from_bits(&b, range_of(&b, b.x).greatest);
        for (size_t i = 0; !isfinite(most) && i < b.n; i++)
            if (isfinite(element(&b, b.x, i)))
                greatest = fmax(greatest, fabs(element(&b, b.x, i)));
        greatest = isfinite(most) && most > greatest ? most : greatest;
    }
    return greatest;
}

/* A chunk of distinct values in a->x, each with its weight, into one loss. */
static void lose_values(struct hu_scratch *a, const struct hu_statistics_plan *plan, size_t target,
                        struct hu_loss *loss, size_t n, double scale, bool in_fp32)
{
    const struct hu_statistics_target *t = &plan->targets[target];
    for (size_t i = 0; i < n; i++)
        a->scaled[i] = kept_from_zero(a->x[i] / scale, a->x[i]);
    convert_numbers(a, target, t->loss.format, a->codes, a->fp64, a->scaled, n, 0, &t->options);
    convert_to_numbers(a, target, a->fp64, a->code, t->loss.format, a->codes, n);
    for (size_t i = 0; i < n; i++) {
        double scaled = a->scaled[i];
        struct hu_loss_point p = {
            .x = a->x[i],
            .result = a->code[i] * scale,
            .scaled = scaled,
            .code = a->code[i],
            .count = a->weights[i],
            .overflow = fabs(scaled) >= t->overflow_from[signbit(scaled) != 0],
        };
        hu_loss_add(loss, &t->loss, &p, in_fp32);
    }
}

static void lose_all_values(struct hu_scratch *a, const struct hu_statistics_plan *plan,
                            struct hu_gathered *g, size_t n, bool in_fp32)
{
    for (size_t t = 0; t < plan->count; t++) {
        if (plan->targets[t].block.block)
            continue;
        double scale = plan->scaling == HU_SCALE_TENSOR
                           ? tensor_scale(&plan->targets[t], g->spread.greatest)
                           : 1;
        lose_values(a, plan, t, &g->losses[t], n, scale, in_fp32);
    }
}

/* Whether one of the group of codes from C on occurs. */
static bool occurs(const struct hu_gathered *g, size_t c)
{
    uint64_t any = 0;
    for (size_t i = 0; g->met[c / GROUP] && i < GROUP; i++)
        any |= g->codes[c + i];
    return any;
}

static void see_group(struct hu_gathered *g, const struct hu_format *source, size_t c)
{
    for (size_t i = c; i < c + GROUP; i++)
        if (g->codes[i])
            see(&g->spread, value_of(source, i), g->codes[i]);
}

/* The group's finite values behind the N in a->x. Returns how many there are then. */
static size_t take_group(struct hu_scratch *a, const struct hu_gathered *g,
                         const struct hu_format *source, size_t c, size_t n)
{
    for (size_t i = c; i < c + GROUP; i++) {
        double x = g->codes[i] ? value_of(source, i) : HUGE_VAL;
        if (!isfinite(x))
            continue;
        a->x[n] = x;
        a->weights[n++] = g->codes[i];
    }
    return n;
}

/* Turns the counts of codes into a spread and losses. */
static void finish_codes(struct hu_scratch *a, const struct hu_statistics_plan *plan,
                         const struct hu_format *source, struct hu_gathered *g)
{
    hu_gathered_settle(g);
    /* Tensor scales want the greatest before the first value is scaled. */
    for (size_t c = 0; c < g->code_count; c += GROUP)
        if (occurs(g, c))
            see_group(g, source, c);
    bool in_fp32 = relates_in_fp32(source);
    size_t n = 0;
    for (size_t c = 0; c < g->code_count; c += GROUP) {
        if (occurs(g, c))
            n = take_group(a, g, source, c, n);
        if (n > HU_CHUNK - GROUP || (n && c + GROUP == g->code_count)) {
            lose_all_values(a, plan, g, n, in_fp32);
            n = 0;
        }
    }
}

void hu_gathered_finish(struct hu_scratch *a, const struct hu_statistics_plan *plan,
                        const struct hu_format *source, struct hu_gathered *g)
{
    if (g->codes)
        finish_codes(a, plan, source, g);
    for (size_t i = 0; i < g->count; i++) {
        const struct hu_block *b = plan->targets[i].block.block;
        bool unfit = b && g->blocks[i].unfit;
        g->losses[i].zeros = unfit ? 0 : g->spread.zeros;
        if (b)
            hu_block_loss_finish(b, &g->losses[i], g->spread.greatest, &g->blocks[i]);
    }
}

struct hu_scratch *hu_scratch_new(void)
{
    struct hu_scratch *a = aligned_alloc(64, (sizeof *a + 63) / 64 * 64);
    if (a)
        *a = (struct hu_scratch){.fp32 = hu_format_find("fp32"), .fp64 = hu_format_find("fp64")};
    return a;
}

void hu_scratch_free(struct hu_scratch *a)
{
    for (size_t i = 0; a && i <= HU_TARGETS_MAX; i++) {
        hu_plan_free(a->into[i]);
        hu_plan_free(a->back[i]);
    }
    if (a)
        hu_block_memory_free(a->blocks);
    free(a);
}
