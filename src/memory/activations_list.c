/* Activations by a model's own layers: what autograd keeps of each tensor's operation. */
#include "activations.h"
#include "capped.h"
#include "wide.h"

#include <string.h>

/* Bytes a token, by whether tensor parallelism splits them. */
struct kept {
    uint64_t whole, split;
    uint64_t scores; /* a token and a token before it; split */
};

/* A perceptron while its matrices are met: outputs of those that widen, inputs of those that
 * narrow. */
struct perceptron {
    uint64_t up, down;
};

/* The tensor's matrix: outputs and inputs, and how many of them a token passes. */
struct matrix {
    uint64_t out, in, times;
    bool widens; /* split by its outputs: the input is whole */
};

static struct matrix matrix_of(const struct hu_tensor_row *row)
{
    uint64_t one = row->shape[row->rank - 2], other = row->shape[row->rank - 1];
    struct matrix m = {.out = one, .in = other, .widens = row->split != HU_SPLIT_COLUMNS};
    uint64_t all = row->copies * (row->stacked ? row->shape[0] : 1);
    /* Stacked experts are inputs × outputs. */
    if (row->stacked && row->rank == 3)
        m = (struct matrix){.out = other, .in = one, .widens = row->split == HU_SPLIT_COLUMNS};
    m.times = hu_wide_share(all, row->experts_used, row->experts);
    return m;
}

/* An RMS norm in fp32 keeps its input widened (4), what its weight multiplies (2), and the linear
 * layer behind it its output (2); a layer norm keeps its input and that output. */
static void add_norm(struct kept *k, const struct hu_tensor_row *row,
                     const struct hu_tensor_row *next, uint64_t hidden)
{
    bool layer_norm = next && next->is_bias && next->role == HU_ROLE_NORM;
    if (row->rank == 1 && row->shape[0] == hidden)
        k->whole = capped_plus(k->whole, (layer_norm ? 4 : 8) * hidden);
}

/* Queries, keys, values after their projections; the input of the projection that follows. */
static void add_attention(struct kept *k, const struct hu_tensor_row *row)
{
    struct matrix m = matrix_of(row);
    if (row->split == HU_SPLIT_NONE)
        k->whole = capped_plus(k->whole,
                               capped_times(4 * m.out, m.times)); /* a latent, and it normalised */
    else
        k->split = capped_plus(k->split, capped_times(2 * (m.widens ? m.out : m.in), m.times));
}

static void add_perceptron(struct kept *k, struct perceptron *p, const struct hu_tensor_row *row,
                           uint64_t hidden)
{
    struct matrix m = matrix_of(row);
    bool first = m.widens && !p->up;
    if (m.widens)
        p->up = capped_plus(p->up, capped_times(m.out, m.times));
    else
        p->down = capped_plus(p->down, capped_times(m.in, m.times));
    /* Each expert has its tokens' inputs for itself. */
    if (row->role == HU_ROLE_EXPERT && first)
        k->whole = capped_plus(k->whole, capped_times(2 * hidden, m.times));
}

/* Inputs of the activation and of what narrows; a gated one keeps the gate's output as well. */
static void close_perceptron(struct kept *k, struct perceptron *p)
{
    k->split = capped_plus(k->split, capped_times(2, capped_plus(p->up, p->down)));
    if (p->down && p->up / 2 >= p->down)
        k->split = capped_plus(k->split, capped_times(2, p->down));
    *p = (struct perceptron){0};
}

/* The old decoders' dropout: two masks of a byte (section 4.1 of the paper), and that of the
 * scores. */
static bool has_dropout(const struct hu_tensors *t)
{
    for (size_t i = 0; i + 1 < t->count; i++)
        if (t->rows[i].role == HU_ROLE_NORM && t->rows[i].layer != HU_NO_LAYER && !t->rows[i].tower)
            return t->rows[i + 1].is_bias;
    return false;
}

static void add_row(struct kept *k, struct perceptron p[2], const struct hu_tensors *t, size_t i,
                    uint64_t hidden)
{
    const struct hu_tensor_row *row = &t->rows[i];
    if (row->role == HU_ROLE_NORM) {
        add_norm(k, row, i + 1 < t->count ? row + 1 : NULL, hidden);
        return;
    }
    if (row->rank < 2 || (row->stacked && row->rank < 3))
        return;
    if (row->role == HU_ROLE_ATTENTION || row->role == HU_ROLE_SSM)
        add_attention(k, row);
    else if (row->role == HU_ROLE_MLP || row->role == HU_ROLE_EXPERT)
        add_perceptron(k, &p[row->role == HU_ROLE_EXPERT], row, hidden);
}

