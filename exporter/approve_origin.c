#include "exporter/approve_origin.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/pack/listing.h"
#include "lib/pack/pack.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "lib/store/doclist.h"
#include "lib/store/evidence.h"
#include "lib/store/gather.h"
#include "lib/store/relist.h"
#include "lib/store/stored.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/care/source_check.h"
#include "verifier/prover.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdlib.h>
#include <string.h>

/* A bundle, and the listings that describe its result, once resolve() found them. */
struct result {
	struct verified_bundle *bundle;
	struct relist relist;
	unsigned char (*listings)[32];
	size_t listing_count;
	bool resolved;
};

struct approve_origin {
	const struct approve_origin_request *request;
	struct result *results; /* by ascending sequence; the last one is of the bundle */
	size_t count;
	size_t resolving; /* deltas look for their base before this one */
};

static struct result *last_of(const struct approve_origin *o)
{
	return &o->results[o->count - 1];
}

void approve_origin_free(struct approve_origin *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->count; i++) {
		relist_clear(&o->results[i].relist);
		free(o->results[i].listings);
		if (o->results[i].bundle != o->request->bundle)
			verify_close(o->results[i].bundle);
	}
	free(o->results);
	free(o);
}

/* ---- opening ---- */

static int no_base(const struct manifest *m, const char *lacks, struct error *err)
{
	return error_set(err, ERROR_APPROVE_BASE,
			 "bundle %llu leaves out %llu objects (%llu bytes) and builds on sequence "
			 "%llu: %s",
			 (unsigned long long)m->sequence, (unsigned long long)m->assumed,
			 (unsigned long long)m->assumed_bytes, (unsigned long long)m->base, lacks);
}

static int check_link(const struct manifest *m, uint64_t sequence, const unsigned char digest[32],
		      const char *where, struct error *err)
{
	const unsigned char *past = manifest_past(m, sequence);

	if (!past || memcmp(past, digest, 32) == 0)
		return 0;
	return error_set(err, ERROR_APPROVE_FORK,
			 "%s: its bundle %llu is not the one that MANIFEST of bundle %llu names",
			 where, (unsigned long long)sequence, (unsigned long long)m->sequence);
}

static int check_base(const struct approve_origin *o, const struct verified_bundle *base,
		      struct error *err)
{
	const struct manifest *m = verify_manifest(o->request->bundle);
	const struct manifest *b = verify_manifest(base);
	char name[MANIFEST_DIRECTORY_SIZE];

	manifest_directory(b, name);
	bool other = strcmp(m->channel, b->channel) != 0 || m->epoch != b->epoch ||
		     b->sequence >= m->sequence;
	for (size_t i = 0; i + 1 < o->count; i++)
		other |= verify_manifest(o->results[i].bundle)->sequence == b->sequence;
	if (other)
		return error_set(err, ERROR_APPROVE_OTHER,
				 "%s: this is %s, not another earlier bundle of channel %s",
				 verify_path(base), name, m->channel);
	return check_link(m, b->sequence, verify_manifest_digest(base), verify_path(base), err);
}

static int compare_results(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	uint64_t i = verify_manifest(x->bundle)->sequence, k = verify_manifest(y->bundle)->sequence;

	return i < k ? -1 : i > k;
}

struct approve_origin *approve_origin_new(const struct approve_origin_request *r, struct error *err)
{
	const struct manifest *m = verify_manifest(r->bundle);
	CLEANUP(approve_origin_free) struct approve_origin *o = buf_calloc(1, sizeof *o);

	o->request = r;
	o->results = buf_calloc(r->base_count + 1, sizeof *o->results);
	o->results[o->count++].bundle = r->bundle;
	if (m->increment && !r->store && r->base_count == 0) {
		(void)no_base(m, "without --base or --repo its catalog cannot be recomputed", err);
		return NULL;
	}
	for (size_t i = 0; i < r->base_count; i++) {
		struct verified_bundle *base = prover_open(r->prover, r->bases[i], r->trust_dir,
							   r->trust, VERIFY_COMPLETE, err);

		if (!base)
			return NULL;
		if (check_base(o, base, err) < 0 || verify_volumes(base, err) < 0) {
			verify_close(base);
			return NULL;
		}
		o->results[o->count - 1].bundle = base;
		o->results[o->count++].bundle = r->bundle;
	}
	qsort(o->results, o->count, sizeof *o->results, compare_results);
	struct approve_origin *out = o;
	o = NULL;
	return out;
}

