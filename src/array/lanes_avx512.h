/* Lanes of AVX-512 F, BW, DQ and VL: Intel SDM volume 2. */
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#define LANE_NUMBERS 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define LANES_SHUFFLE
#define LANES_WIDE
#define HOLD(v) __asm__("" : "+v"(v))
#define LANES_FP16
#define LANES_MASKED
#define LANES_ROUNDS
#define LANES_DOUBLES_INT32
#define LANES_SMALLER_8
#define LANES_SMALLER_16
#ifdef LANES_ALL_BYTES
#define PART(name) hu_avx512vbmi_##name
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c,avx512vbmi")))
#else
#define PART(name) hu_avx512_##name
#ifdef LANES_BF16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c,avx512bf16")))
#else
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")))
#endif
#endif
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef __mmask16 mask;
typedef __m512d doubles;
#define MM(name) _mm512_##name
#define MM_SI(name) _mm512_##name##_si512
typedef __m512i words_x86;
typedef __m512 floats_x86;
typedef __m256i half_words;
typedef __m256 half_floats;
#define LOWER(x) _mm512_castsi512_si256((__m512i)(x))
#define UPPER(x) _mm512_extracti64x4_epi64((__m512i)(x), 1)
#define JOINED(low, high) _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1)
#define REPEATED(x) _mm512_broadcast_i32x4(x)

#include "array/lanes_any.h"

INLINE mask above(vec a, vec b)
{
    return _mm512_cmpgt_epi32_mask((__m512i)a, (__m512i)b);
}

INLINE mask equal(vec a, vec b)
{
    return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b);
}

INLINE mask unequal(vec a, vec b)
{
    return _mm512_cmpneq_epi32_mask((__m512i)a, (__m512i)b);
}

INLINE mask below_zero(vec x)
{
    return _mm512_movepi32_mask((__m512i)x);
}

INLINE mask either_is_nan(vec a, vec b)
{
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_UNORD_Q);
}

INLINE vec pick(mask m, vec yes, vec no)
{
    return (vec)_mm512_mask_blend_epi32(m, (__m512i)no, (__m512i)yes);
}

INLINE vec keep(mask m, vec x)
{
    return (vec)_mm512_maskz_mov_epi32(m, (__m512i)x);
}

INLINE vec sub_float_where(mask m, vec x, vec a, vec b)
{
    return (vec)_mm512_mask_sub_ps((__m512)x, m, (__m512)a, (__m512)b);
}

INLINE vec or_where(mask m, vec x, vec more)
{
    return (vec)_mm512_mask_or_epi32((__m512i)x, m, (__m512i)x, (__m512i)more);
}

INLINE vec with_sign_of(vec x, vec other)
{
    enum { A_SELECTS = 0xca }; /* B's bits, or else C's */
    return (vec)_mm512_ternarylogic_epi32(_mm512_set1_epi32(INT32_MIN), (__m512i)other, (__m512i)x,
                                          A_SELECTS);
}

INLINE bool any(mask m)
{
    return m;
}

INLINE bool any_bit(vec x)
{
    return _mm512_test_epi32_mask((__m512i)x, (__m512i)x);
}

#include "array/lanes_x86.h"

/* Of all 32 bits. */
INLINE mask above_unsigned(vec a, vec b)
{
    return _mm512_cmpgt_epu32_mask((__m512i)a, (__m512i)b);
}

INLINE vec pick_by_sign(vec x, vec yes, vec no)
{
    return pick(below_zero(x), yes, no);
}

/* ADD[0] to those above zero and ADD[1] to those below, of which one is 0. */
INLINE vec add_by_sign(vec x, const uint32_t add[2])
{
    const __m512i more = _mm512_set1_epi32((int)(add[0] | add[1])), v = (__m512i)x;
    if (add[0])
        return (vec)_mm512_mask_add_epi32(v, _mm512_cmpge_epi32_mask(v, _mm512_setzero_si512()), v,
                                          more);
    return (vec)_mm512_mask_add_epi32(v, below_zero(x), v, more);
}

/* yes where x has BIT, which SHIFT makes the sign */
INLINE vec pick_by_bit(vec x, uint32_t bit, uint32_t shift, vec yes, vec no)
{
    (void)shift;
    mask set = _mm512_test_epi32_mask((__m512i)x, _mm512_set1_epi32((int)bit));
    return (vec)_mm512_mask_blend_epi32(set, (__m512i)no, (__m512i)yes);
}

/* By the instruction's own rounding, which raises nothing. */
INLINE vec add_upward(vec a, vec b)
{
    enum { UP = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC };
    return (vec)_mm512_add_round_ps((__m512)a, (__m512)b, UP);
}

