/* Operations on whole arrays: by which road, and along it. */
#include "array/operate.h"
#include "array/plan.h"
#include "array/codes.h"
#include "array/environment.h"
#if defined(__x86_64__)
#include "array/x86.h"
#endif

#include <errno.h>
#include <float.h>
#include <pthread.h>
#include <string.h>

enum {
    PIECE = 1024, /* elements that stay in a core's caches on their way; a multiple of 8 */
    P32 = 24,
    P64 = 53,
};

/* The truth: every element by hu_operate_at. */
static unsigned run_plainly(const struct hu_array_operation *a, void *dst, const void *const src[],
                            size_t n, uint64_t first)
{
    uint64_t codes[HU_OPERANDS][GROUP] = {{0}}, result[GROUP];
    int operands = hu_operation_row(a->operation)->operands;
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += GROUP) {
        size_t count = n - done < GROUP ? n - done : GROUP;
        for (int k = 0; k < operands; k++)
            load_codes(codes[k], a->from[k],
                       (const char *)src[k] + hu_array_bytes(a->from[k], done), count);
        for (size_t i = 0; i < count; i++) {
            const uint64_t x[HU_OPERANDS] = {codes[0][i], codes[1][i], codes[2][i]};
            result[i] = hu_operate_at(a->operation, a->to, a->from, x, first + done + i,
                                      &a->options, &flags);
        }
        store_codes(a->to, (char *)dst + hu_array_bytes(a->to, done), result, count);
    }
    return flags;
}

/*
 * Roads. DIRECT: the machine's own operation in fp32 or fp64, rounded as the environment says.
 * WIDENED: operands exactly into fp32 or fp64, an exact result or one rounded to odd there, and
 * that into the target by the kernel's conversion. What makes that one rounding:
 *  - sums, of exact products too, to odd in two bits more than the target has, in a range in which
 *    no sum overflows and every product is exact (Boldo and Melquiond, 2008, theorem 1); GUARDED
 *    takes fp32 for operands whose range is all of its own, and fp64 for a piece that leaves it;
 *  - products that are exact;
 *  - quotients and roots of operands of at most 24 bits, rounded to nearest in fp64: a boundary m
 *    of a target of at most 24 bits has at most 25. If x / y is not m, |x - m y| is at least one
 *    unit of their 49 bits, so that x / y is off m by over 2^-50 of it, and x off m^2 by as much:
 *    more than the 2^-53 by which rounding moves it, to m or past it; no quotient may overflow
 *    there or be subnormal;
 *  - remainders and scaleB, in fp64, of operands of few bits or of fp32's range, see
 *    operate_lanes.h.
 * CODES_ALONE: comparisons and extrema, by codes in whose order their values are.
 */
enum road { PLAIN, CODES_ALONE, DIRECT32, DIRECT64, WIDENED32, GUARDED, WIDENED64 };

/* A wide format's room. */
struct room {
    int precision, quantum_min, emax;
};

static bool fits(const struct hu_format *f, const struct room *r)
{
    return hu_precision(f) <= r->precision && hu_quantum_min(f) >= r->quantum_min &&
           hu_emax(f) <= r->emax;
}

/* Operands and results, for whose NaNs there must be room too. */
static bool all_fit(const struct hu_array_operation *a, const struct room *r)
{
    bool all = fits(a->to, r);
    for (int i = 0; i < hu_operation_row(a->operation)->operands; i++)
        all &= fits(a->from[i], r);
    return all;
}

/* Quotients other than 0 are normal. */
static bool holds_quotients(const struct room *r, const struct hu_format *x,
                            const struct hu_format *y)
{
    int high = hu_emax(x) + 1 - hu_quantum_min(y), low = hu_quantum_min(x) - hu_emax(y) - 1;
    return high <= r->emax && low >= r->quantum_min + r->precision - 1;
}

