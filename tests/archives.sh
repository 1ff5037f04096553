# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# .npz and PyTorch's files: what is read of them, and what is refused, each by its name and byte.
. "$srcdir/tests/tap.sh"

cd "$scratch" || exit 1
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate && break
done
if ! command -v python3 >/dev/null && [ -z "$python" ]; then
    skip "archives" "no Python to write them"
    finish
    exit
fi
py=${python:-python3}
export PYTHONPATH="$srcdir/tests" PYTHONDONTWRITEBYTECODE=1

cat >read.py <<'EOP'
import json, struct, sys
CODES = {'F64': 'd', 'F32': 'f', 'F16': 'e', 'BF16': 'H', 'F8_E4M3': 'B', 'F8_E5M2': 'B', 'U8': 'B', 'I8': 'b', 'BOOL': 'B',
         'I32': 'i', 'I64': 'q', 'I16': 'h', 'U16': 'H', 'C64': 'f'}
def read(path):
    blob = open(path, 'rb').read()
    n, = struct.unpack('<Q', blob[:8])
    header = json.loads(blob[8:8 + n])
    meta = header.pop('__metadata__', None)
    out = {}
    for name, t in header.items():
        b, e = t['data_offsets']
        code = CODES[t['dtype']]
        out[name] = (t['dtype'], t['shape'], list(struct.unpack('<%d%s' % ((e - b) // struct.calcsize(code), code), blob[8 + n + b:8 + n + e])))
    return out, meta
if __name__ == '__main__':
    for name, (dtype, shape, values) in read(sys.argv[1])[0].items():
        print(name, dtype, shape, *['%g' % v for v in values[:16]])
EOP

# PyTorch.
cat >write.py <<'EOP'
from torch_write import *
f32 = lambda *x: struct.pack('<%df' % len(x), *x)
s = Storage('FloatStorage', f32(*range(12)))
half = Storage('BFloat16Storage', struct.pack('<4H', 0x3f80, 0x4000, 0xc040, 0x3dcd))
bytes8 = Storage('UntypedStorage', bytes(range(8)))
whole = Storage('LongStorage', struct.pack('<3q', 1, 2, -3))
flags = Storage('BoolStorage', bytes([1, 0, 1]), location='cuda:0')
pair = Storage('ComplexFloatStorage', f32(1, -2))
wide = Storage('ComplexDoubleStorage', bytes(32))
d = collections.OrderedDict()
d['w'] = tensor(s, (3, 4))
d['turned'] = tensor(s, (4, 3), 0, (1, 4))
d['part'] = tensor(s, (2, 2), 5, (4, 1))
d['every_other'] = tensor(s, (2, 3), 1, (6, 2))
d['old'] = tensor(s, (3,), 9, version=1)
d['b'] = parameter(tensor(half, (4,)))
d['q'] = tensor(bytes8, (2, 4), version=3, dtype='float8_e4m3fn')
d['n'] = tensor(whole, (3,))
d['flag'] = tensor(flags, (3,))
d['c'] = tensor(pair, (1,))
d['scalar'] = tensor(s, (), 7)
d['empty'] = tensor(s, (0, 3))
d['row'] = tensor(s, (1, 4), 4, (99, 1))
for protocol in (2, 3, 4, 5):
    save_zip('p%d.pt' % protocol, d, protocol=protocol)
save_legacy('legacy.pt', d)
save_legacy('legacy4.pt', d, protocol=4)
deflated = zipfile.ZIP_DEFLATED
save_zip('deflated.pt', d, compression=deflated)
save_zip('plain.bin', d, byteorder=None, prefix='pytorch_model', align=0)
save_zip('nested.pth', {'epoch': 3, 'lr': 0.5, 'name': 'x', 'none': None, 'raw': b'ab',
                        'state': {'layer': [tensor(s, (2,)), (tensor(s, (1,), 3),)], 7: tensor(s, (1,), 5)},
                        'device': Call(Name('torch', 'device'), 'cpu'), 'dtype': Name('torch', 'bfloat16'),
                        'size': Call(Name('torch', 'Size'), (1, 2)), 'wide': tensor(wide, (2,)), 'set': {1, 2}})
save_zip('lone.pt', tensor(s, (2, 3)))
big = Storage('FloatStorage', struct.pack('>3f', 1, 2, 0.1))
big16 = Storage('ShortStorage', struct.pack('>2h', 1, -2))
big8 = Storage('CharStorage', struct.pack('2b', 1, -2))
save_zip('big.pt', {'f': tensor(big, (3,)), 's': tensor(big16, (2,)), 'b': tensor(big8, (2,))}, byteorder='big')
tied = tensor(s, (3, 4))
save_zip('tied.pt', {'embed': tied, 'head': tensor(s, (3, 4)), 'view': tensor(s, (2, 4))})
few = Storage('FloatStorage', f32(0, 0.1, 3, 4.1))
rows = tensor(few, (8, 4), 0, (0, 1))
save_zip('few.pt', {'w': rows})
save_zip('tiles.bin', {'a.weight': tensor(Storage('UntypedStorage', bytes(65536)), (256, 256), version=3, dtype='float8_e4m3fn'), 'a.weight_scale_inv': tensor(few, (2, 2), 1, (0, 0))})
save_zip('expanded.pt', {'base': tensor(few, (4,)), 'w': rows, 'wide': tensor(Storage('FloatStorage', f32(1, 2)), (1 << 40, 2), 0, (0, 1))})
save_zip('integers.pt', {'n': tensor(whole, (3,))})
n = 300
large = Storage('FloatStorage', f32(*[(i * 37 % 1000) / 8 for i in range(n * n)]))
save_zip('large.pt', {'t': tensor(large, (n, n), 0, (1, n)), 'w': tensor(large, (n, n))})
save_zip('large_deflated.pt', {'t': tensor(large, (n, n), 0, (1, n)), 'w': tensor(large, (n, n))}, compression=deflated)
EOP
$py write.py || { fail "the writer works"; finish; exit; }

# An index of shards.
mkdir set
$py - <<'EOP'
from torch_write import *
import json
one = Storage('FloatStorage', struct.pack('<2f', 1, 2))
two = Storage('LongStorage', struct.pack('<2q', 1, 2))
save_zip('set/pytorch_model-00001-of-00002.bin', {'a': tensor(one, (2,))})
save_legacy('set/pytorch_model-00002-of-00002.bin', {'b': tensor(two, (2,))})
json.dump({'metadata': {'total_size': 24}, 'weight_map': {'a': 'pytorch_model-00001-of-00002.bin', 'b': 'pytorch_model-00002-of-00002.bin'}},
          open('set/pytorch_model.bin.index.json', 'w'))
EOP
rows='w F32 [3, 4] 0 1 2 3 4 5 6 7 8 9 10 11
turned F32 [4, 3] 0 4 8 1 5 9 2 6 10 3 7 11
part F32 [2, 2] 5 6 9 10
every_other F32 [2, 3] 1 3 5 7 9 11
old F32 [3] 9 10 11
b BF16 [4] 16256 16384 49216 15821
q F8_E4M3 [2, 4] 0 1 2 3 4 5 6 7
n I64 [3] 1 2 -3
flag BOOL [3] 1 0 1
c C64 [1] 1 -2
scalar F32 [] 7
empty F32 [0, 3]
row F32 [1, 4] 4 5 6 7'
# All tensors as they are: w from fp32 to fp32, and the rest copied.
as_is() {
    rm -f o.safetensors
    "$halfulp" cast "$1" -t fp32 --tensor w -o o.safetensors >/dev/null 2>&1 && "$py" read.py o.safetensors
}
for file in p2.pt p3.pt p4.pt p5.pt legacy.pt legacy4.pt deflated.pt plain.bin; do
    prints "tensors of $file, as numbers" "$rows" as_is "$file"
done
if command -v jq >/dev/null; then
    j() { "$halfulp" tensors "$1" --json 2>/dev/null | jq -c "$2"; }
    prints "names, dtypes and shapes of a nested checkpoint" \
        '[["state.layer.0","F32",[2]],["state.layer.1.0","F32",[1]],["state.7","F32",[1]]]' \
        j nested.pth '[.tensors[] | [.name, .dtype, .shape]]'
    prints "a tensor alone" '[["tensor","F32",[2,3]]]' j lone.pt '[.tensors[] | [.name, .dtype, .shape]]'
    prints "tied weights are counted once" '[3,20,80,[null,true,null]]' j tied.pt '[(.tensors | length), .elements, .bytes, [.tensors[].shared]]'
    prints "what is expanded has its shape and counts once, tied to what it repeats" \
        '[[["base",[4],4,16,null,null],["w",[8,4],32,16,28,true],["wide",[1099511627776,2],2199023255552,8,2199023255550,null]],6,24]' \
        j expanded.pt '[[.tensors[] | [.name, .shape, .elements, .bytes, .repeated, .shared]], .elements, .bytes]'
    prints "and in size" '[6,24]' bash -c "'$halfulp' size expanded.pt --json 2>/dev/null | jq -c '.model | [.parameters, .stored_bytes]'"
    prints "many files in one document" '[[1,"lone.pt"],[3,"tied.pt"]]' \
        bash -c "'$halfulp' tensors lone.pt tied.pt --json 2>/dev/null | jq -c '[.files[] | [(.tensors | length), .file]]'"
    e() { "$halfulp" show -f fp64 --json "$1" | jq -r .exact; }
    for row in 'p2.pt:turned[2,1]|6' 'legacy.pt:turned[2,1]|6' 'deflated.pt:turned[3,2]|11' 'p4.pt:part[1,0]|9' 'plain.bin:every_other[1,2]|11' \
        'p5.pt:scalar|7' 'p2.pt:b[-1]|0.10009765625' 'legacy.pt:q[1,3]|0.013671875' 'nested.pth:state.7[0]|5' 'lone.pt:[1,2]|5' \
        'big.pt:f[2]|0.100000001490116119384765625' 'large_deflated.pt:t[299,1]|20.375'; do
        prints "the element ${row%|*}" "${row#*|}" e "${row%|*}"
    done
    prints "stats of what is expanded, repeated as its shape says" '[32,16]' bash -c "'$halfulp' stats expanded.pt --tensor w -t fp8_e5m2 --json | jq -c '.tensors[0] | [.elements, .targets[0].exact]'"
    prints "what is expanded is written where the file has as much" '32 True 4.1' bash -c "'$halfulp' cast few.pt -t fp32 -o few.npy >/dev/null 2>&1 && '$py' -c \"import numpy; a = numpy.load('few.npy'); print(a.size, a[0, 1] == a[7, 1], a[7, 3])\""
    prints "stats of a big-endian file" '[3,2]' bash -c "'$halfulp' stats big.pt -t bf16 --json | jq -c '.tensors[0] | [.elements, .targets[0].exact]'"
    prints "stats look at transposed data as at its like" true bash -c "'$halfulp' stats large.pt -t bf16 --json | jq -c '(.tensors[0].targets[0] | [.exact, .rms_error, .max_abs_error]) == (.tensors[1].targets[0] | [.exact, .rms_error, .max_abs_error])'"
    prints "size counts a state dict, tied weights once" '[20,80]' bash -c "'$halfulp' size tied.pt --json 2>/dev/null | jq -c '.model | [.parameters, .stored_bytes]'"
    prints "size finds PyTorch's checkpoint in a folder" '[4,24]' bash -c "'$halfulp' size set --json 2>/dev/null | jq -c '.model | [.parameters, .stored_bytes]'"
else
    skip "JSON of archives" "no jq"
fi
prints "big-endian data is written in the order of the new file" 'f F32 [3] 1 2 0.1
s I16 [2] 1 -2
b I8 [2] 1 -2' bash -c "'$halfulp' cast big.pt -t fp32 -o big.safetensors >/dev/null && '$py' read.py big.safetensors"
prints "readers of PyTorch's are told the format" "{'format': 'pt'}" "$py" -c "import read; print(read.read('big.safetensors')[1])"
for file in large.pt large_deflated.pt; do
    holds "a transposed tensor is gathered, with $file" bash -c "rm -f g.safetensors; '$halfulp' cast $file -t bf16 --tensor w -o g.safetensors >/dev/null 2>&1 && '$py' -c \"
import read
t, m = read.read('g.safetensors')
want = [((j * 300 + i) * 37 % 1000) / 8 for i in range(300) for j in range(300)]
assert t['t'][2] == want\""
done
exits "what is no tensor is counted" 0 '7 values that are no tensors|values that are no tensors are left aside' "$halfulp" tensors nested.pth
exits "a dtype that halfulp lacks is left aside" 0 'ComplexDoubleStorage is left aside' "$halfulp" tensors nested.pth
exits "tied weights are noted" 0 'has the data of another' "$halfulp" tensors tied.pt
exits "a .bin that is PyTorch's is no raw array" 2 'says what its tensors are' "$halfulp" stats plain.bin -f fp32
exits "integers alone are copied, and that is said" 0 'no floating-point tensor: its one is copied as it is' "$halfulp" cast integers.pt -t bf16 -o integers.safetensors
exits "several arrays into one .npy" 2 '13 are chosen; --tensor' "$halfulp" cast p2.pt -t bf16 -o many.npy
exits "a .pt is not written" 2 'not written; .safetensors would be right' "$halfulp" cast p2.pt -t bf16 -o o.pt

mkdir out
holds "an index of PyTorch's shards becomes one of safetensors" bash -c "'$halfulp' cast set/pytorch_model.bin.index.json -t bf16 -o out/model.safetensors.index.json && '$halfulp' tensors out/model.safetensors.index.json && [ \"\$(ls out)\" = \"\$(printf 'model.safetensors.index.json\npytorch_model-00001-of-00002.safetensors\npytorch_model-00002-of-00002.safetensors')\" ]"

# What is refused.
cat >broken.py <<'EOP'
from torch_write import *
import os
s = Storage('FloatStorage', struct.pack('<4f', 1, 2, 3, 4))
good = lambda: {'w': tensor(s, (4,))}
cases = []
def case(name, path, pattern):
    cases.append((name, path, pattern))
def raw(name, text, pattern, **more):
    path = 'x%d.pt' % len(cases)
    save_zip(path, good(), data=text, **more)
    case(name, path, pattern)
def thing(name, value, pattern, **more):
    path = 'x%d.pt' % len(cases)
    save_zip(path, value, **more)
    case(name, path, pattern)
P = b'\x80\x02'
def outside(*entry):
    class P_(Pickler):
        def persistent_id(self, t):
            return entry if isinstance(t, Storage) else None
    out = io.BytesIO()
    P_(out, 2, False).dump(good())
    return out.getvalue()
F = Name('torch', 'FloatStorage')
# Code.
raw('os.system', P + b"cos\nsystem\nX\x02\0\0\0id\x85R.", r'byte 2: the pickle names os\.system, .*nothing of it was run')
raw('posix.system', P + b"cposix\nsystem\nX\x02\0\0\0id\x85R.", r'names posix\.system')
raw('eval', P + b"cbuiltins\neval\nX\x01\0\0\x001\x85R.", r'names builtins\.eval')
raw('exec of Python 2', P + b"c__builtin__\nexec\nX\x01\0\0\x001\x85R.", r'names __builtin__\.exec')
raw('getattr', P + b"cbuiltins\ngetattr\n.", r'names builtins\.getattr')
raw('a name by STACK_GLOBAL', b'\x80\x04\x8c\x02os\x8c\x06system\x93.', r'byte 14: the pickle names os\.system')
raw('subprocess', P + b"csubprocess\nPopen\n.", r'names subprocess\.Popen')
raw('a nested loader', P + b"ctorch.storage\n_load_from_bytes\n.", r'names torch\.storage\._load_from_bytes')
raw('a class of a program', P + b"c__main__\nNet\n.", r'names __main__\.Net')
raw('numpy', P + b"cnumpy.core.multiarray\n_reconstruct\n.", r'names numpy\.core\.multiarray\._reconstruct')
raw('a sparse tensor', P + b"ctorch._utils\n_rebuild_sparse_tensor\n.", r'_rebuild_sparse_tensor')
raw('a quantized tensor', P + b"ctorch._utils\n_rebuild_qtensor\n.", r'_rebuild_qtensor')
raw('control characters in a name', P + b"c\x1b[31m\nx\n.", r'names \\x1b\[31m\.x')
raw('a name that is half right', P + b"ctorch._utils.evil\n_rebuild_tensor_v2\n.", r'names torch\._utils\.evil\._rebuild_tensor_v2')
raw('a dotted name', P + b"ctorch\n_utils._rebuild_tensor_v2\n.", r'names torch\._utils')
for code, name in ((b'i', 'INST'), (b'o', 'OBJ'), (b'P', 'PERSID'), (b'\x92', 'NEWOBJ_EX'), (b'\x82', 'EXT1'), (b'\x83', 'EXT2'),
                   (b'\x84', 'EXT4'), (b'\x97', 'NEXT_BUFFER'), (b'\x98', 'READONLY_BUFFER'), (b'I', 'INT'), (b'L', 'LONG'),
                   (b'F', 'FLOAT'), (b'S', 'STRING'), (b'V', 'UNICODE'), (b'p', 'PUT'), (b'g', 'GET'), (b'\xff', 'unknown to Python'),
                   (b'\0', 'unknown to Python')):
    raw('the opcode ' + name, P + b'N' + code + b'1\n.', r'byte 3: the pickle.s opcode 0x%02x \(%s\)' % (code[0], name))
# Broken machines.
raw('an empty pickle', b'', 'byte 0: the pickle is cut short')
raw('protocol 0', b'\x80\x00.', 'protocol 0; 2 to 5')
raw('protocol 1', b'\x80\x01.', 'protocol 1; 2 to 5')
raw('protocol 9', b'\x80\x09.', 'protocol 9; 2 to 5')
raw('no STOP', P + b'}', 'cut short')
raw('a STOP without a value', P + b'.', "nothing is on the pickle's stack")
raw('a length past the end', P + b'X\xff\0\0\0a', 'cut short')
raw('a length of 64 bits', b'\x80\x04\x8d' + b'\xff' * 8, 'cut short')
raw('half a number', P + b'J\x01', 'cut short')
raw('a name without an end', P + b'ctorch', 'cut short')
raw('a name of 300 bytes', P + b'c' + b'a' * 300 + b'\nb\n.', 'a name of more than')
raw('a NUL in a name', P + b'ctorch\0\nb\n.', 'with a NUL')
raw('no mark', P + b't.', 'no mark')
raw('a mark taken twice', P + b'(tt.', 'no mark')
raw('a tuple of too few', P + b'N\x87.', 'a tuple wants 3 values')
raw('a tuple across a mark', P + b'N(\x85.', 'a tuple wants 1 values')
raw('POP on nothing', P + b'0.', "nothing is on the pickle's stack")
raw('DUP on nothing', P + b'2.', "nothing is on the pickle's stack")
raw('APPEND to no list', P + b'NNa.', 'is no list')
raw('APPENDS to no list', P + b'}(Ne.', 'is no list')
raw('SETITEM on no dict', P + b']NNs.', 'is no dict')
raw('SETITEMS of an odd number', P + b'}(NNNu.', "key lacks its value")
raw('a dict of an odd number', P + b'(NNNd.', "key lacks its value")
raw('ADDITEMS to no set', b'\x80\x04](N\x90.', 'is no set')
raw('a memo that was never put', P + b'h\x05.', 'memo 5 was never put')
raw('a memo far away', P + b'Nr\xff\xff\xff\xff.', 'memo 4294967295 is beyond')
raw('PUT of nothing', P + b'q\x00.', "nothing is on the pickle's stack")
raw('a call of a number', P + b'K\x01)R.', 'what is to be called is no name')
raw('a call of a string', P + b'X\x01\0\0\0a)R.', 'what is to be called is no name')
raw('a call without a tuple', P + b'ccollections\nOrderedDict\n]R.', 'no tuple of arguments')
raw('a call of a dtype', P + b'ctorch\nfloat32\n)R.', r'calls torch\.float32')
raw('a call of a storage', P + b'ctorch\nFloatStorage\n)R.', r'calls torch\.FloatStorage')
raw('BUILD on a list', P + b']}b.', 'only dicts and tensors')
raw('BUILD on a name', P + b'ctorch\nTensor\n}b.', 'only dicts and tensors')
raw('a dict of something else than pairs', P + b'ccollections\nOrderedDict\n]K\x01a\x85R.', 'something else than pairs')
raw('a dict of a number', P + b'ccollections\nOrderedDict\nK\x01\x85R.', 'something else than pairs')
raw('a torch.Size of a number', P + b'ctorch\nSize\nK\x01\x85R.', 'made of no tuple')
raw('a dict that holds itself', P + b'}q\x00X\x01\0\0\0ah\x00s.', 'hold each other')
raw('a list that holds itself', P + b']q\x00h\x00a.', 'hold each other')
raw('values 100 deep', P + b']' * 100 + b'a' * 99 + b'.', 'more than 64 deep')
raw('a billion laughs', P + b']q\x00' + b''.join(b'](h' + bytes([i]) + b'h' + bytes([i]) + b'eq' + bytes([i + 1]) for i in range(60)) + b'.',
    'in more than|more than 64 deep')
raw('no storage outside', outside('store', F, '0', 'cpu', 4), 'is no storage')
raw('three fields outside', outside('storage', F, '0'), 'is no storage')
raw('a storage of a strange type', outside('storage', Name('torch', 'Tensor'), '0', 'cpu', 4), "type, key or number")
raw('a storage of less than nothing', outside('storage', F, '0', 'cpu', -1), "type, key or number")
raw('a storage called by a number', outside('storage', F, 0, 'cpu', 4), "type, key or number")
raw('a storage that is not there', outside('storage', F, '7', 'cpu', 4), "lacks its member 'archive/data/7'")
raw('a storage with a folder in its name', outside('storage', F, '../../etc/passwd', 'cpu', 4), 'lacks its member')
raw('a storage with a long name', outside('storage', F, 'k' * 200, 'cpu', 4), 'more than 100 bytes')
raw('a storage that is too short', outside('storage', F, '0', 'cpu', 5), r'has 16 bytes, and 20 are due|lacks')
raw('a storage of 2^62 elements', outside('storage', F, '0', 'cpu', 1 << 62), '64 bits|16 bytes, and')
# Tensors.
thing('a tensor past its storage', {'w': tensor(s, (5,))}, "'w' reaches behind the end")
thing('a tensor that begins past it', {'w': tensor(s, (1,), 4)}, "reaches behind the end")
thing('an empty one that begins past it', {'w': tensor(s, (0,), 5)}, "begins behind the end")
thing('strides past it', {'w': tensor(s, (2, 2), 0, (3, 1))}, "reaches behind the end")
thing('strides over 64 bits', {'w': tensor(s, (3, 2), 0, (1 << 62, 1))}, "reaches behind the end")
thing('an offset near 2^63', {'w': tensor(s, (2,), (1 << 63) - 1)}, "reaches behind the end")
thing('elements over 64 bits', {'w': tensor(s, (1 << 40, 1 << 40))}, "more elements than 64 bits")
thing('sizes and strides that differ', {'w': tensor(s, (2, 2), 0, (1,))}, "2 sizes and 1 strides")
thing('a negative size', {'w': tensor(s, (-1,))}, "whole numbers of 0 or more")
thing('a negative stride', {'w': tensor(s, (2,), 0, (-1,))}, "whole numbers of 0 or more")
thing('a size of text', {'w': tensor(s, ('2',), 0, (1,))}, "whole numbers of 0 or more")
thing('a size over 64 bits', {'w': tensor(s, (1 << 70,), 0, (1,))}, "whole numbers of 0 or more")
thing('65 sizes', {'w': tensor(s, (1,) * 65)}, "at most 64 numbers")
thing('a tensor of no storage', {'w': tensor(3, (1,))}, "made of no storage")
thing('a parameter of no tensor', {'w': parameter(3)}, "made of no tensor")
thing('a third version without a dtype', {'w': Call(Name('torch._utils', '_rebuild_tensor_v3'), s, 0, (4,), (1,), False, None)}, "dtype is none")
thing('another dtype than its storage', {'w': tensor(s, (2,), version=3, dtype='float64')}, "another dtype than its storage")
thing('too few arguments', {'w': Call(Name('torch._utils', '_rebuild_tensor_v2'), s, 0)}, "tuples of at most")
thing('two names alike', {'a.b': tensor(s, (1,)), 'a': {'b': tensor(s, (1,))}}, "two tensors named 'a.b'")
thing('a NUL in a name of a tensor', {'a\0b': tensor(s, (1,))}, "or has a NUL")
thing('a long name', {'n' * 5000: tensor(s, (1,))}, "more than 4094 bytes")
thing('a call that calls itself', {'w': Call(Name('torch._tensor', '_rebuild_from_type_v2'), Name('torch._tensor', '_rebuild_from_type_v2'), 1, (), 1)},
      "other arguments than")
# Archives.
thing('a byteorder of neither', good(), "neither little nor big", byteorder='middle')
thing('an empty byteorder', good(), "neither little nor big", byteorder=' ')
thing('TorchScript', good(), "TorchScript archive", extra=[('constants.pkl', b'x')])
thing('a storage lost', good(), "lacks its member 'archive/data/0'", lose=['0'])
thing('a member twice', good(), "two members called 'archive/version'", extra=[('version', b'3')])
save_zip('whole.pt', good())
blob = open('whole.pt', 'rb').read()
for n in (10, 100, len(blob) - 200, len(blob) - 30, len(blob) - 1):
    open('cut%d.pt' % n, 'wb').write(blob[:n])
    case('a zip of which %d bytes are left' % (n - len(blob)), 'cut%d.pt' % n, "cut short|broken zip|is a zip")
with zipfile.ZipFile('other.zip', 'w') as z:
    z.writestr('word/document.xml', '<x/>')
case('another zip', 'other.zip', r"without \.npy in it")
os.link('other.zip', 'other.npz')
case('another zip called .npz', 'other.npz', r"without \.npy in it")
open('no.npz', 'wb').write(b'\x01\x02\x03nothing')
case('no zip called .npz', 'no.npz', 'is no zip archive')
open('no.pt', 'wb').write(b'\x01\x02\x03nothing')
case('nothing called .pt', 'no.pt', 'neither a zip archive nor begins with')
with zipfile.ZipFile('bz.npz', 'w', zipfile.ZIP_BZIP2) as z:
    z.writestr('a.npy', b'x' * 100)
case('a member by bzip2', 'bz.npz', 'compressed by method 12')
# What is broken within a deflated storage is found as it is unpacked.
save_zip('crc.pt', {'w': tensor(Storage('FloatStorage', struct.pack('<400f', *range(400))), (400,))}, compression=zipfile.ZIP_DEFLATED)
# Without zip.
save_legacy('l.pt', good())
blob = open('l.pt', 'rb').read()
for cut in (1, 16, 20, 24, 30, 60, len(blob) - 40, len(blob) - 17):
    open('lcut%d.pt' % cut, 'wb').write(blob[:len(blob) - cut])
    case('without zip, %d bytes lost' % cut, 'lcut%d.pt' % cut, 'cut short')
def legacy(name, pattern, value=None, **more):
    path = 'y%d.pt' % len(cases)
    save_legacy(path, value or good(), **more)
    case(name, path, pattern)
legacy('without zip, bytes behind', '3 bytes follow the last storage', tail=b'abc')
legacy('without zip, another version', 'the version 1001', version=1002)
legacy('without zip, another number', 'is a Python pickle', magic=0x1950a86a20f9469cfc6d)
legacy('without zip, of a big-endian machine', 'big-endian machine', little=False)
legacy('without zip, other lengths', 'another number of elements', count=3)
legacy('without zip, a length of 2^63 - 1', 'another number of elements', count=(1 << 63) - 1)
v = Storage('FloatStorage', struct.pack('<4f', 1, 2, 3, 4), view=('v', 2, 3))
legacy('without zip, a view past its storage', 'does not lie within it', {'w': tensor(v, (1,))})
import tarfile
with tarfile.open('old.pt', 'w') as t:
    info = tarfile.TarInfo('sys_info')
    t.addfile(info, io.BytesIO(b''))
case('a tar', 'old.pt', 'is a tar archive')
with open('cases.tsv', 'w') as f:
    for c in cases:
        f.write('\t'.join(c) + '\n')
view = Storage('FloatStorage', struct.pack('<4f', 1, 2, 3, 4), view=('v', 1, 2))
save_legacy('view.pt', {'w': tensor(view, (2,))})
EOP
$py broken.py || fail "the broken files are written"
while IFS=$'\t' read -r name path pattern; do
    exits "refused: $name" 2 "$pattern" timeout 20 "$halfulp" tensors "$path"
done <cases.tsv
prints "a view of a storage, as old files have it" "w F32 [2] 2 3" as_is view.pt
# A byte of a deflated member's data.
$py - <<'EOP'
import zipfile
with zipfile.ZipFile('crc.pt') as z:
    info = z.getinfo('archive/data/0')
blob = bytearray(open('crc.pt', 'rb').read())
at = blob.index(b'archive/data/0') + 20 + info.compress_size // 2
blob[at] ^= 0x55
open('crc.pt', 'wb').write(blob)
EOP
exits "a compressed storage that is broken" 2 "crc.pt: (a member of the zip archive|the archive's member)" "$halfulp" stats crc.pt -t bf16
prints "nothing is written of it" "" bash -c "'$halfulp' cast crc.pt -t bf16 -o crc.safetensors 2>/dev/null; ls crc.safetensors 2>/dev/null"
# A byte of a member that is not compressed, which only its checksum tells; and archives without checksums,
# as torch.save writes them where it is told to: each is 0.
$py - <<'EOP'
import struct, zipfile
from torch_write import *
def written(path, name, at, xor=0x10, checksums=True):
    blob = bytearray(open(path, 'rb').read())
    with zipfile.ZipFile(path) as z:
        infos = z.infolist()
        start = z.start_dir
    for info in infos:
        local = info.header_offset
        data = local + 30 + sum(struct.unpack_from('<HH', blob, local + 26))
        if info.filename == name:
            blob[data + at % info.compress_size] ^= xor
        if not checksums:
            blob[local + 14:local + 18] = bytes(4)
            assert blob[start:start + 4] == b'PK\1\2'
            blob[start + 16:start + 20] = bytes(4)
        start += 46 + sum(struct.unpack_from('<HHH', blob, start + 28))
    return blob
floats = struct.pack('<400f', *range(400))
save_zip('sum.pt', {'w': tensor(Storage('FloatStorage', floats), (400,)),
                    'v': tensor(Storage('FloatStorage', floats), (20, 20))})
for i, name in enumerate(('archive/data/0', 'archive/data/1', 'archive/data.pkl')):
    open('flip%d.pt' % i, 'wb').write(written('sum.pt', name, 403 if i < 2 else -30, 0x10 if i < 2 else 0x01))
header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (400,), }"
header += b' ' * (-(len(header) + 11) % 64) + b'\n'
npy = b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header + floats
for kind, compression in (('stored', zipfile.ZIP_STORED), ('packed', zipfile.ZIP_DEFLATED)):
    with zipfile.ZipFile(kind + '.npz', 'w', compression) as z:
        z.writestr('a.npy', npy)
        z.writestr('b.npy', npy)
open('flip.npz', 'wb').write(written('stored.npz', 'b.npy', len(npy) - 1))
for path in ('sum.pt', 'stored.npz', 'packed.npz'):
    open('none.' + path, 'wb').write(written(path, '', 0, checksums=False))
EOP
for file in flip0.pt flip1.pt flip.npz; do
    exits "$file: stats tells that a byte of it is another" 2 "$file: the archive's member '[a-z/]*[01b](.npy)?' is damaged" \
        "$halfulp" stats $file -t bf16
    exits "$file: so does cast" 2 "$file: the archive's member .* is damaged" "$halfulp" cast $file -t bf16 -o flip.safetensors
    prints "$file: and writes nothing" "" bash -c 'ls flip.safetensors* .flip* 2>/dev/null'
done
exits "an element of a damaged member is not shown" 2 "flip.npz: the archive's member 'b.npy' is damaged" "$halfulp" show 'flip.npz:b[0]'
prints "one of the member beside it is" 399 bash -c '"$0" show -f fp32 --json "flip.npz:a[399]" | jq -r .rows[0].decimal' "$halfulp"
exits "a damaged pickle is not read" 2 "flip2.pt: the archive's member 'archive/data.pkl' is damaged" "$halfulp" tensors flip2.pt
for file in none.sum.pt none.stored.npz none.packed.npz; do
    prints "$file: a checksum of 0 is none" "$("$halfulp" stats ${file#none.} -t bf16 --json | jq -c .tensors)" \
        bash -c '"$0" stats "$1" -t bf16 --json | jq -c .tensors' "$halfulp" $file
done
exits "what would be more than its file is not written" 2 "'wide' repeats elements of its storage .*contiguous" "$halfulp" cast expanded.pt -t bf16 -o never.safetensors
prints "an element of it is shown" 2 bash -c '"$0" show -f fp32 --json "expanded.pt:wide[1099511627775,1]" | jq -r .rows[0].decimal' "$halfulp"
exits "a part of a quantized weight repeats nothing" 2 "weight_scale_inv. of fp32 \[2, 2\] repeats elements" "$halfulp" stats tiles.bin -t bf16
exits "a full \$TMPDIR is told as such" 2 'TMPDIR.*(No such file|No space)' env TMPDIR=/nonexistent "$halfulp" stats large_deflated.pt -t bf16

# NumPy.
if [ -z "$python" ]; then
    skip ".npz" "no NumPy"
    finish
    exit
fi
cat >npz.py <<'EOP'
import numpy as np, zipfile, io, struct
cases = []
a = np.arange(6, dtype='<f4').reshape(2, 3)
arrays = dict(a=a, big=np.array([1, 2], dtype='>i4'), f=np.asfortranarray(a.astype('f8')), h=np.array([1, -0.5], dtype='>f2'),
              s=np.float32(7), e=np.zeros((0, 3), 'f4'), u=np.array([1, 255], 'u1'), ok=np.array([True, False]),
              c=np.array([1 - 2j], 'c8'), **{'layer.0/w': a[:1]})
np.savez('n.npz', **arrays)
np.savez_compressed('c.npz', **arrays)
np.savez('none.npz')
np.savez('positional.npz', a, a * 2)
np.savez('text.npz', a=a, t=np.array(['x']), o=np.array([{}], dtype=object), r=np.zeros(2, dtype=[('x', 'f4')]), z=np.zeros(2, 'c16'))
np.savez('integers.npz', n=np.array([1, 2, 3], '>i8'))
rng = np.random.default_rng(5)
w = rng.standard_normal((500, 700)).astype('f4')
np.savez('w.npz', w=w, f=np.asfortranarray(w))
np.savez_compressed('wc.npz', w=w, f=np.asfortranarray(w))
np.save('w.npy', w)
def member(path, name, content, **more):
    with zipfile.ZipFile(path, 'w', **more) as z:
        z.writestr(name, content)
def npy(x):
    out = io.BytesIO()
    np.save(out, x)
    return out.getvalue()
def case(name, path, pattern):
    cases.append((name, path, pattern))
def broken(name, content, pattern, **more):
    path = 'z%d.npz' % len(cases)
    member(path, 'a.npy', content, **more)
    case(name, path, pattern)
good = npy(a)
for n in (0, 5, 9, 40, 127, 128, 140):
    broken('.npy of %d bytes in .npz' % n, good[:n], r"member 'a\.npy', byte [0-9]+")
    broken('.npy of %d bytes, deflated' % n, good[:n], r"member 'a\.npy', byte [0-9]+", compression=zipfile.ZIP_DEFLATED)
broken('bytes behind the array', good + b'x', "1 byte follows the array's data")
broken('no .npy in a .npy', b'hello, this is no array at all', "no .npy file")
broken('an unknown version', good[:6] + b'\x09' + good[7:], 'version 9.0')
broken('a shape that is too large', good.replace(b'(2, 3)', b'(9, 9)'), 'cut short')
broken('a header of 4 GB', b'\x93NUMPY\x02\x00' + b'\xff' * 4 + b'x' * 100, 'the header claims')
member('twice.npz', 'a.npy', good)
with zipfile.ZipFile('twice.npz', 'a') as z:
    z.writestr('a.npy', good)
case('two members of one name', 'twice.npz', "two members called 'a.npy'")
blob = open('n.npz', 'rb').read()
for n in (4, 30, 300, len(blob) // 2, len(blob) - 22, len(blob) - 5):
    open('cut%d.npz' % n, 'wb').write(blob[:n])
    case('.npz of which %d bytes are there' % n, 'cut%d.npz' % n, 'cut short|broken zip')
# A directory that lies: offsets, sizes.
at = blob.rindex(b'PK\1\2')
for field, size, name in ((20, 4, 'packed size'), (24, 4, 'size'), (42, 4, 'place')):
    lie = bytearray(blob)
    lie[at + field:at + field + size] = b'\xf0\xff\xff\x7f'
    open('lie%d.npz' % field, 'wb').write(lie)
    case('a directory that lies of the ' + name, 'lie%d.npz' % field, '.')
with open('npz.tsv', 'w') as f:
    for c in cases:
        f.write('\t'.join(c) + '\n')
EOP
$python npz.py 2>/dev/null || fail "the .npz files are written"
rows='a F32 [2, 3] 0 1 2 3 4 5
big I32 [2] 1 2
f F64 [2, 3] 0 1 2 3 4 5
h F32 [2] 1 -0.5
s F32 [] 7
e F32 [0, 3]
u U8 [2] 1 255
ok BOOL [2] 1 0
c C64 [1] 1 -2
layer.0/w F32 [1, 3] 0 1 2'
npz_as_is() {
    rm -f o.safetensors
    "$halfulp" cast "$1" -t fp32 --tensor h -o o.safetensors >/dev/null 2>&1 && "$py" read.py o.safetensors
}
prints "arrays of a .npz, in C's order and little-endian" "$rows" npz_as_is n.npz
prints "arrays of a compressed .npz" "$rows" npz_as_is c.npz
exits "a .npz of nothing" 0 '' "$halfulp" tensors none.npz
prints "positional arrays have NumPy's names" "arr_0 arr_1" bash -c "'$halfulp' tensors positional.npz | awk '\$2 == \"F32\" && \$3 ~ /\\[/ {printf \"%s%s\", s, \$1; s = \" \"}'"
exits "members of other dtypes are left aside, each by its name" 0 "'t.npy' is left aside: dtype '<U1' is not read: it holds text" "$halfulp" tensors text.npz
exits "objects are left aside" 0 "'o.npy' is left aside: dtype '\\|O' is not read: it holds Python objects" "$halfulp" tensors text.npz
exits "records are left aside" 0 "'r.npy' is left aside: the dtype is structured" "$halfulp" tensors text.npz
exits "integers alone are copied" 0 "no floating-point tensor" "$halfulp" cast integers.npz -t bf16 -o integers.npy
prints "as they were" "[1 2 3] int64" $python -c "import numpy as np; x = np.load('integers.npy'); print(x, x.dtype)"
if command -v jq >/dev/null; then
    s() { "$halfulp" stats "$@" -t bf16,fp16 --json 2>/dev/null | jq -c '.total'; }
    prints "stats of a .npz are those of its .npy" "$(s w.npy)" s w.npz --tensor w
    prints "stats of a compressed one too" "$(s w.npy)" s wc.npz --tensor w
    prints "and of Fortran's order" "$(s w.npy | jq -c 'map(del(.rms_error,.sqnr_db))')" bash -c "'$halfulp' stats wc.npz --tensor f -t bf16,fp16 --json | jq -c '.total | map(del(.rms_error,.sqnr_db))'"
    prints "an element of a compressed .npz" "$("$halfulp" show -f fp32 --json 'w.npy:[499,698]' | jq .exact)" bash -c "'$halfulp' show -f fp32 --json 'wc.npz:f[499,698]' | jq .exact"
fi
for name in w.npz wc.npz; do
    for array in w f; do
        holds "$array of $name as .npy is what NumPy rounds" bash -c "rm -f w16.npy; '$halfulp' cast $name --tensor $array -t fp16 -o w16.npy >/dev/null && $python -c \"
import numpy as np
x, w = np.load('w16.npy'), np.load('w.npy')
assert (x == w.astype('f2')).all()\""
    done
    holds "$name as .safetensors is what NumPy rounds" bash -c "rm -f w16.safetensors; '$halfulp' cast $name -t fp16 -o w16.safetensors >/dev/null && $python -c \"
import numpy as np, read
t, m = read.read('w16.safetensors')
w = np.load('w.npy').astype('f2').astype('f8').ravel()
assert (np.array(t['w'][2]) == w).all() and (np.array(t['f'][2]) == w).all()\""
done
while IFS=$'\t' read -r name path pattern; do
    exits "refused: $name" 2 "$pattern" timeout 20 "$halfulp" tensors "$path"
done <npz.tsv
finish
