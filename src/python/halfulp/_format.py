"""Formats and their data."""

import re
from collections import namedtuple
from decimal import Decimal
from fractions import Fraction
from math import copysign
from numbers import Complex, Real
from operator import index

from . import _halfulp

#: Rounding directions by name, as `-r` of the program has them.
DIRECTIONS = {"rne": 0, "rna": 1, "rtz": 2, "rup": 3, "rdn": 4, "rto": 5, "stochastic": 6}
_FLAGS = ((1, "invalid"), (16, "divide_by_zero"), (2, "overflow"), (4, "underflow"), (8, "inexact"))
_SPECIALS = ("ieee", "fn", "fnuz", "none", "scale", "p3109", "p3109_finite", "integer")
_STYLES = {"shown": 0, "shortest": 1, "exact": 2, "hex": 3}


def one_of(table, name, what):
    try:
        return table[name]
    except (KeyError, TypeError):
        raise ValueError(f"no {what} {name!r}; there are {', '.join(map(str, table))}") from None


def options(round="rne", saturate=False, seed=None):
    direction = one_of(DIRECTIONS, round, "rounding direction")
    if seed is not None and round != "stochastic":
        raise ValueError("a seed is for round='stochastic'")
    if seed is not None and not 0 <= seed < 1 << 64:
        raise ValueError(f"a seed from 0 to 2**64 - 1, not {seed}")
    return direction, bool(saturate), False, seed or 0


def flag_names(flags):
    return tuple(name for bit, name in _FLAGS if flags & bit)


def name_of(format):
    """The name in a string, a Format, a dtype of NumPy, ml_dtypes, PyTorch or JAX, or its type."""
    if isinstance(format, str):
        return format
    for attribute in ("name", "__name__"):
        name = getattr(format, attribute, None)
        if isinstance(name, str):
            return name
    return str(format)


def text_of(value):
    """A number as text that hu_read reads back exactly."""
    if isinstance(value, str):
        return value
    complicated = isinstance(value, Complex) and not isinstance(value, Real)
    numeric = hasattr(value, "__float__") or hasattr(value, "__index__")
    if isinstance(value, bool) or complicated or not numeric:
        raise TypeError(f"a number or its text, not {type(value).__name__}")
    if isinstance(value, Fraction):
        return f"{value.numerator:#x}/{value.denominator:#x}"
    if isinstance(value, Decimal):
        return str(value)
    if not isinstance(value, float):
        try:
            return hex(index(value))  # of any length, where Python writes 4,300 decimal digits
        except TypeError:
            pass
    near = float(value)
    if near == value and near - near == 0:
        return near.hex()
    if near != near or near == value:
        return ("-" if copysign(1, near) < 0 else "") + repr(abs(near))
    return text_of(Fraction(*value.as_integer_ratio()))  # of more bits than a float's


#: Digits of an error that is still written out.
_LONGEST = 100_000


_BASED = re.compile(r"([+-]?)0([xb])([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?[0-9]+))?", re.ASCII)


def _number(text):
    """The number that TEXT is in decimal, C hexadecimal or binary; ValueError or ArithmeticError: none,
    or one beyond what is written out."""
    based = _BASED.fullmatch(text.lower().replace("_", ""))
    if not based:
        number = Decimal(text)
        if abs(number.as_tuple().exponent) + abs(number.adjusted()) >= _LONGEST:
            raise ValueError
        return Fraction(number)
    sign, letter, whole, part, exponent = based.groups(default="")
    bits, base = (4, 16) if letter == "x" else (1, 2)
    power = int(exponent or 0) - bits * len(part)
    if abs(power) >= 4 * _LONGEST:
        raise ValueError
    return int(sign + whole + part, base) * Fraction(2) ** power


def _exact_of(value):
    """The number that VALUE is or names, or None where it is none, has a suffix or is a datum's name,
    or is beyond what is written out."""
    try:
        over, _, under = text_of(value).strip().partition("/")
        return _number(over) / _number(under) if under else _number(over)
    except (ValueError, ArithmeticError, TypeError):
        return None


