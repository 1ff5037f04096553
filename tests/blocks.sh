# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Quantized weights in files: every layout is read as one tensor with its parts, decoded, and written.
. "$srcdir/tests/tap.sh"

cd "$scratch" || exit 1
if ! command -v python3 >/dev/null; then
    skip "blocks" "no Python to write files"
    finish
    exit
fi
export PYTHONPATH="$srcdir/tests" PYTHONDONTWRITEBYTECODE=1

# Each line is "what: ok" or says what is wrong.
each() { # COMMAND…
    while IFS= read -r line; do
        if [ "${line%: ok}" != "$line" ]; then pass "${line%: ok}"; else fail "${line%%:*}" "$line"; fi
    done < <("$@" 2>&1)
}
each python3 "$srcdir/tests/blocks_write.py" "$halfulp"
each python3 "$srcdir/tests/blocks_write.py" "$halfulp" malformed

cat >write.py <<'EOP'
from blocks_write import *
r = random.Random(3)
def floats(shape): return ('F32', list(shape), struct.pack('<%df' % elements(shape), *[r.gauss(0, 0.1) for _ in range(elements(shape))]))
save('model.safetensors', {
    'model.embed_tokens.weight': floats((64, 96)), 'model.layers.0.self_attn.q_proj.weight': floats((160, 192)),
    'model.layers.0.mlp.experts.down_proj': floats((2, 24, 64)), 'model.layers.0.mlp.gate.weight': floats((4, 96)),
    'model.layers.0.input_layernorm.weight': floats((96,)), 'lm_head.weight': floats((64, 96))})
save('odd.safetensors', {'a.weight': floats((5, 33)), 'b.weight': floats((4, 64)), 'c': floats((0, 32))})
parts = {}
for kind in ('deepseek', 'modelopt nvfp4'):
    for name, part in KINDS[kind](random.Random(1))[0].items():
        parts[kind[:2] + '.' + name] = part
save('two.safetensors', parts)
save('one.safetensors', dict(list(parts.items())[:1]))
save('other.safetensors', dict(list(parts.items())[1:]))
json.dump({'metadata': {}, 'weight_map': {n: 'one.safetensors' if i < 1 else 'other.safetensors' for i, n in enumerate(parts)}},
          open('m.safetensors.index.json', 'w'))

# GGUF after ggml's docs/gguf.md: an F32, a Q8_0 (type 8) and a Q4_0 (type 2), whose values are known.
def text(s): return struct.pack('<Q', len(s)) + s.encode()
def gguf(path, tensors, keys):
    head, data = b'', b''
    for name, shape, kind, payload in tensors:
        data += b'\0' * (-len(data) % 32)
        head += text(name) + struct.pack('<I', len(shape)) + b''.join(struct.pack('<Q', n) for n in reversed(shape))
        head += struct.pack('<IQ', kind, len(data))
        data += payload
    out = b'GGUF' + struct.pack('<IQQ', 3, len(tensors), len(keys)) + b''.join(text(k) + v for k, v in keys) + head
    open(path, 'wb').write(out + b'\0' * (-len(out) % 32) + data + b'\0' * (-len(data) % 32))
q8 = [[r.randrange(-127, 128) for _ in range(32)] for _ in range(6)]
q4 = [[r.randrange(16) for _ in range(32)] for _ in range(4)]
d8, d4 = [r.randrange(0x1000, 0x3000) for _ in q8], [r.randrange(0x1000, 0x3000) for _ in q4]
keys = [('general.architecture', struct.pack('<I', 8) + text('llama')), ('general.file_type', struct.pack('<II', 4, 7)),
        ('tokenizer.ggml.tokens', struct.pack('<IIQ', 9, 8, 2) + text('a') + text('b'))]
norm = struct.pack('<32f', *range(32))
gguf('model.gguf', [('blk.0.attn_norm.weight', [32], 0, norm),
                    ('blk.0.ffn_up.weight', [3, 64], 8, b''.join(struct.pack('<H32b', d, *q) for d, q in zip(d8, q8))),
                    ('blk.0.ffn_down.weight', [4, 32], 2, b''.join(struct.pack('<H', d) + bytes(q[i] | q[i + 16] << 4 for i in range(16)) for d, q in zip(d4, q4))),
                    ('token_embd.weight', [2, 32], 0, norm * 2)], keys)
gguf('rows.gguf', [(n, [h, w], 0, floats((h, w))[2]) for n, h, w in (('a.weight', 300, 96), ('b.weight', 7, 4096))], keys)
split = lambda i: keys + [('split.no', struct.pack('<II', 4, i)), ('split.count', struct.pack('<II', 4, 2))]
gguf('s-00001-of-00002.gguf', [('blk.0.attn_norm.weight', [32], 0, norm),
                               ('blk.0.ffn_up.weight', [3, 64], 8, b''.join(struct.pack('<H32b', d, *q) for d, q in zip(d8, q8)))], split(0))
gguf('s-00002-of-00002.gguf', [('blk.0.ffn_down.weight', [4, 32], 2, b''.join(struct.pack('<H', d) + bytes(q[i] | q[i + 16] << 4 for i in range(16)) for d, q in zip(d4, q4))),
                               ('token_embd.weight', [2, 32], 0, norm * 2)], split(1))
want = {'blk.0.ffn_up.weight': b''.join(as_fp32(fp16(d) * x) for d, q in zip(d8, q8) for x in q),
        'blk.0.ffn_down.weight': b''.join(as_fp32(fp16(d) * (x - 8)) for d, q in zip(d4, q4) for x in q),
        'blk.0.attn_norm.weight': norm, 'token_embd.weight': norm * 2}
import pickle
pickle.dump(want, open('want', 'wb'))
EOP
python3 write.py

# Listed.
prints "a quantized weight is one tensor with its parts below it" "$(printf 'de.m.weight FP8_TILE128\nde.m.weight F8_E4M3\nde.m.weight_scale_inv F32')" \
    bash -c "'$halfulp' tensors two.safetensors | awk '/de[.]m/ { print \$1, \$2 }'"
