#include "show.h"
#include "operation.h"

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
    if (ulp >= 0)
        mpq_div_2exp(row->error_ulp, row->error, (mp_bitcnt_t)ulp);
    else
        mpq_mul_2exp(row->error_ulp, row->error, (mp_bitcnt_t)-ulp);
}

bool show_make(struct show *s, const char *input, const struct format_list *formats,
               const struct hu_options *options, char message[HU_MESSAGE])
{
    *s = (struct show){.input = input, .options = *options};
    hu_value_init(&s->value);
    if (!hu_value_read(&s->value, input, strlen(input), message))
        return false;
    for (; s->count < formats->count; s->count++)
        make_row(s, &s->rows[s->count], formats->at[s->count]);
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
