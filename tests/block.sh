# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# halfulp block, and block formats in formats, limits and verify.
. "$srcdir/tests/tap.sh"

block() { "$halfulp" block "$@"; }
key() { # FILTER ARGUMENT…
    local filter=$1
    shift
    block --json "$@" | jq -c "$filter"
}

prints "mxfp4's scale and codes (OCP MX 1.0 section 6.3)" '["0x7f","1",["0x7","0x6","0x4","0xa","0x0"]]' \
    key '[.blocks[0].scale.bits, .blocks[0].scale.value, [.blocks[0].elements[].code]]' -t mxfp4 6 5 2.5 -0.75 0.02
prints "errors are exact" '["0","-1","-0.5","-0.25"]' key '[.blocks[0].elements[].error]' -t mxfp4 6 5 2.5 -0.75
# The tie of 464 goes to 448, whose code is even; 480 is what would come next.
cut() { "$halfulp" block -t mxfp8_e4m3 "$@" | awk '/saturated/ {printf "%s ", $2}'; }
prints "saturated is what rounds beyond the largest" "464.5 -500 " cut 460 464 464.5 448 -464 -500
prints "… in the direction that is asked for" "449 " cut -r rup 449 -449 448
prints "… toward zero from the next number on" "480 " cut -r rtz 479 480
prints "each rule's scale for an amax of 7" '0x7f 0x80 0x80 0x80' \
    bash -c 'for rule in floor ceil rceil even; do "$0" block -t mxfp4 --rule $rule --json 7 | jq -r ".blocks[0].scale.bits"; done | xargs' "$halfulp"
prints "a block of zeros has the least scale" '["0x00","0x00","0x00000000"]' \
    bash -c 'for b in mxfp4 nvfp4 fp8_tile128; do "$0" block -t $b --json 0 0 | jq ".blocks[0].scale.bits"; done | jq -sc .' "$halfulp"
prints "a NaN makes the scale NaN" '["0xff","nan"]' key '.blocks[0] | [.scale.bits, .elements[1].value]' -t mxfp4 1 2 nan
prints "under fp8's scales it is its element's matter" '["nan","448"]' \
    bash -c '"$0" block -t fp8_row --json nan 448 | jq -c "[.blocks[0].elements[].value]"' "$halfulp"
prints "nvfp4's tensor scale is amax / 2688" '"1"' key .tensor_scale -t nvfp4 2688 1
prints "ggml's q4_0: the greatest becomes -8" '["-8","-7"]' key '[.blocks[0].elements[0,1].code]' -t q4_0 6 5
prints "bytes go back" '["6","4","2","-1"]' key '[.blocks[0].elements[].value]' -t mxfp4 --decode 7f67a4
prints "GGUF's blocks go back" '["6","-8","5.25"]' \
    key '[.blocks[0].elements[0].value, .blocks[0].elements[0].code, .blocks[0].elements[1].value]' \
    -t q4_0 --decode 00ba80818589888888888888888888888888
exits "fewer bytes than a scale has are no block" 2 '2 bytes are no blocks of fp8_row: a whole one has 5, 4 of them the scale' \
    block -t fp8_row --decode 7f3c
prints "values come from standard input" 64 bash -c 'yes 1.5 | head -n 64 | "$0" block -t mxfp4 --json | jq "[.blocks[].elements[]] | length"' "$halfulp"
prints "two blocks have two scales" '["0x7d","0x80"]' \
    bash -c '{ yes 1 | head -n 32; echo 8; } | "$0" block -t mxfp4 --json | jq -c "[.blocks[].scale.bits]"' "$halfulp"
prints "directions reach elements" '["0x6","0x5"]' \
    bash -c 'for r in rup rtz; do "$0" block -t mxfp4 -r $r --json 4 3.5 | jq ".blocks[0].elements[1].code"; done | jq -sc .' "$halfulp"
