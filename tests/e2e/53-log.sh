#!/bin/sh
# The export log: what becomes a leaf, how a site watches that it only grows, what comes back, and
# the proof of one object without its bundle.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import gapferry-verify jq openssl basenc

t_trust "$T_DIR"
for p in ines-importer eve-importer; do
	t_must gapferry-export key new --role importer --holder "${p%-*}" --out "$T_DIR/keys"
done
cert() {
	echo "$T_DIR/keys/$1.cert.pem"
}
rm -rf "$T_DIR/trust"
t_must gapferry-export trust new --root "$(cert ruth-root)" --builder "$(cert bert-builder)" \
	--approver "$(cert anna-approver)" --importer "$(cert ines-importer)" \
	--key "$T_DIR/keys/ruth-root.key.pem" --out "$T_DIR/trust"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_ingest "$T_DIR"
medium=$T_DIR/medium/gapferry

# write REPO DIR [OPTION...]: a bundle, approved; the approval is a leaf.
write() {
	repo=$1 to=$2
	shift 2
	mkdir -p "$to"
	t_must gapferry-export --repo "$repo" write main --key "$T_DIR/keys/bert-builder.key.pem" \
		--out "$to" --json "$@"
	T_BUNDLE=$(jq -r .bundle "$T_DIR/out")
	t_approve "$T_BUNDLE" --key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust" \
		--repo "$repo"
}
log() {
	gapferry-export --repo "$T_DIR/exporter" log "$@"
}
import_one() {
	gapferry-import --repo "$T_DIR/importer" import "$@"
}
sha256() {
	sha256sum <"$1" | cut -c 1-64
}

# ---- leaves ----

write "$T_DIR/exporter" "$T_DIR/medium" --full
cp -r "$T_DIR/exporter" "$T_DIR/other"
write "$T_DIR/exporter" "$T_DIR/medium" --full
log show --leaves >"$T_DIR/leaves"
root=$(sha256 "$T_DIR/trust/0001.root") one=$(sha256 "$medium/main-1-1/MANIFEST")
t_contains 'the trust root is a leaf' "$T_DIR/leaves" "1 gapferry-log 1 trust main 1 $root"
t_contains 'a bundle is one' "$T_DIR/leaves" "2 gapferry-log 1 bundle main 1 1 - $one"
t_contains 'an approval is one' "$T_DIR/leaves" \
	"4 gapferry-log 1 approval $one approver anna "
t_ok 'there are eight' test "$(wc -l <"$T_DIR/leaves")" -eq 8
t_ok 'a bundle carries the log before it' test "$(sed -n 2p "$medium/main-1-2/log/checkpoint")" = 5
t_ok 'the bundles verify' gapferry-verify "$medium/main-1-2" --trust "$T_DIR/trust"
card() {
	(cd "$1" && ANCHORS=$T_DIR/trust sh VERIFY.txt)
}
t_ok 'also by the card' card "$medium/main-1-2"

head=$(sed -n 's/^6 gapferry-log 1 ledger [0-9]* //p' "$T_DIR/leaves")
t_ok 'the head of the ledger is one, and in the ledger' gapferry-verify ledger \
	"$T_DIR/exporter/ledger" --head "$head"
number=$(sed -n 's/^6 gapferry-log 1 ledger \([0-9]*\) .*/\1/p' "$T_DIR/leaves")
head -n "$((number - 1))" "$T_DIR/exporter/ledger" >"$T_DIR/cut"
t_error 3 GF-1854 'a ledger whose end was cut off lacks it' gapferry-verify ledger "$T_DIR/cut" \
	--head "$head"

# ---- a witness, and back ----

t_ok 'the first log is taken as it is' import_one "$medium/main-1-1"
t_ok 'a log that grew is accepted' import_one "$medium/main-1-2"
t_run gapferry-import --repo "$T_DIR/importer" log show --json
cp "$T_DIR/out" "$T_DIR/seen.json"
t_json "$T_DIR/seen.json" .size 6
mkdir "$T_DIR/back"
t_must gapferry-import --repo "$T_DIR/importer" receipt --key "$T_DIR/keys/ines-importer.key.pem" \
	--out "$T_DIR/back" --json
