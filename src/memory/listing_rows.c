/* Rows of the list: tensors with their names and shapes, and what layers keep. */
#include "listing_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void listing_fail(struct listing *l, const char *format, ...)
{
    if (l->failed)
        return;
    l->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(l->result->error, LISTING_ERROR, format, arguments);
    va_end(arguments);
}

void listing_note_missing(struct listing *l, const char *key)
{
    char *list = l->result->missing;
    size_t n = strlen(key), used = strlen(list);
    for (const char *at = list; (at = strstr(at, key)); at += n)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ','))
            return;
    snprintf(list + used, LISTING_MISSING - used, "%s%s", used ? ", " : "", key);
}

/* The settled value of NODE; what is missing is noted. */
struct value listing_value(struct listing *l, struct node *node)
{
    struct value v = value_settled(evaluate(&l->e, node));
    if (v.kind == VALUE_MISSING && !l->failed)
        listing_note_missing(l, v.key ? v.key : "a key");
    return v;
}

/* A whole number of at least LEAST; 0 and missing noted where it is missing. */
uint64_t listing_number(struct listing *l, struct node *node, int64_t least, const char *what)
{
    struct value v = listing_value(l, node);
    const int64_t most = INT64_C(1) << 40;
    if (l->failed || v.kind == VALUE_MISSING)
        return 0;
    const char *quote = v.key ? "\"" : "", *name = v.key ? v.key : what;
    if (v.kind == VALUE_INTEGER && v.integer >= least && v.integer <= most)
        return (uint64_t)v.integer;
    if (v.kind == VALUE_INTEGER && !v.integer)
        listing_fail(l, "%s%.64s%s must not be 0 (%.*s)", quote, name, quote, (int)l->length,
                     l->path);
    else
        listing_fail(l, "%s%.64s%s must be a whole number from %lld to 2^40 (%.*s)", quote, name,
                     quote, (long long)least, (int)l->length, l->path);
    return 0;
}

/* Null and nothing are false; a key that is missing is noted. */
bool listing_holds(struct listing *l, struct node *condition)
{
    if (!condition)
        return true;
    struct value v = evaluate(&l->e, condition);
    if (v.kind == VALUE_MISSING && !l->failed)
        listing_note_missing(l, v.key ? v.key : "a key");
    return !l->failed && value_true(v);
}

void listing_append(struct listing *l, const char *text, size_t n)
{
    if (l->length + n >= PATH_SIZE) {
        listing_fail(l, "a tensor's name is longer than %d", PATH_SIZE - 1);
        return;
    }
    memcpy(l->path + l->length, text, n);
    l->length += n;
    l->path[l->length] = 0;
}

void listing_cut(struct listing *l, size_t length)
{
    l->length = length;
    l->path[length] = 0;
}

bool listing_classifies(const char *class)
{
    return strstr(class, "Classification") || strstr(class, "QuestionAnswering") ||
           strstr(class, "MultipleChoice");
}

/* The name at hand as the outermost family has it, which may be in BUFFER. */
static const char *renamed(struct listing *l, char buffer[2][PATH_SIZE])
{
    const char *name = l->path;
    int turn = 0;
    for (const struct rename *r = l->renames; r; r = r->outer) {
        size_t n = strlen(r->prefix);
        const char *own = name + r->base;
        if (strncmp(own, r->prefix, n) || (own[n] && own[n] != '.'))
            continue;
        char *out = buffer[turn ^= 1];
        const char *rest = own + n;
        if (!*r->instead && *rest == '.')
            rest++;
        if (snprintf(out, PATH_SIZE, "%.*s%s%s", (int)r->base, name, r->instead, rest) >= PATH_SIZE)
            listing_fail(l, "a tensor's name is longer than %d", PATH_SIZE - 1);
        name = out;
    }
    return name;
}

/* One more of LIST, whose elements are of SIZE bytes and MOST in all: its address; NULL: there is
 * none. */
