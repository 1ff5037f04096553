#include "verify/fault.h"
#include "codec.h"
#include "file/tensor_file.h"

#include <stdlib.h>

const char *hu_fault_class_name(enum hu_fault_class class)
{
    static const char *const names[] = {"nan",      "infinity",  "overflow",  "tie",
                                        "rounding", "subnormal", "zero_sign", "flags"};
    return names[class];
}

void hu_faults_free(struct hu_faults *faults)
{
    free(faults->at);
    *faults = (struct hu_faults){0};
}

/* Judging. */

static bool is_tiny(const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    return d.class == HU_ZERO || d.class == HU_SUBNORMAL;
}

static enum hu_fault_class class_of(const struct hu_format *to, const struct hu_format *from,
                                    const struct hu_fault *fault)
{
    uint64_t got = fault->got & hu_width_mask(to), expected = fault->expected;
    if (hu_code_is_nan(from, fault->first))
        return HU_FAULT_NAN;
    if (hu_code_is_infinite(from, fault->first))
        return HU_FAULT_INFINITY;
    if (hu_code_is_zero(to, expected) && hu_code_is_zero(to, got))
        return HU_FAULT_ZERO_SIGN;
    bool over = hu_code_is_infinite(to, expected) || hu_code_is_infinite(to, got);
    if (over || (fault->expected_flags & HU_OVERFLOW))
        return HU_FAULT_OVERFLOW;
    if (hu_code_is_nan(to, expected))
        return HU_FAULT_NAN;
    if (hu_code_is_nan(to, got))
        return HU_FAULT_OVERFLOW;
    /* A scale without a zero takes all that lies below its range as its least code. */
    if (is_tiny(to, expected) || is_tiny(to, got) || (fault->expected_flags & HU_UNDERFLOW) ||
        hu_decode(from, fault->first).class == HU_SUBNORMAL)
        return HU_FAULT_SUBNORMAL;
    return HU_FAULT_ROUNDING;
}

/* A magnitude, significand * 2^quantum with the significand's top bit at bit 63; 0: zero. */
struct magnitude {
    uint64_t significand;
    int quantum;
};

static struct magnitude magnitude_of(struct hu_datum d)
{
    struct magnitude m = {d.significand, d.quantum};
    if (!m.significand)
        return m;
    int shift = __builtin_clzll(m.significand);
    m.significand <<= shift;
    m.quantum -= shift;
    return m;
}

static int compare(struct magnitude a, struct magnitude b)
{
    if (!a.significand || !b.significand)
        return (a.significand != 0) - (b.significand != 0);
    if (a.quantum != b.quantum)
        return a.quantum < b.quantum ? -1 : 1;
    return (a.significand > b.significand) - (a.significand < b.significand);
}

static int side_of(const struct hu_format *to, uint64_t expected, uint64_t got)
{
    struct hu_datum e = hu_decode(to, expected), g = hu_decode(to, got & hu_width_mask(to));
    if (hu_is_nan(e) || hu_is_nan(g))
        return 0;
    if (g.class == HU_INFINITE || e.class == HU_INFINITE)
        return (g.class == HU_INFINITE) - (e.class == HU_INFINITE);
    return compare(magnitude_of(g), magnitude_of(e));
}

/* Whether SOURCE is the middle between two codes next to each other, EXPECTED and GOT. Both are at
 * most one unit apart, so that all three fit into the source's quantum. */
static bool is_tie(const struct hu_format *to, const struct hu_format *from,
                   const struct hu_fault *fault)
{
    struct hu_datum x = hu_decode(from, fault->first);
    struct hu_datum e = hu_decode(to, fault->expected);
    struct hu_datum g = hu_decode(to, fault->got & hu_width_mask(to));
    if (!hu_is_finite(x) || !hu_is_finite(e) || !hu_is_finite(g) || !x.significand)
        return false;
    const struct hu_datum *ends[] = {&e, &g};
    uint64_t end[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        int up = ends[i]->quantum - x.quantum;
        if (!ends[i]->significand)
            continue;
        if (up < 0 || up >= __builtin_clzll(ends[i]->significand))
            return false;
        end[i] = ends[i]->significand << up;
    }
    bool other_side = (e.significand && e.sign != x.sign) || (g.significand && g.sign != x.sign);
    uint64_t low = end[0] < end[1] ? end[0] : end[1], high = end[0] < end[1] ? end[1] : end[0];
    return !other_side && low < x.significand && x.significand < high &&
           x.significand - low == high - x.significand;
}

