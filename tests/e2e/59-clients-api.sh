#!/bin/sh
# The JSON API for computers, groups and approvals: what it answers, and who may use it.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog jq curl sqlite3

t_site "$T_DIR" --updates 60 --payloads 6 --fault missing-payload
t_bundle "$T_DIR" 1 --incomplete
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
export GAPFERRY_REPO="$T_DIR/importer"
t_must gapferry-import updates --json
cp "$T_DIR/out" "$T_DIR/updates"
t_must gapferry-server group add Lab

# call STATUS DESC METHOD PATH CURL_OPTION...: the answer is in $T_DIR/answer.
call() {
	want=$1 desc=$2 method=$3 path=$4
	shift 4
	t_run curl -sS -g -X "$method" -o "$T_DIR/answer" -w '%{http_code}' "$@" "$T_URL$path"
	if [ "$(cat "$T_DIR/out")" = "$want" ]; then
		t_pass "$desc"
	else
		t_fail "$desc ($(cat "$T_DIR/out"), want $want: $method $path)"
	fi
}

# ---- without a token: reading, on this machine ----

t_server "$T_DIR/importer"
sqlite3 "$T_DIR/importer/clients.db" >"$T_DIR/sql" 2>&1 <<'SQL'
INSERT INTO computer VALUES(1,'pc-a','a.example','','10.0.0.1',1,9,9,0,0,0);
INSERT INTO computer VALUES(2,'pc-b','b.example','','10.0.0.2',1,9,9,0,0,0);
INSERT INTO computer VALUES(3,'pc-c','c.example','','10.0.0.3',1,9,9,0,0,0);
SQL
call 200 'computers' GET '/api/v1/computers?limit=2'
t_json "$T_DIR/answer" '.computers | map(.client_id) | join(",")' pc-a,pc-b
next=$(jq -r .next "$T_DIR/answer")
call 200 'the next page' GET "/api/v1/computers?limit=2&after=$next"
t_json "$T_DIR/answer" '.computers[0].client_id + " \(.next)"' 'pc-c null'
call 200 'those of a group' GET '/api/v1/computers?group=Lab'
t_json "$T_DIR/answer" '.computers | length' 0
call 404 'of one that is not there' GET '/api/v1/computers?group=x'
call 400 'a parameter too many' GET '/api/v1/computers?x=1'
call 400 'a bad limit' GET '/api/v1/computers?limit=0'
call 200 'one computer' GET /api/v1/computers/pc-b
t_json "$T_DIR/answer" '.groups[0]' 'Unassigned Computers'
call 404 'an unknown one' GET /api/v1/computers/pc-x
t_json "$T_DIR/answer" .error.id GF-2808
call 200 'groups' GET /api/v1/groups
t_json "$T_DIR/answer" '.groups[2].name' Lab
call 200 'approvals' GET /api/v1/approvals
t_json "$T_DIR/answer" '.approvals | length' 0
call 200 'compliance' GET '/api/v1/compliance?group=Lab'
t_json "$T_DIR/answer" '.computers' 0
call 405 'nothing is written there' POST /api/v1/compliance
for path in '/api/v1/groups?name=x' /api/v1/computers/pc-a \
	'/api/v1/approvals?update_id=00000000-0000-4000-8000-000000000000&group=Lab'; do
	call 403 "no change without a token: $path" POST "$path"
	call 403 "nor removal: $path" DELETE "$path"
	call 403 'nor with an invented one' POST "$path" -H 'Authorization: Bearer x'
	# What a browser asks before it sends such a request for another site's page.
	call 405 'and no leave for other sites' OPTIONS "$path" -H 'Origin: http://evil.example' \
		-H 'Access-Control-Request-Method: POST'
done
t_server_stop

# ---- with one ----

printf 'short\n' >"$T_DIR/token"
t_error 1 GF-2819 'a short token' gapferry-server --listen 127.0.0.1:0 --api-token-file "$T_DIR/token"
t_error 1 GF-1002 'no token at all' gapferry-server --listen 127.0.0.1:0 \
	--api-token-file "$T_DIR/nothing"
