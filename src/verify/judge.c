#include "verify/judge.h"
#include "float_bits.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum {
    /* Operands and targets within these exponents keep all products, quotients and their errors
     * clear of fp64's ends. */
    MOST_EXPONENT = 300,
    MOST_SCALE = 600,
    LISTED_WIDTH = 16, /* operands whose values are listed, and results whose intervals are */
    FULL_WIDTH = 32,   /* an operand that is fp32 */
    TRAILING = 52,
    IS_NAN = 1,
    IS_SIGNALING = 2,
    RELATIONS = 5, /* less, equal, greater, unordered, so by a signaling NaN */
};

typedef double operation_function(double x, double y);

#define INLINE static inline __attribute__((always_inline))

struct hu_judge {
    struct hu_question q;
    const struct hu_format *fp64;
    operation_function *function;
    double *value[2];           /* of each operand, by code; NULL: it is fp32 */
    unsigned char *kind[2];     /* IS_NAN, IS_SIGNALING */
    struct hu_judged *taken[2]; /* what becomes of an operand that is the result, by code */
    uint64_t *key[2];           /* of an extremum: rises as the values do, or their magnitudes */
    struct hu_judged *opposite; /* copySign's, of the first operand and the other sign, … */
    unsigned char *negative;    /* … and what sign that of the second is, by code */
    struct hu_judged answer[RELATIONS];
    struct hu_judged invalid, infinity[2], zero[2];
    /* Magnitudes from 2^low on: cell[sign][2 * interval + inside]. Intervals are so short that no
     * boundary lies inside one: half a unit in the last place. */
    struct hu_judged *cell[2];
    int cell_bits; /* of the trailing significand */
    uint64_t first_key, last_key;
    /* Wider targets, of normal results: whether one rounds up, by sign, last bit, and fraction:
     * none, below a half, a half, above. */
    bool wide, up[2][2][4];
    unsigned char up_flags[2][2][4];
    uint64_t least, most; /* the fp64 codes of normal results */
};

/* X, which differs from the exact result by ERROR or something of its sign, to odd. */
INLINE double to_odd(double x, double error)
{
    uint64_t bits = hu_bits_of_double(x);
    if (error == 0 || (bits & 1))
        return x;
    return hu_double_of_bits((error > 0) == (x > 0) ? bits + 1 : bits - 1);
}

/* D. E. Knuth, The Art of Computer Programming volume 2, section 4.2.2, theorem B. */
INLINE double add(double x, double y)
{
    double sum = x + y;
    if (!isfinite(sum) || sum == 0)
        return sum;
    double y_part = sum - x, x_part = sum - y_part;
    return to_odd(sum, (x - x_part) + (y - y_part));
}

INLINE double sub(double x, double y)
{
    return add(x, -y);
}

INLINE double mul(double x, double y)
{
    return x * y;
}

/* The residual is exact: S. Boldo and M. Daumas, Representable correcting terms, 2003. */
static double div_(double x, double y)
{
    double quotient = x / y;
    if (!isfinite(quotient) || quotient == 0 || isinf(y))
        return quotient;
    double residual = fma(-quotient, y, x);
    return to_odd(quotient, y < 0 ? -residual : residual);
}

static double root(double x, double y)
{
    (void)y;
    double result = sqrt(x);
    return result > 0 && isfinite(result) ? to_odd(result, fma(-result, result, x)) : result;
}

static operation_function *const functions[HU_OPERATIONS] = {
    [HU_OP_ADD] = add,   [HU_OP_SUB] = sub,       [HU_OP_MUL] = mul,     [HU_OP_DIV] = div_,
    [HU_OP_SQRT] = root, [HU_OP_REM] = remainder, [HU_OP_SCALE_B] = mul, /* by a power of two, see
                                                                            list_value */
};

/* Making it. */

static bool is_moderate(const struct hu_format *f)
{
    return hu_quantum_min(f) >= -MOST_EXPONENT && hu_emax(f) <= MOST_EXPONENT &&
           hu_precision(f) <= 24;
}

static bool is_full(const struct hu_format *f)
{
    return f == hu_format_find("fp32");
}

