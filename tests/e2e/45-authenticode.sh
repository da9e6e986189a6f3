#!/bin/sh
# Authenticode of cabinets: signatures made by another program (osslsigncode) under certificates
# made by openssl, judged on both sides; and what Microsoft signed itself.
# shellcheck disable=SC2086 # $e and $i are a program and its option
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq openssl osslsigncode faketime
pki=$T_DIR/pki
mkdir -p "$pki"

# ---- certificates ----

# request NAME: a key and a request.
request() {
	case $1 in
	leaf | tsa) kind=rsa:2048 parameter=rsa_keygen_bits:2048 ;;
	*) kind=ec parameter=ec_paramgen_curve:P-256 ;;
	esac
	t_must openssl req -new -newkey $kind -pkeyopt $parameter -nodes -keyout "$pki/$1.key" \
		-out "$pki/$1.csr" -subj "/O=test/CN=$1"
}

# issue NAME ISSUER FROM DAYS EXTENSION...
issue() {
	name=$1 issuer=$2 from=$3 days=$4
	shift 4
	printf '%s\n' "$@" >"$pki/$name.ext"
	request "$name"
	t_must faketime "$from" openssl x509 -req -in "$pki/$name.csr" -CA "$pki/$issuer.pem" \
		-CAkey "$pki/$issuer.key" -set_serial "0x$(openssl rand -hex 8)" -days "$days" \
		-sha256 -extfile "$pki/$name.ext" -out "$pki/$name.pem"
}

