# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# TAP for shell tests: source this, call the checks, end with `finish`.
# $halfulp is the program under test; $scratch a folder that goes away.
halfulp="$builddir/halfulp"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tests=0
# What is printed does not depend on who runs the tests.
export LC_ALL=C.UTF-8
unset COLUMNS

pass() { # NAME
    tests=$((tests + 1))
    printf 'ok %d - %s\n' "$tests" "$1"
}

fail() { # NAME [EXPLANATION]
    tests=$((tests + 1))
    printf 'not ok %d - %s\n' "$tests" "$1"
    [ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
}

skip() { # NAME REASON
    tests=$((tests + 1))
    printf 'ok %d - %s # SKIP %s\n' "$tests" "$1" "$2"
}

# prints NAME EXPECTED COMMAND…: its standard output is EXPECTED.
prints() {
    local name=$1 expected=$2 actual
    shift 2
    actual=$("$@" 2>"$scratch/stderr" </dev/null)
    if [ "$actual" = "$expected" ]; then
        pass "$name"
    else
        fail "$name" "$(printf 'command:  %s\nexpected: %s\nactual:   %s\nstderr:   %s' "$*" "$expected" "$actual" "$(cat "$scratch/stderr")")"
    fi
}

# exits NAME STATUS PATTERN COMMAND…: the status, and stderr matches the extended regex ('' for an
# empty stderr).
exits() {
    local name=$1 status=$2 pattern=$3 actual message
    shift 3
    "$@" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null
    actual=$?
    message=$(cat "$scratch/stderr")
    if [ "$actual" != "$status" ]; then
        fail "$name" "exit $actual, not $status: $* — $message"
    elif [ -z "$pattern" ] && [ -n "$message" ]; then
        fail "$name" "stderr is not empty: $message"
    elif [ -n "$pattern" ] && ! grep -Eq -- "$pattern" <<<"$message"; then
        fail "$name" "stderr does not match /$pattern/: $message"
    else
        pass "$name"
    fi
}

# holds NAME COMMAND…: the command succeeds.
holds() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1 </dev/null); then pass "$name"; else fail "$name" "$* — $output"; fi
}

# Whether PYTHON can open a pseudo-terminal: not where /dev/pts is missing, as in a bare chroot.
has_pseudo_terminals() { # PYTHON
    "$1" -c 'import os; os.openpty()' 2>/dev/null
}

finish() {
    printf '1..%d\n' "$tests"
}
