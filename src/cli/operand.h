/* Vectors and matrices as a command's arguments: values by commas, a file of them, or elements of a
 * tensor. */
#pragma once

#include "room.h"

enum { OPERAND_MAX = 1 << 20 }; /* values */

struct operand {
    size_t rows, columns;
    struct hu_value *values; /* by rows */
    size_t count;
    const struct hu_format *format; /* of a tensor's elements; NULL: text */
};

/*
 * "1,2;3,4": rows by ';'. A file of text has a row a line. FILE:TENSOR[i,:] as hu_elements_read,
 * and FILE alone where it has one tensor. What goes wrong ends the process.
 */
void operand_read(struct operand *o, const char *text);
void operand_clear(struct operand *o);
