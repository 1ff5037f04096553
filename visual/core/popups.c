/* Menus: rounding direction, formats, theme and size. */
#include "layout_parts.h"
#include "words.h"

#include <stdio.h>

/* A menu of COUNT options in columns, beneath its button or as near as the window allows. */
struct menu {
    struct rect panel;
    int columns, rows, width, height; /* of an option */
    int pad, next;
};

static int at_most(int x, int most)
{
    return x < most ? x : most;
}

static struct menu begin_menu(struct layout *l, const char *name, int count, int width, int extra)
{
    struct menu m = {.pad = px(l, 6), .width = px(l, width), .columns = 1};
    const struct item *button = layout_find(l, name);
    int room = l->view.height - 2 * m.pad - extra - px(l, 8);
    m.height = px(l, 26);
    int most = (l->view.width - 2 * m.pad) / m.width;
    while (m.columns < most && (count + m.columns - 1) / m.columns * m.height > room * 2 / 3)
        m.columns++;
    m.rows = (count + m.columns - 1) / m.columns;
    if (m.rows * m.height > room)
        m.height = room / m.rows;
    m.width = at_most(m.width, (l->view.width - 2 * m.pad) / m.columns);
    m.panel.w = m.columns * m.width + 2 * m.pad;
    m.panel.h = m.rows * m.height + 2 * m.pad + extra;
    m.panel.x = button ? at_most(button->rect.x, l->view.width - m.panel.w - px(l, 8)) : 0;
    m.panel.y = button ? button->rect.y + button->rect.h + px(l, 2) : 0;
    m.panel.x = m.panel.x > 0 ? m.panel.x : 0;
    m.panel.y = at_most(m.panel.y, l->view.height - m.panel.h);
    put(l, ROLE_MENU, m.panel, NULL, "menu.%s", name);
    return m;
}

static struct rect next_option(struct menu *m)
{
    int column = m->next / m->rows, row = m->next % m->rows;
    m->next++;
    return box(m->panel.x + m->pad + column * m->width, m->panel.y + m->pad + row * m->height,
               m->width, m->height);
}

static struct item *put_option(struct layout *l, struct menu *m, bool checked, const char *text,
                               const char *group, const char *name)
{
    struct item *i = put_active(l, ROLE_OPTION, next_option(m), text, "%s.%s", group, name);
    i->align = ALIGN_LEFT;
    i->state |= checked ? STATE_CHECKED : 0;
    return i;
}

static void put_directions(struct layout *l)
{
    struct menu m = begin_menu(l, "round", HU_TO_ODD + 1, 250, 0);
    for (int d = 0; d <= HU_TO_ODD; d++) {
        char text[80];
        const char *name = hu_direction_name((enum hu_direction)d);
        snprintf(text, sizeof text, "%s   %s", name, direction_words((enum hu_direction)d));
        put_option(l, &m, model_now(l->model)->options.direction == (enum hu_direction)d, text,
                   "round", name);
    }
}

static bool is_named(const struct hu_format *f)
{
    for (size_t i = 0; i < hu_format_count(); i++)
        if (hu_format_at(i) == f)
            return true;
    return false;
}

static void put_formats(struct layout *l)
{
    const struct model *model = l->model;
    int custom = 0, field = px(l, 28);
    for (int i = 0; i < model->count; i++)
        custom += !is_named(model->rows[i].format);
    struct menu m =
        begin_menu(l, "formats", (int)hu_format_count() + custom, 165, field + px(l, 6));
    for (size_t i = 0; i < hu_format_count(); i++) {
        const struct hu_format *f = hu_format_at(i);
        put_option(l, &m, model_row_with(model, f) >= 0, f->name, "format", f->name);
    }
    for (int i = 0; i < model->count; i++)
        if (!is_named(model->rows[i].format))
            put_option(l, &m, true, model->rows[i].format->name, "format",
                       model->rows[i].format->name);
    int y = m.panel.y + m.panel.h - m.pad - field, inner = m.panel.w - 2 * m.pad;
    int label = width_of(l, FACE_SMALL, "other: eXmY") + px(l, 10);
    put_label(l, box(m.panel.x + m.pad + px(l, 4), y, label, field), FACE_SMALL, TINT_DIM,
              "other: eXmY", "format.label");
    label += px(l, 8);
    put_field(l, box(m.panel.x + m.pad + label, y, inner - label, field), ALIGN_LEFT,
              "format.custom");
}

static void put_themes(struct layout *l)
{
    static const char *const words[] = {"light", "dark", "colour-blind safe"};
    struct menu m = begin_menu(l, "theme", THEME_COUNT + 3, 180, 0);
    for (int t = 0; t < THEME_COUNT; t++)
        put_option(l, &m, l->model->theme == (enum theme_name)t, words[t], "theme",
                   theme_label((enum theme_name)t));
    static const char *const zooms[][2] = {
        {"in", "larger (Ctrl +)"}, {"out", "smaller (Ctrl −)"}, {"reset", "as it was (Ctrl 0)"}};
    for (int z = 0; z < 3; z++)
        put_active(l, ROLE_BUTTON, next_option(&m), zooms[z][1], "zoom.%s", zooms[z][0])->align =
            ALIGN_LEFT;
}

void put_popup(struct layout *l)
{
    static void (*const menus[])(struct layout *) = {
        [POPUP_ROUND] = put_directions, [POPUP_FORMATS] = put_formats, [POPUP_THEME] = put_themes};
    if (l->model->popup)
        menus[l->model->popup](l);
}