/* ---- objects ---- */

static int fetch(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		 struct error *err)
{
	const struct approve_origin *o = ctx;
	char hex[DIGEST_HEX];
	size_t part;

	for (size_t i = o->count; i-- > 0;) {
		const struct relist_object *made = relist_find(&o->results[i].relist, sha256);

		if (made) {
			*out = buf_malloc(made->len);
			memcpy(*out, made->bytes, made->len);
			*len = made->len;
			return 0;
		}
		if (object_table_find(verify_objects(o->results[i].bundle), sha256, &part) == 1)
			return stream_load(o->results[i].bundle, sha256, LIMIT_PACK_BYTES, out, len,
					   err);
	}
	if (o->request->store &&
	    content_load(o->request->store, sha256, LIMIT_PACK_BYTES, out, len, err) == 0)
		return 0;
	struct error cause = *err;
	error_clear(err);
	str_to_hex(sha256, DIGEST_SHA256, hex);
	if (o->request->store)
		return error_set(err, ERROR_APPROVE_BASE, "the repository of --repo: %s",
				 cause.message);
	return error_set(err, ERROR_APPROVE_BASE, "object %s is in none of the bundles given", hex);
}

static int load_listing(struct approve_origin *o, const unsigned char sha256[32],
			struct listing *out, struct error *err)
{
	CLEANUP(free) unsigned char *packed = NULL, *text = NULL;
	size_t packed_len, len;
	char label[DIGEST_HEX];

	str_to_hex(sha256, DIGEST_SHA256, label);
	if (fetch(o, sha256, &packed, &packed_len, err) < 0 ||
	    pack_decompress(packed, packed_len, LIMIT_LISTING_BYTES, label, &text, &len, err) < 0)
		return -1;
	return listing_parse(text, len, label, out, err);
}

static int compare_entries(const void *a, const void *b)
{
	return listing_compare(a, b);
}

/* The documents that a source has in a result; empty when it has none. */
static int list_of(struct approve_origin *o, const struct result *r,
		   const struct listing_source *source, struct doclist *out, struct error *err)
{
	size_t capacity = 0;

	for (size_t i = 0; i < r->listing_count; i++) {
		CLEANUP(listing_clear) struct listing l = { 0 };

		if (load_listing(o, r->listings[i], &l, err) < 0)
			return -1;
		if (gather_compare_sources(&l.source, source) != 0)
			continue;
		out->source = l.source;
		out->objects = buf_grow(out->objects, &out->object_capacity, out->object_count,
					sizeof *out->objects);
		memcpy(out->objects[out->object_count++], r->listings[i], 32);
		for (size_t k = 0; k < l.count; k++) {
			out->list.entries = buf_grow(out->list.entries, &capacity, out->list.count,
						     sizeof *out->list.entries);
			out->list.entries[out->list.count++] = l.entries[k];
		}
	}
	if (out->list.count > 0)
		qsort(out->list.entries, out->list.count, sizeof *out->list.entries,
		      compare_entries);
	listing_digest(out->list.entries, out->list.count, out->digest);
	out->sequence = verify_manifest(r->bundle)->sequence;
	out->loaded = true;
	return 0;
}

static int find_list(void *ctx, const struct listing_source *source, const unsigned char digest[32],
		     struct doclist *out, struct error *err)
{
	struct approve_origin *o = ctx;

