#!/bin/sh
# Private keys outside files: in tokens (SoftHSM), and on another machine that has only openssl.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl softhsm2-util p11tool strace \
	script setsid gcc pkg-config jq

SOFTHSM=
for so in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[ ! -e "$so" ] || SOFTHSM=$so
done
[ -n "$SOFTHSM" ] || {
	t_skip 47-pkcs11 'libsofthsm2.so is not there'
	exit 0
}
mkdir -p "$T_DIR/tokens" "$T_DIR/keys" "$T_DIR/medium" "$T_DIR/credentials"
cat >"$T_DIR/softhsm2.conf" <<-END
	directories.tokendir = $T_DIR/tokens
	objectstore.backend = file
	log.level = ERROR
END
SOFTHSM2_CONF=$T_DIR/softhsm2.conf GAPFERRY_PKCS11_MODULE=$SOFTHSM
export SOFTHSM2_CONF GAPFERRY_PKCS11_MODULE SOFTHSM
k=$T_DIR/keys
pin_of() {
	printf '%s' "$1-27182818" | cut -c 1-14
}

# token NAME LABEL KIND OPTION: a token with one key made in it; p11tool's options say which.
token() {
	name=$1 label=$2
	(umask 077 && pin_of "$name" >"$T_DIR/$name.pin")
	[ "$label" != "${label#other}" ] || t_must softhsm2-util --init-token --free --label "$name" \
		--so-pin 87654321 --pin "$(pin_of "$name")"
	t_must env GNUTLS_PIN="$(pin_of "$name")" p11tool --provider "$SOFTHSM" --login --batch \
		--generate-privkey="$3" "$4" --label "$label" --outfile "$T_DIR/public.pem" "pkcs11:token=$name"
}
# uri NAME LABEL: with its PIN file.
uri() {
	echo "pkcs11:token=$1;object=$2?pin-source=file:$T_DIR/$1.pin"
}
token ruth root ecdsa --curve=secp384r1
token bert builder ecdsa --curve=secp384r1
token bert other ecdsa --curve=secp384r1
token bert other-curve ecdsa --curve=secp256r1
token anna approver rsa --bits=3072
token ines importer ecdsa --curve=secp384r1

# ---- certificates, trust ----

