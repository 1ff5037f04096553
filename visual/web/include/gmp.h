/* GMP as the page has it: mini-gmp, which is made to be built in, and the functions that it lacks
 * or is slow at (gmp_more.c). */
#pragma once

#include "mini-gmp.h"
#include "mini-mpq.h"

void mpz_inits(mpz_t, ...);
void mpz_clears(mpz_t, ...);
void mpq_inits(mpq_t, ...);
void mpq_clears(mpq_t, ...);
double mpz_get_d_2exp(long *exponent, const mpz_t);
mp_bitcnt_t mpz_remove(mpz_t, const mpz_t, const mpz_t);
