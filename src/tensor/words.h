/* Lists of words separated by spaces: the aliases in tables. */
#ifndef HALFULP_TENSOR_WORDS_H
#define HALFULP_TENSOR_WORDS_H

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

#endif
