/* The rounding line, and the page that explains it. */
#include "allocate.h"
#include "layout_parts.h"
#include "microscope.h"
#include "words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool has_gap(const struct microscope *s)
{
    return s->kind == SCOPE_BETWEEN || s->kind == SCOPE_BEYOND;
}

static bool is_chosen(const struct layout *l, const struct way *w)
{
    return model_now(l->model)->options.direction == w->direction;
}

/* "rne ↑" */
static const char *way_text(struct layout *l, const struct microscope *s, const struct way *w)
{
    const char *arrow = !has_gap(s) ? "=" : w->step > 0 ? "↑" : "↓";
    return keep_taken(l, text_of("%s %s", hu_direction_name(w->direction), arrow));
}

/* Then the strip's title stands above the line, and the encodings of the ends below their values.
 */
static bool is_narrow(const struct layout *l)
{
    return l->view.width < px(l, 560);
}

static const double strip_pad = 10, way_height = 24, way_gap = 4;

/* The directions' buttons stand in one line, or where that would cut their names in two. */
static int way_lines(const struct layout *l)
{
    int room = l->view.width - 2 * px(l, 16) - 2 * px(l, strip_pad) - 5 * px(l, way_gap);
    return room / DIRECTIONS < button_width(l, "rto ↑") ? 2 : 1;
}

static int ways_height(const struct layout *l)
{
    return way_lines(l) * px(l, way_height + way_gap) - px(l, way_gap);
}

int rounding_strip_height(const struct layout *l)
{
    return px(l, 72) + ways_height(l) +
           (is_narrow(l) ? line_of(l, FACE_BOLD) + line_of(l, FACE_MONO) : 0);
}

struct axis {
    int left, right, y;
};

static int axis_x(const struct axis *a, double position)
{
    position = fmin(fmax(position, -0.06), 1.06);
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
        put_fill(l, some_box(lesser(x, end), a->y - thick, abs(x - end), 2 * thick), TINT_ACCENT);
        put_mark(l, MARK_DISC, box(end - px(l, 5), a->y - px(l, 5), px(l, 10), px(l, 10)),
                 TINT_ACCENT, 255);
    }
    put_mark(l, MARK_DOWN, box(x - px(l, 5), a->y - px(l, 11), px(l, 10), px(l, 8)), TINT_INK, 255);
}

/* VALUE with its encoding HEX, which may be empty, in R at the left or the right end; the value
 * gives way where both do not fit. */
static void put_end(struct layout *l, struct rect r, bool right, const char *value, const char *hex,
                    const char *name)
{
    const char *between = *hex && *value ? "  " : "";
    int columns = r.w / digits(l, 1) - (int)(strlen(hex) + strlen(between));
    const char *shown = shorten(l, value, power_of_ten(value), columns);
    const char *text =
        keep_taken(l, text_of("%s%s%s", right ? hex : shown, between, right ? shown : hex));
    struct item *i = put_label(l, r, FACE_MONO, TINT_INK, text, "rounding.%s", name);
    i->align = right ? ALIGN_RIGHT : ALIGN_LEFT;
    i->full = shown == value ? NULL : keep(l, value);
}

static void put_ends(struct layout *l, const struct microscope *s, const struct axis *a,
                     struct rect area, int y)
{
    int height = line_of(l, FACE_MONO), half = area.w / 2;
    int side = (area.w - width_with(l, FACE_SMALL, "midpoint", 8)) / 2;
    bool two = is_narrow(l);
    struct rect left = {area.x, y, side, height}, right = {area.x + area.w - side, y, side, height};
    put_end(l, left, false, s->lower, two ? "" : s->lower_hex, "lower");
    put_centered(l, area, axis_x(a, 0.5), y, TINT_DIM, FACE_SMALL, "midpoint", "rounding.midpoint");
    put_end(l, right, true, s->upper, two ? "" : s->upper_hex, "upper");
    if (!two)
        return;
    y += height;
    put_end(l, box(area.x, y, half, height), false, "", s->lower_hex, "lower.hex");
    put_end(l, box(area.x + area.w - half, y, half, height), true, "", s->upper_hex, "upper.hex");
}

/* Where there is no line: the datum, and why. */
static void put_datum(struct layout *l, const struct microscope *s, struct rect area)
{
    int height = line_of(l, FACE_MONO), used;
    area = box(area.x, area.y + height, area.w, height);
    put_label(l, area, FACE_MONO, TINT_INK, s->lower, "rounding.lower")->align = ALIGN_CENTER;
    const char *words = wrap(l, FACE_SMALL, s->summary, area.w, 2, true, &used);
    area = box(area.x, area.y + height, area.w, greater(height, used * line_of(l, FACE_SMALL)));
    put_label(l, area, FACE_SMALL, TINT_DIM, words, "rounding.summary")->align = ALIGN_CENTER;
}

