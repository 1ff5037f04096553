/* Reading expressions: recursive descent, each level of binding a row of operations. */
#include "expression_node.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 48 };

void reader_skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

size_t reader_word(const struct reader *r)
{
    size_t n = 0;
    while (r->at + n < r->end && is_word(r->at[n]))
        n++;
    return n;
}

bool reader_take(struct reader *r, const char *word)
{
    reader_skip_blanks(r);
    size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || strncmp(r->at, word, n))
        return false;
    if (is_word(*word) && r->at + n < r->end && is_word(r->at[n]))
        return false;
    r->at += n;
    return true;
}

static struct node *make(struct reader *r, enum node_kind kind, struct node *a, struct node *b)
{
    struct node *n = r->error ? NULL : arena_allocate(r->arena, sizeof *n);
    if (!n) {
        reader_refuse(r, "out of memory");
        return NULL;
    }
    *n = (struct node){.kind = kind, .a = a, .b = b};
    return n;
}

static struct node *make_constant(struct reader *r, struct value value)
{
    struct node *n = make(r, NODE_CONSTANT, NULL, NULL);
    if (n)
        n->constant = value;
    return n;
}

/* "…" without escapes. */
static char *read_string(struct reader *r)
{
    const char *close = memchr(r->at + 1, '"', (size_t)(r->end - r->at - 1));
    if (!close) {
        reader_refuse(r, "a string has no closing quote");
        return NULL;
    }
    char *text = arena_text(r->arena, r->at + 1, (size_t)(close - r->at - 1));
    if (!text)
        reader_refuse(r, "out of memory");
    r->at = close + 1;
    return text;
}

static struct value read_number(struct reader *r)
{
    char digits[40];
    size_t n = 0;
    bool real = false;
    /* "0 .. 3" is a range, not the number "0." */
    while (
        r->at + n < r->end && n < sizeof digits - 1 &&
        (isdigit((unsigned char)r->at[n]) || (!real && r->at[n] == '.' && r->at + n + 1 < r->end &&
                                              isdigit((unsigned char)r->at[n + 1]))))
        real |= r->at[n++] == '.';
    memcpy(digits, r->at, n);
    digits[n] = 0;
    r->at += n;
    if (real)
        return (struct value){.kind = VALUE_REAL, .real = strtod(digits, NULL)};
    if (n > 18)
        reader_refuse(r, "a number has more than 18 digits");
    return (struct value){.kind = VALUE_INTEGER, .integer = strtoll(digits, NULL, 10)};
}

static json_t *read_list(struct reader *r)
{
    json_t *list = json_array();
    r->at++;
    while (!r->error && !reader_take(r, "]")) {
        json_t *element = constant_read(r);
        if (element && json_array_append(list, element))
            reader_refuse(r, "out of memory");
        if (!r->error && !reader_take(r, ",") && !(r->at < r->end && *r->at == ']'))
            reader_refuse(r, "a list's elements are separated by commas");
    }
    return list;
}

json_t *constant_read(struct reader *r)
{
    json_t *json = NULL;
    reader_skip_blanks(r);
    bool negative = r->at < r->end && *r->at == '-';
    if (r->depth == DEEPEST) {
        reader_refuse(r, "it is nested too deep");
    } else if (r->at == r->end) {
        reader_refuse(r, "a value is missing");
    } else if (*r->at == '"') {
        char *text = read_string(r);
        json = text ? json_string(text) : NULL;
    } else if (r->at + negative < r->end && isdigit((unsigned char)r->at[negative])) {
        r->at += negative;
        struct value v = read_number(r);
        json = v.kind == VALUE_REAL ? json_real(negative ? -v.real : v.real)
                                    : json_integer(negative ? -v.integer : v.integer);
    } else if (*r->at == '[') {
        r->depth++;
        json = read_list(r);
        r->depth--;
    } else if (reader_take(r, "true")) {
        json = json_true();
    } else if (reader_take(r, "false")) {
        json = json_false();
    } else if (reader_take(r, "null")) {
        json = json_null();
    }
    if (!json || json_array_append_new(r->kept, json)) {
        reader_refuse(r, "a number, \"text\", true, false, null or a list of them is expected");
        return NULL;
    }
    return json;
}

static struct node *read_arguments(struct reader *r, const char *name, size_t length)
{
    struct node *call = make(r, NODE_CALL, NULL, NULL);
    if (!call)
        return NULL;
    call->function = function_find(name, length);
    if (call->function < 0) {
        reader_refuse(r, "there is no function of that name");
        return NULL;
    }
    for (struct node **tail = &call->a; !r->error && !reader_take(r, ")"); call->count++) {
        if (call->count && !reader_take(r, ",")) {
            reader_refuse(r, "arguments are separated by commas and end with ')'");
            return NULL;
        }
        struct node *argument = expression_read(r);
        *tail = make(r, NODE_ARGUMENT, argument, NULL);
        if (*tail)
            tail = &(*tail)->b;
    }
    if (!r->error && !function_takes(call->function, call->count))
        reader_refuse(r, "a function has too few or too many arguments");
    return r->error ? NULL : call;
}

