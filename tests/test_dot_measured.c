/*
 * The models against outputs of real devices, published by Khattak and Mikaitis beside their
 * toolbox (github.com/north-numerical-computing/MATLAB-tensor-core, model_validation). The data are
 * not part of this repository: HALFULP_MEASURED names the folder, and without it nothing is tried.
 */
#include "dot.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GREATEST_K = 64, LINES = 5000 };

struct recording {
    const char *device, *folder, *format; /* as the files and as we call it */
    int k;
    const char *result; /* of the file of results */
    const char *model;
    bool zero_c; /* wgmma was run without C */
};

static const struct recording recordings[] = {
    {"V100", "fp16", "fp16", 4, "fp32", "v100", false},
    {"V100", "fp16", "fp16", 4, "fp16", "v100", false},
    {"A100", "fp16", "fp16", 8, "fp32", "a100", false},
    {"A100", "fp16", "fp16", 8, "fp16", "a100", false},
    {"A100", "bf16", "bf16", 8, "fp32", "a100", false},
    {"A100", "tf32", "tf32", 4, "fp32", "a100", false},
    {"A2", "fp16", "fp16", 8, "fp32", "a100", false},
    {"A2", "fp16", "fp16", 8, "fp16", "a100", false},
    {"A2", "bf16", "bf16", 8, "fp32", "a100", false},
    {"A2", "tf32", "tf32", 4, "fp32", "a100", false},
    {"Ada", "fp16", "fp16", 8, "fp32", "ada", false},
    {"Ada", "fp16", "fp16", 8, "fp16", "ada", false},
    {"Ada", "bf16", "bf16", 8, "fp32", "ada", false},
    {"Ada", "tf32", "tf32", 4, "fp32", "ada", false},
    {"Ada", "E4M3", "fp8_e4m3", 32, "fp32", "ada-fp8", false},
    {"Ada", "E4M3", "fp8_e4m3", 32, "fp16", "ada-fp8", false},
    {"Ada", "E5M2", "fp8_e5m2", 32, "fp32", "ada-fp8", false},
    {"Ada", "E5M2", "fp8_e5m2", 32, "fp16", "ada-fp8", false},
    {"L40S", "fp16", "fp16", 8, "fp32", "ada", false},
    {"L40S", "fp16", "fp16", 8, "fp16", "ada", false},
    {"L40S", "bf16", "bf16", 8, "fp32", "ada", false},
    {"L40S", "tf32", "tf32", 4, "fp32", "ada", false},
    {"L40S", "E4M3", "fp8_e4m3", 32, "fp32", "ada-fp8", false},
    {"L40S", "E5M2", "fp8_e5m2", 32, "fp32", "ada-fp8", false},
    {"H100", "fp16", "fp16", 16, "fp32", "h100", false},
    {"H100", "fp16", "fp16", 16, "fp16", "h100", false},
    {"H100", "bf16", "bf16", 16, "fp32", "h100", false},
    {"H100", "tf32", "tf32", 4, "fp32", "h100", false},
    {"H100", "E4M3", "fp8_e4m3", 32, "fp32", "h100-fp8", true},
    {"H100", "E4M3", "fp8_e4m3", 32, "fp16", "mma-sync-fp8", false},
    {"H100", "E5M2", "fp8_e5m2", 32, "fp32", "h100-fp8", true},
    {"H100", "E5M2", "fp8_e5m2", 32, "fp16", "mma-sync-fp8", false},
    {"H200", "fp16", "fp16", 16, "fp32", "h100", false},
    {"H200", "fp16", "fp16", 16, "fp16", "h100", false},
    {"H200", "bf16", "bf16", 16, "fp32", "h100", false},
    {"H200", "tf32", "tf32", 4, "fp32", "h100", false},
    {"H200", "E4M3", "fp8_e4m3", 32, "fp32", "h100-fp8", true},
    {"H200", "E4M3", "fp8_e4m3", 32, "fp16", "mma-sync-fp8", false},
    {"H200", "E5M2", "fp8_e5m2", 32, "fp32", "h100-fp8", true},
    {"H200", "E5M2", "fp8_e5m2", 32, "fp16", "mma-sync-fp8", false},
    {"B200", "fp16", "fp16", 16, "fp32", "b200", false},
    {"B200", "fp16", "fp16", 16, "fp16", "b200", false},
    {"B200", "bf16", "bf16", 16, "fp32", "b200", false},
    {"B200", "tf32", "tf32", 4, "fp32", "b200", false},
    {"B200", "E4M3", "fp8_e4m3", 32, "fp32", "mma-sync-fp8", false},
    {"B200", "E4M3", "fp8_e4m3", 32, "fp16", "mma-sync-fp8", false},
    {"B200", "E5M2", "fp8_e5m2", 32, "fp32", "mma-sync-fp8", false},
    {"B200", "E5M2", "fp8_e5m2", 32, "fp16", "mma-sync-fp8", false},
};

