#!/bin/sh
# What a disk may show after the power went during a command of either side: old or new, with every
# object, for ever; and the same command completes.  Without a flush that matters this script must see it.
. tests/e2e/lib.sh
. tests/fault/scenarios.sh
t_need crash mkcatalog gapferry-export gapferry-import

case $BIN in
*asan/bin | *coverage/bin)
	t_skip 'crash states' 'a sanitizer wants to be loaded first'
	exit 0
	;;
esac
t_in_memory
: "${CRASH_COUNT:=1000000}" "${CRASH_RESTARTS:=40}"
f_prepare

# states SCENARIO OPTION...
states() {
	c_name=$1
	shift
	case $c_name in
	import-*) c_repo=importer c_verb='import @/medium' ;;
	ingest) c_repo=exporter c_verb='ingest wsusscn2 @/catalog/wsusscn2.cab --content @/catalog/content' ;;
	write-*) c_repo=exporter c_verb='write main --no-parity --key @/keys/bert-builder.key.pem --out @/medium' ;;
	approve) c_repo=exporter c_verb='approve @/medium/gapferry/main-1-1 --key @/keys/anna-approver.key.pem --trust @/trust' ;;
	receive) c_repo=exporter c_verb='receive @/back/receipt-main-site1-1.txt' ;;
	esac
	[ "$c_name" = receive ] || c_verb="$c_verb --threads 1"
	crash --shim "$BIN/shim.so" --base "$T_DIR/base/$c_name" --work "$T_DIR/work" \
		--repo "$c_repo" "$@" "gapferry-${c_repo%er} --repo @/$c_repo $c_verb"
}

set -- import-full import-increment ingest write-full write-increment approve receive
each=$((CRASH_COUNT / 2 / $# + 1))
for name; do
	for grain in 512 4096; do
		t_ok "$name, torn at $grain bytes" states "$name" --grain $grain \
			--count $each --restarts $((CRASH_RESTARTS / 4))
		sed "s/^/# $name $grain: /" "$T_DIR/out"
	done
done

# ---- without a flush: 1 of the file system, 2 of files ----

for skip in 1 2; do
	t_status 3 "a flush left out is noticed ($skip)" states import-full --grain 4096 \
		--count 60000 --restarts 0 --skip $skip
	sed 's/^/# /' "$T_DIR/out" | tail -n 1
done
