/* Glyphs of the browser: a glyph's coverage comes from the page, each rendered once. */
#include "font.h"
#include "allocate.h"
#include "page.h"
#include "words.h"

#include <string.h>

/* The page's side. A face is opened at a size in pixels and gives the height of a line. */
IMPORT("face_open") int face_open(int face, int size, int mono, int bold);
/* Renders CODE; out: advance, x, y, w, h. The coverage waits for glyph_take. */
IMPORT("glyph_render") void glyph_render(int face, uint32_t code, int *out);
IMPORT("glyph_take") void glyph_take(unsigned char *coverage);

enum { BUCKETS = 256 };

struct glyph {
    uint32_t code;
    int advance, x, y, w, h; /* where the coverage lies from the pen and the line's top */
    unsigned char *coverage; /* NULL: blank */
    struct glyph *next;
};

struct fonts {
    struct glyph *buckets[FACE_COUNT][BUCKETS];
    int height[FACE_COUNT];
    double scale;
};

struct fonts *fonts_open(char *message, size_t size)
{
    (void)message, (void)size;
    return need(calloc(1, sizeof(struct fonts)));
}

static void forget(struct glyph *buckets[BUCKETS])
{
    for (int k = 0; k < BUCKETS; k++) {
        for (struct glyph *g = buckets[k], *next; g; g = next) {
            next = g->next;
            free(g->coverage);
            free(g);
        }
        buckets[k] = NULL;
    }
}

void fonts_close(struct fonts *f)
{
    for (int i = 0; i < FACE_COUNT; i++)
        forget(f->buckets[i]);
    free(f);
}

bool fonts_scale(struct fonts *f, double scale)
{
    if (scale == f->scale)
        return true;
    for (int i = 0; i < FACE_COUNT; i++) {
        enum face face = (enum face)i;
        int size = (int)(face_size(face) * scale + 0.5);
        forget(f->buckets[i]);
        f->height[i] = face_open(i, size > 4 ? size : 4, face_is_mono(face), face_is_bold(face));
    }
    f->scale = scale;
    return true;
}

static struct glyph *render(enum face face, uint32_t code)
{
    struct glyph *g = need(calloc(1, sizeof *g));
    int out[5];
    glyph_render(face, code, out);
    *g = (struct glyph){code, out[0], out[1], out[2], out[3], out[4], NULL, NULL};
    if (g->w && g->h) {
        g->coverage = need(malloc((size_t)g->w * (size_t)g->h));
        glyph_take(g->coverage);
    }
    return g;
}

static const struct glyph *glyph(struct fonts *f, enum face face, uint32_t code)
{
    struct glyph **slot = &f->buckets[face][code % BUCKETS];
    while (*slot && (*slot)->code != code)
        slot = &(*slot)->next;
    if (!*slot)
        *slot = render(face, code);
    return *slot;
}

static int measure(void *context, enum face face, const char *text, size_t length)
{
    int width = 0;
    for (const char *end = text + length; text < end;)
        width += glyph(context, face, utf8_code(&text, end))->advance;
    return width;
}

struct metrics fonts_metrics(struct fonts *f)
{
    struct metrics m = {.width = measure, .context = f};
    memcpy(m.height, f->height, sizeof m.height);
    return m;
}

int fonts_draw(struct fonts *f, struct canvas *c, enum face face, int x, int y, unsigned color,
               const char *text, size_t length)
{
    int pen = x;
    for (const char *end = text + length; text < end;) {
        const struct glyph *g = glyph(f, face, utf8_code(&text, end));
        if (g->coverage)
            canvas_stamp(c, pen + g->x, y + g->y, g->coverage, g->w, g->h, color);
        pen += g->advance;
    }
    return pen - x;
}
