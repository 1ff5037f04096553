#include "model.h"
#include "allocate.h"
#include "names.h"
#include "operation.h"
#include "scope.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char first_rows[] = "fp64,fp32,tf32,bf16,fp16";
static const char first_text[] = "0.1";

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

bool model_commit(struct model *m, struct document *d, unsigned group)
{
    history_push(&m->history, d, group);
    model_hush(m);
    model_refresh(m);
    numberline_follow(&m->line, &model_now(m)->value);
    if (group != STEP_SESSION)
        model_settle(m);
    return true;
}

bool model_set_text(struct model *m, const char *text, unsigned group)
{
    if (strlen(text) >= EDIT_TEXT)
        return model_refuse(m, "the text is too long: there is room for %d bytes", EDIT_TEXT - 1);
    struct document *d = document_copy(model_now(m));
    char message[HU_MESSAGE];
    if (!hu_value_read(&d->value, text, strlen(text), message)) {
        document_free(d);
        return model_refuse(m, "%s", message);
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
    hu_value_set_datum(&d->value, f, bits & hu_width_mask(f));
    free(d->text);
    d->text = NULL;
    return model_commit(m, d, group);
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
        block_page_encode(&d->block, direction);
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
    if (shown && model_now(m)->count == DOCUMENT_ROWS)
        return model_refuse(m, "there is room for %d rows; take one away first", DOCUMENT_ROWS);
    if (!shown && model_now(m)->count == 1)
        return model_refuse(m, "one row has to stay");
    struct document *d = document_copy(model_now(m));
    if (shown) {
        d->rows[d->count++] = f;
    } else {
        d->count--;
        memmove(d->rows + at, d->rows + at + 1, (size_t)(d->count - at) * sizeof d->rows[0]);
    }
    return model_commit(m, d, 0);
}

static void select_format(struct model *m, const struct hu_format *f)
{
    bool other = m->selected != f;
    m->selected = f;
    if (other)
        model_refresh_operands(m);
}

static const char *shown_block(int i)
{
    return hu_block_name(block_shown_at((size_t)i));
}

static bool refuse_name(struct model *m, const char *name)
{
    char near[HU_SUGGESTION];
    int blocks = 0;
    if (hu_block_find(name))
        return model_refuse(m, "'%s' is a block format that the block page does not show", name);
    while (block_shown_at((size_t)blocks))
        blocks++;
    if (!*hu_name_suggestion(near, name))
        hu_suggestion_of(near, name, shown_block, blocks);
    return model_refuse(m, "'%s' is no format; %s", name,
                        *name == 'e' && isdigit((unsigned char)name[1])
                            ? "eXmY has X from 2 to 15, 1 + X + Y at most 64"
                        : *near ? near
                                : "'halfulp formats' lists them");
}

bool model_show_custom(struct model *m, const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    if (!f)
        return refuse_name(m, name);
    if (!model_show_format(m, f, true))
        return false;
    select_format(m, f);
    return true;
}

/* NAME as a row of D, or as the block page's format in *BLOCK. False: reported. */
static bool take_name(struct model *m, struct document *d, const char *name,
                      const struct hu_block **block)
{
    const struct hu_format *f = hu_format_find(name);
    const struct hu_block *other = f ? NULL : hu_block_find(name);
    if (!f && !(other && block_is_shown(other)))
        return refuse_name(m, name);
    if (f && row_at(d, f) < 0 && d->count == DOCUMENT_ROWS)
        return model_refuse(m, "there is room for %d rows", DOCUMENT_ROWS);
    if (f && row_at(d, f) < 0)
        d->rows[d->count++] = f;
    *block = other ? other : *block;
    return true;
}

static void show_all(struct document *d)
{
    for (size_t i = 0; i < hu_format_count() && d->count < DOCUMENT_ROWS; i++)
        d->rows[d->count++] = hu_format_at(i);
}

bool model_set_rows(struct model *m, const char *list)
{
    struct document *d = document_copy(model_now(m));
    const struct hu_block *block = NULL;
    char name[HU_MAX_NAME + 1];
    bool all = !strcasecmp(list, "all"), good = true;
    d->count = 0;
    if (all)
        show_all(d);
    for (const char *at = list; good && !all; at++) {
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        good = take_name(m, d, name, &block);
        at += length;
        if (!*at)
            break;
    }
    if (!good) {
        document_free(d);
        return false;
    }
    if (block) {
        d->block.block = block;
        block_page_encode(&d->block, d->options.direction);
    }
    if (!d->count) { /* block formats alone: the rows stay, and the page is theirs */
        d->count = model_now(m)->count;
        memcpy(d->rows, model_now(m)->rows, sizeof d->rows);
        m->page = m->page == PAGE_BITS ? PAGE_BLOCK : m->page;
    }
    return model_commit(m, d, 0);
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

static bool step(struct model *m, int by, const char *what)
{
    model_hush(m);
    bool moved = history_step(&m->history, by);
    if (moved)
        show_state(m);
    else
        model_say(m, false, "nothing to %s", what);
    return moved;
}

bool model_undo(struct model *m)
{
    return step(m, -1, "undo");
}

bool model_redo(struct model *m)
{
    return step(m, 1, "redo");
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
    return !strcmp(name, "value") || !strcmp(name, "format.custom") ||
           !strcmp(name, "memory.model") || !strcmp(name, "block.values") ||
           memory_field_find(name) >= 0 ||
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
    if (memory_field_find(name) >= 0)
        return need(strdup(model_now(m)->memory.text[memory_field_find(name)]));
    if (row >= 0 && !strcmp(rest, "hex"))
        return need(strdup(m->rows[row].hex));
    if (row >= 0 && !strcmp(rest, "decimal"))
        return need(strdup(m->rows[row].decimal));
    return NULL;
}

void model_focus(struct model *m, const char *name)
{
    bool same = !strcmp(m->focus, name);
    OWNED char *text = model_is_field(name) ? model_field_text(m, name) : NULL;
    if (!same && m->bad)
        model_hush(m);
    if (!same || !m->edited) {
        edit_set(&m->edit, text ? text : "");
        m->bad = false;
        m->edited = false;
        /* What is typed from here on is a step of its own. */
        if (!same && m->history.group == STEP_SESSION)
            m->history.group = 0;
    }
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
    model_hush(m);
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
    if (strlen(text) >= MEMORY_TEXT || !memory_check(field, text, message, sizeof message))
        return model_refuse(m, "%s", *message ? message : "the text is too long");
    struct document *d = document_copy(model_now(m));
    memset(d->memory.text[field], 0, MEMORY_TEXT);
    strcpy(d->memory.text[field], text);
    return model_commit(m, d, group);
}
