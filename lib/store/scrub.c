#include "lib/store/scrub.h"

#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1024, BATCH_BYTES = 1 << 30 };

struct check {
	struct stored_object object;
	struct error what;
};

struct run {
	struct store *store;
	const struct scrub_options *options;
	struct scrub_result *result;
	int64_t *ids; /* to be checked, in order */
	size_t id_count, id_capacity;
	struct check *batch;
	size_t count;
};

static void run_clear(struct run *r)
{
	free(r->ids);
	free(r->batch);
}
DEFINE_CLEANUP_IN_PLACE(struct run, run_clear);

/* ---- one object ---- */

/* What is wrong with it, in words. */
static int judge(const struct store *s, const struct stored_object *o, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	char hex[DIGEST_HEX];
	uint64_t size;

	str_to_hex(o->sha256, DIGEST_SHA256, hex);
	int found = content_open(s, o->sha256, &fd, &size, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_SCRUB_ABSENT, "object %s (%s): its file is missing",
				 hex, o->name);
	if (size != o->size)
		return error_set(err, ERROR_SCRUB_SIZE, "object %s (%s): %llu bytes, must be %llu",
				 hex, o->name, (unsigned long long)size,
				 (unsigned long long)o->size);
	return error_set(err, ERROR_SCRUB_DIGEST, "object %s (%s): its bytes have changed", hex,
			 o->name);
}

static int check_item(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct run *r = ctx;
	struct check *c = &r->batch[i];
	int good = content_check(r->store, c->object.sha256, c->object.size, &c->what);

	(void)worker, (void)err;
	if (good == 0)
		good = judge(r->store, &c->object, &c->what);
	if (r->options->done)
		*r->options->done += c->object.size;
	return 0; /* damage is a result, not a failure */
}

/* ---- which ones ---- */

#define DUE " FROM object WHERE checked<?1"

int scrub_total(struct store *s, const struct scrub_options *options, uint64_t *bytes,
		struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s), "SELECT ifnull(sum(size), 0)" DUE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, options->before);
	if (db_step(q, err) < 0)
		return -1;
	*bytes = (uint64_t)db_int(q, 0);
	if (options->max_bytes && *bytes > options->max_bytes)
		*bytes = options->max_bytes;
	db_reset(q);
	return 0;
}

static int list_due(struct run *r, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(r->store), "SELECT id" DUE " ORDER BY checked, id", err);
	int row;

	if (!q)
		return -1;
	db_bind_int(q, 1, r->options->before);
	while ((row = db_step(q, err)) == 1) {
		r->ids = buf_grow(r->ids, &r->id_capacity, r->id_count, sizeof *r->ids);
		r->ids[r->id_count++] = db_int(q, 0);
	}
	r->result->due = r->id_count;
	return row;
}

static int load_batch(struct run *r, size_t *next, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(r->store),
			   "SELECT id, sha256, size, kind, name FROM object WHERE id=?", err);
	uint64_t bytes = 0, max = r->options->max_bytes;

	if (!q)
		return -1;
	for (r->count = 0; r->count < BATCH && bytes < BATCH_BYTES && *next < r->id_count;) {
		struct stored_object *o = &r->batch[r->count].object;

		db_bind_int(q, 1, r->ids[*next]);
		if (db_step(q, err) < 0)
			return -1;
		r->batch[r->count] = (struct check){ .object = { .id = db_int(q, 0) } };
		db_copy(q, 1, o->sha256, sizeof o->sha256);
		o->size = (uint64_t)db_int(q, 2);
		o->kind = (enum object_kind)db_int(q, 3);
		snprintf(o->name, sizeof o->name, "%s", db_text(q, 4));
		db_reset(q);
		/* The first object is always taken, so that every run gets on. */
		if (max && r->result->bytes + bytes + o->size > max &&
		    r->result->objects + r->count > 0) {
			r->id_count = *next;
			break;
		}
		bytes += o->size;
		(*next)++;
		r->count++;
	}
	return 0;
}

/* ---- what was found ---- */

static int take_damage(struct run *r, const struct check *c, struct error *err)
{
	struct scrub_result *out = r->result;

	if (content_set_aside(r->store, c->object.sha256, err) < 0)
		return -1;
	out->damages = buf_grow(out->damages, &out->capacity, out->count, sizeof *out->damages);
	out->damages[out->count++] = (struct scrub_damage){ .object = c->object, .what = c->what };
	return 0;
}

