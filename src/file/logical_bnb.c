#include "json_text.h"
#include "logical_parts.h"
#include "printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * bitsandbytes (functional.py, QuantState.as_dict and from_dict): NAME holds two codes a byte in
 * [bytes, 1], or in as many elements of another dtype as have the bytes (quant_storage);
 * NAME.absmax, NAME.quant_map, and NAME.quant_state.bitsandbytes__nf4 (or fp4), the bytes of a JSON
 * object with what else there is to know. With double quantization absmax is bytes, and
 * NAME.nested_absmax and NAME.nested_quant_map say what they stand for.
 */

enum { STATE_MAX = 1 << 16 };

/* What a quant_state says. */
struct state {
    const char *type;
    uint64_t block, nested_block;
    double offset;
    bool nested;
};

static json_t *read_state(struct logical_reader *r, const struct hu_tensor *t)
{
    char why[HU_JSON_ERROR];
    const char *name = PRINTABLE(t->name, 100);
    if (t->bytes > STATE_MAX || !hu_logical_is_integer(t, 8)) {
        hu_logical_refuse(r, "'%s' must be the bytes of a JSON object", name);
        return NULL;
    }
    char *text = malloc((size_t)t->bytes + 1);
    bool there = text && hu_logical_bytes(r, t, text, (size_t)t->bytes);
    json_t *root = there ? hu_json_load(text, (size_t)t->bytes, HU_JSON_CONFIG_MAX, why) : NULL;
    if (there && !json_is_object(root)) {
        hu_logical_refuse(r, "'%s': %s", name, root ? "no JSON object" : why);
        json_decref(root);
        root = NULL;
    }
    free(text);
    return root;
}

/* N fp32 of T in the arena. */
static float *read_table(struct logical_reader *r, const struct hu_tensor *t, size_t n)
{
    float *table = arena_allocate(&r->to->arena, n * sizeof *table);
    return table && hu_logical_numbers(r, t, table, n) ? table : NULL;
}

static enum logical_found read_nested(struct logical_reader *r, const struct state *s,
                                      uint64_t scales)
{
    struct hu_logical *l = &r->draft.l;
    const uint64_t due = hu_parts_over(scales, 256);
    const struct hu_tensor *more = hu_logical_part(r, 0, ".nested_absmax"),
                           *map = hu_logical_part(r, 0, ".nested_quant_map");
    if (!more || !map)
        return hu_logical_refuse(r, "'%s' has no nested_absmax and nested_quant_map",
                                 l->codes->name);
    if (s->nested_block != 256)
        return hu_logical_refuse(r, "'%s' nests %llu scales in one, and 256 are known",
                                 l->codes->name, (unsigned long long)s->nested_block);
    if (!hu_logical_is_fp32(more, due))
        return hu_logical_misfit(r, more, "%llu scales want fp32 [%llu]",
                                 (unsigned long long)scales, (unsigned long long)due);
    if (!hu_logical_is_fp32(map, 256))
        return hu_logical_misfit(r, map, "a table of scales is fp32 [256]");
    l->nested = read_table(r, map, 256);
    l->more = more;
    l->tensor_scale = (float)s->offset;
    return l->nested ? LOGICAL_FOUND : LOGICAL_ERROR;
}

static enum logical_found read_scales(struct logical_reader *r, const struct state *s,
                                      uint64_t elements)
{
    const struct hu_tensor *absmax = hu_logical_part(r, 0, ".absmax");
    uint64_t scales = hu_parts_over(elements, s->block);
    if (s->nested ? !hu_logical_is_integer(absmax, 8) || absmax->elements != scales
                  : !hu_logical_is_fp32(absmax, scales))
        return hu_logical_misfit(r, absmax, "%llu elements in blocks of %llu want %s [%llu]",
                                 (unsigned long long)elements, (unsigned long long)s->block,
                                 s->nested ? "uint8" : "fp32", (unsigned long long)scales);
    r->draft.l.scales = absmax;
    return s->nested ? read_nested(r, s, scales) : LOGICAL_FOUND;
}

