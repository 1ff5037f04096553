/* Activations by a model's own layers: what autograd keeps of each tensor's operation. */
#include "activations.h"
#include "capped.h"
#include "wide.h"

#include <string.h>

/* Bytes a token, by whether tensor parallelism splits them; scores are split. */
struct kept {
    uint64_t whole, split;
    uint64_t scores;
    bool layer_norms;
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
static void add_norm(struct kept *k, const struct hu_tensor_row *next, uint64_t hidden)
{
    bool layer_norm = next && next->is_bias && next->role == HU_ROLE_NORM;
    k->whole = capped_plus(k->whole, capped_times(layer_norm ? 4 : 8, hidden));
    k->layer_norms |= layer_norm;
}

static bool is_matrix(const struct hu_tensor_row *row)
{
    return row->rank >= 2 && (!row->stacked || row->rank >= 3) && !row->is_bias;
}

static bool same_layer(const struct hu_tensor_row *a, const struct hu_tensor_row *b)
{
    return a->layer == b->layer && a->stack == b->stack;
}

/* The first matrix of ROW's layer, whose rows stand together, with a module that begins with
 * LETTER; one that is split. NULL: none. */
static const struct hu_tensor_row *
projection(const struct hu_tensors *t, const struct hu_tensor_row *row, char letter, bool split)
{
    const struct hu_tensor_row *m = row, *end = t->rows + t->count;
    size_t n;
    while (m > t->rows && same_layer(m - 1, row))
        m--;
    for (; m < end && same_layer(m, row); m++)
        if (is_matrix(m) && m->role == HU_ROLE_ATTENTION && *hu_row_module(m, &n) == letter &&
            (!split || m->split != HU_SPLIT_NONE))
            return m;
    return NULL;
}

/* A norm of queries, keys or a latent: of all that the projection whose name begins alike gives.
 * What it gives is kept with the projection. */
static void add_inner_norm(struct kept *k, const struct hu_tensors *t,
                           const struct hu_tensor_row *row)
{
    size_t n;
    const struct hu_tensor_row *of = projection(t, row, *hu_row_module(row, &n), false);
    bool splits = of && of->split != HU_SPLIT_NONE && matrix_of(of).out % row->shape[0] == 0;
    uint64_t *sum = splits ? &k->split : &k->whole;
    *sum = capped_plus(*sum, capped_times(6, splits ? matrix_of(of).out : row->shape[0]));
}

/* Queries, keys, values after their projections; the input of the projection that follows. Where
 * scores are kept, keys and values of few heads are repeated for each query head. */
static void add_attention(struct kept *k, const struct hu_tensors *t,
                          const struct hu_tensor_row *row, uint64_t heads)
{
    struct matrix m = matrix_of(row);
    uint64_t n = m.widens ? m.out : m.in, *sum = row->split ? &k->split : &k->whole;
    size_t length;
    const char *module = hu_row_module(row, &length);
    if (heads && row->heads && row->heads < heads)
        n = capped_times(n / row->heads, heads);
    /* A latent's keys are put together with their rotary part, as wide as the queries. */
    if (length == 9 && !strncmp(module, "kv_b_proj", 9)) {
        const struct hu_tensor_row *queries = projection(t, row, 'q', true);
        n = capped_plus(n, queries ? matrix_of(queries).out : 0);
    }
    *sum = capped_plus(*sum, capped_times(capped_times(2, n), m.times));
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
    /* Each expert has its tokens' inputs for itself, and its outputs, which are weighed. */
    if (row->role == HU_ROLE_EXPERT && first)
        k->whole = capped_plus(k->whole, capped_times(capped_times(4, hidden), m.times));
}

/* Inputs of the activation and of what narrows; a gated one keeps the gate's output as well. */
static void close_perceptron(struct kept *k, struct perceptron *p)
{
    k->split = capped_plus(k->split, capped_times(2, capped_plus(p->up, p->down)));
    if (p->down && p->up / 2 >= p->down)
        k->split = capped_plus(k->split, capped_times(2, p->down));
    *p = (struct perceptron){0};
}

/* Stacks of layers that see the same tokens: the model's own, the encoder's that it attends to, and
 * those of towers. */
struct group {
    enum hu_role tower;
    uint64_t tokens; /* of a sequence; 0: not known */
    uint64_t hidden, layers, attending;
    const struct hu_tensor_row *last;
    struct perceptron perceptron[2];
    struct kept kept;
};

enum { GROUPS_MAX = 8 };

struct groups {
    const struct hu_model *model;
    const struct hu_activation_shape *shape;
    bool scores; /* whole matrices of them are kept */
    size_t count;
    struct group list[GROUPS_MAX];
};

/* Tokens that a tower of HIDDEN sees of a picture or a sound: as many as its table has positions.
 */
static uint64_t positions(const struct hu_tensors *t, enum hu_role tower, uint64_t hidden)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->count && hidden; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
        if (row->tower == tower && row->layer == HU_NO_LAYER && row->rank >= 2 &&
            row->role != HU_ROLE_BUFFER && row->shape[row->rank - 1] == hidden &&
            (row->role == HU_ROLE_POSITION || strstr(row->name, "pos_emb") ||
             strstr(row->name, "posit")))
            n = row->elements / hidden > n ? row->elements / hidden : n;
    }
    return n;
}

