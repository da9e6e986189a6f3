#!/bin/sh
# An enclave behind an enclave: what E sends to I1 goes on to I2 and I3, each step under a trust
# root of its own; the content stays the same, and E's signatures can be proved at the end.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import gapferry-verify jq openssl

# people DIR PREFIX: four keys and a trust root.
people() {
	for role in root builder approver importer; do
		t_must gapferry-export key new --role $role --holder "$2$role" --out "$1/keys"
	done
	t_must gapferry-export trust new --root "$1/keys/$2root-root.cert.pem" \
		--builder "$1/keys/$2builder-builder.cert.pem" \
		--approver "$1/keys/$2approver-approver.cert.pem" \
		--importer "$1/keys/$2importer-importer.cert.pem" \
		--key "$1/keys/$2root-root.key.pem" --out "$1/trust"
}
for tier in e f g; do
	people "$T_DIR/$tier" $tier
done
t_catalog "$T_DIR" --updates 24 --payloads 3 --payload-max 64K
t_must gapferry-export --repo "$T_DIR/exporter" init
t_must gapferry-export --repo "$T_DIR/exporter" channel add main --audience first --trust "$T_DIR/e/trust"
t_ingest "$T_DIR"
t_must gapferry-import --repo "$T_DIR/first" init --channel main --audience first --trust "$T_DIR/e/trust"
t_must gapferry-import --repo "$T_DIR/second" init --channel inner --audience second --trust "$T_DIR/f/trust"
t_must gapferry-import --repo "$T_DIR/third" init --channel core --audience third --trust "$T_DIR/g/trust"
mkdir -p "$T_DIR/medium" "$T_DIR/back"

# hand_on REPO CHANNEL TIER SEQUENCE: written and approved; T_BUNDLE.
hand_on() {
	T_BUNDLE=$T_DIR/medium/gapferry/$2-1-$4
	t_must gapferry-export --repo "$T_DIR/$1" write "$2" \
		--key "$T_DIR/$3/keys/$3builder-builder.key.pem" --out "$T_DIR/medium"
	t_must gapferry-export approve "$T_BUNDLE" --trust "$T_DIR/$3/trust" \
		--key "$T_DIR/$3/keys/$3approver-approver.key.pem" --repo "$T_DIR/$1"
}
take() {
	gapferry-import --repo "$T_DIR/$1" import "$2"
}
# confirm FROM TIER TO: the receipt of FROM, received at TO.
confirm() {
	t_must gapferry-import --repo "$T_DIR/$1" receipt --out "$T_DIR/back" --json \
		--key "$T_DIR/$2/keys/$2importer-importer.key.pem"
	T_RECEIPT=$(jq -r .receipt "$T_DIR/out")
	t_ok "the receipt of $1 is received at $3" gapferry-export --repo "$T_DIR/$3" receive "$T_RECEIPT"
}
# what REPO: catalog root, updates and content.
what() {
	gapferry-import --repo "$T_DIR/$1" status --json | jq -r .catalog_root
	gapferry-import --repo "$T_DIR/$1" updates --json | jq -S '[.updates[] | del(.revision_id)]'
	gapferry-import --repo "$T_DIR/$1" findings --json | jq -S '[.findings[] | del(.revision_id)]'
}
t_alike() {
	for repo in first second third; do
		what $repo >"$T_DIR/what.$repo"
	done
	t_contains "$1: the catalog root is E's" "$2/MANIFEST" \
		"catalog-root $(head -n 1 "$T_DIR/what.first")"
	t_same "$1: I1 and I2 are alike" "$T_DIR/what.first" "$T_DIR/what.second"
	t_same "$1: I2 and I3 are alike" "$T_DIR/what.second" "$T_DIR/what.third"
}

# ---- down three tiers ----

hand_on exporter main e 1
first=$T_BUNDLE
t_ok 'I1 imports what E sent' take first "$first"
t_ok 'I1 gets a channel to I2' gapferry-export --repo "$T_DIR/first" channel add inner \
	--audience second --trust "$T_DIR/f/trust"
