#include "importer/import.h"

#include "importer/objects.h"
#include "importer/signatures.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
#include "lib/cli/progress.h"
#include "lib/crypto/trust.h"
#include "lib/report/report.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/rows.h"
#include "lib/store/store.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/accept.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct importing {
	struct store *store;
	const struct import_request *request;
	struct channel channel;
	struct trust *trust;
	struct verified_bundle *bundle;
	struct channel_bundle before; /* what is remembered of the sequence offered */
};

static void importing_clear(struct importing *in)
{
	verify_close(in->bundle); /* borrows the trust root */
	trust_free(in->trust);
}
DEFINE_CLEANUP_IN_PLACE(struct importing, importing_clear);

/* ---- is it for us, now? ---- */

static int open_bundle(struct importing *in, struct error *err)
{
	if (channel_load(in->store, NULL, &in->channel, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = channel_open_trust(in->store, in->channel.name, err);
	if (dir < 0)
		return -1;
	in->trust = trust_load(dir, "trust of this repository", err);
	if (!in->trust)
		return -1;
	in->bundle = verify_open(in->request->path, in->trust, VERIFY_COMPLETE, err);
	return in->bundle ? 0 : -1;
}

static int decide(struct importing *in, enum accept_decision *decision, struct error *err)
{
	const struct manifest *m = verify_manifest(in->bundle);
	struct accept_state state = { .channel = in->channel.name,
				      .audience = in->channel.audience,
				      .epoch = in->channel.epoch,
				      .sequence = in->channel.sequence,
				      .has_manifest = in->channel.has_manifest,
				      .manifest = in->channel.manifest,
				      .time_floor = in->channel.time_floor };
	int seen = channel_find_bundle(in->store, in->channel.id, m->epoch, m->sequence,
				       &in->before, err);

	if (seen < 0)
		return -1;
	state.same = seen == 1 ? in->before.digest : NULL;
	if (accept_decide(&state, m, verify_manifest_digest(in->bundle), clock_now(), decision,
			  err) < 0)
		return error_wrap(err, "%s", in->request->path);
	return 0;
}

/* ---- the catalog ---- */

static int fetch(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		 struct error *err)
{
	return content_load(ctx, sha256, LIMIT_PACK_BYTES, out, len, err);
}

/* The content has the progress line as long as it is being copied; then it is the catalog's. */
struct catalog_progress {
	struct progress bar;
	_Atomic bool content_done;
};

static int catalog_tick(void *ctx)
{
	struct catalog_progress *p = ctx;

	return p->content_done ? progress_tick(&p->bar) : 0;
}

static int load_catalog(struct importing *in, struct catalog_progress *progress,
			struct import_result *out, struct error *err)
{
	const struct object_table *t = verify_objects(in->bundle);
	unsigned char(*listings)[32], (*packs)[32];
	struct gather_load_request request = { .fetch = fetch,
					       .ctx = in->store,
					       .threads = in->request->threads,
					       .done = &progress->bar.done,
					       .tick = catalog_tick,
					       .tick_ctx = progress };

	request.listing_count = object_table_collect(t, OBJECT_CATALOG, &listings);
	request.pack_count = object_table_collect(t, OBJECT_PACK, &packs);
	request.listings = (const unsigned char(*)[32])listings;
	request.packs = (const unsigned char(*)[32])packs;
	int failed = gather_load(&request, &out->sources, err);
	free(listings);
	free(packs);
	if (failed)
		return -1;
	for (size_t i = 0; i < out->sources.count; i++) {
		struct catalog_summary s;

		catalog_summarize(out->sources.items[i]->catalog, &s);
		report_add_summary(&out->summary, &s);
	}
	if (out->summary.processed == 0)
		return error_set(err, ERROR_IMPORT_EMPTY, "%zu updates, none of them usable",
				 out->summary.updates);
	out->processed = out->summary.processed;
	out->quarantined = out->summary.quarantined;
	return 0;
}

/* ---- publishing ---- */

static int save_state(struct importing *in, const struct import_result *out, struct error *err)
{
	const struct manifest *m = verify_manifest(in->bundle);
	struct channel_bundle b = { .epoch = m->epoch,
				    .sequence = m->sequence,
				    .recorded = clock_now(),
				    .processed = out->processed,
				    .quarantined = out->quarantined };
	struct channel *c = &in->channel;

	b.manifest = verify_manifest_bytes(in->bundle, &b.manifest_len);
	memcpy(b.digest, verify_manifest_digest(in->bundle), sizeof b.digest);
	memcpy(c->manifest, b.digest, sizeof c->manifest);
	memcpy(c->catalog_root, m->catalog_root, sizeof c->catalog_root);
	c->has_manifest = true;
	c->epoch = m->epoch;
	c->sequence = m->sequence;
	c->trust_version = verify_trust(in->bundle)->version;
	if (m->created > c->time_floor)
		c->time_floor = m->created;
	return channel_save(in->store, c, err) < 0
		       ? -1
		       : channel_record_bundle(in->store, c->id, &b, err);
}

static int check_root(const struct importing *in, struct error *err)
{
	unsigned char root[32];

	if (rows_root(in->store, root, err) < 0)
		return -1;
	if (memcmp(root, verify_manifest(in->bundle)->catalog_root, sizeof root) != 0)
		return error_set(err, ERROR_IMPORT_ROOT,
				 "the catalog that results is not the one MANIFEST states");
	return 0;
}

/* All rows of the new state, in a transaction that the caller has begun. */
static int insert_rows(struct importing *in, struct import_result *out, struct error *err)
{
	if (objects_record(in->store, in->bundle, err) < 0)
		return -1;
	for (size_t i = 0; i < out->sources.count; i++)
		if (rows_replace(in->store, out->sources.items[i], false, err) < 0)
			return -1;
	if (rows_withdraw_others(in->store, out->sources.items, out->sources.count, err) < 0 ||
	    check_root(in, err) < 0)
		return -1;
	return save_state(in, out, err);
}

/* Trust files only ever add to a chain that is verified at each load, so they need no transaction.
 */
static int save_trust(struct importing *in, struct import_result *out, struct error *err)
{
	out->trust_updated = verify_trust_is_newer(in->bundle);
	if (!out->trust_updated)
		return 0;
	return channel_copy_trust(in->store, in->channel.name, verify_trust_dir(in->bundle), err);
}

/* ---- content, on a worker beside the catalog ---- */

struct content_job {
	struct objects *objects;
	const struct import_request *request;
	struct catalog_progress catalog;
};

static int run_content(void *arg, struct error *err)
{
	struct content_job *j = arg;
	int failed = objects_store(j->objects, OBJECTS_CONTENT, j->request->threads,
				   j->request->progress, err);

	j->catalog.content_done = true;
	return failed;
}

/*
 * The catalog is parsed and its rows written while the content is being
 * copied; the commit waits for both.
 */
static int load_both(struct importing *in, struct objects *objects, struct import_result *out,
		     struct error *err)
{
	struct content_job job = { .objects = objects, .request = in->request };
	struct db *db = store_db(in->store);
	CLEANUP(db_scope_end) struct db_scope scope = { db };
	struct error content_error = ERROR_INIT;
	CLEANUP(pool_free) struct pool *pool = pool_new(1, run_content, err);
	void *done;

	if (!pool)
		return -1;
	progress_begin(&job.catalog.bar, "loading the catalog", 0);
	pool_submit(pool, &job);
	int failed = load_catalog(in, &job.catalog, out, err) < 0 || db_begin(db, err) < 0 ||
		     insert_rows(in, out, err) < 0;
	if (pool_reap(pool, &done, &content_error) < 0 && !failed) {
		*err = content_error;
		failed = true;
	}
	if (failed ||
	    signatures_check(in->store, in->bundle, in->request->roots, in->request->threads,
			     in->request->progress, err) < 0 ||
	    save_trust(in, out, err) < 0)
		return -1;
	return db_commit(db, err);
}

/* ---- all of it ---- */

static void describe(const struct importing *in, struct import_result *out)
{
	const struct manifest *m = verify_manifest(in->bundle);

	snprintf(out->channel, sizeof out->channel, "%s", m->channel);
	out->epoch = m->epoch;
	out->sequence = m->sequence;
	out->objects = m->objects;
	out->bytes = m->object_bytes;
}

static int load_and_publish(struct importing *in, struct import_result *out, struct error *err)
{
	struct progress *progress = in->request->progress;

	if (verify_volumes(in->bundle, err) < 0)
		return error_wrap(err, "%s", in->request->path);
	CLEANUP(objects_free) struct objects *objects = objects_plan(in->store, in->bundle, err);
	if (!objects)
		return -1;
	progress_begin(progress, "importing", stream_total(in->bundle));
	int failed =
		objects_store(objects, OBJECTS_METADATA, in->request->threads, progress, err) < 0 ||
		load_both(in, objects, out, err) < 0;
	progress_end(progress);
	out->new_objects = objects_new(objects, &out->new_bytes);
	return failed ? error_wrap(err, "%s", in->request->path) : 0;
}

int import_bundle(struct store *s, const struct import_request *request, struct import_result *out,
		  struct error *err)
{
	CLEANUP(importing_clear) struct importing in = { .store = s, .request = request };
	enum accept_decision decision;

	*out = (struct import_result){ 0 };
	if (open_bundle(&in, err) < 0 || decide(&in, &decision, err) < 0)
		return -1;
	describe(&in, out);
	if (decision == ACCEPT_NEW)
		return load_and_publish(&in, out, err);
	out->already = true;
	out->processed = in.before.processed;
	out->quarantined = in.before.quarantined;
	return 0;
}

void import_clear(struct import_result *r)
{
	gather_set_clear(&r->sources);
}
