#include "compute.h"
#include "json.h"
#include "report.h"

static json_t *decimal_of(const struct compute_step *s)
{
    return s->format ? json_datum(s->format, s->bits) : json_null();
}

static json_t *bits_of(const struct compute_step *s)
{
    return s->format ? json_code(s->format, s->bits) : json_boolean(s->bits);
}

/* Against AGAINST, where that is known. */
static json_t *error_of(const struct compute_step *s, const mpq_t against, bool known, bool in_ulps)
{
    RATIO(error);
    RATIO(ulps);
    return known && compute_error(error, ulps, s, against) ? json_ratio(in_ulps ? ulps : error)
                                                           : json_null();
}

static json_t *text_of(const struct compute *c, const struct compute_step *s)
{
    OWNED char *text = compute_source(c, s);
    return json_text(text);
}

static json_t *result_keys(json_t *o, const struct compute_step *s)
{
    JSON_PUT(o, {"exact", JSON_IF(s->has_value, json_ratio(s->value))},
             {"format", json_word(s->format ? s->format->name : NULL)}, {"bits", bits_of(s)},
             {"decimal", decimal_of(s)}, {"error", error_of(s, s->value, s->has_value, false)},
             {"error_ulp", error_of(s, s->value, s->has_value, true)},
             {"flags", json_flags(s->flags)});
    return o;
}

static json_t *step_json(const struct compute *c, const struct compute_step *s)
{
    json_t *o = JSON({"text", text_of(c, s)});
    if (compute_is_literal(c, s))
        return result_keys(o, s);
    const struct hu_operation_row *row = hu_operation_row(compute_operation_of(c, s));
    json_t *operands = json_list(), *formats = json_list();
    for (size_t i = 0; i < row->operands; i++) {
        json_add(operands, json_code(s->from[i], s->x[i]));
        json_add(formats, json_string(s->from[i]->name));
    }
    JSON_PUT(o, {"operation", json_string(row->name)}, {"operands", operands},
             {"operand_formats", formats});
    result_keys(o, s);
    if (compute_is_cut(s)) {
        struct compute_reason r = compute_reason_of(c, s);
        JSON_PUT(o, {"cut", json_string(r.rest)}, {"rounded", json_string(r.way)});
    }
    return o;
}

static json_t *remarks_json(const struct compute *c)
{
    char *remarks[COMPUTE_REMARKS + 1];
    json_t *list = json_list();
    compute_remarks(c, remarks);
    for (char **r = remarks; *r; r++)
        json_add(list, json_take(*r));
    return list;
}

json_t *compute_json(const struct compute *c)
{
    const struct compute_step *last = compute_last(c);
    json_t *literals = json_list(), *steps = json_list();
    for (size_t i = 0; i < c->count; i++)
        json_add(compute_is_literal(c, &c->steps[i]) ? literals : steps,
                 step_json(c, &c->steps[i]));
    bool ideal = last->has_ideal && !last->about;
    return JSON({"expression", json_text(c->expression->text)},
                {"format", json_string(c->formats.result->name)},
                {"round", json_string(hu_direction_name(c->options.rounding.direction))},
                {"literals", literals}, {"steps", steps}, {"bits", bits_of(last)},
                {"decimal", decimal_of(last)}, {"exact", JSON_IF(ideal, json_ratio(last->ideal))},
                {"error", error_of(last, last->ideal, ideal, false)},
                {"error_ulp", error_of(last, last->ideal, ideal, true)},
                {"flags", json_flags(c->flags)}, {"remarks", remarks_json(c)});
}
