#include "logical_view.h"
#include "report.h"

#include <stdlib.h>

struct hu_tensor logical_row(const struct hu_tensor *t)
{
    const struct hu_logical *l = t->part_of;
    struct hu_tensor row = *t;
    if (!l || l->part_count < 2) {
        row.part_of = NULL;
        return row;
    }
    row.name = l->name;
    row.dtype = (struct hu_dtype){.block = l->block};
    row.shape = l->shape;
    row.rank = l->rank;
    row.elements = l->elements;
    row.bytes = l->bytes;
    return row;
}

struct hu_tensor_set logical_view(const struct hu_tensor_set *set)
{
    struct hu_tensor_set view = *set;
    struct hu_tensor *rows = check_memory(calloc(set->tensor_count + 1, sizeof *rows));
    view.files = check_memory(calloc(set->count + 1, sizeof *view.files));
    view.tensors = check_memory(calloc(set->tensor_count + 1, sizeof *view.tensors));
    view.tensor_count = 0;
    view.elements = 0;
    for (size_t i = 0; i < set->count; i++) {
        view.files[i] = set->files[i];
        view.files[i].tensors = rows + view.tensor_count;
        view.files[i].count = 0;
        for (size_t k = 0; k < set->files[i].count; k++) {
            const struct hu_tensor *t = &set->files[i].tensors[k];
            if (t->part_of && t->part_of->codes != t)
                continue;
            struct hu_tensor *row = &view.files[i].tensors[view.files[i].count++];
            *row = logical_row(t);
            view.elements += row->shared ? 0 : row->elements;
            view.tensors[view.tensor_count++] = row;
        }
    }
    /* An empty set has rows too. */
    if (!set->count)
        free(rows);
    return view;
}

void logical_view_clear(struct hu_tensor_set *view)
{
    if (view->count)
        free(view->files[0].tensors);
    free(view->files);
    free(view->tensors);
}
