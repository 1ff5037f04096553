#include "room.h"
#include "cast_layout.h"
#include "float_bits.h"
#include "word_list.h"

/* Whose conventions these are is said in file/logical_scaled.c and file/logical_bnb.c, where they
 * are read. */
static const char *const names[] = {
    [CAST_LAYOUT_NONE] = "",
    [CAST_LAYOUT_MX] = "mx",
    [CAST_LAYOUT_GPT_OSS] = "gpt-oss",
    [CAST_LAYOUT_MODELOPT] = "modelopt",
    [CAST_LAYOUT_COMPRESSED] = "compressed-tensors",
    [CAST_LAYOUT_DEEPSEEK] = "deepseek",
    [CAST_LAYOUT_BNB] = "bnb",
    [CAST_LAYOUT_GGUF] = "gguf",
};

const char cast_layout_names[] = "mx gpt-oss modelopt compressed-tensors deepseek bnb gguf";

bool cast_layout_find(const char *name, enum cast_layout *layout)
{
    for (int i = CAST_LAYOUT_MX; i <= CAST_LAYOUT_GGUF; i++)
        if (!strcmp(names[i], name)) {
            *layout = (enum cast_layout)i;
            return true;
        }
    return false;
}

const char *cast_layout_name(enum cast_layout layout)
{
    return names[layout];
}

static bool is_microscaled(const struct hu_block *b)
{
    return b->layout == HU_BLOCK_PARTS && b->tile_rows == 1 && b->tile_columns == 32 &&
           !strcmp(b->scale, "e8m0");
}

static bool is_mxfp4(const struct hu_block *b)
{
    return is_microscaled(b) && b->code_bits == 4;
}

static bool is_nvfp4(const struct hu_block *b)
{
    return b->layout == HU_BLOCK_PARTS && b->over == HU_OVER_TENSOR;
}

/* fp8 under fp32 scales of tiles, rows, tensors. */
static bool is_fp8(const struct hu_block *b)
{
    return b->layout == HU_BLOCK_PARTS && b->code_bits == 8 && b->element && !is_microscaled(b);
}

static bool is_tiled(const struct hu_block *b)
{
    return is_fp8(b) && b->tile_rows && b->tile_columns;
}

/* What GGUF has of BLOCK; NULL: nothing. */
static const struct hu_block *in_gguf(const struct hu_block *b)
{
    return b->layout == HU_BLOCK_WHOLE ? b
           : is_mxfp4(b)               ? hu_block_find("mxfp4_ggml")
           : is_nvfp4(b)               ? hu_block_of_ggml(HU_GGML_NVFP4)
                                       : NULL;
}

unsigned cast_layout_whole(enum cast_layout layout, const struct hu_block *b)
{
    return layout == CAST_LAYOUT_GGUF && b->layout == HU_BLOCK_PARTS
               ? in_gguf(b)->elements / b->tile_columns
               : 0;
}

enum cast_layout cast_layout_default(const struct hu_block *b)
{
    if (b->layout == HU_BLOCK_WHOLE)
        return CAST_LAYOUT_GGUF;
    if (b->layout == HU_BLOCK_FLAT)
        return CAST_LAYOUT_BNB;
    return is_microscaled(b) ? CAST_LAYOUT_MX
           : is_nvfp4(b)     ? CAST_LAYOUT_MODELOPT
           : is_tiled(b)     ? CAST_LAYOUT_DEEPSEEK
                             : CAST_LAYOUT_COMPRESSED;
}

bool cast_layout_takes(enum cast_layout layout, const struct hu_block *b)
{
    bool e4m3 = b->element && !strcmp(b->element, "fp8_e4m3");
    switch (layout) {
    case CAST_LAYOUT_MX:
        return is_microscaled(b);
    case CAST_LAYOUT_GPT_OSS:
        return is_mxfp4(b);
    case CAST_LAYOUT_MODELOPT:
        return is_nvfp4(b) || (is_fp8(b) && e4m3 && !b->tile_rows);
    case CAST_LAYOUT_COMPRESSED:
        return is_nvfp4(b) || is_mxfp4(b) || (is_fp8(b) && e4m3 && !strcmp(b->scale, "fp32"));
    case CAST_LAYOUT_DEEPSEEK:
        return is_tiled(b);
    case CAST_LAYOUT_BNB:
        return b->layout == HU_BLOCK_FLAT && b->over == HU_OVER_NONE;
    case CAST_LAYOUT_GGUF:
        return in_gguf(b);
    default:
        return false;
    }
}

