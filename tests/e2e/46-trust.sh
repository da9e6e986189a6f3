#!/bin/sh
# The trust root changes hands: rotation by quorum, revoked keys and bundles, trust-only bundles,
# a site many versions behind, a fork, and a lost quorum.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl jq
t_in_memory

k=$T_DIR/keys
id_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER |
		sha256sum | cut -c 1-16
}
digest_of() { sha256sum "$1/MANIFEST" | cut -c 1-64; }
new_key() { t_must gapferry-export key new --role "${1%%:*}" --holder "${1#*:}" --out "$k"; }
verified() { gapferry-verify "$1" --trust "$2"; }
# refused ID DESC BUNDLE TRUST
refused() {
	t_run verified "$3" "$4"
	if [ "$T_STATUS" -eq 4 ] && grep -q "problem $1" "$T_DIR/out"; then
		t_pass "$2"
	else
		t_fail "$2 (exit status $T_STATUS, want 4 and $1)"
	fi
}
import() { gapferry-import --repo "$T_DIR/importer" import "$@"; }
version_is() {
	t_must gapferry-import --repo "$T_DIR/importer" status --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	t_json "$T_DIR/status.json" .trust_version "$1"
}

for who in root:ruth root:rolf root:rita builder:bert builder:bill approver:anna approver:abel; do
	new_key "$who"
done
ruth=$k/ruth-root.key.pem rolf=$k/rolf-root.key.pem rita=$k/rita-root.key.pem
t_must gapferry-export trust new --root "$k/ruth-root.cert.pem" "$k/rolf-root.cert.pem" \
	--builder "$k/bert-builder.cert.pem" --approver "$k/anna-approver.cert.pem" \
	--root-threshold 2 --key "$ruth" "$rolf" --out "$T_DIR/trust"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_ingest "$T_DIR"
t_bundle "$T_DIR" 1
one=$T_BUNDLE
cp -r "$T_DIR/trust" "$T_DIR/trust1"

# ---- rotation ----

t_status 2 'one of two root key holders only proposes' gapferry-export trust rotate \
	--trust "$T_DIR/trust" --add-builder "$k/bill-builder.cert.pem" --key "$ruth"
t_contains 'and is told so' "$T_DIR/out" 'NOT IN FORCE'
t_must gapferry-export trust show --trust "$T_DIR/trust" --json
cp "$T_DIR/out" "$T_DIR/show.json"
t_json "$T_DIR/show.json" .version 1
t_json "$T_DIR/show.json" .proposed.version 2
t_json "$T_DIR/show.json" .proposed.lacks 1
t_ok 'a proposal changes nothing' gapferry-verify "$one" --trust "$T_DIR/trust"
t_must gapferry-export --repo "$T_DIR/exporter" channel trust main --trust "$T_DIR/trust"
t_contains 'not for a channel either' "$T_DIR/out" 'version 1 already'
t_error 4 GF-1271 'no builder can sign a trust root' gapferry-export trust sign \
	--trust "$T_DIR/trust" --key "$k/bert-builder.key.pem"
t_error 4 GF-1271 'nor a root key that is not listed' gapferry-export trust sign \
	--trust "$T_DIR/trust" --key "$rita"
t_status 2 'the same signature twice is one' gapferry-export trust sign \
	--trust "$T_DIR/trust" --key "$ruth"
t_ok 'the second one brings it into force' gapferry-export trust sign --trust "$T_DIR/trust" \
	--key "$rolf"
t_contains 'it says so' "$T_DIR/out" 'trust root version 2'
t_status 1 'no proposal is left' test -e "$T_DIR/trust/0002.proposed"
t_error 1 GF-1270 'there is nothing to sign any more' gapferry-export trust sign \
	--trust "$T_DIR/trust" --key "$rolf"
t_ok 'the channel takes it' gapferry-export --repo "$T_DIR/exporter" channel trust main \
	--trust "$T_DIR/trust"
t_ok 'the first bundle imports' import "$one"
version_is 1
cp -r "$T_DIR/trust" "$T_DIR/trust2"

