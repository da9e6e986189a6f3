#!/bin/sh
# install.sh DIR: what `make install` puts below a DESTDIR, `make uninstall` removes.
dir=$1
[ -n "$(find build/release/bin -name 'gapferry-*' 2>/dev/null)" ] || { echo "skip: no program yet"; exit 77; }
rm -rf "$dir"
mkdir -p "$dir"
make -s DESTDIR="$PWD/$dir" PREFIX=/usr install || exit 1
for p in build/release/bin/gapferry-*; do
	"$dir/usr/bin/${p##*/}" --version || exit 1
done
make -s DESTDIR="$PWD/$dir" PREFIX=/usr uninstall || exit 1
left=$(find "$dir" ! -type d)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
