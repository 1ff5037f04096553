#include "verify/lengths.h"
#include "verify/layout.h"
#include "verify/random.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TILE = HU_LENGTHS_TILE,
    EVERY = 2048,  /* each length up to this one */
    DOUBLINGS = 5, /* from there to the subject's block */
    DRAWN = 256,   /* lengths in between */
    ODD = 3,       /* that long calls have beyond a power of two */
    COPIES = 64,   /* of one input: more than any vector has lanes */
    ALIGNED = 512, /* as many elements of any format fill whole units of 64 bytes */
    WATCHED = 8,   /* bytes beyond the last element */
    MARGIN = 2 * HU_LAYOUT_ALIGNMENT, /* elements: off a boundary, and the watched ones */
};

/* Seconds that a call may take and a longer one be tried. */
static const double enough = 0.25;

enum alone { UNKNOWN, RIGHT, WRONG };

struct trial {
    const struct hu_lengths *l;
    uint64_t (*tile)[HU_OPERANDS];
    uint64_t *due;
    unsigned *flags;
    unsigned char *alone;              /* what a call of copies of each input gives: enum alone */
    void *src[HU_OPERANDS], *expected; /* the tile over and over */
    void *dst, *copies[HU_OPERANDS], *copied;
    bool failed;
    double seconds; /* that the last call took */
};

static bool draw_tile(struct trial *t)
{
    const struct hu_question *q = t->l->question;
    t->tile = calloc(TILE, sizeof *t->tile);
    t->due = malloc(TILE * sizeof *t->due);
    t->flags = malloc(TILE * sizeof *t->flags);
    t->alone = calloc(TILE, 1);
    bool good = t->tile && t->due && t->flags && t->alone;
    for (int k = 0; k < q->operands; k++)
        good &= (t->copies[k] = hu_layout_new(q->from[k], COPIES)) != NULL;
    for (uint64_t i = 0; good && i < TILE; i++) {
        t->l->draw(t->l->context, i, t->tile[i]);
        t->due[i] = hu_question_expect(t->l->reference, q, t->tile[i], &t->flags[i]);
    }
    return good;
}

/* The first TILE elements of ARRAY, again and again, to BYTES. */
static void repeat(void *array, size_t tile, size_t bytes)
{
    unsigned char *at = array;
    for (size_t done = tile; done < bytes; done += tile)
        memcpy(at + done, at, bytes - done < tile ? bytes - done : tile);
}

static void release_arrays(struct trial *t)
{
    for (int k = 0; k < HU_OPERANDS; k++) {
        free(t->src[k]);
        t->src[k] = NULL;
    }
    free(t->expected);
    free(t->dst);
    t->expected = t->dst = NULL;
}

