# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# tensors, stats, cast and show on files: NumPy's and others', whole and broken.
. "$srcdir/tests/tap.sh"

cd "$scratch" || exit 1
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate && break
done

# A safetensors file by nothing but Python's library, and the same read back.
cat >files.py <<'EOF'
import json, struct, sys, random

SIZES = {'F64': 64, 'F32': 32, 'F16': 16, 'BF16': 16, 'F8_E4M3': 8, 'F8_E5M2': 8, 'F6_E3M2': 6,
         'F4': 4, 'I32': 32, 'I64': 64, 'BOOL': 8}

def write(path, tensors, metadata=None):
    header, at = {}, 0
    if metadata:
        header['__metadata__'] = metadata
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {'dtype': dtype, 'shape': shape, 'data_offsets': [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for dtype, shape, data in tensors.values():
            f.write(data)

def read(path):
    blob = open(path, 'rb').read()
    n, = struct.unpack('<Q', blob[:8])
    header = json.loads(blob[8:8 + n])
    metadata = header.pop('__metadata__', None)
    tensors, end = {}, 0
    for name, t in header.items():
        b, e = t['data_offsets']
        count = 1
        for size in t['shape']:
            count *= size
        assert (e - b) * 8 == count * SIZES[t['dtype']], (name, t)
        tensors[name] = (t['dtype'], t['shape'], blob[8 + n + b:8 + n + e])
        end = max(end, e)
    assert 8 + n + end == len(blob)
    return tensors, metadata
EOF

floats() { # COUNT SEED: little-endian fp32 on stdout
    "${python:-python3}" - "$1" "$2" <<'EOF'
import random, struct, sys
r = random.Random(int(sys.argv[2]))
n = int(sys.argv[1])
sys.stdout.buffer.write(struct.pack('<%df' % n, *[r.gauss(0, 0.05) for _ in range(n)]))
EOF
}

if ! command -v python3 >/dev/null && [ -z "$python" ]; then
    skip "files of tensors" "no Python to write them"
    finish
    exit
fi
py=${python:-python3}

# By hand.
printf '\000\000\200\077\000\000\000\300\000\000\000\000\000\000\300\177' >four.bin # 1, -2, 0, NaN
json() { "$halfulp" "$@" --json | jq -c "$filter"; }
if command -v jq >/dev/null; then
    # jq from 1.7 on writes a number that it only passes on as it was written: 0.0.
    filter='.total[0] | [.format,.overflow,.underflow,.subnormal,.exact,.nan,.infinite,(.max_abs_error,.rms_error,.max_ulp_error | . + 0),.sqnr_db]'
    prints "a raw array by hand" '["fp16",0,0,0,3,1,0,0,0,0,null]' json stats four.bin -f fp32 -t fp16
    filter='[(.tensors[0] | .name, .dtype, .elements), .narrowest_safe]'
    prints "the narrowest safe format" '["arr","fp32",4,"fp4_e2m1"]' json stats four.bin -f fp32 -t fp16,fp4,bf16
else
    skip "JSON of stats" "no jq"
fi
exits "a raw array without a format" 2 "raw array, -f names the format" "$halfulp" stats four.bin
exits "a raw array that is no whole elements" 2 "byte 16|byte 12|byte 0|left over" "$halfulp" stats "$srcdir/tests/tap.sh" -f fp64
exits "no file" 2 "No such file" "$halfulp" stats absent.npy
exits "an unknown option value" 2 "none of: none tensor block" "$halfulp" stats four.bin -f fp32 --scale all
exits "a share over 100 %" 2 "max-overflow" "$halfulp" stats four.bin -f fp32 --max-overflow 101%
exits "no ratio" 2 "decibels" "$halfulp" stats four.bin -f fp32 --min-sqnr x
exits "two files" 2 "one FILE" "$halfulp" stats four.bin four.bin
exits "cast without -o" 2 "-o names" "$halfulp" cast four.bin -f fp32 -t bf16
exits "cast without -t" 2 "-t names" "$halfulp" cast four.bin -f fp32 -o x
exits "a seed without --stochastic" 2 "stochastic" "$halfulp" cast four.bin -f fp32 -t bf16 -o x --seed 1
exits "a folder as OUT" 2 "folder" "$halfulp" cast four.bin -f fp32 -t bf16 -o . --force
exits "a device as OUT" 2 "no regular file" "$halfulp" cast four.bin -f fp32 -t bf16 -o /dev/full --force
prints "one element bit by bit" "four.bin:fp32[1]" bash -c "'$halfulp' show four.bin:fp32[1] | head -1"
exits "an element out of range" 2 "index 4 is out of range: axis 0 of 'fp32' has 4" "$halfulp" show "four.bin:fp32[4]"
holds "an svg report" bash -c "'$halfulp' stats four.bin -f fp32 --svg h.svg && grep -q '</svg>' h.svg"
exits "an svg is not replaced" 2 "exists" "$halfulp" stats four.bin -f fp32 --svg h.svg

# safetensors.
$py - <<'EOF'
import sys; sys.path.insert(0, '.')
import files, struct, random
r = random.Random(3)
f32 = lambda n: struct.pack('<%df' % n, *[r.gauss(0, 0.05) for _ in range(n)])
files.write('model.safetensors', {
    'embed.weight': ('F32', [64, 32], struct.pack('<2048f', *[r.gauss(0, 3) for _ in range(2048)])),
    'steps': ('I32', [2], struct.pack('<2i', 5, -6)),
    'layer "0"\u00e9.weight': ('F32', [7, 4], f32(28)),
    'norm': ('F16', [3], struct.pack('<3e', 1, 0.5, -3)),
    'empty': ('F32', [0, 4], b''),
}, {'format': 'pt', 'note': 'a "b" \\ \u00e9'})
files.write('lone.safetensors', {'lone': ('BOOL', [2], b'\1\0')})
files.write('plain.safetensors', {'w': ('F32', [64, 32], f32(2048)), 'n': ('F16', [1], b'\0\0')})
a, b = f32(4096), f32(4096)
files.write('m-00001-of-00002.safetensors', {'a': ('F32', [4096], a)}, {'format': 'pt'})
files.write('m-00002-of-00002.safetensors', {'b': ('F32', [64, 64], b)}, {'format': 'pt'})
import json
json.dump({'metadata': {'total_size': 32768, 'more': 1},
           'weight_map': {'a': 'm-00001-of-00002.safetensors', 'b': 'm-00002-of-00002.safetensors'}},
          open('m.safetensors.index.json', 'w'))
EOF
cat >check.py <<'EOF'
import sys; sys.path.insert(0, '.')
import files, struct
a, am = files.read('model.safetensors')
b, bm = files.read(sys.argv[1])
dtype = sys.argv[2]
chosen = sys.argv[3].split(',') if len(sys.argv) > 3 else [n for n in a if a[n][0] != 'I32']
assert am == bm, (am, bm)
assert list(a) == list(b), 'names and their order'
for name in a:
    assert a[name][1] == b[name][1], 'shapes'
    assert b[name][0] == (dtype if name in chosen else a[name][0]), name
    if name not in chosen:
        assert a[name][2] == b[name][2], name
EOF
holds "cast keeps names, order, shapes and metadata" bash -c "'$halfulp' cast model.safetensors -o b.safetensors -t bf16 && $py check.py b.safetensors BF16"
holds "--tensor chooses, the rest is copied" bash -c "'$halfulp' cast model.safetensors -o c.safetensors -t fp8_e4m3 --tensor 'embed*' --tensor norm && $py check.py c.safetensors F8_E4M3 embed.weight,norm"
exits "-f against a file that says what it holds" 2 "says what its tensors are" "$halfulp" stats model.safetensors -f fp32
exits "no tensor matches" 2 "no tensor whose name matches x" "$halfulp" cast model.safetensors -o d.safetensors -t bf16 --tensor 'x*'
exits "a packed format that fills no whole bytes" 2 "3 elements, and fp4_e2m1" "$halfulp" cast model.safetensors -o d.safetensors -t fp4
exits "a dtype that safetensors lacks" 2 "safetensors has no dtype for fp8_e3m4" "$halfulp" cast model.safetensors -o d.safetensors -t fp8_e3m4
holds "nothing is left of a refused cast" bash -c '! ls d.safetensors* 2>/dev/null'
holds "fp4 packed, and read back" bash -c "'$halfulp' cast model.safetensors -o e.safetensors -t fp4 --tensor embed.weight && $py check.py e.safetensors F4 embed.weight && '$halfulp' cast e.safetensors -o f.safetensors -t fp32 && '$halfulp' cast f.safetensors -o g.safetensors -t fp4 --tensor embed.weight && $py -c \"
import files
e, g = (files.read(n + '.safetensors')[0]['embed.weight'][2] for n in 'eg')
assert e == g and len(set(e)) > 99\""
holds "wider and back is bit-exact" bash -c "'$halfulp' cast b.safetensors -o w.safetensors -t fp64 && '$halfulp' cast w.safetensors -o n.safetensors -t bf16 && cmp b.safetensors n.safetensors"
prints "tensors of a cast" "F8_E4M3" bash -c "'$halfulp' tensors c.safetensors --json | jq -r '.tensors[0].dtype'"
holds "an index's shards and a new index" bash -c "mkdir out && '$halfulp' cast m.safetensors.index.json -o out/m.safetensors.index.json -t fp16 && '$halfulp' tensors out/m.safetensors.index.json && grep -q 16384 out/m.safetensors.index.json && ls out | wc -l | grep -q 3"
exits "shards do not replace what is read" 2 "would replace" "$halfulp" cast m.safetensors.index.json -o ./new.index.json -t fp16 --force
holds "stats of an index" bash -c "'$halfulp' stats m.safetensors.index.json -t bf16 | grep -q '2 tensors, 8,192 elements'"
exits "an element of a tensor" 0 "" "$halfulp" show 'model.safetensors:norm[2]'
prints "and its value" "-3" bash -c "'$halfulp' show --json 'model.safetensors:norm[-1]' | jq -r .exact"
prints "an element of integers" '["int32","-6"]' bash -c "'$halfulp' show --json -f int32 'model.safetensors:steps[1]' | jq -c '[.rows[0].format, .exact]'"
exits "an element of truth values is none, and the only tensor is called by its name" 2 \
    "'lone' holds bool, whose elements are not read as numbers" "$halfulp" show 'lone.safetensors:[0]'

# The library of another language.
module=${HALFULP_SAFETENSORS_JS:-safetensors}
if command -v node >/dev/null && node -e "require('$module')" 2>/dev/null; then
    "$halfulp" cast plain.safetensors -o plain_bf16.safetensors -t bf16 >/dev/null
    cat >read.js <<EOF
const { SafeTensor } = require('$module'), fs = require('fs');
const read = (path) => new SafeTensor(new Uint8Array(fs.readFileSync(path)));
const view = (file, name) => new DataView(file.getTensor(name).slice().buffer);
const a = read('plain.safetensors'), b = read('plain_bf16.safetensors');
const x = view(a, 'w'), y = view(b, 'w');
if (b.metadata.get('w').dtype !== 'BF16' || y.byteLength !== 4096) process.exit(1);
for (let i = 0; i < 2048; i++) {
    const u = x.getUint32(4 * i, true), r = (u + 0x7fff + (u >>> 16 & 1)) >>> 16;
    if (r !== y.getUint16(2 * i, true)) process.exit(1);
}
EOF
    holds "JavaScript's safetensors reads a cast" node read.js
else
    skip "JavaScript's safetensors reads a cast" "no node module safetensors (npm; HALFULP_SAFETENSORS_JS names it)"
fi

# What the Rust library wrote: fixtures/tensors/safetensors.rs says what is in it.
cp "$srcdir/fixtures/tensors/rust.safetensors" .
cat >rust.py <<'EOF'
import json, struct, sys
import files
state, w = 20261122, []
for _ in range(96):
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    w.append(struct.unpack('<f', struct.pack('<f', ((state >> 40) / 2**24 - 0.5)))[0])
# The product is rounded to fp32, as its factor 0.1 is.
tenth = struct.unpack('<f', struct.pack('<f', 0.1))[0]
w = [struct.unpack('<f', struct.pack('<f', x * tenth))[0] for x in w]
def half(x):
    return struct.unpack('<f', struct.pack('<I', struct.unpack('<I', struct.pack('<f', x))[0] & 0xffff0000))[0]
def decode(code, bits, trailing, bias, top):
    sign = -1 if code >> (bits - 1) else 1
    field, rest = code % 2**(bits - 1) >> trailing, code % 2**trailing
    special = top(field, rest)
    if special is not None:
        return sign * special
    return sign * (rest + (2**trailing if field else 0)) * 2.0**(max(field, 1) - bias - trailing)
inf = float('inf')
e4m3 = [decode(c, 8, 3, 7, lambda f, r: inf - inf if (f, r) == (15, 7) else None) for c in range(256)]
e5m2 = [decode(c, 8, 2, 15, lambda f, r: None if f < 31 else inf - inf if r else inf) for c in range(256)]
e2m1 = [decode(c >> 4 * k & 15, 4, 1, 1, lambda f, r: None) for c in range(16, 32) for k in (0, 1)]
expected = {
    'weight': ([8, 12], w), 'half.weight': ([12, 8], [half(x) for x in w]), 'wide': ([2, 3], [x / 3 for x in w[:6]]),
    'codes.e4m3': ([256], e4m3), 'codes.e5m2': ([16, 16], e5m2), 'codes.e2m1': ([2, 16], e2m1),
    'scalar': ([], w[:1]), 'empty': ([0, 7], []),
}
copied = {'steps': struct.pack('<5q', 0, -1, -2, -3, -4), 'mask "\u00e4"': b'\0\1\1'}
tensors, metadata = files.read(sys.argv[1])
assert metadata == {'format': 'pt'}
assert set(tensors) == set(expected) | set(copied), list(tensors)
for name, data in copied.items():
    assert tensors[name][2] == data, name
for name, (shape, values) in expected.items():
    dtype, its, data = tensors[name]
    assert (dtype, its) == ('F64', shape), name
    got = struct.unpack('<%dd' % len(values), data)
    assert all(g == v or (g != g and v != v) for g, v in zip(got, values)), name
EOF
holds "what Rust's safetensors wrote, widened" bash -c "'$halfulp' cast rust.safetensors -o wide.safetensors -t fp64 && '$py' rust.py wide.safetensors"
if command -v jq >/dev/null; then
    prints "stats of what Rust's safetensors wrote" '[8,743,8,2]' bash -c "'$halfulp' stats rust.safetensors -t bf16 --json | jq -c '[(.tensors | length), (.tensors | map(.elements) | add), .total[0].nan, .total[0].infinite]'"
    prints "an element of what Rust's safetensors wrote" -4 bash -c "'$halfulp' show --json 'rust.safetensors:codes.e2m1[1,12]' | jq -r .exact"
fi
if [ -n "$HALFULP_SAFETENSORS_RUST" ]; then
    cat >listed.py <<'EOF'
import sys
import files
tensors = files.read(sys.argv[1])[0]
for name in sorted(tensors, key=lambda n: n.encode()):
    dtype, shape, data = tensors[name]
    print(name, dtype, '[%s]' % ', '.join(map(str, shape)), data.hex())
EOF
    for format in bf16 fp16 fp8_e4m3 fp64; do
        "$halfulp" cast rust.safetensors -o rust_$format.safetensors -t $format >/dev/null 2>&1
        prints "Rust's safetensors reads a cast to $format" "$("$py" listed.py rust_$format.safetensors)" "$HALFULP_SAFETENSORS_RUST" read rust_$format.safetensors
    done
else
    skip "Rust's safetensors reads a cast" "HALFULP_SAFETENSORS_RUST names no program built of fixtures/tensors/safetensors.rs"
fi

# NumPy.
if [ -n "$python" ]; then
    $python - <<'EOF'
import numpy as np
r = np.random.default_rng(5)
a = r.normal(0, 3, (37, 53))
np.save('c.npy', a.astype('<f4')); np.save('fortran.npy', np.asfortranarray(a))
np.save('big.npy', a.astype('>f4')); np.save('half.npy', a.astype('f2')); np.save('scalar.npy', np.float32(0.1))
np.save('rec.npy', np.zeros(3, [('a', 'f4')])); np.save('obj.npy', np.array([None]), allow_pickle=True)
np.lib.format.write_array(open('v2.npy', 'wb'), a, (2, 0)); np.lib.format.write_array(open('v3.npy', 'wb'), a, (3, 0))
np.save('empty.npy', np.zeros((0, 5), 'f4')); np.save('ints.npy', np.arange(5))
EOF
    cat >numpy_check.py <<'EOF'
import sys, numpy as np
source, cast, dtype = sys.argv[1:]
a, b = np.load(source), np.load(cast)
assert b.dtype == np.dtype(dtype), b.dtype
assert a.shape == b.shape and a.flags.f_contiguous == b.flags.f_contiguous
if dtype == 'V2':
    u = np.ascontiguousarray(a.astype('<f4')).view('<u4')
    want = ((u + 0x7fff + (u >> 16 & 1)) >> 16).astype('<u2')
    assert (np.ascontiguousarray(b).view('<u2') == want).all()
else:
    assert (a.astype(dtype) == b).all()
EOF
    for source in c fortran big v2 v3 half scalar empty; do
        for target in fp16:float16 fp64:float64 bf16:V2; do
            holds "NumPy reads $source.npy cast to ${target%:*}" bash -c "
                '$halfulp' cast $source.npy -o out.npy -t ${target%:*} --force && $python numpy_check.py $source.npy out.npy ${target#*:}"
        done
    done
    holds "bfloat16 in .npy widens to what it was" bash -c "
        '$halfulp' cast c.npy -o o1.npy -t bf16 && '$halfulp' cast o1.npy -o o2.npy -t fp32 && '$halfulp' cast o2.npy -o o3.npy -t bf16 && cmp o1.npy o3.npy"
    holds "fp8 in .npy is named by -f" bash -c "
        '$halfulp' cast c.npy -o p1.npy -t fp8_e4m3 && '$halfulp' stats p1.npy -f fp8_e4m3 -t fp16 | grep -q '1,961 *no error'"
    exits "fp8 in .npy is not guessed" 2 "-f FORMAT says what" "$halfulp" stats p1.npy -t fp16
    exits "a structured dtype" 2 "byte 20: the dtype is structured" "$halfulp" tensors rec.npy
    exits "Python objects" 2 "Python objects" "$halfulp" tensors obj.npy
    exits "integers" 2 "no floating-point tensor" "$halfulp" stats ints.npy
    exits "an empty array" 0 "" "$halfulp" stats empty.npy
    exits "tensors lists .npy" 0 "" "$halfulp" tensors c.npy fortran.npy ints.npy
    $python - <<'EOF' >element.txt
import numpy as np
a = np.load('fortran.npy'); print('0x%016x' % a.view('u8')[12, 34])
EOF
    prints "an element in Fortran order" "$(cat element.txt)" bash -c "'$halfulp' show --json -f fp64 'fortran.npy:arr[12,34]' | jq -r '.rows[0].bits'"
    prints "a big-endian element" "$($python -c "
import numpy as np; print('0x%08x' % np.load('big.npy').astype('<f4').view('<u4')[5,-1])")" bash -c "'$halfulp' show --json -f fp32 'big.npy:[5,-1]' | jq -r '.rows[0].bits'"
    cat >numpy_stats.py <<'EOF'
import json, math, subprocess, sys, numpy as np
h = sys.argv[1]
for name in 'c', 'fortran', 'big', 'half':
    a = np.load(name + '.npy').astype('f8')
    out = json.loads(subprocess.run([h, 'stats', name + '.npy', '-t', 'fp16,fp32', '--json'], capture_output=True, check=True).stdout)
    for row, dtype in zip(out['total'], ('f2', 'f4')):
        e = a.astype(dtype).astype('f8') - a
        assert row['exact'] == int((e == 0).sum())
        assert row['max_abs_error'] == abs(e).max()
        assert math.isclose(row['rms_error'], math.sqrt((e * e).mean()), rel_tol=1e-12)
        if (e != 0).any():
            assert math.isclose(row['sqnr_db'], 10 * math.log10((a * a).sum() / (e * e).sum()), rel_tol=1e-12)
        else:
            assert row['sqnr_db'] is None
EOF
    holds "NumPy's figures are ours" $python numpy_stats.py "$halfulp"
else
    skip "files by NumPy and for it" "no Python with numpy"
fi

# Stochastic rounding: the same for a seed whatever the threads, and another for another.
floats 100000 1 >r.bin
s() { "$halfulp" cast r.bin -f fp32 -t bf16 -o "$1" --stochastic --seed "$2" --jobs "$3" >/dev/null; }
holds "a seed decides, not the threads" bash -c "$(declare -f s); halfulp='$halfulp'; s s1 7 1 && s s2 7 3 && s s3 8 1 && cmp s1 s2 && ! cmp -s s1 s3"
holds "directions" bash -c "'$halfulp' cast r.bin -f fp32 -t fp16 -r rup -o up && '$halfulp' cast r.bin -f fp32 -t fp16 -r rdn -o dn && ! cmp -s up dn"

$py - <<'EOF'
import sys; sys.path.insert(0, '.')
import files, random, struct
r = random.Random(8)
f32 = lambda n, s: struct.pack('<%df' % n, *[r.gauss(0, s) for _ in range(n)])
same = f32(30000, 1)
files.write('two.safetensors', {'a': ('F32', [30000], same), 'i': ('I32', [1], b'1234'), 'b': ('F32', [30000], same)})
open('two.bin', 'wb').write(same + same)
files.write('veto.safetensors', {'large': ('F32', [4096], f32(4096, 1)), 'small': ('F32', [64], f32(64, 0.001))})
EOF
holds "tensors of a file draw on from each other" bash -c "
    '$halfulp' cast two.safetensors -o t1.safetensors -t bf16 --stochastic && '$halfulp' cast two.bin -f fp32 -o t2.bin -t bf16 --stochastic && $py -c \"
import files
t = files.read('t1.safetensors')[0]
assert t['a'][2] != t['b'][2] and t['a'][2] + t['b'][2] == open('t2.bin', 'rb').read()\""
if command -v jq >/dev/null; then
    filter='[.tensors[].narrowest_safe, .narrowest_safe, .total[0].safe]'
    prints "a bad tensor is not hidden by a large one" '["fp8_e4m3",null,null,true]' json stats veto.safetensors -t fp8_e4m3
fi

# What stops in the middle leaves the old file whole.
head -c 30000000 /dev/zero >zeros.bin
echo old >keep.bin
holds "a file that grows too long" bash -c "(ulimit -f 1000; '$halfulp' cast zeros.bin -f fp32 -t fp64 -o keep.bin --force 2>/dev/null); [ \"\$(cat keep.bin)\" = old ] && [ \$(ls keep.bin* | wc -l) = 1 ]"
if mkdir small && mount -t tmpfs -o size=1m none small 2>/dev/null; then
    echo old >small/keep.bin
    exits "a full disk" 2 "No space left" "$halfulp" cast zeros.bin -f fp32 -t fp64 -o small/keep.bin --force
    prints "the old file is whole and alone" "old keep.bin" bash -c 'echo $(cat small/keep.bin) $(ls small)'
    umount small
else
    skip "a full disk" "only root can mount a small one"
fi
# A file without a name leaves nothing behind whatever ends it.
kept='keep.bin.*'
if ! "$py" -c 'import os; os.close(os.open(".", os.O_TMPFILE | os.O_WRONLY))' 2>/dev/null; then kept=none; fi
for signal in KILL TERM INT; do
    for delay in 0.01 0.03 0.06; do
        "$halfulp" cast zeros.bin -f fp32 -t fp64 -o keep.bin --force >/dev/null 2>&1 &
        sleep $delay
        kill -$signal $! 2>/dev/null
        wait $! 2>/dev/null
        size=$(wc -c <keep.bin)
        if [ "$size" != 4 ] && [ "$size" != 60000000 ]; then
            fail "SIG$signal in the middle of a cast" "$size bytes"
            continue 2
        fi
        echo old >keep.bin
    done
    [ $signal = KILL ] || kept='keep.bin.*'
    left=$(find . -name "$kept")
    if [ -n "$left" ]; then
        fail "SIG$signal in the middle of a cast" "$left"
    else
        pass "SIG$signal in the middle of a cast"
    fi
    rm -f keep.bin.*
done
if grep -q __asan_init "$halfulp"; then
    skip "a file that can only be written under a name" "AddressSanitizer wants /proc"
elif [ "$(id -u)" = 0 ] && unshare -m mount -t tmpfs none /proc 2>/dev/null; then
    echo old >keep.bin
    holds "a file that can only be written under a name" unshare -m bash -c "
        mount -t tmpfs none /proc && '$halfulp' cast r.bin -f fp32 -t bf16 -o keep.bin --force >/dev/null &&
        '$halfulp' cast r.bin -f fp32 -t bf16 -o named.bin >/dev/null && cmp keep.bin named.bin && [ \$(ls keep.bin* named.bin* | wc -l) = 2 ] &&
        ! '$halfulp' cast r.bin -f fp32 -t bf16 -o named.bin 2>/dev/null"
    rm -f keep.bin named.bin
else
    skip "a file that can only be written under a name" "only root can hide /proc"
fi

# Ctrl-C on a terminal: the line of progress goes, the process dies of the signal, and OUT is as it was.
cat >interrupt.py <<'EOF'
import os, pty, signal, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm'
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # in the background shells ignore it
    os.execv(sys.argv[1], sys.argv[1:])
seen, sent, until = b'', False, time.time() + 60
while time.time() < until:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    seen += more
    if b' left' in seen and not sent:
        sent = os.write(terminal, b'\x03') == 1
status = os.waitpid(pid, 0)[1]
if not sent:
    sys.exit('no progress was drawn: %r' % seen)
if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGINT:
    sys.exit('it ended with status %d' % status)
if not seen.endswith(b'\r\x1b[K'):
    sys.exit('the terminal ends with %r' % seen[-40:])
EOF
if ! has_pseudo_terminals "$py"; then
    skip "Ctrl-C" "no pseudo-terminal can be opened"
elif truncate -s 12G long.bin 2>/dev/null; then
    holds "Ctrl-C in stats" "$py" interrupt.py "$halfulp" stats long.bin -f fp32 -t fp16 --jobs 1
    echo old >keep.bin
    holds "Ctrl-C in cast" "$py" interrupt.py "$halfulp" cast long.bin -f fp32 -t fp8_e4m3 -o keep.bin --force --jobs 1
    prints "OUT is as it was, and alone" "old keep.bin" bash -c 'echo $(cat keep.bin) $(ls keep.bin*)'
    rm -f long.bin keep.bin
else
    skip "Ctrl-C" "no room for a long file"
fi
holds "a cast over its own source" bash -c "cp r.bin own.bin && '$halfulp' cast own.bin -f fp32 -t bf16 -o own.bin --force && '$halfulp' cast r.bin -f fp32 -t bf16 -o other.bin && cmp own.bin other.bin"
holds "a closed pipe" bash -c "'$halfulp' stats r.bin -f fp32 | head -1 >/dev/null"

# Memory does not grow with the file.
if [ -x /usr/bin/time ]; then
    truncate -s 3G huge.bin
    fits() { # NAME OPTION…: of stats
        local kilobytes
        kilobytes=$(/usr/bin/time -f %M "$halfulp" stats "${@:2}" 2>&1 >/dev/null | tail -1)
        if [ "$kilobytes" -lt 262144 ]; then pass "$1"; else fail "$1" "$kilobytes kB"; fi
    }
    fits "3 GB within 256 MB of memory" huge.bin -f bf16 -t fp8_e4m3,fp16
    rm huge.bin
    "$py" - <<'EOF'
import json, struct
names = {f"layers.{i}.scale": {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i in range(50000)}
header = json.dumps(names).encode()
open("many.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + bytes(200000))
EOF
    if grep -q __asan_init "$halfulp"; then
        skip "the document of 50,000 tensors and five targets too" "AddressSanitizer keeps what is freed"
    else
        fits "the document of 50,000 tensors and five targets too" many.safetensors -t bf16,fp16,fp8_e4m3,fp8_e5m2,tf32 --json
    fi
    rm many.safetensors
else
    skip "3 GB within 256 MB of memory" "no /usr/bin/time"
    skip "the document of 50,000 tensors and five targets too" "no /usr/bin/time"
fi

# GGUF version 3 with the same weights in F32 and F16, and a quantized tensor, of zeros.
cat >gguf.py <<'EOF'
import random, struct, sys
r = random.Random(5)
w = [r.gauss(0, 0.05) for _ in range(4096)]
single, half = struct.pack('<4096f', *w), struct.pack('<4096e', *w)
open('gguf.raw', 'wb').write(single)
def text(s):
    return struct.pack('<Q', len(s)) + s
def info(name, kind, at):
    return text(name) + struct.pack('<IQQIQ', 2, 64, 64, kind, at)
blocks = bytes(4096 // 32 * 18)
head = b'GGUF' + struct.pack('<IQQ', 3, 3, 1) + text(b'general.architecture') + struct.pack('<I', 8) + text(b'x')
head += info(b'single', 0, 0) + info(b'half', 1, len(single)) + info(b'blocks', 2, len(single) + len(half))
head += bytes(-len(head) % 32)
open('t.gguf', 'wb').write(head + single + half + blocks)
EOF
if "$py" gguf.py; then
    filter='.tensors[] | select(.name == "single") | .targets[0] | [.underflow,.subnormal,.exact,.rms_error,.sqnr_db]'
    expected=$("$halfulp" stats gguf.raw -f fp32 -t fp16 --json | jq -c '.tensors[0].targets[0] | [.underflow,.subnormal,.exact,.rms_error,.sqnr_db]')
    prints "stats reads GGUF's F32 as the raw array" "$expected" bash -c '"$0" stats t.gguf -t fp16 --json | jq -c "$1"' "$halfulp" "$filter"
    prints "stats reads GGUF's F16, and quantized tensors as what they decode to" '["single","half","blocks"]' \
        bash -c '"$0" stats t.gguf -t fp16 --json 2>/dev/null | jq -c "[.tensors[].name]"' "$halfulp"
    prints "GGUF's F16 is exact in fp16" 4096 \
        bash -c '"$0" stats t.gguf -t fp16 --tensor half --json | jq -c ".tensors[0].targets[0].exact"' "$halfulp"
fi

# What a file that begins like none of them was meant to be, its name says.
printf 'neither this nor that' >rubbish.npy
cp rubbish.npy rubbish.gguf
exits "text by a name in .npy is called text" 2 'is text: "neither this nor that"' "$halfulp" tensors rubbish.npy
exits "text by a name in .gguf is called text" 2 'is text: "neither this nor that"' "$halfulp" tensors rubbish.gguf
exits "and which files would do is said" 2 'tensors are read from .safetensors or its index, .gguf' "$halfulp" tensors rubbish.gguf
exits "of a picture too" 2 'is a PNG picture; tensors are read from' bash -c "printf '\211PNGIHDRIHDR' >picture.png; '$halfulp' stats picture.png -t bf16"
exits "of a long text too" 2 'README.md: is text; tensors are read from' "$halfulp" size "$srcdir/README.md"
printf '\001\002neither this nor that' >rubbish.npy
cp rubbish.npy rubbish.gguf
exits "rubbish by a name in .npy is refused as .npy" 2 "no .npy file" "$halfulp" tensors rubbish.npy
exits "rubbish by a name in .gguf is refused as GGUF" 2 "no GGUF file" "$halfulp" tensors rubbish.gguf

head -c 64 /dev/zero >zeros.raw
prints "of zeros alone no magnitudes are shown" "all are zero" \
    bash -c '"$0" stats zeros.raw -f fp32 -t fp16 | sed -n 2p' "$halfulp"
finish
