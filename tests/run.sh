#!/bin/sh
# run.sh: every test, for the build mode MODE (default release).
#
# Builds, then runs the checks of the code, the unit tests, the fuzz targets
# over their corpus and the end-to-end scripts; in release mode also the unit
# tests and the replay under AddressSanitizer, a build with clang, and the
# checks of the tree.  ONLY="unit e2e" limits it to these kinds.  What each job
# printed stays under build/test/MODE.  The last line is "N passed, N failed"
# (", N skipped" when there are any); the exit status is 0 if none failed.
set -u
cd "$(dirname "$0")/.." || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL GNUMAKEFLAGS
LC_ALL=C TZ=UTC
export LC_ALL TZ

mode=${MODE:-release}
only=${ONLY:-check unit replay e2e asan clang tree}
out=build/test/$mode
cpus=$(nproc)
passed=0 failed=0 skipped=0 jobs=0 bad=

selected() {
	case " $only " in *" $1 "*) return 0 ;; esac
	return 1
}

# ---- jobs: added, run in parallel, reported in the order they were added ----

# job KIND LIMIT LABEL: the commands come from stdin.  KIND tap: each line "ok"
# counts; plain: one test, exit status 77 means skipped.
job() {
	jobs=$((jobs + 1))
	file=$out/$(printf '%03d' $jobs)
	echo "$1" >"$file.kind"
	echo "$2" >"$file.limit"
	echo "$3" >"$file.label"
	cat >"$file.sh"
}

# count KIND STATUS < output: "passed failed skipped"
count() {
	if [ "$1" = plain ]; then
		case $2 in
		0) echo 1 0 0 ;;
		77) echo 0 0 1 ;;
		*) echo 0 1 0 ;;
		esac
		return
	fi
	awk -v status="$2" '
	/^(not )?ok .*# *SKIP/ { skip++; next }
	/^1\.\.0/              { skip++; next }
	/^ok /                 { pass++ }
	/^not ok /             { fail++ }
	/^1\.\.[0-9]+/         { plan = substr($1, 4) + 0 }
	END {
		done = pass + fail + skip
		if (done < plan || done == 0 || (status != 0 && !fail)) fail++
		print pass + 0, fail + 0, skip + 0
	}'
}

# What a failed job printed, and how to repeat it.
show_failure() {
	echo "---- $(cat "$1.label"): exit status $(cat "$1.status")$(
		[ "$(cat "$1.status")" != 124 ] || echo " (stopped after $(cat "$1.limit") s)")"
	grep '^not ok' "$1.out" | grep -v '# *SKIP' | head -n 20
	grep -v '^ok\|^not ok\|^1\.\.\|^  [A-Z]* *build/' "$1.out" | tail -n 40
	tail -n 40 "$1.err"
	echo "---- to repeat: sh $1.sh"
}

report() {
	# shellcheck disable=SC2046 # three words
	set -- $(count "$(cat "$1.kind")" "$(cat "$1.status")" <"$1.out") "$1"
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	if [ "$2" -gt 0 ]; then
		bad="$bad $4"
		echo "FAIL  $(cat "$4.label"): $1 passed, $2 failed, $3 skipped"
		show_failure "$4"
	elif [ "$1" -eq 0 ]; then
		echo "skip  $(cat "$4.label"): $(grep -h '^ok\|^not ok\|^skip' "$4.out" |
			sed 's/.*# *SKIP *//; s/^skip: //' | head -n 1)"
	else
		echo "ok    $(cat "$4.label"): $1 passed$([ "$3" -eq 0 ] || echo ", $3 skipped")"
	fi
}

# run FIRST PARALLEL: run and report the jobs from number FIRST on.
run() {
	i=$1
	seq -f "$out/%03g.sh" "$1" "$jobs" | xargs -r -P "$2" -n 1 tests/job.sh
	while [ "$i" -le "$jobs" ]; do
		report "$out/$(printf '%03d' "$i")"
		i=$((i + 1))
	done
}

