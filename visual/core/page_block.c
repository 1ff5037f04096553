/* Values under the scale that they share: a bit of the scale moves all of them. */
#include "allocate.h"
#include "layout_parts.h"
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
    struct flow f = flow_in(l, area, 26, 4);
    const struct hu_block *b;
    for (size_t i = 0; (b = block_shown_at(i)); i++)
        put_choice(l, ROLE_TAB, flow_next(&f, width_of(l, FACE_WORDS, b->name) + px(l, 16)),
                   b->name, b == s->block, b->structure, "block.%s", b->name);
    return flow_end(&f);
}

/* --- Scales --- */

/* "2⁻³" for a power of two, else as it is shown. */
static void scale_text(char *out, size_t size, double x)
{
    int exponent;
    char power[32], shown[HU_SHORTEST_TEXT];
    if (x > 0 && isfinite(x) && frexp(x, &exponent) == 0.5) {
        superscript(power, sizeof power, exponent - 1);
        snprintf(out, size, "2%s", power);
        return;
    }
    hu_block_shown(shown, x);
    snprintf(out, size, "%s", shown);
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
    struct flow f = flow_in(l, area, 24, 4);
    char value[64], text[72];
    put_row_head(l, r, r->label, true, &f);
    if (part == BLOCK_SCALE) {
        scale_text(value, sizeof value, v->data[0].scale);
        snprintf(text, sizeof text, "= %s", value);
        put_label(l, flow_next(&f, 20 * width_of(l, FACE_MONO, "0")), FACE_MONO, TINT_EXPONENT,
                  text, "scale.value");
    }
    area.y = flow_end(&f) + px(l, 2);
    return put_cells(l, r, area, 30, true, true);
}

/* What a rule makes of the values: "floor  2⁰  20.1 dB". */
static char *rule_text(const struct view_of_block *v, enum hu_scale_rule rule, char *full,
                       size_t size)
{
    struct block_state other = *v->s;
    struct hu_block_datum data[BLOCK_ELEMENTS];
    char scale[64], greatest[HU_SHORTEST_TEXT], dB[32] = "";
    other.rule = rule;
    block_page_encode(&other, model_now(v->m)->options.direction);
    block_look(&other, data);
    struct hu_block_errors e = hu_block_errors(other.given, data, (size_t)v->count);
    scale_text(scale, sizeof scale, data[0].scale);
    hu_block_shown(greatest, e.greatest);
    snprintf(full, size, "greatest error %s", greatest);
    if (isfinite(e.sqnr))
        snprintf(dB, sizeof dB, "  %.1f dB", e.sqnr);
    return text_of("%s  %s%s", hu_scale_rule_name(rule), scale, dB);
}

