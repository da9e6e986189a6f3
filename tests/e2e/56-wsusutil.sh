#!/bin/sh
# Export packages of WSUS: into the repository, over the gap, and out again for a real WSUS.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-import gapferry-verify mkwsusutil cabextract jq

# unpack CAB DIR
unpack() {
	t_must cabextract -q -d "$2" "$1"
}

# out DIR OPTION...: export from the importer of T_DIR to DIR.
out() {
	out_dir=$1
	shift
	gapferry-import --repo "$T_DIR/importer" export-wsusutil --output "$out_dir" "$@"
}

# without CAB: package.xml with the time and protocol left out, for comparing.
head_of() {
	sed 's/CreationTime="[^"]*"//' "$1"
}

t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"

# ---- there ----
t_must mkwsusutil --out "$T_DIR/made" --lzx
t_status 0 'a package and its content are ingested' gapferry-export --repo "$T_DIR/exporter" \
	ingest wsusutil "$T_DIR/made/package.cab" --content "$T_DIR/made/WsusContent" --json
cp "$T_DIR/out" "$T_DIR/ingest.json"
t_json "$T_DIR/ingest.json" .source wsusutil
t_json "$T_DIR/ingest.json" .series a0000000-0000-4000-8000-00000000000a
t_json "$T_DIR/ingest.json" .updates_processed 45
t_json "$T_DIR/ingest.json" .updates_quarantined 0
# 30 files, and the licence texts of 10
t_json "$T_DIR/ingest.json" .payload.taken 40
t_json "$T_DIR/ingest.json" '.payload.missing | length' 0
t_json "$T_DIR/ingest.json" .oddities.moved 0

t_bundle "$T_DIR" 1
t_ok 'anybody can verify the bundle' gapferry-verify "$T_BUNDLE" --trust "$T_DIR/trust"
t_ok 'it is imported' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_ok 'the updates are there' gapferry-import --repo "$T_DIR/importer" updates --json
cp "$T_DIR/out" "$T_DIR/updates.json"
t_json "$T_DIR/updates.json" '.updates | length' 45
t_json "$T_DIR/updates.json" '[.updates[] | select(.is_bundle)] | length' 10
t_json "$T_DIR/updates.json" '[.updates[] | select(.action == "Bundle")] | length' 20
t_json "$T_DIR/updates.json" '[.updates[] | select(.action == "Evaluate")] | length' 5
t_json "$T_DIR/updates.json" '[.updates[] | .files[] | select(.present | not)] | length' 0

# ---- and out again ----
t_ok 'a package is made for WSUS' out "$T_DIR/package" --json
cp "$T_DIR/out" "$T_DIR/export.json"
t_json "$T_DIR/export.json" .exported 45
t_json "$T_DIR/export.json" '.left_out | length' 0
t_json "$T_DIR/export.json" .content.linked 40
unpack "$T_DIR/made/package.cab" "$T_DIR/before"
unpack "$T_DIR/package/wsus-export.cab" "$T_DIR/after"
t_same 'its records are those that were exported' "$T_DIR/before/metadata.txt" "$T_DIR/after/metadata.txt"
head_of "$T_DIR/before/package.xml" >"$T_DIR/before.xml"
head_of "$T_DIR/after/package.xml" >"$T_DIR/after.xml"
t_same 'and so is package.xml' "$T_DIR/before.xml" "$T_DIR/after.xml"
t_ok 'every file of WsusContent is there' diff -r "$T_DIR/made/WsusContent" "$T_DIR/package/WsusContent"
t_ok 'a second run finds them' out "$T_DIR/package" --json
cp "$T_DIR/out" "$T_DIR/export.json"
t_json "$T_DIR/export.json" .content.already_there 40
t_ok 'files can be copied' out "$T_DIR/copied/name.cab" --copy --json
cp "$T_DIR/out" "$T_DIR/export.json"
t_json "$T_DIR/export.json" .content.copied 40
t_json "$T_DIR/export.json" '.packages[0].name' name.cab
t_ok 'copies are the same' diff -r "$T_DIR/made/WsusContent" "$T_DIR/copied/WsusContent"
t_run cmp "$T_DIR/package/wsus-export.cab" "$T_DIR/copied/name.cab"
# MSCF, 1.3, one folder, two files, a reserve of 6144; folder at 6184, files at 6192, data at 6249
for place in '0 4 4d534346' '16 4 30180000' '24 8 0301010002000400' '36 4 00180000' '6184 4 69180000' \
	'6190 2 0100'; do
	# shellcheck disable=SC2086
	set -- $place
	have=$(od -An -v -tx1 -j "$1" -N "$2" "$T_DIR/package/wsus-export.cab" | tr -d ' \n')
	t_ok "the cabinet has $3 at byte $1" [ "$have" = "$3" ]
