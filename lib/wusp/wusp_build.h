/* The builder of a graph, for the two files that make one. */
#ifndef WUSP_BUILD_H
#define WUSP_BUILD_H

#include "lib/base/arena.h"
#include "lib/wusp/graph.h"

#include <stddef.h>
#include <stdint.h>

struct wusp_range {
	size_t first, count;
};

struct wusp_pending {
	int32_t revision_id;
	struct catalog_guid update_id;
	uint32_t number, core_bytes;
	unsigned char type, flags;
	struct wusp_range clauses; /* of groups */
	struct wusp_range categories, children, drivers;
	uint32_t node; /* WUSP_NONE: it does not become one */
};

struct wusp_pending_former {
	int32_t revision_id;
	struct catalog_guid update_id;
};

struct wusp_graph_builder {
	struct wusp_pending *items; /* by revision id once wusp_graph_finish() runs */
	struct wusp_range *groups;  /* of guids */
	struct catalog_guid *guids;
	struct catalog_category *categories;
	struct wusp_child *children;
	struct wusp_driver *drivers;
	struct wusp_pending_former *former;
	size_t count, capacity, group_count, group_capacity, guid_count, guid_capacity;
	size_t category_count, category_capacity;
	size_t child_count, child_capacity, driver_count, driver_capacity;
	size_t former_count, former_capacity, references;
	struct arena texts;
};

/* Fill g->clauses, alternatives, users, unknown, leaf_since, WUSP_LEAF. */
void wusp_build_clauses(const struct wusp_graph_builder *b, struct wusp_graph *g)
	__attribute__((nonnull));

/* Fill g->categories, category_type. */
void wusp_build_categories(const struct wusp_graph_builder *b, struct wusp_graph *g)
	__attribute__((nonnull));

/* Fill g->children, parents, WUSP_BUNDLE, WUSP_INCOMPLETE. */
void wusp_build_children(const struct wusp_graph_builder *b, struct wusp_graph *g)
	__attribute__((nonnull));

#endif
