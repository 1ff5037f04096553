/* Two operands and what an operation makes of them: every bit live, the alignment drawn. */
#include "allocate.h"
#include "anatomy.h"
#include "layout_parts.h"
#include "scope.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

static const double cell_most = 30, cell_least = 14.5, cell_height = 26, row_height = 20,
                    index_height = 12;

/* Bits in a line, and their cells' width: the widest that fits. */
static int bits_per_line(const struct layout *l, int bits, int width, int most, int *cell)
{
    int count = bits;
    while (count > 8 && width / count < px(l, cell_least))
        count = (count + 1) / 2;
    *cell = lesser(width / count, most);
    return count;
}

int put_cells(struct layout *l, const struct row *r, struct rect area, double most, bool indices,
              bool live)
{
    const struct hu_format *f = r->format;
    int cell, count = bits_per_line(l, f->width, area.w, px(l, most), &cell), bottom = area.y;
    int strip = indices ? px(l, index_height) : 0;
    int height = strip + px(l, indices ? cell_height : row_height);
    for (int bit = f->width - 1; bit >= 0; bit--) {
        int at = f->width - 1 - bit, line = at / count;
        struct rect rect = {area.x + at % count * cell, area.y + line * (height + px(l, 2)), cell,
                            height};
        struct item *i = put_bit(l, rect, r, bit, strip);
        if (!live)
            i->state &= ~(unsigned)(STATE_ACTIVE | STATE_STOP);
        bottom = rect.y + rect.h;
    }
    return bottom;
}

void put_row_head(const struct row *r, const char *title, bool live, struct flow *f)
{
    struct layout *l = f->l;
    int most = shown_width(l) + px(l, 14), prefix_width = digits(l, 2) + px(l, 2);
    int hex_width = digits(l, (r->format->width + 3) / 4) + px(l, 14);
    flow_label(f, width_with(l, FACE_BOLD, "result", 10), FACE_BOLD, TINT_INK, title, "title");
    /* All in one line where most decimals need not be cut. */
    int width = f->right - f->x - prefix_width - hex_width - 2 * f->gap;
    width = width < digits(l, 20) + px(l, 14) || width > most ? most : width;
    struct rect decimal = flow_next(f, width);
    struct rect hex = flow_next(f, prefix_width + f->gap + hex_width), prefix = hex;
    prefix.w = prefix_width;
    hex.x += prefix.w + f->gap;
    hex.w -= prefix.w + f->gap;
    if (live) {
        put_field(l, decimal, FACE_MONO, ALIGN_LEFT, "%s.decimal", r->name);
        put_field(l, hex, FACE_MONO, ALIGN_LEFT, "%s.hex", r->name);
    } else {
        put_label(l, decimal, FACE_MONO, TINT_INK, r->decimal, "%s.decimal", r->name);
        put_label(l, hex, FACE_MONO, TINT_INK, r->hex, "%s.hex", r->name);
    }
    put_label(l, prefix, FACE_MONO, TINT_DIM, "0x", "%s.prefix", r->name)->align = ALIGN_RIGHT;
}

static int put_operand(struct layout *l, const struct row *r, bool live, struct rect area)
{
    struct flow f = flow_in(l, area, r->name, px(l, 24), px(l, 4));
    const char *flags = r->flag_names[0] == '-' ? "no flags" : r->flag_names;
    put_row_head(r, r->name, live, &f);
    flow_label(&f, width_of(l, FACE_WORDS, "signaling NaN"), FACE_WORDS, TINT_DIM, r->class,
               "class");
    flow_label(&f, digits(l, 11), FACE_MONO, TINT_DIM, r->error, "error")->full = r->error_exact;
    flow_label(&f, digits(l, 13), FACE_MONO, TINT_DIM, r->error_ulp, "error_ulp")->full =
        r->ulps_exact;
    if (!live)
        flow_label(&f, width_of(l, FACE_WORDS, "divide_by_zero,overflow,inexact"), FACE_WORDS,
                   TINT_INK, flags, "flags");
    area.y = flow_end(&f) + px(l, 2);
    return put_cells(l, r, area, cell_most, true, live);
}

