/* The options of `halfulp view`, which halfulp-view reads. */
#ifndef HALFULP_CLI_VIEW_H
#define HALFULP_CLI_VIEW_H

#include "command.h"

enum {
    VIEW_THEME = KEY_OWN,
    VIEW_PAGE,
    VIEW_SIZE,
    VIEW_SCALE,
    VIEW_SCREENSHOT,
    VIEW_FORCE,
    VIEW_DESCRIBE,
    VIEW_SCRIPT,
    VIEW_PRINT,
    VIEW_CONFIG
};

extern const struct command cmd_view;

#endif
