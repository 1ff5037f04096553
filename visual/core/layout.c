#include "layout_parts.h"
#include "words.h"
#include "allocate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Rectangles, faces, roles --- */

struct rect rect_cut(struct rect a, struct rect b)
{
    int left = a.x > b.x ? a.x : b.x, top = a.y > b.y ? a.y : b.y;
    int right = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;
    struct rect r = {left, top, right > left ? right - left : 0, bottom > top ? bottom - top : 0};
    return r;
}

static const struct {
    double size;
    bool mono, bold;
} faces[FACE_COUNT] = {
    [FACE_WORDS] = {13, false, false}, [FACE_SMALL] = {11, false, false},
    [FACE_BOLD] = {14, false, true},   [FACE_MONO] = {13, true, false},
    [FACE_INDEX] = {9, true, false},   [FACE_BIT] = {14, true, false},
    [FACE_LARGE] = {18, true, false},  [FACE_BIT_LARGE] = {20, true, false},
};

double face_size(enum face face)
{
    return faces[face].size;
}

bool face_is_mono(enum face face)
{
    return faces[face].mono;
}

bool face_is_bold(enum face face)
{
    return faces[face].bold;
}

const char *role_name(enum role role)
{
    static const char *const names[] = {"panel",  "heading", "label",    "textbox",
                                        "button", "tab",     "checkbox", "bit",
                                        "menu",   "option",  "graphic",  "scrollbar"};
    return names[role];
}

/* --- Items and marks --- */

void layout_init(struct layout *l)
{
    memset(l, 0, sizeof *l);
}

static void forget_texts(struct layout *l)
{
    while (l->text_count)
        free(l->texts[--l->text_count]);
}

void layout_clear(struct layout *l)
{
    forget_texts(l);
    for (int i = 0; i < DOCUMENT_ROWS; i++)
        free(l->lanes[i].density);
    free(l->texts);
    free(l->items);
    free(l->marks);
    layout_init(l);
}

int px(const struct layout *l, double units)
{
    return (int)lround(units * l->view.scale);
}

static const char *keep_taken(struct layout *l, char *text)
{
    if (l->text_count == l->text_room) {
        l->text_room = l->text_room ? 2 * l->text_room : 256;
        l->texts = need(realloc(l->texts, l->text_room * sizeof *l->texts));
    }
    return l->texts[l->text_count++] = text;
}

const char *keep(struct layout *l, const char *text)
{
    return *text ? keep_taken(l, need(strdup(text))) : "";
}

static struct item *new_item(struct layout *l, enum role role, struct rect rect, const char *text,
                             const char *name, va_list arguments)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 512;
        l->items = need(realloc(l->items, l->room * sizeof *l->items));
    }
    struct item *i = &l->items[l->count++];
    *i = (struct item){.role = role, .rect = rect, .layer = l->layer, .caption = -1};
    vsnprintf(i->name, sizeof i->name, name, arguments);
    i->text = text ? keep(l, text) : "";
    i->clip = (struct rect){0, 0, l->view.width, l->view.height};
    if (l->body.h && !l->layer)
        i->clip = l->body;
    return i;
}

struct item *put(struct layout *l, enum role role, struct rect rect, const char *text,
                 const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    struct item *i = new_item(l, role, rect, text, name, arguments);
    va_end(arguments);
    return i;
}

struct item *put_label(struct layout *l, struct rect rect, enum tint tint, const char *text,
                       const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    struct item *i = new_item(l, ROLE_LABEL, rect, text, name, arguments);
    va_end(arguments);
    i->tint = tint;
    return i;
}

static void mark_pointer(const struct layout *l, struct item *i)
{
    if (!strcmp(i->name, l->model->focus))
        i->state |= STATE_FOCUSED;
    if (l->view.hovered && !strcmp(i->name, l->view.hovered))
        i->state |= STATE_HOVERED;
    if (l->view.pressed && !strcmp(i->name, l->view.pressed))
        i->state |= STATE_PRESSED;
}

struct item *put_active(struct layout *l, enum role role, struct rect rect, const char *text,
                        const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    struct item *i = new_item(l, role, rect, text, name, arguments);
    va_end(arguments);
    i->state |= STATE_ACTIVE | STATE_STOP;
    i->align = ALIGN_CENTER;
    mark_pointer(l, i);
    return i;
}

