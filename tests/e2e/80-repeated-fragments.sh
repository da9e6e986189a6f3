#!/bin/sh
# A fragment that lies in two shards, or twice in one under the names of both layouts: the first
# counts, for lint, for ingest, for the same catalog again and on the isolated side.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq

t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_must mkcatalog --out "$T_DIR/base" --updates 60 --shards 2 --tree "$T_DIR/tree"
tree=$T_DIR/tree

# rules FILE: the rules of a report, sorted, but for the signature that nobody made.
rules() {
	jq -r '.findings[] | select(.id != "GF-C076") | "\(.id) \(.file) \(.revision_id)"' "$1" | sort
}

# of two shards: what lies in the later one says something else
twice=$(find "$tree/package2/x" -type f | sed 's|.*/||' | sort -n | head -n 1)
printf '<ExtendedProperties><KBArticleID>1</KBArticleID></ExtendedProperties>' \
	>"$tree/package3/x/$twice"
# of one shard
last=$(find "$tree/package3/c" -type f | sed 's|.*/||' | sort -n | tail -n 1)
mkdir "$tree/package3/core"
cp "$tree/package3/c/$last" "$tree/package3/core/$last"
# a licence text of another digest
eula=$(cd "$tree" && find package2/e -type f | sort | head -n 1)
language=$(basename "$(dirname "$eula")")
licensed=$(basename "$eula")
mkdir -p "$tree/package3/e/$language"
sed 's/Digest="[^"]*"/Digest="AAAAAAAAAAAAAAAAAAAAAAAAAAA="/' "$tree/$eula" \
	>"$tree/package3/e/$language/$licensed"
t_pack "$tree" "$T_DIR/twice.cab"
printf '%s\n' "GF-C055 c/$last $last" "GF-C055 e/$language/$licensed $licensed" \
	"GF-C080 package3.cab/e/$language/$licensed $licensed" "GF-C055 x/$twice $twice" \
	"GF-C080 package3.cab/x/$twice $twice" | sort >"$T_DIR/want"

t_ok 'lint warns' gapferry-export lint "$T_DIR/twice.cab" --json
rules "$T_DIR/out" >"$T_DIR/lint"
t_same 'of each repeated fragment, and of nothing else' "$T_DIR/lint" "$T_DIR/want"
for run in first second; do
	t_ok "ingest, the $run time" gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 \
		"$T_DIR/twice.cab" --json
	rules "$T_DIR/out" >"$T_DIR/ingest"
	t_same "the $run ingest says the same as lint" "$T_DIR/ingest" "$T_DIR/want"
done
t_bundle "$T_DIR" 1
t_ok 'the isolated side takes it' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '.findings | length' 0
for side in exporter importer; do
	t_run gapferry-${side%er} --repo "$T_DIR/$side" query --title e --json
	jq -S '[.updates[] | {update_id, revision_number, kb, title, severity}] | sort_by(.update_id)' \
		"$T_DIR/out" >"$T_DIR/$side.updates"
done
t_ok 'there are updates' test "$(jq length "$T_DIR/importer.updates")" -gt 5
t_same 'and it knows them as the connected side does' "$T_DIR/importer.updates" \
	"$T_DIR/exporter.updates"
mkdir "$T_DIR/there" "$T_DIR/here"
t_must gapferry-export --repo "$T_DIR/exporter" inventory main --out "$T_DIR/there"
t_must gapferry-import --repo "$T_DIR/importer" inventory --out "$T_DIR/here"
t_same 'and the same files, licence texts among them' "$T_DIR/here/inventory-list.txt" \
	"$T_DIR/there/inventory-list.txt"