printf '0123456789abcdef\n' >"$T_DIR/token"
t_server "$T_DIR/importer" --api-token-file "$T_DIR/token"
key='Authorization: Bearer 0123456789abcdef'
call 403 'reading needs it' GET /api/v1/computers
call 403 'all of it' GET /api/v1/computers -H 'Authorization: Bearer 0123456789abcde'
call 403 'and no more' GET /api/v1/computers -H 'Authorization: Bearer 0123456789abcdef0123456789abcdef'
call 403 'in this way' GET /api/v1/computers -H 'Authorization: Basic 0123456789abcdef'
call 200 'with it' GET /api/v1/computers -H "$key"
call 200 'content and updates need none' GET /api/v1/updates
call 200 'a group' POST '/api/v1/groups?name=Servers&parent=lab' -H "$key"
call 400 'a name twice' POST '/api/v1/groups?name=servers' -H "$key"
call 400 'no name' POST /api/v1/groups -H "$key"
call 409 'a group with one below' DELETE '/api/v1/groups?name=Lab' -H "$key"
call 200 'a computer moves' POST '/api/v1/computers/pc-a?groups=Servers;Lab' -H "$key"
call 200 'to both' GET /api/v1/computers/pc-a -H "$key"
t_json "$T_DIR/answer" '.groups | join(",")' Lab,Servers
call 404 'to none that is not there' POST '/api/v1/computers/pc-a?groups=x' -H "$key"
call 400 'without saying where' POST /api/v1/computers/pc-a -H "$key"
call 200 'to none' POST '/api/v1/computers/pc-a?groups=' -H "$key"
call 200 'a computer goes' DELETE /api/v1/computers/pc-c -H "$key"
call 404 'once' DELETE /api/v1/computers/pc-c -H "$key"

# Approve what has its files, and find what has not.
good='' lacking=''
for update in $(jq -r '.updates[] | select(.is_bundle and .verdict == "ok") | .update_id' \
	"$T_DIR/updates"); do
	status=$(curl -sS -X POST -o "$T_DIR/answer" -w '%{http_code}' -H "$key" \
		"$T_URL/api/v1/approvals?update_id=$update&group=Lab")
	case $status in
	200) good=$update ;;
	409) lacking=$update && cp "$T_DIR/answer" "$T_DIR/lacking" ;;
	esac
done
t_ok 'an update is approved' test -n "$good"
t_ok 'another is not' test -n "$lacking"
t_json "$T_DIR/lacking" .error.id GF-2814
t_ok 'and the files are listed' jq -e '.missing[0].sha1 | length == 40' "$T_DIR/lacking"
detectoid=$(jq -r '[.updates[] | select(.type == "Detectoid")][0].update_id' "$T_DIR/updates")
call 409 'no detectoid' POST "/api/v1/approvals?update_id=$detectoid&group=Lab" -H "$key"
t_json "$T_DIR/answer" .error.id GF-2813
call 404 'no unknown update' POST \
	'/api/v1/approvals?update_id=00000000-0000-4000-8000-000000000000&group=Lab' -H "$key"
call 400 'no unknown action' POST "/api/v1/approvals?update_id=$good&group=Lab&action=x" -H "$key"
call 400 'no bad deadline' POST "/api/v1/approvals?update_id=$good&group=Lab&deadline=x" -H "$key"
call 400 'no group' POST "/api/v1/approvals?update_id=$good" -H "$key"
call 200 'with a deadline' POST \
	"/api/v1/approvals?update_id=$good&group=Lab&deadline=2030-01-01&by=anna" -H "$key"
t_json "$T_DIR/answer" '.deadline + " " + .by' '2030-01-01T00:00:00Z anna'
call 200 'listed' GET "/api/v1/approvals?update_id=$good" -H "$key"
t_json "$T_DIR/answer" '.approvals | length' 1
t_ok 'verbs see it' gapferry-server report approvals --json
cp "$T_DIR/out" "$T_DIR/approvals"
t_json "$T_DIR/approvals" "[.approvals[] | select(.update_id == \"$good\")] | length" 1
call 200 'taken back' DELETE "/api/v1/approvals?update_id=$good" -H "$key"
call 404 'once' DELETE "/api/v1/approvals?update_id=$good" -H "$key"
t_ok 'a verb approves beside the server' gapferry-server approve "$good" --group Lab
call 200 'and the server sees it' GET "/api/v1/approvals?update_id=$good" -H "$key"
t_json "$T_DIR/answer" '.approvals[0].group' Lab
call 200 'also in the counts' GET '/api/v1/compliance?limit=1' -H "$key"
t_json "$T_DIR/answer" '.computers' 2
t_server_stop
t_ok 'the server stops' test "$T_STATUS" -eq 0
