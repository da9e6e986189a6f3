#include "exporter/approve.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/cli/progress.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/report/report.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "lib/store/gather.h"
#include "lib/store/relist.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/accept.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the catalog comes from: the bundle, the base, and listings that came out of deltas. */
struct origin {
	struct verified_bundle *bundle;
	struct store *base;
	struct relist relist;
	unsigned char (*listings)[32];
	unsigned char (*packs)[32];
	size_t listing_count, pack_count;
};

static void origin_clear(struct origin *o)
{
	relist_clear(&o->relist);
	free(o->listings);
	free(o->packs);
}
DEFINE_CLEANUP_IN_PLACE(struct origin, origin_clear);

static int fetch(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		 struct error *err)
{
	const struct origin *o = ctx;
	const struct relist_object *made = relist_find(&o->relist, sha256);
	size_t part;

	if (made) {
		*out = buf_malloc(made->len);
		memcpy(*out, made->bytes, made->len);
		*len = made->len;
		return 0;
	}
	if (!o->base || object_table_find(verify_objects(o->bundle), sha256, &part) == 1)
		return stream_load(o->bundle, sha256, LIMIT_PACK_BYTES, out, len, err);
	if (content_load(o->base, sha256, LIMIT_PACK_BYTES, out, len, err) == 0)
		return 0;
	struct error cause = *err;
	error_clear(err);
	return error_set(err, ERROR_APPROVE_BASE, "the repository of --repo: %s", cause.message);
}

static int no_base(const struct manifest *m, const char *lacks, struct error *err)
{
	return error_set(err, ERROR_APPROVE_BASE,
			 "the bundle leaves out %llu objects (%llu bytes) and builds on sequence "
			 "%llu: %s",
			 (unsigned long long)m->assumed, (unsigned long long)m->assumed_bytes,
			 (unsigned long long)m->base, lacks);
}

/* Deltas become listings, and the packs that are left out are named. */
static int add_base(struct origin *o, struct error *err)
{
	const struct object_table *t = verify_objects(o->bundle);
	const struct manifest *m = verify_manifest(o->bundle);
	size_t capacity = o->pack_count;
	struct channel channel;

	if (channel_load(o->base, m->channel, &channel, err) < 0)
		return -1;
	struct relist_request request = { .store = o->base,
					  .channel_id = channel.id,
					  .catalogs = (const unsigned char(*)[32])o->listings,
					  .catalog_count = o->listing_count,
					  .fetch = fetch,
					  .ctx = o };
	if (relist_make(&request, &o->relist, err) < 0)
		return -1;
	if (o->relist.missing_count > 0)
		return no_base(m, "the repository of --repo does not know the list it refers to",
			       err);
	free(o->listings);
	o->listing_count = o->relist.count;
	o->listings = buf_calloc(o->listing_count, sizeof *o->listings);
	for (size_t i = 0; i < o->listing_count; i++)
		memcpy(o->listings[i], o->relist.objects[i].sha256, sizeof *o->listings);
	for (size_t i = 0; i < object_table_assumed_count(t); i++) {
		struct object_part p = object_table_assumed_get(t, i);

		if (p.kind != OBJECT_PACK)
			continue;
		o->packs = buf_grow(o->packs, &capacity, o->pack_count, sizeof *o->packs);
		memcpy(o->packs[o->pack_count++], p.sha256, sizeof *o->packs);
	}
	return 0;
}

static int load_sources(struct approve *a, const struct approve_request *r, struct error *err)
{
	const struct object_table *t = verify_objects(a->bundle);
	CLEANUP(origin_clear) struct origin o = { .bundle = a->bundle, .base = r->base };

	o.listing_count = object_table_collect(t, OBJECT_CATALOG, &o.listings);
	o.pack_count = object_table_collect(t, OBJECT_PACK, &o.packs);
	if (verify_manifest(a->bundle)->increment && add_base(&o, err) < 0)
		return -1;
	struct gather_load_request request = {
		.fetch = fetch,
		.ctx = &o,
		.listings = (const unsigned char(*)[32])o.listings,
		.listing_count = o.listing_count,
		.packs = (const unsigned char(*)[32])o.packs,
		.pack_count = o.pack_count,
		.threads = r->threads,
		.done = &r->progress->done,
		.tick = progress_tick,
		.tick_ctx = r->progress,
	};
	progress_begin(r->progress, "judging the catalog", 0);
	int failed = gather_load(&request, &a->sources, err);
	progress_end(r->progress);
	return failed;
}

