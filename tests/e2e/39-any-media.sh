#!/bin/sh
# Volumes on any media: three media in every order, over several runs, one missing, damaged, of
# another bundle; objects that lie on several media; kill -9 in between; a person at a terminal.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq

# Two objects are larger than three volumes together.
A_PARITY=yes A_MEDIA=5M a_site --updates 24 --payloads 3 --payload-min 12500K --payload-max 13M
volumes=$(find "$T_DIR/good" -name 'vol-*.tar' | wc -l)
t_ok 'the bundle has many volumes' test "$volumes" -ge 8
mkdir "$T_DIR/parity"
mv "$T_DIR"/good/*.par "$T_DIR/parity" # most of this is about media that have none
cp -r "$T_DIR/importer" "$T_DIR/pristine"
mkdir "$T_DIR/reference"
cp -r "$T_DIR/importer" "$T_DIR/reference/importer"
t_must gapferry-import --repo "$T_DIR/reference/importer" import "$T_DIR/good"

# What must be the same in the end: all but the time of the import.
summary() {
	gapferry-import --repo "$1" status --json | jq 'del(.last_import, .care)'
	gapferry-import --repo "$1" updates --json | sha256sum
	(cd "$1/content" && find . -type f | sort)
	(cd "$1" && find partial -mindepth 1 2>/dev/null)
}
summary "$T_DIR/reference/importer" >"$T_DIR/want"

fresh() {
	rm -rf "$T_DIR/importer"
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
}

same() {
	summary "$T_DIR/importer" >"$T_DIR/have"
	t_same "$1: the result is that of one medium" "$T_DIR/want" "$T_DIR/have"
}

import() {
	gapferry-import --repo "$T_DIR/importer" import "$@"
}

# ---- three media, every order ----

# Medium k of T_DIR/set carries all small files and every third volume.
for k in 0 1 2; do
	dir=$T_DIR/set/$k/gapferry/main-1-1
	mkdir -p "${dir%/*}"
	cp -r "$T_DIR/good" "$dir"
	v=1
	while [ "$v" -le "$volumes" ]; do
		[ $((v % 3)) -eq "$k" ] || rm "$dir/$(printf 'vol-%04d.tar' $v)"
		v=$((v + 1))
	done
done
for order in '0 1 2' '0 2 1' '1 0 2' '1 2 0' '2 0 1' '2 1 0'; do
	# shellcheck disable=SC2086 # three words
	set -- $order
	fresh
	t_error 6 GF-2120 "order $order: the first medium is not all" import "$T_DIR/set/$1"
	t_error 6 GF-2120 "order $order: nor are two" import "$T_DIR/set/$2"
	if [ "$3" -eq 0 ]; then want=vol-0003.tar; else want=$(printf 'vol-%04d.tar' "$3"); fi
	t_contains "order $order: a volume of the third is named" "$T_DIR/err" "$want"
	t_status 0 "order $order: the third completes" import "$T_DIR/set/$3"
	same "order $order"
done
fresh
t_ok 'all three at once' import "$T_DIR/set/2" "$T_DIR/set/0" "$T_DIR/set/1/gapferry/main-1-1"
same 'all three at once'
t_ok 'once more is harmless' import "$T_DIR/set/2" "$T_DIR/set/0"

t_status 0 'the verifier reads three media' gapferry-verify "$T_DIR/set/0" "$T_DIR/set/1" \
	"$T_DIR/set/2" --trust "$T_DIR/trust" --chunks
t_status 6 'the verifier says what is missing' gapferry-verify "$T_DIR/set/0" "$T_DIR/set/1" \
	--trust "$T_DIR/trust"
t_contains 'by name' "$T_DIR/out" 'vol-0002.tar: not there'

# ---- one missing, exactly ----

fresh
t_run import "$T_DIR/set/0" "$T_DIR/set/1"
v=1
while [ "$v" -le "$volumes" ]; do
	[ $((v % 3)) -ne 2 ] || printf 'missing: vol-%04d.tar\n' $v
	v=$((v + 1))
done >"$T_DIR/want-missing"
grep '^missing: ' "$T_DIR/out" >"$T_DIR/missing"
t_same 'every missing volume is listed, and no other' "$T_DIR/want-missing" "$T_DIR/missing"
t_run gapferry-import --repo "$T_DIR/importer" status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" .sequence 0
mkdir "$T_DIR/folder"
cp "$T_DIR"/set/2/gapferry/main-1-1/vol-* "$T_DIR/folder"
t_ok 'a folder with volumes alone completes' import "$T_DIR/set/0" "$T_DIR/folder"
same 'a folder with volumes'

# ---- damaged, then good; damaged in two places ----

fresh
cp -r "$T_DIR/set/1" "$T_DIR/damaged"
bad=$T_DIR/damaged/gapferry/main-1-1/vol-0001.tar
a_flip "$bad" 1000000 3
t_status 3 "a damaged object of a complete set" import "$T_DIR/set/0" "$T_DIR/damaged" \
	"$T_DIR/set/2"
fresh
t_status 6 'a damaged medium is collected' import "$T_DIR/damaged"
t_contains 'its damage is named' "$T_DIR/out" 'damaged: vol-0001.tar'
t_error 6 GF-2120 'a further medium' import "$T_DIR/set/0"
t_error 3 GF-2121 'all but the damaged chunk' import "$T_DIR/damaged" "$T_DIR/folder"
t_contains 'it is named' "$T_DIR/err" 'vol-0001.tar'
t_ok 'a good copy completes' import "$T_DIR/set/1"
same 'damaged, then good'

fresh
cp "$T_DIR"/parity/*.par "$T_DIR/damaged/gapferry/main-1-1"
t_error 6 GF-2120 'a damaged medium with parity' import "$T_DIR/damaged"
t_status 1 'nothing of it is damaged any more' grep -q '^damaged:' "$T_DIR/out"
t_status 0 'the others complete' import "$T_DIR/set/0" "$T_DIR/folder"
same 'damaged, with parity'

# ---- objects that cross segments ----

fresh
mkdir -p "$T_DIR/segments"
cp -r "$T_DIR/good" "$T_DIR/segments/one"
rm "$T_DIR"/segments/one/vol-*
cp -r "$T_DIR/segments/one" "$T_DIR/segments/two"
for file in "$T_DIR"/good/vol-*.tar; do
	name=${file##*/}
	# These volumes are shorter than a chunk or two: the first chunk here, the rest there.
	head -c 4194304 "$file" >"$T_DIR/segments/one/${name%.tar}.s000000"
	[ "$(a_size "$file")" -le 4194304 ] ||
		tail -c +4194305 "$file" >"$T_DIR/segments/two/${name%.tar}.s000001"
