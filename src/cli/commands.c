#include "command.h"

#include <string.h>

extern const struct command cmd_formats;

const struct command *const commands[] = {
    &cmd_formats,
    NULL,
};

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}
