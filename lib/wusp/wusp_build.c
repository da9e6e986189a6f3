/* Making a graph: what revisions say in GUIDs becomes numbers. */
#include "lib/wusp/wusp_build.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/wusp/graph.h"
#include "lib/wusp/wusp_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct wusp_graph_builder *wusp_graph_begin(void)
{
	return buf_calloc(1, sizeof(struct wusp_graph_builder));
}

void wusp_graph_abandon(struct wusp_graph_builder *b)
{
	if (!b)
		return;
	free(b->items);
	free(b->groups);
	free(b->guids);
	free(b->categories);
	free(b->children);
	free(b->drivers);
	free(b->former);
	arena_clear(&b->texts);
	free(b);
}

static void add_groups(struct wusp_graph_builder *b, const struct catalog_group *groups,
		       size_t count, struct wusp_range *out)
{
	*out = (struct wusp_range){ b->group_count, count };
	for (size_t i = 0; i < count; i++) {
		b->groups =
			buf_grow(b->groups, &b->group_capacity, b->group_count, sizeof *b->groups);
		b->groups[b->group_count++] = (struct wusp_range){ b->guid_count, groups[i].count };
		for (size_t k = 0; k < groups[i].count; k++) {
			b->guids = buf_grow(b->guids, &b->guid_capacity, b->guid_count,
					    sizeof *b->guids);
			b->guids[b->guid_count++] = groups[i].any_of[k];
		}
	}
}

static const char *copy_text(struct wusp_graph_builder *b, const char *text)
{
	return text && *text ? arena_text(&b->texts, text, strlen(text)) : "";
}

static void add_driver(struct wusp_graph_builder *b, const struct wusp_driver *from)
{
	struct wusp_driver d = *from;
	struct wusp_driver_score *scores =
		arena_alloc(&b->texts, from->scores_count * sizeof *scores);
	struct catalog_guid *computers =
		arena_alloc(&b->texts, from->computers_count * sizeof *computers);

	d.hardware_id = copy_text(b, from->hardware_id);
	d.provider = copy_text(b, from->provider);
	d.manufacturer = copy_text(b, from->manufacturer);
	d.driver_class = copy_text(b, from->driver_class);
	d.model = copy_text(b, from->model);
	for (size_t i = 0; i < from->scores_count; i++)
		scores[i] = (struct wusp_driver_score){ copy_text(b, from->scores[i].system),
							from->scores[i].score };
	for (size_t i = 0; i < from->computers_count; i++)
		computers[i] = from->computers[i];
	d.scores = scores;
	d.computers = computers;
	b->drivers = buf_grow(b->drivers, &b->driver_capacity, b->driver_count, sizeof *b->drivers);
	b->drivers[b->driver_count++] = d;
}

/* References of one revision, or SIZE_MAX when they are too many. */
static size_t references(const struct wusp_revision *r)
{
	size_t n =
		r->children_count + r->drivers_count + r->prerequisites_count + r->categories_count;

	for (size_t i = 0; i < r->prerequisites_count && n <= LIMIT_UPDATE_RELATIONS; i++)
		n += r->prerequisites[i].count;
	return n <= LIMIT_UPDATE_RELATIONS ? n : SIZE_MAX;
}

int wusp_graph_add(struct wusp_graph_builder *b, const struct wusp_revision *r, struct error *err)
{
	size_t more = references(r);

	if (r->revision_id <= 0)
		return error_set(err, ERROR_WUSP_GRAPH, "revision %d: not a positive number",
				 r->revision_id);
	if (b->count >= LIMIT_CATALOG_UPDATES)
		return error_set(err, ERROR_WUSP_GRAPH, "more than %u revisions",
				 LIMIT_CATALOG_UPDATES);
	if (more == SIZE_MAX || b->references + more > LIMIT_WUSP_RELATIONS)
		return error_set(err, ERROR_WUSP_GRAPH, "revision %d: too many relations",
				 r->revision_id);
	b->references += more;
	struct wusp_pending p = {
		.revision_id = r->revision_id,
		.update_id = r->update_id,
		.number = r->revision_number,
		.core_bytes = r->core_bytes,
		.type = (unsigned char)r->type,
		.flags = (unsigned char)((r->has_files ? WUSP_FILES : 0) |
					 (!r->has_files || r->files_here ? WUSP_FILES_HERE : 0) |
					 (r->part ? WUSP_PART : 0)),
		.categories = { b->category_count, r->categories_count },
		.children = { b->child_count, r->children_count },
		.drivers = { b->driver_count, r->drivers_count },
		.node = WUSP_NONE,
	};
	add_groups(b, r->prerequisites, r->prerequisites_count, &p.clauses);
	for (size_t i = 0; i < r->categories_count; i++) {
		b->categories = buf_grow(b->categories, &b->category_capacity, b->category_count,
					 sizeof *b->categories);
		b->categories[b->category_count++] = r->categories[i];
	}
	for (size_t i = 0; i < r->children_count; i++) {
		b->children = buf_grow(b->children, &b->child_capacity, b->child_count,
				       sizeof *b->children);
		b->children[b->child_count++] = r->children[i];
	}
	for (size_t i = 0; i < r->drivers_count; i++)
		add_driver(b, &r->drivers[i]);
	b->items = buf_grow(b->items, &b->capacity, b->count, sizeof *b->items);
	b->items[b->count++] = p;
	return 0;
}

