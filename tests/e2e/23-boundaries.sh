#!/bin/sh
# Objects and volumes whose sizes and ends fall on 2^31, 2^32 and 8 GiB, and one byte beside them:
# written, proved, and damage in the very last byte named exactly.  Contents are zeros, sparse.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-verify scale

t_trust "$T_DIR"
approver=$T_DIR/keys/anna-approver.key.pem builder=$T_DIR/keys/bert-builder.key.pem
two31=2147483648 two32=4294967296 gib8=8589934592

# repository NAME: an empty connected side.
repository() {
	t_must gapferry-export --repo "$T_DIR/$1" init
	t_must gapferry-export --repo "$T_DIR/$1" channel add main --audience site1 --trust "$T_DIR/trust"
}

# flip FILE OFFSET: one bit of a byte that is zero, and back.
flip() {
	flip_byte=$(od -A n -t u1 -j "$2" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059 # the byte is an octal escape
	printf "\\$(printf %03o $((flip_byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# ---- contents: 2^32 + 1 is split, and its second part ends a volume at 2^32 exactly ----

# 4 GiB that are not sparse: in memory when there is plenty of it, since disks flush slowly.
medium=$T_DIR/medium
if [ "$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)" -ge 12 ] &&
	[ "$(df --output=avail -B1G /dev/shm 2>/dev/null | tail -n 1)" -ge 6 ]; then
	memory=$(mktemp -d /dev/shm/gapferry-XXXXXX) && medium=$memory
	# The clean-up of lib.sh, and this directory.
	trap 'rm -rf "$memory"; t_on_exit' EXIT
fi
repository exporter
t_must scale zeros "$T_DIR/exporter" $((two32 + 1))
mkdir -p "$medium"
t_ok 'an object of 2^32 + 1 bytes is written' \
	gapferry-export --repo "$T_DIR/exporter" write main --key "$builder" --out "$medium" --media 4G
bundle=$medium/gapferry/main-1-1
t_must scale sign "$T_DIR/trust" "$bundle" "$approver"
t_ok 'a volume ends at 2^32' test "$(stat -c %s "$bundle/vol-0002.tar")" = $two32
t_ok 'all of it is proved' gapferry-verify "$bundle" --trust "$T_DIR/trust"

large=$(awk -v size=$((two32 + 1)) '$2 == size { print $1; exit }' "$bundle/OBJECTS")

# damaged DESC VOLUME OFFSET OBJECT: verify of this object finds it, and names volume and object.
damaged() {
	flip "$bundle/$2" "$3"
	t_status 3 "$1: found" gapferry-verify "$bundle" --trust "$T_DIR/trust" --object "$4"
	t_contains "$1: the object is named" "$T_DIR/out" "$4"
	t_contains "$1: the volume is named" "$T_DIR/out" "$2"
	flip "$bundle/$2" "$3"
}
last=$(awk -v d="$large" '$1 == d && $5 == 2 { printf "%.0f", $6 + $8 - 1 }' "$bundle/OBJECTS")
damaged 'the last byte of 2^32 + 1' vol-0002.tar "$last" "$large"
flip "$bundle/vol-0002.tar" $((two32 - 1))
t_status 3 'the last byte of a volume of 2^32: found' \
	gapferry-verify "$bundle" --trust "$T_DIR/trust" --volume "$bundle/vol-0002.tar"
t_contains 'its last chunk is named' "$T_DIR/out" 'vol-0002.tar chunk 001023 (4 MiB from byte 4290772992)'
rm -rf "$medium" "$T_DIR/exporter"

# ---- tables alone: around 8 GiB, where a member of a tar archive ends ----

repository table
# Only the rows: hashing 44 GiB of zeros proves nothing more.
t_must scale rows "$T_DIR/table" $((gib8 - 1)) $gib8 $((gib8 + 1)) $((two32 - 1)) $two32 \
	$((two31 + 1)) $two31 $((two31 - 1))
t_must scale bundle "$T_DIR/table" main 17179869184 "$T_DIR/sparse" "$builder" "$approver"
t_ok 'tables of objects around 8 GiB are proved' \
	gapferry-verify show "$T_DIR/sparse" --trust "$T_DIR/trust"
awk -v limit=$gib8 '{ n[$2]++; sum[$2] += $8; if ($8 >= limit) print "too long", $0 }
	END { for (s in n) printf "%s %d %s\n", s, n[s], sum[s] == s + 0 ? "whole" : "not whole" }' \
	"$T_DIR/sparse/OBJECTS" | sort >"$T_DIR/parts"
printf '%s\n' "$((gib8 + 1)) 2 whole" "$gib8 2 whole" "$((gib8 - 1)) 1 whole" \
	"$((two32 - 1)) 1 whole" "$two32 1 whole" "$((two31 + 1)) 1 whole" \
	"$two31 1 whole" "$((two31 - 1)) 1 whole" | sort >"$T_DIR/want"
t_same 'only objects of 8 GiB and more are split, and parts make them whole' "$T_DIR/want" "$T_DIR/parts"
for file in "$T_DIR"/sparse/vol-*.tar; do
	volume=${file##*/}
	size=$(stat -c %s "$file")
	chunks=$(awk -v v="$volume" '$2 == v' "$T_DIR/sparse/CHUNKS" | wc -l)
	t_ok "$volume has the chunks of its size" test "$chunks" = $(((size + 4194303) / 4194304))
done
