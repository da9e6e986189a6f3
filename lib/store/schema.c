#include "lib/store/schema.h"

#include "lib/base/error.h"
#include "lib/store/db.h"

#include <stddef.h>

/*
 * Conventions: ids are INTEGER; GUIDs and digests are BLOBs of their length;
 * times are seconds since 1970.  Enumerations are the numbers of the C enums,
 * which never change.  Relations of a revision are packed in one BLOB
 * (lib/store/relation.h): measured 2.5 times faster to load than rows.
 */
static const char *const migrations[SCHEMA_VERSION] = {
	/* 1: the first release */
	"CREATE TABLE object("
	" id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,"
	" kind INTEGER NOT NULL, sha1 BLOB, name TEXT NOT NULL);"
	"CREATE INDEX object_sha1 ON object(sha1) WHERE sha1 IS NOT NULL;"

	/* Catalogs: one row per series, replaced by its successor. */
	"CREATE TABLE source("
	" id INTEGER PRIMARY KEY, kind TEXT NOT NULL, series TEXT NOT NULL, cabinet BLOB NOT NULL,"
	" cabinet_size INTEGER NOT NULL, created INTEGER, name TEXT NOT NULL,"
	" content_expected INTEGER NOT NULL, UNIQUE(kind, series));"
	"CREATE TABLE source_object("
	" source_id INTEGER NOT NULL, object_id INTEGER NOT NULL, PRIMARY KEY(source_id, object_id)"
	") WITHOUT ROWID;"
	"CREATE TABLE fragment("
	" id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, object_id INTEGER NOT NULL,"
	" offset INTEGER NOT NULL, size INTEGER NOT NULL);"
	"CREATE TABLE document("
	" source_id INTEGER NOT NULL, stream INTEGER NOT NULL, revision INTEGER NOT NULL,"
	" key TEXT NOT NULL, fragment_id INTEGER NOT NULL, offset INTEGER NOT NULL,"
	" PRIMARY KEY(source_id, stream, revision, key)) WITHOUT ROWID;"

	/* Identities are for ever; what is known about a revision is replaced with its source. */
	"CREATE TABLE identity(id INTEGER PRIMARY KEY, update_id BLOB NOT NULL UNIQUE);"
	"CREATE TABLE revision("
	" id INTEGER PRIMARY KEY, identity_id INTEGER NOT NULL, number INTEGER NOT NULL,"
	" UNIQUE(identity_id, number));"
	"CREATE TABLE update_info("
	" source_id INTEGER NOT NULL, source_revision INTEGER NOT NULL, revision_id INTEGER NOT "
	"NULL,"
	" type TEXT NOT NULL, flags INTEGER NOT NULL, action INTEGER NOT NULL,"
	" action_text TEXT, created INTEGER, kb TEXT, severity TEXT, bulletin TEXT, title TEXT,"
	" verdict INTEGER NOT NULL, cause INTEGER NOT NULL, relations BLOB,"
	" PRIMARY KEY(source_id, source_revision)) WITHOUT ROWID;"
	"CREATE INDEX update_info_revision ON update_info(revision_id);"
	"CREATE TABLE file("
	" source_id INTEGER NOT NULL, source_revision INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" ordinal INTEGER NOT NULL, sha1 BLOB NOT NULL, sha256 BLOB, size INTEGER, name TEXT,"
	" language TEXT, PRIMARY KEY(source_id, source_revision, kind, ordinal)) WITHOUT ROWID;"
	"CREATE INDEX file_sha1 ON file(sha1);"
	"CREATE TABLE location("
	" source_id INTEGER NOT NULL, sha1 BLOB NOT NULL, url TEXT NOT NULL, included INTEGER NOT "
	"NULL,"
	" PRIMARY KEY(source_id, sha1)) WITHOUT ROWID;"
	"CREATE TABLE finding("
	" id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, rule TEXT NOT NULL,"
	" severity INTEGER NOT NULL, source_revision INTEGER NOT NULL, update_id BLOB, kb TEXT,"
	" file TEXT NOT NULL, offset INTEGER NOT NULL, value TEXT, message TEXT NOT NULL,"
	" next_step TEXT NOT NULL);"

	/* Channels: on the connected side what was sent, on the isolated side what was accepted. */
	"CREATE TABLE channel("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, audience TEXT NOT NULL,"
	" epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, manifest BLOB, catalog_root BLOB,"
	" trust_version INTEGER NOT NULL, time_floor INTEGER NOT NULL);"
	"CREATE TABLE bundle("
	" channel_id INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,"
	" digest BLOB NOT NULL, manifest BLOB NOT NULL, recorded INTEGER NOT NULL,"
	" processed INTEGER NOT NULL, quarantined INTEGER NOT NULL,"
	" PRIMARY KEY(channel_id, epoch, sequence)) WITHOUT ROWID;",

	/*
	 * 2: increments, receipts, jobs.  channel.direction: 0 sent from here, 1 accepted here,
	 * 2 not known, because version 1 did not tell (only imports set a floor); channel.overlap:
	 * bundles in a row that a one-way channel may lose.
	 */
	"ALTER TABLE channel ADD COLUMN direction INTEGER NOT NULL DEFAULT 0;"
	"UPDATE channel SET direction=CASE WHEN time_floor>0 THEN 1 WHEN sequence>0 THEN 0 ELSE 2 "
	"END;"
	"ALTER TABLE channel ADD COLUMN one_way INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE channel ADD COLUMN overlap INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE bundle ADD COLUMN base INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE bundle ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
	/* chunks that its import rebuilt from parity */
	"ALTER TABLE bundle ADD COLUMN repaired INTEGER NOT NULL DEFAULT 0;"
	/*
	 * object.checked: when its bytes were last hashed here, -1 when they are lost;
	 * object.unneeded: when it was first found that nothing needs it, 0 while something does.
	 */
	"ALTER TABLE object ADD COLUMN checked INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE object ADD COLUMN unneeded INTEGER NOT NULL DEFAULT 0;"

	/* The sites of a channel that is sent from here, and what each has confirmed. */
	"CREATE TABLE site("
	" channel_id INTEGER NOT NULL, name TEXT NOT NULL, epoch INTEGER NOT NULL,"
	" sequence INTEGER NOT NULL, manifest BLOB, counter INTEGER NOT NULL, receipt BLOB,"
	" made INTEGER NOT NULL, received INTEGER NOT NULL, PRIMARY KEY(channel_id, name)"
	") WITHOUT ROWID;"
	/*
	 * Receipts made here (the isolated side) or received here, whole: evidence.  A refused one
	 * may share its counter with a genuine one.
	 */
	"CREATE TABLE receipt("
	" channel_id INTEGER NOT NULL, site TEXT NOT NULL, counter INTEGER NOT NULL,"
	" digest BLOB NOT NULL, text BLOB NOT NULL, recorded INTEGER NOT NULL,"
	" refused INTEGER NOT NULL, PRIMARY KEY(channel_id, site, counter, digest)) WITHOUT ROWID;"

	/* Since which bundle the views of a channel have had this object without a break. */
	"CREATE TABLE held("
	" channel_id INTEGER NOT NULL, object_id INTEGER NOT NULL, since INTEGER NOT NULL,"
	" PRIMARY KEY(channel_id, object_id)) WITHOUT ROWID;"
	/* The document lists after a bundle: what the deltas of later ones refer to. */
	"CREATE TABLE bundle_listing("
	" channel_id INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,"
	" kind TEXT NOT NULL, series TEXT NOT NULL, part INTEGER NOT NULL,"
	" digest BLOB NOT NULL, object_id INTEGER NOT NULL,"
	" PRIMARY KEY(channel_id, epoch, sequence, kind, series, part)) WITHOUT ROWID;"
	/* Signatures and certificates of bundles imported here: what an enclave passes on. */
	"CREATE TABLE bundle_file("
	" channel_id INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,"
	" name TEXT NOT NULL, bytes BLOB NOT NULL,"
	" PRIMARY KEY(channel_id, epoch, sequence, name)) WITHOUT ROWID;"
	/* The ledger: whole lines without their LF, and the digest at the end of each. */
	"CREATE TABLE ledger(number INTEGER PRIMARY KEY, line TEXT NOT NULL, digest BLOB NOT "
	"NULL);",

	/* 3: the second release */

	/*
	 * The export log: leaves from 0, a bundle's with its name; signed checkpoints of it;
	 * checkpoints that sites sent back; and, on the isolated side, what was seen of the log
	 * behind a channel.
	 */
	"CREATE TABLE log_leaf("
	" number INTEGER PRIMARY KEY, text TEXT NOT NULL, hash BLOB NOT NULL, channel_id INTEGER,"
	" bundle TEXT);"
	"CREATE INDEX log_leaf_channel ON log_leaf(channel_id) WHERE channel_id IS NOT NULL;"
	"CREATE INDEX log_leaf_bundle ON log_leaf(bundle) WHERE bundle IS NOT NULL;"
	"CREATE TABLE log_checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL);"
	"CREATE TABLE log_returned("
	" digest BLOB PRIMARY KEY, witness TEXT NOT NULL, note BLOB NOT NULL, refused INTEGER NOT "
	"NULL, recorded INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE log_seen("
	" channel_id INTEGER PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL,"
	" root BLOB NOT NULL);"

	/* What the rules of history know of the catalog before (lib/catalog/catalog_past.h). */
	"CREATE TABLE past("
	" kind TEXT NOT NULL, series TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY(kind, series)"
	");"

	/* Which content bundles of a channel carry (no row: all), as the canonical text. */
	"CREATE TABLE channel_selection(channel_id INTEGER PRIMARY KEY, text BLOB NOT NULL);"

	/*
	 * Rows of updates that are stored in the order of their keys, and are not looked up one by
	 * one.  A revision is found by its key alone, so update_info says what readers would join
	 * it for; its mark tells whether the row is what the next catalog says too (NULL: not, as
	 * after this migration: the next ingest or import writes the row anew).
	 */
	"ALTER TABLE revision RENAME TO revision_2;"
	"CREATE TABLE revision("
	" identity_id INTEGER NOT NULL, number INTEGER NOT NULL, id INTEGER NOT NULL,"
	" PRIMARY KEY(identity_id, number)) WITHOUT ROWID;"
	"INSERT INTO revision SELECT identity_id, number, id FROM revision_2"
	" ORDER BY identity_id, number;"
	"ALTER TABLE update_info RENAME TO update_info_2;"
	"CREATE TABLE update_info("
	" source_id INTEGER NOT NULL, source_revision INTEGER NOT NULL, revision_id INTEGER NOT "
	"NULL, identity_id INTEGER NOT NULL, number INTEGER NOT NULL,"
	" type TEXT NOT NULL, flags INTEGER NOT NULL, action INTEGER NOT NULL,"
	" action_text TEXT, created INTEGER, kb TEXT, severity TEXT, bulletin TEXT, title TEXT,"
	" verdict INTEGER NOT NULL, cause INTEGER NOT NULL, relations BLOB, mark BLOB,"
	" PRIMARY KEY(source_id, source_revision)) WITHOUT ROWID;"
	"INSERT INTO update_info SELECT u.source_id, u.source_revision, u.revision_id,"
	" r.identity_id, r.number, u.type, u.flags, u.action, u.action_text, u.created, u.kb,"
	" u.severity, u.bulletin, u.title, u.verdict, u.cause, u.relations, NULL"
	" FROM update_info_2 u JOIN revision_2 r ON r.id=u.revision_id"
	" ORDER BY u.source_id, u.source_revision;"
	"DROP TABLE update_info_2;"
	"DROP TABLE revision_2;"
	"CREATE INDEX update_info_revision ON update_info(revision_id);"
	"ALTER TABLE file ADD COLUMN express INTEGER NOT NULL DEFAULT 0;"
	/* By name: see select_is_express(). */
	"UPDATE file SET express=1 WHERE kind=0 AND (name LIKE '_%.psf' OR"
	" name LIKE '_%-express.cab');"

	/* What the inner cabinets of a catalog told, by their digest (lib/store/shard_rows.h). */
	"CREATE TABLE shard("
	" digest BLOB PRIMARY KEY, kind TEXT NOT NULL, series TEXT NOT NULL, first INTEGER NOT "
	"NULL, state BLOB NOT NULL);"
	"CREATE INDEX shard_source ON shard(kind, series);"
	"CREATE INDEX shard_first ON shard(first);"

	/*
	 * Of GF-C060 the revision at the root of it; how many a finding took with it.  0 in rows of
	 * before, until the next catalog of the series.
	 */
	"ALTER TABLE finding ADD COLUMN cause INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE finding ADD COLUMN dependents INTEGER NOT NULL DEFAULT 0;",
};

