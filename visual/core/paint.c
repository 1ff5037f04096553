#include "paint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct brush {
    const struct painter *p;
    const struct colors *t;
    struct canvas *c;
    const struct layout *l;
    struct metrics m;
};

static int px(const struct brush *b, double units)
{
    int pixels = (int)lround(units * b->p->scale);
    return pixels > 0 ? pixels : 1;
}

/* --- Text --- */

static void draw_line(const struct brush *b, enum face face, enum align align, struct rect r,
                      const char *text, size_t length, unsigned color)
{
    int room = r.w - b->m.width(b->m.context, face, text, length);
    int x = r.x + (align == ALIGN_CENTER ? room / 2 : align == ALIGN_RIGHT ? room : 0);
    fonts_draw(b->p->fonts, b->c, face, x, r.y + (r.h - b->m.height[face]) / 2, color, text,
               length);
}

/* The lines of the item's text; the block stands in the middle of the rectangle's height, or at its
 * top where there are several. */
static void draw_text(const struct brush *b, const struct item *i, unsigned color)
{
    int inset = layout_inset(b->l, i), height = b->m.height[i->face];
    struct rect r = {i->rect.x + inset, i->rect.y, i->rect.w - 2 * inset, i->rect.h};
    const char *text = i->text;
    bool several = i->top || strchr(text, '\n');
    for (size_t length; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (several)
            r.h = height;
        draw_line(b, i->face, i->align, r, text, length, color);
        r.y += height;
    }
}

/* --- One item of each role --- */

static void focus_ring(const struct brush *b, struct rect r, double radius)
{
    int out = px(b, 2);
    canvas_ring(b->c, rect_grown(r, out), radius + out, out, b->t->accent);
}

/* Of what the value came from. */
static void draw_source(const struct brush *b, const struct item *i, int x)
{
    struct rect bar = {i->rect.x + x, i->rect.y + px(b, 8), px(b, 4), i->rect.h - px(b, 16)};
    if (i->state & STATE_SOURCE)
        canvas_round(b->c, bar, px(b, 2), b->t->accent);
}

static void draw_panel(const struct brush *b, const struct item *i)
{
    double radius = px(b, 7);
    canvas_round(b->c, i->rect, radius, b->t->panel);
    canvas_ring(b->c, i->rect, radius, px(b, 1),
                i->state & STATE_SELECTED ? b->t->line : b->t->edge);
    draw_source(b, i, 0);
}

static const char *field_letter(enum tint tint)
{
    return tint == TINT_SIGN ? "S" : tint == TINT_EXPONENT ? "E" : "M";
}

static bool begins_field(const struct brush *b, const struct item *i)
{
    const struct item *before = i > b->l->items ? i - 1 : NULL;
    return !before || before->role != ROLE_BIT || before->tint != i->tint;
}

static void draw_caption(const struct brush *b, const struct item *i)
{
    char index[8];
    int n = snprintf(index, sizeof index, "%d", i->caption);
    struct rect strip = {i->rect.x, i->rect.y, i->rect.w, i->caption_height};
    draw_line(b, FACE_INDEX, ALIGN_CENTER, strip, index, (size_t)n, b->t->dim);
}

/* The digit stands in the upper part of its cell, and below the first one the field's letter. Cells
 * without a strip for the index are the small ones, and have room for neither. */
static void draw_bit(const struct brush *b, const struct item *i)
{
    int field = i->tint - TINT_SIGN;
    bool over = i->state & (STATE_HOVERED | STATE_PRESSED);
    struct rect cell = {i->rect.x, i->rect.y + i->caption_height, i->rect.w,
                        i->rect.h - i->caption_height};
    bool small = !i->caption_height;
    if (!small)
        draw_caption(b, i);
    canvas_fill(b->c, cell, over ? b->t->cell_over[field] : b->t->cell[field]);
    canvas_fill(b->c, box(cell.x + cell.w - 1, cell.y, 1, cell.h), b->t->panel);
    unsigned ink = b->t->cell_ink[field];
    int foot = small ? px(b, 1) : px(b, 10);
    draw_line(b, i->face, ALIGN_CENTER, box(cell.x, cell.y, cell.w - 1, cell.h - foot + px(b, 1)),
              i->text, 1, ink);
    if (!small && begins_field(b, i))
        draw_line(b, FACE_INDEX, ALIGN_CENTER,
                  box(cell.x, cell.y + cell.h - foot - px(b, 1), cell.w - 1, foot),
                  field_letter(i->tint), 1, ink);
    if (i->state & STATE_FOCUSED)
        canvas_ring(b->c,
                    box(cell.x - px(b, 2), cell.y - px(b, 2), cell.w + px(b, 3), cell.h + px(b, 4)),
                    px(b, 3), px(b, 2), b->t->accent);
}

