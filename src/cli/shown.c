#include "shown.h"
#include "report.h"
#include "terminal.h"

#include <math.h>
#include <stdlib.h>

char *shown_ulps(const mpq_t ulps, int digits)
{
    double value = fabs(mpq_get_d(ulps));
    if (isnormal(value))
        return text_new("%.*g ulp", digits, value);
    OWNED char *text = hu_ratio_scientific(ulps, digits, false);
    return text_new("%s ulp", text + (*text == '-'));
}
