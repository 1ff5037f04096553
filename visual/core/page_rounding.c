/* The rounding line, and the page that explains it. */
#include "allocate.h"
#include "layout_parts.h"
#include "microscope.h"
#include "words.h"

#include <stdio.h>

static const char *arrow(const struct microscope *s, const struct way *w)
{
    if (s->kind == SCOPE_SPECIAL || s->kind == SCOPE_EXACT)
        return "=";
    return w->step > 0 ? "↑" : "↓";
}

int rounding_strip_height(const struct layout *l)
{
    return px(l, 96);
}

/* A label of TEXT whose middle is as near to x as the strip allows. */
static struct item *put_centered(struct layout *l, struct rect area, int x, int y, enum tint tint,
                                 enum face face, const char *text, const char *name)
{
    int width = width_of(l, face, text) + 1;
    int cut = width < area.w ? width : area.w;
    struct rect r = {centered(area, x, cut), y, cut, line_of(l, face)};
    return put_label(l, r, face, tint, text, "%s", name);
}

static const char *source_text(struct layout *l)
{
    return keep_taken(l, with_minus_taken(model_value_text(l->model)));
}

struct axis {
    int left, right, y;
};

static int axis_x(const struct axis *a, double position)
{
    position = position < -0.06 ? -0.06 : position > 1.06 ? 1.06 : position;
    return a->left + (int)((a->right - a->left) * position);
}

/* The line, its ends and the midpoint; the source on it, and the way that was chosen. */
static void draw_axis(struct layout *l, const struct microscope *s, const struct axis *a)
{
    int tick = px(l, 12), thick = px(l, 2), x = axis_x(a, s->position);
    const struct way *chosen = &s->ways[model_now(l->model)->options.direction];
    put_fill(l, some_box(a->left, a->y - thick / 2, a->right - a->left, thick), TINT_LINE);
    put_fill(l, some_box(a->left, a->y - tick / 2, thick, tick), TINT_INK);
    put_fill(l, some_box(a->right - thick, a->y - tick / 2, thick, tick), TINT_INK);
    int middle = axis_x(a, 0.5);
    put_fill(l, some_box(middle, a->y - tick / 3, thick, tick * 2 / 3), TINT_DIM);
    if (chosen->step) {
        int end = chosen->step > 0 ? a->right : a->left;
        int from = x < end ? x : end, to = x < end ? end : x;
        put_fill(l, some_box(from, a->y - thick, to - from, 2 * thick), TINT_ACCENT);
        put_mark(l, MARK_DISC, box(end - px(l, 5), a->y - px(l, 5), px(l, 10), px(l, 10)),
                 TINT_ACCENT, 255);
    }
    put_mark(l, MARK_DOWN, box(x - px(l, 5), a->y - px(l, 11), px(l, 10), px(l, 8)), TINT_INK, 255);
}

static void put_ends(struct layout *l, const struct microscope *s, const struct axis *a,
                     struct rect area, int y)
{
    char text[96];
    int height = line_of(l, FACE_MONO), middle = width_of(l, FACE_SMALL, "midpoint") + px(l, 8);
    int side = (area.w - middle) / 2;
    snprintf(text, sizeof text, "%s  %s", s->lower, s->lower_hex);
    struct item *i =
        put_label(l, box(area.x, y, side, height), FACE_MONO, TINT_INK, text, "rounding.lower");
    put_centered(l, area, axis_x(a, 0.5), y, TINT_DIM, FACE_SMALL, "midpoint", "rounding.midpoint");
    const char *gap = *s->upper_hex ? "  " : "";
    snprintf(text, sizeof text, "%s%s%s", s->upper_hex, gap, s->upper);
    i = put_label(l, box(area.x + area.w - side, y, side, height), FACE_MONO, TINT_INK, text,
                  "rounding.upper");
    i->align = ALIGN_RIGHT;
}