static bool holds(const struct room *r, const struct hu_array_operation *a, bool guards)
{
    enum hu_operation op = a->operation;
    int operands = hu_operation_row(op)->operands;
    bool product = op == HU_OP_MUL || op == HU_OP_FMA;
    int bits = 0, low = 0, high = 0;
    for (int i = 0; i < operands; i++) {
        const struct hu_format *f = a->from[i];
        if (!fits(f, r) || hu_emax(f) + (guards ? 0 : 2) > r->emax)
            return false;
        if (i < 2) {
            bits += hu_precision(f);
            low += hu_quantum_min(f);
            high += hu_emax(f) + 1;
        }
    }
    if (op == HU_OP_DIV && !holds_quotients(r, a->from[0], a->from[1]))
        return false;
    if (op == HU_OP_DIV || op == HU_OP_SQRT)
        return r->precision == P64 && bits <= 2 * P32 && hu_precision(a->to) <= P32;
    bool inside = guards || (low >= r->quantum_min && high + 1 <= r->emax);
    if (product && (bits > r->precision || !inside))
        return false;
    return op == HU_OP_MUL || hu_precision(a->to) + 2 <= r->precision;
}

static bool is_all(const struct hu_array_operation *a, bool is_it(const struct hu_format *f))
{
    bool all = is_it(a->to);
    for (int i = 0; i < hu_operation_row(a->operation)->operands; i++)
        all &= is_it(a->from[i]);
    return all;
}

/* Directions and flags that the machine has; it detects tininess after rounding. */
static bool machine_can(const struct hu_array_operation *a, const struct hu_operation_lanes *lanes)
{
    const struct hu_options *o = &a->options.rounding;
    bool direction = o->direction == HU_TIES_TO_EVEN || o->direction == HU_TOWARD_ZERO ||
                     o->direction == HU_TOWARD_POSITIVE || o->direction == HU_TOWARD_NEGATIVE;
    bool flags = !a->flags || (ENVIRONMENT_RAISES && !o->tininess_before);
    return direction && flags && !o->saturate && (a->operation != HU_OP_FMA || lanes->fused);
}

static bool in_lanes(const struct hu_array_operation *a, const struct hu_operation_lanes *lanes)
{
    const struct hu_nan_row *rule = hu_nan_row(a->options.nan, a->from[0]);
    /* A NaN of all bits has all of fp32's on its way. */
    bool filled = rule->full && hu_precision(a->to) > P32;
    bool integers = hu_is_integer(a->to);
    for (int i = 0; i < hu_operation_row(a->operation)->operands; i++)
        integers |= hu_is_integer(a->from[i]);
    bool has = a->operation < HU_OP_SQRT || (a->operation == HU_OP_SQRT && lanes->roots) ||
               a->operation == HU_OP_REM || a->operation == HU_OP_SCALE_B;
    return has && !integers && !filled && !rule->signaling_first && !rule->greatest &&
           !rule->default_product && a->options.rounding.direction != HU_STOCHASTIC;
}

/* Whole words of sign and magnitude, and of extrema operands that go into the result as they are.
 */
static bool by_codes(const struct hu_array_operation *a)
{
    const struct hu_format *f = a->from[0];
    const struct hu_nan_row *rule = hu_nan_row(a->options.nan, a->from[0]);
    bool words = f == a->from[1] && f->specials == HU_SPECIALS_IEEE && f->width >= 8 &&
                 f->width == f->storage_bits && !(f->width & (f->width - 1));
    if (hu_is_comparison(a->operation))
        return words;
    return hu_is_extremum(a->operation) && words && f == a->to && !a->options.rounding.saturate &&
           !rule->none && !rule->signaling_first && !rule->greatest;
}

static uint64_t mask_of(bool all)
{
    return all ? UINT64_MAX : 0;
}

