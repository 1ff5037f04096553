#include "families.h"
#include "notation.h"
#include "file/text_file.h"
#include "word_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those that were added, the last first. */
static struct hu_family_text *added;
static size_t added_count;

/* The rows of those compiled in, made of their text at first. */
static void make_rows(void)
{
    const char *at = hu_family_texts;
    for (size_t i = 0; i < hu_family_row_count; i++) {
        const char *parts[5];
        for (size_t k = 0; k < 5; k++) {
            parts[k] = at;
            at += strlen(at) + 1;
        }
        hu_family_rows[i] = (struct hu_family_text){.names = parts[0],
                                                    .classes = parts[1],
                                                    .gguf = parts[2],
                                                    .source = parts[3],
                                                    .text = parts[4],
                                                    .length = strlen(parts[4])};
    }
}

const struct hu_family_text *hu_family_text_at(size_t index)
{
    if (index < added_count)
        return &added[index];
    index -= added_count;
    if (!hu_family_rows->names)
        make_rows();
    return index < hu_family_row_count ? &hu_family_rows[index] : NULL;
}

const struct hu_family_text *hu_family_text_find(const char *name, enum hu_family_key key)
{
    const struct hu_family_text *f;
    for (size_t i = 0; (f = hu_family_text_at(i)); i++) {
        const char *words = key == HU_FAMILY_BY_NAME    ? f->names
                            : key == HU_FAMILY_BY_CLASS ? f->classes
                                                        : f->gguf;
        if (hu_has_word(words, name))
            return f;
    }
    return NULL;
}

/* A line's words, without its comment, joined to those of *WORDS in new memory. */
static bool join(char **words, const char *from, const char *end)
{
    const char *comment = memchr(from, '#', (size_t)(end - from));
    if (comment)
        end = comment;
    while (from < end && *from == ' ')
        from++;
    while (end > from && strchr(" \t\r", end[-1]))
        end--;
    size_t used = *words ? strlen(*words) : 0, n = (size_t)(end - from);
    char *grown = realloc(*words, used + n + 2);
    if (!grown)
        return false;
    if (used)
        grown[used++] = ' ';
    memcpy(grown + used, from, n);
    grown[used + n] = 0;
    *words = grown;
    return true;
}

static size_t begins(const char *at, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - at) > n && !strncmp(at, word, n) && at[n] == ' ' ? n : 0;
}

static void free_rows(struct hu_family_text *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)rows[i].names);
        free((char *)(uintptr_t)rows[i].classes);
        free((char *)(uintptr_t)rows[i].gguf);
        free((char *)(uintptr_t)rows[i].source);
    }
    free(rows);
}

/* One row more, which begins at AT. */
static struct hu_family_text *append(struct hu_family_text **rows, size_t *count, const char *at)
{
    struct hu_family_text *grown = realloc(*rows, (*count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    *rows = grown;
    grown[*count] = (struct hu_family_text){.text = at};
    return &grown[(*count)++];
}

bool hu_families_split(const char *text, size_t n, struct hu_family_text **rows, size_t *count)
{
    static const struct {
        const char *word;
        size_t offset;
    } heads[] = {{"family", offsetof(struct hu_family_text, names)},
                 {"class", offsetof(struct hu_family_text, classes)},
                 {"gguf", offsetof(struct hu_family_text, gguf)},
                 {"source", offsetof(struct hu_family_text, source)}};
    const char *end = text + n;
    struct hu_family_text *row = NULL;
    *rows = NULL;
    *count = 0;
    bool fine = true;
    for (const char *at = text, *next; fine && at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        next = newline ? newline + 1 : end;
        if (begins(at, line_end, "family"))
            fine = (row = append(rows, count, at)) != NULL;
        for (size_t i = 0; fine && row && i < sizeof heads / sizeof *heads; i++) {
            size_t word = begins(at, line_end, heads[i].word);
            if (word)
                fine = join((char **)(void *)((char *)row + heads[i].offset), at + word, line_end);
        }
        if (row)
            row->length = (size_t)(next - row->text);
    }
    if (fine && *count)
        return true;
    free_rows(*rows, *count);
    *rows = NULL;
    return false;
}

bool hu_family_check(const struct hu_family_text *row, char error[HU_FAMILIES_ERROR])
{
    char why[NOTATION_ERROR];
    struct family *f = family_read(row, why);
    if (!f)
        snprintf(error, HU_FAMILIES_ERROR, "family %.60s: %s", row->names, why);
    family_free(f);
    return f;
}

/* Whether each of the rows can be read; they may be like one another, so they are added first. */
static bool check(const char *path, const struct hu_family_text *rows, size_t count,
                  char error[HU_FAMILIES_ERROR])
{
    char why[HU_FAMILIES_ERROR];
    for (size_t i = 0; i < count; i++)
        if (!hu_family_check(&rows[i], why)) {
            snprintf(error, HU_FAMILIES_ERROR, "%.300s: %.400s", path, why);
            return false;
        }
    return true;
}

bool hu_families_add(const char *path, char error[HU_FAMILIES_ERROR])
{
    size_t n, count;
    const char *why;
    struct hu_family_text *rows, *before = added;
    size_t count_before = added_count;
    char *text = hu_text_read(path, &n, &why);
    if (!text) {
        snprintf(error, HU_FAMILIES_ERROR, "%.300s: %s", path, why);
        return false;
    }
    if (!hu_families_split(text, n, &rows, &count)) {
        snprintf(error, HU_FAMILIES_ERROR, "%.300s: it has no line 'family NAME'", path);
        free(text);
        return false;
    }
    struct hu_family_text *all = malloc((count + added_count) * sizeof *all);
    if (all) {
        memcpy(all, rows, count * sizeof *all);
        if (added_count)
            memcpy(all + count, added, added_count * sizeof *all);
        added = all;
        added_count += count;
        if (check(path, rows, count, error)) {
            /* The texts and words live on with the table. */
            free(before);
            free(rows);
            return true;
        }
    } else {
        snprintf(error, HU_FAMILIES_ERROR, "%.300s: out of memory", path);
    }
    free(all);
    added = before;
    added_count = count_before;
    free_rows(rows, count);
    free(text);
    return false;
}