static void put_line(struct layout *l, const struct microscope *s, struct rect area)
{
    int height = line_of(l, FACE_MONO), inset = area.w / 16;
    struct axis a = {area.x + inset, area.x + area.w - inset, area.y + height + px(l, 14)};
    bool gap = s->kind == SCOPE_BETWEEN || s->kind == SCOPE_BEYOND;
    if (!gap) {
        const char *what = *s->lower ? keep(l, s->lower) : "";
        struct rect middle = {area.x, area.y + height, area.w, height};
        struct item *i = put_label(l, middle, FACE_MONO, TINT_INK, what, "rounding.lower");
        i->align = ALIGN_CENTER;
        middle.y += height;
        i = put_label(l, middle, FACE_SMALL, TINT_DIM, s->summary, "rounding.summary");
        i->align = ALIGN_CENTER;
        return;
    }
    put_centered(l, area, axis_x(&a, s->position), area.y, TINT_INK, FACE_MONO, source_text(l),
                 "rounding.source");
    draw_axis(l, s, &a);
    put_ends(l, s, &a, area, a.y + px(l, 7));
}

static void put_ways(struct layout *l, const struct microscope *s, struct rect area)
{
    struct flow f = {area.x, area.x + area.w, area.x, area.y, area.h, px(l, 4)};
    int width = (area.w - 5 * f.gap) / DIRECTIONS, most = px(l, 120);
    width = width < most ? width : most;
    for (int d = 0; d < DIRECTIONS; d++) {
        char text[48];
        const char *name = hu_direction_name(s->ways[d].direction);
        snprintf(text, sizeof text, "%s %s", name, arrow(s, &s->ways[d]));
        put_choice(l, ROLE_BUTTON, flow_next(&f, width), text,
                   model_now(l->model)->options.direction == s->ways[d].direction,
                   keep(l, s->ways[d].reason), "direction.%s", name);
    }
}

int rounding_strip(struct layout *l, struct rect area)
{
    struct microscope s;
    int pad = px(l, 10);
    const struct row *r = &l->model->rows[model_selected(l->model)];
    microscope_look(&s, model_now(l->model), r->format);
    put(l, ROLE_PANEL, area, NULL, "rounding.panel");
    int ways = px(l, 24);
    int side = width_of(l, FACE_BOLD, r->label);
    struct rect title = {area.x + pad, area.y + px(l, 6), side, line_of(l, FACE_BOLD)};
    put(l, ROLE_HEADING, title, r->label, "rounding.title")->face = FACE_BOLD;
    struct rect line = {area.x + pad, area.y + px(l, 5), area.w - 2 * pad, 0};
    /* The title keeps to the left of the line where there is room. */
    if (side + px(l, 24) < area.w / 5) {
        line.x += side + px(l, 16);
        line.w -= side + px(l, 16);
    } else {
        l->count--;
    }
    put_line(l, &s, line);
    put_ways(l, &s, box(line.x, area.y + area.h - ways - px(l, 5), line.w, ways));
    return area.y + area.h;
}

/* --- The page --- */

int put_format_tabs(struct layout *l, struct rect area)
{
    const struct model *m = l->model;
    struct flow f = flow_in(l, area, 26, 4);
    for (int n = 0; n < m->count; n++)
        put_choice(l, ROLE_TAB, flow_next(&f, button_width(l, m->rows[n].label)), m->rows[n].label,
                   n == model_selected(m), NULL, "%s.name", m->rows[n].format->name);
    return flow_end(&f);
}

static struct item *put_chip(struct layout *l, struct flow *f, const char *text, enum tint tint,
                             enum face face, const char *name)
{
    int width = width_of(l, face, text) + px(l, 12);
    struct item *i = put_label(l, flow_next(f, width), face, tint, text, "%s", name);
    i->align = ALIGN_CENTER;
    i->state |= STATE_TINTED;
    return i;
}

static void put_word(struct layout *l, struct flow *f, const char *text, const char *name)
{
    put_label(l, flow_next(f, width_of(l, FACE_SMALL, text) + px(l, 4)), FACE_SMALL, TINT_DIM, text,
              "%s", name);
}

static const char *const guards[] = {"guard", "round", "sticky"};

