/* Glyphs of the browser: their coverage comes from the page. */
#include "font.h"
#include "allocate.h"
#include "page.h"

/* The page's side. A face is opened at a size in pixels and gives the height of a line. */
IMPORT("face_open") int face_open(int face, int size, int mono, int bold);
/* Renders CODE; out: advance, x, y, w, h. The coverage waits for glyph_take. */
IMPORT("glyph_render") void glyph_render(int face, uint32_t code, int *out);
IMPORT("glyph_take") void glyph_take(unsigned char *coverage);

struct fonts *fonts_open(char *message, size_t size)
{
    (void)message, (void)size;
    return need(calloc(1, sizeof(struct fonts)));
}

int fonts_face(struct fonts *f, enum face face, int size)
{
    (void)f;
    return face_open((int)face, size, face_kinds[face].mono, face_kinds[face].bold);
}

void fonts_render(struct fonts *f, enum face face, struct glyph *g)
{
    int out[5];
    (void)f;
    glyph_render((int)face, g->code, out);
    *g = (struct glyph){g->code, out[0], out[1], out[2], out[3], out[4], NULL, NULL};
    if (g->w && g->h) {
        g->coverage = need(malloc((size_t)g->w * (size_t)g->h));
        glyph_take(g->coverage);
    }
}
