/* Widths of text without a font: a monospace of 0.6 em and a proportional face of four widths, so
 * that layout can be tested where there is neither SDL nor a font. */
#ifndef TESTS_VIEW_METRICS_H
#define TESTS_VIEW_METRICS_H

#include "../visual/core/control.h"

#include <math.h>

static double plain_scale;

static int plain_width(void *context, enum face face, const char *text, size_t length)
{
    static const double widths[] = {0.55, 0.62, 0.48, 0.66};
    (void)context;
    int total = 0, mono = (int)ceil(face_kinds[face].size * 0.6 * plain_scale);
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            total += face_kinds[face].mono
                         ? mono
                         : (int)ceil(face_kinds[face].size * widths[text[i] & 3] * plain_scale);
    return total;
}

static void plain_metrics(struct session *c, double scale)
{
    plain_scale = scale;
    c->metrics = (struct metrics){.width = plain_width};
    for (int i = 0; i < FACE_COUNT; i++)
        c->metrics.height[i] = (int)ceil(face_kinds[i].size * 1.2 * scale);
}

#endif
