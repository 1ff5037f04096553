/* What rows that are fast look up: made once. */
#include "array/array.h"
#include "decode.h"

#include <pthread.h>

static float e4m3[256];
static struct hu_block_planes planes[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill_planes(const struct hu_format *fp64)
{
    const struct hu_format *fp4 = hu_format_find("fp4_e2m1"), *e8m0 = hu_format_find("e8m0");
    for (unsigned scale = 0; scale < 256; scale++)
        for (unsigned code = 0; code < 16; code++) {
            double value = parts_value(fp64, fp4, code) * parts_value(fp64, e8m0, scale);
            uint16_t half;
            value = value != value ? __builtin_nan("") : value;
            hu_convert_array(hu_format_find("bf16"), &half, fp64, &value, 1, NULL, NULL);
            planes[scale].low[code] = (unsigned char)half;
            planes[scale].high[code] = (unsigned char)(half >> 8);
            planes[scale].halves[code] = half;
        }
}

static void fill(void)
{
    const struct hu_format *f = hu_format_find("fp8_e4m3"), *fp64 = hu_format_find("fp64");
    fill_planes(fp64);
    for (unsigned code = 0; code < 256; code++) {
        double value = parts_value(fp64, f, code);
        e4m3[code] = value != value ? __builtin_nanf("") : (float)value;
    }
}

const float *hu_block_e4m3_values(void)
{
    pthread_once(&once, fill);
    return e4m3;
}

const struct hu_block_planes *hu_block_fp4_planes(void)
{
    pthread_once(&once, fill);
    return planes;
}
