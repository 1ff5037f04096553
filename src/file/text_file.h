/* Small text files, whole: configs and indexes. */
#pragma once

#include <stddef.h>

/* A config.json is a few KB; an index of 100,000 tensors some ten MB. */
enum { HU_TEXT_MAX = 64 << 20 };

/* The *n bytes of the regular file at PATH in new memory. NULL: *why says why, static text or
 * strerror's. */
char *hu_text_read(const char *path, size_t *n, const char **why);
