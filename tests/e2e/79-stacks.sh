#!/bin/sh
# What other SOAP stacks send, and what they read: one with types, clients of the live service, and
# every way to write the same request.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog mkwsusutil curl jq xmllint iconv

t_site "$T_DIR" --updates 60 --payloads 30 --payload-min 1K --payload-max 2M
t_must mkwsusutil --out "$T_DIR/made" --updates 8 --drivers 4
t_must gapferry-export --repo "$T_DIR/exporter" ingest wsusutil "$T_DIR/made/package.cab" \
	--content "$T_DIR/made/WsusContent"
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
server() { GAPFERRY_REPO=$T_DIR/importer gapferry-server "$@"; }
t_server "$T_DIR/importer"
t_must curl -fsS "$T_URL/api/v1/updates?limit=1000"
cp "$T_DIR/out" "$T_DIR/updates.json"
jq -r '.updates[] | select(.type == "Software" and .action == null) | .update_id' \
	"$T_DIR/updates.json" | while read -r id; do
	server approve "$id" --group 'All Computers' >/dev/null 2>&1 && echo "$id"
done >"$T_DIR/approved"
t_ok 'there is something to offer' test "$(wc -l <"$T_DIR/approved")" -ge 3
t_must server approve a0000000-0000-4000-8000-000000004e20 --group 'All Computers'

# ---- the SOAP extension of PHP ----

wsdl=$SHARED/../protocol/wsdl
if [ -d "$wsdl" ] && php -r 'exit(extension_loaded("soap") ? 0 : 1);' 2>/dev/null &&
	/usr/bin/python3 -c 'import lxml' 2>/dev/null; then
	for version in 11 12; do
		mkdir "$T_DIR/answers$version"
		t_ok "PHP, SOAP $version: the whole cycle" php tests/e2e/php_cycle.php "$T_URL" \
			"$wsdl/Client.wsdl" "$wsdl" "$version" "php-$version" '' "$T_DIR/answers$version" \
			'PCI\VEN_8086&DEV_0000' a0000000-0000-4000-8000-0000000dbba0
		sed 's/^/# /' "$T_DIR/out"
		t_contains 'to its end' "$T_DIR/out" "done $version"
		t_ok "PHP, SOAP $version: every answer is what the schemas say" /usr/bin/python3 \
			tests/e2e/soap_valid.py "$wsdl" "$T_DIR/answers$version"/*.xml
		sed 's/^/# /' "$T_DIR/out"
	done
else
	t_skip 'PHP: the whole cycle' 'no php-soap or python3-lxml, or no WSDL files beside the tree'
fi

# ---- clients of the live service ----

SOAP=12
live=/ClientWebService/client.asmx
# live OPERATION CHILDREN CURL OPTION...: with the headers that they send, to $live.
live() {
	soap_envelope client "$1" "$2" | sed "s|<s:Body>|<s:Header><a:Action s:mustUnderstand='1' xmlns:a='http://www.w3.org/2005/08/addressing'>$1</a:Action><o:Security s:mustUnderstand='1' xmlns:o='urn:security'><Timestamp xmlns='urn:utility'><Created>2026-01-01T00:00:00Z</Created></Timestamp></o:Security></s:Header>&|" >"$T_DIR/request"
	shift 2
	soap_post "$live" "$@"
}
live GetCookie '<oldCookie></oldCookie><lastChange>2015-10-21T17:01:07.1472913Z</lastChange><currentTime>2026-01-01T00:00:00+00:00</currentTime><protocolVersion>1.40</protocolVersion>'
soap_ok 'a cookie for nobody in particular'
soap_keep_cookie
ints() { for i in "$@"; do printf '<int>%s</int>' "$i"; done; }
ids() { xmllint --xpath "//*[local-name()='NewUpdates']/*[*[local-name()='IsLeaf'][.='$1']]/*[local-name()='ID']/text()" \
	"$T_DIR/answer" 2>/dev/null || :; }
# scan PARAMETERS: all rounds; the last answer that brought something offered is kept.
scan() {
	installed='' other='' rounds=0
	rm -f "$T_DIR/offer"
	while [ "$rounds" -lt 40 ]; do
		rounds=$((rounds + 1))
		live SyncUpdates "$SOAP_COOKIE<parameters><ExpressQuery>false</ExpressQuery><InstalledNonLeafUpdateIDs>$installed</InstalledNonLeafUpdateIDs><OtherCachedUpdateIDs>$other</OtherCachedUpdateIDs><SkipSoftwareSync>false</SkipSoftwareSync><NeedTwoGroupOutOfScopeUpdates>true</NeedTwoGroupOutOfScopeUpdates><AlsoPerformRegularSync>true</AlsoPerformRegularSync><ComputerSpec/>$1<ProductsParameters><SyncCurrentVersionOnly>false</SyncCurrentVersionOnly><DeviceAttributes>E:FlightRing=Retail&amp;App=WU</DeviceAttributes><CallerAttributes>E:Interactive=1</CallerAttributes><Products>PN=Client.OS</Products></ProductsParameters></parameters>"
		! grep -q '<Action>Install<' "$T_DIR/answer" || cp "$T_DIR/answer" "$T_DIR/offer"
		soap_keep_cookie
		# shellcheck disable=SC2046 # one number per word
		more=$(ints $(ids false)) other=$other$(ints $(ids true))
		installed=$installed$more
		[ -n "$more" ] || [ "$(soap_text Truncated)" = true ] || return 0
	done
}
scan ''
t_ok 'it is offered what unassigned computers are' test -s "$T_DIR/offer"
soap_counts 'and what it did not ask for does not come' ExtendedUpdateInfo 0
wanted='<ExtendedUpdateInfoParameters><XmlUpdateFragmentTypes><XmlUpdateFragmentType>Extended</XmlUpdateFragmentType><XmlUpdateFragmentType>LocalizedProperties</XmlUpdateFragmentType></XmlUpdateFragmentTypes><Locales><string>en-US</string></Locales></ExtendedUpdateInfoParameters>'
scan "$wanted"
cp "$T_DIR/offer" "$T_DIR/answer"
offered=$(xmllint --xpath "count(//*[local-name()='Action'][.='Install' or .='Bundle'])" "$T_DIR/answer")
described=$(xmllint --xpath "count(//*[local-name()='ExtendedUpdateInfo']/*[local-name()='Updates']/*[local-name()='Update'][contains(*[local-name()='Xml'], '<ExtendedProperties')])" "$T_DIR/answer")
t_ok 'a scan brings the rest of what it offers, when asked' test "$offered" -ge 1 -a "$described" -ge "$offered"
t_ok 'with titles' grep -q '&lt;LocalizedProperties' "$T_DIR/answer"
t_ok 'behind everything else' grep -q '</ExtendedUpdateInfo></SyncUpdatesResult>' "$T_DIR/answer"
live SyncUpdates "$SOAP_COOKIE<parameters><ExtendedUpdateInfoParameters><Locales>$(yes '<string>en</string>' | head -n 65 | tr -d '\n')</Locales></ExtendedUpdateInfoParameters></parameters>"
soap_fault 'not in any number of languages' InvalidParameters parameters.ExtendedUpdateInfoParameters.Locales
cp "$T_DIR/offer" "$T_DIR/answer"
one="(//*[local-name()='UpdateInfo'][.//*[local-name()='Action'][.='Install' or .='Bundle']])"
xmllint --xpath "$one/*[local-name()='Xml']/text()" "$T_DIR/answer" |
	sed -n 's/.*UpdateID="\([^"]*\)" RevisionNumber="\([0-9]*\)".*/\1 \2/p' | head -n 40 >"$T_DIR/identities"
