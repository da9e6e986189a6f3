#include "lib/base/buf.h"
#include "lib/catalog/catalog_internal.h"

#include <stdlib.h>
#include <string.h>

static const char MASTER[] = "package.xml";

static void u32_free(uint32_t *p)
{
	free(p);
}
DEFINE_CLEANUP(uint32_t *, u32_free);

/*
 * Prerequisites: mark what can be met from below, alternatives included; what
 * is never marked waits for itself or for something that does.
 */
static void prerequisite_cycles(struct catalog *c, const struct catalog_graph *g)
{
	CLEANUP(u32_free) uint32_t *waiting = buf_calloc(c->count, sizeof *waiting);
	CLEANUP(u32_free) uint32_t *stack = buf_calloc(c->count, sizeof *stack);
	CLEANUP(u32_free) uint32_t *met = buf_calloc(g->groups, sizeof *met);
	CLEANUP(u32_free) uint32_t *reached = buf_calloc(g->ids, sizeof *reached);
	size_t top = 0;

	for (size_t i = 0; i < g->groups; i++)
		waiting[g->group_owner[i]]++;
	for (size_t i = 0; i < c->count; i++)
		if (waiting[i] == 0)
			stack[top++] = (uint32_t)i;
	while (top > 0) {
		uint32_t id = g->id_of[stack[--top]];

		if (id == UINT32_MAX || reached[id]++)
			continue;
		for (uint32_t k = g->users_first[id]; k < g->users_first[id + 1]; k++) {
			uint32_t group = g->users[k], owner = g->group_owner[group];

			if (!met[group]++ && --waiting[owner] == 0)
				stack[top++] = owner;
		}
	}
	for (size_t i = 0; i < c->count; i++)
		if (waiting[i] > 0)
			catalog_report(c, &c->items[i], CATALOG_RULE_PREREQUISITE_CYCLE, MASTER,
				       c->items[i].offset, "", "");
}

/* References from a revision to others by revision id. */
struct references {
	const uint32_t *ids;
	uint32_t count;
};

typedef struct references references_of(const struct catalog_revision *r);

static struct references bundles_of(const struct catalog_revision *r)
{
	return (struct references){ r->bundled_by, r->bundled_by_count };
}

static struct references successors_of(const struct catalog_revision *r)
{
	return (struct references){ r->superseded_by, r->superseded_by_count };
}

/* Edges of the graph, forward (what i refers to) or backward. */
struct edges {
	uint32_t *first, *to;
};

static void edges_clear(struct edges *e)
{
	free(e->first);
	free(e->to);
}
DEFINE_CLEANUP_IN_PLACE(struct edges, edges_clear);

/* What every reference leads to, one after the other: an index, UINT32_MAX when it is not there. */
static uint32_t *resolve(const struct catalog *c, references_of *of)
{
	size_t total = 0, n = 0;

	for (size_t i = 0; i < c->count; i++)
		total += of(&c->items[i]).count;
	uint32_t *targets = buf_calloc(total, sizeof *targets);
	for (size_t i = 0; i < c->count; i++) {
		struct references refs = of(&c->items[i]);

		/* SIZE_MAX becomes UINT32_MAX */
		for (uint32_t k = 0; k < refs.count; k++)
			targets[n++] = (uint32_t)catalog_index_of(c, refs.ids[k]);
	}
	return targets;
}

static void edges_build(const struct catalog *c, references_of *of, const uint32_t *targets,
			bool forward, struct edges *e)
{
	e->first = buf_calloc(c->count + 2, sizeof *e->first);
	for (int pass = 0; pass < 2; pass++) {
		size_t n = 0;

		for (size_t i = 0; i < c->count; i++) {
			for (uint32_t k = of(&c->items[i]).count; k > 0; k--) {
				uint32_t j = targets[n++];

				if (j == UINT32_MAX)
					continue;
				uint32_t from = forward ? (uint32_t)i : j;

				if (pass == 0)
					e->first[from + 2]++;
				else
					e->to[e->first[from + 1]++] = forward ? j : (uint32_t)i;
			}
		}
		if (pass == 0)
			e->to = buf_calloc(n, sizeof *e->to);
		for (size_t i = 2; pass == 0 && i < c->count + 2; i++)
			e->first[i] += e->first[i - 1];
	}
}

/* Remove again and again whatever has no edge into it; gone[] is set for what was removed. */
static void peel(const struct catalog *c, const struct edges *e, uint32_t *gone)
{
	CLEANUP(u32_free) uint32_t *into = buf_calloc(c->count, sizeof *into);
	CLEANUP(u32_free) uint32_t *stack = buf_calloc(c->count, sizeof *stack);
	size_t top = 0;

	for (size_t i = 0; i < c->count; i++)
		for (uint32_t k = e->first[i]; !gone[i] && k < e->first[i + 1]; k++)
			into[e->to[k]]++;
	for (size_t i = 0; i < c->count; i++)
		if (!gone[i] && into[i] == 0)
			stack[top++] = (uint32_t)i;
	while (top > 0) {
		uint32_t i = stack[--top];

		gone[i] = 1;
		for (uint32_t k = e->first[i]; k < e->first[i + 1]; k++)
			if (--into[e->to[k]] == 0 && !gone[e->to[k]])
				stack[top++] = e->to[k];
	}
}

/* What is left after peeling from both ends lies on a cycle or between two of them. */
static void reference_cycles(struct catalog *c, references_of *of, enum catalog_rule rule)
{
	CLEANUP(edges_clear) struct edges forward = { .first = NULL }, backward = { .first = NULL };
	CLEANUP(u32_free) uint32_t *gone = buf_calloc(c->count, sizeof *gone);

	CLEANUP(u32_free) uint32_t *targets = resolve(c, of);

	edges_build(c, of, targets, true, &forward);
	edges_build(c, of, targets, false, &backward);
	peel(c, &forward, gone);
	peel(c, &backward, gone);
	for (size_t i = 0; i < c->count; i++)
		if (!gone[i])
			catalog_report(c, &c->items[i], rule, MASTER, c->items[i].offset, "", "");
}

void catalog_cycle_check(struct catalog *c)
{
	CLEANUP(catalog_graph_clear) struct catalog_graph g;

	catalog_graph_build(c, &g);
	prerequisite_cycles(c, &g);
	reference_cycles(c, bundles_of, CATALOG_RULE_BUNDLE_CYCLE);
	reference_cycles(c, successors_of, CATALOG_RULE_SUPERSEDENCE_CYCLE);
}
