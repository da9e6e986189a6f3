#!/bin/sh
# Attacks of tests/attack/values.cases: each of verifier, importer and card gives the verdict and the
# reason of the table.
. tests/e2e/lib.sh
. tests/attack/run.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl basenc

attack_site
attack_run tests/attack/values.cases
