#include "place.h"
#include "array/layout.h"
#include "block/block.h"
#include "float_bits.h"
#include "kind.h"
#include "logical.h"
#include "names.h"
#include "npy.h"
#include "open.h"
#include "zip_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The elements at a place: codes as they lie in a file, and weights in parts decoded. */

#define SPAN_MAX (UINT64_C(1) << 28)

/* From the file, or from the start of a compressed member of it; a member is looked at as a whole
 * first, whether it is undamaged. */
static bool read_bytes(struct place *p, const char *path, const struct hu_tensor *t,
                       uint64_t offset, unsigned char *bytes, size_t n)
{
    struct stat status;
    struct hu_file_error error = {0};
    struct hu_input in = {.descriptor = open(path, O_RDONLY | O_CLOEXEC)};
    int why = in.descriptor < 0 || fstat(in.descriptor, &status) ? errno : 0;
    bool fine = !why;
    in.size = fine ? (uint64_t)status.st_size : 0;
    if (fine && t->member) {
        struct hu_zip *zip = hu_zip_open(&in, &error);
        fine = zip && hu_zip_check(zip, t->member - 1, &error) &&
               (!t->packed || hu_zip_read_at(zip, t->member - 1, offset, bytes, n, &error));
        hu_zip_close(zip);
        if (!fine)
            place_refuse(p, "%.200s: %.250s", path, error.reason);
    }
    if (fine && !t->packed) {
        why = hu_input_read(&in, bytes, n, offset);
        fine = !why;
    }
    if (why)
        place_refuse(p, "%.200s: byte %llu: %s", path, (unsigned long long)offset,
                     why < 0 ? "the file is cut short" : strerror(why));
    if (in.descriptor >= 0)
        close(in.descriptor);
    return fine;
}

/* N elements from number FIRST on of part T in the order of its shape; LAID: all as they lie. */
static void settle(const struct hu_tensor *t, const unsigned char *laid, uint64_t first, uint64_t n,
                   unsigned char *out)
{
    const uint32_t unit = hu_dtype_bytes(t->dtype);
    uint64_t index[PLACE_RANK_MAX];
    for (; n; n--, first++, out += unit) {
        uint64_t left = first;
        for (unsigned axis = t->rank; axis-- > 0; left /= t->shape[axis])
            index[axis] = left % t->shape[axis];
        memcpy(out, laid + selection_number(t, index) * unit, unit);
    }
}

/* A part as a whole, its matrix MATRIX of BATCH, in the order of its shape and little-endian; NULL:
 * refused, or there is none and *fine stays. */
static unsigned char *read_part(struct place *p, const struct hu_tensor_set *set,
                                const struct hu_tensor *t, uint64_t matrix, uint64_t batch,
                                bool *fine)
{
    if (!t || !*fine)
        return NULL;
    const bool apart = t->elements && (t->strides || t->fortran_order);
    const uint64_t n = t->bytes / batch,
                   all =
                       apart ? (t->strides ? t->span : t->elements) * hu_dtype_bytes(t->dtype) : n;
    unsigned char *bytes = all < SPAN_MAX && n < SPAN_MAX ? malloc(all + 1) : NULL,
                  *settled = apart && bytes ? malloc(n + 1) : bytes;
    *fine =
        (settled || place_refuse(p, "'%.80s' has parts larger than are read at once", p->tensor)) &&
        read_bytes(p, set->paths[t->file], t, t->offset + (apart ? 0 : matrix * n), bytes, all);
    if (*fine && apart)
        settle(t, bytes, matrix * (t->elements / batch), t->elements / batch, settled);
    if (*fine && t->big_endian)
        hu_turn_bytes(settled, n, hu_dtype_bytes(t->dtype));
    if (apart)
        free(bytes);
    return settled;
}

/* A matrix of a weight, in memory. */
struct matrix {
    struct hu_block_parts parts;
    unsigned char *codes, *scales, *more, *groups;
};

/* The numbers of L that lie by O. NULL: out of memory. */
static unsigned char *arrange(const struct hu_logical *l, const struct hu_block_order *o,
                              const unsigned char *lines)
{
    unsigned char *out =
        malloc((size_t)(l->rows * o->columns) * (o->bits < 8 ? 1 : o->bits / 8u) + 1);
    if (out)
        hu_block_arrange(o, lines, (size_t)hu_block_order_bytes(o, o->rows), (size_t)l->rows, out);
    return out;
}

