#!/bin/sh
# Increments: what they leave out and carry, how they heal, and what is refused.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq

t_in_memory
t_trust "$T_DIR"

# ingest DIR OPTION...: a state of the catalog into DIR/exporter; 40 payload files.
ingest() {
	i_dir=$1
	shift
	rm -rf "$i_dir/catalog"
	t_must mkcatalog --out "$i_dir/catalog" --payloads 40 --payload-min 50K \
		--payload-max 100K "$@"
	t_ingest "$i_dir"
}

# site DIR OPTION...: exporter with a channel (options of channel add) and importer.
site() {
	s_dir=$1
	shift
	mkdir -p "$s_dir/medium"
	ln -sf "$T_DIR/keys" "$s_dir/keys"
	ln -sf "$T_DIR/trust" "$s_dir/trust"
	t_must gapferry-export --repo "$s_dir/exporter" init
	t_must gapferry-export --repo "$s_dir/exporter" channel add main --audience site1 \
		--trust "$T_DIR/trust" "$@"
	t_importer "$s_dir"
}

# bundle DIR N OPTION...: write and approve; T_BUNDLE and DIR/write.json.
bundle() {
	b_dir=$1 T_BUNDLE=$1/medium/gapferry/main-1-$2
	shift 2
	t_must gapferry-export --repo "$b_dir/exporter" write main --json \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$b_dir/medium" "$@"
	cp "$T_DIR/out" "$b_dir/write.json"
	t_must gapferry-export approve "$T_BUNDLE" --key "$T_DIR/keys/anna-approver.key.pem" \
		--trust "$T_DIR/trust" --repo "$b_dir/exporter"
}

confirm() {
	t_must gapferry-export --repo "$1/exporter" channel confirm main --site site1 --sequence "$2"
}

# import DIR N: status in T_STATUS, output in $T_DIR/out.
import() {
	t_run gapferry-import --repo "$1/importer" import "$1/medium/gapferry/main-1-$2" --json
}

# t_is DESC STATUS: the last command ended so.
t_is() {
	if [ "$T_STATUS" -eq "$2" ]; then t_pass "$1"; else t_fail "$1 (exit status $T_STATUS)"; fi
}

# same DESC DIR N: the importer has what bundle N states, and nothing waits.
same() {
	gapferry-import --repo "$2/importer" status --json >"$T_DIR/status.json"
	s_want=$(sed -n 's/^catalog-root //p' "$2/medium/gapferry/main-1-$3/MANIFEST")
	# shellcheck disable=SC2016 # $root is jq's
	t_ok "$1" jq -e --arg root "$s_want" \
		'.catalog_root == $root and (.pending | length) == 0 and .need.sequence == 0' \
		"$T_DIR/status.json"
}

# ---- what is left out ----

a=$T_DIR/a
site "$a"
ingest "$a" --updates 1000
bundle "$a" 1
t_json "$a/write.json" .kind full
t_json "$a/write.json" .why 'the first bundle of the channel'
import "$a" 1
t_is 'the first bundle is imported' 0
bundle "$a" 2
t_json "$a/write.json" .kind full
t_json "$a/write.json" .why 'site site1 has confirmed nothing'
t_error 1 GF-2020 'a site that the channel does not have confirms nothing' \
	gapferry-export --repo "$a/exporter" channel confirm main --site nowhere --sequence 1
t_error 1 GF-2021 'nor can a bundle be confirmed that was never sent' \
	gapferry-export --repo "$a/exporter" channel confirm main --site site1 --sequence 3
confirm "$a" 1
find "$a/exporter/content" -type f | sort >"$T_DIR/before"
ingest "$a" --updates 1000 --change 50 --change-seed 7
find "$a/exporter/content" -type f | sort >"$T_DIR/after"
t_ok 'the plan says what it leaves out, and why' gapferry-export --repo "$a/exporter" plan main
t_contains 'and on which bundle it builds' "$T_DIR/out" 'increment on sequence 1: confirmed by'
bundle "$a" 3
t_json "$a/write.json" .kind increment
t_json "$a/write.json" .base 1
for line in 'kind increment' 'base 1'; do
	t_contains "MANIFEST says $line" "$T_BUNDLE/MANIFEST" "$line"
done
# New content, and what the catalog needs beside it: delta, pack, tables, small files.
fresh=$(comm -13 "$T_DIR/before" "$T_DIR/after" | while read -r file; do
	stat -c %s "$file"
done | awk '{ n += $1 } END { print n + 0 }')
catalog=$(awk '$3 == "catalog" { n += $8 } END { print n + 0 }' "$T_BUNDLE/OBJECTS")
listing=$(awk '$3 == "catalog" { n += $8 } END { print n + 0 }' \
	"$a/medium/gapferry/main-1-1/OBJECTS")
