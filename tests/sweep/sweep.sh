#!/bin/sh
# sweep.sh: SWEEP_COUNT (default 10000) damages over a bundle of several volumes of 100 MB in memory
# (SWEEP_DIR, default /dev/shm or build), and every single volume dropped; see sweep.c.
. tests/e2e/lib.sh
t_need gapferry-export mkcatalog sweep
dir=${SWEEP_DIR:-}
[ -n "$dir" ] || { [ -w /dev/shm ] && dir=/dev/shm; } || dir=$T_DIR
work=$(mktemp -d "$dir/gapferry-sweep.XXXXXX") || exit 1
trap 'rm -rf "$work"; t_on_exit' EXIT
t_site "$work" --seed 9 --updates 40 --payloads 30 --payload-min 100K --payload-max 40M
t_bundle "$work" 1 --media "${SWEEP_MEDIA:-100M}" --spare 1
# What is wrong, and how far it is, is shown as it goes.
exec 4>&2
t_ok "every damage is repaired or named" sh -c 'exec sweep "$@" 2>&4' sweep "$T_BUNDLE" "$work/trust" \
	"${SWEEP_COUNT:-10000}" "${SWEEP_SEED:-1}"
cat "$T_DIR/out"
