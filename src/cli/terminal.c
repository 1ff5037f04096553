#include "room.h"
#include "plain.h"

#include <sys/ioctl.h>
#include <time.h>

static const struct palette none = {"", "", "", "", "", "", "", ""};
static const struct palette colors = {
    .sign = "\033[34m",
    .exponent = "\033[32m",
    .significand = "\033[31m",
    .dim = "\033[2m",
    .bold = "\033[1m",
    .warn = "\033[33m",
    .good = "\033[32m",
    .off = "\033[0m",
};
const struct palette *ink = &none;

void ink_choose(enum color_mode mode)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    int kept = errno;
    bool can = isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb");
    errno = kept;
    ink = mode == COLOR_ALWAYS || (mode == COLOR_AUTO && can) ? &colors : &none;
}

int terminal_columns(FILE *stream)
{
    struct winsize size = {.ws_col = 0};
    int kept = errno;
    ioctl(stream_descriptor(stream), TIOCGWINSZ, &size);
    errno = kept;
    if (size.ws_col)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    int n = columns ? atoi(columns) : 0;
    return n > 0 && n < 10000 ? n : 0;
}

bool terminal_is_below(int columns)
{
    int own = terminal_columns(stdout);
    return own && own < columns;
}

/* By their first two bytes: Unicode's UAX 11, wide and full width, without its smallest ranges. */
static int columns_of_character(const unsigned char *at)
{
    static const struct {
        unsigned first, last;
        int columns;
    } ranges[] = {
        {0xcc80, 0xcdaf, 0}, /* U+0300: combining marks */
        {0xe184, 0xe185, 2}, /* U+1100: Hangul's letters */
        {0xe2ba, 0xe9bf, 2}, /* U+2E80: CJK, kana */
        {0xeab0, 0xed9f, 2}, /* U+AC00: Hangul */
        {0xefa4, 0xefab, 2}, /* U+F900: CJK's compatibility forms */
        {0xefbc, 0xefbd, 2}, /* U+FF00: full width */
        {0xf09f, 0xf09f, 2}, /* U+1F000: emoji */
        {0xf0a0, 0xf0bf, 2}, /* U+20000: CJK's extensions */
    };
    const unsigned two = at[0] * 256u + at[1];
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (two >= ranges[i].first && two <= ranges[i].last)
            return ranges[i].columns;
    return (*at & 0xc0) != 0x80;
}

int text_columns(const char *text)
{
    int n = 0;
    if (plain_wanted())
        return plain_columns(text);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        n += columns_of_character(at);
    return n;
}

char *text_formatted(const char *format, va_list arguments)
{
    char *text = NULL;
    return vasprintf(&text, format, arguments) < 0 ? check_memory(NULL) : text;
}

char *text_new(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = text_formatted(format, arguments);
    va_end(arguments);
    return text;
}

void text_add(char **text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    OWNED char *more = text_formatted(format, arguments);
    va_end(arguments);
    size_t length = *text ? strlen(*text) : 0;
    *text = check_memory(realloc(*text, length + strlen(more) + 1));
    strcpy(*text + length, more);
}

const char *text_signed(char out[SIGNED_TEXT], int n)
{
    snprintf(out, SIGNED_TEXT, "%s%d", n < 0 ? "−" : "", abs(n));
    return out;
}

char *text_shape(char *out, size_t size, const uint64_t *shape, unsigned rank, const char *comma)
{
    enum { ROOM = 24 }; /* for one more, and the end */
    size_t n = (size_t)snprintf(out, size, "[");
    for (unsigned i = 0; i < rank && n + ROOM < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%" PRIu64, i ? comma : "", shape[i]);
    snprintf(out + n, size - n, n + ROOM < size ? "]" : ", …]");
    return out;
}

int text_scaled(char out[16], double x, char *prefix)
{
    static const char prefixes[] = " kMGTP";
    int i = 0;
    for (; x >= 999.5 && i < 5; i++)
        x /= 1000;
    *prefix = prefixes[i];
    return snprintf(out, 16, "%.*f", x < 9.995 ? 2 : x < 99.95 ? 1 : 0, x);
}

char *text_whole(const char *text, bool no_controls)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    char *out = check_memory(malloc(3 * strlen(text) + 1)), *end = out;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t n = hu_utf8_length(at, strnlen((const char *)at, 4));
        bool control = hu_is_control(at);
        /* XML 1.0 section 2.2 lacks U+FFFE and U+FFFF too. */
        control |= n == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
        bool fine = n && !(control && no_controls);
        memcpy(end, fine ? (const char *)at : replacement, fine ? n : 3);
        end += fine ? n : 3;
        at += n ? n : 1;
    }
    *end = 0;
    return out;
}

char *text_printable(const char *text)
{
    /* A byte becomes four characters at most; hu_printable wants five of room for each. */
    size_t size = 4 * strlen(text) + 8;
    char *out = check_memory(malloc(size));
    hu_printable(text, out, size);
    return out;
}

void print_xml(FILE *out, const char *text)
{
    static const char *const entities[256] = {
        ['<'] = "lt", ['>'] = "gt", ['&'] = "amp", ['"'] = "quot"};
    OWNED char *whole = text_whole(text, true);
    for (const char *c = whole; *c; c++)
        if (entities[(unsigned char)*c])
            fprintf(out, "&%s;", entities[(unsigned char)*c]);
        else
            fputc(*c, out);
}

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
