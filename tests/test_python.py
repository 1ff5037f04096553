"""The Python module as its users meet it. Right values are literal, NumPy's own casts, or ml_dtypes'."""

import array
import copy
import ctypes
import doctest
import os
import pickle
import struct
import subprocess
import sys
import threading
import time
from decimal import Decimal
from fractions import Fraction

import pytest

import halfulp


def test_a_list_of_numbers_is_rounded_once():
    assert bytes(halfulp.cast([0.1, 448.0, 1e9], "fp8_e4m3")).hex() == "1d7e7f"
    assert bytes(halfulp.cast([0.1, 448.0, 1e9], "fp8_e4m3", saturate=True)).hex() == "1d7e7e"


def test_directions():
    # 1.0625 lies halfway between 1 and 1.125.
    wanted = {"rne": 0x38, "rna": 0x39, "rtz": 0x38, "rup": 0x39, "rdn": 0x38, "rto": 0x39}
    assert {r: bytes(halfulp.cast([1.0625], "fp8_e4m3", round=r))[0] for r in wanted} == wanted


def test_stochastic_draws_depend_on_the_seed_and_not_on_strides():
    x = array.array("f", [1.0625] * 1000)
    a = bytes(halfulp.cast(x, "fp8_e4m3", round="stochastic", seed=7))
    assert a == bytes(halfulp.cast(x, "fp8_e4m3", round="stochastic", seed=7))
    assert a != bytes(halfulp.cast(x, "fp8_e4m3", round="stochastic", seed=8))
    every_other = memoryview(array.array("f", [1.0625] * 2000))[::2]
    assert a == bytes(halfulp.cast(every_other, "fp8_e4m3", round="stochastic", seed=7))
    assert 400 < a.count(0x39) < 600


def test_flags_are_told():
    assert halfulp.cast([1.0, 2.0], "fp16", flags=True)[1] == ()
    assert halfulp.cast([0.1, 1e30], "fp16", flags=True)[1] == ("overflow", "inexact")


def test_out_receives_the_result():
    out = bytearray(3)
    assert halfulp.cast([1, 2, 3], "fp8_e4m3", out=out) is out
    assert out.hex() == "384044"
    with pytest.raises(ValueError, match="output of 4 elements for 3"):
        halfulp.cast([1, 2, 3], "fp8_e4m3", out=bytearray(4))
    with pytest.raises(ValueError, match="2 bytes"):
        halfulp.cast([1, 2, 3], "fp8_e4m3", out=array.array("H", [0] * 3))
    with pytest.raises((BufferError, TypeError)):
        halfulp.cast([1, 2, 3], "fp8_e4m3", out=bytes(3))


def test_packed_codes_both_ways():
    packed = halfulp.cast([0.5, 1.0, 1.5, 6.0, -1.0], "fp4_e2m1")
    assert bytes(packed).hex() == "21730a"
    assert list(halfulp.cast(packed, "fp64", source="fp4_e2m1", count=5)) == [0.5, 1, 1.5, 6, -1]


def test_swapped_bytes_are_read_as_what_they_are():
    big = struct.pack(">2f", 1.0, -2.0)
    numpy = pytest.importorskip("numpy")
    x = numpy.frombuffer(big, ">f4")
    assert halfulp.cast(x, "fp64").tolist() == [1.0, -2.0]


def test_names_of_every_library_and_the_nearest_of_a_slip():
    for name in ("bf16", "bfloat16", "torch.bfloat16", "BF16", "std::bfloat16_t"):
        assert halfulp.Format(name).name == "bf16"
    with pytest.raises(ValueError, match="no format 'flot16'; did you mean float16"):
        halfulp.Format("flot16")
    with pytest.raises(ValueError, match="no rounding direction 'up'"):
        halfulp.cast([1.0], "fp16", round="up")
    with pytest.raises(ValueError, match="seed"):
        halfulp.cast([1.0], "fp16", seed=1)


