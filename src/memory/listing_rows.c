/* Rows of the list: tensors with their names and shapes, and what layers keep. */
#include "listing_state.h"
#include "file/tensor_file.h"

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
    vsnprintf(l->model->error, EVALUATION_ERROR, format, arguments);
    va_end(arguments);
}

void listing_note_missing(struct listing *l, struct value v)
{
    char *list = l->result->missing;
    const char *key = v.key ? v.key : "a key";
    size_t n = strlen(key), used = strlen(list);
    for (const char *at = list; (at = strstr(at, key)); at += n)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ','))
            return;
    if (!l->failed)
        snprintf(list + used, LISTING_MISSING - used, "%s%s", used ? ", " : "", key);
}

struct value listing_value(struct listing *l, struct node *node)
{
    struct value v = value_settled(evaluate(&l->e, node));
    if (v.kind == VALUE_MISSING)
        listing_note_missing(l, v);
    return v;
}

struct value listing_fact(struct listing *l, const char *text)
{
    struct reader r = {.at = text, .end = text + strlen(text), .lexicon = &l->family->lexicon};
    struct node *node = expression_read(&r);
    return r.error ? (struct value){.kind = VALUE_MISSING} : value_settled(evaluate(&l->e, node));
}

uint64_t listing_number(struct listing *l, struct node *node, int64_t least, const char *what)
{
    struct value v = listing_value(l, node);
    const int64_t most = INT64_C(1) << 40;
    if (v.kind == VALUE_MISSING)
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

bool listing_holds(struct listing *l, struct node *condition)
{
    struct value v = evaluate(&l->e, condition);
    if (v.kind == VALUE_MISSING)
        listing_note_missing(l, v);
    return value_true(v);
}

void listing_append(struct listing *l, const char *text)
{
    size_t n = strlen(text);
    if (l->length + n >= PATH_SIZE) {
        listing_fail(l, "a tensor's name is longer than %d", PATH_SIZE - 1);
        return;
    }
    memcpy(l->path + l->length, text, n + 1);
    l->length += n;
}

void listing_append_number(struct listing *l, int64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)n);
    listing_append(l, digits);
}

void listing_cut(struct listing *l, size_t length)
{
    l->length = length;
    l->path[length] = 0;
}

static bool classifies(const char *class)
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
static void *add(struct listing *l, void *list, size_t *count, size_t size, int most,
                 const char *what)
{
    void *row = l->failed || *count == (size_t)most ? NULL : hu_file_append(list, count, size);
    if (!row)
        listing_fail(
            l, *count == (size_t)most ? "the config asks for more than %d %s" : "out of memory",
            most, what);
    return row;
}

/* The tensor called as the path says, its size from its shape, the whole of its copies within 64
 * bits. */
static void emit(struct listing *l, const struct hu_tensor_row *pattern)
{
    char buffer[2][PATH_SIZE];
    struct hu_tensors *t = l->out;
    uint64_t all;
    bool over = false;
    struct hu_tensor_row *row = add(l, &t->rows, &t->count, sizeof *row, HU_ROWS_MAX, "tensors");
    if (!row)
        return;
    *row = *pattern;
    const char *name = renamed(l, buffer);
    if (!(row->name = arena_text(&t->arena, name, strlen(name))))
        listing_fail(l, "out of memory");
    row->elements = 1;
    for (unsigned i = 0; i < row->rank; i++)
        over |= __builtin_mul_overflow(row->elements, row->shape[i], &row->elements);
    over |= __builtin_mul_overflow(row->elements, row->copies, &all) || all > (UINT64_MAX >> 3);
    if (over)
        listing_fail(l, "the model has more parameters than 64 bits count");
}

/* What stands in place of a decoder's head where its class is for labels, or for a start and an
 * end. */
static void emit_score(struct listing *l, struct hu_tensor_row score, bool answers, bool biased)
{
    const char *module = answers ? "qa_outputs" : "score";
    score.shape[0] = answers ? 2 : (uint64_t)l->e.labels;
    score.split = HU_SPLIT_NONE;
    score.tied = false;
    for (int bias = score.is_bias; bias <= biased; bias++) {
        listing_cut(l, 0);
        listing_append(l, module);
        listing_append(l, bias ? ".bias" : ".weight");
        emit(l, &score);
        score.is_bias = true;
        score.rank = 1;
    }
}

/* Whether a head of no stated class stands; a classifier's may take its place. */
static bool head_stands(struct listing *l, const struct hu_tensor_row *head)
{
    const char *class = l->e.class;
    if (!l->result->bare && !classifies(class))
        return true;
    bool answers = strstr(class, "QuestionAnswering");
    bool biased = answers || strstr(class, "TokenClassification");
    if ((!biased && !strstr(class, "SequenceClassification")) || l->scored || l->family->bare ||
        head->rank != 2)
        return false;
    char path[PATH_SIZE];
    size_t length = l->length;
    const struct rename *renames = l->renames;
    memcpy(path, l->path, sizeof path);
    l->scored = true;
    l->renames = NULL;
    emit_score(l, *head, answers, biased);
    memcpy(l->path, path, sizeof path);
    l->length = length;
    l->renames = renames;
    return false;
}

