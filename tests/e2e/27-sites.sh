#!/bin/sh
# One channel to two sites that stay in step, and another one from the same repository: receipts
# of every site, the base that all of them have, sites that come and go.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import jq

for p in ruth-root bert-builder anna-approver ines-importer iris-importer; do
	t_must gapferry-export key new --role "${p#*-}" --holder "${p%-*}" --out "$T_DIR/keys"
done
t_must gapferry-export trust new --root "$T_DIR/keys/ruth-root.cert.pem" \
	--builder "$T_DIR/keys/bert-builder.cert.pem" \
	--approver "$T_DIR/keys/anna-approver.cert.pem" \
	--importer "$T_DIR/keys/ines-importer.cert.pem" "$T_DIR/keys/iris-importer.cert.pem" \
	--key "$T_DIR/keys/ruth-root.key.pem" --out "$T_DIR/trust"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
mkdir -p "$T_DIR/medium" "$T_DIR/back"

export_() {
	gapferry-export --repo "$T_DIR/exporter" "$@"
}
t_must export_ init
t_must export_ channel add pair --audience beta alpha --trust "$T_DIR/trust"
t_must export_ channel add solo --audience gamma --trust "$T_DIR/trust"
for site in alpha beta; do
	t_must gapferry-import --repo "$T_DIR/$site" init --channel pair --audience "$site" \
		--trust "$T_DIR/trust"
done
t_must gapferry-import --repo "$T_DIR/gamma" init --channel solo --audience gamma --trust "$T_DIR/trust"
t_ingest "$T_DIR"

# bundle CHANNEL SEQUENCE: written and approved.
bundle() {
	t_must export_ write "$1" --key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium" --json
	cp "$T_DIR/out" "$T_DIR/write.json"
	t_must gapferry-export approve "$T_DIR/medium/gapferry/$1-1-$2" --trust "$T_DIR/trust" \
		--key "$T_DIR/keys/anna-approver.key.pem" --repo "$T_DIR/exporter"
}
take() {
	gapferry-import --repo "$T_DIR/$1" import "$T_DIR/medium/gapferry/$2"
}
# receipt SITE: T_RECEIPT; alpha's importer is ines, everybody else's iris.
receipt() {
	key=iris-importer
	[ "$1" != alpha ] || key=ines-importer
	t_must gapferry-import --repo "$T_DIR/$1" receipt --key "$T_DIR/keys/$key.key.pem" \
		--out "$T_DIR/back" --json
	T_RECEIPT=$(jq -r .receipt "$T_DIR/out")
}
# t_base BASE: what the next bundle of the pair would start from.
t_base() {
	t_must export_ plan pair --json
	cp "$T_DIR/out" "$T_DIR/plan.json"
	t_json "$T_DIR/plan.json" .base "$1"
}
# t_sites WANT: name, confirmed, behind of each site of the pair.
t_sites() {
	t_must export_ status --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	jq -c '[.channels[] | select(.name == "pair") | .sites[] |
		"\(.site) \(.sequence) \(.behind)"] | join(", ")' "$T_DIR/status.json" >"$T_DIR/sites.json"
	t_json "$T_DIR/sites.json" . "$1"
}

bundle pair 1
t_contains 'a bundle for two names both' "$T_DIR/medium/gapferry/pair-1-1/MANIFEST" 'audience alpha'
t_contains 'a bundle for two names both' "$T_DIR/medium/gapferry/pair-1-1/MANIFEST" 'audience beta'
t_ok 'one site imports it' take alpha pair-1-1
t_ok 'the other one imports the same' take beta pair-1-1
t_error 5 GF-1910 'a site of another channel does not' take gamma pair-1-1
t_sites 'alpha 0 1, beta 0 1'
receipt alpha
t_ok 'the receipt of one site' export_ receive "$T_RECEIPT"
t_sites 'alpha 1 0, beta 0 1'
t_base 0
receipt beta
t_ok 'the receipt of the other, which has the same number' export_ receive "$T_RECEIPT"
t_sites 'alpha 1 0, beta 1 0'
t_base 1

t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K --change 100
t_ingest "$T_DIR"
bundle pair 2
t_json "$T_DIR/write.json" .kind increment
t_ok 'one site follows' take alpha pair-1-2
receipt alpha
t_ok 'and says so' export_ receive "$T_RECEIPT"
t_sites 'alpha 2 0, beta 1 1'
t_base 1
bundle pair 3
t_ok 'the next one suits the site that has the one before' take alpha pair-1-3
t_ok 'and the one that missed it' take beta pair-1-3
receipt beta
t_ok 'the slower site confirms' export_ receive "$T_RECEIPT"
t_sites 'alpha 2 1, beta 3 0'
t_base 2

# ---- another channel has a life of its own ----

bundle solo 1
t_json "$T_DIR/write.json" .kind full
t_ok 'the other channel counts from 1' take gamma solo-1-1
receipt gamma
t_ok 'its receipt' export_ receive "$T_RECEIPT"
t_sites 'alpha 2 1, beta 3 0'
t_must export_ plan solo --json
cp "$T_DIR/out" "$T_DIR/plan.json"
t_json "$T_DIR/plan.json" .base 1
for site in alpha beta gamma; do
	t_must gapferry-import --repo "$T_DIR/$site" status --json
	jq -r .catalog_root "$T_DIR/out" >"$T_DIR/root.$site"
done
t_same 'both sites of the pair have one catalog' "$T_DIR/root.alpha" "$T_DIR/root.beta"
t_same 'and the third the same' "$T_DIR/root.alpha" "$T_DIR/root.gamma"

# ---- sites come and go ----

t_ok 'a site is added' export_ channel set pair --audience alpha beta delta
t_base 0
t_must gapferry-import --repo "$T_DIR/delta" init --channel pair --audience delta --trust "$T_DIR/trust"
t_error 5 GF-1910 'an earlier bundle is not for it' take delta pair-1-3
bundle pair 4
t_json "$T_DIR/write.json" .kind full
t_ok 'the next bundle is complete, and for it' take delta pair-1-4
receipt beta
beta=$T_RECEIPT
t_ok 'a site is removed' export_ channel set pair --audience alpha delta
t_sites 'alpha 2 2, delta 0 4'
t_error 5 GF-2030 'its receipts are refused' export_ receive "$beta"
receipt delta
t_ok 'the new one confirms' export_ receive "$T_RECEIPT"
t_base 2
t_ok 'a site comes back' export_ channel set pair --audience alpha beta delta
t_sites 'alpha 2 2, beta 0 4, delta 4 0'
t_error 5 GF-2034 'its number is remembered' export_ receive "$T_DIR/back/receipt-pair-beta-1.txt"
t_ok 'its newest receipt counts' export_ receive "$beta"
t_sites 'alpha 2 2, beta 3 1, delta 4 0'
