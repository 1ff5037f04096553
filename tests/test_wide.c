/* 128 bits as two words, against GMP: the compiler's way and plain C's. */
#include "wide.h"
#include "mpz64.h"
#include "random.h"

#include <criterion/criterion.h>
#include <gmp.h>

static void set_wide(mpz_t out, struct hu_wide v)
{
    mpz_t low;
    mpz_init(low);
    hu_mpz_set_u64(out, v.high);
    hu_mpz_set_u64(low, v.low);
    mpz_mul_2exp(out, out, 64);
    mpz_add(out, out, low);
    mpz_clear(low);
}

/* Whether V is X modulo 2^128. */
static bool is(struct hu_wide v, const mpz_t x)
{
    mpz_t y, rest;
    mpz_inits(y, rest, NULL);
    set_wide(y, v);
    mpz_fdiv_r_2exp(rest, x, 128);
    bool same = !mpz_cmp(y, rest);
    mpz_clears(y, rest, NULL);
    return same;
}

/* Words of all lengths, and those about powers of two. */
static uint64_t word(uint64_t *seed)
{
    uint64_t r = random_bits(seed), shift = r >> 58;
    uint64_t power = UINT64_C(1) << shift;
    switch (r & 3) {
    case 0:
        return random_bits(seed) >> shift;
    case 1:
        return power - (r >> 2 & 1);
    case 2:
        return ~power + (r >> 2 & 1);
    default:
        return random_bits(seed);
    }
}

enum { ROUNDS = 20000 };

Test(wide, products_are_gmps)
{
    uint64_t seed = 61;
    mpz_t a, b;
    mpz_inits(a, b, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t x = word(&seed), y = word(&seed);
        hu_mpz_set_u64(a, x);
        hu_mpz_set_u64(b, y);
        mpz_mul(a, a, b);
        cr_assert(is(hu_wide_product(x, y), a));
        cr_assert(is(hu_wide_product_plain(x, y), a));
    }
    mpz_clears(a, b, NULL);
}

Test(wide, quotients_and_remainders_are_gmps)
{
    uint64_t seed = 67;
    mpz_t a, b, r;
    mpz_inits(a, b, r, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        struct hu_wide v = {word(&seed), word(&seed)};
        uint64_t by = word(&seed), remainder, plain;
        by += !by;
        set_wide(a, v);
        hu_mpz_set_u64(b, by);
        mpz_tdiv_qr(a, r, a, b);
        uint64_t low = hu_wide_quotient_plain(v.high % by, v.low, by, &plain);
        remainder = hu_wide_divide(&v, by);
        cr_assert(is(v, a));
        cr_assert(is(hu_wide_of(remainder), r));
        cr_assert_eq(low, v.low);
        cr_assert_eq(plain, remainder);
    }
    mpz_clears(a, b, r, NULL);
}

Test(wide, sums_and_multiples_say_when_they_overflow)
{
    uint64_t seed = 71;
    mpz_t a, b;
    mpz_inits(a, b, NULL);
    int over = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct hu_wide v = {word(&seed), word(&seed)}, x = {word(&seed), word(&seed)}, sum = v;
        uint64_t factor = word(&seed);
        set_wide(a, v);
        set_wide(b, x);
        mpz_add(b, b, a);
        bool fits = hu_wide_add(&sum, x);
        cr_assert(is(sum, b));
        cr_assert_eq(fits, mpz_sizeinbase(b, 2) <= 128);
        over += !fits;
        hu_mpz_set_u64(b, factor);
        mpz_mul(a, a, b);
        fits = hu_wide_times(&v, factor);
        cr_assert(is(v, a));
        cr_assert_eq(fits, mpz_sizeinbase(a, 2) <= 128);
        over += !fits;
    }
    cr_assert(over > ROUNDS / 10 && over < 2 * ROUNDS);
    mpz_clears(a, b, NULL);
}

Test(wide, a_share_is_rounded_down)
{
    cr_assert_eq(hu_wide_share(UINT64_MAX, UINT64_MAX - 1, UINT64_MAX), UINT64_MAX - 1);
    cr_assert_eq(hu_wide_share(10, 10, 7), 14);
    uint64_t word;
    cr_assert(hu_wide_fits(hu_wide_product(UINT64_MAX, 1), &word));
    cr_assert_eq(word, UINT64_MAX);
    cr_assert_not(hu_wide_fits(hu_wide_product(UINT64_C(1) << 32, UINT64_C(1) << 32), &word));
}
