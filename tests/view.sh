# shellcheck shell=bash disable=SC1091,SC2154,SC2016,SC2046,SC2086
# The viewer without a window: --describe, --script, --screenshot, --print, settings, bad input.
. "$srcdir/tests/tap.sh"

view="$builddir/halfulp-view"
if [ ! -x "$view" ]; then
    echo '1..0 # SKIP halfulp-view was not built (SDL2, SDL2_ttf, fontconfig or libpng is missing)'
    exit 0
fi
# Neither a display nor the user's settings and scale may matter.
unset DISPLAY WAYLAND_DISPLAY GDK_SCALE QT_SCALE_FACTOR
# SDL's own libraries leak where a display cannot be opened.
no_leaks="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export SDL_VIDEODRIVER=dummy XDG_CONFIG_HOME="$scratch/config"

# after SCRIPT JQ [OPTION…]: plays SCRIPT, prints what JQ says of the description.
after() {
    local script=$1 query=$2
    shift 2
    printf '%s\n' "$script" | "$view" --script - "$@" | jq -r "$query"
}
text() { # NAME: the text of the item
    printf '.items[]|select(.name=="%s").text' "$1"
}

# --- What is on screen ---

prints 'starts at 0.1 in five formats' '0x 3dcccccd' after '' \
    '[.items[]|select(.name=="fp32.prefix" or .name=="fp32.hex").text]|join(" ")'
prints 'takes a value, rows and a direction' '2e67 rup' after '' \
    '"\(.items[]|select(.name=="fp16.hex").text) \(.round)"' -f fp16 -r rup 0.1
prints 'shows every bit with its index and field' '16 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 1 5 10' \
    after '' '[.items[]|select(.role=="bit")]|"\(length) \([.[].index]|sort|map(tostring)|join(",")) \(map(select(.field=="sign"))|length) \(map(select(.field=="exponent"))|length) \(map(select(.field=="significand"))|length)"' -f fp16
prints 'says class, flags, error and bytes of a row' 'normal|inexact|cd 3d|+9.77e−05|0.20 ulp' \
    after '' '[.items[]|select(.name|IN("bf16.class","bf16.flags","bf16.bytes","bf16.error","bf16.error_ulp")).text]|join("|")'
prints 'keeps five formats free of a scroll bar at 1280x800' '0' after '' '.scroll_max'
prints 'goes by halfulp view as well' '0.5' bash -c "'$halfulp' view 0.5 --describe | jq -r .value"

# --- Pointer ---

prints 'a click toggles a bit and makes its row the source' 'bdcccccd fp32' \
    after 'click fp32.bit31' \
    '"\(.items[]|select(.name=="fp32.hex").text) \([.items[]|select(.role=="panel" and (.state|index("source"))).name]|join(",")|rtrimstr(".row"))"'
prints 'a drag paints over its row alone' '003ff800' \
    after 'drag fp32.bit21 fp32.bit11' "$(text fp32.hex)" 0
prints 'a drag that strays writes nothing elsewhere' 'fp16' \
    after 'drag fp16.bit3 fp64.bit20' '[.items[]|select(.name|endswith(".source"))|select(.text!="").name]|join(",")|rtrimstr(".source")'
prints 'a menu chooses the direction' 'rtz 3dcccccc' after $'click round\nclick round.rtz' \
    '"\(.round) \(.items[]|select(.name=="fp32.hex").text)"'
prints 'a menu shows more formats' '1e' after $'click formats\nclick format.fp8_e4m3\nkey Escape' \
    "$(text fp8_e4m3.hex)" 0.11
prints 'a custom format is shown by name' '0.0999755859375' after $'click formats\nclick format.custom\ntype e6m9\nkey Enter\nkey Escape' \
    "$(text e6m9.decimal)"
prints 'a click elsewhere closes the menu and does nothing else' 'true 3dcccccd' \
    bash -c "printf 'click theme\nkey Escape\n' | '$view' --script - | jq -r '\"\([.items[]|select(.role==\"menu\")]==[]) \(.items[]|select(.name==\"fp32.hex\").text)\"'"
