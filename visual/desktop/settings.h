/* What the viewer remembers: window, theme, zoom and rows, as lines of `key = value`. */
#pragma once

#include "model.h"

enum { SETTINGS_ROWS = DOCUMENT_ROWS * (HU_MAX_NAME + 1) };

struct settings {
    int width, height; /* of the window, in points; 160 to 16384 */
    double zoom;       /* 0.5 to 4 */
    enum theme_name theme;
    char rows[SETTINGS_ROWS]; /* names joined by commas; empty: as the program starts */
};

void settings_default(struct settings *s);

/* $XDG_CONFIG_HOME/halfulp/view.conf in new memory; NULL: there is no home. */
char *settings_path(void);

/* Reads PATH over what *s holds. A line that is no setting, or whose value is out of range, leaves
 * the default; message names the first (empty: none). A file that is not there is no error. */
void settings_read(struct settings *s, const char *path, char *message, size_t size);

/* Writes beside PATH and renames; makes the folder. False: message says why. */
bool settings_write(const struct settings *s, const char *path, char *message, size_t size);
