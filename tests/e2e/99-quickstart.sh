#!/bin/sh
# 99-quickstart.sh: what README promises first keeps working.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-verify gapferry-import gapferry-server mkcatalog wuclient curl jq

t_ok 'make quickstart goes through every step' tests/quickstart.sh "$BIN"
cp "$T_DIR/out" "$T_DIR/shown"
t_contains 'and says so' "$T_DIR/shown" 'Everything worked.'
t_contains 'a receipt comes back' "$T_DIR/shown" 'receipt 1 of site site1, signed by ivan'
t_contains 'the second bundle is an increment' "$T_DIR/shown" 'increment on sequence 1: confirmed by every site'
t_contains 'computers scan without an error' "$T_DIR/shown" 'machines 20 errors 0'
t_contains 'which is confirmed, too' "$T_DIR/shown" 'receipt 2 of site site1, signed by ivan'
t_contains 'and has its custody report' "$T_DIR/shown" '  site site1: imported at '
