#include "tensor_source.h"
#include "file_limit.h"
#include "report.h"
#include "tensor/npy.h"
#include "tensor/raw.h"
#include "tensor/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcasecmp(text + n - m, end);
}

static bool is_container(const char *path)
{
    static const char *const ends[] = {".npy", ".safetensors", ".gguf", ".json"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(path, ends[i]))
            return true;
    return false;
}

static bool open_raw(struct tensor_source *s, const char *command, const struct hu_format *format)
{
    struct hu_file_error why;
    struct hu_tensor_set *set = &s->set;
    *set = (struct hu_tensor_set){0};
    set->files = check_memory(calloc(1, sizeof *set->files));
    set->paths = check_memory(calloc(1, sizeof *set->paths));
    set->tensors = check_memory(calloc(1, sizeof *set->tensors));
    set->paths[0] = check_memory(strdup(s->path));
    set->count = 1;
    s->raw = true;
    if (!hu_raw_open(s->path, format, &set->files[0], &why)) {
        if (why.has_offset)
            fail(command, "%s: byte %llu: %s", s->path, (unsigned long long)why.offset, why.reason);
        else
            fail(command, "%s: %s", s->path, why.reason);
        return false;
    }
    set->tensors[0] = &set->files[0].tensors[0];
    set->tensor_count = 1;
    set->bytes = set->tensors[0]->bytes;
    set->elements = set->tensors[0]->elements;
    return true;
}

static unsigned lone_bits(const struct hu_dtype *d)
{
    return d->format ? d->format->storage_bits : d->integer ? d->integer->storage_bits : 0;
}

/* -f with an array that has a header: for elements that it calls opaque, or integers. */
static bool apply_format(struct tensor_source *s, const char *command,
                         const struct hu_format *format)
{
    struct hu_tensor *t = s->set.count == 1 ? s->set.files[0].tensors : NULL;
    if (!t || s->set.files[0].kind != HU_NPY) {
        fail(command, "%s says what its tensors are; -f is for raw arrays and opaque .npy",
             s->path);
        return false;
    }
    if (format == t->dtype.format)
        return true;
    if (t->dtype.format && !t->void_size) {
        fail(command, "%s holds %s by its header, and no %s", s->path, hu_dtype_name(t->dtype),
             format->name);
        return false;
    }
    /* In .npy every element has bytes of its own. */
    char unpacked[HU_MAX_NAME + 16];
    snprintf(unpacked, sizeof unpacked, "%s_unpacked", format->name);
    if (format->storage_bits < 8)
        format = hu_format_find(unpacked);
    if (format->storage_bits != lone_bits(&t->dtype)) {
        fail(command, "%s has elements of %u bytes, and one of %s takes %u", s->path,
             lone_bits(&t->dtype) / 8, format->name, format->storage_bits / 8);
        return false;
    }
    t->dtype = (struct hu_dtype){.format = format};
    t->void_size = 0;
    return true;
}

static bool open_files(struct tensor_source *s, const char *command)
{
    char reason[FILE_LIMIT_TEXT];
    file_limit_raise();
    s->descriptors = check_memory(malloc(s->set.count * sizeof *s->descriptors));
    for (size_t i = 0; i < s->set.count; i++)
        s->descriptors[i] = -1;
    for (size_t i = 0; i < s->set.count; i++) {
        struct stat status;
        int fd = s->descriptors[i] = open(s->set.paths[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status)) {
            fail(command, "%s: %s", s->set.paths[i], file_limit_reason(errno, reason));
            return false;
        }
        if ((uint64_t)status.st_size != s->set.files[i].size) {
            fail(command, "%s changed while it was read", s->set.paths[i]);
            return false;
        }
    }
    return true;
}

static void note_opaque(const struct tensor_source *s)
{
    const struct hu_tensor *t = s->set.files[0].tensors;
    if (s->set.files[0].kind != HU_NPY || !t->void_size)
        return;
    if (t->void_size == 2)
        note("%s: its header has opaque elements of 2 bytes (V2), taken for bfloat16; -f FORMAT "
             "says otherwise",
             s->path);
    else
        note("%s: its header has opaque elements of 1 byte (V1), as ml_dtypes writes fp8, fp6 and "
             "fp4; -f FORMAT says which",
             s->path);
}

/* Whether PATH is a file, and no archive. */
static bool may_be_raw(const char *path)
{
    char magic[2] = "";
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_file = fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode);
    bool is_archive = is_file && read(fd, magic, 2) == 2 && !memcmp(magic, "PK", 2);
    if (fd >= 0)
        close(fd);
    return is_file && !is_archive;
}

