#!/bin/sh
# sources.sh FOLDER [TARBALLS]: lays mini-gmp and jansson out in FOLDER as the page's build wants
# them. TARBALLS is a folder with gmp-*.tar.* and jansson-*.tar.*, as the projects publish them;
# without it apt-get brings Debian's sources, from wherever this machine has its packages from.
set -eu

folder=$1
tarballs=${2-}
here=$folder/fetch

die() {
    printf 'make web: %s\n' "$*" >&2
    exit 1
}

# The lists that apt has on this machine, asked for sources in place of packages; apt keeps what it
# reads of them in a folder of its own, so that the system's lists stay as they are.
fetch() {
    command -v apt-get >/dev/null ||
        die "there is no apt-get here: put gmp's and jansson's source archives into a folder, then make web WEB_SOURCES=FOLDER"
    mkdir -p "$here/lists/partial" "$here/cache/archives/partial" "$here/parts"
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ ! -e "$list" ] || sed -E 's/^Types:.*/Types: deb-src/; s/^deb(-src)?([[:space:]])/deb-src\2/' \
            "$list" >"$here/parts/${list##*/}"
    done
    (
        cd "$here"
        own="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$here/parts
             -o Dir::State::lists=$here/lists -o Dir::Cache=$here/cache"
        [ "$(id -u)" != 0 ] || own="$own -o APT::Sandbox::User=root"
        # A list without sources is no matter as long as another has them.
        # shellcheck disable=SC2086
        apt-get -q $own update
        # shellcheck disable=SC2086
        apt-get -q $own source --download-only gmp jansson
    ) >"$here/apt.log" 2>&1 || {
        tail -n 5 "$here/apt.log" >&2
        die "the sources of gmp and jansson cannot be had; $here/apt.log says more"
    }
    tarballs=$here
}

archive() { # NAME: its one source archive
    for file in "$tarballs/$1"[-_]*.tar.*; do
        case $file in
        *.debian.tar.* | *.asc | *.sig) ;;
        *)
            [ -e "$file" ] || break
            printf '%s\n' "$file"
            return
            ;;
        esac
    done
    die "$tarballs has no source archive of $1"
}

rm -rf "$folder"
mkdir -p "$folder/mini-gmp" "$here"
folder=$(cd "$folder" && pwd)
here=$folder/fetch
[ -n "$tarballs" ] || fetch
gmp=$(archive gmp)
jansson=$(archive jansson)
mkdir "$here/gmp" "$here/jansson"
tar -xf "$gmp" --strip-components=1 -C "$here/gmp"
tar -xf "$jansson" --strip-components=1 -C "$here/jansson"
mv "$here/gmp/mini-gmp"/mini-*.[ch] "$here/gmp/COPYINGv3" "$here/gmp/COPYING.LESSERv3" "$folder/mini-gmp"
mv "$here/jansson/src" "$folder/jansson"
mv "$here/jansson/LICENSE" "$folder/jansson"
# What its configure finds out with clang and wasi-libc.
sed 's/@json_inline@/inline/; s/@json_have_long_long@/1/; s/@json_have_localeconv@/1/
     s/@json_have_atomic_builtins@/1/; s/@json_have_sync_builtins@/1/' \
    "$folder/jansson/jansson_config.h.in" >"$folder/jansson/jansson_config.h"
: >"$folder/jansson/jansson_private_config.h"
# Its mpz_sizeinbase divides the whole number once a digit; gmp_more.c has GMP's.
sed -i.whole 's/^mpz_sizeinbase (const/slow_sizeinbase (const/' "$folder/mini-gmp/mini-gmp.c"
! cmp -s "$folder/mini-gmp/mini-gmp.c.whole" "$folder/mini-gmp/mini-gmp.c" || die "mini-gmp.c has changed its ways"
# mini-mpq.c is part of mini-gmp.c's unit.
printf '#include "mini-gmp.c"\n#include "mini-mpq.c"\n' >"$folder/mini-gmp/gmp.c"
printf '%s, %s\n' "$(basename "$gmp" | sed 's/[.]orig.*//; s/[.]tar.*//')" \
    "$(basename "$jansson" | sed 's/[.]orig.*//; s/[.]tar.*//')" >"$folder/versions"
rm -rf "$here"
touch "$folder/stamp"
