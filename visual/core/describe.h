/* What is on screen, as JSON. */
#ifndef VISUAL_DESCRIBE_H
#define VISUAL_DESCRIBE_H

#include "control.h"

#include <jansson.h>

/* A new reference. CLIPBOARD may be NULL. */
json_t *describe(const struct session *c, const char *clipboard);

#endif
