#include "lib/store/rows_names.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/catalog/catalog.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdlib.h>
#include <string.h>

struct identity {
	struct catalog_guid guid;
	int64_t id; /* 0: none yet */
};

/* A revision of the catalog by its key; the first of those that share one stands first. */
struct key {
	int64_t identity;
	uint32_t number, index;
};

struct rows_names {
	struct identity *identities;
	size_t count, capacity;
	uint32_t *slots; /* place in identities + 1, open addressing */
	size_t slots_count;
	uint64_t seed;
	int64_t *revisions; /* by index in the catalog */
};

void rows_names_free(struct rows_names *n)
{
	if (!n)
		return;
	free(n->identities);
	free(n->slots);
	free(n->revisions);
	free(n);
}

/* ---- UpdateIDs ---- */

static size_t slot_of(const struct rows_names *n, const struct catalog_guid *guid)
{
	size_t mask = n->slots_count - 1;
	size_t i = (size_t)hash_bytes(n->seed, guid->bytes, sizeof guid->bytes) & mask;

	while (n->slots[i] != 0 && memcmp(&n->identities[n->slots[i] - 1].guid, guid, sizeof *guid))
		i = (i + 1) & mask;
	return i;
}

static void fill_slots(struct rows_names *n)
{
	memset(n->slots, 0, n->slots_count * sizeof *n->slots);
	for (size_t i = 0; i < n->count; i++)
		n->slots[slot_of(n, &n->identities[i].guid)] = (uint32_t)i + 1;
}

static void note_guid(struct rows_names *n, const struct catalog_guid *guid)
{
	size_t slot = slot_of(n, guid);

	if (n->slots[slot] != 0)
		return;
	n->identities = buf_grow(n->identities, &n->capacity, n->count, sizeof *n->identities);
	n->identities[n->count++] = (struct identity){ .guid = *guid };
	n->slots[slot] = (uint32_t)n->count;
	if (2 * n->count < n->slots_count)
		return;
	n->slots_count *= 2;
	n->slots = buf_realloc(n->slots, n->slots_count, sizeof *n->slots);
	fill_slots(n);
}

/* Every UpdateID that the catalog mentions, once. */
static void collect(struct rows_names *n, const struct catalog *c)
{
	n->slots_count = 1024;
	n->slots = buf_calloc(n->slots_count, sizeof *n->slots);
	for (size_t i = 0; i < catalog_count(c); i++) {
		const struct catalog_revision *r = catalog_at(c, i);

		note_guid(n, &r->update_id);
		for (size_t g = 0; g < r->prerequisites_count; g++)
			for (size_t k = 0; k < r->prerequisites[g].count; k++)
				note_guid(n, &r->prerequisites[g].any_of[k]);
		for (size_t k = 0; k < r->categories_count; k++)
			note_guid(n, &r->categories[k].id);
	}
}

/* Numbers of those that are stored; *last is the highest there is. */
static int find_identities(struct rows_names *n, struct db *db, int64_t *last, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(db, "SELECT id, update_id FROM identity", err);
	struct catalog_guid guid;
	int row = -1;

	*last = 0;
	while (q && (row = db_step(q, err)) == 1) {
		int64_t id = db_int(q, 0);

		if (!db_copy(q, 1, guid.bytes, sizeof guid.bytes))
			return error_set(err, ERROR_DB_CORRUPT, "catalog.db: identity %lld: no id",
					 (long long)id);
		*last = id > *last ? id : *last;
		uint32_t found = n->slots[slot_of(n, &guid)];
		if (found != 0)
			n->identities[found - 1].id = id;
	}
	return row;
}

/* Known ones first, new ones by UpdateID: the numbers do not depend on the slots. */
static int by_guid(const void *left, const void *right)
{
	const struct identity *a = left, *b = right;

	if ((a->id != 0) != (b->id != 0))
		return a->id != 0 ? -1 : 1;
	return memcmp(&a->guid, &b->guid, sizeof a->guid);
}

static int number_identities(struct rows_names *n, struct db *db, struct error *err)
{
	int64_t last;
	CLEANUP(db_finalize)
	struct db_statement *add =
		db_prepare(db, "INSERT INTO identity(id, update_id) VALUES(?,?)", err);

	if (!add || find_identities(n, db, &last, err) < 0)
		return -1;
	if (n->count > 1)
		qsort(n->identities, n->count, sizeof *n->identities, by_guid);
	fill_slots(n);
	for (size_t i = 0; i < n->count; i++) {
		struct identity *identity = &n->identities[i];

		if (identity->id != 0)
			continue;
		identity->id = ++last;
		db_bind_int(add, 1, identity->id);
		db_bind_blob(add, 2, identity->guid.bytes, sizeof identity->guid.bytes);
		if (db_execute(add, err) < 0)
			return -1;
	}
	return 0;
}

