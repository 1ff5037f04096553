/*
 * What users call formats and integer dtypes: hu_format_find of halfulp.h, and what to say of names
 * that mean two things, or nothing. Pure and thread-safe.
 */
#pragma once

#include "format.h"

/* NAME in any case, or an alias of it, as in hu_format_find; NULL: no such dtype. */
const struct hu_integer *hu_integer_find(const char *name);

/* The elements of an array without a header: a format's name and, behind a colon, be or le for the
 * order of their bytes; NumPy's ">f4" says so too. NULL: no such format. */
const struct hu_format *hu_array_format_find(const char *name, bool *big_endian);

/* What a user ought to know of NAME, which means something else elsewhere: "f4 is NumPy's name of
 * fp32; …". NULL: nothing. Static text. */
const char *hu_name_note(const char *name);

/* hu_name_suggestion for other names than formats': the nearest among COUNT of them, some NULL. */
const char *hu_suggestion_of(char out[HU_SUGGESTION], const char *name,
                             const char *(*name_at)(int index), int count);
