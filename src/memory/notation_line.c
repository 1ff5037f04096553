/* One line of a family's list: path, shape, words, condition. */
#include "notation.h"

#include <stdio.h>
#include <string.h>

static void *allocate(struct reader *r, size_t bytes)
{
    void *memory = r->error ? NULL : arena_allocate(r->arena, bytes);
    if (!memory)
        reader_refuse(r, "out of memory");
    return memory;
}

static char *copy(struct reader *r, const char *text, size_t n)
{
    char *made = r->error ? NULL : arena_text(r->arena, text, n);
    if (!made)
        reader_refuse(r, "out of memory");
    return made;
}

static bool at_end(struct reader *r)
{
    reader_skip_blanks(r);
    return r->at == r->end;
}

/* A word made of letters, digits and any of MORE. */
static char *take_name(struct reader *r, const char *more)
{
    reader_skip_blanks(r);
    size_t n = 0;
    struct reader rest = *r;
    while (rest.at < rest.end && (reader_word(&rest) || strchr(more, *rest.at))) {
        rest.at++;
        n++;
    }
    if (!n) {
        reader_refuse(r, "a name is missing");
        return NULL;
    }
    char *name = copy(r, r->at, n);
    r->at += n;
    return name;
}

/* EXPR, or EXPR .. EXPR, or EXPR of EXPR, then '}'. */
static void read_range(struct reader *r, struct piece *p)
{
    p->to = expression_read(r);
    if (!r->error && reader_take(r, "..")) {
        p->from = p->to;
        p->to = expression_read(r);
    }
    if (!r->error && reader_take(r, "of"))
        p->used = expression_read(r);
    if (!r->error && !reader_take(r, "}"))
        reader_refuse(r, "a '{' in a path is not closed");
}

/* {i: N}, {j: E of K} or {EXPR}. */
static void read_braces(struct reader *r, struct piece *p)
{
    r->at++;
    reader_skip_blanks(r);
    size_t n = reader_word(r);
    const char *after = r->at + n;
    while (after < r->end && *after == ' ')
        after++;
    p->kind = PIECE_VALUE;
    if (n && after < r->end && *after == ':') {
        p->kind = PIECE_LOOP;
        p->variable = symbol_find(r->arena, r->symbols, r->at, n);
        if (p->variable)
            p->variable->variable = true;
        else
            reader_refuse(r, "out of memory");
        r->at = after + 1;
    }
    read_range(r, p);
}

/* Up to a blank, ':' or '!' outside braces. */
static void read_path(struct reader *r, struct line *line)
{
    const char *begin = r->at;
    struct piece **tail = &line->path;
    while (!r->error && r->at < r->end && !strchr(" \t:!", *r->at)) {
        struct piece *p = allocate(r, sizeof *p);
        if (!p)
            return;
        *tail = p;
        tail = &p->next;
        if (*r->at == '{') {
            read_braces(r, p);
            continue;
        }
        const char *from = r->at;
        while (r->at < r->end && !strchr(" \t:!{", *r->at))
            r->at++;
        p->text = copy(r, from, (size_t)(r->at - from));
    }
    line->spelled = copy(r, begin, (size_t)(r->at - begin));
    if (line->path && !line->path->next && line->path->text && !strcmp(line->path->text, "."))
        line->path = NULL;
}

/* [EXPR EXPR …] */
static struct expressions *read_sizes(struct reader *r, unsigned most)
{
    struct expressions *first = NULL, **tail = &first;
    r->at++;
    while (!r->error && !reader_take(r, "]")) {
        if (!most--) {
            reader_refuse(r, "a shape has too many sizes");
            return NULL;
        }
        struct expressions *size = allocate(r, sizeof *size);
        if (!size || !(size->at = expression_read(r)))
            return NULL;
        *tail = size;
        tail = &size->next;
    }
    return first;
}

