#include "edit.h"
#include "allocate.h"
#include "file/printable.h"
#include "words.h"

#include <ctype.h>
#include <string.h>

/* TEXT as one line: ends of lines and columns are a space where something stands on both sides;
 * other control characters, and what is no text, are left out. *whole: there was room for all of
 * it. */
static size_t clean_copy(char *to, size_t room, const char *text, bool *whole)
{
    size_t length = 0, gap = 0;
    for (size_t n; *text; text += n ? n : 1) {
        n = hu_utf8_length((const unsigned char *)text, strnlen(text, 4));
        if (strchr("\t\n\v\f\r", *text))
            gap = length > 0;
        if (!n || (n == 1 && iscntrl((unsigned char)*text)))
            continue;
        *whole = length + gap + n <= room;
        if (!*whole)
            break;
        memset(to + length, ' ', gap);
        memcpy(to + length + gap, text, n);
        length += gap + n;
        gap = 0;
    }
    return length;
}

void edit_set(struct edit *e, const char *text)
{
    bool whole = true;
    e->length = clean_copy(e->text, EDIT_TEXT - 1, text, &whole);
    e->text[e->length] = 0;
    edit_select_all(e);
}

void edit_select_all(struct edit *e)
{
    e->anchor = 0;
    e->caret = e->length;
}

bool edit_all_selected(const struct edit *e)
{
    return e->length && e->anchor + e->caret == e->length && e->anchor != e->caret;
}

static void selection(const struct edit *e, size_t *from, size_t *to)
{
    *from = e->anchor < e->caret ? e->anchor : e->caret;
    *to = e->anchor < e->caret ? e->caret : e->anchor;
}

static void replace(struct edit *e, size_t from, size_t to, const char *text, size_t n)
{
    memmove(e->text + from + n, e->text + to, e->length - to + 1);
    memcpy(e->text + from, text, n);
    e->length = e->length - (to - from) + n;
    e->caret = e->anchor = from + n;
}

bool edit_insert(struct edit *e, const char *text)
{
    char clean[EDIT_TEXT];
    bool whole = true;
    size_t from, to, n = clean_copy(clean, EDIT_TEXT - 1, text, &whole);
    selection(e, &from, &to);
    if (!whole || !n || e->length - (to - from) + n > EDIT_TEXT - 1)
        return false;
    replace(e, from, to, clean, n);
    return true;
}

static size_t step(const struct edit *e, size_t at, int direction)
{
    if (direction < 0) {
        if (at)
            at--;
        while (at && utf8_continues(e->text[at]))
            at--;
        return at;
    }
    if (at < e->length)
        at++;
    while (at < e->length && utf8_continues(e->text[at]))
        at++;
    return at;
}

bool edit_erase(struct edit *e, int direction)
{
    size_t from, to;
    selection(e, &from, &to);
    if (from == to && direction < 0)
        from = step(e, from, -1);
    else if (from == to)
        to = step(e, to, 1);
    if (from == to)
        return false;
    replace(e, from, to, "", 0);
    return true;
}

void edit_move(struct edit *e, int direction, bool far, bool extend)
{
    size_t from, to;
    selection(e, &from, &to);
    if (far)
        e->caret = direction < 0 ? 0 : e->length;
    else if (from != to && !extend)
        e->caret = direction < 0 ? from : to;
    else
        e->caret = step(e, e->caret, direction);
    if (!extend)
        e->anchor = e->caret;
}

void edit_place(struct edit *e, size_t columns, bool extend)
{
    e->caret = 0;
    while (columns-- && e->caret < e->length)
        e->caret = step(e, e->caret, 1);
    if (!extend)
        e->anchor = e->caret;
}

size_t edit_columns(const struct edit *e, size_t at)
{
    size_t n = 0;
    for (size_t i = 0; i < at; i++)
        n += !utf8_continues(e->text[i]);
    return n;
}

char *edit_selection(const struct edit *e)
{
    size_t from, to;
    selection(e, &from, &to);
    if (from == to)
        return NULL;
    char *copy = need(malloc(to - from + 1));
    memcpy(copy, e->text + from, to - from);
    copy[to - from] = 0;
    return copy;
}
