# Writes checkpoints as quantizers lay them out, by the public descriptions that src/file/logical_*.c
# cites, and works out what their weights are: every product of them is a double exactly.
import json, math, random, struct

WIDTH = {'F64': 64, 'F32': 32, 'F16': 16, 'BF16': 16, 'F8_E4M3': 8, 'F8_E5M2': 8, 'F8_E8M0': 8, 'F4': 4, 'F6_E2M3': 6,
         'F6_E3M2': 6, 'U8': 8, 'I8': 8, 'I32': 32, 'I64': 64}

def elements(shape):
    n = 1
    for size in shape:
        n *= size
    return n

def save(path, tensors, metadata=None):
    """tensors: {name: (dtype, shape, bytes)}"""
    header, at = {}, 0
    if metadata:
        header['__metadata__'] = metadata
    for name, (dtype, shape, data) in tensors.items():
        assert len(data) == elements(shape) * WIDTH[dtype] // 8, (name, dtype, shape, len(data))
        header[name] = {'dtype': dtype, 'shape': list(shape), 'data_offsets': [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(d for _, _, d in tensors.values()))

def load(path):
    blob = open(path, 'rb').read()
    n, = struct.unpack('<Q', blob[:8])
    header = json.loads(blob[8:8 + n])
    header.pop('__metadata__', None)
    return {name: (t['dtype'], t['shape'], blob[8 + n + t['data_offsets'][0]:8 + n + t['data_offsets'][1]])
            for name, t in header.items()}

# What codes stand for, exactly.
def small(code, exponent_bits, trailing_bits, bias):
    sign = -1 if code >> (exponent_bits + trailing_bits) else 1
    exponent = code >> trailing_bits & (1 << exponent_bits) - 1
    trailing = code & (1 << trailing_bits) - 1
    if exponent:
        trailing += 1 << trailing_bits
    return sign * float(trailing) * 2.0 ** (max(exponent, 1) - bias - trailing_bits)

E2M1 = [small(c, 2, 1, 1) for c in range(16)]
E4M3 = [small(c, 4, 3, 7) for c in range(256)]  # 0x7f and 0xff are NaN and not used here
def e8m0(code): return 2.0 ** (code - 127)
def fp32(bits): return struct.unpack('<f', struct.pack('<I', bits))[0]
def fp16(bits): return struct.unpack('<e', struct.pack('<H', bits))[0]
def bf16(bits): return fp32(bits << 16)
def pack32(x): return struct.pack('<f', x)

def as_bf16(value):
    exponent = max(math.frexp(value)[1] - 8, -133)  # of the last place
    rounded = math.ldexp(round(math.ldexp(value, -exponent)), exponent)
    return struct.pack('<f', math.copysign(rounded, value))[2:]

def as_fp32(value): return struct.pack('<f', value)

def nibbles(codes, high_first=False):
    a, b = (4, 0) if high_first else (0, 4)
    return bytes(codes[i] << a | (codes[i + 1] if i + 1 < len(codes) else 0) << b for i in range(0, len(codes), 2))

def draw(r, n, most): return [r.randrange(most) for _ in range(n)]
def draw_fp8(r, n): return [c for c in (r.randrange(256) for _ in range(n * 2)) if c & 0x7f != 0x7f][:n]

NF4 = [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
       -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
       0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0]
# bitsandbytes' csrc/kernels.cu, dDequantizeFP4Tree.
FP4 = [s * v for s in (1, -1) for v in (0.0, 0.005208333333, 0.66666667, 1.0, 0.33333333, 0.5, 0.16666667, 0.25)]
def table_fp32(values): return b''.join(pack32(v) for v in values)

# Each gives {parts}, and {logical name: (shape, [values])}.

def deepseek(r, rows=200, columns=300, scale='F32', tile=128):
    codes = draw_fp8(r, rows * columns)
    down, across = -(-rows // tile), -(-columns // tile)
    if scale == 'F8_E8M0':
        bits = draw(r, down * across, 20)
        bits = [b + 117 for b in bits]
        scales, data = [e8m0(b) for b in bits], bytes(bits)
    else:
        bits = [struct.unpack('<I', pack32(r.uniform(1e-4, 2)))[0] & (0xffff0000 if scale == 'BF16' else 0xffffffff)
                for _ in range(down * across)]
        scales = [fp32(b) for b in bits]
        data = b''.join(struct.pack('<I', b)[2 if scale == 'BF16' else 0:] for b in bits)
    values = [E4M3[c] * scales[(i // columns) // tile * across + i % columns // tile] for i, c in enumerate(codes)]
    return ({'m.weight': ('F8_E4M3', [rows, columns], bytes(codes)),
             'm.weight_scale_inv': (scale, [down, across], data)}, {'m.weight': ([rows, columns], values)})

def gpt_oss(r, experts=2, out=3, groups=2):
    n = experts * out * groups * 32
    codes = draw(r, n, 16)
    scales = [120 + c for c in draw(r, n // 32, 12)]
    values = [E2M1[c] * e8m0(scales[i // 32]) for i, c in enumerate(codes)]
    return ({'m.experts.down_proj_blocks': ('U8', [experts, out, groups, 16], nibbles(codes)),
             'm.experts.down_proj_scales': ('U8', [experts, out, groups], bytes(scales))},
            {'m.experts.down_proj': ([experts, out, groups * 32], values)})

def nvfp4(r, rows=6, columns=64, compressed=False):
    codes = draw(r, rows * columns, 16)
    scales = draw(r, rows * columns // 16, 0x7f)
    over = 2.0 ** -5 if compressed else r.uniform(1e-4, 1e-2)
    data = pack32(1 / over if compressed else over)
    factor = 1 / fp32(struct.unpack('<I', data)[0]) if compressed else fp32(struct.unpack('<I', data)[0])
    values = [E2M1[c] * E4M3[scales[i // 16]] * factor for i, c in enumerate(codes)]
    name, second = ('m.weight_packed', 'm.weight_global_scale') if compressed else ('m.weight', 'm.weight_scale_2')
    return ({name: ('U8', [rows, columns // 2], nibbles(codes)),
             'm.weight_scale': ('F8_E4M3', [rows, columns // 16], bytes(scales)),
             second: ('F32', [1] if compressed else [], data),
             'm.input_scale': ('F32', [], pack32(0.5))}, {'m.weight': ([rows, columns], values)})

def fp8_plain(r, rows=5, columns=40, kind='tensor', scale='F32'):
    codes = draw_fp8(r, rows * columns)
    n = rows if kind == 'row' else 1
    bits = [struct.unpack('<I', pack32(r.uniform(1e-3, 1)))[0] & (0xffff0000 if scale == 'BF16' else 0xffffffff) for _ in range(n)]
    data = b''.join(struct.pack('<I', b)[2 if scale == 'BF16' else 0:] for b in bits)
    values = [E4M3[c] * fp32(bits[i // columns if kind == 'row' else 0]) for i, c in enumerate(codes)]
    return ({'m.weight': ('F8_E4M3', [rows, columns], bytes(codes)),
             'm.weight_scale': (scale, [rows, 1] if kind == 'row' else [], data)}, {'m.weight': ([rows, columns], values)})

def mx(r, rows=4, columns=96, element='F4'):
    n = rows * columns
    codes = draw(r, n, 16) if element == 'F4' else draw_fp8(r, n)
    scales = [120 + c for c in draw(r, rows * -(-columns // 32), 12)]
    value = E2M1 if element == 'F4' else E4M3
    values = [value[c] * e8m0(scales[i // columns * -(-columns // 32) + i % columns // 32]) for i, c in enumerate(codes)]
    return ({'m.weight': (element, [rows, columns], nibbles(codes) if element == 'F4' else bytes(codes)),
             'm.weight_scale': ('F8_E8M0', [rows, -(-columns // 32)], bytes(scales))}, {'m.weight': ([rows, columns], values)})

def int_packed(r, rows=4, columns=64, group=32):
    codes = draw(r, rows * columns, 16)
    bits = [struct.unpack('<I', pack32(r.uniform(1e-3, 1)))[0] & 0xffff0000 for _ in range(rows * columns // group)]
    values = [(c - 8) * fp32(bits[i // group]) for i, c in enumerate(codes)]
    return ({'m.weight_packed': ('I32', [rows, columns // 8], nibbles(codes)),
             'm.weight_scale': ('BF16', [rows, columns // group], b''.join(struct.pack('<H', b >> 16) for b in bits)),
             'm.weight_shape': ('I64', [2], struct.pack('<2q', rows, columns))}, {'m.weight': ([rows, columns], values)})

def int8_rows(r, rows=3, columns=40):
    codes = [c - 128 for c in draw(r, rows * columns, 256)]
    bits = [struct.unpack('<I', pack32(r.uniform(1e-3, 1)))[0] for _ in range(rows)]
    values = [c * fp32(bits[i // columns]) for i, c in enumerate(codes)]
    return ({'m.weight': ('I8', [rows, columns], struct.pack('%db' % len(codes), *codes)),
             'm.weight_scale': ('F32', [rows, 1], struct.pack('<%dI' % rows, *bits))}, {'m.weight': ([rows, columns], values)})

def bnb(r, shape=(5, 50), kind='nf4', nested=False, block=64):
    n = elements(shape)
    codes = draw(r, n, 16)
    blocks = -(-n // block)
    table = NF4 if kind == 'nf4' else FP4
    state = {'quant_type': kind, 'blocksize': block, 'dtype': 'bfloat16', 'shape': list(shape)}
    parts = {'m.weight': ('U8', [-(-n // 2), 1], nibbles(codes, True))}
    if nested:
        levels = [i / 128 - 1 for i in range(256)]
        bytes_ = draw(r, blocks, 256)
        over = [struct.unpack('<I', pack32(r.uniform(0.1, 1)))[0] for _ in range(-(-blocks // 256))]
        offset = 0.0625
        state |= {'nested_blocksize': 256, 'nested_dtype': 'float32', 'nested_offset': offset}
        single = lambda x: struct.unpack('<f', pack32(x))[0]
        scales = [single(single(levels[b] * fp32(over[i // 256])) + offset) for i, b in enumerate(bytes_)]
        parts['m.weight.absmax'] = ('U8', [blocks], bytes(bytes_))
        parts['m.weight.nested_absmax'] = ('F32', [len(over)], struct.pack('<%dI' % len(over), *over))
        parts['m.weight.nested_quant_map'] = ('F32', [256], table_fp32(levels))
    else:
        bits = [struct.unpack('<I', pack32(r.uniform(1e-3, 3)))[0] for _ in range(blocks)]
        scales = [fp32(b) for b in bits]
        parts['m.weight.absmax'] = ('F32', [blocks], struct.pack('<%dI' % blocks, *bits))
    single = [fp32(struct.unpack('<I', pack32(v))[0]) for v in table]
    values = [single[c] * scales[i // block] for i, c in enumerate(codes)]
    text = json.dumps(state).encode()
    parts['m.weight.quant_map'] = ('F32', [16], table_fp32(table))
    parts['m.weight.quant_state.bitsandbytes__' + kind] = ('U8', [len(text)], text)
    return parts, {'m.weight': (list(shape), values)}

def words(rows):
    """rows: lists of 32-bit words"""
    return b''.join(struct.pack('<%dI' % len(row), *row) for row in rows)

def gptq(r, out=40, columns=128, bits=4, group=32, order=False, second=False):
    groups = columns // group
    codes = [[r.randrange(1 << bits) for _ in range(columns)] for _ in range(out)]
    zeros = [[r.randrange((1 << bits) - 1) for _ in range(out)] for _ in range(groups)]
    scales = [[r.randrange(0x1400, 0x3c00) for _ in range(out)] for _ in range(groups)]
    index = [i // group for i in range(columns)]
    if order:
        r.shuffle(index)
    def stream(values):
        whole = 0
        for i, v in enumerate(values):
            whole |= v << i * bits
        return [whole >> 32 * i & 0xffffffff for i in range(-(-len(values) * bits // 32))]
    down = [stream(row) for row in codes]
    qweight = [[down[o][w] for o in range(out)] for w in range(len(down[0]))]
    qzeros = [stream(row) for row in zeros]
    values = [fp16(scales[index[i]][o]) * (codes[o][i] - zeros[index[i]][o] - (not second))
              for o in range(out) for i in range(columns)]
    return ({'m.qweight': ('I32', [len(qweight), out], words(qweight)),
             'm.qzeros': ('I32', [groups, len(qzeros[0])], words(qzeros)),
             'm.scales': ('F16', [groups, out], b''.join(struct.pack('<%dH' % out, *row) for row in scales)),
             'm.g_idx': ('I32', [columns], struct.pack('<%di' % columns, *index))}, {'m.weight': ([out, columns], values)})

def awq(r, out=48, columns=64, group=32):
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    groups = columns // group
    codes = [[r.randrange(16) for _ in range(out)] for _ in range(columns)]
    zeros = [[r.randrange(16) for _ in range(out)] for _ in range(groups)]
    scales = [[r.randrange(0x1400, 0x3c00) for _ in range(out)] for _ in range(groups)]
    pack = lambda row: [sum(row[i + order[k]] << 4 * k for k in range(8)) for i in range(0, out, 8)]
    values = [fp16(scales[i // group][o]) * (codes[i][o] - zeros[i // group][o]) for o in range(out) for i in range(columns)]
    return ({'m.qweight': ('I32', [columns, out // 8], words([pack(row) for row in codes])),
             'm.qzeros': ('I32', [groups, out // 8], words([pack(row) for row in zeros])),
             'm.scales': ('F16', [groups, out], b''.join(struct.pack('<%dH' % out, *row) for row in scales))},
            {'m.weight': ([out, columns], values)})

KINDS = {
    'deepseek': lambda r: deepseek(r), 'deepseek bf16 scales': lambda r: deepseek(r, scale='BF16'),
    'deepseek e8m0 scales': lambda r: deepseek(r, 256, 128, 'F8_E8M0'), 'deepseek small': lambda r: deepseek(r, 3, 8),
    'deepseek long rows': lambda r: deepseek(r, 130, 9000),
    'gpt-oss': gpt_oss, 'modelopt nvfp4': nvfp4, 'compressed-tensors nvfp4': lambda r: nvfp4(r, compressed=True),
    'fp8 of a tensor': fp8_plain, 'fp8 of rows': lambda r: fp8_plain(r, kind='row'),
    'fp8 of rows, bf16 scales': lambda r: fp8_plain(r, kind='row', scale='BF16'),
    'mx fp4': mx, 'mx fp8': lambda r: mx(r, 3, 40, 'F8_E4M3'),
    'compressed-tensors int4': int_packed, 'compressed-tensors int8': int8_rows,
    'bnb fp4': lambda r: bnb(r, kind='fp4'), 'bnb nf4': bnb, 'bnb nf4, odd': lambda r: bnb(r, (3, 43)), 'bnb nf4 nested': lambda r: bnb(r, (260, 70), nested=True),
    'gptq': gptq, 'gptq 8 bits': lambda r: gptq(r, bits=8), 'gptq 3 bits': lambda r: gptq(r, out=32, bits=3),
    'gptq 2 bits': lambda r: gptq(r, bits=2), 'gptq in activation order': lambda r: gptq(r, order=True),
    'gptq large': lambda r: gptq(r, out=136, columns=4096, group=128), 'awq': awq,
}

if __name__ == '__main__':
    import os, subprocess, sys
    program = sys.argv[1]
    for kind, make in KINDS.items():
        parts, logical = make(random.Random(kind))
        parts['m.norm'] = ('F32', [2], struct.pack('<2f', 1.5, -2))
        save('in.safetensors', parts)
        problem = ''
        for target, form in (('fp32', as_fp32), ('bf16', as_bf16)):
            run = subprocess.run([program, 'cast', 'in.safetensors', '-t', target, '-o', 'out.safetensors', '--force'],
                                 capture_output=True, text=True)
            if run.returncode:
                problem = run.stderr.strip()
                break
            got = load('out.safetensors')
            due = dict(logical)
            names = set(logical) | {'m.norm'} | ({'m.input_scale'} & set(parts))
            if set(got) != names:
                problem = 'holds %s, not %s' % (sorted(got), sorted(names))
                break
            for name, (shape, values) in due.items():
                want = b''.join(map(form, values))
                if got[name][1] != shape or got[name][2] != want:
                    width = len(want) // len(values)
                    at = [i for i in range(len(values)) if got[name][2][i * width:(i + 1) * width] != want[i * width:(i + 1) * width]]
                    problem = '%s %s: %d of %d differ in %s, the first %s: %s, not %s' % (
                        name, got[name][1], len(at), len(values), target, at[:1],
                        got[name][2][at[0] * width:(at[0] + 1) * width].hex() if at else '', want[at[0] * width:(at[0] + 1) * width].hex() if at else '')
        print('%s: %s' % (kind, problem or 'ok'))
