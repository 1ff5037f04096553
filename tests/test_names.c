/* What users call formats: one row for each name that is promised. */
#include "names.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

static const char *const names[][2] = {
    /* IEEE 754, C and C++. */
    {"binary64", "fp64"},
    {"binary32", "fp32"},
    {"binary16", "fp16"},
    {"float", "fp32"},
    {"double", "fp64"},
    {"_Float16", "fp16"},
    {"_Float32", "fp32"},
    {"_Float64", "fp64"},
    {"__fp16", "fp16"},
    {"__bf16", "bf16"},
    {"std::float16_t", "fp16"},
    {"std::float32_t", "fp32"},
    {"std::float64_t", "fp64"},
    {"std::bfloat16_t", "bf16"},
    {"int8_t", "int8"},
    {"std::uint64_t", "uint64"},
    /* NumPy: names, with and without the module, and array-protocol strings. */
    {"float16", "fp16"},
    {"half", "fp16"},
    {"single", "fp32"},
    {"np.float16", "fp16"},
    {"numpy.float32", "fp32"},
    {"np.half", "fp16"},
    {"np.double", "fp64"},
    {"np.int8", "int8"},
    {"np.uint16", "uint16"},
    {"f2", "fp16"},
    {"f4", "fp32"},
    {"f8", "fp64"},
    {"<f2", "fp16"},
    {"<f4", "fp32"},
    {">f8", "fp64"},
    {"=f4", "fp32"},
    {"|i1", "int8"},
    {"|u1", "uint8"},
    {"<i2", "int16"},
    {"<i4", "int32"},
    {"<u4", "uint32"},
    {"<i8", "int64"},
    {"<u8", "uint64"},
    /* PyTorch, JAX, ml_dtypes. */
    {"torch.bfloat16", "bf16"},
    {"torch.half", "fp16"},
    {"torch.float", "fp32"},
    {"torch.float8_e4m3fn", "fp8_e4m3"},
    {"torch.float8_e5m2", "fp8_e5m2"},
    {"torch.float8_e4m3fnuz", "fp8_e4m3fnuz"},
    {"torch.float8_e8m0fnu", "e8m0"},
    {"torch.float4_e2m1fn_x2", "fp4_e2m1"},
    {"torch.int32", "int32"},
    {"jnp.bfloat16", "bf16"},
    {"jax.numpy.float16", "fp16"},
    {"ml_dtypes.float8_e4m3b11fnuz", "fp8_e4m3b11fnuz"},
    {"ml_dtypes.float8_e4m3", "e4m3ieee"},
    {"ml_dtypes.float8_e3m4", "fp8_e3m4"},
    {"ml_dtypes.float6_e2m3fn", "fp6_e2m3"},
    {"ml_dtypes.int4", "int4"},
    {"bfloat16", "bf16"},
    {"float8_e5m2fnuz", "fp8_e5m2fnuz"},
    /* safetensors. */
    {"BF16", "bf16"},
    {"F16", "fp16"},
    {"F32", "fp32"},
    {"F64", "fp64"},
    {"F8_E4M3", "fp8_e4m3"},
    {"F8_E5M2", "fp8_e5m2"},
    {"F8_E8M0", "e8m0"},
    {"F6_E2M3", "fp6_e2m3"},
    {"F6_E3M2", "fp6_e3m2"},
    {"F4", "fp4_e2m1"},
    {"I8", "int8"},
    {"U64", "uint64"},
    /* ONNX. */
    {"FLOAT16", "fp16"},
    {"FLOAT8E4M3FN", "fp8_e4m3"},
    {"FLOAT8E4M3FNUZ", "fp8_e4m3fnuz"},
    {"FLOAT8E5M2", "fp8_e5m2"},
    {"FLOAT8E5M2FNUZ", "fp8_e5m2fnuz"},
    {"FLOAT4E2M1", "fp4_e2m1"},
    {"FLOAT8E8M0", "e8m0"},
    {"onnx.TensorProto.FLOAT8E4M3FNUZ", "fp8_e4m3fnuz"},
    /* MLIR. */
    {"f16", "fp16"},
    {"f8E4M3FN", "fp8_e4m3"},
    {"f8E5M2", "fp8_e5m2"},
    {"f8E4M3", "e4m3ieee"},
    {"f8E3M4", "fp8_e3m4"},
    {"f8E4M3FNUZ", "fp8_e4m3fnuz"},
    {"f8E5M2FNUZ", "fp8_e5m2fnuz"},
    {"f8E4M3B11FNUZ", "fp8_e4m3b11fnuz"},
    {"f8E8M0FNU", "e8m0"},
    {"f6E2M3FN", "fp6_e2m3"},
    {"f6E3M2FN", "fp6_e3m2"},
    {"f4E2M1FN", "fp4_e2m1"},
    {"si8", "int8"},
    {"ui16", "uint16"},
    /* TensorFlow. */
    {"DT_HALF", "fp16"},
    {"DT_FLOAT", "fp32"},
    {"DT_DOUBLE", "fp64"},
    {"DT_BFLOAT16", "bf16"},
    {"DT_FLOAT8_E4M3FN", "fp8_e4m3"},
    {"DT_FLOAT8_E5M2", "fp8_e5m2"},
    {"DT_INT8", "int8"},
    {"tf.bfloat16", "bf16"},
    /* CUDA, HIP, CUTLASS, Triton. */
    {"__half", "fp16"},
    {"__nv_bfloat16", "bf16"},
    {"nv_bfloat16", "bf16"},
    {"__nv_fp8_e4m3", "fp8_e4m3"},
    {"__nv_fp8_e5m2", "fp8_e5m2"},
    {"__nv_fp6_e2m3", "fp6_e2m3"},
    {"__nv_fp6_e3m2", "fp6_e3m2"},
    {"__nv_fp4_e2m1", "fp4_e2m1"},
    {"CUDA_R_16F", "fp16"},
    {"CUDA_R_16BF", "bf16"},
    {"CUDA_R_32F", "fp32"},
    {"CUDA_R_64F", "fp64"},
    {"CUDA_R_8F_E4M3", "fp8_e4m3"},
    {"CUDA_R_8F_E5M2", "fp8_e5m2"},
    {"CUDA_R_8F_UE8M0", "e8m0"},
    {"CUDA_R_4F_E2M1", "fp4_e2m1"},
    {"CUDA_R_8I", "int8"},
    {"__hip_bfloat16", "bf16"},
    {"__hip_fp8_e4m3", "fp8_e4m3"},
    {"__hip_fp8_e4m3_fnuz", "fp8_e4m3fnuz"},
    {"__hip_fp8_e5m2_fnuz", "fp8_e5m2fnuz"},
    {"HIP_R_16F", "fp16"},
    {"cutlass::float_e4m3_t", "fp8_e4m3"},
    {"cutlass::tfloat32_t", "tf32"},
    {"nvcuda::wmma::precision::tf32", "tf32"},
    {"tl.float8e4nv", "fp8_e4m3"},
    {"tl.float8e5", "fp8_e5m2"},
    {"tl.float8e4b8", "fp8_e4m3fnuz"},
    {"xf32", "tf32"},
    /* RISC-V, oneDNN, OCP, vLLM. */
    {"hf8", "fp8_e4m3"},
    {"bf8", "fp8_e5m2"},
    {"OFP8_E4M3", "fp8_e4m3"},
    {"fp8", "fp8_e4m3"},
    {"e4m3", "fp8_e4m3"},
    {"e3m2", "fp6_e3m2"},
    {"e2m3", "fp6_e2m3"},
    {"e2m1", "fp4_e2m1"},
    /* Families. */
    {"e4m3ieee", "e4m3ieee"},
    {"e6m9", "e6m9"},
    {"e6m9fn", "e6m9fn"},
    {"e5m10finite", "e5m10finite"},
    {"e3m2finite", "fp6_e3m2"},
    {"e8m7ieee", "bf16"},
    {"binary8p4", "binary8p4se"},
    {"binary8p4se", "binary8p4se"},
    {"binary8p3uf", "binary8p3uf"},
    {"p3109_k8p4se", "binary8p4se"},
    {"P3109_k15p15uf", "binary15p15uf"},
    {"binary3p1", "binary3p1se"},
};

