#!/bin/sh
# catalog.sh BIN_DIR: taking in a catalog of the true profile, beside the standard tools.
#
#   ours                                    beside it
#   ingest of a catalog with shards         7zz x -mmt1 of the same shards, to files
#   ingest of its successor, 2 % changed    the first ingest of the same round
#   ingest of a master document alone,      xmllint --stream --noout of it
#   of 137000 and of 27000 updates
#   metadata of the increment               metadata of the full bundle, in bytes
#
# BENCH_ROUNDS rounds; the order within a pair changes from round to round.  Prints medians of wall
# and processor time, the medians of the ratios pair by pair, and peak memory, with "met" or
# "missed".  Exit status: 0 whatever the figures are, 1 when something could not be run.
#
#   BENCH_ROUNDS   default 5
#   BENCH_THREADS  default 2
#   BENCH_ONLY     "master": the master documents alone, which takes a minute; default everything
#   BENCH_UPDATES  default 27400, a fifth of the true catalog (137000): 5 GB unpacked
#   BENCH_DIR      where all files lie (a new folder in it, removed afterwards); default /dev/shm
#                  when 12 GiB are free there and in memory, else build/bench
#
# The master documents are always of that size.  Making the catalogs takes minutes.
set -u
LC_ALL=C TZ=UTC
export LC_ALL TZ
unset GAPFERRY_REPO GAPFERRY_TRUST GAPFERRY_KEY GAPFERRY_KEY_PASSPHRASE GAPFERRY_MEDIA \
	GAPFERRY_THREADS SOURCE_DATE_EPOCH
umask 022
rounds=${BENCH_ROUNDS:-5} threads=${BENCH_THREADS:-2} updates=${BENCH_UPDATES:-27400}
only=${BENCH_ONLY:-}
room=12582912 work=

die() {
	echo "catalog: $*" >&2
	exit 1
}
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

