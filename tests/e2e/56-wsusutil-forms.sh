#!/bin/sh
# Export packages of WSUS in all their forms: genuine ones, odd ones, and those that lie.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-import mkwsusutil mkcatalog cabextract gzip jq

t_must gapferry-export --repo "$T_DIR/repo" init

# take DIR: ingest DIR/package.cab.
take() {
	gapferry-export --repo "$T_DIR/repo" ingest wsusutil "$1/package.cab" --accept-shrink --json
}

# lint_agrees PACKAGE TAKEN STATUS: lint finds what ingest found, but for what the package before tells.
lint_agrees() {
	t_status "$3" "lint of $2" gapferry-export lint "$1" --json
	cp "$T_DIR/out" "$T_DIR/lint.json"
	jq -S '[.findings[] | select(.id | startswith("GF-C09") | not)]' "$T_DIR/lint.json" >"$T_DIR/lint.all"
	jq -S '[.findings[] | select(.id | startswith("GF-C09") | not)]' "$2" >"$T_DIR/take.all"
	t_same "finds what ingest found: $2" "$T_DIR/lint.all" "$T_DIR/take.all"
}

# ---- odd, but readable ----
t_must mkwsusutil --out "$T_DIR/plain" --updates 9
t_ok 'a stored cabinet' take "$T_DIR/plain"
for odd in --lzx --reversed --mark --newlines --no-package-mark; do
	t_must mkwsusutil --out "$T_DIR/odd$odd" --updates 9 "$odd"
	t_ok "with $odd" take "$T_DIR/odd$odd"
	cp "$T_DIR/out" "$T_DIR/odd$odd.json"
	lint_agrees "$T_DIR/odd$odd/package.cab" "$T_DIR/odd$odd.json" 0
	t_json "$T_DIR/odd$odd.json" .updates_processed 14
done
t_json "$T_DIR/odd--reversed.json" .oddities.records_first true
t_json "$T_DIR/odd--mark.json" .oddities.byte_order_mark true
t_json "$T_DIR/odd--newlines.json" .oddities.newlines 14
t_json "$T_DIR/odd--lzx.json" '.oddities | "\(.records_first) \(.byte_order_mark) \(.newlines)"' 'false false 0'

# ---- lies ----
before=$(find "$T_DIR/repo/content" -type f | sort | sha256sum)
for lie in length:GF-2500 huge:GF-2501 cut:GF-2500 astral:GF-2500 utf8:GF-2500 case:GF-2500 \
	absent:GF-2503 missing:GF-2503 twice:GF-2503 listed:GF-2503 doctype:GF-1403 \
	version:GF-2502 root:GF-1501 garbage:GF-2500; do
	t_must mkwsusutil --out "$T_DIR/lie" --updates 9 --fault "${lie%:*}"
	t_error 3 "${lie#*:}" "refused: ${lie%:*}" take "$T_DIR/lie"
	t_error 3 "${lie#*:}" "and by lint" gapferry-export lint "$T_DIR/lie/package.cab"
done
t_ok 'nothing of them is left' [ "$(find "$T_DIR/repo/content" -type f | sort | sha256sum)" = "$before" ]
t_error 3 GF-1301 'a file that is no cabinet' gapferry-export --repo "$T_DIR/repo" ingest wsusutil \
	"$T_DIR/odd--lzx.json"
t_must mkcatalog --out "$T_DIR/scan" --updates 30
t_error 3 GF-2502 'a scan catalog is none' gapferry-export --repo "$T_DIR/repo" ingest wsusutil \
	"$T_DIR/scan/wsusscn2.cab"
t_error 3 GF-2001 'and it is no scan catalog' gapferry-export --repo "$T_DIR/repo" ingest wsusscn2 \
	"$T_DIR/plain/package.cab"

