#!/bin/sh
# A RevisionId that comes twice: the first element counts on both sides, also where the isolated side
# meets the second one first, because it lies in a newer pack.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import sqlite3

profile='--updates 120 --seed 20 --profile true'

# says SIDE: the updates and findings of a catalog.
says() {
	sqlite3 "$T_DIR/$1/catalog.db" "SELECT u.source_revision, hex(i.update_id), u.number, verdict, cause,
		type, title FROM update_info u JOIN identity i ON i.id=u.identity_id ORDER BY 1;
		SELECT rule, source_revision, hex(update_id), file, offset FROM finding WHERE rule='GF-C030'
		ORDER BY 2, 5" >"$T_DIR/$1.says"
}

# shellcheck disable=SC2086 # options, separated by blanks
t_site "$T_DIR" $profile
t_bundle "$T_DIR" 1 --incomplete
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
rm -r "$T_DIR/catalog"
# shellcheck disable=SC2086
t_catalog "$T_DIR" $profile --fault duplicate-revision:1 --fault duplicate-revision:4
t_ingest "$T_DIR"
t_increment "$T_DIR" 2 --since 1 --incomplete
t_run gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
says exporter
says importer
t_ok 'two are left out' test "$(grep -c '^GF-C030' "$T_DIR/exporter.says")" = 2
t_same 'the same ones on both sides' "$T_DIR/exporter.says" "$T_DIR/importer.says"
