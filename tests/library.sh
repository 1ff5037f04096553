# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# The libraries as a program of somebody else's meets them: what they export, need and answer.
. "$srcdir/tests/tap.sh"

core=$builddir/.libs/libhalfulp.so
text=$builddir/.libs/libhalfulp-text.so
header=$srcdir/src/halfulp.h

# Names between the opening of a version node and its local part.
listed() { sed -n "/^$2 {/,/^}/p" "$1" | grep -oE 'hu_[a-z0-9_]+' | sort; }
exported() { $NM -D --defined-only "$1" | awk '$2 == "T" || $2 == "R" { sub(/@.*/, "", $3); print $3 }' | sort; }
declared() {
    "$CC_PLAIN" -E -P "$header" | tr '\n' ' ' | tr ';{}' '\n\n\n' | grep -oE 'hu_[a-z0-9_]+\(' | tr -d '(' | sort -u
}
CC_PLAIN=${CC##* }

exports_listed() {
    { listed "$srcdir/src/halfulp.map" HALFULP_0; listed "$srcdir/src/halfulp.map" HALFULP_PRIVATE; } | sort >"$scratch/listed"
    exported "$core" | diff - "$scratch/listed" >&2 &&
        listed "$srcdir/src/halfulp-text.map" HALFULP_TEXT_0 | diff <(exported "$text") - >&2
}
header_is_exported() { # what the header declares is what both export in the nodes for users
    { listed "$srcdir/src/halfulp.map" HALFULP_0; listed "$srcdir/src/halfulp-text.map" HALFULP_TEXT_0; } | sort >"$scratch/public"
    declared | diff - "$scratch/public" >&2
}
needs() { readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -vE '^(libc|libm|libpthread|ld-linux.*)\.so'; }
core_needs_nothing() { ! needs "$core" >&2; }
text_needs_two() { [ "$(needs "$text" | sed 's/\.so.*//' | sort | tr '\n' ' ')" = 'libgmp libhalfulp ' ]; }
soname() { readelf -d "$1" | grep -q "SONAME.*\[$2\]"; }
sonames() { soname "$core" libhalfulp.so.0 && soname "$text" libhalfulp-text.so.0; }

cat >"$scratch/user.c" <<'EOF2'
#include "halfulp.h"
#include <stdio.h>
#include <string.h>

int main(void)
{
    const struct hu_format *bf16 = hu_format_find("torch.bfloat16"), *e4m3 = hu_format_find("fp8_e4m3");
    char out[64];
    uint64_t bits, next;
    unsigned flags = 0;
    float in[3] = {0.1f, 448, 1e9f};
    unsigned char codes[3];
    bool negative;
    uint64_t significand;
    int exponent;

    if (hu_read(bf16, "0.1", NULL, &bits, &flags) != 0 || bits != 0x3dcd || flags != HU_INEXACT)
        return 1;
    if (hu_print(out, sizeof out, bf16, bits, HU_STYLE_EXACT) != 13 || strcmp(out, "0.10009765625") != 0)
        return 2;
    if (hu_print(out, 3, e4m3, 0x7e, HU_STYLE_SHOWN) != 3 || strcmp(out, "44") != 0)
        return 3;
    if (hu_convert_array(e4m3, codes, hu_format_find("fp32"), in, 3, NULL, NULL) != 0 || codes[1] != 0x7e || codes[2] != 0x7f)
        return 4;
    if (!hu_limit(e4m3, "max", &bits) || hu_to_double(e4m3, bits) != 448 || hu_limit(e4m3, "inf", &bits))
        return 5;
    if (!hu_next_down(e4m3, 0x7e, &next) || next != 0x7d || hu_classify(e4m3, 0x01) != HU_SUBNORMAL)
        return 6;
    if (!hu_split(e4m3, 0xbc, &negative, &significand, &exponent) || !negative || significand != 12 || exponent != -3)
        return 7;
    if (hu_from_double(e4m3, 1.5, NULL) != 0x3c || hu_read(bf16, "one", NULL, &bits, NULL) == 0)
        return 8;
    puts("as promised");
    return 0;
}
EOF2
# shellcheck disable=SC2086
user() { # compiler, further flags; the program is run
    [ "$($1 -Wall -Wextra -Werror -I"$srcdir/src" $2 -o "$scratch/user" $3 -L"$builddir/.libs" -lhalfulp-text -lhalfulp \
        -Wl,-rpath,"$builddir/.libs" && "$scratch/user")" = 'as promised' ]
}
c_user() { user "$CC" '-std=c99 -pedantic' "$scratch/user.c"; }
cxx_user() { cp "$scratch/user.c" "$scratch/user.cc" && user c++ '-std=c++11 -pedantic' "$scratch/user.cc"; }
manual() { # the Nth literal display of halfulp(3)
    awk -v n="$1" '/^\.Bd -literal/ { on = ++at == n; next } /^\.Ed/ { on = 0 } on' "$srcdir/man/halfulp.3" | sed 's/\\e/\\/g'
}
manual_has_all() {
    local name
    for name in $(declared); do
        grep -q "Fn $name " "$srcdir/man/halfulp.3" || { echo "$name is missing"; return 1; }
    done
}
example_runs() {
    manual 1 >"$scratch/example.c"
    # shellcheck disable=SC2086
    $CC ${SANITIZERS-} -I"$srcdir/src" -o "$scratch/example" "$scratch/example.c" "$builddir/libhalfulp-text.a" "$builddir/libhalfulp.a" -lgmp &&
        "$scratch/example" | diff - <(manual 2) >&2
}
static_user() {
    # shellcheck disable=SC2086
    $CC ${SANITIZERS-} -I"$srcdir/src" -o "$scratch/static" "$scratch/user.c" "$builddir/libhalfulp-text.a" "$builddir/libhalfulp.a" -lgmp &&
        [ "$("$scratch/static")" = 'as promised' ]
}
module_says() { # a .pc file and the flags that it gives
    PKG_CONFIG_PATH=$builddir/src/packaging pkg-config --libs "$1" | grep -q -- "$2"
}
modules() { module_says halfulp -lhalfulp && module_says halfulp-text '-lhalfulp-text.*-lhalfulp'; }

if [ -f "$core" ]; then
    holds "the shared libraries export the symbols of their lists and no others" exports_listed
    holds "every function of halfulp.h is exported, and nothing else for users" header_is_exported
    holds "libhalfulp needs the C library alone" core_needs_nothing
    holds "libhalfulp-text needs libhalfulp and GMP" text_needs_two
    holds "the shared libraries carry the number of their interface" sonames
    holds "a C program links with the shared libraries and gets their answers" c_user
    if command -v c++ >/dev/null; then
        holds "a C++ program includes halfulp.h and gets the same answers" cxx_user
        holds "C++ of 1998 includes it too" c++ -std=c++98 -pedantic -Wall -Wextra -Werror -x c++ -fsyntax-only "$srcdir/src/halfulp.h"
    else
        skip "a C++ program includes halfulp.h and gets the same answers" "no C++ compiler"
    fi
else
    skip "shared libraries" "configured without them"
fi
echo '#include "halfulp.h"' >"$scratch/header.c"
narrow() { "$CC_PLAIN" -m32 -x "$1" -std="$2" -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$srcdir/src" "$scratch/header.c"; }
if echo '#include <stdint.h>' | "$CC_PLAIN" -m32 -fsyntax-only -x c - 2>/dev/null; then
    holds "a 32-bit C program includes halfulp.h" narrow c c99
    if command -v c++ >/dev/null && echo '#include <stdint.h>' | "$CC_PLAIN" -m32 -fsyntax-only -x c++ - 2>/dev/null; then
        holds "a 32-bit C++ program includes halfulp.h" narrow c++ c++11
    else
        skip "a 32-bit C++ program includes halfulp.h" "no C++ compiler"
    fi
else
    skip "a 32-bit program includes halfulp.h" "no headers for -m32"
fi
holds "a C program links with the archives and gets the same answers" static_user
holds "halfulp(3) has every function of halfulp.h" manual_has_all
holds "the example of halfulp(3) prints what it says" example_runs
if command -v pkg-config >/dev/null; then
    holds "pkg-config tells how to link with each" modules
else
    skip "pkg-config tells how to link with each" "no pkg-config"
fi
finish
