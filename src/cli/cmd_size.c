#include "room.h"
#include "folding.h"
#include "options.h"
#include "size.h"
#include "memory/quantization.h"
#include "memory/source.h"

static json_t *model_object(const struct size_result *r)
{
    const struct hu_model *m = &r->model;
    uint64_t stored = m->stored_bytes;
    struct hu_dtype dtype;
    bool known = m->has_stored || ((m->quantization || hu_dtype_find(m->dtype, &dtype)) &&
                                   hu_weights_stored(m, &stored));
    return JSON({"source", json_text(r->source)},
                {"architecture", JSON_IF(*m->architecture, json_text(m->architecture))},
                {"parameters", json_count(m->parameters)},
                {"active_parameters", JSON_IF(m->has_active, json_count(m->active_parameters))},
                {"stored_elements", JSON_IF(m->has_stored, json_count(m->stored_elements))},
                {"stored_bytes", JSON_IF(known && !*m->unknown_quantization, json_count(stored))},
                {"quantization", JSON_IF(m->quantization, json_text(m->quantization->method))},
                {"modelled", json_boolean(m->modelled)},
                {"tensors", JSON_IF(m->tensors.count, json_count(size_tensor_count(m)))},
                {"trained_context", JSON_IF(m->trained_context, json_count(m->trained_context))},
                {"mtp_parameters", JSON_IF(m->mtp_parameters, json_count(m->mtp_parameters))},
                {"notes", JSON_LIST(i, i < m->note_count, json_text(m->notes[i]))});
}

static json_t *weights_object(const struct hu_weights_row *w)
{
    double bits = w->bits;
    return JSON(
        {"dtype", json_text(w->name)},
        {"bits_per_parameter", bits == (int)bits ? json_integer((int)bits) : json_real(bits)},
        {"bytes", json_count(w->bytes)}, {"gb", json_real((double)w->bytes / 1e9)},
        {"gib", json_real((double)w->bytes / 1073741824.0)},
        {"kept_in_16_bits", json_count(w->rest)}, {"own", json_boolean(w->own)},
        {"inference_bytes", json_count(w->inference_bytes)},
        {"adam_bytes", JSON_IF(w->trains, json_count(w->adam_bytes))});
}

static json_t *kv_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_sizing_request *r = &options->request;
    struct hu_dtype v = hu_dtype_is_set(r->kv_dtype_v) ? r->kv_dtype_v : r->kv_dtype;
    return JSON(
        {"dtype", json_text(hu_dtype_name(r->kv_dtype))}, {"dtype_v", json_text(hu_dtype_name(v))},
        {"bytes_per_token", json_count(s->kv.bytes_per_token)},
        {"bytes", JSON_IF(r->context, json_count(s->kv.bytes))},
        {"capacity_bytes", JSON_IF(r->context, json_count(s->kv.capacity))},
        {"context", JSON_IF(r->context, json_count(r->context))}, {"batch", json_count(r->batch)},
        {"window_layers", json_count(s->kv.window_layers)},
        {"state_bytes", json_count(s->kv.state_bytes)},
        {"window_bytes", JSON_IF(r->context, json_count(s->kv.window_bytes))},
        {"cross_bytes", JSON_IF(r->context, json_count(s->kv.cross_bytes))},
        {"runtime", JSON_IF(r->runtime.engine, json_text(hu_engine_name(r->runtime.engine)))},
        {"page_bytes", JSON_IF(s->kv.page_bytes, json_count(s->kv.page_bytes))},
        {"page_tokens", JSON_IF(s->kv.page_bytes, json_count(s->kv.page_tokens))},
        {"tokens", JSON_IF(s->kv.has_tokens, json_count(s->kv.tokens))});
}

