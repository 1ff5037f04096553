/* Operations of github.com/ucb-bar/berkeley-softfloat-3, whose bf16 has none: there by its fp32. */
#include <softfloat.h>
#include <stddef.h>

#define PEER(name, type, expression)                                                               \
    void name(const void *a, const void *b, const void *c, void *r, size_t n)                      \
    {                                                                                              \
        const type *x = a, *y = b, *z = c;                                                         \
        type *to = r;                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            to[i] = expression;                                                                    \
        (void)x, (void)y, (void)z;                                                                 \
    }
#define PEERS(format, type, prefix)                                                                \
    PEER(format##_add, type, prefix##_add(x[i], y[i]))                                             \
    PEER(format##_mul, type, prefix##_mul(x[i], y[i]))                                             \
    PEER(format##_fma, type, prefix##_mulAdd(x[i], y[i], z[i]))                                    \
    PEER(format##_div, type, prefix##_div(x[i], y[i]))                                             \
    PEER(format##_sqrt, type, prefix##_sqrt(x[i]))
PEERS(fp16, float16_t, f16)
PEERS(fp32, float32_t, f32)
PEERS(fp64, float64_t, f64)

#define WIDE(x) bf16_to_f32(x)
PEER(bf16_add, bfloat16_t, f32_to_bf16(f32_add(WIDE(x[i]), WIDE(y[i]))))
PEER(bf16_mul, bfloat16_t, f32_to_bf16(f32_mul(WIDE(x[i]), WIDE(y[i]))))
PEER(bf16_fma, bfloat16_t, f32_to_bf16(f32_mulAdd(WIDE(x[i]), WIDE(y[i]), WIDE(z[i]))))
PEER(bf16_div, bfloat16_t, f32_to_bf16(f32_div(WIDE(x[i]), WIDE(y[i]))))
PEER(bf16_sqrt, bfloat16_t, f32_to_bf16(f32_sqrt(WIDE(x[i]))))
