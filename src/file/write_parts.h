/* What the writers of each type of file share. Private to them. */
#ifndef HALFULP_FILE_WRITE_PARTS_H
#define HALFULP_FILE_WRITE_PARTS_H

#include "write.h"

/* Writes MESSAGE and returns false. */
bool hu_write_refuse(char message[HU_WRITE_MESSAGE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What T's elements become. */
struct hu_dtype hu_write_dtype(const struct hu_tensor *t, const struct hu_format *to);
/* Whether FILE's kind is one that is not written. */
bool hu_write_is_archive(const struct hu_tensor_file *file);

/* Each sets the header; the offsets count from its end. */
bool hu_safetensors_lay_out(const struct hu_tensor_file *file, const struct hu_format *const *to,
                            struct hu_write_layout *l, char message[HU_WRITE_MESSAGE]);
bool hu_npy_lay_out(const struct hu_tensor_file *file, const struct hu_format *to,
                    struct hu_write_layout *l, char message[HU_WRITE_MESSAGE]);
/* Whether .npy has a dtype for TO, whatever the number of elements. */
bool hu_npy_holds(const struct hu_format *to, char message[HU_WRITE_MESSAGE]);

#endif