receipt=$(jq -r .receipt "$T_DIR/out") checkpoint=$(jq -r .checkpoint "$T_DIR/out")
t_ok 'the checkpoint has at most 4096 bytes' test "$(wc -c <"$checkpoint")" -le 4096
receive() {
	gapferry-export --repo "$T_DIR/exporter" receive "$receipt" --checkpoint "$@"
}
sed 's/^6$/7/' "$checkpoint" >"$T_DIR/forged"
t_error 4 GF-2307 'a changed checkpoint is refused' receive "$T_DIR/forged"
sed '/^$/,$d' "$checkpoint" >"$T_DIR/forged"
t_error 1 GF-2313 'one that nobody signed is refused' receive "$T_DIR/forged"
t_must gapferry-export --repo "$T_DIR/third" init
t_must gapferry-export --repo "$T_DIR/third" channel add main --audience site1 --trust "$T_DIR/trust"
t_must gapferry-import --repo "$T_DIR/i0" init --channel main --audience site1 --trust "$T_DIR/trust"
mkdir "$T_DIR/b0"
t_must gapferry-import --repo "$T_DIR/i0" receipt --key "$T_DIR/keys/ines-importer.key.pem" \
	--out "$T_DIR/b0"
t_ok 'who has seen no log sends none' test ! -e "$T_DIR/b0/checkpoint-main-site1-1.txt"
t_error 1 GF-2309 'that of another log is refused' gapferry-export --repo "$T_DIR/third" \
	receive "$T_DIR/b0/receipt-main-site1-1.txt" --checkpoint "$checkpoint"
t_ok 'the cosigned checkpoint is received' receive "$checkpoint"
t_ok 'twice too' receive "$checkpoint"
t_run gapferry-export --repo "$T_DIR/exporter" log show
t_contains 'it is below the one of the builder' "$T_DIR/out" '— gapferry.site/main/site1 '
t_ok 'with one signature each' test "$(grep -c '^— ' "$T_DIR/out")" -eq 2

# ---- proofs ----

t_must gapferry-export --repo "$T_DIR/exporter" log prove main-1-1 --out "$T_DIR/place"
t_error 6 GF-2311 'another bundle is not in the log' log prove main-1-9 --out "$T_DIR/none"
object=$(awk '$3 == "content" { print $1; exit }' "$medium/main-1-1/OBJECTS")
file=$(find "$T_DIR/catalog/content" -type f -exec sha256sum {} + |
	awk -v object="$object" '$1 == object { print $2; exit }')
prove() {
	gapferry-verify proof "$@" --trust "$T_DIR/trust"
}
t_error 6 GF-2322 'no proof of what is not in the bundle' prove "$medium/main-1-1" \
	--make "$T_DIR/none" --object "$one"
t_ok 'a proof can be made from the medium' prove "$medium/main-1-1" --make "$T_DIR/proof" \
	--object "$object" --log "$T_DIR/place"
t_ok 'and checked with the object alone' prove "$T_DIR/proof" "$file"
t_contains 'it tells who signed' "$T_DIR/out" 'signed by approver anna'
t_contains 'and who has seen it' "$T_DIR/out" 'seen by ines'
printf 'x' | cat "$file" - >"$T_DIR/longer"
t_error 3 GF-2323 'another file is not this object' prove "$T_DIR/proof" "$T_DIR/longer"
t_must prove "$medium/main-1-2" --make "$T_DIR/proof2" --object "$object"
t_run prove "$T_DIR/proof2"
t_contains 'without a place in the log it says so' "$T_DIR/out" 'by the word of its signers'
t_error 3 GF-2321 'the place of another bundle does not do' prove "$medium/main-1-2" \
	--make "$T_DIR/none" --object "$object" --log "$T_DIR/place"
sed "s/^line $object [0-9]* /line $object 1 /" "$T_DIR/proof" >"$T_DIR/forged"
t_error 3 GF-2321 'a changed line does not hold' prove "$T_DIR/forged"
other=$(awk -v object="$object" '$1 != object { print; exit }' "$medium/main-1-1/OBJECTS")
sed "s/^line .*/line $other/" "$T_DIR/proof" >"$T_DIR/forged"
t_error 3 GF-2321 'nor does another line of the table' prove "$T_DIR/forged"
sed 's/^end .*/end 1/' "$T_DIR/proof" >"$T_DIR/forged"
t_error 3 GF-2320 'nor a file of another form' prove "$T_DIR/forged"

# ---- growth, for who keeps an old checkpoint ----

