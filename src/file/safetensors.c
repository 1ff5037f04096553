#include "safetensors.h"
#include "digit.h"
#include "printable.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The header is JSON of one fixed shape, so it is read in one pass, which keeps the byte offset of
 * every fault and sees a name that comes twice:
 *   { "__metadata__": { key: string … }, name: { "dtype": string, "shape": [ n … ],
 *     "data_offsets": [ begin, end ] } … }
 */
struct reader {
    unsigned char *bytes; /* the file's own */
    size_t at, end;       /* end of the header */
    uint64_t size;        /* of the file */
    struct hu_tensor_file *file;
    struct hu_file_error *error;
    uint64_t *shape; /* of the tensor being read */
    size_t rank;
    size_t keys; /* of tensors, beyond the three */
    size_t arrays;
    const char *key; /* the first of those keys, and its tensor */
    const char *of;
};

/* serde_json's remaining_depth is 128 and must not come to 0. */
enum { DEPTH_MAX = 127, DEPTH_TENSOR = 2 };

static bool no_memory(struct reader *r)
{
    return hu_file_refuse(r->error, r->at, "out of memory");
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && r->bytes[r->at] && strchr(" \t\r\n", r->bytes[r->at]))
        r->at++;
}

static bool peek(struct reader *r, char c)
{
    skip_space(r);
    return r->at < r->end && r->bytes[r->at] == (unsigned char)c;
}

static bool expect(struct reader *r, char c, const char *where)
{
    if (peek(r, c)) {
        r->at++;
        return true;
    }
    if (r->at >= r->end)
        return hu_file_refuse(r->error, r->at, "the header ends where '%c' %s is due", c, where);
    return hu_file_refuse(r->error, r->at, "'%c' %s is due here", c, where);
}

/* The members of an object or array from after its opening bracket through CLOSE. */
static bool read_members(struct reader *r, char close, bool (*member)(struct reader *, void *),
                         void *context)
{
    if (peek(r, close)) {
        r->at++;
        return true;
    }
    while (member(r, context)) {
        if (!peek(r, ','))
            return expect(r, close, "or ','");
        r->at++;
    }
    return false;
}

static bool read_hex4(struct reader *r, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        int digit = r->at < r->end ? hu_digit_value((char)r->bytes[r->at]) : -1;
        if (digit < 0)
            return hu_file_refuse(r->error, r->at, "\\u wants four hexadecimal digits");
        *code = *code << 4 | (uint32_t)digit;
    }
    return true;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* After "\u". Surrogates come in pairs (RFC 8259 section 7). */
static bool read_unicode(struct reader *r, uint32_t *code)
{
    size_t start = r->at;
    if (!read_hex4(r, code))
        return false;
    if (*code >= 0xd800 && *code < 0xdc00 && r->end - r->at >= 2 && r->bytes[r->at] == '\\' &&
        r->bytes[r->at + 1] == 'u') {
        uint32_t low;
        r->at += 2;
        if (!read_hex4(r, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000) {
            *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
            return true;
        }
    }
    if (*code >= 0xd800 && *code < 0xe000)
        return hu_file_refuse(r->error, start, "half of a surrogate pair");
    if (!*code)
        return hu_file_refuse(r->error, start, "a NUL in a string");
    return true;
}

static bool read_escape(struct reader *r, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    unsigned char c = r->at < r->end ? r->bytes[r->at] : 0;
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
        *(*out)++ = to[found - from];
        r->at++;
        return true;
    }
    if (c != 'u')
        return hu_file_refuse(r->error, r->at, "no such escape in JSON");
    r->at++;
    uint32_t code;
    if (!read_unicode(r, &code))
        return false;
    *out = put_utf8(*out, code);
    return true;
}

/* A string in its place, ended by a NUL where its closing quote was or before. No escape writes
 * more bytes than it takes. */
