#include "verify/vectors.h"
#include "pool.h"
#include "verify/layout.h"
#include "verify/recorded.h"
#include "wide.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINES_A_TASK = 1 << 12,
    TASKS_A_JOB = 4, /* of a round, whose text is then written in order */
    LONGEST_LINE =
        88, /* four numbers of 16 digits, two digits, separators, what is scribbled over */
};

struct round_of {
    const struct hu_question *q;
    const struct hu_operands *operands;
    struct hu_operation_options options;
    uint64_t first, count, set; /* lines of this round on, of all, and the level's set */
    int digits[HU_OPERANDS + 1];
    char *text;
    size_t *used;
};

/* Eight digits, the first in the highest byte: each four bits into a byte, and 7 more to 'A' from
 * 10 on. */
static uint64_t eight_digits(uint64_t x)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    x = (x << 16 | x) & UINT64_C(0x0000ffff0000ffff);
    x = (x << 8 | x) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x << 4 | x) & 15 * ones;
    return x + '0' * ones + ((x + 6 * ones) >> 4 & ones) * 7;
}

/* The last DIGITS of eight, at most all; scribbles over the others' room. */
static void put_eight(char *at, uint32_t value, int digits)
{
    uint64_t text = eight_digits(value) << 8 * (8 - digits);
    if (!HU_BIG_ENDIAN_MACHINE)
        text = __builtin_bswap64(text);
    memcpy(at, &text, sizeof text);
}

char *hu_vectors_number(char *at, uint64_t value, int digits)
{
    if (digits > 8)
        put_eight(at, (uint32_t)(value >> 32), digits - 8);
    put_eight(digits > 8 ? at + digits - 8 : at, (uint32_t)value, digits < 8 ? digits : 8);
    at[digits] = ' ';
    return at + digits + 1;
}

/* Line I of COUNT: where these are fewer, they are spread evenly over the set. */
static uint64_t operand_number(const struct round_of *r, uint64_t i)
{
    return r->count < r->set ? hu_wide_share(i, r->set, r->count) : i;
}

static char *put_line(const struct round_of *r, char *at, uint64_t i)
{
    const struct hu_question *q = r->q;
    uint64_t x[HU_OPERANDS];
    unsigned flags = 0;
    hu_operands_at(r->operands, operand_number(r, i), x);
    uint64_t code = hu_operate_at(q->operation, q->to, q->from, x, i, &r->options, &flags);
    for (int k = 0; k < q->operands; k++)
        at = hu_vectors_number(at, x[k], r->digits[k]);
    at = hu_vectors_number(at, code, r->digits[HU_OPERANDS]);
    at = hu_vectors_number(at, hu_to_testfloat(flags), 2);
    at[-1] = '\n';
    return at;
}

static void write_task(void *context, size_t task, unsigned worker)
{
    struct round_of *r = context;
    char *text = r->text + task * LINES_A_TASK * LONGEST_LINE, *at = text;
    uint64_t first = r->first + task * LINES_A_TASK;
    (void)worker;
    for (uint64_t i = first; i < first + LINES_A_TASK && i < r->count; i++)
        at = put_line(r, at, i);
    r->used[task] = (size_t)(at - text);
}

/* A comparison's result is one digit, as TestFloat's. */
static void set_digits(struct round_of *r)
{
    for (int k = 0; k < r->q->operands; k++)
        r->digits[k] = (r->q->from[k]->width + 3) / 4;
    r->digits[HU_OPERANDS] = hu_is_comparison(r->q->operation) ? 1 : (r->q->to->width + 3) / 4;
}

static uint64_t write_rounds(struct round_of *r, unsigned jobs, hu_vectors_sink *sink,
                             void *context)
{
    size_t most = (size_t)jobs * TASKS_A_JOB;
    while (r->first < r->count) {
        uint64_t left = (r->count - r->first + LINES_A_TASK - 1) / LINES_A_TASK;
        size_t tasks = left < most ? (size_t)left : most;
        hu_pool_run(jobs, tasks, write_task, r);
        for (size_t i = 0; i < tasks; i++) {
            if (!sink(context, r->text + i * LINES_A_TASK * LONGEST_LINE, r->used[i]))
                return r->first;
            uint64_t end = r->first + LINES_A_TASK;
            r->first = end < r->count ? end : r->count;
        }
    }
    return r->first;
}

uint64_t hu_operation_vectors_write(const struct hu_question *q,
                                    const struct hu_vectors_options *options, unsigned jobs,
                                    hu_vectors_sink *sink, void *context)
{
    struct hu_operands operands;
    struct round_of r = {.q = q, .operands = &operands, .options = hu_question_options(q)};
    size_t tasks = (size_t)jobs * TASKS_A_JOB;
    uint64_t written = 0;
    set_digits(&r);
    r.text = malloc(tasks * LINES_A_TASK * LONGEST_LINE);
    r.used = malloc(tasks * sizeof *r.used);
    if (hu_operands_init(&operands, q, options->level, options->seed) && r.text && r.used) {
        r.set = hu_operands_set(&operands);
        r.count = options->count ? options->count : r.set;
        written = write_rounds(&r, jobs, sink, context);
    }
    hu_operands_clear(&operands);
    free(r.text);
    free(r.used);
    return written;
}

uint64_t hu_operation_vectors_set(const struct hu_question *q, int level)
{
    struct hu_operands operands;
    uint64_t set = hu_operands_init(&operands, q, level, 0) ? hu_operands_set(&operands) : 0;
    hu_operands_clear(&operands);
    return set;
}
