#!/usr/bin/env python3
"""A terminal's coloured text as SVG: halfulp show --color=always 0.1 | man/images/terminal.py >show.svg"""
import html
import re
import sys

STYLES = {"1": "b", "2": "d", "31": "m", "32": "e", "33": "w", "34": "s"}
CELL, LINE, MARGIN = 8.43, 20, 18

lines = sys.stdin.read().rstrip("\n").split("\n")
if len(sys.argv) > 1:
    lines = [f"$ {sys.argv[1]}"] + lines
plain = [re.sub(r"\033\[[0-9]*m", "", line) for line in lines]
width = int(max(map(len, plain)) * CELL + 2 * MARGIN)
height = len(lines) * LINE + 2 * MARGIN
print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">')
print("<style>text{font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre;fill:#d8dee9}"
      ".s{fill:#88aaff}.e{fill:#8fd68f}.m{fill:#ff9a9a}.b{font-weight:bold}.d{opacity:.6}.w{fill:#ebcb8b}</style>")
print(f'<rect width="{width}" height="{height}" rx="8" fill="#1e222a"/>')
for row, line in enumerate(lines):
    y, column, style = MARGIN + row * LINE + 14, 0, ""
    for part in re.split(r"(\033\[[0-9]*m)", line):
        if part.startswith("\033"):
            style = STYLES.get(part[2:-1], "")
            continue
        if part.strip():
            x = MARGIN + column * CELL
            length = len(part) * CELL
            print(f'<text x="{x:.1f}" y="{y}" class="{style}" textLength="{length:.1f}" '
                  f'lengthAdjust="spacing" xml:space="preserve">{html.escape(part)}</text>')
        column += len(part)
print("</svg>")
