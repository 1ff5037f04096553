/* The tensors among a pickle's values: their names, dtypes, and where their data lies. */
#include "printable.h"
#include "torch_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* State dicts are two or three deep; what is reached again by many ways must end somewhere. */
enum {
    DEPTH_MAX = 64,
    NAME_MAX_BYTES = 4096,
    VISITS_MAX = 16 << 20,
    NAMED_MAX = 2 << 20, /* of them those that take a name: containers and tensors */
    TENSORS_MAX = 1 << 20,
    NAMES_BYTES_MAX = 64 << 20
};

struct walk {
    struct hu_tensor_file *file;
    bool big_endian;
    hu_torch_find *find;
    void *context;
    struct hu_file_error *error;
    char name[NAME_MAX_BYTES];
    size_t visits, named, others, storages, unread, repeating, name_bytes;
    const char *first_unread;
};

static bool dtype_of(const struct hu_torch_name *name, struct hu_dtype *dtype)
{
    return name->dtype && *name->dtype && hu_dtype_find(name->dtype, dtype);
}

/* Whether a tensor's elements lie one after the other; how many lie between the first and the last,
 * both counted; and how many there are, each once: that many at most. False: over 64 bits. */
static bool measure_span(const struct hu_torch_tensor *t, uint64_t *span, uint64_t *once,
                         bool *in_a_row)
{
    uint64_t next = 1;
    *span = *once = 1;
    *in_a_row = true;
    for (unsigned i = t->rank; i-- > 0;) {
        uint64_t reach;
        if (t->sizes[i] > 1) {
            *in_a_row &= t->strides[i] == next;
            if (__builtin_mul_overflow(t->sizes[i] - 1, t->strides[i], &reach) ||
                __builtin_add_overflow(*span, reach, span))
                return false;
            *once *= t->strides[i] ? t->sizes[i] : 1;
        }
        if (__builtin_mul_overflow(next, t->sizes[i], &next))
            return false;
    }
    *once = *once < *span ? *once : *span;
    return true;
}

static bool refuse(struct walk *w, const struct hu_torch_tensor *t, const char *what)
{
    return hu_file_refuse(w->error, t->at, "tensor '%s' %s", PRINTABLE(w->name, 120), what);
}

/* The tensor's place among the elements of its storage, against how many that has. */
static bool check_place(struct walk *w, const struct hu_torch_tensor *t, struct hu_tensor *out)
{
    bool in_a_row;
    uint64_t size = hu_dtype_bytes(out->dtype), elements = t->storage->elements, once, end;
    /* A storage of bytes counts those. */
    if (!*t->storage->type->dtype)
        elements /= size;
    if (!out->elements)
        return t->offset <= elements || refuse(w, t, "begins behind the end of its storage");
    if (!measure_span(t, &out->span, &once, &in_a_row) ||
        __builtin_add_overflow(t->offset, out->span, &end) || end > elements)
        return refuse(w, t, "reaches behind the end of its storage");
    out->repeated = out->elements - once;
    w->repeating += out->repeated > 0;
    if (!in_a_row)
        out->strides = t->strides;
    return true;
}

static bool locate(struct walk *w, const struct hu_torch_tensor *t, struct hu_tensor *out)
{
    struct hu_torch_place place = {0};
    const struct hu_torch_storage *s = t->storage;
    struct hu_dtype stored = out->dtype;
    uint64_t size = hu_dtype_bytes(out->dtype), bytes;
    bool typed = dtype_of(s->type, &stored);
    if (typed && hu_dtype_bytes(stored) != size)
        return refuse(w, t, "has another dtype than its storage");
    if (__builtin_mul_overflow(s->whole, typed ? size : 1, &bytes))
        return refuse(w, t, "has a storage of more than 64 bits of bytes");
    if (!w->find(w->context, s, &place, w->error))
        return false;
    if (place.bytes < bytes)
        return hu_file_refuse(w->error, t->at,
                              "storage '%.*s' has %llu bytes, and %llu are due: the file is cut "
                              "short",
                              (int)(s->key_bytes < 40 ? s->key_bytes : 40), (const char *)s->key,
                              (unsigned long long)place.bytes, (unsigned long long)bytes);
    out->offset = place.offset + s->base * (typed ? size : 1) + t->offset * size;
    out->member = place.member;
    out->packed = place.packed;
    return true;
}

