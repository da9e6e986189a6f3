#!/bin/sh
# Every fault of the update services, what requests may look like, and what they may not.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog curl xmllint

t_site "$T_DIR" --updates 40 --payloads 2
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
cp -R "$T_DIR/importer" "$T_DIR/other"
t_server "$T_DIR/importer"
sync='<parameters><SkipSoftwareSync>false</SkipSoftwareSync></parameters>'
elsewhere='<cookie><Expiration>2100-01-01T00:00:00Z</Expiration><EncryptedData>'

# ---- the way in ----

soap_config
soap_ok 'GetConfig answers'
soap_is 'it says how to authorize' PlugInID SimpleTargeting
soap_is 'registration is required' IsRegistrationRequired true
soap_counts 'with five properties' ConfigurationProperty 5
t_contains 'as SOAP 1.1' "$T_DIR/head" 'Content-Type: text/xml; charset=utf-8'
t_contains 'privately' "$T_DIR/head" 'Cache-Control: private'
t_ok 'with a length' grep -qi '^content-length: [1-9]' "$T_DIR/head"
t_ok 'in one line' test "$(wc -l <"$T_DIR/answer")" -eq 0
soap_authorize pc1 ''
soap_ok 'GetAuthorizationCookie answers'
soap_cookie "$SOAP_AUTH" '<oldCookie><Expiration>2020-01-01T00:00:00Z</Expiration></oldCookie>'
soap_ok 'GetCookie answers'
soap_keep_cookie
first=$SOAP_COOKIE

soap client SyncUpdates "$SOAP_COOKIE$sync"
soap_fault 'an unknown computer must register' RegistrationRequired
soap client RegisterComputer "$SOAP_COOKIE<computerInfo><DnsName>pc1.example</DnsName><OSMajorVersion>10</OSMajorVersion><SuiteMask>99999999999</SuiteMask><BiosReleaseDate>0001-01-01T00:00:00</BiosReleaseDate></computerInfo>"
soap_ok 'it registers, whatever its numbers are'
soap client SyncUpdates "$SOAP_COOKIE$sync"
soap_ok 'and gets an answer'
soap_is 'which is complete' Truncated false
soap_is 'and says whether drivers matter' DriverSyncNotNeeded true
expires=$(soap_text Expiration)
soap client SyncUpdates "$SOAP_COOKIE$sync"
soap_is 'the new cookie lives no longer' Expiration "$expires"

# ---- cookies ----

soap client SyncUpdates "$sync"
soap_fault 'no cookie' InvalidCookie
soap client SyncUpdates "<cookie><Expiration>2100-01-01T00:00:00Z</Expiration></cookie>$sync"
soap_fault 'an empty cookie' InvalidCookie
soap client SyncUpdates "${elsewhere}Z2FyYmFnZQ==</EncryptedData></cookie>$sync"
soap_fault 'a cookie of garbage' InvalidCookie
soap client SyncUpdates "$(echo "$first" | sed 's|A*\(=*\)</EncryptedData|B\1</EncryptedData|; s|.\(=*</EncryptedData\)|Q\1|')$sync"
t_ok 'an altered cookie' test "$SOAP_STATUS" -eq 500
t_ok 'is refused, with the action' test "$(soap_text Method)" = \
	'"http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService/SyncUpdates"'
for operation in RefreshCache GetFileLocations; do
	soap client "$operation" ''
	soap_fault "$operation without a cookie" InvalidCookie
done
soap client GetExtendedUpdateInfo '<revisionIDs><int>1</int></revisionIDs>'
soap_fault 'GetExtendedUpdateInfo without a cookie' InvalidCookie
soap client RegisterComputer '<computerInfo/>'
soap_fault 'RegisterComputer without a cookie' InvalidCookie
soap report ReportEventBatch '<clientTime>2026-01-01T00:00:00Z</clientTime>'
soap_fault 'ReportEventBatch without a cookie' InvalidCookie
auth_data=$(echo "$SOAP_AUTH" | sed 's|.*<CookieData>||; s|</CookieData>.*||')
soap client SyncUpdates "$elsewhere$auth_data</EncryptedData></cookie>$sync"
soap_fault 'an authorization is no cookie' InvalidCookie

