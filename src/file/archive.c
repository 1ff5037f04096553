#include "archive.h"
#include "kind.h"
#include "npy.h"
#include "printable.h"
#include "torch_file.h"
#include "word_list.h"
#include "zip_file.h"

#include <stdlib.h>
#include <string.h>

struct archive {
    const struct hu_input *in;
    struct hu_zip *zip;
    struct hu_tensor_file *file;
    struct hu_file_error *error;
    struct hu_member_name *names; /* sorted */
    size_t count;
};

static bool list_names(struct archive *a)
{
    a->count = hu_zip_count(a->zip);
    a->names = calloc(a->count + 1, sizeof *a->names);
    if (!a->names)
        return hu_file_refuse_whole(a->error, "out of memory");
    for (size_t i = 0; i < a->count; i++) {
        struct hu_zip_member m;
        if (!hu_zip_member(a->zip, i, &m, a->error))
            return false;
        a->names[i] = (struct hu_member_name){m.name, i};
    }
    qsort(a->names, a->count, sizeof *a->names, hu_member_names_compare);
    for (size_t i = 1; i < a->count; i++)
        if (!strcmp(a->names[i - 1].name, a->names[i].name))
            return hu_file_refuse_whole(a->error, "the archive has two members called '%s'",
                                        PRINTABLE(a->names[i].name, 80));
    return true;
}

/* FOLDER/data.pkl, as torch.save names it. a->count: there is none. */
static size_t find_pickle(const struct archive *a)
{
    for (size_t i = 0; i < a->count; i++) {
        const char *slash = strchr(a->names[i].name, '/');
        if (slash && !strcmp(slash, "/data.pkl"))
            return i;
    }
    return a->count;
}

/* The first N bytes of a member, wherever they are. */
static bool read_start(struct archive *a, size_t index, const struct hu_zip_member *m,
                       uint64_t offset, unsigned char *bytes, size_t n)
{
    if (!m->stored)
        return hu_zip_read(a->zip, index, bytes, n, a->error);
    int why = hu_input_read(a->in, bytes, n, offset);
    return !why || hu_file_refuse_read(a->error, why);
}

/* The member's array as the one of ONE, from its header, of which no more is read than it has. */
static bool parse_member(struct archive *a, size_t index, const struct hu_zip_member *m,
                         uint64_t offset, struct hu_tensor_file *one)
{
    for (size_t n = 512;; n *= 16) {
        n = n < HU_NPY_HEADER_MAX + 16 ? n : HU_NPY_HEADER_MAX + 16;
        n = n < m->size ? n : (size_t)m->size;
        unsigned char *bytes = malloc(n + 1);
        if (!bytes)
            return hu_file_refuse_whole(a->error, "out of memory");
        *a->error = (struct hu_file_error){0};
        bool there = read_start(a, index, m, offset, bytes, n);
        bool fine = there && hu_npy_parse(bytes, n, m->size, one, a->error);
        free(bytes);
        if (fine || !there || !a->error->more || n == m->size)
            return fine;
        hu_tensor_file_close(one);
    }
}

/* The name without .npy, and the shape, in the archive's memory. */
static bool keep(struct archive *a, const struct hu_tensor *t, const char *name)
{
    size_t n = strlen(name) - 4, sizes = t->rank * sizeof *t->shape;
    char *copy = arena_allocate(&a->file->arena, n + 1);
    uint64_t *shape = arena_allocate(&a->file->arena, sizes + sizeof *shape);
    struct hu_tensor *row = hu_file_append(&a->file->tensors, &a->file->count, sizeof *row);
    if (!copy || !shape || !row)
        return hu_file_refuse_whole(a->error, "out of memory");
    memcpy(copy, name, n);
    copy[n] = 0;
    if (sizes)
        memcpy(shape, t->shape, sizes);
    *row = *t;
    row->name = copy;
    row->shape = t->rank ? shape : NULL;
    return true;
}

/* What is wrong with a member is said with its name; what is only of a dtype that is not read is
 * left aside. */
static bool explain(struct archive *a, const char *name)
{
    struct hu_file_error inner = *a->error;
    const char *shown = PRINTABLE(name, 80);
    if (inner.unread) {
        hu_file_note(a->file, "'%s' is left aside: %s", shown, inner.reason);
        return true;
    }
    if (!inner.has_offset)
        return false;
    return hu_file_refuse_whole(a->error, "member '%s', byte %llu: %.200s", shown,
                                (unsigned long long)inner.offset, inner.reason);
}

static bool add_member(struct archive *a, size_t index, const struct hu_zip_member *m)
{
    uint64_t offset = 0;
    struct hu_tensor_file one = {0};
    if (m->stored && !hu_zip_place(a->zip, index, &offset, a->error))
        return false;
    bool fine = parse_member(a, index, m, offset, &one);
    if (!fine) {
        hu_tensor_file_close(&one);
        return explain(a, m->name);
    }
    struct hu_tensor t = one.tensors[0];
    t.offset += offset;
    t.member = index + 1;
    t.packed = !m->stored;
    fine = keep(a, &t, m->name);
    hu_tensor_file_close(&one);
    return fine;
}

static bool read_npz(struct archive *a)
{
    size_t arrays = 0, others = 0;
    a->file->kind = HU_FILE_NPZ;
    for (size_t i = 0; i < a->count; i++) {
        struct hu_zip_member m;
        if (!hu_zip_member(a->zip, i, &m, a->error))
            return false;
        size_t n = strlen(m.name);
        bool is_array = n >= 4 && hu_ends_with(m.name, ".npy");
        if (is_array && !add_member(a, i, &m))
            return false;
        arrays += is_array;
        others += !is_array && !(n && m.name[n - 1] == '/');
    }
    if (others && !arrays)
        return hu_file_refuse_whole(a->error,
                                    "is a zip archive without .npy in it, as NumPy's .npz has, and "
                                    "without PyTorch's data.pkl");
    if (others)
        hu_file_note(a->file, "%zu member%s not called .npy %s left aside", others,
                     others > 1 ? "s" : "", others > 1 ? "are" : "is");
    return hu_file_check_names(a->file, 0, a->error);
}

bool hu_archive_read(const struct hu_input *in, struct hu_tensor_file *file,
                     struct hu_file_error *error)
{
    unsigned char bytes[4];
    struct archive a = {.in = in, .file = file, .error = error};
    if (in->size < 4 || hu_input_read(in, bytes, 4, 0) || hu_kind_of_bytes(bytes, 4) != HU_FILE_ZIP)
        return hu_file_refuse_whole(error, "is no zip archive, as .npz is by its name");
    a.zip = hu_zip_open(in, error);
    bool fine = a.zip && list_names(&a);
    size_t pickle = fine ? find_pickle(&a) : 0;
    if (fine && pickle < a.count)
        fine = hu_torch_read_zip(a.zip, a.names[pickle].index, a.names, a.count, file, error);
    else if (fine)
        fine = read_npz(&a);
    free(a.names);
    hu_zip_close(a.zip);
    return fine;
}
