#!/bin/sh
# The good path: both layouts, several volumes, split objects, the same bytes whatever the
# circumstances, a second bundle in sequence, and nothing to do the second time.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq

SOURCE_DATE_EPOCH=$(($(date +%s) + 60))
export SOURCE_DATE_EPOCH

# ---- determinism ----

t_trust "$T_DIR"
t_catalog "$T_DIR" --updates 200 --payloads 16 --payload-min 300K --payload-max 5M --compressible 30
mkdir "$T_DIR/content" "$T_DIR/medium"
find "$T_DIR/catalog/content" -type f | sort -r | while read -r file; do
	cp "$file" "$T_DIR/content/"
done
touch "$T_DIR/content/not asked for.txt"

# export NAME CONTENT THREADS LOCALE: the same catalog from another place, in another way.
export_as() {
	mkdir -p "$T_DIR/$1/medium"
	t_must gapferry-export --repo "$T_DIR/$1/exporter" init
	t_must gapferry-export --repo "$T_DIR/$1/exporter" channel add main --audience site1 \
		--trust "$T_DIR/trust"
	t_must env LC_ALL="$4" TZ="$5" gapferry-export --repo "$T_DIR/$1/exporter" ingest wsusscn2 \
		"$T_DIR/catalog/wsusscn2.cab" --content "$2" --threads "$3"
	t_must env LC_ALL="$4" TZ="$5" gapferry-export --repo "$T_DIR/$1/exporter" write main \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/$1/medium" --media 2M \
		--threads "$3"
}
export_as one "$T_DIR/catalog/content" 1 C UTC
export_as two "$T_DIR/content" 2 C.UTF-8 Pacific/Auckland
export_as many "$T_DIR/content" 7 tr_TR.UTF-8 America/Caracas
one=$T_DIR/one/medium/gapferry/main-1-1
for other in two many; do
	t_ok "export $other is byte-identical except signatures" \
		diff -r -x sigs "$one" "$T_DIR/$other/medium/gapferry/main-1-1"
done

# ---- volumes ----

t_ok 'there are several volumes' test -f "$one/vol-0004.tar"
t_ok 'and split objects' grep -q '' "$one/OBJECTS"
awk '$8 != $2' "$one/OBJECTS" >"$T_DIR/parts"
t_ok 'split objects are in OBJECTS' test -s "$T_DIR/parts"
find "$one" -name 'vol-*.tar' -size +2097152c >"$T_DIR/large"
t_status 1 'no volume is above the limit' grep . "$T_DIR/large"
# Around incompressible objects of 1 MiB and more: 1.5 blocks of 512 per part, trailers apart.
awk '$3 == "content" && $2 >= 1048576 {
	parts++; bytes += $8; stored += 512 + $8 + (512 - $8 % 512) % 512
} END {
	printf "%d parts, %.4f %%\n", parts, (stored - bytes) * 100 / bytes
	exit !(parts > 0 && (stored - bytes) * 1000 < bytes)
}' "$one/OBJECTS" >"$T_DIR/growth" || echo above >>"$T_DIR/growth"
t_status 1 "content of 1 MiB and more grows by less than 0.1 %: $(head -n 1 "$T_DIR/growth")" \
	grep above "$T_DIR/growth"
for file in "$one"/vol-*.tar; do
	tar -tf "$file" >>"$T_DIR/members" || echo "$file" >>"$T_DIR/unreadable"
done
t_status 1 'GNU tar reads every volume' test -e "$T_DIR/unreadable"
t_ok 'metadata never becomes many files' test "$(grep -c 'zst$' "$T_DIR/members")" -lt 10

# ---- across ----

t_must gapferry-export approve "$one" --key "$T_DIR/keys/anna-approver.key.pem" \
	--trust "$T_DIR/trust"
t_ok 'the bundle is verified' gapferry-verify "$one" --trust "$T_DIR/trust" --json --chunks
cp "$T_DIR/out" "$T_DIR/verify.json"
t_json "$T_DIR/verify.json" .verdict verified
t_json "$T_DIR/verify.json" '[.signers[] | .role + " " + .holder] | sort | join(", ")' \
	'approver anna, builder bert'
