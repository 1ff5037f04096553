/* Every encoding of a source, in blocks of consecutive ones. */
#include "verify/layout.h"
#include "verify/trial.h"

#include <string.h>

/* A block's encodings FIRST to FIRST + N - 1 lie in src; RUN holds FIRST. */
struct block {
    uint64_t first;
    size_t n;
    size_t run;
};

/* How many elements from I on, at most to TO, hold GOT: by doubling steps. */
static size_t same_from(const struct bench *b, size_t i, size_t to, uint64_t got)
{
    const struct hu_format *f = b->trial->runs->to;
    size_t n = 1, step = 1;
    while (i + n < to) {
        size_t more = step < to - i - n ? step : to - i - n;
        if (hu_layout_holds(f, b->dst, i + n, more, got)) {
            n += more;
            step *= 2;
        } else if (step == 1) {
            return n;
        } else {
            step = 1;
        }
    }
    return n;
}

/* Elements FROM to TO-1, all due CODE: stretches of one code are judged together. Whether all are
 * right. */
static bool check_constant(struct bench *b, const struct block *k, const struct hu_run *r,
                           size_t from, size_t to)
{
    const struct hu_format *format = b->trial->runs->to;
    const struct hu_promise *promise = &b->trial->runs->promise;
    bool right = true;
    for (size_t i = from; i < to;) {
        uint64_t got = hu_layout_load(format, b->dst, i);
        size_t n = same_from(b, i, to, got);
        if (!hu_satisfies(format, promise, r->code, got)) {
            uint64_t source = k->first + i;
            trial_wrong(b, source, source, n, r->code, r->flags, got);
            right = false;
        }
        i += n;
    }
    return right;
}

/* Elements FROM to TO-1, which RUN holds, one by one. Whether all are right. */
static bool check_each(struct bench *b, const struct block *k, size_t run, size_t from, size_t to)
{
    bool right = true;
    const struct hu_run *r = &b->trial->runs->run[run];
    if (r->kind == HU_CONSTANT)
        return check_constant(b, k, r, from, to);
    b->position = k->first;
    for (size_t i = from; i < to; i++) {
        unsigned flags;
        uint64_t code = hu_run_expect(b->trial->runs, run, k->first + i, &flags);
        right &= trial_check(b, k->first + i, code, flags, i);
    }
    return right;
}

/* Whether elements FROM to TO-1, which RUN holds, are as due: fast where that is a constant or an
 * exact widening. */
static bool piece_holds(struct bench *b, const struct block *k, size_t run, size_t from, size_t to)
{
    const struct hu_runs *runs = b->trial->runs;
    const struct hu_run *r = &runs->run[run];
    if (r->flags & HU_ANYTHING)
        return true;
    if (r->kind == HU_CONSTANT)
        return hu_layout_holds(runs->to, b->dst, from, to - from, r->code);
    if (r->kind != HU_STEPS || r->shift > 0 || hu_is_packed(runs->to))
        return false;
    unsigned flags;
    uint64_t first = hu_run_expect(runs, run, k->first + from, &flags);
    bool sign = r->first & hu_sign_mask(runs->from);
    bool falls = hu_falls(runs->from, sign) != hu_falls(runs->to, sign);
    uint64_t step = UINT64_C(1) << -r->shift;
    struct hu_progression widened = {first, falls ? -step : step, 0, 0};
    hu_layout_fill(runs->to, b->expected, &widened, to - from);
    return !memcmp(b->expected, (char *)b->dst + hu_layout_bytes(runs->to, from),
                   hu_layout_bytes(runs->to, to - from));
}

/* Where RUN ends in the block, as an index, at most N. */
static size_t end_in(const struct hu_runs *runs, const struct block *k, size_t run)
{
    uint64_t last = hu_run_last(runs, run) - k->first;
    return last >= k->n - 1 ? k->n : (size_t)last + 1;
}

/* All codes of the block in dst. Returns the run of its last element. */
static size_t check_codes(struct bench *b, const struct block *k, bool *right)
{
    const struct hu_runs *runs = b->trial->runs;
    size_t run = k->run;
    *right = true;
    for (size_t from = 0;; run++) {
        size_t to = end_in(runs, k, run);
        if (!piece_holds(b, k, run, from, to))
            *right &= check_each(b, k, run, from, to);
        if (to == k->n)
            return run;
        from = to;
    }
}

/* The same of a call that wants flags, where the call that wants none was right. */
static void check_codes_with_flags(struct bench *b, const struct block *k)
{
    bool right;
    b->only_with_flags = true;
    check_codes(b, k, &right);
    b->only_with_flags = false;
}

/* The flags due over part of a run, or-ed. */
static unsigned flags_over(const struct hu_runs *runs, size_t run, uint64_t first, uint64_t last)
{
    const struct hu_run *r = &runs->run[run];
    if (r->kind != HU_LADDER)
        return r->flags;
    uint64_t mask = (UINT64_C(1) << r->shift) - 1;
    bool exact = first == last && !((first - r->first) & mask);
    return exact ? 0 : r->flags;
}

