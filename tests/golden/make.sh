#!/bin/sh
# make.sh NAME: make a golden bundle, tests/golden/NAME, with the programs of
# this release.  Run once for each release; what was made is never made again:
# every later release must import it (tests/e2e/60-golden.sh).
set -eu
name=$1
bin=${BIN:-build/release/bin}
to=tests/golden/$name
[ ! -e "$to" ] || { echo "$to exists: a golden bundle is never made again" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1795305600
for who in root:ruth builder:bert approver:anna; do
	"$bin/gapferry-export" key new --role "${who%%:*}" --holder "${who#*:}" --out "$work/keys"
done
"$bin/gapferry-export" trust new --root "$work/keys/ruth-root.cert.pem" \
	--builder "$work/keys/bert-builder.cert.pem" --approver "$work/keys/anna-approver.cert.pem" \
	--key "$work/keys/ruth-root.key.pem" --out "$work/trust"
"$bin/mkcatalog" --out "$work/catalog" --updates 60 --payloads 1 --payload-min 1030K \
	--payload-max 1050K --seed 1 --fault unknown-action
"$bin/gapferry-export" --repo "$work/repo" init
"$bin/gapferry-export" --repo "$work/repo" channel add golden --audience museum --trust "$work/trust"
"$bin/gapferry-export" --repo "$work/repo" ingest wsusscn2 "$work/catalog/wsusscn2.cab" \
	--content "$work/catalog/content" || [ $? -eq 2 ]
"$bin/gapferry-export" --repo "$work/repo" write golden --key "$work/keys/bert-builder.key.pem" \
	--out "$work" --media 1M --expires-days 36500
"$bin/gapferry-export" approve "$work/gapferry/golden-1-1" \
	--key "$work/keys/anna-approver.key.pem" --trust "$work/trust"
mkdir -p "$to"
cp -r "$work/trust" "$work/gapferry/golden-1-1" "$to/"
