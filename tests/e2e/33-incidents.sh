#!/bin/sh
# What must not be forgotten: both MANIFESTs of a fork are kept and named, and an expired bundle gets
# in only with the permission of two different approvers, which every later report shows.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq

approver() {
	t_must gapferry-export key new --role approver --holder "$1" --out "$T_DIR/keys"
}
t_must gapferry-export key new --role root --holder ruth --out "$T_DIR/keys"
t_must gapferry-export key new --role builder --holder bert --out "$T_DIR/keys"
approver anna
approver ada
mkdir "$T_DIR/keys/2"
t_must gapferry-export key new --role approver --holder ANNA --out "$T_DIR/keys/2"
t_must gapferry-export trust new --root "$T_DIR/keys/ruth-root.cert.pem" \
	--builder "$T_DIR/keys/bert-builder.cert.pem" \
	--approver "$T_DIR/keys/anna-approver.cert.pem" "$T_DIR/keys/ada-approver.cert.pem" \
	"$T_DIR/keys/2/ANNA-approver.cert.pem" \
	--key "$T_DIR/keys/ruth-root.key.pem" --out "$T_DIR/trust"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_ingest "$T_DIR"
bundle() {
	echo "$T_DIR/medium/gapferry/main-1-$1"
}
import() {
	gapferry-import --repo "$T_DIR/importer" import "$@"
}
status() {
	gapferry-import --repo "$T_DIR/importer" status --json >"$T_DIR/status.json"
}
digest() {
	sha256sum <"$1/MANIFEST" | cut -c 1-64
}

# ---- forks ----

fork=$T_DIR/fork
mkdir -p "$fork"
cp -r "$T_DIR/keys" "$T_DIR/trust" "$T_DIR/catalog" "$fork/"
t_exporter "$fork"
t_ingest "$fork"
for n in 1 2 3; do
	t_bundle "$T_DIR" $n
	SOURCE_DATE_EPOCH=$(($(date +%s) + 100 + n))
	export SOURCE_DATE_EPOCH
	t_bundle "$fork" $n
	unset SOURCE_DATE_EPOCH
done
t_ok 'the first is accepted' import "$(bundle 1)"
t_ok 'the second is accepted' import "$(bundle 2)"
status
t_json "$T_DIR/status.json" '.incidents | length' 0
# check_fork DESC N: number N of the other history against the sequence $3 of ours
check_fork() {
	other=$fork/medium/gapferry/main-1-$2
	t_error 5 GF-1912 "$1" import "$other"
	theirs=$(digest "$other") ours=$(digest "$(bundle "$3")")
	t_contains 'the message names the evidence' "$T_DIR/err" \
		"kept as evidence/$theirs and evidence/$ours: "
	t_same 'their MANIFEST is kept' "$other/MANIFEST" "$T_DIR/importer/evidence/$theirs/MANIFEST"
	t_same 'ours, too' "$(bundle "$3")/MANIFEST" "$T_DIR/importer/evidence/$ours/MANIFEST"
	t_ok 'with their signatures' diff -r "$other/sigs" "$T_DIR/importer/evidence/$theirs/sigs"
	t_ok 'and ours' diff -r "$(bundle "$3")/sigs" "$T_DIR/importer/evidence/$ours/sigs"
}
check_fork 'the same sequence again' 2 2
check_fork 'an earlier sequence' 1 1
check_fork 'what follows another bundle' 3 2
find "$T_DIR/importer/evidence" -type f | sort | xargs sha256sum >"$T_DIR/before"
t_error 5 GF-1912 'offered again' import "$fork/medium/gapferry/main-1-2"
find "$T_DIR/importer/evidence" -type f | sort | xargs sha256sum >"$T_DIR/after"
t_same 'evidence is written once' "$T_DIR/before" "$T_DIR/after"
status
t_json "$T_DIR/status.json" '[.incidents[].event] | join(" ")' 'fork fork fork'
t_json "$T_DIR/status.json" '.incidents[2].accepted' "$(digest "$(bundle 2)")"
t_json "$T_DIR/status.json" '.incidents[2].sequence' 2
t_ok 'the ledger holds' gapferry-import --repo "$T_DIR/importer" ledger check
t_run import "$(bundle 3)"
t_contains 'a later report still shows it' "$T_DIR/out" 'ATTENTION: '
t_contains 'with the evidence' "$T_DIR/out" "evidence/$(digest "$fork/medium/gapferry/main-1-3")"
t_run gapferry-import --repo "$T_DIR/importer" status
t_contains 'the status, too' "$T_DIR/out" "evidence/$(digest "$fork/medium/gapferry/main-1-3")"

