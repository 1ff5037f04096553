#include "theme.h"
#include "words.h"

#include <string.h>

/*
 * A colour in the light, the dark and the safe theme, which keeps its fields apart under every kind
 * of colour-blindness: hues from the palette of Okabe and Ito (2008), told apart by lightness too.
 */
#define COLOR(name, light, dark, safe)                                                             \
    [THEME_LIGHT].name = light, [THEME_DARK].name = dark, [THEME_SAFE].name = safe
static const struct colors themes[THEME_COUNT] = {
    COLOR(page, 0xf4f4f1, 0x17191d, 0xf6f6f6),
    COLOR(panel, 0xffffff, 0x20242a, 0xffffff),
    COLOR(edge, 0xdedfda, 0x31363e, 0xc9c9c9),
    COLOR(ink, 0x23262b, 0xe4e6ea, 0x111111),
    COLOR(dim, 0x666c76, 0x9aa2ae, 0x555555),
    COLOR(line, 0xb4b8be, 0x535a65, 0x9a9a9a),
    COLOR(accent, 0x2f5fb3, 0x7fa9ee, 0x0b4f8a),
    COLOR(on_accent, 0xffffff, 0x10151f, 0xffffff),
    COLOR(bad, 0xa8281e, 0xf0908a, 0x8f2f00),
    COLOR(bad_ground, 0xfdf0ee, 0x3a2324, 0xfff1e6),
    COLOR(button, 0xe9eae6, 0x2b3038, 0xe8e8e8),
    COLOR(button_over, 0xdcdeda, 0x3a414b, 0xd6d6d6),
    COLOR(field, 0xf7f7f5, 0x191c21, 0xfafafa),
    COLOR(menu, 0xffffff, 0x262b32, 0xffffff),
    COLOR(selection, 0xc9dbf7, 0x33507f, 0xbfd9ee),
    COLOR(cell[0], 0xc5cdf6, 0x3a4480, 0x2f6f9f),
    COLOR(cell[1], 0xc3e8c6, 0x28583a, 0xbfe0f2),
    COLOR(cell[2], 0xf6cdcb, 0x703838, 0xf7c97f),
    COLOR(cell_over[0], 0x9ca8e4, 0x535fa8, 0x1d5480),
    COLOR(cell_over[1], 0x96cf9b, 0x377650, 0x86c1e0),
    COLOR(cell_over[2], 0xe49f9c, 0x9a5050, 0xe39f2f),
    COLOR(cell_ink[0], 0x1e2a6b, 0xdfe4ff, 0xffffff),
    COLOR(cell_ink[1], 0x134a1b, 0xd8f5de, 0x08324a),
    COLOR(cell_ink[2], 0x6d1c18, 0xffe1df, 0x3d2600),
    COLOR(tint[0], 0xe4e8fc, 0x2c325a, 0xc4d8e8),
    COLOR(tint[1], 0xe2f4e4, 0x23402e, 0xe6f4fb),
    COLOR(tint[2], 0xfbe6e5, 0x4c2c2d, 0xfdf0d8),
};

const struct colors *theme_colors(enum theme_name theme)
{
    return &themes[theme];
}

unsigned theme_ink(const struct colors *t, enum tint tint)
{
    const unsigned inks[] = {
        [TINT_DIM] = t->dim,   [TINT_ACCENT] = t->accent, [TINT_BAD] = t->bad,
        [TINT_LINE] = t->line, [TINT_GROUND] = t->panel,  [TINT_ON_ACCENT] = t->on_accent};
    bool field = tint >= TINT_SIGN && tint <= TINT_SIGNIFICAND;
    return field || tint == TINT_INK ? t->ink : inks[tint];
}

static const char *const names[] = {"light", "dark", "safe"};

const char *theme_label(enum theme_name theme)
{
    return names[theme];
}

bool theme_find(const char *name, enum theme_name *theme)
{
    int i = index_of(name, names, THEME_COUNT);
    if (i >= 0)
        *theme = (enum theme_name)i;
    return i >= 0;
}
