/*
 * What is on screen, as a list: every item with its name, role, text, state and rectangle in
 * pixels, in reading order. Painting draws the list, --describe prints it, and the pointer is
 * looked up in it. No SDL: how wide text is comes from the caller. Not thread-safe.
 */
#pragma once

#include "model.h"

struct rect {
    int x, y, w, h;
};

static inline struct rect box(int x, int y, int w, int h)
{
    return (struct rect){x, y, w, h};
}

static inline bool rect_has(struct rect r, int x, int y)
{
    return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

struct rect rect_cut(struct rect a, struct rect b); /* what both cover; w or h 0: nothing */

static inline bool rects_meet(struct rect a, struct rect b)
{
    struct rect both = rect_cut(a, b);
    return both.w && both.h;
}

/* OUT further to every side. */
static inline struct rect rect_grown(struct rect r, int out)
{
    return box(r.x - out, r.y - out, r.w + 2 * out, r.h + 2 * out);
}

enum face {
    FACE_WORDS,
    FACE_SMALL,
    FACE_BOLD,
    FACE_MONO,
    FACE_INDEX, /* bit indices */
    FACE_BIT,
    FACE_LARGE,     /* figures of the value field */
    FACE_BIT_LARGE, /* digits of cells that have room for them */
    FACE_COUNT
};

struct face_kind {
    double size; /* in units: pixels at scale 1 */
    bool mono, bold;
};
extern const struct face_kind face_kinds[FACE_COUNT];

struct metrics {
    /* Width in pixels of LENGTH bytes of UTF-8. */
    int (*width)(void *context, enum face face, const char *text, size_t length);
    void *context;
    int height[FACE_COUNT]; /* of a line */
};

enum role {
    ROLE_PANEL,
    ROLE_HEADING,
    ROLE_LABEL,
    ROLE_FIELD,
    ROLE_BUTTON,
    ROLE_TAB,
    ROLE_CHECK,
    ROLE_BIT,
    ROLE_MENU,
    ROLE_OPTION,
    ROLE_PLOT,
    ROLE_SCROLLBAR
};

const char *role_name(enum role role);

enum tint {
    TINT_INK,
    TINT_DIM,
    TINT_SIGN,
    TINT_EXPONENT,
    TINT_SIGNIFICAND,
    TINT_ACCENT,
    TINT_BAD,
    TINT_LINE,
    TINT_ON_ACCENT, /* ink on the accent's ground */
    TINT_GROUND,    /* a panel's */
};

enum state {
    STATE_ACTIVE = 1 << 0, /* takes clicks and the focus */
    STATE_STOP = 1 << 1,   /* Tab stops here */
    STATE_FOCUSED = 1 << 2,
    STATE_SELECTED = 1 << 3,
    STATE_CHECKED = 1 << 4,
    STATE_HOVERED = 1 << 5,
    STATE_PRESSED = 1 << 6,
    STATE_INVALID = 1 << 7,
    STATE_SOURCE = 1 << 8,
    STATE_DISABLED = 1 << 9,
    STATE_OFFSCREEN = 1 << 10, /* scrolled away */
    STATE_TINTED = 1 << 11,    /* on a ground of its tint */
    STATE_ELIDED = 1 << 12,    /* the text did not fit; full has it */
    STATE_OVER = 1 << 13,      /* lies over the drawing, and not under it */
};

enum align { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };

struct item {
    char name[MODEL_NAME];
    enum role role;
    struct rect rect;
    struct rect clip; /* the part of the window it may paint in */
    const char *text; /* lines end in '\n'; never NULL */
    const char *full; /* the whole text or a longer explanation; NULL: text says it all */
    enum face face;
    enum align align;
    enum tint tint;
    unsigned state;
    bool top;    /* the text stands at the top and not in the middle */
    int layer;   /* 1: a popup's */
    int caption; /* a bit's index; its strip is the upper part of rect, caption_height high */
    int caption_height;
    /* A focused field: first column shown, and caret and anchor in columns from there. */
    int first, caret, anchor;
};

enum mark_kind { MARK_FILL, MARK_DISC, MARK_DOWN };

/* Part of a drawing, without a name. */
struct mark {
    enum mark_kind kind;
    struct rect rect, clip;
    enum tint tint;
    unsigned char alpha;
};

/* The densities of a lane of the number line, kept while the stretch stays. */
struct lane_cache {
    const struct hu_format *format;
    unsigned version;
    int columns;
    double *density;
};

struct view {
    int width, height;             /* pixels */
    double scale;                  /* pixels in a unit: the display's scale times the zoom */
    int scroll;                    /* pixels */
    const char *hovered, *pressed; /* names; may be NULL */
    struct metrics metrics;
};

struct layout {
    struct item *items;
    size_t count, room;
    struct mark *marks;
    size_t mark_count, mark_room;
    char **texts;
    size_t text_count, text_room;
    const struct model *model;
    struct view view;
    struct rect body; /* the part that scrolls */
    int content;      /* its content's height */
    int layer;
    struct lane_cache lanes[DOCUMENT_ROWS];
};

void layout_clear(struct layout *l);

/* Lays everything out anew. Pointers from before are gone. view->scroll may be anything: l->view
 * has the one that was used. */
void layout_build(struct layout *l, const struct model *m, const struct view *view);

int layout_scroll_max(const struct layout *l);

/* NULL: no such item. */
const struct item *layout_find(const struct layout *l, const char *name);
/* The uppermost item at (x, y) that takes clicks; with a popup open, only the popup's. */
const struct item *layout_hit(const struct layout *l, int x, int y);
/* The next item that Tab stops at from NAME, direction 1 or -1. */
const struct item *layout_stop(const struct layout *l, const char *name, int direction);
/* The column of a field's text that lies under x. */
size_t layout_column(const struct layout *l, const struct item *field, int x);

/* Space between an item's edge and its text; where a text that is not centred begins. */
int layout_inset(const struct layout *l, const struct item *i);
int layout_text_left(const struct layout *l, const struct item *i);
