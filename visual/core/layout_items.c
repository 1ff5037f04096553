/* Items, marks, texts, fields and the flow of pieces: what pages are put together from. */
#include "layout_parts.h"
#include "words.h"
#include "allocate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Items and marks --- */

void layout_init(struct layout *l)
{
    memset(l, 0, sizeof *l);
}

void layout_forget_texts(struct layout *l)
{
    while (l->text_count)
        free(l->texts[--l->text_count]);
}

void layout_clear(struct layout *l)
{
    layout_forget_texts(l);
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

const char *keep_taken(struct layout *l, char *text)
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

struct item *put(struct layout *l, enum role role, struct rect rect, const char *text,
                 const char *name, ...)
{
    va_list arguments;
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 512;
        l->items = need(realloc(l->items, l->room * sizeof *l->items));
    }
    struct item *i = &l->items[l->count++];
    *i = (struct item){.role = role, .rect = rect, .layer = l->layer, .caption = -1};
    va_start(arguments, name);
    vsnprintf(i->name, sizeof i->name, name, arguments);
    va_end(arguments);
    i->text = text ? keep(l, text) : "";
    i->clip = box(0, 0, l->view.width, l->view.height);
    if (l->body.h && !l->layer)
        i->clip = l->body;
    return i;
}

struct item *as_label(struct item *i, enum face face, enum tint tint)
{
    i->face = face;
    i->tint = tint;
    return i;
}

struct item *as_active(const struct layout *l, struct item *i)
{
    i->state |= STATE_ACTIVE | STATE_STOP;
    i->align = ALIGN_CENTER;
    if (!strcmp(i->name, l->model->focus))
        i->state |= STATE_FOCUSED;
    if (l->view.hovered && !strcmp(i->name, l->view.hovered))
        i->state |= STATE_HOVERED;
    if (l->view.pressed && !strcmp(i->name, l->view.pressed))
        i->state |= STATE_PRESSED;
    return i;
}

struct item *as_choice(struct item *i, bool selected, const char *full)
{
    i->state |= selected ? STATE_SELECTED : 0;
    i->full = full;
    return i;
}

/* The part of an encoding that a bit belongs to. */
static enum tint field_of(const struct hu_format *f, int bit)
{
    if (bit >= f->trailing_bits + f->exponent_bits)
        return TINT_SIGN;
    return bit >= f->trailing_bits ? TINT_EXPONENT : TINT_SIGNIFICAND;
}

struct item *put_bit(struct layout *l, struct rect rect, const struct row *r, const char *name,
                     int bit, int cursor, int caption_height)
{
    struct item *i =
        put_active(l, ROLE_BIT, rect, r->bits >> bit & 1 ? "1" : "0", "%s.bit%d", name, bit);
    as_label(i, FACE_BIT, field_of(r->format, bit));
    i->caption = bit;
    i->caption_height = caption_height;
    if (bit != cursor)
        i->state &= ~(unsigned)STATE_STOP;
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

const struct item *layout_find(const struct layout *l, const char *name)
{
    for (size_t i = l->count; i-- > 0;)
        if (!strcmp(l->items[i].name, name))
            return &l->items[i];
    return NULL;
}

/* --- Text --- */

int width_of(const struct layout *l, enum face face, const char *text)
{
    return l->view.metrics.width(l->view.metrics.context, face, text, strlen(text));
}

int centered(struct rect area, int x, int width)
{
    int left = x - width / 2, most = area.x + area.w - width;
    left = left < most ? left : most;
    return left > area.x ? left : area.x;
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

int put_paragraph(struct layout *l, struct rect area, enum face face, enum tint tint, int lines,
                  const char *text, const char *name)
{
    int used;
    const char *words = wrap(l, face, text, area.w, lines, true, &used);
    area.h = used * line_of(l, face);
    put_label(l, area, face, tint, words, "%s", name);
    return area.y + area.h;
}

int put_heading(struct layout *l, struct rect area, const char *text, const char *name)
{
    area.h = line_of(l, FACE_BOLD);
    put(l, ROLE_HEADING, area, text, "%s", name)->face = FACE_BOLD;
    return area.y + area.h + px(l, 8);
}

int button_width(const struct layout *l, const char *text)
{
    return width_of(l, FACE_WORDS, text) + px(l, 20);
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

void layout_fit(struct layout *l, struct item *i)
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

void layout_show_edit(struct layout *l, struct item *i)
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

struct item *as_field(struct layout *l, struct item *i, enum align align)
{
    as_active(l, i);
    i->align = align;
    i->face = FACE_MONO;
    if (i->state & STATE_FOCUSED)
        layout_show_edit(l, i);
    else
        i->text = keep_taken(l, model_field_text(l->model, i->name));
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

/* --- Panels, and the flow of pieces --- */

struct panel panel_begin(struct layout *l, int y, double inner, const char *name)
{
    int pad = px(l, 16), in = px(l, inner);
    struct rect r = {pad, y, l->view.width - 2 * pad, 0};
    struct panel p = {l->count, in, {r.x + in, r.y + in, r.w - 2 * in, 0}};
    put(l, ROLE_PANEL, r, NULL, "%s", name);
    return p;
}

int panel_end(struct layout *l, const struct panel *p, int bottom)
{
    struct rect *r = &l->items[p->item].rect;
    r->h = bottom + p->inner - r->y;
    return bottom + p->inner + px(l, 8);
}

int panel_bottom(const struct layout *l, const struct panel *p)
{
    return l->body.y - l->view.scroll + l->body.h - px(l, 8) - p->inner;
}

struct flow flow_in(const struct layout *l, struct rect area, double line, double gap)
{
    return (struct flow){area.x, area.x + area.w, area.x, area.y, px(l, line), px(l, gap)};
}

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
