/* The block page: values under the scale that they share, every bit live. */
#include "played_session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct session *open_page(const char *block)
{
    struct session *c = open_session();
    c->model.page = PAGE_BLOCK;
    cr_assert(hu_block_find(block));
    model_set_block(&c->model, hu_block_find(block));
    session_update(c);
    return c;
}

static const struct block_state *state_of(struct session *c)
{
    return &model_now(&c->model)->block;
}

/* Of OCP's example for floor: 6 makes the scale 2^0, and 5, 2.5 and -0.75 are ties to even codes.
 */
Test(block_page, the_first_block_is_as_the_command_explains_it)
{
    struct session *c = open_page("mxfp4");
    cr_expect_str_eq(text_of_item(c, "scale.hex"), "7f");
    cr_expect_str_eq(text_of_item(c, "scale.value"), "= 2⁰");
    cr_expect_str_eq(text_of_item(c, "scale.words"), "amax 6, element 0: 2^(floor(log2 6) − 2)");
    static const struct {
        const char *value, *error, *remark;
    } rows[] = {{"6", "exact", ""},       {"4", "−1", "a tie"},  {"2", "−0.5", "a tie"},
                {"−1", "−0.25", "a tie"}, {"0", "−0.2", "lost"}, {"0", "−0.02", "lost"}};
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "e%d.value", i);
        cr_expect_str_eq(text_of_item(c, name), rows[i].value, "%s", name);
        snprintf(name, sizeof name, "e%d.error", i);
        cr_expect_str_eq(text_of_item(c, name), rows[i].error, "%s", name);
        snprintf(name, sizeof name, "e%d.remark", i);
        cr_expect_str_eq(text_of_item(c, name), rows[i].remark, "%s", name);
    }
    cr_expect(!strncmp(text_of_item(c, "block.sum"), "17 bytes; greatest error 1, SQNR ", 33));
    cr_expect(layout_find(&c->layout, "rule.floor")->state & STATE_SELECTED);
    close_page(c);
}

Test(block_page, a_bit_of_the_scale_moves_all_values_and_undo_brings_them_back)
{
    struct session *c = open_page("mxfp4");
    struct hu_block_datum before[BLOCK_ELEMENTS], after[BLOCK_ELEMENTS];
    block_look(state_of(c), before);
    play(c, "click scale.bit7");
    cr_expect_str_eq(text_of_item(c, "scale.hex"), "ff");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "nan");
    play(c, "key Ctrl+Z");
    play(c, "click scale.bit1");
    cr_expect_str_eq(text_of_item(c, "scale.value"), "= 2⁻²");
    block_look(state_of(c), after);
    for (int i = 0; i < BLOCK_ELEMENTS; i++) {
        cr_expect_eq(after[i].value, before[i].value / 4, "element %d", i);
        cr_expect_eq(after[i].code, before[i].code);
    }
    cr_expect(strstr(text_of_item(c, "scale.words"), "by hand"));
    cr_expect_str_eq(text_of_item(c, "e0.decimal"), "6", "what was asked for stays");
    play(c, "key Ctrl+Z");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "6");
    play(c, "key Ctrl+Shift+Z");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "1.5");
    play(c, "click rule.floor");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "6", "a rule encodes anew");
    close_page(c);
}

/* Every bit of every part of every format: it toggles, it is in the bytes once, and an element's
 * moves that element alone. */