/* False: refused. */
static bool keep_name(struct walk *w, const char **name)
{
    size_t n = strlen(w->name) + 1;
    w->name_bytes += n;
    if (w->name_bytes > NAMES_BYTES_MAX || w->file->count == TENSORS_MAX)
        return hu_file_refuse_whole(w->error,
                                    "the pickle has more than %d tensors, or names of more than %d "
                                    "MiB",
                                    TENSORS_MAX, NAMES_BYTES_MAX >> 20);
    char *copy = arena_allocate(&w->file->arena, n);
    if (!copy)
        return hu_file_refuse_whole(w->error, "out of memory");
    memcpy(copy, w->name, n);
    *name = copy;
    return true;
}

static bool add_tensor(struct walk *w, const struct hu_torch_tensor *t)
{
    struct hu_tensor out = {
        .shape = t->rank ? t->sizes : NULL, .rank = t->rank, .big_endian = w->big_endian};
    if (!t->storage->type->dtype || !dtype_of(t->dtype, &out.dtype)) {
        w->first_unread = w->unread++ ? w->first_unread : t->dtype->name;
        return true;
    }
    out.big_endian &= hu_dtype_bytes(out.dtype) > 1;
    if (!keep_name(w, &out.name) || !hu_tensor_measure(&out, t->at, w->error) ||
        !check_place(w, t, &out) || !locate(w, t, &out))
        return false;
    struct hu_tensor *row = hu_file_append(&w->file->tensors, &w->file->count, sizeof *row);
    if (!row)
        return hu_file_refuse(w->error, t->at, "out of memory");
    *row = out;
    return true;
}

static bool visit(struct walk *w, struct hu_pickle_value *v, size_t length, unsigned depth);

/* Appends '.' and the key to the name. False: refused. */
static bool name_item(struct walk *w, size_t *length, const unsigned char *key, size_t n)
{
    size_t at = *length;
    if (at + n + 2 > sizeof w->name)
        return hu_file_refuse_whole(w->error, "a tensor's name has more than %d bytes",
                                    NAME_MAX_BYTES - 2);
    if (at)
        w->name[at++] = '.';
    for (size_t i = 0, step; i < n; i += step) {
        step = hu_utf8_length(key + i, n - i);
        if (!step || !key[i])
            return hu_file_refuse_whole(w->error, "a tensor's name is no UTF-8, or has a NUL");
    }
    if (n)
        memcpy(w->name + at, key, n);
    w->name[at + n] = 0;
    *length = at + n;
    return true;
}

static bool too_many(struct walk *w, size_t most)
{
    return hu_file_refuse_whole(w->error, "the pickle's values are reached in more than %zu ways",
                                most);
}

static bool takes_name(const struct hu_pickle_value *v)
{
    return v->type == HU_PICKLE_MADE || v->type == HU_PICKLE_TUPLE || v->type == HU_PICKLE_LIST ||
           v->type == HU_PICKLE_DICT;
}

/* A text is its own name, a number its digits, and other keys the number of their item. */
static bool visit_named(struct walk *w, const struct hu_pickle_value *key, uint32_t index,
                        struct hu_pickle_value *v, size_t length, unsigned depth)
{
    char digits[24];
    if (!takes_name(v))
        return visit(w, v, length, depth);
    if (++w->named > NAMED_MAX)
        return too_many(w, NAMED_MAX);
    bool has_text = key && (key->type == HU_PICKLE_TEXT || key->type == HU_PICKLE_BYTES);
    long long number = key && key->type == HU_PICKLE_INTEGER ? key->integer : (long long)index;
    int n = snprintf(digits, sizeof digits, "%lld", number);
    return (has_text ? name_item(w, &length, key->bytes, key->count)
                     : name_item(w, &length, (const unsigned char *)digits, (size_t)n)) &&
           visit(w, v, length, depth);
}