def test_a_value_is_shown_exactly():
    datum = halfulp.Format("bf16").show("0.1")
    assert datum == ("bf16", 0x3DCD, "0.10009765625", "0.00009765625", ("inexact",))
    assert float(datum) == 0.10009765625
    assert halfulp.Format("bf16").show(0.1).error != datum.error  # 0.1 of fp64 is not 1/10
    assert halfulp.Format("fp16").show("1/3").error == "-1/12288"
    assert halfulp.Format("fp16").show("nan").error is None


def test_limits():
    e4m3 = halfulp.Format("fp8_e4m3")
    assert (e4m3.max, e4m3.lowest, e4m3.min_normal, e4m3.min_subnormal) == (448, -448, 2**-6, 2**-9)
    assert e4m3.limit("inf") is None and e4m3.limit("nan") == 0x7F
    assert (e4m3.digits10, e4m3.max_digits10, e4m3.max_consecutive_integer) == (0, 3, 16)
    assert halfulp.Format("e8m0").min_subnormal is None
    assert halfulp.limits("fp16")["max"] == {"bits": 0x7BFF, "value": "65504"}


def test_codes_neighbours_classes_and_text():
    fp16 = halfulp.Format("fp16")
    assert len(fp16.codes) == 65536
    assert fp16.next_up(0x3C00) == 0x3C01 and fp16.next_up(0x7C00) == 0x7C00
    assert fp16.next_down(0x0000) == 0x8001 and fp16.next_up(0x7E00) is None
    assert fp16.classify(0x0001) == "subnormal"
    assert [fp16.text(0x2E66, s) for s in ("shown", "shortest", "exact", "hex")] == [
        "0.0999755859375", "0.1", "0.0999755859375", "0x1.998p-4"]
    assert halfulp.shortest(0.1, "fp16") == "0.1"
    assert halfulp.convert(0x7C01, "fp16", "fp32") == (0x7FC02000, ("invalid",))


def test_every_code_of_small_formats_goes_there_and_back():
    for f in halfulp.formats():
        if f.width <= 8 and f.storage_bits == 8:
            wide = halfulp.cast(bytes(f.codes), "fp64", source=f)
            back = bytes(halfulp.cast(wide, f))
            for code in f.codes:
                nan = f.classify(code).endswith("nan")
                assert nan or f.value(code) == list(wide)[code], (f, code)
                assert nan or back[code] == code, (f, code)


def test_formats_are_values():
    assert halfulp.Format("bf16") == halfulp.Format("bfloat16") != halfulp.Format("fp16")
    assert pickle.loads(pickle.dumps(halfulp.Format("e3m2fn"))) == halfulp.Format("e3m2fn")
    assert copy.copy(halfulp.Format(halfulp.Format("bf16"))).name == "bf16"
    assert len({halfulp.Format("bf16"), halfulp.Format("bfloat16")}) == 1


def test_blocks_there_and_back():
    values = [0.0, 0.5, 1, 1.5, 2, 3, 4, 6] * 4
    q = halfulp.quantize(values, "mxfp4")
    assert (q.rows, q.columns, len(q.codes), q.scales.hex()) == (1, 32, 16, "7f")
    assert list(memoryview(halfulp.dequantize(q, "fp64")).cast("B").cast("d")) == values
    with pytest.raises(ValueError, match="no block format 'mxfp5'; did you mean mxfp4"):
        halfulp.quantize(values, "mxfp5")
    with pytest.raises(ValueError, match="no rule 'flor'"):
        halfulp.quantize(values, "mxfp4", rule="flor")
    with pytest.raises(ValueError, match="bytes of codes"):
        halfulp.dequantize(q._replace(codes=b""))


