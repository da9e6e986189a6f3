#include "lib/store/evidence.h"

#include "lib/base/buf.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <string.h>

int evidence_manifest(struct store *s, const struct evidence_bundle *b, unsigned char **out,
		      size_t *len, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s, "SELECT manifest FROM bundle WHERE channel_id=? AND epoch=? AND sequence=?",
		b->channel_id, b->epoch, b->sequence, err);

	if (!q)
		return -1;
	int row = db_step(q, err);
	if (row != 1)
		return row;
	const void *bytes = db_blob(q, 0, len);

	*out = buf_malloc(*len + 1);
	if (*len > 0)
		memcpy(*out, bytes, *len);
	db_reset(q);
	return 1;
}

int evidence_add_file(struct store *s, const struct evidence_bundle *b, const char *name,
		      const void *bytes, size_t len, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"INSERT OR REPLACE INTO bundle_file(channel_id, epoch, sequence, name, bytes)"
		" VALUES(?,?,?,?,?)",
		b->channel_id, b->epoch, b->sequence, err);

	if (!q)
		return -1;
	db_bind_text(q, 4, name);
	db_bind_blob(q, 5, bytes, len);
	return db_execute(q, err);
}

int evidence_each_file(struct store *s, const struct evidence_bundle *b,
		       int (*file)(void *ctx, const struct evidence_file *f, struct error *err),
		       void *ctx, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		channel_prepare(s,
				"SELECT name, bytes FROM bundle_file WHERE channel_id=?"
				" AND epoch=? AND sequence=? ORDER BY name",
				b->channel_id, b->epoch, b->sequence, err);
	int row, result = 0;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		struct evidence_file f;

		snprintf(f.name, sizeof f.name, "%s", db_text(q, 0));
		f.bytes = db_blob(q, 1, &f.len);
		result = file(ctx, &f, err);
		if (result != 0)
			break;
	}
	if (row == 1)
		db_reset(q);
	return row < 0 ? -1 : result;
}
