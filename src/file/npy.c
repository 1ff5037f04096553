#include "npy.h"
#include "printable.h"

#include <stdio.h>
#include <string.h>

/*
 * The header is a Python literal of one form:
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  spaces  newline
 */
struct reader {
    const unsigned char *bytes;
    size_t at, end;
    int major;
    struct hu_tensor_file *file;
    struct hu_file_error *error;
};

enum { SEEN_DESCR = 1, SEEN_ORDER = 2, SEEN_SHAPE = 4, SEEN_ALL = 7, DESCR_MAX = 64 };

/* What the dictionary says. */
struct dictionary {
    unsigned seen;
    char descr[DESCR_MAX];
    size_t descr_at, shape_at;
    bool fortran_order;
    uint64_t shape[HU_NPY_RANK_MAX];
    unsigned rank;
};

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (r->bytes[r->at] == ' ' || r->bytes[r->at] == '\t'))
        r->at++;
}

static int peek(struct reader *r)
{
    skip_space(r);
    return r->at < r->end ? r->bytes[r->at] : -1;
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != (unsigned char)c)
        return false;
    r->at++;
    return true;
}

static bool expect(struct reader *r, char c, const char *where)
{
    if (take(r, c))
        return true;
    if (r->at >= r->end)
        return hu_file_refuse(r->error, r->at, "the header ends where '%c' %s is due", c, where);
    return hu_file_refuse(r->error, r->at, "'%c' %s is due here", c, where);
}

/* A string without escapes, which no key and no descr needs. */
static bool read_string(struct reader *r, const char *what, char *text, size_t size)
{
    int quote = peek(r);
    if (quote != '\'' && quote != '"')
        return hu_file_refuse(r->error, r->at, "%s, in quotes, is due here", what);
    size_t start = ++r->at;
    while (r->at < r->end && r->bytes[r->at] != quote) {
        unsigned char c = r->bytes[r->at];
        if (c == '\\' || c < 0x20 || c > 0x7e)
            return hu_file_refuse(r->error, r->at, "%s has a character that no dtype's name has",
                                  what);
        r->at++;
    }
    if (r->at == r->end)
        return hu_file_refuse(r->error, start - 1, "this string does not end");
    size_t n = r->at++ - start;
    if (n >= size)
        return hu_file_refuse(r->error, start - 1, "%s has %zu characters", what, n);
    memcpy(text, r->bytes + start, n);
    text[n] = 0;
    return true;
}

static bool read_descr(struct reader *r, struct dictionary *d)
{
    int c = peek(r);
    d->descr_at = r->at;
    r->error->unread = c == '[' || c == '(';
    if (c == '[')
        return hu_file_refuse(r->error, r->at,
                              "the dtype is structured (records of named fields); halfulp reads "
                              "arrays of one format: save a field of its own");
    if (c == '(')
        return hu_file_refuse(r->error, r->at,
                              "the dtype is an array itself; halfulp reads arrays of one format");
    return read_string(r, "a dtype", d->descr, sizeof d->descr);
}

static bool read_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    skip_space(r);
    if (r->end - r->at < n || memcmp(r->bytes + r->at, word, n))
        return false;
    r->at += n;
    return true;
}

static bool read_order(struct reader *r, struct dictionary *d)
{
    if (read_word(r, "True"))
        d->fortran_order = true;
    else if (!read_word(r, "False"))
        return hu_file_refuse(r->error, r->at, "fortran_order is True or False");
    return true;
}

