#!/bin/sh
# quickstart.sh BINDIR: the main job, end to end, step by step.
#
# Makes a small but genuine scan catalog and its payload, takes both across the
# gap, proves the bundle with our verifier and with standard tools, imports it
# and downloads from the server, by hand and by computers that scan; then the weekly routine: a receipt goes back, and
# the next catalog travels as an increment; then a catalog in which one update
# carries an unknown deployment action.  Every command is shown before it
# runs, and the first one that does not end with the expected status ends the
# script.  Everything lies in build/quickstart and is made anew each time.
set -eu
cd "$(dirname "$0")/.."
bin=$(cd "${1:-build/release/bin}" && pwd)
place=build/quickstart
bundles=medium/gapferry
server=
PATH=$bin:$PATH LC_ALL=C TZ=UTC
no_proxy=127.0.0.1
export PATH LC_ALL TZ no_proxy
unset GAPFERRY_REPO GAPFERRY_TRUST GAPFERRY_KEY GAPFERRY_MEDIA GAPFERRY_THREADS GAPFERRY_LISTEN
unset GAPFERRY_KEY_PASSPHRASE SOURCE_DATE_EPOCH ANCHORS ATTIME
umask 022

# ---- how a step looks ----

step() {
	count=$((${count:-0} + 1))
	printf '\n==== %d. %s\n' "$count" "$1"
}

say() {
	printf '%s\n' "$@" | sed 's/^/# /'
}

die() {
	echo "quickstart: $*" >&2
	exit 1
}

stop_server() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
}
trap stop_server EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# run N COMMAND: show it, run it in a shell, and insist on exit status N.
run() {
	want=$1 status=0
	shift
	printf '\n$ %s\n' "$*"
	sh -c "$*" </dev/null || status=$?
	[ "$status" -eq "$want" ] || die "exit status $status, expected $want: $*"
	[ "$want" -eq 0 ] || printf '(exit status %d, as expected)\n' "$status"
}

# head_of N COMMAND, tail_of N COMMAND: expect status 0, show N lines of what it prints.
head_of() {
	part head "$@"
}

tail_of() {
	part tail "$@"
}

part() {
	end=$1 lines=$2 status=0
	shift 2
	printf '\n$ %s\n' "$*"
	sh -c "$*" </dev/null >shown 2>&1 || status=$?
	[ "$status" -eq 0 ] || cat shown
	[ "$status" -eq 0 ] || die "exit status $status, expected 0: $*"
	total=$(wc -l <shown)
	[ "$end" = head ] || echo "... ($((total > lines ? total - lines : 0)) lines before)"
	"$end" -n "$lines" shown
	[ "$end" = tail ] || echo "... ($((total > lines ? total - lines : 0)) more lines)"
	rm shown
}

# ---- the connected side ----

prepare() {
	step 'Something to carry'
	say 'A scan catalog as Microsoft publishes it: a cabinet of cabinets, LZX-compressed, with 500' \
		'updates in thousands of small XML documents; and 60 payload files, some larger than a volume.'
	run 0 mkcatalog --out connected/catalog --updates 500 --payloads 60 \
		--payload-min 1K --payload-max 9M --seed 38
	run 0 'cat connected/catalog/truth.txt; ls -l connected/catalog/wsusscn2.cab'
}

make_keys() {
	step 'Keys and the trust root'
	say 'Four people, four keys (ECDSA P-384).  Rita decides who counts; Bob builds; Alice approves;' \
		'Ivan, at the isolated site, signs receipts and makes his key there.'
	run 0 gapferry-export key new --role root --holder rita --out connected/keys
	run 0 gapferry-export key new --role builder --holder bob --out connected/keys
	run 0 gapferry-export key new --role approver --holder alice --out connected/keys
	run 0 gapferry-export key new --role importer --holder ivan --out isolated/keys
	run 0 gapferry-export trust new --root connected/keys/rita-root.cert.pem \
		--builder connected/keys/bob-builder.cert.pem \
		--approver connected/keys/alice-approver.cert.pem \
		--importer isolated/keys/ivan-importer.cert.pem \
		--key connected/keys/rita-root.key.pem --out connected/trust
	say 'The isolated side and the auditor get this directory in person, never on the medium.'
	run 0 'cp -R connected/trust isolated/trust; cp -R connected/trust auditor/trust'
}