# ---- a document that names another update, and a bundle without its child (which was a leaf before) ----
t_must mkwsusutil --out "$T_DIR/identity" --updates 9 --fault identity
t_status 2 'a document under a false name is held back' take "$T_DIR/identity"
cp "$T_DIR/out" "$T_DIR/identity.json"
lint_agrees "$T_DIR/identity/package.cab" "$T_DIR/identity.json" 2
t_json "$T_DIR/identity.json" '[.findings[] | select(.severity == "error") | .id] | unique | join(" ")' 'GF-C053 GF-C060'
t_must mkwsusutil --out "$T_DIR/child" --updates 9 --fault child
t_ok 'a bundle without its child is reported' take "$T_DIR/child"
cp "$T_DIR/out" "$T_DIR/child.json"
lint_agrees "$T_DIR/child/package.cab" "$T_DIR/child.json" 0
t_ok 'diff compares packages' gapferry-export diff "$T_DIR/plain/package.cab" "$T_DIR/child/package.cab" --json
cp "$T_DIR/out" "$T_DIR/diff.json"
t_json "$T_DIR/diff.json" '.revised | length' 1
t_json "$T_DIR/child.json" '[.findings[].id] | unique | join(" ")' 'GF-C041 GF-C095'

# ---- the XML form: its structure is shown, and no more ----
printf '%s' '<?xml version="1.0"?><ExportPackage><Updates>' \
	'<Update UpdateId="a0000000-0000-4000-8000-00000000000a"><Xml>&lt;upd:Update/&gt;</Xml></Update>' \
	'<Update UpdateId="a0000000-0000-4000-8000-00000000000b"><u:Update/></Update>' \
	'</Updates></ExportPackage>' | gzip -n >"$T_DIR/export.xml.gz"
t_error 3 GF-2507 'it is not ingested' gapferry-export --repo "$T_DIR/repo" ingest wsusutil "$T_DIR/export.xml.gz"
t_error 3 GF-2507 'nor judged' gapferry-export lint "$T_DIR/export.xml.gz"
t_ok 'probe reads it' gapferry-export probe "$T_DIR/export.xml.gz" --json
cp "$T_DIR/out" "$T_DIR/probe.json"
t_json "$T_DIR/probe.json" '.updates | "\(.as_elements) \(.as_text) \(.as_cabinet) \(.without)"' '1 1 0 0'
t_json "$T_DIR/probe.json" '.elements[2] | "\(.path) \(.count) \(.attributes)"' 'ExportPackage/Updates/Update 2 UpdateId'
t_ok 'as text, too' gapferry-export probe "$T_DIR/export.xml.gz"
t_contains 'it says what it does not know' "$T_DIR/out" 'This form was never published'
printf 'no xml' | gzip -n >"$T_DIR/text.gz"
t_status 2 'what is no XML is told' gapferry-export probe "$T_DIR/text.gz"
t_contains 'with the reason' "$T_DIR/out" 'reading ended early'
head -c 50 "$T_DIR/export.xml.gz" >"$T_DIR/cut.gz"
t_error 3 GF-2506 'a cut file' gapferry-export probe "$T_DIR/cut.gz"
t_error 1 GF-1001 'a cabinet is for ingest' gapferry-export probe "$T_DIR/plain/package.cab"

# ---- genuine ones ----
t_need_data wsusutil
t_trust "$T_DIR"
for name in WSUS-2015-06-10-proto1.8 WSUS-2020-04-21-proto1.20; do
	cab=$SHARED/wsusutil/$name.cab
	dir=$T_DIR/$name
	mkdir "$dir"
	cp -r "$T_DIR/keys" "$T_DIR/trust" "$dir"
	t_exporter "$dir"
	t_importer "$dir"
	t_ok "$name is ingested" gapferry-export --repo "$dir/exporter" ingest wsusutil "$cab" --json
	cp "$T_DIR/out" "$dir/ingest.json"
	t_json "$dir/ingest.json" '.counts | "\(.error) \(.warning) \(.note)"' '0 0 0'
	t_json "$dir/ingest.json" '.oddities | "\(.records_first) \(.byte_order_mark) \(.newlines) \(.moved)"' \
		'false false 0 0'
	lint_agrees "$cab" "$dir/ingest.json" 0
	t_bundle "$dir" 1
	t_ok 'imported' gapferry-import --repo "$dir/importer" import "$T_BUNDLE"
	t_ok 'and exported' gapferry-import --repo "$dir/importer" export-wsusutil --output "$dir/out"
	t_must cabextract -q -d "$dir/before" "$cab"
	t_must cabextract -q -d "$dir/after" "$dir/out/wsus-export.cab"
	t_same 'with the same records' "$dir/before/metadata.txt" "$dir/after/metadata.txt"
	for side in before after; do
		sed 's/CreationTime="[^"]*"//' "$dir/$side/package.xml" >"$dir/$side.xml"
	done
	t_same 'and the same package.xml, but for its time' "$dir/before.xml" "$dir/after.xml"
done