INLINE vec round_upward(vec x)
{
    enum { UP = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC };
    return (vec)_mm512_cvt_roundps_epi32((__m512)x, UP);
}

/* Without sign: what is 2^32 or more, or below zero, has all bits. */
#define LANES_ROUND_UNSIGNED
INLINE vec round_unsigned(vec x)
{
    return (vec)_mm512_cvtps_epu32((__m512)x);
}

INLINE byte_lanes with_signs_8(byte_lanes codes, byte_lanes signs, uint32_t sign, bool zeros)
{
    __mmask64 negative = _mm512_movepi8_mask((__m512i)signs);
    if (!zeros)
        negative = _mm512_mask_test_epi8_mask(negative, (__m512i)codes, (__m512i)codes);
    return codes | (byte_lanes)_mm512_maskz_set1_epi8(negative, (char)sign);
}

/* By a vector of counts, which takes half as long as by one count. */
INLINE half_lanes shift_right_16(half_lanes x, uint32_t count)
{
    return (half_lanes)_mm512_srlv_epi16((__m512i)x, _mm512_set1_epi16((short)count));
}

INLINE half_lanes with_signs_16(half_lanes codes, half_lanes signs, uint32_t sign, bool zeros)
{
    if (zeros) /* from the top to SIGN's place */
        return codes | (shift_right_16(signs, (uint32_t)__builtin_clz(sign) - 16) & splat_16(sign));
    __mmask32 negative = _mm512_movepi16_mask((__m512i)signs);
    negative = _mm512_mask_test_epi16_mask(negative, (__m512i)codes, (__m512i)codes);
    return codes | (half_lanes)_mm512_maskz_set1_epi16(negative, (short)sign);
}

INLINE half_lanes add_by_bit_16(half_lanes x, half_lanes bit, uint32_t shift, half_lanes add,
                                half_lanes more)
{
    (void)shift;
    const __mmask32 set = _mm512_test_epi16_mask((__m512i)x, (__m512i)bit);
    const __m512i sum = (__m512i)(x + add);
    return (half_lanes)_mm512_mask_add_epi16(sum, set, sum, (__m512i)more);
}

/* Every other half of both, from FIRST on, which is 0 or 1. */
INLINE half_lanes every_other_16(const vec *v, uint32_t first)
{
    const __m512i evens = (__m512i)((lane_numbers() * 0x00040004) + 0x00020000);
    const __m512i from = _mm512_add_epi16(evens, _mm512_set1_epi16((short)first));
    return (half_lanes)_mm512_permutex2var_epi16((__m512i)v[0], from, (__m512i)v[1]);
}

INLINE half_lanes pack_halves(const vec *v)
{
    return every_other_16(v, 0);
}

INLINE half_lanes pack_top_halves(const vec *v)
{
    return every_other_16(v, 1);
}

INLINE half_lanes pack_half_signs(const vec *x)
{
    return pack_top_halves(x);
}

/* The packing instructions work within 128 bits, so that quads of lanes come out of order. */
INLINE byte_lanes order_bytes(byte_lanes packed)
{
    const vec order = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    return (byte_lanes)_mm512_permutexvar_epi32((__m512i)order, (__m512i)packed);
}

INLINE half_lanes order_halves(half_lanes x)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    return (half_lanes)_mm512_permutexvar_epi64(order, (__m512i)x);
}

/* As the tops of words, after a shift. */
INLINE vec load_tops(const void *at, uint32_t shift)
{
    const __m512i from = (__m512i)(lane_numbers() << 16);
    __m512i codes = _mm512_castsi256_si512(load_shifted(at, shift));
    return (vec)_mm512_maskz_permutexvar_epi16(0xaaaaaaaa, from, codes);
}

INLINE fp16s fp16_to_odd(vec x, fp16s toward_zero)
{
    __m512 back = _mm512_cvtph_ps(toward_zero);
    mask inexact = _mm512_cmp_ps_mask(back, (__m512)x, _CMP_NEQ_OQ);
    return _mm256_or_si256(toward_zero, _mm256_maskz_set1_epi16(inexact, 1));
}

/* The odd of two neighbours, or what both are. */
INLINE fp16s odd_of_fp16(fp16s down, fp16s up)
{
    return _mm256_mask_mov_epi16(up, _mm256_test_epi16_mask(down, _mm256_set1_epi16(1)), down);
}

/* Bytes. */

typedef __mmask64 marks;
#define any_mark(m) ((m) != 0)
#define mark_bits(m) (m)

INLINE marks equal_8(byte_lanes a, byte_lanes b)
{
    return _mm512_cmpeq_epu8_mask((__m512i)a, (__m512i)b);
}

