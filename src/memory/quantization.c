#include "quantization.h"
#include "capped.h"
#include "pattern.h"
#include "file/tensor_file.h"
#include "wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = HU_PATTERN_TEXT, PATTERNS_MAX = 8192, REGEX_SIZE = 1024 };

/* A glob becomes the expression that it stands for. */
static bool compile(struct hu_pattern *p, struct arena *arena)
{
    char text[REGEX_SIZE];
    p->is_regex = !strncmp(p->text, "re:", 3);
    if (p->is_regex) {
        p->text += 3;
    } else if (strpbrk(p->text, "*?") && hu_pattern_of_glob(text, sizeof text, p->text)) {
        p->text = arena_text(arena, text, strlen(text));
        p->is_regex = true;
    }
    p->broken = p->text && p->is_regex && hu_pattern_match(p->text, "") == HU_MATCH_BROKEN;
    return p->text;
}

bool hu_patterns_read(struct hu_quantization *q, json_t *list, struct hu_patterns *patterns)
{
    size_t i;
    json_t *entry;
    if (patterns->count + json_array_size(list) > PATTERNS_MAX)
        return false;
    json_array_foreach(list, i, entry)
    {
        const char *text = json_string_value(entry);
        if (!text || !*text)
            continue;
        struct hu_pattern *p = hu_file_append(&patterns->at, &patterns->count, sizeof *p);
        if (!p || !(p->text = arena_text(&q->arena, text, strlen(text))) || !compile(p, &q->arena))
            return false;
    }
    return true;
}

/* Whether PIECE is NAME, or whole words of it: its beginning, end or middle between dots. */
static bool has_piece(const char *name, const char *piece)
{
    size_t n = strlen(piece);
    for (const char *at = name; (at = strstr(at, piece)); at++)
        if ((at == name || at[-1] == '.' || *piece == '.') &&
            (!at[n] || at[n] == '.' || (n && piece[n - 1] == '.')))
            return true;
    return false;
}

static bool matches(const struct hu_pattern *p, const char *module)
{
    /* How MLX, and transformers 4, call what has another name since. */
    static const char *const names[][2] = {{"language_model.model.", "language_model."},
                                           {"language_model.model.", "model."},
                                           {"language_model.lm_head", "lm_head"},
                                           {"vision_tower.", "visual."}};
    if (p->is_regex)
        return hu_pattern_match(p->text, module) == HU_MATCH_YES;
    bool same = has_piece(module, p->text);
    for (size_t i = 0; !same && i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i][0]);
        char text[NAME_SIZE];
        if (strncmp(p->text, names[i][0], n))
            continue;
        snprintf(text, sizeof text, "%s%s", names[i][1], p->text + n);
        same = has_piece(module, text);
    }
    return same;
}

static void module_name(const struct hu_tensor_row *row, char name[NAME_SIZE])
{
    hu_row_name(row, 0, name, NAME_SIZE);
    char *last = strrchr(name, '.');
    if (last && !strcmp(last, ".weight"))
        *last = 0;
}

static bool any_matches(const struct hu_patterns *patterns, const struct hu_tensor_row *row)
{
    char name[NAME_SIZE];
    if (patterns->count)
        module_name(row, name);
    for (size_t i = 0; i < patterns->count; i++)
        if (matches(&patterns->at[i], name))
            return true;
    return false;
}

static bool in_scope(enum hu_scope scope, const struct hu_tensor_row *row)
{
    if (row->rank < 2 || row->is_bias || row->dtype.format || row->dtype.integer || row->tied)
        return false;
    /* Stacked biases of experts are no matrices. */
    if (row->stacked && row->rank < 3)
        return false;
    if (scope == HU_SCOPE_EXPERTS)
        return row->role == HU_ROLE_EXPERT;
    bool linear = hu_row_is_linear(row) && (row->rank == 2 || row->stacked);
    if (scope == HU_SCOPE_TABLES && row->rank == 2)
        return linear || row->role == HU_ROLE_EMBEDDING || row->role == HU_ROLE_POSITION ||
               row->role == HU_ROLE_HEAD || row->role == HU_ROLE_ROUTER;
    return linear || (scope == HU_SCOPE_LINEAR && row->role == HU_ROLE_HEAD && row->rank == 2);
}

