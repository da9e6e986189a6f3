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
	t_ingest "$T_DIR"
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

# A builder who signs tables that are not true.
# forge DIR FILE: MANIFEST states the digest of the changed FILE, and the builder signs it.
forge() {
	f_digest=$(sha256sum <"$1/$2" | cut -c 1-64)
	sed -i "s/^file [0-9a-f]* \([0-9]*\) $2\$/file $f_digest \1 $2/" "$1/MANIFEST"
	f_signature=$(find "$1/sigs" -name '*.p7s')
	t_must openssl cms -sign -binary -in "$1/MANIFEST" -nosmimecap -md sha384 -cades \
		-signer "$T_DIR/keys/bert-builder.cert.pem" \
		-inkey "$T_DIR/keys/bert-builder.key.pem" -outform DER -out "$f_signature"
}
true_one=$T_BUNDLE
cp -r "$true_one" "$T_DIR/forged"
chmod -R u+w "$T_DIR/forged"
T_BUNDLE=$T_DIR/forged
zeros=0000000000000000000000000000000000000000000000000000000000000000
sed -i "1s/^[0-9a-f]*/$zeros/" "$T_BUNDLE/CHUNKS"
forge "$T_BUNDLE" CHUNKS
t_error 3 GF-1908 'CHUNKS that lie are not signed' approve --key "$key"
t_contains 'and the chunk is named' "$T_DIR/err" 'vol-0001.tar chunk 000000'
cp "$true_one/CHUNKS" "$T_BUNDLE/CHUNKS"
sed -i "s/^catalog-root .*/catalog-root $zeros/" "$T_BUNDLE/MANIFEST"
forge "$T_BUNDLE" CHUNKS
t_error 3 GF-2012 'nor is a catalog root that is wrong' approve --key "$key"
t_status 1 'none of this left a signature' signed
T_BUNDLE=$true_one

# ---- the difference: nothing, then all kinds ----

t_ok 'a bundle of the same state differs in nothing' approve --look --json --base "$medium/main-1-1"
kept same.json
t_json "$T_DIR/same.json" '.difference | "\(.to.sequence) \(.added) \(.revised) \(.withdrawn)
	\(.files | length) \(.findings_new | length)" | gsub("\\s+"; " ")' '1 0 0 0 0 0'
t_ok 'without a bundle before nothing is compared' approve --look
kept alone
t_contains 'and that is said loudly' "$T_DIR/alone" 'NOT compared with the bundle before'
t_ok 'it is signed' approve --key "$key" --repo "$T_DIR/exporter"

t_must gapferry-export --repo "$T_DIR/exporter" channel confirm main --site site1 --sequence 1
state --change 50 --drop 8 --fault unknown-action
dropped=$(sed -n 's/^dropped //p' "$T_DIR/catalog/truth.txt")
bundle 3
t_contains 'an increment' "$T_BUNDLE/MANIFEST" 'kind increment'
t_error 6 GF-2022 'it needs its base' approve --look
t_status 2 'errors in a catalog show in the exit status' approve --look --json --base \
	"$medium/main-1-1" "$medium/main-1-2"
kept media.json
t_json "$T_DIR/media.json" .difference.to.sequence 2
t_json "$T_DIR/media.json" .difference.withdrawn "$dropped"
t_json "$T_DIR/media.json" '.difference | .revised > 10 and .added == 0' true
t_json "$T_DIR/media.json" '[.difference.findings_new[].severity] | index("error") != null' true
t_json "$T_DIR/media.json" '.difference | [.updates[] | select(.change == "withdrawn")] |
	length == ([.[].update_id] | unique | length) and all(.after == null)' true
# The same, computed here: UpdateIDs that the site has before and after.
gapferry-import --repo "$T_DIR/importer" updates --json >"$T_DIR/updates.before"
t_status 2 'the base alone will do' approve --look --json --base "$medium/main-1-1"
kept one.json
t_json "$T_DIR/one.json" '"\(.difference.to.sequence) \(.difference.withdrawn)"' "1 $dropped"
t_status 2 'and so will a repository' approve --look --json --repo "$T_DIR/exporter"
kept repo.json
for of in media repo; do
	jq -S .difference "$T_DIR/$of.json" >"$T_DIR/$of.difference"
done
t_same 'which shows the same' "$T_DIR/media.difference" "$T_DIR/repo.difference"
t_status 2 'the importer repository as well' approve --look --json --repo "$T_DIR/importer"
kept importer.json
t_json "$T_DIR/importer.json" '"\(.difference.to.sequence) \(.difference.withdrawn)"' "1 $dropped"
t_status 2 'people see it' approve --look --base "$medium/main-1-1" --threads 1
kept text
for text in 'compared with bundle 1 (full)' "$dropped withdrawn" 'new error' '  withdrawn ' \
	'Unexpected DeploymentAction'; do
	t_contains "$text" "$T_DIR/text" "$text"
done
t_error 1 GF-2014 'a base is not given twice' approve --look --base "$medium/main-1-1" \
	"$medium/main-1-1"
t_error 4 GF-1262 'a base must be approved' approve --look --base "$T_DIR/forged"
cp -r "$medium/main-1-1" "$T_DIR/damaged"
chmod u+w "$T_DIR/damaged/vol-0001.tar"
printf '\377' | dd of="$T_DIR/damaged/vol-0001.tar" bs=1 seek=600 conv=notrunc 2>/dev/null
t_error 3 GF-1907 'and undamaged' approve --key "$key" --base "$T_DIR/damaged"
t_status 2 'it is signed with the errors shown' approve --key "$key" --base "$medium/main-1-1"
t_ok 'by two' signed
t_error 1 GF-2014 'a bundle is no base of itself' approve --look --base "$T_BUNDLE"

# ---- what was withdrawn in a delta is no alarm ----

t_run gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE" --json
kept import.json
t_json "$T_DIR/import.json" .updates_gone 0
t_contains 'the delta says so' "$T_DIR/import.json" '"increment"'
gapferry-import --repo "$T_DIR/importer" status --json >"$T_DIR/status.json"
t_json "$T_DIR/status.json" .catalog_root \
	"$(sed -n 's/^catalog-root //p' "$T_BUNDLE/MANIFEST")"

# ---- a fork ----

mkdir -p "$T_DIR/fork/medium"
ln -s "$T_DIR/keys" "$T_DIR/fork/keys"
ln -s "$T_DIR/trust" "$T_DIR/fork/trust"
mv "$T_DIR/catalog" "$T_DIR/fork/catalog"
t_exporter "$T_DIR/fork"
t_ingest "$T_DIR/fork"
three=$T_BUNDLE
t_bundle "$T_DIR/fork" 1
T_BUNDLE=$three
t_error 5 GF-2015 'a base of another history is refused' approve --look --base \
	"$T_DIR/fork/medium/gapferry/main-1-1"
T_BUNDLE=$medium/main-1-2
t_error 5 GF-2015 'so is its repository' approve --look --repo "$T_DIR/fork/exporter"
