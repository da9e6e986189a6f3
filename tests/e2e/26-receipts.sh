#!/bin/sh
# The way back: receipts from the isolated side to the connected side, on paper too.  Every way to
# present a receipt that is not genuine, not newer, not of this channel, site or history.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import jq zbarimg rsvg-convert

# Keys of a second importer and of one that nobody lists; both importers are in the trust root.
people="ruth-root bert-builder anna-approver ines-importer iris-importer eve-importer"
for p in $people; do
	t_must gapferry-export key new --role "${p#*-}" --holder "${p%-*}" --out "$T_DIR/keys"
done
cert() {
	echo "$T_DIR/keys/$1.cert.pem"
}
t_must gapferry-export trust new --root "$(cert ruth-root)" --builder "$(cert bert-builder)" \
	--approver "$(cert anna-approver)" --importer "$(cert ines-importer)" \
	"$(cert iris-importer)" --key "$T_DIR/keys/ruth-root.key.pem" --out "$T_DIR/trust"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_ingest "$T_DIR"
t_must gapferry-export --repo "$T_DIR/exporter" channel add other --audience site1 --trust "$T_DIR/trust"
for n in 1 2 3; do
	t_bundle "$T_DIR" $n --full
done
out=$T_DIR/back
mkdir -p "$out"

