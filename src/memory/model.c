#include "model.h"
#include "quantization.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void hu_model_free(struct hu_model *model)
{
    hu_tensors_free(&model->tensors);
    if (model->quantization)
        hu_quantization_free(model->quantization);
    free(model->quantization);
    model->quantization = NULL;
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

/* Rows that there is room for where N are used: a power of two, so that adding one by one does not
 * copy them each time. */
static size_t room_for(size_t n)
{
    size_t room = 1;
    while (room < n)
        room *= 2;
    return room;
}

bool hu_model_add_kv(struct hu_model *model, uint64_t n, uint64_t k, uint64_t v, uint64_t window)
{
    struct hu_tensors *t = &model->tensors;
    if (n > HU_LAYERS_MAX || n > HU_KEPT_MAX - t->kept_count)
        return false;
    size_t count = t->kept_count + (size_t)n;
    struct hu_kept *kept = t->kept;
    if (!kept || room_for(count) > room_for(t->kept_count))
        kept = realloc(t->kept, room_for(count) * sizeof *kept);
    if (!kept)
        return false;
    t->kept = kept;
    for (; t->kept_count < count; t->kept_count++)
        kept[t->kept_count] = (struct hu_kept){.kind = window ? HU_KEEP_WINDOW : HU_KEEP_FULL,
                                               .tokens = window,
                                               .k = k,
                                               .v = v,
                                               .layer = (uint32_t)t->kept_count};
    return true;
}

bool hu_model_count(struct hu_model *model)
{
    model->parameters = model->active_parameters = model->mtp_parameters = 0;
    model->has_active = true;
    for (size_t i = 0; i < model->tensors.count; i++) {
        const struct hu_tensor_row *row = &model->tensors.rows[i];
        bool mtp = row->tower == HU_ROLE_MTP && hu_row_is_stored(row);
        if (!mtp && !hu_row_counts(row))
            continue;
        uint64_t *sum = mtp ? &model->mtp_parameters : &model->parameters;
        if (__builtin_add_overflow(*sum, hu_row_elements(row), sum))
            return false;
        if (!mtp)
            model->active_parameters += hu_row_active(row);
    }
    return true;
}

uint64_t hu_model_elements(const struct hu_model *model, enum hu_role role, bool active)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < model->tensors.count; i++) {
        const struct hu_tensor_row *row = &model->tensors.rows[i];
        bool tower = role >= HU_ROLE_VISION;
        if (hu_row_is_stored(row) &&
            (tower ? row->tower == role : row->role == role && row->tower == HU_ROLE_NONE))
            sum += active ? hu_row_active(row) : hu_row_elements(row);
    }
    return sum;
}

bool hu_model_keeps(const struct hu_model *model)
{
    for (size_t i = 0; i < model->tensors.kept_count; i++)
        if (model->tensors.kept[i].tower != HU_ROLE_MTP)
            return true;
    return false;
}

bool hu_model_attends(const struct hu_model *model)
{
    bool attends = !model->tensors.kept_count;
    for (size_t i = 0; i < model->tensors.kept_count; i++)
        attends |= hu_keep_attends(model->tensors.kept[i].kind);
    return attends;
}

uint64_t hu_model_query_width(const struct hu_model *model)
{
    const struct hu_kept *k = model->tensors.kept;
    for (size_t i = 0; i < model->tensors.kept_count; i++)
        if ((k[i].kind == HU_KEEP_FULL || k[i].kind == HU_KEEP_WINDOW) && k[i].heads)
            return k[i].k / k[i].heads * (model->heads < HU_LAYERS_MAX ? model->heads : 0);
    return 0;
}
