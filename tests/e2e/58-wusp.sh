#!/bin/sh
# Computers of Windows: from an approval on, through scans, downloads and reports, in both versions of SOAP.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog wuclient curl jq xmllint

t_site "$T_DIR" --updates 120 --payloads 60 --payload-min 1K --payload-max 3M
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"

t_server "$T_DIR/importer"
t_updates
# What is not a part of a bundle and whose files are here, in it and in its parts.
jq -r '.updates[] | select(.type == "Software" and .action == null) | .update_id' \
	"$T_DIR/updates.json" >"$T_DIR/top"
t_ok 'there is something to approve' test "$(wc -l <"$T_DIR/top")" -ge 5

# value NAME: of the summary that wuclient printed.

# play DESC OPTION...: computers without anything wrong.

t_play 'nothing is approved: nothing comes' --machines 3
t_ok 'not even a dependency' test "$(t_played updates)" -eq 0

# Some have files that are not here: those are refused, one by one.
t_approve_each <"$T_DIR/top" >"$T_DIR/approved"
t_ok 'most can be approved' test "$(wc -l <"$T_DIR/approved")" -ge 5
approved=$(wc -l <"$T_DIR/approved")

t_play 'computers that have everything scan, download and report' --machines 5 --share 100
t_ok 'in several rounds' test "$(t_played rounds)" -ge 15
t_ok 'something is offered' test "$(t_played offered)" -ge $((5 * approved))
t_ok 'and downloaded in pieces' test "$(t_played ranges)" -gt 5
whole=$(t_played updates)
t_play 'the same in SOAP 1.2' --machines 5 --share 100 --soap12
t_ok 'brings the same' test "$(t_played updates)" -eq "$whole"
t_play 'computers that have some of it' --machines 40 --share 60
t_ok 'get less' test "$(t_played updates)" -lt $((8 * whole))
t_play 'computers that have nothing' --machines 2 --share 0
t_ok 'get what stands alone' test "$(t_played updates)" -gt 0
t_play 'many at once' --machines 300 --at-once 300 --scan-only

# ---- an answer, element by element ----

