#!/bin/sh
# Compiles the conversion library with musl's headers, and runs what needs no GMP, of which Debian has
# no build for musl. $CC is a compiler for musl.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# GMP's header stands beside glibc's own.
gmp=$(printf '#include <gmp.h>\n' | cc -M -x c - | tr ' ' '\n' | grep '/gmp\.h$' | head -n 1)
cp "$gmp" "$scratch/gmp.h"
printf '#define _GNU_SOURCE 1\n' >"$scratch/config.h"
flags="-std=gnu11 -ffp-contract=off -Wall -Wextra -Werror -include $scratch/config.h -Isrc -idirafter $scratch"
objects=
for source in src/*.c src/array/*.c; do
    case $source in
    src/reference.c) continue ;; # MPFR's
    src/array/x86.c | src/array/avx*.c) [ "$(uname -m)" = x86_64 ] || continue ;;
    src/array/neon.c) [ "$(uname -m)" = aarch64 ] || continue ;;
    esac
    object=$scratch/$(echo "$source" | tr / -).o
    # shellcheck disable=SC2086
    $CC $flags ${CFLAGS-} -c "$source" -o "$object"
    objects="$objects $object"
done
# shellcheck disable=SC2086
ar cr "$scratch/libhalfulp.a" $objects
cat >"$scratch/run.c" <<'EOF'
#include "halfulp.h"
#include <stdio.h>
int main(void)
{
    static float x[1000];
    static unsigned short y[1000];
    unsigned flags = 0;
    for (int i = 0; i < 1000; i++)
        x[i] = (float)i + 0.0001f;
    x[7] = 65520;
    if (hu_convert_array(hu_format_find("fp16"), y, hu_format_find("fp32"), x, 1000, 0, &flags))
        return 1;
    printf("%04x %04x %04x %u\n", y[1], y[7], y[999], flags);
    return 0;
}
EOF
# shellcheck disable=SC2086
$CC $flags -static -o "$scratch/run" "$scratch/run.c" "$scratch/libhalfulp.a"
[ "$("$scratch/run")" = "3c00 7c00 63ce 12" ] || { "$scratch/run"; exit 1; }
