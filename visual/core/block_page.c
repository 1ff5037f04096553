#include "block_page.h"
#include "allocate.h"
#include "little.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* GGUF's mxfp4 is mxfp4 with its bytes in another order. */
bool block_is_shown(const struct hu_block *b)
{
    return hu_block_encodes(b) && b->ggml_type != HU_GGML_MXFP4 && b->tile_rows == 1 &&
           b->tile_columns && b->tile_columns <= BLOCK_ELEMENTS && b->bytes <= BLOCK_CODE_BYTES;
}

const struct hu_block *block_shown_at(size_t index)
{
    const struct hu_block *b;
    for (size_t i = 0; (b = hu_block_at(i)); i++)
        if (block_is_shown(b) && !index--)
            return b;
    return NULL;
}

int block_elements(const struct block_state *s)
{
    return (int)s->block->tile_columns;
}

/* --- Where the bits lie --- */

enum { WIDTH_MAX = 32 };

/* Where each part's bits are in the state, the lowest first, as numbers of its bits: those of byte
 * I from 8 I on. */
struct map {
    const struct hu_block *block;
    struct hu_format
        element; /* of WIDTH bits, without a meaning of its own, where codes have none */
    unsigned char width[BLOCK_PARTS];
    short at[BLOCK_PARTS][WIDTH_MAX];
};

static void add_bit(struct map *m, int part, size_t offset, int bit)
{
    m->at[part][m->width[part]++] = (short)(8 * (int)offset + bit);
}

static void map_parts(struct map *m)
{
    for (int i = 0; i < (int)m->block->tile_columns; i++)
        for (int bit = 0; bit < m->block->code_bits; bit++)
            add_bit(m, BLOCK_FIRST + i, offsetof(struct block_state, codes),
                    i * m->block->code_bits + bit);
    for (int bit = 0; bit < hu_format_find(m->block->scale)->width; bit++)
        add_bit(m, BLOCK_SCALE, offsetof(struct block_state, scales), bit);
    for (int bit = 0; m->block->over == HU_OVER_TENSOR && bit < WIDTH_MAX; bit++)
        add_bit(m, BLOCK_SECOND, offsetof(struct block_state, tensor_scale),
                bit ^ (HU_BIG_ENDIAN ? 24 : 0));
}

/* How far a bit moves the code that it is of. */
static int distance(const struct hu_block_unpacked *a, const struct hu_block_unpacked *b, int i)
{
    int moved = a->q[i] - b->q[i];
    return moved < 0 ? -moved : moved;
}

/* Of a GGUF structure, bit by bit against a block of zeros: what changes an element's code is one
 * of its bits, which stand by how far they move it; what changes none is the scale's, and past its
 * 16 the minimum's. */
static void map_whole(struct map *m)
{
    unsigned char block[BLOCK_CODE_BYTES] = {0};
    struct hu_block_unpacked zero = {0}, u;
    int moves[BLOCK_ELEMENTS][WIDTH_MAX];
    hu_block_unpack(m->block, block, &zero);
    for (int at = 0; at < (int)m->block->bytes * 8; at++) {
        int i = 0;
        block[at / 8] = (unsigned char)(1 << at % 8);
        hu_block_unpack(m->block, block, &u);
        block[at / 8] = 0;
        while (i < (int)m->block->elements && u.q[i] == zero.q[i])
            i++;
        if (i == (int)m->block->elements) {
            add_bit(m, m->width[BLOCK_SCALE] < 16 ? BLOCK_SCALE : BLOCK_SECOND,
                    offsetof(struct block_state, codes), at);
            continue;
        }
        int part = BLOCK_FIRST + i, n = m->width[part], moved = distance(&u, &zero, i);
        add_bit(m, part, offsetof(struct block_state, codes), at);
        short own = m->at[part][n];
        for (; n > 0 && moves[i][n - 1] > moved; n--) {
            moves[i][n] = moves[i][n - 1];
            m->at[part][n] = m->at[part][n - 1];
        }
        moves[i][n] = moved;
        m->at[part][n] = own;
    }
    m->element = *hu_format_find("uint8");
    m->element.width = m->element.trailing_bits = m->width[BLOCK_FIRST];
    m->element.bias = (short)(1 - m->element.width);
}

/* One a format; rows keep pointers to what is in them. */
static const struct map *map_of(const struct hu_block *b)
{
    static struct map maps[16];
    enum { MAPS = sizeof maps / sizeof *maps };
    int n = 0;
    while (n < MAPS - 1 && maps[n].block && maps[n].block != b)
        n++;
    struct map *m = &maps[n];
    if (m->block != b) {
        memset(m, 0, sizeof *m);
        m->block = b;
        b->layout == HU_BLOCK_WHOLE ? map_whole(m) : map_parts(m);
    }
    return m;
}

/* --- Parts --- */

const char *block_part_name(int part)
{
    static const char *const names[BLOCK_PARTS] = {
        "second", "scale", "e0",  "e1",  "e2",  "e3",  "e4",  "e5",  "e6",  "e7",  "e8",  "e9",
        "e10",    "e11",   "e12", "e13", "e14", "e15", "e16", "e17", "e18", "e19", "e20", "e21",
        "e22",    "e23",   "e24", "e25", "e26", "e27", "e28", "e29", "e30", "e31"};
    return names[part];
}

