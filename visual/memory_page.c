#include "memory_page.h"

#include <stdio.h>

bool weights_read(struct weights *w, const char *text, char *message, size_t size)
{
    (void)w;
    (void)text;
    snprintf(message, size, "not wired yet");
    return false;
}
