#include "logical_parts.h"
#include "word_list.h"

#include <string.h>

/*
 * torchao (prototype/safetensors/safetensors_support.py, flatten_tensor_state_dict): of tensor
 * a.weight a._weight_qdata and, beside it, a._weight_scale and others; what it was is JSON in the
 * file's metadata under the tensor's name: its class, and block_size, the elements in each
 * dimension that share a scale (quantization/quantize_/workflows).
 */
struct kind {
    const char *type;
    bool floats; /* scales are floats, of what block_size says */
    const char *dtypes;
};
static const struct kind kinds[] = {
    {"Float8Tensor", true, "fp8_e4m3 fp8_e5m2"},
    {"Int8Tensor", true, "int8"},
    {"IntxUnpackedToInt8Tensor", true, "int8"},
    {"MXTensor", false, "fp8_e4m3 fp8_e5m2 uint8"},
    {"NVFP4Tensor", false, "uint8"},
};

/* Sets what the pair's scales are of. NULL, or what is wrong. */
static const char *read_block(const struct hu_tensor *t, const json_t *said, struct logical_pair *p)
{
    const json_t *sizes = json_object_get(said, "block_size");
    size_t n = json_array_size(sizes);
    p->said[0] = t->rank > 1 && t->shape[t->rank - 2] ? t->shape[t->rank - 2] : 1;
    p->said[1] = t->rank && t->shape[t->rank - 1] ? t->shape[t->rank - 1] : 1;
    if (!n) /* one for all */
        return t->rank > 2 ? "a scale over several matrices is not read" : NULL;
    if (n != t->rank)
        return "its block_size has not as many dimensions";
    for (size_t i = 0; i < n; i++) {
        json_int_t size = json_integer_value(json_array_get(sizes, i));
        if (size < 1 || (i + 2 < n && size != 1) || size > UINT32_MAX)
            return "its block_size is not that of a matrix's tiles";
        if (i + 2 >= n)
            p->said[i + 2 - n] = (uint64_t)size;
    }
    return NULL;
}

/* NULL, or what is wrong. */
static const char *check_kind(const struct kind *k, const struct hu_tensor *codes,
                              const json_t *said, struct logical_pair *p)
{
    const char *element =
        json_string_value(json_object_get(json_object_get(said, "elem_dtype"), "_data"));
    p->element = codes->dtype.format;
    p->each = 1;
    if (!hu_has_word(k->dtypes, hu_dtype_name(codes->dtype)))
        return "its codes are of another dtype";
    if (json_is_true(json_object_get(said, "is_swizzled_scales")))
        return "its scales are swizzled, which are not read";
    if (k->floats)
        return read_block(codes, said, p);
    json_int_t size = json_integer_value(json_object_get(said, "block_size"));
    if (size != (strcmp(k->type, "MXTensor") ? 16 : 32))
        return "its blocks have another size";
    if (p->element)
        return NULL;
    if (element && strcmp(element, "float4_e2m1fn_x2") != 0)
        return "its bytes are no pairs of fp4";
    p->each = 2;
    p->element = hu_format_find("fp4_e2m1");
    return NULL;
}

static enum logical_found read_kind(struct logical_reader *r, struct logical_pair *p,
                                    const json_t *tensor, const char *type)
{
    const struct hu_tensor *codes = r->draft.l.codes,
                           *inputs = hu_logical_beside(r, p->cut, "_act_pre_scale");
    const json_t *said = json_object_get(tensor, "_data");
    const bool tiled = !strcmp(type, "Int4TilePackedTo4dTensor");
    if (inputs)
        return hu_logical_inputs(r, inputs);
    if (tiled || !strcmp(type, "Int4Tensor"))
        return hu_logical_torchao_int4(r, said, tiled, p->named, p->name);
    const struct kind *k = kinds, *end = kinds + sizeof kinds / sizeof *kinds;
    while (k < end && strcmp(k->type, type) != 0)
        k++;
    if (k == end)
        return hu_logical_wrong(
            r, codes, "is torchao's %.40s by its file's metadata, which is not read", type);
    const char *wrong = check_kind(k, codes, said, p);
    if (wrong)
        return hu_logical_wrong(r, codes, "is torchao's %s by its file's metadata, but %s", type,
                                wrong);
    r->draft.l.scales = hu_logical_beside(r, p->cut, "_scale");
    if (!r->draft.l.scales)
        return hu_logical_wrong(r, codes, "has no _scale beside it, as torchao's have");
    p->float_zeros = k->floats;
    p->alone = !k->floats;
    p->second = k->floats ? NULL : hu_logical_beside(r, p->cut, "_per_tensor_scale");
    return hu_logical_pair(r, p);
}

enum logical_found hu_logical_torchao(struct logical_reader *r)
{
    struct logical_pair p = {.cut = strlen("_qdata")};
    const struct hu_tensor *codes = r->draft.l.codes;
    const char *dot = strrchr(codes->name, '.');
    if (!hu_ends_with(codes->name, "_qdata") || !dot || dot[1] != '_' ||
        strlen(dot) < strlen("._a_qdata"))
        return LOGICAL_NONE;
    const size_t module = (size_t)(dot - codes->name) + 1, n = strlen(dot) - strlen("._") - p.cut;
    char *key = arena_allocate(&r->to->arena, module + n + 1);
    if (!key)
        return hu_logical_refuse(r, "out of memory");
    memcpy(key, codes->name, module);
    memcpy(key + module, dot + 2, n);
    key[module + n] = '\0';
    p.name = key + module;
    p.named = strlen(dot + 1);
    r->draft.l.layout = "torchao";
    json_t *tensor = hu_logical_said(r, key);
    const char *type = json_string_value(json_object_get(tensor, "_type"));
    enum logical_found found =
        type
            ? read_kind(r, &p, tensor, type)
            : hu_logical_wrong(
                  r, codes, "is torchao's by its name, and no file's metadata says of which class");
    json_decref(tensor);
    return found;
}
