/* The headers of files to be written: what stands where once tensors have other formats. */
#pragma once

#include "tensor_file.h"

enum { HU_WRITE_MESSAGE = 384 };

/* A tensor to be written. */
struct hu_written {
    const char *name;
    struct hu_dtype dtype;
    const uint64_t *shape;
    unsigned rank;
    uint64_t elements;
    bool big_endian, fortran_order; /* as hu_tensor's, for .npy */
    uint64_t place;         /* data lies in the order of these; of two alike in the list's */
    uint64_t bytes, offset; /* found; offset: from the start of the file */
};

/* TENSOR as it is, or with elements of TO. */
struct hu_written hu_written_of(const struct hu_tensor *tensor, const struct hu_format *to);

/* A file to be written: a header, and then tensors. */
struct hu_write_layout {
    unsigned char *header;
    size_t header_bytes;
    uint64_t size; /* of the file */
    uint64_t data_bytes;
};

/* One of several GGUF files that hold a model together, as llama.cpp's gguf-split writes them. */
struct hu_write_split {
    uint64_t number, count; /* number: from 0 */
    uint64_t tensors;       /* of all of them */
};

/*
 * Lays out a file of KIND that holds COUNT tensors in the list's order, and FILE's metadata. KIND
 * is FILE's own (a GGUF's with its header), HU_FILE_SAFETENSORS, HU_FILE_GGUF, or, for one tensor,
 * HU_FILE_NPY. SPLIT, or NULL: which one a GGUF is that comes of another kind. Alignment and dtype
 * names follow the container; in GGUF data lies in the list's order. False: message says what the
 * container cannot hold. hu_write_layout_clear in either case.
 */
bool hu_write_lay_out(const struct hu_tensor_file *file, enum hu_file_kind kind,
                      struct hu_written *tensors, size_t count, const struct hu_write_split *split,
                      struct hu_write_layout *layout, char message[HU_WRITE_MESSAGE]);
void hu_write_layout_clear(struct hu_write_layout *layout);
