# shellcheck shell=sh
# lib.sh: what every end-to-end script sources first.
#
#   . tests/e2e/lib.sh          (scripts run in the root of the tree)
#   t_need gapferry-export      skips the whole script when a program is absent
#   t_site "$T_DIR"             keys, trust, an exporter, an importer, a catalog
#   t_ok 'a catalog can be ingested' gapferry-export --repo "$T_DIR/exporter" ...
#
# Each check prints one line of TAP and never ends the script; t_must is for
# steps without which the rest makes no sense.  T_DIR is a scratch directory,
# removed when everything passed.  The programs come from $BIN, real data from
# $SHARED.  When the script ends, servers are stopped and the plan is printed.

BIN=${BIN:-$PWD/build/release/bin}
# shellcheck disable=SC2034 # for the scripts
SHARED=${GAPFERRY_SHARED:-../shared}/data
T_DIR=$PWD/build/e2e/$(basename "$0" .sh)
T_COUNT=0 T_FAILED=0 T_SERVER='' T_DISK=''
PATH=$BIN:$PATH LC_ALL=C TZ=UTC
export PATH LC_ALL TZ
unset GAPFERRY_REPO GAPFERRY_TRUST GAPFERRY_KEY_PASSPHRASE GAPFERRY_MICROSOFT_ROOTS SOURCE_DATE_EPOCH
umask 022
rm -rf "$T_DIR"
mkdir -p "$T_DIR"

# Scratch in memory where there is a place for it: for scripts that wait for the disk all the time.
t_in_memory() {
	[ -d /dev/shm ] && [ -w /dev/shm ] || return 0
	T_DISK=$T_DIR
	T_DIR=$(mktemp -d "/dev/shm/gapferry-$(basename "$0" .sh).XXXXXX")
}

# ---- results ----

t_pass() {
	T_COUNT=$((T_COUNT + 1))
	echo "ok $T_COUNT - $*"
}

# What the last command printed becomes the diagnosis.
t_fail() {
	T_COUNT=$((T_COUNT + 1)) T_FAILED=$((T_FAILED + 1))
	echo "not ok $T_COUNT - $*"
	for t_file in "$T_DIR/out" "$T_DIR/err"; do
		[ ! -s "$t_file" ] || cut -c 1-400 "$t_file" | sed 's/^/#   /' | tail -n 20
	done
}

# t_skip DESC REASON
t_skip() {
	T_COUNT=$((T_COUNT + 1))
	echo "ok $T_COUNT - $1 # SKIP $2"
}

t_on_exit() {
	t_status_=$?
	t_server_stop
	[ "$t_status_" -eq 0 ] || [ "$T_FAILED" -gt 0 ] || t_fail "the script ended with status $t_status_"
	echo "1..$T_COUNT"
	[ "$T_FAILED" -eq 0 ] || {
		[ -z "$T_DISK" ] || {
			rm -rf "$T_DISK"
			mv "$T_DIR" "$T_DISK"
			T_DIR=$T_DISK
		}
		echo "# kept: $T_DIR"
		exit 1
	}
	rm -rf "$T_DIR" ${T_DISK:+"$T_DISK"}
	exit 0
}
trap t_on_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- checks ----

# Run a command; its output is in $T_DIR/out and $T_DIR/err, its status in T_STATUS.
t_run() {
	T_STATUS=0
	"$@" >"$T_DIR/out" 2>"$T_DIR/err" </dev/null || T_STATUS=$?
}

# t_status N DESC COMMAND...: the command ends with exit status N.
t_status() {
	t_want=$1 t_desc=$2
	shift 2
	t_run "$@"
	if [ "$T_STATUS" -eq "$t_want" ]; then
		t_pass "$t_desc"
	else
		t_fail "$t_desc (exit status $T_STATUS, want $t_want: $*)"
	fi
}

# t_ok DESC COMMAND...
t_ok() {
	t_status 0 "$@"
}

