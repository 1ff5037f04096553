/* Two operands and what an operation makes of them: every bit live, the alignment drawn. */
#include "allocate.h"
#include "anatomy.h"
#include "layout_parts.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

static const double cell_most = 30, cell_least = 11, cell_height = 26, row_height = 20,
                    index_height = 12;

/* Bits in a line, and their cells' width: the widest that fits. */
static int bits_per_line(const struct layout *l, int bits, int width, int most, int *cell)
{
    int count = bits;
    while (count > 8 && width / count < px(l, cell_least))
        count = (count + 1) / 2;
    *cell = width / count < most ? width / count : most;
    return count;
}

int put_cells(struct layout *l, const struct row *r, struct rect area, double most, bool indices,
              bool live)
{
    const struct hu_format *f = r->format;
    int cell, count = bits_per_line(l, f->width, area.w, px(l, most), &cell), bottom = area.y;
    int strip = indices ? px(l, index_height) : 0;
    int height = strip + px(l, indices ? cell_height : row_height);
    int cursor = l->model->cursor[f->width];
    cursor = cursor < 0 || cursor >= f->width ? f->width - 1 : cursor;
    for (int bit = f->width - 1; bit >= 0; bit--) {
        int at = f->width - 1 - bit, line = at / count;
        struct rect rect = {area.x + at % count * cell, area.y + line * (height + px(l, 2)), cell,
                            height};
        struct item *i = put_bit(l, rect, r, r->name, bit, cursor, strip);
        if (!live)
            i->state &= ~(unsigned)(STATE_ACTIVE | STATE_STOP);
        bottom = rect.y + rect.h;
    }
    return bottom;
}

static struct item *put_text(struct layout *l, struct flow *f, int width, enum face face,
                             enum tint tint, const char *text, const char *row, const char *name)
{
    return put_label(l, flow_next(f, width), face, tint, text, "%s.%s", row, name);
}

void put_row_head(struct layout *l, const struct row *r, const char *title, bool live,
                  struct flow *f)
{
    int digit = width_of(l, FACE_MONO, "0"), width = width_of(l, FACE_BOLD, "result") + px(l, 10);
    struct item *i = put_text(l, f, width, FACE_BOLD, TINT_INK, title, r->name, "title");
    int prefix_width = 2 * digit + px(l, 2);
    int hex_width = ((r->format->width + 3) / 4) * digit + px(l, 14), decimal_width;
    /* All in one line where the decimal need not be cut much. */
    decimal_width = f->right - f->x - prefix_width - hex_width - 2 * f->gap;
    if (decimal_width < 10 * digit || decimal_width > 25 * digit + px(l, 14))
        decimal_width = 25 * digit + px(l, 14);
    struct rect decimal = flow_next(f, decimal_width);
    struct rect prefix = flow_next(f, prefix_width);
    struct rect hex = flow_next(f, hex_width);
    if (live) {
        put_field(l, decimal, ALIGN_LEFT, "%s.decimal", r->name);
        put_field(l, hex, ALIGN_LEFT, "%s.hex", r->name);
    } else {
        put_label(l, decimal, FACE_MONO, TINT_INK, r->decimal, "%s.decimal", r->name);
        put_label(l, hex, FACE_MONO, TINT_INK, r->hex, "%s.hex", r->name);
    }
    i = put_label(l, prefix, FACE_MONO, TINT_DIM, "0x", "%s.prefix", r->name);
    i->align = ALIGN_RIGHT;
}

