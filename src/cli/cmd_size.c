#include "memory/families.h"
#include "memory/source.h"
#include "options.h"
#include "report.h"
#include "size.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    KEY_DTYPE = KEY_OWN,
    KEY_CONTEXT,
    KEY_BATCH,
    KEY_KV_DTYPE,
    KEY_OVERHEAD,
    KEY_TRAIN,
    KEY_OPTIMIZER,
    KEY_ACTIVATIONS,
    KEY_SEQ,
    KEY_MICRO_BATCH,
    KEY_RECOMPUTE,
    KEY_FLASH,
    KEY_SEQUENCE_PARALLEL,
    KEY_BUFFERS,
    KEY_ZERO,
    KEY_DP,
    KEY_TP,
    KEY_PP,
    KEY_LORA,
    KEY_LORA_TARGETS,
    KEY_QLORA,
    KEY_MEMORY,
    KEY_PARAMETERS,
    KEY_LAYERS,
    KEY_HIDDEN,
    KEY_HEADS,
    KEY_KV_HEADS,
    KEY_HEAD_DIM,
    KEY_VOCAB,
    KEY_EXPLAIN,
    KEY_FAMILY,
    KEY_FAMILIES,
    KEY_TENSORS,
    KEY_AGAINST,
};

static const struct command_option rows[] = {
    {"dtype", KEY_DTYPE, "LIST", "dtypes by commas, or all: bf16, int8, mxfp4, nf4, q4_k …",
     "@formats"},
    {"context", KEY_CONTEXT, "N", "tokens in a request: sizes the KV cache", NULL},
    {"batch", KEY_BATCH, "N", "requests at a time (default 1)", NULL},
    {"kv-dtype", KEY_KV_DTYPE, "D", "dtype of the KV cache (default bf16)", "@formats"},
    {"overhead", KEY_OVERHEAD, "F", "rule of thumb for inference (default 1.2)", NULL},
    {"train", KEY_TRAIN, "RECIPE", "what training needs, by recipe: see below",
     "fp32 autocast mixed mixed-fp32-grads mixed-both-grads bf16"},
    {"optimizer", KEY_OPTIMIZER, "NAME", "default adam",
     "adam sgd momentum lion adafactor adam8bit sparse-adam"},
    {"activations", KEY_ACTIVATIONS, "BYTES", "activations as you know them", NULL},
    {"seq", KEY_SEQ, "N", "tokens in a sequence: models the activations", NULL},
    {"micro-batch", KEY_MICRO_BATCH, "N", "sequences in a micro-batch (default 1)", NULL},
    {"recompute", KEY_RECOMPUTE, "HOW", "none (default), selective, full", "none selective full"},
    {"flash", KEY_FLASH, NULL, "attention that keeps no matrix of scores", NULL},
    {"sequence-parallel", KEY_SEQUENCE_PARALLEL, NULL, "split norms and dropout over --tp too",
     NULL},
    {"buffers", KEY_BUFFERS, "BYTES", "workspaces and communication buffers", NULL},
    {"zero", KEY_ZERO, "0|1|2|3", "ZeRO stage, over --dp devices", "0 1 2 3"},
    {"dp", KEY_DP, "N", "data-parallel devices", NULL},
    {"tp", KEY_TP, "N", "tensor-parallel devices", NULL},
    {"pp", KEY_PP, "N", "pipeline stages", NULL},
    {"lora", KEY_LORA, "RANK", "train adapters of that rank", NULL},
    {"lora-targets", KEY_LORA_TARGETS, "LIST", "modules by commas, or all-linear (default PEFT's)",
     NULL},
    {"qlora", KEY_QLORA, NULL, "as --lora, over weights frozen in nf4 (rank 8)", NULL},
    {"memory", KEY_MEMORY, "NAME|BYTES", "does it fit? H100-80GB, 24GiB, …; list shows devices",
     "list"},
    {"tensors", KEY_TENSORS, NULL, "list the model's tensors: name, shape, dtype, role", NULL},
    {"against", KEY_AGAINST, "FILE", "compare them with a checkpoint, an index or such a list", NULL},
    {"family", KEY_FAMILY, "FILE", "a family's text more, before those compiled in", NULL},
    {"families", KEY_FAMILIES, NULL, "list the families that are known, and their sources", NULL},
    {"parameters", KEY_PARAMETERS, "N", "count of a model whose architecture is not known", NULL},
    {"layers", KEY_LAYERS, "N", "shape of a model that does not say it: layers …", NULL},
    {"hidden", KEY_HIDDEN, "N", "… hidden size", NULL},
    {"heads", KEY_HEADS, "N", "… attention heads", NULL},
    {"kv-heads", KEY_KV_HEADS, "N", "… key and value heads", NULL},
    {"head-dim", KEY_HEAD_DIM, "N", "… size of a head", NULL},
    {"vocab", KEY_VOCAB, "N", "… vocabulary, for the logits", NULL},
    {"explain", KEY_EXPLAIN, NULL, "every term's formula, with its numbers in", NULL},
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

/* Reports and returns false. */
static bool bad(const struct options *o, const char *what)
{
    fail(o->command->name, "--%s: '%s' is %s", o->name, o->value, what);
    return false;
}

/* Counts of things, so no suffix: 8k tokens are 8,192 to some and 8,000 to others. */
static bool read_number(const struct options *o, uint64_t most, uint64_t *value)
{
    size_t n = strlen(o->value);
    bool plain = n && strchr("0123456789", o->value[n - 1]);
    if (!plain || !hu_count_read(o->value, value) || !*value || *value > most) {
        fail(o->command->name, "--%s: '%s' is no whole number from 1 to %llu", o->name, o->value,
             (unsigned long long)most);
        return false;
    }
    return true;
}

static bool read_bytes(const struct options *o, uint64_t *value)
{
    return hu_bytes_read(o->value, value) || bad(o, "no size, such as 24GiB, 80GB or 512MiB");
}

/* llama.cpp's names of mixtures: q4_k_m, iq3_m and so on. */
static bool is_mixture(const char *name)
{
    size_t n = strlen(name);
    bool ending = n > 3 && strchr("smlSML", name[n - 1]) && name[n - 2] == '_';
    return ending && (tolower(name[0]) == 'q' || !strncasecmp(name, "iq", 2));
}

static bool read_dtype(const struct options *o, const char *name, struct hu_dtype *dtype)
{
    if (hu_dtype_find(name, dtype))
        return true;
    if (is_mixture(name))
        fail(o->command->name,
             "--%s: '%s' is a mixture whose size depends on the model (q4_k_m, q4_k_s, q5_k_m and "
             "q5_k_s are modelled); give the .gguf file, or a ggml type such as q3_k",
             o->name, name);
    else
        fail(o->command->name,
             "--%s: there is no dtype '%s'; 'halfulp formats' lists the floats and integers, the "
             "manual the block formats",
             o->name, name);
    return false;
}

static void add_dtype(struct hu_sizing_request *r, struct hu_dtype dtype)
{
    if (r->dtype_count < HU_SIZING_DTYPES)
        r->dtypes[r->dtype_count++] = dtype;
}

static void add_mixture(struct hu_sizing_request *r, const struct hu_mixture *mixture)
{
    if (r->dtype_count < HU_SIZING_DTYPES)
        r->mixtures[r->dtype_count++] = mixture;
}

static void add_all_dtypes(struct hu_sizing_request *r)
{
    for (size_t i = 0; i < hu_format_count(); i++)
        add_dtype(r, (struct hu_dtype){.format = hu_format_at(i)});
    for (size_t i = 0; i < hu_integer_count(); i++)
        add_dtype(r, (struct hu_dtype){.integer = hu_integer_at(i)});
    for (size_t i = 0; hu_block_at(i); i++)
        if (hu_block_at(i)->elements > 1)
            add_dtype(r, (struct hu_dtype){.block = hu_block_at(i)});
}

static bool read_dtypes(const struct options *o, struct hu_sizing_request *r)
{
    char *copy = check_memory(strdup(o->value)), *rest = NULL;
    bool fine = true;
    /* The first list takes the usual ones' place; another adds to it. */
    if (!r->dtypes_given)
        r->dtype_count = 0;
    r->dtypes_given = true;
    size_t before = r->dtype_count;
    for (char *name = strtok_r(copy, ",", &rest); fine && name; name = strtok_r(NULL, ",", &rest)) {
        struct hu_dtype dtype;
        const struct hu_mixture *mixture = hu_mixture_find(name);
        if (!strcasecmp(name, "all"))
            add_all_dtypes(r);
        else if (mixture)
            add_mixture(r, mixture);
        else if ((fine = read_dtype(o, name, &dtype)))
            add_dtype(r, dtype);
    }
    free(copy);
    return fine && (r->dtype_count > before || bad(o, "an empty list"));
}

static bool read_overhead(const struct options *o, uint64_t *overhead)
{
    bool fine = hu_factor_read(o->value, overhead) && *overhead >= HU_MILLION &&
                *overhead <= UINT64_C(100) * HU_MILLION;
    return fine || bad(o, "no factor from 1 to 100, with at most six decimals");
}

static bool read_train(const struct options *o, struct hu_sizing_request *r)
{
    r->train = true;
    r->plan.recipe = hu_recipe_find(o->value);
    return r->plan.recipe || bad(o, "no recipe: fp32, autocast, mixed, mixed-fp32-grads, "
                                    "mixed-both-grads and bf16 are");
}

static bool read_optimizer(const struct options *o, struct hu_sizing_request *r)
{
    r->plan.optimizer = hu_optimizer_find(o->value);
    return r->plan.optimizer || bad(o, "no optimizer: adam, sgd, momentum, lion, adafactor, "
                                       "adam8bit and sparse-adam are");
}

static bool read_recompute(const struct options *o, struct hu_sizing_request *r)
{
    static const char *const names[] = {"none", "selective", "full"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(o->value, names[i])) {
            r->recompute = (enum hu_recompute)i;
            return true;
        }
    return bad(o, "neither none, selective nor full");
}

static bool read_zero(const struct options *o, unsigned *zero)
{
    if (strlen(o->value) != 1 || *o->value < '0' || *o->value > '3')
        return bad(o, "no ZeRO stage: 0, 1, 2 and 3 are");
    *zero = (unsigned)(*o->value - '0');
    return true;
}

static bool read_memory(const struct options *o, struct size_options *out)
{
    if (!strcmp(o->value, "list"))
        return out->list_devices = true;
    out->request.fit = true;
    out->device = hu_device_find(o->value);
    if (out->device) {
        out->request.memory = out->device->bytes;
        return true;
    }
    if (hu_bytes_read(o->value, &out->request.memory) && out->request.memory)
        return true;
    char names[512] = "";
    for (size_t i = 0; hu_device_at(i); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 hu_device_at(i)->name);
    fail(o->command->name, "--memory: '%s' is neither a size, such as 24GiB, nor a device: %s",
         o->value, names);
    return false;
}

enum { MOST_PARALLEL = 1 << 20 };
static const uint64_t most_tokens = UINT64_C(1) << 40, most_size = UINT64_C(1) << 32;

static bool read_shape(const struct options *o, int key, struct size_shape *shape)
{
    switch (key) {
    case KEY_PARAMETERS:
        return (hu_count_read(o->value, &shape->parameters) && shape->parameters) ||
               bad(o, "no count of parameters, such as 7B");
    case KEY_LAYERS:
        return read_number(o, HU_LAYERS_MAX, &shape->layers);
    case KEY_HIDDEN:
        return read_number(o, most_size, &shape->hidden);
    case KEY_HEADS:
        return read_number(o, most_size, &shape->heads);
    case KEY_KV_HEADS:
        return read_number(o, most_size, &shape->kv_heads);
    case KEY_HEAD_DIM:
        return read_number(o, most_size, &shape->head_dim);
    default:
        return read_number(o, most_size, &shape->vocabulary);
    }
}

static bool read_training(const struct options *o, int key, struct hu_sizing_request *r)
{
    struct hu_training_plan *plan = &r->plan;
    switch (key) {
    case KEY_TRAIN:
        return read_train(o, r);
    case KEY_OPTIMIZER:
        return read_optimizer(o, r);
    case KEY_ACTIVATIONS:
        plan->has_activations = true;
        return read_bytes(o, &plan->activations);
    case KEY_SEQ:
        return read_number(o, UINT64_C(1) << 30, &r->sequence);
    case KEY_MICRO_BATCH:
        return read_number(o, UINT64_C(1) << 30, &r->micro_batch);
    case KEY_RECOMPUTE:
        return read_recompute(o, r);
    case KEY_FLASH:
        return r->flash = true;
    case KEY_SEQUENCE_PARALLEL:
        return r->sequence_parallel = true;
    case KEY_BUFFERS:
        return read_bytes(o, &plan->buffers);
    case KEY_ZERO:
        return read_zero(o, &plan->zero);
    case KEY_DP:
        return read_number(o, MOST_PARALLEL, &plan->data_parallel);
    case KEY_TP:
        return read_number(o, MOST_PARALLEL, &plan->tensor_parallel);
    case KEY_PP:
        return read_number(o, MOST_PARALLEL, &plan->pipeline_parallel);
    case KEY_LORA:
        return read_number(o, 1 << 20, &plan->lora_rank);
    case KEY_LORA_TARGETS:
        plan->lora_targets = o->value;
        return true;
    default:
        return plan->qlora = true;
    }
}

static bool read_family(const struct options *o)
{
    char error[HU_FAMILIES_ERROR];
    if (hu_families_add(o->value, error))
        return true;
    fail(o->command->name, "%s", error);
    return false;
}

static bool read_option(const struct options *o, int key, struct size_options *out)
{
    struct hu_sizing_request *r = &out->request;
    switch (key) {
    case KEY_JSON:
        return out->json = true;
    case KEY_EXPLAIN:
        return out->explain = true;
    case KEY_COLOR:
        return color_mode_read(o->value, &out->color) || bad(o, "neither auto, always nor never");
    case KEY_DTYPE:
        return read_dtypes(o, r);
    case KEY_CONTEXT:
        return read_number(o, most_tokens, &r->context);
    case KEY_BATCH:
        return read_number(o, most_tokens, &r->batch);
    case KEY_KV_DTYPE:
        return read_dtype(o, o->value, &r->kv_dtype);
    case KEY_OVERHEAD:
        return read_overhead(o, &r->overhead);
    case KEY_MEMORY:
        return read_memory(o, out);
    case KEY_FAMILY:
        return read_family(o);
    case KEY_FAMILIES:
        return out->list_families = true;
    case KEY_TENSORS:
        return out->tensors = true;
    case KEY_AGAINST:
        out->against = o->value;
        return true;
    default:
        if (key >= KEY_PARAMETERS)
            return read_shape(o, key, &out->shape);
        out->training_given = true;
        return read_training(o, key, r);
    }
}

/* What was left open, and combinations that mean nothing. Returns an exit status. */
static int complete(const struct options *o, struct size_options *out)
{
    struct hu_sizing_request *r = &out->request;
    struct hu_training_plan *plan = &r->plan;
    const char *command = o->command->name;
    if (plan->qlora && !plan->lora_rank)
        plan->lora_rank = 8; /* PEFT's LoraConfig */
    if (plan->lora_targets && !plan->lora_rank)
        return fail(command, "--lora-targets needs --lora or --qlora");
    if (plan->lora_rank && !plan->recipe)
        plan->recipe = hu_recipe_find("autocast"); /* what PEFT and QLoRA train adapters under */
    r->train = plan->recipe != NULL;
    if (out->training_given && !r->train)
        return fail(command, "options for training need --train RECIPE, such as --train mixed");
    if (r->micro_batch && !r->sequence)
        return fail(command, "--micro-batch needs --seq, the tokens in a sequence");
    if (plan->has_activations && r->sequence)
        return fail(command, "--activations and --seq both say what the activations are");
    if (r->sequence && !r->micro_batch)
        r->micro_batch = 1;
    if (plan->zero && plan->data_parallel == 1)
        note("ZeRO splits over data-parallel devices: give --dp");
    return EXIT_DONE;
}

/* What the command line says of the shape, where the model does not. Returns an exit status. */
static int apply_shape(const struct command *self, const struct size_shape *s,
                       struct size_result *r)
{
    struct hu_model *m = &r->model;
    bool given = s->layers || s->hidden || s->heads || s->kv_heads || s->head_dim || s->vocabulary;
    if (!given)
        return EXIT_DONE;
    if (m->tensors.count || m->tensors.kept_count)
        return fail(self->name, "%s says its own shape: leave out --layers, --heads and the like",
                    r->source);
    m->layers = s->layers;
    m->hidden = s->hidden;
    m->heads = s->heads;
    m->vocabulary = s->vocabulary;
    if (!s->kv_heads && !s->head_dim)
        return EXIT_DONE;
    if (!s->layers || !s->kv_heads || !s->head_dim)
        return fail(self->name, "the KV cache needs --layers, --kv-heads and --head-dim together");
    /* Both are at most 2^32, less one bit for safety of the product's sum. */
    uint64_t kv = s->kv_heads * s->head_dim;
    if (s->kv_heads > (UINT64_C(1) << 31) || !hu_model_add_kv(m, s->layers, kv, kv, 0))
        return fail(self->name, "--kv-heads or --layers is too large");
    m->no_kv = NULL;
    return EXIT_DONE;
}

static int open_model(const struct command *self, const struct size_options *options,
                      struct size_result *r)
{
    char error[HU_SOURCE_ERROR];
    bool unknown;
    uint64_t given = options->shape.parameters;
    if (hu_count_read(r->source, &r->model.parameters)) {
        if (!r->model.parameters)
            return fail(self->name, "a model of 0 parameters has no size");
        return apply_shape(self, &options->shape, r);
    }
    if (!hu_model_open(r->source, &r->model, &unknown, error)) {
        if (!unknown || !given) {
            bool file = strchr(r->source, '/') || strchr(r->source, '.');
            return file ? fail(self->name, "%s", error)
                        : fail(self->name, "%s (nor is it a parameter count, such as 7B or 7e9)",
                               error);
        }
        char architecture[sizeof r->model.architecture];
        strcpy(architecture, r->model.architecture);
        hu_model_free(&r->model);
        r->model = (struct hu_model){.parameters = given};
        strcpy(r->model.architecture, architecture);
    } else if (given) {
        return fail(self->name, "%s has its own count: leave out --parameters", r->source);
    }
    return apply_shape(self, &options->shape, r);
}

static int size_models(const struct command *self, const struct size_options *options,
                       struct size_result *results, size_t count)
{
    int status = EXIT_DONE;
    for (size_t i = 0; i < count; i++) {
        char error[HU_SIZING_ERROR];
        struct size_result *r = &results[i];
        status = open_model(self, options, r);
        if (status != EXIT_DONE)
            return status;
        if (!hu_sizing_make(&r->model, &options->request, &r->sizing, error))
            return fail(self->name, "%s: %s", r->source, error);
    }
    if (options->against)
        return size_against(self, options, results, count);
    if (options->tensors)
        return size_print_tensors(self, options, results, count);
    if (options->json)
        status = size_print_json(options, results, count);
    else
        size_print_table(options, results, count);
    for (size_t i = 0; status == EXIT_DONE && i < count; i++)
        if (results[i].sizing.has_fit && !results[i].sizing.fit.fits)
            status = EXIT_NO;
    return status;
}

static int list_devices(void)
{
    printf("%-18s %18s %12s  %s\n", "device", "bytes", "GiB", "as reported by");
    for (size_t i = 0; hu_device_at(i); i++) {
        const struct hu_device *d = hu_device_at(i);
        char bytes[27], gib[24];
        printf("%-18s %18s %12s  %s\n", d->name, hu_grouped(d->bytes, bytes),
               size_gib(d->bytes, gib), d->source);
    }
    puts("survey: thundergolfer.com/blog/nvidia-gpu-memory-capacity, what NVML says of each");
    return EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o;
    struct size_options options = {.training_given = false};
    int key;
    hu_sizing_begin(&options.request);
    options_begin(&o, self, argc, argv);
    while ((key = option_next(&o)) >= 0)
        if (!read_option(&o, key, &options))
            return EXIT_BAD;
    if (key == OPTION_EXIT)
        return o.status;
    if (options.list_devices)
        return list_devices();
    if (options.list_families)
        return size_list_families(self);
    if (o.argc < 1)
        return fail(self->name, "which model? A count (7B), a config.json or its folder, a "
                                ".safetensors file or index, or a .gguf file");
    int status = complete(&o, &options);
    if (status != EXIT_DONE)
        return status;
    size_t count = (size_t)o.argc;
    struct size_result *results = check_memory(calloc(count, sizeof *results));
    for (size_t i = 0; i < count; i++)
        results[i].source = o.argv[i];
    status = size_models(self, &options, results, count);
    for (size_t i = 0; i < count; i++)
        hu_model_free(&results[i].model);
    free(results);
    return status;
}

const struct command cmd_size = {
    .name = "size",
    .usage = "MODEL… [--dtype LIST] [--context N] [--train RECIPE] [--memory NAME|BYTES]",
    .summary = "the memory a model needs, to the byte, and whether it fits",
    .details =
        "MODEL is a parameter count (7B, 7e9, 7_000_559_616), a config.json or a folder with one,\n"
        "a .safetensors file, its .safetensors.index.json, or a .gguf file. Several are compared.\n"
        "Exit status 1: a model does not fit the --memory.\n"
        "\n"
        "Recipes, bytes a parameter with Adam: fp32 16, autocast 16, mixed 16, mixed-fp32-grads\n"
        "18, mixed-both-grads 20, bf16 8.\n"
        "\n"
        "  halfulp size 7B --memory RTX-4090-24GB\n"
        "  halfulp size config.json --context 8192 --batch 4 --kv-dtype q8_0 --memory 24GiB\n"
        "  halfulp size 7.5B --train mixed --zero 3 --dp 64",
    .options = rows,
    .run = run,
};
