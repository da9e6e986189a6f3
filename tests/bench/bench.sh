#!/bin/sh
# bench.sh BIN_DIR: the speed and memory of the main job beside the standard tools.
#
# Makes a tree of about 1 GiB (70 % of the bytes do not compress, 24 % half compress, 50,000 XML
# fragments of about 1 KB), then runs BENCH_ROUNDS rounds of
#
#   ours                       beside it
#   ingest                     -
#   write                      tar | zstd -T2 -3 | openssl dgst, then openssl cms -sign
#   approve                    -
#   verify                     openssl dgst -sha256 of all bytes of the bundle
#   import, empty repository   cp -r of the tree
#   -                          sha256sum -c over the tree
#   increment, 5 % new         write of the same round, the full bundle
#
# in turn, the order within each pair changing from round to round, and prints medians, ranges and
# the medians of the ratios pair by pair, with "met" or "missed" where there is a target.  Exit
# status: 0 whatever the figures are, 1 when something could not be run.
#
# Every single figure stays in build/bench.rows, columns as in measure.c.
#
#   BENCH_ROUNDS   default 5
#   BENCH_THREADS  of ours and of zstd, default 2
#   BENCH_DIR      where all files lie (a new folder in it, removed afterwards); default /dev/shm
#                  when 8 GiB are free there and in memory, else build/bench
#
# In memory the processor is compared, on a disk mostly the disk; cp -r does not flush what it
# wrote, import does.  Nothing needs root.  "others" is how many processors were busy with other
# things during a command.  Targets are judged by all rounds; "quiet" is the same over the n rounds
# in which that was at most 0.2 for both commands: a busy machine hurts those that use two
# processors more than those that use one.
set -u
bench='bench'
. tests/bench/lib.sh
change=12 rounds=${BENCH_ROUNDS:-5} threads=${BENCH_THREADS:-2}
[ $# -eq 1 ] || die 'usage: bench.sh BIN_DIR'
begin 8 "$1"

# ---- what ----

# bytes PATH...: of all regular files.
bytes() {
	find "$@" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

make_input() {
	must mkcatalog --out catalog --tree tree --seed 11 --updates 7646 --core-bytes 2K \
		--payloads 34 --payload-min 1M --payload-max 100M --compressible 28
	# The same catalog later: of 1000 updates and payload files 50 have other bytes.
	must mkcatalog --out later --seed 11 --updates 7646 --core-bytes 2K \
		--payloads 34 --payload-min 1M --payload-max 100M --compressible 28 \
		--change 50 --change-seed "$change" --created 2026-08-14T17:00:00Z
	keys .
	find tree -type f -exec openssl dgst -sha256 -r {} + | sed 's/ \*/  /' >tree.sums
	files=$(wc -l <tree.sums)
	fragments=$(sed -n 's/^fragments //p' catalog/truth.txt)
	payload=$(sed -n 's/^payload_bytes //p' catalog/truth.txt)
	tree=$(bytes tree)
	[ "$fragments" -ge 50000 ] || die "only $fragments fragments in the tree"
}

# ---- the commands ----

run_ingest() {
	rm -rf exporter
	must gapferry-export --repo exporter init
	must gapferry-export --repo exporter channel add main --audience site1 --trust trust
	timed ingest gapferry-export --repo exporter ingest wsusscn2 catalog/wsusscn2.cab \
		--content catalog/content --threads "$threads"
}

run_write() {
	rm -rf medium
	mkdir medium
	timed write gapferry-export --repo exporter write main --key keys/bert-builder.key.pem \
		--out medium --threads "$threads"
}

# One pipeline: the digest runs beside the compressor, as it would in practice.
cat >tar-zstd.sh <<'END'
mkfifo digest
openssl dgst -sha256 <digest >tar.sum &
tar -C tree -cf - . | zstd -q -T"$1" -3 | tee digest >tar.zst
wait
rm digest
exec openssl cms -sign -binary -in tar.sum -signer keys/bert-builder.cert.pem \
	-inkey keys/bert-builder.key.pem -md sha384 -outform DER -out tar.p7s
END

run_tar() {
	rm -f tar.zst tar.sum tar.p7s digest
	timed tar sh tar-zstd.sh "$threads"
	archive=$(bytes tar.zst)
	[ "$round" -gt 1 ] || [ "$(zstd -dcq tar.zst | tar -tf - | grep -vc '/$')" -eq "$files" ] ||
		die 'the archive of tar and zstd is not complete'
	rm -f tar.zst
}

# What is new since the bundle of this round; ingest is not part of it.
run_increment() {
	small=$(find exporter -type f | wc -l)
	must gapferry-export --repo exporter ingest wsusscn2 later/wsusscn2.cab \
		--content later/content --threads "$threads"
	timed increment gapferry-export --repo exporter write main --since 1 \
		--key keys/bert-builder.key.pem --out medium --threads "$threads"
	carried=$(bytes medium/gapferry/main-1-2)
}

run_approve() {
	timed approve gapferry-export approve "$bundle" --key keys/anna-approver.key.pem \
		--trust trust --threads "$threads"
}

run_verify() {
	timed verify gapferry-verify "$bundle" --trust trust --threads "$threads"
}

run_dgst() {
	timed dgst find "$bundle" -type f -exec openssl dgst -sha256 {} +
}

run_import() {
	rm -rf importer
	must gapferry-import --repo importer init --channel main --audience site1 --trust trust
	timed import gapferry-import --repo importer import "$bundle" --threads "$threads"
	rm -rf importer
}

run_cp() {
	rm -rf copy
	timed cp cp -r tree copy
	rm -rf copy
}

run_sums() {
	timed sha256sum sha256sum --quiet -c tree.sums
}

run_round() {
	run_ingest
	pair write tar
	run_approve
	pair verify dgst
	pair import cp
	run_sums
	run_increment
}

# kind_bytes WORD: bytes of the objects whose kind is WORD, or is not when it begins with a minus.
kind_bytes() {
	awk -v kind="${1#-}" -v other="${1%%[a-z]*}" '
		($3 == kind) != (other == "-") { n += $8 }
		END { printf "%.0f\n", n }' "$bundle/OBJECTS"
}

# ---- go ----

bundle=medium/gapferry/main-1-1
make_input
say_where
cat <<END
beside      $(zstd --version | grep -o 'v[0-9.]*' | head -n 1 | sed 's/^v/zstd /'), $(openssl version | cut -d ' ' -f 1-2), $(tar --version | head -n 1), $threads threads
tree        $tree bytes in $files files: payload $payload, $fragments fragments
END
rm -f rows
round=1
while [ "$round" -le "$rounds" ]; do
	say_round
	run_round
	round=$((round + 1))
done
size=$(bytes "$bundle")
parity=$(bytes "$bundle"/*.par)
awk -v tree="$tree" -v size="$size" -v archive="$archive" \
	-v content="$(kind_bytes content)" -v metadata="$(kind_bytes -content)" -v parity="$parity" \
	-v small="$small" -v carried="$carried" -f "$here/tests/bench/rows.awk" -f "$here/tests/bench/table.awk" rows
keep_rows