# receipt [REPO [KEY [OPTION...]]]: T_RECEIPT is the file.
receipt() {
	repo=${1:-$T_DIR/importer} key=${2:-ines-importer}
	[ $# -lt 2 ] || shift
	[ $# -lt 1 ] || shift
	t_must gapferry-import --repo "$repo" receipt --key "$T_DIR/keys/$key.key.pem" --out "$out" \
		--json "$@"
	T_RECEIPT=$(jq -r .receipt "$T_DIR/out")
}
receive() {
	gapferry-export --repo "$T_DIR/exporter" receive "$@"
}
# state: what the exporter knows of site1.
state() {
	gapferry-export --repo "$T_DIR/exporter" status --json |
		jq -c '.channels[] | select(.name == "main") | .sites[] | [.sequence, .behind, .counter]'
}
t_state() {
	state >"$T_DIR/out" 2>"$T_DIR/err"
	if [ "$(cat "$T_DIR/out")" = "$2" ]; then t_pass "$1"; else t_fail "$1 (want $2)"; fi
}
# t_refused EXIT ID DESC ARG...: and nothing changes.
t_refused() {
	before=$(state)
	t_error "$@"
	[ "$(state)" = "$before" ] || t_fail "$3: the state changed"
}

# ---- the ordinary way ----

t_state 'nothing is known of a site at first' '[0,3,0]'
receipt
t_ok 'a site without any bundle can say so' receive "$T_RECEIPT"
t_state 'its receipt is counted' '[0,3,1]'
for n in 1 2; do
	t_must gapferry-import --repo "$T_DIR/importer" import "$T_DIR/medium/gapferry/main-1-$n" \
		--receipt-key "$T_DIR/keys/ines-importer.key.pem" --receipt-out "$out"
done
t_refused 1 GF-1001 'a receipt needs a key and a place' gapferry-import --repo "$T_DIR/importer" \
	import "$T_DIR/medium/gapferry/main-1-2" --receipt-out "$out"
two=$out/receipt-main-site1-2.txt three=$out/receipt-main-site1-3.txt
t_contains 'a receipt names the one before' "$three" \
	"previous $(sha256sum <"$two" | cut -c 1-64)"
t_contains 'and the bundle' "$three" \
	"manifest $(sha256sum <"$T_DIR/medium/gapferry/main-1-2/MANIFEST" | cut -c 1-64)"
t_ok 'it has at most 4096 bytes' test "$(wc -c <"$three")" -le 4096
sed -n '/^end /q;p' "$three" >"$T_DIR/text" && echo 'end 20' >>"$T_DIR/text"
sed -n 's/^signature //p' "$three" | base64 -d >"$T_DIR/sig"
t_ok 'anybody with openssl can verify it' openssl cms -verify -binary -cades -inform DER \
	-in "$T_DIR/sig" -content "$T_DIR/text" -CAfile "$(cert ines-importer)" -partial_chain \
	-no-CApath -no-CAstore -purpose any -out /dev/null
t_ok 'the first one is received' receive "$two"
t_state 'the site has bundle 1' '[1,2,2]'
t_ok 'the next one is received' receive "$three"
t_state 'the site has bundle 2' '[2,1,3]'
t_ok 'the same again is harmless' receive "$three"
t_contains 'and known' "$T_DIR/out" 'known'
t_run gapferry-export --repo "$T_DIR/exporter" status
t_contains 'status says when the last one came' "$T_DIR/out" 'confirmed 2, 1 behind, last receipt (3) 0 days ago'

# ---- on paper ----

t_must gapferry-import --repo "$T_DIR/importer" import "$T_DIR/medium/gapferry/main-1-3"
receipt "$T_DIR/importer" ines-importer --qr
paper=$T_RECEIPT
awk -v dir="$T_DIR" '/<svg/ { n++; file = dir "/code" n ".svg" } /<svg/, /<\/svg>/ {
	sub(/.*<svg/, "<svg"); print >file }' "${paper%.txt}.html"
for svg in "$T_DIR"/code*.svg; do
	t_must rsvg-convert -w 500 "$svg" -o "$svg.png"
	zbarimg -q --raw "$svg.png" >>"$T_DIR/scan" 2>/dev/null
done
sort -r "$T_DIR/scan" >"$T_DIR/scan.reverse"
t_ok 'scanned codes, in any order, are the receipt' receive --qr "$T_DIR/scan.reverse"
t_state 'the site has bundle 3' '[3,0,4]'
t_ok 'the file itself is the same receipt' receive "$paper"
t_contains 'and known' "$T_DIR/out" 'known'
tail -n 1 "$T_DIR/scan" >"$T_DIR/scan.last"
t_refused 6 GF-1843 'a code that is missing is named' receive --qr "$T_DIR/scan.last"
{ cat "$T_DIR/scan"; sed 's/main/Main/;q' "$T_DIR/scan"; } >"$T_DIR/scan.two"
t_refused 3 GF-1842 'two texts for one code are refused' receive --qr "$T_DIR/scan.two"
t_refused 3 GF-1805 'scanned codes are no receipt' receive "$T_DIR/scan"
t_refused 3 GF-1842 'a receipt is no scan of codes' receive --qr "$paper"

# ---- edited, damaged, swapped ----

receipt
good=$T_RECEIPT
edit() {
	sed "$1" "$good" >"$T_DIR/edited"
}
edit 's/^sequence 3/sequence 2/'
t_refused 4 GF-1240 'a number edited by hand is found' receive "$T_DIR/edited"
edit 's/^site site1/site site2/'
t_refused 4 GF-1240 'another site, too' receive "$T_DIR/edited"
edit 's/^processed /processed 0/'
t_refused 3 GF-1840 'a second spelling of a number is refused' receive "$T_DIR/edited"
edit '/^made /{h;d};/^sequence /{G}'
t_refused 3 GF-1840 'swapped lines are refused' receive "$T_DIR/edited"
edit '/^repaired /d'
t_refused 3 GF-1840 'a line left out is refused' receive "$T_DIR/edited"
edit '/^end /a\
signature AAAA'
t_refused 3 GF-1840 'a line too many is refused' receive "$T_DIR/edited"
edit '/^signature /d'
t_refused 3 GF-1840 'a receipt without signature is refused' receive "$T_DIR/edited"
edit 's/$/\r/'
t_refused 3 GF-1840 'line ends of another system are refused' receive "$T_DIR/edited"
: >"$T_DIR/edited"
t_refused 3 GF-1840 'an empty file is refused' receive "$T_DIR/edited"
t_refused 1 GF-1002 'a file that is not there' receive "$T_DIR/nowhere"
head -c 5000 /dev/zero >"$T_DIR/edited"
t_refused 3 GF-1006 'a large file is refused' receive "$T_DIR/edited"
{ sed -n '/^end /q;p' "$good"; echo 'end 20'; grep ^signature "$three"; } >"$T_DIR/edited"
t_refused 4 GF-1240 'the signature of another receipt does not fit' receive "$T_DIR/edited"

# One bit of every 29th byte; a unit test flips each bit of every byte.
size=$(wc -c <"$good") at=0 taken=0
while [ "$at" -lt "$size" ]; do
	cp "$good" "$T_DIR/edited"
	a_flip "$T_DIR/edited" "$at" $((at % 8))
	receive "$T_DIR/edited" >"$T_DIR/out" 2>"$T_DIR/err"
	case $? in
	3 | 4 | 5) ;;
	*) taken=$((taken + 1)) ;;
	esac
	at=$((at + 29))
