#include "exporter/increment.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/pack/delta.h"
#include "lib/pack/pack.h"
#include "lib/store/gather.h"
#include "lib/store/rows.h"
#include "lib/store/site.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More lists than this in the bundles that a site may be at: its listing goes whole. */
enum { BASES_MAX = 64 };

static void catalogs_clear(struct increment *inc, size_t from)
{
	for (size_t i = from; i < inc->catalog_count; i++)
		free(inc->catalogs[i].bytes);
	inc->catalog_count = from;
}

void increment_clear(struct increment *inc)
{
	catalogs_clear(inc, 0);
	for (size_t i = 0; i < inc->source_count; i++)
		doclist_clear(&inc->sources[i]);
	free(inc->sources);
	free(inc->catalogs);
	free(inc->withdrawn);
	held_clear(&inc->held);
	*inc = (struct increment){ 0 };
}

bool increment_assumes(const struct increment *inc, int64_t object_id)
{
	return !inc->full && held_at(&inc->held, object_id, inc->base);
}

/* ---- the base ---- */

/* base 0: full. */
static int choose(struct increment *inc, uint64_t base, const char *why, ...)
	__attribute__((format(printf, 3, 4)));
static int choose(struct increment *inc, uint64_t base, const char *why, ...)
{
	va_list ap;

	va_start(ap, why);
	vsnprintf(inc->why, sizeof inc->why, why, ap);
	va_end(ap);
	inc->base = base;
	inc->full = base == 0;
	return 0;
}

static int choose_one_way(struct increment *inc, const struct channel *c)
{
	if (c->sequence <= c->overlap)
		return choose(inc, 0, "one-way: the first %u bundles are full", c->overlap + 1);
	return choose(inc, c->sequence - c->overlap,
		      "one-way: any %u bundles in a row may have been lost", c->overlap);
}

static int choose_base(struct store *s, const struct channel *c, const struct increment_wish *wish,
		       struct increment *inc, struct error *err)
{
	char who[CHANNEL_NAME_SIZE];
	uint64_t confirmed;

	if (wish->since > c->sequence)
		return error_set(
			err, ERROR_CHANNEL_SEQUENCE, "sequence %llu: channel %s is at %llu",
			(unsigned long long)wish->since, c->name, (unsigned long long)c->sequence);
	if (wish->full)
		return choose(inc, 0, "asked for");
	if (c->sequence == 0)
		return choose(inc, 0, "the first bundle of the channel");
	if (wish->since > 0)
		return choose(inc, wish->since, "given by hand");
	if (c->one_way)
		return choose_one_way(inc, c);
	if (site_confirmed(s, c, &confirmed, who, err) < 0)
		return -1;
	if (confirmed == 0)
		return choose(inc, 0, "site %s has confirmed nothing", who);
	if (confirmed > c->sequence)
		confirmed = c->sequence;
	return choose(inc, confirmed, "confirmed by every site, %s is the last one", who);
}

/* ---- the catalog ---- */

static struct increment_catalog *add_catalog(struct increment *inc)
{
	inc->catalogs = buf_grow(inc->catalogs, &inc->catalog_capacity, inc->catalog_count,
				 sizeof *inc->catalogs);
	struct increment_catalog *c = &inc->catalogs[inc->catalog_count++];

	*c = (struct increment_catalog){ .bytes = NULL };
	return c;
}

static int add_listings(struct store *s, struct increment *inc, const struct doclist *source,
			struct error *err)
{
	for (size_t i = 0; i < source->object_count; i++) {
		struct increment_catalog *c = add_catalog(inc);
		struct stored_object o;

		if (stored_find(s, source->objects[i], &o, err) < 0)
			return -1;
		memcpy(c->sha256, o.sha256, sizeof c->sha256);
		c->size = o.size;
	}
	return 0;
}

/* One delta as so many catalog objects as it has parts. */
static int add_delta(struct increment *inc, struct delta *d, struct error *err)
{
	d->parts = delta_parts(d);
	for (d->part = 1; d->part <= d->parts; d->part++) {
		CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_LISTING_BYTES);
		CLEANUP(buf_clear) struct buf packed = BUF_INIT(SIZE_MAX);
		size_t first = (size_t)(d->part - 1) * LISTING_PART_ENTRIES;
		size_t left = d->count - first;

		if (delta_write(d, first, left < LISTING_PART_ENTRIES ? left : LISTING_PART_ENTRIES,
				&text, err) < 0 ||
		    pack_compress(text.bytes, text.len, &packed, err) < 0)
			return -1;
		struct increment_catalog *c = add_catalog(inc);
		digest_sha256(packed.bytes, packed.len, c->sha256);
		c->size = packed.len;
		c->bytes = buf_take(&packed);
	}
	return 0;
}

