"""`python3 -m halfulp ARGUMENT…` is the program halfulp."""

import os
import sys

from ._program import program

try:
    path = program()
except FileNotFoundError as trouble:
    sys.exit(f"halfulp: {trouble}")
os.execv(path, ["halfulp", *sys.argv[1:]])
