#include "gguf.h"
#include "printable.h"

#include <string.h>

struct reader {
    const unsigned char *bytes;
    size_t at, end; /* end: of what was given to us */
    uint64_t size;  /* of the file */
    struct hu_tensor_file *file;
    struct hu_file_error *error;
};

/* ggml keeps a name and its NUL in GGML_MAX_NAME, 64 bytes. */
enum { NAME_MAX_BYTES = 63, KEY_MAX_BYTES = 65535, RANK_MAX = 4 };

static bool no_memory(struct reader *r)
{
    return hu_file_refuse(r->error, r->at, "out of memory");
}

static bool want(struct reader *r, uint64_t bytes, const char *what)
{
    if (bytes <= r->end - r->at)
        return true;
    r->error->more = r->end < r->size;
    if (r->error->more)
        return hu_file_refuse(r->error, r->at, "the header runs past 256 MiB within %s", what);
    return hu_file_refuse(r->error, r->at, "the file ends within %s", what);
}

static bool read_number(struct reader *r, unsigned width, const char *what, uint64_t *value)
{
    if (!want(r, width, what))
        return false;
    *value = hu_little_read(r->bytes + r->at, width);
    r->at += width;
    return true;
}

static bool read_text(struct reader *r, const char *what, const unsigned char **text, uint64_t *n)
{
    if (!read_number(r, 8, what, n) || !want(r, *n, what))
        return false;
    *text = r->bytes + r->at;
    r->at += (size_t)*n;
    return true;
}

/* A name in the file's memory, ended by NUL. */
static bool read_name(struct reader *r, const char *what, unsigned least, unsigned most,
                      const char **name)
{
    size_t start = r->at;
    const unsigned char *text;
    uint64_t n;
    if (!read_text(r, what, &text, &n))
        return false;
    if (n < least || n > most)
        return hu_file_refuse(r->error, start, "%s has %llu bytes; %u to %u are allowed", what,
                              (unsigned long long)n, least, most);
    if (memchr(text, 0, (size_t)n))
        return hu_file_refuse(r->error, start, "%s holds a NUL", what);
    char *copy = arena_allocate(&r->file->arena, (size_t)n + 1);
    if (!copy)
        return no_memory(r);
    memcpy(copy, text, (size_t)n);
    copy[n] = 0;
    *name = copy;
    return true;
}

