#include "training.h"
#include "capped.h"
#include "wide.h"

#include <string.h>

/* Whether whole matrices of scores are kept. */
static bool keeps_scores(const struct hu_training_plan *p)
{
    return p->recompute == HU_RECOMPUTE_NONE && !p->flash;
}

/* TOKENS of each sequence of the micro-batch, at BYTES over the tensor-parallel devices. */
static uint64_t over_tokens(const struct hu_training_plan *p, uint64_t tokens, uint64_t bytes)
{
    struct hu_wide n = hu_wide_product(bytes, tokens);
    uint64_t sum;
    if (bytes == UINT64_MAX || !hu_wide_times(&n, p->micro_batch))
        return UINT64_MAX;
    bool rest = hu_wide_divide(&n, p->tensor_parallel) != 0;
    return hu_wide_fits(n, &sum) ? capped_plus(sum, rest) : UINT64_MAX;
}

/* --- By the formula --- */

static const char *formula_of(const struct hu_training_plan *p)
{
    bool scores = keeps_scores(p);
    if (p->recompute == HU_RECOMPUTE_FULL)
        return "2";
    if (p->tensor_parallel == 1)
        return scores ? "(34 + 5·a·s/h)" : "34";
    if (p->sequence_parallel)
        return scores ? "(34 + 5·a·s/h)/t" : "34/t";
    return scores ? "(10 + 24/t + 5·a·s/(h·t))" : "(10 + 24/t)";
}

/* What one token of one layer keeps, times t: equations 1, 2, 4, 5 and 6 of the paper. */
static uint64_t token_bytes(const struct hu_model *m, const struct hu_training_plan *p)
{
    uint64_t whole = p->sequence_parallel ? 0 : 10, shared = p->sequence_parallel ? 34 : 24;
    if (p->recompute == HU_RECOMPUTE_FULL)
        return capped_times(capped_times(2, m->hidden), p->tensor_parallel);
    uint64_t scores = capped_times(capped_times(5, m->heads), p->sequence);
    uint64_t each = capped_plus(capped_times(whole, p->tensor_parallel), shared);
    return capped_plus(capped_times(each, m->hidden), keeps_scores(p) ? scores : 0);
}

uint64_t hu_activations_shaped(const struct hu_model *m, const struct hu_training_plan *p,
                               struct hu_figures *terms)
{
    uint64_t layers = over_tokens(p, p->sequence, capped_times(token_bytes(m, p), m->layers));
    uint64_t logits = over_tokens(p, p->sequence, capped_times(4, m->vocabulary));
    if (m->layers)
        hu_figure_add(
            terms, "activations of the layers", layers, HU_MODELLED,
            "L·s·b·h·%s with L = %llu, s = %llu, b = %llu, h = %llu, a = %llu, t = %llu "
            "(Korthikanti et al. 2022, a GPT block; 16-bit activations, about twice that in fp32)",
            formula_of(p), (unsigned long long)m->layers, (unsigned long long)p->sequence,
            (unsigned long long)p->micro_batch, (unsigned long long)m->hidden,
            (unsigned long long)m->heads, (unsigned long long)p->tensor_parallel);
    if (m->vocabulary)
        hu_figure_add(terms, "logits", logits, HU_MODELLED,
                      "4·s·b·v/t with v = %llu: fp32 for the loss, often forgotten",
                      (unsigned long long)m->vocabulary);
    return capped_plus(layers, logits);
}

/* --- By the model's own layers: what autograd keeps of each tensor's operation --- */

/* Bytes a token, by whether tensor parallelism splits them; scores are split. */
struct kept {
    uint64_t whole, split;
    uint64_t scores;
};

static void grow(uint64_t *sum, uint64_t n, uint64_t bytes)
{
    *sum = capped_plus(*sum, capped_times(n, bytes));
}

