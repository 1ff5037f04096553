#include "tensor_set.h"
#include "kind.h"
#include "open.h"
#include "json_text.h"
#include "printable.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct opening {
    struct hu_tensor_set *set;
    char *error;
};

static bool refuse(struct opening *o, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct opening *o, const char *path, const char *format, ...)
{
    char reason[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    snprintf(o->error, HU_SET_ERROR, "%s: %s", PRINTABLE(path, 280), reason);
    return false;
}

static bool add_file(struct opening *o, const char *path)
{
    struct hu_tensor_set *set = o->set;
    struct hu_file_error why;
    struct hu_tensor_file *file = hu_file_append(&set->files, &set->count, sizeof *file);
    size_t paths = set->count - 1;
    char **name = file ? hu_file_append(&set->paths, &paths, sizeof *name) : NULL;
    if (!name) {
        set->count -= file != NULL;
        return refuse(o, path, "out of memory");
    }
    *name = strdup(path);
    if (!*name)
        return refuse(o, path, "out of memory");
    if (hu_tensor_file_open(path, file, &why))
        return true;
    if (why.has_offset)
        return refuse(o, path, "byte %llu: %s", (unsigned long long)why.offset, why.reason);
    return refuse(o, path, "%s", why.reason);
}

static int compare(const void *a, const void *b)
{
    const struct hu_tensor *x = *(struct hu_tensor *const *)a, *y = *(struct hu_tensor *const *)b;
    return strcmp(x->name, y->name);
}

/* Sorts and sums the tensors of all files; a name may stand in one file alone. */
static bool gather(struct opening *o)
{
    struct hu_tensor_set *set = o->set;
    size_t n = 0;
    for (size_t i = 0; i < set->count; i++)
        n += set->files[i].count;
    set->tensors = malloc((n + 1) * sizeof *set->tensors);
    if (!set->tensors)
        return refuse(o, set->paths[0], "out of memory");
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->files[i].count; k++) {
            struct hu_tensor *t = &set->files[i].tensors[k];
            t->file = i;
            set->tensors[set->tensor_count++] = t;
            /* Bytes are within a file's size, so their sum fits; elements may be below a byte. */
            struct hu_counted counted = hu_tensor_counted(t);
            set->bytes += counted.bytes;
            set->elements += counted.elements;
        }
    qsort(set->tensors, n, sizeof *set->tensors, compare);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(set->tensors[i - 1]->name, set->tensors[i]->name))
            return refuse(o, set->paths[set->tensors[i]->file],
                          "tensor '%s' is in another shard too",
                          PRINTABLE(set->tensors[i]->name, 80));
    return true;
}

const struct hu_tensor *hu_tensor_set_at(const struct hu_tensor_set *set, size_t index)
{
    size_t file = 0;
    while (index >= set->files[file].count)
        index -= set->files[file++].count;
    return &set->files[file].tensors[index];
}

const struct hu_tensor *hu_tensor_set_find(const struct hu_tensor_set *set, const char *name)
{
    const struct hu_tensor wanted = {.name = name}, *key = &wanted;
    struct hu_tensor **found = set->tensor_count ? bsearch(&key, set->tensors, set->tensor_count,
                                                           sizeof *set->tensors, compare)
                                                 : NULL;
    return found ? *found : NULL;
}

const struct hu_tensor *hu_tensor_set_beside(const struct hu_tensor_set *set,
                                             const struct hu_tensor *t, size_t n, const char *tail)
{
    char name[1024];
    size_t length = strlen(t->name);
    if (length < n || length - n + strlen(tail) >= sizeof name)
        return NULL;
    memcpy(name, t->name, length - n);
    strcpy(name + length - n, tail);
    return hu_tensor_set_find(set, name);
}

static size_t shard_number(const struct hu_tensor_set *set, const char *path)
{
    size_t i = 0;
    while (i < set->count && strcmp(set->paths[i], path))
        i++;
    return i;
}

/* Opens every file that the map names, once. */
static bool open_shards(struct opening *o, const char *path, json_t *map)
{
    const char *name;
    json_t *value;
    json_object_foreach(map, name, value)
    {
        const char *file = json_string_value(value);
        if (!file || !*file || strchr(file, '/'))
            return refuse(o, path, "tensor '%s' must name a file beside the index",
                          PRINTABLE(name, 80));
        char *shard = hu_path_beside(path, file);
        bool fine = shard && (shard_number(o->set, shard) < o->set->count || add_file(o, shard));
        free(shard);
        if (!fine)
            return *o->error ? false : refuse(o, path, "out of memory");
    }
    return true;
}

