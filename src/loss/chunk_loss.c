#include "scratch.h"
#include "array/array.h"

/* Scales. */

static void scale_by_tensor(struct hu_scratch *a, const double *x, double scale)
{
    for (size_t i = 0; i < HU_CHUNK; i++)
        a->scaled[i] = kept_from_zero(x[i] / scale, x[i]);
}

/* The block of elements that I is in ends before the result. */
static size_t end_of_scale(const struct chunk *b, size_t i)
{
    uint64_t row = b->data->row ? b->data->row : b->data->elements;
    uint64_t in_row = (b->first + i) % row;
    uint64_t length = HU_SCALE_ELEMENTS - in_row % HU_SCALE_ELEMENTS;
    if (length > row - in_row)
        length = row - in_row;
    return i + length < b->n ? i + (size_t)length : b->n;
}

static int kept_in_e8m0(int exponent)
{
    return exponent < -127 ? -127 : exponent > 127 ? 127 : exponent;
}

static int block_exponent(const struct hu_statistics_target *t, const double *x, size_t n)
{
    double greatest = 0;
    for (size_t i = 0; i < n; i++)
        greatest = fabs(x[i]) > greatest ? fabs(x[i]) : greatest;
    return greatest > 0 ? kept_in_e8m0(ilogb(greatest) - t->emax) : 0;
}

static void scale_by_block(const struct chunk *b)
{
    struct hu_scratch *a = b->a;
    const double *x = b->x;
    for (size_t i = 0, end; i < b->n; i = end) {
        end = end_of_scale(b, i);
        int exponent = block_exponent(b->t, x + i, end - i);
        double factor = ldexp(1, -exponent);
        for (size_t j = i; j < end; j++) {
            a->scaled[j] = kept_from_zero(x[j] * factor, x[j]);
            a->scales[j] = exponent;
        }
    }
    memset(a->scaled + b->n, 0, (HU_CHUNK - b->n) * sizeof *a->scaled);
}

static void unscale(const struct chunk *b, double tensor)
{
    struct hu_scratch *a = b->a;
    bool blocks = b->plan->scaling == HU_SCALE_BLOCK;
    for (size_t i = 0; i < b->n; i++)
        a->result[i] = a->code[i] * (blocks ? ldexp(1, a->scales[i]) : tensor);
    memset(a->result + b->n, 0, (HU_CHUNK - b->n) * sizeof *a->result);
}

/* Losses. */

/* Overflows leave the chunk: zeros stand in their places, without errors. Returns how many there
 * are. */
static size_t clip_chunk(struct chunk *b)
{
    const struct hu_statistics_target *t = b->t;
    double limit = t->overflow_from[0];
    bool clips = t->rounds_in_place && t->alike && from_bits(b, b->range.greatest) >= limit;
    if (!clips)
        return 0;
    size_t clipped = b->passes->clip(b->x, bits_from(b, limit), b->a->scaled, &b->range);
    b->x = b->a->scaled;
    return clipped;
}

/* What the only target's codes stand for, or what this target makes of a->scaled or of b->x. */
static void convert_chunk(const struct chunk *b, const void *scaled)
{
    struct hu_scratch *a = b->a;
    const struct hu_format *to = b->t->loss.format;
    const void *codes = b->codes;
    size_t target = (size_t)(b->t - b->plan->targets);
    if (!codes) {
        uint64_t first = b->data->first + b->first;
        convert_numbers(a, target, to, a->codes, b->real, scaled, b->n, first, &b->t->options);
        codes = a->codes;
    }
    if (to == b->real) {
        memcpy(a->code, codes, b->n * b->passes->size);
        layout_turn(a->code, b->n, b->passes->size);
    } else {
        convert_to_numbers(a, target, b->real, a->code, to, codes, b->n);
    }
    memset((char *)a->code + b->n * b->passes->size, 0, (HU_CHUNK - b->n) * b->passes->size);
    for (size_t i = 0; i < b->bad; i++)
        set_element(b, a->code, a->bad[i], 0);
}

