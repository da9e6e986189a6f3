#!/bin/sh
# Genuine bundles at the wrong time or place: replayed, older, for another channel or site, one of
# two histories, expired, from the future, and with a gap.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import gapferry-verify jq

t_site "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
for n in 1 2 3 4 5; do
	t_bundle "$T_DIR" $n
done
bundle() {
	echo "$T_DIR/medium/gapferry/main-1-$1"
}
import() {
	gapferry-import --repo "${2:-$T_DIR/importer}" import "$1"
}
for n in 2 3 4 5; do
	t_contains "bundle $n names the one before" "$(bundle $n)/MANIFEST" \
		"previous $(sha256sum <"$(bundle $((n - 1)))/MANIFEST" | cut -c 1-64)"
done

t_ok 'a channel may begin with any sequence' import "$(bundle 2)"
a_snapshot two importer
t_error 5 GF-1911 'the bundle before it is refused' import "$(bundle 1)"
a_unchanged 'and changes nothing' two importer
t_ok 'the same again is nothing to do' import "$(bundle 2)"
a_unchanged 'and changes nothing' two importer
t_ok 'a gap is accepted' import "$(bundle 4)"
a_snapshot four importer
t_error 5 GF-1911 'what fell into the gap is refused afterwards' import "$(bundle 3)"
t_error 5 GF-1911 'an accepted one, too, once there is a newer one' import "$(bundle 2)"
a_unchanged 'old bundles change nothing' four importer
t_ok 'the verifier has no memory and finds no fault' \
	gapferry-verify "$(bundle 2)" --trust "$T_DIR/trust"

# ---- another channel, another site ----

for place in 'main site2' 'other site1'; do
	dir=$T_DIR/at-${place#* }-${place% *}
	t_must gapferry-import --repo "$dir" init --channel "${place% *}" --audience "${place#* }" \
		--trust "$T_DIR/trust"
	t_error 5 GF-1910 "channel main for site1 is refused at $place" import "$(bundle 5)" "$dir"
	t_run gapferry-import --repo "$dir" status --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	t_json "$T_DIR/status.json" .sequence 0
	t_json "$T_DIR/status.json" .objects 0
done
# One channel for two sites that are kept in step.
t_must gapferry-export --repo "$T_DIR/exporter" channel add both --trust "$T_DIR/trust" \
	--audience site9 site1
t_error 1 GF-1001 'a site cannot be named twice' gapferry-export --repo "$T_DIR/exporter" \
	channel add twice --trust "$T_DIR/trust" --audience site1 site1
t_must gapferry-export --repo "$T_DIR/exporter" write both \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
both=$T_DIR/medium/gapferry/both-1-1
t_must gapferry-export approve "$both" --key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
grep '^audience ' "$both/MANIFEST" >"$T_DIR/audience"
printf 'audience %s\n' site1 site9 >"$T_DIR/want"
t_same 'the bundle names both sites' "$T_DIR/want" "$T_DIR/audience"
for site in site1 site9 site5; do
	t_must gapferry-import --repo "$T_DIR/both-$site" init --channel both --audience $site \
		--trust "$T_DIR/trust"
done
t_ok 'one of them accepts it' import "$both" "$T_DIR/both-site1"
t_ok 'the other one, too' import "$both" "$T_DIR/both-site9"
t_error 5 GF-1910 'a third site does not' import "$both" "$T_DIR/both-site5"

t_error 1 GF-1711 'a channel cannot be made again to count from 1' \
	gapferry-export --repo "$T_DIR/exporter" channel add main --audience site1 \
	--trust "$T_DIR/trust"

# ---- two histories: a second exporter with the same keys ----

fork=$T_DIR/fork
mkdir -p "$fork/medium"
cp -r "$T_DIR/keys" "$T_DIR/trust" "$T_DIR/catalog" "$fork/"
t_exporter "$fork"
t_ingest "$fork"
for n in 1 2 3 4 5; do
	SOURCE_DATE_EPOCH=$(($(date +%s) + 100 + n))
	export SOURCE_DATE_EPOCH
	t_bundle "$fork" $n
	unset SOURCE_DATE_EPOCH
done
t_error 5 GF-1912 'another bundle with the sequence of the last one' \
	import "$fork/medium/gapferry/main-1-4"
t_error 5 GF-1912 'another bundle with the sequence of an earlier one' \
	import "$fork/medium/gapferry/main-1-2"
t_error 5 GF-1912 'the next one of another history' import "$fork/medium/gapferry/main-1-5"
for n in 6 7; do
	t_bundle "$fork" $n
done
t_contains 'the history names the bundles before the previous one' \
	"$fork/medium/gapferry/main-1-7/MANIFEST" \
	"history 4 $(sha256sum <"$fork/medium/gapferry/main-1-4/MANIFEST" | cut -c 1-64)"
t_error 5 GF-1912 'another history is seen across a gap' import "$fork/medium/gapferry/main-1-7"
a_unchanged 'a second history changes nothing' four importer
t_ok 'our own next one is accepted' import "$(bundle 5)"
a_snapshot five importer

# ---- time ----

now=$(date +%s)
t_must env SOURCE_DATE_EPOCH=$((now + 3600 * 24 * 40)) gapferry-export \
	--repo "$T_DIR/exporter" write main --expires-days 1 \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium"
t_error 5 GF-1916 'nobody approves a bundle from the future' gapferry-export approve \
	"$(bundle 6)" --key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
if command -v faketime >/dev/null && faketime -f +1d gapferry-import --version >/dev/null 2>&1; then
	t_ok 'forty days later it is approved' faketime -f +40d gapferry-export approve \
		"$(bundle 6)" --key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
	t_error 5 GF-1916 'a site whose clock is behind refuses it' import "$(bundle 6)"
	t_error 5 GF-1915 'and a site where it has expired, too' faketime -f +42d \
		gapferry-import --repo "$T_DIR/importer" import "$(bundle 6)"
	a_unchanged 'the wrong time changes nothing' five importer
	t_ok 'at its time it is accepted' faketime -f +40d \
		gapferry-import --repo "$T_DIR/importer" import "$(bundle 6)"
	t_ok 'again after its expiry it is nothing to do' faketime -f +50d \
		gapferry-import --repo "$T_DIR/importer" import "$(bundle 6)"
	# Number 7 lives only today; the site has seen a bundle from 40 days on.
	t_bundle "$T_DIR" 7 --expires-days 1
	t_error 5 GF-1915 'a clock set back does not revive what expired' import "$(bundle 7)"
	t_status 5 'the verifier says that it has expired' \
		faketime -f +40d gapferry-verify "$(bundle 7)" --trust "$T_DIR/trust"
	t_contains 'with the id' "$T_DIR/out" GF-1915
else
	t_skip 'expiry' 'faketime is not there, or not with these programs'
fi
