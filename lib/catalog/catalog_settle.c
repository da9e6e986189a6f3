/*
 * Full documents name what they supersede and bundle; the catalog, like a scan catalog, wants to
 * know of each revision by what it is superseded and bundled.  Every relation is followed once,
 * with one binary search.
 */
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_full.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settle {
	struct catalog *c;
	uint32_t *order; /* revisions with a GUID, by GUID and number */
	size_t count;
	bool *needed;           /* by place in order, first of a GUID: it is a prerequisite */
	uint32_t *superseded;   /* by revision: how many supersede it */
	uint32_t *bundled;      /* by revision: how many bundle it */
	uint32_t **superseders; /* where they are put */
	uint32_t **bundles;
};

static void settle_clear(struct settle *s)
{
	free(s->order);
	free(s->needed);
	free(s->superseded);
	free(s->bundled);
	free(s->superseders);
	free(s->bundles);
}
DEFINE_CLEANUP_IN_PLACE(struct settle, settle_clear);

static int compare_identity(const struct catalog_revision *r, const struct catalog_guid *id,
			    uint32_t number)
{
	int order = memcmp(r->update_id.bytes, id->bytes, sizeof id->bytes);

	if (order != 0)
		return order;
	return r->revision_number < number ? -1 : r->revision_number > number;
}

static int by_identity(const void *left, const void *right, void *ctx)
{
	const struct catalog *c = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order =
		compare_identity(&c->items[a], &c->items[b].update_id, c->items[b].revision_number);

	return order ? order : a < b ? -1 : a > b;
}

/* The first place in order whose identity is not before this one. */
static size_t place_of(const struct settle *s, const struct catalog_guid *id, uint32_t number)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_identity(&s->c->items[s->order[middle]], id, number) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_guid(const struct settle *s, size_t place, const struct catalog_guid *id)
{
	return place < s->count && memcmp(s->c->items[s->order[place]].update_id.bytes, id->bytes,
					  sizeof id->bytes) == 0;
}

/* The newest revision of an update, or NULL. */
static struct catalog_revision *newest(const struct settle *s, const struct catalog_guid *id)
{
	size_t place = place_of(s, id, UINT32_MAX);

	if (has_guid(s, place, id))
		return &s->c->items[s->order[place]];
	return place > 0 && has_guid(s, place - 1, id) ? &s->c->items[s->order[place - 1]] : NULL;
}

/* One revision, or NULL. */
static struct catalog_revision *exact(const struct settle *s,
				      const struct catalog_document_child *child)
{
	size_t place = place_of(s, &child->update_id, child->revision_number);
	struct catalog_revision *r =
		has_guid(s, place, &child->update_id) ? &s->c->items[s->order[place]] : NULL;

	return r && r->revision_number == child->revision_number ? r : NULL;
}

static size_t index_of(const struct settle *s, const struct catalog_revision *r)
{
	return (size_t)(r - s->c->items);
}

static void report_child(struct settle *s, struct catalog_revision *r,
			 const struct catalog_document_child *child)
{
	char guid[STR_GUID_SIZE], text[STR_GUID_SIZE + 12];

	str_from_guid(child->update_id.bytes, guid);
	snprintf(text, sizeof text, "%s.%" PRIu32, guid, child->revision_number);
	catalog_report(s->c, r, CATALOG_RULE_BUNDLE_DANGLING, "package.xml", r->offset, text, "");
}

/* First to count, with places NULL, then to place. */
static void follow(struct settle *s, struct catalog_revision *r, bool placing)
{
	const struct catalog_links *l = r->links;

	for (size_t i = 0; i < l->superseded_count; i++) {
		const struct catalog_revision *old = newest(s, &l->superseded[i]);

		if (old && placing)
			*s->superseders[index_of(s, old)]++ = r->revision_id;
		else if (old)
			s->superseded[index_of(s, old)]++;
	}
	for (size_t i = 0; i < l->bundled_count; i++) {
		const struct catalog_revision *child = exact(s, &l->bundled[i]);

		if (!child && placing)
			report_child(s, r, &l->bundled[i]);
		else if (child && placing)
			*s->bundles[index_of(s, child)]++ = r->revision_id;
		else if (child)
			s->bundled[index_of(s, child)]++;
	}
}

static void make_room(struct settle *s)
{
	struct catalog *c = s->c;

	for (size_t i = 0; i < c->count; i++) {
		struct catalog_revision *r = &c->items[i];

		if (s->superseded[i] > 0)
			s->superseders[i] =
				arena_alloc(&c->arena, s->superseded[i] * sizeof(uint32_t));
		if (s->bundled[i] > 0)
			s->bundles[i] = arena_alloc(&c->arena, s->bundled[i] * sizeof(uint32_t));
		r->superseded_by = s->superseders[i];
		r->superseded_by_count = s->superseded[i];
		r->bundled_by = s->bundles[i];
		r->bundled_by_count = s->bundled[i];
	}
}