struct mark *put_mark(struct layout *l, enum mark_kind kind, struct rect rect, enum tint tint,
                      int alpha)
{
    if (l->mark_count == l->mark_room) {
        l->mark_room = l->mark_room ? 2 * l->mark_room : 512;
        l->marks = need(realloc(l->marks, l->mark_room * sizeof *l->marks));
    }
    struct mark *m = &l->marks[l->mark_count++];
    struct rect all = {0, 0, l->view.width, l->view.height};
    *m = (struct mark){kind, rect, l->body.h && !l->layer ? l->body : all, tint,
                       (unsigned char)alpha};
    return m;
}

/* --- Text --- */

int width_of(const struct layout *l, enum face face, const char *text)
{
    return l->view.metrics.width(l->view.metrics.context, face, text, strlen(text));
}

static int width_of_part(const struct layout *l, enum face face, const char *text, size_t length)
{
    return l->view.metrics.width(l->view.metrics.context, face, text, length);
}

static bool continues(char c)
{
    return (c & 0xc0) == 0x80;
}

/* The longest beginning of TEXT, at most LENGTH bytes, that is at most WIDTH wide. */
static size_t fitting(const struct layout *l, enum face face, const char *text, size_t length,
                      int width)
{
    size_t least = 0, most = length;
    while (least < most) {
        size_t middle = least + (most - least + 1) / 2;
        while (middle > least && middle < length && continues(text[middle]))
            middle--;
        if (middle == least) {
            middle = least + 1;
            while (middle < length && continues(text[middle]))
                middle++;
        }
        if (middle <= most && width_of_part(l, face, text, middle) <= width) {
            least = middle;
            continue;
        }
        most = (middle <= most ? middle : most) - 1;
        while (most > least && continues(text[most]))
            most--;
    }
    return least;
}

static const char *elide(struct layout *l, enum face face, const char *text, size_t length,
                         int width)
{
    static const char dots[] = "…";
    int room = width - width_of(l, face, dots);
    if (room < 0)
        return "";
    size_t n = fitting(l, face, text, length, room);
    return keep_taken(l, text_of("%.*s%s", (int)n, text, dots));
}

/* Where to break the line that begins at TEXT, LENGTH bytes long before its end. */
static size_t line_break(const struct layout *l, enum face face, const char *text, size_t length,
                         int width, bool words)
{
    size_t n = fitting(l, face, text, length, width);
    if (n == length || !words)
        return n;
    for (size_t at = n; at > 0; at--)
        if (text[at] == ' ')
            return at;
    return n;
}

const char *wrap(struct layout *l, enum face face, const char *text, int width, int lines,
                 bool words, int *used)
{
    /* At worst each byte gets a line of its own, and the end an ellipsis. */
    char *out = need(malloc(2 * strlen(text) + 8)), *to = out;
    int count = 1;
    for (;; count++) {
        size_t length = strcspn(text, "\n");
        size_t n = line_break(l, face, text, length, width, words);
        if (count == lines && text[n]) {
            to = stpcpy(to, elide(l, face, text, length, width));
            break;
        }
        if (!n && length)
            for (n = 1; continues(text[n]); n++)
                ;
        to = mempcpy(to, text, n);
        text += n;
        while (words && *text == ' ')
            text++;
        text += *text == '\n';
        if (!*text)
            break;
        *to++ = '\n';
    }
    *to = 0;
    if (used)
        *used = count;
    return keep_taken(l, out);
}

int layout_inset(const struct layout *l, const struct item *i)
{
    switch (i->role) {
    case ROLE_FIELD:
        return px(l, i->face == FACE_LARGE ? 14 : 6);
    case ROLE_BUTTON:
    case ROLE_TAB:
        return px(l, 6);
    case ROLE_OPTION:
        return px(l, 24);
    case ROLE_CHECK:
        return px(l, 22);
    case ROLE_LABEL:
        return i->state & STATE_TINTED ? px(l, 4) : 0;
    default:
        return 0;
    }
}

/* Lines in TEXT are cut to the item's width; what is lost stays in full. */
static void fit_item(struct layout *l, struct item *i)
{
    int room = i->rect.w - layout_inset(l, i) * (i->role == ROLE_CHECK ? 1 : 2);
    if (i->role == ROLE_OPTION)
        room = i->rect.w - layout_inset(l, i) - px(l, 8);
    size_t length = strcspn(i->text, "\n");
    if (!*i->text || i->text[length] || (i->role == ROLE_FIELD && i->state & STATE_FOCUSED) ||
        width_of(l, i->face, i->text) <= room)
        return;
    i->full = i->full ? i->full : i->text;
    i->text = elide(l, i->face, i->text, length, room);
    i->state |= STATE_ELIDED;
}