/* What sees and hears, which F's method leaves as it was. */
static bool is_spared(const struct hu_formula *f, const struct hu_tensor_row *row)
{
    return f->text && (row->tower == HU_ROLE_VISION || row->tower == HU_ROLE_AUDIO);
}

const struct hu_formula *hu_quantization_formula(const struct hu_quantization *q,
                                                 const struct hu_tensor_row *row)
{
    if (any_matches(&q->left, row))
        return NULL;
    for (int named = 1; named >= 0; named--)
        for (size_t i = 0; i < q->rule_count; i++) {
            const struct hu_rule *r = &q->rules[i];
            if (named == (r->only.count > 0) && r->formula.bits &&
                in_scope(r->formula.scope, row) && !is_spared(&r->formula, row) &&
                (!named || any_matches(&r->only, row)))
                return &r->formula;
        }
    return NULL;
}

/* The first of a rule's modules that names none of TENSORS, or the first where all do so. Of
 * experts a row has the first one's name alone. */
static const char *idle_pattern(const struct hu_patterns *only, const struct hu_tensors *tensors)
{
    bool *seen = calloc(only->count, sizeof *seen), any = false;
    const char *idle = NULL;
    char name[NAME_SIZE];
    for (size_t i = 0; seen && i < tensors->count; i++) {
        module_name(&tensors->rows[i], name);
        for (size_t k = 0; k < only->count; k++)
            seen[k] = seen[k] || matches(&only->at[k], name);
    }
    for (size_t k = 0; seen && k < only->count; k++) {
        const struct hu_pattern *p = &only->at[k];
        any |= seen[k];
        if (!idle && !seen[k] && !p->is_regex && !strstr(p->text, "experts."))
            idle = p->text;
    }
    free(seen);
    return idle || any ? idle : only->at->text;
}

const char *hu_quantization_idle(const struct hu_quantization *q, const struct hu_tensors *tensors)
{
    const char *idle = NULL;
    for (size_t i = 0; i < q->rule_count && !idle; i++)
        if (q->rules[i].only.count)
            idle = idle_pattern(&q->rules[i].only, tensors);
    return idle;
}

/* Scales of a matrix of OUT × IN. */
static uint64_t scales_of(const struct hu_formula *q, uint64_t out, uint64_t in)
{
    if (q->one_scale)
        return 1;
    if (q->runs_on)
        return out * (in / q->group) + parts(out * (in % q->group), q->group);
    if (q->tile_rows && q->tile_columns)
        return parts(out, q->tile_rows) * parts(in, q->tile_columns);
    return out * (q->group ? parts(in, q->group) : 1);
}

static unsigned digits(uint64_t n)
{
    unsigned count = 1;
    while (n /= 10)
        count++;
    return count;
}

/* What N elements of so many BITS each take. */
static struct hu_wide whole_bytes(struct hu_wide n, uint64_t bits)
{
    hu_wide_times(&n, bits);
    hu_wide_add(&n, hu_wide_of(7));
    hu_wide_divide(&n, 8);
    return n;
}

/* What closes a block of attention or a perceptron, and experts: their inputs are no norm's. */
static bool is_behind(const struct hu_tensor_row *row)
{
    return row->role == HU_ROLE_EXPERT || row->split == HU_SPLIT_COLUMNS;
}

/* How much of NAME names the module that a matrix's module lies in. */
static size_t parent_length(const char *name)
{
    size_t n = strlen(name);
    for (unsigned dots = 0; n && dots < 2;)
        dots += name[--n] == '.';
    return n;
}

static bool is_of_layer(const struct hu_tensor_row *a, const struct hu_tensor_row *b)
{
    return a->layer == b->layer && a->stack == b->stack;
}

