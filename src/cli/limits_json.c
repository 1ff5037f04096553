#include "json.h"
#include "limits.h"
#include "operation.h"
#include "report.h"
#include "shown.h"

static json_t *datum_json(const struct hu_format *f, uint64_t code)
{
    json_t *o = check_memory(json_object());
    json_put(o, "decimal", json_datum(f, code));
    json_put(o, "hex", json_string(HEX_OF(f, code)));
    json_put(o, "bits", json_code(f, code));
    return o;
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
    json_t *object = check_memory(json_object());
    json_put(object, "decimal", json_ratio(ratio));
    json_put(object, "hex", json_sprintf("0x1p-%d", hu_precision(f)));
    json_put(object, "bits", json_null());
    return object;
}

json_t *limits_json(const struct hu_format *f)
{
    uint64_t subnormal;
    json_t *o = check_memory(json_object());
    json_put(o, "format", json_string(f->name));
    json_put(o, "kind", json_string("float"));
    json_put(o, "width", json_integer(f->width));
    json_put(o, "storage_bits", json_integer(f->storage_bits));
    json_put(o, "exponent_bits", json_integer(f->exponent_bits));
    json_put(o, "trailing_significand_bits", json_integer(f->trailing_bits));
    json_put(o, "precision", json_integer(hu_precision(f)));
    json_put(o, "bias", json_integer(f->bias));
    json_put(o, "emin", json_integer(hu_emin(f)));
    json_put(o, "emax", json_integer(hu_emax(f)));
    json_put(o, "max", datum_json(f, hu_max_finite_code(f)));
    json_put(o, "lowest", datum_json(f, hu_lowest_code(f)));
    json_put(o, "min_normal", datum_json(f, hu_min_normal_code(f)));
    json_put(o, "max_subnormal",
             hu_max_subnormal_code(f, &subnormal) ? datum_json(f, subnormal) : json_null());
    json_put(o, "min_subnormal",
             hu_min_subnormal_code(f, &subnormal) ? datum_json(f, subnormal) : json_null());
    json_put(o, "epsilon", datum_json(f, hu_epsilon_code(f)));
    json_put(o, "unit_roundoff", unit_roundoff_json(f));
    json_put(o, "max_consecutive_integer", json_count(hu_max_consecutive_integer(f)));
    json_put(o, "digits10", json_integer(hu_digits10(f)));
    json_put(o, "max_digits10", json_integer(hu_max_digits10(f)));
    json_put(o, "has_infinity", json_boolean(hu_has_infinity(f)));
    json_put(o, "has_negative_zero", json_boolean(hu_has_negative_zero(f)));
    json_put(o, "nan_codes", json_count(hu_nan_codes(f)));
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
        return json_pack("{s:o}", "decimal", decimal);
    json_decref(decimal);
    return datum_json(f, code);
}

json_t *limits_integer_json(const struct hu_integer *n)
{
    long long min;
    unsigned long long max;
    json_t *o = check_memory(json_object());
    limits_of_integer(n, &min, &max);
    json_put(o, "format", json_string(n->name));
    json_put(o, "kind", json_string("integer"));
    json_put(o, "width", json_integer(n->width));
    json_put(o, "storage_bits", json_integer(n->storage_bits));
    json_put(o, "min", end_json(n, "min", json_sprintf("%lld", min)));
    json_put(o, "max", end_json(n, "max", json_sprintf("%llu", max)));
    json_put(o, "digits10", json_integer((n->width - n->is_signed) * 1233 >> 12));
    return o;
}