/* Arrays for calls of at most LONGEST elements, which start anywhere in the tile. */
static bool lay_out(struct trial *t, size_t longest)
{
    const struct hu_question *q = t->l->question;
    size_t n = longest + TILE + MARGIN;
    release_arrays(t);
    t->expected = hu_layout_new(q->result, n);
    t->dst = hu_layout_new(q->result, longest + MARGIN);
    bool good = t->expected && t->dst;
    for (int k = 0; k < q->operands; k++)
        good &= (t->src[k] = hu_layout_new(q->from[k], n)) != NULL;
    t->failed |= !good;
    for (size_t i = 0; good && i < TILE; i++) {
        hu_layout_store(q->result, t->expected, i, t->due[i]);
        for (int k = 0; k < q->operands; k++)
            hu_layout_store(q->from[k], t->src[k], i, t->tile[i][k]);
    }
    if (!good)
        return false;
    repeat(t->expected, hu_layout_bytes(q->result, TILE), hu_layout_bytes(q->result, n));
    for (int k = 0; k < q->operands; k++)
        repeat(t->src[k], hu_layout_bytes(q->from[k], TILE), hu_layout_bytes(q->from[k], n));
    return true;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool give(struct trial *t, void *dst, const void *const src[], size_t n)
{
    const struct hu_subject *s = t->l->subject;
    double began = now();
    bool good = s->give(s->context, t->l->worker, dst, src, n, NULL);
    t->seconds = now() - began;
    return good;
}

static void say_stopped(struct trial *t, size_t start, size_t n)
{
    t->l->stopped(t->l->context, (const uint64_t(*)[HU_OPERANDS])t->tile, start, n);
}

/* Whether input I of the tile is as due in a call of copies; counted with all inputs where it is
 * not. */
static bool is_right_alone(struct trial *t, size_t i, bool *goes_on)
{
    const struct hu_question *q = t->l->question;
    const void *src[HU_OPERANDS] = {NULL};
    if (t->alone[i] == UNKNOWN) {
        for (int k = 0; k < q->operands; k++) {
            struct hu_progression p = {t->tile[i][k], 0, 0, 0};
            hu_layout_fill(q->from[k], t->copies[k], &p, COPIES);
            src[k] = t->copies[k];
        }
        if (!(*goes_on = give(t, t->copied, src, COPIES))) {
            say_stopped(t, i, 1);
            return false;
        }
        uint64_t got = hu_layout_load(q->result, t->copied, 0);
        t->alone[i] = hu_question_satisfies(q, t->due[i], got, t->flags[i]) ? RIGHT : WRONG;
    }
    return t->alone[i] == RIGHT;
}

/* Says the first element that goes wrong in this call alone. Returns whether there is none. */
static bool compare(struct trial *t, const unsigned char *dst, size_t start, size_t n,
                    bool *goes_on)
{
    const struct hu_question *q = t->l->question;
    for (size_t i = 0; i < n; i++) {
        size_t at = (start + i) % TILE;
        uint64_t got = hu_layout_load(q->result, dst, i);
        if (got == t->due[at] || (t->flags[at] & HU_ANYTHING) ||
            hu_question_satisfies_otherwise(q, t->due[at], got, t->flags[at]))
            continue;
        if (!is_right_alone(t, at, goes_on) && *goes_on)
            continue;
        struct hu_length_fault f = {.expected = t->due[at],
                                    .got = got,
                                    .index = i,
                                    .length = n,
                                    .offset = (uintptr_t)dst % HU_LAYOUT_ALIGNMENT};
        memcpy(f.x, t->tile[at], sizeof f.x);
        if (*goes_on)
            t->l->wrong(t->l->context, &f);
        return false;
    }
    return true;
}

/* N elements from START on, into memory that holds none of the right answers and whose end is
 * watched; SHIFT elements off a boundary. Returns whether all is right. */
static bool try_call(struct trial *t, size_t n, size_t start, size_t shift, bool *goes_on)
{
    const struct hu_question *q = t->l->question;
    static const char watch[] = "ZZZZZZZZ";
    size_t bytes = hu_layout_bytes(q->result, n), first = start + shift;
    const void *src[HU_OPERANDS] = {NULL};
    unsigned char *dst =
        (unsigned char *)t->dst + hu_layout_bytes(q->result, shift) % HU_LAYOUT_ALIGNMENT;
    const unsigned char *due =
        (const unsigned char *)t->expected + hu_layout_bytes(q->result, first);
    for (int k = 0; k < q->operands; k++)
        src[k] = (const unsigned char *)t->src[k] + hu_layout_bytes(q->from[k], first);
    for (size_t i = 0; i < bytes; i++)
        dst[i] = (unsigned char)~due[i];
    memcpy(dst + bytes, watch, WATCHED);
    if (!(*goes_on = give(t, dst, src, n))) {
        say_stopped(t, first, n);
        return false;
    }
    bool kept = !memcmp(dst + bytes, watch, WATCHED);
    if (!kept)
        t->l->wrong(t->l->context, &(struct hu_length_fault){.length = n, .beyond = true});
    return (!memcmp(dst, due, bytes) || compare(t, dst, first, n, goes_on)) && kept;
}

/* Aligned, and where that is right an odd number of elements, or of bytes' worth of packed ones,
 * off a boundary. False: the trial is over. */
static bool try_length(struct trial *t, size_t n)
{
    const struct hu_question *q = t->l->question;
    bool packed = hu_is_packed(q->result), goes_on = !t->l->is_over(t->l->context);
    for (int k = 0; k < q->operands; k++)
        packed |= hu_is_packed(q->from[k]);
    size_t start = n * ALIGNED % (TILE / 2 / ALIGNED * ALIGNED);
    size_t shift = (1 + 2 * (n % 7)) * (packed ? 8 : 1);
    if (goes_on && try_call(t, n, start, 0, &goes_on))
        try_call(t, n, start, shift, &goes_on);
    return goes_on;
}

static bool try_lengths(struct trial *t)
{
    size_t block = t->l->subject->block;
    bool goes_on = true;
    for (size_t n = 0; goes_on && n <= EVERY; n++)
        goes_on = try_length(t, n);
    for (size_t power = 2 * EVERY; goes_on && power <= block; power *= 2)
        goes_on = try_length(t, power - 1) && try_length(t, power) && try_length(t, power + 1);
    for (uint64_t i = 0; goes_on && i < DRAWN; i++) {
        size_t least = (size_t)EVERY << i % DOUBLINGS;
        goes_on = try_length(t, least + hu_draw(~t->l->seed, i) % least);
    }
    return goes_on;
}

bool hu_lengths_try(const struct hu_lengths *lengths)
{
    struct trial t = {.l = lengths, .copied = hu_layout_new(lengths->question->result, COPIES)};
    size_t block = lengths->subject->block, longest = lengths->subject->longest;
    t.failed = !t.copied || !draw_tile(&t);
    bool goes_on = !t.failed && lay_out(&t, block) && try_lengths(&t);
    for (size_t n = 2 * block; goes_on && n + ODD <= longest && t.seconds < enough; n *= 2)
        goes_on = lay_out(&t, n + ODD) && try_length(&t, n + ODD);
    release_arrays(&t);
    for (int k = 0; k < HU_OPERANDS; k++)
        free(t.copies[k]);
    free(t.copied);
    free(t.tile);
    free(t.due);
    free(t.flags);
    free(t.alone);
    return !t.failed;
}
