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

# Of the three processes beside an import with one thread the first one proves, the others unpack:
# the last one backwards.  "now" stops it as soon as it is there, so that it has not answered everything.
wrong='' killed=0
for when in now:1 now:2 now:3 0.01:3 0.02:2 0.03:1 0.04:3 0.06:2 0.08:3 0.1:2 0.15:3; do
	delay=${when%:*}
	rm -rf "$T_DIR/importer"
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
	gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good" --threads 1 \
		>"$T_DIR/out" 2>"$T_DIR/err" </dev/null &
	import=$! workers='' tries=0
	while [ "$(echo "$workers" | wc -w)" -lt 3 ] && [ "$tries" -lt 500 ] && kill -0 $import 2>/dev/null; do
		workers=$(pgrep -P $import)
		tries=$((tries + 1))
	done
	worker=$(echo "$workers" | sed -n "${when#*:}p")
	if [ "$delay" = now ]; then
		kill -STOP "$worker"
		sleep 0.1
	else
		sleep "$delay"
	fi
	[ -z "$worker" ] || kill -KILL "$worker" 2>/dev/null
	T_STATUS=0
	wait $import || T_STATUS=$?
	case $T_STATUS in
	0) ;;
	9)
		killed=$((killed + 1))
		grep -q 'GF-1110: ' "$T_DIR/err" || wrong="$wrong $when:reason"
		[ "$(gapferry-import --repo "$T_DIR/importer" status --json | jq .sequence)" = 0 ] ||
			wrong="$wrong $when:published"
		;;
	*) wrong="$wrong $when:status=$T_STATUS" ;;
	esac
	gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good" >"$T_DIR/out" 2>"$T_DIR/err" ||
		wrong="$wrong $when:again"
	summary "$T_DIR/importer" >"$T_DIR/have"
	cmp -s "$T_DIR/want" "$T_DIR/have" || wrong="$wrong $when:result"
done
t_ok "no moment is wrong:$wrong" test -z "$wrong"
t_ok 'they were killed in time' test "$killed" -ge 3
