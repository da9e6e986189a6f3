#include "importer/import.h"

#include "importer/assumed.h"
#include "importer/choose.h"
#include "importer/collect.h"
#include "importer/import_ledger.h"
#include "importer/incident.h"
#include "importer/log_watch.h"
#include "importer/objects.h"
#include "importer/pending.h"
#include "importer/publish.h"
#include "importer/resolve.h"
#include "importer/signatures.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
#include "lib/cli/progress.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/doclist.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/accept.h"
#include "verifier/care/trust_take.h"
#include "verifier/override.h"
#include "verifier/prover.h"
#include "verifier/repair.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct importing {
	struct store *store;
	const struct import_request *request;
	struct channel channel;
	char trust_dir[PATH_MAX];
	struct trust *trust;
	struct verified_bundle *bundle;
	struct resolve resolve;
	struct override_proof permission; /* used when the decision is ACCEPT_EXPIRED */
	bool permitted;
	struct log_watch log;
	struct channel_bundle before;        /* what is remembered of the sequence offered */
	uint64_t collected, collected_bytes; /* objects kept before the others were read */
};

static void importing_clear(struct importing *in)
{
	resolve_clear(&in->resolve);
	override_clear(&in->permission);
	verify_close(in->bundle); /* borrows the trust root */
	trust_free(in->trust);
}
DEFINE_CLEANUP_IN_PLACE(struct importing, importing_clear);

/* ---- is it for us, now? ---- */

static int decide(void *ctx, const struct verified_bundle *b, enum accept_decision *decision,
		  struct error *err);

