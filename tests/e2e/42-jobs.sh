#!/bin/sh
# Jobs: configuration and drop-ins, runs, retention, notifications, metrics, status.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq

t_site "$T_DIR" --updates 60 --payloads 4 --payload-max 64K
t_must mkcatalog --out "$T_DIR/next" --updates 70 --payloads 4 --payload-max 64K --seed 5 \
	--created 2026-08-11T17:00:00Z
out=$T_DIR/outbox state=$T_DIR/state etc=$T_DIR/etc
mkdir -p "$out" "$etc/jobs" "$T_DIR/usr/jobs" "$T_DIR/in" "$T_DIR/prom"
cp "$T_DIR/catalog/wsusscn2.cab" "$T_DIR/in/"
cp -r "$T_DIR/catalog/content" "$T_DIR/in/"
# Nothing was ingested into this one.
t_must gapferry-export --repo "$T_DIR/fresh" init
t_must gapferry-export --repo "$T_DIR/fresh" channel add main --audience site1 --trust "$T_DIR/trust"
GAPFERRY_CONFIG_DIR=$T_DIR/usr:$etc GAPFERRY_STATE_DIR=$state
export GAPFERRY_CONFIG_DIR GAPFERRY_STATE_DIR

cat >"$T_DIR/hook" <<-'END'
	#!/bin/sh
	# hook DIR: keep the report and what the environment says.
	cat >"$1/hook.report"
	echo "$GAPFERRY_JOB $GAPFERRY_STATUS ${GAPFERRY_KEY_PASSPHRASE-none}" >"$1/hook.env"
	cmp "$GAPFERRY_REPORT" "$1/hook.report"
END
chmod 755 "$T_DIR/hook"

# conf LINE...: the job "weekly", with these further lines in [job].
conf() {
	{
		cat <<-END
			# A job.
			[job]
			repo = $T_DIR/fresh
			channel = main
			out = $out
			key = $T_DIR/keys/bert-builder.key.pem
			media = 1M
		END
		for line in "$@"; do echo "$line"; done
		cat <<-END

			[source scan]
			kind = wsusscn2
			file = $T_DIR/in/wsusscn2.cab
			content = $T_DIR/in/content
		END
	} >"$etc/jobs/weekly.conf"
}
run() {
	gapferry-export run weekly "$@"
}
bundles() {
	(cd "$out/gapferry" && echo *)
}

# ---- a run ----

conf "on-success = $T_DIR/hook $T_DIR" "on-failure = $T_DIR/hook $T_DIR" 'max-age = 10d' \
	"metrics = $T_DIR/prom/weekly.prom" 'schedule = Mon *-*-* 03:00'
t_ok 'a dry run' run --dry-run --json
cp "$T_DIR/out" "$T_DIR/dry.json"
t_json "$T_DIR/dry.json" '[.would_write, .sources[0].status, .due] | map(tostring) | join(" ")' \
	'true would be ingested true'
t_ok 'it wrote nothing' test ! -e "$state" -a ! -e "$out/gapferry"
t_ok 'the first run' env GAPFERRY_KEY_PASSPHRASE=secret gapferry-export run weekly --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '"\(.status) \(.reason) \(.sources[0].status) \(.bundle.sequence)"' \
	'success first ingested 1'
t_ok 'the command got the report' cmp "$state/jobs/weekly/report.json" "$T_DIR/hook.report"
t_contains 'and its environment, without the passphrase' "$T_DIR/hook.env" 'weekly success none'
t_must gapferry-export approve "$out/gapferry/main-1-1" --key "$T_DIR/keys/anna-approver.key.pem" \
	--trust "$T_DIR/trust"
t_ok 'the bundle can be imported' gapferry-import --repo "$T_DIR/importer" import \
	"$out/gapferry/main-1-1"

t_contains 'the ledger tells the run' "$T_DIR/fresh/ledger" \
	' job bundle=main-1-1 job=weekly channel=main status=success '
t_ok 'a second run' run --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '"\(.status) \(.reason) \(.sources[0].status) \(.bundle)"' \
	'unchanged unchanged unchanged null'
t_contains 'one that wrote nothing, too' "$T_DIR/fresh/ledger" \
	' job job=weekly channel=main status=unchanged '
