# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Expressions on the command line: results, flags, directions, what is explained and remarked.
. "$srcdir/tests/tap.sh"
compute() { "$halfulp" compute "$@" 2>/dev/null; }
field() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval("d" + sys.argv[1]))' "$1"; }

prints "a sum is rounded once, and the exact one is beside" "256  0x4380  exact 257, error -1, 0.5 ulp" \
    "$halfulp" compute -f bf16 '256 + 1'
exits "what is lost is said" 0 'note: 1 is lost: at 256 the numbers of bf16 are 2 apart' "$halfulp" compute -f bf16 '256 + 1'
prints "2049 is read as 2048 in fp16" "2048  0x6800  exact 2049, error -1, 0.5 ulp" compute -f fp16 2049
prints "65504 + 16 overflows in fp16" "inf  0x7c00" compute -f fp16 '65504 + 16'
prints "--saturate keeps the largest" "65504  0x7bff  exact 65520, error -16, 0.5 ulp" compute -f fp16 --saturate '65504 + 16'
prints "0.1 + 0.2 in fp64" "0.30000000000000004  0x3fd3333333333334  exact 0.3, error +4.44e-17, 0.8 ulp" \
    compute -f fp64 '0.1 + 0.2'
prints "cancellation takes all of it" "0  0x0000  exact 9.5367431640625e-07, error -9.54e-07, all of it" \
    compute -f fp16 '(1+0x1p-10)*(1+0x1p-10) - 1 - 2*0x1p-10'
prints "scaleB's exponent is not rounded" "512  0x60  exact" compute -f fp8_e5m2 'scalb(1,9)'
prints "and must be an integer" "nan  0x7e  invalid" compute -f fp8_e5m2 --flags 'scalb(1,9.5)'
prints "an exponent that is worked out is rounded, and the error told" "256  0x5c  exact 512, error -256, 4 ulp" compute -f fp8_e5m2 'scalb(1,logb(512))'
prints "logB has an error" "8  0x48  exact 9, error -1, 0.5 ulp" compute -f fp8_e5m2 'logb(512)'
exits "a wider accumulator is told of" 0 'in fp32 and one rounding at the end it would be 9.5367431640625e-07' \
    "$halfulp" compute -f fp16 '(1+0x1p-10)*(1+0x1p-10) - 1 - 2*0x1p-10'
exits "a fused multiply-add is told of" 0 'a fused multiply-add would give -0.000244140625 here, and not 0' \
    "$halfulp" compute -f fp16 '0.1*10 - 1'
prints "flags are printed" "inf  0x7c00  divide_by_zero" compute -f fp16 --flags 1/0
prints "no flag is a dash" "3  0x4200  exact  -" compute -f fp16 --flags 1+2
prints "every direction has its line" $'rne  0.333251953125\nrna  0.333251953125\nrtz  0.333251953125\nrup  0.33349609375\nrdn  0.333251953125\nrto  0.333251953125' \
    bash -c '"$0" compute -f fp16 -r all 1/3 | cut -d" " -f1-3' "$halfulp"
prints "tininess before rounding" $'0x0400 inexact\n0x0400 underflow,inexact' bash -c \
    'for t in after before; do "$0" compute -f fp16 --tininess $t --flags "0x1.004p-8 * 0x1.ff8p-7" 2>/dev/null | awk "{ print \$2, \$NF }"; done' "$halfulp"
prints "a comparison is true or false" $'true\nfalse' compute -f fp16 '1 < 2' 'nan == nan'
prints "mixed precision has four formats" "256  0x4380  exact 256.09, error -0.09, 0.045 ulp" \
    compute -f fp16 --mixed e4m3,fp32,fp32,bf16 '0.3*0.3 + 256'
prints "formats convert inside an expression" "1.099609375  0x3c66  exact 1.1, error -0.000390625, 0.4 ulp" \
    compute -f fp16 'bf16(0.1) + 1'
prints "NaN rules pick the payload" $'nan(0x1)\nnan(0x2)\nnan' bash -c \
    'for r in first last canonical; do "$0" compute -f fp16 --nan-rule $r "nan(1) + nan(2)" | cut -d" " -f1; done' "$halfulp"
