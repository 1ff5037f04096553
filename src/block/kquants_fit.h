/*
 * How ggml finds the scales of sub-blocks (ggml-quants.c: make_qkx2_quants, make_q3_quants,
 * make_qx_quants, quantize_row_iq4_nl_impl), operation for operation in fp32, to the bit: each lane
 * is a sub-block of its own, whose elements come one after the other as ggml takes them. Included
 * with FIT_LANES, and FIT and FIT_WHOLE, which say for what machine; no step may be fused.
 */

typedef float fit_floats __attribute__((vector_size(4 * FIT_LANES)));
typedef int32_t fit_words __attribute__((vector_size(4 * FIT_LANES)));

enum { FIT_LENGTH = 32 };

/* Sub-blocks side by side, of n elements each, and what was found: q · scale, or q · scale −
 * minimum. */
struct fit {
    int n;
    fit_floats x[FIT_LENGTH], scale, minimum;
    fit_words q[FIT_LENGTH];
};

FIT fit_floats fit_where(fit_words is, fit_floats yes, fit_floats no)
{
    return (fit_floats)((is & (fit_words)yes) | (~is & (fit_words)no));
}

FIT fit_floats fit_magnitude(fit_floats x)
{
    return (fit_floats)((fit_words)x & 0x7fffffff);
}

FIT bool fit_any(fit_words is)
{
    int any = 0;
    for (int i = 0; i < FIT_LANES; i++)
        any |= is[i];
    return any;
}

FIT fit_floats fit_float(fit_words q)
{
    return __builtin_convertvector(q, fit_floats);
}

FIT fit_words fit_within(fit_words q, int low, int high)
{
    const fit_words under = (q < low), over = (q > high);
    return (under & low) | (over & high) | (~under & ~over & q);
}

/* Code for V: the nearest integer, which a sum with 1.5 · 2^23 has in its last bits, whatever V
 * is; LOW to HIGH. */
FIT fit_words fit_code(fit_floats v, int low, int high)
{
    return fit_within(((fit_words)(v + 12582912.0f) & 0x7fffff) - 0x400000, low, high);
}

/* The weighted sum of what the line misses each element by, or of its squares. */
FIT fit_floats fit_error(const struct fit *f, const fit_floats *weights, const fit_words *q,
                         fit_floats scale, fit_floats least, bool absolute)
{
    fit_floats error = {0};
    for (int i = 0; i < f->n; i++) {
        fit_floats miss = scale * fit_float(q[i]) + least - f->x[i];
        error += weights[i] * (absolute ? fit_magnitude(miss) : miss * miss);
    }
    return error;
}

/* The line through codes under an inverse scale, by least squares. What comes of no sums is of no
 * matter. */
struct fit_line {
    fit_floats scale, least;
    fit_words q[FIT_LENGTH], solved;
};

FIT void fit_solve(const struct fit *f, const fit_floats *weights, fit_floats inverse,
                   fit_floats least, fit_floats sum_w, fit_floats sum_x, int high,
                   struct fit_line *line)
{
    fit_floats l1 = {0}, l2 = {0}, xl = {0};
    for (int i = 0; i < f->n; i++) {
        line->q[i] = fit_code(inverse * (f->x[i] - least), 0, high);
        fit_floats l = fit_float(line->q[i]), wl = weights[i] * l;
        l1 += wl;
        l2 += wl * l;
        xl += wl * f->x[i];
    }
    fit_floats determinant = sum_w * l2 - l1 * l1;
    fit_floats scale = (sum_w * xl - sum_x * l1) / determinant,
               minimum = (l2 * sum_x - l1 * xl) / determinant;
    fit_words positive = minimum > 0;
    line->solved = determinant > 0;
    line->scale = fit_where(positive, xl / l2, scale);
    line->least = fit_where(positive, (fit_floats){0}, minimum);
}

/* make_qkx2_quants: codes from 0 to HIGH, a scale and a minimum that is at most 0. After the range
 * itself, TRIES + 1 inverse scales from FIRST on, a tenth of a code apart. */
