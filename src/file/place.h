/* FILE:TENSOR[INDICES] in parts, and what of a tensor it picks. Of what is false the place's
 * message tells. */
#pragma once

#include "element.h"
#include "tensor_file.h"

enum { PLACE_RANK_MAX = 64 };

/* The text in parts. */
struct place {
    char *file, *tensor;
    const char *indices; /* after '['; NULL: there are none */
    bool ranges;         /* more than one element may be named */
    char *message;
};

/* What the brackets pick: of each axis its elements from `first` on, one or a range of them. */
struct selection {
    uint64_t first[PLACE_RANK_MAX], count[PLACE_RANK_MAX];
    unsigned kept[2]; /* the axes that are ranges, */
    unsigned ranges;  /* so many */
};

bool place_refuse(struct place *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool place_too_many(struct place *p);

/* P's file and tensor, in new memory, of TEXT. HU_ELEMENT_ERROR: it means a file that is none. */
enum hu_element_result place_find(struct place *p, const char *text);
/* What P picks of T: an element, a row or a matrix, whose sizes go to FOUND. */
bool place_select(struct place *p, const struct hu_tensor *t, struct selection *s,
                  struct hu_elements *found);

/* The number in memory of T's element at INDICES, and of the I-th that S picks. */
uint64_t selection_number(const struct hu_tensor *t, const uint64_t *indices);
uint64_t selection_picked(const struct hu_tensor *t, const struct selection *s,
                          const struct hu_elements *found, uint64_t i);
