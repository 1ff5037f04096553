#include "allocate.h"

#include <stdarg.h>
#include <stdio.h>

void *need(void *pointer)
{
    if (!pointer) {
        fputs("halfulp: view: out of memory\n", stderr);
        exit(2);
    }
    return pointer;
}

char *text_of(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return need(text);
}

void *room_for(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = count ? 2 * count : 64;
    return need(realloc(array, *room * size));
}
