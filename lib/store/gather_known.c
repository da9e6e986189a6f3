#include "lib/store/gather_known.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/base/kind.h"
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
			   "SELECT id, sha256, size FROM object WHERE kind=? ORDER BY id", err);
	int row;

	if (!q)
		return -1;
	db_bind_int(q, 1, OBJECT_PACK);
	while ((row = db_step(q, err)) == 1) {
		k->packs = buf_grow(k->packs, &k->capacity, k->count, sizeof *k->packs);
		struct known_pack *p = &k->packs[k->count++];

		*p = (struct known_pack){ .id = db_int(q, 0) };
		db_copy(q, 1, p->blob.sha256, sizeof p->blob.sha256);
		p->blob.size = (uint64_t)db_int(q, 2);
	}
	return row;
}

/* The fragments that documents are: a bit for each row. */
static int load_documents(struct gather_known *k, struct buf *live, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(k->store), "SELECT fragment_id FROM document", err);
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		uint64_t id = (uint64_t)db_int(q, 0);

		if (id > UINT32_MAX)
			continue;
		if (id / 8 >= live->len) {
			size_t more = (size_t)id / 8 + 1 - live->len;
			unsigned char *room = buf_room(live, more, err);

			if (!room)
				return -1;
			memset(room, 0, more);
			live->len += more;
		}
		live->bytes[id / 8] |= (unsigned char)(1u << id % 8);
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

static int load_fragments(struct gather_known *k, const struct buf *live, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(k->store),
			   "SELECT sha256, object_id, offset, size, id FROM fragment", err);
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		int64_t object = db_int(q, 1);
		struct known_pack *p = bsearch(&object, k->packs, k->count, sizeof *p, compare_id);
		uint64_t id = (uint64_t)db_int(q, 4);

		if (!p)
			continue;
		k->fragments = buf_grow(k->fragments, &k->fragment_capacity, k->fragment_count,
					sizeof *k->fragments);
		struct gather_fragment *f = &k->fragments[k->fragment_count++];
		db_copy(q, 0, f->sha256, sizeof f->sha256);
		f->pack = (uint32_t)(p - k->packs);
		f->offset = (uint32_t)db_int(q, 2);
		f->size = (uint32_t)db_int(q, 3);
		f->row = id <= UINT32_MAX ? (uint32_t)id : 0;
		p->bytes += f->size;
		if (id / 8 < live->len && (live->bytes[id / 8] >> id % 8 & 1))
			p->live += f->size;
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
	for (size_t i = 0; i < k->fragment_count; i++) {
		const struct known_pack *p = &k->packs[k->fragments[i].pack];

		if (p->live * LIVE_SHARE >= p->bytes)
			k->slots[slot_of(k, k->fragments[i].sha256)] = (uint32_t)i + 1;
	}
}

struct gather_known *gather_known_new(struct store *s, struct error *err)
{
	CLEANUP(gather_known_free) struct gather_known *k = buf_calloc(1, sizeof *k);
	CLEANUP(buf_clear) struct buf live = BUF_INIT(UINT32_MAX / 8 + 1);

	k->store = s;
	if (load_packs(k, err) < 0 || load_documents(k, &live, err) < 0 ||
	    load_fragments(k, &live, err) < 0)
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
	const struct gather_fragment *f = &k->fragments[found - 1];
	int good = is_good(k, &k->packs[f->pack], err);
	if (good == 1)
		*out = *f;
	return good;
}

size_t gather_known_count(const struct gather_known *k)
{
	return k->count;
}

void gather_known_get(const struct gather_known *k, size_t pack, struct gather_blob *out)
{
	*out = k->packs[pack].blob;
}
