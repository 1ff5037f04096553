#include "safetensors.h"

#include <string.h>

/* The reference's dtypes; its complex type is in the block table. */
static const struct {
    const char *ours, *name;
} dtypes[] = {
    {"fp64", "F64"},
    {"fp32", "F32"},
    {"bf16", "BF16"},
    {"fp16", "F16"},
    {"fp8_e5m2", "F8_E5M2"},
    {"fp8_e4m3", "F8_E4M3"},
    {"fp8_e5m2fnuz", "F8_E5M2FNUZ"},
    {"fp8_e4m3fnuz", "F8_E4M3FNUZ"},
    {"e8m0", "F8_E8M0"},
    {"fp6_e3m2", "F6_E3M2"},
    {"fp6_e2m3", "F6_E2M3"},
    {"fp4_e2m1", "F4"},
    {"int8", "I8"},
    {"uint8", "U8"},
    {"int16", "I16"},
    {"uint16", "U16"},
    {"int32", "I32"},
    {"uint32", "U32"},
    {"int64", "I64"},
    {"uint64", "U64"},
    {"bool", "BOOL"},
    {"complex64", "C64"},
};

const char *hu_safetensors_name(struct hu_dtype dtype)
{
    const char *ours = hu_dtype_name(dtype);
    /* A tf32 in its word is the fp32 of the same value. */
    if (!strcmp(ours, "tf32"))
        ours = "fp32";
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (!strcmp(dtypes[i].ours, ours))
            return dtypes[i].name;
    return NULL;
}

bool hu_safetensors_dtype(const char *name, struct hu_dtype *dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (!strcmp(dtypes[i].name, name))
            return hu_dtype_find(dtypes[i].ours, dtype);
    return false;
}
