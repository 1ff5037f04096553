#include "arithmetic.h"

enum { LEADING = 127, LIMBS = 3 };

static struct hu_exact zero_of(bool sign)
{
    return (struct hu_exact){.kind = HU_EXACT_ZERO, .sign = sign};
}

/* SIGNIFICAND, not zero, times 2^EXPONENT. */
static struct hu_exact finite_of(bool sign, struct hu_wide significand, int exponent)
{
    if (!significand.high) {
        significand = (struct hu_wide){0, significand.low};
        exponent -= 64;
    }
    int lead = __builtin_clzll(significand.high);
    if (lead)
        significand = (struct hu_wide){significand.low << lead,
                                       significand.high << lead | significand.low >> (64 - lead)};
    return (struct hu_exact){.kind = HU_EXACT_FINITE,
                             .sign = sign,
                             .significand = significand,
                             .exponent = exponent - lead};
}

struct hu_exact hu_exact_of(struct hu_datum d)
{
    switch (d.class) {
    case HU_ZERO:
        return zero_of(d.sign);
    case HU_INFINITE:
        return (struct hu_exact){.kind = HU_EXACT_INFINITE, .sign = d.sign};
    case HU_QUIET_NAN:
    case HU_SIGNALING_NAN:
        return (struct hu_exact){.kind = HU_EXACT_NAN, .sign = d.sign, .nan = d};
    default:
        return finite_of(d.sign, hu_wide_of(d.significand), d.quantum);
    }
}

struct hu_exact hu_exact_product(struct hu_datum x, struct hu_datum y)
{
    bool sign = x.sign != y.sign;
    if (x.class == HU_ZERO || y.class == HU_ZERO)
        return zero_of(sign);
    return finite_of(sign, hu_wide_product(x.significand, y.significand), x.quantum + y.quantum);
}

/* A magnitude in fixed point of 192 bits, the least significant limb first. */
struct frame {
    uint64_t limb[LIMBS];
};

/* Bits that fall out set *STICKY. */
static struct frame shifted_right(struct frame f, unsigned by, bool *sticky)
{
    struct frame to = {{0}};
    unsigned limbs = by / 64, bits = by % 64;
    for (unsigned i = 0; i < LIMBS; i++) {
        uint64_t below = i + limbs < LIMBS ? f.limb[i + limbs] >> bits : 0;
        uint64_t above = bits && i + limbs + 1 < LIMBS ? f.limb[i + limbs + 1] << (64 - bits) : 0;
        to.limb[i] = below | above;
        *sticky |= i < limbs && f.limb[i];
    }
    *sticky |= bits && limbs < LIMBS && f.limb[limbs] << (64 - bits);
    return to;
}

static struct frame shifted_left(struct frame f, unsigned by)
{
    struct frame to = {{0}};
    unsigned limbs = by / 64, bits = by % 64;
    for (unsigned i = limbs; i < LIMBS; i++) {
        uint64_t below = bits && i > limbs ? f.limb[i - limbs - 1] >> (64 - bits) : 0;
        to.limb[i] = f.limb[i - limbs] << bits | below;
    }
    return to;
}

static struct frame sum_of(struct frame a, struct frame b)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        uint64_t with = b.limb[i] + carry;
        carry = with < carry;
        a.limb[i] += with;
        carry |= a.limb[i] < with;
    }
    return a;
}

/* A - B - BORROW, which is not negative. */
static struct frame difference_of(struct frame a, struct frame b, uint64_t borrow)
{
    for (int i = 0; i < LIMBS; i++) {
        uint64_t with = b.limb[i] + borrow;
        bool wrapped = with < borrow;
        borrow = wrapped | (a.limb[i] < with);
        a.limb[i] -= with;
    }
    return a;
}

static unsigned leading_zeros(struct frame f)
{
    unsigned n = 0;
    for (int i = LIMBS - 1; i >= 0; i--, n += 64)
        if (f.limb[i])
            return n + (unsigned)__builtin_clzll(f.limb[i]);
    return n;
}

