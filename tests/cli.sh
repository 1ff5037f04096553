# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# What a user types, and what comes back: show, convert, limits, formats, table, help.
. "$srcdir/tests/tap.sh"

# convert
prints "convert rounds text once" 0x6801 "$halfulp" convert -t fp16 2049.00000000000000000001
prints "convert overflows to infinity at 65520" $'0x7bff\n0x7c00' "$halfulp" convert -t fp16 65519.99 65520
prints "convert prints flags in their order" $'0x7f overflow,inexact\n0x00 underflow,inexact\n0x38 -\n0x7f invalid' \
    "$halfulp" convert -t fp8_e4m3 --flags 1e9 1e-9 1 snan
prints "convert prints values" $'0.333251953125\n-inf\nnan' "$halfulp" convert -t fp16 --values 1/3 -1e9 nan
prints "convert reads encodings with -f" $'0x3dcd\n0x7fc0' "$halfulp" convert -f fp32 -t bf16 3dcccccd 0x7f800001
prints "convert -f takes hexadecimal that begins 0b" 0x0b22 "$halfulp" convert -f fp32 -t bf16 0b21fbac
prints "convert takes each direction" $'0x3c00\n0x3c01\n0x3c00\n0x3c01' bash -c \
    'for d in rtz rup rdn rto; do "$0" convert -t fp16 -r $d 1.0001; done' "$halfulp"
prints "convert takes IEEE's long names" 0x3c01 "$halfulp" convert -t fp16 -r roundTowardPositive 1.0001
prints "convert saturates" $'0x7e overflow,inexact\n0x7e overflow,inexact' \
    "$halfulp" convert -t e4m3 --saturate --flags 1e9 inf
prints "convert tells tininess before from after" $'0x0400 inexact\n0x0400 underflow,inexact' bash -c \
    '"$0" convert -t fp16 --flags 0x1.fffp-15; "$0" convert -t fp16 --flags --tininess before 0x1.fffp-15' "$halfulp"
prints "convert takes negative values as operands" $'0xbc00\n0xfc00\n0xfe00' "$halfulp" convert -t fp16 -1 -inf -nan
prints "e8m0 takes positive values" $'0x00 underflow,inexact\n0xff invalid\n0x81 inexact' \
    "$halfulp" convert -t e8m0 --flags 0 -1 3
prints "what rounds to an unsigned format's zero from below is zero" $'0x00 underflow,inexact\n0xff invalid' \
    "$halfulp" convert -t binary8p4ue --flags -1e-9 -1
prints "… and with --saturate all that is negative" $'0x00 underflow,inexact\n0x00 invalid' \
    "$halfulp" convert -t binary8p4ue --saturate --flags -1e-9 -1
prints "fnuz has no negative zero" 0x00 "$halfulp" convert -t fp8_e4m3fnuz -0
prints "into a format without NaN goes the largest value" "0x7 invalid" "$halfulp" convert -t fp4 --flags -nan
prints "convert --via rounds twice" 0x3c00 "$halfulp" convert -t fp16 --via fp32 1.00048828126
exits "convert --via says when that bites" 0 'rounded twice: fp32 first gives 0x3c00; straight to fp16 it is 0x3c01' \
    "$halfulp" convert -t fp16 --via fp32 1.00048828126
exits "convert --via is quiet when it does not bite" 0 '' "$halfulp" convert -t fp16 --via fp64,fp32 1.5
prints "an error is told in ulps however large or small it is" $'3.1e+398 ulp\n1.7e−4993 ulp' bash -c \
    'for value in 1e400 1e-5000; do "$0" show $value --saturate -f fp16,bf16 | grep fp16 | grep -o "[^ ]* ulp"; done' "$halfulp"
prints "e8m0's lowest value is not shown below itself" $'6e-39\n6e-39' bash -c \
    '"$0" limits | awk "/^  e8m0/ { print \$3 }"; "$0" limits e8m0 | awk "/^  lowest/ { print \$2 }"' "$halfulp"
