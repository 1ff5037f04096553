#include "format.h"

#include <criterion/criterion.h>
#include <string.h>

Test(format, names_find_the_row_in_any_case)
{
    static const char *const pairs[][2] = {
        {"binary32", "fp32"},
        {"Float", "fp32"},
        {"float16", "fp16"},
        {"f4", "fp32"},
        {"bfloat16", "bf16"},
        {"float8_e4m3fn", "fp8_e4m3"},
        {"BF16", "bf16"},
        {"F8_E4M3", "fp8_e4m3"},
        {"e4m3", "fp8_e4m3"},
        {"E3M2", "fp6_e3m2"},
        {"e2m3", "fp6_e2m3"},
        {"e2m1", "fp4_e2m1"},
        {"e4m3ieee", "e4m3ieee"},
        {"float8_e4m3", "e4m3ieee"},
        {"double", "fp64"},
        {"e5m2", "fp8_e5m2"},
        {"e5m10", "fp16"},
        {"e6m9", "e6m9"},
        {"E6M9FN", "e6m9fn"},
        {"float8_e8m0fnu", "e8m0"},
        {"TensorFloat-32", "tf32"},
        {"e8m7ieee", "bf16"},
        {"float4_e2m1fn", "fp4_e2m1"},
        {"e2m61", "e2m61"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct hu_format *f = hu_format_find(pairs[i][0]);
        cr_assert(f, "%s", pairs[i][0]);
        cr_assert_str_eq(f->name, pairs[i][1], "%s", pairs[i][0]);
        cr_assert_eq(hu_format_find(f->name), f, "%s: a name finds its own row", f->name);
    }
}

Test(format, unknown_names_find_nothing)
{
    static const char *const names[] = {
        "",      "fp",    "e1m3",   "e16m3", "e8m56",     "e8m",      "em",
        "e08m7", "e8m07", "e5m10x", "fp128", "e4m3fnuzz", "float32 ", "e999999999999m1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_assert_null(hu_format_find(names[i]), "'%s'", names[i]);
    cr_assert_null(hu_format_find(NULL));
}
