#!/bin/sh
# The roles of gapferry-export from outside: every verb takes one on before it reads what others
# wrote; what came back or was made elsewhere is looked at by a process that may write nothing.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import jq strace gcc pkg-config
strace -f -o /dev/null -e trace=none true 2>/dev/null || {
	t_skip '75-exporter-roles' 'strace does not work here'
	exit 0
}
# The leak checker cannot work below strace.
export ASAN_OPTIONS=detect_leaks=0

a_site --updates 30 --payloads 3 --payload-max 100K
repo=$T_DIR/exporter keys=$T_DIR/keys trust=$T_DIR/trust good=$T_DIR/good

# ---- a kernel without ----

# shellcheck disable=SC2046 # several words
t_must gcc -o "$T_DIR/refuse" tests/e2e/51-refuse.c $(pkg-config --cflags --libs libseccomp)
mkdir -p "$T_DIR/etc/jobs"
for command in "--repo $repo status" "media check $good --trust $trust" \
	"lint $T_DIR/catalog/wsusscn2.cab" "job list --config-dir $T_DIR/etc --state-dir $T_DIR/state" \
	"--repo $repo receive $good/MANIFEST"; do
	# shellcheck disable=SC2086 # words
	t_error 1 GF-1101 "$command: not without Landlock" "$T_DIR/refuse" 444 gapferry-export $command
	# shellcheck disable=SC2086
	t_error 1 GF-1102 "$command: not without seccomp" "$T_DIR/refuse" 317 gapferry-export $command
done

# ---- what they do ----

traced() {
	t_run strace -f -qq -s 200 -o "$T_DIR/calls" "$@"
	cp "$T_DIR/out" "$T_DIR/said.json"
	t_ok "$2 $3 $4: works below strace" test "$T_STATUS" -eq 0
}

# roles N DESC: as t_roles; and none of them opens a socket of a network or starts a program afterwards.
roles() {
	t_roles "$@"
	t_ok "$2: no program, no socket" test -z "$(awk '
		confined[$1] && / (execve|execveat|connect|bind|socket)\(/
		/seccomp\(SECCOMP_SET_MODE_FILTER, .*len=/ { confined[$1] = 1 }' "$T_DIR/calls")"
}

traced gapferry-export media check "$good" --trust "$trust"
roles 2 'media check'
traced gapferry-export media revolume "$good" --media 40M --to "$T_DIR/laid" --trust "$trust"
roles 2 'media revolume'
traced gapferry-export media stream "$good" --to "$T_DIR/tape" --trust "$trust"
roles 2 'media stream'
traced gapferry-export media unstream "$T_DIR/tape" --to "$T_DIR/from-tape" --trust "$trust"
roles 2 'media unstream'
traced gapferry-import media check "$good" --trust "$trust"
roles 2 'media check of the isolated side'
traced gapferry-export override "$good" --key "$keys/anna-approver.key.pem" --trust "$trust" \
	--until 2039-01-01T00:00:00Z --reason late --to "$T_DIR/permission"
roles 2 'override'

t_must gapferry-import --repo "$T_DIR/importer" import "$good"
t_must gapferry-export key new --role importer --holder ines --out "$keys"
t_must gapferry-export trust rotate --trust "$trust" --key "$keys/ruth-root.key.pem" \
	--add-importer "$keys/ines-importer.cert.pem"
traced gapferry-export --repo "$repo" channel trust main --trust "$trust"
roles 2 'channel trust'
t_must gapferry-import --repo "$T_DIR/importer" trust add "$trust"
mkdir "$T_DIR/back"
t_must gapferry-import --repo "$T_DIR/importer" receipt --key "$keys/ines-importer.key.pem" --out "$T_DIR/back"
receipt=$(find "$T_DIR/back" -name 'receipt-*' | head -n 1)
checkpoint=$(find "$T_DIR/back" -name 'checkpoint-*' | head -n 1)
traced gapferry-export --repo "$repo" receive "$receipt" --checkpoint "$checkpoint" --json
roles 2 'receive'
t_json "$T_DIR/said.json" .sequence 1
t_ok 'the cosignature counts' test "$(jq .cosigned_size "$T_DIR/said.json")" -gt 0

# A signature made elsewhere.
cp -r "$good" "$T_DIR/unsigned"
approver=$(gapferry-verify show "$good" --trust "$trust" --json | jq -r '.signers[] | select(.role == "approver").key_id')
rm "$T_DIR/unsigned/sigs/$approver.p7s"
t_must gapferry-export approve "$T_DIR/unsigned" --trust "$trust" --export-tbs "$T_DIR/tbs" \
	--certificate "$keys/anna-approver.cert.pem"
t_must openssl dgst -sha384 -sign "$keys/anna-approver.key.pem" -out "$T_DIR/tbs.sig" "$T_DIR/tbs"
traced gapferry-export sign "$T_DIR/unsigned" --tbs "$T_DIR/tbs" --import-sig "$T_DIR/tbs.sig" --trust "$trust"
roles 3 'sign'
t_ok 'it counts' gapferry-verify "$T_DIR/unsigned" --trust "$trust"

# ---- a notification may do what the run may not ----

cat >"$T_DIR/etc/jobs/night.conf" <<-END
	[job]
	repo = $repo
	channel = main
	out = $T_DIR/medium
	key = $keys/bert-builder.key.pem
	on-success = /usr/bin/tee $T_DIR/told
	[source scan]
	kind = wsusscn2
	file = $T_DIR/catalog/wsusscn2.cab
	content = $T_DIR/catalog/content
END
t_run gapferry-export run night --force --config-dir "$T_DIR/etc" --state-dir "$T_DIR/state"
t_ok 'the job ran' test "$T_STATUS" -ne 1
t_ok 'its command wrote where the run may not' test -s "$T_DIR/told"

# ---- what is not named is not there ----

cp -r "$good" "$T_DIR/moved"
mkdir "$T_DIR/outside"
mv "$T_DIR/moved/vol-0001.tar" "$T_DIR/outside/"
ln -s ../outside/vol-0001.tar "$T_DIR/moved/vol-0001.tar"
t_run gapferry-export media check "$T_DIR/moved" --trust "$trust"
t_ok 'a volume that is a link out of the medium is not read' test "$T_STATUS" -ne 0
