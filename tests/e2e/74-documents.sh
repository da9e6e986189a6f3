#!/bin/sh
# Complete documents of a WSUS package: over the gap, and served as fragments that are made of them.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkwsusutil wuclient cabextract curl jq xmllint

t_package_site "$T_DIR" --updates 40 --drivers 4 --rules --express --lzx
t_must cabextract -q -d "$T_DIR/package" "$T_DIR/made/package.cab"
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_server "$T_DIR/importer"
t_updates
t_json "$T_DIR/updates.json" '[.updates[] | select(.verdict == "ok")] | length' 49
# Bundles, what stands alone, drivers; parts and prerequisites follow.
jq -r '.updates[] | select((.type == "Software" or .type == "Driver") and .action != "Bundle") | .update_id' \
	"$T_DIR/updates.json" >"$T_DIR/top"
t_ok 'there is something of each' test "$(wc -l <"$T_DIR/top")" = 24
t_ok 'all of it can be approved' t_verb approve --list "$T_DIR/top" --group 'All Computers'
t_status 0 'and served as it is' t_verb report problems

t_play 'computers that have everything scan, download and report' --machines 3 --share 100
t_ok 'all that was approved, its parts and prerequisites' test "$(t_played updates)" = $((3 * 45))
t_ok 'both files of each' test "$(t_played offered)" = $((3 * 40))
t_play 'the same in SOAP 1.2, with a device' --machines 3 --share 100 --soap12 --device 'PCI\VEN_8086&DEV_0000'
t_ok 'and its driver' test "$(t_played updates)" = $((3 * 46))
t_play 'computers that have nothing' --machines 3 --share 0

# ---- fragments ----

if /usr/bin/python3 -c 'import xml.etree.ElementTree' 2>/dev/null; then
	t_ok 'every fragment says what the document says' /usr/bin/python3 tests/e2e/derived.py \
		"$T_URL" "$T_DIR/package/metadata.txt"
	cp "$T_DIR/out" "$T_DIR/compared"
	t_contains 'of every update' "$T_DIR/compared" 'Core 49 Extended 49 LocalizedProperties 98 Eula 10'
else
	t_skip 'every fragment says what the document says' 'no python3'
fi
soap_start probe ''
# fragment UPDATE KIND: one of them, as it is sent.
fragment() {
	fragment_id=$(printf 'a0000000-0000-4000-8000-%012x' "$1")
	fragment_id=$(jq --arg id "$fragment_id" '.updates[] | select(.update_id == $id) | .revision_id' "$T_DIR/updates.json")
	soap client GetExtendedUpdateInfo "$SOAP_COOKIE<revisionIDs><int>$fragment_id</int></revisionIDs><infoTypes><XmlUpdateFragmentType>$2</XmlUpdateFragmentType></infoTypes><locales><string>en</string></locales>"
	soap_text Xml >"$T_DIR/fragment"
}
fragment 10001 Core
t_contains 'rules have the prefix that clients know' "$T_DIR/fragment" '<And><b.WindowsVersion Comparison="EqualTo" MajorVersion="10" /><True /></And>'
t_contains 'properties are those of the scan' "$T_DIR/fragment" '<Properties UpdateType="Software" /><Relationships>'
fragment 10001 Extended
t_contains 'those of the installation have another name' "$T_DIR/fragment" '<ExtendedProperties DefaultPropertiesLanguage="en"><KBArticleID>4010001</KBArticleID></ExtendedProperties>'
t_contains 'the handler keeps the prefix in its type' "$T_DIR/fragment" '<HandlerSpecificData type="cmd:CommandLineInstallation"><InstallCommand'
t_contains 'files have both digests' "$T_DIR/fragment" '<AdditionalDigest Algorithm="SHA256">'
fragment 10004 Eula
t_contains 'a licence has its file' "$T_DIR/fragment" '<EulaFile Digest='
soap_counts 'but clients do not download it' FileLocation 2
fragment 10001 Eula
soap_counts 'who has no licence answers nothing' Xml 0
fragment 10001 Published
soap_counts 'nor is there an answer to other kinds' Xml 0
soap_counts 'but for the locations' FileLocation 2

# ---- an independent implementation ----

wsdl=$SHARED/../protocol/wsdl
if [ -d "$wsdl" ] && /usr/bin/python3 -c 'import zeep' 2>/dev/null; then
	for version in 11 12; do
		t_ok "zeep, SOAP $version: the whole cycle" /usr/bin/python3 tests/e2e/zeep_cycle.py \
			"$T_URL" "$wsdl" "$version" "zeep-$version" '' 'PCI\VEN_8086&DEV_0000' \
			a0000000-0000-4000-8000-0000000dbba0
		sed 's/^/# /' "$T_DIR/out"
	done
else
	t_skip 'zeep: the whole cycle' 'no python3-zeep, or no WSDL files beside the tree'
fi
t_server_stop
t_ok 'the server had nothing to complain about' sh -c "! grep GF- '$T_DIR/server.log'"