static struct node *read_name(struct reader *r)
{
    static const struct {
        const char *name;
        struct value value;
    } constants[] = {{"true", {.kind = VALUE_INTEGER, .integer = 1}},
                     {"false", {.kind = VALUE_INTEGER, .integer = 0}},
                     {"null", {.kind = VALUE_NULL}}};
    size_t n = reader_word(r);
    const char *name = r->at;
    r->at += n;
    if (r->at < r->end && *r->at == '(') {
        r->at++;
        return read_arguments(r, name, n);
    }
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (strlen(constants[i].name) == n && !strncmp(constants[i].name, name, n))
            return make_constant(r, constants[i].value);
    struct node *node = make(r, NODE_NAME, NULL, NULL);
    if (node && !(node->symbol = symbol_find(r->arena, r->symbols, name, n)))
        reader_refuse(r, "out of memory");
    return node;
}

static struct node *read_primary(struct reader *r)
{
    reader_skip_blanks(r);
    if (r->at == r->end) {
        reader_refuse(r, "an expression is missing");
        return NULL;
    }
    if (*r->at == '(') {
        r->at++;
        struct node *inside = expression_read(r);
        if (!r->error && !reader_take(r, ")"))
            reader_refuse(r, "a '(' is not closed");
        return inside;
    }
    if (*r->at == '"') {
        const char *text = read_string(r);
        return make_constant(r, (struct value){.kind = VALUE_TEXT, .text = text});
    }
    if (isdigit((unsigned char)*r->at))
        return make_constant(r, read_number(r));
    if (*r->at == '[') {
        json_t *list = constant_read(r);
        return list ? make_constant(r, value_of_json(list, NULL)) : NULL;
    }
    if (is_word(*r->at))
        return read_name(r);
    reader_refuse(r, "an expression is expected");
    return NULL;
}

/* a[i] and a.b, without a blank before. */
static struct node *read_postfix(struct reader *r)
{
    struct node *a = read_primary(r);
    while (!r->error && r->at < r->end) {
        if (*r->at == '[') {
            r->at++;
            struct node *index = expression_read(r);
            if (!r->error && !reader_take(r, "]"))
                reader_refuse(r, "a '[' is not closed");
            a = make(r, NODE_INDEX, a, index);
        } else if (*r->at == '.' && r->at + 1 < r->end && is_word(r->at[1])) {
            r->at++;
            size_t n = reader_word(r);
            a = make(r, NODE_MEMBER, a, NULL);
            if (a && !(a->member = arena_text(r->arena, r->at, n)))
                reader_refuse(r, "out of memory");
            r->at += n;
        } else {
            break;
        }
    }
    return a;
}

static struct node *read_unary(struct reader *r)
{
    reader_skip_blanks(r);
    if (r->at < r->end && *r->at == '-') {
        r->at++;
        return make(r, NODE_NEGATE, read_postfix(r), NULL);
    }
    return read_postfix(r);
}

/* Operations from the loosest binding to the tightest, the longest spelling of a beginning first;
 * `not` stands before what compares. */
enum { LEVEL_NOT = 2, LEVELS = 5 };
static const struct operation {
    const char *text;
    enum node_kind kind;
} levels[LEVELS][8] = {
    {{"or", NODE_OR}},
    {{"and", NODE_AND}},
    {{"==", NODE_EQUAL},
     {"!=", NODE_UNEQUAL},
     {"<=", NODE_AT_MOST},
     {">=", NODE_AT_LEAST},
     {"<", NODE_LESS},
     {">", NODE_GREATER},
     {"in", NODE_IN}},
    {{"+", NODE_PLUS}, {"-", NODE_MINUS}},
    {{"*", NODE_TIMES}, {"//", NODE_FLOOR}, {"/", NODE_DIVIDE}, {"%", NODE_REST}},
};

/* Operands of the next level joined by LEVEL's operations, to the left. */
static struct node *read_level(struct reader *r, int level)
{
    if (level == LEVELS)
        return read_unary(r);
    bool inverted = level == LEVEL_NOT && reader_take(r, "not");
    struct node *a = read_level(r, level + 1);
    for (const struct operation *o = levels[level]; o->text && !r->error;)
        if (reader_take(r, o->text)) {
            a = make(r, o->kind, a, read_level(r, level + 1));
            o = levels[level];
        } else {
            o++;
        }
    return inverted ? make(r, NODE_NOT, a, NULL) : a;
}

struct node *expression_read(struct reader *r)
{
    if (r->depth >= DEEPEST) {
        reader_refuse(r, "it is nested too deep");
        return NULL;
    }
    r->depth++;
    struct node *a = read_level(r, 0);
    if (!r->error && reader_take(r, "?"))
        a = make(r, NODE_OTHERWISE, a, expression_read(r));
    r->depth--;
    return r->error ? NULL : a;
}
