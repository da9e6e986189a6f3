#!/bin/sh
# Genuine catalogs across the gap, whole; and a copy of one in which a single update carries an
# action that nobody knows: that update and its dependants stay out, every other one arrives.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq cabextract
genuine=wsusscn2/wsusscan-kb2999226-2015/WSUSSCAN.cab
fixture=wsusscn2/vuls-fixture-2026/wsusscn2.cab
t_need_data $genuine
t_need_data $fixture

t_trust "$T_DIR"

# across NAME CAB STATUS: from the cabinet to an importer of its own; T_DIR/NAME.json is the import.
across() {
	dir=$T_DIR/$1
	mkdir -p "$dir/medium"
	cp -r "$T_DIR/trust" "$T_DIR/keys" "$dir/"
	t_exporter "$dir"
	t_importer "$dir"
	t_status "$3" "$1: ingest ends with $3" \
		gapferry-export --repo "$dir/exporter" ingest wsusscn2 "$2"
	cp "$T_DIR/out" "$dir/ingest.txt"
	t_bundle "$dir" 1
	cp "$T_DIR/out" "$dir/approve.txt"
	t_ok "$1: the bundle is verified" gapferry-verify "$T_BUNDLE" --trust "$dir/trust"
	t_ok "$1: the card verifies it" env ANCHORS="$dir/trust" sh -c 'cd "$1" && sh VERIFY.txt' - \
		"$T_BUNDLE"
	cp -r "$dir/importer" "$dir/importer2"
	t_status "$3" "$1: import ends with $3" \
		gapferry-import --repo "$dir/importer" import "$T_BUNDLE" --json
	cp "$T_DIR/out" "$T_DIR/$1.json"
	t_status "$3" "$1: import as text ends with $3" \
		gapferry-import --repo "$dir/importer2" import "$T_BUNDLE"
	cp "$T_DIR/out" "$dir/import.txt"
	name=$(sha256sum <"$2")
	find "$dir/importer/content" -type f -exec sha256sum {} + | cut -d ' ' -f 1 >"$dir/digests"
	t_ok "$1: the cabinet arrived bit-exact" grep -q "^${name%% *}\$" "$dir/digests"
}

across genuine "$SHARED/$genuine" 0
t_json "$T_DIR/genuine.json" .updates_processed 765
t_json "$T_DIR/genuine.json" .updates_quarantined 0
t_json "$T_DIR/genuine.json" '[.findings[] | select(.severity == "error")] | length' 0

across fixture "$SHARED/$fixture" 0
t_json "$T_DIR/fixture.json" .updates_processed 4
t_json "$T_DIR/fixture.json" .updates_quarantined 0

# ---- one unknown action ----

t_must cabextract -q -d "$T_DIR/outer" "$SHARED/$genuine"
t_must cabextract -q -d "$T_DIR/inner" "$T_DIR/outer/package.cab"
cp "$T_DIR/inner/package.xml" "$T_DIR/package.xml"

# altered NAME REVISION FROM TO: NAME.cab is the genuine catalog with this action of one revision.
altered() {
	mkdir -p "$T_DIR/$1.tree"
	sed "s/\\(RevisionId=\"$2\" DeploymentAction=\"\\)$3\"/\\1$4\"/" "$T_DIR/package.xml" \
		>"$T_DIR/inner/package.xml"
	t_status 1 "$1: the document was altered" cmp "$T_DIR/inner/package.xml" "$T_DIR/package.xml"
	t_must mkcatalog --pack "$T_DIR/inner" --out "$T_DIR/$1.tree/package.cab"
	t_must mkcatalog --pack "$T_DIR/$1.tree" --out "$T_DIR/$1.cab"
}

# out NAME: the revisions that are quarantined, in order.
out() {
	gapferry-import --repo "$T_DIR/$1/importer" updates --quarantined --json |
		jq -r '[.updates[].source_revision] | unique | map(tostring) | join(" ")'
}

# A leaf and the bundle that cannot be without it.
altered leaf 2858 Bundle Deploy
across leaf "$T_DIR/leaf.cab" 2
t_json "$T_DIR/leaf.json" .updates_processed 763
t_json "$T_DIR/leaf.json" .updates_quarantined 2
t_json "$T_DIR/leaf.json" '[.findings[] | select(.severity == "error") | .revision_id] | unique | map(tostring) | join(" ")' '2858 2859'
t_json "$T_DIR/leaf.json" '.findings[] | select(.id == "GF-C001") | .value' Deploy
t_json "$T_DIR/leaf.json" '.findings[] | select(.id == "GF-C001") | .dependents' 1
t_json "$T_DIR/leaf.json" '.findings[] | select(.id == "GF-C060") | .cause' 2858
t_json "$T_DIR/leaf.json" '.findings[] | select(.id == "GF-C001") | .update_id' \
	d303371d-bb20-4e89-b958-26b5e3437a78
out leaf >"$T_DIR/leaf.out"
t_contains 'leaf: exactly these are held back' "$T_DIR/leaf.out" '2858 2859'
for text in ingest approve import; do
	t_contains "leaf: $text repeats the historic line" "$T_DIR/leaf/$text.txt" \
		'Error 0x80004005, Unexpected DeploymentAction for update 2858. Returned from CreateUpdateNode'
	t_contains "leaf: $text ends with a summary that is not zero" "$T_DIR/leaf/$text.txt" \
		'Updates summary: 763 processed, 2 quarantined'
done
t_status 1 'leaf: the historic line names no other revision' sh -c \
	'grep 0x80004005 "$1" | grep -v "update 2858\\."' - "$T_DIR/leaf/import.txt"

# A detectoid with 68 others behind it (counted over the document by hand).
altered root 18 Evaluate evaluate
across root "$T_DIR/root.cab" 2
t_json "$T_DIR/root.json" .updates_processed 696
t_json "$T_DIR/root.json" .updates_quarantined 69
t_json "$T_DIR/root.json" '.findings[] | select(.id == "GF-C001") | .revision_id' 18
t_json "$T_DIR/root.json" '[.findings[] | select(.id == "GF-C060")] | length' 68
t_json "$T_DIR/root.json" '[.findings[] | select(.severity == "error" and .revision_id != 18 and .id != "GF-C060")] | length' 0

# ---- a catalog of which nothing is left is a failure, not a result ----

sed 's/DeploymentAction="[A-Za-z]*"/DeploymentAction="Nothing"/' "$T_DIR/package.xml" |
	sed 's/DeploymentAction="[A-Za-z]*"/DeploymentAction="Nothing"/g' >"$T_DIR/inner/package.xml"
mkdir "$T_DIR/none.tree"
t_must mkcatalog --pack "$T_DIR/inner" --out "$T_DIR/none.tree/package.cab"
t_must mkcatalog --pack "$T_DIR/none.tree" --out "$T_DIR/none.cab"
t_error 3 GF-2004 'a catalog of which no update is usable is refused' \
	gapferry-export --repo "$T_DIR/genuine/exporter" ingest wsusscn2 "$T_DIR/none.cab"
t_run gapferry-export --repo "$T_DIR/genuine/exporter" status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" '.catalogs[0].updates_processed' 765
