# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Breaks the rounding one rule at a time: each time the conversion tests must fail; and then the
# kernels of arrays, which the array tests must notice.
[ -z "${SANITIZERS-}" ] || { echo '1..0 # SKIP mutants are tried without the sanitizers'; exit 0; }
. "$srcdir/tests/tap.sh"
cc=${CC-cc}

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

declare -A suite=([array]='array draws' [loss]='statistics pass' [block]='block block_encode')
declare -A tests_of=(
    [array]='every_kernel_converts* every_count* stochastic_rounding_depends* every_pair* the_callers* few_elements* one_element_any* every_code_raises* ties_of* bits_beyond* fp32_converts* fp64_converts* a_kept* plans_that* formats_that*'
    [block]='every_block_of* fast_encoders_meet_* fast_decoders_* fast_* encoders_meet_* searches_* ggml_s_own* ends_of*'
    [loss]='a_* what_* block_scales* fp32_agrees* tensor_scales* formats_counted* instruction_sets_round* quotients_of_fp32*'
)

fresh_room() { # ROOM
    mkdir -p "$here/src"
    cp -r "$srcdir/src/$1" "$here/src/"
}

build_unit() { # ROOM UNIT
    compile -I"$here/src/$1" -I"$here/src" -I"$srcdir/src" "$here/src/$1/$2.c" "$here/$2.o" || return 1
    local objects=
    for each in ${suite[$1]}; do objects+=" $builddir/tests/test_$each.o"; done
    # shellcheck disable=SC2086
    $cc $MUTATION_CFLAGS -o "$here/mutant" $objects "$here/$2.o" \
        "$builddir/libmemory.a" "$builddir/libreference.a" "$builddir/libhalfulp-text.a" "$builddir/libhalfulp.a" $MUTATION_LIBS
}

