#include "room.h"

extern const struct command cmd_show;
extern const struct command cmd_convert;
extern const struct command cmd_limits;
extern const struct command cmd_formats;
extern const struct command cmd_table;
extern const struct command cmd_block;
extern const struct command cmd_verify;
extern const struct command cmd_vectors;
extern const struct command cmd_compute;
extern const struct command cmd_dot;
extern const struct command cmd_size;
extern const struct command cmd_tensors;
extern const struct command cmd_stats;
extern const struct command cmd_cast;
extern const struct command cmd_view;
extern const struct command cmd_completion;

/* clang-format off */
const struct command *const commands[] = {
    &cmd_show,
    &cmd_convert,
    &cmd_limits,
    &cmd_formats,
    &cmd_table,
    &cmd_block,
    &cmd_verify,
    &cmd_vectors,
    &cmd_compute,
    &cmd_dot,
    &cmd_size,
    &cmd_tensors,
    &cmd_stats,
    &cmd_cast,
    &cmd_view,
    &cmd_completion,
    NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}