/* Sums every layer of the model itself. *layers: how many there are. */
static void add_layers(const struct hu_model *model, struct kept *k, uint64_t *layers)
{
    const struct hu_tensors *t = &model->tensors;
    struct perceptron p[2] = {{0}};
    const struct hu_tensor_row *last = NULL;
    *layers = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
        if (row->layer == HU_NO_LAYER || row->tower || row->is_bias || !hu_row_counts(row))
            continue;
        if (!last || row->layer != last->layer || row->stack != last->stack) {
            close_perceptron(k, &p[0]);
            close_perceptron(k, &p[1]);
            ++*layers;
        }
        last = row;
        add_row(k, p, t, i, model->hidden);
    }
    close_perceptron(k, &p[0]);
    close_perceptron(k, &p[1]);
}

/* Layers that attend, each with a matrix of scores a head where nothing is fused. */
static uint64_t attending(const struct hu_model *model)
{
    uint64_t n = 0;
    for (size_t i = 0; i < model->tensors.kept_count; i++) {
        const struct hu_kept *k = &model->tensors.kept[i];
        n += !k->tower &&
             (k->kind == HU_KEEP_FULL || k->kind == HU_KEEP_WINDOW || k->kind == HU_KEEP_LATENT ||
              k->kind == HU_KEEP_CROSS || k->kind == HU_KEEP_SHARED);
    }
    return n || model->tensors.kept_count ? n : model->layers;
}

static bool finish(const struct kept *k, const struct hu_activation_shape *s, uint64_t *bytes)
{
    uint64_t t = s->tensor_parallel, whole = s->sequence_parallel ? 0 : capped_times(k->whole, t);
    uint64_t token = capped_plus(k->split, s->sequence_parallel ? k->whole : 0);
    token = capped_plus(capped_plus(token, whole), capped_times(k->scores, s->sequence));
    struct hu_wide sum = hu_wide_product(token, s->sequence);
    if (token == UINT64_MAX || !hu_wide_times(&sum, s->micro_batch))
        return false;
    uint64_t rest = hu_wide_divide(&sum, t);
    return hu_wide_fits(sum, bytes) && !__builtin_add_overflow(*bytes, rest != 0, bytes);
}

bool hu_activations_listed(const struct hu_model *model, const struct hu_activation_shape *shape,
                           uint64_t *bytes, struct hu_figures *terms)
{
    struct kept k = {0};
    struct hu_activation_shape logits = *shape;
    uint64_t layers, output = 0;
    bool dropout = has_dropout(&model->tensors);
    bool scores = shape->recompute == HU_RECOMPUTE_NONE && !shape->flash;
    add_layers(model, &k, &layers);
    if (dropout)
        k.whole = capped_plus(k.whole, 2 * model->hidden * layers);
    if (scores)
        k.scores = capped_times((dropout ? 5 : 6) * model->heads, attending(model));
    if (shape->recompute == HU_RECOMPUTE_FULL)
        k = (struct kept){.whole = 2 * model->hidden * layers};
    if (!finish(&k, shape, bytes))
        return false;
    hu_figure_add(
        terms, "activations of the layers", *bytes, HU_MODELLED,
        "%llu layers by their own tensors: s·b·(%llu + %llu/t%s) bytes with s = %llu, b = %llu, "
        "t = %llu%s; norms in fp32 or with their layer norm, projections, perceptrons%s",
        (unsigned long long)layers, (unsigned long long)k.whole, (unsigned long long)k.split,
        scores && k.scores ? " + the heads' scores·s/t" : "", (unsigned long long)shape->sequence,
        (unsigned long long)shape->micro_batch, (unsigned long long)shape->tensor_parallel,
        shape->sequence_parallel ? ", all of it over t" : "", dropout ? ", dropout's masks" : "");
    logits.layers = 0;
    return hu_activations(&logits, &output, terms) &&
           !__builtin_add_overflow(*bytes, output, bytes);
}
