/* The machine of a pickle: its values, its stack with marks, its memo. For pickle.c alone. */
#pragma once

#include "pickle.h"

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

/* All of these return false or NULL where they have refused. */
bool pickle_push(struct hu_pickle *p, struct hu_pickle_value *v); /* NULL: refused already */
struct hu_pickle_value *pickle_top(struct hu_pickle *p);
struct hu_pickle_value *pickle_pop(struct hu_pickle *p);
bool pickle_mark(struct hu_pickle *p);
bool pickle_pop_to_mark(struct hu_pickle *p);
/* A container of COUNT values that are on the stack or NULL, of those above the last mark, and a
 * tuple of the COUNT on top. */
bool pickle_push_items(struct hu_pickle *p, enum hu_pickle_type type,
                       struct hu_pickle_value **values, size_t count);
bool pickle_push_from_mark(struct hu_pickle *p, enum hu_pickle_type type);
bool pickle_push_tuple(struct hu_pickle *p, size_t count);
/* Values from the last mark on (count 0), or COUNT of them, into the container below them. */
bool pickle_extend(struct hu_pickle *p, enum hu_pickle_type type, size_t count);
bool pickle_put_memo(struct hu_pickle *p, uint64_t index);
bool pickle_get_memo(struct hu_pickle *p, uint64_t index);
