/* Options that take a list: names joined by ',', or "all". */
#ifndef HALFULP_CLI_LISTS_H
#define HALFULP_CLI_LISTS_H

#include "format.h"

struct format_list {
    const struct hu_format **format;
    size_t count;
};

/* "all": every named format. False: a name is unknown, which COMMAND has reported, or is there
 * twice. The list is freed by free(list->format). */
bool format_list_read(struct format_list *list, const char *text, const char *command);

enum { DIRECTIONS = HU_STOCHASTIC }; /* the six that are functions of the value alone */

struct direction_list {
    enum hu_direction direction[DIRECTIONS];
    size_t count;
};

/* "all": the six. False: as above. */
bool direction_list_read(struct direction_list *list, const char *text, const char *command);

/* An unsigned decimal number, digits grouped by '_' or ',', from LEAST to MOST. False: COMMAND has
 * reported what is wrong with option --NAME. */
bool count_read(uint64_t *count, const char *text, uint64_t least, uint64_t most, const char *name,
                const char *command);

#endif
