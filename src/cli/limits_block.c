#include "room.h"
#include "block.h"

/* What elements are without their scale, and what scales are; a second scale counts as 1. */
struct range {
    double largest, least, widest, narrowest; /* of an element: values above 0, and steps */
    double scale_largest, scale_least;
};

/* All values of the elements' codes, ascending. The number of them; 0: they have no list. */
static size_t list_values(const struct hu_block *b, double values[256])
{
    size_t n = 0;
    if (b->codes != HU_CODES_FORMAT && b->codes != HU_CODES_TABLE)
        return 0;
    for (unsigned code = 0; code < 1u << b->code_bits; code++) {
        double v = b->table
                       ? (double)b->table[code]
                       : ldexp(hu_to_double(hu_format_find(b->element), code), b->element_power);
        size_t at = n;
        if (!isfinite(v))
            continue;
        for (; at && values[at - 1] > v; at--)
            values[at] = values[at - 1];
        values[at] = v;
        n++;
    }
    return n;
}

static bool range_of(const struct hu_block *b, struct range *r)
{
    double values[256];
    size_t n = list_values(b, values);
    if (!n)
        return false;
    *r = (struct range){.largest = values[n - 1], .narrowest = INFINITY, .least = INFINITY};
    for (size_t i = 1; i < n; i++) {
        double step = values[i] - values[i - 1];
        r->widest = fmax(r->widest, step);
        if (step > 0)
            r->narrowest = fmin(r->narrowest, step);
        if (values[i] > 0)
            r->least = fmin(r->least, values[i]);
    }
    const struct hu_format *scale = hu_format_find(b->over == HU_OVER_NESTED ? "fp32" : b->scale);
    bool power = scale->specials == HU_SPECIALS_SCALE;
    r->scale_largest = hu_to_double(scale, hu_max_finite_code(scale));
    r->scale_least = hu_to_double(scale, power ? 0 : 1);
    return true;
}

static void put(json_t *o, const char *key, double x)
{
    json_put(o, key, json_pack("{s:o}", "decimal", json_take(block_exact(x))));
}

json_t *limits_block_json(const struct hu_block *b)
{
    struct range r;
    json_t *o = JSON({"format", json_string(b->name)}, {"kind", json_string("block")},
                     {"elements", json_integer(b->elements)}, {"bytes", json_integer(b->bytes)},
                     {"structure", json_string(b->structure)});
    if (!range_of(b, &r))
        return o;
    put(o, "element_max", r.largest);
    put(o, "element_min", r.least);
    put(o, "widest_step", r.widest);
    put(o, "narrowest_step", r.narrowest);
    put(o, "scale_max", r.scale_largest);
    put(o, "scale_min", r.scale_least);
    put(o, "max", r.largest * r.scale_largest);
    put(o, "min", r.least * r.scale_least);
    json_put(o, "range_db", json_real(20 * log10(r.largest / r.least)));
    return o;
}

static void line(const char *label, double x, const char *remark)
{
    OWNED char *text = block_shown(x);
    sheet_line(label, "", text, "", remark);
}

void limits_block_print(const struct hu_block *b)
{
    struct range r;
    char text[64];
    struct fold f = fold_begin(2);
    fold_put(&f, 0, ink->bold, b->name);
    fold_words(&f, 2, "", b->structure);
    fold_end(&f);
    snprintf(text, sizeof text, "%u bytes for %u: %.6g bits each", b->bytes, b->elements,
             8.0 * b->bytes / b->elements);
    sheet_line("size", "", text, "", "");
    if (!range_of(b, &r)) {
        sheet_line("range", "", "the scale's, which lies among the codes", "", "");
        return;
    }
    line("largest", r.largest * r.scale_largest, "under the greatest scale");
    line("least", r.least * r.scale_least, "above 0, under the least scale");
    line("scale", r.scale_largest, "at most");
    line("", r.scale_least, "at least, above 0");
    sheet_line("of one scale", "", "", "", "");
    line("largest", r.largest, "times the scale");
    line("least", r.least, "above 0");
    line("widest step", r.widest, "");
    line("narrowest step", r.narrowest, "");
    snprintf(text, sizeof text, "%.4g dB", 20 * log10(r.largest / r.least));
    sheet_line("range", "", text, "", "");
    if (b->over == HU_OVER_TENSOR)
        sheet_line("", "", "and all of it times an fp32 over the tensor", "", "");
}
