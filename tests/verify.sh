# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# halfulp verify and halfulp vectors, as a user runs them.
. "$srcdir/tests/tap.sh"

v() { "$halfulp" verify "$@"; }

# Our own kernels.
holds "every kernel converts fp16 to fp8 in every direction" v -f fp16 -t fp8_e4m3,fp8_e5m2 -r all --kernel all
holds "packed formats" v -f fp6_e3m2,fp4_e2m1,tf32 -t fp6_e2m3,fp4_e2m1 -r all
holds "fp64 at boundaries" v -f fp64 -t fp16 --count 10000
exits "a promise that ours does not make is a mismatch" 1 '' v -f fp16 -t fp8_e4m3 --saturate --subnormals flush

shard_inputs() { v -f fp16,bf16,fp8_e4m3 -t fp32,fp8_e5m2,fp6_e3m2 -r rne,rtz --json "$@" | jq .inputs; }
shards_make_the_whole() {
    local whole sum=0 k
    whole=$(shard_inputs)
    for k in 1 2 3; do sum=$((sum + $(shard_inputs --shard $k/3))); done
    [ "$whole" = $sum ] || { echo "$whole and $sum"; return 1; }
    [ "$whole" = $((2 * 3 * (65536 + 65536 + 256))) ]
}
json_has() { # FILTER ARGUMENT…: the one document on stdout satisfies it
    local filter=$1
    shift
    v --json "$@" | jq -se "length == 1 and (.[0] | $filter)" >/dev/null
}
if command -v jq >/dev/null; then
    holds "shards make up the whole" shards_make_the_whole
    holds "--json is one document with a row a combination" json_has '.passed and .mismatches == 0 and .inputs == 512 and
        (.combinations | length == 2 and all(.kernel and .mismatches == 0 and .covers == "all" and has("inputs_per_second")))' \
        -f fp8_e4m3 -t fp16 -r rne,rtz
    holds "--json shows mismatches" json_has '(.passed | not) and .combinations[0].runs[0] as $r | $r.first == "0x0001" and $r.last == "0x03ff" and $r.count == 1023 and
            $r.class == "subnormal" and $r.got == "0x33800000" and $r.expected == "0x00000000" and $r.error_ulp == "0"' \
        -f fp16 -t fp32 --subnormals flush-in --no-flags
else
    skip "--json" "jq is not installed"
fi

# Operations.
holds "operations of small formats in every direction and rule" v --op all -f fp4_e2m1,binary5p3se -r all --nan-rule arm
holds "all pairs of 8-bit operands by every kernel" v --op add,mul,div -f fp8_e4m3 --kernel all
holds "mixed formats, tininess before rounding" v --op fma,mul -f fp16 -t fp32 --tininess before --count 20000
holds "a share of all pairs of fp16" v --op add -f fp16 --shard 1/2000
holds "a share of all square roots of fp32" v --op sqrt -f fp32 -r rdn --shard 1/2000
exits "a promise that ours does not make is a mismatch of an operation" 1 '' v --op mul -f fp8_e5m2 --subnormals flush-out
exits "a conversion has no rule of NaNs" 2 '--nan-rule does not go with conversions' v -f fp16 -t bf16 --nan-rule arm
exits "nor a fused product" 2 '--unfused does not go with conversions' v -f fp16 -t bf16 --unfused
exits "nor have operations of one step" 2 '--unfused is of fma, and add is one operation' v --op add -f fp16 --unfused
prints "an input of an operation is counted once, and its flags are told where its code is right" '[122,{"subnormal":122}]' bash -c \
    '"$0" verify --op add -f fp8_e5m2 --subnormals flush-out --json | jq -c ".combinations[0] | [.mismatches, (.classes | with_entries(select(.value > 0)))]"' "$halfulp"
for option in "--subnormals flush" "--saturate" "--via fp16" "--nan any" "--op add" "--tininess before" "-f fp32"; do
    exits "what is not looked at with block formats is refused: $option" 2 'does not go with block formats' v -t mxfp4 $option
