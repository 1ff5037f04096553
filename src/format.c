#include "format.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/*
 * Sources: fp64, fp32, fp16: IEEE 754-2019 table 3.5. bf16: Intel BFLOAT16 white paper (2018).
 * tf32: NVIDIA A100 white paper (2020). fp8_e5m2, fp8_e4m3: OCP OFP8 rev. 1.0. The fnuz formats:
 * arXiv:2206.02915; e4m3b11fnuz and e3m4: ml_dtypes. fp6, fp4, e8m0: OCP MX rev. 1.0 section 5.3.
 */
static const struct hu_format named[] = {
    {"fp64", 64, 11, 52, 64, 0, 1023, HU_SPECIALS_IEEE},
    {"fp32", 32, 8, 23, 32, 0, 127, HU_SPECIALS_IEEE},
    {"tf32", 19, 8, 10, 32, 13, 127, HU_SPECIALS_IEEE},
    {"bf16", 16, 8, 7, 16, 0, 127, HU_SPECIALS_IEEE},
    {"fp16", 16, 5, 10, 16, 0, 15, HU_SPECIALS_IEEE},
    {"fp8_e5m2", 8, 5, 2, 8, 0, 15, HU_SPECIALS_IEEE},
    {"fp8_e4m3", 8, 4, 3, 8, 0, 7, HU_SPECIALS_FN},
    {"fp8_e4m3fnuz", 8, 4, 3, 8, 0, 8, HU_SPECIALS_FNUZ},
    {"fp8_e5m2fnuz", 8, 5, 2, 8, 0, 16, HU_SPECIALS_FNUZ},
    {"fp8_e4m3b11fnuz", 8, 4, 3, 8, 0, 11, HU_SPECIALS_FNUZ},
    {"fp8_e3m4", 8, 3, 4, 8, 0, 3, HU_SPECIALS_IEEE},
    {"fp6_e3m2", 6, 3, 2, 6, 0, 3, HU_SPECIALS_NONE},
    {"fp6_e2m3", 6, 2, 3, 6, 0, 1, HU_SPECIALS_NONE},
    {"fp4_e2m1", 4, 2, 1, 4, 0, 1, HU_SPECIALS_NONE},
    {"e8m0", 8, 8, 0, 8, 0, 127, HU_SPECIALS_SCALE},
};

enum { NAMED = sizeof named / sizeof *named };

/* The one-byte layouts of the packed formats. */
static const struct hu_format unpacked[] = {
    {"fp6_e3m2_unpacked", 6, 3, 2, 8, 0, 3, HU_SPECIALS_NONE},
    {"fp6_e2m3_unpacked", 6, 2, 3, 8, 0, 1, HU_SPECIALS_NONE},
    {"fp4_e2m1_unpacked", 4, 2, 1, 8, 0, 1, HU_SPECIALS_NONE},
    {"int4_unpacked", 4, 0, 3, 8, 0, -2, HU_SPECIALS_INTEGER},
    {"uint4_unpacked", 4, 0, 4, 8, 0, -3, HU_SPECIALS_INTEGER},
};

enum { UNPACKED = sizeof unpacked / sizeof *unpacked };

static const struct hu_integer integers[] = {
    {"int4", 4, 4, true},      {"uint4", 4, 4, false},    {"int8", 8, 8, true},
    {"uint8", 8, 8, false},    {"int16", 16, 16, true},   {"uint16", 16, 16, false},
    {"int32", 32, 32, true},   {"uint32", 32, 32, false}, {"int64", 64, 64, true},
    {"uint64", 64, 64, false}, {"bool", 1, 8, false},
};

/* The same as formats: every code has the unit 2^0. */
#define SIGNED(name, bits)                                                                         \
    {                                                                                              \
        name, bits, 0, (bits)-1, bits, 0, 2 - (bits), HU_SPECIALS_INTEGER                          \
    }
#define UNSIGNED(name, bits)                                                                       \
    {                                                                                              \
        name, bits, 0, bits, bits, 0, 1 - (bits), HU_SPECIALS_INTEGER                              \
    }