def test_sizes_and_statistics_are_the_programs():
    small = {"model_type": "gpt2", "vocab_size": 32, "n_embd": 8, "n_positions": 16, "n_layer": 1, "n_head": 2}
    assert halfulp.size(small)["model"]["source"] is None
    seven = halfulp.size("7B")
    assert isinstance(seven, dict) and seven
    with pytest.raises(ValueError, match="7Q"):
        halfulp.size("7Q")
    lost = halfulp.stats([1.0, 0.1, 70000.0], ["fp16"])
    assert lost["file"] is None and (lost + lost)["file"] is None, "the program's file is gone"
    assert halfulp.stats([1.5, 300.0], "int8")["total"][0]["overflow"] == 1
    assert "fp16" in str(lost)


def test_statistics_add_up_in_any_order_and_pickle():
    state, parts = 1, []
    for n in (16384, 32768, 5000):
        values = array.array("f")
        for _ in range(n):
            state = state * 6364136223846793005 + 1442695040888963407 & 2**64 - 1
            values.append((state >> 40) / 2**24 - 0.5)
        parts.append(values)
    whole = array.array("f")
    for part in parts:
        whole.extend(part)
    targets = ["fp16", "fp8_e4m3", "mxfp4"]
    each = [pickle.loads(pickle.dumps(halfulp.stats(p, targets, "--min-sqnr", 20))) for p in parts]
    one = halfulp.stats(whole, targets, "--min-sqnr", "20")
    for total in (sum(each), each[2] + (each[1] + each[0]), pickle.loads(pickle.dumps(each[1] + each[2])) + each[0]):
        assert isinstance(total, halfulp.Statistics) and total["tensors"][0]["elements"] == len(whole)
        for a, b in zip(total["total"], one["total"]):
            # A block's number is that of its part.
            for worst in (a.get("blocks", {}).get("worst", []), b.get("blocks", {}).get("worst", [])):
                for block in worst:
                    block.pop("index", None)
            assert a == b
        for key in ("histogram", "narrowest_safe", "limits"):
            assert total[key] == one[key], key
    with pytest.raises(ValueError, match="different options"):
        each[0] + halfulp.stats(parts[1], ["fp16"])
    with pytest.raises(ValueError, match="scale that stands over the whole array"):
        halfulp.stats(parts[0], ["nvfp4"]) + halfulp.stats(parts[1], ["nvfp4"])
    with pytest.raises(TypeError):
        each[0] + 1


def test_blocks_of_statistics_lie_in_rows():
    numpy = pytest.importorskip("numpy")
    x = numpy.ones((8, 40), numpy.float32)
    x[:, 0] = 1000
    # Rows of 40 are two blocks each, of which the first has the outlier; of 320 in a row others do.
    assert halfulp.stats(x, ["mxfp4"])["total"][0]["blocks"]["count"] == 16
    assert halfulp.stats(x, ["mxfp4"])["total"][0]["blocks"]["lost_to_outlier"] == 8 * 31
    assert halfulp.stats(x.ravel(), ["mxfp4"])["total"][0]["blocks"]["count"] == 10
    half = x.astype(numpy.float16)
    assert halfulp.stats(half, ["mxfp4"])["total"][0]["blocks"]["count"] == 16
    assert halfulp.stats(half.view(numpy.uint16), ["mxfp4"], source="bf16")["total"][0]["blocks"]["count"] == 16


def test_dask_reduces_statistics_over_two_processes():
    pytest.importorskip("distributed")
    pytest.importorskip("numpy")
    script = os.path.join(os.path.dirname(__file__), "dask_statistics.py")
    run = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                         timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    assert "the same as one run: True" in run.stdout.decode()


def test_numpys_own_casts_agree():
    numpy = pytest.importorskip("numpy")
    rng = numpy.random.default_rng(1)
    x = rng.integers(0, 2**32, 200_000, dtype=numpy.uint32).view(numpy.float32)
    x = x[~numpy.isnan(x)]
    with numpy.errstate(over="ignore"):
        assert (halfulp.cast(x, "fp16") == x.astype(numpy.float16)).all()
    every = numpy.arange(65536, dtype=numpy.uint16).view(numpy.float16)
    wide = halfulp.cast(every, "fp32")
    numbers = ~numpy.isnan(every)
    assert (wide[numbers] == every.astype(numpy.float32)[numbers]).all() and wide.dtype == numpy.float32


