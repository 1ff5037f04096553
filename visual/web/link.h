/* The page's state in words: the parts of a link, and what the browser keeps. */
#pragma once

#include "session.h"

/* M is as the viewer begins. */
void link_begin(const struct model *m);

/* One part: from (before value; "": none), value, rows, select, round, saturate, page, theme, zoom;
 * of the arithmetic page op and b; of the block page block, rule, values, and codes where bits were
 * set by hand; of the memory page model and its fields' names. False: s->model.message says what is
 * wrong. */
bool link_set(struct session *s, const char *key, const char *value);

/* All of them, a line each: its name, a tab, its text. New memory. */
char *link_state(const struct session *s);