exits "help has help" 0 '' "$halfulp" help --help
prints "convert streams lines" $'0x3c00\n0x4000\n0x3555' bash -c 'printf "1\n2\r\n1/3" | "$0" convert -t fp16' "$halfulp"
exits "convert names the bad line" 2 '^halfulp: convert: line 3: "12z4" is not a number$' \
    bash -c 'printf "1\n2\n12z4\n4\n" | "$0" convert -t fp16' "$halfulp"
exits "a million-line stream with one bad line says which" 2 'convert: line 700001: "x" is not a number' \
    bash -c '(yes 1 | head -n 700000; echo x; yes 1 | head -n 299999) | "$0" convert -t fp16' "$halfulp"
exits "an empty line is not a number" 2 'line 2: "" is empty' bash -c 'printf "1\n\n" | "$0" convert -t fp16' "$halfulp"
exits "convert names the bad argument" 2 'argument 2: "zz" is not a number' "$halfulp" convert -t fp16 1 zz
exits "convert needs a target" 2 '\-t names the target' "$halfulp" convert 1
exits "convert refuses an encoding that is too wide" 2 'more bits than the 16 of bf16' "$halfulp" convert -f bf16 -t fp32 12345
exits "what a format lacks is told of" 2 '"fp8_e4m3:inf" is what the format does not have$' "$halfulp" convert -t fp16 fp8_e4m3:inf
exits "so are an integer's" 2 '"int8:epsilon" is what the format does not have$' "$halfulp" convert -t fp16 int8:epsilon
exits "a payload that is cut is told of" 0 'nan\(0x200\): its payload has more bits than a NaN keeps in bf16, fp16$' \
    "$halfulp" show -f fp32,bf16,fp16 'nan(0x200)'
exits "so is a datum's" 0 'fp32:0x7fc00001: .* in fp16, fp8_e4m3$' "$halfulp" show -f fp64,fp16,fp8_e4m3 fp32:0x7fc00001
exits "the top of a payload is no loss" 0 '' "$halfulp" show -f bf16 fp32:0x7fe00000
exits "convert tells of a payload that is cut" 0 'nan\(0x200\): its payload has more bits than a NaN keeps in bf16$' \
    "$halfulp" convert -t bf16 'nan(0x200)'
exits "so it does of a line's" 0 'line 1: 7fc00001: .* in fp16$' bash -c 'echo 7fc00001 | "$0" convert -f fp32 -t fp16' "$halfulp"
exits "at most ten payloads are told of, and their number" 0 'note: 12 NaNs in all lost some of their payload$' \
    bash -c 'yes 7fc00001 | head -n 12 | "$0" convert -f fp32 -t fp16' "$halfulp"
