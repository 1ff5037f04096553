#include "training.h"
#include "capped.h"
#include "weights.h"
#include "wide.h"
#include "word_list.h"

#include <stdio.h>
#include <string.h>

/*
 * Bytes a parameter with Adam: Rajbhandari et al. 2020 (ZeRO) section 3.1 for 16 under mixed
 * precision; Megatron-LM's distributed-optimizer page for 20 (fp16 gradients and fp32 copies of
 * them), 18 (fp32 main gradients) and 16.
 */
static const struct hu_recipe recipes[] = {
    {"fp32", "full float32", "fp32", "fp32", NULL, NULL, "fp32", "fp32",
     "16 bytes a parameter with Adam"},
    {"autocast", "amp", "fp32", "fp32", NULL, NULL, "fp32", "bf16",
     "torch.autocast: weights stay fp32, the 16-bit copies are passing; 16 bytes"},
    {"mixed", "mixed-fp16 mixed-bf16 fp16", "fp16", "fp16", NULL, "fp32", "fp32", "fp16",
     "16-bit weights and gradients, fp32 master weights: 16 bytes"},
    {"mixed-fp32-grads", "megatron-bf16 megatron", "bf16", NULL, "fp32", "fp32", "fp32", "bf16",
     "16-bit weights, fp32 main gradients and master weights: 18 bytes"},
    {"mixed-both-grads", "megatron-fp16", "fp16", "fp16", "fp32", "fp32", "fp32", "fp16",
     "16-bit gradients and fp32 copies of them: 20 bytes"},
    {"bf16", "pure-bf16", "bf16", "bf16", NULL, NULL, "bf16", "bf16",
     "everything in bf16: 8 bytes; small updates are lost without stochastic rounding"},
};

const struct hu_recipe *hu_recipe_at(size_t index)
{
    return index < sizeof recipes / sizeof *recipes ? &recipes[index] : NULL;
}

const struct hu_recipe *hu_recipe_find(const char *name)
{
    for (size_t i = 0; hu_recipe_at(i); i++)
        if (hu_is_called(name, recipes[i].name, recipes[i].aliases))
            return &recipes[i];
    return NULL;
}

/* --- Optimizers: what their state keeps, by parameter or by matrix --- */

/* Shazeer and Stern 2018 (arXiv:1804.04235), section 3: a row and a column a matrix. */
static uint64_t factored(uint64_t rows, uint64_t columns)
{
    return capped_plus(rows, columns);
}

/* Jordan et al. 2024: a momentum where Adam has two moments. */
static uint64_t muon(uint64_t rows, uint64_t columns)
{
    return capped_times(rows, columns);
}

/* Zhao et al. 2024 (arXiv:2403.03507), section 4: both moments in a subspace of rank 128 along the
 * shorter side, and the projection into it; smaller matrices as Adam's. */
static uint64_t galore(uint64_t rows, uint64_t columns)
{
    const uint64_t rank = 128;
    uint64_t small = rows < columns ? rows : columns, large = rows < columns ? columns : rows;
    return small <= rank ? capped_times(2 * rows, columns)
                         : capped_plus(capped_times(2 * rank, large), rank * small);
}

/* The sum of the squares of a side's blocks. */
static uint64_t squares(uint64_t side, uint64_t block)
{
    uint64_t rest = side % block;
    return side / block * block * block + rest * rest;
}

/* Gupta et al. 2018 (arXiv:1802.09568) as Shi et al. 2023 (arXiv:2309.06497) keep it: for each
 * block of 1,024 × 1,024 two statistics and their inverse roots, and a momentum and a second moment
 * beside. */
static uint64_t shampoo(uint64_t rows, uint64_t columns)
{
    const uint64_t block = 1024;
    uint64_t statistics = capped_plus(capped_times(squares(rows, block), parts(columns, block)),
                                      capped_times(squares(columns, block), parts(rows, block)));
    return capped_times(2, capped_plus(statistics, capped_times(rows, columns)));
}

