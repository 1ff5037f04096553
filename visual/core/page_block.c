/* Values under the scale that they share: a bit of the scale moves all of them. */
#include "allocate.h"
#include "layout_parts.h"
#include "scope.h"
#include "words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is laid out, looked at once. */
struct view_of_block {
    const struct model *m;
    const struct block_state *s;
    struct hu_block_datum data[BLOCK_ELEMENTS];
    int count, greatest;
};

static int put_blocks(struct layout *l, const struct block_state *s, struct rect area)
{
    struct flow f = flow_in(l, area, "block", px(l, 26), px(l, 4));
    const struct hu_block *b;
    for (size_t i = 0; (b = block_shown_at(i)); i++)
        flow_choice(&f, ROLE_TAB, width_with(l, FACE_WORDS, b->name, 16), b->name, b == s->block,
                    b->structure, b->name);
    return flow_end(&f);
}

/* --- Scales --- */

/* "2⁻³" for a power of two, else as it is shown; new memory. */
static char *scale_text(double x)
{
    int exponent;
    char shown[HU_SHORTEST_TEXT];
    hu_block_shown(shown, x);
    if (!(x > 0 && isfinite(x) && frexp(x, &exponent) == 0.5))
        return need(strdup(shown));
    return text_of("2%s", superscript(exponent - 1).text);
}

/* How the scale came about, in words. */
static char *scale_words(const struct view_of_block *v)
{
    char words[HU_BLOCK_WORDS], shown[HU_SHORTEST_TEXT];
    if (v->s->by_hand)
        return need(strdup("Bits were set by hand. A value, a rule or a direction encodes anew."));
    if (isnan(v->data[0].scale))
        return need(strdup("Not all values are numbers."));
    if (v->greatest < 0)
        return need(strdup("All values are zero: the least scale."));
    double amax = fabs((double)v->s->given[v->greatest]);
    hu_block_derive(words, v->s->block, v->s->rule, amax, v->s->tensor_scale);
    if (v->s->block->minima)
        return need(strdup(words));
    hu_block_shown(shown, amax);
    return text_of("amax %s, element %d: %s", shown, v->greatest, words);
}

static int put_scale(struct layout *l, const struct view_of_block *v, int part, struct rect area)
{
    const struct row *r = &v->m->rows[ROW_BLOCK + part];
    struct flow f = flow_in(l, area, r->name, px(l, 24), px(l, 4));
    put_row_head(r, r->label, true, &f);
    if (part == BLOCK_SCALE) {
        OWNED char *value = scale_text(v->data[0].scale);
        flow_label(&f, digits(l, 20), FACE_MONO, TINT_EXPONENT,
                   keep_taken(l, text_of("= %s", value)), "value");
    }
    area.y = flow_end(&f) + px(l, 2);
    return put_cells(l, r, area, 30, true, true);
}

/* What a rule makes of the values: "floor  2⁰  20.1 dB", and in *full its greatest error. */
static char *rule_text(const struct view_of_block *v, enum hu_scale_rule rule, char **full)
{
    struct block_state other = *v->s;
    struct hu_block_datum data[BLOCK_ELEMENTS];
    char greatest[HU_SHORTEST_TEXT], dB[32] = "";
    other.rule = rule;
    block_page_encode(&other, model_now(v->m)->options.direction);
    block_look(&other, data);
    struct hu_block_errors e = hu_block_errors(other.given, data, (size_t)v->count);
    hu_block_shown(greatest, e.greatest);
    *full = text_of("greatest error %s", greatest);
    if (isfinite(e.sqnr))
        snprintf(dB, sizeof dB, "  %.1f dB", e.sqnr);
    OWNED char *scale = scale_text(data[0].scale);
    return text_of("%s  %s%s", hu_scale_rule_name(rule), scale, dB);
}

static int put_rules(struct layout *l, const struct view_of_block *v, struct rect area)
{
    struct flow f = flow_in(l, area, "rule", px(l, 26), px(l, 4));
    enum hu_scale_rule own = v->s->rule ? v->s->rule : v->s->block->rule;
    if (!hu_block_has_rules(v->s->block))
        return area.y;
    for (enum hu_scale_rule rule = HU_SCALE_FLOOR; rule <= HU_SCALE_EVEN; rule++) {
        char *full;
        const char *text = keep_taken(l, rule_text(v, rule, &full));
        flow_choice(&f, ROLE_BUTTON, 0, text, rule == own && !v->s->by_hand, keep_taken(l, full),
                    hu_scale_rule_name(rule));
    }
    return flow_end(&f) + px(l, 6);
}