static void fill_experts(struct listing *l, const struct words *w, struct hu_tensor_row *row)
{
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

static void list_bias(struct listing *l, const struct words *w, struct hu_tensor_row bias,
                      size_t module)
{
    if (!w->bias || !listing_holds(l, w->bias))
        return;
    bias.is_bias = true;
    bias.lora = false;
    bias.rank = 1;
    if (w->bias_size)
        bias.shape[0] = listing_number(l, w->bias_size->at, 1, "a bias's size");
    /* A bias of the outputs: split with the rows, whole where the columns are. */
    if (bias.split == HU_SPLIT_COLUMNS)
        bias.split = HU_SPLIT_NONE;
    listing_cut(l, module);
    listing_append(l, ".bias");
    emit(l, &bias);
}

struct hu_tensor_row row_below(struct listing *l, const struct line *line,
                               const struct hu_tensor_row *place)
{
    struct hu_tensor_row row = *place;
    const struct words *w = &line->words;
    row.tower = w->tower ? w->tower : row.tower;
    row.role = w->role ? w->role : row.role;
    if (hu_dtype_is_set(w->dtype))
        row.dtype = w->dtype;
    row.optional |= w->optional;
    row.tied |= w->tied && listing_holds(l, w->tied);
    return row;
}

void list_tensor(struct listing *l, const struct line *line, const struct hu_tensor_row *place)
{
    const struct words *w = &line->words;
    size_t module = l->length;
    if (!line->exact)
        listing_append(l, ".weight");
    uint64_t shape[HU_RANK_MAX] = {0};
    unsigned rank = 0;
    for (struct expressions *s = line->shape; s; s = s->next)
        shape[rank++] = listing_number(l, s->at, 1, "a size");
    struct hu_tensor_row row = row_below(l, line, place);
    memcpy(row.shape, shape, sizeof shape);
    row.rank = rank;
    row.role = row.role ? row.role : HU_ROLE_OTHER;
    row.split = w->split;
    row.lora = w->lora;
    row.heads = w->heads ? listing_number(l, w->heads, 1, "the number of heads") : 0;
    fill_experts(l, w, &row);
    if (row.role == HU_ROLE_HEAD && !w->classes && !head_stands(l, &row))
        return;
    emit(l, &row);
    list_bias(l, w, row, module);
}

/* Bytes of an element of DTYPE; 0: none, or no element of it takes whole ones. */
static uint8_t element_bytes(struct hu_dtype dtype)
{
    bool whole = hu_dtype_is_set(dtype) && hu_dtype_elements(dtype) == 1;
    return whole ? (uint8_t)hu_dtype_bytes(dtype) : 0;
}

/* What a state is made of, besides its sizes. A server is told the dtype of recurrent ones. */
static void fill_state(struct listing *l, const struct line *line, struct hu_kept *k)
{
    struct hu_dtype served = {0};
    k->bytes = element_bytes(line->words.dtype);
    if (line->width)
        k->width = listing_number(l, line->width, 1, "a convolution's width");
    if (line->keep != HU_KEEP_RECURRENT)
        return;
    struct value v = listing_fact(l, "mamba_ssm_dtype ? mamba_ssm_cache_dtype");
    if (v.kind == VALUE_TEXT && hu_dtype_find(v.text, &served))
        k->served = element_bytes(served);
}

void list_keep(struct listing *l, const struct line *line, const struct hu_tensor_row *place)
{
    struct hu_kept k = {
        .kind = line->keep, .tower = place->tower, .stack = place->stack, .layer = place->layer};
    if (line->tokens)
        k.tokens = listing_number(l, line->tokens, line->keep == HU_KEEP_WINDOW, "a window");
    if (line->keep_heads)
        k.heads = listing_number(l, line->keep_heads, 1, "the number of heads");
    uint64_t sizes[4] = {0}, heads = k.heads ? k.heads : 1;
    unsigned rank = 0;
    for (struct expressions *s = line->shape; s; s = s->next)
        sizes[rank++] = listing_number(l, s->at, 0, "a cache's size");
    bool state = hu_keep_is_state(line->keep), over = false;
    if (state)
        fill_state(l, line, &k);
    k.k = sizes[0];
    k.v = state ? 0 : sizes[1];
    for (unsigned i = 1; state && i < rank; i++)
        over |= __builtin_mul_overflow(k.k, sizes[i], &k.k);
    /* A latent and its rotary part are read as one. */
    if (line->keep == HU_KEEP_LATENT) {
        k.k += k.v;
        k.v = 0;
    }
    over |= __builtin_mul_overflow(k.k, heads, &k.k) || __builtin_mul_overflow(k.v, heads, &k.v);
    if (over || k.k > UINT64_MAX >> 16 || k.v > UINT64_MAX >> 16)
        listing_fail(l, "what a layer keeps is more than 64 bits count");
    l->unrolled |= place->repeat_count > 0;
    struct hu_tensors *t = l->out;
    struct hu_kept *row = add(l, &t->kept, &t->kept_count, sizeof *row, HU_KEPT_MAX, "caches");
    if (row)
        *row = k;
}
