#include "../visual/core/actions.h"
#include "../visual/core/microscope.h"
#include "../visual/core/script.h"
#include "../visual/desktop/settings.h"
#include "../visual/core/words.h"
#include "operation.h"
#include "view_metrics.h"

#include <inttypes.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const texts[] = {"0.1",   "-1/3",        "0",           "-0",        "65520",
                                    "1e-45", "nan(0x12)",   "snan",        "-inf",      "1e400",
                                    "448.5", "fp16:0x2e66", "0x1.8p-1074", "-1e-4000",  "2.5",
                                    "1.5",   "fp64:0x1",    "-3e38",       "e8m0:0x7f", "464"};

static struct row *row_called(struct model *m, const char *format)
{
    char name[64];
    snprintf(name, sizeof name, "%s.name", format);
    int row = model_row_of(m, name, NULL);
    cr_assert(row >= 0, "no row %s", format);
    return &m->rows[row];
}

/* Everything that undo restores, and what is derived from it, as text. */
static char *state_of(const struct model *m)
{
    char *out = NULL;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    const struct document *d = model_now(m);
    char *value = model_value_text(m);
    fprintf(f, "%s %s %s %d %d\n", value, d->text ? "text" : "datum",
            d->value.format ? d->value.format->name : "-", (int)d->options.direction,
            d->options.saturate);
    fprintf(f, "%s %s %" PRIx64 "\n", arithmetics[d->arithmetic].name, d->second_format->name,
            d->second_bits);
    char *values = block_values(&d->block), *bytes = block_page_hex(&d->block);
    fprintf(f, "%s %d %a %d %s %s\n", hu_block_name(d->block.block), (int)d->block.rule,
            (double)d->block.tensor_scale, d->block.by_hand, values, bytes);
    free(values);
    free(bytes);
    for (int i = 0; i < m->count; i++) {
        const struct row *r = &m->rows[i];
        fprintf(f, "%s %s %u %d %s %s %s %s\n", r->format->name, r->hex, r->flags, r->is_source,
                r->decimal, r->error, r->error_ulp, r->bytes);
    }
    fclose(f);
    free(value);
    return out;
}

/* --- The linked column --- */

Test(model, every_row_is_the_exact_source_rounded_once)
{
    for (size_t t = 0; t < COUNT(texts); t++)
        for (int d = 0; d <= HU_TO_ODD; d++)
            for (int saturate = 0; saturate < 2; saturate++) {
                struct model m;
                model_init(&m);
                cr_assert(model_set_rows(&m, "all"));
                cr_assert(model_set_text(&m, texts[t], 0), "%s", m.message);
                model_set_direction(&m, (enum hu_direction)d);
                model_set_saturate(&m, saturate);
                for (int i = 0; i < m.count; i++) {
                    struct hu_options o = {.direction = (enum hu_direction)d, .saturate = saturate};
                    const struct row *r = &m.rows[i];
                    const struct hu_value *v = &model_now(&m)->value;
                    unsigned flags = 0;
                    uint64_t bits =
                        v->format == r->format ? v->bits : hu_value_round(v, r->format, &o, &flags);
                    cr_assert_eq(r->bits, bits, "%s in %s", texts[t], r->format->name);
                    cr_assert_eq(r->flags, flags, "%s in %s", texts[t], r->format->name);
                }
                model_clear(&m);
            }
}

Test(model, a_toggled_bit_makes_its_row_the_source_and_the_others_follow)
{
    for (size_t t = 0; t < COUNT(texts); t++) {
        struct model m;
        model_init(&m);
        cr_assert(model_set_text(&m, texts[t], 0));
        for (int i = 0; i < m.count; i++)
            for (int bit = 0; bit < m.rows[i].format->width; bit++) {
                uint64_t before = m.rows[i].bits;
                model_write_bit(&m, i, bit, !(before >> bit & 1), 0);
                cr_assert_eq(m.rows[i].bits, before ^ UINT64_C(1) << bit);
                cr_assert(m.rows[i].is_source);
                for (int j = 0; j < m.count; j++) {
                    uint64_t bits =
                        hu_convert(m.rows[j].format, m.rows[i].format, m.rows[i].bits, NULL, NULL);
                    cr_assert(j == i || (m.rows[j].bits == bits && !m.rows[j].is_source));
                }
            }
        model_clear(&m);
    }
}

