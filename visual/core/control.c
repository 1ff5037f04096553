#include "control.h"
#include "actions.h"

#include <stdlib.h>
#include <string.h>

static const struct item *under(struct session *s, int x, int y)
{
    s->x = x;
    s->y = y;
    session_update(s);
    return layout_hit(&s->layout, x, y);
}

static void begin_paint(struct session *s, int row, int bit)
{
    const struct row *r = &s->model.rows[row];
    s->drag = DRAG_PAINT;
    s->painted = row;
    s->paint = !(r->bits >> bit & 1);
    s->stroke++;
    model_write_bit(&s->model, row, bit, s->paint, s->stroke);
}

static void press_field(struct session *s, const struct item *field, int x, bool extend)
{
    char name[MODEL_NAME];
    strcpy(name, field->name);
    bool again = !strcmp(name, s->model.focus);
    size_t column = layout_column(&s->layout, field, x);
    session_focus(s, name);
    s->drag = DRAG_TEXT;
    /* The first press selects everything, the next one places the caret. */
    if (again)
        edit_place(&s->model.edit, column, extend);
}

void control_press(struct session *s, int x, int y, bool extend)
{
    const struct item *hit = under(s, x, y);
    char name[MODEL_NAME];
    int row, bit;
    s->drag = DRAG_NONE;
    if (!hit) {
        if (s->model.popup)
            session_close_popup(s);
        session_update(s);
        return;
    }
    strcpy(name, hit->name);
    if (hit->role == ROLE_FIELD) {
        press_field(s, hit, x, extend);
    } else if (hit->role == ROLE_PLOT || hit->role == ROLE_SCROLLBAR) {
        s->drag = hit->role == ROLE_PLOT ? DRAG_PAN : DRAG_SCROLL;
        if (hit->role == ROLE_PLOT)
            model_focus(&s->model, name);
    } else if ((bit = model_bit_of(&s->model, name, &row)) >= 0) {
        model_focus(&s->model, name);
        begin_paint(s, row, bit);
    } else if (!(hit->state & STATE_DISABLED)) {
        s->drag = DRAG_PRESS;
        strcpy(s->pressed, name);
        if (!s->model.popup)
            model_focus(&s->model, name);
    }
    session_update(s);
}

/* A drag writes in the row it began in, and nowhere else. */
static void paint_over(struct session *s, const struct item *hit)
{
    int row, bit = hit ? model_bit_of(&s->model, hit->name, &row) : -1;
    if (bit < 0 || row != s->painted || (s->model.rows[row].bits >> bit & 1) == s->paint)
        return;
    model_focus(&s->model, hit->name);
    model_write_bit(&s->model, row, bit, s->paint, s->stroke);
}

static void scroll_by_bar(struct session *s, int dy)
{
    const struct item *bar = layout_find(&s->layout, "scrollbar");
    int travel = bar ? s->layout.body.h - bar->rect.h : 0;
    if (travel > 0)
        s->scroll += (int)((int64_t)dy * layout_scroll_max(&s->layout) / travel);
}

/* A fast pointer skips cells: they are visited in steps of less than one. */
static void paint_along(struct session *s, int x0, int y0, int x1, int y1)
{
    int dx = x1 - x0, dy = y1 - y0;
    int far = abs(dx) > abs(dy) ? abs(dx) : abs(dy), steps = far / 4 + 1;
    for (int i = 1; i <= steps; i++)
        paint_over(s, layout_hit(&s->layout, x0 + dx * i / steps, y0 + dy * i / steps));
}

void control_move(struct session *s, int x, int y)
{
    int x0 = s->x, y0 = s->y;
    const char *name = s->drag == DRAG_PAN ? "numberline.plot" : s->model.focus;
    const struct item *hit = layout_find(&s->layout, name);
    if (s->drag == DRAG_PAINT) {
        s->x = x;
        s->y = y;
        paint_along(s, x0, y0, x, y);
        session_update(s);
        return;
    }
    if (s->drag == DRAG_SCROLL)
        scroll_by_bar(s, y - y0);
    else if (s->drag == DRAG_PAN && hit && hit->rect.w && x != x0)
        numberline_pan(&s->model.line, (double)(x0 - x) / hit->rect.w);
    else if (s->drag == DRAG_TEXT && hit && hit->role == ROLE_FIELD && x != x0)
        edit_place(&s->model.edit, layout_column(&s->layout, hit, x), true);
    under(s, x, y);
}

void control_leave(struct session *s)
{
    if (s->drag == DRAG_NONE)
        under(s, -1, -1);
}

void control_release(struct session *s, int x, int y)
{
    const struct item *hit = under(s, x, y);
    bool over = hit && s->drag == DRAG_PRESS && !strcmp(hit->name, s->pressed);
    char name[MODEL_NAME];
    strcpy(name, s->pressed);
    s->drag = DRAG_NONE;
    s->pressed[0] = 0;
    if (over)
        session_activate(s, name);
    session_update(s);
}

void control_wheel(struct session *s, double notches)
{
    const struct item *hit = layout_hit(&s->layout, s->x, s->y);
    if (hit && hit->role == ROLE_PLOT && hit->rect.w) {
        double share = (double)(s->x - hit->rect.x) / hit->rect.w;
        for (int i = 0; i < 8 && notches > 0.5; i++, notches--)
            numberline_zoom(&s->model.line, 1.25, share);
        for (int i = 0; i < 8 && notches < -0.5; i++, notches++)
            numberline_zoom(&s->model.line, 0.8, share);
    } else if (!s->model.popup) {
        notches = notches > 100 ? 100 : notches < -100 ? -100 : notches;
        s->scroll -= (int)(notches * 48 * session_scale(s));
    }
    session_update(s);
}
