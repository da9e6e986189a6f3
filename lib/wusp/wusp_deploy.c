#include "lib/wusp/deploy.h"

#include "lib/base/buf.h"
#include "lib/wusp/wusp_internal.h"

#include <stdlib.h>
#include <string.h>

/* What is being worked out; arrays have one item per node. */
struct work {
	const struct wusp_graph *g;
	struct wusp_deployments *d;
	struct wusp_deployment *own; /* action NONE: not approved, or refused */
	uint64_t *declined, *derived, *bundled, *expanded, *broken, *sound;
	int64_t *derived_change, *bundled_change, *withdrawn; /* INT64_MIN: never */
	uint32_t *stack;
	size_t top;
};

static void work_clear(struct work *w)
{
	free(w->own);
	free(w->declined);
	free(w->derived);
	free(w->bundled);
	free(w->expanded);
	free(w->broken);
	free(w->sound);
	free(w->derived_change);
	free(w->bundled_change);
	free(w->withdrawn);
	free(w->stack);
}
DEFINE_CLEANUP_IN_PLACE(struct work, work_clear);

static uint64_t *new_bits(const struct work *w)
{
	return buf_calloc(wusp_words(w->g->count), sizeof(uint64_t));
}

static int64_t *new_times(const struct work *w)
{
	int64_t *t = buf_malloc(((size_t)w->g->count + 1) * sizeof *t);

	for (size_t i = 0; i < w->g->count; i++)
		t[i] = INT64_MIN;
	return t;
}

static void problem(struct work *w, enum wusp_problem_kind kind, const struct catalog_guid *id,
		    uint32_t node)
{
	struct wusp_deployments *d = w->d;

	d->problems = buf_grow(d->problems, &d->problems_capacity, d->problems_count,
			       sizeof *d->problems);
	d->problems[d->problems_count++] =
		(struct wusp_problem){ .kind = kind, .update_id = *id, .node = node };
}

/* ---- approvals ---- */

/* Position in the order of strength. */
static int strength(enum wusp_action action)
{
	static const int order[WUSP_ACTIONS_] = {
		[WUSP_ACTION_NONE] = 0,      [WUSP_PRE_DEPLOYMENT_CHECK] = 1,
		[WUSP_OPTIONAL_INSTALL] = 2, [WUSP_UNINSTALL] = 3,
		[WUSP_INSTALL] = 4,          [WUSP_BLOCK] = 5,
	};

	return action < WUSP_ACTIONS_ ? order[action] : 0;
}

static int by_strength(const void *left, const void *right)
{
	const struct wusp_approval *a = left, *b = right;
	int order = memcmp(&a->update_id, &b->update_id, sizeof a->update_id);

	if (order != 0)
		return order;
	if (strength(a->action) != strength(b->action))
		return strength(a->action) > strength(b->action) ? -1 : 1;
	if (a->is_assigned != b->is_assigned)
		return a->is_assigned ? -1 : 1;
	if (a->deadline != b->deadline) {
		int64_t x = a->deadline ? a->deadline : INT64_MAX;
		int64_t y = b->deadline ? b->deadline : INT64_MAX;

		return x < y ? -1 : 1;
	}
	return a->id < b->id ? -1 : a->id > b->id;
}

/* The rows of one update, sorted by strength, as one. */
static struct wusp_approval merge(const struct wusp_approval *rows, size_t count)
{
	struct wusp_approval a = rows[0];

	for (size_t i = 1; i < count; i++) {
		a.declined |= rows[i].declined;
		if (rows[i].last_change > a.last_change)
			a.last_change = rows[i].last_change;
	}
	return a;
}

/* Whether lib/catalog would call this combination malformed: GF-C003 to GF-C006. */
static bool malformed(const struct wusp_graph *g, enum wusp_action action, uint32_t node,
		      bool in_bundle)
{
	bool bundle = (g->flags[node] & WUSP_BUNDLE) != 0;
	bool files = (g->flags[node] & WUSP_FILES) != 0;

	return (action == WUSP_EVALUATE && files) || (bundle && files) ||
	       (action == WUSP_BUNDLED && (bundle || !in_bundle));
}

/*
 * Whether node can be sent with its children: a bundle that lacks one, or that our own validator
 * would refuse, is not.  What is found is remembered.
 */
