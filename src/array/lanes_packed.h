/* Lanes of a byte or a half each, by C's vectors; included with byte_lanes and half_lanes defined.
 */
typedef int8_t byte_mask __attribute__((vector_size(sizeof(byte_lanes))));
typedef int16_t half_mask __attribute__((vector_size(sizeof(byte_lanes))));

INLINE byte_lanes splat_8(uint32_t x)
{
    return (byte_lanes){0} + (uint8_t)x;
}

INLINE half_lanes splat_16(uint32_t x)
{
    return (half_lanes){0} + (uint16_t)x;
}

#ifndef LANES_SMALLER_8
INLINE byte_lanes smaller_8(byte_lanes a, byte_lanes b)
{
    byte_lanes m = (byte_lanes)(a < b);
    return (a & m) | (b & ~m);
}
#endif

#ifndef LANES_SMALLER_16
INLINE half_lanes smaller_16(half_lanes a, half_lanes b)
{
    half_lanes m = (half_lanes)(a < b);
    return (a & m) | (b & ~m);
}
#endif

INLINE byte_lanes keep_nonzero_8(byte_lanes codes, byte_lanes x)
{
    return (byte_lanes)(codes != 0) & x;
}

INLINE half_lanes keep_nonzero_16(half_lanes codes, half_lanes x)
{
    return (half_lanes)(codes != 0) & x;
}

INLINE half_lanes shift_right_16(half_lanes x, uint32_t count)
{
    return x >> count;
}

INLINE byte_lanes upper_fours(byte_lanes x)
{
    return (byte_lanes)((half_lanes)x >> 4) & splat_8(15);
}
