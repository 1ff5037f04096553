#include "format.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Aliases are separated by spaces and in the normal form that normalize() gives. */
struct named_format {
    struct hu_format format;
    const char *aliases;
};

/*
 * Sources: fp64, fp32, fp16: IEEE 754-2019 table 3.5. bf16: Intel BFLOAT16 white paper (2018).
 * tf32: NVIDIA A100 white paper (2020). fp8_e5m2, fp8_e4m3: OCP OFP8 rev. 1.0. The fnuz formats:
 * arXiv:2206.02915; e4m3b11fnuz and e3m4: ml_dtypes. fp6, fp4, e8m0: OCP MX rev. 1.0 section 5.3.
 */
static const struct named_format named[] = {
    {{"fp64", 64, 11, 52, 64, 0, 1023, HU_SPECIALS_IEEE},
     "binary64 double float64 f64 f8 d e11m52"},
    {{"fp32", 32, 8, 23, 32, 0, 127, HU_SPECIALS_IEEE},
     "binary32 float single float32 f32 f4 e8m23"},
    {{"tf32", 19, 8, 10, 32, 13, 127, HU_SPECIALS_IEEE},
     "tensorfloat32 tensorfloat_32 tensor_float_32 e8m10"},
    {{"bf16", 16, 8, 7, 16, 0, 127, HU_SPECIALS_IEEE}, "bfloat16 bfloat brain_float16 e8m7"},
    {{"fp16", 16, 5, 10, 16, 0, 15, HU_SPECIALS_IEEE},
     "binary16 half float16 f16 f2 _float16 e5m10"},
    {{"fp8_e5m2", 8, 5, 2, 8, 0, 15, HU_SPECIALS_IEEE},
     "e5m2 float8_e5m2 f8_e5m2 ofp8_e5m2 e5m2ieee"},
    {{"fp8_e4m3", 8, 4, 3, 8, 0, 7, HU_SPECIALS_FN},
     "e4m3 e4m3fn float8_e4m3fn fp8_e4m3fn f8_e4m3 f8_e4m3fn ofp8_e4m3"},
    {{"fp8_e4m3fnuz", 8, 4, 3, 8, 0, 8, HU_SPECIALS_FNUZ}, "e4m3fnuz float8_e4m3fnuz f8_e4m3fnuz"},
    {{"fp8_e5m2fnuz", 8, 5, 2, 8, 0, 16, HU_SPECIALS_FNUZ}, "e5m2fnuz float8_e5m2fnuz f8_e5m2fnuz"},
    {{"fp8_e4m3b11fnuz", 8, 4, 3, 8, 0, 11, HU_SPECIALS_FNUZ},
     "e4m3b11fnuz float8_e4m3b11fnuz e4m3b11 f8_e4m3b11fnuz"},
    {{"fp8_e3m4", 8, 3, 4, 8, 0, 3, HU_SPECIALS_IEEE}, "e3m4 float8_e3m4 f8_e3m4 e3m4ieee"},
    {{"fp6_e3m2", 6, 3, 2, 6, 0, 3, HU_SPECIALS_NONE}, "e3m2 float6_e3m2fn f6_e3m2"},
    {{"fp6_e2m3", 6, 2, 3, 6, 0, 1, HU_SPECIALS_NONE}, "e2m3 float6_e2m3fn f6_e2m3"},
    {{"fp4_e2m1", 4, 2, 1, 4, 0, 1, HU_SPECIALS_NONE},
     "e2m1 fp4 float4_e2m1fn float4_e2m1fn_x2 f4_e2m1"},
    {{"e8m0", 8, 8, 0, 8, 0, 127, HU_SPECIALS_SCALE},
     "e8m0fnu float8_e8m0fnu f8_e8m0 ue8m0 fp8_e8m0"},
};

enum { NAMED = sizeof named / sizeof *named };