static int put_operators(struct layout *l, struct rect area)
{
    struct flow f = flow_in(l, area, "operator", px(l, 26), px(l, 4));
    for (int n = 0; n < ARITHMETICS; n++)
        flow_choice(&f, ROLE_TAB, px(l, 40), arithmetics[n].sign,
                    (int)model_now(l->model)->arithmetic == n,
                    hu_operation_row(arithmetics[n].operation)->standard, arithmetics[n].name);
    return flow_end(&f);
}

/* What the operation is before it is rounded. */
static struct hu_exact exact_of(const struct model *m, const struct hu_options *options)
{
    const struct row *a = &m->rows[ROW_A], *b = &m->rows[ROW_B];
    const struct hu_format *const from[] = {a->format, b->format};
    const uint64_t x[] = {a->bits, b->bits};
    struct hu_operation_options o = {.rounding = *options};
    return hu_basic_exact(arithmetics[model_now(m)->arithmetic].operation, from, x, &o);
}

/* --- Directions --- */

/* "rne 256" */
static char *result_text(const struct model *m, enum hu_direction direction)
{
    unsigned flags = 0;
    struct hu_options o = model_now(m)->options;
    o.direction = direction;
    struct hu_exact exact = exact_of(m, &o);
    OWNED char *value =
        shown_value(m->selected, hu_round_exact(m->selected, &exact, 0, &o, &flags));
    return text_of("%s  %s", hu_direction_name(direction), value);
}

int put_direction_buttons(struct layout *l, struct rect area,
                          char *(*text_in)(const struct model *m, enum hu_direction direction))
{
    const struct model *m = l->model;
    struct flow f = flow_in(l, area, "direction", px(l, 26), px(l, 4));
    for (enum hu_direction d = HU_TIES_TO_EVEN; d <= HU_TO_ODD; d++)
        flow_choice(&f, ROLE_BUTTON, 0, keep_taken(l, text_in(m, d)),
                    model_now(m)->options.direction == d, direction_words(d), hu_direction_name(d));
    return flow_end(&f);
}

/* --- The alignment --- */

/* Columns of digits: the first is 2^top. */
struct places {
    int left, x, y, digit, columns, top; /* left: where names stand */
};

static int top_of(const struct hu_exact *e)
{
    return e->exponent + 127;
}

/* The digits of E from 2^FROM down to 2^TO in their columns; those past the last are "…". */
static struct item *put_digits(struct layout *l, const struct places *p, const struct hu_exact *e,
                               int from, int to, const char *name)
{
    char text[256];
    int at = 0, column = lesser(p->top - from, p->columns - 1);
    for (int place = from; place >= to && at < 200; place--) {
        if (p->top - place >= p->columns) {
            at += sprintf(text + at, "…");
            break;
        }
        text[at++] = hu_exact_digit(e, place) ? '1' : '0';
    }
    text[at] = 0;
    struct rect r = {p->x + column * p->digit, p->y, width_of(l, FACE_MONO, text),
                     line_of(l, FACE_MONO)};
    return put_label(l, r, FACE_MONO, TINT_INK, text, "align.%s", name);
}

static void put_name(struct layout *l, const struct places *p, const char *name)
{
    struct rect r = {p->left, p->y, p->x - p->left, line_of(l, FACE_MONO)};
    put_label(l, r, FACE_SMALL, TINT_DIM, name, "align.%s.label", name);
}

static void put_strip(struct layout *l, struct places *p, const struct hu_exact *e, int lowest,
                      const char *name)
{
    if (e->kind != HU_EXACT_FINITE)
        return;
    put_name(l, p, name);
    put_digits(l, p, e, top_of(e), lesser(lowest, hu_exact_lowest(e)), name);
    p->y += line_of(l, FACE_MONO) + px(l, 4);
}

/* The column of the guard bit: behind what is kept, or where that is too long, before the end. */
static int first_cut(const struct places *p, const struct hu_anatomy *a)
{
    return lesser(p->top - a->quantum + 1, p->columns - 3);
}