static const struct hu_optimizer optimizers[] = {
    {"adam", "adamw", 2, .summary = "two moments"},
    {"sgd", "", 0, .summary = "no state"},
    {"momentum", "sgd-momentum", 1, .summary = "a velocity"},
    {"lion", "", 1, .summary = "one momentum"},
    {"adafactor", "", 0, .numbers = factored, .vectors = 1, .all_matrices = true,
     .summary = "a row and a column a matrix in place of the second moment"},
    {"adam8bit", "adamw8bit 8bit-adam adam-8bit", 2, .eight_bit = true,
     .summary = "two moments in 8 bits, an fp32 scale for 256 of them; tensors of fewer than 4,096 "
                "elements in fp32"},
    {"sparse-adam", "sparseadam lazy-adam", 2, .sparse = true,
     .summary = "sparse gradients of the embeddings; the state stays whole"},
    {"muon", "", 1, .numbers = muon, .vectors = 2,
     .summary =
         "one momentum for the layers' matrices, Adam's two for embeddings, head and vectors"},
    {"galore", "", 2, .numbers = galore, .vectors = 2,
     .summary = "moments in a subspace of rank 128 for the layers' matrices, Adam's for the rest"},
    {"shampoo", "", 2, .numbers = shampoo, .vectors = 2, .all_matrices = true,
     .summary =
         "statistics of rows and columns and their roots in blocks of 1,024, grafted on Adam"},
};

const struct hu_optimizer *hu_optimizer_at(size_t index)
{
    return index < sizeof optimizers / sizeof *optimizers ? &optimizers[index] : NULL;
}

const struct hu_optimizer *hu_optimizer_find(const char *name)
{
    for (size_t i = 0; hu_optimizer_at(i); i++)
        if (hu_is_called(name, optimizers[i].name, optimizers[i].aliases))
            return &optimizers[i];
    return NULL;
}

/* Bytes of an 8-bit moment for a tensor of N elements: bitsandbytes keeps tensors of fewer than
 * 4,096 in fp32 (optim/optimizer.py, min_8bit_size), and a scale for 256 of others. */
static uint64_t eight_bit_bytes(uint64_t n)
{
    const uint64_t least = 4096, block = 256;
    return n < least ? 4 * n : capped_plus(n, 4 * parts(n, block));
}

/* What ROW's copies have: a matrix, several stacked ones, or a vector. */
static uint64_t numbers_of(const struct hu_optimizer *o, const struct hu_tensor_row *row)
{
    bool matrix = row->rank > 1 && (o->all_matrices || hu_row_is_linear(row));
    if (!matrix)
        return capped_times(capped_times(row->elements, o->vectors), row->copies);
    uint64_t stack = row->stacked && row->rank > 2 ? row->shape[0] : 1;
    uint64_t columns = row->shape[row->rank - 1], rows = row->elements / stack / columns;
    return capped_times(capped_times(o->numbers(rows, columns), stack), row->copies);
}

/* Numbers that O keeps for MODEL's tensors, where it goes by matrices; UINT64_MAX: over 64 bits. */
static uint64_t numbers_of_all(const struct hu_optimizer *o, const struct hu_model *model)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t numbers = 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (hu_row_counts(row))
            numbers = capped_plus(numbers, numbers_of(o, row));
    return numbers;
}

/* --- The sum --- */

static const char over[] = "the sum is over 64 bits";

struct sum {
    const struct hu_model *model;
    const struct hu_training_plan *plan;
    struct hu_training *out;
    struct hu_figures *terms;
    const char *error;
};

static bool refuse(struct sum *s, const char *why)
{
    s->error = why;
    return false;
}

/* Bytes of N numbers of the dtype called NAME; 0 for NULL. */
static uint64_t bytes_of(const char *name, uint64_t n)
{
    struct hu_dtype dtype;
    uint64_t bytes = 0;
    bool fine = !name || (hu_dtype_find(name, &dtype) && hu_dtype_size(dtype, n, &bytes));
    return fine ? bytes : UINT64_MAX;
}

