/* What an element's place picks of a tensor, and its bytes. */
#include "element_place.h"
#include "open.h"
#include "zip_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool hu_place_refuse(struct place *p, const char *format, ...)
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
        return hu_place_refuse(p, "\"%s\" is no list of indices: whole numbers by commas", *at);
    if (n < 0 ? (uint64_t) - (n + 1) >= size : (uint64_t)n >= size)
        return hu_place_refuse(p,
                               "index %lld is out of range: axis %u of '%.80s' has %llu element%s",
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
        return hu_place_refuse(p, "axis %u of '%.80s' has no element from %llu to before %llu",
                               axis, p->tensor, (unsigned long long)s->first[axis],
                               (unsigned long long)end);
    s->count[axis] = end - s->first[axis];
    if (s->ranges < 2)
        s->kept[s->ranges] = axis;
    s->ranges++;
    return true;
}

static bool refuse_count(struct place *p, const struct hu_tensor *t)
{
    return hu_place_refuse(p, "'%.80s' has %u ax%ss: as many indices are due, as in [%s]",
                           p->tensor, t->rank, t->rank == 1 ? "i" : "e",
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
    if (t->rank > RANK_MAX)
        return hu_place_refuse(p, "'%.80s' has more axes than are read", p->tensor);
    for (unsigned i = 0; i < t->rank; i++) {
        const char *whole = ":";
        bool written = at && (!i || *at == ',');
        at += written && i;
        if (!written && !ranges)
            return refuse_count(p, t);
        if (!read_axis(p, written ? &at : &whole, t->shape[i], i, s))
            return false;
        if (s->ranges && !ranges)
            return hu_place_refuse(p, "one element is due, and '%.80s' names a range", p->indices);
    }
    if (at && (*at != ']' || at[1]))
        return hu_place_refuse(p, "'%.80s' has %u ax%ss, and more is written in the brackets",
                               p->tensor, t->rank, t->rank == 1 ? "i" : "e");
    return true;
}

/* The element's number in memory. */
uint64_t hu_place_number(const struct hu_tensor *t, const uint64_t *indices)
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

/* From the file, or from the start of a compressed member of it; a member is looked at as a whole
 * first, whether it is undamaged. */
bool hu_place_read(struct place *p, const char *path, const struct hu_tensor *t, uint64_t offset,
                   unsigned char *bytes, size_t n)
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
            hu_place_refuse(p, "%.200s: %.250s", path, error.reason);
    }
    if (fine && !t->packed) {
        why = hu_input_read(&in, bytes, n, offset);
        fine = !why;
    }
    if (why)
        hu_place_refuse(p, "%.200s: byte %llu: %s", path, (unsigned long long)offset,
                        why < 0 ? "the file is cut short" : strerror(why));
    if (in.descriptor >= 0)
        close(in.descriptor);
    return fine;
}

/* What P picks of T: an element, a row or a matrix, whose sizes go to FOUND. */
bool hu_place_select(struct place *p, const struct hu_tensor *t, struct selection *s,
                     struct hu_elements *found)
{
    if (!read_selection(p, t, p->ranges, s))
        return false;
    if (s->ranges > 2)
        return hu_place_refuse(p, "'%.80s' has more than two axes that are not picked by an index",
                               p->tensor);
    found->rows = s->ranges == 2 ? s->count[s->kept[0]] : 1;
    found->columns = s->ranges ? s->count[s->kept[s->ranges - 1]] : 1;
    return true;
}
