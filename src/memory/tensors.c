#include "tensors.h"
#include "wide.h"
#include "word_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct hu_tensor_row hu_one_row = {.elements = 1,
                                         .copies = 1,
                                         .experts = 1,
                                         .experts_used = 1,
                                         .stack = HU_NO_LAYER,
                                         .layer = HU_NO_LAYER};

void hu_tensors_free(struct hu_tensors *tensors)
{
    free(tensors->rows);
    free(tensors->kept);
    arena_free(&tensors->arena);
    *tensors = (struct hu_tensors){0};
}

const char *hu_role_name(enum hu_role role)
{
    static const char *const names[HU_ROLE_COUNT] = {
        "none",   "embedding", "position", "norm",  "attention", "mlp",
        "expert", "router",    "head",     "conv",  "ssm",       "projector",
        "buffer", "other",     "vision",   "audio", "mtp"};
    return names[role];
}

const char *hu_keep_name(enum hu_keep keep)
{
    static const char *const names[] = {"full",  "window", "latent",    "indexer",
                                        "cross", "none",   "recurrent", "conv"};
    return names[keep];
}

const char *hu_split_name(enum hu_split split)
{
    static const char *const names[] = {"", "rows", "columns", "vocab"};
    return names[split];
}

/* The index of repeat R in copy INDEX: the last repeat counts fastest. */
static uint64_t index_of(const struct hu_tensor_row *row, unsigned r, uint64_t index)
{
    for (unsigned i = row->repeat_count; i-- > r + 1;)
        index /= row->repeats[i].count;
    return row->repeats[r].first + index % row->repeats[r].count;
}

char *hu_row_name(const struct hu_tensor_row *row, uint64_t index, char *out, size_t size)
{
    size_t n = 0;
    unsigned repeat = 0;
    for (const char *c = row->name; *c && n + 1 < size; c++)
        /* A name from outside may hold that byte too. */
        if (*c != '\1' || repeat == row->repeat_count)
            out[n++] = *c;
        else
            n += (size_t)snprintf(out + n, size - n, "%llu",
                                  (unsigned long long)index_of(row, repeat++, index));
    out[n < size ? n : size - 1] = 0;
    return out;
}

bool hu_row_counts(const struct hu_tensor_row *row)
{
    return row->role != HU_ROLE_BUFFER && !row->tied && row->tower != HU_ROLE_MTP;
}

bool hu_row_is_stored(const struct hu_tensor_row *row)
{
    return row->role != HU_ROLE_BUFFER && !row->tied;
}

bool hu_row_is_linear(const struct hu_tensor_row *row)
{
    return row->rank >= 2 && !row->is_bias && !row->tied &&
           (row->role == HU_ROLE_ATTENTION || row->role == HU_ROLE_MLP ||
            row->role == HU_ROLE_EXPERT || row->role == HU_ROLE_SSM);
}

uint64_t hu_row_elements(const struct hu_tensor_row *row)
{
    return row->elements * row->copies;
}

uint64_t hu_row_active(const struct hu_tensor_row *row)
{
    return hu_wide_share(hu_row_elements(row), row->experts_used, row->experts);
}

const char *hu_row_module(const struct hu_tensor_row *row, size_t *n)
{
    const char *end = row->name + strlen(row->name), *last = strrchr(row->name, '.');
    if (last && (!strcmp(last, ".weight") || !strcmp(last, ".bias")))
        end = last;
    const char *from = end;
    while (from > row->name && from[-1] != '.')
        from--;
    *n = (size_t)(end - from);
    return from;
}

bool hu_lora_target(const struct hu_tensor_row *row, const char *targets)
{
    if (row->tower || row->is_bias || row->rank != 2 || row->tied)
        return false;
    if (!targets)
        return row->lora;
    if (!strcmp(targets, "all-linear"))
        return hu_row_is_linear(row);
    char target[64];
    size_t n;
    const char *module = hu_row_module(row, &n);
    while (hu_next_word(&targets, ',', target, sizeof target))
        if (strlen(target) == n && !strncmp(target, module, n))
            return true;
    return false;
}
