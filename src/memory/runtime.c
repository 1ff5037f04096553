#include "runtime.h"
#include "capped.h"
#include "model.h"
#include "source.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const engines[] = {"a runtime", "transformers", "llama.cpp", "vllm"};

/* What an engine may be started with. */
static const struct setting {
    enum hu_engine engine;
    const char *name;
    enum { COUNT, BYTES, FLAG } kind;
    size_t at; /* in struct hu_runtime */
} settings[] = {
    {HU_ENGINE_LLAMA_CPP, "ubatch", COUNT, offsetof(struct hu_runtime, ubatch)},
    {HU_ENGINE_LLAMA_CPP, "parallel", COUNT, offsetof(struct hu_runtime, parallel)},
    {HU_ENGINE_LLAMA_CPP, "unified", FLAG, offsetof(struct hu_runtime, unified)},
    {HU_ENGINE_LLAMA_CPP, "swa-full", FLAG, offsetof(struct hu_runtime, swa_full)},
    {HU_ENGINE_LLAMA_CPP, "no-flash", FLAG, offsetof(struct hu_runtime, no_flash)},
    {HU_ENGINE_LLAMA_CPP, "draft", COUNT, offsetof(struct hu_runtime, draft)},
    {HU_ENGINE_VLLM, "block", COUNT, offsetof(struct hu_runtime, block)},
    {HU_ENGINE_VLLM, "available", BYTES, offsetof(struct hu_runtime, available)},
    {HU_ENGINE_VLLM, "prefix-caching", FLAG, offsetof(struct hu_runtime, prefix_caching)},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

const char *hu_engine_name(enum hu_engine engine)
{
    return engines[engine];
}

static bool refuse_setting(const struct hu_runtime *r, const char *word,
                           char error[HU_RUNTIME_ERROR])
{
    int n = snprintf(error, HU_RUNTIME_ERROR, "'%.40s' is no setting of %s", word,
                     hu_engine_name(r->engine));
    static const char *const endings[] = {[COUNT] = "=N", [BYTES] = "=BYTES", [FLAG] = ""};
    const char *separator = ", which has ";
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].engine == r->engine) {
            n += snprintf(error + n, HU_RUNTIME_ERROR - (size_t)n, "%s%s%s", separator,
                          settings[i].name, endings[settings[i].kind]);
            separator = ", ";
        }
    return false;
}

/* WORD is NAME or NAME=VALUE. */
static bool read_setting(struct hu_runtime *r, char *word, char error[HU_RUNTIME_ERROR])
{
    enum { COUNT_MAX = 1 << 20 };
    char *value = strchr(word, '=');
    size_t n = value ? (size_t)(value - word) : strlen(word), i = 0;
    while (i < SETTINGS && (settings[i].engine != r->engine || strncmp(settings[i].name, word, n) ||
                            settings[i].name[n]))
        i++;
    if (i == SETTINGS || (settings[i].kind == FLAG) != !value)
        return refuse_setting(r, word, error);
    char *field = (char *)r + settings[i].at;
    uint64_t number = 0;
    if (settings[i].kind == FLAG) {
        *(bool *)field = true;
        return true;
    }
    bool bytes = settings[i].kind == BYTES;
    bool fine = bytes ? hu_bytes_read(value + 1, &number)
                      : hu_count_read(value + 1, &number) && number <= COUNT_MAX;
    if (!fine || !number) {
        snprintf(error, HU_RUNTIME_ERROR, "%s: '%.40s' is no %s", settings[i].name, value + 1,
                 bytes ? "size in bytes" : "count from 1 to 1048576");
        return false;
    }
    *(uint64_t *)field = number;
    return true;
}

bool hu_runtime_read(const char *text, struct hu_runtime *runtime, char error[HU_RUNTIME_ERROR])
{
    char copy[256], *rest = copy;
    *runtime = (struct hu_runtime){0};
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy) {
        snprintf(error, HU_RUNTIME_ERROR, "more settings than any runtime has");
        return false;
    }
    const char *name = strsep(&rest, ",");
    for (enum hu_engine e = HU_ENGINE_TRANSFORMERS; e <= HU_ENGINE_VLLM; e++)
        if (!strcmp(engines[e], name))
            runtime->engine = e;
    if (!runtime->engine) {
        snprintf(error, HU_RUNTIME_ERROR, "'%.40s' is none of: transformers, llama.cpp, vllm",
                 name);
        return false;
    }
    while (rest)
        if (!read_setting(runtime, strsep(&rest, ","), error))
            return false;
    return true;
}