/* The one-byte layouts of the packed formats. */
static const struct named_format unpacked[] = {
    {{"fp6_e3m2_unpacked", 6, 3, 2, 8, 0, 3, HU_SPECIALS_NONE}, "e3m2_unpacked"},
    {{"fp6_e2m3_unpacked", 6, 2, 3, 8, 0, 1, HU_SPECIALS_NONE}, "e2m3_unpacked"},
    {{"fp4_e2m1_unpacked", 4, 2, 1, 8, 0, 1, HU_SPECIALS_NONE}, "e2m1_unpacked fp4_unpacked"},
};

static const struct hu_integer integers[] = {
    {"int4", 4, 4, true},      {"uint4", 4, 4, false},    {"int8", 8, 8, true},
    {"uint8", 8, 8, false},    {"int16", 16, 16, true},   {"uint16", 16, 16, false},
    {"int32", 32, 32, true},   {"uint32", 32, 32, false}, {"int64", 64, 64, true},
    {"uint64", 64, 64, false}, {"bool", 1, 8, false},
};

static const char *const integer_aliases[] = {
    "i4 s4",   "u4",       "i8 s8 char byte", "u8 uchar ubyte", "i16 short",           "u16 ushort",
    "i32 int", "u32 uint", "i64 long",        "u64 ulong",      "boolean bool_ bool8",
};

enum { INTEGERS = sizeof integers / sizeof *integers };
_Static_assert(sizeof integer_aliases / sizeof *integer_aliases == INTEGERS, "a row each");

/* Lower case, '-' as '_'. False: longer than any name. */
static bool normalize(char out[HU_MAX_NAME], const char *name)
{
    size_t i = 0;
    for (; name[i]; i++) {
        if (i == HU_MAX_NAME - 1)
            return false;
        out[i] = name[i] == '-' ? '_' : (char)tolower((unsigned char)name[i]);
    }
    out[i] = 0;
    return i > 0;
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length) {
        bool starts = at == words || at[-1] == ' ';
        if (starts && (at[length] == ' ' || !at[length]))
            return true;
    }
    return false;
}

static const struct hu_format *find_named(const struct named_format *rows, size_t n,
                                          const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i].format.name, name) || has_word(rows[i].aliases, name))
            return &rows[i].format;
    return NULL;
}

/* Custom formats: all of them, made once, so that a pointer to one stays good and equal names give
 * equal pointers. */
enum {
    X_MIN = 2,
    X_MAX = 15,
    Y_MAX = HU_MAX_WIDTH - 1 - X_MIN,
    SUFFIXES = 3,
};

static struct hu_format custom[SUFFIXES][X_MAX + 1][Y_MAX + 1];
static char custom_names[SUFFIXES][X_MAX + 1][Y_MAX + 1][24];
static pthread_once_t custom_once = PTHREAD_ONCE_INIT;

static const struct {
    const char *suffix;
    enum hu_specials specials;
} suffixes[SUFFIXES] = {
    {"", HU_SPECIALS_IEEE},
    {"fn", HU_SPECIALS_FN},
    {"fnuz", HU_SPECIALS_FNUZ},
};

static unsigned char storage_for(int width)
{
    return width <= 8 ? 8 : width <= 16 ? 16 : width <= 32 ? 32 : 64;
}

static void make_custom(void)
{
    for (int s = 0; s < SUFFIXES; s++)
        for (int x = X_MIN; x <= X_MAX; x++)
            for (int y = 0; 1 + x + y <= HU_MAX_WIDTH; y++) {
                enum hu_specials specials = suffixes[s].specials;
                /* A bare name that is an OCP format's needs the suffix to mean IEEE. */
                char bare[16];
                snprintf(bare, sizeof bare, "e%dm%d", x, y);
                bool taken = specials == HU_SPECIALS_IEEE && find_named(named, NAMED, bare);
                char *name = custom_names[s][x][y];
                snprintf(name, sizeof custom_names[s][x][y], "%s%s", bare,
                         taken ? "ieee" : suffixes[s].suffix);
                int bias = 1 << (x - 1);
                custom[s][x][y] = (struct hu_format){
                    .name = name,
                    .width = (unsigned char)(1 + x + y),
                    .exponent_bits = (unsigned char)x,
                    .trailing_bits = (unsigned char)y,
                    .storage_bits = storage_for(1 + x + y),
                    .bias = specials == HU_SPECIALS_FNUZ ? bias : bias - 1,
                    .specials = specials,
                };
            }
}

