/* The options of `halfulp size`: rows, what they read, and which of them go together. */
#include "room.h"
#include "arguments.h"
#include "memory/families.h"
#include "memory/source.h"
#include "option_values.h"
#include "size.h"

/* Reports and returns false. */
static bool bad(const struct options *o, const char *what)
{
    return refuse("--%s: '%s' is %s", o->row->name, o->value, what);
}

static bool read_tokens(const struct options *o, void *at)
{
    uint64_t *value = at;
    if (!strpbrk(o->value, "kKmMeE"))
        return read_count(o, at);
    return (hu_tokens_read(o->value, value) && *value && *value <= o->row->most) ||
           bad(o, "no number of tokens, such as 8192, 8k, 1M or 1e6");
}

static bool read_bytes(const struct options *o, void *at)
{
    return hu_bytes_read(o->value, at) || bad(o, "no size, such as 24GiB, 80GB or 512MiB");
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
        return refuse("--%s: '%s' is a mixture whose size depends on the model (q3_k_s, _m, _l, "
                      "q4_k_s, _m, q5_k_s, _m and mxfp4_moe are modelled); give the .gguf file, or "
                      "a ggml type such as q3_k",
                      o->row->name, name);
    char near[HU_SUGGESTION];
    bool is_near = *hu_block_suggestion(near, name) || *hu_name_suggestion(near, name);
    return refuse("--%s: there is no dtype '%s'; %s", o->row->name, name,
                  is_near ? near : "'halfulp formats' lists them");
}