/* ---- what follows from the relations ---- */

static void note_needs(struct settle *s, const struct catalog_revision *r)
{
	for (size_t g = 0; g < r->prerequisites_count; g++)
		for (size_t k = 0; k < r->prerequisites[g].count; k++) {
			size_t place = place_of(s, &r->prerequisites[g].any_of[k], 0);

			if (has_guid(s, place, &r->prerequisites[g].any_of[k]))
				s->needed[place] = true;
		}
}

static bool is_listed(const struct catalog_links *l, const struct catalog_guid *id)
{
	for (size_t i = 0; i < l->listed_count; i++)
		if (memcmp(&l->listed[i].id, id, sizeof *id) == 0)
			return true;
	return false;
}

/* Those that package.xml lists, and the prerequisites that are categories. */
static void derive_categories(struct settle *s, struct catalog_revision *r)
{
	const struct catalog_links *l = r->links;
	struct catalog_category *all = NULL;
	size_t count = 0, capacity = 0;

	for (size_t i = 0; i < l->listed_count; i++) {
		all = buf_grow(all, &capacity, count, sizeof *all);
		all[count++] = l->listed[i];
	}
	for (size_t g = 0; g < r->prerequisites_count; g++)
		for (size_t k = 0; k < r->prerequisites[g].count; k++) {
			const struct catalog_guid *id = &r->prerequisites[g].any_of[k];
			const struct catalog_revision *to = newest(s, id);

			if (!to || !to->links || to->links->category == CATALOG_CATEGORY_OTHER ||
			    is_listed(l, id))
				continue;
			all = buf_grow(all, &capacity, count, sizeof *all);
			all[count++] = (struct catalog_category){ to->links->category, *id };
		}
	if (count > 0)
		r->categories = memcpy(arena_alloc(&s->c->arena, count * sizeof *all), all,
				       count * sizeof *all);
	r->categories_count = (uint32_t)count;
	free(all);
}

/* The action that a scan catalog states for such a revision. */
static void derive_action(struct catalog_revision *r)
{
	bool evaluate =
		strcmp(r->update_type, "Category") == 0 || strcmp(r->update_type, "Detectoid") == 0;

	r->is_software = !evaluate;
	r->action = CATALOG_ACTION_ABSENT;
	if (evaluate)
		r->action = CATALOG_ACTION_EVALUATE;
	else if (!r->links->explicitly_deployable && !r->is_bundle && r->bundled_by_count > 0)
		r->action = CATALOG_ACTION_BUNDLE;
	r->action_text = catalog_action_text(r->action);
}

static void check_identity(struct catalog *c, struct catalog_revision *r)
{
	char file[24];

	snprintf(file, sizeof file, "s/%" PRIu32, r->revision_id);
	if (!r->has_document && !r->has_bad_core)
		catalog_report(c, r, CATALOG_RULE_FRAGMENT_MALFORMED, file, 0, "",
			       "there is no document");
	else if (r->has_document && r->core_has_id && r->has_update_id &&
		 (memcmp(&r->core_id, &r->update_id, sizeof r->core_id) != 0 ||
		  r->core_number != r->revision_number))
		catalog_report(c, r, CATALOG_RULE_FRAGMENT_MALFORMED, file, 0, "",
			       "it names another update than package.xml");
}

void catalog_full_settle(struct catalog *c)
{
	if (!c->full)
		return;
	CLEANUP(settle_clear)
	struct settle s = { .c = c,
			    .order = buf_calloc(c->by_guid_count, sizeof *s.order),
			    .count = c->by_guid_count,
			    .needed = buf_calloc(c->by_guid_count, sizeof *s.needed),
			    .superseded = buf_calloc(c->count, sizeof *s.superseded),
			    .bundled = buf_calloc(c->count, sizeof *s.bundled),
			    .superseders = buf_calloc(c->count, sizeof *s.superseders),
			    .bundles = buf_calloc(c->count, sizeof *s.bundles) };

	if (s.count > 0) {
		memcpy(s.order, c->by_guid, s.count * sizeof *s.order);
		qsort_r(s.order, s.count, sizeof *s.order, by_identity, c);
	}
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i].links) {
			follow(&s, &c->items[i], false);
			note_needs(&s, &c->items[i]);
		}
	make_room(&s);
	for (size_t i = 0; i < c->count; i++) {
		struct catalog_revision *r = &c->items[i];

		if (!r->links)
			continue;
		follow(&s, r, true);
		derive_categories(&s, r);
		check_identity(c, r);
	}
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i].links) {
			size_t place = place_of(&s, &c->items[i].update_id, 0);

			c->items[i].is_leaf =
				!c->items[i].is_bundle && !(place < s.count && s.needed[place]);
			derive_action(&c->items[i]);
		}
}
