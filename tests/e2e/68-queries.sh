#!/bin/sh
# Questions about the catalog on either side, trees, and the inventory that can be signed.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq openssl sqlite3

t_must gapferry-export key new --role importer --holder ivan --out "$T_DIR/keys"
t_trust "$T_DIR" --importer "$T_DIR/keys/ivan-importer.cert.pem"
t_catalog "$T_DIR" --updates 400 --payloads 20
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_ingest "$T_DIR"
t_bundle "$T_DIR" 1 --incomplete
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"

# ---- the same answers on both sides ----

for question in '--kb 0' '--title cumulative' '--product windows' '--title CUMULATIVE --tree'; do
	for side in export import; do
		# shellcheck disable=SC2086 # words
		t_ok "$side: $question" gapferry-$side --repo "$T_DIR/${side}er" query $question --json
		cp "$T_DIR/out" "$T_DIR/$side.json"
	done
	t_same "both say the same to $question" "$T_DIR/export.json" "$T_DIR/import.json"
done
t_json "$T_DIR/import.json" '.updates | length > 0 and all(.[]; .title | test("cumulative"; "i"))' true
t_json "$T_DIR/import.json" 'any(.updates[]; .superseded_by | length > 1)' true
t_json "$T_DIR/import.json" 'any(.updates[]; .supersedes | length > 1)' true
t_json "$T_DIR/import.json" 'any(.updates[]; .prerequisites | length > 1)' true
t_json "$T_DIR/import.json" 'all(.updates[]; .superseded_by[0].depth == 0)' true

# Who is superseded says so of the one who supersedes.
pair=$(jq -r '[.updates[] | select(.superseded_by | length > 1)][0] |
	.update_id + " " + .superseded_by[1].update_id' "$T_DIR/import.json")
t_ok 'by id' gapferry-import --repo "$T_DIR/importer" query --id "${pair#* }" --tree --json
cp "$T_DIR/out" "$T_DIR/id.json"
t_json "$T_DIR/id.json" "any(.updates[].supersedes[]; .update_id == \"${pair% *}\")" true
t_ok 'as text' gapferry-import --repo "$T_DIR/importer" query --id "${pair#* }" --tree
t_contains 'with headings' "$T_DIR/out" '  prerequisites'
t_error 6 GF-2452 'a tree of nothing' gapferry-import --repo "$T_DIR/importer" query --kb 1 --tree
t_error 1 GF-1001 'not an id' gapferry-import --repo "$T_DIR/importer" query --id 7

# A cycle ends.
t_must mkcatalog --out "$T_DIR/round" --updates 60 --fault prerequisite-cycle --seed 5
t_must gapferry-export --repo "$T_DIR/round/exporter" init
t_run gapferry-export --repo "$T_DIR/round/exporter" ingest wsusscn2 "$T_DIR/round/wsusscn2.cab"
t_ok 'a catalog with a cycle' gapferry-export --repo "$T_DIR/round/exporter" query --tree --json
cp "$T_DIR/out" "$T_DIR/cycle.json"
t_json "$T_DIR/cycle.json" 'any(.updates[].prerequisites[]; .mark == "cycle")' true

# What a catalog says is text, not a command to the terminal.
t_must sqlite3 "$T_DIR/importer/catalog.db" \
	"UPDATE update_info SET title = char(27) || '[2Jgone' || char(155) || char(10) || char(8238);"
for verb in updates query; do
	t_ok "titles that steer a terminal, $verb" gapferry-import --repo "$T_DIR/importer" $verb \
		--title gone
	t_contains "are shown harmless by $verb" "$T_DIR/out" '?[2Jgone???'
	LC_ALL=C tr -d '\n -~' <"$T_DIR/out" >"$T_DIR/other"
	t_same "and nothing else is in what $verb says" "$T_DIR/other" /dev/null
done

# ---- inventories ----

t_ok 'an inventory, signed there' gapferry-import --repo "$T_DIR/importer" inventory \
	--out "$T_DIR/there" --key "$T_DIR/keys/ivan-importer.key.pem" --json
cp "$T_DIR/out" "$T_DIR/there.json"
t_ok 'and here' gapferry-export --repo "$T_DIR/exporter" inventory main \
	--out "$T_DIR/here" --key "$T_DIR/keys/bert-builder.key.pem"
t_same 'both have the same list' "$T_DIR/here/inventory-list.txt" "$T_DIR/there/inventory-list.txt"
t_same 'and the same head' "$T_DIR/here/inventory.txt" "$T_DIR/there/inventory.txt"
t_json "$T_DIR/there.json" '.files | .here.files > 0 and .unselected.files == 0' true
t_contains 'the head names the list' "$T_DIR/there/inventory.txt" \
	"list $(sha256sum <"$T_DIR/there/inventory-list.txt" | cut -c 1-64) "
t_contains 'its last line counts' "$T_DIR/there/inventory.txt" \
	"end $(wc -l <"$T_DIR/there/inventory.txt")"
t_contains 'that of the list, too' "$T_DIR/there/inventory-list.txt" \
	"end $(wc -l <"$T_DIR/there/inventory-list.txt")"
for pair in there/ivan-importer here/bert-builder; do
	t_ok "openssl verifies $pair" openssl cms -verify -binary -cades -inform DER \
		-in "$T_DIR/${pair%/*}/inventory.p7s" -content "$T_DIR/${pair%/*}/inventory.txt" \
		-CAfile "$T_DIR/keys/${pair#*/}.cert.pem" -partial_chain -no-CApath -no-CAstore \
		-purpose any -out "$T_DIR/verified"
done
t_error 1 GF-1001 'a key needs a place' gapferry-import --repo "$T_DIR/importer" inventory --key x

# A file that the catalog names and that is gone; a file that it does not name.
object=$(awk '$3 == "content" && $4 != "-" { print $1; exit }' "$T_BUNDLE/OBJECTS")
rm "$T_DIR/importer/content/$(echo "$object" | cut -c 1-2)/$object"
t_run gapferry-import --repo "$T_DIR/importer" scrub
t_ok 'an inventory with a hole' gapferry-import --repo "$T_DIR/importer" inventory --incomplete --json
cp "$T_DIR/out" "$T_DIR/hole.json"
t_json "$T_DIR/hole.json" ".files.missing.files > $(jq .files.missing.files "$T_DIR/there.json")" true
