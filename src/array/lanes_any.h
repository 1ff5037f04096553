/* What C's vectors give for any instruction set, of LANES; of vec, and of lanes of a byte or a half
 * each. */
#define VECTOR __attribute__((vector_size(4 * LANES)))
typedef uint32_t vec VECTOR;
typedef float floats VECTOR;
typedef uint16_t half_lanes VECTOR;
typedef uint8_t byte_lanes VECTOR;
typedef uint64_t longs VECTOR;
typedef int64_t signed_longs VECTOR;
#ifndef LANES_MASKED
typedef int32_t mask VECTOR;
#endif
typedef int8_t byte_mask VECTOR;
typedef int16_t half_mask VECTOR;

INLINE vec splat(uint32_t x)
{
    return (vec){0} + x;
}

/* Plain copies: a fortified one of what is on the stack is a call (glibc's string_fortified.h,
 * _FORTIFY_SOURCE 3). */
INLINE vec load(const void *at)
{
    vec v;
    __builtin_memcpy(&v, at, sizeof v);
    return v;
}

INLINE void store_vec(void *at, vec v)
{
    __builtin_memcpy(at, &v, sizeof v);
}

INLINE vec lane_numbers(void)
{
    return (vec){LANE_NUMBERS};
}

INLINE vec add_float(vec a, vec b)
{
    return (vec)((floats)a + (floats)b);
}

INLINE vec sub_float(vec a, vec b)
{
    return (vec)((floats)a - (floats)b);
}

INLINE vec mul_float(vec a, vec b)
{
    return (vec)((floats)a * (floats)b);
}

INLINE longs longs_of(uint64_t x)
{
    return (longs){0} + x;
}

/* With signs. */
INLINE longs longs_above(longs a, longs b)
{
    return (longs)((signed_longs)a > (signed_longs)b);
}

/* FP64's -2^31 and 2^31 - 1. */
#define FP64_LEAST_INT32 UINT64_C(0xc1e0000000000000)
#define FP64_GREATEST_INT32 UINT64_C(0x41dfffffffc00000)

INLINE longs load_longs(const void *at)
{
    longs x;
    __builtin_memcpy(&x, at, sizeof x);
    return x;
}

INLINE byte_lanes load_bytes(const void *at)
{
    return (byte_lanes)load(at);
}

INLINE void store_bytes(void *at, byte_lanes x)
{
    store_vec(at, (vec)x);
}

INLINE byte_lanes splat_8(uint32_t x)
{
    return (byte_lanes){0} + (uint8_t)x;
}

INLINE half_lanes splat_16(uint32_t x)
{
    return (half_lanes){0} + (uint16_t)x;
}

#ifndef LANES_SMALLER_8
INLINE byte_lanes smaller_8(byte_lanes a, byte_lanes b)
{
    byte_lanes m = (byte_lanes)(a < b);
    return (a & m) | (b & ~m);
}
#endif

#ifndef LANES_SMALLER_16
INLINE half_lanes smaller_16(half_lanes a, half_lanes b)
{
    half_lanes m = (half_lanes)(a < b);
    return (a & m) | (b & ~m);
}
#endif

INLINE byte_lanes keep_nonzero_8(byte_lanes codes, byte_lanes x)
{
    return (byte_lanes)(codes != 0) & x;
}

INLINE half_lanes keep_nonzero_16(half_lanes codes, half_lanes x)
{
    return (half_lanes)(codes != 0) & x;
}

#ifndef LANES_SIGN_NONZERO
/* SIGN where codes, which have that bit only where SIGN is their top one, are not zero. */
#define sign_nonzero_8 keep_nonzero_8
#define sign_nonzero_16 keep_nonzero_16
#endif

/* What comparing leaves, and bytes of which something is true, are vectors where it leaves no masks
 * of bits. */
INLINE byte_lanes upper_fours(byte_lanes x)
{
    return (byte_lanes)((half_lanes)x >> 4) & splat_8(15);
}

#ifndef LANES_MASKED
INLINE mask above(vec a, vec b)
{
    return (mask)a > (mask)b;
}

#ifndef EQUAL
#define EQUAL(a, b) ((a) == (b))
#endif
INLINE mask equal(vec a, vec b)
{
    return (mask)EQUAL(a, b);
}

INLINE mask unequal(vec a, vec b)
{
    return ~equal(a, b);
}

INLINE mask below_zero(vec x)
{
    return (mask)x >> 31;
}

INLINE vec keep(mask m, vec x)
{
    return (vec)m & x;
}

typedef byte_lanes marks;
#define any_mark(m) any_bit((vec)(m))

INLINE marks equal_8(byte_lanes a, byte_lanes b)
{
    return (marks)(a == b);
}

INLINE marks at_most_8(byte_lanes a, byte_lanes b)
{
    return (marks)(a <= b);
}

INLINE marks above_8(byte_lanes a, byte_lanes b)
{
    return (marks)(a > b);
}

INLINE byte_lanes raise_8(byte_lanes x, marks m)
{
    return x - m;
}

INLINE byte_lanes pick_8(marks m, byte_lanes yes, byte_lanes no)
{
    return (yes & m) | (no & ~m);
}

/* SIGN where the top bit of SIGNS is set, and codes are not zero unless zeros have it. */
INLINE byte_lanes with_signs_8(byte_lanes codes, byte_lanes signs, uint32_t sign, bool zeros)
{
    const byte_lanes bits = splat_8(sign) & (byte_lanes)((byte_mask)signs < 0);
    return codes | (zeros ? bits : sign_nonzero_8(codes, bits));
}

INLINE half_lanes with_signs_16(half_lanes codes, half_lanes signs, uint32_t sign, bool zeros)
{
    const half_lanes bits = splat_16(sign) & (half_lanes)((half_mask)signs < 0);
    return codes | (zeros ? bits : sign_nonzero_16(codes, bits));
}

INLINE half_lanes shift_right_16(half_lanes x, uint32_t count)
{
    return x >> count;
}

/* ADD, and MORE where BIT is set, which SHIFT makes the top one. */
INLINE half_lanes add_by_bit_16(half_lanes x, half_lanes bit, uint32_t shift, half_lanes add,
                                half_lanes more)
{
    (void)bit;
    return x + add + (more & (half_lanes)((half_mask)(x << shift) < 0));
}

/* What halves are looked up among; the index of a piece's two bytes. */
enum { PIECES_16 = 8 };

INLINE half_lanes index_16(half_lanes piece)
{
    half_lanes twos = splat_16(0x0202), ones = splat_16(0x0100);
    HOLD(twos);
    HOLD(ones);
    return piece * twos + ones;
}
#endif
