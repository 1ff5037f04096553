/* Training from the list of tensors: activations, optimizers by matrix, shares of devices. */
#include "sizing_trial.h"

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

/* bitsandbytes' min_8bit_size: tensors of fewer than 4,096 elements keep moments of fp32. In GPT-2
 * these are its norms and biases, 12 × (4 · 768 + 2304 + 768 + 3072 + 768) + 2 · 768. */
Test(training, small_tensors_stay_fp32_under_8_bit_adam)
{
    uint64_t small = 12 * (4 * 768 + 2304 + 768 + 3072 + 768) + 2 * 768;
    begin("gpt2");
    train("fp32");
    request.plan.optimizer = hu_optimizer_find("adam8bit");
    make();
    uint64_t large = model.parameters - small;
    /* Only the token table's 50257 · 768 elements are no multiple of 256, by 1 of 3 · 256: none. */
    cr_assert_eq(sizing.training.optimizer, 2 * (4 * small + large + large / 256 * 4), "%llu",
                 (unsigned long long)sizing.training.optimizer);
    /* Adapters of rank 2 are two tensors: 2 · 768 elements, and 2 · 2304 over 4,095. */
    request.plan.lora_rank = 2;
    make();
    cr_assert_eq(sizing.training.optimizer, 2 * 12 * (4 * 1536 + 4608 + 18 * 4), "%llu",
                 (unsigned long long)sizing.training.optimizer);
    hu_model_free(&model);
}

/* DeepSpeed's estimate has 4 bytes an element of the largest layer; a unit of FSDP is a layer, or
 * all that is in none: embedding, head and norm. */
Test(training, stage_3_has_the_largest_layer_whole)
{
    uint64_t table = UINT64_C(32000) * 4096;
    begin("llama-7b");
    train("mixed");
    request.plan.zero = 3;
    request.plan.data_parallel = 8;
    make();
    cr_assert_eq(sizing.training.gathered, 4 * table);
    cr_assert_eq(sizing.training.per_device, 16 * model.parameters / 8 + 4 * table);
    request.plan.fsdp = true;
    make();
    cr_assert_eq(sizing.training.gathered, 6 * (2 * table + 4096));
    /* Adapters alone are trained: frozen weights have no gradients. */
    request.plan.lora_rank = 8;
    make();
    cr_assert_eq(sizing.training.gathered, 4 * (2 * table + 4096));
    request.plan.lora_rank = 0;
    request.plan.data_parallel = 1;
    make();
    cr_assert_eq(sizing.training.gathered, 0, "nothing is sharded");
    hu_model_free(&model);
    begin_count(1000000);
    train("mixed");
    request.plan.zero = 3;
    request.plan.data_parallel = 8;
    make();
    cr_assert_eq(sizing.training.per_device, 2000000, "a count has no layers");
}

static const struct hu_figure *term(const char *name)
{
    for (size_t i = 0; i < sizing.terms.count; i++)
        if (!strcmp(sizing.terms.rows[i].name, name))
            return &sizing.terms.rows[i];
    return NULL;
}

/* A picture's tokens are not the text's: what its tower keeps is not in the sum, and that is said.
 */
Test(training, towers_activations_are_said_to_be_missing)
{
    begin("qwen2-vl-2b");
    train("mixed");
    request.sequence = 512;
    request.micro_batch = 1;
    make();
    cr_assert(term("activations of towers"));
    cr_assert_eq(term("activations of towers")->basis, HU_UNKNOWN);
    cr_assert(strstr(term("activations of towers")->formula, "vision"));
    hu_model_free(&model);
    begin("llama-7b");
    train("mixed");
    request.sequence = 512;
    request.micro_batch = 1;
    make();
    cr_assert_null(term("activations of towers"));
    hu_model_free(&model);
}

Test(training, a_type_that_peft_has_no_targets_for_is_told_so)
{
    begin("mamba-130m");
    train("autocast");
    request.plan.lora_rank = 8;
    cr_assert_not(hu_sizing_make(&model, &request, &sizing, error));
    cr_assert(strstr(error, "PEFT has no default"), "%s", error);
    request.plan.lora_targets = "all-linear";
    make();
    request.plan.lora_targets = "q_proj";
    cr_assert_not(hu_sizing_make(&model, &request, &sizing, error));
    cr_assert(strstr(error, "no linear layer"), "%s", error);
    hu_model_free(&model);
}
