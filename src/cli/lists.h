/* Lists of names by commas: rounding directions, operations, and rules about NaNs. Formats are read
 * by arguments.h, numbers by numbers.h. */
#pragma once

#include "arithmetic.h"
#include "numbers.h"

/* Gives TAKE each name of TEXT, which are separated by commas, until it says false: that a name was
 * refused, and reported. Returns what it said last. */
typedef bool name_taker(const char *name, void *context);
bool names_read(const char *text, name_taker *take, void *context);

enum { DIRECTIONS = HU_STOCHASTIC }; /* the six that are functions of the value alone */

struct direction_list {
    enum hu_direction direction[DIRECTIONS];
    size_t count;
};

struct operation_list {
    enum hu_operation at[HU_OPERATIONS];
    size_t count;
};

/* Names separated by commas, or "all". False: reported. */
bool direction_list_read(struct direction_list *list, const char *text);
bool operation_list_read(struct operation_list *list, const char *text);

bool nan_rule_read(enum hu_nan_rule *rule, const char *text);
