# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Breaks the rounding one rule at a time: each time the conversion tests must fail; and then the
# kernels of arrays, which the array tests must notice.
. "$srcdir/tests/tap.sh"
cc=${CC-cc}
# A test that fails leaks what it held: that is no finding here.
export ASAN_OPTIONS=detect_leaks=0

sources="convert.c convert.h rounding.h codec.c specials.c"

# Mutants are made and tried in folders of their own, $here, as many at once as there are processors;
# what each printed comes out in order.
workers=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
attempt() { # COMMAND…, which prints one result
    while [ "$(jobs -rp | wc -l)" -ge "$workers" ]; do wait -n; done
    here=$scratch/$tests
    mkdir "$here"
    "$@" >"$here.tap" &
    tests=$((tests + 1))
}

results() {
    wait
    for ((i = 0; i < tests; i++)); do cat "$scratch/$i.tap"; done
    finish
}

compile() { # FLAGS… SOURCE OBJECT
    # shellcheck disable=SC2086
    $cc $MUTATION_CFLAGS -include "$builddir/config.h" "${@:1:$#-2}" -c "${@: -2:1}" -o "${@: -1}"
}

build() { # the conversion tests with the sources in $here/src instead of ours
    # The mutants precede the library, so the library's own copies are not pulled in.
    for source in convert codec specials; do
        compile -I"$srcdir/src" "$here/src/$source.c" "$here/$source.o" || return 1
    done
    # shellcheck disable=SC2086
    $cc $MUTATION_CFLAGS -o "$here/mutant" "$builddir/tests/test_convert.o" "$here/convert.o" \
        "$here/codec.o" "$here/specials.o" "$builddir/libreference.a" "$builddir/libhalfulp-text.a" "$builddir/libhalfulp.a" $MUTATION_LIBS
}

fails() { # the conversion tests on the mutant, quick ones first
    for test in special_codes* defects_of_peers* boundaries_of_small*; do
        timeout 120 "$here/mutant" -j1 --filter "convert/$test" >"$here/log" 2>&1 || return 0
    done
    return 1
}

fresh() {
    mkdir -p "$here/src"
    for source in $sources; do cp "$srcdir/src/$source" "$here/src/"; done
}

try_mutant() { # NAME FILE sed-expression
    fresh
    sed -i "$3" "$here/src/$2"
    if cmp -s "$here/src/$2" "$srcdir/src/$2"; then
        fail "$1" "the mutation changed nothing: $3"
    elif ! build >"$here/build" 2>&1; then
        fail "$1" "the mutant does not build: $(head -n 5 "$here/build")"
    elif fails; then
        pass "$1"
    else
        fail "$1" "no test noticed: $3"
    fi
}
mutate() { attempt try_mutant "$@"; }

try_unchanged() {
    fresh
    if build >"$here/build" 2>&1 && ! fails; then
        pass "the unchanged source passes"
    else
        fail "the unchanged source passes" "$(tail -n 5 "$here/build" "$here/log" 2>/dev/null)"
    fi
}

if [ ! -e "$builddir/tests/test_convert.o" ]; then
    skip "mutations" "the conversion tests were not built"
    finish
    exit
fi
attempt try_unchanged
mutate "ties to even taken for ties away" rounding.h 's/(tail | cut.odd)/true/'
mutate "ties to even taken for ties toward zero" rounding.h 's/(tail | cut.odd)/tail/'
mutate "ties to odd instead of even" rounding.h 's/(tail | cut.odd)/(tail | !cut.odd)/'
mutate "a tie away goes down" rounding.h 's/return cut.fraction >= half;/return cut.fraction > half;/'
mutate "the sticky bits are dropped" rounding.h 's/!fraction \&\& !sticky,/!(fraction >> 62) \&\& !sticky,/'
mutate "what lies far below is exact" rounding.h 's/(struct hu_cut){0, fraction, false,/(struct hu_cut){0, fraction, !fraction,/'
mutate "overflow begins one code early" rounding.h 's/code > to->max_finite/code >= to->max_finite/'
mutate "overflow begins one code late" rounding.h 's/code > to->max_finite/code > to->max_finite + 1/'
mutate "overflow never reaches infinity" specials.c 's/return !sign;/return false;/'
mutate "overflow raises no inexact" specials.c 's/HU_OVERFLOW | HU_INEXACT/HU_OVERFLOW/'
mutate "subnormals are shifted one too few" rounding.h 's/quantum = to->quantum_min;/quantum = to->quantum_min - 1;/'
mutate "subnormals are flushed" rounding.h 's/if (code == 0 \&\& !to->scale \&\& !to->negative_zero)/if (code <= hu_trailing_mask(to->format) \&\& !to->scale)/'
mutate "tininess is always found before rounding" rounding.h 's/return !(carries \&\& .*/return true;/'
mutate "up and down are exchanged" rounding.h 's/return !sign;/return SIGN;/; s/return sign;/return !sign;/; s/SIGN/sign/'
mutate "to odd always goes up" rounding.h 's/return !cut.odd;/return true;/'
mutate "a NaN stays signaling" specials.c 's/uint64_t code = hu_default_nan_code(to);/uint64_t code = hu_infinity_code(to);/'
mutate "a signaling NaN is not invalid" specials.c 's/if (nan.class == HU_SIGNALING_NAN)/if (false)/'
mutate "payloads are dropped" specials.c 's/code |= nan.significand >>.*/;/'
mutate "FNUZ keeps a negative zero" rounding.h 's/!to->negative_zero)/false)/'
mutate "saturation forgets infinities" specials.c 's/hu_has_infinity(to) \&\& !options->saturate/hu_has_infinity(to)/'
mutate "an infinity is rounded by the direction" specials.c 's/if (hu_has_nan(to) \&\& !options->saturate)/if (hu_has_nan(to) \&\& !options->saturate \&\& overflows_to_infinity(options->direction, sign))/'
mutate "subnormals decode with the leading one" codec.c 's/trailing ? HU_SUBNORMAL : HU_ZERO, sign, trailing,/trailing ? HU_SUBNORMAL : HU_ZERO, sign, trailing | (hu_trailing_mask(f) + 1),/'

