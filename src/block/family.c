/* What names find: the table's rows, and families of rows like one of them with another length. */
#include "block.h"
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lengths are the powers of two up to this, but sides of tiles any number up to there. */
enum { LONGEST = 1 << 16 };

/* What is like BASE of the table but for a length, which stands in its name between BEGIN and END;
 * of tiles, which have an ELEMENT, two sides with an x between, or one of a square. AutoGPTQ's
 * second version stores zero points as they are. */
static const struct family {
    const char *begin, *end, *base, *element, *scale;
} families[] = {
    {"fp8_tile", "", "fp8_tile128", "fp8_e4m3", "fp32"},
    {"fp8_e5m2_tile", "", "fp8_tile128", "fp8_e5m2", "fp32"},
    {"fp8_tile", "_e8m0", "fp8_tile128", "fp8_e4m3", "e8m0"},
    {"fp8_e5m2_tile", "_e8m0", "fp8_tile128", "fp8_e5m2", "e8m0"},
    {"nf4_b", "", "nf4", NULL, NULL},
    {"bnb_fp4_b", "", "bnb_fp4", NULL, NULL},
    {"nf4_b", "_dq", "nf4_dq", NULL, NULL},
    {"bnb_fp4_b", "_dq", "bnb_fp4_dq", NULL, NULL},
    {"gptq2_g", "", "gptq2_g128", NULL, NULL},
    {"gptq3_g", "", "gptq3_g128", NULL, NULL},
    {"gptq4_g", "", "gptq4_g128", NULL, NULL},
    {"gptq8_g", "", "gptq8_g128", NULL, NULL},
    {"gptq2_g", "_v2", "gptq2_g128", NULL, NULL},
    {"gptq3_g", "_v2", "gptq3_g128", NULL, NULL},
    {"gptq4_g", "_v2", "gptq4_g128", NULL, NULL},
    {"gptq8_g", "_v2", "gptq8_g128", NULL, NULL},
    {"awq4_g", "", "awq4_g128", NULL, NULL},
};

/* Those that were asked for, the last one first. They live as long as the program. */
static struct member {
    struct hu_block block;
    char name[HU_BLOCK_NAME];
    const struct family *of;
    unsigned rows, columns; /* rows: of tiles */
    struct member *next;
} * members;

static void make_tile(struct member *m)
{
    struct hu_block *b = &m->block;
    const bool powers = *m->of->scale == 'e';
    snprintf(m->name, HU_BLOCK_NAME, "%s%ux%u%s", m->of->begin, m->rows, m->columns, m->of->end);
    b->element = m->of->element;
    b->scale = m->of->scale;
    b->rule = powers ? HU_SCALE_RCEIL : HU_SCALE_MAX;
    b->tile_rows = m->rows;
    /* The greatest tile has 2^32 elements, which are too many to count. */
    uint64_t elements = (uint64_t)m->rows * m->columns;
    b->elements = elements > LONGEST ? LONGEST : (uint32_t)elements;
    b->bytes = b->elements + (powers ? 1 : 4);
    b->structure = powers ? "a tile of fp8, an e8m0 scale" : "a tile of fp8, an fp32 scale";
}

static void make_run(struct member *m)
{
    struct hu_block *b = &m->block;
    bool nested = b->over == HU_OVER_NESTED;
    uint32_t scales = nested ? 256 : m->columns > 1 ? 1 : 2;
    b->elements = scales * m->columns;
    b->bytes = b->elements / 2 + (nested ? scales + 4 : 4 * scales);
    b->structure = nested ? "4-bit codes of a table, 8-bit scales; an fp32 scale for 256 scales"
                          : "4-bit codes of a table, an fp32 scale";
}

static void make_group(struct member *m)
{
    struct hu_block *b = &m->block;
    b->zero_is_less_one = b->layout == HU_BLOCK_GPTQ && !*m->of->end;
    /* A group takes its codes, 16 bits and a zero point: whole bytes at the latest by eight. */
    uint32_t count = 1, bits = b->code_bits * m->columns + 16 + b->code_bits;
    while (bits * count % 8)
        count *= 2;
    b->elements = count * m->columns;
    b->bytes = bits * count / 8;
    b->structure = "a group of integers, an fp16 scale, a zero of their width";
}

static void make(struct member *m)
{
    m->block = *hu_block_in_table(m->of->base);
    m->block.name = m->name;
    m->block.aliases = NULL;
    m->block.tile_columns = m->columns;
    snprintf(m->name, HU_BLOCK_NAME, "%s%u%s", m->of->begin, m->columns, m->of->end);
    if (m->of->element)
        make_tile(m);
    else if (m->block.layout == HU_BLOCK_FLAT)
        make_run(m);
    else
        make_group(m);
}

/* The only one of its kind and size, whatever other threads do meanwhile. NULL: no memory. */
static const struct hu_block *member_of(const struct family *of, unsigned rows, unsigned columns)
{
    struct member *first = __atomic_load_n(&members, __ATOMIC_ACQUIRE), *mine = NULL;
    for (;;) {
        struct member *found = first;
        while (found && (found->of != of || found->rows != rows || found->columns != columns))
            found = found->next;
        if (found) {
            free(mine);
            return &found->block;
        }
        if (!mine && !(mine = calloc(1, sizeof *mine)))
            return NULL;
        mine->of = of;
        mine->rows = rows;
        mine->columns = columns;
        mine->next = first;
        make(mine);
        if (__atomic_compare_exchange_n(&members, &first, mine, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return &mine->block;
    }
}

/* The number behind BEGIN, which *KEY must begin with; *KEY goes behind it. 0: it is none, or too
 * great. */
static unsigned read_number(const char **key, const char *begin)
{
    size_t n = strlen(begin);
    char *end;
    if (strncmp(*key, begin, n) || (*key)[n] < '1' || (*key)[n] > '9')
        return 0;
    unsigned long number = strtoul(*key + n, &end, 10);
    *key = end;
    return number > LONGEST ? 0 : (unsigned)number;
}

/* KEY in lower case: "fp8_tile64x32", "nf4_b128", "gptq4_g256_v2". NULL: no member. */
static const struct hu_block *find_member(const char *key)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct family *f = &families[i];
        const char *at = key;
        unsigned rows = read_number(&at, f->begin), columns = rows;
        if (f->element && rows && *at == 'x')
            columns = read_number(&at, "x");
        if (columns && !strcmp(at, f->end) && (f->element || !(columns & (columns - 1))))
            return member_of(f, f->element ? rows : 0, columns);
    }
    return NULL;
}

const struct hu_block *hu_block_find(const char *name)
{
    char key[HU_BLOCK_NAME];
    size_t n = strlen(name);
    if (!n || n >= sizeof key)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        key[i] = name[i] == '-' ? '_' : (char)tolower((unsigned char)name[i]);
    const struct hu_block *row = hu_block_in_table(key);
    return row ? row : find_member(key);
}

static const char *name_at(int index)
{
    const struct hu_block *b = hu_block_at((size_t)index);
    return b ? b->name : NULL;
}

const char *hu_block_suggestion(char out[HU_SUGGESTION], const char *name)
{
    int count = 0;
    while (name_at(count))
        count++;
    return hu_suggestion_of(out, name, name_at, count);
}