/*
 * Overflowed elements and those that became NaN are added one by one, and leave the chunk: it takes
 * their values as results without error, of which *SUBNORMAL are so. Returns how many; if any,
 * a->error holds X without them.
 */
static size_t take_overflows(const struct chunk *b, const void *scaled, void *result,
                             size_t *subnormal)
{
    struct hu_scratch *a = b->a;
    const struct hu_statistics_target *t = b->t;
    size_t taken = 0;
    double limit =
        t->overflow_from[0] < t->overflow_from[1] ? t->overflow_from[0] : t->overflow_from[1];
    for (size_t i = 0; i < b->n; i++) {
        double s = element(b, scaled, i), code = element(b, a->code, i);
        if (fabs(s) < limit && isfinite(code))
            continue;
        bool drawn = t->options.direction == HU_STOCHASTIC && !isfinite(code);
        bool over = fabs(s) >= t->overflow_from[signbit(s) != 0] || drawn;
        if (!over && isfinite(code))
            continue;
        double x = element(b, b->x, i);
        struct hu_loss_point p = {x, element(b, result, i), s, code, 1, over};
        if (taken++ == 0)
            memcpy(a->error, b->x, HU_CHUNK * b->passes->size);
        set_element(b, a->error, i, 0);
        hu_loss_add(b->loss, &t->loss, &p, b->in_fp32);
        *subnormal += s != 0 && fabs(s) < t->loss.min_normal;
        set_element(b, a->code, i, s);
        set_element(b, result, i, x);
    }
    return taken;
}

static void add_sum(struct hu_exact_sum *sum, struct hu_pass_sum s)
{
    hu_exact_add(sum, s.high, s.exponent);
    hu_exact_add(sum, s.low, s.exponent);
}

/* The sum of the chunk's squares, found once. */
static void find_signal(struct chunk *b)
{
    if (!b->signal_known)
        b->signal = b->passes->squares(b->x, b->range.greatest, b->ahead);
    b->signal_known = true;
}

static void keep_greatest(struct hu_loss *loss, double error, double relative, double ulps)
{
    loss->max_error = error > loss->max_error ? error : loss->max_error;
    loss->max_relative = relative > loss->max_relative ? relative : loss->max_relative;
    loss->max_ulps = ulps > loss->max_ulps ? ulps : loss->max_ulps;
}

/* Where the target's exponents reach further down than fp64's, what is subnormal here has units of
 * its own there: the passes take it by that of the least normal number. */
static double ulps_of_subnormals(const struct chunk *b, const double *scaled)
{
    const double least_normal = 0x1p-1022, *code = b->a->code;
    double most = 0;
    for (size_t i = 0; b->t->loss.emin < -1022 && i < b->n; i++) {
        if (fabs(code[i]) >= least_normal)
            continue;
        double ulps = hu_loss_in_ulps(&b->t->loss, code[i] - scaled[i], code[i]);
        most = ulps > most ? ulps : most;
    }
    return most;
}

/* ULPS without a scale, which lost bits where units are subnormal. So few has only what became 0:
 * all else that is off is so by 2^-53 of it or more. */
static double ulps_if_few(const struct chunk *b, double ulps, double max_error)
{
    const double few = 0x1p-80;
    bool is_few = fmax(ulps, b->loss->max_ulps) < few;
    return is_few ? hu_loss_in_ulps(&b->t->loss, max_error, 0) : ulps;
}

/* Relative errors that the type cannot hold leave the chunk; the greatest of the others. */
static uint64_t leave_infinite_out(const struct chunk *b)
{
    double *relative = b->a->relative;
    for (size_t i = 0; i < b->n; i++)
        if (!isfinite(element(b, relative, i)))
            set_element(b, relative, i, 0);
    return range_of(b, relative).greatest;
}