static bool read_string(struct reader *r, const char *where, char **text)
{
    if (!expect(r, '"', where))
        return false;
    size_t start = r->at, close = start;
    while (close < r->end && r->bytes[close] != '"')
        close += r->bytes[close] == '\\' ? 2 : 1;
    if (close >= r->end)
        return hu_file_refuse(r->error, start - 1, "this string does not end");
    char *out = *text = (char *)r->bytes + start;
    while (r->at < close) {
        unsigned char c = r->bytes[r->at];
        if (c == '\\') {
            r->at++;
            if (!read_escape(r, &out))
                return false;
            continue;
        }
        size_t n = hu_utf8_length(r->bytes + r->at, close - r->at);
        if (!n || c < 0x20)
            return hu_file_refuse(r->error, r->at,
                                  n ? "a bare control character in a string" : "not UTF-8");
        memmove(out, r->bytes + r->at, n);
        out += n;
        r->at += n;
    }
    *out = 0;
    r->at = close + 1;
    return true;
}

static bool read_integer(struct reader *r, const char *what, uint64_t *value)
{
    skip_space(r);
    size_t start = r->at;
    *value = 0;
    bool over = false;
    for (; r->at < r->end && r->bytes[r->at] >= '0' && r->bytes[r->at] <= '9'; r->at++)
        over |= __builtin_mul_overflow(*value, 10, value) ||
                __builtin_add_overflow(*value, (uint64_t)(r->bytes[r->at] - '0'), value);
    bool other = r->at < r->end && r->bytes[r->at] && strchr(".eE", r->bytes[r->at]);
    if (r->at == start || other)
        return hu_file_refuse(r->error, start, "%s must be a whole number of 0 or more", what);
    if (r->bytes[start] == '0' && r->at > start + 1)
        return hu_file_refuse(r->error, start, "%s has a leading zero", what);
    return !over || hu_file_refuse(r->error, start, "%s is over 64 bits", what);
}

static bool skip_value(struct reader *r, unsigned depth);

static bool skip_element(struct reader *r, void *context)
{
    return skip_value(r, *(unsigned *)context);
}

static bool skip_member(struct reader *r, void *context)
{
    char *key;
    return read_string(r, "of a key", &key) && expect(r, ':', "after a key") &&
           skip_value(r, *(unsigned *)context);
}

static size_t skip_digits(struct reader *r)
{
    size_t start = r->at;
    while (r->at < r->end && r->bytes[r->at] >= '0' && r->bytes[r->at] <= '9')
        r->at++;
    return r->at - start;
}

/* RFC 8259 section 6, within fp64's range: the reference keeps numbers in that. */
static bool skip_number(struct reader *r)
{
    size_t start = r->at;
    r->at += r->bytes[r->at] == '-';
    size_t whole = r->at, digits = skip_digits(r);
    bool fine = digits && (digits == 1 || r->bytes[whole] != '0');
    if (fine && r->at < r->end && r->bytes[r->at] == '.') {
        r->at++;
        fine = skip_digits(r);
    }
    if (fine && r->at < r->end && (r->bytes[r->at] | 0x20) == 'e') {
        r->at++;
        r->at += r->at < r->end && strchr("+-", r->bytes[r->at]) && r->bytes[r->at];
        fine = skip_digits(r);
    }
    char text[400];
    size_t n = r->at - start < sizeof text ? r->at - start : sizeof text - 1;
    memcpy(text, r->bytes + start, n);
    text[n] = 0;
    return (fine && isfinite(strtod(text, NULL))) ||
           hu_file_refuse(r->error, start, "no number of JSON, or one beyond fp64's range");
}

static bool take_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    if (r->end - r->at < n || memcmp(r->bytes + r->at, word, n))
        return false;
    r->at += n;
    return true;
}