volumes=$(cat "$T_BUNDLE"/vol-*.tar | wc -c)
t_ok "volumes have at most 1.02 times the new content ($volumes, $fresh)" \
	test "$((volumes * 100))" -le "$((fresh * 102 + catalog * 100))"
t_ok "the listing is not carried whole ($catalog of $listing)" \
	test "$((catalog * 4))" -lt "$listing"
t_json "$a/write.json" '.assumed_objects > .objects * 3' true
awk '$5 == 0 { n++ } END { print n + 0 }' "$T_BUNDLE/OBJECTS" >"$T_DIR/count"
jq .assumed_objects "$a/write.json" >"$T_DIR/want"
t_same 'as many as MANIFEST says' "$T_DIR/count" "$T_DIR/want"
t_ok 'the verifier shows it' gapferry-verify "$T_BUNDLE" --trust "$T_DIR/trust" --json
cp "$T_DIR/out" "$T_DIR/verify.json"
t_json "$T_DIR/verify.json" '"\(.kind) \(.base)"' 'increment 1'

# ---- nobody approves blindly ----

rm "$T_BUNDLE/sigs/"*
t_error 4 GF-1261 'without a builder nobody approves' gapferry-export approve "$T_BUNDLE" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust" --repo "$a/exporter"
bundle "$a" 4
t_must gapferry-export --repo "$a/exporter" write main --json \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$a/medium"
five=$a/medium/gapferry/main-1-5
t_error 6 GF-2022 'an increment is not approved without its base' gapferry-export approve "$five" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
t_must gapferry-import --repo "$T_DIR/empty" init --channel main --audience site1 \
	--trust "$T_DIR/trust"
t_error 6 GF-2022 'nor with a repository that does not know it' gapferry-export approve "$five" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust" --repo "$T_DIR/empty"
t_ok 'but with one that imported the bundles before' gapferry-export approve "$five" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust" --repo "$a/importer"
t_contains 'and what it results in is shown' "$T_DIR/out" 'increment on sequence 1'

# ---- it heals: 3 and 4 are lost, 5 builds on what is confirmed ----

import "$a" 5
t_is 'an increment after two lost bundles is imported' 0
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '"\(.kind) \(.base) \(.updates_gone)"' 'increment 1 0'
same 'and gives the catalog that it states' "$a" 5
import "$a" 4
t_is 'an older one is refused afterwards' 5

# ---- out of order: the base was stated by hand ----

confirm "$a" 5
ingest "$a" --updates 1000 --change 60 --change-seed 8
bundle "$a" 6
ingest "$a" --updates 1000 --change 80 --change-seed 8
bundle "$a" 7 --since 6
t_json "$a/write.json" .why 'given by hand'
t_error 1 GF-2021 'a base that was never sent is refused' gapferry-export --repo "$a/exporter" \
	plan main --since 8
t_error 6 GF-2110 'an increment whose base is not here waits' \
	gapferry-import --repo "$a/importer" import "$a/medium/gapferry/main-1-7"
t_contains 'and says on what it builds' "$T_DIR/err" 'builds on sequence 6, here is 5'
t_ok 'the need list is printed' gapferry-import --repo "$a/importer" need
cp "$T_DIR/out" "$T_DIR/need"
t_same 'as it lies in the repository' "$T_DIR/need" "$a/importer/need"
t_contains 'it names the bundle' "$T_DIR/need" "bundle 7 $(sha256sum \
	<"$a/medium/gapferry/main-1-7/MANIFEST" | cut -c 1-64)"
t_contains 'the newest bundle here' "$T_DIR/need" 'holds 5'
t_contains 'and objects' "$T_DIR/need" 'object '
t_ok 'also as JSON' gapferry-import --repo "$a/importer" need --json
cp "$T_DIR/out" "$T_DIR/need.json"
t_json "$T_DIR/need.json" '(.objects | length > 0) and .needed' true
gapferry-import --repo "$a/importer" status --json >"$T_DIR/status.json"
t_json "$T_DIR/status.json" '"\(.pending[0].sequence) \(.sequence)"' '7 5'
import "$a" 6
t_is 'the bundle before it is imported' 0
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '.also_imported | join(" ")' 7
same 'and the one that waited, too, without its medium' "$a" 7
t_ok 'nothing is needed any more' gapferry-import --repo "$a/importer" need
t_status 1 'and nothing is left of it' test -e "$a/importer/need"

# ---- damage on our own disk ----

confirm "$a" 7
ingest "$a" --updates 1000 --change 60 --change-seed 10
bundle "$a" 8
pack=$(awk '$5 == 0 && $3 == "pack" { print $1 }' "$T_BUNDLE/OBJECTS" | head -n 1)
content=$(awk '$5 == 0 && $3 == "content" { print $1 }' "$T_BUNDLE/OBJECTS" | head -n 1)
file=$a/importer/content/$(echo "$pack" | cut -c 1-2)/$pack
chmod u+w "$file"
printf 'x' | dd of="$file" bs=1 seek=100 conv=notrunc 2>/dev/null
rm -f "$a/importer/content/$(echo "$content" | cut -c 1-2)/$content"
import "$a" 8
t_is 'an assumed file that is gone is noticed' 6
t_contains 'and needed' "$a/importer/need" "object $content"
cp "$a/exporter/content/$(echo "$content" | cut -c 1-2)/$content" \
	"$a/importer/content/$(echo "$content" | cut -c 1-2)/$content"