prints 'directions are buttons on the rounding line too' 'rup' after 'click direction.rup' .round
prints 'hovering is seen' 'hovered' after 'hover fp16.bit3' \
    '.items[]|select(.name=="fp16.bit3").state|join(",")'

# --- Keyboard ---

prints 'typing replaces the value as one types' '7b' after 'type 7' '.value+"b"'
prints 'typed text is rounded once' '6801' after $'click fp16.decimal\ntype 2049.00000000000000000001' \
    "$(text fp16.hex)"
prints 'what was good before a bad character stays' '12 41400000' after 'type 12z' \
    '"\(.value) \(.items[]|select(.name=="fp32.hex").text)"'
prints 'Page Up is one ulp' '3dccccce' after 'key PageUp' "$(text fp32.hex)"
prints 'Up in a field is one ulp of its row' '2e67' after $'click fp16.hex\nkey Up' "$(text fp16.hex)"
prints 'n negates' 'bdcccccd' after $'click tab.bits\nkey n' "$(text fp32.hex)"
prints 'Ctrl+Z undoes' '3dcccccd' after $'click tab.bits\nkey n\nkey Ctrl+Z' "$(text fp32.hex)"
prints 'Ctrl+Shift+Z redoes' 'bdcccccd' after $'click tab.bits\nkey n\nkey Ctrl+Z\nkey Ctrl+Shift+Z' "$(text fp32.hex)"
prints 'digits write bits and go on' 'f5 fp8_e4m3.bit3' after $'click fp8_e4m3.bit7\nkey 1\nkey 1\nkey 1\nkey 1' \
    '"\(.items[]|select(.name=="fp8_e4m3.hex").text) \(.focus)"' -f fp8_e4m3 fp8_e4m3:0x05
prints 'Space toggles the focused bit' '3dcc' after $'click bf16.bit0\nkey Space\nkey Space' "$(text bf16.hex)"
prints 'arrows walk the bits' 'bf16.bit13' after $'click bf16.bit0\nkey Home\nkey Right\nkey Right' .focus
prints 'a bad text is marked, explained, and changes nothing' 'invalid true 3dcccccd' \
    after 'type z' '"\(.items[]|select(.name=="value").state|map(select(.=="invalid"))|join("")) \(.error and (.message|length>0)) \(.items[]|select(.name=="fp32.hex").text)"'
prints 'leaving a bad text brings the good one back' '0.1 false' \
    after $'type z\nclick fp32.hex' '"\(.items[]|select(.name=="value").text) \(.error)"'
prints 'Ctrl+1 to 6 and F1 change the page' 'rounding numberline memory arithmetic block keys bits' bash -c "
    for k in Ctrl+2 Ctrl+3 Ctrl+4 Ctrl+5 Ctrl+6 F1 Ctrl+1; do echo key \$k | '$view' --script - | jq -r .page; done | paste -sd' '"
prints 'Ctrl+Plus enlarges, Ctrl+0 takes it back' '1.1 1' bash -c "
    { echo key Ctrl+Plus | '$view' --script -; printf 'key Ctrl+Plus\nkey Ctrl+0\n' | '$view' --script -; } | jq -r '.scale*10|round/10' | paste -sd' '"
prints 'Ctrl+Q ends the script' '0.1' after $'key Ctrl+Q\ntype 7' .value

# --- The arithmetic page ---

prints 'two operands and a result' '256|1|256' after $'click b.decimal\nkey Ctrl+A\ntype 1\nkey Enter' \
    '[.items[]|select(.name|IN("a.decimal","b.decimal","result.decimal")).text]|join("|")' --page arithmetic -f bf16 256
prints 'a click on a bit moves the sum' '3.5' after $'click b.decimal\nkey Ctrl+A\ntype 2\nkey Enter\nclick a.bit9' "$(text result.decimal)" --page arithmetic -f fp16 1
prints 'undo takes an operand back' '3' after $'click b.decimal\nkey Ctrl+A\ntype 2\nkey Enter\nclick b.bit9\nkey Ctrl+Z' "$(text result.decimal)" --page arithmetic -f fp16 1
prints 'the alignment is described' '10000000 10000000 1000000010 1 0 0' after $'click b.decimal\nkey Ctrl+A\ntype 1\nkey Enter' \
    '[.items[]|select(.name|IN("align.a","align.b","align.exact","align.guard","align.round","align.sticky")).text]|join(" ")' --page arithmetic -f bf16 256

