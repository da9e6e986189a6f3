#!/bin/sh
# gc removes what nothing needs and nothing else; scrub finds damage and heals it; both survive
# kill -9; and whatever they did, the transfer goes on.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq

exp() {
	gapferry-export --repo "$T_DIR/exporter" "$@"
}
imp() {
	gapferry-import --repo "$T_DIR/importer" "$@"
}
ingest() {
	t_run gapferry-export --repo "${2:-$T_DIR/exporter}" ingest wsusscn2 "$1/wsusscn2.cab" \
		--content "$1/content"
}
count() {
	find "$T_DIR/$1/content" -type f | wc -l
}
# has_all NAME: every payload file of the newest catalog is in that repository.
has_all() {
	for file in "$T_DIR"/second/content/*; do
		sum=$(sha256sum <"$file")
		sum=${sum%% *}
		cmp -s "$file" "$T_DIR/$1/content/$(printf %.2s "$sum")/$sum" || return 1
	done
}

t_site "$T_DIR" --updates 60 --payloads 6 --payload-max 200K
t_bundle "$T_DIR" 1
t_must imp import "$T_BUNDLE"
t_must mkcatalog --out "$T_DIR/second" --updates 60 --payloads 6 --payload-max 200K --seed 2 \
	--created 2026-08-11T17:00:00Z

# ---- gc ----

t_ok 'nothing goes while everything is needed' exp gc --json
cp "$T_DIR/out" "$T_DIR/gc"
t_json "$T_DIR/gc" '[.removed[].objects] | add' 0
before=$(count exporter)
ingest "$T_DIR/second"
t_ok 'a new catalog replaces the old one' test "$T_STATUS" -eq 0
t_ok 'dry run' exp gc --dry-run --json
cp "$T_DIR/out" "$T_DIR/gc"
t_json "$T_DIR/gc" '.removed.content.objects' 10
t_json "$T_DIR/gc" '.removed.cabinet.objects' 1
now=$(count exporter)
t_ok 'removes nothing' test "$now" -gt "$before"
mkdir -p "$T_DIR/exporter/pending/$(printf %064d 1)"
t_ok 'while an import waits of which nothing is known' exp gc --json
cp "$T_DIR/out" "$T_DIR/gc"
t_json "$T_DIR/gc" .import_pending true
t_ok 'nothing goes' test "$(count exporter)" -eq "$now"
rm -r "$T_DIR/exporter/pending"
t_ok 'what was needed a day ago is kept' exp gc --keep-days 1 --json
cp "$T_DIR/out" "$T_DIR/gc"
t_json "$T_DIR/gc" '[.removed[].objects] | add' 0
t_ok 'nothing goes' test "$(count exporter)" -eq "$now"
cp -r "$T_DIR/exporter" "$T_DIR/full"
old=$T_DIR/exporter/content/ab/ab$(printf '%062d' 1) young=$T_DIR/exporter/content/ab/ab$(printf '%062d' 2)
echo old >"$old" && echo young >"$young" && touch -d '2 days ago' "$old"
t_ok 'gc' exp gc --json
cp "$T_DIR/out" "$T_DIR/gc"
t_json "$T_DIR/gc" .left_over_files 1
t_ok 'an old left-over goes, a young one stays' test ! -e "$old" -a -e "$young"
rm "$young"
t_ok 'the files are gone' test "$(count exporter)" -lt "$now"
t_contains 'the ledger tells' "$T_DIR/exporter/ledger" ' gc objects='
t_ok 'a second gc finds nothing' exp gc --json
cp "$T_DIR/out" "$T_DIR/gc"
t_json "$T_DIR/gc" '[.removed[].objects] | add' 0
t_ok 'scrub agrees with what is left' exp scrub

cp -r "$T_DIR/importer" "$T_DIR/importer1"
t_bundle "$T_DIR" 2
# Nearly every update is another one: that is told.
t_status 2 'the next bundle can be imported' imp import "$T_BUNDLE"
t_ok 'everything has arrived' has_all importer
now=$(count importer)
t_ok 'gc of the isolated side' imp gc
t_ok 'removes the old payload' test "$(count importer)" -lt "$now"
t_ok 'and nothing of the new' has_all importer
t_ok 'all of it good' imp scrub
t_ok 'the old catalog again, and its payload' exp ingest wsusscn2 \
	"$T_DIR/catalog/wsusscn2.cab" --content "$T_DIR/catalog/content"
ingest "$T_DIR/second"
t_bundle "$T_DIR" 3
t_ok 'a third bundle' imp import "$T_BUNDLE"
t_ok 'an empty site takes it as well' sh -c "
	gapferry-import --repo '$T_DIR/fresh' init --channel main --audience site1 \
		--trust '$T_DIR/trust' && gapferry-import --repo '$T_DIR/fresh' import '$T_BUNDLE'"
t_ok 'completely' has_all fresh

# ---- kill -9 during gc ----

steps='1 3 6 10 15 20 25 30 35 40 45 50 55 60 65 70'
if strace -f -o /dev/null -e trace=none true 2>/dev/null; then
	calls=pwrite64,write,fsync,fdatasync,syncfs,renameat,unlinkat,unlink,ftruncate,mkdirat
	killed() {
		n=$1
		shift
		ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace="$calls" -e inject="$calls":signal=SIGKILL:when="$n" "$@"
	}
else
	killed() {
		n=$1
		shift
		timeout -s KILL "$(awk "BEGIN { print $n / 1000 }")" "$@"
	}
fi
(cd "$T_DIR/full/content" && find . -type f | sort) >"$T_DIR/all"
cp -r "$T_DIR/full" "$T_DIR/clean" && t_must gapferry-export --repo "$T_DIR/clean" gc
(cd "$T_DIR/clean/content" && find . -type f | sort) >"$T_DIR/needed"
wrong='' cut=0
for n in $steps; do
	rm -rf "$T_DIR/k" && cp -rp "$T_DIR/full" "$T_DIR/k"
	t_run killed "$n" gapferry-export --repo "$T_DIR/k" gc
	[ "$T_STATUS" -eq 0 ] || cut=$((cut + 1))
	(cd "$T_DIR/k/content" && find . -type f | sort) >"$T_DIR/now"
	[ -z "$(comm -13 "$T_DIR/now" "$T_DIR/needed")" ] || wrong="$wrong $n:needed-gone"
	# What a killed run left behind counts as garbage after a day.
	find "$T_DIR/k/content" -type f -exec touch -d '2 days ago' {} +
	t_run gapferry-export --repo "$T_DIR/k" gc
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:again=$T_STATUS"
	(cd "$T_DIR/k/content" && find . -type f | sort) >"$T_DIR/now"
	cmp -s "$T_DIR/now" "$T_DIR/needed" || wrong="$wrong $n:differs"
	t_run gapferry-export --repo "$T_DIR/k" scrub
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:scrub=$T_STATUS"
done
if [ -z "$wrong" ]; then t_pass "gc was killed $cut times"; else t_fail "gc:$wrong"; fi
t_ok 'some kills came in the middle' test "$cut" -ge 5
mkdir "$T_DIR/medium4"
t_ok 'what is left can be written' gapferry-export --repo "$T_DIR/k" write main \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium4"

# ---- scrub ----

# damage REPO: a flipped byte, a missing and a truncated file among the payload.
damage() {
	for i in 1 2 3; do
		sum=$(sha256sum <"$(find "$T_DIR/second/content" -type f | sort | sed -n ${i}p)")
		file=$T_DIR/$1/content/$(printf %.2s "$sum")/${sum%% *}
		chmod u+w "$file"
		case $i in
		1) printf '\377' | dd of="$file" bs=1 seek=100 conv=notrunc status=none ;;
		2) rm "$file" ;;
		3) truncate -s 50 "$file" ;;
		esac
	done
}
# kind REPO KIND: the file of an object of that kind (of the newest bundle).
kind() {
	sum=$(awk -v k="$2" '$3 == k { print $1; exit }' "$T_BUNDLE/OBJECTS")
	echo "$T_DIR/$1/content/$(printf %.2s "$sum")/$sum"
}

t_ok 'a part can be checked' exp scrub --max-bytes 1K --json
cp "$T_DIR/out" "$T_DIR/scrub"
t_json "$T_DIR/scrub" .objects 1
t_ok 'and then the rest' exp scrub --older-than 1 --json
cp "$T_DIR/out" "$T_DIR/scrub"
t_json "$T_DIR/scrub" '.objects > 0' true
t_ok 'which need not be repeated today' exp scrub --older-than 1 --json
cp "$T_DIR/out" "$T_DIR/scrub"
t_json "$T_DIR/scrub" .objects 0
damage exporter
cp -r "$T_DIR/exporter" "$T_DIR/damaged1"
t_status 3 'damage is found' exp scrub --json
cp "$T_DIR/out" "$T_DIR/scrub"
t_json "$T_DIR/scrub" '[.damaged[].id] | sort | join(" ")' 'GF-1750 GF-1751 GF-1752'
t_json "$T_DIR/scrub" .lost 3
t_ok 'what was there is set aside' test "$(find "$T_DIR/exporter/damaged" -type f | wc -l)" -eq 2
t_error 6 GF-2007 'a write does not go on without it' gapferry-export --repo "$T_DIR/exporter" \
	write main --key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
ingest "$T_DIR/second"
t_ok 'the next ingest brings it again' has_all exporter
t_ok 'and all is well' exp scrub
rm -rf "$T_DIR/exporter" && mv "$T_DIR/damaged1" "$T_DIR/exporter"
t_status 2 'or it is healed from a folder' exp scrub --heal-from "$T_DIR/keys" "$T_DIR/second"
t_contains 'which is named' "$T_DIR/out" "healed from $T_DIR/second"
t_ok 'completely' has_all exporter
t_ok 'and all is well' exp scrub
t_error 1 GF-1753 'a place that is not there is told at once' gapferry-export \
	--repo "$T_DIR/exporter" scrub --heal-from "$T_DIR/nowhere"

# What the catalog consists of.
cp -r "$T_DIR/exporter" "$T_DIR/damaged1"
for k in pack catalog cabinet; do
	rm "$(kind exporter $k)"
done
t_status 3 'a lost pack is found' exp scrub
t_status 3 'and not forgotten' exp scrub
t_run gapferry-export --repo "$T_DIR/exporter" write main \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
t_ok 'no bundle is written without it' test "$T_STATUS" -eq 6 -o "$T_STATUS" -eq 3
ingest "$T_DIR/second"
t_ok 'the catalog is ingested again' test "$T_STATUS" -eq 0
t_ok 'and all is well' exp scrub
t_ok 'nothing is called lost' exp status --json
cp "$T_DIR/out" "$T_DIR/status"
t_json "$T_DIR/status" .care.scrub.lost 0
t_bundle "$T_DIR" 4

# The isolated side: from a bundle.
cp -r "$T_DIR/importer" "$T_DIR/whole"
damage importer
rm "$(kind importer pack)"
printf x >>"$(kind importer cabinet)" 2>/dev/null || {
	chmod u+w "$(kind importer cabinet)" && printf x >>"$(kind importer cabinet)"
}
cp -r "$T_DIR/importer" "$T_DIR/damaged2"
t_status 2 'healed from a bundle' imp scrub --heal-from "$T_BUNDLE" --json
cp "$T_DIR/out" "$T_DIR/scrub"
t_json "$T_DIR/scrub" '[.damaged[] | select(.healed)] | length' 5
t_ok 'completely' has_all importer
t_ok 'and all is well' imp scrub
rm -rf "$T_DIR/importer" && mv "$T_DIR/damaged2" "$T_DIR/importer"
cp -r "$T_BUNDLE" "$T_DIR/forged" && sed -i 's/^epoch 1/epoch 2/' "$T_DIR/forged/MANIFEST"
t_status 3 'never from one that nobody signed' imp scrub --heal-from "$T_DIR/forged"
t_contains 'which is told' "$T_DIR/err" 'GF-12'
t_ok 'the next bundle heals it too' imp import "$T_BUNDLE"
t_ok 'completely' has_all importer
t_ok 'and all is well' imp scrub

# kill -9 during scrub
wrong='' cut=0
damage whole
for n in $steps; do
	rm -rf "$T_DIR/k" && cp -r "$T_DIR/whole" "$T_DIR/k"
	t_run killed "$n" gapferry-import --repo "$T_DIR/k" scrub --heal-from "$T_DIR/second"
	[ "$T_STATUS" -eq 137 ] && cut=$((cut + 1))
	t_run gapferry-import --repo "$T_DIR/k" scrub --heal-from "$T_DIR/second"
	[ "$T_STATUS" -eq 2 ] || [ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:again=$T_STATUS"
	has_all k || wrong="$wrong $n:incomplete"
	t_run gapferry-import --repo "$T_DIR/k" scrub
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:scrub=$T_STATUS"
	t_run gapferry-import --repo "$T_DIR/k" ledger check
	[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:ledger=$T_STATUS"
done
if [ -z "$wrong" ]; then t_pass "scrub was killed $cut times"; else t_fail "scrub:$wrong"; fi
t_ok 'some kills came in the middle' test "$cut" -ge 5

t_ok 'status tells ages and sizes' imp status --json
cp "$T_DIR/out" "$T_DIR/status"
t_json "$T_DIR/status" '.care.bundles[0].count' 4
t_json "$T_DIR/status" '.care.scrub.never' 0
t_json "$T_DIR/status" '.care.last | has("scrub")' true
t_ok 'and as text' imp status
