#include "sizing.h"
#include "capped.h"
#include "quantization.h"
#include "weights.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What people store weights in, floats first, then integers, then blocks. */
static const char *const usual[] = {
    "fp64", "fp32", "tf32",  "bf16",  "fp16",  "fp8_e4m3", "fp6_e3m2", "fp4_e2m1",
    "int8", "int4", "mxfp8", "mxfp6", "mxfp4", "nvfp4",    "nf4",
};

void hu_sizing_begin(struct hu_sizing_request *r)
{
    *r = (struct hu_sizing_request){.overhead = 1200000, .batch = 1, .devices = 1};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (hu_dtype_find(usual[i], &r->dtypes[r->dtype_count]))
            r->dtype_count++;
    hu_dtype_find("bf16", &r->kv_dtype);
    r->plan.optimizer = hu_optimizer_find("adam");
    r->plan.data_parallel = r->plan.tensor_parallel = r->plan.pipeline_parallel =
        r->plan.expert_parallel = 1;
}

struct making {
    const struct hu_model *model;
    const struct hu_sizing_request *request;
    struct hu_sizing *out;
    char *error;
};

static bool refuse(struct making *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct making *m, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m->error, HU_SIZING_ERROR, format, arguments);
    va_end(arguments);
    return false;
}

/* ROW in SIZE; false, and refused: over 64 bits. */
static bool take_size(struct making *m, struct hu_weights_row *row, struct hu_weights_size size)
{
    row->bytes = size.bytes;
    row->rest = size.rest;
    return size.bytes != UINT64_MAX || refuse(m, "the weights take more bytes than 64 bits count");
}

static bool size_mixture(struct making *m, const struct hu_mixture *mixture,
                         struct hu_weights_row *w)
{
    char name[48];
    const char *why;
    w->name = mixture->name;
    w->mixture = mixture;
    if (!hu_mixture_size(mixture, m->model, &w->bytes, &why))
        return refuse(
            m,
            "llama.cpp mixes %s by a model's matrices, and how is known here for decoders of "
            "attention and perceptrons, and for some with states, by their config.json: %s; give "
            "the .gguf file, or a ggml type such as %s",
            mixture->name, why, mixture->plain);
    uint64_t towers = hu_model_elements(m->model, HU_ROLE_VISION, false) +
                      hu_model_elements(m->model, HU_ROLE_AUDIO, false);
    w->bits = 8.0 * (double)w->bytes / (double)(m->model->parameters - towers);
    w->towerless = towers > 0;
    snprintf(name, sizeof name, "weights in %s", mixture->name);
    hu_figure_add(&m->out->terms, name, w->bytes, HU_MODELLED,
                  "llama.cpp's mixture: %s, %s, %s for the output, vectors and routers in fp32; "
                  "towers of images and sound are files of their own",
                  mixture->plain, mixture->summary, mixture->experts ? "q8_0" : "q6_k");
    return true;
}

static void add_dtype_term(struct making *m, const struct hu_weights_row *w, bool linear)
{
    uint64_t n = m->model->parameters;
    char name[48];
    const char *as_if = m->model->tensors.count ? "as if every weight were in it"
                                                : "embeddings, norms and head in it too";
    bool narrow = w->dtype.block || hu_dtype_bits(w->dtype) < 16;
    enum hu_basis basis = narrow && !linear ? HU_RULE_OF_THUMB : HU_EXACT;
    snprintf(name, sizeof name, "weights in %s", w->name);
    if (linear)
        hu_figure_add(
            &m->out->terms, name, w->bytes, HU_EXACT,
            "the linear layers' weights in it; %s bytes are of embeddings, head, norms and "
            "routers, which stay in 16 bits",
            GROUPED(w->rest));
    else if (w->dtype.block)
        hu_figure_add(&m->out->terms, name, w->bytes, basis,
                      "%s parameters × %u bytes / %u (%s); %s", GROUPED(n), w->dtype.block->bytes,
                      w->dtype.block->elements, w->dtype.block->structure, as_if);
    else
        hu_figure_add(&m->out->terms, name, w->bytes, basis, "%s parameters × %g bits / 8%s%s%s",
                      GROUPED(n), w->bits,
                      w->dtype.format && w->dtype.format->storage_shift
                          ? " (in memory; its codes have fewer)"
                          : "",
                      narrow ? "; " : "", narrow ? as_if : "");
}

static bool size_dtype(struct making *m, struct hu_dtype dtype, struct hu_weights_row *w)
{
    bool linear = hu_dtype_is_narrow(dtype) && m->model->tensors.count;
    w->dtype = dtype;
    w->name = hu_dtype_name(dtype);
    /* Weights, gradients, first and second moment, all in one dtype of at least 16 bits. */
    w->trains = dtype.format && dtype.format->storage_bits >= 16;
    if (!take_size(m, w, hu_weights_size(m->model, dtype, NULL)))
        return false;
    w->bits = linear ? 8.0 * (double)w->bytes / (double)m->model->parameters : hu_dtype_bits(dtype);
    add_dtype_term(m, w, linear);
    return true;
}

