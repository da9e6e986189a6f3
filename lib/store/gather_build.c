#include "lib/store/gather_build.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
#include "lib/catalog/catalog.h"
#include "lib/crypto/digest.h"
#include "lib/pack/pack.h"
#include "lib/store/content.h"
#include "lib/store/gather.h"
#include "lib/store/gather_known.h"
#include "lib/store/gather_part.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_PER_THREAD = 2 };

/* Pack numbers from here on are those of gather_known, until gather_build_finish(). */
#define KNOWN GATHER_PART_KNOWN

/* A pack or a listing on its way through a worker. */
struct job {
	struct pack_builder *builder; /* NULL: a listing */
	struct listing listing;       /* borrows from the gather */
	struct buf packed;
	size_t number; /* of g->packs or g->listings */
};

struct gather_build {
	struct gather *g;
	struct store *store;
	struct pool *pool;
	unsigned threads;
	struct pack_builder *builder;
	struct digest *digest;
	size_t first;               /* first fragment of the pack being built */
	struct gather_known *known; /* packs of the repository */
	/* Open addressing over g->fragments; 0 is empty, else index + 1.  Seeded: see
	 * lib/base/hash.h. */
	uint64_t seed;
	uint32_t *table;
	size_t table_size;
};

static void job_free(struct job *j)
{
	if (!j)
		return;
	pack_builder_free(j->builder);
	buf_clear(&j->packed);
	free(j);
}
DEFINE_CLEANUP(struct job *, job_free);

static int run_job(void *arg, struct error *err)
{
	struct job *j = arg;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_LISTING_BYTES);

	if (j->builder)
		return pack_builder_finish(j->builder, &j->packed, err);
	return listing_write(&j->listing, &text, err) < 0
		       ? -1
		       : pack_compress(text.bytes, text.len, &j->packed, err);
}

struct gather_build *gather_build_new(struct gather *g, struct store *s, unsigned threads,
				      struct error *err)
{
	CLEANUP(gather_build_free) struct gather_build *b = buf_calloc(1, sizeof *b);

	b->g = g;
	b->store = s;
	b->threads = threads;
	b->digest = digest_new(DIGEST_KIND_SHA256);
	b->builder = pack_builder_new();
	b->seed = hash_seed();
	b->table_size = 1024;
	b->table = buf_calloc(b->table_size, sizeof *b->table);
	b->known = gather_known_new(s, err);
	if (!b->known)
		return NULL;
	b->pool = pool_new(threads, run_job, err);
	return b->pool ? STEAL(b) : NULL;
}

void gather_build_free(struct gather_build *b)
{
	if (!b)
		return;
	while (b->pool && pool_pending(b->pool) > 0) {
		struct error ignored = ERROR_INIT; /* the work is being abandoned */
		void *job;

		if (pool_reap(b->pool, &job, &ignored) != 0)
			job_free(job);
	}
	pool_free(b->pool);
	pack_builder_free(b->builder);
	digest_free(b->digest);
	gather_known_free(b->known);
	free(b->table);
	free(b);
}

void gather_build_forget(const struct gather *g, const struct store *s)
{
	for (size_t i = 0; i < g->pack_count; i++)
		if (g->packs[i].is_new)
			content_forget(s, g->packs[i].sha256);
	for (size_t i = 0; i < g->listing_count; i++)
		if (g->listings[i].is_new)
			content_forget(s, g->listings[i].sha256);
}

/* ---- which fragments are known ---- */

static size_t slot_of(const struct gather_build *b, const unsigned char sha256[32])
{
	size_t hash = (size_t)hash_bytes(b->seed, sha256, 32);

	for (size_t i = hash & (b->table_size - 1);; i = (i + 1) & (b->table_size - 1)) {
		uint32_t known = b->table[i];

		if (known == 0 || memcmp(b->g->fragments[known - 1].sha256, sha256, 32) == 0)
			return i;
	}
}

static void grow_table(struct gather_build *b)
{
	free(b->table);
	b->table_size *= 2;
	b->table = buf_calloc(b->table_size, sizeof *b->table);
	for (size_t i = 0; i < b->g->fragment_count; i++)
		b->table[slot_of(b, b->g->fragments[i].sha256)] = (uint32_t)i + 1;
}

