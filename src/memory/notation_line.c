/* One line of a family's list: path, shape, words, condition. */
#include "notation.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct line) <= READER_SPARE, "what a reader makes has room in its spare");

/* A word made of letters, digits and any of MORE. */
static const char *take_name(struct reader *r, const char *more)
{
    reader_skip_blanks(r);
    const char *from = r->at;
    while (r->at < r->end &&
           (isalnum((unsigned char)*r->at) || *r->at == '_' || strchr(more, *r->at)))
        r->at++;
    if (r->at == from)
        reader_refuse(r, "a name is missing");
    return reader_text(r, from, (size_t)(r->at - from));
}

/* EXPR, or EXPR .. EXPR, or EXPR of EXPR, then '}'. */
static void read_range(struct reader *r, struct piece *p)
{
    p->to = expression_read(r);
    if (reader_take(r, "..")) {
        p->from = p->to;
        p->to = expression_read(r);
    }
    if (reader_take(r, "of"))
        p->used = expression_read(r);
    if (!reader_take(r, "}"))
        reader_refuse(r, "a '{' in a path is not closed");
}

/* {i: N}, {j: E of K} or {EXPR}. */
static void read_braces(struct reader *r, struct piece *p)
{
    r->at++;
    reader_skip_blanks(r);
    size_t n = reader_word(r);
    struct reader after = {.at = r->at + n, .end = r->end};
    p->kind = PIECE_VALUE;
    if (n && reader_take(&after, ":")) {
        p->kind = PIECE_LOOP;
        p->variable = reader_symbol(r, r->at, n);
        p->variable->variable = true;
        r->at = after.at;
    }
    read_range(r, p);
}

/* Up to a blank, ':' or '!' outside braces. */
static void read_path(struct reader *r, struct line *line)
{
    const char *begin = r->at;
    struct piece **tail = &line->path;
    for (; r->at < r->end && !strchr(" \t:!", *r->at); tail = &(*tail)->next) {
        struct piece *p = *tail = reader_allocate(r, sizeof *p);
        const char *from = r->at;
        if (*from == '{') {
            read_braces(r, p);
            continue;
        }
        while (r->at < r->end && !strchr(" \t:!{", *r->at))
            r->at++;
        p->text = reader_text(r, from, (size_t)(r->at - from));
    }
    line->spelled = reader_text(r, begin, (size_t)(r->at - begin));
    if (!strcmp(line->spelled, "."))
        line->path = NULL;
}

/* One expression more; returns where the next one goes. */
static struct expressions **add_expression(struct reader *r, struct expressions **tail,
                                           const char *key)
{
    struct expressions *e = *tail = reader_allocate(r, sizeof *e);
    e->key = key;
    e->at = expression_read(r);
    return &e->next;
}

/* [EXPR EXPR …]; NONE: what is wrong with one that is empty. */
static struct expressions *read_sizes(struct reader *r, unsigned most, const char *none)
{
    struct expressions *first = NULL, **tail = &first;
    for (r->at++; !r->error && !reader_take(r, "]"); tail = add_expression(r, tail, NULL))
        if (!most--)
            reader_refuse(r, "a shape has too many sizes");
    if (!first && none)
        reader_refuse(r, none);
    return first;
}

static bool next_is(struct reader *r, char c)
{
    return !reader_ends(r) && *r->at == c;
}

static const char *const condition_words[] = {"if", "unless", "for", "with", "as", NULL};

/* Whether a word follows that ends what came before. */
static bool at_word_of(struct reader *r, const char *const *words)
{
    struct reader ahead = *r;
    for (size_t i = 0; words[i]; i++)
        if (reader_take(&ahead, words[i]))
            return true;
    return false;
}

static enum hu_role role_at(struct reader *r)
{
    struct reader ahead = *r;
    for (int role = HU_ROLE_NONE + 1; role < HU_ROLE_COUNT; role++)
        if (reader_take(&ahead, hu_role_name((enum hu_role)role)))
            return (enum hu_role)role;
    return HU_ROLE_NONE;
}