# identities FORMAT: of printf, for id and number.
identities() {
	while read -r id number; do
		# shellcheck disable=SC2059 # that is what it is for
		printf "<UpdateIdentity>$1</UpdateIdentity>" "$id" "$number"
	done <"$T_DIR/identities"
}
plain='<UpdateID>%s</UpdateID><RevisionNumber>%s</RevisionNumber>'
urls='<infoTypes><XmlUpdateFragmentType>FileUrl</XmlUpdateFragmentType><XmlUpdateFragmentType>FileDecryption</XmlUpdateFragmentType></infoTypes><deviceAttributes>E:a=1</deviceAttributes>'
live GetExtendedUpdateInfo2 "<updateIDs>$(identities "$plain")</updateIDs>$urls"
soap_fault 'without a cookie nothing is told' InvalidCookie
live=/ClientWebService/client.asmx/secured
live GetExtendedUpdateInfo2 "<updateIDs>$(identities "$plain")</updateIDs>$urls"
soap_ok 'but at the address where these clients have none'
files=$(soap_count FileLocation)
t_ok 'with locations' test "$files" -ge 1
t_ok 'of files that are there' curl -fsS -o /dev/null "$(soap_text Url)"
live GetExtendedUpdateInfo2 "<cookie><Expiration>2100-01-01T00:00:00Z</Expiration><EncryptedData>AAAA</EncryptedData></cookie><updateIDs/>$urls"
soap_fault 'a cookie that there is must be good' InvalidCookie
live SyncUpdates '<parameters/>'
soap_fault 'and scans have one' InvalidCookie
live=/ClientWebService/client.asmx
SOAP=11

# ---- values ----

