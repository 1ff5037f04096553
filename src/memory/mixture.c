#include "mixture.h"
#include "tensor/dtype.h"

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
static uint64_t picked_layers(uint64_t layers)
{
    uint64_t picked = 0;
    for (uint64_t i = 0; i < layers; i++)
        picked += i < layers / 8 || i >= 7 * layers / 8 || (i - layers / 8) % 3 == 2;
    return picked;
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

static bool add(uint64_t *sum, const char *name, const struct hu_weight *w, uint64_t copies)
{
    struct hu_dtype dtype;
    uint64_t elements, bytes;
    return hu_dtype_find(for_rows(name, w->columns), &dtype) &&
           !__builtin_mul_overflow(w->rows, w->columns, &elements) &&
           !__builtin_mul_overflow(elements, copies, &elements) &&
           hu_dtype_size(dtype, elements, &bytes) && !__builtin_add_overflow(*sum, bytes, sum);
}

static bool is_named(const struct hu_weight *w, const char *name)
{
    return !strcmp(w->name, name);
}

static bool has_matrices(const struct hu_model *model)
{
    unsigned found = 0;
    for (size_t i = 0; i < model->weight_count; i++) {
        const struct hu_weight *w = &model->weights[i];
        bool layered = is_named(w, "v_proj") || is_named(w, "down_proj");
        if ((layered && w->copies != model->layers) || w->group == HU_GROUP_EXPERTS ||
            w->group == HU_GROUP_VISION || w->group == HU_GROUP_MTP)
            return false;
        found += layered;
    }
    return found == 2;
}

static bool has_head(const struct hu_model *model)
{
    for (size_t i = 0; i < model->weight_count; i++)
        if (is_named(&model->weights[i], "lm_head"))
            return true;
    return false;
}

bool hu_mixture_size(const struct hu_mixture *mixture, const struct hu_model *model,
                     uint64_t *bytes)
{
    uint64_t layers = model->layers, picked = picked_layers(layers);
    bool fine = has_matrices(model), head = has_head(model);
    *bytes = 0;
    for (size_t i = 0; fine && i < model->weight_count; i++) {
        const struct hu_weight *w = &model->weights[i];
        bool value = is_named(w, "v_proj"), down = is_named(w, "down_proj");
        uint64_t better = !value && !down ? 0
                          : mixture->half ? picked
                          : down          ? layers / 8
                          : layers < 4    ? layers
                                          : 4;
        /* Vectors stay fp32; the output matrix, or the embedding in its place, is q6_k. */
        bool output = is_named(w, "lm_head") || (is_named(w, "embed_tokens") && !head);
        const char *plain = w->columns <= 2 ? "fp32" : output ? "q6_k" : mixture->plain;
        /* Eight query heads share each key and value head of a 70B model. */
        if (value && layers == 80 && w->rows < model->hidden && !strcmp(plain, "q4_k"))
            plain = "q5_k";
        fine = add(bytes, mixture->better, w, better) && add(bytes, plain, w, w->copies - better);
    }
    return fine;
}
