#!/bin/sh
# make.sh NAME: make golden bundles, tests/golden/NAME, with the programs of
# this release: a full one with parity and an increment on it.  Run once for
# each format; what was made is never made again: every later release must
# import it (tests/e2e/60-golden.sh).  Private keys are not kept.
set -eu
name=$1
bin=${BIN:-build/release/bin}
to=tests/golden/$name
[ ! -e "$to" ] || { echo "$to exists: golden bundles are never made again" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1795305600
for who in root:ruth builder:bert approver:anna importer:ines; do
	"$bin/gapferry-export" key new --role "${who%%:*}" --holder "${who#*:}" --out "$work/keys"
done
"$bin/gapferry-export" trust new --root "$work/keys/ruth-root.cert.pem" \
	--builder "$work/keys/bert-builder.cert.pem" --approver "$work/keys/anna-approver.cert.pem" \
	--importer "$work/keys/ines-importer.cert.pem" --key "$work/keys/ruth-root.key.pem" \
	--out "$work/trust"
"$bin/gapferry-export" --repo "$work/repo" init
"$bin/gapferry-export" --repo "$work/repo" channel add golden --audience museum --trust "$work/trust"

# bundle OPTION...: ingest a catalog with these options, write and approve.
bundle() {
	n=$((${n:-0} + 1))
	rm -rf "$work/catalog"
	"$bin/mkcatalog" --out "$work/catalog" --updates 40 --payloads 4 --payload-min 2K \
		--payload-max 12K --seed 1 --fault unknown-action "$@"
	"$bin/gapferry-export" --repo "$work/repo" ingest wsusscn2 "$work/catalog/wsusscn2.cab" \
		--content "$work/catalog/content" || [ $? -eq 2 ]
	"$bin/gapferry-export" --repo "$work/repo" write golden --key "$work/keys/bert-builder.key.pem" \
		--out "$work" --media 1M --expires-days 36500
	"$bin/gapferry-export" approve "$work/gapferry/golden-1-$n" --repo "$work/repo" \
		--key "$work/keys/anna-approver.key.pem" --trust "$work/trust"
}
bundle
"$bin/gapferry-export" --repo "$work/repo" channel confirm golden --site museum --sequence 1
bundle --change 100 --change-seed 2
mkdir -p "$to"
cp -r "$work/trust" "$work"/gapferry/golden-1-* "$to/"
# Slices are of 1 MiB, nearly all of it zeros here.
zstd -q -19 --rm "$to"/golden-1-*/vol-*.par