done
t_run import "$T_DIR/segments/one"
t_ok 'segments complete' import "$T_DIR/segments/one" "$T_DIR/segments/two"
same 'segments'

# ---- kill -9 ----

fresh
n=1
runs=0
calls=pwrite64,fsync,syncfs,renameat,unlinkat,openat,ftruncate,mkdirat
if strace -f -o /dev/null -e trace=none true 2>/dev/null; then
	for k in 2 0 1; do
		while :; do
			t_run env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=$calls \
				-e inject=$calls:signal=SIGKILL:when=$n \
				gapferry-import --repo "$T_DIR/importer" import "$T_DIR/set/$k"
			[ "$T_STATUS" -ge 128 ] || break
			n=$((n + 12)) runs=$((runs + 1))
		done
	done
	t_ok 'it was killed several times' test "$runs" -ge 5
	t_run import "$T_DIR/set/1"
	same 'kill -9'
else
	t_skip 'kill -9' 'strace does not work here'
fi

# ---- another bundle ----

t_bundle "$T_DIR" 2 --media 5M
rm -rf "$T_DIR/other"
mkdir -p "$T_DIR/other/gapferry"
mv "$T_BUNDLE" "$T_DIR/other/gapferry/"
fresh
t_error 6 GF-1930 'a medium of another bundle is refused' import "$T_DIR/set/0" "$T_DIR/other"
t_contains 'by name' "$T_DIR/err" 'main-1-2'
cp -r "$T_DIR/other" "$T_DIR/both"
cp -r "$T_DIR/good" "$T_DIR/both/gapferry/main-1-1"
t_ok 'of two bundles the older one is taken' import "$T_DIR/both" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" .sequence 1
t_ok 'then the newer one' import "$T_DIR/both" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" .sequence 2
t_ok 'then nothing' import "$T_DIR/both" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" .already_imported true

# ---- a person at a terminal ----

