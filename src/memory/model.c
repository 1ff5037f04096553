#include "model.h"
#include "quantization.h"
#include "file/tensor_file.h"

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

bool hu_model_fail(struct hu_model *model, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!*model->error)
        vsnprintf(model->error, sizeof model->error, format, arguments);
    va_end(arguments);
    return false;
}

bool hu_model_keep(struct hu_model *model, const struct hu_kept *kept)
{
    struct hu_tensors *t = &model->tensors;
    struct hu_kept *row =
        t->kept_count < HU_KEPT_MAX ? hu_file_append(&t->kept, &t->kept_count, sizeof *row) : NULL;
    if (row)
        *row = *kept;
    return row;
}

bool hu_model_count(struct hu_model *model)
{
    const struct hu_tensors *t = &model->tensors;
    model->parameters = model->active_parameters = model->mtp_parameters = 0;
    model->has_active = true;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        bool mtp = row->tower == HU_ROLE_MTP;
        uint64_t *sum = mtp ? &model->mtp_parameters : &model->parameters;
        if (!hu_row_is_stored(row))
            continue;
        if (__builtin_add_overflow(*sum, hu_row_elements(row), sum))
            return false;
        model->active_parameters += mtp ? 0 : hu_row_active(row);
    }
    return true;
}

uint64_t hu_model_elements(const struct hu_model *model, enum hu_role role, bool active)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t sum = 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        enum hu_role own = role >= HU_ROLE_VISION || row->tower ? row->tower : row->role;
        if (hu_row_is_stored(row) && own == role)
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