/* --- Fields --- */

/* The stretch of the edited text that is shown: it ends, or begins, so that the caret is inside. */
static void show_edit(struct layout *l, struct item *i)
{
    const struct edit *e = &l->model->edit;
    int digit = width_of(l, i->face, "0");
    int columns = (i->rect.w - 2 * layout_inset(l, i)) / (digit ? digit : 1);
    int caret = (int)edit_columns(e, e->caret), anchor = (int)edit_columns(e, e->anchor);
    int total = (int)edit_columns(e, e->length);
    columns = columns < 1 ? 1 : columns;
    i->first = caret > columns ? caret - columns : 0;
    /* All selected: its beginning says more than its end. */
    if (edit_all_selected(e))
        i->first = 0;
    struct edit part = *e;
    edit_place(&part, (size_t)i->first, false);
    size_t from = part.caret;
    edit_place(&part, (size_t)(i->first + columns), false);
    i->text = keep_taken(l, text_of("%.*s", (int)(part.caret - from), e->text + from));
    if (from || part.caret < e->length)
        i->full = keep(l, e->text);
    int shown = total - i->first < columns ? total - i->first : columns;
    i->caret = caret - i->first < shown ? caret - i->first : shown;
    i->anchor = anchor < i->first ? 0 : anchor - i->first < shown ? anchor - i->first : shown;
    if (l->model->bad)
        i->state |= STATE_INVALID;
}

struct item *put_field(struct layout *l, struct rect rect, enum align align, const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    struct item *i = new_item(l, ROLE_FIELD, rect, NULL, name, arguments);
    va_end(arguments);
    i->state |= STATE_ACTIVE | STATE_STOP;
    i->align = align;
    i->face = FACE_MONO;
    mark_pointer(l, i);
    if (i->state & STATE_FOCUSED) {
        show_edit(l, i);
        return i;
    }
    char *text = model_field_text(l->model, i->name);
    i->text = keep_taken(l, text);
    return i;
}

static int text_left(const struct layout *l, const struct item *i)
{
    int inset = layout_inset(l, i);
    if (i->align == ALIGN_RIGHT)
        return i->rect.x + i->rect.w - inset - width_of(l, i->face, i->text);
    return i->rect.x + inset;
}

size_t layout_column(const struct layout *l, const struct item *field, int x)
{
    int digit = width_of(l, field->face, "0"), along = x - text_left(l, field) + digit / 2;
    int column = digit && along > 0 ? along / digit : 0;
    return (size_t)(column + field->first);
}

/* --- Flow --- */

struct rect flow_next(struct flow *f, int width)
{
    int room = f->right - f->left;
    width = width > room ? room : width;
    if (f->x > f->left && f->x + width > f->right) {
        f->x = f->left;
        f->y += f->line + f->gap;
    }
    struct rect r = {f->x, f->y, width, f->line};
    f->x += width + f->gap;
    return r;
}

int flow_end(const struct flow *f)
{
    return f->y + f->line;
}

/* --- Header and footer --- */

static int button_width(const struct layout *l, const char *text)
{
    return width_of(l, FACE_WORDS, text) + px(l, 20);
}

static void put_button(struct layout *l, struct flow *f, const char *text, const char *name,
                       const char *full)
{
    struct item *i =
        put_active(l, ROLE_BUTTON, flow_next(f, button_width(l, text)), text, "%s", name);
    i->full = full;
}

static int header_value(struct layout *l, int pad)
{
    const struct model *m = l->model;
    int button = px(l, 36), right = l->view.width - pad, gap = px(l, 6);
    int buttons = 3 * (button + gap);
    bool beside = right - pad - buttons >= px(l, 180);
    struct rect r = {pad, px(l, 10), right - pad - (beside ? buttons : 0), px(l, 36)};
    struct item *i = put_field(l, r, ALIGN_LEFT, "value");
    i->face = FACE_LARGE;
    if (i->state & STATE_FOCUSED)
        show_edit(l, i);
    i->state |= model_now(m)->value.format ? 0 : STATE_SOURCE;
    struct flow f = {pad,
                     right,
                     beside ? r.x + r.w + gap : pad,
                     beside ? r.y : r.y + r.h + gap,
                     px(l, beside ? 36 : 26),
                     gap};
    static const char *const names[][3] = {{"undo", "↶", "undo (Ctrl+Z)"},
                                           {"redo", "↷", "redo (Ctrl+Shift+Z)"},
                                           {"keys", "?", "the keys (F1)"}};
    for (int b = 0; b < 3; b++) {
        i = put_active(l, ROLE_BUTTON, flow_next(&f, button), names[b][1], "%s", names[b][0]);
        i->full = names[b][2];
        if ((b == 0 && !m->history.at) || (b == 1 && m->history.at + 1 == m->history.count))
            i->state |= STATE_DISABLED;
    }
    return flow_end(&f);
}

