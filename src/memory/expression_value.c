/* What expressions are made of, and what reading and evaluating them share: values and symbols. */
#include "expression_node.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text's length that no family of sense meets. */
enum { LONGEST = 4096 };

static struct value real(double x)
{
    return (struct value){.kind = VALUE_REAL, .real = x};
}

void evaluation_fail(struct evaluation *e, const char *format, ...)
{
    if (*e->failed)
        return;
    *e->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(e->error, EVALUATION_ERROR, format, arguments);
    va_end(arguments);
}

struct value value_fail(struct evaluation *e, const char *why, struct value v)
{
    if (v.key)
        evaluation_fail(e, "\"%.64s\" %s", v.key, why);
    else
        evaluation_fail(e, "a value %s", why);
    return missing;
}

struct value value_of_json(json_t *json, const char *key)
{
    struct value v = {.key = key};
    if (json_is_integer(json)) {
        v.kind = VALUE_INTEGER;
        v.integer = json_integer_value(json);
    } else if (json_is_boolean(json)) {
        v.kind = VALUE_INTEGER;
        v.integer = json_is_true(json);
    } else if (json_is_real(json)) {
        v.kind = VALUE_REAL;
        v.real = json_real_value(json);
    } else if (json_is_string(json)) {
        v.kind = VALUE_TEXT;
        v.text = json_string_value(json);
    } else if (json_is_null(json)) {
        v.kind = VALUE_NULL;
        v.json = NULL;
    } else {
        v.kind = VALUE_JSON;
        v.json = json;
    }
    return v;
}

bool value_true(struct value v)
{
    switch (v.kind) {
    case VALUE_INTEGER:
        return v.integer != 0;
    case VALUE_REAL:
        return v.real != 0;
    case VALUE_TEXT:
        return *v.text;
    case VALUE_JSON:
        return json_is_array(v.json) ? json_array_size(v.json) : json_object_size(v.json);
    default:
        return false;
    }
}

struct value value_settled(struct value v)
{
    if (v.kind != VALUE_NULL)
        return v;
    if (v.json && !json_is_null(v.json))
        return value_of_json(v.json, v.key);
    return (struct value){.kind = VALUE_MISSING, .key = v.key ? v.key : "null"};
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b && (a < 0) != (b < 0));
}

static struct value divide_integers(struct evaluation *e, enum node_kind kind, struct value a,
                                    struct value b)
{
    if (!b.integer)
        return value_fail(e, "is 0 and something is divided by it", b);
    if (b.integer == -1) /* INT64_MIN / -1 does not fit */
        return kind == NODE_REST ? integer(0) : integer(-a.integer);
    if (kind == NODE_FLOOR)
        return integer(floor_divide(a.integer, b.integer));
    int64_t rest = a.integer - floor_divide(a.integer, b.integer) * b.integer;
    if (kind == NODE_REST)
        return integer(rest);
    if (!rest)
        return integer(a.integer / b.integer);
    evaluation_fail(e, "%s%.64s%s %lld is no multiple of %s%.64s%s %lld", a.key ? "\"" : "",
                    a.key ? a.key : "", a.key ? "\"" : "the value", (long long)a.integer,
                    b.key ? "\"" : "", b.key ? b.key : "", b.key ? "\"" : "", (long long)b.integer);
    return missing;
}

static struct value compute_reals(struct evaluation *e, enum node_kind kind, double a, double b)
{
    bool division = kind == NODE_DIVIDE || kind == NODE_FLOOR || kind == NODE_REST;
    if (division && b == 0) {
        evaluation_fail(e, "something is divided by 0");
        return missing;
    }
    double floored = floor(a / b);
    return real(kind == NODE_PLUS     ? a + b
                : kind == NODE_MINUS  ? a - b
                : kind == NODE_TIMES  ? a * b
                : kind == NODE_DIVIDE ? a / b
                : kind == NODE_FLOOR  ? floored
                                      : a - floored * b);
}

struct value value_compute(struct evaluation *e, enum node_kind kind, struct value a,
                           struct value b)
{
    int64_t n;
    if (kind == NODE_PLUS && a.kind == VALUE_TEXT && b.kind == VALUE_TEXT) {
        size_t length = strlen(a.text), more = strlen(b.text);
        char *text = length + more < LONGEST ? arena_allocate(e->arena, length + more + 1) : NULL;
        if (!text)
            return value_fail(e, "is too long a text", a);
        strcpy(text, a.text);
        strcpy(text + length, b.text);
        return (struct value){.kind = VALUE_TEXT, .text = text};
    }
    if (!is_number(a) || !is_number(b))
        return value_fail(e, "must be a whole number from 0 to 2^40", is_number(a) ? b : a);
    if (a.kind == VALUE_REAL || b.kind == VALUE_REAL)
        return compute_reals(e, kind, as_real(a), as_real(b));
    if (kind != NODE_PLUS && kind != NODE_MINUS && kind != NODE_TIMES)
        return divide_integers(e, kind, a, b);
    bool over = kind == NODE_PLUS    ? __builtin_add_overflow(a.integer, b.integer, &n)
                : kind == NODE_MINUS ? __builtin_sub_overflow(a.integer, b.integer, &n)
                                     : __builtin_mul_overflow(a.integer, b.integer, &n);
    if (over || n > (INT64_C(1) << 61) || n < -(INT64_C(1) << 61)) {
        evaluation_fail(e, "the sizes multiply to more parameters than 64 bits count");
        return missing;
    }
    return integer(n);
}

bool value_same(struct value a, struct value b)
{
    if (is_number(a) && is_number(b))
        return a.kind == VALUE_INTEGER && b.kind == VALUE_INTEGER ? a.integer == b.integer
                                                                  : as_real(a) == as_real(b);
    if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
        return !strcmp(a.text, b.text);
    return a.kind == VALUE_NULL && b.kind == VALUE_NULL;
}

int64_t value_count(json_t *list, struct value v)
{
    int64_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += value_same(value_of_json(json_array_get(list, i), NULL), v);
    return n;
}

static unsigned hash(const char *name, size_t n)
{
    uint32_t h = UINT32_C(2166136261); /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)name[i]) * UINT32_C(16777619);
    return (h ^ h >> 16) % SYMBOL_SLOTS;
}

struct symbol *symbol_find(struct arena *arena, struct symbols *symbols, const char *name, size_t n)
{
    struct symbol **slot = &symbols->slots[hash(name, n)];
    for (struct symbol *s = *slot; s; s = s->next)
        if (!strncmp(s->name, name, n) && !s->name[n])
            return s;
    struct symbol *s = arena_allocate(arena, sizeof *s);
    if (!s || !(s->name = arena_text(arena, name, n)))
        return NULL;
    s->next = *slot;
    return *slot = s;
}
