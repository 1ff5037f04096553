# shellcheck shell=bash disable=SC1091,SC2154,SC2016,SC2046,SC2086
# The viewer in a real window, under Xvfb: toggles, drags, types, copies and pastes; stands still
# while nothing happens; remembers its settings.
. "$srcdir/tests/tap.sh"

view="$builddir/halfulp-view"
for tool in Xvfb xdotool jq; do
    command -v $tool >/dev/null || missing="${missing-}$tool "
done
[ -x "$view" ] || missing="${missing-}halfulp-view "
if [ -n "${missing-}" ]; then
    echo "1..0 # SKIP missing: $missing"
    exit 0
fi
unset WAYLAND_DISPLAY GDK_SCALE QT_SCALE_FACTOR SDL_VIDEODRIVER XMODIFIERS
# The display's libraries leak a little of their own.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export XDG_CONFIG_HOME="$scratch/config" SDL_VIDEODRIVER=x11

# A free display is found by Xvfb itself; it would start anew whenever the last window closes.
mkfifo "$scratch/display"
Xvfb -displayfd 3 -screen 0 1400x900x24 -nolisten tcp -noreset 3>"$scratch/display" >/dev/null 2>&1 &
xvfb=$!
viewer=
trap 'kill $viewer $xvfb 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT
read -r number <"$scratch/display" || { echo '1..0 # SKIP Xvfb does not start'; exit 0; }
export DISPLAY=":$number"

begin() { # OPTION…: starts the viewer and waits for its window
    "$view" --print "$@" >"$scratch/printed" 2>"$scratch/stderr" &
    viewer=$!
    window=$(timeout 20 xdotool search --sync --all --onlyvisible --pid $viewer --name '^halfulp$' | head -1)
    timeout 20 xdotool windowfocus --sync "$window"
}
ends='' # the exit statuses of all viewers
quit() {
    xdotool key ctrl+q
    wait $viewer
    ends+="$? "
}
# eventually COMMAND…: it succeeds at one of fifty tries.
eventually() {
    for _ in $(seq 50); do
        "$@" && return
        sleep 0.2
    done
    return 1
}
# at NAME [OPTION…]: the middle of the item's box, as xdotool wants it.
"$view" --size 1280x800 --describe >"$scratch/screen"
at() {
    jq -r --arg n "$1" '.items[]|select(.name==$n).rect|"\(.[0]+(.[2]/2|floor)) \(.[1]+(.[3]/2|floor))"' "$scratch/screen"
}
move() { xdotool mousemove --window "$window" $(at "$1"); }
click() { move "$1"; xdotool click 1; sleep 0.05; }
printed() { grep "^$1:" "$scratch/printed"; }

begin
holds 'opens a window of the size it should' bash -c "xdotool getwindowgeometry $window | grep -q 1280x800"
click fp32.bit31
quit
prints 'leaves with 0' '0 ' echo "$ends"
prints 'a press toggles a bit; --print tells' 'fp32:0xbdcccccd' printed fp32
prints 'the other rows followed' 'bf16:0xbdcd' printed bf16
holds 'the settings were kept' grep -q '^rows = fp64,fp32,tf32,bf16,fp16$' "$XDG_CONFIG_HOME/halfulp/view.conf"

begin 0
move fp32.bit20
xdotool mousedown 1
for bit in 17 14 10; do move fp32.bit$bit; sleep 0.02; done
move fp64.bit39
xdotool mouseup 1
quit
prints 'a drag paints, over its row alone' 'fp32:0x001ffc00' printed fp32

begin
click fp16.decimal
xdotool type --delay 20 '65519.99'
quit
prints 'typing applies' 'fp16:0x7bff' printed fp16

begin
click fp16.hex
xdotool type --delay 20 '3c00'
xdotool key ctrl+shift+c
click tab.bits
xdotool key Prior
xdotool key n
quit
prints 'Page Up and n act on the row' 'fp16:0xbc01' printed fp16

if command -v xclip >/dev/null; then
    offers() { [ "$(timeout 2 xclip -selection clipboard -o 2>/dev/null)" = "$1" ]; }
    begin
    printf 'fp16:0x4248' | xclip -selection clipboard -quiet >/dev/null 2>&1 &
    clip=$!
    eventually offers fp16:0x4248
    click tab.bits
    xdotool key ctrl+v
    sleep 0.5
    quit
    kill $clip 2>/dev/null
    prints 'Ctrl+V pastes what another program copied' 'fp64:0x4009200000000000' printed fp64
    begin 1.5
    xdotool key ctrl+alt+c
    holds 'Ctrl+Alt+C can be pasted elsewhere' eventually offers 'halfulp show -f fp64,fp32,tf32,bf16,fp16 1.5'
    quit
else
    skip 'Ctrl+V pastes what another program copied' 'xclip is missing'
    skip 'Ctrl+Alt+C can be pasted elsewhere' 'xclip is missing'
fi

begin --theme dark
timeout 20 xdotool windowsize --sync "$window" 700 500
quit
holds 'a resize is live and remembered, and so is the theme' bash -c "grep -q '^width = 700$' '$XDG_CONFIG_HOME/halfulp/view.conf' && grep -q '^theme = dark$' '$XDG_CONFIG_HOME/halfulp/view.conf'"
rm -r "$XDG_CONFIG_HOME"

# Ticks of processor time that the viewer has used.
used() { awk '{print $14 + $15}' "/proc/$viewer/stat"; }
rests() { # two seconds without a tick
    local before
    before=$(used)
    sleep 2
    [ "$(used)" = "$before" ]
}
begin
holds 'no processor time is used while nothing changes' eventually rests
if nm "$view" | grep -q __asan_init; then
    skip 'memory stays under 100 MB' 'the address sanitizer takes more'
else
    memory=$(awk '/^VmRSS/{print $2}' "/proc/$viewer/status")
    holds 'memory stays under 100 MB' [ "$memory" -lt 100000 ]
fi
quit

prints 'every viewer left with 0' '' echo "${ends//0 /}"

begin
kill -TERM $viewer
wait $viewer 2>/dev/null
prints 'a signal ends it without printing' '' cat "$scratch/printed"
viewer=
finish
