# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Dot products on the command line: models side by side, operands from files, matrices.
. "$srcdir/tests/tap.sh"
dot() { "$halfulp" dot "$@" 2>/dev/null; }
row() { dot "$@" | tail -n 1 | awk '{ print $1, $2, $3 }'; }
check() { # NAME PATH EXPECTED, of $json
    local got
    got=$(python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval("d" + sys.argv[1]))' "$2" <<<"$json")
    if [ "$got" = "$3" ]; then pass "$1"; else fail "$1" "$got, not $3"; fi
}

ones=1,1,1,1 small=1,0x1p-24,0x1p-24,0x1p-24
prints "V100 cuts what A100 keeps" "v100 1 0x3f800000" row -f fp16 --model v100 $ones $small
prints "A100 has a bit more" "a100 1.0000001 0x3f800001" row -f fp16 --model a100 $ones $small
prints "MI300X rounds to nearest" "mi300x 1.0000002 0x3f800002" row -f fp16 --model mi300x $ones $small
prints "Hopper's fp8 keeps 13 bits" "h100-fp8 1.0001220703125 0x3f800400" row -f e4m3 --model h100-fp8 1,0x1p-7,0x1p-8 1,0x1p-6,0x1p-6
prints "C joins the group" "h100-fp8 2 0x40000000" row -f e4m3 --add fp32:0x3f8003ff --model h100-fp8 1 1
prints "an fp16 accumulator" "a100 1.0009765625 0x3c01" row -f fp16 --accumulate fp16 --model a100 1,1 1,0x1.8p-11
prints "blocks of N" "blocked:2 1.0000001 0x3f800001" row -f fp16 --model blocked:2 $ones $small
given() { dot "$@" | grep given | tr -s ' '; }
prints "a C that is rounded into the accumulator shows what was given" " given -0.9 of the operands as they are given" given -f fp16 --add 0.1 1 -1
prints "an operand that overflows shows what was given" " given 1000000000 of the operands as they are given" given -f fp16 1e9 1
prints "operands that stay what they are show it once" "" given -f fp16 --add 0.5 1 -1
exits "all models that take the format are listed" 0 '' "$halfulp" dot -f fp16 1,2 3,4
prints "… and in their order" "exact sequential pairwise blocked:64 fma v100 t4 a100 ada h100 b200 mi100 mi250x mi300x" bash -c \
    'echo $("$0" dot -f fp16 1,2 3,4 | sed "1,4d; s/ *\([^ ]*\).*/\1/")' "$halfulp"
exits "a model that does not take the format is refused" 2 'v100 does not multiply bf16 into fp32' "$halfulp" dot -f bf16 --model v100 1 1
exits "an unknown model" 2 '"v200" is not a model; did you mean v100 or b200\? .halfulp dot --models. lists' "$halfulp" dot -f bf16 --model v200 1 1
exits "lengths must agree" 2 'A has 2 values and B 1' "$halfulp" dot -f bf16 1,2 3
exits "a value is missing" 2 'missing after the last comma' "$halfulp" dot -f bf16 1, 3,4
exits "a bad value is named" 2 '"x" is not a number' "$halfulp" dot -f bf16 1,x 3,4
exits "the format is needed for text" 2 '\-f names the format' "$halfulp" dot 1 2

json=$(dot -f fp16 --json --model exact,v100 --add 0.5 $ones $small)
check "JSON: the formats" "['format'] + d['accumulate']" fp16fp32
check "JSON: the exact sum" "['exact']" 1.500000178813934326171875
check "JSON: a model's bits" "['results'][1]['bits']" 0x3fc00000
check "JSON: its error" "['results'][1]['error']" -0.000000178813934326171875
check "JSON: in ulp" "['results'][1]['error_ulp']" -1.5
check "JSON: within the bound" "['results'][1]['within_bound']" True
json=$(dot -f e4m3 --json --model h100-fp8 1,0x1p-7,0x1p-8 1,0x1p-6,0x1p-6)
check "JSON: 13 bits are beyond fp32's bound" "['results'][0]['within_bound']" False
json=$(dot -f tf32,bf16,e4m3 --json 0.1,0.2 3,4)
check "JSON: several formats are a list" "[2]['format']" fp8_e4m3
check "JSON: what was given, exactly" "[1]['given']" 1.1
json=$(dot -f fp16 --json --model exact inf,1 1,1)
check "JSON: an infinity has no exact sum" "['exact'], d['results'][0]['bits']" "(None, '0x7f800000')"
exits "--models takes no operands" 2 "--models takes no argument: '1,2'" "$halfulp" dot -f fp16 --models 1,2 3,4
json=$("$halfulp" dot --models --json)
check "JSON: every unit has a source and says how sure it is" "['models'] and all(m['source'] and (m['sure'] or not m['instruction']) for m in d['models'])" True

