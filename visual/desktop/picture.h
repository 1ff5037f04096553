/* PNG files. */
#pragma once

#include "canvas.h"

#include <stdio.h>

/* Writes the canvas as a PNG of 8-bit RGB. False: libpng or the stream failed. */
bool picture_write(const struct canvas *c, FILE *stream);
