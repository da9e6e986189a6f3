#!/bin/sh
# run.sh BUILD SECONDS TARGET...: run each libFuzzer program on its corpus.
#
# What it learns goes to BUILD/corpus/NAME and is kept for the next run; the
# corpus in the tree is only read.  Targets run nproc at a time.  Prints the
# executions of each target and the total; on a crash the file that caused it.
set -u
build=$1 seconds=$2; shift 2
crashes=$build/crashes logs=$build/logs
mkdir -p "$crashes" "$logs"

# One target: invoked again through xargs.
if [ "$#" -eq 2 ] && [ "$1" = --one ]; then
	name=$(basename "$2")
	grown=$build/corpus/$name
	mkdir -p "$grown"
	seeds=
	[ ! -d "tests/fuzz/corpus/$name" ] || seeds=tests/fuzz/corpus/$name
	"$2" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$crashes/$name-" "$grown" ${seeds:+"$seeds"} \
		>"$logs/$name" 2>&1
	echo $? >"$logs/$name.status"
	exit 0
fi

printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 "$0" "$build" "$seconds" --one

total=0 failed=0
for target in "$@"; do
	name=$(basename "$target")
	n=$(awk '/^stat::number_of_executed_units:/ { print $2 }' "$logs/$name")
	total=$((total + ${n:-0}))
	if [ "$(cat "$logs/$name.status")" -eq 0 ]; then
		printf 'ok    %-16s %12d executions\n' "$name" "${n:-0}"
		continue
	fi
	failed=$((failed + 1))
	printf 'FAIL  %-16s %12d executions\n' "$name" "${n:-0}"
	tail -n 30 "$logs/$name"
	sed -n "s|.*Test unit written to \(.*\)|reproduce with: $target \1|p" "$logs/$name"
done
echo "$total executions of $# targets, $failed failed"
[ "$failed" -eq 0 ]
