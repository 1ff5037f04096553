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
        return ask("size", "--json", *map(str, arguments), path)


def stats_of_bytes(plain, source, targets, arguments):
    """`halfulp stats --json` of the array whose bytes PLAIN are, in the format SOURCE."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(plain)
        file.flush()
        wanted = ["-t", ",".join(targets)] if targets else []
        return ask("stats", "--json", "-f", source, *wanted, *map(str, arguments), file.name)
