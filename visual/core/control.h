/* From pointer and keys to actions, on top of layout and model. No SDL. */
#ifndef VISUAL_CONTROL_H
#define VISUAL_CONTROL_H

#include "keys.h"
#include "layout.h"

enum drag { DRAG_NONE, DRAG_PAINT, DRAG_PAN, DRAG_SCROLL, DRAG_TEXT, DRAG_PRESS };

/* How the clipboard of the desktop, or a script's, is reached. */
struct clipboard {
    char *(*get)(void *context); /* new memory; NULL: empty */
    void (*set)(void *context, const char *text);
    void *context;
};

struct control {
    struct model model;
    struct layout layout;
    struct metrics metrics; /* for metrics_scale */
    double metrics_scale;
    /* Sets the metrics for a scale. */
    void (*rescale)(struct control *c, double scale);
    void *context; /* rescale's */
    struct clipboard clipboard;
    int width, height; /* pixels */
    double base;       /* the display's scale, without the zoom */
    int scroll;
    int x, y; /* the pointer; -1: elsewhere */
    char hovered[MODEL_NAME], pressed[MODEL_NAME];
    enum drag drag;
    int painted;      /* the row that the drag writes in */
    bool paint;       /* what it writes */
    unsigned session; /* numbers drags, so that each is one step of undo */
    bool quit;
};

/* Units are never larger than leaves a window of 360 by 300 of them: the least that everything can
 * be laid out in. */
double control_scale(const struct control *c);

void control_init(struct control *c, int width, int height, double base,
                  void (*rescale)(struct control *c, double scale), void *context);
void control_clear(struct control *c);
/* Lays out what the state is now; call after every event and before drawing. */
void control_update(struct control *c);

void control_resize(struct control *c, int width, int height);
void control_move(struct control *c, int x, int y);
void control_leave(struct control *c);
void control_press(struct control *c, int x, int y, bool extend);
void control_release(struct control *c, int x, int y);
/* Notches of the wheel, upwards positive. */
void control_wheel(struct control *c, double notches);
void control_key(struct control *c, struct chord chord);
void control_text(struct control *c, const char *text);

/* The focus goes to NAME and the page scrolls so that it is seen. */
void control_focus(struct control *c, const char *name);
void control_reveal(struct control *c, const char *name);

#endif
