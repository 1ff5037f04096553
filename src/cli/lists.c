#include "lists.h"
#include "report.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool add_direction(struct direction_list *list, const char *name, const char *command)
{
    enum hu_direction direction;
    if (!hu_direction_read(name, &direction) || direction == HU_STOCHASTIC)
        return refuse(command,
                      "'%s' is not a rounding direction here: rne, rna, rtz, rup, rdn, rto", name);
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
