#include "control.h"
#include "actions.h"

#include <stdlib.h>
#include <string.h>

/* The least window that everything can be laid out in, in units. */
static const double least_width = 360, least_height = 300;

double control_scale(const struct control *c)
{
    double scale = c->base * c->model.zoom;
    double most_x = c->width / least_width, most_y = c->height / least_height;
    scale = scale < most_x ? scale : most_x;
    return scale < most_y ? scale : most_y;
}

void control_init(struct control *c, int width, int height, double base,
                  void (*rescale)(struct control *c, double scale), void *context)
{
    memset(c, 0, sizeof *c);
    model_init(&c->model);
    layout_init(&c->layout);
    c->width = width;
    c->height = height;
    c->base = base;
    c->rescale = rescale;
    c->context = context;
    c->x = c->y = -1;
}

void control_clear(struct control *c)
{
    layout_clear(&c->layout);
    model_clear(&c->model);
}

static void build(struct control *c)
{
    double scale = control_scale(c);
    if (scale != c->metrics_scale) {
        c->rescale(c, scale);
        c->metrics_scale = scale;
    }
    struct view view = {.width = c->width,
                        .height = c->height,
                        .scale = scale,
                        .scroll = c->scroll,
                        .hovered = c->hovered,
                        .pressed = c->pressed,
                        .metrics = c->metrics};
    layout_build(&c->layout, &c->model, &view);
    c->scroll = c->layout.view.scroll;
}

void control_update(struct control *c)
{
    model_weigh(&c->model);
    build(c);
    /* What held the focus may be gone: its row was taken away, or the page changed. */
    if (!layout_find(&c->layout, c->model.focus)) {
        const struct item *first = layout_stop(&c->layout, "", 1);
        model_focus(&c->model, first ? first->name : "value");
        build(c);
    }
    const struct item *under = layout_hit(&c->layout, c->x, c->y);
    const char *name = under && c->x >= 0 ? under->name : "";
    if (strcmp(name, c->hovered)) {
        strcpy(c->hovered, name);
        build(c);
    }
}

void control_resize(struct control *c, int width, int height)
{
    c->width = width;
    c->height = height;
}

void control_reveal(struct control *c, const char *name)
{
    const struct item *i = layout_find(&c->layout, name);
    const struct rect *body = &c->layout.body;
    if (!i || i->layer || i->clip.y != body->y || i->clip.h != body->h)
        return;
    int margin = i->rect.h < body->h / 2 ? body->h / 16 : 0;
    if (i->rect.y + i->rect.h + margin > body->y + body->h)
        c->scroll += i->rect.y + i->rect.h + margin - body->y - body->h;
    if (i->rect.y - margin < body->y)
        c->scroll += i->rect.y - margin - body->y;
    control_update(c);
}

void control_focus(struct control *c, const char *name)
{
    model_focus(&c->model, name);
    control_update(c);
    control_reveal(c, name);
}

/* --- The pointer --- */

static const struct item *under(struct control *c, int x, int y)
{
    c->x = x;
    c->y = y;
    control_update(c);
    return layout_hit(&c->layout, x, y);
}

static void begin_paint(struct control *c, int row, int bit)
{
    const struct row *r = &c->model.rows[row];
    c->drag = DRAG_PAINT;
    c->painted = row;
    c->paint = !(r->bits >> bit & 1);
    c->session++;
    model_write_bit(&c->model, row, bit, c->paint, c->session);
}

static void press_field(struct control *c, const struct item *field, int x, bool extend)
{
    char name[MODEL_NAME];
    strcpy(name, field->name);
    bool again = !strcmp(name, c->model.focus);
    size_t column = layout_column(&c->layout, field, x);
    control_focus(c, name);
    c->drag = DRAG_TEXT;
    /* The first press selects everything, the next one places the caret. */
    if (again)
        edit_place(&c->model.edit, column, extend);
}

