/* The machine of a pickle, for its opcodes: its values, its stack with marks, its memo. What of it
 * returns false or NULL has refused. */
#pragma once

#include "pickle.h"

enum { HU_PICKLE_BLOCK = 1024 };

/* Values are never let go of one by one. */
struct pickle_block {
    struct pickle_block *next;
    size_t used;
    struct hu_pickle_value values[HU_PICKLE_BLOCK];
};

/* Rows of pointers that grow. */
struct pickle_row {
    struct hu_pickle_value **at;
    size_t count, capacity;
};

struct hu_pickle {
    const unsigned char *bytes;
    size_t at, end, opcode; /* opcode: where the one that is run stands */
    bool more;
    const struct hu_pickle_maker *maker;
    struct hu_file_error *error;
    struct pickle_block *blocks; /* of values */
    size_t values;
    struct pickle_row stack, memo;
    size_t *marks;
    size_t mark_count;
};

bool pickle_push(struct hu_pickle *p, struct hu_pickle_value *v);
/* The top; NULL: there is none above the last mark. */
struct hu_pickle_value *pickle_top(struct hu_pickle *p);
struct hu_pickle_value *pickle_pop(struct hu_pickle *p);

bool pickle_mark(struct hu_pickle *p);
bool pickle_pop_to_mark(struct hu_pickle *p);

/* A container of the COUNT values, of those above the last mark, of the COUNT at the top. */
bool pickle_push_items(struct hu_pickle *p, enum hu_pickle_type type,
                       struct hu_pickle_value **values, size_t count);
bool pickle_push_from_mark(struct hu_pickle *p, enum hu_pickle_type type);
bool pickle_push_tuple(struct hu_pickle *p, size_t count);
/* Values from the last mark on (COUNT 0), or COUNT of them, into the container below them. */
bool pickle_extend(struct hu_pickle *p, enum hu_pickle_type type, size_t count);

bool pickle_put_memo(struct hu_pickle *p, uint64_t index);
bool pickle_get_memo(struct hu_pickle *p, uint64_t index);