# Every line of 0002.root, changed in one byte.
lines=$(wc -l <"$T_DIR/trust2/0002.root")
at=1 accepted=0
while [ "$at" -le "$lines" ]; do
	rm -rf "$T_DIR/mutant"
	cp -r "$T_DIR/trust2" "$T_DIR/mutant"
	sed "${at}s/.\$/~/" "$T_DIR/trust2/0002.root" >"$T_DIR/mutant/0002.root"
	t_run gapferry-export trust show --trust "$T_DIR/mutant"
	[ "$T_STATUS" -eq 4 ] || accepted=$((accepted + 1))
	at=$((at + 1))
done
t_ok "none of $lines altered lines of 0002.root is accepted" test "$accepted" -eq 0
rm -rf "$T_DIR/mutant"
cp -r "$T_DIR/trust2" "$T_DIR/mutant"
rm "$T_DIR/mutant/0002.$(id_of "$k/rolf-root.cert.pem").p7s"
t_error 4 GF-1255 'a version without its quorum' gapferry-export trust show --trust "$T_DIR/mutant"

# ---- a fork ----

cp -r "$T_DIR/trust1" "$T_DIR/fork"
t_must gapferry-export trust rotate --trust "$T_DIR/fork" --key "$ruth" "$rolf" \
	--add-approver "$k/abel-approver.cert.pem"
t_must gapferry-import --repo "$T_DIR/importer" trust add "$T_DIR/trust2"
version_is 2
t_error 4 GF-1256 'two versions 2 are a fork' gapferry-import --repo "$T_DIR/importer" trust add \
	"$T_DIR/fork"
t_error 4 GF-1256 'on the other side, too' gapferry-export --repo "$T_DIR/exporter" channel trust \
	main --trust "$T_DIR/fork"
version_is 2

# ---- a revoked bundle ----

t_bundle "$T_DIR" 2
two=$T_BUNDLE
t_ok 'the second bundle is good' verified "$two" "$T_DIR/trust"
t_error 1 GF-1001 'a revocation needs a reason' gapferry-export trust revoke \
	--trust "$T_DIR/trust" --bundle "main-1-2:$(digest_of "$two")" --key "$ruth" "$rolf"
t_ok 'bundles are revoked' gapferry-export trust revoke --trust "$T_DIR/trust" \
	--bundle "main-1-2:$(digest_of "$two")" "main-1-1:$(digest_of "$one")" --reason mistake \
	--key "$ruth" "$rolf"
t_ok 'the text has version 2 of the format now' grep -q '^gapferry-trust 2$' \
	"$T_DIR/trust/0003.root"
refused GF-1268 'a verifier refuses it' "$two" "$T_DIR/trust"
t_error 4 GF-1268 'an approver does' gapferry-export approve "$two" \
	--key "$k/anna-approver.key.pem" --trust "$T_DIR/trust"
t_status 2 'the importer takes the trust root and reports what it has' gapferry-import \
	--repo "$T_DIR/importer" trust add "$T_DIR/trust"
t_contains 'sequence 1 was imported' "$T_DIR/out" 'sequence 1, which was imported here, was revoked'
t_error 4 GF-1268 'the revoked bundle is refused' import "$two"
t_status 2 'status says it, too' gapferry-import --repo "$T_DIR/importer" status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" '.revoked_imports[0] | "\(.sequence) \(.reason)"' '1 mistake'

# ---- a bundle with the trust root alone ----

