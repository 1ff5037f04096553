#include "figure.h"
#include "wide.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *hu_basis_name(enum hu_basis basis)
{
    static const char *const names[] = {"exact", "modelled", "rule of thumb", "unknown"};
    return names[basis];
}

void hu_figure_add(struct hu_figures *terms, const char *name, uint64_t bytes, enum hu_basis basis,
                   const char *format, ...)
{
    if (terms->count == HU_FIGURES_MAX)
        return;
    struct hu_figure *t = &terms->rows[terms->count++];
    va_list arguments;
    va_start(arguments, format);
    snprintf(t->name, sizeof t->name, "%s", name);
    vsnprintf(t->formula, sizeof t->formula, format, arguments);
    va_end(arguments);
    t->topic = terms->topic;
    t->bytes = bytes;
    t->basis = basis;
}

char *hu_grouped(uint64_t n, char *out)
{
    char digits[21];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

uint64_t hu_scaled(uint64_t n, uint64_t millionths)
{
    struct hu_wide scaled = hu_wide_product(n, millionths);
    hu_wide_add(&scaled, hu_wide_of(HU_MILLION / 2));
    hu_wide_divide(&scaled, HU_MILLION);
    uint64_t word;
    return hu_wide_fits(scaled, &word) ? word : UINT64_MAX;
}
