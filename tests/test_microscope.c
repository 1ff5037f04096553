/* What the viewer knows of the selected row: in words, between its neighbours, on the number line.
 */
#include "../visual/core/microscope.h"
#include "../visual/core/words.h"
#include "operation.h"
#include "played_session.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* --- The inspector --- */

/* Whether all that is known by NAME is TEXT. */
static void check_fact(struct session *c, const char *name, const char *text)
{
    char item[MODEL_NAME];
    snprintf(item, sizeof item, "inspector.%s", name);
    const struct item *i = layout_find(&c->layout, item);
    cr_assert(i, "no item %s", item);
    cr_expect_str_eq(i->full, text);
}

Test(microscope, the_inspector_knows_the_format_in_words)
{
    struct session *c = open_session();
    model_set_rows(&c->model, "fp8_e4m3,bf16");
    model_select(&c->model, 0);
    session_update(c);
    check_fact(c, "specials", "no infinity; NaN is S.1111.111; max 448");
    model_select(&c->model, 1);
    session_update(c);
    check_fact(c, "exponent", "01111011 = 123\n123 − 127 = −4");
    check_fact(c, "exact", "0.10009765625");
    check_fact(c, "hexadecimal", "0x1.9ap−4");
    check_fact(c, "above", "0x3dce 0.1005859375");
    check_fact(c, "error", "9.765625e−05");
    close_page(c);
}

/* --- The microscope --- */

/* Every midpoint of a small format, and a little to either side of it. */
static void check_between(struct model *m, const struct hu_format *f, uint64_t code, int side)
{
    struct microscope s;
    uint64_t next;
    mpq_t low, high, middle;
    if (!hu_next_up(f, code, &next) || !hu_is_finite(hu_decode(f, next)) ||
        !hu_is_finite(hu_decode(f, code)))
        return;
    mpq_inits(low, high, middle, NULL);
    hu_datum_ratio(low, f, code);
    hu_datum_ratio(high, f, next);
    mpq_add(middle, low, high);
    mpq_div_2exp(middle, middle, 1);
    mpq_sub(high, high, low);
    mpq_div_2exp(high, high, 3);
    if (side)
        side > 0 ? mpq_add(middle, middle, high) : mpq_sub(middle, middle, high);
    char *text = mpq_get_str(NULL, 10, middle);
    cr_assert(model_set_text(m, text, 1), "%s", text);
    microscope_look(&s, model_now(m), f);
    bool negative = mpq_sgn(middle) < 0;
    cr_assert_eq(s.kind, SCOPE_BETWEEN, "%s %s", f->name, text);
    cr_assert_eq(s.side, side, "%s %s", f->name, text);
    double expected = 0.5 + 0.125 * side;
    cr_assert_float_eq(s.position, expected, 1e-12);
    double beyond = negative ? 1 - expected : expected;
    cr_assert_eq(s.guard, beyond >= 0.5 ? '1' : '0', "%s %s", f->name, text);
    cr_assert_eq(s.round, beyond == 0.375 ? '1' : '0', "%s %s", f->name, text);
    cr_assert_eq(s.sticky, side ? '1' : '0', "%s %s", f->name, text);
    for (int d = 0; d < DIRECTIONS; d++) {
        uint64_t zero = hu_sign_mask(f);
        uint64_t to = s.ways[d].step > 0 ? next : code, bits = s.ways[d].bits;
        cr_assert(bits == to || ((bits | to) & ~zero) == 0, "%s %s: way %d", f->name, text, d);
        cr_assert(*s.ways[d].reason);
    }
    free(text);
    mpq_clears(low, high, middle, NULL);
}

Test(microscope, the_microscope_sees_every_midpoint_of_small_formats)
{
    static const char *const formats[] = {"fp8_e4m3", "fp8_e5m2",     "fp6_e2m3",
                                          "fp4_e2m1", "fp8_e4m3fnuz", "e3m2"};
    struct model m;
    model_init(&m);
    for (size_t i = 0; i < COUNT(formats); i++) {
        const struct hu_format *f = hu_format_find(formats[i]);
        for (uint64_t code = 0; code <= hu_width_mask(f); code++)
            for (int side = -1; side <= 1; side++)
                check_between(&m, f, code, side);
    }
    model_clear(&m);
}

