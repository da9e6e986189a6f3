#include "lib/store/confirmed.h"

#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stddef.h>

int confirmed_is_newest(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
			struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT 1 FROM site WHERE channel_id=? AND epoch=? AND sequence=?", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_int(q, 2, epoch);
	db_bind_int(q, 3, (int64_t)sequence);
	int row = db_step(q, err);
	if (row == 1)
		db_reset(q);
	return row;
}
