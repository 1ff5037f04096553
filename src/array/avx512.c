/* AVX-512 F, BW, DQ and VL; and two kernels that add to it where the processor has more. */
#include "array/chain.h"
#include "array/table.h"

#include <string.h>

#include "array/lanes_avx512.h"
#include "array/lanes.h"
#include "array/lanes_fp16.h"
#include "array/lanes_fp64.h"
#include "array/lanes_widen.h"
#include "array/x86.h"

static const struct stages stages = {widen_find, narrow_find_fp16, fp32_to_fp64, fp64_at_random};

static unsigned chain_row(const struct conversion *c, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    return hu_chain_run(&stages, c, dst, src, n, first);
}

/* AVX2's stores of 32 bytes fill a line sooner than one of 64 where nothing else is to be done:
 * a tenth faster on Sapphire Rapids (make bench). */
static bool is_all_stores(const struct conversion *c)
{
    return is_fp16(c->from) && is_fp32(c->to);
}

static row_function *find(const struct conversion *c)
{
    if (is_all_stores(c))
        return NULL;
    if (is_fp32(c->from) && fp16_can(c))
        return fp32_fp16_row;
    row_function *row = fp64_find(c);
    return row ? row : hu_chain_can(&stages, c) ? chain_row : NULL;
}

const struct hu_kernel hu_kernel_avx512 = {"avx512", hu_x86_has_avx512, find, lanes_stream};

/* VBMI: tables of 256 bytes in registers. */

#define VBMI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c,avx512vbmi")))
#define VBMI_INLINE static inline __attribute__((always_inline)) VBMI

enum { VBMI_STEP = 64 };

/* A byte of each of a table's words. */
struct bytes_of_words {
    __m512i quarters[4];
};

VBMI_INLINE struct bytes_of_words byte_of(const struct table *t, unsigned shift)
{
    unsigned char all[TABLE_CODES];
    for (int i = 0; i < TABLE_CODES; i++)
        all[i] = (unsigned char)(t->words[i] >> shift);
    struct bytes_of_words b;
    memcpy(&b, all, sizeof b);
    return b;
}