exits "convert keeps quiet of a payload that is kept" 0 '' "$halfulp" convert -t bf16 'nan(0x3f)' fp32:0x7fe00000 nan 1
exits "an encoding has no sign before it" 2 '"-fp16:0x3c00" has a sign before an encoding$' "$halfulp" convert -t fp16 -fp16:0x3c00
exits "convert refuses bool" 2 'bool is a dtype for sizing' "$halfulp" convert -t bool 1
prints "convert takes integers" "0x7f invalid
0x80 inexact
0x02 inexact
0x00 invalid" "$halfulp" convert -t int8 --flags 127.5 -128.5 2.5 nan
prints "convert takes P3109's formats" "0x7f overflow,inexact
0x7e overflow,inexact
0x80 -" sh -c '"$1" convert -t p3109_k8p4se --flags 240; "$1" convert -t binary8p4 -r rtz --flags 240; "$1" convert -t binary8p4se --flags nan' - "$halfulp"
prints "an infinity is NaN in every direction" "0x7f overflow,inexact" "$halfulp" convert -t e4m3 -r rtz --flags inf
exits "a slip is answered with the nearest names" 2 'did you mean float16 or bfloat16?' "$halfulp" convert -t torch.flot16 1
exits "a note tells of F4" 0 'NumPy.s f4 is fp32' "$halfulp" convert -t F4 3
printf '\75\314\314\315' >"$scratch/big.bin"
prints "a raw array may have its most significant byte first" "0x3dcccccd" sh -c '"$1" show -f fp32 --json "$2:fp32:be[0]" | jq -r ".rows[0].bits"' - "$halfulp" "$scratch/big.bin"
prints "stats takes the order of bytes" "0.10000000149011612" sh -c '"$1" stats -f fp32:be -t bf16 "$2" --json | jq -r ".tensors[0].max_abs"' - "$halfulp" "$scratch/big.bin"
prints "stats takes integers" "0 1" sh -c '"$1" stats -f fp32:be -t int8 "$2" --json | jq -r ".total[0] | \"\(.overflow) \(.underflow)\""' - "$halfulp" "$scratch/big.bin"
exits "convert refuses an unknown direction" 2 'not a rounding direction' "$halfulp" convert -t fp16 -r up 1
exits "convert refuses an unknown tininess" 2 "'never' is none of: after before" "$halfulp" convert -t fp16 --tininess never 1
flat_memory() { # in 60 MB of address space, which AddressSanitizer alone would overrun
    [ "$(yes 0x1.8p-3 | head -n 3000000 | (ulimit -v 60000 && "$halfulp" convert -t bf16) | wc -l)" = 3000000 ]
}
# A script in its place starts it under an emulator.
emulated() { [ "$(head -c 2 "$halfulp")" = '#!' ]; }
if emulated; then
    skip "convert streams three million lines in 60 MB" "an emulator maps more"
elif nm "$halfulp" | grep -q __asan_init; then
    skip "convert streams three million lines in 60 MB" "AddressSanitizer maps more"
else
    holds "convert streams three million lines in 60 MB" flat_memory
fi

# show
prints "show prints a row a format" 6 bash -c '"$0" show 0.1 | wc -l' "$halfulp"
prints "show's columns line up with the sketch" \
    '  bf16  0 01111011    1001101                                               0x3dcd              0.10009765625    +9.77e−05  0.20 ulp' \
    bash -c '"$0" show 0.1 | sed -n 5p' "$halfulp"
prints "show in detail derives the value" \
    '  value         1.6015625 × 2^−4                                  0.10009765625 exactly' \
    bash -c '"$0" show -f bf16 0.1 | grep "^  value"' "$halfulp"
prints "show gives the exact value where it is exact" 65504 bash -c '"$0" show 65504 | awk "/fp16/ {print \$6}"' "$halfulp"
prints "show keeps a datum in its own format" signaling_nan \
    bash -c '"$0" show --json -f fp32 fp32:0x7f800001 | jq -r ".rows[0].class"' "$halfulp"
prints "show quiets a NaN elsewhere" 'quiet_nan invalid' \
    bash -c '"$0" show --json -f fp16 fp32:0x7f800001 | jq -r ".rows[0] | .class + \" \" + .flags[0]"' "$halfulp"
exits "show says how a bare hexadecimal would be an encoding" 0 'fp32:0x3f800000 would read it as an encoding' \
    "$halfulp" show 0x3f800000
exits "show is silent about plain decimals" 0 '' "$halfulp" show 16
exits "a file in place of a value is told who reads files" 2 "argument 2: \".*\" is not a number; it is a file: 'halfulp tensors'" \
    "$halfulp" show 1 "$scratch/big.bin"
exits "an element without a colon is told how it is written" 2 "is not a number; it is a file.*of an array FILE:.i.," \
    "$halfulp" show "$srcdir/fixtures/tensors/weights.npy[0,0]"
exits "an element where none is taken is told who does" 2 "names no format.*it is a file.*'halfulp show FILE:TENSOR" \
    "$halfulp" convert -t fp16 "$srcdir/fixtures/tensors/weights.npy:arr[0,0]"
prints "an integer is shown without an exponent, however long" $'72340172838076674\n1000000000000000000' \
    "$halfulp" convert -t int64 --values=shortest 72340172838076674 1e18
