#include "pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * No state machine and no going back: each piece of the pattern takes the set of all positions that
 * the text may have been read to, and gives the set after it. So an expression takes time that
 * grows as pattern times text, and a budget bounds what nested repeats can make of that.
 */
struct positions {
    bool at[HU_PATTERN_TEXT + 1];
};

struct matching {
    const char *text, *pattern; /* the pattern's rest */
    size_t length;
    int depth, budget;
    bool broken;
};

enum { DEPTH_MAX = 16, BUDGET = 100000, REPEATS_MAX = 1000 };

static bool any(const struct positions *p)
{
    return memchr(p->at, true, sizeof p->at);
}

static void add(struct positions *to, const struct positions *p)
{
    for (size_t i = 0; i < sizeof p->at; i++)
        to->at[i] |= p->at[i];
}

static bool is_word(int c)
{
    return isalnum(c) || c == '_';
}

/* \d and its like. False: LETTER names no class. */
static bool class_letter(char letter, int c, bool *has)
{
    char kind = (char)tolower((unsigned char)letter);
    if (!kind || !strchr("dws", kind))
        return false;
    *has = kind == 'd' ? isdigit(c) : kind == 'w' ? is_word(c) : isspace(c);
    *has ^= isupper((unsigned char)letter) != 0;
    return true;
}

/* Goes past "[a-z\d_]" and says whether C is in it. */
static bool bracket(struct matching *m, int c)
{
    const char *at = m->pattern + 1;
    bool negated = *at == '^', found = false, has;
    at += negated;
    for (bool first = true; first || *at != ']'; first = false) {
        if (*at == '\\' && class_letter(at[1], c, &has)) {
            found |= has;
            at += 2;
            continue;
        }
        at += *at == '\\';
        int low = (unsigned char)*at, high = low;
        if (low && at[1] == '-' && at[2] && at[2] != ']') {
            high = (unsigned char)at[2];
            at += 2;
        }
        found |= low <= c && c <= high;
        if (!*at) {
            m->broken = true;
            return false;
        }
        at++;
    }
    m->pattern = at + 1;
    return found != negated;
}

/* Goes past what stands for one character and says whether C is such a one. */
static bool one(struct matching *m, int c)
{
    char first = *m->pattern;
    bool has;
    if (first == '[')
        return bracket(m, c);
    m->pattern++;
    if (first != '\\')
        return first == '.' || first == (char)c;
    char letter = *m->pattern;
    if (!letter) {
        m->broken = true;
        return false;
    }
    m->pattern++;
    if (class_letter(letter, c, &has))
        return has;
    m->broken |= isalnum((unsigned char)letter);
    return letter == (char)c;
}

static struct positions alternatives(struct matching *m, const struct positions *from);

/* Of "(?=" and "(?!": the positions at which what follows does, or does not, match. */
static struct positions look_ahead(struct matching *m, bool wanted, const struct positions *from)
{
    const char *begin = m->pattern;
    static const struct positions none;
    struct positions to = {0};
    alternatives(m, &none);
    for (size_t i = 0; i <= m->length && !m->broken; i++) {
        struct positions here = {0}, ends;
        if (!from->at[i])
            continue;
        here.at[i] = true;
        m->pattern = begin;
        ends = alternatives(m, &here);
        to.at[i] = any(&ends) == wanted;
    }
    return to;
}

static struct positions group(struct matching *m, const struct positions *from)
{
    bool ahead = !strncmp(m->pattern, "(?=", 3), not_ahead = !strncmp(m->pattern, "(?!", 3);
    const char *name = strncmp(m->pattern, "(?P<", 4) ? NULL : strchr(m->pattern, '>');
    struct positions to = {0};
    m->broken |= m->depth++ == DEPTH_MAX;
    if (ahead || not_ahead || !strncmp(m->pattern, "(?:", 3))
        m->pattern += 3;
    else
        m->pattern = (name ? name : m->pattern) + 1;
    m->broken |= *m->pattern == '?';
    if (!m->broken)
        to = ahead || not_ahead ? look_ahead(m, ahead, from) : alternatives(m, from);
    m->broken |= *m->pattern != ')';
    m->pattern += *m->pattern == ')';
    m->depth--;
    return to;
}

