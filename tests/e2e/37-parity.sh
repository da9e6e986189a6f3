#!/bin/sh
# Parity: damaged volumes are diagnosed exactly and repaired on import; what parity cannot do is
# named; nothing that a parity file says is believed.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-verify gapferry-import mkcatalog jq

a=$T_DIR/a
mkdir -p "$a"
t_site "$a" --seed 4 --updates 40 --payloads 13 --payload-min 1M --payload-max 60M
t_bundle "$a" 1 --media 64M --spare 1
good=$T_BUNDLE
b=$T_DIR/b

# fresh: a copy of the bundle to damage, and an empty importer beside it.
fresh() {
	rm -rf "$b" "$T_DIR/importer"
	cp -r "$good" "$b"
	t_must gapferry-import --repo "$T_DIR/importer" init --channel main --audience site1 \
		--trust "$a/trust"
}

# put FILE BYTE: what comes from stdin over the bytes from BYTE on.
put() {
	dd of="$b/$1" bs=4096 seek="$2" oflag=seek_bytes conv=notrunc status=none
}

# flip FILE BYTE: every bit of one byte.
flip() {
	dd if="$b/$1" bs=1 skip="$2" count=1 status=none |
		od -An -tu1 | awk '{ printf "\\0%o", 255 - $1 }' >"$T_DIR/byte"
	printf '%b' "$(cat "$T_DIR/byte")" | put "$1" "$2"
}

# noise BYTES: not constant, always the same.
noise() {
	openssl enc -aes-128-ctr -K 00 -iv 00 -nosalt -in /dev/zero 2>/dev/null | head -c "$1"
}

verify() {
	t_status "$1" "$2" gapferry-verify "$b" --trust "$a/trust"
	cp "$T_DIR/out" "$T_DIR/verify"
}

import() {
	t_status "$1" "$2" gapferry-import --repo "$T_DIR/importer" import "$b" --json
	cp "$T_DIR/out" "$T_DIR/import.json"
}

# ---- what write makes ----

t_ok 'an undamaged bundle with parity verifies' gapferry-verify "$good" --trust "$a/trust"
t_run ls "$good"
volumes=$(grep -c '^vol-....\.tar$' "$T_DIR/out")
[ "$volumes" -ge 3 ] && [ "$(grep -c '^vol-....\.par$' "$T_DIR/out")" -eq "$volumes" ] &&
	t_pass 'every volume has a parity file' || t_fail 'every volume has a parity file'
