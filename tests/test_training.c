/* Training from the list of tensors: activations, optimizers by matrix, shares of devices. */
#include "memory/sizing.h"
#include "memory/source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct hu_model model;
static struct hu_sizing sizing;
static struct hu_sizing_request request;
static char error[HU_SIZING_ERROR];

static void begin(const char *fixture)
{
    char path[512], why[HU_SOURCE_ERROR];
    bool unknown;
    hu_sizing_begin(&request);
    request.dtype_count = 0;
    model = (struct hu_model){0};
    if (!fixture)
        return;
    snprintf(path, sizeof path, "%s/configs/%s.json", FIXTURES, fixture);
    cr_assert(hu_model_open(path, &model, &unknown, why), "%s", why);
}

static void make(void)
{
    cr_assert(hu_sizing_make(&model, &request, &sizing, error), "%s", error);
}

static void train(const char *recipe)
{
    request.train = true;
    request.plan.recipe = hu_recipe_find(recipe);
    cr_assert(request.plan.recipe, "%s", recipe);
}

static uint64_t listed(const char *fixture, uint64_t sequence, uint64_t batch, bool flash)
{
    begin(fixture);
    train("mixed");
    request.sequence = sequence;
    request.micro_batch = batch;
    request.flash = flash;
    make();
    hu_model_free(&model);
    return sizing.training.activations;
}

/* A GPT block's own tensors give the paper's 34·h + 5·a·s, and 4·s·b·v for the logits. */
Test(training, activations_of_a_listed_gpt_are_the_papers)
{
    uint64_t logits = UINT64_C(4) * 512 * 50257;
    cr_assert_eq(listed("gpt2", 512, 1, false),
                 UINT64_C(12) * 512 * (34 * 768 + 5 * 12 * 512) + logits);
    cr_assert_eq(listed("gpt2", 512, 1, true), UINT64_C(12) * 512 * 34 * 768 + logits);
}

/* A gated perceptron keeps four inputs of its width and not two: LOMO #16 reports 45 GB of
 * activations for LLaMA-7B at 8 × 512, and a GPT block's formula says 29.5. */
Test(training, activations_of_a_gated_decoder_are_more_than_gpts)
{
    uint64_t gated = listed("llama-7b", 512, 8, false);
    cr_assert_float_eq((double)gated / 1e9, 45, 0.17 * 45, "%llu", (unsigned long long)gated);
    /* Norms 2 · 8h, q, k, v and the output's input 8h, the perceptron 8 · 11008. */
    cr_assert_eq(listed("llama-7b", 512, 8, true),
                 UINT64_C(4096) * (32 * (UINT64_C(24) * 4096 + 8 * 11008) + 4 * 32000));
    /* A token of Mixtral passes two experts. */
    cr_assert_eq(listed("mixtral-8x7b", 512, 1, true),
                 UINT64_C(512) * (32 * (UINT64_C(16) * 4096 + 2 * (4096 + 2 * 1024) + 2 * 4096 +
                                        2 * (2 * 4096 + 8 * 14336)) +
                                  4 * 32000));
}

Test(training, optimizers_by_matrix_keep_what_their_papers_say)
{
    static const struct {
        const char *name;
        uint64_t numbers;
    } rows[] = {
        /* LLaMA-7B: 6,476,005,376 in the layers' matrices, 262,410,240 besides. */
        {"muon", UINT64_C(6476005376) + 2 * UINT64_C(262410240)},
        /* 128 · (4096 + 2 · 4096) a square matrix, 128 · (4096 + 2 · 11008) one of the perceptron.
         */
        {"galore",
         UINT64_C(32) * 128 * (4 * 3 * 4096 + 3 * (4096 + 2 * 11008)) + 2 * UINT64_C(262410240)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin("llama-7b");
        train("fp32");
        request.plan.optimizer = hu_optimizer_find(rows[i].name);
        cr_assert(request.plan.optimizer, "%s", rows[i].name);
        make();
        cr_assert_eq(sizing.training.optimizer, 4 * rows[i].numbers, "%s: %llu", rows[i].name,
                     (unsigned long long)sizing.training.optimizer);
        hu_model_free(&model);
    }
}

/* Tensor parallelism splits matrices and leaves norms: 65 vectors of 4,096 are on every device. */
Test(training, a_device_trains_its_share_of_each_tensor)
{
    begin("llama-7b");
    train("bf16");
    request.plan.tensor_parallel = 8;
    make();
    uint64_t norms = 65 * 4096, split = (model.parameters - norms) / 8;
    cr_assert_float_eq((double)sizing.training.per_device, 8.0 * (double)(split + norms), 16);
    hu_model_free(&model);
}