static bool is_sound(struct work *w, uint32_t node, enum wusp_problem_kind *why, uint32_t *where)
{
	struct wusp_nodes children = wusp_graph_children(w->g, node);

	*where = node;
	*why = WUSP_PROBLEM_MALFORMED;
	if (malformed(w->g, WUSP_ACTION_NONE, node, false))
		return false;
	*why = WUSP_PROBLEM_INCOMPLETE;
	if (w->g->flags[node] & WUSP_INCOMPLETE)
		return false;
	for (size_t i = 0; i < children.count; i++) {
		*where = children.items[i];
		if (wusp_bit(w->declined, children.items[i]))
			return false;
		*why = WUSP_PROBLEM_MALFORMED;
		if (malformed(w->g, WUSP_BUNDLED, children.items[i], true))
			return false;
		*why = WUSP_PROBLEM_INCOMPLETE;
	}
	return true;
}

static bool files_here(const struct work *w, uint32_t node, uint32_t *where)
{
	struct wusp_nodes children = wusp_graph_children(w->g, node);

	*where = node;
	if (!(w->g->flags[node] & WUSP_FILES_HERE))
		return false;
	for (size_t i = 0; i < children.count; i++) {
		*where = children.items[i];
		if (!(w->g->flags[children.items[i]] & WUSP_FILES_HERE))
			return false;
	}
	return true;
}

/* false, with the problem noted, when the approval cannot be served as it is. */
static bool may_deploy(struct work *w, const struct wusp_approval *a, uint32_t node)
{
	bool offers = a->action == WUSP_INSTALL || a->action == WUSP_OPTIONAL_INSTALL;
	unsigned char type = w->g->type[node];
	enum wusp_problem_kind why;
	uint32_t where = node;

	if (a->action >= WUSP_EVALUATE)
		why = WUSP_PROBLEM_ACTION;
	else if (a->revision_number != 0 && a->revision_number != w->g->number[node])
		why = WUSP_PROBLEM_REVISION;
	else if (type == WUSP_CATEGORY || type == WUSP_DETECTOID || w->g->flags[node] & WUSP_PART)
		why = WUSP_PROBLEM_ROLE;
	else if (!is_sound(w, node, &why, &where))
		;
	else if (offers && !files_here(w, node, &where))
		why = WUSP_PROBLEM_FILES;
	else
		return true;
	problem(w, why, &a->update_id, where);
	return false;
}

static void take_approval(struct work *w, const struct wusp_approval *a)
{
	uint32_t node = wusp_graph_by_guid(w->g, &a->update_id);

	if (node == WUSP_NONE) {
		if (a->action != WUSP_ACTION_NONE && !a->declined)
			problem(w, WUSP_PROBLEM_UNKNOWN, &a->update_id, WUSP_NONE);
		return;
	}
	w->withdrawn[node] = a->last_change;
	if (a->declined || a->action == WUSP_ACTION_NONE || !may_deploy(w, a, node))
		return;
	w->withdrawn[node] = INT64_MIN;
	w->own[node] = (struct wusp_deployment){
		.action = a->action,
		.is_assigned = a->is_assigned,
		.id = a->id,
		.deadline = a->deadline,
		.last_change = a->last_change,
	};
	if (w->g->unknown[node] > 0)
		problem(w, WUSP_PROBLEM_CLAUSE, &a->update_id, node);
}

/* Declined updates first: others are judged by them. */
static void take_declined(struct work *w, const struct wusp_approval *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t node = wusp_graph_by_guid(w->g, &rows[i].update_id);

		if (rows[i].declined && node != WUSP_NONE)
			wusp_bit_on(w->declined, node);
	}
	/* Every revision of it that a bundle may name. */
	for (uint32_t i = 0; i < w->g->count; i++)
		if (!(w->g->flags[i] & WUSP_NEWEST) &&
		    wusp_bit(w->declined, wusp_graph_by_guid(w->g, &w->g->guid[i])))
			wusp_bit_on(w->declined, i);
}