prints "so it is in a table" 72340172838076674 sh -c '"$1" show -f int64,uint64 72340172838076674 | awk "\$1 == \"int64\" { print \$5 }"' - "$halfulp"
exits "show names what is no number" 2 'argument 1: "12z4" is not a number' "$halfulp" show 12z4
exits "show needs a value" 2 'VALUE is missing' "$halfulp" show
exits "show names an unknown format" 2 '"fp12" is not a format' "$halfulp" show -f fp12 1
prints "show says when rounding twice bites" 'fp32 first would give 0x3c00' \
    bash -c '"$0" show -f fp16 1.00048828126 | sed -n "s/  rounded twice *//p"' "$halfulp"
json_keys='["biased_exponent","bits","class","decimal","error","error_ulp","exponent","flags","format","hex","next_down","next_up","shortest","sign","significand","storage","trailing_significand","ulp"]'
prints "show --json has the documented keys" "$json_keys" bash -c '"$0" show --json 0.1 | jq -c ".rows[0] | keys"' "$halfulp"
prints "show --json errors are fractions where decimals do not end" '["1/3","-1/48","-1/3"]' bash -c \
    '"$0" show --json -f fp8_e5m2 1/3 | jq -c "[.exact, .rows[0].error, .rows[0].error_ulp]"' "$halfulp"
prints "show --json keeps an error far below every format exact" '"-1e-400000000"' bash -c \
    '"$0" show --json -f fp16 1e-400000000 | jq -c .rows[0].error' "$halfulp"
prints "show --json has null for what a NaN lacks" '[null,null,null,null,null,null]' bash -c \
    '"$0" show --json -f fp16 nan | jq -c "[.rows[0] | .decimal, .hex, .ulp, .error, .next_up, .exponent]"' "$halfulp"
prints "show --json of tf32 gives its storage" '["0x1ee66","0x3dccc000"]' bash -c \
    '"$0" show --json -f tf32 0.1 | jq -c "[.rows[0] | .bits, .storage]"' "$halfulp"
prints "show --json is an array for several values" 2 bash -c '"$0" show --json 1 2 | jq length' "$halfulp"
prints "show of a subnormal fp64 is whole" 1077 bash -c \
    '"$0" show --json -f fp64 5e-324 | jq -r ".rows[0].decimal" | wc -c' "$halfulp"
prints "colour marks the fields when asked" 3 bash -c \
    '"$0" show --color=always -f fp16,bf16 1 | sed -n 2p | grep -o "$(printf "\033")\[3[0-9]m" | sort -u | wc -l' "$halfulp"
prints "no colour reaches a pipe" 0 bash -c '"$0" show 1 | grep -c "$(printf "\033")"; true' "$halfulp"

# --svg: complete, and never over a file unless forced
svg=$scratch/layout.svg
prints "a bad value leaves no file" 'none' bash -c '"$0" show --svg "$1" 1 zz >/dev/null 2>&1; [ -e "$1" ] || echo none' "$halfulp" "$svg"
exits "show --svg draws a file" 0 '' "$halfulp" show --svg "$svg" -f all 0.1
if command -v xmllint >/dev/null; then
    holds "the SVG is well-formed" xmllint --noout "$svg"
elif command -v python3 >/dev/null; then
    holds "the SVG is well-formed" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$svg"
fi
exits "show --svg keeps an existing file" 2 'exists; --force replaces it' "$halfulp" show --svg "$svg" 0.1
exits "show --svg --force replaces it" 0 '' "$halfulp" show --svg "$svg" --force 0.1
exits "show --svg into a missing folder says so" 2 'No such file' "$halfulp" show --svg "$scratch/none/x.svg" 0.1
mkfifo "$scratch/pipe"
exits "--force replaces regular files alone" 2 'is no regular file' "$halfulp" show --svg "$scratch/pipe" --force 0.1
rm "$scratch/pipe"
prints "nothing is left beside the file" 1 bash -c 'ls "$1" | grep -c layout' _ "$scratch"

# limits, formats, table
prints "limits --explain derives as a textbook does" '  exponent      11111110      254 (255 is infinity and NaN)       254 − 127 = 127' \
    bash -c '"$0" limits fp32 --explain | sed -n 3p' "$halfulp"
