#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void say(const char *who, const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("halfulp: ", stderr);
    if (who)
        fprintf(stderr, "%s: ", who);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int fail(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(command, format, arguments);
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
        fail(NULL, "out of memory");
        exit(EXIT_BAD);
    }
    return pointer;
}
