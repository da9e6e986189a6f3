#!/bin/sh
# Content: Microsoft's paths, ranges beside nginx, nginx in front, TLS, reload, metrics.
. tests/e2e/lib.sh
PATH=$PATH:/usr/sbin
t_need gapferry-export gapferry-import gapferry-server mkcatalog curl jq openssl python3 sqlite3

t_site "$T_DIR" --updates 60 --payloads 8 --payload-min 100K --payload-max 300K
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"

# start OPTION...: the server, with an object that is there.
start() {
	t_server "$T_DIR/importer" "$@"
}
start --access-log "$T_DIR/access.log"
t_must curl -fsS "$T_URL/api/v1/updates?limit=1000"
sha1=$(jq -r '[.updates[].files[] | select(.present and .size > 100000)][0].sha1' "$T_DIR/out")
upper=$(echo "$sha1" | tr a-f A-F)
object=/Content/$(echo "$upper" | cut -c 39-40)/$upper.cab
t_must curl -fsS -o "$T_DIR/object" "$T_URL$object"
t_ok 'it has its digest' sh -c "sha1sum '$T_DIR/object' | grep -q '^$sha1'"
size=$(stat -c %s "$T_DIR/object")

# ---- paths of Microsoft ----

for path in "/c/msdownload/update/software/secu/2026/01/name_$sha1.cab" \
	"/d/msdownload/update/others/2026/01/1_$upper.CAB?P1=1&P2=2" \
	"/msdownload/update/v3/static/$sha1.exe" "/C/x_$sha1"; do
	t_must curl -fsS -o "$T_DIR/same" "$T_URL$path"
	t_same "$path" "$T_DIR/object" "$T_DIR/same"
done
# Of one whose name does not tell its digest.
t_ok 'what its name tells is not kept' test \
	"$(sqlite3 "$T_DIR/importer/catalog.db" "SELECT count(*) FROM location WHERE lower(hex(sha1))='$sha1'")" = 0
for wrong in /c/ /d/x.cab "/c/x_${sha1}0.cab" "/c/x$sha1.cab" "/c/x_$(echo "$sha1" | tr 0-9a-f 1-9a-f0).cab"; do
	t_run curl -s -o /dev/null -w '%{http_code}' "$T_URL$wrong"
	t_contains "$wrong is not known" "$T_DIR/out" 404
done
sqlite3 "$T_DIR/importer/catalog.db" \
	"INSERT INTO location VALUES(1, x'$sha1', 'http://download.example/d/msdownload/Plain%20Name.exe?x=1', 0)"
t_tries=0
until curl -fsS -o "$T_DIR/same" "$T_URL/d/MSDOWNLOAD/Plain%2520Name.exe" 2>/dev/null || [ "$t_tries" -gt 100 ]; do
	sleep 0.1
	t_tries=$((t_tries + 1))
done
t_same 'a path that is in the catalog only' "$T_DIR/object" "$T_DIR/same"

# ---- reload, metrics ----

mv "$T_DIR/access.log" "$T_DIR/access.old"
kill -HUP "$T_SERVER"
t_tries=0
until [ -e "$T_DIR/access.log" ] || [ "$t_tries" -gt 100 ]; do
	sleep 0.1
	t_tries=$((t_tries + 1))
done
t_must curl -fsS "$T_URL/healthz"
t_contains 'the log goes on in a new file' "$T_DIR/access.log" healthz
t_run curl -fsS "$T_URL/metrics"
cp "$T_DIR/out" "$T_DIR/metrics"
t_contains 'content is counted' "$T_DIR/metrics" 'gapferry_server_requests_total{service="content",status="200"}'
t_contains 'so are computers' "$T_DIR/metrics" 'gapferry_server_computers 0'
t_ok 'the document ends as it must' test "$(tail -n 1 "$T_DIR/metrics")" = '# EOF'
t_ok 'every line is one of OpenMetrics' sh -c "! grep -qvE '^(# (TYPE|HELP|UNIT|EOF)|[a-z_]+(\{[^}]*\})? [0-9.]+\$)' '$T_DIR/metrics'"
t_server_stop

# ---- settings ----

start --redirect-originals
t_must curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "$T_URL/c/x_$sha1.cab"
t_ok 'sent on to our name' test "$(cat "$T_DIR/out")" = "302 $T_URL/Content/$(echo "$sha1" | cut -c 39-40)/$sha1.cab"
t_server_stop
start --redirect-originals --content-url http://content.example:8530
t_must curl -s -o /dev/null -w '%{redirect_url}' "$T_URL/c/x_$sha1.cab"
t_contains 'where content is' "$T_DIR/out" http://content.example:8530/Content/
t_server_stop
t_error 1 GF-2750 'a strange path of nginx' gapferry-server --repo "$T_DIR/importer" --listen 127.0.0.1:0 --accel-redirect 'a b'
t_error 1 GF-2752 'a certificate without key' gapferry-server --repo "$T_DIR/importer" --listen 127.0.0.1:0 --tls-cert x

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T_DIR/tls.key" -out "$T_DIR/tls.crt" -days 2 \
	-subj /CN=127.0.0.1 2>/dev/null
