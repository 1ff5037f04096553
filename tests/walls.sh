# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# The walls between rooms, as the linker sees them.
. "$srcdir/tests/tap.sh"

symbols() { $NM -A "$@" 2>/dev/null; }

no_mpfr() { ! symbols "$builddir/libhalfulp.a" "$builddir/libhalfulp-text.a" | grep -i mpfr; }
no_gmp() { ! symbols "$builddir/libhalfulp.a" | grep __gmp; }
# What the reference calls of ours and does not have itself.
reference_calls() {
    symbols "$builddir/libreference.a" | awk '/ U hu_/ { print $NF }' | sort -u >"$scratch/used"
    symbols "$builddir/libreference.a" | awk '/ [TR] hu_/ { print $NF }' | sort -u >"$scratch/own"
    comm -23 "$scratch/used" "$scratch/own"
}
reference_alone() { ! reference_calls | grep -E 'convert|round|code|unpack|kernel|scale'; }
table_only() {
    # They must be defined by the tables of formats, of names, and of blocks' codebooks.
    symbols "$builddir"/libhalfulp.a | grep -E ':(.*/)?(format|names|grids)\.o' | awk '/ [TR] hu_/ { print $NF }' | sort -u >"$scratch/table"
    [ -z "$(reference_calls | comm -23 - "$scratch/table")" ]
}
calls_mpfr() { symbols "$builddir/libreference.a" | grep -q ' U mpfr_rint_roundeven'; }

no_json() { ! symbols "$builddir/libhalfulp.a" "$builddir/libhalfulp-text.a" | grep -E ' U json_'; }
mpfr_in_one_room() { ! symbols "$builddir/libmemory.a" "$builddir/libcli.a" "$builddir/libhalfulp.a" | grep -i ' U mpfr'; }
widths_from_one_table() {
    # The memory module asks the format table for widths, and has no column of its own for float dtypes.
    symbols "$builddir/libmemory.a" | grep -q ' U hu_format_find' &&
        ! grep -nE '"(fp64|fp32|tf32|bf16|fp16|fp8[a-z0-9_]*)", *[0-9]' "$srcdir"/src/memory/*.c "$srcdir"/src/file/*.c "$srcdir"/src/loss/*.c "$srcdir"/src/flow/*.c
}

only_own_names() {
    # Names that begin with two underscores are the compiler's own.
    $NM -g --defined-only "$builddir/libhalfulp.a" "$builddir/libhalfulp-text.a" 2>/dev/null |
        awk 'NF == 3 { print $3 }' | grep -vE '^_?(hu_|__)' >"$scratch/foreign"
    [ ! -s "$scratch/foreign" ] || { cat "$scratch/foreign"; false; }
}
links_beside() { # a program that has functions of the names that ours had
    cat >"$scratch/own.c" <<'EOF'
#include "halfulp.h"
#define OWN(name) int name(void); int name(void) { return 1; }
OWN(stream_run) OWN(stream_pays) OWN(table_row) OWN(table_fill) OWN(table_can) OWN(table_flags) OWN(chain_run)
OWN(chain_can) OWN(narrow_for) OWN(narrow_kind) OWN(x86_has_avx2) OWN(x86_has_avx512)
int main(void)
{
    float from[100] = {65520};
    unsigned short to[100];
    unsigned flags = 0;
    hu_convert_array(hu_format_find("fp16"), to, hu_format_find("fp32"), from, 100, 0, &flags);
    return to[0] != 0x7c00 || flags != (HU_OVERFLOW | HU_INEXACT) || stream_run() + table_row() != 2;
}
EOF
    # shellcheck disable=SC2086
    ${CC-cc} $MUTATION_CFLAGS -I"$srcdir/src" -o "$scratch/own" "$scratch/own.c" "$builddir/libhalfulp.a" \
        $MUTATION_LIBS && "$scratch/own"
}

wide_in_one_place() {
    ! grep -rnE '__int128' "$srcdir/src" "$srcdir/visual" --include='*.[ch]' | grep -v '/src/wide\.h:'
}

shown_by_one_function() {
    # The shortest decimal stands where it is called so; everywhere else people see hu_shown_print's.
    ! grep -rlE 'hu_shortest_print' "$srcdir/src/cli" "$srcdir/visual/core" --include='*.c' |
        sed 's|.*/||' | grep -vxE 'cmd_convert\.c|show_text\.c|show\.c'
}

no_sdl() { ! symbols "$builddir/libvisual.a" | grep -E ' U (SDL_|TTF_|Fc[A-Z])'; }

