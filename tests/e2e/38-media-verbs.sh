#!/bin/sh
# The verbs about media: write with read-back, check, revolume, image, stream and unstream; what they
# make can be verified and imported, and the card agrees.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq

A_PARITY=yes A_MEDIA=9M a_site --updates 24 --payloads 4 --payload-min 9M --payload-max 13M
cp -r "$T_DIR/importer" "$T_DIR/pristine"
name=main-1-1
volumes=$(find "$T_DIR/good" -name 'vol-*.tar' | wc -l)
t_ok 'the bundle has several volumes' test "$volumes" -ge 4

media() {
	verb=$1
	shift
	gapferry-export media "$verb" "$@" --trust "$T_DIR/trust"
}

verifies() {
	desc=$1
	shift
	t_ok "$desc: verified" gapferry-verify "$@" --trust "$T_DIR/trust" --chunks
	rm -rf "$T_DIR/importer"
	cp -r "$T_DIR/pristine" "$T_DIR/importer"
	t_ok "$desc: imported" gapferry-import --repo "$T_DIR/importer" import "$@"
}

# ---- write ----

mkdir "$T_DIR/a" "$T_DIR/b"
t_ok 'media write' media write "$T_DIR/good" --to "$T_DIR/a" --json
cp "$T_DIR/out" "$T_DIR/write.json"
t_json "$T_DIR/write.json" '.left_out | length' 0
t_json "$T_DIR/write.json" '[.media[0].volumes[] | select(endswith(".tar"))] | length' "$volumes"
t_ok 'the copy is the original' diff -r "$T_DIR/good" "$T_DIR/a/gapferry/$name"
t_ok 'no unfinished file stays' test -z "$(find "$T_DIR/a" -name '*.part')"
verifies 'media write' "$T_DIR/a"
t_ok 'some volumes alone' media write "$T_DIR/good" --to "$T_DIR/b" --volume 1 vol-0003.tar
t_ok 'they are there' test -f "$T_DIR/b/gapferry/$name/vol-0003.tar"
t_ok 'others are not' test ! -e "$T_DIR/b/gapferry/$name/vol-0002.tar"
t_ok 'media check of one medium of several' media check "$T_DIR/b"
t_contains 'it says what is elsewhere' "$T_DIR/out" 'elsewhere: vol-0002.tar: not there'
t_ok 'a medium is completed' media write "$T_DIR/good" --to "$T_DIR/b"
t_ok 'it is the original' diff -r "$T_DIR/good" "$T_DIR/b/gapferry/$name"

# Which volumes lie on which medium is recorded where it is wanted.
mkdir "$T_DIR/r1" "$T_DIR/r2"
t_ok 'media write with a ledger' media write "$T_DIR/good" --to "$T_DIR/r1" --volume 1 2 3 \
	--repo "$T_DIR/exporter" --serial A-1 --label 'Stick 1' --seal S-1 --carrier carl
t_ok 'the second medium' media write "$T_DIR/good" --to "$T_DIR/r2" --volume 4 \
	--repo "$T_DIR/exporter" --serial A-2 --label 'Stick 2' --seal S-2
t_run gapferry-export --repo "$T_DIR/exporter" ledger show --json
cp "$T_DIR/out" "$T_DIR/ledger.json"
value() {
	jq -r --arg key "$1" "[.records[] | select(.event == \"media-write\") | .values[] |
		select(.[0] == \$key) | .[1]] | join(\" \")" "$T_DIR/ledger.json"
}
t_ok 'the volumes are in the ledger' test "$(value volumes)" = '1-3 4'
t_ok 'and their parity' test "$(value parity-of)" = '1-3 4'
t_ok 'and the media' test "$(value serial)/$(value label)" = 'A-1 A-2/Stick 1 Stick 2'
t_ok 'several media are no contradiction' gapferry-export --repo "$T_DIR/exporter" custody
t_must gapferry-export --repo "$T_DIR/exporter" handover main-1-1 --to ivan --serial A-2 --seal S-2
t_must gapferry-export --repo "$T_DIR/exporter" handover main-1-1 --to ivan --serial A-1 --seal S-1
t_ok 'nor is the one that was written first' gapferry-export --repo "$T_DIR/exporter" custody
t_must gapferry-export --repo "$T_DIR/exporter" handover main-1-1 --to ivan --serial A-3 --seal S-1
t_status 2 'but one that was never written is' gapferry-export --repo "$T_DIR/exporter" custody
t_contains 'with both numbers' "$T_DIR/out" 'serial number A-1 at handover'
t_error 1 GF-1001 'a label is for one medium' media write "$T_DIR/good" --to "$T_DIR/r1" \
	"$T_DIR/r2" --repo "$T_DIR/exporter" --label x
