#include "names.h"
#include "word_list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A canonical name and what else it is called, separated by spaces, in the normal form that
 * normalize() gives. */
struct called {
    const char *name;
    const char *aliases;
};

/*
 * IEEE 754; C23 and C++23 (float16_t); NumPy's names and character codes; PyTorch, JAX, ml_dtypes;
 * safetensors (f8_e4m3); ONNX TensorProto.DataType (float8e4m3fn); MLIR's builtin types (f8e4m3fn);
 * TensorFlow's DataType (dt_half); CUDA's cudaDataType_t and types (cuda_r_8f_e4m3, __nv_fp8_e4m3),
 * HIP's (hip_r_16f, __hip_fp8_e4m3_fnuz), CUTLASS (float_e4m3_t), Triton (float8e4nv); oneDNN and
 * RISC-V (hf8, bf8); AMD's matrix instructions (xf32).
 */
static const struct called formats[] = {
    {"fp64", "binary64 double float64 f64 f8 d e11m52 float64_t _float64 double_t float_ "
             "dt_double cuda_r_64f hip_r_64f"},
    {"fp32", "binary32 float single float32 f32 f4 f e8m23 float32_t _float32 float_t dt_float "
             "cuda_r_32f hip_r_32f"},
    {"tf32", "tensorfloat32 tensorfloat_32 tensor_float_32 tensor_float32 tfloat32 tfloat32_t xf32 "
             "xfloat32 e8m10"},
    {"bf16", "bfloat16 bfloat brain_float16 bfloat16_t bf16_t __bf16 _bfloat16 __nv_bfloat16 "
             "nv_bfloat16 __hip_bfloat16 hip_bfloat16 dt_bfloat16 cuda_r_16bf hip_r_16bf e8m7"},
    {"fp16", "binary16 half float16 f16 f2 e _float16 float16_t half_t __half __fp16 nv_half "
             "dt_half dt_float16 cuda_r_16f hip_r_16f e5m10"},
    {"fp8_e5m2", "e5m2 float8_e5m2 f8_e5m2 ofp8_e5m2 e5m2ieee float8e5m2 f8e5m2 fp8e5m2 bf8 "
                 "float_e5m2_t float8e5 fp8e5 __nv_fp8_e5m2 __hip_fp8_e5m2 dt_float8_e5m2 "
                 "cuda_r_8f_e5m2 hip_r_8f_e5m2"},
    {"fp8_e4m3", "e4m3 e4m3fn float8_e4m3fn fp8_e4m3fn f8_e4m3 f8_e4m3fn ofp8_e4m3 float8e4m3fn "
                 "f8e4m3fn fp8e4m3 hf8 fp8 float_e4m3_t float8e4nv fp8e4nv __nv_fp8_e4m3 "
                 "__hip_fp8_e4m3 dt_float8_e4m3fn cuda_r_8f_e4m3 hip_r_8f_e4m3"},
    {"fp8_e4m3fnuz", "e4m3fnuz float8_e4m3fnuz f8_e4m3fnuz float8e4m3fnuz f8e4m3fnuz float8e4b8 "
                     "fp8e4b8 __hip_fp8_e4m3_fnuz dt_float8_e4m3fnuz hip_r_8f_e4m3_fnuz"},
    {"fp8_e5m2fnuz", "e5m2fnuz float8_e5m2fnuz f8_e5m2fnuz float8e5m2fnuz f8e5m2fnuz float8e5b16 "
                     "fp8e5b16 __hip_fp8_e5m2_fnuz dt_float8_e5m2fnuz hip_r_8f_e5m2_fnuz"},
    {"fp8_e4m3b11fnuz", "e4m3b11fnuz float8_e4m3b11fnuz e4m3b11 f8_e4m3b11fnuz float8e4m3b11fnuz "
                        "f8e4m3b11fnuz dt_float8_e4m3b11fnuz"},
    {"fp8_e3m4", "e3m4 float8_e3m4 f8_e3m4 e3m4ieee float8e3m4 f8e3m4 fp8e3m4"},
    {"fp6_e3m2", "e3m2 float6_e3m2fn float6_e3m2 f6_e3m2 float6e3m2 f6e3m2fn fp6e3m2 float_e3m2_t "
                 "__nv_fp6_e3m2 __hip_fp6_e3m2 cuda_r_6f_e3m2"},
    {"fp6_e2m3", "e2m3 float6_e2m3fn float6_e2m3 f6_e2m3 float6e2m3 f6e2m3fn fp6e2m3 float_e2m3_t "
                 "__nv_fp6_e2m3 __hip_fp6_e2m3 cuda_r_6f_e2m3"},
    {"fp4_e2m1", "e2m1 fp4 float4_e2m1fn float4_e2m1 float4_e2m1fn_x2 f4_e2m1 float4e2m1 f4e2m1fn "
                 "fp4e2m1 float_e2m1_t __nv_fp4_e2m1 __hip_fp4_e2m1 dt_float4_e2m1fn "
                 "cuda_r_4f_e2m1"},
    {"e8m0", "e8m0fnu float8_e8m0fnu f8_e8m0 ue8m0 fp8_e8m0 float8e8m0 float8_e8m0 f8e8m0fnu "
             "float_ue8m0_t __nv_fp8_e8m0 dt_float8_e8m0fnu cuda_r_8f_ue8m0 hip_r_8f_ue8m0"},
    /* IEEE-style, where OCP's has fn: ml_dtypes, and MLIR without the underscore. */
    {"e4m3ieee", "float8_e4m3 f8e4m3 float8e4m3"},
    {"fp6_e3m2_unpacked", "e3m2_unpacked"},
    {"fp6_e2m3_unpacked", "e2m3_unpacked"},
    {"fp4_e2m1_unpacked", "e2m1_unpacked fp4_unpacked"},
    {"int4_unpacked", "i4_unpacked"},
    {"uint4_unpacked", "u4_unpacked"},
};

