#!/bin/sh
# Builds the peers whose sources are named and races them: see usage.
set -eu

usage() {
    cat <<'USAGE'
usage: [SOFTFLOAT=DIR] [FP16=DIR] [XNNPACK=DIR] [CPFLOAT=DIR PCG=DIR] [ML_DTYPES=DIR]
       tests/bench/peers/race.sh BUILD [bench_array's options…]

Each DIR is a checkout of the peer (its address stands in its file here); SoftFloat's must be built, with
-fPIC among SOFTFLOAT_OPTS. PCG is github.com/imneme/pcg-c with libpcg_random.a built with -fPIC. ml_dtypes wants
Eigen's headers, NumPy python3-dev's. Without any, the compiler's loops race, and NumPy where there is python3-config.
BUILD is where halfulp was built; the peers go to BUILD/peers.
USAGE
}

if [ $# -lt 1 ] || [ ! -d "$1" ]; then
    usage >&2
    exit 2
fi
build=$1 here=$(cd "$(dirname "$0")" && pwd)
shift
out=$(cd "$build" && pwd)/peers
mkdir -p "$out"
peers=

# NAME SOURCE [compiler arguments…]: the shared object, and each of its pairs as a peer
peer() {
    name=$1 source=$2
    shift 2
    case $source in
    *.cc) ${CXX:-c++} -std=c++17 -O3 -march=native -fPIC -shared -o "$out/$name.so" "$here/$source" "$@" ;;
    *) ${CC:-cc} -O3 -march=native -fPIC -shared -o "$out/$name.so" "$here/$source" "$@" ;;
    esac
    # functions are FROM_TO or FROM_TO_flushing; a format may have a _ of its own
    for pair in $(nm -D --defined-only "$out/$name.so" | awk '$2 == "T" && $3 ~ /^(fp|bf)[0-9]+_/ && $3 !~ /_to_/ { print $3 }'); do
        to=${pair%_flushing} label=$name
        [ "$to" = "$pair" ] || label=$name,flushing
        from=$(echo "$to" | sed -E 's/^(fp8_e[0-9]m[0-9]|[a-z]+[0-9]+)_.*/\1/')
        to=${to#"$from"_}
        peers="$peers --peer $label:$from:$to=$out/$name.so:$pair"
    done
}

# Operations of SoftFloat, as peers of bench_operation.
operations=
if [ -n "${SOFTFLOAT:-}" ]; then
    ${CC:-cc} -O3 -fPIC -shared -o "$out/SoftFloat-operation.so" "$here/softfloat_operation.c" \
        -I"$SOFTFLOAT/source/include" "$SOFTFLOAT"/build/Linux-x86_64-GCC/softfloat.a
    for format in fp16 bf16 fp32 fp64; do
        for operation in add mul fma div sqrt; do
            operations="$operations --peer SoftFloat:$operation:$format=$out/SoftFloat-operation.so:${format}_$operation"
        done
    done
fi
# shellcheck disable=SC2086 # words
[ ! -x "$build/tests/bench/bench_operation" ] || "$build/tests/bench/bench_operation" $operations

peer C-loop c_loop.c
[ -z "${FP16:-}" ] || peer FP16 fp16.c -I"$FP16/include"
[ -z "${SOFTFLOAT:-}" ] || peer SoftFloat softfloat.c -I"$SOFTFLOAT/source/include" \
    "$SOFTFLOAT"/build/Linux-x86_64-GCC/softfloat.a
if [ -n "${XNNPACK:-}" ]; then
    # its headers name one of another project, of which the micro-kernels use nothing
    mkdir -p "$out/include"
    echo 'typedef struct pthreadpool *pthreadpool_t;' >"$out/include/pthreadpool.h"
    peer XNNPACK xnnpack.c -DNDEBUG -I"$out/include" -I"$XNNPACK" -I"$XNNPACK/include" -mavx512f -mavx512bw \
        -mavx512dq -mavx512vl -mavx512bf16 -mf16c -mfma \
        "$XNNPACK"/src/f32-f16-vcvt/gen/f32-f16-vcvt-avx512skx-u32.c \
        "$XNNPACK"/src/f16-f32-vcvt/gen/f16-f32-vcvt-avx512skx-u32.c \
        "$XNNPACK"/src/f32-bf16-vcvt/gen/f32-bf16-vcvt-avx512skx-u32.c \
        "$XNNPACK"/src/f32-bf16-vcvt/gen/f32-bf16-vcvt-avx512bf16-u32.c \
        "$XNNPACK"/src/bf16-f32-vcvt/gen/bf16-f32-vcvt-avx512skx-u32.c
fi
[ -z "${CPFLOAT:-}" ] || peer CPFloat cpfloat.c -include "$PCG/include/pcg_variants.h" -I"$CPFLOAT/src" \
    -fopenmp "$PCG/src/libpcg_random.a" -lm
[ -z "${ML_DTYPES:-}" ] || peer ml_dtypes ml_dtypes.cc -I"$ML_DTYPES" -I"${EIGEN:-/usr/include/eigen3}" -I"$here"
if python3-config --embed --ldflags >/dev/null 2>&1; then
    # shellcheck disable=SC2046 # words
    peer NumPy numpy.c $(python3-config --includes) $(python3-config --embed --ldflags)
    # NumPy's own modules want the interpreter's names
    LD_PRELOAD=$(ldd "$out/NumPy.so" | awk '/libpython/ { print $3 }')
    export LD_PRELOAD
fi
# shellcheck disable=SC2086 # words
exec "$build/tests/bench/bench_array" $peers "$@"