static void *add(struct listing *l, void **list, size_t *count, size_t size, int most,
                 const char *what)
{
    if (*count == (size_t)most) {
        listing_fail(l, "the config asks for more than %d %s", most, what);
        return NULL;
    }
    /* Full whenever the count is a power of two. */
    void *grown = *count & (*count - 1) ? *list : realloc(*list, (*count ? 2 * *count : 1) * size);
    if (!grown) {
        listing_fail(l, "out of memory");
        return NULL;
    }
    *list = grown;
    return (char *)grown + size * (*count)++;
}

/* The row's size from its shape, and the whole of its copies within 64 bits. */
static bool measure(struct listing *l, struct hu_tensor_row *row)
{
    uint64_t all;
    row->elements = 1;
    bool over = false;
    for (unsigned i = 0; i < row->rank; i++)
        over |= __builtin_mul_overflow(row->elements, row->shape[i], &row->elements);
    over |= __builtin_mul_overflow(row->elements, row->copies, &all) || all > (UINT64_MAX >> 3);
    if (over)
        listing_fail(l, "the model has more parameters than 64 bits count");
    return !over;
}

/* The tensor called as the path says. */
static struct hu_tensor_row *emit(struct listing *l, const struct place *p,
                                  const struct hu_tensor_row *pattern)
{
    char buffer[2][PATH_SIZE];
    struct hu_tensors *t = l->out;
    struct hu_tensor_row *row =
        l->failed ? NULL
                  : add(l, (void **)&t->rows, &t->count, sizeof *row, HU_ROWS_MAX, "tensors");
    if (!row)
        return NULL;
    *row = *pattern;
    const char *name = renamed(l, buffer);
    row->name = arena_text(&l->out->arena, name, strlen(name));
    row->copies = p->copies;
    row->repeat_count = p->repeats;
    for (unsigned i = 0; i < p->repeats; i++) {
        row->repeats[i].first = p->firsts[i];
        row->repeats[i].count = p->counts[i];
    }
    if (!row->name)
        listing_fail(l, "out of memory");
    return measure(l, row) ? row : NULL;
}

/* What stands in place of a decoder's HEAD where its class is for labels, or for a start and an
 * end. */
static void emit_score(struct listing *l, const struct place *p, struct hu_tensor_row score,
                       bool answers, bool biased)
{
    score.shape[0] = answers ? 2 : (uint64_t)l->e.labels;
    score.split = HU_SPLIT_NONE;
    score.tied = false;
    do {
        listing_cut(l, 0);
        listing_append(l, answers ? "qa_outputs" : "score", answers ? 10 : 5);
        listing_append(l, score.is_bias ? ".bias" : ".weight", score.is_bias ? 5 : 7);
        emit(l, p, &score);
        score.is_bias = !score.is_bias;
        score.rank = 1;
    } while (biased && score.is_bias);
}

/* Whether a head of no stated class stands; a classifier's may take its place. */
static bool head_stands(struct listing *l, const struct line *line, const struct place *p,
                        const struct hu_tensor_row *head)
{
    if (!l->result->bare && !listing_classifies(l->class))
        return true;
    bool answers = strstr(l->class, "QuestionAnswering");
    bool biased = answers || strstr(l->class, "TokenClassification");
    if ((!biased && !strstr(l->class, "SequenceClassification")) || l->scored || l->family->bare ||
        head->rank != 2 || line->words.classes)
        return false;
    char path[PATH_SIZE];
    size_t length = l->length;
    const struct rename *renames = l->renames;
    memcpy(path, l->path, sizeof path);
    l->scored = true;
    l->renames = NULL;
    emit_score(l, p, *head, answers, biased);
    memcpy(l->path, path, sizeof path);
    l->length = length;
    l->renames = renames;
    return false;
}

static void fill_experts(struct listing *l, const struct words *w, const struct place *p,
                         struct hu_tensor_row *row)
{
    row->experts = p->experts;
    row->experts_used = p->experts_used;
    if (!w->experts)
        return;
    uint64_t all = listing_number(l, w->experts, 1, "the number of experts");
    uint64_t used = listing_number(l, w->experts_used, 0, "the number of experts used");
    if (used > all)
        listing_fail(l, "more experts are used than there are (%.*s)", (int)l->length, l->path);
    row->stacked = true;
    row->experts *= all ? all : 1;
    row->experts_used *= all ? used : 1;
}

