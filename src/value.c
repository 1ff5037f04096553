#include "value.h"
#include "mpz64.h"

void hu_value_init(struct hu_value *v)
{
    *v = (struct hu_value){.kind = HU_VALUE_FINITE};
    mpq_init(v->ratio);
    mpz_inits(v->power10, v->power2, NULL);
}

void hu_value_clear(struct hu_value *v)
{
    mpq_clear(v->ratio);
    mpz_clears(v->power10, v->power2, NULL);
}

void hu_value_copy(struct hu_value *to, const struct hu_value *from)
{
    struct hu_value kept = *to;
    *to = *from;
    to->ratio[0] = kept.ratio[0];
    to->power10[0] = kept.power10[0];
    to->power2[0] = kept.power2[0];
    mpq_set(to->ratio, from->ratio);
    mpz_set(to->power10, from->power10);
    mpz_set(to->power2, from->power2);
}

static void set_magnitude(mpq_t ratio, struct hu_datum d)
{
    hu_mpq_set_u64(ratio, d.significand);
    hu_mpq_scale(ratio, ratio, d.quantum);
}

void hu_value_ratio(mpq_t ratio, const struct hu_value *v)
{
    mpq_set(ratio, v->ratio);
    if (v->sign)
        mpq_neg(ratio, ratio);
}

void hu_datum_ratio(mpq_t ratio, const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    set_magnitude(ratio, d);
    if (d.sign)
        mpq_neg(ratio, ratio);
}

void hu_value_reset(struct hu_value *v)
{
    v->kind = HU_VALUE_FINITE;
    v->sign = v->signaling = v->bare_hexadecimal = false;
    v->payload = 0;
    v->format = NULL;
    mpq_set_ui(v->ratio, 0, 1);
    mpz_set_ui(v->power10, 0);
    mpz_set_ui(v->power2, 0);
}

void hu_value_set_datum(struct hu_value *v, const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    hu_value_reset(v);
    v->format = f;
    v->bits = bits & hu_width_mask(f);
    v->sign = d.sign;
    v->signaling = d.class == HU_SIGNALING_NAN;
    v->payload = hu_is_nan(d) ? hu_payload(f, d) : 0;
    v->kind = hu_is_nan(d)             ? HU_VALUE_NAN
              : d.class == HU_INFINITE ? HU_VALUE_INFINITE
                                       : HU_VALUE_FINITE;
    if (v->kind == HU_VALUE_FINITE)
        set_magnitude(v->ratio, d);
}

bool hu_value_is_remote(const struct hu_value *v)
{
    return v->kind == HU_VALUE_FINITE && (mpz_sgn(v->power10) || mpz_sgn(v->power2));
}

bool hu_value_is_zero(const struct hu_value *v)
{
    return v->kind == HU_VALUE_FINITE && !mpq_sgn(v->ratio);
}

/* A power whose sign tells which side all formats end on; both are never set to different ones. */
static struct hu_real remote_real(const struct hu_value *v)
{
    int side = mpz_sgn(v->power10) ? mpz_sgn(v->power10) : mpz_sgn(v->power2);
    return (struct hu_real){1, side > 0 ? 1 << 24 : -(1 << 24), v->sign, false};
}

/* The leading 64 bits of the ratio, and whether anything follows them. */
static struct hu_real leading_bits(const struct hu_value *v)
{
    mpz_srcptr n = mpq_numref(v->ratio), d = mpq_denref(v->ratio);
    long shift = 65 + (long)mpz_sizeinbase(d, 2) - (long)mpz_sizeinbase(n, 2);
    mpz_t quotient, remainder, scaled;
    mpz_inits(quotient, remainder, scaled, NULL);
    if (shift >= 0) {
        mpz_mul_2exp(scaled, n, (mp_bitcnt_t)shift);
        mpz_tdiv_qr(quotient, remainder, scaled, d);
    } else {
        mpz_mul_2exp(scaled, d, (mp_bitcnt_t)-shift);
        mpz_tdiv_qr(quotient, remainder, n, scaled);
    }
    /* 65 or 66 bits: keep 64. */
    mp_bitcnt_t extra = mpz_sizeinbase(quotient, 2) - 64;
    bool sticky = mpz_sgn(remainder) || mpz_scan1(quotient, 0) < extra;
    mpz_tdiv_q_2exp(quotient, quotient, extra);
    struct hu_real real = {hu_mpz_get_u64(quotient), (int)((long)extra - shift), v->sign, sticky};
    mpz_clears(quotient, remainder, scaled, NULL);
    return real;
}