void wusp_graph_add_former(struct wusp_graph_builder *b, int32_t revision_id,
			   const struct catalog_guid *update_id)
{
	b->former = buf_grow(b->former, &b->former_capacity, b->former_count, sizeof *b->former);
	b->former[b->former_count++] = (struct wusp_pending_former){ revision_id, *update_id };
}

/* ---- which revisions become nodes ---- */

static int by_id(const void *left, const void *right)
{
	const struct wusp_pending *a = left, *b = right;

	return a->revision_id < b->revision_id ? -1 : a->revision_id > b->revision_id;
}

static int by_identity(const void *left, const void *right, void *ctx)
{
	const struct wusp_pending *items = ctx;
	const struct wusp_pending *a = &items[*(const uint32_t *)left];
	const struct wusp_pending *b = &items[*(const uint32_t *)right];
	int order = memcmp(&a->update_id, &b->update_id, sizeof a->update_id);

	if (order != 0)
		return order;
	return a->number > b->number ? -1 : a->number < b->number;
}

/* The revision with this identity, the newest for number 0; NULL when there is none. */
static struct wusp_pending *find_pending(struct wusp_graph_builder *b, const uint32_t *order,
					 const struct catalog_guid *id, uint32_t number)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&b->items[order[middle]].update_id, id, sizeof *id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < b->count; low++) {
		struct wusp_pending *p = &b->items[order[low]];

		if (memcmp(&p->update_id, id, sizeof *id) != 0)
			return NULL;
		if (number == 0 || p->number == number)
			return p;
	}
	return NULL;
}

/* Sets .node of every revision that is one to 0 for now, and WUSP_NEWEST. */
static void choose_nodes(struct wusp_graph_builder *b, const uint32_t *order)
{
	CLEANUP(wusp_nodes_free) uint32_t *todo = buf_malloc((b->count + 1) * sizeof *todo);
	size_t top = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct wusp_pending *p = &b->items[order[i]];

		if (i > 0 && memcmp(&p->update_id, &b->items[order[i - 1]].update_id,
				    sizeof p->update_id) == 0)
			continue;
		p->node = 0;
		p->flags |= WUSP_NEWEST;
		todo[top++] = order[i];
	}
	while (top > 0) {
		const struct wusp_pending *p = &b->items[todo[--top]];

		for (size_t k = 0; k < p->children.count; k++) {
			const struct wusp_child *c = &b->children[p->children.first + k];
			struct wusp_pending *child =
				find_pending(b, order, &c->update_id, c->revision_number);

			if (!child || child->node != WUSP_NONE)
				continue;
			child->node = 0;
			todo[top++] = (uint32_t)(child - b->items);
		}
	}
}

static int order_revisions(struct wusp_graph_builder *b, uint32_t *order, struct error *err)
{
	if (b->count > 1)
		qsort(b->items, b->count, sizeof *b->items, by_id);
	for (size_t i = 0; i < b->count; i++)
		order[i] = (uint32_t)i;
	if (b->count > 1)
		qsort_r(order, b->count, sizeof *order, by_identity, b->items);
	for (size_t i = 1; i < b->count; i++) {
		if (b->items[i - 1].revision_id == b->items[i].revision_id)
			return error_set(err, ERROR_WUSP_GRAPH, "revision %d: there twice",
					 b->items[i].revision_id);
		if (by_identity(&order[i - 1], &order[i], b->items) == 0)
			return error_set(err, ERROR_WUSP_GRAPH,
					 "revisions %d and %d: the same revision of one update",
					 b->items[order[i - 1]].revision_id,
					 b->items[order[i]].revision_id);
	}
	return 0;
}

/* Revision ids are numbers of rows: a table of most of them is hardly longer than the nodes. */
static void index_revisions(struct wusp_graph *g)
{
	enum { SPREAD = 8, SPARE = 1024 };
	uint32_t ids = g->count * SPREAD + SPARE;

	if (g->count == 0)
		return;
	if ((uint32_t)g->revision_id[g->count - 1] < ids)
		ids = (uint32_t)g->revision_id[g->count - 1] + 1;
	g->by_revision = buf_malloc(ids * sizeof *g->by_revision);
	g->by_revision_count = ids;
	memset(g->by_revision, 0xff, ids * sizeof *g->by_revision);
	for (uint32_t i = 0; i < g->count && (uint32_t)g->revision_id[i] < ids; i++)
		g->by_revision[g->revision_id[i]] = i;
}

