/* The window. */
#pragma once

#include "control.h"
#include "font.h"

struct window_request {
    int width, height; /* points */
    double scale;      /* the user's own, on top of what the display reports */
    struct fonts *fonts;
};

/* Shows the session's state and plays events until the user quits; the size at the end goes to
 * *request. False: message says why there is no window. */
bool window_run(struct session *c, struct window_request *request, char *message, size_t size);
