#include "weights.h"
#include "capped.h"
#include "quantization.h"

#include <stdlib.h>
#include <string.h>

static bool is_set(struct hu_dtype d)
{
    return d.format || d.integer || d.block;
}

struct hu_storage hu_storage_in(struct hu_dtype dtype)
{
    bool ggml = dtype.block && dtype.block->ggml_type != HU_NO_GGML_TYPE;
    bool narrow = dtype.block || hu_dtype_bits(dtype) < 16;
    return (struct hu_storage){.storing = narrow && !ggml ? HU_STORE_LINEAR : HU_STORE_ALL,
                               .dtype = dtype};
}

struct hu_dtype hu_row_dtype(const struct hu_model *model, const struct hu_tensor_row *row)
{
    struct hu_dtype dtype = row->dtype;
    if (!is_set(dtype) && (!*model->dtype || !hu_dtype_find(model->dtype, &dtype)))
        hu_dtype_find("bf16", &dtype);
    return dtype;
}

/* The model's 16 bits, for what a narrow dtype leaves alone. */
static struct hu_dtype half_of(const struct hu_model *model)
{
    struct hu_dtype dtype;
    if (!hu_dtype_find(model->dtype, &dtype) || !dtype.format || dtype.format->storage_bits != 16)
        hu_dtype_find("bf16", &dtype);
    return dtype;
}

uint64_t hu_row_copies(const struct hu_tensor_row *row, uint64_t expert)
{
    return row->experts > 1 && !row->stacked ? parts(row->copies, expert) : row->copies;
}

/* Which size is split: of stacked experts, one of the last two. */
static int split_size(const struct hu_tensor_row *row)
{
    int first = row->stacked && row->rank > 2 ? (int)row->rank - 2 : 0;
    if (row->split == HU_SPLIT_NONE || (row->split == HU_SPLIT_COLUMNS && row->rank < 2))
        return -1;
    return row->split == HU_SPLIT_COLUMNS ? first + 1 : first;
}

uint64_t hu_row_share(const struct hu_tensor_row *row, uint64_t tensor, uint64_t shape[HU_RANK_MAX])
{
    int split = split_size(row);
    uint64_t elements = 1;
    memcpy(shape, row->shape, HU_RANK_MAX * sizeof *shape);
    if (split >= 0 && tensor > 1) {
        /* Whole heads; where there are fewer than devices, each has one. */
        uint64_t heads = row->heads && shape[split] % row->heads == 0 ? row->heads : shape[split];
        shape[split] = shape[split] / heads * parts(heads, tensor);
    }
    for (unsigned i = 0; i < row->rank; i++)
        elements *= shape[i];
    return elements;
}

uint64_t hu_stage_of(uint64_t layer, uint64_t layers, uint64_t stages)
{
    uint64_t each = parts(layers, stages);
    return layer / (each ? each : 1);
}

static const struct hu_tensor_row untyped;

struct sum {
    const struct hu_model *model;
    const struct hu_storage *storage;
    struct hu_spread spread;
    struct hu_dtype own, half; /* of rows that name none; of what a narrow dtype leaves alone */
    struct hu_weights_size *stages; /* one a pipeline stage */
};

/* Bytes of a tensor of SHAPE, matrix by matrix: each has scales of its own. */
static bool tensor_bytes(struct hu_dtype dtype, const uint64_t *shape, unsigned rank,
                         uint64_t elements, uint64_t *bytes)
{
    uint64_t columns = rank ? shape[rank - 1] : 1, rows = rank > 1 ? shape[rank - 2] : 1;
    uint64_t matrix = rows * columns;
    if (!matrix)
        return hu_dtype_size(dtype, elements, bytes);
    return hu_dtype_matrix_size(dtype, rows, columns, bytes) &&
           !__builtin_mul_overflow(*bytes, elements / matrix, bytes);
}