static unsigned run_by_codes(const struct hu_array_operation *a,
                             const struct hu_operation_lanes *lanes, void *dst,
                             const void *const src[], size_t n)
{
    const struct hu_format *f = a->from[0];
    const struct hu_operation_row *row = hu_operation_row(a->operation);
    int kind = (int)a->operation - HU_OP_MINIMUM;
    uint64_t quiet = UINT64_C(1) << (f->trailing_bits - 1);
    const struct hu_choice c = {
        .compares = hu_is_comparison(a->operation),
        .less = mask_of(row->relations & HU_RELATION_LESS),
        .equal = mask_of(row->relations & HU_RELATION_EQUAL),
        .greater = mask_of(row->relations & HU_RELATION_GREATER),
        .unordered = mask_of(row->relations & HU_RELATION_UNORDERED),
        .maximum = mask_of(kind & 1),
        .number = mask_of(kind & 2),
        .magnitude = mask_of(kind & 4),
        .last = mask_of(hu_nan_row(a->options.nan, a->from[0])->order[0]),
        .magnitudes = hu_width_mask(f) & ~hu_sign_mask(f),
        .infinity = hu_exponent_mask(f) << f->trailing_bits,
        .quiet = quiet,
        .raise_not = row->signaling ? 0 : quiet,
        .raise = quiet,
    };
    int width = __builtin_ctz(f->width / 8u);
    return lanes->codes[width](&c, dst, src, n);
}

static enum road road_of(const struct hu_array_operation *a, const struct hu_operation_lanes *lanes)
{
    static const struct room fp32 = {P32, -149, 127}, fp64 = {P64, -1074, 1023};
    static const struct room of_remainders = {11, -149, 127};
    if (lanes && by_codes(a))
        return CODES_ALONE;
    if (!lanes || !in_lanes(a, lanes))
        return PLAIN;
    if (a->operation == HU_OP_REM)
        return all_fit(a, &of_remainders) ? WIDENED64 : PLAIN;
    if (a->operation == HU_OP_SCALE_B)
        return all_fit(a, &fp32) ? WIDENED64 : PLAIN;
    if (machine_can(a, lanes) && is_all(a, is_fp32))
        return DIRECT32;
    if (machine_can(a, lanes) && is_all(a, is_fp64))
        return DIRECT64;
    if (holds(&fp32, a, false))
        return WIDENED32;
    if (!holds(&fp64, a, false))
        return PLAIN;
    return holds(&fp32, a, true) ? GUARDED : WIDENED64;
}

static unsigned run_directly(const struct hu_array_operation *a, hu_lanes_function *run, void *dst,
                             const void *const src[], size_t n)
{
    environment saved = environment_enter(a->options.rounding.direction);
    environment_clear();
    unsigned flags = run(a, false, false, dst, src, n);
    flags |= environment_raised();
    environment_leave(saved);
    return flags;
}

/* Looked up once: names and cpuid take longer than an operation. */
static struct {
    const struct hu_format *fp32, *fp64, *truth;
    const struct hu_operation_lanes *best;
} here;
static pthread_once_t here_once = PTHREAD_ONCE_INIT;

/* At most PIECE elements. */
static unsigned run_piece(const struct hu_array_operation *a, const struct hu_kernel *kernel,
                          hu_lanes_function *run, const struct hu_format *wide, bool guards,
                          void *dst, const void *const src[], size_t n)
{
    _Alignas(64) unsigned char x[HU_OPERANDS][8 * PIECE], r[8 * PIECE];
    const void *const operand[HU_OPERANDS] = {x[0], x[1], x[2]};
    int operands = hu_operation_row(a->operation)->operands;
    unsigned flags = 0, *wanted = a->flags ? &flags : NULL;
    for (int k = 0; k < operands; k++)
        hu_convert_array_with(kernel, wide, x[k], a->from[k], src[k], n, 0, NULL, wanted);
    environment saved = environment_enter(HU_TIES_TO_EVEN);
    flags |= run(a, true, guards, r, operand, n);
    environment_leave(saved);
    if (!(flags & HU_LANES_BEYOND))
        hu_convert_array_with(kernel, a->to, dst, wide, r, n, 0, &a->options.rounding, wanted);
    return flags;
}

static unsigned run_widened(const struct hu_array_operation *a, const struct hu_kernel *kernel,
                            const struct hu_operation_lanes *lanes, enum road road, char *dst,
                            const void *const src[], size_t n)
{
    int operands = hu_operation_row(a->operation)->operands;
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += PIECE) {
        const void *from[HU_OPERANDS] = {NULL, NULL, NULL};
        size_t count = n - done < PIECE ? n - done : PIECE;
        char *to = dst + hu_array_bytes(a->to, done);
        for (int k = 0; k < operands; k++)
            from[k] = (const char *)src[k] + hu_array_bytes(a->from[k], done);
        unsigned raised = HU_LANES_BEYOND;
        if (road != WIDENED64)
            raised = run_piece(a, kernel, lanes->fp32, here.fp32, road == GUARDED, to, from, count);
        if (raised & HU_LANES_BEYOND)
            raised = run_piece(a, kernel, lanes->fp64, here.fp64, false, to, from, count);
        flags |= raised;
    }
    return flags;
}

