// github.com/jax-ml/ml_dtypes, and Eigen on which it stands for fp16 and bf16.
#include <cstdint>

#include <Eigen/Core>

#if !EIGEN_VERSION_AT_LEAST(3, 4, 90) // what ml_dtypes wants of a newer Eigen
namespace Eigen::numext
{
template <int Bytes> struct get_integer_by_size;
template <> struct get_integer_by_size<1> {
    typedef uint8_t unsigned_type;
};
template <> struct get_integer_by_size<2> {
    typedef uint16_t unsigned_type;
};
template <> struct get_integer_by_size<4> {
    typedef uint32_t unsigned_type;
};
template <> struct get_integer_by_size<8> {
    typedef uint64_t unsigned_type;
};
} // namespace Eigen::numext
#endif

#include "ml_dtypes/include/float8.h"
#include "peers.h"

extern "C" {
PEER_LOOP(fp32_fp8_e4m3, float, ml_dtypes::float8_e4m3fn, static_cast<ml_dtypes::float8_e4m3fn>)
PEER_LOOP(fp32_fp8_e5m2, float, ml_dtypes::float8_e5m2, static_cast<ml_dtypes::float8_e5m2>)
PEER_LOOP(fp8_e4m3_fp32, ml_dtypes::float8_e4m3fn, float, static_cast<float>)
PEER_LOOP(fp32_bf16, float, Eigen::bfloat16, static_cast<Eigen::bfloat16>)
PEER_LOOP(fp32_fp16, float, Eigen::half, static_cast<Eigen::half>)
PEER_LOOP(fp16_fp32, Eigen::half, float, static_cast<float>)
}
