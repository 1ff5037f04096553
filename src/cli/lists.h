/* Lists of rounding directions, and counts. Formats are read by arguments.h. */
#ifndef HALFULP_CLI_LISTS_H
#define HALFULP_CLI_LISTS_H

#include "halfulp.h"

enum { DIRECTIONS = HU_STOCHASTIC }; /* the six that are functions of the value alone */

struct direction_list {
    enum hu_direction direction[DIRECTIONS];
    size_t count;
};

/* Names separated by commas, or "all". False: COMMAND has reported a name that is unknown. */
bool direction_list_read(struct direction_list *list, const char *text, const char *command);

/* An unsigned decimal number, digits grouped by '_' or ',', from LEAST to MOST. False: COMMAND has
 * reported what is wrong with option --NAME. */
bool count_read(uint64_t *count, const char *text, uint64_t least, uint64_t most, const char *name,
                const char *command);

#endif