bool hu_can_judge(const struct hu_question *q)
{
    enum hu_operation op = q->operation;
    bool chooses = hu_is_comparison(op) || hu_is_extremum(op) || op == HU_OP_COPY_SIGN;
    /* Errors are exact only where nothing is kept in more bits than fp64 has. */
    if (FLT_EVAL_METHOD == 2 || !(functions[op] || chooses) || q->promise.ignore || q->via ||
        q->unfused || q->nan != HU_NAN_FIRST || hu_is_integer(q->to) || !is_moderate(q->to))
        return false;
    for (int i = 0; i < q->operands; i++)
        if (hu_is_integer(q->from[i]) || !is_moderate(q->from[i]) ||
            !(q->from[i]->width <= LISTED_WIDTH || (is_full(q->from[i]) && q->operands == 1)))
            return false;
    return true;
}

static struct hu_judged asked(struct hu_reference *r, const struct hu_question *q,
                              const struct hu_format *wide, uint64_t fp64)
{
    unsigned flags = 0;
    uint64_t code = hu_reference_convert(r, q->to, wide, fp64, &q->promise.options, &flags);
    code = hu_question_flush_result(q, code, &flags);
    return (struct hu_judged){(uint32_t)code, flags};
}

static struct hu_judged expected(struct hu_reference *r, const struct hu_question *q,
                                 const uint64_t x[])
{
    unsigned flags;
    uint64_t code = hu_question_expect(r, q, x, &flags);
    return (struct hu_judged){(uint32_t)code, flags};
}

/* Value of operand I's CODE in fp64, of a scale 2 to its power, NaN where it has a fraction; and
 * its kind. */
static double list_value(struct hu_judge *j, struct hu_reference *r, int i, uint64_t code)
{
    const struct hu_format *f = j->q.from[i];
    unsigned flags = 0;
    if ((j->q.promise.flush & HU_FLUSH_IN) && hu_code_is_subnormal(f, code))
        code = hu_code_flushed(f, code);
    double x = hu_double_of_bits(hu_reference_convert(r, j->fp64, f, code, NULL, &flags));
    if (isnan(x))
        j->kind[i][code] = flags & HU_INVALID ? IS_NAN | IS_SIGNALING : IS_NAN;
    if (j->q.operation != HU_OP_SCALE_B || i == 0 || isnan(x))
        return x;
    if (isinf(x))
        return x > 0 ? x : 0;
    return x == floor(x) ? ldexp(1, (int)fmax(-MOST_SCALE, fmin(x, MOST_SCALE))) : NAN;
}

static uint64_t key_of(const struct hu_judge *j, double x)
{
    uint64_t bits = hu_bits_of_double(x), sign = bits >> 63;
    if (j->q.operation >= HU_OP_MINIMUM_MAGNITUDE)
        return bits << 1 | !sign;
    return sign ? ~bits : bits | UINT64_C(1) << 63;
}

static bool list_operand(struct hu_judge *j, struct hu_reference *r, int i)
{
    const struct hu_format *f = j->q.from[i];
    if (is_full(f))
        return true;
    size_t codes = (size_t)hu_width_mask(f) + 1;
    j->value[i] = malloc(codes * sizeof *j->value[i]);
    j->kind[i] = calloc(codes, 1);
    j->taken[i] = calloc(codes, sizeof *j->taken[i]);
    j->key[i] = calloc(codes, sizeof *j->key[i]);
    if (!j->value[i] || !j->kind[i] || !j->taken[i] || !j->key[i])
        return false;
    for (uint64_t code = 0; code < codes; code++) {
        double x = j->value[i][code] = list_value(j, r, i, code);
        j->key[i][code] = key_of(j, x);
        bool taken = hu_is_extremum(j->q.operation) || j->kind[i][code];
        if (taken && !hu_is_comparison(j->q.operation))
            j->taken[i][code] = expected(r, &j->q, (const uint64_t[HU_OPERANDS]){code, code});
    }
    return true;
}

/* MPFR's answer to each relation, by the first codes between which it holds. */
static void ask_about_relations(struct hu_judge *j, struct hu_reference *r)
{
    uint64_t least = 0, most = hu_max_finite_code(j->q.from[0]),
             codes = hu_width_mask(j->q.from[0]);
    const uint64_t pairs[][HU_OPERANDS] = {{least, most}, {most, most}, {most, least}};
    for (int i = 0; i < 3; i++)
        j->answer[i] = expected(r, &j->q, pairs[i]);
    for (uint64_t code = codes; code > 0; code--)
        if (j->kind[0][code])
            j->answer[j->kind[0][code] & IS_SIGNALING ? 4 : 3] =
                expected(r, &j->q, (const uint64_t[HU_OPERANDS]){code, most});
}

