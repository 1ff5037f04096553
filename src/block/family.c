/* What names find: the table's rows, and families of rows like one of them with another length. */
#include "block.h"
#include "names.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lengths are the powers of two up to 2^16, but sides of tiles any number up to there; those of a
 * kind differ in what their names begin and end with. */
enum { LENGTHS = 17, LONGEST = 1 << (LENGTHS - 1), TILES = 4, RUNS = 4, GROUPS = 9 };

static const struct {
    const char *begin, *end, *element, *scale;
} tiles[TILES] = {
    {"fp8_tile", "", "fp8_e4m3", "fp32"},
    {"fp8_e5m2_tile", "", "fp8_e5m2", "fp32"},
    {"fp8_tile", "_e8m0", "fp8_e4m3", "e8m0"},
    {"fp8_e5m2_tile", "_e8m0", "fp8_e5m2", "e8m0"},
};

static const char *const runs[RUNS][2] = {
    {"nf4_b", ""}, {"bnb_fp4_b", ""}, {"nf4_b", "_dq"}, {"bnb_fp4_b", "_dq"}};

/* AutoGPTQ's second version stores zero points as they are. */
static const struct {
    const char *begin, *end;
} groups[GROUPS] = {
    {"gptq2_g", ""},    {"gptq3_g", ""},    {"gptq4_g", ""},    {"gptq8_g", ""}, {"gptq2_g", "_v2"},
    {"gptq3_g", "_v2"}, {"gptq4_g", "_v2"}, {"gptq8_g", "_v2"}, {"awq4_g", ""},
};

struct row {
    struct hu_block block;
    char name[HU_BLOCK_NAME];
};

static struct row run_rows[RUNS][LENGTHS], group_rows[GROUPS][LENGTHS];
/* Tiles that were asked for, the last one first. */
static struct tile {
    struct row row;
    struct tile *next;
    int kind;
} * tiles_made;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A row like BASE of the table under a name of its own. */
static struct hu_block *begin_row(struct row *row, const char *base)
{
    row->block = *hu_block_in_table(base);
    row->block.name = row->name;
    row->block.aliases = NULL;
    return &row->block;
}

static void make_tile(struct tile *t, unsigned rows, unsigned columns)
{
    struct hu_block *b = begin_row(&t->row, "fp8_tile128");
    snprintf(t->row.name, HU_BLOCK_NAME, "%s%ux%u%s", tiles[t->kind].begin, rows, columns,
             tiles[t->kind].end);
    b->element = tiles[t->kind].element;
    b->scale = tiles[t->kind].scale;
    b->rule = strcmp(b->scale, "e8m0") ? HU_SCALE_MAX : HU_SCALE_RCEIL;
    b->tile_rows = rows;
    b->tile_columns = columns;
    /* The greatest tile has 2^32 elements, which are too many to count. */
    uint64_t elements = (uint64_t)rows * columns;
    b->elements = elements > LONGEST ? LONGEST : (uint32_t)elements;
    b->bytes = b->elements + (*b->scale == 'e' ? 1 : 4);
    b->structure =
        *b->scale == 'e' ? "a tile of fp8, an e8m0 scale" : "a tile of fp8, an fp32 scale";
}

static struct tile *made(struct tile *t, int kind, unsigned rows, unsigned columns)
{
    while (t && (t->kind != kind || t->row.block.tile_rows != rows ||
                 t->row.block.tile_columns != columns))
        t = t->next;
    return t;
}