def test_any_strides_and_shapes():
    numpy = pytest.importorskip("numpy")
    x = numpy.arange(24, dtype=numpy.float32).reshape(2, 3, 4)
    for view in (x, x.T, x[::-1, :, ::2], x[:, 1], x[..., 0], x[:0], numpy.float32(3).reshape(())):
        result = halfulp.cast(view, "fp16")
        assert result.shape == view.shape and (result == view.astype(numpy.float16)).all()
    out = numpy.zeros((4, 3, 2), numpy.float16)[:, ::-1]
    assert halfulp.cast(x.T, "fp16", out=out) is out and (out == x.T).all()
    locked = numpy.zeros(3, numpy.float16)
    locked.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        halfulp.cast([1, 2, 3], "fp16", out=locked)


def test_ctypes_arrays_are_taken_though_their_buffers_have_no_strides():
    rows = ((ctypes.c_float * 2) * 3)((1.5, 2), (3, 4), (5, -6))
    assert bytes(halfulp.cast(rows, "fp8_e4m3")).hex() == "3c4044484acc"
    big = (ctypes.c_double.__ctype_be__ * 2)(1.5, -2)
    assert bytes(halfulp.cast(big, "fp8_e4m3")).hex() == "3cc0"
    out = (ctypes.c_float * 2)()
    halfulp.cast(big, "fp32", out=out)
    assert list(out) == [1.5, -2]


def test_a_name_with_a_null_byte_is_no_format():
    with pytest.raises(ValueError, match="null"):
        halfulp.Format("fp16\0x")


def test_what_is_no_number_is_told_by_its_type():
    for value in (b"1", None, [1]):
        with pytest.raises(TypeError, match="a number or its text, not " + type(value).__name__):
            halfulp.Format("fp16").round(value)


def test_array_interface_and_dlpack_alone_suffice():
    numpy = pytest.importorskip("numpy")
    x = numpy.array([1.5, -2.0], numpy.float32)

    class Interface:
        dtype = x.dtype
        __array_interface__ = x.__array_interface__

    class Dlpack:
        dtype = "torch.float32"

        def __dlpack__(self):
            return x.__dlpack__()

    class Untold:
        __array_interface__ = x.__array_interface__

    class UntoldDlpack:
        __dlpack__ = Dlpack.__dlpack__

    for owner in (Interface(), Dlpack(), Untold(), UntoldDlpack()):
        assert halfulp.cast(owner, "fp64").tolist() == [1.5, -2.0]
    for kind in "f2 f8 i1 u1 i2 u4 i8".split():
        Untold.__array_interface__ = numpy.array([1, 3], kind).__array_interface__
        assert halfulp.cast(Untold(), "fp64").tolist() == [1, 3]
    Untold.__array_interface__ = dict(x.__array_interface__, typestr="|V4")
    with pytest.raises(ValueError, match="source names it"):
        halfulp.cast(Untold(), "fp64")
    with pytest.raises(TypeError):
        halfulp.cast(object(), "fp16", source="fp32")


def test_numbers_of_every_kind_are_rounded_once():
    from decimal import Decimal
    f = halfulp.Format("fp16")
    # 1 + 2^-11 is a tie; a little beyond it in the 30th digit goes up, and by way of a float to even.
    tie = Decimal("1.00048828125")
    assert f.round(tie)[0] == 0x3C00 and f.round(Decimal("1.00048828125" + "0" * 18 + "1"))[0] == 0x3C01
    assert f.show(Decimal("0.1")).error == "-0.0000244140625"
    assert f.show(Decimal("Infinity")).bits == 0x7C00 and f.show(Decimal("NaN")).bits == 0x7E00
    for wrong in (True, 1 + 2j, None):
        with pytest.raises(TypeError):
            f.show(wrong)


def test_a_number_has_no_axis():
    numpy = pytest.importorskip("numpy")
    assert halfulp.cast(0.1, "fp16").shape == numpy.asarray(0.1).shape == ()
    assert halfulp.cast([0.1], "fp16").shape == (1,)


def test_statistics_of_one_target():
    assert halfulp.stats([1.0, 2.0], "fp16")["total"][0]["format"] == "fp16"
    assert halfulp.stats([1.0, 2.0], halfulp.Format("fp16"))["total"][0]["format"] == "fp16"


def test_what_is_no_format_is_not_suggested():
    with pytest.raises(ValueError, match="no format 'bool'$"):
        halfulp.Format("bool")


def test_ml_dtypes_agree():
    numpy = pytest.importorskip("numpy")
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = numpy.random.default_rng(2).standard_normal(100_000).astype(numpy.float32)
    for dtype in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2):
        ours = halfulp.cast(x, dtype)
        assert ours.dtype == dtype and (ours.view("u1") == x.astype(dtype).view("u1")).all()
        assert (halfulp.cast(ours, "fp32") == ours.astype(numpy.float32)).all()


class Interface:
    """An array as NumPy's are seen: a dtype by its name, and __array_interface__."""

    def __init__(self, name, codes, typestr="|V1"):
        self.memory = (ctypes.c_ubyte * len(codes))(*codes)
        self.dtype = type("dtype", (), {"name": name})()
        self.__array_interface__ = {"typestr": typestr, "shape": (len(codes),), "strides": None,
                                    "data": (ctypes.addressof(self.memory), False)}


def test_ml_dtypes_narrow_elements_have_a_byte_each():
    for name, codes, values in (("int4", b"\x01\x0f\x08", [1, -1, -8]), ("uint4", b"\x01\x0f", [1, 15]),
                                ("float4_e2m1fn", b"\x02\x03\x0c", [1, 1.5, -2]),
                                ("float6_e2m3fn", b"\x08\x1e", [1, 7])):
        array_of = Interface(name, codes)
        assert list(halfulp.cast(array_of, "fp32")) == values
        if "float" in name:
            assert halfulp.stats(array_of, ["bf16"])["tensors"][0]["elements"] == len(values)
            assert halfulp.dequantize(halfulp.quantize(array_of, "mxfp8_e4m3")).tolist() == [values]
    packed = Interface("float4_e2m1fn_x2", b"\x21\x43", "|u1")
    assert list(halfulp.cast(packed, "fp32")) == [0.5, 1, 1.5, 2]


def test_numbers_of_any_length_are_shown():
    wide = halfulp.Format("e15m48")
    assert wide.show(2**16000).error == "0"
    assert wide.show(-(2**16000) - 1).error == "1"
    assert wide.show(Fraction(-1, 3**9500)).error.count("/") == 1
    assert len(wide.show(Decimal("1e-4900")).error) > 4900
    bf16 = halfulp.Format("bf16")
    for text in ("1e999999999", "1e-999999999", "1e99999999999999999999"):
        assert bf16.show(text).error is None
        assert bf16.show(text, saturate=True).error is None
    assert bf16.show("-1e-5000").error == "0." + "0" * 4999 + "1"


def test_a_seed_has_64_bits():
    for seed in (-1, 1 << 64):
        with pytest.raises(ValueError, match="seed from 0"):
            halfulp.cast([1.0], "bf16", round="stochastic", seed=seed)


def test_other_threads_run_meanwhile():
    x, out = bytearray(64 << 20), bytearray(64 << 20)
    done, ticks = threading.Event(), 0

    def work():
        for _ in range(8):
            halfulp.cast(x, "fp8_e5m2", source="fp8_e4m3", out=out)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 3


def test_documentation_is_true():
    assert doctest.testmod(halfulp).failed == 0
    readme = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "README.md")
    results = doctest.testfile(readme, module_relative=False)
    assert results.failed == 0 and results.attempted >= 6
    for name in halfulp.__all__:
        assert getattr(halfulp, name).__doc__, name


