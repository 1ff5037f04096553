/* What rows that are fast look up. */
#include "array/array.h"
#include "decode.h"

#include <pthread.h>

enum { SCALES = 256, CODES = 16 };

static float e4m3[SCALES];
static uint32_t fp8_powers[2][SCALES];
static struct hu_block_planes e8m0_planes[SCALES], ggml_e8m0_planes[SCALES],
    ggml_e4m3_planes[SCALES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Of fp4_e2m1 under 256 scales, each rounded once: all products are exact in fp64. */
static void fill_planes(const double *scales, double zero, struct hu_block_planes *to)
{
    const double magnitudes[CODES / 2] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    double products[SCALES * CODES];
    uint16_t halves[SCALES * CODES];
    float floats[SCALES * CODES];
    for (int i = 0; i < SCALES * CODES; i++) {
        double fp4 = magnitudes[i % 8], x = scales[i / CODES] * fp4;
        x = i % CODES < 8 ? x : fp4 != 0 ? -x : x * zero;
        products[i] = x != x ? __builtin_nan("") : x;
    }
    hu_convert_array(hu_format_find("bf16"), halves, hu_format_find("fp64"), products,
                     SCALES * CODES, NULL, NULL);
    hu_convert_array(hu_format_find("fp32"), floats, hu_format_find("fp64"), products,
                     SCALES * CODES, NULL, NULL);
    for (int i = 0; i < SCALES * CODES; i++) {
        struct hu_block_planes *p = &to[i / CODES];
        p->floats[i % CODES] = floats[i];
        p->halves[i % CODES] = halves[i];
        p->low[i % CODES] = (unsigned char)halves[i];
        p->high[i % CODES] = (unsigned char)(halves[i] >> 8);
    }
}

static void fill(void)
{
    const struct hu_format *fp64 = hu_format_find("fp64");
    double powers[SCALES], ggml[SCALES];
    for (unsigned code = 0; code < SCALES; code++) {
        double value = parts_value(fp64, hu_format_find("fp8_e4m3"), code);
        e4m3[code] = value != value ? __builtin_nanf("") : (float)value;
        /* Without a sign; 0x7f is zero, but 0xff a number. */
        ggml[code] = code == 0x7f ? 0 : code == 0xff ? 480 : __builtin_fabs(value);
        fp8_powers[0][code] = (code - 15) << 23;
        fp8_powers[1][code] = (code - 7) << 23;
        powers[code] = parts_value(fp64, hu_format_find("e8m0"), code);
    }
    fill_planes(powers, -1, e8m0_planes);
    fill_planes(powers, 1, ggml_e8m0_planes);
    fill_planes(ggml, 1, ggml_e4m3_planes);
}

const float *hu_block_e4m3_values(void)
{
    pthread_once(&once, fill);
    return e4m3;
}

const uint32_t *hu_block_fp8_powers(bool is_e4m3)
{
    pthread_once(&once, fill);
    return fp8_powers[is_e4m3];
}

const struct hu_block_planes *hu_block_e8m0_planes(void)
{
    pthread_once(&once, fill);
    return e8m0_planes;
}

const struct hu_block_planes *hu_block_ggml_e8m0_planes(void)
{
    pthread_once(&once, fill);
    return ggml_e8m0_planes;
}

const struct hu_block_planes *hu_block_ggml_e4m3_planes(void)
{
    pthread_once(&once, fill);
    return ggml_e4m3_planes;
}

const struct hu_block_planes *hu_block_e4m3_planes(float second)
{
    static _Thread_local struct {
        bool known;
        float second;
        struct hu_block_planes planes[SCALES];
    } last;
    if (!last.known || memcmp(&last.second, &second, sizeof second) != 0) {
        double scales[SCALES];
        for (int code = 0; code < SCALES; code++)
            scales[code] = (double)hu_block_e4m3_values()[code] * (double)second;
        fill_planes(scales, -1, last.planes);
        last.second = second;
        last.known = true;
    }
    return last.planes;
}
