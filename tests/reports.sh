# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# What show, tensors and stats say of odd names, odd data and narrow terminals.
. "$srcdir/tests/tap.sh" || exit 1

cd "${scratch:?}" || exit 1
py=python3
if ! command -v python3 >/dev/null || ! command -v jq >/dev/null; then
    skip "reports" "no Python or no jq"
    finish
    exit
fi

cat >make.py <<'PY'
import json, struct, sys
def raw(path, code, *values):
    open(path, 'wb').write(struct.pack('<%d%s' % (len(values), code), *values))
def npy(path, descr, data, shape):
    header = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n" % (descr, shape)).encode()
    open(path, 'wb').write(b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header + data)
def safetensors(path, names):
    text = json.dumps({n: {'dtype': 'F32', 'shape': [1], 'data_offsets': [4 * i, 4 * i + 4]} for i, n in enumerate(names)}).encode()
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + struct.pack('<%df' % len(names), *[1 + i for i in range(len(names))]))
raw('one.bin', 'f', 1.0)
raw('over.bin', 'f', 1e30, 1e30, 1e30)
raw('negative.bin', 'f', -1, 2, -3, 4)
raw('special.bin', 'f', 1, 2, 4, float('nan'), float('inf'))
raw('zeros.bin', 'f', 0, 0)
raw('nans.bin', 'f', float('nan'), float('nan'))
raw('outlier.bin', 'd', *[2.0**e for e in range(-30, 1)], 1e300)
raw('gaps.bin', 'd', 1.0, 8.0, 128.0)
raw('every.bin', 'd', *[2.0**e for e in range(-1074, 1024)])
npy('native.npy', 'f4', struct.pack('=f', 1.5), '(1,)')
npy('native2.npy', '=f4', struct.pack('=f', 1.5), '(1,)')
npy('native3.npy', '|f4', struct.pack('=f', 1.5), '(1,)')
npy('big.npy', '>f4', struct.pack('>f', 1.5), '(1,)')
npy(b'w\xff.npy', '<f4', struct.pack('<f', 1.5), '(1,)')
npy('e\x1b[31m&<"\u00e9.npy', '<f4', struct.pack('<f', 1.5), '(1,)')
safetensors('names.safetensors', ['emoji\U0001f600', 'emoji\u00e9', 'emojiab', 'e\x1b]0;x\x07'])
safetensors('same.safetensors', ['a'])
open('e\x1b[2J.bin', 'wb').write(struct.pack('<f', 1.5))
PY
"$py" make.py
printf 'PK\003\004and more of an archive' >z.npz
: >empty.bin

# A format's name is the format, whatever lies in the folder.
mkdir named && : >named/fp32 && : >named/fp16 && cp one.bin named/bf16
in_named() { (cd named && "$@"); }
prints "a file named as a format hides no encoding" 0.0078125 in_named bash -c '"$0" show --json fp32:0x3c000000 | jq -r .exact' "$halfulp"
prints "nor bytes in memory" 1 in_named bash -c '"$0" show --json fp32:le:0000803f | jq -r .exact' "$halfulp"
prints "nor a datum by name" -65504 in_named bash -c '"$0" show --json -- -fp16:max | jq -r .exact' "$halfulp"
if [ -x "$builddir/halfulp-view" ]; then
    prints "nor a value of view" fp32:0x3c000000 in_named bash -c '"$0" view --describe fp32:0x3c000000 | jq -r .value' "$halfulp"
else
    skip "nor a value of view" "halfulp-view was not built"
fi
prints "by its path the file is read" 1 in_named bash -c '"$0" show --json ./bf16:fp32[0] | jq -r .exact' "$halfulp"
exits "a path that is no file is said to be none" 2 "nofile.safetensors: No such file" "$halfulp" show 'nofile.safetensors:a[0,0]'
exits "so is one in a folder" 2 "no/file: No such file" "$halfulp" show 'no/file:fp32[0]'
exits "a word before a colon is still a format's" 2 "names no format" "$halfulp" show 'nofile:a'

