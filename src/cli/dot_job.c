#include "room.h"
#include "dot_job.h"
#include "float_bits.h"
#include "mpz64.h"
#include "names.h"

enum { DEFAULT_BLOCK = 64 };

static const char *model_name(int i)
{
    return hu_dot_model_at((size_t)i)->name;
}

static bool add_choice(const char *name, struct dot_choices *choices)
{
    size_t n = strcspn(name, ":");
    char plain[32];
    uint64_t block = DEFAULT_BLOCK;
    snprintf(plain, sizeof plain, "%.*s", (int)n, name);
    const struct hu_dot_model *model = hu_dot_model_find(plain);
    bool blocked = model && model->method == HU_DOT_BLOCKED;
    char *end = NULL;
    if (blocked && name[n]) {
        block = strtoull(name + n + 1, &end, 10);
        blocked = !*end && block && end != name + n + 1;
    }
    if (!model || (name[n] && !blocked)) {
        char nearest[HU_SUGGESTION] = "";
        if (!model)
            hu_suggestion_of(nearest, plain, model_name, (int)hu_dot_model_count());
        return refuse("\"%s\" is not a model; %s%s'halfulp dot --models' lists them%s", name,
                      nearest, *nearest ? " " : "",
                      model && model->method == HU_DOT_BLOCKED ? "; blocked:N has blocks of N"
                                                               : "");
    }
    if (choices->count == DOT_MODELS_MAX)
        return refuse("more than %d models", DOT_MODELS_MAX);
    struct dot_choice *choice = &choices->at[choices->count++];
    *choice = (struct dot_choice){.model = model, .block = block};
    if (blocked)
        snprintf(choice->name, sizeof choice->name, "%s:%llu", model->name,
                 (unsigned long long)block);
    else
        snprintf(choice->name, sizeof choice->name, "%s", model->name);
    return true;
}

static bool add_choices(const char *name, void *context)
{
    struct dot_choices *choices = context;
    bool fine = true;
    if (strcasecmp(name, "all") != 0)
        return add_choice(name, choices);
    choices->all = true;
    for (size_t i = 0; fine && i < hu_dot_model_count(); i++)
        fine = add_choice(hu_dot_model_at(i)->name, choices);
    return fine;
}

bool dot_choices_read(struct dot_choices *choices, const char *text)
{
    return names_read(text, add_choices, choices);
}

/* A row or a column becomes a vector: *n values. False: it is neither. */
static bool is_vector(const struct operand *o, size_t *n)
{
    *n = o->count;
    return o->rows == 1 || o->columns == 1;
}

static void take_shapes(struct dot *d)
{
    const struct operand *a = d->given_a, *b = d->given_b, *c = d->given_c;
    size_t other;
    if (d->matrix) {
        d->rows = a->rows;
        d->columns = b->columns;
        d->n = a->columns;
        other = b->rows;
    } else if (is_vector(a, &d->n) && is_vector(b, &other)) {
        d->rows = d->columns = 1;
    } else {
        die("A is %zu × %zu and B %zu × %zu: a dot product is of two vectors; --matrix multiplies "
            "matrices",
            a->rows, a->columns, b->rows, b->columns);
    }
    if (d->n != other)
        die(d->matrix ? "A has %zu columns and B %zu rows" : "A has %zu values and B %zu", d->n,
            other);
    if (d->rows > MATRIX_COLUMNS || d->columns > MATRIX_COLUMNS)
        die("a product of %zu × %zu is more than is shown: %d × %d", d->rows, d->columns,
            MATRIX_COLUMNS, MATRIX_COLUMNS);
    if (c && c->count != 1 && (c->rows != d->rows || c->columns != d->columns))
        die("C is %zu × %zu; one value is due, or as many as A·B has: %zu × %zu", c->rows,
            c->columns, d->rows, d->columns);
}

/* V's exact value. False: it is not finite, or too far out to write. */
static bool ratio_of(mpq_t ratio, const struct hu_value *v)
{
    if (v->kind != HU_VALUE_FINITE || hu_value_is_remote(v))
        return false;
    hu_value_ratio(ratio, v);
    return true;
}

/* A code's exact value. False: it is not finite. */
static bool code_ratio(mpq_t ratio, const struct hu_format *f, uint64_t bits)
{
    bool finite = hu_is_finite(hu_decode(f, bits));
    if (finite)
        hu_datum_ratio(ratio, f, bits);
    return finite;
}

/* The greatest finite magnitude over the format's largest, rounded to fp32, of which it is a
 * positive finite number: as stats' --scale tensor. */