static int put_operand(struct layout *l, const struct row *r, bool live, struct rect area)
{
    struct flow f = flow_in(l, area, 24, 4);
    int digit = width_of(l, FACE_MONO, "0");
    put_row_head(l, r, r->name, live, &f);
    put_text(l, &f, width_of(l, FACE_WORDS, "signaling NaN"), FACE_WORDS, TINT_DIM, r->class,
             r->name, "class");
    struct item *i = put_text(l, &f, 11 * digit, FACE_WORDS, TINT_DIM, r->error, r->name, "error");
    i->full = r->error_exact ? keep(l, r->error_exact) : NULL;
    i = put_text(l, &f, 12 * digit, FACE_WORDS, TINT_DIM, r->error_ulp, r->name, "error_ulp");
    i->full = r->ulps_exact ? keep(l, r->ulps_exact) : NULL;
    if (!live)
        put_text(l, &f, width_of(l, FACE_WORDS, "divide_by_zero,overflow,inexact"), FACE_WORDS,
                 TINT_INK, r->flag_names[0] == '-' ? "no flags" : r->flag_names, r->name, "flags");
    area.y = flow_end(&f) + px(l, 2);
    return put_cells(l, r, area, cell_most, true, live);
}

static int put_operators(struct layout *l, struct rect area)
{
    struct flow f = flow_in(l, area, 26, 4);
    for (int n = 0; n < ARITHMETICS; n++) {
        enum arithmetic arithmetic = (enum arithmetic)n;
        put_choice(l, ROLE_TAB, flow_next(&f, px(l, 40)), arithmetic_sign(arithmetic),
                   model_now(l->model)->arithmetic == arithmetic,
                   hu_operation_row(arithmetic_operation(arithmetic))->standard, "operator.%s",
                   arithmetic_name(arithmetic));
    }
    return flow_end(&f);
}

/* What the operation is before it is rounded. */
static struct hu_exact exact_of(const struct model *m, const struct hu_options *options)
{
    const struct row *a = &m->rows[ROW_A], *b = &m->rows[ROW_B];
    const struct hu_format *const from[] = {a->format, b->format};
    const uint64_t x[] = {a->bits, b->bits};
    struct hu_operation_options o = {.rounding = *options};
    return hu_basic_exact(arithmetic_operation(model_now(m)->arithmetic), from, x, &o);
}

/* --- Directions --- */

static uint64_t result_in(const struct model *m, enum hu_direction direction)
{
    unsigned flags = 0;
    struct hu_options o = model_now(m)->options;
    o.direction = direction;
    struct hu_exact exact = exact_of(m, &o);
    return hu_round_exact(m->selected, &exact, 0, &o, &flags);
}

/* "rne 256" */
static char *result_text(const struct model *m, enum hu_direction direction)
{
    char *value = shown_value(m->selected, result_in(m, direction));
    char *text = text_of("%s  %s", hu_direction_name(direction), value);
    free(value);
    return text;
}

int put_direction_buttons(struct layout *l, struct rect area,
                          char *(*text_in)(const struct model *m, enum hu_direction direction))
{
    const struct model *m = l->model;
    struct flow f = flow_in(l, area, 26, 4);
    for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD; d++) {
        enum hu_direction direction = (enum hu_direction)d;
        const char *text = keep_taken(l, text_in(m, direction));
        put_choice(l, ROLE_BUTTON, flow_next(&f, button_width(l, text)), text,
                   model_now(m)->options.direction == direction, direction_words(direction),
                   "direction.%s", hu_direction_name(direction));
    }
    return flow_end(&f);
}

/* --- The alignment --- */

/* Columns of digits: the first is 2^top. */
struct places {
    int x, y, digit, columns, top;
};

static int top_of(const struct hu_exact *e)
{
    return e->exponent + 127;
}

/* The digits of E from 2^FROM down to 2^TO in their columns; those past the last are "…". */
static struct item *put_digits(struct layout *l, const struct places *p, const struct hu_exact *e,
                               int from, int to, enum tint tint, const char *name)
{
    char text[256];
    int at = 0, column = p->top - from;
    for (int place = from; place >= to && at < 200; place--) {
        if (p->top - place >= p->columns) {
            at += sprintf(text + at, "…");
            break;
        }
        text[at++] = hu_exact_digit(e, place) ? '1' : '0';
    }
    text[at] = 0;
    if (column >= p->columns)
        column = p->columns - 1;
    struct rect r = {p->x + column * p->digit, p->y, p->digit * (int)(utf8_columns(text) + 1),
                     line_of(l, FACE_MONO)};
    struct item *i = put_label(l, r, FACE_MONO, tint, text, "%s", name);
    return i;
}