static bool read_size(struct reader *r, uint64_t *size)
{
    skip_space(r);
    size_t start = r->at;
    bool over = false;
    *size = 0;
    for (; r->at < r->end && r->bytes[r->at] >= '0' && r->bytes[r->at] <= '9'; r->at++)
        over |= __builtin_mul_overflow(*size, 10, size) ||
                __builtin_add_overflow(*size, (uint64_t)(r->bytes[r->at] - '0'), size);
    if (r->at == start)
        return hu_file_refuse(r->error, start,
                              "a size in the shape must be a whole number of 0 "
                              "or more");
    if (r->bytes[start] == '0' && r->at > start + 1)
        return hu_file_refuse(r->error, start, "a size in the shape has a leading zero");
    if (over)
        return hu_file_refuse(r->error, start, "a size in the shape is over 64 bits");
    /* Python 2 wrote long integers so. */
    if (r->major < 3 && r->at < r->end && r->bytes[r->at] == 'L')
        r->at++;
    return true;
}

static bool read_shape(struct reader *r, struct dictionary *d)
{
    peek(r);
    d->shape_at = r->at;
    if (!expect(r, '(', "of the shape"))
        return false;
    while (!take(r, ')')) {
        if (d->rank == HU_NPY_RANK_MAX)
            return hu_file_refuse(r->error, r->at, "the shape has more than %d sizes",
                                  HU_NPY_RANK_MAX);
        if (!read_size(r, &d->shape[d->rank++]))
            return false;
        bool comma = take(r, ',');
        if (!comma && peek(r) != ')')
            return expect(r, ')', "or ',' in the shape");
        if (!comma && d->rank == 1)
            return hu_file_refuse(r->error, r->at, "a shape of one size ends in ',)'");
    }
    return true;
}

static bool read_entry(struct reader *r, struct dictionary *d)
{
    char key[DESCR_MAX];
    skip_space(r);
    size_t start = r->at;
    if (!read_string(r, "a key", key, sizeof key))
        return false;
    unsigned field = !strcmp(key, "descr")           ? SEEN_DESCR
                     : !strcmp(key, "fortran_order") ? SEEN_ORDER
                     : !strcmp(key, "shape")         ? SEEN_SHAPE
                                                     : 0;
    if (!field)
        return hu_file_refuse(r->error, start,
                              "'%s' is no key of .npy: descr, fortran_order and shape are",
                              PRINTABLE(key, 80));
    if (d->seen & field)
        return hu_file_refuse(r->error, start, "the key '%s' comes twice", key);
    d->seen |= field;
    if (!expect(r, ':', "after a key"))
        return false;
    return field == SEEN_DESCR   ? read_descr(r, d)
           : field == SEEN_ORDER ? read_order(r, d)
                                 : read_shape(r, d);
}

static bool read_dictionary(struct reader *r, struct dictionary *d)
{
    size_t start = r->at;
    if (!expect(r, '{', "of the header"))
        return false;
    while (!take(r, '}')) {
        if (!read_entry(r, d))
            return false;
        if (!take(r, ',') && peek(r) != '}')
            return expect(r, '}', "or ',' after an entry");
    }
    if (d->seen != SEEN_ALL)
        return hu_file_refuse(r->error, start, "the header lacks its %s",
                              !(d->seen & SEEN_DESCR)   ? "descr"
                              : !(d->seen & SEEN_ORDER) ? "fortran_order"
                                                        : "shape");
    while (r->at < r->end && r->bytes[r->at] == ' ')
        r->at++;
    if (r->at + 1 != r->end || r->bytes[r->at] != '\n')
        return hu_file_refuse(r->error, r->at,
                              "after the header's '}' only spaces and one newline "
                              "may follow, to its end");
    return true;
}

/* The dtypes whose names NumPy has: an order of bytes, a kind, the bytes of an element, and what
 * they are. */
static const struct {
    const char *descr, *name;
} known[] = {
    {"<f2", "fp16"},   {"<f4", "fp32"},  {"<f8", "fp64"},      {"|i1", "int8"},   {"<i2", "int16"},
    {"<i4", "int32"},  {"<i8", "int64"}, {"|u1", "uint8"},     {"<u2", "uint16"}, {"<u4", "uint32"},
    {"<u8", "uint64"}, {"|b1", "bool"},  {"<c8", "complex64"},
};

