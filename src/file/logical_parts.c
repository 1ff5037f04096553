#include "json_text.h"
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
    "weight_scale",
    "weight_scale_2",
    ".pre_quant_scale",
    ".qscale_weight",
    ".qscale_act",
    "activation_scale",
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

bool hu_logical_is_aside(const char *name)
{
    for (size_t i = 0; i < sizeof asides / sizeof *asides; i++)
        if (hu_ends_with(name, asides[i]))
            return true;
    return false;
}

enum logical_found hu_logical_refuse(struct logical_reader *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->error, HU_LOGICAL_ERROR, format, arguments);
    va_end(arguments);
    return LOGICAL_ERROR;
}

enum logical_found hu_logical_wrong(struct logical_reader *r, const struct hu_tensor *t,
                                    const char *format, ...)
{
    char what[LOGICAL_TEXT];
    size_t n = (size_t)snprintf(r->error, HU_LOGICAL_ERROR, "%s ", hu_logical_what(t, what));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->error + n, HU_LOGICAL_ERROR - n, format, arguments);
    va_end(arguments);
    return LOGICAL_ERROR;
}

enum logical_found hu_logical_misfit(struct logical_reader *r, const struct hu_tensor *codes,
                                     const struct hu_tensor *part, const char *due)
{
    char what[LOGICAL_TEXT];
    return hu_logical_wrong(r, part, "does not fit %s: %s", hu_logical_what(codes, what), due);
}

enum logical_found hu_logical_inputs(struct logical_reader *r, const struct hu_tensor *inputs)
{
    return hu_logical_wrong(
        r, inputs, "multiplies the inputs of quantized weights, which are not decoded under it");
}

static bool no_memory(struct logical_reader *r)
{
    hu_logical_refuse(r, "out of memory");
    return false;
}

const struct hu_tensor *hu_logical_beside(const struct logical_reader *r, const struct hu_tensor *t,
                                          size_t n, const char *tail)
{
    return hu_tensor_set_beside(r->set, t, n, tail);
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
    unsigned width = t->dtype.integer  ? t->dtype.integer->storage_bits / 8u
                     : t->dtype.format ? t->dtype.format->storage_bits / 8u
                                       : 1;
    if (!n)
        return true;
    if (t->packed || (t->strides && t->elements > 1)) {
        hu_logical_refuse(r, "tensor '%s' is %s, and is read to know what others are",
                          hu_printable(t->name, name, sizeof name),
                          t->packed ? "compressed" : "in another order than its shape's");
        return false;
    }
    int fd = open(r->set->paths[t->file], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int why = fd < 0 ? 1 : hu_read_at(fd, bytes, n, t->offset);
    if (fd >= 0)
        close(fd);
    if (why)
        hu_logical_refuse(r, "tensor '%s' cannot be read",
                          hu_printable(t->name, name, sizeof name));
    if (!why && t->big_endian && width > 1)
        hu_turn_bytes(bytes, n, width);
    return !why;
}

bool hu_logical_number(struct logical_reader *r, const struct hu_tensor *t, float *value)
{
    unsigned char bytes[4];
    if (!hu_logical_bytes(r, t, bytes, 4))
        return false;
    uint32_t word = (uint32_t)hu_little_read(bytes, 4);
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

bool hu_logical_is_of(const struct hu_tensor *t, const char *dtype)
{
    return t && !strcmp(hu_dtype_name(t->dtype), dtype);
}

bool hu_logical_is_integer(const struct hu_tensor *t, unsigned bits)
{
    return t && t->dtype.integer && t->dtype.integer->storage_bits == bits;
}

uint64_t hu_logical_scales(const struct hu_block *b, uint64_t rows, uint64_t columns)
{
    return hu_block_scale_bytes(b, (size_t)rows, (size_t)columns) /
           (hu_format_find(b->scale)->storage_bits / 8u);
}

uint64_t hu_logical_scales_due(const struct logical_scheme *s, uint64_t rows, uint64_t columns,
                               uint64_t scales)
{
    if (!strcmp(s->strategy, "tensor"))
        return 1;
    if (!strcmp(s->strategy, "channel"))
        return scales == columns ? columns : rows;
    if (s->tile[0] && s->tile[1])
        return hu_parts_over(rows, s->tile[0]) * hu_parts_over(columns, s->tile[1]);
    return s->group ? rows * hu_parts_over(columns, s->group) : scales;
}

const struct logical_scheme *hu_logical_scheme(const struct logical_config *c, bool integer,
                                               unsigned bits, bool zeros, uint64_t rows,
                                               uint64_t columns, uint64_t scales)
{
    for (size_t i = 0; i < c->scheme_count; i++) {
        const struct logical_scheme *s = &c->schemes[i];
        if (s->integer == integer && (!bits || s->bits == bits) &&
            (zeros || s->symmetric || !integer) &&
            hu_logical_scales_due(s, rows, columns, scales) == scales)
            return s;
    }
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    const struct hu_metadata *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

/* The metadata of all files, of which each has its own or all that of all. */
static bool gather(struct logical_reader *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->set->count; i++)
        n += r->set->files[i].metadata_count;
    if (r->said || !n)
        return r->said != NULL;
    r->said = malloc(n * sizeof *r->said);
    for (size_t i = 0; r->said && i < r->set->count; i++)
        for (size_t k = 0; k < r->set->files[i].metadata_count; k++)
            r->said[r->said_count++] = &r->set->files[i].metadata[k];
    if (r->said)
        qsort(r->said, r->said_count, sizeof *r->said, by_key);
    return r->said != NULL;
}

json_t *hu_logical_said(struct logical_reader *r, const char *key)
{
    char why[HU_JSON_ERROR];
    const struct hu_metadata wanted = {.key = key}, *w = &wanted;
    if (!gather(r))
        return NULL;
    const struct hu_metadata **m = bsearch(&w, r->said, r->said_count, sizeof *r->said, by_key);
    return m && (*m)->type == HU_META_STRING && !(*m)->is_array
               ? hu_json_load((const char *)(*m)->value, (size_t)(*m)->count, HU_JSON_CONFIG_MAX,
                              why)
               : NULL;
}
