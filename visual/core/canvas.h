/* Pixels in memory, and the few shapes that are drawn in them. Nothing outside the clip changes. */
#pragma once

#include "layout.h"

struct canvas {
    uint32_t *pixels;          /* 0x00RRGGBB, row after row */
    int width, height, stride; /* stride in pixels */
    struct rect clip;
};

void canvas_fill(struct canvas *c, struct rect r, unsigned color);
/* alpha from 0 to 255. */
void canvas_blend(struct canvas *c, struct rect r, unsigned color, int alpha);
/* A filled rectangle with round corners, and the line around one, both with smooth edges. */
void canvas_round(struct canvas *c, struct rect r, double radius, unsigned color);
void canvas_ring(struct canvas *c, struct rect r, double radius, int thick, unsigned color);
void canvas_disc(struct canvas *c, struct rect r, unsigned color);
/* A triangle that points down, as wide and high as R. */
void canvas_down(struct canvas *c, struct rect r, unsigned color);
/* COVERAGE: w × h bytes, 0 to 255. */
void canvas_stamp(struct canvas *c, int x, int y, const unsigned char *coverage, int w, int h,
                  unsigned color);
