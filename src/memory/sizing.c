#include "sizing.h"

#include <stdio.h>
#include <string.h>

/* What people store weights in, floats first, then integers, then blocks. */
static const char *const usual[] = {
    "fp64", "fp32", "tf32",  "bf16",  "fp16",  "fp8_e4m3", "fp6_e3m2", "fp4_e2m1",
    "int8", "int4", "mxfp8", "mxfp6", "mxfp4", "nvfp4",    "nf4",
};

void hu_sizing_begin(struct hu_sizing_request *r)
{
    *r = (struct hu_sizing_request){.overhead = 1200000, .batch = 1};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (hu_dtype_find(usual[i], &r->dtypes[r->dtype_count]))
            r->dtype_count++;
    hu_dtype_find("bf16", &r->kv_dtype);
    r->plan.optimizer = hu_optimizer_find("adam");
    r->plan.data_parallel = r->plan.tensor_parallel = r->plan.pipeline_parallel = 1;
}

struct making {
    const struct hu_model *model;
    const struct hu_sizing_request *request;
    struct hu_sizing *out;
    char *error;
};

static bool refuse(struct making *m, const char *reason)
{
    snprintf(m->error, HU_SIZING_ERROR, "%s", reason);
    return false;
}

/* Weights, gradients, first and second moment, all in one dtype of at least 16 bits. */
static bool trains(struct hu_dtype dtype)
{
    return dtype.format && dtype.format->storage_bits >= 16;
}

static bool refuse_sum(struct making *m)
{
    return refuse(m, "the weights take more bytes than 64 bits count");
}

static bool size_mixture(struct making *m, const struct hu_mixture *mixture,
                         struct hu_sizing_weights *w)
{
    char name[48];
    w->name = mixture->name;
    if (!hu_mixture_size(mixture, m->model, &w->bytes)) {
        snprintf(m->error, HU_SIZING_ERROR,
                 "how llama.cpp mixes %s is known here for dense models of the Llama family, from "
                 "their config.json; give the .gguf file, or a ggml type such as %s",
                 mixture->name, mixture->plain);
        return false;
    }
    w->bits = 8.0 * (double)w->bytes / (double)m->model->parameters;
    snprintf(name, sizeof name, "weights in %s", mixture->name);
    hu_term_add(&m->out->terms, name, w->bytes, HU_MODELLED,
                "llama.cpp's mixture: %s, %s in attn_v and ffn_down of %s, q6_k for the output, "
                "vectors in fp32",
                mixture->plain, mixture->better,
                mixture->half ? "half of the layers" : "the first layers");
    return true;
}

static bool size_dtype(struct making *m, struct hu_dtype dtype, struct hu_sizing_weights *w)
{
    uint64_t n = m->model->parameters;
    char name[48], count[27];
    w->dtype = dtype;
    w->name = hu_dtype_name(dtype);
    w->bits = hu_dtype_bits(dtype);
    w->trains = trains(dtype);
    if (!hu_dtype_size(dtype, n, &w->bytes))
        return refuse_sum(m);
    snprintf(name, sizeof name, "weights in %s", w->name);
    if (dtype.block)
        hu_term_add(&m->out->terms, name, w->bytes, HU_EXACT,
                    "%s parameters × %u bytes / %u (%s); as if every weight were in it",
                    hu_grouped(n, count), dtype.block->bytes, dtype.block->elements,
                    dtype.block->structure);
    else
        hu_term_add(&m->out->terms, name, w->bytes, HU_EXACT, "%s parameters × %g bits / 8%s",
                    hu_grouped(n, count), w->bits,
                    dtype.format && dtype.format->storage_shift
                        ? " (in memory; its codes have fewer)"
                        : "");
    return true;
}

static bool add_weights_row(struct making *m, size_t index)
{
    struct hu_sizing_weights *w = &m->out->weights[m->out->weight_count++];
    const struct hu_mixture *mixture = m->request->mixtures[index];
    *w = (struct hu_sizing_weights){0};
    if (mixture ? !size_mixture(m, mixture, w) : !size_dtype(m, m->request->dtypes[index], w))
        return false;
    w->inference_bytes = hu_scaled(w->bytes, m->request->overhead);
    if (w->trains && __builtin_mul_overflow(w->bytes, 4, &w->adam_bytes))
        w->trains = false;
    return true;
}