VBMI_INLINE __m512i look_up(const struct bytes_of_words *b, __m512i codes)
{
    __m512i low = _mm512_permutex2var_epi8(b->quarters[0], codes, b->quarters[1]);
    __m512i high = _mm512_permutex2var_epi8(b->quarters[2], codes, b->quarters[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(codes), low, high);
}

/* 64 codes to words of 16 bits, or of 32 whose low halves are zero. Unpacking interleaves within
 * 128 bits; ORDER arranges the codes so that what comes out is in order. */
VBMI_INLINE void table_step(void *dst, const void *src, const struct bytes_of_words *low,
                            const struct bytes_of_words *high, int size)
{
    const __m512i order16 = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    const __m512i order32 = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i codes = _mm512_loadu_si512(src);
    codes = size == 16 ? _mm512_permutexvar_epi64(order16, codes)
                       : _mm512_permutexvar_epi32(order32, codes);
    __m512i lows = look_up(low, codes), highs = look_up(high, codes);
    __m512i first = _mm512_unpacklo_epi8(lows, highs), second = _mm512_unpackhi_epi8(lows, highs);
    __m512i *out = dst;
    if (size == 16) {
        _mm512_storeu_si512(out, first);
        _mm512_storeu_si512(out + 1, second);
        return;
    }
    const __m512i zero = _mm512_setzero_si512();
    _mm512_storeu_si512(out, _mm512_unpacklo_epi16(zero, first));
    _mm512_storeu_si512(out + 1, _mm512_unpackhi_epi16(zero, first));
    _mm512_storeu_si512(out + 2, _mm512_unpacklo_epi16(zero, second));
    _mm512_storeu_si512(out + 3, _mm512_unpackhi_epi16(zero, second));
}

VBMI_INLINE void table_steps(const struct table *t, void *dst, const void *src, size_t n, int size,
                             bool direct)
{
    struct bytes_of_words low = byte_of(t, size == 16 ? 0 : 16);
    struct bytes_of_words high = byte_of(t, size == 16 ? 8 : 24);
    const size_t width = (size_t)size / 8;
    size_t whole = n / VBMI_STEP * VBMI_STEP;
    for (size_t i = 0; i < whole; i += VBMI_STEP) {
        uint32_t words[VBMI_STEP] __attribute__((aligned(sizeof(vec))));
        size_t at = direct ? turn(i, n, VBMI_STEP) : i;
        char *out = (char *)dst + at * width;
        fetch_ahead(direct, (const char *)src + at, VBMI_STEP);
        table_step(direct ? (char *)words : out, (const char *)src + at, &low, &high, size);
        if (direct)
            stream_out(out, words, VBMI_STEP * width);
    }
    if (n > whole) {
        unsigned char rest[VBMI_STEP] = {0};
        uint32_t words[VBMI_STEP];
        memcpy(rest, (const char *)src + whole, n - whole);
        table_step(words, rest, &low, &high, size);
        memcpy((char *)dst + whole * width, words, (n - whole) * width);
    }
}

/* A function for each way to memory, so that neither pays for the other. */
#define TABLE_TO(name, size, direct)                                                               \
    VBMI static void name(const struct table *t, void *dst, const void *src, size_t n)             \
    {                                                                                              \
        table_steps(t, dst, src, n, size, direct);                                                 \
    }

TABLE_TO(table_to_16, 16, false)
TABLE_TO(table_to_16_direct, 16, true)
TABLE_TO(table_to_32, 32, false)
TABLE_TO(table_to_32_direct, 32, true)

static bool low_halves_are_zero(const struct table *t)
{
    uint64_t all = 0;
    for (int i = 0; i < TABLE_CODES; i++)
        all |= t->words[i];
    return !(all & 0xffff);
}

static unsigned vbmi_row(const struct conversion *c, void *dst, const void *src, size_t n,
                         uint64_t first)
{
    struct table t;
    if (n < 2 * TABLE_CODES)
        return hu_table_row(c, dst, src, n, first);
    hu_table_fill(&t, c);
    if (c->to->storage_bits == 32 && !low_halves_are_zero(&t))
        return hu_table_row(c, dst, src, n, first);
    if (c->to->storage_bits == 16)
        (c->direct ? table_to_16_direct : table_to_16)(&t, dst, src, n);
    else
        (c->direct ? table_to_32_direct : table_to_32)(&t, dst, src, n);
    return c->flags ? hu_table_flags(&t, src, n) : 0;
}

static bool vbmi_stream(const struct conversion *c)
{
    (void)c;
    return true;
}

static row_function *vbmi_find(const struct conversion *c)
{
    int bits = c->to->storage_bits;
    bool bytes = c->from->storage_bits == 8 && (bits == 16 || bits == 32);
    return bytes && hu_table_can(c) ? vbmi_row : NULL;
}

const struct hu_kernel hu_kernel_avx512vbmi = {"avx512vbmi", hu_x86_has_avx512_vbmi, vbmi_find,
                                               vbmi_stream};

/* BF16: its conversion takes FP32's subnormals for zeros, so vectors with any go another way. */

#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c,avx512bf16")))
#define BF16_INLINE static inline __attribute__((always_inline)) BF16

BF16_INLINE void bf16_step(const struct narrow *k, void *dst, const void *src)
{
    enum { SUBNORMAL = 0x20 }; /* vfpclassps's imm8 */
    fetch_ahead(k->direct, src, 2 * sizeof(vec));
    vec x[2] = {load(src), load((const char *)src + sizeof(vec))};
    __mmask16 low = _mm512_fpclass_ps_mask((__m512)x[0], SUBNORMAL);
    __mmask16 high = _mm512_fpclass_ps_mask((__m512)x[1], SUBNORMAL);
    half_lanes codes = (half_lanes)_mm512_cvtne2ps_pbh((__m512)x[1], (__m512)x[0]);
    if (__builtin_expect(!_kortestz_mask16_u8(low, high), 0)) {
        for (int i = 0; i < 2; i++)
            x[i] = narrow_top(k, x[i], splat(0), HU_TIES_TO_EVEN, true, false, NULL);
        codes = pack_top_halves(x);
    }
    memcpy(dst, &codes, sizeof codes);
}

BF16 static unsigned bf16_row(const struct conversion *c, void *dst, const void *src, size_t n,
                              uint64_t first)
{
    (void)first;
    struct narrow k = hu_narrow_for(c->to, &c->options);
    k.direct = c->direct;
    const size_t step = 2 * LANES;
    size_t whole = n / step * step;
    for (size_t i = 0; i < whole; i += step) {
        if (!k.direct) {
            bf16_step(&k, (char *)dst + 2 * i, (const char *)src + 4 * i);
            continue;
        }
        uint16_t codes[2 * LANES] __attribute__((aligned(sizeof(vec))));
        size_t at = turn(i, n, step);
        bf16_step(&k, codes, (const char *)src + 4 * at);
        stream_out((char *)dst + 2 * at, codes, sizeof codes);
    }
    if (n > whole) {
        uint32_t rest[2 * LANES] = {0};
        uint16_t codes[2 * LANES];
        memcpy(rest, (const char *)src + 4 * whole, 4 * (n - whole));
        bf16_step(&k, codes, rest);
        memcpy((char *)dst + 2 * whole, codes, 2 * (n - whole));
    }
    return 0;
}

static row_function *bf16_find(const struct conversion *c)
{
    bool plain = !c->flags && !c->options.saturate && c->options.direction == HU_TIES_TO_EVEN;
    return plain && is_fp32(c->from) && is_bf16(c->to) ? bf16_row : NULL;
}

const struct hu_kernel hu_kernel_avx512bf16 = {"avx512bf16", hu_x86_has_avx512_bf16, bf16_find,
                                               lanes_stream};
