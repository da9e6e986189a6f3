#include "lib/store/gather_part.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/base/limits.h"
#include "lib/base/varint.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_part.h"
#include "lib/crypto/digest.h"
#include "lib/pack/pack.h"
#include "lib/store/content.h"
#include "lib/store/gather_known.h"

#include <stdlib.h>
#include <string.h>

struct gather_part {
	struct gather *g;
	const struct store *store;
	struct gather_known *known;
	struct digest *digest;
	struct pack_builder *builder;
	struct buf packed;
	struct gather_part *past; /* what a cabinet like this one was before, or NULL; borrowed */
	size_t first;             /* first fragment of the pack being built */
	/* Open addressing over g->fragments; 0 is empty, else index + 1. */
	uint64_t seed;
	uint32_t *table;
	size_t table_size;
};

struct gather_part *gather_part_new(const struct store *s, struct gather_known *known)
{
	static const struct listing_source none = { .created = -1 };
	struct gather_part *p = buf_calloc(1, sizeof *p);

	p->g = gather_new(&none);
	p->store = s;
	p->known = known;
	p->digest = digest_new(DIGEST_KIND_SHA256);
	p->builder = pack_builder_new();
	p->packed.max = SIZE_MAX;
	p->seed = hash_seed();
	p->table_size = 1024;
	p->table = buf_calloc(p->table_size, sizeof *p->table);
	return p;
}

void gather_part_free(struct gather_part *p)
{
	if (!p)
		return;
	gather_free(p->g);
	digest_free(p->digest);
	pack_builder_free(p->builder);
	buf_clear(&p->packed);
	free(p->table);
	free(p);
}

void gather_part_forget(const struct gather_part *p)
{
	for (size_t i = 0; i < p->g->pack_count; i++)
		if (p->g->packs[i].is_new)
			content_forget(p->store, p->g->packs[i].sha256);
}

static size_t slot_of(const struct gather_part *p, const unsigned char sha256[32])
{
	size_t i = (size_t)hash_bytes(p->seed, sha256, 32) & (p->table_size - 1);

	while (p->table[i] != 0 && memcmp(p->g->fragments[p->table[i] - 1].sha256, sha256, 32) != 0)
		i = (i + 1) & (p->table_size - 1);
	return i;
}

static void grow_table(struct gather_part *p)
{
	free(p->table);
	p->table_size *= 2;
	p->table = buf_calloc(p->table_size, sizeof *p->table);
	for (size_t i = 0; i < p->g->fragment_count; i++)
		p->table[slot_of(p, p->g->fragments[i].sha256)] = (uint32_t)i + 1;
}

/* As gather_build.c: 1 when the fragment has to be packed, 0 when it is in a pack, -1. */
static int remember(struct gather_part *p, const unsigned char sha256[32], size_t len,
		    struct error *err)
{
	struct gather *g = p->g;
	size_t slot = slot_of(p, sha256);
	struct gather_fragment f = { .pack = 0 };

	if (p->table[slot] != 0)
		return 0;
	int known = gather_known_find(p->known, sha256, &f, err);
	if (known < 0)
		return -1;
	if (known == 1) {
		f.pack |= GATHER_PART_KNOWN;
	} else {
		memcpy(f.sha256, sha256, sizeof f.sha256);
		f.pack = (uint32_t)g->pack_count;
		f.offset = (uint32_t)pack_builder_bytes(p->builder);
		f.size = (uint32_t)len;
	}
	g->fragments = buf_grow(g->fragments, &g->fragment_capacity, g->fragment_count,
				sizeof *g->fragments);
	g->fragments[g->fragment_count++] = f;
	p->table[slot] = (uint32_t)g->fragment_count;
	if (g->fragment_count * 2 > p->table_size)
		grow_table(p);
	return known == 0;
}

/* Compress and store the pack being built. */
static int put_pack(struct gather_part *p, struct error *err)
{
	struct gather *g = p->g;
	struct gather_blob blob = { .part = 0 };
	size_t header = pack_builder_header(p->builder);

	if (pack_builder_finish(p->builder, &p->packed, err) < 0)
		return -1;
	int known = content_put(p->store, p->packed.bytes, p->packed.len, blob.sha256, err);
	if (known < 0)
		return -1;
	blob.size = p->packed.len;
	blob.is_new = known == 0;
	for (size_t i = p->first; i < g->fragment_count; i++)
		if (!(g->fragments[i].pack & GATHER_PART_KNOWN))
			g->fragments[i].offset += (uint32_t)header;
	p->first = g->fragment_count;
	g->packs = buf_grow(g->packs, &g->pack_capacity, g->pack_count, sizeof *g->packs);
	g->packs[g->pack_count++] = blob;
	pack_builder_reset(p->builder);
	return 0;
}

