#include "lib/store/channel.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/trust.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COLUMNS                                                                               \
	"SELECT id, name, audience, epoch, sequence, manifest, catalog_root, trust_version, " \
	"time_floor, one_way, overlap, direction FROM channel "

bool channel_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= CHANNEL_NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		bool alnum =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!alnum && (i == 0 || (c != '.' && c != '_' && c != '-')))
			return false;
	}
	return true;
}

bool channel_name_portable(const char *name)
{
	static const char *const devices[] = { "con", "prn", "aux", "nul" };
	size_t len = strlen(name), stem = strcspn(name, ".");

	if (len == 0 || name[len - 1] == '.')
		return false;
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (stem == 3 && strncasecmp(name, devices[i], 3) == 0)
			return false;
	return stem != 4 || name[3] < '0' || name[3] > '9' ||
	       (strncasecmp(name, "com", 3) != 0 && strncasecmp(name, "lpt", 3) != 0);
}

static int compare_sites(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int channel_set_sites(struct channel *c, const char **sites, size_t count, struct error *err)
{
	size_t len = 0;

	if (count < 1 || count > CHANNEL_SITES)
		return error_set(err, ERROR_USAGE, "%zu sites: a channel has 1 to %d", count,
				 CHANNEL_SITES);
	qsort(sites, count, sizeof *sites, compare_sites);
	for (size_t i = 0; i < count; i++) {
		if (!channel_name_valid(sites[i]))
			return error_set(err, ERROR_USAGE,
					 "site '%s': names are letters, digits, '.', '_' and '-', "
					 "at most 63",
					 sites[i]);
		if (i > 0 && strcmp(sites[i - 1], sites[i]) == 0)
			return error_set(err, ERROR_USAGE, "site '%s': named twice", sites[i]);
		len += (size_t)snprintf(c->audience + len, sizeof c->audience - len, "%s%s",
					i > 0 ? " " : "", sites[i]);
	}
	return 0;
}

bool channel_next_site(const char **at, char out[CHANNEL_NAME_SIZE])
{
	size_t len = strcspn(*at, " ");

	if (len == 0 || len >= CHANNEL_NAME_SIZE)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len + ((*at)[len] == ' ' ? 1 : 0);
	return true;
}

static void read_row(struct db_statement *q, struct channel *c)
{
	*c = (struct channel){ .id = db_int(q, 0) };
	snprintf(c->name, sizeof c->name, "%s", db_text(q, 1));
	snprintf(c->audience, sizeof c->audience, "%s", db_text(q, 2));
	c->epoch = (uint32_t)db_int(q, 3);
	c->sequence = (uint64_t)db_int(q, 4);
	c->has_manifest = db_copy(q, 5, c->manifest, sizeof c->manifest);
	db_copy(q, 6, c->catalog_root, sizeof c->catalog_root);
	c->trust_version = (uint32_t)db_int(q, 7);
	c->time_floor = db_int(q, 8);
	c->one_way = db_int(q, 9) != 0;
	c->overlap = (uint32_t)db_int(q, 10);
	c->direction = (enum channel_direction)db_int(q, 11);
}

int channel_load(struct store *s, const char *name, struct channel *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   name ? COLUMNS "WHERE name=?"
				: COLUMNS "WHERE direction<>0 ORDER BY direction, id LIMIT 1",
			   err);

	if (!q)
		return -1;
	if (name)
		db_bind_text(q, 1, name);
	int row = db_step(q, err);
	if (row == 0)
		return name ? error_set(err, ERROR_CHANNEL_ABSENT, "channel '%s' is not known here",
					name)
			    : error_set(err, ERROR_CHANNEL_ABSENT,
					"this repository receives no channel");
	if (row == 1)
		read_row(q, out);
	db_reset(q);
	return row < 0 ? -1 : 0;
}

