#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIXES = 1 << 16 };

static int by_revision(const void *left, const void *right)
{
	const struct catalog_revision *a = left, *b = right;

	if (a->revision_id != b->revision_id)
		return a->revision_id < b->revision_id ? -1 : 1;
	if (a->is_duplicate != b->is_duplicate)
		return a->is_duplicate ? 1 : -1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static int by_digest(const void *left, const void *right)
{
	const struct catalog_location *a = left, *b = right;
	int order = memcmp(a->sha1.bytes, b->sha1.bytes, sizeof a->sha1.bytes);

	if (order != 0)
		return order;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int by_guid(const void *left, const void *right, void *ctx)
{
	const struct catalog *c = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = memcmp(c->items[a].update_id.bytes, c->items[b].update_id.bytes, 16);

	return order != 0 ? order : a < b ? -1 : a > b;
}

/* One of the fragments that nothing else is known of; "" when all are malformed. */
static void name_orphan(const struct catalog_revision *r, char out[FRAGMENT_NAME_SIZE])
{
	const char *language = r->has_title ? r->title_language
			       : r->titles  ? r->titles->language
					    : NULL;

	out[0] = '\0';
	if (r->has_core || r->has_extended)
		catalog_name_fragment(r->has_core ? CATALOG_STREAM_CORE : CATALOG_STREAM_EXTENDED,
				      "", r->revision_id, out);
	else if (language)
		catalog_name_fragment(CATALOG_STREAM_LOCALIZED, language, r->revision_id, out);
	else if (r->has_licence_fragment)
		catalog_name_fragment(CATALOG_STREAM_LICENCE, r->licence_list->folder,
				      r->revision_id, out);
}

/* Records that only fragments spoke of. */
static void drop_orphans(struct catalog *c)
{
	char file[FRAGMENT_NAME_SIZE];
	size_t kept = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].has_master) {
			c->items[kept++] = c->items[i];
			continue;
		}
		/* a note must not look like a verdict on a revision that is not there */
		name_orphan(&c->items[i], file);
		catalog_report(c, &c->items[i], CATALOG_RULE_FRAGMENT_ORPHAN, file, 0, "", "");
		c->orphans++;
	}
	c->count = kept;
}

static size_t prefix_of(const struct catalog_guid *id)
{
	return (size_t)id->bytes[0] << 8 | id->bytes[1];
}

/* GUIDs are random, so two bytes leave few to search; chosen ones cost the search of before. */
static void index_prefixes(struct catalog *c)
{
	size_t at = 0;

	c->guid_first = buf_calloc(PREFIXES + 1, sizeof *c->guid_first);
	for (size_t p = 0; p <= PREFIXES; p++) {
		while (at < c->by_guid_count && prefix_of(&c->guids[at]) < p)
			at++;
		c->guid_first[p] = (uint32_t)at;
	}
}

static void index_guids(struct catalog *c)
{
	c->by_guid = buf_calloc(c->count, sizeof *c->by_guid);
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i].has_update_id && !c->items[i].is_duplicate)
			c->by_guid[c->by_guid_count++] = (uint32_t)i;
	if (c->by_guid_count > 1)
		qsort_r(c->by_guid, c->by_guid_count, sizeof *c->by_guid, by_guid, c);
	c->guids = buf_calloc(c->by_guid_count, sizeof *c->guids);
	for (size_t i = 0; i < c->by_guid_count; i++)
		c->guids[i] = c->items[c->by_guid[i]].update_id;
	index_prefixes(c);
}

static void index_locations(struct catalog *c)
{
	size_t kept = 0;

	if (c->locations_count > 1)
		qsort(c->locations, c->locations_count, sizeof *c->locations, by_digest);
	for (size_t i = 0; i < c->locations_count; i++) {
		if (kept > 0 && memcmp(&c->locations[kept - 1].sha1, &c->locations[i].sha1,
				       sizeof c->locations[i].sha1) == 0)
			catalog_report(c, NULL, CATALOG_RULE_LOCATION_DUPLICATE, "package.xml",
				       c->locations[i].offset, c->locations[i].url, "");
		else
			c->locations[kept++] = c->locations[i];
	}
	c->locations_count = kept;
}

int catalog_finish(struct catalog *c, struct error *err)
{
	(void)err;
	free(STEAL(c->slots));
	c->slots_count = 0;
	drop_orphans(c);
	if (c->count > 1)
		qsort(c->items, c->count, sizeof *c->items, by_revision);
	c->ids = buf_calloc(c->count, sizeof *c->ids);
	for (size_t i = 0; i < c->count; i++) {
		catalog_settle(&c->items[i]);
		c->ids[i] = c->items[i].revision_id;
	}
	index_guids(c);
	index_locations(c);
	catalog_full_settle(c);
	return 0;
}

size_t catalog_count(const struct catalog *c)
{
	return c->count;
}

const struct catalog_revision *catalog_at(const struct catalog *c, size_t i)
{
	return &c->items[i];
}

size_t catalog_index_of(const struct catalog *c, uint32_t revision_id)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->ids[middle] < revision_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->count && c->ids[low] == revision_id ? low : SIZE_MAX;
}

const struct catalog_revision *catalog_by_revision(const struct catalog *c, uint32_t revision_id)
{
	size_t i = catalog_index_of(c, revision_id);

	return i == SIZE_MAX ? NULL : &c->items[i];
}

size_t catalog_first_of(const struct catalog *c, const struct catalog_guid *id)
{
	size_t low = c->guid_first[prefix_of(id)], high = c->guid_first[prefix_of(id) + 1];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&c->guids[middle], id, sizeof *id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == c->by_guid_count || memcmp(&c->guids[low], id, sizeof *id) != 0)
		return SIZE_MAX;
	return low;
}

const struct catalog_location *catalog_find_location(const struct catalog *c,
						     const struct catalog_sha1 *sha1)
{
	size_t low = 0, high = c->locations_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(c->locations[middle].sha1.bytes, sha1->bytes, 20);

		if (order == 0)
			return &c->locations[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

size_t catalog_location_count(const struct catalog *c)
{
	return c->locations_count;
}

const struct catalog_location *catalog_location_at(const struct catalog *c, size_t i)
{
	return &c->locations[i];
}

const struct catalog_package *catalog_package(const struct catalog *c)
{
	return c->has_package ? &c->package : NULL;
}

size_t catalog_finding_count(const struct catalog *c)
{
	return c->findings.count;
}

const struct catalog_finding *catalog_finding_at(const struct catalog *c, size_t i)
{
	return &c->findings.items[i];
}

void catalog_summarize(const struct catalog *c, struct catalog_summary *out)
{
	*out = (struct catalog_summary){
		.updates = c->count,
		.locations = c->locations_count,
		.orphans = c->orphans,
		.errors = c->findings.seen[CATALOG_ERROR],
		.warnings = c->findings.seen[CATALOG_WARNING],
		.notes = c->findings.seen[CATALOG_NOTE],
	};
	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].verdict == CATALOG_OK)
			out->processed++;
		else
			out->quarantined++;
		if (c->items[i].verdict != CATALOG_OK &&
		    c->items[i].cause != c->items[i].revision_id)
			out->dependents++;
	}
}