done
exits "formats beside block formats" 2 'block formats go alone, and fp16 is none' v -t mxfp4,fp16
prints "--stop-after ends recorded lines early" '[true,1]' bash -c \
    'printf "3C00 3F81 00\n3C00 3F82 00\n3C00 3F83 00\n" | "$0" verify -f fp16 -t bf16 --vectors - --stop-after 1 --json | jq -c ".combinations[0] | [.partial, .mismatches]"' "$halfulp"
prints "… and blocks" '[2,true]' bash -c \
    '"$0" vectors -t mxfp4 --rule ceil --count 500 >ceil.lines
     "$0" verify -t mxfp4 --rule floor --vectors ceil.lines --stop-after 2 --json | jq -c ".combinations[0].mismatches" >lines.wrong
     "$0" verify -t mxfp4 --rule floor --vectors ceil.lines --json | jq -c ".combinations[0].mismatches > 2" >all.wrong
     jq -sc . lines.wrong all.wrong' "$halfulp"
exits "recorded lines are all looked at" 2 '--covers does not go with --vectors' v -f fp16 -t bf16 --vectors - --covers all
exits "ours is not in place" 2 '--in-place does not go with what is tried without --against' v -f fp16 -t bf16 --in-place
exits "ours is not waited for" 2 '--timeout does not go with what is tried without --against' v -f fp16 -t bf16 --timeout 3
merged() { # ARGUMENTS…: what goes wrong in three shards, merged, and in one run
    local what='.mismatches, (.combinations[] | [.inputs, .mismatches, .classes, .runs, .runs_left_out])' k
    for k in 1 2 3; do v "$@" --shard $k/3 --json >shard.$k; done
    diff <(v --merge shard.2 shard.3 shard.1 --json | jq -S "$what") <(v "$@" --json | jq -S "$what") && grep -q '"first"' shard.[1-3]
}
holds "runs of shards that go wrong in two ways stay two" merged -f fp16 -t fp8_e4m3 --saturate=finite --ignore nan,inf --via fp8_e5m2
holds "flags that go wrong are counted in one of the shards" merged -f bf16 -t fp8_e5m2 --subnormals flush
holds "runs that shards cut are one, in one class" merged -f tf32 -t fp8_e5m2 --subnormals flush
exits "a merge takes what shards printed as it is" 2 '--from does not go with --merge' v --merge -f fp32 x
exits "a slip in an operation's name is answered with the nearest" 2 "there is no 'ad'; did you mean add" v --op ad -f fp16
exits "… of vectors too" 2 "there is no 'mnimum'; did you mean minimum" "$halfulp" vectors --op mnimum -f fp16
holds "an operation by what compute calls it" v --op min,neg,roundint -f fp6_e3m2
exits "an operation that there is not" 2 "there is no 'plus'; add, sub, mul" v --op plus -f fp16
exits "one format on the way of an operation" 2 "one format for --via" v --op add -f fp16 --via fp32,bf16
exits "a slip in an operation's name" 2 "did you mean sqrt" v --op sqt -f fp16
exits "a slip in a rule's name" 2 "did you mean canonical" v --op add -f fp16 --nan-rule cannonical
exits "--vectors of two operations" 2 "needs one operation" v --op add,sub -f fp16 --vectors -
operation_lines() { # OP FORMAT OPTION…: what vectors writes passes
    "$halfulp" vectors --op "$1" -f "$2" "${@:3}" >"$scratch/operation" && [ -s "$scratch/operation" ] &&
        v --op "$1" -f "$2" "${@:3}" --nan exact --vectors "$scratch/operation"
}
holds "vectors of an operation pass" operation_lines fma bf16 --count 20000 -r rup
holds "vectors of a comparison pass" operation_lines le fp16 --count 5000
recorded_explanation() { # OPTIONS, OPTION…: what explains lines written with OPTIONS
    "$halfulp" vectors --op "$2" -f fp16 --count 20000 "${@:3}" |
        v --op "$2" -f fp16 --nan exact --json --vectors - | jq -r '.combinations[0].explained_by | join(" ")' | grep -qx -- "$1"
}
holds "tininess explains recorded flags" recorded_explanation "--tininess before" mul --tininess before
holds "a direction and a rule about NaNs explain recorded lines" recorded_explanation "-r rup --nan-rule x87" add -r rup --nan-rule x87
holds "saturation explains recorded lines" recorded_explanation --saturate mul --saturate
count_of_vectors() { [ "$("$halfulp" vectors --op div -f fp32 --count 12345 | sort | wc -l)" = 12345 ]; }
holds "--count of an operation's vectors" count_of_vectors
exits "a seed without draws is refused" 2 '--seed is that of draws' "$halfulp" vectors -f fp16 -t fp8_e4m3 --seed 3
printf '3F800000 00000000 7F800000 08\n3F800000 40000000 3F000001 00\n' >"$scratch/testfloat"
exits "a recorded line that is wrong is named" 1 '' v --op div -f fp32 --vectors "$scratch/testfloat"
cat >"$scratch/operations.c" <<'EOF'
#include <stddef.h>
#ifdef __SSE2__
#include <xmmintrin.h>
void ftz(const float *a, const float *b, float *r, size_t n)
{ unsigned s = _mm_getcsr(); _mm_setcsr(s | 0x8040); for (size_t i = 0; i < n; i++) r[i] = a[i] * b[i]; _mm_setcsr(s); }
#endif
void product(const float *a, const float *b, float *r, size_t n) { for (size_t i = 0; i < n; i++) r[i] = a[i] * b[i]; }
void unfused(const float *a, const float *b, const float *c, float *r, size_t n)
{ for (size_t i = 0; i < n; i++) { volatile float p = a[i] * b[i]; r[i] = p + c[i]; } }
void flushed(const float *a, const float *b, float *r, size_t n)
{ for (size_t i = 0; i < n; i++) { float x = a[i], y = b[i]; x = -0x1p-126f < x && x < 0x1p-126f ? 0 * x : x;
  y = -0x1p-126f < y && y < 0x1p-126f ? 0 * y : y; r[i] = x * y; } }
