#!/bin/sh
# Attacks of tests/attack/volumes.cases: each of verifier, importer and card gives the verdict and the
# reason of the table.
. tests/e2e/lib.sh
. tests/attack/run.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl basenc

attack_site
attack_more
attack_run tests/attack/volumes.cases
