/* The options of `halfulp size`: rows, what they read, and which of them go together. */
#include "memory/families.h"
#include "memory/source.h"
#include "numbers.h"
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
    KEY_RUNTIME,
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
    KEY_FSDP,
    KEY_DP,
    KEY_TP,
    KEY_PP,
    KEY_EP,
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

const struct command_option size_rows[] = {
    {"dtype", KEY_DTYPE, "LIST", "dtypes by commas, or all: bf16, int8, mxfp4, nf4, q4_k …",
     "@formats"},
    {"context", KEY_CONTEXT, "N", "tokens in a request (8k is 8,192): sizes the KV cache", NULL},
    {"batch", KEY_BATCH, "N", "requests at a time (default 1)", NULL},
    {"kv-dtype", KEY_KV_DTYPE, "K[,V]",
     "dtype of the KV cache (default bf16); K,V: of keys and values", "@formats"},
    {"runtime", KEY_RUNTIME, "NAME[,SETTING…]",
     "lay the cache out as transformers, llama.cpp or vllm does: see below",
     "transformers llama.cpp vllm"},
    {"overhead", KEY_OVERHEAD, "F", "rule of thumb for inference (default 1.2)", NULL},
    {"train", KEY_TRAIN, "RECIPE", "what training needs, by recipe: see below",
     "fp32 autocast mixed mixed-fp32-grads mixed-both-grads bf16"},
    {"optimizer", KEY_OPTIMIZER, "NAME", "default adam",
     "adam sgd momentum lion adafactor adam8bit sparse-adam muon galore shampoo"},
    {"activations", KEY_ACTIVATIONS, "BYTES", "activations as you know them", NULL},
    {"seq", KEY_SEQ, "N", "tokens in a sequence: models the activations", NULL},
    {"micro-batch", KEY_MICRO_BATCH, "N", "sequences in a micro-batch (default 1)", NULL},
    {"recompute", KEY_RECOMPUTE, "HOW", "none (default), selective, full", "none selective full"},
    {"flash", KEY_FLASH, NULL, "attention that keeps no matrix of scores", NULL},
    {"sequence-parallel", KEY_SEQUENCE_PARALLEL, NULL, "split norms and dropout over --tp too",
     NULL},
    {"buffers", KEY_BUFFERS, "BYTES", "workspaces and communication buffers", NULL},
    {"zero", KEY_ZERO, "0|1|2|3", "ZeRO stage, over --dp devices", "0 1 2 3"},
    {"fsdp", KEY_FSDP, NULL, "shard all as PyTorch's FSDP, a layer at a time, over --dp devices",
     NULL},
    {"dp", KEY_DP, "N", "data-parallel devices", NULL},
    {"tp", KEY_TP, "N", "tensor-parallel devices: sizes are then a device's", NULL},
    {"pp", KEY_PP, "N", "pipeline stages: those of the largest", NULL},
    {"ep", KEY_EP, "N", "devices that share the experts", NULL},
    {"lora", KEY_LORA, "RANK", "train adapters of that rank", NULL},
    {"lora-targets", KEY_LORA_TARGETS, "LIST", "modules by commas, or all-linear (default PEFT's)",
     NULL},
    {"qlora", KEY_QLORA, NULL, "as --lora, over weights frozen in nf4 (rank 8)", NULL},
    {"memory", KEY_MEMORY, "NAME|BYTES", "does it fit? 2xH100-80GB, 24GiB, …; list shows devices",
     "list"},
    {"tensors", KEY_TENSORS, NULL, "list the model's tensors: name, shape, dtype, role", NULL},
    {"against", KEY_AGAINST, "FILE", "compare them with a checkpoint, an index or such a list",
     NULL},
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

/* Counts of things, without a suffix. */
static bool read_number(const struct options *o, uint64_t most, uint64_t *value)
{
    return count_read(value, o->value, 1, most, o->name, o->command->name);
}

/* Tokens: 8k and 128K are 1,024 each, as models' contexts are counted. */
static bool read_tokens(const struct options *o, uint64_t most, uint64_t *value)
{
    char digits[32];
    size_t n = strlen(o->value);
    bool thousands = n > 1 && n < sizeof digits && strchr("kK", o->value[n - 1]);
    if (!thousands)
        return read_number(o, most, value);
    snprintf(digits, sizeof digits, "%.*s", (int)n - 1, o->value);
    bool fine = isdigit((unsigned char)digits[n - 2]) && hu_count_read(digits, value) && *value &&
                *value <= most / 1024;
    *value *= 1024;
    return fine || bad(o, "no number of tokens, such as 8192 or 8k");
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
             "--%s: '%s' is a mixture whose size depends on the model (q3_k_s, _m, _l, q4_k_s, _m, "
             "q5_k_s, _m and mxfp4_moe are modelled); give the .gguf file, or a ggml type such as "
             "q3_k",
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
                                       "adam8bit, sparse-adam, muon, galore and shampoo are");
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

/* The names of devices that TEXT might mean, for a message. */
static bool ask_device(const struct options *o, const char *text)
{
    char names[512] = "";
    size_t found = 0;
    for (size_t i = 0; hu_device_at(i); i++)
        if (hu_device_is_kind(hu_device_at(i), text))
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
                     found++ ? " or " : "", hu_device_at(i)->name);
    if (found) {
        fail(o->command->name, "--memory: which '%s': %s?", text, names);
        return false;
    }
    for (size_t i = 0; hu_device_at(i); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 hu_device_at(i)->name);
    fail(o->command->name, "--memory: '%s' is neither a size, such as 24GiB, nor a device: %s",
         text, names);
    return false;
}

