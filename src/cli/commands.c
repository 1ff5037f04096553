#include "command.h"

#include <string.h>

extern const struct command cmd_show, cmd_convert, cmd_limits, cmd_formats, cmd_table, cmd_size,
    cmd_tensors, cmd_stats, cmd_cast;

const struct command *const commands[] = {
    &cmd_show, &cmd_convert, &cmd_limits, &cmd_formats, &cmd_table, &cmd_size, &cmd_tensors,
    &cmd_stats, &cmd_cast, NULL,
};

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}