/* The codes of L, which lie apart in UNITS, a byte each. NULL: out of memory. */
static unsigned char *gather_codes(const struct hu_logical *l, const unsigned char *units)
{
    const struct hu_block_apart *q = l->block->apart;
    size_t n = (size_t)(l->rows * l->columns);
    if (q->codes)
        return arrange(l, q->codes, units);
    unsigned char *codes = malloc(n + 1);
    for (size_t at = 0; codes && at < n; at += (size_t)q->units)
        hu_block_gather(q, at, n - at < q->units ? n - at : (size_t)q->units, units, codes + at);
    return codes;
}

/* Numbers over tiles that are IN in L (NULL: OWN), as OWN, one for each tile. NULL: out of memory.
 */
static unsigned char *spread_floats(const struct hu_logical *l, const struct hu_format *own,
                                    const struct hu_format *in, const unsigned char *floats)
{
    in = in ? in : own;
    uint64_t n = hu_logical_scales(l->block, l->rows, l->columns),
             cycle = l->block->apart ? l->block->apart->cycle : 0;
    size_t width = own->storage_bits / 8u, have = (size_t)(cycle ? cycle : n);
    unsigned char *out = n < SPAN_MAX ? malloc((size_t)n * width + 1) : NULL;
    if (out)
        hu_convert_array(own, out, in, floats, have, NULL, NULL);
    for (size_t i = have * width; out && i < n * width; i++)
        out[i] = out[i - have * width];
    return out;
}

/* *PART becomes MADE of it. */
static bool take(struct place *p, unsigned char **part, unsigned char *made)
{
    free(*part);
    *part = made;
    return made || place_refuse(p, "out of memory");
}

static bool read_matrix(struct place *p, const struct hu_tensor_set *set,
                        const struct hu_logical *l, uint64_t number, struct matrix *m)
{
    bool fine = true;
    const struct hu_block *b = l->block;
    const bool lone = l->scales && l->scales->elements == 1;
    *m = (struct matrix){
        .codes = read_part(p, set, l->codes, number, l->batch, &fine),
        .scales = read_part(p, set, l->scales, lone ? 0 : number, lone ? 1 : l->batch, &fine),
        .more = read_part(p, set, l->more, number, l->batch, &fine),
        .groups = read_part(p, set, l->groups, number, l->batch, &fine)};
    const struct hu_block_apart *q = b->apart;
    if (fine && q && (q->bytes || q->codes))
        fine = take(p, &m->codes, gather_codes(l, m->codes));
    if (fine && q && q->scales)
        fine = take(p, &m->scales, arrange(l, q->scales, m->scales));
    if (fine && q && q->more)
        fine = take(p, &m->more, arrange(l, q->more, m->more));
    if (fine && b->scale && l->scales_in)
        fine = take(p, &m->scales,
                    spread_floats(l, hu_format_find(b->scale), l->scales_in, m->scales));
    if (fine && b->zeros > HU_ZEROS_BYTES)
        fine = take(
            p, &m->more,
            spread_floats(l, hu_format_find("fp32"),
                          q->more && q->more->bits < 8 ? hu_format_find("uint8") : l->scales_in,
                          m->more));
    m->parts = (struct hu_block_parts){.codes = m->codes,
                                       .scales = m->scales,
                                       .more = m->more,
                                       .groups = (const int32_t *)(const void *)m->groups,
                                       .tensor_scale = l->tensor_scale,
                                       .nested = l->nested};
    if (fine && b->layout == HU_BLOCK_WHOLE && b->over == HU_OVER_TENSOR) /* a matrix's own */
        m->parts.tensor_scale = hu_float_of_bits((uint32_t)hu_little_read(m->more, 4));
    return fine;
}

static void free_matrix(struct matrix *m)
{
    free(m->codes);
    free(m->scales);
    free(m->more);
    free(m->groups);
}

/* The weights that the brackets pick, each decoded exactly into an fp64, row by row. */
static bool decode(struct place *p, const struct hu_tensor_set *set, const struct hu_logical *l,
                   const struct hu_tensor *view, const struct selection *s,
                   struct hu_elements *found)
{
    struct matrix m = {.codes = NULL};
    uint64_t matrix = UINT64_MAX, row = UINT64_MAX, n = found->rows * found->columns;
    uint64_t *line = malloc(l->columns * sizeof *line);
    found->codes = malloc(n * sizeof *found->codes);
    bool fine = (line && found->codes) || place_refuse(p, "out of memory");
    for (uint64_t i = 0; fine && i < n; i++) {
        uint64_t number = selection_picked(view, s, found, i), of = number / (l->rows * l->columns);
        if (of != matrix) {
            free_matrix(&m);
            fine = read_matrix(p, set, l, matrix = of, &m);
            row = UINT64_MAX;
        }
        uint64_t in = number / l->columns % l->rows;
        if (fine && in != row)
            fine = !hu_block_decode_rows(found->format, line, l->block, &m.parts, l->rows,
                                         l->columns, row = in, 1) ||
                   place_refuse(p, "'%.80s' cannot be decoded: a group is none", p->tensor);
        found->codes[i] = fine ? line[number % l->columns] : 0;
    }
    free_matrix(&m);
    free(line);
    return fine;
}

