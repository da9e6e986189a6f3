#!/bin/sh
# Every state of a small model of the sequence rules, with the deciding functions themselves; and that
# it would notice: one function after the other is spoilt, and each time a violation must be found.
# All of it is `make model`.
. tests/e2e/lib.sh
t_need model

t_ok 'no rule is violated in any state' model --clocks 12 --keys 4
t_contains 'none of them' "$T_DIR/out" ' 0 violations'
states=$(sed -n 's/^model: \([0-9]*\) states,.*/\1/p' "$T_DIR/out")
t_ok 'in a million states' [ "${states:-0}" -ge 1000000 ]
t_status 1 'a torn commit is noticed' model --clocks 3 --keys 0 --torn
t_contains 'as what it is' "$T_DIR/out" 'half of an import is visible'
t_status 2 'a space that is too large is not called complete' model --most 1000

mode=${BIN%/bin}
t_must make -s MODE="${mode##*/}" model-broken
for sed in tests/model/broken/*.sed; do
	name=$(basename "$sed" .sed)
	t_status 1 "noticed: $name" "$mode/model/$name" --clocks 12 --keys 7 --most 4000000
	grep -q '^violation: \|^model: signers ' "$T_DIR/out" "$T_DIR/err" ||
		t_fail "$name: says what is wrong"
done
