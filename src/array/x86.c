#include "array/x86.h"

#include <cpuid.h>
#include <stdint.h>

struct leaf {
    unsigned a, b, c, d;
};

static struct leaf leaf(unsigned number, unsigned sub)
{
    struct leaf l = {0, 0, 0, 0};
    if (!__get_cpuid_count(number, sub, &l.a, &l.b, &l.c, &l.d))
        return (struct leaf){0, 0, 0, 0};
    return l;
}

/* Intel SDM volume 1, section 13.3: the register state that the operating system saves. */
static bool saves(unsigned state)
{
    const unsigned osxsave = 1u << 27;
    if (!(leaf(1, 0).c & osxsave))
        return false;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & state) == state;
}

bool hu_x86_is_intel(void)
{
    const struct leaf l = leaf(0, 0);
    return l.b == 0x756e6547 && l.d == 0x49656e69 && l.c == 0x6c65746e; /* GenuineIntel */
}

bool hu_x86_has_avx2(void)
{
    const unsigned f16c_and_fma = 1u << 29 | 1u << 12, avx2 = 1u << 5, sse_and_ymm = 0x06;
    return saves(sse_and_ymm) && (leaf(1, 0).c & f16c_and_fma) == f16c_and_fma &&
           (leaf(7, 0).b & avx2);
}

bool hu_x86_has_avx512(void)
{
    const unsigned features = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F, DQ, BW, VL */
    const unsigned masks_and_zmm = 0xe6;
    return hu_x86_has_avx2() && saves(masks_and_zmm) && (leaf(7, 0).b & features) == features;
}

bool hu_x86_has_avx512_vbmi(void)
{
    return hu_x86_has_avx512() && leaf(7, 0).c & 1u << 1;
}

bool hu_x86_has_avx512_bf16(void)
{
    return hu_x86_has_avx512() && leaf(7, 0).a >= 1 && leaf(7, 1).a & 1u << 5;
}