static FILE *open_file(const struct recording *r, const char *operand, const char *format)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s/%s_%s_%s.txt", getenv("HALFULP_MEASURED"), r->device,
             r->folder, operand, r->device, format);
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    return file;
}

/* Every word in the files is an fp32 that the format has: hexadecimal in a and b, binary in c and
 * d. */
static uint64_t read_word(FILE *file, int base, const struct hu_format *f)
{
    char word[40];
    unsigned flags = 0;
    cr_assert_eq(fscanf(file, "%39s", word), 1);
    uint64_t bits = strtoull(word, NULL, base);
    return hu_convert(f, hu_format_find("fp32"), bits, NULL, &flags);
}

static bool is_nan(const struct hu_format *f, uint64_t bits)
{
    return hu_is_nan(hu_decode(f, bits));
}

static long misses_of(const struct recording *r)
{
    uint64_t a[GREATEST_K], b[GREATEST_K];
    const struct hu_format *f = hu_format_find(r->format), *g = hu_format_find(r->result);
    struct hu_dot dot = {.model = hu_dot_model_find(r->model),
                         .format = f,
                         .accumulate = g,
                         .a = a,
                         .b = b,
                         .n = (size_t)r->k};
    FILE *files[] = {open_file(r, "a", r->folder), open_file(r, "b", r->folder),
                     open_file(r, "c", "fp32"), open_file(r, "d", r->result)};
    long misses = 0;
    for (int line = 0; line < LINES; line++) {
        for (int i = 0; i < r->k; i++) {
            a[i] = read_word(files[0], 16, f);
            b[i] = read_word(files[1], 16, f);
        }
        dot.c = read_word(files[2], 2, g);
        if (r->zero_c)
            dot.c = 0;
        uint64_t got = hu_dot_run(&dot), expected = read_word(files[3], 2, g);
        if (got != expected && !(is_nan(g, got) && is_nan(g, expected)) && !misses++)
            printf("# %s %s->%s line %d: got 0x%llx, measured 0x%llx\n", r->device, r->folder,
                   r->result, line + 1, (unsigned long long)got, (unsigned long long)expected);
    }
    for (int i = 0; i < 4; i++)
        fclose(files[i]);
    return misses;
}

Test(dot_measured, models_give_the_outputs_that_were_measured)
{
    if (!getenv("HALFULP_MEASURED"))
        cr_skip_test("HALFULP_MEASURED names no folder of measured outputs");
    long misses = 0, outputs = 0;
    for (size_t i = 0; i < sizeof recordings / sizeof *recordings; i++) {
        long here = misses_of(&recordings[i]);
        printf("# %s %s->%s, %s: %ld of %d missed\n", recordings[i].device, recordings[i].folder,
               recordings[i].result, recordings[i].model, here, LINES);
        misses += here;
        outputs += LINES;
    }
    cr_assert_eq(misses, 0, "%ld of %ld outputs missed", misses, outputs);
}