FIT void fit_minima(struct fit *f, const fit_floats *weights, int high, float first, int tries,
                    bool absolute)
{
    const fit_floats none = {0};
    fit_floats least = f->x[0], most = f->x[0], sum_w = weights[0], sum_x = sum_w * f->x[0];
    for (int i = 1; i < f->n; i++) {
        least = fit_where(f->x[i] < least, f->x[i], least);
        most = fit_where(f->x[i] > most, f->x[i], most);
        sum_w += weights[i];
        sum_x += weights[i] * f->x[i];
    }
    least = fit_where(least > 0, none, least);
    fit_words flat = most == least;
    fit_floats inverse = (float)high / (most - least), from = least;
    f->scale = 1 / inverse;
    for (int i = 0; i < f->n; i++)
        f->q[i] = fit_code(inverse * (f->x[i] - from), 0, high);
    fit_floats best = fit_error(f, weights, f->q, f->scale, least, absolute);
    for (int try = 0; try <= tries; try++) {
        struct fit_line line;
        /* From the least that is the best so far. */
        inverse = (first + 0.1f * (float)try + (float)high) / (most - least);
        fit_solve(f, weights, inverse, least, sum_w, sum_x, high, &line);
        fit_floats error = fit_error(f, weights, line.q, line.scale, line.least, absolute);
        fit_words better = line.solved & (error < best);
        if (!fit_any(better))
            continue;
        for (int i = 0; i < f->n; i++)
            f->q[i] = (better & line.q[i]) | (~better & f->q[i]);
        best = fit_where(better, error, best);
        f->scale = fit_where(better, line.scale, f->scale);
        least = fit_where(better, line.least, least);
    }
    for (int i = 0; i < f->n; i++)
        f->q[i] &= ~flat;
    f->scale = fit_where(flat, none, f->scale);
    f->minimum = -fit_where(flat, from, least);
}

/* The first element of the greatest magnitude. */
FIT fit_floats fit_greatest(const struct fit *f)
{
    fit_floats amax = {0}, greatest = {0};
    for (int i = 0; i < f->n; i++) {
        fit_floats magnitude = fit_magnitude(f->x[i]);
        fit_words greater = magnitude > amax;
        amax = fit_where(greater, magnitude, amax);
        greatest = fit_where(greater, f->x[i], greatest);
    }
    return greatest;
}

/* Σ x³ q and Σ x² q² of codes. */
struct fit_sums {
    fit_floats products, squares;
};

FIT struct fit_sums fit_add(struct fit_sums s, fit_floats x, fit_words q)
{
    fit_floats weight = x * x, l = fit_float(q);
    s.products += weight * x * l;
    s.squares += weight * l * l;
    return s;
}

FIT struct fit_sums fit_codes(const struct fit *f, fit_floats inverse, int half, fit_words *q)
{
    struct fit_sums s = {{0}, {0}};
    for (int i = 0; i < f->n; i++) {
        q[i] = fit_code(inverse * f->x[i], -half, half - 1);
        s = fit_add(s, f->x[i], q[i]);
    }
    return s;
}

/* Another code for element I where the quotient of the sums gains by it; which did. */
FIT fit_words fit_better_code(struct fit *f, int i, int half, struct fit_sums *s)
{
    const fit_floats x = f->x[i], weight = x * x, l = fit_float(f->q[i]);
    fit_floats products = s->products - weight * x * l, squares = s->squares - weight * l * l;
    fit_words q = fit_code(x * squares / products, -half, half - 1),
              fits = (products > 0) & (q != f->q[i]);
    struct fit_sums t = fit_add((struct fit_sums){products, squares}, x, q);
    fit_words better =
        fits & (t.squares > 0) &
        (t.products * t.products * s->squares > s->products * s->products * t.squares);
    f->q[i] = (better & q) | (~better & f->q[i]);
    s->products = fit_where(better, t.products, s->products);
    s->squares = fit_where(better, t.squares, s->squares);
    return better;
}

