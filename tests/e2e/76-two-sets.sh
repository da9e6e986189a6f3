#!/bin/sh
# A process that reads documents says something else of one: import and approve refuse, nothing changes.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import jq liar.so

case $BIN in
*/asan/* | *asan/bin | *coverage/bin)
	t_skip 'processes that lie' 'a sanitizer wants to be loaded first'
	exit 0
	;;
esac

a_site --updates 60 --payloads 2 --payload-max 10K
cp -r "$T_DIR/importer" "$T_DIR/pristine"
cp -r "$T_DIR/importer" "$T_DIR/reference"
t_must gapferry-import --repo "$T_DIR/reference" import "$T_DIR/good"
gapferry-import --repo "$T_DIR/reference" updates --json >"$T_DIR/true"
truth=$(jq -r '.updates[0].title' "$T_DIR/true")
lie=$(echo "$truth" | tr 'a-zA-Z' 'b-zaB-ZA')
sed "s|\"$truth\"|\"$lie\"|" "$T_DIR/true" >"$T_DIR/false"

# liar PROCESSES COMMAND...: these lie, numbered in the order of their start.
liar() {
	liar_who=$1
	shift
	GAPFERRY_LIARS=$liar_who GAPFERRY_TRUTH=$truth GAPFERRY_LIE=$lie LD_PRELOAD=$BIN/liar.so "$@"
}

# Beside an import with one thread: who proves, who parses forwards, who parses backwards.
for who in 2 3; do
	t_error 3 GF-1170 "import: process $who lies" \
		liar $who gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good" --threads 1
	cp "$T_DIR/err" "$T_DIR/said"
	t_ok 'the pack is named' grep -q 'pack [0-9a-f]\{64\}: ' "$T_DIR/said"
	gapferry-import --repo "$T_DIR/importer" status --json >"$T_DIR/status"
	gapferry-import --repo "$T_DIR/importer" updates --json >"$T_DIR/have"
	t_json "$T_DIR/status" .sequence 0
	t_json "$T_DIR/have" '.updates | length' 0
	t_error 3 GF-1170 "approve: process $((who - 1)) lies" \
		liar $((who - 1)) gapferry-export approve "$T_DIR/good" --look --trust "$T_DIR/trust" --threads 1
done
# Who lies is believed where nobody contradicts: so the refusals are due to the other set.
t_must liar 23 gapferry-import --repo "$T_DIR/pristine" import "$T_DIR/good" --threads 1
gapferry-import --repo "$T_DIR/pristine" updates --json >"$T_DIR/have"
t_ok 'both sets together are believed' cmp -s "$T_DIR/false" "$T_DIR/have"

t_must liar 1 gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good" --threads 3
gapferry-import --repo "$T_DIR/importer" updates --json >"$T_DIR/have"
t_ok 'the same bundle is imported afterwards' cmp -s "$T_DIR/true" "$T_DIR/have"