INLINE marks at_most_8(byte_lanes a, byte_lanes b)
{
    return _mm512_cmple_epu8_mask((__m512i)a, (__m512i)b);
}

INLINE marks above_8(byte_lanes a, byte_lanes b)
{
    return _mm512_cmpgt_epu8_mask((__m512i)a, (__m512i)b);
}

INLINE byte_lanes raise_8(byte_lanes x, marks m)
{
    return (byte_lanes)_mm512_mask_sub_epi8((__m512i)x, m, (__m512i)x, _mm512_set1_epi8(-1));
}

INLINE byte_lanes pick_8(marks m, byte_lanes yes, byte_lanes no)
{
    return (byte_lanes)_mm512_mask_blend_epi8(m, (__m512i)no, (__m512i)yes);
}

#ifdef LANES_ALL_BYTES
/* Of 128 bytes in quarters of 256, at the low seven bits. */
INLINE byte_lanes look_up_half(const byte_lanes quarter[2], byte_lanes at)
{
    return (byte_lanes)_mm512_permutex2var_epi8((__m512i)quarter[0], (__m512i)at,
                                                (__m512i)quarter[1]);
}

/* Of 256 bytes in quarters. */
INLINE byte_lanes look_up_quarters(const byte_lanes quarter[4], byte_lanes at)
{
    __m512i low = (__m512i)look_up_half(quarter, at);
    __m512i high = (__m512i)look_up_half(quarter + 2, at);
    return (byte_lanes)_mm512_mask_blend_epi8(_mm512_movepi8_mask((__m512i)at), low, high);
}

/* Of 64, at the low six bits. */
INLINE byte_lanes look_up_quarter(byte_lanes quarter, byte_lanes at)
{
    return (byte_lanes)_mm512_permutexvar_epi8((__m512i)at, (__m512i)quarter);
}
#endif

/* Halves looked up among PIECES_16, at an index made beforehand, and shifted right by as many bits
 * as entries say. */
enum { PIECES_16 = 16 };

INLINE half_lanes repeat_16(const uint16_t *at)
{
    return (half_lanes)_mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)at));
}

INLINE half_lanes index_16(half_lanes piece)
{
    return piece;
}

INLINE half_lanes look_up_16(half_lanes pieces, half_lanes index)
{
    return (half_lanes)_mm512_permutexvar_epi16((__m512i)index, (__m512i)pieces);
}

static inline uint16_t shift_16_entry(uint32_t count)
{
    return (uint16_t)count;
}

INLINE half_lanes shift_each_16(half_lanes x, half_lanes entries)
{
    return (half_lanes)_mm512_srlv_epi16((__m512i)x, (__m512i)entries);
}

INLINE half_lanes shift_left_each_16(half_lanes x, half_lanes counts)
{
    return (half_lanes)_mm512_sllv_epi16((__m512i)x, (__m512i)counts);
}

/* Halves looked up among 32, and the upper halves of products. */
#define LANES_FIELDS
INLINE half_lanes look_up_field(half_lanes table, half_lanes index)
{
    return (half_lanes)_mm512_permutexvar_epi16((__m512i)index, (__m512i)table);
}

INLINE half_lanes multiply_high_16(half_lanes a, half_lanes b)
{
    return (half_lanes)_mm512_mulhi_epu16((__m512i)a, (__m512i)b);
}

INLINE bool any_equal_16(half_lanes a, half_lanes b)
{
    return _mm512_cmpeq_epu16_mask((__m512i)a, (__m512i)b);
}

INLINE half_lanes raise_above_16(half_lanes x, half_lanes a, half_lanes b)
{
    const __mmask32 above = _mm512_cmpgt_epu16_mask((__m512i)a, (__m512i)b);
    return (half_lanes)_mm512_mask_sub_epi16((__m512i)x, above, (__m512i)x, _mm512_set1_epi16(-1));
}

#ifdef LANES_ALL_BYTES

/* Six bytes to each 64 bits, of which eight at multiples of six. */
INLINE byte_lanes load_sixes(const void *at)
{
    const longs numbers = {0, 1, 2, 3, 4, 5, 6, 7};
    const longs from = numbers * UINT64_C(0x0606060606060606) + UINT64_C(0x0706050403020100);
    __m512i x = _mm512_permutexvar_epi8((__m512i)from, _mm512_maskz_loadu_epi32(0x0fff, at));
    x = _mm512_multishift_epi64_epi8(_mm512_set1_epi64(0x2a241e18120c0600), x);
    return (byte_lanes)_mm512_and_si512(x, _mm512_set1_epi8(0x3f));
}