static void put_name(struct layout *l, const struct places *p, int left, const char *text,
                     const char *name)
{
    struct rect r = {left, p->y, p->x - left, line_of(l, FACE_MONO)};
    put_label(l, r, FACE_SMALL, TINT_DIM, text, "align.%s.label", name);
}

static void put_strip(struct layout *l, struct places *p, int left, const struct hu_exact *e,
                      int lowest, const char *text, const char *name)
{
    char item[32];
    if (e->kind != HU_EXACT_FINITE)
        return;
    snprintf(item, sizeof item, "align.%s", name);
    int least = hu_exact_lowest(e);
    put_name(l, p, left, text, name);
    put_digits(l, p, e, top_of(e), lowest < least ? lowest : least, TINT_INK, item);
    p->y += line_of(l, FACE_MONO) + px(l, 4);
}

/* Guard, round, and whether anything follows, behind what is kept. */
static void put_cut(struct layout *l, const struct places *p, const struct hu_anatomy *a)
{
    static const char *const names[] = {"align.guard", "align.round", "align.sticky"};
    const bool digits[] = {a->guard, a->round, a->sticky};
    int first = p->top - a->quantum + 1;
    for (int i = 0; i < 3; i++) {
        int column = first + i < p->columns ? first + i : p->columns - 3 + i;
        struct rect r = {p->x + column * p->digit + px(l, 4) * (i + 1), p->y, p->digit,
                         line_of(l, FACE_MONO)};
        put_mark(l, MARK_FILL, r, TINT_ACCENT, digits[i] ? 96 : 32);
        struct item *item =
            put_label(l, r, FACE_MONO, TINT_INK, digits[i] ? "1" : "0", "%s", names[i]);
        item->state |= STATE_OVER;
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
    int label = width_of(l, FACE_SMALL, "difference") + px(l, 14);
    struct places p = {area.x + label, area.y, width_of(l, FACE_MONO, "0"), 0, top_of(&e)};
    p.columns = (area.w - label) / p.digit - 3;
    for (int i = 0; i < 2; i++)
        if (x[i].kind == HU_EXACT_FINITE && top_of(&x[i]) > p.top)
            p.top = top_of(&x[i]);
    int lead = a.quantum + f->trailing_bits;
    if (!hu_is_integer(f) && lead > p.top)
        p.top = lead;
    put_strip(l, &p, area.x, &x[0], m->rows[ROW_A].datum.quantum, "a", "a");
    put_strip(l, &p, area.x, &x[1], m->rows[ROW_B].datum.quantum, "b", "b");
    put_strip(l, &p, area.x, &e, a.quantum - 2, "exact", "exact");
    put_name(l, &p, area.x, "kept", "kept");
    int from = !hu_is_integer(f) ? lead : a.top > a.quantum ? a.top : a.quantum;
    if (p.top - a.quantum < p.columns) {
        struct rect under = {p.x + (p.top - from) * p.digit, p.y, (from - a.quantum + 1) * p.digit,
                             line_of(l, FACE_MONO)};
        put_mark(l, MARK_FILL, under, TINT_SIGNIFICAND, 48);
    }
    put_digits(l, &p, &e, from, a.quantum, TINT_INK, "align.kept")->state |= STATE_OVER;
    put_cut(l, &p, &a);
    p.y += line_of(l, FACE_MONO) + px(l, 6);
    char first[32], last[32];
    superscript(first, sizeof first, p.top);
    superscript(last, sizeof last, a.quantum);
    const char *text = keep_taken(
        l, text_of("The first column is 2%s, the last that is kept 2%s. Guard %d, round %d, "
                   "sticky %d: %s.",
                   first, last, a.guard, a.round, a.sticky, rests[a.rest]));
    area.y = put_paragraph(l, box(area.x, p.y, area.w, 0), FACE_WORDS, TINT_INK, 4, text,
                           "align.reason");
    return area.y;
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