/* What is met of a layer whose matrices have the hidden states as their input. */
struct inputs {
    unsigned norms;     /* of hidden states */
    unsigned attention; /* matrices that give hidden states, of attention or a state space */
    bool perceptron;    /* the same of perceptrons */
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

/* Stacks of layers that see the same tokens: the model's own, the encoder's that it attends to, and
 * those of towers. */
struct group {
    enum hu_role tower;
    uint64_t tokens; /* of a sequence; 0: not known */
    uint64_t hidden, layers;
    uint64_t encoding; /* of these, layers of stacks that keep nothing for a request */
    bool encodes;      /* the stack that is met now is such */
    const struct hu_tensor_row *last;
    struct perceptron perceptron[2];
    struct inputs inputs;
    struct kept kept;
};

enum { GROUPS_MAX = 32 };

struct groups {
    const struct hu_model *model;
    const struct hu_training_plan *plan;
    size_t count;
    struct group list[GROUPS_MAX];
};

/* Bytes an element that the norm ROW keeps: an RMS norm in fp32 its input widened (4) and what its
 * weight multiplies (2), a layer norm its input. A frozen weight multiplies what is not kept. */
static uint64_t norm_bytes(const struct groups *g, const struct hu_tensor_row *row)
{
    const struct hu_tensors *t = &g->model->tensors;
    bool layer_norm = row + 1 < hu_tensors_end(t) && row[1].is_bias && row[1].role == HU_ROLE_NORM;
    unsigned own = row->tower ? 0 : t->autograd.norm, n = own ? own : layer_norm ? 2 : 6;
    return !g->plan->lora_rank || n < 6 ? n : n - (n > 6 ? 4 : 2);
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
    const struct hu_tensor_row *m = row, *end = hu_tensors_end(t);
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
static void add_inner_norm(struct kept *k, const struct groups *g, const struct hu_tensor_row *row)
{
    const struct hu_tensors *t = &g->model->tensors;
    size_t n;
    const struct hu_tensor_row *of = projection(t, row, *hu_row_module(row, &n), false);
    bool splits = of && of->split != HU_SPLIT_NONE && matrix_of(of).out % row->shape[0] == 0;
    grow(splits ? &k->split : &k->whole, norm_bytes(g, row),
         splits ? matrix_of(of).out : row->shape[0]);
}

/* Whether queries, keys and values are one matrix's output. */
static bool is_fused(const char *module, size_t n)
{
    static const char *const names[] = {"qkv", "query_key_value", "W_pack", "Wqkv", "c_attn"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (n >= strlen(names[i]) && !strncmp(module, names[i], strlen(names[i])))
            return true;
    return false;
}

/* Queries, keys, values after their projections; the input of the projection that follows. Where
 * scores are kept, keys and values of few heads are repeated for each query head. */
static void add_attention(struct kept *k, const struct hu_tensors *t,
                          const struct hu_tensor_row *row, uint64_t heads)
{
    struct matrix m = matrix_of(row);
    uint64_t n = m.widens ? m.out : m.in;
    size_t length;
    const char *module = hu_row_module(row, &length);
    if (heads && row->heads && row->heads < heads)
        n = capped_times(n / row->heads, heads);
    /* A latent's keys are put together with their rotary part, as wide as the queries; what
     * attention gives is narrower than those, and copied for the projection behind it. */
    if (length == 9 && !strncmp(module, "kv_b_proj", 9)) {
        const struct hu_tensor_row *queries = projection(t, row, 'q', true);
        const struct hu_tensor_row *output = projection(t, row, 'o', true);
        n = capped_plus(n, queries ? matrix_of(queries).out : 0);
        n = capped_plus(n, output ? matrix_of(output).in : 0);
    }
    /* Turned queries and keys are new, and the values still hold the whole. */
    if (!row->tower && !t->autograd.unfused && is_fused(module, length) && t->kept_count &&
        t->kept[0].v && t->kept[0].v < m.out)
        n = capped_plus(n, m.out - t->kept[0].v);
    grow(row->split ? &k->split : &k->whole, capped_times(2, n), m.times);
}

static void add_perceptron(struct kept *k, struct perceptron *p, const struct hu_tensor_row *row,
                           uint64_t hidden, bool frozen)
{
    struct matrix m = matrix_of(row);
    bool first = m.widens && !p->up;
    grow(m.widens ? &p->up : &p->down, m.widens ? m.out : m.in, m.times);
    /* Each expert has its tokens' inputs for itself, unless it is frozen, and its outputs, which
     * are weighed. */
    if (row->role == HU_ROLE_EXPERT && first)
        grow(&k->whole, capped_times(frozen ? 2 : 4, hidden), m.times);
}

/* Inputs of the activation and of what narrows; a gated one keeps the gate's output as well. What
 * is frozen keeps no input of its own. */
static void close_perceptron(struct kept *k, struct perceptron *p, int activation, bool frozen)
{
    bool gated = p->down && p->up / 2 >= p->down;
    grow(&k->split, 2, capped_plus(p->up, frozen && p->down ? 0 : p->down));
    if (gated)
        grow(&k->split, 2, p->down);
    uint64_t saved = activation < 0 && !frozen ? capped_times((uint64_t)-activation, p->down) : 0;
    if (activation > 0)
        grow(&k->split, (uint64_t)activation, p->down);
    k->split -= saved < k->split ? saved : k->split;
    *p = (struct perceptron){0};
}

/* Tokens that a tower of HIDDEN sees of a picture or a sound: its table's positions. */
static uint64_t positions(const struct hu_tensors *t, enum hu_role tower, uint64_t hidden)
{
    uint64_t n = 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t) && hidden; row++)
        if (row->tower == tower && row->layer == HU_NO_LAYER && row->rank >= 2 &&
            row->role != HU_ROLE_BUFFER && row->shape[row->rank - 1] == hidden && !row->optional &&
            (row->role == HU_ROLE_POSITION || strstr(row->name, "pos_emb") ||
             strstr(row->name, "posit")))
            n = row->elements / hidden > n ? row->elements / hidden : n;
    return n;
}

/* What a stack keeps says what it is: nothing, beside another that attends to so many tokens of
 * another sequence, is the encoder of that sequence. */
static uint64_t own_tokens(const struct groups *g, uint32_t stack, bool *encodes)
{
    const struct hu_tensors *t = &g->model->tensors;
    uint64_t other = 0;
    for (size_t i = 0; i < t->kept_count; i++) {
        if (t->kept[i].stack == stack)
            return g->plan->sequence;
        if (t->kept[i].kind == HU_KEEP_CROSS)
            other = t->kept[i].tokens;
    }
    *encodes = true;
    return other ? other : g->plan->sequence;
}

/* The width of the stack that begins with row FIRST: its first matrix's inputs. */
static uint64_t width_of(const struct hu_tensors *t, const struct hu_tensor_row *first)
{
    const struct hu_tensor_row *end = hu_tensors_end(t);
    for (const struct hu_tensor_row *row = first; row < end && row->stack == first->stack; row++)
        if (is_matrix(row) && (row->role == HU_ROLE_ATTENTION || row->role == HU_ROLE_MLP) &&
            row->rank == 2 && row->layer != HU_NO_LAYER)
            return matrix_of(row).in;
    return 0;
}

/* NULL: more kinds of stacks than are told apart. */
static struct group *group_of(struct groups *g, const struct hu_tensor_row *row)
{
    const struct hu_tensors *t = &g->model->tensors;
    struct group *last = g->count ? &g->list[g->count - 1] : NULL, new = {.tower = row->tower};
    if (last && last->last->stack == row->stack)
        return last;
    bool encodes = false;
    new.hidden = row->tower ? width_of(t, row) : g->model->hidden;
    new.tokens = !row->tower        ? own_tokens(g, row->stack, &encodes)
                 : g->plan->patches ? g->plan->patches
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
    new.encodes = encodes;
    g->list[g->count] = new;
    return &g->list[g->count++];
}

/* The matrices' own input is what a norm gives, or what is normed after them: of as many as there
 * are, and one for all where one norm is before them. */
static void close_layer(const struct groups *all, struct group *g)
{
    const struct hu_autograd none = {0};
    const struct hu_autograd *a = g->tower ? &none : &all->model->tensors.autograd;
    bool frozen = all->plan->lora_rank;
    unsigned n = g->inputs.attention + g->inputs.perceptron;
    if (!n || n > g->inputs.norms)
        n = g->inputs.norms;
    if (!frozen)
        grow(&g->kept.whole, 2 * n, g->hidden);
    if (a->dropout && g->inputs.norms) /* two masks of a byte (section 4.1 of the paper) */
        grow(&g->kept.whole, 2, g->hidden);
    for (int i = 0; i < 2; i++)
        close_perceptron(&g->kept, &g->perceptron[i], a->activation, frozen);
    g->inputs = (struct inputs){0};
}

static void add_row(struct groups *all, struct group *g, const struct hu_tensor_row *row)
{
    const struct hu_training_plan *p = all->plan;
    bool mixer = row->role == HU_ROLE_ATTENTION || row->role == HU_ROLE_SSM;
    bool perceptron = row->role == HU_ROLE_MLP || row->role == HU_ROLE_EXPERT;
    if (row->role == HU_ROLE_NORM && row->rank == 1 && row->shape[0] == g->hidden) {
        g->inputs.norms++;
        grow(&g->kept.whole, norm_bytes(all, row), g->hidden);
    } else if (row->role == HU_ROLE_NORM && row->rank == 1) {
        add_inner_norm(&g->kept, all, row);
    }
    if (!is_matrix(row) || (!mixer && !perceptron))
        return;
    g->inputs.attention += mixer && row->split == HU_SPLIT_COLUMNS;
    g->inputs.perceptron |= perceptron && row->split == HU_SPLIT_COLUMNS;
    /* An adapter beside it keeps its input in fp32, which PEFT's adapters of 16-bit models are. */
    if (p->lora_rank && hu_lora_target(row, p->lora_targets))
        grow(&g->kept.whole, 4, matrix_of(row).in);
    if (mixer)
        add_attention(&g->kept, &all->model->tensors, row,
                      keeps_scores(p) && !g->tower ? all->model->heads : 0);
    else
        add_perceptron(&g->kept, &g->perceptron[row->role == HU_ROLE_EXPERT], row, g->hidden,
                       p->lora_rank);
}

/* False: more kinds of stacks than are told apart. */
static bool add_layers(struct groups *g)
{
    const struct hu_tensors *t = &g->model->tensors;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        if (row->layer == HU_NO_LAYER || row->is_bias || !hu_row_counts(row))
            continue;
        struct group *at = group_of(g, row);
        if (!at)
            return false;
        if (!at->last || !same_layer(row, at->last)) {
            close_layer(g, at);
            at->layers++;
            at->encoding += at->encodes;
        }
        at->last = row;
        add_row(g, at, row);
    }
    for (size_t i = 0; i < g->count; i++)
        close_layer(g, &g->list[i]);
    return true;
}