/* Codes from 0 on; none and 0 where nothing is as great as 10^−15. */
FIT void fit_finish(struct fit *f, fit_floats greatest, int half, fit_floats scale)
{
    fit_words none = fit_magnitude(greatest) < 1e-15f;
    for (int i = 0; i < f->n; i++)
        f->q[i] = ~none & (f->q[i] + half);
    f->scale = fit_where(none, (fit_floats){0}, scale);
}

/* make_q3_quants: codes of HALF on either side, each changed as long as it gains, five times over.
 */
FIT void fit_by_code(struct fit *f, int half)
{
    fit_floats greatest = fit_greatest(f);
    struct fit_sums s = fit_codes(f, -(float)half / greatest, half, f->q);
    fit_words changed = {0};
    for (int turn = 0; turn < 5; turn++, changed = (fit_words){0}) {
        for (int i = 0; i < f->n; i++)
            changed |= fit_better_code(f, i, half, &s);
        if (!fit_any(changed))
            break;
    }
    fit_finish(f, greatest, half,
               fit_where(s.squares > 0, s.products / s.squares, (fit_floats){0}));
}

/* make_qx_quants, weighed by squares: nine inverse scales on either side, a tenth of a code apart.
 */
FIT void fit_by_scale(struct fit *f, int half)
{
    fit_floats greatest = fit_greatest(f);
    struct fit_sums s = fit_codes(f, -(float)half / greatest, half, f->q);
    fit_floats scale = fit_where(s.squares != 0, s.products / s.squares, (fit_floats){0});
    fit_floats best = scale * s.products;
    for (int try = -9; try <= 9; try++) {
        fit_words q[FIT_LENGTH];
        if (!try)
            continue;
        s = fit_codes(f, -((float)half + 0.1f * (float)try) / greatest, half, q);
        fit_words better = (s.squares > 0) & (s.products * s.products > best * s.squares);
        if (!fit_any(better))
            continue;
        for (int i = 0; i < f->n; i++)
            f->q[i] = (better & q[i]) | (~better & f->q[i]);
        scale = fit_where(better, s.products / s.squares, scale);
        best = fit_where(better, scale * s.products, best);
    }
    fit_finish(f, greatest, half, scale);
}

/* The middles of a curve's points, and how far these are apart. */
enum { FIT_MIDDLES = 15 };

struct fit_middles {
    fit_floats at[FIT_MIDDLES], apart[FIT_MIDDLES];
};

FIT void fit_middles_of(const int8_t *curve, struct fit_middles *m)
{
    for (int i = 0; i < FIT_MIDDLES; i++) {
        m->at[i] = (fit_floats){0} + (float)(curve[i] + curve[i + 1]) / 2;
        m->apart[i] = (fit_floats){0} + (float)(curve[i + 1] - curve[i]);
    }
}

/* The curve's nearest point; in the middle of two the upper one. Of a NaN the last one. */
FIT fit_floats fit_point(const struct fit_middles *m, fit_floats v)
{
    fit_floats point = (fit_floats){0} + (float)hu_block_curve[0];
    for (int i = 0; i < FIT_MIDDLES; i++)
        point += (fit_floats)(~(v < m->at[i]) & (fit_words)m->apart[i]);
    return point;
}

/* quantize_row_iq4_nl_impl: points of a curve, weighed by squares, seven inverse scales on either
 * side, a step apart. The first one goes by way of the scale. */
FIT void fit_curve(struct fit *f)
{
    struct fit_middles middles;
    fit_floats greatest = fit_greatest(f), best = {0};
    fit_middles_of(hu_block_curve, &middles);
    f->scale = (fit_floats){0};
    for (int try = -8; try <= 7; try++) {
        const bool first = try == -8;
        fit_floats inverse =
            first ? 1 / (greatest / 127) : (float)(try + hu_block_curve[0]) / greatest;
        struct fit_sums s = {{0}, {0}};
        for (int i = 0; i < f->n; i++) {
            fit_floats q = fit_point(&middles, inverse * f->x[i]), product = f->x[i] * f->x[i] * q;
            s.products += product * f->x[i];
            s.squares += product * q;
        }
        fit_words better = s.squares > 0;
        if (!first)
            better &= s.products * s.products > best * s.squares;
        f->scale = fit_where(better, s.products / s.squares, f->scale);
        best = fit_where(better, f->scale * s.products, best);
    }
    f->scale = fit_where(fit_magnitude(greatest) < 1e-15f, (fit_floats){0}, f->scale);
}