static void put_tabs(struct layout *l, struct flow *f)
{
    static const char *const titles[] = {"Bits",   "Rounding",   "Number line",
                                         "Memory", "Arithmetic", "Block"};
    for (int p = 0; p < PAGE_KEYS; p++) {
        struct item *i = put_active(l, ROLE_TAB, flow_next(f, button_width(l, titles[p])),
                                    titles[p], "tab.%s", page_name((enum page)p));
        if (l->model->page == (enum page)p)
            i->state |= STATE_SELECTED;
    }
}

static void put_settings(struct layout *l, struct flow *f)
{
    const struct hu_options *o = &model_now(l->model)->options;
    char round[64];
    snprintf(round, sizeof round, "%s ▾", direction_words(o->direction));
    int check = width_of(l, FACE_WORDS, "saturate") + px(l, 30);
    /* The widest direction keeps its place. */
    int widest = button_width(l, "to nearest, ties to even ▾");
    int total =
        widest + check + button_width(l, "formats ▾") + button_width(l, "theme ▾") + 3 * f->gap;
    if (f->right - total >= f->x) {
        f->x = f->right - total;
    } else {
        f->x = f->left;
        f->y += f->line + f->gap;
    }
    put_active(l, ROLE_BUTTON, flow_next(f, widest), round, "round")->full = "rounding direction";
    struct item *i = put_active(l, ROLE_CHECK, flow_next(f, check), "saturate", "saturate");
    i->align = ALIGN_LEFT;
    i->state |= o->saturate ? STATE_CHECKED : 0;
    i->full = "overflow goes to the largest finite value";
    put_button(l, f, "formats ▾", "formats", "which formats are shown");
    put_button(l, f, "theme ▾", "theme", "colours and size");
}

static int put_header(struct layout *l)
{
    int pad = px(l, 16);
    int y = header_value(l, pad);
    struct flow f = {pad, l->view.width - pad, pad, y + px(l, 8), px(l, 28), px(l, 4)};
    put_tabs(l, &f);
    put_settings(l, &f);
    return flow_end(&f) + px(l, 8);
}

static const char hint[] =
    "Space toggles a bit, Page Up and Page Down move by one ulp, F1 shows every key";

/* Messages get two lines where one is too narrow for most of them. */
static int status_height(const struct layout *l)
{
    bool narrow = l->view.width < px(l, 760);
    return l->view.metrics.height[FACE_SMALL] * (narrow ? 2 : 1) + px(l, 10);
}

static void put_status(struct layout *l, int y, int height)
{
    const struct model *m = l->model;
    int pad = px(l, 16), lines = l->view.width < px(l, 760) ? 2 : 1;
    struct rect r = {pad, y + px(l, 4), l->view.width - 2 * pad, height - px(l, 8)};
    const char *text = *m->message ? m->message : hint;
    const char *shown = wrap(l, FACE_SMALL, text, r.w, lines, true, NULL);
    struct item *i = put_label(l, r, m->message_is_error ? TINT_BAD : TINT_DIM, shown, "status");
    i->face = FACE_SMALL;
    i->full = *m->message ? keep(l, text) : NULL;
}

/* The rounding line stands at the foot where the window is tall enough. */
static bool strip_fits(const struct layout *l, int top)
{
    return l->view.height - top - rounding_strip_height(l) > px(l, 360);
}

static int put_footer(struct layout *l, int top)
{
    int status = status_height(l), bottom = l->view.height - status;
    put_status(l, bottom, status);
    if (l->model->page == PAGE_BITS && strip_fits(l, top)) {
        int pad = px(l, 16), height = rounding_strip_height(l);
        bottom -= height + px(l, 4);
        rounding_strip(l, (struct rect){pad, bottom, l->view.width - 2 * pad, height});
    }
    return bottom;
}