import "$a" 8
t_is 'so is an assumed pack that is damaged' 6
t_contains 'and needed' "$a/importer/need" "object $pack"
bundle "$a" 9 --full
t_json "$a/write.json" .why 'asked for'
import "$a" 9
t_is 'a full bundle after increments heals everything' 0
same 'completely' "$a" 9

# ---- a catalog comes and is withdrawn ----

t_must mkcatalog --out "$a/old" --layout wsusscan --updates 60
t_run gapferry-export --repo "$a/exporter" ingest wsusscn2 "$a/old/WSUSSCAN.cab"
bundle "$a" 10
import "$a" 10
t_is 'a second catalog arrives with an increment' 0
same 'as it was sent' "$a" 10
confirm "$a" 10
old=$(gapferry-export --repo "$a/exporter" status --json |
	jq -r '.catalogs[] | select(.kind == "wsusscan") | .series')
t_error 1 GF-2023 'what is not there cannot be withdrawn' \
	gapferry-export --repo "$a/exporter" withdraw wsusscan nothing
t_ok 'it is withdrawn' gapferry-export --repo "$a/exporter" withdraw wsusscan "$old"
t_contains 'which the ledger tells' "$a/exporter/ledger" " withdraw kind=wsusscan series=$old "
bundle "$a" 11
t_contains 'MANIFEST says so' "$T_BUNDLE/MANIFEST" "withdrawn wsusscan $old"
import "$a" 11
t_is 'and that is no alarm' 0
same 'it is gone' "$a" 11

# ---- the shrink alarm ----

# Revisions that name other updates than before: nobody withdraws an update like this.
confirm "$a" 11
t_must mkcatalog --out "$a/less" --payloads 40 --payload-min 50K --payload-max 100K --updates 700
t_run gapferry-export --repo "$a/exporter" ingest wsusscn2 "$a/less/wsusscn2.cab" \
	--content "$a/less/content" --accept-shrink
cp -r "$a" "$T_DIR/b"
bundle "$a" 12
import "$a" 12
t_is 'an increment that loses updates without saying so is imported with an alarm' 2
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '.updates_gone > 0' true
b=$T_DIR/b
bundle "$b" 12 --full
import "$b" 12
t_is 'so is a full bundle' 2
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '.updates_gone > 0' true

# ---- a fork across a gap ----

bundle "$b" 13
bundle "$b" 14
t_error 5 GF-1912 'an increment of another history is refused although bundles are missing' \
	gapferry-import --repo "$a/importer" import "$b/medium/gapferry/main-1-14"

# ---- an empty repository ----

t_error 6 GF-2110 'an increment into an empty repository waits' \
	gapferry-import --repo "$T_DIR/empty" import "$a/medium/gapferry/main-1-10"
t_contains 'and lacks the list it builds on' "$T_DIR/empty/need" 'listing '
t_contains 'because nothing is here' "$T_DIR/empty/need" 'holds 0'
t_ok 'an older full bundle is imported' \
	gapferry-import --repo "$T_DIR/empty" import "$a/medium/gapferry/main-1-9" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '"\(.sequence) \(.also_imported | join(" "))"' '9 10'

# ---- one-way: any three in a row may get lost ----

c=$T_DIR/c
site "$c" --one-way
for n in 1 2 3 4 5 6 7 8 9; do
	ingest "$c" --updates 60 --change 100 --change-seed "$n"
	bundle "$c" "$n"
	echo "$n $(jq -r '"\(.kind) \(.base)"' "$c/write.json")"
done >"$T_DIR/kinds"
tr '\n' ';' <"$T_DIR/kinds" >"$T_DIR/line"
t_contains 'the base is four bundles back' "$T_DIR/line" \
	'3 full 0;4 full 0;5 increment 1;6 increment 2;7 increment 3;8 increment 4;9 increment 5'
import "$c" 5
t_is 'an increment builds on what is not here' 6
import "$c" 4
t_is 'a full one helps' 0
same 'both are imported' "$c" 5
import "$c" 9
t_is 'after three lost bundles in a row the next one is imported' 0
same 'and gives what it states' "$c" 9
t_ok 'the overlap can be changed' gapferry-export --repo "$c/exporter" channel set main --overlap 0
bundle "$c" 10
t_json "$c/write.json" .base 9
t_ok 'and so can the direction' gapferry-export --repo "$c/exporter" channel set main --two-way
bundle "$c" 11
t_json "$c/write.json" .why 'site site1 has confirmed nothing'