static uint64_t scale_of(const struct operand *o, const struct hu_format *f)
{
    static const uint64_t one = 0x3f800000;
    const struct hu_format *single = hu_format_find("fp32");
    RATIO(x);
    VALUE(scale);
    for (size_t i = 0; i < o->count; i++) {
        if (!ratio_of(x, &o->values[i]))
            continue;
        mpq_abs(x, x);
        if (mpq_cmp(x, scale.ratio) > 0)
            mpq_set(scale.ratio, x);
    }
    hu_datum_ratio(x, f, hu_max_finite_code(f));
    mpq_div(scale.ratio, scale.ratio, x);
    struct hu_options options = {.saturate = true};
    uint64_t bits = hu_value_round(&scale, single, &options, NULL);
    if (!bits)
        bits = hu_value_is_zero(&scale) ? one : 1;
    return bits;
}

/* The code of V over the side's scale. */
static uint64_t scaled_code(const struct dot *d, const struct dot_side *side,
                            const struct hu_value *v, const struct hu_options *options)
{
    if (!d->scaled || v->kind != HU_VALUE_FINITE || hu_value_is_remote(v))
        return hu_value_bits_in(v, d->format, options, NULL);
    RATIO(scale);
    VALUE(scaled);
    hu_datum_ratio(scale, hu_format_find("fp32"), side->scale);
    mpq_div(scaled.ratio, v->ratio, scale);
    scaled.sign = v->sign;
    return hu_value_round(&scaled, d->format, options, NULL);
}

static size_t segments_of(const struct dot *d)
{
    return d->segment ? (d->n + d->segment - 1) / d->segment : 0;
}

static size_t blocks_of(const struct dot *d)
{
    return (d->n + HU_DOT_BLOCK - 1) / HU_DOT_BLOCK;
}

/* The code's value with the scale. False: not finite. */
static bool side_ratio(mpq_t ratio, const struct dot *d, const struct dot_side *side, size_t index)
{
    if (!code_ratio(ratio, d->format, side->codes[index]))
        return false;
    if (side->powers) {
        int power = side->powers[index / d->n * blocks_of(d) + index % d->n / HU_DOT_BLOCK];
        hu_mpq_scale(ratio, ratio, power);
    }
    RATIO(scale);
    if (d->segment) {
        size_t at = index / d->n * segments_of(d) + index % d->n / d->segment;
        hu_datum_ratio(scale, hu_format_find("fp32"), side->scales[at]);
        mpq_mul(ratio, ratio, scale);
    }
    if (d->scaled) {
        hu_datum_ratio(scale, hu_format_find("fp32"), side->scale);
        mpq_mul(ratio, ratio, scale);
    }
    return true;
}

/* Where element K of vector V of a side lies in what was given: A by rows, B by columns. */
static size_t place_given(const struct dot *d, const struct operand *o, size_t v, size_t k)
{
    if (!d->matrix)
        return k;
    return o == d->given_a ? v * d->n + k : k * d->columns + v;
}

/* Code and scale of element I, which its block has. */
static void take_element(const struct dot *d, struct dot_side *side,
                         const struct hu_block_parts *parts, size_t vectors, size_t i)
{
    struct hu_block_datum datum;
    size_t v = i / d->n, k = i % d->n;
    hu_block_look(d->block, parts, vectors, d->n, v, k, &datum);
    side->codes[i] = (uint64_t)datum.code;
    if (d->segment)
        side->scales[v * segments_of(d) + k / d->segment] = hu_convert(
            hu_format_find("fp32"), hu_format_find(d->block->scale), datum.scale_bits, NULL, NULL);
    else
        side->powers[v * blocks_of(d) + k / HU_DOT_BLOCK] = ilogb(datum.scale);
}

/* The codes and scales of blocks, each vector a row; what was given goes through fp64. False: it is
 * not finite there. */