Test(names, every_promised_name_is_known)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct hu_format *f = hu_format_find(names[i][0]);
        cr_assert(f, "%s", names[i][0]);
        cr_assert_str_eq(f->name, names[i][1], "%s", names[i][0]);
        cr_assert_eq(hu_format_find(f->name), f, "%s: a name finds its own row", f->name);
    }
}

Test(names, any_case_will_do_but_for_f4)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char upper[64] = "", lower[64] = "";
        if (!strcasecmp(names[i][0], "f4"))
            continue;
        for (size_t c = 0; names[i][0][c]; c++) {
            upper[c] = (char)toupper((unsigned char)names[i][0][c]);
            lower[c] = (char)tolower((unsigned char)names[i][0][c]);
        }
        cr_assert_eq(hu_format_find(upper), hu_format_find(names[i][0]), "%s", upper);
        cr_assert_eq(hu_format_find(lower), hu_format_find(names[i][0]), "%s", lower);
    }
}

Test(names, what_is_no_format_is_not_found)
{
    static const char *const none[] = {"",
                                       "torch.",
                                       "np",
                                       "<",
                                       "<f3",
                                       "<i4x",
                                       "f4 ",
                                       "float8",
                                       "int3",
                                       "bool",
                                       "uint128",
                                       "binary8",
                                       "binary2p1",
                                       "binary16p4",
                                       "binary8p0",
                                       "binary8p8se",
                                       "binary8p9uf",
                                       "binary8p4xe",
                                       "binary8p4sx",
                                       "binary8p4s",
                                       "p3109_8p4se",
                                       "e5m10fin",
                                       "torch.torch.float16"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_null(hu_format_find(none[i]), "'%s'", none[i]);
}

Test(names, a_name_with_two_meanings_is_noted)
{
    cr_assert_str_eq(hu_format_find("F4")->name, "fp4_e2m1");
    cr_assert_str_eq(hu_format_find("f4")->name, "fp32");
    cr_assert(strstr(hu_name_note("F4"), "NumPy's f4 is fp32"));
    cr_assert(strstr(hu_name_note("f4"), "safetensors' F4 is fp4_e2m1"));
    cr_assert(strstr(hu_name_note("float8_e4m3"), "OCP's is fp8_e4m3"));
    cr_assert_null(hu_name_note("fp32"));
    cr_assert_null(hu_name_note("float8_e4m3fn"));
}

Test(names, a_slip_is_answered_with_the_nearest_names)
{
    static const char *const slips[][2] = {
        {"flot16", "did you mean float16 or bfloat16?"},
        {"torch.flot16", "did you mean float16 or bfloat16?"},
        {"fp61", "fp16"},
        {"fp8_e4m4", "fp8_e4m3"},
        {"bfloat61", "did you mean bfloat16"},
        {"doubel", "did you mean double"},
        {"int23", "int32"},
        {"uint9", "uint8"},
        {"f8_e5m3", "f8_e5m2"},
        {"xyzzy", ""},
        {"", ""},
        {"a-name-that-is-much-longer-than-any-format-has-ever-had-in-the-world", ""},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        char out[HU_SUGGESTION];
        const char *said = hu_name_suggestion(out, slips[i][0]);
        cr_assert(strstr(said, slips[i][1]), "%s: %s", slips[i][0], said);
        cr_assert(*slips[i][1] || !*said, "%s: %s", slips[i][0], said);
    }
}

Test(names, an_arrays_format_tells_its_byte_order)
{
    static const struct {
        const char *name, *format;
        bool big_endian;
    } rows[] = {{"fp32", "fp32", false},         {"fp32:be", "fp32", true},
                {"torch.half:BE", "fp16", true}, {"fp32:le", "fp32", false},
                {">f4", "fp32", true},           {"<f4", "fp32", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool big_endian;
        const struct hu_format *f = hu_array_format_find(rows[i].name, &big_endian);
        cr_assert(f, "%s", rows[i].name);
        cr_assert_str_eq(f->name, rows[i].format);
        cr_assert_eq(big_endian, rows[i].big_endian, "%s", rows[i].name);
    }
    bool unused;
    cr_assert_null(hu_array_format_find("fp32:me", &unused));
    cr_assert_null(hu_array_format_find(":be", &unused));
}

Test(names, integers_are_dtypes_and_formats)
{
    for (size_t i = 0; i < hu_integer_count(); i++) {
        const struct hu_integer *n = hu_integer_at(i);
        const struct hu_format *f = hu_integer_format(i);
        cr_assert_eq(hu_integer_find(n->name), n);
        cr_assert_eq(hu_format_find(n->name), f, "%s", n->name);
        if (!f) {
            cr_assert_str_eq(n->name, "bool");
            continue;
        }
        cr_assert_eq(f->width, n->width);
        cr_assert_eq(f->storage_bits, n->storage_bits);
        cr_assert_eq(hu_is_signed(f), n->is_signed);
    }
}
