/* Frames drawn in parts, and whole ones to compare them with. */
#ifndef TESTS_VIEW_FRAMES_H
#define TESTS_VIEW_FRAMES_H

#include "../visual/core/frame.h"
#include "../visual/core/paint.h"
#include "../visual/core/script.h"

#include <stdlib.h>
#include <string.h>

static void rescale(struct session *c, double scale)
{
    struct fonts *fonts = c->context;
    if (!fonts_scale(fonts, scale))
        exit(2);
    c->metrics = fonts_metrics(fonts);
}

static struct canvas new_canvas(int width, int height)
{
    size_t size = (size_t)width * (size_t)height * sizeof(uint32_t);
    struct canvas canvas = {malloc(size), width, height, width, {0, 0, width, height}};
    if (!canvas.pixels)
        exit(2);
    return canvas;
}

static struct painter painter_of(struct session *c)
{
    return (struct painter){c->context, theme_colors(c->model.theme), session_scale(c)};
}

/* The frame after the last event; only what changed is drawn. */
static void draw(struct session *c, struct frame *frame, struct canvas *canvas)
{
    struct painter painter = painter_of(c);
    session_update(c);
    frame_next(frame, &c->layout);
    for (int i = 0; i < frame->part_count; i++) {
        canvas->clip = frame->parts[i];
        paint(&painter, canvas, &c->layout);
    }
}

/* False: the parts do not add up to the whole. */
static bool is_whole(struct session *c, const struct canvas *canvas, struct canvas *whole)
{
    struct painter painter = painter_of(c);
    whole->clip = (struct rect){0, 0, whole->width, whole->height};
    paint(&painter, whole, &c->layout);
    return !memcmp(canvas->pixels, whole->pixels,
                   (size_t)whole->width * (size_t)whole->height * sizeof(uint32_t));
}

#endif