soap_cookie "$SOAP_AUTH$SOAP_AUTH" ''
soap_fault 'two authorizations' InvalidAuthorizationCookie
soap_cookie "$(echo "$SOAP_AUTH" | sed 's|<CookieData>.*</CookieData>|<CookieData>Z2FyYmFnZQ==</CookieData>|')" ''
soap_fault 'an authorization of garbage' InvalidAuthorizationCookie
soap_cookie "$(echo "$SOAP_AUTH" | sed 's|SimpleTargeting|Anonymous|')" ''
soap_fault 'one of another plug-in' InvalidAuthorizationCookie
soap_cookie '' ''
soap_ok 'none at all: as clients of the live service do'
soap_keep_cookie
soap client SyncUpdates "$SOAP_COOKIE$sync"
soap_ok 'which are served without registration'
soap client RegisterComputer "$SOAP_COOKIE"
soap_fault 'and cannot register' RegistrationNotRequired
SOAP_COOKIE=$first

for id in '' 'a b' 'x/../y' "$(printf %256s '' | tr ' ' a)"; do
	soap auth GetAuthorizationCookie "<clientId>$id</clientId><dnsName>x</dnsName>"
	soap_fault "a client id that is none ('$(printf %.12s "$id")')" InternalServerError
done
soap auth GetAuthorizationCookie '<clientId>pc9</clientId><dnsName/>'
soap_fault 'no name of the computer' InternalServerError

# ---- parameters ----

soap client GetCookie '<authCookies/><lastChange>2100-01-01T00:00:00</lastChange>'
soap_fault 'no protocol version' InvalidParameters protocolVersion
soap client GetCookie '<protocolVersion>two</protocolVersion>'
soap_fault 'a version that is none' InvalidParameters protocolVersion
soap client GetCookie '<lastChange>yesterday</lastChange><protocolVersion>2.0</protocolVersion>'
soap_fault 'a time that is none' InvalidParameters lastChange
soap client SyncUpdates "$first"
soap_fault 'no parameters' InvalidParameters parameters
soap client SyncUpdates "$first<parameters><InstalledNonLeafUpdateIDs>$(soap_ints 401 1)</InstalledNonLeafUpdateIDs></parameters>"
soap_fault 'too many installed updates' InvalidParameters parameters.InstalledNonLeafUpdateIDs
soap client SyncUpdates "$first<parameters><OtherCachedUpdateIDs>$(soap_ints 5000 1)</OtherCachedUpdateIDs><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
soap_ok 'many cached ones are none too many'
soap_counts 'and those that are unknown go out of scope' int 5000
soap client SyncUpdates "$first<parameters><OtherCachedUpdateIDs><int>one</int></OtherCachedUpdateIDs></parameters>"
soap_fault 'an id that is no number' InvalidParameters parameters.OtherCachedUpdateIDs
soap client SyncUpdates "$first<parameters><SystemSpec><Device/></SystemSpec><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
soap_fault 'devices in the software pass' InvalidParameters parameters.SystemSpec
soap client GetExtendedUpdateInfo "$first<revisionIDs>$(soap_ints 51 1)</revisionIDs><infoTypes><XmlUpdateFragmentType>Core</XmlUpdateFragmentType></infoTypes>"
soap_fault 'too many revisions' InvalidParameters revisionIDs
soap client GetExtendedUpdateInfo "$first<revisionIDs><int>1</int></revisionIDs>"
soap_fault 'no kinds of fragments' InvalidParameters infoTypes
soap client GetExtendedUpdateInfo "$first<revisionIDs><int>1</int></revisionIDs><infoTypes><XmlUpdateFragmentType>LocalizedProperties</XmlUpdateFragmentType></infoTypes>"
soap_fault 'no locale' InvalidParameters locales
soap client GetExtendedUpdateInfo "$first<revisionIDs><int>2000000000</int></revisionIDs><infoTypes><XmlUpdateFragmentType>Extended</XmlUpdateFragmentType></infoTypes>"
soap_ok 'an unknown revision is no failure'
soap_is 'but out of scope' OutOfScopeRevisionIDs 2000000000
soap client GetFileLocations "$first<fileDigests><base64Binary>TWFu</base64Binary></fileDigests>"
soap_fault 'a digest that is too short' InvalidParameters fileDigests
soap client GetFileLocations "$first<fileDigests><base64Binary>AAAAAAAAAAAAAAAAAAAAAAAAAAA=</base64Binary></fileDigests>"
soap_ok 'an unknown file is no failure'
soap_counts 'it has no location' FileLocation 0
soap_counts 'and there is a new cookie' NewCookie 1
category='<CategoryRelationship><IndexOfAndGroup>0</IndexOfAndGroup><CategoryId>00000000-0000-4000-8000-000000000001</CategoryId></CategoryRelationship>'
soap client StartCategoryScan "<requestedCategories>$(yes "$category" | head -n 200 | tr -d '\n')</requestedCategories>"
soap_fault 'too many categories' InvalidParameters requestedCategories
soap client StartCategoryScan "<requestedCategories>$category</requestedCategories>"
soap_ok 'an unknown category is no failure'
soap_is 'but told' requestedCategoryIdsInError 00000000-0000-4000-8000-000000000001
soap client SyncPrinterCatalog "$first"
soap_fault 'an operation that is not served' InvalidParameters
soap client GetAuthorizationCookie '<clientId>pc1</clientId><dnsName>x</dnsName>'
soap_fault 'an operation of another service' InvalidParameters

