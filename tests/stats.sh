# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# stats: block formats as targets, files against each other, shards and what they are merged to.
. "$srcdir/tests/tap.sh" || exit 1

cd "${scratch:?}" || exit 1
if ! command -v python3 >/dev/null || ! command -v jq >/dev/null; then
    skip "stats" "no Python or no jq"
    finish
    exit
fi

cat >make.py <<'PY'
import json, random, struct
random.seed(7)
def save(path, tensors):
    head, data = {}, b''
    for name, (dtype, shape, part) in tensors.items():
        head[name] = {'dtype': dtype, 'shape': shape, 'data_offsets': [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(head).encode()
    text += b' ' * (-len(text) % 8)
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + data)
def f32(n, outliers=()):
    x = [random.gauss(0, .05) for _ in range(n)]
    for i, v in outliers:
        x[i] = v
    return struct.pack('<%df' % n, *x)
def bf16(b):
    return b''.join(b[i + 2:i + 4] for i in range(0, len(b), 4))
def npy(path, descr, order, shape, data):
    header = ("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n" % (descr, order, shape)).encode()
    open(path, 'wb').write(b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header + data)
a = {'layers.0.q.weight': ('F32', [64, 96], f32(64 * 96)),
     'layers.1.q.weight': ('F32', [32, 128], f32(32 * 128, [(2000, 30.0)])),
     'norm': ('F32', [100], f32(100)),
     'empty': ('F32', [0, 4], b''),
     'ids': ('I64', [3], struct.pack('<3q', 1, 2, 3))}
save('a.safetensors', a)
save('same.safetensors', a)
b = dict(a)
del b['norm']
b['more'] = ('F32', [1], f32(1))
b['ids'] = ('I64', [3], struct.pack('<3q', 1, 2, 4))
b['layers.0.q.weight'] = ('F32', [96, 64], a['layers.0.q.weight'][2])
save('b.safetensors', b)
other = dict(a)
other['norm'] = ('F32', [100], f32(100))
save('other.safetensors', other)
save('half.safetensors', {n: ('BF16', s, bf16(d)) if t == 'F32' else (t, s, d) for n, (t, s, d) in a.items()})
nan = dict(a)
nan['norm'] = ('F32', [100], f32(100, [(0, float('nan')), (1, float('inf'))]))
save('nan.safetensors', nan)
rows = [[float(10 * i + k) for k in range(3)] for i in range(4)]
flat = [x for r in rows for x in r]
turned = [rows[i][k] for k in range(3) for i in range(4)]
import itertools
many = [[random.gauss(0, 1) * 2.0 ** (i - k) for k in range(40)] for i in range(9)]
npy('rows.npy', '<f4', 'False', '(9, 40)', struct.pack('<360f', *itertools.chain(*many)))
npy('columns.npy', '<f4', 'True', '(9, 40)', struct.pack('<360f', *itertools.chain(*zip(*many))))
npy('c.npy', '<f4', 'False', '(4, 3)', struct.pack('<12f', *flat))
npy('fortran.npy', '>f8', 'True', '(4, 3)', struct.pack('>12d', *turned))
open('flat.bin', 'wb').write(struct.pack('<12f', *flat))
open('ulp.bin', 'wb').write(struct.pack('<2f', 1, 2))
open('ulp2.bin', 'wb').write(struct.pack('<2f', 1 + 2**-23, 2 - 2**-22))
open('huge.bin', 'wb').write(struct.pack('<2d', 1e300, 1e-300))
open('huge2.bin', 'wb').write(struct.pack('<2d', 1e300 * (1 + 2**-10), 1e-300))
open('long.bin', 'wb').write(f32(300000))
for i in range(3):
    open('part%d.bin' % i, 'wb').write(open('long.bin', 'rb').read()[i * 131072 * 4:(i + 1) * 131072 * 4])
PY
python3 make.py
json() { # JQ ARGUMENTS…: of stats --json.
    local filter=$1
    shift
    "$halfulp" stats --json "$@" | jq -r "$filter"
}
jq_holds() { # NAME JQ ARGUMENTS…
    local name=$1 filter=$2
    shift 2
    if json "$filter" "$@" | grep -qx true; then pass "$name"; else fail "$name" "$filter of $*"; fi
}

# Block formats as targets.
prints "block formats stand beside plain ones" "bf16 mxfp4 nvfp4 q8_0" json '[.total[].format] | join(" ")' a.safetensors -t bf16,mxfp4,nvfp4,q8_0
prints "ggml's long blocks do, too" "q2_k q3_k q4_k q5_k q6_k" json '[.total[].format] | join(" ")' a.safetensors -t q2_k,q3_k,q4_k,q5_k,q6_k
exits "what is decoded only is refused as a target" 2 "iq2_xs is decoded only: nothing here encodes it" "$halfulp" stats a.safetensors -t bf16,iq2_xs
exits "a rule is of block formats" 2 "--rule does not go with targets that are no block formats" "$halfulp" stats a.safetensors -t bf16 --rule ceil
exits "more threads than are used are no mistake" 0 '' "$halfulp" stats a.safetensors -t bf16 -j 128
exits "a rule must be one" 2 "floor, ceil, rceil" "$halfulp" stats a.safetensors -t mxfp4 --rule nearest
jq_holds "the worst block is the outlier's, by name and index" '.total[0].blocks.worst | map(select(.tensor == "layers.1.q.weight" and .index == 62 and .max_abs == 30)) | length == 1' a.safetensors -t mxfp4
jq_holds "an outlier's block loses the others" '.tensors[1].targets[0].blocks.lost_to_outlier >= 31' a.safetensors -t mxfp4
jq_holds "each rule's ratio stands beside the own" '.total[0] | .rule == "floor" and .sqnr_db == .blocks.sqnr_db_by_rule.floor' a.safetensors -t mxfp4
for rule in ceil rceil even; do
    jq_holds "what $rule would keep is what it keeps" ".total[0] | .rule == \"$rule\" and (.sqnr_db - .blocks.sqnr_db_by_rule.$rule | fabs) < 1e-9" a.safetensors -t mxfp4 --rule "$rule"
    prints "and floor's view of $rule is the same" "$(json ".total[0].sqnr_db * 1e8 | round" a.safetensors -t mxfp4 --rule "$rule")" json ".total[0].blocks.sqnr_db_by_rule.$rule * 1e8 | round" a.safetensors -t mxfp4
done
while read -r block plain; do
    prints "$block loses what $plain does under blocks' scales" \
        "$(json '.tensors[].targets[0] | "\(.overflow) \(.underflow) \(.exact) \(.max_abs_error) \((.sqnr_db // 0) * 1e9 | round)"' a.safetensors -t "$plain" --scale block)" \
        json '.tensors[].targets[0] | "\(.overflow) \(.underflow) \(.exact) \(.max_abs_error) \((.sqnr_db // 0) * 1e9 | round)"' a.safetensors -t "$block"
done <<<"mxfp4 fp4_e2m1
mxfp6_e2m3 fp6_e2m3
mxfp6_e3m2 fp6_e3m2
mxfp8_e4m3 fp8_e4m3
mxfp8_e5m2 fp8_e5m2"
jq_holds "shares of blocks saturated are of all blocks" '.total[0].blocks | .saturated_share == .saturated / .count and .saturated > 0' a.safetensors -t mxfp4
jq_holds "what a block format does not have is null" '.total[0] | .subnormal == null and .max_ulp_error == null and .max_rel_error == null' a.safetensors -t nvfp4
jq_holds "rows that blocks do not divide are left out, and do not count" '.total[0].blocks.unfit_elements == 100 and .tensors[2].targets[0].measured == 0 and .narrowest_safe == "q8_0"' a.safetensors -t q8_0 --min-sqnr 20
jq_holds "the narrowest is by bits, scales included" '.narrowest_safe == "mxfp4"' a.safetensors -t nvfp4,mxfp4,nf4,bf16 --min-sqnr 10
jq_holds "clamping counts against a block format when it is asked" '.narrowest_safe == null' a.safetensors -t mxfp4 --min-sqnr 10 --max-overflow 0
prints "a NaN makes its block NaN" "1 30" json '.total[0] | "\(.blocks.nan) \(.invalid)"' nan.safetensors -t mxfp4
prints "what is printed of blocks has a head and a row" 1 bash -c '"$0" stats a.safetensors -t mxfp4,bf16 | grep -c "^  mxfp4 .*[0-9] %.* dB .* dB "' "$halfulp"
prints "worst blocks are named" 1 bash -c '"$0" stats a.safetensors -t q8_0 | sed -n "/worst blocks/,/^$/p" | grep -c " 62  layers.1.q.weight$"' "$halfulp"

prints "blocks lie in rows of the last axis, whatever the order in memory" "$(json .total rows.npy -t mxfp4,fp8_tile128,bf16)" json .total columns.npy -t mxfp4,fp8_tile128,bf16

# The same figures by way of a file: a cast, and a comparison; but that what is in the file is
# decoded exactly, and stats' own results to fp32.
for target in mxfp4 nvfp4 mxfp8_e4m3 nf4 fp8_row fp8_tile128; do
    "$halfulp" cast a.safetensors -t "$target" --keep 'norm' -o "$target.safetensors" >/dev/null 2>&1
    prints "$target loses what a cast to it loses" \
        "$(json '.tensors[:2][].targets[0] | "\(.max_abs_error * 1e6 | round) \(.rms_error * 1e9 | round) \(.sqnr_db * 1e6 | round)"' a.safetensors -t "$target")" \
        json '.tensors[:2][] | "\(.max_abs_error * 1e6 | round) \(.rms_error * 1e9 | round) \(.sqnr_db * 1e6 | round)"' a.safetensors --against "$target.safetensors"
done

# Two files.
exits "a file is itself, bit for bit" 0 "" "$halfulp" stats a.safetensors --against same.safetensors
jq_holds "and says so" '.same and .compared == 5 and (.tensors | all(.bit_equal)) and .total.max_abs_error == 0' a.safetensors --against same.safetensors
exits "other values are a no" 1 "" "$halfulp" stats a.safetensors --against other.safetensors
prints "and they are named" "norm" json '.tensors[] | select(.same | not).name' a.safetensors --against other.safetensors
prints "missing, extra, of another shape, other integers" "layers.0.q.weight shape false;layers.1.q.weight compared true;norm missing false;empty compared true;ids compared false;more extra false" \
    json '[.tensors[] | "\(.name) \(.status) \(.same)"] | join(";")' a.safetensors --against b.safetensors
prints "counts of them stand at the end" "3 1 1 1 0 false" json '"\(.compared) \(.missing) \(.extra) \(.shape) \(.dtype) \(.same)"' a.safetensors --against b.safetensors
prints "the text has a line for each" "2 1 1" bash -c '"$0" stats a.safetensors --against b.safetensors | awk "/only in the/ && !/compared/ {o++} /\\[64, 96\\] against \\[96, 64\\]/ {s++} /not the same/ {n++} END {print o, s, n}"' "$halfulp"
exits "formats may differ" 1 "" "$halfulp" stats a.safetensors --against half.safetensors
prints "and ulps are the second's" "bf16 second" json '.tensors[0] | "\(.ulp_format) \(.ulp_of)"' a.safetensors --against half.safetensors
jq_holds "a truncated bf16 is off by less than an ulp" '.tensors[0] | .max_ulp_error < 1 and .max_ulp_error > 0.9 and .bit_equal == null' a.safetensors --against half.safetensors
exits "a ratio that is enough is asked for" 0 "" "$halfulp" stats a.safetensors --against half.safetensors --min-sqnr 40
exits "or not reached" 1 "" "$halfulp" stats a.safetensors --against half.safetensors --min-sqnr 60
prints "of a quantized one they are the first's" "fp32 first" json '.tensors[0] | "\(.ulp_format) \(.ulp_of)"' a.safetensors --against mxfp4.safetensors
prints "2^-23 is an ulp of 1, and 2 - 2^-22 two from 2" "2" json '(.total.max_ulp_error // .tensors[0].max_ulp_error) + 0' -f fp32 ulp.bin --against ulp2.bin
prints "squares beyond fp64's range are counted" "60.206 1" json '"\(.total.sqnr_db * 1e4 | round / 1e4) \(.total.equal)"' -f fp64 huge.bin --against huge2.bin
exits "orders of axes and bytes do not matter" 0 "" "$halfulp" stats c.npy --against fortran.npy
exits "a raw array has another shape" 1 "" "$halfulp" stats c.npy --against flat.bin -f fp32
prints "a NaN beside a number is unlike" 2 json '.tensors[2].unlike' nan.safetensors --against a.safetensors
exits "a NaN beside a NaN is not" 0 "" "$halfulp" stats nan.safetensors --against nan.safetensors
exits "what is of casts does not go with it" 2 "--to does not go with --against" "$halfulp" stats a.safetensors --against b.safetensors -t bf16
exits "a second file that is none" 2 "No such file" "$halfulp" stats a.safetensors --against nothing.safetensors
prints "only what is chosen is compared" "norm" json '.tensors[].name' a.safetensors --against other.safetensors --tensor 'norm'
prints "threads change nothing" "$(json . -f fp32 long.bin --against long.bin --jobs 1)" json . -f fp32 long.bin --against long.bin --jobs 5

# Shards.
shards() { # N ARGUMENTS…: merged in no order, against one run.
    local n=$1 k
    shift
    rm -f part.*
    for k in $(seq "$n"); do "$halfulp" stats "$@" --shard "$k/$n" --partial "part.$k" || return 1; done
    "$halfulp" stats "$@" --json >one.json && "$halfulp" stats --merge part.* --json >up.json &&
        "$halfulp" stats --merge $(ls part.* | sort -r) --json >down.json && cmp one.json up.json && cmp one.json down.json
}
holds "three shards of a set are one run" shards 3 a.safetensors -t bf16,mxfp4,nvfp4,q8_0,fp8_tile128,nf4
holds "more shards than pieces as well" shards 40 a.safetensors -t bf16,mxint8 --rule even
holds "a tensor that is cut" shards 3 -f fp32 long.bin -t fp16,mxfp4,fp8_e4m3
holds "integers among the targets" shards 3 -f fp32 long.bin -t int8,fp16,uint64,mxfp4
holds "and counted by its codes" shards 4 -f bf16 long.bin -t fp8_e4m3,nvfp4 --scale tensor
holds "of fp8, whose codes are few" shards 2 -f fp8_e4m3 long.bin -t fp4_e2m1 -r rtz --saturate
holds "blocks of plain formats" shards 5 -f fp32 long.bin -t fp6_e3m2 --scale block
holds "a quantized checkpoint" shards 3 mxfp4.safetensors -t bf16,nf4
"$halfulp" stats a.safetensors -t bf16 --shard 1/3 --partial a1 && "$halfulp" stats a.safetensors -t bf16 --shard 2/3 --partial a2 && "$halfulp" stats a.safetensors -t bf16 --shard 3/3 --partial a3
exits "a part is merged into another part" 0 "" "$halfulp" stats --merge a3 a1 --partial a13
prints "and that with the rest" "$(json . a.safetensors -t bf16)" json . --merge a2 a13
exits "a missing shard is named" 2 "shard 2 of 3 is missing" "$halfulp" stats --merge a1 a3
exits "so is one that comes twice" 2 "shard 1 of 3 is in a13 and in a1" "$halfulp" stats --merge a13 a2 a1
"$halfulp" stats a.safetensors -t fp16 --shard 2/3 --partial fp16
exits "other options are refused" 2 "different options" "$halfulp" stats --merge a1 fp16 a3
"$halfulp" stats other.safetensors -t bf16 --shard 2/3 --partial o2
exits "and other data of the same names and shapes" 2 "different files" "$halfulp" stats --merge a1 o2 a3
"$halfulp" stats a.safetensors -t bf16 --shard 2/4 --partial a24
exits "and another number of shards" 2 "different numbers of shards" "$halfulp" stats --merge a1 a24
head -c 200 a1 >cut
exits "a file that is cut short" 2 "cut has 200 bytes.*cut short" "$halfulp" stats --merge cut a2 a3
python3 -c 'b = bytearray(open("a1", "rb").read()); b[60] ^= 4; open("bad", "wb").write(b)'
exits "or damaged" 2 "bad is damaged: its checksum" "$halfulp" stats --merge bad a2 a3
python3 -c 'b = bytearray(open("a1", "rb").read()); b[7] = 50; open("new", "wb").write(b)'
exits "or of a later version" 2 "another version" "$halfulp" stats --merge new
exits "or no such file at all" 2 "is no part of statistics" "$halfulp" stats --merge a.safetensors
exits "a part is not written over" 2 "exists" "$halfulp" stats a.safetensors --shard 1/3 --partial a1
exits "a shard needs a place" 2 "--partial" "$halfulp" stats a.safetensors --shard 1/3
exits "a shard is one of them" 2 "K/N" "$halfulp" stats a.safetensors --shard 4/3 --partial x
exits "options of the runs are in the parts" 2 "--to does not go with --merge" "$halfulp" stats --merge a1 -t bf16
prints "a higher limit" null json .narrowest_safe --merge a1 a2 a3 --min-sqnr 90
prints "a lower one" bf16 json .narrowest_safe --merge a1 a2 a3 --min-sqnr 30

# A set is cast in shards: each Nth file, and the index by the first.
python3 - <<'PY'
import json
exec(open('make.py').read().split("\na = {")[0])
names = {}
for i in range(5):
    file = 'm-%d.safetensors' % i
    save(file, {'t%d.weight' % i: ('F32', [64, 64], f32(4096)), 'n%d' % i: ('F32', [7], f32(7))})
    names['t%d.weight' % i] = names['n%d' % i] = file
json.dump({'metadata': {'total_size': 5 * 4 * 4103}, 'weight_map': names}, open('m.safetensors.index.json', 'w'))
PY
for how in "-t fp8_e4m3 --stochastic --seed 4" "-t mxfp4" "-t bf16 --tensor t3*"; do
    rm -rf whole shards && mkdir whole shards
    # shellcheck disable=SC2086
    "$halfulp" cast m.safetensors.index.json $how -o whole/m.safetensors.index.json >/dev/null 2>&1
    for k in 2 3 1; do
        # shellcheck disable=SC2086
        "$halfulp" cast m.safetensors.index.json $how -o shards/m.safetensors.index.json --shard $k/3 >said.$k 2>/dev/null || fail "shard $k of a cast"
    done
    holds "a set cast in shards is the set ($how)" diff -r whole shards
done
holds "each shard tells of its own tensors" grep -q "1 tensor, 4,096 elements to bf16, 3 copied" said.1
rm -rf shards && mkdir shards
prints "each shard writes its own files, and the first the index" "m-1.safetensors m-4.safetensors" bash -c '"$0" cast m.safetensors.index.json -t bf16 -o shards/m.safetensors.index.json --shard 2/3 >/dev/null && ls shards | tr "\n" " " | sed "s/ $//"' "$halfulp"
exits "one file has no shards" 2 "of an index" "$halfulp" cast a.safetensors -t bf16 -o x.safetensors --shard 1/2

# Shards of a proof.
told() { jq -S 'del(..|.seconds?, .inputs_per_second?)'; }
for k in 1 2 3; do "$halfulp" verify -f fp16,bf16 -t fp8_e4m3,bf16 -r rne,rup --shard "$k/3" --json >"v$k"; done
prints "shards of a proof are the proof" "$("$halfulp" verify -f fp16,bf16 -t fp8_e4m3,bf16 -r rne,rup --json | told)" bash -c '"$0" verify --merge v3 v1 v2 --json | jq -S "del(..|.seconds?, .inputs_per_second?)"' "$halfulp"
prints "and are told of in a line" "8 combinations, 0 failed, 524,288 inputs, 0 mismatches, in 3 shards" "$halfulp" verify --merge v1 v2 v3
exits "none may be missing" 2 "shard 3 of 3 is missing" "$halfulp" verify --merge v1 v2
exits "or come twice" 2 "shard 2 of 3 is in v2 and in v2" "$halfulp" verify --merge v1 v2 v2
"$halfulp" verify -f fp16 -t bf16 --shard 2/3 --json >other
exits "or be of other options" 2 "different options" "$halfulp" verify --merge v1 other v3
exits "or of no shard" 2 "one.json: is something else; wanted is what .halfulp verify --shard" "$halfulp" verify --merge one.json
echo "hello" >text
exits "or a text" 2 'text: is text: "hello"; wanted is what' "$halfulp" verify --merge text
edges() { "$halfulp" verify -f fp32 -t fp8_e4m3 --covers boundaries --count 20000 --json "$@"; }
for k in 1 2; do edges --shard $k/2 >edges$k; done
prints "shards of boundaries are the boundaries" "$(edges | told)" bash -c '"$0" verify --merge edges2 edges1 --json | jq -S "del(..|.seconds?, .inputs_per_second?)"' "$halfulp"
if command -v cc >/dev/null; then
    # What cuts fp16's lower half off to make fp8_e5m2 of it.
    printf '#include <stddef.h>\n#include <stdint.h>\nvoid cut(const void *s, void *d, size_t n) { for (size_t i = 0; i < n; i++) ((uint8_t *)d)[i] = ((const uint16_t *)s)[i] >> 8; }\n' >cut.c
    cc -shared -fPIC -O1 -o cut.so cut.c
    for k in 1 2; do "$halfulp" verify -f fp16 -t fp8_e5m2 --against ./cut.so:cut --shard "$k/2" --json >"w$k"; done
    prints "runs that a shard's end cuts are whole again" "$("$halfulp" verify -f fp16 -t fp8_e5m2 --against ./cut.so:cut --json | jq -c '.combinations[0] | [.inputs, .mismatches, .runs]')" \
        bash -c '"$0" verify --merge w2 w1 --json | jq -c ".combinations[0] | [.inputs, .mismatches, .runs]"' "$halfulp"
    exits "and the answer is no" 1 "" "$halfulp" verify --merge w1 w2
else
    skip "runs that a shard's end cuts are whole again" "no compiler"
fi

# Parts of one array add up.
for i in 0 1 2; do "$halfulp" stats -f fp32 "part$i.bin" -t fp16,mxfp4 --partial "p$i"; done
prints "parts of one array are the array" "$(json '[.total, .histogram, .tensors[0].elements]' -f fp32 long.bin -t fp16,mxfp4 | jq -c 'del(.[0][].blocks.worst)')" \
    bash -c '"$0" stats --merge --join p2 p0 p1 --json | jq -c "[.total, .histogram, .tensors[0].elements] | del(.[0][].blocks.worst)"' "$halfulp"
"$halfulp" stats -f fp32 part0.bin -t nvfp4 --partial n0
exits "but not under a scale over the whole" 2 "do not add up" "$halfulp" stats --merge --join n0 n0
exits "nor shards" 2 "not of one whole array" "$halfulp" stats --merge --join a1 a2
finish