# Rooms of their own: a mutant is one of the room's files, compiled from a copy of the room.

declare -A suite=([array]=array [loss]=statistics)
declare -A tests_of=(
    [array]='every_count* stochastic_rounding_depends* every_pair* the_callers* few_elements* fp32_converts*'
    [loss]='a_* what_* instruction_sets* block_scales* fp32_agrees* tensor_scales* formats_counted*'
)

fresh_room() { # ROOM
    mkdir -p "$here/src"
    cp -r "$srcdir/src/$1" "$here/src/"
}

build_unit() { # ROOM UNIT
    compile -I"$here/src/$1" -I"$here/src" -I"$srcdir/src" "$here/src/$1/$2.c" "$here/$2.o" || return 1
    # shellcheck disable=SC2086
    $cc $MUTATION_CFLAGS -o "$here/mutant" "$builddir/tests/test_${suite[$1]}.o" "$here/$2.o" \
        "$builddir/libmemory.a" "$builddir/libreference.a" "$builddir/libhalfulp-text.a" "$builddir/libhalfulp.a" $MUTATION_LIBS
}

unit_fails() { # ROOM
    for test in ${tests_of[$1]}; do
        timeout 120 "$here/mutant" -j1 --filter "${suite[$1]}/$test" >"$here/log" 2>&1 || return 0
    done
    return 1
}

try_unit() { # NAME ROOM UNIT FILE sed-expression
    fresh_room "$2"
    sed -i "$5" "$here/src/$2/$4"
    if cmp -s "$here/src/$2/$4" "$srcdir/src/$2/$4"; then
        fail "$1" "the mutation changed nothing: $5"
    elif ! build_unit "$2" "$3" >"$here/build" 2>&1; then
        fail "$1" "the mutant does not build: $(head -n 5 "$here/build")"
    elif unit_fails "$2"; then
        pass "$1"
    else
        fail "$1" "no test noticed: $5"
    fi
}
mutate_unit() { attempt try_unit "$@"; }

try_unchanged_unit() { # NAME ROOM UNIT
    fresh_room "$2"
    if build_unit "$2" "$3" >"$here/build" 2>&1 && ! unit_fails "$2"; then
        pass "$1"
    else
        fail "$1" "$(tail -n 5 "$here/build" "$here/log" 2>/dev/null)"
    fi
}
unchanged() { attempt try_unchanged_unit "$@"; }

# Kernels of arrays.

mutate_kernel() { # NAME KERNEL FILE sed-expression
    mutate_unit "$1" array "$2" "$3" "$4"
}

unchanged "the unchanged kernels pass" array dispatch
mutate_kernel "the environment's direction is left as it is" dispatch dispatch.c \
    's/environment_enter(options->direction)/environment_enter(HU_TIES_TO_EVEN)/'
mutate_kernel "a plan forgets the index that a piece starts at" dispatch dispatch.c \
    's/return p->row(p, dst, src, n, first);/return p->row(p, dst, src, n, 0);/'
mutate_kernel "a plan is kept for another direction" dispatch dispatch.c \
    's/return a->direction == b->direction \&\& /return /'
mutate_kernel "tables are used where codes have more than one answer" table table.c \
    's/(exact || p->options.direction != HU_STOCHASTIC)/true/'
mutate_kernel "a packed code loses a bit" table table.c 's/6 \* k \& 63/6 * k \& 31/'
mutate_kernel "negative codes are taken for those above zero" table table.c \
    's/t->halves = codes == TABLE_CODES \&\& .*/t->halves = false;/'
mutate_kernel "integers have the same range on both sides" plan plan.c \
    's/k->sided = k->overflow\[0\] != k->overflow\[1\];/k->sided = false;/'
mutate_kernel "tiny elements are those of another unit" plan plan.c 's/k->least_normal - unit \/ 2/k->least_normal/'
mutate_kernel "a tie at the top of a word goes up" portable lanes_round.h \
    's/return add_bit(x + splat(k->low >> 1), x, k->drop);/return x + splat((k->low >> 1) + 1);/'
