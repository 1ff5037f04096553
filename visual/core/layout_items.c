/* Items, marks, texts, fields and the flow of pieces: what pages are put together from. */
#include "layout_parts.h"
#include "words.h"
#include "allocate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Items and marks --- */

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
    memset(l, 0, sizeof *l);
}

int px(const struct layout *l, double units)
{
    return (int)lround(units * l->view.scale);
}

const char *keep_taken(struct layout *l, char *text)
{
    l->texts = room_for(l->texts, l->text_count, &l->text_room, sizeof *l->texts);
    return l->texts[l->text_count++] = text;
}

const char *keep(struct layout *l, const char *text)
{
    return *text ? keep_taken(l, need(strdup(text))) : "";
}

const char *keep_source(struct layout *l)
{
    return keep_taken(l, with_minus_taken(model_value_text(l->model)));
}

static struct rect whole(const struct layout *l)
{
    return l->body.h && !l->layer ? l->body : box(0, 0, l->view.width, l->view.height);
}

struct item *put(struct layout *l, enum role role, struct rect rect, const char *text,
                 const char *name, ...)
{
    va_list arguments;
    l->items = room_for(l->items, l->count, &l->room, sizeof *l->items);
    struct item *i = &l->items[l->count++];
    *i = (struct item){
        .role = role, .rect = rect, .clip = whole(l), .layer = l->layer, .caption = -1};
    va_start(arguments, name);
    vsnprintf(i->name, sizeof i->name, name, arguments);
    va_end(arguments);
    i->text = text ? keep(l, text) : "";
    return i;
}

struct item *as_label(struct item *i, enum face face, enum tint tint)
{
    i->face = face;
    i->tint = tint;
    return i;
}

static unsigned state_if_named(const struct item *i, const char *name, enum state state)
{
    return name && !strcmp(i->name, name) ? state : 0;
}

struct item *as_active(const struct layout *l, struct item *i)
{
    i->align = ALIGN_CENTER;
    i->state |= STATE_ACTIVE | STATE_STOP | state_if_named(i, l->model->focus, STATE_FOCUSED) |
                state_if_named(i, l->view.hovered, STATE_HOVERED) |
                state_if_named(i, l->view.pressed, STATE_PRESSED);
    return i;
}

/* The part of an encoding that a bit belongs to. */
static enum tint field_of(const struct hu_format *f, int bit)
{
    if (bit >= f->trailing_bits + f->exponent_bits)
        return TINT_SIGN;
    return bit >= f->trailing_bits ? TINT_EXPONENT : TINT_SIGNIFICAND;
}

struct item *put_bit(struct layout *l, struct rect rect, const struct row *r, int bit,
                     int caption_height)
{
    int last = r->format->width - 1, cursor = l->model->cursor[r->format->width];
    struct item *i =
        put_active(l, ROLE_BIT, rect, r->bits >> bit & 1 ? "1" : "0", "%s.bit%d", r->name, bit);
    as_label(i, FACE_BIT, field_of(r->format, bit));
    i->caption = bit;
    i->caption_height = caption_height;
    if (bit != (cursor < 0 || cursor > last ? last : cursor))
        i->state &= ~(unsigned)STATE_STOP;
    return i;
}

