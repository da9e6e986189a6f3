# shellcheck shell=sh
# soap.sh: raw SOAP requests to a server at T_URL, for scripts that have sourced lib.sh.
#
#   soap client GetConfig '<protocolVersion>2.90</protocolVersion>' [CURL OPTION...]
#   soap_fault 'no cookie' InvalidCookie
#   soap_start pc1 GROUP        a client that has registered: SOAP_COOKIE
#
# The answer is in $T_DIR/answer, its headers in $T_DIR/head, its status in SOAP_STATUS.
# SOAP=12 asks in SOAP 1.2; SOAP_TYPE is sent instead of its Content-Type.

SOAP=11 SOAP_TYPE='' SOAP_STATUS='' SOAP_COOKIE='' SOAP_CHANGE=''
soap_base=http://www.microsoft.com/SoftwareDistribution

# soap_envelope SERVICE OPERATION CHILDREN
soap_envelope() {
	case $SOAP in
	12) soap_ns=http://www.w3.org/2003/05/soap-envelope ;;
	*) soap_ns=http://schemas.xmlsoap.org/soap/envelope/ ;;
	esac
	case $1 in
	client) soap_uri=$soap_base/Server/ClientWebService ;;
	auth) soap_uri=$soap_base/Server/SimpleAuthWebService ;;
	*) soap_uri=$soap_base ;;
	esac
	printf '<s:Envelope xmlns:s="%s"><s:Body><%s xmlns="%s">%s</%s></s:Body></s:Envelope>' \
		"$soap_ns" "$2" "$soap_uri" "$3" "$2"
}

soap_path() {
	case $1 in
	client) echo /ClientWebService/client.asmx ;;
	auth) echo /SimpleAuthWebService/SimpleAuth.asmx ;;
	*) echo /ReportingWebService/ReportingWebService.asmx ;;
	esac
}

# soap_post PATH CURL OPTION...: what is in $T_DIR/request.
soap_post() {
	soap_to=$1
	shift
	case $SOAP in
	12) soap_type='application/soap+xml; charset=utf-8' ;;
	*) soap_type='text/xml; charset=utf-8' ;;
	esac
	SOAP_STATUS=$(curl -sS -o "$T_DIR/answer" -D "$T_DIR/head" -w '%{http_code}' \
		-H "Content-Type: ${SOAP_TYPE:-$soap_type}" --data-binary "@$T_DIR/request" "$@" \
		"$T_URL$soap_to" 2>"$T_DIR/err") || :
	cp "$T_DIR/answer" "$T_DIR/out"
}

# soap SERVICE OPERATION CHILDREN CURL OPTION...
soap() {
	soap_service=$1
	soap_envelope "$1" "$2" "$3" >"$T_DIR/request"
	shift 3
	soap_post "$(soap_path "$soap_service")" "$@"
}

# The text of the first element with this name in the answer.
soap_text() {
	xmllint --xpath "string(//*[local-name()='$1'])" "$T_DIR/answer" 2>/dev/null
}

# soap_count NAME: how many elements of the answer have the name.
soap_count() {
	xmllint --xpath "count(//*[local-name()='$1'])" "$T_DIR/answer" 2>/dev/null
}

# soap_ok DESC: the last answer is none of a fault.
soap_ok() {
	if [ "$SOAP_STATUS" = 200 ] && xmllint --noout "$T_DIR/answer" 2>"$T_DIR/err"; then
		t_pass "$1"
	else
		t_fail "$1 (status $SOAP_STATUS)"
	fi
}

# soap_is DESC NAME WANT: the text of an element of the last answer.
soap_is() {
	soap_have=$(soap_text "$2")
	if [ "$soap_have" = "$3" ]; then
		t_pass "$1"
	else
		t_fail "$1 ($2 is '$soap_have', want '$3')"
	fi
}

# soap_counts DESC NAME WANT
soap_counts() {
	soap_have=$(soap_count "$2")
	if [ "$soap_have" = "$3" ]; then
		t_pass "$1"
	else
		t_fail "$1 ($soap_have of $2, want $3)"
	fi
}

# soap_fault DESC CODE [MESSAGE]: the last answer is this fault.
soap_fault() {
	soap_code=$(soap_text ErrorCode)
	if [ "$SOAP_STATUS" = 500 ] && [ "$soap_code" = "$2" ] && [ -n "$(soap_text ID)" ] &&
		{ [ "$#" -lt 3 ] || [ "$(soap_text Message)" = "$3" ]; }; then
		t_pass "$1"
	else
		t_fail "$1 (status $SOAP_STATUS, '$soap_code', '$(soap_text Message)', want $2 $3)"
	fi
}

# The cookie that was answered becomes SOAP_COOKIE.
soap_keep_cookie() {
	SOAP_COOKIE="<cookie><Expiration>2100-01-01T00:00:00Z</Expiration><EncryptedData>$(
		soap_text EncryptedData
	)</EncryptedData></cookie>"
}

# soap_authorize NAME GROUP: SOAP_AUTH is the AuthorizationCookie of a computer.
soap_authorize() {
	soap auth GetAuthorizationCookie "<clientId>$1</clientId><targetGroupName>$2</targetGroupName><dnsName>$1.example</dnsName>"
	SOAP_AUTH="<AuthorizationCookie><PlugInId>SimpleTargeting</PlugInId><CookieData>$(
		soap_text CookieData
	)</CookieData></AuthorizationCookie>"
}

# soap_cookie AUTHORIZATION-COOKIES OLD: GetCookie with the LastChange of GetConfig.
soap_cookie() {
	soap client GetCookie "<authCookies>$1</authCookies>$2<lastChange>$SOAP_CHANGE</lastChange><currentTime>2026-01-01T00:00:00Z</currentTime><protocolVersion>2.90</protocolVersion>"
}

soap_config() {
	soap client GetConfig '<protocolVersion>2.90</protocolVersion>'
	SOAP_CHANGE=$(soap_text LastChange)
}

# soap_start NAME GROUP
soap_start() {
	soap_config
	soap_authorize "$1" "$2"
	soap_cookie "$SOAP_AUTH" '<oldCookie><Expiration>2020-01-01T00:00:00Z</Expiration></oldCookie>'
	soap_keep_cookie
	soap client RegisterComputer "$SOAP_COOKIE<computerInfo><DnsName>$1.example</DnsName><OSMajorVersion>10</OSMajorVersion><OSBuildNumber>26200</OSBuildNumber></computerInfo>"
	[ "$SOAP_STATUS" = 200 ] || t_fail "set-up: $1 cannot register (status $SOAP_STATUS)"
}

# soap_ints N FIRST: N elements <int>.
soap_ints() {
	seq -s '' -f '<int>%.0f</int>' "$2" $(($2 + $1 - 1))
}
