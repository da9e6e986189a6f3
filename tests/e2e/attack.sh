# shellcheck shell=sh
# attack.sh: what the scripts that damage things share; sourced after lib.sh.
#
#   a_snapshot NAME exporter|importer   remember a repository of $T_DIR
#   a_unchanged DESC NAME SIDE          it is as it was
#   a_flip FILE OFFSET BIT              flip one bit (twice: as before)
#   a_bundle                            a fresh copy of the good bundle: $A_BUNDLE
#   a_refused N DESC [ID]               verifier, importer and card all refuse $A_BUNDLE
#
# T_DIR/good is the directory of a good bundle, T_DIR/importer a repository that
# is to stay as it is, T_DIR/card.sh the auditor's own copy of VERIFY.txt.

A_BUNDLE=$T_DIR/copy/gapferry/main-1-1

# What a repository says about itself (its ledger does record refusals), and the files in it (not the database's working files, nor
# the evidence of a second history).
a_state() {
	if [ "$2" = exporter ]; then
		gapferry-export --repo "$1" status --json | jq 'del(.care)'
		gapferry-export --repo "$1" plan main --json
	else
		gapferry-import --repo "$1" status --json | jq 'del(.care, .incidents)'
		gapferry-import --repo "$1" findings --json
		gapferry-import --repo "$1" updates --json | sha256sum
	fi
	(cd "$1" && find . -type f ! -name 'catalog.db*' ! -name lock ! -path './evidence/*' | sort)
}

a_snapshot() {
	a_state "$T_DIR/$2" "$2" >"$T_DIR/state.$1" 2>&1
}

a_unchanged() {
	a_state "$T_DIR/$3" "$3" >"$T_DIR/state.now" 2>&1
	t_run diff "$T_DIR/state.$2" "$T_DIR/state.now"
	if [ "$T_STATUS" -eq 0 ]; then t_pass "$1"; else t_fail "$1"; fi
}

a_flip() {
	a_byte=$(od -A n -t u1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # the byte is an octal escape
	printf "\\$(printf %03o $((a_byte ^ (1 << $3))))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

a_size() {
	stat -c %s "$1"
}

a_bundle() {
	rm -rf "$A_BUNDLE"
	mkdir -p "${A_BUNDLE%/*}"
	cp -r "$T_DIR/good" "$A_BUNDLE"
}

a_card() {
	(cd "$A_BUNDLE" && ANCHORS=$T_DIR/trust sh "$T_DIR/card.sh" "$@") </dev/null
}

# The exit status N of both programs, the id when given, and NOT VERIFIED of the card.
a_refused() {
	a_want=$1 a_desc=$2 a_id=${3:-GF-}
	t_run gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
	if [ "$T_STATUS" -eq "$a_want" ] && grep -q "problem $a_id" "$T_DIR/out" "$T_DIR/err"; then
		t_pass "gapferry-verify refuses: $a_desc"
	else
		t_fail "gapferry-verify refuses: $a_desc (exit status $T_STATUS, want $a_want $a_id)"
	fi
	# The importer may stop at the first of several defects, or see it in another place.
	t_run gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
	if [ "$T_STATUS" -eq "$a_want" ] && grep -q '^gapferry-import: GF-' "$T_DIR/err"; then
		t_pass "gapferry-import refuses: $a_desc"
	else
		t_fail "gapferry-import refuses: $a_desc (exit status $T_STATUS, want $a_want)"
	fi
	t_run a_card
	if [ "$T_STATUS" -eq 1 ] && [ "$(tail -n 1 "$T_DIR/out")" = 'NOT VERIFIED' ]; then
		t_pass "the card refuses: $a_desc"
	else
		t_fail "the card refuses: $a_desc (exit status $T_STATUS)"
	fi
}

# A site whose first bundle is good and was not imported; options are mkcatalog's.
a_site() {
	t_site "$T_DIR" "$@"
	# Without parity, which would repair what is damaged here; A_PARITY asks for it.
	if [ -n "${A_PARITY:-}" ]; then set --; else set -- --no-parity; fi
	t_bundle "$T_DIR" 1 --media "${A_MEDIA:-1M}" "$@"
	cp -r "$T_BUNDLE" "$T_DIR/good"
	cp "$T_BUNDLE/VERIFY.txt" "$T_DIR/card.sh"
}
