# shellcheck shell=sh
# scenarios.sh: commands of either side, and what lies before each; sourced after tests/e2e/lib.sh.
#
#   f_prepare            the trees, below $T_DIR/base
#   f_scenario NAME      that one with its calls failing in turn
#
# FAULT_EVERY: each so manieth call; FAULT_MEMORY: each so manieth allocation.

# shellcheck disable=SC2034 # for the script
F_NAMES='ingest write-full write-increment approve import-full import-increment import-wait import-resume
	receipt receive gc trust-add server-approve server-group'

# f_keep NAME: the sites as they are now are the tree of a scenario.
f_keep() {
	mkdir -p "$T_DIR/base"
	cp -r "$T_DIR/site" "$T_DIR/base/$1"
}

f_catalog() {
	rm -rf "$T_DIR/site/catalog"
	t_catalog "$T_DIR/site" --updates 24 --payloads 3 --payload-min 10K --payload-max 40K "$@"
}

f_write() {
	t_must gapferry-export --repo "$T_DIR/site/exporter" write main --no-parity \
		--key "$T_DIR/site/keys/bert-builder.key.pem" --out "$T_DIR/site/medium"
}

f_approve() {
	t_approve "$T_DIR/site/medium/gapferry/main-1-$1" --repo "$T_DIR/site/exporter" \
		--key "$T_DIR/site/keys/anna-approver.key.pem" --trust "$T_DIR/site/trust"
}

# A group, and updates that can be approved for it; what is made for these two alone is taken away.
f_served() {
	t_must gapferry-server group add plant --repo "$site/importer"
	cp -r "$site/importer" "$T_DIR/tried"
	gapferry-import --repo "$site/importer" updates --json |
		jq -r '.updates[] | select(.type == "Software" and all(.files[]; .present)) | .update_id' |
		while read -r f_id; do
			gapferry-server approve "$f_id" --group plant --repo "$T_DIR/tried" \
				>/dev/null 2>&1 && echo "$f_id"
		done | head -n 3 >"$site/list"
	f_keep server-approve
	t_must gapferry-server approve --list "$site/list" --group plant --repo "$site/importer"
	f_keep server-group
	rm -r "$T_DIR/tried" "$site/list" "$site"/importer/clients.db*
}

f_prepare() {
	site=$T_DIR/site
	mkdir -p "$site/medium" "$site/back"
	t_must gapferry-export key new --role builder --holder bill --out "$site/keys"
	t_must gapferry-export key new --role importer --holder ines --out "$site/keys"
	t_trust "$site" --importer "$site/keys/ines-importer.cert.pem"
	t_exporter "$site"
	t_importer "$site"
	f_catalog
	f_keep ingest
	t_ingest "$site"
	f_keep write-full
	f_write
	f_keep approve
	f_approve 1
	f_keep import-full
	t_must gapferry-import --repo "$site/importer" import "$site/medium"
	f_keep receipt
	f_served
	t_must gapferry-import --repo "$site/importer" receipt \
		--key "$site/keys/ines-importer.key.pem" --out "$site/back"
	f_keep receive
	t_must gapferry-export --repo "$site/exporter" receive "$site"/back/receipt-*.txt
	f_catalog --change 30 --drop 3 --created 2026-08-11T17:00:00Z --seed 2
	t_ingest "$site"
	f_keep write-increment
	f_keep gc
	f_write
	f_approve 2
	f_keep import-increment
	mv "$site/importer" "$T_DIR/importer"
	cp -r "$T_DIR/base/import-full/importer" "$site/importer"
	f_keep import-wait
	t_run gapferry-import --repo "$site/importer" import "$site/medium/gapferry/main-1-2"
	f_keep import-resume
	rm -rf "$site/importer"
	mv "$T_DIR/importer" "$site/importer"
	t_must gapferry-export trust rotate --trust "$site/trust" \
		--add-builder "$site/keys/bill-builder.cert.pem" --key "$site/keys/ruth-root.key.pem"
	f_keep trust-add
}

# f_run NAME REPO SERVE COMMAND OPTION...
f_run() {
	f_name=$1 f_repo=$2 f_serve=$3 f_command=$4
	shift 4
	faults --shim "$BIN/shim.so" --base "$T_DIR/base/$f_name" --work "$T_DIR/work-$f_name" \
		--repo "$f_repo" --every "${FAULT_EVERY:-1}" --memory "${FAULT_MEMORY:-100}" \
		--serve "$f_serve" "$@" "$f_command"
}

# Both serve what they had or what they get: rows are compared besides.
f_exporter() {
	f_what=$1 f_verb=$2
	shift 2
	f_run "$f_what" exporter 'gapferry-export --repo @/exporter plan main --json' \
		"gapferry-export --repo @/exporter $f_verb" \
		--after 'gapferry-verify ledger @/exporter/ledger' "$@"
}

f_importer() {
	f_what=$1 f_verb=$2
	shift 2
	f_run "$f_what" importer 'gapferry-import --repo @/importer updates --json' \
		"gapferry-import --repo @/importer $f_verb" \
		--after 'gapferry-verify ledger @/importer/ledger' "$@"
}

# What is approved is shown with its group.  With --by: getpwuid() of glibc reads through a null pointer
# when it has no memory for its tables.
f_server() {
	f_run "$1" importer 'gapferry-server report updates --repo @/importer --json' \
		"gapferry-server $2 --repo @/importer" \
		--after 'gapferry-server group list --repo @/importer'
}

f_scenario() {
	case $1 in
	ingest) f_exporter "$1" 'ingest wsusscn2 @/catalog/wsusscn2.cab --content @/catalog/content --threads 1' ;;
	write-*) f_exporter "$1" 'write main --no-parity --key @/keys/bert-builder.key.pem --out @/medium --threads 1' ;;
	approve) f_exporter "$1" 'approve @/medium/gapferry/main-1-1 --key @/keys/anna-approver.key.pem --trust @/trust --threads 1' --steps ;;
	import-full) f_importer "$1" 'import @/medium --threads 1' ;;
	import-increment) f_importer "$1" 'import @/medium --threads 1' ;;
	import-wait) f_importer "$1" 'import @/medium/gapferry/main-1-2 --threads 1' --status 6 --steps ;;
	import-resume) f_importer "$1" 'import @/medium/gapferry/main-1-1 --threads 1' --steps --again 'gapferry-import --repo @/importer import @/medium --threads 1' ;;
	receipt) f_importer "$1" 'receipt --key @/keys/ines-importer.key.pem --out @/back' ;;
	receive) f_exporter "$1" 'receive @/back/receipt-main-site1-1.txt' ;;
	gc) f_exporter "$1" 'gc' --garbage ;;
	trust-add) f_importer "$1" 'trust add @/trust' ;;
	server-approve) f_server "$1" 'approve --list @/list --group plant --by anna' ;;
	server-group) f_server "$1" 'group remove plant' ;;
	esac
}
