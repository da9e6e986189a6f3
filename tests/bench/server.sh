#!/bin/sh
# server.sh BIN: the update server under many scanning computers.
#
# A catalog of BENCH_UPDATES updates (137000) goes all the way from the connected side; at most
# BENCH_APPROVED (20000) of them are approved; BENCH_CLIENTS (2000) computers scan at once, first
# from nothing.  Prints the time to the first answer, errors, the median and p99 of a round, and
# processor time and memory of the server.  Figures are judged by who reads them: the computers
# share the processors with the server.
set -eu
bin=$1
updates=${BENCH_UPDATES:-137000} approved=${BENCH_APPROVED:-20000} clients=${BENCH_CLIENTS:-2000}
dir=${BENCH_DIR:-build/bench-server}
PATH=$bin:$PATH
server=''

stop() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || :
	server=''
}
trap stop EXIT
trap 'exit 130' INT TERM

say() { printf '%-52s %s\n' "$1" "$2"; }
now() { date +%s%N; }
seconds() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f s", (b - a) / 1e9 }'; }

# Processor time of the server in milliseconds.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$server/stat"; }

repository() {
	[ ! -e "$dir/importer.done" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir/medium"
	mkcatalog --out "$dir/catalog" --updates "$updates" --payloads 64 \
		--compression none >/dev/null
	for role in root builder approver; do
		gapferry-export key new --role "$role" --holder "$role" --out "$dir/keys" >/dev/null
	done
	gapferry-export trust new --root "$dir/keys/root-root.cert.pem" \
		--builder "$dir/keys/builder-builder.cert.pem" \
		--approver "$dir/keys/approver-approver.cert.pem" \
		--key "$dir/keys/root-root.key.pem" --out "$dir/trust" >/dev/null
	gapferry-export --repo "$dir/exporter" init >/dev/null
	gapferry-export --repo "$dir/exporter" channel add main --audience site --trust "$dir/trust" >/dev/null
	gapferry-import --repo "$dir/importer" init --channel main --audience site --trust "$dir/trust" >/dev/null
	gapferry-export --repo "$dir/exporter" ingest wsusscn2 "$dir/catalog/wsusscn2.cab" \
		--content "$dir/catalog/content" >/dev/null || [ $? -eq 2 ]
	rm -rf "$dir/catalog"
	gapferry-export --repo "$dir/exporter" write main --key "$dir/keys/builder-builder.key.pem" --out "$dir/medium" >/dev/null
	gapferry-export approve "$dir/medium/gapferry/main-1-1" --key "$dir/keys/approver-approver.key.pem" --trust "$dir/trust" >/dev/null || [ $? -eq 2 ]
	gapferry-import --repo "$dir/importer" import "$dir/medium/gapferry/main-1-1" >/dev/null || [ $? -eq 2 ]
	rm -rf "$dir/exporter" "$dir/medium"
	touch "$dir/importer.done"
}

# start: until the first answer to a computer.
start() {
	started=$(now)
	gapferry-server --repo "$dir/importer" --listen 127.0.0.1:0 >"$dir/server.log" 2>&1 &
	server=$!
	until url=$(sed -n 's|.*listening on \(127\.0\.0\.1:[0-9]*\).*|http://\1|p' "$dir/server.log") && [ -n "$url" ]; do
		kill -0 "$server" || { cat "$dir/server.log"; exit 1; }
		sleep 0.02
	done
	wuclient --url "$url" --scan-only >/dev/null
	say "$1: start to the end of a first scan" "$(seconds "$started" "$(now)")"
}

# pairs SUMMARY NAME
value() { printf '%s\n' "$1" | sed -n "s/.*\\<$2 \\([0-9.]*\\).*/\\1/p"; }

# scan TITLE OPTION...
scan() {
	title=$1
	shift
	before=$(cpu)
	summary=$(wuclient --url "$url" --scan-only "$@") || :
	after=$(cpu)
	machines=$(value "$summary" machines)
	say "$title: errors" "$(value "$summary" errors) of $machines"
	say "$title: rounds, updates of one computer" \
		"$(($(value "$summary" rounds) / machines)), $(($(value "$summary" updates) / machines))"
	say "$title: round, median / p99 / worst" \
		"$(value "$summary" median_ms) / $(value "$summary" p99_ms) / $(value "$summary" max_ms) ms"
	say "$title: all of it" "$(value "$summary" seconds) s"
	say "$title: processor of the server per scan" "$(awk -v a="$before" -v b="$after" -v n="$machines" \
		'BEGIN { printf "%.2f ms", (b - a) / n }')"
}

repository
start 'nothing approved'
if [ ! -e "$dir/approved" ]; then
	after='' page=1
	: >"$dir/list"
	while [ "$page" != null ]; do
		curl -fsS "$url/api/v1/updates?limit=1000$after" >"$dir/page"
		jq -r '.updates[] | select(.type == "Software" and .verdict == "ok" and .action == null and all(.files[]; .present)) | .update_id' \
			"$dir/page" >>"$dir/list"
		page=$(jq -r .next "$dir/page") after="&after=$page"
	done
	head -n "$approved" "$dir/list" >"$dir/approved"
fi
gapferry-server approve --repo "$dir/importer" --list "$dir/approved" --group 'All Computers' >/dev/null
say 'approved' "$(wc -l <"$dir/approved")"
stop
start 'approved'
# Of the detectoids and categories a real computer has a part: it is offered some thousand updates.
scan 'one after the other' --machines 32 --at-once 1 --share 20
scan 'at once, thinking' --machines "$clients" --at-once "$clients" --share 20 --think 10000
scan 'at once, never thinking' --machines "$clients" --at-once "$clients" --share 20
say 'memory of the server, at most' "$(awk '/^VmHWM/ { printf "%.0f MiB", $2 / 1024 }' "/proc/$server/status")"
