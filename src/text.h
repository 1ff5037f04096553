/*
 * Values as text, read and printed exactly. Thread-safe. Functions that return char * give a string
 * in new memory, which the caller frees; they never return NULL (GMP's allocation ends the process
 * when memory is out, and so do they).
 */
#pragma once

#include "value.h"

enum { HU_MESSAGE = 256 };

/*
 * Reads one value by the grammar of the manual: a decimal, C hexadecimal, fraction, special, or a
 * datum FORMAT:0xHEX, FORMAT:0bBITS, FORMAT:le:HEX, FORMAT:be:HEX, FORMAT:cdab:HEX, FORMAT:max and
 * so on. Spaces around it are allowed. False: message says why, and V is unchanged or any finite
 * value.
 */
bool hu_value_read(struct hu_value *v, const char *text, size_t length, char message[HU_MESSAGE]);

/*
 * The same grammar, rounded straight into TO: what hu_value_read and hu_value_round give, at the
 * speed of common text. options and flags may be NULL.
 */
bool hu_text_round(const char *text, size_t length, const struct hu_format *to,
                   const struct hu_options *options, uint64_t *bits, unsigned *flags,
                   char message[HU_MESSAGE]);

/* An encoding: hexadecimal digits with or without 0x and separators, within F's width; or as many
 * digits as its word in memory has where that is wider and the code lies at its top (tf32). */
bool hu_bits_read(const struct hu_format *f, const char *text, size_t length, uint64_t *bits,
                  char message[HU_MESSAGE]);

/* "rne" or an IEEE 754 or C long name, in any case. */
bool hu_direction_read(const char *text, enum hu_direction *direction);
const char *hu_direction_name(enum hu_direction direction);

/* "0x3dcd", with a digit for each 4 bits of the width begun. */
enum { HU_BITS_TEXT = 19 };
size_t hu_bits_print(char out[HU_BITS_TEXT], const struct hu_format *f, uint64_t bits);

/* The fields as digits 0 and 1, each ending in a NUL. Unsigned formats have an empty sign. */
struct hu_fields_text {
    char sign[2], exponent[16], significand[65];
};
void hu_fields_print(struct hu_fields_text *out, const struct hu_format *f, uint64_t bits);

/* The flags and their names in the order invalid, divide_by_zero, overflow, underflow, inexact; the
 * name past the last is NULL. */
unsigned hu_flag(int index);
const char *hu_flag_name(int index);

/* Flags by name in that order, joined by ','; "-": none. */
enum { HU_FLAGS_TEXT = 64 };
size_t hu_flags_print(char out[HU_FLAGS_TEXT], unsigned flags);

/*
 * The shortest decimal that rounds to nearest, ties to even, back to BITS in F, and of those the
 * closest; "inf", "-inf", "nan", "nan(0x12)", "snan(0x1)". No exponent from 1e-4 up to 1e16, as in
 * Python. Returns the length. Custom formats with much longer exponents than fp64's fit too.
 */
enum { HU_SHORTEST_TEXT = 48 };
size_t hu_shortest_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits);

/*
 * A value as it is shown to a person: exactly where its exact decimal has at most HU_SHOWN_DIGITS
 * significant digits, and else as the shortest decimal that reads back. Of the many numbers that
 * read back to fp8_e4m3's largest value this is 448, and not the shorter 450. The form is that of
 * hu_shortest_print.
 */
enum { HU_SHOWN_DIGITS = 17 };
size_t hu_shown_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits);

/* Whether hu_shown_print gives the exact value of a finite datum. */
bool hu_is_shown_exactly(const struct hu_format *f, uint64_t bits);

/* The same for a bound: what is not shown exactly is the shortest decimal that reads back among
 * those that do not exceed the datum in magnitude. bf16's largest is 3.389e+38, and not 3.39e+38.
 */
size_t hu_bound_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits);

/* A real that is no datum, for people: exactly within HU_SHOWN_DIGITS, and else rounded to DIGITS,
 * which are no more; *exact says which. */
char *hu_ratio_shown(const mpq_t ratio, int digits, bool *exact);

/* RATIO, not zero, as WHOLE / 10^*PLACES. False: its decimal does not end. */
bool hu_ratio_ends(mpz_t whole, mp_bitcnt_t *places, const mpq_t ratio);

/* Exactly: a decimal where it ends, a fraction p/q where it does not; "inf", "nan". */
char *hu_ratio_exact(const mpq_t ratio);
char *hu_value_exact(const struct hu_value *v);
char *hu_datum_exact(const struct hu_format *f, uint64_t bits); /* finite data only */

/* Rounded to DIGITS significant digits, in scientific notation: "+4.88e-04" with plus set. */
char *hu_ratio_scientific(const mpq_t ratio, int digits, bool plus);

/* C hexadecimal, normalized: "0x1.9ap-4", "-0x0p+0". */
enum { HU_HEX_TEXT = 48 };
size_t hu_hex_print(char out[HU_HEX_TEXT], const struct hu_format *f, uint64_t bits);
