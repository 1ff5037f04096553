/* Draws a layout. */
#pragma once

#include "font.h"
#include "theme.h"

struct painter {
    struct fonts *fonts;
    const struct colors *colors;
    double scale;
};

/* Everything that lies in the canvas's clip. */
void paint(const struct painter *p, struct canvas *c, const struct layout *l);