t_error 1 GF-1001 'and for a ledger' media write "$T_DIR/good" --to "$T_DIR/r1" --label x

# A damaged file and an interrupted one are written again, the others are kept.
a_flip "$T_DIR/b/gapferry/$name/vol-0002.tar" 5000000 1
truncate -s 1000000 "$T_DIR/b/gapferry/$name/vol-0003.tar"
inode=$(stat -c %i "$T_DIR/b/gapferry/$name/vol-0001.tar")
t_status 3 'media check finds damage' gapferry-export media check "$T_DIR/b" --trust "$T_DIR/trust"
t_ok 'media write again' media write "$T_DIR/good" --to "$T_DIR/b"
t_ok 'it is the original again' diff -r "$T_DIR/good" "$T_DIR/b/gapferry/$name"
t_ok 'good volumes are kept' test "$inode" = "$(stat -c %i "$T_DIR/b/gapferry/$name/vol-0001.tar")"

mkdir -p "$T_DIR/c/gapferry"
cp -r "$T_DIR/good" "$T_DIR/c/gapferry/$name.part"
rm "$T_DIR/c/gapferry/$name.part/vol-0001.tar"
t_ok 'an unfinished medium is completed' media write "$T_DIR/good" --to "$T_DIR/c"
t_ok 'and is the original' diff -r "$T_DIR/good" "$T_DIR/c/gapferry/$name"
t_bundle "$T_DIR" 2 --media 9M
mkdir -p "$T_DIR/d/gapferry"
cp -r "$T_BUNDLE" "$T_DIR/d/gapferry/$name"
t_error 6 GF-1930 'another bundle of that name is not touched' media write "$T_DIR/good" --to "$T_DIR/d"
a_bundle
a_flip "$A_BUNDLE/vol-0002.tar" 5000000 1
mkdir "$T_DIR/e"
t_error 3 GF-1908 'a damaged bundle is not copied' media write "$A_BUNDLE" --to "$T_DIR/e"
t_ok 'nothing looks finished' test ! -e "$T_DIR/e/gapferry/$name"

# ---- check ----

t_status 0 'media check' media check "$T_DIR/a"
t_status 3 'media check of a damaged bundle' media check "$A_BUNDLE" --json
cp "$T_DIR/out" "$T_DIR/check.json"
t_json "$T_DIR/check.json" .damaged 1
t_json "$T_DIR/check.json" '.damage[0].volume' vol-0002.tar
t_json "$T_DIR/check.json" '.damage[0].chunk' 1
t_json "$T_DIR/check.json" '.damage[0].other_copy' false
t_json "$T_DIR/check.json" '.damage[0].remedy' parity
t_json "$T_DIR/check.json" .beyond 0
t_run media check "$A_BUNDLE"
t_contains 'parity would repair it' "$T_DIR/out" 'repairable from parity'
object=$(jq -r '.damage[0].first_object' "$T_DIR/check.json")
t_ok 'the object is one of that volume' grep -q "^$object .* 2 [0-9]* [0-9]* [0-9]* " "$T_DIR/good/OBJECTS"
t_status 3 'with a good copy beside it' media check "$A_BUNDLE" "$T_DIR/a" --json
cp "$T_DIR/out" "$T_DIR/check.json"
t_json "$T_DIR/check.json" '.damage[0].other_copy' true
t_json "$T_DIR/check.json" '.damage[0].remedy' copy
t_status 0 'gapferry-import has media check' gapferry-import media check "$T_DIR/a" --trust "$T_DIR/trust"

# ---- repair ----

t_ok 'media repair' media repair "$A_BUNDLE" --out "$T_DIR/repaired"
t_same 'the volume is the original' "$T_DIR/good/vol-0002.tar" "$T_DIR/repaired/vol-0002.tar"
t_ok 'volumes that are good are left alone' test ! -e "$T_DIR/repaired/vol-0001.tar"
rm "$A_BUNDLE/vol-0002.par"
t_status 3 'media check without parity' media check "$A_BUNDLE" --json
cp "$T_DIR/out" "$T_DIR/check.json"
t_json "$T_DIR/check.json" '.damage[0].repairable' false
t_json "$T_DIR/check.json" .beyond 1
t_run media check "$A_BUNDLE"
t_contains 'it says why' "$T_DIR/out" 'beyond repair: vol-0002.tar chunk 000001'
t_error 3 GF-1925 'without parity it is beyond repair' media repair "$A_BUNDLE" --out "$T_DIR/x"