done

# A package of our making is one like any other.
t_must gapferry-export --repo "$T_DIR/again" init
t_ok 'our package can be ingested' gapferry-export --repo "$T_DIR/again" ingest wsusutil \
	"$T_DIR/package/wsus-export.cab" --content "$T_DIR/package/WsusContent" --json
cp "$T_DIR/out" "$T_DIR/again.json"
t_json "$T_DIR/again.json" .updates_processed 45
t_json "$T_DIR/again.json" '.counts.error' 0

# ---- divided by product ----
t_ok 'what is too large is divided' out "$T_DIR/divided" --limit 70000 --json
cp "$T_DIR/out" "$T_DIR/export.json"
t_json "$T_DIR/export.json" '.packages | length' 3
t_json "$T_DIR/export.json" '[.packages[].updates] | add' 45
for n in 001 002 003; do
	unpack "$T_DIR/divided/wsus-export-$n.cab" "$T_DIR/part-$n"
	t_ok "package $n is in the limit" [ "$(cat "$T_DIR/part-$n"/* | wc -c)" -le 70000 ]
done
t_ok 'together they have every record' [ "$(cat "$T_DIR"/part-*/metadata.txt | wc -c)" = \
	"$(wc -c <"$T_DIR/before/metadata.txt")" ]
t_error 7 GF-2504 'what belongs together is not torn apart' out "$T_DIR/torn" --limit 8192
t_ok 'and nothing is left of the attempt' [ ! -e "$T_DIR/torn" ]

# ---- a second month: an increment ----
# bundle SEQUENCE: written to the importer, built on all before it.
bundle() {
	t_must gapferry-export --repo "$T_DIR/exporter" write main \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium" --incomplete --json
	cp "$T_DIR/out" "$T_DIR/write.json"
	T_BUNDLE=$T_DIR/medium/gapferry/main-1-$1
	t_approve "$T_BUNDLE" --key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust" \
		--repo "$T_DIR/exporter"
	t_run gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
	if [ "$T_STATUS" -eq 0 ] || [ "$T_STATUS" -eq 2 ]; then
		t_pass "bundle $1 is imported"
	else
		t_fail "bundle $1 is not imported"
	fi
}

t_must mkwsusutil --out "$T_DIR/next" --updates 44
t_must gapferry-export --repo "$T_DIR/exporter" ingest wsusutil "$T_DIR/next/package.cab" \
	--content "$T_DIR/next/WsusContent"
t_must gapferry-export --repo "$T_DIR/exporter" channel confirm main --site site1 --sequence 1
bundle 2
t_json "$T_DIR/write.json" .kind increment
t_ok 'the second month is exported' out "$T_DIR/second"
unpack "$T_DIR/next/package.cab" "$T_DIR/next.before"
unpack "$T_DIR/second/wsus-export.cab" "$T_DIR/next.after"
t_same 'with its records' "$T_DIR/next.before/metadata.txt" "$T_DIR/next.after/metadata.txt"

# ---- what cannot be exported ----
t_must mkwsusutil --out "$T_DIR/lacking" --fault dependency
t_must gapferry-export --repo "$T_DIR/exporter" ingest wsusutil "$T_DIR/lacking/package.cab" \
	--content "$T_DIR/lacking/WsusContent"
bundle 3
t_status 2 'an update without its prerequisite stays out' out "$T_DIR/third" --json
cp "$T_DIR/out" "$T_DIR/export.json"
t_json "$T_DIR/export.json" .exported 43
t_json "$T_DIR/export.json" '[.left_out[].reason] | sort | unique | join("; ")' \
	'a prerequisite cannot be exported; an update that it bundles cannot be exported'

# A scan catalog beside it: its updates have no full documents, and none is invented.
t_catalog "$T_DIR" --updates 30
t_ingest "$T_DIR"
bundle 4
t_status 2 'of a scan catalog nothing is exported' out "$T_DIR/fourth" --json
cp "$T_DIR/out" "$T_DIR/export.json"
t_json "$T_DIR/export.json" .exported 43
t_ok 'and the report says so of each revision' [ "$(jq '[.left_out[] | select(.reason |
	startswith("only fragments"))] | length' "$T_DIR/export.json")" -ge 30 ]
t_must gapferry-export --repo "$T_DIR/exporter" withdraw wsusutil a0000000-0000-4000-8000-00000000000a
bundle 5
t_error 6 GF-2508 'without full documents there is no package' out "$T_DIR/fifth"
