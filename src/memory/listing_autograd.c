/* What autograd keeps of a family's layers and no list of tensors says: dropout, the activation,
 * and what a class does in ways of its own (`default autograd.…`). */
#include "listing_state.h"

#include <string.h>

/* The value of TEXT over the family's config and defaults; missing where it has none. */
static struct value fact(struct listing *l, const char *text)
{
    struct reader r = family_reader(l->family, text, strlen(text));
    struct node *node = expression_read(&r);
    return r.error ? (struct value){.kind = VALUE_MISSING} : value_settled(evaluate(&l->e, node));
}

/* Bytes: what is no small number is none. */
static int bytes(struct value v)
{
    return v.kind == VALUE_INTEGER && v.integer >= -2 && v.integer <= 32 ? (int)v.integer : 0;
}

static bool is_16(struct value v)
{
    return v.kind == VALUE_INTEGER && v.integer == 16;
}

static bool is_above_0(struct value v)
{
    return (v.kind == VALUE_INTEGER && v.integer > 0) || (v.kind == VALUE_REAL && v.real > 0);
}

/*
 * Bytes an element that an activation keeps besides its input and its output, in 16 bits. One
 * operation keeps its input; relu keeps its output instead, which the next matrix keeps anyway.
 * Those of several operations (transformers' activations.py) keep what is between: gelu_new half
 * of x, tanh's result and 1 more than that; quick_gelu the sigmoid; xIELU x times its slope,
 * expm1's result, that less x, and where x is above 0.
 */
static int activation_bytes(struct value v)
{
    static const struct {
        const char *name;
        int bytes;
    } known[] = {{"gelu_new", 6}, {"gated-gelu", 6}, {"quick_gelu", 2}, {"relu", -2}, {"xielu", 7}};
    for (size_t i = 0; v.kind == VALUE_TEXT && i < sizeof known / sizeof *known; i++)
        if (!strcmp(v.text, known[i].name))
            return known[i].bytes;
    return 0;
}

void list_autograd(struct listing *l)
{
    struct hu_autograd *a = &l->out->autograd;
    struct value own = fact(l, "autograd.activation"), passes = fact(l, "passes");
    *a = (struct hu_autograd){
        .norm = (uint8_t)bytes(fact(l, "autograd.norm")),
        .half_softmax = is_16(fact(l, "autograd.softmax")),
        .half_loss = is_16(fact(l, "autograd.loss")),
        .unfused = is_above_0(fact(l, "autograd.unfused")),
        .passes = (uint16_t)(passes.kind == VALUE_INTEGER && passes.integer > 0 &&
                                     passes.integer <= LAYERS_MAX
                                 ? passes.integer
                                 : 1),
        .caps_logits = is_above_0(fact(l, "final_logit_softcapping")),
        .attention_dropout = is_above_0(fact(
            l, "attention_probs_dropout_prob ? attn_pdrop ? attention_dropout ? dropout_rate")),
        .dropout = is_above_0(fact(l, "hidden_dropout_prob ? resid_pdrop ? hidden_dropout ? "
                                      "residual_dropout ? dropout ? dropout_rate")),
        .activation = (int8_t)(own.kind == VALUE_INTEGER
                                   ? bytes(own)
                                   : activation_bytes(fact(
                                         l, "hidden_act ? activation_function ? "
                                            "hidden_activation ? activation ? feed_forward_proj"))),
    };
}
