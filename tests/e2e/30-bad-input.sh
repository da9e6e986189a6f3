#!/bin/sh
# Bad catalogs: each is refused with its id and exit status, names the file, and changes nothing;
# or, when single updates are bad, these are kept out and the rest goes on.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import jq cabextract

t_site "$T_DIR" --updates 60 --payloads 8 --payload-max 64K
a_snapshot good exporter

# refused DESC ID FILE [TEXT]: exit status 3, this id, the file in the message, nothing changed.
refused() {
	t_error 3 "$2" "$1 is refused" gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$3" \
		--content "$T_DIR/catalog/content"
	t_contains "$1: the message names the file" "$T_DIR/err" "${3##*/}"
	[ -z "${4:-}" ] || t_contains "$1: the message says what is wrong" "$T_DIR/err" "$4"
	a_unchanged "$1 changes nothing" good exporter
}
# fault KIND ID [TEXT]: the whole catalog is bad.
fault() {
	t_must mkcatalog --out "$T_DIR/$1" --updates 60 --payloads 8 --payload-max 64K --fault "$1"
	refused "$1" "$2" "$T_DIR/$1/wsusscn2.cab" "${3:-}"
}
fault not-a-cab GF-1301
fault cab-truncated GF-1309
fault cab-checksum GF-1308 checksum
fault cab-count GF-1303
fault xml-malformed GF-1401
fault xml-dtd GF-1403 'document type'
fault xml-attributes GF-1402 attributes
fault xml-depth GF-1402 levels
for n in 1 2 3 4 5 6; do
	t_must mkcatalog --out "$T_DIR/name$n" --updates 60 --fault cab-name:$n
	refused "hostile member name $n" GF-1305 "$T_DIR/name$n/wsusscn2.cab" 'name of member'
done

# ---- files that are no catalog at all ----

: >"$T_DIR/empty.cab"
refused 'an empty file' GF-1309 "$T_DIR/empty.cab"
head -c 65536 /dev/urandom >"$T_DIR/noise.cab"
refused 'noise' GF-1301 "$T_DIR/noise.cab"
size=$(a_size "$T_DIR/catalog/wsusscn2.cab")
for cut in 1 35 36 100 $((size / 2)) $((size - 1)); do
	head -c "$cut" "$T_DIR/catalog/wsusscn2.cab" >"$T_DIR/cut.cab"
	t_run gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/cut.cab"
	t_ok "a catalog cut after $cut bytes is refused" test "$T_STATUS" -eq 3
done
mkdir "$T_DIR/other.tree"
echo hello >"$T_DIR/other.tree/readme.txt"
t_must mkcatalog --pack "$T_DIR/other.tree" --out "$T_DIR/other.cab"
refused 'a sound cabinet that is no catalog' GF-2001 "$T_DIR/other.cab"
mkdir "$T_DIR/wrong.tree"
echo '<html/>' >"$T_DIR/other.tree/package.xml"
t_must mkcatalog --pack "$T_DIR/other.tree" --out "$T_DIR/wrong.tree/package.cab"
t_must mkcatalog --pack "$T_DIR/wrong.tree" --out "$T_DIR/wrong.cab"
refused 'a package.xml that is something else' GF-1501 "$T_DIR/wrong.cab"

# Bits anywhere in a catalog: refused, or found in one fragment; never a crash, never another
# exit status.  Without --content the payload plays no part.
at=0 strange=
cp "$T_DIR/catalog/wsusscn2.cab" "$T_DIR/flipped.cab"
while [ "$at" -lt "$size" ]; do
	a_flip "$T_DIR/flipped.cab" "$at" $((at % 8))
	t_run gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/flipped.cab"
	case $T_STATUS in
	3) ;;
	*) strange="$strange $at=$T_STATUS" ;;
	esac
	a_flip "$T_DIR/flipped.cab" "$at" $((at % 8))
	at=$((at + 241))
done
if [ -z "$strange" ]; then t_pass 'flipped bits are refused'; else t_fail "flipped bits:$strange"; fi
a_unchanged 'flipped bits change nothing' good exporter

for kind in directory pipe link; do
	case $kind in
	directory) mkdir "$T_DIR/a-$kind" ;;
	pipe) mkfifo "$T_DIR/a-$kind" ;;
	link) ln -s /nonexistent "$T_DIR/a-$kind" ;;
	esac
	t_run timeout 20 gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/a-$kind"
	cp "$T_DIR/err" "$T_DIR/message"
	t_ok "a $kind in place of a catalog is refused" test "$T_STATUS" -ge 1 -a "$T_STATUS" -le 6
	t_contains "a $kind: the message names it" "$T_DIR/message" "a-$kind"
