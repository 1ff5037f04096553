# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Other people's conversions: each wrapper of fixtures/against is built where its library is installed,
# and halfulp says of it what fixtures/against/libraries.tsv expects. Run by ./bootstrap thorough.
. "$srcdir/tests/tap.sh"

# What links NumPy's functions for extensions, of the first Python that has NumPy.
numpy_library() {
    local python
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import numpy, os; print("-L" + os.path.join(numpy.get_include(), "..", "lib") + " -lnpymath -lm")' 2>/dev/null && return
    done
    return 1
}

build_rust() { # FILE LIBRARY: with the crate half, whose source is all that Debian packages
    local crate
    crate=$(find /usr/share/cargo/registry/half-*/src/lib.rs 2>/dev/null | head -n 1)
    [ -n "$crate" ] && command -v rustc >/dev/null || return 1
    rustc -O --cap-lints allow --edition 2018 --crate-type rlib --crate-name half -o "$scratch/libhalf.rlib" "$crate" &&
        rustc -O --crate-name wrapper --crate-type cdylib -L "$scratch" -o "$2" "$1"
}

build() { # FILE FLAGS LIBRARY
    local compiler=${CC:-cc} flags
    case $1 in
    *.rs) build_rust "$1" "$3" && return || return 1 ;;
    *.cc) compiler="${CXX:-c++} -std=c++17" ;;
    esac
    [ "$2" = - ] || flags=$(eval "echo $2") || return 1
    case $1 in
    # shellcheck disable=SC2086
    *.cu) nvidia-smi >/dev/null && nvcc -O2 -shared $flags -o "$3" "$1"; return ;;
    esac
    # shellcheck disable=SC2086
    $compiler -O2 -w -shared -fPIC -o "$3" "$1" ${flags-}
}

installed() { # PACKAGE: its version, without what Debian adds; nothing where it is not there
    dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed \([0-9]*:\)*//p' | sed 's/-[^-]*$//; s/+d*f*s.*//'
}

verdict() { # LIBRARY FROM TO OPTIONS: right, the options with which it passes, or defect
    # shellcheck disable=SC2046
    "$halfulp" verify --json -f "$2" -t "$3" --show 1 $([ "$4" = - ] || echo "$4") --against "$1:$2_to_$3" 2>"$scratch/stderr" |
        jq -r '.combinations[0] | if .passed then "right" elif .explained_by == [] then "defect" else .explained_by | join(" ") end'
}

command -v jq >/dev/null || { skip "other people's conversions" "jq is not installed"; finish; }
while IFS=$'\t' read -r file package version flags from to options expected; do
    case $file in '' | '#'*) continue ;; esac
    name="${file%.*} $version: $from to $to: $expected"
    library="$scratch/$file.so"
    there=$(installed "$package")
    if [ ! -e "$library" ] && ! build "$srcdir/fixtures/against/$file" "$flags" "$library" 2>"$scratch/build"; then
        if [ -z "$there" ]; then
            skip "$name" "$package is not installed"
        elif [ "${file##*.}" = rs ] && ! command -v rustc >/dev/null; then
            skip "$name" "rustc is not installed"
        elif [ "${file##*.}" = cu ] && ! { command -v nvcc && nvidia-smi; } >/dev/null 2>&1; then
            skip "$name" "no nvcc, or no device"
        else
            fail "$name" "$(cat "$scratch/build")"
        fi
        continue
    fi
    actual=$(verdict "$library" "$from" "$to" "$options")
    if [ "$actual" = "$expected" ]; then
        pass "$name"
    elif [ -n "$actual" ] && [ -n "$there" ] && [ "$there" != "$version" ]; then
        skip "$name" "of $there halfulp says: $actual"
    else
        fail "$name" "halfulp says: $actual; $(cat "$scratch/stderr")"
    fi
done <"$srcdir/fixtures/against/libraries.tsv"
finish
