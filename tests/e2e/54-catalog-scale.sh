#!/bin/sh
# Catalogs of the true profile, scaled down: the same result for any number of threads and any
# layout of shards; a successor costs what changed; a broken one changes nothing at all.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export jq cabextract sha256sum sqlite3

profile='--profile true --core-bytes 24K --shards 5 --seed 5'

# ingest NAME CATALOG THREADS: into the repository of that name, findings and all as JSON.
ingest() {
	[ -d "$T_DIR/$1/exporter" ] || t_must gapferry-export --repo "$T_DIR/$1/exporter" init
	t_run gapferry-export --repo "$T_DIR/$1/exporter" ingest wsusscn2 "$2" --threads "$3" --json
	[ "$T_STATUS" -le 2 ] || t_fail "ingest $1 (exit status $T_STATUS)"
	cp "$T_DIR/out" "$T_DIR/$1.json"
	find "$T_DIR/$1/exporter/content" -type f -printf '%f %s\n' | sort >"$T_DIR/$1.objects"
}
mkdir "$T_DIR/one" "$T_DIR/two" "$T_DIR/nine" "$T_DIR/faulty1" "$T_DIR/faulty4" "$T_DIR/moved" \
	"$T_DIR/moved1"

# ---- determinism ----

# shellcheck disable=SC2086 # options, separated by blanks
t_must mkcatalog --out "$T_DIR/first" --updates 1500 $profile
# shellcheck disable=SC2086
t_must mkcatalog --out "$T_DIR/again" --updates 1500 $profile
t_same 'the same seed gives the same catalog' "$T_DIR/first/wsusscn2.cab" \
	"$T_DIR/again/wsusscn2.cab"
ingest one "$T_DIR/first/wsusscn2.cab" 1
ingest two "$T_DIR/first/wsusscn2.cab" 2
ingest nine "$T_DIR/first/wsusscn2.cab" 9
for n in two nine; do
	t_same "$n threads find what one finds" "$T_DIR/one.json" "$T_DIR/$n.json"
	t_same "$n threads store what one stores" "$T_DIR/one.objects" "$T_DIR/$n.objects"
done
t_json "$T_DIR/one.json" .updates_processed "$(sed -n "s,^updates ,,p" "$T_DIR/first/truth.txt")"
t_json "$T_DIR/one.json" .updates_quarantined 0
t_ok 'nothing is left in tmp/' test -z "$(find "$T_DIR/two/exporter/tmp" -type f)"

# Faults in fragments of several shards are found in the same order.
# shellcheck disable=SC2086
t_must mkcatalog --out "$T_DIR/faulty" --updates 1500 $profile --fault malformed-core:1 \
	--fault malformed-core:300 --fault malformed-core:700 --fault master-core-mismatch:40
ingest faulty1 "$T_DIR/faulty/wsusscn2.cab" 1
ingest faulty4 "$T_DIR/faulty/wsusscn2.cab" 4
t_same 'four threads report the faults that one reports' "$T_DIR/faulty1.json" \
	"$T_DIR/faulty4.json"
t_same 'and store the same' "$T_DIR/faulty1.objects" "$T_DIR/faulty4.objects"
t_json "$T_DIR/faulty1.json" '.updates_quarantined > 0' true

# ---- a master document that is not in package.cab ----

# shellcheck disable=SC2086
t_must mkcatalog --out "$T_DIR/loose" --updates 1500 $profile --tree "$T_DIR/loose.tree"
mkdir "$T_DIR/moved.tree"
cp "$T_DIR/loose.tree/index.xml" "$T_DIR/moved.tree/"
echo odd >"$T_DIR/moved.tree/odd.txt"
echo odd >"$T_DIR/loose.tree/package4/c/odd"
mv "$T_DIR/loose.tree/package/package.xml" "$T_DIR/loose.tree/package3/"
mv "$T_DIR/loose.tree/package2/x" "$T_DIR/loose.tree/package/x"
for part in "$T_DIR"/loose.tree/package*; do
	t_must mkcatalog --pack "$part" --out "$T_DIR/moved.tree/${part##*/}.cab"
done
t_must mkcatalog --pack "$T_DIR/moved.tree" --out "$T_DIR/moved.cab"
ingest moved "$T_DIR/moved.cab" 3
ingest moved1 "$T_DIR/moved.cab" 1
t_same 'what the cabinets are remarked for does not depend on threads' "$T_DIR/moved1.json" \
	"$T_DIR/moved.json"
t_json "$T_DIR/moved.json" '[.findings[] | select(.id == "GF-C080") | .value] | unique | join(" ")' \
	package2.cab
# But for what is said of the places, and of the name of the file.
places='[.updates_processed, .documents, [.findings[] | select(.id | IN("GF-C073", "GF-C076", "GF-C080") | not)]]'
t_ok 'wherever the master document lies, the other findings are the same' test \
	"$(jq -c "$places" "$T_DIR/moved.json")" = "$(jq -c "$places" "$T_DIR/one.json")"
t_json "$T_DIR/moved.json" '[.findings[] | select(.id == "GF-C073") | .file] | join(" ")' \
	'moved.cab/odd.txt package4.cab/c/odd'

# ---- the same again, and a month later ----

