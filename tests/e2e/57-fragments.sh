#!/bin/sh
# Fragments come out of a repository as the catalog had them, byte for byte, in both layouts.
. tests/e2e/lib.sh
t_need gapferry-export mkcatalog view-bench

digests() {
	find "$1" -path "$2" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort -u
}

for layout in wsusscn2 wsusscan; do
	dir=$T_DIR/$layout
	folder=c extended=x english=l/en
	[ "$layout" = wsusscn2 ] || folder=core extended=extended english=localized/en
	mkdir -p "$dir/out"
	t_must mkcatalog --out "$dir/catalog" --layout $layout --updates 120 --payloads 12 --tree "$dir/tree"
	t_must gapferry-export init --repo "$dir/repo"
	t_ok "$layout: the catalog is ingested" gapferry-export --repo "$dir/repo" ingest wsusscn2 \
		"$(find "$dir/catalog" -maxdepth 1 -name '*.cab')" --content "$dir/catalog/content"
	t_ok "$layout: a snapshot is made and read" view-bench "$dir/repo" "$dir/out"
	t_ok "$layout: of most updates" test "$(find "$dir/out" -name '*.c' | wc -l)" -ge 100
	for kind in "c $folder" "x $extended" "l $english"; do
		digests "$dir/out" "*/*.${kind% *}" >"$dir/served"
		digests "$dir/tree" "*/${kind#* }/*" >"$dir/delivered"
		t_ok "$layout: ${kind#* }: something is served" test -s "$dir/served"
		comm -23 "$dir/served" "$dir/delivered" >"$dir/others"
		t_ok "$layout: ${kind#* }: nothing but what was delivered" test ! -s "$dir/others"
	done
done
