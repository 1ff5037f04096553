#include "report.h"
#include "file/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *speaker;

void report_as(const char *who)
{
    speaker = who;
}

static void say(const char *who, const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("halfulp: ", stderr);
    if (who)
        fprintf(stderr, "%s: ", who);
    /* Names from outside may hold what moves a terminal's cursor. Memory may have run out. */
    OWNED char *message = NULL, *printable = NULL;
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    size_t size = message ? 4 * strlen(message) + 8 : 0;
    printable = message ? malloc(size) : NULL;
    fprintf(stderr, "%s\n", printable ? hu_printable(message, printable, size) : format);
}

int fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(speaker, format, arguments);
    va_end(arguments);
    return EXIT_BAD;
}

void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("note", format, arguments);
    va_end(arguments);
}

void *check_memory(void *pointer)
{
    if (!pointer) {
        report_as(NULL);
        fail("out of memory");
        exit(EXIT_BAD);
    }
    return pointer;
}
