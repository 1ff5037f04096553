#include "operation_list.h"
#include "names.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A name that there is not: the nearest that there are, or where none is near all of ALL. */
static void unknown(const char *command, const char *option, const char *name, const char *nearest,
                    const char *all)
{
    fail(command, "--%s: there is no '%.60s'; %s", option, name, *nearest ? nearest : all);
}

static const char *rule_name(int i)
{
    return hu_nan_row((enum hu_nan_rule)i)->name;
}

static bool add(struct operation_list *list, enum hu_operation operation)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == operation)
            return true;
    list->at[list->count++] = operation;
    return true;
}

bool operation_list_read(struct operation_list *list, const char *text, const char *command)
{
    if (!strcasecmp(text, "all")) {
        for (int i = 0; i < HU_OPERATIONS; i++)
            add(list, (enum hu_operation)i);
        return true;
    }
    char *copy = check_memory(strdup(text)), *rest = copy;
    char nearest[HU_SUGGESTION];
    bool good = true;
    while (good && rest) {
        const char *name = strsep(&rest, ",");
        enum hu_operation operation;
        good = hu_operation_find(name, &operation);
        if (good)
            add(list, operation);
        else
            unknown(command, "op", name, hu_operation_suggestion(nearest, name),
                    "add, sub, mul, div, fma, sqrt, rem and others are in the manual, verify --op");
    }
    free(copy);
    return good;
}

bool nan_rule_read(enum hu_nan_rule *rule, const char *text, const char *command)
{
    if (hu_nan_rule_find(text, rule))
        return true;
    char nearest[HU_SUGGESTION];
    unknown(command, "nan-rule", text, hu_suggestion_of(nearest, text, rule_name, HU_NAN_RULES),
            "they are first, last, signaling, greatest, canonical, x86, x87, arm and ptx");
    return false;
}