Test(microscope, the_microscope_tells_overflow_exact_and_special_apart)
{
    static const struct {
        const char *text, *format;
        enum scope_kind kind;
    } rows[] = {
        {"65519", "fp16", SCOPE_BEYOND},         {"-65520", "fp16", SCOPE_BEYOND},
        {"65504", "fp16", SCOPE_EXACT},          {"0", "fp16", SCOPE_SPECIAL},
        {"inf", "fp16", SCOPE_SPECIAL},          {"nan", "fp16", SCOPE_SPECIAL},
        {"-1", "e8m0", SCOPE_SPECIAL},           {"1e-300", "e8m0", SCOPE_SPECIAL},
        {"1e9999999999", "fp16", SCOPE_SPECIAL}, {"3", "e8m0", SCOPE_BETWEEN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct model m;
        struct microscope s;
        model_init(&m);
        model_set_text(&m, rows[i].text, 0);
        microscope_look(&s, model_now(&m), hu_format_find(rows[i].format));
        cr_assert_eq(s.kind, rows[i].kind, "%s in %s", rows[i].text, rows[i].format);
        model_clear(&m);
    }
}

/* --- The number line --- */

static int count_by_hand(const struct numberline *n, const struct hu_format *f, double from,
                         double to)
{
    int count = 0;
    for (uint64_t code = 0; code <= hu_width_mask(f); code++) {
        bool second_zero = code && hu_decode(f, code).class == HU_ZERO;
        if (!hu_is_finite(hu_decode(f, code)) || second_zero)
            continue;
        double share = numberline_share_of(n, f, code);
        count += share >= from && share <= to;
    }
    return count;
}

Test(microscope, the_number_line_counts_what_lies_in_view)
{
    static const char *const formats[] = {"fp8_e4m3", "fp4_e2m1", "e8m0", "fp8_e5m2fnuz", "fp16"};
    for (size_t i = 0; i < COUNT(formats); i++)
        for (int log = 0; log < 2; log++) {
            const struct hu_format *f = hu_format_find(formats[i]);
            struct model m;
            uint64_t first, last;
            model_init(&m);
            model_set_text(&m, "1.3", 0);
            numberline_set_logarithmic(&m.line, log, &model_now(&m)->value);
            numberline_show_all(&m.line, f);
            for (int zoom = 0; zoom < 8; zoom++) {
                uint64_t count = numberline_values(&m.line, f, 0, 1, &first, &last);
                cr_assert_eq(count, (uint64_t)count_by_hand(&m.line, f, 0, 1), "%s %d zoom %d: %d",
                             formats[i], log, zoom, (int)count);
                numberline_zoom(&m.line, 1.7, 0.613);
            }
            model_clear(&m);
        }
}

Test(microscope, zooming_keeps_the_point_under_the_pointer)
{
    struct model m;
    model_init(&m);
    model_set_text(&m, "0.1", 0);
    for (int log = 0; log < 2; log++) {
        numberline_set_logarithmic(&m.line, log, &model_now(&m)->value);
        numberline_center(&m.line, &model_now(&m)->value);
        numberline_pan(&m.line, 0.25);
        double before = numberline_share(&m.line, &model_now(&m)->value);
        cr_assert_float_eq(before, 0.25, 1e-9);
        numberline_zoom(&m.line, 3, before);
        cr_assert_float_eq(numberline_share(&m.line, &model_now(&m)->value), before, 1e-9);
        numberline_zoom(&m.line, 1 / 3.0, before);
        cr_assert_float_eq(numberline_share(&m.line, &model_now(&m)->value), before, 1e-9);
    }
    model_clear(&m);
}

Test(microscope, the_number_line_ends_somewhere_however_far_one_goes)
{
    struct model m;
    struct tick ticks[TICKS_MAX];
    bool offset;
    model_init(&m);
    for (int log = 0; log < 2; log++) {
        numberline_set_logarithmic(&m.line, log, &model_now(&m)->value);
        for (int i = 0; i < 400; i++)
            numberline_zoom(&m.line, i < 200 ? 1e30 : 1e-30, 0.9);
        for (int i = 0; i < 200; i++)
            numberline_pan(&m.line, 1e6);
        int n = numberline_ticks(&m.line, &model_now(&m)->value, 10, ticks, &offset);
        cr_assert(n >= 0 && n <= TICKS_MAX);
    }
    model_clear(&m);
}
