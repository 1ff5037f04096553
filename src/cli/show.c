#include "room.h"
#include "show.h"
#include "mpz64.h"
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

static json_t *storage_text(const struct hu_format *f, uint64_t bits)
{
    return json_sprintf("0x%0*llx", (f->storage_bits + 3) / 4,
                        (unsigned long long)(bits << f->storage_shift));
}

static json_t *power_of_two(int exponent)
{
    RATIO(ratio);
    mpq_set_ui(ratio, 1, 1);
    hu_mpq_scale(ratio, ratio, exponent);
    return json_ratio(ratio);
}

/* An error is as exact as its value: one too far out to subtract from is only known against 0. */
static json_t *error_text(const struct show *s, const struct show_row *row)
{
    if (row->has_error)
        return json_ratio(row->error);
    if (!hu_value_is_remote(&s->value) || row->datum.class != HU_ZERO)
        return json_null();
    OWNED char *exact = hu_value_exact(&s->value);
    json_t *text = *exact == '-' ? json_string(exact + 1) : json_sprintf("-%s", exact);
    return check_memory(text);
}

static json_t *row_json(const struct show *s, const struct show_row *row)
{
    const struct hu_format *f = row->format;
    struct hu_datum d = row->datum;
    bool finite = hu_is_finite(d);
    char shortest[HU_SHORTEST_TEXT];
    hu_shortest_print(shortest, f, row->bits);
    uint64_t up = 0, down = 0;
    bool has_up = hu_next_up(f, row->bits, &up), has_down = hu_next_down(f, row->bits, &down);

    json_t *o = JSON({"format", json_string(f->name)}, {"bits", json_code(f, row->bits)},
                     {"storage", storage_text(f, row->bits)},
                     {"class", json_string(hu_class_name(d.class))},
                     {"sign", json_integer(hu_sign_of(f, row->bits))});
    bool scaled = !hu_is_integer(f);
    JSON_PUT(o, {"biased_exponent", JSON_IF(scaled, json_count(hu_biased_exponent(f, row->bits)))},
             {"exponent", JSON_IF(finite && scaled, json_integer(d.quantum + f->trailing_bits))},
             {"trailing_significand", json_count(hu_trailing_significand(f, row->bits))},
             {"significand", json_take(finite ? show_significand(row) : NULL)},
             {"decimal", json_datum(f, row->bits)}, {"shortest", json_string(shortest)},
             {"hex", json_word(finite ? HEX_OF(f, row->bits) : NULL)},
             {"ulp", JSON_IF(finite, power_of_two(d.quantum))},
             {"next_up", JSON_IF(has_up, json_code(f, up))},
             {"next_down", JSON_IF(has_down, json_code(f, down))}, {"error", error_text(s, row)},
             {"error_ulp", JSON_IF(row->has_error, json_ratio(row->error_ulp))},
             {"flags", json_flags(row->flags)});
    const struct hu_format *via;
    uint64_t twice;
    if (show_double_rounding(s, row, &via, &twice))
        json_put(o, "double_rounding",
                 json_pack("{s:s, s:o}", "via", via->name, "bits", json_code(f, twice)));
    return o;
}

json_t *show_json(const struct show *s)
{
    json_t *rows = JSON_LIST(i, i < s->count, row_json(s, &s->rows[i]));
    return JSON({"input", json_text(s->input)}, {"exact", json_take(hu_value_exact(&s->value))},
                {"round", json_string(hu_direction_name(s->options.direction))}, {"rows", rows});
}
