/* Glyphs by face and code point, each rendered once by who shows the canvas. */
#include "allocate.h"
#include "font.h"
#include "words.h"

#include <string.h>

void fonts_forget(struct fonts *f, enum face face)
{
    for (int k = 0; k < GLYPH_BUCKETS; k++) {
        for (struct glyph *g = f->glyphs[face][k], *next; g; g = next) {
            next = g->next;
            free(g->coverage);
            free(g);
        }
        f->glyphs[face][k] = NULL;
    }
}

bool fonts_scale(struct fonts *f, double scale)
{
    if (scale == f->scale)
        return true;
    for (int i = 0; i < FACE_COUNT; i++) {
        int size = (int)(face_kinds[i].size * scale + 0.5);
        fonts_forget(f, (enum face)i);
        f->height[i] = fonts_face(f, (enum face)i, size > 4 ? size : 4);
        if (!f->height[i])
            return false;
    }
    f->scale = scale;
    return true;
}

static const struct glyph *glyph(struct fonts *f, enum face face, uint32_t code)
{
    struct glyph **slot = &f->glyphs[face][code % GLYPH_BUCKETS];
    while (*slot && (*slot)->code != code)
        slot = &(*slot)->next;
    if (!*slot) {
        *slot = need(calloc(1, sizeof **slot));
        (*slot)->code = code;
        fonts_render(f, face, *slot);
    }
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
