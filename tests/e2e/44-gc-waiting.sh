#!/bin/sh
# gc while imports are not complete: what bundles that wait carry or build on stays, the rest goes.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq

imp() {
	gapferry-import --repo "$T_DIR/importer" "$@"
}
# next SEQUENCE OPTION...: a catalog with these options of mkcatalog, and the bundle of it.
next() {
	n=$1
	shift
	rm -rf "$T_DIR/catalog"
	t_catalog "$T_DIR" --updates 60 --payloads 12 --payload-min 50K --payload-max 200K "$@"
	t_ingest "$T_DIR"
	t_must gapferry-export --repo "$T_DIR/exporter" write main --out "$T_DIR/medium" \
		--key "$T_DIR/keys/bert-builder.key.pem" --media 1M --no-parity
	T_BUNDLE=$T_DIR/medium/gapferry/main-1-$n
	t_must gapferry-export approve "$T_BUNDLE" --repo "$T_DIR/exporter" \
		--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
}
confirm() {
	t_must gapferry-export --repo "$T_DIR/exporter" channel confirm main --site site1 --sequence "$1"
}
# carried BUNDLE [VOLUME]: digests of what it carries (in that volume, whole).
carried() {
	awk -v v="${2:-0}" '$5 > 0 && (v == 0 || ($5 == v && $2 == $8)) { print $1 }' "$1/OBJECTS" |
		sort -u
}
# lacking REPO BUNDLE [VOLUME]: how many of them are not there.
lacking() {
	carried "$2" "${3:-0}" | while read -r sum; do
		[ -f "$T_DIR/$1/content/$(printf %.2s "$sum")/$sum" ] || echo "$sum"
	done | wc -l
}

t_site "$T_DIR" --updates 60 --payloads 12 --payload-min 50K --payload-max 200K
mkdir -p "$T_DIR/medium"
next 1 --seed 1
t_must imp import "$T_BUNDLE"
next 2 --seed 2 --created 2026-08-11T17:00:00Z
t_run imp import "$T_BUNDLE"
confirm 2
next 3 --seed 2 --created 2026-09-11T17:00:00Z --change 300 --change-seed 3
three=$T_BUNDLE
confirm 3
next 4 --seed 2 --created 2026-10-11T17:00:00Z --change 600 --change-seed 4
four=$T_BUNDLE

# ---- an increment that waits ----

t_error 6 GF-2110 'an increment waits' imp import "$four"
cp -r "$T_DIR/importer" "$T_DIR/without"
rm -r "$T_DIR/without/pending"
t_must gapferry-import --repo "$T_DIR/without" gc
t_ok 'nothing but the waiting bundle needs some of what it carried' \
	test "$(lacking without "$four")" -gt 0
t_ok 'gc while it waits' imp gc --json
cp "$T_DIR/out" "$T_DIR/gc.json"
t_json "$T_DIR/gc.json" '"\(.waiting) \(.import_pending) \(.removed.content.objects > 0)"' '1 false true'
t_ok 'leaves all of that' test "$(lacking importer "$four")" -eq 0
t_ok 'a second gc finds nothing more' imp gc --json
cp "$T_DIR/out" "$T_DIR/gc.json"
t_json "$T_DIR/gc.json" '[.removed[].objects] | add' 0
t_ok 'people are told' imp gc
t_contains 'what is kept' "$T_DIR/out" '1 bundles wait: everything they carry or build on is kept'
cp -r "$T_DIR/importer" "$T_DIR/edited"
printf x >>"$T_DIR/edited/pending/$(ls "$T_DIR/edited/pending")/OBJECTS"
t_ok 'when nobody knows what it needs' gapferry-import --repo "$T_DIR/edited" gc --json
cp "$T_DIR/out" "$T_DIR/gc.json"
t_json "$T_DIR/gc.json" .import_pending true
t_ok 'the bundle before it arrives' imp import "$three" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '.also_imported | join(" ")' 4
t_ok 'the store is whole' imp scrub
t_ok 'gc afterwards' imp gc --json
cp "$T_DIR/out" "$T_DIR/gc.json"
t_json "$T_DIR/gc.json" .waiting 0

# ---- volumes that come one after the other ----

next 5 --seed 5 --created 2026-11-11T17:00:00Z
five=$T_BUNDLE
mkdir "$T_DIR/first"
cp -r "$five" "$T_DIR/first/main-1-5"
rm "$T_DIR"/first/main-1-5/vol-000[2-9].tar
t_error 6 GF-2120 'the first of several media' imp import "$T_DIR/first/main-1-5"
t_ok 'gc between two media' imp gc --json
cp "$T_DIR/out" "$T_DIR/gc.json"
t_json "$T_DIR/gc.json" '"\(.waiting) \(.import_pending)"' '1 false'
t_ok 'leaves what came with the first' test "$(lacking importer "$five" 1)" -eq 0
cp -r "$T_DIR/importer" "$T_DIR/edited2"
rm "$T_DIR/edited2"/partial/*/MANIFEST
t_ok 'without its tables' gapferry-import --repo "$T_DIR/edited2" gc
t_contains 'nothing goes' "$T_DIR/out" 'what it needs cannot be known'
rm "$five/vol-0001.tar"
t_status 2 'the others complete it' imp import "$five"
t_ok 'the store is whole again' imp scrub
t_ok 'gc takes what was kept for it' imp gc
t_status 1 'nothing is left of the collection' sh -c "ls '$T_DIR/importer/partial' | grep ."