/* copySign takes of its second operand the sign alone. */
static bool list_signs(struct hu_judge *j, struct hu_reference *r)
{
    uint64_t codes = hu_width_mask(j->q.from[0]) + 1, others = hu_width_mask(j->q.from[1]) + 1;
    uint64_t plain = hu_max_finite_code(j->q.from[1]), less = plain | hu_sign_mask(j->q.from[1]);
    uint64_t one = hu_max_finite_code(j->q.from[0]);
    uint64_t positive = expected(r, &j->q, (const uint64_t[HU_OPERANDS]){one, plain}).code;
    j->opposite = malloc(codes * sizeof *j->opposite);
    j->negative = malloc(others);
    for (uint64_t x = 0; j->opposite && j->negative && x < codes; x++) {
        j->taken[0][x] = expected(r, &j->q, (const uint64_t[HU_OPERANDS]){x, plain});
        j->opposite[x] = expected(r, &j->q, (const uint64_t[HU_OPERANDS]){x, less});
    }
    for (uint64_t y = 0; j->opposite && j->negative && y < others; y++)
        j->negative[y] = expected(r, &j->q, (const uint64_t[HU_OPERANDS]){one, y}).code != positive;
    return j->opposite && j->negative;
}

static uint64_t fp64_power(int exponent)
{
    return (uint64_t)(exponent + 1023) << TRAILING;
}

/* False: MPFR gives the two ends of an interval's inside different results, or out of memory. */
static bool list_cells(struct hu_judge *j, struct hu_reference *r)
{
    const struct hu_format *to = j->q.to;
    j->cell_bits = to->trailing_bits + 1;
    int shift = TRAILING - j->cell_bits;
    j->first_key = fp64_power(hu_quantum_min(to) - 2) >> shift;
    j->last_key = fp64_power(hu_emax(to) + 2) >> shift;
    size_t cells = (size_t)(j->last_key - j->first_key + 1);
    for (int sign = 0; sign < 2; sign++) {
        j->cell[sign] = malloc(2 * cells * sizeof *j->cell[sign]);
        if (!j->cell[sign])
            return false;
        for (size_t i = 0; i < cells; i++) {
            uint64_t at = (j->first_key + i) << shift | (uint64_t)sign << 63;
            uint64_t end = at + (UINT64_C(1) << shift) - 1;
            struct hu_judged *c = &j->cell[sign][2 * i];
            c[0] = asked(r, &j->q, j->fp64, at);
            c[1] = asked(r, &j->q, j->fp64, at + 1);
            struct hu_judged last = asked(r, &j->q, j->fp64, end);
            if (c[1].code != last.code || c[1].flags != last.flags)
                return false;
        }
    }
    return true;
}

/* The same of 1 and the number after it, with each kind of fraction: rounding a normal number does
 * not look at its exponent. */
static void ask_about_fractions(struct hu_judge *j, struct hu_reference *r)
{
    const struct hu_format *to = j->q.to;
    int shift = TRAILING - to->trailing_bits;
    const uint64_t half = UINT64_C(1) << (shift - 1), fractions[4] = {0, 1, half, half + 1};
    uint64_t one = fp64_power(0);
    j->wide = true;
    j->least = fp64_power(hu_emin(to));
    j->most = fp64_power(hu_emax(to)) - 1;
    for (int sign = 0; sign < 2; sign++)
        for (uint64_t odd = 0; odd < 2; odd++)
            for (int i = 0; i < 4; i++) {
                uint64_t at = (one + (odd << shift) + fractions[i]) | (uint64_t)sign << 63;
                uint64_t down = (one + (odd << shift)) | (uint64_t)sign << 63;
                struct hu_judged c = asked(r, &j->q, j->fp64, at);
                j->up[sign][odd][i] = c.code != asked(r, &j->q, j->fp64, down).code;
                j->up_flags[sign][odd][i] = c.flags;
            }
}

static bool fill_in(struct hu_judge *j, struct hu_reference *r)
{
    const struct hu_question *q = &j->q;
    bool good = true;
    for (int i = 0; i < q->operands && i < 2; i++)
        good &= list_operand(j, r, i);
    if (good && hu_is_comparison(q->operation))
        ask_about_relations(j, r);
    if (good && q->operation == HU_OP_COPY_SIGN)
        return list_signs(j, r);
    if (!good || !functions[q->operation])
        return good;
    static const uint64_t infinite = UINT64_C(0x7ff) << TRAILING;
    for (uint64_t sign = 0; sign < 2; sign++) {
        j->infinity[sign] = asked(r, q, j->fp64, infinite | sign << 63);
        j->zero[sign] = asked(r, q, j->fp64, sign << 63);
    }
    j->invalid = asked(r, q, j->fp64, infinite | UINT64_C(1) << (TRAILING - 1));
    j->invalid.flags |= HU_INVALID;
    if (q->to->width <= LISTED_WIDTH)
        return list_cells(j, r);
    ask_about_fractions(j, r);
    return true;
}