t_must gapferry-export --repo "$T_DIR/exporter" channel trust main --trust "$T_DIR/trust"
t_bundle "$T_DIR" 3
three=$T_BUNDLE
t_bundle "$T_DIR" 4 --trust-only
four=$T_BUNDLE
t_bundle "$T_DIR" 5 --trust-only
five=$T_BUNDLE
size=$(find "$five" -type f -exec cat {} + | wc -c)
t_ok "it is small: $size bytes" test "$size" -lt 40000
t_ok 'it has no volume' test ! -e "$five/vol-0001.tar"
t_ok 'it verifies' verified "$five" "$T_DIR/trust1"
mkdir "$T_DIR/anchors"
cp "$k"/*.cert.pem "$T_DIR/anchors/"
# shellcheck disable=SC2016 # expanded by the inner shell
t_ok 'with the card, too' env ANCHORS="$T_DIR/anchors" sh -c 'cd "$1" && sh ./VERIFY.txt' - "$five"
t_must gapferry-import --repo "$T_DIR/late" init --channel main --audience site1 \
	--trust "$T_DIR/trust1"
t_error 6 GF-2081 'a site that lacks the updates' gapferry-import --repo "$T_DIR/late" import "$five"
t_must gapferry-import --repo "$T_DIR/late" status --json
cp "$T_DIR/out" "$T_DIR/late.json"
t_json "$T_DIR/late.json" '"\(.sequence) \(.trust_version)"' '0 3'
t_must gapferry-import --repo "$T_DIR/idle" init --channel main --audience site1 \
	--trust "$T_DIR/trust1"
t_ok 'or the trust root of a bundle without importing it' gapferry-import --repo "$T_DIR/idle" \
	trust add "$three"
t_contains 'it is newer' "$T_DIR/out" 'version 3, taken'
t_status 2 'the full bundle after a revocation' import "$three"
t_status 2 'then the trust root alone' import "$four"
t_status 2 'and once more' import "$five"
t_contains 'it says so' "$T_DIR/out" 'carries the trust root alone'
t_run import "$five"
t_contains 'a second time it is known' "$T_DIR/out" 'was imported before'
t_must gapferry-export --repo "$T_DIR/exporter" channel confirm main --site site1 --sequence 5
t_must gapferry-export --repo "$T_DIR/exporter" write main --key "$k/bert-builder.key.pem" \
	--out "$T_DIR/medium" --json
cp "$T_DIR/out" "$T_DIR/write.json"
t_json "$T_DIR/write.json" .base 5
t_must gapferry-export approve "$T_DIR/medium/gapferry/main-1-6" --repo "$T_DIR/exporter" \
	--key "$k/anna-approver.key.pem" --trust "$T_DIR/trust"
t_status 2 'an increment builds on it' import "$T_DIR/medium/gapferry/main-1-6"

# ---- a builder whose key was stolen ----

sleep 1
since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 1
t_bundle "$T_DIR" 7 --full
seven=$T_BUNDLE
bert=$(id_of "$k/bert-builder.cert.pem")
t_error 4 GF-1251 'the only builder cannot go' gapferry-export trust revoke --trust "$T_DIR/trust1" \
	--out "$T_DIR/none" --key-id "$bert" --reason stolen --key "$ruth" "$rolf"
t_ok 'the key is revoked from a time on' gapferry-export trust revoke --trust "$T_DIR/trust" \
	--out "$T_DIR/timed" --key-id "$bert" --since "$since" --reason stolen --key "$ruth" "$rolf"
refused GF-1267 'what it signed after is refused' "$seven" "$T_DIR/timed"
t_ok 'what it signed before stays good' verified "$three" "$T_DIR/timed"
t_error 4 GF-1267 'approving is refused' gapferry-export approve "$seven" \
	--key "$k/anna-approver.key.pem" --trust "$T_DIR/timed"
t_ok 'or for ever' gapferry-export trust revoke --trust "$T_DIR/timed" --key-id "$bert" \
	--reason stolen --key "$ruth" "$rolf"
refused GF-1267 'then what it signed before is refused' "$three" "$T_DIR/timed"
t_must gapferry-export --repo "$T_DIR/exporter" channel trust main --trust "$T_DIR/timed"
t_error 4 GF-2009 'it cannot build any more' gapferry-export --repo "$T_DIR/exporter" write main \
	--key "$k/bert-builder.key.pem" --out "$T_DIR/medium"
t_must gapferry-export --repo "$T_DIR/exporter" write main --full --key "$k/bill-builder.key.pem" \
	--out "$T_DIR/medium"
eight=$T_DIR/medium/gapferry/main-1-8
t_must gapferry-export approve "$eight" --key "$k/anna-approver.key.pem" --trust "$T_DIR/timed"
t_status 2 'the importer follows' import "$eight"
t_error 4 GF-1267 'and refuses the thief' import "$seven"

# A root key: it does not count for the version that revokes it, nor later.
t_status 2 'a revoked root key does not sign its own end' gapferry-export trust revoke \
	--trust "$T_DIR/timed" --out "$T_DIR/rooted" --key-id "$(id_of "$k/ruth-root.cert.pem")" \
	--since "$since" --reason stolen --add-root "$k/rita-root.cert.pem" --key "$ruth" "$rolf"
t_ok 'with another one it is enough' gapferry-export trust sign --trust "$T_DIR/rooted" --key "$rita"
t_status 2 'later it does not count' gapferry-export trust rotate --trust "$T_DIR/rooted" \
	--key "$ruth" "$rolf"

# ---- thresholds ----

t_ok 'one signature of the new version, two of the old' gapferry-export trust rotate \
	--trust "$T_DIR/trust2" --out "$T_DIR/lower" --root-threshold 1 --key "$ruth" "$rolf"
t_ok 'then one is enough' gapferry-export trust rotate --trust "$T_DIR/lower" --key "$ruth"
t_error 4 GF-1251 'a threshold out of reach' gapferry-export trust rotate --trust "$T_DIR/lower" \
	--approver-threshold 2 --key "$ruth"

# ---- an importer thirty versions behind ----

n=0
while [ "$n" -lt 28 ]; do
	t_must gapferry-export trust rotate --trust "$T_DIR/lower" --key "$ruth"
	n=$((n + 1))
done
t_must gapferry-import --repo "$T_DIR/behind" init --channel main --audience site1 \
	--trust "$T_DIR/trust1"
t_ok 'thirty versions in one step' gapferry-import --repo "$T_DIR/behind" trust add "$T_DIR/lower"
t_contains 'it holds the newest' "$T_DIR/out" 'version 32, taken'

# ---- an expired trust root ----

mkdir "$T_DIR/old"
export SOURCE_DATE_EPOCH=1200000000
t_trust "$T_DIR/old"
unset SOURCE_DATE_EPOCH
t_must gapferry-export --repo "$T_DIR/old/exporter" init
t_must gapferry-export --repo "$T_DIR/old/exporter" channel add main --audience site1 \
	--trust "$T_DIR/old/trust"
t_run gapferry-export --repo "$T_DIR/old/exporter" ingest wsusscn2 "$T_DIR/catalog/wsusscn2.cab" \
	--content "$T_DIR/catalog/content"
t_error 1 GF-2013 'an expired trust root makes no bundles' gapferry-export \
	--repo "$T_DIR/old/exporter" write main --key "$T_DIR/old/keys/bert-builder.key.pem" \
	--out "$T_DIR/old"

# ---- the old root keys are lost ----

t_trust "$T_DIR/anew"
first=$(sha256sum "$T_DIR/anew/trust/0001.root" | cut -c 1-64)
replace() {
	gapferry-import --repo "$T_DIR/late" trust replace "$T_DIR/anew/trust" --reason 'keys lost' \
		--fingerprint "$1"
}
t_error 4 GF-1256 'another trust root does not come by itself' gapferry-import \
	--repo "$T_DIR/late" trust add "$T_DIR/anew/trust"
t_error 4 GF-1273 'nor with another fingerprint' replace "$(sha256sum </dev/null | cut -c 1-64)"
t_ok 'with the fingerprint it does' replace "$first"
t_must gapferry-import --repo "$T_DIR/late" ledger show
t_contains 'the ledger has it' "$T_DIR/out" 'trust replace'
t_must gapferry-import --repo "$T_DIR/late" status --json
cp "$T_DIR/out" "$T_DIR/late.json"
t_json "$T_DIR/late.json" .trust_version 1

# The connected side goes on with the same channel, and the site with the next full bundle.
t_error 1 GF-1001 'a replacement needs a reason' gapferry-export --repo "$T_DIR/exporter" \
	channel trust main --trust "$T_DIR/anew/trust" --replace "$first"
t_ok 'the channel goes on under it' gapferry-export --repo "$T_DIR/exporter" channel trust main \
	--trust "$T_DIR/anew/trust" --replace "$first" --reason 'keys lost'
t_must gapferry-export --repo "$T_DIR/exporter" write main --full \
	--key "$T_DIR/anew/keys/bert-builder.key.pem" --out "$T_DIR/medium"
nine=$T_DIR/medium/gapferry/main-1-9
t_must gapferry-export approve "$nine" --key "$T_DIR/anew/keys/anna-approver.key.pem" \
	--trust "$T_DIR/anew/trust"
t_ok 'a site with the new trust root imports it' gapferry-import --repo "$T_DIR/late" import "$nine"
t_error 4 GF-1256 'a site with the old one does not' import "$nine"