static int put_guards(struct layout *l, const struct microscope *s, struct rect area)
{
    struct flow f = flow_in(l, area, 28, 6);
    char unit[40], power[32];
    int exponent = hu_is_integer(s->format) ? s->unit : s->unit + s->format->trailing_bits;
    superscript(power, sizeof power, exponent);
    snprintf(unit, sizeof unit, "× 2%s", power);
    const char *sign = model_now(l->model)->value.sign ? "−" : "+";
    char bits[3][2] = {{s->guard, 0}, {s->round, 0}, {s->sticky, 0}};
    if (s->kind == SCOPE_SPECIAL)
        return area.y;
    put_word(l, &f, "kept", "rounding.kept.label");
    put_chip(l, &f, sign, TINT_SIGN, FACE_MONO, "rounding.sign");
    put_chip(l, &f, s->kept, TINT_SIGNIFICAND, FACE_MONO, "rounding.kept");
    for (int i = 0; i < 3; i++) {
        char name[32];
        f.x += px(l, 10); /* a word belongs to the bit behind it */
        snprintf(name, sizeof name, "rounding.%s.label", guards[i]);
        put_word(l, &f, guards[i], name);
        snprintf(name, sizeof name, "rounding.%s", guards[i]);
        put_chip(l, &f, bits[i], TINT_ACCENT, FACE_MONO, name);
    }
    if (exponent || !hu_is_integer(s->format))
        put_chip(l, &f, unit, TINT_EXPONENT, FACE_MONO, "rounding.unit");
    return flow_end(&f);
}

static int put_reason(struct layout *l, const struct microscope *s, int d, struct rect area)
{
    const struct way *w = &s->ways[d];
    const char *name = hu_direction_name(w->direction);
    bool chosen = model_now(l->model)->options.direction == w->direction;
    int line = line_of(l, FACE_WORDS) + px(l, 12), pad = px(l, 10);
    int button = px(l, 72), digit = width_of(l, FACE_MONO, "0");
    int code = digit * ((s->format->width + 3) / 4 + 3);
    char text[48], hex[HU_BITS_TEXT];
    snprintf(text, sizeof text, "%s %s", name, arrow(s, w));
    struct flow f = {area.x, area.x + area.w, area.x, area.y, line, px(l, 8)};
    put_choice(l, ROLE_BUTTON, flow_next(&f, button), text, chosen, NULL, "direction.%s", name);
    hu_bits_print(hex, s->format, w->bits);
    const char *decimal = keep_taken(l, shown_value(s->format, w->bits));
    put_label(l, flow_next(&f, code), FACE_MONO, TINT_INK, hex, "rounding.%s.bits", name);
    put_label(l, flow_next(&f, digit * (hu_max_digits10(s->format) + 8)), FACE_MONO, TINT_INK,
              decimal, "rounding.%s.decimal", name);
    int rest = f.right - f.x - pad;
    if (rest < px(l, 220)) {
        f.x = f.left;
        f.y += f.line;
        rest = f.right - f.left;
    }
    const char *why = keep_taken(l, text_of("%s: %s", direction_words(w->direction), w->reason));
    int used, height = line_of(l, FACE_WORDS);
    const char *wrapped = wrap(l, FACE_WORDS, why, rest, 3, true, &used);
    int tall = used * height > line ? used * height : line;
    put_label(l, box(f.x, f.y, rest, tall), FACE_WORDS, chosen ? TINT_INK : TINT_DIM, wrapped,
              "rounding.%s.reason", name);
    /* What takes several lines stays together. */
    return f.y + tall + px(l, f.y > area.y ? 16 : 2);
}

/* --- What is dropped --- */

/* One bit's share of the unit: half of what the bits before it left. */
static void put_share(struct layout *l, const struct microscope *s, int bit, struct rect r)
{
    static const char *const parts[] = {"½", "¼", "⅛"};
    bool set = s->dropped[bit] == '1';
    char name[32], text[72], worth[48], power[32];
    put_fill(l, r, TINT_LINE);
    struct rect inside = {r.x + 1, r.y + 1, r.w - 2, r.h - 2};
    if (inside.w < 1 || inside.h < 1)
        return;
    put_fill(l, inside, set ? TINT_ACCENT : TINT_GROUND);
    superscript(power, sizeof power, -bit - 1);
    snprintf(worth, sizeof worth, bit < 3 ? "%s ulp" : "2%s ulp", bit < 3 ? parts[bit] : power);
    snprintf(text, sizeof text, bit < 2 ? "%s %c  %s" : "%s%c  %s", bit < 2 ? guards[bit] : "",
             s->dropped[bit], worth);
    snprintf(name, sizeof name, "rounding.dropped%d", bit);
    struct item *i =
        put_label(l, inside, FACE_SMALL, set ? TINT_ON_ACCENT : TINT_INK, text, "%s", name);
    i->align = ALIGN_CENTER;
    i->state |= STATE_OVER;
    bool fits = width_of(l, FACE_SMALL, text) <= inside.w && line_of(l, FACE_SMALL) <= inside.h;
    i->full = fits ? NULL : i->text;
    i->text = fits ? i->text : "";
}