static const struct called integers[] = {
    {"int4", "i4 s4 si4 dt_int4 cuda_r_4i"},
    {"uint4", "u4 ui4 dt_uint4 cuda_r_4u"},
    {"int8", "i8 s8 si8 char byte int8_t dt_int8 cuda_r_8i hip_r_8i"},
    {"uint8", "u8 ui8 uchar ubyte uint8_t dt_uint8 cuda_r_8u hip_r_8u"},
    {"int16", "i16 s16 si16 short int16_t dt_int16 cuda_r_16i hip_r_16i"},
    {"uint16", "u16 ui16 ushort uint16_t dt_uint16 cuda_r_16u hip_r_16u"},
    {"int32", "i32 s32 si32 int intc int32_t dt_int32 cuda_r_32i hip_r_32i"},
    {"uint32", "u32 ui32 uint uintc uint32_t dt_uint32 cuda_r_32u hip_r_32u"},
    {"int64", "i64 s64 si64 long longlong int_ int64_t dt_int64 cuda_r_64i hip_r_64i"},
    {"uint64", "u64 ui64 ulong ulonglong uint_ uint64_t dt_uint64 cuda_r_64u hip_r_64u"},
    {"bool", "boolean bool_ bool8 dt_bool"},
};

/* NumPy's array-protocol strings behind a byte order; a digit counts bytes. */
static const struct called descrs[] = {
    {"fp16", "f2"},   {"fp32", "f4"},   {"fp64", "f8"},   {"int8", "i1"},
    {"int16", "i2"},  {"int32", "i4"},  {"int64", "i8"},  {"uint8", "u1"},
    {"uint16", "u2"}, {"uint32", "u4"}, {"uint64", "u8"}, {"bool", "b1"},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Modules and namespaces that stand before a name. */
static const char *const prefixes[] = {
    "torch.",
    "np.",
    "numpy.",
    "jnp.",
    "jax.numpy.",
    "ml_dtypes.",
    "tf.",
    "dtypes.",
    "tf.dtypes.",
    "onnx.",
    "tensorproto.",
    "onnx.tensorproto.",
    "tl.",
    "triton.language.",
    "cp.",
    "cupy.",
    "mx.",
    "mlx.core.",
    "paddle.",
    "keras.",
    "std::",
    "cutlass::",
    "nvcuda::wmma::precision::",
    "wmma::precision::",
};

static const char *without_prefix(const char *name)
{
    size_t longest = 0;
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        if (n > longest && !strncmp(name, prefixes[i], n) && name[n])
            longest = n;
    }
    return name + longest;
}

/* Lower case, '-' as '_', without a module's prefix. False: longer than any name. */
static bool normalize(char out[HU_MAX_NAME], const char *name)
{
    char lower[HU_MAX_NAME];
    size_t i = 0;
    for (; name[i]; i++) {
        if (i == HU_MAX_NAME - 1)
            return false;
        lower[i] = name[i] == '-' ? '_' : (char)tolower((unsigned char)name[i]);
    }
    lower[i] = 0;
    strcpy(out, without_prefix(lower));
    return *out;
}