export_bundle() {
	step 'Connected side: repository, channel, catalog'
	run 0 gapferry-export --repo connected/repository init
	run 0 gapferry-export --repo connected/repository channel add plant --audience site1 \
		--trust connected/trust
	run 0 gapferry-export --repo connected/repository ingest wsusscn2 \
		connected/catalog/wsusscn2.cab --content connected/catalog/content

	step 'Connected side: plan, then write volumes of at most 8 MiB'
	run 0 gapferry-export --repo connected/repository plan plant --media 8M
	run 0 gapferry-export --repo connected/repository write plant \
		--key connected/keys/bob-builder.key.pem --out medium --media 8M
	run 0 ls -l $bundles/plant-1-1
	run 0 cat $bundles/plant-1-1/MANIFEST
	say 'Files larger than a volume are split; OBJECTS says where each part lies' \
		'(sha256 size kind sha1 volume offset first length name):'
	run 0 "awk '\$2 != \$8' $bundles/plant-1-1/OBJECTS"

	step 'Not yet: one signature is not enough'
	run 4 gapferry-verify $bundles/plant-1-1 --trust auditor/trust

	step 'The approver reads everything on the medium, sees what it is, and signs'
	run 0 gapferry-export approve $bundles/plant-1-1 --key connected/keys/alice-approver.key.pem \
		--trust connected/trust
}

# ---- the way across ----

audit() {
	step 'Anybody verifies with gapferry-verify'
	run 0 gapferry-verify $bundles/plant-1-1 --trust auditor/trust
	run 0 gapferry-verify $bundles/plant-1-1 --trust auditor/trust --volume vol-0002.tar

	step 'An auditor who trusts no program of ours: openssl, coreutils, tar, zstd'
	say 'The card is the script VERIFY.txt on the medium.  In earnest the auditor runs a copy of his own.' \
		'Our programs are not in this PATH.'
	run 0 "cp $bundles/plant-1-1/VERIFY.txt auditor/"
	run 0 "cd $bundles/plant-1-1 && env PATH=/usr/bin:/bin ANCHORS=../../../auditor/trust sh ../../../auditor/VERIFY.txt"

	step 'One byte changed on the way'
	run 0 "cp -R $bundles/plant-1-1 damaged; printf X | dd of=damaged/vol-0001.tar bs=1 seek=700000 conv=notrunc status=none"
	run 3 gapferry-verify damaged --trust auditor/trust --chunks
	run 0 rm -r damaged
}

import_bundle() {
	step 'Isolated side: import'
	run 0 gapferry-import --repo isolated/repository init --channel plant --audience site1 \
		--trust isolated/trust
	run 0 gapferry-import --repo isolated/repository import $bundles/plant-1-1
	say 'Importing it again changes nothing:'
	run 0 gapferry-import --repo isolated/repository import $bundles/plant-1-1
	run 0 gapferry-import --repo isolated/repository status
	head_of 6 gapferry-import --repo isolated/repository findings
	head_of 6 gapferry-import --repo isolated/repository updates
}

# ---- every week ----

receipt_back() {
	step 'The way back: a signed receipt says what the site holds'
	run 0 mkdir -p back
	run 0 gapferry-import --repo isolated/repository receipt \
		--key isolated/keys/ivan-importer.key.pem --out back
	head_of 19 cat back/receipt-plant-site1-1.txt
	say 'It may come back on a medium, on paper (--qr) or past a guard.  The connected side checks it' \
		'and now knows what the next bundle may leave out.  Look at: back/, and status.'
	run 0 gapferry-export --repo connected/repository receive back/receipt-plant-site1-1.txt
	run 0 gapferry-export --repo connected/repository status
}

