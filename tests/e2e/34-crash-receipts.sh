#!/bin/sh
# kill -9 at many points of receipt and receive: a number of a receipt never stands for two texts,
# the connected side knows all of a receipt or nothing, and the same command again completes.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq timeout

t_in_memory
t_must gapferry-export key new --role importer --holder ines --out "$T_DIR/keys"
t_trust "$T_DIR" --importer "$T_DIR/keys/ines-importer.cert.pem"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_ingest "$T_DIR"
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"

# killed N COMMAND...: as in 34-crash.sh.
if strace -f -o /dev/null -e trace=none true 2>/dev/null; then
	calls=pwrite64,write,fsync,fdatasync,syncfs,renameat,renameat2,rename,unlinkat,unlink,openat,ftruncate,linkat,mkdirat
	killed() {
		n=$1
		shift
		ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace="$calls" -e inject="$calls":signal=SIGKILL:when="$n" "$@"
	}
	steps='1 20 30 33 35 36 37 38 39 40 41 42 43 44 45 46 47 48 50 54'
else
	killed() {
		n=$1
		shift
		timeout -s KILL "$(awk "BEGIN { print $n / 1000 }")" "$@"
	}
	steps='1 2 3 4 5 6 7 8 9 10 12 14 16 20'
fi

receipt() {
	"$@" gapferry-import --repo "$T_DIR/i" receipt --key "$T_DIR/keys/ines-importer.key.pem" \
		--out "$T_DIR/back"
}
receive() {
	gapferry-export --repo "$T_DIR/e" receive "$1"
}
fresh() {
	rm -rf "$T_DIR/i" "$T_DIR/e" "$T_DIR/back"
	cp -r "$T_DIR/importer" "$T_DIR/i"
	cp -r "$T_DIR/exporter" "$T_DIR/e"
	mkdir "$T_DIR/back"
}
# known: sequence and counter that the connected side knows of the site.
known() {
	gapferry-export --repo "$T_DIR/e" status --json |
		jq -c '.channels[0].sites[0] | [.sequence, .counter]'
}

# ---- receipt ----

wrong='' cut=0 lost=0
for n in $steps; do
	fresh
	receipt t_run killed "$n"
	[ "$T_STATUS" -eq 0 ] || cut=$((cut + 1))
	first=$T_DIR/back/receipt-main-site1-1.txt
	had=no
	if [ -e "$first" ]; then
		had=$(sha256sum <"$first")
		receive "$first" >"$T_DIR/out" 2>"$T_DIR/err" || wrong="$wrong $n:first"
	fi
	receipt t_run
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:again=$T_STATUS"
	last=$(find "$T_DIR/back" -name 'receipt-*.txt' | sort | tail -n 1)
	case $had:$last in
	no:*-1.txt) ;;
	no:*-2.txt) lost=$((lost + 1)) ;;
	*:*-2.txt) [ "$had" = "$(sha256sum <"$first")" ] || wrong="$wrong $n:replaced" ;;
	*) wrong="$wrong $n:$last" ;;
	esac
	receive "$last" >"$T_DIR/out" 2>"$T_DIR/err" || wrong="$wrong $n:last"
	[ "$(grep -c ' receipt bundle=main-1-1 ' "$T_DIR/i/ledger").txt" = "${last##*-site1-}" ] ||
		wrong="$wrong $n:ledger"
	gapferry-import --repo "$T_DIR/i" ledger check >"$T_DIR/out" 2>"$T_DIR/err" ||
		wrong="$wrong $n:check"
done
if [ -z "$wrong" ]; then
	t_pass "receipt: killed $cut times, $lost times after its number was taken, always completed"
else
	t_fail "receipt:$wrong"
fi
t_ok 'receipt: some kills came before the end' test "$cut" -ge 5

# ---- receive ----

fresh
receipt t_must
cp "$T_DIR/back/receipt-main-site1-1.txt" "$T_DIR/receipt.txt"
wrong='' cut=0 before=0
for n in $steps; do
	fresh
	t_run killed "$n" gapferry-export --repo "$T_DIR/e" receive "$T_DIR/receipt.txt"
	[ "$T_STATUS" -eq 0 ] || cut=$((cut + 1))
	case $(known) in
	'[0,0]') before=$((before + 1)) ;;
	'[1,1]') ;;
	*) wrong="$wrong $n:between" ;;
	esac
	t_run receive "$T_DIR/receipt.txt"
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:again=$T_STATUS"
	[ "$(known)" = '[1,1]' ] || wrong="$wrong $n:unknown"
	[ "$(grep -c ' receive bundle=main-1-1 ' "$T_DIR/e/ledger")" -eq 1 ] || wrong="$wrong $n:ledger"
	gapferry-export --repo "$T_DIR/e" ledger check >"$T_DIR/out" 2>"$T_DIR/err" ||
		wrong="$wrong $n:check"
done
if [ -z "$wrong" ]; then
	t_pass "receive: killed $cut times, $before times before it counted, always completed"
else
	t_fail "receive:$wrong"
fi
t_ok 'receive: some kills came before the end' test "$cut" -ge 5 -a "$before" -ge 3
