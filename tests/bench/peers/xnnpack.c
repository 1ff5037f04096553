/* github.com/google/XNNPACK, its micro-kernels for AVX-512; fp32_bf16_flushing is AVX512_BF16's,
 * which takes subnormals for zeros. */
#include "peers.h"

#define PEER_KERNEL(name, kernel, bytes)                                                           \
    void kernel(size_t batch, const void *in, void *out, const void *parameters);                  \
    void name(const void *src, void *dst, size_t n)                                                \
    {                                                                                              \
        kernel(n *(bytes), src, dst, NULL);                                                        \
    }

PEER_KERNEL(fp32_fp16, xnn_f32_f16_vcvt_ukernel__avx512skx_u32, 4)
PEER_KERNEL(fp16_fp32, xnn_f16_f32_vcvt_ukernel__avx512skx_u32, 2)
PEER_KERNEL(fp32_bf16, xnn_f32_bf16_vcvt_ukernel__avx512skx_u32, 4)
PEER_KERNEL(fp32_bf16_flushing, xnn_f32_bf16_vcvt_ukernel__avx512bf16_u32, 4)
PEER_KERNEL(bf16_fp32, xnn_bf16_f32_vcvt_ukernel__avx512skx_u32, 2)