unit_fails() { # ROOM
    for test in ${tests_of[$1]}; do
        timeout 120 "$here/mutant" -j1 --filter "*/$test" >"$here/log" 2>&1 || return 0
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
    's/environment_enter(p->load_in)/environment_enter(HU_TIES_TO_EVEN)/'
mutate_kernel "a plan forgets the index that a piece starts at" dispatch dispatch.c \
    's/return p->row(p, dst, src, n, first);/return p->row(p, dst, src, n, 0);/'
mutate_kernel "a plan is kept for another direction" dispatch dispatch.c \
    's/return p->wanted == options->direction \&\& /return /'
mutate_kernel "a plan that the caller keeps is not looked at" dispatch dispatch.c \
    's/if (!is_plan(p, kernel, to, from, options, false))/if (!p->to)/'
mutate_kernel "tables are used where codes have more than one answer" table table.c \
    's/ \&\& p->options.direction != HU_STOCHASTIC;/;/'
mutate_kernel "a chance has one byte" table table.c 's/{low <= high,/{false,/'
mutate_kernel "what overflows goes up at random" table table.c 's/return below > to->max_finite ? 0 : /return /'
mutate_kernel "a packed code loses a bit" table table.c 's/(x \& codes << width) << (8 - width)/(x \& codes << (width - 1)) << (8 - width)/'
mutate_kernel "the fourth of four bytes is another's" table table.c 's/words\[codes\[i + 3\]\]/words[codes[i + 2]]/'
mutate_kernel "codes that stand alone get what others do" table_sums table_sums.c 's/if (!alone)/if (true)/'
mutate_kernel "a table is looked up before it is made" dispatch dispatch.c 's/p->quick = ready \&\& /p->quick = /'
mutate_kernel "a shared plan is anybody's" dispatch dispatch.c 's/while (s \&\& !(is_plan(.*/while (s \&\& !(s->plan.kernel == kernel \&\& same_format(\&s->to, to) \&\&/'
mutate_kernel "an integer's words are rounded in the wrong direction" table table.c \
    's/direction != HU_TIES_TO_AWAY \&\&/true \&\&/'
mutate_kernel "a table's subnormals leave a mark" table table.c 's/p->environment \&= disturbing ||/p->environment \&=/'
mutate_kernel "integers have the same range on both sides" plan plan.c \
    's/k->sided = k->overflow\[0\] != k->overflow\[1\];/k->sided = false;/'
mutate_kernel "tiny elements are those of another unit" plan plan.c 's/k->least_normal - unit \/ 2/k->least_normal/'
mutate_kernel "what is below zero becomes a zero on the way to a scale" plan plan.c 's/(p->round != ROUND_SCALE || p->w.integer)/true/'
mutate_kernel "integers without sign go along as those with one" plan plan.c 's/p->w.below_zero \&\& (goes_along(p) || /(goes_along(p) || /'
mutate_kernel "a scale goes up by its first two bits" plan plan.c 's/(direction <= HU_TOWARD_ZERO || direction == HU_TO_ODD)/true/'
mutate_kernel "ties go along" plan plan.c 's/(direction == HU_TOWARD_ZERO || direction/(direction <= HU_TOWARD_ZERO || direction/'
mutate_kernel "a tie goes up at the top of a word" plan plan.c 's/{below_half, half}/{half, half}/'
mutate_kernel "inexact is not made odd" plan plan.c 's/\.odd = options->direction == HU_TO_ODD,/.odd = 0,/'
mutate_kernel "the bit that a carry asks for is not looked at" portable_rounds lanes_round.h 's/splat(k->add\[1\]), splat/splat(k->add[0]), splat/'
mutate_kernel "a stage does what it does not heed" portable part_roads.h 's/ \&\& way->care >= wanted.care//'
mutate_kernel "an integer's tie goes toward zero" portable_rounds part_rounds.h 's/half = 0x3f000000/half = 0x3effffff/'
mutate_kernel "numbers below zero have scales" portable_bytes part_bytes.h 's/if (any(below_zero(x\[0\] |.*/if (false)/'
mutate_kernel "the last element is not written" portable lanes_row.h \
    's/copy_vectors(dst, codes, out);/copy_vectors(dst, codes, out - 1);/'
mutate_kernel "what is beside the last element raises flags" portable lanes_row.h 's/(vec)longs_of(p->harmless)/splat(0)/'
mutate_kernel "FP64 is loaded in the direction asked for" portable lanes_row.h 's/environment_turn(p->load_in);/;/'
mutate_kernel "few elements are rounded as FP64 is loaded" portable lanes_row.h \
    '/few_stages/,$s/environment_turn(p->round_in);/;/'
mutate_kernel "few elements lose a direction" dispatch dispatch.c 's/p->few \&\& !p->flags/p->few/'
mutate_kernel "bits behind the last element are one" portable lanes_row.h 's/if (split)/if (false)/'
mutate_kernel "tiny elements are not looked at" portable lanes_seen.h \
    's/seen.small = k->tiny\[0\] > k->tiny\[1\] ? .*/seen.small = 0;/'
mutate_kernel "overflow is not looked for" portable lanes_seen.h 's/seen.large = k->greatest;/;/'
mutate_kernel "a signaling NaN raises nothing in lanes" portable_loads lanes_seen.h \
    's/seen->flags |= HU_INVALID;/;/'
mutate_kernel "random numbers repeat from step to step" portable_bytes lanes_seen.h 's/r->word += LANES;/;/'
mutate_kernel "draws begin with whole words" portable_bytes lanes_seen.h 's/i \* LANES + r->share/i * LANES/'
mutate_kernel "all words have the same keys" dispatch dispatch.c 's/UINT64_C(1) << 34/UINT64_C(1) << 35/'
mutate_kernel "a byte decides where it ties" portable_bytes part_bytes.h 's/if (any_mark(tied))/if (false)/'
mutate_kernel "all of a draw is not looked at" portable_bytes part_bytes.h 's/(significand << (64 - shift) >> 32) > draw/(0) > draw/'
mutate_kernel "what rounds nothing is drawn where it rounds" table table.c 's/return code == 1u << p->from->width;/return true;/'
mutate_kernel "an integer is drawn from what is below it" portable_rounds lanes_whole.h 's/field - fine/fine - field/'
mutate_kernel "a scale's least are drawn" portable_loads lanes_random.h 's/if (k->floor)/if (false)/'
mutate_kernel "subnormals of 16 bits are taken for normal" portable_loads lanes_load.h \
    's/vec y = sub_float_where(.*/vec y = x + h->rebias;/'
mutate_kernel "NaNs of 16 bits are numbers" portable_loads lanes_load.h 's/or_where(special, y, h->infinite)/y/'
mutate_kernel "FP32 has 16 bits' other NaNs as they are" portable_loads lanes_stage.h 's/if (p->w.payloads \&\& p->w.sign) words/if (true) words/'
mutate_kernel "what overflows 16 bits begins anew" portable_bytes part_bytes.h \
    's/clamps ? smaller_float(magnitude, splat(k->clamp)) : magnitude/magnitude/'
mutate_kernel "FP64 forgets what FP32 drops" portable_loads lanes_load.h \
    's/low |= (low + drop) \& last, /low |= (low + drop) \& last \& 0, /'
mutate_kernel "integers forget what FP32 drops" portable_loads lanes_load.h \
    's/((x \& splat(0xff)) + splat(0xff))/(x \& splat(0xff))/'
mutate_kernel "signs stay in the sums" portable_bytes lanes_round.h 's/directed ? ~SIGN : UINT32_MAX/UINT32_MAX/'
mutate_kernel "integers that do not overflow lose digits" plan plan.c \
    's/p->k.limit <= (24 + FP32_BIAS) << FP32_TRAILING;/true;/'
mutate_kernel "FP64 below FP32 is zero" portable_loads lanes_load.h 's/words\[i\] |= 1;/;/'
mutate_kernel "FP64 beyond FP32 overflows nothing" portable_loads part_loads.h \
    's/magnitude >= FP64_ABOVE_FP32 \&\& magnitude < FP64_INFINITE/false/'
mutate_kernel "to odd an integer is what is below" portable_bytes part_bytes.h 's/return k->odd ? whole | (opposite \& splat(1)) : whole;/return whole;/'
mutate_kernel "a NaN is no zero among integers" portable_bytes part_bytes.h 's/pick(is_nan(x\[i\]), splat(0), x\[i\])/x[i]/'
mutate_kernel "int32 to odd is toward zero" portable_rounds part_rounds.h 's/keep(unequal(whole, x), splat(1))/splat(0)/'
mutate_kernel "int32 is drawn below zero as above" portable_rounds part_rounds.h 's/pick_by_sign(x, -rest, rest)/rest/'
mutate_kernel "infinities are made NaNs with ties away" portable_loads lanes_load.h 's/load_away_spared(w, x, src);/;/'
# Exponents far beyond FP32's have a test of their own.
array_tests=${tests_of[array]}
tests_of[array]='codes_with*'
mutate_kernel "far below FP32 ties are even" portable_far part_far.h 's/scaled | sign | splat(f->last)/scaled | sign/'
mutate_kernel "far below FP32 the direction is upward" portable_far part_far.h 's/signs \& splat(f->signs)/splat(0)/'
mutate_kernel "far below FP32 to odd is toward zero" portable_far part_far.h 's/word |= keep(unequal(lost/word |= keep(equal(lost/'
mutate_kernel "far beyond FP32 all overflow as what is above zero" portable_far part_far.h 's/if (f->signs)$/if (false)/'
mutate_kernel "far beyond FP32 nothing is raised" portable_far part_far.h 's/c->raised |= HU_OVERFLOW | HU_INEXACT;/;/'
mutate_kernel "far below FP32 nothing is raised" portable_far part_far.h 's/c->raised |= HU_UNDERFLOW | HU_INEXACT;/;/'
mutate_kernel "FP32's subnormals are far codes as they are" portable lanes_seen.h 's/seen.small = k->digit;/seen.small = 0;/'
mutate_kernel "FP32's subnormals have a leading one far away" portable_loads lanes_round.h 's/sub_float(finite + unit, unit)/(finite + unit)/'
mutate_kernel "far at random tf32 is drawn" plan_far plan_far.c 's/<= WORD_TRAILING \&\& !random/<= WORD_TRAILING/'
mutate_kernel "all of FP32's digits are there far below it" plan_far plan_far.c 's/return p->to->trailing_bits <= WORD_TRAILING/return true/'
if [ "$(uname -m)" = x86_64 ] && grep -q avx2 /proc/cpuinfo; then
    mutate_kernel "what lifts far words raises flags" avx2 lanes_row.h 's/p->load == LOAD_FAR ? 0 : p/p/'
fi
tests_of[array]=$array_tests
if [ "$(uname -m)" = x86_64 ] && grep -q avx2 /proc/cpuinfo; then
    mutate_kernel "FP64's tie goes toward zero" avx2_rounds lanes_whole.h 's/0x3fe0000000000000/0x3fdfffffffffffff/'
    mutate_kernel "a draw leaves all of one" avx2_rounds lanes_whole.h 's/(draw ^ longs_of(UINT32_MAX)) | unit/draw | unit/'
    mutate_kernel "the hardware's overflow is not read" avx2 environment.h 's/raised & 0x08/raised \& 0x04/'
    mutate_kernel "a carry at random the wrong way" avx2_loads lanes_random.h 's/(~bits << 32)/(bits << 32)/'
    mutate_kernel "what raises more is not looked for" avx2_table part_table.h 's/from == src || any_within/from == src || !any_within/'
    mutate_kernel "halves below the floor go on" avx2_halves part_halves.h 's/floor ? larger_16(magnitude\[i\], t->floor)/floor ? magnitude[i]/'
    mutate_kernel "codes of other blocks get an addition too" avx2_signs lanes_x86.h 's/MM(subs_epu8)/MM(sub_epi8)/'
    mutate_kernel "a code's upper bits are left out" avx2_signs lanes_table.h 's/found\[0\]\[i\] += look_up_block(high, at);/;/'
    mutate_kernel "a byte of chance is not drawn" avx2_draws lanes_table.h 's/minus_8(found\[1\]\[i\], random\[i\])/found[1][i]/'
    mutate_kernel "chances tie and a byte decides" avx2_draws lanes_table.h 's/any_mark(any)/false/'
    mutate_kernel "down is up where signs tell the way" avx2_signs lanes_table.h 's/ ^ splat_8(s->turn)//'
    mutate_kernel "integers end alike on both sides of zero" avx2_draws lanes_table.h 's/negative - below\[i\]/negative/'
    mutate_kernel "nothing ends a table's magnitudes" avx2_signs lanes_table.h 's/minus_8(y\[i\], splat_8(s->floor))/y[i]/'
    mutate_kernel "sums go on beyond the greatest" avx2_rises lanes_table.h 's/smaller_8(found\[0\]\[i\], splat_8(s->most))/found[0][i]/'
    mutate_kernel "what is no number is the greatest" avx2_rises lanes_table.h 's/if (s->any_end)/if (false)/'
    mutate_kernel "halves far below a target's least are rounded as others" plan_halves plan_halves.c 's/h->counts\[h->last\] = 16;/;/'
    mutate_kernel "a tie at the top of halves goes down" plan_halves plan_halves.c 's/(uint16_t)((k->add\[1\] >> finer) - h->tops_add)/0/'
    mutate_kernel "the top of halves is exact" avx2_halves part_halves.h 's/find_inexact(seen, (vec)((x\[0\] | x\[1\]) \& .*/;/'
    mutate_kernel "subnormal halves have a unit of their own" plan_halves plan_halves.c 's/field > 1 ? field : 1,/field,/'
    mutate_kernel "the greatest integer is the least" avx2_signs lanes_table.h \
        's/ ^ keep(above(x, splat(two_to_31 - 1)), splat(UINT32_MAX))//'
    mutate_kernel "a zero goes up" avx2_halves part_halves.h 's/\& t->signs) > 0)/\& t->signs) >= 0)/'
    mutate_kernel "special halves are finite" avx2_halves part_halves.h 's/is_special(t, magnitude, care), 0)/(is_special(t, magnitude, care), false), 0)/'
    mutate_kernel "a tie of halves goes up" avx2_halves part_halves.h 's/return down \& (other | even);/return down;/'
    mutate_kernel "halves to odd go up" avx2_halves part_halves.h 's/return odd ? /return false ? /'
    mutate_kernel "halves that are inexact raise nothing" avx2_halves part_halves.h 's/inexact |= keep_nonzero_16/inexact \&= keep_nonzero_16/'
    mutate_kernel "halves too small are not looked at" avx2_halves part_halves.h 's/if (care == WATCHING)$/if (false)/'
    mutate_kernel "halves below zero have scales" avx2_halves part_halves.h 's/ | (none\[i\] \& splat_16(k->nan\[0\]))//'
    mutate_kernel "NaNs at the top of words stay signaling" avx2_rounds part_rounds.h 's/sign_shift - 16, 0x7f7f)/sign_shift - 16, 0x7fff)/'
    mutate_kernel "an infinity that ties away is a NaN" avx2_rounds part_rounds.h 's/^ *!any_half_above(/true || any_half_above(/'
    mutate_kernel "of two neighbours the lower is odd" avx2_rounds lanes_avx2.h 's/return _mm_blendv_epi8(up, down, /return (void)up, _mm_blendv_epi8(down, down, /'
    mutate_kernel "integers without sign end at 2^31" avx2_rounds part_rounds.h 's/(low + keep(large, splat(SIGN)))/low/'
    mutate_kernel "what is below zero wraps around" avx2_rounds part_rounds.h 's/^    x = keep(equal(smaller(x, .*/    ;/'
    mutate_kernel "less than half a unit has no fraction" avx2_wide part_wide.h 's/fraction |= shift_right_longs(x->significand, .*/;/'
    mutate_kernel "what is far below a unit is exact" avx2_wide part_wide.h 's/longs_above(shift, longs_of(64)) \& ~x->zero \& 1/longs_of(0)/'
    mutate_kernel "ties in lanes of 64 bits go up" avx2_wide part_wide.h 's/fraction >> 63 \& (parity | /fraction >> 63 \& (1 | /'
    mutate_kernel "subnormals have a leading one" avx2_wide part_wide.h 's/(longs_of(w->trailing + 1) \& ~subnormal)/longs_of(w->trailing + 1)/'
    mutate_kernel "integers end alike above zero and below" avx2_wide part_wide.h 's/longs_of(w->to_max) + (x->negative \& 1)/longs_of(w->to_max)/'
    mutate_kernel "codes without trailing bits are all odd" avx2_wide part_wide.h 's/w->to_even_codes ? codes : kept/kept/'
    mutate_kernel "what is tiny raises inexact alone" avx2_wide part_wide.h 's/\*left |= lost \& ~\*over \& .*/;/'
    mutate_kernel "integers of 64 bits lose their last" avx2_wide part_wide.h 's/longs_of(2047)/longs_of(0)/'
    mutate_kernel "table flags end with the first steps" avx2_table part_table.h \
        's/const bool looks = p->flags \&\& /&from == (const char *)src \&\& /'
    if grep -q avx512_vbmi /proc/cpuinfo; then
        mutate_kernel "the next byte of a chance is not drawn" avx512vbmi_draws lanes_table.h 's/above_8(finer\[i\], next)/above_8(next, finer[i])/'
        mutate_kernel "a cell's codes begin one later" cells cells.c 's/least_of(p, low + i + 1, from, last) - 1;/least_of(p, low + i + 1, from, last);/'
        mutate_kernel "cells hold all that is special" cells cells.c 's/least + 255 > t->finite ? MARK_SPECIAL/least + 255 > 0x7fff ? MARK_SPECIAL/'
        mutate_kernel "what is below the window is not" avx512vbmi avx512vbmi.c 's/minus_16(x\[i\] \& h->magnitude, h->first)/((x[i] \& h->magnitude) - h->first)/'
        mutate_kernel "cells give zeros signs" avx512vbmi avx512vbmi.c 's/if (!k->negative_zero) .*/if (false)/'
        mutate_kernel "the next code is one more for coarse halves" cells cells.c 's/from->trailing_bits < p->to->trailing_bits/false/'
        mutate_kernel "a zero leads from itself" avx512vbmi avx512vbmi.c 's/(\*x ^ h->flip) - splat_16(1)/*x ^ h->flip/'
        mutate_kernel "codes away from zero go on beyond the last" avx512vbmi avx512vbmi.c 's/smaller_8(raise_8(codes, up), h->limit)/raise_8(codes, up)/'
        mutate_kernel "the first cell of a scale has one code" avx512vbmi avx512vbmi.c 's/if (many)/if (false)/'
        mutate_kernel "the upper half of a draw is another's" avx512_halves part_halves.h 's/{3, 0, 0, 1,/{0, 0, 0, 1,/'
        mutate_kernel "what FP16 lacks of FP64 is lost" avx512vbmi_odd avx512vbmi_odd.c \
            's/return set_last(narrow_toward_zero(low, high), inexact, odd);/return narrow_toward_zero(low, high);/'
        mutate_kernel "what FP16 lacks of FP32 is lost" avx512vbmi_odd avx512vbmi_odd.c 's/(__m512i)odd->below), odd);/(__m512i)odd->below) \& 0, odd);/'
        mutate_kernel "what is beyond FP16 raises nothing" avx512vbmi_odd avx512vbmi_odd.c 's/c->raised |= HU_OVERFLOW | HU_INEXACT;/;/'
        mutate_kernel "a signaling NaN of FP64 raises nothing by FP16" avx512vbmi_odd avx512vbmi_odd.c 's/odd_neighbours(at, true)/odd_neighbours(at, false)/'
        mutate_kernel "ties lie where FP16 has no bits left" avx512vbmi avx512vbmi.c 's/kept = whole || tie > TRAILING ? TRAILING : tie;/kept = TRAILING;/'
        mutate_kernel "FP16 ends behind all targets" avx512vbmi avx512vbmi.c 's/hu_emax(to) > EMAX_FP16/false/'
        mutate_kernel "tops are drawn as the bits of others" avx512_halves part_halves.h 's/shift_right_16(~draw, 16 - tops)/shift_right_16(~draw, 15 - tops)/'
        mutate_kernel "deep fields lose nothing" avx512_halves part_halves.h 's/if (p->fields.any_deep)/if (false)/'
        mutate_kernel "what is drawn by shifts has no leading one" avx512_halves part_halves.h 's/within << 8 | splat_16(0x8000)/within << 8/'
        mutate_kernel "integers of 16 bits begin anew at random" plan_halves plan_halves.c 's/ \&\& !(p->k.integer \&\& p->to->width == 16)//'
        mutate_kernel "fields of subnormals have a leading one" plan_halves plan_halves.c 's/const int field = i < 1 ? 1 : /const int field = /'
        mutate_kernel "of two neighbours the upper is odd" avx512_rounds lanes_avx512.h 's/_mm256_test_epi16_mask(down, /_mm256_testn_epi16_mask(down, /'
        mutate_kernel "signs of 12 bits stand at the top of 16" avx512_bytes lanes_avx512.h 's/(uint32_t)__builtin_clz(sign) - 16/0/'
        mutate_kernel "a carry below zero is that above" avx512_rounds lanes_avx512.h 's/    if (add\[0\])$/    if (true)/'
        mutate_kernel "cells have one code more at most" avx512vbmi avx512vbmi.c 's/i < steps; i++/i < 1; i++/'
    fi
    if grep -q avx512_bf16 /proc/cpuinfo; then
        mutate_kernel "the subnormals of bf16 are zeros" avx512bf16 avx512bf16.c 's/(any_subnormal(x), 0)/(false, 0)/'
        mutate_kernel "what may raise more than inexact is not looked at" avx512bf16 avx512bf16.c 's/(special, 0)/(special \&\& false, 0)/'
        mutate_kernel "what was rounded to FP32 was no tie" avx512bf16 lanes_twice.h 's/if (!any_tied(k, x))/if (true)/'
    fi
    mutate_kernel "bits beyond the end of a packed array" avx2 lanes_row.h 's/if (ends)/if (false)/'
    mutate_kernel "sixes come from the wrong bytes" avx2_table lanes_avx2.h 's/10, 12, 13, 14, -1, -1, -1, -1));/10, 12, 13, 15, -1, -1, -1, -1));/'
else
    attempt skip "mutations of the x86 kernels" "this machine has no AVX2"
fi

# Blocks: the searches for ggml's scales, by vectors of no instruction set.

mutate_search() { mutate_unit "$1" block encode_kquants "$2" "$3"; }
HALFULP_KERNEL=portable
export HALFULP_KERNEL
unchanged "the unchanged searches pass" block encode_kquants
mutate_search "a search forgets that the least has moved" kquants_fit.h 's|(float)high) / (most - least);|(float)high) / (most - from);|'
mutate_search "a minimum may be above zero" kquants_fit.h 's/fit_words positive = minimum > 0;/fit_words positive = minimum > 1e30f;/'
mutate_search "the last try is left out" kquants_fit.h 's/try <= tries/try < tries/'
mutate_search "a code is changed once" kquants_fit.h 's/turn < 5;/turn < 1;/'
mutate_search "a code changes whatever it gains" kquants_fit.h 's/        fits \& (t.squares > 0) \&$/        fits | (t.squares < 0) \&/'
mutate_search "no scale is tried above the range's" kquants_fit.h 's/try <= 9; try++/try <= 0; try++/'
mutate_search "weights forget the mean" kquants_fit.h 's|    mean /= 32;|    mean /= 64;|'
mutate_search "the ends of codes are one too far" kquants_fit.h 's/over = (q > high);/over = (q > high + 1);/'
mutate_search "upper bits of a scale are another's" encode_kquants.c 's/scales\[j + 4\] >> 4 << 6/scales[j] >> 4 << 6/'
mutate_search "codes stay as they were searched" encode_kquants.c 's/    if (d == 0)$/    if (d != 0)/'
mutate_search "a curve's first try is under the range, too" kquants_fit.h 's/first ? 1 \/ (greatest \/ 127) : /first ? -127 \/ greatest : /'
mutate_search "a curve is tried on one side" kquants_fit.h 's/try <= 7; try++/try <= 0; try++/'
mutate_search "a point is a middle too low" encode_kquants.c 's/s.by->points(k->x + from, s.length, by,/s.by->points(k->x + from, s.length, by * 0.99f,/'
mutate_search "scales of a curve have their upper bits swapped" encode_kquants.c 's/>> 4 << 2 \* j/>> 4 << 2 * (j ^ 1)/'
mutate_search "a ternary digit is another's" encode_kquants.c 's/fraction(q + 160 + i, 16, 5)/fraction(q + 160 + i, 8, 5)/'
mutate_fp4() { mutate_unit "$1" block encode_fp4 "$2" "$3"; }
mutate_fp4 "in the middle of two codes is the greater" encode_fp4.c 's/if (missed < least)/if (missed <= least)/'
mutate_fp4 "a zero of fp4 has a sign" encode_fp4.c 's/code \&\& x < 0/x < 0/'
mutate_fp4 "logarithms are not rounded" encode_ggml.h 's/= size \&\& (double)/= !size \&\& (double)/'
mutate_fp4 "subnormal scales round up to normal ones" encode_ggml.h 's/code < 7 ? code : 7/code/'
unset HALFULP_KERNEL

# Blocks: the rows that are fast.

if grep -qw avx2 /proc/cpuinfo 2>/dev/null; then
    mutate_fast() { mutate_unit "$1" block fast_avx2 "$2" "$3"; }
    export HALFULP_KERNEL=avx2
    unchanged "the unchanged rows of blocks pass" block fast_avx2
    mutate_fast "middles of bf16 are rounded twice" fast_looks_avx2.h 's/if (exactness == ROUNDED)/if (false)/'
    mutate_fast "a difference is never a bad middle" fast_rows_ggml.h 's/return any_bit(bad);/return false;/'
    mutate_fast "what is exact is cut to bf16 under the least scales" fast_rows.h 's/return e8m0 >= 127 - 133 + 16;/return true;/'
    mutate_fast "the scale's NaN is a power" fast_rows.h 's/return code != 0xff \&\& (narrow/return (narrow/'
    mutate_fast "a NaN of e4m3 is a number" fast_elements.h 's/e4m3 ? c == 0x7f/e4m3 ? c > 0x7f/'
    mutate_fast "six bits are held as numbers that are too great" fast_elements.h 's/{48, 5, 2, 1}/{48, 5, 2, 0}/'
    mutate_tables() { mutate_unit "$1" block fast_tables fast_tables.c "$2"; }
    mutate_tables "another tensor's scale stands over nvfp4" 's/last.known \&\& !memcmp(&last.second, &second, sizeof second)/last.known/'
    mutate_tables "ggml's 0xff of e4m3 has a value less" 's/code == 0xff ? 480/code == 0xff ? 448/'
    mutate_tables "ggml's 0x7f of e4m3 has a value" 's/code == 0x7f ? 0/code == 0x7f ? 480/'
    mutate_fast "subnormals of fp8 are moved" fast_narrow.h 's/e4m3 ? 18 : 16/e4m3 ? 2 : 8/'
    mutate_fast "fp8 is moved under every scale" fast_rows.h 's/code - low > most - low || //'
    mutate_fast "significands of fp8 are cut" fast_narrow.h 's/x + 0x7ffff + (x >> 20 \& 1)/x/'
    mutate_fast "fp8 is looked up under every fp32" fast_narrow.h 's/return exponent >= (uint32_t)bias \&\& exponent + most < 254;/return true;/'
    mutate_fast "a scale is a number, whatever it is" fast_rows_ggml.h 's/fine = (halves8)(d != exponent) \&/fine = ~(halves8){0} \&/'
    mutate_fast "a minimum is a number, whatever it is" fast_rows_ggml.h 's/ \& (halves8)(m != exponent);/;/'
    mutate_fast "differences under any two scales are whole" fast_rows_ggml.h 's/(halves8)(m - d + 0x400 <= 0x1c00)/(halves8)(m == m)/'
    mutate_fast "a long block's scale that is no number is taken for one" fast_rows_ggml.h 's/bool finite = .*/bool finite = true;/'
    mutate_fast "no difference is rounded" fast_rows_ggml.h 's/return m - d >= -1 \&\& m - d <= 6;/return true;/'
    mutate_fast "a table's neighbour is reached" fast_encode.h 's/less += less + (words)/less += (words)/'
    mutate_fast "differences of ggml's nvfp4 never round" fast_encode_ggml.h 's/micro ? 0x1p127f : 16 \* 224/0x1p127f/'
    mutate_tables "zeros of ggml's mxfp4 have signs" 's/fill_planes(powers, 1,/fill_planes(powers, -1,/'
    mutate_fast "a tie of bf16 goes up" fast_looks_avx2.h 's/(__m256i)(~high \& 1)/_mm256_setzero_si256()/'
    mutate_unit "rows that end within a block are one" block decode decode.c 's/j->columns % whole))/false))/'
    mutate_unit "codes go over a word's end" block decode decode.c 's/size_t each = 32 \/ bits;/size_t each = 33 \/ bits;/'
    mutate_unit "zero points have no sign" block apart apart.c 's/((const signed char \*)j->parts->more)/((const unsigned char *)j->parts->more)/'
    mutate_unit "a whole block has no scale over it" block decode decode.c 's/(o\.scale \* u\.q\[i\] - o\.less) \* over;/(o.scale * u.q[i] - o.less);/'
    mutate_tables "zeros of ggml's fp4 have signs" 's/fill_planes(ggml, 1,/fill_planes(ggml, -1,/'
    mutate_fast "multiples below zero have no sign" fast_looks_avx2.h 's/_mm256_xor_si256(_mm256_and_si256(upper, bits), flip)/((void)flip, _mm256_and_si256(upper, bits))/'
    mutate_fast "zero times a scale has no sign" fast_looks_avx2.h 's/15, 13, 11, 9, 7, 5, 3, 1, 1, 1,/15, 13, 11, 9, 7, 5, 3, 1, -128, 1,/'
    mutate_fast "half of the magnitudes are not looked at" fast_avx2.c 's/_mm256_permute2x128_si256(x, y, 0x31)/_mm256_permute2x128_si256(x, y, 0x20)/'
    mutate_fast "a tie of e8m0's rule comes later" fast_encode.h 's/>= c->ruler.carries/> c->ruler.carries/'
    mutate_fast "fp4 below 1 has units of its own" fast_encode.h 's/(words){0} + 0x3f800000/(words){0}/'
    mutate_fast "fp4 has a code beyond the last" fast_encode.h 's/(words)within(x, -6, 6)/(words)within(x, -8, 8)/'
    mutate_fast "an exact bound takes a tie up" fast_encode.h 's/__m256i next = _mm256_setr_epi64x(-1, 0, -1, 0)/__m256i next = _mm256_setzero_si256()/'
    mutate_fast "quotients near a bound are trusted" fast_encode.h 's/near = larger(near, nearness((words)y.v\[k\], 0x1fffff));/(void)0;/'
    mutate_fast "scales near a middle are trusted" fast_encode.h 's/is_near(nearness(bits - 0x80000, 0xfffff), 0xfffff) |/(words){0} |/'
    mutate_fast "scales that are not normal are trusted" fast_encode.h 's/(words)(bits - 0x3c800000 > 0x43e00000 - 0x3c800000)/(words){0}/'
    mutate_fast "quotients of fp8 are not settled" fast_encode_tiles.h 's/if (!any_bit(short_ones))/if (true)/'
    mutate_fast "quotients are settled away from X" fast_encode_tiles.h 's/(less - more) & short_ones/(more - less) \& short_ones/'
    mutate_fast "the scale's lower half settles nothing" fast_encode_tiles.h 's/other = magnitude \* lower/other = magnitude * 0/'
    mutate_fast "scales of tiny tiles are settled" fast_encode_tiles.h 's/scale < 0x1p-90f/scale < 0/'
    mutate_fast "a tile forgets its last rows" fast_encode_tiles.h 's/for (size_t r = row; r < last; r++)/for (size_t r = row; r < last - (last > row + 1); r++)/'
    mutate_fast "what ends within a vector is left" fast_encode.h 's/if (left) {/if (false) {/'
    mutate_fast "an infinity is encoded" encode.h 's/INFINITE = 0x7f800000/INFINITE = 0x7fffffff/'
    mutate_fast "the last of the greatest is the least code" fast_encode_ggml.h 's/x\[__builtin_ctz(found)\]/x[31 - __builtin_clz(found)]/'
    mutate_fast "a middle of the table goes up" fast_encode_tiles.h 's/hu_float_of_bits(bits + 1)/hu_float_of_bits(bits)/'
    mutate_fast "a code of five bits may be 32" fast_encode_ggml.h 's/codes\[k\] = q - (q >> bits & 1);/codes[k] = q;/'
    mutate_fast "the lowest inverse is of no scale" fast_encode_ggml.h 's/((words)(magnitude != 0) & (words)(((words)back & 0x7fffffff) == 0)))/((words)back \& 0))/'
    unset HALFULP_KERNEL
fi
if grep -qw avx512_bf16 /proc/cpuinfo 2>/dev/null; then
    mutate_wide() { mutate_unit "$1" block "fast_$HALFULP_KERNEL" "$2" "$3"; }
    export HALFULP_KERNEL=avx512
    unchanged "the unchanged rows of AVX-512 pass" block fast_avx512
    mutate_wide "a middle of fp4 goes down" fast_looks_avx512.h 's/{0, 1, 1, 1, 1, 1, 1, 2,/{0, 1, 1, 1, 1, 1, 1, 1,/'
    mutate_wide "fp4 has no sign" fast_looks_avx512.h 's/_mm512_set1_epi16(8),$/_mm512_set1_epi16(0),/'
    mutate_wide "upper codes come from a bit below" fast_looks_avx512.h 's/_mm256_mulhi_epu16(x, _mm256_set1_epi16(1 << 12))/_mm256_mulhi_epu16(x, _mm256_set1_epi16(1 << 13))/'
    mutate_wide "fifth bits are the neighbours'" fast_looks_avx512.h 's/MOVED(bits, 4 - k, 255)/MOVED(bits, 3 - k, 255)/'
    mutate_wide "tables under two scales are one" fast_looks_avx512.h 's/_mm512_extracti64x4_epi64(t, 1)/_mm512_castsi512_si256(t)/'
    export HALFULP_KERNEL=avx512bf16
    mutate_wide "what is rounded to bf16 was in no middle" fast_looks_avx512.h 's/return _mm512_cmpeq_epi32_mask(.*/return 0 * (marks)x[0];/'
    mutate_wide "a table's subnormals are the instruction's" fast_rows.h 's/return (scale >> 23 \& 255) - 27 < 255 - 27 || !(scale << 1);/return (scale >> 23 \& 255) < 255;/'
    unset HALFULP_KERNEL
else
    attempt skip "mutations of AVX-512's rows of blocks" "this machine has no AVX-512"
fi

# What a cast loses.

mutate_loss() { # NAME UNIT FILE sed-expression
    mutate_unit "$1" loss "$2" "$3" "$4"
}
export HALFULP_KERNEL=portable
unchanged "the unchanged statistics pass" loss pass
mutate_loss "what is clamped counts only beyond the bound" pass pass_near.h \
    's/(WORDS)(size >= (VALUES)c->overflow)/(WORDS)(size > (VALUES)c->overflow)/'
mutate_loss "what is clamped keeps its value" pass pass_near.h 's/near = MIN(near, c->most);/;/'
mutate_loss "zeros count as lost" pass pass_near.h 's/zeros -= zero \& differs;/zeros += zero;/'
mutate_loss "a relative error has more bits than fp32" pass pass_near.h 's/NAME(to_24_bits)(relative) : relative/relative : relative/'
mutate_loss "ties away go to even" pass pass_near.h 's/((WORDS)value | 1)/((WORDS)value | 0)/'
mutate_loss "ties away of what is normal go to zero" pass pass_near.h 's|low / 2 + 1|low / 2|'
mutate_loss "to odd cuts" pass pass_near.h 's/(WORDS)below | NAME(one_if)(value - (below - power))/(WORDS)below/'
mutate_loss "to odd cuts what is normal" pass pass_near.h 's/ | ((bits \& low) + low)//'
mutate_loss "all but the most units are the most" pass pass_near.h 's/b->trailing_bits - FIELD_SHIFT);/b->trailing_bits - FIELD_SHIFT + 1);/'
mutate_loss "down goes towards zero" pass pass_near.h 's/b.direction == HU_TOWARD_NEGATIVE ? all/b.direction == HU_TOWARD_NEGATIVE ? none/'
mutate_loss "errors of fp32 have no more bits than it" pass pass_near.h 's/IS_FP32 \&\& !wide/IS_FP32/'
mutate_loss "relative errors leave fp32's range" pass pass_near.h 's/1 - least < (int)BIAS;/1 - least < 4 * (int)BIAS;/'
mutate_loss "unsigned formats are walked" statistics statistics.c 's/HU_STOCHASTIC \&\& hu_is_signed(f) \&\&/HU_STOCHASTIC \&\&/'
mutate_loss "scales below the type's normal numbers are walked" pass pass.h 's/b->scales \&\& least >= 1 - bias/b->scales/'
mutate_loss "scales of short rows run on" chunk_loss chunk_loss.c 's/row > HU_CHUNK ||/row > 0 ||/'
mutate_loss "the greatest by a scale cannot overflow" chunk_loss chunk_loss.c 's/: greatest) < limit/: greatest) < HUGE_VAL/'
mutate_loss "what a scale makes too small is gone" chunk_loss scratch.h 's/scaled == 0 \&\& x != 0/false/'
mutate_loss "a tensor's scale may be no fp32" chunk_loss scratch.h 's/return fmin(fmax(scale, FLT_TRUE_MIN), FLT_MAX);/return greatest \/ t->max_finite;/'
mutate_loss "infinite relative errors are summed" chunk_loss chunk_loss.c 's/if (!isfinite(from_bits(b, e.max_relative)))/if (false)/'
mutate_loss "zeros have relative errors" loss loss.c 's/l->measured - l->zeros/l->measured/'
mutate_loss "overflows that saturate have no errors" chunk_loss chunk_loss.c 's/if (clipped \&\& b->t->saturates)/if (false)/'
mutate_loss "codes forget the tensor's scale" statistics statistics.c 's/tensor_scale(&plan->targets\[t\], g->spread.greatest)/1/'

# What block formats lose.
suite[loss]=block_loss
tests_of[loss]='an_* what_* a_* rows_* ends_* data_* agrees_with* pieces_*'
unchanged "the unchanged losses of blocks pass" loss block_loss
mutate_loss "all that a block loses is its outlier's doing" block_loss block_loss.c 's/blocks->lost -= count_gone(w, c, i);/;/'
mutate_loss "what is not finite is measured" block_loss block_loss.c 's/c->measured -= !sound;/;/'
mutate_loss "the ends of codes stay under a negative scale" block_loss block_loss.c 's/reach\[down != (scale < 0)\]/reach[down]/'
mutate_loss "every rule takes floor's scale" block_loss block_loss.c 's/up = mantissa >= from/up = mantissa < 0 * from/'
mutate_loss "blocks are numbered anew in each piece" block_loss block_loss.c 's/\.index = first + i,/.index = i,/'
mutate_loss "squares leave fp64's range" block_loss block_loss.c 's/c->exponent = !w->is_fp32 \&\& greatest > 0 ? ilogb(greatest) : 0;/c->exponent = 0;/'
mutate_loss "tiles run on from matrix to matrix" block_loss block_loss.c 's/if (runs_on || piece->n <= matrix)/if (true)/'
mutate_loss "a scale of zero cuts what it divides" block_loss block_loss.c 's/if (size > 0 \&\& greatest/if (greatest/'
mutate_loss "pieces begin within a row of tiles" block_units block_units.c 's/w->rows = multiple(w->rows ? w->rows : 1, height(b, s));/w->rows = 1;/'
mutate_loss "what overflows in a walk is as great as what does not" block_walk block_walk_lanes.h 's/(words)size > of->held/(words)size >= of->held/'
mutate_loss "a walk's other scale is its own" block_walk block_walk_lanes.h 's/own += ((fraction != 0).*;/;/'
mutate_loss "a walk needs no room" block_walk block_walk_lanes.h 's/if (far\[b\])/if (far[b] \&\& false)/'
mutate_loss "subnormals of a walk are normal" block_walk block_walk_lanes.h 's/all + least) + room/all + 0 * least) + room/'
mutate_loss "the rest of a run is left out" block_measure block_measure_lanes.h 's/if (k < n)/if (false)/'
unset HALFULP_KERNEL
if grep -qw avx512_bf16 /proc/cpuinfo 2>/dev/null; then
    mutate_loss "what is too small for exact sums is summed" block_walk block_walk_e2m1.h 's/if (small > zeros)/if (false)/'
    mutate_loss "zeros are lost in sixteen blocks" block_walk block_walk_e2m1.h 's/lose - zeros/lose/'
    mutate_loss "what fits in sixteen blocks overflows" block_walk block_walk_e2m1.h 's/_mm512_cmpgt_epu16_mask(v/_mm512_cmpge_epu16_mask(v/'
    mutate_loss "the greatest error is cut off" block_walk block_walk_e2m1.h 's/_mm512_max_ps(.*, cut)/cut/'
fi
if grep -qw avx2 /proc/cpuinfo 2>/dev/null; then
    suite[loss]=pass
    tests_of[loss]='quotients_*'
    mutate_loss "a quotient is rounded twice" pass_avx2 pass_near.h 's/ | NAME(one_if)(rest)//'
    mutate_loss "units are as fp32 finds them" pass_avx2 pass_near.h 's/b->max_units = most;/b->max_units = (float)most;/'
    mutate_loss "what a quotient is off by is rounded" pass_avx2 pass_near.h 's/FUSED_FP32(-near, divisor, size)/(size - near * divisor)/'
fi
if grep -qw avx512dq /proc/cpuinfo 2>/dev/null; then
    tests_of[loss]='instruction_*'
    mutate_loss "sums go up where they go down" pass_avx512 pass_near.h 's/BY_SIGN(down, below, SUM_UP(value, power))/SUM_UP(value, power)/'
fi

# Matrix units, in one file.

build_dot() {
    compile -I"$srcdir/src" "$here/dot.c" "$here/dot.o" || return 1
    # shellcheck disable=SC2086
    $cc $MUTATION_CFLAGS -o "$here/mutant" "$builddir/tests/test_dot.o" "$here/dot.o" \
        "$builddir/libreference.a" "$builddir/libhalfulp-text.a" "$builddir/libhalfulp.a" $MUTATION_LIBS
}
dot_fails() {
    for test in models_give* infinities* a_blocks* orders* matrix_units*; do
        timeout 120 "$here/mutant" -j1 --filter "dot/$test" >"$here/log" 2>&1 || return 0
    done
    return 1
}
try_dot() { # NAME [sed-expression]
    cp "$srcdir/src/dot.c" "$here/"
    sed -i "${2-}" "$here/dot.c"
    if [ $# = 2 ] && cmp -s "$here/dot.c" "$srcdir/src/dot.c"; then
        fail "$1" "the mutation changed nothing: $2"
    elif ! build_dot >"$here/build" 2>&1; then
        fail "$1" "the mutant does not build: $(head -n 5 "$here/build")"
    elif dot_fails; then
        if [ $# = 2 ]; then pass "$1"; else fail "$1" "$(tail -n 5 "$here/log")"; fi
    elif [ $# = 2 ]; then
        fail "$1" "no test noticed: $2"
    else
        pass "$1"
    fi
}
mutate_dot() { attempt try_dot "$@"; }

mutate_dot "the unchanged matrix units pass"
mutate_dot "addends are cut downward" 's/dot->model->align_bits, false)/dot->model->align_bits, true)/'
mutate_dot "a bit more is kept" 's/g.exponent - dot->model->align_bits/g.exponent - dot->model->align_bits - 1/'
mutate_dot "products are normalised before they are aligned" 's/.exponent = unit + 2 \* dot->format->trailing_bits/.exponent = unit + 63 - __builtin_clzll(p.a.significand * p.b.significand | 1)/'
mutate_dot "C does not join the group" 's/    put_sum(&g, dot, c);/    (void)c;/'
mutate_dot "into fp32 to nearest" 's/single ? HU_TOWARD_ZERO : HU_TIES_TO_EVEN/HU_TIES_TO_EVEN/'
mutate_dot "overflow toward zero is the largest" 's/if (flags & HU_OVERFLOW)/if (false)/'
mutate_dot "a negative sum that rounds to zero is -0" 's/if (bits == hu_sign_mask(f))/if (false)/'
mutate_dot "a zero times a huge number counts" 's/if (!addend.significand \&\& addend.part != HU_DOT_PARTIAL)/if (!addend.significand \&\& addend.part == HU_DOT_SUM)/'
mutate_dot "an infinity between halves of a split group is a number" 's/specials_of(dot, c, 0, 0)/(struct specials){0}/'
mutate_dot "all bits of the result are kept" 's/return bits >> spare << spare;/(void)spare; return bits;/'
mutate_dot "halves of a split group are contiguous" 's|first + i / 2 \* 4 + half \* 2 + i % 2|first + half * n + i|'
mutate_dot "an infinite product of zero is no NaN" 's/(infinite \&\& (a.class == HU_ZERO || b.class == HU_ZERO))/false/'
mutate_dot "subnormal operands are kept" 's/dot->model->flushes \&\& d.class == HU_SUBNORMAL;/dot->model->flushes \&\& false;/'
mutate_dot "vdpbf16ps goes forward" 's/for (size_t i = first + n; i-- > first;)/for (size_t i = first; i < first + n; i++)/'
mutate_dot "the sum of products is cut toward zero" 's/cut_group(&last, last.exponent - SUM_BITS, true)/cut_group(\&last, last.exponent - SUM_BITS, false)/'
mutate_dot "a sum of products that cancels has no exponent" 's/ \&\& addend.part != HU_DOT_PARTIAL//'
mutate_dot "a block keeps to one power" 's|powers\[index / HU_DOT_BLOCK\]|powers[0] * (index < HU_DOT_BLOCK / 2)|'
mutate_dot "pairs are summed in order" 's/size_t half = n - n \/ 2;/size_t half = n - 1;/'

# Operations: a mutant of one source, tried by the tests that are named after TEST.

declare -A operation_tests=(
    [arithmetic]='literal_cases a_quotient_of* small_formats* wide_formats* mixed_formats* eight_bit*'
    [operate]='every_kernel_raises* every_kernel*'
)

build_operation() { # TEST UNIT
    compile -I"$here/src" -I"$srcdir/src" "$here/src/$2.c" "$here/unit.o" || return 1
    # shellcheck disable=SC2086
    $cc $MUTATION_CFLAGS -o "$here/mutant" "$builddir/tests/test_$1.o" "$here/unit.o" \
        "$builddir/libverify.a" "$builddir/libmemory.a" "$builddir/libreference.a" \
        "$builddir/libhalfulp-text.a" "$builddir/libhalfulp.a" $MUTATION_LIBS
}

operation_fails() { # TEST
    for test in ${operation_tests[$1]}; do
        timeout 300 "$here/mutant" -j1 --filter "$1/$test" >"$here/log" 2>&1 || return 0
    done
    return 1
}

try_operation() { # NAME TEST UNIT FILE sed-expression
    mkdir -p "$here/src"
    cp -r "$srcdir"/src/array "$srcdir"/src/{arithmetic,exact,operation_table}.c "$here/src/"
    sed -i "$5" "$here/src/$4"
    if [ -n "$5" ] && cmp -s "$here/src/$4" "$srcdir/src/$4"; then
        fail "$1" "the mutation changed nothing: $5"
    elif ! build_operation "$2" "$3" >"$here/build" 2>&1; then
        fail "$1" "the mutant does not build: $(head -n 5 "$here/build")"
    elif operation_fails "$2"; then
        if [ -n "$5" ]; then pass "$1"; else fail "$1" "$(tail -n 5 "$here/log")"; fi
    else
        if [ -n "$5" ]; then fail "$1" "no test noticed: $5"; else pass "$1"; fi
    fi
}
exact() { attempt try_operation "$1" arithmetic exact exact.c "$2"; }
arithmetic() { attempt try_operation "$1" arithmetic arithmetic arithmetic.c "$2"; }
table() { attempt try_operation "$1" arithmetic operation_table operation_table.c "$2"; }
lanes() { attempt try_operation "$1" operate array/operate_portable array/operate_lanes.h "$2"; }
codes() { attempt try_operation "$1" operate array/operate_portable array/operate_codes.h "$2"; }
road() { attempt try_operation "$1" operate array/operate array/operate.c "$2"; }

exact "the unchanged operations pass" ''
exact "numbers that cancel out give +0 in every direction" 's/zero_of(direction == HU_TOWARD_NEGATIVE)/zero_of(false)/'
exact "what lies far below changes nothing" 's/great.sticky = true;/;/'
exact "far below a power of two the binade stays" 's/great.exponent--;/;/'
exact "a word's difference borrows nothing" 's/y.high + (x.low < y.low)/y.high/'
exact "products and quotients have the sign of the first" 's/bool sign = x.sign != y.sign;/bool sign = x.sign;/'
exact "a quotient ends after 64 bits" 's/quotient.low = hu_wide_quotient(rest, 0, b, \&rest);/quotient.low = 0;/'
exact "roots of odd exponents" 's/if (e.exponent \& 1)/if (false)/'
exact "a remainder's tie goes to the odd quotient" 's/rest > other : odd/rest > other : !odd/'
exact "what is far below y is taken from it" 's/compare_magnitudes(\&all, \&half) > 0/compare_magnitudes(\&all, \&half) < 0/'
exact "the lesser exponent is the greater number" 's/x->exponent < y->exponent ? -1 : 1/x->exponent < y->exponent ? 1 : -1/'
exact "an invalid integer divides by zero" 's/before \&= ~(unsigned)HU_DIVIDE_BY_ZERO;/;/'
arithmetic "infinity times zero is no longer invalid" 's/if (is_infinity_times_zero(w->d))$/if (false)/'
arithmetic "infinities of two signs add up" 's/infinite_x \&\& infinite_y \&\& x->sign != y->sign/false/'
arithmetic "a difference adds" 's/y.sign ^= w->operation == HU_OP_SUB;/;/'
arithmetic "fma adds the second factor" 's/hu_exact_of(w->d\[2\])/hu_exact_of(w->d[1])/'
arithmetic "a division by zero raises nothing" 's/infinite(sign, HU_DIVIDE_BY_ZERO)/infinite(sign, 0)/'
arithmetic "roots of negative numbers" 's/if (x.sign \&\& x.class != HU_ZERO)/if (false)/'
arithmetic "a remainder by infinity is invalid" 's/if (x.class == HU_INFINITE || y.class == HU_ZERO)/if (x.class == HU_INFINITE || y.class != HU_NORMAL)/'
arithmetic "-0 is not below +0" 's/relation = x.sign ? HU_RELATION_LESS : HU_RELATION_GREATER;/relation = HU_RELATION_GREATER;/'
arithmetic "a minimum's number gives way to a NaN" 's/if (!number || (hu_is_nan(x) \&\& hu_is_nan(y)))/if (true)/'
arithmetic "magnitudes keep their signs" 's/a.sign = b.sign = false;/;/'
arithmetic "a maximum is a minimum" 's/(relation == HU_RELATION_LESS) != maximum/relation == HU_RELATION_LESS/'
arithmetic "roundToIntegral raises inexact" 's/if (!cut.exact \&\& w->operation == HU_OP_ROUND_TO_INTEGRAL_EXACT)/if (!cut.exact)/'
arithmetic "up is down" 's/if (w->operation == HU_OP_NEXT_UP)/if (w->operation != HU_OP_NEXT_UP)/'
arithmetic "scaleB by one too many" 's/e.exponent += scale;/e.exponent += scale + (scale > 0);/'
arithmetic "logB is one too few" 's/x.quantum + 63/x.quantum + 62/'
arithmetic "negate leaves the sign" 's/HU_OP_NEGATE ? !d.sign/HU_OP_NEGATE ? d.sign/'
arithmetic "a sign's bit stays" 's/(x\[0\] \& ~sign)/x[0]/'
arithmetic "signs turn where infinities saturate" 's/turns_a_bit(operation, to, from) \&\& !options->rounding.saturate/turns_a_bit(operation, to, from)/'
arithmetic "convertToInteger raises inexact" 's/e.quiet = w->operation == HU_OP_CONVERT_QUIETLY;/e.quiet = false;/'
arithmetic "quiet comparisons signal" 's/row->signaling \&\& relation/relation/'
arithmetic "the least NaN is the greatest" 's/(x > y || (x == y/(x < y || (x == y/'
table "less or equal is less" 's/LESS | EQUAL,/LESS,/'
table "an fma's NaN on Arm is the factor's" 's/.fma = {2, 0, 1}/.fma = {0, 1, 2}/'
table "signaling NaNs wait their turn" 's/.signaling_first = true/.signaling_first = false/'
table "an invalid operation on x86 is positive" 's/.negative = true/.negative = false/'
lanes "a sum's error is dropped" 's/(x - x_part) + (y - y_part)/sum - sum + 0 * (x_part + y_part)/'
lanes "to odd the other way" 's/1 - 2 \* opposite/2 * opposite - 1/'
lanes "lanes' zeros are positive downward" 's/if (!down)/if (true)/'
lanes "lanes leave their range unseen" 's/if (nans->guards \&\& /if (false \&\& /'
lanes "vectors leave their range unseen" 's/            if (guards)$/            if (false)/'
lanes "specials among vectors are passed over" 's/if (whole \&\& !any(special))/if (whole)/'
lanes "lanes' NaNs are all new" 's/chosen = n->none ? chosen/chosen = true ? chosen/'
lanes "infinity times zero plus a NaN raises nothing in lanes" 's/if (any(lost))/if (false)/'
lanes "a division by zero raises nothing in lanes" 's/flags |= HU_DIVIDE_BY_ZERO;/;/'
lanes "a remainder's huge quotient is rounded as it is" 's/any(huge);/false;/'
lanes "a remainder of zero is positive" 's/(WORDS)(rest == 0) \& (WORD)1 << 63/(WORDS)(rest == 0) \& 0/'
lanes "scaleB by a fraction" 's/ | fraction)/ | (fraction \& 0))/'
lanes "scaleB by infinity" 's/either)(infinite, ~below/either)(infinite, below/'
codes "codes' -0 is below +0" 's/x \& ~(WORDS)(x == sign)/x/'
codes "a maximum of codes is a minimum" 's/(less ^ (WORD)c->maximum)/less/'
codes "codes' magnitudes keep their signs" 's/(WORDS)(a != b) \& (WORD)c->magnitude/(WORDS)(a != b) \& 0/'
codes "codes' number gives way to a NaN" 's/first | y_nan, x, y/first, x, y/'
codes "codes' NaN is signaling" 's/ | (WORD)c->quiet;/;/'
codes "codes' signaling NaN raises nothing" 's/any(raised \& (WORD)c->raise) ? HU_INVALID : 0/any(raised \& 0) ? HU_INVALID : 0/'
road "codes are compared where infinities saturate" 's/ \&\& !a->options.rounding.saturate//'
road "the machine detects tininess before rounding" 's/ \&\& !o->tininess_before//'
road "the machine saturates" 's/ \&\& !o->saturate//'
road "what is narrow enough for fp32 divides there" 's/return r->precision == P64 \&\& bits/return bits/'
results
