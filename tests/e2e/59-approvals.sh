#!/bin/sh
# Verbs of the server beside a running one: groups, computers, approvals, reports, policy.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog jq curl sqlite3 iconv

t_site "$T_DIR" --updates 60 --payloads 6 --fault missing-payload --fault unknown-action:3
t_bundle "$T_DIR" 1 --incomplete
t_status 2 'a bundle with findings' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
export GAPFERRY_REPO="$T_DIR/importer"

t_ok 'updates are listed' gapferry-import updates --json
cp "$T_DIR/out" "$T_DIR/updates"
# one KIND: the UpdateID of some update for which the jq condition holds.
one() {
	jq -r "[.updates[] | select($1)][${2:-0}].update_id" "$T_DIR/updates"
}
detectoid=$(one '.type == "Detectoid" and .verdict == "ok"')
category=$(one '.type == "Category" and .verdict == "ok"')
part=$(one '.action == "Bundle" and .verdict == "ok"')
held=$(one '.verdict == "quarantined"')
number=$(jq -r '[.updates[] | select(.is_bundle and .verdict == "ok")][0].kb' "$T_DIR/updates")

# ---- groups ----

t_ok 'a group' gapferry-server group add Servers
t_ok 'one below it' gapferry-server group add Web --parent servers
t_error 1 GF-2802 'a name is given once' gapferry-server group add WEB
t_error 1 GF-2802 'a semicolon separates names' gapferry-server group add 'a;b'
t_error 1 GF-2803 'an unknown parent' gapferry-server group add x --parent nowhere
t_error 1 GF-2804 'the built-in groups stay' gapferry-server group remove 'All Computers'
t_error 1 GF-2805 'groups with groups below stay' gapferry-server group remove Servers
t_error 1 GF-2806 'no cycles' gapferry-server group move Servers --parent Web
t_ok 'a group moves' gapferry-server group move Web --parent 'All Computers'
t_ok 'and back' gapferry-server group move Web --parent Servers
t_ok 'groups are listed' gapferry-server group list --json
cp "$T_DIR/out" "$T_DIR/groups"
t_json "$T_DIR/groups" '.groups | map(.name) | join(",")' \
	'All Computers,Unassigned Computers,Servers,Web'
t_json "$T_DIR/groups" '.groups[3].parent' Servers
t_json "$T_DIR/groups" '.groups[0].parent' null
t_ok 'the file with the key is for its owner alone' \
	test "$(stat -c %a "$T_DIR/importer/clients.db")" = 600

# ---- what may be approved ----

t_server "$T_DIR/importer"
all='All Computers'
t_error 1 GF-2813 'no detectoid' gapferry-server approve "$detectoid" --group "$all"
t_error 1 GF-2813 'no category' gapferry-server approve "$category" --group "$all" --action detect
t_error 1 GF-2813 'no part of a bundle' gapferry-server approve "$part" --group "$all"
t_error 3 GF-2812 'nothing held back' gapferry-server approve "$held" --group "$all"
t_ok 'but it may be blocked' gapferry-server approve "$held" --group "$all" --action block
t_error 1 GF-2811 'no unknown number' gapferry-server approve KB1 --group "$all"
t_error 1 GF-2811 'no unknown update' gapferry-server approve \
	00000000-0000-4000-8000-000000000000 --group "$all"
t_error 1 GF-2811 'no other words' gapferry-server approve word --group "$all"
t_error 1 GF-2803 'no unknown group' gapferry-server approve "KB$number" --group nowhere
t_error 1 GF-1001 'no unknown action' gapferry-server approve "KB$number" --group Web --action x
t_error 1 GF-1001 'words after a list belong to it' gapferry-server approve --group Web "KB$number"
t_contains 'and the message says so' "$T_DIR/err" 'words that follow --group'
t_error 1 GF-1001 'no deadline that is none' gapferry-server approve "KB$number" --group Web \
	--deadline tomorrow
