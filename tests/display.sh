# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# What people see: exact values, lines that fit the terminal, plain ASCII where the locale wants it.
. "$srcdir/tests/tap.sh"

# values: right ones by Python's fractions
prints "convert --values is exact within 17 digits" $'8192\n44096\n65504' \
    "$halfulp" convert -t fp16 --values 8192 44099 65504
prints "so is fp8's largest value" $'448\n416\n256\n96' "$halfulp" convert -t fp8_e4m3 --values 448 416 256 96
prints "beyond that it is the shortest decimal that reads back" $'536870912\n0.1\n1e+30' \
    "$halfulp" convert -t fp32 --values 0x1p29 0.1 1e30
prints "--values=exact gives all digits" $'0.100000001490116119384765625\ninf' \
    "$halfulp" convert -t fp32 --values=exact 0.1 inf
prints "--values=exact of 2^-1074 has 751 of them" 1076 bash -c \
    '"$0" convert -t fp64 --values=exact fp64:min_subnormal | tr -d "\n" | wc -c' "$halfulp"
prints "--values=shortest gives what reads back" $'450\n260' "$halfulp" convert -t fp8_e4m3 --values=shortest 448 256
prints "--values=hex is C's" $'0x1.9ap-4 inexact\n-inf -' "$halfulp" convert -t bf16 --values=hex --flags 0.1 -inf
exits "--values names its forms" 2 "--values: 'dec' is none of: exact shortest hex" \
    "$halfulp" convert -t bf16 --values=dec 1
exits "an argument whose placeholder begins with a bracket is still needed" 2 'option --memory needs an argument' \
    "$halfulp" size 7B --memory
prints "--values takes its form behind = alone" 2 "$halfulp" convert -t fp16 --values 2
prints "every code of fp16 that convert shows with 17 digits is exact" "63488 values" bash -c '
    for c in $(seq 0 65535); do printf "%04x\n" "$c"; done >"$1/codes"
    paste <("$0" convert -f fp16 -t fp16 --values <"$1/codes") <("$0" convert -f fp16 -t fp16 --values=exact <"$1/codes") |
    python3 -c "
