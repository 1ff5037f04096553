#include "command.h"

#include <string.h>

extern const struct command cmd_formats;
extern const struct command cmd_vectors;
extern const struct command cmd_verify;

const struct command *const commands[] = {
    &cmd_formats,
    &cmd_verify,
    &cmd_vectors,
    NULL,
};

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}
