/* Menus: rounding direction, formats, theme and size. */
#include "allocate.h"
#include "layout_parts.h"
#include "words.h"

/* A menu of COUNT options in columns, beneath its button or as near as the window allows. */
struct menu {
    struct rect panel;
    int columns, rows, width, height; /* of an option */
    int pad, next;
};

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
    m.width = lesser(m.width, (l->view.width - 2 * m.pad) / m.columns);
    m.panel.w = m.columns * m.width + 2 * m.pad;
    m.panel.h = m.rows * m.height + 2 * m.pad + extra;
    if (button) {
        m.panel.x = lesser(button->rect.x, l->view.width - m.panel.w - px(l, 8));
        m.panel.y = button->rect.y + button->rect.h + px(l, 2);
    }
    m.panel.x = greater(m.panel.x, 0);
    m.panel.y = lesser(m.panel.y, l->view.height - m.panel.h);
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

static void put_option(struct layout *l, struct menu *m, bool checked, const char *text,
                       const char *group, const char *name)
{
    struct item *i = put_active(l, ROLE_OPTION, next_option(m), text, "%s.%s", group, name);
    i->align = ALIGN_LEFT;
    i->state |= checked ? STATE_CHECKED : 0;
}

static void put_directions(struct layout *l)
{
    struct menu m = begin_menu(l, "round", HU_TO_ODD + 1, 250, 0);
    for (enum hu_direction d = 0; d <= HU_TO_ODD; d++) {
        const char *name = hu_direction_name(d);
        const char *text = keep_taken(l, text_of("%s   %s", name, direction_words(d)));
        put_option(l, &m, model_now(l->model)->options.direction == d, text, "round", name);
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
    for (int i = 0; i < model->count; i++) {
        const struct hu_format *f = model->rows[i].format;
        if (!is_named(f))
            put_option(l, &m, true, f->name, "format", f->name);
    }
    struct rect r = {m.panel.x + m.pad, m.panel.y + m.panel.h - m.pad - field,
                     m.panel.w - 2 * m.pad, field};
    int label = width_with(l, FACE_SMALL, "other: eXmY", 10);
    put_label(l, box(r.x + px(l, 4), r.y, label, field), FACE_SMALL, TINT_DIM, "other: eXmY",
              "format.label");
    label += px(l, 8);
    put_field(l, box(r.x + label, r.y, r.w - label, field), FACE_MONO, ALIGN_LEFT, "format.custom");
}

static void put_themes(struct layout *l)
{
    static const char *const words[] = {"light", "dark", "colour-blind safe"};
    struct menu m = begin_menu(l, "theme", THEME_COUNT + 3, 180, 0);
    for (enum theme_name t = 0; t < THEME_COUNT; t++)
        put_option(l, &m, l->model->theme == t, words[t], "theme", theme_label(t));
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