hand_on first inner f 1
second=$T_BUNDLE
t_error 4 GF-1256 'trust in E is no trust in I1' gapferry-import --repo "$T_DIR/first" import "$second"
t_ok 'I2 imports what I1 sent' take second "$second"
t_must gapferry-export --repo "$T_DIR/second" channel add core --audience third --trust "$T_DIR/g/trust"
hand_on second core g 1
third=$T_BUNDLE
t_ok 'I3 imports what I2 sent' take third "$third"
t_alike 'after three tiers' "$first"
objects() {
	(cd "$T_DIR/$1/content" && find . -type f | sort)
}
objects first >"$T_DIR/objects.first"
objects third >"$T_DIR/objects.third"
t_same 'every object that E sent is at I3' "$T_DIR/objects.first" "$T_DIR/objects.third"

# ---- where it came from ----

t_ok 'a bundle of E names no origin' sh -c "! grep -q ^origin '$first/MANIFEST'"
digest() {
	sha256sum <"$1/MANIFEST" | cut -c 1-64
}
t_contains 'a bundle of I1 names the one of E' "$second/MANIFEST" "origin $(digest "$first")"
t_same 'and carries it' "$first/MANIFEST" "$second/origin/1.MANIFEST"
grep ^origin "$third/MANIFEST" >"$T_DIR/origins"
printf 'origin %s\norigin %s\n' "$(digest "$second")" "$(digest "$first")" >"$T_DIR/want"
t_same 'a bundle of I2 names both, the nearest first' "$T_DIR/origins" "$T_DIR/want"
t_same 'and carries that of I1' "$second/MANIFEST" "$third/origin/1.MANIFEST"
t_same 'and that of E' "$first/MANIFEST" "$third/origin/2.MANIFEST"
signed=0
for sig in "$third"/origin/2.*.p7s; do
	id=$(basename "$sig" .p7s | cut -c 3-)
	t_ok "signature $id of E is proved at I3 with E's anchor" openssl cms -verify -binary -cades \
		-inform DER -in "$sig" -content "$third/origin/2.MANIFEST" \
		-CAfile "$T_DIR/e/trust/$id.pem" -partial_chain -no-CApath -no-CAstore \
		-purpose any -x509_strict -out /dev/null
	t_same 'its certificate came along' "$T_DIR/e/trust/$id.pem" "$third/origin/2.$id.pem"
	signed=$((signed + 1))
done
t_ok 'builder and approver of E' test "$signed" -eq 2
t_ok 'the verifier finds nothing wrong' gapferry-verify "$third" --trust "$T_DIR/g/trust"
t_contains 'and tells the way' "$T_DIR/out" 'came through 1: channel inner to second'
t_contains 'to its beginning' "$T_DIR/out" 'came through 2: channel main to first, epoch 1, sequence 1'
t_must gapferry-import --repo "$T_DIR/third" status
t_contains 'so does the importer' "$T_DIR/out" 'came through 2: channel main to first, epoch 1, sequence 1'
t_run gapferry-import --repo "$T_DIR/third" status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" '[.origins[].channel] | join(" ")' 'inner main'
cp "$third/VERIFY.txt" "$T_DIR/card.sh"
t_run sh -c "cd '$third' && ANCHORS='$T_DIR/g/trust' sh '$T_DIR/card.sh'"
t_contains 'the card verifies it' "$T_DIR/out" VERIFIED

# ---- origins that are not what they claim ----

A_BUNDLE=$T_DIR/odd/bundle
# t_odd EXIT ID DESC: the altered bundle is refused.
t_odd() {
	t_error "$@" gapferry-import --repo "$T_DIR/fourth" import "$A_BUNDLE"
}
odd() {
	rm -rf "$T_DIR/odd" && mkdir -p "$T_DIR/odd" && cp -r "$third" "$A_BUNDLE"
}
t_must gapferry-import --repo "$T_DIR/fourth" init --channel core --audience third --trust "$T_DIR/g/trust"
odd
a_flip "$A_BUNDLE/origin/2.MANIFEST" 30 0
t_odd 3 GF-1903 'an altered MANIFEST of an origin'
odd
rm "$A_BUNDLE/origin/1.MANIFEST"
t_odd 6 GF-1902 'one that was taken away'
odd
cp "$A_BUNDLE/origin/1.MANIFEST" "$A_BUNDLE/origin/3.MANIFEST"
t_odd 3 GF-1806 'one that nobody listed'