prints "without saturation e4m3 overflows to NaN" '"nan"' key '.blocks[0].elements[0].value' -t mxfp8_e4m3 --no-saturate 500
stochastic() { "$halfulp" block -t mxfp4 -r stochastic --seed "$1" --json 3 2.2 0.1 | jq -c '[.blocks[0].elements[1:][].code]'; }
prints "stochastic is a direction, by its seed" "$(stochastic 7)" stochastic 7
prints "… and goes to both neighbours" '["0x6","0x0"] ["0x6","0x1"] ["0x7","0x0"] ["0x7","0x1"]' \
    bash -c "$(declare -f stochastic); halfulp='$halfulp'; for seed in \$(seq 64); do stochastic \$seed; done | sort -u | paste -sd' '"
exits "--tensor-scale is of --decode" 2 'tensor-scale is of --decode' block -t nvfp4 --tensor-scale 2 1
exits "and of formats that have one" 2 'mxfp4 has no scale over the tensor' block -t mxfp4 --decode 7f12 --tensor-scale 2
for option in "--rule ceil" "-r rtz" --no-saturate; do
    exits "bytes are not rounded: $option" 2 'does not go with --decode' block -t mxfp4 --decode 7f12 $option
done
exits "a seed without it is told of" 2 'seed is what -r stochastic draws from' block -t mxfp4 --seed 3 1
prints "a NaN makes the scale, not the greatest number" '[1,"0xff"]' key '[.blocks[0].made_by, .blocks[0].scale.bits]' -t mxfp4 5 nan
prints "an infinity beside an fp32 scale does not make it" 1 key '.blocks[0].made_by' -t fp8_row inf 2
holds "… and is not in its words" bash -c '"$0" block -t fp8_row inf 2 | grep -q "2 / 448, rounded to fp32"' "$halfulp"
exits "an unknown block format is named" 2 '"mxfp5" is not a block format' block -t mxfp5 1
prints "a search for scales and minima of sub-blocks" '["6","10","14","0"]' key '[.blocks[0].elements[0,1,2,3].code]' -t q4_k 1 2 3 -0.5
exits "an encoder that is a search for points of a grid is refused" 2 'iq2_xs is decoded only' block -t iq2_xs 1
exits "a rule for scales that have none is refused" 2 'rule is for scales that are powers of two' block -t nvfp4 --rule even 1
exits "a rule that is none is refused" 2 'floor, ceil, rceil or even' block -t mxfp4 --rule round 1
exits "half a byte is refused" 2 'two digits a byte' block -t mxfp4 --decode 7f6
exits "what is no hexadecimal is refused" 2 "'x' is no hexadecimal" block -t mxfp4 --decode 7x
exits "half a block of GGUF's is refused" 2 'a whole one has 18' block -t q4_0 --decode 00ba80
exits "a value that is none is refused" 2 'argument 2' block -t mxfp4 1 one
exits "no format is asked back" 2 '-t names the block format' block 1

prints "formats lists them" '["mxfp4",32,17,4.25]' \
    bash -c '"$0" formats --json | jq -c ".formats[] | select(.format == \"mxfp4\") | [.format, .elements, .bytes, .bits_per_element]"' "$halfulp"
prints "limits of mxfp4: 6 times 2^127" '["6","0.5","2"]' \
    bash -c '"$0" limits mxfp4 --json | jq -c ".formats[0] | [.element_max.decimal, .element_min.decimal, .widest_step.decimal]"' "$halfulp"
holds "limits mxfp4 in words" bash -c '"$0" limits mxfp4 | grep -q "under the greatest scale"' "$halfulp"

# --- verify ---

holds "our own encoders and decoders pass" "$halfulp" verify -t mxfp4,nvfp4,q4_0,q6_k,nf4,fp8_tile16,iq3_s --count 300
holds "in every rule and direction" "$halfulp" verify -t mxfp8_e4m3 -r all --rule all --count 64
prints "threads share a trial's blocks, and say what one says" \
    "$("$halfulp" verify -t q4_k,q4_0,fp8_tile16 --count 5000 --jobs 1 --json | jq -c 'del(.. | .seconds?, .jobs?)')" \
    bash -c '"$0" verify -t q4_k,q4_0,fp8_tile16 --count 5000 --jobs 3 --json | jq -c "del(.. | .seconds?, .jobs?)"' "$halfulp"
