#!/bin/sh
# Express files: offered where they were carried, left out where not, and the full file in their stead.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkwsusutil wuclient curl jq xmllint
t_need_python 'express files' sqlite3

t_package_site "$T_DIR" --updates 8 --express
printf '[selection]\nexpress = no\n' >"$T_DIR/full.conf"

# send SEQUENCE OPTION...: a bundle goes over.
send() {
	t_increment "$T_DIR" "$@"
	t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
}
send 1 --selection "$T_DIR/full.conf"
t_server "$T_DIR/importer"
t_updates
t_json "$T_DIR/updates.json" '[.updates[].files[] | select(.express) | .present] | unique | tostring' '[false]'
t_json "$T_DIR/updates.json" '[.updates[].files[] | select(.express | not) | .present] | unique | tostring' '[true]'
t_json "$T_DIR/updates.json" '[.updates[].files[] | select(.express) | .name | test("psf$")] | unique | tostring' '[true]'

bundle=$(printf 'a0000000-0000-4000-8000-%012x' 10003)
part=$(printf 'a0000000-0000-4000-8000-%012x' 10001)
part_id=$(jq --arg id "$part" '.updates[] | select(.update_id == $id) | .revision_id' "$T_DIR/updates.json")
sha1() { jq -r --arg id "$part" --argjson x "$1" '.updates[] | select(.update_id == $id) | .files[] | select(.express == $x and .kind == "payload") | .sha1' "$T_DIR/updates.json"; }
express=$(sha1 true) full=$(sha1 false)
base64_of() { echo "$1" | tr -d '\n' | sed 's/../\\x&/g' | xargs -0 printf '%b' | base64; }
path_of() { echo "/Content/$(echo "$1" | sed 's/^.*\(..\)$/\1/')/$1.bin"; }

t_ok 'an update is approved without its express files' t_verb approve "$bundle" --group 'All Computers'
soap_start probe ''
info() {
	soap client GetExtendedUpdateInfo "$SOAP_COOKIE<revisionIDs><int>$part_id</int></revisionIDs><infoTypes><XmlUpdateFragmentType>Extended</XmlUpdateFragmentType></infoTypes>"
	soap_text Xml >"$T_DIR/extended"
}
files() { grep -o '<File ' "$T_DIR/extended" | wc -l; }
# wait_files N: until so many are offered.
wait_files() {
	tries=0
	info
	until [ "$(files)" = "$1" ] || [ "$tries" -ge 100 ]; do
		sleep 0.2
		tries=$((tries + 1))
		info
	done
}
info
t_ok 'one file is offered' test "$(files)" = 1
t_contains 'the full one' "$T_DIR/extended" "Digest=\"$(base64_of "$full")\""
t_contains 'as what it is' "$T_DIR/extended" 'PatchingType="SelfContained"'
t_ok 'the express file is not mentioned' sh -c "! grep -q psf '$T_DIR/extended'"
t_ok 'what is left is one list of files' sh -c "printf '<x>%s</x>' \"\$(cat '$T_DIR/extended')\" | xmllint --noout -"
soap_counts 'there is one location' FileLocation 1
soap client GetFileLocations "$SOAP_COOKIE<fileDigests><base64Binary>$(base64_of "$express")</base64Binary></fileDigests>"
soap_counts 'and none of the express file' FileLocation 0
t_run curl -sS -o /dev/null -w '%{http_code}' "$T_URL$(path_of "$express")"
t_contains 'nor its content' "$T_DIR/out" 404
t_play 'computers download the full files' --share 100 --machines 3
before=$(t_played bytes)
t_ok 'all of them' test "$before" -gt 1000

# ---- the express files come later ----

t_must gapferry-export --repo "$T_DIR/exporter" channel confirm main --site site1 --sequence 1
t_must gapferry-export --repo "$T_DIR/exporter" channel set main --select-all
send 2
wait_files 2
t_ok 'now both are offered, without a restart' test "$(files)" = 2
t_contains 'the express one too' "$T_DIR/extended" "Digest=\"$(base64_of "$express")\""
soap_counts 'with their locations' FileLocation 2
t_run curl -sS -r 7-9,100-107 "$T_URL$(path_of "$express")"
t_contains 'small ranges of it come scattered' "$T_DIR/out" 'Content-Range: bytes 100-107/'
t_play 'computers download both' --share 100 --machines 3
t_ok 'which is more' test "$(t_played bytes)" -gt "$before"

# ---- one is lost ----

place=$(find "$T_DIR/importer" -type f -path '*content*' -name "$(sha256sum "$T_DIR/made/WsusContent"/*/"$(echo "$express" | tr '[:lower:]' '[:upper:]')".psf | cut -d' ' -f1)*")
t_ok 'its object is there' test -f "$place"
rm -f "$place"
t_status 3 'a scrub finds that it is gone' gapferry-import --repo "$T_DIR/importer" scrub
wait_files 1
t_ok 'then it is offered no more' test "$(files)" = 1
t_ok 'but its update is' wuclient --url "$T_URL" --share 100 --machines 1
t_status 0 'which is no problem' t_verb report problems
t_server_stop
t_ok 'the server had nothing to complain about' sh -c "! grep GF- '$T_DIR/server.log'"

# ---- nothing but express files ----

# An update without a full file cannot do without: the row is told to be the only one.
/usr/bin/python3 -c "
import sqlite3, sys
c = sqlite3.connect('$T_DIR/importer/catalog.db')
c.execute('DELETE FROM file WHERE kind=0 AND sha1=?', (bytes.fromhex('$full'),))
c.commit()" || t_fail 'set-up: the row cannot be changed'
t_status 2 'a lost file that is the only one is a problem' t_verb report problems --json
cp "$T_DIR/out" "$T_DIR/problems"
t_json "$T_DIR/problems" '.problems[0].problem' files
t_status 6 'nor can such an update be approved' t_verb approve "$bundle" --group 'Unassigned Computers'
t_contains 'the list has the file' "$T_DIR/out" "$express"