touch -d '2026-01-02' "$T_DIR/in/wsusscn2.cab"
t_ok 'with another time of the same catalog' run --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '.sources[0].status' unchanged
t_ok 'a forced run' run --force --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '[.reason, .bundle.sequence] | map(tostring) | join(" ")' 'forced 2'
cp "$T_DIR/next/wsusscn2.cab" "$T_DIR/in/"
cp "$T_DIR/next/content/"* "$T_DIR/in/content/"
t_ok 'a new catalog' run --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '"\(.reason) \(.sources[0].status) \(.bundle.sequence)"' \
	'changed ingested 3'
t_ok 'if it is not due' run --if-due
t_contains 'nothing is done' "$T_DIR/out" 'not due'
echo extra >"$T_DIR/in/content/extra.bin"
t_ok 'a new file of the payload folder' run --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '[.sources[0].status, .reason] | join(" ")' 'ingested unchanged'
rm "$T_DIR/in/content/extra.bin"

# ---- metrics ----

cat >"$T_DIR/metrics.awk" <<-'AWK'
	# OpenMetrics text, the subset with gauges: strict.
	function bad(why) { print NR ": " why ": " $0; wrong = 1 }
	ended { bad("after # EOF") }
	/^# EOF$/ { ended = 1; next }
	/^# TYPE / { if (NF != 4 || $4 != "gauge" || ($3 in seen)) bad("type"); family = $3; seen[family] = 1; next }
	/^# HELP / { if ($3 != family || NF < 4) bad("help"); next }
	/^#/ { bad("comment"); next }
	!/^[a-zA-Z_:][a-zA-Z0-9_:]*\{name="[A-Za-z0-9._-]+"\} -?[0-9]+$/ { bad("sample") }
	{ name = $1; sub(/\{.*/, "", name); if (name != family) bad("family"); samples++ }
	END { if (!ended) print "no # EOF"; if (samples < 9) print "samples: " samples; exit wrong || !ended || samples < 9 }
AWK
prom=$T_DIR/prom/weekly.prom
metric() {
	sed -n "s/^gapferry_job_$1{name=\"weekly\"} //p" "$prom"
}
t_ok 'the metrics are OpenMetrics' awk -f "$T_DIR/metrics.awk" "$prom"
t_ok 'the sequence' test "$(metric bundle_sequence)" = 3
t_ok 'the exit status' test "$(metric last_run_status)" = 0
t_ok 'the last success is of the last run' test "$(metric last_success_timestamp_seconds)" \
	-eq "$(metric last_run_timestamp_seconds)"
t_ok 'the outbox' test "$(metric outbox_bytes)" -gt 100000
t_ok 'nothing is left beside it' test "$(ls "$T_DIR/prom")" = weekly.prom

# ---- failure ----

mv "$T_DIR/in/wsusscn2.cab" "$T_DIR/in/away"
t_error 6 GF-2056 'a dry run without the source' run --dry-run
t_error 6 GF-2056 'a run without the source' run
t_json "$T_DIR/hook.report" '[.status, .error.id, .exit_status] | map(tostring) | join(" ")' \
	'failed GF-2056 6'
t_ok 'metrics of a failure' awk -f "$T_DIR/metrics.awk" "$prom"
t_ok 'the exit status' test "$(metric last_run_status)" = 6
t_status 2 'job status tells' gapferry-export job status weekly --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" '.jobs[0] | "\(.last_run.status) \(.last_run.error.id) \(.overdue)"' \
	'failed GF-2056 false'
mv "$T_DIR/in/away" "$T_DIR/in/wsusscn2.cab"
t_ok 'it goes on' run
t_ok 'job status is content' gapferry-export job status
t_contains 'history has one line for each run' "$state/jobs/weekly/history.jsonl" '"sequence":3'
t_ok 'each line is an object' jq -e . "$state/jobs/weekly/history.jsonl"

# ---- notifications ----

conf "on-success = /bin/false" 'notify-timeout = 1s'
t_status 2 'a command that fails is a warning' run
t_contains 'with its own id' "$T_DIR/err" 'GF-2059'
cat >"$T_DIR/hang" <<-END
	#!/bin/sh
	sleep 1000 &
	echo \$! >$T_DIR/hang.pid
	wait
END
chmod 755 "$T_DIR/hang"
conf "on-success = $T_DIR/hang" 'notify-timeout = 1s'
t_status 2 'a command that hangs is killed' run
t_contains 'and named' "$T_DIR/err" 'killed after 1 seconds'
# Its orphan may be a zombie until somebody waits for it.
t_ok 'with what it started' sh -c "! grep -q '^State:.[^Z]' /proc/$(cat "$T_DIR/hang.pid")/status 2>/dev/null"
conf 'on-success = "/no such/program" x'
t_status 2 'a command that is not there' run
t_json "$state/jobs/weekly/state.json" '.running' null

# ---- overlap ----

cat >"$T_DIR/wait" <<-END
	#!/bin/sh
	touch $T_DIR/waiting
	while [ ! -e $T_DIR/go ]; do sleep 0.1; done
END
chmod 755 "$T_DIR/wait"
conf "on-success = $T_DIR/wait"
gapferry-export run weekly >"$T_DIR/first.out" 2>&1 &
first=$!
tries=0
while [ ! -e "$T_DIR/waiting" ] && [ $tries -lt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
t_error 8 GF-2054 'a second run beside the first' run
t_contains 'it names the holder' "$T_DIR/err" "process $first "
touch "$T_DIR/go"
wait $first
t_ok 'the first one ended well' test $? -eq 0

# ---- retention ----

conf 'keep = 2'
mkdir -p "$out/gapferry/main-1-900" "$out/gapferry/main-1-x" "$out/gapferry/other-1-1"
echo mine >"$out/gapferry/main-1-900/MANIFEST"
t_status 2 'retention' run --force --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '.removed | join(" ")' 'main-1-2 main-1-1'
t_json "$T_DIR/run.json" '.warnings[] | .[0:7]' GF-2060
t_ok 'what was kept' test "$(bundles)" = 'main-1-3 main-1-4 main-1-900 main-1-x other-1-1'
rm -r "$out/gapferry/main-1-900"
touch "$out/gapferry/main-1-3/notes.txt"
t_ok 'a dry run of it' run --force --dry-run --json
t_status 2 'a bundle with a foreign file' run --force --json
cp "$T_DIR/out" "$T_DIR/run.json"
t_json "$T_DIR/run.json" '.removed | length' 0
rm "$out/gapferry/main-1-3/notes.txt"
conf 'keep = 1' 'keep-days = 7'
t_ok 'young bundles stay' run --force
t_ok 'all of them' test "$(bundles)" = 'main-1-3 main-1-4 main-1-5 main-1-6 main-1-x other-1-1'
t_must gapferry-export --repo "$T_DIR/fresh" channel confirm main --site site1 --sequence 4
kept='main-1-4 main-1-6 main-1-x other-1-1'
conf 'keep = 1'
t_ok 'a dry run says what would go' run --dry-run
t_contains 'by name' "$T_DIR/out" 'would remove: main-1-3'
t_ok 'without a new bundle' run
t_ok 'the newest stays, and one that a site confirmed' test "$(bundles)" = "$kept"
conf 'min-free = 1000T'
t_error 7 GF-1712 'no space is left for the others' run --force
conf
t_ok 'and then it is' run

# ---- kill -9, signals ----

summary() {
	gapferry-export --repo "$1" status --json | jq -c .catalogs
}
summary "$T_DIR/fresh" >"$T_DIR/before"
if strace -f -o /dev/null -e trace=none true 2>/dev/null; then
	calls=pwrite64,write,fsync,fdatasync,syncfs,renameat,renameat2,rename,unlinkat,openat,ftruncate,mkdirat
	killed=0 wrong=
	for n in 2 12 30 50 70 90 110 130 150 200 250 300 400; do
		rm -rf "$T_DIR/again" "$T_DIR/again.state"
		t_must gapferry-export --repo "$T_DIR/again" init
		t_must gapferry-export --repo "$T_DIR/again" channel add main --audience site1 \
			--trust "$T_DIR/trust"
		mkdir -p "$T_DIR/again.out"
		conf "repo = " "out = "
		sed -i '/^repo = ..*/d; /^out = ..*/d' "$etc/jobs/weekly.conf"
		sed -i "s|^repo = \$|repo = $T_DIR/again|; s|^out = \$|out = $T_DIR/again.out|" \
			"$etc/jobs/weekly.conf"
		t_run env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=$calls \
			-e inject=$calls:signal=SIGKILL:when=$n \
			gapferry-export run weekly --state-dir "$T_DIR/again.state"
		[ "$T_STATUS" -eq 0 ] || killed=$((killed + 1))
		t_run gapferry-export run weekly --state-dir "$T_DIR/again.state"
		[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:$T_STATUS"
		jq -e . "$T_DIR/again.state/jobs/weekly/state.json" >/dev/null || wrong="$wrong $n:state"
		summary "$T_DIR/again" | cmp -s - "$T_DIR/before" || wrong="$wrong $n:differs"
		[ "$(find "$T_DIR/again.out" -name '*.part')" = '' ] || wrong="$wrong $n:left"
		[ "$(ls "$T_DIR/again.out/gapferry")" ] || wrong="$wrong $n:none"
		rm -rf "$T_DIR/again.out"
	done
	if [ -z "$wrong" ]; then
		t_pass "killed $killed times; the next run completed"
	else
		t_fail "kill -9:$wrong"
	fi
	t_ok 'some kills came before the end' test $killed -ge 8
	conf
	t_run env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=fsync \
		-e inject=fsync:signal=SIGKILL:when=8 gapferry-export run weekly --force
	t_status 2 'a run that was killed' gapferry-export job status
	t_contains 'is told' "$T_DIR/out" 'killed'
	t_ok 'the next run' run
	t_contains 'is remembered' "$state/jobs/weekly/history.jsonl" '"status":"killed"'
	t_run env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=fsync \
		-e inject=fsync:signal=SIGTERM:when=3 gapferry-export run weekly --force
	t_ok 'a signal interrupts' test "$T_STATUS" -eq 9
	t_contains 'and is remembered' "$state/jobs/weekly/history.jsonl" '"status":"interrupted"'
	t_ok 'the next run goes on' run
else
	t_skip 'kill -9' 'strace cannot be used here'
fi

# ---- due, overdue ----

conf 'max-age = 10d' 'schedule = weekly'
t_ok 'a job in time' gapferry-export job status weekly
if command -v faketime >/dev/null && faketime -f +1d gapferry-export --version >/dev/null 2>&1; then
	t_ok 'nine days later' faketime -f +9d gapferry-export job status weekly
	t_status 2 'eleven days later it is overdue' faketime -f +11d gapferry-export job status \
		weekly --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	t_json "$T_DIR/status.json" '.jobs[0] | [.due, .overdue] | map(tostring) | join(" ")' \
		'true true'
	t_ok 'a missed run is made up for' faketime -f +11d gapferry-export run weekly --if-due --json
	cp "$T_DIR/out" "$T_DIR/run.json"
	t_json "$T_DIR/run.json" '[.sources[0].status, .reason] | join(" ")' 'unchanged max-age'
	t_ok 'once' faketime -f +11d gapferry-export run weekly --if-due
	t_contains 'it is not due then' "$T_DIR/out" 'not due'
else
	t_skip 'overdue' 'faketime is not there, or not with these programs'
fi
rm -rf "$state"
t_status 2 'a job that never ran is overdue' gapferry-export job status weekly
conf
t_ok 'a job without max-age never is' gapferry-export job status weekly
t_ok 'it runs once' run
t_error 1 GF-2058 'but cannot say when it is due' run --if-due
echo '{' >"$state/jobs/weekly/state.json"
t_error 3 GF-2055 'a damaged state' run
rm "$state/jobs/weekly/state.json"
t_ok 'can be removed' run

# ---- history stays bounded ----

yes '{"status":"success"}' | head -n 1000 >"$state/jobs/weekly/history.jsonl"
t_ok 'the thousand and first run' run
t_ok 'a thousand are kept' test "$(wc -l <"$state/jobs/weekly/history.jsonl")" -eq 1000

# ---- configuration ----

printf '[job]\nmedia = cd\nexpires-days = 30\n' >"$T_DIR/usr/jobs/weekly.conf"
mkdir -p "$etc/jobs/weekly.conf.d" "$T_DIR/usr/jobs/weekly.conf.d"
printf '[job]\nchannel = nowhere\n' >"$T_DIR/usr/jobs/weekly.conf.d/10-a.conf"
t_error 1 GF-1710 'a drop-in of the first directory counts' run --dry-run
printf '[job]\nchannel = main\n' >"$T_DIR/usr/jobs/weekly.conf.d/20-b.conf"
t_ok 'a later one after it' run --dry-run
rm "$T_DIR/usr/jobs/weekly.conf.d/20-b.conf"
: >"$etc/jobs/weekly.conf.d/10-a.conf"
t_ok 'one of the same name in the last directory replaces it' run --dry-run
printf '[source scan]\nfile = /no/such/file\n' >"$etc/jobs/weekly.conf.d/50-c.conf"
t_error 6 GF-2056 'a drop-in changes one key of a source' run --dry-run
printf '[source scan]\nfile =\n' >"$etc/jobs/weekly.conf.d/50-c.conf"
t_error 1 GF-2050 'an empty value takes a key back' run --dry-run
rm -r "$etc/jobs/weekly.conf.d" "$T_DIR/usr/jobs/weekly.conf.d"
t_ok 'the main file of the last directory wins' gapferry-export job list --json
cp "$T_DIR/out" "$T_DIR/list.json"
t_json "$T_DIR/list.json" '.jobs[0].file' "$etc/jobs/weekly.conf"
t_ok 'directories may be given' run --dry-run --config-dir "$T_DIR/usr" --config-dir "$etc"
t_error 1 GF-2051 'a job that is not there' gapferry-export run monthly
t_error 1 GF-2051 'a name that is none' gapferry-export run ../weekly

# wrong LINE TEXT: this line in [job] is refused, with file, line and cause.
wrong() {
	conf "$1"
	t_error 1 GF-2050 "refused: $1" run --dry-run
	t_contains 'with its place' "$T_DIR/err" "weekly.conf:8: $2"
}
wrong 'colour = red' 'colour: unknown key in [job]'
wrong 'channel = other' 'channel: given twice'
wrong 'keep = 0' 'keep = 0: not a number'
wrong 'keep = many' 'keep = many: not a number'
wrong 'expires-days = 3651' 'expires-days = 3651: not a number'
wrong 'threads = 65' 'threads = 65: not a number'
wrong 'incomplete = maybe' 'incomplete = maybe: neither yes nor no'
wrong 'kind = half' 'kind = half: neither auto nor full'
wrong 'max-age = 10' 'max-age = 10: not a time'
wrong 'max-age = 10y' 'max-age = 10y: not a time'
wrong 'min-free = lots' 'min-free = lots: not a size'
wrong 'metrics = here.prom' 'metrics = here.prom: not an absolute path'
wrong 'on-success = mail root' 'on-success = mail root: not an absolute path'
wrong 'on-success = /bin/mail "root' 'on-success = /bin/mail "root: not an absolute path'
wrong 'schedule = $(date)' 'schedule = $(date): not the characters'
wrong 'keep' 'neither KEY = VALUE'
wrong 'keep: 3' 'neither KEY = VALUE'
wrong '  keep = 3' 'a line that begins with a blank'
wrong 'keep = 3 ; three' 'a comment stands on a line of its own'
wrong '[job]' '[job]: given twice'
wrong '[jobs]' '[jobs]: unknown section'
wrong '[source scan] x' 'a section is [NAME]'
wrong '[source a b]' '[source a b]: the name of a source'
wrong "keep = $(printf '%0200d' 1)" 'a line of more than 198 bytes'
wrong "keep = $(printf 'caf\303\251')" 'byte 11 is not printable ASCII'
for key in repo channel out key; do
	conf
	sed -i "/^$key = /d" "$etc/jobs/weekly.conf"
	t_error 1 GF-2050 "refused: without $key" run --dry-run
done
conf
sed -i '/^\[source/,$d' "$etc/jobs/weekly.conf"
t_error 1 GF-2050 'refused: without a source' run --dry-run
conf '[source other]' 'kind = wsusscn2' "file = $T_DIR/catalog/wsusscn2.cab" \
	'accept-shrink = yes'
t_error 1 GF-2057 'two sources of one series' run
conf
chmod o+w "$etc/jobs/weekly.conf"
t_error 1 GF-2052 'a file that everybody may write' run --dry-run
chmod o-w "$etc/jobs/weekly.conf"
chmod o+w "$etc/jobs"
t_error 1 GF-2052 'a directory that everybody may write' run --dry-run
chmod o-w "$etc/jobs"
head -c 70000 /dev/zero | tr '\0' '\n' >>"$etc/jobs/weekly.conf"
t_error 3 GF-1006 'a file that is too large' run --dry-run
conf

# ---- keys and passphrases ----

cp "$T_DIR/keys/bert-builder.key.pem" "$T_DIR/open.pem"
chmod 644 "$T_DIR/open.pem"
conf "passphrase-file = $T_DIR/open.pem"
t_error 1 GF-2053 'a passphrase that others may read' run --force
t_must env GAPFERRY_KEY_PASSPHRASE='open sesame' gapferry-export key new --role builder \
	--holder carl --out "$T_DIR/carl"
t_must gapferry-export trust new --root "$T_DIR/keys/ruth-root.cert.pem" \
	--builder "$T_DIR/carl/carl-builder.cert.pem" \
	--approver "$T_DIR/keys/anna-approver.cert.pem" \
	--key "$T_DIR/keys/ruth-root.key.pem" --out "$T_DIR/trust2"
t_must gapferry-export --repo "$T_DIR/fresh" channel add locked --audience site1 \
	--trust "$T_DIR/trust2"
mkdir -p "$T_DIR/credentials"
(umask 077 && echo 'open sesame' >"$T_DIR/credentials/phrase")
cp "$T_DIR/carl/carl-builder.key.pem" "$T_DIR/credentials/builder"
conf
sed -i 's/^channel = .*/channel = locked/; s/^key = .*/key = builder\npassphrase-file = phrase/' \
	"$etc/jobs/weekly.conf"
t_error 1 GF-2053 'credentials without systemd' run
t_ok 'key and passphrase as credentials' env CREDENTIALS_DIRECTORY="$T_DIR/credentials" \
	gapferry-export run weekly
t_ok 'a bundle of that channel is there' test -d "$out/gapferry/locked-1-1"
t_ok 'job check opens the key, too' env CREDENTIALS_DIRECTORY="$T_DIR/credentials" \
	gapferry-export job check weekly

# ---- job check, job list ----

conf "metrics = $prom" "on-failure = $T_DIR/hook" 'schedule = daily'
t_ok 'a good job' gapferry-export job check
t_contains 'is said to be' "$T_DIR/out" 'job weekly: good'
# checked N ID LINE...: job check ends with status N and names the problem.
checked() {
	t_want_=$1 t_id_=$2
	shift 2
	conf "$@"
	t_status "$t_want_" "job check: $*" gapferry-export job check weekly
	t_contains "names $t_id_" "$T_DIR/out" "problem $t_id_"
}
checked 1 GF-2050 'colour = red'
if command -v faketime >/dev/null && faketime -f +1d gapferry-export --version >/dev/null 2>&1; then
	conf 'expires-days = 3650'
	t_status 1 'job check: keys that end before the bundle' faketime -f +10d \
		gapferry-export job check weekly
	t_contains 'names GF-2013' "$T_DIR/out" 'problem GF-2013'
fi
checked 1 GF-1004 'metrics = /no/such/dir/x.prom'
checked 1 GF-2059 'on-failure = /no/such/program'
if command -v systemd-analyze >/dev/null; then
	checked 1 GF-2058 'schedule = every.other.day'
	t_error 1 GF-2058 'and so does the status' gapferry-export job status weekly
fi
conf
sed -i 's|^out = .*|out = /no/such/outbox|' "$etc/jobs/weekly.conf"
t_status 1 'job check: an outbox that is not there' gapferry-export job check weekly --json
cp "$T_DIR/out" "$T_DIR/check.json"
t_json "$T_DIR/check.json" '.jobs[0].problems[0].id' GF-1002
conf
sed -i 's|^key = .*|key = '"$T_DIR/open.pem"'|' "$etc/jobs/weekly.conf"
t_status 1 'job check: a key that others may read' gapferry-export job check weekly
sed -i 's|^key = .*|key = '"$T_DIR/keys/anna-approver.key.pem"'|' "$etc/jobs/weekly.conf"
t_status 4 'job check: the key of an approver' gapferry-export job check weekly
conf 'colour = red'
t_status 2 'job list shows a broken job' gapferry-export job list
t_contains 'with its problem' "$T_DIR/out" 'GF-2050'

# ---- drop-ins for systemd ----

conf 'schedule = Mon *-*-* 03:00' "metrics = $prom" 'on-success = /bin/true'
t_ok 'a drop-in for the timer' gapferry-export job timer weekly
t_contains 'has the schedule' "$T_DIR/out" 'OnCalendar=Mon *-*-* 03:00'
t_ok 'a drop-in for the service' gapferry-export job service weekly
t_contains 'opens the outbox' "$T_DIR/out" "ReadWritePaths=\"$out\""
t_contains 'and the network for the command' "$T_DIR/out" 'PrivateNetwork=no'
conf
t_error 1 GF-2058 'without a schedule there is no drop-in' gapferry-export job timer weekly