# --- The block page ---

prints 'a block format for -f is shown on its page' 'block nvfp4' after '' \
    '"\(.page) \([.items[]|select(.name|startswith("block."))|select(.state and (.state|index("selected"))).text][0])"' -f nvfp4
prints 'beside rows it waits there' 'bits fp16 block nvfp4' bash -c "
    '$view' --describe -f nvfp4,fp16 | jq -r '\"\(.page) \([.items[].name|select(endswith(\".row\"))|rtrimstr(\".row\")]|join(\",\"))\"' | tr '\n' ' '
    echo 'click tab.block' | '$view' --script - -f nvfp4,fp16 | jq -r '.page + \" \" + ([.items[]|select(.name|startswith(\"block.\"))|select(.state and (.state|index(\"selected\"))).text][0])'"
exits 'a slip in a row is answered with the nearest formats' 2 "'flot16' is no format; did you mean float16 or bfloat16\?" "$halfulp" view --describe -f flot16
exits 'a block format that the page does not show' 2 "'q4_k' is a block format that the block page does not show" "$halfulp" view --describe -f q4_k

prints 'a block as halfulp block explains it' '7f|6|4|−1' after '' \
    '[.items[]|select(.name|IN("scale.hex","e0.value","e1.value","e1.error")).text]|join("|")' --page block
prints 'a bit of the scale moves every value' '1.5 1' after 'click scale.bit1' \
    '[.items[]|select(.name|IN("e0.value","e1.value")).text]|join(" ")' --page block
prints 'undo brings the scale back' '6' after $'click scale.bit1\nkey Ctrl+Z' "$(text e0.value)" --page block
prints 'a bit of an element moves it alone' '4 4' after 'click e0.bit0' \
    '[.items[]|select(.name|IN("e0.value","e1.value")).text]|join(" ")' --page block
prints 'a typed value makes the scale' '2⁵ saturated' after $'click e3.decimal\nkey Ctrl+A\ntype 250' \
    '[.items[]|select(.name|IN("scale.value","e3.remark")).text]|join(" ")|ltrimstr("= ")' --page block
