/* Evaluating expressions. A missing key makes what needs it missing; `?` gives it another value. */
#include "expression_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds that no family of sense meets: nodes under one another, nodes in all. */
enum { DEEPEST = 400, MOST = 1 << 24 };

/* The class's default of PREFIX.NAME; NULL: none. */
static json_t *default_of(struct evaluation *e, const char *prefix, const char *name)
{
    char full[160];
    size_t n = strlen(prefix), more = strlen(name);
    if (n + more > sizeof full)
        return NULL;
    memcpy(full, prefix, n);
    memcpy(full + n, name, more);
    struct symbol *s = symbol_find(e->lexicon, full, n + more);
    if (!s)
        return NULL;
    s->taken |= s->is_size;
    return s->otherwise;
}

/* What the config says of KEY, else the class's default; where it says null, beside that. */
static struct value said(json_t *json, json_t *otherwise, const char *key)
{
    if (!json && !otherwise)
        return lacking(key);
    struct value v = value_of_json(json ? json : otherwise, key);
    if (v.kind == VALUE_NULL)
        v.json = otherwise;
    return v;
}

/* NAME in SCOPE or one outside it. */
static struct value read_key(struct evaluation *e, const struct scope *scope, const char *name)
{
    struct value v = lacking(name);
    for (const struct scope *s = scope; s && v.kind == VALUE_MISSING; s = s->outer) {
        json_t *json = json_object_get(s->overrides, name);
        if (!json)
            json = json_object_get(s->object, name);
        v = said(json, !json || json_is_null(json) ? default_of(e, s->prefix, name) : NULL, name);
    }
    return v;
}

static struct value evaluate_definition(struct evaluation *e, struct symbol *s)
{
    bool before = e->touched;
    if (s->known == e->scope)
        return s->value;
    s->busy = true;
    e->touched = false;
    struct value v = evaluate(e, s->definition);
    s->busy = false;
    if (!e->touched && !*e->failed) {
        s->known = e->scope;
        s->value = v;
    }
    e->touched |= before;
    return v;
}

static struct value evaluate_name(struct evaluation *e, struct symbol *s)
{
    e->touched |= s->variable;
    for (struct binding *b = s->variable ? e->bindings : NULL; b; b = b->outer)
        if (b->symbol == s) {
            b->touched = true;
            return b->value;
        }
    if (s->definition && !s->busy)
        return evaluate_definition(e, s);
    struct value v = read_key(e, e->scope, s->name);
    if (v.kind == VALUE_MISSING && !strcmp(s->name, "class"))
        return (struct value){.kind = VALUE_TEXT, .text = e->class};
    if (v.kind == VALUE_MISSING && !strcmp(s->name, "labels"))
        return integer(e->labels);
    return v;
}

/* The dotted name of a chain of keys into OUT; false: it is no such chain. */
static bool dotted(const struct node *node, char *out, size_t size)
{
    if (node->kind == NODE_NAME)
        return snprintf(out, size, "%s", node->symbol->name) < (int)size;
    if (node->kind != NODE_MEMBER || !dotted(node->a, out, size))
        return false;
    size_t used = strlen(out);
    return snprintf(out + used, size - used, ".%s", node->member) < (int)(size - used);
}

static struct value evaluate_member(struct evaluation *e, struct node *node)
{
    char name[160];
    if (node->a->kind == NODE_NAME && !strcmp(node->a->symbol->name, "root") &&
        !node->a->symbol->definition)
        return read_key(e, e->root, node->member);
    struct value a = evaluate(e, node->a);
    json_t *json = is_object(a) ? json_object_get(a.json, node->member) : NULL;
    if (!is_object(a) && a.kind != VALUE_MISSING && a.kind != VALUE_NULL)
        return value_fail(e, "is no object", a);
    bool open = !*e->failed && (!json || json_is_null(json));
    json_t *otherwise = open && dotted(node, name, sizeof name) ? default_of(e, "", name) : NULL;
    if (!json && !otherwise && a.kind == VALUE_MISSING)
        return a;
    return said(json, otherwise, node->member);
}

/* The member of OBJECT that is called INDEX, with any zeros in front ("05"): NULL: none. */
static json_t *member_of_number(json_t *object, int64_t index)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char *end;
        if (*key >= '0' && *key <= '9' && strtoll(key, &end, 10) == index && !*end)
            return value;
    }
    return NULL;
}

/* Whether A or B is missing, which is *NONE then. */
static bool lacks(struct value a, struct value b, struct value *none)
{
    *none = a.kind == VALUE_MISSING ? a : b;
    return none->kind == VALUE_MISSING;
}