# root NAME
root() {
	t_must faketime '2015-01-01 00:00:00' openssl req -x509 -newkey rsa:2048 -nodes -sha256 \
		-days 9000 -keyout "$pki/$1.key" -out "$pki/$1.pem" -subj "/O=test/CN=$1" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

code='extendedKeyUsage=codeSigning'
usage='keyUsage=critical,digitalSignature'
root root
root stranger
issue ca root '2015-06-01 00:00:00' 8000 basicConstraints=critical,CA:TRUE \
	keyUsage=critical,keyCertSign,cRLSign
issue leaf ca '2019-01-01 00:00:00' 7300 $usage $code
issue old ca '2019-01-01 00:00:00' 700 $usage $code
issue web ca '2019-01-01 00:00:00' 7300 $usage extendedKeyUsage=serverAuth
issue revoked ca '2019-01-01 00:00:00' 7300 $usage $code
issue unlisted stranger '2019-01-01 00:00:00' 7300 $usage $code
issue fakeca ca '2019-01-01 00:00:00' 7300 basicConstraints=critical,CA:FALSE $usage $code
issue below fakeca '2019-01-01 00:00:00' 7300 $usage $code
issue webca root '2015-06-01 00:00:00' 8000 basicConstraints=critical,CA:TRUE \
	keyUsage=critical,keyCertSign extendedKeyUsage=serverAuth
issue underweb webca '2019-01-01 00:00:00' 7300 $usage $code
issue tsa root '2015-06-01 00:00:00' 8000 $usage extendedKeyUsage=critical,timeStamping
issue badtsa stranger '2015-06-01 00:00:00' 8000 $usage extendedKeyUsage=critical,timeStamping
cat "$pki/ca.pem" "$pki/fakeca.pem" "$pki/webca.pem" >"$pki/between.pem"

# The list of the CA that revokes one certificate since 2021.
mkdir -p "$pki/db"
: >"$pki/db/index.txt"
echo 01 >"$pki/db/crlnumber"
cat >"$pki/ca.cnf" <<EOF
[ca]
default_ca = d
[d]
database = $pki/db/index.txt
crlnumber = $pki/db/crlnumber
default_md = sha256
default_crl_days = 30
EOF
t_must faketime '2021-01-01 00:00:00' openssl ca -config "$pki/ca.cnf" -cert "$pki/ca.pem" \
	-keyfile "$pki/ca.key" -revoke "$pki/revoked.pem"
t_must openssl ca -config "$pki/ca.cnf" -cert "$pki/ca.pem" -keyfile "$pki/ca.key" -gencrl \
	-out "$pki/ca.crl"
cat "$pki/root.pem" "$pki/ca.crl" >"$pki/with-crl.pem"

# sign WHO IN OUT OPTION...
sign() {
	who=$1 in=$2 out=$3
	shift 3
	rm -f "$out"
	t_must osslsigncode sign -certs "$pki/$who.pem" -key "$pki/$who.key" -ac "$pki/between.pem" \
		-in "$in" -out "$out" "$@"
}

# stamped WHO IN OUT AUTHORITY TIME OPTION...: with a time stamp of RFC 3161; where none can be made, by
# somebody who needs none.
stamped() {
	authority=$4 at=$5 who=$1 in=$2 out=$3
	shift 5
	if [ -z "$stamps" ]; then
		sign leaf "$in" "$out" "$@"
		return
	fi
	sign "$who" "$in" "$out" -TSA-certs "$pki/$authority.pem" -TSA-key "$pki/$authority.key" \
		-TSA-time "$(date -ud "$at" +%s)" "$@"
}

# Older releases of osslsigncode cannot make time stamps themselves.
stamps=
! osslsigncode sign --help 2>&1 | grep -q -e -TSA-certs || stamps=yes

# ---- every verdict, by the verb ----

mkdir -p "$T_DIR/plain" "$T_DIR/cab"
seq 20000 >"$T_DIR/plain/numbers.txt"
t_must mkcatalog --pack "$T_DIR/plain" --out "$T_DIR/cab/plain.cab"
p=$T_DIR/cab/plain.cab

# verdict FILE ROOTS STATUS JQ EXPECTED
verdict() {
	t_status "$3" "$(basename "$1"): exit status $3 with $2" gapferry-export authenticode "$1" \
		--microsoft-roots "$pki/$2.pem" --json
	cp "$T_DIR/out" "$T_DIR/$(basename "$1").json"
	t_json "$T_DIR/$(basename "$1").json" ".files[0] | $4" "$5"
}
all='"\(.digest)/\(.signature)/\(.chain)/\(.time.verdict)"'

t_ok 'an unsigned cabinet is no failure' gapferry-export authenticode "$p"
verdict "$p" root 2 .kind unsigned
sign leaf "$p" "$T_DIR/cab/good.cab" -h sha256
t_ok 'osslsigncode agrees' osslsigncode verify -CAfile "$pki/root.pem" -in "$T_DIR/cab/good.cab"
verdict "$T_DIR/cab/good.cab" root 0 "$all" ok/ok/ok/none
verdict "$T_DIR/cab/good.cab" ca 0 "$all" ok/ok/ok/none
verdict "$T_DIR/cab/good.cab" stranger 2 "$all" 'ok/ok/unknown root/none'
t_ok 'without roots only the digest is judged' gapferry-export authenticode "$T_DIR/cab/good.cab"
t_ok 'the environment names roots' env GAPFERRY_MICROSOFT_ROOTS="$pki/root.pem" \
	gapferry-export authenticode "$T_DIR/cab/good.cab"
t_contains 'and they count' "$T_DIR/out" 'chain ok'
sign unlisted "$p" "$T_DIR/cab/unlisted.cab" -h sha256
verdict "$T_DIR/cab/unlisted.cab" root 2 "$all" 'ok/ok/unknown root/none'
sign web "$p" "$T_DIR/cab/web.cab" -h sha256
verdict "$T_DIR/cab/web.cab" root 2 "$all" 'ok/ok/wrong purpose/none'
sign underweb "$p" "$T_DIR/cab/underweb.cab" -h sha256
verdict "$T_DIR/cab/underweb.cab" root 2 "$all" 'ok/ok/wrong purpose/none'
sign below "$p" "$T_DIR/cab/below.cab" -h sha256
verdict "$T_DIR/cab/below.cab" root 2 "$all" 'ok/ok/invalid/none'
sign revoked "$p" "$T_DIR/cab/revoked.cab" -h sha256
verdict "$T_DIR/cab/revoked.cab" root 0 "$all" ok/ok/ok/none
verdict "$T_DIR/cab/revoked.cab" with-crl 2 "$all" ok/ok/revoked/none
if [ "$stamps" ]; then
	stamped revoked "$p" "$T_DIR/cab/before.cab" tsa 2020-06-01 -h sha256
	verdict "$T_DIR/cab/before.cab" with-crl 0 "$all" ok/ok/ok/ok
else
	t_skip 'stamped before it was revoked' 'this osslsigncode makes no time stamps'
fi
sign leaf "$p" "$T_DIR/cab/sha1.cab" -h sha1
verdict "$T_DIR/cab/sha1.cab" root 2 "$all" 'ok, SHA-1 only/ok/weak/none'

# Time: an expired certificate needs a witness that is trusted and saw it valid.
sign old "$p" "$T_DIR/cab/old.cab" -h sha256
verdict "$T_DIR/cab/old.cab" root 2 "$all" ok/ok/expired/none
if [ "$stamps" ]; then
	stamped old "$p" "$T_DIR/cab/stamped.cab" tsa 2020-06-01 -h sha256
	verdict "$T_DIR/cab/stamped.cab" root 0 "$all" ok/ok/ok/ok
	t_json "$T_DIR/stamped.cab.json" '.files[0].time | "\(.kind) \(.stated) \(.subject)"' \
		'RFC 3161 2020-06-01T00:00:00Z CN=tsa,O=test'
	stamped old "$p" "$T_DIR/cab/late.cab" tsa 2021-06-01 -h sha256
	verdict "$T_DIR/cab/late.cab" root 2 "$all" ok/ok/expired/ok
	stamped old "$p" "$T_DIR/cab/badtsa.cab" badtsa 2020-06-01 -h sha256
	verdict "$T_DIR/cab/badtsa.cab" root 2 "$all" ok/ok/expired/untrusted
else
	t_skip 'time stamps' 'this osslsigncode makes none'
	cp "$T_DIR/cab/good.cab" "$T_DIR/cab/stamped.cab"
fi
t_ok 'a list can come in a file of its own' gapferry-export authenticode "$T_DIR/cab/good.cab" \
	--microsoft-roots "$pki/root.pem" "$pki/ca.crl"

# One signature inside another: the strongest counts.
sign leaf "$T_DIR/cab/sha1.cab" "$T_DIR/cab/nested.cab" -h sha256 -nest
verdict "$T_DIR/cab/nested.cab" root 0 "$all" ok/ok/ok/none
t_json "$T_DIR/nested.cab.json" '.files[0].signatures' 2

# What is pinned must be certificates.
t_error 1 GF-1290 'a private key is no root' gapferry-export authenticode "$p" \
	--microsoft-roots "$pki/root.key"
t_error 1 GF-1290 'revocation lists alone pin nothing' gapferry-export authenticode "$p" \
	--microsoft-roots "$pki/ca.crl"
t_error 1 GF-1002 'a missing file' gapferry-export authenticode "$T_DIR/absent.cab"

# ---- flipped bytes ----

# flip IN OUT OFFSET: this byte plus one.
flip() {
	cp "$1" "$2"
	chmod u+w "$2"
	byte=$(od -An -tu1 -j "$3" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\$(printf %o $(((byte + 1) % 256)))" |
		dd of="$2" bs=1 seek="$3" conv=notrunc status=none
}

# le32 FILE OFFSET
le32() {
	od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}

# flips FILE N: no byte before the signature can change: N samples of them, and all of the header.
flips() {
	end=$(le32 "$1" 8) step=$(($(le32 "$1" 8) / $2)) accepted='' i=4
	while [ "$i" -lt "$end" ]; do
		flip "$1" "$T_DIR/flipped.cab" "$i"
		gapferry-export authenticode "$T_DIR/flipped.cab" >/dev/null 2>&1 && accepted="$accepted $i"
		if [ "$i" -lt 60 ]; then i=$((i + 1)); else i=$((i + step)); fi
	done
	echo "accepted:$accepted" >"$T_DIR/out"
	if [ -z "$accepted" ]; then
		t_pass "$(basename "$1"): no flipped byte is accepted"
	else
		t_fail "$(basename "$1"): flipped bytes are accepted"
	fi
}
flips "$T_DIR/cab/stamped.cab" 30
{ cat "$T_DIR/cab/good.cab" && printf '\0'; } >"$T_DIR/cab/longer.cab"
t_status 2 'a byte behind the signature' gapferry-export authenticode "$T_DIR/cab/longer.cab"
head -c -1 "$T_DIR/cab/good.cab" >"$T_DIR/cab/shorter.cab"
t_status 2 'a byte less' gapferry-export authenticode "$T_DIR/cab/shorter.cab"
{ cat "$p" && echo tail; } >"$T_DIR/cab/tail.cab"
t_status 2 'bytes behind an unsigned cabinet' gapferry-export authenticode "$T_DIR/cab/tail.cab"

# ---- ingest ----

# transplant FROM TO OUT: the signature of one cabinet behind another one, which states its size.
transplant() {
	size=$(le32 "$1" 48)
	head -c 48 "$2" >"$3"
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((size % 256)))\\$(printf %o $((size / 256)))\\0\\0" >>"$3"
	head -c "$(le32 "$2" 44)" "$2" | tail -c +53 >>"$3"
	tail -c "$size" "$1" >>"$3"
}

t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"
e="gapferry-export --repo $T_DIR/exporter"
t_must mkcatalog --out "$T_DIR/made" --layout wsusscan --updates 24 --payloads 1 \
	--tree "$T_DIR/tree"
payload=$(ls "$T_DIR/made/content")
had=$T_DIR/made/content/$payload

sha1_hex() { sha1sum <"$1" | cut -c 1-40; }
base64_of() { openssl dgst "-$1" -binary "$2" | base64; }

# instead OLD NEW: the catalog in T_DIR/tree2 names the file NEW where it named OLD.
instead() {
	find "$T_DIR/tree2/package" -type f -name '[0-9p]*' -exec sed -i \
		-e "s|$(base64_of sha1 "$1")|$(base64_of sha1 "$2")|g" \
		-e "s|$(base64_of sha256 "$1")|$(base64_of sha256 "$2")|g" \
		-e "s|$(sha1_hex "$1")|$(sha1_hex "$2")|gi" \
		-e "s|ize=\"$(stat -c %s "$1")\"|ize=\"$(stat -c %s "$2")\"|g" {} +
}

# catalog NAME FILE [LICENCE]: DIR/NAME.cab asks for FILE as payload, which lies in
# DIR/NAME.content; LICENCE stands for a licence text.
catalog() {
	rm -rf "$T_DIR/tree2" "$T_DIR/outer"
	cp -r "$T_DIR/tree" "$T_DIR/tree2"
	mkdir -p "$T_DIR/outer" "$T_DIR/$1.content"
	cp "$2" "$T_DIR/$1.content/x_$(sha1_hex "$2").cab"
	licence=$(find "$T_DIR/tree2/package/files" -type f | sort | head -n 1)
	mv "$licence" "$T_DIR/licence.old"
	new=${3:-$T_DIR/licence.old}
	hex=$(sha1_hex "$new" | tr a-f A-F)
	folder=$T_DIR/tree2/package/files/$(echo "$hex" | cut -c 39-40)
	mkdir -p "$folder"
	cp "$new" "$folder/$hex"
	instead "$had" "$2"
	instead "$T_DIR/licence.old" "$new"
	t_must mkcatalog --pack "$T_DIR/tree2/package" --out "$T_DIR/outer/package.cab"
	t_must mkcatalog --pack "$T_DIR/outer" --out "$T_DIR/$1.cab"
}

flip "$T_DIR/cab/good.cab" "$T_DIR/cab/flipped.cab" 300
catalog unsigned "$T_DIR/cab/flipped.cab"
t_status 2 'a payload that is not what was signed is reported' $e ingest wsusscn2 \
	"$T_DIR/unsigned.cab" --content "$T_DIR/unsigned.content" --json
cp "$T_DIR/out" "$T_DIR/bad.json"
t_json "$T_DIR/bad.json" '"\(.payload.taken) \(.payload.bad_signatures) \(.authenticode.kind)"' \
	'0 1 unsigned'
t_status 2 'and named in the text' $e ingest wsusscn2 "$T_DIR/unsigned.cab" \
	--content "$T_DIR/unsigned.content"
t_contains 'with the reason' "$T_DIR/out" 'are not those that were signed'
t_contains 'an unsigned catalog is said to be so' "$T_DIR/out" 'unsigned.cab: Authenticode: unsigned'

t_error 4 GF-1283 'unsigned, where roots are pinned' $e ingest wsusscn2 "$T_DIR/unsigned.cab" \
	--microsoft-roots "$pki/root.pem"
catalog good "$T_DIR/cab/good.cab"
stamped old "$T_DIR/good.cab" "$T_DIR/wsusscn2.cab" tsa 2020-06-01 -h sha256
stamped old "$T_DIR/unsigned.cab" "$T_DIR/other.cab" tsa 2020-06-01 -h sha256
transplant "$T_DIR/other.cab" "$T_DIR/wsusscn2.cab" "$T_DIR/transplanted.cab"
t_error 3 GF-1280 'the signature of another catalog' $e ingest wsusscn2 \
	"$T_DIR/transplanted.cab"
t_error 4 GF-1284 'a root that is not pinned' $e ingest wsusscn2 "$T_DIR/wsusscn2.cab" \
	--microsoft-roots "$pki/stranger.pem"
for row in 'web GF-1286' 'revoked GF-1287' 'old GF-1285' 'below GF-1289'; do
	sign "${row% *}" "$T_DIR/good.cab" "$T_DIR/refused.cab" -h sha256
	t_error 4 "${row#* }" "signed by ${row% *}" $e ingest wsusscn2 "$T_DIR/refused.cab" \
		--microsoft-roots "$pki/with-crl.pem"
done
sign leaf "$T_DIR/good.cab" "$T_DIR/refused.cab" -h sha1
t_error 4 GF-1288 'SHA-1 alone is not trusted' $e ingest wsusscn2 "$T_DIR/refused.cab" \
	--microsoft-roots "$pki/root.pem"
t_ok 'but ingested where nothing is pinned' gapferry-export --repo "$T_DIR/exporter" ingest \
	wsusscn2 "$T_DIR/refused.cab" --content "$T_DIR/good.content"
t_contains 'and reported' "$T_DIR/out" 'digest ok, SHA-1 only'
t_ok 'a catalog of the pinned root, and a signed payload' $e ingest wsusscn2 \
	"$T_DIR/wsusscn2.cab" --content "$T_DIR/good.content" --microsoft-roots "$pki/root.pem" --json
cp "$T_DIR/out" "$T_DIR/good.json"
t_json "$T_DIR/good.json" '.authenticode | "\(.digest) \(.chain) \(.time.verdict)"' \
	"ok ok $([ "$stamps" ] && echo ok || echo none)"
t_json "$T_DIR/good.json" '"\(.payload.present) \(.payload.bad_signatures)"' '1 0'

# ---- import ----

i="gapferry-import --repo $T_DIR/importer"
t_bundle "$T_DIR" 1
t_error 4 GF-1284 'import: a root that is not pinned' $i import "$T_BUNDLE" \
	--microsoft-roots "$pki/stranger.pem"
t_ok 'nothing was published' $i status --json
cp "$T_DIR/out" "$T_DIR/status.json"
t_json "$T_DIR/status.json" '[.. | objects | .sequence? // empty] | max' 0
t_ok 'import: the pinned root' $i import "$T_BUNDLE" --microsoft-roots "$pki/root.pem"

# A licence text travels as payload does, and the exporter does not look at its signature.
catalog licence "$T_DIR/cab/good.cab" "$T_DIR/cab/flipped.cab"
stamped old "$T_DIR/licence.cab" "$T_DIR/wsusscn3.cab" tsa 2020-06-01 -h sha256
t_run $e ingest wsusscn2 "$T_DIR/wsusscn3.cab" --content "$T_DIR/good.content"
t_bundle "$T_DIR" 2
t_error 3 GF-1280 'import: content that is not what was signed' \
	env GAPFERRY_MICROSOFT_ROOTS="$pki/root.pem" $i import "$T_BUNDLE"
t_ok 'which is the option, not the bundle' $i import "$T_BUNDLE"

# ---- genuine ----

genuine=$SHARED/wsusscn2/wsusscan-kb2999226-2015/WSUSSCAN.cab
if [ ! -e "$genuine" ]; then
	t_skip 'what Microsoft signed' "$genuine is not there"
	exit 0
fi
t_ok 'genuine: the digest is right' gapferry-export authenticode "$genuine" --json
cp "$T_DIR/out" "$T_DIR/genuine.json"
t_json "$T_DIR/genuine.json" '.files[0] | "\(.digest) \(.signature) \(.signatures) \(.time.verdict) \(.time.stated)"' \
	'ok ok 2 unchecked 2015-07-21T17:31:56Z'
t_ok 'genuine: osslsigncode finds the same digest' sh -c \
	'osslsigncode verify -in "$1" | tr A-F a-f | grep -q "$(jq -r ".files[0].authenticode_digest" "$2")"' \
	- "$genuine" "$T_DIR/genuine.json"
verdict "$genuine" root 2 "$all" 'ok/ok/unknown root/untrusted'
flips "$genuine" 60