# t_error N ID DESC COMMAND...: exit status N, and stderr says "PROGRAM: ID: ..." and a next step.
t_error() {
	t_want=$1 t_id=$2 t_desc=$3
	shift 3
	t_run "$@"
	if [ "$T_STATUS" -eq "$t_want" ] && grep -q "^[a-z-]*: $t_id: " "$T_DIR/err" &&
		grep -q '^[a-z-]*: next step: ' "$T_DIR/err"; then
		t_pass "$t_desc"
	else
		t_fail "$t_desc (exit status $T_STATUS, want $t_want and $t_id: $*)"
	fi
}

# t_must COMMAND...: a step of the set-up; the script ends when it fails.
t_must() {
	t_run "$@"
	[ "$T_STATUS" -eq 0 ] && return
	t_fail "set-up (exit status $T_STATUS): $*"
	exit 1
}

# t_same DESC FILE FILE
t_same() {
	t_run cmp "$2" "$3"
	if [ "$T_STATUS" -eq 0 ]; then t_pass "$1"; else t_fail "$1"; fi
}

# t_contains DESC FILE TEXT: some line holds TEXT, literally.
t_contains() {
	if grep -qF -e "$3" "$2"; then
		t_pass "$1"
	else
		cp "$2" "$T_DIR/out" 2>/dev/null
		t_fail "$1 (no '$3' in $2)"
	fi
}

# t_json FILE JQ_EXPRESSION EXPECTED: the raw result of jq.
t_json() {
	t_run jq -r "$2" "$1"
	if [ "$T_STATUS" -eq 0 ] && [ "$(cat "$T_DIR/out")" = "$3" ]; then
		t_pass "$(basename "$1"): $2 is $3"
	else
		t_fail "$(basename "$1"): $2 is not $3"
	fi
}

# t_need PROGRAM...: skip the rest of the script when one is absent.
t_need() {
	for t_program in "$@"; do
		command -v "$t_program" >/dev/null && continue
		t_skip "$(basename "$0" .sh)" "$t_program is not there"
		exit 0
	done
}

# t_need_data PATH: the same for something below the real data; the path is $SHARED/PATH.
t_need_data() {
	[ -e "$SHARED/$1" ] && return
	t_skip "$(basename "$0" .sh)" "$SHARED/$1 is not there"
	exit 0
}

# t_need_python DESC MODULES: the same for modules of Debian's Python.
t_need_python() {
	/usr/bin/python3 -c "import $2" 2>/dev/null && return
	t_skip "$1" 'no python3'
	exit 0
}

# ---- sites: directories below DIR ----

# t_trust DIR OPTION...: keys of three people, DIR/keys/HOLDER-ROLE.{key,cert}.pem, and DIR/trust;
# the options, importers for example, are those of `trust new`.
t_trust() {
	t_keys=$1/keys t_trust_dir=$1/trust
	mkdir -p "$1"
	shift
	t_must gapferry-export key new --role root --holder ruth --out "$t_keys"
	t_must gapferry-export key new --role builder --holder bert --out "$t_keys"
	t_must gapferry-export key new --role approver --holder anna --out "$t_keys"
	t_must gapferry-export trust new --root "$t_keys/ruth-root.cert.pem" \
		--builder "$t_keys/bert-builder.cert.pem" \
		--approver "$t_keys/anna-approver.cert.pem" \
		--key "$t_keys/ruth-root.key.pem" --out "$t_trust_dir" "$@"
}

# t_pack TREE FILE OPTION...: a tree of mkcatalog, with its folders package*, as a catalog; the options
# are those of the inner cabinets, which stay in a folder beside FILE, ".outer" instead of ".cab".
t_pack() {
	t_tree=$1 t_file=$2 t_outer=${2%.cab}.outer
	shift 2
	rm -rf "$t_outer"
	mkdir "$t_outer"
	cp "$t_tree/index.xml" "$t_outer/"
	for t_folder in "$t_tree"/package*; do
		t_must mkcatalog --pack "$t_folder" --out "$t_outer/${t_folder##*/}.cab" "$@"
	done
	t_must mkcatalog --pack "$t_outer" --out "$t_file"
}