done
t_error 1 GF-1002 'a catalog that is not there' \
	gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/nowhere.cab"
t_error 1 GF-1002 'a content folder that is not there' gapferry-export --repo "$T_DIR/exporter" \
	ingest wsusscn2 "$T_DIR/catalog/wsusscn2.cab" --content "$T_DIR/nowhere"
a_unchanged 'none of it changes anything' good exporter

# ---- single updates that are bad ----

# kept DESC STATUS: the fault is found, as many are out as the generator says, the rest is in.
kept() {
	dir=$T_DIR/some-$1
	t_must mkcatalog --out "$dir/catalog" --updates 60 --payloads 8 --payload-max 64K --fault "$1"
	t_must gapferry-export --repo "$dir/exporter" init
	t_status "$2" "$1 ends with $2" gapferry-export --repo "$dir/exporter" ingest wsusscn2 \
		"$dir/catalog/wsusscn2.cab" --content "$dir/catalog/content" --json
	cp "$T_DIR/out" "$T_DIR/$1.json"
	t_json "$T_DIR/$1.json" .updates_quarantined \
		"$(sed -n 's/^quarantined_updates //p' "$dir/catalog/truth.txt")"
	t_json "$T_DIR/$1.json" '.updates_processed + .updates_quarantined == .updates' true
	t_json "$T_DIR/$1.json" "[.findings[] | select(.id == \"$3\")] | length > 0" true
}
kept unknown-action 2 GF-C001
kept empty-action 2 GF-C001
kept wrong-case-action 2 GF-C001
kept evaluate-with-payload 2 GF-C003
kept bundle-with-payload 2 GF-C004
kept bundle-without-bundledby 2 GF-C006
kept duplicate-revision 2 GF-C030
kept bundle-cycle 2 GF-C044
kept prerequisite-cycle 2 GF-C045
kept malformed-core 2 GF-C053
kept dangling-prerequisite 0 GF-C040
kept master-core-mismatch 0 GF-C050

# ---- payload ----

# incomplete KIND: what is missing or damaged stops a bundle, unless somebody says not.
incomplete() {
	dir=$T_DIR/$1
	t_trust "$dir"
	t_catalog "$dir" --updates 60 --payloads 8 --payload-max 64K --fault "$1"
	t_exporter "$dir"
	t_status 2 "$1: ingest ends with 2" gapferry-export --repo "$dir/exporter" ingest wsusscn2 \
		"$dir/catalog/wsusscn2.cab" --content "$dir/catalog/content" --json
	cp "$T_DIR/out" "$T_DIR/$1.json"
	t_json "$T_DIR/$1.json" '.payload.missing | length' 1
	t_json "$T_DIR/$1.json" '.payload.wanted - .payload.present' 1
	mkdir "$dir/medium"
	t_error 6 GF-2007 "$1: write refuses" gapferry-export --repo "$dir/exporter" write main \
		--key "$dir/keys/bert-builder.key.pem" --out "$dir/medium"
	t_status 1 "$1: it leaves nothing on the medium" sh -c 'find "$1" -type f | grep .' - \
		"$dir/medium"
	t_ok "$1: write --incomplete sends what is here" gapferry-export --repo "$dir/exporter" \
		write main --key "$dir/keys/bert-builder.key.pem" --out "$dir/medium" --incomplete
	t_ok "$1: with the same sequence" test -d "$dir/medium/gapferry/main-1-1"
}
incomplete missing-payload
incomplete bad-digest
t_json "$T_DIR/bad-digest.json" '.payload.rejected | length' 1

# The stored payload is damaged behind our back: the writer notices.
object=$(find "$T_DIR/exporter/content" -type f -size +8k | head -n 1)
chmod u+w "$object"
a_flip "$object" 5000 1
mkdir "$T_DIR/medium"
t_run gapferry-export --repo "$T_DIR/exporter" write main \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
t_ok 'a damaged object in the store is not written' test "$T_STATUS" -eq 3
t_status 1 'and no bundle appears' test -e "$T_DIR/medium/gapferry/main-1-1"
t_run gapferry-export --repo "$T_DIR/exporter" status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" '.channels[0].sequence' 0
