#include "listing_state.h"
#include "file/printable.h"
#include "word_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool stands(struct listing *l, const struct line *line)
{
    return !line->condition || listing_holds(l, line->condition) != line->unless;
}

/* The class of a bare model, which has no head of any kind. */
static bool is_bare(const char *class)
{
    return hu_ends_with(class, "Model") && !strstr(class, "LMHead");
}

/* Whether the class has one of WORDS. */
static bool class_has(const struct listing *l, const char *words)
{
    char word[64];
    while (hu_next_word(&words, ' ', word, sizeof word))
        if (strcmp(word, "Model") ? strstr(l->e.class, word) != NULL : l->result->bare)
            return true;
    return false;
}

static void list_lines(struct listing *l, const struct line *line, const struct hu_tensor_row *p);

/* The scope that `in KEY` opens; the one at hand where the part has none. */
static const struct scope *scope_in(struct listing *l, const struct part *part)
{
    char prefix[160];
    const struct scope *outer = l->e.scope;
    if (!part->in)
        return outer;
    struct value v = evaluate(&l->e, part->in);
    bool object = v.kind == VALUE_JSON && json_is_object(v.json);
    if (!object && v.kind != VALUE_MISSING && v.kind != VALUE_NULL)
        listing_fail(l, "\"%.64s\" is no object", part->in_name);
    snprintf(prefix, sizeof prefix, "%s%s.", outer->prefix, part->in_name);
    const char *kept = arena_text(&l->family->lexicon.arena, prefix, strlen(prefix));
    struct scope *s = arena_allocate(&l->family->lexicon.arena, sizeof *s);
    if (!s || !kept) {
        listing_fail(l, "out of memory");
        return outer;
    }
    *s = (struct scope){.object = object ? v.json : NULL, .prefix = kept, .outer = outer};
    return s;
}

