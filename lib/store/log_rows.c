#include "lib/store/log_rows.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGIN_DIGITS = 16 };

/* ---- leaves ---- */

static int count_leaves(struct store *s, uint64_t *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT number FROM log_leaf ORDER BY number DESC LIMIT 1", err);

	*out = 0;
	if (!q)
		return -1;
	int row = db_step(q, err);
	if (row == 1) {
		*out = (uint64_t)db_int(q, 0) + 1;
		db_reset(q);
	}
	return row < 0 ? -1 : 0;
}

static int insert(struct store *s, uint64_t number, const char *text, size_t len,
		  const struct log_rows_bundle *bundle, struct error *err)
{
	unsigned char hash[TREE_HASH];
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"INSERT INTO log_leaf(number, text, hash, channel_id, bundle) VALUES(?,?,?,?,?)",
		err);

	if (!q)
		return -1;
	tree_leaf(text, len, hash);
	db_bind_int(q, 1, (int64_t)number);
	db_bind_text(q, 2, text);
	db_bind_blob(q, 3, hash, sizeof hash);
	db_bind_null(q, 4);
	db_bind_null(q, 5);
	if (bundle) {
		db_bind_int(q, 4, bundle->channel_id);
		db_bind_text(q, 5, bundle->name);
	}
	return db_execute(q, err);
}

/* Two logs with the same beginning are two stories of one: that is what a site must notice. */
static int insert_first(struct store *s, const char *next, size_t len, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];
	char hex[DIGEST_HEX], time[STR_TIME_SIZE], text[160];

	digest_sha256(next, len, digest);
	str_to_hex(digest, sizeof digest, hex);
	str_from_time(clock_stamp(), time);
	int text_len = snprintf(text, sizeof text, "gapferry-log 1 begin %s %s\n", time, hex);

	return insert(s, 0, text, (size_t)text_len, NULL, err);
}

int log_rows_append(struct store *s, const char *text, size_t len,
		    const struct log_rows_bundle *bundle, struct error *err)
{
	uint64_t count;

	if (count_leaves(s, &count, err) < 0)
		return -1;
	if (count == 0) {
		if (insert_first(s, text, len, err) < 0)
			return -1;
		count = 1;
	}
	return insert(s, count, text, len, bundle, err);
}

static void set_origin(struct log_rows *r)
{
	char hex[DIGEST_HEX];

	r->origin[0] = '\0';
	if (r->count == 0)
		return;
	str_to_hex(r->hashes[0], TREE_HASH, hex);
	snprintf(r->origin, sizeof r->origin, "gapferry.log/%.*s", ORIGIN_DIGITS, hex);
}

int log_rows_load(struct store *s, struct log_rows *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT number, hash FROM log_leaf ORDER BY number", err);
	size_t capacity = 0;
	int row;

	*out = (struct log_rows){ .count = 0 };
	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		out->hashes = buf_grow(out->hashes, &capacity, out->count, sizeof *out->hashes);
		if (db_int(q, 0) != (int64_t)out->count ||
		    !db_copy(q, 1, out->hashes[out->count], TREE_HASH))
			return error_set(err, ERROR_DB_CORRUPT, "catalog.db: leaf %llu is missing",
					 (unsigned long long)out->count);
		out->count++;
	}
	set_origin(out);
	return row;
}

void log_rows_clear(struct log_rows *r)
{
	free(r->hashes);
	*r = (struct log_rows){ .count = 0 };
}

int log_rows_each(struct store *s, uint64_t first,
		  int (*each)(void *ctx, uint64_t number, const char *text, struct error *err),
		  void *ctx, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT number, text FROM log_leaf WHERE number>=? ORDER BY number",
		err);
	int row;

	if (!q)
		return -1;
	db_bind_int(q, 1, (int64_t)first);
	while ((row = db_step(q, err)) == 1)
		if (each(ctx, (uint64_t)db_int(q, 0), db_text(q, 1), err) < 0)
			return -1;
	return row;
}

int log_rows_find(struct store *s, const char *bundle, uint64_t *number, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT number FROM log_leaf WHERE bundle=?", err);

	if (!q)
		return -1;
	db_bind_text(q, 1, bundle);
	int row = db_step(q, err);
	if (row != 1)
		return row;
	*number = (uint64_t)db_int(q, 0);
	db_reset(q);
	return 1;
}

int log_rows_marks(struct store *s, int64_t channel_id, uint64_t *out, int max, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT number FROM (SELECT number FROM log_leaf WHERE channel_id=?"
			   " ORDER BY number DESC LIMIT ?) ORDER BY number",
			   err);
	int row, count = 0;

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_int(q, 2, max);
	while ((row = db_step(q, err)) == 1)
		out[count++] = (uint64_t)db_int(q, 0) + 1;
	return row < 0 ? -1 : count;
}

/* ---- checkpoints ---- */

int log_rows_save_note(struct store *s, uint64_t size, const struct buf *note, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "INSERT OR REPLACE INTO log_checkpoint(size, note) VALUES(?,?)", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, (int64_t)size);
	db_bind_blob(q, 2, note->bytes, note->len);
	return db_execute(q, err);
}

static int take_note(struct db_statement *q, struct buf *out, struct error *err)
{
	size_t len;
	int row = db_step(q, err);

	if (row != 1)
		return row;
	const void *bytes = db_blob(q, 0, &len);

	int failed = buf_append(out, bytes, len, err);
	db_reset(q);
	return failed < 0 ? -1 : 1;
}

int log_rows_load_note(struct store *s, uint64_t size, struct buf *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT note FROM log_checkpoint WHERE size=?", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, (int64_t)size);
	return take_note(q, out, err);
}

int log_rows_newest_note(struct store *s, struct buf *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1", err);

	return q ? take_note(q, out, err) : -1;
}

int log_rows_keep_returned(struct store *s, const char *witness, const struct buf *note,
			   bool refused, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "INSERT OR REPLACE INTO log_returned(digest, witness, note, refused,"
			   " recorded) VALUES(?,?,?,?,?)",
			   err);

	if (!q)
		return -1;
	digest_sha256(note->bytes, note->len, digest);
	db_bind_blob(q, 1, digest, sizeof digest);
	db_bind_text(q, 2, witness);
	db_bind_blob(q, 3, note->bytes, note->len);
	db_bind_int(q, 4, refused);
	db_bind_int(q, 5, clock_now());
	return db_execute(q, err);
}

/* ---- what was seen ---- */

int log_rows_seen(struct store *s, int64_t channel_id, struct log_rows_seen *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT origin, size, root FROM log_seen WHERE channel_id=?", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	int row = db_step(q, err);
	if (row != 1)
		return row;
	snprintf(out->origin, sizeof out->origin, "%s", db_text(q, 0));
	out->head.size = (uint64_t)db_int(q, 1);
	db_copy(q, 2, out->head.root, sizeof out->head.root);
	db_reset(q);
	return 1;
}

int log_rows_see(struct store *s, int64_t channel_id, const struct log_rows_seen *seen,
		 struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   seen ? "INSERT OR REPLACE INTO log_seen(channel_id, origin, size, root)"
				  " VALUES(?,?,?,?)"
				: "DELETE FROM log_seen WHERE channel_id=?",
			   err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	if (seen) {
		db_bind_text(q, 2, seen->origin);
		db_bind_int(q, 3, (int64_t)seen->head.size);
		db_bind_blob(q, 4, seen->head.root, sizeof seen->head.root);
	}
	return db_execute(q, err);
}
