#!/bin/sh
# One catalog with payload files, from the connected side to clients of the isolated one.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-verify gapferry-import gapferry-server mkcatalog jq curl

t_site "$T_DIR" --updates 60 --payloads 6
t_bundle "$T_DIR" 1
t_ok 'the bundle verifies' gapferry-verify "$T_BUNDLE" --trust "$T_DIR/trust" --chunks
t_ok 'it can be listed' gapferry-verify list "$T_BUNDLE" --trust "$T_DIR/trust" --json
cp "$T_DIR/out" "$T_DIR/list"
t_json "$T_DIR/list" '.object_list | length' "$(wc -l <"$T_BUNDLE/OBJECTS")"
t_ok 'and shown' gapferry-verify show "$T_BUNDLE" --trust "$T_DIR/trust"
t_contains 'with its signers' "$T_DIR/out" 'signed by approver anna'
mkdir "$T_DIR/elsewhere" && cp "$T_BUNDLE/vol-0001.tar" "$T_DIR/elsewhere/"
t_ok 'a volume proves itself anywhere' gapferry-verify "$T_BUNDLE" --trust "$T_DIR/trust" \
	--volume "$T_DIR/elsewhere/vol-0001.tar"
printf x | dd of="$T_DIR/elsewhere/vol-0001.tar" bs=1 seek=700 conv=notrunc status=none
t_status 3 'and not when it was changed' gapferry-verify "$T_BUNDLE" --trust "$T_DIR/trust" \
	--volume "$T_DIR/elsewhere/vol-0001.tar"
t_ok 'one object proves itself' gapferry-verify "$T_BUNDLE" --trust "$T_DIR/trust" \
	--object "$(cut -d' ' -f1 "$T_BUNDLE/OBJECTS" | tail -n 1)"
t_ok 'it can be imported' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_ok 'a second time without harm' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_ok 'status is reported' gapferry-import --repo "$T_DIR/importer" status --json
cp "$T_DIR/out" "$T_DIR/status"
t_json "$T_DIR/status" .sequence 1
t_json "$T_DIR/status" .updates_processed 60
t_json "$T_DIR/status" .updates_quarantined 0

# The repository holds every payload file, byte for byte.
for file in "$T_DIR"/catalog/content/*; do
	sum=$(sha256sum <"$file")
	find "$T_DIR/importer/content" -name "${sum%% *}" -exec cmp "$file" {} \; -print
done | grep -c importer/content >"$T_DIR/count"
t_ok 'all payload has arrived' \
	test "$(cat "$T_DIR/count")" -eq "$(find "$T_DIR/catalog/content" -type f | wc -l)"

t_server "$T_DIR/importer"
t_ok 'the server answers' curl -fsS "$T_URL/healthz"
t_server_stop
t_ok 'and stops when asked' test "$T_STATUS" -eq 0