static void list_part(struct listing *l, const struct line *line, const struct hu_tensor_row *p)
{
    const struct part *part = family_part(l->family, line->part);
    struct binding bound[PARAMETERS_MAX], *outer = l->e.bindings;
    unsigned n = 0;
    if (l->parts == PARTS_MAX) {
        listing_fail(l, "the family's parts are nested too deep");
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

static const char tie_key[] = "tie_word_embeddings";

/* The tie that OBJECT asks for; NULL: it says nothing. */
static json_t *tie_of(json_t *object)
{
    json_t *tie = json_object_get(object, tie_key);
    return json_is_null(tie) ? NULL : tie;
}

/* A head that lies beside a language model of the nested CONFIG is its table as the whole's config
 * says (transformers 5), else as the nested one (transformers 4 leaves out of the whole's what it
 * has there), else as the whole's class. */
static void set_tie(struct listing *l, const struct line *line, json_t *config, json_t *set)
{
    const struct symbol *key = symbol_find(l->e.lexicon, tie_key, strlen(tie_key));
    json_t *given = tie_of(l->e.root->overrides), *own = tie_of(config);
    json_t *whole = given ? given : tie_of(l->e.root->object);
    if (whole && own && !json_equal(whole, own) && !line->arguments)
        hu_model_note(l->model,
                      "\"%s\" of the whole and of its text differ: transformers 5 goes "
                      "by the first, as here, 4 by the second",
                      tie_key);
    if (!whole && !own && key)
        whole = key->otherwise;
    if (whole)
        json_object_set(set, tie_key, whole);
}

/* Another object with what `with` and `ties` set. */
static json_t *overrides_of(struct listing *l, const struct line *line, json_t *config)
{
    json_t *set = line->arguments || line->ties ? json_object() : NULL;
    if (line->ties)
        set_tie(l, line, config, set);
    for (struct expressions *a = line->arguments; a; a = a->next) {
        struct value v = evaluate(&l->e, a->at);
        json_t *json = v.kind == VALUE_INTEGER ? json_integer(v.integer)
                       : v.kind == VALUE_REAL  ? json_real(v.real)
                       : v.kind == VALUE_TEXT  ? json_string(v.text)
                       : v.kind == VALUE_JSON  ? json_incref(v.json)
                       : v.kind == VALUE_NULL  ? json_null()
                                               : NULL;
        if (!json || json_object_set_new(set, a->key, json))
            listing_note_missing(l, v);
    }
    return set;
}

/* The text of the family that the nested CONFIG names, or else the line. Some modules are called by
 * the whole model's name, which they are not. */
static const struct hu_family_text *nested_text(struct listing *l, const struct line *line,
                                                json_t *config)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    const char *own = json_string_value(json_object_get(l->e.scope->object, "model_type"));
    char shown[64];
    bool whole = line->part && type && own && !strcmp(type, own);
    const struct hu_family_text *text = type && *type && line->config && !whole
                                            ? hu_family_text_find(type, HU_FAMILY_BY_NAME)
                                            : NULL;
    if (!text && line->part)
        text = hu_family_text_find(line->part, HU_FAMILY_BY_NAME);
    if (!text)
        listing_fail(l, "the family of a nested config is not known: '%s'",
                     hu_printable(type         ? type
                                  : line->part ? line->part
                                               : "?",
                                  shown, sizeof shown));
    return text;
}

/* The class's sizes fill in what a config leaves out; they are no answer to one that gives none. */
static void keep_sizes(struct family *family, json_t *config)
{
    bool given = false;
    for (int pass = 0; pass < 2 && !given; pass++)
        for (int i = 0; i < SYMBOL_SLOTS; i++)
            for (struct symbol *s = family->lexicon.slots[i]; s; s = s->next) {
                if (s->is_size && json_is_integer(json_object_get(config, s->name)))
                    given = true;
                if (pass && s->is_size)
                    s->otherwise = NULL;
            }
}

/* A bare class's names lack the prefix, and the rest of the list is not in it. */
static void strip_base(struct listing *l)
{
    struct hu_tensors *t = l->out;
    size_t n = strlen(l->family->base), kept = 0;
    for (size_t i = 0; i < t->count; i++)
        if (!strncmp(t->rows[i].name, l->family->base, n) && t->rows[i].name[n] == '.') {
            struct hu_tensor_row row = t->rows[i];
            row.name += n + 1;
            t->rows[kept++] = row;
        }
    t->count = kept ? kept : t->count;
}

/* What TEXT says over CONFIG and what is set in its keys' place, below P. */
static void list_text(struct listing *l, const struct hu_family_text *text, json_t *config,
                      json_t *overrides, const struct hu_tensor_row *p)
{
    char why[NOTATION_ERROR];
    struct family *family = family_read(text, why), *outer = l->family;
    const struct scope root = {.object = config, .overrides = overrides, .prefix = ""};
    struct evaluation e = l->e;
    if (!family) {
        listing_fail(l, "family %.60s: %s", text->names, why);
        return;
    }
    l->family = family;
    l->e.lexicon = &family->lexicon;
    l->e.bindings = NULL;
    l->e.scope = l->e.root = &root;
    if (!l->nested) {
        keep_sizes(family, config);
        /* `base -`: no class of the family is bare by its name. */
        l->result->bare = strcmp(family->base, "-") && is_bare(l->e.class);
    }
    list_remarks(l);
    if (!p->tower)
        list_autograd(l);
    list_lines(l, family->lines, p);
    list_sizes(l);
    if (!l->nested && l->result->bare && strcmp(family->base, "-"))
        strip_base(l);
    e.steps = l->e.steps;
    memcpy(e.letters, l->e.letters, sizeof e.letters);
    l->e = e;
    l->family = outer;
    family_free(family);
}

static void list_family(struct listing *l, const struct line *line, const struct hu_tensor_row *p,
                        size_t base)
{
    json_t *config = l->e.scope->object;
    if (line->config) {
        struct value v = listing_value(l, line->config);
        if (v.kind == VALUE_MISSING || l->failed)
            return;
        config = v.kind == VALUE_JSON && json_is_object(v.json) ? v.json : NULL;
    }
    if (!config || l->nested == NESTED_MAX) {
        listing_fail(l,
                     config ? "configs are nested too deep" : "a nested config is no object (%.*s)",
                     (int)l->length, l->path);
        return;
    }
    /* A head beside the language model is none of a bare class's, whatever its names' prefix. */
    l->result->bare |= line->ties && !l->nested && is_bare(l->e.class);
    const struct hu_family_text *text = nested_text(l, line, config);
    json_t *overrides = overrides_of(l, line, config);
    char instead[PATH_SIZE];
    snprintf(instead, sizeof instead, "%s", l->path + base + (base && l->length > base));
    struct rename rename = {
        .prefix = line->prefix, .instead = instead, .base = base, .outer = l->renames};
    if (line->prefix) {
        /* The nested names begin where this one did. */
        rename.base = base ? base + 1 : 0;
        listing_cut(l, base);
        l->renames = &rename;
    }
    l->nested++;
    if (text && !l->failed)
        list_text(l, text, config, overrides, p);
    l->nested--;
    l->renames = rename.outer;
    json_decref(overrides);
}

/* The line, its path's loops being bound. BASE: bytes of the path before the line's own. */
static void list_line(struct listing *l, const struct line *line, const struct hu_tensor_row *p,
                      size_t base)
{
    if (!stands(l, line) || (line->words.classes && !class_has(l, line->words.classes)))
        return;
    if (line->kind == LINE_TENSOR)
        return list_tensor(l, line, p);
    if (line->kind == LINE_KEEP)
        return list_keep(l, line, p);
    struct hu_tensor_row below = row_below(l, line, p);
    if (line->kind == LINE_FAMILY)
        list_family(l, line, &below, base);
    else if (line->kind == LINE_PART)
        list_part(l, line, &below);
    else
        list_lines(l, line->children, &below);
}

/* A line on its way to what it lists: the next piece of its path, what is said of its rows so far,
 * and bytes of the path before the line's own. */
struct walk {
    const struct line *line;
    const struct piece *piece;
    struct hu_tensor_row row;
    size_t base;
};

static void list_path(struct listing *l, const struct walk *w);

struct range {
    uint64_t from, to, used;
};

/* The loop over a model's layers. */
static bool is_layer(const struct piece *piece)
{
    return !strcmp(piece->variable->name, "i");
}

static bool read_range(struct listing *l, const struct piece *piece, struct range *r)
{
    r->from = piece->from ? listing_number(l, piece->from, 0, "where a loop begins") : 0;
    size_t missing = strlen(l->result->missing);
    r->to = listing_number(l, piece->to, 0, "a loop's end");
    r->used = piece->used ? listing_number(l, piece->used, 0, "the number of experts used") : 0;
    /* What else the family needs shows in one turn. */
    if (!r->to && strlen(l->result->missing) != missing)
        r->to = r->from + 1;
    if (piece->used && r->used > r->to)
        listing_fail(l, "more experts are used than there are (%.*s)", (int)l->length, l->path);
    return !l->failed && r->from < r->to;
}

/* A turn of the loop that W is at, with index I in the name, or with a mark for it. Returns whether
 * something looked at the index. */
static bool take_turn(struct listing *l, struct walk w, uint64_t i, bool marked)
{
    struct binding bound = {.symbol = w.piece->variable,
                            .value = {.kind = VALUE_INTEGER, .integer = (int64_t)i},
                            .outer = l->e.bindings};
    size_t length = l->length;
    w.piece = w.piece->next;
    l->e.bindings = &bound;
    if (marked)
        listing_append(l, "\1");
    else
        listing_append_number(l, (int64_t)i);
    list_path(l, &w);
    listing_cut(l, length);
    l->e.bindings = bound.outer;
    return bound.touched;
}

/* One turn for each index. */
static void list_each(struct listing *l, struct walk w, const struct range *r)
{
    bool layers = is_layer(w.piece);
    if (r->to - r->from > HU_LAYERS_MAX) {
        struct value v = evaluate(&l->e, w.piece->to);
        listing_fail(l, "\"%.64s\" is over %d", v.key ? v.key : w.piece->variable->name,
                     HU_LAYERS_MAX);
        return;
    }
    if (layers)
        w.row.stack = l->out->stacks++;
    for (uint64_t i = r->from; i < r->to && !l->failed; i++) {
        if (layers)
            w.row.layer = (uint32_t)i;
        take_turn(l, w, i, false);
    }
}

/* One turn for all, where nothing below depends on the index; false: something does. */
static bool list_alike(struct listing *l, struct walk w, const struct range *r)
{
    size_t rows = l->out->count, kept = l->out->kept_count;
    bool unrolled = l->unrolled;
    if (is_layer(w.piece) || w.row.repeat_count == HU_REPEATS_MAX)
        return false;
    if (__builtin_mul_overflow(w.row.copies, r->to - r->from, &w.row.copies) ||
        w.row.copies > UINT64_C(1) << 40) {
        listing_fail(l, "the model has more parameters than 64 bits count");
        return true;
    }
    w.row.repeats[w.row.repeat_count].first = r->from;
    w.row.repeats[w.row.repeat_count++].count = r->to - r->from;
    l->unrolled = false;
    bool alike = !take_turn(l, w, r->from, true) && !l->unrolled;
    l->unrolled = unrolled;
    if (!alike) {
        l->out->count = rows;
        l->out->kept_count = kept;
    }
    return alike;
}

static void list_loop(struct listing *l, struct walk w)
{
    struct range r;
    if (!read_range(l, w.piece, &r))
        return;
    if (w.piece->used) {
        w.row.experts *= r.to - r.from;
        w.row.experts_used *= r.used;
    }
    if (w.row.experts > UINT64_C(1) << 40)
        listing_fail(l, "the model has more experts than can be counted");
    else if (!list_alike(l, w, &r))
        list_each(l, w, &r);
}

static void append_value(struct listing *l, struct value v)
{
    if (v.kind == VALUE_INTEGER)
        listing_append_number(l, v.integer);
    else if (v.kind == VALUE_TEXT)
        listing_append(l, v.text);
    else if (v.kind != VALUE_MISSING)
        listing_fail(l, "a value in a name is neither a whole number nor a text");
}

static void list_path(struct listing *l, const struct walk *w)
{
    size_t length = l->length;
    struct walk next = *w;
    if (l->failed)
        return;
    if (!w->piece)
        return list_line(l, w->line, &w->row, w->base);
    if (w->piece->kind == PIECE_LOOP)
        return list_loop(l, *w);
    if (w->piece->kind == PIECE_TEXT)
        listing_append(l, w->piece->text);
    else
        append_value(l, listing_value(l, w->piece->to));
    next.piece = w->piece->next;
    list_path(l, &next);
    listing_cut(l, length);
}

static void list_lines(struct listing *l, const struct line *line, const struct hu_tensor_row *p)
{
    struct walk w = {.row = *p, .base = l->length};
    for (; line && !l->failed; line = line->next) {
        if (w.base && line->path)
            listing_append(l, ".");
        w.line = line;
        w.piece = line->path;
        list_path(l, &w);
        listing_cut(l, w.base);
    }
}

/* The first of "architectures"; the family's first where the config names none. */
static const char *class_of(json_t *config, const struct hu_family_text *text, char out[64])
{
    const char *name =
        json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    if (!name) /* diffusers' */
        name = json_string_value(json_object_get(config, "_class_name"));
    const char *classes = text->classes ? text->classes : "";
    snprintf(out, 64, "%.*s", (int)strcspn(classes, " "), classes);
    return name ? name : out;
}

static int64_t labels_of(json_t *config)
{
    size_t named = json_object_size(json_object_get(config, "id2label"));
    json_int_t labels = json_integer_value(json_object_get(config, "num_labels"));
    return named ? (int64_t)named : labels > 0 && labels < 1 << 30 ? (int64_t)labels : 2;
}

bool listing_make(const struct hu_family_text *text, json_t *config, struct hu_model *model,
                  struct listing_result *result)
{
    char class[64];
    *result = (struct listing_result){.missing = ""};
    struct listing l = {.result = result, .model = model, .out = &model->tensors};
    l.e = (struct evaluation){.class = class_of(config, text, class),
                              .labels = labels_of(config),
                              .failed = &l.failed,
                              .error = model->error};
    list_text(&l, text, config, NULL, &hu_one_row);
    result->classifies = l.scored;
    return !l.failed;
}
