/* Any text: the reader neither crashes nor disagrees with itself. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The fast and the exact way into one format. */
static void compare(const struct hu_value *v, const char *text, size_t length,
                    const struct hu_format *f, const struct hu_options *o)
{
    char message[HU_MESSAGE];
    uint64_t fast;
    unsigned fast_flags = 0, exact_flags = 0;
    if (!hu_text_round(text, length, f, o, &fast, &fast_flags, message))
        abort();
    if (fast != hu_value_round(v, f, o, &exact_flags) || fast_flags != exact_flags)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"fp64", "fp32", "fp16", "fp8_e4m3", "e8m0", "e15m48"};
    struct hu_value v;
    char message[HU_MESSAGE] = "";
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 1;
    hu_value_init(&v);
    if (hu_value_read(&v, text, size - 1, message)) {
        struct hu_options o = {.direction = (enum hu_direction)(data[0] % 6),
                               .saturate = data[0] & 64};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            compare(&v, text, size - 1, hu_format_find(names[i]), &o);
        free(hu_value_exact(&v));
    } else if (!*message || strlen(message) >= HU_MESSAGE) {
        abort();
    }
    hu_value_clear(&v);
    return 0;
}
