#!/bin/sh
# The importer and the server are two users: the server reads what the other one writes, and cannot
# write it.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog wuclient curl jq setpriv
[ "$(id -u)" -eq 0 ] || {
	t_skip 'two users' 'only root can be both'
	exit 0
}

writer=64871 reader=64872 # nobody's numbers; the group is the writer's
as_writer() { (umask 027 && exec setpriv --reuid "$writer" --regid "$writer" --clear-groups "$@"); }
as_reader() { (umask 077 && exec setpriv --reuid "$reader" --regid "$reader" --groups "$writer" "$@"); }

# A place that both can reach, wherever the tree is.
t_in_memory
place=$T_DIR/place
chmod 755 "$T_DIR"
mkdir "$place" "$place/bin" "$place/importer" "$place/state" "$place/in"
cp "$BIN/gapferry-import" "$BIN/gapferry-server" "$place/bin/"
t_site "$T_DIR" --updates 60 --payloads 30 --payload-min 1K --payload-max 8K
t_bundle "$T_DIR" 1
cp -R "$T_BUNDLE" "$T_DIR/trust" "$place/in/"
chmod -R a+rX "$place/in" "$place/bin"
chown "$writer:$writer" "$place/importer"
chmod 2750 "$place/importer"
chown "$reader:$reader" "$place/state"
chmod 700 "$place/state"

t_must as_writer "$place/bin/gapferry-import" --repo "$place/importer" init --channel main \
	--audience site1 --trust "$place/in/trust"
t_ok 'the importer imports' as_writer "$place/bin/gapferry-import" --repo "$place/importer" \
	import "$place/in/$(basename "$T_BUNDLE")"
t_ok 'nobody else may look' test -z "$(find "$place/importer" -perm /007 ! -type l)"
t_ok 'the group may not write' test -z "$(find "$place/importer" -perm /020 ! -type l)"
t_ok 'a third user sees nothing' sh -c "! setpriv --reuid 64873 --regid 64873 --clear-groups ls '$place/importer' 2>/dev/null"

verb() { as_reader "$place/bin/gapferry-server" "$@" --repo "$place/importer" --state "$place/state"; }
# start: the server as its own user.
start() {
	: >"$T_DIR/server.log"
	(umask 077 && exec setpriv --reuid "$reader" --regid "$reader" --groups "$writer" \
		"$place/bin/gapferry-server" --repo "$place/importer" --state "$place/state" \
		--listen 127.0.0.1:0) >"$T_DIR/server.log" 2>&1 </dev/null &
	T_SERVER=$!
	tries=0
	until T_URL=$(sed -n 's|.*listening on \(127\.0\.0\.1:[0-9]*\).*|http://\1|p' "$T_DIR/server.log") &&
		[ -n "$T_URL" ]; do
		tries=$((tries + 1))
		if [ "$tries" -ge 100 ] || ! kill -0 "$T_SERVER" 2>/dev/null; then
			cp "$T_DIR/server.log" "$T_DIR/out"
			t_fail 'the server starts as its own user'
			exit 1
		fi
		sleep 0.1
	done
	t_pass 'the server starts as its own user'
}
t_ok 'the journal stays, empty' test "$(stat -c %s "$place/importer/catalog.db-wal")" = 0
t_status 1 'without a place of its own it cannot' as_reader "$place/bin/gapferry-server" \
	--repo "$place/importer" --listen 127.0.0.1:0
start
t_ok 'it is that user' test "$(awk '/^Uid:/ { print $2 }' "/proc/$T_SERVER/status")" = "$reader"
t_ok 'clients.db is its own' test "$(stat -c '%u %a' "$place/state/clients.db")" = "$reader 600"
t_ok 'and not in the repository' test ! -e "$place/importer/clients.db"
t_updates
jq -r '.updates[] | select(.type == "Software" and .action == null) | .update_id' "$T_DIR/updates.json" |
	while read -r id; do verb approve "$id" --group 'All Computers' >/dev/null 2>&1 && echo "$id"; done >"$T_DIR/approved"
t_ok 'approvals are made as that user' test "$(wc -l <"$T_DIR/approved")" -ge 5
t_ok 'computers scan, download and report' wuclient --url "$T_URL" --machines 5 --share 100
t_status 0 'reports are read' verb report updates
before=$(curl -fsS "$T_URL/api/v1/status" | jq .sequence)

# ---- an import while the server runs ----

rm -rf "$T_DIR/catalog"
t_catalog "$T_DIR" --updates 70 --payloads 30 --payload-min 1K --payload-max 8K
t_ingest "$T_DIR"
t_bundle "$T_DIR" 2
cp -R "$T_BUNDLE" "$place/in/"
chmod -R a+rX "$place/in"
t_run as_writer "$place/bin/gapferry-import" --repo "$place/importer" import "$place/in/$(basename "$T_BUNDLE")"
t_ok 'the importer writes beside it' test "$T_STATUS" -eq 0 -o "$T_STATUS" -eq 2
t_ok 'the server sees it' test "$(curl -fsS "$T_URL/api/v1/status" | jq .sequence)" -gt "$before"
views() { curl -fsS "$T_URL/metrics" | sed -n 's/^gapferry_server_views_total //p'; }
tries=0
until [ "$(views)" -ge 2 ] || [ "$tries" -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.2
done
t_ok 'so do the update services, without a restart' test "$(views)" -ge 2
t_ok 'and computers go on' wuclient --url "$T_URL" --machines 5 --share 100
kill "$T_SERVER"
wait "$T_SERVER" 2>/dev/null || :
T_SERVER=''
t_ok 'it had nothing to complain about' sh -c "! grep GF- '$T_DIR/server.log'"

# ---- nobody has the database open ----

start
t_ok 'the newest state is there' test "$(curl -fsS "$T_URL/api/v1/status" | jq .sequence)" -gt "$before"
t_ok 'computers scan after a restart of the server alone' wuclient --url "$T_URL" --machines 2 --share 100
kill "$T_SERVER"
wait "$T_SERVER" 2>/dev/null || :
T_SERVER=''

# ---- a backup without the journal ----

rm -f "$place/importer/catalog.db-wal" "$place/importer/catalog.db-shm"
t_status 70 'without its files nothing can be read' verb report approvals
t_ok 'a verb of the importer makes them' as_writer "$place/bin/gapferry-import" --repo "$place/importer" status
t_status 0 'then it can' verb report approvals

# ---- what the server may not do ----

t_ok 'its user cannot change the catalog' sh -c "! setpriv --reuid $reader --regid $reader --groups $writer sh -c ': >>\"$place/importer/catalog.db\"' 2>/dev/null"
t_ok 'nor put anything beside it' sh -c "! setpriv --reuid $reader --regid $reader --groups $writer sh -c ': >\"$place/importer/x\"' 2>/dev/null"
t_status 1 'nor import' as_reader "$place/bin/gapferry-import" --repo "$place/importer" import "$place/in/$(basename "$T_BUNDLE")"
