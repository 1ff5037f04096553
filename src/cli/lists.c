#include "lists.h"
#include "report.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool add_direction(struct direction_list *list, const char *name, const char *command)
{
    enum hu_direction direction;
    if (!hu_direction_read(name, &direction) || direction == HU_STOCHASTIC) {
        fail(command, "'%s' is not a rounding direction here: rne, rna, rtz, rup, rdn, rto", name);
        return false;
    }
    for (size_t i = 0; i < list->count; i++)
        if (list->direction[i] == direction)
            return true;
    list->direction[list->count++] = direction;
    return true;
}

bool direction_list_read(struct direction_list *list, const char *text, const char *command)
{
    *list = (struct direction_list){0};
    if (!strcasecmp(text, "all")) {
        for (; list->count < DIRECTIONS; list->count++)
            list->direction[list->count] = (enum hu_direction)list->count;
        return true;
    }
    char *copy = check_memory(strdup(text)), *rest = copy;
    bool good = true;
    while (good && rest)
        good = add_direction(list, strsep(&rest, ","), command);
    free(copy);
    return good;
}

bool count_read(uint64_t *count, const char *text, uint64_t least, uint64_t most, const char *name,
                const char *command)
{
    uint64_t value = 0;
    bool good = *text >= '0' && *text <= '9';
    for (const char *at = text; good && *at; at++) {
        if (*at == '_' || *at == ',')
            continue;
        unsigned digit = (unsigned)(*at - '0');
        good = *at >= '0' && *at <= '9' && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (good && value >= least && value <= most) {
        *count = value;
        return true;
    }
    fail(command, "--%s: '%s' is not a whole number from %" PRIu64 " to %" PRIu64, name, text,
         least, most);
    return false;
}
