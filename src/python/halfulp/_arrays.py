"""Whole arrays, plain and in blocks."""

import array as _array
import sys
from collections import namedtuple
from functools import lru_cache
from math import prod

from . import _halfulp
from ._format import Format, flag_names, name_of, one_of, options
from ._program import stats_of_bytes

#: Rules by which a block's scale follows from its greatest magnitude; None: the format's own.
RULES = {None: 0, "floor": 1, "ceil": 2, "rceil": 3, "even": 4}

# Formats that arrays of Python and NumPy have themselves; of the others they hold the codes.
_OWN = {"fp16": "e", "fp32": "f", "fp64": "d", "int8": "b", "uint8": "B", "int16": "h",
        "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q"}
_CODES = {8: "B", 16: "H", 32: "I", 64: "Q"}
_FORMATS = {letter: name for name, letter in _OWN.items()}
_LONG = _array.array("l").itemsize * 8
_FORMATS.update({"l": f"int{_LONG}", "L": f"uint{_LONG}"})


def _is_packed(f):
    return f.storage_bits < 8


def _as_array(values):
    """VALUES, or where they are numbers and no array, an array of fp64."""
    if isinstance(values, (list, tuple)):
        return _array.array("d", values)
    if isinstance(values, (int, float)):
        return memoryview(_array.array("d", [values])).cast("B").cast("d", ())
    return values


@lru_cache
def _of_dtype(dtype, item):
    """A dtype's format; NumPy makes a dtype's name anew each time. ml_dtypes' of 4 and 6 bits have a
    byte for each element; PyTorch's ..._x2 are two elements, packed as codes alone are."""
    name = name_of(dtype)
    f = Format(name)
    one_each = _is_packed(f) and item == 1 and not name.endswith("_x2")
    return Format(f.name + "_unpacked") if one_each else f


def _source(array, source):
    """The format that SOURCE names, or that the array itself tells."""
    if source is not None:
        return Format(source)
    dtype = getattr(array, "dtype", None)
    item, _, told = _halfulp.shape(array)
    if dtype is not None:
        return _of_dtype(dtype, item)
    if told is not None:
        return Format(told)
    try:
        letter = memoryview(array).format.lstrip("@=<>!")
    except TypeError:
        raise ValueError("the array does not say which format its elements have: "
                         "source names it") from None
    return Format(one_of(_FORMATS, letter, "element type"))


def _ml_dtype(f):
    """ml_dtypes' type of a format, where that is loaded and has one."""
    for name, dtype in vars(sys.modules.get("ml_dtypes", _array)).items():
        if isinstance(dtype, type) and name.startswith(("bfloat", "float")):
            try:
                if Format(name) == f:
                    return dtype
            except ValueError:
                pass
    return None


def _shape_of(array, origin):
    """An array's shape in elements of ORIGIN, several of which packed codes have in a byte."""
    item, shape, _ = _halfulp.shape(array)
    if not _is_packed(origin):
        return shape
    *rows, last = shape or (1,)
    bits = last * item * 8
    if rows and bits % origin.storage_bits:
        raise ValueError(f"rows of {last} bytes, which codes of {origin.storage_bits} bits do not fill")
    return *rows, bits // origin.storage_bits


def _counted(count, elements):
    if not 0 <= count <= elements:
        raise ValueError(f"a count from 0 to {elements}, which there are, not {count}")
    return (count,)


def _same_shape(out, shape):
    has = _halfulp.shape(out)[1]
    if has != shape and prod(has) == prod(shape):  # others' counts are refused by _halfulp.cast
        raise ValueError(f"an output of shape {has} for {shape}")


