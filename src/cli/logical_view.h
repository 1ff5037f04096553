/* A set as it is listed: quantized weights as one tensor each, in the place of their codes. */
#pragma once

#include "file/logical.h"

/* T as it is listed: what it is the codes of, where that has several parts. */
struct hu_tensor logical_row(const struct hu_tensor *t);

/* A copy of SET, of which files and tensors are its own and all else is SET's; rows that stand for
 * several parts have part_of. logical_view_clear releases what it has. */
struct hu_tensor_set logical_view(const struct hu_tensor_set *set);
void logical_view_clear(struct hu_tensor_set *view);
