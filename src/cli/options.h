/* Command-line options by getopt_long, from a command's table. Not thread-safe: getopt is not. */
#ifndef HALFULP_CLI_OPTIONS_H
#define HALFULP_CLI_OPTIONS_H

#include "command.h"

#include <stdbool.h>

enum { OPTION_DONE = -1, OPTION_EXIT = -2 };

struct options {
    const struct command *command;
    int argc; /* after OPTION_DONE: the operands */
    char **argv;
    const char *value; /* of the option just returned */
    const char *name;  /* of the option just returned */
    int status;        /* after OPTION_EXIT: the exit status to return */
};

/* argv[0] is the command's name. An argument that reads as a negative number, infinity or NaN is
 * an operand and no option. */
void options_begin(struct options *o, const struct command *command, int argc, char **argv);

/* The next option's key; OPTION_DONE: only operands are left; OPTION_EXIT: help was shown, or the
 * usage was wrong and that was reported.  */
int option_next(struct options *o);

/* Whether the option's argument may be left out, and follows '=' where it is there: its
 * placeholder is "[=WORD]". */
bool option_is_optional(const struct command_option *row);

/* The usage line, options and details, to stdout. */
void command_help(const struct command *command);

#endif
