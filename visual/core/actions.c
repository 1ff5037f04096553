#include "actions.h"
#include "allocate.h"
#include "operation.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- Buttons --- */

static const double zoom_step = 1.1, zoom_least = 0.5, zoom_most = 4;

static void zoom(struct model *m, double factor)
{
    m->zoom = factor > 0 ? m->zoom * factor : 1;
    m->zoom = m->zoom < zoom_least ? zoom_least : m->zoom > zoom_most ? zoom_most : m->zoom;
}

static const char *popup_button(enum popup popup)
{
    static const char *const names[] = {"value", "round", "formats", "theme"};
    return names[popup];
}

void close_popup(struct control *c)
{
    enum popup was = c->model.popup;
    c->model.popup = POPUP_NONE;
    if (was)
        model_focus(&c->model, popup_button(was));
}

static void open_popup(struct control *c, enum popup popup)
{
    c->model.popup = popup;
    control_update(c);
    /* The option in force gets the focus, or else the first. */
    const struct item *at = layout_stop(&c->layout, "", 1);
    for (size_t i = 0; i < c->layout.count; i++) {
        const struct item *option = &c->layout.items[i];
        if (option->role == ROLE_OPTION && option->state & STATE_CHECKED &&
            popup != POPUP_FORMATS) {
            at = option;
            break;
        }
    }
    if (at)
        model_focus(&c->model, at->name);
}

static void go_to(struct control *c, enum page page)
{
    struct model *m = &c->model;
    if (page == PAGE_KEYS && m->page == PAGE_KEYS)
        page = m->page_before_keys;
    else if (page == PAGE_KEYS)
        m->page_before_keys = m->page;
    close_popup(c);
    m->page = page;
    c->scroll = 0;
}

static const char *after(const char *name, const char *group)
{
    size_t length = strlen(group);
    return !strncmp(name, group, length) && name[length] == '.' ? name + length + 1 : NULL;
}

static bool is_shown(const struct model *m, const struct hu_format *f)
{
    for (int i = 0; i < m->count; i++)
        if (m->rows[i].format == f)
            return true;
    return false;
}

static void activate_line(struct control *c, const char *what)
{
    struct numberline *n = &c->model.line;
    const struct hu_value *source = &model_now(&c->model)->value;
    if (!strcmp(what, "linear") || !strcmp(what, "log"))
        numberline_set_logarithmic(n, *what == 'l' && what[1] == 'o', source);
    else if (!strcmp(what, "in") || !strcmp(what, "out"))
        numberline_zoom(n, *what == 'i' ? 1.5 : 1 / 1.5, 0.5);
    else if (!strcmp(what, "home"))
        numberline_center(n, source);
    else if (!strcmp(what, "all"))
        numberline_show_all(n, c->model.selected);
}

/* "group.rest" names. False: it is none of them. */
static bool activate_grouped(struct control *c, const char *name)
{
    struct model *m = &c->model;
    const char *rest;
    enum hu_direction direction;
    enum arithmetic arithmetic;
    enum hu_scale_rule rule;
    enum page page;
    if ((rest = after(name, "tab")) && page_find(rest, &page)) {
        go_to(c, page);
    } else if ((rest = after(name, "round")) && hu_direction_read(rest, &direction)) {
        model_set_direction(m, direction);
        close_popup(c);
    } else if ((rest = after(name, "operator")) && arithmetic_find(rest, &arithmetic)) {
        model_set_arithmetic(m, arithmetic);
    } else if ((rest = after(name, "block")) && hu_block_find(rest)) {
        model_set_block(m, hu_block_find(rest));
    } else if ((rest = after(name, "rule")) && hu_scale_rule_find(rest, &rule)) {
        model_set_rule(m, rule);
    } else if ((rest = after(name, "direction")) && hu_direction_read(rest, &direction)) {
        model_set_direction(m, direction);
    } else if ((rest = after(name, "theme")) && theme_find(rest, &m->theme)) {
        close_popup(c);
    } else if ((rest = after(name, "zoom"))) {
        zoom(m, *rest == 'i' ? zoom_step : *rest == 'o' ? 1 / zoom_step : 0);
    } else if ((rest = after(name, "format")) && hu_format_find(rest)) {
        model_show_format(m, hu_format_find(rest), !is_shown(m, hu_format_find(rest)));
    } else if ((rest = after(name, "numberline"))) {
        activate_line(c, rest);
    } else {
        return false;
    }
    return true;
}