static char *direction_text(const struct model *m, enum hu_direction direction)
{
    (void)m;
    return need(strdup(hu_direction_name(direction)));
}

/* --- Elements --- */

/* A line's parts from left to right. */
enum { INDEX, GIVEN, BITS, CODE, VALUE, ERROR, REMARK, COLUMNS };

struct columns {
    int width[COLUMNS]; /* 0: there is no room for it */
    int gap;
};

static int total(const struct columns *c)
{
    int sum = -c->gap;
    for (int i = 0; i < COLUMNS; i++)
        sum += c->width[i] ? c->width[i] + c->gap : 0;
    return sum;
}

static void add_column(struct columns *c, int column, int width, int room)
{
    c->width[column] = width;
    if (total(c) > room)
        c->width[column] = 0;
}

static struct columns columns_for(const struct layout *l, int bits, int room)
{
    struct columns c = {.gap = px(l, 6)};
    c.width[INDEX] = digits(l, 2) + px(l, 2);
    c.width[GIVEN] = digits(l, 9) + px(l, 14);
    c.width[VALUE] = digits(l, 9);
    c.width[BITS] = lesser(bits * px(l, 18), room - total(&c) - c.gap);
    add_column(&c, ERROR, digits(l, 9), room);
    add_column(&c, CODE, digits(l, 7), room);
    add_column(&c, REMARK, width_with(l, FACE_SMALL, "saturated", 2), room);
    /* What is left goes to the numbers, and then between the columns. */
    int more = lesser((room - total(&c)) / 2, digits(l, 5));
    c.width[GIVEN] += more;
    c.width[VALUE] += more;
    c.gap += lesser((room - total(&c)) / 6, px(l, 18));
    return c;
}

/* Where COLUMN stands in what is left of LINE. */
static struct rect take(struct rect *line, const struct columns *c, int column)
{
    struct rect r = {line->x, line->y, c->width[column], line->h};
    line->x += r.w + c->gap;
    return r;
}

static struct item *put_cell(struct layout *l, struct rect *line, const struct columns *c,
                             int column, enum tint tint, const char *text, int element,
                             const char *name)
{
    struct item *i =
        put_label(l, take(line, c, column), FACE_MONO, tint, text, "e%d.%s", element, name);
    i->align = ALIGN_RIGHT;
    return i;
}

/* What a code stands for without its scale. */
static double unscaled(const struct hu_block *b, const struct hu_block_datum *d)
{
    return b->element ? ldexp(hu_to_double(hu_format_find(b->element), (uint64_t)d->code),
                              b->element_power)
                      : (double)d->code;
}

static const char *keep_number(struct layout *l, double x)
{
    char text[HU_SHORTEST_TEXT];
    hu_block_shown(text, x);
    return keep_taken(l, with_minus(text));
}

static void put_error(struct layout *l, const struct view_of_block *v, const struct columns *c,
                      int n, struct rect *line)
{
    const struct hu_block_datum *d = &v->data[n];
    bool exact;
    OWNED char *error = hu_block_error(v->s->given[n], d, true, &exact);
    const char *text = keep_taken(l, with_minus(exact ? "exact" : error ? error : "no number"));
    const char *remark =
        hu_block_remark(v->s->block, model_now(v->m)->options.direction, v->s->given[n], d);
    if (c->width[ERROR])
        put_cell(l, line, c, ERROR, TINT_DIM, text, n, "error")->full =
            *remark && !c->width[REMARK] ? remark : NULL;
    if (c->width[REMARK]) {
        struct item *i = put_cell(l, line, c, REMARK, TINT_DIM, remark, n, "remark");
        i->face = FACE_SMALL;
        i->align = ALIGN_LEFT;
    }
}

static void put_element(struct layout *l, const struct view_of_block *v, const struct columns *c,
                        int n, struct rect line)
{
    const struct row *r = &v->m->rows[ROW_BLOCK + BLOCK_FIRST + n];
    bool greatest = n == v->greatest && !v->s->by_hand && !v->s->block->minima;
    put_cell(l, &line, c, INDEX, greatest ? TINT_ACCENT : TINT_DIM, r->name + 1, n, "title")->full =
        greatest ? "made the scale" : NULL;
    put_field(l, take(&line, c, GIVEN), FACE_MONO, ALIGN_RIGHT, "%s.decimal", r->name);
    put_cells(l, r, take(&line, c, BITS), 18, false, true);
    if (c->width[CODE])
        put_cell(l, &line, c, CODE, TINT_SIGNIFICAND,
                 keep_number(l, unscaled(v->s->block, &v->data[n])), n, "unscaled");
    put_cell(l, &line, c, VALUE, TINT_INK, keep_number(l, v->data[n].value), n, "value");
    put_error(l, v, c, n, &line);
}