/* Bytes of ROW's copies on a device; *plain: they are not quantized. */
static bool row_bytes(const struct sum *s, const struct hu_tensor_row *row, uint64_t *bytes,
                      bool *plain)
{
    uint64_t shape[HU_RANK_MAX];
    /* Experts that are spread whole are not split as well. */
    bool whole = row->experts > 1 && s->spread.expert > 1;
    uint64_t elements = hu_row_share(row, whole ? 1 : s->spread.tensor, shape);
    uint64_t copies = hu_row_copies(row, s->spread.expert);
    const struct hu_quantization *q = s->model->quantization;
    if (whole && row->stacked && row->rank) {
        elements = elements / shape[0] * parts(shape[0], s->spread.expert);
        shape[0] = parts(shape[0], s->spread.expert);
    }
    struct hu_dtype dtype = s->storage->dtype;
    *plain = s->storage->storing == HU_STORE_OWN
                 ? !q || !hu_quantization_takes(q, row)
                 : s->storage->storing == HU_STORE_LINEAR && !hu_row_is_linear(row);
    if (s->storage->storing == HU_STORE_OWN && !*plain) {
        if (!hu_quantization_bytes(q, row, shape, bytes))
            return false;
    } else {
        if (*plain && s->storage->storing == HU_STORE_OWN)
            dtype = is_set(row->dtype) ? row->dtype : s->own;
        else if (*plain)
            dtype = is_set(row->dtype) ? row->dtype : s->half;
        if (!tensor_bytes(dtype, shape, row->rank, elements, bytes))
            return false;
    }
    return !__builtin_mul_overflow(*bytes, copies, bytes);
}

static bool add_row(struct sum *s, const struct hu_tensor_row *row, uint64_t stage)
{
    uint64_t bytes;
    bool plain;
    struct hu_weights_size *size = &s->stages[stage];
    if (!row_bytes(s, row, &bytes, &plain) ||
        __builtin_add_overflow(size->bytes, bytes, &size->bytes))
        return false;
    size->rest += plain ? bytes : 0;
    return true;
}

/* The stage of the row at hand: layers in the order of the list, what comes before them with the
 * first, what follows with the last. */
struct order {
    uint64_t layers, at;
    uint32_t stack, layer;
    bool begun;
};

static uint64_t stage_of_row(struct order *o, const struct hu_tensor_row *row, uint64_t stages)
{
    if (row->tower)
        return 0;
    if (row->layer == HU_NO_LAYER)
        return o->begun && o->at + 1 >= o->layers ? stages - 1 : 0;
    if (!o->begun || row->stack != o->stack || row->layer != o->layer) {
        o->at += o->begun;
        o->begun = true;
        o->stack = row->stack;
        o->layer = row->layer;
    }
    uint64_t stage = hu_stage_of(o->at, o->layers, stages);
    return stage < stages ? stage : stages - 1;
}

static bool add_rows(struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    struct order order = {.layers = s->model->layers};
    for (size_t i = 0; i < t->count; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
        if (hu_row_counts(row) && !add_row(s, row, stage_of_row(&order, row, s->spread.pipeline)))
            return false;
    }
    return true;
}

/* A count alone: all in the dtype, evenly. */
static bool add_count(const struct sum *s, struct hu_weights_size *size)
{
    struct hu_dtype dtype = s->storage->dtype;
    uint64_t devices = s->spread.tensor * s->spread.pipeline;
    if (s->storage->storing == HU_STORE_OWN && !hu_dtype_find(s->model->dtype, &dtype))
        dtype = s->half;
    if (!hu_dtype_size(dtype, s->model->parameters, &size->bytes))
        return false;
    size->bytes = parts(size->bytes, devices);
    return true;
}

bool hu_weights_size(const struct hu_model *model, const struct hu_storage *storage,
                     const struct hu_spread *spread, struct hu_weights_size *size)
{
    struct sum s = {.model = model,
                    .storage = storage,
                    .spread = spread ? *spread : (struct hu_spread){1, 1, 1},
                    .own = hu_row_dtype(model, &untyped),
                    .half = half_of(model)};
    *size = (struct hu_weights_size){0};
    if (!model->tensors.count)
        return add_count(&s, size);
    if (model->layers && s.spread.pipeline > model->layers)
        s.spread.pipeline = model->layers;
    if (!(s.stages = calloc((size_t)s.spread.pipeline, sizeof *s.stages)))
        return false;
    bool fine = add_rows(&s);
    for (uint64_t i = 0; i < s.spread.pipeline; i++)
        if (s.stages[i].bytes > size->bytes)
            *size = s.stages[i];
    free(s.stages);
    return fine;
}

bool hu_weights_stored(const struct hu_model *model, uint64_t *bytes)
{
    struct hu_weights_size stage = {0};
    struct hu_storage own = {.storing = HU_STORE_OWN};
    struct sum s = {.model = model,
                    .storage = &own,
                    .spread = {1, 1, 1},
                    .own = hu_row_dtype(model, &untyped),
                    .half = half_of(model),
                    .stages = &stage};
    for (size_t i = 0; i < model->tensors.count; i++) {
        const struct hu_tensor_row *row = &model->tensors.rows[i];
        if (hu_row_is_stored(row) && !add_row(&s, row, 0))
            return false;
    }
    *bytes = stage.bytes;
    return model->tensors.count;
}
