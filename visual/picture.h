/* PNG files. */
#ifndef VISUAL_PICTURE_H
#define VISUAL_PICTURE_H

#include "canvas.h"

/* Writes the canvas to PATH: beside it first, then renamed. An existing file is replaced only with
 * force. False: message says why, and PATH is as it was. */
bool picture_write(const struct canvas *c, const char *path, bool force, char *message, size_t size);

#endif
