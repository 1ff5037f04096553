/* Lists of rounding directions. Formats are read by arguments.h, numbers by numbers.h. */
#ifndef HALFULP_CLI_LISTS_H
#define HALFULP_CLI_LISTS_H

#include "halfulp.h"
#include "numbers.h"

enum { DIRECTIONS = HU_STOCHASTIC }; /* the six that are functions of the value alone */

struct direction_list {
    enum hu_direction direction[DIRECTIONS];
    size_t count;
};

/* Names separated by commas, or "all". False: COMMAND has reported a name that is unknown. */
bool direction_list_read(struct direction_list *list, const char *text, const char *command);

#endif
