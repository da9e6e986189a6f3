#include "lib/store/site.h"

#include "lib/base/error.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS \
	"SELECT name, epoch, sequence, manifest, counter, receipt, made, received FROM site "

static void read_row(struct db_statement *q, struct site *out)
{
	*out = (struct site){ .epoch = (uint32_t)db_int(q, 1),
			      .sequence = (uint64_t)db_int(q, 2),
			      .counter = (uint64_t)db_int(q, 4),
			      .made = db_int(q, 6),
			      .received = db_int(q, 7) };
	snprintf(out->name, sizeof out->name, "%s", db_text(q, 0));
	out->has_manifest = db_copy(q, 3, out->manifest, sizeof out->manifest);
	out->has_receipt = db_copy(q, 5, out->receipt, sizeof out->receipt);
}

static int find(struct store *s, const char *sql, int64_t channel_id, const char *name,
		struct site *out, struct error *err)
{
	CLEANUP(db_finalize) struct db_statement *q = db_prepare(store_db(s), sql, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_text(q, 2, name);
	int row = db_step(q, err);
	if (row == 1)
		read_row(q, out);
	return row;
}

int site_each(struct store *s, int64_t channel_id, struct site *io, struct error *err)
{
	return find(s, COLUMNS "WHERE channel_id=? AND name>? ORDER BY name LIMIT 1", channel_id,
		    io->name, io, err);
}

int site_load(struct store *s, int64_t channel_id, const char *name, struct site *out,
	      struct error *err)
{
	return find(s, COLUMNS "WHERE channel_id=? AND name=?", channel_id, name, out, err);
}

int site_save(struct store *s, int64_t channel_id, const struct site *site, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"INSERT OR REPLACE INTO site(channel_id, name, epoch, sequence, manifest, counter,"
		" receipt, made, received) VALUES(?,?,?,?,?,?,?,?,?)",
		err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_text(q, 2, site->name);
	db_bind_int(q, 3, site->epoch);
	db_bind_int(q, 4, (int64_t)site->sequence);
	db_bind_blob(q, 5, site->has_manifest ? site->manifest : NULL, sizeof site->manifest);
	db_bind_int(q, 6, (int64_t)site->counter);
	db_bind_blob(q, 7, site->has_receipt ? site->receipt : NULL, sizeof site->receipt);
	db_bind_int(q, 8, site->made);
	db_bind_int(q, 9, site->received);
	return db_execute(q, err);
}

/* ---- all of a channel ---- */

/* Whether the audience names this site. */
static bool is_named(const char *audience, const char *name)
{
	char site[CHANNEL_NAME_SIZE];

	while (channel_next_site(&audience, site))
		if (strcmp(site, name) == 0)
			return true;
	return false;
}

static int remove_site(struct store *s, int64_t channel_id, const char *name, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "DELETE FROM site WHERE channel_id=? AND name=?", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_text(q, 2, name);
	return db_execute(q, err);
}

int site_set_all(struct store *s, const struct channel *c, struct error *err)
{
	struct site known = { .sequence = 0 }, site = { .sequence = 0 };
	const char *at = c->audience;
	int row;

	while ((row = site_each(s, c->id, &known, err)) == 1)
		if (!is_named(c->audience, known.name) &&
		    remove_site(s, c->id, known.name, err) < 0)
			return -1;
	while (row == 0 && channel_next_site(&at, site.name)) {
		row = site_load(s, c->id, site.name, &known, err);
		if (row == 0)
			row = site_save(s, c->id, &site, err);
		else if (row == 1)
			row = 0;
	}
	return row;
}

int site_confirmed(struct store *s, const struct channel *c, uint64_t *out,
		   char who[CHANNEL_NAME_SIZE], struct error *err)
{
	char name[CHANNEL_NAME_SIZE];
	const char *at = c->audience;

	*out = UINT64_MAX;
	who[0] = '\0';
	while (channel_next_site(&at, name)) {
		struct site site;
		int row = site_load(s, c->id, name, &site, err);

		if (row < 0)
			return -1;
		uint64_t sequence = row == 1 && site.epoch == c->epoch ? site.sequence : 0;
		if (sequence >= *out)
			continue;
		*out = sequence;
		snprintf(who, CHANNEL_NAME_SIZE, "%s", name);
	}
	if (*out == UINT64_MAX)
		*out = 0;
	return 0;
}