static bool add_weights(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    for (size_t i = 0; i < r->dtype_count; i++)
        if (!add_weights_row(m, i))
            return false;
    if (!m->out->weight_count)
        return true;
    const struct hu_sizing_weights *first = &m->out->weights[0];
    const char *name = first->name;
    hu_term_add(&m->out->terms, "inference, in all", first->inference_bytes, HU_RULE_OF_THUMB,
                "weights in %s × %g; the context's KV cache is in no such factor", name,
                (double)r->overhead / HU_MILLION);
    if (first->trains)
        hu_term_add(&m->out->terms, "training with Adam", first->adam_bytes, HU_RULE_OF_THUMB,
                    "4·N·D + A + B with D = %g bytes (%s): weights, gradients, two moments; A and "
                    "B, activations and buffers, not in it",
                    first->bits / 8, name);
    return true;
}

static struct hu_kv_question kv_question(const struct hu_sizing_request *r)
{
    struct hu_dtype v = r->kv_dtype_v;
    bool given = v.format || v.integer || v.block;
    return (struct hu_kv_question){
        .k = r->kv_dtype, .v = given ? v : r->kv_dtype, .context = r->context, .batch = r->batch};
}

/* Layers that keep keys and values, and the first of them; whether all are as that one. */
static const struct hu_kept *cached_layers(const struct hu_model *model, size_t *count, bool *even)
{
    const struct hu_kept *first = NULL;
    *count = 0;
    *even = true;
    for (size_t i = 0; i < model->tensors.kept_count; i++) {
        const struct hu_kept *k = &model->tensors.kept[i];
        if (k->tower == HU_ROLE_MTP || k->kind == HU_KEEP_SHARED || k->kind >= HU_KEEP_RECURRENT)
            continue;
        first = first ? first : k;
        *even &= k->k == first->k && k->v == first->v;
        ++*count;
    }
    return first;
}

/* A token's bytes: the layers by their elements. */
static void add_token_term(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    struct hu_kv_question q = kv_question(r);
    size_t layers;
    bool even;
    char dtype[96];
    const struct hu_kept *first = cached_layers(m->model, &layers, &even);
    snprintf(dtype, sizeof dtype, "%s%s%s", hu_dtype_name(q.k),
             strcmp(hu_dtype_name(q.k), hu_dtype_name(q.v)) ? ", values in " : "",
             strcmp(hu_dtype_name(q.k), hu_dtype_name(q.v)) ? hu_dtype_name(q.v) : "");
    if (!first)
        hu_term_add(&out->terms, "KV cache of a token", 0, HU_EXACT,
                    "no layer keeps anything a token: states alone");
    else if (even)
        hu_term_add(&out->terms, "KV cache of a token", out->kv.bytes_per_token, HU_EXACT,
                    "%zu layers × (%llu + %llu) elements in %s%s", layers,
                    (unsigned long long)first->k, (unsigned long long)first->v, dtype,
                    first->v ? "" : "; keys and values are one latent, so no factor 2");
    else
        hu_term_add(&out->terms, "KV cache of a token", out->kv.bytes_per_token, HU_EXACT,
                    "%zu layers of different shapes, in %s", layers, dtype);
}

static bool add_kv(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    struct hu_kv_question question = kv_question(r);
    if (!hu_model_keeps(m->model)) {
        hu_term_add(&out->terms, "KV cache", 0, HU_UNKNOWN, "%s",
                    m->model->no_kv ? m->model->no_kv
                                    : "a count does not say how attention is shaped: give "
                                      "--layers, --kv-heads and --head-dim");
        return true;
    }
    if (!hu_kv_cache_size(m->model, &question, &out->kv))
        return refuse(m, "the KV cache takes more bytes than 64 bits count");
    out->has_kv = true;
    add_token_term(m);
    if (out->kv.state_bytes)
        hu_term_add(&out->terms, "states", out->kv.state_bytes, HU_EXACT,
                    "batch %llu; whatever the context: recurrent ones in fp32, convolutions' in 16 "
                    "bits",
                    (unsigned long long)r->batch);
    if (!r->context) {
        hu_term_add(&out->terms, "KV cache", 0, HU_UNKNOWN, "give --context");
        return true;
    }
    hu_term_add(&out->terms, "KV cache", out->kv.bytes, HU_EXACT, "context %llu × batch %llu%s",
                (unsigned long long)r->context, (unsigned long long)r->batch,
                out->kv.window_layers ? "; layers with a window keep no more tokens than it" : "");
    if (out->kv.capacity != out->kv.bytes)
        hu_term_add(&out->terms, "KV cache, no window used", out->kv.capacity, HU_EXACT,
                    "what an engine takes that keeps all %llu tokens in each layer",
                    (unsigned long long)r->context);
    return true;
}

