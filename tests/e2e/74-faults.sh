#!/bin/sh
# Each fault of the update services: which operation answers which cookie with which code, and that
# what clients of Windows do about it leads them back.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog curl jq xmllint
t_need_python 'each fault' 'sqlite3, hmac'

t_site "$T_DIR" --updates 40 --payloads 4
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_server "$T_DIR/importer"

# reseal COOKIE OFFSET HEX: the cookie with other bytes there, sealed as by the server itself.
reseal() {
	/usr/bin/python3 -c "
import base64, hashlib, hmac, sqlite3, sys
key = sqlite3.connect('$T_DIR/importer/clients.db').execute('SELECT cookie_key FROM setting').fetchone()[0]
b = bytearray(base64.b64decode(sys.argv[1]))[:-32]
new = bytes.fromhex(sys.argv[3])
b[int(sys.argv[2]):int(sys.argv[2]) + len(new)] = new
print(base64.b64encode(bytes(b) + hmac.new(key, b, hashlib.sha256).digest()).decode())" "$@"
}
# flip COOKIE OFFSET: one bit of it is another.
flip() {
	/usr/bin/python3 -c "
import base64, sys
b = bytearray(base64.b64decode(sys.argv[1]))
b[int(sys.argv[2])] ^= 1
print(base64.b64encode(b).decode())" "$@"
}
# number COOKIE OFFSET: the eight bytes there, less one, in hexadecimal.
less() {
	/usr/bin/python3 -c "
import base64, sys
b = base64.b64decode(sys.argv[1])[int(sys.argv[2]):][:8]
print('%016x' % (int.from_bytes(b, 'big') - 1))" "$@"
}
data() { echo "$1" | sed 's|.*<EncryptedData>||; s|</EncryptedData>.*||'; }

# call OPERATION DATA: with this EncryptedData, "-" for no cookie at all.
call() {
	case $2 in
	-) c= ;;
	*) c="<cookie><Expiration>2100-01-01T00:00:00Z</Expiration><EncryptedData>$2</EncryptedData></cookie>" ;;
	esac
	service=client
	kinds='<infoTypes><XmlUpdateFragmentType>Core</XmlUpdateFragmentType></infoTypes>'
	case $1 in
	RegisterComputer) body='<computerInfo><DnsName>probe.example</DnsName></computerInfo>' ;;
	SyncUpdates) body='<parameters><SkipSoftwareSync>false</SkipSoftwareSync></parameters>' ;;
	GetExtendedUpdateInfo) body="<revisionIDs><int>1</int></revisionIDs>$kinds" ;;
	GetExtendedUpdateInfo2) body="<updateIDs><UpdateIdentity><UpdateID>00000000-0000-4000-8000-000000000001</UpdateID><RevisionNumber>1</RevisionNumber></UpdateIdentity></updateIDs>$kinds" ;;
	GetFileLocations) body='<fileDigests/>' ;;
	RefreshCache) body='<globalIDs/>' ;;
	ReportEventBatch) service=report body='<clientTime>2026-01-01T00:00:00Z</clientTime>' ;;
	esac
	soap "$service" "$1" "$c$body"
}
operations='RegisterComputer SyncUpdates GetExtendedUpdateInfo GetExtendedUpdateInfo2 GetFileLocations RefreshCache ReportEventBatch'

soap_start probe ''
good=$(data "$SOAP_COOKIE")
authorization=$(echo "$SOAP_AUTH" | sed 's|.*<CookieData>||; s|</CookieData>.*||')
soap_cookie '' ''
nobody=$(soap_text EncryptedData)
t_ok 'the seal is what it should be' test "$(reseal "$good" 2 01)" = "$good"
: >"$T_DIR/ids"

# Cookie, its data, the code of each operation, and those that answer otherwise (ok: no fault).
while read -r name value code exceptions; do
	for SOAP in 11 12; do
		for operation in $operations; do
			want=$code
			for e in $exceptions; do
				[ "${e%=*}" != "$operation" ] || want=${e#*=}
			done
			case $name in
			removed) t_verb computer remove probe >/dev/null 2>&1 || : ;;
			esac
			call "$operation" "$value"
			have=$(soap_text ErrorCode)
			case $operation in
			ReportEventBatch) uri=$soap_base ;;
			*) uri=$soap_base/Server/ClientWebService ;;
			esac
			if [ "$want" = ok ]; then
				[ "$SOAP_STATUS" = 200 ] && [ -z "$have" ]
			else
				soap_text ID >>"$T_DIR/ids"
				echo >>"$T_DIR/ids"
				[ "$SOAP_STATUS$have" = "500$want" ] &&
					[ "$(soap_text Method)" = "\"$uri/$operation\"" ]
			fi || echo "$name, SOAP $SOAP: $operation: $SOAP_STATUS '$have', not '$want'"
		done
	done