Test(block_page, every_bit_of_every_format_is_live)
{
    const struct hu_block *b;
    size_t formats = 0;
    for (; (b = block_shown_at(formats)); formats++) {
        struct session *c = open_page(b->name);
        struct hu_block_datum before[BLOCK_ELEMENTS], after[BLOCK_ELEMENTS];
        block_look(state_of(c), before);
        int bits = 0;
        for (int part = 0; part < BLOCK_PARTS; part++) {
            const struct hu_format *f = block_part_format(state_of(c), part);
            cr_assert_eq(!f, !c->model.rows[ROW_BLOCK + part].name);
            for (int bit = 0; f && bit < f->width; bit++, bits++) {
                struct block_state s = *state_of(c);
                block_set_bits(&s, part, block_bits(&s, part) ^ UINT64_C(1) << bit);
                cr_expect_eq(block_bits(&s, part), block_bits(state_of(c), part) ^ 1u << bit);
                block_look(&s, after);
                for (int i = 0; i < block_elements(&s) && part >= BLOCK_FIRST; i++)
                    if (i != part - BLOCK_FIRST)
                        cr_expect(!memcmp(&after[i], &before[i], sizeof after[i]),
                                  "%s: element %d by %s.bit%d", b->name, i, block_part_name(part),
                                  bit);
                if (part >= BLOCK_FIRST && b->codes == HU_CODES_FORMAT)
                    cr_expect_eq((uint64_t)after[part - BLOCK_FIRST].code, block_bits(&s, part));
                block_set_bits(&s, part, block_bits(&s, part) ^ UINT64_C(1) << bit);
                s.by_hand = state_of(c)->by_hand;
                cr_expect(!memcmp(&s, state_of(c), sizeof s), "%s.bit%d comes back",
                          block_part_name(part), bit);
            }
        }
        cr_expect_eq(bits, (int)b->bytes * 8 + (b->over == HU_OVER_TENSOR ? 32 : 0), "%s", b->name);
        close_page(c);
    }
    cr_expect_eq(formats, 13);
    for (const char *name = "mxfp4 mxfp8 mxfp6 mxint8 nvfp4 q8_0 q4_0 q4_1 q5_0 q5_1 iq4_nl"; name;
         name = strchr(name, ' ') ? strchr(name, ' ') + 1 : NULL) {
        char one[16];
        bool found = false;
        sscanf(name, "%15s", one);
        for (size_t i = 0; (b = block_shown_at(i)); i++)
            found |= b == hu_block_find(one);
        cr_expect(found, "%s is shown", one);
    }
}

/* ggml's q4_0: code 8 is 0, and a step of 1 is a step of the scale. q5_0's fifth bit is 16. */
Test(block_page, bits_of_ggml_s_structures_stand_by_their_weight)
{
    static const struct {
        const char *block;
        int bit, moves;
    } rows[] = {{"q4_0", 0, 1}, {"q4_0", 3, 8},  {"q4_1", 2, 4}, {"q5_0", 4, 16},
                {"q5_1", 3, 8}, {"q8_0", 6, 64}, {"q8_0", 0, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct session *c = open_page(rows[i].block);
        for (int n = 0; n < BLOCK_ELEMENTS; n++) {
            struct block_state s = *state_of(c);
            struct hu_block_datum low[BLOCK_ELEMENTS], high[BLOCK_ELEMENTS];
            block_set_bits(&s, BLOCK_FIRST + n, 0);
            block_look(&s, low);
            block_set_bits(&s, BLOCK_FIRST + n, UINT64_C(1) << rows[i].bit);
            block_look(&s, high);
            cr_expect_eq(high[n].code - low[n].code, rows[i].moves, "%s bit %d of %d",
                         rows[i].block, rows[i].bit, n);
        }
        close_page(c);
    }
}

Test(block_page, an_element_s_bit_moves_it_alone)
{
    struct session *c = open_page("mxint8");
    type_in(c, "block.values", "1 0.5");
    cr_expect_str_eq(text_of_item(c, "scale.value"), "= 2⁰");
    cr_expect_str_eq(text_of_item(c, "e1.unscaled"), "0.5");
    play(c, "click e1.bit0");
    cr_expect_str_eq(text_of_item(c, "e1.value"), "0.515625");
    cr_expect_str_eq(text_of_item(c, "e1.error"), "0.015625");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "1");
    close_page(c);
}