static bool next_is(struct reader *r, char c)
{
    return !at_end(r) && *r->at == c;
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

/* Shorter names of dtypes, such as NumPy's d and f4, are names of families' own here. */
enum { DTYPE_LEAST = 4 };

static enum hu_role role_at(struct reader *r)
{
    struct reader ahead = *r;
    for (int role = HU_ROLE_NONE + 1; role < HU_ROLE_COUNT; role++)
        if (reader_take(&ahead, hu_role_name((enum hu_role)role)))
            return (enum hu_role)role;
    return HU_ROLE_NONE;
}

static const char *const plain_words[] = {"bias", "rows",   "columns",  "vocab", "lora", "tied",
                                          "if",   "unless", "optional", "for",   NULL};

/* Whether an expression may begin here: neither the end, nor a word of the line. */
static bool expression_follows(struct reader *r)
{
    struct hu_dtype dtype;
    char name[16];
    if (at_end(r) || at_word_of(r, plain_words) || role_at(r) || *r->at == '[')
        return false;
    size_t n = reader_word(r);
    if (n < DTYPE_LEAST || n >= sizeof name)
        return true;
    memcpy(name, r->at, n);
    name[n] = 0;
    return !hu_dtype_find(name, &dtype);
}

static bool read_role(struct reader *r, struct words *w)
{
    enum hu_role role = role_at(r);
    if (!role)
        return false;
    bool tower = role >= HU_ROLE_VISION;
    if (tower ? w->tower : w->role)
        return reader_refuse(r, "a line has two roles");
    if (tower)
        w->tower = role;
    else
        w->role = role;
    reader_take(r, hu_role_name(role));
    if (role == HU_ROLE_EXPERT && expression_follows(r)) {
        w->experts = expression_read(r);
        if (!r->error && !reader_take(r, "of"))
            return reader_refuse(r, "'expert E of K' lacks its 'of K'");
        w->experts_used = expression_read(r);
    }
    return true;
}

static bool read_split(struct reader *r, struct words *w)
{
    if (reader_take(r, "rows"))
        w->split = HU_SPLIT_ROWS;
    else if (reader_take(r, "columns"))
        w->split = HU_SPLIT_COLUMNS;
    else if (reader_take(r, "vocab"))
        w->split = HU_SPLIT_VOCABULARY;
    else
        return false;
    if (w->split != HU_SPLIT_VOCABULARY && expression_follows(r))
        w->heads = expression_read(r);
    return true;
}

static bool read_bias(struct reader *r, struct words *w)
{
    if (!reader_take(r, "bias"))
        return false;
    w->bias = expression_read(r);
    if (!r->error && next_is(r, '[')) {
        struct expressions *sizes = read_sizes(r, 1);
        w->bias_size = sizes ? sizes->at : NULL;
        if (!sizes)
            return reader_refuse(r, "a bias's size is missing");
    }
    return true;
}

/* for WORD …, up to `if` or `unless`. */
static bool read_classes(struct reader *r, struct words *w)
{
    char words[256] = "";
    if (!reader_take(r, "for"))
        return false;
    while (!at_end(r) && !at_word_of(r, condition_words) && !r->error) {
        size_t n = reader_word(r), used = strlen(words);
        if (!n || used + n + 2 > sizeof words)
            return reader_refuse(r, "'for' takes words of class names");
        snprintf(words + used, sizeof words - used, "%s%.*s", used ? " " : "", (int)n, r->at);
        r->at += n;
    }
    if (!*words)
        return reader_refuse(r, "'for' takes words of class names");
    w->classes = copy(r, words, strlen(words));
    return true;
}

static bool read_dtype(struct reader *r, struct words *w)
{
    char name[16];
    size_t n = reader_word(r);
    if (n < DTYPE_LEAST || n >= sizeof name)
        return false;
    memcpy(name, r->at, n);
    name[n] = 0;
    if (!hu_dtype_find(name, &w->dtype))
        return false;
    r->at += n;
    return true;
}

static bool read_word(struct reader *r, struct words *w)
{
    if (reader_take(r, "lora"))
        return w->lora = true;
    if (reader_take(r, "optional"))
        return w->optional = true;
    if (reader_take(r, "tied"))
        return (w->tied = expression_read(r)) != NULL;
    return read_role(r, w) || read_split(r, w) || read_bias(r, w) || read_classes(r, w) ||
           read_dtype(r, w);
}

bool condition_read(struct reader *r, struct node **condition, bool *unless)
{
    if (reader_take(r, "if") || (*unless = reader_take(r, "unless")))
        *condition = expression_read(r);
    if (!r->error && !at_end(r))
        reader_refuse(r,
                      "something follows that is neither a role, a share, a dtype nor a condition");
    return !r->error;
}

static bool read_words(struct reader *r, struct words *w)
{
    while (!r->error && !at_end(r) && !at_word_of(r, condition_words))
        if (!read_word(r, w))
            return reader_refuse(r, "a word is no role, share or dtype");
    if (!r->error && at_word_of(r, condition_words))
        read_classes(r, w);
    return !r->error;
}

static void read_arguments(struct reader *r, struct line *line)
{
    struct expressions **tail = &line->arguments;
    while (!r->error && expression_follows(r)) {
        struct expressions *argument = allocate(r, sizeof *argument);
        if (!argument)
            return;
        argument->at = expression_read(r);
        *tail = argument;
        tail = &argument->next;
    }
}

/* with KEY EXPR, KEY EXPR … */
static void read_settings(struct reader *r, struct line *line)
{
    struct expressions **tail = &line->arguments;
    do {
        struct expressions *setting = allocate(r, sizeof *setting);
        if (!setting)
            return;
        setting->key = take_name(r, "");
        setting->at = expression_read(r);
        *tail = setting;
        tail = &setting->next;
    } while (!r->error && reader_take(r, ","));
}

/* family KEY [? NAME] [as PREFIX] [with …]. */
static void read_family(struct reader *r, struct line *line)
{
    line->kind = LINE_FAMILY;
    if (!reader_take(r, ".")) {
        /* The `?` is the line's own. */
        struct reader key = *r;
        reader_skip_blanks(&key);
        r->at = key.at;
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
    if (reader_take(r, "with"))
        read_settings(r, line);
    if (!line->config && !line->part)
        reader_refuse(r, "'family .' needs '? NAME'");
}

/* cache KIND [TOKENS] [HEADS] [K V], state KIND [HEADS] [N …]. */
static void read_keep(struct reader *r, struct line *line)
{
    line->kind = LINE_KEEP;
    int keep = 0;
    while (keep <= HU_KEEP_CONV && !reader_take(r, hu_keep_name((enum hu_keep)keep)))
        keep++;
    if (keep > HU_KEEP_CONV) {
        reader_refuse(
            r, "a cache is full, window, latent, indexer, cross or none, a state recurrent or "
               "conv");
        return;
    }
    line->keep = (enum hu_keep)keep;
    if (keep == HU_KEEP_SHARED)
        return;
    if (keep == HU_KEEP_WINDOW || keep == HU_KEEP_CROSS)
        line->tokens = expression_read(r);
    if (!r->error && !next_is(r, '['))
        line->keep_heads = expression_read(r);
    if (!r->error && !next_is(r, '['))
        reader_refuse(r, "a cache or state lacks its sizes in brackets");
    if (!r->error && !(line->shape = read_sizes(r, 4)))
        reader_refuse(r, "a cache or state has no size");
    if (!r->error && !hu_keep_is_state(line->keep) && line->shape->next && line->shape->next->next)
        reader_refuse(r, "a cache has two sizes: keys and values");
}

static bool is_keep(struct reader *r)
{
    struct reader ahead = *r;
    if (!reader_take(&ahead, "cache") && !reader_take(&ahead, "state"))
        return false;
    bool blank = ahead.at < ahead.end && *ahead.at == ' ';
    reader_skip_blanks(&ahead);
    return blank && ahead.at < ahead.end && *ahead.at != '[';
}

struct line *line_read(struct family *family, struct reader *r)
{
    struct line *line = allocate(r, sizeof *line);
    (void)family;
    if (!line)
        return NULL;
    if (is_keep(r)) {
        if (!reader_take(r, "cache"))
            reader_take(r, "state");
        line->spelled = "cache";
        read_keep(r, line);
    } else {
        read_path(r, line);
        line->exact = !r->error && reader_take(r, "!");
        line->kind = LINE_GROUP;
        if (!r->error && reader_take(r, ":")) {
            line->kind = LINE_PART;
            if (reader_take(r, "family"))
                read_family(r, line);
            else if ((line->part = take_name(r, "")))
                read_arguments(r, line);
        } else if (!r->error && next_is(r, '[')) {
            line->kind = LINE_TENSOR;
            line->shape = read_sizes(r, HU_RANK_MAX);
        }
    }
    if (!r->error && read_words(r, &line->words))
        condition_read(r, &line->condition, &line->unless);
    return r->error ? NULL : line;
}
