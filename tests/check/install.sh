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
for f in lib/systemd/system/gapferry-export@.service lib/systemd/system/gapferry-export@.timer \
	lib/systemd/system/gapferry-import@.service lib/systemd/system/gapferry-server.service \
	lib/systemd/system/gapferry-import-medium@.service lib/udev/rules.d/90-gapferry.rules \
	lib/sysusers.d/gapferry.conf share/man/man5/gapferry-jobs.5; do
	[ -s "$dir/usr/$f" ] || { echo "not installed: $f"; exit 1; }
done
! grep -r '@BINDIR@' "$dir/usr/lib" || exit 1
make -s DESTDIR="$PWD/$dir" PREFIX=/usr uninstall || exit 1
left=$(find "$dir" ! -type d)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