cat >"$scratch/mx.c" <<'EOS'
#include <math.h>
#include <stddef.h>
#include <string.h>
/* mxfp4 by the rule that nothing overflows; NaNs and infinities are not looked at. */
void rceil(const float *src, void *codes, void *scales, size_t n)
{
    static const float values[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    unsigned char *c = codes, *s = scales;
    memset(c, 0, n / 2);
    for (size_t i = 0; i < n; i += 32) {
        float amax = 0;
        int k = -127;
        for (size_t j = i; j < i + 32; j++)
            amax = fmaxf(amax, fabsf(src[j]));
        while (k < 127 && amax > ldexp(6, k))
            k++;
        s[i / 32] = (unsigned char)(k + 127);
        for (size_t j = i; j < i + 32; j++) {
            double x = ldexp(fabs(src[j]), -k);
            int best = 0;
            for (int v = 1; v < 8; v++) {
                double now = fabs(values[v] - x), before = fabs(values[best] - x);
                if (now < before || (now == before && v % 2 == 0))
                    best = v;
            }
            c[j / 2] |= (unsigned char)((best | (signbit(src[j]) ? 8 : 0)) << (j % 2 * 4));
        }
    }
}
/* The same, where a block of zeros has a scale of one. */
void one(const float *src, void *codes, void *scales, size_t n)
{
    unsigned char *s = scales;
    rceil(src, codes, scales, n);
    for (size_t i = 0; i < n; i += 32) {
        float most = 0;
        for (size_t j = i; j < i + 32; j++)
            most = fmaxf(most, fabsf(src[j]));
        s[i / 32] = most > 0 ? s[i / 32] : 127;
    }
}
void block_alone(const float *src, void *codes, void *scales, size_t n)
{
    rceil(src, codes, scales, n);
    *(unsigned char *)codes ^= n == 32;
}
void short_count(const float *src, void *codes, void *scales, size_t n)
{
    rceil(src, codes, scales, n);
    if (n > 65535)
        ((unsigned char *)codes)[n / 2 - 1] ^= 1;
}
void scale_beyond(const float *src, void *codes, void *scales, size_t n)
{
    rceil(src, codes, scales, n);
    ((unsigned char *)scales)[n / 32] = 0;
}
void crash(const float *src, void *codes, void *scales, size_t n)
{
    (void)src, (void)codes, (void)scales, (void)n;
    __builtin_trap();
}
EOS
if ${CC-cc} -shared -fPIC -O1 -o "$scratch/mx.so" "$scratch/mx.c" -lm 2>"$scratch/cc"; then
    exits "another rule is a mismatch" 1 '' "$halfulp" verify -t mxfp4 --against "$scratch/mx.so:rceil" --ignore nan,inf --count 256
    holds "its own rule passes" "$halfulp" verify -t mxfp4 --against "$scratch/mx.so:rceil" --rule rceil --ignore nan,inf --count 256
    told() { "$halfulp" verify -t mxfp4 --against "$scratch/mx.so:$1" --rule rceil --ignore nan,inf --count 128 | sed -n 2p; }
    prints "an encoder that is wrong on one block alone" "  in a call of 32 elements: codes' byte 0: got 0xd2, expected 0xd3" told block_alone
    prints "one that is wrong on many" "  in a call of 66080 elements: codes' byte 33039: got 0x5c, expected 0x5d" told short_count
    prints "one that writes beyond its scales" "  bytes beyond the last of 2048 elements were written" told scale_beyond
    prints "the rule is found" "follows rceil, rne, saturating" \
        bash -c '"$0" verify -t mxfp4 --against "$1:rceil" --which-rule --ignore nan,inf --count 128 | sed -n "s/^.*:rceil follows/follows/p"' "$halfulp" "$scratch/mx.so"
    prints "where it leaves the rule is told in words" "  wrong: 4 with a NaN, 2 with an infinity, 13 of zeros alone, by their scale|follows rceil, rne, saturating, with --ignore nan,inf,zero-scale" \
        bash -c '"$0" verify -t mxfp4 --against "$1:one" --which-rule --count 128 | sed -n "s/^.*:one follows/follows/p; /wrong:/p" | paste -sd"|"' "$halfulp" "$scratch/mx.so"
    prints "and counted in JSON" '{"nan":4,"infinity":2,"zeros":13}' \
        bash -c '"$0" verify -t mxfp4 --against "$1:one" --rule rceil --count 128 --json | jq -c ".combinations[0].wrong"' "$halfulp" "$scratch/mx.so"
    prints "and JSON has one type for it" '[[true,"crashes"],[false,null]]' bash -c '{ "$0" verify -t mxfp4 --against "$1:crash" --json; "$0" verify -t mxfp4 --count 64 --json; } | jq -sc "[.[] | .combinations[0] | [.crashed, (.stopped.how // null | if . then .[:7] else . end)]]"' "$halfulp" "$scratch/mx.so"
    holds "a crash is a finding" bash -c '! "$0" verify -t mxfp4 --against "$1:crash" >"$2" && grep -q crashes "$2"' "$halfulp" "$scratch/mx.so" "$scratch/out"
else
    skip "libraries on trial" "no compiler makes them"
fi
block_lines() { # BLOCK OPTION…: what vectors writes passes
    "$halfulp" vectors -t "$1" "${@:2}" --count 200 >"$scratch/lines" && [ "$(wc -l <"$scratch/lines")" = 200 ] &&
        "$halfulp" verify -t "$1" "${@:2}" --vectors "$scratch/lines" >"$scratch/said"
}
each_block_lines() {
    local block
    for block in mxfp8_e4m3 mxfp8_e5m2 mxfp6_e3m2 mxfp6_e2m3 mxfp4 mxint8 nvfp4 fp8_row fp8_tensor nf4 bnb_fp4 q4_0 q4_1 q5_0 q5_1 q8_0 iq4_nl q2_k q3_k q4_k q5_k q6_k q8_k iq4_xs tq1_0 tq2_0 q1_0 q2_0 mxfp4_ggml nvfp4_ggml; do
        block_lines "$block" || { echo "$block"; return 1; }
    done
}
holds "vectors of each block format pass" each_block_lines
holds "vectors of blocks by a rule and a direction pass" block_lines mxfp4 --rule rceil -r rup
exits "by another rule they do not" 1 '' "$halfulp" verify -t mxfp4 --vectors "$scratch/lines"
# OCP MX 1.0, section 6.3: 6 = 1.5 x 2^2 makes the scale 2^(2 - 2); E2M1's codes of 6 and 1 are 7 and 2.
typed() { printf '40C00000 3F800000'; printf ' 00000000%.0s' {1..30}; printf ' %s %s000000000000000000000000000000\n' "$@"; }
typed 7F 27 >"$scratch/typed"
holds "a typed vector passes" "$halfulp" verify -t mxfp4 --vectors "$scratch/typed"
typed 7F 37 >"$scratch/typed"
prints "and one that is wrong is told by line and byte" "  line 1: the codes, byte 0: got 0x37, expected 0x27" \
    bash -c '"$0" verify -t mxfp4 --vectors "$1" | sed -n 2p' "$halfulp" "$scratch/typed"
exits "a line cut short is refused with its column" 2 'line 1: column .*the codes should stand here' \
    bash -c '"$0" vectors -t nvfp4 --count 1 | sed "s/..$//" | "$0" verify -t nvfp4 --vectors -' "$halfulp"
exits "a format that is only decoded has no vectors" 2 'iq2_xs has no vectors' "$halfulp" vectors -t iq2_xs
exits "--which-rule wants a library" 2 'is asked of an encoder' "$halfulp" verify -t mxfp4 --which-rule
exits "--rule is for blocks" 2 '--rule does not go with formats that are no blocks' "$halfulp" verify -t fp16 --rule even
finish
