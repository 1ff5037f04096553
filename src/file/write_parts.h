/* What the writers of each type of file share. Private to them. */
#pragma once

#include "write.h"

/* What a header is written into. */
struct write_text {
    char *bytes;
    size_t n, capacity;
    bool failed; /* out of memory */
};
void hu_write_put(struct write_text *t, const void *bytes, size_t n);
/* At most 255 bytes. */
void hu_write_print(struct write_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes MESSAGE and returns false. */
bool hu_write_refuse(char message[HU_WRITE_MESSAGE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Each sets the header of tensors whose offsets count from its end. */
bool hu_safetensors_lay_out(const struct hu_tensor_file *file, const struct hu_written *tensors,
                            size_t count, struct hu_write_layout *l,
                            char message[HU_WRITE_MESSAGE]);
bool hu_npy_lay_out(const struct hu_written *tensor, struct hu_write_layout *l,
                    char message[HU_WRITE_MESSAGE]);
/* Sets the offsets too. */
bool hu_gguf_lay_out(const struct hu_tensor_file *file, struct hu_written *tensors, size_t count,
                     const struct hu_write_split *split, struct hu_write_layout *l,
                     char message[HU_WRITE_MESSAGE]);
/* Whether .npy has a dtype for TO, whatever the number of elements. */
bool hu_npy_holds(const struct hu_format *to, char message[HU_WRITE_MESSAGE]);
