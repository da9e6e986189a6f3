#!/bin/sh
# The ledger: who did what is recorded on both sides, its chain can be proved by hand, and whatever
# is done to it is seen.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq sha256sum

seal="O'Neil <b> & \"x\""
t_site "$T_DIR" --updates 40 --payloads 4
mkdir "$T_DIR/medium" "$T_DIR/medium3"
export_() {
	gapferry-export --repo "$T_DIR/exporter" "$@"
}
import_() {
	gapferry-import --repo "$T_DIR/importer" "$@"
}

# ---- the way of one bundle ----

t_ok 'a bundle is written, the medium described' export_ write main --out "$T_DIR/medium" \
	--key "$T_DIR/keys/bert-builder.key.pem" --serial 'AB 12' --label 'Stick 7' \
	--seal "$seal" --carrier carl
bundle=$T_DIR/medium/gapferry/main-1-1
t_error 6 GF-2007 'a bundle that lacks payload is still refused' sh -c "
	cp -r '$T_DIR/exporter' '$T_DIR/lacking'
	mkcatalog --out '$T_DIR/catalog2' --updates 40 --payloads 4 --seed 2 || exit 99
	rm -f \$(ls -d '$T_DIR'/catalog2/content/* | head -n 1)
	gapferry-export --repo '$T_DIR/lacking' ingest wsusscn2 '$T_DIR/catalog2/wsusscn2.cab' \
		--content '$T_DIR/catalog2/content' >/dev/null
	exec gapferry-export --repo '$T_DIR/lacking' write main --out '$T_DIR/medium3' \
		--key '$T_DIR/keys/bert-builder.key.pem'"
t_ok 'and one that is sent nevertheless' gapferry-export --repo "$T_DIR/lacking" write main \
	--out "$T_DIR/medium3" --key "$T_DIR/keys/bert-builder.key.pem" --incomplete
t_status 2 'is an override in the report' gapferry-export --repo "$T_DIR/lacking" custody
t_contains 'that names the option' "$T_DIR/out" 'overridden at '
t_error 3 GF-2005 'a catalog that shrank is still refused' sh -c "
	mkcatalog --out '$T_DIR/small' --updates 24 &&
	exec gapferry-export --repo '$T_DIR/lacking' ingest wsusscn2 '$T_DIR/small/wsusscn2.cab'"
t_ok 'and accepted on demand' gapferry-export --repo "$T_DIR/lacking" ingest wsusscn2 \
	"$T_DIR/small/wsusscn2.cab" --accept-shrink
t_contains 'which is recorded' "$T_DIR/lacking/ledger" 'override option=--accept-shrink'

t_ok 'the approval is recorded where it is wanted' gapferry-export approve "$bundle" \
	--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust" --repo "$T_DIR/exporter"
t_ok 'a hand-over is recorded' export_ handover main-1-1 --to 'gate Ä' --seal "$seal"
t_error 1 GF-1710 'not of something that is no bundle here' export_ handover other-1-1 --to x
t_error 1 GF-1740 'values are printable' export_ handover main-1-1 --to "$(printf 'a\tb')"
t_error 1 GF-1740 'and not empty' export_ handover main-1-1 --to x --seal ''
t_ok 'the other side records hand-overs too' import_ handover main-1-1 --to ivan --seal "$seal"
cp -r "$bundle" "$T_DIR/bad" && printf x >>"$T_DIR/bad/VERIFY.txt"
t_error 3 GF-1903 'a bad bundle is refused' import_ import "$T_DIR/bad"
mkdir -p "$T_DIR/unsigned" && cp -r "$bundle" "$T_DIR/unsigned/main-1-1" &&
	rm -r "$T_DIR/unsigned/main-1-1/sigs"
t_error 4 GF-1260 'an unsigned one too' import_ import "$T_DIR/unsigned/main-1-1"
t_ok 'the good one is imported, under another seal' import_ import "$bundle" --seal S-2

t_ok 'events of the connected side' export_ ledger show --json
cp "$T_DIR/out" "$T_DIR/events"
t_json "$T_DIR/events" '[.records[].event] | join(" ")' 'ledger init ingest write approve handover'
t_ok 'events of the isolated side' import_ ledger show --json
cp "$T_DIR/out" "$T_DIR/events"
t_json "$T_DIR/events" '[.records[].event] | join(" ")' \
	'ledger init handover refused refused import'
t_json "$T_DIR/events" '.records[4].values | map(select(.[0] == "id"))[0][1]' GF-1260
t_json "$T_DIR/events" '.records[5].values | map(select(.[0] == "signer") | .[1][0:13]) | sort | join(",")' \
	'approver anna,builder bert '
t_ok 'records of one bundle' import_ ledger show --bundle main-1-1

# ---- the report ----

t_status 2 'custody: what deserves attention' export_ custody --with "$T_DIR/importer/ledger" \
	--html "$T_DIR/report.html" --json
cp "$T_DIR/out" "$T_DIR/custody"
t_json "$T_DIR/custody" '[.bundles[] | .bundle] | join(" ")' 'main-1-1'
t_json "$T_DIR/custody" '[.bundles[0].attention[] | select(startswith("seal "))] | length' 1
t_json "$T_DIR/custody" '[.bundles[0].attention[] | select(startswith("refused "))] | length' 1
t_json "$T_DIR/custody" '[.bundles[0].attention[] | select(startswith("MANIFEST "))] | length' 0
t_contains 'the page is escaped' "$T_DIR/report.html" 'O&#39;Neil &lt;b&gt; &amp; &quot;x&quot;'
t_contains 'and whole' "$T_DIR/report.html" '</html>'
t_status 1 'and loads nothing' grep -E '<script|src=|href=|@import|url\(' "$T_DIR/report.html"
t_ok 'one side alone sees no change of seals' export_ custody --bundle main-1-1
t_error 1 GF-1743 'an unknown bundle is named' export_ custody --bundle main-1-9

# ---- by hand, as docs/FORMAT.md says ----

ledger=$T_DIR/exporter/ledger
cat >"$T_DIR/prove.sh" <<'END'
before=0000000000000000000000000000000000000000000000000000000000000000
while IFS= read -r line; do
	record=${line% *} digest=${line##* }
	[ "$(printf '%s\n%s' "$before" "$record" | sha256sum)" = "$digest  -" ] ||
		{ echo "wrong: $record"; exit 1; }
	before=$digest
done <"$1"
echo "$before"
END
t_ok 'sha256sum proves the chain' sh "$T_DIR/prove.sh" "$ledger"
head=$(cat "$T_DIR/out")
t_ok 'and the verifier' gapferry-verify ledger "$ledger" --head "$head" --json
cp "$T_DIR/out" "$T_DIR/verified"
t_json "$T_DIR/verified" .head "$head"
t_ok 'and the exporter' export_ ledger check --json
cp "$T_DIR/out" "$T_DIR/checked"
t_json "$T_DIR/checked" .head "$head"

# ---- changed ----

# changed EXIT ID DESC SED-SCRIPT: of a copy, seen by the verifier.
changed() {
	sed "$4" "$ledger" >"$T_DIR/changed"
	t_error "$1" "$2" "$3" gapferry-verify ledger "$T_DIR/changed" --head "$head"
}
changed 3 GF-1851 'an edited record' '4s/main/mine/'
t_contains 'is located' "$T_DIR/err" 'line 4'
changed 3 GF-1851 'an edited time' '3s/T/t/2;3s/ 20../ 2011/'
changed 3 GF-1853 'a removed record' 3d
t_contains 'is located as well' "$T_DIR/err" 'line 3: record 4 follows record 2'
changed 3 GF-1853 'a moved record' '3{h;d};4{G}'
changed 3 GF-1853 'a repeated record' '3p'
changed 3 GF-1854 'a cut end' 6d
changed 3 GF-1850 'a line of something else' '2i hello'
head -c -20 "$ledger" >"$T_DIR/changed"
t_error 3 GF-1852 'a torn end' gapferry-verify ledger "$T_DIR/changed"
t_error 1 GF-1002 'a file that is not there' gapferry-verify ledger "$T_DIR/nothing"

# The database holds the ledger too: the file is only a copy.
cp "$ledger" "$T_DIR/ledger.good"
sed -i '$s/gate/gold/' "$ledger"
t_error 3 GF-1741 'a changed file is seen by check' export_ ledger check
t_error 3 GF-1741 'and stops who would write' export_ handover main-1-1 --to x
mv "$ledger" "$T_DIR/evidence"
t_ok 'moved away, it is made anew' export_ handover main-1-1 --to y
t_ok 'whole' export_ ledger check
head -n 6 "$ledger" >"$T_DIR/first"
t_same 'with the same records' "$T_DIR/first" "$T_DIR/ledger.good"
printf '%s' "$(tail -n 1 "$ledger" | cut -c 1-30)" >>"$ledger"
t_error 3 GF-1852 'a torn line is told apart' export_ ledger check
t_ok 'the next writer heals it' export_ handover main-1-1 --to z
t_contains 'and says so' "$ledger" 'healed torn-bytes=30'
t_ok 'the chain holds' gapferry-verify ledger "$ledger"
sed -i '$d' "$ledger"
t_status 2 'records that the file lacks are found' export_ ledger check
t_ok 'a reader does not mind' export_ status
t_ok 'a writer adds them' export_ handover main-1-1 --to y
t_ok 'and all is well' export_ ledger check

# ---- kill -9 ----

if strace -f -o /dev/null -e trace=none true 2>/dev/null; then
	calls=pwrite64,write,fsync,fdatasync,ftruncate,openat
	wrong='' cut=0
	for n in 10 14 18 20 22 24 26 28 30 31 32 33 34 35 36 37 38 39 40 42 44 48; do
		t_run env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=$calls \
			-e inject=$calls:signal=SIGKILL:when="$n" \
			gapferry-export --repo "$T_DIR/exporter" handover main-1-1 --to "kill$n"
		[ "$T_STATUS" -eq 0 ] || cut=$((cut + 1))
		t_run export_ handover main-1-1 --to "after$n"
		[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:$T_STATUS"
		t_run export_ ledger check
		[ "$T_STATUS" -eq 0 ] || wrong="$wrong $n:check=$T_STATUS"
		[ "$(grep -c "to=after$n " "$ledger")" -eq 1 ] || wrong="$wrong $n:lost"
	done
	if [ -z "$wrong" ]; then
		t_pass "the ledger survives being killed ($cut times)"
	else
		t_fail "killed:$wrong"
	fi
	t_ok 'some kills came in the middle' test "$cut" -ge 5
	t_ok 'and sha256sum agrees' sh "$T_DIR/prove.sh" "$ledger"
else
	t_skip 'the ledger survives being killed' 'strace cannot trace here'
fi