/* Guard, round, and whether anything follows, behind what is kept. */
static void put_cut(struct layout *l, const struct places *p, const struct hu_anatomy *a)
{
    static const char *const names[] = {"guard", "round", "sticky"};
    const bool bits[] = {a->guard, a->round, a->sticky};
    int first = first_cut(p, a);
    for (int i = 0; i < 3; i++) {
        struct rect r = {p->x + (first + i) * p->digit + px(l, 4) * (i + 1), p->y, p->digit,
                         line_of(l, FACE_MONO)};
        put_mark(l, MARK_FILL, r, TINT_ACCENT, bits[i] ? 96 : 32);
        put_label(l, r, FACE_MONO, TINT_INK, bits[i] ? "1" : "0", "align.%s", names[i])->state |=
            STATE_OVER;
    }
}

static int put_alignment(struct layout *l, struct rect area)
{
    static const char *const rests[] = {"nothing is cut", "less than half is cut",
                                        "exactly half is cut, a tie", "more than half is cut"};
    const struct model *m = l->model;
    const struct hu_format *f = m->selected;
    struct hu_exact e = exact_of(m, &model_now(m)->options);
    struct hu_exact x[2] = {hu_exact_of(m->rows[ROW_A].datum), hu_exact_of(m->rows[ROW_B].datum)};
    if (e.kind != HU_EXACT_FINITE) {
        const char *text = e.kind == HU_EXACT_ZERO ? "the exact result is 0" : "nothing to round";
        put_label(l, box(area.x, area.y, area.w, px(l, 20)), FACE_WORDS, TINT_DIM, text,
                  "align.reason");
        return area.y + px(l, 20);
    }
    struct hu_anatomy a = hu_anatomy_of(f, &e);
    int label = width_with(l, FACE_SMALL, "difference", 14), digit = digits(l, 1);
    int lead = hu_is_integer(f) ? greater(a.top, a.quantum) : a.quantum + f->trailing_bits;
    struct places p = {area.x,    area.x + label, area.y, digit, (area.w - label) / digit - 3,
                       top_of(&e)};
    for (int i = 0; i < 2; i++)
        if (x[i].kind == HU_EXACT_FINITE)
            p.top = greater(p.top, top_of(&x[i]));
    if (!hu_is_integer(f))
        p.top = greater(p.top, lead);
    put_strip(l, &p, &x[0], m->rows[ROW_A].datum.quantum, "a");
    put_strip(l, &p, &x[1], m->rows[ROW_B].datum.quantum, "b");
    put_strip(l, &p, &e, a.quantum - 2, "exact");
    put_name(l, &p, "kept");
    if (p.top - a.quantum < p.columns) {
        struct rect under = {p.x + (p.top - lead) * p.digit, p.y, (lead - a.quantum + 1) * p.digit,
                             line_of(l, FACE_MONO)};
        put_mark(l, MARK_FILL, under, TINT_SIGNIFICAND, 48);
    }
    struct places kept = p;
    int most = first_cut(&p, &a);
    /* What is left out leaves a column to its "…". */
    kept.columns = most > p.top - a.quantum ? most : most - 1;
    put_digits(l, &kept, &e, lead, a.quantum, "kept")->state |= STATE_OVER;
    put_cut(l, &p, &a);
    p.y += line_of(l, FACE_MONO) + px(l, 6);
    const char *text = keep_taken(
        l, text_of("The first column is 2%s, the last that is kept 2%s. Guard %d, round %d, "
                   "sticky %d: %s.",
                   superscript(p.top).text, superscript(a.quantum).text, a.guard, a.round, a.sticky,
                   rests[a.rest]));
    return put_paragraph(l, box(area.x, p.y, area.w, 0), FACE_WORDS, TINT_INK, 4, text,
                         "align.reason");
}

int page_arithmetic(struct layout *l, int y)
{
    const struct model *m = l->model;
    struct panel panel = panel_begin(l, y, 14, "arithmetic.panel");
    struct rect area = panel.area;
    int gap = px(l, 12);
    area.y = put_format_tabs(l, area) + gap;
    area.y = put_operand(l, &m->rows[ROW_A], true, area) + gap;
    area.y = put_operators(l, area) + gap;
    area.y = put_operand(l, &m->rows[ROW_B], true, area) + gap;
    area.y = put_operand(l, &m->rows[ROW_RESULT], false, area) + gap;
    area.y = put_alignment(l, area) + gap;
    area.y = put_direction_buttons(l, area, result_text);
    return panel_end(l, &panel, area.y);
}
