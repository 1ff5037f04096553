#include "families.h"
#include "notation.h"
#include "file/tensor_file.h"
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
    for (struct hu_family_text *row = hu_family_rows; row < hu_family_rows + hu_family_row_count;
         row++) {
        for (size_t k = 0; k <= HU_FAMILY_SOURCE; k++) {
            row->words[k] = at;
            at += strlen(at) + 1;
        }
        row->text = at;
        row->length = strlen(at);
        at += row->length + 1;
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
    for (size_t i = 0; (f = hu_family_text_at(i)); i++)
        if (hu_has_word(f->words[key], name))
            return f;
    return NULL;
}

/* A line's words, without its comment, behind *WORDS, which may be NULL. False: out of memory. */
static bool join(struct arena *arena, const char **words, const char *from, const char *end)
{
    const char *comment = memchr(from, '#', (size_t)(end - from));
    if (comment)
        end = comment;
    while (from < end && *from == ' ')
        from++;
    while (end > from && strchr(" \t\r", end[-1]))
        end--;
    size_t used = *words ? strlen(*words) : 0, n = (size_t)(end - from);
    char *joined = arena_allocate(arena, used + n + 2);
    if (joined)
        sprintf(joined, "%s%s%.*s", used ? *words : "", used ? " " : "", (int)n, from);
    *words = joined;
    return joined;
}

static size_t begins(const char *at, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - at) > n && !strncmp(at, word, n) && at[n] == ' ' ? n : 0;
}

/* The families of a text of N bytes, whose first lines alone are read, a row each. False: out of
 * memory. */
static bool split(struct arena *arena, const char *text, size_t n, struct hu_family_text **rows,
                  size_t *count)
{
    static const char *const heads[] = {"family", "class", "gguf", "source"};
    const char *end = text + n;
    struct hu_family_text *row = NULL;
    bool fine = true;
    for (const char *at = text, *next; fine && at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        next = newline ? newline + 1 : end;
        if (begins(at, line_end, "family")) {
            if (!(row = hu_file_append(rows, count, sizeof *row)))
                return false;
            row->text = at;
        }
        if (!row)
            continue;
        for (size_t i = 0; fine && i <= HU_FAMILY_SOURCE; i++) {
            size_t word = begins(at, line_end, heads[i]);
            fine = !word || join(arena, &row->words[i], at + word, line_end);
        }
        row->length = (size_t)(next - row->text);
    }
    return fine;
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

/* The families of TEXT in front of those added before, whose rows are copied behind them. */
static bool add(const char *path, const char *text, size_t n, struct arena *arena,
                char error[HU_FAMILIES_ERROR])
{
    char why[HU_FAMILIES_ERROR];
    struct hu_family_text *rows = NULL, *before = added;
    size_t count = 0, count_before = added_count, all = 0;
    const char *wrong = split(arena, text, n, &rows, &count) ? NULL : "out of memory";
    if (!wrong && !count)
        wrong = "it has no line 'family NAME'";
    for (all = count; !wrong && all < count + count_before;) {
        struct hu_family_text *row = hu_file_append(&rows, &all, sizeof *row);
        if (row)
            *row = before[all - count - 1];
        else
            wrong = "out of memory";
    }
    if (!wrong) { /* they may be like one another */
        added = rows;
        added_count = all;
    }
    for (size_t i = 0; !wrong && i < count; i++)
        if (!hu_family_check(&rows[i], why))
            wrong = why;
    if (wrong) {
        snprintf(error, HU_FAMILIES_ERROR, "%.300s: %.400s", path, wrong);
        added = before;
        added_count = count_before;
    }
    free(wrong ? rows : before);
    return !wrong;
}

bool hu_families_add(const char *path, char error[HU_FAMILIES_ERROR])
{
    size_t n;
    const char *why;
    struct arena arena = {0};
    char *text = hu_text_read(path, &n, &why);
    if (!text) {
        snprintf(error, HU_FAMILIES_ERROR, "%.300s: %s", path, why);
        return false;
    }
    /* The text and the words live on with the table. */
    if (add(path, text, n, &arena, error))
        return true;
    arena_free(&arena);
    free(text);
    return false;
}
