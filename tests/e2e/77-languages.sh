#!/bin/sh
# A client gets the texts in its language however many languages the catalogs have.
. tests/e2e/lib.sh
. tests/e2e/soap.sh
t_need gapferry-export gapferry-import gapferry-server mkcatalog curl jq xmllint
t_need_python 'many languages' sqlite3

t_site "$T_DIR" --updates 60 --payloads 30 --payload-min 1K --payload-max 8K
t_bundle "$T_DIR" 1
t_must gapferry-import --repo "$T_DIR/importer" import "$T_BUNDLE"

# 400 languages that no client asks for come before all others: licences are read first.
/usr/bin/python3 -c "
import sqlite3
c = sqlite3.connect('$T_DIR/importer/catalog.db')
row = c.execute('SELECT source_id, revision, fragment_id FROM document WHERE stream=108').fetchone()
for i in range(400):
	c.execute('INSERT INTO document VALUES(?, 101, ?, ?, ?, 0)', (row[0], row[1], 'a-%d' % i, row[2]))
c.commit()" || t_fail 'set-up: languages'

t_server "$T_DIR/importer"
t_updates
jq -r '.updates[] | select(.is_bundle and .verdict == "ok") | .update_id' "$T_DIR/updates.json" >"$T_DIR/bundles"
id=$(while read -r id; do
	t_verb approve "$id" --group 'All Computers' >/dev/null 2>&1 && echo "$id" && break
done <"$T_DIR/bundles")
t_ok 'an update is approved' test -n "$id"
revision=$(jq -r --arg id "$id" '.updates[] | select(.update_id == $id) | .revision_id' "$T_DIR/updates.json" | tail -n 1)
soap_config
soap_cookie '' ''
soap_keep_cookie
soap client GetExtendedUpdateInfo "$SOAP_COOKIE<revisionIDs><int>$revision</int></revisionIDs><infoTypes><XmlUpdateFragmentType>LocalizedProperties</XmlUpdateFragmentType></infoTypes><locales><string>en-US</string><string>en</string></locales>"
soap_counts 'its texts come once' Update 1
t_server_stop