cp "$T_DIR/one.objects" "$T_DIR/before"
ingest one "$T_DIR/first/wsusscn2.cab" 2
t_same 'the same catalog again stores nothing' "$T_DIR/before" "$T_DIR/one.objects"
t_json "$T_DIR/one.json" .shards_known 5

# What was kept of shards tells what reading them tells, faults and remarks included; where it
# cannot be used they are read.  Compared with what reading gave, but for what history says.
facts='del(.shards_known) | del(.findings[] | select(.id >= "GF-C084" and .id <= "GF-C096")) | del(.counts)'
# again NAME CATALOG WANTED WHAT: take it in once more, so many shards are told.
again() {
	jq -S "$facts" "$T_DIR/$1.json" >"$T_DIR/read"
	cp "$T_DIR/$1.objects" "$T_DIR/stored"
	ingest "$1" "$2" 3
	jq -S "$facts" "$T_DIR/$1.json" >"$T_DIR/told"
	t_json "$T_DIR/$1.json" .shards_known "$3"
	t_same "$1: $4" "$T_DIR/read" "$T_DIR/told"
	t_same "$1: $4, and no other object" "$T_DIR/stored" "$T_DIR/$1.objects"
}
again faulty4 "$T_DIR/faulty/wsusscn2.cab" 5 'kept facts are the same facts'
again moved "$T_DIR/moved.cab" 4 'but not of the cabinet with the master document'
t_must sqlite3 "$T_DIR/moved/exporter/catalog.db" \
	"UPDATE shard SET state=x'28b52ffd2000' WHERE rowid=(SELECT min(rowid) FROM shard)"
again moved "$T_DIR/moved.cab" 3 'a state that is no state is not used'
t_must sqlite3 "$T_DIR/faulty4/exporter/catalog.db" \
	"UPDATE shard SET state=substr(state,1,length(state)-9) WHERE rowid=(SELECT max(rowid) FROM shard)"
again faulty4 "$T_DIR/faulty/wsusscn2.cab" 4 'nor one that was cut'
again faulty4 "$T_DIR/faulty/wsusscn2.cab" 5 'after which it is kept again'

# shellcheck disable=SC2086
t_must mkcatalog --out "$T_DIR/next" --updates 1500 $profile --successor 1
ingest one "$T_DIR/next/wsusscn2.cab" 2
ingest two "$T_DIR/next/wsusscn2.cab" 5
t_same 'a successor stores the same for any number of threads' "$T_DIR/one.objects" \
	"$T_DIR/two.objects"
t_json "$T_DIR/one.json" ".shards_known > 2" true
t_json "$T_DIR/one.json" .updates_processed "$(sed -n "s,^updates ,,p" "$T_DIR/next/truth.txt")"
first=$(awk '{ n += $2 } END { print n }' "$T_DIR/before")
cabinet=$(stat -c %s "$T_DIR/next/wsusscn2.cab")
both=$(awk '{ n += $2 } END { print n }' "$T_DIR/one.objects")
t_ok "the successor adds little but its cabinet ($first bytes, then $((both - first - cabinet)))" \
	test $(((both - first - cabinet) * 3)) -lt "$first"

# ---- a broken successor ----

cp -a "$T_DIR/one/exporter" "$T_DIR/exporter"
a_snapshot good exporter
# shellcheck disable=SC2086
t_must mkcatalog --out "$T_DIR/broken" --updates 1500 $profile --successor 2
size=$(a_size "$T_DIR/broken/wsusscn2.cab")
for percent in 30 70 97; do
	cp "$T_DIR/broken/wsusscn2.cab" "$T_DIR/broken.cab"
	printf 'XXXX' | dd of="$T_DIR/broken.cab" bs=1 seek=$((size / 100 * percent)) conv=notrunc \
		2>/dev/null
	for threads in 1 6; do
		t_error 3 GF-1308 "damage at $percent % is found with $threads threads" \
			gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 \
			"$T_DIR/broken.cab" --threads "$threads"
		cp "$T_DIR/err" "$T_DIR/message.$threads"
		a_unchanged "and changes nothing ($percent %, $threads)" good exporter
	done
	t_same "with the same message ($percent %)" "$T_DIR/message.1" "$T_DIR/message.6"
done

# Damage inside a shard, in a sound outer cabinet.
t_must cabextract -q -d "$T_DIR/outer" "$T_DIR/broken/wsusscn2.cab"
size=$(a_size "$T_DIR/outer/package4.cab")
printf 'XXXX' | dd of="$T_DIR/outer/package4.cab" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
size=$(a_size "$T_DIR/outer/package6.cab")
printf 'XXXX' | dd of="$T_DIR/outer/package6.cab" bs=1 seek=$((size / 9)) conv=notrunc 2>/dev/null
t_must mkcatalog --pack "$T_DIR/outer" --out "$T_DIR/inner.cab"
for threads in 1 6; do
	t_error 3 GF-1308 "of two damaged shards the first is reported ($threads threads)" \
		gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/inner.cab" \
		--threads "$threads"
	t_contains "by name ($threads threads)" "$T_DIR/err" 'package4.cab'
	a_unchanged "and nothing changes ($threads threads)" good exporter
done

