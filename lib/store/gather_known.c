#include "lib/store/gather_known.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LIVE_SHARE = 4 }; /* one part in so many must be in use */

struct known_pack {
	int64_t id; /* row of the object; sorted by this */
	uint64_t bytes, live;
	bool checked, absent;
	uint32_t number; /* in `used`, plus 1; 0: not used yet */
	struct gather_blob blob;
};

struct gather_known {
	struct store *store;
	struct known_pack *packs;
	size_t count, capacity;
	uint32_t *used; /* indices of packs in the order of first use */
	size_t used_count, used_capacity;
	struct db_statement *find;
};

void gather_known_free(struct gather_known *k)
{
	if (!k)
		return;
	db_finalize(k->find);
	free(k->packs);
	free(k->used);
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

struct gather_known *gather_known_new(struct store *s, struct error *err)
{
	CLEANUP(gather_known_free) struct gather_known *k = buf_calloc(1, sizeof *k);

	k->store = s;
	k->find = db_prepare(store_db(s),
			     "SELECT object_id, offset, size FROM fragment WHERE sha256=?", err);
	return k->find && load_packs(k, err) == 0 ? STEAL(k) : NULL;
}

static int compare_id(const void *key, const void *pack)
{
	const int64_t *id = key;
	const struct known_pack *p = pack;

	return *id < p->id ? -1 : *id > p->id;
}

/* Whether fragments of p may be used. */
static int counts(struct gather_known *k, struct known_pack *p, struct error *err)
{
	if (p->live * LIVE_SHARE < p->bytes)
		return 0;
	if (!p->checked) {
		int good = content_check(k->store, p->blob.sha256, p->blob.size, err);

		if (good < 0)
			return -1;
		p->checked = true;
		p->absent = good == 0;
	}
	return !p->absent;
}

int gather_known_find(struct gather_known *k, const unsigned char sha256[32],
		      struct gather_fragment *out, struct error *err)
{
	if (k->count == 0)
		return 0;
	db_bind_blob(k->find, 1, sha256, 32);
	int row = db_step(k->find, err);
	if (row <= 0)
		return row;
	int64_t id = db_int(k->find, 0);
	*out = (struct gather_fragment){ .offset = (uint32_t)db_int(k->find, 1),
					 .size = (uint32_t)db_int(k->find, 2) };
	db_reset(k->find);
	memcpy(out->sha256, sha256, sizeof out->sha256);
	struct known_pack *p = bsearch(&id, k->packs, k->count, sizeof *p, compare_id);
	int good = p ? counts(k, p, err) : 0;
	if (good <= 0)
		return good;
	if (p->number == 0) {
		k->used = buf_grow(k->used, &k->used_capacity, k->used_count, sizeof *k->used);
		k->used[k->used_count++] = (uint32_t)(p - k->packs);
		p->number = (uint32_t)k->used_count;
	}
	out->pack = p->number - 1;
	return 1;
}

size_t gather_known_count(const struct gather_known *k)
{
	return k->used_count;
}

void gather_known_get(const struct gather_known *k, size_t i, struct gather_blob *out)
{
	*out = k->packs[k->used[i]].blob;
}
