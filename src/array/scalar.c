/* The truth: every element through the one rounding step. */
#include "array/kernel.h"
#include "array/layout.h"
#include "rounding.h"

/* Codes pass through a group of them, so that in place no element is written before one that
 * shares its byte is read. A multiple of 8, where elements of every packed format start a byte. */
enum { GROUP = 256 };

static void load_codes(uint64_t *codes, const struct hu_format *f, const void *src, size_t n)
{
    const unsigned char *bytes = src;
    if (layout_is_packed(f)) {
        for (size_t i = 0; i < n; i++)
            codes[i] = layout_packed(bytes, f->width, i);
        return;
    }
    uint64_t mask = hu_width_mask(f);
    for (size_t i = 0; i < n; i++)
        codes[i] =
            layout_word(bytes + i * (f->storage_bits / 8), f->storage_bits) >> f->storage_shift &
            mask;
}

static void store_codes(const struct hu_format *f, void *dst, const uint64_t *codes, size_t n)
{
    unsigned char *bytes = dst;
    if (layout_is_packed(f)) {
        for (size_t i = 0; i < n; i++)
            layout_set_packed(bytes, f->width, i, codes[i]);
        return;
    }
    for (size_t i = 0; i < n; i++)
        layout_set_word(bytes + i * (f->storage_bits / 8), f->storage_bits,
                        codes[i] << f->storage_shift);
}

/* What decoding asks of a source format, looked up once. */
struct source {
    const struct hu_format *format;
    uint64_t sign_mask;
    uint64_t trailing_mask;
    uint64_t max_finite; /* 0: leave every code to hu_convert_at */
    int quantum_min;
};

static struct source source_of(const struct hu_format *f)
{
    return (struct source){
        .format = f,
        .sign_mask = hu_sign_mask(f),
        .trailing_mask = hu_trailing_mask(f),
        .max_finite = f->specials == HU_SPECIALS_SCALE ? 0 : hu_max_finite_code(f),
        .quantum_min = hu_quantum_min(f),
    };
}

static inline __attribute__((always_inline)) unsigned
convert_codes(uint64_t *codes, size_t n, uint64_t first, const struct source *from,
              const struct hu_target *to, enum hu_direction direction,
              const struct hu_options *options)
{
    unsigned flags = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t magnitude = codes[i] & ~from->sign_mask;
        if (magnitude - 1 >= from->max_finite) { /* zero or special */
            codes[i] =
                hu_convert_at(to->format, from->format, codes[i], first + i, options, &flags);
            continue;
        }
        int exponent = (int)(magnitude >> from->format->trailing_bits);
        struct hu_real real = {
            .significand =
                (magnitude & from->trailing_mask) + (exponent ? from->trailing_mask + 1 : 0),
            .exponent = from->quantum_min + (exponent ? exponent - 1 : 0),
            .sign = magnitude != codes[i],
        };
        codes[i] = hu_round_into(to, real, first + i, direction, options, &flags);
    }
    return flags;
}

/* The direction constant in each copy of the loop. */
static unsigned convert_group(uint64_t *codes, size_t n, uint64_t first, const struct source *from,
                              const struct hu_target *to, const struct hu_options *options)
{
    switch (options->direction) {
    case HU_TIES_TO_EVEN:
        return convert_codes(codes, n, first, from, to, HU_TIES_TO_EVEN, options);
    case HU_TIES_TO_AWAY:
        return convert_codes(codes, n, first, from, to, HU_TIES_TO_AWAY, options);
    case HU_TOWARD_ZERO:
        return convert_codes(codes, n, first, from, to, HU_TOWARD_ZERO, options);
    case HU_TOWARD_POSITIVE:
        return convert_codes(codes, n, first, from, to, HU_TOWARD_POSITIVE, options);
    case HU_TOWARD_NEGATIVE:
        return convert_codes(codes, n, first, from, to, HU_TOWARD_NEGATIVE, options);
    case HU_TO_ODD:
        return convert_codes(codes, n, first, from, to, HU_TO_ODD, options);
    case HU_STOCHASTIC:
        break;
    }
    return convert_codes(codes, n, first, from, to, HU_STOCHASTIC, options);
}

static unsigned convert_row(const struct conversion *c, void *dst, const void *src, size_t n,
                            uint64_t first)
{
    struct source from = source_of(c->from);
    struct hu_target to = hu_target_of(c->to);
    unsigned flags = 0;
    uint64_t codes[GROUP];
    unsigned char *out = dst;
    const unsigned char *in = src;
    for (size_t done = 0; done < n; done += GROUP) {
        size_t count = n - done < GROUP ? n - done : GROUP;
        load_codes(codes, c->from, in + hu_array_bytes(c->from, done), count);
        flags |= convert_group(codes, count, first + done, &from, &to, &c->options);
        store_codes(c->to, out + hu_array_bytes(c->to, done), codes, count);
    }
    return flags;
}

static bool runs(void)
{
    return true;
}

static row_function *find(const struct conversion *c)
{
    (void)c;
    return convert_row;
}

const struct hu_kernel hu_kernel_scalar = {"scalar", runs, find};