static void make_nodes(struct wusp_graph_builder *b, struct wusp_graph *g, const uint32_t *order)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].node != WUSP_NONE)
			b->items[i].node = g->count++;
	size_t n = (size_t)g->count + 1;
	g->revision_id = buf_calloc(n, sizeof *g->revision_id);
	g->guid = buf_calloc(n, sizeof *g->guid);
	g->number = buf_calloc(n, sizeof *g->number);
	g->core_bytes = buf_calloc(n, sizeof *g->core_bytes);
	g->unknown = buf_calloc(n, sizeof *g->unknown);
	g->type = buf_calloc(n, sizeof *g->type);
	g->category_type = buf_calloc(n, sizeof *g->category_type);
	g->flags = buf_calloc(n, sizeof *g->flags);
	g->by_guid = buf_calloc(n, sizeof *g->by_guid);
	g->leaf_since = buf_calloc(n, sizeof *g->leaf_since);
	for (size_t i = 0; i < b->count; i++) {
		const struct wusp_pending *p = &b->items[i];

		if (p->node == WUSP_NONE)
			continue;
		g->revision_id[p->node] = p->revision_id;
		g->guid[p->node] = p->update_id;
		g->number[p->node] = p->number;
		g->core_bytes[p->node] = p->core_bytes;
		g->type[p->node] = p->type;
		g->flags[p->node] = p->flags;
	}
	uint32_t at = 0;
	for (size_t i = 0; i < b->count; i++)
		if (b->items[order[i]].node != WUSP_NONE)
			g->by_guid[at++] = b->items[order[i]].node;
	index_revisions(g);
}

/* ---- older ids, drivers ---- */

static int by_former(const void *left, const void *right)
{
	const struct wusp_former *a = left, *b = right;

	return a->revision_id < b->revision_id ? -1 : a->revision_id > b->revision_id;
}

static void make_former(struct wusp_graph_builder *b, struct wusp_graph *g)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].node == WUSP_NONE)
			wusp_graph_add_former(b, b->items[i].revision_id, &b->items[i].update_id);
	g->former = buf_calloc(b->former_count + 1, sizeof *g->former);
	for (size_t i = 0; i < b->former_count; i++) {
		uint32_t node = wusp_graph_by_guid(g, &b->former[i].update_id);

		if (node != WUSP_NONE &&
		    wusp_graph_by_revision(g, b->former[i].revision_id) == WUSP_NONE)
			g->former[n++] = (struct wusp_former){ b->former[i].revision_id, node };
	}
	g->former_count = n;
	if (n > 1)
		qsort(g->former, n, sizeof *g->former, by_former);
}

static int by_hardware(const void *left, const void *right)
{
	const struct wusp_hardware *a = left, *b = right;
	int order = strcasecmp(a->id, b->id);

	if (order != 0)
		return order;
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return a->driver < b->driver ? -1 : a->driver > b->driver;
}

static void make_drivers(struct wusp_graph_builder *b, struct wusp_graph *g)
{
	uint32_t at = 0;

	g->drivers = buf_calloc(b->driver_count + 1, sizeof *g->drivers);
	g->driver_first = buf_calloc((size_t)g->count + 1, sizeof *g->driver_first);
	g->hardware = buf_calloc(b->driver_count + 1, sizeof *g->hardware);
	for (size_t i = 0; i < b->count; i++) {
		const struct wusp_pending *p = &b->items[i];

		if (p->node == WUSP_NONE)
			continue;
		g->driver_first[p->node] = at;
		for (size_t k = 0; k < p->drivers.count; k++) {
			g->drivers[at] = b->drivers[p->drivers.first + k];
			g->hardware[at] =
				(struct wusp_hardware){ g->drivers[at].hardware_id, p->node, at };
			at++;
		}
	}
	g->driver_first[g->count] = at;
	g->hardware_count = at;
	if (at > 1)
		qsort(g->hardware, at, sizeof *g->hardware, by_hardware);
	g->texts = b->texts;
	b->texts = (struct arena)ARENA_INIT;
}

struct wusp_graph *wusp_graph_finish(struct wusp_graph_builder *b, struct error *err)
{
	CLEANUP(wusp_nodes_free) uint32_t *order = buf_malloc((b->count + 1) * sizeof *order);
	CLEANUP(wusp_graph_free) struct wusp_graph *g = buf_calloc(1, sizeof *g);

	if (order_revisions(b, order, err) < 0)
		return NULL;
	choose_nodes(b, order);
	make_nodes(b, g, order);
	wusp_build_clauses(b, g);
	wusp_build_categories(b, g);
	wusp_build_children(b, g);
	make_former(b, g);
	make_drivers(b, g);
	return STEAL(g);
}