/* What a stack keeps says what it is: nothing, beside another that attends to so many tokens of
 * another sequence, is the encoder of that sequence. */
static uint64_t own_tokens(const struct groups *g, uint32_t stack)
{
    const struct hu_tensors *t = &g->model->tensors;
    uint64_t other = 0;
    for (size_t i = 0; i < t->kept_count; i++) {
        if (t->kept[i].stack == stack)
            return g->shape->sequence;
        if (t->kept[i].kind == HU_KEEP_CROSS)
            other = t->kept[i].tokens;
    }
    return other ? other : g->shape->sequence;
}

/* The width of the stack that begins with row FIRST: its first matrix's inputs. */
static uint64_t width_of(const struct hu_tensors *t, size_t first)
{
    for (size_t i = first; i < t->count && t->rows[i].stack == t->rows[first].stack; i++)
        if (is_matrix(&t->rows[i]) &&
            (t->rows[i].role == HU_ROLE_ATTENTION || t->rows[i].role == HU_ROLE_MLP) &&
            t->rows[i].rank == 2 && t->rows[i].layer != HU_NO_LAYER)
            return matrix_of(&t->rows[i]).in;
    return 0;
}

static struct group *group_of(struct groups *g, size_t i)
{
    const struct hu_tensors *t = &g->model->tensors;
    const struct hu_tensor_row *row = &t->rows[i];
    struct group *last = g->count ? &g->list[g->count - 1] : NULL, new = {.tower = row->tower};
    if (last && last->last->stack == row->stack)
        return last;
    new.hidden = row->tower ? width_of(t, i) : g->model->hidden;
    new.tokens = !row->tower         ? own_tokens(g, row->stack)
                 : g->shape->patches ? g->shape->patches
                                     : positions(t, row->tower, new.hidden);
    for (size_t j = 0; j < g->count; j++)
        if (g->list[j].tower == new.tower && g->list[j].tokens == new.tokens &&
            (!new.tower || g->list[j].hidden == new.hidden)) {
            new = g->list[j];
            memmove(&g->list[j], &g->list[j + 1], (--g->count - j) * sizeof new);
            break;
        }
    if (g->count == GROUPS_MAX)
        return NULL;
    g->list[g->count] = new;
    return &g->list[g->count++];
}

static void close_layer(struct group *g)
{
    close_perceptron(&g->kept, &g->perceptron[0]);
    close_perceptron(&g->kept, &g->perceptron[1]);
}

static void add_row(const struct groups *all, struct group *g, size_t i)
{
    const struct hu_tensors *t = &all->model->tensors;
    const struct hu_tensor_row *row = &t->rows[i];
    if (row->role == HU_ROLE_NORM && row->rank == 1 && row->shape[0] == g->hidden)
        add_norm(&g->kept, i + 1 < t->count ? row + 1 : NULL, g->hidden);
    else if (row->role == HU_ROLE_NORM && row->rank == 1)
        add_inner_norm(&g->kept, t, row);
    else if (!is_matrix(row))
        return;
    else if (row->role == HU_ROLE_ATTENTION || row->role == HU_ROLE_SSM)
        add_attention(&g->kept, t, row, all->scores && !g->tower ? all->model->heads : 0);
    else if (row->role == HU_ROLE_MLP || row->role == HU_ROLE_EXPERT)
        add_perceptron(&g->kept, &g->perceptron[row->role == HU_ROLE_EXPERT], row, g->hidden);
}

/* False: more kinds of stacks than are told apart. */
static bool add_layers(struct groups *g)
{
    const struct hu_tensors *t = &g->model->tensors;
    for (size_t i = 0; i < t->count; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
        if (row->layer == HU_NO_LAYER || row->is_bias || !hu_row_counts(row))
            continue;
        struct group *at = group_of(g, i);
        if (!at)
            return false;
        if (!at->last || row->layer != at->last->layer || row->stack != at->last->stack) {
            close_layer(at);
            at->layers++;
        }
        at->last = row;
        add_row(g, at, i);
    }
    for (size_t i = 0; i < g->count; i++)
        close_layer(&g->list[i]);
    return true;
}

/* Of a token's scores, how many tokens each head sees, all layers together: nothing that is fused.
 * A stack that keeps nothing attends in every layer. */
static uint64_t seen(const struct groups *g, const struct group *of)
{
    const struct hu_tensors *t = &g->model->tensors;
    uint64_t sum = 0;
    bool own = of->tokens == g->shape->sequence;
    for (size_t i = 0; i < t->kept_count && own; i++) {
        const struct hu_kept *k = &t->kept[i];
        bool cross = k->kind == HU_KEEP_CROSS;
        if (k->tower == HU_ROLE_NONE && hu_keep_attends(k->kind))
            sum = capped_plus(sum, cross && k->tokens ? k->tokens : g->shape->sequence);
    }
    return sum || (own && t->kept_count) ? sum : capped_times(of->layers, of->tokens);
}

