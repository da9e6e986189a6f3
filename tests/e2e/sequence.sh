# shellcheck shell=sh disable=SC2153 # T_DIR is from lib.sh
# sequence.sh: one random sequence of increments, for 25-any-order.sh.
#
#   sequence_run SEED      one-way and two-way in turn; 10 bundles, up to 3 of them lost, delivered
#                          in any order; at the end both sides must hold the same.
#
# Everything random comes from SEED.  The scratch directory is $T_DIR/SEED.

SEQUENCE_BUNDLES=10

# sequence_dice N: a number below N in DICE.
sequence_dice() {
	SEQUENCE_STATE=$(((SEQUENCE_STATE * 1103515245 + 12345) % 2147483648))
	DICE=$((SEQUENCE_STATE / 65536 % $1))
}

# A later state of the catalogs: changed, grown, shrunk, with a second one that comes and goes.
sequence_ingest() {
	sequence_dice 4
	s_updates=$((24 + DICE * 3))
	sequence_dice 400
	s_change=$DICE
	sequence_dice 5
	rm -rf "$S_DIR/catalog"
	t_must mkcatalog --out "$S_DIR/catalog" --updates "$s_updates" --payloads 5 --payload-min 1K \
		--payload-max 20K --core-bytes 300 --change "$s_change" --change-seed "$DICE"
	t_run gapferry-export --repo "$S_DIR/exporter" ingest wsusscn2 \
		"$S_DIR/catalog/wsusscn2.cab" --content "$S_DIR/catalog/content" --accept-shrink
	[ "$T_STATUS" -eq 0 ] || [ "$T_STATUS" -eq 2 ] || t_fail "seed $S_SEED: ingest"
	sequence_dice 5
	case $DICE in
	0)
		sequence_dice 100
		t_must mkcatalog --out "$S_DIR/old" --layout wsusscan --updates 24 --core-bytes 300 \
			--change 200 --change-seed "$DICE"
		t_run gapferry-export --repo "$S_DIR/exporter" ingest wsusscn2 \
			"$S_DIR/old/WSUSSCAN.cab" --accept-shrink
		;;
	1)
		gapferry-export --repo "$S_DIR/exporter" status --json | jq -r \
			'.catalogs[] | select(.kind == "wsusscan") | .kind + " " + .series' |
			while read -r s_kind s_series; do
				gapferry-export --repo "$S_DIR/exporter" withdraw "$s_kind" \
					"$s_series" >/dev/null
			done
		;;
	esac
}

sequence_write() {
	t_must gapferry-export --repo "$S_DIR/exporter" write main \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$S_DIR/medium"
	t_must gapferry-export approve "$S_DIR/medium/gapferry/main-1-$1" --repo "$S_DIR/exporter" \
		--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
}

# Deliver a bundle: it is imported, waits, or is older than what is there already.
sequence_deliver() {
	t_run gapferry-import --repo "$S_DIR/importer" import "$S_DIR/medium/gapferry/main-1-$1"
	s_said=$(sed -n '1s/^[a-z-]*: \(GF-[0-9]*\):.*/\1/p' "$T_DIR/err")
	echo "$1 $T_STATUS $s_said" >>"$S_DIR/log"
	case $T_STATUS$s_said in
	0 | 2 | 6GF-2110 | 5GF-1911) ;;
	*) t_fail "seed $S_SEED: import of $1: $T_STATUS $s_said" ;;
	esac
}

# Number $1 of the list that follows, counted from 0; the others are in S_REST.
sequence_take() {
	s_at=$1 S_TAKEN='' S_REST=''
	shift
	for s_item in "$@"; do
		if [ "$s_at" -eq 0 ]; then S_TAKEN=$s_item; else S_REST="$S_REST $s_item"; fi
		s_at=$((s_at - 1))
	done
}