static const struct hu_format integer_formats[] = {
    SIGNED("int4", 4),   UNSIGNED("uint4", 4),   SIGNED("int8", 8),   UNSIGNED("uint8", 8),
    SIGNED("int16", 16), UNSIGNED("uint16", 16), SIGNED("int32", 32), UNSIGNED("uint32", 32),
    SIGNED("int64", 64), UNSIGNED("uint64", 64),
};

enum {
    INTEGERS = sizeof integers / sizeof *integers,
    INTEGER_FORMATS = sizeof integer_formats / sizeof *integer_formats,
};
_Static_assert(INTEGER_FORMATS == INTEGERS - 1, "all but bool");

size_t hu_format_count(void)
{
    return NAMED;
}

const struct hu_format *hu_format_at(size_t index)
{
    return index < NAMED ? &named[index] : NULL;
}

size_t hu_unpacked_count(void)
{
    return UNPACKED;
}

const struct hu_format *hu_unpacked_at(size_t index)
{
    return index < UNPACKED ? &unpacked[index] : NULL;
}

size_t hu_integer_count(void)
{
    return INTEGERS;
}

const struct hu_integer *hu_integer_at(size_t index)
{
    return index < INTEGERS ? &integers[index] : NULL;
}

const struct hu_format *hu_integer_format(size_t index)
{
    return index < INTEGER_FORMATS ? &integer_formats[index] : NULL;
}

/* The families: all their members, made once, so that a pointer to one stays good. */
enum {
    X_MIN = 2,
    X_MAX = 15,
    Y_MAX = HU_MAX_WIDTH - 1 - X_MIN,
    SUFFIXES = 4,
    /* P3109's widths; "binary15p10se". */
    K_MIN = 3,
    K_MAX = 15,
};

static struct hu_format exmy[SUFFIXES][X_MAX + 1][Y_MAX + 1];
static char exmy_names[SUFFIXES][X_MAX + 1][Y_MAX + 1][16];
static struct hu_format p3109[2][2][K_MAX + 1][K_MAX + 1];
static char p3109_names[2][2][K_MAX + 1][K_MAX + 1][16];
static pthread_once_t families_once = PTHREAD_ONCE_INIT;

static const struct {
    const char *suffix;
    enum hu_specials specials;
} suffixes[SUFFIXES] = {
    {"", HU_SPECIALS_IEEE},
    {"fn", HU_SPECIALS_FN},
    {"fnuz", HU_SPECIALS_FNUZ},
    {"finite", HU_SPECIALS_NONE},
};

static unsigned char storage_for(int width)
{
    return width <= 8 ? 8 : width <= 16 ? 16 : width <= 32 ? 32 : 64;
}

/* A bare name that is an OCP format's needs the suffix to mean IEEE. */
static bool is_ocp(int x, int y)
{
    for (size_t i = 0; i < NAMED; i++)
        if (named[i].width <= 8 && named[i].exponent_bits == x && named[i].trailing_bits == y &&
            hu_is_signed(&named[i]))
            return true;
    return false;
}

static void make_exmy(int s, int x, int y)
{
    enum hu_specials specials = suffixes[s].specials;
    bool ieee = specials == HU_SPECIALS_IEEE && is_ocp(x, y);
    char *name = exmy_names[s][x][y];
    snprintf(name, sizeof exmy_names[s][x][y], "e%dm%d%s", x, y,
             ieee ? "ieee" : suffixes[s].suffix);
    int bias = 1 << (x - 1);
    exmy[s][x][y] = (struct hu_format){
        .name = name,
        .width = (unsigned char)(1 + x + y),
        .exponent_bits = (unsigned char)x,
        .trailing_bits = (unsigned char)y,
        .storage_bits = storage_for(1 + x + y),
        .bias = specials == HU_SPECIALS_FNUZ ? bias : bias - 1,
        .specials = specials,
    };
}

/* The bias: gfloat 0.5's format_info_p3109. */
static void make_p3109(bool is_signed, bool finite, int k, int p)
{
    char *name = p3109_names[is_signed][finite][k][p];
    snprintf(name, sizeof p3109_names[is_signed][finite][k][p], "binary%dp%d%c%c", k, p,
             is_signed ? 's' : 'u', finite ? 'f' : 'e');
    int exponent_bits = k - p + !is_signed;
    p3109[is_signed][finite][k][p] = (struct hu_format){
        .name = name,
        .width = (unsigned char)k,
        .exponent_bits = (unsigned char)exponent_bits,
        .trailing_bits = (unsigned char)(p - 1),
        .storage_bits = storage_for(k),
        .bias = 1 << (exponent_bits - 1),
        .specials = finite ? HU_SPECIALS_P3109_FINITE : HU_SPECIALS_P3109,
    };
}

