/*
 * Small catalogs for tests of lib/wusp.  An update is a number; its GUID is made of it.  needs:
 * clauses apart by spaces, alternatives by "|": "1 2|3".  contains: updates apart by spaces.
 */
#ifndef TESTS_WUSP_WORLD_H
#define TESTS_WUSP_WORLD_H

#include "lib/base/error.h"
#include "lib/wusp/sync.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORLD_LIST = 64 };

struct world_update {
	int id; /* revision id */
	enum wusp_type type;
	const char *needs, *contains, *categories;
	int update; /* number of the update; 0: same as id */
	int number; /* revision number; 0: 100 */
	bool files, absent, part;
	uint32_t bytes;
};

static inline struct catalog_guid world_guid(int update)
{
	struct catalog_guid g = { { 0 } };

	for (int i = 0; i < 4; i++)
		g.bytes[15 - i] = (unsigned char)(update >> 8 * i);
	return g;
}

/* Numbers of text into out, up to one of the characters in stop; returns where it ended. */
static inline const char *world_numbers(const char *text, const char *between, int *out,
					size_t *count)
{
	*count = 0;
	while (*text >= '0' && *text <= '9') {
		int value = 0;

		for (; *text >= '0' && *text <= '9'; text++)
			value = value * 10 + (*text - '0');
		assert_true(*count < WORLD_LIST);
		out[(*count)++] = value;
		if (*text == '\0' || !strchr(between, *text))
			break;
		text++;
	}
	return text;
}

static inline void world_add(struct wusp_graph_builder *b, const struct world_update *u)
{
	struct catalog_guid guids[WORLD_LIST][WORLD_LIST];
	struct catalog_group groups[WORLD_LIST];
	struct catalog_category categories[WORLD_LIST];
	struct wusp_child children[WORLD_LIST];
	struct error err = ERROR_INIT;
	int list[WORLD_LIST];
	size_t n;
	struct wusp_revision r = {
		.revision_id = u->id,
		.update_id = world_guid(u->update ? u->update : u->id),
		.revision_number = u->number ? (uint32_t)u->number : 100,
		.type = u->type,
		.has_files = u->files,
		.files_here = !u->absent,
		.part = u->part,
		.core_bytes = u->bytes,
		.prerequisites = groups,
		.categories = categories,
		.children = children,
	};

	for (const char *at = u->needs ? u->needs : ""; *at; at += *at == ' ') {
		size_t g = r.prerequisites_count++;

		at = world_numbers(at, "|", list, &n);
		for (size_t i = 0; i < n; i++)
			guids[g][i] = world_guid(list[i]);
		groups[g] = (struct catalog_group){ guids[g], n };
	}
	world_numbers(u->contains ? u->contains : "", " ", list, &n);
	for (size_t i = 0; i < n; i++)
		children[r.children_count++] =
			(struct wusp_child){ world_guid(list[i] % 100000),
					     list[i] >= 100000 ? (uint32_t)(list[i] / 100000) : 0 };
	world_numbers(u->categories ? u->categories : "", " ", list, &n);
	for (size_t i = 0; i < n; i++)
		categories[r.categories_count++] =
			(struct catalog_category){ list[i] >= 90 ? CATALOG_CATEGORY_CLASSIFICATION
								 : CATALOG_CATEGORY_PRODUCT,
						   world_guid(list[i]) };
	assert_int_equal(wusp_graph_add(b, &r, &err), 0);
}

static inline struct wusp_graph *world_graph(const struct world_update *updates, size_t count)
{
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < count; i++)
		world_add(b, &updates[i]);
	struct wusp_graph *g = wusp_graph_finish(b, &err);
	assert_no_error(err);
	assert_non_null(g);
	return g;
}

static inline struct wusp_approval world_approve(int update, enum wusp_action action)
{
	return (struct wusp_approval){
		.update_id = world_guid(update),
		.action = action,
		.is_assigned = true,
		.id = update,
		.last_change = 1000,
	};
}

/* "1 2 7": the revision ids of items in their order. */
static inline void world_items_text(const struct wusp_graph *g, const struct wusp_sync_item *items,
				    size_t count, char *out, size_t size)
{
	size_t at = 0;

	*out = '\0';
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(out + at, size - at, i ? " %d" : "%d",
				       wusp_graph_node(g, items[i].node).revision_id);
}

static inline void world_ids_text(const int32_t *ids, size_t count, char *out, size_t size)
{
	size_t at = 0;

	*out = '\0';
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(out + at, size - at, i ? " %d" : "%d", ids[i]);
}

#endif
