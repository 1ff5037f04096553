# shellcheck shell=bash disable=SC2154,SC2034,SC2016,SC2086
# The documentation says what the program does: examples are run, commands and options are all there.
. "$srcdir/tests/tap.sh"
PATH=$builddir:$PATH
cd "$srcdir" || exit 1

# Runs "$ command" lines and compares what follows each. A line "…" ends the comparison early.
run_examples() { # NAME, file of examples
    python3 - "$1" "$2" <<'PY'
import subprocess, sys, re
name, path = sys.argv[1:]
blocks, current = [], None
for line in open(path, encoding="utf-8").read().split("\n"):
    if line.startswith("$ "):
        current = [line[2:], []]
        blocks.append(current)
    elif line == "%%":  # the end of a block
        current = None
    elif current is not None:
        current[1].append(line)
for command, expected in blocks:
    while expected and not expected[-1]:
        expected.pop()
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    actual = (done.stdout + done.stderr).rstrip("\n").split("\n")
    if "…" in expected:
        cut = expected.index("…")
        expected, actual = expected[:cut], actual[:cut]
    good = (actual if actual != [""] else []) == expected
    print(("ok" if good else "not ok"), f"{name}: {command}".replace("#", "\\#"))
    if not good:
        for line in ["expected:", *expected, "actual:", *actual]:
            print("# " + line)
PY
}

numbered() { # TAP lines without numbers, counted on
    while IFS= read -r line; do
        case $line in
        "ok "*)
            tests=$((tests + 1))
            printf 'ok %d - %s\n' "$tests" "${line#ok }"
            ;;
        "not ok "*)
            tests=$((tests + 1))
            printf 'not ok %d - %s\n' "$tests" "${line#not ok }"
            ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

if command -v python3 >/dev/null; then
    awk '/^```console/ { on = 1; next } /^```/ { on = 0; print "%%" } on' README.md >"$scratch/readme"
    # In the manual \e is a backslash, \- a minus.
    awk '/^\.Bd -literal/ { on = 1; next } /^\.Ed/ { on = 0; print "%%" } on' man/halfulp.1 |
        sed 's/\\e/\\/g; s/\\-/-/g' >"$scratch/manual"
    numbered < <(run_examples README "$scratch/readme"; run_examples manual "$scratch/manual")
else
    skip "examples" "python3 is missing"
fi

# The list of what verify found, as its fixture has it, stands whole in FILE.
lists_what_was_found() { # readme|manual, FILE
    sh tests/found_page.sh "$1" halfulp fixtures/found.tsv >"$scratch/found" || return 1
    [ "$(wc -l <"$scratch/found")" -gt 20 ] && awk '
        NR == FNR { want[++n] = $0; next }
        { at = $0 == want[at + 1] ? at + 1 : $0 == want[1] }
        at > most { most = at }
        END { if (most < n) print FILENAME " lacks \"" want[most + 1] "\""; exit most < n }' "$scratch/found" "$2"
}
format_rows() { # the manual's table of formats as the program has it
    halfulp formats --json | jq -r '.formats[] | select(.kind != "integer" and .kind != "block") |
        ".It \(.format) Ta \(.width) Ta \(.exponent_bits) Ta \(.trailing_significand_bits) Ta \(.bias)"'
}
holds "the manual's table has every format" diff <(format_rows) <(sed -n '/^\.It Sy name Ta Sy width/,/^\.El/ { /^\.It [^S]/p }' man/halfulp.1)

holds "README lists what verify found" lists_what_was_found readme README.md
holds "the manual lists what verify found" lists_what_was_found manual man/halfulp.1
holds "no key of JSON in it loses its quotation marks to a macro" bash -c '! grep -n "^\.[A-Z][a-z].* \"[a-z_]*\"[,:]" man/halfulp.1'

if command -v mandoc >/dev/null; then
    holds "the manual is clean mdoc" mandoc -T lint -W warning man/halfulp.1
else
    skip "the manual is clean mdoc" "mandoc is missing"