# ---- a permission ----

t_bundle "$T_DIR" 4 --expires-days 1
permit() {
	key=$1 to=$2
	shift 2
	gapferry-export override "$(bundle 4)" --key "$T_DIR/keys/$key.key.pem" \
		--trust "$T_DIR/trust" --to "$T_DIR/$to" "$@"
}
until=$(date -u -d '+10 days' +%Y-%m-%dT%H:%M:%SZ)
t_error 1 GF-1001 'no permission for the past' permit anna-approver permit \
	--until 2020-01-01T00:00:00Z --reason flood
t_error 1 GF-1807 'a reason is one word' permit anna-approver permit --until "$until" \
	--reason 'the flood'
t_error 4 GF-2009 'a builder cannot permit it' permit bert-builder permit --until "$until" \
	--reason flood
t_ok 'one approver begins' permit anna-approver permit --until "$until" --reason flood
t_contains 'and is told to find another' "$T_DIR/out" 'signed by 1 of 2 people'
t_ok 'her other key, which is hers, too' permit 2/ANNA-approver permit --until "$until" --reason flood
t_contains 'does not count' "$T_DIR/out" 'signed by 1 of 2 people'
cp -r "$T_DIR/permit" "$T_DIR/permit-one"
t_error 4 GF-1922 'the second must say the same' permit ada-approver permit --until "$until" \
	--reason drought
t_ok 'the second approver signs' permit ada-approver permit --until "$until" --reason flood
t_contains 'and it is complete' "$T_DIR/out" 'signed by 2 of 2 people'
t_ok 'a permission for another bundle' gapferry-export override "$(bundle 3)" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust" --to "$T_DIR/other" \
	--until "$until" --reason flood
cp -r "$T_DIR/permit" "$T_DIR/edited"
sed -i 's/^reason flood/reason floor/' "$T_DIR/edited/OVERRIDE"
cp -r "$T_DIR/permit" "$T_DIR/malformed"
sed -i 's/^end 5/end 6/' "$T_DIR/malformed/OVERRIDE"
mkdir "$T_DIR/empty"

if command -v faketime >/dev/null && faketime -f +1d gapferry-import --version >/dev/null 2>&1; then
	later() {
		faketime -f "$1" gapferry-import --repo "$T_DIR/importer" import "$(bundle 4)" \
			--override "$T_DIR/$2"
	}
	t_error 5 GF-1915 'it has expired' faketime -f +3d gapferry-import \
		--repo "$T_DIR/importer" import "$(bundle 4)"
	t_error 4 GF-1923 'one person is not enough' later +3d permit-one
	t_error 4 GF-1922 'the permission of another bundle is none' later +3d other
	t_error 4 GF-1240 'an edited one is none' later +3d edited
	t_error 3 GF-1921 'a malformed one is none' later +3d malformed
	t_error 1 GF-1002 'an empty directory is none' later +3d empty
	t_error 5 GF-1924 'it is over' later +11d permit
	status
	t_json "$T_DIR/status.json" .sequence 3
	t_ok 'two people let it in' later +3d permit
	t_contains 'the report says so' "$T_DIR/out" 'by permission of two people (flood)'
	status
	t_json "$T_DIR/status.json" .sequence 4
	t_json "$T_DIR/status.json" '.incidents[-1].event' override
	t_json "$T_DIR/status.json" '.incidents[-1].reason' flood
	t_json "$T_DIR/status.json" '[.incidents[-1].signers[] | split(" ")[0]] | unique | join(" ")' \
		'ANNA ada anna'
	t_bundle "$T_DIR" 5
	t_ok 'the next one needs none' import "$(bundle 5)" --json
	cp "$T_DIR/out" "$T_DIR/import.json"
	t_json "$T_DIR/import.json" '[.incidents[].event] | join(" ")' 'fork fork fork override'
	t_ok 'the ledger holds' gapferry-import --repo "$T_DIR/importer" ledger check
else
	t_skip 'permission' 'faketime is not there, or not with these programs'
fi
