#include "checkpoint.h"
#include "match.h"
#include "file/kind.h"
#include "file/json_text.h"
#include "file/printable.h"
#include "file/tensor_set.h"
#include "file/text_file.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_SIZE = 640, TENSORS_MAX = 1 << 22, IGNORED_MAX = 16 };

struct list {
    struct hu_checkpoint *c;
    const char *path;
    unsigned line;
    struct hu_dtype dtype; /* of what has none of its own */
    char ignored[IGNORED_MAX][NAME_SIZE];
    size_t ignored_count;
};

static bool fail(struct hu_checkpoint *c, const char *path, const char *why)
{
    snprintf(c->error, sizeof c->error, "%.300s: %s", path, why);
    return false;
}

static bool refuse(struct list *l, const char *why)
{
    snprintf(l->c->error, sizeof l->c->error, "%.300s: line %u: %s", l->path, l->line, why);
    return false;
}

/* One more, called NAME and else as LIKE. NULL: too many. */
static struct hu_checkpoint_tensor *append(struct hu_checkpoint *c, const char *name,
                                           const struct hu_checkpoint_tensor *like)
{
    struct hu_checkpoint_tensor *t =
        c->count < TENSORS_MAX ? hu_file_append(&c->tensors, &c->count, sizeof *t) : NULL;
    if (!t)
        return NULL;
    *t = *like;
    t->name = arena_text(&c->arena, name, strlen(name));
    return t->name ? t : NULL;
}

/* [A,B] or [A B]: digits in brackets. *AT moves past it. */
static bool read_shape(const char **at, struct hu_checkpoint_tensor *t)
{
    const char *c = *at + 1;
    t->has_shape = true;
    while (*c && *c != ']') {
        char *end;
        if (!isdigit((unsigned char)*c) || t->rank == HU_RANK_MAX)
            return false;
        t->shape[t->rank++] = strtoull(c, &end, 10);
        for (c = end; *c == ',' || *c == ' '; c++)
            ;
    }
    *at = c + (*c == ']');
    return c[0] == ']';
}

/* A number or a range A-B of a list in braces; *AT moves past it. */
static bool read_range(const char **at, uint64_t *from, uint64_t *to)
{
    char *end;
    if (!isdigit((unsigned char)**at))
        return false;
    *from = *to = strtoull(*at, &end, 10);
    if (*end == '-' && isdigit((unsigned char)end[1]))
        *to = strtoull(end + 1, &end, 10);
    *at = end + (*end == ',');
    return *to >= *from && *to - *from < TENSORS_MAX && (*end == ',' || *end == '}');
}

/* NAME with each {A-B,C} of PATTERN by every number that it stands for. */
static bool expand(struct list *l, char *name, size_t n, const char *pattern,
                   const struct hu_checkpoint_tensor *model)
{
    const char *open = strchr(pattern, '{'), *close = open ? strchr(open, '}') : NULL;
    size_t plain = open ? (size_t)(open - pattern) : strlen(pattern);
    if (n + plain + 24 >= NAME_SIZE)
        return refuse(l, "a name is too long");
    memcpy(name + n, pattern, plain);
    name[n += plain] = 0;
    if (!open)
        return append(l->c, name, model) || refuse(l, "there are too many tensors");
    for (const char *at = open + 1; close && at < close;) {
        uint64_t from, to;
        if (!read_range(&at, &from, &to))
            return refuse(l, "numbers in a name are {A-B,C,…}");
        for (uint64_t i = from; i <= to; i++) {
            size_t digits = (size_t)sprintf(name + n, "%llu", (unsigned long long)i);
            if (!expand(l, name, n + digits, close + 1, model))
                return false;
        }
    }
    return close || refuse(l, "a '{' in a name is not closed");
}

/* What the head says in comments: the sum of bytes, the dtype, patterns that are left aside. */
static bool read_head(struct list *l, const char *line)
{
    char text[NAME_SIZE];
    if (sscanf(line, "# total_size: %639s", text) == 1) {
        l->c->has_total_size = true;
        l->c->total_size = strtoull(text, NULL, 10);
    } else if (sscanf(line, "# dtype: %639s", text) == 1) {
        if (!hu_dtype_find(text, &l->dtype))
            return refuse(l, "its dtype is not known");
    } else if (!strncmp(line, "# ignore: ", 10)) {
        if (l->ignored_count == IGNORED_MAX)
            return refuse(l, "there are too many lines to ignore");
        snprintf(l->ignored[l->ignored_count++], NAME_SIZE, "%.600s", line + 10);
    }
    return true;
}

