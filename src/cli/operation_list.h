/* Lists of operations, and rules about NaNs, by name. */
#ifndef HALFULP_CLI_OPERATION_LIST_H
#define HALFULP_CLI_OPERATION_LIST_H

#include "arithmetic.h"

struct operation_list {
    enum hu_operation at[HU_OPERATIONS];
    size_t count;
};

/* Names separated by commas, or "all". False: COMMAND has reported a name that is unknown. */
bool operation_list_read(struct operation_list *list, const char *text, const char *command);

bool nan_rule_read(enum hu_nan_rule *rule, const char *text, const char *command);

#endif