/* P's weight of LOGICALS. *is_one: it is one of them. */
static bool read_weight(struct place *p, const struct hu_tensor_set *set,
                        const struct hu_logicals *logicals, struct hu_elements *found, bool *is_one)
{
    const struct hu_logical *l = NULL;
    struct selection s;
    for (size_t i = 0; i < logicals->count && !l; i++)
        if (logicals->at[i]->block && !strcmp(logicals->at[i]->name, p->tensor))
            l = logicals->at[i];
    *is_one = l != NULL;
    if (!l)
        return false;
    struct hu_tensor view = {.name = p->tensor, .rank = l->rank, .shape = l->shape};
    found->format = hu_format_find("fp64");
    if (!place_select(p, &view, &s, found))
        return false;
    return decode(p, set, l, &view, &s, found);
}

/* The code of element NUMBER, counted from a byte where elements begin. */
static uint64_t code_at(const unsigned char *bytes, const struct hu_tensor *t,
                        const struct hu_format *f, uint64_t number)
{
    unsigned char word[8] = {0};
    uint64_t bit = number % 8 * f->storage_bits;
    size_t size = (bit % 8 + f->storage_bits + 7) / 8;
    memcpy(word, bytes + number / 8 * f->storage_bits + bit / 8, size);
    for (size_t i = 0; t->big_endian && i < size / 2; i++) {
        unsigned char byte = word[i];
        word[i] = word[size - 1 - i];
        word[size - 1 - i] = byte;
    }
    uint64_t code = f->storage_bits < 8 ? (word[0] | (unsigned)word[1] << 8) >> bit % 8
                                        : layout_word(word, f->storage_bits) >> f->storage_shift;
    return code & hu_width_mask(f);
}

/* Bytes that hold elements [0, NUMBER]. */
static uint64_t bytes_to(const struct hu_format *f, uint64_t number)
{
    return number / 8 * f->storage_bits + (number % 8 * f->storage_bits + f->storage_bits + 7) / 8;
}

/* The selected elements into FOUND->codes, from one span of the file. */
static bool read_codes(struct place *p, const char *path, const struct hu_tensor *t,
                       const struct selection *s, struct hu_elements *found)
{
    const struct hu_format *f = found->format;
    const uint64_t begin = selection_number(t, s->first) / 8 * 8,
                   end = selection_picked(t, s, found, found->rows * found->columns - 1);
    if (end - begin >= SPAN_MAX)
        return place_too_many(p);
    uint64_t length = bytes_to(f, end - begin);
    unsigned char *bytes = malloc(length);
    found->codes = malloc(found->rows * found->columns * sizeof *found->codes);
    bool fine = (bytes && found->codes) || place_refuse(p, "out of memory");
    fine = fine && read_bytes(p, path, t, t->offset + begin / 8 * f->storage_bits, bytes, length);
    for (uint64_t i = 0; fine && i < found->rows * found->columns; i++) {
        found->codes[i] = code_at(bytes, t, f, selection_picked(t, s, found, i) - begin);
    }
    free(bytes);
    return fine;
}

static bool read_from(struct place *p, const char *path, const struct hu_tensor *t,
                      struct hu_elements *found)
{
    struct selection s;
    const struct hu_format **format = &found->format;
    *format = t->dtype.format;
    if (t->void_size == 1)
        return place_refuse(
            p,
            "%.200s does not say what its elements of one byte are; %.80s:fp8_e4m3[0] "
            "would",
            path, path);
    if (t->dtype.integer)
        *format = hu_format_find(t->dtype.integer->name);
    if (!*format)
        return place_refuse(p, "'%.80s' holds %s, whose elements are not read as numbers",
                            p->tensor, hu_dtype_name(t->dtype));
    if (!place_select(p, t, &s, found))
        return false;
    return read_codes(p, path, t, &s, found);
}