# By groups: addends aligned, what is cut.
holds "--explain shows what is cut" grep -qE '^  a2·b2 +6\.10352e-05 +\+0\.0000000000000\|10000  6\.10352e-05 cut$' \
    <(dot -f e4m3 --model h100-fp8 --explain 1,0x1p-7,0x1p-8 1,0x1p-6,0x1p-6)
holds "--explain shows both stages" grep -qE '^sums +greatest exponent 1, cut below 2\^-30 downward$' \
    <(dot -f fp16 --model mi300x --explain --add 3 1,0.1,-0.33 1,0.01,3)
holds "--explain of a sequence shows each sum" grep -qE '^  \+ a1·b1 +4\.001' \
    <(dot -f fp16 --model fma --explain --add 3 1,0.1,-0.33 1,0.01,3)
for m in $("$halfulp" dot --models --json | python3 -c 'import json,sys; [print(m["model"], (m["takes"] or [{"format": "bf16"}])[0]["format"], sep=":") for m in json.load(sys.stdin)["models"]]'); do
    result=$(row -f "${m#*:}" --model "${m%%:*}" 0.5,1.5,-2,0.25,3 1,-1.5,0.75,2,0.5 | awk '{ print $3 }')
    "$halfulp" dot -f "${m#*:}" --model "${m%%:*}" --explain 0.5,1.5,-2,0.25,3 1,-1.5,0.75,2,0.5 >"$scratch/steps" 2>&1
    tail -n 1 "$scratch/steps" | grep -q -- "$result" || fail "the last step of $m is its result" "$result: $(cat "$scratch/steps")"
done
pass "the last step of every model is its result"

