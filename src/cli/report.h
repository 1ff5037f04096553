/* Messages to stderr. */
#pragma once

#include "command.h"
#include "scope.h"

/* From now on messages are WHO's: a command, or where else what is wrong stands; NULL: nobody's. */
void report_as(const char *who);

/* Prints "halfulp: WHO: MESSAGE" to stderr after what stdout still holds, and returns EXIT_BAD. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for who says whether all is well: returns false. */
#define refuse(...) (fail(__VA_ARGS__), false)

/* The same of what ends the work of a command, and so the process. What reads the command line and
 * what sums up parts refuses: fuzzers call it again and again. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* And where what is wrong is reported already. */
_Noreturn void give_up(void);

/* The exit status of what comes to its end with STATUS, once stdout is written. */
int report_end(int status);

/* Prints "halfulp: note: MESSAGE" to stderr. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* POINTER, or a message and exit 2 when it is null: for the allocations of the command line. */
void *check_memory(void *pointer);
