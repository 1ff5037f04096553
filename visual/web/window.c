/* The viewer in a page. The page calls, one export an event, and shows the pixels. */
#include "allocate.h"
#include "control.h"
#include "describe.h"
#include "font.h"
#include "frame.h"
#include "link.h"
#include "page.h"
#include "paint.h"
#include "script.h"

#include <stdio.h>
#include <string.h>

/* Pixels of a part of the window, RGBA, WIDTH x HEIGHT of them at (x, y). */
IMPORT("show") void show(int x, int y, int width, int height, const uint32_t *pixels);
/* TEXT goes to the clipboard. */
IMPORT("copy") void copy(const char *text);

static struct session session;
static struct fonts *fonts;
static struct frame frame;
static struct canvas canvas;
static uint32_t *part; /* a part of the canvas in the page's order of bytes */
static struct script_clipboard board;

/* --- Memory that both sides use --- */

char *EXPORT(web_buffer)(int size)
{
    return need(malloc((size_t)size));
}

void EXPORT(web_free)(void *p)
{
    free(p);
}

/* --- Beginning and drawing --- */

static void rescale(struct session *c, double scale)
{
    fonts_scale(fonts, scale);
    c->metrics = fonts_metrics(fonts);
}

static char *get_clipboard(void *context)
{
    return script_clipboard(context).get(context);
}

static void set_clipboard(void *context, const char *text)
{
    script_clipboard(context).set(context, text);
    copy(text);
}

void EXPORT(web_begin)(int width, int height, double scale, int dark)
{
    fonts = fonts_open(NULL, 0);
    session_init(&session, width, height, scale, rescale, NULL);
    session.clipboard = (struct clipboard){get_clipboard, set_clipboard, &board};
    session.model.theme = dark ? THEME_DARK : THEME_LIGHT;
    model_begin(&session.model);
    link_begin(&session.model);
    session_update(&session);
}

/* What was set up so far cannot be undone. */
void EXPORT(web_start)(void)
{
    model_begin(&session.model);
    session_update(&session);
}

void EXPORT(web_resize)(int width, int height, double scale)
{
    session.base = scale;
    session_resize(&session, width, height);
    session_update(&session);
    frame_clear(&frame); /* the page's canvas is blank */
}

static void fit(int width, int height)
{
    if (canvas.width == width && canvas.height == height)
        return;
    size_t pixels = (size_t)width * (size_t)height;
    canvas.width = canvas.stride = width;
    canvas.height = height;
    canvas.pixels = need(realloc(canvas.pixels, pixels * sizeof *canvas.pixels));
    part = need(realloc(part, pixels * sizeof *part));
    frame_clear(&frame);
}

static void show_part(struct rect r)
{
    uint32_t *to = part;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            uint32_t c = canvas.pixels[(size_t)y * (size_t)canvas.stride + (size_t)x];
            *to++ = 0xff000000u | (c & 0xff) << 16 | (c & 0xff00) | (c >> 16 & 0xff);
        }
    show(r.x, r.y, r.w, r.h, part);
}

/* Draws what changed since the last call; gives how many parts that were. */
int EXPORT(web_draw)(void)
{
    fit(session.width, session.height);
    struct painter painter = {fonts, theme_colors(session.model.theme), session_scale(&session)};
    frame_next(&frame, &session.layout);
    for (int i = 0; i < frame.part_count; i++) {
        canvas.clip = frame.parts[i];
        paint(&painter, &canvas, &session.layout);
        show_part(frame.parts[i]);
    }
    return frame.part_count;
}

/* The theme's colours, for what the page shows beside the canvas: ground, panel, edge, ink, button,
 * accent, ink on that. */
unsigned EXPORT(web_color)(int which)
{
    const struct colors *t = theme_colors(session.model.theme);
    unsigned all[] = {t->page, t->panel, t->edge, t->ink, t->button, t->accent, t->on_accent};
    return all[which];
}

/* --- Pointer and keys --- */

void EXPORT(web_move)(int x, int y)
{
    control_move(&session, x, y);
}

void EXPORT(web_leave)(void)
{
    control_leave(&session);
}

void EXPORT(web_press)(int x, int y, int extend)
{
    control_press(&session, x, y, extend);
}

