#include "scale_rule.h"
#include "parts.h"

struct hu_scale_element hu_scale_element_of(const struct hu_block *b)
{
    const struct hu_format *f = hu_format_find(b->element), *fp64 = hu_format_find("fp64");
    return (struct hu_scale_element){
        .emax = hu_emax(f) + b->element_power,
        .precision = hu_precision(f),
        .max = parts_value(fp64, f, hu_max_finite_code(f)) * hu_scale_power(b->element_power),
    };
}

/* X, which is positive, is mantissa · 2^exponent with a mantissa from 1 up to 2. */
static double split(double x, int *exponent)
{
    int above;
    double half = __builtin_frexp(x, &above);
    *exponent = above - 1;
    return half * 2;
}

double hu_scale_next_from(enum hu_scale_rule rule, const struct hu_scale_element *element)
{
    switch (rule) {
    case HU_SCALE_CEIL:
        return 1 + 0x1p-52;
    case HU_SCALE_RCEIL:
        return element->max * hu_scale_power(-element->emax) + 0x1p-52;
    case HU_SCALE_EVEN:
        /* It becomes 2 when it is rounded to the element's precision: it has passed the middle
         * between the last number below and 2, where a tie goes to 2, which is the even one. */
        return 2 - hu_scale_power(-element->precision);
    default:
        return 2;
    }
}

int hu_scale_exponent(enum hu_scale_rule rule, double amax, const struct hu_scale_element *element)
{
    int exponent;
    double mantissa = split(amax, &exponent);
    exponent += (mantissa >= hu_scale_next_from(rule, element)) - element->emax;
    return exponent < -127 ? -127 : exponent > 127 ? 127 : exponent;
}

/* X's upper 26 bits (Veltkamp). */
static double upper(double x)
{
    double c = x * 0x1.000002p27;
    return c - (c - x);
}

/* X·Y less PRODUCT, its rounding: exactly (Dekker, 1971). */
static double product_error(double x, double y, double product)
{
    double xh = upper(x), xl = x - xh, yh = upper(y), yl = y - yh;
    return ((xh * yh - product) + xh * yl + xl * yh) + xl * yl;
}

double hu_scale_quotient(double x, double y)
{
    /* Out here nothing rounds to odd any more, but all that is asked is which end it goes to. */
    double q = x / y;
    if (!(__builtin_fabs(q) < 0x1p900) || __builtin_fabs(q) < 0x1p-900)
        return q;
    double product = q * y, rest = (x - product) - product_error(q, y, product);
    if (rest == 0)
        return q;
    uint64_t bits;
    memcpy(&bits, &q, sizeof bits);
    /* Down to the magnitude below where the quotient was rounded up, and an odd last bit. */
    bits -= (rest < 0) != (q < 0);
    bits |= 1;
    memcpy(&q, &bits, sizeof q);
    return q;
}
