# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# cast: the files that it writes, what it refuses to write, and sets of shards that stay whole.
. "$srcdir/tests/tap.sh"

cd "$scratch" || exit 1
if ! command -v python3 >/dev/null; then
    skip "cast" "no Python to write files of tensors"
    finish
    exit
fi

cat >files.py <<'EOP'
import json, os, struct, sys

def write(path, tensors):
    header, at = {}, 0
    for name, (dtype, data) in tensors.items():
        size = {'F32': 4, 'BF16': 2, 'I64': 8}[dtype]
        header[name] = {'dtype': dtype, 'shape': [len(data) // size], 'data_offsets': [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(data for _, data in tensors.values()))

# A set of SHARDS in FOLDER, of BYTES each.
def write_set(folder, shards, size):
    os.makedirs(folder)
    for name in shards:
        write(os.path.join(folder, name), {name + '.w': ('F32', struct.pack('<f', 1.5) * (size // 4))})
    with open(os.path.join(folder, 'm.safetensors.index.json'), 'w') as f:
        json.dump({'metadata': {'total_size': size * len(shards)},
                   'weight_map': {name + '.w': name for name in shards}}, f)
EOP
python3 - <<'EOP'
import sys; sys.path.insert(0, '.')
import files, struct
files.write_set('two', ['a.safetensors', 'b.safetensors'], 4096)
files.write_set('odd', ['a.part', 'b.part'], 64)
files.write_set('large', ['a.safetensors', 'b.safetensors', 'c.safetensors'], 4 << 20)
files.write_set('many', ['%03d.safetensors' % i for i in range(300)], 64)
files.write('one.safetensors', {'w': ('F32', struct.pack('<4f', 1, 2, 3, 4))})
EOP
head -c 64 /dev/zero >zeros.bin
npy() { # FILE COUNT: an array of fp32 zeros
    python3 - "$1" "$2" <<'EOP'
import struct, sys
n = int(sys.argv[2])
text = ("{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % n).encode()
text += b' ' * (-(len(text) + 11) % 64) + b'\n'
open(sys.argv[1], 'wb').write(b'\x93NUMPY\1\0' + struct.pack('<H', len(text)) + text + bytes(4 * n))
EOP
}
npy five.npy 5
index=m.safetensors.index.json
sums() { (cd "$1" && find . -type f -exec cksum {} + | sort); }
export -f sums

# Where the files go.
mkdir collide
refuses_shard_name() { exits "$1" 2 'index .*collide/a.* of shard .*/a\.' "$halfulp" cast "$2/$index" -t bf16 -o "collide/$3" "${@:4}"; }
refuses_shard_name "an index under a shard's name" two a.safetensors
refuses_shard_name "an index under a shard's name, by force" two a.safetensors --force
refuses_shard_name "an index under the name of a shard without a suffix" odd a.part --force
prints "nothing is written of a set whose names collide" "" ls collide
ln -s a.part collide/alias
echo old >collide/a.part
exits "an index whose link leads to a shard" 2 'would take the place of shard' "$halfulp" cast "odd/$index" -t bf16 -o collide/alias --force
prints "what the link leads to is as it was" old cat collide/a.part
exits "a shard of the source as OUT" 2 "a\.safetensors" "$halfulp" cast "two/$index" -t bf16 -o two/a.safetensors --force
holds "shards may be without a suffix" bash -c "mkdir plain && '$halfulp' cast odd/$index -t bf16 -o plain/index.json && [ \$(ls plain | wc -l) = 3 ]"
exits "but no index, which its name alone tells" 2 'other would be an index.*\.safetensors\.index\.json would be right' "$halfulp" cast "odd/$index" -t bf16 -o plain/other
prints "and nothing is written then" 3 bash -c 'ls plain | wc -l'
holds "a folder whose name has .json in it holds no index" bash -c "mkdir x.json && '$halfulp' cast one.safetensors -t bf16 -o x.json/a.safetensors && '$halfulp' cast x.json/a.safetensors -t fp16 -o x.json/b.safetensors && [ \$(ls x.json | wc -l) = 2 ]"

due() { exits "$1 as $3" 2 "$4 would be right" "$halfulp" cast "$2" -t bf16 -o "$3" "${@:5}"; }
due "safetensors" one.safetensors d.npy ' \.safetensors'
due "safetensors" one.safetensors d.index.json ' \.safetensors'
due ".npy" five.npy d.npz '\.npy'
due "an index" two/$index d.safetensors '\.safetensors\.index\.json'
due "a raw array" zeros.bin d.npy '\.bin' -f fp32
due "a raw array" zeros.bin d.npz '\.bin' -f fp32
prints "nothing is written under another kind's suffix" "" bash -c 'ls -d d.* 2>/dev/null'
holds "OUT may have no known suffix" bash -c "'$halfulp' cast five.npy -t fp16 -o plain.out && '$halfulp' cast plain.out -t fp32 -o plain.npy && cmp five.npy plain.npy"

# The order of a raw array's bytes; the right ones by Python's struct.
python3 - <<'EOP'
import struct
values = (0.1, -2.0, 65504.0, 1 / 3, 1e-7, float('inf'))
for code, size in (('e', 2), ('f', 4), ('d', 8)):
    for order, name in (('<', 'le'), ('>', 'be')):
        open(f'{name}{size}.bin', 'wb').write(struct.pack(f'{order}6{code}', *values))
EOP
for cast in '4 fp32 fp16 2' '4 fp32 fp64 8' '4 fp32 bf16 2' '4 fp32 fp8_e4m3 1' '4 fp32 fp32 4' '2 fp16 fp32 4' '2 fp16 fp16 2' '8 fp64 fp32 4'; do
    read -r size from to bytes <<<"$cast"
    "$halfulp" cast le$size.bin -f $from -t $to -o le.out --force >/dev/null
    holds "-f $from:be to $to is $from's array of the other order" bash -c \
        '"$0" cast be$1.bin -f $2:be -t $3 -o be.out --force && cmp le.out be.out' "$halfulp" $size $from $to
    prints "-f $from:be to $to has all elements" $((6 * bytes)) stat -c %s be.out
done
prints "a raw array is written with the least significant byte first" "662e 00c0 ff7b 5535 0200 007c" bash -c \
    '"$0" cast be4.bin -f fp32:be -t fp16 -o be.out --force >/dev/null && od -An -v -tx1 -w2 be.out | tr -d " " | xargs' "$halfulp"
holds "eight bytes are turned too" bash -c '"$0" cast be8.bin -f fp64:be -t fp64 -o be.out --force && cmp be.out le8.bin' "$halfulp"
exits "-t takes no order" 2 '"fp16:be" is not a format' "$halfulp" cast be4.bin -f fp32:be -t fp16:be -o never.bin
exits "-f FORMAT:be of what says its order" 2 'says the order of its bytes itself' "$halfulp" cast five.npy -f fp32:be -t fp16 -o never.npy

exits "a stream as OUT" 2 "to a file.* not go to a stream" "$halfulp" cast zeros.bin -f fp32 -t bf16 -o -
prints "no file is called -" "" bash -c 'ls ./- 2>/dev/null'
exits "a pipe as OUT" 2 "no regular file" bash -c "'$halfulp' cast zeros.bin -f fp32 -t bf16 -o /dev/stdout --force | cat >/dev/null; exit \${PIPESTATUS[0]}"

mkdir real
echo old >real/t.bin
chmod 640 real/t.bin
ln -s real/t.bin link.bin
ln -s nowhere dangling.bin
exits "a link as OUT" 2 "link.bin exists; --force" "$halfulp" cast zeros.bin -f fp32 -t bf16 -o link.bin
prints "by force the file that a link leads to is replaced, with its mode, and the link stays" "real/t.bin 32 640 t.bin" \
    bash -c "'$halfulp' cast zeros.bin -f fp32 -t bf16 -o link.bin --force >/dev/null && echo \$(readlink link.bin) \$(stat -c '%s %a' real/t.bin) \$(ls real)"
prints "what a link leads to is written where it is not there yet" "nowhere 32" \
    bash -c "'$halfulp' cast zeros.bin -f fp32 -t bf16 -o dangling.bin >/dev/null && echo \$(readlink dangling.bin) \$(stat -c %s \$(readlink dangling.bin))"
mkdir far
ln -s far/middle.bin first.bin
ln -s ../far/last.bin far/middle.bin
prints "links are followed from their own folders" "far/middle.bin ../far/last.bin 32" \
    bash -c "'$halfulp' cast zeros.bin -f fp32 -t bf16 -o first.bin >/dev/null && echo \$(readlink first.bin far/middle.bin) \$(stat -c %s far/last.bin)"
ln -s round.bin round.bin
exits "a link to itself as OUT" 2 "leads to no file" "$halfulp" cast zeros.bin -f fp32 -t bf16 -o round.bin --force
ln -s none/x.bin nowhere.bin
exits "a link into a folder that is not there" 2 "No such file" "$halfulp" cast zeros.bin -f fp32 -t bf16 -o nowhere.bin
ln -s /dev/null null.bin
exits "a link to a device as OUT" 2 "no regular file" "$halfulp" cast zeros.bin -f fp32 -t bf16 -o null.bin --force
prints "a drawing through a link" "svg" bash -c "ln -s drawn.svg l.svg; '$halfulp' show -f fp16 1 --svg l.svg >/dev/null && grep -o -m1 svg drawn.svg | head -1"
exits "a link to a folder as OUT" 2 "is a folder" bash -c "ln -s real folder.bin; '$halfulp' cast zeros.bin -f fp32 -t bf16 -o folder.bin --force"
# Integers: rounded, cut to the ends, and 0 for a NaN.
python3 - <<'EOP'
import sys; sys.path.insert(0, '.')
import files, struct
files.write('numbers.safetensors', {'w': ('F32', struct.pack('<8f', 1.5, -2.5, 300, float('nan'), -1e10, 0.49, 7, float('inf')))})
EOP
integers() { # FILE: its dtypes and bytes, behind the header of 8 elements of SIZE bytes
    "$halfulp" tensors "$1" --json | jq -r '.tensors[0].dtype' && tail -c "$2" "$1" | od -An -v -tx1 | tr -d ' \n'
}
while read -r dtype name size bytes; do
    "$halfulp" cast numbers.safetensors -t "$dtype" -o "$dtype.safetensors" >/dev/null 2>&1
    prints "a cast to $dtype" "$name
$bytes" integers "$dtype.safetensors" "$size"
done <<'EOT'
int8 I8 8 02fe7f008000077f
uint8 U8 8 0200ff00000007ff
int16 I16 16 0200feff2c010000008000000700ff7f
uint16 U16 16 020000002c010000000000000700ffff
int32 I32 32 02000000feffffff2c01000000000000000000800000000007000000ffffff7f
uint32 U32 32 02000000000000002c01000000000000000000000000000007000000ffffffff
int64 I64 64 0200000000000000feffffffffffffff2c010000000000000000000000000000001cf4abfdffffff00000000000000000700000000000000ffffffffffffff7f
EOT
exits "what becomes of NaNs and infinities is told" 0 '1 NaN became 0: int8 has no NaN' "$halfulp" cast numbers.safetensors -t int8 -o told.safetensors
exits "an infinity becomes an end" 0 '1 infinity became the nearest end of its range: int8' "$halfulp" cast numbers.safetensors -t int8 -o told.safetensors --force
prints "and what was lost" "2 1 1" sh -c '"$1" cast numbers.safetensors -t int8 -o told.safetensors --force --json 2>/dev/null | jq -r ".total[0] | \"\(.overflow) \(.underflow) \(.exact)\""' - "$halfulp"
while read -r dtype descr; do
    "$halfulp" cast five.npy -t "$dtype" -o "$dtype.npy" >/dev/null
    prints "NumPy calls $dtype $descr" 1 sh -c 'head -c 64 "$1" | tail -c 54 | grep -c -F "$2"' - "$dtype.npy" "'$descr'"
done <<'EOT'
int8 |i1
uint16 <u2
int32 <i4
uint64 <u8
EOT
exits ".npy has no int4" 2 "cannot hold int4: NumPy's integers have 8 bits" "$halfulp" cast five.npy -t int4 -o never.npy
exits "nor has safetensors" 2 'no dtype for int4.*I8 to I64' "$halfulp" cast one.safetensors -t int4 -o never.safetensors
exits "packed elements in .npy, however many" 2 'fp6_e2m3.*-t fp6_e2m3_unpacked' "$halfulp" cast five.npy -t fp6_e2m3 -o e.npy

# What is rounded, and what is not.
"$halfulp" cast five.npy -t fp16 -o drawn.npy --stochastic --seed 3 >/dev/null
"$halfulp" cast five.npy -t fp16 -o direction.npy -r stochastic --seed 3 >/dev/null
holds "stochastic is a direction as well" cmp drawn.npy direction.npy
exits "--stochastic and then -r" 2 "--stochastic is a direction" "$halfulp" cast zeros.bin -f fp32 -t bf16 -o e.bin --stochastic -r rup
exits "-r and then --stochastic" 2 "--stochastic is a direction" "$halfulp" cast zeros.bin -f fp32 -t bf16 -o e.bin -r rne --stochastic
codes() { # WIDTH: every code of 8 or 16 bits, or around the infinities of more, little-endian
    python3 - "$1" <<'EOP'
import sys
w = int(sys.argv[1])
k = {8: 0, 16: 0, 32: 8, 64: 11}[w]
top = ((1 << k) - 1) << (w - 1 - k)
n = range(1 << w) if not k else [s << (w - 1) | c for s in (0, 1) for c in
     (0, 1, top - 1, top, top + 1, top | 1 << (w - 2 - k), (1 << (w - 1)) - 1)]
sys.stdout.buffer.write(b''.join(c.to_bytes(w // 8, 'little') for c in n))
EOP
}
for pair in fp64:64 fp32:32 bf16:16 fp16:16 fp8_e5m2:8 fp8_e4m3:8 fp8_e4m3fnuz:8 e8m0:8 e5m10:16; do
    format=${pair%:*}
    codes "${pair#*:}" >codes.bin
    holds "$format to $format keeps every bit, signalling NaNs' too" bash -c "
        for how in '' '-r rup' '-r rto' '--stochastic --seed 3'; do
            '$halfulp' cast codes.bin -f $format -t $format -o same.bin --force \$how && cmp codes.bin same.bin || exit 1
        done"
done
codes 16 >codes.bin
cat >saturated.py <<'EOP'
import struct, sys
a, b = (struct.unpack('<65536H', open(n, 'rb').read()) for n in sys.argv[1:3])
infinity = int(sys.argv[3], 16)
assert all(y == (x - 1 if x & 0x7fff == infinity else x) for x, y in zip(a, b))
EOP
for pair in bf16:7f80 fp16:7c00; do
    holds "--saturate of ${pair%:*} to itself changes infinities alone" bash -c "
        '$halfulp' cast codes.bin -f ${pair%:*} -t ${pair%:*} -o same.bin --force --saturate && python3 saturated.py codes.bin same.bin ${pair#*:}"
done
python3 - <<'EOP'
import sys; sys.path.insert(0, '.')
import files, struct
files.write('mixed.safetensors', {'f': ('F32', struct.pack('<2f', 1, 2)), 'h': ('BF16', b'\x81\x7f\x01\0\x81\xff')})
EOP
holds "a tensor that has the format already keeps its bits beside one that is rounded" bash -c "
    '$halfulp' cast mixed.safetensors -t bf16 -o mixed_bf16.safetensors && [ \"\$(tail -c 10 mixed_bf16.safetensors | od -An -tx1)\" = ' 80 3f 00 40 81 7f 01 00 81 ff' ]"
printf '\0\0\200\277\0\0\200\077\0\0\0\300' >negative.bin
if command -v jq >/dev/null; then
    prints "and all of it counts as exact" '[3,0,2]' bash -c "'$halfulp' cast mixed.safetensors -t bf16 -o mixed_bf16.safetensors --force --json | jq -c '.total[0] | [.exact, .overflow, .nan]'"
else
    skip "and all of it counts as exact" "no jq"
fi
exits "what e8m0 makes of negative values is said" 0 "note: 2 negative values became NaN: e8m0" "$halfulp" cast negative.bin -f fp32 -t e8m0 -o f.bin

# A set stays whole.
mkdir set
"$halfulp" cast two/$index -t bf16 -o set/$index >/dev/null
sums set >before
exits "a set is not replaced without --force" 2 "exists; --force" "$halfulp" cast two/$index -t fp16 -o set/$index
prints "and is as it was" "$(cat before)" sums set
holds "by force a set is replaced, and nothing is left beside it" bash -c "'$halfulp' cast two/$index -t fp16 -o set/$index --force && '$halfulp' tensors set/$index | grep -q 'F16 *2 ' && [ \$(ls -A set | wc -l) = 3 ]"
rm set/b.safetensors
echo old >set/a.safetensors
exits "one shard that is there" 2 "set/a.safetensors exists" bash -c "rm set/$index; '$halfulp' cast two/$index -t fp16 -o set/$index"
prints "and nothing is written beside it" a.safetensors ls -A set
holds "by force shards are replaced and written alike" bash -c "'$halfulp' cast two/$index -t fp16 -o set/$index --force && '$halfulp' tensors set/$index && [ \$(ls -A set | wc -l) = 3 ]"
rm -r set

if mkdir small && mount -t tmpfs -o size=20m none small 2>/dev/null; then
    "$halfulp" cast large/$index -t bf16 -o small/$index >/dev/null
    sums small >before
    exits "a full disk in the middle of a set" 2 "No space left" "$halfulp" cast large/$index -t fp64 -o small/$index --force
    prints "the old set is whole and alone" "$(cat before)" sums small
    touch other
    mount --bind other small/b.safetensors
    exits "a shard that cannot be replaced in the end" 2 "b.safetensors: .*; all files of the set are as before" "$halfulp" cast large/$index -t fp16 -o small/$index --force
    umount small/b.safetensors
    prints "shards that were replaced before it are put back" "$(cat before)" sums small
    rm small/a.safetensors
    sums small >before
    mount --bind other small/$index
    exits "an index that cannot be replaced" 2 "all files of the set are as before" "$halfulp" cast large/$index -t fp16 -o small/$index --force
    umount small/$index
    prints "a shard that was not there before is gone again" "$(cat before)" sums small
    umount small
else
    skip "a full disk in the middle of a set" "only root can mount a small one"
fi

# What ends the command while it writes.
mkdir set
"$halfulp" cast large/$index -t bf16 -o set/$index >/dev/null
sums set >before
cp -r large endless
python3 - <<'EOP'
import json, struct
n = 12 << 30
text = json.dumps({'c.safetensors.w': {'dtype': 'F32', 'shape': [n // 4], 'data_offsets': [0, n]}}).encode()
text += b' ' * (-len(text) % 8)
with open('endless/c.safetensors', 'wb') as f:
    f.write(struct.pack('<Q', len(text)) + text)
    f.truncate(8 + len(text) + n)
EOP
has_unnamed() { python3 -c 'import os; os.close(os.open(".", os.O_TMPFILE | os.O_WRONLY))' 2>/dev/null; }
for signal in KILL TERM INT HUP; do
    if [ $signal = KILL ] && ! has_unnamed; then
        skip "SIG$signal while a set is written leaves the old one whole and alone" "the file system has no files without a name"
        continue
    fi
    # A process in the background ignores SIGINT, and one of nohup SIGHUP; a child inherits that.
    python3 - "$halfulp" cast endless/$index -t fp8_e4m3 -o set/$index --force --jobs 1 <<EOP
import os, signal, subprocess, sys, time
for s in signal.SIGINT, signal.SIGHUP, signal.SIGTERM:
    signal.signal(s, signal.SIG_DFL)
p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
time.sleep(0.3)
p.send_signal(signal.SIG$signal)
sys.exit(p.wait() != -signal.SIG$signal)
EOP
    ended=$?
    prints "SIG$signal while a set is written leaves the old one whole and alone" "0 $(cat before)" bash -c "echo $ended \"\$(sums set)\""
done
rm -r endless
"$halfulp" cast large/$index -t fp64 -o set/$index --force >/dev/null
sums set >after
for signal in KILL TERM; do
    whole=yes
    for delay in 0.005 0.01 0.015 0.02 0.03 0.04; do
        "$halfulp" cast large/$index -t bf16 -o set/$index --force >/dev/null
        "$halfulp" cast large/$index -t fp64 -o set/$index --force --jobs 1 >/dev/null 2>&1 &
        sleep $delay
        kill -$signal $! 2>/dev/null
        wait $! 2>/dev/null
        # Once the set is complete SIGKILL may leave names behind that old files or new ones had.
        if [ $signal = KILL ]; then find set -name '*.*.*[0-9a-f]' -delete; fi
        sums set >now
        cmp -s before now || cmp -s after now || whole=$(ls -lA set)
    done
    if [ "$whole" = yes ]; then pass "SIG$signal at any time leaves one set or the other"; else fail "SIG$signal at any time leaves one set or the other" "$whole"; fi
done
rm -r set

holds "300 shards with few open files allowed at first" bash -c "ulimit -Sn 64; mkdir all && '$halfulp' cast many/$index -t bf16 -o all/$index && '$halfulp' cast many/$index -t fp16 -o all/$index --force && [ \$(ls -A all | wc -l) = 301 ] && '$halfulp' tensors all/$index | grep -q 'F16 *300 '"
sums all >before
for limit in 400 200; do
    exits "300 shards where $limit files may be open" 2 "all files of a set are open at once, and only $limit may be; 'ulimit -n'" bash -c "ulimit -n $limit; '$halfulp' cast many/$index -t bf16 -o all/$index --force"
done
holds "stats of 300 shards with few open files allowed at first" bash -c "ulimit -Sn 64; '$halfulp' stats many/$index -t bf16"
prints "of which none is replaced" "$(cat before)" sums all
rm -r all

if grep -q __asan_init "$halfulp"; then
    skip "a set that can only be written under names" "AddressSanitizer wants /proc"
elif [ "$(id -u)" = 0 ] && unshare -m mount -t tmpfs none /proc 2>/dev/null; then
    cat >named.sh <<EOS
mount -t tmpfs none /proc || exit 1
mkdir named && '$halfulp' cast large/$index -t bf16 -o named/$index >/dev/null && [ \$(ls -A named | wc -l) = 4 ] || exit 1
'$halfulp' cast large/$index -t fp16 -o named/$index --force >/dev/null && [ \$(ls -A named | wc -l) = 4 ] || exit 1
sums named >before
'$halfulp' cast large/$index -t bf16 -o named/$index 2>/dev/null && exit 1
(ulimit -f 4096; '$halfulp' cast large/$index -t fp32 -o named/$index --force 2>/dev/null) && exit 1
sums named | cmp before -
EOS
    holds "a set that can only be written under names" unshare -m bash named.sh
else
    skip "a set that can only be written under names" "only root can hide /proc"
fi
finish
