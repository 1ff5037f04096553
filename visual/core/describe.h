/* What is on screen, as JSON. */
#pragma once

#include "control.h"

#include <jansson.h>

/* A new reference. CLIPBOARD may be NULL. */
json_t *describe(const struct session *c, const char *clipboard);
