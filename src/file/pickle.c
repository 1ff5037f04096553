#include "pickle.h"
#include "printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The machine of a pickle: its values, its stack with marks, its memo. What of it returns false or
 * NULL has refused. */

enum { BLOCK = 1024 };

/* Values are never let go of one by one. */
struct pickle_block {
    struct pickle_block *next;
    size_t used;
    struct hu_pickle_value values[BLOCK];
};

/* Rows of pointers that grow. */
struct pickle_row {
    struct hu_pickle_value **at;
    size_t count, capacity;
};

struct hu_pickle {
    const unsigned char *bytes;
    size_t at, end, opcode; /* opcode: where the one that is run stands */
    bool more;
    const struct hu_pickle_maker *maker;
    struct hu_file_error *error;
    struct pickle_block *blocks; /* of values */
    size_t values;
    struct pickle_row stack, memo;
    size_t *marks;
    size_t mark_count;
};

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
    if (!p->blocks || p->blocks->used == BLOCK) {
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

static bool push(struct hu_pickle *p, struct hu_pickle_value *v)
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

/* The top; NULL: there is none above the last mark. */
static struct hu_pickle_value *top(struct hu_pickle *p)
{
    if (!above_mark(p))
        return hu_pickle_refuse(p, "nothing is on the pickle's stack where a value is due");
    return p->stack.at[p->stack.count - 1];
}

static struct hu_pickle_value *pop(struct hu_pickle *p)
{
    struct hu_pickle_value *v = top(p);
    p->stack.count -= v != NULL;
    return v;
}

static bool mark(struct hu_pickle *p)
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

/* A container of the COUNT values. */
static bool push_items(struct hu_pickle *p, enum hu_pickle_type type,
                       struct hu_pickle_value **values, size_t count)
{
    struct hu_pickle_value *v = hu_pickle_value_new(p, type);
    return v && append_all(p, v, values, count) && push(p, v);
}

static bool push_from_mark(struct hu_pickle *p, enum hu_pickle_type type)
{
    struct hu_pickle_value **values = NULL;
    size_t count = 0;
    if (!pop_mark(p, &values, &count))
        return false;
    if (type == HU_PICKLE_DICT && count % 2)
        return hu_pickle_refuse(p, "a dict's key lacks its value");
    return push_items(p, type, values, count);
}

static bool push_tuple(struct hu_pickle *p, size_t count)
{
    if (above_mark(p) < count)
        return hu_pickle_refuse(p, "a tuple wants %zu values, and fewer are on the stack", count);
    p->stack.count -= count;
    return push_items(p, HU_PICKLE_TUPLE, p->stack.at + p->stack.count, count);
}

/* Values from the last mark on, or COUNT of them, into the container below them. */
static bool extend(struct hu_pickle *p, enum hu_pickle_type type, size_t count)
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
    struct hu_pickle_value *to = top(p);
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

static bool pop_to_mark(struct hu_pickle *p)
{
    struct hu_pickle_value **values = NULL;
    size_t count = 0;
    return pop_mark(p, &values, &count);
}

static bool put_memo(struct hu_pickle *p, uint64_t index)
{
    struct hu_pickle_value *v = top(p);
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

static bool get_memo(struct hu_pickle *p, uint64_t index)
{
    if (index >= p->memo.count || !p->memo.at[index])
        return hu_pickle_refuse(p, "memo %llu was never put", (unsigned long long)index);
    return push(p, p->memo.at[index]);
}

/* What its bytes have it do. */
enum { NAME_MAX_BYTES = 200 };

/* The next N bytes. NULL: there are not as many. */
static const unsigned char *take(struct hu_pickle *p, uint64_t n)
{
    const unsigned char *at = p->bytes + p->at;
    if (n > p->end - p->at) {
        p->error->more = p->more;
        hu_pickle_refuse(p, "the pickle %s", p->more ? "takes more than 64 MiB" : "is cut short");
        return NULL;
    }
    p->at += (size_t)n;
    return at;
}

static bool take_number(struct hu_pickle *p, unsigned width, uint64_t *value)
{
    const unsigned char *at = take(p, width);
    *value = at ? hu_little_read(at, width) : 0;
    return at;
}

static bool push_integer(struct hu_pickle *p, enum hu_pickle_type type, int64_t integer)
{
    struct hu_pickle_value *v = hu_pickle_value_new(p, type);
    if (v)
        v->integer = integer;
    return push(p, v);
}

static bool push_fixed(struct hu_pickle *p, unsigned width)
{
    uint64_t value;
    if (!take_number(p, width, &value))
        return false;
    return push_integer(p, HU_PICKLE_INTEGER,
                        width == 4 ? (int32_t)(uint32_t)value : (int64_t)value);
}

/* Two's complement of as many bytes as the length before it, of WIDTH bytes, says. */
static bool push_long(struct hu_pickle *p, unsigned width)
{
    uint64_t n;
    if (!take_number(p, width, &n))
        return false;
    const unsigned char *bytes = take(p, n);
    if (!bytes)
        return false;
    if (n > 8)
        return push(p, hu_pickle_value_new(p, HU_PICKLE_OTHER));
    uint64_t value = hu_little_read(bytes, (unsigned)n);
    if (n && n < 8 && bytes[n - 1] & 0x80)
        value |= UINT64_MAX << 8 * n;
    return push_integer(p, HU_PICKLE_INTEGER, (int64_t)value);
}

static bool push_bytes(struct hu_pickle *p, enum hu_pickle_type type, unsigned width)
{
    uint64_t n;
    if (!take_number(p, width, &n))
        return false;
    const unsigned char *bytes = take(p, n);
    struct hu_pickle_value *v = bytes ? hu_pickle_value_new(p, type) : NULL;
    if (!v)
        return false;
    v->bytes = bytes;
    v->count = (uint32_t)n;
    return push(p, v);
}

static bool push_nothing(struct hu_pickle *p, enum hu_pickle_type type, unsigned bytes)
{
    return take(p, bytes) && push(p, hu_pickle_value_new(p, type));
}

static bool memo(struct hu_pickle *p, unsigned width, bool (*step)(struct hu_pickle *, uint64_t))
{
    uint64_t index;
    return take_number(p, width, &index) && step(p, index);
}

static bool push_name(struct hu_pickle *p, const char *module, const char *name)
{
    char text[2 * NAME_MAX_BYTES + 2];
    unsigned char number;
    snprintf(text, sizeof text, "%s.%s", module, name);
    if (!p->maker->find(p->maker->context, module, name, &number))
        return hu_pickle_refuse(p,
                                "the pickle names %s, which is none of the few things that tensors "
                                "are made of; nothing of it was run",
                                PRINTABLE(text, 160));
    struct hu_pickle_value *v = hu_pickle_value_new(p, HU_PICKLE_NAME);
    if (v)
        v->name = number;
    return push(p, v);
}

/* A line of a GLOBAL, without its end. */
static bool take_line(struct hu_pickle *p, char line[NAME_MAX_BYTES])
{
    size_t left = p->end - p->at, most = left < NAME_MAX_BYTES ? left : NAME_MAX_BYTES;
    const unsigned char *start = p->bytes + p->at, *end = memchr(start, '\n', most);
    if (!end && left < NAME_MAX_BYTES)
        return take(p, (uint64_t)left + 1);
    size_t n = end ? (size_t)(end - start) : 0;
    if (!end || memchr(start, 0, n))
        return hu_pickle_refuse(p, "a name of more than %d bytes, or with a NUL", NAME_MAX_BYTES);
    memcpy(line, start, n);
    line[n] = 0;
    p->at += n + 1;
    return true;
}

static bool push_global(struct hu_pickle *p)
{
    char module[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
    return take_line(p, module) && take_line(p, name) && push_name(p, module, name);
}

static bool copy_text(struct hu_pickle *p, const struct hu_pickle_value *v,
                      char text[NAME_MAX_BYTES])
{
    if (v->type != HU_PICKLE_TEXT || v->count >= NAME_MAX_BYTES || memchr(v->bytes, 0, v->count))
        return hu_pickle_refuse(p, "a name that is no text, or too long");
    memcpy(text, v->bytes, v->count);
    text[v->count] = 0;
    return true;
}

static bool push_stack_global(struct hu_pickle *p)
{
    char module[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
    const struct hu_pickle_value *b = pop(p), *a = b ? pop(p) : NULL;
    return a && copy_text(p, a, module) && copy_text(p, b, name) && push_name(p, module, name);
}

static bool call(struct hu_pickle *p)
{
    const struct hu_pickle_value *arguments = pop(p), *name = arguments ? pop(p) : NULL;
    if (!name)
        return false;
    if (name->type != HU_PICKLE_NAME)
        return hu_pickle_refuse(p, "what is to be called is no name of the pickle");
    if (arguments->type != HU_PICKLE_TUPLE)
        return hu_pickle_refuse(p, "what is to be called has no tuple of arguments");
    return push(p, p->maker->call(p->maker->context, p, name, arguments));
}

/* The state of a dict (its attributes) or of what was made is nothing to us. */
static bool build(struct hu_pickle *p)
{
    const struct hu_pickle_value *state = pop(p), *object = state ? top(p) : NULL;
    if (!object)
        return false;
    return object->type == HU_PICKLE_DICT || object->type == HU_PICKLE_MADE ||
           hu_pickle_refuse(p, "only dicts and tensors may be given a state");
}

static bool push_outside(struct hu_pickle *p)
{
    const struct hu_pickle_value *id = pop(p);
    return id && push(p, p->maker->outside(p->maker->context, p, id));
}

static const char *name_of_opcode(unsigned char c)
{
    static const struct {
        unsigned char opcode;
        const char *name;
    } known[] = {
        {'i', "INST"},       {'o', "OBJ"},          {'P', "PERSID"},
        {0x92, "NEWOBJ_EX"}, {0x82, "EXT1"},        {0x83, "EXT2"},
        {0x84, "EXT4"},      {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
        {'I', "INT"},        {'L', "LONG"},         {'F', "FLOAT"},
        {'S', "STRING"},     {'V', "UNICODE"},      {'p', "PUT"},
        {'g', "GET"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].opcode == c)
            return known[i].name;
    return "unknown to Python";
}

static bool refuse_opcode(struct hu_pickle *p, unsigned char c)
{
    return hu_pickle_refuse(p,
                            "the pickle's opcode 0x%02x (%s) is none that files of torch.save "
                            "have; nothing of it was run",
                            c, name_of_opcode(c));
}

static bool check_protocol(struct hu_pickle *p)
{
    uint64_t version;
    if (!take_number(p, 1, &version))
        return false;
    return (version >= 2 && version <= 5) ||
           hu_pickle_refuse(p, "a pickle of protocol %llu; 2 to 5 are read",
                            (unsigned long long)version);
}

/* Numbers, text and bytes: what follows the opcode, as its length or itself. */
static bool run_literal(struct hu_pickle *p, unsigned char c)
{
    switch (c) {
    case 'N':
        return push_nothing(p, HU_PICKLE_NONE, 0);
    case 0x88: /* NEWTRUE, NEWFALSE */
    case 0x89:
        return push_integer(p, HU_PICKLE_BOOL, c == 0x88);
    case 'K':
        return push_fixed(p, 1);
    case 'M':
        return push_fixed(p, 2);
    case 'J':
        return push_fixed(p, 4);
    case 0x8a: /* LONG1, LONG4 */
        return push_long(p, 1);
    case 0x8b:
        return push_long(p, 4);
    case 'G':
        return push_nothing(p, HU_PICKLE_OTHER, 8);
    case 'X': /* BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, BINSTRING, SHORT_BINSTRING */
    case 'T':
        return push_bytes(p, HU_PICKLE_TEXT, 4);
    case 0x8c:
    case 'U':
        return push_bytes(p, HU_PICKLE_TEXT, 1);
    case 0x8d:
        return push_bytes(p, HU_PICKLE_TEXT, 8);
    case 'B': /* BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8 */
        return push_bytes(p, HU_PICKLE_BYTES, 4);
    case 'C':
        return push_bytes(p, HU_PICKLE_BYTES, 1);
    case 0x8e:
    case 0x96:
        return push_bytes(p, HU_PICKLE_BYTES, 8);
    default:
        return refuse_opcode(p, c);
    }
}

static bool run_opcode(struct hu_pickle *p, unsigned char c)
{
    switch (c) {
    case 0x80: /* PROTO */
        return check_protocol(p);
    case 0x95: /* FRAME */
        return take(p, 8);
    case '(':
        return mark(p);
    case '0':
        return pop(p);
    case '1':
        return pop_to_mark(p);
    case '2':
        return push(p, top(p));
    case ']':
        return push_items(p, HU_PICKLE_LIST, NULL, 0);
    case ')':
        return push_items(p, HU_PICKLE_TUPLE, NULL, 0);
    case '}':
        return push_items(p, HU_PICKLE_DICT, NULL, 0);
    case 0x8f: /* EMPTY_SET */
        return push_items(p, HU_PICKLE_SET, NULL, 0);
    case 'l':
        return push_from_mark(p, HU_PICKLE_LIST);
    case 't':
        return push_from_mark(p, HU_PICKLE_TUPLE);
    case 'd':
        return push_from_mark(p, HU_PICKLE_DICT);
    case 0x91: /* FROZENSET */
        return push_from_mark(p, HU_PICKLE_SET);
    case 0x85: /* TUPLE1 to TUPLE3 */
    case 0x86:
    case 0x87:
        return push_tuple(p, c - 0x84u);
    case 'a':
        return extend(p, HU_PICKLE_LIST, 1);
    case 'e':
        return extend(p, HU_PICKLE_LIST, 0);
    case 's':
        return extend(p, HU_PICKLE_DICT, 2);
    case 'u':
        return extend(p, HU_PICKLE_DICT, 0);
    case 0x90: /* ADDITEMS */
        return extend(p, HU_PICKLE_SET, 0);
    case 'q':
        return memo(p, 1, put_memo);
    case 'r':
        return memo(p, 4, put_memo);
    case 0x94: /* MEMOIZE */
        return put_memo(p, p->memo.count);
    case 'h':
        return memo(p, 1, get_memo);
    case 'j':
        return memo(p, 4, get_memo);
    case 'c':
        return push_global(p);
    case 0x93: /* STACK_GLOBAL */
        return push_stack_global(p);
    case 'R':
    case 0x81: /* REDUCE, NEWOBJ */
        return call(p);
    case 'b':
        return build(p);
    case 'Q':
        return push_outside(p);
    default:
        return run_literal(p, c);
    }
}

const struct hu_pickle_value *hu_pickle_read(struct hu_pickle *p, size_t at)
{
    p->at = at;
    p->stack.count = p->mark_count = 0;
    if (p->memo.count)
        memset(p->memo.at, 0, p->memo.count * sizeof(struct hu_pickle_value *));
    p->memo.count = 0;
    for (;;) {
        p->opcode = p->at;
        const unsigned char *c = take(p, 1);
        if (!c)
            return NULL;
        if (*c == '.')
            break;
        if (!run_opcode(p, *c))
            return NULL;
    }
    return pop(p);
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
