#include "model.h"
#include "allocate.h"
#include "operation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char first_rows[] = "fp64,fp32,tf32,bf16,fp16";
static const char first_text[] = "0.1";

/* --- Names --- */

const char *page_name(enum page page)
{
    static const char *const names[] = {"bits",       "rounding", "numberline", "memory",
                                        "arithmetic", "block",    "keys"};
    return names[page];
}

bool page_find(const char *name, enum page *page)
{
    for (int i = 0; i < PAGE_COUNT; i++)
        if (!strcmp(name, page_name((enum page)i))) {
            *page = (enum page)i;
            return true;
        }
    return false;
}

int model_row_of(const struct model *m, const char *name, const char **rest)
{
    const char *point = strchr(name, '.');
    for (int i = 0; point && i < MODEL_ROWS; i = i + 1 == m->count ? ROW_A : i + 1) {
        const char *own = m->rows[i].name;
        if (own && !strncmp(name, own, (size_t)(point - name)) && !own[point - name]) {
            if (rest)
                *rest = point + 1;
            return i;
        }
    }
    if (rest)
        *rest = NULL;
    return -1;
}

int model_bit_of(const struct model *m, const char *name, int *row)
{
    const char *rest;
    int i = model_row_of(m, name, &rest), length = 0;
    unsigned bit;
    if (i < 0 || sscanf(rest, "bit%2u%n", &bit, &length) != 1 || rest[length])
        return -1;
    if (row)
        *row = i;
    return bit < m->rows[i].format->width ? (int)bit : -1;
}

int model_selected(const struct model *m)
{
    for (int i = 0; i < m->count; i++)
        if (m->rows[i].format == m->selected)
            return i;
    return 0;
}

/* --- Messages --- */

void model_say(struct model *m, bool error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m->message, sizeof m->message, format, arguments);
    va_end(arguments);
    m->message_is_error = error;
}

static void hush(struct model *m)
{
    m->message[0] = 0;
    m->message_is_error = false;
}

/* --- The beginning and the end --- */

void model_init(struct model *m)
{
    memset(m, 0, sizeof *m);
    struct document *d = document_new();
    char message[HU_MESSAGE];
    hu_value_read(&d->value, first_text, strlen(first_text), message);
    d->text = need(strdup(first_text));
    d->rows[d->count++] = hu_format_find("fp64");
    d->second_format = d->rows[0];
    d->second_bits = UINT64_C(0x3fc999999999999a); /* 0.2 */
    block_begin(&d->block);
    history_init(&m->history, d);
    m->zoom = 1;
    numberline_init(&m->line);
    memset(m->cursor, -1, sizeof m->cursor);
    strcpy(m->weights_text, "7B");
    model_refresh(m);
    model_set_rows(m, first_rows);
    m->selected = hu_format_find("fp32");
    model_begin(m);
    numberline_center(&m->line, &model_now(m)->value);
    char ignored[HU_MESSAGE];
    weights_read(&m->weights, m->weights_text, ignored, sizeof ignored);
    weights_arrange(&m->weights, model_now(m)->rows, model_now(m)->count);
    model_focus(m, "value");
}

void model_begin(struct model *m)
{
    struct document *start = document_copy(model_now(m));
    history_clear(&m->history);
    history_init(&m->history, start);
    model_refresh(m);
    model_settle(m);
}

void model_clear(struct model *m)
{
    history_clear(&m->history);
    numberline_clear(&m->line);
    weights_clear(&m->weights);
    for (int i = 0; i < MODEL_ROWS; i++) {
        free(m->rows[i].error_exact);
        free(m->rows[i].ulps_exact);
    }
}

/* --- Changing the document --- */

void model_settle(struct model *m)
{
    char focus[MODEL_NAME];
    strcpy(focus, m->focus);
    m->edited = false;
    model_focus(m, focus);
}

void model_commit(struct model *m, struct document *d, unsigned group)
{
    history_push(&m->history, d, group);
    hush(m);
    model_refresh(m);
    numberline_follow(&m->line, &model_now(m)->value);
    if (group != STEP_SESSION)
        model_settle(m);
}

static void set_datum(struct document *d, const struct hu_format *f, uint64_t bits)
{
    hu_value_set_datum(&d->value, f, bits);
    free(d->text);
    d->text = NULL;
}