# Operands from files.
w=$srcdir/fixtures/tensors/weights.npy
prints "a row by a column of a tensor" "$(python3 - "$w" <<'PY'
import struct, sys
from fractions import Fraction as F
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<H", data[8:10])[0]
values = struct.unpack("<1024f", data[10 + n:])
rows = [values[i * 64:(i + 1) * 64] for i in range(16)]
total = sum(F(rows[1][k]) * F(rows[2][k]) for k in range(64))
print(struct.pack(">f", float(total)).hex())
PY
)" bash -c '"$0" dot --json --model exact "$1:[1,:]" "$1:[2]" | python3 -c "import json,sys; print(json.load(sys.stdin)[\"results\"][0][\"bits\"][2:])"' "$halfulp" "$w"
exits "a matrix is no vector" 2 'a dot product is of two vectors; --matrix multiplies matrices' "$halfulp" dot "$w" "$w"
exits "an index out of range" 2 'index 16 is out of range' "$halfulp" dot "$w:[16]" 1,2
printf '# a vector\n1 2\n' >"$scratch/a.txt"
printf '3\n4\n' >"$scratch/b.txt"
prints "files of text" "exact 11 0x41300000" row -f fp16 --model exact "$scratch/a.txt" "$scratch/b.txt"
printf '1 2\n3 4\n' >"$scratch/m.txt"
printf '1 2\n3\n' >"$scratch/bad.txt"
exits "a ragged file is refused with its line" 2 'bad.txt: line 2: a row of 1 value, where the rows before have 2' \
    "$halfulp" dot --matrix -f fp16 "$scratch/bad.txt" 1

json=$(dot -f bf16 --matrix --json --model b200 "$scratch/m.txt" '5,6;7,8')
check "a matrix product" "['results'][0]['decimal']" "[['19', '22'], ['43', '50']]"
json=$(dot -f bf16 --matrix --json --model exact --add '1,0;0,1' '1,2;3,4' '5,6;7,8')
check "… plus C" "['exact']" "[['20', '22'], ['43', '51']]"
json=$(dot -f e4m3 --scale tensor --json --model exact,h100-fp8 1000,-2000,3000 0.001,0.002,0.003)
check "a scaled sum is near what was given" "['given'], abs(eval(d['results'][0]['decimal']) - 6) < 0.3" "('6', True)"
exits "scales are fp32's" 2 'needs --accumulate fp32' "$halfulp" dot -f e4m3 --scale tensor --accumulate fp16 1 1
# OCP MX: 32 in a row share a power of two.
json=$(dot -f mxfp8_e4m3,mxfp4 --json --model exact,b200 1000,-2000,3000 0.001,0.002,0.003)
check "MX blocks have their own name" "[0]['format'] + d[1]['format']" mxfp8_e4m3mxfp4
check "MX: elements and scales are those of OCP MX" "[1]['exact']" "$(python3 - <<'PY'
from fractions import Fraction as F
from math import floor, log2
codes = [0, .5, 1, 1.5, 2, 3, 4, 6]
def block(v): # OCP MX 1.0, section 6.3; elements to nearest, ties to the even code
    scale = 2.0 ** (floor(log2(max(map(abs, v)))) - 2)
    out = []
    for x in v:
        m = min(abs(x) / scale, 6)
        best = min(range(8), key=lambda i: (abs(codes[i] - m), i & 1))
        out.append(F(codes[best]) * F(scale) * (-1 if x < 0 else 1))
    return out
total = sum(x * y for x, y in zip(block([1000, -2000, 3000]), block([.001, .002, .003])))
print(float(total) if total.denominator > 1 else total)
PY
)"
check "MX: B200 takes them" "[0]['results'][1]['model']" b200
exits "MX: other units do not" 2 'h100-fp8 does not multiply mxfp8_e4m3' "$halfulp" dot -f mxfp8_e4m3 --model h100-fp8 1 1
exits "MX: no infinities" 2 'no scale for a block with an infinity' "$halfulp" dot -f mxfp8_e4m3 inf 1
# Scales that are applied in fp32, block by block: nvfp4's two, DeepSeek's tiles, rows.
json=$(dot -f nvfp4 --json --model exact,fma 1000,-2000,3000,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 .5,.25,.125,1,1,1,1,1,1,1,1,1,1,1,1,1,2,3)
check "nvfp4: 16 elements, an e4m3 scale and one over all, exactly" "['exact'], d['segment']" "$(python3 - <<'PY'
from decimal import Decimal, getcontext
from fractions import Fraction as F
import struct
fp32 = lambda x: F(struct.unpack('f', struct.pack('f', float(x)))[0])
e2m1 = [F(n, 2) for n in (0, 1, 2, 3, 4, 6, 8, 12)]
e4m3 = [F(m, 2**9) for m in range(8)] + [F(8 + m, 8) * F(2)**(e - 7) for e in range(1, 16) for m in range(8)][:-1]
def nearest(x, codes): return min(range(len(codes)), key=lambda i: (abs(codes[i] - x), i & 1))
def quantized(v):
    tensor = fp32(fp32(max(map(abs, v))) / (448 * 6))
    out = []
    for at in range(0, len(v), 16):
        block = v[at:at + 16]
        scale = e4m3[nearest(max(map(abs, block)) / 6 / tensor, e4m3)] * tensor
        out += [e2m1[nearest(min(abs(x) / scale, 6), e2m1)] * scale * (-1 if x < 0 else 1) for x in block]
    return out
a = [F(x) for x in (1000, -2000, 3000, *range(1, 16))]
b = [F(1, 2), F(1, 4), F(1, 8)] + [F(1)] * 13 + [F(2), F(3)]
total = sum(x * y for x, y in zip(quantized(a), quantized(b)))
getcontext().prec = 400
print((str(Decimal(total.numerator) / total.denominator), 16))
PY
)"
json=$(dot -f fp8_tile1x2 --json --model exact,sequential --add 1 448,448,896,1792 448,448,112,224)
check "tiles: a scale of fp32 after each" "['exact'], d['results'][1]['decimal'], d['segment']" "('903169', '903169', 2)"
prints "… added to C in turn" "h100-fp8 903169 0x495c8010" row -f fp8_tile1x2 --add 1 --model h100-fp8 448,448,896,1792 448,448,112,224
json=$(dot -f fp8_row,fp8_tensor,fp8_tile128,fp8_e5m2_tile128 --json --model exact,fma 0.1,0.2,-7 3,4,5)
check "rows, tensors and tiles of fp8 are taken" "[0]['segment'], all(x['results'][1]['within_bound'] for x in d), d[3]['format']" "(3, True, 'fp8_e5m2_tile128x128')"
exits "… into fp32" 2 'scales of blocks are applied in fp32, so nvfp4 needs --accumulate fp32' "$halfulp" dot -f nvfp4 --accumulate fp16 1 1
holds "--explain shows what the scales do" grep -qE '^  × 2 \+ +903169 ' <(dot -f fp8_tile1x2 --explain --model fma --add 1 448,448,896,1792 448,448,112,224)
dot -f nvfp4 --explain --model fma --add 3 0.5,1.5,-2,0.25,3 1,-1.5,0.75,2,0.5 >"$scratch/steps"
holds "… and the epilogue" grep -qE "^  × scales \+ C +$(sed -n 's/^  fma *\([^ ]*\).*/\1/p' "$scratch/steps") " "$scratch/steps"
exits "other blocks are not taken" 2 'nf4 is no block format that dot takes' "$halfulp" dot -f nf4 1 1
finish
