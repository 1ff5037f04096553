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
    char *error;
};

static bool refuse(struct list *l, const char *why)
{
    snprintf(l->error, HU_CHECKPOINT_ERROR, "%.300s: line %u: %s", l->path, l->line, why);
    return false;
}

static struct hu_checkpoint_tensor *append(struct hu_checkpoint *c, const char *name)
{
    if (c->count == TENSORS_MAX)
        return NULL;
    if (!(c->count & (c->count - 1))) {
        struct hu_checkpoint_tensor *grown =
            realloc(c->tensors, (c->count ? 2 * c->count : 1) * sizeof *grown);
        if (!grown)
            return NULL;
        c->tensors = grown;
    }
    struct hu_checkpoint_tensor *t = &c->tensors[c->count];
    *t = (struct hu_checkpoint_tensor){.name = arena_text(&c->arena, name, strlen(name))};
    if (!t->name)
        return NULL;
    c->count++;
    return t;
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

static bool add_named(struct list *l, const char *name, const struct hu_checkpoint_tensor *model)
{
    struct hu_checkpoint_tensor *t = append(l->c, name);
    if (!t)
        return refuse(l, "there are too many tensors");
    const char *kept = t->name;
    *t = *model;
    t->name = kept;
    return true;
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
        return add_named(l, name, model);
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

static bool read_list(const char *path, struct hu_checkpoint *c, char error[HU_CHECKPOINT_ERROR])
{
    struct list l = {.c = c, .path = path, .error = error};
    const char *why;
    size_t n;
    char *text = hu_text_read(path, &n, &why);
    if (!text) {
        snprintf(error, HU_CHECKPOINT_ERROR, "%.300s: %s", path, why);
        return false;
    }
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

static bool read_set(const char *path, struct hu_checkpoint *c, char error[HU_CHECKPOINT_ERROR])
{
    struct hu_tensor_set set;
    char why[HU_SET_ERROR];
    if (!hu_tensor_set_open(path, &set, why)) {
        snprintf(error, HU_CHECKPOINT_ERROR, "%s", why);
        return false;
    }
    bool fine = true;
    c->ggml = set.count && set.files[0].kind == HU_FILE_GGUF;
    for (size_t i = 0; fine && i < set.tensor_count; i++) {
        const struct hu_tensor *from = set.tensors[i];
        struct hu_checkpoint_tensor *t = append(c, from->name);
        if (!t) {
            fine = false;
            snprintf(error, HU_CHECKPOINT_ERROR, "%.300s: out of memory", path);
            break;
        }
        t->has_shape = from->rank <= HU_RANK_MAX;
        t->rank = t->has_shape ? from->rank : 0;
        for (unsigned k = 0; k < t->rank; k++)
            t->shape[k] = from->shape[k];
        t->dtype = from->dtype;
    }
    c->has_total_size = fine;
    c->total_size = set.bytes;
    hu_tensor_set_close(&set);
    return fine;
}

/* An index alone: names, and the sum of bytes. False: it is no index. */
static bool read_names(const char *path, struct hu_checkpoint *c)
{
    const char *why, *name;
    json_t *file;
    size_t n;
    char *text = hu_text_read(path, &n, &why);
    char wrong[HU_JSON_ERROR];
    json_t *root = text ? hu_json_load(text, n, (size_t)8 * HU_TEXT_MAX, wrong) : NULL;
    json_t *map = json_object_get(root, "weight_map");
    json_t *total = json_object_get(json_object_get(root, "metadata"), "total_size");
    bool fine = json_is_object(map);
    json_object_foreach(map, name, file) fine = fine && append(c, name);
    c->has_total_size = json_is_integer(total) && json_integer_value(total) >= 0;
    c->total_size = c->has_total_size ? (uint64_t)json_integer_value(total) : 0;
    free(text);
    json_decref(root);
    return fine;
}

static bool read_index(const char *path, struct hu_checkpoint *c, char error[HU_CHECKPOINT_ERROR])
{
    if (read_set(path, c, error))
        return true;
    /* Without its shards it still has the names; what else is wrong with it was said. */
    if (!strstr(error, "No such file"))
        return false;
    hu_checkpoint_free(c);
    return read_names(path, c);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct hu_checkpoint_tensor *)a)->name,
                  ((const struct hu_checkpoint_tensor *)b)->name);
}