const char *hu_npy_known(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].name, name))
            return known[i].descr;
    return NULL;
}

static const char *unreadable(char kind)
{
    switch (kind) {
    case 'O':
        return "it holds Python objects, which are code to run and no numbers";
    case 'U':
    case 'S':
    case 'a':
        return "it holds text";
    case 'M':
    case 'm':
        return "it holds times";
    case 'V':
    case 'f':
        return "no format of ours is that wide; opaque elements have 1 byte (fp8, fp6, fp4) or 2 "
               "(bfloat16)";
    case 'c':
        return "complex numbers are listed as complex64 alone";
    default:
        return "halfulp knows f2 f4 f8, i1 to i8, u1 to u8, b1, c8, V1 and V2";
    }
}

/* V2 is ml_dtypes' bfloat16; V1 any other type of its; f1, of NumPy's kind f, a float8. */
static bool find_opaque(const char *code, struct hu_tensor *t)
{
    bool two = !strcmp(code, "V2"), one = !strcmp(code, "V1") || !strcmp(code, "f1");
    if (!one && !two)
        return false;
    t->void_size = two ? 2 : 1;
    t->dtype = (struct hu_dtype){.block = hu_block_opaque(*code == 'f')};
    return one || hu_dtype_find("bf16", &t->dtype);
}

/* Whether elements of dtype ORDER CODE have their most significant byte first. '=', '|' and no
 * order at all are the machine's own to NumPy. */
static bool is_big_endian(char order, const char *code)
{
    bool native_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    return code[1] != '1' && (order == '>' || (order != '<' && native_big));
}

/* False: CODE, a dtype's name without its order, is none of NumPy's numbers. */
static bool find_known(char order, const char *code, struct hu_tensor *t)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(code, known[i].descr + 1)) {
            t->big_endian = is_big_endian(order, code);
            return hu_dtype_find(known[i].name, &t->dtype);
        }
    return false;
}

static bool find_dtype(struct reader *r, const struct dictionary *d, struct hu_tensor *t)
{
    char order = d->descr[0];
    const char *code = d->descr + 1;
    if (order && strchr("<>|=", order)) {
        if (find_known(order, code, t))
            return true;
        if (find_opaque(code, t)) {
            t->big_endian = order == '>' && t->void_size > 1;
            return true;
        }
        r->error->unread = true;
        return hu_file_refuse(r->error, d->descr_at, "dtype '%s' is not read: %s", d->descr,
                              unreadable(*code));
    }
    if (find_known('=', d->descr, t))
        return true;
    /* ml_dtypes' own names. */
    struct hu_dtype named = {.format = hu_format_find(d->descr)};
    if (named.format && (strstr(d->descr, "float"))) {
        /* There an element of fp6 and fp4 takes a byte. */
        char unpacked[HU_MAX_NAME + 16];
        snprintf(unpacked, sizeof unpacked, "%s_unpacked", named.format->name);
        if (named.format->storage_bits < 8)
            named.format = hu_format_find(unpacked);
        t->dtype = named;
        return true;
    }
    r->error->unread = true;
    return hu_file_refuse(r->error, d->descr_at, "dtype '%s' is not read: %s", d->descr,
                          unreadable(order));
}