static struct value evaluate_index(struct evaluation *e, struct node *node)
{
    struct value a = value_settled(evaluate(e, node->a)), i = value_settled(evaluate(e, node->b));
    struct value none;
    if (lacks(a, i, &none))
        return none;
    bool text = i.kind == VALUE_TEXT;
    if (is_object(a) && (text || i.kind == VALUE_INTEGER)) {
        json_t *json = text ? json_object_get(a.json, i.text) : member_of_number(a.json, i.integer);
        return json ? value_of_json(json, a.key) : lacking(text ? i.text : a.key);
    }
    if (i.kind != VALUE_INTEGER)
        return value_fail(e, "has an index that is no whole number", a);
    /* One value for all, where another config has a list: `x[i] ? x`. */
    if (is_number(a))
        return lacking(a.key ? a.key : "a list");
    if (a.kind != VALUE_TEXT && !is_array(a))
        return value_fail(e, "is no list", a);
    size_t n = is_array(a) ? json_array_size(a.json) : strlen(a.text);
    if (i.integer < 0 || (size_t)i.integer >= n) {
        evaluation_fail(e, "\"%.64s\" has no entry %lld", a.key ? a.key : "a list",
                        (long long)i.integer);
        return missing;
    }
    if (is_array(a))
        return value_of_json(json_array_get(a.json, (size_t)i.integer), a.key);
    unsigned char c = (unsigned char)a.text[i.integer];
    e->letters[c][0] = (char)c;
    return (struct value){.kind = VALUE_TEXT, .text = e->letters[c], .key = a.key};
}

static struct value compare(struct evaluation *e, enum node_kind kind, struct value a,
                            struct value b)
{
    if (kind == NODE_EQUAL || kind == NODE_UNEQUAL)
        return integer(value_same(a, b) == (kind == NODE_EQUAL));
    if (kind == NODE_IN && b.kind == VALUE_TEXT && a.kind == VALUE_TEXT)
        return integer(strstr(b.text, a.text) != NULL);
    if (kind == NODE_IN)
        return is_array(b) ? integer(value_count(b.json, a) > 0)
               : is_object(b) && a.kind == VALUE_TEXT
                   ? integer(json_object_get(b.json, a.text) != NULL)
                   : value_fail(e, "is no list", b);
    if (!is_number(a) || !is_number(b))
        return value_fail(e, "must be a number", is_number(a) ? b : a);
    double x = as_real(a), y = as_real(b);
    bool whole = a.kind == VALUE_INTEGER && b.kind == VALUE_INTEGER;
    int order = whole ? (a.integer > b.integer) - (a.integer < b.integer) : (x > y) - (x < y);
    return integer(kind == NODE_LESS      ? order < 0
                   : kind == NODE_GREATER ? order > 0
                   : kind == NODE_AT_MOST ? order <= 0
                                          : order >= 0);
}

static struct value evaluate_pair(struct evaluation *e, struct node *node)
{
    struct value a = evaluate(e, node->a), b = evaluate(e, node->b), none;
    bool equality = node->kind == NODE_EQUAL || node->kind == NODE_UNEQUAL;
    if (lacks(a, b, &none) ||
        (!equality && lacks(a = value_settled(a), b = value_settled(b), &none)))
        return none;
    return node->kind < NODE_PLUS ? compare(e, node->kind, a, b)
                                  : value_compute(e, node->kind, a, b);
}

/* `and`, `or`, `?`: the second is looked at only where it matters. */
static struct value evaluate_choice(struct evaluation *e, struct node *node)
{
    struct value a = evaluate(e, node->a);
    if (node->kind == NODE_OTHERWISE)
        return a.kind == VALUE_MISSING || a.kind == VALUE_NULL ? evaluate(e, node->b) : a;
    if (a.kind == VALUE_MISSING)
        return a;
    if (node->kind == NODE_NOT)
        return integer(!value_true(a));
    if (value_true(a) == (node->kind == NODE_OR))
        return integer(node->kind == NODE_OR);
    struct value b = evaluate(e, node->b);
    return b.kind == VALUE_MISSING ? b : integer(value_true(b));
}

/* pick() looks at one of its two alone, so it is not in the table's way. */
static struct value evaluate_pick(struct evaluation *e, struct node *argument)
{
    struct value condition = evaluate(e, argument->a);
    if (condition.kind == VALUE_MISSING)
        return condition;
    argument = argument->b;
    return evaluate(e, value_true(condition) ? argument->a : argument->b->a);
}

static struct value evaluate_call(struct evaluation *e, struct node *node)
{
    struct value arguments[ARGUMENTS_MAX + 1];
    unsigned n = 0;
    if (!node->function->call && !node->function->rounds)
        return evaluate_pick(e, node->a);
    for (struct node *at = node->a; at; at = at->b) {
        arguments[n] = value_settled(evaluate(e, at->a));
        if (arguments[n++].kind == VALUE_MISSING)
            return arguments[n - 1];
    }
    arguments[n] = missing;
    return function_call(node->function, e, arguments);
}

static struct value evaluate_node(struct evaluation *e, struct node *node)
{
    switch (node->kind) {
    case NODE_CONSTANT:
        return node->constant;
    case NODE_NAME:
        return evaluate_name(e, node->symbol);
    case NODE_MEMBER:
        return evaluate_member(e, node);
    case NODE_INDEX:
        return evaluate_index(e, node);
    case NODE_CALL:
        return evaluate_call(e, node);
    case NODE_NOT:
    case NODE_AND:
    case NODE_OR:
    case NODE_OTHERWISE:
        return evaluate_choice(e, node);
    default:
        return evaluate_pair(e, node);
    }
}

struct value evaluate(struct evaluation *e, struct node *node)
{
    if (*e->failed)
        return missing;
    if (e->depth == DEEPEST || e->steps == MOST) {
        evaluation_fail(e, e->steps == MOST ? "the config asks for too large a list of tensors"
                                            : "an expression of the family is nested too deep");
        return missing;
    }
    e->steps++;
    e->depth++;
    struct value v = evaluate_node(e, node);
    e->depth--;
    return v;
}
