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

/* What torch.autograd.graph.saved_tensors_hooks counts, each storage once and without parameters,
 * of transformers' modelling code of 2026 (eager attention, or q, k, v, output and sums that a
 * fused kernel keeps) over bf16 tensors: layers only. The rotary tables and the norms' reciprocals,
 * a few bytes a token, are not modelled. */
Test(training, activations_are_what_autograd_keeps_of_the_public_code)
{
    static const struct {
        const char *fixture;
        uint64_t batch, vocabulary;
        bool flash;
        uint64_t kept;
    } rows[] = {
        {"llama-7b", 8, 32000, false, UINT64_C(37315674880)},
        {"llama-7b", 8, 32000, true, UINT64_C(24447549952)},
        {"llama-3-8b", 2, 128256, false, UINT64_C(10201334528)}, /* repeated keys and values */
        {"llama-3-8b", 2, 128256, true, UINT64_C(6581649920)},
        {"qwen3-8b", 2, 151936, false, UINT64_C(12010816928)}, /* norms of queries and keys */
        {"qwen3-8b", 2, 151936, true, UINT64_C(7938671744)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t logits = 4 * 512 * rows[i].batch * rows[i].vocabulary;
        double layers =
            (double)(listed(rows[i].fixture, 512, rows[i].batch, rows[i].flash) - logits);
        cr_assert_float_eq(layers, (double)rows[i].kept, 0.002 * (double)rows[i].kept, "%s: %.0f",
                           rows[i].fixture, layers);
    }
}

/*
 * LOMO (arXiv:2306.09782, table 1) reports 45.61 GiB for LLaMA-7B at 8 × 512. Of these 10.06 were
 * kept by transformers 4.30 and PyTorch up to 2.0 and are by neither since: a copy of the scores
 * for torch.max (2 bytes a score), the squares that mean() kept (4 · h a norm), the norms' 16-bit
 * input beside the widened one (2 · h a norm), and rotary tables of each layer.
 */
Test(training, activations_of_llama_7b_with_what_was_kept_in_2023_are_the_reports)
{
    double gib = 1073741824, tokens = 4096, now = (double)listed("llama-7b", 512, 8, false);
    double scores = 2.0 * 32 * 512 * 32 * tokens, norms = 32 * 2 * (4.0 + 2.0) * 4096 * tokens,
           rotary = 32 * 2 * 2.0 * 128 * tokens;
    cr_assert_float_eq((now + scores + norms + rotary) / gib, 45.61, 0.01 * 45.61);
}

/* A gated perceptron keeps four inputs of its width and not two. */
Test(training, activations_of_a_gated_decoder_are_more_than_gpts)
{
    /* Norms 2 · 8h, q, k, v and the output's input 8h, the perceptron 8 · 11008. */
    cr_assert_eq(listed("llama-7b", 512, 8, true),
                 UINT64_C(4096) * (32 * (UINT64_C(24) * 4096 + 8 * 11008) + 4 * 32000));
    /* A token of Mixtral passes two experts: their inputs, their outputs, which are weighed. */
    cr_assert_eq(listed("mixtral-8x7b", 512, 1, true),
                 UINT64_C(512) * (32 * (UINT64_C(16) * 4096 + 2 * (4096 + 2 * 1024) + 2 * 4096 +
                                        2 * (4 * 4096 + 8 * 14336)) +
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

/* Latent attention: queries' latent 8 · 1536, the other 8 · 512 and its rotary part, queries and
 * keys 128 · 192 each, the expanded latent 128 · 256, the output's input 128 · 128. */
Test(training, activations_of_latent_attention_have_keys_of_their_own)
{
    uint64_t attention = 8 * 1536 + 8 * 512 + 2 * 64 + 2 * 128 * (192 + 192 + 256 + 128);
    uint64_t norms = 16 * 7168, dense = 8 * 18432;
    uint64_t experts = 8 * (4 * 7168 + 8 * 2048) + 8 * 2048;
    cr_assert_eq(listed("deepseek-v3", 512, 1, true),
                 UINT64_C(512) *
                     (61 * (attention + norms) + 3 * dense + 58 * experts + 4 * 129280));
}

static const struct hu_figure *term(const char *name)
{
    for (size_t i = 0; i < sizing.terms.count; i++)
        if (!strcmp(sizing.terms.rows[i].name, name))
            return &sizing.terms.rows[i];
    return NULL;
}

static void make_step(const char *fixture, uint64_t patches)
{
    begin(fixture);
    train("mixed");
    request.sequence = 512;
    request.micro_batch = 1;
    request.patches = patches;
    make();
    hu_model_free(&model);
}

/* A layer of CLIP's and SigLIP's towers keeps 16 · h for its norms and projections and 4 · f for
 * its perceptron (measured as above: 32,848 bytes a token of CLIP-L, 64 of them sums of scores). */
Test(training, towers_activations_follow_their_table_of_positions)
{
    make_step("llava-1.5-7b", 0);
    cr_assert(term("activations of a tower"));
    cr_assert_eq(term("activations of a tower")->bytes, UINT64_C(24) * 577 * 32 * 1024);
    cr_assert_null(term("activations of towers"));
    make_step("gemma-3-4b", 0);
    cr_assert_eq(term("activations of a tower")->bytes,
                 UINT64_C(27) * 4096 * (16 * 1152 + 4 * 4304));
    make_step("whisper-base", 0); /* the encoder, of 30 s */
    cr_assert_eq(term("activations of a tower")->bytes, UINT64_C(6) * 1500 * 32 * 512);
    make_step("llava-1.5-7b", 100);
    cr_assert_eq(term("activations of a tower")->bytes, UINT64_C(24) * 100 * 32 * 1024);
}

/* Where a picture has as many patches as it has, and the layers are none of attention. */
Test(training, towers_activations_are_said_to_be_missing)
{
    make_step("qwen2-vl-2b", 0);
    cr_assert(term("activations of towers"));
    cr_assert_eq(term("activations of towers")->basis, HU_UNKNOWN);
    cr_assert(strstr(term("activations of towers")->formula, "give --patches"));
    make_step("qwen2-vl-2b", 1024);
    cr_assert_null(term("activations of towers"));
    cr_assert_eq(term("activations of a tower")->bytes, UINT64_C(32) * 1024 * 32 * 1280);
    make_step("gemma-3n-e2b", 0);
    cr_assert(strstr(term("activations of towers")->formula, "are not modelled"));
    make_step("llama-7b", 0);
    cr_assert_null(term("activations of towers"));
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
