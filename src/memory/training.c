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

struct sum {
    const struct hu_model *model;
    const struct hu_training_plan *plan;
    struct hu_training *out;
    struct hu_figures *terms;
    const char *error;
};

static bool over(struct sum *s)
{
    s->error = "the sum is over 64 bits";
    return false;
}

/* Bytes of N numbers of the dtype called NAME; 0 for NULL. */
static bool bytes_of(struct sum *s, const char *name, uint64_t n, uint64_t *bytes)
{
    struct hu_dtype dtype;
    *bytes = 0;
    return !name || (hu_dtype_find(name, &dtype) && hu_dtype_size(dtype, n, bytes)) || over(s);
}

bool hu_lora_target(const struct hu_tensor_row *row, const char *targets)
{
    if (row->tower || row->is_bias || row->rank != 2 || row->tied)
        return false;
    if (!targets)
        return row->lora;
    if (!strcmp(targets, "all-linear"))
        return hu_row_is_linear(row);
    size_t n, length;
    const char *module = hu_row_module(row, &n);
    for (const char *at = targets; *at; at += length + (at[length] == ',')) {
        length = strcspn(at, ",");
        if (length == n && !strncmp(at, module, n))
            return true;
    }
    return false;
}

/* Two matrices of rank R beside each target: R × (rows + columns) (Hu et al. 2021, section 4.1). */
static bool count_lora(struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t sum = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
        uint64_t product;
        if (!hu_lora_target(row, s->plan->lora_targets))
            continue;
        if (__builtin_mul_overflow(row->shape[0] + row->shape[1], s->plan->lora_rank, &product) ||
            __builtin_mul_overflow(product, row->copies, &product) ||
            __builtin_add_overflow(sum, product, &sum))
            return over(s);
    }
    if (!sum)
        s->error = !t->count ? "LoRA's count needs the layers' shapes: give a config.json as the "
                               "model"
                   : s->plan->lora_targets
                       ? "no linear layer of the model has a name in --lora-targets"
                       : "PEFT has no default targets for this type of model: give --lora-targets, "
                         "names by commas or all-linear";
    s->out->trainable = sum;
    return sum;
}

/* Parameters of the linear layers, which QLoRA quantizes; all of them where none are known. */
static uint64_t linear_parameters(const struct hu_model *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->tensors.count; i++)
        if (hu_row_is_linear(&m->tensors.rows[i]) && hu_row_counts(&m->tensors.rows[i]))
            sum += hu_row_elements(&m->tensors.rows[i]);
    return m->tensors.count ? sum : m->parameters;
}

static bool add_weights(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    uint64_t n = s->model->parameters, base, adapters = 0;
    char a[HU_GROUPED_TEXT], b[HU_GROUPED_TEXT];
    const char *dtype = p->lora_rank ? p->recipe->frozen : p->recipe->weights;
    if (p->qlora) {
        uint64_t linear = linear_parameters(s->model), rest;
        if (!bytes_of(s, "nf4_dq", linear, &base) || !bytes_of(s, "bf16", n - linear, &rest) ||
            __builtin_add_overflow(base, rest, &base))
            return s->error ? false : over(s);
        hu_figure_add(
            s->terms, "frozen weights", base, HU_EXACT,
            "%s linear parameters in nf4, double-quantized (4.127 bits), %s others in bf16",
            hu_grouped(linear, a), hu_grouped(n - linear, b));
    } else {
        if (!bytes_of(s, dtype, n, &base))
            return false;
        hu_figure_add(s->terms, p->lora_rank ? "frozen weights" : "weights", base, HU_EXACT,
                      "%s parameters in %s", hu_grouped(n, a), dtype);
    }
    if (p->lora_rank) {
        dtype = p->recipe->weights;
        if (!bytes_of(s, dtype, s->out->trainable, &adapters))
            return false;
        hu_figure_add(s->terms, "LoRA weights", adapters, HU_EXACT,
                      "%s parameters of rank %llu in %s", hu_grouped(s->out->trainable, a),
                      (unsigned long long)p->lora_rank, dtype);
    }
    return !__builtin_add_overflow(base, adapters, &s->out->weights) || over(s);
}

/* Elements of the embedding's gradient that stay away: rows of tokens that were not seen. */
static uint64_t sparse_savings(const struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    uint64_t saved = 0;
    for (size_t i = 0; i < s->model->tensors.count; i++) {
        const struct hu_tensor_row *row = &s->model->tensors.rows[i];
        bool table = row->role == HU_ROLE_EMBEDDING || row->role == HU_ROLE_POSITION;
        if (table && hu_row_counts(row) && row->rank == 2 && p->tokens && p->tokens < row->shape[0])
            saved += (row->shape[0] - p->tokens) * row->shape[1];
    }
    return saved;
}

