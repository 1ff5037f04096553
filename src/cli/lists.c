#include "lists.h"
#include "names.h"
#include "report.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool names_read(const char *text, name_taker *take, void *context)
{
    char *copy = check_memory(strdup(text)), *rest = copy;
    bool good = true;
    while (good && rest)
        good = take(strsep(&rest, ","), context);
    free(copy);
    return good;
}

static bool add_direction(const char *name, void *context)
{
    struct direction_list *list = context;
    enum hu_direction direction;
    if (!hu_direction_read(name, &direction) || direction == HU_STOCHASTIC)
        return refuse("'%s' is not a rounding direction here: rne, rna, rtz, rup, rdn, rto", name);
    for (size_t i = 0; i < list->count; i++)
        if (list->direction[i] == direction)
            return true;
    list->direction[list->count++] = direction;
    return true;
}

bool direction_list_read(struct direction_list *list, const char *text)
{
    *list = (struct direction_list){0};
    if (strcasecmp(text, "all") != 0)
        return names_read(text, add_direction, list);
    for (; list->count < DIRECTIONS; list->count++)
        list->direction[list->count] = (enum hu_direction)list->count;
    return true;
}

/* A name that there is not: the nearest that there are, or where none is near all of ALL. */
static bool unknown(const char *option, const char *name, const char *nearest, const char *all)
{
    return refuse("--%s: there is no '%.60s'; %s", option, name, *nearest ? nearest : all);
}

static bool add_operation(const char *name, void *context)
{
    struct operation_list *list = context;
    enum hu_operation operation;
    char nearest[HU_SUGGESTION];
    if (!hu_operation_find(name, &operation))
        return unknown(
            "op", name, hu_operation_suggestion(nearest, name),
            "add, sub, mul, div, fma, sqrt, rem and others are in the manual, verify --op");
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == operation)
            return true;
    list->at[list->count++] = operation;
    return true;
}

bool operation_list_read(struct operation_list *list, const char *text)
{
    if (strcasecmp(text, "all") != 0)
        return names_read(text, add_operation, list);
    for (int i = 0; i < HU_OPERATIONS; i++)
        add_operation(hu_operation_row((enum hu_operation)i)->name, list);
    return true;
}

static const char *rule_name(int i)
{
    return hu_nan_row((enum hu_nan_rule)i)->name;
}

bool nan_rule_read(enum hu_nan_rule *rule, const char *text)
{
    char nearest[HU_SUGGESTION];
    return hu_nan_rule_find(text, rule) ||
           unknown("nan-rule", text, hu_suggestion_of(nearest, text, rule_name, HU_NAN_RULES),
                   "they are first, last, signaling, greatest, canonical, x86, x87, arm and ptx");
}
