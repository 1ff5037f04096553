# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Files that are none of tensors, that change under our hands, or that cost too much; numbers of options.
. "$srcdir/tests/tap.sh"

cd "$scratch" || exit 1
if ! command -v python3 >/dev/null; then
    skip "faults" "no Python to write files"
    finish
    exit
fi

# What is no file of tensors is named, whatever it is called.
python3 - <<'EOP'
import gzip, bz2, lzma, pickle, struct, tarfile, zipfile, io
lfs = b'version https://git-lfs.github.com/spec/v1\noid sha256:' + b'4d' * 32 + b'\nsize 2336927\n'
onnx = b'\x08\x08\x12\x07pytorch\x1a\x031.9:\x10' + b'g' * 16
things = [
    ('lfs', lfs, r'Git LFS pointer and not the file itself, of 2336927 bytes'),
    ('lfs_old', lfs.replace(b'git-lfs.github', b'hawser.github'), r'Git LFS pointer'),
    ('lfs_sizeless', lfs[:50], r'Git LFS pointer and not the file itself: '),
    ('xet', b'# xet version 0\nfilesize = 5\n', r'git-xet pointer'),
    ('hdf5', b'\x89HDF\r\n\x1a\n' + b'\0' * 40, r'HDF5'),
    ('onnx', onnx, r'ONNX'),
    ('onnx_new', b'\x08\x0a:\x10' + b'g' * 16, r'ONNX'),
    ('pickle', pickle.dumps({'a': [1]}), r'Python pickle'),
    ('pickle2', pickle.dumps({'a': [1]}, 2), r'Python pickle'),
    ('html', b'<!DOCTYPE html>\n<html><body>404', r'HTML page'),
    ('html2', b'\n  <html lang="en">', r'HTML page'),
    ('html3', b'\xef\xbb\xbf<!doctype HTML>', r'HTML page'),
    ('xml', b'<?xml version="1.0"?><Error><Code>AccessDenied', r'XML document'),
    ('s3', b'<Error><Code>NoSuchKey', r'XML document'),
    ('json', b'{"error":"Repository not found"}', r'is JSON text'),
    ('text', b'Entry not found', r'is text: "Entry not found"'),
    ('latin', 'Nicht gefunden: \u00e4'.encode(), r'is text: "Nicht gefunden'),
    ('long_text', b'word ' * 1000, r'is text'),
    ('spaces', b' \n' * 20, r'white space'),
    ('gzip', gzip.compress(b'x'), r'by gzip'),
    ('bzip2', bz2.compress(b'x'), r'by bzip2'),
    ('xz', lzma.compress(b'x'), r'by xz'),
    ('zstd', b'\x28\xb5\x2f\xfd' + b'\0' * 20, r'by Zstandard'),
    ('lz4', b'\x04\x22\x4d\x18' + b'\0' * 20, r'by LZ4'),
    ('7z', b'7z\xbc\xaf\x27\x1c' + b'\0' * 20, r'7z archive'),
    ('rar', b'Rar!\x1a\x07\x01' + b'\0' * 20, r'RAR archive'),
    ('tflite', b'\x1c\0\0\0TFL3' + b'\0' * 20, r'TensorFlow Lite'),
    ('parquet', b'PAR1' + b'\1' * 20, r'Parquet'),
    ('arrow', b'ARROW1\0\0' + b'\1' * 20, r'Arrow'),
    ('matlab', b'MATLAB 5.0 MAT-file, Platform' + b' ' * 90, r'MATLAB'),
    ('sqlite', b'SQLite format 3\0' + b'\1' * 20, r'SQLite'),
    ('ggml', struct.pack('<I', 0x67676d6c) + b'\1' * 20, r'GGML file from before GGUF'),
    ('ggjt', struct.pack('<II', 0x67676a74, 3) + b'\1' * 20, r'GGJT file from before GGUF'),
    ('ggmf', struct.pack('<II', 0x67676d66, 1) + b'\1' * 20, r'GGMF file from before GGUF'),
    ('pdf', b'%PDF-1.7\n', r'PDF'),
    ('elf', b'\x7fELF' + b'\1' * 20, r'a program'),
    ('png', b'\x89PNG\r\n\x1a\n', r'PNG'),
    ('jpeg', b'\xff\xd8\xff\xe0', r'JPEG'),
    ('zeros', b'\0' * 5000, r'begins with nothing but zeros'),
    ('few_zeros', b'\0' * 50, r'nothing but zeros'),
    ('empty', b'', r'is empty'),
    ('cut_zip', b'PK\3\4' + b'\1' * 500, r'is a zip archive .*cut short'),
]
tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode='w') as t:
    t.addfile(tarfile.TarInfo('x'), io.BytesIO(b''))