/* Bytes of the fields before the dictionary; 0: refused. */
static size_t read_prefix(const unsigned char *bytes, size_t n, uint64_t size, uint64_t *length,
                          struct hu_file_error *error)
{
    if (n < 10 || memcmp(bytes, HU_NPY_MAGIC, 6)) {
        hu_file_refuse(error, n < 10 ? n : 0,
                       n < 10 ? "the file ends within the header's length"
                              : "no .npy file: its first bytes differ");
        return 0;
    }
    int major = bytes[6], minor = bytes[7];
    if (major < 1 || major > 3 || minor) {
        hu_file_refuse(error, 6, "version %d.%d of .npy is not known; 1.0, 2.0 and 3.0 are", major,
                       minor);
        return 0;
    }
    size_t prefix = major == 1 ? 10 : 12;
    if (n < prefix) {
        hu_file_refuse(error, n, "the file ends within the header's length");
        return 0;
    }
    *length = hu_little_read(bytes + 8, (unsigned)prefix - 8);
    if (*length > HU_NPY_HEADER_MAX || *length > n - prefix) {
        error->more = *length <= HU_NPY_HEADER_MAX && n < size;
        hu_file_refuse(error, 8, "the header claims %llu bytes, and %llu follow",
                       (unsigned long long)*length, (unsigned long long)(size - prefix));
        if (*length > HU_NPY_HEADER_MAX)
            hu_file_refuse(error, 8,
                           "the header claims %llu bytes; one of an array of numbers "
                           "takes some hundred",
                           (unsigned long long)*length);
        return 0;
    }
    return prefix;
}

static bool set_tensor(struct reader *r, const struct dictionary *d)
{
    struct hu_tensor_file *file = r->file;
    struct hu_tensor *t = hu_file_append(&file->tensors, &file->count, sizeof *t);
    uint64_t *shape = arena_allocate(&file->arena, (d->rank + 1) * sizeof *shape);
    if (!t || !shape)
        return hu_file_refuse(r->error, 0, "out of memory");
    memcpy(shape, d->shape, d->rank * sizeof *shape);
    t->name = "arr";
    t->shape = d->rank ? shape : NULL;
    t->rank = d->rank;
    t->fortran_order = d->fortran_order && d->rank > 1;
    t->offset = r->end;
    if (!find_dtype(r, d, t) || !hu_tensor_measure(t, d->shape_at, r->error))
        return false;
    uint64_t data = file->size - r->end;
    if (t->bytes > data)
        return hu_file_refuse(r->error, file->size,
                              "the array needs %llu bytes by dtype and shape, and %llu follow the "
                              "header: the file is cut short",
                              (unsigned long long)t->bytes, (unsigned long long)data);
    if (t->bytes < data)
        return hu_file_refuse_rest(r->error, r->end + t->bytes, data - t->bytes,
                                   "the array's data");
    return true;
}

bool hu_npy_parse(const unsigned char *bytes, size_t n, uint64_t size, struct hu_tensor_file *file,
                  struct hu_file_error *error)
{
    uint64_t length;
    size_t prefix = read_prefix(bytes, n, size, &length, error);
    if (!prefix)
        return false;
    struct reader r = {.bytes = bytes,
                       .at = prefix,
                       .end = prefix + (size_t)length,
                       .major = bytes[6],
                       .file = file,
                       .error = error};
    struct dictionary d = {0};
    file->kind = HU_FILE_NPY;
    file->size = size;
    file->data_offset = r.end;
    return read_dictionary(&r, &d) && set_tensor(&r, &d);
}

bool hu_npy_apply_format(struct hu_tensor *t, const struct hu_format *format, char why[HU_NPY_WHY])
{
    char unpacked[HU_MAX_NAME + 16];
    if (format == t->dtype.format)
        return true;
    if (t->dtype.format && !t->void_size) {
        snprintf(why, HU_NPY_WHY, "holds %s by its header, and no %s", hu_dtype_name(t->dtype),
                 format->name);
        return false;
    }
    /* In .npy every element has bytes of its own. */
    snprintf(unpacked, sizeof unpacked, "%s_unpacked", format->name);
    if (format->storage_bits < 8)
        format = hu_format_find(unpacked);
    if (format->storage_bits != 8 * hu_dtype_bytes(t->dtype)) {
        snprintf(why, HU_NPY_WHY, "has elements of %u bytes, and one of %s takes %u",
                 hu_dtype_bytes(t->dtype), format->name, format->storage_bits / 8);
        return false;
    }
    t->dtype = (struct hu_dtype){.format = format};
    t->void_size = 0;
    return true;
}
