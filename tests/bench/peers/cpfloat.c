/* github.com/north-numerical-computing/cpfloat. Its results stay in words of the source's width. */
#include "peers.h"

#include "cpfloat_binary32.h"
#include "cpfloat_binary64.h"

static optstruct *format(cpfloat_precision_t precision, cpfloat_exponent_t emin,
                         cpfloat_exponent_t emax, cpfloat_infinity_t infinity)
{
    optstruct *o = init_optstruct();
    o->precision = precision;
    o->emin = emin;
    o->emax = emax;
    o->explim = CPFLOAT_EXPRANGE_TARG;
    o->infinity = infinity;
    o->round = CPFLOAT_RND_NE;
    o->subnormal = CPFLOAT_SUBN_USE;
    o->flip = CPFLOAT_SOFTERR_NO;
    o->saturation = CPFLOAT_SAT_NO;
    return o;
}

#define PEER_ROUND(name, type, round, ...)                                                         \
    void name(const void *src, void *dst, size_t n)                                                \
    {                                                                                              \
        static optstruct *o;                                                                       \
        if (!o)                                                                                    \
            o = format(__VA_ARGS__);                                                               \
        round((type *)dst, (const type *)src, n, o);                                               \
    }

PEER_ROUND(fp32_fp16, float, cpfloatf_sequential, 11, -14, 15, CPFLOAT_INF_USE)
PEER_ROUND(fp32_bf16, float, cpfloatf_sequential, 8, -126, 127, CPFLOAT_INF_USE)
PEER_ROUND(fp32_tf32, float, cpfloatf_sequential, 11, -126, 127, CPFLOAT_INF_USE)
PEER_ROUND(fp32_fp8_e4m3, float, cpfloatf_sequential, 4, -6, 8, CPFLOAT_INF_NO)
PEER_ROUND(fp32_fp8_e5m2, float, cpfloatf_sequential, 3, -14, 15, CPFLOAT_INF_USE)
PEER_ROUND(fp64_fp32, double, cpfloat_sequential, 24, -126, 127, CPFLOAT_INF_USE)
PEER_ROUND(fp64_fp16, double, cpfloat_sequential, 11, -14, 15, CPFLOAT_INF_USE)
PEER_ROUND(fp64_bf16, double, cpfloat_sequential, 8, -126, 127, CPFLOAT_INF_USE)