static json_t *training_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_training *t = &s->training;
    const struct hu_sizing_request *r = &options->request;
    bool activations = r->plan.has_activations || (r->plan.sequence && r->plan.micro_batch);
    json_t *o = JSON({"recipe", json_text(r->plan.recipe->name)},
                     {"optimizer_name", json_text(r->plan.optimizer->name)},
                     {"trainable_parameters", json_count(t->trainable)},
                     {"weights", json_count(t->weights)}, {"gradients", json_count(t->gradients)},
                     {"master_weights", json_count(t->master_weights)},
                     {"optimizer", json_count(t->optimizer)},
                     {"activations", JSON_IF(activations, json_count(t->activations))},
                     {"buffers", json_count(t->buffers)}, {"gathered", json_count(t->gathered)},
                     {"total", json_count(t->total)}, {"per_device", json_count(t->per_device)});
    if (t->one_micro_batch)
        json_put(o, "one_micro_batch", json_count(t->one_micro_batch));
    return o;
}

static json_t *headroom(const struct hu_fit *f)
{
    uint64_t most = INT64_MAX, n = f->headroom < most ? f->headroom : most;
    return check_memory(json_integer(!f->fits ? -(json_int_t)n : (json_int_t)n));
}

static json_t *weights_text(const struct hu_sizing *s)
{
    const char *name = s->chosen.name;
    return name ? json_take(text_new("in %.40s", name)) : json_text("as stored");
}

static json_t *fit_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_fit *f = &s->fit;
    return JSON({"memory", json_count(f->memory)}, {"fits", json_boolean(f->fits)},
                {"headroom", headroom(f)},
                {"max_context", JSON_IF(f->has_context, json_count(f->max_context))},
                {"max_batch", JSON_IF(f->has_batch, json_count(f->max_batch))},
                {"widest_dtype", JSON_IF(f->has_dtype, json_text(f->widest_name))},
                {"needed", json_count(f->needed)},
                {"devices", JSON_IF(f->devices, json_count(f->devices))},
                {"devices_context", JSON_IF(f->devices_context, json_count(f->devices_context))},
                {"device", JSON_IF(options->device, json_text(options->device->name))},
                {"weights", JSON_IF(!options->request.train, weights_text(s))},
                {"runtime_overhead", json_pack("{s:o, s:o}", "low", json_count(s->overhead.low),
                                               "high", json_count(s->overhead.high))});
}

static json_t *term_object(const struct hu_figure *t)
{
    return JSON({"name", json_text(t->name)},
                {"bytes", JSON_IF(t->basis != HU_UNKNOWN, json_count(t->bytes))},
                {"basis", json_text(hu_basis_name(t->basis))}, {"formula", json_text(t->formula)});
}

static json_t *result_object(const struct size_options *options, const struct size_result *r)
{
    const struct hu_sizing *s = &r->sizing;
    return JSON({"model", model_object(r)},
                {"weights", JSON_LIST(i, i < s->weight_count, weights_object(&s->weights[i]))},
                {"kv_cache", JSON_IF(s->has_kv, kv_object(options, s))},
                {"training", JSON_IF(s->has_training, training_object(options, s))},
                {"fit", JSON_IF(s->has_fit, fit_object(options, s))},
                {"terms", JSON_LIST(i, i < s->terms.count, term_object(&s->terms.rows[i]))});
}

static void size_print_json(const struct size_options *options, const struct size_result *results,
                            size_t n)
{
    if (n == 1)
        json_print(result_object(options, results));
    else
        json_print(JSON({"models", JSON_LIST(i, i < n, result_object(options, &results[i]))}));
}

