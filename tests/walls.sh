# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# The walls between rooms, as the linker sees them.
. "$srcdir/tests/tap.sh"

symbols() { "$NM" -A "$@" 2>/dev/null; }

no_mpfr() { ! symbols "$builddir/libhalfulp.a" | grep -i mpfr; }
reference_alone() {
    ! symbols "$builddir/libreference.a" | grep ' U ' |
        grep -E ' hu_' | grep -vE ' hu_reference_'
}
table_only() {
    # What the reference calls of ours must be defined by the format table.
    symbols "$builddir/libreference.a" | awk '/ U hu_/ { print $NF }' | sort -u >"$scratch/used"
    symbols "$builddir"/libhalfulp.a | grep 'format\.o' | awk '/ [TR] hu_/ { print $NF }' | sort -u >"$scratch/table"
    [ -z "$(comm -23 "$scratch/used" "$scratch/table")" ]
}
calls_mpfr() { symbols "$builddir/libreference.a" | grep -q ' U mpfr_rint_roundeven'; }

holds "the conversion library has no MPFR symbol" no_mpfr
holds "the reference has no conversion symbol" reference_alone
holds "the reference takes from us the format table alone" table_only
holds "the reference rounds by MPFR" calls_mpfr
finish
