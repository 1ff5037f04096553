#include "block.h"
#include "json.h"
#include "report.h"
#include "text.h"

#include <math.h>

/* Exactly, as a string; null where it is NaN. */
static json_t *exact_or_null(double x)
{
    return isnan(x) ? json_null() : json_take(block_exact(x));
}

static json_t *element_json(const struct block_report *r, size_t i)
{
    const struct hu_block_datum *d = &r->data[i];
    char code[BLOCK_CODE_TEXT];
    bool exact;
    json_t *o = JSON(
        {"input", JSON_IF(r->values, json_take(block_exact((double)r->values[i])))},
        {"code", json_string(block_code(r, i, code))}, {"value", json_take(block_exact(d->value))},
        {"error", JSON_IF(r->values, json_take(hu_block_error(r->values[i], d, false, &exact)))});
    if (r->block->codes == HU_CODES_UNPACKED) {
        JSON_PUT(o, {"scale", json_take(block_exact(d->scale))},
                 {"minimum", json_take(block_exact(d->offset ? -d->offset : 0))});
    }
    return o;
}

static json_t *block_json(const struct block_report *r, size_t index)
{
    struct block_span s = block_span(r, index);
    const struct hu_block_datum *d = &r->data[s.first];
    char bits[HU_BITS_TEXT];
    json_t *scale = check_memory(json_object()), *o = check_memory(json_object());
    json_t *elements = json_list();
    if (r->block->scale)
        hu_bits_print(bits, hu_format_find(r->block->scale), d->scale_bits);
    JSON_PUT(scale, {"bits", JSON_IF(r->block->scale, json_string(bits))},
             {"value", json_take(block_exact(d->scale))});
    for (size_t i = s.first; i < s.end; i++)
        json_array_append_new(elements, element_json(r, i));
    JSON_PUT(o, {"scale", scale},
             {"made_by", JSON_IF(s.greatest < s.end, json_integer((json_int_t)s.greatest))},
             {"elements", elements}, {"bytes", json_take(block_hex(r, index))});
    return o;
}

static json_t *rules_json(const struct block_report *r)
{
    json_t *list = json_list();
    for (int rule = HU_SCALE_FLOOR; rule <= HU_SCALE_EVEN; rule++) {
        double scale;
        struct hu_block_errors e = block_errors_by(r, (enum hu_scale_rule)rule, &scale);
        json_t *o =
            JSON({"rule", json_string(hu_scale_rule_name((enum hu_scale_rule)rule))},
                 {"max_abs_error", exact_or_null(e.greatest)}, {"sqnr_db", json_finite(e.sqnr)});
        json_array_append_new(list, o);
    }
    return list;
}

int block_print_json(const struct block_report *r)
{
    const struct hu_block *b = r->block;
    struct hu_block_errors e = r->values ? hu_block_errors(r->values, r->data, r->count)
                                         : (struct hu_block_errors){NAN, NAN};
    json_t *o = check_memory(json_object()), *blocks = json_list();
    for (size_t k = 0; k < block_count(r); k++)
        json_array_append_new(blocks, block_json(r, k));
    JSON_PUT(o, {"block", json_string(b->name)},
             {"rule", json_word(r->values ? hu_scale_rule_name(block_rule(r)) : NULL)},
             {"round", json_string(hu_direction_name(r->options.elements.direction))},
             {"amax", JSON_IF(r->values, exact_or_null(block_amax(r)))},
             {"tensor_scale",
              JSON_IF(b->over == HU_OVER_TENSOR, json_take(block_exact((double)r->tensor_scale)))},
             {"blocks", blocks}, {"max_abs_error", exact_or_null(e.greatest)},
             {"sqnr_db", json_finite(e.sqnr)},
             {"rules", r->values && hu_block_has_rules(b) ? rules_json(r) : json_array()});
    return json_print(o);
}