bool cast_layout_fits(enum cast_layout layout, const struct hu_block *b, uint64_t columns)
{
    uint64_t unit = layout == CAST_LAYOUT_GGUF                        ? in_gguf(b)->elements
                    : is_nvfp4(b) || layout == CAST_LAYOUT_GPT_OSS    ? b->tile_columns
                    : b->layout == HU_BLOCK_PARTS && b->code_bits % 8 ? 8
                                                                      : 1;
    return columns && columns % unit == 0;
}

struct building {
    struct cast_parts *parts;
    struct arena *arena;
    const char *name;
    const uint64_t *shape;
    unsigned rank;
    bool failed;
};

/* A part called NAME with END, of RANK sizes. */
static void add(struct building *b, const char *end, const char *dtype, const uint64_t *shape,
                unsigned rank, const void *fixed)
{
    struct hu_written *row = &b->parts->rows[b->parts->count];
    size_t n = strlen(b->name), m = strlen(end);
    char *name = arena_allocate(b->arena, n + m + 1);
    uint64_t *own = arena_allocate(b->arena, (rank + 1) * sizeof *own);
    b->failed |= !name || !own;
    if (!name || !own)
        return;
    memcpy(name, b->name, n);
    strcpy(name + n, end);
    *row = (struct hu_written){.name = name, .shape = own, .rank = rank, .elements = 1};
    hu_dtype_find(dtype, &row->dtype);
    for (unsigned i = 0; i < rank; i++) {
        own[i] = shape[i];
        row->elements *= shape[i];
    }
    b->parts->fixed[b->parts->count++] = fixed;
}

/* The tensor's own sizes, with others for the last two. */
static void add_matrix(struct building *b, const char *end, const char *dtype, uint64_t rows,
                       uint64_t columns)
{
    uint64_t shape[64];
    unsigned rank = b->rank < 64 ? b->rank : 64;
    for (unsigned i = 0; i < rank; i++)
        shape[i] = b->shape[i];
    shape[rank - 2] = rows;
    shape[rank - 1] = columns;
    add(b, end, dtype, shape, rank, NULL);
}

static void add_gpt_oss(struct building *b, uint64_t columns)
{
    uint64_t shape[64];
    unsigned rank = b->rank < 63 ? b->rank : 63;
    for (unsigned i = 0; i < rank; i++)
        shape[i] = b->shape[i];
    shape[rank - 1] = columns / 32;
    shape[rank] = 16;
    add(b, "_blocks", "uint8", shape, rank + 1, NULL);
    b->parts->scales = 1;
    add(b, "_scales", "uint8", shape, rank, NULL);
}

/* llama.cpp's names: a scale over a matrix stands where the weight does (file/logical.c). */
static void add_gguf(struct building *b, const struct hu_block *block)
{
    struct building beside = *b;
    uint64_t matrices = 1;
    size_t n = strlen(b->name);
    char *name = arena_allocate(b->arena, n + 1);
    b->failed |= !name;
    add(b, "", in_gguf(block)->name, b->shape, b->rank, NULL);
    if (!is_nvfp4(block) || b->failed)
        return;
    strcpy(name, b->name);
    if (hu_ends_with(name, ".weight"))
        name[n - strlen(".weight")] = 0;
    beside.name = name;
    for (unsigned i = 0; i + 2 < b->rank; i++)
        matrices *= b->shape[i];
    b->parts->second = 1;
    add(&beside, ".scale", "fp32", &matrices, 1, NULL);
    b->failed = beside.failed;
}