# t_catalog DIR OPTION...: DIR/catalog/wsusscn2.cab and DIR/catalog/content.
t_catalog() {
	t_catalog_dir=$1
	shift
	t_must mkcatalog --out "$t_catalog_dir/catalog" "$@"
}

# The connected side, DIR/exporter, with the channel "main" for the site "site1".
t_exporter() {
	t_must gapferry-export --repo "$1/exporter" init
	t_must gapferry-export --repo "$1/exporter" channel add main --audience site1 \
		--trust "$1/trust"
}

# The isolated side of that channel, DIR/importer.
t_importer() {
	t_must gapferry-import --repo "$1/importer" init --channel main --audience site1 \
		--trust "$1/trust"
}

# Put DIR/catalog into the exporter of DIR.  Findings in it are no failure.
t_ingest() {
	t_run gapferry-export --repo "$1/exporter" ingest wsusscn2 "$1/catalog/wsusscn2.cab" \
		--content "$1/catalog/content"
	[ "$T_STATUS" -eq 0 ] || [ "$T_STATUS" -eq 2 ] || {
		t_fail "set-up (exit status $T_STATUS): ingest $1/catalog"
		exit 1
	}
}

# t_approve BUNDLE OPTION...: findings in it are no failure.
t_approve() {
	t_run gapferry-export approve "$@"
	[ "$T_STATUS" -eq 0 ] || [ "$T_STATUS" -eq 2 ] || {
		t_fail "set-up (exit status $T_STATUS): approve $1"
		exit 1
	}
}

# t_write DIR SEQUENCE OPTION...: write and sign; T_BUNDLE is where it lies.
t_write() {
	t_bundle_dir=$1
	T_BUNDLE=$1/medium/gapferry/main-1-$2
	shift 2
	mkdir -p "$t_bundle_dir/medium"
	t_must gapferry-export --repo "$t_bundle_dir/exporter" write main \
		--key "$t_bundle_dir/keys/bert-builder.key.pem" --out "$t_bundle_dir/medium" "$@"
}

# t_bundle DIR SEQUENCE OPTION...: and approve; t_increment the same, beside the repository.
t_bundle() {
	t_write "$@"
	t_approve "$T_BUNDLE" --key "$t_bundle_dir/keys/anna-approver.key.pem" \
		--trust "$t_bundle_dir/trust"
}
t_increment() {
	t_write "$@"
	t_approve "$T_BUNDLE" --key "$t_bundle_dir/keys/anna-approver.key.pem" \
		--trust "$t_bundle_dir/trust" --repo "$t_bundle_dir/exporter"
}

# t_site DIR OPTION...: all of it but the bundle; the options are mkcatalog's.
t_site() {
	t_site_dir=$1
	shift
	t_trust "$t_site_dir"
	t_catalog "$t_site_dir" "$@"
	t_exporter "$t_site_dir"
	t_importer "$t_site_dir"
	t_ingest "$t_site_dir"
}

# t_package_site DIR OPTION...: the same of a package of WSUS, DIR/made; the options are mkwsusutil's.
t_package_site() {
	t_site_dir=$1
	shift
	t_trust "$t_site_dir"
	t_exporter "$t_site_dir"
	t_importer "$t_site_dir"
	t_must mkwsusutil --out "$t_site_dir/made" "$@"
	t_must gapferry-export --repo "$t_site_dir/exporter" ingest wsusutil \
		"$t_site_dir/made/package.cab" --content "$t_site_dir/made/WsusContent"
}

# ---- the server ----

