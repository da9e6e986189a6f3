/* Making a graph: the relations of its nodes. */
#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/wusp/wusp_build.h"
#include "lib/wusp/wusp_internal.h"

#include <stdlib.h>
#include <string.h>

/* Clauses seen so far: equal ones get one number. */
struct clause_table {
	uint64_t seed;
	uint32_t *slots; /* clause + 1, 0: free */
	size_t mask;
	uint32_t *first, *items;
	size_t count, first_capacity, items_count, items_capacity;
};

static void table_clear(struct clause_table *t)
{
	free(t->slots);
	free(t->first);
	free(t->items);
}
DEFINE_CLEANUP_IN_PLACE(struct clause_table, table_clear);

static uint32_t *slot_of(const struct clause_table *t, const uint32_t *nodes, size_t count)
{
	size_t at = hash_bytes(t->seed, nodes, count * sizeof *nodes) & t->mask;

	for (;; at = (at + 1) & t->mask) {
		uint32_t clause = t->slots[at];

		if (clause == 0)
			return &t->slots[at];
		size_t begin = t->first[clause - 1], end = t->first[clause];
		if (end - begin == count &&
		    memcmp(t->items + begin, nodes, count * sizeof *nodes) == 0)
			return &t->slots[at];
	}
}

static void grow_slots(struct clause_table *t)
{
	size_t size = (t->mask + 1) * 2;

	free(t->slots);
	t->slots = buf_calloc(size, sizeof *t->slots);
	t->mask = size - 1;
	for (size_t i = 0; i < t->count; i++)
		*slot_of(t, t->items + t->first[i], t->first[i + 1] - t->first[i]) =
			(uint32_t)i + 1;
}

/* The number of the clause with these alternatives, ascending and distinct. */
static uint32_t clause_number(struct clause_table *t, const uint32_t *nodes, size_t count)
{
	uint32_t *slot = slot_of(t, nodes, count);

	if (*slot != 0)
		return *slot - 1;
	for (size_t i = 0; i < count; i++) {
		t->items = buf_grow(t->items, &t->items_capacity, t->items_count, sizeof *t->items);
		t->items[t->items_count++] = nodes[i];
	}
	t->first = buf_grow(t->first, &t->first_capacity, t->count + 1, sizeof *t->first);
	t->first[t->count + 1] = (uint32_t)t->items_count;
	*slot = (uint32_t)++t->count;
	if (t->count * 2 > t->mask)
		grow_slots(t);
	return (uint32_t)t->count - 1;
}

static int by_number(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static size_t sort_unique(uint32_t *items, size_t count)
{
	size_t kept = 0;

	if (count > 1)
		qsort(items, count, sizeof *items, by_number);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || items[kept - 1] != items[i])
			items[kept++] = items[i];
	return kept;
}

/* The nodes that a group names into out, which has room: how many, ascending and distinct. */
static size_t resolve(const struct wusp_graph_builder *b, const struct wusp_graph *g,
		      const struct wusp_range *group, uint32_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < group->count; i++) {
		uint32_t node = wusp_graph_by_guid(g, &b->guids[group->first + i]);

		if (node != WUSP_NONE)
			out[n++] = node;
	}
	return sort_unique(out, n);
}

static size_t largest_group(const struct wusp_graph_builder *b)
{
	size_t most = 1;

	for (size_t i = 0; i < b->group_count; i++)
		if (b->groups[i].count > most)
			most = b->groups[i].count;
	return most;
}

/* ---- clauses ---- */

static int by_use(const void *left, const void *right, void *ctx)
{
	const uint32_t *used = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (used[a] != used[b])
		return used[a] < used[b] ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* The rarest clause is the one least likely satisfied: look at it first. */
static void sort_by_use(struct wusp_graph *g, size_t total)
{
	CLEANUP(wusp_nodes_free)
	uint32_t *used = buf_calloc((size_t)g->clause_count + 1, sizeof *used);

	for (size_t i = 0; i < total; i++)
		used[g->clauses.items[i]]++;
	for (uint32_t i = 0; i < g->count; i++) {
		uint32_t first = g->clauses.first[i], count = g->clauses.first[i + 1] - first;

		if (count > 1)
			qsort_r(g->clauses.items + first, count, sizeof *g->clauses.items, by_use,
				used);
	}
}

static void note_named(struct wusp_graph *g, uint32_t by, const uint32_t *named, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int32_t *since = &g->leaf_since[named[i]];

		if (*since == 0 || g->revision_id[by] < *since)
			*since = g->revision_id[by];
	}
}

/* Lists of nodes per clause, turned round: of clauses per node. */
static void make_users(struct wusp_graph *g)
{
	size_t total = g->alternatives.first[g->clause_count];

	g->users.first = buf_calloc((size_t)g->count + 2, sizeof *g->users.first);
	g->users.items = buf_calloc(total + 1, sizeof *g->users.items);
	for (size_t i = 0; i < total; i++)
		g->users.first[g->alternatives.items[i] + 2]++;
	for (uint32_t i = 0; i < g->count; i++)
		g->users.first[i + 2] += g->users.first[i + 1];
	for (uint32_t c = 0; c < g->clause_count; c++)
		for (uint32_t k = g->alternatives.first[c]; k < g->alternatives.first[c + 1]; k++)
			g->users.items[g->users.first[g->alternatives.items[k] + 1]++] = c;
}

/* Older revisions of an update are as much a leaf as its newest one. */
static void mark_leaves(struct wusp_graph *g)
{
	for (uint32_t i = 0; i < g->count; i++) {
		if (!(g->flags[i] & WUSP_NEWEST))
			g->leaf_since[i] = g->leaf_since[wusp_graph_by_guid(g, &g->guid[i])];
		if (g->leaf_since[i] == 0)
			g->flags[i] |= WUSP_LEAF;
	}
}

