#!/bin/sh
# Increments that are lost, late or early: random sequences end with both sides the same.
# SEQUENCES and SEQUENCE_SEED run others (make sequences SEQUENCES=200).
. tests/e2e/lib.sh
. tests/e2e/sequence.sh
t_need mkcatalog gapferry-export gapferry-import jq

t_in_memory
t_trust "$T_DIR"
first=${SEQUENCE_SEED:-1} count=${SEQUENCES:-4} seed=0
while [ "$seed" -lt "$count" ]; do
	sequence_run $((first + seed))
	seed=$((seed + 1))
done
