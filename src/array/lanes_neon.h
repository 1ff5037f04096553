/* Lanes of NEON: the portable ones, its conversions to and from FP16, and tables of bytes. */
#include <arm_neon.h>

#define PART(name) hu_neon_##name
#define LANES_FP16
#define LANES_SHUFFLE
#define LANES_WIDE
#define HOLD(v) __asm__("" : "+w"(v))
#include "array/lanes_portable.h"

#define FP16_AROUND 4
#define cvt_fp16(x, rounding) vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)(x)))
typedef uint16x4_t fp16s;

INLINE fp16s fp16_to_odd(vec x, fp16s toward_zero)
{
    floats back = (floats)vcvt_f32_f16(vreinterpret_f16_u16(toward_zero));
    /* False for NaNs, which differ from themselves. */
    mask inexact = (back != (floats)x) & (back == back);
    return vorr_u16(toward_zero, vmovn_u32((uint32x4_t)((vec)inexact & splat(1))));
}

INLINE vec from_fp16(const void *at, uint32_t shift)
{
    uint16x4_t codes;
    memcpy(&codes, at, sizeof codes);
    codes = vshl_u16(codes, vdup_n_s16((int16_t)shift));
    return (vec)vcvt_f32_f16(vreinterpret_f16_u16(codes));
}

/* Bytes. */

INLINE byte_lanes repeat_block(const unsigned char *at)
{
    return load_bytes(at);
}

/* The bytes of BLOCK at the low four bits, 0 where the top bit is set. */
INLINE byte_lanes look_up_block(byte_lanes block, byte_lanes at)
{
    return (byte_lanes)vqtbl1q_u8((uint8x16_t)block, (uint8x16_t)(at & 0x8f));
}

/* Of both, upward. */
INLINE byte_lanes average_8(byte_lanes a, byte_lanes b)
{
    return (byte_lanes)vrhaddq_u8((uint8x16_t)a, (uint8x16_t)b);
}

/* Not below zero. */
INLINE byte_lanes minus_8(byte_lanes a, byte_lanes b)
{
    return (byte_lanes)vqsubq_u8((uint8x16_t)a, (uint8x16_t)b);
}

INLINE half_lanes minus_16(half_lanes a, half_lanes b)
{
    return (half_lanes)vqsubq_u16((uint16x8_t)a, (uint16x8_t)b);
}

INLINE half_lanes larger_16(half_lanes a, half_lanes b)
{
    return (half_lanes)vmaxq_u16((uint16x8_t)a, (uint16x8_t)b);
}

/* Saturation keeps signs. */
INLINE byte_lanes pack_byte_tops(const half_lanes *x)
{
    return (byte_lanes)vcombine_s8(vqmovn_s16((int16x8_t)x[0]), vqmovn_s16((int16x8_t)x[1]));
}

/* Halves looked up among PIECES_16, at an index made beforehand, and shifted right by as many bits
 * as entries say. */
INLINE half_lanes repeat_16(const uint16_t *at)
{
    return (half_lanes)load(at);
}

INLINE half_lanes look_up_16(half_lanes pieces, half_lanes index)
{
    return (half_lanes)vqtbl1q_u8((uint8x16_t)pieces, (uint8x16_t)index);
}

static inline uint16_t shift_16_entry(uint32_t count)
{
    return (uint16_t)-count;
}

INLINE half_lanes shift_each_16(half_lanes x, half_lanes entries)
{
    return (half_lanes)vshlq_u16((uint16x8_t)x, (int16x8_t)entries);
}

/* As many elements as a vector of bytes has, a byte each, from a packed layout and back. */
INLINE byte_lanes load_fours(const void *at)
{
    uint8x8_t x = vld1_u8(at);
    return (byte_lanes)vcombine_u8(vzip1_u8(vand_u8(x, vdup_n_u8(15)), vshr_n_u8(x, 4)),
                                   vzip2_u8(vand_u8(x, vdup_n_u8(15)), vshr_n_u8(x, 4)));
}

INLINE byte_lanes load_sixes(const void *at)
{
    static const uint8_t threes[] = {0, 1, 2, 255, 3, 4, 5, 255, 6, 7, 8, 255, 9, 10, 11, 255};
    unsigned char twelve[16] = {0};
    memcpy(twelve, at, 12);
    vec v = (vec)vqtbl1q_u8(vld1q_u8(twelve), vld1q_u8(threes));
    return (byte_lanes)((v & 0x3f) | ((v << 2) & 0x3f00) | ((v << 4) & 0x3f0000) |
                        ((v << 6) & 0x3f000000));
}

INLINE void store_fours(void *at, byte_lanes codes)
{
    half_lanes pairs = (half_lanes)codes;
    uint8x8_t packed = vmovn_u16((uint16x8_t)(pairs | pairs >> 4));
    vst1_u8(at, packed);
}

INLINE void store_sixes(void *at, byte_lanes codes)
{
    static const uint8_t threes[] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255};
    vec v = (vec)codes;
    v = (v & 0x3f) | (v >> 2 & 0xfc0) | (v >> 4 & 0x3f000) | (v >> 6 & 0xfc0000);
    byte_lanes packed = (byte_lanes)vqtbl1q_u8((uint8x16_t)v, vld1q_u8(threes));
    memcpy(at, &packed, 12);
}

/* Nothing comes out of order here. */
INLINE byte_lanes order_16(byte_lanes codes)
{
    return codes;
}

INLINE void zip_16(half_lanes out[2], byte_lanes low, byte_lanes high)
{
    out[0] = (half_lanes)vzip1q_u8((uint8x16_t)low, (uint8x16_t)high);
    out[1] = (half_lanes)vzip2q_u8((uint8x16_t)low, (uint8x16_t)high);
}

/* Words of 32 bits with these in their upper halves. */
INLINE void zip_top(vec out[2], half_lanes top)
{
    const uint16x8_t zero = vdupq_n_u16(0);
    out[0] = (vec)vzip1q_u16(zero, (uint16x8_t)top);
    out[1] = (vec)vzip2q_u16(zero, (uint16x8_t)top);
}