static int put_rules(struct layout *l, const struct view_of_block *v, struct rect area)
{
    struct flow f = flow_in(l, area, 26, 4);
    enum hu_scale_rule own = v->s->rule ? v->s->rule : v->s->block->rule;
    if (!hu_block_has_rules(v->s->block))
        return area.y;
    for (int n = HU_SCALE_FLOOR; n <= HU_SCALE_EVEN; n++) {
        enum hu_scale_rule rule = (enum hu_scale_rule)n;
        char full[32 + HU_SHORTEST_TEXT];
        const char *text = keep_taken(l, rule_text(v, rule, full, sizeof full));
        put_choice(l, ROLE_BUTTON, flow_next(&f, button_width(l, text)), text,
                   rule == own && !v->s->by_hand, keep(l, full), "rule.%s",
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

/* A line's parts from left to right; 0: there is no room for it. */
struct columns {
    int index, given, bits, code, value, error, remark, gap;
};

static int total(const struct columns *c)
{
    const int all[] = {c->index, c->given, c->bits, c->code, c->value, c->error, c->remark};
    int sum = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sum += all[i] ? all[i] + c->gap : 0;
    return sum - c->gap;
}

static void add_column(struct columns *c, int *column, int width, int room)
{
    *column = width;
    if (total(c) > room)
        *column = 0;
}

static struct columns columns_for(const struct layout *l, int bits, int room)
{
    int digit = width_of(l, FACE_MONO, "0"), cell = px(l, 18);
    struct columns c = {.index = 2 * digit + px(l, 2), .gap = px(l, 6)};
    c.given = 9 * digit + px(l, 14);
    c.value = 9 * digit;
    int left = room - total(&c) - c.gap;
    c.bits = bits * cell < left ? bits * cell : left;
    add_column(&c, &c.error, 9 * digit, room);
    add_column(&c, &c.code, 7 * digit, room);
    add_column(&c, &c.remark, width_of(l, FACE_SMALL, "saturated") + px(l, 2), room);
    /* What is left goes to the numbers, and then between the columns. */
    int more = (room - total(&c)) / 2;
    more = more < 5 * digit ? more : 5 * digit;
    c.given += more;
    c.value += more;
    more = (room - total(&c)) / 6;
    c.gap += more < px(l, 18) ? more : px(l, 18);
    return c;
}

static struct rect take(struct rect *line, int width, int gap)
{
    struct rect r = {line->x, line->y, width, line->h};
    line->x += width + gap;
    return r;
}

static struct item *put_cell(struct layout *l, struct rect *line, const struct columns *c,
                             int width, enum tint tint, const char *text, int element,
                             const char *name)
{
    struct item *i =
        put_label(l, take(line, width, c->gap), FACE_MONO, tint, text, "e%d.%s", element, name);
    i->align = ALIGN_RIGHT;
    return i;
}

static void put_number(struct layout *l, struct rect *line, const struct columns *c, int width,
                       enum tint tint, const char *number, int element, const char *name)
{
    put_cell(l, line, c, width, tint, keep_taken(l, with_minus(number)), element, name);
}

/* What a code stands for without its scale. */
static void code_text(char out[HU_SHORTEST_TEXT], const struct hu_block *b,
                      const struct hu_block_datum *d)
{
    double value = (double)d->code;
    if (b->element)
        value =
            ldexp(hu_to_double(hu_format_find(b->element), (uint64_t)d->code), b->element_power);
    hu_block_shown(out, value);
}

static void put_error(struct layout *l, const struct view_of_block *v, const struct columns *c,
                      int n, struct rect *line)
{
    const struct hu_block_datum *d = &v->data[n];
    bool exact;
    char *error = hu_block_error(v->s->given[n], d, true, &exact);
    const char *text = keep_taken(l, with_minus(exact ? "exact" : error ? error : "no number"));
    const char *remark =
        hu_block_remark(v->s->block, model_now(v->m)->options.direction, v->s->given[n], d);
    struct item *i = NULL;
    if (c->error)
        i = put_cell(l, line, c, c->error, TINT_DIM, text, n, "error");
    if (i && *remark && !c->remark)
        i->full = remark;
    if (c->remark) {
        i = put_cell(l, line, c, c->remark, TINT_DIM, remark, n, "remark");
        i->face = FACE_SMALL;
        i->align = ALIGN_LEFT;
    }
    free(error);
}

static void put_element(struct layout *l, const struct view_of_block *v, const struct columns *c,
                        int n, struct rect line)
{
    char text[HU_SHORTEST_TEXT];
    const struct row *r = &v->m->rows[ROW_BLOCK + BLOCK_FIRST + n];
    bool greatest = n == v->greatest && !v->s->by_hand && !v->s->block->minima;
    snprintf(text, sizeof text, "%d", n);
    struct item *i =
        put_cell(l, &line, c, c->index, greatest ? TINT_ACCENT : TINT_DIM, text, n, "title");
    i->full = greatest ? "made the scale" : NULL;
    put_field(l, take(&line, c->given, c->gap), ALIGN_RIGHT, "%s.decimal", r->name);
    put_cells(l, r, take(&line, c->bits, c->gap), 18, false, true);
    if (c->code) {
        code_text(text, v->s->block, &v->data[n]);
        put_number(l, &line, c, c->code, TINT_SIGNIFICAND, text, n, "unscaled");
    }
    hu_block_shown(text, v->data[n].value);
    put_number(l, &line, c, c->value, TINT_INK, text, n, "value");
    put_error(l, v, c, n, &line);
}

/* The names of the columns, above the first line. */
static void put_names(struct layout *l, const struct columns *c, struct rect line, int column)
{
    const struct {
        const char *text;
        int width;
        bool left;
    } names[] = {{"", c->index, true},       {"given", c->given, false},
                 {"bits", c->bits, true},    {"unscaled", c->code, false},
                 {"value", c->value, false}, {"error", c->error, false}};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        if (!names[n].width)
            continue;
        struct item *i = put_label(l, take(&line, names[n].width, c->gap), FACE_SMALL, TINT_DIM,
                                   names[n].text, "names%d.%s", column, names[n].text);
        i->align = names[n].left ? ALIGN_LEFT : ALIGN_RIGHT;
    }
}

/* In two columns where there is room for the errors too. Returns the bottom. */
static int put_elements(struct layout *l, const struct view_of_block *v, struct rect area)
{
    int bits = v->m->rows[ROW_BLOCK + BLOCK_FIRST].format->width, gap = px(l, 28);
    int height = px(l, 20), step = height + px(l, 3), head = line_of(l, FACE_SMALL);
    struct columns c = columns_for(l, bits, (area.w - gap) / 2);
    bool two = c.error && c.bits == bits * px(l, 18);
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
    if (isfinite(e.sqnr))
        text =
            text_of("%zu bytes; greatest error %s, SQNR %.2f dB", strlen(hex) / 2, shown, e.sqnr);
    else
        text = text_of("%zu bytes; %s", strlen(hex) / 2,
                       isnan(e.greatest) ? "not all are numbers" : "all exact");
    area.y = put_paragraph(l, area, FACE_WORDS, TINT_INK, 4, keep_taken(l, text), "block.sum");
    int used, line = line_of(l, FACE_MONO);
    const char *wrapped = wrap(l, FACE_MONO, hex, area.w, 4, false, &used);
    put_label(l, box(area.x, area.y, area.w, used * line), FACE_MONO, TINT_DIM, wrapped,
              "block.bytes");
    return area.y + used * line;
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
    put_field(l, box(area.x, area.y, area.w, px(l, 24)), ALIGN_LEFT, "block.values")->full =
        "all values; numbers may be pasted";
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
