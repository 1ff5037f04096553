/* Elements of a tensor in a file, named as FILE:TENSOR[i,j]. Thread-safe. */
#pragma once

#include "format.h"

enum { HU_ELEMENT_MESSAGE = 512 };

enum hu_element_result {
    HU_ELEMENT_NONE,  /* the text means no file before a colon: it may be anything else */
    HU_ELEMENT_FOUND, /* format and bits are set */
    HU_ELEMENT_ERROR, /* message says what is wrong, and where */
};

/*
 * Reads the element that TEXT names, or says that TEXT names none. FILE is the shortest part before
 * a colon that is an existing file, of tensors or an index; but a format's name means the format,
 * as in fp16:max, whatever files there are, and ./fp16 the file. TENSOR may be left out where the
 * file has one; of a file of another kind, a raw array, and of a .npy whose elements are opaque, it
 * is the format of the elements: weights.bin:bf16[3]. Indices count from 0, the slowest varying
 * first, or from the end where they are negative; a scalar takes none. Only elements of a
 * floating-point format are read.
 */
enum hu_element_result hu_element_read(const char *text, const struct hu_format **format,
                                       uint64_t *bits, char message[HU_ELEMENT_MESSAGE]);

/*
 * A row or a matrix of them: an axis is picked by an index, or a range of it by a:b, of which
 * either end may be left out, as all the brackets from an axis on. At most two axes are ranges;
 * rows are the first of them. FOUND's codes are the caller's, until hu_elements_free.
 */
struct hu_elements {
    const struct hu_format *format;
    uint64_t *codes;
    uint64_t rows, columns;
};
enum hu_element_result hu_elements_read(const char *text, struct hu_elements *found,
                                        char message[HU_ELEMENT_MESSAGE]);
void hu_elements_free(struct hu_elements *found);
