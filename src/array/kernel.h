/* What the kernels and their dispatcher share. Private to the array room. */
#ifndef HALFULP_KERNEL_H
#define HALFULP_KERNEL_H

#include "array/array.h"

/* One call's conversion, looked up once. */
struct conversion {
    const struct hu_format *to;
    const struct hu_format *from;
    struct hu_options options;
    bool flags; /* whether anyone will look at what a row returns */
    /* Whether the source comes from memory, to be asked for ahead, and dst, which starts a line, is
     * to be written past the caches if the row can. */
    bool direct;
};

/* Converts N elements, the first of which is element FIRST of the array, and returns the raised
 * flags, or anything where conversion.flags is clear. In place as hu_convert_array says. The
 * floating-point environment is the default but for the rounding direction (see dispatch.c). */
typedef unsigned row_function(const struct conversion *c, void *dst, const void *src, size_t n,
                              uint64_t first);

struct hu_kernel {
    const char *name;
    bool (*runs)(void);
    /* NULL: no code of its own for this. */
    row_function *(*find)(const struct conversion *c);
    /* Whether the row that find gives heeds conversion.direct. NULL: none does. */
    bool (*streams)(const struct conversion *c);
};

extern const struct hu_kernel hu_kernel_scalar;
extern const struct hu_kernel hu_kernel_portable;
#if defined(__x86_64__)
extern const struct hu_kernel hu_kernel_avx2;
extern const struct hu_kernel hu_kernel_avx512;
extern const struct hu_kernel hu_kernel_avx512vbmi;
extern const struct hu_kernel hu_kernel_avx512bf16;
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HU_HAVE_NEON
extern const struct hu_kernel hu_kernel_neon;
#endif

#endif
