/* The arithmetic page: two operands and a result, every bit live. */
#include "played_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct session *open_page(const char *value, const char *format)
{
    struct session *c = open_session();
    cr_assert(model_set_rows(&c->model, format));
    cr_assert(model_set_text(&c->model, value, 0));
    model_select(&c->model, 0);
    c->model.page = PAGE_ARITHMETIC;
    session_update(c);
    return c;
}

static void second(struct session *c, const char *decimal)
{
    type_in(c, "b.decimal", decimal);
}

Test(operands, the_result_is_the_operation_rounded_once)
{
    static const struct {
        const char *format, *a, *b, *button, *result, *error;
    } rows[] = {
        {"bf16", "256", "1", "operator.add", "256", "−1"},
        {"bf16", "256", "3", "operator.add", "260", "+1"},
        {"fp16", "2048", "1", "operator.sub", "2047", "exact"},
        {"fp16", "1", "3", "operator.div", "0.333251953125", "−1/12288"},
        {"fp16", "3", "5", "operator.mul", "15", "exact"},
        {"fp16", "65504", "16", "operator.add", "inf", "not finite"},
        {"fp8_e4m3", "448", "448", "operator.add", "nan", "not finite"},
        {"fp16", "1", "0", "operator.div", "inf", "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct session *c = open_page(rows[i].a, rows[i].format);
        second(c, rows[i].b);
        char press[64];
        snprintf(press, sizeof press, "click %s", rows[i].button);
        play(c, press);
        cr_expect_str_eq(text_of_item(c, "result.decimal"), rows[i].result, "%s %s %s %s: %s",
                         rows[i].format, rows[i].a, rows[i].button, rows[i].b,
                         text_of_item(c, "result.decimal"));
        cr_expect_str_eq(text_of_item(c, "result.error"), rows[i].error, "%s %s %s", rows[i].a,
                         rows[i].button, rows[i].b);
        close_page(c);
    }
}

Test(operands, a_bit_of_either_operand_moves_the_result_and_undo_brings_it_back)
{
    struct session *c = open_page("1", "fp16");
    second(c, "2");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "3");
    play(c, "click a.bit9");
    cr_expect_str_eq(text_of_item(c, "a.decimal"), "1.5");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "3.5");
    play(c, "click b.bit15");
    cr_expect_str_eq(text_of_item(c, "b.decimal"), "-2");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "-0.5");
    play(c, "click operator.mul");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "-3");
    play(c, "key Ctrl+Z");
    play(c, "key Ctrl+Z");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "3.5");
    play(c, "key Ctrl+Z");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "3");
    play(c, "key Ctrl+Shift+Z");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "3.5");
    close_page(c);
}

Test(operands, the_keyboard_walks_along_and_between_the_operands)
{
    struct session *c = open_page("1", "fp16");
    second(c, "2");
    play(c, "click a.bit15");
    play(c, "key Right");
    cr_expect_str_eq(c->model.focus, "a.bit14");
    play(c, "key Down");
    cr_expect_str_eq(c->model.focus, "b.bit14");
    play(c, "key Down");
    cr_expect_str_eq(c->model.focus, "b.bit14", "below b is the result, which takes no keys");
    play(c, "key End");
    play(c, "key Space");
    cr_expect_str_eq(text_of_item(c, "b.hex"), "4001");
    play(c, "key PageUp");
    cr_expect_str_eq(text_of_item(c, "b.hex"), "4002");
    play(c, "type n");
    cr_expect_str_eq(text_of_item(c, "b.hex"), "c002");
    play(c, "key Up");
    cr_expect_str_eq(c->model.focus, "a.bit0");
    play(c, "key PageDown");
    cr_expect_str_eq(text_of_item(c, "a.hex"), "bc01");
    play(c, "key Ctrl+1");
    play(c, "key Ctrl+5");
    cr_expect_eq(c->model.page, PAGE_ARITHMETIC);
    close_page(c);
}

Test(operands, a_drag_paints_one_operand_alone)
{
    struct session *c = open_page("0", "fp16");
    second(c, "0");
    play(c, "drag b.bit9 b.bit6");
    cr_expect_str_eq(text_of_item(c, "b.hex"), "03c0");
    cr_expect_str_eq(text_of_item(c, "a.hex"), "0000");
    play(c, "drag a.bit5 b.bit2");
    cr_expect_str_eq(text_of_item(c, "b.hex"), "03c0");
    close_page(c);
}

Test(operands, the_alignment_stands_in_columns)
{
    struct session *c = open_page("256", "bf16");
    second(c, "1");
    cr_expect_str_eq(text_of_item(c, "align.a"), "10000000");
    cr_expect_str_eq(text_of_item(c, "align.b"), "10000000");
    cr_expect_str_eq(text_of_item(c, "align.exact"), "1000000010");
    cr_expect_str_eq(text_of_item(c, "align.kept"), "10000000");
    cr_expect_str_eq(text_of_item(c, "align.guard"), "1");
    cr_expect_str_eq(text_of_item(c, "align.round"), "0");
    cr_expect_str_eq(text_of_item(c, "align.sticky"), "0");
    cr_expect(strstr(text_of_item(c, "align.reason"), "exactly half is cut, a tie"));
    const struct item *a = layout_find(&c->layout, "align.a"),
                      *b = layout_find(&c->layout, "align.b");
    const struct item *exact = layout_find(&c->layout, "align.exact");
    int digit = c->metrics.width(c->metrics.context, FACE_MONO, "0", 1);
    cr_expect_eq(b->rect.x - a->rect.x, 8 * digit, "b is shifted right by 8");
    cr_expect_eq(exact->rect.x, a->rect.x);
    close_page(c);
}

Test(operands, directions_are_buttons_with_what_they_give)
{
    struct session *c = open_page("256", "bf16");
    second(c, "1");
    cr_expect_str_eq(text_of_item(c, "direction.rne"), "rne  256");
    cr_expect_str_eq(text_of_item(c, "direction.rup"), "rup  258");
    play(c, "click direction.rup");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "258");
    close_page(c);
}

Test(operands, another_format_takes_both_operands_along)
{
    struct session *c = open_page("1.5", "fp16,fp8_e4m3");
    second(c, "2.125");
    play(c, "click fp8_e4m3.name");
    cr_expect_str_eq(text_of_item(c, "b.decimal"), "2");
    cr_expect_str_eq(text_of_item(c, "result.decimal"), "3.5");
    play(c, "click fp16.name");
    cr_expect_str_eq(text_of_item(c, "b.decimal"), "2.125", "the operand itself is kept");
    close_page(c);
}

Test(operands, every_pair_of_special_operands_is_laid_out)
{
    static const char *const values[] = {"0", "-0", "inf", "-inf", "nan", "1e-8", "65504", "-1"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            struct session *c = open_page(values[i], "fp16,fp64,e8m0,int8,fp4_e2m1");
            for (int row = 0; row < c->model.count; row++)
                for (int op = 0; op < ARITHMETICS; op++) {
                    model_select(&c->model, row);
                    model_set_arithmetic(&c->model, (enum arithmetic)op);
                    model_set_bits(&c->model, ROW_B,
                                   hu_convert(c->model.selected, hu_format_find("fp16"),
                                              k * UINT64_C(0x1357), NULL, NULL),
                                   0);
                    session_resize(c, 360 + (int)k * 100, 300);
                    session_update(c);
                    cr_assert(layout_find(&c->layout, "result.decimal"));
                    cr_assert(layout_find(&c->layout, "align.reason"));
                }
            close_page(c);
        }
}
