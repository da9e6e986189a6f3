#!/bin/sh
# 99-quickstart.sh: what README promises first keeps working.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-verify gapferry-import gapferry-server mkcatalog curl jq

t_ok 'make quickstart goes through every step' tests/quickstart.sh "$BIN"
t_contains 'and says so' "$T_DIR/out" 'Everything worked.'
