#include "json_text.h"
#include "kind.h"
#include "printable.h"
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * jansson 2.14's tables and what malloc adds to them: an object is json_object_t (80) and eight
 * buckets of two pointers (128); an array json_array_t (40) and eight pointers (64); a string
 * json_string_t (32) and its text; a number 24; a member's pair 40 and its key, and a share of the
 * buckets, which grow by twos (16 to 32); an item two pointers at most.
 */
enum { OBJECT = 240, ARRAY = 144, STRING = 64, NUMBER = 32, MEMBER = 88, ITEM = 16 };

/* What the N bytes of TEXT take in memory at the most once jansson has read them; its tables are
 * counted before anything is allocated. */
static size_t cost_of(const char *text, size_t n)
{
    size_t cost = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '"') {
            size_t start = i++;
            while (i < n && text[i] != '"')
                i += text[i] == '\\' ? 2 : 1;
            cost += STRING + (i < n ? i : n) - start;
        } else if (c == '{') {
            cost += OBJECT;
        } else if (c == '[') {
            cost += ARRAY;
        } else if (c == ':') {
            cost += MEMBER;
        } else if (c == ',') {
            cost += ITEM;
        } else if ((c >= '0' && c <= '9') || c == '-') {
            cost += NUMBER;
            while (i + 1 < n && text[i + 1] && strchr("0123456789.eE+-", text[i + 1]))
                i++;
        }
    }
    return cost;
}

static bool refuse_foreign(const char *text, size_t n, char why[HU_JSON_ERROR])
{
    char what[HU_FOREIGN_TEXT];
    bool foreign = n && hu_foreign_file((const unsigned char *)text, n, n, what);
    /* Of JSON text the parser knows more. */
    if (!foreign || strstr(what, "JSON"))
        return false;
    snprintf(why, HU_JSON_ERROR, "%s", what);
    return true;
}

/* Python's json writes three numbers that JSON lacks (mamba's "time_step_limit"): what is read in
 * the place of each, as long as it. The letter is DEL, which no config holds, so that they are told
 * again when it is written. */
static const char *const words[][2] = {
    {"-Infinity", "\"-\177\"     "}, {"Infinity", "\"+\177\"    "}, {"NaN", "\"\177\""}};

/* What of FROM's column TEXT begins with; NULL: nothing. */
static const char *const *find_word(const char *text, size_t n, int from)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = from ? strcspn(words[i][1], " ") : strlen(words[i][0]);
        if (n >= length && !memcmp(text, words[i][from], length))
            return words[i];
    }
    return NULL;
}

/* TEXT with those replaced, and every other byte where it was. NULL: it has none, or no memory. */
static char *quote_numbers(const char *text, size_t n)
{
    char *copy = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *const *word = find_word(text + i, n - i, 0);
        if (text[i] == '"')
            while (++i < n && text[i] != '"')
                i += text[i] == '\\';
        if (!word)
            continue;
        if (!copy && (copy = malloc(n)))
            memcpy(copy, text, n);
        if (!copy)
            return NULL;
        memcpy(copy + i, word[1], strlen(word[1]));
        i += strlen(word[1]) - 1;
    }
    return copy;
}

static json_t *load(const char *text, size_t n, size_t most, bool python, char why[HU_JSON_ERROR])
{
    json_error_t error;
    size_t cost = cost_of(text, n);
    if (cost > most) {
        snprintf(why, HU_JSON_ERROR,
                 "would take %zu MB of memory as it is read, and %zu MB are allowed",
                 cost / 1000000, most / 1000000);
        return NULL;
    }
    char *quoted = python ? quote_numbers(text, n) : NULL;
    json_t *root = json_loadb(quoted ? quoted : text, n, JSON_REJECT_DUPLICATES, &error);
    free(quoted);
    if (!root && !refuse_foreign(text, n, why))
        snprintf(why, HU_JSON_ERROR, "line %d, column %d (byte %d): %s", error.line, error.column,
                 error.position, PRINTABLE(error.text, 200));
    return root;
}

json_t *hu_json_load(const char *text, size_t n, size_t most, char why[HU_JSON_ERROR])
{
    return load(text, n, most, true, why);
}

static json_t *read_file(const char *path, size_t per_byte, bool python, char why[HU_JSON_ERROR])
{
    const char *no_text;
    size_t n = 0;
    char *text = hu_text_read(path, &n, &no_text);
    if (!text)
        snprintf(why, HU_JSON_ERROR, "%s", no_text);
    json_t *root = text ? load(text, n, HU_JSON_CONFIG_MAX + per_byte * n, python, why) : NULL;
    free(text);
    return root;
}

json_t *hu_json_read(const char *path, size_t per_byte, char why[HU_JSON_ERROR])
{
    return read_file(path, per_byte, false, why);
}

json_t *hu_json_read_config(const char *path, char why[HU_JSON_ERROR])
{
    return read_file(path, 0, true, why);
}

bool hu_json_write_config(const json_t *root, FILE *out)
{
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    size_t n = text ? strlen(text) : 0, done = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '"')
            continue;
        const char *const *word = find_word(text + i, n - i, 1);
        fwrite(text + done, 1, i - done, out);
        done = i;
        while (++i < n && text[i] != '"')
            i += text[i] == '\\';
        if (word) {
            fputs(word[0], out);
            done = i + 1;
        }
    }
    fwrite(text ? text + done : "", 1, n - done, out);
    free(text);
    return text;
}