/* Of a token's scores, how many tokens each head sees, all layers together: nothing that is fused.
 * Layers of a stack that keeps nothing all attend. */
static uint64_t seen(const struct groups *g, const struct group *of)
{
    const struct hu_tensors *t = &g->model->tensors;
    uint64_t sum = capped_times(of->encoding, of->tokens), s = g->plan->sequence;
    for (size_t i = 0; i < t->kept_count && of->tokens == s; i++) {
        const struct hu_kept *k = &t->kept[i];
        if (k->tower == HU_ROLE_NONE && hu_keep_attends(k->kind))
            sum = capped_plus(sum, k->kind == HU_KEEP_CROSS && k->tokens ? k->tokens : s);
    }
    return sum;
}

/* Bytes of all layers of G for the micro-batch on one device. */
static uint64_t finish(const struct group *g, const struct hu_training_plan *p)
{
    const struct kept *k = &g->kept;
    uint64_t whole = p->sequence_parallel ? k->whole : capped_times(k->whole, p->tensor_parallel);
    return over_tokens(p, g->tokens, capped_plus(capped_plus(k->split, whole), k->scores));
}

static void tell(const struct group *g, const struct hu_training_plan *s, uint64_t bytes,
                 bool dropout, struct hu_figures *terms)
{
    const struct kept *k = &g->kept;
    hu_figure_add(
        terms, !g->tower ? "activations of the layers" : "activations of a tower", bytes,
        HU_MODELLED,
        "%llu layers%s%s by their own tensors: s·b·(%llu + %llu/t%s) bytes "
        "with s = %llu, b = %llu, t = %llu%s; norms, projections, perceptrons%s%s%s",
        (unsigned long long)g->layers, g->tower ? " of the tower of " : "",
        !g->tower                   ? ""
        : g->tower == HU_ROLE_AUDIO ? "sound"
                                    : "images",
        (unsigned long long)k->whole, (unsigned long long)k->split,
        k->scores ? " + the heads' scores/t" : "", (unsigned long long)g->tokens,
        (unsigned long long)s->micro_batch, (unsigned long long)s->tensor_parallel,
        s->sequence_parallel ? ", all of it over t" : "", dropout ? ", dropout's masks" : "",
        s->lora_rank ? "; of frozen ones no inputs, of adapted ones theirs in fp32" : "",
        !g->tower    ? ""
        : s->patches ? "; none where it is frozen"
                     : "; one input a sequence, of as many patches as its table has positions; "
                       "none where it is frozen");
}

