#include "encode_ggml.h"
#include "unpack.h"

/* Codes that are points of a curve: those of iq4_nl and of iq4_xs. */

/* The curve's nearest point; in the middle of two the upper one. Of a NaN the last one. */
static int nearest_point(float x)
{
    const int8_t *curve = hu_block_curve;
    int at = 0;
    while (at < 15 && !(x < curve[at + 1]))
        at++;
    if (at == 15 || x <= curve[0])
        return at;
    return x - curve[at] < curve[at + 1] - x ? at : at + 1;
}

int hu_ggml_point(const struct ggml_encoding *k, float x, int i)
{
    const struct hu_options *options = &k->e->options.elements;
    int at = nearest_point(x);
    if (!(x > hu_block_curve[0] && x < hu_block_curve[15]) || hu_block_curve[at] == x)
        return at;
    at -= hu_block_curve[at] > x;
    return options->direction == HU_TIES_TO_EVEN
               ? nearest_point(x)
               : at + hu_block_goes_up(hu_block_curve[at], hu_block_curve[at + 1], (double)x, at,
                                       options, k->index + (uint64_t)i);
}

/* quantize_row_iq4_nl_impl without weights and without tries: the codes are those under the scale
 * that puts the greatest element on −127, the scale the best one for these codes, each element
 * weighed by its square. */
void hu_ggml_pack_iq4_nl(struct ggml_encoding *k, unsigned char *to)
{
    float max = ggml_farthest(k->x, GGML_LENGTH), inverse = 1 / (max / hu_block_curve[0]),
          products = 0, squares = 0;
    bool none = __builtin_fabsf(max) < 1e-15f;
    for (int i = 0; i < GGML_LENGTH; i++) {
        k->q[i] = none ? nearest_point(0) : hu_ggml_point(k, inverse * k->x[i], i);
        float q = hu_block_curve[k->q[i]], weight = k->x[i] * k->x[i];
        products += weight * q * k->x[i];
        squares += weight * q * q;
    }
    ggml_put_fp16(k->e, to, !none && squares > 0 ? products / squares : 0);
    ggml_put_nibbles(k->q, to + 2);
}
