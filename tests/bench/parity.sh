#!/bin/sh
# parity.sh BIN_DIR: what parity costs and what repair gives, beside par2 and cp.
#
# - making parity in memory, per processor (parity.c); target 1000 MB/s
# - write with and without parity, beside cp + sync of the bytes of the bundle onto the same file
#   system, in turn; target: at least 0.90 of cp's speed
# - a volume with a burst of 20 MB repaired by import, and rebuilt by par2 from 6 % of parity
#
#   BENCH_ROUNDS default 5     BENCH_DIR where all files lie, default build/bench
# "others" in the last column: processors busy with other things (measure.c).
set -u
LC_ALL=C
export LC_ALL
bench='bench-parity'
. tests/bench/lib.sh
bin=$(cd "$1" && pwd) rounds=${BENCH_ROUNDS:-5}
PATH=$bin:$PATH
mkdir -p "${BENCH_DIR:-build/bench}"
work=$(mktemp -d "$(cd "${BENCH_DIR:-build/bench}" && pwd)/gapferry-parity.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
parity-bench 1024
log=$work/log
cd "$work" || exit 1

must mkcatalog --out catalog --seed 3 --updates 200 --payloads 24 --payload-min 20M --payload-max 100M
keys .
export GAPFERRY_REPO=exporter
must gapferry-export init
must gapferry-export channel add main --audience site1 --trust trust
gapferry-export ingest wsusscn2 catalog/wsusscn2.cab --content catalog/content >>log 2>&1
cp -r exporter fresh

# timed NAME COMMAND...: one row "NAME wall ..." in rows.
timed() {
	name=$1
	shift
	sync
	must measure line "$@"
	echo "$name $(tail -n 1 line)" >>rows
}
ours() {
	rm -rf exporter medium
	cp -r fresh exporter
	mkdir medium
	timed "$1" gapferry-export write main --key keys/bert-builder.key.pem --out medium $2
}
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	ours write-no-parity --no-parity
	ours write-parity ''
	rm -rf copy
	timed cp-sync sh -c 'cp -r medium copy && sync -f copy'
done
bytes=$(find medium -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f", n }')
awk -v bytes="$bytes" '
	{ n[$1]++; all[$1] = all[$1] " " $2; others[$1] += $6 }
	function median(list,   v, k, i, j, t) {
		k = split(list, v, " ")
		for (i = 1; i <= k; i++) for (j = i + 1; j <= k; j++) if (v[j] + 0 < v[i] + 0) { t = v[i]; v[i] = v[j]; v[j] = t }
		return v[int((k + 1) / 2)]
	}
	END {
		for (name in all)
			printf "%-18s %6.2f s, %5.0f MB/s (%s ) others %.2f\n", name, median(all[name]), bytes / median(all[name]) / 1e6, all[name], others[name] / n[name]
		printf "write with parity at %.2f of the speed of cp + sync (target 0.90)\n", median(all["cp-sync"]) / median(all["write-parity"])
	}' rows

# ---- repair ----

bundle=medium/gapferry/main-1-1
must gapferry-export approve $bundle --key keys/anna-approver.key.pem --trust trust
volume=$(stat -c %s $bundle/vol-0001.tar)
mkdir par2
cp $bundle/vol-0001.tar par2/
(cd par2 && timed par2-create par2 create -q -q -r6 -s1048576 vol-0001.tar) 2>>log
head -c 20000000 /dev/urandom >noise
for f in $bundle/vol-0001.tar par2/vol-0001.tar; do
	dd if=noise of=$f bs=1M seek=100000000 oflag=seek_bytes conv=notrunc status=none
done
cp $bundle/vol-0001.tar damaged
must repair $bundle trust out-warm
rm -rf out-warm
: >rows
timed repair-volume repair $bundle trust out
(cd par2 && must measure line par2 repair -q -q vol-0001.tar.par2 && echo "par2-repair $(tail -n 1 line)" >>../rows)
cmp out/vol-0001.tar par2/vol-0001.tar || exit 1
awk -v bytes="$volume" '{ printf "%-18s %6.2f s, %5.0f MB/s of volume\n", $1, $2, bytes / $2 / 1e6 }' rows
echo "repair target 300 MB/s"