/* The rectangle of one unit in the last place, halved for guard, its rest for round, and so on;
 * what is filled is what is dropped. */
static void draw_shares(struct layout *l, const struct microscope *s, struct rect area)
{
    struct rect rest = area;
    for (int bit = 0; bit < SCOPE_DROPPED && rest.w > 2 && rest.h > 2; bit++) {
        struct rect part = rest;
        if (bit % 2 == 0) {
            part.w = rest.w / 2;
            rest.x += part.w;
            rest.w -= part.w;
        } else {
            part.h = rest.h / 2;
            rest.y += part.h;
            rest.h -= part.h;
        }
        put_share(l, s, bit, part);
    }
    put_fill(l, rest, s->more ? TINT_ACCENT : TINT_LINE);
}

static int put_note(struct layout *l, struct rect area, enum tint tint, const char *text,
                    const char *name)
{
    return put_paragraph(l, area, FACE_WORDS, tint, 4, text, name) + px(l, 6);
}

static int put_worth(struct layout *l, const struct microscope *s, struct rect area)
{
    char unit[32];
    superscript(unit, sizeof unit, s->unit);
    const char *text =
        keep_taken(l, text_of("Dropped: %s ulp of 2%s, worth %s.", s->share, unit, s->worth));
    area.y = put_note(l, area, TINT_INK, text, "rounding.worth");
    area.y = put_note(
        l, area, TINT_DIM,
        "The rectangle is one unit in the last place; each bit takes half of what is left, "
        "and what is filled is dropped.",
        "rounding.worth.words");
    const char *half = s->guard == '0' ? "The guard bit is 0: less than half is dropped."
                       : s->round == '0' && s->sticky == '0'
                           ? "Guard alone is 1: exactly half is dropped, a tie."
                           : "The guard bit is 1 and another too: more than half is dropped.";
    return put_note(l, area, TINT_DIM, half, "rounding.half");
}

/* Fills what the window leaves, within bounds. Returns the bottom. */
static int put_dropped(struct layout *l, const struct microscope *s, struct rect area, int bottom)
{
    if (s->kind != SCOPE_BETWEEN && s->kind != SCOPE_BEYOND)
        return area.y;
    int y = put_heading(l, area, "What the dropped bits are worth", "rounding.dropped");
    int height = bottom - y;
    int least = px(l, 120), most = px(l, 560);
    height = height < least ? least : height > most ? most : height;
    bool beside = area.w >= px(l, 560);
    int words = beside ? px(l, 300) : area.w, gap = px(l, 20);
    int width = beside ? area.w - words - gap : area.w;
    width = width > 5 * height / 2 ? 5 * height / 2 : width;
    draw_shares(l, s, box(area.x, y, width, height));
    int x = beside ? area.x + width + gap : area.x;
    int words_y = beside ? y : y + height + px(l, 8);
    struct rect beside_it = {x, words_y, beside ? area.x + area.w - x : words, 0};
    int words_bottom = put_worth(l, s, beside_it);
    return y + height > words_bottom ? y + height : words_bottom;
}

int page_rounding(struct layout *l, int y)
{
    struct microscope s;
    struct panel panel = panel_begin(l, y, 14, "rounding.panel");
    struct rect area = panel.area;
    microscope_look(&s, model_now(l->model), l->model->rows[model_selected(l->model)].format);
    area.y = put_format_tabs(l, area) + px(l, 16);
    put_line(l, &s, area);
    area.y += px(l, 78);
    area.y = put_guards(l, &s, area) + px(l, 12);
    size_t items = l->count;
    area.y = put_paragraph(l, area, FACE_WORDS, TINT_INK, 3, s.summary, "rounding.summary");
    if (s.kind != SCOPE_BETWEEN && s.kind != SCOPE_BEYOND)
        l->count = items; /* put_line has said it; its place stays */
    area.y += px(l, 12);
    for (int d = 0; d < DIRECTIONS; d++)
        area.y = put_reason(l, &s, d, area);
    struct rect below = {area.x, area.y + px(l, 14), area.w, 0};
    return panel_end(l, &panel, put_dropped(l, &s, below, panel_bottom(l, &panel)));
}