/* The order of two magnitudes: -1, 0, 1. */
static int compare_magnitudes(const struct hu_exact *x, const struct hu_exact *y)
{
    if (x->exponent != y->exponent)
        return x->exponent < y->exponent ? -1 : 1;
    if (x->significand.high != y->significand.high)
        return x->significand.high < y->significand.high ? -1 : 1;
    if (x->significand.low != y->significand.low)
        return x->significand.low < y->significand.low ? -1 : 1;
    return 0;
}

int hu_exact_compare(struct hu_exact x, struct hu_exact y)
{
    if (x.kind != y.kind) /* zero, finite, infinite */
        return x.kind < y.kind ? -1 : 1;
    return x.kind == HU_EXACT_FINITE ? compare_magnitudes(&x, &y) : 0;
}

/* Of significands of 64 bits that overlap or nearly do: all in 128 bits, one of them for a carry.
 */
static struct hu_exact sum_of_words(const struct hu_exact *great, const struct hu_exact *small,
                                    int apart)
{
    uint64_t a = great->significand.high, b = small->significand.high;
    struct hu_wide x = {a << 63, a >> 1}, y = {b << (63 - apart), b >> apart >> 1};
    if (great->sign == small->sign)
        hu_wide_add(&x, y);
    else {
        x.high -= y.high + (x.low < y.low);
        x.low -= y.low;
    }
    return finite_of(great->sign, x, great->exponent + 1);
}

/* GREAT and a lesser one that is less than half a unit of its last bit. */
static struct hu_exact sum_beside(struct hu_exact great, bool less)
{
    great.sticky = true;
    if (!less)
        return great;
    if (!great.significand.low && great.significand.high == UINT64_C(1) << 63) {
        great.significand = (struct hu_wide){UINT64_MAX, UINT64_MAX};
        great.exponent--;
        return great;
    }
    great.significand.high -= !great.significand.low;
    great.significand.low--;
    return great;
}

/* The greater one's leading bit stands below the frame's top by one, for a carry; 63 bits lie below
 * its last. A lesser one that loses bits stands at least 64 places lower, so that a difference
 * loses one leading bit at most: what fell out only says that something follows. */
static struct hu_exact sum_in_frame(const struct hu_exact *great, const struct hu_exact *small,
                                    unsigned apart)
{
    bool sticky = false;
    struct frame a = {{0, great->significand.low, great->significand.high}};
    struct frame b = {{0, small->significand.low, small->significand.high}};
    a = shifted_right(a, 1, &sticky);
    b = shifted_right(b, 1 + apart, &sticky);
    a = great->sign == small->sign ? sum_of(a, b) : difference_of(a, b, sticky);
    unsigned lead = leading_zeros(a);
    a = shifted_left(a, lead);
    return (struct hu_exact){.kind = HU_EXACT_FINITE,
                             .sign = great->sign,
                             .sticky = sticky || a.limb[0],
                             .significand = {a.limb[1], a.limb[2]},
                             .exponent = great->exponent + 1 - (int)lead};
}

static struct hu_exact sum_of_finite(const struct hu_exact *x, const struct hu_exact *y,
                                     enum hu_direction direction)
{
    int order = compare_magnitudes(x, y);
    const struct hu_exact *great = order < 0 ? y : x, *small = order < 0 ? x : y;
    bool less = x->sign != y->sign;
    if (order == 0 && less)
        return zero_of(direction == HU_TOWARD_NEGATIVE);
    int apart = great->exponent - small->exponent;
    if (!great->significand.low && !small->significand.low && apart < 63)
        return sum_of_words(great, small, apart);
    return apart > LEADING + 1 ? sum_beside(*great, less)
                               : sum_in_frame(great, small, (unsigned)apart);
}