# ---- envelopes ----

SOAP=12
soap_config
soap_ok 'SOAP 1.2 is answered'
t_contains 'as SOAP 1.2' "$T_DIR/head" 'Content-Type: application/soap+xml; charset=utf-8'
t_contains 'in its namespace' "$T_DIR/answer" 'xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
soap client SyncUpdates "$sync"
soap_fault 'a fault of SOAP 1.2' InvalidCookie
soap_is 'blames the sender' Value s:Sender
# The envelope decides, not the header.
soap_envelope client SyncUpdates "$sync" >"$T_DIR/request"
SOAP=11
soap_post /ClientWebService/client.asmx
soap_is 'whatever the header says' Value s:Sender

for path in /clientwebservice/client.asmx /CLIENTWEBSERVICE/CLIENT.ASMX \
	/ClientWebService/client.asmx/secured; do
	soap_envelope client GetConfig '' >"$T_DIR/request"
	soap_post "$path"
	soap_ok "$path is the same"
done
soap_envelope report GetRequiredInventoryType '' >"$T_DIR/request"
soap_post /ReportingWebService/WebService.asmx
soap_is 'no inventory is wanted' GetRequiredInventoryTypeResult 0
soap report ReportInventory ''
soap_is 'but taken' ReportInventoryResult true

soap client GetConfig '' -H 'Expect: 100-continue'
soap_ok 'Expect: 100-continue'
t_contains 'is answered first' "$T_DIR/head" '100 Continue'
soap client GetConfig '' -H 'Transfer-Encoding: chunked'
soap_ok 'a chunked request'
cat >"$T_DIR/request" <<'X'
<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:c="http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">
 <soap:Header><wsa:To xmlns:wsa="http://www.w3.org/2005/08/addressing" soap:mustUnderstand="1">http://elsewhere/</wsa:To></soap:Header>
 <soap:Body>
  <c:SyncUpdates>
   <c:parameters>
    <c:SkipSoftwareSync>0</c:SkipSoftwareSync>
    <c:ProductsParameters><c:SyncCurrentVersionOnly>false</c:SyncCurrentVersionOnly><c:Products>PN=Client.OS</c:Products></c:ProductsParameters>
    <c:InstalledNonLeafUpdateIDs xsi:nil="1"/>
    <c:OtherCachedUpdateIDs enc:arrayType="xsd:int[1]"><c:int xsi:nil="true"/></c:OtherCachedUpdateIDs>
    <c:AlsoPerformRegularSync>false</c:AlsoPerformRegularSync>
    <c:ComputerSpec/>
   </c:parameters>
   COOKIE
  </c:SyncUpdates>
 </soap:Body>
</soap:Envelope>
X
sed "s|COOKIE|$(echo "$first" | sed 's|<\(/*\)|<\1c:|g')|" "$T_DIR/request" >"$T_DIR/request2"
mv "$T_DIR/request2" "$T_DIR/request"
soap_post /ClientWebService/client.asmx
soap_ok 'headers, nil, unknown elements and any order'

