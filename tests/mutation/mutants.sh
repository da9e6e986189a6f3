#!/bin/sh
# Mutants of a small bundle and of a permission: one in MUTANTS_EVERY (default: all of them), each in
# the library.  What was refused why is counted by file.
#
#   MUTANTS_EVERY=40 BIN=build/release/bin sh tests/mutation/mutants.sh
. tests/e2e/lib.sh
t_need mkcatalog mutants gapferry-export
t_in_memory

every=${MUTANTS_EVERY:-1}
jobs=1
[ "$every" -gt 1 ] || jobs=$(nproc)
t_trust "$T_DIR"
t_must gapferry-export key new --role approver --holder ada --out "$T_DIR/keys"
t_must gapferry-export trust new --root "$T_DIR/keys/ruth-root.cert.pem" \
	--builder "$T_DIR/keys/bert-builder.cert.pem" \
	--approver "$T_DIR/keys/anna-approver.cert.pem" "$T_DIR/keys/ada-approver.cert.pem" \
	--key "$T_DIR/keys/ruth-root.key.pem" --out "$T_DIR/trust2"
rm -r "$T_DIR/trust"
mv "$T_DIR/trust2" "$T_DIR/trust"
t_catalog "$T_DIR" --updates 24 --payloads 1 --payload-max 4K
t_exporter "$T_DIR"
t_ingest "$T_DIR"
t_bundle "$T_DIR" 1 --no-parity
until=$(date -u -d '+100 days' +%Y-%m-%dT%H:%M:%SZ)
for key in anna ada; do
	t_must gapferry-export override "$T_BUNDLE" --key "$T_DIR/keys/$key-approver.key.pem" \
		--trust "$T_DIR/trust" --to "$T_DIR/permit" --reason flood --until "$until"
done

# mutate KIND DIR: all parts of it at once; the totals are in T_TRIED and T_ACCEPTED
mutate() {
	part=0
	pids=
	while [ "$part" -lt "$jobs" ]; do
		cp -r "$2" "$T_DIR/$1-$part"
		mutants "$1" "$T_DIR/$1-$part" "$T_DIR/trust" $((every * jobs)) $((part * every)) \
			>"$T_DIR/$1-$part.out" 2>"$T_DIR/$1-$part.err" &
		pids="$pids $!"
		part=$((part + 1))
	done
	bad=0
	for pid in $pids; do
		wait "$pid" || bad=$?
	done
	cat "$T_DIR/$1"-*.out "$T_DIR/$1"-*.err >"$T_DIR/out"
	: >"$T_DIR/err"
	sed 's/^/# /' "$T_DIR/out"
	T_TRIED=$(awk '/^mutants: [0-9]/ { n += $2 } END { print n + 0 }' "$T_DIR/out")
	if [ "$bad" -eq 0 ] && [ "$T_TRIED" -gt 0 ]; then
		t_pass "$1: $T_TRIED mutants, 0 accepted"
	else
		t_fail "$1: $T_TRIED mutants (exit status $bad)"
	fi
	# put back: what lies there is the good one again
	part=0
	while [ "$part" -lt "$jobs" ]; do
		t_ok "$1: everything was put back" diff -r "$2" "$T_DIR/$1-$part"
		part=$((part + 1))
	done
}
mutate bundle "$T_BUNDLE"
if [ "$every" -eq 1 ]; then
	t_ok 'at least 50,000 of a bundle' [ "$T_TRIED" -ge 50000 ]
fi
mutate permission "$T_DIR/permit"

# It would notice: a file that nothing signs is one whose mutants are accepted.
mkdir "$T_DIR/strange"
cp -r "$T_BUNDLE" "$T_DIR/strange/"
echo x >"$T_DIR/strange/$(basename "$T_BUNDLE")/.x"
t_status 1 'accepted mutants are noticed' mutants bundle "$T_DIR/strange/$(basename "$T_BUNDLE")" \
	"$T_DIR/trust" 400 0
