/* A session of the viewer that a test plays events to, and looks at what stands on screen. */
#ifndef TESTS_PLAYED_SESSION_H
#define TESTS_PLAYED_SESSION_H

#include "../visual/core/script.h"
#include "view_metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* To be updated once its page is set. */
static inline struct session *open_session(void)
{
    struct session *c = calloc(1, sizeof *c);
    session_init(c, 1280, 800, 1, plain_metrics, NULL);
    return c;
}

static inline void close_page(struct session *c)
{
    session_clear(c);
    free(c);
}

static inline void play(struct session *c, const char *line)
{
    char message[SCRIPT_MESSAGE] = "";
    cr_assert(script_line(c, line, message), "%s: %s", line, message);
}

static inline void type_in(struct session *c, const char *field, const char *text)
{
    char line[512];
    snprintf(line, sizeof line, "click %s", field);
    play(c, line);
    play(c, "key Ctrl+A");
    snprintf(line, sizeof line, "type %s", text);
    play(c, line);
    play(c, "key Enter");
}

static inline const char *text_of_item(struct session *c, const char *name)
{
    const struct item *i = layout_find(&c->layout, name);
    cr_assert(i, "no item %s", name);
    return i->text;
}

#endif