static bool add_gradients(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    uint64_t n = s->out->trainable, low, main;
    char a[HU_GROUPED_TEXT];
    if (p->optimizer->sparse && !p->lora_rank) {
        uint64_t saved = sparse_savings(s);
        n -= saved;
        hu_figure_add(s->terms, "sparse embedding gradients", 0, saved ? HU_MODELLED : HU_UNKNOWN,
                      saved ? "%s elements fewer: at most one row a token of the micro-batch"
                            : "%s elements fewer: needs a config.json, --seq and --micro-batch",
                      hu_grouped(saved, a));
    }
    if (!bytes_of(s, p->recipe->gradients, n, &low) ||
        !bytes_of(s, p->recipe->main_gradients, n, &main) ||
        __builtin_add_overflow(low, main, &s->out->gradients))
        return s->error ? false : over(s);
    hu_figure_add(s->terms, "gradients", s->out->gradients, HU_EXACT, "%s parameters in %s%s%s",
                  hu_grouped(n, a), p->recipe->gradients ? p->recipe->gradients : "",
                  p->recipe->gradients && p->recipe->main_gradients ? " and in " : "",
                  p->recipe->main_gradients ? p->recipe->main_gradients : "");
    return true;
}

/* Numbers of a state that follows the matrices' shapes. */
static bool matrix_state(struct sum *s, uint64_t *numbers)
{
    if (s->plan->lora_rank) {
        s->error = "such an optimizer's state is not modelled with LoRA";
        return false;
    }
    if (!s->model->tensors.count) {
        s->error = "this optimizer's state needs the matrices' shapes: give a config.json as the "
                   "model";
        return false;
    }
    return hu_optimizer_numbers(s->plan->optimizer, s->model, numbers) || over(s);
}

/* Bytes of one 8-bit moment, tensor by tensor; LoRA's two matrices a target are tensors too. */
static uint64_t eight_bits(const struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t sum = 0, rank = s->plan->lora_rank;
    if (!t->count)
        return hu_optimizer_eight_bits(s->out->trainable);
    for (size_t i = 0; i < t->count; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
        uint64_t each = 0;
        if (rank && hu_lora_target(row, s->plan->lora_targets))
            each = capped_plus(hu_optimizer_eight_bits(capped_times(row->shape[0], rank)),
                               hu_optimizer_eight_bits(capped_times(row->shape[1], rank)));
        else if (!rank && hu_row_counts(row))
            each = hu_optimizer_eight_bits(row->elements);
        sum = capped_plus(sum, capped_times(each, row->copies));
    }
    return sum;
}

static bool add_optimizer(struct sum *s)
{
    const struct hu_optimizer *o = s->plan->optimizer;
    const char *state = s->plan->recipe->state;
    uint64_t n = s->out->trainable, each = 0;
    char a[HU_GROUPED_TEXT];
    if (o->numbers) {
        if (!matrix_state(s, &n) || !bytes_of(s, "fp32", n, &s->out->optimizer))
            return false;
        hu_figure_add(s->terms, "optimizer state", s->out->optimizer, HU_MODELLED,
                      "%s: %s numbers in fp32, %s", o->name, hu_grouped(n, a), o->summary);
        return true;
    }
    if (o->eight_bit) {
        each = eight_bits(s);
    } else if (!bytes_of(s, state, n, &each)) {
        return false;
    }
    if (__builtin_mul_overflow(each, o->slots, &s->out->optimizer))
        return over(s);
    bool mixed =
        s->plan->recipe->master != NULL && !strcmp(state, "fp32") && o->slots && !o->eight_bit;
    hu_figure_add(s->terms, "optimizer state", s->out->optimizer,
                  o->eight_bit ? HU_MODELLED : HU_EXACT, "%s: %u × %s in %s (%s)%s", o->name,
                  o->slots, hu_grouped(n, a), o->eight_bit ? "8 bits" : state, o->summary,
                  mixed ? "; mixed precision does not halve it" : "");
    return true;
}

static bool add_master(struct sum *s)
{
    char a[HU_GROUPED_TEXT];
    const char *dtype = s->plan->recipe->master;
    if (!dtype)
        return true;
    if (!bytes_of(s, dtype, s->out->trainable, &s->out->master_weights))
        return false;
    hu_figure_add(s->terms, "master weights", s->out->master_weights, HU_EXACT,
                  "%s parameters in %s", hu_grouped(s->out->trainable, a), dtype);
    return true;
}

/* The part of the model that the device with most of it has: DEVICE of WHOLE. */
struct part {
    uint64_t device, whole;
};