def _new_array(f, shape):
    """An array for elements of F: NumPy's where NumPy is loaded, else a memoryview."""
    codes = _CODES.get(f.storage_bits, "B")
    letter = _OWN.get(f.name) or codes
    if _is_packed(f):
        shape = ((prod(shape) * f.storage_bits + 7) // 8,)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        own = _is_packed(f) or f.name in _OWN
        return numpy.empty(shape, dtype=letter if own else _ml_dtype(f) or letter)
    letter = codes if letter == "e" else letter  # memoryview casts to it from Python 3.12 on
    view = memoryview(bytearray(prod(shape) * (f.storage_bits // 8 or 1)))
    return view.cast(letter, shape) if prod(shape) else view.cast(letter)


def cast(array, to, *, source=None, round="rne", saturate=False, seed=None, out=None, count=None,
         flags=False):
    """ARRAY's elements in the format TO, each rounded once.

    array     any shape, strides and order of bytes, by the buffer protocol, __array_interface__ or
              DLPack (on the CPU); a number or a list of them is taken as fp64.
    source    the format of the elements; None: what the array says. Needed for codes, such as uint8
              that are fp8_e4m3; codes of fp4 and fp6 are packed, from a byte's lowest bits on,
              where a dtype of ml_dtypes has a byte for each element.
    round     "rne", "rna", "rtz", "rup", "rdn", "rto", or "stochastic" with seed: element i draws
              from (seed, i), on every machine alike; seed has 64 bits.
    saturate  overflow and infinities become the largest finite value.
    out       an array of the same shape, with elements of TO's width, that receives the result; it may
              overlap ARRAY. Where one of the two is packed, their elements are as many.
    count     elements to take of packed codes, which may end within the last byte; no more than
              there are.
    flags     True: returns (result, names of the exceptions raised).

    Without out the result is a NumPy array where NumPy is loaded, else a memoryview. Formats that
    NumPy lacks come as ml_dtypes' where that is loaded, else as unsigned codes (as fp16 does in a
    memoryview); fp4 and fp6 come packed. Raises ValueError: no such format, a shape or width that does not fit, an array on a
    device; BufferError or TypeError: no array.
    """
    array = _as_array(array)
    target, origin = Format(to), _source(array, source)
    item, shape, _ = _halfulp.shape(array)
    packed = _is_packed(origin)
    if packed:
        shape = (prod(shape) * item * 8 // origin.storage_bits,)
    if count is not None:
        shape = _counted(count, prod(shape))
    result = _new_array(target, shape) if out is None else out
    if out is not None and not packed and not _is_packed(target):
        _same_shape(out, shape)
    raised = _halfulp.cast(target.name, result, origin.name, array, prod(shape),
                           options(round, saturate, seed), flags)
    return (result, flag_names(raised)) if flags else result


class Quantized(namedtuple("Quantized", "codes scales tensor_scale format rows columns")):
    """Numbers that share scales: `codes` and `scales` (bytes; scales are empty where they lie among
    the codes), `tensor_scale` (a float), the block `format`, `rows` and `columns`."""

    __slots__ = ()


def quantize(array, to, *, source=None, rule=None, round="rne", saturate=True, seed=None):
    """An array in the block format TO, "mxfp4", "nvfp4", "fp8_tile128", "q8_0" …: a Quantized.

    The last dimension holds the columns, all others together the rows. rule: how a scale follows
    from the greatest magnitude; None (the format's own), "floor", "ceil", "rceil" or "even".
    Raises ValueError: no such block format, or one that is decoded only.
    """
    array = _as_array(array)
    origin = _source(array, source)
    shape = _shape_of(array, origin)
    columns = shape[-1] if shape else 1
    rows = prod(shape[:-1])
    parts = _halfulp.quantize(to, origin.name, array, rows, columns, one_of(RULES, rule, "rule"),
                              options(round, saturate, seed))
    return Quantized(*parts, to, rows, columns)


def dequantize(quantized, to="fp32"):
    """The elements of a Quantized in the plain format TO: each exact value, rounded once."""
    q, target = quantized, Format(to)
    result = _new_array(target, (q.rows, q.columns))
    _halfulp.dequantize(target.name, result, q.format, q.codes, q.scales, q.tensor_scale, q.rows,
                        q.columns)
    return result


def stats(array, targets=(), *arguments, source=None):
    """What casts of ARRAY would lose, as `halfulp stats --json` tells it: a dict that adds up and
    pickles, see Statistics.

    targets    formats and block formats: stats(x, ["bf16", "mxfp4"]), or one; none: the program's
               own choice.
    arguments  further ones of the command. The array goes to the program through a file.
    """
    array = _as_array(array)
    origin = _source(array, source)
    shape = _shape_of(array, origin)
    plain = bytearray((prod(shape) * origin.storage_bits + 7) // 8)
    codes = memoryview(plain).cast(_CODES.get(origin.storage_bits, "B"))
    _halfulp.cast(origin.name, codes, origin.name, array, prod(shape), options(), False)
    if not isinstance(targets, (list, tuple, set, frozenset)):
        targets = [targets]
    return stats_of_bytes(plain, origin.name, origin.storage_bits, shape,
                          [name_of(t) for t in targets], arguments)