static enum logical_found set_block(struct logical_reader *r, const struct state *s)
{
    char name[HU_BLOCK_NAME];
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *map = hu_logical_part(r, 0, ".quant_map");
    bool nf4 = !strcmp(s->type, "nf4");
    snprintf(name, sizeof name, "%s_b%llu%s", nf4 ? "nf4" : "bnb_fp4", (unsigned long long)s->block,
             s->nested ? "_dq" : "");
    l->block = (nf4 || !strcmp(s->type, "fp4")) ? hu_block_find(name) : NULL;
    if (!l->block)
        return hu_logical_refuse(r, "'%s' is '%.40s' in blocks of %llu; nf4 and fp4 are known",
                                 l->codes->name, s->type, (unsigned long long)s->block);
    if (!map)
        return hu_logical_refuse(r, "'%s' has no quant_map", l->codes->name);
    if (!hu_logical_is_fp32(map, 16))
        return hu_logical_misfit(r, map, "a table of codes is fp32 [16]");
    float *table = read_table(r, map, 16);
    if (!table)
        return LOGICAL_ERROR;
    if (memcmp(table, l->block->table, 16 * sizeof *table)) {
        /* A table of their own, or of another version, is what the codes stand for. */
        l->own = *l->block;
        l->own.table = table;
        l->block = NULL;
    }
    return LOGICAL_FOUND;
}

/* How many sizes LIST has in SHAPE, of as many ELEMENTS as the codes hold; 0: refused. */
static unsigned read_shape(struct logical_reader *r, json_t *list, uint64_t shape[8],
                           uint64_t *elements)
{
    size_t n = json_array_size(list);
    bool fine = n >= 1 && n <= 8;
    *elements = 1;
    for (size_t i = 0; fine && i < n; i++) {
        json_int_t size = json_integer_value(json_array_get(list, i));
        fine = size > 0 && !__builtin_mul_overflow(*elements, (uint64_t)size, elements);
        shape[i] = (uint64_t)size;
    }
    if (fine && *elements <= UINT64_MAX / 2 && (*elements + 1) / 2 == r->draft.l.codes->bytes)
        return (unsigned)n;
    hu_logical_wrong(r, r->draft.l.codes,
                     "does not hold, two a byte, what the shape of its quant_state says");
    return 0;
}

static enum logical_found build(struct logical_reader *r, const struct hu_tensor *state,
                                json_t *root)
{
    const char *type = json_string_value(json_object_get(root, "quant_type"));
    json_int_t block = json_integer_value(json_object_get(root, "blocksize"));
    json_int_t nested = json_integer_value(json_object_get(root, "nested_blocksize"));
    struct state s = {
        .type = type ? type : "",
        .block = block > 0 ? (uint64_t)block : 1,
        .nested_block = nested > 0 ? (uint64_t)nested : 0,
        .offset = json_number_value(json_object_get(root, "nested_offset")),
        .nested = hu_logical_beside(r, 0, ".nested_absmax") || nested > 0,
    };
    uint64_t shape[8], elements;
    unsigned n = read_shape(r, json_object_get(root, "shape"), shape, &elements);
    enum logical_found found = n ? set_block(r, &s) : LOGICAL_ERROR;
    if (found == LOGICAL_FOUND)
        found = read_scales(r, &s, elements);
    r->draft.l.layout = "bnb";
    hu_logical_add(&r->draft.l, state);
    return found == LOGICAL_FOUND ? hu_logical_make(r, 0, "", shape, n, shape[n - 1]) : found;
}

enum logical_found hu_logical_bnb(struct logical_reader *r)
{
    if (!hu_logical_beside(r, 0, ".absmax"))
        return LOGICAL_NONE;
    const struct hu_tensor *state = hu_logical_beside(r, 0, ".quant_state.bitsandbytes__nf4");
    if (!state)
        state = hu_logical_beside(r, 0, ".quant_state.bitsandbytes__fp4");
    if (!state)
        return hu_logical_wrong(
            r, r->draft.l.codes,
            "has an absmax beside it, and no quant_state of bitsandbytes' nf4 or fp4");
    json_t *root = read_state(r, state);
    enum logical_found found = root ? build(r, state, root) : LOGICAL_ERROR;
    json_decref(root);
    return found;
}
