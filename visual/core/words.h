/* Small pieces of text that several pages need. */
#pragma once

#include "value.h"

#include <stddef.h>

/* A number's few characters, for what prints them at once: "⁻¹⁰²²"; "−4", with the minus sign of
 * typography. */
struct number_text {
    char text[36];
};
struct number_text superscript(int number);
struct number_text signed_text(int number);
/* TEXT with '-' as the minus sign; new memory. */
char *with_minus(const char *text);
/* The same of TEXT that is freed. */
char *with_minus_taken(char *text);
/* The significand m/2^t as a decimal, cut with an ellipsis to DIGITS places where it is longer;
 * false: it was. */
bool significand_text(char *out, size_t size, const struct hu_format *f, uint64_t bits, int digits);
/* An exact decimal with many zeros before its digits, in scientific notation with all of them; TEXT
 * is freed, the result is new. */
char *without_zeros(char *text);
/* A datum as hu_shown_print and hu_bound_print have it, with the minus sign of typography. New
 * memory. */
char *shown_value(const struct hu_format *f, uint64_t bits);
char *bound_value(const struct hu_format *f, uint64_t bits);
/* The code point at *TEXT, which moves past it. What is not UTF-8 reads as U+FFFD. */
uint32_t utf8_code(const char **text, const char *end);
/* Whether C goes on with a code point that began before it. */
static inline bool utf8_continues(char c)
{
    return (c & 0xc0) == 0x80;
}
/* How many code points TEXT has. */
size_t utf8_columns(const char *text);

/* Which of COUNT names NAME is; -1: none. */
int index_of(const char *name, const char *const *names, int count);

/* "to nearest, ties to even" */
const char *direction_words(enum hu_direction direction);