# The medium is a link; each Enter comes after it was changed: first the wrong one, then right.
if command -v script >/dev/null; then
	fresh
	mount=$T_DIR/mount
	ln -sfn "$T_DIR/set/0" "$mount"
	for label in 'Stick 0' 'Stick 1'; do
		t_must gapferry-import --repo "$T_DIR/importer" handover main-1-1 --to ivan \
			--label "$label"
	done
	{
		for medium in "$T_DIR/other" "$T_DIR/nothing" "$T_DIR/set/1" "$T_DIR/set/2"; do
			count=$(grep -c 'press Enter' "$T_DIR/typescript" 2>/dev/null)
			tries=0
			while [ "${count:-0}" -le "${seen:-0}" ] && [ "$tries" -lt 300 ]; do
				sleep 0.1
				tries=$((tries + 1))
				count=$(grep -c 'press Enter' "$T_DIR/typescript" 2>/dev/null)
			done
			seen=$count
			ln -sfn "$medium" "$mount"
			echo
		done
	} | script -qefc "gapferry-import --repo $T_DIR/importer import $mount --label 'Stick 0'" \
		"$T_DIR/typescript" >"$T_DIR/out" 2>"$T_DIR/err"
	t_ok 'it asked four times' test "$(grep -c 'press Enter' "$T_DIR/typescript")" -eq 4
	t_contains 'what was read is known' "$T_DIR/typescript" 'main-1-1: Stick 0; read here'
	t_contains 'and what was handed over' "$T_DIR/typescript" 'known medium of main-1-1: Stick 1'
	t_contains 'the wrong medium is refused' "$T_DIR/typescript" 'main-1-2: this is not the bundle'
	same 'asked at a terminal'
else
	t_skip 'a person at a terminal' 'script is not there'
fi

# ---- an increment, in volumes on two media ----

# The site has bundle 1; the second catalog adds three objects that need three volumes.
fresh
t_must import "$T_DIR/good"
t_must gapferry-export --repo "$T_DIR/exporter" channel confirm main --site site1 --sequence 1
rm -rf "$T_DIR/catalog" "$T_DIR/medium"
t_catalog "$T_DIR" --updates 26 --payloads 5 --payload-min 12500K --payload-max 13M
t_ingest "$T_DIR"
mkdir "$T_DIR/medium"
t_must gapferry-export --repo "$T_DIR/exporter" write main --media 12M --no-parity \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
T_BUNDLE=$T_DIR/medium/gapferry/main-1-3
t_must gapferry-export approve "$T_BUNDLE" --key "$T_DIR/keys/anna-approver.key.pem" \
	--trust "$T_DIR/trust" --repo "$T_DIR/exporter"
t_ok 'it is an increment' grep -q '^base ' "$T_BUNDLE/MANIFEST"
count=$(find "$T_BUNDLE" -name 'vol-*.tar' | wc -l)
t_ok 'in three volumes at least' test "$count" -ge 3
cp -r "$T_DIR/importer" "$T_DIR/has-one"
for k in 0 1; do
	mkdir -p "$T_DIR/inc/$k/gapferry"
	cp -r "$T_BUNDLE" "$T_DIR/inc/$k/gapferry/main-1-3"
done
rm "$T_DIR"/inc/1/gapferry/main-1-3/vol-0002.tar
for file in "$T_DIR"/inc/0/gapferry/main-1-3/vol-*.tar; do
	[ "${file##*/}" = vol-0002.tar ] || rm "$file"
done
t_ok 'on one medium' import "$T_BUNDLE"
summary "$T_DIR/importer" >"$T_DIR/want"
rm -rf "$T_DIR/importer"
cp -r "$T_DIR/has-one" "$T_DIR/importer"
t_error 6 GF-2120 'the second medium first' import "$T_DIR/inc/1"
t_contains 'names what is missing' "$T_DIR/err" vol-0002.tar
t_ok 'then the first one' import "$T_DIR/inc/0"
same 'an increment on two media'

# What it builds on is gone meanwhile: all of it is kept, and it waits.
object=$(awk '$3 == "content" && $5 == 0 { print $1; exit }' "$T_BUNDLE/OBJECTS")
rm -rf "$T_DIR/importer"
cp -r "$T_DIR/has-one" "$T_DIR/importer"
t_must rm "$T_DIR/importer/content/$(echo "$object" | cut -c 1-2)/$object"
t_error 6 GF-2120 'the second medium, without an object that is assumed' import "$T_DIR/inc/1"
t_error 6 GF-2110 'it waits for that object' import "$T_DIR/inc/0"
t_ok 'which is named' gapferry-import --repo "$T_DIR/importer" need
t_contains 'by its digest' "$T_DIR/out" "$object"
t_must gapferry-export --repo "$T_DIR/exporter" write main --full --media usb \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
t_must gapferry-export approve "$T_DIR/medium/gapferry/main-1-4" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
t_ok 'a full bundle brings it' import "$T_DIR/medium/gapferry/main-1-4"
t_ok 'the object is there' test -s "$T_DIR/importer/content/$(echo "$object" | cut -c 1-2)/$object"
t_ok 'nothing is left over' test -z "$(find "$T_DIR/importer/partial" -mindepth 1 2>/dev/null)"