/* Bytes of a metadata number; 0: a string or an array. */
static unsigned number_width(uint64_t type)
{
    static const unsigned char widths[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizeof widths ? widths[type] : 0;
}

static bool check_bools(struct reader *r, const unsigned char *value, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (value[i] > 1)
            return hu_file_refuse(r->error, (uint64_t)(value - r->bytes) + i,
                                  "a bool is %d, neither 0 nor 1", value[i]);
    return true;
}

/* COUNT values of TYPE; m->value is where they start. */
static bool read_values(struct reader *r, struct hu_metadata *m, uint64_t type, uint64_t count)
{
    unsigned width = number_width(type);
    m->type = (enum hu_meta_type)type;
    m->count = count;
    m->value = r->bytes + r->at;
    if (width) {
        uint64_t bytes;
        if (__builtin_mul_overflow(count, width, &bytes))
            bytes = UINT64_MAX;
        if (!want(r, bytes, "a metadata value"))
            return false;
        r->at += (size_t)bytes;
        return type != HU_META_BOOL || check_bools(r, m->value, count);
    }
    /* A string takes at least its length. */
    for (uint64_t i = 0; i < count; i++) {
        const unsigned char *text;
        uint64_t n;
        if (!read_text(r, "a metadata string", &text, &n))
            return false;
    }
    return true;
}

static bool check_type(struct reader *r, uint64_t type)
{
    return type <= HU_META_FLOAT64 ||
           hu_file_refuse(r->error, r->at - 4, "no metadata type has the number %llu",
                          (unsigned long long)type);
}

static bool read_array(struct reader *r, struct hu_metadata *m)
{
    uint64_t type, count;
    if (!read_number(r, 4, "an array's type", &type) || !check_type(r, type))
        return false;
    if (type == HU_META_ARRAY)
        return hu_file_refuse(r->error, r->at - 4,
                              "a metadata array of arrays, which ggml does not read");
    return read_number(r, 8, "an array's length", &count) && read_values(r, m, type, count);
}

static bool read_metadata(struct reader *r)
{
    struct hu_tensor_file *file = r->file;
    struct hu_metadata m = {0};
    uint64_t type;
    if (!read_name(r, "a metadata key", 1, KEY_MAX_BYTES, &m.key) ||
        !read_number(r, 4, "a metadata type", &type) || !check_type(r, type))
        return false;
    m.is_array = type == HU_META_ARRAY;
    if (m.is_array) {
        if (!read_array(r, &m))
            return false;
    } else if (type == HU_META_STRING) {
        m.type = HU_META_STRING;
        if (!read_text(r, "a metadata string", &m.value, &m.count))
            return false;
    } else if (!read_values(r, &m, type, 1)) {
        return false;
    }
    struct hu_metadata *row = hu_file_append(&file->metadata, &file->metadata_count, sizeof *row);
    if (!row)
        return no_memory(r);
    *row = m;
    return true;
}

static bool read_shape(struct reader *r, struct hu_tensor *tensor)
{
    uint64_t rank;
    if (!read_number(r, 4, "a tensor's rank", &rank))
        return false;
    if (rank > RANK_MAX)
        return hu_file_refuse(r->error, r->at - 4,
                              "a tensor has %llu dimensions; ggml has at most %d",
                              (unsigned long long)rank, RANK_MAX);
    uint64_t *shape = rank ? arena_allocate(&r->file->arena, (size_t)rank * sizeof *shape) : NULL;
    if (rank && !shape)
        return no_memory(r);
    /* ggml's first dimension varies fastest; ours varies slowest. */
    for (uint64_t i = 0; i < rank; i++) {
        if (!read_number(r, 8, "a tensor's shape", &shape[rank - 1 - i]))
            return false;
        if (shape[rank - 1 - i] > INT64_MAX)
            return hu_file_refuse(r->error, r->at - 8, "a size in the shape is over 63 bits");
    }
    tensor->shape = shape;
    tensor->rank = (unsigned)rank;
    return true;
}

static bool read_tensor(struct reader *r, uint64_t alignment)
{
    struct hu_tensor *t = hu_file_append(&r->file->tensors, &r->file->count, sizeof *t);
    uint64_t type;
    if (!t)
        return no_memory(r);
    size_t start = r->at;
    if (!read_name(r, "a tensor's name", 0, NAME_MAX_BYTES, &t->name) || !read_shape(r, t) ||
        !read_number(r, 4, "a tensor's type", &type))
        return false;
    const char *name = PRINTABLE(t->name, 80);
    if (!hu_dtype_of_ggml((uint32_t)type, &t->dtype))
        return hu_file_refuse(
            r->error, r->at - 4, "tensor '%s' has the type %llu, which ggml %s", name,
            (unsigned long long)type,
            (type >= 31 && type <= 38) || type == 4 || type == 5 ? "has removed" : "does not have");
    if (!read_number(r, 8, "a tensor's offset", &t->offset))
        return false;
    if (t->offset % alignment)
        return hu_file_refuse(r->error, r->at - 8,
                              "tensor '%s' lies at %llu, no multiple of the alignment %llu", name,
                              (unsigned long long)t->offset, (unsigned long long)alignment);
    return hu_tensor_measure(t, start, r->error);
}

static bool read_alignment(struct reader *r, uint64_t *alignment)
{
    const struct hu_metadata *m = hu_metadata_find(r->file, "general.alignment");
    *alignment = 32;
    if (!m)
        return true;
    if (m->is_array || m->type != HU_META_UINT32 || !hu_metadata_integer(m, 0, alignment) ||
        !*alignment || *alignment & (*alignment - 1))
        return hu_file_refuse(r->error, (uint64_t)(m->value - r->bytes),
                              "general.alignment must be a uint32 and a power of two");
    return true;
}

/* False: over 64 bits. */
static bool align_up(uint64_t *offset, uint64_t alignment)
{
    uint64_t rest = *offset % alignment;
    return !rest || !__builtin_add_overflow(*offset, alignment - rest, offset);
}

/* Tensors lie one behind the other in the header's order, each at the next multiple of the
 * alignment, as ggml wants them. */
static bool check_tiling(struct reader *r, uint64_t alignment)
{
    struct hu_tensor_file *file = r->file;
    uint64_t next = 0, end = 0;
    bool fine = true;
    for (size_t i = 0; fine && i < file->count; i++) {
        struct hu_tensor *t = &file->tensors[i];
        const char *name = PRINTABLE(t->name, 80);
        if (t->offset != next)
            fine = hu_file_refuse(r->error, file->data_offset + (t->offset < end ? t->offset : end),
                                  t->offset < next ? "tensor '%s' overlaps the one before it"
                                                   : "the data has a hole before tensor '%s'",
                                  name);
        else if (__builtin_add_overflow(t->offset, t->bytes, &end) ||
                 end > r->size - file->data_offset)
            fine = hu_file_refuse(r->error, r->size,
                                  "the file is cut short: tensor '%s' ends %llu bytes later", name,
                                  (unsigned long long)(end - (r->size - file->data_offset)));
        next = end;
        fine = fine && (align_up(&next, alignment) || no_memory(r));
    }
    if (fine && r->size - file->data_offset > next)
        return hu_file_refuse_rest(r->error, file->data_offset + next,
                                   r->size - file->data_offset - next, "the last tensor's data");
    for (size_t i = 0; fine && i < file->count; i++)
        file->tensors[i].offset += file->data_offset;
    return fine;
}

static bool read_start(struct reader *r, uint64_t *tensors, uint64_t *keys)
{
    uint64_t version;
    if (r->end < 4 || memcmp(r->bytes, "GGUF", 4))
        return hu_file_refuse(r->error, 0, "no GGUF file: it does not begin with 'GGUF'");
    r->at = 4;
    if (!read_number(r, 4, "the version", &version))
        return false;
    if (version != 2 && version != 3)
        return hu_file_refuse(r->error, 4, "%s (versions 2 and 3, little-endian, are read)",
                              version == 0x02000000 || version == 0x03000000
                                  ? "the file is big-endian"
                              : version == 1 ? "GGUF version 1"
                                             : "an unknown version of GGUF");
    return read_number(r, 8, "the number of tensors", tensors) &&
           read_number(r, 8, "the number of metadata keys", keys);
}

bool hu_gguf_parse(const unsigned char *bytes, size_t n, uint64_t size, struct hu_tensor_file *file,
                   struct hu_file_error *error)
{
    struct reader r = {.bytes = bytes, .end = n, .size = size, .file = file, .error = error};
    uint64_t tensors = 0, keys = 0, alignment;
    file->kind = HU_FILE_GGUF;
    file->size = size;
    if (!read_start(&r, &tensors, &keys))
        return false;
    /* The counts are not trusted: rows grow as they are read, and each takes bytes of the file. */
    file->metadata_begin = r.at;
    for (uint64_t i = 0; i < keys; i++)
        if (!read_metadata(&r))
            return false;
    file->metadata_end = r.at;
    if (!read_alignment(&r, &alignment))
        return false;
    for (uint64_t i = 0; i < tensors; i++)
        if (!read_tensor(&r, alignment))
            return false;
    file->data_offset = r.at;
    /* A file that has no data needs no padding before it. */
    uint64_t data = 0;
    for (size_t i = 0; i < file->count; i++)
        data |= file->tensors[i].bytes;
    if (!align_up(&file->data_offset, alignment) || (data && file->data_offset > size))
        return hu_file_refuse(error, r.at, "the file ends within the padding after the header");
    if (file->data_offset > size)
        file->data_offset = size;
    return hu_file_check_names(file, r.at, error) && check_tiling(&r, alignment);
}
