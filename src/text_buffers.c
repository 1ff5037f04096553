/* halfulp.h's text: strings in, the caller's buffer out. */
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int hu_read(const struct hu_format *to, const char *text, const struct hu_options *options,
            uint64_t *bits, unsigned *flags)
{
    char message[HU_MESSAGE];
    unsigned raised = 0;
    uint64_t code;
    if (!to || !text || !bits ||
        !hu_text_round(text, strlen(text), to, options, &code, &raised, message))
        return EINVAL;
    *bits = code;
    if (flags)
        *flags |= raised;
    return 0;
}

static size_t copy(char *out, size_t size, const char *text, size_t length)
{
    if (size) {
        size_t n = length < size ? length : size - 1;
        memcpy(out, text, n);
        out[n] = 0;
    }
    return length;
}

size_t hu_print(char *out, size_t size, const struct hu_format *f, uint64_t bits,
                enum hu_style style)
{
    _Static_assert((int)HU_HEX_TEXT <= (int)HU_SHORTEST_TEXT, "one buffer holds both");
    char text[HU_SHORTEST_TEXT];
    if (style == HU_STYLE_EXACT && hu_is_finite(hu_decode(f, bits))) {
        char *exact = hu_datum_exact(f, bits);
        size_t length = copy(out, size, exact, strlen(exact));
        free(exact);
        return length;
    }
    size_t length = style == HU_STYLE_HEX     ? hu_hex_print(text, f, bits)
                    : style == HU_STYLE_SHOWN ? hu_shown_print(text, f, bits)
                                              : hu_shortest_print(text, f, bits);
    return copy(out, size, text, length);
}
