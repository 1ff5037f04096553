/* Text, as layout measures it and painting draws it. Who shows the canvas brings the glyphs, each
 * rendered once. */
#ifndef VISUAL_FONT_H
#define VISUAL_FONT_H

#include "canvas.h"

struct fonts;

/* Finds the fonts. NULL: message says which package has one. */
struct fonts *fonts_open(char *message, size_t size);
void fonts_close(struct fonts *f);
/* Pixels in a unit. Cheap where it is what it was. False: out of memory or a broken font file. */
bool fonts_scale(struct fonts *f, double scale);
struct metrics fonts_metrics(struct fonts *f);
/* TEXT with its line's top at y; returns its width. */
int fonts_draw(struct fonts *f, struct canvas *c, enum face face, int x, int y, unsigned color,
               const char *text, size_t length);

#endif
