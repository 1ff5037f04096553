#include "element_place.h"
#include "names.h"
#include "array/layout.h"
#include "kind.h"
#include "open.h"
#include "npy.h"
#include "raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool is_file(const char *path)
{
    struct stat status;
    return !stat(path, &status) && S_ISREG(status.st_mode);
}

/* Whether TEXT is a value of a format by its name, as in -fp16:max: that name means the format
 * whatever files there are, and ./fp16 the file. */
static bool names_format(const char *text)
{
    char name[HU_MAX_NAME];
    text += strspn(text, " \t");
    text += *text == '-' || *text == '+';
    size_t n = strcspn(text, ":");
    if (!text[n] || n >= sizeof name)
        return false;
    memcpy(name, text, n);
    name[n] = 0;
    return hu_format_find(name);
}

/* Whether PATH is meant for a file by how it is written: with a folder, or with an ending that
 * files of tensors or raw arrays have. */
static bool looks_like_file(const char *path)
{
    size_t n = strlen(path);
    return strchr(path, '/') || hu_kind_of_name(path) != HU_FILE_OTHER ||
           (n > 4 && !strcasecmp(path + n - 4, ".bin"));
}

/* Says why the file that TEXT means is none. False: no part before a colon is meant for a file. */
static bool refuse_absent(struct place *p, const char *text)
{
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        struct stat status;
        char *file = strndup(text, (size_t)(colon - text));
        if (!file || !looks_like_file(file)) {
            free(file);
            continue;
        }
        p->file = file;
        hu_place_refuse(p, "%.300s: %s", file,
                        stat(file, &status) ? strerror(errno)
                                            : hu_file_kind_trouble(status.st_mode));
        return true;
    }
    return false;
}

/* False: no part before a colon is a file, or no memory. */
static bool split(struct place *p, const char *text)
{
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        char *file = strndup(text, (size_t)(colon - text));
        if (!file || !is_file(file)) {
            free(file);
            continue;
        }
        size_t n = strlen(colon + 1);
        const char *open = n && colon[n] == ']' ? strrchr(colon, '[') : NULL;
        p->file = file;
        p->tensor = strndup(colon + 1, open ? (size_t)(open - colon - 1) : n);
        p->indices = open ? open + 1 : NULL;
        return p->tensor;
    }
    return false;
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
    uint64_t index[RANK_MAX], last[RANK_MAX] = {0};
    for (unsigned i = 0; i < t->rank; i++)
        last[i] = s->first[i] + s->count[i] - 1;
    uint64_t begin = hu_place_number(t, s->first) / 8 * 8, end = hu_place_number(t, last);
    if (found->rows > ELEMENTS_MAX / found->columns || end - begin >= SPAN_MAX)
        return hu_place_refuse(p, "'%.80s' has more elements there than are read at once",
                               p->tensor);
    uint64_t length = bytes_to(f, end - begin);
    unsigned char *bytes = malloc(length);
    found->codes = malloc(found->rows * found->columns * sizeof *found->codes);
    bool fine = (bytes && found->codes) || hu_place_refuse(p, "out of memory");
    fine =
        fine && hu_place_read(p, path, t, t->offset + begin / 8 * f->storage_bits, bytes, length);
    for (uint64_t i = 0; fine && i < found->rows * found->columns; i++) {
        memcpy(index, s->first, sizeof index);
        if (s->ranges)
            index[s->kept[s->ranges - 1]] += i % found->columns;
        if (s->ranges == 2)
            index[s->kept[0]] += i / found->columns;
        found->codes[i] = code_at(bytes, t, f, hu_place_number(t, index) - begin);
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
        return hu_place_refuse(
            p,
            "%.200s does not say what its elements of one byte are; %.80s:fp8_e4m3[0] "
            "would",
            path, path);
    if (t->dtype.integer)
        *format = hu_format_find(t->dtype.integer->name);
    if (!*format)
        return hu_place_refuse(p, "'%.80s' holds %s, whose elements are not read as numbers",
                               p->tensor, hu_dtype_name(t->dtype));
    if (!hu_place_select(p, t, &s, found))
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
        return hu_place_refuse(
            p,
            "%.200s is no tensor file, so a format is due after its colon, as in "
            "%.80s:fp32[0]; '%.80s' is none%s%s",
            p->file, p->file, p->tensor, *hu_name_suggestion(suggestion, p->tensor) ? "; " : "",
            suggestion);
    if (!hu_raw_open(p->file, *format, &file, &error))
        return hu_place_refuse(p, "%.200s: %.200s", p->file, error.reason);
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
        return hu_place_refuse(p, "%.200s has no tensor '%.200s'; 'halfulp tensors' lists them",
                               p->file, p->tensor);
    if (!hu_npy_apply_format(t, named, why))
        return hu_place_refuse(p, "%.200s %s", p->file, why);
    return read_from(p, set->paths[0], t, found);
}

static bool read_set(struct place *p, struct hu_elements *found)
{
    struct hu_tensor_set set;
    char error[HU_SET_ERROR];
    if (!hu_tensor_set_open(p->file, &set, error))
        return hu_place_refuse(p, "%.500s", error);
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
    bool fine = parts && hu_place_weight(p, &set, &logicals, found, &is_weight);
    /* Parts that do not fit are no matter to a tensor that is none of them. */
    if (!is_weight && !parts && !(t && t->dtype.format))
        fine = hu_place_refuse(p, "%.500s", why);
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
    *found = (struct hu_elements){0};
    if (names_format(text))
        return HU_ELEMENT_NONE;
    enum hu_element_result result = HU_ELEMENT_NONE;
    if (split(&p, text)) {
        bool is_raw = hu_kind_of_file(p.file) == HU_FILE_OTHER;
        bool fine = is_raw ? read_raw(&p, found) : read_set(&p, found);
        result = fine ? HU_ELEMENT_FOUND : HU_ELEMENT_ERROR;
    } else if (refuse_absent(&p, text)) {
        result = HU_ELEMENT_ERROR;
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
