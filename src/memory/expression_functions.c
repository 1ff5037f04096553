/* Functions of numbers and lists, by name. Arguments are neither missing nor null; behind the last
 * one is what is missing. */
#include "expression_node.h"

#include <math.h>
#include <string.h>

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
    if (v->kind != VALUE_JSON || !json_is_array(v->json))
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
    if (v->kind != VALUE_JSON || !json_is_array(v->json))
        return value_fail(e, "is no list", *v);
    return integer(value_count(v->json, v[1]));
}

static struct value call_starts(struct evaluation *e, const struct value *v)
{
    if (v[0].kind != VALUE_TEXT || v[1].kind != VALUE_TEXT)
        return value_fail(e, "is no text", v[0].kind == VALUE_TEXT ? v[1] : v[0]);
    return integer(!strncmp(v[0].text, v[1].text, strlen(v[1].text)));
}

static const struct {
    const char *name;
    unsigned least, most;
    struct value (*call)(struct evaluation *, const struct value *);
    double (*rounds)(double); /* in its place */
} functions[] = {
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

int function_find(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strlen(functions[i].name) == n && !strncmp(functions[i].name, name, n))
            return (int)i;
    return -1;
}

bool function_takes(int function, unsigned count)
{
    return count >= functions[function].least && count <= functions[function].most;
}

bool function_is_lazy(int function)
{
    return !functions[function].call && !functions[function].rounds;
}

struct value function_call(int function, struct evaluation *e, const struct value *arguments)
{
    return functions[function].rounds ? rounded(e, *arguments, functions[function].rounds)
                                      : functions[function].call(e, arguments);
}
