/* What several commands read from their arguments: names, lists of them, numbers. */
#pragma once

#include "room.h"
#include "arithmetic.h"
#include "array/array.h"
#include "block/block.h"
#include "halfulp.h"

/* Gives TAKE each name of TEXT, which are separated by commas, until it says false: that a name was
 * refused, and reported. Returns what it said last. */
typedef bool name_taker(const char *name, void *context);
bool names_read(const char *text, name_taker *take, void *context);

/* What to add where TEXT is no value: where a file of that name, or one that it names ELEMENTS of,
 * is read; or "". */
const char *file_hint(const char *text, bool elements);

/* A whole number from LEAST to MOST. False: what is wrong with option --NAME is reported. */
bool count_read(uint64_t *count, const char *text, uint64_t least, uint64_t most, const char *name);

/* A finite number at the start of TEXT; *rest: what follows it. False: there is none. */
bool real_parse(const char *text, const char **rest, double *value);

/* Reports that option --NAME is no WHAT, as in "number of decibels"; returns false. */
bool number_refuse(const char *text, const char *what, const char *name);

enum { FORMATS_MAX = 64 };

struct format_list {
    const struct hu_format *at[FORMATS_MAX];
    size_t count;
};

/* Names separated by commas, or "all" named formats, added to LIST. False: reported. */
bool formats_read(const char *text, struct format_list *list);

/* Block formats that are decoded go to BLOCKS, others to FORMATS. False: reported. */
struct block_list {
    const struct hu_block *at[FORMATS_MAX];
    size_t count;
};
bool targets_read(const char *text, struct format_list *formats, struct block_list *blocks);

/* One format. NULL: reported. */
const struct hu_format *format_read(const char *name);

/* One that is no integer. NULL: reported. */
const struct hu_format *float_read(const char *name);

/* A raw array's elements: a format that is no integer, and behind a colon the order of its bytes.
 */
const struct hu_format *array_format_read(const char *name, bool *big_endian);

/* A block format that can be decoded. NULL: reported. */
const struct hu_block *block_read(const char *name);

/* A direction; RANDOM takes stochastic too. False: reported. */
bool direction_read(enum hu_direction *direction, const char *text, bool random);

enum { DIRECTIONS = HU_STOCHASTIC }; /* the six that are functions of the value alone */
struct direction_list {
    enum hu_direction direction[DIRECTIONS];
    size_t count;
};
/* Names separated by commas, or "all". False: reported. */
bool direction_list_read(struct direction_list *list, const char *text);

struct operation_list {
    enum hu_operation at[HU_OPERATIONS];
    size_t count;
};

/* NULL: reported, with those that this machine runs. */
const struct hu_kernel *kernel_named(const char *name);