/* A tower whose tokens are not known, or whose layers are none that are modelled. */
static void tell_unknown(const struct groups *all, enum hu_role tower, struct hu_figures *terms)
{
    const struct hu_tensors *t = &all->model->tensors;
    bool known = false, counted = false;
    uint64_t matrices = 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (row->tower == tower && row->role != HU_ROLE_BUFFER && row->rank >= 2)
            matrices += row->copies;
    for (size_t i = 0; i < all->count; i++) {
        counted |= all->list[i].tower == tower;
        known |= all->list[i].tower == tower && all->list[i].tokens;
    }
    /* A few embed patches for layers that are the model's own. */
    if (matrices > 6 && !known)
        hu_figure_add(terms, "activations of towers", 0, HU_UNKNOWN,
                      "not in the total: %s %s tower%s (none are kept where it is frozen)",
                      counted ? "how many patches the" : "the layers of the", hu_role_name(tower),
                      counted ? " sees is not in the config: give --patches"
                              : " are no attention's: they are not modelled");
}

/* Bytes of a score that no kernel fuses: softmax's result, in fp32 unless the class stays in 16
 * bits, and its 16-bit copy; or dropout's mask and result in that one's place. */
static uint64_t score_bytes(const struct hu_autograd *a)
{
    return (a->half_softmax ? 2 : 4) + (a->attention_dropout ? 3 : a->half_softmax ? 0 : 2);
}

