#!/bin/sh
# Catalog rules: seeded faults are found and nothing else, in documents (tests/rules) and in real
# cabinets; lint, diff and the reports in every format; what is strange after the catalog before.
. tests/e2e/lib.sh
# shellcheck disable=SC2016 # $ belongs to jq and to the inner shell
t_need mkcatalog rules gapferry-export gapferry-import jq xmllint
genuine=wsusscn2/wsusscan-kb2999226-2015/WSUSSCAN.cab

# ---- documents: one fault each ----

t_ok 'every seeded fault is found, with its place, and nothing else' rules \
	--count "${RULES_COUNT:-500}" --seed "${RULES_SEED:-1}"
tail -n 2 "$T_DIR/out" | head -n 1 >"$T_DIR/untested"
t_contains 'the rules without a mutation are those of cabinets' "$T_DIR/untested" \
	'no mutation for: GF-C070 GF-C071 GF-C072 GF-C073 GF-C076 GF-C077 GF-C078 GF-C079 GF-C080 GF-C081 GF-C082 GF-C083 GF-C097'

# ---- cabinets ----

t_must mkcatalog --out "$T_DIR/base" --updates 60 --shards 2 --payloads 4 --tree "$T_DIR/tree"
rm -rf "$T_DIR/tree/content"

# begin NAME: a copy of the tree to damage; it is in $tree.
begin() {
	name=$1 tree=$T_DIR/$1.tree
	cp -r "$T_DIR/tree" "$tree"
}

# pack OPTION...: $T_DIR/NAME.cab of the damaged tree.
pack() {
	t_pack "$tree" "$T_DIR/$name.cab" "$@"
}

# found NAME WANT...: lint finds exactly these, "ID FILE VALUE REVISION", beside that nobody signed.
found() {
	file=$T_DIR/$1.cab
	t_run gapferry-export lint "$file" --json
	jq -r '.findings[] | select(.id != "GF-C076") | "\(.id) \(.file) \(.value) \(.revision_id)"' \
		"$T_DIR/out" | sort >"$T_DIR/$1.got"
	shift
	printf '%s\n' "$@" | grep . | sort >"$T_DIR/want"
	t_same "$name: exactly the finding of the fault" "$T_DIR/$name.got" "$T_DIR/want"
}

