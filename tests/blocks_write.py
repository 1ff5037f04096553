# Writes checkpoints as quantizers lay them out, by the public descriptions that src/file/logical_*.c
# cites, and works out what their weights are: every product of them is a double exactly.
import json, math, random, struct
from fractions import Fraction

WIDTH = {'F64': 64, 'F32': 32, 'F16': 16, 'BF16': 16, 'F8_E4M3': 8, 'F8_E5M2': 8, 'F8_E8M0': 8, 'F4': 4, 'F6_E2M3': 6,
         'F6_E3M2': 6, 'U8': 8, 'I8': 8, 'I16': 16, 'I32': 32, 'U32': 32, 'I64': 64}

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
    value = odd(value)
    exponent = max(math.frexp(value)[1] - 8, -133)  # of the last place
    rounded = math.ldexp(round(math.ldexp(value, -exponent)), exponent)
    return struct.pack('<f', math.copysign(rounded, value))[2:]

def odd(value):
    """A double from which narrower formats are rounded to as from the fraction itself."""
    if not isinstance(value, Fraction):
        return value
    near = float(value)
    if Fraction(near) == value or struct.unpack('<q', struct.pack('<d', near))[0] & 1:
        return near
    return math.nextafter(near, math.inf if value > near else -math.inf)

def as_fp32(value): return struct.pack('<f', odd(value))

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

def deepseek(r, rows=140, columns=150, scale='F32', tile=128):
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

