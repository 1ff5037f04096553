/* What the terminal can show. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Columns of the terminal behind STREAM, or of $COLUMNS; 0: neither is known. */
int terminal_columns(FILE *stream);

/* Whether stdout is known to have fewer COLUMNS. */
bool terminal_is_below(int columns);

/* Columns that UTF-8 TEXT takes: one a code point, two of wide scripts and emoji, which names may
 * have, none for combining marks; where the program prints plain ASCII, what that takes. */
int text_columns(const char *text);
/* *WIDTH becomes COLUMNS where those are more. */
static inline void widen(int *width, int columns)
{
    if (columns > *width)
        *width = columns;
}

/* What COUNT of a thing adds to its name: "s", or nothing. */
static inline const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* New memory that the caller frees. */
char *text_new(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_formatted(const char *format, va_list arguments);
/* What FORMAT says behind *TEXT, which moves; NULL there: by itself. */
void text_add(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "−4" */
enum { SIGNED_TEXT = 24 };
const char *text_signed(char out[SIGNED_TEXT], int n);

/* SHAPE as "[2, 3]", where COMMA is what stands between; one too long ends in "…". */
char *text_shape(char *out, size_t size, const uint64_t *shape, unsigned rank, const char *comma);

/* X, at most 999 of its unit, by three places: 1234567 is 1.23 with *PREFIX 'M'; ' ': as it is. */
int text_scaled(char out[16], double x, char *prefix);

/* TEXT from outside, in new memory that the caller frees: what is no UTF-8 becomes U+FFFD, and
 * where NO_CONTROLS, as XML wants it, so do control characters. */
char *text_whole(const char *text, bool no_controls);

/* TEXT from outside for a terminal, whole and in new memory: control characters and what is no
 * UTF-8 become \xNN. */
char *text_printable(const char *text);

/* Prints TEXT from outside as XML's character data. */
void print_xml(FILE *out, const char *text);

/* What stdout's text is coloured with: the SGR sequences of the three fields and of emphasis, which
 * are empty strings until a command asks for colour, and where it then gets none. */
struct palette {
    const char *sign, *exponent, *significand, *dim, *bold, *warn, *good, *off;
};
extern const struct palette *ink;

/* Always, never, or on a terminal unless NO_COLOR is set (no-color.org) or TERM is dumb. */
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
void ink_choose(enum color_mode mode);

/* A clock that only goes on. */
double seconds_now(void);