t_error 1 GF-1001 'something must be given' gapferry-server approve --group Web

# The bundle whose part lacks a file: all updates that stand for themselves, one by one.
jq -r '.updates[] | select(.verdict == "ok" and (.type == "Software") and .action == null) |
	.update_id' "$T_DIR/updates" >"$T_DIR/own"
incomplete=
: >"$T_DIR/complete"
while read -r update; do
	gapferry-server approve "$update" --group Web >"$T_DIR/text" 2>"$T_DIR/why" &&
		echo "$update" >>"$T_DIR/complete" && continue
	grep -q 'GF-2814' "$T_DIR/why" && incomplete=$update && cp "$T_DIR/text" "$T_DIR/missing"
done <"$T_DIR/own"
t_ok 'a bundle whose part lacks a file is found' test -n "$incomplete"
t_ok 'others are approved' test -s "$T_DIR/complete"
t_ok 'the files are listed' grep -qE '^missing [0-9a-f]{40} [0-9]+ ' "$T_DIR/missing"
t_error 6 GF-2814 'and nothing is approved' gapferry-server approve "$incomplete" --group Web
t_status 6 'the list is JSON, too' gapferry-server approve "$incomplete" --group Web --json
cp "$T_DIR/out" "$T_DIR/missing.json"
t_json "$T_DIR/missing.json" .error.id GF-2814
t_json "$T_DIR/missing.json" '.missing[0].sha1' "$(cut -d' ' -f2 "$T_DIR/missing" | head -n 1)"
t_ok 'without its files it may be detected' gapferry-server approve "$incomplete" --group Web \
	--action detect
t_error 6 GF-2814 'one that cannot be approved stops all' gapferry-server approve \
	"$(head -n 1 "$T_DIR/complete")" "$incomplete" --group Servers
t_ok 'approvals are listed' gapferry-server report approvals --json
cp "$T_DIR/out" "$T_DIR/approvals"
t_json "$T_DIR/approvals" '[.approvals[] | select(.group == "Servers")] | length' 0

# ---- approving, taking back, declining ----

one=$(head -n 1 "$T_DIR/complete")
two=$(sed -n 2p "$T_DIR/complete")
t_ok 'for two groups, with a deadline' gapferry-server approve "$one" "$two" --group Servers "$all" \
	--deadline 2030-01-02 --by anna --json
cp "$T_DIR/out" "$T_DIR/approved"
t_json "$T_DIR/approved" '.approved | length' 4
printf '# a list\n%s # remark\n\n%s\r\n' "$one" "$two" >"$T_DIR/list"
t_ok 'from a list' gapferry-server approve --list "$T_DIR/list" --group Web --offer
t_ok 'listed again' gapferry-server report approvals --json
cp "$T_DIR/out" "$T_DIR/approvals"
t_json "$T_DIR/approvals" \
	"[.approvals[] | select(.update_id == \"$one\") | .group] | sort | join(\",\")" \
	'All Computers,Servers,Web'
t_json "$T_DIR/approvals" \
	"[.approvals[] | select(.update_id == \"$one\" and .group == \"Servers\")][0] |
	.deadline + \" \" + .by" '2030-01-02T00:00:00Z anna'
t_json "$T_DIR/approvals" "[.approvals[] | select(.update_id == \"$one\" and .group == \"Web\")][0] |
	.is_assigned" false
t_ok 'taken back for one group' gapferry-server unapprove "$one" --group Servers
t_error 1 GF-2817 'but once' gapferry-server unapprove "$one" --group Servers
t_ok 'declined' gapferry-server decline "$two"
t_error 1 GF-2815 'a declined update is not approved' gapferry-server approve "$two" --group Web
t_ok 'restored' gapferry-server decline "$two" --undo
t_ok 'approved again' gapferry-server approve "$two" --group Web

# ---- computers and reports ----