things.append(('tar', tar.getvalue(), r'tar archive'))
header = b'{"w":{"dtype":"F32","shape":[100],"data_offsets":[0,400]}}'
whole = struct.pack('<Q', len(header)) + header + b'\1' * 400
for n in (7, 8, 20, 8 + len(header), len(whole) - 1):
    things.append(('download%d' % n, whole[:n], r'cut short|too short|claims'))
with open('things', 'w') as f:
    for name, content, pattern in things:
        for end in ('.safetensors', '.npy', '.gguf', '.pt', '.bin', ''):
            if name.startswith('download') and end != '.safetensors':
                continue
            open('t_' + name + end, 'wb').write(content)
            f.write('%s\tt_%s%s\t%s\n' % (name, name, end, pattern))
EOP
while IFS=$'\t' read -r name path pattern; do
    exits "named: $path" 2 "$path: .*($pattern)" "$halfulp" tensors "$path"
done <things
exits "a pointer is no raw array, even with a format" 2 'Git LFS pointer' "$halfulp" stats t_lfs.bin -f fp32
exits "nor an element of one" 2 'Git LFS pointer' "$halfulp" show 't_lfs.bin:fp32[0]'
exits "nor a config" 2 'Git LFS pointer' bash -c "cp t_lfs config.json; '$halfulp' size config.json"
exits "nor an index" 2 'HTML page' bash -c "cp t_html m.safetensors.index.json; '$halfulp' tensors m.safetensors.index.json"
exits "a name in .onnx" 2 'ONNX model, by its name' bash -c "printf '\\001\\002\\003\\004\\005\\006\\007\\377\\001' >x.onnx; '$halfulp' tensors x.onnx"
head -c 64 /dev/urandom >noise.bin
exits "of noise nothing is said but that a format is due" 2 'raw array, -f names' "$halfulp" stats noise.bin