/* Any value of JSON, which stands DEPTH brackets deep. */
static bool skip_value(struct reader *r, unsigned depth)
{
    char *text;
    skip_space(r);
    unsigned char c = r->at < r->end ? r->bytes[r->at] : 0;
    if (c == '"')
        return read_string(r, "of a string", &text);
    if (c == '-' || (c >= '0' && c <= '9'))
        return skip_number(r);
    if (c == '{' || c == '[') {
        if (++depth > DEPTH_MAX)
            return hu_file_refuse(r->error, r->at, "more than %d brackets within each other",
                                  DEPTH_MAX);
        r->at++;
        return read_members(r, c == '{' ? '}' : ']', c == '{' ? skip_member : skip_element, &depth);
    }
    return take_word(r, "null") || take_word(r, "true") || take_word(r, "false") ||
           hu_file_refuse(r->error, r->at, "a value of JSON is due here");
}

static bool read_shape_size(struct reader *r, void *context)
{
    (void)context;
    uint64_t *size = hu_file_append(&r->shape, &r->rank, sizeof *size);
    return size ? read_integer(r, "a size in the shape", size) : no_memory(r);
}

static bool read_shape(struct reader *r, struct hu_tensor *tensor)
{
    r->rank = 0;
    free(r->shape);
    r->shape = NULL;
    if (!expect(r, '[', "of the shape") || !read_members(r, ']', read_shape_size, NULL))
        return false;
    uint64_t *shape = r->rank ? arena_allocate(&r->file->arena, r->rank * sizeof *shape) : NULL;
    if (r->rank && !shape)
        return no_memory(r);
    if (r->rank)
        memcpy(shape, r->shape, r->rank * sizeof *shape);
    tensor->shape = shape;
    tensor->rank = (unsigned)r->rank;
    return true;
}

enum { SEEN_DTYPE = 1, SEEN_SHAPE = 2, SEEN_OFFSETS = 4, SEEN_ALL = 7 };

struct tensor_reading {
    struct hu_tensor *tensor;
    uint64_t offsets[2];
    size_t offsets_at;
    unsigned seen;
};

static bool read_dtype(struct reader *r, struct hu_tensor *tensor)
{
    char *text;
    skip_space(r);
    size_t start = r->at;
    if (!read_string(r, "of the dtype", &text))
        return false;
    return hu_safetensors_dtype(text, &tensor->dtype) ||
           hu_file_refuse(r->error, start, "no dtype of safetensors is called '%s'",
                          PRINTABLE(text, 80));
}

static bool read_offsets(struct reader *r, struct tensor_reading *t)
{
    skip_space(r);
    t->offsets_at = r->at;
    return expect(r, '[', "of data_offsets") && read_integer(r, "an offset", &t->offsets[0]) &&
           expect(r, ',', "between the offsets") && read_integer(r, "an offset", &t->offsets[1]) &&
           expect(r, ']', "after two offsets");
}

static bool read_field(struct reader *r, void *context)
{
    struct tensor_reading *t = context;
    char *key;
    skip_space(r);
    size_t start = r->at;
    if (!read_string(r, "of a key", &key) || !expect(r, ':', "after a key"))
        return false;
    unsigned field = !strcmp(key, "dtype")          ? SEEN_DTYPE
                     : !strcmp(key, "shape")        ? SEEN_SHAPE
                     : !strcmp(key, "data_offsets") ? SEEN_OFFSETS
                                                    : 0;
    if (!field) {
        if (!r->keys++) {
            r->key = key;
            r->of = t->tensor->name;
        }
        return skip_value(r, DEPTH_TENSOR);
    }
    if (t->seen & field)
        return hu_file_refuse(r->error, start, "the key '%s' comes twice", key);
    t->seen |= field;
    if (field == SEEN_DTYPE)
        return read_dtype(r, t->tensor);
    return field == SEEN_SHAPE ? read_shape(r, t->tensor) : read_offsets(r, t);
}

