#include "logical_parts.h"
#include "printable.h"
#include "word_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of activations: they stay, whatever becomes of the weights. */
static const char *const of_activations[] = {".input_scale", ".k_scale", ".v_scale",
                                             ".input_global_scale"};

static bool is_of_activations(const char *name)
{
    for (size_t i = 0; i < sizeof of_activations / sizeof *of_activations; i++)
        if (hu_ends_with(name, of_activations[i]))
            return true;
    return false;
}

/* A GGUF type's blocks hold their scales. */
enum logical_found hu_logical_gguf(struct logical_reader *r, const struct hu_tensor *codes)
{
    const struct hu_block *b = codes->dtype.block;
    if (!b || b->layout != HU_BLOCK_WHOLE || r->set->files[codes->file].kind != HU_FILE_GGUF)
        return LOGICAL_NONE;
    struct hu_logical *l = hu_logical_new(r, codes, 0, "");
    if (!l || !hu_logical_shape(r, l, codes->shape, codes->rank,
                                codes->rank ? codes->shape[codes->rank - 1] : 1))
        return LOGICAL_ERROR;
    l->layout = "gguf";
    l->block = b;
    return LOGICAL_FOUND;
}

static bool keep(struct logical_reader *r)
{
    struct hu_logical *l = r->to->at[r->to->count - 1];
    char name[100], shown[100];
    for (size_t i = 0; i < l->part_count; i++) {
        struct hu_tensor *t = (struct hu_tensor *)l->parts[i];
        if (t->part_of) {
            hu_logical_refuse(r, "'%s' is a part of '%s' and of '%s'",
                              hu_printable(t->name, name, sizeof name), t->part_of->name,
                              hu_printable(l->name, shown, sizeof shown));
            return false;
        }
        t->part_of = l;
    }
    const struct hu_tensor *same = hu_tensor_set_find(r->set, l->name);
    if (same && same->part_of != l) {
        hu_logical_refuse(r, "'%s' is there, and is what '%s' and its scales stand for, too",
                          hu_printable(l->name, name, sizeof name),
                          hu_printable(l->codes->name, shown, sizeof shown));
        return false;
    }
    return true;
}

static bool find_all(struct logical_reader *r)
{
    static enum logical_found (*const layouts[])(struct logical_reader *,
                                                 const struct hu_tensor *) = {
        hu_logical_gguf,         hu_logical_bnb,    hu_logical_words,
        hu_logical_packed_words, hu_logical_scaled, hu_logical_gpt_oss,
    };
    for (size_t i = 0; i < r->set->tensor_count; i++)
        for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
            enum logical_found found = layouts[k](r, r->set->tensors[i]);
            if (found == LOGICAL_ERROR || (found == LOGICAL_FOUND && !keep(r)))
                return false;
            if (found == LOGICAL_FOUND)
                break;
        }
    return true;
}

static bool may_be_codes(const struct hu_tensor *t)
{
    return !hu_logical_is_aside(t->name) &&
           ((t->dtype.integer && t->dtype.integer->storage_bits >= 8) ||
            (t->dtype.format && t->dtype.format->storage_bits <= 8));
}

/* Whether tensor INDEX of the set has one beside it, of the same module, that may be its codes. */
static bool has_codes(const struct hu_tensor_set *set, size_t index)
{
    const char *name = set->tensors[index]->name, *dot = strrchr(name, '.');
    size_t n = dot ? (size_t)(dot - name) + 1 : 0, first = index;
    while (first && !strncmp(set->tensors[first - 1]->name, name, n))
        first--;
    for (; first < set->tensor_count && !strncmp(set->tensors[first]->name, name, n); first++)
        if (may_be_codes(set->tensors[first]) && !set->tensors[first]->part_of)
            return true;
    return false;
}

/* Scales of codes that no layout knows. */
static bool check_rest(struct logical_reader *r)
{
    char what[LOGICAL_TEXT];
    for (size_t i = 0; i < r->set->tensor_count; i++) {
        const struct hu_tensor *t = r->set->tensors[i];
        enum hu_file_kind kind = r->set->files[t->file].kind;
        if (t->part_of || !hu_logical_is_aside(t->name) ||
            (kind != HU_FILE_SAFETENSORS && kind != HU_FILE_TORCH) || is_of_activations(t->name))
            continue;
        if (!has_codes(r->set, i))
            continue;
        hu_logical_refuse(
            r,
            "%s belongs to quantized weights by its name, and no layout that is known "
            "has it with what stands beside it",
            hu_logical_what(t, what));
        return false;
    }
    return true;
}

/* Whether there are weights of which a config beside them says more. */
static bool any_beside_config(const struct hu_logicals *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->at[i]->part_count > 1)
            return true;
    return false;
}

bool hu_logicals_read(struct hu_tensor_set *set, const char *path, struct hu_logicals *logicals,
                      char error[HU_LOGICAL_ERROR])
{
    char no_config[HU_LOGICAL_ERROR];
    struct logical_reader r = {.set = set, .to = logicals, .error = error};
    *logicals = (struct hu_logicals){.count = 0};
    bool config = hu_logical_config_read(path, &r.config, no_config);
    if (!find_all(&r) || !check_rest(&r))
        return false;
    if (config || !any_beside_config(logicals))
        return true;
    snprintf(error, HU_LOGICAL_ERROR, "%s", no_config);
    return false;
}

void hu_logicals_clear(struct hu_logicals *logicals)
{
    free(logicals->at);
    arena_free(&logicals->arena);
    *logicals = (struct hu_logicals){0};
}
