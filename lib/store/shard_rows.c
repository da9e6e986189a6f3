#include "lib/store/shard_rows.h"

#include "lib/base/error.h"
#include "lib/pack/listing.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void shard_rows_free(struct shard_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_clear(&rows[i].state);
	free(rows);
}

int shard_rows_some(struct store *s, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s), "SELECT 1 FROM shard LIMIT 1", err);
	int row = q ? db_step(q, err) : -1;

	if (row == 1)
		db_reset(q);
	return row;
}

/* 1 and the state in the row that q finds, appended to *out; 0; -1. */
static int load_state(struct db_statement *q, struct buf *out, struct error *err)
{
	int row = db_step(q, err);

	if (row == 1) {
		size_t len;
		const void *bytes = db_blob(q, 0, &len);

		if (buf_append(out, bytes, len, err) < 0)
			row = -1;
		db_reset(q);
	}
	return row;
}

int shard_rows_load(struct store *s, const unsigned char digest[32], struct buf *out,
		    struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT state FROM shard WHERE digest=?", err);

	if (!q)
		return -1;
	db_bind_blob(q, 1, digest, 32);
	return load_state(q, out, err);
}

int shard_rows_before(struct store *s, uint32_t first, struct buf *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT state FROM shard WHERE first<=? ORDER BY first DESC, digest LIMIT 1", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, first);
	return load_state(q, out, err);
}

static bool is_wanted(const unsigned char digest[32], const struct shard_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(rows[i].digest, digest, sizeof rows[i].digest) == 0)
			return true;
	return false;
}

/* Rows of the source whose cabinets it has no more. */
static int remove_others(struct store *s, const struct listing_source *source,
			 const struct shard_row *rows, size_t count, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT digest FROM shard WHERE kind=? AND series=?", err);
	CLEANUP(db_finalize)
	struct db_statement *remove =
		q ? db_prepare(store_db(s), "DELETE FROM shard WHERE digest=?", err) : NULL;
	CLEANUP(buf_clear) struct buf gone = BUF_INIT(SIZE_MAX);
	unsigned char digest[32];
	int row;

	if (!remove)
		return -1;
	db_bind_text(q, 1, source->kind);
	db_bind_text(q, 2, source->series);
	while ((row = db_step(q, err)) == 1)
		if (db_copy(q, 0, digest, sizeof digest) && !is_wanted(digest, rows, count) &&
		    buf_append(&gone, digest, sizeof digest, err) < 0)
			return -1;
	for (size_t at = 0; row == 0 && at < gone.len; at += sizeof digest) {
		db_bind_blob(remove, 1, gone.bytes + at, sizeof digest);
		row = db_execute(remove, err);
	}
	return row;
}

int shard_rows_replace(struct store *s, const struct listing_source *source,
		       const struct shard_row *rows, size_t count, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *add =
		db_prepare(store_db(s),
			   "INSERT OR REPLACE INTO shard(digest, kind, series, first, state)"
			   " VALUES(?,?,?,?,?)",
			   err);

	if (!add || remove_others(s, source, rows, count, err) < 0)
		return -1;
	db_bind_text(add, 2, source->kind);
	db_bind_text(add, 3, source->series);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].state.len == 0)
			continue;
		db_bind_blob(add, 1, rows[i].digest, sizeof rows[i].digest);
		db_bind_int(add, 4, rows[i].first);
		db_bind_blob(add, 5, rows[i].state.bytes, rows[i].state.len);
		if (db_execute(add, err) < 0)
			return -1;
	}
	return 0;
}
