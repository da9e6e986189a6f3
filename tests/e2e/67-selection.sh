#!/bin/sh
# Content that is selected: why each update is in or out, bundles and prerequisites complete, what
# was left out known at the far side, increments that stay consistent, the section of a job.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import gapferry-verify jq

t_site "$T_DIR" --updates 240 --payloads 60 --payload-min 4K --payload-max 16K
export="gapferry-export --repo $T_DIR/exporter" import="gapferry-import --repo $T_DIR/importer"

# rules NAME LINE...: a selection file.
rules() {
	name=$1
	shift
	{
		echo '[selection]'
		for line in "$@"; do echo "$line"; done
	} >"$T_DIR/$name.conf"
}

# plan NAME: its decisions, in $T_DIR/NAME.json.
plan() {
	# shellcheck disable=SC2086 # words
	t_ok "the plan of $1" $export plan main --selection "$T_DIR/$1.conf" --explain --missing --json
	cp "$T_DIR/out" "$T_DIR/$1.json"
}

# ---- rules ----

# shellcheck disable=SC2086
t_ok 'without a selection everything is in' $export plan main --explain --json
cp "$T_DIR/out" "$T_DIR/all.json"
t_json "$T_DIR/all.json" '[.updates[].reason] | unique | join(" ")' 'metadata part rules'
t_json "$T_DIR/all.json" '.alone.files_not_selected' 0

rules product 'product = Windows 11' 'product = Windows 3.11'
plan product
t_json "$T_DIR/product.json" '.updates | length' "$(jq '.updates | length' "$T_DIR/all.json")"
t_json "$T_DIR/product.json" 'all(.updates[]; .why != "")' true
t_json "$T_DIR/product.json" '[.updates[] | select(.reason == "rules" and
	(.title | contains("Windows 11") | not))] | length' 0
t_json "$T_DIR/product.json" 'any(.updates[]; .reason == "rules") and
	any(.updates[]; .reason == "part") and any(.updates[]; .reason == "other-product")' true
t_json "$T_DIR/product.json" '.selection.unmatched | map(.value) | join(",")' 'Windows 3.11'
t_json "$T_DIR/product.json" '.files_wanted > 0' true
t_json "$T_DIR/product.json" ".files_wanted < $(jq .files_wanted "$T_DIR/all.json")" true
t_json "$T_DIR/product.json" '.alone.files_not_selected > 0 and .alone.updates ==
	(.missing_updates | length)' true

kb=$(jq -r '[.updates[] | select(.reason == "rules" and .kb != "")][0].kb' "$T_DIR/product.json")
id=$(jq -r '[.updates[] | select(.reason == "part")][0].update_id' "$T_DIR/product.json")
rules kb "kb = KB$kb"
plan kb
t_json "$T_DIR/kb.json" '[.updates[] | select(.reason == "named") | .kb] | unique | join(" ")' "$kb"
t_json "$T_DIR/kb.json" 'any(.updates[]; .reason == "part") and any(.updates[]; .reason == "unnamed")' true
rules part "update-id = $id"
plan part
t_json "$T_DIR/part.json" '[.updates[] | select(.reason == "whole")] | length > 0' true
t_json "$T_DIR/part.json" '[.updates[] | select(.reason == "whole")][0].why |
	startswith("in: the bundle of '"$id"'")' true
rules without 'product = Windows 11' "exclude-kb = $kb"
plan without
t_json "$T_DIR/without.json" '[.updates[] | select(.reason == "excluded") | .kb] | unique | join(" ")' "$kb"
rules newest 'superseded = no' 'severity = critical' 'max-age-days = 36500'
plan newest
t_json "$T_DIR/newest.json" '.selection.updates | .superseded > 0 and .["other-severity"] > 0' true

# ---- refusals ----

rules none 'product = Windows 3.11'
# shellcheck disable=SC2086
t_error 1 GF-2451 'a selection of nothing' $export write main --selection "$T_DIR/none.conf" \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR"
for line in 'colour = red' 'superseded = perhaps' 'kb = many' 'update-id = 7' 'max-age-days = 0' \
	'superseded = no
superseded = no'; do
	rules wrong "$line"
	# shellcheck disable=SC2086
	t_error 1 GF-2050 "refused: $line" $export plan main --selection "$T_DIR/wrong.conf"
	t_contains 'with the place' "$T_DIR/err" 'wrong.conf:'
