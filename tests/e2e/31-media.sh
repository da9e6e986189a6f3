#!/bin/sh
# Damaged media: whatever is altered, missing or something else than a file, the verifier, the
# importer and the auditor's card refuse it, and the importer's repository stays as it is.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import

a_site --updates 24 --payloads 3 --payload-min 700K --payload-max 900K
a_snapshot fresh importer
cp -r "$T_DIR/importer" "$T_DIR/pristine"
volumes=$(find "$T_DIR/good" -name 'vol-*.tar' | wc -l)
t_ok 'the bundle has several volumes' test "$volumes" -ge 3
a_bundle
t_ok 'the good bundle is verified' gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust" --chunks
t_ok 'the card verifies the good bundle' a_card

# ---- bits ----

# flips FILE STEP WANT: flip one bit at every STEP-th byte; everybody refuses each time.
# The exit status of the programs must be in WANT; the card, slower, looks at about five of them.
flips() {
	file=$A_BUNDLE/$1 step=$2 want=$3 at=0 count=0 missed='' every=1
	size=$(a_size "$file")
	[ $((size / step)) -lt 5 ] || every=$((size / step / 5 + 1))
	while [ "$at" -lt "$size" ]; do
		a_flip "$file" "$at" $(((at / step) % 8))
		t_run gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
		case " $want " in *" $T_STATUS "*) ;; *) missed="$missed verify:$at=$T_STATUS" ;; esac
		if [ $((count % 8)) -eq 0 ]; then
			t_run gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
			case " $want " in
			*" $T_STATUS "*) ;;
			*) missed="$missed import:$at=$T_STATUS" ;;
			esac
		fi
		if [ $((count % every)) -eq 0 ]; then
			t_run a_card
			[ "$T_STATUS" -eq 1 ] || missed="$missed card:$at=$T_STATUS"
		fi
		a_flip "$file" "$at" $(((at / step) % 8))
		at=$((at + step)) count=$((count + 1))
	done
	if [ -z "$missed" ]; then
		t_pass "$1: $count flipped bits are refused"
	else
		t_fail "$1: accepted or with the wrong status:$missed"
	fi
	t_ok "$1: restored" cmp "$file" "$T_DIR/good/$1"
}

flips MANIFEST 1 4
for signature in "$T_DIR"/good/sigs/*; do
	flips "sigs/${signature##*/}" 17 4
done
flips CHUNKS 37 3
flips OBJECTS 101 3
flips SHA256SUMS 31 3
flips VERIFY.txt 997 3
for file in "$T_DIR"/good/trust/*; do
	flips "trust/${file##*/}" 89 '3 4'
done
a_unchanged 'nothing changed by flipped bits of the signed files' fresh importer

# ---- volumes ----

header=0
data=$((512 + 4096))
last=$(printf 'vol-%04d.tar' "$volumes")
padding=$(awk '$8 % 512 { print $6 + $8, sprintf("vol-%04d.tar", $5); exit }' "$T_DIR/good/OBJECTS")

# damaged NAME OFFSET DESC ID
# Each time at a site without anything: what is there already is not read from the medium again.
damaged() {
	rm -rf "$T_DIR/importer"
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
	a_bundle
	a_flip "$A_BUNDLE/$1" "$2" 3
	a_refused 3 "$1, one bit of $3" "$4"
}
damaged vol-0001.tar $header 'a header' GF-1906
damaged vol-0001.tar 156 'the type in a header' GF-1906
damaged vol-0001.tar 511 'the end of a header' GF-1906
damaged vol-0001.tar $data 'data' GF-1907
damaged "$last" $data 'data' GF-1907
damaged "${padding#* }" "${padding% *}" 'the padding' GF-1906
damaged "$last" $(($(a_size "$T_DIR/good/$last") - 1)) 'the trailer' GF-1906
damaged vol-0002.tar $(($(a_size "$T_DIR/good/vol-0002.tar") - 1024)) 'the trailer' GF-1906

a_snapshot damaged importer
t_run gapferry-import --repo "$T_DIR/importer" status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" .sequence 0
t_json "$T_DIR/status.json" .objects 0
t_json "$T_DIR/status.json" .updates_processed 0
# Objects that were right before the damage was met may stay for the next try: by their digest only.
find "$T_DIR/importer/content" -type f | while read -r file; do
	sum=$(sha256sum <"$file")
	sum=${sum%% *}
	grep -q "^$sum " "$T_DIR/good/OBJECTS" || echo "$file: not in OBJECTS"
	case $(echo "${file#"$T_DIR/importer/content/"}" | tr -d /) in
	"$sum" | ??"$sum") ;;
	*) echo "$file: has SHA-256 $sum" ;;
	esac