for who in ruth:root bert:builder anna:approver ines:importer; do
	t_ok "a certificate for the key of $who" gapferry-export key new --role "${who#*:}" \
		--holder "${who%:*}" --key "$(uri "${who%:*}" "${who#*:}")" --out "$k"
done
t_status 1 'no key file is written' test -e "$k/bert-builder.key.pem"
t_ok 'the certificate of an RSA key is self-signed' openssl verify -CAfile "$k/anna-approver.cert.pem" \
	-purpose any "$k/anna-approver.cert.pem"
t_ok 'a root key in a token makes a trust root' gapferry-export trust new \
	--root "$k/ruth-root.cert.pem" --builder "$k/bert-builder.cert.pem" \
	--approver "$k/anna-approver.cert.pem" --importer "$k/ines-importer.cert.pem" \
	--key "$(uri ruth root)" --out "$T_DIR/trust"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_ingest "$T_DIR"
bert=$(uri bert builder)

write() {
	gapferry-export --repo "$T_DIR/exporter" write main --out "$T_DIR/medium" "$@"
}
approve() {
	gapferry-export approve "$1" --trust "$T_DIR/trust" --key "$2"
}

# ---- what does not sign ----

refused=$T_DIR/refused
: >"$refused"
# no_key STATUS ID DESC URI
no_key() {
	t_error "$1" "$2" "$3" setsid -w gapferry-export --repo "$T_DIR/exporter" write main \
		--out "$T_DIR/medium" --key "$4"
	cat "$T_DIR/out" "$T_DIR/err" >>"$refused"
}
base='pkcs11:token=bert;object=builder'
no_key 1 GF-1241 'a PIN in the URI is refused' "$base?pin-value=$(pin_of bert)"
no_key 1 GF-1241 'so is a module' "$base?module-path=$SOFTHSM"
no_key 1 GF-1241 'and a URI that names no key' pkcs11:token=bert
no_key 1 GF-1241 'and one of a certificate' "$base;type=cert"
no_key 1 GF-1241 'and nonsense' 'pkcs11:token=%zz;object=x'
no_key 6 GF-1243 'a token that is not there' 'pkcs11:token=nobody;object=builder'
no_key 6 GF-1243 'several tokens that match' 'pkcs11:manufacturer=SoftHSM%20project;object=builder'
no_key 1 GF-1244 'a key that is not there' "pkcs11:token=bert;object=none?pin-source=$T_DIR/bert.pin"
no_key 1 GF-1245 'no PIN and no terminal' "$base"
no_key 1 GF-1245 'a PIN file that is not there' "$base?pin-source=$T_DIR/nothing"
no_key 1 GF-1245 'a credential without systemd' "$base?pin-source=bert"
no_key 1 GF-1245 'a wrong PIN' "$base?pin-source=$T_DIR/anna.pin"
cp "$T_DIR/bert.pin" "$T_DIR/open.pin"
chmod 644 "$T_DIR/open.pin"
no_key 1 GF-1245 'a PIN file that others can read' "$base?pin-source=$T_DIR/open.pin"
no_key 4 GF-2009 'a key that is not the one of the certificate' "$(uri bert other)"
no_key 4 GF-1204 'a key on another curve' "$(uri bert other-curve)"
no_key 4 GF-2009 'the key of an approver' "$(uri anna approver)"
GAPFERRY_PKCS11_MODULE=$T_DIR/none.so no_key 1 GF-1242 'a module that is not there' "$bert"

# shellcheck disable=SC2046 # several words
t_must gcc -shared -fPIC $(pkg-config --cflags p11-kit-1) -o "$T_DIR/locked.so" tests/e2e/47-locked.c
export GAPFERRY_PKCS11_MODULE="$T_DIR/locked.so"
STATE=locked no_key 1 GF-1246 'a locked token is not tried' "$bert"
STATE=login no_key 1 GF-1246 'a token that turns out to be locked' "$bert"
STATE=final no_key 1 GF-1246 'the last try is not spent on a file' "$bert"
export GAPFERRY_PKCS11_MODULE="$SOFTHSM"
t_status 1 'no message holds a PIN' grep -F 27182818 "$refused"
t_status 1 'nothing was written' test -e "$T_DIR/medium/gapferry"

# ---- builder and approver ----

# LeakSanitizer cannot work under strace.
t_ok 'a builder signs with a token' env ASAN_OPTIONS=detect_leaks=0 strace -f -v -s 4096 -e trace=execve,write,sendto,sendmsg \
	-o "$T_DIR/calls" gapferry-export --repo "$T_DIR/exporter" write main --out "$T_DIR/medium" \
	--key "$bert"
one=$T_DIR/medium/gapferry/main-1-1
t_contains 'the trace has the programs' "$T_DIR/calls" 'execve('
t_status 1 'the PIN is in no command line, environment or output' grep -F 27182818 "$T_DIR/calls"
t_ok 'an approver signs with RSA-PSS' approve "$one" "$(uri anna approver)"
# shellcheck disable=SC2016 # for the other shell
sound() {
	t_ok "$1: gapferry-verify" gapferry-verify "$2" --trust "$T_DIR/trust"
	t_ok "$1: the card" env ANCHORS="$T_DIR/trust" sh -c 'cd "$1" && sh VERIFY.txt' - "$2"
	t_ok "$1: gapferry-import" gapferry-import --repo "$T_DIR/importer" import "$2"
}
sound 'keys in tokens' "$one"
mkdir "$T_DIR/back"
t_ok 'an importer signs a receipt with a token' gapferry-import --repo "$T_DIR/importer" receipt \
	--key "$(uri ines importer)" --out "$T_DIR/back"
t_ok 'which is received' gapferry-export --repo "$T_DIR/exporter" receive \
	"$T_DIR"/back/receipt-main-site1-1.txt

# On the terminal: nothing is echoed.
t_must rm -rf "$T_DIR/medium"
mkdir -p "$T_DIR/medium"
: >"$T_DIR/screen"
(
	tries=0
	# shellcheck disable=SC2094 # that is the point
	until grep -q 'PIN of token bert: ' "$T_DIR/screen" || [ "$tries" -eq 200 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	pin_of bert
	echo
	# shellcheck disable=SC2094
	until grep -q 'signed by builder' "$T_DIR/screen" || [ "$tries" -ge 400 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
) | script -qefc "gapferry-export --repo '$T_DIR/exporter' write main --full --out '$T_DIR/medium' --key '$base'" \
	"$T_DIR/typescript" >"$T_DIR/screen" 2>&1
t_contains 'the PIN is asked for on the terminal' "$T_DIR/screen" 'signed by builder bert'
t_status 1 'and not shown' grep -F 27182818 "$T_DIR/screen"
two=$T_DIR/medium/gapferry/main-1-2

# A systemd credential; and p11-kit's own configuration instead of a module.
cp "$T_DIR/anna.pin" "$T_DIR/credentials/anna"
chmod 644 "$T_DIR/credentials/anna"
t_ok 'a PIN can be a systemd credential' env CREDENTIALS_DIRECTORY="$T_DIR/credentials" \
	gapferry-export approve "$two" --trust "$T_DIR/trust" \
	--key 'pkcs11:token=anna;object=approver?pin-source=anna'
sound 'PIN by hand, and a credential' "$two"
if [ -e /usr/share/p11-kit/modules/softhsm2.module ]; then
	t_ok 'modules that p11-kit is configured for are found' env -u GAPFERRY_PKCS11_MODULE \
		gapferry-export key new --role builder --holder bob --key "$bert" --out "$T_DIR/found"
else
	t_skip 'modules that p11-kit is configured for are found' 'softhsm2.module is not there'
fi

# A job.
mkdir -p "$T_DIR/etc/jobs"
cat >"$T_DIR/etc/jobs/weekly.conf" <<-END
	[job]
	repo = $T_DIR/exporter
	channel = main
	out = $T_DIR/medium
	key = $bert
	[source scan]
	kind = wsusscn2
	file = $T_DIR/catalog/wsusscn2.cab
	content = $T_DIR/catalog/content
END
job() {
	gapferry-export "$@" --config-dir "$T_DIR/etc" --state-dir "$T_DIR/state"
}
t_ok 'job check opens the key' job job check weekly
t_run job run weekly --force
t_ok 'a job signs with it' test -e "$T_DIR/medium/gapferry/main-1-3/sigs"

# ---- on another machine: nothing but openssl ----

# What leaves and comes back goes through $away; only there are the private keys.
away=$T_DIR/away
mkdir -p "$away"
t_must gapferry-export key new --role root --holder rita --out "$k"
t_must gapferry-export key new --role builder --holder ben --out "$k"
t_must openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$k/amy.key.pem"
t_must gapferry-export key new --role approver --holder amy --key "$k/amy.key.pem" --out "$k"
mv "$k/amy.key.pem" "$k/ben-builder.key.pem" "$away"
t_must gapferry-export trust new --root "$k/rita-root.cert.pem" --builder "$k/ben-builder.cert.pem" \
	--approver "$k/amy-approver.cert.pem" --key "$k/rita-root.key.pem" --out "$T_DIR/b/trust"
ln -s "$T_DIR/catalog" "$T_DIR/b/catalog"
t_exporter "$T_DIR/b"
t_importer "$T_DIR/b"
t_ingest "$T_DIR/b"
medium=$T_DIR/b/medium
mkdir "$medium"
ex() {
	gapferry-export --repo "$T_DIR/b/exporter" "$@"
}
sign() {
	gapferry-export sign "$1" --tbs "$2" --import-sig "$3" --trust "$T_DIR/b/trust"
}
t_error 1 GF-1001 'a certificate is needed' ex write main --out "$medium" --export-tbs "$away/x"
t_error 4 GF-2009 'of a builder' ex write main --out "$medium" --export-tbs "$away/x" \
	--certificate "$k/amy-approver.cert.pem"
t_ok 'a bundle without its signature' ex write main --out "$medium" --export-tbs "$away/one" \
	--certificate "$k/ben-builder.cert.pem"
b=$medium/gapferry/main-1-1
t_status 4 'it does not count' gapferry-verify "$b" --trust "$T_DIR/b/trust"
t_error 4 GF-1261 'and cannot be approved' gapferry-export approve "$b" --trust "$T_DIR/b/trust" \
	--export-tbs "$away/early" --certificate "$k/amy-approver.cert.pem"
t_status 1 'not even exported' test -e "$away/early"
t_contains 'the text tells the digest of MANIFEST' "$away/one.txt" \
	"$(openssl dgst -sha384 -r "$b/MANIFEST" | cut -c 1-96)"
t_contains 'and of the file' "$away/one.txt" "$(openssl dgst -sha384 -r "$away/one" | cut -c 1-96)"
openssl asn1parse -inform DER -in "$away/one" | tr a-f A-F >"$T_DIR/parsed"
t_contains 'openssl shows that digest in the file' "$T_DIR/parsed" \
	"$(openssl dgst -sha384 -r "$b/MANIFEST" | cut -c 1-96 | tr a-f A-F)"

# by_text KEY NAME: the command of the text, to the letter.
by_text() {
	sed -n 's/^  \(openssl dgst .*-sign \)KEY.pem/\1'"$1"'/p' "$away/$2.txt" >"$T_DIR/command"
	(cd "$away" && sh -e "$T_DIR/command")
}
t_ok 'the command of the text signs' by_text ben-builder.key.pem one
t_must openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$away/mallory.pem"
t_must openssl dgst -sha384 -sign "$away/mallory.pem" -out "$away/mallory.sig" "$away/one"
t_error 1 GF-1249 'the signature of another key is refused' sign "$b" "$away/one" "$away/mallory.sig"
t_must openssl dgst -sha384 -sign "$away/ben-builder.key.pem" -out "$away/other.sig" "$b/MANIFEST"
t_error 1 GF-1249 'and of other bytes' sign "$b" "$away/one" "$away/other.sig"
t_error 1 GF-1249 'and no signature at all' sign "$b" "$away/one" "$b/MANIFEST"
{ cat "$away/one"; echo; } >"$away/longer"
t_error 1 GF-1248 'and attributes with a byte more' sign "$b" "$away/longer" "$away/one.sig"
t_error 1 GF-1248 'a file of something else is refused' sign "$b" "$b/MANIFEST" "$away/one.sig"
t_status 1 'nothing was signed by that' test -e "$b/sigs"
t_ok 'the genuine one is taken in' sign "$b" "$away/one" "$away/one.sig"

t_ok 'an approver reads, and exports' ex approve "$b" --trust "$T_DIR/b/trust" \
	--export-tbs "$away/yes" --certificate "$k/amy-approver.cert.pem"
t_contains 'having seen everything' "$T_DIR/out" 'everything was read and agrees'
t_status 4 'that is no approval' gapferry-verify "$b" --trust "$T_DIR/b/trust"
t_ok 'the RSA command of the text signs' by_text amy.key.pem yes
t_must openssl dgst -sha384 -sign "$away/amy.key.pem" -out "$away/v15.sig" "$away/yes"
t_error 1 GF-1249 'RSA without PSS is refused' sign "$b" "$away/yes" "$away/v15.sig"
t_ok 'the genuine one is taken in' ex sign "$b" --tbs "$away/yes" --import-sig "$away/yes.sig" \
	--trust "$T_DIR/b/trust"
ex ledger show >"$T_DIR/ledger"
t_contains 'and recorded' "$T_DIR/ledger" approve
t_ok 'openssl pkeyutl makes such a signature, too' openssl pkeyutl -sign -rawin -digest sha384 \
	-inkey "$away/ben-builder.key.pem" -in "$away/one" -out "$away/again.sig"
t_ok 'which is as good' sign "$b" "$away/one" "$away/again.sig"
t_ok 'signed elsewhere: gapferry-verify' gapferry-verify "$b" --trust "$T_DIR/b/trust"
# shellcheck disable=SC2016 # for the other shell
t_ok 'signed elsewhere: the card' env ANCHORS="$T_DIR/b/trust" sh -c 'cd "$1" && sh VERIFY.txt' - "$b"
t_ok 'signed elsewhere: gapferry-import' gapferry-import --repo "$T_DIR/b/importer" import "$b"

t_ok 'the next bundle' ex write main --out "$medium" --export-tbs "$away/two" \
	--certificate "$k/ben-builder.cert.pem"
t_error 1 GF-1248 'a signature of another MANIFEST is refused' sign "$medium/gapferry/main-1-2" \
	"$away/one" "$away/one.sig"