/* One line without its newline, ended by NUL. */
static bool read_line(struct list *l, char *line)
{
    char name[NAME_SIZE], pattern[NAME_SIZE], dtype[32];
    struct hu_checkpoint_tensor t = {.dtype = l->dtype};
    size_t n = strcspn(line, " \t");
    if (*line == '#')
        return read_head(l, line);
    if (n >= sizeof pattern)
        return refuse(l, "a name is too long");
    memcpy(pattern, line, n);
    pattern[n] = 0;
    for (size_t i = 0; i < l->ignored_count; i++)
        t.met |= !strcmp(l->ignored[i], pattern);
    const char *at = line + n + strspn(line + n, " \t");
    if (*at == '[' && !read_shape(&at, &t))
        return refuse(l, "a shape is [SIZE SIZE …]");
    if (sscanf(at, "%31s", dtype) == 1 && !hu_dtype_find(dtype, &t.dtype) && strcmp(dtype, "–"))
        return refuse(l, "after the shape comes a dtype");
    return expand(l, name, 0, pattern, &t);
}

static bool read_list(const char *path, struct hu_checkpoint *c)
{
    struct list l = {.c = c, .path = path};
    const char *why;
    size_t n;
    char *text = hu_text_read(path, &n, &why);
    if (!text)
        return fail(c, path, why);
    bool fine = true;
    for (char *at = text, *end = text + n; fine && at < end;) {
        char *newline = memchr(at, '\n', (size_t)(end - at)), line[4096];
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);
        l.line++;
        if (length >= sizeof line) {
            fine = refuse(&l, "it is too long");
            break;
        }
        memcpy(line, at, length);
        line[length] = 0;
        for (size_t used = strlen(line); used && isspace((unsigned char)line[used - 1]);)
            line[--used] = 0;
        fine = !*line || read_line(&l, line);
        at += length + 1;
    }
    free(text);
    return fine;
}

static bool read_set(const char *path, struct hu_checkpoint *c)
{
    struct hu_tensor_set set;
    if (!hu_tensor_set_open(path, &set, c->error))
        return false;
    bool fine = true;
    c->ggml = set.count && set.files[0].kind == HU_FILE_GGUF;
    for (size_t i = 0; fine && i < set.tensor_count; i++) {
        const struct hu_tensor *from = set.tensors[i];
        struct hu_checkpoint_tensor t = {.has_shape = from->rank <= HU_RANK_MAX,
                                         .dtype = from->dtype};
        t.rank = t.has_shape ? from->rank : 0;
        for (unsigned k = 0; k < t.rank; k++)
            t.shape[k] = from->shape[k];
        fine = append(c, from->name, &t) || fail(c, path, "out of memory");
    }
    c->has_total_size = fine;
    c->total_size = set.bytes;
    hu_tensor_set_close(&set);
    return fine;
}

/* An index alone: names, and the sum of bytes. False: it is no index. */
static bool read_names(const char *path, struct hu_checkpoint *c)
{
    static const struct hu_checkpoint_tensor bare;
    const char *name;
    json_t *file;
    char wrong[HU_JSON_ERROR];
    json_t *root = hu_json_read(path, 8, wrong);
    json_t *map = json_object_get(root, "weight_map");
    json_t *total = json_object_get(json_object_get(root, "metadata"), "total_size");
    bool fine = json_is_object(map);
    json_object_foreach(map, name, file) fine = fine && append(c, name, &bare);
    c->has_total_size = json_is_integer(total) && json_integer_value(total) >= 0;
    c->total_size = c->has_total_size ? (uint64_t)json_integer_value(total) : 0;
    json_decref(root);
    return fine;
}

static bool read_index(const char *path, struct hu_checkpoint *c)
{
    if (read_set(path, c))
        return true;
    /* Without its shards it still has the names; what else is wrong with it was said. */
    struct hu_checkpoint without = {0};
    if (!strstr(c->error, "No such file"))
        return false;
    memcpy(without.error, c->error, sizeof without.error);
    hu_checkpoint_free(c);
    *c = without;
    return read_names(path, c);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct hu_checkpoint_tensor *)a)->name,
                  ((const struct hu_checkpoint_tensor *)b)->name);
}

