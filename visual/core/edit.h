/* A line of text being edited: caret, selection and what keys do to them. Positions are byte
 * offsets that lie between code points of UTF-8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { EDIT_TEXT = 4096 };

struct edit {
    char text[EDIT_TEXT];         /* ends in a NUL */
    size_t length, caret, anchor; /* the selection lies between anchor and caret */
};

/* Takes TEXT and selects all of it; what does not fit is left out. */
void edit_set(struct edit *e, const char *text);
void edit_select_all(struct edit *e);
bool edit_all_selected(const struct edit *e);

/* Puts TEXT in place of the selection, as one line: what parts lines and columns is a space, and at
 * the ends nothing. Other control characters are left out, and what is not UTF-8; false: nothing
 * came in or it does not fit, and nothing changed. */
bool edit_insert(struct edit *e, const char *text);

/* Deletes the selection, or the code point before (-1) or behind (+1) the caret. False: nothing
 * there. */
bool edit_erase(struct edit *e, int direction);

/* Moves the caret by a code point, or with far to the end; extend keeps the anchor. */
void edit_move(struct edit *e, int direction, bool far, bool extend);
/* Sets the caret behind the first COLUMNS code points. */
void edit_place(struct edit *e, size_t columns, bool extend);

/* Code points before byte offset AT. */
size_t edit_columns(const struct edit *e, size_t at);

/* The selection in new memory; NULL when it is empty. */
char *edit_selection(const struct edit *e);