done
t_ok 'no flipped bit gets through' test "$taken" -eq 0

# ---- the wrong people ----

receipt_as() {
	t_must cp -r "$T_DIR/importer" "$T_DIR/$1"
	t_error "$2" "$3" "$4" gapferry-import --repo "$T_DIR/$1" receipt \
		--key "$T_DIR/keys/$5.key.pem" --out "$out"
}
receipt_as by-builder 4 GF-2009 'a builder cannot make receipts' bert-builder
receipt_as by-eve 4 GF-2009 'an importer that nobody lists cannot' eve-importer

# openssl signs whatever it is given; the profile is that of FORMAT.md.
forge() {
	sed -n '/^end /q;p' "$good" | sed "${2:-}" >"$T_DIR/text"
	echo 'end 20' >>"$T_DIR/text"
	t_must openssl cms -sign -binary -cades -nosmimecap -md sha384 -outform DER \
		-signer "$(cert "$1")" -inkey "$T_DIR/keys/$1.key.pem" -in "$T_DIR/text" \
		-out "$T_DIR/sig"
	{ cat "$T_DIR/text"; base64 -w 64 "$T_DIR/sig" | sed 's/^/signature /'; } >"$T_DIR/forged"
}
forge bert-builder
t_refused 4 GF-2032 'the signature of a builder does not count' receive "$T_DIR/forged"
forge eve-importer
t_refused 4 GF-1264 'the signature of a stranger does not count' receive "$T_DIR/forged"
forge ines-importer 's/^channel main/channel nowhere/'
t_refused 5 GF-2031 'a channel that is not sent from here' receive "$T_DIR/forged"
forge ines-importer 's/^site site1/site site9/'
t_refused 5 GF-2030 'a site that the channel does not have' receive "$T_DIR/forged"
forge ines-importer 's/^epoch 1/epoch 2/'
t_refused 5 GF-2033 'another epoch' receive "$T_DIR/forged"
forge ines-importer 's/^made 20../made 2098/'
t_refused 4 GF-1265 'made when the certificate had expired' receive "$T_DIR/forged"
forge ines-importer "s/^made .*/made $(date -u -d '+5 days' +%Y-%m-%dT%H:%M:%SZ)/"
t_refused 5 GF-2038 'made in the future' receive "$T_DIR/forged"
t_refused 5 GF-2034 'an older receipt is refused' receive "$two"
forge iris-importer 's/^counter 5/counter 4/'
t_refused 5 GF-2035 'a second receipt with a number that was used' receive "$T_DIR/forged"
forge ines-importer "s/^previous .*/previous $(sha256sum <"$two" | cut -c 1-64)/"
t_refused 5 GF-2035 'one that does not follow the last one' receive "$T_DIR/forged"
forge ines-importer "s/^manifest .*/manifest $(sha256sum <"$two" | cut -c 1-64)/"
t_refused 5 GF-2036 'another MANIFEST of a bundle of ours is an alarm' receive "$T_DIR/forged"
forge ines-importer "s/^catalog-root .*/catalog-root $(sha256sum <"$two" | cut -c 1-64)/"
t_refused 5 GF-2036 'another catalog, too' receive "$T_DIR/forged"
forge ines-importer 's/^sequence 3/sequence 4/'
t_refused 5 GF-2037 'a bundle that was never written here' receive "$T_DIR/forged"
forge ines-importer "s/^pending -/pending 4 $(sha256sum <"$two" | cut -c 1-64)/"
t_refused 5 GF-2037 'one that waits there, too' receive "$T_DIR/forged"
t_refused 3 GF-2039 'a need list that the receipt does not name' receive "$good" --need "$two"
t_ok 'after all of this the genuine one is received' receive "$good"
t_state 'as number 5' '[3,0,5]'