int64_t rows_names_identity(const struct rows_names *n, const struct catalog_guid *guid)
{
	/* collect() saw every one */
	return n->identities[n->slots[slot_of(n, guid)] - 1].id;
}

/* ---- revisions ---- */

static int compare_keys(const struct key *a, const struct key *b)
{
	if (a->identity != b->identity)
		return a->identity < b->identity ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static int by_key(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int order = compare_keys(a, b);

	return order ? order : a->index < b->index ? -1 : a->index > b->index;
}

static void keys_free(struct key *p)
{
	free(p);
}
DEFINE_CLEANUP(struct key *, keys_free);

static struct key *list_keys(const struct rows_names *n, const struct catalog *c, size_t *count)
{
	struct key *keys = buf_calloc(catalog_count(c), sizeof *keys);

	*count = 0;
	for (size_t i = 0; i < catalog_count(c); i++) {
		const struct catalog_revision *r = catalog_at(c, i);

		if (!r->is_duplicate)
			keys[(*count)++] = (struct key){ rows_names_identity(n, &r->update_id),
							 r->revision_number, (uint32_t)i };
	}
	if (*count > 1)
		qsort(keys, *count, sizeof *keys, by_key);
	return keys;
}

/* Numbers of those that are stored, in one walk along both; *last is the highest there is. */
static int find_revisions(struct rows_names *n, struct db *db, const struct key *keys, size_t count,
			  int64_t *last, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		db, "SELECT identity_id, number, id FROM revision ORDER BY identity_id, number",
		err);
	size_t at = 0;
	int row = -1;

	*last = 0;
	while (q && (row = db_step(q, err)) == 1) {
		struct key stored = { db_int(q, 0), (uint32_t)db_int(q, 1), 0 };
		int64_t id = db_int(q, 2);

		*last = id > *last ? id : *last;
		while (at < count && compare_keys(&keys[at], &stored) < 0)
			at++;
		for (; at < count && compare_keys(&keys[at], &stored) == 0; at++)
			n->revisions[keys[at].index] = id;
	}
	return row;
}

/* New numbers ascend as the catalog does: the index by them grows at its end. */
static void number_new(struct rows_names *n, const struct key *keys, size_t count, size_t revisions,
		       int64_t last)
{
	CLEANUP(free) unsigned char *first = buf_calloc(revisions, 1);

	for (size_t i = 0; i < count; i++)
		first[keys[i].index] = i == 0 || compare_keys(&keys[i - 1], &keys[i]) != 0;
	for (size_t i = 0; i < revisions; i++)
		if (first[i] && n->revisions[i] == 0)
			n->revisions[i] = ++last;
	for (size_t i = 1; i < count; i++)
		if (!first[keys[i].index])
			n->revisions[keys[i].index] = n->revisions[keys[i - 1].index];
}

static int number_revisions(struct rows_names *n, struct db *db, const struct catalog *c,
			    struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *add =
		db_prepare(db, "INSERT INTO revision(identity_id, number, id) VALUES(?,?,?)", err);
	size_t count;
	CLEANUP(keys_free) struct key *keys = list_keys(n, c, &count);
	int64_t last;

	n->revisions = buf_calloc(catalog_count(c), sizeof *n->revisions);
	if (!add || find_revisions(n, db, keys, count, &last, err) < 0)
		return -1;
	number_new(n, keys, count, catalog_count(c), last);
	for (size_t i = 0; i < count; i++) {
		int64_t id = n->revisions[keys[i].index];

		if (id <= last || (i > 0 && compare_keys(&keys[i - 1], &keys[i]) == 0))
			continue;
		db_bind_int(add, 1, keys[i].identity);
		db_bind_int(add, 2, keys[i].number);
		db_bind_int(add, 3, id);
		if (db_execute(add, err) < 0)
			return -1;
	}
	return 0;
}

int64_t rows_names_revision(const struct rows_names *n, size_t index)
{
	return n->revisions[index];
}

struct rows_names *rows_names_new(struct store *s, const struct catalog *c, struct error *err)
{
	CLEANUP(rows_names_free) struct rows_names *n = buf_calloc(1, sizeof *n);

	n->seed = hash_seed();
	collect(n, c);
	if (number_identities(n, store_db(s), err) < 0 ||
	    number_revisions(n, store_db(s), c, err) < 0)
		return NULL;
	return STEAL(n);
}