start --tls-cert "$T_DIR/tls.crt" --tls-key "$T_DIR/tls.key" --tls-listen 127.0.0.1:0
secure=https://$(sed -n 's/with TLS on //p' "$T_DIR/server.log")
t_must curl -fsS --cacert "$T_DIR/tls.crt" --insecure -o "$T_DIR/same" "$secure$object"
t_same 'content with TLS' "$T_DIR/object" "$T_DIR/same"
t_must curl -fsS -o "$T_DIR/same" "$T_URL$object"
t_same 'content without' "$T_DIR/object" "$T_DIR/same"
t_ok 'the services are there with TLS' curl -fsSk "$secure/api/v1/status"
for path in /api/v1/status /metrics /ClientWebService/client.asmx; do
	t_run curl -s -o /dev/null -w '%{http_code}' -d x "$T_URL$path"
	t_contains "$path is not there without" "$T_DIR/out" 404
done
t_server_stop

# ---- connections ----

start --per-address 1
python3 -c 'import socket, sys, time
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
c.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
c.recv(1000)
open(sys.argv[2], "w").close()
time.sleep(60)' "${T_URL##*:}" "$T_DIR/held" &
holder=$!
t_tries=0
until [ -e "$T_DIR/held" ] || [ "$t_tries" -gt 100 ]; do
	sleep 0.1
	t_tries=$((t_tries + 1))
done
t_ok 'a second connection of one address is refused' sh -c "! curl -fsS '$T_URL/healthz'"
kill "$holder"
wait "$holder" 2>/dev/null
t_tries=0
until curl -fsS -o /dev/null "$T_URL/healthz" 2>/dev/null || [ "$t_tries" -gt 100 ]; do
	sleep 0.1
	t_tries=$((t_tries + 1))
done
t_ok 'the next is not' curl -fsS "$T_URL/healthz"
t_server_stop
t_ok 'told to stop, it ends well' test "$T_STATUS" -eq 0

# ---- beside nginx ----

t_need nginx
start

# nginx_start SERVER HTTP: on a free port, NGINX_URL; what is inside of "server" and of "http".
nginx_start() {
	# A port that the kernel gave to a server of ours that is gone.
	: >"$T_DIR/free.log" # that of an earlier one must not be read
	gapferry-server --repo "$T_DIR/importer" --listen 127.0.0.1:0 >"$T_DIR/free.log" 2>&1 &
	nginx_free=$!
	until grep -q listening "$T_DIR/free.log"; do sleep 0.05; done
	kill "$nginx_free"
	wait "$nginx_free"
	nginx_port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$T_DIR/free.log" | head -n 1)
	NGINX_URL=http://127.0.0.1:$nginx_port
	mkdir -p "$T_DIR/nginx"
	{
		echo "pid $T_DIR/nginx/pid; worker_processes 1; events { } user $(id -un) $(id -gn);"
		echo "http { access_log off; sendfile on; default_type application/octet-stream;"
		for place in client_body proxy fastcgi uwsgi scgi; do
			echo "${place}_temp_path $T_DIR/nginx/$place;"
		done
		printf '%s server { listen 127.0.0.1:%s; %s\n} }\n' "$2" "$nginx_port" "$1"
	} >"$T_DIR/nginx/conf"
	nginx -p "$T_DIR/nginx" -c "$T_DIR/nginx/conf" -e "$T_DIR/nginx/error.log"
}
nginx_stop() { [ ! -s "$T_DIR/nginx/pid" ] || kill "$(cat "$T_DIR/nginx/pid")" 2>/dev/null || :; }

mkdir -p "$T_DIR/www${object%/*}"
cp -p "$T_DIR/object" "$T_DIR/www$object"
nginx_start "root $T_DIR/www;" ''
nginx_status=0 # what the script ends with is looked at
trap 'nginx_status=$?; nginx_stop; (exit "$nginx_status"); t_on_exit' EXIT