/* Text's NaN: the payload is an integer of the target's own payload width. */
static uint64_t round_text_nan(const struct hu_value *v, const struct hu_format *to,
                               unsigned *flags)
{
    struct hu_datum d = {v->signaling ? HU_SIGNALING_NAN : HU_QUIET_NAN, v->sign, 0, 0};
    uint64_t code = hu_round_nan(to, d, flags);
    if (to->specials == HU_SPECIALS_IEEE && hu_has_nan(to))
        code |= v->payload & hu_trailing_mask(to) >> 1;
    return code;
}

/* Data keep the top of their payloads, and text the low end of its own. */
bool hu_value_loses_payload(const struct hu_value *v, const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    if (v->kind != HU_VALUE_NAN || !hu_is_nan(d) || !v->payload)
        return false;
    int cut = v->format ? v->format->trailing_bits - f->trailing_bits : 0;
    uint64_t kept = hu_payload(f, d);
    return (cut > 0 ? kept << cut : kept >> -cut) != v->payload;
}

/* Into an integer from the ratio itself: 64 bits of it may leave no room for the fraction. */
static uint64_t round_to_integer(const struct hu_value *v, const struct hu_format *to,
                                 const struct hu_options *options, unsigned *flags)
{
    if (hu_value_is_remote(v)) {
        bool great = mpz_sgn(v->power10) > 0 || mpz_sgn(v->power2) > 0;
        return great ? hu_round_overflow(to, v->sign, options, flags)
                     : hu_round_integer(to, v->sign, 0, 0, true, 0, options, flags);
    }
    mpz_t whole, fraction, rest;
    uint64_t parts[2] = {0, 0};
    mpz_inits(whole, fraction, rest, NULL);
    mpz_tdiv_qr(whole, rest, mpq_numref(v->ratio), mpq_denref(v->ratio));
    bool fits = mpz_sizeinbase(whole, 2) <= 64;
    mpz_mul_2exp(rest, rest, 64);
    mpz_tdiv_qr(fraction, rest, rest, mpq_denref(v->ratio));
    if (fits) {
        mpz_export(&parts[0], NULL, -1, sizeof parts[0], 0, 0, whole);
        mpz_export(&parts[1], NULL, -1, sizeof parts[1], 0, 0, fraction);
    }
    bool tail = mpz_sgn(rest);
    mpz_clears(whole, fraction, rest, NULL);
    return fits ? hu_round_integer(to, v->sign, parts[0], parts[1], tail, 0, options, flags)
                : hu_round_overflow(to, v->sign, options, flags);
}

uint64_t hu_value_round(const struct hu_value *v, const struct hu_format *to,
                        const struct hu_options *options, unsigned *flags)
{
    static const struct hu_options defaults;
    unsigned ignored = 0;
    if (!options)
        options = &defaults;
    if (!flags)
        flags = &ignored;
    if (v->format)
        return hu_convert(to, v->format, v->bits, options, flags);
    if (v->kind == HU_VALUE_NAN)
        return round_text_nan(v, to, flags);
    if (v->kind == HU_VALUE_INFINITE)
        return hu_round_infinity(to, v->sign, options, flags);
    if (hu_value_is_zero(v))
        return hu_round_zero(to, v->sign, flags);
    if (hu_is_integer(to))
        return round_to_integer(v, to, options, flags);
    return hu_round(to, hu_value_is_remote(v) ? remote_real(v) : leading_bits(v), 0, options,
                    flags);
}

uint64_t hu_value_bits_in(const struct hu_value *v, const struct hu_format *to,
                          const struct hu_options *options, unsigned *flags)
{
    if (v->format == to)
        return v->bits;
    return hu_value_round(v, to, options, flags);
}

bool hu_value_error(mpq_t error, const struct hu_value *v, const struct hu_format *f, uint64_t bits)
{
    bool finite = hu_is_finite(hu_decode(f, bits));
    if (v->kind != HU_VALUE_FINITE || !finite || hu_value_is_remote(v))
        return false;
    hu_datum_ratio(error, f, bits);
    if (v->sign)
        mpq_add(error, error, v->ratio);
    else
        mpq_sub(error, error, v->ratio);
    return true;
}
