#include "script.h"
#include "allocate.h"
#include "scope.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

enum { LEAST_SIDE = 160, MOST_SIDE = 16384 };

static bool refuse(char message[SCRIPT_MESSAGE], const char *what, const char *text)
{
    snprintf(message, SCRIPT_MESSAGE, "%s '%.100s'", what, text);
    return false;
}

/* The middle of the item, after it was scrolled into view; false: it is not there. */
static bool find_middle(struct session *c, const char *name, int *x, int *y, char *message)
{
    session_reveal(c, name);
    const struct item *i = layout_find(&c->layout, name);
    if (!i)
        return refuse(message, "nothing on screen is called", name);
    if (c->model.popup && !i->layer)
        return refuse(message, "an open menu is in front of", name);
    struct rect seen = rect_cut(i->rect, i->clip);
    if (!seen.w || !seen.h)
        return refuse(message, "there is no room on screen for", name);
    *x = seen.x + seen.w / 2;
    *y = seen.y + seen.h / 2;
    return true;
}

/* The pointer goes to the middle of NAME. */
static bool play_hover(struct session *c, char *name, char *message)
{
    int x, y;
    bool there = find_middle(c, name, &x, &y, message);
    if (there)
        control_move(c, x, y);
    return there;
}

static bool play_click(struct session *c, char *name, char *message)
{
    if (!play_hover(c, name, message))
        return false;
    int x = c->x, y = c->y;
    control_press(c, x, y, false);
    control_release(c, x, y);
    return true;
}

static bool play_drag(struct session *c, char *names, char *message)
{
    int x, y;
    char *second = strchr(names, ' ');
    if (!second)
        return refuse(message, "drag wants two names, not", names);
    *second++ = 0;
    if (!find_middle(c, names, &x, &y, message) || !find_middle(c, second, &x, &y, message) ||
        !play_hover(c, names, message))
        return false;
    int x0 = c->x, y0 = c->y;
    control_press(c, x0, y0, false);
    /* The press may have scrolled, or moved the target. */
    const struct item *target = layout_find(&c->layout, second);
    if (target) {
        x = target->rect.x + target->rect.w / 2;
        y = target->rect.y + target->rect.h / 2;
    }
    control_move(c, (x0 + x) / 2, (y0 + y) / 2);
    control_move(c, x, y);
    control_release(c, x, y);
    return true;
}

static bool play_wheel(struct session *c, char *rest, char *message)
{
    char name[MODEL_NAME];
    int notches, length = 0;
    if (sscanf(rest, "%63s %3d%n", name, &notches, &length) != 2 || rest[length])
        return refuse(message, "wheel wants a name and notches, not", rest);
    if (!play_hover(c, name, message))
        return false;
    control_wheel(c, notches);
    return true;
}

static bool play_resize(struct session *c, char *rest, char *message)
{
    int w, h, length = 0;
    if (sscanf(rest, "%5d %5d%n", &w, &h, &length) != 2 || rest[length] || w < LEAST_SIDE ||
        h < LEAST_SIDE || w > MOST_SIDE || h > MOST_SIDE)
        return refuse(message, "resize wants a width and a height from 160 to 16384, not", rest);
    session_resize(c, w, h);
    return true;
}

static bool play_key(struct session *c, char *rest, char *message)
{
    struct chord chord;
    if (!chord_read(rest, &chord))
        return refuse(message, "there is no key", rest);
    control_key(c, chord);
    return true;
}

/* As a keyboard does: character after character. */
static bool play_text(struct session *c, const char *text)
{
    while (*text) {
        char one[8] = {*text++, 0};
        for (size_t n = 1; utf8_continues(*text) && n < sizeof one - 1; n++)
            one[n] = *text++;
        control_text(c, one);
    }
    return true;
}

static bool play_clipboard(struct session *c, const char *text)
{
    if (c->clipboard.set)
        c->clipboard.set(c->clipboard.context, text);
    return true;
}

static bool play(struct session *c, const char *verb, char *rest, char *message)
{
    /* Rows of functions would make the page larger. */
    return !strcmp(verb, "click")       ? play_click(c, rest, message)
           : !strcmp(verb, "drag")      ? play_drag(c, rest, message)
           : !strcmp(verb, "hover")     ? play_hover(c, rest, message)
           : !strcmp(verb, "wheel")     ? play_wheel(c, rest, message)
           : !strcmp(verb, "key")       ? play_key(c, rest, message)
           : !strcmp(verb, "resize")    ? play_resize(c, rest, message)
           : !strcmp(verb, "type")      ? play_text(c, rest)
           : !strcmp(verb, "clipboard") ? play_clipboard(c, rest)
                                        : refuse(message,
                                                 "click, drag, hover, wheel, key, type, clipboard "
                                                 "and resize are known, not",
                                                 verb);
}

bool script_line(struct session *c, const char *line, char message[SCRIPT_MESSAGE])
{
    while (*line == ' ' || *line == '\t')
        line++;
    OWNED char *copy = need(strdup(line));
    char *rest = copy + strcspn(copy, " \t");
    if (*rest)
        *rest++ = 0;
    bool done = !*copy || *copy == '#';
    if (!done) {
        session_update(c);
        done = play(c, copy, rest, message);
        session_update(c);
    }
    return done;
}

static char *get_text(void *context)
{
    struct script_clipboard *s = context;
    return s->text ? need(strdup(s->text)) : NULL;
}

static void set_text(void *context, const char *text)
{
    struct script_clipboard *s = context;
    char *copy = need(strdup(text));
    free(s->text);
    s->text = copy;
}

struct clipboard script_clipboard(struct script_clipboard *s)
{
    return (struct clipboard){get_text, set_text, s};
}