static void look_around(void)
{
    here.fp32 = hu_format_find("fp32");
    here.fp64 = hu_format_find("fp64");
    here.truth = hu_format_find("uint8");
    /* Sums' errors are exact only where nothing is kept in more bits than its type has. */
    bool plain = FLT_EVAL_METHOD == 0 && !HU_BIG_ENDIAN;
    here.best = plain ? &hu_operation_lanes_portable : NULL;
#if defined(__x86_64__)
    if (hu_x86_has_avx2() && __builtin_cpu_supports("fma"))
        here.best = &hu_operation_lanes_avx2;
#endif
}

static const struct hu_operation_lanes *lanes_of(const struct hu_kernel *kernel)
{
    const char *name = hu_kernel_name(kernel);
    if (!strcmp(name, "scalar"))
        return NULL;
    return here.best && !strcmp(name, "portable") ? &hu_operation_lanes_portable : here.best;
}

static unsigned run(const struct hu_array_operation *a, const struct hu_kernel *kernel, void *dst,
                    const void *const src[], size_t n, uint64_t first)
{
    const struct hu_operation_lanes *lanes = lanes_of(kernel);
    enum road road = road_of(a, lanes);
    switch (road) {
    case CODES_ALONE:
        return run_by_codes(a, lanes, dst, src, n);
    case DIRECT32:
        return run_directly(a, lanes->fp32, dst, src, n);
    case DIRECT64:
        return run_directly(a, lanes->fp64, dst, src, n);
    case PLAIN:
        return run_plainly(a, dst, src, n, first);
    default:
        return run_widened(a, kernel, lanes, road, dst, src, n);
    }
}

static const struct hu_operation_options no_options;

static bool is_known(enum hu_operation operation, const struct hu_operation_options *o)
{
    return operation >= 0 && operation < HU_OPERATIONS && o->rounding.direction >= 0 &&
           o->rounding.direction <= HU_STOCHASTIC && o->nan >= 0 && o->nan < HU_NAN_RULES;
}

static bool has_sources(const void *const src[], int operands)
{
    for (int i = 0; i < operands; i++)
        if (!src || !src[i])
            return false;
    return true;
}

int hu_operate_array_with(const struct hu_kernel *kernel, enum hu_operation operation,
                          const struct hu_format *to, void *dst,
                          const struct hu_format *const from[], const void *const src[], size_t n,
                          uint64_t first, const struct hu_operation_options *options,
                          unsigned *flags)
{
    struct hu_array_operation a = {.operation = operation,
                                   .to = to,
                                   .options = options ? *options : no_options,
                                   .flags = flags != NULL};
    if (!kernel || !to || !is_known(operation, &a.options))
        return EINVAL;
    int operands = hu_operation_row(operation)->operands;
    if (n && (!dst || !has_sources(src, operands)))
        return EINVAL;
    if (!n)
        return 0;
    const void *all[HU_OPERANDS] = {NULL, NULL, NULL};
    for (int i = 0; i < operands; i++)
        all[i] = src[i];
    pthread_once(&here_once, look_around);
    hu_operation_formats(operation, to, from, a.from);
    if (hu_is_comparison(operation))
        a.to = here.truth;
    unsigned raised = run(&a, kernel, dst, all, n, first);
    if (flags)
        *flags |= raised;
    return 0;
}

int hu_operate_array(enum hu_operation operation, const struct hu_format *to, void *dst,
                     const struct hu_format *const from[], const void *const src[], size_t n,
                     const struct hu_operation_options *options, unsigned *flags)
{
    return hu_operate_array_with(hu_kernel_chosen(), operation, to, dst, from, src, n, 0, options,
                                 flags);
}
