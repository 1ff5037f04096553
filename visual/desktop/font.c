#include "font.h"
#include "allocate.h"
#include "words.h"

#include <SDL_ttf.h>
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <string.h>

/* Glyphs are kept in a table by face and code point; those of a code point below DIRECT need no
 * search. */
enum { DIRECT = 128, BUCKETS = 256 };

struct glyph {
    uint32_t code;
    int advance, x, y, w, h; /* where the coverage lies from the pen and the line's top */
    unsigned char *coverage; /* NULL: blank */
    struct glyph *next;
};

struct face_font {
    TTF_Font *font;
    struct glyph *direct[DIRECT];
    struct glyph *buckets[BUCKETS];
};

struct fonts {
    char *paths[3]; /* sans, sans bold, monospace */
    struct face_font faces[FACE_COUNT];
    double scale;
    int height[FACE_COUNT];
};

/* --- Finding them --- */

static char *find_font(const char *family, bool bold, bool mono)
{
    FcPattern *pattern = FcPatternCreate();
    FcResult result;
    char *path = NULL;
    if (!pattern)
        return NULL;
    FcPatternAddString(pattern, FC_FAMILY, (const FcChar8 *)family);
    FcPatternAddString(pattern, FC_FAMILY, (const FcChar8 *)(mono ? "monospace" : "sans-serif"));
    FcPatternAddInteger(pattern, FC_WEIGHT, bold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
    FcPatternAddBool(pattern, FC_SCALABLE, FcTrue);
    FcConfigSubstitute(NULL, pattern, FcMatchPattern);
    FcDefaultSubstitute(pattern);
    FcPattern *match = FcFontMatch(NULL, pattern, &result);
    FcChar8 *file;
    FcBool scalable;
    if (match && FcPatternGetString(match, FC_FILE, 0, &file) == FcResultMatch &&
        FcPatternGetBool(match, FC_SCALABLE, 0, &scalable) == FcResultMatch && scalable)
        path = need(strdup((const char *)file));
    if (match)
        FcPatternDestroy(match);
    FcPatternDestroy(pattern);
    return path;
}

struct fonts *fonts_open(char *message, size_t size)
{
    struct fonts *f = need(calloc(1, sizeof *f));
    if (TTF_Init()) {
        snprintf(message, size, "SDL_ttf: %s", TTF_GetError());
        free(f);
        return NULL;
    }
    f->paths[0] = find_font("DejaVu Sans", false, false);
    f->paths[1] = find_font("DejaVu Sans", true, false);
    f->paths[2] = find_font("DejaVu Sans Mono", false, true);
    for (int i = 0; i < 3; i++)
        if (!f->paths[i]) {
            snprintf(message, size,
                     "no scalable %s font was found; install one (Debian: fonts-dejavu-core)",
                     i == 2 ? "monospace" : "sans-serif");
            fonts_close(f);
            return NULL;
        }
    return f;
}

/* --- Glyphs --- */

static void free_chain(struct glyph *g)
{
    while (g) {
        struct glyph *next = g->next;
        free(g->coverage);
        free(g);
        g = next;
    }
}

static void forget(struct face_font *face)
{
    for (int i = 0; i < DIRECT; i++) {
        free_chain(face->direct[i]);
        face->direct[i] = NULL;
    }
    for (int i = 0; i < BUCKETS; i++) {
        free_chain(face->buckets[i]);
        face->buckets[i] = NULL;
    }
    if (face->font)
        TTF_CloseFont(face->font);
    face->font = NULL;
}

void fonts_close(struct fonts *f)
{
    if (!f)
        return;
    for (int i = 0; i < FACE_COUNT; i++)
        forget(&f->faces[i]);
    for (int i = 0; i < 3; i++)
        free(f->paths[i]);
    TTF_Quit();
    FcFini();
    free(f);
}

bool fonts_scale(struct fonts *f, double scale)
{
    if (scale == f->scale)
        return true;
    for (int i = 0; i < FACE_COUNT; i++) {
        enum face face = (enum face)i;
        const char *path = f->paths[face_is_mono(face) ? 2 : face_is_bold(face) ? 1 : 0];
        int size = (int)(face_size(face) * scale + 0.5);
        forget(&f->faces[i]);
        f->faces[i].font = TTF_OpenFont(path, size > 4 ? size : 4);
        if (!f->faces[i].font)
            return false;
        TTF_SetFontHinting(f->faces[i].font, TTF_HINTING_LIGHT);
        f->height[i] = TTF_FontHeight(f->faces[i].font);
    }
    f->scale = scale;
    return true;
}

/* The part of a rendered glyph that is not blank, as coverage. */
static void take_coverage(struct glyph *g, SDL_Surface *image)
{
    g->w = image->w;
    g->h = image->h;
    g->coverage = need(malloc((size_t)image->w * (size_t)image->h + 1));
    for (int y = 0; y < image->h; y++) {
        const uint32_t *row =
            (const uint32_t *)(const void *)((char *)image->pixels + y * image->pitch);
        for (int x = 0; x < image->w; x++)
            g->coverage[y * image->w + x] = (unsigned char)(row[x] >> 24);
    }
}

static struct glyph *render(TTF_Font *font, uint32_t code)
{
    struct glyph *g = need(calloc(1, sizeof *g));
    int left = 0, right, low, high;
    g->code = code;
    if (!TTF_FontFaceIsFixedWidth(font) || TTF_GlyphIsProvided32(font, code))
        TTF_GlyphMetrics32(font, code, &left, &right, &low, &high, &g->advance);
    else
        TTF_GlyphMetrics32(font, '0', &left, &right, &low, &high, &g->advance);
    SDL_Color white = {255, 255, 255, 255};
    SDL_Surface *image = code == ' ' ? NULL : TTF_RenderGlyph32_Blended(font, code, white);
    if (image) {
        take_coverage(g, image);
        g->x = left < 0 ? left : 0;
        SDL_FreeSurface(image);
    }
    return g;
}

static struct glyph *glyph(struct face_font *face, uint32_t code)
{
    struct glyph **slot = code < DIRECT ? &face->direct[code] : &face->buckets[code % BUCKETS];
    while (*slot && (*slot)->code != code)
        slot = &(*slot)->next;
    if (!*slot)
        *slot = render(face->font, code);
    return *slot;
}

static int measure(void *context, enum face face, const char *text, size_t length)
{
    struct fonts *f = context;
    int width = 0;
    for (const char *end = text + length; text < end;)
        width += glyph(&f->faces[face], utf8_code(&text, end))->advance;
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
        const struct glyph *g = glyph(&f->faces[face], utf8_code(&text, end));
        if (g->coverage)
            canvas_stamp(c, pen + g->x, y + g->y, g->coverage, g->w, g->h, color);
        pen += g->advance;
    }
    return pen - x;
}
