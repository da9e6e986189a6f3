/* Questions to a graph. */
#include "lib/wusp/graph.h"

#include "lib/wusp/wusp_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void lists_free(struct wusp_lists *l)
{
	free(l->first);
	free(l->items);
}

void wusp_graph_free(struct wusp_graph *g)
{
	if (!g)
		return;
	free(g->revision_id);
	free(g->by_revision);
	free(g->guid);
	free(g->number);
	free(g->core_bytes);
	free(g->unknown);
	free(g->type);
	free(g->category_type);
	free(g->flags);
	free(g->by_guid);
	free(g->leaf_since);
	lists_free(&g->clauses);
	lists_free(&g->alternatives);
	lists_free(&g->users);
	lists_free(&g->children);
	lists_free(&g->parents);
	lists_free(&g->categories);
	free(g->former);
	free(g->drivers);
	free(g->driver_first);
	free(g->hardware);
	arena_clear(&g->texts);
	free(g);
}

uint32_t wusp_graph_count(const struct wusp_graph *g)
{
	return g->count;
}

uint32_t wusp_graph_by_revision(const struct wusp_graph *g, int32_t revision_id)
{
	uint32_t low = 0, high = g->count;

	if (revision_id < 0)
		return WUSP_NONE;
	/* A scan asks for all that the client has in each round. */
	if ((uint32_t)revision_id < g->by_revision_count)
		return g->by_revision[revision_id];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (g->revision_id[middle] < revision_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->count && g->revision_id[low] == revision_id ? low : WUSP_NONE;
}

uint32_t wusp_graph_known(const struct wusp_graph *g, int32_t revision_id)
{
	uint32_t node = wusp_graph_by_revision(g, revision_id);
	size_t low = 0, high = g->former_count;

	if (node != WUSP_NONE) {
		/* An older revision that only a bundle names stands for its update as well. */
		return g->flags[node] & WUSP_NEWEST ? node : wusp_graph_by_guid(g, &g->guid[node]);
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (g->former[middle].revision_id < revision_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->former_count && g->former[low].revision_id == revision_id
		       ? g->former[low].node
		       : WUSP_NONE;
}

/* The place in by_guid of the newest revision of this update, or where it would be. */
static uint32_t place_of(const struct wusp_graph *g, const struct catalog_guid *id)
{
	uint32_t low = 0, high = g->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (memcmp(&g->guid[g->by_guid[middle]], id, sizeof *id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct wusp_graph *g, uint32_t place, const struct catalog_guid *id)
{
	return place < g->count && memcmp(&g->guid[g->by_guid[place]], id, sizeof *id) == 0;
}

uint32_t wusp_graph_by_guid(const struct wusp_graph *g, const struct catalog_guid *id)
{
	uint32_t place = place_of(g, id);

	return is_at(g, place, id) ? g->by_guid[place] : WUSP_NONE;
}

uint32_t wusp_graph_by_identity(const struct wusp_graph *g, const struct catalog_guid *id,
				uint32_t revision_number)
{
	for (uint32_t p = place_of(g, id); is_at(g, p, id); p++)
		if (g->number[g->by_guid[p]] == revision_number)
			return g->by_guid[p];
	return WUSP_NONE;
}

struct wusp_node wusp_graph_node(const struct wusp_graph *g, uint32_t node)
{
	return (struct wusp_node){
		.revision_id = g->revision_id[node],
		.update_id = g->guid[node],
		.revision_number = g->number[node],
		.type = (enum wusp_type)g->type[node],
		.flags = g->flags[node],
		.core_bytes = g->core_bytes[node],
	};
}

static struct wusp_nodes list_of(const struct wusp_lists *l, uint32_t i)
{
	return (struct wusp_nodes){ l->items + l->first[i], l->first[i + 1] - l->first[i] };
}

struct wusp_nodes wusp_graph_children(const struct wusp_graph *g, uint32_t node)
{
	return list_of(&g->children, node);
}

struct wusp_nodes wusp_graph_parents(const struct wusp_graph *g, uint32_t node)
{
	return list_of(&g->parents, node);
}

size_t wusp_graph_unknown_clauses(const struct wusp_graph *g, uint32_t node)
{
	return g->unknown[node];
}

size_t wusp_graph_hardware(const struct wusp_graph *g, const char *id)
{
	size_t low = 0, high = g->hardware_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(g->hardware[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
