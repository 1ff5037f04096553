/*
 * The expressions of families' texts: parsed once, evaluated over a config. Names are symbols of
 * one family, each of which may be a variable, a definition or a key of the config.
 */
#pragma once

#include "arena.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum value_kind {
    VALUE_MISSING, /* a key that the config does not have: `key` */
    VALUE_NULL,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_JSON, /* a list or an object */
};

struct value {
    enum value_kind kind;
    union {
        int64_t integer;
        double real;
        const char *text;
        json_t *json; /* of VALUE_NULL: what the class has instead, or NULL */
    };
    const char *key; /* the config's key whose value this is; NULL: computed */
};

struct node;

/* A name in a family's text. */
struct symbol {
    const char *name;
    bool variable;           /* some loop's or part's */
    struct node *definition; /* NULL: none */
    json_t *otherwise;       /* the class's default for the key of this (dotted) name; NULL: none */
    bool is_size;            /* that default is one of the class's sizes */
    bool taken;              /* and was used */
    /* While a config is evaluated: */
    bool busy;                 /* the definition is being evaluated: its own name means the key */
    const struct scope *known; /* where `value` was found to depend on no variable; NULL: nowhere */
    struct value value;
    struct symbol *next; /* in the table */
};

enum { SYMBOL_SLOTS = 256 };

/* What a family's expressions are made of. */
struct lexicon {
    struct arena arena;
    struct symbol *slots[SYMBOL_SLOTS]; /* by their names' hashes */
    json_t *kept;                       /* a list that owns the constants */
    void *spare; /* READER_SPARE bytes, which stand in where there is no memory */
};

/* The object whose keys are read, and what is read where it lacks one. */
struct scope {
    json_t *object;     /* NULL: an absent object, of which only defaults are known */
    json_t *overrides;  /* keys that whoever includes the family sets; NULL: none */
    const char *prefix; /* of its keys' names in defaults: "" or "vision_config." */
    const struct scope *outer;
};

/* A variable while it has a value. */
struct binding {
    const struct symbol *symbol;
    struct value value;
    bool touched; /* read since it was bound */
    struct binding *outer;
};

enum { EVALUATION_ERROR = 512 };

struct evaluation {
    struct lexicon *lexicon; /* which has the texts that were made, too */
    const struct scope *scope;
    const struct scope *root; /* the family's config */
    struct binding *bindings;
    const char *class; /* of "architectures" */
    int64_t labels;
    bool touched;         /* a variable was read */
    unsigned depth;       /* of nodes under evaluation */
    unsigned steps;       /* nodes evaluated so far */
    char letters[256][2]; /* every string of one character */
    bool *failed;
    char *error; /* EVALUATION_ERROR bytes */
};

/* What an expression is read from: a piece of one line. After an error it is at its end, and what
 * is made of it is not to be used. */
struct reader {
    const char *at, *end;
    struct lexicon *lexicon;
    unsigned depth;
    const char *error; /* static text; NULL: none */
};

enum { READER_SPARE = 512 };

/* The symbol NAME of N bytes, new or known. NULL: out of memory. */
struct symbol *symbol_find(struct lexicon *lexicon, const char *name, size_t n);

/* Notes WHY, static text, if it is the first, and reads no more; false. */
static inline bool reader_refuse(struct reader *r, const char *why)
{
    if (!r->error)
        r->error = why;
    r->at = r->end;
    return false;
}
/* Zeroed memory of at most READER_SPARE bytes, a copy of N bytes of TEXT, the symbol of that name:
 * never NULL. */
void *reader_allocate(struct reader *r, size_t bytes);
const char *reader_text(struct reader *r, const char *text, size_t n);
struct symbol *reader_symbol(struct reader *r, const char *name, size_t n);

/* Reads one expression, as far as it goes. */
struct node *expression_read(struct reader *r);
/* A constant, as JSON, which r->lexicon owns: a number, "text", true, false, null or a list of
 * them. NULL: r->error. */
json_t *constant_read(struct reader *r);
void reader_skip_blanks(struct reader *r);
/* Whether nothing but blanks is left, which it moves past. */
bool reader_ends(struct reader *r);
/* The word of letters, digits and '_' at the reader, its length; 0: none. */
size_t reader_word(const struct reader *r);
/* Moves past WORD if it stands here. */
bool reader_take(struct reader *r, const char *word);

/* The value of NODE. On an error *e->failed is true and the value VALUE_MISSING without a key. */
struct value evaluate(struct evaluation *e, struct node *node);
/* Whether V stands for true: not 0, empty or null. */
bool value_true(struct value v);
/* V with null replaced by its class's default: missing where there is none. */
struct value value_settled(struct value v);
/* The value of JSON, which KEY names. */
struct value value_of_json(json_t *json, const char *key);

void evaluation_fail(struct evaluation *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
