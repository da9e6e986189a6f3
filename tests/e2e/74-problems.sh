#!/bin/sh
# The self-check: what cannot be served as it was approved is not served, and the administrator hears of it.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog curl jq xmllint
t_need_python 'the self-check' sqlite3

t_site "$T_DIR" --updates 60 --payloads 30 --payload-min 1K --payload-max 8K
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"

# wait_metric NAME VALUE: until the server has looked again.
wait_metric() {
	t_tries=0
	until curl -fsS "$T_URL/metrics" 2>/dev/null |
		grep -qx "gapferry_server_approval_problems{problem=\"$1\"} $2"; do
		t_tries=$((t_tries + 1))
		if [ "$t_tries" -ge 100 ]; then
			curl -fsS "$T_URL/metrics" | grep approval_problems >"$T_DIR/out"
			t_fail "the metric of $1 becomes $2"
			return 0
		fi
		sleep 0.2
	done
	t_pass "the metric of $1 becomes $2"
}

# change SQL: as a catalog would that contradicts another one; no verb can do that.
change() {
	/usr/bin/python3 -c "
import sqlite3, sys
c = sqlite3.connect('$T_DIR/importer/catalog.db')
n = c.execute(sys.argv[1]).rowcount
c.commit()
sys.exit(n < 1)" "$1" || t_fail "set-up: $1"
}
t_status 0 'nothing is approved: nothing is wrong' t_verb report problems --json
cp "$T_DIR/out" "$T_DIR/problems"
t_json "$T_DIR/problems" '.problems | length' 0

t_server "$T_DIR/importer"
t_updates
jq -r '.updates[] | select(.type == "Software" and .action == null and .is_bundle and .verdict == "ok") | .update_id' \
	"$T_DIR/updates.json" >"$T_DIR/bundles"
t_approve_each <"$T_DIR/bundles" >"$T_DIR/approved"
t_ok 'bundles are approved' test "$(wc -l <"$T_DIR/approved")" -ge 2
t_status 0 'which is in order' t_verb report problems
one=$(sed -n 1p "$T_DIR/approved") other=$(sed -n 2p "$T_DIR/approved")
own() { jq -r --arg id "$1" '.updates[] | select(.update_id == $id) | .revision_id' "$T_DIR/updates.json" | tail -n 1; }

# offered ID: whether a computer that has everything would be told of the update.
offered() {
	curl -fsS "$T_URL/healthz" >/dev/null
	soap_config
	soap_cookie '' ''
	soap_keep_cookie
	soap client RefreshCache "$SOAP_COOKIE<globalIDs><UpdateIdentity><UpdateID>$1</UpdateID><RevisionNumber>$(
		jq -r --arg id "$1" '.updates[] | select(.update_id == $id) | .revision_number' "$T_DIR/updates.json" | tail -n 1
	)</RevisionNumber></UpdateIdentity></globalIDs>"
	[ "$(soap_count GlobalID)" = 1 ]
}
t_ok 'the first is served' offered "$one"

# ---- a part is declined ----

part=$(jq -r '.updates[] | select(.action == "Bundle") | .update_id' "$T_DIR/updates.json" | while read -r id; do
	t_verb decline "$id" >/dev/null
	if [ "$(t_verb report problems --json | jq -r '.problems[0].problem')" = incomplete ]; then
		echo "$id"
		break
	fi
	t_verb decline "$id" --undo >/dev/null
done)
t_ok 'a part of an approved bundle can be declined' test -n "$part"
wait_metric incomplete 1
t_status 2 'which is found' t_verb report problems --json
cp "$T_DIR/out" "$T_DIR/problems"
t_json "$T_DIR/problems" '.problems | length' 1
t_json "$T_DIR/problems" '.problems[0].severity' error
t_json "$T_DIR/problems" '.problems[0].group' 'All Computers'
t_contains 'and in the log' "$T_DIR/server.log" "GF-2870: approval of $(jq -r '.problems[0].update_id' "$T_DIR/problems")"
t_must curl -fsS "$T_URL/api/v1/problems"
jq -S '[.problems[] | del(.kb)]' "$T_DIR/problems" >"$T_DIR/verb"
jq -S .problems "$T_DIR/out" >"$T_DIR/api"
t_same 'the API says the same' "$T_DIR/verb" "$T_DIR/api"
t_run curl -sS -o /dev/null -w '%{http_code}' "$T_URL/api/v1/problems?limit=1"
t_contains 'without parameters' "$T_DIR/out" 400
t_ok 'the update is not served' test \
	"$(offered "$(jq -r '.problems[0].update_id' "$T_DIR/problems")" && echo yes)" != yes
t_must t_verb decline "$part" --undo
wait_metric incomplete 0

# ---- two catalogs contradict each other ----

# A bundle with files of its own: our validator refuses such a catalog (GF-C004).
change "INSERT INTO file(source_id, source_revision, kind, ordinal, sha1, size, name)
	SELECT source_id, source_revision, 0, 0, randomblob(20), 7, 'x.cab' FROM update_info
	WHERE revision_id=$(own "$one")"
wait_metric malformed 1
t_ok 'what is malformed is not served' test "$(offered "$one" && echo yes)" != yes
t_ok 'the others are' offered "$other"
t_status 2 'it is found' t_verb report problems --json
cp "$T_DIR/out" "$T_DIR/problems"
t_json "$T_DIR/problems" '.problems[0].problem' malformed
t_json "$T_DIR/problems" '.problems[0].update_id' "$one"
t_json "$T_DIR/problems" '.problems[0].revision_id' "$(own "$one")"
t_status 2 'as a table' t_verb report problems --csv
t_contains 'with its reason' "$T_DIR/out" 'error,malformed,'
t_server_stop

# ---- what was found before the start ----

t_server "$T_DIR/importer"
t_contains 'the log has it from the start' "$T_DIR/server.log" "GF-2870: approval of $one for 'All Computers'"
t_must t_verb unapprove "$one"
wait_metric malformed 0
t_status 0 'taken back, nothing is wrong' t_verb report problems

# ---- groups ----

t_must t_verb group add Lab
t_must t_verb group add Bench --parent Lab
t_must t_verb approve "$other" --group Lab
change "UPDATE update_info SET verdict=2 WHERE revision_id=$(own "$other")"
# A group below that decides on something else has no problem of its own.
t_must t_verb approve "$(sed -n 3p "$T_DIR/approved")" --group Bench
wait_metric unknown 2
t_status 2 'an update that is no longer here' t_verb report problems --json
cp "$T_DIR/out" "$T_DIR/problems"
t_json "$T_DIR/problems" '[.problems[] | .group + " " + .problem] | join(", ")' 'All Computers unknown, Lab unknown'
t_server_stop
