#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool color_mode_read(const char *text, enum color_mode *mode)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(text, names[i])) {
            *mode = (enum color_mode)i;
            return true;
        }
    return false;
}

bool color_wanted(enum color_mode mode, FILE *stream)
{
    if (mode != COLOR_AUTO)
        return mode == COLOR_ALWAYS;
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && !(no && *no) && term && strcmp(term, "dumb");
}

int terminal_columns(FILE *stream)
{
    struct winsize size;
    if (!ioctl(fileno(stream), TIOCGWINSZ, &size) && size.ws_col)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    int n = columns ? atoi(columns) : 0;
    return n > 0 && n < 10000 ? n : 0;
}

int text_columns(const char *text)
{
    int n = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool continues = (*at & 0xc0) == 0x80;
        bool combines = at[0] == 0xcc && at[1] >= 0x80; /* U+0300 to U+033F */
        n += !continues && !combines;
    }
    return n;
}

const struct palette *palette_for(bool color)
{
    static const struct palette none = {"", "", "", "", "", "", "", ""};
    static const struct palette plain = {
        .sign = "\033[34m",
        .exponent = "\033[32m",
        .significand = "\033[31m",
        .dim = "\033[2m",
        .bold = "\033[1m",
        .warn = "\033[33m",
        .good = "\033[32m",
        .off = "\033[0m",
    };
    return color ? &plain : &none;
}