/* A decimal number without sign or leading zero; -1: none here. */
static int read_count(const char **at)
{
    if (!isdigit((unsigned char)**at) || (**at == '0' && isdigit((unsigned char)(*at)[1])))
        return -1;
    int n = 0;
    for (; isdigit((unsigned char)**at); ++*at)
        if (n < 1000)
            n = n * 10 + (**at - '0');
    return n;
}

static const struct hu_format *find_custom(const char *name)
{
    if (*name++ != 'e')
        return NULL;
    int x = read_count(&name);
    if (x < X_MIN || x > X_MAX || *name++ != 'm')
        return NULL;
    int y = read_count(&name);
    if (y < 0 || 1 + x + y > HU_MAX_WIDTH)
        return NULL;
    if (!strcmp(name, "ieee")) {
        name = "";
        char bare[16];
        snprintf(bare, sizeof bare, "e%dm%d", x, y);
        const struct hu_format *f = find_named(named, NAMED, bare);
        if (f && f->specials == HU_SPECIALS_IEEE)
            return f;
    }
    for (int s = 0; s < SUFFIXES; s++)
        if (!strcmp(name, suffixes[s].suffix)) {
            pthread_once(&custom_once, make_custom);
            return &custom[s][x][y];
        }
    return NULL;
}

/* ml_dtypes calls IEEE-style e4m3 float8_e4m3; OCP's is its float8_e4m3fn. */
static const char *resolve_ml_dtypes(const char *name)
{
    return strcmp(name, "float8_e4m3") ? name : "e4m3ieee";
}

const struct hu_format *hu_format_find(const char *name)
{
    char key[HU_MAX_NAME];
    if (!name || !normalize(key, name))
        return NULL;
    const struct hu_format *f = find_named(named, NAMED, key);
    if (!f)
        f = find_named(unpacked, sizeof unpacked / sizeof *unpacked, key);
    return f ? f : find_custom(resolve_ml_dtypes(key));
}

size_t hu_format_count(void)
{
    return NAMED;
}

const struct hu_format *hu_format_at(size_t index)
{
    return index < NAMED ? &named[index].format : NULL;
}

const struct hu_integer *hu_integer_find(const char *name)
{
    char key[HU_MAX_NAME];
    if (!name || !normalize(key, name))
        return NULL;
    for (size_t i = 0; i < INTEGERS; i++)
        if (!strcmp(integers[i].name, key) || has_word(integer_aliases[i], key))
            return &integers[i];
    return NULL;
}

size_t hu_integer_count(void)
{
    return INTEGERS;
}

const struct hu_integer *hu_integer_at(size_t index)
{
    return index < INTEGERS ? &integers[index] : NULL;
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
        return 1;
    case HU_SPECIALS_NONE:
        break;
    }
    return 0;
}

uint64_t hu_finite_codes(const struct hu_format *f)
{
    uint64_t positive = hu_max_finite_code(f) + 1;
    if (!hu_is_signed(f))
        return positive;
    return 2 * positive - (hu_has_negative_zero(f) ? 0 : 1);
}

uint64_t hu_default_nan_code(const struct hu_format *f)
{
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return hu_infinity_code(f) | (hu_trailing_mask(f) + 1) >> 1;
    case HU_SPECIALS_FNUZ:
        return hu_sign_mask(f);
    default:
        break;
    }
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
    case HU_SPECIALS_SCALE:
        break;
    }
    return "a scale: unsigned powers of two, no zero, NaN is all ones";
}
