#include "listing.h"
#include "notation.h"
#include "tensor/printable.h"
#include "tensor/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512, NESTED_MAX = 6, PARTS_MAX = 24 };

/* What holds for all that is listed below a line. */
struct place {
    uint64_t copies, experts, experts_used;
    uint64_t firsts[HU_REPEATS_MAX], counts[HU_REPEATS_MAX];
    unsigned repeats;
    enum hu_role role, tower;
    bool lora, optional, tied;
    struct hu_dtype dtype;
    uint32_t stack, layer;
};

/* How names that a nested family begins with PREFIX begin instead. */
struct rename {
    const char *prefix, *instead;
    size_t base; /* bytes of the path before the nested family's own */
    const struct rename *outer;
};

struct listing {
    struct listing_result *result;
    struct hu_tensors *out;
    struct family *family;
    struct evaluation e;
    const struct rename *renames;
    char path[PATH_SIZE];
    size_t length;
    const char *class;
    bool failed;
    bool unrolled;  /* something here must be listed one by one */
    bool scored;    /* a classifier's head was put in a language model's place */
    unsigned nested, parts;
};

static void fail(struct listing *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct listing *l, const char *format, ...)
{
    if (l->failed)
        return;
    l->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(l->result->error, LISTING_ERROR, format, arguments);
    va_end(arguments);
}

static void note_missing(struct listing *l, const char *key)
{
    char *list = l->result->missing;
    size_t n = strlen(key), used = strlen(list);
    for (const char *at = list; (at = strstr(at, key)); at += n)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ','))
            return;
    snprintf(list + used, LISTING_MISSING - used, "%s%s", used ? ", " : "", key);
}

/* The settled value of NODE; what is missing is noted. */
static struct value value_of(struct listing *l, struct node *node)
{
    struct value v = value_settled(evaluate(&l->e, node));
    if (v.kind == VALUE_MISSING && !l->failed)
        note_missing(l, v.key ? v.key : "a key");
    return v;
}

/* A whole number of at least LEAST; 0 and missing noted where it is missing. */
static uint64_t number_of(struct listing *l, struct node *node, int64_t least, const char *what)
{
    struct value v = value_of(l, node);
    const int64_t most = INT64_C(1) << 40;
    if (l->failed || v.kind == VALUE_MISSING)
        return 0;
    const char *quote = v.key ? "\"" : "", *name = v.key ? v.key : what;
    if (v.kind == VALUE_INTEGER && v.integer >= least && v.integer <= most)
        return (uint64_t)v.integer;
    if (v.kind == VALUE_INTEGER && !v.integer)
        fail(l, "%s%.64s%s must not be 0 (%.*s)", quote, name, quote, (int)l->length, l->path);
    else
        fail(l, "%s%.64s%s must be a whole number from %lld to 2^40 (%.*s)", quote, name, quote,
             (long long)least, (int)l->length, l->path);
    return 0;
}

/* Null and nothing are false; a key that is missing is noted. */
static bool holds(struct listing *l, struct node *condition)
{
    if (!condition)
        return true;
    struct value v = evaluate(&l->e, condition);
    if (v.kind == VALUE_MISSING && !l->failed)
        note_missing(l, v.key ? v.key : "a key");
    return !l->failed && value_true(v);
}

static bool stands(struct listing *l, const struct line *line)
{
    return !line->condition || holds(l, line->condition) != line->unless;
}

static void append(struct listing *l, const char *text, size_t n)
{
    if (l->length + n >= PATH_SIZE) {
        fail(l, "a tensor's name is longer than %d", PATH_SIZE - 1);
        return;
    }
    memcpy(l->path + l->length, text, n);
    l->length += n;
    l->path[l->length] = 0;
}

static void cut(struct listing *l, size_t length)
{
    l->length = length;
    l->path[length] = 0;
}

/* The class of a bare model, which has no head of any kind. */
static bool is_bare(const char *class)
{
    return hu_ends_with(class, "Model") && !strstr(class, "LMHead");
}

static bool classifies(const char *class)
{
    return strstr(class, "Classification") || strstr(class, "QuestionAnswering") ||
           strstr(class, "MultipleChoice");
}

/* Whether the class has one of WORDS. */
static bool class_has(const struct listing *l, const char *words)
{
    char word[64];
    for (size_t n; *words; words += n + (words[n] == ' ')) {
        n = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        if (strcmp(word, "Model") ? strstr(l->class, word) != NULL : l->result->bare)
            return true;
    }
    return false;
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
            fail(l, "a tensor's name is longer than %d", PATH_SIZE - 1);
        name = out;
    }
    return name;
}

