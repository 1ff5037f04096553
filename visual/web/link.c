#include "link.h"
#include "allocate.h"
#include "scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hu_format *selected_first; /* the row that the viewer begins with */

void link_begin(const struct model *m)
{
    selected_first = m->selected;
}

/* --- The value and its rows --- */

/* The source of a link: the value is rounded to nearest into it, or is a code of it. */
static const struct hu_format *from;

static bool set_value(struct model *m, const char *text)
{
    char message[HU_MESSAGE];
    if (!from)
        return model_set_text(m, text, 0);
    VALUE(v);
    if (!hu_value_read(&v, text, strlen(text), message))
        return model_refuse(m, "%s", message);
    model_set_datum(m, from, hu_value_bits_in(&v, from, NULL, NULL), 0);
    if (model_row_with(m, from) >= 0)
        m->selected = from;
    return true;
}

static bool set_from(struct model *m, const char *name)
{
    from = *name ? hu_format_find(name) : NULL;
    return !*name || from || model_refuse(m, "'%s' is no format", name);
}

static bool select_row(struct model *m, const char *name)
{
    int row = model_row_with(m, hu_format_find(name));
    if (row < 0)
        return model_refuse(m, "'%s' is no row", name);
    model_select(m, row);
    return true;
}

static bool set_round(struct model *m, const char *name)
{
    enum hu_direction direction;
    if (!hu_direction_read(name, &direction))
        return model_refuse(m, "'%s' is no rounding direction", name);
    model_set_direction(m, direction);
    return true;
}

static bool set_page(struct session *s, const char *name)
{
    struct model *m = &s->model;
    enum page page;
    if (!page_find(name, &page))
        return model_refuse(m, "'%s' is no page: " PAGE_NAMES, name);
    if (page == PAGE_KEYS && m->page != PAGE_KEYS)
        m->page_before_keys = m->page;
    m->page = page;
    m->popup = POPUP_NONE;
    s->scroll = 0;
    return true;
}

static bool set_saturate(struct model *m, const char *value)
{
    bool on = !strcmp(value, "1");
    if (!on && strcmp(value, "0"))
        return model_refuse(m, "saturate is 0 or 1, not '%s'", value);
    model_set_saturate(m, on);
    return true;
}

/* --- The other pages --- */

static bool set_operator(struct model *m, const char *name)
{
    int operator= arithmetic_find(name);
    if (operator<0)
        return model_refuse(m, "'%s' is no operation: add, sub, mul, div", name);
    model_set_arithmetic(m, (enum arithmetic) operator);
    return true;
}

/* A plain number is one of the selected format. */
static bool set_second(struct model *m, const char *text)
{
    char message[HU_MESSAGE];
    VALUE(v);
    if (!hu_value_read(&v, text, strlen(text), message))
        return model_refuse(m, "%s", message);
    struct document *d = document_copy(model_now(m));
    d->second_format = v.format ? v.format : m->selected;
    d->second_bits = hu_value_bits_in(&v, d->second_format, NULL, NULL);
    return model_commit(m, d, 0);
}

static bool set_block(struct model *m, const char *name)
{
    const struct hu_block *block = hu_block_find(name);
    if (!block || !block_is_shown(block))
        return model_refuse(m, "'%s' is no format of the block page", name);
    model_set_block(m, block);
    return true;
}

static bool set_rule(struct model *m, const char *name)
{
    enum hu_scale_rule rule = HU_SCALE_DEFAULT;
    if (*name && !hu_scale_rule_find(name, &rule))
        return model_refuse(m, "'%s' is no rule: floor, ceil, rceil, even", name);
    model_set_rule(m, rule);
    return true;
}

/* The parts that the block has, from PART on. */
static int next_part(const struct block_state *s, int part)
{
    while (part < BLOCK_PARTS && !block_part_format(s, part))
        part++;
    return part;
}

/* The bits of every part, by commas. */
static bool set_codes(struct model *m, const char *all)
{
    const char *text = all;
    struct document *d = document_copy(model_now(m));
    int part = next_part(&d->block, 0);
    while (*text && part < BLOCK_PARTS) {
        char *end;
        uint64_t bits = strtoull(text, &end, 16);
        if (end == text || bits & ~hu_width_mask(block_part_format(&d->block, part)))
            break;
        block_set_bits(&d->block, part, bits);
        part = next_part(&d->block, part + 1);
        text = end + (*end == ',');
    }
    if (!*text && part == BLOCK_PARTS)
        return model_commit(m, d, 0);
    document_free(d);
    return model_refuse(m, "'%.40s' are not the codes of a block of %s", all,
                        hu_block_name(model_now(m)->block.block));
}

static char *codes_text(const struct block_state *s)
{
    char *text = need(strdup(""));
    for (int part = next_part(s, 0); s->by_hand && part < BLOCK_PARTS;
         part = next_part(s, part + 1)) {
        OWNED char *before = text;
        text = text_of("%s%s%" PRIx64, before, *before ? "," : "", block_bits(s, part));
    }
    return text;
}

