#include "room.h"
#include "tensor_source.h"
#include "output_file.h"
#include "file/kind.h"
#include "file/npy.h"
#include "file/open.h"
#include "file/zip_file.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <locale.h>
#include <sys/stat.h>

static void open_raw(struct tensor_source *s, const struct hu_format *format)
{
    struct hu_file_error why;
    struct hu_tensor_set *set = &s->set;
    *set = (struct hu_tensor_set){.count = 1, .tensor_count = 1};
    set->files = check_memory(calloc(1, sizeof *set->files));
    set->paths = check_memory(calloc(1, sizeof *set->paths));
    set->tensors = check_memory(calloc(1, sizeof *set->tensors));
    set->paths[0] = check_memory(strdup(s->path));
    s->raw = true;
    if (!hu_raw_open(s->path, format, &set->files[0], &why)) {
        if (why.has_offset)
            die("%s: byte %llu: %s", s->path, (unsigned long long)why.offset, why.reason);
        die("%s: %s", s->path, why.reason);
    }
    set->tensors[0] = &set->files[0].tensors[0];
    set->tensors[0]->big_endian = s->big_endian && format->storage_bits > 8;
    set->bytes = set->tensors[0]->bytes;
    set->elements = set->tensors[0]->elements;
}

/* -f with an array that has a header: for elements that it calls opaque, or integers. */
static void apply_format(struct tensor_source *s, const struct hu_format *format)
{
    struct hu_tensor *t = s->set.count == 1 ? s->set.files[0].tensors : NULL;
    char why[HU_NPY_WHY];
    if (!t || s->set.files[0].kind != HU_FILE_NPY)
        die("%s says what its tensors are; -f is for raw arrays and opaque .npy", s->path);
    if (s->big_endian)
        die("%s says the order of its bytes itself", s->path);
    if (!hu_npy_apply_format(t, format, why))
        die("%s %s", s->path, why);
}

/* Ends with a report unless DESCRIPTOR is file INDEX of S, as it was. */
static void check_unchanged(const struct tensor_source *s, size_t index, int descriptor)
{
    struct stat status;
    struct hu_file_state now = {0};
    if (!fstat(descriptor, &status))
        now = hu_file_state_of(&status);
    if (!hu_file_state_same(&now, &s->set.files[index].state))
        die("%s changed while it was read", s->set.paths[index]);
}

