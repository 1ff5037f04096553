/* JSON documents from files, by jansson, within bounds. Thread-safe. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum { HU_JSON_ERROR = 300, HU_JSON_CONFIG_MAX = 64 * 1000 * 1000 };

/* The document in the N bytes of TEXT, where a name may come once in an object and which takes MOST
 * bytes of memory at the most; Python's Infinity and NaN are strings in it, which
 * hu_json_write_config writes as they were. NULL: *why says why, with line and byte. */
json_t *hu_json_load(const char *text, size_t n, size_t most, char why[HU_JSON_ERROR]);
/* The document in the file at PATH, which takes HU_JSON_CONFIG_MAX bytes of memory at the most, and
 * for each of its own PER_BYTE more; of JSON alone. NULL: *why says why. */
json_t *hu_json_read(const char *path, size_t per_byte, char why[HU_JSON_ERROR]);
/* The same of a model's config, as hu_json_load has it. */
json_t *hu_json_read_config(const char *path, char why[HU_JSON_ERROR]);
/* A config of those, in ASCII, to OUT, whose error shows what failed. False: out of memory. */
bool hu_json_write_config(const json_t *root, FILE *out);
