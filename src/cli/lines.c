#include "room.h"
#include "lines.h"

enum { CHUNK = 1 << 18 };

void lines_begin(struct line_reader *r, int fd)
{
    *r = (struct line_reader){.fd = fd, .capacity = CHUNK};
    r->buffer = check_memory(malloc(r->capacity));
}

/* More bytes behind end; false at the end of input and on errors. */
static bool refill(struct line_reader *r)
{
    memmove(r->buffer, r->buffer + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    if (r->end == r->capacity) {
        if (r->capacity >= LINE_MAX_BYTES) {
            r->line++;
            r->error = EFBIG;
            return false;
        }
        r->capacity *= 2;
        r->buffer = check_memory(realloc(r->buffer, r->capacity));
    }
    fflush(stdout);
    ssize_t n;
    do
        n = read(r->fd, r->buffer + r->end, r->capacity - r->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        r->error = errno;
    if (n <= 0) {
        r->eof = true;
        return false;
    }
    r->end += (size_t)n;
    return true;
}

const char *lines_next(struct line_reader *r, size_t *length)
{
    size_t seen = 0;
    for (;;) {
        char *start = r->buffer + r->start;
        char *newline = memchr(start + seen, '\n', r->end - r->start - seen);
        if (newline) {
            *length = (size_t)(newline - start);
            r->start += *length + 1;
            r->line++;
            return start;
        }
        seen = r->end - r->start;
        if (r->eof || !refill(r))
            break;
    }
    if (r->error || r->start == r->end)
        return NULL;
    *length = r->end - r->start;
    const char *last = r->buffer + r->start;
    r->start = r->end;
    r->line++;
    return last;
}

void lines_end(struct line_reader *r, const char *name)
{
    if (!name)
        name = "standard input";
    if (r->error == EFBIG)
        die("%s: line %llu is longer than %d MiB", name, r->line, LINE_MAX_BYTES >> 20);
    if (r->error)
        die("%s: %s", name, strerror(r->error));
    free(r->buffer);
}
