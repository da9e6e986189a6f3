#!/bin/sh
# The approver's view: what it shows, on what it insists, and what cannot be signed.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq script

t_in_memory
t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"
key=$T_DIR/keys/anna-approver.key.pem medium=$T_DIR/medium/gapferry
mkdir -p "$T_DIR/medium"

# state OPTION...: a catalog into the exporter.
state() {
	rm -rf "$T_DIR/catalog"
	t_catalog "$T_DIR" --payloads 40 --payload-min 50K --payload-max 100K --updates 1000 "$@"
	t_run gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 \
		"$T_DIR/catalog/wsusscn2.cab" --content "$T_DIR/catalog/content" --incomplete
	[ "$T_STATUS" -eq 0 ] || [ "$T_STATUS" -eq 2 ] || t_must false
}

# bundle N OPTION...: written, not yet approved.
bundle() {
	T_BUNDLE=$medium/main-1-$1
	shift
	t_must gapferry-export --repo "$T_DIR/exporter" write main \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium" "$@"
}

approve() {
	gapferry-export approve "$T_BUNDLE" --trust "$T_DIR/trust" "$@"
}

signed() {
	[ "$(find "$T_BUNDLE/sigs" -name '*.p7s' | wc -l)" -eq 2 ]
}

# kept FILE: a copy of the last output.
kept() {
	cp "$T_DIR/out" "$T_DIR/$1"
}

# ---- looking ----

state
bundle 1
t_ok 'to look takes no key' approve --look
kept look
t_contains 'the first bundle has none before it' "$T_DIR/look" 'the first bundle of the channel'
t_contains 'nothing was signed' "$T_DIR/look" 'nothing was signed'
t_status 1 'no signature was left' signed
t_error 1 GF-1001 'without --look a key is needed' approve
t_ok 'the same as JSON' approve --look --json
kept look.json
# The same revisions and files as the catalog was made with.
t_json "$T_DIR/look.json" '"\(.approved_by) \(.difference.to) \(.difference.revised)"' 'null null 0'
t_json "$T_DIR/look.json" .updates_processed "$(sed -n 's/^updates //p' "$T_DIR/catalog/truth.txt")"

# ---- the signature is for what was shown ----

digest=$(sha256sum <"$T_BUNDLE/MANIFEST" | cut -c 1-64)
t_contains 'the digest of MANIFEST is shown' "$T_DIR/look" "MANIFEST SHA-256 $digest"
other=$(sha256sum <"$T_BUNDLE/OBJECTS" | cut -c 1-64)
t_error 1 GF-2016 'another digest is not signed' approve --key "$key" --manifest "$other"
t_error 1 GF-1001 'nor a part of one' approve --key "$key" --manifest "${digest%????}"
# on_terminal TEXT: approve on a terminal where somebody types TEXT.
on_terminal() {
	printf '%s\n' "$1" | script -qec "gapferry-export approve '$T_BUNDLE' --trust '$T_DIR/trust' \
		--key '$key'" /dev/null
}
t_status 1 'on a terminal something else refuses' on_terminal 12345678
t_contains 'and says so' "$T_DIR/out" GF-2016
t_status 1 'so does nothing' on_terminal ''
t_status 1 'and too little' on_terminal "$(echo "$digest" | cut -c 1-7)"
t_status 1 'none of this left a signature' signed
t_ok 'the first eight digits sign' on_terminal "$(echo "$digest" | cut -c 1-8)"
t_ok 'now there are two signatures' signed
rm "$T_BUNDLE/sigs/$(gapferry-verify "$T_BUNDLE" --trust "$T_DIR/trust" --json |
	jq -r '.signers[]? | select(.role == "approver") | .key' | head -n 1)"* 2>/dev/null
t_ok 'a script states the digest' approve --key "$key" --manifest "$digest"
t_ok 'and the importer takes it' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"

# ---- nobody signs what was not read ----

bundle 2
volume=$T_BUNDLE/vol-0001.tar
cp "$volume" "$T_DIR/volume"
chmod u+w "$volume"
size=$(wc -c <"$volume")
for at in 0 512 $((size / 2)) $((size - 1)); do
	printf '\377' | dd of="$volume" bs=1 seek="$at" conv=notrunc 2>/dev/null
	t_run approve --key "$key" --look
	t_ok "a byte at $at is seen" test "$T_STATUS" -eq 3
	t_run approve --key "$key"
	t_ok 'and not signed' test "$T_STATUS" -eq 3
	cp "$T_DIR/volume" "$volume"
done
rm "$volume"
t_error 6 GF-1904 'nor what is not there' approve --key "$key"
cp "$T_DIR/volume" "$volume"

# resign DIR FILE MANIFEST-WORD: the builder signs a bundle whose table was changed.
resign() {
	r_size=$(wc -c <"$1/$2")
	r_digest=$(sha256sum <"$1/$2" | cut -c 1-64)
	chmod u+w "$1/MANIFEST"
	sed -i "s/^file $2 .*/file $2 $r_digest $r_size/" "$1/MANIFEST"
	t_must scale sign "$T_DIR/trust" "$1" "$T_DIR/keys/bert-builder.key.pem"
}
sed -n '/^file/p' "$T_BUNDLE/MANIFEST" >"$T_DIR/files"
if command -v scale >/dev/null; then
	lying=$T_DIR/lying
	cp -r "$T_BUNDLE" "$lying"
	chmod -R u+w "$lying"
	awk 'NR == 1 || done { print; next } { sub(/[0-9a-f]{8}/, "00000000"); done = 1; print }' \
		"$lying/CHUNKS" >"$T_DIR/chunks"
	cat "$T_DIR/chunks" >"$lying/CHUNKS"
	cat "$T_DIR/files" >&2
fi
