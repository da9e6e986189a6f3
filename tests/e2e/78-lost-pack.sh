#!/bin/sh
# A pack that is not there any more: what its fragments are packed into anew is where the repository
# looks for them from then on, also when the catalog is the next one and its packs are others.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export sqlite3

repo=$T_DIR/repo

db() {
	sqlite3 "$repo/catalog.db" "$1"
}

path_of() {
	echo "$repo/content/$(echo "$1" | cut -c 1-2)/$1"
}

t_must mkcatalog --out "$T_DIR/first" --updates 200 --seed 3
t_must mkcatalog --out "$T_DIR/next" --updates 200 --seed 3 --successor 1
t_must gapferry-export --repo "$repo" init
t_must gapferry-export --repo "$repo" ingest wsusscn2 "$T_DIR/first/wsusscn2.cab"
lost=$(db 'SELECT lower(hex(sha256)) FROM object WHERE id IN (SELECT object_id FROM fragment)')
t_ok 'there are packs' test -n "$lost"
for pack in $lost; do
	rm -f "$(path_of "$pack")"
done
t_must gapferry-export --repo "$repo" ingest --accept-shrink wsusscn2 "$T_DIR/next/wsusscn2.cab"

t_ok 'every document lies in a pack of its source' test "$(db 'SELECT count(*) FROM document d
	JOIN fragment f ON f.id=d.fragment_id WHERE f.object_id NOT IN
	(SELECT object_id FROM source_object s WHERE s.source_id=d.source_id)')" = 0
t_must gapferry-export --repo "$repo" gc
t_ok 'gc takes no fragment of a document' test "$(db 'SELECT count(*) FROM document
	WHERE fragment_id NOT IN (SELECT id FROM fragment)')" = 0
t_ok 'nothing is missed' gapferry-export --repo "$repo" scrub