struct hu_judge *hu_judge_new(const struct hu_question *q)
{
    if (!hu_can_judge(q))
        return NULL;
    struct hu_judge *j = calloc(1, sizeof *j);
    struct hu_reference *r = hu_reference_new();
    bool good = j && r;
    if (good) {
        j->q = *q;
        j->fp64 = hu_format_find("fp64");
        j->function = functions[q->operation];
        good = fill_in(j, r);
    }
    hu_reference_free(r);
    if (good)
        return j;
    hu_judge_free(j);
    return NULL;
}

void hu_judge_free(struct hu_judge *j)
{
    for (int i = 0; j && i < 2; i++) {
        free(j->value[i]);
        free(j->kind[i]);
        free(j->taken[i]);
        free(j->key[i]);
        free(j->cell[i]);
    }
    if (j) {
        free(j->opposite);
        free(j->negative);
    }
    free(j);
}

/* Judging. */

static double value_of(const struct hu_judge *j, int i, uint64_t code)
{
    if (j->value[i])
        return j->value[i][code];
    return (double)hu_float_of_bits((uint32_t)code);
}

static unsigned kind_of(const struct hu_judge *j, int i, uint64_t code)
{
    return i < j->q.operands && j->kind[i] ? j->kind[i][code] : 0;
}

static struct hu_judged with(struct hu_judged c, unsigned more)
{
    c.flags |= more;
    return c;
}

/* Some operand is a NaN: the first of them, or the other where a number is asked for. */
static struct hu_judged of_nans(const struct hu_judge *j, const uint64_t x[], unsigned x_kind,
                                unsigned y_kind)
{
    enum hu_operation op = j->q.operation;
    unsigned raised = (x_kind | y_kind) & IS_SIGNALING ? HU_INVALID : 0;
    bool number = op == HU_OP_MINIMUM_NUMBER || op == HU_OP_MAXIMUM_NUMBER ||
                  op == HU_OP_MINIMUM_MAGNITUDE_NUMBER || op == HU_OP_MAXIMUM_MAGNITUDE_NUMBER;
    bool first = number && !(x_kind && y_kind) ? !x_kind : x_kind;
    return with(first ? j->taken[0][x[0]] : j->taken[1][x[1]], raised);
}

static struct hu_judged of_zero(const struct hu_judge *j, double x, double y, double zero)
{
    bool sign = signbit(zero), x_sign = signbit(x), y_sign = signbit(y);
    bool sum = j->q.operation == HU_OP_ADD || j->q.operation == HU_OP_SUB;
    bool cancels = x != 0 || (x_sign != y_sign) == (j->q.operation == HU_OP_ADD);
    if (sum && cancels)
        sign = j->q.promise.options.direction == HU_TOWARD_NEGATIVE;
    return j->zero[sign];
}

/* Neither a number but zero, nor finite. */
static struct hu_judged of_special(const struct hu_judge *j, double x, double y, double result)
{
    if (isnan(result))
        return j->invalid;
    if (result == 0)
        return of_zero(j, x, y, result);
    bool by_zero = j->q.operation == HU_OP_DIV && y == 0 && isfinite(x);
    return with(j->infinity[signbit(result) != 0], by_zero ? HU_DIVIDE_BY_ZERO : 0);
}

INLINE struct hu_judged of_finite(const struct hu_judge *j, uint64_t bits)
{
    int shift = TRAILING - j->cell_bits;
    uint64_t magnitude = bits << 1 >> 1, key = magnitude >> shift;
    bool inside = magnitude & ((UINT64_C(1) << shift) - 1);
    if (key < j->first_key || key > j->last_key) {
        key = key < j->first_key ? j->first_key : j->last_key;
        inside = true;
    }
    return j->cell[bits >> 63][2 * (key - j->first_key) + inside];
}

static struct hu_judged of_wide(const struct hu_judge *j, uint64_t bits)
{
    const struct hu_format *to = j->q.to;
    int shift = TRAILING - to->trailing_bits;
    bool sign = bits >> 63;
    uint64_t magnitude = bits << 1 >> 1, half = UINT64_C(1) << (shift - 1);
    uint64_t fraction = magnitude & (2 * half - 1), kept = magnitude >> shift;
    int kind = !fraction ? 0 : fraction < half ? 1 : fraction == half ? 2 : 3;
    uint64_t bias = (uint64_t)(1023 - to->bias) << to->trailing_bits;
    uint64_t code = kept - bias + j->up[sign][kept & 1][kind];
    if (sign)
        code |= UINT64_C(1) << (to->width - 1);
    return (struct hu_judged){(uint32_t)code, j->up_flags[sign][kept & 1][kind]};
}

