/* IEEE P3109's formats against what gfloat says of them. */
#include "convert.h"
#include "float_bits.h"
#include "text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t fp64_bits(const char *text)
{
    return hu_bits_of_double(strtod(text, NULL));
}

/* One line of fixtures/p3109.tsv. */
static void check_p3109_codes(char **field)
{
    const struct hu_format *f = hu_format_find(field[0]), *fp64 = hu_format_find("fp64");
    cr_assert(f, "%s", field[0]);
    cr_assert_str_eq(f->name, field[0]);
    cr_assert_eq(hu_default_nan_code(f), strtoull(field[1], NULL, 16), "%s", f->name);
    cr_assert_eq(hu_has_infinity(f), *field[2] != '-', "%s", f->name);
    if (hu_has_infinity(f))
        cr_assert_eq(hu_infinity_code(f), strtoull(field[2], NULL, 16), "%s", f->name);
    if (*field[3] != '-')
        cr_assert_eq(hu_infinity_code(f) | hu_sign_mask(f), strtoull(field[3], NULL, 16));
    cr_assert_eq(hu_max_finite_code(f), strtoull(field[4], NULL, 16), "%s", f->name);
    for (int i = 4; i <= 6; i += 2)
        cr_assert_eq(hu_convert(fp64, f, strtoull(field[i], NULL, 16), NULL, NULL),
                     fp64_bits(field[i + 1]), "%s: %s", f->name, field[i]);
    cr_assert_eq(hu_convert(f, fp64, fp64_bits("1"), NULL, NULL), strtoull(field[8], NULL, 16));
    cr_assert_eq(hu_finite_codes(f), strtoull(field[9], NULL, 10), "%s", f->name);
}

static void check_p3109_rounding(char **field)
{
    const struct hu_format *f = hu_format_find(field[1]), *fp64 = hu_format_find("fp64");
    struct hu_options o = {.saturate = *field[4] == '1'};
    cr_assert(hu_direction_read(field[3], &o.direction));
    uint64_t code = hu_convert(f, fp64, fp64_bits(field[2]), &o, NULL);
    if (!strcmp(field[5], "nan"))
        cr_assert_eq(code, hu_default_nan_code(f), "%s %s %s", f->name, field[2], field[3]);
    else /* but for the sign of a zero, which P3109's formats do not have */
        cr_assert_eq(hu_convert(fp64, f, code, NULL, NULL),
                     strtod(field[5], NULL) == 0 ? 0 : fp64_bits(field[5]), "%s %s %s", f->name,
                     field[2], field[3]);
}

Test(p3109, is_as_gfloat_has_it)
{
    FILE *file = fopen(FIXTURES "/p3109.tsv", "r");
    cr_assert(file);
    char line[512];
    int rows = 0;
    while (fgets(line, sizeof line, file)) {
        if (*line == '#')
            continue;
        line[strcspn(line, "\n")] = 0;
        char *field[10] = {0}, *rest = line;
        for (int i = 0; i < 10 && rest; i++)
            field[i] = strsep(&rest, "\t");
        (strcmp(field[0], "round") ? check_p3109_codes : check_p3109_rounding)(field);
        rows++;
    }
    fclose(file);
    cr_assert_gt(rows, 100);
}
