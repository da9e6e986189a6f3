#include "lib/store/documents.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/pack/pack.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 8 }; /* packs: documents of one source lie in the order of its packs */

struct kept {
	unsigned char sha256[32];
	struct pack *pack;
	uint64_t used; /* the clock of the reader when it was used last */
};

struct documents {
	struct store *store;
	struct kept kept[KEPT];
	uint64_t clock;
};

static int read_row(struct db_statement *q, struct documents_row *out, struct error *err)
{
	int64_t size = db_int(q, 5), at = db_int(q, 4);

	*out = (struct documents_row){ .revision = (uint32_t)db_int(q, 0),
				       .offset = (uint64_t)db_int(q, 2),
				       .at = (uint32_t)at,
				       .size = (uint32_t)size,
				       .usable = db_int(q, 6) == 0 };
	snprintf(out->key, sizeof out->key, "%s", db_text(q, 1));
	if (!db_copy(q, 3, out->pack, sizeof out->pack) || at < 0 || size < 0 ||
	    at > LIMIT_PACK_BYTES || size > LIMIT_PACK_BYTES)
		return error_set(err, ERROR_DB_CORRUPT, "document %u %s: a place in no pack",
				 out->revision, out->key);
	return 0;
}

int documents_list(struct store *s, int64_t source_id, char stream, struct documents_row **out,
		   struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT d.revision, d.key, d.offset, o.sha256, f.offset, f.size,"
		" ifnull(u.verdict, 0) FROM document d JOIN fragment f ON f.id=d.fragment_id"
		" JOIN object o ON o.id=f.object_id"
		" LEFT JOIN update_info u ON u.source_id=d.source_id AND"
		" u.source_revision=d.revision AND d.revision>0"
		" WHERE d.source_id=? AND d.stream=? ORDER BY d.offset, d.revision, d.key",
		err);
	struct documents_row *all = NULL;
	size_t count = 0, capacity = 0;
	int row;

	if (!q)
		return -1;
	db_bind_int(q, 1, source_id);
	db_bind_int(q, 2, stream);
	while ((row = db_step(q, err)) == 1) {
		all = buf_grow(all, &capacity, count, sizeof *all);
		if (read_row(q, &all[count++], err) < 0) {
			row = -1;
			break;
		}
	}
	if (row < 0 || count > INT32_MAX) {
		free(all);
		return -1;
	}
	*out = all;
	return (int)count;
}

struct documents *documents_open(struct store *s)
{
	struct documents *d = buf_calloc(1, sizeof *d);

	d->store = s;
	return d;
}

void documents_close(struct documents *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < KEPT; i++)
		pack_free(d->kept[i].pack);
	free(d);
}

static struct pack *load(struct documents *d, const unsigned char sha256[32], struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	char label[DIGEST_HEX];
	size_t len;

	str_to_hex(sha256, DIGEST_SHA256, label);
	if (content_load(d->store, sha256, LIMIT_PACK_BYTES, &bytes, &len, err) < 0)
		return NULL;
	return pack_open(bytes, len, label, err);
}

static const struct pack *find(struct documents *d, const unsigned char sha256[32],
			       struct error *err)
{
	struct kept *oldest = &d->kept[0];

	for (size_t i = 0; i < KEPT; i++) {
		struct kept *k = &d->kept[i];

		if (k->pack && memcmp(k->sha256, sha256, sizeof k->sha256) == 0) {
			k->used = ++d->clock;
			return k->pack;
		}
		if (k->used < oldest->used)
			oldest = k;
	}
	pack_free(STEAL(oldest->pack));
	oldest->pack = load(d, sha256, err);
	memcpy(oldest->sha256, sha256, sizeof oldest->sha256);
	oldest->used = ++d->clock;
	return oldest->pack;
}

const void *documents_read(struct documents *d, const struct documents_row *row, struct error *err)
{
	const struct pack *p = find(d, row->pack, err);

	if (!p)
		return NULL;
	if (row->at > p->len || row->size > p->len - row->at) {
		error_set(err, ERROR_DB_CORRUPT, "document %" PRIu32 " %s: outside of its pack",
			  row->revision, row->key);
		return NULL;
	}
	return p->bytes + row->at;
}

int documents_each_without(struct store *s,
			   int (*each)(void *ctx, const unsigned char update_id[16],
				       uint32_t revision, struct error *err),
			   void *ctx, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT i.update_id, r.number FROM revision r JOIN identity i ON"
			   " i.id=r.identity_id WHERE r.id IN (SELECT revision_id FROM update_info)"
			   " AND NOT EXISTS (SELECT 1 FROM update_info u JOIN source s ON"
			   " s.id=u.source_id WHERE u.revision_id=r.id AND s.kind='wsusutil')"
			   " ORDER BY i.update_id, r.number",
			   err);
	unsigned char update_id[16];
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1)
		if (db_copy(q, 0, update_id, sizeof update_id) &&
		    each(ctx, update_id, (uint32_t)db_int(q, 1), err) < 0)
			return -1;
	return row;
}
