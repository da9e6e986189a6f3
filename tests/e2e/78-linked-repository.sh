#!/bin/sh
# A repository that was moved to a larger disk, with a symbolic link in its old place: every program
# goes on.  The database itself may not be a link.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import gapferry-server curl

t_site "$T_DIR" --updates 30 --payloads 2 --payload-max 20K
mkdir "$T_DIR/disk"
for side in exporter importer; do
	mv "$T_DIR/$side" "$T_DIR/disk/"
	ln -s "disk/$side" "$T_DIR/$side"
done

t_ok 'the connected side is read' gapferry-export --repo "$T_DIR/exporter" status
t_ingest "$T_DIR"
t_bundle "$T_DIR" 1
t_ok 'a bundle is imported' gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"
ln -s disk "$T_DIR/mount"
t_ok 'a link above it' gapferry-import --repo "$T_DIR/mount/importer" status
t_server "$T_DIR/importer"
t_ok 'it is served' curl -fs -o /dev/null "$T_URL/api/v1/status"
t_server_stop

mv "$T_DIR/disk/exporter/catalog.db" "$T_DIR/disk/other.db"
ln -s ../other.db "$T_DIR/disk/exporter/catalog.db"
t_error 70 GF-1701 'a database that is a link is refused' gapferry-export --repo "$T_DIR/exporter" status
