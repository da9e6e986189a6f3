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
bench='bench-catalog'
. tests/bench/lib.sh
rounds=${BENCH_ROUNDS:-5} threads=${BENCH_THREADS:-2} updates=${BENCH_UPDATES:-27400}
only=${BENCH_ONLY:-}
[ $# -eq 1 ] || die 'usage: catalog.sh BIN_DIR'
for tool in 7zz xmllint; do
	command -v $tool >/dev/null || die "$tool is missing"
done
begin 12 "$1"

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
	keys .
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
	say_round
	[ "$only" = master ] || run_whole
	pair master xmllint
	pair fifth xmllint5
	round=$((round + 1))
done
say_where
cat <<END
master      137000 updates, $(stat -c %s master/package.xml) bytes
fifth       27000 updates, $(stat -c %s fifth/package.xml) bytes
END
full=0 increment=0
if [ "$only" != master ]; then
	bundle --since 1
	full=$(metadata main-1-1) increment=$(metadata main-1-2)
	echo "catalog     $updates updates, $(stat -c %s first/wsusscn2.cab) bytes; its shards are $unpacked"
fi
awk -v full="$full" -v increment="$increment" -f "$here/tests/bench/rows.awk" \
	-f "$here/tests/bench/catalog.awk" rows
keep_rows