static struct hu_tensor_row *add_row(struct listing *l)
{
    struct hu_tensors *t = l->out;
    if (t->count == HU_ROWS_MAX) {
        fail(l, "the config asks for more than %d tensors", HU_ROWS_MAX);
        return NULL;
    }
    /* Full whenever the count is a power of two. */
    if (!(t->count & (t->count - 1))) {
        struct hu_tensor_row *grown =
            realloc(t->rows, (t->count ? 2 * t->count : 1) * sizeof *grown);
        if (!grown) {
            fail(l, "out of memory");
            return NULL;
        }
        t->rows = grown;
    }
    return &t->rows[t->count++];
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
        fail(l, "the model has more parameters than 64 bits count");
    return !over;
}

/* The tensor called as the path says. */
static struct hu_tensor_row *emit(struct listing *l, const struct place *p,
                                  const struct hu_tensor_row *pattern)
{
    char buffer[2][PATH_SIZE];
    struct hu_tensor_row *row = l->failed ? NULL : add_row(l);
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
        fail(l, "out of memory");
    return measure(l, row) ? row : NULL;
}

/* Whether a head of no stated class stands; a classifier's may take its place. */
static bool head_stands(struct listing *l, const struct line *line, const struct place *p,
                        const struct hu_tensor_row *head)
{
    if (!l->result->bare && !classifies(l->class))
        return true;
    if (!strstr(l->class, "SequenceClassification") || l->scored || l->family->bare ||
        head->rank != 2 || line->words.classes)
        return false;
    char path[PATH_SIZE];
    size_t length = l->length;
    const struct rename *renames = l->renames;
    struct hu_tensor_row score = *head;
    memcpy(path, l->path, sizeof path);
    l->scored = true;
    l->renames = NULL;
    score.shape[0] = (uint64_t)l->e.labels;
    score.split = HU_SPLIT_NONE;
    score.tied = false;
    cut(l, 0);
    append(l, "score.weight", 12);
    emit(l, p, &score);
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
    uint64_t all = number_of(l, w->experts, 1, "the number of experts");
    uint64_t used = number_of(l, w->experts_used, 0, "the number of experts used");
    if (used > all)
        fail(l, "more experts are used than there are (%.*s)", (int)l->length, l->path);
    row->stacked = true;
    row->experts *= all ? all : 1;
    row->experts_used *= all ? used : 1;
}

static void list_bias(struct listing *l, const struct line *line, const struct place *p,
                      const struct hu_tensor_row *weight, size_t module)
{
    const struct words *w = &line->words;
    if (!w->bias || !holds(l, w->bias))
        return;
    struct hu_tensor_row bias = *weight;
    bias.is_bias = true;
    bias.lora = false;
    bias.rank = 1;
    if (w->bias_size)
        bias.shape[0] = number_of(l, w->bias_size, 1, "a bias's size");
    /* A bias of the outputs: split with the rows, whole where the columns are. */
    if (bias.split == HU_SPLIT_COLUMNS)
        bias.split = HU_SPLIT_NONE;
    cut(l, module);
    append(l, ".bias", 5);
    emit(l, p, &bias);
}

static void list_tensor(struct listing *l, const struct line *line, const struct place *p)
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
        append(l, ".weight", 7);
    for (struct expressions *s = line->shape; s; s = s->next)
        row.shape[row.rank++] = number_of(l, s->at, 1, "a size");
    row.tied = p->tied || (w->tied && holds(l, w->tied));
    row.heads = w->heads ? number_of(l, w->heads, 1, "the number of heads") : 0;
    fill_experts(l, w, p, &row);
    if (row.role == HU_ROLE_HEAD && !w->classes && !head_stands(l, line, p, &row))
        return;
    emit(l, p, &row);
    list_bias(l, line, p, &row, module);
}

static struct hu_kept *add_kept(struct listing *l)
{
    struct hu_tensors *t = l->out;
    if (t->kept_count == HU_KEPT_MAX) {
        fail(l, "the config asks for more than %d caches", HU_KEPT_MAX);
        return NULL;
    }
    if (!(t->kept_count & (t->kept_count - 1))) {
        struct hu_kept *grown =
            realloc(t->kept, (t->kept_count ? 2 * t->kept_count : 1) * sizeof *grown);
        if (!grown) {
            fail(l, "out of memory");
            return NULL;
        }
        t->kept = grown;
    }
    return &t->kept[t->kept_count++];
}

