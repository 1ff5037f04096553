#include "room.h"

/* clang-format off */
#define EACH(c) \
    c(show) c(convert) c(limits) c(formats) c(table) c(block) c(verify) c(vectors) \
    c(compute) c(dot) c(size) c(tensors) c(stats) c(cast) c(view) c(completion)
#define DECLARED(name) extern const struct command cmd_##name;
#define LISTED(name) &cmd_##name,
EACH(DECLARED)
const struct command *const commands[] = {EACH(LISTED) NULL};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}
