/*
 * Calls of many lengths: every one to 2048, those about powers of two, drawn ones, and as long as
 * they do not take long, some of millions of elements; each aligned and off a 64-byte boundary.
 * What is right in the calls that try every input may go wrong in these alone.
 */
#pragma once

#include "verify/question.h"
#include "verify/scan.h"

enum { HU_LENGTHS_TILE = 8 * 2039 }; /* inputs, which repeat: no power of two is a period */

/* The first element of a call that goes wrong there, and not in a call of copies. */
struct hu_length_fault {
    uint64_t x[HU_OPERANDS];
    uint64_t expected, got;
    size_t index, length;
    size_t offset; /* of the result, in bytes after a 64-byte boundary */
    bool beyond;   /* bytes beyond the last element were written; nothing else is said */
};

struct hu_lengths {
    const struct hu_question *question;
    const struct hu_subject *subject;
    unsigned worker;
    struct hu_reference *reference;
    uint64_t seed;
    void *context;
    /* Input I of the tile. */
    void (*draw)(void *context, uint64_t i, uint64_t x[HU_OPERANDS]);
    bool (*is_over)(void *context);
    void (*wrong)(void *context, const struct hu_length_fault *fault);
    /* A call gave up: its N elements are those of the tile from START on. */
    void (*stopped)(void *context, const uint64_t tile[][HU_OPERANDS], size_t start, size_t n);
};

/* False: out of memory. */
bool hu_lengths_try(const struct hu_lengths *lengths);
