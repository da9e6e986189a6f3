/* Files that the stored revisions name, and whether they are here. */
#include "lib/base/error.h"
#include "lib/crypto/digest.h"
#include "lib/store/db.h"
#include "lib/store/rows.h"
#include "lib/store/rows_internal.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"

#include <stdio.h>
#include <string.h>

void rows_read_object(struct db_statement *q, struct stored_object *o)
{
	*o = (struct stored_object){ .id = db_int(q, 0) };
	db_copy(q, 1, o->sha256, sizeof o->sha256);
	o->size = (uint64_t)db_int(q, 2);
	o->kind = (enum object_kind)db_int(q, 3);
	o->has_sha1 = db_copy(q, 4, o->sha1, sizeof o->sha1);
	snprintf(o->name, sizeof o->name, "%s", db_text(q, 5));
}

int rows_each_file(struct store *s, const struct rows_filter *filter,
		   int (*each)(void *ctx, const struct rows_file *f, struct error *err), void *ctx,
		   struct error *err)
{
	/* Ordered so that of several mentions of one file the first states the most. */
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT o.id, o.sha256, o.size, o.kind, o.sha1, o.name, f.sha1, f.sha256, f.size,"
		" f.name, f.source_revision, s.content_expected, u.verdict, f.source_id, "
		"f.kind, f.express FROM file f"
		" JOIN source s ON s.id=f.source_id JOIN update_info u ON u.source_id=f.source_id"
		" AND u.source_revision=f.source_revision LEFT JOIN object o ON o.sha1=f.sha1"
		" ORDER BY f.sha1, u.verdict, f.sha256 IS NULL, f.size IS NULL, f.source_id,"
		" f.source_revision, o.id",
		err);
	unsigned char last[DIGEST_SHA1] = { 0 };
	bool first = true;
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		struct stored_object o;
		struct rows_file f = { .object = &o,
				       .source_revision = (uint32_t)db_int(q, 10),
				       .content_expected = db_int(q, 11) != 0 };
		unsigned char sha1[DIGEST_SHA1];

		if (!db_copy(q, 6, sha1, sizeof sha1) ||
		    (!first && memcmp(sha1, last, sizeof last) == 0))
			continue;
		struct rows_mention mention = { .source_id = db_int(q, 13),
						.source_revision = f.source_revision,
						.is_licence = db_int(q, 14) != 0,
						.is_express = db_int(q, 15) != 0 };
		if (filter && !filter->wants(filter->ctx, &mention))
			continue;
		memcpy(last, sha1, sizeof last);
		first = false;
		rows_read_object(q, &o);
		f.sha256_known = !db_is_null(q, 7);
		f.size_known = !db_is_null(q, 8);
		if (o.id == 0 && db_int(q, 12) != 0)
			continue; /* nobody misses the payload of a quarantined update */
		if (o.id == 0) {
			o.kind = OBJECT_CONTENT;
			o.has_sha1 = true;
			memcpy(o.sha1, sha1, sizeof sha1);
			db_copy(q, 7, o.sha256, sizeof o.sha256);
			o.size = (uint64_t)db_int(q, 8);
			snprintf(o.name, sizeof o.name, "%s", db_text(q, 9));
		}
		if (each(ctx, &f, err) < 0)
			return -1;
	}
	return row;
}

int rows_each_named(struct store *s,
		    int (*each)(void *ctx, const struct rows_named_file *f, struct error *err),
		    void *ctx, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT f.source_id, f.source_revision, f.kind, f.express, f.sha1, f.sha256,"
		" f.size, f.name, ifnull((SELECT min(o.id) FROM object o WHERE o.sha1=f.sha1"
		" AND (f.sha256 IS NULL OR o.sha256=f.sha256) AND o.checked>=0), 0)"
		" FROM file f ORDER BY f.source_id, f.source_revision, f.kind, f.ordinal",
		err);
	int row = -1;

	while (q && (row = db_step(q, err)) == 1) {
		struct rows_named_file f = {
			.mention = { .source_id = db_int(q, 0),
				     .source_revision = (uint32_t)db_int(q, 1),
				     .is_licence = db_int(q, 2) != 0,
				     .is_express = db_int(q, 3) != 0 },
			.has_size = !db_is_null(q, 6),
			.size = (uint64_t)db_int(q, 6),
			.name = db_text(q, 7),
			.object = db_int(q, 8),
		};

		f.has_sha256 = db_copy(q, 5, f.sha256, sizeof f.sha256);
		if (!db_copy(q, 4, f.sha1, sizeof f.sha1))
			return error_set(err, ERROR_DB_CORRUPT,
					 "catalog.db: file row without SHA-1");
		if (each(ctx, &f, err) < 0)
			return -1;
	}
	return row;
}

int rows_each_unnamed(struct store *s,
		      int (*each)(void *ctx, const struct stored_object *o, struct error *err),
		      void *ctx, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT id, sha256, size, kind, sha1, name FROM object o WHERE kind=?1 AND"
		" checked>=0 AND (sha1 IS NULL OR NOT EXISTS(SELECT 1 FROM file f WHERE"
		" f.sha1=o.sha1 AND (f.sha256 IS NULL OR f.sha256=o.sha256))) ORDER BY sha256",
		err);
	int row = -1;

	if (q)
		db_bind_int(q, 1, OBJECT_CONTENT);
	while (q && (row = db_step(q, err)) == 1) {
		struct stored_object o;

		rows_read_object(q, &o);
		if (each(ctx, &o, err) < 0)
			return -1;
	}
	return row;
}
