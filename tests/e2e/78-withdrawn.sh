#!/bin/sh
# Of a catalog that was withdrawn nothing is kept but numbers, and what the rules of history know.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export sqlite3

repo=$T_DIR/repo

# How many rows in the tables of catalogs.
rows() {
	for table in source source_object document update_info file location finding shard; do
		echo "$table $(sqlite3 "$repo/catalog.db" "SELECT count(*) FROM $table")"
	done
}

t_must mkcatalog --out "$T_DIR/catalog" --updates 60 --shards 2 --fault unknown-action
t_must gapferry-export --repo "$repo" init
rows >"$T_DIR/none"
t_run gapferry-export --repo "$repo" ingest wsusscn2 "$T_DIR/catalog/wsusscn2.cab"
rows >"$T_DIR/all"
t_ok 'shards are remembered' grep -q '^shard [1-9]' "$T_DIR/all"
t_must gapferry-export --repo "$repo" withdraw wsusscn2 "$(sqlite3 "$repo/catalog.db" 'SELECT series FROM source')"
rows >"$T_DIR/left"
t_same 'nothing is left' "$T_DIR/none" "$T_DIR/left"
t_must gapferry-export --repo "$repo" gc
t_run gapferry-export --repo "$repo" ingest wsusscn2 "$T_DIR/catalog/wsusscn2.cab"
rows >"$T_DIR/again"
t_same 'and it can come back' "$T_DIR/all" "$T_DIR/again"