/*
 * 1 when the fragment has to be packed, and it is then the newest of g->fragments; 0 when it is
 * in a pack of this build or of the repository; -1.
 */
static int remember(struct gather_build *b, const unsigned char sha256[32], size_t len,
		    struct error *err)
{
	struct gather *g = b->g;
	size_t slot = slot_of(b, sha256);
	struct gather_fragment found = { .pack = 0 };

	if (b->table[slot] != 0)
		return 0;
	int known = gather_known_find(b->known, sha256, &found, err);
	if (known < 0)
		return -1;
	g->fragments = buf_grow(g->fragments, &g->fragment_capacity, g->fragment_count,
				sizeof *g->fragments);
	struct gather_fragment *f = &g->fragments[g->fragment_count++];
	*f = found;
	if (known == 1) {
		f->pack |= KNOWN;
	} else {
		memcpy(f->sha256, sha256, sizeof f->sha256);
		f->pack = (uint32_t)g->pack_count;
		f->offset = (uint32_t)pack_builder_bytes(b->builder);
		f->size = (uint32_t)len;
	}
	b->table[slot] = (uint32_t)g->fragment_count;
	if (g->fragment_count * 2 > b->table_size)
		grow_table(b);
	return known == 0;
}

/* ---- packs ---- */

/* Store the oldest object that workers were given. */
static int reap(struct gather_build *b, struct error *err)
{
	void *arg = NULL;
	int got = pool_reap(b->pool, &arg, err);
	CLEANUP(job_free) struct job *j = arg;

	if (got < 0)
		return -1;
	struct gather_blob *blob =
		j->builder ? &b->g->packs[j->number] : &b->g->listings[j->number];
	int known = content_put(b->store, j->packed.bytes, j->packed.len, blob->sha256, err);
	blob->size = j->packed.len;
	blob->is_new = known == 0;
	return known < 0 ? -1 : 0;
}

static int drain(struct gather_build *b, struct error *err)
{
	while (pool_pending(b->pool) > 0)
		if (reap(b, err) < 0)
			return -1;
	return 0;
}

static int submit(struct gather_build *b, struct job job, struct error *err)
{
	struct job *j = buf_malloc(sizeof *j);

	*j = job;
	j->packed.max = SIZE_MAX;
	pool_submit(b->pool, j);
	return pool_pending(b->pool) > (size_t)b->threads * QUEUE_PER_THREAD ? reap(b, err) : 0;
}

/* Give the pack being built, if there is something in it, to the workers. */
static int submit_pack(struct gather_build *b, struct error *err)
{
	struct gather *g = b->g;
	size_t header = pack_builder_header(b->builder);

	if (pack_builder_count(b->builder) == 0)
		return 0;
	for (size_t i = b->first; i < g->fragment_count; i++)
		if (!(g->fragments[i].pack & KNOWN))
			g->fragments[i].offset += (uint32_t)header;
	b->first = g->fragment_count;
	g->packs = buf_grow(g->packs, &g->pack_capacity, g->pack_count, sizeof *g->packs);
	g->packs[g->pack_count] = (struct gather_blob){ .is_new = false };
	struct job job = { .builder = b->builder, .number = g->pack_count++ };
	b->builder = pack_builder_new();
	return submit(b, job, err);
}

int gather_build_add(struct gather_build *b, struct listing_entry *e, const void *bytes, size_t len,
		     struct error *err)
{
	digest_update(b->digest, bytes, len);
	digest_final(b->digest, e->sha256);
	gather_add_entry(b->g, e);
	int is_new = remember(b, e->sha256, len, err);
	if (is_new <= 0)
		return is_new;
	pack_builder_add(b->builder, e->sha256, bytes, len);
	if (pack_builder_bytes(b->builder) < PACK_TARGET_BYTES &&
	    pack_builder_count(b->builder) < LIMIT_PACK_ENTRIES)
		return 0;
	return submit_pack(b, err);
}

