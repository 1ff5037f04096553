#include "theme.h"

#include <string.h>

/*
 * The safe theme keeps its fields apart under every kind of colour-blindness: hues from the palette
 * of Okabe and Ito (2008), told apart by lightness too.
 */
static const struct colors themes[THEME_COUNT] = {
    [THEME_LIGHT] =
        {
            .page = 0xf4f4f1,
            .panel = 0xffffff,
            .edge = 0xdedfda,
            .ink = 0x23262b,
            .dim = 0x666c76,
            .line = 0xb4b8be,
            .accent = 0x2f5fb3,
            .on_accent = 0xffffff,
            .bad = 0xa8281e,
            .bad_ground = 0xfdf0ee,
            .button = 0xe9eae6,
            .button_over = 0xdcdeda,
            .field = 0xf7f7f5,
            .menu = 0xffffff,
            .selection = 0xc9dbf7,
            .cell = {0xc5cdf6, 0xc3e8c6, 0xf6cdcb},
            .cell_over = {0x9ca8e4, 0x96cf9b, 0xe49f9c},
            .cell_ink = {0x1e2a6b, 0x134a1b, 0x6d1c18},
            .tint = {0xe4e8fc, 0xe2f4e4, 0xfbe6e5},
        },
    [THEME_DARK] =
        {
            .page = 0x17191d,
            .panel = 0x20242a,
            .edge = 0x31363e,
            .ink = 0xe4e6ea,
            .dim = 0x9aa2ae,
            .line = 0x535a65,
            .accent = 0x7fa9ee,
            .on_accent = 0x10151f,
            .bad = 0xf0908a,
            .bad_ground = 0x3a2324,
            .button = 0x2b3038,
            .button_over = 0x3a414b,
            .field = 0x191c21,
            .menu = 0x262b32,
            .selection = 0x33507f,
            .cell = {0x3a4480, 0x28583a, 0x703838},
            .cell_over = {0x5562ad, 0x3b7d54, 0x9a5050},
            .cell_ink = {0xdfe4ff, 0xd8f5de, 0xffe1df},
            .tint = {0x2c325a, 0x23402e, 0x4c2c2d},
        },
    [THEME_SAFE] =
        {
            .page = 0xf6f6f6,
            .panel = 0xffffff,
            .edge = 0xc9c9c9,
            .ink = 0x111111,
            .dim = 0x555555,
            .line = 0x9a9a9a,
            .accent = 0x0b4f8a,
            .on_accent = 0xffffff,
            .bad = 0x8f2f00,
            .bad_ground = 0xfff1e6,
            .button = 0xe8e8e8,
            .button_over = 0xd6d6d6,
            .field = 0xfafafa,
            .menu = 0xffffff,
            .selection = 0xbfd9ee,
            .cell = {0x2f6f9f, 0xbfe0f2, 0xf7c97f},
            .cell_over = {0x1d5480, 0x86c1e0, 0xe39f2f},
            .cell_ink = {0xffffff, 0x08324a, 0x3d2600},
            .tint = {0xc4d8e8, 0xe6f4fb, 0xfdf0d8},
        },
};

const struct colors *theme_colors(enum theme_name theme)
{
    return &themes[theme];
}

unsigned theme_ink(const struct colors *t, enum tint tint)
{
    switch (tint) {
    case TINT_DIM:
        return t->dim;
    case TINT_ACCENT:
        return t->accent;
    case TINT_BAD:
        return t->bad;
    case TINT_LINE:
        return t->line;
    case TINT_ON_ACCENT:
        return t->on_accent;
    case TINT_GROUND:
        return t->panel;
    default:
        return t->ink;
    }
}

const char *theme_label(enum theme_name theme)
{
    static const char *const names[] = {"light", "dark", "safe"};
    return names[theme];
}

bool theme_find(const char *name, enum theme_name *theme)
{
    for (int i = 0; i < THEME_COUNT; i++)
        if (!strcmp(name, theme_label((enum theme_name)i))) {
            *theme = (enum theme_name)i;
            return true;
        }
    return false;
}