prints "lines of stdin are expressions" $'3  0x4200  exact\n6  0x4600  exact' bash -c \
    'printf "1+2\n2*3\n" | "$0" compute -f fp16' "$halfulp"
prints "lines of stdin are one document, as arguments are" "$(compute -f fp16 --json 1+2 2*3 | md5sum)" bash -c \
    'printf "1+2\n2*3\n" | "$0" compute -f fp16 --json | md5sum' "$halfulp"
prints "one line is itself" 1+2 bash -c 'echo 1+2 | "$0" compute -f fp16 --json | jq -r .expression' "$halfulp"
prints "no line is an empty list" '[]' "$halfulp" compute -f fp16 --json
if [[ "$(head -c 2 "$halfulp")" = '#!' ]] || nm "$halfulp" | grep -q __asan_init; then
    skip "a document of many lines is in bounded memory" "emulators and AddressSanitizer map more"
else
    prints "a document of many lines is in bounded memory" 100000 bash -c \
        'yes 1+1 | head -n 100000 | (ulimit -v 150000; "$0" compute -f fp4 --json) | grep -c "\"expression\""' "$halfulp"
fi
exits "a bad line is named" 2 'compute: line 2, at character 3: an operation is expected here' bash -c \
    'printf "1\n2 3\n" | "$0" compute -f fp16' "$halfulp"
exits "a bad argument says where" 2 'compute: at character 5: a value is missing' "$halfulp" compute -f fp16 '1 + '
exits "the format is needed" 2 '\-f names the format' "$halfulp" compute 1+1
exits "--mixed wants four" 2 'four formats: operands, products, sums, result; not 2' "$halfulp" compute --mixed fp16,fp32 1
exits "an unknown NaN rule is answered with them all" 2 'they are first, last, signaling' "$halfulp" compute -f fp16 --nan-rule z 1

# As the manual has it.
prints "--explain aligns, cuts and rounds" "256 + 1 in bf16
  a           256  0 10000111 0000000   1.0000000  × 2^8
  b             1  0 01111111 0000000   0.000000010000000  × 2^8  shifted right by 8
  exact sum   257                       1.00000001  × 2^8
  kept                                  1.0000000|1  × 2^8        guard 1, round 0, sticky 0: a tie
  rne         256  0 10000111 0000000   to the even one           error -1, 0.5 ulp    inexact
              rtz, rdn 256    rna, rup, rto 258
256  0x4380  exact 257, error -1, 0.5 ulp
  · 1 is lost: at 256 the numbers of bf16 are 2 apart" compute -f bf16 --explain '256 + 1'
for e in '256 + 1' 1/3 'sqrt(2)' 'fma(3,5,-15)' '1e-7*1e-7' 'inf - inf' 'min(1,nan)' '1e5*3' '0.1+0.2-0.3' '1 < 2'; do
    for f in fp64 bf16 fp8_e5m2 fp8_e4m3fnuz fp4; do
        "$halfulp" compute -f $f --explain "$e" >"$scratch/explained" 2>&1 || fail "explains $e in $f"
        [ "$("$halfulp" compute -f $f "$e" 2>/dev/null)" = "$(grep -A99 -E '^[^ ].* in |^1 < 2' "$scratch/explained" | grep -E '^[^ ·]' | tail -n 1)" ] ||
            fail "the last line of --explain is the answer: $e in $f" "$(cat "$scratch/explained")"
    done
done
pass "what is explained ends in the answer"
holds "on a narrow terminal no line is longer" bash -c \
    'COLUMNS=60 "$0" compute -f fp32 --explain "0.1 + 1e-3" "1/3" | awk "length > 60 && !/[|…×·]/ { exit 1 }"' "$halfulp"

