#!/bin/sh
# A bundle whose chunks are as signed and whose headers are not: refused medium by medium as it is
# when all media are there.
. tests/e2e/lib.sh
. tests/attack/run.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl basenc jq

A_PARITY=yes A_MEDIA=5M a_site --updates 24 --payloads 3 --payload-min 12500K --payload-max 13M
attack_people
cp -r "$T_DIR/importer" "$T_DIR/pristine"
fresh() {
	rm -rf "$T_DIR/importer"
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
}
# made DIR: two media of it, one volume on the second.
media() {
	rm -rf "$T_DIR/one" "$T_DIR/two"
	cp -r "$1" "$T_DIR/one"
	cp -r "$1" "$T_DIR/two"
	mv "$T_DIR/one/$volume" "$T_DIR/held"
	rm "$T_DIR"/two/vol-*.tar
	mv "$T_DIR/held" "$T_DIR/two/$volume"
}
# by_media WHAT: medium by medium.
by_media() {
	fresh
	t_error 6 GF-2120 "$1: the first medium" gapferry-import --repo "$T_DIR/importer" import "$T_DIR/one"
	t_error 3 GF-1906 "$1: the second medium" gapferry-import --repo "$T_DIR/importer" import "$T_DIR/two"
	t_ok "$1: nothing is published" test \
		"$(gapferry-import --repo "$T_DIR/importer" status --json | jq .sequence)" -eq 0
}

# A part of an object that goes on from the volume before.
volume=vol-0004.tar
t_contains 'it is a part' "$T_DIR/good/OBJECTS" "$(tar -t -f "$T_DIR/good/$volume" | head -n 1 | sed 's/.*\///; s/\..*//')"
media "$T_DIR/good"
fresh
t_status 6 'a good bundle: the first medium' gapferry-import --repo "$T_DIR/importer" import "$T_DIR/one"
t_ok 'a good bundle: the second completes' gapferry-import --repo "$T_DIR/importer" import "$T_DIR/two"

cp -r "$T_DIR/good" "$T_DIR/forged"
(cd "$T_DIR/forged" && poke "$volume" 100 0000755 && header_sum "$volume" 0 && rm -f ./*.par && chunked)
fresh
t_error 3 GF-1906 'all at once' gapferry-import --repo "$T_DIR/importer" import "$T_DIR/forged"
media "$T_DIR/forged"
by_media 'a header'

cp -r "$T_DIR/good" "$T_DIR/padded"
(
	cd "$T_DIR/padded" || exit
	printf x | dd of="$volume" bs=1 seek=$(($(stat -c %s "$volume") - 1)) conv=notrunc status=none
	rm -f ./*.par
	chunked
)
media "$T_DIR/padded"
by_media 'a trailer'