mutate_kernel "the last element is not written" portable lanes_row.h \
    's/hu_array_bytes(p->to, left));/hu_array_bytes(p->to, left - 1));/'
mutate_kernel "the last byte keeps bits of elements beyond" portable lanes_bytes.h 's/if (bits % 8)/if (false)/'
mutate_kernel "tiny elements are not looked at" portable lanes_seen.h \
    's/seen.small = k->tiny\[0\] > k->tiny\[1\] ? .*/seen.small = 0;/'
mutate_kernel "overflow is not looked for" portable lanes_seen.h 's/seen.large = k->greatest;/;/'
mutate_kernel "a signaling NaN raises nothing in lanes" portable lanes_seen.h \
    's/seen->flags |= HU_INVALID;/;/'
mutate_kernel "random numbers repeat from step to step" portable lanes_seen.h 's/r->low_index += STEP;/;/'
mutate_kernel "a fraction of one half is none" portable lanes_round.h 's/two_to_31 - 1/two_to_31/'
mutate_kernel "subnormals of 16 bits are taken for normal" portable lanes_load.h \
    's/x = pick(above(splat(1u << 23), x), subnormal, normal);/x = normal;/'
mutate_kernel "FP64 forgets what FP32 drops" portable lanes_load.h \
    's/return (x | ((x + low) \& longs_of(UINT64_C(1) << FP64_DROP))) \& ~low;/return x \& ~low;/'
mutate_kernel "FP64 below FP32 is zero" portable lanes_load.h 's/return sign | (magnitude != 0);/return sign;/'
mutate_kernel "FP64 beyond FP32 overflows nothing" portable lanes_row.h \
    's/magnitude >= FP64_ABOVE_FP32 \&\& magnitude < FP64_INFINITE/false/'
if [ "$(uname -m)" = x86_64 ] && grep -q avx2 /proc/cpuinfo; then
    mutate_kernel "the hardware's overflow is not read" avx2 environment.h 's/raised & 0x08/raised \& 0x04/'
    mutate_kernel "a carry at random the wrong way" avx2 lanes_random.h 's/(~bits << 32)/(bits << 32)/'
    mutate_kernel "the other half of a table is looked up too" avx2 lanes_bytes.h 's/splat_8(0xf0)/splat_8(0)/'
    mutate_kernel "a table's signs are left out" avx2 lanes_bytes.h 's/splat_8(t->sign\[plane\])/splat_8(0)/'
    mutate_kernel "table flags end with the first step" avx2 lanes_bytes.h \
        's/looks = flags_seen(&seen) != t->all_flags;/looks = false;/'
    mutate_kernel "sixes come from the wrong bytes" avx2 lanes_avx2.h 's/10, 12, 13, 14, -1, -1, -1, -1));/10, 12, 13, 15, -1, -1, -1, -1));/'
else
    attempt skip "mutations of the x86 kernels" "this machine has no AVX2"
fi

# What a cast loses.

mutate_loss() { # NAME UNIT FILE sed-expression
    mutate_unit "$1" loss "$2" "$3" "$4"
}
export HALFULP_KERNEL=portable
unchanged "the unchanged statistics pass" loss pass
mutate_loss "what is clamped counts only beyond the bound" pass pass_lanes.h \
    's/size >= least + to_overflow/size > least + to_overflow/'
mutate_loss "what is clamped keeps its value" pass pass_lanes.h 's/near = near < most ? near : most;/(void)most;/'
mutate_loss "zeros count as lost" pass pass_lanes.h 's/(WORD)(r == 0) & (WORD)(size != 0)/(WORD)(r == 0)/'
mutate_loss "a quotient is not rounded to fp32" pass pass_lanes.h 's/in_fp32 ? (REAL)(float)/in_fp32 ? (REAL)/'
mutate_loss "scales below the type's normal numbers are walked" pass pass.c 's/low >= 1 - bias/low >= -bias/'
mutate_loss "scales of short rows run on" chunk_loss chunk_loss.c 's/row > HU_CHUNK ||/row > 0 ||/'
mutate_loss "the greatest by a scale cannot overflow" chunk_loss chunk_loss.c 's/near.divisor < t->overflow_from\[0\]/near.divisor < HUGE_VAL/'
mutate_loss "what a scale makes too small is gone" chunk_loss scratch.h 's/scaled == 0 \&\& x != 0/false/'
mutate_loss "a tensor's scale may be no fp32" chunk_loss scratch.h 's/return fmin(fmax(scale, FLT_TRUE_MIN), FLT_MAX);/return greatest \/ t->max_finite;/'
mutate_loss "infinite relative errors are summed" chunk_loss chunk_loss.c 's/if (!isfinite(from_bits(b, e.max_relative)))/if (false)/'
mutate_loss "zeros have relative errors" loss loss.c 's/l->measured - l->zeros/l->measured/'
mutate_loss "overflows that saturate have no errors" chunk_loss chunk_loss.c 's/if (clipped \&\& t->saturates)/if (false)/'
mutate_loss "codes forget the tensor's scale" statistics statistics.c 's/tensor_scale(&plan->targets\[t\], g->spread.greatest)/1/'
unset HALFULP_KERNEL
results
