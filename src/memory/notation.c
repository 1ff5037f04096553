#include "notation.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LIKE_MAX = 8, INDENTS_MAX = 16 };

/* A text while it is read: one family of it, and the families that it is like. */
struct text {
    struct family *family;
    struct reader reader; /* of the line at hand */
    const char *at, *end;
    unsigned number, likes;
    /* Where lines go, by depth: the list's first pointer and the indentation. */
    struct line **lists[INDENTS_MAX];
    int indents[INDENTS_MAX];
    int depth;
    struct line *last;
    bool in_part;
    char *error;
};

static bool fail(struct text *t, const char *why)
{
    if (!*t->error)
        snprintf(t->error, NOTATION_ERROR, "line %u: %s", t->number, why);
    return false;
}

/* The next line without its comment and blanks at the end, into the reader; false: no more. */
static bool next_line(struct text *t)
{
    if (t->at == t->end)
        return false;
    const char *newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
    const char *end = newline ? newline : t->end, *c = t->at;
    for (bool quoted = false; c < end && (quoted || *c != '#'); c++)
        quoted ^= *c == '"';
    while (c > t->at && isspace((unsigned char)c[-1]))
        c--;
    t->reader.at = t->at;
    t->reader.end = c;
    t->at = newline ? newline + 1 : t->end;
    t->number++;
    return true;
}

static int indentation(const struct text *t)
{
    const char *c = t->reader.at;
    while (c < t->reader.end && *c == ' ')
        c++;
    return (int)(c - t->reader.at);
}

/* "…" to the end, or to its `if`; braces in it may hold quotes. */
static char *read_text(struct reader *r)
{
    reader_skip_blanks(r);
    if (r->at == r->end || *r->at != '"') {
        r->error = "a text in quotes is missing";
        return NULL;
    }
    const char *from = ++r->at;
    for (int braces = 0; r->at < r->end && (braces || *r->at != '"'); r->at++)
        braces += (*r->at == '{') - (*r->at == '}');
    if (r->at == r->end) {
        r->error = "a text has no closing quote";
        return NULL;
    }
    char *text = arena_text(r->arena, from, (size_t)(r->at++ - from));
    if (!text)
        r->error = "out of memory";
    return text;
}

static bool read_remark(struct text *t, bool refusal)
{
    struct reader *r = &t->reader;
    struct remark *remark = arena_allocate(r->arena, sizeof *remark), **tail = &t->family->remarks;
    if (!remark || !(remark->text = read_text(r)) ||
        !condition_read(r, &remark->condition, &remark->unless))
        return fail(t, r->error ? r->error : "out of memory");
    remark->refusal = refusal;
    while (*tail)
        tail = &(*tail)->next;
    *tail = remark;
    return true;
}

/* default KEY VALUE, KEY VALUE …; sizes the same, which belong to the class alone: kin that are
 * `like` it do not inherit them. */
static bool read_defaults(struct text *t, bool sizes)
{
    struct reader *r = &t->reader;
    if (sizes && t->likes)
        return true;
    do {
        reader_skip_blanks(r);
        size_t n = 0;
        while (r->at + n < r->end && (isalnum((unsigned char)r->at[n]) || strchr("_.", r->at[n])))
            n++;
        struct symbol *s = n ? symbol_find(r->arena, r->symbols, r->at, n) : NULL;
        if (!s)
            return fail(t, "a default is KEY VALUE");
        r->at += n;
        s->otherwise = constant_read(r);
        s->is_size = sizes;
        if (r->error)
            return fail(t, r->error);
    } while (reader_take(r, ","));
    reader_skip_blanks(r);
    return r->at == r->end || fail(t, "defaults are separated by commas");
}

const struct part *family_part(const struct family *family, const char *name)
{
    for (const struct part *p = family->parts; p; p = p->next)
        if (!strcmp(p->name, name))
            return p;
    return NULL;
}

static struct part *part_named(struct text *t, const char *name, size_t n)
{
    for (struct part *p = t->family->parts; p; p = p->next)
        if (strlen(p->name) == n && !strncmp(p->name, name, n))
            return p;
    struct part *p = arena_allocate(&t->family->arena, sizeof *p);
    if (!p || !(p->name = arena_text(&t->family->arena, name, n)))
        return NULL;
    p->next = t->family->parts;
    t->family->parts = p;
    return p;
}

static bool read_in(struct text *t, struct part *part)
{
    struct reader *r = &t->reader;
    reader_skip_blanks(r);
    const char *from = r->at;
    part->in = expression_read(r);
    if (!part->in)
        return fail(t, r->error);
    part->in_name = arena_text(r->arena, from, (size_t)(r->at - from));
    return part->in_name || fail(t, "out of memory");
}