static void list_keep(struct listing *l, const struct line *line, const struct place *p)
{
    struct hu_kept k = {
        .kind = line->keep, .tower = p->tower, .stack = p->stack, .layer = p->layer};
    if (line->tokens)
        k.tokens = number_of(l, line->tokens, line->keep == HU_KEEP_WINDOW, "a window");
    if (line->keep_heads)
        k.heads = number_of(l, line->keep_heads, 1, "the number of heads");
    for (struct expressions *s = line->shape; s; s = s->next)
        k.sizes[k.rank++] = number_of(l, s->at, 0, "a cache's size");
    uint64_t heads = k.heads ? k.heads : 1;
    bool state = line->keep == HU_KEEP_RECURRENT || line->keep == HU_KEEP_CONV, over = false;
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
        fail(l, "what a layer keeps is more than 64 bits count");
    l->unrolled |= p->repeats > 0;
    struct hu_kept *row = l->failed ? NULL : add_kept(l);
    if (row)
        *row = k;
}

static void list_lines(struct listing *l, const struct line *line, const struct place *p);

static struct scope *open_scope(struct listing *l, json_t *object, const char *prefix)
{
    struct scope *s = arena_allocate(&l->family->arena, sizeof *s);
    if (!s) {
        fail(l, "out of memory");
        return NULL;
    }
    *s = (struct scope){.object = object, .prefix = prefix, .outer = l->e.scope};
    return s;
}

/* The scope that `in KEY` opens; the one at hand where the part has none. */
static const struct scope *scope_in(struct listing *l, const struct part *part)
{
    char prefix[160];
    if (!part->in)
        return l->e.scope;
    struct value v = evaluate(&l->e, part->in);
    bool object = v.kind == VALUE_JSON && json_is_object(v.json);
    if (!object && v.kind != VALUE_MISSING && v.kind != VALUE_NULL) {
        fail(l, "\"%.64s\" is no object", part->in_name);
        return l->e.scope;
    }
    snprintf(prefix, sizeof prefix, "%s%s.", l->e.scope->prefix, part->in_name);
    char *kept = arena_text(&l->family->arena, prefix, strlen(prefix));
    struct scope *s = kept ? open_scope(l, object ? v.json : NULL, kept) : NULL;
    return s ? s : l->e.scope;
}

static void list_part(struct listing *l, const struct line *line, const struct place *p)
{
    const struct part *part = family_part(l->family, line->part);
    struct binding bound[PARAMETERS_MAX], *outer = l->e.bindings;
    unsigned n = 0;
    if (l->parts == PARTS_MAX) {
        fail(l, "the family's parts are nested too deep");
        return;
    }
    for (struct expressions *a = line->arguments; a; a = a->next, n++)
        bound[n] = (struct binding){.symbol = part->parameters[n], .value = evaluate(&l->e, a->at)};
    const struct scope *scope = l->e.scope;
    l->e.scope = scope_in(l, part);
    for (unsigned i = 0; i < n; i++) {
        bound[i].outer = l->e.bindings;
        l->e.bindings = &bound[i];
    }
    l->parts++;
    list_lines(l, part->lines, p);
    l->parts--;
    l->e.bindings = outer;
    l->e.scope = scope;
}

static bool begin_family(struct listing *l, struct family *family, json_t *config, json_t *overrides);

/* Another object with what `with` sets. */
static json_t *overrides_of(struct listing *l, const struct line *line)
{
    json_t *set = line->arguments ? json_object() : NULL;
    for (struct expressions *a = line->arguments; a; a = a->next) {
        struct value v = evaluate(&l->e, a->at);
        json_t *json = v.kind == VALUE_INTEGER ? json_integer(v.integer)
                       : v.kind == VALUE_REAL  ? json_real(v.real)
                       : v.kind == VALUE_TEXT  ? json_string(v.text)
                       : v.kind == VALUE_JSON  ? json_incref(v.json)
                       : v.kind == VALUE_NULL  ? json_null()
                                               : NULL;
        if (json)
            json_object_set_new(set, a->key, json);
        else if (!l->failed)
            note_missing(l, v.key ? v.key : "a key");
    }
    return set;
}

