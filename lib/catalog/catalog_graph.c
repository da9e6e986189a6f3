#include "lib/base/buf.h"
#include "lib/catalog/catalog_internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * Two passes each: count, then place.  Every array is bounded by the number of
 * relations in the catalog, so building is linear but for the look-ups.
 */

static void number_ids(const struct catalog *c, struct catalog_graph *g)
{
	g->id_of = buf_malloc(c->count * sizeof *g->id_of);
	g->id_live = buf_calloc(c->by_guid_count, sizeof *g->id_live);
	memset(g->id_of, 0xFF, c->count * sizeof *g->id_of);
	for (size_t i = 0; i < c->by_guid_count; i++) {
		const struct catalog_revision *r = &c->items[c->by_guid[i]];

		if (i == 0 || memcmp(c->items[c->by_guid[i - 1]].update_id.bytes,
				     r->update_id.bytes, 16) != 0)
			g->ids++;
		g->id_of[c->by_guid[i]] = (uint32_t)(g->ids - 1);
		g->id_live[g->ids - 1]++;
	}
}

static uint32_t id_number(const struct catalog *c, const struct catalog_graph *g,
			  const struct catalog_guid *id)
{
	size_t first = catalog_first_of(c, id);

	return first != SIZE_MAX ? g->id_of[c->by_guid[first]] : UINT32_MAX;
}

struct numbers {
	uint32_t *items;
	size_t count, capacity;
};

static void add(struct numbers *v, uint32_t value)
{
	v->items = buf_grow(v->items, &v->capacity, v->count, sizeof *v->items);
	v->items[v->count++] = value;
}

/* Add the numbers of the alternatives; false, adding nothing, when it can always be met. */
static bool group_numbers(const struct catalog *c, const struct catalog_graph *g,
			  const struct catalog_group *group, struct numbers *list)
{
	size_t before = list->count;

	for (size_t k = 0; k < group->count; k++) {
		uint32_t id = id_number(c, g, &group->any_of[k]);

		if (id == UINT32_MAX) {
			list->count = before;
			return false;
		}
		add(list, id);
	}
	return group->count > 0;
}

static void build_groups(const struct catalog *c, struct catalog_graph *g)
{
	struct numbers owners = { .count = 0 }, sizes = { .count = 0 };
	struct numbers entries = { .count = 0 };

	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < c->items[i].prerequisites_count; k++) {
			size_t before = entries.count;

			if (!group_numbers(c, g, &c->items[i].prerequisites[k], &entries))
				continue;
			add(&owners, (uint32_t)i);
			add(&sizes, (uint32_t)(entries.count - before));
		}
	g->groups = owners.count;
	g->group_owner = owners.items;
	g->group_size = sizes.items;
	g->users_first = buf_calloc(g->ids + 2, sizeof *g->users_first);
	g->users = buf_malloc(entries.count * sizeof *g->users);
	for (size_t i = 0; i < entries.count; i++)
		g->users_first[entries.items[i] + 2]++;
	for (size_t i = 2; i < g->ids + 2; i++)
		g->users_first[i] += g->users_first[i - 1];
	for (size_t group = 0, i = 0; group < g->groups; group++)
		for (size_t end = i + sizes.items[group]; i < end; i++)
			g->users[g->users_first[entries.items[i] + 1]++] = (uint32_t)group;
	free(entries.items);
}

static void build_children(const struct catalog *c, struct catalog_graph *g)
{
	size_t total = 0;

	g->child_first = buf_calloc(c->count + 2, sizeof *g->child_first);
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c->count; i++)
			for (size_t k = 0; k < c->items[i].bundled_by_count; k++) {
				size_t parent = catalog_index_of(c, c->items[i].bundled_by[k]);

				if (parent == SIZE_MAX)
					continue;
				if (pass == 0) {
					g->child_first[parent + 2]++;
					total++;
				} else {
					g->children[g->child_first[parent + 1]++] = (uint32_t)i;
				}
			}
		if (pass == 1)
			return;
		for (size_t i = 2; i < c->count + 2; i++)
			g->child_first[i] += g->child_first[i - 1];
		g->children = buf_malloc(total * sizeof *g->children);
	}
}

void catalog_graph_build(const struct catalog *c, struct catalog_graph *g)
{
	*g = (struct catalog_graph){ .ids = 0 };
	number_ids(c, g);
	build_groups(c, g);
	build_children(c, g);
}

void catalog_graph_clear(struct catalog_graph *g)
{
	free(g->id_of);
	free(g->id_live);
	free(g->group_owner);
	free(g->group_size);
	free(g->users_first);
	free(g->users);
	free(g->child_first);
	free(g->children);
	*g = (struct catalog_graph){ .ids = 0 };
}
