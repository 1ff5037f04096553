/* A config.json and everything that is computed from it. */
#include "memory/families.h"
#include "memory/sizing.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(struct hu_sizing_request *r, size_t seed)
{
    hu_sizing_begin(r);
    r->batch = 1 + seed % 7;
    r->train = r->fit = true;
    r->context = (uint64_t)1 << seed % 41;
    r->memory = (uint64_t)1 << seed % 50;
    r->sequence = 1 + seed % 8192;
    r->micro_batch = 1;
    r->plan.recipe = hu_recipe_at(seed % 6);
    r->plan.optimizer = hu_optimizer_at(seed % 7);
    r->plan.zero = seed % 4;
    r->plan.data_parallel = 1 + seed % 9;
    r->plan.tensor_parallel = 1 + seed % 5;
    r->plan.pipeline_parallel = 1 + seed % 3;
    r->plan.lora_rank = seed % 2 * 8;
    r->plan.qlora = seed % 4 == 3;
    hu_dtype_find(seed % 2 ? "q8_0" : "bf16", &r->kv_dtype);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hu_model model;
    static struct hu_sizing sizing;
    static struct hu_sizing_request request;
    char error[HU_CONFIG_ERROR], why[HU_SIZING_ERROR];
    if (hu_model_read_config((const char *)data, size, &model, error)) {
        fill(&request, size);
        hu_sizing_make(&model, &request, &sizing, why);
    }
    hu_model_free(&model);
    return 0;
}