t_run curl -sS -o /dev/null -w '%{http_code}' "$T_URL/ClientWebService/client.asmx"
t_contains 'GET is not for services' "$T_DIR/out" 405
t_run curl -sS -o /dev/null -w '%{http_code}' -X POST -d x "$T_URL/healthz"
t_contains 'and POST not for others' "$T_DIR/out" 40

bad() {
	soap_post /ClientWebService/client.asmx
	soap_fault "$1" InvalidParameters
}
: >"$T_DIR/request"
bad 'nothing'
echo 'not XML' >"$T_DIR/request"
bad 'no XML'
echo '<html/>' >"$T_DIR/request"
bad 'no SOAP'
soap_envelope client GetConfig '' | sed 's|.\{20\}$||' >"$T_DIR/request"
bad 'half an envelope'
soap_envelope client GetConfig '' | sed '1s|^|<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>|' \
	>"$T_DIR/request"
bad 'a document type'
soap_envelope client GetConfig '&y;' >"$T_DIR/request"
bad 'an entity'
soap_envelope client GetConfig "$(yes '<a>' | head -n 100 | tr -d '\n')$(
	yes '</a>' | head -n 100 | tr -d '\n')" >"$T_DIR/request"
bad 'too deep'
soap_envelope client GetConfig '' | sed 's|/soap/envelope/|/soap/|' >"$T_DIR/request"
bad 'an unknown envelope'
soap_is 'is named so' faultcode s:VersionMismatch
head -c 4194305 /dev/zero >"$T_DIR/request"
bad 'too large'
soap_config
soap_ok 'the server is well'

# ---- what changes ----

if /usr/bin/python3 -c 'import sqlite3' 2>/dev/null; then
	t_lock_database "$T_DIR/importer/clients.db"
	soap_authorize pc-busy ''
	t_unlock_database
	soap_fault 'a busy database' ServerBusy
	soap_authorize pc-busy ''
	soap_ok 'which is free again'
else
	t_skip 'a busy database' 'no python3'
fi
t_server_stop

t_server "$T_DIR/other"
soap client SyncUpdates "$first$sync"
soap_fault 'a cookie of another server' ServerChanged
t_server_stop

t_server "$T_DIR/importer" --content-url http://cache.example:8080
soap client SyncUpdates "$first$sync"
soap_fault 'content has moved' FileLocationChanged
soap client GetFileLocations "$first"
soap_ok 'the new locations'
soap_keep_cookie
soap client SyncUpdates "$SOAP_COOKIE$sync"
soap_ok 'come with a cookie that is good'
t_server_stop
for url in cache.example ftp://x 'http://' 'http://a/b' 'http://a b'; do
	t_error 1 GF-2707 "no place of content: $url" gapferry-server --repo "$T_DIR/importer" \
		--listen 127.0.0.1:0 --content-url "$url"
done

if command -v faketime >/dev/null && faketime -f +1d gapferry-import --version >/dev/null 2>&1; then
	T_BIN=$BIN
	cat >"$T_DIR/gapferry-server" <<X
#!/bin/sh
exec faketime -f +3605s "$T_BIN/gapferry-server" "\$@"
X
	chmod +x "$T_DIR/gapferry-server"
	PATH=$T_DIR:$PATH
	t_server "$T_DIR/importer"
	soap client SyncUpdates "$first$sync"
	soap_fault 'an old cookie' CookieExpired
	soap_cookie "$SOAP_AUTH" "$(echo "$first" | sed 's|cookie>|oldCookie>|g')"
	soap_fault 'and an old authorization' InvalidAuthorizationCookie
	soap_authorize pc1 ''
	soap_cookie "$SOAP_AUTH" "$(echo "$first" | sed 's|cookie>|oldCookie>|g')"
	soap_ok 'but it may be exchanged'
	soap report ReportEventBatch "$first<clientTime>2026-01-01T00:00:00Z</clientTime>"
	soap_is 'and used for reports' ReportEventBatchResult true
	t_server_stop
else
	t_skip 'an old cookie' 'faketime does not work with this program'
fi