/* One, where FUNCTION is the operation's. */
INLINE struct hu_judged judge_one(const struct hu_judge *j, struct hu_reference *r,
                                  const uint64_t x[], operation_function *function)
{
    bool two = j->q.operands > 1;
    double a = value_of(j, 0, x[0]), b = two ? value_of(j, 1, x[1]) : 0;
    if (isnan(a) || isnan(b)) {
        unsigned x_kind = kind_of(j, 0, x[0]), y_kind = kind_of(j, 1, x[1]);
        if (!two)
            return expected(r, &j->q, x);
        return x_kind | y_kind ? of_nans(j, x, x_kind, y_kind) : j->invalid;
    }
    double result = function(a, b);
    uint64_t bits = hu_bits_of_double(result), magnitude = bits << 1 >> 1;
    if (magnitude - 1 >= (UINT64_C(0x7ff) << TRAILING) - 1)
        return of_special(j, a, b, result);
    if (!j->wide)
        return of_finite(j, bits);
    if (magnitude >= j->least && magnitude <= j->most)
        return of_wide(j, bits);
    return expected(r, &j->q, x);
}

INLINE void judge_row(const struct hu_judge *j, struct hu_reference *r, const uint64_t x[],
                      size_t n, struct hu_judged *out, operation_function *function)
{
    uint64_t operand[HU_OPERANDS] = {x[0], x[1], x[2]};
    for (size_t i = 0; i < n; i++) {
        out[i] = judge_one(j, r, operand, function);
        operand[j->q.operands - 1]++;
    }
}

static void compare_row(const struct hu_judge *j, const uint64_t x[], size_t n,
                        struct hu_judged *out)
{
    double a = j->value[0][x[0]];
    unsigned kind = j->kind[0][x[0]];
    for (size_t i = 0; i < n; i++) {
        double b = j->value[1][x[1] + i];
        int relation = 3 - 3 * (a < b) - 2 * (a == b) - (a > b);
        out[i] = j->answer[relation + !!((kind | j->kind[1][x[1] + i]) & IS_SIGNALING)];
    }
}

static void choose_row(const struct hu_judge *j, const uint64_t x[], size_t n,
                       struct hu_judged *out)
{
    enum hu_operation op = j->q.operation;
    bool greatest = op == HU_OP_MAXIMUM || op == HU_OP_MAXIMUM_NUMBER ||
                    op == HU_OP_MAXIMUM_MAGNITUDE || op == HU_OP_MAXIMUM_MAGNITUDE_NUMBER;
    uint64_t key = j->key[0][x[0]];
    unsigned kind = j->kind[0][x[0]];
    for (size_t i = 0; i < n; i++) {
        uint64_t y = x[1] + i;
        bool first = (key <= j->key[1][y]) != greatest;
        out[i] = kind | j->kind[1][y] ? of_nans(j, (const uint64_t[]){x[0], y}, kind, j->kind[1][y])
                 : first              ? j->taken[0][x[0]]
                                      : j->taken[1][y];
    }
}

static void sign_row(const struct hu_judge *j, const uint64_t x[], size_t n, struct hu_judged *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = j->negative[x[1] + i] ? j->opposite[x[0]] : j->taken[0][x[0]];
}

/* Loops of their own for what is judged most. */
void hu_judge_row(const struct hu_judge *j, struct hu_reference *r, const uint64_t x[], size_t n,
                  struct hu_judged *out)
{
    switch (j->q.operation) {
    case HU_OP_ADD:
        judge_row(j, r, x, n, out, add);
        break;
    case HU_OP_SUB:
        judge_row(j, r, x, n, out, sub);
        break;
    case HU_OP_MUL:
    case HU_OP_SCALE_B:
        judge_row(j, r, x, n, out, mul);
        break;
    case HU_OP_COPY_SIGN:
        sign_row(j, x, n, out);
        break;
    default:
        if (hu_is_comparison(j->q.operation))
            compare_row(j, x, n, out);
        else if (hu_is_extremum(j->q.operation))
            choose_row(j, x, n, out);
        else
            judge_row(j, r, x, n, out, j->function);
    }
}