bool model_set_text(struct model *m, const char *text, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    char message[HU_MESSAGE];
    if (!hu_value_read(&d->value, text, strlen(text), message)) {
        document_free(d);
        model_say(m, true, "%s", message);
        return false;
    }
    free(d->text);
    d->text = need(strdup(text));
    bool bare = d->value.bare_hexadecimal;
    model_commit(m, d, group);
    if (bare)
        model_say(m, false, "%s is the integer; for the encoding write %s:%s", text,
                  m->rows[model_selected(m)].format->name, text);
    return true;
}

bool model_set_datum(struct model *m, const struct hu_format *f, uint64_t bits, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    set_datum(d, f, bits & hu_width_mask(f));
    model_commit(m, d, group);
    return true;
}

bool model_set_bits(struct model *m, int row, uint64_t bits, unsigned group)
{
    if (row == ROW_RESULT) {
        model_say(m, true, "the result follows from the operands");
        return false;
    }
    if (row == ROW_B) {
        struct document *d = document_copy(model_now(m));
        d->second_format = m->rows[row].format;
        d->second_bits = bits & hu_width_mask(d->second_format);
        model_commit(m, d, group);
        return true;
    }
    if (row >= ROW_BLOCK)
        return model_set_part(m, row - ROW_BLOCK, bits, group);
    m->selected = m->rows[row].format;
    return model_set_datum(m, m->selected, bits, group);
}

bool model_set_decimal(struct model *m, int row, const char *text, unsigned group)
{
    char message[HU_MESSAGE];
    uint64_t bits;
    unsigned flags = 0;
    bool given = row >= ROW_BLOCK + BLOCK_FIRST;
    if (!hu_text_round(text, strlen(text), given ? hu_format_find("fp32") : m->rows[row].format,
                       given ? NULL : &model_now(m)->options, &bits, &flags, message)) {
        model_say(m, true, "%s", message);
        return false;
    }
    return given ? model_set_given(m, row - ROW_BLOCK - BLOCK_FIRST, bits, group)
                 : model_set_bits(m, row, bits, group);
}

bool model_write_bit(struct model *m, int row, int bit, bool value, unsigned group)
{
    uint64_t mask = UINT64_C(1) << bit, bits = m->rows[row].bits;
    return model_set_bits(m, row, value ? bits | mask : bits & ~mask, group);
}

bool model_step(struct model *m, int row, int direction)
{
    const struct row *r = &m->rows[row];
    uint64_t next = r->bits;
    bool moved = direction > 0 ? hu_next_up(r->format, r->bits, &next)
                               : hu_next_down(r->format, r->bits, &next);
    if (!moved || next == r->bits) {
        model_say(m, true, "%s has nothing %s %s", r->label, direction > 0 ? "above" : "below",
                  hu_is_nan(r->datum) ? "a NaN" : r->decimal);
        return false;
    }
    return model_set_bits(m, row, next, 0);
}

/* Negating text keeps it readable as what the user wrote. */
static char *negated_text(const char *text)
{
    while (*text == ' ')
        text++;
    if (*text == '-')
        return need(strdup(text + 1));
    return text_of("-%s", text + (*text == '+'));
}

bool model_negate(struct model *m)
{
    const struct document *now = model_now(m);
    if (now->text && !now->value.format) {
        char *text = negated_text(now->text);
        bool done = model_set_text(m, text, 0);
        free(text);
        return done;
    }
    uint64_t bits;
    const struct hu_format *f = now->value.format;
    if (!hu_negate(f, now->value.bits, &bits)) {
        model_say(m, true, "%s has no such value with the other sign", f->name);
        return false;
    }
    struct document *d = document_copy(now);
    set_datum(d, f, bits);
    model_commit(m, d, 0);
    return true;
}

bool model_negate_row(struct model *m, int row)
{
    uint64_t bits;
    const struct row *r = &m->rows[row];
    if (hu_negate(r->format, r->bits, &bits))
        return model_set_bits(m, row, bits, 0);
    model_say(m, true, "%s has no such value with the other sign", r->format->name);
    return false;
}

void model_set_arithmetic(struct model *m, enum arithmetic arithmetic)
{
    struct document *d = document_copy(model_now(m));
    d->arithmetic = arithmetic;
    model_commit(m, d, 0);
}

/* Bits that were set by hand stay, but where the block itself is looked at. */
void model_set_direction(struct model *m, enum hu_direction direction)
{
    struct document *d = document_copy(model_now(m));
    d->options.direction = direction;
    if (m->page == PAGE_BLOCK || !d->block.by_hand)
        block_encode(&d->block, direction);
    model_commit(m, d, 0);
}

void model_set_saturate(struct model *m, bool saturate)
{
    struct document *d = document_copy(model_now(m));
    d->options.saturate = saturate;
    model_commit(m, d, 0);
}

