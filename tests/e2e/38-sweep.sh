#!/bin/sh
# Random damage, 300 times: repaired exactly or named; 10,000 times is `make sweep`.
SWEEP_COUNT=300 SWEEP_MEDIA=30M SWEEP_DIR=$PWD/build/e2e
export SWEEP_COUNT SWEEP_MEDIA SWEEP_DIR
mkdir -p "$SWEEP_DIR"
. tests/sweep/sweep.sh
