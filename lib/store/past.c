#include "lib/store/past.h"

#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_past.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"

#include <stdlib.h>
#include <string.h>

static void marks_free(uint64_t *p)
{
	free(p);
}
DEFINE_CLEANUP(uint64_t *, marks_free);

/* For each revision the beginning of the digest of its core fragment; both are sorted by it. */
static uint64_t *marks_of(const struct gather *g)
{
	size_t count = catalog_count(g->catalog), at = 0;
	uint64_t *marks = buf_calloc(count, sizeof *marks);

	for (size_t i = 0; i < g->entry_count; i++) {
		const struct listing_entry *e = &g->entries[i];

		if (e->stream != 'c')
			continue;
		while (at < count && catalog_at(g->catalog, at)->revision_id < e->revision)
			at++;
		if (at < count && catalog_at(g->catalog, at)->revision_id == e->revision)
			memcpy(&marks[at], e->sha256, sizeof *marks);
	}
	return marks;
}

int past_compare(struct store *s, struct gather *g, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT state FROM past WHERE kind=? AND series=?", err);

	if (!q)
		return -1;
	db_bind_text(q, 1, g->source.kind);
	db_bind_text(q, 2, g->source.series);
	int row = db_step(q, err);
	if (row == 1) {
		CLEANUP(marks_free) uint64_t *marks = marks_of(g);
		size_t len;
		const void *bytes = db_blob(q, 0, &len);

		/* what another version wrote tells nothing; the next one will be compared */
		(void)catalog_past_compare(g->catalog, marks, bytes, len);
		db_reset(q);
	}
	return row < 0 ? -1 : 0;
}

int past_store(struct store *s, const struct gather *g, struct error *err)
{
	CLEANUP(buf_clear) struct buf state = BUF_INIT(LIMIT_DB_VALUE);
	CLEANUP(marks_free) uint64_t *marks = marks_of(g);
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "INSERT OR REPLACE INTO past(kind, series, state) VALUES(?,?,?)", err);

	if (!q || catalog_past_write(g->catalog, marks, &state, err) < 0)
		return -1;
	db_bind_text(q, 1, g->source.kind);
	db_bind_text(q, 2, g->source.series);
	db_bind_blob(q, 3, state.bytes, state.len);
	return db_execute(q, err);
}
