/* Elements of weights in parts: codes, scales and what else is beside them. */
#include "element_place.h"
#include "block/block.h"

#include <stdlib.h>
#include <string.h>

/* A part as a whole, its matrix MATRIX of BATCH; NULL: refused, or there is none and *fine stays.
 */
static unsigned char *read_part(struct place *p, const struct hu_tensor_set *set,
                                const struct hu_tensor *t, uint64_t matrix, uint64_t batch,
                                bool *fine)
{
    if (!t || !*fine)
        return NULL;
    uint64_t n = t->bytes / batch;
    unsigned char *bytes = n < SPAN_MAX ? malloc(n + 1) : NULL;
    *fine = (bytes ||
             hu_place_refuse(p, "'%.80s' has parts larger than are read at once", p->tensor)) &&
            hu_place_read(p, set->paths[t->file], t, t->offset + matrix * n, bytes, n);
    return bytes;
}

/* A matrix of a weight, in memory. */
struct matrix {
    struct hu_block_parts parts;
    unsigned char *codes, *scales, *more, *groups;
};

/* The numbers of L that lie by O. NULL: out of memory. */
static unsigned char *arrange(const struct hu_logical *l, const struct hu_block_order *o,
                              const unsigned char *lines)
{
    unsigned char *out =
        malloc((size_t)(l->rows * o->columns) * (o->bits < 8 ? 1 : o->bits / 8u) + 1);
    if (out)
        hu_block_arrange(o, lines, (size_t)hu_block_order_bytes(o, o->rows), (size_t)l->rows, out);
    return out;
}

/* The codes of L, which lie apart in UNITS, a byte each. NULL: out of memory. */
static unsigned char *gather_codes(const struct hu_logical *l, const unsigned char *units)
{
    const struct hu_block_apart *q = l->block->apart;
    size_t n = (size_t)(l->rows * l->columns);
    if (q->codes)
        return arrange(l, q->codes, units);
    unsigned char *codes = malloc(n + 1);
    for (size_t at = 0; codes && at < n; at += (size_t)q->units)
        hu_block_gather(q, at, n - at < q->units ? n - at : (size_t)q->units, units, codes + at);
    return codes;
}

/* Numbers over tiles that are IN in L (NULL: OWN), as OWN, one for each tile. NULL: out of memory.
 */
static unsigned char *spread_floats(const struct hu_logical *l, const struct hu_format *own,
                                    const struct hu_format *in, const unsigned char *floats)
{
    in = in ? in : own;
    uint64_t n = hu_logical_scales(l->block, l->rows, l->columns),
             cycle = l->block->apart ? l->block->apart->cycle : 0;
    size_t width = own->storage_bits / 8u, have = (size_t)(cycle ? cycle : n);
    unsigned char *out = n < SPAN_MAX ? malloc((size_t)n * width + 1) : NULL;
    if (out)
        hu_convert_array(own, out, in, floats, have, NULL, NULL);
    for (size_t i = have * width; out && i < n * width; i++)
        out[i] = out[i - have * width];
    return out;
}

/* *PART becomes MADE of it. */
static bool take(struct place *p, unsigned char **part, unsigned char *made)
{
    free(*part);
    *part = made;
    return made || hu_place_refuse(p, "out of memory");
}

