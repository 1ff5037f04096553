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
    t->reader = (struct reader){.at = t->at, .end = c, .lexicon = &t->family->lexicon};
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
static const char *read_text(struct reader *r)
{
    if (!reader_take(r, "\""))
        reader_refuse(r, "a text in quotes is missing");
    const char *from = r->at;
    for (int braces = 0; r->at < r->end && (braces || *r->at != '"'); r->at++)
        braces += (*r->at == '{') - (*r->at == '}');
    const char *text = reader_text(r, from, (size_t)(r->at - from));
    if (!reader_take(r, "\""))
        reader_refuse(r, "a text has no closing quote");
    return text;
}

static void read_remark(struct text *t, bool refusal)
{
    struct reader *r = &t->reader;
    struct remark *remark = reader_allocate(r, sizeof *remark), **tail = &t->family->remarks;
    remark->text = read_text(r);
    condition_read(r, &remark->condition, &remark->unless);
    remark->refusal = refusal;
    while (*tail)
        tail = &(*tail)->next;
    *tail = remark;
}

/* default KEY VALUE, KEY VALUE …; sizes the same, which belong to the class alone: kin that are
 * `like` it do not inherit them. */
static void read_defaults(struct text *t, bool sizes)
{
    struct reader *r = &t->reader;
    if (sizes && t->likes)
        return;
    do {
        reader_skip_blanks(r);
        size_t n = 0;
        while (r->at + n < r->end && (isalnum((unsigned char)r->at[n]) || strchr("_.", r->at[n])))
            n++;
        struct symbol *s = reader_symbol(r, r->at, n);
        r->at += n;
        if (!n)
            reader_refuse(r, "a default is KEY VALUE");
        s->otherwise = constant_read(r);
        s->is_size = sizes;
    } while (reader_take(r, ","));
    if (!reader_ends(r))
        reader_refuse(r, "defaults are separated by commas");
}

const struct part *family_part(const struct family *family, const char *name)
{
    for (const struct part *p = family->parts; p; p = p->next)
        if (!strcmp(p->name, name))
            return p;
    return NULL;
}

static struct part *part_named(struct text *t, const char *name)
{
    struct part *p = t->family->parts;
    while (p && strcmp(p->name, name))
        p = p->next;
    if (p)
        return p;
    p = reader_allocate(&t->reader, sizeof *p);
    *p = (struct part){.name = name, .next = t->family->parts};
    return t->family->parts = p;
}

/* A list of lines at FIRST, indented by INDENT; below 0: by as much as its first. */
static void begin_list(struct text *t, struct line **first, int indent)
{
    t->in_part = indent < 0;
    t->depth = 0;
    t->lists[0] = first;
    t->indents[0] = indent;
    t->last = NULL;
}

/* [PARAM …] [in KEY] */
static void read_parameters(struct reader *r, struct part *part)
{
    for (part->count = 0, part->in = NULL; !reader_ends(r);) {
        if (reader_take(r, "in")) {
            reader_skip_blanks(r);
            const char *from = r->at;
            part->in = expression_read(r);
            part->in_name = reader_text(r, from, (size_t)(r->at - from));
            return;
        }
        size_t n = reader_word(r);
        if (!n)
            reader_refuse(r, "a part's parameters are names");
        if (part->count == PARAMETERS_MAX)
            reader_refuse(r, "a part has too many parameters");
        if (r->error)
            return;
        struct symbol *s = part->parameters[part->count++] = reader_symbol(r, r->at, n);
        s->variable = true;
        r->at += n;
    }
}

static void read_part(struct text *t)
{
    struct reader *r = &t->reader;
    reader_skip_blanks(r);
    size_t n = reader_word(r);
    struct part *part = part_named(t, reader_text(r, r->at, n));
    r->at += n;
    if (!n) {
        reader_refuse(r, "a part has a name");
    } else if (!reader_take(r, "+")) {
        part->lines = NULL;
        read_parameters(r, part);
    } else if (!part->lines) {
        reader_refuse(r, "'part NAME +' adds to a part that there is");
    }
    begin_list(t, &part->lines, -1);
}

/* An inherited line of the same path makes way. */
static bool drop_inherited(struct line **list, const char *spelled)
{
    bool dropped = false;
    while (*list)
        if ((*list)->inherited && !strcmp((*list)->spelled, spelled)) {
            *list = (*list)->next;
            dropped = true;
        } else {
            list = &(*list)->next;
        }
    return dropped;
}

/* Opens the list that a line so far indented belongs to. */
static void choose_list(struct text *t, int indent)
{
    struct reader *r = &t->reader;
    if (t->indents[t->depth] < 0) {
        t->indents[t->depth] = indent;
    } else if (indent > t->indents[t->depth]) {
        if (!t->last || t->last->kind != LINE_GROUP)
            reader_refuse(r, "a line is indented below one that is no group");
        else if (t->depth + 1 == INDENTS_MAX)
            reader_refuse(r, "lines are indented too deep");
        if (r->error)
            return;
        t->depth++;
        t->indents[t->depth] = indent;
        t->lists[t->depth] = &t->last->children;
    }
    while (t->depth && indent < t->indents[t->depth])
        t->depth--;
    if (indent != t->indents[t->depth])
        reader_refuse(r, "a line's indentation fits no line above");
}