prints "limits --explain gives the product" '  value         (2 − 2^−23) × 2^127                               340282346638528859811704183484516925440' \
    bash -c '"$0" limits fp32 --explain | sed -n 5p' "$halfulp"
prints "limits --explain says why E4M3 ends at 448" '  significand   1.110         all ones are NaN, so the last is 0  2 − 2^−2' \
    bash -c '"$0" limits e4m3 --explain | sed -n 4p' "$halfulp"
prints "limits --json has the documented keys" \
    '["bias","digits10","emax","emin","epsilon","exponent_bits","finite_codes","format","has_infinity","has_negative_zero","kind","lowest","max","max_consecutive_integer","max_digits10","max_subnormal","min_normal","min_subnormal","nan_codes","precision","storage_bits","trailing_significand_bits","unit_roundoff","width"]' \
    bash -c '"$0" limits --json fp16 | jq -c ".formats[0] | keys"' "$halfulp"
prints "limits of fp32 are C's" '["340282346638528859811704183484516925440",6,9,16777216]' \
    bash -c '"$0" limits --json fp32 | jq -c ".formats[0] | [.max.decimal, .digits10, .max_digits10, .max_consecutive_integer]"' "$halfulp"
prints "limits of integers stand beside" '["integer","-128","127",2]' \
    bash -c '"$0" limits --json int8 | jq -c ".formats[0] | [.kind, .min.decimal, .max.decimal, .digits10]"' "$halfulp"
prints "limits --json without formats lists all" 26 bash -c '"$0" limits --json | jq ".formats | length"' "$halfulp"
exits "limits --explain derives every format" 0 '' "$halfulp" limits --explain
prints "formats --json lists floats, integers and blocks" '["fp64","bool","q2_0"]' \
    bash -c '"$0" formats --json | jq -c "[.formats[0].format, ([.formats[] | select(.kind == \"integer\")][-1].format), .formats[-1].format]"' "$halfulp"
prints "limits of integers are data too" '[{"decimal":"-128","hex":"-0x1p+7","bits":"0x80"},{"decimal":"127","hex":"0x1.fcp+6","bits":"0x7f"}]' \
    bash -c '"$0" limits int8 --json | jq -c ".formats[0] | [.min, .max]"' "$halfulp"
prints "… but of bool" '{"decimal":"1"}' bash -c '"$0" limits bool --json | jq -c ".formats[0].max"' "$halfulp"
prints "table has every code" 256 bash -c '"$0" table fp8_e5m2 | wc -l' "$halfulp"
prints "table gives exact values" '0x7  0 11 1  normal         6' bash -c '"$0" table fp4_e2m1 | sed -n 8p' "$halfulp"
exits "table refuses wide formats" 2 'tf32 has 2\^19 codes' "$halfulp" table tf32
prints "custom formats work everywhere" 0x239 bash -c '"$0" convert -t e5m6 0.0148' "$halfulp"

# what cannot be read is told of, and not of a line
for command in 'convert -t fp16' 'compute -f fp16' 'block -t mxfp4'; do
    exits "$command from a folder" 2 'standard input: Is a directory' bash -c "\"\$0\" $command </" "$halfulp"
    exits "$command from a closed input" 2 'standard input: Bad file descriptor' bash -c "\"\$0\" $command <&-" "$halfulp"
done
exits "a line without an end" 2 'standard input: line 1 is longer than 64 MiB' \
    bash -c 'head -c 70000000 /dev/zero | tr "\0" 1 | "$0" convert -t fp16' "$halfulp"