/* The length of the dtype's name at the reader; 0: none. Shorter names, such as NumPy's d and f4,
 * are names of families' own here. */
static size_t dtype_at(const struct reader *r, struct hu_dtype *dtype)
{
    char name[16];
    size_t n = reader_word(r);
    if (n < 4 || n >= sizeof name)
        return 0;
    memcpy(name, r->at, n);
    name[n] = 0;
    return hu_dtype_find(name, dtype) ? n : 0;
}

static const char *const plain_words[] = {"bias", "rows",   "columns",  "vocab", "lora", "tied",
                                          "if",   "unless", "optional", "for",   NULL};

/* Whether an expression may begin here: neither the end, nor a word of the line. */
static bool expression_follows(struct reader *r)
{
    struct hu_dtype dtype;
    return !reader_ends(r) && !at_word_of(r, plain_words) && !role_at(r) && *r->at != '[' &&
           !dtype_at(r, &dtype);
}

static bool read_role(struct reader *r, struct words *w)
{
    enum hu_role role = role_at(r), *which = role >= HU_ROLE_VISION ? &w->tower : &w->role;
    if (!role)
        return false;
    if (*which)
        return reader_refuse(r, "a line has two roles");
    *which = role;
    reader_take(r, hu_role_name(role));
    if (role == HU_ROLE_EXPERT && expression_follows(r)) {
        w->experts = expression_read(r);
        if (!reader_take(r, "of"))
            return reader_refuse(r, "'expert E of K' lacks its 'of K'");
        w->experts_used = expression_read(r);
    }
    return true;
}

static bool read_split(struct reader *r, struct words *w)
{
    enum hu_split split = HU_SPLIT_VOCABULARY;
    while (split && !reader_take(r, hu_split_name(split)))
        split--;
    if (!split)
        return false;
    w->split = split;
    if (split != HU_SPLIT_VOCABULARY && expression_follows(r))
        w->heads = expression_read(r);
    return true;
}

static bool read_bias(struct reader *r, struct words *w)
{
    if (!reader_take(r, "bias"))
        return false;
    w->bias = expression_read(r);
    if (next_is(r, '['))
        w->bias_size = read_sizes(r, 1, "a bias's size is missing");
    return true;
}

/* for WORD …, up to `if` or `unless`. */
static void read_classes(struct reader *r, struct words *w)
{
    char words[256] = "";
    if (!reader_take(r, "for"))
        return;
    while (!reader_ends(r) && !at_word_of(r, condition_words)) {
        size_t n = reader_word(r), used = strlen(words);
        if (!n || used + n + 2 > sizeof words)
            reader_refuse(r, "'for' takes words of class names");
        snprintf(words + used, sizeof words - used, "%s%.*s", used ? " " : "", (int)n, r->at);
        r->at += r->error ? 0 : n;
    }
    if (!*words)
        reader_refuse(r, "'for' takes words of class names");
    w->classes = reader_text(r, words, strlen(words));
}

static bool read_word(struct reader *r, struct words *w)
{
    size_t n;
    if (reader_take(r, "lora"))
        return w->lora = true;
    if (reader_take(r, "optional"))
        return w->optional = true;
    if (reader_take(r, "tied"))
        return (w->tied = expression_read(r)) != NULL;
    if (read_role(r, w) || read_split(r, w) || read_bias(r, w))
        return true;
    r->at += n = dtype_at(r, &w->dtype);
    return n;
}

void condition_read(struct reader *r, struct node **condition, bool *unless)
{
    if (reader_take(r, "if") || (*unless = reader_take(r, "unless")))
        *condition = expression_read(r);
    if (!reader_ends(r))
        reader_refuse(r,
                      "something follows that is neither a role, a share, a dtype nor a condition");
}

static void read_words(struct reader *r, struct words *w)
{
    while (!reader_ends(r) && !at_word_of(r, condition_words))
        if (!read_word(r, w))
            reader_refuse(r, "a word is no role, share or dtype");
    read_classes(r, w);
}