/* Of a physical batch in fp32, llama.cpp's "compute buffer": logits and the widest states, hidden
 * ones or all heads' queries; or, where attention is not fused, a layer's scores, their mask, and
 * queries and hidden states twice. Its allocator reuses everything. */
static uint64_t compute_buffer(const struct hu_runtime *r, const struct hu_model *model,
                               uint64_t context)
{
    uint64_t ubatch = r->ubatch ? r->ubatch : 512, queries = hu_model_query_width(model);
    uint64_t widest = queries > model->hidden ? queries : model->hidden;
    uint64_t n = capped_plus(model->vocabulary, widest);
    if (r->no_flash && model->heads && context) {
        uint64_t scores = capped_times(context, capped_plus(model->heads, 1));
        scores = capped_plus(scores, capped_times(2, capped_plus(queries, model->hidden)));
        n = scores > n ? scores : n;
    }
    n = capped_times(capped_times(ubatch, n), 4);
    return n < UINT64_MAX >> 8 ? n : 0;
}

/* Elements a token that the widest layer's perceptrons have at once, as transformers computes them:
 * the activated gate, what it multiplies and the product; of experts the gate itself too, and a
 * token's input and output for each. */
static uint64_t widest_perceptron(const struct hu_model *model)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t most = 0, here = 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        bool expert = row->role == HU_ROLE_EXPERT, mlp = row->role == HU_ROLE_MLP;
        if (row > t->rows && (row->layer != row[-1].layer || row->stack != row[-1].stack))
            here = 0;
        if (row->tower || row->rank < 2 || row->split != HU_SPLIT_COLUMNS || !(expert || mlp))
            continue;
        uint64_t one = row->elements / (row->stacked && row->shape[0] ? row->shape[0] : 1);
        uint64_t width = model->hidden ? one / model->hidden : 0, n = capped_times(3, width);
        if (expert)
            n = capped_times(row->experts_used,
                             capped_plus(capped_times(4, width), capped_times(2, model->hidden)));
        here = capped_plus(here, n);
        most = here > most ? here : most;
    }
    return most;
}

/* Of a prompt as long as the context, which transformers passes through at once: the widest
 * perceptron, and four and a half times the hidden states, in 16 bits. */
static uint64_t prompt_bytes(const struct hu_model *model, uint64_t tokens)
{
    uint64_t n =
        capped_plus(capped_times(2, widest_perceptron(model)), capped_times(9, model->hidden));
    n = capped_times(n, tokens);
    return n < UINT64_MAX >> 8 ? n : 0;
}

struct hu_overhead hu_runtime_overhead(const struct hu_runtime *r, const struct hu_model *model,
                                       uint64_t context, uint64_t batch)
{
    const uint64_t mib = UINT64_C(1) << 20;
    /* A CUDA context with its kernels takes 0.3 to 0.6 GiB; matrix libraries' workspaces and what
     * the allocator cannot use come on top. */
    struct hu_overhead o = {512 * mib, 1536 * mib, 0};
    if (r->engine == HU_ENGINE_VLLM) /* graphs and the peak of its profiling run besides */
        o = (struct hu_overhead){1024 * mib, 2560 * mib, 0};
    /* A device's context is 0.7 GiB on an H100, and the allocator's rest 0.1 to 0.5. */
    if (r->engine == HU_ENGINE_TRANSFORMERS && model->hidden) {
        o.compute = prompt_bytes(model, capped_times(context, batch ? batch : 1));
        o.high = 1024 * mib + o.compute;
    }
    if (r->engine != HU_ENGINE_LLAMA_CPP || !model->vocabulary || !model->hidden)
        return o;
    /* The device's context is nearly all there is besides. */
    o.compute = compute_buffer(r, model, context);
    o.low = 300 * mib + o.compute;
    o.high = 700 * mib + o.compute;
    return o;
}
