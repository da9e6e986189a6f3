#!/bin/sh
# One in 61 of the mutants of a small bundle's signed files; all of them is `make mutants`.
MUTANTS_EVERY=61
. tests/mutation/mutants.sh
