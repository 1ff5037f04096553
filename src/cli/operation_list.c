#include "operation_list.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAMES_TEXT = 1200 };

/* What ends a message about a name that there is not. */
static void unknown(const char *command, const char *option, const char *name,
                    const char *(*name_at)(int), int count)
{
    char names[NAMES_TEXT];
    size_t used = 0;
    for (int i = 0; i < count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, " %s", name_at(i));
    fail(command, "--%s: '%s' is none of:%s", option, name, names);
}

static const char *operation_name(int i)
{
    return hu_operation_row((enum hu_operation)i)->name;
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
    bool good = true;
    while (good && rest) {
        const char *name = strsep(&rest, ",");
        enum hu_operation operation;
        good = hu_operation_find(name, &operation);
        if (good)
            add(list, operation);
        else
            unknown(command, "op", name, operation_name, HU_OPERATIONS);
    }
    free(copy);
    return good;
}

bool nan_rule_read(enum hu_nan_rule *rule, const char *text, const char *command)
{
    if (hu_nan_rule_find(text, rule))
        return true;
    unknown(command, "nan-rule", text, rule_name, HU_NAN_RULES);
    return false;
}
