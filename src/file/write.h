/* The headers of files to be written: what stands where once tensors have other formats. */
#ifndef HALFULP_FILE_WRITE_H
#define HALFULP_FILE_WRITE_H

#include "tensor_file.h"

enum { HU_WRITE_MESSAGE = 384 };

/* A file to be written: a header, and then tensors. */
struct hu_write_layout {
    unsigned char *header;
    size_t header_bytes;
    uint64_t *offsets; /* of the tensors of the source file, in its header's order, from the start
                          of the file */
    uint64_t size;     /* of the file */
    uint64_t data_bytes;
};

/*
 * Lays out a file of KIND that holds FILE's tensors, tensor i in format to[i], or as it is where
 * that is NULL. KIND is FILE's own, or of archives (.npz and PyTorch's), which are not written,
 * HU_FILE_SAFETENSORS or, for one tensor, HU_FILE_NPY. Names, shapes, their order, the order of the
 * data, and the metadata stay; integers, alignment and dtype names follow the container. False:
 * message says what the container cannot hold. hu_write_layout_clear in either case.
 */
bool hu_write_lay_out(const struct hu_tensor_file *file, enum hu_file_kind kind,
                      const struct hu_format *const *to, struct hu_write_layout *layout,
                      char message[HU_WRITE_MESSAGE]);
void hu_write_layout_clear(struct hu_write_layout *layout);

/* safetensors' name of a dtype; NULL: it has none. */
const char *hu_safetensors_name(struct hu_dtype dtype);

#endif
