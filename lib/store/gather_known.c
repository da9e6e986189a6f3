#include "lib/store/gather_known.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LIVE_SHARE = 4 }; /* one part in so many must be in use */

enum state { UNCHECKED, GOOD, GONE };

struct known_pack {
	int64_t id; /* row of the object; sorted by this */
	uint64_t bytes, live;
	_Atomic int state; /* workers that find it unchecked at once come to the same result */
	struct gather_blob blob;
};

struct gather_known {
	struct store *store;
	struct known_pack *packs;
	size_t count, capacity;
	struct gather_fragment *fragments;
	size_t fragment_count, fragment_capacity;
	uint64_t seed;
	uint32_t *slots; /* digest -> index of fragments + 1, open addressing */
	size_t mask;
};

void gather_known_free(struct gather_known *k)
{
	if (!k)
		return;
	free(k->packs);
	free(k->fragments);
	free(k->slots);
	free(k);
}

static int load_packs(struct gather_known *k, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(k->store),
			   "SELECT o.id, o.sha256, o.size, sum(f.size),"
			   " sum(f.size * (f.id IN (SELECT fragment_id FROM document)))"
			   " FROM fragment f JOIN object o ON o.id=f.object_id GROUP BY o.id",
			   err);
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		k->packs = buf_grow(k->packs, &k->capacity, k->count, sizeof *k->packs);
		struct known_pack *p = &k->packs[k->count++];

		*p = (struct known_pack){ .id = db_int(q, 0),
					  .bytes = (uint64_t)db_int(q, 3),
					  .live = (uint64_t)db_int(q, 4) };
		db_copy(q, 1, p->blob.sha256, sizeof p->blob.sha256);
		p->blob.size = (uint64_t)db_int(q, 2);
	}
	return row;
}

static int compare_id(const void *key, const void *pack)
{
	const int64_t *id = key;
	const struct known_pack *p = pack;

	return *id < p->id ? -1 : *id > p->id;
}

static size_t slot_of(const struct gather_known *k, const unsigned char sha256[32])
{
	size_t i = (size_t)hash_bytes(k->seed, sha256, 32) & k->mask;

	while (k->slots[i] != 0 && memcmp(k->fragments[k->slots[i] - 1].sha256, sha256, 32) != 0)
		i = (i + 1) & k->mask;
	return i;
}

/* Fragments of packs that are used enough. */
static int load_fragments(struct gather_known *k, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(k->store),
			   "SELECT sha256, object_id, offset, size, id FROM fragment", err);
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		int64_t id = db_int(q, 1);
		const struct known_pack *p =
			bsearch(&id, k->packs, k->count, sizeof *p, compare_id);

		if (!p || p->live * LIVE_SHARE < p->bytes)
			continue;
		k->fragments = buf_grow(k->fragments, &k->fragment_capacity, k->fragment_count,
					sizeof *k->fragments);
		struct gather_fragment *f = &k->fragments[k->fragment_count++];
		db_copy(q, 0, f->sha256, sizeof f->sha256);
		f->pack = (uint32_t)(p - k->packs);
		f->offset = (uint32_t)db_int(q, 2);
		f->size = (uint32_t)db_int(q, 3);
		f->row = db_int(q, 4) <= UINT32_MAX ? (uint32_t)db_int(q, 4) : 0;
	}
	return row;
}

static void index_fragments(struct gather_known *k)
{
	size_t slots = 16;

	while (slots < 2 * k->fragment_count)
		slots *= 2;
	k->seed = hash_seed();
	k->mask = slots - 1;
	k->slots = buf_calloc(slots, sizeof *k->slots);
	for (size_t i = 0; i < k->fragment_count; i++)
		k->slots[slot_of(k, k->fragments[i].sha256)] = (uint32_t)i + 1;
}

struct gather_known *gather_known_new(struct store *s, struct error *err)
{
	CLEANUP(gather_known_free) struct gather_known *k = buf_calloc(1, sizeof *k);

	k->store = s;
	if (load_packs(k, err) < 0 || load_fragments(k, err) < 0)
		return NULL;
	index_fragments(k);
	return STEAL(k);
}

/* Whether the file of p is as it was stored. */
static int is_good(struct gather_known *k, struct known_pack *p, struct error *err)
{
	if (p->state == UNCHECKED) {
		int good = content_check(k->store, p->blob.sha256, p->blob.size, err);

		if (good < 0)
			return -1;
		p->state = good ? GOOD : GONE;
	}
	return p->state == GOOD;
}

int gather_known_find(struct gather_known *k, const unsigned char sha256[32],
		      struct gather_fragment *out, struct error *err)
{
	uint32_t found = k->slots[slot_of(k, sha256)];

	if (found == 0)
		return 0;
	*out = k->fragments[found - 1];
	return is_good(k, &k->packs[out->pack], err);
}

size_t gather_known_count(const struct gather_known *k)
{
	return k->count;
}

void gather_known_get(const struct gather_known *k, size_t pack, struct gather_blob *out)
{
	*out = k->packs[pack].blob;
}
