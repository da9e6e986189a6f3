#!/bin/sh
# What computers have cached: long lists of numbers, however they are written, mean the same.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog curl jq xmllint

t_site "$T_DIR" --updates 60 --payloads 30 --payload-min 1K --payload-max 64K
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_server "$T_DIR/importer"
t_updates
jq -r '.updates[] | select(.type == "Software" and .action == null) | .update_id' "$T_DIR/updates.json" \
	>"$T_DIR/list"
t_approve_each <"$T_DIR/list" >"$T_DIR/approved"
soap_start pc1 ''

# ask CACHED [INSTALLED]: a round from the same cookie; what it answers but for the cookie.
ask() {
	soap client SyncUpdates "$SOAP_COOKIE<parameters><InstalledNonLeafUpdateIDs>$2</InstalledNonLeafUpdateIDs><OtherCachedUpdateIDs>$1</OtherCachedUpdateIDs><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
	sed 's|<NewCookie>.*</NewCookie>||' "$T_DIR/answer" >"$T_DIR/round"
}

# same DESC: the last round answered what the first one of its kind did.
same() {
	soap_ok "$1"
	t_ok "$1: the same answer" cmp "$T_DIR/round" "$T_DIR/plain"
}

ask '' ''
soap_ok 'a first round'
t_ok 'it brings updates' test "$(soap_count Xml)" -ge 3
ids=$(xmllint --xpath "//*[local-name()='UpdateInfo']/*[local-name()='ID']/text()" "$T_DIR/answer")
t_ok 'with their ids' test -n "$ids"

# Some that came, some that nobody knows; one twice.
known=$(echo "$ids" | head -n 2)
# list BEFORE BEHIND: each with that around it.
list() { for id in $known 900001 900002 900003 900001; do printf '%s%s%s' "$1" "$id" "$2"; done; }
ask "$(list '<int>' '</int>')" ''
soap_ok 'cached ones'
soap_counts 'are not sent again' Xml $(($(echo "$ids" | wc -l) - 2))
t_ok 'the unknown are out of scope, each once' test "$(xmllint --xpath \
	"count(//*[local-name()='OutOfScopeRevisionIDs']/*)" "$T_DIR/answer")" = 3
cp "$T_DIR/round" "$T_DIR/plain"
ask "$(list '<int>' '</int>
   ')" ''
same 'one on each line'
ask "$(list '<int> ' ' </int>')" ''
same 'with blanks inside'
ask "$(list '<int>' '</int><!-- <int>1</int><int>2</int> -->')" ''
same 'with comments'
ask "$(list '<int>' '</int><long>7</long>')" ''
same 'with elements that nobody knows'
ask "$(list '<int >' '</int >')" ''
same 'with blanks in the tags'
ask "$(list '<int>000' '</int>')" ''
same 'with leading zeros'
ask "$(list '<int>+' '</int>')" ''
same 'with a sign'
ask "<int xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"true\">5</int>$(list '<int>' '</int>')" ''
same 'behind one that is nil'
ask "$(list '<int>' '</int>')</OtherCachedUpdateIDs><OtherCachedUpdateIDs>" ''
same 'in two lists'

# ---- limits and faults are those of elements ----

ask "$(soap_ints 200000 1000000)" ''
soap_ok '200,000 cached updates'
t_ok 'all are out of scope' test "$(xmllint --xpath \
	"count(//*[local-name()='OutOfScopeRevisionIDs']/*)" "$T_DIR/answer")" = 200000
ask "$(soap_ints 200001 1000000)" ''
soap_fault 'one more' InvalidParameters parameters.OtherCachedUpdateIDs
ask '' "$(soap_ints 400 1000000)"
soap_ok '400 installed ones'
ask '' "$(soap_ints 401 1000000)"
soap_fault 'one more' InvalidParameters parameters.InstalledNonLeafUpdateIDs
ask '<int>1</int><int>2</int><int>3x</int><int>4</int>' ''
soap_fault 'no number among them' InvalidParameters parameters.OtherCachedUpdateIDs
ask '<int>1</int><int>99999999999</int><int>4</int>' ''
soap_fault 'a number too large' InvalidParameters parameters.OtherCachedUpdateIDs
ask '<int>1</int><int>2</int></OtherCachedUpdateID>' ''
soap_fault 'a tag that does not match' InvalidParameters
ask "<x a='<int>1</int><int>2</int>'/>" ''
soap_fault 'markup in a value' InvalidParameters