# answer URL FILE OPTION...: status, the headers that matter, and the body; boundaries are made equal.
answer() {
	answer_url=$1 answer_file=$2
	shift 2
	curl -s -D "$T_DIR/head" -o "$T_DIR/body" "$@" "$answer_url$object"
	boundary=$(sed -n 's/.*boundary=\([^\r]*\).*/\1/p' "$T_DIR/head")
	{
		head -n 1 "$T_DIR/head" | cut -d ' ' -f 2
		grep -i '^content-range:' "$T_DIR/head" | tr A-Z a-z
		[ -n "$boundary" ] || grep -i '^content-length:' "$T_DIR/head" | tr A-Z a-z
		if [ -n "$boundary" ]; then
			# nginx begins with a line break.
			sed "s/$boundary/BOUNDARY/g" "$T_DIR/body" | sed '1{/^\r$/d}'
		else
			cat "$T_DIR/body"
		fi
	} >"$answer_file" 2>/dev/null
	t_ok "the announced length of $*" test \
		"$(sed -n 's/^[Cc]ontent-[Ll]ength: \([0-9]*\).*/\1/p' "$T_DIR/head")" -eq "$(stat -c %s "$T_DIR/body")"
}

last=$((size - 1))
for range in 0-0 0-1023 1000-1999 "$last-" "0-$last" "0-$size" "$last-99999999999" -1 -1000 "-$size" \
	"-$((size + 1))" "$size-" 99999999999- 0-99,200-299 5-9,0-4 "0-9,-10" "0-9,$size-" "0-0,10-19,100-100,$last-"; do
	answer "$NGINX_URL" "$T_DIR/theirs" -r "$range"
	answer "$T_URL" "$T_DIR/ours" -r "$range"
	# nginx's own page of a refusal is another.
	if head -n 1 "$T_DIR/theirs" | grep -q 416; then
		grep -a -v '^content-length' "$T_DIR/theirs" | head -n 2 >"$T_DIR/theirs.head"
		grep -a -v '^content-length' "$T_DIR/ours" | head -n 2 >"$T_DIR/ours.head"
		t_same "bytes=$range: refused as nginx does" "$T_DIR/theirs.head" "$T_DIR/ours.head"
	else
		t_same "bytes=$range as nginx answers" "$T_DIR/theirs" "$T_DIR/ours"
	fi
done

# Conditions: each server with its own validators.
for who in "$NGINX_URL" "$T_URL"; do
	curl -sI "$who$object" | tr -d '\r' >"$T_DIR/head.$$"
	etag=$(sed -n 's/^ETag: //p' "$T_DIR/head.$$")
	date=$(sed -n 's/^Last-Modified: //p' "$T_DIR/head.$$")
	early='Thu, 01 Jan 1998 00:00:00 GMT'
	for header in "If-Range: $etag" 'If-Range: "x"' "If-Range: $date" "If-Range: $early" \
		"If-None-Match: $etag" 'If-None-Match: "x"' "If-Modified-Since: $date" \
		"If-Modified-Since: $early" "If-Unmodified-Since: $early" "If-Unmodified-Since: $date" \
		'If-Match: "x"' "If-Match: $etag"; do
		curl -s -o /dev/null -w '%{http_code}\n' -H "$header" -r 0-9 "$who$object"
	done >"$T_DIR/conditions.${who##*:}"
done
t_same 'conditions are judged as nginx does' "$T_DIR/conditions.$nginx_port" "$T_DIR/conditions.${T_URL##*:}"
nginx_stop
t_server_stop

# ---- behind nginx: the configuration of docs/OPERATIONS.md ----

start --accel-redirect /objects
chmod -R a+rX "$T_DIR/importer/content"
sed -n '/^    # nginx: locations/,/^    # nginx: end/p' docs/OPERATIONS.md |
	sed "s|/var/lib/gapferry/repository|$T_DIR/importer|; s|127.0.0.1:8529|${T_URL#http://}|" >"$T_DIR/locations"
t_ok 'the document has the configuration' test "$(wc -l <"$T_DIR/locations")" -gt 8
sleep 0.2
nginx_start "$(cat "$T_DIR/locations")" ''
t_must curl -fsS -o "$T_DIR/same" "$NGINX_URL$object"
t_same 'content through nginx' "$T_DIR/object" "$T_DIR/same"
t_must curl -fsS -r 1000-1999 -o "$T_DIR/same" "$NGINX_URL/c/x_$sha1.cab"
tail -c +1001 "$T_DIR/object" | head -c 1000 >"$T_DIR/part"
t_same 'a range through nginx' "$T_DIR/part" "$T_DIR/same"
t_ok 'the services through nginx' curl -fsS "$NGINX_URL/api/v1/status"
t_run curl -s -o /dev/null -w '%{http_code}' "$NGINX_URL/objects/"
t_contains 'the objects are not open' "$T_DIR/out" 404
