/*
 * 64 bits and powers of two to and from GMP. Its own mpz_set_ui and mpz_get_ui take an unsigned
 * long, which has 32 bits on 32-bit machines, in WebAssembly and on Windows. Thread-safe.
 */
#pragma once

#include <gmp.h>
#include <stdint.h>

static inline void hu_mpz_set_u64(mpz_t z, uint64_t value)
{
    mpz_import(z, 1, -1, sizeof value, 0, 0, &value);
}

/* Z is below 2^64 and not negative. */
static inline uint64_t hu_mpz_get_u64(const mpz_t z)
{
    uint64_t value = 0;
    mpz_export(&value, NULL, -1, sizeof value, 0, 0, z);
    return value;
}

static inline void hu_mpq_set_u64(mpq_t q, uint64_t value)
{
    hu_mpz_set_u64(mpq_numref(q), value);
    mpz_set_ui(mpq_denref(q), 1);
}

/* Q := X · 2^EXPONENT. */
static inline void hu_mpq_scale(mpq_t q, const mpq_t x, long exponent)
{
    if (exponent >= 0)
        mpq_mul_2exp(q, x, (mp_bitcnt_t)exponent);
    else
        mpq_div_2exp(q, x, (mp_bitcnt_t)-exponent);
}
