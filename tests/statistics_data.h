/* Data for the tests of losses. */
#pragma once

#include "array/layout.h"
#include "format.h"
#include "random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static inline const struct hu_format *format(const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    cr_assert(f, "%s", name);
    return f;
}

/* Weights as they are, or any bits at all. */
static inline void fill(const struct hu_format *f, unsigned char *data, size_t n, bool any_bits,
                        uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = random_bits(&seed);
        double uniform = (double)(random_bits(&seed) >> 11) * 0x1p-52 - 1;
        double weight = uniform * exp2((double)(bits % 24) - 16.0);
        uint64_t code = any_bits ? bits : hu_from_double(f, weight, NULL);
        layout_set_word(data + i * f->storage_bits / 8, f->storage_bits,
                        (code & hu_width_mask(f)) << f->storage_shift);
    }
}
