#!/usr/bin/env bash
# Whole commands: how long show takes from start to end, how many lines a second convert streams, and
# how stats of a file compares to reading it.
# Arguments: the program under test. Figures are medians of five; cat is the floor of a stream.
set -euo pipefail
halfulp=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
lines=10000000

median() { sort -n | sed -n 3p; }
now() { date +%s%N; }

timed() { # command…: milliseconds, five times
    for _ in 1 2 3 4 5; do
        local start
        start=$(now)
        "$@"
        echo $((($(now) - start) / 1000000))
    done
}

many() { # count, command…
    local n=$1
    shift
    for ((i = 0; i < n; i++)); do "$@" >/dev/null; done
}

stream() { # name, file, arguments…
    local name=$1 file=$2 n ms floor
    shift 2
    n=$(wc -l <"$file")
    into() { "$halfulp" "$@" <"$file" >"$scratch/out"; }
    copy() { cat "$file" >"$scratch/out"; }
    ms=$(timed into "$@" | median)
    floor=$(timed copy | median)
    printf '%-44s %7.1f M lines/s   (cat of the same file: %.0f)\n' "$name" \
        "$(awk "BEGIN { print $n / $ms / 1000 }")" "$(awk "BEGIN { print $n / ($floor + 1) / 1000 }")"
}

start=$(timed many 100 "$halfulp" show 0.1 | median)
floor=$(timed many 100 /bin/true | median)
awk "BEGIN { printf \"%-44s %7.2f ms         (/bin/true: %.2f)\n\", \"halfulp show 0.1\", $start / 100, $floor / 100 }"

awk -v n=$lines 'BEGIN { srand(1); for (i = 0; i < n; i++) printf "%08x\n", rand() * 4294967296 }' >"$scratch/hex"
stream "convert -f fp32 -t bf16" "$scratch/hex" convert -f fp32 -t bf16
stream "convert -f fp32 -t fp32 --values" "$scratch/hex" convert -f fp32 -t fp32 --values
awk 'BEGIN { srand(2); for (i = 0; i < 5000000; i++) printf "%.9g\n", (rand() - 0.5) * exp(20 * rand() - 10) }' >"$scratch/decimal"
stream "convert -t fp32 of decimals" "$scratch/decimal" convert -t fp32

rss() { /usr/bin/env python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[2:], stdin=open(sys.argv[1]), stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"; }
if command -v python3 >/dev/null; then
    head -n 1000 "$scratch/hex" >"$scratch/few"
    printf '%-44s %7d KB for 1,000 lines, %d KB for %d\n' "memory of a stream" \
        "$(rss "$scratch/few" "$halfulp" convert -f fp32 -t bf16)" \
        "$(rss "$scratch/hex" "$halfulp" convert -f fp32 -t bf16)" $lines
fi

# 1 GiB of fp32 in eight binades, almost without NaNs, from memory: the share of cat's speed that is reached.
head -c $((512 << 20)) /dev/urandom >"$scratch/bits"
"$halfulp" cast "$scratch/bits" -f e3m12fnuz -t fp32 -o "$scratch/fp32" >/dev/null
rm "$scratch/bits"
reading() { cat "$scratch/fp32" >/dev/null; }
floor=$(timed reading | median)
tensor() { # name, command, arguments…
    local name=$1 ms
    shift
    analyse() { "$halfulp" "$1" "$scratch/fp32" -f fp32 "${@:2}" >/dev/null; }
    ms=$(timed analyse "$@" | median)
    printf '%-44s %7d ms         (%.2f of cat, %d ms)\n' "$name" "$ms" "$(awk "BEGIN { print $floor / $ms }")" "$floor"
}
tensor "stats, fp8_e4m3" stats -t fp8_e4m3
tensor "stats, five targets" stats -t bf16,fp16,fp8_e4m3,fp8_e5m2,tf32
tensor "stats, fp8_e4m3 in block scales" stats -t fp8_e4m3 --scale block
tensor "stats, fp8_e4m3 in a tensor scale" stats -t fp8_e4m3 --scale tensor
tensor "stats, bf16 toward zero" stats -t bf16 -r rtz
HALFULP_KERNEL=avx2 tensor "stats, fp8_e4m3, AVX2" stats -t fp8_e4m3