/* QuantState.as_dict's names for what weights were before. */
static const char *torch_name(struct hu_dtype dtype)
{
    const char *name = hu_dtype_name(dtype);
    return !strcmp(name, "bf16") ? "bfloat16" : !strcmp(name, "fp16") ? "float16" : "float32";
}

/* The 16 values of a table, little-endian. */
static const void *put_table(struct building *b, const float *table)
{
    unsigned char *bytes = arena_allocate(b->arena, 64);
    b->failed |= !bytes;
    for (size_t i = 0; bytes && i < 16; i++)
        hu_little_write(bytes + 4 * i, hu_bits_of_float(table[i]), 4);
    return bytes;
}

static void add_bnb(struct building *b, const struct hu_block *block, struct hu_dtype dtype)
{
    bool nf4 = !strncmp(block->name, "nf4", 3);
    uint64_t elements = 1, shape[2] = {0, 1}, map = 16, length;
    for (unsigned i = 0; i < b->rank; i++)
        elements *= b->shape[i];
    size_t room = 128 + (size_t)b->rank * 24;
    char *state = arena_allocate(b->arena, room);
    b->failed |= !state;
    if (!state)
        return;
    int n = snprintf(state, room,
                     "{\"quant_type\": \"%s\", \"blocksize\": %u, \"dtype\": \"%s\", \"shape\": [",
                     nf4 ? "nf4" : "fp4", block->tile_columns, torch_name(dtype));
    for (unsigned i = 0; i < b->rank; i++)
        n += snprintf(state + n, room - (size_t)n, "%s%llu", i ? ", " : "",
                      (unsigned long long)b->shape[i]);
    n += snprintf(state + n, room - (size_t)n, "]}");
    length = (uint64_t)n;
    shape[0] = hu_parts_over(elements, 2);
    add(b, "", "uint8", shape, 2, NULL);
    shape[0] = hu_parts_over(elements, block->tile_columns);
    b->parts->scales = 1;
    add(b, ".absmax", "fp32", shape, 1, NULL);
    add(b, ".quant_map", "fp32", &map, 1, put_table(b, block->table));
    add(b, nf4 ? ".quant_state.bitsandbytes__nf4" : ".quant_state.bitsandbytes__fp4", "uint8",
        &length, 1, state);
}

static void add_scaled(struct building *b, enum cast_layout layout, const struct hu_block *block,
                       uint64_t rows, uint64_t columns)
{
    static const uint64_t one = 1;
    bool compressed = layout == CAST_LAYOUT_COMPRESSED, mx = layout == CAST_LAYOUT_MX;
    bool packed = block->code_bits == 4 && !mx;
    const char *scale = compressed && !strcmp(block->scale, "e8m0") ? "uint8" : block->scale;
    const char *end = layout == CAST_LAYOUT_DEEPSEEK ? "_scale_inv" : "_scale";
    add_matrix(b, compressed && packed ? "_packed" : "", packed ? "uint8" : block->element, rows,
               packed ? columns / 2 : columns);
    b->parts->scales = 1;
    if (!block->tile_rows)
        add(b, end, scale, &one, compressed, NULL);
    else
        add_matrix(b, end, scale, hu_parts_over(rows, block->tile_rows),
                   block->tile_columns ? hu_parts_over(columns, block->tile_columns) : 1);
    if (block->over != HU_OVER_TENSOR)
        return;
    b->parts->second = 2;
    b->parts->reciprocal = compressed;
    add(b, compressed ? "_global_scale" : "_scale_2", "fp32", &one, compressed, NULL);
}

bool cast_layout_parts(enum cast_layout layout, const struct hu_block *block, const char *name,
                       const uint64_t *shape, unsigned rank, struct hu_dtype dtype,
                       struct arena *arena, struct cast_parts *parts)
{
    struct building b = {parts, arena, name, shape, rank, false};
    uint64_t rows = shape[rank - 2], columns = shape[rank - 1];
    *parts = (struct cast_parts){.scales = -1, .second = -1};
    if (layout == CAST_LAYOUT_GGUF)
        add_gguf(&b, block);
    else if (layout == CAST_LAYOUT_GPT_OSS)
        add_gpt_oss(&b, columns);
    else if (layout == CAST_LAYOUT_BNB)
        add_bnb(&b, block, dtype);
    else
        add_scaled(&b, layout, block, rows, columns);
    return !b.failed;
}

