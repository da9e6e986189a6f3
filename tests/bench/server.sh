#!/bin/sh
# server.sh BIN: the update server under many scanning computers.
#
# A catalog of BENCH_UPDATES updates (137000) goes all the way from the connected side; at most
# BENCH_APPROVED (20000) of them are approved; BENCH_CLIENTS (2000) computers scan at once, first
# from nothing, have BENCH_SHARE per cent (20) of the detectoids and categories, and think for
# BENCH_THINK ms (8000) before each request.  BENCH_PROFILE
# is that of mkcatalog: small (core fragments of 4 KiB) or true (140 KiB: a round is then one of few
# updates, and BENCH_SHARE=50 brings about a thousand).
# Prints the time to the first answer, errors, the median and p99 of a round, and processor time and
# memory of the server, with "met" or "missed" where there is a target.  The computers share the
# processors with the server: what they take is printed too.
set -eu
bench='bench-server'
. tests/bench/lib.sh
bin=$1
updates=${BENCH_UPDATES:-137000} approved=${BENCH_APPROVED:-20000} clients=${BENCH_CLIENTS:-2000}
profile=${BENCH_PROFILE:-small} share=${BENCH_SHARE:-20} think=${BENCH_THINK:-8000}
dir=${BENCH_DIR:-build/bench-server-$profile}
log=$dir/log
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

# judge TITLE VALUE UNIT MOST
judge() {
	say "$1" "$(awk -v v="$2" -v u="$3" -v m="$4" \
		'BEGIN { printf "%s %s (at most %s: %s)", v, u, m, v <= m ? "met" : "missed" }')"
}

# Processor time of the server in milliseconds.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$server/stat"; }

prepare() {
	[ ! -e "$dir/importer.done" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir"
	repository "$dir" --profile "$profile" --updates "$updates" --payloads 64
	touch "$dir/importer.done"
}

start() {
	serve "$dir"
	url=http://127.0.0.1:$port
}

# All that can be approved, up to a number.
approve() {
	[ ! -e "$dir/approved" ] || return 0
	start
	after='' page=1
	: >"$dir/list"
	while [ "$page" != null ]; do
		curl -fsS "$url/api/v1/updates?limit=1000$after" >"$dir/page"
		jq -r '.updates[] | select(.type == "Software" and .verdict == "ok" and .action == null and all(.files[]; .present)) | .update_id' \
			"$dir/page" >>"$dir/list"
		page=$(jq -r .next "$dir/page") after="&after=$page"
	done
	stop
	head -n "$approved" "$dir/list" >"$dir/some"
	gapferry-server approve --repo "$dir/importer" --list "$dir/some" --group 'All Computers' >/dev/null
	mv "$dir/some" "$dir/approved"
}

# pairs SUMMARY NAME
value() { printf '%s\n' "$1" | sed -n "s/.*\\<$2 \\([0-9.]*\\).*/\\1/p"; }

# scan TITLE OPTION...
scan() {
	title=$1
	shift
	before=$(cpu)
	rm -f "$dir/line"
	measure "$dir/line" wuclient --url "$url" --scan-only --share "$share" "$@" >"$dir/summary" || :
	after=$(cpu)
	summary=$(cat "$dir/summary")
	machines=$(value "$summary" machines)
	judge "$title: errors" "$(value "$summary" errors)" "of $machines" 0
	say "$title: rounds, updates of one computer" \
		"$(($(value "$summary" rounds) / machines)), $(($(value "$summary" updates) / machines))"
	say "$title: round, median / p99 / worst" \
		"$(value "$summary" median_ms) / $(value "$summary" p99_ms) / $(value "$summary" max_ms) ms"
	say "$title: all of it" "$(value "$summary" seconds) s"
	judge "$title: processor of the server per scan" "$(awk -v a="$before" -v b="$after" \
		-v n="$machines" 'BEGIN { printf "%.2f", (b - a) / n }')" ms 30
	say "$title: processor of the computer per scan" "$(awk -v n="$machines" \
		'{ printf "%.2f ms", ($2 + $3) * 1000 / n }' "$dir/line")"
}

prepare
approve
say 'approved' "$(wc -l <"$dir/approved")"
started=$(now)
start
wuclient --url "$url" --scan-only --share "$share" >/dev/null
judge 'start to the end of a first scan' \
	"$(awk -v a="$started" -v b="$(now)" 'BEGIN { printf "%.2f", (b - a) / 1e9 }')" s 5
scan 'one after the other' --machines 64 --at-once 1
scan 'at once, thinking' --machines "$clients" --at-once "$clients" --think "$think"
judge 'at once, thinking: median' "$(value "$summary" median_ms)" ms 50
scan 'at once, never thinking' --machines "$clients" --at-once "$clients"
judge 'memory of the server' "$(awk '/^VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status")" MiB 1024