FIT void fit_weigh(const struct fit *f, bool absolute, fit_floats *weights)
{
    fit_floats mean = {0};
    for (int i = 0; i < f->n && !absolute; i++)
        mean += f->x[i] * f->x[i];
    mean /= 32;
    for (int lane = 0; lane < FIT_LANES; lane++)
        mean[lane] = __builtin_sqrtf(mean[lane]);
    for (int i = 0; i < f->n; i++)
        weights[i] = mean + fit_magnitude(f->x[i]);
}

FIT void fit_some(struct fit *f, const struct ggml_minima *t, int type)
{
    fit_floats weights[FIT_LENGTH] = {{0}};
    if (t) {
        fit_weigh(f, t->absolute, weights);
        fit_minima(f, weights, t->high, t->first, t->tries, t->absolute);
    } else if (type == 11) {
        fit_by_code(f, 4);
    } else if (type == 23) {
        fit_curve(f);
    } else {
        fit_by_scale(f, 32);
    }
}

FIT_WHOLE void fit_subs(const struct ggml_encoding *k, const struct ggml_minima *t,
                        struct ggml_subs *s)
{
    struct fit f = {.n = s->length};
    for (int first = 0; first < s->count; first += FIT_LANES) {
        const float *x = k->x + first * f.n;
        unsigned char *q = s->q + first * f.n;
        for (int i = 0; i < f.n; i++)
            for (int lane = 0; lane < FIT_LANES; lane++)
                f.x[i][lane] = x[lane * f.n + i];
        fit_some(&f, t, k->type);
        memcpy(s->scale + first, &f.scale, sizeof f.scale);
        memcpy(s->minimum + first, &f.minimum, sizeof f.minimum);
        for (int i = 0; i < f.n; i++)
            for (int lane = 0; lane < FIT_LANES; lane++)
                q[lane * f.n + i] = (unsigned char)f.q[i][lane];
    }
}

FIT_WHOLE void fit_again(const float *x, int n, float d, float offset, int low, int high,
                         unsigned char *q)
{
    for (int i = 0; i < n; i += FIT_LANES) {
        fit_floats v;
        memcpy(&v, x + i, sizeof v);
        fit_words code = fit_code((v + offset) / d, low, high) - low;
        for (int lane = 0; lane < FIT_LANES; lane++)
            q[i + lane] = (unsigned char)code[lane];
    }
}

/* Whole numbers nearest to x · inverse, halves away from zero, from −1 to MOST, plus 1. */
FIT_WHOLE void fit_multiples(const float *x, int n, float inverse, int most, unsigned char *q)
{
    for (int i = 0; i < n; i += FIT_LANES) {
        fit_floats v;
        memcpy(&v, x + i, sizeof v);
        v *= inverse;
        /* What is just below a half, with v's sign, and cut off. */
        fit_floats half = (fit_floats)(((fit_words)v & INT32_MIN) | 0x3effffff);
        fit_words code = fit_within(__builtin_convertvector(v + half, fit_words), -1, most) + 1;
        for (int lane = 0; lane < FIT_LANES; lane++)
            q[i + lane] = (unsigned char)code[lane];
    }
}

/* Numbers of the nearest points. */
FIT_WHOLE void fit_points(const float *x, int n, float inverse, unsigned char *q)
{
    struct fit_middles middles;
    fit_middles_of(hu_block_curve, &middles);
    for (int i = 0; i < n; i += FIT_LANES) {
        fit_floats v;
        fit_words above = (fit_words){0} + FIT_MIDDLES;
        memcpy(&v, x + i, sizeof v);
        v *= inverse;
        for (int k = 0; k < FIT_MIDDLES; k++)
            above += v < middles.at[k];
        for (int lane = 0; lane < FIT_LANES; lane++)
            q[i + lane] = (unsigned char)above[lane];
    }
}
