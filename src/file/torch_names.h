/* The fixed list of what a pickle of PyTorch's may name, and nothing else. Thread-safe. */
#pragma once

#include "dtype.h"

enum hu_torch_role {
    HU_TORCH_DICT, /* OrderedDict, Counter, defaultdict's kin: made of pairs, or empty */
    HU_TORCH_SET,
    HU_TORCH_SIZE,      /* torch.Size: a tuple */
    HU_TORCH_CALL,      /* a call whose result is of no use to us: torch.device, _codecs.encode */
    HU_TORCH_TENSOR,    /* _rebuild_tensor(_v2)(storage, offset, sizes, strides, …) */
    HU_TORCH_TENSOR_V3, /* … with the dtype at 6 */
    HU_TORCH_PARAMETER, /* a tensor, and more */
    HU_TORCH_FROM_TYPE, /* _rebuild_from_type_v2(one of the above, type, its arguments, state) */
    HU_TORCH_TENSOR_TYPE /* a type's name, as an argument */,
    HU_TORCH_STORAGE, /* a storage's type */
    HU_TORCH_DTYPE
};

struct hu_torch_name {
    const char *modules, *name; /* modules: words, of which each has it */
    enum hu_torch_role role;
    const char *dtype; /* of a storage or dtype, as hu_dtype_find reads it; "" : bytes, that a
                          tensor says the dtype of; NULL: a dtype that is not read */
};

/* NULL: NAME of MODULE is not in the list. */
const struct hu_torch_name *hu_torch_name_find(const char *module, const char *name);
const struct hu_torch_name *hu_torch_name_at(unsigned char number);
unsigned char hu_torch_name_number(const struct hu_torch_name *name);