struct hu_exact hu_exact_sum(const struct hu_exact *x, const struct hu_exact *y,
                             enum hu_direction direction)
{
    if (x->kind == HU_EXACT_ZERO && y->kind == HU_EXACT_ZERO)
        return zero_of(x->sign == y->sign ? x->sign : direction == HU_TOWARD_NEGATIVE);
    if (x->kind == HU_EXACT_ZERO)
        return *y;
    return y->kind == HU_EXACT_ZERO ? *x : sum_of_finite(x, y, direction);
}

/* 128 bits of the quotient; two divisions of 64 bits by significands with bit 63 set. */
struct hu_exact hu_exact_quotient(struct hu_datum x, struct hu_datum y)
{
    bool sign = x.sign != y.sign;
    if (x.class == HU_ZERO)
        return zero_of(sign);
    int x_lead = __builtin_clzll(x.significand), y_lead = __builtin_clzll(y.significand);
    uint64_t a = x.significand << x_lead, b = y.significand << y_lead;
    int exponent = (x.quantum - x_lead) - (y.quantum - y_lead) - LEADING;
    uint64_t rest;
    struct hu_wide quotient;
    if (a >= b)
        quotient.high = hu_wide_quotient(a >> 1, a << 63, b, &rest);
    else {
        quotient.high = hu_wide_quotient(a, 0, b, &rest);
        exponent--;
    }
    quotient.low = hu_wide_quotient(rest, 0, b, &rest);
    struct hu_exact exact = finite_of(sign, quotient, exponent);
    exact.sticky = rest;
    return exact;
}

/* The root's 64 bits from the first down, and one behind them, of N = root^2 + rest, rest at most
 * 2 root. A step takes two bits of N. The root's fraction is a half or more where rest > root, as
 * (root + 1/2)^2 = root^2 + root + 1/4; it is never one half. */
static struct hu_wide root_of(struct hu_wide n, bool *sticky)
{
    struct hu_wide rest = {0, 0};
    uint64_t root = 0;
    for (int i = 0; i < 64; i++) {
        rest = (struct hu_wide){rest.low << 2 | n.high >> 62, rest.high << 2 | rest.low >> 62};
        n = (struct hu_wide){n.low << 2, n.high << 2 | n.low >> 62};
        struct hu_wide trial = {root << 2 | 1, root >> 62};
        bool fits = rest.high != trial.high ? rest.high > trial.high : rest.low >= trial.low;
        root = root << 1 | fits;
        if (fits) {
            rest.high -= trial.high + (rest.low < trial.low);
            rest.low -= trial.low;
        }
    }
    *sticky = rest.low || rest.high;
    bool half = rest.high || rest.low > root;
    return (struct hu_wide){half ? UINT64_C(1) << 63 : 0, root};
}

struct hu_exact hu_exact_root(struct hu_datum x)
{
    if (x.class == HU_ZERO)
        return zero_of(x.sign);
    struct hu_exact e = finite_of(false, hu_wide_of(x.significand), x.quantum);
    if (e.exponent & 1) { /* the significand ends in zeros */
        e.significand.low = e.significand.low >> 1 | e.significand.high << 63;
        e.significand.high >>= 1;
        e.exponent++;
    }
    bool sticky;
    struct hu_wide root = root_of(e.significand, &sticky);
    e = finite_of(false, root, e.exponent / 2 - 64);
    e.sticky = sticky;
    return e;
}

/* The remainder of X / BY times 2^SHIFT by steps of 63 bits; *ODD: the quotient's last bit. */
static uint64_t remainder_shifted(uint64_t x, uint64_t by, int shift, bool *odd)
{
    *odd = x / by & 1;
    uint64_t rest = x % by;
    for (int step; shift > 0 && rest; shift -= step) {
        step = shift < 63 ? shift : 63;
        *odd = hu_wide_quotient(rest >> (64 - step), rest << step, by, &rest) & 1;
    }
    if (shift > 0)
        *odd = false;
    return rest;
}

