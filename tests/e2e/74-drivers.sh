#!/bin/sh
# Drivers: from a package of WSUS over the gap to the device they are for, and to no other one.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkwsusutil wuclient curl jq xmllint

t_package_site "$T_DIR" --updates 8 --drivers 8
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_server "$T_DIR/importer"
t_updates
t_json "$T_DIR/updates.json" '[.updates[] | select(.type == "Driver" and .verdict == "ok")] | length' 8

# driver N: its UpdateID.  Of each four: old, newer, for a kind of computer, for the exact device.
driver() { printf 'a0000000-0000-4000-8000-%012x' $((20000 + $1)); }
id_of() { jq --arg id "$(driver "$1")" '.updates[] | select(.update_id == $id) | .revision_id' "$T_DIR/updates.json"; }
kind=a0000000-0000-4000-8000-0000000dbba0
hwid='PCI\VEN_8086&amp;DEV_0000'

# ints N...
ints() { for i in "$@"; do printf '<int>%s</int>' "$i"; done; }

soap_start probe ''
soap client SyncUpdates "$SOAP_COOKIE<parameters><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
soap_is 'no driver is approved: no driver pass' DriverSyncNotNeeded true
for n in 0 1; do
	t_ok "driver $n is approved" t_verb approve "$(driver $n)" --group 'All Computers'
done
soap client SyncUpdates "$SOAP_COOKIE<parameters><SkipSoftwareSync>false</SkipSoftwareSync></parameters>"
soap_is 'then there is one' DriverSyncNotNeeded false
soap_counts 'the software pass brings what drivers need, and no driver' UpdateInfo 1
soap_is 'silently' Action Evaluate
detectoid=$(soap_text ID)

# drivers DEVICE MORE: the driver pass of a computer that has the detectoid.
drivers() {
	soap client SyncUpdates "$SOAP_COOKIE<parameters><ExpressQuery>false</ExpressQuery><InstalledNonLeafUpdateIDs>$(ints "$detectoid")</InstalledNonLeafUpdateIDs><SystemSpec><Device>$1</Device></SystemSpec>${3-}<SkipSoftwareSync>true</SkipSoftwareSync><NeedTwoGroupOutOfScopeUpdates>true</NeedTwoGroupOutOfScopeUpdates>${2-<ComputerSpec/>}<FeatureScoreMatchingKey>AMD64.10.0</FeatureScoreMatchingKey></parameters>"
}
ids() { echo "<HardwareIDs>$(for i in "$@"; do printf '<string>%s</string>' "$i"; done)</HardwareIDs>"; }
had() { echo "<installedDriver><MatchingID>$1</MatchingID><DriverVerDate>$2T00:00:00</DriverVerDate><DriverVerVersion>$3</DriverVerVersion><DriverRank>16711680</DriverRank></installedDriver>"; }
computer="<ComputerSpec><HardwareIDs><guid>00000000-0000-4000-8000-000000000009</guid><guid>$kind</guid></HardwareIDs></ComputerSpec>"

# offers DESC N...: exactly these drivers are new.
offers() {
	offers_desc=$1
	shift
	offers_want=$(for n in "$@"; do id_of "$n"; done | tr '\n' ' ')
	offers_have=$(xmllint --xpath "//*[local-name()='NewUpdates']/*/*[local-name()='ID']/text()" "$T_DIR/answer" 2>/dev/null | tr '\n' ' ')
	t_ok "$offers_desc" test "$SOAP_STATUS $offers_have" = "200 $offers_want"
}

drivers "$(ids "$hwid")"
offers 'the newer of two comes' 1
soap_is 'for this device' HardwareIds 'pci\ven_8086&dev_0000'
soap_is 'to be installed' Action Install
soap_is 'as a leaf' IsLeaf true
soap_is 'all at once' Truncated false
soap_text Xml >"$T_DIR/core"
t_contains 'it says that it is a driver' "$T_DIR/core" 'UpdateType="Driver"'
t_contains 'and leaves the devices out' "$T_DIR/core" '<Metadata><d.WindowsDriverMetaData /></Metadata>'
drivers "$(ids 'USB\VID_1' "$hwid")"
offers 'its id may be a later one' 1
drivers "<CompatibleIDs><string>$hwid</string></CompatibleIDs>"
offers 'or a compatible one' 1
drivers "$(ids 'PCI\VEN_10DE')"
offers 'another device gets nothing'
drivers "$(ids "$hwid")</Device><Device>$(ids "$hwid")"
offers 'two devices of one kind get it once' 1
soap client SyncUpdates "$SOAP_COOKIE<parameters><SystemSpec><Device>$(ids "$hwid")</Device></SystemSpec><SkipSoftwareSync>true</SkipSoftwareSync></parameters>"
offers 'without its prerequisite nothing comes'