finish() {
	for b in $bad; do echo "failed: $(cat "$b.label")"; done
	if [ "$skipped" -gt 0 ]; then
		echo "$passed passed, $failed failed, $skipped skipped"
	else
		echo "$passed passed, $failed failed"
	fi
	[ "$failed" -eq 0 ]
	exit
}

# ---- kinds of tests ----

# Nothing can be tested when this fails.
build() {
	log=$out/build.log
	if ! make -s -j"$cpus" MODE="$mode" all tools unit-bins replay-bins >"$log" 2>&1; then
		grep -v '^  [A-Z]* *build/' "$log" | tail -n 60
		echo "failed: the build ($log)"
		echo "0 passed, 1 failed"
		exit 1
	fi
}

add_checks() {
	for c in layers headers symbols banned size docs-check; do
		job plain 300 "check $c" <<-EOF
			exec make -s MODE=$mode $c
		EOF
	done
}

# add_unit MODE PREFIX
add_unit() {
	for t in $(find tests/unit -name 'test_*.c' | sort); do
		job tap 300 "$2unit ${t#tests/unit/}" <<-EOF
			CMOCKA_MESSAGE_OUTPUT=TAP exec build/$1/${t%.c}
		EOF
	done
}

# add_replay MODE PREFIX
add_replay() {
	for f in tests/fuzz/fuzz_*.c; do
		name=$(basename "$f" .c)
		name=${name#fuzz_}
		job plain 300 "$2replay $name" <<-EOF
			[ -d tests/fuzz/corpus/$name ] || { echo 'no corpus'; exit 1; }
			exec build/$1/fuzz/$name tests/fuzz/corpus/$name/*
		EOF
	done
}

add_e2e() {
	for s in tests/e2e/[0-9]*.sh; do
		[ -e "$s" ] || continue
		job tap 900 "e2e ${s#tests/e2e/}" <<-EOF
			BIN=$PWD/build/$mode/bin exec sh $s
		EOF
	done
}

# Everything compiled twice more, by another compiler and with sanitizers.
add_builds() {
	! selected clang || job plain 1200 'build with clang' <<-EOF
		command -v clang >/dev/null || { echo 'skip: no clang'; exit 77; }
		exec make -s -j$cpus CC=clang B=build/clang all tools unit-bins replay-bins
	EOF
	! selected asan || job plain 1200 'build with sanitizers' <<-EOF
		exec make -s -j$cpus MODE=asan unit-bins replay-bins
	EOF
}

add_tree() {
	job plain 300 'shellcheck' <<-'EOF'
		command -v shellcheck >/dev/null || { echo 'skip: no shellcheck'; exit 77; }
		exec shellcheck -S warning .ci/run $(find tests -name '*.sh')
	EOF
	job plain 300 'format' <<-'EOF'
		command -v clang-format >/dev/null || { echo 'skip: no clang-format'; exit 77; }
		exec make -s format-check
	EOF
	job plain 300 'install and uninstall' <<-'EOF'
		exec tests/check/install.sh build/test/install
	EOF
}

# Whatever was built, in any mode, lies under build/.
add_status() {
	job plain 60 'the work tree is as before' <<-EOF
		[ -s $out/tree.before ] || { echo 'skip: not a git checkout'; exit 77; }
		{ echo tree; git status --porcelain; } | diff $out/tree.before -
	EOF
}

# run_kind KIND FUNCTION ARGUMENT...
run_kind() {
	first=$((jobs + 1))
	selected "$1" || return 0
	shift
	"$@"
	run "$first" "$cpus"
}

rm -rf "$out"
mkdir -p "$out"
git status --porcelain >"$out/status" 2>/dev/null &&
	{ echo tree; cat "$out/status"; } >"$out/tree.before"

build
run_kind check add_checks
run_kind unit add_unit "$mode" ''
run_kind replay add_replay "$mode" ''
run_kind e2e add_e2e
if [ "$mode" = release ]; then
	first=$((jobs + 1))
	add_builds
	run "$first" 1
	run_kind asan add_unit asan 'asan: '
	run_kind asan add_replay asan 'asan: '
	run_kind tree add_tree
fi
run_kind tree add_status
finish