/* |X| is below |Y|: the integer nearest to the quotient is 0, or 1 above a half. */
static struct hu_exact remainder_of_lesser(struct hu_datum x, struct hu_datum y)
{
    struct hu_exact all = hu_exact_of(x), half = hu_exact_of(y), less = half;
    half.exponent--;
    less.sign = !x.sign;
    return compare_magnitudes(&all, &half) > 0 ? sum_of_finite(&all, &less, HU_TIES_TO_EVEN) : all;
}

/* IEEE 754-2019 section 5.3.1: in units of the lesser quantum, which both are multiples of. */
struct hu_exact hu_exact_remainder(struct hu_datum x, struct hu_datum y)
{
    if (x.class == HU_ZERO)
        return zero_of(x.sign);
    int shift = x.quantum - y.quantum;
    uint64_t by = y.significand, rest;
    bool odd = false;
    if (shift >= 0)
        rest = remainder_shifted(x.significand, by, shift, &odd);
    else if (-shift > __builtin_clzll(by)) /* y is at least 2^64 units */
        return remainder_of_lesser(x, y);
    else {
        by <<= -shift;
        odd = x.significand / by & 1;
        rest = x.significand % by;
    }
    if (!rest)
        return zero_of(x.sign);
    uint64_t other = by - rest; /* below y's multiple above */
    bool above = rest != other ? rest > other : odd;
    return finite_of(x.sign != above, hu_wide_of(above ? other : rest),
                     shift > 0 ? y.quantum : x.quantum);
}

/* WHOLE and a fraction of 2^-64 units; TAIL: something follows. False: 2^64 or more. */
static bool whole_of(const struct hu_exact *e, uint64_t *whole, uint64_t *fraction, bool *tail)
{
    if (e->exponent + LEADING >= 64)
        return false;
    int right = -64 - e->exponent;
    struct frame f = {{0, e->significand.low, e->significand.high}};
    *tail = e->sticky;
    f = shifted_right(f, right > 64 * LIMBS ? 64 * LIMBS : (unsigned)right, tail);
    *tail |= f.limb[0] != 0;
    *fraction = f.limb[1];
    *whole = f.limb[2];
    return true;
}

static uint64_t round_finite(const struct hu_format *to, const struct hu_exact *e, uint64_t index,
                             const struct hu_options *options, unsigned *flags)
{
    if (!hu_is_integer(to)) {
        struct hu_real real = {e->significand.high, e->exponent + 64, e->sign,
                               e->sticky || e->significand.low};
        return hu_round(to, real, index, options, flags);
    }
    uint64_t whole, fraction;
    bool tail;
    if (!whole_of(e, &whole, &fraction, &tail))
        return hu_round_overflow(to, e->sign, options, flags);
    return hu_round_integer(to, e->sign, whole, fraction, tail, index, options, flags);
}

static uint64_t round_kind(const struct hu_format *to, const struct hu_exact *e, uint64_t index,
                           const struct hu_options *options, unsigned *flags)
{
    switch (e->kind) {
    case HU_EXACT_TRUTH:
        return e->truth;
    case HU_EXACT_ZERO:
        return hu_round_zero(to, e->sign, flags);
    case HU_EXACT_INFINITE:
        return hu_round_infinity(to, e->sign, options, flags);
    case HU_EXACT_NAN:
        return hu_round_nan(to, e->nan, flags);
    case HU_EXACT_FINITE:
        break;
    }
    return round_finite(to, e, index, options, flags);
}

uint64_t hu_round_exact(const struct hu_format *to, const struct hu_exact *e, uint64_t index,
                        const struct hu_options *options, unsigned *flags)
{
    unsigned raised = 0, before = e->flags;
    uint64_t code = round_kind(to, e, index, options, &raised);
    /* An integer has no infinity to which a division by zero could go: it is invalid instead. */
    if (hu_is_integer(to))
        before &= ~(unsigned)HU_DIVIDE_BY_ZERO;
    *flags |= before | (e->quiet ? raised & ~(unsigned)HU_INEXACT : raised);
    return code;
}
