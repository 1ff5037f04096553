/* The powers of ten, made when the page begins: as a constant they are 11 KB that no compressor
 * makes smaller, a twentieth of the page. */
#define hu_powers hu_powers_as_declared
#include "powers.h"
#undef hu_powers

#include <gmp.h>
#include <math.h>

struct hu_power hu_powers[HU_POWER_MAX - HU_POWER_MIN + 1];

static uint64_t low_word(const mpz_t x)
{
    return mpz_getlimbn(x, 0);
}

/* The 128 bits at and below the leading one. */
static struct hu_power leading(int e)
{
    int shift = 127 - hu_log2_power(e);
    struct hu_power power;
    mpz_t x, ten;
    mpz_inits(x, ten, NULL);
    mpz_ui_pow_ui(ten, 10, (unsigned long)(e < 0 ? -e : e));
    mpz_set_ui(x, 1);
    if (e < 0) {
        mpz_mul_2exp(x, x, (mp_bitcnt_t)shift);
        mpz_tdiv_q(x, x, ten);
    } else if (shift < 0) {
        mpz_tdiv_q_2exp(x, ten, (mp_bitcnt_t)-shift);
    } else {
        mpz_mul_2exp(x, ten, (mp_bitcnt_t)shift);
    }
    power.low = low_word(x);
    mpz_tdiv_q_2exp(x, x, 64);
    power.high = low_word(x);
    mpz_clears(x, ten, NULL);
    return power;
}

__attribute__((constructor)) static void make_powers(void)
{
    for (int e = HU_POWER_MIN; e <= HU_POWER_MAX; e++)
        hu_powers[e - HU_POWER_MIN] = leading(e);
}

/* So are the C library's tables of logarithms and powers of two, 4 KB; what places are worked out
 * with needs no last digits, but whole powers of two must stay what they are. */
double log2(double x)
{
    int exponent;
    double half = frexp(x, &exponent);
    return exponent - 1 + log10(2 * half) * 3.3219280948873623;
}

/* Of x from 0 to 1: the exponential's series. */
double exp2(double x)
{
    double sum = 1, term = 1;
    for (int i = 1; i < 20; i++)
        sum += term *= x * 0.69314718055994531 / i;
    return sum;
}