[ $# -eq 1 ] || die 'usage: catalog.sh BIN_DIR'
if ! { [ -x "$1/gapferry-export" ] && [ -x "$1/mkcatalog" ] && [ -x "$1/measure" ]; }; then
	die "$1: no gapferry-export, mkcatalog or measure in it; run it as: make bench-catalog"
fi
PATH=$(cd "$1" && pwd):$PATH
export PATH
for tool in 7zz xmllint; do
	command -v $tool >/dev/null || die "$tool is missing"
done

free_kib() {
	df -Pk "$1" | awk 'NR == 2 { print $4 }'
}
if [ -z "${BENCH_DIR:-}" ]; then
	BENCH_DIR=build/bench
	memory=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
	if [ -w /dev/shm ] && [ "$(free_kib /dev/shm)" -ge $room ] && [ "$memory" -ge $room ]; then
		BENCH_DIR=/dev/shm
	fi
fi
mkdir -p "$BENCH_DIR" || exit 1
[ "$(free_kib "$BENCH_DIR")" -ge $room ] || die "$BENCH_DIR: less than 12 GiB free"
work=$(mktemp -d "$(cd "$BENCH_DIR" && pwd)/gapferry-catalog.XXXXXX") || exit 1
here=$PWD
cd "$work" || exit 1

must() {
	"$@" >>log 2>&1 && return
	tail -n 20 log >&2
	die "failed: $*"
}

# timed NAME COMMAND...: adds "NAME ROUND wall user system peak others" to rows.
timed() {
	name=$1
	shift
	sync -f .
	measure line "$@" >>log 2>&1 </dev/null || {
		tail -n 20 log >&2
		die "$name failed: $*"
	}
	echo "$name $round $(tail -n 1 line)" >>rows
}

# make_master NAME UPDATES: the master document of a catalog, in cabinets of its own.
make_master() {
	mkdir "$1" "$1.outer" "$1.cab"
	must mkcatalog --out whole --profile true --core-bytes 32 --updates "$2" --seed 7
	must 7zz x -y whole/wsusscn2.cab -o"$1" package.cab
	mv "$1/package.cab" "$1.outer/"
	must 7zz x -y "$1.outer/package.cab" -o"$1"
	rm -rf whole
	echo '<INDEX VERSION="1"><CABLIST XOR="0"><CAB NAME="package.cab" /></CABLIST></INDEX>' \
		>"$1.outer/index.xml"
	must mkcatalog --pack "$1.outer" --out "$1.cab/wsusscn2.cab"
}

make_input() {
	make_master master 137000
	make_master fifth 27000
	[ "$only" != master ] || return 0
	must mkcatalog --out first --profile true --updates "$updates" --seed 7
	must mkcatalog --out next --profile true --updates "$updates" --seed 7 --successor 1
	mkdir shards
	must 7zz x -y first/wsusscn2.cab -oshards
	must gapferry-export key new --role root --holder ruth --out keys
	must gapferry-export key new --role builder --holder bert --out keys
	must gapferry-export key new --role approver --holder anna --out keys
	must gapferry-export trust new --root keys/ruth-root.cert.pem \
		--builder keys/bert-builder.cert.pem --approver keys/anna-approver.cert.pem \
		--key keys/ruth-root.key.pem --out trust
}

# ingest NAME REPO CABINET
ingest() {
	timed "$1" gapferry-export --repo "$2" ingest wsusscn2 "$3" --threads "$threads"
}

run_first() {
	rm -rf repo
	must gapferry-export --repo repo init
	ingest first repo first/wsusscn2.cab
}

cat >unpack.sh <<'END'
for file in shards/package*.cab; do
	7zz x -mmt1 -y -bd -ofiles/"$(basename "$file" .cab)" "$file" >/dev/null || exit 1
done
END
run_7zz() {
	rm -rf files
	timed 7zz sh unpack.sh
	[ "$round" -gt 1 ] || unpacked=$(find files -type f -printf '%s\n' |
		awk '{ n += $1 } END { printf "%.0f bytes in %d files", n, NR }')
	rm -rf files
}

# ingest_master NAME
ingest_master() {
	rm -rf lone
	must gapferry-export --repo lone init
	ingest "$1" lone "$1.cab/wsusscn2.cab"
	rm -rf lone
}

run_master() {
	ingest_master master
}

run_fifth() {
	ingest_master fifth
}

run_xmllint() {
	timed xmllint xmllint --stream --noout master/package.xml
}

run_xmllint5() {
	timed xmllint5 xmllint --stream --noout fifth/package.xml
}

pair() {
	if [ $((round % 2)) -eq 1 ]; then
		"run_$1" && "run_$2"
	else
		"run_$2" && "run_$1"
	fi
}

# The catalog with its shards, and its successor; the bundle of the last round is kept.
run_whole() {
	pair first 7zz
	if [ "$round" -eq "$rounds" ]; then
		must gapferry-export --repo repo channel add main --audience site1 --trust trust
		mkdir medium
		bundle
	fi
	ingest next repo next/wsusscn2.cab
}

# metadata BUNDLE: bytes of packs and listings in its volumes.
metadata() {
	awk '$5 > 0 && ($3 == "pack" || $3 == "catalog") { n += $8 } END { printf "%.0f\n", n }' \
		"medium/gapferry/$1/OBJECTS"
}

bundle() {
	must gapferry-export --repo repo write main --key keys/bert-builder.key.pem --out medium \
		--threads "$threads" "$@"
}

make_input
rm -f rows
round=1
while [ "$round" -le "$rounds" ]; do
	echo "catalog: round $round of $rounds, load $(cut -d ' ' -f 1-3 /proc/loadavg)" >&2
	[ "$only" = master ] || run_whole
	pair master xmllint
	pair fifth xmllint5
	round=$((round + 1))
done
cat <<END
where       $work ($(df -PT . | awk 'NR == 2 { print $2 }'))
machine     $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(uname -sr)
master      137000 updates, $(stat -c %s master/package.xml) bytes
fifth       27000 updates, $(stat -c %s fifth/package.xml) bytes
END
full=0 increment=0
if [ "$only" != master ]; then
	bundle --since 1
	full=$(metadata main-1-1) increment=$(metadata main-1-2)
	echo "catalog     $updates updates, $(stat -c %s first/wsusscn2.cab) bytes; its shards are $unpacked"
fi
awk -v full="$full" -v increment="$increment" -f "$here/tests/bench/catalog.awk" rows
mkdir -p "$here/build" && cp rows "$here/build/bench-catalog.rows" || exit 1