static bool add_activations(struct making *m, struct hu_training_plan *plan)
{
    const struct hu_sizing_request *r = m->request;
    const struct hu_model *model = m->model;
    if (plan->has_activations) {
        hu_term_add(&m->out->terms, "activations", plan->activations, HU_EXACT, "as given");
        return true;
    }
    if (!r->sequence || !r->micro_batch)
        return true;
    if (!model->layers || !model->hidden || !model->heads)
        return refuse(m, "activations need the model's shape: give a config.json, or --layers, "
                         "--hidden and --heads");
    struct hu_activation_shape shape = {
        .sequence = r->sequence,
        .micro_batch = r->micro_batch,
        .hidden = model->hidden,
        .heads = model->heads,
        .layers = model->layers,
        .vocabulary = model->vocabulary,
        .tensor_parallel = plan->tensor_parallel,
        .sequence_parallel = r->sequence_parallel,
        .flash = r->flash,
        .recompute = r->recompute,
    };
    plan->tokens = r->sequence * r->micro_batch;
    if (!hu_activations(&shape, &plan->activations, &m->out->terms))
        return refuse(m, "the activations take more bytes than 64 bits count");
    plan->has_activations = true;
    return true;
}

static bool add_training(struct making *m)
{
    struct hu_training_plan plan = m->request->plan;
    const char *why = NULL;
    if (!m->request->train)
        return true;
    if (!add_activations(m, &plan))
        return false;
    if (!hu_training_size(m->model, &plan, &m->out->training, &m->out->terms, &why))
        return refuse(m, why ? why : "the training cannot be sized");
    m->out->has_training = true;
    return true;
}

/* The weights that the verdict is about: as asked, as stored, as the config says, or bf16. */
static bool choose_weights(struct making *m)
{
    struct hu_sizing *out = m->out;
    struct hu_dtype dtype;
    if (m->request->dtypes_given) {
        out->fit_weights = out->weights[0].bytes;
        snprintf(out->fit_dtype, sizeof out->fit_dtype, "in %s", out->weights[0].name);
        return true;
    }
    if (m->model->has_stored) {
        out->fit_weights = m->model->stored_bytes;
        snprintf(out->fit_dtype, sizeof out->fit_dtype, "as stored");
        return true;
    }
    if (!*m->model->dtype || !hu_dtype_find(m->model->dtype, &dtype))
        hu_dtype_find("bf16", &dtype);
    snprintf(out->fit_dtype, sizeof out->fit_dtype, "in %s", hu_dtype_name(dtype));
    return hu_dtype_size(dtype, m->model->parameters, &out->fit_weights) || refuse_sum(m);
}

/* The dtypes asked for, mixtures left out: the widest is one for every weight. */
static size_t lone_dtypes(const struct hu_sizing_request *r, struct hu_dtype *dtypes)
{
    size_t n = 0;
    for (size_t i = 0; i < r->dtype_count; i++)
        if (!r->mixtures[i])
            dtypes[n++] = r->dtypes[i];
    return n;
}

static bool add_fit(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    struct hu_dtype dtypes[HU_SIZING_DTYPES];
    struct hu_fit_question q = {
        .model = m->model,
        .memory = r->memory,
        .kv = kv_question(r),
        .dtypes = dtypes,
        .dtype_count = lone_dtypes(r, dtypes),
        .training = r->train,
        .training_bytes = out->training.per_device,
    };
    if (!r->fit)
        return true;
    if (!choose_weights(m))
        return false;
    q.weights = out->fit_weights;
    if (!hu_fit_answer(&q, &out->fit))
        return refuse(m, "what it needs takes more bytes than 64 bits count");
    out->has_fit = true;
    if (r->train)
        hu_term_add(&out->terms, "needed", out->fit.needed, HU_MODELLED,
                    "the training's bytes on a device");
    else
        hu_term_add(&out->terms, "needed", out->fit.needed, HU_EXACT, "weights %s%s",
                    out->fit_dtype,
                    r->context && out->has_kv ? " and the KV cache" : "; no KV cache is counted");
    hu_term_add(&out->terms, "runtime overhead, at least", hu_runtime_low, HU_RULE_OF_THUMB,
                "a device's context, kernels, workspaces: not in the verdict");
    hu_term_add(&out->terms, "runtime overhead, at most", hu_runtime_high, HU_RULE_OF_THUMB,
                "the same with more workspace and fragmentation; vLLM keeps 10%% of the device "
                "free by default");
    return true;
}

bool hu_sizing_make(const struct hu_model *model, const struct hu_sizing_request *request,
                    struct hu_sizing *sizing, char error[HU_SIZING_ERROR])
{
    struct making m = {.model = model, .request = request, .out = sizing, .error = error};
    *sizing = (struct hu_sizing){0};
    return add_weights(&m) && add_kv(&m) && add_training(&m) && add_fit(&m);
}
