/* Sources of at most 8 bits by tables in registers; included by lanes.h. */

/* Clears what is behind the LAST of a packed layout's elements in their byte. */
static inline void end_packed(const struct hu_format *to, void *codes, size_t last)
{
    size_t bits = last * to->storage_bits;
    if (bits % 8)
        ((unsigned char *)codes)[bits / 8] &= (unsigned char)((1u << bits % 8) - 1);
}

#ifdef LANES_SHUFFLE

/* Of each vector of codes. */
enum { CODES = sizeof(byte_lanes), CODES_STEP = 4 * CODES };

INLINE byte_lanes load_codes(const void *at, int storage_bits, uint32_t mask_8)
{
    if (storage_bits == 4)
        return load_fours(at);
    if (storage_bits == 6)
        return load_sixes(at);
    return load_bytes(at) & splat_8(mask_8);
}

#ifdef LANES_ALL_BYTES /* a table's planes stay as they are */

INLINE byte_lanes look_up(const struct table *t, enum plane plane, byte_lanes codes)
{
    byte_lanes quarter[4];
    VECTORS(quarter[i] = load_bytes(t->planes[plane] + i * CODES););
    return look_up_all(quarter, codes);
}

INLINE void look_up_four(const struct table *t, enum plane plane, const byte_lanes codes[4],
                         byte_lanes found[4])
{
    VECTORS(found[i] = look_up(t, plane, codes[i]););
}

#else

/*
 * The bytes of a plane at CODES. Of a code of its half the first block's index is the code itself,
 * and each block's 16 less than the one's before; from below zero on nothing is looked up. So block
 * b gives something for codes of at least 16 b, and as each holds its difference from the one
 * before, what they give together is the byte of the last. Codes of the other half start below
 * zero, and stay there.
 */
INLINE byte_lanes first_index(const struct table *t, int half, byte_lanes codes)
{
    if (!t->halves)
        return codes & splat_8(0x7f);
    byte_lanes at = half ? codes ^ splat_8(0x80) : codes;
    return at | ((byte_lanes)((byte_mask)at < 0) & splat_8(0xf0));
}

INLINE byte_lanes look_up(const struct table *t, enum plane plane, byte_lanes codes)
{
    byte_lanes found = {0};
    const unsigned char *block = t->planes[plane];
    for (int half = 0; half <= t->halves; half++) {
        byte_lanes at = first_index(t, half, codes);
        for (int b = 0; b < t->blocks; b++, block += TABLE_BLOCK) {
            found ^= look_up_block(repeat_block(block), at);
            at -= splat_8(TABLE_BLOCK);
        }
    }
    if (!t->halves)
        found ^= (byte_lanes)((byte_mask)codes < 0) & splat_8(t->sign[plane]);
    return found;
}

/* look_up of four vectors, so that each block is loaded once for them. */
INLINE void look_up_four(const struct table *t, enum plane plane, const byte_lanes codes[4],
                         byte_lanes found[4])
{
    const unsigned char *block = t->planes[plane];
    byte_lanes at[4];
    VECTORS(found[i] = splat_8(0););
    for (int half = 0; half <= t->halves; half++) {
        VECTORS(at[i] = first_index(t, half, codes[i]););
        for (int b = 0; b < t->blocks; b++, block += TABLE_BLOCK) {
            byte_lanes bytes = repeat_block(block);
            VECTORS(found[i] ^= look_up_block(bytes, at[i]); at[i] -= splat_8(TABLE_BLOCK););
        }
    }
    if (!t->halves)
        VECTORS(found[i] ^= (byte_lanes)((byte_mask)codes[i] < 0) & splat_8(t->sign[plane]););
}

#endif

/* SIZE: of a stored element; 4 and 6 too. */
INLINE void table_step(const struct table *t, void *dst, const byte_lanes codes[4], int size)
{
    byte_lanes ordered[4], low[4], high[4];
    if (size <= 8) {
        look_up_four(t, PLANE_LOW, codes, low);
        if (size == 8)
            VECTORS(store_bytes((char *)dst + i * CODES, low[i]););
        else if (size == 6)
            VECTORS(store_sixes((char *)dst + i * (CODES * 6 / 8), low[i]););
        else
            VECTORS(store_fours((char *)dst + i * (CODES / 2), low[i]););
        return;
    }
    VECTORS(ordered[i] = size == 16 ? order_16(codes[i]) : order_32(codes[i]););
    look_up_four(t, PLANE_LOW, ordered, low);
    look_up_four(t, PLANE_HIGH, ordered, high);
    VECTORS(
        half_lanes halves[2]; zip_16(halves, low[i], high[i]);
        char *out = (char *)dst + i * (CODES * (size_t)size / 8); if (size == 16) {
            store_bytes(out, (byte_lanes)halves[0]);
            store_bytes(out + CODES, (byte_lanes)halves[1]);
        } else {
            vec words[2];
            zip_top(words, halves[0]);
            store_vec(out, words[0]);
            store_vec(out + CODES, words[1]);
            zip_top(words, halves[1]);
            store_vec(out + 2 * CODES, words[0]);
            store_vec(out + 3 * CODES, words[1]);
        });
}