# the program
exits "no command shows the overview and fails" 2 '' "$halfulp"
exits "an unknown command is named" 2 "there is no command 'foo'" "$halfulp" foo
exits "a slip in a command's name is answered with the nearest" 2 "there is no command 'shwo'; did you mean show\?" "$halfulp" shwo 1
exits "… for help too" 2 "there is no command 'convrt'; did you mean convert\?" "$halfulp" help convrt
exits "a slip in a block format's name" 2 '"mxpf4" is not a block format; did you mean mxfp4\?' "$halfulp" block -t mxpf4 1
exits "… where formats and block formats are taken" 2 '"mxpf4" is not a format; did you mean mxfp4\?' "$halfulp" limits mxpf4
exits "… in a list of dtypes" 2 "there is no dtype 'q8_O'; did you mean q8_0" "$halfulp" size 7B --dtype q8_O
for command in 'show -f' 'convert -t' 'compute -f' 'verify -f'; do
    # shellcheck disable=SC2086
    exits "${command% *} says that a block format is one" 2 'nf4 is a block format, whose elements share a scale' "$halfulp" $command nf4 1
done
exits "a kernel that the machine has not is named" 2 "HALFULP_KERNEL: this machine runs no kernel 'foo', but: scalar" \
    env HALFULP_KERNEL=foo "$halfulp" convert -t fp16 1
exits "an empty choice of kernel is none" 0 '' env HALFULP_KERNEL= "$halfulp" convert -t fp16 1
exits "help of an unknown command is refused" 2 "there is no command 'foo'" "$halfulp" help foo
exits "digits of an encoding are told how one is written, whatever the options" 2 '"3f80abcd" is not a number; an encoding is written FORMAT:0xHEX, as fp16:0x3c00$' \
    "$halfulp" show -f fp32 3f80abcd
exits "an unknown option is named" 2 "there is no option --foo; 'halfulp show --help' lists them" "$halfulp" show --foo 1
exits "a slip in an option is answered with the nearest" 2 'no option --valeus; did you mean values\?' "$halfulp" convert -t fp16 --valeus 1
exits "of joined letters the one that is no option is named" 2 'there is no option -Z; ' "$halfulp" show --json -Zx 1
exits "an option that may be several is answered with them" 2 '--v may be --via or --values$' "$halfulp" convert -t fp16 --v 1
prints "a negative of a name, a function or a parenthesis is no option" $'0xfbff\n0xb800\n-3  0xc200  exact\n-2  0xc000  exact\n-1  0xbc00  exact' bash -c \
    '"$0" convert -t fp16 -fp16:max -0.5; "$0" compute -f fp16 "-(1+2)" "-sqrt(4)" "-bf16(1)"' "$halfulp"
exits "eXmY beyond its bounds is told them" 2 '"e8m60" is not a format: eXmY has X from 2 to 15, and 1 \+ X \+ Y at most 64' "$halfulp" convert -t e8m60 1
exits "so is binaryKpP" 2 '"binary8p8se" is not a format: binaryKpP has K from 3 to 15' "$halfulp" table binary8p8se
exits "a slip in a suffix is not taken for that" 2 'did you mean e4m3fn or e4m3fnuz' "$halfulp" convert -t e4m3fnz 1
for command in convert verify compute stats vectors dot; do
    exits "$command tells of a direction that is none as the others do" 2 "^halfulp: $command: \"rnd\" is not a rounding direction; they are rne, rna, rtz, rup, rdn, rto$" "$halfulp" "$command" -r rnd
done
exits "stochastic is told where it is a direction" 2 'not a rounding direction here, but of block and cast' "$halfulp" convert -t fp16 -r stochastic 1
exits "a drawing is no stream" 2 'does not go to a stream; ./- is a file called -' "$halfulp" show --svg - 1
exits "so is none of compute's" 2 'does not go to a stream' "$halfulp" compute -f fp16 --svg - 1+1
exits "vectors of conversions have no rule of NaNs" 2 '--nan-rule does not go with conversions' "$halfulp" vectors -f fp32 -t fp16 --nan-rule arm
exits "nor one of scales" 2 '--rule does not go with targets that are no block formats' "$halfulp" vectors -f fp32 -t fp16 --rule ceil
exits "vectors of operations are of no block format" 2 'needs one operation' "$halfulp" vectors --op add -f fp16 -t mxfp4
exits "vectors of blocks have no levels" 2 '--level does not go with block formats' "$halfulp" vectors -t mxfp4 --level 2
exits "an option without its argument is named" 2 'option -f needs an argument' "$halfulp" show -f
exits "an option with an argument too many is named" 2 'option --json takes no argument' "$halfulp" show --json=1 1
for command in $("$halfulp" help | awk '/^  [a-z]/ { print $1 }'); do
    exits "$command --help succeeds" 0 '' "$halfulp" "$command" --help
    exits "help $command succeeds" 0 '' "$halfulp" help "$command"