def _decimal(fraction):
    """A fraction as a decimal where it ends, else as p/q."""
    rest, twos, fives = fraction.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{Decimal(fraction.numerator)}/{Decimal(fraction.denominator)}"
    places = max(twos, fives)
    # str() of an int refuses more than 4,300 digits, Decimal's does not
    digits = str(Decimal(abs(fraction.numerator) * 10**places // fraction.denominator)).rjust(places + 1, "0")
    sign = "-" if fraction < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


class Datum(namedtuple("Datum", "format bits value error flags")):
    """A datum of a format: `format` (its name), `bits` (the code), `value` (the exact decimal, a
    string), `error` (value minus what was asked for, a string; None where that is no number, a datum's
    name such as "fp16:max", one with a suffix of C, or of over 100,000 digits) and `flags` (names of
    the exceptions that rounding raised). float(datum) is the value."""

    __slots__ = ()

    def __repr__(self):
        return (f"Datum(format={self.format!r}, bits={self.bits:#x}, value={self.value!r}, "
                f"error={self.error!r}, flags={self.flags!r})")

    def __float__(self):
        return _halfulp.value(self.format, self.bits)


def _limit(name, doc):
    def value(self):
        code = self.limit(name)
        return None if code is None else self.value(code)

    return property(value, doc=doc + " None where there is none.")


class Format:
    """A format by any of its names: Format("bf16"), Format("torch.float8_e5m2"), Format("e3m2fn").

    Attributes: `name`, `width` (bits of a code), `exponent_bits`, `trailing_bits`, `storage_bits`
    (what an array spends on an element), `storage_shift`, `bias`, `specials`; `max`, `lowest`,
    `min_normal`, `max_subnormal`, `min_subnormal` and `epsilon` as floats; `digits10`,
    `max_digits10`, `max_consecutive_integer`; `codes`, the range of all codes.
    Raises ValueError: no such format, with the nearest names.
    """

    __slots__ = ("name", "width", "exponent_bits", "trailing_bits", "storage_bits",
                 "storage_shift", "bias", "specials")

    def __init__(self, name):
        (self.name, self.width, self.exponent_bits, self.trailing_bits, self.storage_bits,
         self.storage_shift, self.bias, specials) = _halfulp.format(name_of(name))
        self.specials = _SPECIALS[specials]

    def __repr__(self):
        return f"halfulp.Format({self.name!r})"

    def __str__(self):
        return self.name

    def __eq__(self, other):
        return isinstance(other, Format) and other.name == self.name

    def __hash__(self):
        return hash(self.name)

    def __reduce__(self):
        return Format, (self.name,)

    max = _limit("max", "The largest finite value.")
    lowest = _limit("lowest", "The least finite value.")
    min_normal = _limit("min_normal", "The least positive normal value.")
    max_subnormal = _limit("max_subnormal", "The largest subnormal value.")
    min_subnormal = _limit("min_subnormal", "The least positive subnormal value.")
    epsilon = _limit("epsilon", "The distance from 1 to the next value up.")
    digits10 = property(lambda self: _halfulp.digits(self.name)[0],
                        doc="Decimal digits that survive a way through the format.")
    max_digits10 = property(lambda self: _halfulp.digits(self.name)[1],
                            doc="Decimal digits that tell every two values apart.")
    max_consecutive_integer = property(lambda self: _halfulp.digits(self.name)[2],
                                       doc="The largest n with every integer from 1 to n.")
    codes = property(lambda self: range(1 << self.width), doc="All codes, a range.")

    def limit(self, name):
        """The code of "max", "lowest", "min_normal", "max_subnormal", "min_subnormal", "epsilon",
        "inf" or "nan"; None where the format has none."""
        return _halfulp.limit(self.name, name)

    def round(self, value, round="rne", saturate=False, seed=None):
        """The code of VALUE, a number or a text ("0.1", "1/3", "0x1p-3", "nan"), rounded once; and
        the names of the exceptions raised."""
        code, flags = _halfulp.read(self.name, text_of(value), options(round, saturate, seed))
        return code, flag_names(flags)

    def show(self, value, round="rne", saturate=False, seed=None):
        """VALUE as this format has it: a Datum."""
        code, flags = self.round(value, round, saturate, seed)
        asked, parts, error = _exact_of(value), _halfulp.split(self.name, code), None
        if asked is not None and parts:
            negative, significand, exponent = parts
            error = _decimal((-significand if negative else significand) * Fraction(2) ** exponent
                             - asked)
        return Datum(self.name, code, self.text(code, "exact"), error, flags)

    def _code(self, code):
        if not 0 <= code < 1 << self.width:
            raise ValueError(f"a code of {self.name} has {self.width} bits, not {code:#x}")
        return code

    def text(self, code, style="shown"):
        """The value of CODE as text. style: "shown" (exact within 17 digits, else the shortest that
        reads back), "shortest", "exact", or "hex" as C's %a."""
        return _halfulp.print(self.name, self._code(code), one_of(_STYLES, style, "style"))

    def value(self, code):
        """The value of CODE as a float, rounded where a float lacks it."""
        return _halfulp.value(self.name, self._code(code))

    def classify(self, code):
        """"zero", "subnormal", "normal", "infinite", "quiet_nan" or "signaling_nan"."""
        return _halfulp.classify(self.name, self._code(code))

    def next_up(self, code):
        """The code of the next value up; None past the last and from a NaN."""
        return _halfulp.next_up(self.name, self._code(code))

    def next_down(self, code):
        """The code of the next value down; None past the last and from a NaN."""
        return _halfulp.next_down(self.name, self._code(code))


def formats():
    """The named floating-point formats, a list of Format."""
    return [Format(name) for name in _halfulp.formats()]


def limits(format):
    """The limits of a format, a dict: Format's, each with its code and its exact value."""
    f = Format(format)
    table = {}
    for limit in ("max", "lowest", "min_normal", "max_subnormal", "min_subnormal", "epsilon"):
        code = f.limit(limit)
        table[limit] = None if code is None else {"bits": code, "value": f.text(code, "exact")}
    table.update(digits10=f.digits10, max_digits10=f.max_digits10,
                 max_consecutive_integer=f.max_consecutive_integer)
    return table


def shortest(value, format="fp64"):
    """The shortest decimal that reads back to VALUE as FORMAT has it: shortest(0.1, "fp16")."""
    f = Format(format)
    return f.text(f.round(value)[0], "shortest")


def convert(code, source, target, round="rne", saturate=False, seed=None):
    """The code in TARGET of the value that CODE encodes in SOURCE, and the exceptions raised."""
    origin = Format(source)
    bits, flags = _halfulp.convert(Format(target).name, origin.name, origin._code(code),
                                   options(round, saturate, seed))
    return bits, flag_names(flags)