static bool part_of_model(const struct sum *s, struct part *part)
{
    const struct hu_training_plan *p = s->plan;
    const struct hu_spread spread = {p->tensor_parallel, p->pipeline_parallel,
                                     p->expert_parallel ? p->expert_parallel : 1};
    struct hu_storage storage = {.storing = HU_STORE_ALL};
    struct hu_weights_size device, whole;
    if (!hu_dtype_find("bf16", &storage.dtype) ||
        !hu_weights_size(s->model, &storage, &spread, &device) ||
        !hu_weights_size(s->model, &storage, NULL, &whole))
        return false;
    *part = (struct part){device.bytes, whole.bytes ? whole.bytes : 1};
    return true;
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
    for (size_t i = 0; i < t->count; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
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
static bool add_gathered(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    const struct hu_recipe *r = p->recipe;
    uint64_t n = unit_elements(s), weights, gradients = 0;
    char a[HU_GROUPED_TEXT];
    if (p->zero < 3 || p->data_parallel < 2)
        return true;
    if (!n) {
        hu_figure_add(
            s->terms, "gathered weights", 0, HU_UNKNOWN,
            "not in the total: the largest layer's size needs a config.json as the model");
        return true;
    }
    const char *grads = r->gradients ? r->gradients : r->main_gradients;
    if (!bytes_of(s, p->lora_rank ? r->frozen : r->weights, n, &weights) ||
        (!p->lora_rank && !bytes_of(s, grads, n, &gradients)))
        return false;
    s->out->gathered = capped_plus(p->fsdp ? capped_times(2, weights) : weights, gradients);
    hu_figure_add(s->terms, "gathered weights", s->out->gathered, HU_MODELLED,
                  p->fsdp
                      ? "FSDP: the largest unit, %s elements, whole: its weights, the next unit's "
                        "and its gradients"
                      : "ZeRO-3: the largest tensor, %s elements, whole with its gradients, as "
                        "DeepSpeed's estimate has the largest layer",
                  hu_grouped(n, a));
    return s->out->gathered != UINT64_MAX || over(s);
}

/* A head that is the embedding has a gradient from each: where they are added, two more of them
 * are there than in the end. */
static uint64_t tied_gradients(struct sum *s)
{
    const struct hu_tensors *t = &s->model->tensors;
    uint64_t bytes = 0;
    for (size_t i = 0; i < t->count && !s->plan->lora_rank; i++)
        if (t->rows[i].tied && !t->rows[i].tower && t->rows[i].role == HU_ROLE_HEAD &&
            !t->rows[i].is_bias &&
            !bytes_of(s, s->plan->recipe->gradients, t->rows[i].elements, &bytes))
            return 0;
    return capped_times(2, bytes);
}

/* PyTorch's own loop on one device: the backward pass frees a layer's activations where it makes
 * its gradients, so the larger of the two counts. */
static void add_one_micro_batch(struct sum *s, uint64_t gradients)
{
    const struct hu_training_plan *p = s->plan;
    struct hu_training *t = s->out;
    if (!p->has_activations || !gradients || !t->activations || p->data_parallel > 1 ||
        p->recipe->main_gradients)
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
static bool add_totals(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    struct hu_training *t = s->out;
    struct part part;
    const uint64_t all[] = {t->gradients, t->master_weights, t->optimizer, t->activations,
                            t->buffers};
    t->total = t->weights;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (__builtin_add_overflow(t->total, all[i], &t->total))
            return over(s);
    if (!part_of_model(s, &part))
        return over(s);
    if (!add_gathered(s))
        return false;
    uint64_t state = take(t->optimizer + t->master_weights, &part);
    uint64_t weights = take(t->weights, &part), gradients = take(t->gradients, &part);
    if (p->zero >= 1)
        state = parts(state, p->data_parallel);
    if (p->zero >= 2)
        gradients = parts(gradients, p->data_parallel);
    if (p->zero >= 3)
        weights = parts(weights, p->data_parallel);
    /* Each is at most its part of the total, so this does not overflow. */
    t->per_device = weights + gradients + state + t->activations + t->buffers;
    if (__builtin_add_overflow(t->per_device, take(t->gathered, &part), &t->per_device))
        return over(s);
    hu_figure_add(
        s->terms, "per device", t->per_device, HU_MODELLED,
        "%s%u over %llu data-parallel devices; of the model %.4g %% (tensor %llu, pipeline "
        "%llu, experts %llu), %s; activations and buffers whole",
        p->fsdp ? "FSDP, stage " : "ZeRO-", p->zero, (unsigned long long)p->data_parallel,
        100.0 * (double)part.device / (double)part.whole, (unsigned long long)p->tensor_parallel,
        (unsigned long long)p->pipeline_parallel,
        (unsigned long long)(p->expert_parallel ? p->expert_parallel : 1),
        s->model->tensors.count ? "tensor by tensor, the largest stage" : "split evenly");
    add_one_micro_batch(s, gradients);
    return true;
}

static void add_given(struct sum *s)
{
    const struct hu_training_plan *p = s->plan;
    if (p->has_activations)
        s->out->activations = p->activations;
    else
        hu_figure_add(s->terms, "activations", 0, HU_UNKNOWN,
                      "not in the total: give --activations BYTES, or --seq and --micro-batch");
    s->out->buffers = p->buffers;
    if (p->buffers)
        hu_figure_add(s->terms, "buffers", p->buffers, HU_EXACT, "as given");
}

bool hu_training_size(const struct hu_model *model, const struct hu_training_plan *plan,
                      struct hu_training *training, struct hu_figures *terms, const char **error)
{
    struct sum s = {.model = model, .plan = plan, .out = training, .terms = terms};
    *training = (struct hu_training){.trainable = model->parameters};
    bool fine = (!plan->lora_rank || count_lora(&s)) && add_weights(&s) && add_gradients(&s) &&
                add_master(&s) && add_optimizer(&s);
    if (fine) {
        add_given(&s);
        fine = add_totals(&s);
    }
    *error = s.error;
    return fine;
}
