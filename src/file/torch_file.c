#include "torch_file.h"
#include "kind.h"
#include "torch_values.h"
#include "zip_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An archive on its way. */
struct zipped {
    struct hu_zip *zip;
    const struct hu_member_name *names;
    size_t count;
    char prefix[256]; /* of all names, with its '/' */
};

int hu_member_names_compare(const void *a, const void *b)
{
    const struct hu_member_name *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* The member PREFIX NAME. NULL: there is none. */
static const struct hu_member_name *find_member(const struct zipped *z, const char *name)
{
    char full[512];
    int n = snprintf(full, sizeof full, "%s%s", z->prefix, name);
    const struct hu_member_name key = {.name = full};
    return n < (int)sizeof full
               ? bsearch(&key, z->names, z->count, sizeof key, hu_member_names_compare)
               : NULL;
}

static bool find_zipped(void *context, const struct hu_torch_storage *s,
                        struct hu_torch_place *place, struct hu_file_error *error)
{
    struct zipped *z = context;
    struct hu_zip_member m;
    char name[128];
    if (s->key_bytes > 100 || memchr(s->key, 0, s->key_bytes))
        return hu_file_refuse_whole(error, "a storage's name has more than 100 bytes, or a NUL");
    snprintf(name, sizeof name, "data/%.*s", (int)s->key_bytes, (const char *)s->key);
    const struct hu_member_name *found = find_member(z, name);
    if (!found)
        return hu_file_refuse_whole(error, "the archive lacks its member '%s%s'", z->prefix, name);
    if (!hu_zip_member(z->zip, found->index, &m, error))
        return false;
    place->bytes = m.size;
    place->member = found->index + 1;
    place->packed = !m.stored;
    return !m.stored || hu_zip_place(z->zip, found->index, &place->offset, error);
}

/* The record "byteorder" says little or big; files from before it was written are little-endian. */
static bool read_byteorder(struct zipped *z, bool *big_endian, struct hu_file_error *error)
{
    char text[8] = "";
    struct hu_zip_member m;
    const struct hu_member_name *found = find_member(z, "byteorder");
    *big_endian = false;
    if (!found)
        return true;
    if (!hu_zip_member(z->zip, found->index, &m, error))
        return false;
    bool fits = m.size < sizeof text;
    if (fits && !hu_zip_read(z->zip, found->index, text, (size_t)m.size, error))
        return false;
    *big_endian = !strcmp(text, "big");
    return *big_endian || !strcmp(text, "little") ||
           hu_file_refuse_whole(error,
                                "the archive's member '%sbyteorder' says neither little nor "
                                "big",
                                z->prefix);
}

/* The error at a byte of the pickle becomes one of the member. */
static bool refuse_in_member(struct hu_file_error *error)
{
    struct hu_file_error inner = *error;
    if (!inner.has_offset)
        return false;
    return hu_file_refuse_whole(error, "data.pkl, byte %llu: %.280s",
                                (unsigned long long)inner.offset, inner.reason);
}

static bool parse_pickle(struct zipped *z, const unsigned char *bytes, size_t n,
                         struct hu_tensor_file *file, struct hu_file_error *error)
{
    bool big_endian;
    struct hu_torch_made made = {.file = file};
    struct hu_pickle_maker maker = hu_torch_maker(&made);
    struct hu_pickle *p = hu_pickle_new(bytes, n, false, &maker, error);
    const struct hu_pickle_value *root = p ? hu_pickle_read(p, 0) : NULL;
    bool fine = root && read_byteorder(z, &big_endian, error) &&
                hu_torch_gather(file, root, big_endian, find_zipped, z, error);
    hu_pickle_free(p);
    free(made.storages);
    return fine || refuse_in_member(error);
}

bool hu_torch_read_zip(struct hu_zip *zip, size_t pickle, const struct hu_member_name *names,
                       size_t count, struct hu_tensor_file *file, struct hu_file_error *error)
{
    struct hu_zip_member m;
    struct zipped z = {.zip = zip, .names = names, .count = count};
    file->kind = HU_FILE_TORCH;
    if (!hu_zip_member(zip, pickle, &m, error))
        return false;
    size_t n = strlen(m.name) - strlen("data.pkl");
    if (n >= sizeof z.prefix)
        return hu_file_refuse_whole(error, "the archive's folder has a name of %zu bytes", n);
    memcpy(z.prefix, m.name, n);
    if (find_member(&z, "constants.pkl"))
        return hu_file_refuse_whole(error, "is a TorchScript archive, a program with its weights: "
                                           "save its state_dict() by torch.save");
    if (m.size > HU_PICKLE_MAX)
        return hu_file_refuse_whole(error, "the archive's pickle has %llu bytes, more than %d MiB",
                                    (unsigned long long)m.size, HU_PICKLE_MAX >> 20);
    unsigned char *bytes = malloc((size_t)m.size + 1);
    if (!bytes)
        return hu_file_refuse_whole(error, "out of memory");
    bool fine = hu_zip_read(zip, pickle, bytes, (size_t)m.size, error) &&
                parse_pickle(&z, bytes, (size_t)m.size, file, error);
    free(bytes);
    return fine;
}

/* Storages behind the pickles, as the list of their keys has them. */
struct legacy {
    const struct hu_input *in;
    struct hu_torch_made made; /* by key, once the list is read */
    uint64_t *places;          /* of made.storages' data; 0: not in the list */
};

static int compare_keys(const struct hu_torch_storage *x, const struct hu_torch_storage *y)
{
    uint32_t n = x->key_bytes < y->key_bytes ? x->key_bytes : y->key_bytes;
    int order = n ? memcmp(x->key, y->key, n) : 0;
    return order ? order : (x->key_bytes > y->key_bytes) - (x->key_bytes < y->key_bytes);
}

static int compare_storages(const void *a, const void *b)
{
    return compare_keys(*(struct hu_torch_storage *const *)a, *(struct hu_torch_storage *const *)b);
}

/* The first of those that have KEY's key; made.count: there is none. */
static size_t find_key(const struct legacy *l, const struct hu_torch_storage *key)
{
    size_t low = 0, high = l->made.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(l->made.storages[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->made.count && !compare_keys(l->made.storages[low], key) ? low : l->made.count;
}

static bool refuse_storage(struct hu_file_error *error, uint64_t offset,
                           const struct hu_torch_storage *s, const char *what)
{
    return hu_file_refuse(error, offset, "storage '%.*s' %s",
                          (int)(s->key_bytes < 40 ? s->key_bytes : 40), (const char *)s->key, what);
}

static bool find_legacy(void *context, const struct hu_torch_storage *s,
                        struct hu_torch_place *place, struct hu_file_error *error)
{
    struct legacy *l = context;
    size_t index = find_key(l, s);
    if (index == l->made.count || !l->places[index])
        return refuse_storage(error, l->in->size, s, "is not in the file's list of storages");
    const struct hu_torch_storage *first = l->made.storages[index];
    place->offset = l->places[index];
    place->bytes = first->whole * hu_torch_storage_unit(first);
    return true;
}

/* The elements of a storage stand before its data, in eight bytes. */
static bool place_storage(struct legacy *l, const struct hu_pickle_value *key, uint64_t *at,
                          struct hu_file_error *error)
{
    unsigned char bytes[8];
    uint64_t size;
    struct hu_torch_storage wanted = {.key = key->bytes, .key_bytes = key->count};
    if (key->type != HU_PICKLE_TEXT)
        return hu_file_refuse(error, *at, "the list of storages holds no text");
    size_t index = find_key(l, &wanted);
    if (index == l->made.count)
        return refuse_storage(error, *at, &wanted, "is listed, and the pickle speaks of none such");
    if (l->places[index])
        return refuse_storage(error, *at, &wanted, "is listed twice");
    const struct hu_torch_storage *s = l->made.storages[index];
    int why = hu_input_read(l->in, bytes, 8, *at);
    if (why)
        return refuse_storage(error, *at < l->in->size ? *at : l->in->size, s,
                              why < 0 ? "lies behind the file's end: it is cut short"
                                      : strerror(why));
    uint64_t elements = hu_little_read(bytes, 8);
    if (elements != s->whole)
        return refuse_storage(error, *at, s, "has another number of elements than the pickle says");
    *at += 8;
    if (__builtin_mul_overflow(elements, hu_torch_storage_unit(s), &size) ||
        size > l->in->size - *at)
        return refuse_storage(error, l->in->size, s, "ends behind the file's end: it is cut short");
    l->places[index] = *at;
    *at += size;
    return true;
}

static bool place_storages(struct legacy *l, const struct hu_pickle_value *keys, uint64_t at,
                           struct hu_file_error *error)
{
    if (keys->type != HU_PICKLE_LIST)
        return hu_file_refuse(error, at, "no list of storages follows the pickle");
    if (l->made.count)
        qsort(l->made.storages, l->made.count, sizeof *l->made.storages, compare_storages);
    l->places = calloc(l->made.count + 1, sizeof *l->places);
    if (!l->places)
        return hu_file_refuse_whole(error, "out of memory");
    for (uint32_t i = 0; i < keys->count; i++)
        if (!place_storage(l, keys->items[i], &at, error))
            return false;
    return at == l->in->size ||
           hu_file_refuse_rest(error, at, l->in->size - at, "the last storage");
}

/* PROTOCOL_VERSION, and what the machine was. */
static bool check_system(struct hu_pickle *p, size_t at, struct hu_file_error *error)
{
    const struct hu_pickle_value *version = hu_pickle_read(p, at);
    if (!version)
        return false;
    if (version->type != HU_PICKLE_INTEGER || version->integer != 1001)
        return hu_file_refuse(error, at,
                              "PyTorch's files of this kind have the version 1001, and "
                              "this one has not");
    at = hu_pickle_at(p);
    const struct hu_pickle_value *system = hu_pickle_read(p, at);
    const struct hu_pickle_value *little = system ? hu_pickle_get(system, "little_endian") : NULL;
    if (!system)
        return false;
    return !little || (little->type == HU_PICKLE_BOOL && little->integer) ||
           hu_file_refuse(error, at,
                          "a big-endian machine wrote the file without zip, which is not "
                          "read: load it there and save it again");
}

static bool read_pickles(struct legacy *l, struct hu_pickle *p, struct hu_tensor_file *file,
                         struct hu_file_error *error)
{
    unsigned char first[32] = {0};
    hu_input_read(l->in, first, sizeof first < l->in->size ? sizeof first : (size_t)l->in->size, 0);
    if (hu_kind_of_bytes(first, sizeof first) != HU_FILE_TORCH)
        return hu_file_refuse(error, 0,
                              "is neither a zip archive nor begins with PyTorch's magic number, as "
                              "files of torch.save do");
    if (!hu_pickle_read(p, 0) || !check_system(p, hu_pickle_at(p), error))
        return false;
    const struct hu_pickle_value *root = hu_pickle_read(p, hu_pickle_at(p));
    const struct hu_pickle_value *keys = root ? hu_pickle_read(p, hu_pickle_at(p)) : NULL;
    return keys && place_storages(l, keys, hu_pickle_at(p), error) &&
           hu_torch_gather(file, root, false, find_legacy, l, error);
}

bool hu_torch_parse(const struct hu_input *in, const unsigned char *bytes, size_t n,
                    struct hu_tensor_file *file, struct hu_file_error *error)
{
    struct legacy l = {.in = in, .made = {.file = file}};
    struct hu_pickle_maker maker = hu_torch_maker(&l.made);
    struct hu_pickle *p = hu_pickle_new(bytes, n, n < in->size, &maker, error);
    bool fine = p && read_pickles(&l, p, file, error);
    hu_pickle_free(p);
    free(l.made.storages);
    free(l.places);
    file->kind = HU_FILE_TORCH;
    return fine;
}