static void lose_errors(const struct chunk *b, const void *scaled, const void *result)
{
    struct hu_scratch *a = b->a;
    struct hu_loss *loss = b->loss;
    const struct hu_loss_target *t = &b->t->loss;
    struct hu_pass_errors e = {
        .x = b->x,
        .result = result,
        .scaled = scaled,
        .code = a->code,
        .emin = t->emin,
        .in_fp32 = b->in_fp32,
        .error = a->error,
        .relative = a->relative,
    };
    b->passes->errors(&e);
    if (!e.inexact)
        return;
    if (!isfinite(from_bits(b, e.max_relative)))
        e.max_relative = leave_infinite_out(b);
    loss->inexact += e.inexact;
    double max_error = from_bits(b, e.max_error);
    double ulps = ldexp(from_bits(b, e.max_units), t->trailing_bits);
    if (scaled == b->x)
        ulps = ulps_if_few(b, ulps, max_error);
    keep_greatest(loss, max_error, from_bits(b, e.max_relative),
                  fmax(ulps, ulps_of_subnormals(b, scaled)));
    add_sum(&loss->noise, b->passes->squares(a->error, e.max_error, a->error));
    if (from_bits(b, e.max_relative) < 0x1p500)
        hu_exact_add(&loss->relative, b->passes->rough_squares(a->relative), 0);
    else
        add_sum(&loss->relative, b->passes->squares(a->relative, e.max_relative, a->relative));
}

/* What the walks have in common. */
static struct hu_pass_near near_of(const struct chunk *b)
{
    return (struct hu_pass_near){
        .x = b->x,
        .range = b->range,
        .direction = b->t->options.direction,
        .emin = b->t->loss.emin,
        .trailing_bits = b->t->loss.trailing_bits,
        .units_known = b->loss->max_ulps,
        .in_fp32 = b->in_fp32,
    };
}

static uint64_t in_double(const struct chunk *b, uint64_t bits)
{
    return hu_bits_of_double(from_bits(b, bits));
}

static struct hu_pass_range wide_range(const struct chunk *b)
{
    return (struct hu_pass_range){in_double(b, b->range.greatest),
                                  in_double(b, b->range.least_nonzero + 1) - 1};
}

/* By a divisor in fp32: what its power of two does is done to the target. */
static bool divide_in_fp32(const struct chunk *b, struct hu_pass_near *near)
{
    const int lowest = -126; /* no quotient that can be had so is below it */
    int exponent = ilogb(near->divisor);
    struct hu_pass_near scaled = *near;
    scaled.divisor = ldexp(near->divisor, -exponent);
    scaled.emin = near->emin + exponent > lowest ? near->emin + exponent : lowest;
    if (!b->passes->near(&scaled))
        return false;
    *near = scaled;
    return true;
}

/* The chunk in fp64; if that is there already, with what is asked of this one. */
static const struct chunk *widen(const struct chunk *b)
{
    struct hu_scratch *a = b->a;
    struct chunk wide = *b;
    if (!b->is_fp32)
        return b;
    wide.is_fp32 = false;
    wide.passes = hu_passes(HU_PASS_FP64);
    wide.real = a->fp64;
    wide.x = wide.ahead = a->wide;
    wide.range = wide_range(b);
    if (!b->wide->x) {
        convert_numbers(a, NO_TARGET, a->fp64, a->wide, a->fp32, b->x, HU_CHUNK, 0, NULL);
        layout_turn(a->wide, HU_CHUNK, sizeof *a->wide);
    }
    *b->wide = wide;
    return b->wide;
}

/* In the chunk's own type, or in fp64. */
static bool walk_in_type(const struct chunk *b, struct hu_pass_near *near)
{
    if (near->divisor != 0 && b->is_fp32 ? divide_in_fp32(b, near) : b->passes->near(near))
        return true;
    if (!b->is_fp32 || near->scales)
        return false;
    const struct chunk *w = widen(b);
    near->x = w->x;
    near->range = w->range;
    return w->passes->near(near);
}