static void take_approvals(struct work *w, const struct wusp_approval *approvals, size_t count)
{
	struct wusp_approval *rows = buf_malloc((count + 1) * sizeof *rows);

	if (count > 0)
		memcpy(rows, approvals, count * sizeof *rows);
	if (count > 1)
		qsort(rows, count, sizeof *rows, by_strength);
	take_declined(w, rows, count);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && memcmp(&rows[i].update_id, &rows[end].update_id,
							sizeof rows[i].update_id) == 0;
		     end++)
			;
		struct wusp_approval a = merge(rows + i, end - i);
		take_approval(w, &a);
	}
	free(rows);
}

/* ---- closure ---- */

/* A dependency that cannot be served is as good as none. */
static bool usable(struct work *w, uint32_t node)
{
	enum wusp_problem_kind why;
	uint32_t where;

	if (wusp_bit(w->declined, node) || wusp_bit(w->broken, node))
		return false;
	if (!wusp_bit(w->sound, node)) {
		if (!is_sound(w, node, &why, &where)) {
			wusp_bit_on(w->broken, node);
			return false;
		}
		wusp_bit_on(w->sound, node);
	}
	return true;
}

static void push(struct work *w, uint32_t node)
{
	if (wusp_bit(w->expanded, node))
		return;
	wusp_bit_on(w->expanded, node);
	w->stack[w->top++] = node;
}

/* Roots come by rising last_change: the first visit in a role is the oldest. */
static void need(struct work *w, uint32_t node, int64_t change)
{
	if (!wusp_bit(w->derived, node)) {
		wusp_bit_on(w->derived, node);
		w->derived_change[node] = change;
	}
	push(w, node);
}

static void contain(struct work *w, uint32_t node, int64_t change)
{
	if (!wusp_bit(w->bundled, node)) {
		wusp_bit_on(w->bundled, node);
		w->bundled_change[node] = change;
	}
	push(w, node);
}

static void expand(struct work *w, uint32_t node, uint32_t root, int64_t change)
{
	const struct wusp_graph *g = w->g;

	for (uint32_t c = g->clauses.first[node]; c < g->clauses.first[node + 1]; c++) {
		uint32_t clause = g->clauses.items[c];
		bool any = false;

		for (uint32_t k = g->alternatives.first[clause];
		     k < g->alternatives.first[clause + 1]; k++) {
			uint32_t other = g->alternatives.items[k];

			if (!usable(w, other))
				continue;
			any = true;
			need(w, other, change);
		}
		if (!any)
			problem(w, WUSP_PROBLEM_DEPENDENCY, &g->guid[root], node);
	}
	struct wusp_nodes children = wusp_graph_children(g, node);
	for (size_t i = 0; i < children.count; i++)
		contain(w, children.items[i], change);
}

