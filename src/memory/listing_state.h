/* A list while it is made: for the files of listing. */
#pragma once

#include "listing.h"
#include "notation.h"

enum { PATH_SIZE = 512, NESTED_MAX = 6, PARTS_MAX = 24 };

/* How names that a nested family begins with PREFIX begin instead. */
struct rename {
    const char *prefix, *instead;
    size_t base; /* bytes of the path before the nested family's own */
    const struct rename *outer;
};

struct listing {
    struct listing_result *result;
    struct hu_model *model;
    struct hu_tensors *out; /* the model's */
    struct family *family;
    struct evaluation e;
    const struct rename *renames;
    char path[PATH_SIZE];
    size_t length;
    bool failed;
    bool unrolled; /* something here must be listed one by one */
    bool scored;   /* a classifier's head was put in a language model's place */
    unsigned nested, parts;
};

/* Marks the list as failed, once. */
void listing_fail(struct listing *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The settled value of NODE; what is missing is noted. */
struct value listing_value(struct listing *l, struct node *node);
/* A whole number of at least LEAST; 0, and noted, where it is missing. WHAT: its name where it is
 * no key's. */
uint64_t listing_number(struct listing *l, struct node *node, int64_t least, const char *what);
/* Null and nothing are false; a key that is missing is noted. */
bool listing_holds(struct listing *l, struct node *condition);
/* The value of the expression TEXT over the family's config and defaults; missing where it has
 * none. */
struct value listing_fact(struct listing *l, const char *text);
/* Notes what V, which is missing, lacks. */
void listing_note_missing(struct listing *l, struct value v);

/* More of the path at hand, and less. */
void listing_append(struct listing *l, const char *text);
void listing_append_number(struct listing *l, int64_t n);
void listing_cut(struct listing *l, size_t length);

/* What holds below LINE: PLACE, the part of a row that what is above LINE says, and its words. */
struct hu_tensor_row row_below(struct listing *l, const struct line *line,
                               const struct hu_tensor_row *place);
/* The tensor, or what a layer keeps, that LINE says, its path's loops being bound. */
void list_tensor(struct listing *l, const struct line *line, const struct hu_tensor_row *place);
void list_keep(struct listing *l, const struct line *line, const struct hu_tensor_row *place);

/* The notes and refusals of the family at hand, of a nested one the refusals alone; and which sizes
 * were left to its class. */
void list_remarks(struct listing *l);
void list_sizes(struct listing *l);
/* What autograd keeps of the layers of the family at hand. */
void list_autograd(struct listing *l);
