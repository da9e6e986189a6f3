# shellcheck shell=sh disable=SC2153 # T_DIR is from lib.sh
# steps.sh: what a row of tests/attack/*.cases may do to the copy of a bundle, $A_BUNDLE; it is the
# current directory.  Keys: bert builds, anna approves, ruth is root, mallory is nobody.

# ---- signatures ----

p7s() { echo "sigs/$(cat "$T_DIR/id.$1").p7s"; }
# sign WHO OPTION...: WHO signs MANIFEST (or $SIGN_IN), by default as our programs do.
sign() {
	s_who=$1
	shift
	[ $# -gt 0 ] || set -- -md sha384 -cades
	openssl cms -sign -binary -in "${SIGN_IN:-MANIFEST}" -signer "$T_DIR/cert.$s_who" \
		-inkey "$T_DIR/key.$s_who" -outform DER -nosmimecap "$@" -out "$(p7s "$s_who")"
}
signed() { sign bert && sign anna; }
to_hex() { basenc --base16 -w 0 "$1"; }
# der FILE OP PATH [HEX], see der.awk
der() {
	to_hex "$1" | awk -f "$A_TREE/tests/attack/der.awk" -v op="$2" -v path="$3" -v hex_arg="${4:-}" |
		tr -d '\n' >"$T_DIR/der.hex"
	[ "$2" != get ] || return 0
	basenc --base16 -d "$T_DIR/der.hex" >"$T_DIR/der.new" && cat "$T_DIR/der.new" >"$1"
}
approval() { der "$(p7s anna)" "$@"; }
# The signed attributes of a genuine signature passed off as a document (draft cms-euf-cma).
forge_attributes() {
	approval get '1 0 4 0 3'
	sed 's/^../31/' "$T_DIR/der.hex" >"$T_DIR/set.hex"
	basenc --base16 -d "$T_DIR/set.hex" >MANIFEST
	approval put '1 0 4 0 3'
	rm "$(p7s bert)"
}
# The same encoding, but of indefinite length.
indefinite() {
	to_hex "$(p7s anna)" >"$T_DIR/ber.hex"
	{ printf 3080; tail -c +9 "$T_DIR/ber.hex"; printf 0000; } | basenc --base16 -d >"$T_DIR/ber"
	cat "$T_DIR/ber" >"$(p7s anna)"
}
# A length of three bytes where two do.
wide() {
	to_hex "$(p7s anna)" >"$T_DIR/ber.hex"
	sed 's/^3082/308300/' "$T_DIR/ber.hex" | basenc --base16 -d >"$(p7s anna)"
}
deep() { awk 'BEGIN { for (i = 0; i < 5000; i++) printf "3080" }' | basenc --base16 -d >"$(p7s anna)"; }
certificate_of() { openssl x509 -in "$T_DIR/cert.$1" -outform DER | basenc --base16 -w 0; }
# 17 files in sigs/, each a genuine signature.
many_signatures() {
	n=10
	while [ "$n" -lt 27 ]; do
		cp "$(p7s anna)" "sigs/00000000000000$n.p7s"
		n=$((n + 1))
	done
}

# ---- texts; who holds both keys signs again ----

line() { sed -i "$@" MANIFEST; }
# ended: the right number in the last line; lines: the same and signed.
ended() { sed -i "\$s/.*/end $(wc -l <MANIFEST)/" MANIFEST; }
edit() { line "$@" && ended && signed; }
digest() { sha256sum <"$1" | cut -c 1-64; }
tables() {
	for t in CHUNKS OBJECTS SHA256SUMS; do
		line "s/^file .* $t\$/file $(digest $t) $(stat -c %s $t) $t/"
	done
}
# Small files again in SHA256SUMS, tables in MANIFEST, signed by both.
sealed() {
	cut -c 67- SHA256SUMS | while read -r f; do
		[ ! -f "$f" ] || printf '%s  %s\n' "$(digest "$f")" "$f"
	done >"$T_DIR/sums"
	cat "$T_DIR/sums" >SHA256SUMS
	tables && signed
}
table() { f=$1; shift; sed -i "$@" "$f" && tables && signed; }
# The tree over OBJECTS in log/ no longer fits what was done to it: without log/ it is not missed.
objects() { unlogged; table OBJECTS "$@"; }
unlogged() { rm -rf log; sed -i '/ log\//d' SHA256SUMS; }
# A repeated line of the given text, $2 times, before the line that matches $1.
repeated() {
	awk -v at="$1" -v n="$2" -v text="$3" '
		$0 ~ at && !done++ { for (i = 0; i < n; i++) { t = text; sub(/#/, sprintf("%04d", i), t); print t } }
		{ print }' MANIFEST >"$T_DIR/text"
	cat "$T_DIR/text" >MANIFEST
}
pad_to() { # bytes at the end of MANIFEST until it has $1
	head -c $(($1 - $(stat -c %s MANIFEST))) /dev/zero | tr '\0' x >>MANIFEST
}

# ---- volumes ----

flip() { a_flip "$1" "$2" 3; }
# poke FILE OFFSET TEXT (escapes as in printf)
poke() {
	# shellcheck disable=SC2059 # the text has escapes
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
# The checksum of the header at byte $2 of a volume.
header_sum() {
	poke "$1" $(($2 + 148)) '        '
	s_sum=$(od -A n -v -t u1 -j "$2" -N 512 "$1" | awk '{ for (i = 1; i <= NF; i++) n += $i } END { printf "%06o", n }')
	poke "$1" $(($2 + 148)) "$s_sum\\000 "
}
# CHUNKS of the volumes that lie here, and signed by both.
chunked() {
	for v in vol-*.tar; do
		split -b 4194304 --filter=sha256sum "$v" | awk -v v="$v" '{ printf "%s %s %06d\n", $1, v, NR - 1 }'
	done >"$T_DIR/chunks"
	cat "$T_DIR/chunks" >CHUNKS
	tables && signed
}
# header OFFSET TEXT: bytes of the first header of volume 1, checksum and digests made right.
header() { poke vol-0001.tar "$1" "$2" && header_sum vol-0001.tar 0 && chunked; }
# grown FILE N: N bytes more than what is signed
grown() { head -c "$2" /dev/zero >>"$1"; }

# ---- other bundles of the channel ----

take() { find . -mindepth 1 -delete && cp -r "$T_DIR/medium/gapferry/main-1-$1/." .; }
later() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }
