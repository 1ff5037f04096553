"""What the module asks the program for: sizes of models and statistics of casts."""

import json
import os
import shutil
import subprocess
import tempfile


def program():
    """The program's path: what the variable HALFULP names, or what PATH has."""
    path = os.environ.get("HALFULP") or shutil.which("halfulp")
    if not path:
        raise FileNotFoundError("the program halfulp is not on PATH; the variable HALFULP may name it")
    return path


def ask(*arguments):
    """The JSON document that the program prints; ValueError with its message where it refuses."""
    run = subprocess.run([program(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, check=False)
    if run.returncode not in (0, 1):
        message = run.stderr.decode("utf-8", "replace").strip()
        raise ValueError(message.split("halfulp: ", 1)[-1])
    return json.loads(run.stdout)


def size(model, *arguments):
    """The memory that a model needs, as `halfulp size --json` tells it: a dict.

    model      a count of parameters ("7B"), the path of a config.json, safetensors or GGUF file, or
               a config as a dict.
    arguments  further ones of the command: size("7B", "--train", "--optimizer", "adamw").
    """
    if not isinstance(model, dict):
        return ask("size", "--json", *map(str, arguments), os.fspath(model))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "config.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(model, file)
        told = ask("size", "--json", *map(str, arguments), path)
    told["model"]["source"] = None
    return told


_REPORT = ("--min-sqnr", "--max-overflow")


def _of_report(arguments):
    """Those of ARGUMENTS that are of a report, and not of what is summed up."""
    kept, rest = [], iter(arguments)
    for argument in rest:
        if argument in _REPORT:
            kept += [argument, next(rest, "")]
        elif argument.startswith(tuple(o + "=" for o in _REPORT)):
            kept.append(argument)
    return kept


class Statistics(dict):
    """What `halfulp stats --json` tells of an array, and the sums that it was made of.

    a + b  is what is told of the array that has a's elements and b's, in whatever order: sum() and a
           tree of additions give the same. The sums are exact; where parts begin at multiples of
           16,384 elements (and of a block), not a bit differs from one run over all of it. Of other
           cuts means of relative errors may differ in their last places. ValueError: they are of
           other targets or options, or a scale stands over the whole array (nvfp4, --scale tensor).

    "file" is None: the array has none.

    Values pickle, so that processes and machines may share the work.
    """

    def __init__(self, told, partial, report=()):
        super().__init__(told, file=None)
        self.partial, self.report = partial, tuple(report)

    def __add__(self, other):
        if not isinstance(other, Statistics):
            return NotImplemented
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("a", "b", "sum")]
            for path, part in zip(paths, (self, other)):
                with open(path, "wb") as file:
                    file.write(part.partial)
            told = ask("stats", "--merge", "--join", "--json", "--partial", paths[2], *self.report,
                       *paths[:2])
            with open(paths[2], "rb") as file:
                return Statistics(told, file.read(), self.report)

    def __radd__(self, other):
        return self if other == 0 else NotImplemented

    def __reduce__(self):
        return Statistics, (dict(self), self.partial, self.report)


_DESCRS = {"fp16": "<f2", "fp32": "<f4", "fp64": "<f8"}


def _header(source, bits, shape):
    """An .npy header of little-endian elements; None: NumPy's format has no such elements."""
    descr = _DESCRS.get(source, {8: "|V1", 16: "<V2"}.get(bits))
    if descr is None or len(shape) < 2:
        return None
    sizes = ", ".join(map(str, shape))
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}\n".encode()
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text


def stats_of_bytes(plain, source, bits, shape, targets, arguments):
    """`halfulp stats` of the array of SHAPE whose bytes PLAIN are, in the format SOURCE."""
    header = _header(source, bits, shape)
    arguments = list(map(str, arguments))
    with tempfile.TemporaryDirectory() as folder:
        path, part = os.path.join(folder, "array.npy" if header else "array.bin"), os.path.join(folder, "part")
        with open(path, "wb") as file:
            file.write(header or b"")
            file.write(plain)
        wanted = ["-t", ",".join(targets)] if targets else []
        known = ["-f", source] if not header or source not in _DESCRS else []
        told = ask("stats", "--json", "--partial", part, *known, *wanted, *arguments, path)
        with open(part, "rb") as file:
            return Statistics(told, file.read(), _of_report(arguments))
