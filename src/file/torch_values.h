/* What a pickle of PyTorch's makes: storages that lie outside of it, and tensors that look into
 * them. Not thread-safe. */
#pragma once

#include "dtype.h"
#include "pickle.h"

/* The fixed list of what a pickle of PyTorch's may name, and nothing else. */
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

/* Where a storage lies; filled in once it is known. */
struct hu_torch_place {
    uint64_t offset, bytes; /* in the file, or in the zip archive's MEMBER */
    size_t member;          /* as hu_tensor's, and so is the next */
    bool packed;
};

struct hu_torch_storage {
    const unsigned char *key;
    uint32_t key_bytes;
    uint64_t base, elements; /* of the part of KEY's that this one is, in elements */
    uint64_t whole;          /* elements of KEY's */
    const struct hu_torch_name *type;
};

struct hu_torch_tensor {
    const struct hu_torch_storage *storage;
    uint64_t offset, *sizes, *strides; /* in elements */
    unsigned rank;
    const struct hu_torch_name *dtype;
    size_t at; /* the byte of the pickle where it is made */
};

/* A value of these has the type HU_PICKLE_MADE and this as its name. */
enum { HU_TORCH_MADE_STORAGE, HU_TORCH_MADE_TENSOR };

/* Bytes of an element. */
uint32_t hu_torch_storage_unit(const struct hu_torch_storage *storage);

/* Storages that a pickle spoke of, each as often as it did. All zeros but the file at first; freed
 * by the caller. */
struct hu_torch_made {
    struct hu_tensor_file *file;
    struct hu_torch_storage **storages;
    size_t count;
};

/* What is made lives as long as MADE's file. */
struct hu_pickle_maker hu_torch_maker(struct hu_torch_made *made);

/*
 * The tensors in VALUE, named by the way to them: 'a.b.0' is item 0 of what a dict of a dict has at
 * 'a' and 'b'. FIND says where a storage lies; it sets error. What is no tensor becomes a note.
 * False: *error says why, at a byte of the pickle.
 */
typedef bool hu_torch_find(void *context, const struct hu_torch_storage *storage,
                           struct hu_torch_place *place, struct hu_file_error *error);
bool hu_torch_gather(struct hu_tensor_file *file, const struct hu_pickle_value *value,
                     bool big_endian, hu_torch_find *find, void *context,
                     struct hu_file_error *error);
