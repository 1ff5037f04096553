#include "place.h"
#include "kind.h"
#include "open.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { ELEMENTS_MAX = 1 << 24 };

bool place_refuse(struct place *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->message, HU_ELEMENT_MESSAGE, format, arguments);
    va_end(arguments);
    return false;
}

/* One index into a size, from the end where it is negative. */
static bool read_index(struct place *p, const char **at, uint64_t size, unsigned axis,
                       uint64_t *index)
{
    char *end;
    errno = 0;
    long long n = strtoll(*at, &end, 10);
    if (end == *at || errno)
        return place_refuse(p, "\"%s\" is no list of indices: whole numbers by commas", *at);
    if (n < 0 ? (uint64_t) - (n + 1) >= size : (uint64_t)n >= size)
        return place_refuse(p, "index %lld is out of range: axis %u of '%.80s' has %llu element%s",
                            n, axis, p->tensor, (unsigned long long)size, size == 1 ? "" : "s");
    *index = n < 0 ? size - 1 - (uint64_t) - (n + 1) : (uint64_t)n;
    *at = end;
    return true;
}

/* "3", "2:5", "2:", ":" */
static bool read_axis(struct place *p, const char **at, uint64_t size, unsigned axis,
                      struct selection *s)
{
    bool opens = **at == ':';
    s->first[axis] = 0;
    s->count[axis] = 1;
    if (!opens && !read_index(p, at, size, axis, &s->first[axis]))
        return false;
    if (**at != ':')
        return true;
    uint64_t end = size;
    ++*at;
    if (isdigit((unsigned char)**at) || **at == '-') {
        /* The end is not in the range, so it may be the size. */
        char *rest;
        if (strtoull(*at, &rest, 10) == size && **at != '-')
            *at = rest;
        else if (!read_index(p, at, size, axis, &end))
            return false;
    }
    if (end <= s->first[axis])
        return place_refuse(p, "axis %u of '%.80s' has no element from %llu to before %llu", axis,
                            p->tensor, (unsigned long long)s->first[axis], (unsigned long long)end);
    s->count[axis] = end - s->first[axis];
    if (s->ranges < 2)
        s->kept[s->ranges] = axis;
    s->ranges++;
    return true;
}

static bool refuse_count(struct place *p, const struct hu_tensor *t)
{
    return place_refuse(p, "'%.80s' has %u ax%ss: as many indices are due, as in [%s]", p->tensor,
                        t->rank, t->rank == 1 ? "i" : "e",
                        t->rank == 1   ? "0"
                        : t->rank == 2 ? "0,0"
                                       : "0,0,…");
}

/* Axes that are not written are whole where RANGES are asked for. */
static bool read_selection(struct place *p, const struct hu_tensor *t, bool ranges,
                           struct selection *s)
{
    const char *at = p->indices;
    s->ranges = 0;
    if (t->rank > PLACE_RANK_MAX)
        return place_refuse(p, "'%.80s' has more axes than are read", p->tensor);
    for (unsigned i = 0; i < t->rank; i++) {
        const char *whole = ":";
        bool written = at && (!i || *at == ',');
        at += written && i;
        if (!written && !ranges)
            return refuse_count(p, t);
        if (!read_axis(p, written ? &at : &whole, t->shape[i], i, s))
            return false;
        if (s->ranges && !ranges)
            return place_refuse(p, "one element is due, and '%.80s' names a range", p->indices);
    }
    if (at && (*at != ']' || at[1]))
        return place_refuse(p, "'%.80s' has %u ax%ss, and more is written in the brackets",
                            p->tensor, t->rank, t->rank == 1 ? "i" : "e");
    return true;
}

uint64_t selection_number(const struct hu_tensor *t, const uint64_t *indices)
{
    uint64_t number = 0;
    for (unsigned i = 0; t->strides && i < t->rank; i++)
        number += indices[i] * t->strides[i];
    for (unsigned i = 0; !t->strides && i < t->rank; i++) {
        unsigned axis = t->fortran_order ? t->rank - 1 - i : i;
        number = number * t->shape[axis] + indices[axis];
    }
    return number;
}

bool place_too_many(struct place *p)
{
    return place_refuse(p, "'%.80s' has more elements there than are read at once", p->tensor);
}

bool place_select(struct place *p, const struct hu_tensor *t, struct selection *s,
                  struct hu_elements *found)
{
    if (!read_selection(p, t, p->ranges, s))
        return false;
    if (s->ranges > 2)
        return place_refuse(p, "'%.80s' has more than two axes that are not picked by an index",
                            p->tensor);
    found->rows = s->ranges == 2 ? s->count[s->kept[0]] : 1;
    found->columns = s->ranges ? s->count[s->kept[s->ranges - 1]] : 1;
    return found->rows <= ELEMENTS_MAX / found->columns || place_too_many(p);
}

uint64_t selection_picked(const struct hu_tensor *t, const struct selection *s,
                          const struct hu_elements *found, uint64_t i)
{
    uint64_t index[PLACE_RANK_MAX];
    memcpy(index, s->first, sizeof index);
    if (s->ranges)
        index[s->kept[s->ranges - 1]] += i % found->columns;
    if (s->ranges == 2)
        index[s->kept[0]] += i / found->columns;
    return selection_number(t, index);
}

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

/* The shortest part of TEXT before a COLON that IS it, in new memory. NULL: none, or no memory. */
static char *before_colon(const char *text, bool (*is)(const char *), const char **colon)
{
    for (*colon = strchr(text, ':'); *colon; *colon = strchr(*colon + 1, ':')) {
        char *file = strndup(text, (size_t)(*colon - text));
        if (file && is(file))
            return file;
        free(file);
    }
    return NULL;
}

/* Says why the file that TEXT means is none. False: no part before a colon is meant for a file. */
static bool refuse_absent(struct place *p, const char *text)
{
    struct stat status;
    const char *colon;
    p->file = before_colon(text, looks_like_file, &colon);
    if (p->file)
        place_refuse(p, "%.300s: %s", p->file,
                     stat(p->file, &status) ? strerror(errno)
                                            : hu_file_kind_trouble(status.st_mode));
    return p->file;
}

/* False: no part before a colon is a file, or no memory. */
static bool split(struct place *p, const char *text)
{
    const char *colon;
    p->file = before_colon(text, is_file, &colon);
    if (!p->file)
        return false;
    size_t n = strlen(colon + 1);
    const char *open = n && colon[n] == ']' ? strrchr(colon, '[') : NULL;
    p->tensor = strndup(colon + 1, open ? (size_t)(open - colon - 1) : n);
    p->indices = open ? open + 1 : NULL;
    return p->tensor;
}

enum hu_element_result place_find(struct place *p, const char *text)
{
    if (names_format(text))
        return HU_ELEMENT_NONE;
    if (split(p, text))
        return HU_ELEMENT_FOUND;
    return refuse_absent(p, text) ? HU_ELEMENT_ERROR : HU_ELEMENT_NONE;
}