struct gather_known *gather_build_known(struct gather_build *b)
{
	return b->known;
}

/* A fragment of a part, unless it is known already; its packs are numbered from `packs` on. */
static void take_fragment(struct gather_build *b, const struct gather_fragment *from, size_t packs)
{
	struct gather *g = b->g;
	size_t slot = slot_of(b, from->sha256);

	if (b->table[slot] != 0)
		return;
	g->fragments = buf_grow(g->fragments, &g->fragment_capacity, g->fragment_count,
				sizeof *g->fragments);
	struct gather_fragment *f = &g->fragments[g->fragment_count++];
	*f = *from;
	if (!(f->pack & KNOWN))
		f->pack += (uint32_t)packs;
	b->table[slot] = (uint32_t)g->fragment_count;
	if (g->fragment_count * 2 > b->table_size)
		grow_table(b);
}

int gather_build_take(struct gather_build *b, const struct gather_part *part, struct error *err)
{
	const struct gather *from = gather_part_get(part);
	struct gather *g = b->g;

	/* Fragments of the pack being built are counted from b->first on: end it. */
	if (submit_pack(b, err) < 0 || drain(b, err) < 0)
		return -1;
	size_t packs = g->pack_count;
	for (size_t i = 0; i < from->pack_count; i++) {
		g->packs = buf_grow(g->packs, &g->pack_capacity, g->pack_count, sizeof *g->packs);
		g->packs[g->pack_count++] = from->packs[i];
	}
	for (size_t i = 0; i < from->fragment_count; i++)
		take_fragment(b, &from->fragments[i], packs);
	b->first = g->fragment_count;
	for (size_t i = 0; i < from->entry_count; i++)
		gather_add_entry(g, &from->entries[i]);
	return catalog_merge(g->catalog, from->catalog, err);
}

/* ---- listings ---- */

static int submit_listings(struct gather_build *b, struct error *err)
{
	struct gather *g = b->g;
	size_t parts = (g->entry_count + LISTING_PART_ENTRIES - 1) / LISTING_PART_ENTRIES;

	if (parts == 0)
		parts = 1;
	for (size_t part = 1; part <= parts; part++) {
		size_t first = (part - 1) * LISTING_PART_ENTRIES, count = g->entry_count - first;
		struct job job = { .listing = { .source = g->source,
						.part = (uint32_t)part,
						.parts = (uint32_t)parts,
						.entries = g->entries + first,
						.count = count > LISTING_PART_ENTRIES
								 ? LISTING_PART_ENTRIES
								 : count },
				   .number = g->listing_count };

		g->listings = buf_grow(g->listings, &g->listing_capacity, g->listing_count,
				       sizeof *g->listings);
		g->listings[g->listing_count++] = (struct gather_blob){ .part = (uint32_t)part };
		if (submit(b, job, err) < 0)
			return -1;
	}
	return 0;
}

/* The packs of the repository that are used come behind the new ones, in the order of use. */
static void add_known_packs(struct gather_build *b)
{
	struct gather *g = b->g;
	uint32_t *number = buf_calloc(gather_known_count(b->known), sizeof *number);

	for (size_t i = 0; i < g->fragment_count; i++) {
		if (!(g->fragments[i].pack & KNOWN))
			continue;
		uint32_t known = g->fragments[i].pack & ~KNOWN;

		if (number[known] == 0) {
			g->packs = buf_grow(g->packs, &g->pack_capacity, g->pack_count,
					    sizeof *g->packs);
			gather_known_get(b->known, known, &g->packs[g->pack_count++]);
			number[known] = (uint32_t)g->pack_count;
		}
		g->fragments[i].pack = number[known] - 1;
	}
	free(number);
}

int gather_build_finish(struct gather_build *b, struct error *err)
{
	if (submit_pack(b, err) < 0 || drain(b, err) < 0)
		return -1;
	add_known_packs(b);
	/* The catalog is judged while workers write the listings. */
	if (gather_sort(b->g, !gather_is_full(b->g), err) < 0 || submit_listings(b, err) < 0 ||
	    gather_judge(b->g, err) < 0)
		return -1;
	return drain(b, err);
}
