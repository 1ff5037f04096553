/* Short texts that live as long as the block that they are made in. */
#pragma once

#include "file/printable.h"
#include "memory/figure.h"
#include "terminal.h"
#include "text.h"

/* "0x3dcd", "0.1", "0x1.8p-3", and the flags' names. */
#define CODE_OF(f, bits) shown_by(hu_bits_print, (char[HU_BITS_TEXT]){0}, f, bits)
#define VALUE_OF(f, bits) shown_by(hu_shown_print, (char[HU_SHORTEST_TEXT]){0}, f, bits)
#define HEX_OF(f, bits) shown_by(hu_hex_print, (char[HU_HEX_TEXT]){0}, f, bits)
#define FLAGS_OF(flags) shown_flags((char[HU_FLAGS_TEXT]){0}, flags)
/* "−4" */
#define SIGNED(n) text_signed((char[SIGNED_TEXT]){0}, n)

/* |ULPS|, which is not zero, to DIGITS, whatever a double holds: "0.333 ulp". New memory. */
char *shown_ulps(const mpq_t ulps, int digits);

static inline const char *shown_by(size_t (*print)(char *, const struct hu_format *, uint64_t),
                                   char *out, const struct hu_format *f, uint64_t bits)
{
    print(out, f, bits);
    return out;
}

static inline const char *shown_flags(char *out, unsigned flags)
{
    hu_flags_print(out, flags);
    return out;
}