/* Two matrices of rank R beside each target: R × (rows + columns) (Hu et al. 2021, section 4.1). */
static bool count_lora(struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t sum = 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (hu_lora_target(row, s->plan->lora_targets))
            sum = capped_plus(
                sum, capped_times(capped_times(row->shape[0] + row->shape[1], s->plan->lora_rank),
                                  row->copies));
    s->out->trainable = sum;
    if (sum)
        return sum != UINT64_MAX || refuse(s, over);
    return refuse(s, !t->count ? "LoRA's count needs the layers' shapes: give a config.json as the "
                                 "model"
                     : s->plan->lora_targets
                         ? "no linear layer of the model has a name in --lora-targets"
                         : "PEFT has no default targets for this type of model: give "
                           "--lora-targets, names by commas or all-linear");
}

/* Activations as given, or as the model and the sequences make them. */
static bool add_activations(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    const struct hu_model *m = s->model;
    bool listed = m->tensors.count > 0, shaped = m->layers && m->hidden;
    if (p->has_activations) {
        s->out->activations = p->activations;
        hu_figure_add(s->terms, "activations", p->activations, HU_EXACT, "as given");
        return true;
    }
    if (!p->sequence || !p->micro_batch)
        return true;
    if (listed && !shaped)
        return refuse(s,
                      "the activations of such a model are not modelled, whose layers are no stack "
                      "of attention and perceptrons: give --activations BYTES");
    if (!listed && (!shaped || !m->heads))
        return refuse(s, "activations need the model's shape: give a config.json, or --layers, "
                         "--hidden and --heads");
    /* A list needs the heads for their scores alone. */
    if (listed && !m->heads && !p->flash && p->recompute == HU_RECOMPUTE_NONE &&
        hu_model_attends(m))
        return refuse(s, "how many heads there are is left to the model's class, and each keeps a "
                         "matrix of scores: give --flash, or --recompute selective");
    s->out->activations = (listed ? hu_activations_listed : hu_activations_shaped)(m, p, s->terms);
    return s->out->activations != UINT64_MAX ||
           refuse(s, "the activations take more bytes than 64 bits count, or its stacks of layers "
                     "are of more kinds than are told apart");
}

/* Parameters of the linear layers, which QLoRA quantizes; all of them where none are known. */
static uint64_t linear_parameters(const struct hu_model *m)
{
    uint64_t sum = 0;
    const struct hu_tensors *t = &m->tensors;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (hu_row_is_linear(row) && hu_row_counts(row))
            sum += hu_row_elements(row);
    return t->count ? sum : m->parameters;
}

static void add_weights(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    uint64_t n = s->model->parameters, base, adapters = 0;
    const char *dtype = p->lora_rank ? p->recipe->frozen : p->recipe->weights;
    if (p->qlora) {
        uint64_t linear = linear_parameters(s->model);
        base = capped_plus(bytes_of("nf4_dq", linear), bytes_of("bf16", n - linear));
        hu_figure_add(
            s->terms, "frozen weights", base, HU_EXACT,
            "%s linear parameters in nf4, double-quantized (4.127 bits), %s others in bf16",
            GROUPED(linear), GROUPED(n - linear));
    } else {
        base = bytes_of(dtype, n);
        hu_figure_add(s->terms, p->lora_rank ? "frozen weights" : "weights", base, HU_EXACT,
                      "%s parameters in %s", GROUPED(n), dtype);
    }
    if (p->lora_rank) {
        adapters = bytes_of(p->recipe->weights, s->out->trainable);
        hu_figure_add(s->terms, "LoRA weights", adapters, HU_EXACT,
                      "%s parameters of rank %llu in %s", GROUPED(s->out->trainable),
                      (unsigned long long)p->lora_rank, p->recipe->weights);
    }
    s->out->weights = capped_plus(base, adapters);
}