/* All of it in one walk. False: nothing is added, and it must be done by steps. */
static bool walk(const struct chunk *b, struct hu_pass_near *near)
{
    struct hu_loss *loss = b->loss;
    if (!walk_in_type(b, near))
        return false;
    loss->measured += b->measured;
    loss->underflow += near->zeros;
    loss->subnormal += b->t->loss.min_normal > 0 ? near->subnormals : 0;
    loss->overflow += near->overflows;
    add_sum(&loss->signal, b->signal);
    if (!near->inexact)
        return true;
    loss->inexact += near->inexact;
    double ulps = ldexp(near->max_units, near->trailing_bits);
    if (near->divisor == 0 && !near->scales)
        ulps = ulps_if_few(b, ulps, near->max_error);
    keep_greatest(loss, near->max_error, near->max_relative, ulps);
    add_sum(&loss->noise, near->noise);
    hu_exact_add(&loss->relative, near->squares_of_relative, 0);
    return true;
}

/* The walk of one that overflows nowhere; with tensor scales, of the quotients by DIVISOR. */
static bool walk_in_range(const struct chunk *b, double divisor)
{
    struct hu_pass_near near = near_of(b);
    double limit = fmin(b->t->overflow_from[0], b->t->overflow_from[1]);
    double greatest = from_bits(b, b->range.greatest);
    near.divisor = divisor;
    return b->t->rounds_in_place && (divisor != 0 ? greatest / divisor : greatest) < limit &&
           walk(b, &near);
}

/* Whether the chunk's elements that share a scale are each HU_SCALE_ELEMENTS from its first on. */
static bool has_even_scales(const struct chunk *b)
{
    uint64_t row = b->data->row;
    return !row || row % HU_SCALE_ELEMENTS == 0 || row > HU_CHUNK || row == b->data->elements;
}

/* The exponents of the chunk's scales. Below normal numbers all have e8m0's least. */
static void find_scales(const struct chunk *b, int *scales)
{
    uint64_t greatest[HU_SCALES];
    b->passes->greatest(b->x, greatest);
    for (size_t i = 0; i < HU_SCALES; i++) {
        int exponent = (int)(greatest[i] >> (b->is_fp32 ? 23 : 52)) - (b->is_fp32 ? 127 : 1023);
        scales[i] = greatest[i] ? kept_in_e8m0(exponent - b->t->emax) : 0;
    }
}

static bool walk_in_scales(const struct chunk *b)
{
    int scales[HU_SCALES];
    const struct hu_statistics_target *t = b->t;
    bool can = t->rounds_in_place && t->options.direction == HU_TIES_TO_EVEN && t->saturates &&
               t->emax >= 0 && t->alike && has_even_scales(b);
    if (!can)
        return false;
    find_scales(b, scales);
    struct hu_pass_near near = near_of(b);
    near.scales = scales;
    near.most = bits_from(b, t->max_finite);
    near.overflow = bits_from(b, t->overflow_from[0]);
    return walk(b, &near);
}

/* By steps, in any direction. */
static void lose_by_steps(const struct chunk *b)
{
    struct hu_scratch *a = b->a;
    struct hu_loss *loss = b->loss;
    const struct hu_statistics_target *t = b->t;
    const void *scaled = b->x;
    void *result = a->code;
    double tensor = 1;
    struct hu_pass_range range = b->range;
    if (b->plan->scaling != HU_SCALE_NONE) {
        scaled = a->scaled;
        result = a->result;
        tensor = tensor_scale(t, b->data->greatest);
        if (b->plan->scaling == HU_SCALE_TENSOR)
            scale_by_tensor(a, b->x, tensor);
        else
            scale_by_block(b);
        range = range_of(b, scaled);
    }
    convert_chunk(b, scaled);
    if (b->plan->scaling != HU_SCALE_NONE)
        unscale(b, tensor);
    const bool no_sign = !hu_is_signed(t->loss.format);
    size_t taken = 0, taken_subnormal = 0;
    if (from_bits(b, range.greatest) > t->max_finite || no_sign)
        taken = take_overflows(b, scaled, result, &taken_subnormal);
    loss->measured += b->measured - taken;
    add_sum(&loss->signal,
            taken ? b->passes->squares(a->error, range_of(b, a->error).greatest, a->error)
                  : b->signal);
    lose_errors(b, scaled, result);
    /* What is below an unsigned format may become its zero, whatever its size. */
    if (range.greatest &&
        (no_sign || from_bits(b, range.least_nonzero + 1) < ldexp(1, t->loss.emin))) {
        uint64_t zeros, subnormals;
        b->passes->small(a->code, scaled, t->loss.min_normal, &zeros, &subnormals);
        loss->underflow += zeros;
        loss->subnormal += subnormals - taken_subnormal;
    }
}

