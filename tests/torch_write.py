# Writes what torch.save writes, by Python's pickle and zipfile alone: of what its pickles name there
# are but the names. After torch/serialization.py (_save, _legacy_save) and
# torch/_tensor.py (_reduce_ex_internal) of https://github.com/pytorch/pytorch.
import collections, io, pickle, struct, zipfile

SIZES = {'DoubleStorage': 8, 'FloatStorage': 4, 'HalfStorage': 2, 'BFloat16Storage': 2,
         'LongStorage': 8, 'IntStorage': 4, 'ShortStorage': 2, 'CharStorage': 1, 'ByteStorage': 1,
         'BoolStorage': 1, 'ComplexFloatStorage': 8, 'ComplexDoubleStorage': 16, 'UntypedStorage': 1}

class Name:
    """Pickles as the name alone, as torch.float32 and functions do."""
    def __init__(self, module_name, name):
        self.module, self.name = module_name, name
    def __call__(self):
        raise AssertionError('only its name is of use')

class Call:
    """Pickles as a call of a Name with arguments."""
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments
    def __reduce__(self):
        return self.function, self.arguments

class Storage:
    def __init__(self, kind, data, location='cpu', key=None, view=None):
        self.kind, self.data, self.location, self.key, self.view = kind, data, location, key, view
    def elements(self):
        return len(self.data) // SIZES[self.kind]

def contiguous(shape):
    strides, n = [], 1
    for size in reversed(shape):
        strides.insert(0, n)
        n *= max(size, 1)
    return tuple(strides)

def tensor(storage, shape, offset=0, strides=None, version=2, dtype=None):
    strides = contiguous(shape) if strides is None else tuple(strides)
    base = [storage, offset, tuple(shape), strides]
    hooks = collections.OrderedDict()
    if version == 1:
        return Call(Name('torch._utils', '_rebuild_tensor'), *base)
    if version == 3:
        return Call(Name('torch._utils', '_rebuild_tensor_v3'), *base, False, hooks,
                    Name('torch', dtype))
    return Call(Name('torch._utils', '_rebuild_tensor_v2'), *base, False, hooks)

def parameter(t):
    return Call(Name('torch._utils', '_rebuild_parameter'), t, True, collections.OrderedDict())

class Pickler(pickle._Pickler):
    """Python's own, in Python, so that names and storages can be written as PyTorch has them."""
    def __init__(self, out, protocol, legacy):
        super().__init__(out, protocol)
        self.storages, self.legacy = {}, legacy
    def persistent_id(self, thing):
        if not isinstance(thing, Storage):
            return None
        if thing.key is None:
            thing.key = str(len(self.storages))
        self.storages.setdefault(thing.key, thing)
        folder = 'torch.storage' if thing.kind == 'UntypedStorage' else 'torch'
        entry = ('storage', Name(folder, thing.kind), thing.key, thing.location, thing.elements())
        return entry + (thing.view,) if self.legacy else entry
    def save(self, thing, save_persistent_id=True):
        if isinstance(thing, Name):
            if self.proto >= 4:
                self.save(thing.module)
                self.save(thing.name)
                self.write(pickle.STACK_GLOBAL)
            else:
                self.write(pickle.GLOBAL + thing.module.encode() + b'\n' + thing.name.encode() + b'\n')
            return
        super().save(thing, save_persistent_id)

def pickled(thing, protocol=2, legacy=False):
    out = io.BytesIO()
    p = Pickler(out, protocol, legacy)
    p.dump(thing)
    return out.getvalue(), p.storages

def save_zip(path, thing, protocol=2, byteorder='little', prefix='archive', compression=zipfile.ZIP_STORED,
             extra=(), data=None, lose=(), align=64):
    text, storages = pickled(thing, protocol)
    with zipfile.ZipFile(path, 'w', compression) as z:
        def put(name, content):
            info = zipfile.ZipInfo(prefix + '/' + name)
            info.compress_type = compression
            # PyTorch pads by an extra field, so that data lies at multiples of 64.
            at = z.fp.tell() + 30 + len(info.filename.encode())
            pad = (-(at + 4)) % align if align else 0
            if align:
                info.extra = struct.pack('<HH', 0x4246, pad) + b'Z' * pad
            z.writestr(info, content)
        put('data.pkl', data if data is not None else text)
        if byteorder:
            put('byteorder', byteorder)
        for key in sorted(storages):
            if key not in lose:
                put('data/' + key, storages[key].data)
        put('version', '3\n')
        for name, content in extra:
            put(name, content)

MAGIC = 0x1950a86a20f9469cfc6c

def save_legacy(path, thing, protocol=2, little=True, tail=b'', cut=0, magic=MAGIC, version=1001, count=None):
    text, storages = pickled(thing, protocol, legacy=True)
    system = dict(protocol_version=1001, little_endian=little, type_sizes=dict(short=2, int=4, long=4))
    out = b''.join(pickle.dumps(x, protocol) for x in (magic, version, system)) + text
    keys = sorted(storages)
    out += pickle.dumps(keys, protocol)
    for key in keys:
        out += struct.pack('<q', storages[key].elements() if count is None else count) + storages[key].data
    out += tail
    with open(path, 'wb') as f:
        f.write(out[:len(out) - cut])