int channel_load_sent(struct store *s, const char *name, struct channel *out, struct error *err)
{
	if (channel_load(s, name, out, err) < 0)
		return -1;
	if (out->direction == CHANNEL_RECEIVED)
		return error_set(err, ERROR_CHANNEL_DIRECTION,
				 "channel '%s' is received here, not sent", name);
	out->direction = CHANNEL_SENT;
	return 0;
}

int channel_next(struct store *s, int64_t after, struct channel *c, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), COLUMNS "WHERE id>? ORDER BY id LIMIT 1", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, after);
	int row = db_step(q, err);
	if (row == 1)
		read_row(q, c);
	db_reset(q);
	return row;
}

/* Two names that differ in case alone would be one directory on FAT. */
static int check_new(struct store *s, const char *name, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s),
					    "SELECT name FROM channel WHERE name=?1 COLLATE NOCASE"
					    " ORDER BY name=?1 DESC",
					    err);
	char other[CHANNEL_NAME_SIZE] = "";

	if (!q)
		return -1;
	db_bind_text(q, 1, name);
	int row = db_step(q, err);
	if (row == 1)
		snprintf(other, sizeof other, "%s", db_text(q, 0));
	db_reset(q);
	if (row <= 0)
		return row;
	if (strcmp(other, name) == 0)
		return error_set(err, ERROR_CHANNEL_EXISTS, "channel '%s' exists already", name);
	return error_set(err, ERROR_MEDIUM_NAME, "channel '%s': only case tells it from '%s'", name,
			 other);
}

int channel_add(struct store *s, struct channel *c, struct error *err)
{
	if (check_new(s, c->name, err) < 0)
		return -1;
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"INSERT INTO channel(name, audience, epoch, sequence, trust_version, time_floor,"
		" one_way, overlap, direction) VALUES(?,?,1,0,?,0,?,?,?)",
		err);
	if (!q)
		return -1;
	db_bind_text(q, 1, c->name);
	db_bind_text(q, 2, c->audience);
	db_bind_int(q, 3, c->trust_version);
	db_bind_int(q, 4, c->one_way);
	db_bind_int(q, 5, c->overlap);
	db_bind_int(q, 6, c->direction);
	if (db_execute(q, err) < 0)
		return -1;
	c->id = db_last_id(store_db(s));
	c->epoch = 1;
	return 0;
}

int channel_save_settings(struct store *s, const struct channel *c, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "UPDATE channel SET audience=?2, one_way=?3, overlap=?4 WHERE id=?1",
		err);

	if (!q)
		return -1;
	db_bind_int(q, 1, c->id);
	db_bind_text(q, 2, c->audience);
	db_bind_int(q, 3, c->one_way);
	db_bind_int(q, 4, c->overlap);
	return db_execute(q, err);
}

int channel_save(struct store *s, const struct channel *c, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "UPDATE channel SET epoch=?2, sequence=?3, manifest=?4, catalog_root=?5,"
			   " trust_version=?6, time_floor=?7, direction=?8 WHERE id=?1",
			   err);

	if (!q)
		return -1;
	db_bind_int(q, 1, c->id);
	db_bind_int(q, 2, c->epoch);
	db_bind_int(q, 3, (int64_t)c->sequence);
	db_bind_blob(q, 4, c->has_manifest ? c->manifest : NULL, sizeof c->manifest);
	db_bind_blob(q, 5, c->has_manifest ? c->catalog_root : NULL, sizeof c->catalog_root);
	db_bind_int(q, 6, c->trust_version);
	db_bind_int(q, 7, c->time_floor);
	db_bind_int(q, 8, c->direction);
	return db_execute(q, err);
}

int channel_open_trust(const struct store *s, const char *channel, struct error *err)
{
	CLEANUP(file_close) int all = file_open_subdir(store_dir(s), "trust", true, err);

	return all < 0 ? -1 : file_open_subdir(all, channel, true, err);
}

int channel_copy_trust(const struct store *s, const char *channel, int fromdir,
		       const struct trust *trust, struct error *err)
{
	CLEANUP(file_close) int to = channel_open_trust(s, channel, err);

	return to < 0 ? -1 : trust_copy(fromdir, to, trust, err);
}

