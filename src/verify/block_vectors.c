#include "verify/block_vectors.h"
#include "digit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row whose length is the tensor's own, and the longest line. */
enum { ROW = 16, LONGEST = 256, BYTES = 512 };

/* One line's block. */
struct block {
    float values[LONGEST], second;
    size_t sources, scale_bytes, code_bytes;
    bool has_second;
    unsigned char scale[BYTES], codes[BYTES];
};

size_t hu_block_vector_sources(const struct hu_block *b)
{
    size_t n = b->layout == HU_BLOCK_WHOLE ? b->elements : b->tile_columns ? b->tile_columns : ROW;
    bool apart = b->over == HU_OVER_NESTED || b->layout == HU_BLOCK_GPTQ ||
                 b->layout == HU_BLOCK_AWQ || b->tile_rows > 1;
    return hu_block_encodes(b) && !apart && n <= LONGEST ? n : 0;
}

static void shape(struct block *k, const struct hu_block *b)
{
    memset(k, 0, sizeof *k);
    k->sources = hu_block_vector_sources(b);
    k->scale_bytes = hu_block_scale_bytes(b, 1, k->sources);
    k->code_bytes = hu_block_bytes(b, 1, k->sources);
    k->has_second = b->over == HU_OVER_TENSOR;
}

static void encode(struct block *k, struct hu_reference *ref, const struct hu_block_question *q)
{
    memset(k->codes, 0, k->code_bytes);
    hu_reference_block_encode(ref, q->block, k->codes, k->scale, &k->second, k->values, 1,
                              k->sources, &q->options);
}

static char *put_word(char *out, const void *fp32)
{
    uint32_t word;
    memcpy(&word, fp32, sizeof word);
    return out + sprintf(out, "%08X ", (unsigned)word);
}

static char *put_bytes(char *out, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out += sprintf(out, "%02X", bytes[i]);
    *out++ = ' ';
    return out;
}

uint64_t hu_block_vectors_write(const struct hu_block_question *q, uint64_t count,
                                hu_vectors_sink *sink, void *context)
{
    char line[9 * LONGEST + 4 * BYTES + 16];
    struct block k;
    struct hu_reference *ref = hu_reference_new();
    uint64_t written = 0;
    shape(&k, q->block);
    for (bool wanted = ref; wanted && written < count; written++) {
        char *out = line;
        hu_block_draw(k.values, k.sources, k.sources, q, written);
        encode(&k, ref, q);
        for (size_t i = 0; i < k.sources; i++)
            out = put_word(out, &k.values[i]);
        if (k.has_second)
            out = put_word(out, &k.second);
        if (k.scale_bytes)
            out = put_bytes(out, k.scale, k.scale_bytes);
        out = put_bytes(out, k.codes, k.code_bytes);
        out[-1] = '\n';
        wanted = sink(context, line, (size_t)(out - line));
    }
    if (ref)
        hu_reference_free(ref);
    return written;
}

/* N bytes in digits at *TEXT, which moves past them. False: other
 * than that stands there. */
static bool take_bytes(const char **text, unsigned char *bytes, size_t n)
{
    const char *at = *text + strspn(*text, " \t");
    for (size_t i = 0; i < 2 * n; i++, at++) {
        int digit = hu_digit_value(*at);
        if (digit < 0)
            return false;
        bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | digit);
    }
    *text = at;
    return !*at || isspace((unsigned char)*at);
}

static bool take_word(const char **text, float *value)
{
    unsigned char b[4] = {0};
    if (!take_bytes(text, b, 4))
        return false;
    uint32_t word = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    memcpy(value, &word, sizeof word);
    return true;
}

/* False: message. */
static bool parse(struct block *k, const char *line, char message[HU_BLOCK_LINE_MESSAGE])
{
    const char *at = line;
    const char *what = NULL;
    for (size_t i = 0; i < k->sources && !what; i++)
        what = take_word(&at, &k->values[i]) ? NULL : "a source of 8 digits";
    if (!what && k->has_second && !take_word(&at, &k->second))
        what = "the tensor's scale of 8 digits";
    if (!what && k->scale_bytes && !take_bytes(&at, k->scale, k->scale_bytes))
        what = "the scale";
    if (!what && !take_bytes(&at, k->codes, k->code_bytes))
        what = "the codes";
    if (!what && at[strspn(at, " \t\r\n")])
        what = "the end of the line";
    if (what)
        snprintf(message, HU_BLOCK_LINE_MESSAGE,
                 "column %zu: %s should stand here: a line has %zu sources%s, %zu digits of "
                 "scale and %zu of codes",
                 (size_t)(at - line) + 1, what, k->sources, k->has_second ? ", tensor scale" : "",
                 2 * k->scale_bytes, 2 * k->code_bytes);
    return !what;
}

/* Whether the codes are the same; either zero is the other where that was asked for. */
static bool same_codes(const struct block *a, const struct block *b,
                       const struct hu_block_question *q)
{
    for (size_t i = 0; i < a->code_bytes; i++)
        if (hu_block_codes_differ(q, a->codes[i], b->codes[i]))
            return false;
    return true;
}

static void say(char message[HU_BLOCK_LINE_MESSAGE], const char *what, const unsigned char *got,
                const unsigned char *expected, size_t n)
{
    size_t i = 0;
    while (i + 1 < n && got[i] == expected[i])
        i++;
    snprintf(message, HU_BLOCK_LINE_MESSAGE, "%s, byte %zu: got 0x%02x, expected 0x%02x", what, i,
             got[i], expected[i]);
}

enum hu_block_line hu_block_vector_judge(struct hu_reference *ref,
                                         const struct hu_block_question *q, const char *line,
                                         char message[HU_BLOCK_LINE_MESSAGE])
{
    struct block got, due;
    shape(&got, q->block);
    if (!parse(&got, line, message))
        return HU_BLOCK_MALFORMED;
    due = got;
    encode(&due, ref, q);
    bool zero = true;
    for (size_t i = 0; i < due.code_bytes; i++)
        zero &= !(due.codes[i] & 0x77);
    bool any_scale = zero && q->ignore & HU_IGNORE_ZERO_SCALE;
    for (size_t i = 0; i < got.sources; i++) {
        bool nan = got.values[i] != got.values[i];
        bool infinite = !nan && got.values[i] - got.values[i] != 0;
        if ((nan && q->ignore & HU_IGNORE_NAN) || (infinite && q->ignore & HU_IGNORE_INFINITY))
            return HU_BLOCK_RIGHT;
    }
    if (got.has_second && memcmp(&got.second, &due.second, sizeof got.second) != 0)
        snprintf(message, HU_BLOCK_LINE_MESSAGE, "the tensor's scale: got %a, expected %a",
                 (double)got.second, (double)due.second);
    else if (!any_scale && memcmp(got.scale, due.scale, got.scale_bytes) != 0)
        say(message, "the scale", got.scale, due.scale, got.scale_bytes);
    else if (!same_codes(&got, &due, q))
        say(message, "the codes", got.codes, due.codes, got.code_bytes);
    else
        return HU_BLOCK_RIGHT;
    return HU_BLOCK_WRONG;
}
