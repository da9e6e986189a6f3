#!/bin/sh
# Progress is shown on a terminal for work of more than a second, and nowhere else.
. tests/e2e/lib.sh
t_need gapferry-verify mkcatalog script strace

t_site "$T_DIR" --updates 60 --payloads 20 --payload-min 2M --payload-max 4M
t_bundle "$T_DIR" 1

# strace makes the medium slow: 30 ms for each read.
cat >"$T_DIR/slow" <<END
export ASAN_OPTIONS=detect_leaks=0 # leaks cannot be looked for under strace
exec strace -f -qq -o /dev/null -e trace=pread64 -e inject=pread64:delay_exit=30000 \
	gapferry-verify '$T_BUNDLE' --trust '$T_DIR/trust' --threads 1
END
if ! strace -qq -o /dev/null -e trace=pread64 true 2>/dev/null; then
	t_skip 'progress on a terminal' 'strace may not trace here'
	exit 0
fi
t_ok 'a slow verification on a terminal' script -qec "sh $T_DIR/slow" "$T_DIR/typescript"
t_contains 'shows what it does' "$T_DIR/typescript" 'verifying: '
t_contains 'the share that is done' "$T_DIR/typescript" '%)'
t_contains 'the rate' "$T_DIR/typescript" ' MiB/s'
t_contains 'and the time left' "$T_DIR/typescript" ' left'
t_ok 'without a terminal' sh "$T_DIR/slow"
t_ok 'it is silent' test ! -s "$T_DIR/err"