log show | sed '1,/^$/d' >"$T_DIR/old"
write "$T_DIR/exporter" "$T_DIR/medium" --full
grown() {
	gapferry-verify log "$@" --trust "$T_DIR/trust"
}
t_must gapferry-export --repo "$T_DIR/exporter" log consistency --from 6 --out "$T_DIR/growth"
t_ok 'the log grew from an older checkpoint' grown "$T_DIR/growth" "$T_DIR/old"
sed 's/^old 6/old 5/' "$T_DIR/growth" >"$T_DIR/forged"
t_error 5 GF-2302 'another size does not' grown "$T_DIR/forged" "$T_DIR/old"
sed '/^$/q' "$T_DIR/growth" | cat - "$T_DIR/place" >"$T_DIR/forged"
t_error 3 GF-2300 'a proof of another form is refused' grown "$T_DIR/forged" "$T_DIR/old"
sed '/^— .*log/d' "$checkpoint" | sed '/^$/,$d' >"$T_DIR/forged"
t_error 4 GF-2308 'a checkpoint without a signature is none' grown "$T_DIR/growth" "$T_DIR/forged"
t_error 6 GF-2312 'no proof from a size that no checkpoint covers' log consistency --from 99 \
	--out "$T_DIR/none"

# ---- with standard tools alone ----

sed -n '/^    # check-log.sh/,/^    # end of check-log.sh/s/^    //p' docs/OPERATIONS.md >"$T_DIR/check-log.sh"
t_must test -s "$T_DIR/check-log.sh"
t_ok 'shellcheck has nothing to say' shellcheck -s sh "$T_DIR/check-log.sh"
by_hand() {
	sh "$T_DIR/check-log.sh" "$@"
}
t_ok 'sha256sum and openssl check the place of a bundle' by_hand "$T_DIR/place" \
	"$medium/main-1-1/MANIFEST" "$(cert bert-builder)" "$(cert ines-importer)"
t_contains 'the checkpoint is signed by the builder' "$T_DIR/out" 'bert-builder'
t_contains 'and by the site' "$T_DIR/out" 'ines-importer'
t_status 1 'another MANIFEST is not there' by_hand "$T_DIR/place" "$medium/main-1-2/MANIFEST" \
	"$(cert bert-builder)"
t_status 1 'another key has not signed' by_hand "$T_DIR/place" "$medium/main-1-1/MANIFEST" \
	"$(cert eve-importer)"

# ---- other pasts, signed by the right people ----