/* Steals the lists of the table. */
static void take_table(struct clause_table *t, struct wusp_graph *g)
{
	g->clause_count = (uint32_t)t->count;
	g->alternatives.first = t->first;
	g->alternatives.items = t->items;
	t->first = t->items = NULL;
}

void wusp_build_clauses(const struct wusp_graph_builder *b, struct wusp_graph *g)
{
	CLEANUP(table_clear) struct clause_table t = { .seed = hash_seed(), .mask = 1023 };
	CLEANUP(wusp_nodes_free)
	uint32_t *nodes = buf_calloc(largest_group(b), sizeof *nodes);
	size_t total = 0;

	t.slots = buf_calloc(t.mask + 1, sizeof *t.slots);
	t.first = buf_grow(NULL, &t.first_capacity, 0, sizeof *t.first);
	t.first[0] = 0;
	g->clauses.first = buf_calloc((size_t)g->count + 1, sizeof *g->clauses.first);
	g->clauses.items = buf_calloc(b->group_count + 1, sizeof *g->clauses.items);
	for (size_t i = 0; i < b->count; i++) {
		const struct wusp_pending *p = &b->items[i];
		uint32_t *mine = g->clauses.items + total;
		size_t n = 0;

		if (p->node == WUSP_NONE)
			continue;
		for (size_t k = 0; k < p->clauses.count; k++) {
			size_t count = resolve(b, g, &b->groups[p->clauses.first + k], nodes);

			note_named(g, p->node, nodes, count);
			if (count == 0)
				g->unknown[p->node]++;
			else
				mine[n++] = clause_number(&t, nodes, count);
		}
		total += sort_unique(mine, n);
		g->clauses.first[p->node + 1] = (uint32_t)total;
	}
	take_table(&t, g);
	sort_by_use(g, total);
	make_users(g);
	mark_leaves(g);
}

/* ---- categories ---- */

void wusp_build_categories(const struct wusp_graph_builder *b, struct wusp_graph *g)
{
	size_t total = 0;

	g->categories.first = buf_calloc((size_t)g->count + 1, sizeof *g->categories.first);
	g->categories.items = buf_calloc(b->category_count + 1, sizeof *g->categories.items);
	for (size_t i = 0; i < b->count; i++) {
		const struct wusp_pending *p = &b->items[i];
		size_t n = 0;

		if (p->node == WUSP_NONE)
			continue;
		for (size_t k = 0; k < p->categories.count; k++) {
			const struct catalog_category *c = &b->categories[p->categories.first + k];
			uint32_t node = wusp_graph_by_guid(g, &c->id);

			if (node == WUSP_NONE)
				continue;
			g->category_type[node] = (unsigned char)c->type;
			g->categories.items[total + n++] = node;
		}
		total += sort_unique(g->categories.items + total, n);
		g->categories.first[p->node + 1] = (uint32_t)total;
	}
}

/* ---- bundles ---- */

static void turn_children(struct wusp_graph *g)
{
	size_t total = g->children.first[g->count];

	g->parents.first = buf_calloc((size_t)g->count + 2, sizeof *g->parents.first);
	g->parents.items = buf_calloc(total + 1, sizeof *g->parents.items);
	for (size_t i = 0; i < total; i++)
		g->parents.first[g->children.items[i] + 2]++;
	for (uint32_t i = 0; i < g->count; i++)
		g->parents.first[i + 2] += g->parents.first[i + 1];
	for (uint32_t i = 0; i < g->count; i++)
		for (uint32_t k = g->children.first[i]; k < g->children.first[i + 1]; k++)
			g->parents.items[g->parents.first[g->children.items[k] + 1]++] = i;
}

/* What an incomplete bundle is part of is incomplete too. */
static void spread_incomplete(struct wusp_graph *g)
{
	CLEANUP(wusp_nodes_free)
	uint32_t *todo = buf_malloc(((size_t)g->count + 1) * sizeof *todo);
	size_t top = 0;

	for (uint32_t i = 0; i < g->count; i++)
		if (g->flags[i] & WUSP_INCOMPLETE)
			todo[top++] = i;
	while (top > 0) {
		struct wusp_nodes parents = wusp_graph_parents(g, todo[--top]);

		for (size_t k = 0; k < parents.count; k++) {
			if (g->flags[parents.items[k]] & WUSP_INCOMPLETE)
				continue;
			g->flags[parents.items[k]] |= WUSP_INCOMPLETE;
			todo[top++] = parents.items[k];
		}
	}
}

void wusp_build_children(const struct wusp_graph_builder *b, struct wusp_graph *g)
{
	size_t total = 0;

	g->children.first = buf_calloc((size_t)g->count + 1, sizeof *g->children.first);
	g->children.items = buf_calloc(b->child_count + 1, sizeof *g->children.items);
	for (size_t i = 0; i < b->count; i++) {
		const struct wusp_pending *p = &b->items[i];
		size_t n = 0;

		if (p->node == WUSP_NONE)
			continue;
		for (size_t k = 0; k < p->children.count; k++) {
			const struct wusp_child *c = &b->children[p->children.first + k];
			uint32_t node = c->revision_number
						? wusp_graph_by_identity(g, &c->update_id,
									 c->revision_number)
						: wusp_graph_by_guid(g, &c->update_id);

			if (node == WUSP_NONE)
				g->flags[p->node] |= WUSP_INCOMPLETE;
			else
				g->children.items[total + n++] = node;
		}
		if (p->children.count > 0)
			g->flags[p->node] |= WUSP_BUNDLE;
		total += sort_unique(g->children.items + total, n);
		g->children.first[p->node + 1] = (uint32_t)total;
	}
	turn_children(g);
	spread_incomplete(g);
}