INLINE void load_four(byte_lanes codes[4], const void *src, int bits, uint32_t mask_8)
{
    VECTORS(codes[i] =
                load_codes((const char *)src + i * (CODES * (size_t)bits / 8), bits, mask_8););
}

/* The flags of codes, if not all that the table has are raised already. */
INLINE void see_codes(const struct table *t, const byte_lanes codes[4], byte_lanes *seen)
{
    byte_lanes flags[4];
    look_up_four(t, PLANE_FLAGS, codes, flags);
    *seen |= flags[0] | flags[1] | flags[2] | flags[3];
}

static inline unsigned flags_seen(const byte_lanes *seen)
{
    unsigned char bytes[CODES];
    unsigned flags = 0;
    memcpy(bytes, seen, sizeof bytes);
    for (size_t i = 0; i < CODES; i++)
        flags |= bytes[i];
    return flags;
}

/* What is left of a row, each code beyond its end the last one's, which raises what it raised. */
INLINE void load_last(const struct plan *p, byte_lanes codes[4], const void *src, size_t n)
{
    unsigned char bytes[CODES_STEP];
    hu_table_unpack(p->from, bytes, src, n);
    memset(bytes + n, bytes[n - 1], CODES_STEP - n);
    VECTORS(codes[i] = load_bytes(bytes + i * CODES) & splat_8((uint32_t)hu_width_mask(p->from)););
}

/* Between two looks at whether more flags can be raised. */
enum { STEPS_BETWEEN = 16 };

INLINE unsigned table_steps(const struct plan *p, void *dst, const void *src, size_t n, int size)
{
    const struct table *t = &p->table;
    const int bits = p->from->storage_bits;
    const size_t in = CODES_STEP * (size_t)bits / 8, out = CODES_STEP * (size_t)size / 8;
    const uint32_t mask_8 = (uint32_t)hu_width_mask(p->from);
    const size_t steps = n / CODES_STEP, left = n % CODES_STEP;
    uint32_t words[CODES_STEP] __attribute__((aligned(sizeof(vec))));
    byte_lanes codes[4], seen = splat_8(0);
    bool looks = p->flags && t->all_flags;
    for (size_t s = 0; s < steps + (left != 0); s++) {
        const bool whole = s < steps;
        size_t at = p->direct && whole ? turn(s * CODES_STEP, n, CODES_STEP) / CODES_STEP : s;
        const char *from = (const char *)src + at * in;
        char *to = (char *)dst + at * out;
        fetch_ahead(p->direct && whole, from, in);
        if (whole)
            load_four(codes, from, bits, mask_8);
        else
            load_last(p, codes, from, left);
        if (looks) {
            see_codes(t, codes, &seen);
            if (s % STEPS_BETWEEN == 0)
                looks = flags_seen(&seen) != t->all_flags;
        }
        table_step(t, p->direct || !whole ? (char *)words : to, codes, size);
        if (!whole) {
            end_packed(p->to, words, left);
            memcpy(to, words, hu_array_bytes(p->to, left));
        } else if (p->direct) {
            stream_out(to, words, out);
        }
    }
    return flags_seen(&seen);
}

/* Where a word is more than the planes have, or there are too few of them, one after another. */
TARGET static unsigned table_row(const struct plan *p, void *dst, const void *src, size_t n,
                                 uint64_t first)
{
    switch (p->to->storage_bits) {
    case 4:
        return table_steps(p, dst, src, n, 4);
    case 6:
        return table_steps(p, dst, src, n, 6);
    case 8:
        return table_steps(p, dst, src, n, 8);
    case 16:
        return table_steps(p, dst, src, n, 16);
    default:
        return p->table.top ? table_steps(p, dst, src, n, 32) : hu_table_row(p, dst, src, n, first);
    }
}

#else

#define table_row hu_table_row

#endif

static inline void plan_table(struct plan *p)
{
    p->row = table_row;
    p->table.to = p->to;
    p->streams = p->row != hu_table_row && p->to->storage_bits >= 8 && p->to->storage_bits <= 32;
}