sequence_compare() {
	t_must gapferry-import --repo "$S_DIR/importer" status --json
	s_root=$(jq -r .catalog_root "$T_DIR/out")
	s_want=$(sed -n 's/^catalog-root //p' "$S_DIR/medium/gapferry/main-1-$1/MANIFEST")
	[ "$s_root" = "$s_want" ] || return 1
	[ "$(jq '.pending | length' "$T_DIR/out")" -eq 0 ] || return 1
	[ ! -e "$S_DIR/importer/need" ] || return 1
	for s_side in exporter importer; do
		gapferry-import --repo "$S_DIR/$s_side" updates --json | jq -S \
			'[.updates[] | del(.revision_id)] | sort_by(.update_id, .source_revision)' \
			>"$S_DIR/$s_side.updates" || return 1
		# but what only the reader of a cabinet sees, and rules of history, which compare with
		# what this side had before
		gapferry-import --repo "$S_DIR/$s_side" findings --json | jq -S \
			'[.findings[] | select(.id | test("^GF-C0(7|8|9)") | not)] | sort' \
			>"$S_DIR/$s_side.findings" || return 1
	done
	cmp "$S_DIR/exporter.updates" "$S_DIR/importer.updates" || return 1
	cmp "$S_DIR/exporter.findings" "$S_DIR/importer.findings" || return 1
	# What the bundle carried or took for granted is there, and every object is what it is called.
	awk '$3 != "catalog" { print $1 }' "$S_DIR/medium/gapferry/main-1-$1/OBJECTS" | sort -u \
		>"$S_DIR/view"
	find "$S_DIR/importer/content" -type f -exec sha256sum {} + >"$S_DIR/sums"
	awk '{ n = $2; sub(/.*\//, "", n); if (n != $1) exit 1 }' "$S_DIR/sums" || return 1
	cut -d ' ' -f 1 "$S_DIR/sums" | sort >"$S_DIR/here"
	[ -z "$(comm -23 "$S_DIR/view" "$S_DIR/here")" ]
}

# What was sent and not lost, in any order; two-way: with truth in between now and then.
sequence_play() {
	s_left=3 S_QUEUE='' s_number=0
	while [ "$s_number" -lt "$SEQUENCE_BUNDLES" ]; do
		s_number=$((s_number + 1))
		sequence_ingest
		sequence_write "$s_number"
		sequence_dice 3
		if [ "$DICE" -eq 0 ] && [ "$s_left" -gt 0 ] &&
			[ "$s_number" -lt "$SEQUENCE_BUNDLES" ]; then
			s_left=$((s_left - 1))
			echo "$s_number lost" >>"$S_DIR/log"
		else
			S_QUEUE="$S_QUEUE $s_number"
		fi
		sequence_dice 3
		[ "$S_WAY$DICE" = two-way0 ] || continue
		sequence_deliver_some
		s_has=$(gapferry-import --repo "$S_DIR/importer" status --json | jq .sequence)
		t_must gapferry-export --repo "$S_DIR/exporter" channel confirm main --site site1 \
			--sequence "$s_has"
		echo "confirmed $s_has" >>"$S_DIR/log"
	done
	while [ -n "$S_QUEUE" ]; do
		sequence_deliver_one
	done
}

sequence_deliver_one() {
	# shellcheck disable=SC2086 # a list of numbers
	set -- $S_QUEUE
	[ $# -gt 0 ] || return 0
	sequence_dice $#
	sequence_take "$DICE" "$@"
	S_QUEUE=$S_REST
	sequence_deliver "$S_TAKEN"
}

sequence_deliver_some() {
	sequence_dice 3
	s_some=$DICE
	while [ "$s_some" -gt 0 ]; do
		sequence_deliver_one
		s_some=$((s_some - 1))
	done
}

sequence_run() {
	S_SEED=$1 S_DIR=$T_DIR/$1 SEQUENCE_STATE=$(($1 * 2654435 % 2147483648))
	mkdir -p "$S_DIR/medium"
	t_must gapferry-export --repo "$S_DIR/exporter" init
	if [ $((S_SEED % 2)) -eq 0 ]; then
		S_WAY=one-way
		t_must gapferry-export --repo "$S_DIR/exporter" channel add main --audience site1 \
			--trust "$T_DIR/trust" --one-way
	else
		S_WAY=two-way
		t_must gapferry-export --repo "$S_DIR/exporter" channel add main --audience site1 \
			--trust "$T_DIR/trust"
	fi
	t_must gapferry-import --repo "$S_DIR/importer" init --channel main --audience site1 \
		--trust "$T_DIR/trust"
	sequence_play
	if sequence_compare "$SEQUENCE_BUNDLES"; then
		t_pass "seed $S_SEED, $S_WAY: both sides hold the same ($(tr '\n' ';' <"$S_DIR/log"))"
		rm -rf "$S_DIR"
	else
		t_fail "seed $S_SEED, $S_WAY: the sides differ ($(tr '\n' ';' <"$S_DIR/log"))"
	fi
}