def mx(r, rows=4, columns=96, element='F4', scale='F8_E8M0'):
    n, four = rows * columns, element in ('F4', 'U8')
    codes = draw(r, n, 16) if four else draw_fp8(r, n)
    scales = [120 + c for c in draw(r, rows * -(-columns // 32), 12)]
    value = E2M1 if four else E4M3
    values = [value[c] * e8m0(scales[i // columns * -(-columns // 32) + i % columns // 32]) for i, c in enumerate(codes)]
    return ({'m.weight': (element, [rows, columns // (2 if element == 'U8' else 1)], nibbles(codes) if four else bytes(codes)),
             'm.weight_scale': (scale, [rows, -(-columns // 32)], bytes(scales))}, {'m.weight': ([rows, columns], values)})

def scheme(**weights): return {'quant_method': 'compressed-tensors', 'config_groups': {'a': {'weights': weights}, 'b': {'weights': None}}}

def scaled(r, shape, over, tile, dtype='F8_E4M3', scale='m.weight_scale', zeros=False, config=None):
    """A code of a byte an element; scales of shape OVER, one for each TILE of the last two sizes."""
    n, rows, columns = elements(shape), shape[-2], shape[-1]
    codes = draw(r, n, 256) if dtype == 'I8' else draw_fp8(r, n)
    bits = [struct.unpack('<I', pack32(r.uniform(1e-3, 1)))[0] for _ in range(elements(over))]
    points = [c - 128 for c in draw(r, len(bits), 256)] if zeros else [0] * len(bits)
    down, across = min(tile[0] or rows, rows), min(tile[1] or columns, columns)
    each = -(-rows // down) * -(-columns // across) if len(bits) > 1 else 0
    at = lambda i: i // (rows * columns) * each + i // columns % rows // down * -(-columns // across) + i % columns // across
    value = (lambda c: c - 256 * (c > 127)) if dtype == 'I8' else E4M3.__getitem__
    values = [(value(c) - points[at(i)]) * fp32(bits[at(i)]) for i, c in enumerate(codes)]
    parts = {'m.weight': (dtype, shape, bytes(codes)), scale: ('F32', over, struct.pack('<%dI' % len(bits), *bits))}
    if zeros:
        parts['m.weight_zero_point'] = ('I8', over, struct.pack('%db' % len(points), *points))
    return parts, {'m.weight': (list(shape), values)}, config

def deepseek_v4(r, rows=5, columns=64):
    codes = draw(r, rows * columns, 16)
    scales = [117 + c for c in draw(r, rows * columns // 32, 20)]
    values = [E2M1[c] * e8m0(scales[i // 32]) for i, c in enumerate(codes)]
    return ({'m.weight': ('I8', [rows, columns // 2], nibbles(codes)), 'm.scale': ('F8_E8M0', [rows, columns // 32], bytes(scales))},
            {'m.weight': ([rows, columns], values)})

def int_packed(r, rows=4, columns=64, group=32, width=4, zeros=False, order=None, config=None):
    each, groups = 32 // width, -(-columns // group)
    codes = [draw(r, columns, 1 << width) for _ in range(rows)]
    points = [draw(r, groups, 1 << width) if zeros else [1 << width - 1] * groups for _ in range(rows)]
    scales = [[struct.unpack('<I', pack32(r.uniform(1e-3, 1)))[0] & 0xffff0000 for _ in range(groups)] for _ in range(rows)]
    index = [i // group for i in range(columns)]
    if order == 'shuffled':
        r.shuffle(index)
    values = [(codes[o][i] - points[o][index[i]]) * fp32(scales[o][index[i]]) for o in range(rows) for i in range(columns)]
    pack = lambda row: [sum(c << width * k for k, c in enumerate(row[i:i + each])) for i in range(0, len(row), each)]
    down = [pack([points[o][g] for o in range(rows)]) for g in range(groups)]
    parts = {'m.weight_packed': ('I32', [rows, -(-columns // each)], words([pack(row) for row in codes])),
             'm.weight_scale': ('BF16', [rows, groups], b''.join(struct.pack('<H', b >> 16) for row in scales for b in row)),
             'm.weight_shape': ('I64', [2], struct.pack('<2q', rows, columns))}
    if zeros:
        parts['m.weight_zero_point'] = ('I32', [len(down[0]), groups], words([[g[w] for g in down] for w in range(len(down[0]))]))
    if order:
        parts['m.weight_g_idx'] = ('I32', [columns], struct.pack('<%di' % columns, *(index if order == 'shuffled' else [-1] * columns)))
    if config:
        config = scheme(num_bits=width, type='int', strategy='group', group_size=group, symmetric=not zeros)
    return parts, {'m.weight': ([rows, columns], values)}, config

def int8_rows(r, rows=3, columns=40):
    codes = [c - 128 for c in draw(r, rows * columns, 256)]
    bits = [struct.unpack('<I', pack32(r.uniform(1e-3, 1)))[0] for _ in range(rows)]
    values = [c * fp32(bits[i // columns]) for i, c in enumerate(codes)]
    return ({'m.weight': ('I8', [rows, columns], struct.pack('%db' % len(codes), *codes)),
             'm.weight_scale': ('F32', [rows, 1], struct.pack('<%dI' % rows, *bits))}, {'m.weight': ([rows, columns], values)})

# bitsandbytes' Linear8bitLt: a row's greatest magnitude is 127. The value of the rational rounded to bf16 or fp32 by its quotient.
def llm_int8(r, rows=5, columns=40, order=True):
    codes = [c - 127 for c in draw(r, rows * columns, 255)]
    bits = [struct.unpack('<I', pack32(r.uniform(1e-3, 1)))[0] for _ in range(rows)]
    values = [c * fp32(bits[i // columns]) / 127 for i, c in enumerate(codes)]
    parts = {'m.weight': ('I8', [rows, columns], struct.pack('%db' % len(codes), *codes)),
             'm.SCB': ('F32', [rows], struct.pack('<%dI' % rows, *bits))}
    return (parts | ({'m.weight_format': ('U8', [], bytes(1))} if order else {}), {'m.weight': ([rows, columns], values)})

def bnb(r, shape=(5, 50), kind='nf4', nested=False, block=64, storage='U8'):
    n = elements(shape)
    codes = draw(r, n, 16)
    blocks = -(-n // block)
    table = NF4 if kind == 'nf4' else FP4
    state = {'quant_type': kind, 'blocksize': block, 'dtype': 'bfloat16', 'shape': list(shape)}
    parts = {'m.weight': (storage, [-(-n // 2) * 8 // WIDTH[storage], 1], nibbles(codes, True))}
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

def bitnet(r, quarter=5, columns=40, scale='BF16', linear=None):
    codes = draw(r, 4 * quarter * columns, 4)
    bits = struct.unpack('<I', pack32(r.uniform(0.5, 3)))[0] & (0xffff0000 if scale == 'BF16' else 0xffffffff)
    s, units = fp32(bits), quarter * columns
    packed = bytes(sum(codes[p * units + u] << 2 * p for p in range(4)) for u in range(units))
    values = [(c - 1) * s if linear == 'autobitlinear' else (c - 1) / s for c in codes]
    return ({'m.weight': ('U8', [quarter, columns], packed), 'm.weight_scale': (scale, [1], struct.pack('<I', bits)[2 if scale == 'BF16' else 0:])},
            {'m.weight': ([4 * quarter, columns], values)}, {'quant_method': 'bitnet'} | ({'linear_class': linear} if linear else {}))

def hqq(r, out=16, columns=64, bits=4, group=32, axis=1, scale='F16'):
    n, planes = out * columns, {8: 1, 6: 1, 5: 1, 4: 2, 3: 10, 2: 4, 1: 8}[bits]
    size = group or (columns if axis else out)
    rows, across = (n // size, size) if axis else (size, n // size)
    codes, groups = draw(r, n, 1 << bits), n // size
    step = -(-rows // planes)
    padded = codes + [0] * (step * planes * across - n)
    width = bits if planes > 1 else 8
    packed = [sum(padded[p * step * across + u] << width * (planes - 1 - p) for p in range(planes)) for u in range(step * across)]
    form = {'F16': lambda x: struct.pack('<e', x), 'F32': pack32, 'BF16': lambda x: pack32(x)[2:]}[scale]
    back = {'F16': lambda b: struct.unpack('<e', b)[0], 'F32': lambda b: struct.unpack('<f', b)[0], 'BF16': lambda b: struct.unpack('<f', bytes(2) + b)[0]}[scale]
    scales, zeros = [form(r.uniform(1e-3, 1)) for _ in range(groups)], [form(r.uniform(-2, 1 << bits)) for _ in range(groups)]
    at = lambda i: i // size if axis else i % groups
    values = [(c - Fraction(back(zeros[at(i)]))) * Fraction(back(scales[at(i)])) for i, c in enumerate(codes)]
    number = lambda x: ('I32', [], struct.pack('<i', x))
    flag = lambda x: ('U8', [], bytes([x]))
    over = [groups, 1] if axis else [1, groups]
    text = b'3bit_32' if bits == 3 else b'%dbit_u8' % width
    return ({'m.W_q': ('I32' if bits == 3 else 'U8', [step, across], struct.pack('<%dI' % len(packed), *packed) if bits == 3 else bytes(packed)),
             'm.scale': (scale, over, b''.join(scales)), 'm.zero': (scale, over, b''.join(zeros)),
             'm.shape': ('I64', [2], struct.pack('<2q', out, columns)), 'm.nbits': number(bits), 'm.axis': number(axis),
             'm.packing': ('U8', [len(text)], text), 'm.view_as_float': flag(0), 'm.quant_zero': flag(0), 'm.quant_scale': flag(0),
             'm.encoded_state_dict': flag(1), 'm.channel_wise': flag(1)} | ({'m.group_size': number(group)} if group else {}),
            {'m.weight': ([out, columns], values)}, {'quant_method': 'hqq'})

FLOATS = {'F16': (lambda x: struct.pack('<e', x), lambda b: struct.unpack('<e', b)[0]), 'F32': (pack32, lambda b: struct.unpack('<f', b)[0]),
          'BF16': (lambda x: pack32(x)[2:], lambda b: struct.unpack('<f', bytes(2) + b)[0])}

def mlx(r, shape=(5, 128), bits=4, group=64, scale='BF16', biases='m.biases', mode=None, own=None):
    """What a module has of its own in the config is OWN."""
    *lead, columns = shape
    rows, (form, back) = elements(lead), FLOATS[scale]
    codes, groups = [[r.randrange(1 << bits) for _ in range(columns)] for _ in range(rows)], columns // group
    if mode == 'mxfp8':
        codes = [[c & 0x7e for c in row] for row in codes]
    packed = b''.join(sum(c << bits * i for i, c in enumerate(row)).to_bytes(columns * bits // 8, 'little') for row in codes)
    parts = {'m.weight': ('U32', lead + [columns * bits // 32], packed)}
    said = {'bits': bits, 'group_size': group} | ({'mode': mode} if mode else {})
    if mode:
        scales = bytes(r.randrange(*((0x20, 0x7e) if mode == 'nvfp4' else (110, 140))) for _ in range(rows * groups))
        parts['m.scales'] = ('U8', lead + [groups], scales)
        of, over = E4M3 if mode == 'mxfp8' else E2M1, [E4M3[s] if mode == 'nvfp4' else e8m0(s) for s in scales]
        values = [of[c] * over[i * groups + k // group] for i, row in enumerate(codes) for k, c in enumerate(row)]
    else:
        scales, shifts = ([form(r.uniform(low, 1)) for _ in range(rows * groups)] for low in (1e-3, -8))
        parts |= {'m.scales': (scale, lead + [groups], b''.join(scales)), biases: (scale, lead + [groups], b''.join(shifts))}
        values = [Fraction(c) * Fraction(back(scales[i * groups + k // group])) + Fraction(back(shifts[i * groups + k // group]))
                  for i, row in enumerate(codes) for k, c in enumerate(row)]
    config = {'group_size': 32, 'bits': 2, 'm': said} if own else said
    return parts, {'m.weight': (list(shape), values)}, config

def renamed(made, names): return {names.get(n, n): t for n, t in made[0].items()}, *made[1:]
QUANTO = {'m.weight': 'm.weight._data', 'm.weight_scale': 'm.weight._scale'}

def torchao(made, kind, **said):
    """The same under torchao's names, and what it says of them in the file's metadata."""
    names = {'m.weight': '_qdata', 'm.weight_scale': '_scale', 'm.weight_zero_point': '_zero_point', 'm.weight_scale_2': '_per_tensor_scale'}
    parts = {'m._weight' + names[n]: t for n, t in made[0].items() if n in names}
    about = {'_type': kind, '_data': said, '_tensor_data_names': [n.removeprefix('m._weight_') for n in parts]}
    meta = {'format': 'pt', 'm.weight': json.dumps(about), 'm.norm': '{"_type": "Tensor"}', 'tensor_names': '["m.weight", "m.norm"]'}
    return parts | {'__metadata__': meta}, made[1], {'quant_method': 'torchao', 'quant_type': {'default': {'_type': kind}}}

def float_zeros(made):
    """Zero points of the scales' format: (code - zero) * scale."""
    dtype, over, data = made[0]['m.weight_zero_point']
    scales, points = struct.unpack('<%df' % len(data), made[0]['m.weight_scale'][2]), struct.unpack('%db' % len(data), data)
    codes, (shape, _) = struct.unpack('%db' % len(made[0]['m.weight'][2]), made[0]['m.weight'][2]), made[1]['m.weight']
    each = len(codes) // len(scales)
    zeros = [p + 0.375 for p in points]
    values = [(c - Fraction(zeros[i // each])) * Fraction(scales[i // each]) for i, c in enumerate(codes)]
    return made[0] | {'m.weight_zero_point': ('F32', over, struct.pack('<%df' % len(zeros), *zeros))}, {'m.weight': (shape, values)}

def nvfp4_alone(r):
    parts, logical = nvfp4(r)
    over = fp32(struct.unpack('<I', parts.pop('m.weight_scale_2')[2])[0])
    return parts, {'m.weight': (logical['m.weight'][0], [float(Fraction(v) / Fraction(over)) if v else v for v in logical['m.weight'][1]])}

TORCHAO = {
    'Float8Tensor': lambda r: torchao(fp8_plain(r), 'Float8Tensor', block_size=[5, 40]),
    'Float8Tensor of a scale of two dimensions': lambda r: torchao(scaled(r, [5, 40], [1, 1], (0, 0)), 'Float8Tensor', block_size=[5, 40]),
    'Float8Tensor without a block_size': lambda r: torchao(fp8_plain(r), 'Float8Tensor', block_size=[]),
    'Float8Tensor of rows': lambda r: torchao(fp8_plain(r, kind='row'), 'Float8Tensor', block_size=[1, 40]),
    'Float8Tensor of tiles': lambda r: torchao(scaled(r, [256, 384], [2, 3], (128, 128)), 'Float8Tensor', block_size=[128, 128]),
    'Float8Tensor of columns': lambda r: torchao(scaled(r, [6, 40], [1, 40], (0, 1)), 'Float8Tensor', block_size=[6, 1]),
    'Float8Tensor of experts': lambda r: torchao(scaled(r, [3, 40, 50], [3, 1, 1], (0, 0)), 'Float8Tensor', block_size=[1, 40, 50]),
    "Float8Tensor of experts' rows": lambda r: torchao(scaled(r, [3, 40, 50], [3, 40, 1], (1, 0)), 'Float8Tensor', block_size=[1, 1, 50]),
    'Int8Tensor': lambda r: torchao(scaled(r, [7, 50], [7, 1], (1, 0), 'I8'), 'Int8Tensor', block_size=[1, 50]),
    'Int8Tensor with zero points': lambda r: torchao(scaled(r, [7, 50], [7, 1], (1, 0), 'I8', zeros=True), 'Int8Tensor', block_size=[1, 50]),
    'IntxUnpackedToInt8Tensor': lambda r: torchao(scaled(r, [8, 64], [8, 2], (1, 32), 'I8', zeros=True), 'IntxUnpackedToInt8Tensor', block_size=[1, 32]),
    'IntxUnpackedToInt8Tensor with float zeros': lambda r: torchao(float_zeros(scaled(r, [8, 64], [8, 2], (1, 32), 'I8', zeros=True)), 'IntxUnpackedToInt8Tensor', block_size=[1, 32]),
    'MXTensor': lambda r: torchao(mx(r, 3, 64, 'F8_E4M3'), 'MXTensor', block_size=32, is_swizzled_scales=False),
    'MXTensor of fp4': lambda r: torchao(mx(r, 3, 64, 'U8'), 'MXTensor', block_size=32, elem_dtype={'_type': 'torch.dtype', '_data': 'float4_e2m1fn_x2'}),
    'NVFP4Tensor': lambda r: torchao(nvfp4(r), 'NVFP4Tensor', block_size=16),
    'NVFP4Tensor without a scale over all': lambda r: torchao(nvfp4_alone(r), 'NVFP4Tensor', block_size=16),
}

def modelopt(algo, group=None, **more):
    """config.json without a word of it, and hf_quant_config.json as ModelOpt writes it."""
    return None, {'producer': {'name': 'modelopt', 'version': '0.23.0'},
                  'quantization': {'quant_algo': algo, 'kv_cache_quant_algo': 'FP8', 'exclude_modules': ['lm_head', 'model.vision*']} |
                  ({'group_size': group} if group else {}) | more}

def with_config(made, config): return made[0], made[1], config

def mixed(**layers): return modelopt('MIXED_PRECISION', quantized_layers={name: {'quant_algo': algo} for name, algo in layers.items()})

KINDS = {
    'BitNet, divided': bitnet, 'BitNet, multiplied': lambda r: bitnet(r, linear='autobitlinear'), 'BitNet under an fp32': lambda r: bitnet(r, 3, 37, 'F32'),
    'BitNet, large': lambda r: bitnet(r, 200, 700, 'F32'),
    'quanto int8': lambda r: renamed(scaled(r, [7, 50], [7, 1], (1, 0), 'I8'), QUANTO), 'quanto fp8': lambda r: renamed(scaled(r, [7, 50], [7, 1], (1, 0)), QUANTO),
    **{"torchao's " + name: make for name, make in TORCHAO.items()},
    'ModelOpt FP8': lambda r: with_config(fp8_plain(r), modelopt('FP8')),
    'ModelOpt FP8, a matrix for each expert': lambda r: scaled(r, [3, 40, 50], [3], (0, 0), config=modelopt('FP8')),
    'ModelOpt FP8 of rows': lambda r: scaled(r, [5, 40], [5], (1, 0), config=modelopt('FP8_PER_CHANNEL_PER_TOKEN')),
    'ModelOpt FP8 of one row': lambda r: scaled(r, [1, 40], [1], (1, 0), config=modelopt('FP8_PER_CHANNEL_PER_TOKEN')),
    'ModelOpt FP8 of tiles': lambda r: scaled(r, [256, 384], [2, 1, 3, 1], (128, 128), config=modelopt('fp8_pb_wo')),
    'ModelOpt FP8 of tiles at the edge': lambda r: scaled(r, [130, 40], [2, 1], (128, 128), config=modelopt('FP8_PB_WO')),
    'ModelOpt NVFP4': lambda r: with_config(nvfp4(r), modelopt('NVFP4', 16)),
    'ModelOpt NVFP4_AWQ whose norms took the scales in': lambda r: with_config(nvfp4(r), modelopt('NVFP4_AWQ', 16, has_zero_point=False, pre_quant_scale=True)),
    'ModelOpt W4A8_NVFP4_FP8': lambda r: with_config(nvfp4(r), modelopt('W4A8_NVFP4_FP8', 16)),
    'ModelOpt NVFP4 as config.json has it, too': lambda r: with_config(nvfp4(r), ({'quant_method': 'modelopt', 'quant_algo': 'NVFP4', 'ignore': ['lm_head'],
        'config_groups': {'group_0': {'weights': {'dynamic': False, 'num_bits': 4, 'type': 'float', 'group_size': 16}}}}, modelopt('NVFP4', 16)[1])),
    'ModelOpt NVFP4 as config.json nests it': lambda r: with_config(nvfp4(r), {'quant_method': 'modelopt', 'quantization': {'quant_algo': 'NVFP4', 'group_size': 16}}),
    'ModelOpt MXFP8': lambda r: with_config(mx(r, 3, 64, 'F8_E4M3', 'U8'), modelopt('MXFP8', 32)),
    'ModelOpt W4A8_MXFP4_FP8': lambda r: with_config(mx(r, 3, 64, 'U8', 'U8'), modelopt('W4A8_MXFP4_FP8', 32)),
    'ModelOpt W8A8_SQ_PER_CHANNEL': lambda r: scaled(r, [7, 50], [7], (1, 0), 'I8', config=modelopt('W8A8_SQ_PER_CHANNEL')),
    'ModelOpt MIXED_PRECISION': lambda r: with_config(nvfp4(r), mixed(m='NVFP4', other='FP8')),
    'ModelOpt MIXED_PRECISION of a module about it': lambda r: (lambda made: ({'a.b.' + n: t for n, t in made[0].items()}, {'a.b.' + n: t for n, t in made[1].items()}, mixed(**{'a.b': 'NVFP4'})))(nvfp4(r)),
    'deepseek': deepseek, 'deepseek bf16 scales': lambda r: deepseek(r, scale='BF16'),
    'deepseek e8m0 scales': lambda r: deepseek(r, 256, 128, 'F8_E8M0'), 'deepseek small': lambda r: deepseek(r, 3, 8),
    'deepseek long rows': lambda r: deepseek(r, 130, 2500),
    'gpt-oss': gpt_oss, 'modelopt nvfp4': nvfp4, 'compressed-tensors nvfp4': lambda r: nvfp4(r, compressed=True),
    'fp8 of a tensor': fp8_plain, 'fp8 of rows': lambda r: fp8_plain(r, kind='row'),
    'fp8 of rows, bf16 scales': lambda r: fp8_plain(r, kind='row', scale='BF16'),
    'mx fp4': mx, 'mx fp8': lambda r: mx(r, 3, 40, 'F8_E4M3'),
    'compressed-tensors int4': int_packed, 'compressed-tensors int4, rows within a word': lambda r: int_packed(r, 3, 36, 12),
    'compressed-tensors int4, zero points': lambda r: int_packed(r, 21, 64, zeros=True),
    'compressed-tensors int4, zero points, long rows': lambda r: int_packed(r, 136, 2048, 128, zeros=True),
    'compressed-tensors int4 in activation order': lambda r: int_packed(r, 5, 96, zeros=True, order='shuffled'),
    'compressed-tensors int4 with an index of none': lambda r: int_packed(r, order='none'),
    'compressed-tensors int8 in words': lambda r: int_packed(r, 5, 50, 50, 8), 'compressed-tensors int8, zero points': lambda r: int_packed(r, 6, 64, 32, 8, True),
    'compressed-tensors int8': int8_rows,
    'bnb int8': llm_int8, 'bnb int8 of no format': lambda r: llm_int8(r, order=False), 'bnb int8, long rows': lambda r: llm_int8(r, 3, 5000),
    'bnb fp4': lambda r: bnb(r, kind='fp4'), 'bnb nf4': bnb, 'bnb nf4, odd': lambda r: bnb(r, (3, 43)), 'bnb nf4 nested': lambda r: bnb(r, (260, 70), nested=True),
    'gptq': gptq, 'gptq 8 bits': lambda r: gptq(r, bits=8), 'gptq 3 bits': lambda r: gptq(r, out=32, bits=3),
    'gptq 2 bits': lambda r: gptq(r, bits=2), 'gptq in activation order': lambda r: gptq(r, order=True),
    'gptq large': lambda r: gptq(r, out=136, columns=2048, group=128), 'awq': awq,
    'gptq in groups of 96': lambda r: gptq(r, columns=192, group=96),
    'fp8 of columns': lambda r: scaled(r, [3, 40, 50], [3, 1, 50], (0, 1)), 'fp8 of each matrix': lambda r: scaled(r, [3, 40, 50], [3], (0, 0)),
    'fp8 of each matrix, a column': lambda r: scaled(r, [3, 40, 50], [3, 1, 1], (0, 0)),
    'fp8 of all matrices': lambda r: scaled(r, [3, 40, 50], [], (0, 0)),
    'fp8 whose weight_scale_inv is one': lambda r: scaled(r, [200, 50], [], (0, 0), scale='m.weight_scale_inv'),
    'fp8 whose config has no tiles': lambda r: scaled(r, [200, 50], [1], (0, 0), scale='m.weight_scale_inv', config={'quant_method': 'fp8', 'weight_block_size': None}),
    'fp8 as Mistral names its scales': lambda r: scaled(r, [20, 50], [], (0, 0), scale='m.qscale_weight'),
    'compressed-tensors fp8 of blocks': lambda r: scaled(r, [70, 50], [3, 4], (32, 16), config=scheme(num_bits=8, type='float', strategy='block', block_structure=[32, 16])),
    'compressed-tensors fp8 of blocks in text': lambda r: scaled(r, [70, 50], [3, 4], (32, 16), config=scheme(num_bits=8, type='float', strategy='block', block_structure='32x16')),
    'compressed-tensors fp8 of the last of many groups': lambda r: scaled(r, [7, 100], [7, 4], (1, 32), config={
        'quant_method': 'compressed-tensors', 'config_groups': {'group_%02d' % i: {'weights': dict(
            num_bits=8, type='float', strategy='group' if i == 30 else 'tensor', group_size=32 if i == 30 else None)} for i in range(31)}}),
    'compressed-tensors fp8 of groups': lambda r: scaled(r, [7, 100], [7, 4], (1, 32), config=scheme(num_bits=8, type='float', strategy='group', group_size=32)),
    'compressed-tensors int8 of a tensor, a zero point': lambda r: scaled(r, [7, 50], [1], (0, 0), 'I8', zeros=True),
    'compressed-tensors int8 of rows, zero points': lambda r: scaled(r, [7, 5000], [7, 1], (1, 0), 'I8', zeros=True),
    'compressed-tensors int8 of groups': lambda r: scaled(r, [7, 96], [7, 3], (1, 32), 'I8', config=scheme(num_bits=8, type='int', strategy='group', group_size=32)),
    'compressed-tensors int8 of groups, zero points': lambda r: scaled(r, [300, 2000], [300, 63], (1, 32), 'I8', zeros=True, config=scheme(num_bits=8, type='int', strategy='group', group_size=32, symmetric=False)),
    'int8 of tiles': lambda r: scaled(r, [70, 50], [3, 4], (32, 16), 'I8', 'm.weight_scale_inv', config={'quant_method': 'blockwise_int8', 'weight_block_size': [32, 16]}),
    'DeepSeek-V4 fp4 in int8': deepseek_v4,
    'compressed-tensors int4, groups that do not divide': lambda r: int_packed(r, 16, 100, 32, config=True),
    'compressed-tensors int4, zero points of groups that do not divide': lambda r: int_packed(r, 16, 100, 32, zeros=True, config=True),
    'bnb nf4 stored as bf16': lambda r: bnb(r, (6, 50), storage='BF16'), 'bnb fp4 nested, stored as fp32': lambda r: bnb(r, (260, 70), 'fp4', True, storage='F32'),
} | {'MLX of %d bits' % b: lambda r, b=b: mlx(r, bits=b) for b in (2, 3, 4, 5, 6, 8)} | {
    'MLX under fp16': lambda r: mlx(r, (3, 96), 4, 32, 'F16'), 'MLX under fp32, large': lambda r: mlx(r, (300, 2048), 6, 128, 'F32'),
    'MLX of experts': lambda r: mlx(r, (3, 8, 64)), 'MLX of a module of its own': lambda r: mlx(r, bits=8, group=32, own=True),
    'MLX mxfp4': lambda r: mlx(r, group=32, mode='mxfp4'), 'MLX mxfp8': lambda r: mlx(r, bits=8, group=32, mode='mxfp8'),
    'MLX nvfp4': lambda r: mlx(r, group=16, mode='nvfp4'),
    'metal': lambda r: with_config(mlx(r, biases='m.qbiases'), {'quant_method': 'metal', 'bits': 4, 'group_size': 64}),
} | {'HQQ of %d bits along axis %d' % (b, a): lambda r, b=b, a=a: hqq(r, bits=b, axis=a) for b in (1, 2, 3, 4, 5, 6, 8) for a in (0, 1)} | {
    'HQQ under fp32': lambda r: hqq(r, 40, 192, scale='F32'), 'HQQ under bf16': lambda r: hqq(r, 40, 192, scale='BF16'),
    'HQQ of rows': lambda r: hqq(r, 8, 50, group=None), 'HQQ of columns': lambda r: hqq(r, 8, 50, group=None, axis=0),
    'HQQ, large': lambda r: hqq(r, 300, 2048, 4, 64), 'HQQ, large, along axis 0': lambda r: hqq(r, 300, 2048, 3, 64, 0, 'F32'),
} | {'compressed-tensors int%d, %d a word' % (w, 32 // w): lambda r, w=w: int_packed(r, 45, 700, 128, w, w % 2 == 1, config=True) for w in (2, 3, 5, 6, 7)}

# Codes in kernels' orders, packed as their libraries pack them.
def groups_of(r, rows, columns, group, scale='F16', zeros=None):
    """Codes, scales, and of zero points their numbers or, scaled or not, floats of the scales' format."""
    (form, back), across = FLOATS[scale], -(-columns // group)
    codes = [[r.randrange(16) for _ in range(columns)] for _ in range(rows)]
    scales = [[form(r.uniform(1e-3, 0.1)) for _ in range(across)] for _ in range(rows)]
    shifts = [[r.randrange(16) if zeros == 'codes' else form(r.uniform(-1, 1)) for _ in range(across)] for _ in range(rows)]
    over = lambda of, i, k: Fraction(back(of[i][k // group]))
    less = lambda i, k: shifts[i][k // group] if zeros == 'codes' else 0
    more = lambda i, k: over(shifts, i, k) if zeros == 'shifts' else 0
    def values(start): return [(Fraction(c + start) - less(i, k)) * over(scales, i, k) + more(i, k) for i, row in enumerate(codes) for k, c in enumerate(row)]
    return codes, scales, shifts, values

def turned(matrix): return b''.join(row[k] for k in range(len(matrix[0])) for row in matrix)
def words4(codes): return b''.join(struct.pack('<I', sum(c << 4 * i for i, c in enumerate(codes[at:at + 8]))) for at in range(0, len(codes), 8))
def gemv_words(columns, group):
    times = 1 if group >= 128 else {64: 2, 32: 4}[group]
    return -(-(-(-(columns // group) // 8)) // times) * times
def awq_config(version, group, columns): return {'quant_method': 'awq', 'bits': 4, 'group_size': -1 if group == columns else group, 'version': version, 'zero_point': True}

def awq_gemv(r, rows=24, columns=256, group=64):
    codes, scales, zeros, values = groups_of(r, rows, columns, group, zeros='codes')
    wide = gemv_words(columns, group)
    return ({'m.qweight': ('I32', [rows, columns // 8], b''.join(words4(row) for row in codes)),
             'm.qzeros': ('I32', [rows, wide], b''.join(words4(row + [0] * (8 * wide - len(row))) for row in zeros)),
             'm.scales': ('F16', [rows, 8 * wide], b''.join(b''.join(row).ljust(16 * wide, b'\0') for row in scales))},
            {'m.weight': ([rows, columns], values(0))}, awq_config('gemv', group, columns))

def awq_gemv_fast(r, rows=24, columns=256, group=128):
    codes, scales, zeros, values = groups_of(r, rows, columns, group, zeros='shifts')
    def mixed_up(row):
        out = []
        for at in range(0, len(row), 32):
            first = [row[at + 8 * a + 2 * b + c] for b in range(4) for a in range(4) for c in range(2)]
            out += [first[8 * d + 2 * e + f] for d in range(4) for f in range(2) for e in range(4)]
        return out
    packed = [mixed_up(row) for row in codes]
    flat = [c for four in range(0, rows, 4) for at in range(0, columns, 64) for row in packed[four:four + 4] for c in row[at:at + 64]]
    wide = gemv_words(columns, group)
    tall = lambda of: turned([row + [bytes(2)] * (8 * wide - len(row)) for row in of])
    return ({'m.qweight': ('I16', [rows // 4, columns], words4(flat)), 'm.scales': ('F16', [8 * wide, rows], tall(scales)),
             'm.scaled_zeros': ('F16', [8 * wide, rows], tall(zeros))},
            {'m.weight': ([rows, columns], values(0))}, awq_config('gemv_fast', group, columns))

def marlin(r, rows=128, columns=256, group=128, names=('m.B', 'm.s'), config=None):
    codes, scales, _, values = groups_of(r, rows, columns, group)
    order = []
    for i in range(32):
        one = [16 * row + i // 4 + 8 * block for block in (0, 1) for row in (2 * (i % 4), 2 * (i % 4) + 1, 2 * (i % 4 + 4), 2 * (i % 4 + 4) + 1)]
        for j in range(4):
            order += [p + 256 * j for p in one]
    order = [order[at + i] for at in range(0, 1024, 8) for i in (0, 2, 4, 6, 1, 3, 5, 7)]
    over = [i + 8 * j for i in range(8) for j in range(8)] if group < columns else [2 * i + j for i in range(4) for j in (0, 1, 8, 9, 16, 17, 24, 25)]
    packed = b''
    for k in range(0, columns, 16):
        tile = [codes[n + b][k + a] for n in range(0, rows, 16) for a in range(16) for b in range(16)]
        packed += words4([tile[at + p] for at in range(0, len(tile), 1024) for p in order])
    lines = [[row[g] for row in scales] for g in range(columns // group)]
    lines = [b''.join(line[at + p] for at in range(0, rows, len(over)) for p in over) for line in lines]
    return ({names[0]: ('I32', [columns // 16, 2 * rows], packed), names[1]: ('F16', [columns // group, rows], b''.join(lines))},
            {'m.weight': ([rows, columns], values(-8))}, config)

def int4_parts(kind, parts, shape, group):
    """torchao's, and what it says of them."""
    about = {'_type': kind, '_data': {'block_size': [1] * (len(shape) - 1) + [group], 'shape': shape}, '_tensor_data_names': [n.removeprefix('m._weight_') for n in parts]}
    return parts | {'__metadata__': {'m.weight': json.dumps(about), 'tensor_names': '["m.weight"]'}}

def torchao_int4(r, shape=(8, 64), group=32, scale='BF16'):
    *lead, rows, columns = shape
    packed, over, zero, all_values = b'', b'', b'', []
    for _ in range(elements(lead)):
        codes, scales, shifts, values = groups_of(r, rows, columns, group, scale, 'shifts')
        signed = [[(c + 8) % 16 for c in row] for row in codes]  # 0 .. 15 stand for -8 .. 7
        packed += bytes(row[k] | row[k + 1] << 4 for row in signed for k in range(0, columns, 2))
        over, zero, all_values = over + turned(scales), zero + turned(shifts), all_values + values(-8)
    sides = [*lead, -(-columns // group), rows]
    return (int4_parts('Int4Tensor', {'m._weight_qdata': ('I8', [*lead, rows, columns // 2], packed), 'm._weight_scale': (scale, sides, over),
                                      'm._weight_zero_point': (scale, sides, zero)}, list(shape), group),
            {'m.weight': (list(shape), all_values)}, {'quant_method': 'torchao'})

def tinygemm(r, shape=(8, 1024), group=128):
    """Rows that are filled up to 8, columns to 1024."""
    *lead, rows, columns = shape
    tall, wide, packed, over, all_values = -(-rows // 8) * 8, -(-columns // 1024) * 1024, b'', b'', []
    for _ in range(elements(lead)):
        codes, scales, shifts, values = groups_of(r, tall, wide, group, 'BF16', 'shifts')
        words = []
        for n in range(0, tall, 8):
            for outer in range(0, wide, 128):
                for t in range(32):
                    for inner in range(0, 8, 2):
                        base = outer + inner * 16 + t % 4 * 2
                        ks = [base, base + 1, base + 8, base + 9, base + 16, base + 17, base + 24, base + 25]
                        v = [codes[n + t // 4][k] for k in ks]
                        words.append(v[7] << 28 | v[5] << 24 | v[3] << 20 | v[1] << 16 | v[6] << 12 | v[4] << 8 | v[2] << 4 | v[0])
        packed += struct.pack('<%dI' % len(words), *words)
        over += turned([[s + z for s, z in zip(*both)] for both in zip(scales, shifts)])
        every = values(-8)
        all_values += [every[i * wide + k] for i in range(rows) for k in range(columns)]
    return (int4_parts('Int4TilePackedTo4dTensor', {'m._weight_qdata': ('I32', [*lead, tall // 8, wide // 128, 32, 4], packed),
                                                    'm._weight_scale_and_zero': ('BF16', [*lead, wide // group, tall, 2], over)}, list(shape), group),
            {'m.weight': (list(shape), all_values)}, {'quant_method': 'torchao'})

def quanto(r, rows=12, columns=256, group=128, bits=4, scale='F32', whole=False, bias=True):
    """Rows of [groups, group_size] in the lowest bits of bytes first; group None: a row is one."""
    (form, back), each = FLOATS[scale], 8 // bits
    group = group or columns
    count = rows * columns // group
    codes = [[r.randrange(1 << bits) for _ in range(group)] for _ in range(count)]
    scales = [form(r.uniform(1e-3, 0.1)) for _ in range(count)]
    shifts = [r.randrange(-8, 8) if whole else form(r.uniform(-1, 1)) for _ in range(count)]
    step = -(-count // each)
    packed = bytes(sum(codes[i * step + at][k] << bits * i for i in range(each) if i * step + at < count) for at in range(step) for k in range(group))
    over = lambda g: Fraction(back(scales[g]))
    values = [(Fraction(c) - shifts[g]) * over(g) if whole else Fraction(c) * over(g) - Fraction(back(shifts[g])) for g, row in enumerate(codes) for c in row]
    parts = {'m.weight._data._data': ('U8', [step, group], packed), 'm.weight._scale': (scale, [count, 1], b''.join(scales)),
             'm.weight._shift': ('I8', [count, 1], struct.pack('<%db' % count, *shifts)) if whole else (scale, [count, 1], b''.join(shifts))}
    logical = {'m.weight': ([rows, columns], values)}
    if bias:
        ones = struct.pack('<%df' % rows, *[1.0] * rows)
        parts['m.bias'], logical['m.bias'] = ('F32', [rows], ones), ([rows], [1.0] * rows)
    return parts, logical

def beside(one, other, config):
    """Two weights of one file, the second called n."""
    second = lambda of: {'n' + name[1:]: t for name, t in of.items()}
    return one[0] | second(other[0]), one[1] | second(other[1]), config

def turned_nvfp4(r, experts=2, inputs=32, out=48):
    """ModelOpt's experts [in, out], quantized along in."""
    codes, over = [draw(r, inputs * out, 16) for _ in range(experts)], [[r.randrange(0x20, 0x7e) for _ in range(inputs // 16 * out)] for _ in range(experts)]
    packed = bytes(e[2 * k * out + o] | e[(2 * k + 1) * out + o] << 4 for e in codes for k in range(inputs // 2) for o in range(out))
    values = [E2M1[c] * E4M3[over[n][i // out // 16 * out + i % out]] * 0.375 for n, e in enumerate(codes) for i, c in enumerate(e)]
    name = 'm.experts.gate_up_proj'
    return ({name: ('U8', [experts, inputs // 2, out], packed), name + '_weight_scale': ('F8_E4M3', [experts, inputs // 16, out], b''.join(map(bytes, over))),
             name + '_weight_scale_2': ('F32', [], pack32(0.375))},
            {name: ([experts, inputs, out], values)}, {'quant_method': 'modelopt', 'quant_algo': 'NVFP4', 'group_size': 16, 'ignore': ['lm_head']})

def as_experts(made, scale, config):
    """No module's weight, but its parameter."""
    name = 'm.experts.gate_up_proj'
    return {n.replace('m.weight_scale', name + scale).replace('m.weight', name): t for n, t in made[0].items() if 'input' not in n}, {name: made[1]['m.weight']}, config

def auto_round(made, **said): return with_config(made, {'quant_method': 'auto-round', 'bits': 4, 'group_size': 32, 'sym': False} | said)

def dotted(made): return ({n.replace('m.experts.down_proj_', 'block.0.mlp.mlp2_weight.'): t for n, t in made[0].items()}, {'block.0.mlp.mlp2_weight': v for v in made[1].values()})

def comfy(made, said, tensor=True):
    """What ComfyUI's files say of a weight, in bytes beside it or in the metadata."""
    text = json.dumps(said).encode()
    if tensor:
        return made[0] | {'m.comfy_quant': ('U8', [len(text)], text)}, made[1]
    return made[0] | {'__metadata__': {'_quantization_metadata': json.dumps({'format_version': '1.0', 'layers': {'m': said}})}}, made[1]

def blocked(made, swapped=True):
    """Scales as cuBLAS wants them, and of two codes the first in the upper bits."""
    kind, (rows, wide), data = made[0]['m.weight']
    scale, (_, across), scales = made[0]['m.weight_scale']
    tall, broad = -(-rows // 128) * 128, -(-across // 4) * 4
    padded = [[scales[i * across + k] if i < rows and k < across else 0 for k in range(broad)] for i in range(tall)]
    out = bytes(padded[i + 32 * a + b][k + c] for i in range(0, tall, 128) for k in range(0, broad, 4) for b in range(32) for a in range(4) for c in range(4))
    parts = {n: t for n, t in made[0].items() if 'input' not in n} | {'m.weight_scale': (scale, [tall, broad], out)}
    return parts | ({'m.weight': (kind, [rows, wide], bytes(b >> 4 | (b & 15) << 4 for b in data))} if swapped else {}), made[1]

KERNELS = {
    "ComfyUI's fp8": lambda r: renamed(fp8_plain(r), {'m.weight_scale': 'm.scale_weight'}),
    "ComfyUI's fp8 by its comfy_quant": lambda r: comfy(fp8_plain(r), {'format': 'float8_e4m3fn', 'full_precision_matrix_mult': True}),
    "ComfyUI's fp8 by its metadata": lambda r: comfy(fp8_plain(r), {'format': 'float8_e4m3fn'}, False),
    "ComfyUI's int8": lambda r: comfy(scaled(r, [7, 50], [7, 1], (1, 0), 'I8'), {'format': 'int8_tensorwise', 'convrot': False}),
    "ComfyUI's nvfp4": lambda r: comfy(blocked(nvfp4(r)), {'format': 'nvfp4'}), "ComfyUI's nvfp4 of whole blocks of scales": lambda r: comfy(blocked(nvfp4(r, 256, 128)), {'format': 'nvfp4'}),
    "ComfyUI's nvfp4 by its metadata, large": lambda r: comfy(blocked(nvfp4(r, 400, 2064)), {'format': 'nvfp4'}, False),
    "ComfyUI's mxfp8": lambda r: comfy(blocked(mx(r, 300, 2080, 'F8_E4M3'), False), {'format': 'mxfp8'}),
    "gpt-oss' own files": lambda r: dotted(gpt_oss(r)),
    "ModelOpt NVFP4 of experts that are turned": turned_nvfp4, 'ModelOpt NVFP4 of experts that are turned, large': lambda r: turned_nvfp4(r, 3, 1040, 200),
    'ModelOpt NVFP4 of a parameter': lambda r: as_experts(nvfp4(r), '_weight_scale', None),
    'ModelOpt FP8 of experts': lambda r: as_experts(scaled(r, [2, 40, 50], [], (0, 0)), '_weight_scale', {'quant_method': 'modelopt', 'quant_algo': 'FP8'}),
    'fp8 of experts, tiles': lambda r: as_experts(scaled(r, [2, 256, 130], [2, 2, 2], (128, 128)), '_scale_inv', {'quant_method': 'fp8', 'weight_block_size': [128, 128]}),
    'fp8 of experts, a scale for each': lambda r: as_experts(scaled(r, [2, 256, 128], [2, 1, 1], (0, 0)), '_scale_inv', {'quant_method': 'fp8', 'weight_block_size': None}),
    'fp8 of experts, a scale for each in a row': lambda r: as_experts(scaled(r, [2, 256, 128], [2], (0, 0)), '_scale_inv', {'quant_method': 'fp8', 'weight_block_size': None}),
    "AutoRound's own packing": lambda r: auto_round(gptq(r, second=True), packing_format='auto_round:exllamav2'),
    "AutoRound's own packing, older": lambda r: auto_round(gptq(r, second=True), quant_method='intel/auto-round', backend='auto_round:tritonv2'),
    "AutoRound's of AutoGPTQ": lambda r: auto_round(gptq(r), packing_format='auto_round:auto_gptq'), "AutoRound's of AutoGPTQ, older": lambda r: auto_round(gptq(r), backend='auto_round:gptq:exllamav2'),
    "AutoRound's of AutoAWQ": lambda r: auto_round(awq(r), packing_format='auto_round:auto_awq'),
    "AutoRound's of other bits in a module": lambda r: beside(gptq(r), gptq(r, bits=8, group=64), {'quant_method': 'auto-round', 'bits': 4, 'group_size': 32, 'packing_format': 'auto_round:auto_gptq', 'extra_config': {'n': {'bits': 8, 'group_size': 64}}}),
    "GPTQModel's dynamic": lambda r: beside(gptq(r, order=True), gptq(r, bits=2, group=128, order=True), {'quant_method': 'gptq', 'bits': 4, 'group_size': 32, 'desc_act': True, 'checkpoint_format': 'gptq', 'dynamic': {'+:.*n.*': {'bits': 2, 'group_size': -1}}}),
    'quanto qint4': quanto, 'quanto qint2': lambda r: quanto(r, bits=2), 'quanto qint4, an odd number of groups': lambda r: quanto(r, 5, 192, 64, scale='BF16'),
    'quanto qint2, groups that do not fill': lambda r: quanto(r, 3, 96, 32, 2, 'F16'), 'quanto qint4 of rows': lambda r: quanto(r, 7, 50, None, bias=False),
    'quanto qint4 with whole shifts': lambda r: quanto(r, 300, 2048, whole=True), 'quanto qint4, large': lambda r: quanto(r, 300, 2048, scale='BF16'),
    "AutoAWQ's gemv": awq_gemv, "AutoAWQ's gemv of 32": lambda r: awq_gemv(r, 16, 416, 32), "AutoAWQ's gemv of 128, large": lambda r: awq_gemv(r, 200, 2176, 128),
    "AutoAWQ's gemv of rows": lambda r: awq_gemv(r, 8, 384, 384),
    "AutoAWQ's gemv_fast": awq_gemv_fast, "AutoAWQ's gemv_fast of 32, large": lambda r: awq_gemv_fast(r, 200, 2176, 32), "AutoAWQ's gemv_fast of rows": lambda r: awq_gemv_fast(r, 8, 384, 384),
    'Marlin': marlin, 'Marlin of rows': lambda r: marlin(r, 64, 128, 128), 'Marlin, large': lambda r: marlin(r, 512, 1024, 128, config={'quant_method': 'gptq', 'bits': 4, 'group_size': 128, 'checkpoint_format': 'marlin'}),
    'Marlin of rows, large': lambda r: marlin(r, 512, 1024, 1024, config={'quant_method': 'gptq', 'bits': 4, 'group_size': -1, 'is_marlin_format': True}),
    "AutoAWQ's marlin": lambda r: marlin(r, 128, 128, 32, ('m.qweight', 'm.scales'), awq_config('marlin', 32, 128)),
    "torchao's Int4Tensor": torchao_int4, "torchao's Int4Tensor under fp32, large": lambda r: torchao_int4(r, (300, 2048), 128, 'F32'),
    "torchao's Int4Tensor of experts": lambda r: torchao_int4(r, (3, 72, 96), 32), "torchao's Int4Tensor, the last group short": lambda r: torchao_int4(r, (5, 80), 32),
    "torchao's Int4TilePackedTo4dTensor": tinygemm, "torchao's Int4TilePackedTo4dTensor, filled up": lambda r: tinygemm(r, (203, 1500), 64),
    "torchao's Int4TilePackedTo4dTensor of experts": lambda r: tinygemm(r, (2, 12, 1024), 256),
}
KINDS |= KERNELS

def resized(parts, name, dtype=None, shape=None, data=None):
    """The parts with one of another dtype or shape; its bytes are zeros unless they are given."""
    old = parts[name]
    dtype, shape = dtype or old[0], old[1] if shape is None else shape
    if data is None:
        data = bytes(elements(shape) * WIDTH[dtype] // 8)
    return dict(parts) | {name: (dtype, list(shape), data)}

def without(parts, *names):
    return {name: part for name, part in parts.items() if name not in names}

def state(parts, **changes):
    name = [n for n in parts if 'quant_state' in n][0]
    old = json.loads(parts[name][2])
    text = json.dumps({k: v for k, v in (old | changes).items() if v is not None}).encode()
    return dict(parts) | {name: ('U8', [len(text)], text)}

def malformed():
    """(what, parts, what the message must say, config or None)"""
    r = random.Random(1)
    d, g, n, c = deepseek(r, 200, 300)[0], gpt_oss(r)[0], nvfp4(r)[0], nvfp4(r, compressed=True)[0]
    m, w, i8 = mx(r)[0], int_packed(r)[0], int8_rows(r)[0]
    row, b, bn = fp8_plain(r, kind='row')[0], bnb(r)[0], bnb(r, (260, 70), nested=True)[0]
    q, a = gptq(r)[0], awq(r)[0]
    S, W = 'm.weight_scale', 'm.weight'
    yield 'tiles too few', resized(d, 'm.weight_scale_inv', shape=[1, 3]), r'\[1, 3\] does not fit .*want \[2, 3\]', None
    yield 'tiles too many', resized(d, 'm.weight_scale_inv', shape=[3, 3]), r'want \[2, 3\]', None
    yield 'tiles across swapped with down', resized(d, 'm.weight_scale_inv', shape=[3, 2]), r'want \[2, 3\]', None
    yield 'tiles in one row', resized(d, 'm.weight_scale_inv', shape=[6]), r'want \[2, 3\]', None
    yield 'tiles padded to whole ones of four', resized(d, 'm.weight_scale_inv', shape=[4, 4]), 'padded', None
    yield 'a scale of integers', resized(d, 'm.weight_scale_inv', 'I32'), 'scales are fp32', None
    yield 'a scale of fp64', resized(d, 'm.weight_scale_inv', 'F64'), 'scales are fp32', None
    yield 'another tile in the config', d, r'want \[4, 5\] for tiles of 64', {'quant_method': 'fp8', 'weight_block_size': [64, 64]}
    yield 'one scale where tiles are due', resized(d, 'm.weight_scale_inv', shape=[1]), 'does not fit', None
    yield 'int8 in tiles that no config says', scaled(r, [200, 300], [2, 3], (128, 128), 'I8', 'm.weight_scale_inv')[0], 'tiles of integers are read where', None
    yield 'blocks of 8 bytes', resized(g, 'm.experts.down_proj_blocks', shape=[2, 3, 2, 8]), r'groups, 16', None
    yield 'blocks of no groups', resized(g, 'm.experts.down_proj_blocks', shape=[192 // 16, 16]), 'does not fit', None
    yield 'an expert without scales', resized(g, 'm.experts.down_proj_scales', shape=[1, 3, 2]), 'does not fit', None
    yield 'scales of another order', resized(g, 'm.experts.down_proj_scales', shape=[3, 2, 2]), 'does not fit', None
    yield 'scales of gpt-oss in fp32', resized(g, 'm.experts.down_proj_scales', 'F32'), 'does not fit', None
    yield 'NVFP4 without the scale over all', without(n, 'm.weight_scale_2'), 'weight_scale_2', None
    yield 'NVFP4 padded to 128 rows of 4', resized(n, S, shape=[128, 4]), r'16 in a row, here \[6, 4\]', None
    yield 'NVFP4 with scales reordered into one row', resized(n, S, shape=[24]), r'16 in a row', None
    yield 'NVFP4 with scales of 32', resized(n, S, shape=[6, 2]), r'here \[6, 4\]', None
    yield 'NVFP4 with a scale over all for each row', resized(n, 'm.weight_scale_2', shape=[6]), 'one fp32', None
    yield 'NVFP4 with a scale over all in bf16', resized(n, 'm.weight_scale_2', 'BF16'), 'one fp32', None
    yield 'NVFP4 with a scale over all of zero', resized(n, 'm.weight_scale_2', data=bytes(4)), 'no positive number', None
    yield 'NVFP4 with a scale over all that is NaN', resized(n, 'm.weight_scale_2', data=b'\0\0\xc0\x7f'), 'no positive number', None
    yield 'NVFP4 with an infinite scale over all', resized(n, 'm.weight_scale_2', data=b'\0\0\x80\x7f'), 'no positive number', None
    yield 'NVFP4 with a negative scale over all', resized(n, 'm.weight_scale_2', data=pack32(-1)), 'no positive number', None
    yield 'a scale over all above fp32 scales', dict(row) | {'m.weight_scale_2': n['m.weight_scale_2']}, 'over scales of fp8_e4m3', None
    yield 'compressed-tensors without its global scale', without(c, 'm.weight_global_scale'), 'weight_global_scale', None
    yield 'compressed-tensors with e5m2 scales', resized(c, S, 'F8_E5M2'), 'scale', None
    yield 'MX with scales of 16', resized(m, S, shape=[4, 6]), '32 in a row', None
    yield 'MX with scales padded', resized(m, S, shape=[128, 4]), '32 in a row', None
    yield 'MX with a row of scales missing', resized(m, S, shape=[3, 3]), '32 in a row', None
    yield 'MX with rows that end within a byte', {W: ('F4', [2, 33], bytes(33)), S: ('F8_E8M0', [2, 2], bytes(4))}, 'within a byte', None
    yield 'two codes a byte under fp32 scales', resized(n, S, 'F32', [6, 1]) , 'does not fit', None
    yield 'rows one too few', resized(row, S, shape=[4, 1]), 'does not fit', None
    yield 'scales of columns one too many', resized(row, S, shape=[1, 41]), 'does not fit', None
    yield 'zero points of another shape than their scales', dict(i8) | {'m.weight_zero_point': ('I8', [3], bytes(3))}, 'zero points beside int8 are int8, one a scale', None
    yield 'zero points of bytes without a sign', dict(i8) | {'m.weight_zero_point': ('U8', [3, 1], bytes(3))}, 'zero points beside int8 are int8, one a scale', None
    yield 'zero points beside fp8', dict(row) | {'m.weight_zero_point': ('I8', [5, 1], bytes(5))}, 'beside integers alone', None
    yield 'zero points beside fp4', dict(c) | {'m.weight_zero_point': ('I8', [6, 4], bytes(24))}, 'beside integers alone', None
    yield 'an index of groups beside int8', dict(i8) | {'m.weight_g_idx': ('I32', [40], bytes(160))}, 'index of groups', None
    yield 'two scales of which one is none of the layout', dict(d) | {S: ('F32', [1], bytes(4))}, 'no layout that is known', None
    yield 'a scale over the inputs', dict(n) | {'m.pre_quant_scale': ('BF16', [64], bytes(128))}, 'multiplies the inputs', None
    yield 'blocks without scales', without(g, 'm.experts.down_proj_scales'), 'has no _scales', None
    yield 'packed codes without a scale', without(c, S), 'weight_scale beside it', None
    yield 'a global scale whose reciprocal is none', resized(c, 'm.weight_global_scale', data=struct.pack('<I', 1000)), 'reciprocal', None
    x, said = mlx(r)[0], {'bits': 4, 'group_size': 64}
    yield 'MLX without a config', x, "'m.weight' of uint32 .* no config.json beside it has the bits", None
    yield 'MLX of other bits', x, 'another number of groups', said | {'bits': 8}
    yield 'MLX of other groups', x, 'another number of groups', said | {'group_size': 32}
    yield 'MLX of bits that no word has', x, 'another number of groups', said | {'bits': 7}
    yield 'MLX of one bit', mlx(r, bits=1)[0], 'is of MLX.s mode affine with 1 bits', said | {'bits': 1}
    yield 'MLX of no known mode', resized(without(x, 'm.biases'), 'm.scales', 'U8'), 'MLX.s mode fp4 with 4 bits', said | {'mode': 'fp4'}
    yield 'MLX without biases', without(x, 'm.biases'), 'floats of one format', said
    yield 'MLX with biases of another format', resized(x, 'm.biases', 'F16'), 'floats of one format', said
    yield 'MLX with too few biases', resized(x, 'm.biases', shape=[5, 1]), 'floats of one format', said
    yield 'MLX mxfp4 with biases', x, 'scales of a byte and no biases', said | {'mode': 'mxfp4', 'group_size': 64}
    h, t = hqq(r)[0], bitnet(r)
    yield 'HQQ without a zero', without(h, 'm.zero'), "'m.W_q' of uint8 .* has no scale, zero and shape", None
    yield 'HQQ without nbits', without(h, 'm.nbits'), 'as nbits says', None
    yield 'HQQ of 7 bits', resized(h, 'm.nbits', data=struct.pack('<i', 7)), 'as nbits says', None
    yield 'HQQ of 1.58 bits', resized(h, 'm.nbits', 'F32'), "'m.nbits' of fp32 .* one whole number", None
    yield 'HQQ without an axis', without(h, 'm.axis'), 'axis is 0 or 1', None
    yield 'HQQ of another shape', resized(h, 'm.shape', data=struct.pack('<2q', 16, 32)), 'W_q does not hold', None
    yield 'HQQ of a negative shape', resized(h, 'm.shape', data=struct.pack('<2q', -16, -64)), 'that of a matrix', None
    yield 'HQQ with too few scales', resized(h, 'm.scale', shape=[16, 1]), 'for each group', None
    yield 'HQQ with a zero of another format', resized(h, 'm.zero', 'BF16'), 'floats of one format', None
    yield 'HQQ viewed as floats', resized(h, 'm.view_as_float', data=b'\1'), 'are not read', None
    yield 'HQQ with quantized zeros', resized(h, 'm.quant_zero', data=b'\1'), 'are not read', None
    yield 'HQQ in groups over the ends of rows', resized(h, 'm.group_size', data=struct.pack('<i', 128)), 'ends of rows', None
    yield 'BitNet without a scale', without(t[0], 'm.weight_scale'), 'no weight_scale beside it', t[2]
    yield 'BitNet with a scale a row', resized(t[0], 'm.weight_scale', shape=[20]), 'is one float', t[2]
    yield 'BitNet whose config does not say so', t[0], 'does not fit', None
    v = comfy(blocked(nvfp4(r)), {'format': 'nvfp4'})[0]
    other = lambda parts, **said: comfy((without(parts, 'm.comfy_quant'), {}), said)[0]
    yield "ComfyUI's turned", other(v, format='int8_tensorwise', convrot=True), "ComfyUI's int8_tensorwise of weights that are turned by its comfy_quant, which is not read", None
    yield "ComfyUI's of a format that is not known", other(v, format='asym_w4a8_int8'), "ComfyUI's asym_w4a8_int8 by its comfy_quant, which is not read", None
    yield "ComfyUI's of no format", other(v), "ComfyUI's of no format by its comfy_quant", None
    yield "ComfyUI's whose comfy_quant is no JSON", resized(v, 'm.comfy_quant', data=b'x' * v['m.comfy_quant'][1][0]), "ComfyUI's of no format by its comfy_quant", None
    yield "ComfyUI's nvfp4 with scales row by row", resized(v, 'm.weight_scale', shape=[6, 4]), 'filled up to 128 rows of 4', None
    yield "ComfyUI's nvfp4 without the scale over all", without(v, 'm.weight_scale_2'), 'has no weight_scale_2', None
    yield "ComfyUI's nvfp4 of fp8", resized(v, 'm.weight', 'F8_E4M3'), "no matrix of what cuBLAS", None
    yield "ComfyUI's fp8 without a scale", without(other(row, format='float8_e4m3fn'), 'm.weight_scale'), 'with a weight_scale beside it', None
    v, said = turned_nvfp4(r)[0], turned_nvfp4(r)[2]
    e = 'm.experts.gate_up_proj'
    yield 'experts that are turned without the scale over all', without(v, e + '_weight_scale_2'), 'weight_scale_2', said
    yield 'experts that are turned with a scale over each', resized(v, e + '_weight_scale_2', shape=[2]), 'weight_scale_2', said
    yield 'experts that are turned with scales of 32', resized(v, e + '_weight_scale', shape=[2, 1, 48]), '16 in a row', said
    yield 'experts that are turned where ModelOpt has FP8', v, 'says quant_algo FP8, group_size 16; they are 4-bit floats', said | {'quant_algo': 'FP8'}
    yield 'other bits where no module has its own', beside(gptq(r), gptq(r, bits=8, group=64), None)[0], 'as the config has them', {'quant_method': 'gptq', 'bits': 4, 'group_size': 32}
    t = quanto(r)[0]
    yield 'quanto of groups without a bias', without(t, 'm.bias'), "of groups quanto's files do not have the shape", None
    yield 'quanto with a bias of other rows', resized(t, 'm.bias', shape=[11]), "of groups quanto's files do not have the shape", None
    yield 'quanto with too few scales', resized(resized(t, 'm.weight._scale', shape=[9, 1]), 'm.weight._shift', shape=[9, 1]), 'as many scales as rows', None
    yield 'quanto of one group', resized(resized(resized(t, 'm.weight._scale', shape=[1, 1]), 'm.weight._shift', shape=[1, 1]), 'm.weight._data._data', shape=[1, 50]), 'as many scales as rows', None
    yield 'quanto with a shift of another format', resized(t, 'm.weight._shift', 'F16'), 'a _shift of as many', None
    yield 'quanto with shifts too few', resized(t, 'm.weight._shift', shape=[23, 1]), 'a _shift of as many', None
    yield 'quanto without a shift', without(t, 'm.weight._shift'), 'a _shift of as many', None
    yield 'quanto of a convolution', resized(t, 'm.weight._data._data', shape=[12, 32, 2, 2]), 'beside a matrix of bytes', None
    v, said = awq_gemv(r)[0], awq_gemv(r)[2]
    yield "AutoAWQ's gemv without a config", v, 'no config.json beside it has the group_size', None
    yield "AutoAWQ's gemv of another group", v, 'another number of words', said | {'group_size': 256 // 32}
    yield "AutoAWQ's gemv of a group that does not divide", v, 'no config.json beside it has the group_size', said | {'group_size': 48}
    yield "AutoAWQ's gemv where the config has gemm", v, "neither GPTQ's|nor AWQ's", said | {'version': 'gemm'}
    yield "AutoAWQ's gemv with scales too few", resized(v, 'm.scales', shape=[24, 8]), "neither GPTQ's|nor AWQ's", said
    v, said = awq_gemv_fast(r)[0], awq_gemv_fast(r)[2]
    yield "AutoAWQ's gemv_fast with scales of another shape", resized(v, 'm.scales', shape=[24, 8]), 'scaled_zeros like them', said
    yield "AutoAWQ's gemv_fast with zeros of another format", resized(v, 'm.scaled_zeros', 'BF16'), 'scaled_zeros like them', said
    yield "AutoAWQ's gemv_fast of 32 inputs too many", resized(resized(v, 'm.qweight', shape=[6, 288]), 'm.scales', shape=[8, 24]), 'scaled_zeros like them', said | {'group_size': 32}
    v = marlin(r)[0]
    yield 'Marlin of rows that are no 64', {'m.B': ('I32', [16, 64], bytes(4096)), 'm.s': ('F16', [2, 32], bytes(128))}, 'out a multiple of 64', None
    yield 'Marlin with too few scales', resized(v, 'm.s', shape=[2, 64]), 'out a multiple of 64', None
    yield 'Marlin with groups that do not divide', resized(v, 'm.s', shape=[3, 128]), 'out a multiple of 64', None
    yield 'Marlin of words under integers', resized(v, 'm.s', 'I16'), r'the config beside it \(gptq\)', {'quant_method': 'gptq', 'checkpoint_format': 'marlin'}
    v = torchao_int4(r)[0]
    tell = lambda made, **data: {n: {'m.weight': json.dumps({'_type': 'Int4Tensor', '_data': data})} if n == '__metadata__' else t for n, t in made.items()}
    yield "torchao's Int4Tensor of another shape", tell(v, block_size=[1, 32], shape=[8, 62]), r'int8 \[out, in / 2\]', None
    yield "torchao's Int4Tensor without a shape", tell(v, block_size=[1, 32]), 'not those of matrices', None
    yield "torchao's Int4Tensor in groups of a column", tell(v, block_size=[32, 1], shape=[8, 64]), 'not those of matrices', None
    yield "torchao's Int4Tensor of another group", tell(v, block_size=[1, 16], shape=[8, 64]), r'int8 \[out, in / 2\]', None
    yield "torchao's Int4Tensor with scales that are not turned", resized(v, 'm._weight_scale', shape=[8, 2]), r'int8 \[out, in / 2\]', None
    yield "torchao's Int4Tensor without zero points", without(v, 'm._weight_zero_point'), r'int8 \[out, in / 2\]', None
    yield "torchao's Int4Tensor with a scale over the inputs", dict(v) | {'m._weight_act_pre_scale': ('BF16', [64], bytes(128))}, 'multiplies the inputs', None
    v = tinygemm(r)[0]
    yield "torchao's tiles of 16 rows", resized(v, 'm._weight_qdata', shape=[1, 4, 64, 4]), r'in / 128, 32, 4\]', None
    yield "torchao's tiles of bytes", resized(v, 'm._weight_qdata', 'U8', [1, 8, 32, 16]), r'in / 128, 32, 4\]', None
    yield "torchao's tiles with scales too few", resized(v, 'm._weight_scale_and_zero', shape=[4, 8, 2]), r'in / 128, 32, 4\]', None
    yield "torchao's tiles of a matrix", resized(v, 'm._weight_qdata', shape=[8, 512]), 'not those of matrices', None
    for names, whose, why in (('codes m.codebooks', 'AQLM', 'codebooks'), ('indices m.centroids.weight', 'VPTQ', 'vectors'),
                              ('dense_weights m.row_offsets', 'SpQR', 'outliers'), ('tables m.tables2', 'HIGGS', 'FLUTE'),
                              ('qweight m.backward_hadamard_matrix', 'FP-Quant', 'turned'), ('weight m.weight_scales', 'EETQ', "one GPU's"),
                              ('weight_packed m.scale_packed', 'Marlin of 2:4', "a GPU's"), ('compressed m.bitmask', 'compressed-tensors', 'left out'), ('qweight m.wscales', 'Nunchaku', 'of two is added')):
        parts = {n: ('F16', [8], bytes(16)) if n == 'm.weight_scales' else ('I8', [4, 8], bytes(32)) for n in ('m.' + names).split()}
        yield "%s's parts" % whose, parts, "is %s.s by its name, which is not read: .*%s.* --parts takes" % (whose, why), None
    for name, whose in ('weight._data', 'quanto'), ('weight:_data', 'torchao'):
        yield 'what %s writes in %s' % (whose, name), {'m.' + name: ('I8', [4, 8], bytes(32)), 'm.s': ('F32', [4], bytes(16))}, "is %s's by its name" % whose, None
    ao = lambda made, kind, **said: torchao(made, kind, **said)[0]
    rows = fp8_plain(r, kind='row')
    yield "torchao's without metadata", without(ao(rows, 'Float8Tensor', block_size=[1, 40]), '__metadata__'), "is torchao's by its name, and no file's metadata", None
    yield "torchao's of a class that is not read", ao(nvfp4(r), 'Int4PreshuffledTensor', block_size=[1, 32]), "torchao's Int4PreshuffledTensor by its file's metadata, which is not read", None
    yield "torchao's of no class", ao(rows, None), "no file's metadata says of which class", None
    yield "torchao's of another block_size", ao(rows, 'Float8Tensor', block_size=[1, 20]), r'a scale for 1 × 20 is said to be there, in all \[5, 2\]', None
    yield "torchao's of a block_size of too many", ao(rows, 'Float8Tensor', block_size=[1, 1, 40]), 'as many dimensions', None
    yield "torchao's of a block_size of nothing", ao(rows, 'Float8Tensor', block_size=[1, 0]), "that of a matrix's tiles", None
    yield "torchao's of a scale over several matrices", ao(scaled(r, [3, 40, 50], [3], (0, 0)), 'Float8Tensor', block_size=[3, 40, 50]), "that of a matrix's tiles", None
    yield "torchao's with swizzled scales", ao(nvfp4(r), 'NVFP4Tensor', block_size=16, is_swizzled_scales=True), 'swizzled', None
    yield "torchao's in blocks of 16 of MX", ao(mx(r, 3, 64, 'U8'), 'MXTensor', block_size=16), 'another size', None
    yield "torchao's of bytes that are no fp4", ao(mx(r, 3, 64, 'U8'), 'MXTensor', block_size=32, elem_dtype={'_data': 'fp6_e3m2'}), 'no pairs of fp4', None
    yield "torchao's of another dtype", ao(rows, 'Int8Tensor', block_size=[1, 40]), 'another dtype', None
    yield "torchao's without scales", without(ao(rows, 'Float8Tensor', block_size=[1, 40]), 'm._weight_scale'), 'has no _scale beside it', None
    yield "torchao's with a scale over the inputs", ao(rows, 'Float8Tensor', block_size=[1, 40]) | {'m._weight_act_pre_scale': ('F32', [40], bytes(160))}, 'multiplies the inputs', None
    yield 'fp8 without a scale beside a config that says quantized', without(d, 'm.weight_scale_inv'), r'by its dtype and the config beside it \(fp8\)', {'quant_method': 'fp8'}
    yield 'bytes without a scale beside such a config', without(n, S, 'm.weight_scale_2'), r'the config beside it \(modelopt\)', {'quant_method': 'modelopt'}
    yield 'a scale whose codes are elsewhere', without(d, 'm.weight'), 'no layout that is known', {'quant_method': 'fp8'}
    yield 'words of a method that is not known', {'m.B': ('I32', [4, 8], bytes(128)), 'm.s': ('F16', [1, 8], bytes(16))}, 'out a multiple of 64', {'quant_method': 'gptq', 'checkpoint_format': 'marlin'}
    fp8 = lambda **k: scheme(num_bits=8, type='float', **k)
    int4 = lambda **k: scheme(num_bits=4, type='int', strategy='group', **k)
    yield 'rows where the config has one scale', row, r'8-bit floats with 5 scales, and none of the config', fp8(strategy='tensor')
    yield 'one scale where the config has rows', resized(row, S, shape=[1]), r'with 1 scale, and none', fp8(strategy='channel')
    yield 'fp8 where the config has int8', row, 'none of the config', scheme(num_bits=8, type='int', strategy='channel')
    yield 'int8 where the config has zero points', i8, 'and no zero points, and none', scheme(num_bits=8, type='int', strategy='channel', symmetric=False)
    yield 'NVFP4 where the config has MXFP4', c, '4-bit floats with 24 scales', scheme(num_bits=4, type='float', strategy='group', group_size=32)
    yield 'int4 where the config has 8 bits', w, 'as many bits, groups', scheme(num_bits=8, type='int', strategy='group', group_size=32)
    yield 'int4 in other groups than the config has', w, 'as many bits, groups', int4(group_size=64)
    yield 'int4 where the config has zero points', w, 'as many bits, groups', int4(group_size=32, symmetric=False)
    yield 'int4 with zero points in bytes', dict(w) | {'m.weight_zero_point': ('I8', [4, 2], bytes(8))}, r'want int32 \[1, 2\]', None
    yield 'int4 with zero points for each row', dict(w) | {'m.weight_zero_point': ('I32', [4, 2], bytes(32))}, r'want int32 \[1, 2\]', None
    yield 'int4 with zero points across', dict(w) | {'m.weight_zero_point': ('I32', [2, 1], bytes(8))}, r'want int32 \[1, 2\]', None
    yield 'int4 with an index too short', dict(w) | {'m.weight_g_idx': ('I32', [63], bytes(252))}, r'want int32 \[64\]', None
    yield 'int4 with an index of int64', dict(w) | {'m.weight_g_idx': ('I64', [64], bytes(512))}, r'want int32 \[64\]', None
    yield 'int4 with a group that is none', dict(w) | {'m.weight_g_idx': ('I32', [64], struct.pack('<64i', *[2] * 64))}, 'g_idx names a group', None
    yield 'int4 without its shape', without(w, 'm.weight_shape'), '_shape', None
    yield 'int4 of another shape', resized(w, 'm.weight_shape', data=struct.pack('<2q', 4, 128)), 'in / 8', None
    yield 'int4 of no shape', resized(w, 'm.weight_shape', data=struct.pack('<2q', 4, -64)), 'in / 8', None
    yield 'int4 with groups that do not divide', resized(w, S, shape=[4, 3]), 'out, groups', None
    yield 'bnb without quant_state', without(b, 'm.weight.quant_state.bitsandbytes__nf4'), 'quant_state', None
    yield 'bnb without quant_map', without(b, 'm.weight.quant_map'), 'quant_map', None
    yield 'bnb with a quant_map of 256', resized(b, 'm.weight.quant_map', shape=[256]), r'fp32 \[16\]', None
    yield 'bnb with too few scales', resized(b, 'm.weight.absmax', shape=[3]), r'fp32 \[4\]', None
    yield 'bnb with bytes for scales and no nesting', resized(b, 'm.weight.absmax', 'U8'), r'want fp32', None
    yield 'bnb of another shape', state(b, shape=[5, 52]), 'shape of its quant_state', None
    yield 'bnb of no shape', state(b, shape=None), 'shape of its quant_state', None
    yield 'bnb of a negative shape', state(b, shape=[-5, -50]), 'shape of its quant_state', None
    yield 'bnb of another type', state(b, quant_type='nf8'), 'nf4 and fp4', None
    yield 'bnb in blocks of 48', state(b, blocksize=48), 'blocks of 48', None
    yield 'bnb whose quant_state is no JSON', resized(b, 'm.weight.quant_state.bitsandbytes__nf4'), 'quant_state', None
    yield 'bnb nested without its map', without(bn, 'm.weight.nested_quant_map'), 'nested_quant_map', None
    yield 'bnb nested in blocks of 128', state(bn, nested_blocksize=128), '256 are known', None
    yield 'bnb nested with too few', resized(bn, 'm.weight.nested_absmax', shape=[1]), r'want fp32 \[2\]', None
    yield 'GPTQ without scales', without(q, 'm.scales'), r'\.scales and \.qzeros', None
    yield 'GPTQ without zero points', without(q, 'm.qzeros'), r'\.scales and \.qzeros', None
    yield 'GPTQ with zero points too few', resized(q, 'm.qzeros', shape=[3, 5]), r'want \[4, 5\]', None
    yield 'GPTQ with zero points of other bits', resized(q, 'm.qzeros', shape=[4, 7]), 'neither GPTQ', None
    yield 'GPTQ with a g_idx too short', resized(q, 'm.g_idx', shape=[100]), 'neither GPTQ', None
    yield 'GPTQ with a g_idx of int64', resized(q, 'm.g_idx', 'I64', [128]), r'int32 \[128\]', None
    yield 'GPTQ with a group that is none', resized(q, 'm.g_idx', data=struct.pack('<128i', *[4] * 128)), 'g_idx names a group', None
    yield 'GPTQ with a negative group', resized(q, 'm.g_idx', data=struct.pack('<128i', *[-1] * 128)), 'g_idx names a group', None
    yield 'GPTQ of other bits than the config says', q, 'as the config', {'quant_method': 'gptq', 'bits': 8, 'group_size': 32}
    yield 'GPTQ of another group than the config says', q, 'come out even', {'quant_method': 'gptq', 'bits': 4, 'group_size': 64}
    yield 'GPTQ of one group where the config has several', resized(resized(q, 'm.scales', shape=[1, 40]), 'm.qzeros', shape=[1, 5]), 'as the config has them', {'quant_method': 'gptq', 'bits': 4, 'group_size': 32}
    yield 'GPTQ of several groups where the config has one', q, 'as the config has them', {'quant_method': 'gptq', 'bits': 4, 'group_size': -1}
    yield 'GPTQ where the config has AWQ', q, 'packed as AutoGPTQ does by its shape, and the config beside it says awq', {'quant_method': 'awq', 'bits': 4, 'group_size': 32}
    yield 'GPTQ where the config has Marlin', q, 'says gptq in marlin', {'quant_method': 'gptq', 'bits': 4, 'group_size': 32, 'is_marlin_format': True}
    yield 'AWQ where the config has GPTQ', a, 'config beside it says gptq', {'quant_method': 'gptq', 'bits': 4, 'group_size': 32}
    yield 'AWQ where the config has another packing', a, 'says awq in gemv', {'quant_method': 'awq', 'bits': 4, 'group_size': 32, 'version': 'GEMV'}
    yield 'AWQ where the config has 8 bits', a, 'as the config has them', {'quant_method': 'awq', 'bits': 8, 'group_size': 32, 'version': 'gemm'}
    yield 'GPTQ with scales of integers', resized(q, 'm.scales', 'I32'), 'floats', None
    yield 'GPTQ with scales of half a byte', resized(q, 'm.scales', 'F4'), 'scales are floats of whole bytes', None
    yield 'int4 with scales of six bits', resized(w, S, 'F6_E2M3'), 'scales are floats of whole bytes', None
    yield 'AWQ with columns too few', resized(a, 'm.qweight', shape=[64, 5]), 'nor AWQ', None
    yield 'AWQ with groups that do not divide', resized(a, 'm.scales', shape=[3, 48]), 'come out even|want', None
    config = lambda **k: {'quant_method': 'modelopt'} | k
    yield 'ModelOpt AWQ of int4', resized(n, S, 'F32', [6, 4]), 'hf_quant_config.json beside it says quant_algo W4A8_AWQ, which is not decoded', modelopt('W4A8_AWQ', 128)
    yield 'ModelOpt SVDQuant', n, 'says quant_algo NVFP4_SVD, which is not decoded', modelopt('NVFP4_SVD', 16)
    yield 'ModelOpt of an algorithm that is not known', n, 'says quant_algo INT2, which is not decoded', modelopt('INT2', 16)
    yield 'ModelOpt NVFP4_AWQ with a scale over the inputs', dict(n) | {'m.pre_quant_scale': ('BF16', [64], bytes(128))}, "'m.pre_quant_scale' of bf16 .* multiplies the inputs", modelopt('NVFP4_AWQ', 16)
    yield 'FP8 where ModelOpt has NVFP4', fp8_plain(r)[0], 'says quant_algo NVFP4, group_size 16; they are 8-bit floats with 1 scale a matrix', modelopt('NVFP4', 16)
    yield 'NVFP4 where ModelOpt has FP8', n, 'says quant_algo FP8; they are 4-bit floats with 24 scales', modelopt('FP8')
    yield 'rows where ModelOpt has a tensor', row, 'says quant_algo FP8; they are 8-bit floats with 5 scales', modelopt('FP8')
    yield 'NVFP4 of another group', n, 'group_size 32; they are', modelopt('NVFP4', 32)
    yield 'NVFP4 that ModelOpt has among the modules that are not', n, 'has it among the modules that are not', modelopt('NVFP4', 16, exclude_modules=['lm_head', 'm*'])
    yield 'NVFP4 that config.json ignores', n, 'config.json beside it has it among the modules that are not', config(quant_algo='NVFP4', ignore=['m'])
    yield 'NVFP4 in none of the layers that ModelOpt has', n, 'in none of its quantized_layers', mixed(other='NVFP4')
    yield 'NVFP4 where its layer is FP8', n, 'says quant_algo FP8; they are', mixed(m='FP8')
    yield 'NVFP4 where nothing is quantized', n, 'has no quant_algo', modelopt(None)
    yield 'fp8 where nothing is quantized', row, 'has no quant_algo', modelopt(None)
    yield 'two configs of which each says another algorithm', n, 'config.json beside it says quant_algo FP8; they are', (config(quant_algo='FP8'), modelopt('NVFP4')[1])
    yield 'two configs of which one is of another method', n, 'hf_quant_config.json beside it says NVFP4, and the quantization_config of config.json says fp8', ({'quant_method': 'fp8'}, modelopt('NVFP4')[1])
    yield 'a hf_quant_config.json without its object', n, 'has no object "quantization"', (None, {'quant_algo': 'NVFP4'})
    yield 'a hf_quant_config.json whose algorithm is a number', n, 'quant_algo: a text or null is due', modelopt(4)
    yield 'a hf_quant_config.json whose group is a text', n, 'group_size: a whole number is due', modelopt('NVFP4', '16')
    yield 'a hf_quant_config.json whose modules are a text', n, 'exclude_modules: a list of texts is due', modelopt('NVFP4', exclude_modules='lm_head')
    yield 'a hf_quant_config.json of mixed layers without any', n, 'quantized_layers: an object', modelopt('MIXED_PRECISION')
    yield 'a hf_quant_config.json that is none', n, 'hf_quant_config.json, which says how tensors are quantized', (None, 'text')
    yield 'bytes without a scale where ModelOpt says quantized', without(n, S, 'm.weight_scale_2'), r'the config beside it \(modelopt\)', modelopt('NVFP4')
    s = llm_int8(r)[0]
    yield 'LLM.int8 in tiles of a GPU', resized(s, 'm.weight_format', data=bytes([2])), 'in tiles are not read', None
    yield 'LLM.int8 with a format of two bytes', resized(s, 'm.weight_format', shape=[2]), 'one byte', None
    yield 'LLM.int8 with too few rows', resized(s, 'm.SCB', shape=[4]), 'one a row', None
    yield 'LLM.int8 with fp16 beside it', resized(s, 'm.SCB', 'F16'), 'SCB is fp32', None
    yield 'LLM.int8 of bytes without a sign', resized(s, 'm.weight', 'U8'), 'a matrix of int8', None
    yield 'scales of a layout that is not known', {'m.weight': ('I8', [4, 8], bytes(32)), 'm.scales': ('F32', [4], bytes(16)), 'n.x': ('F32', [1], bytes(4))}, 'no layout that is known', None
    yield 'MLX', {'m.weight': ('I32', [4, 8], bytes(128)), 'm.scales': ('F16', [4, 1], bytes(8)), 'm.biases': ('F16', [4, 1], bytes(8))}, 'no layout that is known', None
    yield 'the weight beside its codes', dict(g) | {'m.experts.down_proj': ('F32', [1], bytes(4))}, 'is there, and is what', None

def write_configs(config):
    """config: of config.json's quantization_config, or of it and hf_quant_config.json; None: nothing."""
    import os
    both = config if isinstance(config, tuple) else (config, None)
    for name, text in zip(('config.json', 'hf_quant_config.json'), ({'quantization_config': both[0]}, both[1])):
        if os.path.exists(name):
            os.remove(name)
        if both[name != 'config.json'] is not None:
            json.dump(text, open(name, 'w'))

def check_malformed(program):
    import os, re, subprocess
    for what, parts, pattern, config in malformed():
        write_configs(config)
        save('bad.safetensors', without(parts, '__metadata__'), parts.get('__metadata__'))
        if os.path.exists('never.safetensors'):
            os.remove('never.safetensors')
        run = subprocess.run([program, 'cast', 'bad.safetensors', '-t', 'bf16', '-o', 'never.safetensors'], capture_output=True, text=True)
        problem = ''
        if run.returncode != 2:
            problem = 'exit %d' % run.returncode
        elif not re.search(pattern, run.stderr):
            problem = 'says ' + run.stderr.strip()
        elif os.path.exists('never.safetensors'):
            problem = 'left a file'
        print('%s: %s' % (what, problem or 'ok'))
    write_configs(None)

if __name__ == '__main__':
    import os, subprocess, sys
    program = sys.argv[1]
    if len(sys.argv) > 2:
        check_malformed(program)
        sys.exit()
    for kind, make in KINDS.items():
        parts, logical, *config = make(random.Random(kind))
        write_configs(config[0] if config else None)
        parts['m.norm'] = ('F32', [2], struct.pack('<2f', 1.5, -2))
        metadata = parts.pop('__metadata__', None)
        save('in.safetensors', parts, metadata)
        problem = ''
        for target, form in (('fp32', as_fp32), ('bf16', as_bf16)):
            run = subprocess.run([program, 'cast', 'in.safetensors', '-t', target, '-o', 'out.safetensors', '--force'],
                                 capture_output=True, text=True)
            if run.returncode:
                problem = run.stderr.strip()
                break
            got = load('out.safetensors')
            due = dict(logical)
            names = set(logical) | {'m.norm'} | {name for name in parts if name.endswith('.input_scale')}
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
    write_configs(None)