/* Bytes of all layers of G for the micro-batch on one device. */
static bool finish(const struct group *g, const struct hu_activation_shape *s, uint64_t *bytes)
{
    const struct kept *k = &g->kept;
    uint64_t t = s->tensor_parallel, whole = s->sequence_parallel ? 0 : capped_times(k->whole, t);
    uint64_t token = capped_plus(k->split, s->sequence_parallel ? k->whole : 0);
    token = capped_plus(capped_plus(token, whole), k->scores);
    struct hu_wide sum = hu_wide_product(token, g->tokens);
    if (token == UINT64_MAX || !hu_wide_times(&sum, s->micro_batch))
        return false;
    uint64_t rest = hu_wide_divide(&sum, t);
    return hu_wide_fits(sum, bytes) && !__builtin_add_overflow(*bytes, rest != 0, bytes);
}

static void tell(const struct group *g, const struct hu_activation_shape *s, uint64_t bytes,
                 struct hu_figures *terms)
{
    const struct kept *k = &g->kept;
    bool dropout = k->layer_norms && !g->tower;
    hu_figure_add(
        terms, !g->tower ? "activations of the layers" : "activations of a tower", bytes,
        HU_MODELLED,
        "%llu layers%s%s by their own tensors: s·b·(%llu + %llu/t%s) bytes with s = %llu, b = "
        "%llu, "
        "t = %llu%s; norms in fp32 or with their layer norm, projections, perceptrons%s%s",
        (unsigned long long)g->layers, g->tower ? " of the tower of " : "",
        !g->tower                   ? ""
        : g->tower == HU_ROLE_AUDIO ? "sound"
                                    : "images",
        (unsigned long long)k->whole, (unsigned long long)k->split,
        k->scores ? " + the heads' scores/t" : "", (unsigned long long)g->tokens,
        (unsigned long long)s->micro_batch, (unsigned long long)s->tensor_parallel,
        s->sequence_parallel ? ", all of it over t" : "", dropout ? ", dropout's masks" : "",
        !g->tower    ? ""
        : s->patches ? "; none where it is frozen"
                     : "; one input a sequence, of as many patches as its table has positions; "
                       "none where it is frozen");
}

/* Towers whose tokens are not known, or whose layers are none that are modelled. */
static void tell_unknown(const struct groups *all, struct hu_figures *terms)
{
    static const enum hu_role towers[] = {HU_ROLE_VISION, HU_ROLE_AUDIO};
    const struct hu_tensors *t = &all->model->tensors;
    for (size_t i = 0; i < sizeof towers / sizeof *towers; i++) {
        bool known = false, counted = false;
        uint64_t matrices = 0;
        for (size_t j = 0; j < t->count; j++)
            if (t->rows[j].tower == towers[i] && t->rows[j].role != HU_ROLE_BUFFER &&
                t->rows[j].rank >= 2)
                matrices += t->rows[j].copies;
        for (size_t j = 0; j < all->count; j++) {
            counted |= all->list[j].tower == towers[i];
            known |= all->list[j].tower == towers[i] && all->list[j].tokens;
        }
        /* A few embed patches for layers that are the model's own. */
        if (matrices > 6 && !known)
            hu_figure_add(terms, "activations of towers", 0, HU_UNKNOWN,
                          "not in the total: %s %s tower%s (none are kept where it is frozen)",
                          counted ? "how many patches the" : "the layers of the",
                          hu_role_name(towers[i]),
                          counted ? " sees is not in the config: give --patches"
                                  : " are no attention's: they are not modelled");
    }
}

bool hu_activations_listed(const struct hu_model *model, const struct hu_activation_shape *shape,
                           uint64_t *bytes, struct hu_figures *terms)
{
    struct groups all = {.model = model,
                         .shape = shape,
                         .scores = shape->recompute == HU_RECOMPUTE_NONE && !shape->flash};
    struct hu_activation_shape logits = *shape;
    uint64_t output = 0;
    *bytes = 0;
    if (!add_layers(&all))
        return false;
    tell_unknown(&all, terms);
    for (size_t i = 0; i < all.count; i++) {
        struct group *g = &all.list[i];
        uint64_t part, twice = capped_times(capped_times(2, g->hidden), g->layers);
        if (!g->tokens)
            continue;
        /* The old decoders' dropout: two masks of a byte (section 4.1 of the paper), and that of
         * the scores. */
        bool dropout = g->kept.layer_norms && !g->tower;
        if (dropout)
            g->kept.whole = capped_plus(g->kept.whole, twice);
        if (all.scores && !g->tower)
            g->kept.scores =
                capped_times(capped_times(dropout ? 5 : 6, model->heads), seen(&all, g));
        if (shape->recompute == HU_RECOMPUTE_FULL)
            g->kept = (struct kept){.whole = twice};
        if (!finish(g, shape, &part) || __builtin_add_overflow(*bytes, part, bytes))
            return false;
        tell(g, shape, part, terms);
    }
    logits.layers = 0;
    return hu_activations(&logits, &output, terms) &&
           !__builtin_add_overflow(*bytes, output, bytes);
}
