#include "font.h"
#include "allocate.h"

#include <SDL_ttf.h>
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <string.h>

struct sources {
    char *paths[3]; /* sans, sans bold, monospace */
    TTF_Font *fonts[FACE_COUNT];
};

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
    struct sources *s = f->own = need(calloc(1, sizeof *s));
    if (TTF_Init()) {
        snprintf(message, size, "SDL_ttf: %s", TTF_GetError());
        free(s);
        free(f);
        return NULL;
    }
    s->paths[0] = find_font("DejaVu Sans", false, false);
    s->paths[1] = find_font("DejaVu Sans", true, false);
    s->paths[2] = find_font("DejaVu Sans Mono", false, true);
    for (int i = 0; i < 3; i++)
        if (!s->paths[i]) {
            snprintf(message, size,
                     "no scalable %s font was found; install one (Debian: fonts-dejavu-core)",
                     i == 2 ? "monospace" : "sans-serif");
            fonts_close(f);
            return NULL;
        }
    return f;
}

static void close_face(struct fonts *f, enum face face)
{
    struct sources *s = f->own;
    if (s->fonts[face])
        TTF_CloseFont(s->fonts[face]);
    s->fonts[face] = NULL;
}

void fonts_close(struct fonts *f)
{
    struct sources *s = f ? f->own : NULL;
    if (!f)
        return;
    for (int i = 0; i < FACE_COUNT; i++) {
        fonts_forget(f, (enum face)i);
        close_face(f, (enum face)i);
    }
    for (int i = 0; i < 3; i++)
        free(s->paths[i]);
    TTF_Quit();
    FcFini();
    free(s);
    free(f);
}

int fonts_face(struct fonts *f, enum face face, int size)
{
    struct sources *s = f->own;
    close_face(f, face);
    const struct face_kind *k = &face_kinds[face];
    s->fonts[face] = TTF_OpenFont(s->paths[k->mono ? 2 : k->bold ? 1 : 0], size);
    if (!s->fonts[face])
        return 0;
    TTF_SetFontHinting(s->fonts[face], TTF_HINTING_LIGHT);
    return TTF_FontHeight(s->fonts[face]);
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

void fonts_render(struct fonts *f, enum face face, struct glyph *g)
{
    const struct sources *s = f->own;
    TTF_Font *font = s->fonts[face];
    int left = 0, right, low, high;
    bool stands_in = TTF_FontFaceIsFixedWidth(font) && !TTF_GlyphIsProvided32(font, g->code);
    TTF_GlyphMetrics32(font, stands_in ? '0' : g->code, &left, &right, &low, &high, &g->advance);
    SDL_Color white = {255, 255, 255, 255};
    SDL_Surface *image = g->code == ' ' ? NULL : TTF_RenderGlyph32_Blended(font, g->code, white);
    if (image) {
        take_coverage(g, image);
        g->x = left < 0 ? left : 0;
        SDL_FreeSurface(image);
    }
}