# Names that are no UTF-8, or hold control characters.
bad=$'w\xff.npy'
replaced='w�.npy'
prints "tensors gives a file's name that is no UTF-8 as JSON" "$replaced" bash -c '"$0" tensors --json "$1" | jq -r .file' "$halfulp" "$bad"
prints "so does stats" "$replaced" bash -c '"$0" stats --json "$1" | jq -r .file' "$halfulp" "$bad"
prints "so does show" "$replaced:[0]" bash -c '"$0" show --json "$1:[0]" | jq -r .input' "$halfulp" "$bad"
printf '{"hidden_size": 64}' >bad.json
prints "so does a list of files" "$replaced" bash -c '"$0" tensors --json same.safetensors "$1" | jq -r ".files[1].file"' "$halfulp" "$bad"
mv same.safetensors $'s\xff.safetensors'
prints "so does size" 's�.safetensors' bash -c '"$0" size --json "$1" | jq -r .model.source' "$halfulp" $'s\xff.safetensors'
odd=$'e\033[31m&<"é.npy'
no_escapes() { "$@" >plain.txt && ! grep -q $'\033' plain.txt && grep -q '\\x1b' plain.txt; }
holds "show lets no escape sequence of a name through" no_escapes "$halfulp" show "$odd:[0]"
holds "nor in detail" no_escapes "$halfulp" show -f fp16 "$odd:[0]"
holds "nor does tensors" no_escapes "$halfulp" tensors "$odd"
holds "nor does stats" no_escapes "$halfulp" stats "$odd"
holds "nor in a list of tensors" no_escapes "$halfulp" stats names.safetensors
holds "nor does the name of a raw array" no_escapes "$halfulp" stats $'e\033[2J.bin' -f fp32
is_xml() { "$py" -c 'import sys, xml.dom.minidom as m; t = m.parse(sys.argv[1]).getElementsByTagName("text"); sys.exit(sys.argv[2] not in [x.firstChild.data for x in t])' "$@"; }
for name in "$odd" "$bad"; do
    "$halfulp" stats "$name" --svg s.svg --force >/dev/null
    "$halfulp" show "$name:[0]" --svg v.svg --force >/dev/null
    text=${name/$'\033'/�}
    text=${text/$'\xff'/�}
    holds "the drawing of stats is XML for any name" is_xml s.svg "$text"
    holds "so is that of show" is_xml v.svg "$text:[0]"
done

exits "nor does a message" 2 '^halfulp: tensors: a\\x1b\[31m: No such file' "$halfulp" tensors $'a\033[31m'
exits "nor that of another command" 2 '\\x1b' "$halfulp" convert -t fp16 $'1\033[31m'
cp one.bin $'\001.bin'
exits "a name's first character may be any" 0 "" "$halfulp" stats $'\001.bin' -f fp32
exits "after -- too" 0 "" "$halfulp" stats -f fp32 -- $'\001.bin'

# Dtypes without a byte order are the machine's.
for file in native native2 native3 big; do
    prints "$file.npy is read as NumPy reads it" 1.5 bash -c '"$0" show --json "$1.npy:[0]" | jq -r .exact' "$halfulp" $file
done

# What was lost, and what was not measured.
line() { "$halfulp" stats "$@" | sed -n 5p | tr -s ' '; }
head_line() { "$halfulp" stats "$@" | sed -n 4p | tr -s ' '; }
prints "elements that become NaN have a column" " target overflow to NaN to zero subnormal exact SQNR" head_line negative.bin -f fp32 -t e8m0
prints "and are counted in it" " e8m0 0 2 0 0 2 no error not safe" line negative.bin -f fp32 -t e8m0
prints "which is not there without them" " target overflow to zero subnormal exact SQNR" head_line negative.bin -f fp32 -t bf16
prints "cast shows them too" " e8m0 0 2 0 0 2 no error" bash -c '"$0" cast negative.bin -f fp32 -t e8m0 -o n.bin | sed -n 4p | tr -s " "' "$halfulp"
prints "where all overflow nothing is measured" " fp16 3 0 0 0 nothing measured not safe" line over.bin -f fp32 -t fp16
prints "which no limit makes safe" " fp16 3 0 0 0 nothing measured not safe" line over.bin -f fp32 -t fp16 --max-overflow 100%
prints "nor in JSON" '[null,0,false,null]' bash -c '"$0" stats over.bin -f fp32 -t fp16 --max-overflow 3 --json | jq -c "[.total[0].sqnr_db, .total[0].measured, .total[0].safe, .narrowest_safe]"' "$halfulp"
prints "of NaNs alone nothing is measured and nothing lost" " fp16 0 0 0 0 nothing measured safe" line nans.bin -f fp32 -t fp16
prints "of no elements neither" " fp16 0 0 0 0 nothing measured safe" line empty.bin -f fp32 -t fp16
"$py" -c "
import json, struct
text = json.dumps({'e': {'dtype': 'F32', 'shape': [0], 'data_offsets': [0, 0]}, 'f': {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}}).encode()
open('part.safetensors', 'wb').write(struct.pack('<Q', len(text)) + text + struct.pack('<f', 1))"
prints "a tensor of which nothing is measured is marked" 2 bash -c '"$0" stats part.safetensors -t fp16 | grep -cE "^  e +0 +0 +–   fp16$|^  – nothing measured"' "$halfulp"
prints "zeros that a format lacks leave no signal" " e8m0 0 0 0 0 no signal not safe" line zeros.bin -f fp32 -t e8m0
holds "a safe format without NaN and infinity is said to lose them" bash -c '
    "$0" stats special.bin -f fp32 -t fp6_e3m2 >notes &&
    grep -q "fp6_e3m2 has no NaN: a cast would make 1 NaN of the data the largest finite value" notes &&
    grep -q "fp6_e3m2 has no infinity: a cast would make 1 infinity of the data the largest finite value" notes' "$halfulp"