/* What the command line says of the shape, where the model does not. */
static void apply_shape(const struct size_shape *s, struct size_result *r)
{
    struct hu_model *m = &r->model;
    bool given = s->layers || s->hidden || s->heads || s->kv_heads || s->head_dim || s->vocabulary;
    if (!given)
        return;
    if (m->tensors.count || m->tensors.kept_count)
        die("%s says its own shape: leave out --layers, --heads and the like", r->source);
    m->layers = s->layers;
    m->hidden = s->hidden;
    m->heads = s->heads;
    m->vocabulary = s->vocabulary;
    if (!s->kv_heads && !s->head_dim)
        return;
    if (!s->layers || !s->kv_heads || !s->head_dim)
        die("the KV cache needs --layers, --kv-heads and --head-dim together");
    /* Both are at most 2^32, less one bit for safety of the product's sum. */
    if (s->kv_heads > UINT64_C(1) << 31)
        die("--kv-heads or --layers is too large");
    struct hu_kept kept = {.k = s->kv_heads * s->head_dim, .heads = s->kv_heads};
    for (kept.v = kept.k; kept.layer < s->layers; kept.layer++)
        check_memory(hu_model_keep(m, &kept) ? m : NULL);
    m->no_kv = NULL;
}

/* OWNER/NAME, or an address of it. */
static bool is_hub_name(const char *source)
{
    const char *slash = strchr(source, '/');
    return strstr(source, "://") ||
           (slash && slash > source && slash[1] && !strchr(slash + 1, '/') && *source != '.' &&
            *source != '~' && !strstr(slash, ".json") && !strstr(slash, ".safetensors"));
}

static void open_model(const struct size_options *options, struct size_result *r)
{
    struct hu_model *m = &r->model;
    uint64_t given = options->shape.parameters;
    if (hu_count_read(r->source, &m->parameters)) {
        if (!m->parameters)
            die("a model of 0 parameters has no size");
    } else if (hu_model_open(r->source, m)) {
        if (given)
            die("%s has its own count: leave out --parameters", r->source);
    } else if (m->unknown && given) {
        struct hu_model bare = {.parameters = given};
        strcpy(bare.architecture, m->architecture);
        hu_model_free(m);
        *m = bare;
    } else {
        bool missing = access(r->source, F_OK) && errno == ENOENT;
        die("%s%s", m->error,
            !strpbrk(r->source, "/.") ? " (nor is it a parameter count, such as 7B or 7e9)"
            : missing && is_hub_name(r->source)
                ? "; a model of the Hub is sized by its config.json, "
                  "which halfulp reads and does not fetch"
                : "");
    }
    apply_shape(&options->shape, r);
}

static bool has_experts(const struct hu_tensors *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->rows[i].experts > 1)
            return true;
    return false;
}

/* What was asked that no engine does, that changes nothing, or that the model was not made for. */
static void remark(const struct hu_sizing_request *r, struct hu_model *m)
{
    unsigned long long tensor = r->plan.tensor_parallel, stages = r->plan.pipeline_parallel,
                       experts = r->plan.expert_parallel;
    if (m->heads && m->heads % tensor)
        hu_model_note(m,
                      "%llu heads do not divide over %llu tensor-parallel devices, which engines "
                      "refuse: the largest share is shown",
                      (unsigned long long)m->heads, tensor);
    if (m->layers && stages > m->layers)
        hu_model_note(m, "%llu pipeline stages are more than the %llu layers: a layer each", stages,
                      (unsigned long long)m->layers);
    if (experts > 1 && m->tensors.count && !has_experts(&m->tensors))
        hu_model_note(m, "--ep %llu changes nothing: the model has no experts", experts);
    /* The verdict says so itself. */
    if (!r->fit && m->trained_context && r->context > m->trained_context)
        hu_model_note(m, "the context is longer than the %s tokens that the model was made for",
                      GROUPED(m->trained_context));
}

static void print_results(const struct size_options *options, const struct size_result *results,
                          size_t count)
{
    if (count == 1) {
        size_print_table(options, results);
        return;
    }
    size_compare(options, results, count);
    for (size_t i = 0; options->explain && i < count; i++) {
        printf("\n%s%s%s\n", ink->bold, results[i].source, ink->off);
        size_print_terms(options, &results[i]);
    }
}