static struct positions atom(struct matching *m, const struct positions *from)
{
    const char *begin = m->pattern;
    struct positions to = {0};
    m->broken |= !m->budget-- || strchr("*+?{", *begin);
    if (m->broken)
        return to;
    if (*begin == '(')
        return group(m, from);
    if (*begin == '^' || *begin == '$') {
        size_t at = *begin == '^' ? 0 : m->length;
        to.at[at] = from->at[at];
        m->pattern++;
        return to;
    }
    one(m, 0);
    for (size_t i = 0; i < m->length && !m->broken; i++)
        if (from->at[i]) {
            m->pattern = begin;
            to.at[i + 1] = one(m, (unsigned char)m->text[i]);
        }
    return to;
}

/* "*", "{2,5}" and their like; none: once. MOST below 0: as often as it goes. */
static void repeats(struct matching *m, long *least, long *most)
{
    char first = *m->pattern, *end;
    *least = *most = 1;
    if (first == '*' || first == '+' || first == '?') {
        *least = first == '+';
        *most = first == '?' ? 1 : -1;
        m->pattern++;
    } else if (first == '{') {
        *least = *most = strtol(m->pattern + 1, &end, 10);
        if (*end == ',') {
            m->pattern = end + 1;
            *most = strtol(m->pattern, &end, 10);
            *most = end == m->pattern ? -1 : *most;
        }
        m->broken |= *end != '}' || *least < 0 || *least > REPEATS_MAX || *most > REPEATS_MAX;
        m->pattern = end + (*end != 0);
    } else {
        return;
    }
    m->pattern += *m->pattern == '?'; /* how much is taken first changes nothing here */
}

/* Positions after LEAST to MOST times the atom at BEGIN, from P; the first time gave NEXT. */
static struct positions repeat(struct matching *m, const char *begin, long least, long most,
                               struct positions p, struct positions next)
{
    struct positions result = {0}, before;
    if (!least)
        result = p;
    for (long n = 1; !m->broken; n++) {
        before = result;
        if (n >= least)
            add(&result, &next);
        bool still = n > least && !memcmp(&before, &result, sizeof result);
        if (still || n == most || !any(&next))
            break;
        p = next;
        m->pattern = begin;
        next = atom(m, &p);
    }
    return result;
}

static struct positions sequence(struct matching *m, struct positions p)
{
    while (*m->pattern && *m->pattern != '|' && *m->pattern != ')' && !m->broken) {
        const char *begin = m->pattern;
        struct positions next = atom(m, &p);
        long least, most;
        repeats(m, &least, &most);
        const char *end = m->pattern;
        if (most)
            p = repeat(m, begin, least, most, p, next);
        m->pattern = end;
    }
    return p;
}

static struct positions alternatives(struct matching *m, const struct positions *from)
{
    struct positions to = {0}, one_of;
    for (;; m->pattern++) {
        one_of = sequence(m, *from);
        add(&to, &one_of);
        if (m->broken || *m->pattern != '|')
            return to;
    }
}

enum hu_match hu_pattern_match(const char *pattern, const char *text)
{
    struct matching m = {
        .text = text, .pattern = pattern, .length = strlen(text), .budget = BUDGET};
    struct positions from = {.at = {true}}, to;
    if (m.length > HU_PATTERN_TEXT)
        return HU_MATCH_NO;
    to = alternatives(&m, &from);
    if (m.broken || *m.pattern)
        return HU_MATCH_BROKEN;
    return any(&to) ? HU_MATCH_YES : HU_MATCH_NO;
}

bool hu_pattern_of_glob(char *out, size_t size, const char *glob)
{
    size_t n = 0;
    bool in_class = false;
    for (; *glob && n + 16 < size; glob++) {
        bool opens = *glob == '[' && !in_class && strchr(glob, ']');
        if (*glob == '*' && !in_class)
            out[n++] = '.';
        else if (ispunct((unsigned char)*glob) && !in_class && !opens && *glob != '?')
            out[n++] = '\\';
        out[n++] = *glob == '?' && !in_class ? '.' : *glob;
        in_class = opens || (in_class && *glob != ']');
        if (opens && glob[1] == '!') {
            out[n++] = '^';
            glob++;
        }
    }
    if (*glob)
        return false;
    strcpy(out + n, "(\\..*)?$");
    return true;
}