done >"$T_DIR/strangers"
t_status 1 'what was kept has the digest that is its name, and is in OBJECTS' \
	grep -q . "$T_DIR/strangers"

volume=0
while [ "$volume" -lt "$volumes" ]; do
	volume=$((volume + 1))
	name=$(printf 'vol-%04d.tar' $volume)
	a_bundle
	rm "$A_BUNDLE/$name"
	mv "$T_DIR/importer" "$T_DIR/aside" # what the other volumes hold is kept
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
	a_refused 6 "$name missing" GF-1904
	rm -rf "$T_DIR/importer"
	mv "$T_DIR/aside" "$T_DIR/importer"
	a_bundle
	printf x >>"$A_BUNDLE/$name"
	a_refused 3 "$name longer by one byte" GF-1905
	a_bundle
	truncate -s -1 "$A_BUNDLE/$name"
	a_refused 3 "$name shorter by one byte" GF-1905
done

a_bundle
mv "$A_BUNDLE/vol-0001.tar" "$T_DIR/aside"
mv "$A_BUNDLE/vol-0002.tar" "$A_BUNDLE/vol-0001.tar"
mv "$T_DIR/aside" "$A_BUNDLE/vol-0002.tar"
a_refused 3 'two volumes swapped' GF-190
a_unchanged 'nothing changed by wrong volumes' damaged importer

# ---- not the files they should be ----

# replaced NAME N DESC COMMAND...: the command puts something else at NAME.
replaced() {
	a_bundle
	rm -rf "${A_BUNDLE:?}/$1"
	a_what=$1 a_status=$2 a_text=$3
	shift 3
	[ $# -eq 0 ] || "$@"
	a_refused "$a_status" "$a_what $a_text"
}
replaced vol-0002.tar 3 'is a directory' mkdir "$A_BUNDLE/vol-0002.tar"
replaced vol-0002.tar 3 'is a named pipe' mkfifo "$A_BUNDLE/vol-0002.tar"
replaced vol-0002.tar 3 'is a dangling link' ln -s /nonexistent "$A_BUNDLE/vol-0002.tar"
replaced MANIFEST 3 'is a directory' mkdir "$A_BUNDLE/MANIFEST"
replaced MANIFEST 3 'is a named pipe' mkfifo "$A_BUNDLE/MANIFEST"
replaced MANIFEST 4 'is empty' touch "$A_BUNDLE/MANIFEST"
for name in MANIFEST CHUNKS OBJECTS SHA256SUMS VERIFY.txt trust; do
	replaced $name 6 'is missing'
done
replaced trust/0001.root 4 'is missing'
replaced sigs 4 'is missing'
replaced sigs 4 'is empty' mkdir "$A_BUNDLE/sigs"
replaced sigs 3 'is a file' touch "$A_BUNDLE/sigs"
replaced trust 3 'is a file' touch "$A_BUNDLE/trust"

a_bundle
touch "$A_BUNDLE/setup.exe"
a_refused 3 'a file that nobody listed'
a_bundle
touch "$A_BUNDLE/trust/setup.exe"
a_refused 3 'a file that nobody listed in trust/'
rm -rf "$A_BUNDLE"
t_error 6 GF-1901 'no bundle at all' gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
touch "$A_BUNDLE"
t_error 6 GF-1901 'a file in place of a bundle' \
	gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
rm "$A_BUNDLE"
a_unchanged 'nothing changed by any of them' damaged importer

# ---- unsigned helpers, and volumes that are cut ----

a_bundle
touch "$A_BUNDLE/vol-0001.par" "$A_BUNDLE/par-0001.ec"
t_ok 'parity files beside the volumes are nobody'"'"'s business' \
	gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
t_ok 'nor the card'"'"'s' a_card
a_bundle
touch "$A_BUNDLE/vol-9999.par"
t_status 3 'parity of a volume that does not exist' \
	gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
a_bundle
for file in "$A_BUNDLE"/vol-*.tar; do
	mv "$file" "${file%.tar}.s000000"
done
t_ok 'the card reads volumes that were cut' a_card
t_contains 'and proves them' "$T_DIR/out" VERIFIED
t_ok 'one of them alone' a_card vol-0002.tar
a_flip "$A_BUNDLE/vol-0002.s000000" $data 3
t_status 1 'the card finds damage in a cut volume' a_card
rm "$A_BUNDLE/vol-0002.s000000"
t_status 1 'and that one is missing' a_card

a_bundle
t_ok 'the good bundle still imports' gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