static bool encode_blocks(struct dot *d, struct dot_side *side, const struct operand *o,
                          size_t vectors, const struct hu_options *options)
{
    const struct hu_format *wide = hu_format_find("fp64");
    const struct hu_block *b = d->block;
    size_t count = vectors * d->n;
    OWNED uint64_t *values = check_memory(malloc(count * sizeof *values));
    OWNED unsigned char *codes = check_memory(malloc(hu_block_bytes(b, vectors, d->n)));
    OWNED unsigned char *scales = check_memory(malloc(hu_block_scale_bytes(b, vectors, d->n)));
    struct hu_block_options block_options = {.elements = *options};
    struct hu_block_parts parts = {.codes = codes, .scales = scales};
    bool finite = true;
    block_options.elements.saturate = true;
    for (size_t i = 0; i < count; i++) {
        const struct hu_value *v = &o->values[place_given(d, o, i / d->n, i % d->n)];
        values[i] = hu_value_bits_in(v, wide, NULL, NULL);
        finite &= hu_is_finite(hu_decode(wide, values[i]));
    }
    if (d->segment)
        side->scales = check_memory(calloc(vectors * segments_of(d), sizeof *side->scales));
    else
        side->powers = check_memory(calloc(vectors * blocks_of(d), sizeof *side->powers));
    finite = finite && !hu_block_encode(b, codes, scales, &parts.tensor_scale, wide, values,
                                        vectors, d->n, &block_options);
    for (size_t i = 0; finite && i < count; i++)
        take_element(d, side, &parts, vectors, i);
    side->scale = hu_bits_of_float(parts.tensor_scale);
    return finite;
}

/* False: the blocks cannot have what was given. */
static bool make_side(struct dot *d, struct dot_side *side, const struct operand *o, size_t vectors,
                      const struct hu_options *options)
{
    side->codes = check_memory(malloc(o->count * sizeof *side->codes));
    side->scale = d->scaled && !d->block ? scale_of(o, d->format) : 0;
    if (d->block && !encode_blocks(d, side, o, vectors, options))
        return false;
    RATIO(x);
    RATIO(y);
    for (size_t v = 0; v < vectors; v++)
        for (size_t k = 0; k < d->n; k++) {
            const struct hu_value *value = &o->values[place_given(d, o, v, k)];
            size_t at = v * d->n + k;
            if (!d->block)
                side->codes[at] = scaled_code(d, side, value, options);
            side->rounded |= ratio_of(x, value) && !(side_ratio(y, d, side, at) && mpq_equal(x, y));
        }
    return true;
}

static const struct hu_value *c_value(const struct dot *d, size_t index)
{
    return d->given_c ? &d->given_c->values[d->given_c->count == 1 ? 0 : index] : NULL;
}

static mpq_t *new_ratios(size_t count)
{
    mpq_t *ratios = check_memory(malloc(count * sizeof *ratios));
    for (size_t i = 0; i < count; i++)
        mpq_init(ratios[i]);
    return ratios;
}

static void free_ratios(mpq_t *ratios, size_t count)
{
    for (size_t i = 0; ratios && i < count; i++)
        mpq_clear(ratios[i]);
    free(ratios);
}

/* Sum INDEX of the codes, and the sum of its addends' magnitudes. False: not finite. */
static bool sum_codes(mpq_t sum, mpq_t magnitudes, const struct dot *d, size_t index)
{
    RATIO(x);
    RATIO(y);
    bool finite = code_ratio(sum, d->accumulate, d->c[index]);
    mpq_abs(magnitudes, sum);
    for (size_t k = 0; finite && k < d->n; k++) {
        finite = side_ratio(x, d, &d->a, index / d->columns * d->n + k) &&
                 side_ratio(y, d, &d->b, index % d->columns * d->n + k);
        mpq_mul(x, x, y);
        mpq_add(sum, sum, x);
        mpq_abs(x, x);
        mpq_add(magnitudes, magnitudes, x);
    }
    return finite;
}

static bool sum_given(mpq_t sum, const struct dot *d, size_t index)
{
    RATIO(x);
    RATIO(y);
    const struct hu_value *c = c_value(d, index);
    bool finite = !c || ratio_of(sum, c);
    for (size_t k = 0; finite && k < d->n; k++) {
        size_t a = place_given(d, d->given_a, index / d->columns, k);
        size_t b = place_given(d, d->given_b, index % d->columns, k);
        finite = ratio_of(x, &d->given_a->values[a]) && ratio_of(y, &d->given_b->values[b]);
        mpq_mul(x, x, y);
        mpq_add(sum, sum, x);
    }
    return finite;
}

/* BOUND, a sum of magnitudes, times k·u / (1 - k·u), where k are the roundings that an addend meets
 * at most: n + 1, or those of its segment, a sum for each, and two of each scale; u is the
 * accumulator's unit roundoff (Higham, 2002, section 3.1). False: k·u is 1 or more. */
