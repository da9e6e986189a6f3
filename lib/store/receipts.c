#include "lib/store/receipts.h"

#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>

int receipts_add(struct store *s, int64_t channel_id, const struct receipts_row *row,
		 const void *text, size_t len, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"INSERT OR REPLACE INTO receipt(channel_id, site, counter, digest, text, recorded,"
		" refused) VALUES(?,?,?,?,?,?,?)",
		err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_text(q, 2, row->site);
	db_bind_int(q, 3, (int64_t)row->counter);
	db_bind_blob(q, 4, row->digest, sizeof row->digest);
	db_bind_blob(q, 5, text, len);
	db_bind_int(q, 6, row->recorded);
	db_bind_int(q, 7, row->refused);
	return db_execute(q, err);
}

#define COLUMNS "SELECT site, counter, digest, recorded, refused FROM receipt WHERE channel_id=? "

/* The row that a statement with bound values finds. */
static int one_row(struct db_statement *q, struct receipts_row *out, struct error *err)
{
	int row = db_step(q, err);

	if (row != 1)
		return row;
	*out = (struct receipts_row){ .counter = (uint64_t)db_int(q, 1),
				      .recorded = db_int(q, 3),
				      .refused = db_int(q, 4) != 0 };
	snprintf(out->site, sizeof out->site, "%s", db_text(q, 0));
	db_copy(q, 2, out->digest, sizeof out->digest);
	db_reset(q);
	return 1;
}

int receipts_newest(struct store *s, int64_t channel_id, const char *site, struct receipts_row *out,
		    struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), COLUMNS "AND site=? AND refused=0 ORDER BY counter DESC LIMIT 1", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_text(q, 2, site);
	return one_row(q, out, err);
}

int receipts_find(struct store *s, int64_t channel_id, const unsigned char digest[32],
		  struct receipts_row *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s), COLUMNS "AND digest=?", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_blob(q, 2, digest, 32);
	return one_row(q, out, err);
}
