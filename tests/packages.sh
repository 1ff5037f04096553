# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# Debian's packages, as a distribution looks at them: built twice with the same bytes, clean under lintian,
# installed into a bare root, used and removed. Run by ./bootstrap debs, which has made $builddir/deb.
. "$srcdir/tests/tap.sh"
deb=$builddir/deb
version=$(sed -n 's/^halfulp (\(.*\)) .*/\1/p' "$srcdir/src/packaging/debian/changelog")
upstream=${version%-*}
changes() { ls "$1"/halfulp_"$version"_*.changes; }

packages_are_all_there() {
    local package
    for package in halfulp halfulp-view libhalfulp0 libhalfulp-text0 libhalfulp-dev python3-halfulp; do
        ls "$deb/${package}_$version"_*.deb >/dev/null || return 1
    done
}
holds "six packages" packages_are_all_there

# The second build has another folder, time zone, language, umask and clock.
same_bytes() {
    local package
    (umask 077 && cp "$deb/halfulp_$upstream.orig.tar.xz" "$scratch/halfulp-$upstream.tar.xz" && cd "$scratch" &&
        TZ=Asia/Tokyo LC_ALL=C sh "$srcdir/src/packaging/deb.sh" "$scratch/halfulp-$upstream.tar.xz" "$scratch/elsewhere/again") || return 1
    for package in "$deb"/*.deb; do
        cmp "$package" "$scratch/elsewhere/again/$(basename "$package")" || return 1
    done
}
if [ -n "${TWICE-yes}" ]; then holds "two builds have the same bytes" same_bytes; fi

if command -v lintian >/dev/null; then
    # A packager without an address is told so by lintian, and need not be here.
    tags=()
    [ -n "${DEBEMAIL-}" ] || tags=(--suppress-tags "bogus-mail-host,bogus-mail-host-in-debian-changelog")
    clean() { lintian --fail-on error,warning "${tags[@]}" "$(changes "$deb")"; }
    holds "lintian finds no error and no warning" clean
else
    skip "lintian" "lintian is not installed"
fi

# A root with nothing but what Debian calls essential, and apt.
root=$scratch/root
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
if [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null &&
    debootstrap --variant=minbase "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root" >"$scratch/debootstrap.log" 2>&1; then
    grep -li proxy /etc/apt/apt.conf.d/* 2>/dev/null | while read -r file; do cp "$file" "$root/etc/apt/apt.conf.d/"; done
    mkdir "$root/debs" && cp "$deb"/*.deb "$root/debs" && rm -f "$root"/debs/*-dbgsym_*
    in_root apt-get -q update >"$scratch/apt.log" 2>&1
    installs() { in_root sh -c 'apt-get -q install -y --no-install-recommends /debs/*.deb gcc libc6-dev pkg-config'; }
    holds "they install into a bare root" installs
    prints "the program runs there" "0x2e66" in_root halfulp convert -t fp16 0.1
    describes() { in_root halfulp-view --describe 0.1 | grep -q fp16; }
    holds "the viewer runs there" describes
    cat >"$root/use.c" <<'C'
#include <halfulp.h>
int main(void)
{
    return hu_convert(hu_format_find("fp8_e4m3"), hu_format_find("fp32"), 0x43e80001, 0, 0) != 0x7f;
}
C
    links() { in_root sh -c 'gcc -o /use /use.c $(pkg-config --cflags --libs halfulp) && /use && gcc -static -o /use /use.c $(pkg-config --cflags --libs halfulp) && /use'; }
    holds "a program of one's own links there, shared and static" links
    imports() { in_root python3 -c 'import halfulp; assert halfulp.Format("bf16")'; }
    holds "the Python module is imported there" imports
    removes() {
        in_root apt-get -q purge -y halfulp halfulp-view libhalfulp0 libhalfulp-text0 libhalfulp-dev python3-halfulp &&
            ! find "$root/usr" "$root/etc" "$root/var/lib/dpkg/info" -name '*halfulp*' | grep .
    }
    holds "they are removed without a trace" removes
else
    skip "a bare root" "no root's rights, no debootstrap, or nothing to fetch from"
fi
finish
