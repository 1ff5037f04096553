/* What ends with the scope that it is declared in. */
#pragma once

#include "value.h"

#include <stdlib.h>
#include <string.h>

/* A pointer, from the declaration on: what it then points to is freed. */
#define OWNED __attribute__((cleanup(free_owned)))
static inline void free_owned(void *variable)
{
    void *pointer;
    memcpy(&pointer, variable, sizeof pointer);
    free(pointer);
}

/* Declares an exact number, 0. */
#define RATIO(name)                                                                                \
    __attribute__((cleanup(clear_ratio))) mpq_t name;                                              \
    mpq_init(name)
static inline void clear_ratio(mpq_t *ratio)
{
    mpq_clear(*ratio);
}

/* Declares a value, +0. */
#define VALUE(name)                                                                                \
    __attribute__((cleanup(hu_value_clear))) struct hu_value name;                                 \
    hu_value_init(&name)