/* Dtype and shape against the bytes that the offsets claim, and those against the file. */
static bool check_tensor(struct reader *r, struct tensor_reading *t)
{
    struct hu_tensor *tensor = t->tensor;
    const char *name = PRINTABLE(tensor->name, 80);
    uint64_t data = r->size - r->end;
    if (t->offsets[0] > t->offsets[1])
        return hu_file_refuse(r->error, t->offsets_at, "tensor '%s' ends before it begins", name);
    if (t->offsets[1] > data)
        return hu_file_refuse(r->error, t->offsets_at,
                              "tensor '%s' ends at byte %llu of the data, of which there are %llu: "
                              "the file is cut short",
                              name, (unsigned long long)t->offsets[1], (unsigned long long)data);
    if (!hu_tensor_measure(tensor, t->offsets_at, r->error))
        return false;
    if (!hu_tensor_folds(tensor))
        return hu_file_refuse(r->error, t->offsets_at,
                              "tensor '%s': the sizes of its shape, multiplied one after the "
                              "other, exceed 64 bits",
                              name);
    if (tensor->bytes != t->offsets[1] - t->offsets[0])
        return hu_file_refuse(r->error, t->offsets_at,
                              "tensor '%s' needs %llu bytes by dtype and shape, and its offsets "
                              "span %llu",
                              name, (unsigned long long)tensor->bytes,
                              (unsigned long long)(t->offsets[1] - t->offsets[0]));
    tensor->offset = r->end + t->offsets[0];
    return true;
}

/* [dtype, shape, data_offsets]: the reference's derived reader takes a struct so, too. */
static bool read_tensor_array(struct reader *r, struct tensor_reading *t)
{
    r->arrays++;
    t->seen = SEEN_ALL;
    return expect(r, '[', "of a tensor") && read_dtype(r, t->tensor) &&
           expect(r, ',', "after the dtype") && read_shape(r, t->tensor) &&
           expect(r, ',', "after the shape") && read_offsets(r, t) &&
           expect(r, ']', "after the offsets") && check_tensor(r, t);
}

static bool read_tensor(struct reader *r, const char *name, size_t start)
{
    struct tensor_reading t = {0};
    t.tensor = hu_file_append(&r->file->tensors, &r->file->count, sizeof *t.tensor);
    if (!t.tensor)
        return no_memory(r);
    t.tensor->name = name;
    if (peek(r, '['))
        return read_tensor_array(r, &t);
    if (!expect(r, '{', "of a tensor") || !read_members(r, '}', read_field, &t))
        return false;
    if (t.seen != SEEN_ALL)
        return hu_file_refuse(r->error, start, "tensor '%s' lacks its %s", PRINTABLE(name, 80),
                              t.seen & SEEN_DTYPE ? t.seen & SEEN_SHAPE ? "data_offsets" : "shape"
                                                  : "dtype");
    return check_tensor(r, &t);
}

static bool read_metadata(struct reader *r, void *context)
{
    (void)context;
    struct hu_tensor_file *file = r->file;
    char *key, *value;
    if (!read_string(r, "of a metadata key", &key) || !expect(r, ':', "after a key") ||
        !read_string(r, "of a metadata value (they are all strings)", &value))
        return false;
    struct hu_metadata *m = hu_file_append(&file->metadata, &file->metadata_count, sizeof *m);
    if (!m)
        return no_memory(r);
    *m = (struct hu_metadata){.key = key,
                              .type = HU_META_STRING,
                              .count = strlen(value),
                              .value = (const unsigned char *)value};
    return true;
}

static bool read_entry(struct reader *r, void *context)
{
    bool *seen_metadata = context;
    char *name;
    skip_space(r);
    size_t start = r->at;
    if (!read_string(r, "of a tensor's name", &name) || !expect(r, ':', "after a name"))
        return false;
    if (strcmp(name, "__metadata__"))
        return read_tensor(r, name, start);
    if (*seen_metadata)
        return hu_file_refuse(r->error, start, "__metadata__ comes twice");
    *seen_metadata = true;
    skip_space(r);
    if (take_word(r, "null")) {
        hu_file_note(r->file,
                     "__metadata__ is null, as though it were not there; it ought to be an "
                     "object of strings");
        return true;
    }
    return expect(r, '{', "of __metadata__") && read_members(r, '}', read_metadata, NULL);
}