static int open_bundle(struct importing *in, enum accept_decision *decision, struct error *err)
{
	if (channel_load(in->store, NULL, &in->channel, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = channel_open_trust(in->store, in->channel.name, err);
	if (dir < 0)
		return -1;
	if (prover_trust_dir(in->request->repo, in->channel.name, in->trust_dir, err) < 0)
		return -1;
	in->trust = trust_load(dir, "trust of this repository", err);
	if (!in->trust)
		return -1;
	in->bundle = choose_bundle(&(struct choose_request){ .places = in->request->places,
							     .count = in->request->place_count,
							     .trust = in->trust,
							     .prover = in->request->prover,
							     .trust_dir = in->trust_dir,
							     .wanted = in->request->wanted,
							     .decide = decide,
							     .ctx = in },
				   decision, err);
	/* Again, because what is remembered was that of the bundle looked at last. */
	return in->bundle ? decide(in, in->bundle, decision, err) : -1;
}

static int load_permission(struct importing *in, const struct verified_bundle *b, int64_t now,
			   struct error *err)
{
	const char *path = in->request->permission;
	int found = prover_override(in->request->prover, path, b, in->trust_dir, now,
				    &in->permission, err);

	return incident_permission(path, b, now, found, &in->permission, err);
}

/* A permission is asked for only when the bundle has nothing else against it. */
static int judge(struct importing *in, const struct verified_bundle *b, struct accept_state *state,
		 enum accept_decision *decision, struct error *err)
{
	const struct manifest *m = verify_manifest(b);
	const unsigned char *digest = verify_manifest_digest(b);
	int64_t now = clock_now();

	in->permitted = false;
	if (accept_decide(state, m, digest, now, decision, err) == 0)
		return 0;
	if (err->id != ERROR_BUNDLE_EXPIRED || !in->request->permission)
		return -1;
	error_clear(err);
	override_clear(&in->permission);
	if (load_permission(in, b, now > state->time_floor ? now : state->time_floor, err) < 0)
		return -1;
	state->overridden = in->permission.said.until;
	if (accept_decide(state, m, digest, now, decision, err) < 0)
		return -1;
	in->permitted = *decision == ACCEPT_EXPIRED;
	return 0;
}

static int decide(void *ctx, const struct verified_bundle *b, enum accept_decision *decision,
		  struct error *err)
{
	struct importing *in = ctx;
	const struct manifest *m = verify_manifest(b);
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
	if (judge(in, b, &state, decision, err) == 0)
		return 0;
	error_wrap(err, "%s", verify_path(b));
	return err->id == ERROR_REPLAY_FORK ? incident_fork(in->store, &in->channel, b, err) : -1;
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
	const struct resolve *r = &in->resolve;
	struct gather_load_request request = {
		.fetch = fetch,
		.ctx = in->store,
		.listings = (const unsigned char(*)[32])r->listings,
		.listing_count = r->listing_count,
		.packs = (const unsigned char(*)[32])r->packs,
		.pack_count = r->pack_count,
		.unpack = in->request->unpack,
		.done = &progress->bar.done,
		.tick = catalog_tick,
		.tick_ctx = progress,
	};

	if (gather_load(&request, &out->sources, err) < 0)
		return -1;
	publish_summarize(out);
	if (out->summary.processed == 0)
		return error_set(err, ERROR_IMPORT_EMPTY, "%zu updates, none of them usable",
				 out->summary.updates);
	out->processed = out->summary.processed;
	out->quarantined = out->summary.quarantined;
	return 0;
}

/* ---- publishing ---- */

static struct publish published(struct importing *in, struct import_result *out)
{
	return (struct publish){ .store = in->store,
				 .bundle = in->bundle,
				 .channel = &in->channel,
				 .resolve = &in->resolve,
				 .log = &in->log,
				 .out = out };
}

/* Trust files only ever add to a chain that is verified at each load, so they need no transaction.
 */
static int save_trust(struct importing *in, struct import_result *out, struct error *err)
{
	out->trust_updated = verify_trust_is_newer(in->bundle);
	if (!out->trust_updated)
		return 0;
	return channel_copy_trust(in->store, in->channel.name, verify_trust_dir(in->bundle),
				  verify_trust(in->bundle), err);
}

static void count_new(const struct importing *in, const struct objects *objects,
		      struct import_result *out)
{
	out->new_objects = in->collected + objects_new(objects, &out->new_bytes);
	out->new_bytes += in->collected_bytes;
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
	const struct publish rows = published(in, out);
	int failed = load_catalog(in, &job.catalog, out, err) < 0 || db_begin(db, err) < 0 ||
		     publish_rows(&rows, err) < 0;
	if (pool_reap(pool, &done, &content_error) < 0 && !failed) {
		*err = content_error;
		failed = true;
	}
	if (failed ||
	    signatures_check(in->store, in->bundle, in->request->roots, in->request->threads,
			     in->request->progress, err) < 0 ||
	    save_trust(in, out, err) < 0)
		return -1;
	count_new(in, objects, out);
	if (in->permitted &&
	    incident_permitted(in->store, &in->channel, in->bundle, &in->permission, err) < 0)
		return -1;
	if (channel_note_repaired(in->store, &in->channel, out->repaired_count, err) < 0 ||
	    import_ledger_add(in->store, in->bundle, in->request, out, err) < 0)
		return -1;
	return db_commit(db, err);
}

/* ---- an increment that lacks something ---- */

/* What it carries is stored already, and has rows from here on. */
static int keep(struct importing *in, struct import_result *out, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(in->store) };

	if (db_begin(scope.db, err) < 0 || objects_record(in->store, in->bundle, err) < 0 ||
	    import_ledger_wait(in->store, in->bundle, in->request, out, &in->resolve.need, err) <
		    0 ||
	    db_commit(scope.db, err) < 0)
		return -1;
	if (!in->request->waited && pending_save(in->store, in->bundle, err) < 0)
		return -1;
	gather_set_clear(&out->sources);
	out->summary = (struct catalog_summary){ 0 };
	out->processed = out->quarantined = 0;
	out->incomplete = true;
	out->need = in->resolve.need;
	in->resolve.need = (struct need){ .epoch = 0 };
	return 0;
}

/* A pack that was damaged on our disk can be had again: 1, 0 when that is not why it failed, -1. */
static int is_damaged(struct importing *in, struct error *err)
{
	struct error why = *err;

	if (!verify_manifest(in->bundle)->increment ||
	    (why.id != ERROR_CONTENT_DIGEST && why.id != ERROR_CONTENT_ABSENT))
		return 0;
	error_clear(err);
	if (assumed_check_packs(in->store, verify_objects(in->bundle), &in->resolve.need, err) < 0)
		return -1;
	if (resolve_lacks(&in->resolve))
		return 1;
	*err = why;
	return 0;
}

/* ---- the trust root alone ---- */

/*
 * The trust root counts whatever else is here.  The sequence number is taken only by who has all
 * that the connected side takes to be here then: the base and the catalog that it states.
 */
static int take_trust(struct importing *in, struct import_result *out, struct error *err)
{
	const struct publish state = published(in, out);
	const struct manifest *m = verify_manifest(in->bundle);
	struct channel *c = &in->channel;
	uint64_t before = c->sequence;
	struct channel_bundle newest;

	out->trust_only = true;
	int newer = trust_take_proved(in->store, c, verify_trust_dir(in->bundle),
				      verify_trust(in->bundle), in->trust, err);
	if (newer < 0)
		return -1;
	out->trust_updated = newer == 1;
	if (c->epoch != m->epoch || before < m->base ||
	    memcmp(c->catalog_root, m->catalog_root, sizeof c->catalog_root) != 0)
		return error_set(err, ERROR_IMPORT_TRUST_BEHIND,
				 "sequence %llu carries the trust root alone, and the updates of "
				 "sequence %llu are not here",
				 (unsigned long long)m->sequence, (unsigned long long)m->base);
	if (channel_find_bundle(in->store, c->id, c->epoch, before, &newest, err) < 0)
		return -1;
	out->processed = newest.processed;
	out->quarantined = newest.quarantined;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(in->store) };
	if (db_begin(scope.db, err) < 0 || publish_state(&state, err) < 0 ||
	    doclist_repeat(in->store, c->id, c->epoch, before, m->sequence, err) < 0 ||
	    import_ledger_add(in->store, in->bundle, in->request, out, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

/* ---- all of it ---- */

static void describe(const struct importing *in, struct import_result *out)
{
	const struct manifest *m = verify_manifest(in->bundle);

	snprintf(out->channel, sizeof out->channel, "%s", m->channel);
	out->epoch = m->epoch;
	out->sequence = m->sequence;
	memcpy(out->manifest, verify_manifest_digest(in->bundle), sizeof out->manifest);
	out->objects = m->objects;
	out->bytes = m->object_bytes;
	out->base = m->base;
	out->assumed = m->assumed;
	out->assumed_bytes = m->assumed_bytes;
}

static int store_and_load(struct importing *in, struct objects *objects, struct import_result *out,
			  struct error *err)
{
	unsigned threads = in->request->threads;
	struct progress *progress = in->request->progress;

	if (!in->request->waited &&
	    objects_store(objects, OBJECTS_METADATA, threads, progress, err) < 0)
		return -1;
	resolve_begin(&in->channel, in->bundle, &in->resolve);
	if (in->request->waited)
		objects_lost(objects, &in->resolve.need);
	if (!resolve_lacks(&in->resolve) &&
	    resolve_make(in->store, &in->channel, in->request->unpack, &in->resolve, err) < 0)
		return -1;
	if (!resolve_lacks(&in->resolve)) {
		if (load_both(in, objects, out, err) == 0)
			return 0;
		int damaged = is_damaged(in, err);
		if (damaged <= 0)
			return -1;
	}
	if (!in->request->waited &&
	    objects_store(objects, OBJECTS_CONTENT, threads, progress, err) < 0)
		return -1;
	return keep(in, out, err);
}

static void add_repaired(void *ctx, const struct repair_found *found)
{
	struct import_result *out = ctx;

	out->repaired = buf_grow(out->repaired, &out->repaired_capacity, out->repaired_count,
				 sizeof *out->repaired);
	out->repaired[out->repaired_count++] = *found;
}

/* What lies on the media that are here, when that is not everything. */
static int collect(struct importing *in, struct repair *repair, struct import_result *out,
		   struct error *err)
{
	struct collect_request request = { .store = in->store,
					   .bundle = in->bundle,
					   .repair = repair,
					   .threads = in->request->threads,
					   .progress = in->request->progress,
					   .missing = &out->missing };
	int failed = collect_objects(&request, err);

	in->collected = request.objects;
	in->collected_bytes = request.bytes;
	return failed;
}

static int load_and_publish(struct importing *in, struct import_result *out, struct error *err)
{
	struct progress *progress = in->request->progress;
	CLEANUP(repair_close)
	struct repair *repair = repair_open(&(struct repair_options){ .bundle = in->bundle,
								      .found = add_repaired,
								      .ctx = out,
								      .tick = progress_tick,
								      .tick_ctx = progress });

	if (!in->request->waited && collect(in, repair, out, err) < 0)
		return error_wrap(err, "%s", verify_path(in->bundle));
	CLEANUP(objects_free)
	struct objects *objects = objects_plan(in->store, in->bundle, repair, err);
	if (!objects || objects_check_space(objects, 0, err) < 0)
		return -1;
	progress_begin(progress, "importing", stream_total(in->bundle));
	int failed = store_and_load(in, objects, out, err);
	progress_end(progress);
	count_new(in, objects, out);
	if (failed || collect_forget(in->store, in->bundle, err) < 0)
		return error_wrap(err, "%s", verify_path(in->bundle));
	return 0;
}

int import_bundle(struct store *s, const struct import_request *request, struct import_result *out,
		  struct error *err)
{
	CLEANUP(importing_clear) struct importing in = { .store = s, .request = request };
	enum accept_decision decision;

	*out = (struct import_result){ .missing = BUF_INIT(4u << 20) };
	if (open_bundle(&in, &decision, err) < 0)
		return -1;
	describe(&in, out);
	if (decision != ACCEPT_ALREADY &&
	    log_watch_check(s, &in.channel, in.bundle, &in.log, err) < 0)
		return -1;
	if (decision != ACCEPT_ALREADY && manifest_is_trust_only(verify_manifest(in.bundle)))
		return take_trust(&in, out, err);
	if (decision != ACCEPT_ALREADY)
		return load_and_publish(&in, out, err);
	out->already = true;
	out->processed = in.before.processed;
	out->quarantined = in.before.quarantined;
	/* A run that was killed right after the commit may have left it. */
	if (collect_forget(s, in.bundle, err) < 0)
		return -1;
	return import_ledger_again(s, in.bundle, request, err);
}

void import_clear(struct import_result *r)
{
	free(r->repaired);
	r->repaired = NULL;
	gather_set_clear(&r->sources);
	need_clear(&r->need);
	buf_clear(&r->missing);
}
