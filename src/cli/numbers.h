/* The one reader of numbers that options take, and what it says of those that are none. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The same from LEAST to MOST. False: what is wrong with option --NAME is reported. */
bool count_read(uint64_t *count, const char *text, uint64_t least, uint64_t most, const char *name);

/* A finite number at the start of TEXT; *rest: what follows it. False: there is none. */
bool real_parse(const char *text, const char **rest, double *value);

/* Reports that option --NAME is no WHAT, as in "number of decibels"; returns false. */
bool number_refuse(const char *text, const char *what, const char *name);