Test(model, float_toys_wrong_roundings_are_right)
{
    static const struct {
        const char *text;
        uint64_t fp16;
    } rows[] = {{"1.9999", 0x4000}, {"65520", 0x7c00}, {"65519.99", 0x7bff}, {"5.9e-8", 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct model m;
        model_init(&m);
        cr_assert(model_set_decimal(&m, 4, rows[i].text, 0));
        cr_assert_eq(m.rows[4].bits, rows[i].fp16, "%s", rows[i].text);
        model_clear(&m);
    }
}

Test(model, a_row_says_its_error_exactly)
{
    struct model m;
    model_init(&m);
    struct row *r = row_called(&m, "bf16");
    cr_assert_str_eq(r->error_exact, "9.765625e-05");
    cr_assert_str_eq(r->error_ulp, "0.20 ulp");
    cr_assert_str_eq(r->ulps_exact, "0.2");
    cr_assert_str_eq(r->flag_names, "inexact");
    cr_assert_str_eq(r->bytes, "cd 3d");
    cr_assert_str_eq(r->class, "normal");
    cr_assert_str_eq(row_called(&m, "tf32")->bytes, "00 c0 cc 3d");
    cr_assert(model_set_text(&m, "0.5", 0));
    cr_assert_str_eq(row_called(&m, "bf16")->error, "exact");
    cr_assert_str_eq(row_called(&m, "bf16")->sum_significand, "1");
    model_clear(&m);
}

Test(model, half_an_ulp_is_said_where_it_is_half_and_no_count_is_infinite)
{
    static const struct {
        const char *text, *row;
        enum hu_direction direction;
        const char *ulps;
    } rows[] = {{"1.0625", "fp8_e4m3", HU_TIES_TO_EVEN, "0.50 ulp"},
                {"1.06249999", "fp8_e4m3", HU_TIES_TO_EVEN, "<0.50 ulp"},
                {"1.06250001", "fp8_e4m3", HU_TOWARD_ZERO, ">0.50 ulp"},
                {"1.0000001", "fp8_e4m3", HU_TIES_TO_EVEN, "<0.01 ulp"},
                {"1e4000", "fp6_e2m3", HU_TIES_TO_EVEN, "2.0e+4000 ulp"},
                {"1000", "fp4_e2m1", HU_TIES_TO_EVEN, "497.00 ulp"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct model m;
        model_init(&m);
        cr_assert(model_set_rows(&m, rows[i].row));
        model_set_direction(&m, rows[i].direction);
        cr_assert(model_set_text(&m, rows[i].text, 0));
        cr_assert_str_eq(m.rows[0].error_ulp, rows[i].ulps, "%s: %s", rows[i].text,
                         m.rows[0].error_ulp);
        model_clear(&m);
    }
}

/* --- Bad text --- */

Test(model, a_bad_text_is_explained_and_the_last_good_value_stays)
{
    static const char *const fields[] = {"value", "fp32.decimal", "fp32.hex"};
    static const char *const bad[] = {"12z4", "0.1.2", "zz"};
    for (size_t i = 0; i < COUNT(fields); i++) {
        struct model m;
        model_init(&m);
        char *before = state_of(&m);
        model_focus(&m, fields[i]);
        cr_assert(edit_insert(&m.edit, bad[i]));
        model_apply_edit(&m);
        cr_assert(m.bad && m.message_is_error && *m.message, "%s", fields[i]);
        cr_assert_str_eq(m.edit.text, bad[i], "what was typed stays");
        char *after = state_of(&m);
        cr_assert_str_eq(before, after);
        model_focus(&m, "round");
        cr_assert(!m.bad && !*m.message);
        free(before);
        free(after);
        model_clear(&m);
    }
}

Test(model, a_short_hexadecimal_is_the_low_digits)
{
    struct model m;
    model_init(&m);
    model_focus(&m, "fp32.hex");
    edit_insert(&m.edit, "1f");
    model_apply_edit(&m);
    cr_assert_eq(row_called(&m, "fp32")->bits, 0x1f);
    model_focus(&m, "value");
    model_focus(&m, "fp32.hex");
    cr_assert_str_eq(m.edit.text, "0000001f");
    model_clear(&m);
}

/* --- Steps --- */

Test(model, steps_go_to_the_neighbour_and_stop_at_the_ends)
{
    struct model m;
    model_init(&m);
    model_set_rows(&m, "fp16,fp8_e4m3,e8m0");
    for (int row = 0; row < m.count; row++)
        for (uint64_t code = 0; code <= hu_width_mask(m.rows[row].format); code++) {
            uint64_t next;
            model_set_bits(&m, row, code, 1);
            bool there = hu_next_up(m.rows[row].format, code, &next) && next != code;
            cr_assert_eq(model_step(&m, row, 1), there, "%s %llx", m.rows[row].format->name,
                         (unsigned long long)code);
            cr_assert_eq(m.rows[row].bits, there ? next : code);
            m.history.group = 1;
        }
    model_clear(&m);
}

Test(model, negating_twice_is_nothing)
{
    for (size_t t = 0; t < COUNT(texts); t++) {
        struct model m;
        model_init(&m);
        model_set_text(&m, texts[t], 0);
        uint64_t before = m.rows[0].bits;
        if (strncmp(texts[t], "e8m0", 4)) {
            cr_assert(model_negate(&m), "%s: %s", texts[t], m.message);
            cr_assert_eq(m.rows[0].bits, before ^ UINT64_C(1) << 63, "%s", texts[t]);
            cr_assert(model_negate(&m));
            cr_assert_eq(m.rows[0].bits, before, "%s", texts[t]);
        } else {
            cr_assert(!model_negate(&m));
        }
        model_clear(&m);
    }
}

/* --- Rows --- */

Test(model, rows_come_and_go_and_one_stays)
{
    struct model m;
    model_init(&m);
    cr_assert(model_show_custom(&m, "e6m9"));
    cr_assert_eq(m.count, 6);
    cr_assert_str_eq(m.selected->name, "e6m9");
    cr_assert(!model_show_custom(&m, "e99m1"));
    cr_assert(m.message_is_error);
    while (m.count > 1)
        cr_assert(model_show_format(&m, m.rows[0].format, false));
    cr_assert(!model_show_format(&m, m.rows[0].format, false));
    cr_assert_eq(m.count, 1);
    cr_assert(!model_set_rows(&m, "fp32,nonsense"));
    cr_assert(!model_set_rows(&m, ""));
    cr_assert_eq(m.count, 1);
    model_clear(&m);
}

/* --- Undo --- */

static void act(struct session *c, unsigned n)
{
    static const char *const keys[] = {"PageUp", "PageDown", "Space", "n",         "Right",
                                       "Down",   "0",        "1",     "Tab",       "Shift+Tab",
                                       "Return", "Escape",   "7",     "Backspace", "Ctrl+V",
                                       "Ctrl+C", "Home",     "Left",  "Up",        "Ctrl+X",
                                       "Ctrl+2", "Ctrl+1",   ".",     "e",         "Ctrl+6"};
    struct chord chord;
    cr_assert(chord_read(keys[n % COUNT(keys)], &chord));
    control_key(c, chord);
}

static void press_some_item(struct session *c, unsigned n)
{
    const struct item *i = &c->layout.items[n % c->layout.count];
    int x = i->rect.x + i->rect.w / 2, y = i->rect.y + i->rect.h / 2;
    control_press(c, x, y, false);
    control_move(c, x + (int)(n >> 8) % 60 - 30, y + (int)(n >> 16) % 10 - 5);
    control_release(c, x + (int)(n >> 8) % 60 - 30, y);
}

Test(model, undo_is_the_exact_inverse_of_everything)
{
    enum { ACTIONS = 3000 };
    static char *states[4 * ACTIONS];
    struct session c;
    struct script_clipboard board = {NULL};
    unsigned n = 12345;
    session_init(&c, 1000, 700, 1, plain_metrics, NULL);
    c.clipboard = script_clipboard(&board);
    session_update(&c);
    for (int i = 0; i < ACTIONS; i++) {
        n = n * 1664525u + 1013904223u;
        n >> 30 ? act(&c, n >> 8) : press_some_item(&c, n >> 4);
        /* Undo itself is exercised below; here its own buttons would shorten the history. */
    }
    size_t count = c.model.history.count, at = c.model.history.at;
    cr_assert_gt(count, 100);
    while (model_redo(&c.model))
        at++;
    cr_assert_eq(at + 1, count);
    cr_assert_lt(count, COUNT(states));
    for (size_t i = count; i-- > 0;) {
        states[i] = state_of(&c.model);
        cr_assert_eq(model_undo(&c.model), i > 0);
    }
    for (size_t i = 0; i < count; i++) {
        char *again = state_of(&c.model);
        cr_assert_str_eq(again, states[i], "step %zu", i);
        cr_assert(!i || strcmp(states[i], states[i - 1]), "step %zu changed nothing: %s", i,
                  states[i]);
        free(again);
        cr_assert_eq(model_redo(&c.model), i + 1 < count);
    }
    while (count)
        free(states[--count]);
    free(board.text);
    session_clear(&c);
}

Test(model, a_session_of_typing_is_one_step)
{
    struct session c;
    session_init(&c, 1280, 800, 1, plain_metrics, NULL);
    control_text(&c, "1");
    control_text(&c, "2");
    control_text(&c, "5");
    cr_assert_eq(c.model.rows[1].bits, 0x42fa0000);
    cr_assert_eq(c.model.history.count, 2);
    control_key(&c, (struct chord){KEY_RETURN, 0});
    control_text(&c, "3");
    cr_assert_eq(c.model.history.count, 3);
    model_undo(&c.model);
    cr_assert_str_eq(c.model.edit.text, "125");
    model_undo(&c.model);
    cr_assert_str_eq(c.model.edit.text, "0.1");
    session_clear(&c);
}

/* --- The pointer --- */

static void drag(struct session *c, const char *from, const char *to)
{
    char line[200], message[SCRIPT_MESSAGE];
    snprintf(line, sizeof line, "drag %s %s", from, to);
    cr_assert(script_line(c, line, message), "%s", message);
}

Test(model, a_drag_paints_the_new_bit_over_its_row_and_is_one_step)
{
    struct session c;
    session_init(&c, 1280, 800, 1, plain_metrics, NULL);
    model_set_text(&c.model, "0", 0);
    size_t steps = c.model.history.count;
    drag(&c, "fp32.bit20", "fp32.bit5");
    cr_assert_eq(row_called(&c.model, "fp32")->bits, 0x001fffe0);
    cr_assert_eq(c.model.history.count, steps + 1);
    drag(&c, "fp32.bit10", "fp32.bit3");
    cr_assert_eq(row_called(&c.model, "fp32")->bits, 0x001ff800 & ~0x7f8u, "paints zeros");
    model_undo(&c.model);
    model_undo(&c.model);
    cr_assert_eq(row_called(&c.model, "fp32")->bits, 0);
    session_clear(&c);
}

Test(model, a_drag_onto_another_row_does_nothing_there)
{
    struct session c;
    session_init(&c, 1280, 800, 1, plain_metrics, NULL);
    model_set_text(&c.model, "0", 0);
    drag(&c, "fp16.bit3", "fp64.bit20");
    cr_assert(row_called(&c.model, "fp16")->is_source);
    cr_assert(row_called(&c.model, "fp16")->bits >> 3 & 1);
    cr_assert_eq(row_called(&c.model, "fp64")->bits,
                 hu_convert(hu_format_find("fp64"), hu_format_find("fp16"),
                            row_called(&c.model, "fp16")->bits, NULL, NULL));
    session_clear(&c);
}

Test(model, a_press_beside_an_open_menu_closes_it_and_does_nothing_else)
{
    struct session c;
    char message[SCRIPT_MESSAGE];
    session_init(&c, 1280, 800, 1, plain_metrics, NULL);
    cr_assert(script_line(&c, "click round", message));
    cr_assert_eq(c.model.popup, POPUP_ROUND);
    cr_assert(!script_line(&c, "click fp32.bit31", message), "it is behind the menu");
    char *before = state_of(&c.model);
    const struct item *bit = layout_find(&c.layout, "fp32.bit31");
    control_press(&c, bit->rect.x + 3, bit->rect.y + 30, false);
    control_release(&c, bit->rect.x + 3, bit->rect.y + 30);
    char *after = state_of(&c.model);
    cr_assert_str_eq(before, after);
    cr_assert_eq(c.model.popup, POPUP_NONE);
    cr_assert_str_eq(c.model.focus, "round");
    free(before);
    free(after);
    session_clear(&c);
}

Test(model, the_memory_page_has_the_memory_rooms_numbers)
{
    struct model m;
    model_init(&m);
    model_set_rows(&m, "bf16,e6m9,fp8_e4m3");
    model_set_weights(&m, "7_000_559_616");
    cr_assert_str_eq(m.weights.title, "7,000,559,616 parameters");
    static const struct {
        const char *dtype, *exact, *gb, *gib;
    } bars[] = {{"bf16", "14,001,119,232 bytes", "14.00 GB", "13.04 GiB"},
                {"e6m9", "14,001,119,232 bytes", "14.00 GB", "13.04 GiB"},
                {"fp8_e4m3", "7,000,559,616 bytes", "7.00 GB", "6.52 GiB"}};
    for (int i = 0; i < 3; i++) {
        const struct weights_bar *bar = &m.weights.bars[i];
        cr_assert_str_eq(bar->name, bars[i].dtype);
        cr_assert_str_eq(bar->exact, bars[i].exact);
        cr_assert_str_eq(bar->gb, bars[i].gb);
        cr_assert_str_eq(bar->gib, bars[i].gib);
    }
    model_set_weights(&m, FIXTURES "/none.gguf");
    cr_assert(m.bad && m.message_is_error);
    cr_assert_str_eq(m.weights.title, "7,000,559,616 parameters", "the last good one stays");
    model_set_weights(&m, FIXTURES "/configs/deepseek-v2-lite.json");
    cr_assert(!m.bad, "%s", m.message);
    cr_assert(!strncmp(m.weights.title, "15,706,484,224 parameters", 25), "%s", m.weights.title);
    model_clear(&m);
}

Test(model, a_press_that_ends_elsewhere_presses_nothing)
{
    struct session c;
    session_init(&c, 1280, 800, 1, plain_metrics, NULL);
    drag(&c, "saturate", "value");
    cr_assert(!model_now(&c.model)->options.saturate);
    session_clear(&c);
}

/* --- Copy and paste --- */

Test(model, what_is_copied_gives_the_same_state_back)
{
    for (size_t t = 0; t < COUNT(texts); t++) {
        struct model m;
        model_init(&m);
        model_set_text(&m, texts[t], 0);
        model_set_bits(&m, 1, m.rows[1].bits, 0);
        char *before = state_of(&m), *value = model_copy(&m, COPY_VALUE);
        char *encoding = model_copy(&m, COPY_ENCODING), *command = model_copy(&m, COPY_COMMAND);
        char expected[80];
        cr_assert(!strncmp(command, "halfulp show -f fp64,fp32,tf32,bf16,fp16 ", 41), "%s",
                  command);
        snprintf(expected, sizeof expected, "fp32:%s", encoding);
        cr_assert_str_eq(strrchr(command, ' ') + 1, expected);
        model_set_text(&m, "7", 0);
        cr_assert(model_paste(&m, strrchr(command, ' ') + 1, false));
        cr_assert_eq(m.rows[1].bits, strtoull(encoding, NULL, 16));
        model_set_text(&m, "7", 0);
        cr_assert(model_paste(&m, value, false), "%s", m.message);
        bool nan = hu_is_nan(m.rows[1].datum);
        cr_assert(nan || m.rows[1].bits == strtoull(encoding, NULL, 16), "%s", value);
        free(before);
        free(value);
        free(encoding);
        free(command);
        model_clear(&m);
    }
}

Test(model, bytes_are_pasted_in_either_order)
{
    static const struct {
        const char *text, *format;
        bool big;
        uint64_t bits;
    } rows[] = {
        {"cd cc cc 3d", "fp32", false, 0x3dcccccd},
        {"3d cc cc cd", "fp32", true, 0x3dcccccd},
        {"0xcd, 0xcc, 0xcc, 0x3d", "fp32", false, 0x3dcccccd},
        {"\\xcd\\xcc\\xcc\\x3d\n", "fp32", false, 0x3dcccccd},
        {"le:cdcccc3d", "fp32", false, 0x3dcccccd},
        {"be:3d cc cc cd", "fp32", false, 0x3dcccccd},
        {"9a 99 99 99 99 99 b9 3f", "fp64", false, 0x3fb999999999999a},
        {"cd 3d", "bf16", false, 0x3dcd},
        {"fp16:le:662e", "fp16", false, 0x2e66},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct model m;
        model_init(&m);
        model_set_text(&m, "7", 0);
        cr_assert(model_paste(&m, rows[i].text, rows[i].big), "%s: %s", rows[i].text, m.message);
        cr_assert_eq(row_called(&m, rows[i].format)->bits, rows[i].bits, "%s", rows[i].text);
        model_clear(&m);
    }
}

static char *pasted_text(void *context)
{
    return strdup(context);
}

Test(model, what_is_pasted_is_all_of_it_or_nothing)
{
    char digits[EDIT_TEXT + 1];
    memset(digits, '1', EDIT_TEXT);
    digits[EDIT_TEXT] = 0;
    const char *const pasted[] = {"1\n2", "1\t2", digits};
    for (size_t i = 0; i < COUNT(pasted); i++) {
        struct session c;
        session_init(&c, 1280, 800, 1, plain_metrics, NULL);
        session_update(&c);
        c.clipboard = (struct clipboard){pasted_text, NULL, (char *)pasted[i]};
        for (int field = 0; field < 2; field++) {
            session_focus(&c, field ? "value" : "tab.bits");
            session_paste(&c, false);
            cr_assert(c.model.message_is_error, "%.9s", pasted[i]);
            char *value = model_value_text(&c.model);
            cr_assert_str_eq(value, "0.1", "%.9s", pasted[i]);
            free(value);
        }
        session_clear(&c);
    }
    struct session c;
    session_init(&c, 1280, 800, 1, plain_metrics, NULL);
    session_update(&c);
    c.model.page = PAGE_BLOCK;
    c.clipboard = (struct clipboard){pasted_text, NULL, (char[]){"6\n5\n2.5\n"}};
    session_update(&c);
    session_focus(&c, "block.values");
    session_paste(&c, false);
    char *values = model_field_text(&c.model, "block.values");
    cr_assert(!strncmp(c.model.edit.text, "6 5 2.5", 8), "%s", c.model.edit.text);
    cr_assert(!strncmp(values, "6 5 2.5", 7), "%s", values);
    free(values);
    session_clear(&c);
}

Test(model, rubbish_is_not_pasted)
{
    static const char *const rubbish[] = {"",      "hello",    "cd cc cc",
                                          "1 2 3", "\x80\xff", "00 11 22 33 44 55 66 77 88"};
    for (size_t i = 0; i < COUNT(rubbish); i++) {
        struct model m;
        model_init(&m);
        char *before = state_of(&m);
        cr_assert(!model_paste(&m, rubbish[i], false), "%s", rubbish[i]);
        char *after = state_of(&m);
        cr_assert_str_eq(before, after);
        cr_assert(m.message_is_error);
        free(before);
        free(after);
        model_clear(&m);
    }
}