static bool read_path(const char *path, struct hu_checkpoint *c, char error[HU_CHECKPOINT_ERROR])
{
    struct stat status;
    char inside[HU_PATH_MAX];
    bool folder = !stat(path, &status) && S_ISDIR(status.st_mode);
    if (folder && hu_folder_model(path, inside))
        return read_path(inside, c, error);
    if (folder) {
        snprintf(error, HU_CHECKPOINT_ERROR, "%.300s: the folder has no model.safetensors", path);
        return false;
    }
    enum hu_file_kind kind = hu_kind_of_file(path);
    if (kind == HU_FILE_INDEX)
        return read_index(path, c, error);
    return kind == HU_FILE_OTHER ? read_list(path, c, error) : read_set(path, c, error);
}

bool hu_checkpoint_read(const char *path, struct hu_checkpoint *checkpoint,
                        char error[HU_CHECKPOINT_ERROR])
{
    *checkpoint = (struct hu_checkpoint){0};
    if (!read_path(path, checkpoint, error))
        return false;
    if (checkpoint->count) {
        qsort(checkpoint->tensors, checkpoint->count, sizeof *checkpoint->tensors, by_name);
        return true;
    }
    snprintf(error, HU_CHECKPOINT_ERROR, "%.300s: it names no tensor", path);
    return false;
}

bool hu_checkpoint_list(const struct hu_checkpoint *checkpoint, struct hu_model *model)
{
    struct hu_tensors *t = &model->tensors;
    if (checkpoint->count > HU_ROWS_MAX || !(t->rows = calloc(checkpoint->count, sizeof *t->rows)))
        return false;
    for (size_t i = 0; i < checkpoint->count; i++) {
        const struct hu_checkpoint_tensor *from = &checkpoint->tensors[i];
        struct hu_tensor_row *row = &t->rows[t->count++];
        *row = (struct hu_tensor_row){.name = from->name,
                                      .rank = from->rank,
                                      .elements = 1,
                                      .copies = 1,
                                      .experts = 1,
                                      .experts_used = 1,
                                      .dtype = from->dtype,
                                      .layer = HU_NO_LAYER};
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

static void compare_one(const char *name, const struct hu_tensor_row *row,
                        struct hu_checkpoint *checkpoint, const struct hu_difference_sink *sink,
                        struct hu_comparison *out)
{
    struct hu_checkpoint_tensor key = {.name = name};
    struct hu_checkpoint_tensor *t =
        bsearch(&key, checkpoint->tensors, checkpoint->count, sizeof key, by_name);
    bool may_lack = row->role == HU_ROLE_BUFFER || row->tied || row->optional;
    if (!t && may_lack)
        return;
    if (!t) {
        out->differences[HU_MISSING]++;
        sink->tell(sink->context, HU_MISSING, name, row, NULL);
        return;
    }
    t->met = true;
    out->compared++;
    out->shapeless += !t->has_shape;
    if (t->has_shape && !same_shape(row, t)) {
        out->differences[HU_SHAPE]++;
        sink->tell(sink->context, HU_SHAPE, name, row, t);
    }
}

bool hu_checkpoint_compare(const struct hu_model *model, struct hu_checkpoint *checkpoint,
                           const struct hu_difference_sink *sink, struct hu_comparison *comparison)
{
    uint64_t all = 0;
    char name[NAME_SIZE];
    *comparison = (struct hu_comparison){0};
    for (size_t i = 0; i < model->tensors.count; i++) {
        const struct hu_tensor_row *row = &model->tensors.rows[i];
        if (row->copies > TENSORS_MAX || (all += row->copies) > TENSORS_MAX)
            return false;
        for (uint64_t k = 0; k < row->copies; k++)
            compare_one(hu_row_name(row, k, name, sizeof name), row, checkpoint, sink, comparison);
    }
    for (size_t i = 0; i < checkpoint->count; i++) {
        const struct hu_checkpoint_tensor *t = &checkpoint->tensors[i];
        if (t->met)
            continue;
        bool buffer = hu_match_is_buffer(t->name);
        comparison->buffers += buffer;
        comparison->differences[HU_EXTRA] += !buffer;
        if (!buffer)
            sink->tell(sink->context, HU_EXTRA, t->name, NULL, t);
    }
    return true;
}
