#include "pickle_machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hu_pickle *hu_pickle_new(const unsigned char *bytes, size_t n, bool more,
                                const struct hu_pickle_maker *maker, struct hu_file_error *error)
{
    struct hu_pickle *p = calloc(1, sizeof *p);
    if (!p) {
        hu_file_refuse(error, 0, "out of memory");
        return NULL;
    }
    *p = (struct hu_pickle){.bytes = bytes, .end = n, .more = more, .maker = maker, .error = error};
    return p;
}

static bool holds_items(const struct hu_pickle_value *v)
{
    return v->type >= HU_PICKLE_TUPLE && v->type <= HU_PICKLE_SET;
}

void hu_pickle_free(struct hu_pickle *p)
{
    if (!p)
        return;
    while (p->blocks) {
        struct pickle_block *next = p->blocks->next;
        for (size_t i = 0; i < p->blocks->used; i++)
            if (holds_items(&p->blocks->values[i]))
                free(p->blocks->values[i].items);
        free(p->blocks);
        p->blocks = next;
    }
    free(p->stack.at);
    free(p->memo.at);
    free(p->marks);
    free(p);
}

size_t hu_pickle_at(const struct hu_pickle *p)
{
    return p->at;
}

struct hu_pickle_value *hu_pickle_refuse(struct hu_pickle *p, const char *format, ...)
{
    char reason[sizeof p->error->reason];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    hu_file_refuse(p->error, p->opcode, "%s", reason);
    return NULL;
}

static bool no_memory(struct hu_pickle *p)
{
    return hu_pickle_refuse(p, "out of memory");
}

struct hu_pickle_value *hu_pickle_value_new(struct hu_pickle *p, enum hu_pickle_type type)
{
    if (p->values == HU_PICKLE_VALUES)
        return hu_pickle_refuse(p, "the pickle has more than %d values", HU_PICKLE_VALUES);
    if (!p->blocks || p->blocks->used == HU_PICKLE_BLOCK) {
        struct pickle_block *fresh = malloc(sizeof *fresh);
        if (!fresh)
            return hu_pickle_refuse(p, "out of memory");
        fresh->next = p->blocks;
        fresh->used = 0;
        p->blocks = fresh;
    }
    struct hu_pickle_value *v = &p->blocks->values[p->blocks->used++];
    *v = (struct hu_pickle_value){.type = (unsigned char)type};
    p->values++;
    return v;
}

/* Room in ROW for COUNT. */
static bool widen(struct hu_pickle *p, struct pickle_row *row, size_t count)
{
    if (count <= row->capacity)
        return true;
    size_t capacity = row->capacity ? row->capacity * 2 : 64;
    capacity = capacity > count ? capacity : count;
    struct hu_pickle_value **grown = realloc(row->at, capacity * sizeof(struct hu_pickle_value *));
    if (!grown)
        return no_memory(p);
    memset(grown + row->capacity, 0, (capacity - row->capacity) * sizeof(struct hu_pickle_value *));
    row->at = grown;
    row->capacity = capacity;
    return true;
}

bool pickle_push(struct hu_pickle *p, struct hu_pickle_value *v)
{
    if (!v)
        return false;
    if (p->stack.count == HU_PICKLE_STACK)
        return hu_pickle_refuse(p, "more than %d values stand on the pickle's stack",
                                HU_PICKLE_STACK);
    if (!widen(p, &p->stack, p->stack.count + 1))
        return false;
    p->stack.at[p->stack.count++] = v;
    return true;
}

/* How many values stand above the last mark. */
static size_t above_mark(const struct hu_pickle *p)
{
    return p->stack.count - (p->mark_count ? p->marks[p->mark_count - 1] : 0);
}

struct hu_pickle_value *pickle_top(struct hu_pickle *p)
{
    if (!above_mark(p))
        return hu_pickle_refuse(p, "nothing is on the pickle's stack where a value is due");
    return p->stack.at[p->stack.count - 1];
}

struct hu_pickle_value *pickle_pop(struct hu_pickle *p)
{
    struct hu_pickle_value *v = pickle_top(p);
    p->stack.count -= v != NULL;
    return v;
}

bool pickle_mark(struct hu_pickle *p)
{
    /* As the stack's rows: full at powers of two. */
    size_t n = p->mark_count;
    if (n == HU_PICKLE_STACK)
        return hu_pickle_refuse(p, "more than %d marks", HU_PICKLE_STACK);
    if (!(n & (n - 1))) {
        size_t *grown = realloc(p->marks, (n ? n * 2 : 1) * sizeof *grown);
        if (!grown)
            return no_memory(p);
        p->marks = grown;
    }
    p->marks[p->mark_count++] = p->stack.count;
    return true;
}

/* Takes the last mark away, and gives the values above it, which leave the stack. */
static bool pop_mark(struct hu_pickle *p, struct hu_pickle_value ***values, size_t *count)
{
    if (!p->mark_count)
        return hu_pickle_refuse(p, "no mark is on the pickle's stack where one is due");
    size_t mark = p->marks[--p->mark_count];
    /* Before anything was pushed there is no stack. */
    *values = p->stack.at ? p->stack.at + mark : NULL;
    *count = p->stack.count - mark;
    p->stack.count = mark;
    return true;
}

