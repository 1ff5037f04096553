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

/* "'a.weight' of F8_E4M3 [256, 128]", in OUT, which has room for it. */
enum { WHAT = 200 };
static size_t say_what(const struct hu_tensor *t, char out[WHAT])
{
    size_t n = (size_t)snprintf(out, WHAT, "'%s' of %s [", PRINTABLE(t->name, 100),
                                hu_dtype_name(t->dtype));
    for (unsigned i = 0; i < t->rank && n + 30 < WHAT; i++)
        n += (size_t)snprintf(out + n, WHAT - n, "%s%llu", i ? ", " : "",
                              (unsigned long long)t->shape[i]);
    return n + (size_t)snprintf(out + n, WHAT - n, "]");
}

enum logical_found hu_logical_wrong(struct logical_reader *r, const struct hu_tensor *t,
                                    const char *format, ...)
{
    size_t n = say_what(t, r->error);
    va_list arguments;
    va_start(arguments, format);
    r->error[n++] = ' ';
    vsnprintf(r->error + n, HU_LOGICAL_ERROR - n, format, arguments);
    va_end(arguments);
    return LOGICAL_ERROR;
}

enum logical_found hu_logical_misfit(struct logical_reader *r, const struct hu_tensor *part,
                                     const char *due, ...)
{
    char codes[WHAT];
    say_what(r->draft.l.codes, codes);
    hu_logical_wrong(r, part, "does not fit %s: ", codes);
    size_t n = strlen(r->error);
    va_list arguments;
    va_start(arguments, due);
    vsnprintf(r->error + n, HU_LOGICAL_ERROR - n, due, arguments);
    va_end(arguments);
    return LOGICAL_ERROR;
}

enum logical_found hu_logical_inputs(struct logical_reader *r, const struct hu_tensor *inputs)
{
    return hu_logical_wrong(
        r, inputs, "multiplies the inputs of quantized weights, which are not decoded under it");
}

const struct hu_tensor *hu_logical_beside(const struct logical_reader *r, size_t n,
                                          const char *tail)
{
    return hu_tensor_set_beside(r->set, r->draft.l.codes, n, tail);
}

void hu_logical_add(struct hu_logical *l, const struct hu_tensor *t)
{
    if (!t || l->part_count == HU_LOGICAL_PARTS)
        return;
    l->parts[l->part_count++] = t;
    l->bytes += t->bytes;
}

const struct hu_tensor *hu_logical_part(struct logical_reader *r, size_t n, const char *tail)
{
    const struct hu_tensor *t = hu_logical_beside(r, n, tail);
    hu_logical_add(&r->draft.l, t);
    return t;
}

void hu_logical_float_scales(struct logical_reader *r, const struct hu_tensor *scales,
                             const struct hu_tensor *more)
{
    r->draft.l.scales = scales;
    r->draft.l.scales_in = scales->dtype.format;
    r->draft.l.more = more;
}

const float hu_logical_naturals[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128),
                                        SIXTY_FOUR(192)};

struct hu_block *hu_logical_own(struct logical_reader *r, const char *name, const char *structure,
                                unsigned bits, const float *table)
{
    r->draft.l.own = (struct hu_block){
        .name = name,
        .elements = bits == 8 ? 1 : 8,
        .bytes = bits == 8 ? 1 : bits,
        .ggml_type = HU_NO_GGML_TYPE,
        .structure = structure,
        .layout = HU_BLOCK_PARTS,
        .codes = HU_CODES_TABLE,
        .code_bits = (unsigned char)bits,
        .table = table,
        .scale = "fp32",
        .rule = HU_SCALE_NO_RULE,
    };
    return &r->draft.l.own;
}

/* What points into the draft that D is a copy of points into D. */
static void settle(struct logical_draft *d)
{
    struct hu_block *own = &d->l.own;
    if (d->codes.place)
        d->apart.codes = &d->codes;
    if (d->scales.place)
        d->apart.scales = &d->scales;
    if (d->more.place)
        d->apart.more = &d->more;
    if (d->apart.codes || d->apart.bytes || d->apart.element_of)
        own->apart = &d->apart;
    if (!own->name)
        own->name = d->name;
    if (!d->l.block)
        d->l.block = own;
}