void swapped(const float *a, const float *b, float *r, size_t n) { for (size_t i = 0; i < n; i++) r[i] = b[i] - a[i]; }
void odd(const float *a, const float *b, float *r, size_t n) { product(a, b, r, n); if (n == 131075) r[131074] = 0; }
void apart(const float *a, const float *b, float *r, size_t n)
{ for (size_t i = 0; i < n; i++) r[i] = b[i]; for (size_t i = 0; i < n; i++) r[i] *= a[i]; }
void crash(const float *a, float *r, size_t n) { (void)a, (void)n; *(volatile int *)NULL = 1; (void)r; }
EOF
# shellcheck disable=SC2086
if ${CC-cc} -O1 -ffp-contract=off -shared -fPIC -o "$scratch/operations.so" "$scratch/operations.c" 2>/dev/null; then
    holds "a library's product" v --op mul -f fp32 --count 50000 --against "$scratch/operations.so:product"
    long_call() { v --op mul -f fp32 --count 5000 --against "$scratch/operations.so:odd" | grep -q 'as element 131074 of a call of 131075$'; }
    holds "an operation that goes wrong in one long call is found" long_call
    in_place() { v --op mul -f fp32 --count 5000 --in-place --against "$scratch/operations.so:$1"; }
    holds "a product in place" in_place product
    holds "a product that must not be in place passes" v --op mul -f fp32 --count 5000 --against "$scratch/operations.so:apart"
    exits "and in place it does not" 1 '' in_place apart
    exits "in place elements are as wide" 2 '--in-place: an element of fp32 has 32 bits and one of bf16 16' v -f fp32 -t bf16 --in-place --against "$scratch/operations.so:product"
    exits "a library's fma that rounds twice" 1 '' v --op fma -f fp32 --count 50000 --against "$scratch/operations.so:unfused"
    explained() { # OPTIONS, OP, SYMBOL, OPTION…: what explains the library's results, as JSON has it
        local due=$1 op=$2 symbol=$3
        shift 3
        [ "$(v --op "$op" -f fp32 --count 50000 --json --against "$scratch/operations.so:$symbol" "$@" | jq -r '.combinations[0].explained_by | join(" ")')" = "$due" ]
    }
    holds "an fma that rounds twice is explained" explained --unfused fma unfused
    holds "an fma that rounds twice passes with --unfused" v --op fma -f fp32 --count 50000 --unfused --against "$scratch/operations.so:unfused"
    holds "operands that are flushed explain a product" explained "--subnormals flush-in" mul flushed
    if grep -q ftz "$scratch/operations.so"; then
        holds "x86's FTZ and DAZ explain a product" explained "--subnormals ftz-daz" mul ftz
    else
        skip "x86's FTZ and DAZ explain a product" "this is no x86"
    fi
    holds "the direction explains a product" explained "-r rne" mul product -r rup
    holds "two options together explain a product" explained "-r rne --subnormals flush-in" mul flushed -r rtz
    holds "what no convention explains is a defect" explained "" sub swapped
    exits "a library's function that crashes" 1 '' v --op sqrt -f fp32 --count 500 --against "$scratch/operations.so:crash"
    v --op sqrt -f fp32 --count 500 --json --against "$scratch/operations.so:crash" >"$scratch/crash" || true
    prints "and how is told beside that it did" '[true,true]' jq -c '.combinations[0] | [.crashed, (.stopped.how | startswith("crashes (signal 11"))]' "$scratch/crash"
    v --op sqrt -f fp16 --count 500 --json >"$scratch/crash"
    prints "what does not crash says so in the same words" '[false,null]' jq -c '.combinations[0] | [.crashed, .stopped]' "$scratch/crash"