static bool set_weights(struct model *m, const char *text)
{
    model_set_weights(m, text);
    bool done = !m->bad;
    m->bad = false;
    return done;
}

/* --- All parts --- */

static bool set_kept(struct model *m, const char *key, const char *value)
{
    double zoom;
    if (!strcmp(key, "theme"))
        return theme_find(value, &m->theme) ||
               model_refuse(m, "'%s' is no theme: " THEME_NAMES, value);
    if (!strcmp(key, "zoom") && (zoom = strtod(value, NULL)) >= 0.5 && zoom <= 4)
        m->zoom = zoom;
    return true;
}

/* Rows of functions would make the page larger. */
bool link_set(struct session *s, const char *key, const char *value)
{
    struct model *m = &s->model;
    OWNED char *field = text_of("memory.%s", key);
    return memory_field_find(field) >= 0
               ? model_ask(m, (enum memory_field)memory_field_find(field), value, 0)
           : !strcmp(key, "value")    ? set_value(m, value)
           : !strcmp(key, "from")     ? set_from(m, value)
           : !strcmp(key, "rows")     ? model_set_rows(m, value)
           : !strcmp(key, "select")   ? select_row(m, value)
           : !strcmp(key, "round")    ? set_round(m, value)
           : !strcmp(key, "saturate") ? set_saturate(m, value)
           : !strcmp(key, "page")     ? set_page(s, value)
           : !strcmp(key, "op")       ? set_operator(m, value)
           : !strcmp(key, "b")        ? set_second(m, value)
           : !strcmp(key, "block")    ? set_block(m, value)
           : !strcmp(key, "rule")     ? set_rule(m, value)
           : !strcmp(key, "values")   ? model_set_values(m, value, 0)
           : !strcmp(key, "codes")    ? set_codes(m, value)
           : !strcmp(key, "model")    ? set_weights(m, value)
                                      : set_kept(m, key, value);
}

/* The row that is selected where a link does not say which. */
static const struct hu_format *usual_row(const struct model *m, const struct hu_format *source)
{
    return model_row_with(m, source) >= 0           ? source
           : model_row_with(m, selected_first) >= 0 ? selected_first
                                                    : m->rows[0].format;
}

/* A datum as text that reads back to it: a number, or where none does, its code. */
static char *datum_text(const struct hu_format *f, uint64_t bits)
{
    char text[HU_SHORTEST_TEXT], message[HU_MESSAGE], code[HU_BITS_TEXT];
    uint64_t back;
    unsigned flags = 0;
    hu_shortest_print(text, f, bits);
    if (!hu_is_nan(hu_decode(f, bits)) &&
        hu_text_round(text, strlen(text), f, NULL, &back, &flags, message) && back == bits)
        return need(strdup(text));
    hu_bits_print(code, f, bits);
    return text_of("%s:%s", f->name, code);
}

/* A dropped file is no part of a link. */
static char *memory_text(const struct model *m)
{
    const struct memory_question *q = &model_now(m)->memory;
    bool count = weights_is_count(m->weights_text);
    char *text = count ? text_of("model\t%s\n", m->weights_text) : need(strdup(""));
    for (int n = 0; n < MEMORY_FIELDS; n++) {
        OWNED char *before = text;
        text = text_of("%s%s\t%s\n", before, memory_fields[n].name, q->text[n]);
    }
    return text;
}

static char *block_text(const struct block_state *s)
{
    OWNED char *values = block_values(s);
    OWNED char *codes = codes_text(s);
    for (char *space = values; (space = strchr(space, ' '));)
        *space = ',';
    return text_of("block\t%s\nrule\t%s\nvalues\t%s\ncodes\t%s\n", hu_block_name(s->block),
                   s->rule ? hu_scale_rule_name(s->rule) : "", values, codes);
}

static char *value_text(const struct model *m)
{
    const struct document *d = model_now(m);
    const struct hu_format *source = d->text ? NULL : d->value.format;
    OWNED char *rows = document_row_names(d);
    OWNED char *value = source ? datum_text(source, d->value.bits) : model_value_text(m);
    return text_of("value\t%s\nfrom\t%s\nrows\t%s\nround\t%s\nsaturate\t%d\nselect\t%s\n", value,
                   source ? source->name : "", rows, hu_direction_name(d->options.direction),
                   d->options.saturate,
                   m->selected == usual_row(m, source) ? "" : m->selected->name);
}

char *link_state(const struct session *s)
{
    const struct model *m = &s->model;
    const struct document *d = model_now(m);
    char second[HU_BITS_TEXT];
    hu_bits_print(second, d->second_format, d->second_bits);
    OWNED char *value = value_text(m);
    OWNED char *block = block_text(&d->block);
    OWNED char *memory = memory_text(m);
    return text_of("%sop\t%s\nb\t%s:%s\n%s%spage\t%s\ntheme\t%s\nzoom\t%.4g\n", value,
                   arithmetics[d->arithmetic].name, d->second_format->name, second, block, memory,
                   page_name(m->page), theme_label(m->theme), m->zoom);
}
