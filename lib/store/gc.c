#include "lib/store/gc.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY = 86400, NAMES_MAX = 4000000 };

struct run {
	struct store *store;
	const struct gc_options *options;
	struct gc_result *result;
	unsigned char (*doomed)[DIGEST_SHA256];
	size_t count, capacity;
};

static void run_clear(struct run *r)
{
	free(r->doomed);
}
DEFINE_CLEANUP_IN_PLACE(struct run, run_clear);

/* ---- what the database does not know of ---- */

struct gc_keeping {
	struct db_statement *insert;
};

int gc_keep(struct gc_keeping *k, const unsigned char sha256[32], struct error *err)
{
	db_bind_blob(k->insert, 1, sha256, DIGEST_SHA256);
	return db_execute(k->insert, err);
}

static int keep_others(struct run *r, struct error *err)
{
	struct db *db = store_db(r->store);
	CLEANUP(db_scope_end) struct db_scope scope = { db };

	if (db_begin(db, err) < 0 ||
	    db_run(db,
		   "CREATE TEMP TABLE IF NOT EXISTS kept(sha256 BLOB PRIMARY KEY) WITHOUT ROWID;"
		   "DELETE FROM temp.kept",
		   err) < 0)
		return -1;
	CLEANUP(db_finalize)
	struct db_statement *insert =
		db_prepare(db, "INSERT OR IGNORE INTO temp.kept VALUES(?)", err);
	struct gc_keeping k = { insert };
	int known = !insert            ? -1
		    : r->options->keep ? r->options->keep(r->options->keep_ctx, &k, err)
				       : 1;

	if (known < 0)
		return -1;
	r->result->pending = known == 0;
	return db_commit(db, err);
}

/* ---- which objects ---- */

/*
 * The document lists of a channel that a later delta may refer to.  Sent from here: since what
 * every site has confirmed, or what a one-way channel may lose; received here: the newest ones
 * (a list that is gone after all is asked for by the need list).
 */
#define LISTING_NEEDED                                                                   \
	" EXISTS(SELECT 1 FROM channel c WHERE c.id=b.channel_id AND c.epoch=b.epoch"    \
	" AND b.sequence >= CASE WHEN c.direction=1 THEN c.sequence-?1+1"                \
	" WHEN c.one_way=1 THEN c.sequence-c.overlap"                                    \
	" ELSE ifnull((SELECT min(CASE WHEN s.epoch=c.epoch THEN s.sequence ELSE 0 END)" \
	" FROM site s WHERE s.channel_id=c.id), 0) END)"

/* value 0: the statement has no parameter */
static int execute(struct run *r, const char *sql, int64_t value, struct error *err)
{
	CLEANUP(db_finalize) struct db_statement *q = db_prepare(store_db(r->store), sql, err);

	if (!q)
		return -1;
	if (value)
		db_bind_int(q, 1, value);
	return db_execute(q, err);
}

static int find_live(struct run *r, struct error *err)
{
	if (db_run(store_db(r->store),
		   "CREATE TEMP TABLE IF NOT EXISTS live(id INTEGER PRIMARY KEY);"
		   "CREATE TEMP TABLE IF NOT EXISTS doomed(id INTEGER PRIMARY KEY);"
		   "DELETE FROM temp.live; DELETE FROM temp.doomed;"
		   "INSERT OR IGNORE INTO temp.live SELECT object_id FROM source_object;"
		   "INSERT OR IGNORE INTO temp.live SELECT o.id FROM object o"
		   " WHERE o.sha1 IS NOT NULL AND EXISTS(SELECT 1 FROM file f WHERE f.sha1=o.sha1);"
		   "INSERT OR IGNORE INTO temp.live SELECT o.id FROM file f"
		   " JOIN object o ON o.sha256=f.sha256 WHERE f.sha256 IS NOT NULL;"
		   "INSERT OR IGNORE INTO temp.live SELECT object_id FROM fragment"
		   " WHERE id IN (SELECT fragment_id FROM document);"
		   "INSERT OR IGNORE INTO temp.live SELECT o.id FROM temp.kept k"
		   " JOIN object o ON o.sha256=k.sha256",
		   err) < 0)
		return -1;
	return execute(r,
		       "INSERT OR IGNORE INTO temp.live SELECT object_id FROM bundle_listing b"
		       " WHERE" LISTING_NEEDED,
		       GC_LISTINGS_KEPT, err);
}

/* Those whose time has come; the others are told since when they wait. */
static int find_doomed(struct run *r, struct error *err)
{
	if (db_run(store_db(r->store),
		   "INSERT INTO temp.doomed SELECT id FROM object"
		   " WHERE id NOT IN (SELECT id FROM temp.live);"
		   "UPDATE object SET unneeded=0 WHERE unneeded<>0"
		   " AND id IN (SELECT id FROM temp.live)",
		   err) < 0 ||
	    execute(r,
		    "UPDATE object SET unneeded=?1 WHERE unneeded=0"
		    " AND id IN (SELECT id FROM temp.doomed)",
		    r->options->now, err) < 0)
		return -1;
	CLEANUP(db_finalize)
	struct db_statement *kept =
		db_prepare(store_db(r->store),
			   "SELECT count(*), ifnull(sum(size), 0) FROM object"
			   " WHERE unneeded>?1 AND id IN (SELECT id FROM temp.doomed)",
			   err);
	int64_t newest = r->options->now - r->options->keep_seconds;
	if (!kept)
		return -1;
	db_bind_int(kept, 1, newest);
	if (db_step(kept, err) < 0)
		return -1;
	r->result->kept = (uint64_t)db_int(kept, 0);
	r->result->kept_bytes = (uint64_t)db_int(kept, 1);
	db_reset(kept);
	return execute(r,
		       "DELETE FROM temp.doomed WHERE id IN"
		       " (SELECT id FROM object WHERE unneeded>?1)",
		       newest, err);
}

