/* What the viewer holds between events: the model, its layout, the pointer's state. No SDL. */
#pragma once

#include "layout.h"

enum drag { DRAG_NONE, DRAG_PAINT, DRAG_PAN, DRAG_SCROLL, DRAG_TEXT, DRAG_PRESS };

/* How the clipboard of the desktop, or a script's, is reached. */
struct clipboard {
    char *(*get)(void *context); /* new memory; NULL: empty */
    void (*set)(void *context, const char *text);
    void *context;
};

struct session {
    struct model model;
    struct layout layout;
    struct metrics metrics; /* for metrics_scale */
    double metrics_scale;
    /* Sets the metrics for a scale. */
    void (*rescale)(struct session *s, double scale);
    void *context; /* rescale's */
    struct clipboard clipboard;
    int width, height; /* pixels */
    double base;       /* the display's scale, without the zoom */
    int scroll;
    int x, y; /* the pointer; -1: elsewhere */
    char hovered[MODEL_NAME], pressed[MODEL_NAME];
    enum drag drag;
    int painted;     /* the row that the drag writes in */
    bool paint;      /* what it writes */
    unsigned stroke; /* numbers drags, so that each is one step of undo */
    bool quit;
};

/* Units are never larger than leaves a window of 360 by 300 of them: the least that everything can
 * be laid out in. */
double session_scale(const struct session *s);

void session_init(struct session *s, int width, int height, double base,
                  void (*rescale)(struct session *s, double scale), void *context);
void session_clear(struct session *s);
/* Lays out what the state is now; call after every event and before drawing. */
void session_update(struct session *s);
void session_resize(struct session *s, int width, int height);

/* The focus goes to NAME and the page scrolls so that it is seen. */
void session_focus(struct session *s, const char *name);
void session_reveal(struct session *s, const char *name);
