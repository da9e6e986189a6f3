#include "lib/store/held.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdlib.h>

void held_clear(struct held *h)
{
	free(h->rows);
	*h = (struct held){ 0 };
}

int held_load(struct store *s, int64_t channel_id, struct held *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT object_id, since FROM held WHERE channel_id=? ORDER BY object_id", err);
	int row;

	*out = (struct held){ 0 };
	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	while ((row = db_step(q, err)) == 1) {
		out->rows = buf_grow(out->rows, &out->capacity, out->count, sizeof *out->rows);
		out->rows[out->count++] = (struct held_row){ db_int(q, 0), (uint64_t)db_int(q, 1) };
	}
	return row;
}

static int compare_row(const void *key, const void *row)
{
	const int64_t *id = key;
	const struct held_row *r = row;

	return *id < r->object_id ? -1 : *id > r->object_id;
}

bool held_at(const struct held *h, int64_t object_id, uint64_t base)
{
	const struct held_row *r =
		h->count ? bsearch(&object_id, h->rows, h->count, sizeof *h->rows, compare_row)
			 : NULL;

	return r && r->since <= base;
}

static int compare_ids(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* One row, by a statement whose first parameters are channel and object. */
static int change(struct db_statement *q, int64_t channel_id, int64_t id, struct error *err)
{
	db_bind_int(q, 1, channel_id);
	db_bind_int(q, 2, id);
	return db_execute(q, err);
}

int held_update(struct store *s, int64_t channel_id, uint64_t sequence, const struct held *before,
		int64_t *ids, size_t count, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *add = db_prepare(
		store_db(s), "INSERT INTO held(channel_id, object_id, since) VALUES(?,?,?)", err);
	CLEANUP(db_finalize)
	struct db_statement *drop =
		add ? db_prepare(store_db(s), "DELETE FROM held WHERE channel_id=? AND object_id=?",
				 err)
		    : NULL;
	size_t b = 0, i = 0, kept = 0;

	if (!drop)
		return -1;
	if (count > 0)
		qsort(ids, count, sizeof *ids, compare_ids);
	for (size_t k = 0; k < count; k++)
		if (kept == 0 || ids[kept - 1] != ids[k])
			ids[kept++] = ids[k];
	count = kept;
	db_bind_int(add, 3, (int64_t)sequence);
	while (b < before->count || i < count) {
		int64_t old = b < before->count ? before->rows[b].object_id : INT64_MAX;
		int64_t id = i < count ? ids[i] : INT64_MAX;
		int failed = 0;

		if (old < id)
			failed = change(drop, channel_id, old, err);
		else if (id < old)
			failed = change(add, channel_id, id, err);
		if (failed)
			return -1;
		b += old <= id;
		i += id <= old;
	}
	return 0;
}

int held_forget(struct store *s, int64_t channel_id, const unsigned char sha256[32],
		struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s),
					    "DELETE FROM held WHERE channel_id=? AND object_id="
					    "(SELECT id FROM object WHERE sha256=?)",
					    err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_blob(q, 2, sha256, 32);
	return db_execute(q, err) < 0 ? -1 : db_changes(store_db(s)) > 0;
}