holds "JSON has the layout, the shape and the parts" python3 -c "
import json, subprocess
rows = {t['name']: t for t in json.loads(subprocess.check_output(['$halfulp', 'tensors', 'two.safetensors', '--json']))['tensors']}
assert set(rows) == {'de.m.weight', 'mo.m.weight', 'mo.m.input_scale'}, rows.keys()
assert rows['de.m.weight']['layout'] == 'deepseek' and rows['de.m.weight']['shape'] == [140, 150], rows
assert [p['name'] for p in rows['mo.m.weight']['parts']] == ['mo.m.weight', 'mo.m.weight_scale', 'mo.m.weight_scale_2'], rows
assert rows['mo.m.weight']['dtype'] == 'NVFP4' and rows['mo.m.weight']['shape'] == [6, 64]
assert rows['mo.m.weight']['bytes'] == 6 * 32 + 6 * 4 + 4
"
holds "--parts lists all as they are" bash -c "[ \$('$halfulp' tensors two.safetensors --parts --json | grep -o '\"name\"' | wc -l) = 6 ]"
exits "parts that do not fit are listed as they are, with a note" 0 "note: one.safetensors: |^$" "$halfulp" tensors one.safetensors

# Parts in several shards, and what becomes of an index.
mkdir out
exits "codes and scales may be in different shards" 0 "decoded" "$halfulp" cast m.safetensors.index.json -t bf16 -o out/m.safetensors.index.json
holds "and the index then names what there is" "$halfulp" tensors out/m.safetensors.index.json
holds "as one file has it" bash -c "'$halfulp' cast two.safetensors -t bf16 -o whole.safetensors && python3 -c \"
from blocks_write import load
a = load('whole.safetensors'); b = load('out/one.safetensors') | load('out/other.safetensors')
assert a == b, (a.keys(), b.keys())\""
holds "codes that are taken as they are" bash -c "'$halfulp' cast two.safetensors --parts -t bf16 -o codes.safetensors && '$halfulp' tensors codes.safetensors --parts --json | grep -q weight_scale_2"
exits "a cast of one weight leaves the others' parts alone" 0 "1 quantized tensor is decoded" "$halfulp" cast two.safetensors --tensor 'de.*' -t bf16 -o some.safetensors
holds "which are still read" bash -c "'$halfulp' tensors some.safetensors --json | grep -q '\"modelopt\"'"

# MLX says how under a key of its own.
mkdir mlx unmlx
python3 -c "
import random
from blocks_write import *
parts, _, said = mlx(random.Random(1))
save('mlx/model.safetensors', parts)
json.dump({'model_type': 'x', 'quantization': said}, open('mlx/config.json', 'w'))"
exits "MLX's weights become plain ones" 0 "1 quantized tensor is decoded" "$halfulp" cast mlx/model.safetensors -t bf16 -o unmlx/model.safetensors
prints "… and the config beside them says no more of it" '{"model_type":"x"}' jq -c . unmlx/config.json

# torchao's metadata say of each tensor of which class it is.
python3 -c "
import random
from blocks_write import *
parts, _, _ = TORCHAO['Float8Tensor of rows'](random.Random(1))
meta = parts.pop('__metadata__')
save('ao.safetensors', parts | {'m.norm': ('F32', [2], bytes(8))}, meta)"
prints "torchao's parts are one tensor" "m.weight FP8_ROW m.norm F32" bash -c "'$halfulp' tensors ao.safetensors --json | jq -r '[.tensors[] | .name, .dtype] | join(\" \")'"
exits "torchao's weights become plain ones" 0 "1 quantized tensor is decoded" "$halfulp" cast ao.safetensors -t bf16 -o ao16.safetensors
holds "… of which the metadata say so" python3 -c "
import json, struct
blob = open('ao16.safetensors', 'rb').read()
meta = json.loads(blob[8:8 + struct.unpack('<Q', blob[:8])[0]])['__metadata__']
assert json.loads(meta['m.weight']) == json.loads(meta['m.norm']) == {'_type': 'Tensor'} and json.loads(meta['tensor_names']) == ['m.weight', 'm.norm'], meta"

prints "what is decoded is counted, and no table is empty" '1 quantized tensor to bf16, 1 copied as it is' \
    bash -c "'$halfulp' cast ao.safetensors --keep '*norm*' -t bf16 -o counted.safetensors 2>/dev/null | sed 's/^[^ ]* //; s/;.*//'"
prints "… in JSON too" '[1,1]' bash -c "'$halfulp' cast ao.safetensors --keep '*norm*' -t bf16 -o counted.safetensors --force --json 2>/dev/null | jq -c '[.decoded_tensors, .copied_tensors]'"

# What stats say of them is what they say of the decoded file.
"$halfulp" cast two.safetensors -t fp64 -o fp64.safetensors >/dev/null 2>&1
for one in de.m.weight mo.m.weight; do
    prints "stats reads $one as what it decodes to" "$("$halfulp" stats fp64.safetensors -t bf16,fp8_e4m3 --tensor "$one" --json | jq -c .total)" \
        bash -c "'$halfulp' stats two.safetensors -t bf16,fp8_e4m3 --tensor $one --json 2>/dev/null | jq -c .total"
done
"$halfulp" cast model.gguf -t fp64 -o g64.safetensors >/dev/null 2>&1
prints "stats reads GGUF's blocks" "$("$halfulp" stats g64.safetensors -t bf16 --json | jq -c .total[0].sqnr_db)" bash -c "'$halfulp' stats model.gguf -t bf16 --json | jq -c .total[0].sqnr_db"

# Written, and read again.
for block in mxfp4 mxfp8_e4m3 mxfp8_e5m2 mxfp6_e3m2 mxfp6_e2m3 mxint8 nvfp4 fp8_tile128 fp8_row fp8_tensor nf4 bnb_fp4; do
    holds "$block is written and read" bash -c "'$halfulp' cast model.safetensors -t $block -o $block.safetensors && '$halfulp' cast $block.safetensors -t fp32 -o $block.fp32.safetensors"
    holds "$block keeps names and shapes, and what it does not take" python3 -c "