static const struct hu_dtype as_stored; /* none */

/* As the files hold it, or as the config declares its checkpoint. */
static bool size_stored(struct making *m, struct hu_weights_row *w)
{
    const struct hu_model *model = m->model;
    if (model->has_stored) {
        w->name = "as stored";
        w->bytes = model->stored_bytes;
        hu_figure_add(&m->out->terms, "weights as stored", w->bytes, HU_EXACT,
                      "what the files hold");
    } else {
        w->name = model->quantization->method;
        if (!take_size(m, w, hu_weights_size(model, as_stored, NULL)))
            return false;
        hu_figure_add(&m->out->terms, "weights as the config stores them", w->bytes, HU_EXACT,
                      "%s, %u bits and scales; %s bytes are of what it leaves out", w->name,
                      model->quantization->bits, GROUPED(w->rest));
    }
    w->bits = model->parameters ? 8.0 * (double)w->bytes / (double)model->parameters : 0;
    return true;
}

/* Whether the checkpoint is of one dtype, which is *DTYPE then. */
static bool is_plain(const struct hu_model *m, struct hu_dtype *dtype)
{
    return !m->has_stored && !(m->quantization && m->tensors.count) &&
           hu_dtype_find(m->dtype, dtype);
}

/* A row more: in MIXTURE, in DTYPE, or, where neither is, as stored. */
static bool add_row(struct making *m, const struct hu_mixture *mixture, struct hu_dtype dtype)
{
    struct hu_sizing *out = m->out;
    struct hu_dtype own;
    if (out->weight_count == HU_SIZING_DTYPES)
        return true;
    struct hu_weights_row *w = &out->weights[out->weight_count++];
    bool known = hu_dtype_is_set(dtype);
    *w = (struct hu_weights_row){.own = !mixture && !known};
    if (mixture ? !size_mixture(m, mixture, w)
        : known ? !size_dtype(m, dtype, w)
                : !size_stored(m, w))
        return false;
    w->own |= known && !mixture && !m->model->quantization && is_plain(m->model, &own) &&
              hu_dtype_same(own, dtype);
    /* What the rules of thumb make of it. */
    w->inference_bytes = hu_scaled(w->bytes, m->request->overhead);
    if (w->trains && __builtin_mul_overflow(w->bytes, 4, &w->adam_bytes))
        w->trains = false;
    return true;
}

/* The row of the file's own dtype; where that is one of those asked for, it is marked instead. */
static bool add_own(struct making *m)
{
    const struct hu_model *model = m->model;
    const struct hu_sizing_request *r = m->request;
    struct hu_dtype dtype = {0};
    bool stored = model->has_stored || (model->quantization && model->tensors.count);
    if (!stored && !is_plain(model, &dtype)) {
        if (model->tensors.count)
            hu_figure_add(&m->out->terms, "weights as stored", 0, HU_UNKNOWN,
                          "the config does not say in which dtype");
        return true;
    }
    for (size_t i = 0; !stored && i < r->dtype_count; i++)
        if (!r->mixtures[i] && hu_dtype_same(r->dtypes[i], dtype))
            return true;
    return !r->own || add_row(m, NULL, dtype);
}

static bool add_weights(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    if (*m->model->unknown_quantization && !r->dtypes_given && !m->model->has_stored)
        return refuse(m,
                      "%s, so the weights' bytes cannot be told; --dtype sizes them as if they "
                      "were not quantized so",
                      m->model->unknown_quantization);
    if (!add_own(m))
        return false;
    for (size_t i = 0; i < r->dtype_count; i++)
        if (!add_row(m, r->mixtures[i], r->dtypes[i]))
            return false;
    if (!m->out->weight_count)
        return true;
    const struct hu_weights_row *first = &m->out->weights[0];
    if (r->context || r->fit)
        return true; /* the sum says more than a factor */
    const char *name = first->name;
    hu_figure_add(&m->out->terms, "inference, in all", first->inference_bytes, HU_RULE_OF_THUMB,
                  "weights in %s × %g; the context's KV cache is in no such factor", name,
                  (double)r->overhead / HU_MILLION);
    if (first->trains)
        hu_figure_add(
            &m->out->terms, "training with Adam", first->adam_bytes, HU_RULE_OF_THUMB,
            "4·N·D + A + B with D = %g bytes (%s): weights, gradients, two moments; A and "
            "B, activations and buffers, not in it",
            first->bits / 8, name);
    return true;
}