Test(block_page, a_typed_value_encodes_the_block_anew)
{
    struct session *c = open_page("mxfp4");
    type_in(c, "e3.decimal", "112");
    cr_expect_str_eq(text_of_item(c, "scale.value"), "= 2⁴");
    cr_expect_str_eq(text_of_item(c, "e3.value"), "96");
    cr_expect_str_eq(text_of_item(c, "e3.remark"), "saturated");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "8", "6 lies nearer to 8 than to 0");
    cr_expect(strstr(text_of_item(c, "scale.words"), "amax 112, element 3"));
    play(c, "click rule.ceil");
    cr_expect_str_eq(text_of_item(c, "scale.value"), "= 2⁵");
    play(c, "click direction.rtz");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "0");
    type_in(c, "e3.decimal", "nan");
    cr_expect_str_eq(text_of_item(c, "scale.hex"), "ff");
    cr_expect_str_eq(text_of_item(c, "block.sum"), "17 bytes; not all are numbers");
    type_in(c, "block.values", "0");
    cr_expect(strstr(text_of_item(c, "scale.words"), "zero"));
    cr_expect_str_eq(text_of_item(c, "scale.hex"), "00");
    close_page(c);
}

Test(block_page, bad_values_are_refused_and_change_nothing)
{
    struct session *c = open_page("nvfp4");
    struct block_state before = *state_of(c);
    play(c, "click block.values");
    play(c, "key Ctrl+A");
    play(c, "type z");
    cr_expect(layout_find(&c->layout, "block.values")->state & STATE_INVALID);
    cr_expect(c->model.message_is_error);
    cr_expect(!memcmp(&before, state_of(c), sizeof before));
    cr_expect_not(model_set_values(&c->model, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 0));
    cr_expect_str_eq(c->model.message, "a block of nvfp4 has 16 values");
    cr_expect(model_set_values(&c->model, "[1, 2;3]\n4", 0));
    cr_expect_eq(state_of(c)->given[3], 4);
    cr_expect_eq(state_of(c)->given[4], 0);
    close_page(c);
}

/* nvfp4 by NVIDIA: the tensor's scale is amax / (448 · 6), and times the block's gives every value.
 */
Test(block_page, the_second_scale_moves_all_values_too)
{
    struct session *c = open_page("nvfp4");
    struct hu_block_datum before[BLOCK_ELEMENTS], after[BLOCK_ELEMENTS];
    type_in(c, "block.values", "2688 1344");
    cr_expect_str_eq(text_of_item(c, "second.decimal"), "1");
    cr_expect_str_eq(text_of_item(c, "scale.decimal"), "448");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "2688");
    block_look(state_of(c), before);
    play(c, "click second.bit23");
    block_look(state_of(c), after);
    for (int i = 0; i < 16; i++)
        cr_expect_eq(after[i].value, before[i].value / 2);
    type_in(c, "scale.decimal", "1");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "3");
    play(c, "click block.q4_1");
    cr_expect_str_eq(text_of_item(c, "second.title"), "least");
    play(c, "click block.q4_0");
    cr_expect_null(layout_find(&c->layout, "second.title"));
    close_page(c);
}

Test(block_page, the_keyboard_walks_from_the_scale_through_the_elements)
{
    struct session *c = open_page("mxfp4");
    play(c, "click scale.bit0");
    play(c, "key Ctrl+Z");
    play(c, "key Up");
    cr_expect_str_eq(c->model.focus, "scale.bit0", "above the scale is nothing here");
    play(c, "key Down");
    cr_expect_str_eq(c->model.focus, "e0.bit1", "an exponent's bit faces an exponent's");
    play(c, "key End");
    cr_expect_str_eq(c->model.focus, "e0.bit0");
    play(c, "key Space");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "4");
    play(c, "key PageUp");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "6");
    play(c, "type n");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "−6");
    play(c, "key Home");
    play(c, "type 0000");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "0");
    for (int i = 0; i < 40; i++)
        play(c, "key Down");
    cr_expect_str_eq(c->model.focus, "e31.bit0");
    play(c, "drag e5.bit3 e5.bit0");
    cr_expect_str_eq(text_of_item(c, "e5.value"), "−6");
    play(c, "key Ctrl+1");
    play(c, "key Ctrl+6");
    cr_expect_eq(c->model.page, PAGE_BLOCK);
    cr_expect_str_eq(c->model.selected->name, "fp32", "the rows' selected format stays");
    close_page(c);
}

