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

bool reader_ends(struct reader *r)
{
    reader_skip_blanks(r);
    return r->at == r->end;
}

void *reader_allocate(struct reader *r, size_t bytes)
{
    void *memory = arena_allocate(&r->lexicon->arena, bytes);
    if (memory)
        return memory;
    reader_refuse(r, "out of memory");
    return memset(r->lexicon->spare, 0, READER_SPARE);
}

const char *reader_text(struct reader *r, const char *text, size_t n)
{
    const char *made = arena_text(&r->lexicon->arena, text, n);
    if (made)
        return made;
    reader_refuse(r, "out of memory");
    return "";
}

struct symbol *reader_symbol(struct reader *r, const char *name, size_t n)
{
    struct symbol *s = symbol_find(r->lexicon, name, n);
    return s ? s : reader_allocate(r, sizeof *s);
}

static struct node *make(struct reader *r, enum node_kind kind, struct node *a, struct node *b)
{
    struct node *n = reader_allocate(r, sizeof *n);
    *n = (struct node){.kind = kind, .a = a, .b = b};
    return n;
}

/* "…" without escapes; NULL: r->error. */
static json_t *read_string(struct reader *r)
{
    const char *from = r->at + 1, *close = memchr(from, '"', (size_t)(r->end - from));
    if (!close) {
        reader_refuse(r, "a string has no closing quote");
        return NULL;
    }
    r->at = close + 1;
    return json_string(reader_text(r, from, (size_t)(close - from)));
}

static json_t *read_number(struct reader *r)
{
    char digits[40];
    size_t n = 0;
    bool real = false, negative = *r->at == '-';
    r->at += negative;
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
        return json_real(strtod(digits, NULL) * (negative ? -1 : 1));
    if (n > 18)
        reader_refuse(r, "a number has more than 18 digits");
    return json_integer(strtoll(digits, NULL, 10) * (negative ? -1 : 1));
}

static json_t *read_list(struct reader *r)
{
    json_t *list = json_array();
    r->at++;
    while (!r->error && !reader_take(r, "]")) {
        json_t *element = constant_read(r);
        if (element && json_array_append(list, element))
            reader_refuse(r, "out of memory");
        if (!reader_take(r, ",") && (r->at == r->end || *r->at != ']'))
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
        json = read_string(r);
    } else if (r->at + negative < r->end && isdigit((unsigned char)r->at[negative])) {
        json = read_number(r);
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
    if (json && !json_array_append_new(r->lexicon->kept, json))
        return json;
    reader_refuse(r, "a number, \"text\", true, false, null or a list of them is expected");
    return NULL;
}

static struct node *read_constant(struct reader *r)
{
    json_t *json = constant_read(r);
    struct node *node = make(r, NODE_CONSTANT, NULL, NULL);
    node->constant = json ? value_of_json(json, NULL) : missing;
    return node;
}

static struct node *read_call(struct reader *r, const char *name, size_t length)
{
    struct node *call = make(r, NODE_CALL, NULL, NULL), **tail = &call->a;
    const struct function *f = call->function = function_find(name, length);
    unsigned count = 0;
    if (!f)
        reader_refuse(r, "there is no function of that name");
    for (; !r->error && !reader_take(r, ")"); tail = &(*tail)->b, count++) {
        if (count && !reader_take(r, ","))
            reader_refuse(r, "arguments are separated by commas and end with ')'");
        *tail = make(r, NODE_ARGUMENT, expression_read(r), NULL);
    }
    if (!r->error && (count < f->least || count > f->most))
        reader_refuse(r, "a function has too few or too many arguments");
    return call;
}

static struct node *read_name(struct reader *r)
{
    size_t n = reader_word(r);
    const char *name = r->at, *after = name + n;
    if (after < r->end && *after == '(') {
        r->at = after + 1;
        return read_call(r, name, n);
    }
    struct reader ahead = *r;
    if (reader_take(&ahead, "true") || reader_take(&ahead, "false") || reader_take(&ahead, "null"))
        return read_constant(r);
    r->at = after;
    struct node *node = make(r, NODE_NAME, NULL, NULL);
    node->symbol = reader_symbol(r, name, n);
    return node;
}

static struct node *read_primary(struct reader *r)
{
    if (reader_ends(r))
        reader_refuse(r, "an expression is missing");
    else if (isdigit((unsigned char)*r->at) || *r->at == '"' || *r->at == '[')
        return read_constant(r);
    else if (is_word(*r->at))
        return read_name(r);
    else if (*r->at != '(')
        reader_refuse(r, "an expression is expected");
    if (r->error)
        return make(r, NODE_CONSTANT, NULL, NULL);
    r->at++;
    struct node *inside = expression_read(r);
    if (!reader_take(r, ")"))
        reader_refuse(r, "a '(' is not closed");
    return inside;
}

/* a[i] and a.b, without a blank before. */
static struct node *read_postfix(struct reader *r)
{
    struct node *a = read_primary(r);
    while (r->at < r->end) {
        if (*r->at == '[') {
            r->at++;
            struct node *index = expression_read(r);
            if (!reader_take(r, "]"))
                reader_refuse(r, "a '[' is not closed");
            a = make(r, NODE_INDEX, a, index);
        } else if (*r->at == '.' && r->at + 1 < r->end && is_word(r->at[1])) {
            r->at++;
            size_t n = reader_word(r);
            a = make(r, NODE_MEMBER, a, NULL);
            a->member = reader_text(r, r->at, n);
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
        struct node *zero = make(r, NODE_CONSTANT, NULL, NULL);
        zero->constant = integer(0);
        return make(r, NODE_MINUS, zero, read_postfix(r));
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
    for (const struct operation *o = levels[level]; o->text;)
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
    if (r->depth >= DEEPEST)
        reader_refuse(r, "it is nested too deep");
    if (r->error)
        return make(r, NODE_CONSTANT, NULL, NULL);
    r->depth++;
    struct node *a = read_level(r, 0);
    if (reader_take(r, "?"))
        a = make(r, NODE_OTHERWISE, a, expression_read(r));
    r->depth--;
    return a;
}
