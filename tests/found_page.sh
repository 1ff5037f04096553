#!/bin/sh
# The list "What it found" of README or of the manual, from fixtures/found.tsv:
#   found_page.sh readme|manual HALFULP FOUND.tsv
set -eu
kind=$1 halfulp=$2 found=$3

value() { # FORMAT BITS: as it is shown to people, a NaN as nan alone
    "$halfulp" convert -f "$1" -t "$1" --values -- "$2" | sed 's/^s*nan.*/nan/;s/^-s*nan.*/nan/'
}

rows() { # fault|right
    awk -F '\t' -v want="$1" '!/^#/ && ($8 == "-" ? "right" : "fault") == want' "$found"
}

faults() { # source|function|what is given|gives|right|why
    rows fault | while IFS="$(printf '\t')" read -r source version function from to options input result right why; do
        [ "$options" = - ] || to="$to, ${options}d"
        printf '%s|%s|%s|%s|%s|%s\n' "$source $version" "$function" "$(value "$from" "$input"), $from to $to" \
            "$(value "${to%%,*}" "$result")" "$(value "${to%%,*}" "$right")" "$why"
    done
}

# source version (function, function) of each source, a comma between.
rights() { # what encloses a function
    rows right | awk -F '\t' -v q="$1" '
        !($1 SUBSEP $3 in seen) {
            seen[$1, $3]
            printf "%s%s%s%s", $1 != last ? (NR > 1 ? "), " : "") $1 " " $2 " (" : ", ", q, $3, q
            last = $1
        }
        END { print ")." }'
}

case $kind in
readme)
    echo '| code | given | gives | right | why |'
    echo '|---|---|---|---|---|'
    faults | sed 's/^\([^|]*\)|\([^|]*\)|\([^|]*\)|\([^|]*\)|\([^|]*\)|\(.*\)/| \1, `\2` | \3 | \4 | \5 | \6 |/'
    echo
    echo "Without a fault, over all 2^32 inputs or every boundary of fp64's: $(rights '`')" | fold -s -w 118 | sed 's/ *$//'
    ;;
manual)
    echo '.Bl -tag -width Ds'
    faults | sed 's/-/\\-/g; s/"/\\(dq/g' |
        sed 's/^\([^|]*\)|\([^|]*\)|\([^|]*\)|\([^|]*\)|\([^|]*\)|\(.*\)/.It \1, \2\n\3: \4 for \5; \6/'
    echo '.El'
    echo '.Pp'
    echo "Without a fault, over all 2^32 inputs or every boundary of fp64's:"
    rights '' | sed 's/-/\\-/g' | fold -s -w 90 | sed 's/ *$//'
    ;;
esac