mkdir "$T_DIR/c"
for threads in 1 3; do
	cp -r "$a/exporter" "$T_DIR/c/exporter"
	mkdir "$T_DIR/c/medium"
	t_must gapferry-export --repo "$T_DIR/c/exporter" write main --media 64M --spare 1 \
		--key "$a/keys/bert-builder.key.pem" --out "$T_DIR/c/medium" --threads $threads
	(cd "$T_DIR/c/medium/gapferry/main-1-2" && cat ./*.par ./*.ec ./*.tar | sha256sum) \
		>"$T_DIR/sum.$threads"
	rm -rf "$T_DIR/c/exporter" "$T_DIR/c/medium"
done
(cd "$good" && cat ./*.par ./*.ec ./*.tar | sha256sum) >"$T_DIR/sum.0"
t_same 'parity does not depend on the number of workers' "$T_DIR/sum.1" "$T_DIR/sum.3"
t_same 'nor on anything but the content' "$T_DIR/sum.0" "$T_DIR/sum.1"
cp -r "$a/exporter" "$T_DIR/c/exporter"
t_must gapferry-export --repo "$T_DIR/c/exporter" write main --no-parity \
	--key "$a/keys/bert-builder.key.pem" --out "$T_DIR/c"
t_run ls "$T_DIR/c/gapferry/main-1-2"
if grep -q '\.par$\|\.ec$' "$T_DIR/out"; then
	t_fail '--no-parity makes none'
else
	t_pass '--no-parity makes none'
fi
rm -rf "$T_DIR/c"

# ---- single bytes ----

fresh
flip vol-0001.tar 5000000
verify 3 'a flipped byte is found'
t_contains 'and said to be repairable, with its place and cause' "$T_DIR/verify" \
	'vol-0001.tar chunk 000001: repairable from parity: bytes 5000000-5000000, 8 bits flipped, likely rot'
import 2 'it is repaired on import'
t_json "$T_DIR/import.json" '.repaired | length' 1
t_json "$T_DIR/import.json" '.repaired[0] | "\(.volume) \(.chunk) \(.first) \(.last) \(.cause)"' \
	'1 1 5000000 5000000 rot'
t_run cmp "$good/vol-0001.tar" "$b/vol-0001.tar"
[ "$T_STATUS" -eq 1 ] && t_pass 'the medium is left as it is' || t_fail 'the medium is left as it is'
t_run gapferry-import --repo "$T_DIR/importer" import "$good"
[ "$T_STATUS" -eq 0 ] && t_pass 'the repaired import is complete' || t_fail 'the repaired import is complete'

# ---- bursts ----

fresh
noise 3000000 | put vol-0002.tar 9000123
head -c 1048576 /dev/zero | put vol-0001.tar 8388608
verify 3 'bursts are found'
t_contains 'overwritten bytes look like an edit' "$T_DIR/verify" 'likely edit'
t_contains 'sectors of zeros look like rot' "$T_DIR/verify" \
	'vol-0001.tar chunk 000002: repairable from parity'
import 2 'bursts in two volumes are repaired on import'
t_json "$T_DIR/import.json" '[.repaired[].volume] | unique | join(",")' '1,2'

# ---- beyond parity: named, nothing accepted ----

fresh
rm "$b"/*.ec
noise 30000000 | put vol-0002.tar 9000000
verify 3 'a burst past the parity is found'
t_contains 'and said to be beyond it' "$T_DIR/verify" 'cannot be repaired'
t_error 3 GF-1925 'it is refused on import' \
	gapferry-import --repo "$T_DIR/importer" import "$b"
t_contains 'with volume and chunk' "$T_DIR/err" 'vol-0002.tar chunk 000002'
t_run gapferry-import --repo "$T_DIR/importer" import "$good" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" .already_imported false

# ---- parity files that are no help ----

fresh
rm "$b"/*.par "$b"/*.ec
verify 0 'without parity files the bundle is as good as before'
flip vol-0001.tar 5000000
verify 3 'but a damaged one'
t_contains 'cannot be repaired' "$T_DIR/verify" 'no parity file of it is at hand'
t_error 3 GF-1925 'nor imported' gapferry-import --repo "$T_DIR/importer" import "$b"

fresh
rm "$b"/*.ec
flip vol-0001.par 40
flip vol-0001.tar 5000000
import 2 'a damaged front header is replaced by the one at the end'

fresh
rm "$b"/*.ec
size=$(stat -c %s "$b/vol-0001.par")
truncate -s $((size - 5000)) "$b/vol-0001.par"
flip vol-0001.tar 5000000
import 2 'a lost end of the parity file does not matter'

fresh
rm "$b"/*.ec
flip vol-0001.par 600
flip vol-0001.par $((size - 4090))
flip vol-0001.tar 5000000
import 2 'without any header chunks are rebuilt whole'

fresh
rm "$b"/*.ec
flip vol-0001.par 4200
flip vol-0001.tar 5000000
import 2 'a damaged parity slice is found and avoided'

fresh
rm "$b"/*.ec
cp "$b/vol-0002.par" "$b/vol-0001.par"
flip vol-0001.tar 5000000
verify 3 'the parity of another volume does not repair'
t_error 3 GF-1925 'nor harm' gapferry-import --repo "$T_DIR/importer" import "$b"

# Sums of another volume's header, under digests that are right: made by whoever holds the medium.
fresh
rm "$b"/*.ec
head -c 512 "$b/vol-0001.par" >"$T_DIR/block"
head -c 4096 "$b/vol-0001.par" | tail -c 3584 >"$T_DIR/table"
printf '\377\377\377\377\377\377\377\377' |
	dd of="$T_DIR/table" bs=8 seek=9 conv=notrunc status=none
head -c 80 "$T_DIR/block" >"$T_DIR/lie"
openssl dgst -sha256 -binary "$T_DIR/table" >>"$T_DIR/lie"
openssl dgst -sha256 -binary "$T_DIR/lie" >"$T_DIR/self"
cat "$T_DIR/self" >>"$T_DIR/lie"
tail -c 368 "$T_DIR/block" >>"$T_DIR/lie"
cat "$T_DIR/table" >>"$T_DIR/lie"
put vol-0001.par 0 <"$T_DIR/lie"
verify 0 'a lying header is not even noticed while nothing is damaged'
flip vol-0001.tar 5000000
import 2 'nor does it lead to wrong bytes'

# ---- whole volumes ----

fresh
rm "$b/vol-0002.tar" "$b/vol-0002.par"
verify 6 'a missing volume is missing'
t_contains 'with a spare volume at hand' "$T_DIR/verify" \
	'vol-0002.tar: spare volumes that could replace it: 1'
import 2 'it is rebuilt from the spare volume on import'
t_json "$T_DIR/import.json" '.repaired | map(select(.volume == 2 and .source == "spare")) | length > 3' true

fresh
rm "$b/vol-0002.tar"
flip vol-0001.tar 5000000
import 2 'also when another volume is damaged, and repaired first'

fresh
rm "$b/vol-0002.tar" "$b/vol-0003.tar"
t_error 3 GF-1925 'two missing volumes are too many for one spare' \
	gapferry-import --repo "$T_DIR/importer" import "$b"

fresh
rm "$b/vol-0002.tar"
flip par-0001.ec 1000000
flip par-0001.ec 9000000
t_run gapferry-import --repo "$T_DIR/importer" import "$b"
[ "$T_STATUS" -eq 3 ] && grep -q 'GF-1925' "$T_DIR/err" &&
	t_pass 'a damaged spare does not lead to wrong bytes' ||
	t_fail 'a damaged spare does not lead to wrong bytes'

t_error 1 GF-1007 'five spares are too many' gapferry-export --repo "$a/exporter" write main \
	--spare 5 --key "$a/keys/bert-builder.key.pem" --out "$a/medium"