# Three computers as their events leave them: one that needs update 1 and failed to install update
# 2 for want of room, one that was silent for long, one that never reported.
now=$(date +%s)
hex() {
	printf %s "$1" | tr -d -
}
sqlite3 "$T_DIR/importer/clients.db" >"$T_DIR/sql" 2>&1 <<SQL
INSERT INTO computer VALUES(1,'pc-a','a.example','Servers','10.0.0.1',1,$now,$now,$now,0,0);
INSERT INTO computer VALUES(2,'pc-b','=b.example','','10.0.0.2',1,1000,1000,1000,0,0);
INSERT INTO computer VALUES(3,'pc-c','c.example','','10.0.0.3',1,$now,$now,0,0,0);
INSERT INTO computer_info(computer_id,os_major,os_minor,os_build) VALUES(1,10,0,26200);
INSERT INTO number VALUES(1,x'$(hex "$one")');
INSERT INTO number VALUES(2,x'$(hex "$two")');
INSERT INTO status VALUES(1,$((now + 9)),$((now + 9)),x'0202');
INSERT INTO status VALUES(2,1000,1000,x'04');
INSERT INTO failure VALUES(1,2,182,-2147024784,$now);
INSERT INTO event VALUES(1,1,x'00112233445566778899aabbccddeeff',$now,$now,182,x'$(hex "$two")',1,-2147024784,'app','text');
SQL
t_ok 'computers for the reports' test ! -s "$T_DIR/sql"
t_ok 'into a group' gapferry-server computer move pc-a --group Web
t_error 1 GF-2808 'an unknown computer' gapferry-server computer move pc-x --group Web
t_error 1 GF-2804 'everybody is in the root' gapferry-server computer move pc-b --group "$all"
t_error 1 GF-1001 'where to is said' gapferry-server computer move pc-b
t_ok 'listed' gapferry-server computer list --group Servers --json
cp "$T_DIR/out" "$T_DIR/computers"
t_json "$T_DIR/computers" '.computers | map(.client_id) | join(",")' pc-a
t_json "$T_DIR/computers" '.computers[0].os_version' 10.0.26200
t_ok 'shown by name' gapferry-server computer show A.EXAMPLE --json
cp "$T_DIR/out" "$T_DIR/computer"
t_json "$T_DIR/computer" '.events[0].meaning' 'installation failed'
t_json "$T_DIR/computer" '.events[0].result' '0x80070070 ERROR_DISK_FULL: the disk is full'
t_ok 'shown as text' gapferry-server computer show pc-a
t_contains 'with its groups' "$T_DIR/out" 'groups: Web'