/* Elements of the embedding's gradient that stay away: rows of tokens that were not seen. */
static uint64_t sparse_savings(const struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t saved = 0, tokens = s->plan->sequence * s->plan->micro_batch;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        bool table = row->role == HU_ROLE_EMBEDDING || row->role == HU_ROLE_POSITION;
        if (table && hu_row_counts(row) && row->rank == 2 && tokens && tokens < row->shape[0])
            saved += (row->shape[0] - tokens) * row->shape[1];
    }
    return saved;
}

static void add_gradients(struct sum *s)
{
    const struct hu_recipe *r = s->plan->recipe;
    uint64_t n = s->out->trainable;
    if (s->plan->optimizer->sparse && !s->plan->lora_rank) {
        uint64_t saved = sparse_savings(s);
        n -= saved;
        hu_figure_add(s->terms, "sparse embedding gradients", 0, saved ? HU_MODELLED : HU_UNKNOWN,
                      saved ? "%s elements fewer: at most one row a token of the micro-batch"
                            : "%s elements fewer: needs a config.json, --seq and --micro-batch",
                      GROUPED(saved));
    }
    s->out->gradients = capped_plus(bytes_of(r->gradients, n), bytes_of(r->main_gradients, n));
    hu_figure_add(s->terms, "gradients", s->out->gradients, HU_EXACT, "%s parameters in %s%s%s",
                  GROUPED(n), r->gradients ? r->gradients : "",
                  r->gradients && r->main_gradients ? " and in " : "",
                  r->main_gradients ? r->main_gradients : "");
}

static void add_master(struct sum *s)
{
    const char *dtype = s->plan->recipe->master;
    s->out->master_weights = bytes_of(dtype, s->out->trainable);
    if (dtype)
        hu_figure_add(s->terms, "master weights", s->out->master_weights, HU_EXACT,
                      "%s parameters in %s", GROUPED(s->out->trainable), dtype);
}

/* Bytes of one 8-bit moment, tensor by tensor; LoRA's two matrices a target are tensors too. */
static uint64_t eight_bits(const struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t sum = 0, rank = s->plan->lora_rank;
    if (!t->count)
        return eight_bit_bytes(s->out->trainable);
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        uint64_t each = 0;
        if (rank && hu_lora_target(row, s->plan->lora_targets))
            each = capped_plus(eight_bit_bytes(capped_times(row->shape[0], rank)),
                               eight_bit_bytes(capped_times(row->shape[1], rank)));
        else if (!rank && hu_row_counts(row))
            each = eight_bit_bytes(row->elements);
        sum = capped_plus(sum, capped_times(each, row->copies));
    }
    return sum;
}

/* A state that follows the matrices' shapes. */
static bool add_matrix_state(struct sum *s)
{
    const struct hu_optimizer *o = s->plan->optimizer;
    if (s->plan->lora_rank)
        return refuse(s, "such an optimizer's state is not modelled with LoRA");
    if (!s->model->tensors.count)
        return refuse(s, "this optimizer's state needs the matrices' shapes: give a config.json as "
                         "the model");
    uint64_t n = numbers_of_all(o, s->model);
    s->out->optimizer = bytes_of("fp32", n);
    hu_figure_add(s->terms, "optimizer state", s->out->optimizer, HU_MODELLED,
                  "%s: %s numbers in fp32, %s", o->name, GROUPED(n), o->summary);
    return true;
}

static bool add_optimizer(struct sum *s)
{
    const struct hu_optimizer *o = s->plan->optimizer;
    const char *state = s->plan->recipe->state;
    uint64_t n = s->out->trainable;
    if (o->numbers)
        return add_matrix_state(s);
    s->out->optimizer = capped_times(o->eight_bit ? eight_bits(s) : bytes_of(state, n), o->slots);
    bool mixed = s->plan->recipe->master && !strcmp(state, "fp32") && o->slots && !o->eight_bit;
    hu_figure_add(s->terms, "optimizer state", s->out->optimizer,
                  o->eight_bit ? HU_MODELLED : HU_EXACT, "%s: %u × %s in %s (%s)%s", o->name,
                  o->slots, GROUPED(n), o->eight_bit ? "8 bits" : state, o->summary,
                  mixed ? "; mixed precision does not halve it" : "");
    return true;
}

