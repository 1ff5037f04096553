/* The families' texts: those compiled in, and those that a user adds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the first lines of a family say, words separated by blanks; NULL: nothing. */
enum hu_family_key { HU_FAMILY_BY_NAME, HU_FAMILY_BY_CLASS, HU_FAMILY_BY_GGUF, HU_FAMILY_SOURCE };

struct hu_family_text {
    union {
        struct {
            const char *names;   /* model_type */
            const char *classes; /* of "architectures" */
            const char *gguf;    /* general.architecture */
            const char *source;
        };
        const char *words[HU_FAMILY_SOURCE + 1]; /* the same by key */
    };
    const char *text; /* from its `family` line on, or without it */
    size_t length;
};

/* The last added first, then those compiled in. NULL: none. */
const struct hu_family_text *hu_family_text_find(const char *name, enum hu_family_key key);
/* All of them; NULL past the last. The first call of either is not while others call. */
const struct hu_family_text *hu_family_text_at(size_t index);

enum { HU_FAMILIES_ERROR = 768 };

/*
 * Adds the families of the file at PATH, in front, for the rest of the process; not thread-safe.
 * False: error says which line and why, and none is added.
 */
bool hu_families_add(const char *path, char error[HU_FAMILIES_ERROR]);

/* Whether ROW's text can be read, its lines and the parts that they name. False: error says why. */
bool hu_family_check(const struct hu_family_text *row, char error[HU_FAMILIES_ERROR]);

/* What the build makes of the texts beside: a family's names, classes, GGUF names, sources and
 * text, each ended by a zero, and room for their rows. */
extern const char hu_family_texts[];
extern struct hu_family_text hu_family_rows[];
extern const size_t hu_family_row_count;
