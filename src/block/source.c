/* What encoders share: elements from anywhere within an array, and which of two neighbours is
 * taken. */
#include "array/array.h"
#include "encode.h"

#include <string.h>

void hu_block_read_source(const struct hu_format *to, void *out, const struct hu_format *from,
                          const void *src, size_t at, size_t n)
{
    const unsigned char *bytes = src;
    if (!layout_is_packed(from) || at * from->storage_bits % 8 == 0) {
        bytes += hu_array_bytes(from, at);
        if (from == to) /* a NaN may stay as it is */
            memcpy(out, bytes, hu_array_bytes(from, n));
        else
            hu_convert_array(to, out, from, bytes, n, NULL, NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t code = layout_packed(bytes, from->width, at + i);
        layout_set_word((unsigned char *)out + i * (to->storage_bits / 8), to->storage_bits,
                        hu_convert(to, from, code, NULL, NULL));
    }
}

bool hu_block_goes_up(double low, double high, double x, int at, const struct hu_options *options,
                      uint64_t index)
{
    switch (options->direction) {
    case HU_TIES_TO_AWAY:
        return x - low > high - x || (x - low == high - x && x > 0);
    case HU_TOWARD_POSITIVE:
        return true;
    case HU_TOWARD_NEGATIVE:
        return false;
    case HU_TO_ODD:
        return at % 2 == 0;
    case HU_STOCHASTIC:
        return hu_random(options->seed, index) < (x - low) / (high - low) * 0x1p32;
    default:
        return x < 0;
    }
}
