#!/bin/sh
# assemble.sh SOURCES BUILD VERSION CLANG: the page on standard output, from SOURCES/visual/web, the program
# BUILD/halfulp.wasm and the notices of what is in it. The same input gives the same bytes.
set -eu
export LC_ALL=C

sources=$1
build=$2
version=$3
clang=${4%%.*}
web=$sources/visual/web

# What a browser compares with the text between the tags: SHA-256 in base64.
digest() {
    # shellcheck disable=SC2059
    printf "$(sha256sum "$1" | awk '{
        for (i = 1; i <= 64; i += 2) {
            n = index("0123456789abcdef", substr($1, i, 1)) * 16 + index("0123456789abcdef", substr($1, i + 1, 1)) - 17
            printf "\\%03o", n
        }
    }')" | base64
}

part() { # TITLE FILE
    [ ! -e "$2" ] || {
        printf '\n\n======== %s ========\n\n' "$1"
        cat "$2"
    }
}

notices() {
    printf 'halfulp %s, with %s, wasi-libc and the runtime of clang.\n' "$version" "$(cat "$build/sources/versions")"
    part 'halfulp' "$sources/LICENSE"
    part 'jansson' "$build/sources/jansson/LICENSE"
    part 'wasi-libc' /usr/share/doc/wasi-libc/copyright
    part 'the runtime of clang' "/usr/share/doc/libclang-rt-$clang-dev-wasm32/copyright"
    part 'mini-gmp: GNU Lesser General Public License' "$build/sources/mini-gmp/COPYING.LESSERv3"
    part 'GNU General Public License' "$build/sources/mini-gmp/COPYINGv3"
}

# Scripts without indentation and without comments, which begin or end a line.
plain() {
    printf '"use strict";\n'
    cat "$@" | sed 's/^ *//; /^$/d; /^\/\*.*\*\/$/d; s/ *\/\*.*\*\/$//; /^\/\*/,/\*\/$/d'
}
# The first script stands in the page as it is: without the blanks about its operators, too, which none of its texts has.
plain "$web/lzma.js" "$web/start.js" | sed 's/ \([-=+*/<>&|?:^%!]\{1,3\}\) /\1/g; s/\([,;]\) /\1/g' >"$build/start.js"
plain "$web/wasi.js" "$web/glyphs.js" "$web/page.js" >"$build/page.js"
notices >"$build/notices"
policy="default-src 'none'; script-src 'sha256-$(digest "$build/start.js")' 'sha256-$(digest "$build/page.js")' \
'wasm-unsafe-eval'; style-src 'sha256-$(digest "$web/page.css")'; img-src data:; base-uri 'none'; form-action 'none'"

while IFS= read -r line; do
    case $line in
    @POLICY@) printf '<meta http-equiv="Content-Security-Policy" content="%s">\n' "$policy" ;;
    @DATA@)
        printf '<script type="application/x-lzma" id="data" data-code="%d" data-notices="%d" data-style="%d" data-script="%d">' \
            "$(wc -c <"$build/halfulp.wasm")" "$(wc -c <"$build/notices")" \
            "$(wc -c <"$web/page.css")" "$(wc -c <"$build/page.js")"
        cat "$build/halfulp.wasm" "$build/notices" "$web/page.css" "$build/page.js" |
            xz --threads=1 --format=lzma --lzma1=preset=9e,lc=3,lp=0,pb=0,nice=192 | "$build/pack"
        printf '</script>\n'
        ;;
    @SCRIPT@)
        printf '<script>'
        cat "$build/start.js"
        printf '</script>\n'
        ;;
    *) printf '%s\n' "$line" ;;
    esac
done <"$web/page.html"
