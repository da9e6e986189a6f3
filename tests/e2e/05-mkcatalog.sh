#!/bin/sh
# The catalogs the other scripts use are sound to tools that are not ours.
. tests/e2e/lib.sh
t_need mkcatalog cabextract xmllint

for layout in wsusscn2 wsusscan; do
	dir=$T_DIR/$layout
	t_ok "$layout is made" mkcatalog --out "$dir" --layout $layout --updates 60 \
		--payloads 8 --tree "$dir/tree"
	t_ok "$layout: same arguments" mkcatalog --out "$dir-2" --layout $layout --updates 60 \
		--payloads 8
	cab=$(find "$dir" -maxdepth 1 -name '*.cab')
	t_same "$layout: same bytes" "$cab" "$dir-2/$(basename "$cab")"
	t_ok "$layout: cabextract finds no fault" cabextract -t "$cab"
	t_ok "$layout: cabextract unpacks it" cabextract -q -d "$dir/out" "$cab"
	t_must cabextract -q -d "$dir/out" "$dir/out/package.cab"
	t_ok "$layout: the master document is well-formed" xmllint --noout "$dir/out/package.xml"
	t_same "$layout: the tree holds the same document" "$dir/out/package.xml" \
		"$dir/tree/package/package.xml"
done

# Payload files are named by their SHA-1, as the update servers name them.
for file in "$T_DIR"/wsusscn2/content/*_*.*; do
	sum=$(sha1sum <"$file")
	case $file in *_"${sum%% *}".*) echo right ;; *) echo "$file" ;; esac
done >"$T_DIR/names"
t_status 1 'payload files have their digest in the name' grep -v right "$T_DIR/names"
t_ok 'and there are as many as asked for' test "$(grep -c right "$T_DIR/names")" -eq 8

t_ok 'a damaged cabinet is made' mkcatalog --out "$T_DIR/bad" --updates 60 --fault cab-checksum
t_status 1 'cabextract sees the damage' cabextract -t "$T_DIR/bad/wsusscn2.cab"
t_status 1 'an unknown fault is refused' mkcatalog --out "$T_DIR/none" --fault nonsense
t_contains 'with the id of usage errors' "$T_DIR/err" 'GF-1001'
