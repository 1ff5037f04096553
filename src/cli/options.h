/* Command-line options by getopt_long, from a command's table. Not thread-safe: getopt is not. */
#pragma once

#include "room.h"
#include "halfulp.h"

struct options {
    const struct command *command;
    int argc; /* the operands */
    char **argv;
    const struct command_option *row; /* of the option that is being read */
    const char *value;
    uint64_t given; /* a bit a row */
    int status;     /* where options_read was false: the exit status */
};

/* Reads all options of ARGV, where argv[0] is the command's name, into REQUEST by the rows of
 * COMMAND; operands are left in o. An argument that reads as a negative number, infinity or NaN is
 * an operand and no option. False: help was shown, or what was wrong is reported, and the command
 * ends with o->status. */
bool options_read(struct options *o, const struct command *command, int argc, char **argv,
                  void *request);

/* Whether --NAME, an option of the command, was given. */
bool option_given(const struct options *o, const char *name);

/* One of NAMES, up to NULL, has no meaning with what WITH says: where it was given, "--rule does
 * not go with --decode" ends the process. */
void options_exclude(const struct options *o, const char *with, const char *const *names);
#define EXCLUDE(o, with, ...) options_exclude(o, with, (const char *const[]){__VA_ARGS__, NULL})

/* A --seed wants a DIRECTION that draws from it. */
void seed_check(const struct options *o, enum hu_direction direction);

/* Whether the option's argument may be left out, and follows '=' where it is there: its
 * placeholder is "[=WORD]". */
bool option_is_optional(const struct command_option *row);

/* The usage line, options and details, to stdout. */
void command_help(const struct command *command);
