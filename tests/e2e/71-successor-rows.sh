#!/bin/sh
# The successor of a catalog writes only the rows that differ, and they say what a repository says
# that has never seen another; numbers of updates and revisions stay.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export sqlite3

profile='--profile true --core-bytes 2K --shards 3 --seed 9 --updates 1500'

db() {
	sqlite3 "$T_DIR/$1/catalog.db" "$2" >"$T_DIR/rows" || t_fail "$1: $2"
	cat "$T_DIR/rows"
}

# ingest REPO CATALOG
ingest() {
	[ -d "$T_DIR/$1" ] || t_must gapferry-export --repo "$T_DIR/$1" init
	t_must gapferry-export --repo "$T_DIR/$1" ingest wsusscn2 "$T_DIR/$2/wsusscn2.cab"
}

# says REPO: all that readers see, without the numbers of this repository and findings of history.
says() {
	db "$1" "SELECT u.source_revision, hex(i.update_id), u.number, type, flags, action, action_text,
		created, kb, severity, bulletin, title, verdict, cause, length(relations)>0,
		(SELECT group_concat(hex(f.sha1) || f.kind || ifnull(f.name, '') || ifnull(f.size, '')
		|| ifnull(f.language, '') || f.express || hex(f.sha256)) FROM file f WHERE
		f.source_id=u.source_id AND f.source_revision=u.source_revision)
		FROM update_info u JOIN identity i ON i.id=u.identity_id ORDER BY 1" >"$T_DIR/$1.says"
	db "$1" "SELECT hex(sha1), url, included FROM location ORDER BY 1" >>"$T_DIR/$1.says"
	db "$1" "SELECT rule, severity, source_revision, hex(update_id), kb, file, offset, value, message
		FROM finding WHERE rule NOT BETWEEN 'GF-C084' AND 'GF-C096' ORDER BY 1, 3, 7, 6, 9" >>"$T_DIR/$1.says"
}

# numbers REPO: of every revision there ever was.
numbers() {
	db "$1" "SELECT hex(i.update_id), r.number, i.id, r.id FROM revision r
		JOIN identity i ON i.id=r.identity_id ORDER BY 1, 2"
}

# shellcheck disable=SC2086 # options, separated by blanks
t_must mkcatalog --out "$T_DIR/first" $profile
# shellcheck disable=SC2086
t_must mkcatalog --out "$T_DIR/next" $profile --successor 1
ingest old first
ingest fresh next
numbers old >"$T_DIR/before"
t_ok 'a revision has a number of its own' test "$(db old 'SELECT count(*)=count(DISTINCT id) FROM revision')" = 1
cp -r "$T_DIR/old" "$T_DIR/marked"

# What is written by hand, and no mark knows of, stays where nothing else is written.
db marked "UPDATE update_info SET bulletin='by hand'; UPDATE file SET language='by hand'"
ingest old next
ingest marked next
says old
says fresh
t_same 'the rows of a successor are those of a new repository' "$T_DIR/fresh.says" "$T_DIR/old.says"
all=$(db marked 'SELECT count(*) FROM update_info')
kept=$(db marked "SELECT count(*) FROM update_info WHERE bulletin='by hand'")
t_ok "$kept rows of $all stay" test "$kept" -gt $((all / 2))
t_ok 'others are written' test "$kept" -lt "$all"
t_ok 'files stay with their updates' test "$(db marked "SELECT count(*) FROM file f JOIN update_info u
	ON u.source_id=f.source_id AND u.source_revision=f.source_revision
	WHERE (f.language IS 'by hand')<>(u.bulletin IS 'by hand')")" = 0
numbers old >"$T_DIR/after"
t_ok 'numbers stay' test -z "$(comm -23 "$T_DIR/before" "$T_DIR/after")"
t_ok 'and new ones come' test "$(wc -l <"$T_DIR/after")" -gt "$(wc -l <"$T_DIR/before")"

# Back again: nothing of the successor is left but numbers.
ingest old first
rm -rf "$T_DIR/fresh"
ingest fresh first
says old
says fresh
t_same 'the catalog before once more' "$T_DIR/fresh.says" "$T_DIR/old.says"
numbers old >"$T_DIR/again"
t_same 'numbers are for ever' "$T_DIR/after" "$T_DIR/again"
t_ok 'every row is reached by the index of files' test \
	"$(db old 'SELECT count(*)=(SELECT count(*) FROM file INDEXED BY file_sha1 WHERE sha1>=zeroblob(0)) FROM file NOT INDEXED')" = 1
t_ok 'the database is sound' test "$(db old 'PRAGMA integrity_check')" = ok

# Rows of the schema before have no mark: they are written anew.
db marked "UPDATE update_info SET mark=NULL"
ingest marked next
t_ok 'rows without a mark are written anew' test \
	"$(db marked "SELECT count(*) FROM update_info WHERE bulletin='by hand'")" = 0
says marked
ingest old next
says old
t_same 'and say the same' "$T_DIR/old.says" "$T_DIR/marked.says"