void activate(struct control *c, const char *name)
{
    struct model *m = &c->model;
    const char *rest;
    int row = model_row_of(m, name, &rest), bit = model_bit_of(m, name, NULL);
    if (bit >= 0)
        model_write_bit(m, row, bit, !(m->rows[row].bits >> bit & 1), 0);
    else if (row >= 0 && !strcmp(rest, "name"))
        model_select(m, row);
    else if (!strcmp(name, "undo"))
        model_undo(m);
    else if (!strcmp(name, "redo"))
        model_redo(m);
    else if (!strcmp(name, "keys"))
        go_to(c, PAGE_KEYS);
    else if (!strcmp(name, "saturate"))
        model_set_saturate(m, !model_now(m)->options.saturate);
    else if (!strcmp(name, "round"))
        open_popup(c, POPUP_ROUND);
    else if (!strcmp(name, "formats"))
        open_popup(c, POPUP_FORMATS);
    else if (!strcmp(name, "theme"))
        open_popup(c, POPUP_THEME);
    else
        activate_grouped(c, name);
}

/* --- The clipboard --- */

static void copy(struct control *c, enum copy_form form)
{
    char *text = NULL;
    if (form == COPY_VALUE && model_is_field(c->model.focus) && !edit_all_selected(&c->model.edit))
        text = edit_selection(&c->model.edit);
    text = text ? text : model_copy(&c->model, form);
    if (c->clipboard.set)
        c->clipboard.set(c->clipboard.context, text);
    model_say(&c->model, false, "copied %.200s", text);
    free(text);
}

/* In a field the text goes where the caret is. Where everything was selected, or the field has
 * digits of an encoding, it may also be a whole value or raw bytes. */
static void paste_into_field(struct control *c, const char *text, bool big_endian)
{
    struct model *m = &c->model;
    struct edit before = m->edit;
    bool whole = edit_all_selected(&m->edit) || !m->edit.length;
    enum memory_field field;
    bool own = !strcmp(m->focus, "format.custom") || !strcmp(m->focus, "memory.model") ||
               !strcmp(m->focus, "block.values") || memory_field_find(m->focus, &field);
    if (big_endian && !own) {
        model_paste(m, text, true);
        return;
    }
    const char *point = strrchr(m->focus, '.');
    bool hex = point && !strcmp(point, ".hex");
    /* Digits in groups are bytes, not one encoding. */
    if (hex && whole && strpbrk(text, " ,;\\") && model_paste(m, text, false))
        return;
    if (!edit_insert(&m->edit, text)) {
        model_say(m, true, "what is on the clipboard does not fit in");
        return;
    }
    model_apply_edit(m);
    if (!m->bad || !whole || own)
        return;
    struct edit after_paste = m->edit;
    char reason[MODEL_MESSAGE];
    strcpy(reason, m->message);
    m->edit = before;
    if (model_paste(m, text, false))
        return;
    m->edit = after_paste;
    m->bad = true;
    model_say(m, true, "%s", reason);
}

static void paste(struct control *c, bool big_endian)
{
    char *text = c->clipboard.get ? c->clipboard.get(c->clipboard.context) : NULL;
    if (!text || !*text)
        model_say(&c->model, true, "the clipboard holds no text");
    else if (model_is_field(c->model.focus))
        paste_into_field(c, text, big_endian);
    else
        model_paste(&c->model, text, big_endian);
    free(text);
}

static void cut(struct control *c)
{
    struct model *m = &c->model;
    char *text = model_is_field(m->focus) ? edit_selection(&m->edit) : NULL;
    if (!text)
        return;
    if (c->clipboard.set)
        c->clipboard.set(c->clipboard.context, text);
    free(text);
    edit_erase(&m->edit, 1);
    model_apply_edit(m);
}

/* --- Keys --- */

static void next_theme(struct model *m)
{
    m->theme = (enum theme_name)((m->theme + 1) % THEME_COUNT);
}