def test_an_output_may_overlap_the_input():
    n = 1000
    for out, source, shift in (("f", "f", 4), ("i", "f", 4), ("f", "f", -4), ("d", "f", 0), ("f", "e", 0)):
        numbers = [float(i) for i in range(n)]
        name = {"f": "fp32", "i": "int32", "d": "fp64", "e": "fp16"}
        read, written = struct.calcsize(source), struct.calcsize(out)
        data = bytearray(n * 8 + 8)
        at = max(0, -shift)
        data[at:at + n * read] = struct.pack(f"<{n}{source}", *numbers)
        whole = memoryview(data)
        from_bytes = whole[at:at + n * read].cast("B" if source == "e" else source)
        to = whole[at + shift:at + shift + n * written].cast(out)
        if source == "e":
            from_bytes = from_bytes.cast("H")
        halfulp.cast(from_bytes, name[out], source=name[source], out=to)
        assert list(to) == numbers, (out, source, shift)


def test_an_output_of_another_shape_and_a_count_of_more_than_there_are_are_refused():
    six = memoryview(array.array("f", range(6))).cast("B").cast("f", (2, 3))
    turned = memoryview(bytearray(24)).cast("f", (3, 2))
    with pytest.raises(ValueError, match=r"an output of shape \(3, 2\) for \(2, 3\)"):
        halfulp.cast(six, "fp32", out=turned)
    for count in (-1, 7):
        with pytest.raises(ValueError, match="a count from 0 to 6"):
            halfulp.cast(six, "fp32", count=count)


def test_packed_codes_are_counted_as_elements_by_stats_and_quantize():
    packed = bytes([0x21, 0x43, 0x65])  # 0.5, 1, 1.5, 2, 3, 4
    told = halfulp.stats(packed, "fp8_e4m3", source="fp4_e2m1")["tensors"][0]
    assert (told["elements"], told["max_abs"]) == (6, 4)
    quantized = halfulp.quantize(packed, "mxfp8_e4m3", source="fp4_e2m1")
    assert list(halfulp.dequantize(quantized).tolist()[0]) == [0.5, 1, 1.5, 2, 3, 4]
    with pytest.raises(ValueError, match="rows of 2 bytes"):
        halfulp.stats(memoryview(bytes(4)).cast("B", (2, 2)), "bf16", source="fp6_e3m2")


def test_codes_beyond_their_format_are_refused():
    e4m3 = halfulp.Format("fp8_e4m3")
    for ask in (e4m3.text, e4m3.value, e4m3.classify, e4m3.next_up, e4m3.next_down,
                lambda code: halfulp.convert(code, "fp8_e4m3", "fp32")):
        for code in (0x1ff, -1, 1 << 70):
            with pytest.raises(ValueError, match="a code of fp8_e4m3 has 8 bits"):
                ask(code)


def test_numbers_of_other_types_and_notations_are_read_exactly():
    class Whole:  # as NumPy's integers are
        __index__ = lambda self: 2**53 + 1
        __float__ = lambda self: float(2**53 + 1)

    class Longer(Whole):  # as NumPy's long doubles are
        __index__ = None
        as_integer_ratio = lambda self: (2**53 + 1, 1)
        __eq__ = lambda self, other: other == 2**53 + 1

    for value in (Whole(), Longer()):
        assert halfulp.Format("int64").round(value) == (2**53 + 1, ())
    fp64 = halfulp.Format("fp64")
    errors = {"0x20000000000001": "-1", "0x1/0x3": "-1/54043195528445952", "0b1.1": "0",
              "1_0.5/2.5": "0.000000000000000177635683940025046467781066894531250", "0x1p5000": None}
    for text, error in errors.items():
        got = fp64.show(text).error
        assert got == error or Fraction(got) == Fraction(error), text
    assert fp64.show(-float("nan")).bits >> 63 == 1