/* Three of each four bytes. */
INLINE void store_sixes(void *at, byte_lanes codes)
{
    const uint32_t a = 0x04020100, b = 0x09080605, c = 0x0e0d0c0a, next = 0x10101010;
    const vec threes = {a,
                        b,
                        c,
                        a + next,
                        b + next,
                        c + next,
                        a + 2 * next,
                        b + 2 * next,
                        c + 2 * next,
                        a + 3 * next,
                        b + 3 * next,
                        c + 3 * next};
    __m512i pairs = _mm512_maddubs_epi16((__m512i)codes, _mm512_set1_epi16(0x4001));
    __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x10000001));
    _mm512_mask_storeu_epi32(at, 0x0fff, _mm512_permutexvar_epi8((__m512i)threes, fours));
}

#else

/* Twelve bytes to each 128 bits. */
INLINE byte_lanes load_sixes(const void *at)
{
    const __m512i twelves = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    const __m512i threes =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1));
    __m512i x = _mm512_permutexvar_epi32(twelves, _mm512_maskz_loadu_epi32(0x0fff, at));
    vec v = (vec)_mm512_shuffle_epi8(x, threes);
    return (byte_lanes)((v & splat(0x3f)) | ((v << 2) & splat(0x3f00)) |
                        ((v << 4) & splat(0x3f0000)) | ((v << 6) & splat(0x3f000000)));
}

INLINE void store_sixes(void *at, byte_lanes codes)
{
    const __m512i threes = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m512i twelves = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    __m512i pairs = _mm512_maddubs_epi16((__m512i)codes, _mm512_set1_epi16(0x4001));
    __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x10000001));
    __m512i packed = _mm512_permutexvar_epi32(twelves, _mm512_shuffle_epi8(fours, threes));
    _mm512_mask_storeu_epi32(at, 0x0fff, packed);
}

#endif

INLINE void store_fours(void *at, byte_lanes codes)
{
    __m512i pairs = _mm512_maddubs_epi16((__m512i)codes, _mm512_set1_epi16(0x1001));
    _mm256_storeu_si256(at, _mm512_cvtepi16_epi8(pairs));
}

/* An order of codes that zip_16, or zip_16 and zip_top, undo. */
#define order_32 order_bytes

INLINE byte_lanes order_16(byte_lanes codes)
{
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    return (byte_lanes)_mm512_permutexvar_epi64(order, (__m512i)codes);
}

/* FP64, eight lanes. */

/* Integers of 32 bits as FP64. */
INLINE longs longs_of_integers(const void *at, bool below_zero)
{
    __m256i x = _mm256_loadu_si256(at);
    return (longs)(below_zero ? _mm512_cvtepi32_pd(x) : _mm512_cvtepu32_pd(x));
}

INLINE unsigned lanes_above(longs a, longs b)
{
    return _mm512_cmpgt_epi64_mask((__m512i)a, (__m512i)b);
}

/* The lower halves. */
INLINE vec narrow_longs(longs low, longs high)
{
    __m512i joined = _mm512_castsi256_si512(_mm512_cvtepi64_epi32((__m512i)low));
    return (vec)_mm512_inserti64x4(joined, _mm512_cvtepi64_epi32((__m512i)high), 1);
}

INLINE bool any_nan_doubles(longs a, longs b)
{
    return _mm512_cmp_pd_mask((doubles)a, (doubles)b, _CMP_UNORD_Q);
}

/* Toward zero by the instruction's own rounding, which raises nothing. */
INLINE vec narrow_toward_zero(longs low, longs high)
{
    enum { DOWN = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC };
    __m512 joined = _mm512_castps256_ps512(_mm512_cvt_roundpd_ps((doubles)low, DOWN));
    return (vec)_mm512_insertf32x8(joined, _mm512_cvt_roundpd_ps((doubles)high, DOWN), 1);
}

/* FP32 to odd: one of two neighbours is. */
INLINE vec odd_neighbour(longs low, longs high)
{
    enum { DOWN = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC };
    enum { UP = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC };
    __m512 down = _mm512_castps256_ps512(_mm512_cvt_roundpd_ps((doubles)low, DOWN));
    __m512 up = _mm512_castps256_ps512(_mm512_cvt_roundpd_ps((doubles)low, UP));
    down = _mm512_insertf32x8(down, _mm512_cvt_roundpd_ps((doubles)high, DOWN), 1);
    up = _mm512_insertf32x8(up, _mm512_cvt_roundpd_ps((doubles)high, UP), 1);
    return pick_by_bit((vec)down, 1, 31, (vec)down, (vec)up);
}
