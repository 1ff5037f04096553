"""Conversion among low-precision number formats, rounded once and correctly.

    >>> import halfulp
    >>> halfulp.Format("bf16").show("0.1")
    Datum(format='bf16', bits=0x3dcd, value='0.10009765625', error='0.00009765625', flags=('inexact',))
    >>> halfulp.Format("fp8_e4m3").max
    448.0
    >>> bytes(halfulp.cast([0.1, 448.0, 1e9], "fp8_e4m3", saturate=True)).hex()
    '1d7e7e'

Formats are found by the names that C, NumPy, PyTorch, JAX, ONNX, CUDA and others give them:
"bfloat16", "torch.float8_e4m3fn", "F8_E5M2", "e3m2". What goes wrong raises ValueError in the words
of the program. Arrays are whatever has the buffer protocol, `__array_interface__` or DLPack, of any
strides and order of bytes; NumPy is not needed. Long conversions let other threads run.

Arrays: cast, quantize, dequantize, stats, whose results add up. One value: Format, convert, shortest. Tables: formats,
limits. Models: size. `python3 -m halfulp` runs the program, which size and stats ask too.
"""

from ._arrays import RULES, Quantized, cast, dequantize, quantize, stats
from ._format import DIRECTIONS, Datum, Format, convert, formats, limits, shortest
from ._halfulp import version as __version__
from ._program import Statistics, size

__all__ = ["cast", "quantize", "dequantize", "stats", "Statistics", "Format", "Datum", "Quantized",
           "convert", "formats", "limits", "shortest", "size", "DIRECTIONS", "RULES"]
