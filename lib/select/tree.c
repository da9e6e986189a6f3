#include "lib/select/tree.h"

#include "lib/base/buf.h"
#include "lib/base/limits.h"

#include <stdlib.h>

enum { UNSEEN, ON_THE_WAY, SEEN };

struct walking {
	const struct graph *g;
	enum tree_kind kind;
	void (*each)(void *ctx, const struct tree_item *item);
	void *ctx;
	unsigned char *state; /* of each node */
	size_t items;
};

/* False when the tree ends here. */
static bool tell(struct walking *w, struct tree_item item)
{
	if (w->items > LIMIT_TREE_ITEMS)
		return false;
	if (w->items++ == LIMIT_TREE_ITEMS)
		item = (struct tree_item){ .depth = item.depth,
					   .mark = TREE_CUT,
					   .node = GRAPH_NONE };
	w->each(w->ctx, &item);
	return item.mark != TREE_CUT;
}

static void walk(struct walking *w, uint32_t node, unsigned depth);

static void walk_identity(struct walking *w, uint32_t identity, unsigned depth)
{
	const struct graph_span *s = &w->g->identities[identity].nodes;

	if (s->count == 0)
		(void)tell(w, (struct tree_item){ .depth = depth,
						  .mark = TREE_ABSENT,
						  .node = GRAPH_NONE,
						  .identity = identity });
	for (uint32_t i = 0; i < s->count; i++)
		walk(w, w->g->identity_nodes[s->first + i], depth);
}

static void walk_groups(struct walking *w, const struct graph_node *n, unsigned depth)
{
	for (uint32_t i = 0; i < n->groups.count; i++) {
		const struct graph_span *group = &w->g->groups[n->groups.first + i];
		bool several = group->count > 1;

		if (several && !tell(w, (struct tree_item){ .depth = depth,
							    .mark = TREE_ONE_OF,
							    .node = GRAPH_NONE,
							    .count = group->count }))
			return;
		for (uint32_t k = 0; k < group->count; k++)
			walk_identity(w, w->g->links[group->first + k], depth + several);
	}
}

static uint32_t below(const struct walking *w, const struct graph_node *n)
{
	switch (w->kind) {
	case TREE_SUPERSEDED_BY:
		return n->superseded_by.count;
	case TREE_SUPERSEDES:
		return n->supersedes.count;
	case TREE_PREREQUISITES:
		return n->groups.count;
	}
	return 0;
}

static void walk(struct walking *w, uint32_t node, unsigned depth)
{
	const struct graph_node *n = &w->g->nodes[node];
	struct tree_item item = { .depth = depth, .node = node };
	uint32_t count = below(w, n);

	if (w->state[node] == ON_THE_WAY)
		item.mark = TREE_CYCLE;
	else if (w->state[node] == SEEN && count > 0)
		item.mark = TREE_AGAIN;
	else if (depth >= LIMIT_TREE_DEPTH && count > 0)
		item.mark = TREE_DEEP;
	if (!tell(w, item) || item.mark != TREE_PLAIN)
		return;
	w->state[node] = ON_THE_WAY;
	for (uint32_t i = 0; w->kind != TREE_PREREQUISITES && i < count; i++)
		walk(w,
		     w->kind == TREE_SUPERSEDES ? w->g->reverse_superseded[n->supersedes.first + i]
						: w->g->links[n->superseded_by.first + i],
		     depth + 1);
	if (w->kind == TREE_PREREQUISITES)
		walk_groups(w, n, depth + 1);
	w->state[node] = SEEN;
}

void tree_walk(const struct graph *g, uint32_t node, enum tree_kind kind,
	       void (*each)(void *ctx, const struct tree_item *item), void *ctx)
{
	struct walking w = { .g = g, .kind = kind, .each = each, .ctx = ctx };

	w.state = buf_calloc(g->node_count, 1);
	walk(&w, node, 0);
	free(w.state);
}
