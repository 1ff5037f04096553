/* What the model's rows and bits are called, and what it says. */
#include "model.h"
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Names --- */

static const char *const pages[] = {"bits",       "rounding", "numberline", "memory",
                                    "arithmetic", "block",    "keys"};

const char *page_name(enum page page)
{
    return pages[page];
}

bool page_find(const char *name, enum page *page)
{
    int i = index_of(name, pages, PAGE_COUNT);
    if (i >= 0)
        *page = (enum page)i;
    return i >= 0;
}

int model_row_of(const struct model *m, const char *name, const char **rest)
{
    const char *point = strchr(name, '.');
    for (int i = 0; point && i < MODEL_ROWS; i = i + 1 == m->count ? ROW_A : i + 1) {
        const char *own = m->rows[i].name;
        if (own && !strncmp(name, own, (size_t)(point - name)) && !own[point - name]) {
            if (rest)
                *rest = point + 1;
            return i;
        }
    }
    if (rest)
        *rest = NULL;
    return -1;
}

int model_bit_of(const struct model *m, const char *name, int *row)
{
    const char *rest;
    int i = model_row_of(m, name, &rest), length = 0;
    unsigned bit;
    if (i < 0 || sscanf(rest, "bit%2u%n", &bit, &length) != 1 || rest[length])
        return -1;
    if (row)
        *row = i;
    return bit < m->rows[i].format->width ? (int)bit : -1;
}

int model_row_with(const struct model *m, const struct hu_format *f)
{
    for (int i = 0; i < m->count; i++)
        if (m->rows[i].format == f)
            return i;
    return -1;
}

int model_selected(const struct model *m)
{
    int row = model_row_with(m, m->selected);
    return row < 0 ? 0 : row;
}

/* --- Messages --- */

void model_say(struct model *m, bool error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m->message, sizeof m->message, format, arguments);
    va_end(arguments);
    m->message_is_error = error;
}

void model_hush(struct model *m)
{
    m->message[0] = 0;
    m->message_is_error = false;
}
