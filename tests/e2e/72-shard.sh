#!/bin/sh
# A catalog whose shards changed: what is kept of the shards before tells the same as reading; a first
# ingest and a successor that are killed in the middle leave the catalog before, and the next one ends.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export jq sqlite3 timeout

profile='--profile true --core-bytes 48K --shards 4 --updates 1200 --seed 11'
faults='--fault malformed-core:1 --fault malformed-core:400 --fault master-core-mismatch:60
	--fault unknown-action:20'

# ingest NAME CATALOG: into the repository of that name; NAME.json is the answer, NAME.facts what has to be
# the same however a catalog came to be there.
ingest() {
	[ -d "$T_DIR/$1" ] || t_must gapferry-export --repo "$T_DIR/$1" init
	t_run gapferry-export --repo "$T_DIR/$1" ingest wsusscn2 "$2" --threads 3 --json
	[ "$T_STATUS" -le 2 ] || t_fail "ingest $1 (exit status $T_STATUS)"
	cp "$T_DIR/out" "$T_DIR/$1.json"
	# But for what history says, and how much of it was known.
	jq -S 'del(.shards_known, .counts) |
		del(.findings[] | select(.id >= "GF-C084" and .id <= "GF-C096"))' \
		"$T_DIR/$1.json" >"$T_DIR/$1.facts"
	sqlite3 "$T_DIR/$1/catalog.db" >"$T_DIR/$1.rows" \
		"SELECT source_revision, type, flags, action, kb, severity, title, verdict, cause FROM update_info
			ORDER BY 1;
		SELECT d.stream, d.revision, d.key, hex(f.sha256), f.size FROM document d
			JOIN fragment f ON f.id=d.fragment_id ORDER BY 1, 2, 3;"
}

# pack NAME: the tree of that name as a catalog.
pack() {
	mkdir "$T_DIR/$1"
	t_pack "$T_DIR/$1.tree" "$T_DIR/$1/wsusscn2.cab"
}

# spoil TREE N: something is wrong with every N-th core fragment, but it is well-formed.
spoil() {
	find "$1" -path '*/c/*' -type f | sort | awk -v n="$2" 'NR % n == 0' | while read -r core; do
		sed -i 's,UpdateID="\([^"]*\)",UpdateID="x\1",' "$core"
	done
}

# shellcheck disable=SC2086 # options, separated by blanks
t_must mkcatalog --out "$T_DIR/loose" $profile $faults --tree "$T_DIR/first.tree"
spoil "$T_DIR/first.tree" 40
cp -r "$T_DIR/first.tree" "$T_DIR/next.tree"
# In the next one other fragments of the first three shards are spoilt, and two changed places.
for shard in package2 package3 package4; do
	spoil "$T_DIR/next.tree/$shard" 99
	cores=$(find "$T_DIR/next.tree/$shard/c" -type f | sort | head -n 2)
	one=${cores%%
*} two=${cores##*
}
	mv "$one" "$T_DIR/swap"
	mv "$two" "$one"
	mv "$T_DIR/swap" "$two"
done
pack first
pack next
ingest fresh "$T_DIR/next/wsusscn2.cab"
ingest aged "$T_DIR/first/wsusscn2.cab"
cp -r "$T_DIR/aged" "$T_DIR/before"
ingest aged "$T_DIR/next/wsusscn2.cab"
t_json "$T_DIR/aged.json" '.updates_quarantined > 0' true
t_json "$T_DIR/aged.json" .shards_known 1
t_same 'a shard that changed has the findings of one that was never seen' "$T_DIR/fresh.facts" \
	"$T_DIR/aged.facts"
t_same 'and the same rows' "$T_DIR/fresh.rows" "$T_DIR/aged.rows"

# The past is only a shorter way: facts that another version kept, or that are no facts, are not used.
for state in "x'28b52ffd2000'" 'substr(state,1,length(state)-9)'; do
	rm -rf "$T_DIR/spoilt"
	cp -r "$T_DIR/before" "$T_DIR/spoilt"
	t_must sqlite3 "$T_DIR/spoilt/catalog.db" "UPDATE shard SET state=$state"
	ingest spoilt "$T_DIR/next/wsusscn2.cab"
	t_same 'a past that is none changes nothing' "$T_DIR/fresh.facts" "$T_DIR/spoilt.facts"
done

# ---- killed ----

# killed N COMMAND...: kill -9 when a thread of it gives the N-th object its name; without strace, after N
# hundredths of a second.
if strace -f -o /dev/null -e trace=none true 2>/dev/null; then
	killed() {
		n=$1
		shift
		# The leak checker cannot work below strace.
		ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=renameat \
			-e inject=renameat:signal=SIGKILL:when="$n" "$@"
	}
	first_steps='1 4' next_steps='1 2'
else
	killed() {
		n=$1
		shift
		timeout -s KILL "$(printf '0.%02d' "$n")" "$@"
	}
	first_steps='5 15' next_steps='5 10'
fi
rows() {
	sqlite3 "$1/catalog.db" .dump
}

# interrupt NAME REPO CATALOG STEPS: what is killed leaves the rows of REPO; then the whole of it.
interrupt() {
	deaths=0
	for n in $4; do
		rm -rf "${T_DIR:?}/$1"
		cp -r "$T_DIR/$2" "$T_DIR/$1"
		rows "$T_DIR/$1" >"$T_DIR/rows"
		t_run killed "$n" gapferry-export --repo "$T_DIR/$1" ingest wsusscn2 "$3" --threads 3
		[ "$T_STATUS" -lt 128 ] || deaths=$((deaths + 1))
		rows "$T_DIR/$1" >"$T_DIR/rows.now"
		if [ "$T_STATUS" -ge 128 ]; then
			t_same "$1: killed at $n, the rows are those of before" "$T_DIR/rows" \
				"$T_DIR/rows.now"
		fi
		ingest "$1" "$3"
		t_same "$1: the next one ends with the same findings ($n)" "$T_DIR/fresh.facts" \
			"$T_DIR/$1.facts"
		t_same "$1: and the same rows ($n)" "$T_DIR/fresh.rows" "$T_DIR/$1.rows"
		t_ok "$1: nothing is left in tmp/ ($n)" test -z "$(find "$T_DIR/$1/tmp" -type f)"
	done
	t_ok "$1: $deaths runs died in the middle" test "$deaths" -gt 0
}
t_must gapferry-export --repo "$T_DIR/empty" init
interrupt begun empty "$T_DIR/next/wsusscn2.cab" "$first_steps"
interrupt replaced before "$T_DIR/next/wsusscn2.cab" "$next_steps"
