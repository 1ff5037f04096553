/* Functions of GMP's that mini-gmp lacks or is slow at, as GMP's manual describes them. */
#include "wide.h"

#include <gmp.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>

#define EACH(name, type, call)                                                                     \
    void name(type first, ...)                                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, first);                                                                     \
        for (void *x = first; x; x = va_arg(rest, void *))                                         \
            call(x);                                                                               \
        va_end(rest);                                                                              \
    }
EACH(mpz_inits, mpz_t, mpz_init)
EACH(mpz_clears, mpz_t, mpz_clear)
EACH(mpq_inits, mpq_t, mpq_init)
EACH(mpq_clears, mpq_t, mpq_clear)

/* Exact for a base that is a power of two; otherwise at most one too many, as GMP's is. */
size_t mpz_sizeinbase(const mpz_t z, int base)
{
    static const uint64_t log10_of_2 = 0x4d104d427de7fbcc; /* times 2^64 */
    _Static_assert(sizeof(mp_limb_t) == 8, "MINI_GMP_LIMB_TYPE");
    size_t limbs = mpz_size(z);
    if (!limbs)
        return 1;
    mp_limb_t top = mpz_getlimbn(z, (mp_size_t)limbs - 1);
    size_t bits = limbs * 64 - (size_t)__builtin_clzll(top);
    return base == 10 ? (size_t)hu_wide_product(bits, log10_of_2).high + 1
                      : (bits + (size_t)__builtin_ctz((unsigned)base) - 1) /
                            (size_t)__builtin_ctz((unsigned)base);
}

/* The fraction is truncated: what lies below the leading 64 bits cannot reach a double's 53. */
double mpz_get_d_2exp(long *exponent, const mpz_t z)
{
    size_t bits = mpz_sizeinbase(z, 2);
    int e;
    mpz_t head;
    *exponent = 0;
    if (!mpz_sgn(z))
        return 0;
    mpz_init(head);
    mp_bitcnt_t cut = bits > 64 ? bits - 64 : 0;
    mpz_tdiv_q_2exp(head, z, cut);
    double d = frexp(mpz_get_d(head), &e);
    mpz_clear(head);
    *exponent = (long)cut + e;
    return d;
}

/* By F, F^2, F^4, ... as long as they divide, then back down: as many divisions as the count has
 * bits. */
mp_bitcnt_t mpz_remove(mpz_t out, const mpz_t z, const mpz_t f)
{
    mpz_t q, r, square;
    mp_bitcnt_t n = 0;
    mpz_inits(q, r, square, NULL);
    mpz_tdiv_qr(q, r, z, f);
    if (!mpz_sgn(z) || mpz_sgn(r)) {
        mpz_set(out, z);
    } else {
        mpz_mul(square, f, f);
        n = 1 + 2 * mpz_remove(out, q, square);
        mpz_tdiv_qr(q, r, out, f);
        if (!mpz_sgn(r)) {
            mpz_swap(out, q);
            n++;
        }
    }
    mpz_clears(q, r, square, NULL);
    return n;
}
