#!/bin/sh
# kill -9 at many points of import, ingest and write: the old state or the new one, never anything
# between, and the same command again completes.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import jq timeout

a_site --updates 120 --payloads 20 --payload-max 400K
cp -r "$T_DIR/importer" "$T_DIR/pristine"
mkdir "$T_DIR/reference"
cp -r "$T_DIR/importer" "$T_DIR/reference/importer"
t_must gapferry-import --repo "$T_DIR/reference/importer" import "$T_DIR/good"

# What must be the same in the end: all but the time of the import.
summary() {
	gapferry-import --repo "$1" status --json | jq 'del(.last_import, .care)'
	gapferry-import --repo "$1" updates --json | sha256sum
	(cd "$1/content" && find . -type f | sort)
}
summary "$T_DIR/reference/importer" >"$T_DIR/new"
objects=$(gapferry-import --repo "$T_DIR/reference/importer" status --json | jq .objects)

# killed N COMMAND...: kill -9 at the N-th call that changes something on disk (with strace), or
# after N milliseconds.  Status 137 when it was killed, 0 when it came to its end before.
if strace -f -o /dev/null -e trace=none true 2>/dev/null; then
	calls=pwrite64,write,fsync,fdatasync,syncfs,renameat,renameat2,rename,unlinkat,unlink,openat,ftruncate,linkat,mkdirat
	killed() {
		n=$1
		shift
		# The leak checker cannot work below strace.
		ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=$calls -e inject=$calls:signal=SIGKILL:when="$n" "$@"
	}
	steps='1 5 20 60 80 100 110 120 130 140 150 160 180 200 220 240 260 300 350 400 450 500'
else
	killed() {
		n=$1
		shift
		timeout -s KILL "$(awk "BEGIN { print $n / 1000 }")" "$@"
	}
	steps='1 2 4 6 8 10 12 15 18 21 25 30 35 40 45 50 60 70 80 90 100 120 150'
fi

# ---- import ----

wrong='' cut=0 resumed=0
for n in $steps; do
	rm -rf "$T_DIR/importer"
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
	t_run killed "$n" gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good"
	[ "$T_STATUS" -eq 0 ] || cut=$((cut + 1))
	gapferry-import --repo "$T_DIR/importer" status --json >"$T_DIR/status.json" 2>"$T_DIR/err" ||
		wrong="$wrong $n:status"
	case $(jq -r '[.sequence, .updates_processed, .objects] | map(tostring) | join(" ")' \
		"$T_DIR/status.json") in
	'0 0 0') resumed=$((resumed + 1)) ;;
	"1 120 $objects") ;;
	*) wrong="$wrong $n:between" ;;
	esac
	t_run gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good"
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:again=$T_STATUS"
	summary "$T_DIR/importer" >"$T_DIR/now"
	cmp -s "$T_DIR/new" "$T_DIR/now" || wrong="$wrong $n:differs"
	find "$T_DIR/importer/tmp" -type f | grep -q . && wrong="$wrong $n:leftovers"
done
if [ -z "$wrong" ]; then
	t_pass "import: killed $cut times, $resumed times before it counted, always completed"
else
	t_fail "import:$wrong"
fi
t_ok 'import: some kills came before the end' test "$cut" -ge 5 -a "$resumed" -ge 3
(cd "$T_DIR/importer/content" && find . -type f | while read -r file; do
	sum=$(sha256sum <"$file")
	case $(echo "$file" | tr -d ./) in "${sum%% *}" | ??"${sum%% *}") ;; *) echo "$file" ;; esac
done) >"$T_DIR/misnamed"
t_status 1 'import: every object has the digest that is its name' grep . "$T_DIR/misnamed"

# ---- ingest ----

fresh_exporter() {
	rm -rf "$T_DIR/exporter"
	t_exporter "$T_DIR"
}
state() {
	gapferry-export --repo "$T_DIR/exporter" status --json | jq 'del(.care)'
	gapferry-export --repo "$T_DIR/exporter" plan main --json
	(cd "$T_DIR/exporter/content" && find . -type f | sort)
}
ingest() {
	"$@" gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 \
		"$T_DIR/catalog/wsusscn2.cab" --content "$T_DIR/catalog/content"
}
fresh_exporter
ingest t_must
state >"$T_DIR/new"
wrong='' cut=0
for n in $steps; do
	fresh_exporter
	ingest t_run killed "$n"
	[ "$T_STATUS" -eq 0 ] || cut=$((cut + 1))
	gapferry-export --repo "$T_DIR/exporter" status --json >"$T_DIR/status.json" ||
		wrong="$wrong $n:status"
	case $(jq -r '[.catalogs[].updates_processed, .objects] | map(tostring) | join(" ")' \
		"$T_DIR/status.json") in
	0 | '120 '*) ;;
	*) wrong="$wrong $n:between" ;;
	esac
	ingest t_run
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:again=$T_STATUS"
	state >"$T_DIR/now"
	cmp -s "$T_DIR/new" "$T_DIR/now" || wrong="$wrong $n:differs"
done
if [ -z "$wrong" ]; then
	t_pass "ingest: killed $cut times, always completed"
else
	t_fail "ingest:$wrong"
fi

# ---- write ----

# Whatever happens, one sequence never belongs to two manifests: a bundle that appeared stays the
# only one of its number, and each next one is accepted after it.
mkdir "$T_DIR/medium2" "$T_DIR/medium3"
wrong='' cut=0
for n in $steps; do
	t_run killed "$n" gapferry-export --repo "$T_DIR/exporter" write main \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium2" --media 1M
	[ "$T_STATUS" -eq 0 ] || cut=$((cut + 1))
	# Elsewhere, so that a bundle of the same number could appear.
	t_run gapferry-export --repo "$T_DIR/exporter" write main \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium3" --media 1M
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:again=$T_STATUS"
done
for manifest in "$T_DIR"/medium2/gapferry/main-*/MANIFEST "$T_DIR"/medium3/gapferry/main-*/MANIFEST; do
	case $manifest in *.part/*) continue ;; esac
	grep '^sequence' "$manifest"
done | sort | uniq -d >"$T_DIR/twice"
t_status 1 'write: no sequence was used twice' grep . "$T_DIR/twice"
for bundle in "$T_DIR"/medium2/gapferry/main-* "$T_DIR"/medium3/gapferry/main-*; do
	case $bundle in *.part) continue ;; esac
	t_run gapferry-export approve "$bundle" --key "$T_DIR/keys/anna-approver.key.pem" \
		--trust "$T_DIR/trust"
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong ${bundle##*/}=$T_STATUS"
done
if [ -z "$wrong" ]; then
	t_pass "write: killed $cut times, and what appeared is whole"
else
	t_fail "write:$wrong"
fi