else
    skip "a library's operations" "no shared object can be made"
fi

# Vectors, and reading them back.
round_trip() { # FROM TO OPTION…
    local from=$1 to=$2
    shift 2
    "$halfulp" vectors -f "$from" -t "$to" "$@" >"$scratch/vectors" || return 1
    [ -s "$scratch/vectors" ] || return 1
    sort -c -u "$scratch/vectors" || return 1
    set -- $(printf '%s\n' "$@" | grep -vE '^(--level|--count|[0-9]+)$')
    v -f "$from" -t "$to" --nan exact "$@" --vectors "$scratch/vectors"
}
round_trips() {
    local pair direction
    for pair in "fp32 fp16" "fp64 fp32" "fp16 fp32" "fp64 e8m0" "bf16 fp8_e4m3fnuz" "fp32 fp32"; do
        for direction in rne rna rtz rup rdn rto; do
            round_trip $pair -r $direction || return 1
        done
    done
}
holds "vectors of every direction pass, rising and distinct" round_trips
holds "level 2 passes" round_trip fp32 bf16 --level 2
holds "draws besides the level's set pass" round_trip fp32 fp8_e4m3 --level 2 --count 50000
holds "vectors with tininess before rounding pass" round_trip fp32 fp16 --tininess before
holds "vectors that saturate pass" round_trip fp64 fp8_e4m3 --saturate
counts_lines() { [ "$("$halfulp" vectors -f fp64 -t fp32 --level 2 --count 12345 | wc -l)" = 12345 ]; }
holds "--count is how many" counts_lines
piped() { "$halfulp" vectors -f fp32 -t fp16 | v -f fp32 -t fp16 --vectors -; }
holds "vectors | verify --vectors - passes" piped
prints "the first lines of fp32 to fp16" $'00000000 0000 00\n00000001 0000 03\n00000002 0000 03' \
    sh -c "'$halfulp' vectors -f fp32 -t fp16 2>&1 | head -n 3"