static int by_change(const void *left, const void *right, void *ctx)
{
	const struct wusp_deployment *own = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (own[a].last_change != own[b].last_change)
		return own[a].last_change < own[b].last_change ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void close_scope(struct work *w)
{
	CLEANUP(wusp_nodes_free)
	uint32_t *roots = buf_malloc(((size_t)w->g->count + 1) * sizeof *roots);
	size_t count = 0;

	for (uint32_t i = 0; i < w->g->count; i++)
		if (w->own[i].action != WUSP_ACTION_NONE)
			roots[count++] = i;
	if (count > 1)
		qsort_r(roots, count, sizeof *roots, by_change, w->own);
	for (size_t i = 0; i < count; i++) {
		int64_t change = w->own[roots[i]].last_change;

		push(w, roots[i]);
		while (w->top > 0)
			expand(w, w->stack[--w->top], roots[i], change);
	}
}

static int by_withdrawal(const void *left, const void *right, void *ctx)
{
	const int64_t *withdrawn = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (withdrawn[a] != withdrawn[b])
		return withdrawn[a] > withdrawn[b] ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* As expand(), where something was deployed once: newest withdrawals first. */
static void expand_withdrawn(struct work *w, uint32_t node, int64_t when, uint64_t *seen)
{
	const struct wusp_graph *g = w->g;
	struct wusp_nodes children = wusp_graph_children(g, node);

	for (size_t i = 0; i < children.count; i++) {
		uint32_t child = children.items[i];

		if (w->withdrawn[child] < when)
			w->withdrawn[child] = when;
		if (!wusp_bit(seen, child))
			w->stack[w->top++] = child;
		wusp_bit_on(seen, child);
	}
	for (uint32_t c = g->clauses.first[node]; c < g->clauses.first[node + 1]; c++) {
		uint32_t clause = g->clauses.items[c];

		for (uint32_t k = g->alternatives.first[clause];
		     k < g->alternatives.first[clause + 1]; k++) {
			uint32_t other = g->alternatives.items[k];

			if (!wusp_bit(seen, other))
				w->stack[w->top++] = other;
			wusp_bit_on(seen, other);
		}
	}
}

/*
 * Parts of bundles that were deployed until then: if something else still needs them, their clients
 * have to learn that they are no longer parts.
 */
static void spread_withdrawn(struct work *w)
{
	CLEANUP(wusp_bits_free) uint64_t *seen = new_bits(w);
	CLEANUP(wusp_nodes_free)
	uint32_t *roots = buf_malloc(((size_t)w->g->count + 1) * sizeof *roots);
	size_t count = 0;

	for (uint32_t i = 0; i < w->g->count; i++)
		if (w->withdrawn[i] != INT64_MIN)
			roots[count++] = i;
	if (count > 1)
		qsort_r(roots, count, sizeof *roots, by_withdrawal, w->withdrawn);
	for (size_t i = 0; i < count; i++) {
		int64_t when = w->withdrawn[roots[i]];

		if (wusp_bit(seen, roots[i]))
			continue;
		wusp_bit_on(seen, roots[i]);
		w->stack[w->top++] = roots[i];
		while (w->top > 0)
			expand_withdrawn(w, w->stack[--w->top], when, seen);
	}
}

/* ---- the result ---- */

static struct wusp_deployment derived(const struct work *w, uint32_t node)
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
static int32_t since(const struct work *w, uint32_t node, enum wusp_action action)
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
static bool passes(struct work *w, uint32_t node, enum wusp_action action)
{
	if (!malformed(w->g, action, node, wusp_bit(w->bundled, node)))
		return true;
	problem(w, WUSP_PROBLEM_MALFORMED, &w->g->guid[node], node);
	return false;
}

static void fill_entries(struct work *w)
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
static void order_leaf(struct work *w, uint32_t root, uint64_t *done)
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
static void order_parts(struct work *w, uint64_t *done)
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

static bool has_parent_here(const struct work *w, uint32_t node)
{
	struct wusp_nodes parents = wusp_graph_parents(w->g, node);

	for (size_t i = 0; i < parents.count; i++)
		if (wusp_bit(w->d->bits, parents.items[i]))
			return true;
	return false;
}

/* Non-leaf first, then leaves; bundles before their children; else by revision id. */
static void fill_order(struct work *w)
{
	struct wusp_deployments *d = w->d;
	CLEANUP(wusp_bits_free) uint64_t *done = new_bits(w);

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
}

static int by_update(const void *left, const void *right)
{
	const struct wusp_problem *a = left, *b = right;
	int order = memcmp(&a->update_id, &b->update_id, sizeof a->update_id);

	if (order != 0)
		return order;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

struct wusp_deployments *wusp_deploy(const struct wusp_graph *g,
				     const struct wusp_approval *approvals, size_t count,
				     uint64_t scope)
{
	struct wusp_deployments *d = buf_calloc(1, sizeof *d);
	CLEANUP(work_clear) struct work w = { .g = g, .d = d };

	d->graph = g;
	d->scope = scope;
	d->bits = new_bits(&w);
	d->rank = buf_calloc(wusp_words(g->count), sizeof *d->rank);
	w.own = buf_calloc((size_t)g->count + 1, sizeof *w.own);
	w.declined = new_bits(&w);
	w.derived = new_bits(&w);
	w.bundled = new_bits(&w);
	w.expanded = new_bits(&w);
	w.broken = new_bits(&w);
	w.sound = new_bits(&w);
	w.derived_change = new_times(&w);
	w.bundled_change = new_times(&w);
	w.withdrawn = new_times(&w);
	w.stack = buf_malloc(((size_t)g->count + 1) * sizeof *w.stack);
	take_approvals(&w, approvals, count);
	close_scope(&w);
	spread_withdrawn(&w);
	fill_entries(&w);
	fill_order(&w);
	if (d->problems_count > 1)
		qsort(d->problems, d->problems_count, sizeof *d->problems, by_update);
	return d;
}