json=$(compute -f bf16 --json '256 + 1')
check() { # NAME PATH EXPECTED
    local got
    got=$(field "$2" <<<"$json")
    if [ "$got" = "$3" ]; then pass "$1"; else fail "$1" "$got, not $3"; fi
}
check "JSON: the operation" "['steps'][0]['operation']" add
check "JSON: operands' codes" "['steps'][0]['operands']" "['0x4380', '0x3f80']"
check "JSON: the exact result of a step" "['steps'][0]['exact']" 257
check "JSON: a step's error in ulp" "['steps'][0]['error_ulp']" -0.5
check "JSON: a step's flags" "['steps'][0]['flags']" "['inexact']"
check "JSON: the whole" "['bits'] + ' ' + d['decimal'] + ' ' + d['exact']" "0x4380 256 257"
check "JSON: remarks" "['remarks'][0]" "1 is lost: at 256 the numbers of bf16 are 2 apart"
json=$(compute -f fp16 --json 1 'sqrt(2)' '1<2')
check "JSON: several expressions are a list" "[1]['steps'][0]['exact']" None
check "JSON: a comparison" "[2]['bits']" True

"$halfulp" compute -f bf16 --svg "$scratch/sum.svg" '256 + 1' >/dev/null 2>&1
holds "the SVG is one document" python3 -c 'import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])' "$scratch/sum.svg"
holds "the SVG has the guard's cell and the tie" grep -q 'guard 1, round 0, sticky 0: a tie; rne: to the even one' "$scratch/sum.svg"
exits "the SVG is not replaced" 2 'exists' "$halfulp" compute -f bf16 --svg "$scratch/sum.svg" 1+1

# Elements of tensors.
python3 - "$scratch/w.safetensors" <<'EOF'
import json, struct, sys
values = [(i - 100) / 16 for i in range(256)]
header = json.dumps({"a.weight": {"dtype": "F32", "shape": [4, 64], "data_offsets": [0, 1024]}}).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(header)) + header + struct.pack("<256f", *values))
EOF
in_scratch() { (cd "$scratch" && "$halfulp" "$@" 2>&1); }
prints "elements of a file are operands" "-12.375  0xc1460000  exact" \
    in_scratch compute -f fp32 'w.safetensors:a.weight[0,1] * 2'
prints "paths and signs stay apart" "1.0102041  0x3f814e5e  exact ≈ 1.0102040816326531, error -4.87e-09, 0.0408 ulp" \
    in_scratch compute -f fp32 './w.safetensors:[0,1]/./w.safetensors:[0,2]'
prints "and in functions and lines" "2.4366987  0x401bf2df" bash -c \
    "cd '$scratch' && echo 'sqrt(w.safetensors:[3,3])' | '$halfulp' compute -f fp32 | cut -d' ' -f1-3"
exits "an element that there is not" 2 "index 9 is out of range: axis 0 of 'a.weight' has 4 elements" \
    "$halfulp" compute -f fp32 "1 + $scratch/w.safetensors:[9,1]"
exits "a file that there is not" 2 'none.npy: No such file' "$halfulp" compute -f fp32 'none.npy:[9,1]+1'
for block in mxfp4 nvfp4 fp8_tile128 nf4; do
    in_scratch cast w.safetensors -t $block -o $block.safetensors >/dev/null
    in_scratch cast $block.safetensors -t fp32 -o back_$block.safetensors >/dev/null
    same_elements() {
        local at
        for at in 0,0 1,63 2,5 3,17 3,-1; do
            # Rounded from the exact value, and read back.
            [ "$(in_scratch compute -f fp32 "$block.safetensors:a.weight[$at]" | awk '/0x/ { print $2 }')" = \
                "$(in_scratch compute -f fp32 "back_$block.safetensors:a.weight[$at]" | awk '/0x/ { print $2 }')" ] || return
        done
    }
    holds "elements of $block are what cast decodes" same_elements
done
prints "an element of a quantized weight in an expression" "3  0x4040  exact" \
    in_scratch compute -f bf16 'mxfp4.safetensors:a.weight[2,5] + 1'
prints "rows of quantized weights as operands of a dot product" '166' bash -c \
    "cd '$scratch' && '$halfulp' dot -f bf16 mxfp4.safetensors:a.weight[0,:] w.safetensors:a.weight[1,:] --model exact --json | jq -r .exact"
finish