soap_start pc1 ''
# same DESC: the last answer has all locations.
same() { soap_counts "$1" FileLocation "$files"; }
asked() { soap client GetExtendedUpdateInfo2 "$SOAP_COOKIE<updateIDs>$1</updateIDs>$urls"; }
asked "$(identities "$plain")"
same 'ids as they are written'
asked "$(identities '<UpdateID>{%s}</UpdateID><RevisionNumber>%s</RevisionNumber>')"
same 'in braces'
tr a-f A-F <"$T_DIR/identities" >"$T_DIR/upper"
mv "$T_DIR/upper" "$T_DIR/identities"
asked "$(identities '<UpdateID> %s\n</UpdateID>\n<RevisionNumber>\t+0%s\n</RevisionNumber>')"
same 'in capitals, with blanks'
soap client GetCookie "<authCookies>$SOAP_AUTH</authCookies><lastChange/><currentTime/><protocolVersion>2.0</protocolVersion>"
soap_ok 'who does not say which configuration it knows is not told that there is another'
for early in 1970-01-01T00:00:00Z 0001-01-01T00:00:00 2001-01-01T00:00:00; do
	soap client GetCookie "<authCookies>$SOAP_AUTH</authCookies><lastChange>$early</lastChange><protocolVersion>2.0</protocolVersion>"
	soap_fault "who knows that of $early is" ConfigChanged
done
soap client SyncPrinterCatalog "$SOAP_COOKIE"
soap_fault 'what is not served' InvalidParameters
soap_is 'is named' Method '"http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService/SyncPrinterCatalog"'

# ---- characters ----

soap_start pc2 ''
soap_envelope client RegisterComputer "$SOAP_COOKIE<computerInfo><DnsName>pc2.example</DnsName><OSDescription>TEXT</OSDescription></computerInfo>" >"$T_DIR/pattern"
# says DESC CHARSET DECLARATION CONTENT-TYPE TEXT: a request in the charset; TEXT is read from it.
says() {
	printf '%s%s' "$3" "$(sed "s/TEXT/$5/" "$T_DIR/pattern")" | iconv -f UTF-8 -t "$2" >"$T_DIR/request"
	SOAP_TYPE=$4
	soap_post /ClientWebService/client.asmx
	SOAP_TYPE=
	soap_ok "$1"
	server computer show pc2 --json >"$T_DIR/shown"
	t_json "$T_DIR/shown" .os_description "$5"
}
says 'UTF-8' UTF-8 '<?xml version="1.0"?>' 'text/xml' 'Fenêtre 1 €'
says 'a name that nobody knows is UTF-8' UTF-8 '<?xml version="1.0" encoding="x-none"?>' 'text/xml; charset=x-other' 'Fenêtre 2 €'
says 'a blank line before the declaration' UTF-8 '
<?xml version="1.0"?>' 'text/xml' 'Fenêtre 3'
says 'UTF-16 with its mark' UTF-16 '<?xml version="1.0" encoding="utf-16"?>' 'text/xml; charset=utf-16' 'Fenêtre 4 𝄞'
says 'UTF-16 without, the small end first' UTF-16LE '' 'text/xml' 'Fenêtre 5 €'
says 'the great end first' UTF-16BE '<?xml version="1.0" encoding="UTF-16"?>' 'text/xml' 'Fenêtre 6'
says 'Latin, as Content-Type says' ISO-8859-1 '' 'text/xml;Charset = "ISO-8859-1"' 'Fenêtre 7'
says 'Latin, as the declaration says' ISO-8859-1 "<?xml version='1.0' encoding='iso-8859-1' ?>" 'text/xml' 'Fenêtre 8'
says 'Content-Type comes before the declaration' UTF-8 '<?xml version="1.0" encoding="iso-8859-1"?>' \
	"text/xml; charset='UTF8'; action=\"x\"" 'Fenêtre 9'
sed 's/TEXT/ê/' "$T_DIR/pattern" | iconv -f UTF-8 -t ISO-8859-1 >"$T_DIR/request"
soap_post /ClientWebService/client.asmx
soap_fault 'Latin without a word' InvalidParameters

# ---- HTTP ----

soap_envelope client GetConfig '' >"$T_DIR/request"
for target in "$T_URL/ClientWebService/client.asmx" HTTP://any.example/clientwebservice/CLIENT.asmx \
	//ClientWebService/client.asmx /ClientWebService///client.asmx?x; do
	soap_post / --request-target "$target"
	soap_ok "a target like $target"
done
soap_post / --request-target https://any.example
t_ok 'an address without path is that of nothing' test "$SOAP_STATUS" = 404
for action in '""' '"urn:else"' "'x'"; do
	soap_post /ClientWebService/client.asmx -H "SOAPAction: $action"
	soap_ok "SOAPAction: $action"
done
soap_post /ClientWebService/client.asmx --http1.0
soap_ok 'HTTP/1.0'
soap_post /ClientWebService/client.asmx -H 'Content-Encoding: Identity'
soap_ok 'as it is'
gzip -c "$T_DIR/request" >"$T_DIR/request.gz"
mv "$T_DIR/request.gz" "$T_DIR/request"
soap_post /ClientWebService/client.asmx -H 'Content-Encoding: gzip'
t_ok 'a compressed request is refused' test "$SOAP_STATUS" = 415
t_contains 'with what would be taken' "$T_DIR/head" 'Accept-Encoding: identity'
soap_is 'by a fault all the same' ErrorCode InvalidParameters
t_server_stop
t_ok 'the server had nothing to complain about' sh -c "! grep GF- '$T_DIR/server.log'"
