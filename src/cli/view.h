/* The options of `halfulp view`, which halfulp-view reads. */
#pragma once

#include "command.h"
#include "halfulp.h"

/* As typed; NULL: not given. */
struct view_request {
    const char *rows, *theme, *page, *size, *scale, *screenshot, *script, *config;
    enum hu_direction direction;
    bool saturate, force, describe, print, web;
};

extern const struct command cmd_view;
