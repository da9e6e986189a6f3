#include "importer/publish.h"

#include "importer/import.h"
#include "importer/keep.h"
#include "importer/log_watch.h"
#include "importer/objects.h"
#include "importer/resolve.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/crypto/trust.h"
#include "lib/report/report.h"
#include "lib/store/channel.h"
#include "lib/store/doclist.h"
#include "lib/store/gather.h"
#include "lib/store/past.h"
#include "lib/store/rows.h"
#include "lib/store/scrub.h"
#include "lib/store/selection.h"
#include "lib/store/usable.h"
#include "media/manifest.h"
#include "verifier/care/source_check.h"
#include "verifier/inquiry/selection_medium.h"
#include "verifier/verify.h"

#include <string.h>

/*
 * LISTS_KEPT: bundles whose document lists later deltas may refer to.  SHRINK_PERCENT: of the
 * usable updates may go with a full bundle before it is an alarm; as on ingest.
 */
enum { LISTS_KEPT = 8, SHRINK_PERCENT = 10 };

void publish_summarize(struct import_result *out)
{
	out->summary = (struct catalog_summary){ 0 };
	for (size_t i = 0; i < out->sources.count; i++) {
		struct catalog_summary s;

		catalog_summarize(out->sources.items[i]->catalog, &s);
		report_add_summary(&out->summary, &s);
	}
}

int publish_state(const struct publish *in, struct error *err)
{
	const struct manifest *m = verify_manifest(in->bundle);
	struct channel_bundle b = { .epoch = m->epoch,
				    .sequence = m->sequence,
				    .recorded = clock_now(),
				    .processed = in->out->processed,
				    .quarantined = in->out->quarantined,
				    .base = m->base,
				    .bytes = m->object_bytes };
	struct channel *c = in->channel;

	b.manifest = verify_manifest_bytes(in->bundle, &b.manifest_len);
	memcpy(b.digest, verify_manifest_digest(in->bundle), sizeof b.digest);
	memcpy(c->manifest, b.digest, sizeof c->manifest);
	memcpy(c->catalog_root, m->catalog_root, sizeof c->catalog_root);
	c->has_manifest = true;
	c->direction = CHANNEL_RECEIVED;
	c->epoch = m->epoch;
	c->sequence = m->sequence;
	c->trust_version = verify_trust(in->bundle)->version;
	if (m->created > c->time_floor)
		c->time_floor = m->created;
	return channel_save(in->store, c, err) < 0 ||
			       channel_record_bundle(in->store, c->id, &b, err) < 0 ||
			       log_watch_save(in->store, c, in->log, err) < 0
		       ? -1
		       : keep_evidence(in->store, c->id, in->bundle, err);
}

static int check_root(const struct publish *in, struct error *err)
{
	unsigned char root[32];

	if (rows_root(in->store, root, err) < 0)
		return -1;
	if (memcmp(root, verify_manifest(in->bundle)->catalog_root, sizeof root) != 0)
		return error_set(err, ERROR_IMPORT_ROOT,
				 "the catalog that results is not the one MANIFEST states");
	return source_check(verify_manifest(in->bundle), &in->out->sources, err);
}

/* Which documents each source has now: what deltas refer to. */
static int record_lists(const struct publish *in, struct error *err)
{
	const struct channel *c = in->channel;

	for (size_t i = 0; i < in->out->sources.count; i++) {
		CLEANUP(doclist_clear) struct doclist list = { .loaded = false };

		doclist_of_gather(in->out->sources.items[i], &list);
		if (doclist_record(in->store, c->id, c->epoch, c->sequence, &list, err) < 0)
			return -1;
	}
	if (c->sequence <= LISTS_KEPT)
		return 0;
	return doclist_prune(in->store, c->id, c->epoch, c->sequence - LISTS_KEPT, err);
}

/* What was left out on purpose is no fault of the bundle. */
static int save_selection(const struct publish *in, struct error *err)
{
	struct rules rules;
	int found = selection_medium_load(in->bundle, &rules, err);

	return found < 0 ? -1
			 : selection_save(in->store, in->channel->id, found ? &rules : NULL, err);
}

int publish_rows(const struct publish *in, struct error *err)
{
	CLEANUP(usable_clear) struct usable before = { 0 };
	struct import_result *out = in->out;

	if (usable_load(in->store, resolve_withdraws, in->resolve, &before, err) < 0 ||
	    objects_record(in->store, in->bundle, err) < 0)
		return -1;
	for (size_t i = 0; i < out->sources.count; i++)
		if (past_compare(in->store, out->sources.items[i], err) < 0 ||
		    rows_replace(in->store, out->sources.items[i], false, err) < 0)
			return -1;
	publish_summarize(out);
	if (rows_withdraw_others(in->store, out->sources.items, out->sources.count, err) < 0 ||
	    scrub_drop_lost(in->store, err) < 0 || check_root(in, err) < 0 ||
	    usable_gone(in->store, &before, &out->gone, err) < 0 || publish_state(in, err) < 0 ||
	    save_selection(in, err) < 0)
		return -1;
	/* Increments say what they withdraw.  In a full bundle some updates go every month. */
	out->shrunk = out->gone > 0 && (verify_manifest(in->bundle)->increment ||
					out->gone * 100 > before.count * SHRINK_PERCENT);
	return record_lists(in, err);
}