# One place says what a path is.
npy() { # FILE DESCR BYTES
    python3 - "$@" <<'EOP'
import struct, sys
data = bytes.fromhex(sys.argv[3])
size = int(sys.argv[2][2:])
text = ("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }" % (sys.argv[2], len(data) // size)).encode()
text += b' ' * (-(len(text) + 11) % 64) + b'\n'
open(sys.argv[1], 'wb').write(b'\x93NUMPY\1\0' + struct.pack('<H', len(text)) + text + data)
EOP
}
npy W.NPY '<f4' 0000803f000000c0
cp W.NPY plain
cp W.NPY w.bin
for path in W.NPY plain w.bin; do
    exits "show knows $path as stats does" 0 '' "$halfulp" show "$path:[0]"
    exits "stats knows $path" 0 '' "$halfulp" stats "$path" -t bf16
done
exits "a format for what is no raw array" 2 'holds fp32 by its header' "$halfulp" stats w.bin -f bf16
exits "as in stats, so in show" 2 'holds fp32 by its header' "$halfulp" show 'w.bin:bf16[0]'
exits "cast knows a suffix in capitals" 2 'would be a .npy file.* that of a .npz archive' "$halfulp" cast W.NPY -t bf16 -o X.NPZ

# Opaque bytes.
npy v1.npy '|V1' 387c00
npy f1.npy '<f1' 387c00
for one in v1 f1; do
    kind=$(tr a-z A-Z <<<$one)
    prints "the dtype of $one.npy is what its header says" "$kind" bash -c "'$halfulp' tensors $one.npy 2>/dev/null | awk '\$1 == \"arr\" {print \$2}'"
    exits "and a note says what to do" 0 "opaque elements of 1 byte \($kind\).*-f FORMAT says which" "$halfulp" tensors $one.npy
    exits "without a format it has no numbers" 2 'no floating-point tensor.*-f FORMAT says what its opaque elements are' "$halfulp" stats $one.npy
    exits "nor is it copied as though it were integers" 2 '-f FORMAT says what' "$halfulp" cast $one.npy -t bf16 -o never.npy
    exits "an element wants a format" 2 "does not say what .*fp8_e4m3\[0\] would" "$halfulp" show "$one.npy:[0]"
    if command -v jq >/dev/null; then
        prints "and takes one" '"1"' bash -c "'$halfulp' show -f fp32 --json '$one.npy:fp8_e4m3[0]' | jq .exact"
        prints "or another" '"0.5"' bash -c "'$halfulp' show -f fp32 --json '$one.npy:fp8_e5m2[0]' | jq .exact"
        prints "infinity too" '"inf"' bash -c "'$halfulp' show -f fp32 --json '$one.npy:fp8_e5m2[1]' | jq .exact"
    fi
    exits "of two bytes is no element of one" 2 'has elements of 1 bytes' "$halfulp" show "$one.npy:fp16[0]"
    exits "stats with a format" 0 '' "$halfulp" stats $one.npy -f fp8_e5m2 -t bf16
done

# One reader of numbers, one wording.
says() { exits "$1 says '$3'" 2 "$2: '$3' is no whole number from $4 to $5" "$halfulp" "${@:6}"; }
for n in 0 1025 1e2 -1 2x 0x 0x401 1__0 _1 1_ '' ' 1' 2.0 99999999999999999999; do
    says cast --jobs "$n" 1 1024 cast W.NPY -t bf16 -o n.npy --jobs="$n"
    says stats --jobs "$n" 1 1024 stats W.NPY --jobs="$n"
done
for n in 0 1025 1e2 -1 0x 1__0; do
    says verify --jobs "$n" 1 1024 verify -f fp16 -t bf16 --jobs="$n"
done
says vectors --count 0 1 281474976710656 vectors -f fp16 -t bf16 --count=0
says cast --seed x 0 18446744073709551615 cast W.NPY -t bf16 -o n.npy --stochastic --seed=x
for n in 2 0x2 0X2 1_0 02; do
    exits "--jobs $n in cast" 0 '' "$halfulp" cast W.NPY -t fp16 -o n.npy --force --jobs "$n"
    exits "--jobs $n in stats" 0 '' "$halfulp" stats W.NPY --jobs "$n"
    exits "--jobs $n in verify" 0 '' "$halfulp" verify -f fp8_e4m3 -t fp4_e2m1 --jobs "$n"
done
exits "a seed in hexadecimal" 0 '' "$halfulp" cast W.NPY -t fp16 -o n.npy --force --stochastic --seed 0xffffffffffffffff
exits "decibels" 2 "--min-sqnr: 'x' is no number of decibels" "$halfulp" stats W.NPY --min-sqnr x
exits "a share" 2 "--max-overflow: '101%' is no count, and no share" "$halfulp" stats W.NPY --max-overflow 101%

# Integers alone are copied.
python3 - <<'EOP'
import json, struct
def write(path, tensors, metadata=None):
    header, at = {}, 0
    if metadata:
        header['__metadata__'] = metadata
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {'dtype': dtype, 'shape': shape, 'data_offsets': [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + b''.join(t[2] for t in tensors.values()))
write('i.safetensors', {'n': ('I64', [2], struct.pack('<2q', 1, -2)), 'b': ('BOOL', [3], b'\1\0\1')}, {'format': 'pt'})
write('none.safetensors', {})
write('a.safetensors', {'w': ('F32', [2], struct.pack('<2f', 1, 2))})
json.dump({'metadata': {'total_size': 27}, 'weight_map': {'n': 'i.safetensors', 'b': 'i.safetensors', 'w': 'a.safetensors'}}, open('s.safetensors.index.json', 'w'))
json.dump({'metadata': {'total_size': 19}, 'weight_map': {'n': 'i.safetensors', 'b': 'i.safetensors'}}, open('is.safetensors.index.json', 'w'))
EOP
npy n.npy '<i8' 01000000000000000200000000000000
npy big.npy '>i4' 0000000100000002
exits "a file of integers is copied, and that is said" 0 'note: i.safetensors has no floating-point tensor: all are copied as they are' "$halfulp" cast i.safetensors -t bf16 -o i2.safetensors
holds "byte for byte" cmp i.safetensors i2.safetensors
prints "one that a block format leaves is one" "i1.safetensors: 0 tensors to mxfp4, laid out as mx, 1 copied as it is; 4 bytes, before 4" \
    bash -c 'printf "\0\0\200\77" >i1.bin; "$0" cast i1.bin -f fp32 -t mxfp4 -o i1.safetensors' "$halfulp"
exits "and why, where nothing became blocks" 0 "no tensor is a matrix" "$halfulp" cast i1.bin -f fp32 -t mxfp4 -o i1.safetensors --force
exits "an array of integers too" 0 'its one is copied as it is' "$halfulp" cast n.npy -t bf16 -o n2.npy
holds "byte for byte as well" bash -c "tail -c 16 n.npy | cmp - <(tail -c 16 n2.npy) && '$halfulp' tensors n2.npy | grep -q 'I64 *\\[2\\]'"
exits "and big-endian ones" 0 'copied' "$halfulp" cast big.npy -t bf16 -o big2.npy
holds "which stay so" bash -c "grep -aq \"'>i4'\" big2.npy && tail -c 8 big.npy | cmp - <(tail -c 8 big2.npy)"
exits "a file without tensors" 0 'all are copied|no floating-point' "$halfulp" cast none.safetensors -t bf16 -o none2.safetensors
mkdir set
exits "shards of which one has integers alone" 0 '' "$halfulp" cast s.safetensors.index.json -t bf16 -o set/s.safetensors.index.json
exits "and a whole set of integers" 0 'copied as they are' bash -c "mkdir iset; '$halfulp' cast is.safetensors.index.json -t bf16 -o iset/is.safetensors.index.json"
exits "a name that none has is refused all the same" 2 'no tensor whose name matches' "$halfulp" cast i.safetensors -t bf16 -o i3.safetensors --tensor absent

# Files that change under our hands.
cat >change.py <<'EOP'
# change.py FILE SECONDS COMMAND…: runs COMMAND, stops it once it has mapped FILE, and cuts FILE by its last BYTES.
import os, signal, subprocess, sys, time
path, cut = sys.argv[1], int(sys.argv[2])
p = subprocess.Popen(sys.argv[3:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
until = time.time() + 30
seen = False
while time.time() < until and p.poll() is None:
    try:
        if os.path.basename(path) in open('/proc/%d/maps' % p.pid).read():
            seen = True
            break
    except OSError:
        pass
if seen:
    p.send_signal(signal.SIGSTOP)
    os.truncate(path, os.path.getsize(path) - cut)
    p.send_signal(signal.SIGCONT)
message = p.communicate()[1].decode()
sys.stderr.write(message)
if not seen:
    sys.stderr.write('unseen')
sys.exit(p.returncode if p.returncode >= 0 else 128 - p.returncode)
EOP
cuts() { # NAME BYTES PATTERN COMMAND…, over m.bin of 400 MB, most of it a hole
    truncate -s 400M m.bin
    printf '\001\002\003\004' | dd of=m.bin bs=1 seek=$((400 * 1024 * 1024 - 4)) conv=notrunc 2>/dev/null
    exits "$1" 2 "$3" python3 change.py m.bin "$2" "${@:4}"
    [ ! -e c.bin ] && pass "$1: nothing is written" || fail "$1: nothing is written"
    rm -f c.bin
}
short='m.bin.*(changed|became shorter) while it was read'
cuts "a cast whose source loses its last bytes" 2 "$short" "$halfulp" cast m.bin -f fp32 -t fp8_e4m3 -o c.bin --jobs 1
cuts "a cast whose source loses its half" $((200 * 1024 * 1024)) "$short" "$halfulp" cast m.bin -f fp32 -t fp8_e4m3 -o c.bin --jobs 1
cuts "stats whose source loses its last bytes" 2 "$short" "$halfulp" stats m.bin -f fp32 -t fp16 --jobs 1
cuts "a copy whose source loses its half blames the source" $((200 * 1024 * 1024)) "$short" "$halfulp" cast m.bin -f fp16 -t fp16 -o c.bin --jobs 1
rm -f m.bin
python3 - "$halfulp" <<'EOP' && pass "a header that is cut while it is parsed never ends in a signal" || fail "a header that is cut while it is parsed never ends in a signal"
import json, os, struct, subprocess, sys, threading, time
names = {'t%05d' % i: {'dtype': 'F32', 'shape': [1], 'data_offsets': [4 * i, 4 * i + 4]} for i in range(40000)}
header = json.dumps(names).encode()
whole = struct.pack('<Q', len(header)) + header + bytes(160000)
going = True
def toggle():
    while going:
        open('race.safetensors', 'wb').write(whole)
        time.sleep(0.003)
        os.truncate('race.safetensors', 5000)
        time.sleep(0.003)
open('race.safetensors', 'wb').write(whole)
t = threading.Thread(target=toggle)
t.start()
try:
    seen = set()
    for i in range(60):
        for command in (['tensors', 'race.safetensors'], ['size', 'race.safetensors'], ['stats', 'race.safetensors', '-t', 'bf16']):
            seen.add(subprocess.run([sys.argv[1]] + command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode)
finally:
    going = False
    t.join()
sys.exit(0 if seen <= {0, 2} else 'statuses %s' % seen)
EOP

# What a document may cost.
if [ -x /usr/bin/time ] && ! grep -q __asan_init "$halfulp"; then
    costs() { # NAME STATUS KILOBYTES COMMAND…
        local kilobytes status
        kilobytes=$(/usr/bin/time -f %M "${@:4}" 2>&1 >/dev/null | tail -1)
        "${@:4}" >/dev/null 2>&1
        status=$?
        if [ "$status" = "$2" ] && [ "$kilobytes" -lt "$3" ]; then pass "$1"; else fail "$1" "status $status, $kilobytes kB"; fi
    }
    python3 - <<'EOP'
import struct
room = 64 * 1024 * 1024 - 100
for name, unit in (('objects', '{},'), ('arrays', '[],'), ('strings', '"",'), ('numbers', '1,'), ('deep', '[')):
    open(name + '.json', 'w').write('{"model_type":"llama","x":[' + (unit * (room // len(unit))).rstrip(',') + ']}')
def header(path, text):
    text += b' ' * (-len(text) % 8)
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text)
header('rows.safetensors', b'{' + b','.join(b'"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % i for i in range(170000)) + b'}')
header('keys.safetensors', b'{"__metadata__":{' + b','.join(b'"%x":""' % i for i in range(850000)) + b'}}')
header('passed.safetensors', b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":[' + b','.join([b'{}'] * 3300000) + b']}}')
EOP
    for name in objects arrays strings numbers deep; do
        costs "a config of 64 MiB of $name within 90 MB" 2 90000 "$halfulp" size "$name.json"
    done
    exits "and is told what it would cost" 2 'objects.json: would take [0-9]+ MB of memory as it is read, and 64 MB are allowed' "$halfulp" size objects.json
    rm -f ./*.json
    # Headers of 10 MB each.
    for name in rows keys passed; do
        costs "a header of 10 MB, of $name, within 70 MB" 0 70000 "$halfulp" tensors "$name.safetensors"
        costs "and with --json" 0 70000 "$halfulp" tensors "$name.safetensors" --json
    done
else
    skip "what a document may cost" "no time(1), or AddressSanitizer"
fi

# Outputs.
exits "a limit of a file's size in show --svg is told as such" 2 'big.svg: File too large' bash -c "trap '' XFSZ; ulimit -f 2; '$halfulp' show -f all 0.1 1 2 3 4 5 6 7 8 9 --svg big.svg"
prints "and nothing is left" "" bash -c 'ls big.svg* 2>/dev/null'
finish