static int check_root(struct approve *a, struct error *err)
{
	unsigned char root[32];

	gather_root(a->sources.items, a->sources.count, root);
	if (memcmp(root, verify_manifest(a->bundle)->catalog_root, sizeof root) != 0)
		return error_set(err, ERROR_APPROVE_ROOT,
				 "the catalog in the packs is not the one MANIFEST states");
	return 0;
}

static void summarize(struct approve *a)
{
	for (size_t i = 0; i < a->sources.count; i++) {
		struct catalog_summary s;

		catalog_summarize(a->sources.items[i]->catalog, &s);
		report_add_summary(&a->summary, &s);
	}
}

static int read_contents(struct approve *a, unsigned threads, struct progress *progress,
			 struct error *err)
{
	struct stream_options options = { .threads = threads,
					  .sink = &stream_check,
					  .done = &progress->done,
					  .tick = progress_tick,
					  .tick_ctx = progress,
					  .chunks = true };

	if (verify_volumes(a->bundle, err) < 0)
		return -1;
	return stream_volumes(a->bundle, &options, err) < 0 ? -1 : 0;
}

int approve_read(const struct approve_request *r, struct approve *out, struct error *err)
{
	CLEANUP(approve_clear) struct approve a = { 0 };

	a.bundle = verify_open(r->path, r->trust, VERIFY_FOR_APPROVAL, err);
	if (!a.bundle || accept_fresh(verify_manifest(a.bundle), clock_now(), err) < 0)
		return -1;
	/* Said before everything is read. */
	if (verify_manifest(a.bundle)->increment && !r->base)
		return no_base(verify_manifest(a.bundle),
			       "without --repo its catalog cannot be recomputed", err);
	progress_begin(r->progress, "reading", stream_total(a.bundle));
	int failed = read_contents(&a, r->threads, r->progress, err);
	progress_end(r->progress);
	if (failed || load_sources(&a, r, err) < 0 || check_root(&a, err) < 0)
		return error_wrap(err, "%s", r->path);
	summarize(&a);
	*out = a;
	a = (struct approve){ 0 };
	return 0;
}

/* The approver, or, where the trust root wants several builders, a further builder. */
static int load_signer(const struct approve *a, const char *key_path, const char *passphrase,
		       struct signer *s, struct error *err)
{
	const struct trust *trust = verify_trust(a->bundle);

	if (signer_load(s, trust, KEY_ROLE_APPROVER, key_path, passphrase, err) == 0)
		return 0;
	if (err->id != ERROR_WRITE_KEY || trust->threshold[KEY_ROLE_BUILDER] < 2)
		return -1;
	error_clear(err);
	signer_clear(s);
	return signer_load(s, trust, KEY_ROLE_BUILDER, key_path, passphrase, err);
}

int approve_sign(const struct approve *a, const char *key_path, const char *passphrase,
		 char holder[64], struct error *err)
{
	CLEANUP(signer_clear) struct signer s = { 0 };
	const struct trust_verdict *v = verify_signers(a->bundle);
	size_t len;
	const void *manifest = verify_manifest_bytes(a->bundle, &len);

	if (load_signer(a, key_path, passphrase, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < v->count; i++)
		if (v->signers[i].role == KEY_ROLE_BUILDER &&
		    key_holder_is_same(v->signers[i].holder, signer_holder(&s)))
			return error_set(err, ERROR_APPROVE_HOLDER, "%s built this bundle",
					 signer_holder(&s));
	snprintf(holder, 64, "%s", signer_holder(&s));
	return signer_sign(&s, manifest, len, verify_dir(a->bundle), err);
}

void approve_clear(struct approve *a)
{
	verify_close(a->bundle);
	gather_set_clear(&a->sources);
	*a = (struct approve){ 0 };
}
