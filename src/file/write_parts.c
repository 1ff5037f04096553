#include "write_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool hu_write_refuse(char message[HU_WRITE_MESSAGE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, HU_WRITE_MESSAGE, format, arguments);
    va_end(arguments);
    return false;
}

void hu_write_put(struct write_text *t, const void *bytes, size_t n)
{
    if (t->n + n > t->capacity) {
        size_t capacity = (t->n + n) * 2 + 256;
        char *grown = realloc(t->bytes, capacity);
        t->failed |= !grown;
        if (!grown)
            return;
        t->bytes = grown;
        t->capacity = capacity;
    }
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
}

void hu_write_print(struct write_text *t, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    hu_write_put(t, text, (size_t)vsnprintf(text, sizeof text, format, arguments));
    va_end(arguments);
}
