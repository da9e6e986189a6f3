#!/bin/sh
# Bundles made by released formats import for ever (tests/golden/make.sh).
. tests/e2e/lib.sh
t_need gapferry-verify gapferry-import jq openssl zstd

# proved NAME BUNDLE TRUST: by our verifier, and by the card that came with it.
proved() {
	t_ok "$1 verifies" gapferry-verify "$2" --trust "$3" --chunks
	t_ok "the card of $1 says so too" \
		env ANCHORS="$3" sh -c "cd '$2' && sh VERIFY.txt"
}
importer() {
	t_must gapferry-import --repo "$T_DIR/$1" init --channel golden --audience museum --trust "$2"
}
# imported NAME BUNDLE SEQUENCE: with its findings; NAME.json is what import says.
imported() {
	t_status 2 "$1 imports, with its findings" \
		gapferry-import --repo "$T_DIR/${1%% *}" import "$2" --json
	cp "$T_DIR/out" "$T_DIR/${1%% *}.json"
	t_json "$T_DIR/${1%% *}.json" .sequence "$3"
	t_json "$T_DIR/${1%% *}.json" '[.findings[] | select(.id == "GF-C001")] | length' 1
}

v1=$PWD/tests/golden/v1
proved v1 "$v1/golden-1-1" "$v1/trust"
importer v1 "$v1/trust"
imported v1 "$v1/golden-1-1" 1
t_json "$T_DIR/v1.json" '.updates_processed + .updates_quarantined' 60
t_json "$T_DIR/v1.json" .new_objects "$(cut -d' ' -f1 "$v1/golden-1-1/OBJECTS" | sort -u | wc -l)"

# ---- format 2: a full bundle, an increment on it, parity ----

cp -r tests/golden/v2 "$T_DIR/two"
zstd -q -d --rm "$T_DIR"/two/golden-1-*/vol-*.par.zst
v2=$T_DIR/two
proved 'v2, full' "$v2/golden-1-1" "$v2/trust"
proved 'v2, increment' "$v2/golden-1-2" "$v2/trust"
importer v2 "$v2/trust"
t_error 6 GF-2110 'the increment alone waits' gapferry-import --repo "$T_DIR/v2" import "$v2/golden-1-2"
imported 'v2 (full)' "$v2/golden-1-1" 1
t_json "$T_DIR/v2.json" '.also_imported | join(" ")' 2
importer v2b "$v2/trust"
imported 'v2b (full)' "$v2/golden-1-1" 1
t_json "$T_DIR/v2b.json" '.updates_processed + .updates_quarantined' 40
imported 'v2b (increment)' "$v2/golden-1-2" 2
t_json "$T_DIR/v2b.json" '"\(.kind) \(.base) \(.updates_gone)"' 'increment 1 0'
gapferry-import --repo "$T_DIR/v2b" status --json >"$T_DIR/status.json"
t_json "$T_DIR/status.json" .catalog_root \
	"$(sed -n 's/^catalog-root //p' "$v2/golden-1-2/MANIFEST")"
# The parity of then repairs now.
printf 'rot' | dd of="$v2/golden-1-1/vol-0001.tar" bs=1 seek=5000 conv=notrunc status=none
importer v2c "$v2/trust"
imported 'v2c (damaged)' "$v2/golden-1-1" 1
t_json "$T_DIR/v2c.json" '.repaired | length' 1