static int collect(struct run *r, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(r->store),
					    "SELECT o.sha256, o.size, o.kind FROM temp.doomed d"
					    " JOIN object o ON o.id=d.id",
					    err);
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		int64_t kind = db_int(q, 2);

		r->doomed = buf_grow(r->doomed, &r->capacity, r->count, sizeof *r->doomed);
		if (kind < 0 || kind >= OBJECT_KINDS ||
		    !db_copy(q, 0, r->doomed[r->count], DIGEST_SHA256))
			return error_set(err, ERROR_DB_CORRUPT, "catalog.db: a row of an object");
		r->count++;
		r->result->objects[kind]++;
		r->result->bytes[kind] += (uint64_t)db_int(q, 1);
	}
	return row;
}

/* Nothing may go on naming the number of an object that is gone: numbers are given again. */
static int delete_rows(struct run *r, struct error *err)
{
	struct db *db = store_db(r->store);

	if (execute(r, "DELETE FROM bundle_listing AS b WHERE NOT" LISTING_NEEDED, GC_LISTINGS_KEPT,
		    err) < 0)
		return -1;
	r->result->listings = (uint64_t)db_changes(db);
	if (execute(r, "DELETE FROM fragment WHERE object_id IN (SELECT id FROM temp.doomed)", 0,
		    err) < 0)
		return -1;
	r->result->fragments = (uint64_t)db_changes(db);
	return db_run(db,
		      "DELETE FROM held WHERE object_id IN (SELECT id FROM temp.doomed);"
		      "DELETE FROM object WHERE id IN (SELECT id FROM temp.doomed)",
		      err);
}

static int add_record(struct run *r, struct error *err)
{
	uint64_t bytes = 0;
	char body[128];

	for (int k = 0; k < OBJECT_KINDS; k++)
		bytes += r->result->bytes[k];
	if (r->count == 0)
		return 0;
	snprintf(body, sizeof body, "gc objects=%zu bytes=%llu", r->count,
		 (unsigned long long)bytes);
	return ledger_rows_append(r->store, body, err);
}

/* ---- the files ---- */

static int stop_wanted(const struct run *r, struct error *err)
{
	if (r->options->tick && r->options->tick(r->options->ctx))
		return error_set(err, ERROR_STOPPED, "gc: stopped; what is left goes next time");
	return 0;
}

static int is_stored(struct db_statement *find, const char *name, bool *out, struct error *err)
{
	unsigned char sha256[DIGEST_SHA256];

	*out = true; /* what is not named like an object is none of ours */
	if (!str_from_hex(name, strlen(name), sha256, sizeof sha256))
		return 0;
	db_bind_blob(find, 1, sha256, sizeof sha256);
	int row = db_step(find, err);
	db_reset(find);
	*out = row == 1;
	return row < 0 ? -1 : 0;
}

/* Files that nobody made known: left by an ingest or import that was killed, or by a killed gc. */
static int sweep_folder(struct run *r, struct db_statement *find, int dir, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(dir, NAMES_MAX, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;
		bool stored;

		if (is_stored(find, list.names[i], &stored, err) < 0 || stop_wanted(r, err) < 0)
			return -1;
		if (stored || fstatat(dir, list.names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_mtime > r->options->now - DAY)
			continue;
		if (!r->options->dry_run && unlinkat(dir, list.names[i], 0) < 0)
			return error_set_errno(err, ERROR_FILE_WRITE, "content/%s: cannot remove",
					       list.names[i]);
		r->result->files++;
		r->result->file_bytes += (uint64_t)st.st_size;
	}
	return 0;
}

static int sweep(struct run *r, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *find = db_prepare(store_db(r->store),
					       "SELECT 1 FROM object WHERE sha256=?1"
					       " UNION ALL SELECT 1 FROM temp.kept WHERE sha256=?1",
					       err);

	if (!find)
		return -1;
	for (unsigned i = 0; i < 256; i++) {
		char name[3];

		snprintf(name, sizeof name, "%02x", i);
		CLEANUP(file_close)
		int dir = file_open_subdir(store_content_dir(r->store), name, false, err);
		if (dir < 0 || sweep_folder(r, find, dir, err) < 0)
			return -1;
	}
	return 0;
}

int gc_run(struct store *s, const struct gc_options *options, struct gc_result *out,
	   struct error *err)
{
	CLEANUP(run_clear) struct run r = { .store = s, .options = options, .result = out };
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	*out = (struct gc_result){ .pending = false };
	if (keep_others(&r, err) < 0)
		return -1;
	if (out->pending)
		return 0;
	/* Before the rows go: afterwards the files of these rows would be counted too. */
	if (sweep(&r, err) < 0 || db_begin(scope.db, err) < 0 || find_live(&r, err) < 0 ||
	    find_doomed(&r, err) < 0 || collect(&r, err) < 0)
		return -1;
	if (options->dry_run)
		return 0;
	if (delete_rows(&r, err) < 0 || add_record(&r, err) < 0 || db_commit(scope.db, err) < 0)
		return -1;
	for (size_t i = 0; i < r.count; i++) {
		if (stop_wanted(&r, err) < 0)
			return -1;
		content_forget(s, r.doomed[i]);
	}
	return 0;
}
