/* Actions on any row, be it of the document, an operand or of the block; and what is typed. */
#include "allocate.h"
#include "model.h"
#include "operation.h"
#include "scope.h"

#include <stdio.h>
#include <string.h>

/* --- The block page: a value encodes the block anew, a bit is set by hand --- */

static bool encode(struct model *m, struct document *d, unsigned group)
{
    block_page_encode(&d->block, d->options.direction);
    return model_commit(m, d, group);
}

static bool set_given(struct model *m, int element, uint64_t bits, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    uint32_t word = (uint32_t)bits;
    memcpy(&d->block.given[element], &word, sizeof word);
    return encode(m, d, group);
}

bool model_set_values(struct model *m, const char *text, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    char message[HU_MESSAGE];
    if (!block_read_values(&d->block, text, message)) {
        document_free(d);
        return model_refuse(m, "%s", message);
    }
    return encode(m, d, group);
}

static bool set_part(struct model *m, int part, uint64_t bits, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    block_set_bits(&d->block, part, bits);
    return model_commit(m, d, group);
}

void model_set_block(struct model *m, const struct hu_block *block)
{
    struct document *d = document_copy(model_now(m));
    d->block.block = block;
    encode(m, d, 0);
}

void model_set_rule(struct model *m, enum hu_scale_rule rule)
{
    struct document *d = document_copy(model_now(m));
    d->block.rule = rule;
    encode(m, d, 0);
}

/* --- Any row --- */

bool model_set_bits(struct model *m, int row, uint64_t bits, unsigned group)
{
    if (row == ROW_RESULT)
        return model_refuse(m, "the result follows from the operands");
    if (row == ROW_B) {
        struct document *d = document_copy(model_now(m));
        d->second_format = m->rows[row].format;
        d->second_bits = bits & hu_width_mask(d->second_format);
        return model_commit(m, d, group);
    }
    if (row >= ROW_BLOCK)
        return set_part(m, row - ROW_BLOCK, bits, group);
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
                       given ? NULL : &model_now(m)->options, &bits, &flags, message))
        return model_refuse(m, "%s", message);
    return given ? set_given(m, row - ROW_BLOCK - BLOCK_FIRST, bits, group)
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
    if (!moved || next == r->bits)
        return model_refuse(m, "%s has nothing %s %s", r->label, direction > 0 ? "above" : "below",
                            hu_is_nan(r->datum) ? "a NaN" : r->decimal);
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
        OWNED char *text = negated_text(now->text);
        return model_set_text(m, text, 0);
    }
    uint64_t bits;
    const struct hu_format *f = now->value.format;
    if (!hu_negate(f, now->value.bits, &bits))
        return model_refuse(m, "%s has no such value with the other sign", f->name);
    return model_set_datum(m, f, bits, 0);
}

bool model_negate_row(struct model *m, int row)
{
    uint64_t bits;
    const struct row *r = &m->rows[row];
    if (hu_negate(r->format, r->bits, &bits))
        return model_set_bits(m, row, bits, 0);
    return model_refuse(m, "%s has no such value with the other sign", r->format->name);
}

static bool apply_row(struct model *m, int row, const char *rest)
{
    const char *text = m->edit.text;
    if (!strcmp(rest, "decimal"))
        return model_set_decimal(m, row, text, STEP_SESSION);
    char message[HU_MESSAGE];
    uint64_t bits;
    if (!hu_bits_read(m->rows[row].format, text, m->edit.length, &bits, message))
        return model_refuse(m, "%s", message);
    return model_set_bits(m, row, bits, STEP_SESSION);
}

void model_apply_edit(struct model *m)
{
    const char *rest;
    int row = model_row_of(m, m->focus, &rest);
    int field = memory_field_find(m->focus);
    m->edited = true;
    if (!strcmp(m->focus, "value"))
        m->bad = !model_set_text(m, m->edit.text, STEP_SESSION);
    else if (!strcmp(m->focus, "memory.model") && weights_is_count(m->edit.text))
        model_set_weights(m, m->edit.text);
    else if (!strcmp(m->focus, "memory.model"))
        model_say(m, m->bad = false, "Enter opens the file or folder of that name");
    else if (field >= 0)
        m->bad = !model_ask(m, (enum memory_field)field, m->edit.text, STEP_SESSION);
    else if (!strcmp(m->focus, "block.values"))
        m->bad = !model_set_values(m, m->edit.text, STEP_SESSION);
    else if (!strcmp(m->focus, "format.custom"))
        snprintf(m->custom_text, sizeof m->custom_text, "%.*s", HU_MAX_NAME, m->edit.text);
    else if (row >= 0)
        m->bad = !apply_row(m, row, rest);
}