t_json "$T_DIR/verify.json" .channel main
t_json "$T_DIR/verify.json" .sequence 1
t_json "$T_DIR/verify.json" '.problems | length' 0
t_json "$T_DIR/verify.json" .volumes "$(find "$one" -name 'vol-*.tar' | wc -l)"
t_json "$T_DIR/verify.json" .objects "$(cut -d ' ' -f 1 "$one/OBJECTS" | sort -u | wc -l)"

t_importer "$T_DIR"
t_ok 'the bundle is imported' gapferry-import --repo "$T_DIR/importer" import "$one" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" .channel main
t_json "$T_DIR/import.json" .sequence 1
t_json "$T_DIR/import.json" .updates_processed 200
t_json "$T_DIR/import.json" .updates_quarantined 0
t_json "$T_DIR/import.json" '.findings | type' array
for key in id severity revision_id update_id message next_step; do
	t_json "$T_DIR/import.json" "all(.findings[]; has(\"$key\"))" true
done
t_json "$T_DIR/import.json" .objects "$(jq .objects "$T_DIR/verify.json")"
t_json "$T_DIR/import.json" .bytes "$(awk '{ n += $8 } END { printf "%.0f", n }' "$one/OBJECTS")"

# Every payload file arrived, by its digest; and nothing that was not asked for.
find "$T_DIR/importer/content" -type f -exec sha256sum {} + | cut -d ' ' -f 1 | sort \
	>"$T_DIR/arrived"
sha256sum "$T_DIR/catalog/content"/*_* "$T_DIR/catalog/wsusscn2.cab" | cut -d ' ' -f 1 |
	sort >"$T_DIR/sent"
t_status 1 'every payload file and the cabinet arrived' \
	sh -c 'comm -13 "$1" "$2" | grep .' - "$T_DIR/arrived" "$T_DIR/sent"
cut -d ' ' -f 1 "$one/OBJECTS" | sort -u >"$T_DIR/listed"
t_same 'and nothing else' "$T_DIR/arrived" "$T_DIR/listed"

gapferry-import --repo "$T_DIR/importer" status --json |
	jq 'del(.care)' >"$T_DIR/status.before"
t_ok 'the same bundle again is nothing to do' \
	gapferry-import --repo "$T_DIR/importer" import "$one" --json
cp "$T_DIR/out" "$T_DIR/again.json"
t_json "$T_DIR/again.json" .already_imported true
t_json "$T_DIR/again.json" .updates_processed 200
t_json "$T_DIR/again.json" .new_objects 0
gapferry-import --repo "$T_DIR/importer" status --json |
	jq 'del(.care)' >"$T_DIR/status.after"
t_same 'and changes nothing' "$T_DIR/status.before" "$T_DIR/status.after"

# ---- the next one in sequence, with a catalog of the old layout beside the new one ----

t_must mkcatalog --out "$T_DIR/old" --layout wsusscan --updates 80 --payloads 4 --seed 3
t_must gapferry-export --repo "$T_DIR/one/exporter" ingest wsusscn2 "$T_DIR/old/WSUSSCAN.cab" \
	--content "$T_DIR/old/content"
t_must gapferry-export --repo "$T_DIR/one/exporter" write main \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/one/medium" --media 2M
two=$T_DIR/one/medium/gapferry/main-1-2
t_must gapferry-export approve "$two" --key "$T_DIR/keys/anna-approver.key.pem" \
	--trust "$T_DIR/trust"
t_contains 'it names the one before' "$two/MANIFEST" "previous $(sha256sum <"$one/MANIFEST" |
	cut -c 1-64)"
t_ok 'the second bundle is imported' gapferry-import --repo "$T_DIR/importer" import "$two" --json
cp "$T_DIR/out" "$T_DIR/second.json"
t_json "$T_DIR/second.json" .sequence 2
t_json "$T_DIR/second.json" .updates_processed 280
t_json "$T_DIR/second.json" '.new_objects < .objects' true
t_run gapferry-import --repo "$T_DIR/importer" status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" .catalog_root "$(sed -n 's/^catalog-root //p' "$two/MANIFEST")"
