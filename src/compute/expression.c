/* Reading expressions: recursive descent, each level of binding a function. */
#include "expression.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct compute_expression *e;
    const char *at, *end;
    unsigned depth;
    char *message;
    bool failed;
};

enum { NONE = -1 }; /* no node: reported */

static long refuse(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the first message, with the character where it is. */
static long refuse(struct reader *r, const char *format, ...)
{
    if (r->failed)
        return NONE;
    va_list arguments;
    int n =
        snprintf(r->message, HU_MESSAGE, "at character %zu: ", (size_t)(r->at - r->e->text) + 1);
    va_start(arguments, format);
    vsnprintf(r->message + n, HU_MESSAGE - (size_t)n, format, arguments);
    va_end(arguments);
    r->failed = true;
    return NONE;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r", *r->at) && *r->at)
        r->at++;
}

/* Moves past WORD if it stands here. */
static bool take(struct reader *r, const char *word)
{
    skip_blanks(r);
    size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

static struct compute_node *append(struct reader *r, const char *from)
{
    struct compute_expression *e = r->e;
    if (r->failed)
        return NULL;
    if (e->count == COMPUTE_NODES_MAX) {
        refuse(r, "more than %d values and operations", COMPUTE_NODES_MAX);
        return NULL;
    }
    if (!e->nodes && !(e->nodes = calloc(COMPUTE_NODES_MAX, sizeof *e->nodes))) {
        refuse(r, "out of memory");
        return NULL;
    }
    struct compute_node *node = &e->nodes[e->count++];
    node->at = (size_t)(from - e->text);
    node->length = (size_t)(r->at - from);
    return node;
}

static long make(struct reader *r, const char *from, enum hu_operation operation,
                 const long *operands, size_t count)
{
    struct compute_node *node = append(r, from);
    if (!node)
        return NONE;
    node->operation = operation;
    node->operands = count;
    for (size_t i = 0; i < count; i++)
        node->operand[i] = (size_t)operands[i];
    return (long)r->e->count - 1;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static size_t word_length(const struct reader *r)
{
    size_t n = 0;
    while (r->at + n < r->end && is_word(r->at[n]))
        n++;
    return n;
}

/* A number: digits, letters, '.', '_', and a sign behind an exponent's letter. */
static size_t number_length(const struct reader *r)
{
    const char *at = r->at;
    size_t n = 0, room = (size_t)(r->end - at);
    bool hexadecimal = room > 1 && at[0] == '0' && (at[1] | 0x20) == 'x';
    for (; n < room && (is_word(at[n]) || at[n] == '.' ||
                        ((at[n] == '+' || at[n] == '-') && n &&
                         (at[n - 1] | 0x20) == (hexadecimal ? 'p' : 'e')));
         n++)
        ;
    return n;
}

/* A datum: FORMAT:0xHEX, FORMAT:0bBITS with '.' and '_' between, FORMAT:le:HEX, FORMAT:max. */
static size_t datum_length(const struct reader *r, size_t word)
{
    size_t n = word;
    while (r->at + n < r->end && (is_word(r->at[n]) || r->at[n] == ':' || r->at[n] == '.'))
        n++;
    return n;
}

/* nan(0x12): the payload belongs to the value. */
static size_t payload_length(const struct reader *r, size_t word)
{
    const char *close = memchr(r->at + word, ')', (size_t)(r->end - r->at) - word);
    return close ? (size_t)(close - r->at) + 1 : word;
}

/* LENGTH bytes here, with a minus sign before them where NEGATIVE. */
static long read_literal(struct reader *r, const char *from, size_t length, bool negative)
{
    char why[HU_MESSAGE];
    char *text = malloc(length + 2);
    if (!text)
        return refuse(r, "out of memory");
    *text = '-';
    memcpy(text + negative, r->at, length);
    struct hu_value value;
    hu_value_init(&value);
    bool fine = hu_value_read(&value, text, length + negative, why);
    free(text);
    if (!fine)
        refuse(r, "%.200s", why);
    r->at += fine ? length : 0;
    struct compute_node *node = fine ? append(r, from) : NULL;
    if (!node) {
        hu_value_clear(&value);
        return NONE;
    }
    node->literal = true;
    node->value = value;
    return (long)r->e->count - 1;
}

static long read_expression(struct reader *r);

static long refuse_name(struct reader *r, const char *name)
{
    char nearest[HU_SUGGESTION];
    if (!*hu_operation_suggestion(nearest, name))
        hu_name_suggestion(nearest, name);
    return refuse(r, "\"%.60s\" is neither an operation nor a format%s%s", name,
                  *nearest ? "; " : "", nearest);
}

/* What follows NAME( … ), which begins at START. */
static long read_call(struct reader *r, const char *from, const char *start, const char *name)
{
    enum hu_operation operation;
    const struct hu_format *format = NULL;
    long operands[HU_OPERANDS];
    size_t count = 0;
    if (!hu_operation_find(name, &operation) || operation == HU_OP_CONVERT ||
        operation == HU_OP_CONVERT_QUIETLY) {
        operation = HU_OP_CONVERT;
        format = hu_format_find(name);
        if (!format) {
            r->at = start;
            return refuse_name(r, name);
        }
    }
    size_t due = hu_operation_row(operation)->operands;
    do {
        if (count == due)
            return refuse(r, "%.60s has %zu operand%s", name, due, due == 1 ? "" : "s");
        operands[count] = read_expression(r);
        if (operands[count++] == NONE)
            return NONE;
    } while (take(r, ","));
    if (!take(r, ")"))
        return refuse(r, "',' or ')' is due here, for %.60s", name);
    if (count != due)
        return refuse(r, "%.60s has %zu operands, not %zu", name, due, count);
    long node = make(r, from, operation, operands, count);
    if (node != NONE)
        r->e->nodes[node].format = format;
    return node;
}

static long read_word(struct reader *r, bool negative, const char *from)
{
    char name[HU_MAX_NAME + 16];
    size_t n = word_length(r);
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), r->at);
    bool opens = r->at + n < r->end && r->at[n] == '(';
    if (r->at + n < r->end && r->at[n] == ':')
        return read_literal(r, from, datum_length(r, n), negative);
    if (!strcasecmp(name, "nan") || !strcasecmp(name, "snan"))
        return read_literal(r, from, opens ? payload_length(r, n) : n, negative);
    if (!opens)
        return read_literal(r, from, n, negative);
    const char *start = r->at;
    r->at += n + 1;
    return read_call(r, from, start, name);
}

static long read_primary(struct reader *r)
{
    skip_blanks(r);
    const char *from = r->at;
    if (r->at == r->end)
        return refuse(r, "a value is missing");
    if (take(r, "(")) {
        long inside = read_expression(r);
        if (inside != NONE && !take(r, ")"))
            return refuse(r, "')' is due here");
        return inside;
    }
    if (isdigit((unsigned char)*r->at) || *r->at == '.')
        return read_literal(r, from, number_length(r), false);
    if (is_word(*r->at))
        return read_word(r, false, from);
    return refuse(r, "a value is expected");
}

static bool take_minus(struct reader *r)
{
    return take(r, "-") || take(r, "−");
}

/* A minus sign before a number is the number's own. */
static long read_unary(struct reader *r)
{
    skip_blanks(r);
    const char *from = r->at;
    if (r->depth == COMPUTE_DEPTH_MAX)
        return refuse(r, "nested more than %d deep", COMPUTE_DEPTH_MAX);
    if (!take_minus(r)) {
        take(r, "+");
        return read_primary(r);
    }
    skip_blanks(r);
    if (r->at < r->end && (isdigit((unsigned char)*r->at) || *r->at == '.'))
        return read_literal(r, from, number_length(r), true);
    size_t n = word_length(r);
    char next = r->at + n < r->end ? r->at[n] : '\0';
    bool datum = next == ':'; /* whose encoding has no sign before it */
    if (n && !datum &&
        (next != '(' || !strncasecmp(r->at, "nan(", 4) || !strncasecmp(r->at, "snan(", 5)))
        return read_word(r, true, from);
    r->depth++;
    long operand = read_unary(r);
    r->depth--;
    return operand == NONE ? NONE : make(r, from, HU_OP_NEGATE, &operand, 1);
}

struct sign {
    const char *text;
    enum hu_operation operation;
};

/* OPERANDS joined by SIGNS, to the left. */
static long read_level(struct reader *r, long (*operand)(struct reader *), const struct sign *signs)
{
    skip_blanks(r);
    const char *from = r->at;
    long left = operand(r);
    for (const struct sign *s = signs; left != NONE && s->text;) {
        if (!take(r, s->text)) {
            s++;
            continue;
        }
        long pair[] = {left, operand(r)};
        left = pair[1] == NONE ? NONE : make(r, from, s->operation, pair, 2);
        s = signs;
    }
    return left;
}

static long read_product(struct reader *r)
{
    static const struct sign signs[] = {{"*", HU_OP_MUL}, {"×", HU_OP_MUL}, {"·", HU_OP_MUL},
                                        {"/", HU_OP_DIV}, {"÷", HU_OP_DIV}, {NULL, 0}};
    return read_level(r, read_unary, signs);
}

static long read_sum(struct reader *r)
{
    static const struct sign signs[] = {
        {"+", HU_OP_ADD}, {"-", HU_OP_SUB}, {"−", HU_OP_SUB}, {NULL, 0}};
    return read_level(r, read_product, signs);
}

/* == and != are quiet and the others signal, as C has them (IEEE 754-2019 section 5.11). A
 * comparison is no number, so nothing goes on from it. */
static long read_expression(struct reader *r)
{
    static const struct sign signs[] = {
        {"==", HU_OP_EQUAL},
        {"!=", HU_OP_NOT_EQUAL},
        {"≠", HU_OP_NOT_EQUAL},
        {"<=", HU_OP_SIGNALING_LESS_EQUAL},
        {"≤", HU_OP_SIGNALING_LESS_EQUAL},
        {">=", HU_OP_SIGNALING_GREATER_EQUAL},
        {"≥", HU_OP_SIGNALING_GREATER_EQUAL},
        {"<", HU_OP_SIGNALING_LESS},
        {">", HU_OP_SIGNALING_GREATER},
        {NULL, 0},
    };
    if (r->depth == COMPUTE_DEPTH_MAX)
        return refuse(r, "nested more than %d deep", COMPUTE_DEPTH_MAX);
    r->depth++;
    long node = read_level(r, read_sum, signs);
    r->depth--;
    return node;
}

/* A comparison's truth is no operand. */
static bool is_sound(struct reader *r)
{
    const struct compute_expression *e = r->e;
    for (size_t i = 0; i < e->count; i++)
        for (size_t k = 0; k < e->nodes[i].operands; k++) {
            const struct compute_node *operand = &e->nodes[e->nodes[i].operand[k]];
            if (operand->literal || !hu_is_comparison(operand->operation))
                continue;
            r->at = e->text + operand->at;
            refuse(r, "a comparison is true or false, and no number to go on with");
            return false;
        }
    return true;
}

bool compute_read(struct compute_expression *e, const char *text, size_t length,
                  char message[HU_MESSAGE])
{
    *e = (struct compute_expression){.text = text};
    struct reader r = {.e = e, .at = text, .end = text + length, .message = message};
    long whole = read_expression(&r);
    skip_blanks(&r);
    if (whole != NONE && r.at < r.end)
        refuse(&r, *r.at == '='   ? "'=' is no operation; '==' compares"
                   : *r.at == '^' ? "'^' is no operation; scalb(x, n) is x * 2^n"
                                  : "an operation is expected here, or the end");
    return !r.failed && is_sound(&r);
}

void compute_clear(struct compute_expression *e)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->nodes[i].literal)
            hu_value_clear(&e->nodes[i].value);
    free(e->nodes);
    *e = (struct compute_expression){0};
}