const struct hu_format *block_part_format(const struct block_state *s, int part)
{
    const struct hu_block *b = s->block;
    const struct map *m = map_of(b);
    if (!m->width[part])
        return NULL;
    if (part == BLOCK_SECOND && b->over == HU_OVER_TENSOR)
        return hu_format_find("fp32");
    if (part < BLOCK_FIRST)
        return hu_format_find(b->scale ? b->scale : "fp16");
    return b->element ? hu_format_find(b->element) : &m->element;
}

uint64_t block_bits(const struct block_state *s, int part)
{
    const struct map *m = map_of(s->block);
    const unsigned char *bytes = (const unsigned char *)s;
    uint64_t bits = 0;
    for (int k = 0; k < m->width[part]; k++)
        bits |= (uint64_t)(bytes[m->at[part][k] / 8] >> m->at[part][k] % 8 & 1) << k;
    return bits;
}

void block_set_bits(struct block_state *s, int part, uint64_t bits)
{
    const struct map *m = map_of(s->block);
    s->by_hand = true;
    for (int k = 0; k < m->width[part]; k++) {
        unsigned char *byte = (unsigned char *)s + m->at[part][k] / 8;
        unsigned mask = 1u << m->at[part][k] % 8;
        *byte = (unsigned char)(bits >> k & 1 ? *byte | mask : *byte & ~mask);
    }
}

char *block_page_hex(const struct block_state *s)
{
    char out[2 * sizeof *s + 1];
    size_t n = (size_t)block_elements(s), scales = hu_block_scale_bytes(s->block, 1, n), at = 0;
    for (size_t i = 0; i < scales; i++)
        at += (size_t)sprintf(out + at, "%02x", s->scales[i]);
    for (size_t i = 0; i < hu_block_bytes(s->block, 1, n); i++)
        at += (size_t)sprintf(out + at, "%02x", s->codes[i]);
    return need(strdup(out));
}

/* --- Values --- */

void block_begin(struct block_state *s)
{
    static const float given[BLOCK_ELEMENTS] = {
        6,      5,    2.5,   -0.75, 0.2,  0.02, 1.5,  -3.2, 0.9,  -1.1, 4.4,
        -5.6,   0.35, -0.15, 2,     3.1,  -2.7, 0.6,  1.25, -0.4, 0,    -1.9,
        0.0625, 2.2,  -4.8,  0.45,  1.05, -0.9, 3.75, -0.3, 0.7,  -2.1,
    };
    memset(s, 0, sizeof *s);
    s->block = hu_block_find("mxfp4");
    memcpy(s->given, given, sizeof given);
    block_page_encode(s, HU_TIES_TO_EVEN);
}

void block_page_encode(struct block_state *s, enum hu_direction direction)
{
    struct hu_block_options o = {.elements = {.direction = direction, .saturate = true}};
    if (hu_block_has_rules(s->block))
        o.rule = s->rule;
    memset(s->codes, 0, sizeof s->codes);
    memset(s->scales, 0, sizeof s->scales);
    hu_block_encode(s->block, s->codes, s->scales, &s->tensor_scale, hu_format_find("fp32"),
                    s->given, 1, (size_t)block_elements(s), &o);
    s->by_hand = false;
}

void block_look(const struct block_state *s, struct hu_block_datum data[BLOCK_ELEMENTS])
{
    struct hu_block_parts parts = {
        .codes = s->codes, .scales = s->scales, .tensor_scale = s->tensor_scale};
    size_t n = (size_t)block_elements(s);
    for (size_t i = 0; i < n; i++)
        hu_block_look(s->block, &parts, 1, n, 0, i, &data[i]);
}

int block_greatest(const struct block_state *s)
{
    int greatest = -1;
    float amax = 0;
    for (int i = 0; i < block_elements(s); i++) {
        if (!isfinite(s->given[i]))
            return i;
        if (fabsf(s->given[i]) > amax) {
            amax = fabsf(s->given[i]);
            greatest = i;
        }
    }
    return greatest;
}

char *block_values(const struct block_state *s)
{
    char out[BLOCK_ELEMENTS * HU_SHORTEST_TEXT] = "", one[HU_SHORTEST_TEXT];
    size_t n = 0;
    for (int i = 0; i < block_elements(s); i++) {
        hu_block_shown(one, (double)s->given[i]);
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? " " : "", one);
    }
    return need(strdup(out));
}

bool block_read_values(struct block_state *s, const char *text, char message[HU_MESSAGE])
{
    static const char separators[] = " ,;\t\n[]";
    int n = 0, most = block_elements(s);
    float given[BLOCK_ELEMENTS] = {0};
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        uint64_t bits;
        uint32_t word;
        if (n == most) {
            snprintf(message, HU_MESSAGE, "a block of %s has %d values", s->block->name, most);
            return false;
        }
        if (!hu_text_round(text, length, hu_format_find("fp32"), NULL, &bits, NULL, message))
            return false;
        word = (uint32_t)bits;
        memcpy(&given[n++], &word, sizeof word);
        text += length;
    }
    memcpy(s->given, given, sizeof given);
    return true;
}