/* The text of the family that the nested CONFIG names, or else the line. */
static const struct hu_family_text *nested_text(struct listing *l, const struct line *line,
                                                json_t *config)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    char shown[64];
    const struct hu_family_text *text =
        type && *type && line->config ? hu_family_text_find(type, HU_FAMILY_BY_NAME) : NULL;
    if (!text && line->part)
        text = hu_family_text_find(line->part, HU_FAMILY_BY_NAME);
    if (!text)
        fail(l, "the family of a nested config is not known: '%s'",
             hu_printable(type ? type : line->part ? line->part : "?", shown, sizeof shown));
    return text;
}

static void list_nested(struct listing *l, const struct hu_family_text *text, json_t *config,
                        json_t *overrides, const struct place *p)
{
    char why[NOTATION_ERROR];
    struct family *family = family_read(text->text, text->length, why), *outer = l->family;
    struct evaluation e = l->e;
    if (!family) {
        fail(l, "family %.60s: %s", text->names, why);
        return;
    }
    if (begin_family(l, family, config, overrides))
        list_lines(l, family->lines, p);
    e.steps = l->e.steps;
    memcpy(e.letters, l->e.letters, sizeof e.letters);
    l->e = e;
    l->family = outer;
    family_free(family);
}

static void list_family(struct listing *l, const struct line *line, const struct place *p,
                        size_t base)
{
    json_t *config = l->e.scope->object;
    if (line->config) {
        struct value v = value_of(l, line->config);
        if (v.kind == VALUE_MISSING || l->failed)
            return;
        config = v.kind == VALUE_JSON && json_is_object(v.json) ? v.json : NULL;
    }
    if (!config || l->nested == NESTED_MAX) {
        fail(l, config ? "configs are nested too deep" : "a nested config is no object (%.*s)",
             (int)l->length, l->path);
        return;
    }
    const struct hu_family_text *text = nested_text(l, line, config);
    json_t *overrides = overrides_of(l, line);
    char instead[PATH_SIZE];
    snprintf(instead, sizeof instead, "%s", l->path + base + (base && l->length > base));
    struct rename rename = {
        .prefix = line->prefix, .instead = instead, .base = base, .outer = l->renames};
    if (line->prefix) {
        /* The nested names begin where this one did. */
        rename.base = base ? base + 1 : 0;
        cut(l, base);
        l->renames = &rename;
    }
    l->nested++;
    if (text && !l->failed)
        list_nested(l, text, config, overrides, p);
    l->nested--;
    l->renames = rename.outer;
    json_decref(overrides);
}

/* What the words of a line say of all below it. */
static struct place place_below(struct listing *l, const struct line *line, const struct place *p)
{
    struct place below = *p;
    const struct words *w = &line->words;
    if (w->tower)
        below.tower = w->tower;
    if (w->role)
        below.role = w->role;
    if (w->dtype.format || w->dtype.integer)
        below.dtype = w->dtype;
    below.optional |= w->optional;
    below.tied |= w->tied && holds(l, w->tied);
    return below;
}

/* The line, its path's loops being bound. BASE: bytes of the path before the line's own. */
static void list_line(struct listing *l, const struct line *line, const struct place *p, size_t base)
{
    if (l->failed || !stands(l, line) ||
        (line->words.classes && !class_has(l, line->words.classes)))
        return;
    if (line->kind == LINE_TENSOR) {
        list_tensor(l, line, p);
        return;
    }
    if (line->kind == LINE_KEEP) {
        list_keep(l, line, p);
        return;
    }
    struct place below = place_below(l, line, p);
    if (line->kind == LINE_FAMILY)
        list_family(l, line, &below, base);
    else if (line->kind == LINE_PART)
        list_part(l, line, &below);
    else
        list_lines(l, line->children, &below);
}

static void list_path(struct listing *l, const struct line *line, const struct piece *piece,
                      const struct place *p, size_t base);

struct range {
    uint64_t from, to, used;
};

static bool read_range(struct listing *l, const struct piece *piece, struct range *r)
{
    r->from = piece->from ? number_of(l, piece->from, 0, "where a loop begins") : 0;
    size_t missing = strlen(l->result->missing);
    r->to = number_of(l, piece->to, 0, "a loop's end");
    r->used = piece->used ? number_of(l, piece->used, 0, "the number of experts used") : 0;
    /* What else the family needs shows in one turn. */
    if (!r->to && strlen(l->result->missing) != missing)
        r->to = r->from + 1;
    if (piece->used && r->used > r->to)
        fail(l, "more experts are used than there are (%.*s)", (int)l->length, l->path);
    return !l->failed && r->from < r->to;
}