static bool read_raw(struct place *p, struct hu_elements *found)
{
    const struct hu_format **format = &found->format;
    struct hu_tensor_file file;
    struct hu_file_error error;
    bool big_endian;
    char suggestion[HU_SUGGESTION];
    *format = hu_array_format_find(p->tensor, &big_endian);
    if (!*format)
        return place_refuse(p,
                            "%.200s is no tensor file, so a format is due after its colon, as in "
                            "%.80s:fp32[0]; '%.80s' is none%s%s",
                            p->file, p->file, p->tensor,
                            *hu_name_suggestion(suggestion, p->tensor) ? "; " : "", suggestion);
    if (!hu_raw_open(p->file, *format, &file, &error))
        return place_refuse(p, "%.200s: %.200s", p->file, error.reason);
    file.tensors[0].big_endian = big_endian && (*format)->storage_bits > 8;
    bool fine = read_from(p, p->file, &file.tensors[0], found);
    hu_tensor_file_close(&file);
    return fine;
}

/* An array without a name of its own, by the format of its elements: what is opaque to its header,
 * FILE:fp8_e5m2[i] names. */
static bool read_named(struct place *p, struct hu_tensor_set *set, struct hu_elements *found)
{
    char why[HU_NPY_WHY];
    const struct hu_format *named = hu_format_find(p->tensor);
    struct hu_tensor *t =
        set->count == 1 && set->files[0].kind == HU_FILE_NPY && named ? set->tensors[0] : NULL;
    if (!t)
        return place_refuse(p, "%.200s has no tensor '%.200s'; 'halfulp tensors' lists them",
                            p->file, p->tensor);
    if (!hu_npy_apply_format(t, named, why))
        return place_refuse(p, "%.200s %s", p->file, why);
    return read_from(p, set->paths[0], t, found);
}

static bool read_set(struct place *p, struct hu_elements *found)
{
    struct hu_tensor_set set;
    char error[HU_SET_ERROR];
    if (!hu_tensor_set_open(p->file, &set, error))
        return place_refuse(p, "%.500s", error);
    const struct hu_tensor *t = hu_tensor_set_find(&set, p->tensor);
    if (!t && !*p->tensor && set.tensor_count == 1) {
        t = set.tensors[0];
        char *name = strdup(t->name);
        if (name) {
            free(p->tensor);
            p->tensor = name;
        }
    }
    struct hu_logicals logicals;
    char why[HU_LOGICAL_ERROR];
    bool parts = hu_logicals_read(&set, p->file, &logicals, why), is_weight = false;
    bool fine = parts && read_weight(p, &set, &logicals, found, &is_weight);
    /* Parts that do not fit are no matter to a tensor that is none of them. */
    if (!is_weight && !parts && !(t && t->dtype.format))
        fine = place_refuse(p, "%.500s", why);
    else if (!is_weight)
        fine = t ? read_from(p, set.paths[t->file], t, found) : read_named(p, &set, found);
    hu_logicals_clear(&logicals);
    hu_tensor_set_close(&set);
    return fine;
}

static enum hu_element_result read_elements(const char *text, bool ranges,
                                            struct hu_elements *found, char *message)
{
    struct place p = {.ranges = ranges, .message = message};
    enum hu_element_result result = place_find(&p, text);
    *found = (struct hu_elements){0};
    if (result == HU_ELEMENT_FOUND) {
        bool is_raw = hu_kind_of_file(p.file) == HU_FILE_OTHER;
        bool fine = is_raw ? read_raw(&p, found) : read_set(&p, found);
        result = fine ? HU_ELEMENT_FOUND : HU_ELEMENT_ERROR;
    }
    if (result != HU_ELEMENT_FOUND)
        hu_elements_free(found);
    free(p.file);
    free(p.tensor);
    return result;
}

enum hu_element_result hu_elements_read(const char *text, struct hu_elements *found,
                                        char message[HU_ELEMENT_MESSAGE])
{
    return read_elements(text, true, found, message);
}

void hu_elements_free(struct hu_elements *found)
{
    free(found->codes);
    found->codes = NULL;
}

enum hu_element_result hu_element_read(const char *text, const struct hu_format **format,
                                       uint64_t *bits, char message[HU_ELEMENT_MESSAGE])
{
    struct hu_elements found;
    enum hu_element_result result = read_elements(text, false, &found, message);
    if (result != HU_ELEMENT_FOUND)
        return result;
    *format = found.format;
    *bits = found.codes[0];
    hu_elements_free(&found);
    return result;
}