static void list_bias(struct listing *l, const struct line *line, const struct place *p,
                      const struct hu_tensor_row *weight, size_t module)
{
    const struct words *w = &line->words;
    if (!w->bias || !listing_holds(l, w->bias))
        return;
    struct hu_tensor_row bias = *weight;
    bias.is_bias = true;
    bias.lora = false;
    bias.rank = 1;
    if (w->bias_size)
        bias.shape[0] = listing_number(l, w->bias_size, 1, "a bias's size");
    /* A bias of the outputs: split with the rows, whole where the columns are. */
    if (bias.split == HU_SPLIT_COLUMNS)
        bias.split = HU_SPLIT_NONE;
    listing_cut(l, module);
    listing_append(l, ".bias", 5);
    emit(l, p, &bias);
}

void list_tensor(struct listing *l, const struct line *line, const struct place *p)
{
    const struct words *w = &line->words;
    struct hu_tensor_row row = {.role = w->role   ? w->role
                                        : p->role ? p->role
                                                  : HU_ROLE_OTHER,
                                .tower = w->tower ? w->tower : p->tower,
                                .split = w->split,
                                .lora = w->lora,
                                .optional = w->optional || p->optional,
                                .dtype = w->dtype,
                                .stack = p->stack,
                                .layer = p->layer};
    bool typed = w->dtype.format || w->dtype.integer || w->dtype.block;
    if (!typed)
        row.dtype = p->dtype;
    size_t module = l->length;
    if (!line->exact)
        listing_append(l, ".weight", 7);
    for (struct expressions *s = line->shape; s; s = s->next)
        row.shape[row.rank++] = listing_number(l, s->at, 1, "a size");
    row.tied = p->tied || (w->tied && listing_holds(l, w->tied));
    row.heads = w->heads ? listing_number(l, w->heads, 1, "the number of heads") : 0;
    fill_experts(l, w, p, &row);
    if (row.role == HU_ROLE_HEAD && !w->classes && !head_stands(l, line, p, &row))
        return;
    emit(l, p, &row);
    list_bias(l, line, p, &row, module);
}

void list_keep(struct listing *l, const struct line *line, const struct place *p)
{
    struct hu_kept k = {
        .kind = line->keep, .tower = p->tower, .stack = p->stack, .layer = p->layer};
    if (line->tokens)
        k.tokens = listing_number(l, line->tokens, line->keep == HU_KEEP_WINDOW, "a window");
    if (line->keep_heads)
        k.heads = listing_number(l, line->keep_heads, 1, "the number of heads");
    for (struct expressions *s = line->shape; s; s = s->next)
        k.sizes[k.rank++] = listing_number(l, s->at, 0, "a cache's size");
    uint64_t heads = k.heads ? k.heads : 1;
    bool state = hu_keep_is_state(line->keep), over = false;
    k.k = k.sizes[0];
    k.v = state ? 0 : k.sizes[1];
    for (unsigned i = 1; state && i < k.rank; i++)
        over |= __builtin_mul_overflow(k.k, k.sizes[i], &k.k);
    /* A latent and its rotary part are read as one. */
    if (line->keep == HU_KEEP_LATENT) {
        k.k += k.v;
        k.v = 0;
    }
    over |= __builtin_mul_overflow(k.k, heads, &k.k) || __builtin_mul_overflow(k.v, heads, &k.v);
    if (over || k.k > UINT64_MAX >> 16 || k.v > UINT64_MAX >> 16)
        listing_fail(l, "what a layer keeps is more than 64 bits count");
    l->unrolled |= p->repeats > 0;
    struct hu_tensors *t = l->out;
    struct hu_kept *row =
        l->failed ? NULL
                  : add(l, (void **)&t->kept, &t->kept_count, sizeof *row, HU_KEPT_MAX, "caches");
    if (row)
        *row = k;
}