	for (size_t i = o->resolving; i-- > 0;) {
		CLEANUP(doclist_clear) struct doclist d = { .loaded = false };

		if (!o->results[i].resolved)
			continue;
		if (list_of(o, &o->results[i], source, &d, err) < 0)
			return -1;
		if (d.object_count == 0 || memcmp(d.digest, digest, sizeof d.digest) != 0)
			continue;
		*out = d;
		d = (struct doclist){ .loaded = false };
		return 1;
	}
	return 0;
}

/* ---- results ---- */

/* Deltas become listings. */
static int resolve_increment(struct approve_origin *o, struct result *r, struct error *err)
{
	const struct manifest *m = verify_manifest(r->bundle);
	CLEANUP(relist_clear) struct relist relist = { 0 };
	struct channel channel = { .id = 0 };

	if (o->request->store && channel_load(o->request->store, m->channel, &channel, err) < 0)
		return -1;
	struct relist_request request = { .find = find_list,
					  .store = o->request->store,
					  .channel_id = channel.id,
					  .catalogs = (const unsigned char(*)[32])r->listings,
					  .catalog_count = r->listing_count,
					  .fetch = fetch,
					  .ctx = o,
					  .unpack = o->request->unpack };
	if (relist_make(&request, &relist, err) < 0)
		return -1;
	if (relist.missing_count > 0)
		return no_base(m,
			       "what is given with --base and --repo does not have the list it "
			       "refers to",
			       err);
	free(r->listings);
	r->listing_count = relist.count;
	r->listings = buf_calloc(relist.count, sizeof *r->listings);
	for (size_t i = 0; i < relist.count; i++)
		memcpy(r->listings[i], relist.objects[i].sha256, sizeof *r->listings);
	r->relist = relist;
	relist = (struct relist){ 0 };
	return 0;
}

static int resolve(struct approve_origin *o, size_t i, struct error *err)
{
	struct result *r = &o->results[i];

	if (r->resolved)
		return 0;
	o->resolving = i;
	free(r->listings);
	r->listing_count =
		object_table_collect(verify_objects(r->bundle), OBJECT_CATALOG, &r->listings);
	if (verify_manifest(r->bundle)->increment && resolve_increment(o, r, err) < 0)
		return -1;
	r->resolved = true;
	return 0;
}

/* The packs that a bundle carries, and those that it leaves out. */
static size_t collect_packs(const struct verified_bundle *bundle, unsigned char (**out)[32])
{
	const struct object_table *t = verify_objects(bundle);
	size_t count = object_table_collect(t, OBJECT_PACK, out), capacity = count;

	for (size_t i = 0; i < object_table_assumed_count(t); i++) {
		struct object_part p = object_table_assumed_get(t, i);

		if (p.kind != OBJECT_PACK)
			continue;
		*out = buf_grow(*out, &capacity, count, sizeof **out);
		memcpy((*out)[count++], p.sha256, sizeof **out);
	}
	return count;
}

static int load(struct approve_origin *o, const unsigned char (*listings)[32], size_t listing_count,
		const unsigned char (*packs)[32], size_t pack_count, const char *what,
		struct gather_set *out, struct error *err)
{
	struct progress *progress = o->request->progress;
	struct gather_load_request request = {
		.fetch = fetch,
		.ctx = o,
		.listings = listings,
		.listing_count = listing_count,
		.packs = packs,
		.pack_count = pack_count,
		.unpack = o->request->unpack,
		.done = &progress->done,
		.tick = progress_tick,
		.tick_ctx = progress,
	};

	progress_begin(progress, what, 0);
	int failed = gather_load(&request, out, err);
	progress_end(progress);
	return failed;
}

static int check_root(const struct gather_set *s, const struct manifest *m, struct error *err)
{
	unsigned char root[32];

	gather_root(s->items, s->count, root);
	if (memcmp(root, m->catalog_root, sizeof root) == 0)
		return source_check(m, s, err);
	return error_set(err, ERROR_APPROVE_ROOT,
			 "the catalog in the packs is not the one MANIFEST of bundle %llu states",
			 (unsigned long long)m->sequence);
}

