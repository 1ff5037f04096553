#include "room.h"
#include "folding.h"

#ifdef HAVE_COOKIE_STREAMS

enum { DEEPER = 4 };

struct folding {
    FILE *out;
    int columns;
    char *line; /* what came since the last newline */
    size_t length, room;
};

/* Bytes of the SGR sequence at TEXT, which takes no column; 0: there is none. */
static size_t sgr_length(const char *text)
{
    if (strncmp(text, "\033[", 2))
        return 0;
    size_t n = 2 + strspn(text + 2, "0123456789;");
    return text[n] == 'm' ? n + 1 : 0;
}

/* Columns of the N bytes at TEXT. */
static int columns_of(const char *text, size_t n)
{
    OWNED char *plain = check_memory(malloc(n + 1));
    size_t used = 0;
    for (size_t at = 0, sgr; at < n; at += sgr ? sgr : 1)
        if (!(sgr = sgr_length(text + at)))
            plain[used++] = text[at];
    plain[used] = 0;
    return text_columns(plain);
}

/* The line, without its newline: word by word, each with the spaces before it. */
static void put_folded(struct folding *f, const char *line, size_t length)
{
    size_t indent = strspn(line, " ");
    int below = (int)indent + DEEPER, at = 0;
    if (below > f->columns / 2)
        below = f->columns / 2;
    for (size_t done = 0; done < length;) {
        size_t spaces = strspn(line + done, " ");
        size_t word = strcspn(line + done + spaces, " ");
        int width = columns_of(line + done + spaces, word);
        if (done && at + (int)spaces + width > f->columns && at > below) {
            /* As deep as a word without a space in it leaves room for. */
            at = below + width <= f->columns ? below : width < f->columns ? f->columns - width : 0;
            fprintf(f->out, "\n%*s", at, "");
        } else {
            fprintf(f->out, "%*s", (int)spaces, "");
            at += (int)spaces;
        }
        fwrite(line + done + spaces, 1, word, f->out);
        at += width;
        done += spaces + word;
    }
}

static bool put_line(struct folding *f, const char *text, size_t n)
{
    if (f->length + n + 1 > f->room) {
        size_t room = 2 * (f->length + n + 1);
        char *line = realloc(f->line, room);
        if (!line)
            return false;
        f->line = line;
        f->room = room;
    }
    memcpy(f->line + f->length, text, n);
    f->length += n;
    f->line[f->length] = 0;
    if (!n || text[n - 1] != '\n')
        return true;
    f->line[--f->length] = 0;
    if (columns_of(f->line, f->length) <= f->columns)
        fwrite(f->line, 1, f->length, f->out);
    else
        put_folded(f, f->line, f->length);
    putc('\n', f->out);
    f->length = 0;
    return true;
}

static ssize_t folding_write(void *cookie, const char *text, size_t size)
{
    struct folding *f = cookie;
    for (size_t done = 0; done < size;) {
        const char *end = memchr(text + done, '\n', size - done);
        size_t n = end ? (size_t)(end - text) + 1 - done : size - done;
        if (!put_line(f, text + done, n))
            return 0; /* an error, with its errno */
        done += n;
    }
    return fflush(f->out) ? 0 : (ssize_t)size;
}

void folding_begin(void)
{
    static struct folding folding;
    int columns = terminal_columns(stdout);
    if (!columns || folding.out)
        return;
    FILE *stream = fopencookie(&folding, "w", (cookie_io_functions_t){.write = folding_write});
    if (!stream)
        return;
    folding.columns = columns;
    folding.out = stdout;
    setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    stdout = stream;
}

#else

void folding_begin(void)
{
}

#endif