void *gather_part_room(struct gather_part *p, size_t len)
{
	return pack_builder_room(p->builder, len);
}

void gather_part_expect(struct gather_part *p, struct gather_part *past)
{
	struct gather *g = past->g;

	if (g->entry_count > 0)
		qsort(g->entries, g->entry_count, sizeof *g->entries, listing_compare);
	catalog_merge_trust(g->catalog);
	p->past = past;
}

/* 1 when the past knows what these bytes tell; 0; -1. */
static int recall(struct gather_part *p, const struct listing_entry *e, struct error *err)
{
	const struct gather *g = p->past ? p->past->g : NULL;

	if (!g || e->stream != 'c' || g->entry_count == 0)
		return 0;
	const struct listing_entry *then =
		bsearch(e, g->entries, g->entry_count, sizeof *e, listing_compare);
	if (!then || memcmp(then->sha256, e->sha256, sizeof e->sha256) != 0)
		return 0;
	return catalog_merge_core(p->g->catalog, g->catalog, e->revision, err);
}

int gather_part_add(struct gather_part *p, struct listing_entry *e, const void *bytes, size_t len,
		    struct error *err)
{
	digest_update(p->digest, bytes, len);
	digest_final(p->digest, e->sha256);
	gather_add_entry(p->g, e);
	int told = recall(p, e, err);
	if (told < 0 || (told == 0 && gather_feed(p->g, e, bytes, len, err) < 0))
		return -1;
	int is_new = remember(p, e->sha256, len, err);
	if (is_new <= 0)
		return is_new;
	pack_builder_add(p->builder, e->sha256, bytes, len);
	if (pack_builder_bytes(p->builder) < PACK_TARGET_BYTES &&
	    pack_builder_count(p->builder) < LIMIT_PACK_ENTRIES)
		return 0;
	return put_pack(p, err);
}

int gather_part_finish(struct gather_part *p, struct error *err)
{
	if (pack_builder_count(p->builder) > 0 && put_pack(p, err) < 0)
		return -1;
	/* It may wait for its turn. */
	pack_builder_free(STEAL(p->builder));
	buf_clear(&p->packed);
	return 0;
}

/* ---- as bytes ---- */

/* Digests come last, all in a row: nothing compresses them. */
void gather_part_write(const struct gather_part *p, struct varint_writer *w)
{
	const struct gather *g = p->g;
	const char *key = "";

	varint_put(w, g->entry_count);
	for (size_t i = 0; i < g->entry_count; i++) {
		const struct listing_entry *e = &g->entries[i];
		bool same = strcmp(e->key, key) == 0;

		key = e->key;
		varint_put(w, (unsigned char)e->stream);
		varint_put(w, e->revision);
		varint_put(w, same);
		if (!same)
			varint_put_text(w, key);
	}
	catalog_part_write(g->catalog, w);
	for (size_t i = 0; i < g->entry_count; i++)
		varint_put_bytes(w, g->entries[i].sha256, sizeof g->entries[i].sha256);
}

static void read_entries(struct gather_part *p, struct varint_reader *r)
{
	const char *key = "";

	for (uint64_t count = varint_get(r); count > 0 && !r->bad; count--) {
		struct listing_entry e = { .stream = (char)varint_get_to(r, 127) };

		e.revision = (uint32_t)varint_get_to(r, UINT32_MAX);
		if (!varint_get_to(r, 1))
			key = varint_get_text(r);
		if (strlen(key) >= sizeof e.key)
			r->bad = true;
		else
			memcpy(e.key, key, strlen(key) + 1);
		if (!r->bad)
			gather_add_entry(p->g, &e);
	}
}

/* 1, 0 when one of them is in no pack. */
static int read_fragments(struct gather_part *p, struct varint_reader *r, struct error *err)
{
	for (size_t i = 0; i < p->g->entry_count && !r->bad; i++) {
		struct listing_entry *e = &p->g->entries[i];

		varint_copy_bytes(r, e->sha256, sizeof e->sha256);
		int is_new = r->bad ? 0 : remember(p, e->sha256, 0, err);
		if (is_new != 0)
			return is_new < 0 ? -1 : 0;
	}
	return !r->bad;
}

int gather_part_read(struct gather_part *p, struct varint_reader *r, struct error *err)
{
	read_entries(p, r);
	return catalog_part_read(p->g->catalog, r) ? read_fragments(p, r, err) : 0;
}

const struct gather *gather_part_get(const struct gather_part *p)
{
	return p->g;
}
