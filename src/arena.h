/* Memory that is freed all at once: blocks in a list, handed out from the front. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

/* Zeroed, aligned for any type. NULL: out of memory. */
void *arena_allocate(struct arena *arena, size_t bytes);
/* The N bytes at TEXT, ended by NUL. NULL: out of memory. */
char *arena_text(struct arena *arena, const char *text, size_t n);
void arena_free(struct arena *arena);
