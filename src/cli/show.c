#include "show.h"
#include "mpz64.h"
#include "scope.h"
#include "file/element.h"

static void make_row(struct show *s, struct show_row *row, const struct hu_format *f)
{
    *row = (struct show_row){.format = f};
    mpq_inits(row->error, row->error_ulp, NULL);
    row->bits = hu_value_bits_in(&s->value, f, &s->options, &row->flags);
    row->datum = hu_decode(f, row->bits);
    row->has_error = hu_value_error(row->error, &s->value, f, row->bits);
    if (!row->has_error)
        return;
    int ulp = hu_ulp_exponent(f, row->bits);
    hu_mpq_scale(row->error_ulp, row->error, -ulp);
}

/* FILE:TENSOR[i,j] is a datum of a file, and its format gets a row too. False: message says why. */
static bool read_input(struct show *s, char message[HU_MESSAGE])
{
    const struct hu_format *f;
    uint64_t bits;
    char why[HU_ELEMENT_MESSAGE];
    enum hu_element_result result = hu_element_read(s->input, &f, &bits, why);
    if (result == HU_ELEMENT_NONE)
        return hu_value_read(&s->value, s->input, strlen(s->input), message);
    snprintf(message, HU_MESSAGE, "%.*s", HU_MESSAGE - 1, why);
    if (result == HU_ELEMENT_ERROR)
        return false;
    hu_value_set_datum(&s->value, f, bits);
    make_row(s, &s->rows[s->count++], f);
    return true;
}

bool show_make(struct show *s, const char *input, const struct format_list *formats,
               const struct hu_options *options, char message[HU_MESSAGE])
{
    *s = (struct show){.input = input, .options = *options};
    hu_value_init(&s->value);
    if (!read_input(s, message))
        return false;
    const struct hu_format *own = s->count ? s->rows[0].format : NULL;
    for (size_t i = 0; i < formats->count && s->count < FORMATS_MAX; i++)
        if (formats->at[i] != own)
            make_row(s, &s->rows[s->count++], formats->at[i]);
    return true;
}

void show_clear(struct show *s)
{
    for (size_t i = 0; i < s->count; i++)
        mpq_clears(s->rows[i].error, s->rows[i].error_ulp, NULL);
    hu_value_clear(&s->value);
}

bool show_double_rounding(const struct show *s, const struct show_row *row,
                          const struct hu_format **via, uint64_t *bits)
{
    static const char *const between[] = {"fp32", "fp64"};
    if (!hu_is_finite(row->datum) || s->value.format == row->format)
        return false;
    for (int i = 0; i < 2; i++) {
        const struct hu_format *f = hu_format_find(between[i]);
        if (f->width <= row->format->width)
            continue;
        uint64_t first = hu_value_bits_in(&s->value, f, &s->options, NULL);
        *bits = hu_convert(row->format, f, first, &s->options, NULL);
        *via = f;
        if (*bits != row->bits)
            return true;
    }
    return false;
}

char *show_significand(const struct show_row *row)
{
    RATIO(ratio);
    hu_mpq_set_u64(ratio, row->datum.significand);
    if (!hu_is_integer(row->format))
        mpq_div_2exp(ratio, ratio, row->format->trailing_bits);
    return hu_ratio_exact(ratio);
}