/* False: more than 64 bits count. */
static bool set_shape(struct hu_logical *l, uint64_t *shape, unsigned rank, uint64_t last)
{
    l->batch = l->rows = 1;
    for (unsigned i = 0; i + 1 < rank; i++)
        if (i + 2 == rank)
            l->rows = shape[i];
        else if (__builtin_mul_overflow(l->batch, shape[i], &l->batch))
            return false;
    shape[rank ? rank - 1 : 0] = l->columns = last;
    l->shape = shape;
    l->rank = rank;
    return !__builtin_mul_overflow(l->batch, l->rows, &l->elements) &&
           !__builtin_mul_overflow(l->elements, l->columns, &l->elements);
}

enum logical_found hu_logical_make(struct logical_reader *r, size_t n, const char *tail,
                                   const uint64_t *shape, unsigned rank, uint64_t last)
{
    const char *codes = r->draft.l.codes->name;
    size_t kept = strlen(codes) - n;
    struct logical_draft *d = arena_allocate(&r->to->arena, sizeof *d);
    char *name = arena_allocate(&r->to->arena, kept + strlen(tail) + 1);
    uint64_t *sizes = arena_allocate(&r->to->arena, (rank + 1) * sizeof *sizes);
    struct hu_logical **row =
        d && name && sizes ? hu_file_append(&r->to->at, &r->to->count, sizeof *row) : NULL;
    if (!row)
        return hu_logical_refuse(r, "out of memory");
    *d = r->draft;
    *row = &d->l;
    memcpy(name, codes, kept);
    strcpy(name + kept, tail);
    d->l.name = name;
    settle(d);
    if (rank)
        memcpy(sizes, shape, rank * sizeof *sizes);
    return set_shape(&d->l, sizes, rank, last) ? LOGICAL_FOUND
                                               : hu_logical_refuse(r, "out of memory");
}

bool hu_logical_bytes(struct logical_reader *r, const struct hu_tensor *t, void *bytes, size_t n)
{
    unsigned width = t->dtype.integer  ? t->dtype.integer->storage_bits / 8u
                     : t->dtype.format ? t->dtype.format->storage_bits / 8u
                                       : 1;
    if (!n)
        return true;
    if (t->packed || (t->strides && t->elements > 1)) {
        hu_logical_refuse(r, "tensor '%s' is %s, and is read to know what others are",
                          PRINTABLE(t->name, 80),
                          t->packed ? "compressed" : "in another order than its shape's");
        return false;
    }
    int fd = open(r->set->paths[t->file], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int why = fd < 0 ? 1 : hu_read_at(fd, bytes, n, t->offset);
    if (fd >= 0)
        close(fd);
    if (why)
        hu_logical_refuse(r, "tensor '%s' cannot be read", PRINTABLE(t->name, 80));
    if (!why && t->big_endian && width > 1)
        hu_turn_bytes(bytes, n, width);
    return !why;
}

bool hu_logical_numbers(struct logical_reader *r, const struct hu_tensor *t, float *values,
                        size_t n)
{
    if (!hu_logical_bytes(r, t, values, n * sizeof *values))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t word = (uint32_t)hu_little_read(&values[i], 4);
        memcpy(&values[i], &word, 4);
    }
    return true;
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

bool hu_logical_is_words(const struct hu_tensor *t)
{
    return hu_logical_is_integer(t, 32) && t->rank == 2;
}

bool hu_logical_is_float(const struct hu_tensor *t)
{
    return t && hu_has_word("fp32 bf16 fp16", hu_dtype_name(t->dtype));
}

bool hu_logical_is_fp32(const struct hu_tensor *t, uint64_t n)
{
    return hu_logical_is_of(t, "fp32") && t->elements == n;
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
