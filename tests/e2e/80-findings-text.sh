#!/bin/sh
# What a finding says on a terminal: the value that was found, and no control byte of the catalog;
# and that both sides say the same, at the same place.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq

t_must mkcatalog --out "$T_DIR/base" --updates 60 --tree "$T_DIR/tree"
tree=$T_DIR/tree
xml=$tree/package/package.xml
victim=$(grep -o 'RevisionId="[0-9]*"[^>]* IsBundle="true"' "$xml" | head -n 1 | tr -dc '0-9')
escape=$(printf '\302\233')
sed -i "s/\\(RevisionId=\"$victim\"\\)/\\1 DeploymentAction=\"De${escape}31mploy\"/" "$xml"
file=$(find "$tree" -path "*/x/$victim")
sed -i "s|<KBArticleID>[0-9]*|<KBArticleID>47\&#xD;${escape}2J\\n11|" "$file"
sed -i '1s/SourceId="802cb907/New="1" SourceId="902cb907/' "$xml"
t_pack "$tree" "$T_DIR/bad.cab"

t_status 2 'lint finds it' gapferry-export lint "$T_DIR/bad.cab"
t_contains 'and shows the value' "$T_DIR/out" '  found: De??31mploy'
t_contains 'and the KB number on one line' "$T_DIR/out" ' KB47???2J?11'
for format in text json sarif csv wsyncmgr cmtrace; do
	t_status 2 "lint as $format" gapferry-export lint "$T_DIR/bad.cab" --format $format
	tr -d '\r' <"$T_DIR/out" >"$T_DIR/report"
	t_status 1 'without a control byte' grep -qP '[\x00-\x08\x0B-\x1F\x7F]|\xC2[\x80-\x9F]' \
		"$T_DIR/report"
done

t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_status 2 'ingest' gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/bad.cab" --json
jq -S '.findings | map(select(.file | endswith(".cab") | not))' "$T_DIR/out" >"$T_DIR/there"
t_bundle "$T_DIR" 1
t_status 2 'import' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE" --json
jq -S .findings "$T_DIR/out" >"$T_DIR/here"
t_json "$T_DIR/here" '[.[] | select(.revision_id == 0) | .offset] | unique | length > 0 and .[0] > 0' true
t_same 'both sides say the same of the same places' "$T_DIR/here" "$T_DIR/there"
t_ok 'what was imported is asked for' gapferry-import --repo "$T_DIR/importer" findings --json
jq -S .findings "$T_DIR/out" >"$T_DIR/kept"
t_same 'and all of it was kept' "$T_DIR/kept" "$T_DIR/here"
t_json "$T_DIR/kept" 'map(select(.cause > 0)) | length > 0' true
t_json "$T_DIR/kept" 'map(select(.dependents > 0)) | length > 0' true
