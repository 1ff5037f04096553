#include "actions.h"
#include "allocate.h"
#include "operation.h"
#include "scope.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- Buttons --- */

static const double zoom_step = 1.1, zoom_least = 0.5, zoom_most = 4;

void session_zoom(struct session *s, int step)
{
    struct model *m = &s->model;
    m->zoom = step > 0 ? m->zoom * zoom_step : step < 0 ? m->zoom / zoom_step : 1;
    m->zoom = m->zoom < zoom_least ? zoom_least : m->zoom > zoom_most ? zoom_most : m->zoom;
}

/* The buttons that open each. */
static const char *const popups[] = {"value", "round", "formats", "theme"};

void session_close_popup(struct session *s)
{
    enum popup was = s->model.popup;
    s->model.popup = POPUP_NONE;
    if (was)
        model_focus(&s->model, popups[was]);
}

static void open_popup(struct session *s, enum popup popup)
{
    s->model.popup = popup;
    session_update(s);
    /* The option in force gets the focus, or else the first. */
    const struct item *at = layout_stop(&s->layout, "", 1), *all = s->layout.items;
    for (size_t i = s->layout.count; popup != POPUP_FORMATS && i-- > 0;)
        if (all[i].role == ROLE_OPTION && all[i].state & STATE_CHECKED)
            at = &all[i];
    if (at)
        model_focus(&s->model, at->name);
}

void session_go_to(struct session *s, enum page page)
{
    struct model *m = &s->model;
    if (page == PAGE_KEYS && m->page == PAGE_KEYS)
        page = m->page_before_keys;
    else if (page == PAGE_KEYS)
        m->page_before_keys = m->page;
    session_close_popup(s);
    m->page = page;
    s->scroll = 0;
}

static const char *after(const char *name, const char *group)
{
    size_t length = strlen(group);
    return !strncmp(name, group, length) && name[length] == '.' ? name + length + 1 : NULL;
}

void session_activate_line(struct session *s, const char *what)
{
    struct numberline *n = &s->model.line;
    const struct hu_value *source = &model_now(&s->model)->value;
    if (!strcmp(what, "linear") || !strcmp(what, "log"))
        numberline_set_logarithmic(n, *what == 'l' && what[1] == 'o', source);
    else if (!strcmp(what, "in") || !strcmp(what, "out"))
        numberline_zoom(n, *what == 'i' ? 1.5 : 1 / 1.5, 0.5);
    else if (!strcmp(what, "home"))
        numberline_center(n, source);
    else if (!strcmp(what, "all"))
        numberline_show_all(n, s->model.selected);
}

/* "group.rest" names. */
static void activate_grouped(struct session *s, const char *name)
{
    struct model *m = &s->model;
    const char *rest;
    enum hu_direction direction;
    enum hu_scale_rule rule;
    enum page page;
    if ((rest = after(name, "tab")) && page_find(rest, &page)) {
        session_go_to(s, page);
    } else if ((rest = after(name, "round")) && hu_direction_read(rest, &direction)) {
        model_set_direction(m, direction);
        session_close_popup(s);
    } else if ((rest = after(name, "operator")) && arithmetic_find(rest) >= 0) {
        model_set_arithmetic(m, (enum arithmetic)arithmetic_find(rest));
    } else if ((rest = after(name, "block")) && hu_block_find(rest)) {
        model_set_block(m, hu_block_find(rest));
    } else if ((rest = after(name, "rule")) && hu_scale_rule_find(rest, &rule)) {
        model_set_rule(m, rule);
    } else if ((rest = after(name, "direction")) && hu_direction_read(rest, &direction)) {
        model_set_direction(m, direction);
    } else if ((rest = after(name, "theme")) && theme_find(rest, &m->theme)) {
        session_close_popup(s);
    } else if ((rest = after(name, "zoom"))) {
        session_zoom(s, *rest == 'i' ? 1 : *rest == 'o' ? -1 : 0);
    } else if ((rest = after(name, "format")) && hu_format_find(rest)) {
        model_show_format(m, hu_format_find(rest), model_row_with(m, hu_format_find(rest)) < 0);
    } else if ((rest = after(name, "numberline"))) {
        session_activate_line(s, rest);
    }
}

void session_activate(struct session *s, const char *name)
{
    struct model *m = &s->model;
    const char *rest;
    int row = model_row_of(m, name, &rest), bit = model_bit_of(m, name, NULL);
    int popup = index_of(name, popups, sizeof popups / sizeof *popups);
    if (bit >= 0)
        model_write_bit(m, row, bit, !(m->rows[row].bits >> bit & 1), 0);
    else if (row >= 0 && !strcmp(rest, "name"))
        model_select(m, row);
    else if (!strcmp(name, "undo"))
        model_undo(m);
    else if (!strcmp(name, "redo"))
        model_redo(m);
    else if (!strcmp(name, "keys"))
        session_go_to(s, PAGE_KEYS);
    else if (!strcmp(name, "saturate"))
        model_set_saturate(m, !model_now(m)->options.saturate);
    else if (popup > 0)
        open_popup(s, (enum popup)popup);
    else
        activate_grouped(s, name);
}

/* --- The clipboard --- */

void session_copy(struct session *s, enum copy_form form)
{
    OWNED char *text = NULL;
    if (form == COPY_VALUE && model_is_field(s->model.focus) && !edit_all_selected(&s->model.edit))
        text = edit_selection(&s->model.edit);
    text = text ? text : model_copy(&s->model, form);
    if (s->clipboard.set)
        s->clipboard.set(s->clipboard.context, text);
    model_say(&s->model, false, "copied %.200s", text);
}

/* In a field the text goes where the caret is. Where everything was selected, or the field has
 * digits of an encoding, it may also be a whole value or raw bytes. */
static void paste_into_field(struct session *s, const char *text, bool big_endian)
{
    struct model *m = &s->model;
    struct edit before = m->edit;
    bool whole = edit_all_selected(&m->edit) || !m->edit.length;
    bool own = !strcmp(m->focus, "format.custom") || !strcmp(m->focus, "memory.model") ||
               !strcmp(m->focus, "block.values") || memory_field_find(m->focus) >= 0;
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

void session_paste(struct session *s, bool big_endian)
{
    OWNED char *text = s->clipboard.get ? s->clipboard.get(s->clipboard.context) : NULL;
    if (!text || !*text)
        model_say(&s->model, true, "the clipboard holds no text");
    else if (model_is_field(s->model.focus))
        paste_into_field(s, text, big_endian);
    else
        model_paste(&s->model, text, big_endian);
}

void session_cut(struct session *s)
{
    struct model *m = &s->model;
    OWNED char *text = model_is_field(m->focus) ? edit_selection(&m->edit) : NULL;
    if (!text)
        return;
    if (s->clipboard.set)
        s->clipboard.set(s->clipboard.context, text);
    edit_erase(&m->edit, 1);
    model_apply_edit(m);
}
