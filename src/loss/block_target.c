#include "array/array.h"
#include "block/scale_rule.h"
#include "block/unpack.h"
#include "block_loss.h"

#include <math.h>
#include <string.h>

/* What is known of a target once and for all: where its elements overflow, and its scales. */

/* Element 1's code where all bytes are FILL, but for bit AT. */
static int code_of(const struct hu_block *b, unsigned char fill, size_t at)
{
    unsigned char bytes[HU_BLOCK_MAX * 2];
    struct hu_block_unpacked u;
    memset(bytes, fill, sizeof bytes);
    bytes[at / 8] ^= (unsigned char)(1u << at % 8);
    hu_block_unpack(b, bytes, &u);
    return u.q[1];
}

/* Half a step beyond the last codes, of which all bits are 0 and 1: not so in two's complement,
 * which nothing overflows here. */
static void reach_of_whole(const struct hu_block *b, double reach[2])
{
    const size_t nowhere = 8 * HU_BLOCK_MAX * 2 - 1;
    const int low = code_of(b, 0x00, nowhere), high = code_of(b, 0xff, nowhere);
    int steps[2] = {HU_BLOCK_MAX, HU_BLOCK_MAX};
    for (size_t at = 0; at < 8 * (size_t)b->bytes; at++) {
        int up = code_of(b, 0x00, at) - low, down = high - code_of(b, 0xff, at);
        steps[1] = up > 0 && up < steps[1] ? up : steps[1];
        steps[0] = down > 0 && down < steps[0] ? down : steps[0];
    }
    if (low >= high)
        return;
    reach[0] = high + steps[0] / 2.0;
    reach[1] = -low + steps[1] / 2.0;
}

struct hu_block_target hu_block_target_of(const struct hu_block *b, enum hu_scale_rule rule,
                                          const struct hu_options *options)
{
    struct hu_block_target t = {
        .block = b,
        .options = {.rule = rule, .elements = *options},
        .reach = {HUGE_VAL, HUGE_VAL},
    };
    const struct hu_format *scale = b->scale ? hu_format_find(b->scale) : NULL;
    /* Of elements rounded with an unbounded exponent; integers say so by HU_INVALID. */
    const struct hu_options unbounded = {.direction = options->direction};
    t.options.elements.saturate = true;
    for (int i = 0; b->element && i < 2; i++)
        t.reach[i] = ldexp(hu_loss_overflow_from(hu_format_find(b->element), &unbounded, i,
                                                 HU_OVERFLOW | HU_INVALID),
                           b->element_power);
    if (b->codes == HU_CODES_UNPACKED)
        reach_of_whole(b, t.reach);
    for (unsigned i = 0; scale && scale->storage_bits == 8 && i < 256; i++)
        t.scales[i] = hu_to_double(scale, i);
    t.wide_scale = scale && scale->storage_bits == 32;
    if (hu_block_has_rules(b))
        t.element = hu_scale_element_of(b);
    if (options->direction == HU_TIES_TO_EVEN)
        t.steps = hu_block_steps_of(b, rule ? rule : b->rule, t.reach);
    return t;
}
