#include "lib/wusp/deploy.h"

#include "lib/base/buf.h"
#include "lib/wusp/wusp_internal.h"
#include "lib/wusp/wusp_work.h"

#include <stdlib.h>
#include <string.h>

static void work_clear(struct wusp_work *w)
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
DEFINE_CLEANUP_IN_PLACE(struct wusp_work, work_clear);

static int64_t *new_times(const struct wusp_work *w)
{
	int64_t *t = buf_malloc(((size_t)w->g->count + 1) * sizeof *t);

	for (size_t i = 0; i < w->g->count; i++)
		t[i] = INT64_MIN;
	return t;
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
	if (a->deadline != b->deadline) {
		int64_t x = a->deadline ? a->deadline : INT64_MAX;
		int64_t y = b->deadline ? b->deadline : INT64_MAX;

		return x < y ? -1 : 1;
	}
	if (a->is_assigned != b->is_assigned)
		return a->is_assigned ? -1 : 1;
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

/*
 * Whether node can be sent with its children: a bundle that lacks one, or that our own validator
 * would refuse, is not.  What is found is remembered.
 */
static bool is_sound(struct wusp_work *w, uint32_t node, enum wusp_problem_kind *why,
		     uint32_t *where)
{
	struct wusp_nodes children = wusp_graph_children(w->g, node);

	*where = node;
	*why = WUSP_PROBLEM_MALFORMED;
	if (wusp_work_malformed(w->g, WUSP_ACTION_NONE, node, false))
		return false;
	*why = WUSP_PROBLEM_INCOMPLETE;
	if (w->g->flags[node] & WUSP_INCOMPLETE)
		return false;
	for (size_t i = 0; i < children.count; i++) {
		*where = children.items[i];
		if (wusp_bit(w->declined, children.items[i]))
			return false;
		*why = WUSP_PROBLEM_MALFORMED;
		if (wusp_work_malformed(w->g, WUSP_BUNDLED, children.items[i], true))
			return false;
		*why = WUSP_PROBLEM_INCOMPLETE;
	}
	return true;
}

static bool files_here(const struct wusp_work *w, uint32_t node, uint32_t *where)
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
static bool may_deploy(struct wusp_work *w, const struct wusp_approval *a, uint32_t node)
{
	bool offers = a->action == WUSP_INSTALL || a->action == WUSP_OPTIONAL_INSTALL;
	unsigned char type = w->g->type[node];
	enum wusp_problem_kind why;
	uint32_t where = node;

	if (a->action >= WUSP_EVALUATE)
		why = WUSP_PROBLEM_ACTION;
	else if (type == WUSP_CATEGORY || type == WUSP_DETECTOID || w->g->flags[node] & WUSP_PART)
		why = WUSP_PROBLEM_ROLE;
	else if (!is_sound(w, node, &why, &where))
		;
	else if (offers && !files_here(w, node, &where))
		why = WUSP_PROBLEM_FILES;
	else
		return true;
	wusp_work_problem(w, why, &a->update_id, where);
	return false;
}

static void take_approval(struct wusp_work *w, const struct wusp_approval *a)
{
	uint32_t node = wusp_graph_by_guid(w->g, &a->update_id);

	if (node == WUSP_NONE) {
		if (a->action != WUSP_ACTION_NONE && !a->declined)
			wusp_work_problem(w, WUSP_PROBLEM_UNKNOWN, &a->update_id, WUSP_NONE);
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
		wusp_work_problem(w, WUSP_PROBLEM_CLAUSE, &a->update_id, node);
}

/* Declined updates first: others are judged by them. */
static void take_declined(struct wusp_work *w, const struct wusp_approval *rows, size_t count)
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

static void take_approvals(struct wusp_work *w, const struct wusp_approval *approvals, size_t count)
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
static bool usable(struct wusp_work *w, uint32_t node)
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

static void push(struct wusp_work *w, uint32_t node)
{
	if (wusp_bit(w->expanded, node))
		return;
	wusp_bit_on(w->expanded, node);
	w->stack[w->top++] = node;
}

/* Roots come by rising last_change: the first visit in a role is the oldest. */
static void need(struct wusp_work *w, uint32_t node, int64_t change)
{
	if (!wusp_bit(w->derived, node)) {
		wusp_bit_on(w->derived, node);
		w->derived_change[node] = change;
	}
	push(w, node);
}

static void contain(struct wusp_work *w, uint32_t node, int64_t change)
{
	if (!wusp_bit(w->bundled, node)) {
		wusp_bit_on(w->bundled, node);
		w->bundled_change[node] = change;
	}
	push(w, node);
}

static void expand(struct wusp_work *w, uint32_t node, uint32_t root, int64_t change)
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
			wusp_work_problem(w, WUSP_PROBLEM_DEPENDENCY, &g->guid[root], node);
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

static void close_scope(struct wusp_work *w)
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
static void expand_withdrawn(struct wusp_work *w, uint32_t node, int64_t when, uint64_t *seen)
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
static void spread_withdrawn(struct wusp_work *w)
{
	CLEANUP(wusp_bits_free) uint64_t *seen = wusp_work_bits(w);
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
	CLEANUP(work_clear) struct wusp_work w = { .g = g, .d = d };

	d->scope = scope;
	d->bits = wusp_work_bits(&w);
	d->rank = buf_calloc(wusp_words(g->count), sizeof *d->rank);
	w.own = buf_calloc((size_t)g->count + 1, sizeof *w.own);
	w.declined = wusp_work_bits(&w);
	w.derived = wusp_work_bits(&w);
	w.bundled = wusp_work_bits(&w);
	w.expanded = wusp_work_bits(&w);
	w.broken = wusp_work_bits(&w);
	w.sound = wusp_work_bits(&w);
	w.derived_change = new_times(&w);
	w.bundled_change = new_times(&w);
	w.withdrawn = new_times(&w);
	w.stack = buf_malloc(((size_t)g->count + 1) * sizeof *w.stack);
	take_approvals(&w, approvals, count);
	close_scope(&w);
	spread_withdrawn(&w);
	wusp_work_entries(&w);
	wusp_work_order(&w);
	if (d->problems_count > 1)
		qsort(d->problems, d->problems_count, sizeof *d->problems, by_update);
	return d;
}