t_ok 'counts per update' gapferry-server report updates --json
cp "$T_DIR/out" "$T_DIR/by-update"
t_json "$T_DIR/by-update" ".updates[] | select(.update_id == \"$one\") |
	[.computers, .needed, .installed, .unknown] | join(\" \")" '3 1 1 1'
t_json "$T_DIR/by-update" ".updates[] | select(.update_id == \"$two\") | .failed" 1
t_ok 'per group' gapferry-server report group "$all" --json
cp "$T_DIR/out" "$T_DIR/by-group"
t_json "$T_DIR/by-group" '.groups[0] | [.computers, .with_failures, .not_in_contact, .never_reported]
	| join(" ")' '3 1 1 1'
t_json "$T_DIR/by-group" '.groups[0].parent' null
t_json "$T_DIR/by-group" '.groups[] | select(.group == "Web") | .computers' 1
t_ok 'per computer, as CSV' gapferry-server report computers --csv
cp "$T_DIR/out" "$T_DIR/csv"
t_ok 'with a name that is no formula' grep -q "^\"'=b.example\",pc-b," "$T_DIR/csv"
t_ok 'and one line per computer' test "$(wc -l <"$T_DIR/csv")" -eq 4
t_ok 'one update' gapferry-server report update "$two" --json
cp "$T_DIR/out" "$T_DIR/of-update"
t_json "$T_DIR/of-update" '.computers[] | select(.client_id == "pc-a") | .state + " " + .why' \
	'failed out-of-disk'
t_ok 'one computer' gapferry-server report computer pc-a --json
cp "$T_DIR/out" "$T_DIR/of-computer"
t_json "$T_DIR/of-computer" ".updates[] | select(.update_id == \"$one\") | .state + \" \" + .why" \
	'needed offered-only'
t_ok 'all of it' gapferry-server report computer pc-a --all --json
cp "$T_DIR/out" "$T_DIR/of-computer"
t_ok 'has what does not apply' jq -e '[.updates[] | select(.state == "not-applicable")] | length > 0' \
	"$T_DIR/of-computer"
t_ok 'why' gapferry-server report why --json
cp "$T_DIR/out" "$T_DIR/why"
t_json "$T_DIR/why" '.computers[] | select(.client_id == "pc-a" and .why == "out-of-disk") | .result' \
	'0x80070070 ERROR_DISK_FULL: the disk is full'
t_json "$T_DIR/why" '[.computers[] | select(.client_id == "pc-c").why] | unique | join(",")' \
	no-report-yet
t_ok 'within a group' gapferry-server report why --group Web --csv
cp "$T_DIR/out" "$T_DIR/why.csv"
t_ok 'only its computers' test "$(grep -c pc-a "$T_DIR/why.csv")" -eq "$(($(wc -l <"$T_DIR/why.csv") - 1))"
t_error 1 GF-2821 'one form at a time' gapferry-server report why --csv --json

t_ok 'who decides on groups' gapferry-server targeting
t_contains 'is the server' "$T_DIR/out" server
t_ok 'now the client' gapferry-server targeting client
t_ok 'whose claim counts' gapferry-server computer list --json
cp "$T_DIR/out" "$T_DIR/computers"
t_json "$T_DIR/computers" '.computers[0].groups | join(",")' Servers
t_error 1 GF-1001 'nobody else' gapferry-server targeting somebody
t_ok 'computers that are lost go' gapferry-server computer remove --lost-days 60 --json
cp "$T_DIR/out" "$T_DIR/removed"
t_json "$T_DIR/removed" .removed 1
t_ok 'and one by name' gapferry-server computer remove pc-c
t_ok 'a group goes with its approvals' gapferry-server group remove Web
t_ok 'the server still answers' curl -fsS "$T_URL/healthz"
t_server_stop

# ---- policy ----

t_ok 'policy as text' gapferry-server policy --url http://updates.example:8530
cp "$T_DIR/out" "$T_DIR/policy"
t_ok 'with the server' grep -qE '^ +WUServer +REG_SZ +http://updates.example:8530 ' "$T_DIR/policy"
t_ok 'and without a group' grep -qE '^ +TargetGroup +\(none\)' "$T_DIR/policy"
t_ok 'policy for regedit' gapferry-server policy --url http://u:8530 --alternate http://c:80 \
	--group 'B"\ä' --options 3 --reg
cp "$T_DIR/out" "$T_DIR/reg"
t_ok 'begins with the mark of UTF-16' test "$(od -An -tx1 -N4 "$T_DIR/reg" | tr -d ' ')" = fffe5700
iconv -f UTF-16 -t UTF-8 "$T_DIR/reg" | tr -d '\r' >"$T_DIR/reg.txt"
t_ok 'has its first line' test "$(head -n 1 "$T_DIR/reg.txt")" = 'Windows Registry Editor Version 5.00'
t_contains 'escapes' "$T_DIR/reg.txt" '"TargetGroup"="B\"\\ä"'
t_contains 'and numbers' "$T_DIR/reg.txt" '"AUOptions"=dword:00000003'
t_contains 'and deletes what is not used' "$T_DIR/reg.txt" '"ScheduledInstallDay"=-'
for url in ftp://x http:// 'http://a b' http://a/b "http://a\"b"; do
	t_error 1 GF-2820 "not $url" gapferry-server policy --url "$url"
done
