/* The format table and the limits against literal fixtures with published sources. */
#include "operation.h"
#include "text.h"

#include <criterion/criterion.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls ROW on each line of the fixture that is no comment; returns how many. */
static int each_row(const char *path, void (*row)(char **fields, int count))
{
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    char line[8192];
    int rows = 0;
    while (fgets(line, sizeof line, file)) {
        if (*line == '#' || *line == '\n')
            continue;
        line[strcspn(line, "\n")] = 0;
        char *fields[24], *rest = line;
        int count = 0;
        while (rest && count < 24)
            fields[count++] = strsep(&rest, "\t");
        row(fields, count);
        rows++;
    }
    fclose(file);
    return rows;
}

static void check_format(char **field, int count)
{
    static const char *const specials[] = {"ieee", "fn", "fnuz", "none", "scale"};
    cr_assert_eq(count, 7, "%s", field[0]);
    const struct hu_format *f = hu_format_find(field[0]);
    cr_assert(f, "%s", field[0]);
    cr_assert_str_eq(f->name, field[0]);
    cr_assert_eq(f->width, atoi(field[1]), "%s", field[0]);
    cr_assert_eq(f->exponent_bits, atoi(field[2]), "%s", field[0]);
    cr_assert_eq(f->trailing_bits, atoi(field[3]), "%s", field[0]);
    cr_assert_eq(f->bias, atoi(field[4]), "%s", field[0]);
    cr_assert_str_eq(specials[f->specials], field[5], "%s", field[0]);
    cr_assert_eq(f->storage_bits, atoi(field[6]), "%s", field[0]);
}

Test(limits, the_format_table_is_the_published_one)
{
    int rows = each_row(FIXTURES "/formats.tsv", check_format);
    cr_assert_eq(rows, (int)hu_format_count());
}

static void check_value(const char *format, const char *what, const struct hu_format *f,
                        uint64_t code, const char *expected)
{
    char *exact = hu_datum_exact(f, code);
    cr_assert_str_eq(exact, expected, "%s %s", format, what);
    free(exact);
}

static void check_limits(char **field, int count)
{
    cr_assert_eq(count, 10, "%s", field[0]);
    const struct hu_format *f = hu_format_find(field[0]);
    uint64_t subnormal;
    check_value(field[0], "max", f, hu_max_finite_code(f), field[1]);
    check_value(field[0], "min_normal", f, hu_min_normal_code(f), field[2]);
    if (hu_min_subnormal_code(f, &subnormal))
        check_value(field[0], "min_subnormal", f, subnormal, field[3]);
    else
        cr_assert_str_eq(field[3], "-");
    check_value(field[0], "epsilon", f, hu_epsilon_code(f), field[4]);
    cr_assert_eq(hu_emin(f), atoi(field[5]), "%s", field[0]);
    cr_assert_eq(hu_emax(f), atoi(field[6]), "%s", field[0]);
    cr_assert_eq(hu_digits10(f), atoi(field[7]), "%s", field[0]);
    cr_assert_eq(hu_max_digits10(f), atoi(field[8]), "%s", field[0]);
    cr_assert_eq(hu_max_consecutive_integer(f), strtoull(field[9], NULL, 10), "%s", field[0]);
}

Test(limits, every_formats_limits_are_the_published_ones)
{
    int rows = each_row(FIXTURES "/limits.tsv", check_limits);
    cr_assert_eq(rows, (int)hu_format_count());
}

/* float.h is an independent source for two of them. */
Test(limits, fp32_and_fp64_agree_with_float_h)
{
    const struct hu_format *fp32 = hu_format_find("fp32"), *fp64 = hu_format_find("fp64");
    char text[HU_SHORTEST_TEXT];
    hu_shortest_print(text, fp32, hu_max_finite_code(fp32));
    cr_assert_eq(strtof(text, NULL), FLT_MAX);
    hu_shortest_print(text, fp64, hu_max_finite_code(fp64));
    cr_assert_eq(strtod(text, NULL), DBL_MAX);
    cr_assert_eq(hu_digits10(fp32), FLT_DIG);
    cr_assert_eq(hu_digits10(fp64), DBL_DIG);
    cr_assert_eq(hu_max_digits10(fp32), FLT_DECIMAL_DIG);
    cr_assert_eq(hu_max_digits10(fp64), DBL_DECIMAL_DIG);
    cr_assert_eq(hu_emin(fp64), DBL_MIN_EXP - 1);
    cr_assert_eq(hu_emax(fp64), DBL_MAX_EXP - 1);
}