static int size_models(const struct size_options *options, struct size_result *results,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char error[HU_SIZING_ERROR];
        struct size_result *r = &results[i];
        open_model(options, r);
        remark(&options->request, &r->model);
        if (!hu_sizing_make(&r->model, &options->request, &r->sizing, error))
            die("%s: %s", r->source, error);
    }
    if (options->against)
        return size_against(options, results, count);
    if (options->tensors)
        size_print_tensors(options, results, count);
    else
        (options->json ? size_print_json : print_results)(options, results, count);
    int status = EXIT_DONE;
    for (size_t i = 0; !options->tensors && i < count; i++)
        if (results[i].sizing.has_fit && !results[i].sizing.fit.fits)
            status = EXIT_NO;
    return status;
}

static json_t *device_json(const struct hu_device *d)
{
    return JSON({"name", json_string(d->name)}, {"bytes", json_count(d->bytes)},
                {"source", json_string(d->source)});
}

static int list_devices(void)
{
    printf("%-18s %18s %12s  %s\n", "device", "bytes", "GiB", "as reported by");
    for (size_t i = 0; hu_device_at(i); i++) {
        const struct hu_device *d = hu_device_at(i);
        printf("%-18s %18s %12s  %s\n", d->name, GROUPED(d->bytes), GIB(d->bytes), d->source);
    }
    puts("survey: thundergolfer.com/blog/nvidia-gpu-memory-capacity, what NVML says of each");
    return EXIT_DONE;
}

static void begin(void *request)
{
    hu_sizing_begin(&((struct size_options *)request)->request);
}

static int run(const struct options *o, void *request)
{
    struct size_options *options = request;
    if (!options->json)
        folding_begin();
    if (options->list_devices)
        return options->json
                   ? json_print(JSON(
                         {"devices", JSON_LIST(i, hu_device_at(i), device_json(hu_device_at(i)))}))
                   : list_devices();
    if (options->list_families)
        return size_list_families(options->json);
    if (o->argc < 1)
        die("which model? A count (7B), a config.json or its folder, a "
            ".safetensors file or index, or a .gguf file");
    size_complete(o, options);
    size_t count = (size_t)o->argc;
    OWNED struct size_result *results = check_memory(calloc(count, sizeof *results));
    for (size_t i = 0; i < count; i++)
        results[i].source = o->argv[i];
    int status = size_models(options, results, count);
    for (size_t i = 0; i < count; i++)
        hu_model_free(&results[i].model);
    return status;
}

const struct command cmd_size = {
    .name = "size",
    .usage = "MODEL… [--dtype LIST] [--context N] [--train RECIPE] [--memory [Nx]NAME|BYTES]",
    .summary = "the memory a model needs, to the byte, and whether it fits",
    .details =
        "MODEL is a parameter count (7B, 7e9, 7_000_559_616), a config.json or a folder with one,\n"
        "a .safetensors file, its .safetensors.index.json, or a .gguf file. Several are compared.\n"
        "Exit status 1: a model does not fit the --memory.\n"
        "\n"
        "Recipes, bytes a parameter with Adam: fp32 16, autocast 16, mixed 16, mixed-fp32-grads\n"
        "18, mixed-both-grads 20, bf16 8.\n"
        "\n"
        "Settings of a runtime: llama.cpp has ubatch=N, parallel=N, unified, swa-full, no-flash,\n"
        "draft=N; vllm has block=N, available=BYTES, prefix-caching.\n"
        "\n"
        "  halfulp size 7B --memory RTX-4090-24GB\n"
        "  halfulp size config.json --context 8k --batch 4 --kv-dtype q8_0 --memory 2x24GiB\n"
        "  halfulp size config.json --context 8k --runtime llama.cpp,parallel=4,unified\n"
        "  halfulp size config.json --against model.safetensors.index.json\n"
        "  halfulp size 7.5B --train mixed --zero 3 --dp 64",
    .options = size_rows,
    .request = sizeof(struct size_options),
    .begin = begin,
    .run = run,
};
