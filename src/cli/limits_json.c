#include "json.h"
#include "limits.h"
#include "operation.h"
#include "report.h"
#include "shown.h"

static json_t *datum_json(const struct hu_format *f, uint64_t code)
{
    return JSON({"decimal", json_datum(f, code)}, {"hex", json_string(HEX_OF(f, code))},
                {"bits", json_code(f, code)});
}

/* 2^-p, which narrow formats may lack. */
static json_t *unit_roundoff_json(const struct hu_format *f)
{
    struct hu_options o = {0};
    unsigned flags = 0;
    struct hu_real half = {.significand = 1, .exponent = -hu_precision(f)};
    uint64_t code = hu_round(f, half, 0, &o, &flags);
    if (!flags)
        return datum_json(f, code);
    RATIO(ratio);
    mpq_set_ui(ratio, 1, 1);
    mpq_div_2exp(ratio, ratio, (mp_bitcnt_t)hu_precision(f));
    return JSON({"decimal", json_ratio(ratio)}, {"hex", json_sprintf("0x1p-%d", hu_precision(f))},
                {"bits", json_null()});
}

json_t *limits_json(const struct hu_format *f)
{
    uint64_t subnormal;
    json_t *o = JSON(
        {"format", json_string(f->name)}, {"kind", json_string("float")},
        {"width", json_integer(f->width)}, {"storage_bits", json_integer(f->storage_bits)},
        {"exponent_bits", json_integer(f->exponent_bits)},
        {"trailing_significand_bits", json_integer(f->trailing_bits)},
        {"precision", json_integer(hu_precision(f))}, {"bias", json_integer(f->bias)},
        {"emin", json_integer(hu_emin(f))}, {"emax", json_integer(hu_emax(f))},
        {"max", datum_json(f, hu_max_finite_code(f))}, {"lowest", datum_json(f, hu_lowest_code(f))},
        {"min_normal", datum_json(f, hu_min_normal_code(f))},
        {"max_subnormal", JSON_IF(hu_max_subnormal_code(f, &subnormal), datum_json(f, subnormal))},
        {"min_subnormal", JSON_IF(hu_min_subnormal_code(f, &subnormal), datum_json(f, subnormal))},
        {"epsilon", datum_json(f, hu_epsilon_code(f))}, {"unit_roundoff", unit_roundoff_json(f)},
        {"max_consecutive_integer", json_count(hu_max_consecutive_integer(f))},
        {"digits10", json_integer(hu_digits10(f))},
        {"max_digits10", json_integer(hu_max_digits10(f))},
        {"has_infinity", json_boolean(hu_has_infinity(f))},
        {"has_negative_zero", json_boolean(hu_has_negative_zero(f))},
        {"nan_codes", json_count(hu_nan_codes(f))});
    /* Of 64 bits where every code is finite the count itself is 0. */
    uint64_t finite = hu_finite_codes(f);
    json_put(o, "finite_codes", finite ? json_count(finite) : json_string("18446744073709551616"));
    return o;
}

/* An end of bool, which is no format, has its decimal alone. */
static json_t *end_json(const struct hu_integer *n, const char *which, json_t *decimal)
{
    const struct hu_format *f = hu_format_find(n->name);
    uint64_t code;
    if (!f || !hu_limit(f, which, &code))
        return JSON({"decimal", decimal});
    json_decref(decimal);
    return datum_json(f, code);
}

json_t *limits_integer_json(const struct hu_integer *n)
{
    long long min;
    unsigned long long max;
    limits_of_integer(n, &min, &max);
    return JSON({"format", json_string(n->name)}, {"kind", json_string("integer")},
                {"width", json_integer(n->width)}, {"storage_bits", json_integer(n->storage_bits)},
                {"min", end_json(n, "min", json_sprintf("%lld", min))},
                {"max", end_json(n, "max", json_sprintf("%llu", max))},
                {"digits10", json_integer((n->width - n->is_signed) * 1233 >> 12)});
}
