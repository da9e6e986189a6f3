#include "importer/resolve.h"

#include "importer/assumed.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/pack/listing.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void resolve_clear(struct resolve *r)
{
	relist_clear(&r->relist);
	need_clear(&r->need);
	free(r->listings);
	free(r->packs);
	*r = (struct resolve){ .bundle = NULL };
}

bool resolve_lacks(const struct resolve *r)
{
	return r->need.listing_count > 0 || r->need.object_count > 0;
}

static int fetch(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		 struct error *err)
{
	return content_load(ctx, sha256, LIMIT_PACK_BYTES, out, len, err);
}

void resolve_begin(const struct channel *c, const struct verified_bundle *b, struct resolve *out)
{
	const struct manifest *m = verify_manifest(b);
	struct need *n = &out->need;

	*out = (struct resolve){ .bundle = b };
	snprintf(n->channel, sizeof n->channel, "%s", c->name);
	snprintf(n->site, sizeof n->site, "%.63s", c->audience);
	n->epoch = m->epoch;
	n->sequence = m->sequence;
	memcpy(n->manifest, verify_manifest_digest(b), sizeof n->manifest);
	n->holds = c->epoch == m->epoch ? c->sequence : 0;
}

/* Packs that are carried and packs that are assumed. */
static void collect_packs(struct resolve *r)
{
	const struct object_table *t = verify_objects(r->bundle);
	size_t capacity, assumed = object_table_assumed_count(t);

	r->pack_count = object_table_collect(t, OBJECT_PACK, &r->packs);
	capacity = r->pack_count;
	for (size_t i = 0; i < assumed; i++) {
		struct object_part p = object_table_assumed_get(t, i);

		if (p.kind != OBJECT_PACK)
			continue;
		r->packs = buf_grow(r->packs, &capacity, r->pack_count, sizeof *r->packs);
		memcpy(r->packs[r->pack_count++], p.sha256, sizeof *r->packs);
	}
}

/* Full listings in place of deltas. */
static int relist(struct store *s, const struct channel *c, struct unpack *unpack,
		  struct resolve *r, struct error *err)
{
	struct relist_request request = { .store = s,
					  .channel_id = c->id,
					  .catalogs = (const unsigned char(*)[32])r->listings,
					  .catalog_count = r->listing_count,
					  .fetch = fetch,
					  .ctx = s,
					  .unpack = unpack };

	if (relist_make(&request, &r->relist, err) < 0)
		return -1;
	for (size_t i = 0; i < r->relist.missing_count; i++)
		need_add_listing(&r->need, r->relist.missing[i]);
	free(r->listings);
	r->listing_count = r->relist.count;
	r->listings = buf_calloc(r->listing_count, sizeof *r->listings);
	for (size_t i = 0; i < r->relist.count; i++) {
		struct relist_object *o = &r->relist.objects[i];

		memcpy(r->listings[i], o->sha256, sizeof *r->listings);
		if (o->bytes && content_put(s, o->bytes, o->len, o->sha256, err) < 0)
			return -1;
	}
	return content_sync(s, err);
}

int resolve_make(struct store *s, const struct channel *c, struct unpack *unpack, struct resolve *r,
		 struct error *err)
{
	const struct object_table *t = verify_objects(r->bundle);

	collect_packs(r);
	r->listing_count = object_table_collect(t, OBJECT_CATALOG, &r->listings);
	if (!verify_manifest(r->bundle)->increment)
		return 0;
	return relist(s, c, unpack, r, err) < 0 ? -1 : assumed_check(s, t, &r->need, err);
}

bool resolve_withdraws(void *resolve, const char *kind, const char *series, uint32_t revision)
{
	const struct resolve *r = resolve;
	const struct manifest *m = verify_manifest(r->bundle);

	for (size_t i = 0; i < m->withdrawn_count; i++)
		if (strcmp(m->withdrawn[i].kind, kind) == 0 &&
		    strcmp(m->withdrawn[i].series, series) == 0)
			return true;
	return relist_withdraws(&r->relist, kind, series, revision);
}
