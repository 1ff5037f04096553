/*
 * A family's text as the program has it: definitions, parts and lines, read once for a config. The
 * notation: families/README.md.
 */
#pragma once

#include "expression.h"
#include "families.h"
#include "tensors.h"

struct piece { /* of a path */
    enum { PIECE_TEXT, PIECE_LOOP, PIECE_VALUE } kind;
    const char *text;
    struct symbol *variable;
    struct node *from, *to, *used; /* from NULL: 0; used NULL: all pass; a value is `to` */
    struct piece *next;
};

/* Expressions in a row: a part's arguments, a state's sizes. */
struct expressions {
    struct node *at;
    const char *key; /* that it is the value of; NULL: none */
    struct expressions *next;
};

struct words {
    enum hu_role role, tower;
    struct node *experts, *experts_used; /* of a tensor that stacks them */
    struct node *bias;
    struct expressions *bias_size; /* one, or NULL: the first size */
    enum hu_split split;
    struct node *heads; /* that the split rows are of */
    bool lora, optional;
    struct node *tied;
    struct hu_dtype dtype;
    const char *classes; /* words by blanks; NULL: no `for` */
};

enum line_kind { LINE_TENSOR, LINE_GROUP, LINE_PART, LINE_FAMILY, LINE_KEEP };

struct line {
    enum line_kind kind;
    unsigned number; /* in its text */
    bool inherited;
    const char *spelled; /* the path as it is written */
    struct piece *path;
    bool exact; /* the name as it stands */
    struct expressions *shape;
    struct words words;
    struct node *condition;
    bool unless;
    const char *part; /* a part's name; of LINE_FAMILY: the family where the config names none */
    struct expressions *arguments; /* of the part; or what `with` sets */
    struct node *config;           /* of LINE_FAMILY; NULL: the config at hand */
    const char *prefix;            /* `as`; NULL: none */
    bool ties;                     /* the whole's config says whether its head is the table */
    enum hu_keep keep;
    struct node *tokens, *keep_heads, *width;
    struct line *children, *next;
};

enum { PARAMETERS_MAX = 12 };

struct part {
    const char *name;
    struct symbol *parameters[PARAMETERS_MAX];
    unsigned count;
    struct node *in;
    const char *in_name; /* dotted */
    struct line *lines;
    struct part *next;
};

struct remark {
    const char *text;
    struct node *condition;
    bool unless, refusal;
    struct remark *next;
};

struct family {
    struct lexicon lexicon; /* in whose arena the family is, too */
    const char *name;       /* the first of its names */
    const char *base;
    struct part *parts;
    struct line *lines;
    struct remark *remarks;
    bool bare; /* a line speaks of classes for classification itself */
};

enum { NOTATION_ERROR = 256 };

/* The family of ROW, whose text may begin with its `family` line. NULL: error says which line and
 * why. family_free releases it. */
struct family *family_read(const struct hu_family_text *row, char error[NOTATION_ERROR]);
void family_free(struct family *family);
const struct part *family_part(const struct family *family, const char *name);

/* For notation.c: one line of a list, from R, which stands at its path. */
struct line *line_read(struct reader *r);
/* `if EXPR`, `unless EXPR` or nothing, then the end of the line. */
void condition_read(struct reader *r, struct node **condition, bool *unless);