static void control_chord(struct control *c, struct chord k)
{
    struct model *m = &c->model;
    bool shift = k.mods & MOD_SHIFT;
    switch (k.key) {
    case 'q':
        c->quit = true;
        break;
    case 'z':
        shift ? model_redo(m) : model_undo(m);
        break;
    case 'y':
        model_redo(m);
        break;
    case 'c':
        copy(c, k.mods & MOD_ALT ? COPY_COMMAND : shift ? COPY_ENCODING : COPY_VALUE);
        break;
    case 'x':
        cut(c);
        break;
    case 'v':
        paste(c, shift);
        break;
    case 'a':
        edit_select_all(&m->edit);
        break;
    case 't':
        next_theme(m);
        break;
    case '+':
    case '=':
    case '-':
    case '0':
        zoom(m, k.key == '-' ? 1 / zoom_step : k.key == '0' ? 0 : zoom_step);
        break;
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
        go_to(c, (enum page)(k.key - '1'));
        break;
    default:
        break;
    }
}

static void tab(struct control *c, int direction)
{
    const struct item *next = layout_stop(&c->layout, c->model.focus, direction);
    if (next)
        control_focus(c, next->name);
}

static void focus_bit(struct control *c, int row, int bit)
{
    char name[MODEL_NAME];
    snprintf(name, sizeof name, "%s.bit%d", c->model.rows[row].name, bit);
    control_focus(c, name);
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

static void bit_key(struct control *c, struct chord k, int row, int bit)
{
    struct model *m = &c->model;
    const struct hu_format *f = m->rows[row].format;
    int step = k.key == KEY_DOWN ? 1 : -1;
    switch (k.key) {
    case KEY_LEFT:
        focus_bit(c, row, bit + 1 < f->width ? bit + 1 : bit);
        break;
    case KEY_RIGHT:
        focus_bit(c, row, bit ? bit - 1 : 0);
        break;
    case KEY_HOME:
        focus_bit(c, row, f->width - 1);
        break;
    case KEY_END:
        focus_bit(c, row, 0);
        break;
    case KEY_UP:
    case KEY_DOWN:
        if (is_beside(m, row, row + step))
            focus_bit(c, row + step, facing_bit(f, bit, m->rows[row + step].format));
        break;
    case KEY_RETURN:
        activate(c, m->focus);
        break;
    default:
        break;
    }
}

static void leave_field(struct control *c)
{
    struct model *m = &c->model;
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

static void field_key(struct control *c, struct chord k)
{
    struct model *m = &c->model;
    struct edit *e = &m->edit;
    bool shift = k.mods & MOD_SHIFT;
    int row = model_row_of(m, m->focus, NULL);
    switch (k.key) {
    case KEY_LEFT:
    case KEY_RIGHT:
        edit_move(e, k.key == KEY_LEFT ? -1 : 1, false, shift);
        break;
    case KEY_HOME:
    case KEY_END:
        edit_move(e, k.key == KEY_HOME ? -1 : 1, true, shift);
        break;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        if (edit_erase(e, k.key == KEY_DELETE ? 1 : -1))
            model_apply_edit(m);
        break;
    case KEY_UP:
    case KEY_DOWN:
        if (row >= 0 || !strcmp(m->focus, "value"))
            model_step(m, row >= 0 ? row : model_selected(m), k.key == KEY_UP ? 1 : -1);
        break;
    case KEY_RETURN:
        leave_field(c);
        break;
    default:
        break;
    }
}

static void line_key(struct control *c, struct chord k)
{
    struct numberline *n = &c->model.line;
    switch (k.key) {
    case KEY_LEFT:
    case KEY_RIGHT:
        numberline_pan(n, k.key == KEY_LEFT ? -0.1 : 0.1);
        break;
    case KEY_UP:
    case KEY_DOWN:
        numberline_zoom(n, k.key == KEY_UP ? 1.25 : 0.8, 0.5);
        break;
    case KEY_HOME:
        activate_line(c, "home");
        break;
    case KEY_END:
        activate_line(c, "all");
        break;
    default:
        break;
    }
}

static void escape(struct control *c)
{
    struct model *m = &c->model;
    if (m->popup)
        close_popup(c);
    else if (m->page == PAGE_KEYS)
        go_to(c, PAGE_KEYS);
    else
        leave_field(c);
}

/* On a button or option: arrows go on, Return presses. */
static void button_key(struct control *c, struct chord k)
{
    char name[MODEL_NAME];
    const struct item *i = layout_find(&c->layout, c->model.focus);
    strcpy(name, c->model.focus);
    switch (k.key) {
    case KEY_RETURN:
        if (i && !(i->state & STATE_DISABLED))
            activate(c, name);
        break;
    case KEY_UP:
    case KEY_LEFT:
        tab(c, -1);
        break;
    case KEY_DOWN:
    case KEY_RIGHT:
        tab(c, 1);
        break;
    default:
        break;
    }
}

/* A row of the other pages while the focus is in it, but the first operand, which is the value;
 * else the selected one. */
static int focused_row(const struct model *m)
{
    int row = model_row_of(m, m->focus, NULL);
    return row > ROW_A ? row : model_selected(m);
}

static void plain_key(struct control *c, struct chord k)
{
    struct model *m = &c->model;
    int row, bit = model_bit_of(m, m->focus, &row);
    const struct item *i = layout_find(&c->layout, m->focus);
    if (k.key == KEY_TAB)
        tab(c, k.mods & MOD_SHIFT ? -1 : 1);
    else if (k.key == KEY_ESCAPE)
        escape(c);
    else if (k.key == KEY_F1)
        go_to(c, PAGE_KEYS);
    else if (k.key == KEY_PAGE_UP || k.key == KEY_PAGE_DOWN)
        model_step(m, focused_row(m), k.key == KEY_PAGE_UP ? 1 : -1);
    else if (bit >= 0)
        bit_key(c, k, row, bit);
    else if (model_is_field(m->focus))
        field_key(c, k);
    else if (i && i->role == ROLE_PLOT)
        line_key(c, k);
    else
        button_key(c, k);
}

void control_key(struct control *c, struct chord k)
{
    control_update(c);
    bool types = k.key < 128 && !(k.mods & (MOD_CTRL | MOD_ALT));
    if (types) {
        char text[2] = {(char)k.key, 0};
        if (k.mods & MOD_SHIFT)
            text[0] = (char)toupper(k.key);
        control_text(c, text);
        return;
    }
    if (k.mods & MOD_CTRL)
        control_chord(c, k);
    else
        plain_key(c, k);
    control_update(c);
}

/* --- Typing --- */

static void line_letter(struct control *c, char letter)
{
    struct numberline *n = &c->model.line;
    if (letter == '+' || letter == '=' || letter == '-')
        numberline_zoom(n, letter == '-' ? 0.8 : 1.25, 0.5);
    else if (letter == 'l')
        activate_line(c, n->logarithmic ? "linear" : "log");
}

static void write_digit(struct control *c, int row, int bit, bool value)
{
    model_write_bit(&c->model, row, bit, value, 0);
    focus_bit(c, row, bit ? bit - 1 : 0);
}

static void type_letter(struct control *c, char letter)
{
    struct model *m = &c->model;
    int row, bit = model_bit_of(m, m->focus, &row);
    const struct item *i = layout_find(&c->layout, m->focus);
    char name[MODEL_NAME];
    strcpy(name, m->focus);
    if (letter == 'n')
        focused_row(m) > ROW_A ? model_negate_row(m, focused_row(m)) : model_negate(m);
    else if (letter == ' ' && !(i && i->state & STATE_DISABLED))
        activate(c, name);
    else if (bit >= 0 && (letter == '0' || letter == '1'))
        write_digit(c, row, bit, letter == '1');
    else if (i && i->role == ROLE_PLOT)
        line_letter(c, letter);
}

void control_text(struct control *c, const char *text)
{
    control_update(c);
    if (model_is_field(c->model.focus)) {
        if (edit_insert(&c->model.edit, text))
            model_apply_edit(&c->model);
        else if (strlen(text) > 1)
            model_say(&c->model, true, "the text is too long, or is not text");
    } else {
        for (; *text; text++) {
            type_letter(c, *text);
            control_update(c);
        }
    }
    control_update(c);
}
