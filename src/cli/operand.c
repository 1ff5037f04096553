#include "room.h"
#include "operand.h"
#include "lines.h"
#include "file/element.h"
#include "file/kind.h"

#include <fcntl.h>
#include <sys/stat.h>

/* One more value, which is +0. */
static struct hu_value *append(struct operand *o)
{
    /* Full whenever the count is a power of two. */
    if (!(o->count & (o->count - 1)))
        o->values =
            check_memory(realloc(o->values, (o->count ? 2 * o->count : 1) * sizeof *o->values));
    hu_value_init(&o->values[o->count]);
    return &o->values[o->count++];
}

/* Where a row is read: for messages. */
struct source {
    const char *file; /* NULL: an argument */
    unsigned long long line;
};

static bool refuse_value(const struct source *s, const char *message)
{
    if (s->file)
        fail("%s: line %llu: %s", s->file, s->line, message);
    else
        fail("%s", message);
    return false;
}

/* One row of LENGTH bytes: values by commas, or in a file by blanks too. */
static bool read_row(struct operand *o, const char *text, size_t length, const struct source *s)
{
    const char *separators = s->file ? ", \t\r" : ",", *end = text + length;
    char message[HU_MESSAGE];
    size_t before = o->count;
    for (const char *at = text; at < end;) {
        size_t n = 0;
        while (at + n < end && !strchr(separators, at[n]))
            n++;
        if (n || !s->file) {
            if (o->count == OPERAND_MAX)
                return refuse_value(s, "more values than are read: 1,048,576");
            if (!hu_value_read(append(o), at, n, message))
                return refuse_value(s, message);
        }
        at += n + 1;
        if (at == end && !s->file)
            return refuse_value(s, "a value is missing after the last comma");
    }
    size_t columns = o->count - before;
    if (o->rows && columns != o->columns) {
        snprintf(message, sizeof message, "a row of %zu value%s, where the rows before have %zu",
                 columns, plural(columns), o->columns);
        return refuse_value(s, message);
    }
    o->columns = columns;
    o->rows++;
    return true;
}

static bool read_text(struct operand *o, const char *text, const struct source *s)
{
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ";");
        if (!n)
            return refuse_value(s, "a value is missing");
        if (!read_row(o, at, n, s))
            return false;
        at += n;
        if (!*at)
            return true;
    }
}

/* Lines without values, and from '#' on, are skipped. */
static bool read_lines(struct operand *o, int descriptor, struct source *s)
{
    struct line_reader r;
    size_t length;
    bool fine = true;
    lines_begin(&r, descriptor);
    for (const char *line; fine && (line = lines_next(&r, &length));) {
        const char *remark = memchr(line, '#', length);
        length = remark ? (size_t)(remark - line) : length;
        s->line = r.line;
        size_t blanks = 0;
        while (blanks < length && strchr(" \t\r", line[blanks]))
            blanks++;
        fine = blanks == length || read_row(o, line, length, s);
    }
    fine = fine && !lines_failed(&r, s->file);
    lines_end(&r);
    if (fine && !o->count) {
        fail("%s has no values", s->file);
        fine = false;
    }
    return fine;
}

static bool read_file(struct operand *o, const char *path, struct source *s)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse("%s: %s", path, strerror(errno));
    s->file = path;
    bool fine = read_lines(o, descriptor, s);
    close(descriptor);
    return fine;
}

/* False: TEXT names no elements, and *fine is as it was; else *fine says whether they were read. */
static bool read_elements(struct operand *o, const char *text, bool *fine)
{
    char why[HU_ELEMENT_MESSAGE];
    struct hu_elements found;
    enum hu_element_result result = hu_elements_read(text, &found, why);
    if (result == HU_ELEMENT_NONE)
        return false;
    *fine = result == HU_ELEMENT_FOUND && found.rows <= OPERAND_MAX / found.columns;
    if (result == HU_ELEMENT_ERROR) {
        fail("%s", why);
        return true;
    }
    if (!*fine)
        fail("%s: more values than are read: 1,048,576", text);
    o->rows = found.rows;
    o->columns = found.columns;
    o->format = found.format;
    for (uint64_t i = 0; *fine && i < found.rows * found.columns; i++)
        hu_value_set_datum(append(o), found.format, found.codes[i]);
    hu_elements_free(&found);
    return true;
}

bool operand_read(struct operand *o, const char *text)
{
    struct stat status;
    struct source s = {.file = NULL};
    bool fine = false;
    *o = (struct operand){0};
    if (read_elements(o, text, &fine))
        return fine;
    if (stat(text, &status) || S_ISDIR(status.st_mode))
        return read_text(o, text, &s);
    if (hu_kind_of_file(text) == HU_FILE_OTHER)
        return read_file(o, text, &s);
    OWNED char *only = text_new("%s:", text);
    bool named = read_elements(o, only, &fine);
    return named && fine;
}

void operand_clear(struct operand *o)
{
    for (size_t i = 0; i < o->count; i++)
        hu_value_clear(&o->values[i]);
    free(o->values);
    *o = (struct operand){0};
}