core_alone() { ! grep -rnE '#include .*(SDL|fontconfig|desktop|web/|"page[.]h)|(SDL|TTF)_|Fc[A-Z]|[(]import_|[(]export_' "$srcdir/visual/core"; }
page_computes_nothing() {
    # Numbers of pixels and of bytes alone: no floats' layout, no format's name, no drawing of shapes or text.
    ! grep -nvE '^/[*] "#value=' "$srcdir"/visual/web/*.js |
        grep -E 'Float(16|32|64)|[gs]etFloat|parseFloat|Math[.](log|pow|exp|fround)|(fp|bf|tf)[0-9]+|e[0-9]m[0-9]|[.](fillRect|stroke|lineTo|arc)[(]|pen[.](fill|draw)'
}

# What the files of archives define and use: name, file, D or U.
linked() {
    symbols "$@" | awk 'NF == 3 { n = split($1, part, ":"); file = part[n - 1]; sub(/.*\//, "", file); sub(/\.o$/, "", file)
        if ($2 ~ /^[TDBR]$/) print $3, file, "D"; else if ($2 == "U") print $3, file, "U" }' | sort -u
}
no_circles() { # LIBRARY meant,pairs: no file of it calls one that calls it, however far around
    linked "$builddir/$1.a" | sort -k1,1 -k3,3 | awk -v meant=",$2," '
        $3 == "D" { home[$1] = $2; next }
        $1 in home && home[$1] != $2 && !index(meant, "," $2 "/" home[$1] ",") { print $2, home[$1] }' |
        sort -u | tsort 2>&1 >/dev/null | grep -v 'input contains a loop' >"$scratch/circles"
    [ ! -s "$scratch/circles" ] || { cat "$scratch/circles"; false; }
}
circles_meant() {
    # A shell's completions are of all commands, and are a command.
    no_circles libcli cmd_completion/commands && no_circles libverify && no_circles libvisual && no_circles libdesktop &&
        # A family may be like another.
        no_circles libmemory notation/families &&
        # Rows that are fast give back to the plain ones what they have no code for.
        no_circles libhalfulp fast_avx2/decode,fast_avx2/encode,fast_avx512/decode,fast_avx512/encode,fast_avx512bf16/decode &&
        no_circles libhalfulp-text && no_circles libreference
}
no_two_of_a_name() {
    linked "$builddir"/lib{cli,verify,visual,desktop,memory,reference,halfulp,halfulp-text}.a |
        awk '$3 == "D" && $1 !~ /^_/ { print $1 }' | sort | uniq -d >"$scratch/twice"
    [ ! -s "$scratch/twice" ] || { cat "$scratch/twice"; false; }
}
all_called() {
    # What one file alone calls is static; what no other does may still be a test's, or the page's.
    linked "$builddir"/lib{cli,verify,visual,desktop}.a "$builddir"/{src/cli,visual/desktop}/*.o |
        awk '$3 == "U" { print $1 }' | sort -u >"$scratch/used"
    linked "$builddir"/lib{cli,verify,visual,desktop}.a |
        awk '$3 == "D" && $1 !~ /^_/ { print $1 }' | sort -u | comm -23 - "$scratch/used" |
        while read -r name; do
            grep -rqwF "$name" "$srcdir/tests" "$srcdir/visual/web" --include='*.[ch]' || echo "$name"
        done >"$scratch/alone"
    [ ! -s "$scratch/alone" ] || { cat "$scratch/alone"; false; }
}

# An addend that is subnormal costs a fused operation hundreds of cycles on Intel's processors.
sums_alone() { ! objdump -d "$builddir"/src/array/avx*_{bytes,loads}.o | grep -E 'vfn?m(add|sub)'; }

holds "the conversion library has no MPFR symbol" no_mpfr
holds "the conversion library has no GMP but for its text" no_gmp
holds "the conversion library has no JSON" no_json
holds "the conversion library exports only hu_ names" only_own_names
holds "a program with functions of other names links with it" links_beside
holds "128 bits are asked of the compiler in one place, and by the sizes" wide_in_one_place
holds "MPFR is in one room" mpfr_in_one_room
holds "the memory module's widths come from the format table" widths_from_one_table
if [ -e "$builddir/src/array/avx2_bytes.o" ] && command -v objdump >/dev/null; then
    holds "codes are rounded by sums that are not fused with products" sums_alone
fi
holds "the reference has no conversion symbol" reference_alone
holds "the reference takes from us the format table alone" table_only
holds "the reference rounds by MPFR" calls_mpfr
holds "values are shown by one function" shown_by_one_function
holds "the viewer's model, layout, control and painting have no SDL" no_sdl
holds "the viewer's core names neither desktop nor page" core_alone
holds "the page has no arithmetic on floats, no formats and no painting of its own" page_computes_nothing
holds "no file calls one that calls it, but where that is meant" circles_meant
holds "no two functions have one name" no_two_of_a_name
holds "what the commands, verify and the viewer have is called, or is its file's own" all_called
finish