next_week() {
	step 'A week later: a newer catalog, of which 5 % are new'
	run 0 mkcatalog --out connected/week2 --updates 500 --payloads 60 --payload-min 1K \
		--payload-max 9M --seed 38 --change 50 --change-seed 2 --created 2026-07-21T17:00:00Z
	run 0 gapferry-export --repo connected/repository ingest wsusscn2 \
		connected/week2/wsusscn2.cab --content connected/week2/content
	run 0 gapferry-export --repo connected/repository plan plant --media 8M

	step 'An increment: it carries only what the site does not have'
	run 0 gapferry-export --repo connected/repository write plant \
		--key connected/keys/bob-builder.key.pem --out medium --media 8M --seal S-0815
	run 0 "grep -E '^(kind|base|objects|assumed) ' $bundles/plant-1-2/MANIFEST; du -sh $bundles/plant-1-1 $bundles/plant-1-2"
	say 'Alice needs a repository with the bundles before, to recompute the whole catalog that results:'
	tail_of 2 gapferry-export approve $bundles/plant-1-2 --key connected/keys/alice-approver.key.pem \
		--trust connected/trust --repo connected/repository

	step 'Isolated side: import it, and make the receipt in the same command'
	run 0 gapferry-import --repo isolated/repository import $bundles/plant-1-2 --seal S-0815 \
		--receipt-key isolated/keys/ivan-importer.key.pem --receipt-out back
	run 0 gapferry-export --repo connected/repository receive back/receipt-plant-site1-2.txt

	step 'Who did what with this bundle, on both sides'
	say 'Every step above is a record in a chained ledger on its side: connected/repository/ledger and' \
		'isolated/repository/ledger.  The custody report lays them side by side.'
	run 0 gapferry-export --repo connected/repository custody --bundle plant-1-2 \
		--with isolated/repository/ledger
}

# ---- a catalog with a fault in it ----

import_fault() {
	step 'A catalog with one deployment action that nobody knows'
	say 'In June 2008 one such update stopped every security update.  Here it is kept out, together with' \
		'what depends on it, and everything else goes on.  Exit status 2: done, with findings.'
	run 0 "mkcatalog --out connected/faulty --updates 500 --payloads 60 --payload-min 1K --payload-max 9M \\
      --seed 38 --fault unknown-action; grep quarantined connected/faulty/truth.txt"
	run 2 gapferry-export --repo connected/repository ingest wsusscn2 \
		connected/faulty/wsusscn2.cab --content connected/faulty/content
	run 0 gapferry-export --repo connected/repository write plant \
		--key connected/keys/bob-builder.key.pem --out medium --media 8M
	run 2 gapferry-export approve $bundles/plant-1-3 --key connected/keys/alice-approver.key.pem \
		--trust connected/trust --repo connected/repository
	run 2 gapferry-import --repo isolated/repository import $bundles/plant-1-3
	run 0 gapferry-import --repo isolated/repository status

	step 'The older bundle again: refused'
	run 5 gapferry-import --repo isolated/repository import $bundles/plant-1-1
}

# ---- clients ----

start_server() {
	printf '\n$ gapferry-server --repo isolated/repository --listen 127.0.0.1:0 &\n'
	gapferry-server --repo isolated/repository --listen 127.0.0.1:0 >server.out </dev/null &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -s server.out ] || break
		kill -0 "$server" 2>/dev/null || die 'the server did not start'
		sleep 0.2
	done
	cat server.out
	url=http://$(sed -n 's/^listening on //p' server.out)
	[ "$url" != http:// ] || die 'the server does not say where it listens'
}

