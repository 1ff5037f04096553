/* Text rounded into a format, for tests. */
#pragma once

#include "format.h"
#include "text.h"

#include <criterion/criterion.h>
#include <string.h>

static inline uint64_t read_into(const char *format, const char *text, unsigned *flags)
{
    char message[HU_MESSAGE] = "";
    uint64_t bits = 0;
    bool good =
        hu_text_round(text, strlen(text), hu_format_find(format), NULL, &bits, flags, message);
    cr_assert(good, "%s", message);
    return bits;
}