/* The part of the model that the device with most of it has: DEVICE of WHOLE. */
struct part {
    uint64_t device, whole;
};

static struct part part_of_model(const struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    const struct hu_spread spread = {p->tensor_parallel, p->pipeline_parallel, p->expert_parallel};
    struct hu_dtype bf16;
    hu_dtype_find("bf16", &bf16);
    uint64_t whole = hu_weights_size(s->model, bf16, NULL).bytes;
    return (struct part){hu_weights_size(s->model, bf16, &spread).bytes, whole ? whole : 1};
}

static uint64_t take(uint64_t bytes, const struct part *part)
{
    struct hu_wide n = hu_wide_product(bytes, part->device);
    uint64_t rest = hu_wide_divide(&n, part->whole);
    return n.low + (rest != 0);
}

/* Elements that stage 3 has whole at a time: DeepSpeed's, the largest tensor with its bias (its
 * estimator's largest layer); FSDP's, the largest of its units, the layers and what is in none. */
static uint64_t unit_elements(const struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t most = 0, unit = 0, rest = 0;
    const struct hu_tensor_row *last = NULL;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        if (!hu_row_counts(row))
            continue;
        if (!s->plan->fsdp) {
            most = row->elements > most ? row->elements : most;
            continue;
        }
        bool same = last && row->layer == last->layer && row->stack == last->stack;
        last = row;
        if (row->layer == HU_NO_LAYER) {
            rest = capped_plus(rest, hu_row_elements(row));
            continue;
        }
        unit = capped_plus(same ? unit : 0, hu_row_elements(row));
        most = unit > most ? unit : most;
    }
    return rest > most && s->plan->fsdp ? rest : most;
}

/* Two units' weights under FSDP, which fetches the next one while it computes; and the gradients of
 * one before they are scattered. */
static void add_gathered(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    const struct hu_recipe *r = p->recipe;
    if (p->zero < 3 || p->data_parallel < 2)
        return;
    uint64_t n = unit_elements(s);
    if (!n) {
        hu_figure_add(
            s->terms, "gathered weights", 0, HU_UNKNOWN,
            "not in the total: the largest layer's size needs a config.json as the model");
        return;
    }
    uint64_t weights = bytes_of(p->lora_rank ? r->frozen : r->weights, n), gradients = 0;
    if (!p->lora_rank)
        gradients = bytes_of(r->gradients ? r->gradients : r->main_gradients, n);
    s->out->gathered = capped_plus(capped_times(p->fsdp ? 2 : 1, weights), gradients);
    hu_figure_add(s->terms, "gathered weights", s->out->gathered, HU_MODELLED,
                  p->fsdp
                      ? "FSDP: the largest unit, %s elements, whole: its weights, the next unit's "
                        "and its gradients"
                      : "ZeRO-3: the largest tensor, %s elements, whole with its gradients, as "
                        "DeepSpeed's estimate has the largest layer",
                  GROUPED(n));
}

/* A head that is the embedding has a gradient from each: where they are added, two more of them
 * are there than in the end. */
static uint64_t tied_gradients(struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t bytes = 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (row->tied && !row->tower && row->role == HU_ROLE_HEAD && !row->is_bias &&
            !s->plan->lora_rank)
            bytes = bytes_of(s->plan->recipe->gradients, row->elements);
    return capped_times(2, bytes);
}

/* PyTorch's own loop on one device: the backward pass frees a layer's activations where it makes
 * its gradients, so the larger of the two counts. */