begin clean
pack
found clean ''
begin stored
pack --compression none
found stored 'GF-C072 package.cab none 0' 'GF-C072 package2.cab none 0' 'GF-C072 package3.cab none 0'
begin unknown
echo x >"$tree/package2/c/readme"
pack
found unknown 'GF-C073 package2.cab/c/readme c/readme 0'
begin start
sed -i 's/RANGESTART="0"/RANGESTART="1"/' "$tree/index.xml"
pack
found start 'GF-C078 index.xml 1 0'
begin filesdir
sed -i 's/ FILESDIR="1"//' "$tree/index.xml"
pack
found filesdir 'GF-C079 index.xml 0 0'
begin range
revision=$(find "$tree/package3/c" -type f | sed 's|.*/||' | sort -n | tail -n 1)
mv "$tree/package3/c/$revision" "$tree/package2/c/"
pack
found range "GF-C080 package2.cab/c/$revision package3.cab $revision"
begin altered
licence=$(find "$tree/package2/files" -type f | sort | head -n 1)
printf 'X' >>"$licence"
sha1=$(sha1sum <"$licence")
pack
found altered "GF-C081 package2.cab/${licence##*/package2/} ${sha1%% *} 0"
begin absent
licence=$(find "$tree/package2/files" -type f | sort | tail -n 1)
rm "$licence"
sha1=$(basename "$licence" | tr A-F a-f)
pack
found absent "GF-C082 package.xml $sha1 0"
begin extra
printf 'nobody asked for it' >"$T_DIR/text"
sha1=$(sha1sum <"$T_DIR/text")
sha1=${sha1%% *}
upper=$(echo "$sha1" | tr a-f A-F)
folder=$tree/package2/files/$(echo "$upper" | cut -c 39-40)
mkdir -p "$folder"
cp "$T_DIR/text" "$folder/$upper"
pack
found extra "GF-C083 files/$sha1 $sha1 0"
begin misplaced
licence=$(find "$tree/package2/files" -type f | sort | tail -n 1)
mkdir "$tree/package2/files/zz"
mv "$licence" "$tree/package2/files/zz/"
name_of=files/zz/${licence##*/}
pack
found misplaced "GF-C073 package2.cab/$name_of $name_of 0" \
	"GF-C082 package.xml $(basename "$licence" | tr A-F a-f) 0"
t_must mkcatalog --out "$T_DIR/future" --updates 60 --shards 2 --payloads 4 \
	--created 2099-01-01T00:00:00Z
cp "$T_DIR/future/wsusscn2.cab" "$T_DIR/future.cab"
name=future
found future 'GF-C097 package.xml 2099-01-01T00:00:00Z 0'

# ---- lint ----

t_ok 'lint of a sound catalog ends with 0' gapferry-export lint "$T_DIR/clean.cab"
t_contains 'and says that it is not signed' "$T_DIR/out" 'GF-C076'
t_ok 'lint of package.xml alone' gapferry-export lint "$T_DIR/tree/package/package.xml"
t_contains 'ends with the summary' "$T_DIR/out" 'Updates summary: 60 processed, 0 quarantined'
t_ok 'lint of the inner cabinet' gapferry-export lint "$T_DIR/clean.outer/package.cab"
strange=$T_DIR/'n me <"$$<.cab'
cp "$T_DIR/clean.cab" "$strange"
t_ok 'lint of a file with a strange name' gapferry-export lint "$strange" --format sarif
cp "$T_DIR/out" "$T_DIR/strange.json"
t_json "$T_DIR/strange.json" '.runs[0].results[0].ruleId' GF-C076
t_must mkcatalog --out "$T_DIR/bad" --updates 60 --fault unknown-action
bad=$T_DIR/bad/wsusscn2.cab
t_status 2 'lint of a catalog with an error ends with 2' gapferry-export lint "$bad"
t_error 1 GF-1001 'an unknown format is refused' gapferry-export lint "$bad" --format xml
t_error 1 GF-1002 'a file that is not there' gapferry-export lint "$T_DIR/nowhere.cab"
t_error 3 GF-1309 'a file that is cut' sh -c \
	'head -c 5000 "$1" >"$2" && gapferry-export lint "$2"' - "$bad" "$T_DIR/cut.cab"
if [ -e "$SHARED/$genuine" ]; then
	t_ok 'a genuine catalog has no error' gapferry-export lint "$SHARED/$genuine" --json
	cp "$T_DIR/out" "$T_DIR/genuine.json"
	t_json "$T_DIR/genuine.json" .counts.error 0
	t_json "$T_DIR/genuine.json" .updates_processed 765
else
	t_skip 'a genuine catalog has no error' "$SHARED/$genuine is not there"
fi

# ---- formats ----

victim=$(sed -n 's/^fault unknown-action \([0-9]*\) .*/\1/p' "$T_DIR/bad/truth.txt")
for format in json sarif csv wsyncmgr cmtrace; do
	t_status 2 "lint as $format" gapferry-export lint "$bad" --format $format
	cp "$T_DIR/out" "$T_DIR/report.$format"
done
t_json "$T_DIR/report.json" ".findings[] | select(.id == \"GF-C001\") | .revision_id" "$victim"
t_json "$T_DIR/report.sarif" .version 2.1.0
t_json "$T_DIR/report.sarif" '[.runs[0].results[] | select(.message.text | not)] | length' 0
t_json "$T_DIR/report.sarif" '.runs[0] as $r | [$r.results[] | select($r.tool.driver.rules[.ruleIndex].id != .ruleId)] | length' 0
t_json "$T_DIR/report.sarif" '[.runs[0].results[].level] | unique | join(" ")' 'error warning'
t_json "$T_DIR/report.sarif" '[.runs[0].results[] | select(.level == "error") | .locations[0].physicalLocation.region.byteOffset | numbers] | length > 0' true
historic="Error 0x80004005, Unexpected DeploymentAction for update $victim. Returned from CreateUpdateNode"
t_contains 'the site server form has the historic line' "$T_DIR/report.wsyncmgr" \
	"$historic  \$\$<SMS_WSUS_SYNC_MANAGER><"
t_ok 'once' test "$(grep -cF "$historic" "$T_DIR/report.wsyncmgr")" -eq 1
t_contains 'the CMTrace form too' "$T_DIR/report.cmtrace" "<![LOG[$historic]LOG]!><time=\""
for line in 'Performing legacy sync' 'STATMSG: ID=6709 SEV=I' 'Processing security catalog' \
	'Initializing catalog' 'Pre-processing updates...' 'Updates summary: ' 'STATMSG: ID=6710'; do
	t_contains "the log has the line: $line" "$T_DIR/report.wsyncmgr" "$line"
done
t_status 1 'each line of the site server form is complete' grep -vE \
	'  \$\$<SMS_WSUS_SYNC_MANAGER><[0-9]{2}-[0-9]{2}-[0-9]{4} [0-9:]{8}\.[0-9]{3}\+000><thread=1 \(0x1\)>.$' \
	"$T_DIR/report.wsyncmgr"
t_status 1 'each line of the CMTrace form is complete' grep -vE \
	'^<!\[LOG\[.*\]LOG\]!><time="[0-9:.]{12}\+000" date="[0-9-]{10}" component="[A-Z_]+" context="" type="[123]" thread="1" file="">.$' \
	"$T_DIR/report.cmtrace"
t_ok 'as many rows of CSV as findings' test "$(wc -l <"$T_DIR/report.csv")" -eq \
	$(($(jq '.findings | length' "$T_DIR/report.json") + 1))

# ---- history, and both sides of the gap ----

t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"
mkdir "$T_DIR/content"
# ingest CAB: into the exporter; the findings of history are in T_DIR/history.
ingest() {
	t_run gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$1" --json --accept-shrink
	jq -r '.findings[] | .id' "$T_DIR/out" |
		grep -E 'GF-C08[4-9]|GF-C09[0-6]' | sort -u | tr '\n' ' ' >"$T_DIR/history"
}
ingest "$T_DIR/clean.cab"
t_ok 'the first catalog has no past' test ! -s "$T_DIR/history"
t_bundle "$T_DIR" 1
t_run gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
ingest "$T_DIR/clean.cab"
t_ok 'the same again is not strange' test ! -s "$T_DIR/history"
begin later
leaf=$(sed -n 's/.*RevisionNumber="[0-9]*" RevisionId="\([0-9]*\)"[^>]* DeploymentAction="Bundle".*/\1/p' \
	"$tree/package/package.xml" | head -n 1)
[ -n "$leaf" ] || leaf=$(grep -o 'RevisionId="[0-9]*"[^>]*DeploymentAction="Bundle"' \
	"$tree/package/package.xml" | head -n 1 | sed 's/[^0-9]*\([0-9]*\).*/\1/')
find "$tree" -path "*/c/$leaf" | while read -r file; do echo >>"$file"; done
pack
ingest "$T_DIR/later.cab"
t_contains 'a core fragment changed in place, under the old PackageId' "$T_DIR/history" \
	'GF-C085 GF-C092'
t_bundle "$T_DIR" 2 --full
t_run gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE" --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_json "$T_DIR/import.json" '[.findings[].id] | map(select(. == "GF-C085" or . == "GF-C092")) | join(" ")' \
	'GF-C085 GF-C092'
for format in text json sarif csv wsyncmgr cmtrace; do
	t_ok "findings as $format" gapferry-import --repo "$T_DIR/importer" findings --format $format
	t_contains "findings as $format: the rule is there" "$T_DIR/out" GF-C092
done
t_error 1 GF-1001 'findings in an unknown format' gapferry-import --repo "$T_DIR/importer" \
	findings --format yaml

# ---- diff ----

t_must mkcatalog --out "$T_DIR/next" --updates 60 --shards 2 --payloads 4 --drop 2 \
	--change 100 --change-seed 3
t_ok 'diff of two files' gapferry-export diff "$T_DIR/base/wsusscn2.cab" "$T_DIR/next/wsusscn2.cab" \
	--json
cp "$T_DIR/out" "$T_DIR/diff.json"
dropped=$(sed -n 's/^dropped //p' "$T_DIR/next/truth.txt")
t_json "$T_DIR/diff.json" '.withdrawn | length' "$dropped"
t_json "$T_DIR/diff.json" '.added | length' 0
t_json "$T_DIR/diff.json" '(.revised | length) > 0' true
t_ok 'the other way round' gapferry-export diff "$T_DIR/next/wsusscn2.cab" \
	"$T_DIR/base/wsusscn2.cab" --json
cp "$T_DIR/out" "$T_DIR/back.json"
t_json "$T_DIR/back.json" '.added | length' "$dropped"
begin sorted
xml=$tree/package/package.xml
one=$(grep -o '<Category Type="UpdateClassification" Id="[^"]*"' "$xml" | sort | uniq -c | sort -n |
	head -n 1 | sed 's/.*Id="\([^"]*\)".*/\1/')
two=$(grep -o '<Category Type="UpdateClassification" Id="[^"]*"' "$xml" | sed 's/.*Id="\([^"]*\)".*/\1/' |
	grep -v "$one" | head -n 1)
count=$(grep -o "<Category Type=\"UpdateClassification\" Id=\"$one\"" "$xml" | wc -l)
sed -i "s/\\(<Category Type=\"UpdateClassification\" Id=\"\\)$one/\\1$two/g" "$xml"
pack
t_ok 'diff of a series of the repository and a file' gapferry-export --repo "$T_DIR/exporter" diff \
	wsusscn2/802cb907-a558-4033-9844-bbf65cd3481e "$T_DIR/sorted.cab" --json
cp "$T_DIR/out" "$T_DIR/sorted.json"
t_json "$T_DIR/sorted.json" '(.reclassified | length) > 0 and (.reclassified | length) <= '"$count" true
t_json "$T_DIR/sorted.json" '.withdrawn | length' 0
t_ok 'diff as text' gapferry-export diff "$T_DIR/clean.cab" "$T_DIR/sorted.cab"
t_contains 'ends with the totals' "$T_DIR/out" 'clean.cab to sorted.cab: 0 added, '
t_ok 'a catalog and itself' gapferry-export diff "$T_DIR/clean.cab" "$T_DIR/clean.cab" --json
cp "$T_DIR/out" "$T_DIR/same.json"
t_json "$T_DIR/same.json" '[.added, .revised, .withdrawn, .superseded, .reclassified] | map(length) | add' 0