static struct hu_kv_question kv_question(const struct hu_sizing_request *r)
{
    const struct hu_training_plan *p = &r->plan;
    return (struct hu_kv_question){
        .k = r->kv_dtype,
        .v = hu_dtype_is_set(r->kv_dtype_v) ? r->kv_dtype_v : r->kv_dtype,
        .context = r->context,
        .batch = r->batch,
        .runtime = r->runtime,
        .spread = {p->tensor_parallel, p->pipeline_parallel, p->expert_parallel}};
}

/* A token's bytes: the layers by their elements. */
static void add_token_term(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    struct hu_kv_question q = kv_question(r);
    const struct hu_tensors *t = &m->model->tensors;
    const struct hu_kept *first = NULL;
    size_t layers = 0;
    bool even = true;
    char dtype[96];
    for (const struct hu_kept *k = t->kept; k < hu_kept_end(t); k++) {
        if (k->tower == HU_ROLE_MTP || k->kind == HU_KEEP_SHARED || hu_keep_is_state(k->kind))
            continue;
        first = first ? first : k;
        even &= k->k == first->k && k->v == first->v;
        layers++;
    }
    bool same = hu_dtype_same(q.k, q.v);
    snprintf(dtype, sizeof dtype, "%s%s%s", hu_dtype_name(q.k), same ? "" : ", values in ",
             same ? "" : hu_dtype_name(q.v));
    if (!first)
        hu_figure_add(&out->terms, "KV cache of a token", 0, HU_EXACT,
                      "no layer keeps anything a token: states alone");
    else if (even)
        hu_figure_add(&out->terms, "KV cache of a token", out->kv.bytes_per_token, HU_EXACT,
                      "%zu layers × (%llu + %llu) elements in %s%s", layers,
                      (unsigned long long)first->k, (unsigned long long)first->v, dtype,
                      first->v ? "" : "; keys and values are one latent, so no factor 2");
    else
        hu_figure_add(&out->terms, "KV cache of a token", out->kv.bytes_per_token, HU_EXACT,
                      "%zu layers of different shapes, in %s", layers, dtype);
}

/* How an engine lays the cache out. */
static void add_layout_terms(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    const struct hu_kv_cache *kv = &out->kv;
    if (kv->page_bytes)
        hu_figure_add(&out->terms, "page", kv->page_bytes, HU_MODELLED,
                      "vLLM: %llu tokens of a group of layers; a request takes %llu of them",
                      (unsigned long long)kv->page_tokens, (unsigned long long)kv->request_pages);
    if (kv->window_bytes && r->runtime.engine == HU_ENGINE_LLAMA_CPP)
        hu_figure_add(&out->terms, "cache of layers with a window", kv->window_bytes, HU_MODELLED,
                      "llama.cpp: cells for the window and a physical batch, by 256");
}

/* How an engine keeps states, but where a family or its config says otherwise: kv_cache.c. */
static const char *const state_words[] = {
    [HU_ENGINE_NONE] = "recurrent ones in fp32, convolutions' in 16 bits",
    [HU_ENGINE_TRANSFORMERS] = "recurrent ones in fp32, all of a convolution's width in 16 bits",
    [HU_ENGINE_LLAMA_CPP] = "in fp32",
    [HU_ENGINE_VLLM] = "in 16 bits, recurrent ones in the dtype that the config names for them",
};