static void put_line(struct layout *l, const struct microscope *s, struct rect area)
{
    int height = line_of(l, FACE_MONO), inset = area.w / 16;
    struct axis a = {area.x + inset, area.x + area.w - inset, area.y + height + px(l, 14)};
    if (!has_gap(s)) {
        put_datum(l, s, area);
        return;
    }
    put_centered(l, area, axis_x(&a, s->position), area.y, TINT_INK, FACE_MONO, keep_source(l),
                 "rounding.source");
    draw_axis(l, s, &a);
    put_ends(l, s, &a, area, a.y + px(l, 7));
}

static void put_ways(struct layout *l, const struct microscope *s, struct rect area)
{
    struct flow f = flow_in(l, area, "direction", px(l, way_height), px(l, way_gap));
    int in_line = DIRECTIONS / way_lines(l);
    int width = lesser((area.w - (in_line - 1) * f.gap) / in_line, px(l, 120));
    for (const struct way *w = s->ways; w < s->ways + DIRECTIONS; w++)
        flow_choice(&f, ROLE_BUTTON, width, way_text(l, s, w), is_chosen(l, w), keep(l, w->reason),
                    hu_direction_name(w->direction));
}

int rounding_strip(struct layout *l, struct rect area)
{
    struct microscope s;
    const struct row *r = &l->model->rows[model_selected(l->model)];
    int pad = px(l, strip_pad), ways = ways_height(l), side = width_of(l, FACE_BOLD, r->label);
    struct rect title = {area.x + pad, area.y + px(l, 6), side, line_of(l, FACE_BOLD)};
    struct rect line = {area.x + pad, area.y + px(l, 5), area.w - 2 * pad, 0};
    microscope_look(&s, model_now(l->model), r->format);
    put(l, ROLE_PANEL, area, NULL, "rounding.panel");
    put(l, ROLE_HEADING, title, r->label, "rounding.title")->face = FACE_BOLD;
    if (is_narrow(l)) {
        line.y = title.y + title.h;
    } else {
        line.x += side + px(l, 16);
        line.w -= side + px(l, 16);
    }
    put_line(l, &s, line);
    put_ways(l, &s, box(line.x, area.y + area.h - ways - px(l, 5), line.w, ways));
    return area.y + area.h;
}

/* --- The page --- */

int put_format_tabs(struct layout *l, struct rect area)
{
    const struct model *m = l->model;
    struct flow f = flow_in(l, area, NULL, px(l, 26), px(l, 4));
    for (int n = 0; n < m->count; n++) {
        f.group = m->rows[n].name;
        flow_choice(&f, ROLE_TAB, 0, m->rows[n].label, n == model_selected(m), NULL, "name");
    }
    return flow_end(&f);
}

static void put_chip(struct flow *f, const char *text, enum tint tint, const char *name)
{
    struct item *i =
        flow_label(f, width_with(f->l, FACE_MONO, text, 12), FACE_MONO, tint, text, name);
    i->align = ALIGN_CENTER;
    i->state |= STATE_TINTED;
}

static void put_word(struct flow *f, const char *text)
{
    struct rect r = flow_next(f, width_with(f->l, FACE_SMALL, text, 4));
    put_label(f->l, r, FACE_SMALL, TINT_DIM, text, "rounding.%s.label", text);
}

static const char *const guards[] = {"guard", "round", "sticky"};

/* What does not fit goes from before the last bits: they decide. */
static const char *kept_bits(struct layout *l, const struct microscope *s, int columns)
{
    size_t length = strlen(s->kept), last = length < 8 ? length : 8;
    return shorten(l, s->kept, s->kept + length - last, columns);
}

static int put_guards(struct layout *l, const struct microscope *s, struct rect area)
{
    struct flow f = flow_in(l, area, "rounding", px(l, 28), px(l, 6));
    int exponent = hu_is_integer(s->format) ? s->unit : s->unit + s->format->trailing_bits;
    const char bits[3][2] = {{s->guard, 0}, {s->round, 0}, {s->sticky, 0}};
    if (s->kind == SCOPE_SPECIAL)
        return area.y;
    put_word(&f, "kept");
    put_chip(&f, model_now(l->model)->value.sign ? "−" : "+", TINT_SIGN, "sign");
    put_chip(&f, kept_bits(l, s, (area.w - px(l, 12)) / digits(l, 1)), TINT_SIGNIFICAND, "kept");
    for (int i = 0; i < 3; i++) {
        f.x += px(l, 10); /* a word belongs to the bit behind it */
        put_word(&f, guards[i]);
        put_chip(&f, bits[i], TINT_ACCENT, guards[i]);
    }
    if (exponent || !hu_is_integer(s->format))
        put_chip(&f, keep_taken(l, text_of("× 2%s", superscript(exponent).text)), TINT_EXPONENT,
                 "unit");
    return flow_end(&f);
}

