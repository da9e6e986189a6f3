#!/bin/sh
# What is malformed in package.xml of an export package holds back the update that it is about, and
# what depends on that, on both sides; only an update without an identity makes it no package.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-import mkwsusutil mkcatalog cabextract jq

t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_must mkwsusutil --out "$T_DIR/made" --updates 12
t_must cabextract -q -d "$T_DIR/plain" "$T_DIR/made/package.cab"

# spoil NAME SCRIPT: $T_DIR/NAME.cab with a package.xml that sed has changed.
spoil() {
	rm -rf "$T_DIR/tree"
	cp -r "$T_DIR/plain" "$T_DIR/tree"
	sed -i "$2" "$T_DIR/tree/package.xml"
	if cmp -s "$T_DIR/plain/package.xml" "$T_DIR/tree/package.xml"; then
		t_fail "$1 changes nothing"
	fi
	t_must mkcatalog --pack "$T_DIR/tree" --out "$T_DIR/$1.cab"
}

# judged NAME STATUS WANT...: lint and ingest find exactly these, "ID REVISIONS VALUE", of what they
# are told by package.xml; the repository keeps the rest.
judged() {
	name=$1 status=$2
	shift 2
	printf '%s\n' "$@" | sort >"$T_DIR/want"
	t_status "$status" "lint of $name" gapferry-export lint "$T_DIR/$name.cab" --json
	cp "$T_DIR/out" "$T_DIR/lint.json"
	jq -r '.findings[] | select(.file == "package.xml" and .id != "GF-C060" and (.id | startswith("GF-C09") | not))
		| "\(.id) \(if .revision_id > 0 then "one" else "none" end) \(.value)"' \
		"$T_DIR/lint.json" | sort >"$T_DIR/got"
	t_same "$name: exactly the finding of the fault" "$T_DIR/got" "$T_DIR/want"
	t_status "$status" "ingest of $name" gapferry-export --repo "$T_DIR/exporter" ingest wsusutil \
		"$T_DIR/$name.cab" --accept-shrink --json
	cp "$T_DIR/out" "$T_DIR/ingest.json"
	jq -S '[.findings[] | select(.id | startswith("GF-C09") | not)]' "$T_DIR/ingest.json" >"$T_DIR/ingest.all"
	jq -S '[.findings[] | select(.id | startswith("GF-C09") | not)]' "$T_DIR/lint.json" >"$T_DIR/lint.all"
	t_same "$name: ingest finds the same" "$T_DIR/ingest.all" "$T_DIR/lint.all"
}

# the update of the first file, and the first with a product
spoil digest 's/\(<Update [^>]*><Files><File Digest="\)[^"]*/\1AAAA/'
judged digest 2 'GF-C022 one AAAA'
t_json "$T_DIR/ingest.json" '.updates_quarantined > 0 and .updates_processed > 10' true
mkdir "$T_DIR/medium"
t_must gapferry-export --repo "$T_DIR/exporter" write main --key "$T_DIR/keys/bert-builder.key.pem" \
	--out "$T_DIR/medium" --incomplete
t_approve "$T_DIR/medium/gapferry/main-1-1" --key "$T_DIR/keys/anna-approver.key.pem" \
	--trust "$T_DIR/trust" --repo "$T_DIR/exporter"
t_status 2 'the isolated side takes the rest' gapferry-import --repo "$T_DIR/importer" import \
	"$T_DIR/medium/gapferry/main-1-1" --json
jq -S .findings "$T_DIR/out" >"$T_DIR/import.all"
t_same 'and finds the same' "$T_DIR/import.all" "$T_DIR/ingest.all"

spoil category 's/\(<Category Value="\)[^"]*/\1x/'
judged category 2 'GF-C020 one x'
# a file of the list; the update that has it is told too
spoil file 's/\(<File Digest="\)[^"]*\(" MUUrl\)/\1%%\2/'
sha1=$(sed 's/.*ProtocolVersion[^F]*<Files><File Digest="\([^"]*\).*/\1/' "$T_DIR/plain/package.xml" |
	base64 -d | od -An -v -tx1 | tr -d ' \n')
judged file 2 'GF-C022 none %%' "GF-C043 one $sha1"
spoil novelty 's/<Update /<Update New="1" /'
judged novelty 0 'GF-C028 one 1'
spoil within 's/\(<Update [^>]*>\)/\1<Novelty \/>/'
judged within 0 'GF-C027 one '
spoil between 's/<Updates>/<Updates New="1"><Novelty \/>/'
judged between 0 'GF-C027 none ' 'GF-C028 none 1'
spoil who 's/\(<Update UpdateId="\)[^"]*/\1x/'
t_error 3 GF-2502 'an update without an identity' gapferry-export --repo "$T_DIR/exporter" ingest \
	wsusutil "$T_DIR/who.cab"
