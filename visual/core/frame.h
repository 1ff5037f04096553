/* Which parts of the window changed between two layouts. No SDL. */
#pragma once

#include "layout.h"

enum { FRAME_PARTS = 24 };

struct frame {
    uint64_t *hashes;
    struct rect *rects;
    size_t count, room;
    int width, height, theme;
    struct rect parts[FRAME_PARTS];
    int part_count; /* 0: nothing changed */
};

/* Fills parts with what has to be drawn anew to get from the layout of the last call to L, and
 * remembers L. They do not overlap. The first call, and one after a resize, gives the whole. */
void frame_next(struct frame *f, const struct layout *l);
void frame_clear(struct frame *f);