static int put_reason(struct layout *l, const struct microscope *s, const struct way *w,
                      struct rect area)
{
    const char *name = hu_direction_name(w->direction);
    int line = line_of(l, FACE_WORDS) + px(l, 12), used;
    char hex[HU_BITS_TEXT];
    struct flow f = flow_in(l, area, "direction", line, px(l, 8));
    flow_choice(&f, ROLE_BUTTON, px(l, 72), way_text(l, s, w), is_chosen(l, w), NULL, name);
    hu_bits_print(hex, s->format, w->bits);
    const char *decimal = keep_taken(l, shown_value(s->format, w->bits));
    put_label(l, flow_next(&f, digits(l, (s->format->width + 3) / 4 + 3)), FACE_MONO, TINT_INK, hex,
              "rounding.%s.bits", name);
    put_label(l, flow_next(&f, shown_width(l)), FACE_MONO, TINT_INK, decimal, "rounding.%s.decimal",
              name);
    struct rect rest = {f.x, f.y, f.right - f.x - px(l, 10), 0};
    bool below = rest.w < px(l, 220);
    if (below)
        rest = box(f.left, f.y + line, area.w, 0);
    const char *why = keep_taken(l, text_of("%s: %s", direction_words(w->direction), w->reason));
    const char *wrapped = wrap(l, FACE_WORDS, why, rest.w, 3, true, &used);
    rest.h = greater(used * line_of(l, FACE_WORDS), line);
    put_label(l, rest, FACE_WORDS, is_chosen(l, w) ? TINT_INK : TINT_DIM, wrapped,
              "rounding.%s.reason", name);
    /* What takes several lines stays together. */
    return rest.y + rest.h + px(l, rest.y > area.y ? 16 : 2);
}

/* --- What is dropped --- */

/* One bit's share of the unit: half of what the bits before it left. */
static void put_share(struct layout *l, const struct microscope *s, int bit, struct rect r)
{
    static const char *const parts[] = {"½", "¼", "⅛"};
    bool set = s->dropped[bit] == '1';
    char text[72], worth[48];
    put_fill(l, r, TINT_LINE);
    struct rect inside = {r.x + 1, r.y + 1, r.w - 2, r.h - 2};
    if (inside.w < 1 || inside.h < 1)
        return;
    put_fill(l, inside, set ? TINT_ACCENT : TINT_GROUND);
    snprintf(worth, sizeof worth, bit < 3 ? "%s ulp" : "2%s ulp",
             bit < 3 ? parts[bit] : superscript(-bit - 1).text);
    snprintf(text, sizeof text, bit < 2 ? "%s %c  %s" : "%s%c  %s", bit < 2 ? guards[bit] : "",
             s->dropped[bit], worth);
    struct item *i = put_label(l, inside, FACE_SMALL, set ? TINT_ON_ACCENT : TINT_INK, text,
                               "rounding.dropped%d", bit);
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
    const char *text = keep_taken(l, text_of("Dropped: %s ulp of 2%s, worth %s.", s->share,
                                             superscript(s->unit).text, s->worth));
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
    if (!has_gap(s))
        return area.y;
    int y = put_heading(l, area, "What the dropped bits are worth", "rounding.dropped");
    int height = within(bottom - y, px(l, 120), px(l, 560)), gap = px(l, 20), width = area.w;
    struct rect words = {area.x, y + height + px(l, 8), area.w, 0};
    bool beside = area.w >= px(l, 560);
    if (beside)
        width -= px(l, 300) + gap;
    width = lesser(width, 5 * height / 2);
    if (beside)
        words = box(area.x + width + gap, y, area.w - width - gap, 0);
    draw_shares(l, s, box(area.x, y, width, height));
    return greater(y + height, put_worth(l, s, words));
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
    if (!has_gap(&s))
        l->count = items; /* put_line has said it; its place stays */
    area.y += px(l, 12);
    for (int d = 0; d < DIRECTIONS; d++)
        area.y = put_reason(l, &s, &s.ways[d], area);
    struct rect below = {area.x, area.y + px(l, 14), area.w, 0};
    return panel_end(l, &panel, put_dropped(l, &s, below, panel_bottom(l, &panel)));
}
