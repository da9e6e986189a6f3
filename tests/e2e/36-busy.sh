#!/bin/sh
# Two writers: the second one ends with exit status 8 at once; readers do not wait.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import gapferry-server flock jq curl

a_site --updates 60 --payloads 4 --payload-max 64K
a_snapshot fresh importer
a_snapshot ingested exporter

# Another process holds the lock of a writer.
import() {
	flock -n "$T_DIR/importer/lock" gapferry-import --repo "$T_DIR/importer" "$@"
}
export_() {
	flock -n "$T_DIR/exporter/lock" gapferry-export --repo "$T_DIR/exporter" "$@"
}
t_error 8 GF-1706 'import beside another writer' import import "$T_DIR/good"
t_ok 'status beside a writer' import status
t_ok 'updates beside a writer' import updates
t_ok 'findings beside a writer' import findings
a_unchanged 'nothing changed' fresh importer
t_error 8 GF-1706 'ingest beside another writer' export_ ingest wsusscn2 \
	"$T_DIR/catalog/wsusscn2.cab"
t_error 8 GF-1706 'write beside another writer' export_ write main \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
t_error 8 GF-1706 'channel add beside another writer' export_ channel add more \
	--audience site1 --trust "$T_DIR/trust"
t_ok 'plan beside a writer' export_ plan main
t_ok 'status beside a writer' export_ status
a_unchanged 'nothing changed' ingested exporter

# Two real writers: exactly one imports, the other one is busy or finds nothing to do.
both=0
for _ in 1 2 3 4 5 6 7 8; do
	rm -rf "$T_DIR/race"
	t_must gapferry-import --repo "$T_DIR/race" init --channel main --audience site1 \
		--trust "$T_DIR/trust"
	gapferry-import --repo "$T_DIR/race" import "$T_DIR/good" >"$T_DIR/first.out" 2>&1 &
	first=$!
	t_run gapferry-import --repo "$T_DIR/race" import "$T_DIR/good"
	status=0
	wait $first || status=$?
	case "$status $T_STATUS" in '0 8' | '8 0' | '0 0') both=$((both + 1)) ;; esac
	t_run gapferry-import --repo "$T_DIR/race" status --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	[ "$(jq .sequence "$T_DIR/status.json")" = 1 ] || both=-100
done
t_ok 'of two writers one imports' test "$both" -eq 8

# A server that reads does not stop an import, and shows the new state after it.
t_server "$T_DIR/importer"
before=$(curl -s "$T_URL/api/v1/status")
t_ok 'import beside a server' gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good"
after=$(curl -s "$T_URL/api/v1/status")
echo "$before" >"$T_DIR/before.json"
echo "$after" >"$T_DIR/after.json"
t_json "$T_DIR/before.json" .sequence 0
t_json "$T_DIR/after.json" .sequence 1
t_server_stop
t_ok 'the server ended well' test "$T_STATUS" -eq 0
