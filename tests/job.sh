#!/bin/sh
# job.sh FILE.sh: run one job of run.sh.  FILE.limit holds its time limit in
# seconds; FILE.out, FILE.err and FILE.status receive what became of it.
job=${1%.sh}
timeout -k 10 "$(cat "$job.limit")" sh "$job.sh" >"$job.out" 2>"$job.err" </dev/null
echo $? >"$job.status"
