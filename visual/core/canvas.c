#include "canvas.h"

#include <math.h>

static uint32_t mix(uint32_t under, unsigned over, int alpha)
{
    unsigned a = (unsigned)alpha + ((unsigned)alpha >> 7); /* 0 to 256 */
    unsigned rb = ((under & 0xff00ff) * (256 - a) + (over & 0xff00ff) * a) >> 8 & 0xff00ff;
    unsigned g = ((under & 0x00ff00) * (256 - a) + (over & 0x00ff00) * a) >> 8 & 0x00ff00;
    return rb | g;
}

void canvas_fill(struct canvas *c, struct rect r, unsigned color)
{
    r = rect_cut(r, c->clip);
    for (int y = r.y; y < r.y + r.h; y++) {
        uint32_t *row = c->pixels + (size_t)y * (size_t)c->stride;
        for (int x = r.x; x < r.x + r.w; x++)
            row[x] = color;
    }
}

void canvas_blend(struct canvas *c, struct rect r, unsigned color, int alpha)
{
    if (alpha == 255) {
        canvas_fill(c, r, color);
        return;
    }
    r = rect_cut(r, c->clip);
    for (int y = r.y; y < r.y + r.h; y++) {
        uint32_t *row = c->pixels + (size_t)y * (size_t)c->stride;
        for (int x = r.x; x < r.x + r.w; x++)
            row[x] = mix(row[x], color, alpha);
    }
}

static void plot(struct canvas *c, int x, int y, unsigned color, double coverage)
{
    if (coverage <= 0 || !rect_has(c->clip, x, y))
        return;
    uint32_t *at = c->pixels + (size_t)y * (size_t)c->stride + x;
    *at = mix(*at, color, coverage >= 1 ? 255 : (int)(coverage * 255));
}

/* How much of the pixel whose centre is (x, y) from the rectangle's corner the shape covers: its
 * signed distance from the outline, a pixel wide. */
static double cover(double x, double y, double w, double h, double radius)
{
    double dx = fabs(x - w / 2) - w / 2 + radius, dy = fabs(y - h / 2) - h / 2 + radius;
    double outside = hypot(dx > 0 ? dx : 0, dy > 0 ? dy : 0);
    double inside = dx > dy ? dx : dy;
    return 0.5 - (outside + (inside < 0 ? inside : 0) - radius);
}

/* The pixel X, Y from each corner. */
static void plot_corners(struct canvas *c, struct rect r, int x, int y, unsigned color, double part)
{
    for (int corner = 0; corner < 4; corner++)
        plot(c, r.x + (corner & 1 ? r.w - 1 - x : x), r.y + (corner & 2 ? r.h - 1 - y : y), color,
             part);
}

void canvas_round(struct canvas *c, struct rect r, double radius, unsigned color)
{
    int edge = (int)ceil(radius);
    if (2 * edge > r.h || 2 * edge > r.w)
        edge = (r.h < r.w ? r.h : r.w) / 2, radius = edge;
    canvas_fill(c, box(r.x, r.y + edge, r.w, r.h - 2 * edge), color);
    canvas_fill(c, box(r.x + edge, r.y, r.w - 2 * edge, edge), color);
    canvas_fill(c, box(r.x + edge, r.y + r.h - edge, r.w - 2 * edge, edge), color);
    for (int y = 0; y < edge; y++)
        for (int x = 0; x < edge; x++)
            plot_corners(c, r, x, y, color, cover(x + 0.5, y + 0.5, r.w, r.h, radius));
}

static double within(double part)
{
    return part > 1 ? 1 : part < 0 ? 0 : part;
}

static double ring_cover(double x, double y, struct rect r, double radius, int thick)
{
    double outer = cover(x, y, r.w, r.h, radius);
    double inner = cover(x - thick, y - thick, r.w - 2 * thick, r.h - 2 * thick,
                         radius > thick ? radius - thick : 0);
    return within(outer) - within(inner);
}

/* Straight sides are filled; only the corners go pixel by pixel. */
void canvas_ring(struct canvas *c, struct rect r, double radius, int thick, unsigned color)
{
    int edge = (int)ceil(radius > thick ? radius : thick) + 1;
    if (2 * edge > r.w || 2 * edge > r.h)
        edge = (r.w < r.h ? r.w : r.h) / 2;
    canvas_fill(c, box(r.x + edge, r.y, r.w - 2 * edge, thick), color);
    canvas_fill(c, box(r.x + edge, r.y + r.h - thick, r.w - 2 * edge, thick), color);
    canvas_fill(c, box(r.x, r.y + edge, thick, r.h - 2 * edge), color);
    canvas_fill(c, box(r.x + r.w - thick, r.y + edge, thick, r.h - 2 * edge), color);
    for (int y = 0; y < edge; y++)
        for (int x = 0; x < edge; x++)
            plot_corners(c, r, x, y, color, ring_cover(x + 0.5, y + 0.5, r, radius, thick));
}

void canvas_disc(struct canvas *c, struct rect r, unsigned color)
{
    struct rect seen = rect_cut(r, c->clip);
    for (int y = seen.y; y < seen.y + seen.h; y++)
        for (int x = seen.x; x < seen.x + seen.w; x++)
            plot(c, x, y, color, cover(x - r.x + 0.5, y - r.y + 0.5, r.w, r.h, r.h / 2.0));
}

void canvas_down(struct canvas *c, struct rect r, unsigned color)
{
    for (int y = 0; y < r.h; y++) {
        double half = (r.w / 2.0) * (1 - (y + 0.5) / r.h);
        for (int x = 0; x < r.w; x++)
            plot(c, r.x + x, r.y + y, color, half - fabs(x + 0.5 - r.w / 2.0) + 0.5);
    }
}

void canvas_stamp(struct canvas *c, int x, int y, const unsigned char *coverage, int w, int h,
                  unsigned color)
{
    struct rect seen = rect_cut(box(x, y, w, h), c->clip);
    for (int row = seen.y; row < seen.y + seen.h; row++) {
        const unsigned char *from = coverage + (size_t)(row - y) * (size_t)w;
        uint32_t *to = c->pixels + (size_t)row * (size_t)c->stride;
        for (int at = seen.x; at < seen.x + seen.w; at++)
            if (from[at - x])
                to[at] = mix(to[at], color, from[at - x]);
    }
}