bool tensor_source_open(struct tensor_source *s, const char *command, const char *path,
                        const struct hu_format *format)
{
    char error[HU_SET_ERROR];
    s->path = path;
    s->descriptors = NULL;
    s->raw = false;
    bool fine;
    if (format && !is_container(path)) {
        fine = open_raw(s, command, format);
    } else {
        fine = hu_tensor_set_open(path, &s->set, error);
        if (!fine) {
            if (!format && !is_container(path) && may_be_raw(path))
                fail(command, "%s; for a raw array, -f names the format of its elements", error);
            else
                fail(command, "%s", error);
            return false;
        }
        fine = !format || apply_format(s, command, format);
        if (fine)
            note_opaque(s);
    }
    fine = fine && open_files(s, command);
    if (!fine)
        tensor_source_close(s);
    return fine;
}

void tensor_source_close(struct tensor_source *s)
{
    for (size_t i = 0; s->descriptors && i < s->set.count; i++)
        if (s->descriptors[i] >= 0)
            close(s->descriptors[i]);
    free(s->descriptors);
    s->descriptors = NULL;
    hu_tensor_set_close(&s->set);
}

bool tensor_source_add_glob(struct tensor_source *s, const char *command, const char *glob)
{
    if (s->glob_count == GLOBS_MAX) {
        fail(command, "more than %d times --tensor", GLOBS_MAX);
        return false;
    }
    s->globs[s->glob_count++] = glob;
    return true;
}

const struct hu_tensor *tensor_source_at(const struct tensor_source *s, size_t index)
{
    size_t file = 0;
    while (index >= s->set.files[file].count)
        index -= s->set.files[file++].count;
    return &s->set.files[file].tensors[index];
}

/* Names are UTF-8 whatever the user's locale, so '?' is a character of that. The locale is this
 * thread's for the one call: nothing else reads or prints by it. */
static bool matches(const char *glob, const char *name)
{
    static locale_t utf8;
    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int result = fnmatch(glob, name, 0);
    if (before)
        uselocale(before);
    /* Bytes that are no UTF-8, in GGUF's names, are matched as bytes. */
    if (result && result != FNM_NOMATCH)
        result = fnmatch(glob, name, 0);
    return !result;
}

bool tensor_source_chooses(const struct tensor_source *s, const struct hu_tensor *t)
{
    for (size_t i = 0; i < s->glob_count; i++)
        if (matches(s->globs[i], t->name))
            return true;
    return !s->glob_count;
}

bool tensor_source_reads(const struct hu_tensor *t)
{
    return t->dtype.format && hu_statistics_reads(t->dtype.format);
}

static bool glob_matches(const struct tensor_source *s, const char *glob)
{
    for (size_t i = 0; i < s->set.tensor_count; i++)
        if (matches(glob, s->set.tensors[i]->name))
            return true;
    return false;
}

/* No chosen tensor holds numbers that fp64 holds. */
static void fail_unread(const struct tensor_source *s, const char *command)
{
    const struct hu_tensor *wide = NULL;
    for (size_t i = 0; i < s->set.tensor_count; i++)
        if (tensor_source_chooses(s, s->set.tensors[i]) && s->set.tensors[i]->dtype.format)
            wide = s->set.tensors[i];
    bool opaque = s->set.tensor_count == 1 && s->set.tensors[0]->void_size;
    if (wide)
        fail(command,
             "%s holds %s, whose values fp64 does not hold all; only formats within fp64 are read",
             s->path, wide->dtype.format->name);
    else
        fail(command, "%s has no floating-point tensor that can be read%s", s->path,
             opaque ? "; -f FORMAT says what its opaque elements are" : "");
}

bool tensor_source_check(const struct tensor_source *s, const char *command)
{
    size_t chosen = 0, read = 0;
    for (size_t i = 0; i < s->set.tensor_count; i++) {
        bool chooses = tensor_source_chooses(s, s->set.tensors[i]);
        chosen += chooses;
        read += chooses && tensor_source_reads(s->set.tensors[i]);
    }
    if (s->set.tensor_count && !chosen)
        fail(command, "%s has no tensor whose name matches %s; 'halfulp tensors' lists them",
             s->path, s->globs[0]);
    else if (!read)
        fail_unread(s, command);
    for (size_t i = 0; read && i < s->glob_count; i++)
        if (!glob_matches(s, s->globs[i]))
            note("%s has no tensor whose name matches %s", s->path, s->globs[i]);
    return read > 0;
}

int tensor_source_fail(const struct tensor_source *s, const char *command,
                       const struct hu_tensor *tensor, const struct hu_stream_error *error,
                       const char *output)
{
    char name[80];
    const char *file = error->writing ? output : s->set.paths[tensor->file];
    return fail(command, "%s: tensor '%s': %s", file, hu_printable(tensor->name, name, sizeof name),
                error->error ? strerror(error->error)
                             : "the file became shorter while it was read");
}
