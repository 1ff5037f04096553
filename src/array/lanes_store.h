/* Codes into their places, by the kinds of array/plan.h; included by the parts. */

/* Overflow and sign of finite codes, a byte or half each: what is left to do costs the less the
 * more codes a vector holds. signs: the source's sign in each element's top bit, rubbish below. */
#define FINISH(width, type, mask_type)                                                             \
    INLINE type finish_##width(const struct narrow *k, type codes, type signs)                     \
    {                                                                                              \
        type overflow = splat_##width(k->overflow[0]);                                             \
        if (k->sided) {                                                                            \
            type negative = (type)((mask_type)signs < 0);                                          \
            overflow = (splat_##width(k->overflow[1]) & negative) | (overflow & ~negative);        \
        }                                                                                          \
        codes = smaller_##width(codes, overflow);                                                  \
        if (k->integer) {                                                                          \
            type negative = (type)((mask_type)signs < 0);                                          \
            return ((codes ^ negative) - negative) & splat_##width(k->mask);                       \
        }                                                                                          \
        return with_signs_##width(codes, signs, k->sign, k->negative_zero);                        \
    }

FINISH(8, byte_lanes, byte_mask)
FINISH(16, half_lanes, half_mask)

/* A step's codes of at most 8 bits. */
INLINE void store_byte_codes(void *dst, byte_lanes codes, enum store store)
{
#ifdef LANES_SHUFFLE
    if (store == STORE_4)
        store_fours(dst, codes);
    else if (store == STORE_6)
        store_sixes(dst, codes);
    else
        memcpy(dst, &codes, sizeof codes);
#else
    if (store == STORE_8) {
        memcpy(dst, &codes, sizeof codes);
        return;
    }
    static const struct hu_format packed[] = {{.width = 4, .storage_bits = 4},
                                              {.width = 6, .storage_bits = 6}};
    unsigned char bytes[STEP];
    memcpy(bytes, &codes, sizeof bytes);
    hu_table_pack(&packed[store == STORE_6], dst, bytes, STEP);
#endif
}

/* Of halves. */
#define STORE_PAIRS(pack, v)                                                                       \
    PAIRS(half_lanes packed = pack((v) + i);                                                       \
          memcpy((char *)dst + sizeof packed * (i / 2), &packed, sizeof packed);)

INLINE void store_codes(const struct narrow *k, void *dst, const vec *codes, enum store store)
{
    if (store <= STORE_8)
        store_byte_codes(dst, order_bytes(pack_bytes(codes)), store);
    else if (store == STORE_16)
        STORE_PAIRS(pack_halves, codes);
    else
        VECTORS(store_vec((char *)dst + sizeof(vec) * i, shift_left(codes[i], k->storage_shift)););
}

/* Rounded words, whose codes are at their tops. */
INLINE void store_top(const struct narrow *k, void *dst, vec *words, enum store store)
{
    if (store == STORE_TOP16) {
        STORE_PAIRS(pack_top_halves, words);
        return;
    }
    if (store == STORE_TOP32) {
        VECTORS(store_vec((char *)dst + sizeof(vec) * i, words[i] & splat(~k->low)););
        return;
    }
    VECTORS(words[i] = shift_right(words[i], k->drop););
    store_codes(k, dst, words, store);
}

/* What rounding to a code's unit has summed up, the code's last bit at its own. */
INLINE void store_sums(const struct narrow *k, void *dst, const struct magic m[4], const vec *x,
                       enum store store, bool directed)
{
    if (store <= STORE_8) {
        half_lanes halves[2] = {join_sums(k, m, directed), join_sums(k, m + 2, directed)};
        byte_lanes codes = finish_8(k, pack_half_bytes(halves), pack_byte_signs(x));
        store_byte_codes(dst, order_bytes(codes), store);
        return;
    }
    half_lanes halves[2];
    if (k->wraps)
        PAIRS(halves[i / 2] = join_wide_sums(k, m + i, directed););
    else
        PAIRS(halves[i / 2] = order_halves(join_sums(k, m + i, directed)););
    PAIRS(half_lanes done = finish_16(k, halves[i / 2], pack_half_signs(x + i));
          memcpy((char *)dst + sizeof done * (i / 2), &done, sizeof done););
}

/* Magnitudes as codes, which have neither sign nor been clamped. */
INLINE void store_magnitudes(const struct narrow *k, void *dst, const vec *codes, const vec *x,
                             enum store store)
{
    if (store <= STORE_8) {
        byte_lanes done = finish_8(k, pack_bytes(codes), pack_byte_signs(x));
        store_byte_codes(dst, order_bytes(done), store);
        return;
    }
    PAIRS(half_lanes done = finish_16(k, pack_halves(codes + i), pack_half_signs(x + i));
          memcpy((char *)dst + sizeof done * (i / 2), &done, sizeof done););
}
