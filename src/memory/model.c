#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *hu_group_name(enum hu_group group)
{
    static const char *const names[HU_GROUP_COUNT] = {
        "embeddings", "attention", "MLP", "experts", "norms", "head", "vision", "MTP module"};
    return names[group];
}

void hu_model_free(struct hu_model *model)
{
    free(model->kv);
    model->kv = NULL;
    model->kv_count = 0;
}

struct hu_weight *hu_model_add(struct hu_model *model, enum hu_group group, const char *name,
                               uint64_t rows, uint64_t columns, uint64_t copies)
{
    if (model->weight_count == HU_WEIGHTS_MAX || !rows || !columns || !copies)
        return NULL;
    struct hu_weight *w = &model->weights[model->weight_count++];
    *w = (struct hu_weight){.name = name,
                            .group = group,
                            .rows = rows,
                            .columns = columns,
                            .copies = copies,
                            .active = copies};
    return w;
}

void hu_model_note(struct hu_model *model, const char *format, ...)
{
    if (model->note_count == HU_NOTES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(model->notes[model->note_count++], HU_NOTE_SIZE, format, arguments);
    va_end(arguments);
}

bool hu_model_add_kv(struct hu_model *model, uint64_t n, uint64_t k, uint64_t v)
{
    if (n > HU_LAYERS_MAX - model->kv_count)
        return false;
    size_t count = model->kv_count + (size_t)n;
    struct hu_kv_layer *kv = realloc(model->kv, (count + 1) * sizeof *kv);
    if (!kv)
        return false;
    model->kv = kv;
    while (model->kv_count < count)
        kv[model->kv_count++] = (struct hu_kv_layer){k, v, 0};
    return true;
}

/* False: over 64 bits. */
static bool add_product(uint64_t *sum, const struct hu_weight *w, uint64_t copies)
{
    uint64_t product;
    return !__builtin_mul_overflow(w->rows, w->columns, &product) &&
           !__builtin_mul_overflow(product, copies, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

bool hu_model_count(struct hu_model *model)
{
    model->parameters = model->active_parameters = model->mtp_parameters = 0;
    model->has_active = true;
    for (size_t i = 0; i < model->weight_count; i++) {
        const struct hu_weight *w = &model->weights[i];
        bool mtp = w->group == HU_GROUP_MTP;
        if (!add_product(mtp ? &model->mtp_parameters : &model->parameters, w, w->copies) ||
            (!mtp && !add_product(&model->active_parameters, w, w->active)))
            return false;
    }
    return true;
}

uint64_t hu_model_group(const struct hu_model *model, enum hu_group group, bool active)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < model->weight_count; i++) {
        const struct hu_weight *w = &model->weights[i];
        if (w->group == group)
            add_product(&sum, w, active ? w->active : w->copies);
    }
    return sum;
}
