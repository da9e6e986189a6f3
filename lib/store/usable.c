#include "lib/store/usable.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdlib.h>

void usable_clear(struct usable *u)
{
	free(u->ids);
	*u = (struct usable){ 0 };
}

int usable_load(struct store *s,
		bool (*withdrawn)(void *ctx, const char *kind, const char *series,
				  uint32_t revision),
		void *ctx, struct usable *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT u.identity_id, s.kind, s.series, u.source_revision"
			   " FROM update_info u JOIN source s ON s.id=u.source_id"
			   " WHERE u.verdict=0 ORDER BY u.identity_id",
			   err);
	int row;

	*out = (struct usable){ 0 };
	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		int64_t id = db_int(q, 0);

		if ((out->count > 0 && out->ids[out->count - 1] == id) ||
		    withdrawn(ctx, db_text(q, 1), db_text(q, 2), (uint32_t)db_int(q, 3)))
			continue;
		out->ids = buf_grow(out->ids, &out->capacity, out->count, sizeof *out->ids);
		out->ids[out->count++] = id;
	}
	return row;
}

int usable_gone(struct store *s, const struct usable *before, uint64_t *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT DISTINCT identity_id FROM update_info ORDER BY identity_id",
		err);
	size_t i = 0;
	int row;

	*out = 0;
	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		int64_t id = db_int(q, 0);

		for (; i < before->count && before->ids[i] < id; i++)
			(*out)++;
		if (i < before->count && before->ids[i] == id)
			i++;
	}
	*out += before->count - i;
	return row;
}
