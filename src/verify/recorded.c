#include "verify/recorded.h"
#include "digit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { LONGEST_LINE = 256, LINES_A_STEP = 1 << 16 };

/* Ours, by TestFloat's bits, which are SoftFloat's (softfloat.h of its release 3). */
static const unsigned char flag_of[] = {HU_INEXACT, HU_UNDERFLOW, HU_OVERFLOW, HU_DIVIDE_BY_ZERO,
                                        HU_INVALID};
enum { FLAGS = sizeof flag_of };

unsigned hu_to_testfloat(unsigned flags)
{
    unsigned bits = 0;
    for (int i = 0; i < FLAGS; i++)
        bits |= flags & flag_of[i] ? 1u << i : 0;
    return bits;
}

static unsigned from_testfloat(unsigned bits)
{
    unsigned flags = 0;
    for (int i = 0; i < FLAGS; i++)
        flags |= bits >> i & 1 ? flag_of[i] : 0;
    return flags;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static const char *after_spaces(const char *at)
{
    while (is_space(*at))
        at++;
    return at;
}

/* A hexadecimal number of at most WIDTH bits. NULL: none. */
static const char *read_number(const char *at, int width, uint64_t *value)
{
    if (at[0] == '0' && (at[1] | 0x20) == 'x')
        at += 2;
    *value = 0;
    int digits = 0, digit;
    for (; (digit = hu_digit_value(*at)) >= 0; at++, digits++) {
        if (*value >> 60)
            return NULL;
        *value = *value << 4 | (uint64_t)digit;
    }
    bool ends = !*at || is_space(*at);
    bool fits = width >= 64 || !(*value >> width);
    return digits && ends && fits ? at : NULL;
}

struct reader {
    struct hu_recorded *result;
    uint64_t line;
    const struct hu_question *question;
    const struct hu_recorded_options *options;
};

struct vector {
    uint64_t source[HU_OPERANDS], code, flags;
};

static bool bad_word(struct reader *r, const char *at, const char *what)
{
    int length = (int)strcspn(at, " \t\r");
    struct hu_recorded *result = r->result;
    result->bad = true;
    if (length)
        snprintf(result->message, sizeof result->message, "line %" PRIu64 ": \"%.*s\" is not %s",
                 r->line, length < 60 ? length : 60, at, what);
    else
        snprintf(result->message, sizeof result->message, "line %" PRIu64 ": %s is missing%s",
                 r->line, what, what[0] == 'f' ? "; --no-flags reads lines without" : "");
    return false;
}

static bool bad_code(struct reader *r, const char *at, const struct hu_format *f)
{
    char what[96];
    snprintf(what, sizeof what, "an encoding of %s in hexadecimal", f->name);
    return bad_word(r, at, what);
}

static bool read_vector(struct reader *r, const char *at, struct vector *v)
{
    const char *end;
    const struct hu_question *q = r->question;
    at = after_spaces(at);
    *v = (struct vector){0};
    for (int k = 0; k < q->operands; k++) {
        if (!(end = read_number(at, q->from[k]->width, &v->source[k])))
            return bad_code(r, at, q->from[k]);
        at = after_spaces(end);
    }
    if (!(end = read_number(at, q->result->width, &v->code)))
        return bad_code(r, at, q->result);
    at = after_spaces(end);
    if (*at || !q->promise.no_flags) {
        if (!(end = read_number(at, 5, &v->flags)))
            return bad_word(r, at, "flags in hexadecimal, 1f at most");
        at = after_spaces(end);
    }
    return *at ? bad_word(r, at, "the end of the line") : true;
}

enum { SAMPLED_LINES = 20000, SAMPLED_FAULTS = 24000 };

static void sample_vector(struct reader *r, const struct vector *v, bool right)
{
    struct hu_sample *s = r->options->sample;
    struct hu_asked asked = {.got = v->code,
                             .flags = from_testfloat((unsigned)v->flags),
                             .has_flags = !r->question->promise.no_flags};
    memcpy(asked.x, v->source, sizeof asked.x);
    if (s && s->count < (right ? SAMPLED_LINES : SAMPLED_FAULTS))
        hu_sample_add(s, &asked);
}

/* What is wrong in line V, where EXPECTED and the flags DUE are; code_right: the flags alone. */
static void add_fault(struct reader *r, const struct vector *v, uint64_t expected, unsigned due,
                      bool code_right)
{
    const struct hu_question *q = r->question;
    unsigned got = from_testfloat((unsigned)v->flags);
    struct hu_operation_fault of_operation = {.expected = expected,
                                              .got = v->code,
                                              .expected_flags = due,
                                              .got_flags = got,
                                              .flags = code_right,
                                              .line = r->line};
    struct hu_fault of_conversion = {.first = v->source[0],
                                     .last = v->source[0],
                                     .count = 1,
                                     .class = code_right ? HU_FAULT_FLAGS : HU_FAULT_ROUNDING,
                                     .expected = expected,
                                     .got = v->code,
                                     .expected_flags = due,
                                     .got_flags = got,
                                     .line = r->line};
    memcpy(of_operation.x, v->source, sizeof of_operation.x);
    r->result->mismatches++;
    if (!hu_is_conversion(q)) {
        hu_operation_faults_add(&r->result->operation_faults, q, of_operation);
        return;
    }
    hu_fault_judge(q->to, q->from[0], &of_conversion);
    hu_faults_add(&r->result->faults, &of_conversion);
}

static void check_vector(struct reader *r, struct hu_reference *reference, const struct vector *v)
{
    const struct hu_question *q = r->question;
    unsigned due, got = from_testfloat((unsigned)v->flags);
    uint64_t code = hu_question_expect(reference, q, v->source, &due);
    bool anything = due & HU_ANYTHING;
    bool right = anything || hu_question_satisfies(q, code, v->code, due);
    bool flags_right = q->promise.no_flags || anything || got == due;
    r->result->lines++;
    sample_vector(r, v, right && flags_right);
    if (!right || !flags_right)
        add_fault(r, v, code, due, right);
}

/* The next line without its newline. False: the end, or a line that is too long or holds NULs. */
static bool next_line(struct reader *r, FILE *stream, char line[LONGEST_LINE])
{
    if (!fgets(line, LONGEST_LINE, stream))
        return false;
    r->line++;
    size_t length = strlen(line);
    bool ended = length && line[length - 1] == '\n';
    if (!ended && !feof(stream)) {
        r->result->bad = true;
        snprintf(r->result->message, sizeof r->result->message,
                 "line %" PRIu64 ": longer than any vector, or not text", r->line);
        return false;
    }
    if (ended)
        line[length - 1] = 0;
    return true;
}

static bool goes_on(const struct hu_recorded_options *o, const struct hu_recorded *result)
{
    return !(o->cancel && atomic_load_explicit(o->cancel, memory_order_relaxed)) &&
           !(o->stop_after && result->mismatches >= o->stop_after);
}

void hu_recorded_check(struct hu_recorded *result, FILE *stream, const struct hu_question *question,
                       const struct hu_recorded_options *options)
{
    struct reader r = {.result = result, .question = question, .options = options};
    struct hu_reference *reference = hu_reference_new();
    char line[LONGEST_LINE];
    memset(result, 0, sizeof *result);
    while (reference && goes_on(options, result) && next_line(&r, stream, line)) {
        struct vector v;
        const char *text = after_spaces(line);
        if (!*text || *text == '#')
            continue;
        if (!read_vector(&r, text, &v))
            break;
        check_vector(&r, reference, &v);
        if (options->progress && result->lines % LINES_A_STEP == 0)
            options->progress(LINES_A_STEP);
    }
    if (!reference || result->faults.failed || (!result->bad && ferror(stream))) {
        result->bad = true;
        snprintf(result->message, sizeof result->message, "%s",
                 reference && !result->faults.failed ? strerror(errno) : "out of memory");
    }
    hu_faults_finish(&result->faults);
    hu_reference_free(reference);
}
