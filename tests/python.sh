# shellcheck shell=bash disable=SC2154,SC2034
# The Python module, by pytest; each of its tests is one here.
. "$srcdir/tests/tap.sh"

if [ ! -f "$builddir/python/halfulp/_halfulp.so" ]; then
    skip "the Python module" "configured without it"
    finish
    exit
fi
export PYTHONPATH=$builddir/python HALFULP=$halfulp PYTHONDONTWRITEBYTECODE=1
if ! "$PYTHON" -c 'import pytest' 2>/dev/null; then
    skip "the Python module" "no pytest"
    finish
    exit
fi
"$PYTHON" -m pytest -q -rA -p no:cacheprovider --tb=short "$srcdir/tests/test_python.py" >"$scratch/log" 2>&1
while read -r verdict name; do
    name=${name#*::test_}
    case $verdict in
    PASSED) pass "Python: ${name//_/ }" ;;
    FAILED | ERROR) fail "Python: ${name%% *}" "$(grep -v ' PASSED' "$scratch/log" | tail -n 60)" ;;
    esac
done < <(grep -E '^(PASSED|FAILED|ERROR) ' "$scratch/log")
sed -n 's/^SKIPPED \[[0-9]*\] [^ ]*: \(.*\)/\1/p' "$scratch/log" | while read -r reason; do printf '# skipped: %s\n' "$reason"; done
[ "$tests" -gt 0 ] || fail "pytest runs the tests" "$(tail -n 20 "$scratch/log")"
holds "python3 -m halfulp runs the program" test "$("$PYTHON" -m halfulp show --version 2>/dev/null || "$PYTHON" -m halfulp --version)" = "$("$halfulp" --version)"
prints "halfulp.__version__ is the program's" "$("$halfulp" --version)" "$PYTHON" -c 'import halfulp; print("halfulp", halfulp.__version__)'
finish
