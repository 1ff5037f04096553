#include "weights.h"
#include "capped.h"
#include "quantization.h"

#include <stdlib.h>
#include <string.h>

bool hu_dtype_is_narrow(struct hu_dtype dtype)
{
    return dtype.block ? dtype.block->ggml_type == HU_NO_GGML_TYPE
                       : hu_dtype_is_set(dtype) && hu_dtype_bits(dtype) < 16;
}

struct hu_dtype hu_row_dtype(const struct hu_model *model, const struct hu_tensor_row *row)
{
    struct hu_dtype dtype = row->dtype;
    if (!hu_dtype_is_set(dtype) && (!*model->dtype || !hu_dtype_find(model->dtype, &dtype)))
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

struct sum {
    const struct hu_model *model;
    struct hu_dtype dtype; /* none: as the config has it */
    struct hu_spread spread;
    struct hu_dtype own, half; /* of rows that name none; of what a narrow dtype leaves alone */
};

static struct sum begin(const struct hu_model *model, struct hu_dtype dtype,
                        const struct hu_spread *spread)
{
    static const struct hu_tensor_row untyped;
    return (struct sum){.model = model,
                        .dtype = dtype,
                        .spread = spread ? *spread : (struct hu_spread){1, 1, 1},
                        .own = hu_row_dtype(model, &untyped),
                        .half = half_of(model)};
}

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

/* Adds ROW's copies on a device. */
static void add_row(const struct sum *s, const struct hu_tensor_row *row,
                    struct hu_weights_size *size)
{
    uint64_t shape[HU_RANK_MAX], experts = s->spread.expert, bytes;
    /* Experts that are spread whole are not split as well. */
    bool whole = row->experts > 1 && experts > 1;
    uint64_t elements = hu_row_share(row, whole ? 1 : s->spread.tensor, shape);
    uint64_t copies = whole && !row->stacked ? parts(row->copies, experts) : row->copies;
    if (whole && row->stacked && row->rank) {
        elements = elements / shape[0] * parts(shape[0], experts);
        shape[0] = parts(shape[0], experts);
    }
    const struct hu_quantization *q = s->model->quantization;
    struct hu_dtype dtype = s->dtype;
    bool own = !hu_dtype_is_set(dtype);
    const struct hu_formula *f = own && q ? hu_quantization_formula(q, row) : NULL;
    bool plain = own ? !f : hu_dtype_is_narrow(dtype) && !hu_row_is_linear(row);
    if (plain)
        dtype = hu_dtype_is_set(row->dtype) ? row->dtype : own ? s->own : s->half;
    bool fine = f ? hu_formula_bytes(q, &s->model->tensors, f, row, shape, &bytes)
                  : tensor_bytes(dtype, shape, row->rank, elements, &bytes);
    bytes = fine ? capped_times(bytes, copies) : UINT64_MAX;
    size->bytes = capped_plus(size->bytes, bytes);
    size->rest += plain ? bytes : 0;
}

/* The stage of the row at hand: layers in the order of the list, what comes before them with the
 * first, what follows with the last. */
struct order {
    uint64_t layers, at;
    const struct hu_tensor_row *last; /* of a layer */
};

static uint64_t stage_of_row(struct order *o, const struct hu_tensor_row *row, uint64_t stages)
{
    if (row->tower)
        return 0;
    if (row->layer == HU_NO_LAYER)
        return o->last && o->at + 1 >= o->layers ? stages - 1 : 0;
    o->at += o->last && (row->stack != o->last->stack || row->layer != o->last->layer);
    o->last = row;
    uint64_t stage = hu_stage_of(o->at, o->layers, stages);
    return stage < stages ? stage : stages - 1;
}

/* A count alone: all in the dtype, evenly. */
static struct hu_weights_size size_count(const struct sum *s)
{
    struct hu_dtype dtype = s->dtype;
    struct hu_weights_size size = {0};
    if (!hu_dtype_is_set(dtype) && !hu_dtype_find(s->model->dtype, &dtype))
        dtype = s->half;
    size.bytes = hu_dtype_size(dtype, s->model->parameters, &size.bytes)
                     ? parts(size.bytes, s->spread.tensor * s->spread.pipeline)
                     : UINT64_MAX;
    return size;
}

struct hu_weights_size hu_weights_size(const struct hu_model *model, struct hu_dtype dtype,
                                       const struct hu_spread *spread)
{
    struct sum s = begin(model, dtype, spread);
    struct hu_weights_size size = {0};
    const struct hu_tensors *t = &model->tensors;
    struct order order = {.layers = model->layers};
    uint64_t stages = s.spread.pipeline;
    if (!t->count)
        return size_count(&s);
    if (model->layers && stages > model->layers)
        stages = model->layers;
    struct hu_weights_size *each = calloc((size_t)stages, sizeof *each);
    if (!each)
        return (struct hu_weights_size){.bytes = UINT64_MAX};
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (hu_row_counts(row))
            add_row(&s, row, &each[stage_of_row(&order, row, stages)]);
    for (uint64_t i = 0; i < stages; i++)
        if (each[i].bytes > size.bytes)
            size = each[i];
    free(each);
    return size;
}

bool hu_weights_stored(const struct hu_model *model, uint64_t *bytes)
{
    struct sum s = begin(model, (struct hu_dtype){.format = NULL}, NULL);
    struct hu_weights_size size = {0};
    const struct hu_tensors *t = &model->tensors;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (hu_row_is_stored(row))
            add_row(&s, row, &size);
    *bytes = size.bytes;
    return t->count && size.bytes != UINT64_MAX;
}