static json_t *compressed_weights(const struct hu_block *b)
{
    json_t *weights = json_pack("{s:i, s:s, s:b, s:b}", "num_bits", b->code_bits, "type", "float",
                                "symmetric", 1, "dynamic", 0);
    const char *strategy = is_nvfp4(b)        ? "tensor_group"
                           : is_mxfp4(b)      ? "group"
                           : !b->tile_rows    ? "tensor"
                           : !b->tile_columns ? "channel"
                                              : "block";
    json_object_set_new(weights, "strategy", json_string(strategy));
    if (!strcmp(b->scale, "e8m0"))
        json_object_set_new(weights, "scale_dtype", json_string("torch.uint8"));
    if (is_tiled(b))
        json_object_set_new(weights, "block_structure",
                            json_pack("[i, i]", (int)b->tile_rows, (int)b->tile_columns));
    else if (b->tile_columns)
        json_object_set_new(weights, "group_size", json_integer(b->tile_columns));
    return weights;
}

static json_t *compressed_config(const struct hu_block *b, json_t *ignored)
{
    const char *format = is_nvfp4(b)   ? "nvfp4-pack-quantized"
                         : is_mxfp4(b) ? "mxfp4-pack-quantized"
                                       : "float-quantized";
    return json_pack("{s:s, s:s, s:s, s:o, s:{s:{s:[s], s:o}}}", "quant_method",
                     "compressed-tensors", "format", format, "quantization_status", "compressed",
                     "ignore", ignored, "config_groups", "group_0", "targets", "Linear", "weights",
                     compressed_weights(b));
}

static json_t *deepseek_config(const struct hu_block *b, json_t *ignored)
{
    json_t *config =
        json_pack("{s:s, s:s, s:s, s:[i, i], s:o}", "quant_method", "fp8", "fmt",
                  strcmp(b->element, "fp8_e4m3") ? "e5m2" : "e4m3", "activation_scheme", "dynamic",
                  "weight_block_size", (int)b->tile_rows, (int)b->tile_columns,
                  "modules_to_not_convert", ignored);
    if (!strcmp(b->scale, "e8m0"))
        json_object_set_new(config, "scale_fmt", json_string("ue8m0"));
    return config;
}

json_t *cast_layout_config(enum cast_layout layout, const struct hu_block *b, json_t *ignored)
{
    switch (layout) {
    case CAST_LAYOUT_COMPRESSED:
        return compressed_config(b, ignored);
    case CAST_LAYOUT_MODELOPT:
        return json_pack("{s:s, s:s, s:o}", "quant_method", "modelopt", "quant_algo",
                         is_nvfp4(b) ? "NVFP4" : "FP8", "ignore", ignored);
    case CAST_LAYOUT_DEEPSEEK:
        return deepseek_config(b, ignored);
    case CAST_LAYOUT_GPT_OSS:
        return json_pack("{s:s, s:o}", "quant_method", "mxfp4", "modules_to_not_convert", ignored);
    case CAST_LAYOUT_BNB:
        return json_pack("{s:s, s:b, s:b, s:s, s:s, s:b, s:s, s:o}", "quant_method", "bitsandbytes",
                         "load_in_4bit", 1, "load_in_8bit", 0, "bnb_4bit_quant_type",
                         strncmp(b->name, "nf4", 3) ? "fp4" : "nf4", "bnb_4bit_compute_dtype",
                         "bfloat16", "bnb_4bit_use_double_quant", 0, "bnb_4bit_quant_storage",
                         "uint8", "llm_int8_skip_modules", ignored);
    default:
        json_decref(ignored);
        return NULL;
    }
}