struct db_statement *channel_prepare(struct store *s, const char *sql, int64_t channel_id,
				     uint32_t epoch, uint64_t sequence, struct error *err)
{
	struct db_statement *q = db_prepare(store_db(s), sql, err);

	if (q) {
		db_bind_int(q, 1, channel_id);
		db_bind_int(q, 2, epoch);
		db_bind_int(q, 3, (int64_t)sequence);
	}
	return q;
}

int channel_record_bundle(struct store *s, int64_t channel_id, const struct channel_bundle *b,
			  struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"INSERT INTO bundle(channel_id, epoch, sequence, digest, manifest, recorded,"
		" processed, quarantined, base, bytes) VALUES(?,?,?,?,?,?,?,?,?,?)",
		channel_id, b->epoch, b->sequence, err);

	if (!q)
		return -1;
	db_bind_blob(q, 4, b->digest, sizeof b->digest);
	db_bind_blob(q, 5, b->manifest, b->manifest_len);
	db_bind_int(q, 6, b->recorded);
	db_bind_int(q, 7, (int64_t)b->processed);
	db_bind_int(q, 8, (int64_t)b->quarantined);
	db_bind_int(q, 9, (int64_t)b->base);
	db_bind_int(q, 10, (int64_t)b->bytes);
	return db_execute(q, err);
}

int channel_note_repaired(struct store *s, const struct channel *c, uint64_t chunks,
			  struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		channel_prepare(s,
				"UPDATE bundle SET repaired=?4 WHERE channel_id=?1 AND epoch=?2"
				" AND sequence=?3",
				c->id, c->epoch, c->sequence, err);

	if (!q)
		return -1;
	db_bind_int(q, 4, (int64_t)chunks);
	return db_execute(q, err);
}

int channel_bundle_before(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t below,
			  uint64_t *sequence, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		channel_prepare(s,
				"SELECT sequence FROM bundle WHERE channel_id=? AND "
				"epoch=? AND sequence<? ORDER BY sequence DESC LIMIT 1",
				channel_id, epoch, below, err);

	if (!q)
		return -1;
	int row = db_step(q, err);
	if (row == 1)
		*sequence = (uint64_t)db_int(q, 0);
	return row;
}

int channel_find_bundle(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
			struct channel_bundle *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"SELECT digest, recorded, processed, quarantined, repaired FROM bundle"
		" WHERE channel_id=? AND epoch=? AND sequence=?",
		channel_id, epoch, sequence, err);

	if (!q)
		return -1;
	int row = db_step(q, err);
	if (row != 1)
		return row;
	*out = (struct channel_bundle){ .epoch = epoch, .sequence = sequence };
	db_copy(q, 0, out->digest, sizeof out->digest);
	out->recorded = db_int(q, 1);
	out->processed = (uint64_t)db_int(q, 2);
	out->quarantined = (uint64_t)db_int(q, 3);
	out->repaired = (uint64_t)db_int(q, 4);
	db_reset(q);
	return 1;
}

int channel_history(struct store *s, const struct channel *c, uint64_t below,
		    struct channel_past *out, int max, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		channel_prepare(s,
				"SELECT sequence, digest FROM bundle WHERE channel_id=? AND epoch=?"
				" AND sequence<? ORDER BY sequence DESC LIMIT ?",
				c->id, c->epoch, below, err);
	int count = 0, row;

	if (!q)
		return -1;
	db_bind_int(q, 4, max);
	while ((row = db_step(q, err)) == 1) {
		uint64_t sequence = (uint64_t)db_int(q, 0);

		if (sequence + 1 + (uint64_t)count != below)
			break;
		out[count].sequence = sequence;
		db_copy(q, 1, out[count++].digest, sizeof out->digest);
	}
	db_reset(q);
	return row < 0 ? -1 : count;
}
