/* The truth: every element through the one rounding step. */
#include "array/kernel.h"
#include "array/layout.h"
#include "rounding.h"

/* Codes pass through a group of them, so that in place no element is written before one that
 * shares its byte is read. A multiple of 8, where elements of every packed format start a byte. */
enum { GROUP = 256 };

/* A loop for each size, which a compiler then sees as a constant. */
static inline __attribute__((always_inline)) void load_words(uint64_t *codes,
                                                             const struct hu_format *f,
                                                             const unsigned char *src, size_t n,
                                                             int storage_bits)
{
    uint64_t mask = hu_width_mask(f);
    int shift = f->storage_shift;
    for (size_t i = 0; i < n; i++)
        codes[i] = layout_word(src + i * (size_t)storage_bits / 8, storage_bits) >> shift & mask;
}

static void load_codes(uint64_t *codes, const struct hu_format *f, const void *src, size_t n)
{
    switch (f->storage_bits) {
    case 8:
        load_words(codes, f, src, n, 8);
        break;
    case 16:
        load_words(codes, f, src, n, 16);
        break;
    case 32:
        load_words(codes, f, src, n, 32);
        break;
    case 64:
        load_words(codes, f, src, n, 64);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            codes[i] = layout_packed(src, f->width, i);
    }
}

static inline __attribute__((always_inline)) void store_words(const struct hu_format *f,
                                                              unsigned char *dst,
                                                              const uint64_t *codes, size_t n,
                                                              int storage_bits)
{
    int shift = f->storage_shift;
    for (size_t i = 0; i < n; i++)
        layout_set_word(dst + i * (size_t)storage_bits / 8, storage_bits, codes[i] << shift);
}

static void store_codes(const struct hu_format *f, void *dst, const uint64_t *codes, size_t n)
{
    switch (f->storage_bits) {
    case 8:
        store_words(f, dst, codes, n, 8);
        break;
    case 16:
        store_words(f, dst, codes, n, 16);
        break;
    case 32:
        store_words(f, dst, codes, n, 32);
        break;
    case 64:
        store_words(f, dst, codes, n, 64);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            layout_set_packed(dst, f->width, i, codes[i]);
    }
}

/* What decoding asks of a source format, looked up once. */
struct source {
    const struct hu_format *format;
    uint64_t sign_mask;
    uint64_t trailing_mask;
    uint64_t max_finite; /* 0: leave every code to hu_convert_at */
    int quantum_min;
    int trailing_bits;
};

static struct source source_of(const struct hu_format *f)
{
    return (struct source){
        .format = f,
        .sign_mask = hu_sign_mask(f),
        .trailing_mask = hu_trailing_mask(f),
        .max_finite = f->specials == HU_SPECIALS_SCALE ? 0 : hu_max_finite_code(f),
        .quantum_min = hu_quantum_min(f),
        .trailing_bits = f->trailing_bits,
    };
}

/*
 * From a normal number to a normal number of no more precision, which is most of what there is: the
 * code is rounded where it stands, and its exponent's bias changed. Precisions of 1 have the
 * exponent where others have the bit that ties look at.
 */
struct shortcut {
    int shift; /* trailing bits to drop; 0: no such way */
    uint64_t rebias;
    uint64_t least_normal;
};

static struct shortcut shortcut_of(const struct source *from, const struct hu_target *to)
{
    struct shortcut s = {0, 0, UINT64_C(1) << to->trailing_bits};
    if (!to->scale && from->max_finite && to->trailing_bits >= 1 &&
        from->trailing_bits > to->trailing_bits) {
        s.shift = from->trailing_bits - to->trailing_bits;
        s.rebias = (uint64_t)(from->format->bias - to->format->bias) << to->trailing_bits;
    }
    return s;
}

static inline __attribute__((always_inline)) unsigned
convert_codes(uint64_t *codes, size_t n, uint64_t first, const struct source *from,
              const struct hu_target *to, enum hu_direction direction,
              const struct hu_options *options)
{
    unsigned flags = 0;
    const struct source source = *from; /* in registers, whatever codes[] may alias */
    const struct hu_target target = *to;
    const struct shortcut shortcut = shortcut_of(&source, &target);
    const uint64_t normals = target.max_finite - shortcut.least_normal;
    for (size_t i = 0; i < n; i++) {
        uint64_t magnitude = codes[i] & ~source.sign_mask;
        unsigned raised = 0;
        if (magnitude - 1 >= source.max_finite) { /* zero or special */
            codes[i] =
                hu_convert_at(target.format, source.format, codes[i], first + i, options, &raised);
            flags |= raised;
            continue;
        }
        bool sign = magnitude != codes[i];
        uint64_t kept = magnitude >> shortcut.shift;
        if (shortcut.shift && magnitude > source.trailing_mask &&
            kept - shortcut.rebias - shortcut.least_normal <= normals) {
            uint64_t fraction = magnitude << (64 - shortcut.shift);
            struct hu_cut cut = {kept, fraction, !fraction};
            uint32_t random = direction == HU_STOCHASTIC ? hu_random(options->seed, first + i) : 0;
            uint64_t code =
                kept - shortcut.rebias + hu_goes_up(cut, false, sign, direction, random);
            if (code <= target.max_finite) {
                flags |= fraction ? HU_INEXACT : 0;
                codes[i] = code | (sign ? target.sign_mask : 0);
                continue;
            }
        }
        int exponent = (int)(magnitude >> source.trailing_bits);
        struct hu_real real = {
            .significand =
                (magnitude & source.trailing_mask) + (exponent ? source.trailing_mask + 1 : 0),
            .exponent = source.quantum_min + (exponent ? exponent - 1 : 0),
            .sign = sign,
        };
        codes[i] = hu_round_into(&target, real, first + i, direction, options, &raised);
        flags |= raised;
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
