/* Deployments, once it is known what is needed: what each node becomes, and in which order. */
#include "lib/wusp/wusp_work.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/wusp/wusp_internal.h"

#include <stdlib.h>
#include <string.h>

uint64_t *wusp_work_bits(const struct wusp_work *w)
{
	return buf_calloc(wusp_words(w->g->count), sizeof(uint64_t));
}

void wusp_work_problem(struct wusp_work *w, enum wusp_problem_kind kind,
		       const struct catalog_guid *id, uint32_t node)
{
	struct wusp_deployments *d = w->d;

	d->problems = buf_grow(d->problems, &d->problems_capacity, d->problems_count,
			       sizeof *d->problems);
	d->problems[d->problems_count++] =
		(struct wusp_problem){ .kind = kind, .update_id = *id, .node = node };
}

bool wusp_work_malformed(const struct wusp_graph *g, enum wusp_action action, uint32_t node,
			 bool in_bundle)
{
	bool bundle = (g->flags[node] & WUSP_BUNDLE) != 0;
	bool files = (g->flags[node] & WUSP_FILES) != 0;

	return (action == WUSP_EVALUATE && files) || (bundle && files) ||
	       (action == WUSP_BUNDLED && (bundle || !in_bundle));
}

static struct wusp_deployment derived(const struct wusp_work *w, uint32_t node)
{
	struct wusp_deployment x = {
		.is_assigned = true,
		.id = (int32_t)(WUSP_DERIVED_ID | (uint32_t)w->g->revision_id[node]),
	};

	if (wusp_bit(w->bundled, node)) {
		x.action = WUSP_BUNDLED;
		x.last_change = w->bundled_change[node];
	} else {
		x.action =
			w->g->flags[node] & WUSP_FILES ? WUSP_PRE_DEPLOYMENT_CHECK : WUSP_EVALUATE;
		x.last_change = w->derived_change[node];
	}
	if (w->withdrawn[node] > x.last_change)
		x.last_change = w->withdrawn[node];
	return x;
}

/*
 * Since which revision id the node is what it is, as far as the catalog decides that: named by a
 * clause, contained in a bundle.
 */
static int32_t since(const struct wusp_work *w, uint32_t node, enum wusp_action action)
{
	int32_t named = w->g->leaf_since[node], bundled = 0;
	struct wusp_nodes parents = wusp_graph_parents(w->g, node);

	for (size_t i = 0; action == WUSP_BUNDLED && i < parents.count; i++) {
		int32_t id = w->g->revision_id[parents.items[i]];

		if (wusp_bit(w->expanded, parents.items[i]) && (bundled == 0 || id < bundled))
			bundled = id;
	}
	return named > bundled ? named : bundled;
}

/* The last look before anything is served: what our validator calls malformed does not go out. */
static bool passes(struct wusp_work *w, uint32_t node, enum wusp_action action)
{
	if (!wusp_work_malformed(w->g, action, node, wusp_bit(w->bundled, node)))
		return true;
	wusp_work_problem(w, WUSP_PROBLEM_MALFORMED, &w->g->guid[node], node);
	return false;
}

void wusp_work_entries(struct wusp_work *w)
{
	struct wusp_deployments *d = w->d;
	size_t capacity = 0;

	for (uint32_t i = 0; i < w->g->count; i++) {
		if (i % 64 == 0)
			d->rank[i / 64] = (uint32_t)d->count;
		if (!wusp_bit(w->expanded, i))
			continue;
		struct wusp_deployment x =
			w->own[i].action != WUSP_ACTION_NONE ? w->own[i] : derived(w, i);
		if (!passes(w, i, x.action))
			continue;
		d->entries = buf_grow(d->entries, &capacity, d->count, sizeof *d->entries);
		d->entries[d->count++] =
			(struct wusp_entry){ .deployment = x, .since = since(w, i, x.action) };
		wusp_bit_on(d->bits, i);
		if (x.last_change > d->newest)
			d->newest = x.last_change;
	}
}

/* A leaf and, if it is a bundle, its children right behind it. */
static void order_leaf(struct wusp_work *w, uint32_t root, uint64_t *done)
{
	w->stack[w->top++] = root;
	while (w->top > 0) {
		uint32_t node = w->stack[--w->top];
		struct wusp_nodes children = wusp_graph_children(w->g, node);

		w->d->order[w->d->order_count++] = node;
		for (size_t k = children.count; k > 0; k--) {
			uint32_t child = children.items[k - 1];

			if (wusp_bit(done, child))
				continue;
			wusp_bit_on(done, child);
			w->stack[w->top++] = child;
		}
	}
}

/* The children of bundles that are not leaves come first of all leaves. */
static void order_parts(struct wusp_work *w, uint64_t *done)
{
	for (size_t i = 0, end = w->d->order_count; i < end; i++) {
		struct wusp_nodes children = wusp_graph_children(w->g, w->d->order[i]);

		for (size_t k = 0; k < children.count; k++) {
			if (wusp_bit(done, children.items[k]))
				continue;
			wusp_bit_on(done, children.items[k]);
			order_leaf(w, children.items[k], done);
		}
	}
}

static bool has_parent_here(const struct wusp_work *w, uint32_t node)
{
	struct wusp_nodes parents = wusp_graph_parents(w->g, node);

	for (size_t i = 0; i < parents.count; i++)
		if (wusp_bit(w->d->bits, parents.items[i]))
			return true;
	return false;
}

/* Non-leaf first, then leaves; bundles before their children; else by revision id. */
void wusp_work_order(struct wusp_work *w)
{
	struct wusp_deployments *d = w->d;
	CLEANUP(wusp_bits_free) uint64_t *done = wusp_work_bits(w);

	d->order = buf_malloc((d->count + 1) * sizeof *d->order);
	d->drivers = buf_malloc((d->count + 1) * sizeof *d->drivers);
	for (uint32_t i = 0; i < w->g->count; i++) {
		if (!wusp_bit(d->bits, i) || w->g->type[i] == WUSP_DRIVER)
			wusp_bit_on(done, i);
		if (wusp_bit(d->bits, i) && w->g->type[i] == WUSP_DRIVER)
			d->drivers[d->drivers_count++] = i;
		if (wusp_bit(done, i) || w->g->flags[i] & WUSP_LEAF)
			continue;
		wusp_bit_on(done, i);
		d->order[d->order_count++] = i;
	}
	order_parts(w, done);
	/* In the second round what lies in a cycle of bundles, which no root leads to. */
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < w->g->count; i++) {
			if (wusp_bit(done, i) || (round == 0 && has_parent_here(w, i)))
				continue;
			wusp_bit_on(done, i);
			order_leaf(w, i, done);
		}
	if (d->count > LIMIT_WUSP_SCOPE)
		wusp_work_problem(w, WUSP_PROBLEM_SCOPE, &(struct catalog_guid){ { 0 } },
				  WUSP_NONE);
}