static void draw_caret(const struct brush *b, const struct item *i)
{
    int digit = b->m.width(b->m.context, i->face, "0", 1), height = b->m.height[i->face];
    int x = layout_text_left(b->l, i), y = i->rect.y + (i->rect.h - height) / 2;
    int from = i->anchor < i->caret ? i->anchor : i->caret;
    int to = i->anchor < i->caret ? i->caret : i->anchor;
    canvas_fill(b->c, box(x + from * digit, y, (to - from) * digit, height), b->t->selection);
    if (from == to)
        canvas_fill(b->c, box(x + i->caret * digit, y, px(b, 1.5), height), b->t->accent);
}

/* A line along the foot. */
static struct rect foot_of(const struct brush *b, const struct item *i, int up, int height)
{
    return box(i->rect.x + px(b, 6), i->rect.y + i->rect.h - up, i->rect.w - px(b, 12), height);
}

static void draw_field(const struct brush *b, const struct item *i)
{
    bool bad = i->state & STATE_INVALID, focused = i->state & STATE_FOCUSED;
    double radius = px(b, 5);
    canvas_round(b->c, i->rect, radius, bad ? b->t->bad_ground : b->t->field);
    unsigned edge = bad ? b->t->bad : i->state & STATE_HOVERED ? b->t->line : b->t->edge;
    canvas_ring(b->c, i->rect, radius, px(b, 1), edge);
    if (focused)
        focus_ring(b, i->rect, radius);
    if (bad)
        canvas_fill(b->c, foot_of(b, i, px(b, 4), px(b, 2)), b->t->bad);
    draw_source(b, i, px(b, 5));
    if (focused)
        draw_caret(b, i);
    draw_text(b, i, bad ? b->t->bad : b->t->ink);
}

static void draw_button(const struct brush *b, const struct item *i)
{
    bool chosen = i->state & STATE_SELECTED, over = i->state & (STATE_HOVERED | STATE_PRESSED);
    bool bare = i->role == ROLE_TAB || i->align == ALIGN_LEFT;
    bool off = i->state & STATE_DISABLED;
    double radius = px(b, 5);
    unsigned ground = chosen && !bare ? b->t->accent
                      : over && !off  ? b->t->button_over
                                      : b->t->button;
    unsigned ink = chosen && !bare ? b->t->on_accent : off ? b->t->line : b->t->ink;
    if (!bare || (over && !off))
        canvas_round(b->c, i->rect, radius, ground);
    if (bare && chosen)
        canvas_round(b->c, foot_of(b, i, px(b, 3), px(b, 3)), px(b, 1), b->t->accent);
    if (bare && !chosen)
        ink = i->role == ROLE_TAB ? b->t->dim : b->t->ink;
    if (i->state & STATE_FOCUSED)
        focus_ring(b, i->rect, radius);
    draw_text(b, i, ink);
}

static void draw_tick(const struct brush *b, const struct item *i, int side)
{
    struct rect square = {i->rect.x + px(b, 4), i->rect.y + (i->rect.h - side) / 2, side, side};
    if (i->state & STATE_CHECKED) {
        canvas_round(b->c, square, px(b, 3), b->t->accent);
        draw_line(b, FACE_SMALL, ALIGN_CENTER, square, "✓", strlen("✓"), b->t->on_accent);
    } else {
        canvas_ring(b->c, square, px(b, 3), px(b, 1), b->t->line);
    }
}

static void draw_check(const struct brush *b, const struct item *i)
{
    if (i->state & (STATE_HOVERED | STATE_PRESSED))
        canvas_round(b->c, i->rect, px(b, 5), b->t->button);
    draw_tick(b, i, px(b, 14));
    if (i->state & STATE_FOCUSED)
        focus_ring(b, i->rect, px(b, 5));
    draw_text(b, i, b->t->ink);
}

static void draw_option(const struct brush *b, const struct item *i)
{
    if (i->state & (STATE_HOVERED | STATE_FOCUSED))
        canvas_round(b->c, i->rect, px(b, 4), b->t->button);
    draw_tick(b, i, px(b, 14));
    if (i->state & STATE_FOCUSED)
        canvas_ring(b->c, i->rect, px(b, 4), px(b, 2), b->t->accent);
    draw_text(b, i, b->t->ink);
}

