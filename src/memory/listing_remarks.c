/* What a family says of a config besides its list: remarks, and what autograd keeps of its layers
 * and no tensor says: dropout, the activation, what a class does in ways of its own (`default
 * autograd.…`). */
#include "listing_state.h"
#include "file/printable.h"

#include <stdio.h>
#include <string.h>

/* {EXPR} in a remark's text by its value. */
static void fill_in(struct listing *l, const char *text, char *out, size_t size)
{
    size_t n = 0;
    while (*text && n + 1 < size && !l->failed) {
        const char *close = *text == '{' ? strchr(text, '}') : NULL;
        if (!close) {
            out[n++] = *text++;
            continue;
        }
        struct reader r = {.at = text + 1, .end = close, .lexicon = &l->family->lexicon};
        struct node *node = expression_read(&r);
        if (r.error) {
            listing_fail(l, "a remark of the family has an expression that cannot be read: %s",
                         r.error);
            return;
        }
        struct value v = listing_value(l, node);
        if (v.kind == VALUE_TEXT)
            n += (size_t)snprintf(out + n, size - n, "%s", v.text);
        else if (v.kind == VALUE_INTEGER)
            n += (size_t)snprintf(out + n, size - n, "%lld", (long long)v.integer);
        if (n >= size)
            n = size - 1;
        text = close + 1;
    }
    out[n] = 0;
}

void list_remarks(struct listing *l)
{
    char text[HU_NOTE_SIZE], shown[HU_NOTE_SIZE];
    for (const struct remark *r = l->family->remarks; r && !l->failed; r = r->next) {
        if ((l->nested && !r->refusal) ||
            (r->condition && listing_holds(l, r->condition) == r->unless))
            continue;
        fill_in(l, r->text, text, sizeof text);
        hu_printable(text, shown, sizeof shown);
        if (r->refusal)
            listing_fail(l, "%s", *shown ? shown : "the family refuses it, and does not say why");
        else
            hu_model_note(l->model, "%s", shown);
    }
}

/* Sizes that the config left to the class, for the reader. */
void list_sizes(struct listing *l)
{
    char text[HU_NOTE_SIZE] = "";
    size_t n = 0;
    for (int i = 0; i < SYMBOL_SLOTS; i++)
        for (const struct symbol *s = l->family->lexicon.slots[i]; s; s = s->next) {
            if (!s->taken || !json_is_integer(s->otherwise) || n >= sizeof text)
                continue;
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %lld",
                                  n ? ", " : "left to the class's sizes: ", s->name,
                                  (long long)json_integer_value(s->otherwise));
        }
    l->result->sized |= n > 0;
    if (n)
        hu_model_note(l->model, "%s", text);
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
    struct value own = listing_fact(l, "autograd.activation"), passes = listing_fact(l, "passes");
    *a = (struct hu_autograd){
        .norm = (uint8_t)bytes(listing_fact(l, "autograd.norm")),
        .half_softmax = is_16(listing_fact(l, "autograd.softmax")),
        .half_loss = is_16(listing_fact(l, "autograd.loss")),
        .unfused = is_above_0(listing_fact(l, "autograd.unfused")),
        .passes = (uint16_t)(passes.kind == VALUE_INTEGER && passes.integer > 0 &&
                                     passes.integer <= HU_LAYERS_MAX
                                 ? passes.integer
                                 : 1),
        .caps_logits = is_above_0(listing_fact(l, "final_logit_softcapping")),
        .attention_dropout = is_above_0(listing_fact(
            l, "attention_probs_dropout_prob ? attn_pdrop ? attention_dropout ? dropout_rate")),
        .dropout =
            is_above_0(listing_fact(l, "hidden_dropout_prob ? resid_pdrop ? hidden_dropout ? "
                                       "residual_dropout ? dropout ? dropout_rate")),
        .activation = (int8_t)(own.kind == VALUE_INTEGER
                                   ? bytes(own)
                                   : activation_bytes(listing_fact(
                                         l, "hidden_act ? activation_function ? "
                                            "hidden_activation ? activation ? feed_forward_proj"))),
    };
}
