#!/bin/sh
# What was written once is written again over itself: the role of a verb allows both, with a relative
# path and with an absolute one.
. tests/e2e/lib.sh
t_need mkwsusutil gapferry-export gapferry-verify gapferry-import jq

t_trust "$T_DIR"
t_exporter "$T_DIR"
t_importer "$T_DIR"
t_must mkwsusutil --out "$T_DIR/package" --updates 9
t_run gapferry-export --repo "$T_DIR/exporter" ingest wsusutil "$T_DIR/package/package.cab"
t_bundle "$T_DIR" 1 --incomplete
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
t_must gapferry-verify list "$T_BUNDLE" --trust "$T_DIR/trust" --json
object=$(jq -r '[.. | .sha256? // empty][0]' "$T_DIR/out")

# again DESC FILE COMMAND...: FILE is made, then made again where it is, then by its name alone.
again() {
	again_desc=$1 again_file=$2
	shift 2
	rm -rf "${again_file%/*}"
	mkdir "${again_file%/*}"
	t_ok "$again_desc" "$@" "$again_file"
	t_ok "$again_desc, again" "$@" "$again_file"
	# shellcheck disable=SC2016 # for the inner shell
	t_ok "$again_desc, from its directory" sh -c 'cd "$1" && shift && "$@"' - "${again_file%/*}" "$@" "${again_file##*/}"
}

again 'connected side: custody --html' "$T_DIR/here/page.html" \
	gapferry-export --repo "$T_DIR/exporter" custody --html
again 'isolated side: custody --html' "$T_DIR/here/page.html" \
	gapferry-import --repo "$T_DIR/importer" custody --html
again 'log prove --out' "$T_DIR/here/proof" \
	gapferry-export --repo "$T_DIR/exporter" log prove main-1-1 --out
again 'proof --make' "$T_DIR/here/proof" gapferry-verify proof "$T_BUNDLE" --object "$object" \
	--trust "$T_DIR/trust" --make
mkdir "$T_DIR/wsus"
t_run gapferry-import --repo "$T_DIR/importer" export-wsusutil --output "$T_DIR/wsus/out.cab"
first=$T_STATUS
t_ok 'a package for WSUS is there' test -s "$T_DIR/wsus/out.cab"
rm -rf "$T_DIR/wsus/WsusContent"
t_status "$first" 'and made again' gapferry-import --repo "$T_DIR/importer" export-wsusutil \
	--output "$T_DIR/wsus/out.cab"
