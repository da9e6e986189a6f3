# shellcheck shell=sh
# shellcheck disable=SC2154 # bench, log, rounds, round and threads are of the scripts
# lib.sh: what the benchmarks share.  They set `bench` to the target of make that they are, and `log`
# to the file that takes what commands print, and source it in the root of the tree.

die() {
	echo "$bench: $*" >&2
	exit 1
}

# must COMMAND...: a step that is not timed.
must() {
	"$@" >>"$log" 2>&1 && return
	tail -n 20 "$log" >&2
	die "failed: $*"
}

# findings COMMAND...: findings are no failure.
findings() {
	"$@" || [ $? -eq 2 ]
}

# ---- a site ----

# keys DIR: the keys of three people, and their trust.
keys() {
	must gapferry-export key new --role root --holder ruth --out "$1/keys"
	must gapferry-export key new --role builder --holder bert --out "$1/keys"
	must gapferry-export key new --role approver --holder anna --out "$1/keys"
	must gapferry-export trust new --root "$1/keys/ruth-root.cert.pem" \
		--builder "$1/keys/bert-builder.cert.pem" \
		--approver "$1/keys/anna-approver.cert.pem" \
		--key "$1/keys/ruth-root.key.pem" --out "$1/trust"
}

# repository DIR OPTION...: a catalog, made with these options, goes all the way to DIR/importer.
repository() {
	at=$1
	shift
	mkdir -p "$at/medium"
	must mkcatalog --out "$at/catalog" "$@"
	keys "$at"
	must gapferry-export --repo "$at/exporter" init
	must gapferry-export --repo "$at/exporter" channel add main --audience site --trust "$at/trust"
	must gapferry-import --repo "$at/importer" init --channel main --audience site \
		--trust "$at/trust"
	must findings gapferry-export --repo "$at/exporter" ingest wsusscn2 \
		"$at/catalog/wsusscn2.cab" --content "$at/catalog/content"
	rm -rf "$at/catalog"
	must gapferry-export --repo "$at/exporter" write main --key "$at/keys/bert-builder.key.pem" \
		--out "$at/medium"
	must findings gapferry-export approve "$at/medium/gapferry/main-1-1" \
		--key "$at/keys/anna-approver.key.pem" --trust "$at/trust"
	must findings gapferry-import --repo "$at/importer" import "$at/medium/gapferry/main-1-1"
	rm -rf "$at/exporter" "$at/medium"
}

# serve DIR OPTION...: a server of DIR/importer on a free port; its pid is in server, and port.
serve() {
	at=$1
	shift
	: >"$at/server.log" # that of an earlier one must not be read
	gapferry-server --repo "$at/importer" --listen 127.0.0.1:0 "$@" >"$at/server.log" 2>&1 &
	server=$!
	until port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$at/server.log") &&
		[ -n "$port" ]; do
		kill -0 "$server" || { cat "$at/server.log"; exit 1; }
		sleep 0.02
	done
}

# ---- rounds of commands beside each other ----

free_kib() {
	df -Pk "$1" | awk 'NR == 2 { print $4 }'
}

# begin GIB BIN_DIR: to a new folder, work, with so much room; here is the root of the tree.
begin() {
	gib=$1 room=$(($1 * 1048576)) bin=$2
	LC_ALL=C TZ=UTC
	export LC_ALL TZ
	unset GAPFERRY_REPO GAPFERRY_TRUST GAPFERRY_KEY GAPFERRY_KEY_PASSPHRASE GAPFERRY_MEDIA \
		GAPFERRY_THREADS SOURCE_DATE_EPOCH
	umask 022
	work=''
	trap '[ -z "$work" ] || rm -rf "$work"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	[ -x "$bin/gapferry-export" ] && [ -x "$bin/mkcatalog" ] && [ -x "$bin/measure" ] ||
		die "$bin: no gapferry-export, mkcatalog or measure in it; run it as: make $bench"
	PATH=$(cd "$bin" && pwd):$PATH
	export PATH
	case $rounds,$threads in
	*[!0-9,]* | ,* | *, | 0,* | *,0) die 'BENCH_ROUNDS, BENCH_THREADS: want a number, 1 or more' ;;
	esac
	if [ -z "${BENCH_DIR:-}" ]; then
		BENCH_DIR=build/bench
		memory=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
		if [ -d /dev/shm ] && [ -w /dev/shm ] && [ "$(free_kib /dev/shm)" -ge "$room" ] &&
			[ "$memory" -ge "$room" ]; then
			BENCH_DIR=/dev/shm
		fi
	fi
	mkdir -p "$BENCH_DIR" || exit 1
	[ "$(free_kib "$BENCH_DIR")" -ge "$room" ] || die "$BENCH_DIR: less than $gib GiB free"
	work=$(mktemp -d "$(cd "$BENCH_DIR" && pwd)/gapferry-$bench.XXXXXX") || exit 1
	here=$PWD log=$work/log
	cd "$work" || exit 1
}

# timed NAME COMMAND...: adds "NAME ROUND wall user system peak others" to rows.  What others wrote
# is flushed before, so that nobody pays for his predecessor.
timed() {
	name=$1
	shift
	sync -f .
	measure line "$@" >>"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		die "$name failed: $*"
	}
	echo "$name $round $(tail -n 1 line)" >>rows
}

# pair OURS PEER: run_OURS and run_PEER; the order changes from round to round.
pair() {
	if [ $((round % 2)) -eq 1 ]; then
		"run_$1" && "run_$2"
	else
		"run_$2" && "run_$1"
	fi
}

say_round() {
	echo "$bench: round $round of $rounds, load $(cut -d ' ' -f 1-3 /proc/loadavg)" >&2
}

say_where() {
	cat <<-END
	where       $work ($(df -PT . | awk 'NR == 2 { print $2 }'))
	machine     $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(uname -sr)
	END
}

# keep_rows: as build/BENCH.rows of the tree.
keep_rows() {
	mkdir -p "$here/build" && cp rows "$here/build/$bench.rows" || exit 1
}