/* drop PATH …: inherited root lines of those paths. */
static void read_drop(struct text *t)
{
    struct reader *r = &t->reader;
    while (!reader_ends(r)) {
        const char *from = r->at;
        for (int braces = 0; r->at < r->end && (braces || *r->at != ' '); r->at++)
            braces += (*r->at == '{') - (*r->at == '}');
        if (!drop_inherited(&t->family->lines, reader_text(r, from, (size_t)(r->at - from))))
            reader_refuse(r, "no line is inherited that has the path to drop, without its '!'");
    }
}

static void read_listed(struct text *t, int indent)
{
    struct reader *r = &t->reader;
    r->at += indent;
    if (r->at < r->end && *r->at == '\t')
        reader_refuse(r, "lines are indented by spaces");
    else
        choose_list(t, indent);
    struct line *line = line_read(r), **tail = t->lists[t->depth];
    if (r->error)
        return;
    line->number = t->number;
    if (line->words.classes && strstr(line->words.classes, "Classification"))
        t->family->bare = true;
    if (line->kind != LINE_KEEP) /* a layer may keep several things */
        drop_inherited(tail, line->spelled);
    while (*tail)
        tail = &(*tail)->next;
    *tail = t->last = line;
}

/* NAME = EXPR; false where the line is none. */
static bool read_definition(struct reader *r)
{
    struct reader ahead = *r;
    size_t n = reader_word(r);
    ahead.at += n;
    if (!n || !reader_take(&ahead, "=") || ahead.at == ahead.end || *ahead.at == '=')
        return false;
    struct symbol *s = reader_symbol(r, r->at, n);
    r->at = ahead.at;
    s->definition = expression_read(r);
    if (!reader_ends(r))
        reader_refuse(r, "something follows the definition");
    return true;
}

static bool read_family_text(struct text *t);

static void mark_inherited(struct line *line)
{
    for (; line; line = line->next) {
        line->inherited = true;
        mark_inherited(line->children);
    }
}

static void read_like(struct text *t)
{
    struct reader *r = &t->reader;
    char name[64], why[NOTATION_ERROR] = "";
    reader_skip_blanks(r);
    snprintf(name, sizeof name, "%.*s", (int)(r->end - r->at), r->at);
    const struct hu_family_text *other = hu_family_text_find(name, HU_FAMILY_BY_NAME);
    if (!other || t->likes == LIKE_MAX) {
        reader_refuse(r, other ? "'like' goes round in a circle"
                               : "'like' names a family that is not known");
        return;
    }
    struct text inner = {.family = t->family,
                         .at = other->text,
                         .end = other->text + other->length,
                         .likes = t->likes + 1,
                         .error = why};
    if (!read_family_text(&inner)) {
        snprintf(t->error, NOTATION_ERROR, "line %u: %.80s: %.120s", t->number, name, why);
        reader_refuse(r, t->error);
        return;
    }
    mark_inherited(t->family->lines);
    for (struct part *p = t->family->parts; p; p = p->next)
        mark_inherited(p->lines);
}

/* An unindented line. */
static void read_root(struct text *t)
{
    struct reader *r = &t->reader;
    if (read_definition(r) || reader_take(r, "class") || reader_take(r, "gguf") ||
        reader_take(r, "source"))
        return; /* the table of families has these three */
    if (reader_take(r, "like")) {
        read_like(t);
    } else if (reader_take(r, "drop")) {
        read_drop(t);
    } else if (reader_take(r, "base")) {
        reader_skip_blanks(r);
        t->family->base = reader_text(r, r->at, (size_t)(r->end - r->at));
    } else if (reader_take(r, "default")) {
        read_defaults(t, false);
    } else if (reader_take(r, "sizes")) {
        read_defaults(t, true);
    } else if (reader_take(r, "part")) {
        read_part(t);
    } else if (reader_take(r, "note")) {
        read_remark(t, false);
    } else if (reader_take(r, "refuse")) {
        read_remark(t, true);
    } else {
        if (t->in_part || t->depth)
            begin_list(t, &t->family->lines, 0);
        read_listed(t, 0);
    }
}

static bool read_family_text(struct text *t)
{
    begin_list(t, &t->family->lines, 0);
    for (bool first = true; next_line(t); first = false) {
        int indent = indentation(t);
        if (t->reader.at + indent == t->reader.end)
            continue;
        struct reader head = t->reader;
        if (!indent && reader_take(&head, "family")) {
            if (first)
                continue; /* the row has its names */
            break;
        }
        if (indent)
            read_listed(t, indent);
        else
            read_root(t);
        if (t->reader.error)
            return fail(t, t->reader.error);
    }
    return true;
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
    snprintf(error, NOTATION_ERROR, "out of memory");
    if (!f)
        return NULL;
    f->lexicon.spare = arena_allocate(&arena, READER_SPARE);
    f->lexicon.kept = json_array();
    f->lexicon.arena = arena;
    f->base = "model";
    f->name = arena_text(&f->lexicon.arena, row->names, strcspn(row->names, " "));
    struct text t = {.family = f, .at = row->text, .end = row->text + row->length, .error = error};
    bool fine = f->lexicon.kept && f->lexicon.spare && f->name;
    if (fine) {
        *error = 0;
        fine = read_family_text(&t) && check(&t);
    }
    if (fine)
        return f;
    family_free(f);
    return NULL;
}

void family_free(struct family *family)
{
    if (!family)
        return;
    struct arena arena = family->lexicon.arena; /* it holds the family too */
    json_decref(family->lexicon.kept);
    arena_free(&arena);
}
