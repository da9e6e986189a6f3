#!/bin/sh
# Who signed, with what, and over which bytes: everything but one builder and one approver of the
# trust root, of different holders, in the exact form, is refused.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl

a_site --updates 24 --payloads 2 --payload-max 64K
a_snapshot fresh importer
k=$T_DIR/keys
id_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER |
		sha256sum | cut -c 1-16
}
builder=$(id_of "$k/bert-builder.cert.pem") approver=$(id_of "$k/anna-approver.cert.pem")
a_bundle
t_ok 'signatures are named after the keys' test -f "$A_BUNDLE/sigs/$builder.p7s" \
	-a -f "$A_BUNDLE/sigs/$approver.p7s"

# ---- how many, and whose ----

a_bundle; rm "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'only the builder signed' GF-1262
a_bundle; rm "$A_BUNDLE/sigs/$builder.p7s"
a_refused 4 'only the approver signed' GF-1261
a_bundle; rm "$A_BUNDLE"/sigs/*
a_refused 4 'nobody signed' GF-1260
a_bundle
mv "$A_BUNDLE/sigs/$builder.p7s" "$T_DIR/aside"
mv "$A_BUNDLE/sigs/$approver.p7s" "$A_BUNDLE/sigs/$builder.p7s"
mv "$T_DIR/aside" "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'two signature files swapped' GF-12
a_bundle; cp "$A_BUNDLE/sigs/$builder.p7s" "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'the signature of the builder twice' GF-12

# One person with both keys: no trust root may be made of them alone, and where others are
# listed too they still count once.
t_must gapferry-export key new --role approver --holder bert --out "$k"
t_must gapferry-export key new --role approver --holder Bert --out "$k"
t_error 4 GF-1251 'a trust root of one holder is refused' gapferry-export trust new \
	--root "$k/ruth-root.cert.pem" --builder "$k/bert-builder.cert.pem" \
	--approver "$k/bert-approver.cert.pem" --key "$k/ruth-root.key.pem" --out "$T_DIR/one"
t_status 1 'and nothing was written' test -e "$T_DIR/one/0001.root"
t_run gapferry-export trust new --root "$k/ruth-root.cert.pem" \
	--builder "$k/bert-builder.cert.pem" --approver "$k/Bert-approver.cert.pem" \
	--key "$k/ruth-root.key.pem" --out "$T_DIR/one"
t_ok 'nor one of two spellings of a holder' test "$T_STATUS" -eq 4
t_must gapferry-export trust new --root "$k/ruth-root.cert.pem" \
	--builder "$k/bert-builder.cert.pem" --approver "$k/bert-approver.cert.pem" \
	--approver "$k/anna-approver.cert.pem" --key "$k/ruth-root.key.pem" --out "$T_DIR/mixed/trust"
mkdir -p "$T_DIR/mixed/medium"
t_must gapferry-export --repo "$T_DIR/mixed/exporter" init
t_must gapferry-export --repo "$T_DIR/mixed/exporter" channel add main --audience site1 \
	--trust "$T_DIR/mixed/trust"
t_must gapferry-export --repo "$T_DIR/mixed/exporter" ingest wsusscn2 \
	"$T_DIR/catalog/wsusscn2.cab" --content "$T_DIR/catalog/content"
t_must gapferry-export --repo "$T_DIR/mixed/exporter" write main \
	--key "$k/bert-builder.key.pem" --out "$T_DIR/mixed/medium"
mixed=$T_DIR/mixed/medium/gapferry/main-1-1
t_error 4 GF-2011 'the builder cannot approve with a second key' gapferry-export approve "$mixed" \
	--key "$k/bert-approver.key.pem" --trust "$T_DIR/mixed/trust"

# sign CERT KEY FILE OPTION...: with openssl, detached over MANIFEST of the copy.
sign() {
	s_cert=$1 s_key=$2 s_out=$3
	shift 3
	t_must openssl cms -sign -binary -in "${s_in:-$A_BUNDLE/MANIFEST}" -signer "$s_cert" \
		-inkey "$s_key" -outform DER -out "$s_out" -nosmimecap "$@"
}
A_COPY=$A_BUNDLE A_BUNDLE=$mixed
sign "$k/bert-approver.cert.pem" "$k/bert-approver.key.pem" \
	"$mixed/sigs/$(id_of "$k/bert-approver.cert.pem").p7s" -md sha384 -cades
t_run gapferry-verify "$mixed" --trust "$T_DIR/mixed/trust"
t_ok 'both signatures by one holder are refused' test "$T_STATUS" -eq 4
t_run gapferry-verify "$mixed" --trust "$T_DIR/mixed/trust"
t_contains 'with their own id' "$T_DIR/out" GF-1263
A_BUNDLE=$A_COPY
t_run env ANCHORS="$T_DIR/mixed/trust" sh -c 'cd "$1" && sh "$2"' - "$mixed" "$T_DIR/card.sh"
t_ok 'by the card, too' test "$T_STATUS" -eq 1

# ---- keys that the trust root does not list ----

t_must gapferry-export key new --role approver --holder mallory --out "$k"
mallory=$(id_of "$k/mallory-approver.cert.pem")
a_bundle
sign "$k/mallory-approver.cert.pem" "$k/mallory-approver.key.pem" \
	"$A_BUNDLE/sigs/$mallory.p7s" -md sha384 -cades
rm "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'an approver whom the trust root does not list' GF-1264
mv "$A_BUNDLE/sigs/$mallory.p7s" "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'the same under the name of one who is listed' GF-12

# A certificate that every system store on this machine would vouch for.
mkdir -p "$T_DIR/ca"
cat >"$T_DIR/ca/ext" <<'EXT'
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning,emailProtection
EXT
t_must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 30 \
	-subj /CN=Everybodys-CA -keyout "$T_DIR/ca/ca.key" -out "$T_DIR/ca/ca.pem"
t_must openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
	-subj /OU=approver/CN=anna -keyout "$T_DIR/ca/anna.key" -out "$T_DIR/ca/anna.csr"
t_must openssl x509 -req -in "$T_DIR/ca/anna.csr" -CA "$T_DIR/ca/ca.pem" \
	-CAkey "$T_DIR/ca/ca.key" -CAcreateserial -days 30 -extfile "$T_DIR/ca/ext" \
	-out "$T_DIR/ca/anna.pem"
t_must openssl rehash "$T_DIR/ca"
a_bundle
sign "$T_DIR/ca/anna.pem" "$T_DIR/ca/anna.key" "$A_BUNDLE/sigs/$(id_of "$T_DIR/ca/anna.pem").p7s" \
	-md sha384 -cades
t_ok 'OpenSSL with the system store accepts the stranger' env \
	SSL_CERT_FILE="$T_DIR/ca/ca.pem" SSL_CERT_DIR="$T_DIR/ca" openssl cms -verify -binary \
	-inform DER -in "$A_BUNDLE/sigs/$(id_of "$T_DIR/ca/anna.pem").p7s" \
	-content "$A_BUNDLE/MANIFEST" -purpose any -out /dev/null
rm "$A_BUNDLE/sigs/$approver.p7s"
SSL_CERT_FILE=$T_DIR/ca/ca.pem SSL_CERT_DIR=$T_DIR/ca
export SSL_CERT_FILE SSL_CERT_DIR
a_refused 4 'a certificate that only the system store trusts' GF-1264
mv "$A_BUNDLE/sigs/$(id_of "$T_DIR/ca/anna.pem").p7s" "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'the same under the name of the genuine key' GF-12
unset SSL_CERT_FILE SSL_CERT_DIR

# ---- the form of a signature ----

c=$k/anna-approver.cert.pem s=$k/anna-approver.key.pem
# formed DESC ID OPTION...: the approver signs with openssl in another form.
formed() {
	f_desc=$1 f_id=$2
	shift 2
	a_bundle
	sign "$c" "$s" "$A_BUNDLE/sigs/$approver.p7s" "$@"
	programs "$f_desc" "$f_id"
}
# Some of these an auditor with openssl accepts, as docs/FORMAT.md says: the programs must not.
programs() {
	t_run gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
	if [ "$T_STATUS" -eq 4 ] && grep -q "problem $2" "$T_DIR/out"; then
		t_pass "gapferry-verify refuses: $1"
	else
		t_fail "gapferry-verify refuses: $1 (exit status $T_STATUS, want 4 $2)"
	fi
	t_error 4 "$2" "gapferry-import refuses: $1" \
		gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
}
formed 'no signed attributes' GF-1230 -md sha384 -noattr
formed 'SHA-256' GF-1233 -md sha256 -cades
formed 'SHA-512' GF-1233 -md sha512 -cades
formed 'no signingCertificateV2' GF-1238 -md sha384
formed 'content inside' GF-1227 -md sha384 -cades -nodetach
formed 'no certificate inside' GF-1236 -md sha384 -cades -nocerts
formed 'signer named by key identifier' GF-1225 -md sha384 -cades -keyid
formed 'two signers in one file' GF-1229 -md sha384 -cades \
	-signer "$k/bert-builder.cert.pem" -inkey "$k/bert-builder.key.pem"
a_bundle; printf '\0' >>"$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'a byte after the signature' GF-1222
a_bundle; truncate -s -1 "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'a signature without its last byte' GF-1221
a_bundle; : >"$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'an empty signature file' GF-1221
a_bundle; openssl cms -cmsout -inform DER -in "$T_DIR/good/sigs/$approver.p7s" -outform PEM \
	-out "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'a signature in PEM' GF-1221
a_bundle; head -c 20000 /dev/zero >"$A_BUNDLE/sigs/$approver.p7s"
a_refused 3 'a signature file of 20,000 bytes' GF-
a_bundle; cp "$A_BUNDLE/sigs/$approver.p7s" "$A_BUNDLE/sigs/approval.p7s"
programs 'a signature file with another name' GF-1266
a_bundle; sed 's/^sequence 1$/sequence 2/' "$A_BUNDLE/MANIFEST" >"$T_DIR/other.manifest"
s_in=$T_DIR/other.manifest
sign "$c" "$s" "$A_BUNDLE/sigs/$approver.p7s" -md sha384 -cades
s_in=
a_refused 4 'the signature of another content' GF-1240

# ---- a MANIFEST altered by who holds one key ----

a_bundle
sed 's/^audience site1$/audience site2/' "$T_DIR/good/MANIFEST" >"$A_BUNDLE/MANIFEST"
sign "$k/bert-builder.cert.pem" "$k/bert-builder.key.pem" "$A_BUNDLE/sigs/$builder.p7s" \
	-md sha384 -cades
a_refused 4 'MANIFEST altered and signed again by the builder alone' GF-12
rm "$A_BUNDLE/sigs/$approver.p7s"
a_refused 4 'the same without the old approval' GF-1262
a_unchanged 'nothing changed by any of them' fresh importer

# ---- approving ----

rm -rf "$A_BUNDLE/sigs"
cp -r "$T_DIR/good/." "$A_BUNDLE/"
rm "$A_BUNDLE/sigs/$approver.p7s"
approve() {
	gapferry-export approve "$A_BUNDLE" --key "$1" --trust "$T_DIR/trust"
}
t_error 4 GF-2009 'a stranger cannot approve' approve "$k/mallory-approver.key.pem"
t_error 4 GF-2009 'the builder cannot approve' approve "$k/bert-builder.key.pem"
t_error 4 GF-2009 'a root key cannot approve' approve "$k/ruth-root.key.pem"
mv "$A_BUNDLE/vol-0001.tar" "$T_DIR/aside"
t_error 6 GF-1904 'nobody approves blind' approve "$k/anna-approver.key.pem"
cp "$T_DIR/aside" "$A_BUNDLE/vol-0001.tar"
a_flip "$A_BUNDLE/vol-0001.tar" 5000 2
t_run approve "$k/anna-approver.key.pem"
t_ok 'nobody approves damaged volumes' test "$T_STATUS" -eq 3
mv "$T_DIR/aside" "$A_BUNDLE/vol-0001.tar"
mv "$A_BUNDLE/sigs/$builder.p7s" "$T_DIR/aside"
t_error 4 GF-1261 'nobody approves what no builder signed' approve "$k/anna-approver.key.pem"
mv "$T_DIR/aside" "$A_BUNDLE/sigs/$builder.p7s"
t_status 1 'none of this left a signature' test -e "$A_BUNDLE/sigs/$approver.p7s"
t_ok 'the approver approves' approve "$k/anna-approver.key.pem"
t_ok 'and it is verified' gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
a_unchanged 'the importer waited' fresh importer

# A site that wants two builders and two approvers: each reads everything before signing.
two=$T_DIR/two
mkdir "$two"
for who in root:ruth builder:bert builder:bill approver:anna approver:abel; do
	t_must gapferry-export key new --role "${who%%:*}" --holder "${who#*:}" --out "$two/keys"
done
k=$two/keys
t_must gapferry-export trust new --root "$k/ruth-root.cert.pem" \
	--builder "$k/bert-builder.cert.pem" "$k/bill-builder.cert.pem" \
	--approver "$k/anna-approver.cert.pem" "$k/abel-approver.cert.pem" \
	--builder-threshold 2 --approver-threshold 2 --key "$k/ruth-root.key.pem" --out "$two/trust"
t_exporter "$two"
t_catalog "$two" --updates 40 --payloads 4
t_ingest "$two"
mkdir "$two/medium"
t_must gapferry-export --repo "$two/exporter" write main --key "$k/bert-builder.key.pem" \
	--out "$two/medium"
bundle=$two/medium/gapferry/main-1-1
for who in anna-approver abel-approver; do
	t_status 4 "not enough before $who" gapferry-verify "$bundle" --trust "$two/trust"
	t_ok "$who signs" gapferry-export approve "$bundle" --key "$k/$who.key.pem" \
		--trust "$two/trust"
done
t_status 4 'one builder is missing' gapferry-verify "$bundle" --trust "$two/trust"
t_error 4 GF-2011 'the first builder cannot sign twice' \
	gapferry-export approve "$bundle" --key "$k/bert-builder.key.pem" --trust "$two/trust"
t_ok 'the second builder signs' \
	gapferry-export approve "$bundle" --key "$k/bill-builder.key.pem" --trust "$two/trust"
t_ok 'now it is enough' gapferry-verify "$bundle" --trust "$two/trust"
t_importer "$two"
t_ok 'and can be imported' gapferry-import --repo "$two/importer" import "$bundle"