# The largest payload file that the server has, and the update it belongs to.
pick_payload() {
	curl -sf "$url/api/v1/updates?limit=1000" | jq -r '.updates[] | .update_id as $id | .files[] |
		select(.kind == "payload" and .present) | "\(.size) \(.sha1) \($id) \(.name)"' |
		sort -n | tail -n 1 >picked
	read -r size sha1 update name <picked || die 'the server lists no payload file'
	rm picked
	original=$(find connected/faulty/content -name "*$sha1*")
	[ -f "$original" ] || die "no file $name in the folder of payload files"
	content=$url/Content/$(printf %s "$sha1" | tail -c 2)/$sha1.${name##*.}
}

serve() {
	step 'Isolated side: the server'
	start_server
	run 0 "curl -sf $url/healthz"
	run 0 "curl -sf $url/api/v1/status | jq -ce ."
	pick_payload
	say 'One update by the interface:'
	run 0 "curl -sf $url/api/v1/updates/$update | jq -e '.updates[0]'"
	say "Its payload file ($size bytes) the way Windows Update clients ask for it; the result is the original:"
	run 0 curl -sfI "$content"
	run 0 "curl -sf $content | cmp - $original && echo identical"
	say 'A byte range, and the same bytes of the original:'
	run 0 "curl -sf -D - -r 1000000-1000999 -o range $content"
	run 0 "tail -c +1000001 $original | head -c 1000 | cmp - range && echo identical"
	run 0 "curl -sf '$url/api/v1/findings?severity=error&limit=2' | jq -ce '.findings[] | {id, source_revision, message}'"
}

# Three updates that can be approved: no parts of others, superseded by none.
pick_approvable() {
	curl -sf "$url/api/v1/updates?limit=1000" | jq -r '[.updates[] | select(.type == "Software" and
		.action == null and .verdict == "ok" and .is_leaf) | .update_id][:3][]'
}

clients() {
	step 'Isolated side: computers scan, download and report'
	approved=$(pick_approvable)
	[ -n "$approved" ] || die 'no update can be approved'
	# shellcheck disable=SC2086 # words
	run 0 gapferry-server approve $approved --group "'All Computers'" --repo isolated/repository
	say 'Twenty computers (a simulation that speaks what Windows Update speaks: SOAP, then ranges of files):'
	run 0 wuclient --url "$url" --machines 20 --share 100
	say 'What they say of the approved updates:'
	run 0 gapferry-server report updates --repo isolated/repository
	say 'And what tells a real Windows to come here:'
	run 0 "gapferry-server policy --url $url | head -n 20"
}

end_server() {
	printf '\n$ kill %d\n' "$server"
	kill "$server"
	wait "$server" || die "the server ended with status $?"
	server=
	rm -f server.out range
}

rm -rf "$place"
mkdir -p "$place/connected" "$place/isolated" "$place/auditor" "$place/medium"
cd "$place"
prepare
make_keys
export_bundle
audit
import_bundle
receipt_back
next_week
import_fault
serve
clients
end_server

cat <<END

==== Everything worked.  Look at it:

  $place/$bundles/plant-1-1/   the bundle as it lies on the medium
    MANIFEST      the only thing that is signed, by the files in sigs/
    OBJECTS       what the volumes hold;  tar -tvf vol-0001.tar  shows the same
    VERIFY.txt    the auditor's card
  $place/$bundles/plant-1-2/   the increment of the week after
  $place/$bundles/plant-1-3/   another one, with the faulty catalog
  $place/back/                 receipts
  $place/connected/            keys, trust root, catalog, repository of the connected side
  $place/isolated/             repository of the isolated side: catalog.db and content/

  $bin/gapferry-import --repo $place/isolated/repository findings --severity error
  $bin/gapferry-server --repo $place/isolated/repository --listen 127.0.0.1:8530

README.md says what this is, docs/OPERATIONS.md how to run it, docs/FORMAT.md what lies on a medium.
END
