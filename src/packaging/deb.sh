#!/bin/sh
# Debian's packages of the tarball halfulp-VERSION.tar.xz, into FOLDER:
#   deb.sh halfulp-VERSION.tar.xz FOLDER
# Who packages is DEBFULLNAME and DEBEMAIL, as for Debian's own tools. The tarball's own files say how.
set -eu
tarball=$1 folder=$2
name=$(basename "$tarball" .tar.xz)
version=${name#halfulp-}
maintainer="${DEBFULLNAME-The halfulp authors} <${DEBEMAIL-halfulp@localhost}>"

rm -rf "$folder"
mkdir -p "$folder"
cp "$tarball" "$folder/halfulp_$version.orig.tar.xz"
tar -x -f "$tarball" -C "$folder"
cd "$folder/$name"
cp -r src/packaging/debian debian
chmod +x debian/rules
for file in control changelog; do
    sed "s/@MAINTAINER@/$maintainer/" "src/packaging/debian/$file" >"debian/$file"
done
grep -q "^halfulp ($version-" debian/changelog || { echo "deb.sh: src/packaging/debian/changelog is not of $version" >&2; exit 1; }
dpkg-buildpackage -us -uc >../build.log 2>&1 || { tail -n 40 ../build.log >&2; exit 1; }