# ---- receipts that got lost, backups that were restored ----

cp -r "$T_DIR/importer" "$T_DIR/backup"
receipt
receipt
t_ok 'a receipt may get lost on the way' receive "$T_RECEIPT"
t_contains 'which is told' "$T_DIR/out" '1 receipts of this site before it never came'
t_must gapferry-export --repo "$T_DIR/exporter" write main --key "$T_DIR/keys/bert-builder.key.pem" \
	--out "$T_DIR/medium" --full
t_must gapferry-export approve "$T_DIR/medium/gapferry/main-1-4" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
t_must gapferry-import --repo "$T_DIR/importer" import "$T_DIR/medium/gapferry/main-1-4"
receipt
t_ok 'the next bundle is confirmed' receive "$T_RECEIPT"
t_state 'with number 8' '[4,0,8]'
receipt "$T_DIR/backup"
t_refused 5 GF-2034 'a restored site counts from too low' receive "$T_RECEIPT"
t_contains 'the message says from where to go on' "$T_DIR/err" '8 was received already'
t_error 1 GF-2125 'a counter cannot go back' gapferry-import --repo "$T_DIR/backup" receipt \
	--key "$T_DIR/keys/ines-importer.key.pem" --out "$out" --counter 6
receipt "$T_DIR/backup" ines-importer --counter 10
t_status 2 'with a number above it is taken, with a warning' receive "$T_RECEIPT"
t_contains 'that says what happens' "$T_DIR/out" 'the next bundle starts from 3'
t_state 'the site has only bundle 3' '[3,1,10]'
t_error 5 GF-2034 'what the double of it says is refused now' receive "$out/receipt-main-site1-8.txt"

# ---- a bundle that waits, and its need list ----

# increment SEQUENCE CHANGE: the next bundle, with so many of 1000 updates changed.
increment() {
	t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K --change "$2"
	t_ingest "$T_DIR"
	t_must gapferry-export --repo "$T_DIR/exporter" write main --out "$T_DIR/medium" \
		--key "$T_DIR/keys/bert-builder.key.pem"
	t_must gapferry-export approve "$T_DIR/medium/gapferry/main-1-$1" --repo "$T_DIR/exporter" \
		--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
}
increment 5 200
t_must gapferry-export --repo "$T_DIR/exporter" channel confirm main --site site1 --sequence 5
increment 6 400
t_error 6 GF-2110 'an increment waits for what the site does not have' \
	gapferry-import --repo "$T_DIR/backup" import "$T_DIR/medium/gapferry/main-1-6" \
	--receipt-key "$T_DIR/keys/ines-importer.key.pem" --receipt-out "$out"
waiting=$out/receipt-main-site1-11.txt need=$out/need-main-site1-11.txt
t_contains 'the receipt says which one' "$waiting" \
	"pending 6 $(sha256sum <"$T_DIR/medium/gapferry/main-1-6/MANIFEST" | cut -c 1-64)"
t_contains 'and names the need list' "$waiting" " $(sha256sum <"$need" | cut -c 1-64)"
t_status 2 'the receipt alone' receive "$waiting"
t_contains 'asks for the need list' "$T_DIR/out" 'receive the same receipt with --need'
sed 's/^holds 3/holds 2/' "$need" >"$T_DIR/edited"
t_refused 3 GF-2039 'an altered need list' receive "$waiting" --need "$T_DIR/edited"
t_ok 'the same receipt with its need list' receive "$waiting" --need "$need"
t_contains 'makes the next bundle carry what is lacking' "$T_DIR/out" 'need list: '
t_state 'the site has bundle 3' '[3,3,11]'
increment 7 400
t_ok 'the next increment suits the site' gapferry-import --repo "$T_DIR/backup" import \
	"$T_DIR/medium/gapferry/main-1-7" --receipt-key "$T_DIR/keys/ines-importer.key.pem" \
	--receipt-out "$out"
t_ok 'which says so' receive "$out/receipt-main-site1-12.txt"
t_state 'and has bundle 7' '[7,0,12]'

# ---- what the ledgers say ----