# ---- revolume ----

t_ok 'media revolume' media revolume "$T_DIR/good" --media 6M --to "$T_DIR/six" --json
cp "$T_DIR/out" "$T_DIR/six.json"
t_ok 'it needs more media than there were volumes' test \
	"$(jq '.media | length' "$T_DIR/six.json")" -gt "$volumes"
t_ok 'there are segments' test -n "$(find "$T_DIR/six" -name 'vol-*.s*')"
find "$T_DIR/six" -mindepth 1 -maxdepth 1 | while read -r medium; do
	du -s --apparent-size -B1 "$medium" | awk '$1 > 6 * 1048576'
done >"$T_DIR/too-large"
t_same 'no medium is larger than 6 MiB' /dev/null "$T_DIR/too-large"
verifies 'media revolume' "$T_DIR"/six/*

# Parity that no medium has room for is told.
t_ok 'media revolume without room for parity' media revolume "$T_DIR/good" --media 10M \
	--to "$T_DIR/ten" --json
cp "$T_DIR/out" "$T_DIR/ten.json"
cp "$T_DIR/err" "$T_DIR/ten.err"
there=$(find "$T_DIR/ten" -name '*.par' | wc -l)
t_ok 'some parity is left out' test "$there" -lt "$volumes"
t_json "$T_DIR/ten.json" '.left_out | length' $((volumes - there))
t_contains 'and people are told' "$T_DIR/ten.err" "no room for $((volumes - there)) parity files"

# The card joins segments.
rm -rf "$A_BUNDLE"
cp -r "$T_DIR/six/medium-01/gapferry/$name" "$A_BUNDLE"
find "$T_DIR/six" -name 'vol-*' -exec cp {} "$A_BUNDLE" ';'
t_ok 'the card verifies segments' a_card
t_ok 'segments become volumes again' media revolume "$T_DIR"/six/* --media usb --to "$T_DIR/again"
t_ok 'the original ones' diff -r "$T_DIR/good" "$T_DIR/again/medium-01/gapferry/$name"
t_error 7 GF-1932 'no room for a chunk' media revolume "$T_DIR/good" --media 2M --to "$T_DIR/two"

# ---- image ----

if command -v xorriso >/dev/null; then
	t_ok 'media image' media image "$T_DIR/good" --media 14M --out "$T_DIR/image.iso" --json
	cp "$T_DIR/out" "$T_DIR/image.json"
	set --
	for image in "$T_DIR"/image-*.iso; do
		dir=$T_DIR/${image##*/}.d
		label=$(xorriso -indev "$image" -pvd_info 2>/dev/null | sed -n "s/^Volume Id *: '*\([^']*\)'*/\1/p")
		case $label in MAIN_1_1_[0-9]*) t_pass "label $label" ;; *) t_fail "label $label" ;; esac
		t_ok 'an image fits its medium' test "$(a_size "$image")" -le 14680064
		t_must xorriso -osirrox on -indev "$image" -extract / "$dir"
		set -- "$@" "$dir"
	done
	verifies 'media image' "$@"
	t_error 1 GF-1008 'an image is not replaced' media image "$T_DIR/good" --media 14M \
		--out "$T_DIR/image.iso"
	t_ok 'one image' media image "$T_DIR/good" --media dvd5 --out "$T_DIR/one.iso"
	t_must xorriso -osirrox on -indev "$T_DIR/one.iso" -extract / "$T_DIR/one"
	t_ok 'it is the original' diff -r "$T_DIR/good" "$T_DIR/one/gapferry/$name"
	t_ok 'with its parity' test -f "$T_DIR/one/gapferry/$name/vol-0001.par"

	# One that writes something else than it was told, and one that never ends.
	mkdir "$T_DIR/false" "$T_DIR/slow"
	cat >"$T_DIR/false/xorriso" <<-END
		#!/bin/sh
		$(command -v xorriso) "\$@" || exit
		case " \$* " in
		*' -outdev '*) printf wrong | dd of="$T_DIR/false.iso.part" bs=1 seek=20000000 conv=notrunc ;;
		esac
	END
	cat >"$T_DIR/slow/xorriso" <<-END
		#!/bin/sh
		echo \$\$ >"$T_DIR/slow/pid.new"
		mv "$T_DIR/slow/pid.new" "$T_DIR/slow/pid"
		exec sleep 300
	END
	chmod 755 "$T_DIR/false/xorriso" "$T_DIR/slow/xorriso"
	t_error 3 GF-1933 'an image that is not what was signed' env PATH="$T_DIR/false:$PATH" \
		gapferry-export media image "$T_DIR/good" --media dvd5 --out "$T_DIR/false.iso" \
		--trust "$T_DIR/trust"
	t_ok 'is not kept' test -z "$(find "$T_DIR" -maxdepth 1 -name 'false.iso*')"
	PATH="$T_DIR/slow:$PATH" gapferry-export media image "$T_DIR/good" --media dvd5 \
		--out "$T_DIR/slow.iso" --trust "$T_DIR/trust" >"$T_DIR/out" 2>"$T_DIR/err" </dev/null &
	verb=$!
	tries=0
	until [ -s "$T_DIR/slow/pid" ] || [ "$tries" -ge 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill -INT "$verb"
	status=0
	wait "$verb" || status=$?
	t_ok 'it can be stopped' test "$status" -eq 9
	t_status 1 'and its child with it' kill -0 "$(cat "$T_DIR/slow/pid")"
	t_error 1 GF-1934 'without xorriso' env PATH="$BIN" gapferry-export media image "$T_DIR/good" \
		--media dvd5 --out "$T_DIR/none.iso" --trust "$T_DIR/trust"
else
	t_skip 'media image' 'xorriso is not there'
fi

# ---- stream ----

t_ok 'media stream' media stream "$T_DIR/good" --to "$T_DIR/tape"
t_ok 'in whole records' test $(($(a_size "$T_DIR/tape") % 262144)) -eq 0
mkdir "$T_DIR/tar"
t_ok 'tar reads it' tar -x -b 512 -C "$T_DIR/tar" -f "$T_DIR/tape"
t_ok 'as it was' diff -r "$T_DIR/good" "$T_DIR/tar"
t_ok 'media unstream' media unstream "$T_DIR/tape" --to "$T_DIR/untape"
t_ok 'it is the original' diff -r "$T_DIR/good" "$T_DIR/untape/gapferry/$name"
t_error 1 GF-1008 'it is not replaced' media unstream "$T_DIR/tape" --to "$T_DIR/untape"
t_ok 'nothing unfinished stays' test -z "$(find "$T_DIR/untape" -name '*.part')"
t_error 1 GF-1008 'nor is a stream' media stream "$T_DIR/good" --to "$T_DIR/tape"
# shellcheck disable=SC2016 # expanded by the inner shell
t_ok 'through a pipe' sh -c 'gapferry-export media stream "$1/good" --to - --trust "$1/trust" |
	gapferry-import media unstream - --to "$1/piped" --trust "$1/trust"' sh "$T_DIR"
t_ok 'it is the original' diff -r "$T_DIR/good" "$T_DIR/piped/gapferry/$name"
t_ok 'segments as a stream' media stream "$T_DIR"/six/* --to "$T_DIR/tape6" --record 64K
t_ok 'and back' media unstream "$T_DIR/tape6" --record 64K --to "$T_DIR/untape6"
t_ok 'it is the original' diff -r "$T_DIR/good" "$T_DIR/untape6/gapferry/$name"
t_error 1 GF-1937 'a record that is none' media stream "$T_DIR/good" --to "$T_DIR/x" --record 1000

# The signed files in front are damaged: those at the end are used.
manifest=$(grep -abo 'gapferry-manifest' "$T_DIR/tape" | head -n 1 | cut -d : -f 1)
cp "$T_DIR/tape" "$T_DIR/front"
a_flip "$T_DIR/front" $((manifest + 30)) 0
t_ok 'a damaged begin' media unstream "$T_DIR/front" --to "$T_DIR/unfront"
t_ok 'it is the original' diff -r "$T_DIR/good" "$T_DIR/unfront/gapferry/$name"
cp "$T_DIR/tape" "$T_DIR/middle"
a_flip "$T_DIR/middle" 20000000 0
t_status 3 'a damaged chunk' media unstream "$T_DIR/middle" --to "$T_DIR/unmiddle"
t_contains 'is named' "$T_DIR/err" '1 damaged chunks, first vol-0003.tar chunk 000000'
t_ok 'what is good is kept' test -d "$T_DIR/unmiddle/gapferry/$name"
head -c 30000000 "$T_DIR/tape" >"$T_DIR/short"
t_error 3 GF-1936 'a stream that ends early' media unstream "$T_DIR/short" --to "$T_DIR/unshort"
t_error 3 GF-1936 'no stream at all' media unstream "$T_DIR/good/vol-0001.tar" --to "$T_DIR/unshort"
t_ok 'nothing is kept' test -z "$(find "$T_DIR/unshort" -type f)"

# ---- full media, FAT ----

mkdir -p "$T_DIR/mnt"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=24m tmpfs "$T_DIR/mnt" 2>/dev/null; then
	trap 'umount "$T_DIR/mnt" 2>/dev/null; t_on_exit' EXIT
	t_error 7 GF-1932 'a full medium' media write "$T_DIR/good" --to "$T_DIR/mnt"
	t_ok 'nothing was written' test ! -e "$T_DIR/mnt/gapferry"
	mkdir "$T_DIR/remainder"
	t_ok 'two media' media write "$T_DIR/good" --to "$T_DIR/mnt" "$T_DIR/remainder"
	t_ok 'both have volumes' test -n "$(find "$T_DIR/mnt" -name 'vol-*.tar')"
	verifies 'a small medium and another' "$T_DIR/mnt" "$T_DIR/remainder"
	umount "$T_DIR/mnt"
	trap t_on_exit EXIT
else
	t_skip 'a full medium' 'no mounts here'
fi

# mounted SIZE COMMAND: a file system in a file, at $T_DIR/mnt; only as root, where that is allowed.
mounted() {
	truncate -s "$1" "$T_DIR/disk"
	shift
	mkdir -p "$T_DIR/mnt"
	"$@" "$T_DIR/disk" >/dev/null 2>&1 && mount -o loop "$T_DIR/disk" "$T_DIR/mnt" 2>/dev/null
}
if [ "$(id -u)" -eq 0 ] && command -v mkfs.vfat >/dev/null && mounted 24M mkfs.vfat; then
	trap 'umount "$T_DIR/mnt" 2>/dev/null; t_on_exit' EXIT
	t_error 7 GF-1932 'a full medium' media write "$T_DIR/good" --to "$T_DIR/mnt"
	t_ok 'nothing was written' test ! -e "$T_DIR/mnt/gapferry/$name"
	mkdir "$T_DIR/rest"
	t_ok 'two media' media write "$T_DIR/good" --to "$T_DIR/mnt" "$T_DIR/rest"
	t_ok 'both have volumes' test -n "$(find "$T_DIR/mnt" -name 'vol-*')"
	umount "$T_DIR/mnt"
	t_must mount -o loop "$T_DIR/disk" "$T_DIR/mnt"
	verifies 'FAT and another' "$T_DIR/mnt" "$T_DIR/rest"
	umount "$T_DIR/mnt"
	if command -v script >/dev/null; then
		# One FAT stick after the other, asked for at a terminal.
		t_must mounted 24M mkfs.vfat
		mv "$T_DIR/disk" "$T_DIR/disk1"
		truncate -s 64M "$T_DIR/disk2"
		t_must mkfs.vfat "$T_DIR/disk2"
		{
			tries=0
			until grep -q 'press Enter' "$T_DIR/typescript" 2>/dev/null || [ "$tries" -ge 300 ]; do
				sleep 0.1
				tries=$((tries + 1))
			done
			umount "$T_DIR/mnt"
			mount -o loop "$T_DIR/disk2" "$T_DIR/mnt"
			echo
		} | script -qefc "gapferry-export media write $T_DIR/good --to $T_DIR/mnt --trust $T_DIR/trust" \
			"$T_DIR/typescript" >"$T_DIR/out" 2>"$T_DIR/err"
		t_contains 'asked for the second' "$T_DIR/typescript" 'MiB to go, next vol-'
		t_contains 'and done' "$T_DIR/typescript" 'everything was read back'
		mkdir "$T_DIR/second"
		cp -r "$T_DIR/mnt/gapferry" "$T_DIR/second/"
		umount "$T_DIR/mnt"
		t_must mount -o loop "$T_DIR/disk1" "$T_DIR/mnt"
		verifies 'two sticks' "$T_DIR/mnt" "$T_DIR/second"
		umount "$T_DIR/mnt"
	fi
	trap t_on_exit EXIT
else
	t_skip 'FAT and full media' 'no loop mounts here'
fi
