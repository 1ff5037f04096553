/* What SSE2, AVX2 and AVX-512 have alike, but for the names: Intel SDM volume 2. Included with MM
 * and MM_SI, which make an intrinsic's name, words_x86 and floats_x86 defined. */

/* Past the caches; AT is aligned. */
INLINE void stream(void *at, vec v)
{
    MM_SI(stream)(at, (words_x86)v);
}

/* Of numbers, and not just magnitudes. */
INLINE vec at_most_float(vec x, vec most)
{
    return (vec)MM(min_ps)((floats_x86)x, (floats_x86)most);
}

INLINE vec at_least_float(vec x, vec least)
{
    return (vec)MM(max_ps)((floats_x86)x, (floats_x86)least);
}

/* To integers in the environment's direction; 2^31 where there is none. */
INLINE vec round_integer(vec x)
{
    return (vec)MM(cvtps_epi32)((floats_x86)x);
}

/* Integers, or the nearest bytes. */
INLINE byte_lanes pack_integers(const vec *v, bool below_zero)
{
    words_x86 low = MM(packs_epi32)((words_x86)v[0], (words_x86)v[1]);
    words_x86 high = MM(packs_epi32)((words_x86)v[2], (words_x86)v[3]);
    return (byte_lanes)(below_zero ? MM(packs_epi16)(low, high) : MM(packus_epi16)(low, high));
}

INLINE byte_lanes pack_byte_signs(const vec *x)
{
    words_x86 low = MM(packs_epi32)((words_x86)x[0], (words_x86)x[1]);
    words_x86 high = MM(packs_epi32)((words_x86)x[2], (words_x86)x[3]);
    return (byte_lanes)MM(packs_epi16)(low, high);
}

/* Of each lane the sum of its halves by FACTORS'; */
INLINE vec join_halves(vec x, uint32_t factors)
{
    return (vec)MM(madd_epi16)((words_x86)x, MM(set1_epi32)((int)factors));
}

/* and that, or the greatest, in halves in any order that pack_half_bytes takes. */
INLINE half_lanes pack_joined(const vec *v, uint32_t factors)
{
    return (half_lanes)MM(packs_epi32)((words_x86)join_halves(v[0], factors),
                                       (words_x86)join_halves(v[1], factors));
}

INLINE byte_lanes pack_half_bytes(const half_lanes *v)
{
    return (byte_lanes)MM(packus_epi16)((words_x86)v[0], (words_x86)v[1]);
}

/* Saturation keeps signs. */
INLINE byte_lanes pack_byte_tops(const half_lanes *x)
{
    return (byte_lanes)MM(packs_epi16)((words_x86)x[0], (words_x86)x[1]);
}

INLINE byte_lanes smaller_8(byte_lanes a, byte_lanes b)
{
    return (byte_lanes)MM(min_epu8)((words_x86)a, (words_x86)b);
}

/* Of both, upward. */
INLINE byte_lanes average_8(byte_lanes a, byte_lanes b)
{
    return (byte_lanes)MM(avg_epu8)((words_x86)a, (words_x86)b);
}

/* Not below zero. */
INLINE byte_lanes minus_8(byte_lanes a, byte_lanes b)
{
    return (byte_lanes)MM(subs_epu8)((words_x86)a, (words_x86)b);
}

INLINE half_lanes minus_16(half_lanes a, half_lanes b)
{
    return (half_lanes)MM(subs_epu16)((words_x86)a, (words_x86)b);
}

INLINE void zip_16(half_lanes out[2], byte_lanes low, byte_lanes high)
{
    out[0] = (half_lanes)MM(unpacklo_epi8)((words_x86)low, (words_x86)high);
    out[1] = (half_lanes)MM(unpackhi_epi8)((words_x86)low, (words_x86)high);
}

/* Words of 32 bits with these in their upper halves. */
INLINE void zip_top(vec out[2], half_lanes top)
{
    const words_x86 zero = (words_x86)splat(0);
    out[0] = (vec)MM(unpacklo_epi16)(zero, (words_x86)top);
    out[1] = (vec)MM(unpackhi_epi16)(zero, (words_x86)top);
}

/* And AVX2 and AVX-512, with half_words, which are half of words_x86, and their LOWER, UPPER and
 * JOINED; REPEATED: 128 bits in each. */
#if LANES > 4

INLINE vec smaller(vec a, vec b)
{
    return (vec)MM(min_epu32)((words_x86)a, (words_x86)b);
}

INLINE vec larger(vec a, vec b)
{
    return (vec)MM(max_epu32)((words_x86)a, (words_x86)b);
}

#define smaller_float smaller
#define larger_float larger

INLINE vec shift_right(vec x, uint32_t count)
{
    return (vec)MM(srlv_epi32)((words_x86)x, MM(set1_epi32)((int)count));
}

INLINE vec shift_left(vec x, uint32_t count)
{
    return (vec)MM(sllv_epi32)((words_x86)x, MM(set1_epi32)((int)count));
}