soap_start probe ''
soap client SyncUpdates "$SOAP_COOKIE<parameters><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
soap_ok 'the first round'
names() { xmllint --xpath "$1" "$T_DIR/answer" 2>/dev/null | grep -o '<[A-Za-z]*' | tr -d '<' | tr '\n' ' '; }
order() {
	t_have=
	for t_name in $(seq 1 "$(xmllint --xpath "count($2/*)" "$T_DIR/answer")"); do
		t_have="$t_have$(xmllint --xpath "local-name($2/*[$t_name])" "$T_DIR/answer") "
	done
	if [ "$t_have" = "$3 " ]; then t_pass "$1"; else t_fail "$1 (it is: $t_have)"; fi
}
order 'the result is in order' "//*[local-name()='SyncUpdatesResult']" \
	'NewUpdates Truncated NewCookie DriverSyncNotNeeded'
one="(//*[local-name()='UpdateInfo'])[1]"
order 'an update is in order' "$one" 'ID Deployment IsLeaf Xml'
order 'so is its deployment' "$one/*[local-name()='Deployment']" \
	'ID Action IsAssigned LastChangeTime AutoSelect AutoDownload SupersedenceBehavior'
t_ok 'changes are dated by the day' sh -c "echo '$(soap_text LastChangeTime)' | grep -qx '....-..-..'"
soap_counts 'every update has a deployment' Deployment "$(soap_count UpdateInfo)"
t_ok 'roots have dependents' test "$(xmllint --xpath \
	"count(//*[local-name()='IsLeaf'][.='false'])" "$T_DIR/answer")" -gt 0
roots=$(xmllint --xpath "//*[local-name()='UpdateInfo']/*[local-name()='ID']/text()" "$T_DIR/answer")
# The fragment is the catalog's, byte for byte.
soap_text Xml >"$T_DIR/core"
t_ok 'a fragment is several elements' grep -q '<UpdateIdentity .*<Properties' "$T_DIR/core"

# sync IDS OTHER: one round; the cookie is the newest.
sync() {
	soap client SyncUpdates "$SOAP_COOKIE<parameters><InstalledNonLeafUpdateIDs>$1</InstalledNonLeafUpdateIDs><OtherCachedUpdateIDs>$2</OtherCachedUpdateIDs><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
	soap_keep_cookie
}
# A whole scan of a computer that has all of it: INSTALLED and OTHER.
ints() { for i in "$@"; do printf '<int>%s</int>' "$i"; done; }
ids() { xmllint --xpath "//*[local-name()='NewUpdates']/*[*[local-name()='IsLeaf'][.='$1']]/*[local-name()='ID']/text()" \
	"$T_DIR/answer" 2>/dev/null || :; }
INSTALLED='' OTHER=''
soap_start probe ''
while [ "${#INSTALLED}" -lt 100000 ]; do
	sync "$INSTALLED" "$OTHER"
	# shellcheck disable=SC2046 # one number per word
	more=$(ints $(ids false)) leaves=$(ints $(ids true))
	INSTALLED=$INSTALLED$more OTHER=$OTHER$leaves
	[ -n "$more" ] || [ "$(soap_text Truncated)" = true ] || break
done
t_ok 'the scan ends' test -n "$roots"
sync "$INSTALLED" "$OTHER"
soap_counts 'the next one brings nothing' UpdateInfo 0

first=$(head -n 1 "$T_DIR/approved")
t_must t_verb approve "$first" --group 'All Computers' --deadline 2030-01-02T03:04:05Z
sync "$INSTALLED" "$OTHER"
soap_counts 'a deadline: one update has changed, and its parts' Deadline 1
soap_is 'it is told' Deadline 2030-01-02T03:04:05Z
soap_counts 'without its fragment' Xml 0
sync "$INSTALLED" "$OTHER"
soap_counts 'and only once' UpdateInfo 0
t_must t_verb unapprove "$first"
sync "$INSTALLED" "$OTHER"
t_ok 'what is no longer approved goes out of scope' test "$(soap_count OutOfScopeRevisionIDs)" = 1

# ---- groups ----

t_must t_verb group add Pilot
t_must t_verb targeting client
t_must t_verb approve "$first" --group Pilot
soap client SyncUpdates "$SOAP_COOKIE<parameters><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
soap_fault 'the mode is another: the client must ask again' ConfigChanged
config=$SOAP_CHANGE
soap client GetCookie "<authCookies>$SOAP_AUTH</authCookies><lastChange>$config</lastChange><protocolVersion>2.90</protocolVersion>"
soap_fault 'and not go on with what it knew' ConfigChanged
t_play 'a computer of no group' --machines 1 --share 100 --scan-only
outside=$(t_played offered)
t_play 'a computer of the pilot group' --machines 1 --share 100 --scan-only --group Pilot
t_ok 'is offered more' test "$(t_played offered)" -gt "$outside"

# ---- reports ----

t_must t_verb computer list --json
cp "$T_DIR/out" "$T_DIR/computers"
t_ok 'computers are known' test "$(jq '[.. | objects | select(has("client_id"))] | length' "$T_DIR/computers")" -ge 300

t_verb computer show 5157a7e0-0000-4000-8000-000000000000 --json >"$T_DIR/shown"
t_json "$T_DIR/shown" '.events | length' 2
t_play 'a computer that reports the same again' --machines 1 --share 100 --group Pilot
t_verb computer show 5157a7e0-0000-4000-8000-000000000000 --json >"$T_DIR/shown"
t_json "$T_DIR/shown" '.events | length' 2
t_json "$T_DIR/shown" '[.events[].event] | sort | join(" ")' '147 156'
t_must t_verb report update "$first" --json
cp "$T_DIR/out" "$T_DIR/report"
t_ok 'what it needs is counted' grep -q needed "$T_DIR/report"
event() {
	echo "<clientTime>2026-01-01T00:00:00Z</clientTime><eventBatch><ReportingEvent><BasicData><TargetID><Sid>$1</Sid></TargetID><TimeAtTarget>2026-01-01T00:00:00</TimeAtTarget><EventInstanceID>$2</EventInstanceID><NamespaceID>1</NamespaceID><EventID>147</EventID></BasicData></ReportingEvent><ReportingEvent/></eventBatch>"
}
victim=5157a7e0-0000-4000-8000-000000000000
soap_start forger ''
soap report ReportEventBatch "$SOAP_COOKIE$(event "$victim" 00000000-0000-4000-8000-00000000000f)"
soap_is 'an event in the name of another computer' ReportEventBatchResult true
soap report ReportEventBatch "$SOAP_COOKIE$(event forger not-a-guid)"
soap_is 'one without an id' ReportEventBatchResult true
soap report ReportEventBatch2 "<computerId>nobody</computerId>$(event nobody 00000000-0000-4000-8000-00000000000e)"
soap_is 'one of nobody' ReportEventBatch2Result true
t_verb computer show "$victim" --json >"$T_DIR/shown"
t_json "$T_DIR/shown" '.events | length' 2
t_verb computer show forger --json >"$T_DIR/shown"
t_json "$T_DIR/shown" '.events | length' 0
t_status 1 'nobody has come into being' t_verb computer show nobody
soap report ReportEventBatch2 "<computerId>forger</computerId>$(event forger 00000000-0000-4000-8000-00000000000d)"
t_verb computer show forger --json >"$T_DIR/shown"
t_json "$T_DIR/shown" '.events | length' 1

# ---- an independent implementation ----

wsdl=$SHARED/../protocol/wsdl
if [ -d "$wsdl" ] && /usr/bin/python3 -c 'import zeep' 2>/dev/null; then
	for version in 11 12; do
		t_ok "zeep, SOAP $version: the whole cycle" /usr/bin/python3 tests/e2e/zeep_cycle.py \
			"$T_URL" "$wsdl" "$version" "zeep-$version" Pilot
		sed 's/^/# /' "$T_DIR/out"
	done
else
	t_skip 'zeep: the whole cycle' 'no python3-zeep, or no WSDL files beside the tree'
fi

# ---- a new catalog, while the server runs ----

soap_start probe ''
INSTALLED='' OTHER=''
while :; do
	sync "$INSTALLED" "$OTHER"
	# shellcheck disable=SC2046 # one number per word
	more=$(ints $(ids false)) leaves=$(ints $(ids true))
	INSTALLED=$INSTALLED$more OTHER=$OTHER$leaves
	[ -n "$more" ] || [ "$(soap_text Truncated)" = true ] || break
done
rm -rf "$T_DIR/catalog"
t_catalog "$T_DIR" --updates 120 --payloads 60 --payload-min 1K --payload-max 3M --drop 3
t_run gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/catalog/wsusscn2.cab" \
	--content "$T_DIR/catalog/content" --accept-shrink
t_bundle "$T_DIR" 2
t_status 2 'a catalog that lacks some updates' gapferry-import --repo "$T_DIR/importer" \
	import "$T_BUNDLE"
tries=0
sync "$INSTALLED" "$OTHER"
until [ "$(soap_count OutOfScopeRevisionIDs)" = 1 ] || [ "$tries" -ge 150 ]; do
	sleep 0.2
	tries=$((tries + 1))
	sync "$INSTALLED" "$OTHER"
done
soap_counts 'what the new catalog lacks goes out of scope without a restart' OutOfScopeRevisionIDs 1
t_play 'and computers go on' --machines 5 --share 100
t_server_stop
t_ok 'the server had nothing to complain about' sh -c "! grep GF- '$T_DIR/server.log'"
