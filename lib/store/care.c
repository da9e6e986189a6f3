#include "lib/store/care.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/db.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAMAGED_MAX = 4000000 };

static int count_kinds(struct store *s, struct care_totals *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT kind, count(*), sum(size), sum(checked<0), sum(checked=0),"
			   " ifnull(min(nullif(max(checked, 0), 0)), 0), max(checked)"
			   " FROM object GROUP BY kind",
			   err);
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		int64_t kind = db_int(q, 0), oldest = db_int(q, 5), newest = db_int(q, 6);

		if (kind < 0 || kind >= OBJECT_KINDS)
			return error_set(err, ERROR_DB_CORRUPT, "catalog.db: kind of an object");
		out->objects[kind] = (uint64_t)db_int(q, 1);
		out->bytes[kind] = (uint64_t)db_int(q, 2);
		out->lost += (uint64_t)db_int(q, 3);
		out->never_checked += (uint64_t)db_int(q, 4);
		if (oldest > 0 && (out->oldest_check == 0 || oldest < out->oldest_check))
			out->oldest_check = oldest;
		if (newest > out->newest_check)
			out->newest_check = newest;
	}
	return row;
}

/* Lost ones that still have a row are counted there. */
static int count_unhealed(struct store *s, const char *name, struct care_totals *out,
			  struct error *err)
{
	unsigned char sha256[DIGEST_SHA256];
	struct stored_object known;

	if (!str_from_hex(name, strlen(name), sha256, sizeof sha256))
		return 0;
	int row = stored_find(s, sha256, &known, err);
	out->unhealed += row == 0;
	return row < 0 ? -1 : 0;
}

static int count_damaged(struct store *s, struct care_totals *out, struct error *err)
{
	CLEANUP(file_close)
	int dir = openat(store_dir(s), "damaged", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0)
		return error_set_errno(err, ERROR_FILE_READ, "damaged: cannot open");
	if (file_list_load(dir, DAMAGED_MAX, &list, err) < 0)
		return -1;
	out->damaged = list.count;
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;

		if (count_unhealed(s, list.names[i], out, err) < 0)
			return -1;
		if (fstatat(dir, list.names[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			out->damaged_bytes += (uint64_t)st.st_size;
	}
	return 0;
}

int care_total(struct store *s, struct care_totals *out, struct error *err)
{
	*out = (struct care_totals){ 0 };
	if (count_kinds(s, out, err) < 0)
		return -1;
	out->unhealed = out->lost;
	if (count_damaged(s, out, err) < 0)
		return -1;
	return file_free_space(store_dir(s), &out->free_bytes, err);
}

int care_next_channel(struct store *s, struct care_channel *c, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT c.id, c.name, c.direction, count(b.sequence), ifnull(min(b.recorded), 0),"
		" ifnull(max(b.recorded), 0) FROM channel c LEFT JOIN bundle b ON b.channel_id=c.id"
		" WHERE c.id>? GROUP BY c.id ORDER BY c.id LIMIT 1",
		err);

	if (!q)
		return -1;
	db_bind_int(q, 1, c->id);
	int row = db_step(q, err);
	if (row != 1)
		return row;
	c->id = db_int(q, 0);
	snprintf(c->name, sizeof c->name, "%s", db_text(q, 1));
	c->received = db_int(q, 2) != 0;
	c->bundles = (uint64_t)db_int(q, 3);
	c->oldest = db_int(q, 4);
	c->newest = db_int(q, 5);
	db_reset(q);
	return 1;
}
