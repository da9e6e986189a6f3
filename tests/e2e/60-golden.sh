#!/bin/sh
# Bundles made by released formats import for ever (tests/golden/make.sh).
. tests/e2e/lib.sh
t_need gapferry-verify gapferry-import jq openssl zstd

for golden in tests/golden/v*; do
	name=$(basename "$golden")
	bundle=$golden/golden-1-1
	t_ok "$name verifies" gapferry-verify "$bundle" --trust "$golden/trust" --chunks
	t_ok "the card of $name says so too" \
		env ANCHORS="$PWD/$golden/trust" sh -c "cd '$bundle' && sh VERIFY.txt"
	t_must gapferry-import --repo "$T_DIR/$name" init --channel golden --audience museum \
		--trust "$golden/trust"
	t_status 2 "$name imports, with its findings" \
		gapferry-import --repo "$T_DIR/$name" import "$bundle" --json
	cp "$T_DIR/out" "$T_DIR/$name.json"
	t_json "$T_DIR/$name.json" .sequence 1
	t_json "$T_DIR/$name.json" '.updates_processed + .updates_quarantined' 60
	t_json "$T_DIR/$name.json" '[.findings[] | select(.id == "GF-C001")] | length' 1
	t_json "$T_DIR/$name.json" .new_objects "$(cut -d' ' -f1 "$bundle/OBJECTS" | sort -u | wc -l)"
done