static bool bound_of(mpq_t bound, const struct dot *d)
{
    RATIO(ku);
    RATIO(rest);
    mpq_set_ui(ku, d->roundings, 1);
    mpq_div_2exp(ku, ku, (mp_bitcnt_t)hu_precision(d->accumulate));
    mpq_set_ui(rest, 1, 1);
    mpq_sub(rest, rest, ku);
    bool fine = mpq_sgn(rest) > 0;
    if (fine) {
        mpq_mul(bound, bound, ku);
        mpq_div(bound, bound, rest);
    }
    return fine;
}

static void make_sums(struct dot *d)
{
    size_t count = d->rows * d->columns;
    d->exact = new_ratios(count);
    d->given = new_ratios(count);
    d->bound = new_ratios(count);
    d->has_exact = d->has_given = d->has_bound = true;
    for (size_t i = 0; i < count; i++) {
        d->has_exact &= sum_codes(d->exact[i], d->bound[i], d, i);
        d->has_given &= sum_given(d->given[i], d, i);
        d->has_bound &= bound_of(d->bound[i], d);
    }
    d->has_bound &= d->has_exact;
}

static void make_c(struct dot *d)
{
    size_t count = d->rows * d->columns;
    d->c = check_memory(calloc(count, sizeof *d->c));
    RATIO(given);
    RATIO(taken);
    for (size_t i = 0; i < count && d->given_c; i++) {
        const struct hu_value *value = c_value(d, i);
        d->c[i] = hu_value_bits_in(value, d->accumulate, NULL, NULL);
        d->c_rounded |= ratio_of(given, value) &&
                        !(code_ratio(taken, d->accumulate, d->c[i]) && mpq_equal(given, taken));
    }
}

static const int *powers_of(const struct dot *d, const struct dot_side *side, size_t vector)
{
    return side->powers ? side->powers + vector * blocks_of(d) : NULL;
}

static struct hu_dot job_of(const struct dot *d, const struct dot_choice *choice, size_t index)
{
    return (struct hu_dot){.model = choice->model,
                           .format = d->format,
                           .accumulate = d->accumulate,
                           .a = d->a.codes + index / d->columns * d->n,
                           .b = d->b.codes + index % d->columns * d->n,
                           .a_powers = powers_of(d, &d->a, index / d->columns),
                           .b_powers = powers_of(d, &d->b, index % d->columns),
                           .n = d->n,
                           .c = d->scaled ? 0 : d->c[index],
                           .block = choice->block};
}

/* X * Y + Z in the accumulator's format, rounded once. */
static uint64_t fused(const struct dot *d, uint64_t x, uint64_t y, uint64_t z)
{
    struct hu_dot job = {.model = hu_dot_model_find("fma"),
                         .format = d->accumulate,
                         .accumulate = d->accumulate,
                         .a = &x,
                         .b = &y,
                         .n = 1,
                         .c = z};
    return hu_dot_run(&job);
}

static uint64_t round_ratio(const struct hu_format *to, const mpq_t ratio)
{
    VALUE(v);
    mpq_abs(v.ratio, ratio);
    v.sign = mpq_sgn(ratio) < 0;
    return hu_value_round(&v, to, NULL, NULL);
}

/* A sum whose segments have scales of their own, as kernels sum it whose matrix unit knows none:
 * each segment by the unit, from zero; times both scales, and onto the sum, in fp32. */
static uint64_t run_segments(const struct dot *d, struct hu_dot job, size_t index,
                             const struct dot_observer *observer)
{
    const uint64_t *a = d->a.scales + index / d->columns * segments_of(d);
    const uint64_t *b = d->b.scales + index % d->columns * segments_of(d);
    uint64_t sum = job.c;
    job.c = 0;
    for (size_t i = 0, first = 0; first < d->n; i++, first += d->segment) {
        job.n = d->n - first < d->segment ? d->n - first : d->segment;
        if (observer)
            observer->segment(observer->context, first, job.n);
        struct dot_promotion p = {.first = first, .products = job.n};
        p.partial = hu_dot_run(&job);
        p.scale = fused(d, a[i], b[i], 0);
        p.sum = sum = fused(d, p.partial, p.scale, sum);
        if (observer)
            observer->promotion(observer->context, &p);
        job.a += job.n;
        job.b += job.n;
    }
    return sum;
}

