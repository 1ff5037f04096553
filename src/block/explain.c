#include "explain.h"
#include "float_bits.h"
#include "parts.h"

#include <math.h>
#include <stdio.h>

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

void hu_block_shown(char text[HU_SHORTEST_TEXT], double x)
{
    float narrow = (float)x;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    if ((double)narrow == x)
        hu_shown_print(text, hu_format_find("fp32"), bits);
    else
        hu_shown_print(text, hu_format_find("fp64"), bits_of(x));
}

/* Of a power of two, by one of the four rules. */
static void derive_power(char words[HU_BLOCK_WORDS], const struct hu_block *b,
                         enum hu_scale_rule rule, const char *amax)
{
    const struct hu_format *f = hu_format_find(b->element);
    int emax = hu_emax(f) + b->element_power;
    char less[32] = "";
    if (emax)
        snprintf(less, sizeof less, " − %d", emax);
    switch (rule) {
    case HU_SCALE_CEIL:
        snprintf(words, HU_BLOCK_WORDS, "2^(ceil(log2 %s)%s)", amax, less);
        break;
    case HU_SCALE_RCEIL:
        snprintf(words, HU_BLOCK_WORDS, "the least power under which %s does not overflow", amax);
        break;
    case HU_SCALE_EVEN:
        snprintf(words, HU_BLOCK_WORDS, "2^(floor(log2 of %s at %d bits)%s)", amax, hu_precision(f),
                 less);
        break;
    default:
        snprintf(words, HU_BLOCK_WORDS, "2^(floor(log2 %s)%s)", amax, less);
    }
}

void hu_block_derive(char words[HU_BLOCK_WORDS], const struct hu_block *b, enum hu_scale_rule rule,
                     double amax, float tensor_scale)
{
    char shown[HU_SHORTEST_TEXT], largest[HU_SHORTEST_TEXT], over[HU_SHORTEST_TEXT];
    hu_block_shown(shown, amax);
    if (hu_block_has_rules(b)) {
        derive_power(words, b, rule ? rule : b->rule, shown);
    } else if (b->rule == HU_SCALE_AMAX) {
        snprintf(words, HU_BLOCK_WORDS, "the greatest magnitude");
    } else if (b->rule == HU_SCALE_GGML) {
        snprintf(words, HU_BLOCK_WORDS, "by ggml's reference encoder");
    } else {
        const struct hu_format *f = hu_format_find(b->element);
        bool second = b->over == HU_OVER_TENSOR;
        hu_shown_print(largest, f, hu_max_finite_code(f));
        hu_block_shown(over, (double)tensor_scale);
        snprintf(words, HU_BLOCK_WORDS, "%s / %s%s%s, rounded to %s", shown, largest,
                 second ? " / " : "", second ? over : "", b->scale);
    }
}

struct hu_block_errors hu_block_errors(const float *values, const struct hu_block_datum *data,
                                       size_t n)
{
    struct hu_block_errors e = {0, 0};
    double signal = 0, noise = 0;
    for (size_t i = 0; i < n; i++) {
        double value = (double)values[i], error = data[i].value - value;
        if (!isfinite(error))
            return (struct hu_block_errors){NAN, NAN};
        e.greatest = fmax(e.greatest, fabs(error));
        signal += value * value;
        noise += error * error;
    }
    e.sqnr = noise > 0 ? 10 * log10(signal / noise) : (double)INFINITY;
    return e;
}

char *hu_block_error(float value, const struct hu_block_datum *datum, bool shown, bool *exact)
{
    const struct hu_format *fp64 = hu_format_find("fp64");
    *exact = false;
    if (!isfinite(value) || !isfinite(datum->value))
        return NULL;
    mpq_t error, given;
    mpq_inits(error, given, NULL);
    hu_datum_ratio(error, fp64, bits_of(datum->value));
    hu_datum_ratio(given, fp64, bits_of((double)value));
    mpq_sub(error, error, given);
    *exact = !mpq_sgn(error);
    bool all;
    char *text = shown ? hu_ratio_shown(error, 3, &all) : hu_ratio_exact(error);
    mpq_clears(error, given, NULL);
    return text;
}

static double element_value(const struct hu_format *f, uint64_t code)
{
    return parts_value(hu_format_find("fp64"), f, code);
}

/* Whether some code of F has the value X and none lies between it and AT. */
static bool is_neighbour(const struct hu_format *f, double x, double at)
{
    bool found = false, between = false;
    for (uint64_t code = 0; code <= hu_width_mask(f); code++) {
        double v = element_value(f, code);
        found |= v == x;
        between |= (v > at && v < x) || (v < at && v > x);
    }
    return x != at && found && !between;
}

/* Whether X, rounded in DIRECTION, is beyond what F has, and its end on that side is AT. */
static bool is_cut(const struct hu_format *f, enum hu_direction direction, double x, double at)
{
    /* What is drawn beyond the largest is not told from what is drawn below. */
    struct hu_options o = {
        .direction = direction == HU_STOCHASTIC ? HU_TOWARD_ZERO : direction,
        .saturate = true,
    };
    unsigned flags = 0;
    uint64_t code = hu_convert(f, hu_format_find("fp64"), hu_bits_of_double(x), &o, &flags);
    return flags & (HU_OVERFLOW | HU_INVALID) && element_value(f, code) == at;
}

const char *hu_block_remark(const struct hu_block *b, enum hu_direction direction, float value,
                            const struct hu_block_datum *datum)
{
    if (b->codes != HU_CODES_FORMAT || !(datum->scale > 0))
        return "";
    const struct hu_format *f = hu_format_find(b->element);
    double unit = datum->scale * ldexp(1, b->element_power), x = (double)value;
    double quotient = x / unit;
    double at = element_value(f, (uint64_t)datum->code), twice = 2 * quotient - at;
    if (isfinite(quotient) && is_cut(f, direction, quotient, at))
        return "saturated";
    if (twice * unit == 2 * x - datum->value && is_neighbour(f, twice, at))
        return "a tie";
    return datum->value == 0 && x != 0 ? "lost" : "";
}