import struct
from blocks_write import load
a, b = load('model.safetensors'), load('$block.fp32.safetensors')
assert {n: t[1] for n, t in a.items()} == {n: t[1] for n, t in b.items()}, b.keys()
for name in a:
    kept = any(k in name for k in ('embed', 'norm', 'lm_head', 'gate'))
    assert (a[name][2] == b[name][2]) == kept, name
    x, y = (struct.unpack('<%df' % (len(t[name][2]) // 4), t[name][2]) for t in (a, b))
    noise, signal = sum((p - q) ** 2 for p, q in zip(x, y)), sum(p * p for p in x)
    assert noise < 0.04 * signal, (name, noise / signal)
"
    for jobs in 1 3; do "$halfulp" cast model.safetensors -t $block -o jobs.$jobs --jobs $jobs --force >/dev/null 2>&1; done
    holds "$block is the same from any number of threads" cmp jobs.1 jobs.3
done
for pair in mxfp4:gpt-oss mxfp4:compressed-tensors fp8_tensor:modelopt fp8_tile128:compressed-tensors; do
    block=${pair%:*} layout=${pair#*:}
    holds "$block in the layout of $layout decodes to the same" bash -c "'$halfulp' cast model.safetensors -t $block --layout $layout -o l.safetensors --force && '$halfulp' cast l.safetensors -t fp32 -o l32.safetensors --force && python3 -c \"
from blocks_write import load
a, b = load('$block.fp32.safetensors'), load('l32.safetensors')
plain = lambda t: {n.replace('q_proj.weight', 'q_proj'): d for n, (_, _, d) in t.items()}
assert plain(a) == plain(b), b.keys()\""
done
holds "NVFP4 of compressed-tensors is read, its global scale as a divisor" bash -c "'$halfulp' cast model.safetensors -t nvfp4 --layout compressed-tensors -o ct.safetensors && '$halfulp' cast ct.safetensors -t fp32 -o ct32.safetensors && '$halfulp' tensors ct32.safetensors | grep -q 'F32 *6 '"
holds "one block format becomes another" bash -c "'$halfulp' cast nvfp4.safetensors -t mxfp8_e4m3 -o again.safetensors && '$halfulp' tensors again.safetensors --json | grep -q '\"mx\"'"
exits "what is kept is said" 0 "4 matrices are kept|3 matrices are kept" "$halfulp" cast model.safetensors -t mxfp4 -o kept.safetensors
exits "--keep names others" 0 "'model.layers.0.self_attn.q_proj.weight' first|1 matrix is kept" "$halfulp" cast model.safetensors -t mxfp4 --keep '*q_proj*' -o keep.safetensors
holds "and those alone" bash -c "'$halfulp' tensors keep.safetensors --json | grep -o '\"layout\": *\"mx\"' | wc -l | grep -qx 4"
holds "--keep none converts every matrix" bash -c "'$halfulp' cast model.safetensors -t mxfp4 --keep none -o none.safetensors && '$halfulp' tensors none.safetensors --json | grep -o '\"layout\": *\"mx\"' | wc -l | grep -qx 5"
exits "rows that a block does not divide stay" 0 "kept" "$halfulp" cast odd.safetensors -t nvfp4 -o odd.nvfp4.safetensors
holds "scale rules differ" bash -c "'$halfulp' cast model.safetensors -t mxfp4 --rule rceil -o rceil.safetensors && ! cmp -s rceil.safetensors mxfp4.safetensors"
exits "a rule for what has none" 2 "one rule" "$halfulp" cast model.safetensors -t nvfp4 --rule ceil -o never
exits "a layout that does not have the format" 2 "has no layout deepseek; --layout mx" "$halfulp" cast model.safetensors -t mxfp4 --layout deepseek -o never
exits "a layout that is none" 2 "is one of mx gpt-oss" "$halfulp" cast model.safetensors -t mxfp4 --layout nvidia -o never
exits "a format that is decoded alone" 2 "decoded and not encoded" "$halfulp" cast model.safetensors -t iq2_xs -o never
exits "GGUF's blocks want GGUF" 2 "q8_0 is written in GGUF" "$halfulp" cast model.safetensors -t q8_0 -o never.safetensors

mkdir tables
holds "tables of integers, and scales that are plain numbers, stay beside a config that says quantized" bash -c "python3 -c \"
from blocks_write import *
save('tables/m.safetensors', deepseek(random.Random(1), 3, 8)[0] | {'gate.tid2eid': ('I32', [4, 2], bytes(32)), 'norm.scales': ('F32', [2], bytes(8)), 'attn.bias': ('U8', [1, 1, 4, 4], bytes(16))})
json.dump({'quantization_config': {'quant_method': 'fp8', 'weight_block_size': [128, 128]}}, open('tables/config.json', 'w'))\" && '$halfulp' cast tables/m.safetensors -t bf16 -o tables.safetensors"

# The config beside.
mkdir model new
cp model.safetensors model/
echo '{"model_type": "llama", "hidden_size": 96}' >model/config.json
exits "the config beside is written with what was done" 0 "" bash -c "'$halfulp' cast model/model.safetensors -t fp8_tile128 -o new/model.safetensors 2>/dev/null"
holds "and says the method, the tiles and what was left out" python3 -c "
import json
c = json.load(open('new/config.json')); q = c['quantization_config']
assert c['hidden_size'] == 96 and q['quant_method'] == 'fp8' and q['weight_block_size'] == [128, 128], c
assert 'lm_head' in q['modules_to_not_convert'], q"
mkdir plain
exits "read with it, nothing is taken for granted" 0 "" bash -c "'$halfulp' cast new/model.safetensors -t bf16 -o plain/model.safetensors 2>&1 | grep granted >&2; true"
holds "and the config of what is decoded says nothing of it" bash -c "! grep -q quantization_config plain/config.json && grep -q hidden_size plain/config.json"
mkdir tiles back
holds "other tiles are read by their config" bash -c "'$halfulp' cast model/model.safetensors -t fp8_tile32x64 -o tiles/model.safetensors && '$halfulp' cast tiles/model.safetensors -t fp32 -o back/model.safetensors && grep -q 96 back/config.json"
mkdir power
holds "powers of two as scales of tiles are read again too, and said in the config" bash -c "'$halfulp' cast model/model.safetensors -t fp8_tile32x64_e8m0 -o power/model.safetensors && '$halfulp' tensors power/model.safetensors --parts | grep -q 'scale_inv.*F8_E8M0' && grep -q '\"scale_fmt\": \"ue8m0\"' power/config.json && '$halfulp' cast power/model.safetensors -t fp32 -o power/again.safetensors"
mkdir -p odd odder
cp model/model.safetensors odd/
echo '{"model_type": "mamba2", "time_step_limit": [0.0, Infinity, -Infinity, NaN, "Infinity"]}' >odd/config.json
prints "a config's numbers that JSON lacks are written as Python writes them" "mamba2 [0.0, inf, -inf, nan, 'Infinity'] [32, 64]" bash -c "'$halfulp' cast odd/model.safetensors -t fp8_tile32x64 -o odder/model.safetensors >/dev/null 2>&1 && python3 -c \"
import json; c = json.load(open('odder/config.json')); print(c['model_type'], c['time_step_limit'], c['quantization_config']['weight_block_size'])\""
rm tiles/config.json
exits "and refused without it" 2 "want \\[2, 2\\] for tiles of 128" "$halfulp" cast tiles/model.safetensors -t fp32 -o never.safetensors
holds "the types' column is as wide as they are" bash -c "'$halfulp' tensors new/model.safetensors |
    awk '/ shape /{at = index(\$0, \"shape\")} /^  .*\[/{n++; if (index(\$0, \"[\") != at) bad = 1} END{exit bad || !n}'"
exits "no config is replaced without --force" 2 "config.json" "$halfulp" cast model/model.safetensors -t fp8_tile128 -o new/again.safetensors
[ ! -e new/again.safetensors ] && pass "and then nothing is written" || fail "and then nothing is written"
exits "a config in the same folder stays" 0 'readers of .* want "quantization_config"' "$halfulp" cast model/model.safetensors -t nf4 -o model/nf4.safetensors
holds "as it was" bash -c "! grep -q quantization model/config.json"

mkdir modelopt
exits "ModelOpt's own file stays, and is told of" 0 "note: modelopt/hf_quant_config.json still says how the weights were quantized" bash -c "python3 -c \"
from blocks_write import *
save('modelopt/m.safetensors', nvfp4(random.Random(1))[0])
json.dump(modelopt('NVFP4', 16)[1], open('modelopt/hf_quant_config.json', 'w'))\" && '$halfulp' cast modelopt/m.safetensors -t bf16 -o modelopt/plain.safetensors"

# GGUF.
holds "GGUF becomes safetensors, decoded" "$halfulp" cast model.gguf -t fp32 -o gguf.safetensors
holds "to the last bit" python3 -c "
import pickle
from blocks_write import load
want, got = pickle.load(open('want', 'rb')), load('gguf.safetensors')
assert set(want) == set(got), got.keys()
assert got['blk.0.ffn_up.weight'][1] == [3, 64]
for name in want: assert got[name][2] == want[name], name"
mkdir splits
exits "splits of a GGUF become shards beside an index" 0 "" bash -c "'$halfulp' cast s-00002-of-00002.gguf -t fp32 -o splits/s.safetensors.index.json 2>/dev/null"
holds "that hold the same values" python3 -c "
import json, pickle
from blocks_write import load
want, index = pickle.load(open('want', 'rb')), json.load(open('splits/s.safetensors.index.json'))
got = {n: load('splits/' + f)[n] for n, f in index['weight_map'].items()}
assert {n: v[2] for n, v in got.items()} == want
assert sorted(set(index['weight_map'].values())) == ['s-0000%d-of-00002.safetensors' % i for i in (1, 2)]
assert index['metadata'] == {'total_size': sum(map(len, want.values()))}"
exits "and splits again" 0 "" bash -c "'$halfulp' cast s-00001-of-00002.gguf -t bf16 -o splits/b-00001-of-00002.gguf 2>/dev/null"
prints "that are read as a whole" "4" bash -c "'$halfulp' tensors splits/b-00002-of-00002.gguf --json | jq '.tensors | length'"
exits "and are no one file" 2 "is in 2 splits; OUT wants" "$halfulp" cast s-00001-of-00002.gguf -t bf16 -o splits/one.safetensors
exits "nor so many others" 2 "is in 2 splits; OUT wants" "$halfulp" cast s-00001-of-00002.gguf -t bf16 -o splits/b-00001-of-00003.gguf
exits "and take no split's place" 2 "would replace a file that is read" "$halfulp" cast s-00001-of-00002.gguf -t bf16 -o s-00001-of-00002.gguf --force
exits "GGUF becomes GGUF" 0 "" bash -c "'$halfulp' cast model.gguf -t bf16 -o bf16.gguf 2>/dev/null"
holds "which is read again" bash -c "'$halfulp' tensors bf16.gguf | grep -q BF16"
holds "its metadata kept, and the file's type told" python3 -c "
a, b = open('model.gguf', 'rb').read(), open('bf16.gguf', 'rb').read()
end = a.index(b'blk.0.attn_norm') - 8
at = a.index(b'general.file_type') + 21
assert a[:at] == b[:at] and a[at + 4:end] == b[at + 4:end] and b[at:at + 4] == bytes([32, 0, 0, 0]), b[at:at + 4]
assert len(b) % 32 == 0"
exits "GGUF's own blocks are written" 0 "" bash -c "'$halfulp' cast model.gguf -t q8_0 -o q8.gguf 2>/dev/null"
holds "embeddings kept" bash -c "'$halfulp' tensors q8.gguf | grep 'token_embd' | grep -q F32"
holds "what q8_0 was stays the same through fp64" python3 -c "
import subprocess
subprocess.check_call(['$halfulp', 'cast', 'q8.gguf', '-t', 'fp32', '-o', 'q8.safetensors'])
import pickle
from blocks_write import load
assert load('q8.safetensors')['token_embd.weight'][2] == pickle.load(open('want', 'rb'))['token_embd.weight']"
exits "mxfp4 is written in GGUF, as its name asks" 0 "" bash -c "'$halfulp' cast model.gguf -t mxfp4 --keep none -o mx.gguf 2>/dev/null"
prints "as ggml's type of that name" "blk.0.ffn_down.weight blk.0.ffn_up.weight token_embd.weight" \
    bash -c "'$halfulp' tensors mx.gguf | awk '\$2 == \"MXFP4\" { print \$1 }' | sort | xargs"
holds "whose values, scales and places are those of safetensors, for every rule" python3 -c "
import subprocess
from blocks_write import load
def cast(*words): subprocess.run(['$halfulp', 'cast', *words, '--force'], check=True, capture_output=True)
cast('rows.gguf', '-t', 'fp32', '-o', 'g.safetensors')
for rule in 'floor', 'ceil', 'rceil', 'even':
    cast('rows.gguf', '-t', 'mxfp4', '--rule', rule, '-o', 'mx.gguf')
    cast('mx.gguf', '-t', 'fp32', '-o', 'a.safetensors')
    cast('g.safetensors', '-t', 'mxfp4', '--rule', rule, '-o', 'mx.safetensors')
    cast('mx.safetensors', '-t', 'fp32', '-o', 'b.safetensors')
    a, b = load('a.safetensors'), load('b.safetensors')
    assert set(a) == set(b) and len(a) == 2
    for name in a:
        x, y = (memoryview(t[name][2]).cast('I') for t in (a, b))
        assert all(p == q or (p == 0 and q == 1 << 31) for p, q in zip(x, y)), (rule, name) # ggml's zeros have no sign"
holds "its file type told" python3 -c "
a = open('mx.gguf', 'rb').read()
at = a.index(b'general.file_type') + 21
assert a[at:at + 4] == bytes([38, 0, 0, 0])"
cat >read_gguf.py <<'EOP'
import struct
TYPES = {0: ('F32', 1, 4), 1: ('F16', 1, 2), 2: ('Q4_0', 32, 18), 8: ('Q8_0', 32, 34), 30: ('BF16', 1, 2), 39: ('MXFP4', 32, 17), 40: ('NVFP4', 64, 36)}
def gguf(path):
    raw, at = open(path, 'rb').read(), 24
    def take(form):
        nonlocal at
        value = struct.unpack_from('<' + form, raw, at)
        at += struct.calcsize('<' + form)
        return value[0]
    def text():
        nonlocal at
        n = take('Q'); at += n
        return raw[at - n:at].decode()
    assert raw[:4] == b'GGUF'
    version, count, keys = struct.unpack_from('<IQQ', raw, 4)
    assert version == 3
    meta, rows = {}, []
    for _ in range(keys):
        key, kind = text(), take('I')
        assert key not in meta
        meta[key] = text() if kind == 8 else take({2: 'H', 4: 'I', 5: 'i'}[kind])
    for _ in range(count):
        name = text()
        shape = [take('Q') for _ in range(take('I'))][::-1]
        rows.append((name, shape, take('I'), take('Q')))
    base = (at + 31) // 32 * 32
    assert not any(raw[at:base]) and len(raw) % 32 == 0
    out = {}
    for name, shape, kind, offset in rows:
        what, block, size = TYPES[kind]
        n = 1
        for s in shape: n *= s
        assert offset % 32 == 0 and n % block == 0 and (not shape or shape[-1] % block == 0)
        out[name] = (what, shape, raw[base + offset:base + offset + n // block * size])
    return meta, out
EOP
cat >nvfp4.py <<'EOP'
from write import *
from read_gguf import gguf as read
# ggml-common.h: block_nvfp4, four scales before 4 × 8 bytes; a low half is the first eight's. The fp32 over a matrix lies beside.
def values(table, name):
    what, shape, data = table[name]
    over = table[name.removesuffix('.weight') + '.scale']
    assert what == 'NVFP4' and over[0] == 'F32', (what, over)
    scales = struct.unpack('<%df' % (len(over[2]) // 4), over[2])
    assert over[1] == [elements(shape[:-2])], over
    out, each = [], elements(shape[-2:]) // 64
    for k in range(len(data) // 36):
        block = data[36 * k:36 * k + 36]
        for s in range(4):
            half = block[4 + 8 * s:12 + 8 * s]
            out += [E2M1[c] * E4M3[block[s]] * scales[k // each] for c in [b & 15 for b in half] + [b >> 4 for b in half]]
    return out
EOP
python3 -c "
from write import *
save('experts.safetensors', {'up.weight': floats([3, 128]), 'exps.weight': floats([2, 3, 192]), 'bare': floats([2, 64]), 'short.weight': floats([2, 48])})
r = random.Random(4); parts, logical = nvfp4(r, 6, 128)
save('others.safetensors', {k: v for k, v in parts.items() if 'input' not in k})
import pickle; pickle.dump(logical['m.weight'][1], open('others', 'wb'))"
exits "nvfp4 is written in GGUF, and rows that its blocks of 64 do not divide are kept" 0 "1 matrix is kept as it is, 'short.weight' first" "$halfulp" cast experts.safetensors -t nvfp4 -o experts.gguf
holds "an fp32 beside each matrix, as llama.cpp reads it" bash -c "'$halfulp' cast experts.safetensors -t nvfp4 -o experts4.safetensors && '$halfulp' cast experts4.safetensors -t fp32 -o experts32.safetensors && python3 -c \"
from nvfp4 import *
meta, table = read('experts.gguf'); want = load('experts32.safetensors')
assert meta['general.file_type'] == 39 and set(table) == {'up.weight', 'up.scale', 'exps.weight', 'exps.scale', 'bare', 'bare.scale', 'short.weight'}, table.keys()
for name in 'up.weight', 'exps.weight', 'bare':
    got = struct.unpack('<%df' % (len(want[name][2]) // 4), want[name][2])
    assert list(got) == [fp32(struct.unpack('<I', pack32(v))[0]) for v in values(table, name)], name\""
holds "and so is it read" bash -c "'$halfulp' cast experts.gguf -t fp32 -o experts_back.safetensors && python3 -c \"
from blocks_write import *
a, b = load('experts32.safetensors'), load('experts_back.safetensors')
numbers = lambda data: struct.unpack('<%df' % (len(data) // 4), data) # ggml's zeros have no sign
assert all(numbers(a[n][2]) == numbers(b[n][2]) for n in ('up.weight', 'exps.weight', 'bare')) and set(a) == set(b)\""
holds "each expert under its own scale" bash -c "python3 -c \"
from nvfp4 import *
raw = open('experts.gguf', 'rb').read(); data = read('experts.gguf')[1]['exps.scale'][2]
i = raw.rindex(data); open('own.gguf', 'wb').write(raw[:i] + pack32(0.5) + pack32(-3) + raw[i + 8:])\" && '$halfulp' cast own.gguf -t fp32 -o own.safetensors && python3 -c \"
from nvfp4 import *
got = load('own.safetensors')['exps.weight'][2]
assert list(struct.unpack('<%df' % (len(got) // 4), got)) == values(read('own.gguf')[1], 'exps.weight')\""
prints "listed as one tensor with its scale" "exps.weight NVFP4 2" bash -c "'$halfulp' tensors experts.gguf --json | jq -r '.tensors[] | select(.name == \"exps.weight\") | \"\(.name) \(.dtype) \(.parts | length)\"'"
prints "an element there is under its matrix' fp32" "$("$halfulp" compute -f fp32 'experts32.safetensors:exps.weight[1,2,5]' --json | jq -r '.bits // .[0].bits')" \
    bash -c "'$halfulp' compute -f fp32 'experts.gguf:exps.weight[1,2,5]' --json | jq -r '.bits // .[0].bits'"
prints "and all of a dtype in one sum" "3" bash -c "'$halfulp' tensors experts.gguf --json | jq .dtypes.NVFP4.tensors"
prints "floats that have a codebook's name are floats" "2" bash -c "python3 -c \"
import json, struct
named = {'rvq.codebooks': ('F32', [4, 8]), 'kmeans.centroids.weight': ('F32', [4, 8])}
header = json.dumps({n: {'dtype': d, 'shape': s, 'data_offsets': [128 * i, 128 * i + 128]} for i, (n, (d, s)) in enumerate(named.items())}).encode()
open('named.safetensors', 'wb').write(struct.pack('<Q', len(header)) + header + bytes(256))\"; '$halfulp' stats named.safetensors -t bf16 --json | jq '.tensors | length'"
exits "a scale of another shape is refused" 2 "'exps.scale' of fp32 \\[1\\] does not fit 'exps.weight'.*one fp32" bash -c "python3 -c \"
raw = open('experts.gguf', 'rb').read(); i = raw.index(b'exps.scale') + 14
open('misfit.gguf', 'wb').write(raw[:i] + (1).to_bytes(8, 'little') + raw[i + 8:])\"; '$halfulp' cast misfit.gguf -t fp32 -o never.safetensors"
holds "others' NVFP4 goes there code by code and scale by scale" bash -c "'$halfulp' cast others.safetensors -t nvfp4 -o others.gguf && python3 -c \"
import pickle
from nvfp4 import *
assert values(read('others.gguf')[1], 'm.weight') == pickle.load(open('others', 'rb'))\""
holds "and into another layout" bash -c "'$halfulp' cast others.safetensors -t nvfp4 --layout compressed-tensors -o others_packed.safetensors && python3 -c \"
from blocks_write import *
a, b = load('others.safetensors'), load('others_packed.safetensors')
assert a['m.weight'][2] == b['m.weight_packed'][2] and a['m.weight_scale'][2] == b['m.weight_scale'][2]\""
exits "safetensors has no blocks of GGUF" 2 "safetensors has no dtype for q4_0" "$halfulp" cast model.gguf -t bf16 --tensor '*up*' -o never.safetensors

# Safetensors, .npz and an index become GGUF, as a reader of ggml's docs/gguf.md has it.
exits "safetensors becomes GGUF, and whose metadata it lacks is said" 0 "no model's metadata" "$halfulp" cast model.safetensors -t q8_0 --keep "*head*" -o from.gguf
holds "in ggml's blocks, each code the nearest under the scale amax / 127" python3 -c "
import struct
from read_gguf import gguf
from blocks_write import load
meta, got = gguf('from.gguf'); was = load('model.safetensors')
assert meta == {'general.file_type': 7, 'general.quantization_version': 2}, meta
assert list(got) == list(was)
assert [n for n in got if got[n][0] == 'F32'] == ['model.layers.0.input_layernorm.weight', 'lm_head.weight']
for name, (what, shape, data) in got.items():
    assert shape == list(was[name][1])
    if what == 'F32': assert data == was[name][2]; continue
    x = struct.unpack('<%df' % (len(data) // 34 * 32), was[name][2])
    for i in range(len(data) // 34):
        block = x[32 * i:32 * i + 32]
        d, *codes = struct.unpack_from('<e32b', data, 34 * i)
        exact = max(map(abs, block)) / 127
        assert abs(d - exact) <= exact * 2 ** -11 and max(map(abs, codes)) == 127
        assert all(abs(v - c * exact) <= exact * 0.5001 for v, c in zip(block, codes))"
while read -r type file most; do
    holds "long blocks of $type are written, and called so" bash -c "python3 -c \"
import random
from blocks_write import *
r = random.Random(5)
save('long.safetensors', {'w': ('F32', [4, 512], struct.pack('<2048f', *(r.gauss(0, 1) for _ in range(2048))))})\" &&
        '$halfulp' cast long.safetensors -t $type -o long.gguf --force 2>long.note && python3 -c \"
data = open('long.gguf', 'rb').read()
at = data.index(b'general.file_type') + 21
assert data[at:at + 4] == bytes([$file, 0, 0, 0]), data[at:at + 4]\" &&
        '$halfulp' stats long.safetensors --against long.gguf --json | jq -e '.total.sqnr_db > $most and .total.sqnr_db < $most + 4' >long.said"
done <<'EOL'
q2_k 10 10
q3_k 11 15
q4_k 14 22
q5_k 16 28
q6_k 18 34
iq4_xs 30 20
mxfp4_ggml 38 17
nvfp4_ggml 39 19
tq2_0 37 2
q1_0 40 4
q2_0 41 2
EOL
exits "safetensors' own texts stay, but for keys that are numbers in GGUF" 0 "" bash -c "python3 -c \"
from blocks_write import *
a = ('F32', [2, 32], struct.pack('<64f', *range(64)))
save('texts.safetensors', {'a.weight': a, 'scalar': ('F16', [], bytes(2)), 'n' * 70: ('I32', [3], bytes(12))},
     {'general.architecture': 'flux', 'general.alignment': 'x', 'split.no': '1'})\"; '$halfulp' cast texts.safetensors --tensor a.weight -t bf16 -o texts.gguf 2>texts.note"
holds "and names that ggml refuses are told of" grep -q "1 of the names is over 63 bytes" texts.note
cat >>read_gguf.py <<'EOP'
TYPES[26] = ('I32', 1, 4)
EOP
holds "as a GGUF says it" python3 -c "
from read_gguf import gguf
meta, got = gguf('texts.gguf')
assert meta == {'general.architecture': 'flux', 'general.file_type': 32}, meta
assert {n[:8]: v[:2] for n, v in got.items()} == {'a.weight': ('BF16', [2, 32]), 'scalar': ('F16', []), 'nnnnnnnn': ('I32', [3])}, got"
mkdir in
exits "an index becomes splits" 0 "" bash -c "python3 -c \"
from blocks_write import *
for i in range(3):
    save('in/s%d.safetensors' % i, {'t%d.weight' % i: ('F32', [i + 1, 64], struct.pack('<%df' % (64 * i + 64), *range(64 * i + 64)))})
json.dump({'metadata': {}, 'weight_map': {'t%d.weight' % i: 's%d.safetensors' % i for i in range(3)}}, open('in/model.safetensors.index.json', 'w'))\"
'$halfulp' cast in/model.safetensors.index.json -t q8_0 -o in/m-00001-of-00003.gguf 2>/dev/null"
holds "as llama.cpp numbers them" python3 -c "
from read_gguf import gguf
for i in range(3):
    meta, got = gguf('in/m-0000%d-of-00003.gguf' % (i + 1))
    assert [meta['split.' + k] for k in ('no', 'count', 'tensors.count')] == [i, 3, 3] and list(got) == ['t%d.weight' % i], meta"
prints "which are read as one model" "3" bash -c "'$halfulp' tensors in/m-00002-of-00003.gguf --json | jq '.tensors | length'"
exits "and no file of another number" 2 "is in 3 files; OUT wants .*NAME-00001-of-00003.gguf" "$halfulp" cast in/model.safetensors.index.json -t q8_0 -o in/m.gguf
exits "arrays in Fortran's order are turned" 0 "" bash -c "python3 -c \"
import struct, zipfile
head = \\\"{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }\\\".ljust(117) + chr(10)
zipfile.ZipFile('f.npz', 'w').writestr('f.npy', b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(head)) + head.encode() + struct.pack('>6f', 0, 10, 1, 11, 2, 12))\"
'$halfulp' cast f.npz -t fp16 -o f.gguf 2>/dev/null"
holds "and a big-endian machine's" python3 -c "
import struct
from read_gguf import gguf
assert gguf('f.gguf')[1]['f'] == ('F16', [2, 3], struct.pack('<6e', 0, 1, 2, 10, 11, 12)), gguf('f.gguf')"
exits "an array becomes a tensor of the file's name" 0 "" bash -c "python3 -c \"
import struct
head = \\\"{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }\\\".ljust(117) + chr(10)
open('the.array.npy', 'wb').write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode() + struct.pack('>6f', 0, 10, 1, 11, 2, 12))
open('raw.bin', 'wb').write(struct.pack('>3f', 1, 2, 3))\"
for to in gguf safetensors; do '$halfulp' cast the.array.npy -t fp16 -o the.\$to && '$halfulp' cast raw.bin -f fp32:be -t fp16 -o raw.\$to || exit; done 2>/dev/null"
holds "in GGUF and in safetensors, in C's order and little-endian" python3 -c "
import struct
from read_gguf import gguf
from blocks_write import load
want = {'the.array': ('F16', [2, 3], struct.pack('<6e', 0, 1, 2, 10, 11, 12))}, {'raw': ('F16', [3], struct.pack('<3e', 1, 2, 3))}
for name, due in zip(('the', 'raw'), want):
    assert gguf(name + '.gguf')[1] == due and load(name + '.safetensors') == due, name"
exits "or is refused where that is no name" 2 "no UTF-8" bash -c "cp the.array.npy \$'\\xff.npy' && '$halfulp' cast \$'\\xff.npy' -t fp16 -o never.gguf"
exits "what GGUF has no type for is refused" 2 "GGUF has no type for fp8_e4m3, as tensor 'model.embed_tokens.weight'" "$halfulp" cast model.safetensors -t fp8_e4m3 -o never.gguf
holds "and five dimensions" bash -c "python3 -c \"
from blocks_write import *
save('five.safetensors', {'five': ('F32', [1, 1, 1, 1, 2], bytes(8))})\"; '$halfulp' cast five.safetensors -t bf16 -o never.gguf 2>&1 | grep -q 'GGUF has 4 dimensions at most, and tensor .five. has 5'"
[ ! -e never.gguf ] && pass "and nothing is written" || fail "and nothing is written"

# Parts that lie otherwise than their shapes say.
cat >order.py <<'EOP'
import io, subprocess, sys, zipfile
from collections import OrderedDict
from blocks_write import *
from torch_write import Storage, save_zip, tensor
r = random.Random(9)
parts, logical = int8_rows(r, 6, 40)
want = b''.join(map(as_fp32, logical['m.weight'][1]))
codes, scales = parts['m.weight'][2], parts['m.weight_scale'][2]
turned = bytes(codes[i % 6 * 40 + i // 6] for i in range(240))
swapped = b''.join(scales[i:i + 4][::-1] for i in range(0, 24, 4))
def torch(codes, scales, strides=None, **options):
    save_zip('order.pt', OrderedDict([('m.weight', tensor(Storage('CharStorage', codes), (6, 40), strides=strides)),
                                      ('m.weight_scale', tensor(Storage('FloatStorage', scales), (6, 1)))]), **options)
    return 'order.pt'
def numpy(codes, scales, order=False, form='<f4'):
    with zipfile.ZipFile('order.npz', 'w', zipfile.ZIP_DEFLATED) as z:
        for name, data, descr, fortran, shape in ('m.weight', codes, '|i1', order, (6, 40)), ('m.weight_scale', scales, form, False, (6, 1)):
            head = str({'descr': descr, 'fortran_order': fortran, 'shape': shape}).ljust(117) + chr(10)
            z.writestr(name + '.npy', b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode() + data)
    return 'order.npz'
for what, make in {'in a row': lambda: torch(codes, scales), 'transposed by PyTorch': lambda: torch(turned, scales, (1, 6)),
                   'of a big-endian machine': lambda: torch(codes, swapped, byteorder='big'), 'in an archive': lambda: numpy(codes, scales),
                   "in Fortran's order": lambda: numpy(turned, scales, True), 'big-endian in an archive': lambda: numpy(codes, swapped, form='>f4')}.items():
    run = subprocess.run([sys.argv[1], 'cast', make(), '-t', 'fp32', '-o', 'order.safetensors', '--force'], capture_output=True, text=True)
    print('codes and scales %s: %s' % (what, run.stderr.strip() if run.returncode else 'ok' if load('order.safetensors')['m.weight'][2] == want else 'other values'))
    run = subprocess.run([sys.argv[1], 'compute', '-f', 'fp32', make() + ':m.weight[3,17]', '--json'], capture_output=True, text=True)
    due = '0x' + want[4 * (3 * 40 + 17):][:4][::-1].hex()
    print('an element of codes and scales %s: %s' % (what, 'ok' if '"%s"' % due in run.stdout else run.stdout + run.stderr))
parts = nvfp4(r)[0]
save_zip('packed.pt', OrderedDict([('m.weight', tensor(Storage('ByteStorage', parts['m.weight'][2]), (6, 32))),
    ('m.weight_scale', tensor(Storage('UntypedStorage', parts['m.weight_scale'][2]), (6, 4), version=3, dtype='float8_e4m3fn')),
    ('m.weight_scale_2', tensor(Storage('FloatStorage', parts['m.weight_scale_2'][2]), ()))]), compression=zipfile.ZIP_DEFLATED)
EOP
each python3 order.py "$halfulp"
exits "a number that is compressed is not taken for another" 2 "'m.weight_scale_2' is compressed, and is read to know" "$halfulp" cast packed.pt -t fp32 -o never.safetensors

# Whole or not at all.
python3 - <<'EOP'
from write import *
def bf16(n): return r.randbytes(n).replace(b'\x7f', b'\x3f').replace(b'\xff', b'\xbf')
save('large.safetensors', {'a%d.weight' % i: ('BF16', [1024, 2048], bf16(4 << 20)) for i in range(4)})
gguf('large.gguf', [('a%d.weight' % i, [1024, 2048], 30, bf16(4 << 20)) for i in range(4)], keys)
EOP
"$halfulp" cast large.safetensors -t nvfp4 -o coded.safetensors >/dev/null 2>&1
"$halfulp" cast large.safetensors -t fp32 -o large32.safetensors >/dev/null
for target in nvfp4 fp8_tensor mxfp4; do
    holds "bf16 becomes the $target that its values in fp32 become" bash -c "'$halfulp' cast large.safetensors -t $target -o new.safetensors --force && '$halfulp' cast large32.safetensors -t $target -o new32.safetensors --force && cmp new.safetensors new32.safetensors"
done
for names in mxfp4:large.safetensors:kill.safetensors q8_0:large.gguf:kill.gguf bf16:coded.safetensors:kill.safetensors; do
    IFS=: read -r target from to <<<"$names"
    for signal in KILL TERM; do
        whole=yes
        "$halfulp" cast $from -t $target -o new.${to##*.} --force >/dev/null 2>&1 || whole="not written"
        for delay in 0.005 0.01 0.02 0.03 0.05; do
            echo old >$to
            "$halfulp" cast $from -t $target -o $to --force --jobs 1 >/dev/null 2>&1 &
            sleep $delay
            kill -$signal $! 2>/dev/null
            wait $! 2>/dev/null
            [ "$(head -c 4 $to | tr -d '\0')" = old ] || cmp -s $to new.${to##*.} || whole="$delay: $(ls -l $to)"
            [ $signal = KILL ] || [ -z "$(find . -maxdepth 1 -name "$to.*")" ] || whole=$(ls)
        done
        if [ "$whole" = yes ]; then pass "SIG$signal while $target is written leaves the old file or the new one"; else fail "SIG$signal while $target is written leaves the old file or the new one" "$whole"; fi
    done
    rm -f $to ./$to.* new.*
done
rm large* coded.*
exits "a full disk" 2 "No space left|File too large" bash -c "ulimit -f 20; trap '' XFSZ; '$halfulp' cast model.safetensors -t mxfp8_e4m3 -o full.safetensors"
[ ! -e full.safetensors ] && pass "leaves nothing" || fail "leaves nothing"
exits "a file that is cut short" 2 "cut short|shorter|ends|past" bash -c "head -c 20000 two.safetensors >cut.safetensors; '$halfulp' cast cut.safetensors -t bf16 -o never.safetensors"
[ ! -e never.safetensors ] && [ ! -e never ] && [ ! -e never.gguf ] && pass "nothing that was refused left a file" || fail "nothing that was refused left a file" "$(ls -d never*)"
finish