t_ok 'the newest bundle again changes nothing' gapferry-import --repo "$T_DIR/backup" import \
	"$T_DIR/medium/gapferry/main-1-7"
here=$T_DIR/exporter/ledger there=$T_DIR/backup/ledger
digest=$(sha256sum <"$out/receipt-main-site1-12.txt" | cut -c 1-64)
t_contains 'a receipt that was made' "$there" \
	" receipt bundle=main-1-7 channel=main site=site1 counter=12 receipt=$digest signer=importer%20ines%20"
t_contains 'and received' "$here" \
	" receive bundle=main-1-7 channel=main site=site1 counter=12 receipt=$digest manifest="
t_ok 'once' test "$(grep -c ' receive .* counter=12 ' "$here")" -eq 1
t_contains 'one that was refused and kept' "$here" ' refused bundle=main-1-3 channel=main site=site1 counter=5 '
t_contains 'what somebody confirmed' "$here" ' confirm bundle=main-1-5 channel=main site=site1 sequence=5 '
t_contains 'a bundle that waits' "$there" ' incomplete bundle=main-1-6 manifest='
t_contains 'and what it needs' "$here" ' need bundle=main-1-6 channel=main site=site1 counter=11 '
t_ok 'an approval with role and key' grep -q \
	' approve bundle=main-1-5 .* signer=approver%20anna%20[0-9a-f]\{16\} ' "$here"
t_contains 'the same bundle again' "$there" ' already bundle=main-1-7 manifest='
t_run gapferry-export --repo "$T_DIR/exporter" custody --bundle main-1-7 --json
cp "$T_DIR/out" "$T_DIR/custody.json"
t_json "$T_DIR/custody.json" '.bundles[0].sites | map("\(.site) \(.state) \(.by)") | join(",")' \
	'site1 imported receipt 12'
t_json "$T_DIR/custody.json" '.bundles[0].signers | map(.[0:13]) | join(",")' \
	'builder bert ,approver anna'
t_run gapferry-import --repo "$T_DIR/backup" custody --bundle main-1-7 --json
cp "$T_DIR/out" "$T_DIR/custody.json"
t_json "$T_DIR/custody.json" '.bundles[0].signers | map(.[0:13]) | sort | join(",")' \
	'approver anna,builder bert '
t_run gapferry-export --repo "$T_DIR/exporter" custody --bundle main-1-6 --html "$T_DIR/custody.html"
t_contains 'a bundle that waits is told' "$T_DIR/out" '  site site1: waits for objects at '
t_contains 'on paper, too' "$T_DIR/custody.html" 'waits for objects at '
t_run gapferry-export --repo "$T_DIR/exporter" custody --bundle main-1-5
t_contains 'and what was confirmed by hand' "$T_DIR/out" ', by hand'

# ---- silence ----

if command -v faketime >/dev/null && faketime -f +1d gapferry-export --version >/dev/null 2>&1; then
	t_run faketime -f +29d gapferry-export --repo "$T_DIR/exporter" status
	t_contains 'a site may be silent for a while' "$T_DIR/out" 'last receipt (12) 29 days ago'
	t_run faketime -f +32d gapferry-export --repo "$T_DIR/exporter" status --json
	jq '.channels[] | select(.name == "main") | .sites[0]' "$T_DIR/out" >"$T_DIR/status.json"
	t_json "$T_DIR/status.json" .stale true
	t_run faketime -f +32d gapferry-export --repo "$T_DIR/exporter" status --stale-days 40 --json
	jq '.channels[] | select(.name == "main") | .sites[0]' "$T_DIR/out" >"$T_DIR/status.json"
	t_json "$T_DIR/status.json" .stale false
else
	t_skip 'silence' 'faketime does not work with these programs'
fi
t_must gapferry-export --repo "$T_DIR/exporter" channel set other --one-way
t_contains 'settings are in the ledger' "$here" \
	' channel-set channel=other way=one-way overlap=3 site=site1 '
t_run gapferry-export --repo "$T_DIR/exporter" status
t_contains 'a one-way site is never witnessed' "$T_DIR/out" 'one-way, unwitnessed'

# ---- damage on the way, and on the disk of the site ----