/* A delta against one list: 1, or 0 when that list cannot be had any more. */
static int delta_from(struct store *s, const struct channel *channel, struct increment *inc,
		      struct doclist *source, const unsigned char base[32], struct error *err)
{
	CLEANUP(doclist_clear) struct doclist known = { 0 };
	CLEANUP(delta_clear) struct delta d = { .source = source->source };
	bool same = memcmp(base, source->digest, 32) == 0;

	if (doclist_load(s, source, err) < 0)
		return -1;
	if (!same) {
		struct error ignored = ERROR_INIT; /* the listing goes whole then */
		int row = doclist_find(s, channel->id, &source->source, base, &known, err);

		if (row <= 0)
			return row;
		if (doclist_load(s, &known, &ignored) < 0)
			return 0;
	}
	memcpy(d.base, base, sizeof d.base); /* doclist_load() has proved both */
	memcpy(d.result, source->digest, sizeof d.result);
	delta_changes(same ? &source->list : &known.list, &source->list, &d);
	return add_delta(inc, &d, err) < 0 ? -1 : 1;
}

static uint64_t catalog_bytes(const struct increment *inc, size_t from)
{
	uint64_t bytes = 0;

	for (size_t i = from; i < inc->catalog_count; i++)
		bytes += inc->catalogs[i].size;
	return bytes;
}

/*
 * A delta against every list that a site may be at, from the base on; the whole listing when some
 * bundle there had no list of this source, or when that is not larger.
 */
static int add_source(struct store *s, const struct channel *c, struct increment *inc,
		      struct doclist *source, struct error *err)
{
	CLEANUP(free) unsigned char *bases = NULL;
	size_t before = inc->catalog_count;
	unsigned char(*digests)[32];
	bool everywhere;

	if (inc->full)
		return add_listings(s, inc, source, err);
	int count = doclist_bases(s, c->id, c->epoch, inc->base, &source->source, &digests,
				  &everywhere, err);
	if (count < 0)
		return -1;
	bases = (unsigned char *)digests;
	int made = everywhere && count > 0 && count <= BASES_MAX;
	for (int i = 0; i < count && made == 1; i++)
		made = delta_from(s, c, inc, source, digests[i], err);
	if (made < 0)
		return -1;
	size_t deltas = inc->catalog_count;
	if (add_listings(s, inc, source, err) < 0)
		return -1;
	uint64_t whole = catalog_bytes(inc, deltas);
	if (catalog_bytes(inc, before) - whole >= whole)
		made = 0;
	if (made == 1) {
		catalogs_clear(inc, deltas);
		inc->deltas += deltas - before;
		return 0;
	}
	catalogs_clear(inc, before);
	return add_listings(s, inc, source, err);
}

static int load_sources(struct store *s, const struct channel *c, struct increment *inc,
			struct error *err)
{
	struct rows_source row = { 0 };
	int more;

	while ((more = rows_next_source(s, &row, err)) == 1) {
		inc->sources = buf_grow(inc->sources, &inc->source_capacity, inc->source_count,
					sizeof *inc->sources);
		struct doclist *d = &inc->sources[inc->source_count];

		if (doclist_of_source(s, row.id, &row.source, d, err) < 0)
			return -1;
		inc->source_count++;
		if (add_source(s, c, inc, d, err) < 0)
			return -1;
		delta_list_clear(&d->list);
		d->loaded = false;
	}
	return more;
}

static bool has_source(const struct increment *inc, const struct listing_source *source)
{
	for (size_t i = 0; i < inc->source_count; i++)
		if (gather_compare_sources(&inc->sources[i].source, source) == 0)
			return true;
	return false;
}

/* Sources that some bundle from the base on had, and that are not here any more. */
static int find_withdrawn(struct store *s, const struct channel *c, struct increment *inc,
			  struct error *err)
{
	struct listing_source source = { .created = -1 };
	int row;

	while ((row = doclist_next_source(s, c->id, c->epoch, inc->base, &source, err)) == 1) {
		if (has_source(inc, &source))
			continue;
		if (inc->withdrawn_count == LIMIT_WITHDRAWN)
			return error_set(err, ERROR_WRITE_NOTHING,
					 "more than %u catalogs are gone: write a full bundle",
					 LIMIT_WITHDRAWN);
		inc->withdrawn = buf_grow(inc->withdrawn, &inc->withdrawn_capacity,
					  inc->withdrawn_count, sizeof *inc->withdrawn);
		inc->withdrawn[inc->withdrawn_count++] = source;
	}
	return row;
}

int increment_make(struct store *s, const struct channel *c, const struct increment_wish *wish,
		   struct increment *out, struct error *err)
{
	CLEANUP(increment_clear) struct increment inc = { .full = true };

	if (choose_base(s, c, wish, &inc, err) < 0 || held_load(s, c->id, &inc.held, err) < 0 ||
	    load_sources(s, c, &inc, err) < 0 || (!inc.full && find_withdrawn(s, c, &inc, err) < 0))
		return -1;
	*out = inc;
	inc = (struct increment){ .full = true };
	return 0;
}