/* --- The whole --- */

int layout_scroll_max(const struct layout *l)
{
    return l->content > l->body.h ? l->content - l->body.h : 0;
}

static int put_page(struct layout *l)
{
    int y = l->body.y - l->view.scroll;
    switch (l->model->page) {
    case PAGE_BITS: {
        int bottom = page_bits(l, y);
        if (strip_fits(l, l->body.y))
            return bottom;
        int pad = px(l, 16);
        struct rect r = {pad, bottom, l->view.width - 2 * pad, rounding_strip_height(l)};
        return rounding_strip(l, r) + px(l, 8);
    }
    case PAGE_ROUNDING:
        return page_rounding(l, y);
    case PAGE_NUMBERLINE:
        return page_numberline(l, y);
    case PAGE_MEMORY:
        return page_memory(l, y);
    case PAGE_ARITHMETIC:
        return page_arithmetic(l, y);
    case PAGE_BLOCK:
        return page_block(l, y);
    default:
        return page_keys(l, y);
    }
}

static void put_scrollbar(struct layout *l)
{
    if (!layout_scroll_max(l))
        return;
    int height = (int)((long)l->body.h * l->body.h / l->content);
    int least = px(l, 24);
    height = height < least ? (least < l->body.h ? least : l->body.h) : height;
    int y = l->body.y + (int)((long)(l->body.h - height) * l->view.scroll / layout_scroll_max(l));
    struct rect r = {l->view.width - px(l, 11), y, px(l, 7), height};
    struct item *i = put_active(l, ROLE_SCROLLBAR, r, NULL, "scrollbar");
    i->state &= ~(unsigned)STATE_STOP;
}

static void finish(struct layout *l)
{
    for (size_t n = 0; n < l->count; n++) {
        struct item *i = &l->items[n];
        struct rect seen = rect_cut(i->rect, i->clip);
        fit_item(l, i);
        if (!seen.w || !seen.h)
            i->state |= STATE_OFFSCREEN;
    }
}

static void build_once(struct layout *l)
{
    l->count = l->mark_count = 0;
    l->layer = 0;
    l->body = (struct rect){0, 0, 0, 0};
    forget_texts(l);
    int top = put_header(l), bottom = put_footer(l, top);
    if (bottom - top < px(l, 40))
        bottom = top + px(l, 40);
    l->body = (struct rect){0, top, l->view.width, bottom - top};
    l->content = put_page(l) + l->view.scroll - top;
    put_scrollbar(l);
    l->layer = 1;
    put_popup(l);
    finish(l);
}

void layout_build(struct layout *l, const struct model *m, const struct view *view)
{
    l->model = m;
    l->view = *view;
    build_once(l);
    int most = layout_scroll_max(l), scroll = view->scroll;
    scroll = scroll < 0 ? 0 : scroll > most ? most : scroll;
    if (scroll != l->view.scroll) {
        l->view.scroll = scroll;
        build_once(l);
    }
}

/* --- Looking things up --- */

const struct item *layout_find(const struct layout *l, const char *name)
{
    for (size_t i = l->count; i-- > 0;)
        if (!strcmp(l->items[i].name, name))
            return &l->items[i];
    return NULL;
}

const struct item *layout_hit(const struct layout *l, int x, int y)
{
    int layer = l->model->popup != POPUP_NONE;
    for (size_t n = l->count; n-- > 0;) {
        const struct item *i = &l->items[n];
        if (i->layer == layer && i->state & STATE_ACTIVE &&
            rect_has(rect_cut(i->rect, i->clip), x, y))
            return i;
    }
    return NULL;
}

static bool stops(const struct layout *l, const struct item *i)
{
    return i->state & STATE_STOP && !(i->state & STATE_DISABLED) &&
           i->layer == (l->model->popup != POPUP_NONE);
}

const struct item *layout_stop(const struct layout *l, const char *name, int direction)
{
    size_t n = l->count, at = direction > 0 ? n - 1 : 0;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(l->items[i].name, name))
            at = i;
    for (size_t step = 0; step < n; step++) {
        at = (at + n + (direction > 0 ? 1 : -1)) % n;
        /* Of a row's bits only one is a stop; the focus may be on another. */
        if (stops(l, &l->items[at]))
            return &l->items[at];
    }
    return NULL;
}