static bool read_path(const char *path, struct hu_checkpoint *c)
{
    struct stat status;
    char inside[HU_PATH_MAX];
    bool folder = !stat(path, &status) && S_ISDIR(status.st_mode);
    if (folder)
        return hu_folder_model(path, inside) ? read_path(inside, c)
                                             : fail(c, path, "the folder has no model.safetensors");
    enum hu_file_kind kind = hu_kind_of_file(path);
    if (kind == HU_FILE_INDEX)
        return read_index(path, c);
    return (kind == HU_FILE_OTHER ? read_list : read_set)(path, c);
}

bool hu_checkpoint_read(const char *path, struct hu_checkpoint *checkpoint)
{
    *checkpoint = (struct hu_checkpoint){0};
    if (!read_path(path, checkpoint))
        return false;
    if (!checkpoint->count)
        return fail(checkpoint, path, "it names no tensor");
    qsort(checkpoint->tensors, checkpoint->count, sizeof *checkpoint->tensors, by_name);
    return true;
}

bool hu_checkpoint_list(const struct hu_checkpoint *checkpoint, struct hu_model *model)
{
    struct hu_tensors *t = &model->tensors;
    if (checkpoint->count > HU_ROWS_MAX || !(t->rows = calloc(checkpoint->count, sizeof *t->rows)))
        return false;
    for (size_t i = 0; i < checkpoint->count; i++) {
        const struct hu_checkpoint_tensor *from = &checkpoint->tensors[i];
        struct hu_tensor_row *row = &t->rows[t->count++];
        *row = hu_one_row;
        row->name = from->name;
        row->rank = from->rank;
        row->dtype = from->dtype;
        for (unsigned k = 0; k < from->rank; k++)
            row->elements *= row->shape[k] = from->shape[k];
    }
    return true;
}

void hu_checkpoint_free(struct hu_checkpoint *checkpoint)
{
    free(checkpoint->tensors);
    arena_free(&checkpoint->arena);
    *checkpoint = (struct hu_checkpoint){0};
}

static bool same_shape(const struct hu_tensor_row *row, const struct hu_checkpoint_tensor *t)
{
    bool same = row->rank == t->rank;
    for (unsigned i = 0; same && i < t->rank; i++)
        same = row->shape[i] == t->shape[i];
    return same;
}

static bool add(struct hu_comparison *c, struct hu_difference d)
{
    struct hu_difference *row = hu_file_append(&c->differences, &c->count, sizeof *row);
    if (row)
        *row = d;
    return row && d.name;
}

/* ROW's copy called NAME. False: out of memory. */
static bool compare_one(const char *name, const struct hu_tensor_row *row, struct hu_checkpoint *c,
                        struct hu_comparison *out)
{
    struct hu_checkpoint_tensor key = {.name = name};
    struct hu_checkpoint_tensor *t = bsearch(&key, c->tensors, c->count, sizeof key, by_name);
    bool may_lack = row->role == HU_ROLE_BUFFER || row->tied || row->optional;
    if (!t)
        return may_lack ||
               add(out, (struct hu_difference){
                            HU_MISSING, arena_text(&c->arena, name, strlen(name)), row, NULL});
    t->met = true;
    out->compared++;
    out->shapeless += !t->has_shape;
    return !t->has_shape || same_shape(row, t) ||
           add(out, (struct hu_difference){HU_SHAPE, t->name, row, t});
}

bool hu_checkpoint_compare(const struct hu_model *model, struct hu_checkpoint *checkpoint,
                           struct hu_comparison *comparison)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t all = 0;
    char name[NAME_SIZE];
    bool fine = true;
    *comparison = (struct hu_comparison){0};
    for (const struct hu_tensor_row *row = t->rows; fine && row < hu_tensors_end(t); row++) {
        fine = row->copies <= TENSORS_MAX && (all += row->copies) <= TENSORS_MAX;
        for (uint64_t k = 0; fine && k < row->copies; k++)
            fine = compare_one(hu_row_name(row, k, name, sizeof name), row, checkpoint, comparison);
    }
    for (size_t i = 0; fine && i < checkpoint->count; i++) {
        const struct hu_checkpoint_tensor *extra = &checkpoint->tensors[i];
        bool buffer = !extra->met && hu_match_is_buffer(extra->name);
        comparison->buffers += buffer;
        fine = extra->met || buffer ||
               add(comparison, (struct hu_difference){HU_EXTRA, extra->name, NULL, extra});
    }
    return fine;
}
