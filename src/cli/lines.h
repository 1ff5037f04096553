/* A stream of lines in and a stream of lines out, in bounded memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A line longer than this is refused: text is not that long. */
enum { LINE_MAX_BYTES = 64 << 20 };

struct line_reader {
    int fd;
    char *buffer;
    size_t capacity, start, end; /* unread bytes lie in [start, end) */
    unsigned long long line;     /* the number of the line last given, from 1 */
    bool eof;
    int error; /* errno of a failed read, or EFBIG for a line that is too long */
};

void lines_begin(struct line_reader *r, int fd);

/*
 * The next line without its newline, good until the next call. NULL: the end, or r->error. Before
 * a read that may wait, stdout is flushed, so that results follow their input.
 */
const char *lines_next(struct line_reader *r, size_t *length);

/* Reading that ended with an error ends the process, with a report of NAME; NULL: standard input.
 */
void lines_end(struct line_reader *r, const char *name);