static int row_at(const struct document *d, const struct hu_format *f)
{
    for (int i = 0; i < d->count; i++)
        if (d->rows[i] == f)
            return i;
    return -1;
}

bool model_show_format(struct model *m, const struct hu_format *f, bool shown)
{
    int at = row_at(model_now(m), f);
    if (shown == (at >= 0))
        return true;
    if (shown && model_now(m)->count == DOCUMENT_ROWS) {
        model_say(m, true, "there is room for %d rows; take one away first", DOCUMENT_ROWS);
        return false;
    }
    if (!shown && model_now(m)->count == 1) {
        model_say(m, true, "one row has to stay");
        return false;
    }
    struct document *d = document_copy(model_now(m));
    if (shown) {
        d->rows[d->count++] = f;
    } else {
        d->count--;
        memmove(d->rows + at, d->rows + at + 1, (size_t)(d->count - at) * sizeof d->rows[0]);
    }
    model_commit(m, d, 0);
    return true;
}

static void select_format(struct model *m, const struct hu_format *f)
{
    bool other = m->selected != f;
    m->selected = f;
    if (other)
        model_refresh_operands(m);
}

bool model_show_custom(struct model *m, const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    if (!f) {
        model_say(m, true,
                  "'%s' is no format: eXmY wants X from 2 to 15 and 1 + X + Y at most 64; a suffix "
                  "fn or fnuz is allowed",
                  name);
        return false;
    }
    if (!model_show_format(m, f, true))
        return false;
    select_format(m, f);
    return true;
}

/* One of the formats in LIST, which ends at a comma or the end. */
static const struct hu_format *list_item(const char *list, size_t length)
{
    char name[HU_MAX_NAME + 1];
    if (!length || length >= sizeof name)
        return NULL;
    memcpy(name, list, length);
    name[length] = 0;
    return hu_format_find(name);
}

static void show_all(struct document *d)
{
    for (size_t i = 0; i < hu_format_count() && d->count < DOCUMENT_ROWS; i++)
        d->rows[d->count++] = hu_format_at(i);
}

bool model_set_rows(struct model *m, const char *list)
{
    struct document *d = document_copy(model_now(m));
    d->count = 0;
    if (!strcasecmp(list, "all"))
        show_all(d);
    for (const char *at = list; !d->count || *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        const struct hu_format *f = list_item(at, length);
        if (!strcasecmp(list, "all"))
            break;
        if (!f || (row_at(d, f) < 0 && d->count == DOCUMENT_ROWS)) {
            if (f)
                model_say(m, true, "there is room for %d rows", DOCUMENT_ROWS);
            else
                model_say(m, true, "'%.*s' is no format; 'halfulp formats' lists them",
                          (int)(length < 60 ? length : 60), at);
            document_free(d);
            return false;
        }
        if (row_at(d, f) < 0)
            d->rows[d->count++] = f;
        at += length;
    }
    model_commit(m, d, 0);
    return true;
}

void model_select(struct model *m, int row)
{
    select_format(m, m->rows[row].format);
}

/* --- Undo --- */

static void show_state(struct model *m)
{
    model_refresh(m);
    numberline_follow(&m->line, &model_now(m)->value);
    model_settle(m);
}

bool model_undo(struct model *m)
{
    hush(m);
    if (!history_undo(&m->history)) {
        model_say(m, false, "nothing to undo");
        return false;
    }
    show_state(m);
    return true;
}

bool model_redo(struct model *m)
{
    hush(m);
    if (!history_redo(&m->history)) {
        model_say(m, false, "nothing to redo");
        return false;
    }
    show_state(m);
    return true;
}

/* --- Text fields --- */

enum { LONGEST_DECIMAL = 1200 };

char *model_value_text(const struct model *m)
{
    const struct document *now = model_now(m);
    if (now->text)
        return need(strdup(now->text));
    char *exact = hu_value_exact(&now->value);
    if (strlen(exact) <= LONGEST_DECIMAL)
        return exact;
    free(exact);
    char hex[HU_HEX_TEXT];
    hu_hex_print(hex, now->value.format, now->value.bits);
    return need(strdup(hex));
}

bool model_is_field(const char *name)
{
    const char *point = strrchr(name, '.');
    enum memory_field field;
    return !strcmp(name, "value") || !strcmp(name, "format.custom") ||
           !strcmp(name, "memory.model") || !strcmp(name, "block.values") ||
           memory_field_find(name, &field) ||
           (point && (!strcmp(point, ".hex") || !strcmp(point, ".decimal")));
}