# A key holder of the tier can sign anything, but not that another MANIFEST is the origin.
resign() {
	id=$(openssl x509 -in "$T_DIR/g/keys/g$1-$1.cert.pem" -pubkey -noout |
		openssl pkey -pubin -outform DER | sha256sum | cut -c 1-16)
	t_must openssl cms -sign -binary -cades -nosmimecap -md sha384 -outform DER \
		-signer "$T_DIR/g/keys/g$1-$1.cert.pem" -inkey "$T_DIR/g/keys/g$1-$1.key.pem" \
		-in "$A_BUNDLE/MANIFEST" -out "$A_BUNDLE/sigs/$id.p7s"
}
reseal() {
	(cd "$A_BUNDLE" && find VERIFY.txt log trust origin -type f | sort | xargs sha256sum >SHA256SUMS)
	sums="file $(sha256sum <"$A_BUNDLE/SHA256SUMS" | cut -c 1-64) $(wc -c <"$A_BUNDLE/SHA256SUMS") SHA256SUMS"
	sed -i "s/^file .* SHA256SUMS\$/$sums/" "$A_BUNDLE/MANIFEST"
	resign builder
	resign approver
}
odd
reseal
t_must gapferry-import --repo "$T_DIR/fifth" init --channel core --audience third --trust "$T_DIR/g/trust"
t_ok 'sealed anew and unchanged it is fine' take fifth "$A_BUNDLE"
odd
cp "$A_BUNDLE/origin/2.MANIFEST" "$A_BUNDLE/origin/1.MANIFEST"
reseal
t_odd 3 GF-1806 'another MANIFEST than the line names'
odd
cp "$A_BUNDLE/origin/2.MANIFEST" "$A_BUNDLE/origin/3.MANIFEST"
reseal
t_odd 3 GF-1806 'a MANIFEST that no line names'
odd
cp "$A_BUNDLE/VERIFY.txt" "$A_BUNDLE/origin/1.README"
reseal
t_odd 3 GF-1806 'any other file among them'
odd
rm -r "$A_BUNDLE/origin"
mkdir "$A_BUNDLE/origin"
cp "$third"/origin/1.* "$A_BUNDLE/origin"
reseal
t_ok 'the folder need not be complete' take fourth "$A_BUNDLE"
t_must gapferry-import --repo "$T_DIR/fourth" status
t_contains 'then only the digest is known' "$T_DIR/out" "came through 2: MANIFEST SHA-256 $(digest "$first")"

# ---- one repository, two directions ----

t_error 1 GF-1730 'what is received cannot be written' gapferry-export --repo "$T_DIR/first" write main \
	--key "$T_DIR/e/keys/ebuilder-builder.key.pem" --out "$T_DIR/medium"
t_error 1 GF-1711 'names are unique in a repository' gapferry-export --repo "$T_DIR/first" \
	channel add main --audience second --trust "$T_DIR/f/trust"
t_error 1 GF-1710 'E receives nothing' take exporter "$first"
t_error 4 GF-2009 'the builder of E cannot sign for I1' gapferry-export --repo "$T_DIR/first" \
	write inner --key "$T_DIR/e/keys/ebuilder-builder.key.pem" --out "$T_DIR/medium"
confirm first e exporter
t_error 5 GF-2031 'a receipt for E is none for I1' gapferry-export --repo "$T_DIR/first" receive "$T_RECEIPT"
confirm second f first
confirm third g second

# ---- an increment goes the same way ----

t_catalog "$T_DIR" --updates 24 --payloads 3 --payload-max 64K --change 100
t_ingest "$T_DIR"
hand_on exporter main e 2
t_contains 'E sends an increment' "$T_BUNDLE/MANIFEST" 'kind increment'
root=$T_BUNDLE
t_ok 'I1 imports it' take first "$T_BUNDLE"
hand_on first inner f 2
t_contains 'I1 sends an increment' "$T_BUNDLE/MANIFEST" 'kind increment'
t_contains 'whose origin is the newest bundle' "$T_BUNDLE/MANIFEST" "origin $(digest "$root")"
t_ok 'I2 imports it' take second "$T_BUNDLE"
hand_on second core g 2
t_ok 'I3 imports it' take third "$T_BUNDLE"
t_alike 'after an increment' "$root"
t_must gapferry-export --repo "$T_DIR/first" status
t_contains 'I1 knows both directions' "$T_DIR/out" 'channel main received at first: epoch 1, sequence 2'
t_contains 'I1 knows both directions' "$T_DIR/out" 'channel inner to second: epoch 1, sequence 2'