static void open_files(struct tensor_source *s)
{
    char reason[FILE_LIMIT_TEXT];
    file_limit_raise();
    s->descriptors = check_memory(malloc(s->set.count * sizeof *s->descriptors));
    for (size_t i = 0; i < s->set.count; i++) {
        int fd = s->descriptors[i] = open(s->set.paths[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            die("%s: %s", s->set.paths[i], file_limit_reason(errno, reason));
        check_unchanged(s, i, fd);
    }
}

void tensor_source_unchanged(const struct tensor_source *s)
{
    for (size_t i = 0; i < s->set.count; i++)
        check_unchanged(s, i, s->descriptors[i]);
}

/* A file that goes when it is closed. -1: errno says why. */
static int open_nameless(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    folder = folder && *folder ? folder : "/tmp";
#ifdef O_TMPFILE
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
#endif
    if (snprintf(path, sizeof path, "%s/halfulp.XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int named = mkostemp(path, O_CLOEXEC);
    if (named >= 0)
        unlink(path);
    return named;
}

/* The archive of file INDEX. NULL: *why says why. */
static struct hu_zip *open_archive(struct tensor_source *s, size_t index, struct hu_file_error *why)
{
    struct unpacking *u = &s->unpacking;
    if (u->zip && u->file == index)
        return u->zip;
    hu_zip_close(u->zip);
    u->file = index;
    u->in =
        (struct hu_input){.descriptor = s->descriptors[index], .size = s->set.files[index].size};
    return u->zip = hu_zip_open(&u->in, why);
}

static _Noreturn void die_of_scratch(const char *path, bool packed, const char *reason)
{
    die("a file in $TMPDIR (or /tmp), for what %s has %s: %s", path,
        packed ? "compressed" : "in another order", reason);
}

/* T's member behind what is unpacked already. */
static void unpack(struct tensor_source *s, const struct hu_tensor *t)
{
    bool writing = false;
    char reason[FILE_LIMIT_TEXT];
    struct hu_file_error why = {0};
    struct unpacking *u = &s->unpacking;
    const char *path = s->set.paths[t->file];
    if (u->descriptor < 0 && (u->descriptor = open_nameless()) < 0)
        die_of_scratch(path, true, file_limit_reason(errno, reason));
    struct hu_zip *zip = open_archive(s, t->file, &why);
    if (!zip || !hu_zip_unpack(zip, t->member - 1, u->descriptor, &writing, &why)) {
        if (writing)
            die_of_scratch(path, true, why.reason);
        die("%s: %s", path, why.reason);
    }
    struct unpacked *row = check_memory(hu_file_append(&u->members, &u->count, sizeof *u->members));
    *row = (struct unpacked){t->file, t->member, u->size};
    u->size = (uint64_t)lseek(u->descriptor, 0, SEEK_CUR);
}

/* Whether T's member, which is not compressed, is undamaged; looked at once. */
static void check_stored(struct tensor_source *s, const struct hu_tensor *t)
{
    struct unpacking *u = &s->unpacking;
    struct hu_file_error why = {0};
    if (!u->checked)
        u->checked = check_memory(calloc(s->set.count, sizeof *u->checked));
    bool *checked = u->checked[t->file];
    if (checked && checked[t->member - 1])
        return;
    struct hu_zip *zip = open_archive(s, t->file, &why);
    if (!zip || !hu_zip_check(zip, t->member - 1, &why))
        die("%s: %s", s->set.paths[t->file], why.reason);
    if (!checked)
        checked = u->checked[t->file] = check_memory(calloc(hu_zip_count(zip), sizeof *checked));
    checked[t->member - 1] = true;
}

/* Members come in the order in which they are asked for, so one that is there is often the last. */
static const struct unpacked *find_unpacked(const struct unpacking *u, const struct hu_tensor *t)
{
    for (size_t i = u->count; i-- > 0;)
        if (u->members[i].file == t->file && u->members[i].member == t->member)
            return &u->members[i];
    return NULL;
}

void tensor_source_input(struct tensor_source *s, const struct hu_tensor *t, int *descriptor,
                         uint64_t *offset)
{
    *offset = t->offset;
    *descriptor = s->descriptors[t->file];
    if (!t->member || !t->bytes)
        return;
    if (!t->packed) {
        check_stored(s, t);
        return;
    }
    if (!find_unpacked(&s->unpacking, t))
        unpack(s, t);
    *descriptor = s->unpacking.descriptor;
    *offset += find_unpacked(&s->unpacking, t)->offset;
}

static void nothing(void *context, size_t index, struct hu_gathered *gathered)
{
    (void)context, (void)index, (void)gathered;
}

/* Part T, which is read at IN, behind what is unpacked already: its elements one behind the other
 * in the order of its shape, little-endian. */
static void settle(struct tensor_source *s, const struct hu_tensor *t, struct hu_recode_input *in)
{
    struct unpacking *u = &s->unpacking;
    char reason[FILE_LIMIT_TEXT];
    struct hu_stream_error error;
    struct hu_stream_tensor copy = hu_stream_tensor_of(t, NULL, in->descriptor);
    OWNED uint64_t *strides = check_memory(calloc(t->rank + 1, sizeof *strides));
    if (u->descriptor < 0)
        u->descriptor = open_nameless();
    copy.offset = in->offset;
    copy.output = u->descriptor;
    copy.output_offset = u->size;
    hu_stream_turn(&copy, t);
    if (t->fortran_order)
        hu_stream_reorder(&copy, t, strides);
    struct hu_options none = {0};
    struct hu_statistics_target as_it_is =
        hu_statistics_target_of(hu_format_find("fp64"), &none, HU_SCALE_NONE);
    struct hu_stream stream = {.plan = {&as_it_is, 1, HU_SCALE_NONE},
                               .tensors = &copy,
                               .count = 1,
                               .threads = 1,
                               .done = nothing};
    const bool opened = u->descriptor >= 0, fine = opened && hu_stream_run(&stream, &error);
    if (!opened || (!fine && error.writing))
        die_of_scratch(s->set.paths[t->file], false,
                       file_limit_reason(opened ? error.error : errno, reason));
    if (!fine)
        tensor_source_fail(s, t, &error, "");
    *in = (struct hu_recode_input){u->descriptor, u->size};
    u->size += t->bytes;
    lseek(u->descriptor, (off_t)u->size, SEEK_SET);
}

/* Where part T is read; NULL is nowhere. */
static void take_part(struct tensor_source *s, const struct hu_tensor *t,
                      struct hu_recode_input *in)
{
    if (!t)
        return;
    tensor_source_input(s, t, &in->descriptor, &in->offset);
    if ((t->strides || t->fortran_order || t->big_endian) && t->bytes)
        settle(s, t, in);
}

void tensor_source_parts(struct tensor_source *s, const struct hu_logical *l, struct hu_recode *r)
{
    r->from = l->block;
    r->scales_in = l->scales_in;
    r->tensor_scale = l->tensor_scale;
    r->nested = l->nested;
    r->batch = l->batch;
    r->rows = l->rows;
    r->columns = l->columns;
    r->has_groups = l->groups != NULL;
    take_part(s, l->codes, &r->codes);
    take_part(s, l->scales, &r->scales);
    take_part(s, l->more, &r->more);
    take_part(s, l->groups, &r->groups);
}

static void release_unpacked(struct tensor_source *s)
{
    hu_zip_close(s->unpacking.zip);
    if (s->unpacking.descriptor >= 0)
        close(s->unpacking.descriptor);
    free(s->unpacking.members);
    for (size_t i = 0; s->unpacking.checked && i < s->set.count; i++)
        free(s->unpacking.checked[i]);
    free(s->unpacking.checked);
    s->unpacking = (struct unpacking){.descriptor = -1};
}

static void note_opaque(const struct hu_tensor_set *set, size_t file)
{
    const struct hu_tensor *t = set->files[file].tensors;
    if (set->files[file].kind != HU_FILE_NPY || !t->void_size)
        return;
    if (t->void_size == 2)
        note("%s: its header has opaque elements of 2 bytes (V2), taken for bfloat16; -f FORMAT "
             "says otherwise",
             set->paths[file]);
    else
        note("%s: its header has opaque elements of 1 byte (%s), as ml_dtypes writes fp8, fp6 and "
             "fp4; -f FORMAT says which",
             set->paths[file], hu_dtype_name(t->dtype));
}

void tensor_source_notes(const struct hu_tensor_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t k = 0; k < set->files[i].note_count; k++)
            note("%s: %s", set->paths[i], set->files[i].notes[k]);
        note_opaque(set, i);
    }
}

/* Whether PATH is a file of which nothing says that it is no raw array. */
static bool may_be_raw(const char *path)
{
    char what[HU_FOREIGN_TEXT];
    struct stat status;
    return !stat(path, &status) && S_ISREG(status.st_mode) &&
           hu_kind_of_file(path) == HU_FILE_OTHER && !hu_foreign_path(path, what);
}

static void find_logicals(struct tensor_source *s)
{
    char error[HU_LOGICAL_ERROR];
    if (s->parts)
        return;
    if (!hu_logicals_read(&s->set, s->path, &s->logicals, error))
        die("%s: %s; --parts takes all tensors as they are", s->path, error);
    if (s->logicals.note)
        note("%s: %s", s->path, s->logicals.note);
}

static void open_container(struct tensor_source *s)
{
    char error[HU_SET_ERROR];
    if (!hu_tensor_set_open(s->path, &s->set, error))
        die("%s%s", error,
            !s->format && may_be_raw(s->path)
                ? "; for a raw array, -f names the format of its elements"
                : "");
    if (s->format)
        apply_format(s, s->format);
    find_logicals(s);
    tensor_source_notes(&s->set);
}

void tensor_source_open(struct tensor_source *s, const char *path)
{
    s->path = path;
    s->logicals = (struct hu_logicals){0};
    s->unpacking = (struct unpacking){.descriptor = -1};
    s->raw = false;
    if (s->format && hu_kind_of_file(path) == HU_FILE_OTHER)
        open_raw(s, s->format);
    else
        open_container(s);
    open_files(s);
}

void tensor_source_close(struct tensor_source *s)
{
    for (size_t i = 0; i < s->set.count; i++)
        close(s->descriptors[i]);
    release_unpacked(s);
    free(s->descriptors);
    hu_logicals_clear(&s->logicals);
    hu_tensor_set_close(&s->set);
}

void tensor_source_name_array(struct tensor_source *s)
{
    struct hu_tensor_file *file = &s->set.files[0];
    const char *slash = strrchr(s->path, '/');
    const char *base = slash ? slash + 1 : s->path, *dot = strrchr(base, '.');
    size_t n = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    char *name = check_memory(arena_allocate(&file->arena, n + 1));
    memcpy(name, base, n);
    name[n] = 0;
    file->tensors[0].name = name;
    for (size_t step; n; n -= step, name += step)
        if (!(step = hu_utf8_length((const unsigned char *)name, n)))
            die("%s would name a tensor, and is no UTF-8", PRINTABLE(s->path, 300));
}

bool read_source_format(const struct options *o, void *at)
{
    struct tensor_source *s = at;
    return (s->format = array_format_read(o->value, &s->big_endian)) != NULL;
}

bool read_source_glob(const struct options *o, void *at)
{
    struct tensor_source *s = at;
    if (s->glob_count == GLOBS_MAX)
        return refuse("more than %d times --tensor", GLOBS_MAX);
    s->globs[s->glob_count++] = o->value;
    return true;
}

/* Names are UTF-8 whatever the user's locale, so '?' is a character of that. The locale is this
 * thread's for the one call: nothing else reads or prints by it. */
bool tensor_source_matches(const char *glob, const char *name)
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

static const char *listed_name(const struct hu_tensor *t)
{
    return t->part_of ? t->part_of->name : t->name;
}

bool tensor_source_chooses(const struct tensor_source *s, const struct hu_tensor *t)
{
    for (size_t i = 0; i < s->glob_count; i++)
        if (tensor_source_matches(s->globs[i], listed_name(t)))
            return true;
    return !s->glob_count;
}

bool tensor_source_reads(const struct hu_tensor *t)
{
    return !t->part_of && t->dtype.format && hu_statistics_reads(t->dtype.format);
}

static bool glob_matches(const struct tensor_source *s, const char *glob)
{
    for (size_t i = 0; i < s->set.tensor_count; i++)
        if (tensor_source_matches(glob, listed_name(s->set.tensors[i])))
            return true;
    return false;
}

/* No chosen tensor holds numbers that fp64 holds. */
static _Noreturn void die_unread(const struct tensor_source *s)
{
    const struct hu_tensor *wide = NULL;
    for (size_t i = 0; i < s->set.tensor_count; i++)
        if (tensor_source_chooses(s, s->set.tensors[i]) && s->set.tensors[i]->dtype.format)
            wide = s->set.tensors[i];
    bool opaque = s->set.tensor_count == 1 && s->set.tensors[0]->void_size;
    if (wide)
        die("%s holds %s, whose values fp64 does not hold all; only formats within fp64 are read",
            s->path, wide->dtype.format->name);
    die("%s has no floating-point tensor that can be read%s", s->path,
        opaque ? "; -f FORMAT says what its opaque elements are" : "");
}

bool tensor_source_only_copied(const struct tensor_source *s)
{
    size_t chosen = 0;
    for (size_t i = 0; i < s->set.tensor_count; i++) {
        const struct hu_tensor *t = s->set.tensors[i];
        bool chooses = tensor_source_chooses(s, t);
        chosen += chooses;
        if (chooses && (t->dtype.format || t->void_size || t->part_of))
            return false;
    }
    return chosen || !s->set.tensor_count;
}

void tensor_source_check(const struct tensor_source *s)
{
    size_t chosen = 0, read = 0;
    for (size_t i = 0; i < s->set.tensor_count; i++) {
        bool chooses = tensor_source_chooses(s, s->set.tensors[i]);
        chosen += chooses;
        read += chooses && (tensor_source_reads(s->set.tensors[i]) || s->set.tensors[i]->part_of);
    }
    if (s->set.tensor_count && !chosen)
        die("%s has no tensor whose name matches %s; 'halfulp tensors' lists them", s->path,
            s->globs[0]);
    if (!read)
        die_unread(s);
    for (size_t i = 0; i < s->glob_count; i++)
        if (!glob_matches(s, s->globs[i]))
            note("%s has no tensor whose name matches %s", s->path, s->globs[i]);
}

void tensor_source_fail(const struct tensor_source *s, const struct hu_tensor *tensor,
                        const struct hu_stream_error *error, const char *output)
{
    const char *file = error->writing ? output : s->set.paths[tensor->file];
    die("%s: tensor '%s': %s", file, PRINTABLE(tensor->name, 80),
        error->error ? strerror(error->error) : "the file became shorter while it was read");
}

struct hu_tensor logical_row(const struct hu_tensor *t)
{
    const struct hu_logical *l = t->part_of;
    struct hu_tensor row = *t;
    if (!l || l->part_count < 2) {
        row.part_of = NULL;
        return row;
    }
    row.name = l->name;
    row.dtype = (struct hu_dtype){.block = l->block};
    row.shape = l->shape;
    row.rank = l->rank;
    row.elements = l->elements;
    row.bytes = l->bytes;
    return row;
}

struct hu_tensor_set logical_view(const struct hu_tensor_set *set)
{
    struct hu_tensor_set view = *set;
    struct hu_tensor *rows = check_memory(calloc(set->tensor_count + 1, sizeof *rows));
    view.files = check_memory(calloc(set->count + 1, sizeof *view.files));
    view.tensors = check_memory(calloc(set->tensor_count + 1, sizeof *view.tensors));
    view.tensor_count = 0;
    view.elements = 0;
    for (size_t i = 0; i < set->count; i++) {
        view.files[i] = set->files[i];
        view.files[i].tensors = rows + view.tensor_count;
        view.files[i].count = 0;
        for (size_t k = 0; k < set->files[i].count; k++) {
            const struct hu_tensor *t = &set->files[i].tensors[k];
            if (t->part_of && t->part_of->codes != t)
                continue;
            struct hu_tensor *row = &view.files[i].tensors[view.files[i].count++];
            *row = logical_row(t);
            view.elements += hu_tensor_counted(row).elements;
            view.tensors[view.tensor_count++] = row;
        }
    }
    /* An empty set has rows too. */
    if (!set->count)
        free(rows);
    return view;
}

void logical_view_clear(struct hu_tensor_set *view)
{
    if (view->count)
        free(view->files[0].tensors);
    free(view->files);
    free(view->tensors);
}
