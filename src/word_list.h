/* Words: lists of them separated by spaces, which are the aliases in tables, and their ends. */
#ifndef HALFULP_WORD_LIST_H
#define HALFULP_WORD_LIST_H

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

static inline bool hu_ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

#endif