import sys
from fractions import Fraction
n = 0
for line in sys.stdin:
    shown, exact = line.split()
    if \"inf\" in exact or \"nan\" in exact:
        continue
    n += 1
    digits = exact.lstrip(\"-0.\").replace(\".\", \"\").lstrip(\"0\").rstrip(\"0\")
    if len(digits) <= 17 and Fraction(shown) != Fraction(exact):
        sys.exit(f\"{shown} for {exact}\")
print(n, \"values\")"' "$halfulp" "$scratch"
prints "table shows exact values" '0x7e  0 1111 110  normal         448' bash -c '"$0" table fp8_e4m3 | sed -n 127p' "$halfulp"
prints "show's rows are exact" '44096' bash -c '"$0" show 44099 | awk "/fp16/ {print \$6}"' "$halfulp"
prints "neighbours are exact" '  neighbours    0x7d 416                                          none' \
    bash -c '"$0" show -f fp8_e4m3 448 | grep neighbours' "$halfulp"
prints "the SVG's values are exact" '= 448' bash -c \
    '"$0" show -f fp8_e4m3 448 --svg "$1" >/dev/null && grep -o "= 4[0-9]*" "$1"' "$halfulp" "$scratch/exact.svg"
prints "the SVG's long values keep clear of the bits" yes bash -c '
    "$0" show -f fp16 fp16:min_subnormal --svg "$1" >/dev/null && python3 -c "
import re, sys
svg = open(sys.argv[1], encoding=\"utf-8\").read()
text = re.search(r\"<text x=.(\d+).[^>]*>= ([^<]*)\", svg)
left = min(int(x) for x in re.findall(r\"<rect x=.(\d+)\", svg))
print(\"yes\" if int(text[1]) + 12 * 0.61 * (2 + len(text[2])) <= left else \"no\")" "$1"' "$halfulp" "$scratch/long.svg"
prints "JSON keeps the exact value and the shortest apart" '["448","450"]' bash -c \
    '"$0" show --json -f fp8_e4m3 448 | jq -c ".rows[0] | [.decimal, .shortest]"' "$halfulp"

# limits
prints "no largest value exceeds itself" '3.389e+38 3.4028234e+38 1.7976931348623157e+308' bash -c \
    'for f in bf16 fp32 fp64; do "$0" limits $f | awk "\$1 == \"max\" && \$2 != \"subnormal\" {print \$2}"; done | xargs' "$halfulp"
prints "limits gives the lowest value and all subnormals" \
    $'  lowest            -448                      -0x1.cp+8                 0xfe\n  max subnormal     0.013671875               0x1.cp-7                  0x07' \
    bash -c '"$0" limits fp8_e4m3 | grep -E "lowest|max subnormal"' "$halfulp"
prints "limits --json gives them too" '["-65504","0xfbff","0.000060975551605224609375","0x03ff"]' bash -c \
    '"$0" limits --json fp16 | jq -c ".formats[0] | [.lowest.decimal, .lowest.bits, .max_subnormal.decimal, .max_subnormal.bits]"' "$halfulp"
prints "a scale has no subnormals, and its lowest value is its least" '[null,"0x00"]' bash -c \
    '"$0" limits --json e8m0 | jq -c ".formats[0] | [.max_subnormal, .lowest.bits]"' "$halfulp"
prints "show gives tf32's word in memory" '0x22400 in memory 0x44800000' bash -c \
    '"$0" show 1024 | sed -n "s/.*\(0x22400\).*\(in memory 0x[0-9a-f]*\).*/\1 \2/p"' "$halfulp"
prints "and in detail" '  in memory     0x44800000    4 bytes, the low 13 bits zero' bash -c \
    '"$0" show -f tf32 1024 | grep memory' "$halfulp"

# the terminal's width
in_terminal() { # COLUMNS COMMAND…: what the command prints on a terminal that wide
    python3 - "$@" <<'PY'
import fcntl, os, pty, struct, sys, termios
columns, command = int(sys.argv[1]), sys.argv[2:]
child, master = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(command[0], command)
out = b""
while True:
    try:
        piece = os.read(master, 65536)
    except OSError:
        break
    if not piece:
        break
    out += piece
os.waitpid(child, 0)
sys.stdout.write(out.decode().replace("\r\n", "\n"))
PY
}
widest() { # COLUMNS COMMAND…: the longest line, without colours and what progress wrote before it
    in_terminal "$@" | sed 's/.*\r//; s/\x1b\[[0-9;]*[mK]//g' | python3 -c 'import sys; print(max(len(l.rstrip("\n")) for l in sys.stdin))'
}
fits() { # COLUMNS COMMAND…
    local width
    width=$(widest "$@") && [ "$width" -le "$1" ] || { echo "$width columns of $1"; return 1; }
}
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    for columns in 80 50; do
        holds "show -f fp64 fits $columns columns" fits $columns "$halfulp" show -f fp64 0.97
        holds "show of five formats fits $columns columns" fits $columns "$halfulp" show 0.1
        holds "show of all formats fits $columns columns" fits $columns "$halfulp" show -f all 1e-40
        holds "a long value fits $columns columns" fits $columns "$halfulp" show -f fp64 fp64:min_subnormal
        holds "overflow and NaN fit $columns columns" fits $columns "$halfulp" show -f fp16,fp8_e4m3,fp4 1e9 nan
        holds "limits fits $columns columns" fits $columns "$halfulp" limits
        holds "limits of a format fits $columns columns" fits $columns "$halfulp" limits fp64,bf16,e8m0,int8
        holds "limits --explain fits $columns columns" fits $columns "$halfulp" limits --explain fp32
        holds "formats fits $columns columns" fits $columns "$halfulp" formats
        holds "table fits $columns columns" fits $columns "$halfulp" table bf16
        holds "the overview fits $((columns / 2)) columns" fits $((columns / 2)) "$halfulp" help
        holds "the overview fits $columns columns" fits $columns "$halfulp" help
        for command in $("$halfulp" help | awk '/^  [a-z]/ { print $1 }'); do
            holds "$command --help fits $columns columns" fits $columns "$halfulp" "$command" --help
        done
    done
    # Lines whose results are wrong in value, in a NaN and in flags.
    printf '%s\n' '3dcccccd 2e65 01' '7fc00000 0000 00' '3f800000 3c00 01' 'c7800000 7c00 05' >"$scratch/wrong.txt"
    cp "$srcdir/fixtures/tensors/weights.npy" "$scratch/w.npy"
    cd "$scratch" || exit 1
    while read -r line; do
        eval "words=($line)"
        for columns in 80 50; do
            holds "$line fits $columns columns" fits $columns "$halfulp" "${words[@]}"
        done
    done <<'EOT'
verify -f fp8_e4m3 -t fp4,fp16 -r all
verify -f fp8_e4m3fnuz -t e8m0 --kernel all
verify -f fp32 -t fp16 --vectors "$scratch/wrong.txt"
compute -f fp64 --flags 1/3
cast w.npy -o a-rather-long-name.npy -t fp16 --force
cast w.npy -o a-rather-long-name.safetensors -t fp16 --force
size 7B
size 7B --context 4096 --train mixed --memory H100-80GB --explain
size "$srcdir/fixtures/configs/llama-3-8b.json" --context 131072 --batch 64 --memory 24GiB
size "$srcdir/fixtures/configs/llama-3-8b.json" --seq 4096 --micro-batch 1 --train mixed --explain
size "$srcdir/fixtures/configs/llama-3-8b.json" --tensors
size 7B 70B "$srcdir/fixtures/configs/llama-3-8b.json" --context 4096
size --memory list
size --families
dot --models
limits mxfp4 q4_k
tensors w.npy
stats w.npy -t bf16,fp8_e4m3,fp4_e2m1
EOT
    prints "a verdict's figures stand below its names, under their heads" 2 bash -c \
        'COLUMNS=80 "$0" verify -f fp4 -t fp16 | awk "/^ +inputs/ { a = index(\$0, \"mismatches\") + 9 } /^ +16 / { b = index(\$0, \" 0 \") + 1 }
             END { print (a > 0) + (a == b) }"' "$halfulp"
    prints "what is too wide goes on below, indented, and loses nothing" yes bash -c \
        '[ "$(COLUMNS=50 "$0" size 7B --train mixed | tr -s " \n" " ")" = "$("$0" size 7B --train mixed | sed -E "s/ +[0-9.]+ GB.*//" | tr -s " \n" " ")" ] && echo yes' "$halfulp"
    prints "documents are not broken" true bash -c \
        'COLUMNS=20 "$0" size 7B --train mixed --json | jq -c "[.] == [$("$0" size 7B --train mixed --json | jq -c .)]"' "$halfulp"
    prints "at 40 columns a formula breaks at its spaces" 1 bash -c \
        'COLUMNS=40 "$0" dot -f e4m3 --model fma 1,2 3,4 | tr -s " \n" " " | grep -c "for sums rounded to nearest, n = "' "$halfulp"
    prints "a number stays with its unit" 3 bash -c 'COLUMNS=40 "$0" size 7B | grep -c "bytes .* bits$"' "$halfulp"
    prints "and a target's mark behind the bar" 16 bash -c \
        'COLUMNS=40 "$0" stats w.npy -t bf16,fp8_e4m3 | grep -cE "^  2\^.*%.* █$"' "$halfulp"
    unwrapped() { in_terminal 80 env TERM=dumb "$halfulp" show -f fp64,fp32,fp16 0.97 | grep -cE '^    0 [01]+ +[01]+$'; }
    prints "at 80 columns no field is broken" 3 unwrapped
else
    skip "lines fit the terminal" "no pseudo-terminal"
fi

# plain ASCII
is_ascii() { # COMMAND…: both its outputs are ASCII, and there is some
    LC_ALL=C "$@" >"$scratch/ascii" 2>&1 </dev/null
    [ -s "$scratch/ascii" ] || { echo "no output"; return 1; }
    if LC_ALL=C grep -n '[^ -~	]' "$scratch/ascii"; then return 1; fi
}
prints "a minus sign is one where the locale is not UTF-8" \
    '  value         -1.6015625 x 2^-4                                 -0.10009765625 exactly' \
    bash -c 'LC_ALL=C "$0" show -f bf16 -0.1 | grep "^  value"' "$halfulp"
prints "columns stay where they are" 1 bash -c \
    'LC_ALL=C "$0" show 0.1 | sed 1d | awk "{ print index(\$0, \"0x\") }" | sort -u | wc -l' "$halfulp"
prints "a UTF-8 locale that is not installed counts" '  value         −1 × 2^0                                          -1 exactly' \
    bash -c 'LC_ALL=xx_YY.UTF-8 "$0" show -f bf16 -1 | grep "^  value"' "$halfulp"
prints "one of another encoding does not" '  value         -1 x 2^0                                          -1 exactly' \
    bash -c 'LC_ALL=xx_YY.ISO-8859-1 "$0" show -f bf16 -1 | grep "^  value"' "$halfulp"
prints "JSON says the same in escapes" 'true' bash -c \
    '[ "$(LC_ALL=C "$0" size 7B --json | jq -c .)" = "$("$0" size 7B --json | jq -c .)" ] && echo true' "$halfulp"

# Two bytes of data, of tensors "重み" and "ab".
{
    header='{"重み":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"ab":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}'
    printf '%b' "\\x$(printf %02x "$(printf %s "$header" | wc -c)")\\0\\0\\0\\0\\0\\0\\0$header\\0\\0"
} >"$scratch/wide.safetensors"
prints "a wide character of a name takes two columns" "  重み    U8
  ab      U8" bash -c '"$0" tensors "$1" | sed -n "s/ *\[1\].*//p"' "$halfulp" "$scratch/wide.safetensors"
exits "a full disk is reported in ASCII too" 2 'standard output: No space left' bash -c 'LC_ALL=C "$0" table fp16 >/dev/full' "$halfulp"
for command in $("$halfulp" help | awk '/^  [a-z]/ { print $1 }'); do
    holds "$command --help is ASCII" is_ascii "$halfulp" "$command" --help
    holds "what $command says of a wrong option is ASCII" is_ascii "$halfulp" "$command" --wrong…
done
while read -r line; do
    eval "words=($line)"
    holds "$line is ASCII" is_ascii "$halfulp" "${words[@]}"
    holds "$line --json is ASCII" is_ascii "$halfulp" "${words[@]}" --json
done <<'EOT'
show 0.1
show -f bf16 -0.1
show -f fp64 5e-324
show -f e8m0 -1
limits
limits fp64 bf16 e8m0 int8
limits --explain
formats
table fp8_e4m3
verify -f fp8_e4m3 -t fp4
verify -f fp8_e4m3 -t fp4 -r all
size 7B --context 4096 --train mixed --memory H100-80GB --explain
size "$srcdir/fixtures/configs/llama-3-8b.json" --seq 4096 --micro-batch 1 --train mixed
size 7B 8B
tensors "$srcdir/fixtures/tensors/weights.npy"
stats "$srcdir/fixtures/tensors/weights.npy" -t bf16,fp8_e4m3,fp4_e2m1
stats "$srcdir/fixtures/tensors/weights.npy" -t fp8_e4m3 --scale block
EOT
holds "notes are ASCII" is_ascii "$halfulp" convert -t fp16 --via fp32 1.00048828126
holds "a message that quotes UTF-8 is ASCII" is_ascii "$halfulp" convert -t fp16 '½−1'
holds "vectors are ASCII" is_ascii "$halfulp" vectors -f fp16 -t fp8_e4m3
finish