static void add_one_micro_batch(struct sum *s, uint64_t gradients)
{
    const struct hu_training_plan *p = s->plan;
    struct hu_training *t = s->out;
    if (!gradients || !t->activations || p->data_parallel > 1 || p->recipe->main_gradients)
        return;
    uint64_t last = capped_plus(gradients, tied_gradients(s)),
             passes = s->model->tensors.autograd.passes;
    /* The second of several passes back has gradients of its own beside the sum. */
    if (passes > 1)
        last = capped_plus(last, capped_plus(gradients, t->activations / passes * (passes - 2)));
    uint64_t most = last > t->activations ? last : t->activations;
    t->one_micro_batch = capped_plus(t->per_device - gradients - t->activations, most);
    hu_figure_add(s->terms, "one micro-batch a step", t->one_micro_batch, HU_MODELLED,
                  "gradients come as activations go, so the larger of the two: not where they are "
                  "accumulated, which stay beside them");
}

/* ZeRO splits among the data-parallel devices alone; the others split the model itself, each tensor
 * as its family says. */
static void add_totals(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    struct hu_training *t = s->out;
    struct part part = part_of_model(s);
    add_gathered(s);
    uint64_t state = take(t->optimizer + t->master_weights, &part);
    uint64_t weights = take(t->weights, &part), gradients = take(t->gradients, &part);
    if (p->zero >= 1)
        state = parts(state, p->data_parallel);
    if (p->zero >= 2)
        gradients = parts(gradients, p->data_parallel);
    if (p->zero >= 3)
        weights = parts(weights, p->data_parallel);
    /* Each but the last is at most its part of the total. */
    t->per_device = capped_plus(weights + gradients + state + t->activations + t->buffers,
                                take(t->gathered, &part));
    hu_figure_add(
        s->terms, "per device", t->per_device, HU_MODELLED,
        "%s%u over %llu data-parallel devices; of the model %.4g %% (tensor %llu, pipeline "
        "%llu, experts %llu), %s; activations and buffers whole",
        p->fsdp ? "FSDP, stage " : "ZeRO-", p->zero, (unsigned long long)p->data_parallel,
        100.0 * (double)part.device / (double)part.whole, (unsigned long long)p->tensor_parallel,
        (unsigned long long)p->pipeline_parallel, (unsigned long long)p->expert_parallel,
        s->model->tensors.count ? "tensor by tensor, the largest stage" : "split evenly");
    add_one_micro_batch(s, gradients);
    if (part.device == UINT64_MAX || part.whole == UINT64_MAX || t->gathered == UINT64_MAX)
        t->per_device = UINT64_MAX;
}

static void add_given(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    if (!p->has_activations && (!p->sequence || !p->micro_batch))
        hu_figure_add(s->terms, "activations", 0, HU_UNKNOWN,
                      "not in the total: give --activations BYTES, or --seq and --micro-batch");
    s->out->buffers = p->buffers;
    if (p->buffers)
        hu_figure_add(s->terms, "buffers", p->buffers, HU_EXACT, "as given");
}

/* Of one copy of the model. */
static bool sum_up(struct sum *s)
{
    struct hu_training *t = s->out;
    const uint64_t all[] = {t->weights,   t->gradients,   t->master_weights,
                            t->optimizer, t->activations, t->buffers};
    t->total = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        t->total = capped_plus(t->total, all[i]);
    return t->total != UINT64_MAX || refuse(s, over);
}

const char *hu_training_size(const struct hu_model *model, const struct hu_training_plan *plan,
                             struct hu_training *training, struct hu_figures *terms)
{
    struct sum s = {.model = model, .plan = plan, .out = training, .terms = terms};
    *training = (struct hu_training){.trainable = model->parameters};
    if (!add_activations(&s) || (plan->lora_rank && !count_lora(&s)))
        return s.error;
    add_weights(&s);
    add_gradients(&s);
    add_master(&s);
    if (!sum_up(&s) || !add_optimizer(&s))
        return s.error;
    add_given(&s);
    if (!sum_up(&s))
        return s.error;
    add_totals(&s);
    return training->per_device == UINT64_MAX ? over : NULL;
}