/* N× or Nx before a device or a size; *TEXT moves past it. */
static uint64_t take_devices(const char **text)
{
    static const char *const times[] = {"x", "X", "×", "*"};
    char *end;
    uint64_t n = isdigit((unsigned char)**text) ? strtoull(*text, &end, 10) : 0;
    for (size_t i = 0; n && n <= 1 << 20 && i < sizeof times / sizeof *times; i++)
        if (!strncmp(end, times[i], strlen(times[i]))) {
            *text = end + strlen(times[i]);
            return n;
        }
    return 1;
}

static bool read_memory(const struct options *o, struct size_options *out)
{
    const char *text = o->value;
    struct hu_sizing_request *r = &out->request;
    if (!strcmp(text, "list"))
        return out->list_devices = true;
    r->fit = true;
    r->devices = take_devices(&text);
    out->device = hu_device_find(text);
    if (out->device) {
        r->memory = out->device->bytes;
        return true;
    }
    if (!hu_bytes_read(text, &r->memory) || !r->memory)
        return ask_device(o, text);
    if (r->memory < 4096 && isdigit((unsigned char)text[strlen(text) - 1]))
        return bad(o, "so many bytes: give a unit, such as 80GB or 80GiB");
    return true;
}

/* K, or K,V. */
static bool read_kv_dtype(const struct options *o, struct hu_sizing_request *r)
{
    char *copy = check_memory(strdup(o->value)), *comma = strchr(copy, ',');
    if (comma)
        *comma = 0;
    bool fine =
        read_dtype(o, copy, &r->kv_dtype) && (!comma || read_dtype(o, comma + 1, &r->kv_dtype_v));
    free(copy);
    return fine;
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
        return read_tokens(o, UINT64_C(1) << 30, &r->sequence);
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
    case KEY_FSDP:
        return plan->fsdp = true;
    case KEY_DP:
        return read_number(o, MOST_PARALLEL, &plan->data_parallel);
    case KEY_TP:
        return read_number(o, MOST_PARALLEL, &plan->tensor_parallel);
    case KEY_PP:
        return read_number(o, MOST_PARALLEL, &plan->pipeline_parallel);
    case KEY_EP:
        return read_number(o, MOST_PARALLEL, &plan->expert_parallel);
    case KEY_LORA:
        return read_number(o, 1 << 20, &plan->lora_rank);
    case KEY_LORA_TARGETS:
        plan->lora_targets = o->value;
        return true;
    default:
        return plan->qlora = true;
    }
}

static bool read_runtime(const struct options *o, struct hu_runtime *runtime)
{
    char error[HU_RUNTIME_ERROR];
    if (hu_runtime_read(o->value, runtime, error))
        return true;
    fail(o->command->name, "--%s: %s", o->name, error);
    return false;
}

static bool read_family(const struct options *o)
{
    char error[HU_FAMILIES_ERROR];
    if (hu_families_add(o->value, error))
        return true;
    fail(o->command->name, "%s", error);
    return false;
}

bool size_read_option(const struct options *o, int key, struct size_options *out)
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
        return read_tokens(o, most_tokens, &r->context);
    case KEY_BATCH:
        return read_number(o, most_tokens, &r->batch);
    case KEY_KV_DTYPE:
        return read_kv_dtype(o, r);
    case KEY_RUNTIME:
        return read_runtime(o, &r->runtime);
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
        out->training_given |= key != KEY_TP && key != KEY_PP && key != KEY_EP;
        return read_training(o, key, r);
    }
}

/* What a reader wants first, where nothing was asked for. */
static void choose_dtypes(struct hu_sizing_request *r)
{
    static const char *const first[] = {"bf16", "fp8_e4m3", "nf4_dq"};
    if (r->dtypes_given)
        return;
    r->own = true;
    r->dtype_count = 0;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (hu_dtype_find(first[i], &r->dtypes[r->dtype_count]))
            r->dtype_count++;
}

int size_complete(const struct options *o, struct size_options *out)
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
    choose_dtypes(r);
    if (plan->fsdp && plan->zero)
        return fail(command, "--fsdp and --zero both say how the states are sharded");
    if (plan->fsdp)
        plan->zero = 3; /* of the same things */
    if (plan->zero && plan->data_parallel == 1)
        note("%s splits over data-parallel devices: give --dp", plan->fsdp ? "FSDP" : "ZeRO");
    return EXIT_DONE;
}