static bool add_kv(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    struct hu_kv_question question = kv_question(r);
    if (!hu_model_keeps(m->model)) {
        hu_figure_add(&out->terms, "KV cache", 0, HU_UNKNOWN, "%s",
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
        hu_figure_add(&out->terms, "states", out->kv.state_bytes, HU_EXACT,
                      "batch %llu; whatever the context: %s", (unsigned long long)r->batch,
                      state_words[r->runtime.engine]);
    if (!r->context) {
        hu_figure_add(&out->terms, "KV cache", 0, HU_UNKNOWN, "give --context");
        return true;
    }
    hu_figure_add(&out->terms, "KV cache", out->kv.bytes, HU_EXACT, "context %llu × batch %llu%s",
                  (unsigned long long)r->context, (unsigned long long)r->batch,
                  r->runtime.engine > HU_ENGINE_TRANSFORMERS ? ", as the runtime lays it out"
                  : out->kv.window_layers ? "; layers with a window keep no more tokens than it"
                                          : "");
    add_layout_terms(m);
    if (out->kv.capacity > out->kv.bytes)
        hu_figure_add(&out->terms, "KV cache, no window used", out->kv.capacity, HU_EXACT,
                      "what an engine takes that keeps all %llu tokens in each layer",
                      (unsigned long long)r->context);
    return true;
}

static bool add_training(struct making *m)
{
    if (!m->request->train)
        return true;
    const char *why =
        hu_training_size(m->model, &m->request->plan, &m->out->training, &m->out->terms);
    m->out->has_training = !why;
    return !why || refuse(m, "%s", why);
}

/* The weights that the verdict is about: as asked, as stored, as the config says, or bf16. */
static bool choose_weights(struct making *m)
{
    struct hu_sizing *out = m->out;
    const struct hu_model *model = m->model;
    struct hu_weights_row *w = &out->chosen;
    bool own =
        !m->request->dtypes_given || (m->request->dtypes_all && !*model->unknown_quantization);
    if (!own)
        *w = out->weights[out->weights[0].own && m->request->own];
    w->own = own;
    if (own && model->has_stored)
        w->bytes = model->stored_bytes;
    if (!own || model->has_stored)
        return true;
    if (!hu_dtype_find(model->dtype, &w->dtype))
        hu_dtype_find("bf16", &w->dtype);
    w->name = model->quantization ? model->quantization->method : hu_dtype_name(w->dtype);
    return take_size(m, w, hu_weights_size(model, as_stored, NULL));
}

static void add_fit_terms(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    if (r->train)
        hu_figure_add(&out->terms, "needed", out->fit.needed, HU_MODELLED,
                      "the training's bytes on a device");
    else
        hu_figure_add(&out->terms, "needed", out->fit.needed, HU_EXACT, "weights %s%.40s%s",
                      out->chosen.name ? "in " : "as stored",
                      out->chosen.name ? out->chosen.name : "",
                      r->context && out->has_kv ? " and the KV cache" : "; no KV cache is counted");
}

/* What is taken besides: in no sum and no verdict. */
static void add_overhead(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    out->overhead = hu_runtime_overhead(&r->runtime, m->model, r->context, r->batch);
    if (!r->fit && !r->context)
        return;
    if (out->overhead.compute && r->runtime.engine == HU_ENGINE_TRANSFORMERS)
        hu_figure_add(&out->terms, "a prompt of the whole context", out->overhead.compute,
                      HU_MODELLED,
                      "transformers passes it through at once: the widest perceptron's results and "
                      "some hidden states, in 16 bits; in the most alone");
    else if (out->overhead.compute)
        hu_figure_add(&out->terms, "compute buffer", out->overhead.compute, HU_MODELLED,
                      "logits and the widest states of a physical batch of llama.cpp%s, in fp32",
                      r->runtime.no_flash ? ", or a layer's scores" : "");
    hu_figure_add(&out->terms, "runtime overhead, at least", out->overhead.low, HU_RULE_OF_THUMB,
                  "%s: a device's context, kernels, workspaces: not in the verdict",
                  hu_engine_name(r->runtime.engine));
    hu_figure_add(&out->terms, "runtime overhead, at most", out->overhead.high, HU_RULE_OF_THUMB,
                  "the same with more workspace and fragmentation; vLLM keeps 10%% of the device "
                  "free by default");
}

static bool add_fit(struct making *m)
{
    const struct hu_sizing_request *r = m->request;
    struct hu_sizing *out = m->out;
    bool sum = !r->train && (r->fit || r->context);
    add_overhead(m);
    if (!r->fit && !sum)
        return true;
    if (!choose_weights(m))
        return false;
    struct hu_fit_question q = {
        .model = m->model,
        .memory = r->memory,
        .devices = r->devices,
        .weights = out->chosen,
        .kv = kv_question(r),
        .choices = out->weights,
        .choice_count = out->weight_count,
        .training = r->train,
        .training_bytes = out->training.per_device,
    };
    if (sum)
        out->load = hu_fit_load(&q);
    out->spread = sum && (q.devices > 1 || q.kv.spread.tensor * q.kv.spread.pipeline > 1);
    out->has_fit = r->fit && hu_fit_answer(&q, &out->fit);
    if (out->load.sum == UINT64_MAX || out->has_fit != r->fit)
        return refuse(m, "what it needs takes more bytes than 64 bits count");
    if (r->fit)
        add_fit_terms(m);
    return true;
}

bool hu_sizing_make(const struct hu_model *model, const struct hu_sizing_request *request,
                    struct hu_sizing *sizing, char error[HU_SIZING_ERROR])
{
    struct making m = {.model = model, .request = request, .out = sizing, .error = error};
    *sizing = (struct hu_sizing){0};
    static const struct {
        enum hu_topic topic;
        bool (*add)(struct making *);
    } parts[] = {{HU_ABOUT_WEIGHTS, add_weights},
                 {HU_ABOUT_CACHE, add_kv},
                 {HU_ABOUT_TRAINING, add_training},
                 {HU_ABOUT_FIT, add_fit}};
    bool fine = true;
    for (size_t i = 0; fine && i < sizeof parts / sizeof *parts; i++) {
        sizing->terms.topic = parts[i].topic;
        fine = parts[i].add(&m);
    }
    return fine;
}