prints "one with both is not" 0 bash -c '"$0" stats special.bin -f fp32 -t fp16 | grep -c "has no"' "$halfulp"
prints "one that makes NaN of infinity says so" "  but fp8_e4m3 has no infinity: a cast would make 1 infinity of the data NaN" \
    bash -c '"$0" stats special.bin -f fp32 -t fp8_e4m3 | tail -1' "$halfulp"
agrees() { # FORMAT: what a cast makes of infinity
    "$halfulp" cast special.bin -f fp32 -t "$1" -o cast.bin --force >/dev/null 2>&1
    "$halfulp" show --json "cast.bin:$1[4]" | jq -r '.rows[0].class'
}
prints "and a cast does so" quiet_nan agrees fp8_e4m3
"$py" - "$halfulp" >near.txt <<'PY'
import json, struct, subprocess, sys
h = sys.argv[1]
open('near.bin', 'wb').write(struct.pack('<3f', 1.03, 0.7071, 0.5123))
run = lambda *a: subprocess.run([h, 'stats', 'near.bin', '-f', 'fp32', '-t', 'fp8_e4m3', *a], capture_output=True, text=True, check=True).stdout
ratio = json.loads(run('--json'))['total'][0]['sqnr_db']
for step, word in ((1e-7, 'not safe'), (-1e-7, 'safe')):
    line = [x for x in run('--min-sqnr', '%.17g' % (ratio + step)).split('\n') if 'dB' in x][0].split()
    shown = float(line[line.index('dB') - 1])
    assert (shown >= ratio + step) == (word == 'safe'), (line, ratio)
    assert ' '.join(line[line.index('dB') + 1:]) == word, line
print('agree')
PY
prints "a ratio beside the limit is shown on its side of it" agree cat near.txt

# The histogram.
prints "empty binades become one row" 1 bash -c '"$0" stats outlier.bin -f fp64 | grep -c "… 995 empty binades"' "$halfulp"
prints "so that all of the data is seen" 32 bash -c '"$0" stats outlier.bin -f fp64 | grep -c "^  2^.*3\.1250 %"' "$halfulp"
prints "two empty binades are rows, three are one" "2^7,… 3 empty binades,2^3,2^2,2^1,2^0" \
    bash -c '"$0" stats gaps.bin -f fp64 | sed -n "/^  binade/,/normal/p" | sed "1d;\$d" | sed "s/^  //;s/  .*//" | paste -sd,' "$halfulp"
width() { "$halfulp" stats "$@" --svg w.svg --force >/dev/null && sed -n 's/.*viewBox="0 0 \([0-9]*\) .*/\1/p' w.svg; }
holds "the drawing folds them too" [ "$(width outlier.bin -f fp64)" -lt 1000 ]
holds "and stays within bounds of any data" bash -c "[ $(width every.bin -f fp64) -lt 2200 ] && [ \$(grep -c '<title>2^' w.svg) = 2098 ]"

