#include "mixture.h"
#include "file/dtype.h"

#include <string.h>
#include <strings.h>

/* llama.cpp's llama_tensor_get_type (src/llama-quant.cpp). */
static const struct hu_mixture mixtures[] = {
    {"q4_k_m", "q4_k", "q6_k", true},
    {"q4_k_s", "q4_k", "q5_k", false},
    {"q5_k_m", "q5_k", "q6_k", true},
    {"q5_k_s", "q5_k", "q5_k", false},
};

const struct hu_mixture *hu_mixture_find(const char *name)
{
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        if (!strcasecmp(mixtures[i].name, name))
            return &mixtures[i];
    return NULL;
}

/* Layers that use_more_bits picks: the first and the last eighth, and every third between. */
static bool is_picked(uint64_t layer, uint64_t layers)
{
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

/* Rows that are no whole number of 256 take formats with blocks of 32 (tensor_type_fallback). */
static const char *for_rows(const char *name, uint64_t columns)
{
    static const char *const instead[][2] = {{"q4_k", "q5_0"}, {"q5_k", "q5_1"}, {"q6_k", "q8_0"}};
    for (size_t i = 0; columns % 256 && i < sizeof instead / sizeof *instead; i++)
        if (!strcmp(instead[i][0], name))
            return columns % 32 ? "fp16" : instead[i][1];
    return name;
}

static bool is_named(const struct hu_tensor_row *row, const char *name)
{
    size_t n;
    const char *module = hu_row_module(row, &n);
    return strlen(name) == n && !strncmp(module, name, n);
}

static bool add(uint64_t *sum, const char *name, const struct hu_tensor_row *row)
{
    struct hu_dtype dtype;
    uint64_t bytes;
    return hu_dtype_find(for_rows(name, row->rank ? row->shape[row->rank - 1] : 1), &dtype) &&
           hu_dtype_size(dtype, hu_row_elements(row), &bytes) &&
           !__builtin_add_overflow(*sum, bytes, sum);
}

/* The rule is known where each layer has one v_proj and one down_proj and there is nothing else. */
static bool has_matrices(const struct hu_model *model)
{
    uint64_t values = 0, downs = 0;
    for (size_t i = 0; i < model->tensors.count; i++) {
        const struct hu_tensor_row *row = &model->tensors.rows[i];
        if (row->role == HU_ROLE_EXPERT || row->tower || row->copies > 1)
            return false;
        values += is_named(row, "v_proj") && !row->is_bias;
        downs += is_named(row, "down_proj") && !row->is_bias;
    }
    return model->layers && values == model->layers && downs == model->layers;
}

static bool has_head(const struct hu_model *model)
{
    for (size_t i = 0; i < model->tensors.count; i++)
        if (is_named(&model->tensors.rows[i], "lm_head") && hu_row_counts(&model->tensors.rows[i]))
            return true;
    return false;
}

static const char *format_of(const struct hu_mixture *mixture, const struct hu_model *model,
                             const struct hu_tensor_row *row, bool head)
{
    bool value = is_named(row, "v_proj"), down = is_named(row, "down_proj");
    if (row->rank < 2)
        return "fp32"; /* vectors stay so */
    /* The output matrix, or the embedding in its place. */
    if (is_named(row, "lm_head") || (row->role == HU_ROLE_EMBEDDING && !head))
        return "q6_k";
    bool better = mixture->half ? is_picked(row->layer, model->layers)
                  : down        ? row->layer < model->layers / 8
                                : row->layer < 4;
    if ((value || down) && better)
        return mixture->better;
    /* Eight query heads share each key and value head of a 70B model. */
    bool shared = value && model->layers == 80 && row->shape[0] < model->hidden;
    return shared && !strcmp(mixture->plain, "q4_k") ? "q5_k" : mixture->plain;
}

bool hu_mixture_size(const struct hu_mixture *mixture, const struct hu_model *model,
                     uint64_t *bytes)
{
    bool fine = has_matrices(model), head = has_head(model);
    *bytes = 0;
    for (size_t i = 0; fine && i < model->tensors.count; i++) {
        const struct hu_tensor_row *row = &model->tensors.rows[i];
        if (hu_row_counts(row))
            fine = add(bytes, format_of(mixture, model, row, head), row);
    }
    return fine;
}