/* Where overflows have finite results: their errors. */
static void lose_saturated(const struct chunk *b)
{
    struct hu_scratch *a = b->a;
    struct hu_loss *loss = b->loss;
    const struct hu_statistics_target *t = b->t;
    const struct hu_passes *wide = hu_passes(HU_PASS_FP64);
    uint16_t at[HU_CHUNK + 1];
    uint64_t limit = bits_from(b, t->overflow_from[0]);
    size_t n = b->passes->find(b->x, limit, b->range.greatest, at);
    double max_relative = 0, max_error = 0;
    for (size_t i = 0; i < n; i++) {
        double size = fabs(element(b, b->x, at[i])), error = size - t->max_finite;
        double relative = hu_relative_error(error, size, b->in_fp32);
        max_error = error > max_error ? error : max_error;
        max_relative = relative > max_relative ? relative : max_relative;
        a->error[i] = error;
        a->relative[i] = relative;
    }
    memset(a->error + n, 0, (HU_CHUNK - n) * sizeof *a->error);
    memset(a->relative + n, 0, (HU_CHUNK - n) * sizeof *a->relative);
    double ulps = hu_loss_in_ulps(&t->loss, max_error, t->max_finite);
    loss->inexact += n;
    keep_greatest(loss, max_error, max_relative, ulps);
    struct hu_pass_range range;
    wide->range(a->error, &range);
    add_sum(&loss->noise, wide->squares(a->error, range.greatest, a->error));
    wide->range(a->relative, &range);
    add_sum(&loss->relative, wide->squares(a->relative, range.greatest, a->relative));
}

static void lose_unscaled(struct chunk *b)
{
    struct chunk kept = *b;
    size_t clipped = clip_chunk(&kept);
    if (clipped && !b->t->saturates) {
        kept.measured -= clipped;
        kept.signal = b->passes->squares(kept.x, kept.range.greatest, b->ahead);
    } else {
        find_signal(b);
        kept.signal = b->signal;
    }
    b->loss->overflow += clipped;
    if (clipped && b->t->saturates)
        lose_saturated(b);
    if (clipped) {
        kept.codes = NULL;
        b->wide->x = NULL;
    }
    if (!walk_in_range(&kept, 0))
        lose_by_steps(widen(&kept));
    if (clipped)
        b->wide->x = NULL;
}

static void lose_scaled(struct chunk *b)
{
    b->codes = NULL;
    find_signal(b);
    bool fine = b->plan->scaling == HU_SCALE_BLOCK
                    ? walk_in_scales(b)
                    : walk_in_range(b, tensor_scale(b->t, b->data->greatest));
    if (!fine)
        lose_by_steps(widen(b));
}

void hu_chunk_lose(struct chunk *b)
{
    struct chunk wide = {.x = NULL};
    b->wide = &wide;
    b->signal_known = false;
    b->measured = b->n - b->bad;
    for (size_t i = 0; i < b->plan->count; i++) {
        b->t = &b->plan->targets[i];
        b->loss = &b->g->losses[i];
        if (b->t->block.block)
            continue;
        if (b->plan->scaling == HU_SCALE_NONE)
            lose_unscaled(b);
        else
            lose_scaled(b);
    }
}