/* FROM to TO-1 of the block raised GOT together and not EXPECTED. */
static void blame(struct bench *b, const struct block *k, size_t from, size_t to, unsigned expected,
                  unsigned got)
{
    struct trial *t = b->trial;
    const struct hu_runs *runs = t->runs;
    bool blamed = false;
    size_t run = hu_runs_find(runs, k->first + from);
    for (size_t i = from; i < to && trial_wants_blame(t) && !trial_is_over(t); i++) {
        unsigned flags;
        while (hu_run_last(runs, run) < k->first + i)
            run++;
        uint64_t code = hu_run_expect(runs, run, k->first + i, &flags);
        blamed |= !trial_lone(b, k->first + i, code, flags);
    }
    if (blamed)
        return;
    struct hu_mismatch m = {.kind = HU_WRONG_FLAGS,
                            .source = k->first + from,
                            .last = k->first + to - 1,
                            .expected_flags = expected,
                            .got_flags = got,
                            .length = to - from};
    trial_apart(t, &m);
}

static void fill(struct bench *b, uint64_t first, size_t n)
{
    struct hu_progression consecutive = {first, 1, 0, 0};
    hu_layout_fill(b->trial->runs->from, b->src, &consecutive, n);
}

/* Elements FROM to TO-1, the first of which RUN holds, in a call of their own: all of them are due
 * the same flags. */
static bool check_stretch(struct bench *b, const struct block *k, size_t run, size_t from,
                          size_t to, unsigned expected, bool right)
{
    unsigned flags = 0;
    struct block stretch = {k->first + from, to - from, run};
    fill(b, stretch.first, stretch.n);
    if (!trial_convert(b, stretch.n, stretch.first, NULL, &flags))
        return false;
    if (right)
        check_codes_with_flags(b, &stretch);
    if (flags != expected)
        blame(b, k, from, to, expected, flags);
    return true;
}

/* A block of several runs: flags are decidable over each stretch of equal ones. Single elements are
 * ends of runs, which trial_lones takes. */
static bool check_stretches(struct bench *b, const struct block *k, bool right)
{
    const struct hu_runs *runs = b->trial->runs;
    size_t run = k->run;
    for (size_t from = 0; from < k->n;) {
        size_t to = end_in(runs, k, run), start = run;
        unsigned expected = flags_over(runs, run, k->first + from, k->first + to - 1);
        while (to < k->n && runs->run[run + 1].flags == expected &&
               runs->run[run].kind == HU_CONSTANT && runs->run[run + 1].kind == HU_CONSTANT)
            to = end_in(runs, k, ++run);
        if (to - from > 1 && !check_stretch(b, k, start, from, to, expected, right))
            return false;
        from = to;
        run++;
    }
    return true;
}

/* The whole block in a call that wants flags. */
static bool check_flagged(struct bench *b, const struct block *k, size_t last_run, bool right)
{
    const struct hu_runs *runs = b->trial->runs;
    unsigned expected = 0, flags = 0;
    size_t from = 0;
    if (!trial_convert(b, k->n, k->first, NULL, &flags))
        return false;
    if (right)
        check_codes_with_flags(b, k);
    for (size_t run = k->run; run <= last_run; run++) {
        size_t to = end_in(runs, k, run);
        expected |= flags_over(runs, run, k->first + from, k->first + to - 1);
        from = to;
    }
    if (flags != expected)
        blame(b, k, 0, k->n, expected, flags);
    return true;
}

/* A kernel may have other code where flags are wanted, so there are more calls for that: one for
 * each stretch of a block that holds a boundary, and one for some of the other blocks or for all.
 */
static bool check_block(struct bench *b, const struct block *k, size_t *last_run)
{
    bool right;
    if (!trial_convert(b, k->n, k->first, NULL, NULL))
        return false;
    *last_run = check_codes(b, k, &right);
    if (!b->trial->wants_flags)
        return true;
    bool mixed = *last_run != k->run;
    if (trial_takes_flags(b->trial, mixed, k->first / k->n) &&
        !check_flagged(b, k, *last_run, right))
        return false;
    return !mixed || check_stretches(b, k, right);
}

uint64_t trial_blocks(struct bench *b, const struct part *part)
{
    const struct hu_runs *runs = b->trial->runs;
    size_t run = hu_runs_find(runs, part->first);
    size_t size = b->trial->subject->block;
    b->first_position = part->first;
    for (uint64_t first = part->first; first <= part->last; first += size) {
        uint64_t left = part->last - first + 1;
        struct block k = {first, left < size ? (size_t)left : size, run};
        fill(b, first, k.n);
        if (trial_is_over(b->trial) || !check_block(b, &k, &run))
            return first - part->first;
        b->position = first + k.n;
        trial_progress(b, k.n);
        if (hu_run_last(runs, run) == first + k.n - 1)
            run++;
    }
    return part->last - part->first + 1;
}
