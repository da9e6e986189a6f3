#!/bin/sh
# The units of systemd: they are well-formed, closed, and their commands work by hand.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import systemd-analyze systemd-escape jq

units=$T_DIR/units
mkdir -p "$units"
for file in exporter/systemd/*.service exporter/systemd/*.timer importer/systemd/*.service \
	importer/server/systemd/*.service; do
	sed "s|@BINDIR@|$BIN|" "$file" >"$units/${file##*/}"
done

# verified DESC UNIT...: systemd has nothing to say about it.
verified() {
	desc=$1
	shift
	t_run sh -c 'cd "$0" && exec systemd-analyze verify --man=no --recursive-errors=no "$@"' \
		"$units" "$@"
	if [ "$T_STATUS" -eq 0 ] && [ ! -s "$T_DIR/err" ] && [ ! -s "$T_DIR/out" ]; then
		t_pass "$desc"
	else
		t_fail "$desc"
	fi
}
verified 'the units are well-formed' ./gapferry-export@weekly.service \
	./gapferry-export@weekly.timer ./gapferry-import@dev-sdb1.service \
	./gapferry-import-medium@media-stick.service ./gapferry-server.service
sed 's/^PrivateTmp=/PrivateTemp=/' "$units/gapferry-export@.service" >"$units/wrong@.service"
t_run sh -c "cd '$units' && systemd-analyze verify --man=no ./wrong@x.service"
t_contains 'a misspelt key would be seen' "$T_DIR/err" PrivateTemp

# Ten times the exposure that systemd computes: 0 is best.
t_ok 'the export is closed' systemd-analyze security --offline=yes --threshold=25 \
	"$units/gapferry-export@.service"
for unit in gapferry-import gapferry-import-medium; do
	t_ok "$unit is closed" systemd-analyze security --offline=yes --threshold=15 \
		"$units/$unit@.service"
done
t_ok 'the server is closed, but for the network' systemd-analyze security --offline=yes \
	--threshold=25 "$units/gapferry-server.service"
sed '/^[A-Z][A-Za-z]*=yes$/d; /^System/d; /^Capab/d' "$units/gapferry-import@.service" \
	>"$units/open@.service"
t_status 1 'an open unit would be seen' systemd-analyze security --offline=yes --threshold=15 \
	"$units/open@.service"

# command UNIT N: the N-th ExecStart, as a shell would read it.
command_of() {
	sed -n 's/^ExecStart=//p' "$units/$1@.service" | sed -n "$2p" | sed 's/\$\$/$/g'
}

# ---- export ----

t_site "$T_DIR" --updates 40 --payloads 3 --payload-max 64K
mkdir -p "$T_DIR/etc/jobs" "$T_DIR/outbox" "$T_DIR/prom"
cat >"$T_DIR/etc/jobs/weekly.conf" <<-END
	[job]
	repo = $T_DIR/exporter
	channel = main
	out = $T_DIR/outbox
	key = $T_DIR/keys/bert-builder.key.pem
	metrics = $T_DIR/prom/weekly.prom
	schedule = Mon *-*-1..7 03:30
	on-failure = /bin/false

	[source scan]
	kind = wsusscn2
	file = $T_DIR/catalog/wsusscn2.cab
	content = $T_DIR/catalog/content
END
GAPFERRY_CONFIG_DIR=$T_DIR/etc GAPFERRY_STATE_DIR=$T_DIR/state
export GAPFERRY_CONFIG_DIR GAPFERRY_STATE_DIR
run_export=$(command_of gapferry-export 1 | sed 's/%i/weekly/')
t_ok 'the command of the export' sh -c "$run_export"
t_ok 'it wrote a bundle' test -d "$T_DIR/outbox/gapferry/main-1-1"

for kind in timer service; do
	mkdir -p "$units/gapferry-export@weekly.$kind.d"
	t_ok "the drop-in of the $kind" gapferry-export job $kind weekly
	cp "$T_DIR/out" "$units/gapferry-export@weekly.$kind.d/50-job.conf"
done
SYSTEMD_UNIT_PATH=$units: # drop-ins are looked for there
export SYSTEMD_UNIT_PATH
verified 'with the drop-ins of a job' gapferry-export@weekly.service gapferry-export@weekly.timer
echo 'Nonsense=1' >>"$units/gapferry-export@weekly.timer.d/50-job.conf"
t_run systemd-analyze verify --man=no gapferry-export@weekly.timer
t_contains 'which are read' "$T_DIR/err" Nonsense
unset SYSTEMD_UNIT_PATH

# ---- import ----

# The root of a medium with two bundles: one after the other.
t_ok 'a second bundle' gapferry-export run weekly --force
for sequence in 1 2; do
	t_must gapferry-export approve "$T_DIR/outbox/gapferry/main-1-$sequence" \
		--key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
done
run_import=$(command_of gapferry-import-medium 1 | sed "s|%f|$T_DIR/outbox|")
for sequence in 1 2 2; do
	t_ok 'the command of the import' env GAPFERRY_REPO="$T_DIR/importer" sh -c "$run_import"
	t_run gapferry-import --repo "$T_DIR/importer" status --json
	cp "$T_DIR/out" "$T_DIR/status.json"
	t_json "$T_DIR/status.json" .sequence "$sequence"
done

# What the service manager would be asked for.
mkdir -p "$T_DIR/stub"
cat >"$T_DIR/stub/systemctl" <<-'END'
	#!/bin/sh
	for word in "$@"; do printf '%s\n' "$word"; done
END
chmod 755 "$T_DIR/stub/systemctl"
start=$(command_of gapferry-import 2 | sed 's/%i/dev-sdb1/')
t_ok 'the start of the import' env PATH="$T_DIR/stub:$PATH" sh -c "$start"
t_contains 'names the mount point, escaped' "$T_DIR/out" \
	'gapferry-import-medium@run-gapferry-media-dev\x2dsdb1.service'
instance=$(sed -n 's/^gapferry-import-medium@\(.*\)\.service$/\1/p' "$T_DIR/out")
t_ok 'which systemd reads as the place where it was mounted' test \
	"$(systemd-escape --unescape --path "$instance")" = "$(command_of gapferry-import 1 |
		sed 's/%i/dev-sdb1/; s/.* //')"
if command -v systemd-mount >/dev/null; then
	systemd-mount --help >"$T_DIR/mount.help" 2>&1
	for option in $(command_of gapferry-import 1 | grep -o -e '--[a-z]*'); do
		t_contains "systemd-mount knows $option" "$T_DIR/mount.help" " $option"
	done
fi
rule=$(sed -n 's/.*PROGRAM="\([^"]*\)".*/\1/p' importer/systemd/90-gapferry.rules |
	sed 's|\$devnode|/dev/sdb1|')
t_ok 'the program of the rule' sh -c "$rule"
t_contains 'names the unit' "$T_DIR/out" 'gapferry-import@dev-sdb1.service'
t_ok 'every jump of the rules has its label' test \
	"$(grep -o 'GOTO="[a-z_]*"' importer/systemd/90-gapferry.rules | sort -u | sed 's/GOTO/LABEL/')" \
	= "$(grep '^LABEL' importer/systemd/90-gapferry.rules)"
