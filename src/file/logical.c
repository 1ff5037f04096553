#include "logical_parts.h"
#include "printable.h"
#include "word_list.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names of what stands beside codes: AutoGPTQ, AutoAWQ, bitsandbytes, compressed-tensors, ModelOpt,
 * DeepSeek and gpt-oss. */
static const char *const asides[] = {
    ".scales",
    ".qzeros",
    ".g_idx",
    ".absmax",
    ".quant_map",
    ".nested_absmax",
    ".nested_quant_map",
    "__nf4",
    "__fp4",
    ".SCB",
    ".weight_format",
    "_scale_inv",
    ".weight_scale",
    ".weight_scale_2",
    ".input_scale",
    "_scales",
    ".weight_zero_point",
    ".weight_shape",
    ".weight_g_idx",
    ".k_scale",
    ".v_scale",
    ".input_global_scale",
    ".weight_global_scale",
};

/* Of activations: they stay, whatever becomes of the weights. */
static const char *const of_activations[] = {".input_scale", ".k_scale", ".v_scale",
                                             ".input_global_scale"};

static bool ends_with_any(const char *name, const char *const *ends, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (hu_ends_with(name, ends[i]))
            return true;
    return false;
}

bool hu_logical_is_aside(const char *name)
{
    return ends_with_any(name, asides, sizeof asides / sizeof *asides);
}

enum logical_found hu_logical_refuse(struct logical_reader *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->error, HU_LOGICAL_ERROR, format, arguments);
    va_end(arguments);
    return LOGICAL_ERROR;
}

static bool no_memory(struct logical_reader *r)
{
    hu_logical_refuse(r, "out of memory");
    return false;
}

const struct hu_tensor *hu_logical_beside(const struct logical_reader *r, const struct hu_tensor *t,
                                          size_t n, const char *tail)
{
    char name[1024];
    size_t length = strlen(t->name);
    if (length < n || length - n + strlen(tail) >= sizeof name)
        return NULL;
    memcpy(name, t->name, length - n);
    strcpy(name + length - n, tail);
    return hu_tensor_set_find(r->set, name);
}

void hu_logical_add(struct hu_logical *l, const struct hu_tensor *t)
{
    if (!t || l->part_count == HU_LOGICAL_PARTS)
        return;
    l->parts[l->part_count++] = t;
    l->bytes += t->bytes;
}

struct hu_logical *hu_logical_new(struct logical_reader *r, const struct hu_tensor *codes, size_t n,
                                  const char *tail)
{
    size_t kept = strlen(codes->name) - n;
    struct hu_logical *l = arena_allocate(&r->to->arena, sizeof *l);
    char *name = arena_allocate(&r->to->arena, kept + strlen(tail) + 1);
    struct hu_logical **row =
        l && name ? hu_file_append(&r->to->at, &r->to->count, sizeof *row) : NULL;
    if (!row) {
        no_memory(r);
        return NULL;
    }
    memcpy(name, codes->name, kept);
    strcpy(name + kept, tail);
    *row = l;
    l->name = name;
    l->codes = codes;
    hu_logical_add(l, codes);
    return l;
}

bool hu_logical_shape(struct logical_reader *r, struct hu_logical *l, const uint64_t *shape,
                      unsigned rank, uint64_t last)
{
    uint64_t *own = arena_allocate(&r->to->arena, (rank + 1) * sizeof *own);
    if (!own)
        return no_memory(r);
    l->batch = l->rows = 1;
    for (unsigned i = 0; i < rank; i++)
        own[i] = i + 1 == rank ? last : shape[i];
    for (unsigned i = 0; i + 1 < rank; i++)
        if (i + 2 == rank)
            l->rows = own[i];
        else if (__builtin_mul_overflow(l->batch, own[i], &l->batch))
            return no_memory(r);
    l->columns = last;
    l->shape = own;
    l->rank = rank;
    return (!__builtin_mul_overflow(l->batch, l->rows, &l->elements) &&
            !__builtin_mul_overflow(l->elements, l->columns, &l->elements)) ||
           no_memory(r);
}