drivers "$(ids "$hwid")$(had "$hwid" 2020-06-01 281474976710657)"
offers 'an older installed driver is replaced' 1
drivers "$(ids "$hwid")$(had "$hwid" 2021-01-01 562949953421313)"
offers 'the same one is not'
drivers "$(ids "$hwid")$(had "$hwid" 2025-01-01 1)"
offers 'nor a newer one'
drivers "$(ids "$hwid")$(had "$hwid" 2021-01-01 562949953421312)"
offers 'of one date the version decides' 1
drivers "$(ids "$hwid")" '<ComputerSpec/>' "<CachedDriverIDs>$(ints "$(id_of 1)" "$(id_of 0)" 999999)</CachedDriverIDs>"
offers 'what is cached does not come again'
t_ok 'what is cached and of no use goes out of scope' test "$(xmllint --xpath \
	"//*[local-name()='OutOfScopeRevisionIDs']/*/text()" "$T_DIR/answer" | sort -n | tr '\n' ' ')" = \
	"$(printf '%s\n999999\n' "$(id_of 0)" | sort -n | tr '\n' ' ')"

# ---- kinds of computers, scores ----

t_must t_verb approve "$(driver 2)" --group 'All Computers'
drivers "$(ids "$hwid")"
offers 'a driver for a kind of computer is not for others' 1
drivers "$(ids "$hwid")" "$computer"
offers 'and the best for its own, old as it is' 2
t_must t_verb approve "$(driver 3)" --group 'All Computers'
drivers "$(ids "$hwid&amp;SUBSYS_1" "$hwid")"
offers 'the better score wins over the date' 3
drivers "$(ids "$hwid&amp;SUBSYS_1" "$hwid")" "$computer"
offers 'but not over the computer' 2

# ---- approvals ----

t_must t_verb approve "$(driver 3)" --group 'All Computers' --action block
drivers "$(ids "$hwid&amp;SUBSYS_1" "$hwid")"
offers 'a blocked driver does not come, and hides no other' 1
t_must t_verb decline "$(driver 1)"
drivers "$(ids "$hwid")"
offers 'nor does one that is declined' 0
t_must t_verb unapprove "$(driver 0)"
drivers "$(ids "$hwid")" '<ComputerSpec/>' "<CachedDriverIDs>$(ints "$(id_of 0)")</CachedDriverIDs>"
offers 'what is no longer approved is not offered'
soap_is 'and goes out of scope' OutOfScopeRevisionIDs "$(id_of 0)"
t_must t_verb group add Lab
t_must t_verb approve "$(driver 4)" --group Lab
drivers "$(ids 'PCI\VEN_8086&amp;DEV_0001')"
offers 'a group that the computer is not in'
t_must t_verb computer move probe --group Lab
drivers "$(ids 'PCI\VEN_8086&amp;DEV_0001')"
offers 'and that it is in' 4

# ---- whole cycles ----

t_must t_verb decline "$(driver 1)" --undo
t_must t_verb approve "$(driver 1)" --group 'All Computers' --action optional
drivers "$(ids "$hwid")"
soap_is 'a driver can be offered only' Action OptionalInstall
t_must t_verb approve "$(driver 1)" --group 'All Computers'
t_play 'a computer with the device' --share 100 --device 'PCI\VEN_8086&DEV_0000'
t_ok 'downloads the driver' test "$(t_played offered)/$(t_played bytes)" = "1/$((500 + 20001 % 3000))"
t_play 'one of the kind, in SOAP 1.2' --share 100 --device 'PCI\VEN_8086&DEV_0000' --computer "$kind" --soap12
t_ok 'another one' test "$(t_played offered)/$(t_played bytes)" = "1/$((500 + 20002 % 3000))"
t_play 'one without such a device' --share 100 --device 'PCI\VEN_1'
t_ok 'nothing' test "$(t_played offered)" = 0
wsdl=$SHARED/../protocol/wsdl
if [ -d "$wsdl" ] && /usr/bin/python3 -c 'import zeep' 2>/dev/null; then
	for version in 11 12; do
		t_ok "zeep, SOAP $version: the cycle with a driver" /usr/bin/python3 tests/e2e/zeep_cycle.py \
			"$T_URL" "$wsdl" "$version" "zeep-$version" '' 'PCI\VEN_8086&DEV_0000' "$kind"
		sed 's/^/# /' "$T_DIR/out"
	done
else
	t_skip 'zeep: the cycle with a driver' 'no python3-zeep, or no WSDL files beside the tree'
fi
t_server_stop
t_ok 'the server had nothing to complain about' sh -c "! grep GF- '$T_DIR/server.log'"
