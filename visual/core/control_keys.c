#include "actions.h"
#include "control.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void control_chord(struct session *s, struct chord k)
{
    struct model *m = &s->model;
    bool shift = k.mods & MOD_SHIFT;
    if (k.key == 'q')
        s->quit = true;
    else if (k.key == 'y' || (k.key == 'z' && shift))
        model_redo(m);
    else if (k.key == 'z')
        model_undo(m);
    else if (k.key == 'c')
        session_copy(s, k.mods & MOD_ALT ? COPY_COMMAND : shift ? COPY_ENCODING : COPY_VALUE);
    else if (k.key == 'x')
        session_cut(s);
    else if (k.key == 'v')
        session_paste(s, shift);
    else if (k.key == 'a')
        edit_select_all(&m->edit);
    else if (k.key == 't')
        m->theme = (enum theme_name)((m->theme + 1) % THEME_COUNT);
    else if (k.key && strchr("+=-0", k.key))
        session_zoom(s, k.key == '-' ? -1 : k.key == '0' ? 0 : 1);
    else if (k.key >= '1' && k.key <= '6')
        session_go_to(s, (enum page)(k.key - '1'));
}

/* Where a key leads: back or up (-1), on or down (1). */
static int step_of(int key)
{
    return key == KEY_LEFT || key == KEY_UP || key == KEY_HOME || key == KEY_PAGE_UP ? -1 : 1;
}

static void tab(struct session *s, int direction)
{
    const struct item *next = layout_stop(&s->layout, s->model.focus, direction);
    if (next)
        session_focus(s, next->name);
}

static void focus_bit(struct session *s, int row, int bit)
{
    char name[MODEL_NAME];
    snprintf(name, sizeof name, "%s.bit%d", s->model.rows[row].name, bit);
    session_focus(s, name);
}

/* The bit of the row above or below that stands for the same: sign, or as far from the radix
 * point. */
static int facing_bit(const struct hu_format *from, int bit, const struct hu_format *to)
{
    if (bit == from->width - 1 && hu_is_signed(from))
        return to->width - 1;
    int place = bit - from->trailing_bits + to->trailing_bits;
    int least = bit >= from->trailing_bits ? to->trailing_bits : 0;
    int most = to->width - 1 - hu_is_signed(to);
    return place < least ? least : place > most ? most : place;
}

/* Whether arrows lead from one row to the other: both are of one page, and take keys. */
static bool is_beside(const struct model *m, int from, int to)
{
    if (from >= ROW_BLOCK)
        return to >= ROW_BLOCK && to < MODEL_ROWS && m->rows[to].name;
    return from >= ROW_A ? to >= ROW_A && to <= ROW_B : to >= 0 && to < m->count;
}

static void bit_key(struct session *s, struct chord k, int row, int bit)
{
    const struct row *r = &s->model.rows[row];
    int last = r->format->width - 1, step = step_of(k.key);
    if (k.key == KEY_LEFT || k.key == KEY_RIGHT)
        focus_bit(s, row, bit - step < 0 ? 0 : bit - step > last ? last : bit - step);
    else if (k.key == KEY_HOME || k.key == KEY_END)
        focus_bit(s, row, k.key == KEY_HOME ? last : 0);
    else if (k.key == KEY_RETURN)
        session_activate(s, s->model.focus);
    else if ((k.key == KEY_UP || k.key == KEY_DOWN) && is_beside(&s->model, row, row + step))
        focus_bit(s, row + step, facing_bit(r->format, bit, r[step].format));
}

static void leave_field(struct session *s)
{
    struct model *m = &s->model;
    if (!strcmp(m->focus, "format.custom") && m->edit.length) {
        char name[HU_MAX_NAME + 1];
        snprintf(name, sizeof name, "%s", m->custom_text);
        m->bad = !model_show_custom(m, name);
        if (m->bad)
            return;
        m->custom_text[0] = 0;
    }
    if (!strcmp(m->focus, "memory.model") && m->edited) {
        model_set_weights(m, m->edit.text);
        if (m->bad)
            return;
    }
    m->history.group = 0;
    m->bad = false;
    if (m->message_is_error)
        model_say(m, false, "%s", "");
    model_settle(m);
}

static void field_key(struct session *s, struct chord k)
{
    struct model *m = &s->model;
    int row = model_row_of(m, m->focus, NULL), step = step_of(k.key);
    bool far = k.key == KEY_HOME || k.key == KEY_END;
    if (far || k.key == KEY_LEFT || k.key == KEY_RIGHT) {
        edit_move(&m->edit, step, far, k.mods & MOD_SHIFT);
    } else if (k.key == KEY_BACKSPACE || k.key == KEY_DELETE) {
        if (edit_erase(&m->edit, k.key == KEY_DELETE ? 1 : -1))
            model_apply_edit(m);
    } else if (k.key == KEY_UP || k.key == KEY_DOWN) {
        if (row >= 0 || !strcmp(m->focus, "value"))
            model_step(m, row >= 0 ? row : model_selected(m), -step);
    } else if (k.key == KEY_RETURN) {
        leave_field(s);
    }
}

