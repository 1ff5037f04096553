/* Memory for the viewer: when there is none, a message and exit 2. */
#pragma once

#include <stdlib.h>

/* POINTER, unless it is null. */
void *need(void *pointer);

/* asprintf that never gives null. */
char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ARRAY with room for one more than COUNT elements of SIZE bytes; *room: how many there is for. */
void *room_for(void *array, size_t count, size_t *room, size_t size);
