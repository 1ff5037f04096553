#include "session.h"

#include <string.h>

/* The least window that everything can be laid out in, in units. */
static const double least_width = 360, least_height = 300;

double session_scale(const struct session *s)
{
    double scale = s->base * s->model.zoom;
    double most_x = s->width / least_width, most_y = s->height / least_height;
    scale = scale < most_x ? scale : most_x;
    return scale < most_y ? scale : most_y;
}

void session_init(struct session *s, int width, int height, double base,
                  void (*rescale)(struct session *s, double scale), void *context)
{
    memset(s, 0, sizeof *s);
    model_init(&s->model);
    s->width = width;
    s->height = height;
    s->base = base;
    s->rescale = rescale;
    s->context = context;
    s->x = s->y = -1;
}

void session_clear(struct session *s)
{
    layout_clear(&s->layout);
    model_clear(&s->model);
}

static void build(struct session *s)
{
    double scale = session_scale(s);
    if (scale != s->metrics_scale) {
        s->rescale(s, scale);
        s->metrics_scale = scale;
    }
    struct view view = {.width = s->width,
                        .height = s->height,
                        .scale = scale,
                        .scroll = s->scroll,
                        .hovered = s->hovered,
                        .pressed = s->pressed,
                        .metrics = s->metrics};
    layout_build(&s->layout, &s->model, &view);
    s->scroll = s->layout.view.scroll;
}

void session_update(struct session *s)
{
    model_weigh(&s->model);
    build(s);
    /* What held the focus may be gone: its row was taken away, or the page changed. */
    if (!layout_find(&s->layout, s->model.focus)) {
        const struct item *first = layout_stop(&s->layout, "", 1);
        model_focus(&s->model, first ? first->name : "value");
        build(s);
    }
    const struct item *under = layout_hit(&s->layout, s->x, s->y);
    const char *name = under && s->x >= 0 ? under->name : "";
    if (strcmp(name, s->hovered)) {
        strcpy(s->hovered, name);
        build(s);
    }
}

void session_resize(struct session *s, int width, int height)
{
    s->width = width;
    s->height = height;
}

void session_reveal(struct session *s, const char *name)
{
    const struct item *i = layout_find(&s->layout, name);
    const struct rect *body = &s->layout.body;
    if (!i || i->layer || i->clip.y != body->y || i->clip.h != body->h)
        return;
    int margin = i->rect.h < body->h / 2 ? body->h / 16 : 0;
    if (i->rect.y + i->rect.h + margin > body->y + body->h)
        s->scroll += i->rect.y + i->rect.h + margin - body->y - body->h;
    if (i->rect.y - margin < body->y)
        s->scroll += i->rect.y - margin - body->y;
    session_update(s);
}

void session_focus(struct session *s, const char *name)
{
    model_focus(&s->model, name);
    session_update(s);
    session_reveal(s, name);
}
