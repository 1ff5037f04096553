/*
 * Where elements are read from: FILE:TENSOR[INDICES] in parts, and what of a tensor it picks.
 * Private to element.c and element_weight.c, which read what it picks. Of what is false the place's
 * message tells.
 */
#pragma once

#include "element.h"
#include "logical.h"
#include "tensor_set.h"

enum { RANK_MAX = 64, ELEMENTS_MAX = 1 << 24 };
#define SPAN_MAX (UINT64_C(1) << 28)

/* The text in parts. */
struct place {
    char *file, *tensor;
    const char *indices; /* after '['; NULL: there are none */
    bool ranges;         /* more than one element may be named */
    char *message;
};

/* What the brackets pick: of each axis its elements from `first` on, one or a range of them. */
struct selection {
    uint64_t first[RANK_MAX], count[RANK_MAX];
    unsigned kept[2]; /* the axes that are ranges, */
    unsigned ranges;  /* so many */
};

bool hu_place_refuse(struct place *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What P picks of T: an element, a row or a matrix, whose sizes go to FOUND. */
bool hu_place_select(struct place *p, const struct hu_tensor *t, struct selection *s,
                     struct hu_elements *found);

/* The number in memory of the element at INDICES, one for each axis. */
uint64_t hu_place_number(const struct hu_tensor *t, const uint64_t *indices);

/* N bytes of PATH from OFFSET on, or from the start of T's compressed member of it. */
bool hu_place_read(struct place *p, const char *path, const struct hu_tensor *t, uint64_t offset,
                   unsigned char *bytes, size_t n);

/* P's weight of LOGICALS, decoded. *is_one: it is one of them. */
bool hu_place_weight(struct place *p, const struct hu_tensor_set *set,
                     const struct hu_logicals *logicals, struct hu_elements *found, bool *is_one);