static bool reserve(struct hu_pickle *p, struct hu_pickle_value *to, size_t more)
{
    size_t count = to->count + more, capacity = to->capacity ? to->capacity : 4;
    if (count > HU_PICKLE_STACK)
        return hu_pickle_refuse(p, "a list, tuple or dict of more than %d values", HU_PICKLE_STACK);
    if (count <= to->capacity)
        return true;
    while (capacity < count)
        capacity *= 2;
    /* What is made at once keeps its length. */
    if (!to->capacity)
        capacity = count;
    struct hu_pickle_value **grown =
        realloc(to->items, capacity * sizeof(struct hu_pickle_value *));
    if (!grown)
        return no_memory(p);
    to->items = grown;
    to->capacity = (uint32_t)capacity;
    return true;
}

bool hu_pickle_append(struct hu_pickle *p, struct hu_pickle_value *to, struct hu_pickle_value *item)
{
    if (!reserve(p, to, 1))
        return false;
    to->items[to->count++] = item;
    return true;
}

static bool append_all(struct hu_pickle *p, struct hu_pickle_value *to,
                       struct hu_pickle_value **values, size_t count)
{
    if (!reserve(p, to, count))
        return false;
    if (count)
        memcpy(to->items + to->count, values, count * sizeof(struct hu_pickle_value *));
    to->count += (uint32_t)count;
    return true;
}

bool pickle_push_items(struct hu_pickle *p, enum hu_pickle_type type,
                       struct hu_pickle_value **values, size_t count)
{
    struct hu_pickle_value *v = hu_pickle_value_new(p, type);
    return v && append_all(p, v, values, count) && pickle_push(p, v);
}

bool pickle_push_from_mark(struct hu_pickle *p, enum hu_pickle_type type)
{
    struct hu_pickle_value **values = NULL;
    size_t count = 0;
    if (!pop_mark(p, &values, &count))
        return false;
    if (type == HU_PICKLE_DICT && count % 2)
        return hu_pickle_refuse(p, "a dict's key lacks its value");
    return pickle_push_items(p, type, values, count);
}

bool pickle_push_tuple(struct hu_pickle *p, size_t count)
{
    if (above_mark(p) < count)
        return hu_pickle_refuse(p, "a tuple wants %zu values, and fewer are on the stack", count);
    p->stack.count -= count;
    return pickle_push_items(p, HU_PICKLE_TUPLE, p->stack.at + p->stack.count, count);
}

bool pickle_extend(struct hu_pickle *p, enum hu_pickle_type type, size_t count)
{
    struct hu_pickle_value **values;
    if (!count) {
        if (!pop_mark(p, &values, &count))
            return false;
    } else if (above_mark(p) < count) {
        return hu_pickle_refuse(p, "nothing is on the pickle's stack where a value is due");
    } else {
        p->stack.count -= count;
        values = p->stack.at + p->stack.count;
    }
    struct hu_pickle_value *to = pickle_top(p);
    if (!to)
        return false;
    if (to->type != type)
        return hu_pickle_refuse(p, "what is to be extended is no %s",
                                type == HU_PICKLE_DICT   ? "dict"
                                : type == HU_PICKLE_LIST ? "list"
                                                         : "set");
    if (type == HU_PICKLE_DICT && count % 2)
        return hu_pickle_refuse(p, "a dict's key lacks its value");
    return append_all(p, to, values, count);
}

bool pickle_pop_to_mark(struct hu_pickle *p)
{
    struct hu_pickle_value **values = NULL;
    size_t count = 0;
    return pop_mark(p, &values, &count);
}

bool pickle_put_memo(struct hu_pickle *p, uint64_t index)
{
    struct hu_pickle_value *v = pickle_top(p);
    if (!v)
        return false;
    /* A pickler numbers what it has written, one after the other. */
    if (index > p->values)
        return hu_pickle_refuse(p, "memo %llu is beyond what the pickle can have made",
                                (unsigned long long)index);
    if (!widen(p, &p->memo, (size_t)index + 1))
        return false;
    p->memo.at[index] = v;
    p->memo.count = p->memo.count > index ? p->memo.count : (size_t)index + 1;
    return true;
}

bool pickle_get_memo(struct hu_pickle *p, uint64_t index)
{
    if (index >= p->memo.count || !p->memo.at[index])
        return hu_pickle_refuse(p, "memo %llu was never put", (unsigned long long)index);
    return pickle_push(p, p->memo.at[index]);
}

bool hu_pickle_is_text(const struct hu_pickle_value *v, const char *text)
{
    return v->type == HU_PICKLE_TEXT && v->count == strlen(text) &&
           !memcmp(v->bytes, text, v->count);
}

const struct hu_pickle_value *hu_pickle_get(const struct hu_pickle_value *v, const char *key)
{
    for (uint32_t i = 0; v->type == HU_PICKLE_DICT && i + 1 < v->count; i += 2)
        if (hu_pickle_is_text(v->items[i], key))
            return v->items[i + 1];
    return NULL;
}
