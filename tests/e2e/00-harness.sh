#!/bin/sh
# The harness itself: a check that should fail does, and the scratch directory stays.
. tests/e2e/lib.sh

mkdir -p "$T_DIR/inner"
cat >"$T_DIR/inner/00-harness-inner.sh" <<'EOF'
. tests/e2e/lib.sh
echo '{"a": [1, 2]}' >"$T_DIR/a.json"
echo other >"$T_DIR/b"
t_ok 'true succeeds' true
t_ok 'false succeeds' false
t_status 3 'exit statuses are compared' sh -c 'exit 3'
t_status 3 'exit statuses are compared' sh -c 'exit 4'
t_same 'a file is itself' "$T_DIR/b" "$T_DIR/b"
t_same 'files differ' "$T_DIR/a.json" "$T_DIR/b"
t_contains 'text is found' "$T_DIR/b" the
t_contains 'text is literal' "$T_DIR/b" 'o.h'
t_json "$T_DIR/a.json" '.a | length' 2
t_json "$T_DIR/a.json" '.a[0]' 2
t_json "$T_DIR/b" '.a' null
t_skip 'not now' 'no reason'
t_error 1 GF-1001 'a failure as it must look' sh -c \
	'{ echo "x: GF-1001: bad"; echo "x: next step: none"; } >&2; exit 1'
t_error 1 GF-1001 'a failure without next step' sh -c 'echo "x: GF-1001: bad" >&2; exit 1'
t_must false
t_ok 'never reached' true
EOF
cat >"$T_DIR/want" <<'EOF'
ok 1
not ok 2
ok 3
not ok 4
ok 5
not ok 6
ok 7
not ok 8
ok 9
not ok 10
not ok 11
ok 12
ok 13
not ok 14
not ok 15
1..15
EOF
t_status 1 'failures are the exit status' sh "$T_DIR/inner/00-harness-inner.sh"
grep -v '^#' "$T_DIR/out" | sed 's/ - .*//' >"$T_DIR/got"
t_same 'every check gives its verdict' "$T_DIR/want" "$T_DIR/got"
t_ok 'the scratch directory is kept after a failure' test -f build/e2e/00-harness-inner/a.json
rm -rf build/e2e/00-harness-inner

cat >"$T_DIR/inner/00-harness-good.sh" <<'EOF'
. tests/e2e/lib.sh
t_need no-such-program
t_fail 'never reached'
EOF
t_ok 'an absent program skips the script' sh "$T_DIR/inner/00-harness-good.sh"
t_contains 'with its name' "$T_DIR/out" '# SKIP no-such-program is not there'
t_status 1 'the scratch directory is removed after success' test -e build/e2e/00-harness-good
