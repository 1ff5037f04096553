#include "codec.h"
#include "convert.h"
#include "reference.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 10 };

/* The fields of a row of fixtures/found.tsv; false: a remark, or a conversion without a fault. */
static bool read_row(char *line, char *fields[FIELDS])
{
    if (*line == '#')
        return false;
    line[strcspn(line, "\n")] = '\0';
    int n = 0;
    for (char *field; (field = strsep(&line, "\t")) && n < FIELDS; n++)
        fields[n] = field;
    cr_assert(n == FIELDS && !line, "%s: not %d fields", fields[0], FIELDS);
    return strcmp(fields[7], "-") != 0;
}

static uint64_t code(const char *digits)
{
    char *end;
    uint64_t bits = strtoull(digits, &end, 16);
    cr_assert(*digits && !*end, "%s", digits);
    return bits;
}

static bool is_nan(const struct hu_format *f, uint64_t bits)
{
    return hu_is_nan(hu_decode(f, bits));
}

/* What verify found in other people's code is right here, and MPFR says so too. */
Test(found, what_others_get_wrong_is_right_here)
{
    struct hu_reference *r = hu_reference_new();
    FILE *file = fopen(FIXTURES "/found.tsv", "r");
    cr_assert(r && file);
    char line[512], *fields[FIELDS];
    int rows = 0;
    while (fgets(line, sizeof line, file)) {
        if (!read_row(line, fields))
            continue;
        const struct hu_format *from = hu_format_find(fields[3]), *to = hu_format_find(fields[4]);
        cr_assert(from && to, "%s: %s to %s", fields[0], fields[3], fields[4]);
        struct hu_options o = {.saturate = strcmp(fields[5], "saturate") == 0};
        cr_assert(o.saturate || strcmp(fields[5], "-") == 0, "%s", fields[5]);
        uint64_t input = code(fields[6]), result = code(fields[7]), right = code(fields[8]);
        cr_assert_eq(hu_convert(to, from, input, &o, NULL), right, "%s %s", fields[0], fields[6]);
        cr_assert_eq(hu_reference_convert(r, to, from, input, &o, NULL), right, "%s %s: MPFR",
                     fields[0], fields[6]);
        /* Another NaN would be no fault. */
        cr_assert(result != right && !(is_nan(to, result) && is_nan(to, right)), "%s %s", fields[0],
                  fields[6]);
        rows++;
    }
    fclose(file);
    hu_reference_free(r);
    cr_assert_gt(rows, 20);
}