done <<X >"$T_DIR/wrong"
good $good ok
none - InvalidCookie
garbage Z2FyYmFnZQ== InvalidCookie
short $(echo "$good" | cut -c 1-80) InvalidCookie
altered $(flip "$good" 30) InvalidCookie
seal $(flip "$good" -1) InvalidCookie
version $(reseal "$good" 2 02) InvalidCookie
kind $authorization InvalidCookie
server $(reseal "$good" 4 ffffffffffffffffffffffffffffffff) ServerChanged
expired $(reseal "$good" 20 0000000000000001) CookieExpired ReportEventBatch=ok
config $(reseal "$good" 28 "$(less "$good" 28)") ConfigChanged ReportEventBatch=ok
moved $(reseal "$good" 80 0000000000000000) ok SyncUpdates=FileLocationChanged
removed $good ok SyncUpdates=RegistrationRequired
nobody $nobody ok RegisterComputer=RegistrationNotRequired
X
cp "$T_DIR/wrong" "$T_DIR/out"
t_ok '14 cookies, 7 operations, both versions of SOAP: each has its code' test ! -s "$T_DIR/wrong"
t_ok 'every fault has an id' test "$(grep -c . "$T_DIR/ids")" = 142
t_ok 'of its own' test "$(sort -u "$T_DIR/ids" | grep -c .)" = 142
SOAP=11

# ---- the ways back ----

# back DESC: a scan begins with the newest cookie.
back() {
	call SyncUpdates "$(data "$SOAP_COOKIE")"
	soap_ok "$1"
}
again() {
	soap_config
	soap_authorize probe ''
	soap_cookie "$SOAP_AUTH" "$1"
	soap_keep_cookie
}
call RegisterComputer "$good"
again ''
back 'ConfigChanged: GetConfig, GetAuthorizationCookie, GetCookie'
old="<oldCookie><EncryptedData>$(reseal "$good" 20 0000000000000001)</EncryptedData></oldCookie>"
soap_authorize probe ''
soap_cookie "$SOAP_AUTH" "$old"
soap_keep_cookie
back 'CookieExpired: GetAuthorizationCookie, GetCookie'
t_must t_verb computer remove probe
call SyncUpdates "$(data "$SOAP_COOKIE")"
soap_fault 'a computer that was removed' RegistrationRequired
call RegisterComputer "$(data "$SOAP_COOKIE")"
back 'RegistrationRequired: RegisterComputer'
soap_cookie "$SOAP_AUTH" "<oldCookie><EncryptedData>$(reseal "$good" 4 ffffffffffffffffffffffffffffffff)</EncryptedData></oldCookie>"
soap_fault 'an old cookie of another server' ServerChanged
soap_cookie "$SOAP_AUTH" "<oldCookie><EncryptedData>$(flip "$good" 30)</EncryptedData></oldCookie>"
soap_fault 'an old cookie that was altered' InvalidCookie
soap_cookie "$SOAP_AUTH" '<oldCookie><Expiration>2100-01-01T00:00:00Z</Expiration></oldCookie>'
soap_ok 'one without data is none'
soap client GetCookie "<authCookies>$SOAP_AUTH</authCookies><lastChange>2001-01-01T00:00:00Z</lastChange><protocolVersion>2.90</protocolVersion>"
soap_fault 'the configuration that a client knows is old' ConfigChanged
t_must t_verb targeting client
call SyncUpdates "$(data "$SOAP_COOKIE")"
soap_fault 'the configuration has changed' ConfigChanged
again ''
back 'which the client hears of'

# ---- failures of the server ----

t_lock_database "$T_DIR/importer/clients.db"
call RegisterComputer "$(data "$SOAP_COOKIE")"
t_unlock_database
soap_fault 'clients.db is busy' ServerBusy 'the server could not answer'
t_contains 'which the log names' "$T_DIR/server.log" 'GF-17'
back 'and is free again'

# The packs are gone: no fragment can be read.
t_updates
jq -r '.updates[] | select(.type == "Software" and .action == null) | .update_id' "$T_DIR/updates.json" >"$T_DIR/top"
t_approve_each --action detect <"$T_DIR/top" >"$T_DIR/approved"
t_server_stop
mv "$T_DIR/importer/content" "$T_DIR/importer/content.away"
mkdir "$T_DIR/importer/content"
t_server "$T_DIR/importer"
call SyncUpdates "$(data "$SOAP_COOKIE")"
soap_fault 'what is served cannot be read' InternalServerError 'the server could not answer'
t_ok 'which the log names too' grep -q 'GF-[0-9]*: .*' "$T_DIR/server.log"
t_server_stop
rmdir "$T_DIR/importer/content"
mv "$T_DIR/importer/content.away" "$T_DIR/importer/content"

# ---- clients.db is made anew: another server ----

rm -f "$T_DIR/importer"/clients.db*
t_server "$T_DIR/importer"
for operation in $operations; do
	call "$operation" "$(data "$SOAP_COOKIE")"
	soap_fault "clients.db is lost: $operation" ServerChanged
done
again ''
call RefreshCache "$(data "$SOAP_COOKIE")"
soap_ok 'ServerChanged: new cookies, RefreshCache'
call SyncUpdates "$(data "$SOAP_COOKIE")"
soap_fault 'which nobody knows yet' RegistrationRequired
call RegisterComputer "$(data "$SOAP_COOKIE")"
back 'and then does'
t_server_stop