# t_server REPO OPTION...: start it on a free port; T_URL is where it answers.
t_server() {
	t_server_repo=$1
	shift
	: >"$T_DIR/server.log" # that of an earlier one must not be read
	gapferry-server --repo "$t_server_repo" --listen 127.0.0.1:0 "$@" \
		>"$T_DIR/server.log" 2>&1 </dev/null &
	T_SERVER=$!
	t_tries=0
	while [ "$t_tries" -lt 100 ]; do
		T_URL=$(sed -n 's|.*listening on \(127\.0\.0\.1:[0-9]*\).*|http://\1|p' \
			"$T_DIR/server.log" | head -n 1)
		[ -z "$T_URL" ] || return 0
		kill -0 "$T_SERVER" 2>/dev/null || break
		sleep 0.1
		t_tries=$((t_tries + 1))
	done
	cp "$T_DIR/server.log" "$T_DIR/out"
	t_fail 'set-up: the server does not start'
	exit 1
}

# Stop it and wait; T_STATUS is its exit status.
t_server_stop() {
	[ -n "$T_SERVER" ] || return 0
	T_STATUS=0
	kill -TERM "$T_SERVER" 2>/dev/null
	wait "$T_SERVER" || T_STATUS=$?
	T_SERVER=
}

# t_verb WORD...: a verb beside the server, for $T_DIR/importer.
t_verb() { GAPFERRY_REPO=$T_DIR/importer gapferry-server "$@"; }

# What the server at T_URL says of all updates: $T_DIR/updates.json.
t_updates() {
	t_must curl -fsS "$T_URL/api/v1/updates?limit=1000"
	cp "$T_DIR/out" "$T_DIR/updates.json"
}

# t_approve_each OPTION...: the updates that stdin lists, but for those with files that are not here;
# prints those that are approved then.
t_approve_each() {
	while read -r t_id; do
		t_verb approve "$t_id" --group 'All Computers' "$@" >/dev/null 2>&1 && echo "$t_id"
	done || :
}

# t_play DESC OPTION...: computers at T_URL, without anything wrong.
t_play() {
	t_play_desc=$1
	shift
	t_ok "$t_play_desc" wuclient --url "$T_URL" "$@"
	cp "$T_DIR/out" "$T_DIR/summary"
}

# t_played NAME: a number of the summary of the last t_play.
t_played() { sed -n "s/.*\\<$1 \\([0-9.]*\\).*/\\1/p" "$T_DIR/summary"; }

# t_lock_database FILE: somebody else has it for himself until t_unlock_database.
t_lock_database() {
	/usr/bin/python3 -c "
import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
time.sleep(60)" "$1" >"$T_DIR/locked" 2>/dev/null &
	T_LOCKER=$!
	t_tries=0
	until grep -q locked "$T_DIR/locked" || [ "$t_tries" -ge 50 ]; do
		sleep 0.1
		t_tries=$((t_tries + 1))
	done
}
t_unlock_database() {
	kill "$T_LOCKER"
	wait "$T_LOCKER" 2>/dev/null || :
}

# ---- who does what ----

# t_roles N DESC: in $T_DIR/calls (strace -f) so many processes took on a role, and only the program
# itself writes files.
t_roles() {
	t_main=$(awk 'NR == 1 { print $1 }' "$T_DIR/calls")
	sed -n 's/^\([0-9]*\) *seccomp(SECCOMP_SET_MODE_FILTER, .*{len=.*/\1/p' "$T_DIR/calls" |
		sort -u >"$T_DIR/pids"
	t_ok "$2: roles" test "$(wc -l <"$T_DIR/pids")" -eq "$1"
	t_ok "$2: who reads for it writes nothing" test -z "$(awk -v main="$t_main" '
		$1 != main && confined[$1] && /openat\(.*O_(WRONLY|RDWR|CREAT)/
		/seccomp\(SECCOMP_SET_MODE_FILTER, .*len=/ { confined[$1] = 1 }' "$T_DIR/calls")"
}
