#!/bin/sh
# A worker of an import is killed at some moment: nothing is published, nothing is lost, and the
# same command again completes.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import jq pgrep

a_site --updates 400 --payloads 5 --payload-max 100K
cp -r "$T_DIR/importer" "$T_DIR/pristine"
mkdir "$T_DIR/reference"
cp -r "$T_DIR/importer" "$T_DIR/reference/importer"
t_must gapferry-import --repo "$T_DIR/reference/importer" import "$T_DIR/good"

summary() {
	gapferry-import --repo "$1" status --json | jq 'del(.last_import, .care)'
	gapferry-import --repo "$1" updates --json | sha256sum
	(cd "$1/content" && find . -type f | sort)
}
summary "$T_DIR/reference/importer" >"$T_DIR/want"

wrong='' killed=0
for delay in 0 0.01 0.02 0.03 0.04 0.06 0.08 0.1 0.15 0.2; do
	rm -rf "$T_DIR/importer"
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
	gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good" --threads 1 \
		>"$T_DIR/out" 2>"$T_DIR/err" </dev/null &
	import=$! worker='' tries=0
	while [ -z "$worker" ] && [ "$tries" -lt 200 ] && kill -0 $import 2>/dev/null; do
		worker=$(pgrep -P $import | head -n 1)
		tries=$((tries + 1))
	done
	sleep "$delay"
	[ -z "$worker" ] || kill -KILL "$worker" 2>/dev/null
	T_STATUS=0
	wait $import || T_STATUS=$?
	case $T_STATUS in
	0) ;;
	9)
		killed=$((killed + 1))
		grep -q 'GF-1110: ' "$T_DIR/err" || wrong="$wrong $delay:reason"
		[ "$(gapferry-import --repo "$T_DIR/importer" status --json | jq .sequence)" = 0 ] ||
			wrong="$wrong $delay:published"
		;;
	*) wrong="$wrong $delay:status=$T_STATUS" ;;
	esac
	gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good" >"$T_DIR/out" 2>"$T_DIR/err" ||
		wrong="$wrong $delay:again"
	summary "$T_DIR/importer" >"$T_DIR/have"
	cmp -s "$T_DIR/want" "$T_DIR/have" || wrong="$wrong $delay:result"
done
t_ok "no moment is wrong:$wrong" test -z "$wrong"
t_ok 'a worker was killed in time' test "$killed" -ge 1
