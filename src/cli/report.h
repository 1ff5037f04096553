/* Messages to stderr. */
#ifndef HALFULP_CLI_REPORT_H
#define HALFULP_CLI_REPORT_H

#include "command.h"

/* Prints "halfulp: COMMAND: MESSAGE" to stderr after what stdout still holds, and returns
 * EXIT_BAD. command may be NULL. */
int fail(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for who says whether all is well: returns false. */
bool refuse(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "halfulp: note: MESSAGE" to stderr. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* POINTER, or a message and exit 2 when it is null: for the allocations of the command line. */
void *check_memory(void *pointer);

#endif