/* The norm before the head, and the head's input. */
static uint64_t add_last_norm(const struct groups *g, struct hu_figures *terms)
{
    const struct hu_tensors *t = &g->model->tensors;
    const struct hu_training_plan *p = g->plan;
    uint64_t each = 0, hidden = g->model->hidden;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (row->layer == HU_NO_LAYER && !row->tower && row->role == HU_ROLE_NORM &&
            row->rank == 1 && !row->is_bias && row->shape[0] == hidden)
            each = capped_plus(each, norm_bytes(g, row) + (p->lora_rank ? 0 : 2));
    uint64_t sum =
        over_tokens(p, p->sequence, capped_times(capped_times(each, hidden), p->tensor_parallel));
    if (sum)
        hu_figure_add(terms, "activations outside the layers", sum, HU_MODELLED,
                      "norms: s·b·h·%llu with h = %llu", (unsigned long long)each,
                      (unsigned long long)hidden);
    return sum;
}

/* What is there for a while in the backward pass, and the largest of its kind. */
struct passing {
    const char *name, *formula;
    uint64_t bytes;
};

static void take_larger(struct passing *p, const char *name, uint64_t bytes, const char *formula)
{
    if (bytes > p->bytes)
        *p = (struct passing){name, formula, bytes};
}

/* Logits as the loss keeps them, and their two gradients while it is computed back, that of its
 * log-softmax and that of the logits: all layers are kept still. */