Test(block_page, a_direction_elsewhere_keeps_bits_that_were_set_by_hand)
{
    struct session *c = open_page("mxfp4");
    play(c, "click e0.bit0");
    play(c, "key Ctrl+1");
    model_set_direction(&c->model, HU_TOWARD_ZERO);
    play(c, "key Ctrl+6");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "4");
    play(c, "click direction.rup");
    cr_expect_str_eq(text_of_item(c, "e0.value"), "6");
    close_page(c);
}

Test(block_page, what_is_copied_and_pasted_is_a_block)
{
    struct session *c = open_page("nvfp4");
    struct script_clipboard board = {0};
    c->clipboard = script_clipboard(&board);
    play(c, "clipboard 1 -2 3");
    play(c, "click direction.rna");
    play(c, "key Ctrl+V");
    cr_expect_eq(state_of(c)->given[1], -2);
    play(c, "key Ctrl+C");
    cr_expect_str_eq(board.text, "1 -2 3 0 0 0 0 0 0 0 0 0 0 0 0 0");
    play(c, "key Ctrl+Alt+C");
    cr_expect_str_eq(board.text,
                     "halfulp block -t nvfp4 -r rna -- 1 -2 3 0 0 0 0 0 0 0 0 0 0 0 0 0");
    type_in(c, "second.decimal", "1");
    type_in(c, "scale.hex", "38");
    play(c, "click block.panel");
    play(c, "key Ctrl+Shift+C");
    cr_expect_eq(strlen(board.text), 18);
    cr_expect(!strncmp(board.text, "38", 2));
    play(c, "key Ctrl+Alt+C");
    cr_expect(!strncmp(board.text, "halfulp block -t nvfp4 --tensor-scale 1 --decode 38", 51), "%s",
              board.text);
    close_page(c);
    free(board.text);
}

/* At every size nothing of a line lies on something else of it. */
Test(block_page, lines_fit_from_the_smallest_window_to_the_largest)
{
    static const int sizes[][2] = {{360, 640},  {480, 600},  {640, 480},  {800, 600},
                                   {1000, 700}, {1280, 800}, {1920, 1080}};
    const struct hu_block *b;
    for (size_t f = 0; (b = block_shown_at(f)); f++)
        for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
            struct session *c = open_page(b->name);
            session_resize(c, sizes[n][0], sizes[n][1]);
            session_update(c);
            const struct rect *panel = &layout_find(&c->layout, "block.panel")->rect;
            for (size_t i = 0; i < c->layout.count; i++) {
                const struct item *x = &c->layout.items[i];
                if (x->name[0] != 'e' || !strchr("0123456789", x->name[1]))
                    continue;
                cr_assert_geq(x->rect.x, panel->x, "%s %s", b->name, x->name);
                cr_assert_leq(x->rect.x + x->rect.w, panel->x + panel->w, "%s %s at %d", b->name,
                              x->name, sizes[n][0]);
                for (size_t k = i + 1; k < c->layout.count && k < i + 16; k++) {
                    struct rect both = rect_cut(x->rect, c->layout.items[k].rect);
                    cr_assert_not(both.w && both.h, "%s: %s and %s at %d", b->name, x->name,
                                  c->layout.items[k].name, sizes[n][0]);
                }
            }
            close_page(c);
        }
}

Test(block_page, a_value_that_is_no_number_makes_the_scale)
{
    struct session *c = open_page("mxfp4");
    struct block_state s = *state_of(c);
    cr_expect_eq(block_greatest(&s), 0);
    s.given[3] = NAN;
    cr_expect_eq(block_greatest(&s), 3);
    s.given[2] = -INFINITY;
    cr_expect_eq(block_greatest(&s), 2);
    close_page(c);
}
