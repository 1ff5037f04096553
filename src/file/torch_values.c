#include "torch_values.h"
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

enum { RANK_MAX = 64 };

static bool find_name(void *context, const char *module, const char *name, unsigned char *number)
{
    (void)context;
    for (size_t i = 0; i < NAMES; i++)
        if (!strcmp(names[i].name, name) && hu_has_word(names[i].modules, module)) {
            *number = (unsigned char)i;
            return true;
        }
    return false;
}

static const struct hu_torch_name *name_of(const struct hu_pickle_value *v)
{
    return v->type == HU_PICKLE_NAME ? &names[v->name] : NULL;
}

static bool is_made(const struct hu_pickle_value *v, int what)
{
    return v->type == HU_PICKLE_MADE && v->name == what;
}

static bool is_row(const struct hu_pickle_value *v)
{
    return v->type == HU_PICKLE_TUPLE || v->type == HU_PICKLE_LIST;
}

/* Argument INDEX; NULL: there are not as many, or ARGUMENTS has none. */
static struct hu_pickle_value *argument(const struct hu_pickle_value *arguments, uint32_t index)
{
    return is_row(arguments) && index < arguments->count ? arguments->items[index] : NULL;
}

static bool is_count(const struct hu_pickle_value *v)
{
    return v && v->type == HU_PICKLE_INTEGER && v->integer >= 0;
}

/* A tuple of whole numbers, in the file's memory. False: refused. */
static bool read_counts(struct hu_tensor_file *file, struct hu_pickle *p,
                        const struct hu_pickle_value *v, uint64_t **counts, unsigned *n)
{
    if (!v || !is_row(v) || v->count > RANK_MAX)
        return hu_pickle_refuse(p, "a tensor's sizes and strides are tuples of at most %d numbers",
                                RANK_MAX);
    *n = v->count;
    *counts = arena_allocate(&file->arena, (v->count + 1) * sizeof **counts);
    if (!*counts)
        return hu_pickle_refuse(p, "out of memory");
    for (uint32_t i = 0; i < v->count; i++) {
        if (!is_count(v->items[i]))
            return hu_pickle_refuse(p, "a tensor's sizes and strides are whole numbers of 0 or "
                                       "more");
        (*counts)[i] = (uint64_t)v->items[i]->integer;
    }
    return true;
}

static struct hu_pickle_value *made(struct hu_pickle *p, void *what, int name)
{
    struct hu_pickle_value *v = hu_pickle_value_new(p, HU_PICKLE_MADE);
    if (v) {
        v->made = what;
        v->name = (unsigned char)name;
    }
    return v;
}

/* _rebuild_tensor(storage, offset, sizes, strides), and what follows is no business of ours but the
 * dtype of the third version. */
static struct hu_pickle_value *make_tensor(struct hu_tensor_file *file, struct hu_pickle *p,
                                           const struct hu_pickle_value *arguments, bool has_dtype)
{
    const struct hu_pickle_value *storage = argument(arguments, 0), *at = argument(arguments, 1);
    const struct hu_pickle_value *type = has_dtype ? argument(arguments, 6) : NULL;
    unsigned strides = 0;
    struct hu_torch_tensor *t = arena_allocate(&file->arena, sizeof *t);
    if (!t)
        return hu_pickle_refuse(p, "out of memory");
    *t = (struct hu_torch_tensor){.at = hu_pickle_at(p)};
    if (!storage || !is_made(storage, HU_TORCH_MADE_STORAGE))
        return hu_pickle_refuse(p, "a tensor is made of no storage");
    if (!is_count(at))
        return hu_pickle_refuse(p,
                                "a tensor's place in its storage is no whole number of 0 or more");
    t->storage = storage->made;
    t->offset = (uint64_t)at->integer;
    t->dtype = t->storage->type;
    if (has_dtype && (!type || !(t->dtype = name_of(type)) || t->dtype->role != HU_TORCH_DTYPE))
        return hu_pickle_refuse(p, "a tensor's dtype is none");
    if (!read_counts(file, p, argument(arguments, 2), &t->sizes, &t->rank) ||
        !read_counts(file, p, argument(arguments, 3), &t->strides, &strides))
        return NULL;
    if (strides != t->rank)
        return hu_pickle_refuse(p, "a tensor has %u sizes and %u strides", t->rank, strides);
    return made(p, t, HU_TORCH_MADE_TENSOR);
}

/* Of no arguments, or of one list of pairs. */
static struct hu_pickle_value *make_dict(struct hu_pickle *p,
                                         const struct hu_pickle_value *arguments)
{
    struct hu_pickle_value *v = hu_pickle_value_new(p, HU_PICKLE_DICT);
    const struct hu_pickle_value *pairs = argument(arguments, 0);
    if (pairs && !is_row(pairs))
        return hu_pickle_refuse(p, "a dict is made of something else than pairs");
    for (uint32_t i = 0; v && pairs && i < pairs->count; i++) {
        const struct hu_pickle_value *pair = pairs->items[i];
        if (!is_row(pair) || pair->count != 2)
            return hu_pickle_refuse(p, "a dict is made of something else than pairs");
        if (!hu_pickle_append(p, v, pair->items[0]) || !hu_pickle_append(p, v, pair->items[1]))
            return NULL;
    }
    return v;
}