static bool read_parameters(struct text *t, struct part *part)
{
    struct reader *r = &t->reader;
    part->count = 0;
    part->in = NULL;
    for (;;) {
        reader_skip_blanks(r);
        size_t n = reader_word(r);
        if (!n)
            return r->at == r->end || fail(t, "a part's parameters are names");
        if (reader_take(r, "in"))
            return read_in(t, part);
        if (part->count == PARAMETERS_MAX)
            return fail(t, "a part has too many parameters");
        struct symbol *s = symbol_find(r->arena, r->symbols, r->at, n);
        if (!s)
            return fail(t, "out of memory");
        s->variable = true;
        part->parameters[part->count++] = s;
        r->at += n;
    }
}

static bool read_part(struct text *t)
{
    struct reader *r = &t->reader;
    reader_skip_blanks(r);
    size_t n = reader_word(r);
    struct part *part = n ? part_named(t, r->at, n) : NULL;
    if (!part)
        return fail(t, "a part has a name");
    r->at += n;
    if (reader_take(r, "+")) {
        if (!part->lines)
            return fail(t, "'part NAME +' adds to a part that there is");
    } else {
        part->lines = NULL;
        if (!read_parameters(t, part))
            return false;
    }
    t->in_part = true;
    t->depth = 0;
    t->lists[0] = &part->lines;
    t->indents[0] = -1;
    t->last = NULL;
    return true;
}

/* An inherited line of the same path makes way. */
static void drop_inherited(struct line **list, const char *spelled)
{
    while (*list)
        if ((*list)->inherited && !strcmp((*list)->spelled, spelled))
            *list = (*list)->next;
        else
            list = &(*list)->next;
}

/* Opens the list that a line so far indented belongs to. */
static bool choose_list(struct text *t, int indent)
{
    if (t->indents[t->depth] < 0) {
        t->indents[t->depth] = indent;
    } else if (indent > t->indents[t->depth]) {
        if (!t->last || t->last->kind != LINE_GROUP)
            return fail(t, "a line is indented below one that is no group");
        if (t->depth + 1 == INDENTS_MAX)
            return fail(t, "lines are indented too deep");
        t->depth++;
        t->indents[t->depth] = indent;
        t->lists[t->depth] = &t->last->children;
    }
    while (t->depth && indent < t->indents[t->depth])
        t->depth--;
    return indent == t->indents[t->depth] || fail(t, "a line's indentation fits no line above");
}

/* drop PATH …: inherited root lines of those paths. */
static bool read_drop(struct text *t)
{
    struct reader *r = &t->reader;
    char path[256];
    for (reader_skip_blanks(r); r->at < r->end; reader_skip_blanks(r)) {
        const char *from = r->at;
        for (int braces = 0; r->at < r->end && (braces || *r->at != ' '); r->at++)
            braces += (*r->at == '{') - (*r->at == '}');
        snprintf(path, sizeof path, "%.*s", (int)(r->at - from), from);
        drop_inherited(&t->family->lines, path);
    }
    return true;
}

static bool read_listed(struct text *t, int indent)
{
    t->reader.at += indent;
    if (t->reader.at < t->reader.end && *t->reader.at == '\t')
        return fail(t, "lines are indented by spaces");
    if (!choose_list(t, indent))
        return false;
    struct line *line = line_read(t->family, &t->reader), **tail = t->lists[t->depth];
    if (!line)
        return fail(t, t->reader.error);
    line->number = t->number;
    if (line->words.classes && strstr(line->words.classes, "Classification"))
        t->family->bare = true;
    if (line->kind != LINE_KEEP) /* a layer may keep several things */
        drop_inherited(tail, line->spelled);
    while (*tail)
        tail = &(*tail)->next;
    *tail = line;
    t->last = line;
    return true;
}

/* NAME = EXPR; false where the line is none. */
static bool is_definition(const struct reader *r)
{
    size_t n = reader_word(r);
    const char *c = r->at + n;
    while (c < r->end && *c == ' ')
        c++;
    return n && c + 1 < r->end && *c == '=' && c[1] != '=';
}

static bool read_definition(struct text *t)
{
    struct reader *r = &t->reader;
    size_t n = reader_word(r);
    struct symbol *s = symbol_find(r->arena, r->symbols, r->at, n);
    if (!s)
        return fail(t, "out of memory");
    r->at += n;
    reader_take(r, "=");
    s->definition = expression_read(r);
    reader_skip_blanks(r);
    if (!r->error && r->at < r->end)
        r->error = "something follows the definition";
    return !r->error || fail(t, r->error);
}

static bool read_family_text(struct text *t);

static void mark_inherited(struct line *line)
{
    for (; line; line = line->next) {
        line->inherited = true;
        mark_inherited(line->children);
    }
}

