#include "room.h"

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

int report_end(int status)
{
    /* Commands stop at the first failed write, so errno is still that write's. */
    bool broken = ferror(stdout);
    int error = errno;
    if (!broken && fflush(stdout)) {
        broken = true;
        error = errno;
    }
    if (!broken)
        return status;
    if (error == EPIPE) /* the reader has what it wanted */
        return EXIT_BAD;
    report_as(NULL);
    return fail("standard output: %s", strerror(error));
}

static bool gives_up;

/* LeakSanitizer asks: what is held when the work is given up ends with the process. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return gives_up;
}

void give_up(void)
{
    gives_up = true;
    exit(report_end(EXIT_BAD));
}

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(speaker, format, arguments);
    give_up();
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
        die("out of memory");
    }
    return pointer;
}