static struct hu_pickle_value *call(void *context, struct hu_pickle *p,
                                    const struct hu_pickle_value *name,
                                    const struct hu_pickle_value *arguments)
{
    struct hu_tensor_file *file = ((struct hu_torch_made *)context)->file;
    struct hu_pickle_value *first = argument(arguments, 0), *third = argument(arguments, 2);
    const struct hu_torch_name *n = name_of(name);
    switch (n->role) {
    case HU_TORCH_DICT:
        return make_dict(p, arguments);
    case HU_TORCH_SET:
    case HU_TORCH_CALL:
        return hu_pickle_value_new(p, HU_PICKLE_OTHER);
    case HU_TORCH_SIZE:
        return first && first->type == HU_PICKLE_TUPLE
                   ? first
                   : hu_pickle_refuse(p, "a torch.Size is made of no tuple");
    case HU_TORCH_TENSOR:
    case HU_TORCH_TENSOR_V3:
        return make_tensor(file, p, arguments, n->role == HU_TORCH_TENSOR_V3);
    case HU_TORCH_PARAMETER:
        return first && is_made(first, HU_TORCH_MADE_TENSOR)
                   ? first
                   : hu_pickle_refuse(p, "a parameter is made of no tensor");
    case HU_TORCH_FROM_TYPE:
        n = first ? name_of(first) : NULL;
        if (!n || n->role == HU_TORCH_FROM_TYPE || !third || third->type != HU_PICKLE_TUPLE)
            return hu_pickle_refuse(p, "_rebuild_from_type_v2 has other arguments than a function, "
                                       "a type and a tuple");
        return call(context, p, first, third);
    default:
        return hu_pickle_refuse(p, "the pickle calls %.*s.%s, which is a type that makes no tensor",
                                (int)strcspn(n->modules, " "), n->modules, n->name);
    }
}

/* A view's ('key', offset, elements) narrows what it looks at; torch before 0.4 wrote such. */
static bool read_view(struct hu_pickle *p, const struct hu_pickle_value *view,
                      struct hu_torch_storage *s)
{
    const struct hu_pickle_value *at = argument(view, 1), *n = argument(view, 2);
    if (view->type != HU_PICKLE_TUPLE || view->count != 3 || !is_count(at) || !is_count(n) ||
        (uint64_t)at->integer > s->whole || (uint64_t)n->integer > s->whole - (uint64_t)at->integer)
        return hu_pickle_refuse(p, "a view of a storage does not lie within it");
    s->base = (uint64_t)at->integer;
    s->elements = (uint64_t)n->integer;
    return true;
}

/* ('storage', type, key, device, elements) and, without zip, a view or None. */
static struct hu_pickle_value *outside(void *context, struct hu_pickle *p,
                                       const struct hu_pickle_value *id)
{
    struct hu_torch_made *all = context;
    bool tuple = id->type == HU_PICKLE_TUPLE && id->count >= 5 && id->count <= 6;
    if (!tuple || !hu_pickle_is_text(id->items[0], "storage"))
        return hu_pickle_refuse(p, "what stands outside of the pickle is no storage: "
                                   "('storage', type, key, device, elements)");
    const struct hu_torch_name *type = name_of(id->items[1]);
    const struct hu_pickle_value *key = id->items[2], *n = id->items[4], *view = argument(id, 5);
    if (!type || type->role != HU_TORCH_STORAGE || key->type != HU_PICKLE_TEXT || !is_count(n))
        return hu_pickle_refuse(p, "a storage's type, key or number of elements is none");
    struct hu_torch_storage *s = arena_allocate(&all->file->arena, sizeof *s);
    struct hu_torch_storage **row =
        s ? hu_file_append(&all->storages, &all->count, sizeof *row) : NULL;
    if (!row)
        return hu_pickle_refuse(p, "out of memory");
    *row = s;
    *s = (struct hu_torch_storage){.key = key->bytes,
                                   .key_bytes = key->count,
                                   .elements = (uint64_t)n->integer,
                                   .whole = (uint64_t)n->integer,
                                   .type = type};
    if (view && view->type != HU_PICKLE_NONE && !read_view(p, view, s))
        return NULL;
    return made(p, s, HU_TORCH_MADE_STORAGE);
}

struct hu_pickle_maker hu_torch_maker(struct hu_torch_made *all)
{
    return (struct hu_pickle_maker){all, find_name, call, outside};
}

uint32_t hu_torch_storage_unit(const struct hu_torch_storage *s)
{
    struct hu_dtype dtype;
    /* The one type that is not read is complex128. */
    if (!s->type->dtype)
        return 16;
    return hu_dtype_find(s->type->dtype, &dtype) ? hu_dtype_bytes(dtype) : 1;
}