prints 'its command line gives the same bytes' 'same' bash -c "
    shown=\$(printf 'click block.nvfp4\nkey Ctrl+Shift+C\n' | '$view' --script - --page block | jq -r .clipboard)
    command=\$(printf 'click block.nvfp4\nkey Ctrl+Alt+C\n' | '$view' --script - --page block | jq -r .clipboard)
    [ \"\$(eval \"\${command/halfulp/'$halfulp'}\" | grep -o '[0-9a-f]\{18\}')\" = \"\$shown\" ] && echo same"
prints 'so does that of bits set by hand' 'same' bash -c "
    script=\$'click block.nvfp4\nclick e2.bit0\nclick scale.bit2\nkey Ctrl'
    value=\$(printf '%s\n' \"\$script+Alt+C\" | '$view' --script - --page block | jq -r '.items[]|select(.name==\"e5.value\")|.description // .text')
    command=\$(printf '%s\n' \"\$script+Alt+C\" | '$view' --script - --page block | jq -r .clipboard)
    eval \"\${command/halfulp/'$halfulp'} --json\" | jq -r --arg v \"\$value\" '.blocks[0].elements[5].value | if . == \$v then \"same\" else [., \$v] end'"

# --- Clipboard ---

prints 'Ctrl+C copies the value' '0.1' after 'key Ctrl+C' .clipboard
prints 'Ctrl+Shift+C copies the encoding' '0x3dcccccd' after 'key Ctrl+Shift+C' .clipboard
prints 'Ctrl+Alt+C copies a command line that gives the state back' \
    "halfulp show -f fp64,fp32 -r rup --saturate -1/3" \
    after 'key Ctrl+Alt+C' .clipboard -f fp64,fp32 -r rup --saturate -1/3
prints 'that command line runs' '0xbeaaaaaa' bash -c "
    eval \"\$(echo key Ctrl+Alt+C | '$view' --script - -f fp32 -r rup -- -1/3 | jq -r .clipboard | sed \"s|^halfulp|'$halfulp'|\") --json\" | jq -r '.rows[0].bits'"
prints 'Ctrl+V pastes what the grammar reads' '3f800000' after $'clipboard fp16:0x3c00\nclick tab.bits\nkey Ctrl+V' "$(text fp32.hex)"
prints 'Ctrl+V pastes little-endian bytes' '3f800000' after $'clipboard 00 00 80 3f\nclick tab.bits\nkey Ctrl+V' "$(text fp32.hex)"
prints 'Ctrl+Shift+V pastes big-endian bytes' '3f800000' after $'clipboard 3f 80 00 00\nclick tab.bits\nkey Ctrl+Shift+V' "$(text fp32.hex)"
prints 'bytes go into a hexadecimal field too' '3f800000' after $'clipboard 00 00 80 3f\nclick fp32.hex\nkey Ctrl+V' "$(text fp32.hex)"

# --- Pages ---

prints 'the microscope has guard, round and sticky' '1.1001100110 0 1 1' after '' \
    '[.items[]|select(.name|IN("rounding.kept","rounding.guard","rounding.round","rounding.sticky")).text]|join(" ")' \
    --page rounding -f fp16
prints "an integer's kept bits are its own, without a power of two" '10 1 true' after '' \
    '[([.items[]|select(.name|IN("rounding.kept","rounding.guard")).text]|join(" ")), (any(.items[]; .name == "rounding.unit")|not)]|join(" ")' \
    --page rounding -f int8 2.5
prints 'but where it is out of reach' '10010110 × 2¹' after '' \
    '[.items[]|select(.name|IN("rounding.kept","rounding.unit")).text]|join(" ")' --page rounding -f int8 300.5
prints 'the microscope says why' 'to nearest, ties to even: a tie: the lower neighbour'"'"'s last bit is 0, so even' after '' \
    '.items[]|select(.name=="rounding.rne.reason").text' --page rounding -f fp16 2049
reason='.items[]|select(.name=="rounding.rne.reason").text'
prints 'a share of the gap has its digits below every double' '2.53e-321 5.12e-398 4.8e-19' bash -c "
    for v in 4.9406564584124654e-324 1e-400 0.99999999999999999997; do
        '$view' --describe --page rounding -f fp8_e4m3 \$v | jq -r '$reason' | sed 's/.*nearer: \(.*\) of the gap.*/\1/'; done | paste -sd' '"
prints 'the number line counts every value of a small format' '253 values in view; 2⁻³ apart at the source' \
    after 'click numberline.all' "$(text numberline.fp8_e4m3.count)" --page numberline -f fp8_e4m3 1
prints 'the number line labels the values that there are' '352 384 416 448' after '' \
    '[.items[]|select(.name|startswith("numberline.fp8_e4m3.value")).text|select(tonumber>350)]|join(" ")' --page numberline -f fp8_e4m3 400
prints 'labels and axis agree' true bash -c "
    '$view' --page numberline -f fp8_e4m3 --describe 40 | jq '[.items[]|select(.name|test(\"numberline[.](fp8_e4m3[.]value|tick)\"))|{x: (.rect[0] + .rect[2] / 2), v: (.text|tonumber)}]
        | sort_by(.x) as \$all | (\$all[0] as \$a | \$all[-1] as \$b | all(\$all[]; ((.x - \$a.x) / (\$b.x - \$a.x) - (.v - \$a.v) / (\$b.v - \$a.v)) | fabs < 0.01))'"
prints 'overflow is said where the dot would be' 'NaN: beyond 448, and no infinity|overflow: beyond 6, so 6' after '' \
    '[.items[]|select(.name|endswith(".result")).text]|join("|")' --page numberline -f fp8_e4m3,fp16,fp4_e2m1 465
prints 'so is an infinity' 'overflow: below −65504, so −∞' after '' "$(text numberline.fp16.result)" --page numberline -f fp16 -- -1e9
prints 'and what becomes NaN' 'NaN: invalid|NaN|invalid: no NaN, so 6' bash -c "
    { '$view' --page numberline -f e8m0 --describe -- -1; '$view' --page numberline -f fp16,fp4_e2m1 --describe nan; } |
        jq -rs '[.[].items[]|select(.name|endswith(\".result\")).text]|join(\"|\")'"
prints 'it stands at the source' true after '' \
    '[.items[]|select(.name|IN("numberline.source","numberline.fp8_e4m3.result"))|.rect[0]+.rect[2]/2]|(.[0]-.[1])|fabs<2' --page numberline -f fp8_e4m3 465
prints 'rows that do not lose show none' 0 after '' '[.items[]|select(.name|endswith(".result"))]|length' --page numberline 465
prints 'an exact value is shown exactly' '2.140625 = exact' after '' \
    '[.items[]|select(.name|IN("fp16.decimal","fp16.equals","fp16.error")).text]|"\(.[1]) \(.[0]) \(.[2])"' -f fp16 2.140625
prints 'an equation that is not exact says so' '≈ 0.1' after '' \
    '[.items[]|select(.name|IN("fp32.equals","fp32.decimal")).text]|join(" ")' -f fp32 0.1
prints 'the microscope names neighbours exactly' '44096 0x7962' after '' \
    '.items[]|select(.name=="rounding.lower").text|gsub(" +";" ")' --page rounding -f fp16 44099
prints 'the dropped bits have a drawing' 'guard 1  ½ ulp|round 0  ¼ ulp|1  ⅛ ulp' after '' \
    '[.items[]|select(.name|IN("rounding.dropped0","rounding.dropped1","rounding.dropped2")).text]|join("|")' --page rounding -f fp16 2049.25
prints 'and their worth in all' 'Dropped: 0.625 ulp of 2¹, worth 1.25.' after '' "$(text rounding.worth)" --page rounding -f fp16 2049.25
prints 'a tie is told' 'Guard alone is 1: exactly half is dropped, a tie.' after '' "$(text rounding.half)" --page rounding -f fp16 2049
prints 'cells grow with the window' true bash -c "
    { '$view' --describe; '$view' --size 1920x1080 --describe; } |
        jq -s '[.[].items[]|select(.name==\"fp32.bit0\").rect]|.[1][2] > .[0][2] and .[1][3] > .[0][3]'"
prints 'rows fill a tall window' true after '' \
    '([.items[]|select(.name=="fp16.row").rect|.[1]+.[3]][0]) as $bottom|([.items[]|select(.name=="rounding.panel").rect[1]][0])-$bottom < 120' --size 1920x1080
config=$srcdir/fixtures/configs/llama-3-8b.json
memory=$'click bf16.name\nkey Ctrl+4\nclick memory.model\nkey Ctrl+A\ntype '"$config"$'\nkey Enter\nclick memory.context\ntype 32k\nclick memory.device\ntype RTX-4090-24GB\nkey Enter'
prints 'the memory page sums weights and cache' 'weights 14.96 GiB KV cache 4.00 GiB' after "$memory" \
    '[.items[]|select(.name|startswith("memory.share")).text]|join(" ")'
prints 'and says whether they fit' 'fits RTX-4090-24GB (23.99 GiB): 5.03 GiB to spare' after "$memory" \
    '.items[]|select(.name=="memory.verdict").text|gsub("\n";" ")'
prints 'it is what size says' true bash -c "
    want=\$('$halfulp' size '$config' --dtype bf16 --context 32768 --memory RTX-4090-24GB --json | jq -c '[.fit.fits, .fit.max_context]')
    got=\$(printf '%s\n' '$memory' | '$view' --script - | jq -c '[([.items[]|select(.name==\"memory.verdict\").text][0]|startswith(\"fits\")), ([.items[]|select(.text|startswith(\"longest context\")).text][0]|gsub(\"[^0-9]\";\"\")|tonumber)]')
    [ \"\$want\" = \"\$got\" ] && echo true || echo \"\$want \$got\""
prints 'a recipe says what training keeps' 'weights 14.96 GiB gradients 14.96 GiB master weights 29.92 GiB optimizer 59.83 GiB' \
    after "$memory"$'\nclick memory.train\ntype mixed\nkey Enter' '[.items[]|select(.name|startswith("memory.share")).text]|join(" ")'
prints 'a batch and a narrow cache count' '131,072 65,536' after "$memory"$'\nclick memory.batch\ntype 8\nclick memory.kv\ntype fp8_e4m3\nkey Enter' \
    '"131,072 " + ([.items[]|select(.text|startswith("KV cache in fp8_e4m3: 32,768 tokens × 8")).text|split(" ")|.[9]][0])'
prints 'undo takes a question back' '32k | 32k RTX-4090-24GB' bash -c "
    { printf '%s\nkey Ctrl+Z\n' '$memory' | '$view' --script -; printf '%s\nkey Ctrl+Z\nkey Ctrl+Y\n' '$memory' | '$view' --script -; } |
        jq -r '[.items[]|select(.name|IN(\"memory.context\",\"memory.device\")).text]|join(\" \")' | sed 's/ *\$//' | paste -sd'|' | sed 's/|/ | /'"
holds 'the recipes that the page offers are recipes' bash -c '
    offered=$("$0" --page memory --describe | jq -r ".items[] | select(.name == \"memory.hint\").text" | tr "\n" " " | sed -n "s/.*recipe (\(.*\), …).*/\1/p")
    [ "$offered" ] && for recipe in ${offered//,/}; do "$1" size 7B --train "$recipe" >/dev/null || exit; done' "$view" "$halfulp"
prints 'a wrong recipe is explained' true after $'key Ctrl+4\nclick memory.train\ntype nonsense' '.error and (.message|test("mixed"))'
prints 'memory: 1M tokens are 1,048,576, as in size' true bash -c "'$halfulp' view --describe --script - <<<\"\${1/32k/1M}\" 2>&1 | grep -q '1,048,576 tokens' && echo true" - "$memory"
prints 'Tab walks the questions' 'memory.context memory.batch memory.kv memory.train memory.device' bash -c "
    keys='key Ctrl+4
click memory.model'
    for i in 1 2 3 4 5; do keys=\"\$keys
key Tab\"; printf '%s\n' \"\$keys\" | '$view' --script - | jq -r .focus; done | paste -sd' '"
prints 'the number line zooms at the pointer and pans' 'false' after $'wheel numberline.plot 3\ndrag numberline.plot numberline.all' \
    '.items[]|select(.name=="numberline.home").state|index("selected")!=null' --page numberline
prints 'the inspector explains the special codes' 'no infinity; NaN is S.1111.111; max 448' after '' \
    '.items[]|select(.name=="inspector.specials").description' -f fp8_e4m3

# --- Pictures ---

png() { # WIDTH HEIGHT FILE: a PNG of that size
    local head
    head=$(od -An -tx1 -N24 "$3" | tr -d ' \n')
    [ "${head:0:16}" = 89504e470d0a1a0a ] && [ $((16#${head:32:8})) = "$1" ] && [ $((16#${head:40:8})) = "$2" ]
}
for page in bits rounding numberline memory arithmetic block keys; do
    for theme in light dark safe; do
        exits "draws the page $page in the theme $theme" 0 '' "$view" --page $page --theme $theme --screenshot "$scratch/$page-$theme.png"
    done
done
holds 'a picture has the size that was asked for' bash -c "$(declare -f png)
    '$view' --size 640x400 --screenshot '$scratch/small.png' && png 640 400 '$scratch/small.png'"
holds 'the themes differ' bash -c "! cmp -s '$scratch/bits-light.png' '$scratch/bits-dark.png' && ! cmp -s '$scratch/bits-light.png' '$scratch/bits-safe.png'"
holds 'the same state is the same picture' bash -c "'$view' --screenshot '$scratch/again.png' && cmp '$scratch/again.png' '$scratch/bits-light.png'"
exits 'a picture is not replaced' 2 'exists' "$view" --screenshot "$scratch/small.png"
holds 'the picture is as it was' bash -c "$(declare -f png); png 640 400 '$scratch/small.png'"
exits 'unless by --force' 0 '' "$view" --screenshot "$scratch/small.png" --force --size 700x500
holds 'then it is new' bash -c "$(declare -f png); png 700 500 '$scratch/small.png'"
exits 'a picture that cannot be written is an error' 2 'no-such-folder' "$view" --screenshot "$scratch/no-such-folder/a.png"
holds 'a picture that cannot be finished leaves nothing behind' bash -c "
    mkdir '$scratch/full' && (ulimit -f 1; '$view' --screenshot '$scratch/full/a.png' 2>/dev/null; [ \$? -ne 0 ]) && [ -z \"\$(ls -A '$scratch/full')\" ]"
holds '4K is drawn' "$view" --size 3840x2160 --scale 2 --screenshot "$scratch/4k.png"

# --- --print ---

prints '--print gives the encodings' $'fp16:0x3c00\nbf16:0x3f80' "$view" --print --script /dev/null -f fp16,bf16 1
holds 'what it prints reads back' bash -c "
    '$halfulp' convert -t fp16 \$('$view' --print --script /dev/null -f fp16 1) | grep -qx 0x3c00"

# --- Settings ---

mkdir -p "$scratch/config/halfulp"
printf 'theme = dark\nrows = bf16\nwidth = 1000\nheight = 700\n' >"$scratch/good.conf"
printf '\0\377garbage\nwidth = 12\ntheme = plaid\nrows = fp32,nope\nzoom = nan\n' >"$scratch/bad.conf"
prints 'settings are read' 'dark bf16 1000 700' bash -c "
    '$view' --config '$scratch/good.conf' --describe | jq -r '\"\(.theme) \(.selected) \(.width) \(.height)\"'"
prints 'options go before settings' 'light fp16 800' bash -c "
    '$view' --config '$scratch/good.conf' --theme light -f fp16 --size 800x600 --describe | jq -r '\"\(.theme) \(.selected) \(.width)\"'"
exits 'corrupt settings are named' 0 'line [12] is no setting' "$view" --config "$scratch/bad.conf" --describe
prints 'and leave the defaults' 'light 1280 1 5' bash -c "
    '$view' --config '$scratch/bad.conf' --describe 2>/dev/null | jq -r '\"\(.theme) \(.width) \(.scale + 0) \([.items[]|select(.role==\"panel\" and (.name|endswith(\".row\")))]|length)\"'"
exits 'settings that are a folder are no reason to fail' 0 'directory' "$view" --config "$scratch" --describe
holds 'describing writes no settings' bash -c "[ -z \"\$(ls '$scratch/config/halfulp')\" ]"
prints 'GDK_SCALE is honoured, --scale goes before it' '2 1.5' bash -c "
    { GDK_SCALE=2 '$view' --describe; GDK_SCALE=2 '$view' --scale 1.5 --describe; } | jq -r '.scale + 0' | paste -sd' '"

# --- Bad input ---

exits 'a bad value is refused' 2 '12z4' "$view" 12z4 --describe
exits 'a text that no field could hold is refused' 2 'too long: there is room for 4095' "$view" --describe "$(printf '1%.0s' {1..5000})"
exits 'by halfulp view too' 2 '12z4' "$halfulp" view 12z4
exits 'two values are refused' 2 'one value' "$view" 1 2 --describe
exits 'a bad size is refused' 2 'WIDTHxHEIGHT' "$view" --size 0x0 --describe
exits 'an absurd size is refused' 2 'WIDTHxHEIGHT' "$view" --size 99999x99999 --describe
exits 'a bad scale is refused' 2 'factor' "$view" --scale 1e9 --describe
exits 'a bad page is refused' 2 'no page' "$view" --page nowhere --describe
exits 'a bad theme is refused' 2 'no theme' "$view" --theme plaid --describe
exits 'a bad format is refused' 2 'fp33' "$view" -f fp33 --describe
exits 'a bad direction is refused' 2 'sideways' "$view" -r sideways --describe
exits 'an unknown option is refused' 2 '--frobnicate' "$view" --frobnicate
exits 'a script that is missing is an error' 2 'No such file' "$view" --script "$scratch/none"
printf 'click fp32.bit31\nclick nothing\n' >"$scratch/bad.script"
exits 'a bad script line is named' 2 'line 2: nothing on screen is called .nothing' "$view" --script "$scratch/bad.script"
for line in 'frobnicate' 'key Hyper+x' 'drag fp32.bit1' 'resize 1 1' 'resize a b' 'wheel' 'wheel numberline.plot 1234' 'click'; do
    printf '%s\n' "$line" >"$scratch/bad.script"
    exits "the script line '$line' is refused" 2 'line 1: ' "$view" --script "$scratch/bad.script"
done
exits 'no display is said, and what works without' 2 'no display.*--screenshot' \
    env SDL_VIDEODRIVER=x11 DISPLAY=:97 ASAN_OPTIONS="$no_leaks" "$view"
# SDL takes a Wayland of the usual name unasked, and draws on a console where it may.
if compgen -G '/dev/dri/card*' >/dev/null; then
    skip 'nor is a window opened that nobody can see' 'a console could show one here'
else
    exits 'nor is a window opened that nobody can see' 2 'no display.*--screenshot' \
        env -u SDL_VIDEODRIVER XDG_RUNTIME_DIR="$scratch" ASAN_OPTIONS="$no_leaks" timeout 20 "$view"
fi
exits 'a slip in a block format is answered with the nearest' 2 'did you mean mxfp4' "$view" -f mxfp5 --describe
exits 'a file in place of a value is told who reads files' 2 "is not a number; it is a file: 'halfulp tensors'" \
    "$view" --describe "$scratch/bad.script"
prints "an integer's value is its sign bit's worth and the others" '−1 × 2⁷ + 126 = -2' after '' \
    '[.items[] | select(.name | test("^int8.(sum|times|equals|decimal)")).text] | join(" ")' -f int8 -- -2
prints 'the flags of a result are never cut' 'underflow,inexact divide_by_zero,overflow,inexact' bash -c '
    for operation in "fp16:0x0001 0001 mul fp16" "fp4_e2m1:0x2 0 div fp4_e2m1"; do
        set -- $operation
        printf "click b.hex\ntype %s\nkey Enter\nclick operator.%s\n" $2 $3 | "$0" --page arithmetic -f $4 --script - $1
    done | jq -r ".items[] | select(.name == \"result.flags\").text" | paste -sd " "' "$view"
mkdir "$scratch/fonts"
printf '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>%s/fonts</dir><cachedir>%s/cache</cachedir></fontconfig>' \
    "$scratch" "$scratch" >"$scratch/fonts.conf"
exits 'no font is said, and its package' 2 'fonts-dejavu-core' env FONTCONFIG_FILE="$scratch/fonts.conf" "$view" --describe
exits 'halfulp view --help needs no viewer' 0 '' "$halfulp" view --help
mkdir "$scratch/alone"
cp "$halfulp" "$scratch/alone/"
if [ ! -x /usr/local/bin/halfulp-view ]; then
    exits 'without a viewer, how to build it is said' 2 'libsdl2-dev' "$scratch/alone/halfulp" view
fi
prints 'a closed pipe ends it quietly' '{' bash -c "'$view' --describe | head -1"

# Rubbish for scripts: whatever happens, it ends with a message and not by a signal.
prints 'what a shell would read otherwise is quoted' "halfulp show -f fp32 'nan(0x12)'" \
    after 'key Ctrl+Alt+C' .clipboard -f fp32 'nan(0x12)'
holds 'random scripts end cleanly' bash -c "
    for i in 1 2 3 4 5 6 7 8; do
        head -c 4000 /dev/urandom | tr -dc '[:print:]\n\t' | '$view' --script - >/dev/null 2>&1
        [ \$? -lt 3 ] || exit 1
    done"
finish