bool hu_logical_bytes(struct logical_reader *r, const struct hu_tensor *t, void *bytes, size_t n)
{
    char name[80];
    if (!n)
        return true;
    int fd = open(r->set->paths[t->file], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int why = fd < 0 ? 1 : hu_read_at(fd, bytes, n, t->offset);
    if (fd >= 0)
        close(fd);
    if (why)
        hu_logical_refuse(r, "tensor '%s' cannot be read",
                          hu_printable(t->name, name, sizeof name));
    return !why;
}

bool hu_logical_number(struct logical_reader *r, const struct hu_tensor *t, float *value)
{
    unsigned char bytes[4];
    if (!hu_logical_bytes(r, t, bytes, 4))
        return false;
    uint32_t word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                    (uint32_t)bytes[3] << 24;
    memcpy(value, &word, 4);
    return true;
}

const char *hu_logical_what(const struct hu_tensor *t, char out[LOGICAL_TEXT])
{
    char name[100];
    size_t n = (size_t)snprintf(out, LOGICAL_TEXT, "'%s' of %s [",
                                hu_printable(t->name, name, sizeof name), hu_dtype_name(t->dtype));
    for (unsigned i = 0; i < t->rank && n + 30 < LOGICAL_TEXT; i++)
        n += (size_t)snprintf(out + n, LOGICAL_TEXT - n, "%s%llu", i ? ", " : "",
                              (unsigned long long)t->shape[i]);
    snprintf(out + n, LOGICAL_TEXT - n, "]");
    return out;
}

bool hu_logical_is_shape(const struct hu_tensor *t, unsigned rank, ...)
{
    va_list sizes;
    bool fine = t->rank == rank;
    va_start(sizes, rank);
    for (unsigned i = 0; fine && i < rank; i++)
        fine = t->shape[i] == va_arg(sizes, uint64_t);
    va_end(sizes);
    return fine;
}

/* A GGUF type's blocks hold their scales. */
enum logical_found hu_logical_gguf(struct logical_reader *r, const struct hu_tensor *codes)
{
    const struct hu_block *b = codes->dtype.block;
    if (!b || b->layout != HU_BLOCK_WHOLE || r->set->files[codes->file].kind != HU_FILE_GGUF)
        return LOGICAL_NONE;
    struct hu_logical *l = hu_logical_new(r, codes, 0, "");
    if (!l || !hu_logical_shape(r, l, codes->shape, codes->rank,
                                codes->rank ? codes->shape[codes->rank - 1] : 1))
        return LOGICAL_ERROR;
    l->layout = "gguf";
    l->block = b;
    return LOGICAL_FOUND;
}

static bool keep(struct logical_reader *r)
{
    struct hu_logical *l = r->to->at[r->to->count - 1];
    char name[100], shown[100];
    for (size_t i = 0; i < l->part_count; i++) {
        struct hu_tensor *t = (struct hu_tensor *)l->parts[i];
        if (t->part_of) {
            hu_logical_refuse(r, "'%s' is a part of '%s' and of '%s'",
                              hu_printable(t->name, name, sizeof name), t->part_of->name,
                              hu_printable(l->name, shown, sizeof shown));
            return false;
        }
        t->part_of = l;
    }
    const struct hu_tensor *same = hu_tensor_set_find(r->set, l->name);
    if (same && same->part_of != l) {
        hu_logical_refuse(r, "'%s' is there, and is what '%s' and its scales stand for, too",
                          hu_printable(l->name, name, sizeof name),
                          hu_printable(l->codes->name, shown, sizeof shown));
        return false;
    }
    return true;
}

static bool find_all(struct logical_reader *r)
{
    static enum logical_found (*const layouts[])(struct logical_reader *,
                                                 const struct hu_tensor *) = {
        hu_logical_gguf,         hu_logical_bnb,    hu_logical_words,
        hu_logical_packed_words, hu_logical_scaled, hu_logical_gpt_oss,
    };
    for (size_t i = 0; i < r->set->tensor_count; i++)
        for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
            enum logical_found found = layouts[k](r, r->set->tensors[i]);
            if (found == LOGICAL_ERROR || (found == LOGICAL_FOUND && !keep(r)))
                return false;
            if (found == LOGICAL_FOUND)
                break;
        }
    return true;
}

static bool may_be_codes(const struct hu_tensor *t)
{
    return !hu_logical_is_aside(t->name) &&
           ((t->dtype.integer && t->dtype.integer->storage_bits >= 8) ||
            (t->dtype.format && t->dtype.format->storage_bits <= 8));
}

/* Whether tensor INDEX of the set has one beside it, of the same module, that may be its codes. */
static bool has_codes(const struct hu_tensor_set *set, size_t index)
{
    const char *name = set->tensors[index]->name, *dot = strrchr(name, '.');
    size_t n = dot ? (size_t)(dot - name) + 1 : 0, first = index;
    while (first && !strncmp(set->tensors[first - 1]->name, name, n))
        first--;
    for (; first < set->tensor_count && !strncmp(set->tensors[first]->name, name, n); first++)
        if (may_be_codes(set->tensors[first]) && !set->tensors[first]->part_of)
            return true;
    return false;
}

/* Scales of codes that no layout knows. */
static bool check_rest(struct logical_reader *r)
{
    char what[LOGICAL_TEXT];
    for (size_t i = 0; i < r->set->tensor_count; i++) {
        const struct hu_tensor *t = r->set->tensors[i];
        enum hu_file_kind kind = r->set->files[t->file].kind;
        if (t->part_of || !hu_logical_is_aside(t->name) ||
            (kind != HU_FILE_SAFETENSORS && kind != HU_FILE_TORCH) ||
            ends_with_any(t->name, of_activations, sizeof of_activations / sizeof *of_activations))
            continue;
        if (!has_codes(r->set, i))
            continue;
        hu_logical_refuse(
            r,
            "%s belongs to quantized weights by its name, and no layout that is known "
            "has it with what stands beside it",
            hu_logical_what(t, what));
        return false;
    }
    return true;
}

/* Whether there are weights of which a config beside them says more. */
static bool any_beside_config(const struct hu_logicals *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->at[i]->part_count > 1)
            return true;
    return false;
}

bool hu_logicals_read(struct hu_tensor_set *set, const char *path, struct hu_logicals *logicals,
                      char error[HU_LOGICAL_ERROR])
{
    char no_config[HU_LOGICAL_ERROR];
    struct logical_reader r = {.set = set, .to = logicals, .error = error};
    *logicals = (struct hu_logicals){.count = 0};
    bool config = hu_logical_config_read(path, &r.config, no_config);
    if (!find_all(&r) || !check_rest(&r))
        return false;
    if (config || !any_beside_config(logicals))
        return true;
    snprintf(error, HU_LOGICAL_ERROR, "%s", no_config);
    return false;
}

void hu_logicals_clear(struct hu_logicals *logicals)
{
    free(logicals->at);
    arena_free(&logicals->arena);
    *logicals = (struct hu_logicals){0};
}
