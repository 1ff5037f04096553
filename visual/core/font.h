/* Text, as layout measures it and painting draws it. Who shows the canvas brings the glyphs, each
 * rendered once. */
#pragma once

#include "canvas.h"

struct glyph {
    uint32_t code;
    int advance, x, y, w, h; /* where the coverage lies from the pen and the line's top */
    unsigned char *coverage; /* NULL: blank */
    struct glyph *next;
};

enum { GLYPH_BUCKETS = 256 };
struct fonts {
    struct glyph *glyphs[FACE_COUNT][GLYPH_BUCKETS];
    int height[FACE_COUNT]; /* of a line */
    double scale;
    void *own; /* of who renders */
};

/* Pixels in a unit. Cheap where it is what it was. False: out of memory or a broken font file. */
bool fonts_scale(struct fonts *f, double scale);
struct metrics fonts_metrics(struct fonts *f);
/* TEXT with its line's top at y; returns its width. */
int fonts_draw(struct fonts *f, struct canvas *c, enum face face, int x, int y, unsigned color,
               const char *text, size_t length);
void fonts_forget(struct fonts *f, enum face face);

/* What who shows the canvas has. */

/* Finds the fonts. NULL: message says which package has one. */
struct fonts *fonts_open(char *message, size_t size);
void fonts_close(struct fonts *f);
/* FACE in SIZE pixels from now on: the height of a line; 0: it cannot be had. */
int fonts_face(struct fonts *f, enum face face, int size);
/* All of G but its code. */
void fonts_render(struct fonts *f, enum face face, struct glyph *g);
