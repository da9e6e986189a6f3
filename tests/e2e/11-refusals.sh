#!/bin/sh
# What must not be imported is not, with the exit status and id that say why.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-verify gapferry-import mkcatalog

t_site "$T_DIR" --updates 60 --payloads 6
t_bundle "$T_DIR" 1
first=$T_BUNDLE
t_bundle "$T_DIR" 2

# A copy of the second bundle, to be damaged.
bad=$T_DIR/bad/gapferry/main-1-2
fresh() {
	rm -rf "$T_DIR/bad"
	mkdir -p "${bad%/*}"
	cp -r "$T_BUNDLE" "$bad"
	chmod -R u+w "$bad"
	rm "$bad"/*.par # it would be repaired
}
# problem STATUS ID DESC COMMAND...: a verifier's report names the problem.
problem() {
	want=$1 id=$2 desc=$3
	shift 3
	t_run "$@"
	if [ "$T_STATUS" -eq "$want" ] && grep -q "^problem $id: " "$T_DIR/out"; then
		t_pass "$desc"
	else
		t_fail "$desc (exit status $T_STATUS, want $want and $id: $*)"
	fi
}
# refuse STATUS ID DESC [ID-OF-THE-IMPORTER]
refuse() {
	problem "$1" "$2" "$3: verifier" gapferry-verify "$bad" --trust "$T_DIR/trust"
	t_error "$1" "${4:-$2}" "$3: importer" gapferry-import --repo "$T_DIR/importer" import "$bad"
}
# flip FILE OFFSET: another byte there.
flip() {
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\$(printf '%03o' $((byte ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

fresh; flip "$bad/vol-0001.tar" 1000
refuse 3 GF-1907 'a bit flipped in an object' GF-1925
fresh; flip "$bad/vol-0001.tar" 3
refuse 3 GF-1906 'a bit flipped in a header' GF-1925
fresh; flip "$bad/MANIFEST" 30
refuse 4 GF-1240 'a bit flipped in MANIFEST'
fresh; flip "$bad/OBJECTS" 5
refuse 3 GF-1903 'a bit flipped in OBJECTS'
fresh; flip "$bad/CHUNKS" 5
refuse 3 GF-1903 'a bit flipped in CHUNKS'
fresh; flip "$bad/VERIFY.txt" 5
refuse 3 GF-1903 'a bit flipped in the card'
fresh; rm "$bad/vol-0001.tar"
refuse 6 GF-1904 'a lost volume' GF-2120
fresh; truncate -s -512 "$bad/vol-0001.tar"
refuse 3 GF-1905 'a volume cut short'
fresh; rm "$bad/SHA256SUMS"
refuse 6 GF-1902 'a lost small file'
fresh; rm "$bad"/sigs/*
refuse 4 GF-1260 'no signature'
fresh; rm "$bad/MANIFEST"; cp "$first/MANIFEST" "$bad/"
refuse 4 GF-1240 'the MANIFEST of another bundle'

t_error 4 GF-2009 'a builder cannot approve' gapferry-export approve "$T_BUNDLE" \
	--key "$T_DIR/keys/bert-builder.key.pem" --trust "$T_DIR/trust"

t_trust "$T_DIR/other"
problem 4 GF-1256 'another trust root' gapferry-verify "$T_BUNDLE" --trust "$T_DIR/other/trust"

t_ok 'the untouched bundle is imported after all that' \
	gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_error 5 GF-1911 'the older bundle is refused now' \
	gapferry-import --repo "$T_DIR/importer" import "$first"
both=$T_DIR/both/gapferry
mkdir -p "$both"
cp -r "$first" "$T_BUNDLE" "$both/"
t_ok 'beside the one imported last an older one is no problem' \
	gapferry-import --repo "$T_DIR/importer" import "$T_DIR/both"
fresh; flip "$bad/MANIFEST" 30; mv "$bad" "$both/main-1-3"
t_error 4 GF-1240 'a damaged one is: it may be the new one' \
	gapferry-import --repo "$T_DIR/importer" import "$T_DIR/both"
t_must gapferry-import --repo "$T_DIR/elsewhere" init --channel main --audience site2 \
	--trust "$T_DIR/trust"
t_error 5 GF-1910 'and so is any bundle at another site' \
	gapferry-import --repo "$T_DIR/elsewhere" import "$T_BUNDLE"
