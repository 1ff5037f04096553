/* Colours by theme, as 0xRRGGBB. */
#pragma once

#include "layout.h"

struct colors {
    unsigned page, panel, edge; /* ground, cards, thin lines */
    unsigned ink, dim, line;
    unsigned accent, on_accent; /* focus, choice, source */
    unsigned bad, bad_ground;
    unsigned button, button_over, field, menu;
    unsigned selection;
    /* By field, sign first: a cell, a cell under the pointer, its digit, the sum's tint. */
    unsigned cell[3], cell_over[3], cell_ink[3], tint[3];
};

const struct colors *theme_colors(enum theme_name theme);
/* The ink of a tint. */
unsigned theme_ink(const struct colors *t, enum tint tint);