# A terminal of few columns.
widest() { "$py" -c 'import sys; print(max(len(l.rstrip("\n")) for l in sys.stdin if "(overflow of" not in l and "!" not in l))'; }
fits() { # COLUMNS FILE…
    local columns=$1 used
    shift
    used=$(COLUMNS=$columns "$halfulp" stats "$@" | widest)
    [ "$used" -le "$columns" ] || { echo "$used columns"; return 1; }
}
holds "tables fit 80 columns" fits 80 outlier.bin -f fp64
holds "and 50" fits 50 gaps.bin -f fp64
holds "with many targets too" fits 80 outlier.bin -f fp64 -t fp32,tf32,bf16,fp16,fp8_e5m2,fp8_e4m3,fp8_e4m3fnuz,fp8_e3m4,fp6_e3m2
holds "tables of several tensors too" fits 60 names.safetensors
"$py" - <<'PY'
import sys; sys.path.insert(0, '.')
import json, struct
names = ['model.layers.%d.post_attention_layernorm.some_longer_name.weight' % i for i in range(3)]
text = json.dumps({n: {'dtype': 'F32', 'shape': [1], 'data_offsets': [4 * i, 4 * i + 4]} for i, n in enumerate(names)}).encode()
open('long.safetensors', 'wb').write(struct.pack('<Q', len(text)) + text + bytes(12))
PY
holds "the list of tensors fits 80 columns" bash -c 'COLUMNS=80 "$0" tensors long.safetensors >list.txt && ! grep -q "^.\{81\}" list.txt && grep -q "^    F32 .* 1 .* 4$" list.txt' "$halfulp"
same_figures() { # all figures of the wide tables are in the narrow ones
    diff <("$halfulp" stats "$@" | sed '/^  binade/,/^$/d' | tr -s ' \n' '\n' | sort -u) \
        <(COLUMNS=50 "$halfulp" stats "$@" | sed '/^  binade/,/^$/d' | tr -s ' \n' '\n' | sort -u)
}
holds "and lose no figure" same_figures outlier.bin -f fp64 -t bf16,fp16
prints "without a terminal they are as wide as ever" "  bf16                             0               0               0               1     no error  safe" \
    bash -c 'unset COLUMNS; "$0" stats one.bin -f fp32 -t bf16 | sed -n 5p' "$halfulp"

# What is no file of tensors.
exits "a zip archive is called one" 2 "is a zip archive by its first bytes, and its directory, which stands at the end, is missing: the file is cut short$" "$halfulp" tensors z.npz
exits "in stats too" 2 "zip archive.*cut short$" "$halfulp" stats z.npz
exits "a file that is not there is no raw array" 2 "nofile: No such file or directory$" "$halfulp" stats nofile
exits "a dash is no file, wherever it comes from" 2 "a file is needed by its name, not standard input: write what comes to a file first" \
    bash -c '"$0" stats - -f fp32 <one.bin' "$halfulp"
exits "nor to tensors" 2 "a file is needed by its name, not standard input" "$halfulp" tensors -
exits "a folder is none, and what is in it is asked for" 2 "is a folder: name a file in it, or its .index.json" "$halfulp" tensors .
mkfifo pipe
exits "nor is a pipe" 2 "a file is needed, not a pipe" "$halfulp" stats pipe -f fp32
exits "nor one that says what it holds" 2 "a file is needed, not a pipe" "$halfulp" stats pipe
exits "a format that fp64 does not hold is said to be wider" 2 "holds e15m0, whose values fp64 does not hold" "$halfulp" stats one.bin -f e15m0
exits "one byte is left over" 2 "and 1 byte is left over" bash -c 'head -c 5 special.bin >five.bin; "$0" stats five.bin -f fp32' "$halfulp"
exits "one element is no elements" 2 "has 1 element$" "$halfulp" show one.bin:fp32[1]
prints "nor in a report" "one.bin: 1 tensor, 1 element" bash -c '"$0" stats one.bin -f fp32 | head -1' "$halfulp"

# Patterns, and files among others.
prints "a ? of a pattern is a character" '["emoji😀","emojié"]' bash -c '"$0" stats names.safetensors --tensor "emoji?" --json | jq -c "[.tensors[].name]"' "$halfulp"
prints "whatever the locale" '["emoji😀","emojié"]' bash -c 'LC_ALL=C "$0" stats names.safetensors --tensor "emoji[!x]" --json | jq -c "[.tensors[].name]"' "$halfulp"
exits "a pattern that matches nothing is told" 0 "no tensor whose name matches absent" "$halfulp" stats names.safetensors --tensor 'emoji*' --tensor 'absent*'
exits "a file that cannot be read is told" 2 "absent.npy: No such file" "$halfulp" tensors native.npy absent.npy big.npy
prints "and those around it are listed" "native.npy big.npy" bash -c '"$0" tensors native.npy absent.npy big.npy 2>/dev/null | grep npy | paste -sd" "' "$halfulp"
prints "in one document" '["native.npy","big.npy"]' bash -c '"$0" tensors --json native.npy absent.npy big.npy 2>/dev/null | jq -c "[.files[].file]"' "$halfulp"
prints "and of none there is no document" "" "$halfulp" tensors --json absent.npy none.npy
finish