done
prints "a closed pipe ends quietly" '0x0000  0 00000 0000000000  zero           0' \
    bash -c '"$0" table fp16 2>"$1" | head -n 1; cat "$1"' "$halfulp" "$scratch/closed"
prints "a closed pipe ends quietly after lines that fit a terminal" 'e2m9  12 bits: 1 sign, 2 exponent, 9 significand; IEEE' \
    bash -c '"$0" limits $(seq -f "e%gm9" 2 15) all 2>"$1" | head -n 1; cat "$1"' "$halfulp" "$scratch/closed"
if [ -w /dev/full ]; then
    exits "a full disk is reported" 2 'standard output: No space left' bash -c '"$0" table fp16 >/dev/full' "$halfulp"
    for command in "limits" "formats" "dot --models" "size --families" "size 7B --memory list" "verify --help"; do
        exits "a full disk is reported of $command" 2 'standard output: No space left' bash -c '"$0" $1 >/dev/full' "$halfulp" "$command"
    done
    exits "a full disk is reported by a stream" 2 'No space left' bash -c 'yes 1 | head -n 100000 | "$0" convert -t fp16 >/dev/full' "$halfulp"
fi

# --- view --web: a browser that only says what it was given ---

page_in_a_browser() {
    mkdir -p "$scratch/house/a b" "$scratch/bin"
    cp "$halfulp" "$scratch/house/a b/"
    own="$scratch/house/a b/halfulp"
    printf '#!/bin/sh\necho "$1"\n' | tee "$scratch/bin/says" "$scratch/bin/xdg-open" >/dev/null
    chmod +x "$scratch/bin/says" "$scratch/bin/xdg-open"
    BROWSER=$scratch/bin/says exits "view --web without a page says how to make it" 2 'the page was not made: .*make' "$own" view --web 1
    : >"$scratch/house/a b/halfulp.html"
    prints "view --web hands the page to the browser" "file://$scratch/house/a%20b/halfulp.html" env BROWSER="$scratch/bin/says:other" "$own" view --web
    prints "with what was asked for in its address" \
        "file://$scratch/house/a%20b/halfulp.html#rows=fp32,fp16&round=rtz&saturate=1&theme=dark&page=rounding&value=-1%2F3" \
        env BROWSER="$scratch/bin/says" "$own" view --web -f fp32,fp16 -r rtz --saturate --page rounding --theme dark -1/3
    prints "a desktop's opener gets a page that goes there" "0;url=file://$scratch/house/a%20b/halfulp.html#round=rup&amp;value=nan%280x12%29" \
        bash -c 'sed -n "s/.*content=\"\(0;url[^\"]*\)\".*/\1/p" "$(env -u BROWSER PATH="$1:$PATH" XDG_CACHE_HOME="$2" "$0" view --web -r rup "nan(0x12)")"' "$own" "$scratch/bin" "$scratch/cache"
    exits "what the page cannot do is refused" 2 'view: --describe does not go with --web' env BROWSER="$scratch/bin/says" "$own" view --web --describe 1
    exits "a direction that is none is refused before a browser opens" 2 '"up" is not a rounding direction' env BROWSER="$scratch/bin/says" "$own" view --web -r up 1
    exits "without a browser the address is said" 2 'no browser is found .* file://.*halfulp.html#value=1' \
        env -u BROWSER -u HOME -u XDG_CACHE_HOME PATH="$scratch/none" "$own" view --web 1
}
if emulated; then
    skip "view --web hands the page to the browser" "an emulated program does not lie where it is called"
else
    page_in_a_browser
fi
finish
