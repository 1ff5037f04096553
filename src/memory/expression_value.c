/* What reading and evaluating expressions share: values, symbols, functions. */
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
    switch (json_typeof(json)) {
    case JSON_INTEGER:
        return (struct value){
            .kind = VALUE_INTEGER, .integer = json_integer_value(json), .key = key};
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct value){.kind = VALUE_INTEGER, .integer = json_is_true(json), .key = key};
    case JSON_REAL:
        return (struct value){.kind = VALUE_REAL, .real = json_real_value(json), .key = key};
    case JSON_STRING:
        return (struct value){.kind = VALUE_TEXT, .text = json_string_value(json), .key = key};
    case JSON_NULL:
        return (struct value){.kind = VALUE_NULL, .key = key};
    default:
        return (struct value){.kind = VALUE_JSON, .json = json, .key = key};
    }
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
    return lacking(v.key ? v.key : "null");
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
        char *text =
            length + more < LONGEST ? arena_allocate(&e->lexicon->arena, length + more + 1) : NULL;
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

struct symbol *symbol_find(struct lexicon *lexicon, const char *name, size_t n)
{
    struct symbol **slot = &lexicon->slots[hash(name, n)];
    for (struct symbol *s = *slot; s; s = s->next)
        if (!strncmp(s->name, name, n) && !s->name[n])
            return s;
    struct symbol *s = arena_allocate(&lexicon->arena, sizeof *s);
    if (!s || !(s->name = arena_text(&lexicon->arena, name, n)))
        return NULL;
    s->next = *slot;
    return *slot = s;
}

static struct value extreme(struct evaluation *e, const struct value *v, bool greatest)
{
    struct value best = v[0];
    for (unsigned i = 0; v[i].kind != VALUE_MISSING; i++) {
        if (!is_number(v[i]))
            return value_fail(e, "must be a number", v[i]);
        if ((as_real(v[i]) > as_real(best)) == greatest && as_real(v[i]) != as_real(best))
            best = v[i];
    }
    best.key = NULL;
    return best;
}

static struct value call_min(struct evaluation *e, const struct value *v)
{
    return extreme(e, v, false);
}

static struct value call_max(struct evaluation *e, const struct value *v)
{
    return extreme(e, v, true);
}

static struct value call_len(struct evaluation *e, const struct value *v)
{
    if (v->kind == VALUE_TEXT)
        return integer((int64_t)strlen(v->text));
    if (v->kind != VALUE_JSON)
        return value_fail(e, "has no length", *v);
    return integer(
        (int64_t)(json_is_array(v->json) ? json_array_size(v->json) : json_object_size(v->json)));
}

static struct value call_sum(struct evaluation *e, const struct value *v)
{
    struct value sum = integer(0);
    if (!is_array(*v))
        return value_fail(e, "is no list", *v);
    for (size_t i = 0; i < json_array_size(v->json) && !*e->failed; i++)
        sum = value_compute(e, NODE_PLUS, sum, value_of_json(json_array_get(v->json, i), v->key));
    return sum;
}

static struct value whole(struct evaluation *e, double x)
{
    if (!(fabs(x) < 0x1p61)) {
        evaluation_fail(e, "a number is too large");
        return missing;
    }
    return integer((int64_t)x);
}

static struct value rounded(struct evaluation *e, struct value v, double (*how)(double))
{
    if (!is_number(v))
        return value_fail(e, "must be a number", v);
    return v.kind == VALUE_INTEGER ? v : whole(e, how(v.real));
}

static struct value call_round_up(struct evaluation *e, const struct value *v)
{
    if (v[0].kind != VALUE_INTEGER || v[1].kind != VALUE_INTEGER || v[1].integer < 1)
        return value_fail(e, "must be a whole number above 0", v[1]);
    struct value up = value_compute(e, NODE_PLUS, v[0], integer(v[1].integer - 1));
    struct value times = value_compute(e, NODE_FLOOR, up, v[1]);
    return *e->failed ? missing : value_compute(e, NODE_TIMES, times, v[1]);
}

static struct value call_count(struct evaluation *e, const struct value *v)
{
    if (v->kind == VALUE_TEXT && v[1].kind == VALUE_TEXT && strlen(v[1].text) == 1) {
        int64_t found = 0;
        for (const char *c = v->text; *c; c++)
            found += *c == *v[1].text;
        return integer(found);
    }
    if (!is_array(*v))
        return value_fail(e, "is no list", *v);
    return integer(value_count(v->json, v[1]));
}

static struct value call_starts(struct evaluation *e, const struct value *v)
{
    if (v[0].kind != VALUE_TEXT || v[1].kind != VALUE_TEXT)
        return value_fail(e, "is no text", v[0].kind == VALUE_TEXT ? v[1] : v[0]);
    return integer(!strncmp(v[0].text, v[1].text, strlen(v[1].text)));
}

static const struct function functions[] = {
    {"pick", 3, 3, NULL, NULL},
    {"len", 1, 1, call_len, NULL},
    {"min", 1, ARGUMENTS_MAX, call_min, NULL},
    {"max", 1, ARGUMENTS_MAX, call_max, NULL},
    {"sum", 1, 1, call_sum, NULL},
    {"ceil", 1, 1, NULL, ceil},
    {"int", 1, 1, NULL, trunc},
    {"round", 1, 1, NULL, rint}, /* Python's: to even in the middle */
    {"round_up", 2, 2, call_round_up, NULL},
    {"count", 2, 2, call_count, NULL},
    {"starts", 2, 2, call_starts, NULL},
};

const struct function *function_find(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strlen(functions[i].name) == n && !strncmp(functions[i].name, name, n))
            return &functions[i];
    return NULL;
}

struct value function_call(const struct function *f, struct evaluation *e,
                           const struct value *arguments)
{
    return f->rounds ? rounded(e, *arguments, f->rounds) : f->call(e, arguments);
}