done

# ---- a bundle and what the far side knows ----

t_bundle "$T_DIR" 1 --selection "$T_DIR/product.conf"
t_contains 'the approver sees the rules' "$T_DIR/out" 'selected: product = Windows 11'
t_contains 'the rules travel' "$T_BUNDLE/selection" 'product Windows 11'
t_contains 'and are listed' "$T_BUNDLE/SHA256SUMS" '  selection'
# shellcheck disable=SC2086
t_ok 'it is imported' $import import "$T_BUNDLE" --json
cp "$T_DIR/out" "$T_DIR/first.json"
t_json "$T_DIR/first.json" .updates_processed 240
# shellcheck disable=SC2086
t_ok 'an inventory' $import inventory --json --incomplete
cp "$T_DIR/out" "$T_DIR/there.json"
t_json "$T_DIR/there.json" '.files.missing.files' "$(jq .files_missing "$T_DIR/product.json")"
t_json "$T_DIR/there.json" '.files.unselected.files > 0 and .files.here.files > 0' true
t_json "$T_DIR/there.json" .unnamed 0

# The next one keeps the selection; changing it carries what was left out, and only that.
# shellcheck disable=SC2086
t_ok 'the channel has it' $export plan main --json
cp "$T_DIR/out" "$T_DIR/kept.json"
t_json "$T_DIR/kept.json" .selection.rules 2
t_increment "$T_DIR" 2 --since 1
t_same 'the same rules again' "$T_BUNDLE/selection" "$T_DIR/medium/gapferry/main-1-1/selection"
t_status 1 'no content again' grep -q ' content [^ ]* [1-9]' "$T_BUNDLE/OBJECTS"
t_must "gapferry-import" --repo "$T_DIR/importer" import "$T_BUNDLE"
# shellcheck disable=SC2086
t_ok 'everything from now on' $export channel set main --select-all
t_increment "$T_DIR" 3 --since 2
t_status 1 'no selection travels' test -e "$T_BUNDLE/selection"
t_ok 'content that was left out' grep -q ' content [^ ]* [1-9]' "$T_BUNDLE/OBJECTS"
t_must "gapferry-import" --repo "$T_DIR/importer" import "$T_BUNDLE"
# shellcheck disable=SC2086
t_ok 'an inventory of all' $import inventory --json
cp "$T_DIR/out" "$T_DIR/now.json"
t_json "$T_DIR/now.json" '.files.unselected.files' 0
t_json "$T_DIR/now.json" '.files.here.files' "$(gapferry-export --repo "$T_DIR/exporter" inventory main --json |
	jq .files.here.files)"

# A selection that was altered on the way is noticed.
cp -r "$T_DIR/medium/gapferry/main-1-2" "$T_DIR/altered"
sed -i 's/Windows 11/Windows 10/' "$T_DIR/altered/selection"
t_run gapferry-verify "$T_DIR/altered" --trust "$T_DIR/trust"
if [ "$T_STATUS" -ne 0 ]; then t_pass 'altered rules are refused'; else t_fail 'altered rules'; fi

# ---- a job ----

mkdir -p "$T_DIR/etc/jobs" "$T_DIR/outbox"
cat >"$T_DIR/etc/jobs/weekly.conf" <<EOF
[job]
repo = $T_DIR/exporter
channel = main
out = $T_DIR/outbox
key = $T_DIR/keys/bert-builder.key.pem
[source scan]
kind = wsusscn2
file = $T_DIR/catalog/wsusscn2.cab
content = $T_DIR/catalog/content
[selection]
product = Windows 11
EOF
job="--config-dir $T_DIR/etc --state-dir $T_DIR/state --json"
# shellcheck disable=SC2086
t_run gapferry-export run weekly $job
t_ok 'the job selects' grep -q 'product Windows 11' "$T_DIR/outbox/gapferry/main-1-4/selection"
# shellcheck disable=SC2086
t_run gapferry-export run weekly $job
t_status 1 'and has nothing to do then' test -e "$T_DIR/outbox/gapferry/main-1-5"
echo 'superseded = no' >>"$T_DIR/etc/jobs/weekly.conf"
# shellcheck disable=SC2086
t_run gapferry-export run weekly $job
t_ok 'until the rules change' test -e "$T_DIR/outbox/gapferry/main-1-5/selection"
