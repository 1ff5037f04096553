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
    window=$(timeout 20 xdotool search --sync --onlyvisible --name '^halfulp$' | head -1)
    xdotool windowfocus --sync "$window"
    sleep 0.3
}
quit() { # its exit status
    xdotool key ctrl+q
    wait $viewer
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
prints 'leaves with 0' '0' echo $?
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
sleep 0.1
quit
prints 'typing applies' 'fp16:0x7bff' printed fp16

begin
click fp16.hex
xdotool type --delay 20 '3c00'
xdotool key ctrl+shift+c
click tab.bits
xdotool key Prior
xdotool key n
sleep 0.1
quit
prints 'Page Up and n act on the row' 'fp16:0xbc01' printed fp16

if command -v xclip >/dev/null; then
    paste() { # what the viewer prints after pasting, and its status and messages where it fails
        begin
        printf 'fp16:0x4248' | xclip -selection clipboard -quiet >/dev/null 2>&1 &
        clip=$!
        for _ in 1 2 3 4 5 6 7 8 9 10; do # until xclip owns the selection
            [ "$(timeout 2 xclip -selection clipboard -o 2>/dev/null)" = fp16:0x4248 ] && break
            sleep 0.2
        done
        click tab.bits
        xdotool key ctrl+v
        sleep 0.5
        quit
        echo "status $?" >>"$scratch/stderr"
        kill $clip 2>/dev/null
        printed fp64
    }
    pasted=$(paste)
    # A loaded machine may lose a key between two programs: once more decides.
    [ -n "$pasted" ] || pasted=$(cat "$scratch/stderr" >&2; paste)
    prints 'Ctrl+V pastes what another program copied' 'fp64:0x4009200000000000' echo "$pasted"
    begin 1.5
    xdotool key ctrl+alt+c
    sleep 0.2
    prints 'Ctrl+Alt+C can be pasted elsewhere' 'halfulp show -f fp64,fp32,tf32,bf16,fp16 1.5' timeout 5 xclip -selection clipboard -o
    quit
else
    skip 'Ctrl+V pastes what another program copied' 'xclip is missing'
    skip 'Ctrl+Alt+C can be pasted elsewhere' 'xclip is missing'
fi

begin --theme dark
xdotool windowsize --sync "$window" 700 500
sleep 0.3
quit
holds 'a resize is live and remembered, and so is the theme' bash -c "grep -q '^width = 700$' '$XDG_CONFIG_HOME/halfulp/view.conf' && grep -q '^theme = dark$' '$XDG_CONFIG_HOME/halfulp/view.conf'"
rm -r "$XDG_CONFIG_HOME"

# Ticks of processor time that the viewer has used.
used() { awk '{print $14 + $15}' "/proc/$viewer/stat"; }
begin
sleep 0.5
before=$(used)
sleep 2
prints 'no processor time is used while nothing changes' "$before" used
if nm "$view" | grep -q __asan_init; then
    skip 'memory stays under 100 MB' 'the address sanitizer takes more'
else
    memory=$(awk '/^VmRSS/{print $2}' "/proc/$viewer/status")
    holds 'memory stays under 100 MB' [ "$memory" -lt 100000 ]
fi
quit

begin
kill -TERM $viewer
wait $viewer 2>/dev/null
prints 'a signal ends it without printing' '' cat "$scratch/printed"
viewer=
finish