char *model_field_text(const struct model *m, const char *name)
{
    const char *rest;
    int row = model_row_of(m, name, &rest);
    if (!strcmp(name, "value"))
        return model_value_text(m);
    if (!strcmp(name, "memory.model"))
        return need(strdup(m->weights_text));
    if (!strcmp(name, "format.custom"))
        return need(strdup(m->custom_text));
    if (!strcmp(name, "block.values"))
        return block_values(&model_now(m)->block);
    enum memory_field field;
    if (memory_field_find(name, &field))
        return need(strdup(model_now(m)->memory.text[field]));
    if (row >= 0 && !strcmp(rest, "hex"))
        return need(strdup(m->rows[row].hex));
    if (row >= 0 && !strcmp(rest, "decimal"))
        return need(strdup(m->rows[row].decimal));
    return NULL;
}

void model_focus(struct model *m, const char *name)
{
    bool same = !strcmp(m->focus, name);
    char *text = model_is_field(name) ? model_field_text(m, name) : NULL;
    if (!same && m->bad)
        hush(m);
    if (!same || !m->edited) {
        edit_set(&m->edit, text ? text : "");
        m->bad = false;
        m->edited = false;
        /* What is typed from here on is a step of its own. */
        if (!same && m->history.group == STEP_SESSION)
            m->history.group = 0;
    }
    free(text);
    snprintf(m->focus, sizeof m->focus, "%s", name);
    int row, bit = model_bit_of(m, name, &row);
    if (bit >= 0)
        m->cursor[m->rows[row].format->width] = bit;
    row = model_row_of(m, name, NULL);
    if (row >= 0 && row < ROW_BLOCK)
        select_format(m, m->rows[row].format);
}

void model_set_weights(struct model *m, const char *text)
{
    char message[HU_MESSAGE] = "";
    hush(m);
    m->bad = !weights_read(&m->weights, text, message, sizeof message);
    if (m->bad)
        model_say(m, true, "%s", message);
    else
        snprintf(m->weights_text, sizeof m->weights_text, "%s", text);
    weights_arrange(&m->weights, model_now(m)->rows, model_now(m)->count);
    model_weigh(m);
}

bool model_ask(struct model *m, enum memory_field field, const char *text, unsigned group)
{
    char message[HU_MESSAGE] = "";
    if (strlen(text) >= MEMORY_TEXT || !memory_check(field, text, message, sizeof message)) {
        model_say(m, true, "%s", *message ? message : "the text is too long");
        return false;
    }
    struct document *d = document_copy(model_now(m));
    memset(d->memory.text[field], 0, MEMORY_TEXT);
    strcpy(d->memory.text[field], text);
    model_commit(m, d, group);
    return true;
}

void model_weigh(struct model *m)
{
    const struct document *d = model_now(m);
    weights_answer(&m->weights, &d->memory, m->selected, d->rows, d->count);
}

static bool apply_row(struct model *m, int row, const char *rest)
{
    const char *text = m->edit.text;
    if (!strcmp(rest, "decimal"))
        return model_set_decimal(m, row, text, STEP_SESSION);
    char message[HU_MESSAGE];
    uint64_t bits;
    if (!hu_bits_read(m->rows[row].format, text, m->edit.length, &bits, message)) {
        model_say(m, true, "%s", message);
        return false;
    }
    return model_set_bits(m, row, bits, STEP_SESSION);
}

void model_apply_edit(struct model *m)
{
    const char *rest;
    int row = model_row_of(m, m->focus, &rest);
    enum memory_field field;
    m->edited = true;
    if (!strcmp(m->focus, "value"))
        m->bad = !model_set_text(m, m->edit.text, STEP_SESSION);
    else if (!strcmp(m->focus, "memory.model") && weights_is_count(m->edit.text))
        model_set_weights(m, m->edit.text);
    else if (!strcmp(m->focus, "memory.model"))
        model_say(m, m->bad = false, "Enter opens the file or folder of that name");
    else if (memory_field_find(m->focus, &field))
        m->bad = !model_ask(m, field, m->edit.text, STEP_SESSION);
    else if (!strcmp(m->focus, "block.values"))
        m->bad = !model_set_values(m, m->edit.text, STEP_SESSION);
    else if (!strcmp(m->focus, "format.custom"))
        snprintf(m->custom_text, sizeof m->custom_text, "%.*s", HU_MAX_NAME, m->edit.text);
    else if (row >= 0)
        m->bad = !apply_row(m, row, rest);
}
