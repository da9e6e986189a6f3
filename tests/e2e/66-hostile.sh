#!/bin/sh
# HOSTILE_COUNT (2000) requests that no client should send, while computers scan and download.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog wuclient hostile curl jq

count=${HOSTILE_COUNT:-2000}
t_site "$T_DIR" --updates 60 --payloads 12 --payload-min 1K --payload-max 200K
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_server "$T_DIR/importer"
t_updates
jq -r '.updates[] | select(.type == "Software" and .action == null) | .update_id' \
	"$T_DIR/updates.json" | t_approve_each >"$T_DIR/approved"
sha1=$(jq -r '[.updates[].files[] | select(.present)][0].sha1' "$T_DIR/updates.json")
object=/Content/$(echo "$sha1" | cut -c 39-40)/$sha1.cab
original=/c/msdownload/update/software/x_$sha1.cab
t_ok 'an object is there under both names' curl -fsS -o "$T_DIR/object" "$T_URL$object" \
	-o "$T_DIR/original" "$T_URL$original"

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$T_SERVER/status"; }

# attack COUNT SEED: hostile requests with well-behaved computers beside them.
attack() {
	hostile "${T_URL##*:}" "$1" "$2" "$object" "$original" >"$T_DIR/hostile.out" 2>&1 &
	attacker=$!
	: >"$T_DIR/computers"
	while kill -0 "$attacker" 2>/dev/null; do
		wuclient --url "$T_URL" --machines 5 --share 70 >>"$T_DIR/computers" 2>&1 ||
			echo 'a computer failed' >>"$T_DIR/computers"
		sleep 0.2
	done
	wait "$attacker"
}

# Caches and threads have what they need after the first.
t_ok 'a first round' attack $((count / 4)) 1
before=$(memory)
t_run attack "$count" 2
cat "$T_DIR/hostile.out" "$T_DIR/out" >"$T_DIR/all"
if [ "$T_STATUS" -eq 0 ]; then
	t_pass "every one of $count was answered as it should ($(tail -n 1 "$T_DIR/hostile.out"))"
else
	cp "$T_DIR/hostile.out" "$T_DIR/out"
	t_fail "every one of $count is answered as it should"
fi
after=$(memory)
t_ok "memory does not grow with them ($before to $after KiB)" test $((after - before)) -lt 32768
t_ok 'the computers beside them met no error' test -s "$T_DIR/computers"
t_ok '... none of them' sh -c "! grep -v '^machines .* errors 0\\b' '$T_DIR/computers'"
t_ok 'the server is well' curl -fsS "$T_URL/healthz"
t_run curl -fsS "$T_URL/metrics"
cp "$T_DIR/out" "$T_DIR/metrics"
t_contains 'and has counted' "$T_DIR/metrics" 'gapferry_server_requests_total{service="client",status="500"}'
t_ok 'no failure of its own was logged' sh -c "! grep -q 'GF-' '$T_DIR/server.log'"
