/* Numbers from bytes of any alignment. Pure. */
#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define HU_LITTLE(bits, x) __builtin_bswap##bits(x)
enum { HU_BIG_ENDIAN = 1 };
#else
#define HU_LITTLE(bits, x) (x)
enum { HU_BIG_ENDIAN = 0 };
#endif

/* The number in WIDTH bytes, eight at most, the least significant first. */
static inline uint64_t hu_little_read(const void *bytes, unsigned width)
{
    uint64_t number = 0;
    if (!HU_BIG_ENDIAN)
        memcpy(&number, bytes, width);
    for (unsigned i = 0; HU_BIG_ENDIAN && i < width; i++)
        number |= (uint64_t)((const unsigned char *)bytes)[i] << 8 * i;
    return number;
}