/* Whether the matrices A and B of a layer have their inputs in common. */
static bool are_fed_alike(const struct hu_tensor_row *a, const struct hu_tensor_row *b)
{
    size_t n = parent_length(a->name);
    return !is_behind(b) && b->rank == 2 && a->shape[a->rank - 1] == b->shape[1] &&
           n == parent_length(b->name) && !strncmp(a->name, b->name, n);
}

/*
 * Whether ROW's inputs are no norm's output that several matrices share, which ModelOpt folds a
 * pre_quant_scale into (export/unified_export_hf.py, _fuse_shared_input_modules). One alone, as
 * fused ones and those that widen a latent are, keeps its own.
 */
static bool is_far(const struct hu_quantization *q, const struct hu_tensors *tensors,
                   const struct hu_tensor_row *row)
{
    const struct hu_tensor_row *b = row, *end = hu_tensors_end(tensors);
    while (b > tensors->rows && is_of_layer(b - 1, row))
        b--;
    for (; !is_behind(row) && b < end && is_of_layer(b, row); b++)
        if (b != row && are_fed_alike(row, b) && hu_quantization_formula(q, b))
            return false;
    return true;
}

/* Whether its bias follows ROW. */
static bool has_bias(const struct hu_tensors *tensors, const struct hu_tensor_row *row)
{
    const char *end = strrchr(row->name, '.');
    const struct hu_tensor_row *next = row + 1;
    return end && next < hu_tensors_end(tensors) && next->is_bias &&
           !strncmp(next->name, row->name, (size_t)(end - row->name));
}

bool hu_formula_bytes(const struct hu_quantization *q, const struct hu_tensors *tensors,
                      const struct hu_formula *f, const struct hu_tensor_row *row,
                      const uint64_t *shape, uint64_t *bytes)
{
    struct hu_wide elements = hu_wide_of(1), matrices = hu_wide_of(1);
    for (unsigned i = 0; i < row->rank; i++)
        hu_wide_times(&elements, shape[i]);
    uint64_t in = shape[row->rank - 1], out = shape[row->rank - 2];
    if (row->rank > 2 && in && out) {
        matrices = elements;
        hu_wide_divide(&matrices, in);
        hu_wide_divide(&matrices, out);
    }
    struct hu_wide scales = hu_wide_product(matrices.low, scales_of(f, out, in));
    struct hu_wide sum = whole_bytes(elements, f->bits);
    hu_wide_add(&sum, whole_bytes(scales, f->scale_bits));
    hu_wide_add(&sum, whole_bytes(scales, f->zero_bits));
    if (f->nested) {
        struct hu_wide nested = scales;
        hu_wide_add(&nested, hu_wide_of(f->nested - 1));
        hu_wide_divide(&nested, f->nested);
        hu_wide_times(&nested, 4);
        hu_wide_add(&sum, nested);
    }
    unsigned far_bytes = f->far_bytes && is_far(q, tensors, row) ? f->far_bytes : 0;
    unsigned column_bytes = f->input_bytes + far_bytes;
    struct hu_wide more = hu_wide_product(in, column_bytes);
    if (f->row_bytes && !has_bias(tensors, row))
        hu_wide_add(&more, hu_wide_product(out, f->row_bytes));
    hu_wide_add(&more, hu_wide_of(f->constant));
    hu_wide_add(&more, hu_wide_of(f->codebook_bytes));
    if (f->state)
        hu_wide_add(&more, hu_wide_of(f->state + digits(out) + digits(in)));
    hu_wide_times(&more, matrices.low);
    hu_wide_add(&sum, more);
    return hu_wide_fits(sum, bytes);
}

void hu_quantization_free(struct hu_quantization *q)
{
    for (size_t i = 0; i < q->rule_count; i++)
        free(q->rules[i].only.at);
    free(q->rules);
    free(q->left.at);
    arena_free(&q->arena);
    *q = (struct hu_quantization){0};
}