static bool read_like(struct text *t)
{
    char name[64], why[NOTATION_ERROR] = "";
    reader_skip_blanks(&t->reader);
    snprintf(name, sizeof name, "%.*s", (int)(t->reader.end - t->reader.at), t->reader.at);
    const struct hu_family_text *other = hu_family_text_find(name, HU_FAMILY_BY_NAME);
    if (!other || t->likes == LIKE_MAX)
        return fail(t, other ? "'like' goes round in a circle"
                             : "'like' names a family that is not known");
    struct text inner = {.family = t->family,
                         .reader = t->reader,
                         .at = other->text,
                         .end = other->text + other->length,
                         .likes = t->likes + 1,
                         .error = why};
    if (!read_family_text(&inner)) {
        snprintf(t->error, NOTATION_ERROR, "line %u: %.80s: %.120s", t->number, name, why);
        return false;
    }
    mark_inherited(t->family->lines);
    for (struct part *p = t->family->parts; p; p = p->next)
        mark_inherited(p->lines);
    return true;
}

static char *rest_of(struct text *t)
{
    reader_skip_blanks(&t->reader);
    return arena_text(&t->family->arena, t->reader.at, (size_t)(t->reader.end - t->reader.at));
}

static void begin_root(struct text *t)
{
    t->in_part = false;
    t->depth = 0;
    t->lists[0] = &t->family->lines;
    t->indents[0] = 0;
    t->last = NULL;
}

/* An unindented line. */
static bool read_root(struct text *t)
{
    struct reader *r = &t->reader;
    if (is_definition(r))
        return read_definition(t);
    if (reader_take(r, "class") || reader_take(r, "gguf") || reader_take(r, "source"))
        return true; /* the table of families has them */
    if (reader_take(r, "like"))
        return read_like(t);
    if (reader_take(r, "drop"))
        return read_drop(t);
    if (reader_take(r, "base"))
        return (t->family->base = rest_of(t)) || fail(t, "out of memory");
    if (reader_take(r, "default"))
        return read_defaults(t, false);
    if (reader_take(r, "sizes"))
        return read_defaults(t, true);
    if (reader_take(r, "part"))
        return read_part(t);
    if (reader_take(r, "note"))
        return read_remark(t, false);
    if (reader_take(r, "refuse"))
        return read_remark(t, true);
    if (t->in_part || t->depth)
        begin_root(t);
    return read_listed(t, 0);
}

static bool read_family_text(struct text *t)
{
    begin_root(t);
    for (bool first = true; next_line(t); first = false) {
        int indent = indentation(t);
        t->reader.error = NULL;
        t->reader.depth = 0;
        if (t->reader.at + indent == t->reader.end)
            continue;
        struct reader head = {.at = t->reader.at, .end = t->reader.end};
        if (!indent && reader_take(&head, "family")) {
            if (first)
                continue; /* the row has its names */
            break;
        }
        if (indent ? !read_listed(t, indent) : !read_root(t))
            return false;
    }
    return !*t->error;
}

/* Whether the parts that lines name are there and take what they are given. */
static bool check_lines(struct text *t, const struct line *line)
{
    for (; line; line = line->next) {
        const struct part *part =
            line->kind == LINE_PART ? family_part(t->family, line->part) : NULL;
        unsigned given = 0;
        for (struct expressions *a = line->arguments; a; a = a->next)
            given++;
        t->number = line->number;
        if (line->kind == LINE_PART && !part)
            return fail(t, "there is no part of that name");
        if (part && given != part->count)
            return fail(t, "the part takes another number of arguments");
        if (!check_lines(t, line->children))
            return false;
    }
    return true;
}

static bool check(struct text *t)
{
    bool fine = check_lines(t, t->family->lines);
    for (const struct part *p = t->family->parts; fine && p; p = p->next)
        fine = check_lines(t, p->lines);
    return fine;
}

struct family *family_read(const struct hu_family_text *row, char error[NOTATION_ERROR])
{
    struct arena arena = {0};
    struct family *f = arena_allocate(&arena, sizeof *f);
    *error = 0;
    if (!f) {
        snprintf(error, NOTATION_ERROR, "out of memory");
        return NULL;
    }
    f->arena = arena;
    f->base = "model";
    f->kept = json_array();
    struct text t = {.family = f,
                     .reader = {.arena = &f->arena, .symbols = &f->symbols, .kept = f->kept},
                     .at = row->text,
                     .end = row->text + row->length,
                     .error = error};
    f->name = arena_text(&f->arena, row->names, strcspn(row->names, " "));
    if (f->kept && f->name && read_family_text(&t) && check(&t))
        return f;
    family_free(f);
    return NULL;
}

void family_free(struct family *family)
{
    if (!family)
        return;
    struct arena arena = family->arena; /* it holds the family too */
    json_decref(family->kept);
    arena_free(&arena);
}
