#include "lib/store/stored.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char columns[] = "SELECT id, sha256, size, kind, sha1, name, checked<0 FROM object ";

static void read_row(struct db_statement *q, struct stored_object *out)
{
	*out = (struct stored_object){ .id = db_int(q, 0) };
	db_copy(q, 1, out->sha256, sizeof out->sha256);
	out->size = (uint64_t)db_int(q, 2);
	out->kind = (enum object_kind)db_int(q, 3);
	out->has_sha1 = db_copy(q, 4, out->sha1, sizeof out->sha1);
	snprintf(out->name, sizeof out->name, "%s", db_text(q, 5));
	out->lost = db_int(q, 6) != 0;
}

static int find(struct store *s, const char *where, const unsigned char *key, size_t size,
		struct stored_object *out, struct error *err)
{
	char sql[160];

	snprintf(sql, sizeof sql, "%s%s", columns, where);
	CLEANUP(db_finalize) struct db_statement *q = db_prepare(store_db(s), sql, err);
	if (!q)
		return -1;
	db_bind_blob(q, 1, key, size);
	int row = db_step(q, err);
	if (row == 1) {
		read_row(q, out);
		db_reset(q);
	}
	return row;
}

int stored_find(struct store *s, const unsigned char sha256[32], struct stored_object *out,
		struct error *err)
{
	return find(s, "WHERE sha256=?", sha256, 32, out, err);
}

int stored_find_sha1(struct store *s, const unsigned char sha1[20], struct stored_object *out,
		     struct error *err)
{
	return find(s, "WHERE sha1=? ORDER BY id LIMIT 1", sha1, 20, out, err);
}

int stored_collect(struct store *s, enum object_kind kind, unsigned char (**out)[32],
		   struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT sha256 FROM object WHERE kind=? AND checked>=0 ORDER BY id",
		err);
	unsigned char(*found)[32] = NULL;
	size_t count = 0, capacity = 0;
	int row;

	if (!q)
		return -1;
	db_bind_int(q, 1, kind);
	while ((row = db_step(q, err)) == 1) {
		found = buf_grow(found, &capacity, count, sizeof *found);
		if (db_copy(q, 0, found[count], sizeof found[count]))
			count++;
	}
	if (row < 0) {
		free(found);
		return -1;
	}
	*out = found;
	return (int)count;
}

int stored_record(struct store *s, struct stored_object *o, struct error *err)
{
	struct stored_object known;
	int row = stored_find(s, o->sha256, &known, err);

	if (row < 0)
		return -1;
	if (row == 1) {
		o->id = known.id;
		if ((known.has_sha1 || !o->has_sha1) && !known.lost)
			return 0;
	}
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s),
					    row == 1 ? "UPDATE object SET sha1=ifnull(sha1, ?2),"
						       " checked=max(checked, 0) WHERE sha256=?1"
						     : "INSERT INTO object(sha256, sha1, size, "
						       "kind, name) VALUES(?1,?2,?3,?4,?5)",
					    err);
	if (!q)
		return -1;
	db_bind_blob(q, 1, o->sha256, sizeof o->sha256);
	db_bind_blob(q, 2, o->has_sha1 ? o->sha1 : NULL, sizeof o->sha1);
	if (row == 0) {
		db_bind_int(q, 3, (int64_t)o->size);
		db_bind_int(q, 4, o->kind);
		db_bind_text(q, 5, o->name);
	}
	if (db_execute(q, err) < 0)
		return -1;
	if (row == 0)
		o->id = db_last_id(store_db(s));
	return 0;
}

int stored_count(struct store *s, struct stored_totals *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT count(*), ifnull(sum(size), 0) FROM object", err);

	if (!q || db_step(q, err) < 0)
		return -1;
	out->count = (uint64_t)db_int(q, 0);
	out->bytes = (uint64_t)db_int(q, 1);
	db_reset(q);
	return 0;
}

void stored_clean_name(const char *name, char out[129])
{
	size_t len = 0;

	for (; *name && len < 128; name++) {
		char c = *name;
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || ((c == '.' || c == '-' || c == '_') && len > 0);

		out[len++] = ok ? c : '_';
	}
	if (len == 0 || out[0] == '_')
		out[0] = 'x';
	out[len ? len : 1] = '\0';
}