static void line_key(struct session *s, struct chord k)
{
    struct numberline *n = &s->model.line;
    if (k.key == KEY_LEFT || k.key == KEY_RIGHT)
        numberline_pan(n, 0.1 * step_of(k.key));
    else if (k.key == KEY_UP || k.key == KEY_DOWN)
        numberline_zoom(n, k.key == KEY_UP ? 1.25 : 0.8, 0.5);
    else if (k.key == KEY_HOME || k.key == KEY_END)
        session_activate_line(s, k.key == KEY_HOME ? "home" : "all");
}

static void escape(struct session *s)
{
    struct model *m = &s->model;
    if (m->popup)
        session_close_popup(s);
    else if (m->page == PAGE_KEYS)
        session_go_to(s, PAGE_KEYS);
    else
        leave_field(s);
}

/* On a button or option: arrows go on, Return presses. */
static void button_key(struct session *s, struct chord k)
{
    const struct item *i = layout_find(&s->layout, s->model.focus);
    if (k.key == KEY_RETURN && i && !(i->state & STATE_DISABLED))
        session_activate(s, s->model.focus);
    else if (k.key >= KEY_LEFT && k.key <= KEY_DOWN)
        tab(s, step_of(k.key));
}

/* A row of the other pages while the focus is in it, but the first operand, which is the value;
 * else the selected one. */
static int focused_row(const struct model *m)
{
    int row = model_row_of(m, m->focus, NULL);
    return row > ROW_A ? row : model_selected(m);
}

static void plain_key(struct session *s, struct chord k)
{
    struct model *m = &s->model;
    int row, bit = model_bit_of(m, m->focus, &row);
    const struct item *i = layout_find(&s->layout, m->focus);
    if (k.key == KEY_TAB)
        tab(s, k.mods & MOD_SHIFT ? -1 : 1);
    else if (k.key == KEY_ESCAPE)
        escape(s);
    else if (k.key == KEY_F1)
        session_go_to(s, PAGE_KEYS);
    else if (k.key == KEY_PAGE_UP || k.key == KEY_PAGE_DOWN)
        model_step(m, focused_row(m), -step_of(k.key));
    else if (bit >= 0)
        bit_key(s, k, row, bit);
    else if (model_is_field(m->focus))
        field_key(s, k);
    else if (i && i->role == ROLE_PLOT)
        line_key(s, k);
    else
        button_key(s, k);
}

void control_key(struct session *s, struct chord k)
{
    session_update(s);
    bool types = k.key < 128 && !(k.mods & (MOD_CTRL | MOD_ALT));
    if (types) {
        char text[2] = {(char)k.key, 0};
        if (k.mods & MOD_SHIFT)
            text[0] = (char)toupper(k.key);
        control_text(s, text);
        return;
    }
    if (k.mods & MOD_CTRL)
        control_chord(s, k);
    else
        plain_key(s, k);
    session_update(s);
}

/* --- Typing --- */

static void line_letter(struct session *s, char letter)
{
    struct numberline *n = &s->model.line;
    if (letter == '+' || letter == '=' || letter == '-')
        numberline_zoom(n, letter == '-' ? 0.8 : 1.25, 0.5);
    else if (letter == 'l')
        session_activate_line(s, n->logarithmic ? "linear" : "log");
}

static void type_letter(struct session *s, char letter)
{
    struct model *m = &s->model;
    int row, bit = model_bit_of(m, m->focus, &row);
    const struct item *i = layout_find(&s->layout, m->focus);
    if (letter == 'n') {
        focused_row(m) > ROW_A ? model_negate_row(m, focused_row(m)) : model_negate(m);
    } else if (letter == ' ' && !(i && i->state & STATE_DISABLED)) {
        session_activate(s, m->focus);
    } else if (bit >= 0 && (letter == '0' || letter == '1')) {
        model_write_bit(m, row, bit, letter == '1', 0);
        focus_bit(s, row, bit ? bit - 1 : 0);
    } else if (i && i->role == ROLE_PLOT) {
        line_letter(s, letter);
    }
}

void control_text(struct session *s, const char *text)
{
    session_update(s);
    if (model_is_field(s->model.focus)) {
        if (edit_insert(&s->model.edit, text))
            model_apply_edit(&s->model);
        else if (strlen(text) > 1)
            model_say(&s->model, true, "the text is too long, or is not text");
    } else {
        for (; *text; text++) {
            type_letter(s, *text);
            session_update(s);
        }
    }
    session_update(s);
}
