/* Actions on the block page: a value encodes the block anew, a bit is set by hand. */
#include "model.h"

#include <string.h>

bool model_set_given(struct model *m, int element, uint64_t bits, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    uint32_t word = (uint32_t)bits;
    memcpy(&d->block.given[element], &word, sizeof word);
    block_page_encode(&d->block, d->options.direction);
    model_commit(m, d, group);
    return true;
}

bool model_set_values(struct model *m, const char *text, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    char message[HU_MESSAGE];
    if (!block_read_values(&d->block, text, message)) {
        document_free(d);
        return model_refuse(m, "%s", message);
    }
    block_page_encode(&d->block, d->options.direction);
    model_commit(m, d, group);
    return true;
}

bool model_set_part(struct model *m, int part, uint64_t bits, unsigned group)
{
    struct document *d = document_copy(model_now(m));
    block_set_bits(&d->block, part, bits);
    model_commit(m, d, group);
    return true;
}

void model_set_block(struct model *m, const struct hu_block *block)
{
    struct document *d = document_copy(model_now(m));
    d->block.block = block;
    block_page_encode(&d->block, d->options.direction);
    model_commit(m, d, 0);
}

void model_set_rule(struct model *m, enum hu_scale_rule rule)
{
    struct document *d = document_copy(model_now(m));
    d->block.rule = rule;
    block_page_encode(&d->block, d->options.direction);
    model_commit(m, d, 0);
}
