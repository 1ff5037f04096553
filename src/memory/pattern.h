/*
 * Python's regular expressions, by which configs of quantized checkpoints name modules.
 * Thread-safe; allocates nothing.
 *
 * What is read: characters, . and classes, \d \w \s and their opposites, groups, | and the repeats
 * * + ? {m,n}, ^ and $, lookahead. Not read: lookbehind, references, flags.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { HU_PATTERN_TEXT = 640 }; /* longer texts match nothing */

enum hu_match { HU_MATCH_NO, HU_MATCH_YES, HU_MATCH_BROKEN };

/* Whether TEXT begins with what PATTERN matches: re.match. HU_MATCH_BROKEN: the pattern cannot be
 * read, or takes too long. */
enum hu_match hu_pattern_match(const char *pattern, const char *text);

/* A shell's GLOB as such a pattern, which matches what begins with it and ends there or goes on
 * behind a point. False: SIZE is too small. */
bool hu_pattern_of_glob(char *out, size_t size, const char *glob);
