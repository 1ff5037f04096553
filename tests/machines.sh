# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Another machine's program says, byte for byte, what this machine's says. $halfulp is the other's,
# by way of an emulator; $NATIVE this one's.
. "$srcdir/tests/tap.sh"
native=$NATIVE
cd "$scratch" || exit 1

same() { # NAME ARGUMENT…: status and both streams
    local name=$1
    shift
    "$native" "$@" >ours 2>&1 </dev/null
    echo "status $?" >>ours
    "$halfulp" "$@" >theirs 2>&1 </dev/null
    echo "status $?" >>theirs
    # Decibels are a log10 of the C library's, whose last digit is the machine's.
    sed -E -i 's/("sqnr_db": -?[0-9]+\.[0-9]{10})[0-9]*/\1/' ours theirs
    if cmp -s ours theirs; then pass "$name"; else fail "$name" "$* — $(diff ours theirs | head -n 10)"; fi
}

# Values.
every=fp64,fp32,tf32,bf16,fp16,fp8_e5m2,fp8_e4m3,fp8_e4m3fnuz,fp6_e3m2,fp4_e2m1,e8m0,e11m52,e15m48
for value in 0.1 1/3 -0x1.fffffep127 1e-45 9007199254740993 5e-324 1e400 -0 nan snan inf 65520 0.97 16777217 123456789.123456789 1e-400; do
    same "$value in every format" show --json -f $every -- $value
    same "$value for people" show -f $every -- $value
done
for direction in rne rna rtz rup rdn rto; do
    same "directions: $direction" convert -t fp16 -r $direction --flags --values 0.1 -1/3 65519.99 65520 1e-8 -1e-8 0x1.fffp-15
    same "encodings: $direction" convert -f fp64 -t fp32 -r $direction --flags 3fb999999999999a 7ff0000000000001 36a0000000000001 c7efffffefffffff
done
same "limits" limits --json
same "limits for people" limits --explain fp32 fp8_e4m3
same "every code of a format" table fp16
same "every code of a small one" table fp8_e4m3

# Arrays and what a cast loses.
python3 - <<'EOF'
import random, struct
r = random.Random(11)
def value(i):
    kind = i % 16
    if kind == 0: return 0.0
    if kind == 1: return r.gauss(0, 1) * 2.0 ** r.randint(-140, 100)
    if kind == 2: return r.choice([448.0, 464.0, 65504.0, 65520.0, 6.0, 1e-40, -1e-44])
    return r.gauss(0, 0.05)
x = [value(i) for i in range(5008)]
single = struct.pack('<5008f', *x)
open('fp32.bin', 'wb').write(single)
open('fp64.bin', 'wb').write(struct.pack('<5008d', *[v * 1.1 for v in x]))
open('bf16.bin', 'wb').write(b''.join(single[i + 2:i + 4] for i in range(0, len(single), 4)))
open('fp16.bin', 'wb').write(struct.pack('<5008e', *[max(-60000, min(60000, v)) for v in x]))
odd = bytearray(single)
odd[400:404] = b'\0\0\x80\x7f'; odd[8000:8004] = b'\1\0\x80\xff'; odd[-4:] = b'\0\0\xc0\x7f'
open('odd.bin', 'wb').write(odd)
header = b'{"w":{"dtype":"F32","shape":[5008],"data_offsets":[0,20032]}}'
header += b' ' * (-len(header) % 8)
open('w.safetensors', 'wb').write(struct.pack('<Q', len(header)) + header + single)
def npy(name, descr, data):
    text = "{'descr': '%s', 'fortran_order': False, 'shape': (5008,), }" % descr
    text += ' ' * (-(len(text) + 11) % 64) + '\n'
    open(name, 'wb').write(b'\x93NUMPY\1\0' + struct.pack('<H', len(text)) + text.encode() + data)
npy('little.npy', '<f4', single)
npy('big.npy', '>f4', struct.pack('>5008f', *struct.unpack('<5008f', single)))
EOF
targets=fp32,tf32,bf16,fp16,fp8_e4m3,fp8_e5m2,fp6_e2m3,fp4_e2m1,e8m0
for source in fp32 fp64 bf16 fp16; do
    for scale in none tensor block; do
        same "what $source loses, scale $scale" stats $source.bin -f $source -t $targets --scale $scale --json
    done
    same "what $source loses, away from zero" stats $source.bin -f $source -t $targets -r rup --saturate --json
done
same "NaNs and infinities" stats odd.bin -f fp32 -t $targets --json
for file in w.safetensors little.npy big.npy; do
    same "$file is listed" tensors --json $file
    same "what $file loses" stats $file -t bf16,fp8_e4m3,fp64 --json
done
same "an element" show --json "w.safetensors:w[2]"
same "an element of a big-endian array" show --json "big.npy:[-3]"

alike() { # NAME OUT ARGUMENT…: the file that a cast writes
    local name=$1 out=$2
    shift 2
    mkdir -p ours.d theirs.d
    if "$native" cast "$@" -o ours.d/$out --force && "$halfulp" cast "$@" -o theirs.d/$out --force &&
        cmp ours.d/$out theirs.d/$out; then pass "$name"; else fail "$name" "cast $*"; fi
}
for to in bf16 fp8_e5m2 fp6_e3m2 fp4_e2m1 fp64; do alike "fp32 is cast to $to" out.bin fp32.bin -f fp32 -t $to; done
alike "draws are the same" out.bin fp32.bin -f fp32 -t bf16 --stochastic
alike "a safetensors file" w.safetensors w.safetensors -t fp16
alike "a big-endian array" big.npy big.npy -t fp16

# The judge: MPFR's answers on the other machine.
same_verdict() { # NAME ARGUMENT…
    local name=$1
    shift
    holds "$name" "$halfulp" verify "$@"
}
same_verdict "its kernels are right" -f fp16,fp8_e4m3,fp6_e3m2,fp4_e2m1,bf16 -t fp8_e5m2,fp32,fp6_e2m3,tf32 -r all
same_verdict "fp64 at boundaries" -f fp64 -t fp16,bf16 --count 2000
# Of the boundaries of fp32, which are as many as its codes, a share.
same_verdict "fp64 at some boundaries of fp32" -f fp64 -t fp32 --count 2000 --shard 1/20000
same "recorded results are written alike" vectors -f fp32 -t fp16 --count 3000
for config in "$srcdir"/fixtures/configs/llama*.json; do same "sizes of $(basename "$config")" size "$config" --json --train adamw --seq 4096; done
finish