/* The canonical name of KEY in a table; NULL: it has none. */
static const char *canonical(const struct called *rows, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i].name, key) || hu_has_word(rows[i].aliases, key))
            return rows[i].name;
    return NULL;
}

static const struct hu_format *row_of(const char *name)
{
    for (size_t i = 0; i < hu_format_count(); i++)
        if (!strcmp(hu_format_at(i)->name, name))
            return hu_format_at(i);
    for (size_t i = 0; i < hu_unpacked_count(); i++)
        if (!strcmp(hu_unpacked_at(i)->name, name))
            return hu_unpacked_at(i);
    for (size_t i = 0; hu_integer_format(i); i++)
        if (!strcmp(hu_integer_format(i)->name, name))
            return hu_integer_format(i);
    return NULL;
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

/* eXmY, and the suffix that picks the special codes. A named IEEE format keeps its row. */
static const struct hu_format *find_exmy(const char *name)
{
    static const struct {
        const char *suffix;
        enum hu_specials specials;
    } suffixes[] = {
        {"", HU_SPECIALS_IEEE},     {"ieee", HU_SPECIALS_IEEE},   {"fn", HU_SPECIALS_FN},
        {"fnuz", HU_SPECIALS_FNUZ}, {"finite", HU_SPECIALS_NONE},
    };
    if (*name++ != 'e')
        return NULL;
    int x = read_count(&name);
    if (x < 0 || *name++ != 'm')
        return NULL;
    int y = read_count(&name);
    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (!strcmp(name, suffixes[i].suffix)) {
            const struct hu_format *f = hu_format_exmy(x, y, suffixes[i].specials);
            for (size_t n = 0; f && n < hu_format_count(); n++) {
                const struct hu_format *row = hu_format_at(n);
                if (row->exponent_bits == x && row->trailing_bits == y && row->bias == f->bias &&
                    row->specials == f->specials)
                    return row;
            }
            return f;
        }
    return NULL;
}

/* binary{K}p{P}, and {s|u}{e|f} where it is not se; gfloat says p3109_k{K}p{P} before that. */
static const struct hu_format *find_p3109(const char *name)
{
    static const char ours[] = "binary", gfloats[] = "p3109_k";
    const char *start = !strncmp(name, ours, strlen(ours))         ? ours
                        : !strncmp(name, gfloats, strlen(gfloats)) ? gfloats
                                                                   : NULL;
    if (!start)
        return NULL;
    name += strlen(start);
    int k = read_count(&name);
    if (k < 0 || *name++ != 'p')
        return NULL;
    int p = read_count(&name);
    const char *rest = *name ? name : "se";
    bool known = (*rest == 's' || *rest == 'u') && (rest[1] == 'e' || rest[1] == 'f') && !rest[2];
    return known ? hu_format_p3109(k, p, *rest == 's', rest[1] == 'f') : NULL;
}

/* NumPy's "<f2"; KEY is normalized. */
static const char *find_descr(const char *key)
{
    if (!strchr("<>=|", *key))
        return NULL;
    return canonical(descrs, COUNT(descrs), key + 1);
}

const struct hu_format *hu_format_find(const char *name)
{
    char key[HU_MAX_NAME];
    if (!name)
        return NULL;
    /* The program's own names for them, which it asks for over and over. */
    const struct hu_format *row = row_of(name);
    if (row || !normalize(key, name))
        return row;
    if (!strcmp(name, "F4")) /* safetensors; f4 is NumPy's */
        return row_of("fp4_e2m1");
    const char *known = find_descr(key);
    if (!known)
        known = canonical(formats, COUNT(formats), key);
    if (!known)
        known = canonical(integers, COUNT(integers), key);
    if (known && row_of(known))
        return row_of(known);
    const struct hu_format *f = find_exmy(known ? known : key);
    return f ? f : find_p3109(key);
}

const struct hu_format *hu_array_format_find(const char *name, bool *big_endian)
{
    char key[HU_MAX_NAME + 3];
    if (!name || strlen(name) >= sizeof key)
        return NULL;
    strcpy(key, name);
    char *order = strrchr(key, ':');
    bool big = order && !strcasecmp(order, ":be");
    if (big || (order && !strcasecmp(order, ":le")))
        *order = 0;
    *big_endian = big || *key == '>';
    return hu_format_find(key);
}

const struct hu_integer *hu_integer_find(const char *name)
{
    char key[HU_MAX_NAME];
    if (!name || !normalize(key, name))
        return NULL;
    const char *known = find_descr(key);
    if (!known)
        known = canonical(integers, COUNT(integers), key);
    for (size_t i = 0; known && i < hu_integer_count(); i++)
        if (!strcmp(hu_integer_at(i)->name, known))
            return hu_integer_at(i);
    return NULL;
}

const char *hu_name_note(const char *name)
{
    char key[HU_MAX_NAME];
    if (!normalize(key, name))
        return NULL;
    if (!strcmp(name, "F4"))
        return "F4 is safetensors' name of fp4_e2m1; NumPy's f4 is fp32";
    if (!strcmp(key, "f4"))
        return "f4 is NumPy's name of fp32; safetensors' F4 is fp4_e2m1";
    if (hu_has_word("float8_e4m3 f8e4m3 float8e4m3", key))
        return "that is ml_dtypes' and MLIR's IEEE-style e4m3; OCP's is fp8_e4m3, their e4m3fn";
    if (hu_has_word("i4 u4", key))
        return "that is an integer of 4 bits; NumPy's of 4 bytes are int32 and uint32";
    return NULL;
}

enum { NEAREST = 3 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The letters to insert, delete, exchange or swap that make A into B. */
static int distance(const char *a, const char *b)
{
    int n = (int)strlen(a), m = (int)strlen(b);
    int row[3][HU_MAX_NAME + 1];
    for (int j = 0; j <= m; j++)
        row[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            now[j] = least(before[j] + 1, now[j - 1] + 1);
            now[j] = least(now[j], before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

/* The nearest names so far, the nearest first, at most one for each format. */
struct near {
    struct near_name {
        char word[HU_MAX_NAME];
        const char *of;
        int apart;
    } at[NEAREST];
    int count;
};

/* The names from FROM on move by one place: they go to TO. */
static void move(struct near *n, int to, int from)
{
    memmove(&n->at[to], &n->at[from], (size_t)(n->count - from) * sizeof *n->at);
    n->count += to - from;
}

static void consider(struct near *n, const char *word, const char *of, int apart)
{
    for (int i = 0; i < n->count; i++)
        if (n->at[i].of == of) {
            if (n->at[i].apart <= apart)
                return;
            move(n, i, i + 1);
        }
    int at = n->count;
    while (at > 0 && n->at[at - 1].apart > apart)
        at--;
    if (at == NEAREST)
        return;
    n->count -= n->count == NEAREST;
    move(n, at + 1, at);
    strcpy(n->at[at].word, word);
    n->at[at].of = of;
    n->at[at].apart = apart;
}

static void consider_all(struct near *n, const struct called *rows, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        char word[HU_MAX_NAME];
        consider(n, rows[i].name, rows[i].name, distance(key, rows[i].name));
        for (const char *at = rows[i].aliases; hu_next_word(&at, ' ', word, sizeof word);)
            consider(n, word, rows[i].name, distance(key, word));
    }
}

/* A third of the letters may be wrong, of two one, and what is offered beside the nearest is near
 * too.
 */
static const char *suggest(char out[HU_SUGGESTION], const char *key, const struct near *n)
{
    int letters = (int)strlen(key), most = letters == 2 ? 1 : least(letters / 3, 3), shown = 0;
    while (shown < n->count && n->at[shown].apart <= most &&
           n->at[shown].apart <= n->at[0].apart + 1)
        shown++;
    size_t used = 0;
    for (int i = 0; i < shown; i++)
        used += (size_t)snprintf(out + used, HU_SUGGESTION - used, "%s%s",
                                 !i               ? "did you mean "
                                 : i == shown - 1 ? " or "
                                                  : ", ",
                                 n->at[i].word);
    if (shown)
        snprintf(out + used, HU_SUGGESTION - used, "?");
    return out;
}

const char *hu_name_suggestion(char out[HU_SUGGESTION], const char *name)
{
    char key[HU_MAX_NAME];
    struct near near = {.count = 0};
    *out = 0;
    if (!normalize(key, name) || hu_integer_find(name))
        return out; /* bool, which is no format, is no slip either */
    consider_all(&near, formats, COUNT(formats), key);
    consider_all(&near, integers, COUNT(integers), key);
    return suggest(out, key, &near);
}

const char *hu_suggestion_of(char out[HU_SUGGESTION], const char *name,
                             const char *(*name_at)(int index), int count)
{
    char key[HU_MAX_NAME];
    struct near near = {.count = 0};
    *out = 0;
    if (!normalize(key, name))
        return out;
    for (int i = 0; i < count; i++)
        if (name_at(i))
            consider(&near, name_at(i), name_at(i), distance(key, name_at(i)));
    return suggest(out, key, &near);
}
