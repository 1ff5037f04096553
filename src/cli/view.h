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
    VIEW_CONFIG,
    VIEW_WEB
};

extern const struct command cmd_view;

/* Hands PAGE, an absolute path, to the user's browser, with what the arguments ask for behind its
 * #. Returns only where that fails, with the exit status. */
int view_in_browser(const struct command *self, const char *page, int argc, char **argv);

#endif