static void add_dtype(struct hu_sizing_request *r, struct hu_dtype dtype)
{
    if (r->dtype_count < HU_SIZING_DTYPES)
        r->dtypes[r->dtype_count++] = dtype;
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

static bool read_dtypes(const struct options *o, void *at)
{
    struct hu_sizing_request *r = at;
    OWNED char *copy = check_memory(strdup(o->value));
    char *rest = NULL;
    bool fine = true;
    /* The first list takes the usual ones' place; another adds to it. */
    if (!r->dtypes_given)
        r->dtype_count = 0;
    r->dtypes_given = true;
    r->dtypes_all = !strcasecmp(o->value, "all");
    size_t before = r->dtype_count;
    for (char *name = strtok_r(copy, ",", &rest); fine && name; name = strtok_r(NULL, ",", &rest)) {
        struct hu_dtype dtype;
        const struct hu_mixture *mixture = hu_mixture_find(name);
        if (!strcasecmp(name, "all"))
            add_all_dtypes(r);
        else if (!mixture && (fine = read_dtype(o, name, &dtype)))
            add_dtype(r, dtype);
        else if (mixture && r->dtype_count < HU_SIZING_DTYPES)
            r->mixtures[r->dtype_count++] = mixture;
    }
    return fine && (r->dtype_count > before || bad(o, "an empty list"));
}

static bool read_overhead(const struct options *o, void *at)
{
    uint64_t *overhead = at;
    bool fine = hu_factor_read(o->value, overhead) && *overhead >= HU_MILLION &&
                *overhead <= UINT64_C(100) * HU_MILLION;
    return fine || bad(o, "no factor from 1 to 100, with at most six decimals");
}

static bool read_train(const struct options *o, void *at)
{
    struct hu_sizing_request *r = at;
    r->train = true;
    r->plan.recipe = hu_recipe_find(o->value);
    return r->plan.recipe || bad(o, "no recipe: fp32, autocast, mixed, mixed-fp32-grads, "
                                    "mixed-both-grads and bf16 are");
}

static bool read_optimizer(const struct options *o, void *at)
{
    const struct hu_optimizer *found = hu_optimizer_find(o->value);
    *(const struct hu_optimizer **)at = found;
    return found || bad(o, "no optimizer: adam, sgd, momentum, lion, adafactor, "
                           "adam8bit, sparse-adam, muon, galore and shampoo are");
}

/* The names of devices that TEXT might mean, for a message. */
static bool ask_device(const char *text)
{
    OWNED char *names = NULL, *all = NULL;
    for (size_t i = 0; hu_device_at(i); i++) {
        const char *name = hu_device_at(i)->name;
        text_add(&all, "%s%s", i ? ", " : "", name);
        if (hu_device_is_kind(hu_device_at(i), text))
            text_add(&names, "%s%s", names ? " or " : "", name);
    }
    if (names)
        return refuse("--memory: which '%s': %s?", text, names);
    return refuse("--memory: '%s' is neither a size, such as 24GiB, nor a device: %s", text, all);
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

static bool read_memory(const struct options *o, void *at)
{
    struct size_options *out = at;
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
        return ask_device(text);
    if (r->memory < 4096 && isdigit((unsigned char)text[strlen(text) - 1]))
        return bad(o, "so many bytes: give a unit, such as 80GB or 80GiB");
    return true;
}

/* K, or K,V. */
static bool read_kv_dtype(const struct options *o, void *at)
{
    struct hu_sizing_request *r = at;
    OWNED char *copy = check_memory(strdup(o->value));
    char *comma = strchr(copy, ',');
    if (comma)
        *comma = 0;
    return read_dtype(o, copy, &r->kv_dtype) &&
           (!comma || read_dtype(o, comma + 1, &r->kv_dtype_v));
}

static bool read_activations(const struct options *o, void *at)
{
    struct hu_training_plan *plan = at;
    plan->has_activations = true;
    return read_bytes(o, &plan->activations);
}

static bool read_parameters(const struct options *o, void *at)
{
    uint64_t *parameters = at;
    return (hu_count_read(o->value, parameters) && *parameters) ||
           bad(o, "no count of parameters, such as 7B");
}

static bool read_runtime(const struct options *o, void *at)
{
    char error[HU_RUNTIME_ERROR];
    return hu_runtime_read(o->value, at, error) || refuse("--%s: %s", o->row->name, error);
}

static bool read_family(const struct options *o, void *request)
{
    (void)request;
    char error[HU_FAMILIES_ERROR];
    return hu_families_add(o->value, error) || refuse("%s", error);
}

#define MOST_TOKENS (UINT64_C(1) << 40)
#define MOST_SEQUENCE (UINT64_C(1) << 30)
#define MOST_SIZE (UINT64_C(1) << 32)
enum { MOST_PARALLEL = 1 << 20 };

#define TOKENS(member, highest)                                                                    \
    OPTION_INTO(read_tokens, uint64_t, member), .least = 1, .most = (highest)

#define REQUEST struct size_options
const struct command_option size_rows[] = {
    {"dtype", 0, "LIST", "dtypes by commas, or all: bf16, int8, mxfp4, nf4, q4_k …", "all @dtypes",
     OPTION_INTO(read_dtypes, struct hu_sizing_request, request)},
    {"context", 0, "N", "tokens in a request (8k is 8,192, 1M 1,048,576): sizes the KV cache", NULL,
     TOKENS(request.context, MOST_TOKENS)},
    {"batch", 0, "N", "requests at a time (default 1)", NULL, COUNT(request.batch, 1, MOST_TOKENS)},
    {"kv-dtype", 0, "K[,V]", "dtype of the KV cache (default bf16); K,V: of keys and values",
     "@dtypes", OPTION_INTO(read_kv_dtype, struct hu_sizing_request, request)},
    {"runtime", 0, "NAME[,SETTING…]",
     "lay the cache out as transformers, llama.cpp or vllm does: see below",
     "transformers llama.cpp vllm", OPTION_INTO(read_runtime, struct hu_runtime, request.runtime)},
    {"overhead", 0, "F", "rule of thumb for inference (default 1.2)", NULL,
     OPTION_INTO(read_overhead, uint64_t, request.overhead)},
    {"train", 0, "RECIPE", "what training needs, by recipe: see below",
     "fp32 autocast mixed mixed-fp32-grads mixed-both-grads bf16",
     OPTION_INTO(read_train, struct hu_sizing_request, request)},
    {"optimizer", 0, "NAME",
     "adam (default), sgd, momentum, lion, adafactor, adam8bit, sparse-adam, muon, galore, shampoo",
     "adam sgd momentum lion adafactor adam8bit sparse-adam muon galore shampoo",
     OPTION_INTO(read_optimizer, const struct hu_optimizer *, request.plan.optimizer)},
    {"activations", 0, "BYTES", "activations as you know them", NULL,
     OPTION_INTO(read_activations, struct hu_training_plan, request.plan)},
    {"seq", 0, "N", "tokens in a sequence: models the activations", NULL,
     TOKENS(request.plan.sequence, MOST_SEQUENCE)},
    {"micro-batch", 0, "N", "sequences in a micro-batch (default 1)", NULL,
     COUNT(request.plan.micro_batch, 1, MOST_SEQUENCE)},
    {"patches", 0, "N", "patches that towers see in a sequence (default: their tables' positions)",
     NULL, COUNT(request.plan.patches, 1, MOST_SEQUENCE)},
    {"recompute", 0, "HOW", "none (default), selective, full", "none selective full",
     WORD(request.plan.recompute)},
    {"flash", 0, NULL, "attention that keeps no matrix of scores", NULL, FLAG(request.plan.flash)},
    {"sequence-parallel", 0, NULL, "split norms and dropout over --tp too", NULL,
     FLAG(request.plan.sequence_parallel)},
    {"buffers", 0, "BYTES", "workspaces and communication buffers", NULL,
     OPTION_INTO(read_bytes, uint64_t, request.plan.buffers)},
    {"zero", 0, "0|1|2|3", "ZeRO stage, over --dp devices", "0 1 2 3", WORD(request.plan.zero)},
    {"fsdp", 0, NULL, "shard all as PyTorch's FSDP, a layer at a time, over --dp devices", NULL,
     FLAG(request.plan.fsdp)},
    {"dp", 0, "N", "data-parallel devices", NULL,
     COUNT(request.plan.data_parallel, 1, MOST_PARALLEL)},
    {"tp", 0, "N", "tensor-parallel devices: sizes are then a device's", NULL,
     COUNT(request.plan.tensor_parallel, 1, MOST_PARALLEL)},
    {"pp", 0, "N", "pipeline stages: those of the largest", NULL,
     COUNT(request.plan.pipeline_parallel, 1, MOST_PARALLEL)},
    {"ep", 0, "N", "devices that share the experts", NULL,
     COUNT(request.plan.expert_parallel, 1, MOST_PARALLEL)},
    {"lora", 0, "RANK", "train adapters of that rank", NULL,
     COUNT(request.plan.lora_rank, 1, 1 << 20)},
    {"lora-targets", 0, "LIST", "modules by commas, or all-linear (default PEFT's)", NULL,
     TEXT(request.plan.lora_targets)},
    {"qlora", 0, NULL, "as --lora, over weights frozen in nf4 (rank 8)", NULL,
     FLAG(request.plan.qlora)},
    {"memory", 0, "NAME|BYTES", "does it fit? 2xH100-80GB, 24GiB, …; list shows devices",
     "list @devices", OWN(read_memory)},
    {"tensors", 0, NULL, "list the model's tensors: name, shape, dtype, role", NULL, FLAG(tensors)},
    {"against", 0, "FILE", "compare them with a checkpoint, an index or such a list", "@file",
     TEXT(against)},
    {"family", 0, "FILE", "a family's text more, before those compiled in", "@file",
     OWN(read_family)},
    {"families", 0, NULL, "list the families that are known, and their sources", NULL,
     FLAG(list_families)},
    {"parameters", 0, "N", "count of a model whose architecture is not known", NULL,
     OPTION_INTO(read_parameters, uint64_t, shape.parameters)},
    {"layers", 0, "N", "shape of a model that does not say it: layers …", NULL,
     COUNT(shape.layers, 1, HU_LAYERS_MAX)},
    {"hidden", 0, "N", "… hidden size", NULL, COUNT(shape.hidden, 1, MOST_SIZE)},
    {"heads", 0, "N", "… attention heads", NULL, COUNT(shape.heads, 1, MOST_SIZE)},
    {"kv-heads", 0, "N", "… key and value heads", NULL, COUNT(shape.kv_heads, 1, MOST_SIZE)},
    {"head-dim", 0, "N", "… size of a head", NULL, COUNT(shape.head_dim, 1, MOST_SIZE)},
    {"vocab", 0, "N", "… vocabulary, for the logits", NULL, COUNT(shape.vocabulary, 1, MOST_SIZE)},
    {"explain", 0, NULL, "every term's formula, with its numbers in", NULL, FLAG(explain)},
    OPTION_JSON(json),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

/* Options that mean nothing without a recipe. */
static bool training_given(const struct options *o)
{
    static const char *const names[] = {
        "optimizer",         "activations", "seq",  "micro-batch", "patches", "recompute", "flash",
        "sequence-parallel", "buffers",     "zero", "fsdp",        "dp",      "lora",      "qlora",
        "lora-targets"};
    bool given = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        given |= option_given(o, names[i]);
    return given;
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

void size_complete(const struct options *o, struct size_options *out)
{
    struct hu_sizing_request *r = &out->request;
    struct hu_training_plan *plan = &r->plan;
    if (out->tensors)
        EXCLUDE(o, "--tensors", "against", "memory", "train");
    if (out->against)
        EXCLUDE(o, "--against", "memory", "train");
    if (plan->qlora && !plan->lora_rank)
        plan->lora_rank = 8; /* PEFT's LoraConfig */
    if (plan->lora_targets && !plan->lora_rank)
        die("--lora-targets needs --lora or --qlora");
    if (plan->lora_rank && !plan->recipe)
        plan->recipe = hu_recipe_find("autocast"); /* what PEFT and QLoRA train adapters under */
    r->train = plan->recipe != NULL;
    if (training_given(o) && !r->train)
        die("options for training need --train RECIPE, such as --train mixed");
    if (plan->micro_batch && !plan->sequence)
        die("--micro-batch needs --seq, the tokens in a sequence");
    if (plan->has_activations && plan->sequence)
        die("--activations and --seq both say what the activations are");
    if (plan->sequence && !plan->micro_batch)
        plan->micro_batch = 1;
    if (option_given(o, "batch") && !r->context && !option_given(o, "memory"))
        note("--batch counts requests of --context N tokens each: give that, too");
    choose_dtypes(r);
    if (plan->fsdp && plan->zero)
        die("--fsdp and --zero both say how the states are sharded");
    if (plan->fsdp)
        plan->zero = 3; /* of the same things */
    if (plan->zero && plan->data_parallel == 1)
        note("%s splits over data-parallel devices: give --dp", plan->fsdp ? "FSDP" : "ZeRO");
}