static bool visit_items(struct walk *w, struct hu_pickle_value *v, size_t length, unsigned depth)
{
    bool fine = true;
    bool pairs = v->type == HU_PICKLE_DICT;
    if (v->busy)
        return hu_file_refuse_whole(w->error, "the pickle's values hold each other");
    if (depth == DEPTH_MAX)
        return hu_file_refuse_whole(w->error, "the pickle's values are more than %d deep",
                                    DEPTH_MAX);
    v->busy = true;
    for (uint32_t i = 0; fine && i < v->count; i += 1 + pairs)
        fine =
            visit_named(w, pairs ? v->items[i] : NULL, i, v->items[i + pairs], length, depth + 1);
    v->busy = false;
    return fine;
}

static bool visit(struct walk *w, struct hu_pickle_value *v, size_t length, unsigned depth)
{
    if (++w->visits > VISITS_MAX)
        return too_many(w, VISITS_MAX);
    switch (v->type) {
    case HU_PICKLE_MADE:
        if (v->name == HU_TORCH_MADE_TENSOR)
            return add_tensor(w, v->made);
        w->storages++;
        return true;
    case HU_PICKLE_TUPLE:
    case HU_PICKLE_LIST:
    case HU_PICKLE_DICT:
        return visit_items(w, v, length, depth);
    default:
        w->others++;
        return true;
    }
}

/* Tied weights are one storage under two names; it counts once. */
static bool mark_shared(struct hu_tensor_file *file, struct hu_file_error *error)
{
    size_t shared = 0;
    struct hu_tensor **order = hu_file_by_offset(file);
    if (!order)
        return hu_file_refuse_whole(error, "out of memory");
    for (size_t i = 1; i < file->count; i++) {
        const struct hu_tensor *a = order[i - 1], *b = order[i];
        order[i]->shared = b->bytes && a->member == b->member && a->offset == b->offset &&
                           hu_tensor_bytes_once(a) == hu_tensor_bytes_once(b);
        shared += order[i]->shared;
    }
    free(order);
    if (shared)
        hu_file_note(file,
                     "%zu tensor%s the data of another, as tied weights do: it is counted once",
                     shared, shared > 1 ? "s have" : " has");
    return true;
}

static void note_rest(struct walk *w)
{
    if (w->unread)
        hu_file_note(w->file, "%zu tensor%s of %s%s left aside: halfulp has no such dtype",
                     w->unread, w->unread > 1 ? "s" : "", w->first_unread,
                     w->unread > 1 ? " and the like are" : " is");
    if (w->repeating)
        hu_file_note(w->file, "%zu tensor%s elements of the storage (expand): each counts once",
                     w->repeating, w->repeating > 1 ? "s repeat" : " repeats");
    if (w->others + w->storages)
        hu_file_note(w->file, "%zu value%s no tensor%s left aside", w->others + w->storages,
                     w->others + w->storages > 1 ? "s that are" : " that is",
                     w->others + w->storages > 1 ? "s are" : " is");
}

bool hu_torch_gather(struct hu_tensor_file *file, const struct hu_pickle_value *value,
                     bool big_endian, hu_torch_find *find, void *context,
                     struct hu_file_error *error)
{
    struct walk *w = calloc(1, sizeof *w);
    if (!w)
        return hu_file_refuse_whole(error, "out of memory");
    *w = (struct walk){
        .file = file, .big_endian = big_endian, .find = find, .context = context, .error = error};
    bool lone = value->type == HU_PICKLE_MADE && value->name == HU_TORCH_MADE_TENSOR;
    if (lone)
        strcpy(w->name, "tensor");
    /* The values are the pickle's, which is not constant to us. */
    bool fine = visit(w, (struct hu_pickle_value *)value, 0, 0) &&
                hu_file_check_names(file, 0, error) && mark_shared(file, error);
    if (fine)
        note_rest(w);
    free(w);
    return fine;
}