t_must gapferry-export --repo "$T_DIR/exporter" write main --key "$T_DIR/keys/bert-builder.key.pem" \
	--out "$T_DIR/medium" --full
worn=$T_DIR/medium/gapferry/main-1-8
t_must gapferry-export approve "$worn" --key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
cp -r "$worn" "$T_DIR/good"
a_flip "$worn/vol-0001.tar" 5000 3
t_must gapferry-import --repo "$T_DIR/new" init --channel main --audience site1 --trust "$T_DIR/trust"
t_status 2 'a chunk is rebuilt' gapferry-import --repo "$T_DIR/new" import "$worn"
receipt "$T_DIR/new"
t_contains 'the receipt counts it' "$T_RECEIPT" 'repaired 1'
t_contains 'and says that the store was never checked' "$T_RECEIPT" 'scrub -'
t_contains 'the ledger, too' "$T_DIR/new/ledger" ' repaired=1 '
t_must gapferry-import --repo "$T_DIR/backup" import "$T_DIR/good"
t_must gapferry-import --repo "$T_DIR/backup" scrub
receipt "$T_DIR/backup"
t_ok 'after a scrub it says when' grep -q '^scrub 20[-0-9T:]*Z 0$' "$T_RECEIPT"
t_ok 'it is received' receive "$T_RECEIPT"
sum=$(awk '$3 == "content" { print $1; exit }' "$worn/OBJECTS")
file=$T_DIR/backup/content/$(printf %.2s "$sum")/$sum
chmod u+w "$file"
a_flip "$file" 0 0
t_status 3 'damage on the disk' gapferry-import --repo "$T_DIR/backup" scrub
receipt "$T_DIR/backup"
t_ok 'is in the next receipt' grep -q '^scrub 20[-0-9T:]*Z 1$' "$T_RECEIPT"
t_ok 'which is received' receive "$T_RECEIPT"
t_contains 'and shown' "$T_DIR/out" 'the site found 1 damaged objects'
t_contains 'and recorded' "$here" ' damaged=1 '
t_must gapferry-export --repo "$T_DIR/exporter" write main --key "$T_DIR/keys/bert-builder.key.pem" \
	--out "$T_DIR/medium" --full
t_must gapferry-export approve "$T_DIR/medium/gapferry/main-1-9" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
t_ok 'the next bundle brings it again' gapferry-import --repo "$T_DIR/backup" import \
	"$T_DIR/medium/gapferry/main-1-9"
receipt "$T_DIR/backup"
t_ok 'and then it is not missing any more' grep -q '^scrub 20[-0-9T:]*Z 0$' "$T_RECEIPT"
t_contains 'nor was anything rebuilt' "$T_RECEIPT" 'repaired 0'

# ---- a catalog listing that the site lost ----

t_ok 'all of it is confirmed' receive "$T_RECEIPT"
for sum in $(awk '$3 == "catalog" { print $1 }' "$T_DIR/medium/gapferry/main-1-9/OBJECTS"); do
	rm -f "$T_DIR/backup/content/$(printf %.2s "$sum")/$sum"
done
# deltas N: so many of the catalog objects of the next bundle are deltas.
deltas() {
	t_must gapferry-export --repo "$T_DIR/exporter" plan main --json
	cp "$T_DIR/out" "$T_DIR/plan.json"
	t_json "$T_DIR/plan.json" .deltas "$1"
}
deltas 1
increment 10 600
t_error 6 GF-2110 'an increment on it waits' gapferry-import --repo "$T_DIR/backup" import \
	"$T_DIR/medium/gapferry/main-1-10"
t_contains 'for the listing' "$T_DIR/err" '0 objects (0 bytes) and 1 listings are lacking'
receipt "$T_DIR/backup"
counter=${T_RECEIPT##*-}
t_ok 'the need list is received' receive "$T_RECEIPT" --need "$out/need-main-site1-$counter"
deltas 0
increment 11 600
t_ok 'the next increment carries it whole' gapferry-import --repo "$T_DIR/backup" import \
	"$T_DIR/medium/gapferry/main-1-11"
receipt "$T_DIR/backup"
t_ok 'and is confirmed' receive "$T_RECEIPT"
deltas 1
