/* Bytes as GiB and GB. */
#include "size.h"

#include <stdio.h>
#include <string.h>

static char *scaled(uint64_t bytes, double unit, char *out)
{
    double value = (double)bytes / unit;
    if (bytes && value < 0.005)
        strcpy(out, "<0.01");
    else
        snprintf(out, 24, "%.2f", value);
    return out;
}

char *size_gib(uint64_t bytes, char *out)
{
    return scaled(bytes, 1073741824.0, out);
}

char *size_gb(uint64_t bytes, char *out)
{
    return scaled(bytes, 1e9, out);
}