void control_press(struct control *c, int x, int y, bool extend)
{
    const struct item *hit = under(c, x, y);
    char name[MODEL_NAME];
    int row, bit;
    c->drag = DRAG_NONE;
    if (!hit) {
        if (c->model.popup)
            close_popup(c);
        control_update(c);
        return;
    }
    strcpy(name, hit->name);
    if (hit->role == ROLE_FIELD) {
        press_field(c, hit, x, extend);
    } else if (hit->role == ROLE_PLOT || hit->role == ROLE_SCROLLBAR) {
        c->drag = hit->role == ROLE_PLOT ? DRAG_PAN : DRAG_SCROLL;
        if (hit->role == ROLE_PLOT)
            model_focus(&c->model, name);
    } else if ((bit = model_bit_of(&c->model, name, &row)) >= 0) {
        model_focus(&c->model, name);
        begin_paint(c, row, bit);
    } else if (!(hit->state & STATE_DISABLED)) {
        c->drag = DRAG_PRESS;
        strcpy(c->pressed, name);
        if (!c->model.popup)
            model_focus(&c->model, name);
    }
    control_update(c);
}

/* A drag writes in the row it began in, and nowhere else. */
static void paint_over(struct control *c, const struct item *hit)
{
    int row, bit = hit ? model_bit_of(&c->model, hit->name, &row) : -1;
    if (bit < 0 || row != c->painted || (c->model.rows[row].bits >> bit & 1) == c->paint)
        return;
    model_focus(&c->model, hit->name);
    model_write_bit(&c->model, row, bit, c->paint, c->session);
}

static void scroll_by_bar(struct control *c, int dy)
{
    const struct item *bar = layout_find(&c->layout, "scrollbar");
    int travel = bar ? c->layout.body.h - bar->rect.h : 0;
    if (travel > 0)
        c->scroll += (int)((int64_t)dy * layout_scroll_max(&c->layout) / travel);
}

/* A fast pointer skips cells: they are visited in steps of less than one. */
static void paint_along(struct control *c, int x0, int y0, int x1, int y1)
{
    int dx = x1 - x0, dy = y1 - y0;
    int far = abs(dx) > abs(dy) ? abs(dx) : abs(dy), steps = far / 4 + 1;
    for (int i = 1; i <= steps; i++)
        paint_over(c, layout_hit(&c->layout, x0 + dx * i / steps, y0 + dy * i / steps));
}

void control_move(struct control *c, int x, int y)
{
    int x0 = c->x, y0 = c->y;
    const struct item *hit;
    switch (c->drag) {
    case DRAG_PAINT:
        c->x = x;
        c->y = y;
        paint_along(c, x0, y0, x, y);
        control_update(c);
        break;
    case DRAG_PAN:
        hit = layout_find(&c->layout, "numberline.plot");
        if (hit && hit->rect.w && x != x0)
            numberline_pan(&c->model.line, (double)(x0 - x) / hit->rect.w);
        under(c, x, y);
        break;
    case DRAG_SCROLL:
        scroll_by_bar(c, y - y0);
        under(c, x, y);
        break;
    case DRAG_TEXT:
        hit = layout_find(&c->layout, c->model.focus);
        if (hit && hit->role == ROLE_FIELD && x != x0)
            edit_place(&c->model.edit, layout_column(&c->layout, hit, x), true);
        under(c, x, y);
        break;
    default:
        under(c, x, y);
    }
}

void control_leave(struct control *c)
{
    if (c->drag == DRAG_NONE)
        under(c, -1, -1);
}

void control_release(struct control *c, int x, int y)
{
    const struct item *hit = under(c, x, y);
    bool over = hit && c->drag == DRAG_PRESS && !strcmp(hit->name, c->pressed);
    char name[MODEL_NAME];
    strcpy(name, c->pressed);
    c->drag = DRAG_NONE;
    c->pressed[0] = 0;
    if (over)
        activate(c, name);
    control_update(c);
}

void control_wheel(struct control *c, double notches)
{
    const struct item *hit = layout_hit(&c->layout, c->x, c->y);
    if (hit && hit->role == ROLE_PLOT && hit->rect.w) {
        double share = (double)(c->x - hit->rect.x) / hit->rect.w;
        for (int i = 0; i < 8 && notches > 0.5; i++, notches--)
            numberline_zoom(&c->model.line, 1.25, share);
        for (int i = 0; i < 8 && notches < -0.5; i++, notches++)
            numberline_zoom(&c->model.line, 0.8, share);
    } else if (!c->model.popup) {
        notches = notches > 100 ? 100 : notches < -100 ? -100 : notches;
        c->scroll -= (int)(notches * 48 * control_scale(c));
    }
    control_update(c);
}
