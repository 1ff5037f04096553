#include "block.h"
#include "report.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements that the scale stands over. */
static size_t length_of(const struct block_report *r)
{
    const struct hu_block *b = r->block;
    size_t length = b->layout == HU_BLOCK_WHOLE ? b->elements : b->tile_columns;
    return length ? length : r->count ? r->count : 1;
}

size_t block_count(const struct block_report *r)
{
    size_t length = length_of(r);
    return (r->count + length - 1) / length;
}

struct block_span block_span(const struct block_report *r, size_t index)
{
    size_t length = length_of(r);
    struct block_span s = {.first = index * length, .end = (index + 1) * length};
    s.end = s.end < r->count ? s.end : r->count;
    s.greatest = s.end;
    float amax = 0;
    for (size_t i = s.first; r->values && i < s.end; i++) {
        float size = fabsf(r->values[i]);
        if (!isfinite(size) && !r->block->keeps_nan) {
            s.greatest = i;
            break;
        }
        if (isfinite(size) && size > amax) {
            amax = size;
            s.greatest = i;
        }
    }
    return s;
}

static char *hex_put(char *out, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out += sprintf(out, "%02x", bytes[i]);
    return out;
}

char *block_hex(const struct block_report *r, size_t index)
{
    const struct hu_block *b = r->block;
    struct block_span s = block_span(r, index);
    if (b->layout == HU_BLOCK_WHOLE) {
        char *out = check_memory(malloc(2 * b->bytes + 1));
        hex_put(out, r->codes + index * b->bytes, b->bytes);
        return out;
    }
    size_t scale = hu_block_scale_bytes(b, 1, 1), codes = hu_block_bytes(b, 1, s.end - s.first);
    char *out = check_memory(malloc(2 * (scale + codes) + 1));
    char *at = hex_put(out, r->scales + index * scale, scale);
    hex_put(at, r->codes + hu_block_bytes(b, 1, s.first), codes);
    return out;
}

bool block_encode(struct block_report *r)
{
    size_t codes = hu_block_bytes(r->block, 1, r->count);
    size_t scales = hu_block_scale_bytes(r->block, 1, r->count);
    if (!r->codes) {
        r->codes = check_memory(calloc(1, codes + 1));
        r->scales = check_memory(calloc(1, scales + 1));
    }
    return !hu_block_encode(r->block, r->codes, r->scales, &r->tensor_scale, hu_format_find("fp32"),
                            r->values, 1, r->count, &r->options);
}

bool block_look_all(struct block_report *r)
{
    struct hu_block_parts parts = {
        .codes = r->codes, .scales = r->scales, .tensor_scale = r->tensor_scale};
    if (!r->data)
        r->data = check_memory(calloc(r->count + 1, sizeof *r->data));
    for (size_t i = 0; i < r->count; i++)
        if (hu_block_look(r->block, &parts, 1, r->count, 0, i, &r->data[i]))
            return false;
    return true;
}

void block_free(struct block_report *r)
{
    free(r->values);
    free(r->codes);
    free(r->scales);
    free(r->data);
}

enum hu_scale_rule block_rule(const struct block_report *r)
{
    return r->options.rule ? r->options.rule : r->block->rule;
}

double block_amax(const struct block_report *r)
{
    double amax = 0;
    for (size_t i = 0; r->values && i < r->count; i++)
        if (isfinite(r->values[i]))
            amax = fmax(amax, (double)fabsf(r->values[i]));
    return amax;
}

struct hu_block_errors block_errors_by(const struct block_report *r, enum hu_scale_rule rule,
                                       double *scale)
{
    struct block_report other = {
        .block = r->block, .options = r->options, .count = r->count, .values = r->values};
    struct hu_block_errors e = {NAN, NAN};
    other.options.rule = rule;
    *scale = NAN;
    if (block_encode(&other) && block_look_all(&other)) {
        e = hu_block_errors(other.values, other.data, other.count);
        *scale = other.data[0].scale;
    }
    other.values = NULL;
    block_free(&other);
    return e;
}

const char *block_code(const struct block_report *r, size_t i, char out[BLOCK_CODE_TEXT])
{
    if (r->block->codes == HU_CODES_UNPACKED)
        snprintf(out, BLOCK_CODE_TEXT, "%lld", (long long)r->data[i].code);
    else
        snprintf(out, BLOCK_CODE_TEXT, "0x%0*llx", (r->block->code_bits + 3) / 4,
                 (unsigned long long)r->data[i].code);
    return out;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

char *block_exact(double x)
{
    char text[HU_SHORTEST_TEXT];
    const struct hu_format *fp64 = hu_format_find("fp64");
    if (isfinite(x))
        return hu_datum_exact(fp64, bits_of(x));
    hu_shown_print(text, fp64, bits_of(x));
    return check_memory(strdup(text));
}

char *block_shown(double x)
{
    char text[HU_SHORTEST_TEXT];
    hu_block_shown(text, x);
    return check_memory(strdup(text));
}
