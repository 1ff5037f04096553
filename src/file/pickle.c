#include "pickle_machine.h"
#include "little.h"
#include "printable.h"

#include <stdio.h>
#include <string.h>

/* The opcodes of a pickle: what its bytes have the machine do. */

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
    return pickle_push(p, v);
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
        return pickle_push(p, hu_pickle_value_new(p, HU_PICKLE_OTHER));
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
    return pickle_push(p, v);
}

static bool push_nothing(struct hu_pickle *p, enum hu_pickle_type type, unsigned bytes)
{
    return take(p, bytes) && pickle_push(p, hu_pickle_value_new(p, type));
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
    return pickle_push(p, v);
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
    const struct hu_pickle_value *b = pickle_pop(p), *a = b ? pickle_pop(p) : NULL;
    return a && copy_text(p, a, module) && copy_text(p, b, name) && push_name(p, module, name);
}

static bool call(struct hu_pickle *p)
{
    const struct hu_pickle_value *arguments = pickle_pop(p),
                                 *name = arguments ? pickle_pop(p) : NULL;
    if (!name)
        return false;
    if (name->type != HU_PICKLE_NAME)
        return hu_pickle_refuse(p, "what is to be called is no name of the pickle");
    if (arguments->type != HU_PICKLE_TUPLE)
        return hu_pickle_refuse(p, "what is to be called has no tuple of arguments");
    return pickle_push(p, p->maker->call(p->maker->context, p, name, arguments));
}

/* The state of a dict (its attributes) or of what was made is nothing to us. */
static bool build(struct hu_pickle *p)
{
    const struct hu_pickle_value *state = pickle_pop(p), *object = state ? pickle_top(p) : NULL;
    if (!object)
        return false;
    return object->type == HU_PICKLE_DICT || object->type == HU_PICKLE_MADE ||
           hu_pickle_refuse(p, "only dicts and tensors may be given a state");
}

static bool push_outside(struct hu_pickle *p)
{
    const struct hu_pickle_value *id = pickle_pop(p);
    return id && pickle_push(p, p->maker->outside(p->maker->context, p, id));
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
        return pickle_mark(p);
    case '0':
        return pickle_pop(p);
    case '1':
        return pickle_pop_to_mark(p);
    case '2':
        return pickle_push(p, pickle_top(p));
    case ']':
        return pickle_push_items(p, HU_PICKLE_LIST, NULL, 0);
    case ')':
        return pickle_push_items(p, HU_PICKLE_TUPLE, NULL, 0);
    case '}':
        return pickle_push_items(p, HU_PICKLE_DICT, NULL, 0);
    case 0x8f: /* EMPTY_SET */
        return pickle_push_items(p, HU_PICKLE_SET, NULL, 0);
    case 'l':
        return pickle_push_from_mark(p, HU_PICKLE_LIST);
    case 't':
        return pickle_push_from_mark(p, HU_PICKLE_TUPLE);
    case 'd':
        return pickle_push_from_mark(p, HU_PICKLE_DICT);
    case 0x91: /* FROZENSET */
        return pickle_push_from_mark(p, HU_PICKLE_SET);
    case 0x85: /* TUPLE1 to TUPLE3 */
    case 0x86:
    case 0x87:
        return pickle_push_tuple(p, c - 0x84u);
    case 'a':
        return pickle_extend(p, HU_PICKLE_LIST, 1);
    case 'e':
        return pickle_extend(p, HU_PICKLE_LIST, 0);
    case 's':
        return pickle_extend(p, HU_PICKLE_DICT, 2);
    case 'u':
        return pickle_extend(p, HU_PICKLE_DICT, 0);
    case 0x90: /* ADDITEMS */
        return pickle_extend(p, HU_PICKLE_SET, 0);
    case 'q':
        return memo(p, 1, pickle_put_memo);
    case 'r':
        return memo(p, 4, pickle_put_memo);
    case 0x94: /* MEMOIZE */
        return pickle_put_memo(p, p->memo.count);
    case 'h':
        return memo(p, 1, pickle_get_memo);
    case 'j':
        return memo(p, 4, pickle_get_memo);
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
    return pickle_pop(p);
}
