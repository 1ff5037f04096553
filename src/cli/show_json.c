#include "shown.h"
#include "json.h"
#include "mpz64.h"
#include "report.h"
#include "show.h"

static json_t *storage_text(const struct hu_format *f, uint64_t bits)
{
    return json_sprintf("0x%0*llx", (f->storage_bits + 3) / 4,
                        (unsigned long long)(bits << f->storage_shift));
}

static json_t *neighbour(bool there, const struct hu_format *f, uint64_t bits)
{
    return there ? json_code(f, bits) : json_null();
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

    json_t *o = check_memory(json_object());
    json_put(o, "format", json_string(f->name));
    json_put(o, "bits", json_code(f, row->bits));
    json_put(o, "storage", storage_text(f, row->bits));
    json_put(o, "class", json_string(hu_class_name(d.class)));
    json_put(o, "sign", json_integer(hu_sign_of(f, row->bits)));
    bool scaled = !hu_is_integer(f);
    json_put(o, "biased_exponent",
             scaled ? json_count(hu_biased_exponent(f, row->bits)) : json_null());
    json_put(o, "exponent",
             finite && scaled ? json_integer(d.quantum + f->trailing_bits) : json_null());
    json_put(o, "trailing_significand", json_count(hu_trailing_significand(f, row->bits)));
    json_put(o, "significand", json_take(finite ? show_significand(row) : NULL));
    json_put(o, "decimal", json_datum(f, row->bits));
    json_put(o, "shortest", json_string(shortest));
    json_put(o, "hex", json_word(finite ? HEX_OF(f, row->bits) : NULL));
    json_put(o, "ulp", finite ? power_of_two(d.quantum) : json_null());
    json_put(o, "next_up", neighbour(has_up, f, up));
    json_put(o, "next_down", neighbour(has_down, f, down));
    json_put(o, "error", error_text(s, row));
    json_put(o, "error_ulp", row->has_error ? json_ratio(row->error_ulp) : json_null());
    json_put(o, "flags", json_flags(row->flags));
    const struct hu_format *via;
    uint64_t twice;
    if (show_double_rounding(s, row, &via, &twice))
        json_put(o, "double_rounding",
                 json_pack("{s:s, s:o}", "via", via->name, "bits", json_code(f, twice)));
    return o;
}

json_t *show_json(const struct show *s)
{
    json_t *rows = check_memory(json_array());
    for (size_t i = 0; i < s->count; i++)
        json_add(rows, row_json(s, &s->rows[i]));
    json_t *o = check_memory(json_object());
    json_put(o, "input", json_text(s->input));
    json_put(o, "exact", json_take(hu_value_exact(&s->value)));
    json_put(o, "round", json_string(hu_direction_name(s->options.direction)));
    json_put(o, "rows", rows);
    return o;
}