/* The names of the columns, above the first line. */
static void put_names(struct layout *l, const struct columns *c, struct rect line, int column)
{
    static const char *const names[] = {"", "given", "bits", "unscaled", "value", "error"};
    for (int n = INDEX; n <= ERROR; n++) {
        if (!c->width[n])
            continue;
        struct item *i = put_label(l, take(&line, c, n), FACE_SMALL, TINT_DIM, names[n],
                                   "names%d.%s", column, names[n]);
        i->align = n == INDEX || n == BITS ? ALIGN_LEFT : ALIGN_RIGHT;
    }
}

/* In two columns where there is room for the errors too. Returns the bottom. */
static int put_elements(struct layout *l, const struct view_of_block *v, struct rect area)
{
    int bits = v->m->rows[ROW_BLOCK + BLOCK_FIRST].format->width, gap = px(l, 28);
    int height = px(l, 20), step = height + px(l, 3), head = line_of(l, FACE_SMALL);
    struct columns c = columns_for(l, bits, (area.w - gap) / 2);
    bool two = c.width[ERROR] && c.width[BITS] == bits * px(l, 18);
    if (!two)
        c = columns_for(l, bits, area.w);
    int lines = two ? (v->count + 1) / 2 : v->count, width = two ? (area.w - gap) / 2 : area.w;
    for (int column = 0; column <= two; column++)
        put_names(l, &c, box(area.x + column * (width + gap), area.y, width, head), column);
    area.y += head + px(l, 3);
    for (int n = 0; n < v->count; n++) {
        struct rect line = {area.x + n / lines * (width + gap), area.y + n % lines * step, width,
                            height};
        put_element(l, v, &c, n, line);
    }
    return area.y + lines * step;
}

static int put_sum(struct layout *l, const struct view_of_block *v, struct rect area)
{
    struct hu_block_errors e = hu_block_errors(v->s->given, v->data, (size_t)v->count);
    const char *hex = keep_taken(l, block_page_hex(v->s));
    char shown[HU_SHORTEST_TEXT], *text;
    hu_block_shown(shown, e.greatest);
    size_t bytes = strlen(hex) / 2;
    if (isfinite(e.sqnr))
        text = text_of("%zu bytes; greatest error %s, SQNR %.2f dB", bytes, shown, e.sqnr);
    else
        text = text_of("%zu bytes; %s", bytes,
                       isnan(e.greatest) ? "not all are numbers" : "all exact");
    area.y = put_paragraph(l, area, FACE_WORDS, TINT_INK, 4, keep_taken(l, text), "block.sum");
    int used, line = line_of(l, FACE_MONO);
    const char *wrapped = wrap(l, FACE_MONO, hex, area.w, 4, false, &used);
    area.h = used * line;
    put_label(l, area, FACE_MONO, TINT_DIM, wrapped, "block.bytes");
    return area.y + area.h;
}

int page_block(struct layout *l, int y)
{
    struct view_of_block v = {.m = l->model, .s = &model_now(l->model)->block};
    struct panel panel = panel_begin(l, y, 14, "block.panel");
    struct rect area = panel.area;
    int gap = px(l, 8);
    block_look(v.s, v.data);
    v.count = block_elements(v.s);
    v.greatest = block_greatest(v.s);
    area.y = put_blocks(l, v.s, area) + gap;
    put_field(l, box(area.x, area.y, area.w, px(l, 24)), FACE_MONO, ALIGN_LEFT, "block.values")
        ->full = "all values; numbers may be pasted";
    area.y += px(l, 24) + gap;
    for (int part = BLOCK_SECOND; part <= BLOCK_SCALE; part++)
        if (v.m->rows[ROW_BLOCK + part].name)
            area.y = put_scale(l, &v, part, area) + px(l, 4);
    area.y = put_paragraph(l, area, FACE_WORDS, TINT_INK, 4, keep_taken(l, scale_words(&v)),
                           "scale.words") +
             gap;
    area.y = put_rules(l, &v, area);
    area.y = put_direction_buttons(l, area, direction_text) + gap;
    area.y = put_elements(l, &v, area) + px(l, 4);
    area.y = put_sum(l, &v, area);
    return panel_end(l, &panel, area.y);
}