static bool read_matrix(struct place *p, const struct hu_tensor_set *set,
                        const struct hu_logical *l, uint64_t number, struct matrix *m)
{
    bool fine = true;
    const struct hu_block *b = l->block;
    const bool lone = l->scales && l->scales->elements == 1;
    *m = (struct matrix){
        .codes = read_part(p, set, l->codes, number, l->batch, &fine),
        .scales = read_part(p, set, l->scales, lone ? 0 : number, lone ? 1 : l->batch, &fine),
        .more = read_part(p, set, l->more, number, l->batch, &fine),
        .groups = read_part(p, set, l->groups, number, l->batch, &fine)};
    const struct hu_block_apart *q = b->apart;
    if (fine && q && (q->bytes || q->codes))
        fine = take(p, &m->codes, gather_codes(l, m->codes));
    if (fine && q && q->scales)
        fine = take(p, &m->scales, arrange(l, q->scales, m->scales));
    if (fine && q && q->more)
        fine = take(p, &m->more, arrange(l, q->more, m->more));
    if (fine && b->scale && l->scales_in)
        fine = take(p, &m->scales,
                    spread_floats(l, hu_format_find(b->scale), l->scales_in, m->scales));
    if (fine && b->zeros > HU_ZEROS_BYTES)
        fine = take(
            p, &m->more,
            spread_floats(l, hu_format_find("fp32"),
                          q->more && q->more->bits < 8 ? hu_format_find("uint8") : l->scales_in,
                          m->more));
    m->parts = (struct hu_block_parts){.codes = m->codes,
                                       .scales = m->scales,
                                       .more = m->more,
                                       .groups = (const int32_t *)(const void *)m->groups,
                                       .tensor_scale = l->tensor_scale,
                                       .nested = l->nested};
    return fine;
}

static void free_matrix(struct matrix *m)
{
    free(m->codes);
    free(m->scales);
    free(m->more);
    free(m->groups);
}

/* The weights that the brackets pick, each decoded exactly into an fp64, row by row. */
static bool decode(struct place *p, const struct hu_tensor_set *set, const struct hu_logical *l,
                   const struct hu_tensor *view, const struct selection *s,
                   struct hu_elements *found)
{
    struct matrix m = {.codes = NULL};
    uint64_t matrix = UINT64_MAX, row = UINT64_MAX, index[RANK_MAX],
             n = found->rows * found->columns;
    uint64_t *line = malloc(l->columns * sizeof *line);
    found->codes = malloc(n * sizeof *found->codes);
    bool fine = (line && found->codes) || hu_place_refuse(p, "out of memory");
    for (uint64_t i = 0; fine && i < n; i++) {
        memcpy(index, s->first, sizeof index);
        if (s->ranges)
            index[s->kept[s->ranges - 1]] += i % found->columns;
        if (s->ranges == 2)
            index[s->kept[0]] += i / found->columns;
        uint64_t number = hu_place_number(view, index), of = number / (l->rows * l->columns);
        if (of != matrix) {
            free_matrix(&m);
            fine = read_matrix(p, set, l, matrix = of, &m);
            row = UINT64_MAX;
        }
        uint64_t in = number / l->columns % l->rows;
        if (fine && in != row)
            fine = !hu_block_decode_rows(found->format, line, l->block, &m.parts, l->rows,
                                         l->columns, row = in, 1) ||
                   hu_place_refuse(p, "'%.80s' cannot be decoded: a group is none", p->tensor);
        found->codes[i] = fine ? line[number % l->columns] : 0;
    }
    free_matrix(&m);
    free(line);
    return fine;
}

/* P's weight of LOGICALS. *is_one: it is one of them. */
bool hu_place_weight(struct place *p, const struct hu_tensor_set *set,
                     const struct hu_logicals *logicals, struct hu_elements *found, bool *is_one)
{
    const struct hu_logical *l = NULL;
    struct selection s;
    for (size_t i = 0; i < logicals->count && !l; i++)
        if (logicals->at[i]->block && !strcmp(logicals->at[i]->name, p->tensor))
            l = logicals->at[i];
    *is_one = l != NULL;
    if (!l)
        return false;
    struct hu_tensor view = {.name = p->tensor, .rank = l->rank, .shape = l->shape};
    found->format = hu_format_find("fp64");
    if (!hu_place_select(p, &view, &s, found))
        return false;
    if (found->rows > ELEMENTS_MAX / found->columns)
        return hu_place_refuse(p, "'%.80s' has more elements there than are read at once",
                               p->tensor);
    return decode(p, set, l, &view, &s, found);
}