static uint64_t run_choice(const struct dot *d, const struct dot_choice *choice, size_t index,
                           const struct dot_observer *observer)
{
    struct hu_dot job = job_of(d, choice, index);
    if (d->segment && choice->model->method == HU_DOT_EXACT && d->has_exact)
        return round_ratio(d->accumulate, d->exact[index]);
    if (observer) {
        job.observe = observer->step;
        job.context = observer->context;
    }
    uint64_t sum = d->segment ? run_segments(d, job, index, observer) : hu_dot_run(&job);
    if (!d->scaled)
        return sum;
    /* The epilogue of a matrix product: both scales, then C, in fp32. */
    uint64_t scaled = fused(d, sum, fused(d, d->a.scale, d->b.scale, 0), 0);
    return fused(d, scaled, 0x3f800000, d->c[index]);
}

static void run_choices(struct dot *d, const struct dot_choices *choices)
{
    size_t sums = d->rows * d->columns;
    for (size_t i = 0; i < choices->count; i++) {
        const struct dot_choice *choice = &choices->at[i];
        bool takes = hu_dot_takes(choice->model, d->format, d->accumulate);
        if (!takes || (d->block && !d->segment && !hu_dot_scales(choice->model))) {
            if (choices->all)
                continue;
            die("%s does not multiply %s into %s; 'halfulp dot --models' says what it takes",
                choice->name, d->name, d->accumulate->name);
        }
        struct dot_result *r = &d->results[d->count++];
        r->choice = choice;
        r->bits = check_memory(malloc(sums * sizeof *r->bits));
        for (size_t k = 0; k < sums; k++)
            r->bits[k] = run_choice(d, choice, k, NULL);
    }
}

/* OCP MX's: a power of two over 32 elements in a row, which matrix units take beside the codes. */
static bool is_mx(const struct hu_block *b)
{
    return b->tile_rows == 1 && b->tile_columns == HU_DOT_BLOCK && !strcmp(b->scale, "e8m0");
}

static void count_roundings(struct dot *d)
{
    if (d->block && !is_mx(d->block)) {
        size_t columns = d->block->tile_columns;
        d->segment = columns && columns < d->n ? columns : d->n;
        d->scaled = d->block->over == HU_OVER_TENSOR;
    }
    d->roundings = d->segment ? d->segment + segments_of(d) + 1 + (d->scaled ? 4 : 1) : d->n + 1;
}

void dot_make(struct dot *d, const struct dot_request *request, const struct operand *a,
              const struct operand *b, const struct operand *c)
{
    *d = (struct dot){.name = request->block ? request->block->name : request->format->name,
                      .block = request->block,
                      .format = request->format,
                      .accumulate = request->accumulate,
                      .given_a = a,
                      .given_b = b,
                      .given_c = c,
                      .matrix = request->matrix,
                      .scaled = request->scaled};
    if (d->scaled && d->block)
        die("%s has scales of its own; --scale is for formats without", d->name);
    take_shapes(d);
    count_roundings(d);
    if ((d->scaled || d->segment) && strcmp(d->accumulate->name, "fp32"))
        die("%s applied in fp32, so %s needs --accumulate fp32",
            d->block ? "scales of blocks are" : "--scale is", d->block ? d->name : "it");
    if (!make_side(d, &d->a, a, d->rows, &request->rounding) ||
        !make_side(d, &d->b, b, d->columns, &request->rounding))
        die("%s has no scale for a block with an infinity, a NaN or a value beyond fp64", d->name);
    make_c(d);
    make_sums(d);
    run_choices(d, &request->choices);
}

static void side_clear(struct dot_side *side)
{
    free(side->codes);
    free(side->powers);
    free(side->scales);
}

void dot_clear(struct dot *d)
{
    for (size_t i = 0; i < d->count; i++)
        free(d->results[i].bits);
    free_ratios(d->exact, d->rows * d->columns);
    free_ratios(d->given, d->rows * d->columns);
    free_ratios(d->bound, d->rows * d->columns);
    side_clear(&d->a);
    side_clear(&d->b);
    free(d->c);
    *d = (struct dot){0};
}

void dot_observe(const struct dot *d, const struct dot_result *result, size_t index,
                 const struct dot_observer *observer)
{
    run_choice(d, result->choice, index, observer);
}

bool dot_error(mpq_t error, mpq_t ulps, const struct dot *d, const mpq_t *against,
               const struct dot_result *result, size_t index)
{
    uint64_t bits = result->bits[index];
    bool known = against == (const mpq_t *)d->exact ? d->has_exact : d->has_given;
    if (!known || !hu_is_finite(hu_decode(d->accumulate, bits)))
        return false;
    hu_datum_ratio(error, d->accumulate, bits);
    mpq_sub(error, error, against[index]);
    int ulp = hu_ulp_exponent(d->accumulate, bits);
    hu_mpq_scale(ulps, error, -ulp);
    return true;
}
