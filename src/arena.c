#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    max_align_t memory[];
};

enum { BLOCK = 32 * 1024 };

void *arena_allocate(struct arena *arena, size_t bytes)
{
    size_t unit = sizeof(max_align_t);
    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + unit - 1) / unit * unit;
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < bytes) {
        size_t size = bytes > BLOCK ? bytes : BLOCK;
        block = calloc(1, sizeof *block + size);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        block->size = size;
        arena->blocks = block;
    }
    void *memory = (char *)block->memory + block->used;
    block->used += bytes;
    return memory;
}

char *arena_text(struct arena *arena, const char *text, size_t n)
{
    char *copy = arena_allocate(arena, n + 1);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}