void hu_fault_judge(const struct hu_format *to, const struct hu_format *from,
                    struct hu_fault *fault)
{
    if (fault->class != HU_FAULT_FLAGS)
        fault->class = class_of(to, from, fault);
    fault->side = (signed char)side_of(to, fault->expected, fault->got);
    fault->ties = fault->class == HU_FAULT_ROUNDING || fault->class == HU_FAULT_SUBNORMAL
                      ? is_tie(to, from, fault)
                      : false;
}

bool hu_fault_same_way(const struct hu_fault *fault, const struct hu_fault *next)
{
    if (fault->class != next->class)
        return false;
    if (fault->class == HU_FAULT_FLAGS)
        return fault->expected_flags == next->expected_flags && fault->got_flags == next->got_flags;
    return fault->side == next->side;
}

/* Lists. */

static int by_first(const void *a, const void *b)
{
    const struct hu_fault *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->last > y->last) - (x->last < y->last);
}

static int by_size(const void *a, const void *b)
{
    const struct hu_fault *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return by_first(a, b);
}

/* Whether B, which starts at or after A's start, goes on where A ends or lies in it. */
static bool goes_on(const struct hu_fault *a, const struct hu_fault *b)
{
    if (!hu_fault_same_way(a, b))
        return false;
    if (b->first <= a->last || b->first == a->last + 1)
        return true;
    return a->at_end && b->at_start && b->part == a->part + 1;
}

static void join(struct hu_fault *a, const struct hu_fault *b)
{
    a->count += b->count;
    a->ties &= b->ties;
    if (b->last >= a->last) {
        a->last = b->last;
        a->at_end = b->at_end;
        a->part = b->part;
    }
}

static void join_all(struct hu_faults *faults)
{
    size_t kept = 0;
    if (faults->count)
        qsort(faults->at, faults->count, sizeof *faults->at, by_first);
    for (size_t i = 0; i < faults->count; i++) {
        struct hu_fault *last = kept ? &faults->at[kept - 1] : NULL;
        if (last && goes_on(last, &faults->at[i]))
            join(last, &faults->at[i]);
        else
            faults->at[kept++] = faults->at[i];
    }
    faults->count = kept;
}

/* The class that FAULT has now that it is whole. */
static void count_class(struct hu_faults *faults, struct hu_fault *fault)
{
    if (fault->ties) {
        faults->inputs[fault->class] -= fault->count;
        faults->inputs[HU_FAULT_TIE] += fault->count;
        fault->class = HU_FAULT_TIE;
    }
    faults->classes[fault->class]++;
}

/* Where there are too many the smaller half is counted only, but for those at the ends of parts,
 * which may belong to larger ones. */
static void make_room(struct hu_faults *faults)
{
    join_all(faults);
    if (faults->count < HU_FAULTS_MAX / 2)
        return;
    qsort(faults->at, faults->count, sizeof *faults->at, by_size);
    size_t kept = HU_FAULTS_MAX / 2;
    for (size_t i = kept; i < faults->count; i++) {
        struct hu_fault *fault = &faults->at[i];
        if ((fault->at_start || fault->at_end) && kept < HU_FAULTS_MAX * 3 / 4) {
            faults->at[kept++] = *fault;
            continue;
        }
        faults->dropped++;
        count_class(faults, fault);
    }
    faults->count = kept;
}

static void append(struct hu_faults *faults, const struct hu_fault *fault)
{
    if (faults->count == HU_FAULTS_MAX)
        make_room(faults);
    struct hu_fault *row = hu_file_append(&faults->at, &faults->count, sizeof *row);
    if (row)
        *row = *fault;
    faults->failed |= !row;
}

void hu_faults_add(struct hu_faults *faults, const struct hu_fault *fault)
{
    append(faults, fault);
    faults->inputs[fault->class] += fault->count;
}

void hu_faults_take(struct hu_faults *faults, struct hu_faults *more)
{
    for (int i = 0; i < HU_FAULT_CLASSES; i++) {
        faults->inputs[i] += more->inputs[i];
        faults->classes[i] += more->classes[i];
    }
    for (size_t i = 0; i < more->count; i++)
        append(faults, &more->at[i]);
    faults->dropped += more->dropped;
    faults->failed |= more->failed;
    hu_faults_free(more);
}

void hu_faults_finish(struct hu_faults *faults)
{
    join_all(faults);
    for (size_t i = 0; i < faults->count; i++)
        count_class(faults, &faults->at[i]);
    if (faults->count)
        qsort(faults->at, faults->count, sizeof *faults->at, by_size);
}
