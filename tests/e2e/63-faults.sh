#!/bin/sh
# One call after the other fails: an error with an id, the old state or the new one, and the same command
# again completes.  `make faults` takes each call; this script, one of some dozens.
. tests/e2e/lib.sh
. tests/fault/scenarios.sh
t_need faults mkcatalog gapferry-export gapferry-verify gapferry-import

case $BIN in
*/asan/* | *asan/bin | *coverage/bin)
	t_skip 'calls that fail' 'a sanitizer wants to be loaded first'
	exit 0
	;;
esac
t_in_memory
: "${FAULT_EVERY:=29}" "${FAULT_MEMORY:=4001}"
f_prepare
for name in ${FAULT_ONLY:-$F_NAMES}; do
	t_ok "$name" f_scenario "$name"
	[ ! -s "$T_DIR/out" ] || sed "s/^/# $name: /" "$T_DIR/out"
done
