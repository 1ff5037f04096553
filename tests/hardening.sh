# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# What configure asked of compiler and linker is in the program that came of it. $HARDENING: the flags.
. "$srcdir/tests/tap.sh"

has() { # NAME FLAG COMMAND…: where FLAG was taken, the command succeeds
    local name=$1 flag=$2
    shift 2
    case " $HARDENING " in
    *" $flag "*) holds "$name" "$@" ;;
    *) skip "$name" "configured without $flag" ;;
    esac
}
file() { readelf -W "$@" "$halfulp" 2>/dev/null; }

position_independent() { file -h | grep -q 'Type: *DYN' && file -d | grep -Eq 'FLAGS_1.*PIE'; }
relocations_read_only() { file -l | grep -q GNU_RELRO && file -d | grep -Eq 'BIND_NOW|FLAGS_1.*NOW'; }
stack_not_executable() { file -l | grep GNU_STACK | grep -q ' RW ' && ! file -l | grep GNU_STACK | grep -q RWE; }
stack_guarded() { file --dyn-syms | grep -q __stack_chk_fail; }
functions_fortified() { file --dyn-syms | grep -Eq '__[a-z]+_chk(@|$| )'; }
targets_marked() { # every object of ours says that it has landing pads and a shadow stack
    local objects
    objects=$(readelf -nW "$builddir/libhalfulp.a" 2>/dev/null)
    [ "$(grep -c '^File: ' <<<"$objects")" = "$(grep -c 'x86 feature: IBT, SHSTK' <<<"$objects")" ]
}
stack_probed() { # frames of several pages are taken a page at a time
    objdump -d "$builddir/src/loss/pass.o" | grep -Eq 'sub +\$0x1000,%rsp'
}

if ! command -v readelf >/dev/null || ! readelf -h "$halfulp" >/dev/null 2>&1; then
    skip "hardening" "no readelf, or no ELF"
    finish
    exit
fi
has "the program is position-independent" -pie position_independent
has "what the loader filled in is read-only" -Wl,-z,relro,-z,now relocations_read_only
has "no stack is executable" -Wl,-z,relro,-z,now stack_not_executable
has "stacks are guarded" -fstack-protector-strong stack_guarded
has "the C library's functions check sizes" fortified functions_fortified
if [ "$(uname -m)" = x86_64 ]; then
    has "indirect branches have landing pads" -fcf-protection targets_marked
    has "large frames are probed" -fstack-clash-protection stack_probed
fi
finish
