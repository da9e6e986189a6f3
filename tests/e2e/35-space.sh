#!/bin/sh
# No room: exit status 7, nothing changed, and it works once there is room.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-import jq

# ---- a limit on the size of files, which any shell can set ----

a_site --updates 60 --payloads 4 --payload-min 3M --payload-max 4M --seed 5
a_snapshot fresh importer
a_snapshot ingested exporter

# limited BLOCKS COMMAND...: no file may grow above BLOCKS of 512 bytes.
limited() (
	ulimit -f "$1"
	shift
	exec "$@"
)
T_BUNDLE=$T_DIR/good
for blocks in 64 256 1024 4096; do
	rm -rf "$T_DIR/importer"
	t_importer "$T_DIR"
	t_status 7 "import with files of at most $blocks blocks" limited $blocks \
		gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good"
	t_run gapferry-import --repo "$T_DIR/importer" status --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	t_json "$T_DIR/status.json" '[.sequence, .objects, .updates_processed] | add' 0
	t_ok 'without the limit it is imported' \
		gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good"
done
for blocks in 8 64 1024; do
	rm -rf "$T_DIR/exporter"
	t_exporter "$T_DIR"
	t_status 7 "ingest with files of at most $blocks blocks" limited $blocks \
		gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 \
		"$T_DIR/catalog/wsusscn2.cab" --content "$T_DIR/catalog/content"
	t_run gapferry-export --repo "$T_DIR/exporter" status --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	t_json "$T_DIR/status.json" '.objects + (.catalogs | length)' 0
done
t_ingest "$T_DIR"
mkdir "$T_DIR/medium2"
for blocks in 1 64 1024; do
	t_status 7 "write with files of at most $blocks blocks" limited $blocks \
		gapferry-export --repo "$T_DIR/exporter" write main \
		--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium2" --media 1M
	t_status 1 'leaves nothing on the medium' sh -c "find '$T_DIR/medium2' -type f | grep ."
done
t_ok 'without the limit it is written' gapferry-export --repo "$T_DIR/exporter" write main \
	--key "$T_DIR/keys/bert-builder.key.pem" --out "$T_DIR/medium2" --media 1M
t_ok 'with the first sequence' test -d "$T_DIR/medium2/gapferry/main-1-1"
t_status 7 'init where no file can grow' limited 1 gapferry-import --repo "$T_DIR/tiny" init \
	--channel main --audience site1 --trust "$T_DIR/trust"
# shellcheck disable=SC2016 # for the inner shell
t_status 7 'standard output on a full disk ends with 7' \
	sh -c 'gapferry-import --repo "$1" status >/dev/full' - "$T_DIR/importer"
t_contains 'and says so' "$T_DIR/err" 'standard output'

# ---- full file systems, in a name space of our own ----

if ! unshare -Urm sh -c "mount -t tmpfs -o size=1m none '$T_DIR/medium'" 2>/dev/null; then
	t_skip 'full file systems' 'no user name spaces here'
	exit 0
fi

# full SIZE SCRIPT: the script runs with an empty file system of SIZE at $T_DIR/full.
mkdir "$T_DIR/full"
full() {
	unshare -Urm sh -c \
		"mount -t tmpfs -o size=$1 none '$T_DIR/full' && cd '$T_DIR' && $2"
}
init='gapferry-import --repo full/i init --channel main --audience site1 --trust trust'
zero='gapferry-import --repo full/i status --json | jq -e "[.sequence, .objects] | add == 0"'

# The preflight sees it.
t_ok 'import without room is refused before anything is written' full 20m "
	$init && { gapferry-import --repo full/i import good; [ \$? -eq 7 ]; } && $zero &&
	! find full/i/content -type f | grep ."
t_contains 'it says how much is needed' "$T_DIR/err" 'MiB needed'
# Hardly anything or nothing is left, not even for the database's journal.
for left in 0 64 512 8192; do
	t_ok "import with $left KiB left ends with 7, and later completes" full 200m "
		$init && cp -r good full/medium &&
		room=\$(df -k --output=avail full | tail -n 1) &&
		{ head -c \$(((room - $left) * 1024)) /dev/zero >full/ballast; true; } &&
		{ GAPFERRY_THREADS=2 gapferry-import --repo full/i import full/medium; [ \$? -eq 7 ]; } &&
		rm full/ballast && $zero && gapferry-import --repo full/i import full/medium"
done
t_ok 'write without room is refused before anything is written' full 8m "
	{ gapferry-export --repo exporter write main --key keys/bert-builder.key.pem --out full; [ \$? -eq 7 ]; } &&
	! find full -type f | grep ."
t_ok 'ingest without room changes nothing, and later completes' full 6m "
	gapferry-export --repo full/e init &&
	{ gapferry-export --repo full/e ingest wsusscn2 catalog/wsusscn2.cab --content catalog/content; [ \$? -eq 7 ]; } &&
	gapferry-export --repo full/e status --json | jq -e '.objects + (.catalogs | length) == 0' &&
	mount -o remount,size=100m full &&
	gapferry-export --repo full/e ingest wsusscn2 catalog/wsusscn2.cab --content catalog/content"
t_ok 'init without room' full 64k "{ $init; [ \$? -eq 7 ]; }"