fi

in_manual() { # command: its section, and each of its options there
    local section option
    section=$(awk -v want=".Ss $1" '$0 == want { on = 1; next } /^\.S[sh]/ { on = 0 } on' man/halfulp.1)
    [ -n "$section" ] || { echo "no section .Ss $1"; return 1; }
    for option in $(halfulp "$1" --help | sed -n 's/^  \(-[a-z], \|    \)--\([a-z0-9-]*\).*/\2/p'); do
        [ "$option" = help ] && continue
        local letter
        letter=$(halfulp "$1" --help | sed -n "s/^  -\([a-z]\), --$option .*/\1/p;s/^  -\([a-z]\), --$option$/\1/p")
        grep -qE -- "Fl -$option( |\$)${letter:+|Fl $letter( |\$)}" <<<"$section" || { echo "--$option of $1 is not in the manual"; return 1; }
    done
}
for command in $(halfulp help | awk '/^  [a-z]/ { print $1 }'); do
    holds "the manual has $command and its options" in_manual "$command"
done

for shell in bash zsh fish; do
    if [ "$shell" = bash ] || command -v "$shell" >/dev/null; then
        halfulp completion "$shell" >"$scratch/completion.$shell"
        holds "the $shell completion parses" "$shell" -n "$scratch/completion.$shell"
    else
        skip "the $shell completion parses" "$shell is missing"
    fi
done
if command -v python3 >/dev/null; then
    pictured() { # FILE, ARGUMENTS: the picture is what show prints
        halfulp show --color=always $2 | python3 man/images/terminal.py "halfulp show $2" | cmp - "man/images/$1"
    }
    holds "show's picture is what it prints" pictured show.svg 0.1
    holds "so is that of one format" pictured detail.svg "-f bf16 0.1"
fi
exits "bootstrap says which word it does not know" 2 "'rubbish' is none of these" ./bootstrap rubbish
exits "and which it has no use for" 2 "check takes no argument; there is 'twice'" ./bootstrap check twice

complete_words() { # line to complete: the words bash offers
    bash -c '. "$1"; COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]})); COMP_WORDS+=("$3"); _halfulp; echo "${COMPREPLY[@]}"' \
        _ "$scratch/completion.bash" "$1" "${2-}"
}
prints "bash completes commands" "show" complete_words "halfulp" sh
prints "bash completes formats" "bf16" complete_words "halfulp show -f" bf
prints "bash completes block formats" "nvfp4 nvfp4_ggml" complete_words "halfulp cast -t" nvfp
prints "bash completes a list behind its comma" "fp32,bf16" complete_words "halfulp verify -f" fp32,bf
prints "bash completes devices" "H200-141GB" complete_words "halfulp size 7B --memory" H20
prints "bash completes models of dot products" "mi100" complete_words "halfulp dot --model" mi1
prints "bash completes operations" "fma" complete_words "halfulp verify --op" fm
: >"$scratch/a.family"
prints "bash completes files" "$scratch/a.family" complete_words "halfulp size 7B --family" "$scratch/a.f"
prints "bash offers no files for a number" "" complete_words "halfulp size 7B --context" ""
prints "bash completes what an option's = is followed by, which is a word of its own there" "shortest" \
    complete_words "halfulp convert --values =" s
prints "also before a letter of it is typed" "all finite" complete_words "halfulp verify --saturate" =
prints "bash completes shells" "bash" complete_words "halfulp completion" b
prints "bash completes stochastic where it is a direction" "stochastic stochastic" \
    echo "$(complete_words "halfulp cast -r" s)" "$(complete_words "halfulp block --round" s)"
prints "bash completes all where it is taken" "all all,fp16 add abs" \
    echo "$(complete_words "halfulp compute -r" a)" "$(complete_words "halfulp show -f" all,fp1)" "$(complete_words "halfulp vectors --op" a)"
prints "bash completes options" "--saturate" complete_words "halfulp convert" --sat
finish