# Recorded results that are wrong, and lines that are none.
lines() { # NAME LINE…
    local name=$1
    shift
    printf '%s\n' "$@" >"$scratch/$name"
}
lines good '3F800000 3C00 00' '# a comment' '' '0x3f801000 0x3c00 1' '7F800001 7E55 10' '47800000 7C00 05'
lines bad '3F800000 3C00 00' '3F801000 3C01 01'
lines flags '3F800000 3C00 00' '3F801000 3C00 03'
lines infinite '3F800000 3C00 08'
lines two '3F800000 3C00' '3F801000 3C00'
lines word '3F800000 3C00 00' '3F80g000 3C00 00'
lines wide '3F800000 13C00 00'
lines short '3F800000'
lines long '3F800000 3C00 00 00'
lines none '# nothing'
r() { v -f fp32 -t fp16 --vectors "$scratch/$1" "${@:2}"; }
holds "TestFloat's lines, any NaN by default" r good
exits "a NaN can be asked for exactly" 1 '' r good --nan exact
says_line() { r "$1" | grep -q 'line 2'; }
exits "a wrong result is exit 1" 1 '' r bad
holds "its line is named" says_line bad
exits "wrong flags are exit 1" 1 '' r flags
holds "wrong flags' line is named" says_line flags
holds "--no-flags passes over flags" r flags --no-flags
exits "no conversion divides by zero" 1 '' r infinite
holds "--no-flags reads lines without flags" r two --no-flags
exits "a line without flags is bad input" 2 'line 1: flags.* missing; --no-flags' r two
exits "a line that is no vector is bad input" 2 'word: line 2: "3F80g000" is not an encoding of fp32' r word
exits "a result too wide is bad input" 2 'line 1: "13C00" is not an encoding of fp16' r wide
exits "a line of one word is bad input" 2 'line 1: an encoding of fp16 in hexadecimal is missing' r short
exits "a fourth word is bad input" 2 'line 1: "00" is not the end' r long
exits "no vectors at all is bad input" 2 'no vector' r none
exits "a missing file is an error" 2 'No such file' r missing
head -c 100000 /dev/zero >"$scratch/zeros"
exits "a binary file is bad input" 2 'line 1' r zeros

# Conventions of recorded results.
"$halfulp" vectors -f fp32 -t fp16 -r rtz >"$scratch/towards_zero"
line_named() { r towards_zero "$@" | grep -qF 'passes with -r rtz, proved on all lines'; }
holds "the direction of a recording is named" line_named
piped_named() { v -f fp32 -t fp16 --vectors - <"$scratch/towards_zero" | grep -qF 'passes with -r rtz, proved on all lines'; }
holds "of a pipe too" piped_named
# 1 + 2^-11 + 2^-40 is above the tie; fp32 makes a tie of it.
"$halfulp" convert -t fp64 1.00048828125090949470177292823791503906250 >"$scratch/above" && printf '%s 3c00 01\n' "$(cut -c3- "$scratch/above")" >"$scratch/twice"
exits "double rounding is a mismatch" 1 '' v -f fp64 -t fp16 --vectors "$scratch/twice"
holds "--via judges it as such" v -f fp64 -t fp16 --via fp32 --vectors "$scratch/twice"
lines ignored '7FC00000 1234 00' '7F800000 0001 00' '80000000 0000 00'
holds "--ignore passes over what is ignored" r ignored --ignore nan,inf,zero-sign
exits "and over nothing else" 1 '' r ignored --ignore nan,inf
lines finite '47800000 7BFF 05' '7F800000 7C00 00'
exits "--saturate takes infinities" 1 '' r finite --saturate
holds "--saturate=finite leaves them" r finite --saturate=finite

# Wrong usage.
exits "an unknown format" 2 '"fp17" is not a format' v -f fp17
exits "an unknown direction" 2 '"up" is not a rounding' v -r up,rne
exits "an unknown kernel" 2 "no kernel 'gpu', but: .*scalar" v --kernel gpu
exits "a shard out of range" 2 "from 1 to 4" v --shard 5/4
exits "a shard that is none" 2 "K/N" v --shard 5
exits "no threads" 2 "from 1" v --jobs 0
exits "--against without a pair" 2 "needs one format" v --against ./x.so:y
exits "vectors without a pair" 2 "needs one format" "$halfulp" vectors -f fp32
exits "an unknown kind to ignore" 2 "'zero' is none of: nan inf zero-sign" v --ignore nan,zero
exits "saturation of an unknown kind" 2 "'some' is none of: all finite" v --saturate=some
exits "--nan-to where there is a NaN" 2 'fp16 has a NaN' v -f fp32 -t fp16 --nan-to 0
exits "--result-format of a narrower format" 2 'fp8_e4m3 is not wider than bf16' v -f fp16 -t bf16 --result-format fp8_e4m3
exits "--result-format of several" 2 'needs one format' v -f fp32 --result-format fp32
exits "three formats on the way" 2 'at most 2' v -f fp64 -t fp8_e4m3 --via fp32,bf16,fp16
exits "no narrow format on the way" 2 'at most 20 bits' v -f fp64 -t fp32 --via e11m40
exits "--show of nothing" 2 'whole number' v --show few
exits "level 3" 2 "from 1 to 2" "$halfulp" vectors -f fp32 -t fp16 --level 3