void EXPORT(web_release)(int x, int y)
{
    control_release(&session, x, y);
}

void EXPORT(web_wheel)(double notches)
{
    control_wheel(&session, notches);
}

/* Pixels under a finger. */
void EXPORT(web_scroll)(int pixels)
{
    if (!session.model.popup)
        session.scroll += pixels;
    session_update(&session);
}

/* What a finger may drag at (x, y): 0 nothing, so that it scrolls; 1 sideways; 2 any way. */
int EXPORT(web_drags)(int x, int y)
{
    const struct item *hit = layout_hit(&session.layout, x, y);
    return !hit                          ? 0
           : hit->role == ROLE_SCROLLBAR ? 2
           : model_is_field(hit->name)   ? 1
           : hit->role == ROLE_PLOT      ? 1
                                         : model_bit_of(&session.model, hit->name, NULL) >= 0;
}

/* CHORD is script.h's. */
void EXPORT(web_key)(const char *chord)
{
    struct chord k;
    if (chord_read(chord, &k))
        control_key(&session, k);
}

void EXPORT(web_text)(const char *text)
{
    control_text(&session, text);
}

/* Tab, unless the focus is on the last stop in its direction: 0, the page's own Tab goes on. */
int EXPORT(web_tab)(int direction)
{
    const struct item *next = layout_stop(&session.layout, session.model.focus, direction);
    if (!session.model.popup && next == layout_stop(&session.layout, "", direction))
        return 0;
    control_key(&session, (struct chord){KEY_TAB, direction > 0 ? 0 : MOD_SHIFT});
    return 1;
}

/* The focus comes in from before the first stop (1) or from behind the last one (-1). */
void EXPORT(web_enter)(int direction)
{
    const struct item *end = layout_stop(&session.layout, "", direction);
    if (end)
        session_focus(&session, end->name);
}

/* Whether what has the focus takes text; its rectangle goes to OUT. */
int EXPORT(web_focus)(int out[4])
{
    const struct item *i = layout_find(&session.layout, session.model.focus);
    struct rect r = i ? i->rect : box(0, 0, 0, 0);
    memcpy(out, (int[]){r.x, r.y, r.w, r.h}, 4 * sizeof *out);
    return i && i->role == ROLE_FIELD;
}

/* What paste will take. */
void EXPORT(web_clipboard)(const char *text)
{
    script_clipboard(&board).set(&board, text);
}

/* --- State in words --- */

/* One part of a link or of the settings, as link.h has them. NULL: done; otherwise what is wrong.
 */
const char *EXPORT(web_set)(const char *key, const char *value)
{
    static char message[MODEL_MESSAGE];
    bool done = link_set(&session, key, value);
    strcpy(message, session.model.message);
    session_update(&session);
    return done ? NULL : message;
}

/* A message of the page's own. */
void EXPORT(web_say)(const char *text, int error)
{
    model_say(&session.model, error, "%s", text);
    session_update(&session);
}

char *EXPORT(web_state)(void)
{
    return link_state(&session);
}

/* --- Models that were dropped --- */

/* Sizes the file NAME, which the page serves. NULL: done; otherwise what is wrong. */
const char *EXPORT(web_size)(const char *name)
{
    struct model *m = &session.model;
    static char message[MODEL_MESSAGE];
    link_set(&session, "page", page_name(PAGE_MEMORY));
    session_update(&session);
    session_focus(&session, "value");
    model_set_weights(m, name);
    strcpy(message, m->message_is_error ? m->message : "");
    m->bad = false;
    session_update(&session);
    return *message ? message : NULL;
}

/* --- For other programs --- */

/* A line of script.h; NULL: done. */
const char *EXPORT(web_script)(const char *line)
{
    static char message[SCRIPT_MESSAGE];
    return script_line(&session, line, message) ? NULL : message;
}

/* What --describe prints, in new memory. */
char *EXPORT(web_describe)(void)
{
    json_t *document = need(describe(&session, board.text));
    char *text = need(json_dumps(document, JSON_COMPACT));
    json_decref(document);
    return text;
}

const char *EXPORT(web_version)(void)
{
    return PACKAGE_VERSION;
}