static void note_liberties(struct reader *r)
{
    if (r->keys)
        hu_file_note(r->file,
                     "%zu key%s of tensors beyond dtype, shape and data_offsets, as safetensors "
                     "itself does, %s passed over: '%s' of '%s'%s",
                     r->keys, r->keys > 1 ? "s" : "", r->keys > 1 ? "were" : "was",
                     PRINTABLE(r->key, 80), PRINTABLE(r->of, 80), r->keys > 1 ? " first" : "");
    if (r->arrays)
        hu_file_note(r->file, "%zu tensor%s described by an array and no object", r->arrays,
                     r->arrays > 1 ? "s are" : " is");
}

static bool read_header(struct reader *r)
{
    bool seen_metadata = false;
    size_t start = r->at;
    if (!peek(r, '{'))
        return hu_file_refuse(r->error, start, "the header must begin with '{'");
    if (r->at > start)
        hu_file_note(r->file, "white space stands before the header's '{', where the format wants "
                              "none");
    r->at++;
    if (!read_members(r, '}', read_entry, &seen_metadata))
        return false;
    skip_space(r);
    return r->at == r->end ||
           hu_file_refuse(r->error, r->at, "only spaces may follow the header's '}'");
}

/* The tensors must tile the data: no hole, no overlap, nothing behind the last. */
static bool check_tiling(struct reader *r)
{
    struct hu_tensor **order = hu_file_by_offset(r->file);
    if (!order)
        return no_memory(r);
    uint64_t next = r->end;
    bool fine = true;
    for (size_t i = 0; fine && i < r->file->count; i++) {
        const struct hu_tensor *t = order[i];
        if (t->offset != next)
            fine = hu_file_refuse(r->error, t->offset < next ? t->offset : next,
                                  t->offset < next ? "tensor '%s' overlaps the one before it"
                                                   : "the data has a hole before tensor '%s'",
                                  PRINTABLE(t->name, 80));
        next = t->offset + t->bytes;
    }
    free(order);
    if (fine && next != r->size)
        return hu_file_refuse_rest(r->error, next, r->size - next, "the last tensor's data");
    return fine;
}

bool hu_safetensors_parse_in_place(unsigned char *bytes, size_t n, uint64_t size,
                                   struct hu_tensor_file *file, struct hu_file_error *error)
{
    if (n < 8)
        return hu_file_refuse(error, n, "the file ends within the header's length");
    uint64_t length = hu_little_read(bytes, 8);
    if (length > HU_SAFETENSORS_HEADER_MAX)
        return hu_file_refuse(error, 0,
                              "the header claims %llu bytes, more than the 100,000,000 that "
                              "safetensors allows: no safetensors file?",
                              (unsigned long long)length);
    if (length > size - 8 || length > n - 8)
        return hu_file_refuse(
            error, 0, "the header claims %llu bytes, and %llu follow: the file is cut short",
            (unsigned long long)length, (unsigned long long)(size - 8));
    struct reader r = {.bytes = bytes,
                       .at = 8,
                       .end = 8 + (size_t)length,
                       .size = size,
                       .file = file,
                       .error = error};
    file->kind = HU_FILE_SAFETENSORS;
    file->size = size;
    file->data_offset = r.end;
    bool fine = read_header(&r) && hu_file_check_names(file, 8, error) && check_tiling(&r);
    free(r.shape);
    if (fine)
        note_liberties(&r);
    return fine;
}

bool hu_safetensors_parse(const unsigned char *bytes, size_t n, uint64_t size,
                          struct hu_tensor_file *file, struct hu_file_error *error)
{
    unsigned char *own = arena_allocate(&file->arena, n + 1);
    if (!own)
        return hu_file_refuse(error, 0, "out of memory");
    memcpy(own, bytes, n);
    return hu_safetensors_parse_in_place(own, n, size, file, error);
}
