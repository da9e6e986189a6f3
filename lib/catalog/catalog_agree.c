/* Whether core fragments and master document tell the same of bundles and supersedence. */
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which revision says which update belongs to it, sorted: the revision's index, the update's place.
 */
struct pairs {
	uint64_t *items;
	size_t count, capacity;
};

static void pairs_clear(struct pairs *p)
{
	free(p->items);
}
DEFINE_CLEANUP_IN_PLACE(struct pairs, pairs_clear);

static uint64_t pair(size_t revision, size_t update)
{
	return (uint64_t)revision << 32 | update;
}

static int by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* Of every reference in the master document: (what is referred to, who refers to it). */
static void collect(const struct catalog *c, bool bundles, struct pairs *p)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct catalog_revision *r = &c->items[i];
		size_t count = bundles ? r->bundled_by_count : r->superseded_by_count;
		const uint32_t *ids = bundles ? r->bundled_by : r->superseded_by;
		size_t update = count > 0 && r->has_update_id ? catalog_first_of(c, &r->update_id)
							      : SIZE_MAX;

		for (size_t k = 0; update != SIZE_MAX && k < count; k++) {
			size_t target = catalog_index_of(c, ids[k]);

			if (target == SIZE_MAX)
				continue;
			p->items = buf_grow(p->items, &p->capacity, p->count, sizeof *p->items);
			p->items[p->count++] = pair(target, update);
		}
	}
	if (p->count > 1)
		qsort(p->items, p->count, sizeof *p->items, by_value);
}

static bool has_pair(const struct pairs *p, uint64_t wanted)
{
	return p->count > 0 && bsearch(&wanted, p->items, p->count, sizeof wanted, by_value);
}

static void compare(struct catalog *c, size_t i, const struct catalog_guid *id, bool bundles,
		    const struct pairs *p)
{
	struct catalog_revision *r = &c->items[i];
	size_t update = catalog_first_of(c, id);
	char file[24], text[STR_GUID_SIZE];

	/* what was superseded may have been withdrawn since; a bundle needs its parts */
	if (update == SIZE_MAX ? !bundles : has_pair(p, pair(i, update)))
		return;
	snprintf(file, sizeof file, "c/%" PRIu32, r->revision_id);
	str_from_guid(id->bytes, text);
	catalog_report(c, r,
		       bundles ? CATALOG_RULE_BUNDLED_MISMATCH : CATALOG_RULE_SUPERSEDED_MISMATCH,
		       file, 0, text, "");
}

/* Without core fragments there is nothing to compare with. */
static bool is_told(const struct catalog *c)
{
	size_t i = 0;

	while (i < c->count && !c->items[i].core_bundled_count &&
	       !c->items[i].core_superseded_count)
		i++;
	return i < c->count;
}

void catalog_agree_check(struct catalog *c)
{
	CLEANUP(pairs_clear) struct pairs bundled = { .count = 0 }, superseded = { .count = 0 };

	if (!is_told(c))
		return;
	collect(c, true, &bundled);
	collect(c, false, &superseded);
	for (size_t i = 0; i < c->count; i++) {
		const struct catalog_revision *r = &c->items[i];

		for (size_t k = 0; k < r->core_bundled_count; k++)
			compare(c, i, &r->core_bundled[k], true, &bundled);
		for (size_t k = 0; k < r->core_superseded_count; k++)
			compare(c, i, &r->core_superseded[k], false, &superseded);
	}
}