# resign BUNDLE: as who holds both keys and changes small files.
resign() {
	(
		cd "$1" || exit 1
		: >"$T_DIR/sums"
		while read -r _ name; do
			[ ! -f "$name" ] || sha256sum "$name" >>"$T_DIR/sums"
		done <SHA256SUMS
		cat "$T_DIR/sums" >SHA256SUMS
		sed -i "s/^file .* SHA256SUMS\$/file $(sha256 SHA256SUMS) $(wc -c <SHA256SUMS) SHA256SUMS/" MANIFEST
		for who in bert-builder anna-approver; do
			id=$(openssl x509 -in "$(cert $who)" -pubkey -noout |
				openssl pkey -pubin -outform DER | sha256sum | cut -c 1-16)
			openssl cms -sign -binary -cades -nosmimecap -md sha384 -outform DER \
				-signer "$(cert $who)" -inkey "$T_DIR/keys/$who.key.pem" \
				-in MANIFEST -out "sigs/$id.p7s" || exit 1
		done
	)
}
# forge NAME CHECKPOINT NODES: bundle 3 with another log.
forge() {
	rm -rf "$T_DIR/forged-$1"
	cp -r "$medium/main-1-3" "$T_DIR/forged-$1"
	(cd "$T_DIR/forged-$1/log" && chmod u+w . ./* && cp "$2" checkpoint && cp "$3" nodes)
	t_must resign "$T_DIR/forged-$1"
}
# t_past EXIT ID DESC NAME: and what was seen stays.
t_past() {
	t_error "$1" "$2" "$3" import_one "$T_DIR/forged-$4"
	[ "$(gapferry-import --repo "$T_DIR/importer" log show --json | jq -r .size)" = 6 ] ||
		t_fail "$3: what was seen changed"
}
write "$T_DIR/other" "$T_DIR/m2" --full --expires-days 89
write "$T_DIR/other" "$T_DIR/m2" --full
theirs=$T_DIR/m2/gapferry/main-1-3/log
forge rewritten "$theirs/checkpoint" "$theirs/nodes"
t_past 5 GF-2302 'a log with another past is refused' rewritten
evidence=$T_DIR/importer/evidence/$(sha256 "$T_DIR/forged-rewritten/MANIFEST").log
t_ok 'what it showed is kept' cmp "$theirs/checkpoint" "$evidence/checkpoint"
t_contains 'and what was seen' "$evidence/seen" "$(sed -n 3p "$checkpoint")"
t_run gapferry-import --repo "$T_DIR/importer" status
t_contains 'every report says so' "$T_DIR/out" 'another past of the export log'
forge shorter "$medium/main-1-1/log/checkpoint" "$medium/main-1-1/log/nodes"
t_past 5 GF-2303 'a log that lost leaves is refused' shorter
sed '1s/.*/gapferry.log\/0123456789abcdef/' "$medium/main-1-3/log/checkpoint" >"$T_DIR/renamed"
forge renamed "$T_DIR/renamed" "$medium/main-1-3/log/nodes"
t_past 5 GF-2304 'a log of another name is refused' renamed
forge wrong "$medium/main-1-3/log/checkpoint" "$theirs/nodes"
t_past 3 GF-2301 'nodes that do not lead to the checkpoint are refused' wrong
t_status 3 'by the auditor too' gapferry-verify "$T_DIR/forged-wrong" --trust "$T_DIR/trust"
t_contains 'for the same reason' "$T_DIR/out" 'GF-2301'

# A node of all eight leaves passes over the size that the site has seen.
unhex() {
	tr a-f A-F | basenc --base16 -d
}
leaf() {
	{ printf '\0' && log show --leaves | sed -n "$(($1 + 1))s/^[0-9]* //p"; } | sha256sum | cut -c 1-64
}
join() {
	{ printf '\001' && printf '%s%s' "$1" "$2" | unhex; } | sha256sum | cut -c 1-64
}
{
	echo 'gapferry-nodes 1'
	left=$(join "$(join "$(leaf 0)" "$(leaf 1)")" "$(join "$(leaf 2)" "$(leaf 3)")")
	right=$(join "$(join "$(leaf 4)" "$(leaf 5)")" "$(join "$(leaf 6)" "$(leaf 7)")")
	echo "3 $(join "$left" "$right")"
} >"$T_DIR/nodes"
forge gap "$medium/main-1-3/log/checkpoint" "$T_DIR/nodes"
t_past 5 GF-2306 'a log that does not tell what was seen is refused' gap
cp -r "$medium/main-1-3" "$T_DIR/forged-absent"
rm -rf "$T_DIR/forged-absent/log"
t_must resign "$T_DIR/forged-absent"
t_past 5 GF-2305 'a bundle without a log is refused after one with a log' absent
cp -r "$medium/main-1-3" "$T_DIR/forged-part"
rm "$T_DIR/forged-part/log/nodes"
t_must resign "$T_DIR/forged-part"
t_past 3 GF-1806 'part of a log is none' part
cp -r "$medium/main-1-3" "$T_DIR/forged-objects"
sed -i "s/^root .*/root $one/" "$T_DIR/forged-objects/log/objects"
t_must resign "$T_DIR/forged-objects"
t_past 3 GF-2301 'another root over OBJECTS is refused' objects

# ---- who starts anew has to say so ----

cp -r "$T_DIR/importer" "$T_DIR/i2"
t_must gapferry-import --repo "$T_DIR/i0" import "$medium/main-1-1"
t_ok 'a site that missed a bundle can tell as well' gapferry-import --repo "$T_DIR/i0" import \
	"$medium/main-1-3"
t_ok 'the genuine one is taken after all' import_one "$medium/main-1-3"
t_must gapferry-import --repo "$T_DIR/i2" log forget --reason 'exporter restored from backup'
t_ok 'after log forget the next log is taken' gapferry-import --repo "$T_DIR/i2" import \
	"$T_DIR/forged-rewritten"
t_run gapferry-import --repo "$T_DIR/i2" ledger show
t_contains 'which is in the ledger' "$T_DIR/out" 'log forget'

# What a site saw that was told another story comes back and is noticed.
t_must gapferry-import --repo "$T_DIR/i2" receipt --key "$T_DIR/keys/ines-importer.key.pem" \
	--out "$T_DIR/back" --json
split=$(jq -r .checkpoint "$T_DIR/out")
t_error 5 GF-2310 'a site that saw another log is noticed' receive "$split"
t_run gapferry-export --repo "$T_DIR/exporter" ledger show
t_contains 'and recorded' "$T_DIR/out" 'log-split'