static int load_result(struct approve_origin *o, const struct result *r, const char *what,
		       struct gather_set *out, struct error *err)
{
	CLEANUP(gather_set_clear) struct gather_set set = { 0 };
	unsigned char(*packs)[32] = NULL;
	size_t count = collect_packs(r->bundle, &packs);
	int failed = load(o, (const unsigned char(*)[32])r->listings, r->listing_count,
			  (const unsigned char(*)[32])packs, count, what, &set, err);

	free(packs);
	if (failed || check_root(&set, verify_manifest(r->bundle), err) < 0)
		return -1;
	*out = set;
	set = (struct gather_set){ 0 };
	return 0;
}

int approve_origin_load(struct approve_origin *o, struct gather_set *out, struct error *err)
{
	/* A base that cannot be put together itself may not be needed: then nobody asks for it. */
	for (size_t i = 0; i + 1 < o->count; i++) {
		struct error unusable = ERROR_INIT;

		if (resolve(o, i, &unusable) < 0 && unusable.id != ERROR_APPROVE_BASE) {
			*err = unusable;
			return -1;
		}
	}
	if (resolve(o, o->count - 1, err) < 0)
		return -1;
	return load_result(o, last_of(o), "judging the catalog", out, err);
}

/* ---- the past of a repository ---- */

/* The newest MANIFEST before this one that the repository has: 1, 0, -1. */
static int past_manifest(const struct approve_origin *o, struct channel *channel,
			 struct manifest *out, struct error *err)
{
	const struct manifest *m = verify_manifest(o->request->bundle);
	struct store *s = o->request->store;

	if (channel_load(s, m->channel, channel, err) < 0) {
		if (err->id != ERROR_CHANNEL_ABSENT)
			return -1;
		error_clear(err);
		return 0;
	}
	uint64_t sequence = 0;
	int row = channel_bundle_before(s, channel->id, m->epoch, m->sequence, &sequence, err);
	if (row <= 0)
		return row;
	struct evidence_bundle which = { channel->id, m->epoch, sequence };
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char digest[32];
	size_t len;
	row = evidence_manifest(s, &which, &bytes, &len, err);
	if (row <= 0)
		return row;
	digest_sha256(bytes, len, digest);
	if (manifest_parse(bytes, len, out, err) < 0 ||
	    check_link(m, out->sequence, digest, "the repository of --repo", err) < 0)
		return -1;
	return 1;
}

static int load_stored(struct approve_origin *o, const struct channel *channel,
		       const struct manifest *m, struct gather_set *out, struct error *err)
{
	CLEANUP(gather_set_clear) struct gather_set set = { 0 };
	struct store *s = o->request->store;
	unsigned char(*listings)[32] = NULL, (*packs)[32] = NULL;
	int count = doclist_objects(s, channel->id, m->epoch, m->sequence, &listings, err);
	int pack_count = count < 0 ? -1 : stored_collect(s, OBJECT_PACK, &packs, err);
	int failed = pack_count < 0 ? -1
				    : load(o, (const unsigned char(*)[32])listings, (size_t)count,
					   (const unsigned char(*)[32])packs, (size_t)pack_count,
					   "judging the catalog before", &set, err);

	free(listings);
	free(packs);
	if (failed || check_root(&set, m, err) < 0)
		return -1;
	*out = set;
	set = (struct gather_set){ 0 };
	return 0;
}

int approve_origin_load_past(struct approve_origin *o, struct manifest *m, struct gather_set *out,
			     struct error *err)
{
	struct channel channel;

	if (o->count > 1) {
		const struct result *r = &o->results[o->count - 2];

		*m = *verify_manifest(r->bundle);
		if (resolve(o, o->count - 2, err) < 0 ||
		    load_result(o, r, "judging the catalog before", out, err) < 0)
			return -1;
		return 1;
	}
	if (!o->request->store)
		return 0;
	int row = past_manifest(o, &channel, m, err);
	if (row <= 0)
		return row;
	return load_stored(o, &channel, m, out, err) < 0 ? -1 : 1;
}
