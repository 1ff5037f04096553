#include "room.h"
#include "operand.h"
#include "lines.h"
#include "file/element.h"
#include "file/kind.h"
#include "file/tensor_file.h"

#include <fcntl.h>
#include <sys/stat.h>

/* One more value, which is +0. */
static struct hu_value *append(struct operand *o)
{
    struct hu_value *value = check_memory(hu_file_append(&o->values, &o->count, sizeof *value));
    hu_value_init(value);
    return value;
}

/* Where a row is read: for messages. */
struct source {
    const char *file; /* NULL: an argument */
    unsigned long long line;
};

static _Noreturn void die_of_value(const struct source *s, const char *message)
{
    if (s->file)
        die("%s: line %llu: %s", s->file, s->line, message);
    die("%s", message);
}

static void read_value(struct operand *o, const char *text, size_t length, const struct source *s)
{
    char message[HU_MESSAGE];
    if (o->count == OPERAND_MAX)
        die_of_value(s, "more values than are read: 1,048,576");
    if (!hu_value_read(append(o), text, length, message))
        die_of_value(s, message);
}

/* One row of LENGTH bytes: values by commas, or in a file by blanks too. */
static void read_row(struct operand *o, const char *text, size_t length, const struct source *s)
{
    const char *separators = s->file ? ", \t\r" : ",", *end = text + length;
    size_t before = o->count;
    for (const char *at = text; at < end;) {
        size_t n = 0;
        while (at + n < end && !strchr(separators, at[n]))
            n++;
        if (n || !s->file)
            read_value(o, at, n, s);
        at += n + 1;
        if (at == end && !s->file)
            die_of_value(s, "a value is missing after the last comma");
    }
    size_t columns = o->count - before;
    if (o->rows && columns != o->columns) {
        OWNED char *message = text_new("a row of %zu value%s, where the rows before have %zu",
                                       columns, plural(columns), o->columns);
        die_of_value(s, message);
    }
    o->columns = columns;
    o->rows++;
}

static void read_text(struct operand *o, const char *text)
{
    const struct source s = {.file = NULL};
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ";");
        if (!n)
            die("a value is missing");
        read_row(o, at, n, &s);
        at += n;
        if (!*at)
            return;
    }
}

/* Lines without values, and from '#' on, are skipped. */
static void read_file(struct operand *o, const char *path)
{
    struct source s = {.file = path};
    struct line_reader r;
    size_t length;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        die("%s: %s", path, strerror(errno));
    lines_begin(&r, descriptor);
    for (const char *line; (line = lines_next(&r, &length));) {
        const char *remark = memchr(line, '#', length);
        length = remark ? (size_t)(remark - line) : length;
        s.line = r.line;
        size_t blanks = 0;
        while (blanks < length && strchr(" \t\r", line[blanks]))
            blanks++;
        if (blanks < length)
            read_row(o, line, length, &s);
    }
    lines_end(&r, path);
    close(descriptor);
    if (!o->count)
        die("%s has no values", path);
}

/* False: TEXT names no elements. */
static bool read_elements(struct operand *o, const char *text)
{
    char why[HU_ELEMENT_MESSAGE];
    struct hu_elements found;
    enum hu_element_result result = hu_elements_read(text, &found, why);
    if (result == HU_ELEMENT_NONE)
        return false;
    if (result == HU_ELEMENT_ERROR)
        die("%s", why);
    if (found.rows > OPERAND_MAX / found.columns)
        die("%s: more values than are read: 1,048,576", text);
    o->rows = found.rows;
    o->columns = found.columns;
    o->format = found.format;
    for (uint64_t i = 0; i < found.rows * found.columns; i++)
        hu_value_set_datum(append(o), found.format, found.codes[i]);
    hu_elements_free(&found);
    return true;
}

void operand_read(struct operand *o, const char *text)
{
    struct stat status;
    *o = (struct operand){0};
    if (read_elements(o, text))
        return;
    if (stat(text, &status) || S_ISDIR(status.st_mode)) {
        read_text(o, text);
    } else if (hu_kind_of_file(text) == HU_FILE_OTHER) {
        read_file(o, text);
    } else {
        OWNED char *only = text_new("%s:", text);
        if (!read_elements(o, only))
            give_up();
    }
}

void operand_clear(struct operand *o)
{
    for (size_t i = 0; i < o->count; i++)
        hu_value_clear(&o->values[i]);
    free(o->values);
    *o = (struct operand){0};
}