static void make_families(void)
{
    for (int s = 0; s < SUFFIXES; s++)
        for (int x = X_MIN; x <= X_MAX; x++)
            for (int y = 0; 1 + x + y <= HU_MAX_WIDTH; y++)
                make_exmy(s, x, y);
    for (int k = K_MIN; k <= K_MAX; k++)
        for (int p = 1; p <= k; p++)
            for (int finite = 0; finite < 2; finite++) {
                if (p < k)
                    make_p3109(true, finite, k, p);
                make_p3109(false, finite, k, p);
            }
}

const struct hu_format *hu_format_exmy(int x, int y, enum hu_specials specials)
{
    if (x < X_MIN || x > X_MAX || y < 0 || 1 + x + y > HU_MAX_WIDTH)
        return NULL;
    pthread_once(&families_once, make_families);
    for (int s = 0; s < SUFFIXES; s++)
        if (suffixes[s].specials == specials)
            return &exmy[s][x][y];
    return NULL;
}

const struct hu_format *hu_format_p3109(int k, int p, bool is_signed, bool finite)
{
    if (k < K_MIN || k > K_MAX || p < 1 || p > k - is_signed)
        return NULL;
    pthread_once(&families_once, make_families);
    return &p3109[is_signed][finite][k][p];
}

/* An IEEE-style format without trailing bits has room for infinity alone. */
bool hu_has_nan(const struct hu_format *f)
{
    return hu_nan_codes(f) > 0;
}

uint64_t hu_nan_codes(const struct hu_format *f)
{
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return 2 * hu_trailing_mask(f);
    case HU_SPECIALS_FN:
        return 2;
    case HU_SPECIALS_FNUZ:
    case HU_SPECIALS_SCALE:
    case HU_SPECIALS_P3109:
    case HU_SPECIALS_P3109_FINITE:
        return 1;
    case HU_SPECIALS_NONE:
    case HU_SPECIALS_INTEGER:
        break;
    }
    return 0;
}

uint64_t hu_finite_codes(const struct hu_format *f)
{
    if (hu_is_integer(f))
        return hu_width_mask(f) + 1;
    uint64_t positive = hu_max_finite_code(f) + 1;
    if (!hu_is_signed(f))
        return positive;
    return 2 * positive - (hu_has_negative_zero(f) ? 0 : 1);
}

uint64_t hu_default_nan_code(const struct hu_format *f)
{
    if (f->specials == HU_SPECIALS_IEEE)
        return hu_infinity_code(f) | (hu_trailing_mask(f) + 1) >> 1;
    if (hu_has_lone_nan(f))
        return hu_lone_nan_code(f);
    return hu_width_mask(f) & ~hu_sign_mask(f);
}

const char *hu_specials_name(const struct hu_format *f)
{
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return "IEEE";
    case HU_SPECIALS_FN:
        return "OCP: no infinity, NaN only S.1…1.1…1";
    case HU_SPECIALS_FNUZ:
        return "no infinity, no −0, NaN only the code of −0";
    case HU_SPECIALS_NONE:
        return "none: every code is finite";
    case HU_SPECIALS_P3109:
        return hu_is_signed(f) ? "P3109: infinities at the ends, no −0, NaN only the code of −0"
                               : "P3109: infinity below the last code, which is NaN";
    case HU_SPECIALS_P3109_FINITE:
        return hu_is_signed(f) ? "P3109: no infinity, no −0, NaN only the code of −0"
                               : "P3109: no infinity, NaN only the last code";
    case HU_SPECIALS_INTEGER:
        return hu_is_signed(f) ? "an integer in two's complement" : "an integer without sign";
    case HU_SPECIALS_SCALE:
        break;
    }
    return "a scale: unsigned powers of two, no zero, NaN is all ones";
}