/* One turn for each index, which stands in the name. */
static void list_each(struct listing *l, const struct line *line, const struct piece *piece,
                      const struct range *r, const struct place *p, size_t base)
{
    struct binding bound = {.symbol = piece->variable, .outer = l->e.bindings};
    bool layers = !strcmp(piece->variable->name, "i");
    struct place below = *p;
    if (r->to - r->from > LAYERS_MAX) {
        struct value v = evaluate(&l->e, piece->to);
        fail(l, "\"%.64s\" is over %d", v.key ? v.key : piece->variable->name, LAYERS_MAX);
        return;
    }
    if (layers)
        below.stack = l->out->stacks++;
    l->e.bindings = &bound;
    for (uint64_t i = r->from; i < r->to && !l->failed; i++) {
        char digits[24];
        size_t length = l->length;
        bound.value = (struct value){.kind = VALUE_INTEGER, .integer = (int64_t)i};
        if (layers)
            below.layer = (uint32_t)i;
        append(l, digits, (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)i));
        list_path(l, line, piece->next, &below, base);
        cut(l, length);
    }
    l->e.bindings = bound.outer;
}

/* One turn for all, where nothing below depends on the index; false: something does. */
static bool list_alike(struct listing *l, const struct line *line, const struct piece *piece,
                       const struct range *r, const struct place *p, size_t base)
{
    struct binding bound = {.symbol = piece->variable,
                            .value = {.kind = VALUE_INTEGER, .integer = (int64_t)r->from},
                            .outer = l->e.bindings};
    struct place below = *p;
    size_t rows = l->out->count, kept = l->out->kept_count, length = l->length;
    bool unrolled = l->unrolled;
    if (p->repeats == HU_REPEATS_MAX)
        return false;
    if (__builtin_mul_overflow(below.copies, r->to - r->from, &below.copies) ||
        below.copies > UINT64_C(1) << 40) {
        fail(l, "the model has more parameters than 64 bits count");
        return true;
    }
    below.firsts[below.repeats] = r->from;
    below.counts[below.repeats++] = r->to - r->from;
    l->unrolled = false;
    l->e.bindings = &bound;
    append(l, "\1", 1);
    list_path(l, line, piece->next, &below, base);
    cut(l, length);
    l->e.bindings = bound.outer;
    bool alike = !bound.touched && !l->unrolled;
    l->unrolled = unrolled;
    if (!alike) {
        l->out->count = rows;
        l->out->kept_count = kept;
    }
    return alike;
}

static void list_loop(struct listing *l, const struct line *line, const struct piece *piece,
                      const struct place *p, size_t base)
{
    struct range r;
    struct place below = *p;
    if (!read_range(l, piece, &r))
        return;
    if (piece->used) {
        below.experts *= r.to - r.from;
        below.experts_used *= r.used;
        if (below.experts > UINT64_C(1) << 40) {
            fail(l, "the model has more experts than can be counted");
            return;
        }
    }
    if (!strcmp(piece->variable->name, "i") || !list_alike(l, line, piece, &r, &below, base))
        list_each(l, line, piece, &r, &below, base);
}

static void append_value(struct listing *l, struct value v)
{
    char digits[24];
    if (v.kind == VALUE_INTEGER)
        append(l, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)v.integer));
    else if (v.kind == VALUE_TEXT)
        append(l, v.text, strlen(v.text));
    else if (v.kind != VALUE_MISSING)
        fail(l, "a value in a name is neither a whole number nor a text");
}

static void list_path(struct listing *l, const struct line *line, const struct piece *piece,
                      const struct place *p, size_t base)
{
    size_t length = l->length;
    if (l->failed)
        return;
    if (!piece) {
        list_line(l, line, p, base);
        return;
    }
    if (piece->kind == PIECE_LOOP) {
        list_loop(l, line, piece, p, base);
        return;
    }
    if (piece->kind == PIECE_TEXT)
        append(l, piece->text, strlen(piece->text));
    else
        append_value(l, value_of(l, piece->to));
    list_path(l, line, piece->next, p, base);
    cut(l, length);
}

