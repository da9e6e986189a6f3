#include "lib/catalog/catalog_change.h"

#include "lib/base/buf.h"

#include <stdlib.h>
#include <string.h>

uint32_t catalog_change_classification(const struct catalog_revision *r)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < r->categories_count; i++) {
		uint32_t h = 0x811C9DC5u;

		if (r->categories[i].type != CATALOG_CATEGORY_CLASSIFICATION)
			continue;
		for (size_t k = 0; k < 16; k++)
			h = (h ^ r->categories[i].id.bytes[k]) * 0x01000193u;
		sum += h | 1;
	}
	return sum;
}

static int by_update(const void *left, const void *right)
{
	const struct catalog_revision *a = *(const struct catalog_revision *const *)left;
	const struct catalog_revision *b = *(const struct catalog_revision *const *)right;
	int order = memcmp(&a->update_id, &b->update_id, sizeof a->update_id);

	if (order != 0)
		return order;
	if (a->revision_number != b->revision_number)
		return a->revision_number < b->revision_number ? -1 : 1;
	return a->revision_id < b->revision_id ? -1 : a->revision_id > b->revision_id;
}

/* The newest revision of each update, by UpdateID. */
static const struct catalog_revision **newest(const struct catalog *c, size_t *count)
{
	const struct catalog_revision **all = buf_calloc(catalog_count(c), sizeof *all);
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < catalog_count(c); i++)
		if (catalog_at(c, i)->has_update_id && !catalog_at(c, i)->is_duplicate)
			all[n++] = catalog_at(c, i);
	if (n > 1)
		qsort(all, n, sizeof *all, by_update);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || memcmp(&all[i]->update_id, &all[i + 1]->update_id,
					 sizeof all[i]->update_id) != 0)
			all[kept++] = all[i];
	*count = kept;
	return all;
}

static void add(struct catalog_change_pair **items, size_t *count, size_t *capacity,
		const struct catalog_revision *before, const struct catalog_revision *after)
{
	*items = buf_grow(*items, capacity, *count, sizeof **items);
	(*items)[(*count)++] = (struct catalog_change_pair){ before, after };
}

void catalog_change_compute(const struct catalog *before, const struct catalog *after,
			    struct catalog_change *out)
{
	size_t n, m;
	const struct catalog_revision **old = newest(before, &n), **new = newest(after, &m);
	struct catalog_change c = { .superseded = NULL };

	for (size_t i = 0, k = 0; i < n && k < m;) {
		int order =
			memcmp(&old[i]->update_id, &new[k]->update_id, sizeof old[i]->update_id);

		if (order == 0 && old[i]->superseded_by_count == 0 &&
		    new[k]->superseded_by_count > 0)
			add(&c.superseded, &c.superseded_count, &c.superseded_capacity, old[i],
			    new[k]);
		if (order == 0 &&
		    catalog_change_classification(old[i]) != catalog_change_classification(new[k]))
			add(&c.reclassified, &c.reclassified_count, &c.reclassified_capacity,
			    old[i], new[k]);
		i += order <= 0;
		k += order >= 0;
	}
	free(old);
	free(new);
	*out = c;
}

void catalog_change_clear(struct catalog_change *c)
{
	free(c->superseded);
	free(c->reclassified);
	*c = (struct catalog_change){ .superseded = NULL };
}