/* The only one of its kind and size, whatever other threads do meanwhile. NULL: no memory. */
static const struct hu_block *tile_of(int kind, unsigned rows, unsigned columns)
{
    struct tile *first = __atomic_load_n(&tiles_made, __ATOMIC_ACQUIRE), *mine = NULL, *found;
    while (!(found = made(first, kind, rows, columns))) {
        if (!mine && !(mine = calloc(1, sizeof *mine)))
            return NULL;
        mine->kind = kind;
        mine->next = first;
        make_tile(mine, rows, columns);
        if (__atomic_compare_exchange_n(&tiles_made, &first, mine, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return &mine->row.block;
    }
    free(mine);
    return &found->row.block;
}

static void make_run(int k, int length)
{
    static const char *const bases[RUNS] = {"nf4", "bnb_fp4", "nf4_dq", "bnb_fp4_dq"};
    struct hu_block *b = begin_row(&run_rows[k][length], bases[k]);
    snprintf(run_rows[k][length].name, HU_BLOCK_NAME, "%s%u%s", runs[k][0], 1u << length,
             runs[k][1]);
    b->tile_columns = 1u << length;
    bool nested = b->over == HU_OVER_NESTED;
    uint32_t scales = nested ? 256 : length ? 1 : 2;
    b->elements = scales << length;
    b->bytes = b->elements / 2 + (nested ? scales + 4 : 4 * scales);
    b->structure = nested ? "4-bit codes of a table, 8-bit scales; an fp32 scale for 256 scales"
                          : "4-bit codes of a table, an fp32 scale";
}

static void make_group(int k, int length)
{
    char base[HU_BLOCK_NAME];
    snprintf(base, sizeof base, "%s128", groups[k].begin);
    struct hu_block *b = begin_row(&group_rows[k][length], base);
    snprintf(group_rows[k][length].name, HU_BLOCK_NAME, "%s%u%s", groups[k].begin, 1u << length,
             groups[k].end);
    b->tile_columns = 1u << length;
    b->zero_is_less_one = b->layout == HU_BLOCK_GPTQ && !*groups[k].end;
    /* A group takes its codes, 16 bits and a zero point: whole bytes at the latest by eight. */
    uint32_t count = 1, bits = (b->code_bits << length) + 16 + b->code_bits;
    while (bits * count % 8)
        count *= 2;
    b->elements = count << length;
    b->bytes = bits * count / 8;
    b->structure = "a group of integers, an fp16 scale, a zero of their width";
}

static void make_rows(void)
{
    for (int r = 0; r < LENGTHS; r++) {
        for (int k = 0; k < RUNS; k++)
            make_run(k, r);
        for (int k = 0; k < GROUPS; k++)
            make_group(k, r);
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

/* The same as the power of two that it is. -1: it is none. */
static int read_length(const char **key, const char *begin)
{
    unsigned length = read_number(key, begin);
    return !length || length & (length - 1) ? -1 : __builtin_ctz(length);
}

static const struct hu_block *find_tile(const char *key)
{
    for (int k = 0; k < TILES; k++) {
        const char *at = key;
        unsigned rows = read_number(&at, tiles[k].begin);
        /* One number is a square's. */
        unsigned columns = rows && *at == 'x' ? read_number(&at, "x") : rows;
        if (rows && columns && !strcmp(at, tiles[k].end))
            return tile_of(k, rows, columns);
    }
    return NULL;
}

/* KEY in lower case: "fp8_tile64x32", "nf4_b128", "gptq4_g256_v2". NULL: no member. Rows live as
 * long as the program. */
static const struct hu_block *find_member(const char *key)
{
    /* Their names have a number, and no name of the table is among them but as an alias. */
    if (strncmp(key, "fp8_", 4) && strncmp(key, "nf4_b", 5) && strncmp(key, "bnb_fp4_b", 9) &&
        strncmp(key, "gptq", 4) && strncmp(key, "awq4_g", 6))
        return NULL;
    pthread_once(&once, make_rows);
    for (int k = 0; k < RUNS; k++) {
        const char *at = key;
        int length = read_length(&at, runs[k][0]);
        if (length >= 0 && !strcmp(at, runs[k][1]))
            return &run_rows[k][length].block;
    }
    for (int k = 0; k < GROUPS; k++) {
        const char *at = key;
        int length = read_length(&at, groups[k].begin);
        if (length >= 0 && !strcmp(at, groups[k].end))
            return &group_rows[k][length].block;
    }
    return find_tile(key);
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