static void list_lines(struct listing *l, const struct line *line, const struct place *p)
{
    size_t base = l->length;
    for (; line && !l->failed; line = line->next) {
        if (base && line->path)
            append(l, ".", 1);
        list_path(l, line, line->path, p, base);
        cut(l, base);
    }
}

static bool begin_family(struct listing *l, struct family *family, json_t *config, json_t *overrides)
{
    l->family = family;
    l->e.arena = &family->arena;
    l->e.symbols = &family->symbols;
    l->e.bindings = NULL;
    l->e.scope = NULL;
    struct scope *root = open_scope(l, config, "");
    if (!root)
        return false;
    root->overrides = overrides;
    l->e.scope = l->e.root = root;
    return true;
}

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
        struct reader r = {.at = text + 1,
                           .end = close,
                           .arena = &l->family->arena,
                           .symbols = &l->family->symbols,
                           .kept = l->family->kept};
        struct node *node = expression_read(&r);
        if (!node) {
            fail(l, "a remark of the family has an expression that cannot be read: %s", r.error);
            return;
        }
        struct value v = value_of(l, node);
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

static void add_note(struct listing *l, const char *text)
{
    struct listing_result *r = l->result;
    if (r->note_count < LISTING_NOTES)
        snprintf(r->notes[r->note_count++], LISTING_NOTE, "%s", text);
}

static void add_remarks(struct listing *l)
{
    char text[LISTING_NOTE], shown[LISTING_NOTE];
    for (const struct remark *r = l->family->remarks; r && !l->failed; r = r->next) {
        if (r->condition && holds(l, r->condition) == r->unless)
            continue;
        fill_in(l, r->text, text, sizeof text);
        hu_printable(text, shown, sizeof shown);
        if (r->refusal)
            fail(l, "%s", shown);
        else
            add_note(l, shown);
    }
}

/* A bare class's names lack the prefix, and the rest of the list is not in it. */
static void strip_base(struct listing *l)
{
    struct hu_tensors *t = l->out;
    size_t n = strlen(l->family->base), kept = 0;
    bool any = false;
    for (size_t i = 0; i < t->count; i++)
        any |= !strncmp(t->rows[i].name, l->family->base, n) && t->rows[i].name[n] == '.';
    for (size_t i = 0; any && i < t->count; i++)
        if (!strncmp(t->rows[i].name, l->family->base, n) && t->rows[i].name[n] == '.') {
            t->rows[kept] = t->rows[i];
            t->rows[kept++].name += n + 1;
        }
    if (any)
        t->count = kept;
}

/* The first of "architectures"; the family's first where the config names none. */
static const char *class_of(json_t *config, const struct hu_family_text *text, char out[64])
{
    const char *name = json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    if (name)
        return name;
    snprintf(out, 64, "%.*s", (int)strcspn(text->classes ? text->classes : "", " "),
             text->classes ? text->classes : "");
    return out;
}

static int64_t labels_of(json_t *config)
{
    size_t named = json_object_size(json_object_get(config, "id2label"));
    json_int_t labels = json_integer_value(json_object_get(config, "num_labels"));
    return named ? (int64_t)named : labels > 0 && labels < 1 << 30 ? (int64_t)labels : 2;
}

bool listing_make(const struct hu_family_text *text, json_t *config, struct listing_result *result)
{
    static const struct place top = {.copies = 1,
                                     .experts = 1,
                                     .experts_used = 1,
                                     .stack = HU_NO_LAYER,
                                     .layer = HU_NO_LAYER};
    char class[64], why[NOTATION_ERROR];
    *result = (struct listing_result){0};
    struct listing l = {.result = result, .out = &result->tensors};
    struct family *family = family_read(text->text, text->length, why);
    if (!family) {
        snprintf(result->error, LISTING_ERROR, "family %.60s: %s", text->names, why);
        return false;
    }
    l.class = class_of(config, text, class);
    l.e = (struct evaluation){.class = l.class,
                              .labels = labels_of(config),
                              .failed = &l.failed,
                              .error = result->error};
    /* `base -`: no class of the family is bare, whatever its name. */
    result->bare = strcmp(family->base, "-") && is_bare(l.class);
    if (begin_family(&l, family, config, NULL)) {
        add_remarks(&l);
        list_lines(&l, family->lines, &top);
        if (result->bare)
            strip_base(&l);
    }
    result->classifies = l.scored;
    family_free(family);
    return !l.failed;
}