static int current_version(struct db *db, int64_t *version, struct error *err)
{
	CLEANUP(db_finalize) struct db_statement *s = db_prepare(db, "PRAGMA user_version", err);

	if (!s || db_step(s, err) < 0)
		return -1;
	*version = db_int(s, 0);
	return 0;
}

static int too_new(int64_t version, struct error *err)
{
	return error_set(err, ERROR_SCHEMA,
			 "catalog.db: schema version %lld, this program knows up to %d",
			 (long long)version, SCHEMA_VERSION);
}

int schema_migrate(struct db *db, struct error *err)
{
	int64_t version;

	if (current_version(db, &version, err) < 0)
		return -1;
	if (version > SCHEMA_VERSION)
		return too_new(version, err);
	for (; version < SCHEMA_VERSION; version++) {
		CLEANUP(db_scope_end) struct db_scope scope = { db };
		/* PRAGMA takes no bound value; the texts are ours. */
		static const char *const set_version[SCHEMA_VERSION] = { "PRAGMA user_version=1",
									 "PRAGMA user_version=2",
									 "PRAGMA user_version=3" };

		if (db_begin(db, err) < 0 || db_run(db, migrations[version], err) < 0 ||
		    db_run(db, set_version[version], err) < 0 || db_commit(db, err) < 0)
			return error_wrap(err, "migration %lld", (long long)version + 1);
	}
	return 0;
}

int schema_check(struct db *db, struct error *err)
{
	int64_t version;

	if (current_version(db, &version, err) < 0)
		return -1;
	if (version == SCHEMA_VERSION)
		return 0;
	if (version > SCHEMA_VERSION)
		return too_new(version, err);
	return error_set(err, ERROR_SCHEMA,
			 "catalog.db: schema version %lld, this program needs %d",
			 (long long)version, SCHEMA_VERSION);
}