static int take_batch(struct run *r, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(r->store) };
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(scope.db, "UPDATE object SET checked=?2 WHERE id=?1", err);

	if (!q || db_begin(scope.db, err) < 0)
		return -1;
	for (size_t i = 0; i < r->count; i++) {
		const struct check *c = &r->batch[i];

		r->result->objects++;
		r->result->bytes += c->object.size;
		if (c->what.id != ERROR_NONE) {
			if (take_damage(r, c, err) < 0)
				return -1;
			continue;
		}
		db_bind_int(q, 1, c->object.id);
		db_bind_int(q, 2, r->options->now);
		if (db_execute(q, err) < 0)
			return -1;
	}
	return db_commit(scope.db, err);
}

static int run_tick(void *ctx)
{
	const struct run *r = ctx;

	return r->options->tick(r->options->ctx);
}

int scrub_run(struct store *s, const struct scrub_options *options, struct scrub_result *out,
	      struct error *err)
{
	CLEANUP(run_clear)
	struct run r = { .store = s,
			 .options = options,
			 .result = out,
			 .batch = buf_calloc(BATCH, sizeof *r.batch) };

	*out = (struct scrub_result){ 0 };
	if (list_due(&r, err) < 0)
		return -1;
	for (size_t next = 0; next < r.id_count;) {
		struct pool_each each = { .threads = options->threads,
					  .item = check_item,
					  .tick = options->tick ? run_tick : NULL,
					  .ctx = &r };

		if (load_batch(&r, &next, err) < 0)
			return -1;
		each.count = r.count;
		if (pool_each(&each, err) < 0 || take_batch(&r, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- how it ended ---- */

static int run_for(struct store *s, const char *sql, int64_t id, int64_t value, struct error *err)
{
	CLEANUP(db_finalize) struct db_statement *q = db_prepare(store_db(s), sql, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	if (value)
		db_bind_int(q, 2, value);
	return db_execute(q, err);
}

/* What a stored source consists of. */
#define NEEDED                                                   \
	" (id IN (SELECT object_id FROM source_object) OR id IN" \
	" (SELECT object_id FROM fragment WHERE id IN (SELECT fragment_id FROM document)))"

/* All of the lost at once: the tables have no index by object. */
static int lose(struct store *s, struct error *err)
{
	return db_run(
		store_db(s),
		"UPDATE object SET checked=-1 WHERE id IN (SELECT id FROM temp.lost) AND" NEEDED ";"
		"DELETE FROM temp.lost WHERE" NEEDED ";"
		/* A list with a part missing is no list. */
		"DELETE FROM bundle_listing WHERE (channel_id, epoch, sequence, kind, series) IN"
		" (SELECT channel_id, epoch, sequence, kind, series FROM bundle_listing"
		" WHERE object_id IN (SELECT id FROM temp.lost));"
		"DELETE FROM held WHERE object_id IN (SELECT id FROM temp.lost);"
		"DELETE FROM fragment WHERE object_id IN (SELECT id FROM temp.lost);"
		"DELETE FROM object WHERE id IN (SELECT id FROM temp.lost)",
		err);
}

static int begin_lost(struct store *s, struct error *err)
{
	return db_run(store_db(s),
		      "CREATE TEMP TABLE IF NOT EXISTS lost(id INTEGER PRIMARY KEY);"
		      "DELETE FROM temp.lost",
		      err);
}

int scrub_drop_lost(struct store *s, struct error *err)
{
	if (begin_lost(s, err) < 0 ||
	    db_run(store_db(s), "INSERT INTO temp.lost SELECT id FROM object WHERE checked<0",
		   err) < 0)
		return -1;
	return lose(s, err);
}

int scrub_settle(struct store *s, const struct scrub_result *r, int64_t now, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	size_t healed = 0;
	char body[256];

	if (content_sync(s, err) < 0 || db_begin(scope.db, err) < 0 || begin_lost(s, err) < 0)
		return -1;
	for (size_t i = 0; i < r->count; i++) {
		const struct scrub_damage *d = &r->damages[i];

		healed += d->healed;
		if (run_for(s,
			    d->healed ? "UPDATE object SET checked=?2 WHERE id=?1"
				      : "INSERT INTO temp.lost VALUES(?1)",
			    d->object.id, d->healed ? now : 0, err) < 0)
			return -1;
	}
	if (lose(s, err) < 0)
		return -1;
	snprintf(body, sizeof body, "scrub objects=%llu bytes=%llu damaged=%zu healed=%zu lost=%zu",
		 (unsigned long long)r->objects, (unsigned long long)r->bytes, r->count, healed,
		 r->count - healed);
	return ledger_rows_append(s, body, err) < 0 ? -1 : db_commit(scope.db, err);
}

void scrub_clear(struct scrub_result *r)
{
	free(r->damages);
	*r = (struct scrub_result){ 0 };
}