# Somebody else's library.
against() { # SYMBOL OPTION…: a 64th of all inputs, the subnormals among them
    v -f fp32 -t bf16 --shard 1/64 --against "$scratch/$1" "${@:2}"
}
if ${CC:-cc} -O2 -shared -fPIC -o "$scratch/casts.so" "$srcdir/fixtures/against/casts.c" 2>/dev/null &&
    ${CC:-cc} -O2 -shared -fPIC -o "$scratch/broken.so" "$srcdir/fixtures/against/broken.c"; then
    holds "a right cast passes" against casts.so:bf16_round
    exits "a truncating cast is caught" 1 '' against casts.so:bf16_truncate
    exits "it is caught at its NaNs in rtz too" 1 '' v -f fp32 -t bf16 -r rtz --covers boundaries --against "$scratch/casts.so:bf16_truncate"
    exits "a cast that flushes to zero is caught" 1 '' against casts.so:bf16_flush
    holds "and passes by its own promise" against casts.so:bf16_flush --subnormals flush-in
    exits "exact NaNs are kept by a right cast" 0 '' against casts.so:bf16_round --nan exact
    whole() { v -f fp32 -t bf16 -r rtz --timeout 1 --against "$scratch/broken.so:$1"; }
    blames() { whole "$1" | grep -A1 "$2" | grep -q 0x40490fdb; }
    exits "a crash is a finding" 1 '' whole crash_on_pi
    holds "its source is named" blames crash_on_pi 'crashes (signal 11'
    holds "a hang is a finding, its source named" blames hang_on_pi 'hangs (no answer in 1 s)'
    holds "so is an exit" blames leave_on_pi 'ends its process (exit status 3)'
    beyond() { whole write_beyond | grep -q 'bytes beyond the last of'; }
    holds "writing beyond the end is found" beyond
    exits "a last element left out is found" 1 '' whole skip_the_last
    truncated() { v -f fp32 -t bf16 -r rtz --covers boundaries --count 20000 --ignore nan --against "$scratch/broken.so:$1"; }
    reads_beyond() { truncated read_beyond | grep -q 'crashes (signal 11'; }
    holds "reading beyond the end of the source is found" reads_beyond
    turned() { truncated turn_when_long | grep -q 'of a call of 4097, off a 64-byte boundary'; }
    holds "what goes wrong in long calls off a boundary alone is found" turned
    told() { truncated "$1" | grep -q "$2"; }
    holds "what goes wrong at one length is found" told turn_at_1000 'as element 500 of a call of 1000$'
    holds "what goes wrong beyond 65,536 elements is found" told wrap_at_65536 'as element 65536 of a call of 65537$'
    holds "what crashes in a call of a million is found" told crash_when_huge 'crashes (signal 11.*in a call of 1,048,579 elements'
    exits "no such symbol" 2 'undefined symbol' against casts.so:nothing
    exits "no such library" 2 'cannot open' v -f fp32 -t bf16 --against "$scratch/none.so:x"
    exits "no symbol" 2 'LIB.so:SYMBOL' v -f fp32 -t bf16 --against "$scratch/casts.so"
    if command -v jq >/dev/null; then
        holds "a library's chatter stays out of the document" json_has '.combinations | length == 1' \
            -f fp32 -t bf16 -r rtz --against "$scratch/broken.so:talk"
    fi

    # Conventions, named and stated.
    edges() { v -f fp32 --covers boundaries --count 20000 "$@"; }
    named() { # SYMBOL OPTIONS: what --against says of fp32 to bf16 after "passes with"
        edges -t bf16 --against "$scratch/casts.so:$1" | sed -n 's/.* passes with \(.*\), proved.*/\1/p' | grep -qxF -e "$2"
    }
    holds "truncation is named" named bf16_truncate '-r rtz --ignore nan'
    holds "flushing is named" named bf16_flush '--subnormals flush-in'
    holds "what is named passes" edges -t bf16 -r rtz --ignore nan --against "$scratch/casts.so:bf16_truncate"
    if ${CC:-cc} -O2 -shared -fPIC -o "$scratch/conventions.so" "$srcdir/fixtures/against/conventions.c" -lm; then
        own="$scratch/conventions.so"
        holds "results may come as wider data" edges -t fp8_e4m3 --result-format fp32 --against "$own:e4m3_as_float"
        exits "and must be exact there" 1 '' edges -t fp8_e4m3 --result-format fp32 --against "$own:e4m3_as_float_inexact"
        exits "a NaN's code in a format without one" 1 '' edges -t fp6_e3m2_unpacked --against "$own:fp6_with_nan_as_one"
        holds "--nan-to says which it is" edges -t fp6_e3m2_unpacked --nan-to 0x0c --against "$own:fp6_with_nan_as_one"
        says_packed() { edges -t fp4_e2m1 --against "$own:fp4_bytes" | grep -q 'result: fp4_e2m1 is packed, 4 bits an element'; }
        holds "the layout is said where results are nonsense" says_packed
        # Ctrl-C: what was covered is reported, and the shell sees the signal.
        interrupted() {
            local pid status=0 covered
            (trap - INT; exec "$halfulp" verify -f fp32 -t bf16 --json --against "$own:slow_truncate") >"$scratch/partial" &
            pid=$!
            sleep 1
            kill -INT $pid
            wait $pid || status=$?
            covered=$(jq '.combinations[0] | select(.partial and (.passed | not)) | .inputs' "$scratch/partial")
            [ "$status" = 130 ] && [ "$covered" -gt 0 ] && [ "$covered" -lt 4294967296 ] || {
                echo "status $status, covered $covered"
                return 1
            }
        }
        if command -v jq >/dev/null && ! python3 -c 'import signal, sys; sys.exit(signal.getsignal(signal.SIGINT) != signal.SIG_IGN)'; then
            holds "Ctrl-C reports what was covered" interrupted
            cut_short() {
                (trap - INT; exec "$halfulp" verify -f fp64 -t fp32 --count 1000000000000) >"$scratch/cut" &
                sleep 1
                kill -INT $!
                wait $! || grep -q "no input goes wrong, of those" "$scratch/cut" && grep -q "1 combination, the last cut short, none failed" "$scratch/cut"
            }
            holds "what Ctrl-C cuts short has not failed" cut_short
        else
            skip "Ctrl-C reports what was covered" "jq is not installed, or SIGINT is ignored here"
        fi
        stops() { [ "$(edges -t bf16 --stop-after 10 --json --against "$own:slow_truncate" | jq '.combinations[0] | .partial and .mismatches >= 10 and .mismatches < 1000000')" = true ]; }
        command -v jq >/dev/null && holds "--stop-after ends early" stops
    fi
    if command -v jq >/dev/null; then
        each_direction() {
            [ "$(edges -t bf16 -r all --json --against "$scratch/casts.so:bf16_round" |
                jq -c '[.combinations[] | [.round, .passed, (.explained_by // [])[0]]]')" = \
                '[["rne",true,null],["rna",false,"-r rne"],["rtz",false,"-r rne"],["rup",false,"-r rne"],["rdn",false,"-r rne"],["rto",false,"-r rne"]]' ]
        }
        holds "-r all is a row a direction" each_direction
        v -f fp32 -t bf16 -r rtz --json --against "$scratch/broken.so:crash_on_pi" >"$scratch/crash" || true
        [ "$(jq -c '[.mismatches, .combinations[0].mismatches, .combinations[0].crashed]' "$scratch/crash")" = '[null,null,true]' ] &&
            pass "after a crash mismatches is null" || fail "after a crash mismatches is null" "$(cat "$scratch/crash")"
        v -f fp32 -t bf16 -r rtz --against "$scratch/broken.so:crash_on_pi" >"$scratch/crash" || true
        holds "… and text calls their number unknown" grep -q '1 failed.*an unknown number of mismatches' "$scratch/crash"
    fi
else
    skip "--against" "no C compiler makes shared libraries here"
fi
finish
