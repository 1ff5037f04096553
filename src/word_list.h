/* Words: lists of them separated by spaces, which are the aliases in tables, and their ends. */
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Whether WORD, which is not empty, is one of WORDS; NULL has none. */
static inline bool hu_has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; at && n && (at = strstr(at, word)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

/* Whether GIVEN, in any case and with '_' for '-', is NAME or one of ALIASES. */
static inline bool hu_is_called(const char *given, const char *name, const char *aliases)
{
    char key[32];
    size_t n = 0;
    for (; given[n] && n < sizeof key - 1; n++)
        key[n] = given[n] == '_' ? '-' : (char)tolower((unsigned char)given[n]);
    key[n] = 0;
    return !strcmp(name, key) || hu_has_word(aliases, key);
}

static inline bool hu_ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* Copies the next of WORDS, which SEPARATOR parts, into the SIZE bytes of WORD, cut where they are
 * too few, and moves past it. False: there is none. */
static inline bool hu_next_word(const char **words, char separator, char *word, size_t size)
{
    size_t n = 0;
    if (!**words)
        return false;
    for (; **words && **words != separator; ++*words)
        if (n + 1 < size)
            word[n++] = **words;
    word[n] = 0;
    *words += **words == separator;
    return true;
}