static uint64_t add_loss(const struct groups *g, struct passing *passing, struct hu_figures *terms)
{
    const struct hu_training_plan *p = g->plan;
    const struct hu_autograd *a = &g->model->tensors.autograd;
    /* Of weights and gradients in 16 bits nothing is widened. */
    bool half = a->half_loss && !strcmp(p->recipe->name, "bf16");
    uint64_t width = half ? 2 : 4, kept = width + (a->caps_logits ? 2 : 0);
    uint64_t v = g->model->vocabulary;
    uint64_t logits = over_tokens(p, p->sequence, capped_times(kept, v));
    uint64_t gradients = over_tokens(p, p->sequence, capped_times(2 * width, v));
    if (logits)
        hu_figure_add(terms, "logits", logits, HU_MODELLED,
                      "%llu·s·b·v/t with v = %llu: %s for the loss%s, often forgotten",
                      (unsigned long long)kept, (unsigned long long)v, half ? "16 bits" : "fp32",
                      a->caps_logits ? ", and their caps" : "");
    take_larger(passing, "gradients of the loss", gradients,
                half ? "4·s·b·v/t while the loss is computed back, in PyTorch's own steps"
                     : "8·s·b·v/t while the loss is computed back, in PyTorch's own steps; a loss "
                       "in one kernel or in chunks takes less");
    return logits;
}

/* The gradients of one layer's scores: softmax's two in its own width, and one in 16 bits. */
static void pass_scores(const struct groups *g, struct passing *passing)
{
    bool half = g->model->tensors.autograd.half_softmax;
    uint64_t s = g->plan->sequence;
    uint64_t bytes = capped_times(capped_times(half ? 6 : 10, g->model->heads), s);
    take_larger(passing, "gradients of a layer's scores", over_tokens(g->plan, s, bytes),
                half ? "6·a·s² a sequence, more than the loss's"
                     : "10·a·s² a sequence, more than the loss's");
}

/* Layers that are passed N times are so many. */
static void repeat(struct group *g, uint64_t n)
{
    g->kept.whole = capped_times(g->kept.whole, n);
    g->kept.split = capped_times(g->kept.split, n);
    g->layers = capped_times(g->layers, n);
    g->encoding = capped_times(g->encoding, n);
}

/* The layers of G, of which FULL recomputation keeps the inputs and PASSING one at a time. */
static uint64_t add_group(const struct groups *all, struct group *g, struct passing *passing,
                          struct hu_figures *terms)
{
    const struct hu_training_plan *p = all->plan;
    const struct hu_autograd *a = &all->model->tensors.autograd;
    /* A tower without adapters keeps nothing: none of its weights has a gradient. */
    if (!g->tokens || (g->tower && p->lora_rank))
        return 0;
    if (!g->tower)
        repeat(g, a->passes ? a->passes : 1);
    if (keeps_scores(p) && !g->tower)
        g->kept.scores =
            capped_times(capped_times(score_bytes(a), all->model->heads), seen(all, g));
    if (p->recompute == HU_RECOMPUTE_FULL) {
        uint64_t all_kept = finish(g, p);
        take_larger(passing, "a layer that is recomputed",
                    all_kept == UINT64_MAX ? all_kept : all_kept / g->layers,
                    "more than the loss's gradients, of which nothing is left then");
        g->kept = (struct kept){.whole = capped_times(capped_times(2, g->hidden), g->layers)};
    }
    uint64_t bytes = finish(g, p);
    tell(g, p, bytes, a->dropout && !g->tower, terms);
    return bytes;
}

uint64_t hu_activations_listed(const struct hu_model *model, const struct hu_training_plan *plan,
                               struct hu_figures *terms)
{
    struct groups all = {.model = model, .plan = plan};
    struct passing passing = {0};
    uint64_t bytes = 0;
    if (!add_layers(&all))
        return UINT64_MAX;
    tell_unknown(&all, HU_ROLE_VISION, terms);
    tell_unknown(&all, HU_ROLE_AUDIO, terms);
    for (size_t i = 0; i < all.count; i++)
        bytes = capped_plus(bytes, add_group(&all, &all.list[i], &passing, terms));
    bytes = capped_plus(bytes, add_last_norm(&all, terms));
    bytes = capped_plus(bytes, add_loss(&all, &passing, terms));
    if (keeps_scores(plan))
        pass_scores(&all, &passing);
    if (passing.bytes)
        hu_figure_add(terms, passing.name, passing.bytes, HU_MODELLED, "%s", passing.formula);
    return capped_plus(bytes, passing.bytes);
}