static bool check_map(struct opening *o, const char *path, json_t *map)
{
    struct hu_tensor_set *set = o->set;
    const char *name;
    json_t *value;
    json_object_foreach(map, name, value)
    {
        const struct hu_tensor *t = hu_tensor_set_find(set, name);
        char *shard = hu_path_beside(path, json_string_value(value));
        bool there = t && shard && !strcmp(set->paths[t->file], shard);
        free(shard);
        if (!there)
            return refuse(o, path, "tensor '%s' is not in the file that the index names",
                          PRINTABLE(name, 80));
    }
    if (json_object_size(map) == set->tensor_count)
        return true;
    for (size_t i = 0; i < set->tensor_count; i++)
        if (!json_object_get(map, set->tensors[i]->name))
            return refuse(o, path, "tensor '%s' is in a shard and not in the index",
                          PRINTABLE(set->tensors[i]->name, 80));
    return true;
}

static bool read_index(struct opening *o, const char *path, json_t *root)
{
    json_t *map = json_object_get(root, "weight_map");
    json_t *total = json_object_get(json_object_get(root, "metadata"), "total_size");
    if (!json_is_object(map) || !json_object_size(map))
        return refuse(o, path, "an index needs a \"weight_map\" of tensors to files");
    if (total) {
        json_int_t n = json_integer_value(total);
        /* Some writers give it as 1.6e10. */
        if (json_is_real(total) && json_real_value(total) >= 0 && json_real_value(total) < 9e18)
            n = (json_int_t)json_real_value(total);
        if (!json_is_number(total) || n < 0)
            return refuse(o, path, "\"total_size\" must be a whole number");
        o->set->has_total_size = true;
        o->set->total_size = (uint64_t)n;
    }
    return open_shards(o, path, map) && gather(o) && check_map(o, path, map);
}

static bool open_index(struct opening *o, const char *path)
{
    char why[HU_JSON_ERROR];
    json_t *root = hu_json_read(path, 8, why);
    if (!root)
        return refuse(o, path, "%s", why);
    bool fine = read_index(o, path, root);
    json_decref(root);
    return fine;
}

/* llama.cpp splits a model into NAME-00001-of-00003.gguf and so on, and says so in split.count. */
static bool add_splits(struct opening *o, const char *path)
{
    uint64_t count = 0;
    const struct hu_metadata *m = hu_metadata_find(&o->set->files[0], "split.count");
    if (!m || !hu_metadata_integer(m, 0, &count) || count < 2)
        return true;
    size_t n = strlen(path);
    const char tail[] = "-00001-of-00001.gguf";
    size_t length = sizeof tail - 1;
    if (count > 99999 || n < length || strncmp(path + n - length + 6, "-of-", 4))
        return refuse(o, path,
                      "is one of %llu splits, and its name does not end in "
                      "-NNNNN-of-NNNNN.gguf",
                      (unsigned long long)count);
    for (unsigned i = 1; i <= count; i++) {
        char *split = malloc(n + 8);
        if (!split)
            return refuse(o, path, "out of memory");
        snprintf(split, n + 8, "%.*s-%05u-of-%05u.gguf", (int)(n - length), path, i,
                 (unsigned)count);
        bool fine = !strcmp(split, path) || add_file(o, split);
        free(split);
        if (!fine)
            return false;
    }
    return true;
}

bool hu_tensor_set_open(const char *path, struct hu_tensor_set *set, char error[HU_SET_ERROR])
{
    struct opening o = {.set = set, .error = error};
    *set = (struct hu_tensor_set){0};
    *error = 0;
    bool fine = hu_kind_of_name(path) == HU_FILE_INDEX
                    ? open_index(&o, path)
                    : add_file(&o, path) && add_splits(&o, path) && gather(&o);
    if (!fine)
        hu_tensor_set_close(set);
    return fine;
}

void hu_tensor_set_close(struct hu_tensor_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        hu_tensor_file_close(&set->files[i]);
        free(set->paths[i]);
    }
    free(set->files);
    free(set->paths);
    free(set->tensors);
    *set = (struct hu_tensor_set){0};
}