struct mark *put_mark(struct layout *l, enum mark_kind kind, struct rect rect, enum tint tint,
                      int alpha)
{
    l->marks = room_for(l->marks, l->mark_count, &l->mark_room, sizeof *l->marks);
    struct mark *m = &l->marks[l->mark_count++];
    *m = (struct mark){kind, rect, whole(l), tint, (unsigned char)alpha};
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

const struct face_kind face_kinds[FACE_COUNT] = {
    [FACE_WORDS] = {13, false, false}, [FACE_SMALL] = {11, false, false},
    [FACE_BOLD] = {14, false, true},   [FACE_MONO] = {13, true, false},
    [FACE_INDEX] = {9, true, false},   [FACE_BIT] = {14, true, false},
    [FACE_LARGE] = {18, true, false},  [FACE_BIT_LARGE] = {20, true, false},
};

static int width_of_part(const struct layout *l, enum face face, const char *text, size_t length)
{
    return l->view.metrics.width(l->view.metrics.context, face, text, length);
}

int width_of(const struct layout *l, enum face face, const char *text)
{
    return width_of_part(l, face, text, strlen(text));
}

int width_with(const struct layout *l, enum face face, const char *text, double units)
{
    return width_of(l, face, text) + px(l, units);
}

int button_width(const struct layout *l, const char *text)
{
    return width_with(l, FACE_WORDS, text, 20);
}

int digits(const struct layout *l, int count)
{
    return count * width_of(l, FACE_MONO, "0");
}

/* The longest beginning of TEXT, at most LENGTH bytes, that is at most WIDTH wide. */
static size_t fitting(const struct layout *l, enum face face, const char *text, size_t length,
                      int width)
{
    size_t n = 0;
    for (size_t end; n < length; n = end) {
        for (end = n + 1; utf8_continues(text[end]);)
            end++;
        width -= width_of_part(l, face, text + n, end - n);
        if (width < 0)
            break;
    }
    return n;
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

const char *power_of_ten(const char *text)
{
    const char *at = strrchr(text, 'e');
    bool power = at && (strchr("+-", at[1]) ? at[1] : !strncmp(at + 1, "−", 3));
    return power ? at : text + strlen(text);
}

const char *shorten(struct layout *l, const char *text, const char *end, int columns)
{
    int kept = columns - (int)utf8_columns(end) - 1;
    if (!*end || (int)utf8_columns(text) <= columns || kept < 2)
        return text;
    /* Only a minus sign is longer than a byte. */
    int bytes = kept + (strncmp(text, "−", 3) ? 0 : 2);
    return keep_taken(l, text_of("%.*s…%s", bytes, text, end));
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
            for (n = 1; utf8_continues(text[n]); n++)
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

struct item *put_centered(struct layout *l, struct rect area, int x, int y, enum tint tint,
                          enum face face, const char *text, const char *name)
{
    int width = lesser(width_of(l, face, text) + 1, area.w);
    int left = greater(lesser(x - width / 2, area.x + area.w - width), area.x);
    return put_label(l, box(left, y, width, line_of(l, face)), face, tint, text, "%s", name);
}

int layout_inset(const struct layout *l, const struct item *i)
{
    static const double insets[] = {[ROLE_FIELD] = 6,   [ROLE_BUTTON] = 6, [ROLE_TAB] = 6,
                                    [ROLE_OPTION] = 24, [ROLE_CHECK] = 22, [ROLE_SCROLLBAR] = 0};
    bool large = i->role == ROLE_FIELD && i->face == FACE_LARGE;
    bool tinted = i->role == ROLE_LABEL && i->state & STATE_TINTED;
    return px(l, large ? 14 : tinted ? 4 : insets[i->role]);
}

void layout_fit(struct layout *l, struct item *i)
{
    int inset = layout_inset(l, i), room = i->rect.w - inset;
    room -= i->role == ROLE_CHECK ? 0 : i->role == ROLE_OPTION ? px(l, 8) : inset;
    size_t length = strcspn(i->text, "\n");
    if (!*i->text || i->text[length] || (i->role == ROLE_FIELD && i->state & STATE_FOCUSED) ||
        width_of(l, i->face, i->text) <= room)
        return;
    i->full = i->full ? i->full : i->text;
    const char *text = i->text;
    if (face_kinds[i->face].mono)
        text = shorten(l, text, power_of_ten(text), room / greater(width_of(l, i->face, "0"), 1));
    i->text = text == i->text ? elide(l, i->face, text, length, room) : text;
    i->state |= STATE_ELIDED;
}

/* --- Fields --- */

/* The stretch of the edited text that a field shows: it ends, or begins, so that the caret is
 * inside. */
static void show_edit(struct layout *l, struct item *i)
{
    const struct edit *e = &l->model->edit;
    int digit = width_of(l, i->face, "0");
    int columns = (i->rect.w - 2 * layout_inset(l, i)) / greater(digit, 1);
    int caret = (int)edit_columns(e, e->caret), anchor = (int)edit_columns(e, e->anchor);
    columns = greater(columns, 1);
    /* All selected: its beginning says more than its end. */
    i->first = edit_all_selected(e) ? 0 : greater(caret - columns, 0);
    struct edit part = *e;
    edit_place(&part, (size_t)i->first, false);
    size_t from = part.caret;
    edit_place(&part, (size_t)(i->first + columns), false);
    i->text = keep_taken(l, text_of("%.*s", (int)(part.caret - from), e->text + from));
    if (from || part.caret < e->length)
        i->full = keep(l, e->text);
    int shown = lesser((int)edit_columns(e, e->length) - i->first, columns);
    i->caret = lesser(caret - i->first, shown);
    i->anchor = within(anchor - i->first, 0, shown);
    if (l->model->bad)
        i->state |= STATE_INVALID;
}

struct item *as_field(struct layout *l, struct item *i, enum face face, enum align align)
{
    as_active(l, i);
    i->align = align;
    i->face = face;
    if (i->state & STATE_FOCUSED)
        show_edit(l, i);
    else
        i->text = keep_taken(l, model_field_text(l->model, i->name));
    return i;
}

int layout_text_left(const struct layout *l, const struct item *i)
{
    int inset = layout_inset(l, i);
    return i->align == ALIGN_RIGHT ? i->rect.x + i->rect.w - inset - width_of(l, i->face, i->text)
                                   : i->rect.x + inset;
}

size_t layout_column(const struct layout *l, const struct item *field, int x)
{
    int digit = width_of(l, field->face, "0"), along = x - layout_text_left(l, field) + digit / 2;
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

struct flow flow_in(struct layout *l, struct rect area, const char *group, int line, int gap)
{
    return (struct flow){l, group, area.x, area.x + area.w, area.x, area.y, line, gap};
}

struct rect flow_next(struct flow *f, int width)
{
    width = lesser(width, f->right - f->left);
    if (f->x > f->left && f->x + width > f->right) {
        f->x = f->left;
        f->y += f->line + f->gap;
    }
    struct rect r = {f->x, f->y, width, f->line};
    f->x += width + f->gap;
    return r;
}

struct item *flow_label(struct flow *f, int width, enum face face, enum tint tint, const char *text,
                        const char *name)
{
    return put_label(f->l, flow_next(f, width), face, tint, text, "%s.%s", f->group, name);
}

struct item *flow_choice(struct flow *f, enum role role, int width, const char *text, bool selected,
                         const char *full, const char *name)
{
    struct rect r = flow_next(f, width ? width : button_width(f->l, text));
    struct item *i = put_active(f->l, role, r, text, "%s.%s", f->group, name);
    i->state |= selected ? STATE_SELECTED : 0;
    i->full = full;
    return i;
}

void flow_push_right(struct flow *f, int wide)
{
    f->x = greater(f->x, f->right - wide);
}

int flow_end(const struct flow *f)
{
    return f->y + f->line;
}