/* Counts of 32 and more give 0. */
INLINE vec shift_right_by(vec x, vec counts)
{
    return (vec)MM(srlv_epi32)((words_x86)x, (words_x86)counts);
}

INLINE vec shift_left_by(vec x, vec counts)
{
    return (vec)MM(sllv_epi32)((words_x86)x, (words_x86)counts);
}

INLINE byte_lanes pack_bytes(const vec *v)
{
    words_x86 low = MM(packus_epi32)((words_x86)v[0], (words_x86)v[1]);
    words_x86 high = MM(packus_epi32)((words_x86)v[2], (words_x86)v[3]);
    return (byte_lanes)MM(packus_epi16)(low, high);
}

INLINE half_lanes smaller_16(half_lanes a, half_lanes b)
{
    return (half_lanes)MM(min_epu16)((words_x86)a, (words_x86)b);
}

INLINE half_lanes larger_16(half_lanes a, half_lanes b)
{
    return (half_lanes)MM(max_epu16)((words_x86)a, (words_x86)b);
}

/* The bytes of BLOCK at the low four bits, 0 where the top bit is set. */
INLINE byte_lanes look_up_block(byte_lanes block, byte_lanes at)
{
    return (byte_lanes)MM(shuffle_epi8)((words_x86)block, (words_x86)at);
}

/* No NaN, or the nearer end of 32 bits with sign. */
INLINE longs within_int32(longs x)
{
    const doubles least = (doubles)longs_of(FP64_LEAST_INT32);
    const doubles greatest = (doubles)longs_of(FP64_GREATEST_INT32);
    return (longs)MM(min_pd)(MM(max_pd)((doubles)x, least), greatest);
}

/* Counts of 64 and more give 0. */
INLINE longs shift_right_longs(longs x, longs counts)
{
    return (longs)MM(srlv_epi64)((words_x86)x, (words_x86)counts);
}

INLINE longs shift_left_longs(longs x, longs counts)
{
    return (longs)MM(sllv_epi64)((words_x86)x, (words_x86)counts);
}

/* Halves, shifted left: other units multiply. */
INLINE half_words load_shifted(const void *at, uint32_t shift)
{
    uint16_t x __attribute__((vector_size(sizeof(half_words))));
    memcpy(&x, at, sizeof x);
    return (half_words)(shift ? x * (uint16_t)(1u << shift) : x);
}

INLINE vec load_halves(const void *at)
{
    return (vec)MM(cvtepu16_epi32)(load_shifted(at, 0));
}

INLINE vec load_quarters(const void *at)
{
    return (vec)MM(cvtepu8_epi32)(LANES == 16 ? _mm_loadu_si128(at) : _mm_loadl_epi64(at));
}

/* FP16, rounded as vcvtps2ph's immediate says: so, or as the environment does. */
#define FP16_NEAREST 0
#define FP16_DOWN 1
#define FP16_UP 2
#define FP16_TOWARD_ZERO 3
#define FP16_AROUND 4
#define cvt_fp16(x, rounding) MM(cvtps_ph)((floats_x86)(x), rounding)
typedef half_words fp16s;

INLINE vec from_fp16(const void *at, uint32_t shift)
{
    return (vec)MM(cvtph_ps)(load_shifted(at, shift));
}

/* A block of 16 bytes, for look_up_block in each 128 bits. */
INLINE byte_lanes repeat_block(const unsigned char *at)
{
    return (byte_lanes)REPEATED(_mm_load_si128((const __m128i *)at));
}

/* As many elements as a vector of bytes has, a byte each, from a packed layout and back. */
INLINE byte_lanes load_fours(const void *at)
{
    const words_x86 x = MM(cvtepu8_epi16)(load_shifted(at, 0));
    return (byte_lanes)MM_SI(and)(MM_SI(or)(x, MM(slli_epi16)(x, 4)), MM(set1_epi8)(15));
}

/* FP64, half as many lanes: in the direction of the environment; and within 32 bits with sign to
 * integers. */
INLINE vec narrow_doubles(longs low, longs high)
{
    return (vec)JOINED((half_words)MM(cvtpd_ps)((doubles)low),
                       (half_words)MM(cvtpd_ps)((doubles)high));
}

INLINE vec round_doubles(longs low, longs high)
{
    return (vec)JOINED(MM(cvtpd_epi32)((doubles)low), MM(cvtpd_epi32)((doubles)high));
}

/* The low or high half of the lanes. */
INLINE longs random_half(vec random, int half)
{
    return (longs)MM(cvtepu32_epi64)(half ? UPPER(random) : LOWER(random));
}

INLINE void store_doubles(void *at, vec x)
{
    const doubles low = MM(cvtps_pd)((half_floats)LOWER(x));
    const doubles high = MM(cvtps_pd)((half_floats)UPPER(x));
    memcpy(at, &low, sizeof low);
    memcpy((char *)at + sizeof low, &high, sizeof high);
}

#endif
