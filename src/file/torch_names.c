#include "torch_names.h"
#include "word_list.h"

#include <string.h>

/*
 * After torch/_weights_only_unpickler.py's _get_allowed_globals, less what holds no plain tensor
 * (sparse and quantized ones). Python 2's modules stand beside Python 3's. The dtypes of the typed
 * storages are torch/storage.py's.
 */
static const struct hu_torch_name names[] = {
    {"collections", "OrderedDict", HU_TORCH_DICT, NULL},
    {"collections", "Counter", HU_TORCH_DICT, NULL},
    {"builtins __builtin__", "set", HU_TORCH_SET, NULL},
    {"builtins __builtin__", "frozenset", HU_TORCH_SET, NULL},
    {"builtins __builtin__", "bytearray", HU_TORCH_CALL, NULL},
    {"builtins __builtin__", "complex", HU_TORCH_CALL, NULL},
    {"_codecs", "encode", HU_TORCH_CALL, NULL},
    {"torch", "device", HU_TORCH_CALL, NULL},
    {"torch.serialization", "_get_layout", HU_TORCH_CALL, NULL},
    {"torch", "Size", HU_TORCH_SIZE, NULL},
    {"torch._utils", "_rebuild_tensor", HU_TORCH_TENSOR, NULL},
    {"torch._utils", "_rebuild_tensor_v2", HU_TORCH_TENSOR, NULL},
    {"torch._utils", "_rebuild_tensor_v3", HU_TORCH_TENSOR_V3, NULL},
    {"torch._utils", "_rebuild_parameter", HU_TORCH_PARAMETER, NULL},
    {"torch._utils", "_rebuild_parameter_with_state", HU_TORCH_PARAMETER, NULL},
    {"torch.nn.parameter", "Parameter", HU_TORCH_PARAMETER, NULL},
    {"torch._tensor", "_rebuild_from_type_v2", HU_TORCH_FROM_TYPE, NULL},
    {"torch", "Tensor", HU_TORCH_TENSOR_TYPE, NULL},
    {"torch.nn.parameter", "Buffer", HU_TORCH_TENSOR_TYPE, NULL},
    {"torch torch.cuda", "DoubleStorage", HU_TORCH_STORAGE, "fp64"},
    {"torch torch.cuda", "FloatStorage", HU_TORCH_STORAGE, "fp32"},
    {"torch torch.cuda", "HalfStorage", HU_TORCH_STORAGE, "fp16"},
    {"torch torch.cuda", "BFloat16Storage", HU_TORCH_STORAGE, "bf16"},
    {"torch torch.cuda", "LongStorage", HU_TORCH_STORAGE, "int64"},
    {"torch torch.cuda", "IntStorage", HU_TORCH_STORAGE, "int32"},
    {"torch torch.cuda", "ShortStorage", HU_TORCH_STORAGE, "int16"},
    {"torch torch.cuda", "CharStorage", HU_TORCH_STORAGE, "int8"},
    {"torch torch.cuda", "ByteStorage", HU_TORCH_STORAGE, "uint8"},
    {"torch torch.cuda", "BoolStorage", HU_TORCH_STORAGE, "bool"},
    {"torch", "ComplexFloatStorage", HU_TORCH_STORAGE, "complex64"},
    {"torch", "ComplexDoubleStorage", HU_TORCH_STORAGE, NULL},
    {"torch torch.storage", "UntypedStorage", HU_TORCH_STORAGE, ""},
    {"torch", "float64", HU_TORCH_DTYPE, "fp64"},
    {"torch", "float32", HU_TORCH_DTYPE, "fp32"},
    {"torch", "float16", HU_TORCH_DTYPE, "fp16"},
    {"torch", "bfloat16", HU_TORCH_DTYPE, "bf16"},
    {"torch", "int64", HU_TORCH_DTYPE, "int64"},
    {"torch", "int32", HU_TORCH_DTYPE, "int32"},
    {"torch", "int16", HU_TORCH_DTYPE, "int16"},
    {"torch", "int8", HU_TORCH_DTYPE, "int8"},
    {"torch", "uint8", HU_TORCH_DTYPE, "uint8"},
    {"torch", "uint16", HU_TORCH_DTYPE, "uint16"},
    {"torch", "uint32", HU_TORCH_DTYPE, "uint32"},
    {"torch", "uint64", HU_TORCH_DTYPE, "uint64"},
    {"torch", "bool", HU_TORCH_DTYPE, "bool"},
    {"torch", "complex64", HU_TORCH_DTYPE, "complex64"},
    {"torch", "complex128", HU_TORCH_DTYPE, NULL},
    {"torch", "complex32", HU_TORCH_DTYPE, NULL},
    {"torch", "float8_e4m3fn", HU_TORCH_DTYPE, "fp8_e4m3"},
    {"torch", "float8_e5m2", HU_TORCH_DTYPE, "fp8_e5m2"},
    {"torch", "float8_e4m3fnuz", HU_TORCH_DTYPE, "fp8_e4m3fnuz"},
    {"torch", "float8_e5m2fnuz", HU_TORCH_DTYPE, "fp8_e5m2fnuz"},
    {"torch", "float8_e8m0fnu", HU_TORCH_DTYPE, "e8m0"},
    {"torch", "float4_e2m1fn_x2", HU_TORCH_DTYPE, NULL},
};

enum { NAMES = sizeof names / sizeof *names };
_Static_assert(NAMES < 256, "a name's number is a byte");

const struct hu_torch_name *hu_torch_name_find(const char *module, const char *name)
{
    for (size_t i = 0; i < NAMES; i++)
        if (!strcmp(names[i].name, name) && hu_has_word(names[i].modules, module))
            return &names[i];
    return NULL;
}

const struct hu_torch_name *hu_torch_name_at(unsigned char number)
{
    return &names[number];
}

unsigned char hu_torch_name_number(const struct hu_torch_name *name)
{
    return (unsigned char)(name - names);
}