/* with KEY EXPR, KEY EXPR … */
static void read_settings(struct reader *r, struct line *line)
{
    struct expressions **tail = &line->arguments;
    do
        tail = add_expression(r, tail, take_name(r, ""));
    while (reader_take(r, ","));
}

/* family KEY [? NAME] [as PREFIX] [ties] [with …]. */
static void read_family(struct reader *r, struct line *line)
{
    line->kind = LINE_FAMILY;
    if (!reader_take(r, ".")) {
        /* The `?` is the line's own. */
        reader_skip_blanks(r);
        struct reader key = *r;
        while (r->at < r->end && !strchr(" \t?", *r->at))
            r->at++;
        key.end = r->at;
        line->config = expression_read(&key);
        if (key.error)
            reader_refuse(r, key.error);
    }
    if (reader_take(r, "?"))
        line->part = take_name(r, "-");
    if (reader_take(r, "as"))
        line->prefix = take_name(r, ".-");
    line->ties = reader_take(r, "ties");
    if (reader_take(r, "with"))
        read_settings(r, line);
    if (!line->config && !line->part)
        reader_refuse(r, "'family .' needs '? NAME'");
}

/* cache KIND [TOKENS] [HEADS] [K V], state KIND [HEADS] [N …], state conv … of WIDTH. */
static void read_keep(struct reader *r, struct line *line)
{
    enum hu_keep keep = HU_KEEP_FULL;
    line->kind = LINE_KEEP;
    line->spelled = "cache";
    while (keep <= HU_KEEP_CONV && !reader_take(r, hu_keep_name(keep)))
        keep++;
    line->keep = keep;
    if (keep > HU_KEEP_CONV)
        reader_refuse(
            r, "a cache is full, window, latent, indexer, cross or none, a state recurrent or "
               "conv");
    if (r->error || keep == HU_KEEP_SHARED)
        return;
    if (keep == HU_KEEP_WINDOW || keep == HU_KEEP_CROSS)
        line->tokens = expression_read(r);
    if (!next_is(r, '['))
        line->keep_heads = expression_read(r);
    if (!next_is(r, '['))
        reader_refuse(r, "a cache or state lacks its sizes in brackets");
    line->shape = read_sizes(r, 4, "a cache or state has no size");
    if (!r->error && !hu_keep_is_state(keep) && line->shape->next && line->shape->next->next)
        reader_refuse(r, "a cache has two sizes: keys and values");
    if (keep == HU_KEEP_CONV && reader_take(r, "of"))
        line->width = expression_read(r);
}

/* Moves past `cache` or `state` where it is no tensor's path. */
static bool take_keep(struct reader *r)
{
    struct reader ahead = *r;
    if (!reader_take(&ahead, "cache") && !reader_take(&ahead, "state"))
        return false;
    struct reader after = ahead;
    bool keep =
        ahead.at < ahead.end && *ahead.at == ' ' && !reader_ends(&after) && *after.at != '[';
    if (keep)
        *r = ahead;
    return keep;
}

static void read_listed(struct reader *r, struct line *line)
{
    read_path(r, line);
    line->exact = reader_take(r, "!");
    line->kind = LINE_GROUP;
    if (!reader_take(r, ":")) {
        if (next_is(r, '[')) {
            line->kind = LINE_TENSOR;
            line->shape = read_sizes(r, HU_RANK_MAX, NULL);
        }
        return;
    }
    line->kind = LINE_PART;
    if (reader_take(r, "family")) {
        read_family(r, line);
        return;
    }
    line->part = take_name(r, "");
    for (struct expressions **tail = &line->arguments; expression_follows(r);)
        tail = add_expression(r, tail, NULL);
}

struct line *line_read(struct reader *r)
{
    struct line *line = reader_allocate(r, sizeof *line);
    if (take_keep(r))
        read_keep(r, line);
    else
        read_listed(r, line);
    read_words(r, &line->words);
    condition_read(r, &line->condition, &line->unless);
    return line;
}