static void draw_menu(const struct brush *b, const struct item *i)
{
    struct rect shade = {i->rect.x - px(b, 1), i->rect.y + px(b, 2), i->rect.w + px(b, 2),
                         i->rect.h + px(b, 2)};
    canvas_blend(b->c, shade, 0, 40);
    canvas_round(b->c, i->rect, px(b, 6), b->t->menu);
    canvas_ring(b->c, i->rect, px(b, 6), px(b, 1), b->t->line);
}

static void draw_label(const struct brush *b, const struct item *i)
{
    unsigned ink = theme_ink(b->t, i->tint);
    if (i->state & STATE_TINTED && i->tint >= TINT_SIGN && i->tint <= TINT_SIGNIFICAND) {
        canvas_round(b->c, i->rect, px(b, 4), b->t->tint[i->tint - TINT_SIGN]);
    } else if (i->state & STATE_TINTED) {
        int slack = (i->rect.h - b->m.height[i->face] - px(b, 4)) / 2;
        slack = slack > 0 ? slack : 0;
        struct rect chip = {i->rect.x, i->rect.y + slack, i->rect.w, i->rect.h - 2 * slack};
        canvas_round(b->c, chip, px(b, 4), i->tint == TINT_BAD ? b->t->bad : b->t->accent);
        ink = b->t->on_accent;
    }
    draw_text(b, i, ink);
}

static void draw_scrollbar(const struct brush *b, const struct item *i)
{
    bool over = i->state & (STATE_HOVERED | STATE_PRESSED);
    canvas_round(b->c, i->rect, i->rect.w / 2.0, over ? b->t->dim : b->t->line);
}

static void draw_plot(const struct brush *b, const struct item *i)
{
    if (i->state & STATE_FOCUSED)
        canvas_ring(b->c, i->rect, px(b, 5), px(b, 2), b->t->accent);
}

static void draw_item(const struct brush *b, const struct item *i)
{
    static void (*const draw[])(const struct brush *, const struct item *) = {
        [ROLE_PANEL] = draw_panel,   [ROLE_HEADING] = draw_label, [ROLE_LABEL] = draw_label,
        [ROLE_FIELD] = draw_field,   [ROLE_BUTTON] = draw_button, [ROLE_TAB] = draw_button,
        [ROLE_CHECK] = draw_check,   [ROLE_BIT] = draw_bit,       [ROLE_MENU] = draw_menu,
        [ROLE_OPTION] = draw_option, [ROLE_PLOT] = draw_plot,     [ROLE_SCROLLBAR] = draw_scrollbar,
    };
    draw[i->role](b, i);
}

static unsigned mark_color(const struct colors *t, enum tint tint)
{
    if (tint >= TINT_SIGN && tint <= TINT_SIGNIFICAND)
        return t->cell_over[tint - TINT_SIGN];
    return theme_ink(t, tint);
}

static void draw_mark(const struct brush *b, const struct mark *m)
{
    unsigned color = mark_color(b->t, m->tint);
    if (m->kind == MARK_FILL)
        canvas_blend(b->c, m->rect, color, m->alpha);
    else if (m->kind == MARK_DISC)
        canvas_disc(b->c, m->rect, color);
    else
        canvas_down(b->c, m->rect, color);
}

/* The items of the layer of whose state's bits MASK those of WANTED are set. Rings and shades reach
 * a little beyond their item. */
static void paint_items(const struct brush *b, struct rect clip, int layer, unsigned mask,
                        unsigned wanted, bool bits)
{
    for (const struct item *i = b->l->items; i < b->l->items + b->l->count; i++) {
        b->c->clip = rect_cut(clip, i->clip);
        if (i->layer == layer && (i->state & mask) == wanted && (!bits || i->role == ROLE_BIT) &&
            rects_meet(rect_grown(i->rect, px(b, 6)), b->c->clip))
            draw_item(b, i);
    }
}

static void paint_layer(const struct brush *b, struct rect clip, int layer)
{
    paint_items(b, clip, layer, STATE_OVER, 0, false);
    /* A focused bit's ring lies over its neighbours. */
    paint_items(b, clip, layer, STATE_FOCUSED, STATE_FOCUSED, true);
}

void paint(const struct painter *p, struct canvas *c, const struct layout *l)
{
    struct brush b = {p, p->colors, c, l, fonts_metrics(p->fonts)};
    struct rect clip = c->clip;
    canvas_fill(c, clip, p->colors->page);
    paint_layer(&b, clip, 0);
    for (size_t n = 0; n < l->mark_count; n++) {
        c->clip = rect_cut(clip, l->marks[n].clip);
        if (c->clip.w && c->clip.h)
            draw_mark(&b, &l->marks[n]);
    }
    paint_items(&b, clip, 0, STATE_OVER, STATE_OVER, false);
    paint_layer(&b, clip, 1);
    c->clip = clip;
}
